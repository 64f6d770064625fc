"""A case file that names a table of patients: those who had a kinase inhibitor are read as patients of the file.

What a rule finds about such a patient is told at the row and column of the table.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path as FilePath
from typing import Any

from metaimt.casefiles.cohort_mapping import SUFFIX
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.patient_table import PatientTable, read_patient_table
from metaimt.casefiles.strict_yaml import Document, Path
from metaimt.casefiles.tables import cell_name
from metaimt.problem import Position, Problem
from metaimt.vocabulary import Vocabulary


@dataclass(frozen=True)
class DocumentWithTable(Document):
    """The document of a case file whose patients from number `first` on stand in a table."""

    first: int = 0
    table: PatientTable | None = None

    def problem(self, path: Path, rule: str, message: str, hint: str = "", **more: Any) -> Problem:
        """A problem at the value of `path`: in the table, if that is where the patient stands."""
        number = path[1] if len(path) > 1 and path[0] == "patients" else None
        if self.table is None or not isinstance(number, int) or number < self.first:
            return super().problem(path, rule, message, hint, **more)
        row = _treated(self.table)[number - self.first].row
        heading, column = self.table.headings.get(_field(path[2:]), self.table.headings["id"])
        said = f"{cell_name(row, column)} {heading}: {message}"
        severity = more.get("severity", "error")
        return Problem(self.table.name, Position(row, column), rule, severity, said, hint)


@dataclass(frozen=True)
class Attached:
    """The report with the patients of its table; without them if the table has an error."""

    report: CaseFile
    document: Document
    table: PatientTable | None
    problems: tuple[Problem, ...]


def attach_table(path: FilePath, report: CaseFile, document: Document, vocabulary: Vocabulary) -> Attached:
    """Read the table that a case file names, beside it. Any problem of the table is one of the review."""
    names = {"table": report.table or "", "mapping": report.mapping or ""}
    names["mapping"] = names["mapping"] or f"{FilePath(names['table']).stem}{SUFFIX}"
    for field, name in names.items():
        if FilePath(name).name != name:
            hint = "put it beside the case file and write its name only"
            problem = document.problem((field,), "patient-table", f"{field}: '{name}' is not beside this file", hint)
            return Attached(report, document, None, (problem,))
    try:
        beside = path.with_name(names["mapping"]), path.with_name(names["table"])
        table = read_patient_table(*beside, vocabulary, report.extraction.date)
    except OSError as error:
        at = "mapping" if report.mapping else "table"
        message = f"mapping '{names['mapping']}' cannot be read: {error.strerror or error}"
        draft = f"metaimt cohort --draft {shlex.quote(path.with_name(names['table']).as_posix())}"
        hint = f"{draft} drafts one; or write how the table is to be read: docs/cohort.md"
        return Attached(report, document, None, (document.problem((at,), "patient-table", message, hint),))
    if not table.readable:
        return Attached(report, document, None, table.problems)
    first = len(report.patients)
    treated = tuple(patient.treated for patient in _treated(table) if patient.treated is not None)
    inside = {field.name: getattr(document, field.name) for field in fields(Document)}
    return Attached(
        report.model_copy(update={"patients": (*report.patients, *treated)}),
        DocumentWithTable(**inside, first=first, table=table),
        table,
        table.problems,
    )


def _treated(table: PatientTable) -> list[Any]:
    return [patient for patient in table.patients if patient.treated is not None]


def _field(steps: Iterable[str | int]) -> str:
    """`courses.1.response` of ("courses", 0, "response")."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in steps)
