"""The forest plot: a `ForestTable` laid out and drawn; and any other plot whose rows stand beside texts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from metaimt.figures import style
from metaimt.figures.forest_layout import MARGIN, Columns, ForestLayout, Line, lay_out
from metaimt.figures.forest_marks import Plot, draw_marks, largest_size, legend_entries
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.layout import (
    LegendEntry,
    LegendRow,
    Sheet,
    draw_legend,
    legend_height,
    legend_rows,
    line_height,
    new_sheet,
    wrap,
)
from metaimt.figures.regions import Place, rows_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ForestRow", "ForestTable", "draw_forest"]

PLOT_PAD: Final = 0.08
"""Inches within the plot's column on either side of the axis, so that a box at 100 % is whole."""
TICK: Final = 0.035
TALL: Final = 11.0
"""A body longer than this, in inches, repeats the axis at its top."""
_BLOCK_GAP: Final = 0.09


class RowPlot(Protocol):
    """What stands in the plot beside the texts of a table: the axis, the signs, and what the legend says of them."""

    @property
    def axis(self) -> tuple[float, float]:
        """The ends of the axis, in its own unit."""

    def ticks(self) -> list[tuple[float, str]]:
        """Where the grid stands, and what is written there."""

    def legend(self) -> list[LegendEntry]:
        """One entry for each sign that is shown, and no other."""

    def lines(self, plot: Plot, y: tuple[float, float]) -> None:
        """Draw what stands behind all rows, from y[0] to y[1]."""

    def mark(self, plot: Plot, number: int, y: float) -> None:
        """Draw row `number` at the height `y`."""


@dataclass(frozen=True)
class _Frame:
    """Where the parts stand, in inches from the top, and the wrapped texts around the table."""

    title: tuple[str, ...]
    subtitle: tuple[str, ...]
    axis_label: tuple[str, ...]
    legend: list[LegendRow]
    footnotes: tuple[str, ...]
    heading: float
    body: float
    axis: float
    below: float
    height: float
    tall: bool


def draw_forest(table: ForestTable) -> Figure:
    """Draw `table` on a figure as large as its texts and rows need; a long label wraps, nothing is cut.

    Every text is drawn literally. Limits beyond `table.axis` end in an arrow. The patches and lines of row i
    carry the ids `row-i-box`, `row-i-diamond`, `row-i-interval`, `row-i-arrow-low`, `row-i-arrow-high`.
    """
    return draw_rows(table, _Intervals(table))[0]


def draw_forest_rows(table: ForestTable) -> tuple[Figure, tuple[Place, ...]]:
    """As `draw_forest`, and where each row stands on it."""
    return draw_rows(table, _Intervals(table))


def draw_rows(table: ForestTable, drawn: RowPlot) -> tuple[Figure, tuple[Place, ...]]:
    """Draw the texts of `table` with `drawn` in its plot, on a figure as large as they need; where each row stands."""
    with style.figure_style():
        layout = lay_out(table)
        frame = _frame(table, layout, drawn)
        sheet = new_sheet(layout.columns.right + MARGIN, frame.height)
        _draw_heading(sheet, layout, frame)
        plot = _draw_plot(sheet, drawn, layout.columns, frame)
        drawn.lines(plot, (frame.body, frame.axis))
        spans = _draw_rows(sheet, plot, layout, frame.body, drawn)
        _draw_below(sheet, frame)
        return sheet.figure, rows_of(spans, layout.columns.all, (sheet.width, sheet.height))


@dataclass(frozen=True)
class _Intervals:
    """The plot of a forest plot; what `draw_rows` asks for."""

    table: ForestTable

    @property
    def axis(self) -> tuple[float, float]:
        return self.table.axis

    @cached_property
    def largest(self) -> float:
        return largest_size(self.table)

    def ticks(self) -> list[tuple[float, str]]:
        return [(value, f"{100 * value:.4g} %") for value in _ticks(*self.table.axis)]

    def legend(self) -> list[LegendEntry]:
        return legend_entries(self.table)

    def lines(self, plot: Plot, y: tuple[float, float]) -> None:
        for value in filter(plot.inside, self.table.thresholds):
            style.draw_threshold(plot.axes, value, y)
        if self.table.reference is not None and plot.inside(self.table.reference):
            style.draw_reference(plot.axes, self.table.reference, y)

    def mark(self, plot: Plot, number: int, y: float) -> None:
        draw_marks(replace(plot, largest=self.largest), self.table.rows[number], number, y)


def _frame(table: ForestTable, layout: ForestLayout, drawn: RowPlot) -> _Frame:
    width = layout.columns.right - MARGIN
    left, right = layout.columns.plot
    title = wrap(table.title, width, style.TITLE) if table.title.strip() else ()
    subtitle = wrap(table.subtitle, width, style.SUBTITLE) if table.subtitle.strip() else ()
    axis_label = wrap(table.axis_label, right - left, style.BODY)
    legend = legend_rows(drawn.legend() if table.legend else [], width, style.SMALL)
    footnotes = tuple(line for note in table.footnotes for line in wrap(note, width, style.SMALL))
    top = len(title) * line_height(style.TITLE) + len(subtitle) * line_height(style.SUBTITLE)
    heading = MARGIN + (top + _BLOCK_GAP if top else 0)
    tall = layout.body_height > TALL
    body = heading + layout.heading.height + (_tick_height() if tall else 0)
    axis = body + layout.body_height + 0.03
    below = axis + _tick_height() + len(axis_label) * line_height(style.BODY) + _BLOCK_GAP
    end = below + legend_height(legend, style.SMALL) + len(footnotes) * line_height(style.SMALL)
    height = end + (_BLOCK_GAP / 2 if legend and footnotes else 0) + MARGIN
    return _Frame(title, subtitle, axis_label, legend, footnotes, heading, body, axis, below, height, tall)


