"""How much of the answer may be publication bias? Contrasts, selectivity, small-study diagnostics, and what was read.

Funnel asymmetry says nothing about single cases; the order of what is asked here is that of its worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

from metaimt.analyses.contrasts import (
    CASES,
    COHORTS,
    DESIGN_WORDS,
    TRIALS,
    Contrast,
    design_contrasts,
    of_design,
    pools_to_compare,
    wording_contrasts,
)
from metaimt.analyses.selectivity import Selectivity, selectivity
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count, levels
from metaimt.model.unit import Unit
from metaimt.statistics.betabinomial_regression import OddsRatio, beta_binomial_regression
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.small_study import SMALLEST, SmallStudies, small_study_diagnostics

MOST_UNDATED: Final = 0.10  # of the reports, for a trend with year
FULL_TEXT: Final = "full_text"
NOT_STATED: Final = "not stated"


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

    def to_dict(self) -> dict[str, Any]:
        """The trend, or why there is none."""
        said = {"dated": self.dated.reports, "reports": self.reports}
        found = self.odds_ratio
        if isinstance(found, OddsRatio):
            numbers = {"odds_ratio_per_year": found.estimate, "lower": found.lower, "upper": found.upper, "p": found.p}
            return {**said, **numbers, "level": found.level}
        key = "not_run" if isinstance(found, NotRun) else "not_identified"
        return {**said, key: found.reason}


@dataclass(frozen=True)
class Reading:
    """How the responses of some units are known: by basis of the response and by depth of reading, largest first."""

    basis: Mapping[str, Count]
    depth: Mapping[str, Count]
    total: Count

    def to_dict(self) -> dict[str, Any]:
        """The counts by name."""
        parts = {"basis": self.basis, "depth": self.depth}
        return {name: {level: counts.to_dict() for level, counts in part.items()} for name, part in parts.items()}


@dataclass(frozen=True, slots=True)
class Cell:
    """Patients of one kind of report and one wording: in the headline pool, or only in the widest."""

    design: str
    wording: str
    counts: Count

    def to_dict(self) -> dict[str, Any]:
        """Names and counts."""
        return {"design": self.design, "wording": self.wording, **self.counts.to_dict()}


@dataclass(frozen=True)
class PublicationBias:
    """`contrasts`: the primary first. The mappings have one entry a pool, the widest first.

    larger: the reports that the small-study diagnostics are made of. cells: the four behind the adjusted rate.
    """

    contrasts: tuple[Contrast, ...]
    selectivity: Mapping[str, Selectivity | NotRun]
    small_studies: Mapping[str, SmallStudies | NotRun]
    larger: Mapping[str, Count]
    trends: Mapping[str, Trend]
    reading: Mapping[str, Reading]
    cells: tuple[Cell, ...] = ()

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
            "design_by_wording": [cell.to_dict() for cell in self.cells],
        }


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
    )


def _cells(selection: Selection, protocol: Protocol) -> Iterator[Cell]:
    """Of the widest pool: trials and cohorts, then case reports and series, each in the headline and the rest."""
    headline, widest = selection.pools[0], selection.pools[-1]
    wordings = {
        protocol.label(headline): selection.count(headline, protocol.label(headline)),
        "the rest": selection.rest(widest, headline, "the rest"),
    }
    for designs in ((*TRIALS, *COHORTS), CASES):
        for wording, counts in wordings.items():
            title = f"{DESIGN_WORDS[designs]}, {wording}"
            yield Cell(DESIGN_WORDS[designs], wording, counts.where(title, partial(_of_designs, designs)))


def _of_designs(designs: tuple[str, ...], unit: Unit) -> bool:
    return unit.design in designs


def of_reports_of(counts: Count, least: int) -> Count:
    """The patients of the reports that have at least so many."""
    larger = {report for report, _, n in counts.clusters if n >= least}
    title = f"{counts.title}: reports of {least} or more patients"
    return counts.where(title, lambda unit: unit.report in larger)


def _small(counts: Count) -> SmallStudies | NotRun:
    reports = counts.clusters
    if not reports:
        return NotRun("0 reports")
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
    basis = _shares(counts, lambda unit: unit.response_basis)
    return Reading(basis, _shares(counts, lambda unit: unit.depth), counts)


def _shares(counts: Count, level_of: Callable[[Unit], str | None]) -> Mapping[str, Count]:
    found = {
        name: Count.of(f"{counts.title}: {name.replace('_', ' ')}", units)
        for name, units in levels(counts.units, level_of, NOT_STATED).items()
    }
    return dict(sorted(found.items(), key=lambda item: (-item[1].evaluable, item[0])))


def _or_not_run(found: Selectivity | NotRun, method: str) -> Any:
    return {"not_run": found.reason} if isinstance(found, NotRun) else getattr(found, method)()


def _small_dict(found: SmallStudies | NotRun) -> dict[str, Any]:
    if isinstance(found, NotRun):
        return {"not_run": found.reason}
    begg = {"not_run": found.begg.reason} if isinstance(found.begg, NotRun) else asdict(found.begg)
    parts = {"peters": asdict(found.peters), "begg": begg, "funnel": asdict(found.funnel)}
    return {"reports": found.reports, "smallest": found.smallest, **parts}
