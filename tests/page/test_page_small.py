"""What is left out of the page to make it small changes nothing that a browser makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isclose
from typing import Any

import pytest
from conftest import Built
from defusedxml import ElementTree
from page_browser import Visitor

from metaimt.render.small import slim, smaller
from metaimt.report import page

TREE = """html => {
    const made = new DOMParser().parseFromString(html, "text/html"), texts = [];
    const walker = made.createTreeWalker(made, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const each of texts) if (!each.data.trim() && each.data.includes("\\n")) each.remove();
    return made.documentElement.outerHTML;
}"""
"""What a browser reads a page as, without the ends of lines between elements."""


def test_a_browser_reads_the_same_page(built: Built, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [page.page_html(built.results, beside=beside) for beside in (False, True)]
    monkeypatch.setattr(page, "smaller", lambda html: html)
    plain = [page.page_html(built.results, beside=beside) for beside in (False, True)]
    visit = visitor.open(built.out / "index.html")
    for small, large in zip(made, plain, strict=True):
        assert len(small) < len(large)
        assert visit.evaluate(TREE, small) == visit.evaluate(TREE, large)


def test_what_needs_its_quotes_keeps_them() -> None:
    kept = '<a href="https://a.b/c/" title="a b"></a><p class="">a="b"</p><i title="&gt;"></i><b title="a=b">'
    assert smaller(kept) == kept
    assert smaller('<p id="a"><circle r="4"/></p>') == "<p id=a><circle r=4 /></p>"
    rows = '<tr class="a"><td>1 </td> <td>2</td></tr>\n<tr><th>3</th></tr>'
    assert (
        smaller(f"<table><tbody>{rows}</tbody></table>x")
        == "<table><tbody><tr\nclass=a><td>1 <td>2<tr\n><th>3</table>x"
    )


SHARED = re.compile("fill|stroke(-width|-linejoin|-linecap|-dasharray)?|font-(size|weight|style|family)|text-anchor")


def shapes(element: Any, inherited: dict[str, str]) -> Iterator[tuple[str, dict[str, str], str]]:
    """Of each element that draws, in order: its tag, attributes with those it inherits, and its text."""
    told = inherited | dict(element.attrib)
    name = element.tag.rpartition("}")[2]
    if name not in {"g", "svg", "defs", "title"}:
        yield name, told, (element.text or "").strip()
    passed = {key: value for key, value in told.items() if SHARED.fullmatch(key)}
    for child in element:
        yield from shapes(child, passed)


def points(path: str) -> list[tuple[str, float, float]]:
    """The starts and ends of the lines of a path, absolute. Source: SVG 2, 9.3."""
    found: list[tuple[str, float, float]] = []
    x = y = 0.0
    start = (x, y)
    for letter, said in re.findall(r"([MLHVZmlhvz])([^A-Za-z]*)", path):
        numbers = [float(number) for number in re.findall(r"-?(?:\d*\.\d+|\d+)", said)]
        size = 1 if letter in "hHvV" else 2
        if letter in "zZ":
            x, y = start
            found.append(("z", x, y))
        for at in range(0, len(numbers), size):
            step, base = numbers[at : at + size], (x, y) if letter.islower() else (0.0, 0.0)
            x = base[0] + step[0] if letter not in "vV" else x
            y = base[1] + step[-1] if letter not in "hH" else y
            kind = "m" if letter in "mM" and at == 0 else "l"
            start = (x, y) if kind == "m" else start
            found.append((kind, x, y))
    return found


def test_a_drawing_of_the_page_is_the_file_in_tenths_of_a_point(built: Built) -> None:
    looked = 0
    for file in sorted(built.out.glob("figures/*.svg")):
        text = attributes_for_styles(file.read_bytes())
        before, after = (ElementTree.fromstring(text) for _ in range(2))
        slim(after)
        pairs = list(zip(shapes(before, {}), shapes(after, {}), strict=True))
        for (tag, was, said), (kept_tag, now, kept) in pairs:
            assert (tag, said) == (kept_tag, kept)
            for name in was.keys() | now.keys():
                if name == "d" and set(filter(str.isalpha, was["d"])) <= set("MLz"):
                    old, new = points(was["d"]), points(now["d"])
                    assert [kind for kind, *_ in old] == [kind for kind, *_ in new]
                    assert all(
                        isclose(a, b, abs_tol=0.0501)
                        for one, two in zip(old, new, strict=True)
                        for a, b in zip(one[1:], two[1:], strict=True)
                    )
                    looked += len(old)
                elif SHARED.fullmatch(name) and name != "font-family":
                    assert was.get(name) == now.get(name), (file.name, name)
    assert looked > 5_000


def attributes_for_styles(svg: bytes) -> bytes:
    """The parts of each style as attributes, as the page has them."""

    def attributes(style: re.Match[bytes]) -> bytes:
        parts = (
            part.split(b":", 1)
            for part in style[1].split(b";")
            if part.strip() and not part.strip().startswith(b"font:")
        )
        return b" ".join(b'%s="%s"' % (key.strip(), value.strip()) for key, value in parts)

    return re.sub(rb'style="([^"]*)"', attributes, svg)
