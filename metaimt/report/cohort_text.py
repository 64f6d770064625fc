"""A local cohort in a terminal 80 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.cohort_description import Positivity, Variable
from metaimt.analyses.cohort_survival import CohortSurvival, Comparison
from metaimt.analyses.duration import Curve
from metaimt.files import for_terminal
from metaimt.report.cohort import (
    LOSSES,
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
    reading_line,
    summary_text,
    survival_head,
    variable_head,
)
from metaimt.report.wording import plural
from metaimt.statistics.outcome import NotRun

WIDTH = 80
MOST_REJECTED = 20


def cohort_text(cohort: CohortResult) -> str:
    """Everything about one cohort."""
    blocks = [
        _head(cohort),
        _block("Table 1", _variables(cohort.table_one)),
        *(_block(f"{each.marker} positivity", _positivity(each)) for each in cohort.positivity),
        _block("Symptoms by marker status", _symptoms(cohort)),
        _block("Treatment", _variables(cohort.treatment) or ["nothing known"]),
        _block("Overall survival", _survival(cohort)),
    ]
    if cohort.notes:
        blocks.append(_block("As printed", [line for note in cohort.notes for line in _wrapped(f"{note}.", 2)]))
    return "\n\n".join(block for block in blocks if block)


def _wrapped(text: str, indent: int = 0) -> list[str]:
    """Lines of at most 80 columns; a number stays with its unit."""
    gap, joined = " " * indent, for_terminal(text).replace(" %", "\0%").replace(" months", "\0months")
    lines = textwrap.wrap(joined, WIDTH, initial_indent=gap, subsequent_indent=gap, break_on_hyphens=False)
    return [line.replace("\0", " ") for line in lines]


def _head(cohort: CohortResult) -> str:
    lines = [*_wrapped(cohort.title), f"{plural(cohort.patients, 'patient')}, from {_source(cohort)}"]
    if cohort.reading is not None:
        lines += _wrapped(reading_line(cohort))
        shown = cohort.reading.rejected[:MOST_REJECTED]
        for each in shown:
            lines += _wrapped(f"row {each.row}{f' ({each.id})' if each.id else ''}: {'; '.join(each.reasons)}", 2)
        if more := len(cohort.reading.rejected) - len(shown):
            lines.append(f"  and {more} more: --format json, or --out FOLDER")
        if cohort.reading.not_used:
            lines += _wrapped(f"Columns not used: {', '.join(cohort.reading.not_used)}")
    return "\n".join(lines)


def _source(cohort: CohortResult) -> str:
    return "a patient table" if cohort.reading else f"published counts ({cohort.id})"


def _block(title: str, lines: Iterable[str]) -> str:
    return "\n".join([title, *(line.rstrip() for line in lines)])


def _variables(variables: Sequence[Variable]) -> list[str]:
    lines = []
    for variable in variables:
        lines.append(f"  {for_terminal(variable_head(variable))}")
        if variable.summary is not None:
            lines += _wrapped(summary_text(variable.summary), 4)
        lines += _table([level_cells(level, variable.of) for level in variable.levels], "<>>", indent=4, first=38)
    return lines


def _table(rows: Iterable[Sequence[str]], align: str, *, indent: int = 2, first: int = 0) -> list[str]:
    """Rows in columns as wide as they need; `align` has < or > for each."""
    cells = [[for_terminal(cell) for cell in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    widths[0] = max(first, widths[0])
    return [
        " " * indent + "  ".join(f"{cell:{sign}{width}}" for cell, sign, width in zip(row, align, widths, strict=True))
        for row in cells
    ]


def _positivity(found: Positivity) -> list[str]:
    rows = [("", "r/n", "", "95 % exact"), *positivity_cells(found)]
    lines = _table(rows, "<>>>", first=32)
    return lines + [line for text in positivity_lines(found) for line in _wrapped(text, 2)]


def _symptoms(cohort: CohortResult) -> list[str]:
    if isinstance(cohort.symptoms, NotRun):
        return [f"  {cohort.symptoms.wording()}"]
    lines = []
    for marker in dict.fromkeys(each.marker for each in cohort.symptoms):
        found = [each for each in cohort.symptoms if each.marker == marker]
        short = [
            (*row[:3], "not run" if isinstance(each.test, NotRun) else row[3])
            for each, row in ((each, contrast_cells(each)) for each in found)
        ]
        lines += _table([("", f"{marker}-positive", f"{marker}-negative", "exact test"), *short], "<>>>")
        for reason in dict.fromkeys(each.test.wording() for each in found if isinstance(each.test, NotRun)):
            lines += _wrapped(reason, 2)
    return lines


def _survival(cohort: CohortResult) -> list[str]:
    if isinstance(cohort.survival, NotRun):
        said = [f"{cohort.survival.wording()}.", *printed_lines(cohort)]
        return [line for text in said for line in _wrapped(text, 2)]
    return list(_computed(cohort.survival))


def _computed(found: CohortSurvival) -> Iterator[str]:
    yield from _wrapped(survival_head(found), 2)
    yield from _curve(found.curve)
    if found.if_losses_died is not None:
        yield ""
        yield from _wrapped(f"!! {LOSSES}", 2)
        yield from _curve(found.if_losses_died)
    if found.comparisons:
        yield ""
        yield "Survival by group"
        for comparison in found.comparisons:
            yield from _wrapped(comparison_line(comparison), 2)
            yield from _groups(comparison)
    if found.models:
        yield ""
        yield "Univariable Cox regression"
        yield from _cox(found)


def _curve(curve: Curve | NotRun) -> Iterator[str]:
    if isinstance(curve, NotRun):
        yield f"  Kaplan-Meier {curve.wording()}"
        return
    yield from _wrapped(curve_head(curve), 2)
    rows = [("months", "survival", "95 % interval", "at risk"), *map(landmark_cells, curve.landmarks)]
    yield from _table(rows, ">>>>")


def _groups(comparison: Comparison) -> Iterator[str]:
    """Three groups side by side at most."""
    rows = [("months", *map(group_head, comparison.groups)), *group_cells(comparison)]
    for at in range(1, len(rows[0]), 3):
        some = [(row[0], *row[at : at + 3]) for row in rows]
        yield from _table(some, ">" * len(some[0]), indent=4)


def _cox(found: CohortSurvival) -> Iterator[str]:
    rows: list[tuple[str, ...]] = [("", "HR", "95 % interval", "")]
    for model in found.models:
        if model.not_run is None:
            cells = list(cox_cells(model))
            check = f"; PH check {cells[0][7]}" if cells[0][7] else ""
            counts = f"{plural(model.n, 'patient')}, {plural(model.events, 'death')}"
            rows.append((f"{name(model.covariate)} ({counts}{check})", "", "", ""))
            rows += [(f"  {row[3]}", *row[4:7]) for row in cells]
    if len(rows) > 1:
        yield from _cox_table(rows)
    for model in found.models:
        if model.not_run is not None:
            missing = f", not known for {model.missing}" if model.missing else ""
            yield from _wrapped(f"{name(model.covariate)} (n = {model.n}{missing}): {model.not_run.wording()}", 2)
    for note in cox_notes(found.models):
        yield from _wrapped(note, 2)
    if len(rows) > 1:
        yield from _wrapped("PH check: a small p speaks against proportional hazards (Grambsch and Therneau).", 2)


def _cox_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Terms in columns; the line of a covariate runs over them."""
    terms = [row for row in rows if row[1]]
    lines = iter(_table(terms, "<>><"))
    for row in rows:
        yield next(lines) if row[1] else f"  {for_terminal(row[0])}"
