"""Where is there evidence, and where none? Responders of patients for each pair of two groupings.

Counts only: most cells are far too small for a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from metaimt.analyses.breakdown import NOT_REPORTED, value_of
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count

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
    whole = selection.described(pool, title).where(title, lambda unit: unit.evaluable)
    by_row, by_column = (_totals(whole, grouping) for grouping in (down, across))
    cells = {
        (row, column): counts
        for row, of_row in by_row.items()
        for column, counts in of_row.by_level(
            f"{title}: {row} with ", partial(value_of, grouping=across), NOT_REPORTED
        ).items()
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
        total=whole,
    )


def _totals(whole: Count, grouping: str) -> dict[str, Count]:
    return whole.by_level(
        f"{whole.title}: {grouping.replace('_', ' ')} ", partial(value_of, grouping=grouping), NOT_REPORTED
    )


def _ordered(totals: Mapping[str, Count]) -> tuple[str, ...]:
    return tuple(sorted(totals, key=lambda name: (name == NOT_REPORTED, -totals[name].evaluable, name)))
