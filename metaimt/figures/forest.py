"""The forest plot: a `ForestTable` laid out and drawn; and any other plot whose rows stand beside texts.

The geometry of a forest plot: every row wrapped and placed, every column as wide as its texts.

What stands in the plot of a forest plot, row by row, and the legend that explains it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import fsum
from typing import TYPE_CHECKING, Final, Protocol

from matplotlib.patches import Rectangle

from metaimt.analyses.wording import percent
from metaimt.figures import style
from metaimt.figures.forest_table import ForestRow, ForestTable, RowKind
from metaimt.figures.layout import (
    Align,
    LegendEntry,
    LegendRow,
    Sheet,
    column_align,
    draw_legend,
    legend_height,
    legend_rows,
    line_height,
    new_sheet,
    widest,
    wrap,
)
from metaimt.figures.review_figure import Place, rows_of
from metaimt.figures.style import BODY, SMALL, STRONG, TextStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


MARGIN: Final = 0.12
GAP: Final = 0.17
INDENT: Final = 0.12
LABEL_MIN: Final = 1.0
LABEL_WRAP: Final = 2.1
"""Labels are not wrapped narrower than this to keep a figure on a page."""
LABEL_MAX: Final = 3.2
COLUMN_MAX: Final = 1.5
INTERVAL_MAX: Final = 1.6
PAGE_WIDTH: Final = 7.2
"""Inches, the text width of a journal page: the plot takes what the texts leave of it."""
PLOT_MIN: Final = 2.7
PLOT_MAX: Final = 3.4
SPACE: Final = 0.09
WORD_GAP: Final = 0.06

_TEXT: Final[dict[RowKind, TextStyle]] = {"heading": STRONG, "summary": STRONG, "note": SMALL, "companion": SMALL}
_PADDING: Final[dict[RowKind, tuple[float, float]]] = {
    "heading": (0.08, 0.015),
    "summary": (0.02, 0.02),
    "companion": (0.0, 0.02),
}
_USUAL_PADDING: Final = (0.012, 0.012)


@dataclass(frozen=True)
class Columns:
    """Where the columns stand, in inches from the left edge of the sheet.

    `cells` are the caller's own columns: the point their texts stand at, and on which side of it.
    """

    cells: tuple[tuple[float, Align], ...]
    plot: tuple[float, float]
    estimate_end: float
    right: float

    @property
    def all(self) -> tuple[float, float]:
        """From the left edge of the first column to the right edge of the last."""
        return MARGIN, self.right

    def span(self, row: ForestRow) -> float:
        """Inches from the left margin to the end of a text that may run over several columns."""
        return (self.right if row.kind == "note" else self.plot[0] - GAP) - MARGIN


@dataclass(frozen=True)
class _Widths:
    """Widths in inches of all columns but the labels and the plot."""

    cells: tuple[tuple[float, Align], ...]
    bracket: float
    interval: float

    @property
    def total(self) -> float:
        """With the margins and the gaps."""
        gaps = (2 + len(self.cells)) * GAP
        return fsum(width for width, _ in self.cells) + self.interval + gaps + 2 * MARGIN


@dataclass(frozen=True)
class Line:
    """A row with its texts wrapped; `indent` in inches."""

    row: ForestRow
    indent: float
    label: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    estimate: tuple[str, ...]
    bracket: tuple[str, ...]

    @property
    def text(self) -> TextStyle:
        """How the row's texts look."""
        return _TEXT.get(self.row.kind, BODY)

    @property
    def padding(self) -> tuple[float, float]:
        """Free space above and below the texts, in inches."""
        return _PADDING.get(self.row.kind, _USUAL_PADDING)

    @property
    def height(self) -> float:
        """Inches from the top of this row to the top of the next."""
        if self.row.kind == "space":
            return SPACE
        count = max(len(lines) for lines in (self.label, *self.cells, self.estimate, self.bracket))
        return sum(self.padding) + count * line_height(self.text)


@dataclass(frozen=True)
class ForestLayout:
    """The heading row, the rows and the columns of a forest plot."""

    heading: Line
    lines: tuple[Line, ...]
    columns: Columns

    @property
    def body_height(self) -> float:
        """Inches from the top of the first row to the bottom of the last."""
        return max(fsum(line.height for line in self.lines), SPACE)


