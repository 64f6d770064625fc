"""A map of counts by two groupings: in each cell a disc as large as its patients, filled as far as they responded.

The evidence map of the review: fusion partner by drug.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, fsum, pi, sin, sqrt
from typing import TYPE_CHECKING, Final

from metaimt.analyses.breakdown import EvidenceMap
from metaimt.analyses.results import Results
from metaimt.analyses.wording import plural
from metaimt.content.labels import capital, r_of_n, short_name, version_line
from metaimt.figures import style
from metaimt.figures.layout import MARGIN, Foot, LegendEntry, Sheet, Words, clean, line_height, new_sheet, widest, wrap
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, ReviewFigure
from metaimt.figures.style import BODY, PAGE_WIDTH, STRONG, SUBTITLE, TITLE, TextStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABEL_MAX: Final = 2.0
COLUMN_MAX: Final = 0.94
COLUMN_GAP: Final = 0.1
LARGEST: Final = 0.19
"""Radius of the largest disc, inches."""
SMALLEST: Final = 0.045
TURNED_MAX: Final = 1.3
"""Inches that a heading may be long which stands upright."""
LEAST: Final = 4.2
_GAP: Final = 0.1


@dataclass(frozen=True)
class CellMap:
    """All that a map shows. `cells` is (row, column) -> (responders, patients); a pair that is not there is empty.

    `totals` are the texts of the last row and column, by their names.
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

    def radius(self, patients: int) -> float:
        """Inches: the area by patients, down to a size that can be seen."""
        largest = max(total for _, total in self.cells.values())
        return max(LARGEST * sqrt(patients / max(largest, 16)), SMALLEST)


@dataclass(frozen=True)
class _Columns:
    """Where the columns stand: the left edge of the first, and the width of each, in inches.

    under: whether the counts of a cell stand under its disc, not beside it.
    """

    left: float
    width: float
    under: bool = False

    def x(self, place: int) -> float:
        """The left edge of column `place`."""
        return self.left + place * (self.width + COLUMN_GAP)


@dataclass(frozen=True)
class _Line:
    """A row of the map, or its heading or last row: the wrapped label and texts, and the height in inches.

    turned: the texts of its cells stand upright, each in one line.
    """

    label: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    text: TextStyle
    height: float
    turned: bool = False

    def draw(self, sheet: Sheet, columns: _Columns, top: float) -> None:
        """Texts in the middle of the line's height; upright ones end at its foot."""
        cells = [(columns.x(place), cell) for place, cell in enumerate(self.cells)]
        if self.turned:
            for x, cell in cells:
                sheet.upright((x + line_height(self.text), top + self.height - 0.05), " ".join(cell), self.text)
        for x, lines in ((MARGIN, self.label), *(() if self.turned else cells)):
            sheet.block(x, top + (self.height - len(lines) * line_height(self.text)) / 2, lines, self.text)


@style.figure_style()
def draw_cell_map(table: CellMap) -> Figure:
    """Draw `table`. The disc in row i, column k carries the id `cell-i-k`, its filled part `cell-i-k-part`."""
    columns = _columns(table)
    heading = _heading(table, columns)
    totals = (table.column_totals.get(name, "") for name in table.columns)
    last = _text_line("All", (*totals, table.total), STRONG, columns)
    lines = [_row(table, row, columns) for row in table.rows]

    right = max(columns.x(len(table.columns) + 1), min(LEAST, style.setting().width or LEAST))
    width, ends = right - MARGIN, (MARGIN, right)
    title = Words.wrapped(width, (table.title, TITLE), (table.subtitle, SUBTITLE))
    foot = Foot.wrapped(width, _legend(table), table.footnotes)
    head = MARGIN + title.height + _GAP
    top = head + heading.height
    below = top + fsum(line.height for line in lines) + last.height + _GAP

    sheet = new_sheet(right + MARGIN, below + foot.height + MARGIN)
    title.draw(sheet, MARGIN, MARGIN)
    sheet.rule(head, ends)
    heading.draw(sheet, columns, head)
    sheet.rule(top, ends, style.THIN)
    for number, line in enumerate(lines):
        if number % 2 == 0:
            sheet.band(top, line.height, ends, style.BAND)
        line.draw(sheet, columns, top)
        _draw_cells(sheet, table, number, columns, top + line.height / 2)
        top += line.height
    sheet.rule(top, ends, style.THIN)
    last.draw(sheet, columns, top)
    foot.draw(sheet, MARGIN, below)
    return sheet.figure


def _columns(table: CellMap) -> _Columns:
    """Columns that share what the labels leave of the width; none narrower than its counts."""
    labels = {BODY: table.rows, STRONG: (table.corner, "All")}
    label = max(widest(wrap(each, LABEL_MAX, text), text) for text, texts in labels.items() for each in texts)
    left = MARGIN + label + 0.17
    shared = ((style.setting().width or PAGE_WIDTH) - MARGIN - left) / (len(table.columns) + 1) - COLUMN_GAP
    counts = [f"{responders}/{patients}" for responders, patients in table.cells.values()]
    inside, totals = widest(counts, BODY), widest((*table.column_totals.values(), table.total), STRONG)
    beside = max(2 * LARGEST + 0.06 + inside, totals, widest(table.row_totals.values(), BODY))
    if shared >= beside:
        return _Columns(left, min(shared, COLUMN_MAX))
    return _Columns(left, max(shared, 2 * LARGEST, inside, totals), under=True)


