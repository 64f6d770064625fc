"""Where the rows and columns of a forest plot stand, and of any other plot whose rows stand beside texts.

Every row is wrapped and placed, every column as wide as its texts, and the plot takes what a page leaves of the width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from metaimt.content.forest_row import ForestRow, RowKind, Tone
from metaimt.figures.layout import GRAIN, MARGIN, Align, column_align, line_height, widest, wrap
from metaimt.figures.style import BODY, PAGE_WIDTH, SMALL, STRONG, TextStyle, setting
from metaimt.problem import WrongUse

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

GAP: Final = 0.13
INDENT: Final = 0.1
LABEL_MIN: Final = 0.8
INTERVAL_MAX: Final = 1.6
PLOT_LEAST: Final = 1.15
"""Inches that a plot of intervals needs."""
PLOT_SHARE: Final = 0.25
"""Of the width, which the plot has unless the texts, wrapped ever narrower, leave less."""
_WRAPS: Final = ((3.2, 1.5), (2.1, 1.5), (1.7, 1.3), (1.6, 1.0), (1.45, 0.9), (1.2, 0.8))
"""Inches at which labels and columns are wrapped, the widest that leaves the plot its share."""
SPACE: Final = 46 / GRAIN
WORD_GAP: Final = 0.06
PLOT_PAD: Final = 0.08
"""Inches within the plot's column on either side of the axis, so that a box at 100 % is whole."""
STACKED: Final = 10 / GRAIN
"""Inches between a label and the plot under it."""

_TEXT: Final[dict[RowKind, TextStyle]] = {"heading": STRONG, "summary": STRONG, "note": SMALL, "companion": SMALL}
_USUAL_PADDING: Final = (6 / GRAIN, 6 / GRAIN)
_PADDING: Final[dict[RowKind, tuple[float, float]]] = {
    "heading": (41 / GRAIN, 8 / GRAIN),
    "summary": (10 / GRAIN, 10 / GRAIN),
    "companion": (0.0, 10 / GRAIN),
}


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


@dataclass(frozen=True)
class Line:
    """A row with its texts wrapped; `indent` in inches.

    stacked: label and interval stand above the cells and the plot. least: inches of height that its marks need.
    """

    row: ForestRow
    indent: float
    label: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    estimate: tuple[str, ...]
    bracket: tuple[str, ...]
    stacked: bool = False
    least: float = 0.0

    @property
    def text(self) -> TextStyle:
        """How the row's texts look."""
        return _TEXT.get(self.row.kind, BODY)

    @property
    def padding(self) -> tuple[float, float]:
        """Free space above and below the texts, in inches."""
        return _PADDING.get(self.row.kind, _USUAL_PADDING)

    @property
    def _beside(self) -> int:
        """Lines of the texts beside the label, or under it."""
        interval = () if self.stacked else (self.estimate, self.bracket)
        filled = (lines for lines in (*self.cells, *interval) if any(lines))
        return max(map(len, filled), default=int(self.row.kind not in ("heading", "note", "space")))

    @property
    def _above(self) -> int:
        """Lines of the label, and of what stands on its line."""
        return max(map(len, (self.label, self.estimate, self.bracket))) if self.stacked else len(self.label)

    @property
    def sunk(self) -> float:
        """Inches from the first line of the label to that of the rest."""
        return self._above * line_height(self.text) + STACKED if self.stacked and self._beside else 0.0

    @property
    def height(self) -> float:
        """Inches from the top of this row to the top of the next."""
        if self.row.kind == "space":
            return SPACE
        label, beside = self._above * line_height(self.text), self._beside * line_height(self.text)
        beside, label = max(beside, self.least), self.sunk or label
        return sum(self.padding) + (label + beside if self.stacked else max(label, beside))

    @property
    def spans(self) -> bool:
        """Whether the label may run on over the columns to its right."""
        return self.row.kind == "note" or self.stacked or (self.row.kind == "heading" and not any(self.row.columns))

    def labelled(self, width: float) -> Line:
        """With its label wrapped."""
        return replace(self, label=wrap(self.row.label, width - self.indent, self.text))


@dataclass(frozen=True)
class Layout:
    """A table with every text wrapped and the place of every column, within `figure_style()`."""

    heading: Line
    lines: tuple[Line, ...]
    columns: Columns

    @property
    def plot(self) -> float:
        """Inches that it leaves for the plot."""
        left, right = self.columns.plot
        return right - left

    @property
    def height(self) -> float:
        """Inches of all rows."""
        return math.fsum(line.height for line in self.lines)


