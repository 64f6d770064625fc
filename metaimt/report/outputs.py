"""The files of `outputs/`, as bytes: the same results give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from metaimt.analyses.results import Results
from metaimt.content.publication_bias import bias_note, technical_note
from metaimt.report.cells import Row, csv_text, json_text
from metaimt.report.cohort_tables import review_tables
from metaimt.report.dictionary import PACKAGE, data_package
from metaimt.report.exports import export_makers
from metaimt.report.figures import FigureFiles, gallery
from metaimt.report.markdown import changes_page, report_markdown
from metaimt.report.methods_text import method_rows
from metaimt.report.page import has_beside, page_html
from metaimt.report.tables import COLUMNS, TABLES, prisma_rows
from metaimt.serialise import to_json
from metaimt.versions.changes import Changes
from metaimt.versions.stored import state_digest
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
    }
    tables: Mapping[str, Callable[[Results], Iterable[Row]]] = {
        **TABLES,
        "methods": lambda results: method_rows(results.comparison),
        "prisma-lsr": lambda results: prisma_rows(results, changes),
    }
    texts |= {f"tables/{name}.csv": partial(_table, name, rows, results) for name, rows in tables.items()}
    texts["figures/README.md"] = lambda: gallery(drawn)
    made = run_each(texts, lost=lost)
    made |= run_each({"tables": lambda: review_tables(results.cohorts)}, lost=lost).get("tables", {})
    csvs = {name: text for name, text in made.items() if name.endswith(".csv")}
    made |= run_each({PACKAGE: lambda: data_package(results.protocol, csvs, state_digest(results.library))}, lost=lost)
    files = {name: text.encode("utf-8") for name, text in made.items()}
    for each in figures:
        files |= each.files
    makers = {
        **export_makers(results, figures, files, changes),
        "index.html": lambda: page_html(results, drawn, files, changes).encode("utf-8"),
    }
    if has_beside(results):
        makers["cohort.html"] = lambda: page_html(results, drawn, files, beside=True).encode("utf-8")
    return {**files, **run_each(makers, jobs, lost)}


def _table(name: str, rows: Callable[[Results], Iterable[Row]], results: Results) -> str:
    return csv_text(rows(results), COLUMNS.get(name, ()))


def results_dict(results: Results) -> dict[str, Any]:
    """The content of results.json: the numbers of every analysis, and the note on publication bias in words."""
    data = to_json(results)
    notes = {"note": str(bias_note(results)), "technical_note": str(technical_note(results))}
    return {**data, "publication_bias": {**data["publication_bias"], **notes}}
