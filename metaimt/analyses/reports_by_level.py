"""A pool report by report, grouped by site, fusion partner ...: what a forest plot by group shows.

The rows of a level add up to it, and the levels to the pool; a report with patients of two levels has a row in each.
"""

from __future__ import annotations

from dataclasses import dataclass

from metaimt.analyses.subgroups import subgroup
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count, Part
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.partial_pooling import Rate
from metaimt.statistics.proportion import Proportion, clopper_pearson


@dataclass(frozen=True)
class ReportRow:
    """One report in one level, with the exact interval. headline: whether its units are in the first pool."""

    report: str
    counts: Count
    orr: Proportion
    headline: bool


@dataclass(frozen=True)
class LevelRows:
    """One level: its reports, larger ones first, its own exact interval, and the partially pooled rate."""

    name: str
    reports: tuple[ReportRow, ...]
    counts: Count
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
    label = protocol.label(pool)
    whole = selection.described(pool, label).where(label, lambda unit: unit.evaluable)
    headline = set(selection.described(selection.pools[0], label).ids)
    if grouping is None:
        one = _level(label, whole, headline, NotRun("there is one level"))
        return ReportsByLevel(pool, None, (one,) if whole.parts else ())
    table = subgroup(selection, pool, grouping, protocol.priors, label)
    levels = tuple(
        _level(each.level.name, each.level.counts, headline, each.pooled)
        for each in table.levels
        if each.level.counts.evaluable
    )
    return ReportsByLevel(pool, grouping, levels)


def _level(name: str, counts: Count, headline: set[str], pooled: Rate | NotRun) -> LevelRows:
    rows: dict[tuple[str, bool], list[Part]] = {}
    for part in counts.parts:
        rows.setdefault((part.unit.report, part.unit.id in headline), []).append(part)
    reports = [
        _row(report, Count(f"{report} in {counts.title}", tuple(parts)), first)
        for (report, first), parts in rows.items()
    ]
    exact = clopper_pearson(counts.responders, counts.evaluable)
    return LevelRows(name, tuple(sorted(reports, key=_order)), counts, exact, pooled)


def _row(report: str, counts: Count, headline: bool) -> ReportRow:
    return ReportRow(report, counts, clopper_pearson(counts.responders, counts.evaluable), headline)


def _order(row: ReportRow) -> tuple[int, int, str, bool]:
    return -row.orr.evaluable, row.counts.units[0].year or 9999, row.report, not row.headline
