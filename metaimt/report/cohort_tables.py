"""Rows for CSV of a local cohort.

A cell that an analysis did not fill is empty, and `not_run` says why.

All tables of a cohort as one, an estimate a line, for a script that wants one file.

The files of `metaimt cohort --out`: tables, figures and results, as bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.cohort_survival import CohortCox, CohortSurvival, Comparison
from metaimt.analyses.duration import Curve
from metaimt.content.cohort import cohort_section
from metaimt.files import safe_name
from metaimt.render.terminal import section_text
from metaimt.report.cells import Cell, Row, csv_text, curve_quantities, interval_cells, json_text, why_not
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion
from metaimt.statistics.survival import Landmark
from metaimt.workers import Lost, run_each

if TYPE_CHECKING:
    from metaimt.figures.save import Kind

_SUMMARY = ("mean", "sd", "median", "lower_quartile", "upper_quartile", "minimum", "maximum")
_NO_SUMMARY: dict[str, Cell] = dict.fromkeys(_SUMMARY)


def description_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """Table 1 and treatment, one level or number a line."""
    for cohort in cohorts:
        for part, variables in (("table 1", cohort.table_one), ("treatment", cohort.treatment)):
            for variable in variables:
                start: dict[str, Cell] = {"cohort": cohort.id, "part": part, "variable": variable.name}
                if variable.summary is not None:
                    numbers = {name: getattr(variable.summary, name) for name in _SUMMARY}
                    counts: dict[str, Cell] = {"level": "", "n": variable.summary.n, "of": variable.of}
                    yield {**start, **counts, "share": None, **numbers}
                for level in variable.levels:
                    whole = variable.of if level.of is None else level.of
                    yield {
                        **start,
                        "level": level.name,
                        "n": level.n,
                        "of": whole,
                        "share": level.n / whole if whole else None,
                        **_NO_SUMMARY,
                    }


def positivity_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """Positive among tested, overall and by site, with the exact test of the sites."""
    for cohort in cohorts:
        for found in cohort.positivity:
            rows = [("all", found.overall), *found.by_site, *([found.rest] if found.rest else [])]
            for site, share in rows:
                yield {
                    "cohort": cohort.id,
                    "marker": found.marker,
                    "site": site,
                    **_share("positive", "tested", share),
                    **_test(found.test if site == "all" else None),
                }


def _share(r: str, n: str, share: Proportion | None) -> dict[str, Cell]:
    counts = (0, 0) if share is None else (share.responders, share.evaluable)
    return {**dict(zip((r, n), counts, strict=True)), **interval_cells(share, "share")}


def _test(test: ExactTest | NotRun | None) -> dict[str, Cell]:
    if isinstance(test, ExactTest):
        return {"p": test.p, "test": test.wording(), "not_run": ""}
    return {"p": None, "test": "", "not_run": why_not(test)}


def symptom_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """Symptoms by marker status; one line with the reason where they are not compared."""
    for cohort in cohorts:
        if isinstance(cohort.symptoms, NotRun):
            nothing = {f"{side}_{part}": None for side in _SIDES for part in _share("with", "of", None)}
            start: dict[str, Cell] = {"cohort": cohort.id, "symptom": "", "marker": ""}
            yield {**start, **nothing, **_test(cohort.symptoms)}
            continue
        for each in cohort.symptoms:
            row: dict[str, Cell] = {"cohort": cohort.id, "symptom": each.symptom, "marker": each.marker}
            for side, share in (("positive", each.positive), ("negative", each.negative)):
                row |= {f"{side}_{name}": value for name, value in _share("with", "of", share).items()}
            yield {**row, **_test(each.test)}


def survival_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """Survival at the landmarks, median and follow-up: of all, of each group, and as printed."""
    for cohort in cohorts:
        if isinstance(cohort.survival, NotRun):
            for rate in cohort.printed_rates:
                printed = {**interval_cells(None), "estimate": rate.rate}
                yield _estimate(cohort.id, "as printed", f"S at {rate.months:g} months", printed)
            if cohort.printed_followup is not None:
                printed = dict(zip(interval_cells(None), cohort.printed_followup, strict=True))
                yield _estimate(cohort.id, "as printed", "median follow-up, months", printed)
            yield from _of_curve(cohort.id, "all", cohort.survival)
        else:
            yield from _of_survival(cohort.id, cohort.survival)


def _of_survival(cohort: str, found: CohortSurvival) -> Iterator[Row]:
    yield from _of_curve(cohort, "all", found.curve)
    if found.if_losses_died is not None:
        yield from _of_curve(cohort, "NOT the survival: losses counted as deaths", found.if_losses_died)
    for comparison in found.comparisons:
        for group in comparison.groups:
            yield from _of_curve(cohort, f"{comparison.variable}: {group.label}", group.curve)


def _of_curve(cohort: str, group: str, curve: Curve | NotRun) -> Iterator[Row]:
    counts = (None, None) if isinstance(curve, NotRun) else (curve.steps.subjects, curve.steps.total_events)
    for quantity, found in curve_quantities(curve):
        at_risk = found.at_risk if isinstance(found, Landmark) else None
        more: dict[str, Cell] = {"at_risk": at_risk, "not_run": why_not(found)}
        yield {**_estimate(cohort, group, quantity, interval_cells(found), counts), **more}


def _estimate(
    cohort: str,
    group: str,
    quantity: str,
    numbers: Mapping[str, Cell],
    counts: tuple[int | None, int | None] = (None, None),
) -> Row:
    patients, events = counts
    start = {"cohort": cohort, "group": group, "patients": patients, "events": events, "quantity": quantity}
    return {**start, **numbers, "at_risk": None, "not_run": ""}


def log_rank_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """Each comparison, one group a line, with the test of all groups."""
    for cohort in cohorts:
        if not isinstance(cohort.survival, NotRun):
            for comparison in cohort.survival.comparisons:
                yield from _compared(cohort.id, comparison)


def _compared(cohort: str, comparison: Comparison) -> Iterator[Row]:
    start: dict[str, Cell] = {"cohort": cohort, "variable": comparison.variable}
    people: dict[str, Cell] = {"known": comparison.known, "missing": comparison.missing}
    if isinstance(comparison.test, NotRun):
        names = ("patients", "observed", "expected", "chi_square", "df", "p")
        yield {**start, "group": "", **people, **dict.fromkeys(names), "not_run": comparison.test.reason}
        return
    test = comparison.test
    for group in test.groups:
        counts = {"patients": group.subjects, "observed": group.observed, "expected": group.expected}
        result: dict[str, Cell] = {"chi_square": test.statistic, "df": test.df, "p": test.p, "not_run": ""}
        yield {**start, "group": group.label, **people, **counts, **result}


def cox_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """Univariable models, one term a line, with the check of proportional hazards."""
    for cohort in cohorts:
        if not isinstance(cohort.survival, NotRun):
            for model in cohort.survival.models:
                yield from _model(cohort.id, model)


def _model(cohort: str, model: CohortCox) -> Iterator[Row]:
    start: dict[str, Cell] = {"cohort": cohort, "covariate": model.covariate, "n": model.n, "events": model.events}
    start |= {"missing": model.missing, "reference": model.reference or "", "method": model.method}
    names = ("term", "hazard_ratio", "lower", "upper", "p", "joint_p", "proportional_hazards_p")
    if model.not_run is not None:
        yield {**start, **dict.fromkeys(names), "not_run": model.not_run.reason}
        return
    check = None if isinstance(model.hazards, NotRun) else model.hazards.p
    for term in model.terms:
        numbers = (term.hazard_ratio, term.lower, term.upper, term.p)
        values = (term.name, *(each if np.isfinite(each) else None for each in numbers), model.joint_p, check)
        yield {**start, **dict(zip(names, values, strict=True)), "not_run": ""}


def rejected_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """Every rejected row of a table with its reasons, one reason a line."""
    for cohort in cohorts:
        for each in cohort.reading.rejected if cohort.reading else ():
            for reason in each.reasons:
                yield {"cohort": cohort.id, "row": each.row, "id": each.id, "reason": reason}


TABLES: dict[str, Callable[[Iterable[CohortResult]], Iterator[Row]]] = {
    "description": description_rows,
    "positivity": positivity_rows,
    "symptoms": symptom_rows,
    "survival": survival_rows,
    "log-rank": log_rank_rows,
    "cox": cox_rows,
    "rejected": rejected_rows,
}


_SIDES: Final = ("positive", "negative")
_SAME: Final = {name: name for name in ("estimate", "lower", "upper", "p", "n", "r")}
_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "description": {"r": "n", "n": "of", "estimate": "share"},
    "positivity": {**_SAME, "r": "positive", "n": "tested", "estimate": "share"},
    "survival": {**_SAME, "r": "events", "n": "patients"},
    "log-rank": {"r": "observed", "n": "patients", "p": "p"},
    "cox": {**_SAME, "r": "events", "estimate": "hazard_ratio"},
    "rejected": {},
    **{f"symptoms {side}": {"p": "p", "r": f"{side}_with", "n": f"{side}_of"} for side in _SIDES},
}
_WORDS: Final = (
    *("part", "variable", "covariate", "level", "marker", "site", "symptom", "group", "quantity"),
    *("term", "row", "id", "reason"),
)
_NUMBERS: Final = ("r", "n", "estimate", "lower", "upper", "p")


def long_rows(cohorts: Iterable[CohortResult]) -> Iterator[Row]:
    """cohort, table, what, r, n, estimate, lower, upper, p, not_run; r are those with it, or the deaths."""
    listed = list(cohorts)
    for table, rows in TABLES.items():
        for row in rows(listed):
            if table == "symptoms":
                for side in _SIDES:
                    yield _line(table, row, _COLUMNS[f"symptoms {side}"], side)
            elif row.get("mean") is not None:
                yield from (_line(table, row, {"n": "n", "estimate": name}, name) for name in _SUMMARY if row[name])
            else:
                yield _line(table, row, _COLUMNS[table])


def _line(table: str, row: Row, columns: Mapping[str, str], more: str = "") -> Row:
    words = [str(row[key]) for key in _WORDS if row.get(key) not in {None, ""}]
    numbers: dict[str, Cell] = {name: row.get(columns[name]) if name in columns else None for name in _NUMBERS}
    what = ": ".join([*words, *([more] if more else [])])
    return {"cohort": row["cohort"], "table": table, "what": what, **numbers, "not_run": row.get("not_run", "")}


def review_tables(cohorts: Sequence[CohortResult]) -> dict[str, str]:
    """The tables of all cohorts of a review, for its outputs; those that would be empty are left out."""
    found = {name: csv_text(rows(cohorts)) for name, rows in TABLES.items() if name != "rejected"}
    return {f"tables/cohort-{name}.csv": text for name, text in found.items() if text}


def cohort_files(cohorts: Sequence[CohortResult], lost: list[Lost] | None = None) -> dict[str, bytes]:
    """Name (relative, POSIX) -> content. With several cohorts the figures of each have its id before their name.

    What cannot be made is added to `lost`, and the others are made; without `lost` what it raises is raised.
    """
    texts: dict[str, Callable[[], str]] = {
        f"tables/{name}.csv": partial(_table, rows, cohorts) for name, rows in TABLES.items()
    }
    texts["results.json"] = lambda: json_text({"cohorts": list(cohorts)})
    texts["cohort.txt"] = lambda: "\n\n\n".join(map(section_text, map(cohort_section, cohorts))) + "\n"
    files = {name: text.encode("utf-8") for name, text in run_each(texts, lost=lost).items() if text}
    befores = [f"{safe_name(each.id)}-" if len(cohorts) > 1 else "" for each in cohorts]
    tasks = {f"figures/{before}*": partial(_figures, each) for before, each in zip(befores, cohorts, strict=True)}
    for where, figures in run_each(tasks, lost=lost).items():
        files |= {where.replace("*", name): content for name, content in figures.items()}
    return files


def _table(rows: Callable[[Sequence[CohortResult]], Iterable[Row]], cohorts: Sequence[CohortResult]) -> str:
    return csv_text(rows(cohorts))


def _figures(cohort: CohortResult) -> dict[str, bytes]:
    from metaimt.figures.cohort import cohort_figures
    from metaimt.figures.save import figure_bytes

    kinds: tuple[Kind, ...] = ("svg", "png")
    drawn = cohort_figures(cohort)
    return {f"{name}.{kind}": figure_bytes(figure, kind) for name, figure in drawn.items() for kind in kinds}
