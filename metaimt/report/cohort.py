"""The section "Local cohort" of report.md.

The words of a cohort's tables: rows of cells that the terminal and the report lay out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.cohort_description import Contrast, Level, Positivity, Summary, Variable
from metaimt.analyses.cohort_survival import CohortCox, CohortSurvival, Comparison, GroupCurve
from metaimt.analyses.duration import Curve
from metaimt.report.environment import Rendered, render
from metaimt.report.wording import fraction, limits, p_value, percent, plural
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion
from metaimt.statistics.survival import Landmark, Quantile

Cells = tuple[str, ...]
_NAMES = {"R1_R2": "R1/R2", "lost_to_followup": "lost to follow-up"}
NOT_REACHED = "not reached"
LOSSES = "NOT the survival of this cohort: every loss to follow-up is counted as a death at the last contact"


def name(term: str) -> str:
    """A term as read: limbs and trunk, R1/R2."""
    return _NAMES.get(term) or term.replace("_", " ")


def level_cells(level: Level, of: int) -> Cells:
    """Name, n/of, per cent."""
    whole = of if level.of is None else level.of
    return name(level.name), fraction(level.n, whole), percent(level.n / whole) if whole else ""


def summary_text(summary: Summary) -> str:
    """`mean 50.1 (SD 14.2), median 51 (quartiles 40 to 61), range 18 to 82`; what was not printed is left out."""
    said = [f"mean {summary.mean:.4g}" + (f" (SD {summary.sd:.1f})" if summary.sd is not None else "")]
    if summary.median is not None:
        said.append(f"median {summary.median:g} (quartiles {summary.lower_quartile:g} to {summary.upper_quartile:g})")
        said.append(f"range {summary.minimum:g} to {summary.maximum:g}")
    return ", ".join(said)


def share_cells(label: str, share: Proportion | None) -> Cells:
    """Label, r/n, per cent, exact interval."""
    if share is None:
        return name(label), fraction(0, 0), "", "nobody tested"
    return (
        name(label),
        fraction(share.responders, share.evaluable),
        percent(share.estimate),
        limits(share.lower, share.upper),
    )


def positivity_cells(found: Positivity) -> Iterator[Cells]:
    """All, then each site."""
    yield share_cells("all tested", found.overall)
    for site, share in [*found.by_site, *([found.rest] if found.rest else [])]:
        yield share_cells(site, share)


def positivity_lines(found: Positivity) -> Iterator[str]:
    """The exact tests, and what does not add up."""
    if found.test_named is not None:
        yield f"Difference between the sites named: {test_text(found.test_named)}."
        yield f"Difference between all rows: {test_text(found.test)}."
    else:
        yield f"Difference between sites: {test_text(found.test)}."
    yield from (f"{note[:1].upper()}{name(note[1:])}." for note in found.notes)


def test_text(test: ExactTest | NotRun) -> str:
    """`p = 0.335 (Fisher-Freeman-Halton, exact by enumeration (65 tables))`, or why not."""
    return test.wording() if isinstance(test, NotRun) else f"{p_value(test.p)}, {test.wording()}"


def contrast_cells(found: Contrast) -> Cells:
    """Symptom, positive, negative, test."""
    sides = (
        f"{fraction(each.responders, each.evaluable)} ({percent(each.estimate)})" if each else "nobody"
        for each in (found.positive, found.negative)
    )
    test = found.test.wording() if isinstance(found.test, NotRun) else p_value(found.test.p)
    return (name(found.symptom), *sides, test)


def quantile_text(found: Quantile) -> str:
    """`59.9 (95 % interval 49 to 70.8)`."""
    value, low, high = ("not reached" if x is None else f"{x:.4g}" for x in (found.estimate, found.lower, found.upper))
    return value if value == NOT_REACHED and low == NOT_REACHED else f"{value} (95 % interval {low} to {high})"


def landmark_cells(at: Landmark) -> Cells:
    """Months, survival, interval, at risk."""
    if at.estimate is None:
        return f"{at.time:g}", "beyond follow-up", "", str(at.at_risk)
    interval = "none" if at.lower is None or at.upper is None else limits(at.lower, at.upper)
    return f"{at.time:g}", percent(at.estimate), interval, str(at.at_risk)


def curve_head(curve: Curve) -> str:
    """Patients, deaths, median, follow-up."""
    deaths = plural(curve.steps.total_events, "death")
    return (
        f"{plural(curve.steps.subjects, 'patient')}, {deaths}; median {quantile_text(curve.median)} months; "
        f"median follow-up (reverse Kaplan-Meier) {quantile_text(curve.followup)} months."
    )


def survival_head(found: CohortSurvival) -> str:
    """Who is in and who is not, and how follow-up ended."""
    ends = ", ".join(f"{number} {name(outcome)}" for outcome, number in found.outcomes.items())
    said = f"Time and outcome known for {found.known} of {plural(found.patients, 'patient')}: {ends}."
    if found.excluded:
        said += f" Not here: {', '.join(f'{number} {why}' for why, number in found.excluded.items())}."
    return f"{said} Losses to follow-up are censored at the last contact, never counted as deaths."


def comparison_line(found: Comparison) -> str:
    """The variable, for how many it is known, and the test."""
    missing = f", not known for {found.missing}" if found.missing else ""
    start = f"{found.variable} (known for {found.known}{missing}): log-rank"
    if isinstance(found.test, NotRun):
        return f"{start} {found.test.wording()}."
    df = "" if found.test.df == 1 else f", {found.test.df} degrees of freedom"
    return f"{start} {p_value(found.test.p)} (chi-square {found.test.statistic:.2f}{df})."


def group_head(group: GroupCurve) -> str:
    """`not R0: 10/16 died`."""
    return f"{name(group.label)}: {fraction(group.curve.steps.total_events, group.curve.steps.subjects)} died"


def group_cells(found: Comparison) -> Iterator[Cells]:
    """Months, then survival of each group with its interval: a row a landmark."""
    for at in zip(*(group.curve.landmarks for group in found.groups), strict=True):
        cells = [landmark_cells(each) for each in at]
        yield (cells[0][0], *(f"{cell[1]} ({cell[2]})" if cell[2] else cell[1] for cell in cells))


def cox_cells(model: CohortCox) -> Iterator[Cells]:
    """Covariate, n, events, term, hazard ratio, interval, p, proportional hazards: a row a term."""
    counts = (str(model.n), str(model.events))
    if model.not_run is not None:
        yield (name(model.covariate), *counts, model.not_run.wording(), "", "", "", "")
        return
    check = model.hazards.wording() if isinstance(model.hazards, NotRun) else p_value(model.hazards.p)
    for place, term in enumerate(model.terms):
        against = f"{name(term.name)} / {name(model.reference)}" if model.reference else name(term.name)
        ratio, low, high = (_ratio(x) for x in (term.hazard_ratio, term.lower, term.upper))
        head = (name(model.covariate), *counts) if place == 0 else ("", "", "")
        yield (*head, against, ratio, f"{low} - {high}", p_value(term.p), check if place == 0 else "")


def _ratio(value: float) -> str:
    if not np.isfinite(value) or value >= 1e4:
        return "beyond 10,000"
    return f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"


def cox_notes(models: Iterable[CohortCox]) -> Iterator[str]:
    """Joint tests of covariates with several terms, and what penalised means."""
    listed = list(models)
    for model in listed:
        if model.joint_p is not None:
            yield f"{name(model.covariate)}: all terms together {p_value(model.joint_p)} (likelihood ratio)."
    if any("penalised" in model.method and model.not_run is None for model in listed):
        yield (
            "Penalised (Firth): fewer than 10 events, or no finite hazard ratio without; intervals by profile "
            "likelihood. With so few events a hazard ratio is a rough indication at best."
        )


def printed_lines(cohort: CohortResult) -> Iterator[str]:
    """Survival and follow-up as a publication prints them."""
    if cohort.printed_rates:
        rates = ", ".join(f"{percent(rate.rate)} at {rate.months:g} months" for rate in cohort.printed_rates)
        yield f"As printed, without intervals: {rates}."
    if cohort.printed_followup is not None:
        value, *interval = ("not printed" if limit is None else f"{limit:g}" for limit in cohort.printed_followup)
        yield f"Median follow-up as printed: {value} months ({' to '.join(interval)})."


def reading_line(cohort: CohortResult) -> str:
    """What became of the rows; empty for published counts."""
    reading = cohort.reading
    if reading is None:
        return ""
    said = f"{plural(reading.rows, 'row')} read: {cohort.patients} analysed, {len(reading.rejected)} rejected"
    said += f", {reading.repeated} repeated" if reading.repeated else ""
    said += f"; {plural(reading.empty, 'empty row')}" if reading.empty else ""
    return ". ".join([said, *(f"{note[:1].upper()}{note[1:]}" for note in reading.notes)]) + "."


def variable_head(variable: Variable) -> str:
    """`symptoms (a patient may have several)`."""
    return name(variable.name) + ("" if variable.exclusive else " (a patient may have several)")


_SOURCES = {"published counts": "published counts", "patient table": "a patient table, which stays where it is"}


def cohort_section(cohorts: Sequence[CohortResult]) -> Rendered:
    """Each cohort; nothing if the review has none."""
    return render("cohort.md.j2", {"cohorts": cohorts_content(cohorts)})


def cohorts_content(cohorts: Sequence[CohortResult]) -> list[dict[str, Any]]:
    """The tables and lines of each cohort, for the report and the page."""
    return [_cohort(cohort) for cohort in cohorts]


def _cohort(cohort: CohortResult) -> dict[str, Any]:
    symptoms = cohort.symptoms
    return {
        "id": cohort.id,
        "head": f"{cohort.title}. {plural(cohort.patients, 'patient')}, from {_SOURCES[cohort.source]}.",
        "variables": list(_variables(cohort)),
        "positivity": [
            {
                "marker": each.marker,
                "rows": list(positivity_cells(each)),
                "lines": list(positivity_lines(each)),
            }
            for each in cohort.positivity
        ],
        "symptoms": "" if not isinstance(symptoms, NotRun) else symptoms.wording(),
        "contrasts": [] if isinstance(symptoms, NotRun) else [(s.marker, *contrast_cells(s)) for s in symptoms],
        **_survival(cohort),
        "notes": [f"{note[:1].upper()}{note[1:]}." for note in cohort.notes],
    }


def _variables(cohort: CohortResult) -> Iterator[tuple[str, ...]]:
    for variable in (*cohort.table_one, *cohort.treatment):
        first = name(variable.name)
        if variable.summary is not None:
            yield first, summary_text(variable.summary), f"{variable.summary.n}/{variable.of}", ""
            first = ""
        for level in variable.levels:
            yield (first, *level_cells(level, variable.of))
            first = ""


def _survival(cohort: CohortResult) -> dict[str, Any]:
    found = cohort.survival
    nothing: dict[str, Any] = {"landmarks": [], "groups": [], "cox": [], "cox_notes": []}
    if not isinstance(found, CohortSurvival):
        return {**nothing, "survival": [f"{found.wording()}.", *printed_lines(cohort)]}
    curve = found.curve
    said = curve_head(curve) if isinstance(curve, Curve) else f"Kaplan-Meier {curve.wording()}."
    return {
        "survival": [survival_head(found), said],
        "landmarks": [landmark_cells(at) for at in curve.landmarks] if isinstance(curve, Curve) else [],
        "groups": [
            {"line": comparison_line(each), "head": [*map(group_head, each.groups)], "rows": list(group_cells(each))}
            for each in found.comparisons
        ],
        "cox": [cells for model in found.models for cells in cox_cells(model)],
        "cox_notes": list(cox_notes(found.models)),
    }
