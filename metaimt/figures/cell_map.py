"""A map of counts by two groupings: in each cell a disc as large as its patients, filled as far as they responded.

The evidence map of the review: fusion partner by drug.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import cos, fsum, pi, sin, sqrt
from typing import TYPE_CHECKING, Final

from matplotlib.patches import Polygon

from metaimt.analyses.breakdown import EvidenceMap
from metaimt.analyses.results import Results
from metaimt.analyses.wording import fraction, plural
from metaimt.figures import style
from metaimt.figures.forest_table import capital, version_line
from metaimt.figures.layout import (
    LegendEntry,
    draw_legend,
    legend_height,
    legend_rows,
    line_height,
    new_sheet,
    widest,
    wrap,
)
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, ReviewFigure
from metaimt.figures.style import BODY, SMALL, STRONG, SUBTITLE, TITLE, TextStyle
from metaimt.model.count import Count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from metaimt.figures.layout import LegendRow, Sheet


MARGIN: Final = 0.12
LABEL_MAX: Final = 2.0
COLUMN: Final = 0.94
COLUMN_GAP: Final = 0.1
LARGEST: Final = 0.19
"""Radius of the largest disc, inches."""
SMALLEST: Final = 0.045
LEAST: Final = 4.2
_GAP: Final = 0.1


@dataclass(frozen=True)
class CellMap:
    """All that a map shows. `cells` is (row, column) -> (responders, patients); a pair that is not there is empty.

    `totals` are the texts of the last row and column, by their names. Raises ValueError for a cell whose row or column
    is not listed, or unless 0 <= responders <= patients and 1 <= patients.
    """

    title: str
    corner: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], tuple[int, int]]
    subtitle: str = ""
    footnotes: tuple[str, ...] = ()
    row_totals: Mapping[str, str] = field(default_factory=dict)
    column_totals: Mapping[str, str] = field(default_factory=dict)
    total: str = ""

    def __post_init__(self) -> None:
        for (row, column), (responders, patients) in self.cells.items():
            if row not in self.rows or column not in self.columns:
                raise ValueError(f"the cell ({row!r}, {column!r}) has no row or column of that name")
            if not 0 <= responders <= patients or patients < 1:
                raise ValueError(f"the cell ({row!r}, {column!r}) has {responders} of {patients}")


@dataclass(frozen=True)
class _Line:
    """A row of the map, or its heading or last row: the wrapped label and texts, and the height in inches."""

    label: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    text: TextStyle
    height: float


@dataclass(frozen=True)
class _Frame:
    title: tuple[str, ...]
    subtitle: tuple[str, ...]
    heading: _Line
    lines: tuple[_Line, ...]
    last: _Line
    legend: list[LegendRow]
    footnotes: tuple[str, ...]
    left: float
    right: float
    body: float
    below: float
    height: float

    def x(self, place: int) -> float:
        """The left edge of column `place`."""
        return self.left + place * (COLUMN + COLUMN_GAP)


def draw_cell_map(table: CellMap) -> Figure:
    """Draw `table`. The disc in row i, column k carries the id `cell-i-k`, its filled part `cell-i-k-part`."""
    with style.figure_style():
        frame = _frame(table)
        sheet = new_sheet(frame.right + MARGIN, frame.height)
        top = sheet.block(MARGIN, MARGIN, frame.title, TITLE)
        sheet.block(MARGIN, top, frame.subtitle, SUBTITLE)
        ends = MARGIN, frame.right
        top = frame.body - frame.heading.height
        sheet.rule(top, ends)
        _draw_line(sheet, frame, frame.heading, top)
        top = frame.body
        sheet.rule(top, ends, style.THIN)
        for number, line in enumerate(frame.lines):
            if number % 2 == 0:
                sheet.band(top, line.height, ends, style.BAND)
            _draw_line(sheet, frame, line, top)
            _draw_cells(sheet, table, frame, number, top + line.height / 2)
            top += line.height
        sheet.rule(top, ends, style.THIN)
        _draw_line(sheet, frame, frame.last, top)
        end = draw_legend(sheet, (MARGIN, frame.below), frame.legend, SMALL)
        sheet.block(MARGIN, end + _GAP / 2, frame.footnotes, SMALL)
        return sheet.figure


def _frame(table: CellMap) -> _Frame:
    heading = _text_line(table.corner, (*table.columns, "All"), STRONG)
    last = _text_line("All", (*(table.column_totals.get(name, "") for name in table.columns), table.total), STRONG)
    lines = tuple(_row(table, row) for row in table.rows)
    label = max(widest(line.label, line.text) for line in (heading, last, *lines))
    left = MARGIN + label + 0.17
    right = max(left + (len(table.columns) + 1) * (COLUMN + COLUMN_GAP), LEAST)
    width = right - MARGIN
    title, subtitle = wrap(table.title, width, TITLE), wrap(table.subtitle, width, SUBTITLE) if table.subtitle else ()
    top = MARGIN + len(title) * line_height(TITLE) + len(subtitle) * line_height(SUBTITLE) + _GAP
    body = top + heading.height
    below = body + fsum(line.height for line in lines) + last.height + _GAP
    legend = legend_rows(_legend(table), width, SMALL)
    footnotes = tuple(line for note in table.footnotes for line in wrap(note, width, SMALL))
    height = below + legend_height(legend, SMALL) + _GAP / 2 + len(footnotes) * line_height(SMALL) + MARGIN
    return _Frame(title, subtitle, heading, lines, last, legend, footnotes, left, right, body, below, height)


def _text_line(label: str, cells: tuple[str, ...], text: TextStyle) -> _Line:
    wrapped = tuple(wrap(cell, COLUMN, text) for cell in cells)
    lines = wrap(label, LABEL_MAX, text)
    count = max(len(lines), *map(len, wrapped))
    return _Line(lines, wrapped, text, count * line_height(text) + 0.1)


def _row(table: CellMap, row: str) -> _Line:
    inside = (table.cells[row, column] for column in table.columns if (row, column) in table.cells)
    radius = max((_radius(table, patients) for _, patients in inside), default=0.0)
    texts = tuple("" for _ in table.columns)
    line = _text_line(row, (*texts, table.row_totals.get(row, "")), BODY)
    return _Line(line.label, line.cells, BODY, max(line.height - 0.05, 2 * radius + 0.06))


def _radius(table: CellMap, patients: int) -> float:
    """Area by patients, down to a size that can be seen."""
    largest = max(total for _, total in table.cells.values())
    return max(LARGEST * sqrt(patients / max(largest, 16)), SMALLEST)


def _draw_line(sheet: Sheet, frame: _Frame, line: _Line, top: float) -> None:
    """Texts in the middle of the line's height."""
    for x, lines in ((MARGIN, line.label), *((frame.x(place), cell) for place, cell in enumerate(line.cells))):
        sheet.block(x, top + (line.height - len(lines) * line_height(line.text)) / 2, lines, line.text)


