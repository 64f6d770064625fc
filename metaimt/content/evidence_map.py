"""The evidence map: counts by two groupings, as a table."""

from __future__ import annotations

from metaimt.analyses.breakdown import EvidenceMap
from metaimt.content.section import Cell, Column, Disc, Row, Table, row
from metaimt.model.count import Count
from metaimt.model.text import Text, r_of_n

MANY = 16  # patients, below which the largest disc of a map is smaller than a disc can be
HOW = "A disc is as large as the patients of its cell, and filled as far as they responded."


def map_table(found: EvidenceMap, title: str) -> Table:
    """A row a level of the one grouping, a column a level of the other, and totals; nobody, an empty cell."""
    most = max([MANY, *(count.evaluable for count in found.cells.values())])

    def cell(count: Count | None) -> Cell:
        """A count with its disc."""
        return Cell(Text()) if count is None else Cell(Disc(count, most), count)

    def total(count: Count) -> Cell:
        """A count alone."""
        return Cell(Text(r_of_n(count)), count)

    rows: list[Row] = [
        row(name, *(cell(found.cells.get((name, column))) for column in found.columns), total(found.row_totals[name]))
        for name in found.rows
    ]
    totals = [total(found.column_totals[name]) for name in found.columns]
    rows.append(row("All", *totals, total(found.total), kind="pool"))
    columns = (found.down.replace("_", " "), *found.columns, "All")
    return Table(title, tuple(map(Column, columns)), tuple(rows), "map")
