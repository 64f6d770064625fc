"""The forest plot: a table of rows laid out and drawn; and any other plot whose rows stand beside texts.

Every row is wrapped and placed, every column as wide as its texts, and the plot takes what a page leaves of the width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import fsum
from typing import TYPE_CHECKING, Final, Protocol

from matplotlib.patches import Rectangle

from metaimt.analyses.wording import percent
from metaimt.content.forest import ForestRow, RowKind, Tone
from metaimt.figures import style
from metaimt.figures.layout import (
    MARGIN,
    TICK,
    Align,
    Foot,
    LegendEntry,
    Sheet,
    Words,
    column_align,
    line_height,
    new_sheet,
    threshold_entries,
    upright_sign,
    widest,
    wrap,
)
from metaimt.figures.review_figure import Place
from metaimt.figures.style import BODY, SMALL, STRONG, TextStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ForestRow", "ForestTable", "draw_forest"]

AXIS_LABEL: Final = "Objective response rate (%)"
ORR_HEADING: Final = "ORR [95 % interval]"


@dataclass(frozen=True)
class ForestTable:
    """All that a forest plot shows.

    `axis` are the ends of the axis, as proportions (shown in per cent); `reference` is a dashed upright line,
    usually the pooled estimate, which the legend calls `reference_label`; `thresholds` are dotted lines. `pools` names,
    for the legend, the pool of the filled rows and the wider one that has the hollow rows too; `words` says
    otherwise what the boxes of a tone are.

    Raises ValueError for an axis shorter than one per cent, and for a row of more columns than headings.
    """

    title: str
    label_heading: str
    column_headings: tuple[str, ...]
    rows: tuple[ForestRow, ...]
    interval_heading: str = ORR_HEADING
    axis_label: str = AXIS_LABEL
    subtitle: str = ""
    reference: float | None = None
    thresholds: tuple[float, ...] = ()
    footnotes: tuple[str, ...] = ()
    axis: tuple[float, float] = (0.0, 1.0)
    reference_label: str = "Pooled estimate"
    pools: tuple[str, str] = ("strict", "all evidence")
    words: Mapping[Tone, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        low, high = self.axis
        if not 0.01 <= high - low <= 10:
            raise ValueError(f"the axis of a forest plot cannot run from {low} to {high}")
        for row in self.rows:
            if len(row.columns) > len(self.column_headings):
                wanted = len(self.column_headings)
                raise ValueError(f"forest row {row.label!r}: {len(row.columns)} columns, {wanted} headings")


def zoomed(limits: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The axis from and to the tenths that hold every pair of limits."""
    pairs = tuple(limits)
    if not pairs:
        return 0.0, 1.0
    low, high = min(low for low, _ in pairs), max(high for _, high in pairs)
    return max(math.floor(10 * low + 1e-9) / 10, 0.0), min(math.ceil(10 * high - 1e-9) / 10, 1.0)


# ---------- where rows and columns stand ----------

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
_USUAL_PADDING: Final = (0.012, 0.012)
_PADDING: Final[dict[RowKind, tuple[float, float]]] = {
    "heading": (0.08, 0.015),
    "summary": (0.02, 0.02),
    "companion": (0.0, 0.02),
}


@dataclass(frozen=True)
class _Columns:
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


@dataclass(frozen=True)
class _Line:
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

    @property
    def spans(self) -> bool:
        """Whether the label may run on over the columns to its right."""
        return self.row.kind == "note" or (self.row.kind == "heading" and not any(self.row.columns))

    def labelled(self, width: float) -> _Line:
        """With its label wrapped."""
        return replace(self, label=wrap(self.row.label, width - self.indent, self.text))