def lay_out(table: ForestTable) -> ForestLayout:
    """Wrap every text of `table` and find the place of every column."""
    rows = [ForestRow("heading", table.label_heading, table.column_headings), *map(_bare, table.rows)]
    count = len(table.column_headings)
    lines = [_wrapped(row, indent, count) for row, indent in zip(rows, _indents(rows), strict=True)]
    lines[0] = replace(lines[0], bracket=wrap(table.interval_heading, INTERVAL_MAX, STRONG))
    widths = _widths(lines)
    limit = _label_limit(widths)
    lines = [line if _spans(line) else _labelled(line, limit) for line in lines]
    label = max(line.indent + widest(line.label, line.text) for line in lines)
    columns = _columns(max(label, LABEL_MIN), widths)
    lines = [_labelled(line, columns.span(line.row)) if _spans(line) else line for line in lines]
    return ForestLayout(_sunk(lines[0]), tuple(lines[1:]), columns)


def _bare(row: ForestRow) -> ForestRow:
    """A row without the texts that its kind has no place for."""
    if row.kind not in ("note", "space"):
        return row
    return ForestRow(row.kind, row.label if row.kind == "note" else "")


def _sunk(line: Line) -> Line:
    """The row with empty lines above its shorter texts, so that all end on the same line."""
    count = max(map(len, (line.label, line.bracket, *line.cells)))

    def sink(lines: tuple[str, ...]) -> tuple[str, ...]:
        return ("",) * (count - len(lines)) + lines

    return replace(line, label=sink(line.label), bracket=sink(line.bracket), cells=tuple(map(sink, line.cells)))


def _indents(rows: Sequence[ForestRow]) -> list[float]:
    """Rows stand in from the heading above them (not the table's own), until an empty row ends the group."""
    indents, inside = [0.0], False
    for row in rows[1:]:
        inside = row.kind == "heading" or (inside and row.kind != "space")
        further = INDENT if row.kind == "companion" else 0.0
        indents.append((INDENT if inside and row.kind != "heading" else 0.0) + further)
    return indents


def _wrapped(row: ForestRow, indent: float, columns: int) -> Line:
    """The row with its columns wrapped, and as yet without its label."""
    text = _TEXT.get(row.kind, BODY)
    cells = (*row.columns, *[""] * (columns - len(row.columns)))
    estimate, bracket = row.interval_parts
    return Line(
        row,
        indent,
        ("",),
        tuple(wrap(cell, COLUMN_MAX, text) for cell in cells),
        wrap(estimate, INTERVAL_MAX, text),
        wrap(bracket, INTERVAL_MAX, text),
    )


def _spans(line: Line) -> bool:
    """Whether the row's label may run on over the columns to its right."""
    return line.row.kind == "note" or (line.row.kind == "heading" and not any(line.row.columns))


def _labelled(line: Line, width: float) -> Line:
    return replace(line, label=wrap(line.row.label, width - line.indent, line.text))


def _widths(lines: Sequence[Line]) -> _Widths:
    cells = []
    for place in range(len(lines[0].cells)):
        align = column_align(" ".join(line.cells[place]) for line in lines[1:])
        cells.append((max(widest(line.cells[place], line.text) for line in lines), align))
    pairs = [line for line in lines if any(line.estimate)]
    bracket = max((widest(line.bracket, line.text) for line in pairs), default=0.0) + WORD_GAP
    estimate = max((widest(line.estimate, line.text) for line in pairs), default=-WORD_GAP)
    alone = max(widest(line.bracket, line.text) for line in lines)
    return _Widths(tuple(cells), bracket, max(estimate + bracket, alone))


def _label_limit(widths: _Widths) -> float:
    """What a page leaves for the labels beside the narrowest plot, within bounds."""
    return min(max(PAGE_WIDTH - widths.total - PLOT_MIN, LABEL_WRAP), LABEL_MAX)


def _columns(label: float, widths: _Widths) -> Columns:
    x = MARGIN + label + GAP
    cells: list[tuple[float, Align]] = []
    for width, align in widths.cells:
        cells.append((x + width if align == "right" else x, align))
        x += width + GAP
    plot = min(max(PAGE_WIDTH - label - widths.total, PLOT_MIN), PLOT_MAX)
    right = x + plot + GAP + widths.interval
    return Columns(tuple(cells), (x, x + plot), right - widths.bracket, right)


BOX_MIN: Final = 0.05
BOX_MAX: Final = 0.125
FULL_BOX: Final = 16.0
"""Patients that a box of full size stands for at the least, so that single cases stay small."""
DIAMOND: Final = 0.052
RHOMB: Final = 0.095
ARROW: Final = 0.06

_ROUNDING: Final = 1e-9
_SIGN: Final = 0.1
"""Half the width of a sign in the legend, in inches."""


