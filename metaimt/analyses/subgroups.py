"""For whom? Each grouping of the protocol: its rows, partially pooled rates, and one regression a pool.

An exact test is run for the pre-specified contrast only. What a rule forbids says so with its reason. Units in a row
that is no level of the grouping ("not reported", or arms of children and adults together) stay out of the shrinkage and
out of the test; they are counted, so that the rows add up to the pool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from metaimt.analyses.breakdown import NOT_REPORTED, Breakdown, Level, breakdown, value_of
from metaimt.analyses.later_inhibitors import LaterInhibitors, later_inhibitors
from metaimt.analyses.patient_regression import Regression, regressions
from metaimt.casefiles.protocol import Priors, Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.statistics.exact_tests import ExactTest, exact_test
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.partial_pooling import PartialPooling, Rate, partial_pooling

PRIMARY = "histology"  # the pre-specified contrast, shown first
NO_LEVEL = (NOT_REPORTED, "mixed")


@dataclass(frozen=True, slots=True)
class SubgroupLevel:
    """One row: counts with the exact interval, and the posterior of its rate drawn towards the other levels."""

    level: Level
    pooled: Rate | NotRun

    def to_dict(self) -> dict[str, Any]:
        """Counts, exact interval, and partially pooled rate."""
        return {**self.level.to_dict(), "partially_pooled": _outcome(self.pooled)}


@dataclass(frozen=True)
class Subgroup:
    """One grouping of one pool; the levels add up to `total`. `not_reported` counts the patients of no known level.

    `with_possible` has the known levels that hold other patients if links that are only possible count too.
    """

    pool: str
    grouping: str
    levels: tuple[SubgroupLevel, ...]
    total: Count
    not_reported: Count
    test: ExactTest | NotRun
    between: PartialPooling | NotRun
    with_possible: Mapping[str, Count]

    def to_dict(self) -> dict[str, Any]:
        """All rows, the test, and the spread between levels."""
        return {
            "pool": self.pool,
            "grouping": self.grouping,
            "levels": [level.to_dict() for level in self.levels],
            "total": self.total.to_dict(),
            "not_reported": self.not_reported.to_dict(),
            "test": _test(self.test),
            "partial_pooling": _between(self.between),
            **({"with_possible_links": possible} if (possible := _counts(self.with_possible)) else {}),
        }


@dataclass(frozen=True)
class Subgroups:
    """All groupings (in the protocol's order, the pre-specified one first) by pool, and what goes with them."""

    tables: Mapping[str, Mapping[str, Subgroup]]
    regressions: Mapping[str, tuple[Regression, ...]]
    later: LaterInhibitors

    @property
    def primary(self) -> Mapping[str, Subgroup]:
        """The pre-specified contrast, by pool; empty if the protocol does not ask for it."""
        return self.tables.get(PRIMARY, {})

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable form."""
        primary: Any = PRIMARY if self.primary else {"not_run": f"{PRIMARY} is not among the protocol's subgroups"}
        return {
            "prespecified": primary,
            "tables": {
                name: {pool: table.to_dict() for pool, table in tables.items()} for name, tables in self.tables.items()
            },
            "regressions": {pool: [each.to_dict() for each in found] for pool, found in self.regressions.items()},
            "later_inhibitors": self.later.to_dict(),
        }


def subgroups(selection: Selection, protocol: Protocol) -> Subgroups:
    """Every pre-specified grouping of every pool."""
    names = sorted(protocol.subgroups, key=lambda name: name != PRIMARY)
    tables = {
        name: {pool: subgroup(selection, pool, name, protocol.priors, protocol.label(pool)) for pool in selection.pools}
        for name in names
    }
    models = {pool: regressions(selection.members(pool), names, protocol.label(pool)) for pool in selection.pools}
    return Subgroups(tables, models, later_inhibitors(selection))


def subgroup(selection: Selection, pool: str, grouping: str, priors: Priors, label: str = "") -> Subgroup:
    """Partial pooling and the exact test over the levels of one breakdown that are known and not empty."""
    table = breakdown(selection, pool, grouping, label)
    known = [level for level in table.levels if level.name not in NO_LEVEL and level.counts.evaluable]
    responders, evaluable = [level.counts.responders for level in known], [level.counts.evaluable for level in known]
    test = _tested(grouping, responders, evaluable)
    between = _pool(responders, evaluable, priors)
    rates = (
        {}
        if isinstance(between, NotRun)
        else {level.name: group.rate for level, group in zip(known, between.groups, strict=True)}
    )
    levels = tuple(SubgroupLevel(level, rates.get(level.name, _why_not(level, between))) for level in table.levels)
    unknown = f"{label or pool}, {grouping.replace('_', ' ')}: of no known level"
    not_reported = table.total.where(unknown, lambda unit: (value_of(unit, grouping) or NOT_REPORTED) in NO_LEVEL)
    possible = _with_possible(selection, pool, grouping, table)
    return Subgroup(pool, grouping, levels, table.total, not_reported, test, between, possible)


def _tested(grouping: str, responders: list[int], evaluable: list[int]) -> ExactTest | NotRun:
    """A p-value only for the contrast that was specified before: many tests of nested pools read like replications."""
    if grouping != PRIMARY:
        return NotRun("not specified before, so shown without a test")
    return exact_test(responders, evaluable) if evaluable else NotRun("no patient has a known level")


def _with_possible(selection: Selection, pool: str, grouping: str, table: Breakdown) -> dict[str, Count]:
    """The levels as they are where patients who possibly belong to an arm are shown under what is said of them."""
    counts = {level.name: level.counts for level in table.levels}
    title = f"{table.total.title}, {grouping.replace('_', ' ')}, possible links too"
    whole = selection.described(pool, title, possible=True)
    found = whole.by_level(f"{title}: ", lambda unit: value_of(unit, grouping), NOT_REPORTED)
    return {
        name: other
        for name, other in found.items()
        if name not in NO_LEVEL and other.evaluable != (counts[name].evaluable if name in counts else 0)
    }


def _counts(levels: Mapping[str, Count]) -> dict[str, dict[str, int]]:
    return {name: counts.to_dict() for name, counts in levels.items()}


def _pool(responders: list[int], evaluable: list[int], priors: Priors) -> PartialPooling | NotRun:
    if len(evaluable) < 2:
        return NotRun(f"{'one' if evaluable else 'no'} level with an evaluable patient")
    try:
        return partial_pooling(responders, evaluable, m_sd=priors.subgroup_mean_sd, s_scale=priors.subgroup_sd_scale)
    except (ValueError, ArithmeticError) as problem:  # priors outside its range, or its own check failed
        return NotRun(str(problem))


def _why_not(level: Level, between: PartialPooling | NotRun) -> NotRun:
    if level.name in NO_LEVEL:
        return NotRun("not a known level")
    return between if isinstance(between, NotRun) else NotRun("no evaluable patient")


def _outcome(found: Rate | NotRun) -> dict[str, Any]:
    return {"not_run": found.reason} if isinstance(found, NotRun) else asdict(found)


def _test(found: ExactTest | NotRun) -> dict[str, Any]:
    if isinstance(found, NotRun):
        return {"not_run": found.reason}
    return {"p": found.p, "levels": found.levels, "method": found.wording()}


def _between(found: PartialPooling | NotRun) -> dict[str, Any]:
    if isinstance(found, NotRun):
        return {"not_run": found.reason}
    priors = {"mean_sd": found.m_sd, "sd_scale": found.s_scale}
    return {"new_level": asdict(found.new_group), "sd_of_logits": found.s_mean, "level": found.level, "priors": priors}
