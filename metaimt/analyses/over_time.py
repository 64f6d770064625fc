"""How has the answer grown? The pools as they stood after each publication year, and after each date of entry.

The intervals are those of each step alone: they are not adjusted for repeated looks, and no p-values are given. Beside
them stand the limits of a confidence sequence, which hold however often one looks while reports are added. They start
anew when a count is read again or a rule changes; reports without a date are no event in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from metaimt.analyses.alternatives import Rate, is_near, rate_of, side_of
from metaimt.analyses.pooled_response import sequence_of
from metaimt.analyses.wording import NOBODY, interval, named_limits
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.serialise import published, spread
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import PooledProportion

UNDATED = "undated"
NOT_ADJUSTED = "not adjusted for repeated looks"
BY_YEAR = "publication year"
BY_ENTRY = "date of entry"


@published(
    "when",
    "added",
    spread("counts"),
    orr=lambda each: interval(each.orr),
    confidence_sequence=lambda each: named_limits(each.sequence) or NotRun("not a pool, or no event in time"),
    none=NOBODY,
)
@dataclass(frozen=True, slots=True)
class Step:
    """The pool after all reports up to `when` (UNDATED: with those that have no date); `added` is what came then."""

    when: str
    added: Count
    counts: Count
    orr: Rate
    sequence: tuple[float, float] | None = None  # limits that hold however often one looks; None: one report, undated


@dataclass(frozen=True, slots=True)
class Crossing:
    """The step at which the interval starts, or stops, to leave out a threshold, and on which side it then lies."""

    when: str
    threshold: float
    excludes: bool
    side: str  # above | below: where the interval lies, or lay before
    borderline: bool = False  # a limit is within a point of the threshold, so that it depends on the prior


@published("pool", "by", "steps", "reports", "crossings", dated="dated.reports", adjustment=lambda _: NOT_ADJUSTED)
@dataclass(frozen=True)
class Cumulative:
    """One pool over one kind of date; the reports of `dated`, of so many `reports`, have such a date."""

    pool: str
    by: str
    steps: tuple[Step, ...]
    dated: Count
    reports: int
    crossings: tuple[Crossing, ...]


def over_time(library: Library, protocol: Protocol, selection: Selection) -> tuple[Cumulative, ...]:
    """Every pool by publication year, and by the date its reports were extracted."""
    years = {report.id: report.report.year for report in library.reports}
    published = {name: f"{year:04d}" for name, year in years.items() if year is not None}
    entered = {report.id: report.extraction.date for report in library.reports if report.extraction.date is not None}
    kinds: tuple[tuple[str, Mapping[str, str]], ...] = ((BY_YEAR, published), (BY_ENTRY, entered))
    return tuple(
        _cumulative(pool, by, selection.count(pool, protocol.label(pool)), dates, protocol)
        for pool in selection.pools
        for by, dates in kinds
    )


def _cumulative(pool: str, by: str, whole: Count, dates: Mapping[str, str], protocol: Protocol) -> Cumulative:
    steps = tuple(_steps(whole, by, dates, protocol))
    dated = whole.where(f"{whole.title}, {by} known", lambda unit: unit.report in dates)
    crossings = tuple(crossing for t in protocol.thresholds for crossing in _crossings(steps, t))
    order = {step.when: number for number, step in enumerate(steps)}
    ranked = sorted(crossings, key=lambda crossing: (order[crossing.when], crossing.threshold))
    return Cumulative(pool, by, steps, dated, whole.reports, tuple(ranked))


def _steps(whole: Count, by: str, dates: Mapping[str, str], protocol: Protocol) -> Iterator[Step]:
    title = f"{whole.title}, by {by}"
    reports = {report: dates.get(report, UNDATED) for report, _, _ in whole.clusters}
    for when in [*sorted(set(reports.values()) - {UNDATED}), *({UNDATED} & set(reports.values()))]:
        then = {report for report, date in reports.items() if date == when}
        before = {report for report, date in reports.items() if when == UNDATED or date <= when}
        added = whole.of_reports(f"{title}: {when}", then)
        so_far = whole.of_reports(title if when == UNDATED else f"{title}: up to {when}", before)
        orr = rate_of(so_far, protocol)
        dated = when != UNDATED and isinstance(orr, PooledProportion)
        yield Step(when, added, so_far, orr, sequence_of(so_far, protocol) if dated else None)


def _crossings(steps: tuple[Step, ...], threshold: float) -> Iterator[Crossing]:
    """Each change; from above to below in one step is two: it stops to lie above, and starts to lie below."""
    before = ""
    for step in steps:
        side = side_of(step.orr, threshold)
        if side != before and before:
            yield Crossing(step.when, threshold, excludes=False, side=before, borderline=is_near(step.orr, threshold))
        if side != before and side:
            yield Crossing(step.when, threshold, excludes=True, side=side, borderline=is_near(step.orr, threshold))
        before = side
