"""The specification curve: the estimate under every combination of choices, and the choices beneath it.

The caller may edit what it is drawn from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, fsum
from typing import TYPE_CHECKING, Any, Final

from metaimt.analyses.results import Results
from metaimt.analyses.wording import percent
from metaimt.content.labels import r_of_n, version_line
from metaimt.figures import style
from metaimt.figures.forest_layout import AXIS_LABEL, zoomed
from metaimt.figures.layout import (
    MARGIN,
    Foot,
    LegendEntry,
    Sheet,
    Words,
    level_sign,
    line_height,
    new_sheet,
    threshold_entries,
    widest,
    wrap,
)
from metaimt.figures.review_figure import NotDrawn, Place, Pools, Region, ReviewFigure
from metaimt.figures.style import BODY, PAGE_WIDTH, STRONG, SUBTITLE, TITLE, TextStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class SpecificationPoint:
    """One combination of choices, as proportions; `settings` is choice -> option."""

    estimate: float
    lower: float
    upper: float
    settings: Mapping[str, str]
    headline: bool = False


@dataclass(frozen=True)
class SpecificationTable:
    """All that a specification curve shows: the points from left to right, and the options of each choice beneath."""

    title: str
    points: tuple[SpecificationPoint, ...]
    choices: Mapping[str, tuple[str, ...]]
    subtitle: str = ""
    thresholds: tuple[float, ...] = ()
    footnotes: tuple[str, ...] = ()

    @cached_property
    def axis(self) -> tuple[float, float]:
        """From and to the tenths that hold every interval, as proportions."""
        return zoomed((point.lower, point.upper) for point in self.points)


_TITLE = "The headline under every combination of the main choices"


def specification_table(results: Results) -> SpecificationTable:
    """The combinations with an evaluable patient, in the order of the estimate."""
    grid = results.specification
    points = tuple(
        SpecificationPoint(orr.estimate, orr.lower, orr.upper, found.settings, found.headline)
        for found in grid.specifications
        if (orr := found.orr) is not None
    )
    left_out = len(grid.specifications) - len(points)
    nobody = f" {left_out} more have no evaluable patient." if left_out else ""
    return SpecificationTable(
        title=_TITLE,
        subtitle=f"{version_line(results)}; {results.response.headline.label}",
        points=points,
        choices={name: tuple(options) for name, options in results.protocol.specification.items()},
        thresholds=results.protocol.thresholds,
        footnotes=(
            "From the lowest to the highest estimate. The combinations share their patients: they are not so many "
            f"studies, and no test is made of them.{nobody}",
        ),
    )


def specification_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `specification`, always of the headline pool, which alone has the grid."""

    grid = results.specification
    if not results.protocol.specification:
        return NotDrawn("specification", _TITLE, "the protocol lists no choices")
    if grid.pool not in pools:
        return NotDrawn("specification", _TITLE, f"the combinations are run for {grid.pool} only")
    if grid.lowest is None or grid.middle is None or grid.highest is None:
        return NotDrawn("specification", _TITLE, "no combination has an evaluable patient")
    said = (
        f"{len(grid.specifications)} combinations of {len(results.protocol.specification)} choices give an ORR of "
        f"{percent(grid.lowest)} to {percent(grid.highest)} (median {percent(grid.middle)})"
    )
    shares = "; ".join(f"{100 * t:g} %: {100 * share:.0f} %" for t, share in grid.excluding.items())
    caption = f"{_TITLE}: {said}. Share of the intervals that leave out each threshold: {shares or 'none set'}."
    figure, places = draw_specification(specification_table(results))
    counts = [found.counts for found in grid.specifications if found.orr is not None]
    drawn = zip(counts, places, strict=True)
    regions = tuple(Region(f"{each.title}; {r_of_n(each)}", each, place) for each, place in drawn)
    return ReviewFigure("specification", _TITLE, caption, f"Specification curve: {said}.", figure, regions=regions)


LABEL_MAX: Final = 2.1
CURVE: Final = 2.3
STEP_MIN: Final = 0.028
STEP_MAX: Final = 0.22
LEAST: Final = 2.4
"""Inches that the plot takes at the least, so that titles need not be broken into many lines."""
_GAP: Final = 0.1
_PAD: Final = 0.04
_CHOSEN: Final[dict[str, Any]] = {"facecolor": style.INK, "edgecolor": "none", "zorder": 3}


@dataclass(frozen=True)
class _Option:
    """One line beneath the curve: a choice's name (option None) or one of its options, wrapped."""

    choice: str
    option: str | None
    lines: tuple[str, ...]

    @property
    def text(self) -> TextStyle:
        return STRONG if self.option is None else BODY

    @property
    def height(self) -> float:
        return len(self.lines) * line_height(self.text) + (0.05 if self.option is None else 0.015)


@dataclass(frozen=True)
class _Plot:
    """The curve on its sheet, from `left` and `top` on; `step` inches from a point to the next."""

    table: SpecificationTable
    sheet: Sheet
    left: float
    right: float
    top: float
    step: float

    def x(self, place: int) -> float:
        """The middle of the column of point `place`."""
        return self.left + (place + 0.5) * self.step

    def y(self, value: float) -> float:
        """The height of a proportion."""
        low, high = self.table.axis
        return self.top + _PAD + (CURVE - 2 * _PAD) * (high - value) / (high - low)

    def across(self, value: float, **look: Any) -> None:
        """A level line at a proportion."""
        style.draw_line(self.sheet.axes, (self.left, self.right), (self.y(value), self.y(value)), **look)