def _lay_out(table: ForestTable) -> tuple[_Line, tuple[_Line, ...], _Columns]:
    """The heading and the rows with every text wrapped, and the place of every column."""
    rows = [ForestRow("heading", table.label_heading, table.column_headings), *map(_bare, table.rows)]
    count = len(table.column_headings)
    lines = [_wrapped(row, indent, count) for row, indent in zip(rows, _indents(rows), strict=True)]
    lines[0] = replace(lines[0], bracket=wrap(table.interval_heading, INTERVAL_MAX, STRONG))

    cells = []
    for place in range(count):
        align = column_align(" ".join(line.cells[place]) for line in lines[1:])
        cells.append((max(widest(line.cells[place], line.text) for line in lines), align))
    pairs = [line for line in lines if any(line.estimate)]
    bracket = max((widest(line.bracket, line.text) for line in pairs), default=0.0) + WORD_GAP
    estimate = max((widest(line.estimate, line.text) for line in pairs), default=-WORD_GAP)
    interval = max(estimate + bracket, *(widest(line.bracket, line.text) for line in lines))
    texts = fsum(width for width, _ in cells) + interval + (2 + count) * GAP + 2 * MARGIN

    limit = min(max(PAGE_WIDTH - texts - PLOT_MIN, LABEL_WRAP), LABEL_MAX)
    lines = [line if line.spans else line.labelled(limit) for line in lines]
    label = max(LABEL_MIN, *(line.indent + widest(line.label, line.text) for line in lines))
    x = MARGIN + label + GAP
    places: list[tuple[float, Align]] = []
    for width, align in cells:
        places.append((x + width if align == "right" else x, align))
        x += width + GAP
    plot = min(max(PAGE_WIDTH - label - texts, PLOT_MIN), PLOT_MAX)
    right = x + plot + GAP + interval
    columns = _Columns(tuple(places), (x, x + plot), right - bracket, right)
    ends = {"note": right - MARGIN, "heading": x - GAP - MARGIN}
    lines = [line.labelled(ends[line.row.kind]) if line.spans else line for line in lines]
    return _sunk(lines[0]), tuple(lines[1:]), columns


def _bare(row: ForestRow) -> ForestRow:
    """A row without the texts that its kind has no place for."""
    if row.kind not in ("note", "space"):
        return row
    return ForestRow(row.kind, row.label if row.kind == "note" else "")


def _sunk(line: _Line) -> _Line:
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


def _wrapped(row: ForestRow, indent: float, columns: int) -> _Line:
    """The row with its columns wrapped, and as yet without its label."""
    text = _TEXT.get(row.kind, BODY)
    cells = (*row.columns, *[""] * (columns - len(row.columns)))
    estimate, bracket = (wrap(part, INTERVAL_MAX, text) for part in row.interval_parts)
    return _Line(row, indent, ("",), tuple(wrap(cell, COLUMN_MAX, text) for cell in cells), estimate, bracket)


