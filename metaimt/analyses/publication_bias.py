"""How much of the answer may be publication bias? Contrasts, selectivity, small-study diagnostics, and what was read.

Funnel asymmetry says nothing about single cases; the order of what is asked here is that of its worth.

What would selective publication have to be? The selectivity curve, and how many non-responders would be missing.

If responders are s times as likely to be published as non-responders, the odds of response among published case reports
are s times the true odds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, inf
from typing import Final

import numpy as np

from metaimt.analyses.contrasts import (
    CASES,
    DESIGN_WORDS,
    TRIALS,
    Contrast,
    Side,
    comparators,
    design_contrasts,
    of_design,
    pools_to_compare,
    wording_contrasts,
)
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count, grouped
from metaimt.model.unit import Unit
from metaimt.serialise import optional, published, spread, to_json
from metaimt.statistics.betabinomial_regression import OddsRatio, beta_binomial_regression
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.small_study import FEWEST, SMALLEST, SmallStudies, small_study_diagnostics

S_RANGE: Final = (0.5, 20.0)
SHOWN_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)  # of the curve, in the report
NONE_NEEDED: Final = "none needed"
TRIALS_ORR: Final = "trials"
THRESHOLD: Final = "threshold"
_POINTS = 60
_ROUNDING = 1e-9  # patients


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The true ORR, 0 to 1, if responders are s times as likely to be published; limits from those of case reports."""

    s: float
    orr: float
    lower: float
    upper: float


@published(
    "name",
    "orr",
    "s",
    "s_lower",
    "s_upper",
    optional("wording", lambda each: NONE_NEEDED if each.missing == 0 else None),
    missing=lambda each: (
        NotIdentified("no number of non-responders gives 0 %") if each.missing is None else each.missing
    ),
    none=NotIdentified("an odds of 0 or of infinity"),
)
@dataclass(frozen=True, slots=True)
class Target:
    """An ORR that the true one might be: of the trials, a limit of its interval, or a threshold of the protocol.

    s: selectivity at which the curve meets it, and at which each limit of its band does; None where it is 0 or 1, or
    where case reports have only responders or none. missing: unpublished non-responders that would bring the case
    reports to it; None where no number would.
    """

    kind: str  # trials | limit (of the trials' interval) | threshold
    name: str
    orr: float
    s: float | None
    s_lower: float | None
    s_upper: float | None
    missing: int | None


@published("cases", "trials", "points")
@dataclass(frozen=True)
class Selectivity:
    """The curve of one pool's case reports, the trials it is held against, and the targets."""

    pool: str
    cases: Side
    trials: Side
    points: tuple[CurvePoint, ...]
    targets: tuple[Target, ...]


MISSING: Final = {Selectivity: (spread("cases.counts"), "targets")}
"""Of the curve, for JSON: the missing non-responders to each target."""


def selectivity(pool: str, cases: Side, trials: Side, protocol: Protocol) -> Selectivity | NotRun:
    """The curve of a pool; without evaluable case reports there is none, without trials their targets are left out."""
    if cases.orr is None:
        return NotRun(f"no evaluable patient in {cases.label}")
    grid = np.unique(np.round([*np.geomspace(*S_RANGE, _POINTS), *SHOWN_S], 10)).tolist()
    points = tuple(curve_point(cases, s) for s in grid)
    return Selectivity(pool, cases, trials, points, tuple(_targets(cases, trials, protocol)))


def curve_point(cases: Side, s: float) -> CurvePoint:
    """odds(true ORR) = odds(case-report ORR) / s, likewise for both limits. Raises ValueError: nobody, or s <= 0."""
    if cases.orr is None or s <= 0:
        raise ValueError("the curve needs evaluable case reports and a positive s")
    orr, lower, upper = (true_rate(rate, s) for rate in (cases.orr.estimate, cases.orr.lower, cases.orr.upper))
    return CurvePoint(s, orr, lower, upper)


def true_rate(published: float, s: float) -> float:
    """The rate, 0 to 1, whose odds are those of `published` divided by s; 0 and 1 stay."""
    return published / (published + s * (1 - published))