def _heading(table: CellMap, columns: _Columns) -> _Line:
    """The names of the columns, turned upright where a word of one is wider than its column."""
    names = (*table.columns, "All")
    words = [word for name in names for word in clean(name).split(" ")]
    if widest(words, STRONG) <= columns.width:
        return _text_line(table.corner, names, STRONG, columns)
    upright = tuple(wrap(name, TURNED_MAX, STRONG)[:1] for name in names)
    tall = max(widest(cell, STRONG) for cell in upright)
    return _Line(wrap(table.corner, LABEL_MAX, STRONG), upright, STRONG, tall + 0.1, turned=True)


def _text_line(label: str, cells: Sequence[str], text: TextStyle, columns: _Columns) -> _Line:
    wrapped = tuple(wrap(cell, columns.width, text) for cell in cells)
    lines = wrap(label, LABEL_MAX, text)
    count = max(len(lines), *map(len, wrapped))
    return _Line(lines, wrapped, text, count * line_height(text) + 0.1)


def _row(table: CellMap, row: str, columns: _Columns) -> _Line:
    inside = (table.cells[row, column] for column in table.columns if (row, column) in table.cells)
    radius = max((table.radius(patients) for _, patients in inside), default=0.0)
    line = _text_line(row, (*("" for _ in table.columns), table.row_totals.get(row, "")), BODY, columns)
    needed = 2 * radius + 0.06 + (line_height(BODY) if columns.under else 0.0)
    return _Line(line.label, line.cells, BODY, max(line.height - 0.05, needed))


def _draw_cells(sheet: Sheet, table: CellMap, number: int, columns: _Columns, y: float) -> None:
    for place, column in enumerate(table.columns):
        if (found := table.cells.get((table.rows[number], column))) is not None:
            responders, patients = found
            x, radius, counts = columns.x(place) + LARGEST, table.radius(patients), f"{responders}/{patients}"
            middle = y - line_height(BODY) / 2
            _disc(
                sheet.axes, (x, middle if columns.under else y), radius, responders / patients, f"cell-{number}-{place}"
            )
            if columns.under:
                sheet.block(x, middle + radius, (counts,), BODY, "center")
            else:
                sheet.block(x + LARGEST + 0.05, middle, (counts,), BODY)


def _disc(axes: Axes, centre: tuple[float, float], radius: float, share: float, name: str = "") -> None:
    """Filled clockwise from the top as far as `share`."""
    (x, y), steps = centre, 48

    def at(turn: float) -> tuple[float, float]:
        return x + radius * sin(2 * pi * turn), y - radius * cos(2 * pi * turn)

    rim = [at(k / steps) for k in range(steps)]
    look = {"facecolor": style.PAPER, "edgecolor": style.BLUE, "linewidth": 0.9, "zorder": 3}
    style.draw_shape(axes, rim, **look, gid=name or None)
    if share > 0:
        arc = [at(share * k / steps) for k in range(steps + 1)]
        corners, part = arc if share == 1 else [(x, y), *arc], f"{name}-part" if name else None
        style.draw_shape(axes, corners, facecolor=style.BLUE, edgecolor="none", zorder=4, gid=part)


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
        corner=capital(short_name(found.down)),
        rows=found.rows,
        columns=found.columns,
        cells={pair: (counts.responders, counts.evaluable) for pair, counts in found.cells.items()},
        row_totals={name: r_of_n(counts) for name, counts in found.row_totals.items()},
        column_totals={name: r_of_n(counts) for name, counts in found.column_totals.items()},
        total=r_of_n(found.total),
        footnotes=(
            f"Responders ({' or '.join(results.protocol.outcome.responders)}) of evaluable patients. Most cells are "
            "far too small for a rate. Not reported: patients of arms that print counts only, and sources that do not "
            "say.",
        ),
    )


def _title(found: EvidenceMap) -> str:
    return f"Where there is evidence: {short_name(found.down)} by {short_name(found.across)}"


def evidence_map_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `evidence-map`."""
    found = results.evidence_map[pools[-1]]
    title, label = _title(found), results.response.pools[found.pool].label
    if not found.cells:
        return NotDrawn("evidence-map", title, "no patient of the pool is evaluable")
    count = Counting()
    largest = sorted(found.cells.items(), key=lambda item: (-item[1].evaluable, item[0]))[:5]
    possible = plural(len(found.rows) * len(found.columns), "cell")
    said = f"{count.link(r_of_n(found.total), found.total)} of {label} in {len(found.cells)} of {possible}, "
    said += f"{_single(found, count)} of one patient; the largest: "
    said += "; ".join(f"{row} with {column} {count.link(r_of_n(each), each)}" for (row, column), each in largest)
    caption = f"{title}. {capital(said)}. Discs: area by patients, filled as far as they responded."
    figure = draw_cell_map(evidence_cells(results, pools))
    return ReviewFigure("evidence-map", title, caption, f"Table of discs: {said}.", figure, counted=count.found)


def _single(found: EvidenceMap, count: Counting) -> str:
    """How many cells hold one patient."""
    alone = {unit.id for counts in found.cells.values() if counts.evaluable == 1 for unit in counts.units}
    of_one = found.total.of_units(f"{found.total.title}: cells of one patient", alone)
    return count.link(str(len(of_one.parts)), of_one)
