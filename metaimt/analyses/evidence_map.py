"""Where is there evidence, and where none? Responders of patients for each pair of two groupings.

May import: evidence, statistics, and its neighbours. Counts only: most cells are far too small for a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from metaimt.analyses.breakdown import NOT_REPORTED, value_of
from metaimt.analyses.pooled_response import Counts, count
from metaimt.evidence.selection import Placed, Selection
from metaimt.model.unit import Unit

DOWN: Final = "fusion_partner"
ACROSS: Final = "drug"


@dataclass(frozen=True)
class EvidenceMap:
    """One pool by two groupings; the cells add up to `total`.

    rows, columns: the levels, larger ones first and "not reported" last; a pair of levels without an evaluable
    patient is not in `cells`.
    """

    pool: str
    down: str
    across: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], Counts]
    row_totals: Mapping[str, Counts]
    column_totals: Mapping[str, Counts]
    total: Counts

    def pair_of(self, unit: Unit) -> tuple[str, str]:
        """The cell that a unit is in."""
        return _level(unit, self.down), _level(unit, self.across)

    def to_dict(self) -> dict[str, Any]:
        """The cells that have patients, and the total."""
        cells = [
            {self.down: row, self.across: column, **self.cells[row, column].to_dict()}
            for row in self.rows
            for column in self.columns
            if (row, column) in self.cells
        ]
        return {
            "pool": self.pool,
            "down": self.down,
            "across": self.across,
            "cells": cells,
            "total": self.total.to_dict(),
        }


def evidence_map(selection: Selection, pool: str, down: str = DOWN, across: str = ACROSS) -> EvidenceMap:
    """A pool by two groupings of the protocol."""
    members = [placed for placed in selection.members(pool) if placed.unit.evaluable]
    cells: dict[tuple[str, str], list[Placed]] = {}
    for placed in members:
        cells.setdefault((_level(placed.unit, down), _level(placed.unit, across)), []).append(placed)
    by_row = {row: [p for p in members if _level(p.unit, down) == row] for row, _ in cells}
    by_column = {column: [p for p in members if _level(p.unit, across) == column] for _, column in cells}
    row_totals = {row: count(inside) for row, inside in by_row.items()}
    column_totals = {column: count(inside) for column, inside in by_column.items()}
    return EvidenceMap(
        pool=pool,
        down=down,
        across=across,
        rows=_ordered(row_totals),
        columns=_ordered(column_totals),
        cells={pair: count(inside) for pair, inside in cells.items()},
        row_totals=row_totals,
        column_totals=column_totals,
        total=count(members),
    )


def _level(unit: Unit, grouping: str) -> str:
    return value_of(unit, grouping) or NOT_REPORTED


def _ordered(totals: Mapping[str, Counts]) -> tuple[str, ...]:
    return tuple(sorted(totals, key=lambda name: (name == NOT_REPORTED, -totals[name].evaluable, name)))
