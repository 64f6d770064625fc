"""How much of the answer may be publication bias? Contrasts, selectivity, small-study diagnostics, and what was read.

May import: casefiles, evidence, statistics, and its neighbours. Funnel asymmetry says nothing about single cases; the
order of what is asked here is that of its worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from metaimt.analyses.contrasts import (
    CASES,
    TRIALS,
    Contrast,
    design_contrasts,
    of_design,
    pools_to_compare,
    wording_contrasts,
)
from metaimt.analyses.pooled_response import Counts, clusters, count
from metaimt.analyses.selectivity import Selectivity, selectivity
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Placed, Selection
from metaimt.statistics.betabinomial_regression import OddsRatio, beta_binomial_regression
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.rho import NotIdentified
from metaimt.statistics.small_study import SmallStudies, small_study_diagnostics

MOST_UNDATED: Final = 0.10  # of the reports, for a trend with year
FULL_TEXT: Final = "full_text"
NOT_STATED: Final = "not stated"


@dataclass(frozen=True)
class Trend:
    """Odds ratio of response per publication year; `dated` of `reports` reports have a year."""

    odds_ratio: OddsRatio | NotIdentified | NotRun
    dated: int
    reports: int

    def to_dict(self) -> dict[str, Any]:
        """The trend, or why there is none."""
        said = {"dated": self.dated, "reports": self.reports}
        found = self.odds_ratio
        if isinstance(found, OddsRatio):
            numbers = {"odds_ratio_per_year": found.estimate, "lower": found.lower, "upper": found.upper, "p": found.p}
            return {**said, **numbers, "level": found.level}
        key = "not_run" if isinstance(found, NotRun) else "not_identified"
        return {**said, key: found.reason}


@dataclass(frozen=True)
class Reading:
    """How the responses of some units are known: by basis of the response and by depth of reading, largest first."""

    basis: Mapping[str, Counts]
    depth: Mapping[str, Counts]
    total: Counts

    def to_dict(self) -> dict[str, Any]:
        """The counts by name."""
        parts = {"basis": self.basis, "depth": self.depth}
        return {name: {level: counts.to_dict() for level, counts in part.items()} for name, part in parts.items()}


@dataclass(frozen=True)
class PublicationBias:
    """`contrasts`: the primary first. The mappings have one entry a pool, the widest first."""

    contrasts: tuple[Contrast, ...]
    selectivity: Mapping[str, Selectivity | NotRun]
    small_studies: Mapping[str, SmallStudies | NotRun]
    trends: Mapping[str, Trend]
    reading: Mapping[str, Reading]

    @property
    def primary(self) -> Contrast:
        """Case reports and series of the widest pool against the headline's trials."""
        return self.contrasts[0]

    def design(self, pool: str) -> Contrast:
        """The contrast of a pool's case reports and series with the headline's trials."""
        return next(each for each in self.contrasts if each.kind == "design" and each.pool == pool)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable form but for the note, which is words; at the top level are those of the widest pool."""
        widest = self.primary.pool
        curves = {pool: _or_not_run(found, "to_dict") for pool, found in self.selectivity.items()}
        missing = {pool: _or_not_run(found, "missing_dict") for pool, found in self.selectivity.items()}
        small = {pool: _small_dict(found) for pool, found in self.small_studies.items()}
        return {
            "design_contrast": self.primary.to_dict(),
            "contrasts": [contrast.to_dict() for contrast in self.contrasts],
            "selectivity": curves[widest].get("points", curves[widest]),
            "selectivity_by_pool": curves,
            "missing_non_responders": missing,
            "small_study": {**small[widest], "by_pool": small},
            "trend_with_year": {pool: trend.to_dict() for pool, trend in self.trends.items()},
            "reading": {pool: reading.to_dict() for pool, reading in self.reading.items()},
        }


def publication_bias(selection: Selection, protocol: Protocol) -> PublicationBias:
    """Ask everything of each pool."""
    pools = pools_to_compare(selection)
    trials = of_design(selection, selection.pools[0], TRIALS, protocol)
    members = {pool: selection.members(pool) for pool in pools}
    return PublicationBias(
        contrasts=(*design_contrasts(selection, protocol), *wording_contrasts(selection, protocol)),
        selectivity={
            pool: selectivity(pool, of_design(selection, pool, CASES, protocol), trials, protocol) for pool in pools
        },
        small_studies={pool: _small(found) for pool, found in members.items()},
        trends={pool: trend_with_year(found) for pool, found in members.items()},
        reading={pool: reading_of(found) for pool, found in members.items()},
    )


def _small(members: Iterable[Placed]) -> SmallStudies | NotRun:
    reports = clusters(members)
    if not reports:
        return NotRun("0 reports")
    return small_study_diagnostics([r for _, r, _ in reports], [n for _, _, n in reports])


def trend_with_year(members: Iterable[Placed]) -> Trend:
    """Beta-binomial regression on the publication year; not run where more than a tenth of the reports is undated."""
    placed = tuple(members)
    years = {member.unit.report: member.unit.year for member in placed}
    reports = [(years[report], r, n) for report, r, n in clusters(placed)]
    dated = [(float(year), r, n) for year, r, n in reports if year is not None]
    undated = len(reports) - len(dated)
    if undated > MOST_UNDATED * len(reports):
        share = f"{undated} of {len(reports)} reports are undated, more than {100 * MOST_UNDATED:g} %"
        return Trend(NotRun(share), len(dated), len(reports))
    if len({year for year, _, _ in dated}) < 3:
        return Trend(NotRun("fewer than three publication years"), len(dated), len(reports))
    x, r, n = (list(column) for column in zip(*dated, strict=True))
    return Trend(beta_binomial_regression(r, n, x), len(dated), len(reports))


def reading_of(members: Iterable[Placed]) -> Reading:
    """The units by basis of the response and by depth of reading, with counts of patients and reports."""
    placed = tuple(members)
    return Reading(
        _shares(placed, [m.unit.response_basis for m in placed]),
        _shares(placed, [m.unit.depth for m in placed]),
        count(placed),
    )


def _shares(placed: tuple[Placed, ...], levels: list[str | None]) -> Mapping[str, Counts]:
    names = [level or NOT_STATED for level in levels]
    found = {name: count(m for m, own in zip(placed, names, strict=True) if own == name) for name in Counter(names)}
    return dict(sorted(found.items(), key=lambda item: (-item[1].evaluable, item[0])))


def _or_not_run(found: Selectivity | NotRun, method: str) -> Any:
    return {"not_run": found.reason} if isinstance(found, NotRun) else getattr(found, method)()


def _small_dict(found: SmallStudies | NotRun) -> dict[str, Any]:
    if isinstance(found, NotRun):
        return {"not_run": found.reason}
    begg = {"not_run": found.begg.reason} if isinstance(found.begg, NotRun) else asdict(found.begg)
    parts = {"peters": asdict(found.peters), "begg": begg, "funnel": asdict(found.funnel)}
    return {"reports": found.reports, "smallest": found.smallest, **parts}