def _draw_cells(sheet: Sheet, table: CellMap, frame: _Frame, number: int, y: float) -> None:
    for place, column in enumerate(table.columns):
        found = table.cells.get((table.rows[number], column))
        if found is None:
            continue
        responders, patients = found
        x, radius = frame.x(place) + LARGEST, _radius(table, patients)
        _disc(sheet.axes, (x, y), radius, responders / patients, f"cell-{number}-{place}")
        text = wrap(f"{responders}/{patients}", COLUMN - 2 * LARGEST - 0.06, BODY)[:1]
        sheet.block(x + LARGEST + 0.05, y - line_height(BODY) / 2, text, BODY)


def _disc(axes: Axes, centre: tuple[float, float], radius: float, share: float, name: str = "") -> None:
    """Filled clockwise from the top as far as `share`."""
    (x, y), steps = centre, 48
    rim = [(x + radius * sin(2 * pi * k / steps), y - radius * cos(2 * pi * k / steps)) for k in range(steps)]
    whole = Polygon(rim, closed=True, facecolor=style.PAPER, edgecolor=style.BLUE, linewidth=0.9, zorder=3)
    whole.set_gid(name or None)
    axes.add_artist(whole)
    if share > 0:
        angles = [2 * pi * share * k / steps for k in range(steps + 1)]
        slice_ = [(x + radius * sin(angle), y - radius * cos(angle)) for angle in angles]
        corners = slice_ if share == 1 else [(x, y), *slice_]
        part = Polygon(corners, closed=True, facecolor=style.BLUE, edgecolor="none", zorder=4)
        part.set_gid(f"{name}-part" if name else None)
        axes.add_artist(part)


