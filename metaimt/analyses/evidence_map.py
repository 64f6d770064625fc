"""Where is there evidence, and where none? Responders of patients for each pair of two groupings.

Counts only: most cells are far too small for a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from metaimt.analyses.breakdown import NOT_REPORTED, value_of
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count, levels
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
    cells: Mapping[tuple[str, str], Count]
    row_totals: Mapping[str, Count]
    column_totals: Mapping[str, Count]
    total: Count

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


def evidence_map(
    selection: Selection, pool: str, label: str = "", down: str = DOWN, across: str = ACROSS
) -> EvidenceMap:
    """A pool, which `label` names, by two groupings of the protocol."""
    title = label or pool
    members = [placed.unit for placed in selection.members(pool) if placed.unit.evaluable]
    by_row, by_column = (_totals(members, title, grouping) for grouping in (down, across))
    pairs = dict.fromkeys((_level(unit, down), _level(unit, across)) for unit in members)
    cells = {
        (row, column): by_row[row].of_units(f"{title}: {row} with {column}", set(by_column[column].ids))
        for row, column in pairs
    }
    return EvidenceMap(
        pool=pool,
        down=down,
        across=across,
        rows=_ordered(by_row),
        columns=_ordered(by_column),
        cells=cells,
        row_totals=by_row,
        column_totals=by_column,
        total=Count.of(title, members),
    )


def _level(unit: Unit, grouping: str) -> str:
    return value_of(unit, grouping) or NOT_REPORTED


def _totals(members: list[Unit], title: str, grouping: str) -> dict[str, Count]:
    found = levels(members, lambda unit: value_of(unit, grouping), NOT_REPORTED)
    words = grouping.replace("_", " ")
    return {level: Count.of(f"{title}: {words} {level}", inside) for level, inside in found.items()}


def _ordered(totals: Mapping[str, Count]) -> tuple[str, ...]:
    return tuple(sorted(totals, key=lambda name: (name == NOT_REPORTED, -totals[name].evaluable, name)))
