"""In whom? A pool by histology, site, fusion partner, drug and the like: counts that add up, and exact intervals.

A row "not reported" is always there, so that the rows add up to the pool.

Where is there evidence, and where none? Responders of patients for each pair of two groupings.

Counts only: most cells are far too small for a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from metaimt.analyses.wording import NOBODY
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.fields import BY_NAME, GROUPINGS
from metaimt.model.unit import Unit
from metaimt.problem import check_name
from metaimt.serialise import published, spread, to_json
from metaimt.statistics.proportion import Proportion, clopper_pearson

NOT_REPORTED = "not reported"
_WITHOUT_LEVEL = {Proportion: ("estimate", "lower", "upper", "method")}


@published(spread("counts"), level="name", orr=lambda each: to_json(each.orr, _WITHOUT_LEVEL), none=NOBODY)
@dataclass(frozen=True, slots=True)
class Level:
    """One row of a breakdown: counts, and the exact interval (None where no patient is evaluable)."""

    name: str
    counts: Count
    orr: Proportion | None


@dataclass(frozen=True)
class Breakdown:
    """A pool by one grouping; the rows add up to `total`, with "not reported" last. A report may be in two rows."""

    pool: str
    grouping: str
    levels: tuple[Level, ...]
    total: Count


def breakdown(selection: Selection, pool: str, grouping: str, label: str = "") -> Breakdown:
    """The pool (`label` names it) by one grouping, larger rows first.

    Raises WrongUse naming the groupings if it is not one of them.
    """
    check_name("--by", grouping, GROUPINGS)
    whole = selection.described(pool, label or pool)
    title = f"{whole.title}, {grouping.replace('_', ' ')}"
    rows = whole.by_level(f"{title}: ", lambda unit: value_of(unit, grouping), NOT_REPORTED)
    found = {name: _level(name, counts) for name, counts in rows.items()}
    missing = found.pop(NOT_REPORTED, _level(NOT_REPORTED, Count(f"{title}: {NOT_REPORTED}", ())))
    ranked = sorted(found.values(), key=lambda level: (-level.counts.evaluable, level.name))
    return Breakdown(pool, grouping, (*ranked, missing), whole)


def value_of(unit: Unit, grouping: str) -> str | None:
    """The level of one unit in a grouping of the protocol; None (or empty) if it is not reported."""
    level = BY_NAME[grouping].level
    return level(unit) if level is not None else None


def _level(name: str, counts: Count) -> Level:
    return Level(name, counts, clopper_pearson(counts.responders, counts.evaluable) if counts.evaluable else None)


DOWN: Final = "fusion_partner"
ACROSS: Final = "drug"


@published("pool", "down", "across", "total", cells="listed")
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

    def listed(self) -> list[dict[str, Any]]:
        """The cells that have patients, row by row: both levels and the counts."""
        pairs = ((row, column) for row in self.rows for column in self.columns if (row, column) in self.cells)
        return [{self.down: row, self.across: column, **to_json(self.cells[row, column])} for row, column in pairs]


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