def _tick_height() -> float:
    return TICK + line_height(style.BODY) + 0.02


def _draw_heading(sheet: Sheet, layout: ForestLayout, frame: _Frame) -> None:
    y = sheet.block(MARGIN, MARGIN, frame.title, style.TITLE)
    sheet.block(MARGIN, y, frame.subtitle, style.SUBTITLE)
    sheet.rule(frame.heading, layout.columns.all)
    _draw_texts(sheet, layout.columns, layout.heading, frame.heading)
    sheet.rule(frame.heading + layout.heading.height, layout.columns.all, style.THIN)


def _draw_plot(sheet: Sheet, drawn: RowPlot, columns: Columns, frame: _Frame) -> Plot:
    """The axis with its ticks and grid."""
    (low, high), (left, right) = drawn.axis, columns.plot
    unit = (high - low) / (right - left - 2 * PLOT_PAD)
    top, bottom = frame.body, frame.axis
    axes = sheet.plot_axes(left, right - left, top, bottom - top)
    axes.set_xlim(low - PLOT_PAD * unit, high + PLOT_PAD * unit)
    plot = Plot(axes, low, high, unit)
    for value, label in drawn.ticks():
        x = left + PLOT_PAD + (value - low) / unit
        style.draw_line(axes, (value, value), (top, bottom), colour=style.GRID, width=style.THIN, zorder=1)
        _draw_tick(sheet, x, bottom, label, below=True)
        if frame.tall:
            _draw_tick(sheet, x, top - 0.02, label, below=False)
    style.draw_line(axes, (max(low, 0.0), high), (bottom, bottom))  # signs may stand before 0
    middle = (left + right) / 2
    sheet.block(middle, bottom + _tick_height(), frame.axis_label, style.BODY, "center")
    return plot


def _draw_tick(sheet: Sheet, x: float, y: float, text: str, *, below: bool) -> None:
    label = (text,)
    if below:
        style.draw_line(sheet.axes, (x, x), (y, y + TICK))
        sheet.block(x, y + TICK + 0.01, label, style.BODY, "center")
    else:
        sheet.block(x, y - line_height(style.BODY), label, style.BODY, "center")


def _ticks(low: float, high: float) -> list[float]:
    """At most six round values between the ends of the axis."""
    steps = (digit * 10.0**power for power in range(-5, 3) for digit in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step <= 5 + 1e-9)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def _draw_rows(sheet: Sheet, plot: Plot, layout: ForestLayout, top: float, drawn: RowPlot) -> list[tuple[float, float]]:
    """Draw the rows; where each begins, and its height."""
    _draw_group_references(plot, layout, top)
    banded, spans = False, []
    for number, line in enumerate(layout.lines):
        if line.row.kind != "companion":  # which stands in the band of the row above
            banded = line.row.kind in ("report", "plain") and not banded
        if banded:
            sheet.band(top, line.height, layout.columns.all, style.BAND)
        if line.row.kind == "note":
            sheet.cover(top, line.height, layout.columns.plot)
        _draw_texts(sheet, layout.columns, line, top)
        drawn.mark(plot, number, top + line.padding[0] + line_height(line.text) / 2)
        spans.append((top, line.height))
        top += line.height
    return spans


def _draw_group_references(plot: Plot, layout: ForestLayout, top: float) -> None:
    """The dashed line of each heading that has one, down to the next heading or empty row."""
    open_at: tuple[float, float] | None = None
    for line in (*layout.lines, None):
        if open_at and (line is None or line.row.kind in ("heading", "space")):
            style.draw_reference(plot.axes, open_at[0], (open_at[1], top))
            open_at = None
        if line is None:
            return
        top += line.height
        if line.row.kind == "heading" and line.row.reference is not None and plot.inside(line.row.reference):
            open_at = line.row.reference, top


def _draw_texts(sheet: Sheet, columns: Columns, line: Line, top: float) -> None:
    """The texts of a row, each from the row's first line on."""
    y = top + line.padding[0]
    sheet.block(MARGIN + line.indent, y, line.label, line.text)
    for (x, align), cell in zip(columns.cells, line.cells, strict=True):
        sheet.block(x, y, cell, line.text, align)
    sheet.block(columns.estimate_end, y, line.estimate, line.text, "right")
    sheet.block(columns.right, y, line.bracket, line.text, "right")


def _draw_below(sheet: Sheet, frame: _Frame) -> None:
    end = draw_legend(sheet, (MARGIN, frame.below), frame.legend, style.SMALL)
    gap = _BLOCK_GAP / 2 if frame.legend else 0
    sheet.block(MARGIN, end + gap, frame.footnotes, style.SMALL)