def lay_out(table: ForestTable, least: float) -> Layout:
    """The heading and the rows with every text wrapped, and the place of every column.

    Wrapped ever narrower until the plot has its share of the width; if it then has less than `least`, labels stand
    above their rows. A figure that still does not fit is as wide as it must be. Raises WrongUse, with that width, if
    another was asked for.
    """
    asked = setting().width
    width = PAGE_WIDTH if asked is None else asked
    for wraps in _WRAPS:
        found = _placed(table, wraps, width)
        if found.plot >= max(PLOT_SHARE * width, least):
            return found
    if found.plot >= least:
        return found
    if asked is None:
        return _placed(table, wraps, width + least - found.plot)
    found = _placed(table, (width, wraps[1]), width, stacked=True)
    if found.plot < min(least, PLOT_LEAST):
        needed = 25.4 * (width + least - found.plot)
        raise WrongUse(f"--width: the columns of this figure need {math.ceil(needed)} mm, or fewer columns")
    return found


def _placed(table: ForestTable, wraps: tuple[float, float], width: float, *, stacked: bool = False) -> Layout:
    """The layout with labels and columns wrapped at so many inches, on a sheet of `width`."""
    rows = [ForestRow("heading", table.label_heading, table.column_headings), *map(_bare, table.rows)]
    rows = _joined(rows) if stacked else rows
    count = len(rows[0].columns)
    made = (_wrapped(row, indent, count, wraps[1]) for row, indent in zip(rows, _indents(rows), strict=True))
    lines = [replace(line, stacked=stacked and line.row.kind not in ("note", "space")) for line in made]
    lines[0] = replace(lines[0], bracket=wrap(table.interval_heading, INTERVAL_MAX, STRONG))

    cells = []
    for place in range(count):
        align = column_align(" ".join(line.cells[place]) for line in lines[1:])
        cells.append((max(widest(line.cells[place], line.text) for line in lines), align))
    pairs = [line for line in lines if any(line.estimate)]
    bracket = max((widest(line.bracket, line.text) for line in pairs), default=0.0) + WORD_GAP
    estimate = max((widest(line.estimate, line.text) for line in pairs), default=-WORD_GAP)
    interval = max(estimate + bracket, *(widest(line.bracket, line.text) for line in lines))

    right = width - MARGIN
    lines = [line if line.spans else line.labelled(wraps[0]) for line in lines]
    label = max([LABEL_MIN, *(line.indent + widest(line.label, line.text) for line in lines if not line.spans)])
    x = MARGIN + (INDENT if stacked else label + GAP)
    places: list[tuple[float, Align]] = []
    for wide, align in cells:
        places.append((x + wide if align == "right" else x, align))
        x += wide + (GAP if wide else 0.0)
    plot = (x, right - PLOT_PAD if stacked else right - interval - GAP)
    columns = Columns(tuple(places), plot, right - bracket, right)
    lines = [line.labelled(_end(line, columns, interval) - MARGIN) if line.spans else line for line in lines]
    return Layout(lines[0] if stacked else _sunk(lines[0]), tuple(lines[1:]), columns)


def _end(line: Line, columns: Columns, interval: float) -> float:
    """Where a label that runs on must end: before the interval or the plot, or with the sheet."""
    if line.stacked:
        return columns.right - (interval + GAP if any(line.bracket) or any(line.estimate) else 0.0)
    return columns.right if line.row.kind == "note" else max(columns.plot[0] - GAP, MARGIN + LABEL_MIN)


def _joined(rows: Sequence[ForestRow]) -> list[ForestRow]:
    """The rows with their columns of words in the label: `Made 2016, madeupinib`; columns of numbers stay."""
    count = len(rows[0].columns)
    filled = [(*row.columns, *[""] * (count - len(row.columns))) for row in rows]
    numbers = [column_align(cells[place] for cells in filled[1:]) == "right" for place in range(count)]

    def joined(row: ForestRow, cells: Sequence[str]) -> ForestRow:
        words = (cell for cell, number in zip(cells, numbers, strict=True) if cell.strip() and not number)
        kept = tuple(cell for cell, number in zip(cells, numbers, strict=True) if number)
        return replace(row, label=", ".join((row.label, *words)), columns=kept)

    return [joined(row, cells) for row, cells in zip(rows, filled, strict=True)]


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


def _wrapped(row: ForestRow, indent: float, columns: int, cell: float) -> Line:
    """The row with its columns wrapped, and as yet without its label."""
    text = _TEXT.get(row.kind, BODY)
    cells = (*row.columns, *[""] * (columns - len(row.columns)))
    estimate, bracket = (wrap(part, INTERVAL_MAX, text) for part in row.interval_parts)
    return Line(row, indent, ("",), tuple(wrap(each, cell, text) for each in cells), estimate, bracket)