# ---------- the signs of intervals ----------

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
    """The axes beside the texts: x in the unit of the axis (`unit` of it an inch), y in inches, from `top` on."""

    axes: Axes
    low: float
    high: float
    unit: float
    top: float

    def inside(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low - _ROUNDING <= value <= self.high + _ROUNDING

    def ends(self, lower: float, upper: float) -> tuple[float, float]:
        """Ends of the line of an interval, which stops short of an arrow's tip."""
        start = lower if self.inside(lower) else max(lower, self.low + self.unit * ARROW)
        end = upper if self.inside(upper) else min(upper, self.high - self.unit * ARROW)
        return start, end


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
class _Intervals:
    """The plot of a forest plot."""

    table: ForestTable

    @property
    def axis(self) -> tuple[float, float]:
        return self.table.axis

    @cached_property
    def largest(self) -> float:
        """The number of patients that the largest box stands for."""
        return max([FULL_BOX, *(row.size for row in self.table.rows if row.kind == "report" and row.size)])

    def ticks(self) -> list[tuple[float, str]]:
        """At most six round values between the ends of the axis."""
        low, high = self.table.axis
        steps = (digit * 10.0**power for power in range(-5, 3) for digit in (1, 2, 5))
        step = next(step for step in steps if (high - low) / step <= 5 + 1e-9)
        places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        return [(place * step, f"{100 * place * step:.4g} %") for place in places]

    def lines(self, plot: Plot, y: tuple[float, float]) -> None:
        for value in filter(plot.inside, self.table.thresholds):
            style.draw_line(plot.axes, (value, value), y, **style.THRESHOLD)
        reference = self.table.reference
        if reference is not None and plot.inside(reference):
            style.draw_line(plot.axes, (reference, reference), y, **style.REFERENCE)

    def mark(self, plot: Plot, number: int, y: float) -> None:
        """The interval of a row, with arrows where it leaves the axis."""
        row, name, axes = self.table.rows[number], f"row-{number}", plot.axes
        if row.extent is None:
            return
        lower, estimate, upper = row.extent
        weight = math.sqrt((self.largest / 4 if row.size is None else row.size) / self.largest)
        start, end = plot.ends(lower, upper)
        colour = style.INK
        if estimate is None or row.kind == "prediction":
            if start < end:
                caps = plot.inside(lower), plot.inside(upper)
                style.draw_bar(axes, (start, end), y, DIAMOND, caps).set_gid(f"{name}-interval")
        elif row.kind == "summary":
            colour = style.DIAMONDS[row.tone].edge
            _draw_diamond(plot, row.tone, (lower, estimate, upper), y, name)
        else:
            companion = row.kind == "companion"
            # paler for fewer patients: the longest intervals say the least
            pale = style.tint(style.MARKS[row.tone].edge, min(1.0, 0.35 + 0.65 * weight))
            colour, width = (style.COMPANION, 1.0) if companion else (pale, 0.7 + 0.6 * weight)
            if start < end:
                style.draw_line(axes, (start, end), (y, y), colour=colour, width=width).set_gid(f"{name}-interval")
            if plot.inside(estimate):
                side = RHOMB if companion else max(BOX_MAX * weight, BOX_MIN)
                draw = style.draw_rhomb if companion else partial(style.draw_box, tone=row.tone)
                draw(axes, centre=(estimate, y), size=(side * plot.unit, side)).set_gid(f"{name}-box")
        for beyond, tip, word, sign in (
            (lower < plot.low - _ROUNDING, plot.low, "low", -1),
            (upper > plot.high + _ROUNDING, plot.high, "high", 1),
        ):
            if beyond:
                arrow = style.draw_arrow(axes, (tip, y), sign * ARROW * plot.unit, ARROW * 0.55, colour)
                arrow.set_gid(f"{name}-arrow-{word}")

    def legend(self) -> list[LegendEntry]:
        table = self.table
        kinds = {row.kind for row in table.rows}
        tones = {row.tone for row in table.rows if row.kind == "report"}
        narrow, wide = table.pools
        words: dict[Tone, str] = {"strict": f"In {narrow}", "rest": f"In {wide} only", "local": "Local cohort"}
        words |= table.words
        entries = [LegendEntry(text, partial(_paint_box, tone)) for tone, text in words.items() if tone in tones]
        if len({row.size for row in table.rows if row.kind == "report" and row.size}) > 1:
            entries.append(LegendEntry("Area: number of patients", _paint_areas))
        if "companion" in kinds:
            entries.append(LegendEntry("Partially pooled", _paint_companion))
        entries += self._summaries()
        if "prediction" in kinds:
            entries.append(LegendEntry("Prediction interval", _paint_bar))
        low, high = table.axis[0] - _ROUNDING, table.axis[1] + _ROUNDING
        if any(row.extent and (row.extent[0] < low or row.extent[2] > high) for row in table.rows):
            entries.append(LegendEntry("Goes on beyond the axis", _paint_arrow))
        return entries + self._references()

    def _summaries(self) -> list[LegendEntry]:
        tones = {row.tone for row in self.table.rows if row.kind == "summary"}
        pools: dict[Tone, str] = dict(
            zip(("strict", "rest", "local"), (*self.table.pools, "local cohort"), strict=True)
        )
        one = "Summary estimate and interval"
        return [
            LegendEntry(f"Summary, {pool}" if len(tones) > 1 else one, partial(_paint_diamond, tone))
            for tone, pool in pools.items()
            if tone in tones
        ]

    def _references(self) -> list[LegendEntry]:
        table, (low, high) = self.table, self.table.axis
        entries = []
        if table.reference is not None and low <= table.reference <= high:
            text = f"{table.reference_label}, {percent(table.reference)}"
            entries.append(LegendEntry(text, upright_sign(**style.REFERENCE)))
        if any(row.reference is not None for row in table.rows):
            entries.append(LegendEntry(table.reference_label, upright_sign(**style.REFERENCE)))
        return entries + threshold_entries(table.thresholds, table.axis, upright_sign(**style.THRESHOLD))


def _draw_diamond(plot: Plot, tone: Tone, extent: tuple[float, float, float], y: float, name: str) -> None:
    """Cut off, with a gap before the arrow, where it leaves the axis."""
    gap = plot.unit * ARROW * 0.4
    start, end = plot.ends(extent[0], extent[2])
    start, end = start + gap * (start > extent[0]), end - gap * (end < extent[2])
    if start > end:
        return
    diamond = style.draw_diamond(plot.axes, tone, extent, y, DIAMOND)
    diamond.set_gid(f"{name}-diamond")
    if (start, end) != (extent[0], extent[2]):
        bottom, top = plot.axes.get_ylim()
        window = Rectangle((start, bottom), end - start, top - bottom, transform=plot.axes.transData)
        diamond.set_clip_path(window)


def _paint_box(tone: Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.MARKS[tone].edge)
    style.draw_box(axes, tone, (x, y), (0.08, 0.08))


def _paint_areas(axes: Axes, x: float, y: float) -> None:
    style.draw_box(axes, "strict", (x - 0.075, y), (BOX_MIN, BOX_MIN))
    style.draw_box(axes, "strict", (x + 0.03, y), (BOX_MAX * 0.8, BOX_MAX * 0.8))


def _paint_companion(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.COMPANION, width=1.0)
    style.draw_rhomb(axes, (x, y), (RHOMB, RHOMB))


def _paint_diamond(tone: Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_diamond(axes, tone, (x - _SIGN, x, x + _SIGN), y, DIAMOND * 0.9)


def _paint_bar(axes: Axes, x: float, y: float) -> None:
    style.draw_bar(axes, (x - _SIGN, x + _SIGN), y, DIAMOND * 0.9, (True, True))


def _paint_arrow(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN - ARROW), (y, y))
    style.draw_arrow(axes, (x + _SIGN, y), ARROW, ARROW * 0.55, style.INK)


# ---------- the figure ----------

PLOT_PAD: Final = 0.08
"""Inches within the plot's column on either side of the axis, so that a box at 100 % is whole."""
TALL: Final = 11.0
"""A body longer than this, in inches, repeats the axis at its top."""
_BLOCK_GAP: Final = 0.09
_TICK_HEIGHT: Final = TICK + line_height(BODY) + 0.02


def draw_forest(table: ForestTable) -> Figure:
    """Draw `table` on a figure as large as its texts and rows need; a long label wraps, nothing is cut.

    Every text is drawn literally. Limits beyond `table.axis` end in an arrow. The patches and lines of row i
    carry the ids `row-i-box`, `row-i-diamond`, `row-i-interval`, `row-i-arrow-low`, `row-i-arrow-high`.
    """
    return draw_forest_rows(table)[0]


def draw_forest_rows(table: ForestTable) -> tuple[Figure, tuple[Place, ...]]:
    """As `draw_forest`, and where each row stands on it."""
    return draw_rows(table, _Intervals(table))


def draw_rows(table: ForestTable, drawn: RowPlot) -> tuple[Figure, tuple[Place, ...]]:
    """Draw the texts of `table` with `drawn` in its plot, on a figure as large as they need; where each row stands."""
    with style.figure_style():
        heading, lines, columns = _lay_out(table)
        width, (left, right) = columns.right - MARGIN, columns.plot
        title = Words.wrapped(width, (table.title, style.TITLE), (table.subtitle, style.SUBTITLE))
        axis_label = Words.wrapped(right - left, (table.axis_label, BODY))
        foot = Foot.wrapped(width, drawn.legend(), table.footnotes, _BLOCK_GAP / 2)

        height = max(fsum(line.height for line in lines), SPACE)
        head = MARGIN + (title.height + _BLOCK_GAP if title.lines else 0)
        body = head + heading.height + (_TICK_HEIGHT if height > TALL else 0)
        bottom = body + height + 0.03
        below = bottom + _TICK_HEIGHT + axis_label.height + _BLOCK_GAP

        sheet = new_sheet(columns.right + MARGIN, below + foot.height + MARGIN)
        title.draw(sheet, MARGIN, MARGIN)
        sheet.rule(head, columns.all)
        _draw_texts(sheet, columns, heading, head)
        sheet.rule(head + heading.height, columns.all, style.THIN)
        plot = _draw_plot(sheet, drawn, columns.plot, (body, bottom), tall=height > TALL)
        axis_label.draw(sheet, (left + right) / 2, bottom + _TICK_HEIGHT, "center")
        drawn.lines(plot, (body, bottom))
        places = _draw_rows(sheet, plot, columns, lines, drawn)
        foot.draw(sheet, MARGIN, below)
        return sheet.figure, places


def _draw_plot(sheet: Sheet, drawn: RowPlot, ends: tuple[float, float], y: tuple[float, float], *, tall: bool) -> Plot:
    """The axis with its ticks and grid."""
    (low, high), (left, right), (top, bottom) = drawn.axis, ends, y
    unit = (high - low) / (right - left - 2 * PLOT_PAD)
    axes = sheet.row_axes(left, right - left, top, bottom - top)
    axes.set_xlim(low - PLOT_PAD * unit, high + PLOT_PAD * unit)
    for value, label in drawn.ticks():
        x = left + PLOT_PAD + (value - low) / unit
        style.draw_line(axes, (value, value), (top, bottom), colour=style.GRID, width=style.THIN, zorder=1)
        sheet.tick(x, bottom, label, BODY)
        if tall:
            sheet.block(x, top - 0.02 - line_height(BODY), (label,), BODY, "center")
    style.draw_line(axes, (max(low, 0.0), high), (bottom, bottom))  # signs may stand before 0
    return Plot(axes, low, high, unit, top)


def _draw_rows(
    sheet: Sheet, plot: Plot, columns: _Columns, lines: Sequence[_Line], drawn: RowPlot
) -> tuple[Place, ...]:
    """Draw the rows from the top of the plot on; where each stands."""
    top = plot.top
    _draw_group_references(plot, lines)
    banded, places = False, []
    for number, line in enumerate(lines):
        if line.row.kind != "companion":  # which stands in the band of the row above
            banded = line.row.kind in ("report", "plain") and not banded
        if banded:
            sheet.band(top, line.height, columns.all, style.BAND)
        if line.row.kind == "note":
            sheet.cover(top, line.height, columns.plot)
        _draw_texts(sheet, columns, line, top)
        drawn.mark(plot, number, top + line.padding[0] + line_height(line.text) / 2)
        places.append(sheet.place(MARGIN, top, columns.right - MARGIN, line.height))
        top += line.height
    return tuple(places)


def _draw_group_references(plot: Plot, lines: Sequence[_Line]) -> None:
    """The dashed line of each heading that has one, down to the next heading or empty row."""
    top = plot.top
    open_at: tuple[float, float] | None = None
    for line in (*lines, None):
        if open_at and (line is None or line.row.kind in ("heading", "space")):
            style.draw_line(plot.axes, (open_at[0], open_at[0]), (open_at[1], top), **style.REFERENCE)
            open_at = None
        if line is None:
            return
        top += line.height
        if line.row.kind == "heading" and line.row.reference is not None and plot.inside(line.row.reference):
            open_at = line.row.reference, top


def _draw_texts(sheet: Sheet, columns: _Columns, line: _Line, top: float) -> None:
    """The texts of a row, each from the row's first line on."""
    y = top + line.padding[0]
    sheet.block(MARGIN + line.indent, y, line.label, line.text)
    for (x, align), cell in zip(columns.cells, line.cells, strict=True):
        sheet.block(x, y, cell, line.text, align)
    sheet.block(columns.estimate_end, y, line.estimate, line.text, "right")
    sheet.block(columns.right, y, line.bracket, line.text, "right")
