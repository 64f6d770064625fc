"""The files of `outputs/`, as bytes: the same results give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from metaimt.analyses.results import Results
from metaimt.report.clinical import clinical_rows
from metaimt.report.cohort_tables import review_tables
from metaimt.report.exports import export_makers
from metaimt.report.figures import FigureFiles, gallery
from metaimt.report.markdown import report_markdown
from metaimt.report.methods_text import method_rows
from metaimt.report.page import page_html
from metaimt.report.paper import audit_rows
from metaimt.report.publication_bias import bias_note, technical_note
from metaimt.report.published import published_rows
from metaimt.report.tables import (
    UNREAD,
    adjusted_rows,
    breakdown_rows,
    cluster_rows,
    contrast_report_rows,
    contrast_rows,
    course_rows,
    csv_text,
    cumulative_rows,
    duration_estimate_rows,
    duration_rows,
    evidence_map_rows,
    json_text,
    later_rows,
    leave_one_out_rows,
    median_rows,
    missing_rows,
    pool_rows,
    regression_rows,
    selectivity_rows,
    sensitivity_contrast_rows,
    sensitivity_rows,
    specification_rows,
    stated_rows,
    subgroup_rows,
    unit_rows,
    unread_rows,
)
from metaimt.report.whats_new import changes_page
from metaimt.serialise import to_json
from metaimt.versions.changes import Changes
from metaimt.workers import Lost, Task, run_each


def output_files(
    results: Results,
    figures: Sequence[FigureFiles],
    changes: Changes,
    jobs: int = 1,
    lost: list[Lost] | None = None,
) -> dict[str, bytes]:
    """Name (relative, POSIX) -> content of every output, the larger made in `jobs` processes.

    One that fails is added to `lost` and the others are made; without `lost` what it raises is raised.
    """
    drawn = [each.drawn for each in figures]
    texts: dict[str, Task] = {
        "results.json": lambda: json_text(results_dict(results)),
        "report.md": lambda: report_markdown(results, drawn, changes),
        "CHANGES.md": lambda: changes_page(changes, results.protocol.title),
        "tables/pools.csv": lambda: csv_text(pool_rows(results.response)),
        "tables/units.csv": lambda: csv_text(unit_rows(results.selection)),
        "tables/clusters.csv": lambda: csv_text(cluster_rows(results.response)),
        "tables/adjusted.csv": lambda: csv_text(adjusted_rows(results.response)),
        "tables/breakdowns.csv": lambda: csv_text(breakdown_rows(results.breakdowns)),
        "tables/subgroups.csv": lambda: csv_text(subgroup_rows(results.subgroups)),
        "tables/regressions.csv": lambda: csv_text(regression_rows(results.subgroups)),
        "tables/later-inhibitors.csv": lambda: csv_text(later_rows(results.subgroups)),
        "tables/durations.csv": lambda: csv_text(duration_rows(results.duration)),
        "tables/medians.csv": lambda: csv_text(median_rows(results.duration)),
        "tables/duration-estimates.csv": lambda: csv_text(duration_estimate_rows(results.duration)),
        "tables/methods.csv": lambda: csv_text(method_rows(results.comparison)),
        "tables/deaths-and-toxicity.csv": lambda: csv_text(stated_rows(results.deaths_and_toxicity)),
        "tables/sensitivity.csv": lambda: csv_text(sensitivity_rows(results.sensitivity)),
        "tables/sensitivity-contrasts.csv": lambda: csv_text(sensitivity_contrast_rows(results.sensitivity)),
        "tables/unread.csv": lambda: csv_text(unread_rows(results.unread), UNREAD),
        "tables/clinical-questions.csv": lambda: csv_text(clinical_rows(results.clinical)),
        "tables/leave-one-out.csv": lambda: csv_text(leave_one_out_rows(results.sensitivity)),
        "tables/specification.csv": lambda: csv_text(specification_rows(results.specification)),
        "tables/audit.csv": lambda: csv_text(audit_rows(results.audit)),
        "tables/treatment-courses.csv": lambda: csv_text(course_rows(results.courses)),
        "tables/evidence-map.csv": lambda: csv_text(evidence_map_rows(results.evidence_map)),
        "tables/over-time.csv": lambda: csv_text(cumulative_rows(results.over_time)),
        "tables/bias-contrasts.csv": lambda: csv_text(contrast_rows(results.publication_bias)),
        "tables/contrast-reports.csv": lambda: csv_text(contrast_report_rows(results.publication_bias)),
        "tables/selectivity.csv": lambda: csv_text(selectivity_rows(results.publication_bias)),
        "tables/published-pooled.csv": lambda: csv_text(published_rows(results.published)),
        "tables/missing-non-responders.csv": lambda: csv_text(missing_rows(results.publication_bias)),
    }
    texts["figures/README.md"] = lambda: gallery(drawn)
    made = run_each(texts, lost=lost)
    made |= run_each({"tables": lambda: review_tables(results.cohorts)}, lost=lost).get("tables", {})
    files = {name: text.encode("utf-8") for name, text in made.items()}
    for each in figures:
        files |= each.files
    makers = {
        **export_makers(results, figures, files),
        "index.html": lambda: page_html(results, drawn, files, changes).encode("utf-8"),
    }
    return {**files, **run_each(makers, jobs, lost)}


def results_dict(results: Results) -> dict[str, Any]:
    """The content of results.json: the numbers of every analysis, and the note on publication bias in words."""
    data = to_json(results)
    notes = {"note": bias_note(results), "technical_note": technical_note(results)}
    return {**data, "publication_bias": {**data["publication_bias"], **notes}}
