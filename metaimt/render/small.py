"""The same page in fewer bytes: without what HTML and SVG let one leave out, from which a browser reads the same."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_QUOTED = re.compile(r'="([\w.:%#-]+)"')
_CLOSED = re.compile(r"=([\w.:%#-]+)/>")
_ENDS = tuple(  # HTML Living Standard, 13.1.2.4: end tags that what follows makes needless
    re.compile(rf"</(?:{tag})>\s*(?={following})")
    for tag, following in (
        ("td|th", r"<t[dh]\b|</tr>"),
        ("tr", r"<tr\b|</tbody>|</thead>"),
        ("thead", r"<tbody\b"),
        ("tbody", r"</table>"),
        ("li", r"<li\b|</[uo]l>"),
        ("option", r"<option\b|</select>"),
    )
)
_ROW = re.compile(r"<tr([ >])")


def smaller(html: str) -> str:
    """Markup without the quotes and end tags that HTML does not need; each row of a table begins a line.

    html: well-formed, every sign of a text escaped, without scripts and styles.
    """
    for end in _ENDS:
        html = end.sub("", html)
    html = _TAG.sub(lambda tag: _CLOSED.sub(r"=\1 />", _QUOTED.sub(r"=\1", tag[0])), html)
    return _ROW.sub(lambda start: "<tr\n" + start[1].strip(), html)  # the end of the line belongs to no cell


_SVG = "{http://www.w3.org/2000/svg}"
_SHARED = (
    *("fill", "stroke", "stroke-width", "stroke-linejoin", "stroke-linecap", "stroke-dasharray"),
    *("font-size", "font-weight", "font-style", "text-anchor"),
)
"""What the parts of a group inherit from it (SVG 2, 6.6)."""
_DEFINED = {f"{_SVG}{name}" for name in ("defs", "title", "desc", "style", "clipPath", "pattern")}
_FINE = re.compile(r"\d+\.\d+")
_PART = re.compile(r"[A-Za-z]|[^\sA-Za-z]+")


def slim(root: Any) -> None:
    """A drawing without what changes nothing; its elements stay in their order.

    Left out: ids nothing refers to, bare groups, digits finer than a twentieth of a point. Said once: the usual font,
    and what elements beside each other have in common.
    """
    said = " ".join(value for each in root.iter() for value in each.attrib.values())
    wanted = set(re.findall(r"#([\w-]+)", said))
    fonts = Counter(each.get("font-family") for each in root.iter(f"{_SVG}text"))
    usual = max(fonts, key=lambda font: fonts[font], default=None)
    for each in root.iter():
        if each.get("id") not in wanted:
            each.attrib.pop("id", None)
        if each.get("font-family") == usual:
            each.attrib.pop("font-family", None)
        if each.get("stroke-dashoffset") == "0":
            each.attrib.pop("stroke-dashoffset")
        if len(each.text or "") == 1:  # a single letter needs no width
            each.attrib.pop("textLength", None)
            each.attrib.pop("lengthAdjust", None)
        for name in {"x", "y", "textLength"} & set(each.attrib):
            each.set(name, _FINE.sub(_tenths, each.get(name)))
        if "d" in each.attrib:
            each.set("d", _path(each.get("d")))
    if usual:
        root.set("font-family", usual)
    for parent in list(root.iter())[::-1]:
        for at, child in reversed(list(enumerate(parent))):
            if child.tag == f"{_SVG}g" and not child.attrib and not (child.text or "").strip():
                parent[at : at + 1] = list(child)
    _share(root)


def _tenths(number: re.Match[str]) -> str:
    return f"{float(number[0]):.1f}".removesuffix(".0")


def _path(path: str) -> str:
    """A path of lines in tenths of a point, each from where the last one ended (SVG 2, 9.3).

    One along an axis says one number; a sign or a point begins the next number where it can.
    """
    parts = _PART.findall(path)
    if not set(filter(str.isalpha, parts)) <= {"M", "L", "z"}:
        return " ".join(_PART.findall(_FINE.sub(_tenths, path)))
    made, letter, rest = "", "", iter(parts)
    here = start = (0, 0)
    for part in rest:
        if part.isalpha():
            letter = part
            if part == "z":
                made, here = made + "z", start
            continue
        to = (round(10 * float(part)), round(10 * float(next(rest))))
        x, y = to[0] - here[0], to[1] - here[1]
        if letter == "M":
            made, start, letter = f"{made}M{_together(*to)}", to, "L"
        elif not y:
            made += f"h{_together(x)}"
        elif not x:
            made += f"v{_together(y)}"
        else:
            made += f"l{_together(x, y)}"
        here = to
    return made


def _together(*tenths: int) -> str:
    """Numbers of a path beside each other, in few signs: `-.3 12`, `12-.3`."""
    text = ""
    for number in tenths:
        digits = f"{number / 10:g}".replace("0.", ".", 1) if abs(number) < 10 and number else f"{number / 10:g}"
        text += digits if not text or digits.startswith("-") else f" {digits}"
    return text


def _share(parent: Any) -> None:
    """Put runs of elements into groups that say for all of them what they have in common."""
    children, at, made = list(parent), 0, []
    while at < len(children):
        end, common = _run(children, at)
        if end - at < 2:
            made.append(children[at])
            at += 1
            continue
        group = parent.makeelement(f"{_SVG}g", common)
        for child in children[at:end]:
            for name in common:
                del child.attrib[name]
            group.append(child)
        _share(group)
        made.append(group)
        at = end
    parent[:] = made


def _run(children: list[Any], at: int) -> tuple[int, dict[str, str]]:
    """Where the run ends that starts here and saves most when grouped, and what its elements have in common."""
    common = {name: children[at].get(name) for name in _SHARED if name in children[at].attrib}
    best, saved = (at + 1, common), 0
    for end in range(at + 1, len(children)):
        child = children[end]
        common = {name: value for name, value in common.items() if child.get(name) == value}
        if not common or child.tag in _DEFINED:
            break
        size = sum(len(name) + len(value) + 3 for name, value in common.items())
        if (end - at) * size - len("<g></g>") > saved:
            best, saved = (end + 1, common), (end - at) * size - len("<g></g>")
    return best
