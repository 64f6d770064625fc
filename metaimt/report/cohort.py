"""The section "Local cohort" of report.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.cohort_survival import CohortSurvival
from metaimt.analyses.duration import Curve
from metaimt.report.cohort_lines import (
    comparison_line,
    contrast_cells,
    cox_cells,
    cox_notes,
    curve_head,
    group_cells,
    group_head,
    landmark_cells,
    level_cells,
    name,
    positivity_cells,
    positivity_lines,
    printed_lines,
    summary_text,
    survival_head,
)
from metaimt.report.environment import Rendered, render
from metaimt.report.wording import plural
from metaimt.statistics.outcome import NotRun

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