def missing_non_responders(responders: int, evaluable: int, target: float) -> int | None:
    """The least N >= 0 with responders / (evaluable + N) <= target; None where the target is 0 and some responded.

    max(0, ceil(r / p - n)); a target such as 0.6 is not exact in binary, hence the allowance of 1e-9 patients.
    """
    if responders == 0:
        return 0
    return None if target <= 0 else max(0, ceil(responders / target - evaluable - _ROUNDING))


def _targets(cases: Side, trials: Side, protocol: Protocol) -> Iterator[Target]:
    if trials.orr is not None:
        yield _target(TRIALS_ORR, "trial ORR", trials.orr.estimate, cases)
        for name, rate in (("its lower limit", trials.orr.lower), ("its upper limit", trials.orr.upper)):
            yield _target("limit", name, rate, cases)
    for threshold in protocol.thresholds:
        yield _target(THRESHOLD, f"{100 * threshold:g} %", threshold, cases)


def _target(kind: str, name: str, rate: float, cases: Side) -> Target:
    here, counts = curve_point(cases, 1.0), cases.counts
    s, lower, upper = (_meets(published, rate) for published in (here.orr, here.lower, here.upper))
    return Target(kind, name, rate, s, lower, upper, missing_non_responders(counts.responders, counts.evaluable, rate))


def _meets(published: float, rate: float) -> float | None:
    """The s at which a published rate means this true one."""
    if {published, rate} & {0.0, 1.0}:
        return None
    s = published / (1 - published) * (1 - rate) / rate
    return s if 0 < s < inf else None


MOST_UNDATED: Final = 0.10  # of the reports, for a trend with year
NOT_STATED: Final = "not stated"


_PER_YEAR: Final = {OddsRatio: (("odds_ratio_per_year", "estimate"), "lower", "upper", "p", "level")}


@published("reports", lambda each: to_json(each.odds_ratio, _PER_YEAR), dated="dated.reports")
@dataclass(frozen=True)
class Trend:
    """Odds ratio of response per publication year; the reports of `dated` have a year, those of `undated` none."""

    odds_ratio: OddsRatio | NotIdentified | NotRun
    dated: Count
    undated: Count

    @property
    def reports(self) -> int:
        """How many reports there are."""
        return self.dated.reports + self.undated.reports


@published("basis", "depth")
@dataclass(frozen=True)
class Reading:
    """How the responses of some units are known: by basis of the response and by depth of reading, largest first."""

    basis: Mapping[str, Count]
    depth: Mapping[str, Count]
    total: Count


@published("design", "wording", spread("counts"))
@dataclass(frozen=True, slots=True)
class Cell:
    """Patients of one kind of report and one wording: in the headline pool, or only in the widest."""

    design: str
    wording: str
    counts: Count


@published(
    "contrasts",
    "reading",
    design_contrast="primary",
    selectivity=lambda each: getattr(widest := each.selectivity[each.primary.pool], "points", widest),
    selectivity_by_pool="selectivity",
    missing_non_responders=lambda each: to_json(each.selectivity, MISSING),
    small_study=lambda each: {**to_json(each.small_studies[each.primary.pool]), "by_pool": each.small_studies},
    trend_with_year="trends",
    design_by_wording="cells",
)
@dataclass(frozen=True)
class PublicationBias:
    """`contrasts`: the primary first. The mappings have one entry a pool, the widest first.

    larger: the reports that the small-study diagnostics are made of. cells: the four behind the adjusted rate.
    comparators: the designs that case reports stand against, one after the other.
    """

    contrasts: tuple[Contrast, ...]
    selectivity: Mapping[str, Selectivity | NotRun]
    small_studies: Mapping[str, SmallStudies | NotRun]
    larger: Mapping[str, Count]
    trends: Mapping[str, Trend]
    reading: Mapping[str, Reading]
    cells: tuple[Cell, ...] = ()
    comparators: tuple[tuple[str, ...], ...] = (TRIALS,)

    @property
    def primary(self) -> Contrast:
        """Case reports and series of the widest pool against the headline's trials."""
        return self.contrasts[0]

    def design(self, pool: str) -> Contrast:
        """The contrast of a pool's case reports and series with the headline's trials."""
        return next(each for each in self.contrasts if each.kind == "design" and each.pool == pool)


