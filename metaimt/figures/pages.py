"""A long forest plot on several pages of A4: no row is lost or repeated, and each page has its heads and its axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, Final

from metaimt.content.forest_row import ForestRow
from metaimt.figures import style
from metaimt.figures.forest import Frame, Intervals, draw_forest, draw_sheet, framed, laid_out
from metaimt.figures.forest_layout import ForestTable, Layout
from metaimt.figures.layout import LegendEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

_SLACK: Final = 0.05
_WITH_THE_ONE_ABOVE: Final = ("companion", "summary", "prediction", "note", "space")
"""Kinds of rows that begin no page."""


@style.figure_style()
def draw_pages(table: ForestTable) -> tuple[Figure, ...]:
    """Draw `table` on one figure; where pages are asked for and it is longer, on as many as it takes.

    A stratum that goes on has its heading again. Each page has the legend, the last one the notes.
    """
    if not style.setting().pages:
        return (draw_forest(table),)
    drawn = Intervals(table)
    layout = laid_out(table, drawn)
    without = framed(layout, _numbered(replace(table, footnotes=()), 1, 99), drawn)
    whole = framed(layout, table, drawn)
    if layout.height <= _room(whole):
        return (draw_sheet(layout, whole, drawn)[0],)
    pages = _paged(layout, _room(without), _room(without) - (whole.foot.height - without.foot.height))
    return tuple(_page(table, layout, numbers, (place, len(pages))) for place, numbers in enumerate(pages, start=1))


def _room(frame: Frame) -> float:
    """Inches that a page leaves for rows."""
    return style.A4[1] - 2 * style.EDGE - frame.above - frame.below - _SLACK


def _numbered(table: ForestTable, place: int, pages: int) -> ForestTable:
    which = f"page {place} of {pages}"
    return replace(table, subtitle=f"{table.subtitle}; {which}" if table.subtitle else which)


def _paged(layout: Layout, room: float, last: float) -> list[list[int]]:
    """The numbers of the rows of each page; a number below 0 is a heading that is repeated, `-1 - number`."""
    lines, pages, at = layout.lines, [], 0
    heading: int | None = None
    while at < len(lines):
        numbers = [] if heading is None or lines[at].row.kind == "heading" else [-1 - heading]
        free = room - fsum(lines[-1 - number].height for number in numbers)
        if fsum(line.height for line in lines[at:]) <= last - (room - free):
            pages.append([*numbers, *range(at, len(lines))])
            return pages
        end = at
        while end < len(lines) and lines[end].height <= free:
            free -= lines[end].height
            end += 1
        end = _broken(layout, at, end)
        inside = [number for number in range(at, end) if lines[number].row.kind in ("heading", "space")]
        if inside:
            heading = inside[-1] if lines[inside[-1]].row.kind == "heading" else None
        pages.append([*numbers, *range(at, end)])
        at = end
    return pages


def _broken(layout: Layout, at: int, end: int) -> int:
    """Where a page that has room for the rows before `end` ends: no heading stands last, no subtotal first."""
    kinds = [line.row.kind for line in layout.lines]
    best = max(end, at + 1)
    while best > at + 1 and (
        kinds[best - 1] == "heading" or (best < len(kinds) and kinds[best] in _WITH_THE_ONE_ABOVE)
    ):
        best -= 1
    return best if best > at + 1 else max(end, at + 1)


@dataclass(frozen=True)
class _OnAPage(Intervals):
    """Rows of one page, with boxes on the scale and the legend of all of them."""

    whole: Intervals

    @property
    def largest(self) -> float:
        """Of all pages."""
        return self.whole.largest

    def legend(self) -> list[LegendEntry]:
        """Of all pages."""
        return self.whole.legend()


def _page(table: ForestTable, layout: Layout, numbers: Sequence[int], which: tuple[int, int]) -> Figure:
    rows, lines = [], []
    for number in numbers:
        line = layout.lines[number if number >= 0 else -1 - number]
        if number < 0:
            line = replace(line, row=_again(line.row), label=(*line.label[:-1], f"{line.label[-1]}, continued"))
        rows.append(line.row)
        lines.append(line)
    place, pages = which
    part = replace(table, rows=tuple(rows), footnotes=table.footnotes if place == pages else ())
    drawn = _OnAPage(part, Intervals(table))
    laid = Layout(layout.heading, tuple(lines), layout.columns)
    return draw_sheet(laid, framed(laid, _numbered(part, place, pages), drawn), drawn)[0]


def _again(heading: ForestRow) -> ForestRow:
    return replace(heading, label=f"{heading.label}, continued")
