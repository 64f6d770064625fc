"""The numbers of a built page and what each opens, read without a browser as the page's script reads them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from typing import Any

DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


@dataclass
class Opens:
    """A number, or a row or cell that a click opens: its words, and of its set the title, cases and publications.

    words: of a row or cell its tag. reports: whether the reports of the cases are shown. cases: (unit, r, n).
    """

    place: str
    words: str
    tag: str
    reports: bool = False
    title: str = ""
    cases: list[tuple[str, float, float]] = field(default_factory=list)
    publications: list[str] = field(default_factory=list)
    printed: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The title, with `reports of` before it where these are shown."""
        return f"reports of {self.title}" if self.reports else self.title

    @property
    def button(self) -> str:
        """A selector of the buttons that open the same."""
        return f'button[data-set="{self.place}"]'

    @property
    def counts(self) -> tuple[float, float]:
        """The sums of the cases."""
        return sum(r for _, r, _ in self.cases), sum(n for _, _, n in self.cases)


class _Places(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Opens] = []
        self._open: Opens | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if "data-open" in told:
            self.found.append(Opens(told["data-open"] or "", f"<{tag}>", tag))
        if "data-set" in told:
            self._open = Opens(told["data-set"] or "", told.get("aria-label") or "", tag)
            self.found.append(self._open)

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._open.words += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button":
            self._open = None


def data_of(html: str) -> Any:
    """What the page's script works on, once it has put titles and publications back."""
    found = DATA.search(html)
    assert found is not None
    data, title = json.loads(found[1]), ""
    for each in data["sets"]:
        each["t"] = title = title[: each.pop("k", 0)] + each["t"]
        if "p" in each:
            each["p"] = [data["reports"][place]["id"] for place in each["p"]]
    return data


def opened(html: str) -> list[Opens]:
    """Everything on a page that opens something, in order."""
    data, places = data_of(html), _Places()
    places.feed(html)
    for each in places.found:
        each.reports = each.place.startswith("r")
        found = data["sets"][int(each.place.removeprefix("r"))]
        each.title = found["t"]
        each.publications = [*found.get("p", []), *(name for name, _ in found.get("x", []))]
        each.printed = [(what, printed, where) for what, printed, where in found.get("s", [])]
        for entry in found.get("u", []):
            place, *counts = entry if isinstance(entry, list) else [entry]
            case = data["cases"][place]
            each.cases.append((case["id"], *(counts or (case["r"], case["n"]))))
    return places.found


_ENDED = {  # by the start of these; and by the end of whatever is around them
    "td": {"td", "th", "tr", "tbody"},
    "th": {"td", "th", "tr", "tbody"},
    "tr": {"tr", "tbody"},
    "thead": {"tbody"},
    "tbody": {"tbody"},
    "li": {"li"},
    "option": {"option"},
}
_EMPTY = {"meta", "input", "br", "link"}


class _Whole(HTMLParser):
    """Puts back what HTML lets one leave out: quotes, and the end tags of cells, rows, bodies, items and options."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.made: list[str] = []
        self._open: list[str] = []

    def _close(self) -> None:
        self.made.append(f"</{self._open.pop()}>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        while self._open and tag in _ENDED.get(self._open[-1], set()):
            self._close()
        self._tag(tag, attrs)
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, attrs, "/")

    def _tag(self, tag: str, attrs: list[tuple[str, str | None]], end: str = "") -> None:
        said = "".join(f" {name}" if value is None else f' {name}="{escape(value)}"' for name, value in attrs)
        self.made.append(f"<{tag}{said}{end}>")

    def handle_endtag(self, tag: str) -> None:
        assert tag in self._open, f"</{tag}> ends nothing"
        while self._open[-1] != tag:
            assert self._open[-1] in _ENDED, f"</{tag}> ends {self._open[-1]}"
            self._close()
        self._close()

    def handle_data(self, data: str) -> None:
        self.made.append(data)

    def handle_entityref(self, name: str) -> None:
        self.made.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.made.append(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self.made.append(f"<!{decl}>")


def whole(html: str) -> str:
    """A page with every quote and end tag, for who reads it by patterns."""
    found = _Whole()
    found.feed(html)
    found.close()
    return "".join(found.made)
