"""The files of `metaimt cohort --out`: tables, figures and results, as bytes."""

from __future__ import annotations

from collections.abc import Sequence

from metaimt.analyses.cohort import CohortResult
from metaimt.files import safe_name
from metaimt.report.cohort_tables import TABLES
from metaimt.report.cohort_text import cohort_text
from metaimt.report.tables import csv_text, json_text


def review_tables(cohorts: Sequence[CohortResult]) -> dict[str, str]:
    """The tables of all cohorts of a review, for its outputs; those that would be empty are left out."""
    found = {name: csv_text(rows(cohorts)) for name, rows in TABLES.items() if name != "rejected"}
    return {f"tables/cohort-{name}.csv": text for name, text in found.items() if text}


def cohort_files(cohorts: Sequence[CohortResult]) -> dict[str, bytes]:
    """Name (relative, POSIX) -> content. With several cohorts the figures of each have its id before their name."""
    from metaimt.figures.cohort import cohort_figures
    from metaimt.figures.save import figure_bytes

    texts = {f"tables/{name}.csv": csv_text(rows(cohorts)) for name, rows in TABLES.items()}
    texts["results.json"] = json_text({"cohorts": [cohort.to_dict() for cohort in cohorts]})
    texts["cohort.txt"] = "\n\n\n".join(map(cohort_text, cohorts)) + "\n"
    files = {name: text.encode("utf-8") for name, text in texts.items() if text}
    for cohort in cohorts:
        before = f"{safe_name(cohort.id)}-" if len(cohorts) > 1 else ""
        for name, figure in cohort_figures(cohort).items():
            for kind in ("svg", "png"):
                files[f"figures/{before}{name}.{kind}"] = figure_bytes(figure, kind)
    return files