def publication_bias(selection: Selection, protocol: Protocol) -> PublicationBias:
    """Ask everything of each pool."""
    pools = pools_to_compare(selection)
    trials = of_design(selection, selection.pools[0], TRIALS, protocol)
    members = {pool: selection.count(pool, protocol.label(pool)) for pool in pools}
    return PublicationBias(
        contrasts=(*design_contrasts(selection, protocol), *wording_contrasts(selection, protocol)),
        selectivity={
            pool: selectivity(pool, of_design(selection, pool, CASES, protocol), trials, protocol) for pool in pools
        },
        small_studies={pool: _small(found) for pool, found in members.items()},
        larger={pool: of_reports_of(found, SMALLEST) for pool, found in members.items()},
        trends={pool: trend_with_year(found) for pool, found in members.items()},
        reading={pool: reading_of(found) for pool, found in members.items()},
        cells=tuple(_cells(selection, protocol)),
        comparators=comparators(selection),
    )


def _cells(selection: Selection, protocol: Protocol) -> Iterator[Cell]:
    """Of the widest pool: larger studies, then case reports and series, each in the headline and the rest."""
    headline, widest = selection.pools[0], selection.pools[-1]
    wordings = {
        protocol.label(headline): selection.count(headline, protocol.label(headline)),
        "the rest": selection.rest(widest, headline, "the rest"),
    }
    for designs in (comparators(selection)[-1], CASES):
        for wording, counts in wordings.items():
            title = f"{DESIGN_WORDS[designs]}, {wording}"
            yield Cell(DESIGN_WORDS[designs], wording, counts.of_designs(title, designs))


def of_reports_of(counts: Count, least: int) -> Count:
    """The patients of the reports that have at least so many."""
    larger = {report for report, _, n in counts.clusters if n >= least}
    title = f"{counts.title}: reports of {least} or more patients"
    return counts.where(title, lambda unit: unit.report in larger)


def _small(counts: Count) -> SmallStudies | NotRun:
    reports = counts.clusters
    if not reports:
        return NotRun(f"0 reports with {SMALLEST} or more evaluable patients, of {FEWEST} needed")
    return small_study_diagnostics([r for _, r, _ in reports], [n for _, _, n in reports])


def trend_with_year(counts: Count) -> Trend:
    """Beta-binomial regression on the publication year; not run where more than a tenth of the reports is undated."""
    dated = counts.where(f"{counts.title}: dated", lambda unit: unit.year is not None)
    undated = counts.where(f"{counts.title}: undated", lambda unit: unit.year is None)
    if undated.reports > MOST_UNDATED * counts.reports:
        share = f"{undated.reports} of {counts.reports} reports are undated, more than {100 * MOST_UNDATED:g} %"
        return Trend(NotRun(share), dated, undated)
    years = {unit.report: float(unit.year) for unit in dated.units if unit.year is not None}
    rows = [(years[report], r, n) for report, r, n in dated.clusters]
    if len({year for year, _, _ in rows}) < 3:
        return Trend(NotRun("fewer than three publication years"), dated, undated)
    x, r, n = (list(column) for column in zip(*rows, strict=True))
    return Trend(beta_binomial_regression(r, n, x), dated, undated)


def reading_of(counts: Count) -> Reading:
    """The units by basis of the response and by depth of reading, with counts of patients and reports."""
    return Reading(_shares(counts, lambda unit: unit.response_basis), _shares(counts, lambda unit: unit.depth), counts)


def _shares(counts: Count, level_of: Callable[[Unit], str | None]) -> Mapping[str, Count]:
    found = {
        name: Count.of(f"{counts.title}: {name.replace('_', ' ')}", units)
        for name, units in grouped(counts.units, lambda unit: level_of(unit) or NOT_STATED).items()
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1].evaluable, item[0])))
