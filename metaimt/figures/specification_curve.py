"""The specification curve: the estimate under every combination of choices, and the choices beneath it.

The caller may edit what it is drawn from.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, fsum
from typing import TYPE_CHECKING, Final

from matplotlib.patches import Rectangle

from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import Specification, SpecificationGrid
from metaimt.analyses.wording import percent
from metaimt.figures import style
from metaimt.figures.forest_table import AXIS_LABEL, version_line, zoomed
from metaimt.figures.layout import (
    LegendEntry,
    LegendRow,
    Sheet,
    draw_legend,
    legend_height,
    legend_rows,
    line_height,
    new_sheet,
    widest,
    wrap,
)
from metaimt.figures.review_figure import NotDrawn, Place, Pools, Region, ReviewFigure, columns_of
from metaimt.figures.style import BODY, SMALL, STRONG, SUBTITLE, TITLE, TextStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class SpecificationPoint:
    """One combination of choices, as proportions; `settings` is choice -> option.

    Raises ValueError unless lower <= estimate <= upper.
    """

    estimate: float
    lower: float
    upper: float
    settings: Mapping[str, str]
    headline: bool = False

    def __post_init__(self) -> None:
        values = (self.lower, self.estimate, self.upper)
        if not all(map(math.isfinite, values)) or not self.lower <= self.estimate <= self.upper:
            raise ValueError(f"specification {dict(self.settings)}: lower <= estimate <= upper fails for {values}")


@dataclass(frozen=True)
class SpecificationTable:
    """All that a specification curve shows: the points from left to right, and the options of each choice beneath.

    Raises ValueError for a point with an option that is not listed, and for no point.
    """

    title: str
    points: tuple[SpecificationPoint, ...]
    choices: Mapping[str, tuple[str, ...]]
    axis_label: str
    axis: tuple[float, float]
    subtitle: str = ""
    thresholds: tuple[float, ...] = ()
    footnotes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("a specification curve needs a point")
        for point in self.points:
            for choice, option in point.settings.items():
                if option not in self.choices.get(choice, ()):
                    raise ValueError(f"the choice {choice!r} has no option {option!r}")


_TITLE = "The headline under every combination of the main choices"


def specification_table(results: Results) -> SpecificationTable:
    """The combinations with an evaluable patient, in the order of the estimate. Raises ValueError if there is none."""
    grid = results.specification
    points = tuple(
        SpecificationPoint(orr.estimate, orr.lower, orr.upper, found.settings, found.headline)
        for _, found in _shown(grid)
        if (orr := found.orr) is not None
    )
    left_out = len(grid.specifications) - len(points)
    nobody = f" {left_out} more have no evaluable patient." if left_out else ""
    return SpecificationTable(
        title=_TITLE,
        subtitle=f"{version_line(results)}; {results.response.headline.label}",
        points=points,
        choices={name: tuple(options) for name, options in results.protocol.specification.items()},
        axis_label=AXIS_LABEL,
        axis=zoomed((point.lower, point.upper) for point in points),
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
    figure, places = draw_specification_columns(specification_table(results))
    regions = tuple(map(_region, (found for _, found in _shown(grid)), places))
    return ReviewFigure("specification", _TITLE, caption, f"Specification curve: {said}.", figure, regions=regions)


def _shown(grid: SpecificationGrid) -> list[tuple[int, Specification]]:
    """The combinations that have a point, with their place in the grid."""
    return [(place, found) for place, found in enumerate(grid.specifications) if found.orr is not None]


def _region(found: Specification, place: Place) -> Region:
    counts = f"{found.counts.responders}/{found.counts.evaluable}"
    return Region(f"{found.counts.title}; {counts}", found.counts, place)


__all__ = ["SpecificationPoint", "SpecificationTable", "draw_specification"]

MARGIN: Final = 0.12
LABEL_MAX: Final = 2.1
CURVE: Final = 2.3
PAGE: Final = 7.2
STEP_MIN: Final = 0.028
STEP_MAX: Final = 0.22
LEAST: Final = 2.4
"""Inches that the plot takes at the least, so that titles need not be broken into many lines."""
_GAP: Final = 0.1
_PAD: Final = 0.04


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
class _Frame:
    """Where the parts stand, in inches from the left and top, and the wrapped texts around them."""

    title: tuple[str, ...]
    subtitle: tuple[str, ...]
    axis_label: tuple[str, ...]
    options: tuple[_Option, ...]
    legend: list[LegendRow]
    footnotes: tuple[str, ...]
    left: float
    step: float
    right: float
    curve: float
    grid: float
    below: float
    height: float

    def x(self, place: int) -> float:
        """The middle of the column of point `place`."""
        return self.left + (place + 0.5) * self.step


def draw_specification(table: SpecificationTable) -> Figure:
    """Draw `table`: intervals side by side above, a filled square for each chosen option beneath.

    The marks of point i carry the ids `point-i-interval` and `point-i-estimate`; limits beyond the axis end in an
    arrow, `point-i-arrow-low` or `point-i-arrow-high`.
    """
    return draw_specification_columns(table)[0]


def draw_specification_columns(table: SpecificationTable) -> tuple[Figure, tuple[Place, ...]]:
    """As `draw_specification`, and where each point stands on it with its choices beneath."""
    with style.figure_style():
        frame = _frame(table)
        sheet = new_sheet(frame.right + MARGIN, frame.height)
        top = sheet.block(MARGIN, MARGIN, frame.title, TITLE)
        top = sheet.block(MARGIN, top, frame.subtitle, SUBTITLE)
        sheet.block(MARGIN, top + _GAP, frame.axis_label, STRONG)
        _draw_axis(sheet, table, frame)
        for place, point in enumerate(table.points):
            _draw_point(sheet.axes, table, frame, place, point)
        _draw_options(sheet, table, frame)
        end = draw_legend(sheet, (MARGIN, frame.below), frame.legend, SMALL)
        sheet.block(MARGIN, end + _GAP / 2, frame.footnotes, SMALL)
        lefts = (frame.left + place * frame.step for place in range(len(table.points)))
        spans = ((left, frame.step) for left in lefts)
        return sheet.figure, columns_of(spans, (frame.curve, frame.below - _GAP), (sheet.width, sheet.height))


def _frame(table: SpecificationTable) -> _Frame:
    options = tuple(_options(table))
    label = max((widest(line.lines, line.text) for line in options), default=0.0)
    left = MARGIN + max(label, 0.7) + 0.17
    number = len(table.points)
    step = min(max((PAGE - MARGIN - left) / number, STEP_MIN), STEP_MAX)
    right = left + max(number * step, LEAST)
    width = right - MARGIN
    title, subtitle = wrap(table.title, width, TITLE), wrap(table.subtitle, width, SUBTITLE) if table.subtitle else ()
    axis_label = wrap(table.axis_label, width, STRONG)
    curve = MARGIN + len(title) * line_height(TITLE) + len(subtitle) * line_height(SUBTITLE) + 2 * _GAP
    curve += len(axis_label) * line_height(STRONG)
    grid = curve + CURVE + 1.5 * _GAP
    below = grid + fsum(line.height for line in options) + _GAP
    legend = legend_rows(_legend(table), width, SMALL)
    footnotes = tuple(line for note in table.footnotes for line in wrap(note, width, SMALL))
    height = below + legend_height(legend, SMALL) + _GAP / 2 + len(footnotes) * line_height(SMALL) + MARGIN
    return _Frame(
        title, subtitle, axis_label, options, legend, footnotes, left, step, right, curve, grid, below, height
    )


def _options(table: SpecificationTable) -> list[_Option]:
    lines = []
    for choice, options in table.choices.items():
        lines.append(_Option(choice, None, wrap(choice, LABEL_MAX, STRONG)))
        lines += [_Option(choice, option, wrap(option, LABEL_MAX - 0.12, BODY)) for option in options]
    return lines


def _height(table: SpecificationTable, frame: _Frame, value: float) -> float:
    low, high = table.axis
    inside = min(max(value, low), high)
    return frame.curve + _PAD + (CURVE - 2 * _PAD) * (high - inside) / (high - low)


def _draw_axis(sheet: Sheet, table: SpecificationTable, frame: _Frame) -> None:
    low, high = table.axis
    tenths = range(ceil(10 * low - 1e-9), floor(10 * high + 1e-9) + 1)
    for tenth in tenths:
        y = _height(table, frame, tenth / 10)
        style.draw_line(sheet.axes, (frame.left, frame.right), (y, y), colour=style.GRID, width=style.THIN, zorder=1)
        sheet.block(frame.left - 0.05, y - line_height(BODY) / 2, (f"{10 * tenth} %",), BODY, "right")
    for threshold in table.thresholds:
        if low <= threshold <= high:
            y = _height(table, frame, threshold)
            style.draw_across(sheet.axes, (frame.left, frame.right), y, threshold=True)
    for point in table.points:
        if point.headline:
            y = _height(table, frame, point.estimate)
            style.draw_across(sheet.axes, (frame.left, frame.right), y)
    style.draw_line(sheet.axes, (frame.left, frame.left), (frame.curve, frame.curve + CURVE))


def _draw_point(axes: Axes, table: SpecificationTable, frame: _Frame, place: int, point: SpecificationPoint) -> None:
    x, name = frame.x(place), f"point-{place}"
    colour = style.INK if point.headline else style.BLUE
    ends = _height(table, frame, point.upper), _height(table, frame, point.lower)
    wide = min(0.3 * frame.step, 0.03)
    line = style.draw_line(axes, (x, x), ends, colour=style.tint(colour, 0.55), width=max(72 * wide * 0.7, 0.4))
    line.set_gid(f"{name}-interval")
    for beyond, end, up in (
        (point.upper > table.axis[1], ends[0], True),
        (point.lower < table.axis[0], ends[1], False),
    ):
        if beyond:
            style.draw_upright_arrow(axes, (x, end), min(0.4 * frame.step, 0.035), up=up).set_gid(
                f"{name}-arrow-{'high' if up else 'low'}"
            )
    if table.axis[0] <= point.estimate <= table.axis[1]:
        y, half = _height(table, frame, point.estimate), min(0.38 * frame.step, 0.035)
        if point.headline:
            mark = style.draw_diamond(axes, "strict", (x - 1.8 * half, x, x + 1.8 * half), y, max(1.8 * half, 0.035))
        else:
            mark = style.draw_box(axes, "strict", (x, y), (2 * half, 2 * half))
            mark.set_linewidth(0.3)
        mark.set_gid(f"{name}-estimate")


def _draw_options(sheet: Sheet, table: SpecificationTable, frame: _Frame) -> None:
    top, banded = frame.grid, False
    for line in frame.options:
        if line.option is None:
            top += 0.035
            sheet.block(MARGIN, top, line.lines, line.text)
            top += line.height - 0.035
            continue
        banded = not banded
        if banded:
            sheet.band(top, line.height, (MARGIN, frame.right), style.BAND)
        sheet.block(MARGIN + 0.12, top, line.lines, line.text)
        _draw_chosen(sheet.axes, table, frame, line, top + line_height(line.text) / 2)
        top += line.height


def _draw_chosen(axes: Axes, table: SpecificationTable, frame: _Frame, line: _Option, y: float) -> None:
    width = min(0.76 * frame.step, 0.09)
    for place, point in enumerate(table.points):
        if point.settings.get(line.choice) == line.option:
            corner = (frame.x(place) - width / 2, y - 0.04)
            axes.add_artist(Rectangle(corner, width, 0.08, facecolor=style.INK, edgecolor="none", zorder=3))


def _legend(table: SpecificationTable) -> list[LegendEntry]:
    entries = [LegendEntry("One combination: estimate and 95 % interval", _paint_point)]
    if any(point.headline for point in table.points):
        entries.append(LegendEntry("The protocol's own", _paint_headline))
    shown = [f"{100 * value:.4g}" for value in table.thresholds if table.axis[0] <= value <= table.axis[1]]
    if shown:
        entries.append(LegendEntry(f"Thresholds {', '.join(shown)} %", _paint_threshold))
    return [*entries, LegendEntry("Chosen", _paint_chosen)]


def _paint_point(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x, x), (y - 0.06, y + 0.06), colour=style.tint(style.BLUE, 0.55), width=1.5)
    style.draw_box(axes, "strict", (x, y), (0.05, 0.05))


def _paint_headline(axes: Axes, x: float, y: float) -> None:
    style.draw_across(axes, (x - 0.1, x + 0.1), y)
    style.draw_diamond(axes, "strict", (x - 0.05, x, x + 0.05), y, 0.05)


def _paint_threshold(axes: Axes, x: float, y: float) -> None:
    style.draw_across(axes, (x - 0.1, x + 0.1), y, threshold=True)


def _paint_chosen(axes: Axes, x: float, y: float) -> None:
    axes.add_artist(Rectangle((x - 0.04, y - 0.04), 0.08, 0.08, facecolor=style.INK, edgecolor="none", zorder=3))