@dataclass(frozen=True)
class Plot:
    """The axes beside the texts: x in the unit of the axis (`unit` of it an inch), y in inches from the top."""

    axes: Axes
    low: float
    high: float
    unit: float
    largest: float = FULL_BOX

    def inside(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low - _ROUNDING <= value <= self.high + _ROUNDING

    def weight(self, row: ForestRow) -> float:
        """Square root of the row's share of the largest size: the side of its box is proportional to it."""
        size = self.largest / 4 if row.size is None else row.size
        return math.sqrt(size / self.largest)


def largest_size(table: ForestTable) -> float:
    """The number of patients that the largest box stands for."""
    return max([FULL_BOX, *(row.size for row in table.rows if row.kind == "report" and row.size)])


def draw_marks(plot: Plot, row: ForestRow, number: int, y: float) -> None:
    """Draw the interval of row `number` at the height `y`, with arrows where it leaves the axis."""
    if row.extent is None:
        return
    lower, estimate, upper = row.extent
    name = f"row-{number}"
    if estimate is None or row.kind == "prediction":
        _draw_prediction(plot, (lower, upper), y, name)
    elif row.kind == "summary":
        _draw_summary(plot, row.tone, (lower, estimate, upper), y, name)
    elif row.kind == "companion":
        _draw_companion(plot, (lower, estimate, upper), y, name)
    else:
        _draw_report(plot, row, (lower, estimate, upper), y, name)
    _draw_arrows(plot, row, (lower, upper), y, name)


def _draw_report(plot: Plot, row: ForestRow, extent: tuple[float, float, float], y: float, name: str) -> None:
    weight = plot.weight(row)
    start, end = _line_ends(plot, extent[0], extent[2])
    if start < end:
        line = style.draw_line(plot.axes, (start, end), (y, y), colour=_line_colour(row, weight))
        line.set(gid=f"{name}-interval", linewidth=0.7 + 0.6 * weight)
    if plot.inside(extent[1]):
        side = max(BOX_MAX * weight, BOX_MIN)
        box = style.draw_box(plot.axes, row.tone, (extent[1], y), (side * plot.unit, side))
        box.set_gid(f"{name}-box")


def _draw_companion(plot: Plot, extent: tuple[float, float, float], y: float, name: str) -> None:
    start, end = _line_ends(plot, extent[0], extent[2])
    if start < end:
        line = style.draw_line(plot.axes, (start, end), (y, y), colour=style.COMPANION, width=1.0)
        line.set_gid(f"{name}-interval")
    if plot.inside(extent[1]):
        style.draw_rhomb(plot.axes, (extent[1], y), (RHOMB * plot.unit, RHOMB)).set_gid(f"{name}-box")


def _line_colour(row: ForestRow, weight: float) -> str:
    """Paler for fewer patients: the longest intervals say the least."""
    return style.tint(style.MARKS[row.tone].edge, min(1.0, 0.35 + 0.65 * weight))


def _draw_summary(plot: Plot, tone: style.Tone, extent: tuple[float, float, float], y: float, name: str) -> None:
    gap = plot.unit * ARROW * 0.4
    start, end = _line_ends(plot, extent[0], extent[2])
    start, end = start + gap * (start > extent[0]), end - gap * (end < extent[2])
    if start > end:
        return
    diamond = style.draw_diamond(plot.axes, tone, extent, y, DIAMOND)
    diamond.set_gid(f"{name}-diamond")
    if (start, end) != (extent[0], extent[2]):
        bottom, top = plot.axes.get_ylim()
        window = Rectangle((start, bottom), end - start, top - bottom, transform=plot.axes.transData)
        diamond.set_clip_path(window)


def _draw_prediction(plot: Plot, extent: tuple[float, float], y: float, name: str) -> None:
    ends = _line_ends(plot, *extent)
    if ends[0] < ends[1]:
        line = style.draw_bar(plot.axes, ends, y, DIAMOND, (plot.inside(extent[0]), plot.inside(extent[1])))
        line.set_gid(f"{name}-interval")


def _line_ends(plot: Plot, lower: float, upper: float) -> tuple[float, float]:
    """Ends of the line of an interval, which stops short of an arrow's tip."""
    start = lower if plot.inside(lower) else max(lower, plot.low + plot.unit * ARROW)
    end = upper if plot.inside(upper) else min(upper, plot.high - plot.unit * ARROW)
    return start, end


def _draw_arrows(plot: Plot, row: ForestRow, extent: tuple[float, float], y: float, name: str) -> None:
    colour = style.INK
    if row.kind == "report":
        colour = _line_colour(row, plot.weight(row))
    elif row.kind == "summary":
        colour = style.DIAMONDS[row.tone].edge
    elif row.kind == "companion":
        colour = style.COMPANION
    length = ARROW * plot.unit
    if extent[0] < plot.low - _ROUNDING:
        arrow = style.draw_arrow(plot.axes, (plot.low, y), -length, ARROW * 0.55, colour)
        arrow.set_gid(f"{name}-arrow-low")
    if extent[1] > plot.high + _ROUNDING:
        arrow = style.draw_arrow(plot.axes, (plot.high, y), length, ARROW * 0.55, colour)
        arrow.set_gid(f"{name}-arrow-high")


def legend_entries(table: ForestTable) -> list[LegendEntry]:
    """One entry for each sign that `table` shows, and no other."""
    tones = {row.tone for row in table.rows if row.kind == "report"}
    narrow, wide = table.pools
    words: dict[style.Tone, str] = {"strict": f"In {narrow}", "rest": f"In {wide} only", "local": "Local cohort"}
    words |= table.words
    entries = [LegendEntry(text, partial(_paint_box, tone)) for tone, text in words.items() if tone in tones]
    if len({row.size for row in table.rows if row.kind == "report" and row.size}) > 1:
        entries.append(LegendEntry("Area: number of patients", _paint_areas))
    if any(row.kind == "companion" for row in table.rows):
        entries.append(LegendEntry(table.companion, _paint_companion))
    entries.extend(_summary_entries(table))
    if any(row.kind == "prediction" for row in table.rows):
        entries.append(LegendEntry("Prediction interval", _paint_bar))
    low, high = table.axis[0] - _ROUNDING, table.axis[1] + _ROUNDING
    if any(row.extent and (row.extent[0] < low or row.extent[2] > high) for row in table.rows):
        entries.append(LegendEntry("Goes on beyond the axis", _paint_arrow))
    return entries + _line_entries(table)


def _summary_entries(table: ForestTable) -> list[LegendEntry]:
    tones = {row.tone for row in table.rows if row.kind == "summary"}
    pools: dict[style.Tone, str] = {"strict": table.pools[0], "rest": table.pools[1], "local": "local cohort"}
    several = {tone: f"Summary, {pool}" for tone, pool in pools.items()}
    wording = several if len(tones) > 1 else dict.fromkeys(tones, "Summary estimate and interval")
    return [LegendEntry(text, partial(_paint_diamond, tone)) for tone, text in wording.items() if tone in tones]


def _line_entries(table: ForestTable) -> list[LegendEntry]:
    low, high = table.axis
    entries = []
    if table.reference is not None and low <= table.reference <= high:
        text = f"{table.reference_label}, {percent(table.reference)}"
        entries.append(LegendEntry(text, _paint_reference))
    if any(row.reference is not None for row in table.rows):
        entries.append(LegendEntry(table.reference_label, _paint_reference))
    shown = [f"{100 * value:.4g}" for value in sorted(table.thresholds) if low <= value <= high]
    if shown:
        entries.append(LegendEntry(f"Thresholds {', '.join(shown)} %", _paint_threshold))
    return entries


def _paint_box(tone: style.Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.MARKS[tone].edge)
    style.draw_box(axes, tone, (x, y), (0.08, 0.08))


def _paint_areas(axes: Axes, x: float, y: float) -> None:
    style.draw_box(axes, "strict", (x - 0.075, y), (BOX_MIN, BOX_MIN))
    style.draw_box(axes, "strict", (x + 0.03, y), (BOX_MAX * 0.8, BOX_MAX * 0.8))


def _paint_companion(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.COMPANION, width=1.0)
    style.draw_rhomb(axes, (x, y), (RHOMB, RHOMB))


def _paint_diamond(tone: style.Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_diamond(axes, tone, (x - _SIGN, x, x + _SIGN), y, DIAMOND * 0.9)


def _paint_bar(axes: Axes, x: float, y: float) -> None:
    style.draw_bar(axes, (x - _SIGN, x + _SIGN), y, DIAMOND * 0.9, (True, True))


def _paint_arrow(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN - ARROW), (y, y))
    style.draw_arrow(axes, (x + _SIGN, y), ARROW, ARROW * 0.55, style.INK)


def _paint_reference(axes: Axes, x: float, y: float) -> None:
    style.draw_reference(axes, x, (y - 0.06, y + 0.06))


def _paint_threshold(axes: Axes, x: float, y: float) -> None:
    style.draw_threshold(axes, x, (y - 0.06, y + 0.06))


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
