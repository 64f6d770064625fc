"""The geometry of a forest plot: every row wrapped and placed, every column as wide as its texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Final

from metaimt.figures.forest_table import ForestRow, ForestTable, RowKind
from metaimt.figures.layout import Align, column_align, line_height, widest, wrap
from metaimt.figures.style import BODY, SMALL, STRONG, TextStyle

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