@style.figure_style()
def draw_specification(table: SpecificationTable) -> tuple[Figure, tuple[Place, ...]]:
    """Draw `table`: intervals side by side above, a filled square for each chosen option beneath.

    And where each point stands with its choices beneath. The marks of point i carry the ids `point-i-interval` and
    `point-i-estimate`.
    """
    options, number = _options(table), len(table.points)
    left = MARGIN + max(0.7, *(widest(line.lines, line.text) for line in options)) + 0.17
    page = style.setting().width or PAGE_WIDTH
    step = min(max((page - MARGIN - left) / number, STEP_MIN), STEP_MAX)
    right = left + max(number * step, LEAST)
    width = right - MARGIN
    title = Words.wrapped(width, (table.title, TITLE), (table.subtitle, SUBTITLE))
    axis_label = Words.wrapped(width, (AXIS_LABEL, STRONG))
    foot = Foot.wrapped(width, _legend(table), table.footnotes)
    curve = MARGIN + title.height + axis_label.height + 2 * _GAP
    grid = curve + CURVE + 1.5 * _GAP
    end = grid + fsum(line.height for line in options)

    sheet = new_sheet(right + MARGIN, end + _GAP + foot.height + MARGIN)
    axis_label.draw(sheet, MARGIN, title.draw(sheet, MARGIN, MARGIN) + _GAP)
    plot = _Plot(table, sheet, left, right, curve, step)
    _draw_axis(plot)
    for place, point in enumerate(table.points):
        _draw_point(plot, place, point)
    _draw_options(plot, options, grid)
    foot.draw(sheet, MARGIN, end + _GAP)
    places = (sheet.place(left + place * step, curve, step, end - curve) for place in range(number))
    return sheet.figure, tuple(places)


def _options(table: SpecificationTable) -> list[_Option]:
    lines = []
    for choice, options in table.choices.items():
        lines.append(_Option(choice, None, wrap(choice, LABEL_MAX, STRONG)))
        lines += [_Option(choice, option, wrap(option, LABEL_MAX - 0.12, BODY)) for option in options]
    return lines


def _draw_axis(plot: _Plot) -> None:
    low, high = plot.table.axis
    for tenth in range(ceil(10 * low - 1e-9), floor(10 * high + 1e-9) + 1):
        plot.across(tenth / 10, colour=style.GRID, width=style.THIN, zorder=1)
        y = plot.y(tenth / 10) - line_height(BODY) / 2
        plot.sheet.block(plot.left - 0.05, y, (f"{10 * tenth} %",), BODY, "right")
    for threshold in plot.table.thresholds:
        if low <= threshold <= high:
            plot.across(threshold, **style.THRESHOLD)
    for point in plot.table.points:
        if point.headline:
            plot.across(point.estimate, **style.REFERENCE)
    style.draw_line(plot.sheet.axes, (plot.left, plot.left), (plot.top, plot.top + CURVE))


def _draw_point(plot: _Plot, place: int, point: SpecificationPoint) -> None:
    axes, x, y, step = plot.sheet.axes, plot.x(place), plot.y(point.estimate), plot.step
    colour = style.INK if point.headline else style.BLUE
    ends, width = (plot.y(point.upper), plot.y(point.lower)), max(72 * min(0.3 * step, 0.03) * 0.7, 0.4)
    line = style.draw_line(axes, (x, x), ends, colour=style.tint(colour, 0.55), width=width)
    line.set_gid(f"point-{place}-interval")
    half = min(0.38 * step, 0.035)
    if point.headline:
        mark = style.draw_diamond(axes, "strict", (x - 1.8 * half, x, x + 1.8 * half), y, max(1.8 * half, 0.035))
    else:
        mark = style.draw_box(axes, "strict", (x, y), (2 * half, 2 * half))
        mark.set_linewidth(0.3)
    mark.set_gid(f"point-{place}-estimate")


def _draw_options(plot: _Plot, options: Sequence[_Option], top: float) -> None:
    banded, sheet, width = False, plot.sheet, min(0.76 * plot.step, 0.09)
    for line in options:
        if line.option is None:
            sheet.block(MARGIN, top + 0.035, line.lines, line.text)
        else:
            banded = not banded
            if banded:
                sheet.band(top, line.height, (MARGIN, plot.right), style.BAND)
            sheet.block(MARGIN + 0.12, top, line.lines, line.text)
            y = top + line_height(line.text) / 2
            for place, point in enumerate(plot.table.points):
                if point.settings.get(line.choice) == line.option:
                    style.draw_rectangle(sheet.axes, (plot.x(place), y), (width, 0.08), **_CHOSEN)
        top += line.height


def _legend(table: SpecificationTable) -> list[LegendEntry]:
    entries = [LegendEntry("One combination: estimate and 95 % interval", _paint_point)]
    if any(point.headline for point in table.points):
        entries.append(LegendEntry("The protocol's own", _paint_headline))
    entries += threshold_entries(table.thresholds, table.axis, level_sign(**style.THRESHOLD))
    size = (0.08, 0.08)
    chosen = LegendEntry("Chosen", lambda axes, x, y: style.draw_rectangle(axes, (x, y), size, **_CHOSEN))
    return [*entries, chosen]


def _paint_point(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x, x), (y - 0.06, y + 0.06), colour=style.tint(style.BLUE, 0.55), width=1.5)
    style.draw_box(axes, "strict", (x, y), (0.05, 0.05))


def _paint_headline(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), **style.REFERENCE)
    style.draw_diamond(axes, "strict", (x - 0.05, x, x + 0.05), y, 0.05)
