"""The figures of the page: pictures with buttons over their parts, and the evidence map as a table."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.content.evidence_map import HOW, map_table
from metaimt.figures.registry import BY
from metaimt.figures.review_figure import Counted, Drawn, FigureText, NotDrawn, Place, parts_of
from metaimt.model.text import Named, Text, counted
from metaimt.render.html import Html, Numbers, visible
from metaimt.report.figures import by_section

if TYPE_CHECKING:
    from markupsafe import Markup

INTERACTIVE: Final = ("forest", "strata", "sensitivity", "leave-one-out", "over-time")
"""Figures whose place a table with drawn intervals takes, the numbers of which open their cases."""
MAP: Final = "evidence-map"
_HINT = "Each row or column of the picture opens its cases; the arrow keys move between them."


class PageFigures:
    """Section -> its figures as HTML; those of `INTERACTIVE`, and the subgroups, are tables of the page.

    files: the SVG of each figure that was drawn, by its name in the outputs.
    """

    def __init__(self, results: Results, drawn: Sequence[Drawn], files: Mapping[str, bytes], numbers: Numbers) -> None:
        shown = [each for each in drawn if each.name not in INTERACTIVE and not each.name.startswith(BY)]
        self._sections, self._files, self._numbers = by_section(shown), files, numbers
        self._html, self._map = Html(numbers, self), results.evidence_map

    def __call__(self, section: str) -> Markup:
        """The figures of a section."""
        from markupsafe import Markup

        return Markup("").join(self._figure(each) for each in self._sections[section])

    def __bool__(self) -> bool:
        """Whether a section of their own has any."""
        return bool(self._sections["others"])

    def _figure(self, each: Drawn) -> Markup:
        from markupsafe import Markup

        if isinstance(each, NotDrawn):
            return Markup('<p class="small">{}.</p>\n').format(self._numbers.sentence(each.wording()))
        caption = Markup("").join(self._caption(each))
        if each.name == MAP:
            table = self._html.blocks([map_table(list(self._map.values())[-1], each.title)])
            made = '<figure class="page">\n{}<figcaption>{} {}</figcaption>\n</figure>\n'
            return Markup(made).format(table, HOW, caption)  # noqa: S704 - our own tags
        made = (
            '<figure>\n<div class="wide" role="region" tabindex="0" aria-label="{}, picture"><div class="picture">'
            '<img src="{}" alt="{}">{}</div></div>\n<figcaption>{}</figcaption>\n</figure>\n'
        )
        address = _address(self._files[f"figures/{each.name}.svg"])
        return Markup(made).format(visible(each.title), address, visible(each.alt), self._over(each), caption)  # noqa: S704 - our own

    def _caption(self, each: FigureText) -> Iterator[Markup]:
        from markupsafe import Markup

        parts = parts_of(each.caption, each.counted)
        said = (counted(part.text, part.behind) if isinstance(part, Counted) else Named(part) for part in parts)
        yield self._numbers.sentence(Text(*said))
        if each.regions and each.name != MAP:
            yield Markup(' <span class="hint">{}</span>').format(_HINT)
        yield Markup(' <a href="figures/{}.svg">SVG</a>').format(each.name)

    def _over(self, each: FigureText) -> Markup:
        """Buttons over the parts of a picture; the script puts them there, and without it there are none."""
        from markupsafe import Markup

        if not each.regions:
            return Markup("")
        button = Markup(
            '<button type="button" data-set="{}" data-at="{}" aria-label="{}: show the cases" aria-haspopup="dialog">'
            "</button>"
        )
        buttons = Markup("").join(
            button.format(self._numbers.place(found.behind), _at(found.place), visible(found.label))
            for found in each.regions
        )
        return Markup('<div class="over" role="toolbar" aria-label="{}" hidden>{}</div>').format(
            visible(each.title), buttons
        )


def _at(place: Place) -> str:
    """Left, top, width and height in per cent of the picture, for the script that puts the buttons there."""
    return " ".join(f"{100 * side:.4g}" for side in (place.left, place.top, place.width, place.height))


def _address(svg: bytes) -> str:
    """As an image of its own, so that neither its ids nor its styles meet those of the page."""
    return "data:image/svg+xml;base64," + base64.b64encode(_compact(svg)).decode("ascii")


def _compact(svg: bytes) -> bytes:
    """Without the indentation and the line breaks between elements, a twelfth of the file; its texts are paths."""
    return re.sub(rb">\s+<", b"><", re.sub(rb"\s*\n\s*", b"\n", svg))
