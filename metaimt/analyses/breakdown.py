"""In whom? A pool by histology, site, fusion partner, drug and the like: counts that add up, and exact intervals.

A row "not reported" is always there, so that the rows add up to the pool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.fields import BY_NAME, GROUPINGS
from metaimt.model.unit import Unit
from metaimt.problem import check_name
from metaimt.statistics.proportion import Proportion, clopper_pearson

NOT_REPORTED = "not reported"


@dataclass(frozen=True, slots=True)
class Level:
    """One row of a breakdown: counts, and the exact interval (None where no patient is evaluable)."""

    name: str
    counts: Count
    orr: Proportion | None

    def to_dict(self) -> dict[str, Any]:
        """Counts with the Clopper-Pearson interval."""
        if self.orr is None:
            return {
                "level": self.name,
                **self.counts.to_dict(),
                "orr": {"not_identified": "no evaluable patient"},
            }
        interval = {"estimate": self.orr.estimate, "lower": self.orr.lower, "upper": self.orr.upper}
        return {"level": self.name, **self.counts.to_dict(), "orr": {**interval, "method": self.orr.method}}


@dataclass(frozen=True)
class Breakdown:
    """A pool by one grouping; the rows add up to `total`, with "not reported" last. A report may be in two rows."""

    pool: str
    grouping: str
    levels: tuple[Level, ...]
    total: Count

    def to_dict(self) -> dict[str, Any]:
        """All rows and the total."""
        rows = [level.to_dict() for level in self.levels]
        return {"pool": self.pool, "grouping": self.grouping, "levels": rows, "total": self.total.to_dict()}


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
    return Breakdown(pool, grouping, (*sorted(found.values(), key=_order), missing), whole)


def value_of(unit: Unit, grouping: str) -> str | None:
    """The level of one unit in a grouping of the protocol; None (or empty) if it is not reported."""
    level = BY_NAME[grouping].level
    return level(unit) if level is not None else None


def _level(name: str, counts: Count) -> Level:
    orr = clopper_pearson(counts.responders, counts.evaluable) if counts.evaluable else None
    return Level(name, counts, orr)


def _order(level: Level) -> tuple[int, str]:
    return (-level.counts.evaluable, level.name)
