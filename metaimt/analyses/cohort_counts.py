"""The tables of a cohort from the counts that its publication prints.

Nothing is reconstructed: what follows by subtraction says so, and what needs the times of single patients is not run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from metaimt.analyses.cohort import CohortResult, PrintedRate, cohort_of_table
from metaimt.analyses.cohort_description import Contrast, Level, Positivity, Summary, Variable, share, test_between
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Cohort, Tested
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion, clopper_pearson

ALL = "all"
OTHERS = "other sites (by subtraction)"
NOT_PRINTED = "other or not printed (by subtraction)"


def cohorts_of(library: Library) -> tuple[CohortResult, ...]:
    """Every cohort of a review: by report, the published counts before the patient table."""
    found: list[CohortResult] = []
    for report in library.reports:
        counts, table = cohort_of_counts(report), library.tables.get(report.id)
        mine = [counts] if counts is not None else []
        mine += [cohort_of_table(table, library.vocabulary, id=report.id)] if table is not None else []
        found += [replace(each, claims=report.claims) for each in mine]
    return tuple(found)


def cohort_of_counts(report: CaseFile, *, losses_as_deaths: bool = False) -> CohortResult | None:
    """The cohort that a report prints, or None if it prints none.

    losses_as_deaths adds how many would have died if every loss to follow-up were a death; a curve needs times.
    """
    cohort = report.cohort
    if cohort is None:
        return None
    followup = cohort.followup_median_months
    lower, upper = (followup.ci if followup and followup.ci else (None, None)) or (None, None)
    return CohortResult(
        id=report.id,
        title=report.report.title or report.id,
        source="published counts",
        patients=cohort.n,
        table_one=tuple(_table_one(cohort)),
        positivity=tuple(_positivity(marker, counts, cohort) for marker, counts in cohort.markers.items()),
        symptoms=tuple(_contrasts(cohort)) or NotRun("the publication prints no symptoms by marker status"),
        treatment=tuple(_treatment(cohort)),
        survival=NotRun("published counts hold no times of single patients"),
        printed_rates=tuple(PrintedRate(rate.months, rate.rate) for rate in cohort.overall_survival),
        printed_followup=(followup.value, lower, upper) if followup else None,
        notes=(*_notes(cohort), *(_if_losses_died(cohort) if losses_as_deaths else ())),
    )


def _table_one(cohort: Cohort) -> Iterator[Variable]:
    if cohort.mean_age is not None:
        yield Variable("age, years", cohort.n, (), Summary(cohort.n, cohort.mean_age))
    parts: Mapping[str, Mapping[str, int]] = {
        "sex": cohort.sex,
        "site": cohort.sites,
        "margin": cohort.resection,
        "outcome": cohort.outcome,
    }
    for name, counts in parts.items():
        if counts:
            yield _whole(name, counts, cohort.n)
    if cohort.symptoms:
        levels = tuple(Level(term, number) for term, number in cohort.symptoms.items())
        yield Variable("symptoms", cohort.n, levels, exclusive=False)


def _whole(name: str, counts: Mapping[str, int], n: int) -> Variable:
    """Exclusive categories; what is missing to the whole is a row of its own."""
    levels = [Level(term, number) for term, number in counts.items()]
    rest = n - sum(counts.values())
    return Variable(name, n, (*levels, *((Level(NOT_PRINTED, rest),) if rest > 0 else ())))


def _positivity(marker: str, counts: Mapping[str, Tested], cohort: Cohort) -> Positivity:
    named = {site: clopper_pearson(c.positive, c.tested) for site, c in counts.items() if site != ALL and c.tested}
    whole = counts.get(ALL)
    overall = share(whole.positive, whole.tested) if whole else None
    rest = _rest(overall, list(named.values()))
    notes = [
        f"{marker}: {counts[site].tested} tested at the site {site}, where {cohort.sites[site]} patients are printed"
        for site in named
        if site in cohort.sites and counts[site].tested > cohort.sites[site]
    ]
    by_site = tuple(sorted(named.items(), key=lambda pair: (-pair[1].estimate, pair[0])))
    shares = [each for _, each in by_site]
    everyone = test_between([*shares, rest]) if rest else test_between(shares)
    return Positivity(
        marker,
        overall,
        by_site,
        (OTHERS, rest) if rest else None,
        everyone,
        test_between(shares) if rest else None,
        tuple(notes),
    )


def _rest(overall: Proportion | None, named: list[Proportion]) -> Proportion | None:
    if overall is None:
        return None
    positive = overall.responders - sum(each.responders for each in named)
    tested = overall.evaluable - sum(each.evaluable for each in named)
    return clopper_pearson(positive, tested) if 0 <= positive <= tested and tested > 0 else None


def _contrasts(cohort: Cohort) -> Iterator[Contrast]:
    for marker, symptoms in cohort.symptoms_by_marker.items():
        for symptom, sides in symptoms.items():
            shares = [share(sides[s].n, sides[s].of) if s in sides else None for s in ("positive", "negative")]
            test = test_between([each for each in shares if each is not None])
            yield Contrast(symptom, marker, shares[0], shares[1], test)


def _treatment(cohort: Cohort) -> Iterator[Variable]:
    printed = {
        "no further treatment after surgery": cohort.no_postoperative_treatment,
        "radiotherapy": cohort.radiotherapy,
        "chemotherapy": cohort.chemotherapy,
    }
    levels = tuple(Level(name, number) for name, number in printed.items() if number is not None)
    if levels:
        yield Variable("treatment", cohort.n, levels, exclusive=False)


def _if_losses_died(cohort: Cohort) -> Iterator[str]:
    dead, lost = (cohort.outcome.get(name, 0) for name in ("dead", "lost_to_followup"))
    if cohort.outcome:
        yield (
            f"NOT the survival of this cohort: if every loss to follow-up were a death, {dead + lost} of {cohort.n} "
            "would have died; the curve is not run, since it needs the times of single patients"
        )


def _notes(cohort: Cohort) -> Iterator[str]:
    parts: dict[str, Any] = {"sex": cohort.sex, "site": cohort.sites, "margin": cohort.resection}
    for name, counts in {**parts, "outcome": cohort.outcome}.items():
        if sum(counts.values()) > cohort.n:
            yield f"{name}: the categories add up to {sum(counts.values())}, more than the {cohort.n} patients"
    dead, lost = (cohort.outcome.get(name, 0) for name in ("dead", "lost_to_followup"))
    if cohort.overall_survival and cohort.outcome:
        yield (
            f"overall survival is as printed; {dead} of {cohort.n} patients are known to have died and {lost} are lost "
            "to follow-up, and it can be computed only from the times of single patients"
        )
