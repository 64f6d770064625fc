"""A pool report by report, grouped by site, fusion partner ...: what a forest plot by group shows.

May import: evidence, statistics, and its neighbours. The rows of a level add up to it, and the levels to the pool; a
report with patients of two levels has a row in each.
"""

from __future__ import annotations

from dataclasses import dataclass

from metaimt.analyses.breakdown import NOT_REPORTED, value_of
from metaimt.analyses.pooled_response import Counts, count
from metaimt.analyses.subgroups import subgroup
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Placed, Selection
from metaimt.model.unit import Unit
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.partial_pooling import Rate
from metaimt.statistics.proportion import Proportion, clopper_pearson


@dataclass(frozen=True)
class ReportRow:
    """The units of one report in one level, with the exact interval. headline: whether they are in the first pool."""

    report: str
    units: tuple[Unit, ...]
    orr: Proportion
    headline: bool


@dataclass(frozen=True)
class LevelRows:
    """One level: its reports, larger ones first, its own exact interval, and the partially pooled rate."""

    name: str
    reports: tuple[ReportRow, ...]
    counts: Counts
    orr: Proportion
    pooled: Rate | NotRun


@dataclass(frozen=True)
class ReportsByLevel:
    """A pool by one grouping (None: all in one level). Levels without an evaluable patient are not listed."""

    pool: str
    grouping: str | None
    levels: tuple[LevelRows, ...]


def reports_by_level(selection: Selection, protocol: Protocol, pool: str, grouping: str | None) -> ReportsByLevel:
    """The reports of a pool by level. Raises WrongUse naming the groupings if `grouping` is not one of them."""
    members = [placed for placed in selection.members(pool) if placed.unit.evaluable]
    if grouping is None:
        one = _level(protocol.label(pool), members, selection.pools[0], NotRun("there is one level"))
        return ReportsByLevel(pool, None, (one,) if members else ())
    table = subgroup(selection, pool, grouping, protocol.priors)
    inside: dict[str, list[Placed]] = {}
    for placed in members:
        inside.setdefault(value_of(placed.unit, grouping) or NOT_REPORTED, []).append(placed)
    levels = tuple(
        _level(each.level.name, inside[each.level.name], selection.pools[0], each.pooled)
        for each in table.levels
        if each.level.name in inside
    )
    return ReportsByLevel(pool, grouping, levels)


def _level(name: str, members: list[Placed], headline: str, pooled: Rate | NotRun) -> LevelRows:
    rows: dict[tuple[str, bool], list[Unit]] = {}
    for placed in members:
        rows.setdefault((placed.unit.report, placed.is_in(headline)), []).append(placed.unit)
    reports = sorted((_row(report, tuple(units), first) for (report, first), units in rows.items()), key=_order)
    counts = count(members)
    return LevelRows(name, tuple(reports), counts, clopper_pearson(counts.responders, counts.evaluable), pooled)


def _row(report: str, units: tuple[Unit, ...], headline: bool) -> ReportRow:
    responders, evaluable = sum(unit.responders for unit in units), sum(unit.evaluable for unit in units)
    return ReportRow(report, units, clopper_pearson(responders, evaluable), headline)


def _order(row: ReportRow) -> tuple[int, int, str, bool]:
    return -row.orr.evaluable, row.units[0].year or 9999, row.report, not row.headline