def _legend(table: CellMap) -> list[LegendEntry]:
    if not table.cells:
        return []
    return [
        LegendEntry("Filled: responders", lambda axes, x, y: _disc(axes, (x, y), 0.055, 0.7)),
        LegendEntry("Area: evaluable patients", _paint_areas),
        LegendEntry("No disc: nobody"),
    ]


def _paint_areas(axes: Axes, x: float, y: float) -> None:
    _disc(axes, (x - 0.07, y), 0.03, 0.0)
    _disc(axes, (x + 0.04, y), 0.058, 0.0)


def evidence_cells(results: Results, pools: Pools) -> CellMap:
    """The last of `pools`: responders of evaluable patients for each pair of levels."""
    found = results.evidence_map[pools[-1]]
    return CellMap(
        title=_title(found),
        subtitle=f"{version_line(results)}; {results.response.pools[found.pool].label}",
        corner=capital(_words(found.down)),
        rows=found.rows,
        columns=found.columns,
        cells={pair: (counts.responders, counts.evaluable) for pair, counts in found.cells.items()},
        row_totals={name: _counts(counts) for name, counts in found.row_totals.items()},
        column_totals={name: _counts(counts) for name, counts in found.column_totals.items()},
        total=_counts(found.total),
        footnotes=(
            f"Responders ({' or '.join(results.protocol.outcome.responders)}) of evaluable patients. Most cells are "
            "far too small for a rate. Not reported: patients of arms that print counts only, and sources that do not "
            "say.",
        ),
    )


def _title(found: EvidenceMap) -> str:
    return f"Where there is evidence: {_words(found.down)} by {_words(found.across)}"


def _words(grouping: str) -> str:
    return grouping.replace("_", " ")


def _counts(counts: Count) -> str:
    return fraction(counts.responders, counts.evaluable)


def evidence_map_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `evidence-map`."""

    found = results.evidence_map[pools[-1]]
    if not found.cells:
        return NotDrawn("evidence-map", _title(found), "no patient of the pool is evaluable")
    count = Counting()
    largest = sorted(found.cells.items(), key=lambda item: (-item[1].evaluable, item[0]))[:5]
    possible = len(found.rows) * len(found.columns)
    said = (
        f"{count.link(_counts(found.total), found.total)} of {results.response.pools[found.pool].label} in "
        f"{len(found.cells)} of {plural(possible, 'cell')}, {_single(found, count)} of one patient; "
    )
    said += "the largest: " + "; ".join(
        f"{row} with {column} {count.link(_counts(counts), counts)}" for (row, column), counts in largest
    )
    caption = f"{_title(found)}. {capital(said)}. Discs: area by patients, filled as far as they responded."
    figure = draw_cell_map(evidence_cells(results, pools))
    return ReviewFigure("evidence-map", _title(found), caption, f"Table of discs: {said}.", figure, counted=count.found)


def _single(found: EvidenceMap, count: Counting) -> str:
    """How many cells hold one patient."""
    alone = {unit.id for counts in found.cells.values() if counts.evaluable == 1 for unit in counts.units}
    of_one = found.total.of_units(f"{found.total.title}: cells of one patient", alone)
    return count.link(str(len(of_one.parts)), of_one)
