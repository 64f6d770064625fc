"""A local cohort, one patient a row: read through its mapping, every row kept or rejected with its reason.

Dates become months and are forgotten; columns that are dropped or not mapped are never looked at. A row with an error
is rejected whole; two rows with one id reject each other unless they say the same.

A case file that names a table of patients: those who had a kinase inhibitor are read as patients of the file.

What a rule finds about such a patient is told at the row and column of the table.

Columns that say who somebody is: such a table is refused until the mapping drops them.

The names are data: vocabulary/identifying.yaml.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from metaimt.casefiles.cohort_mapping import SUFFIX, CohortMapping
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.reading import read_model
from metaimt.casefiles.strict_yaml import MAXIMUM_BYTES, Document, parse
from metaimt.casefiles.strict_yaml import Path as Steps
from metaimt.casefiles.table_patients import CohortPatient, RowReader
from metaimt.casefiles.tables import Row, Table, TableProblems, UnreadableTable, cell_name, key_of, open_table
from metaimt.files import read_regular
from metaimt.problem import Position, Problem, ordered
from metaimt.vocabulary import Vocabulary, built_in, identifying_names


def is_identifying(heading: str) -> bool:
    """Whether a heading names what identifies a person: `Patient name`, `D.O.B.`, `DateOfBirth`, `Geburtsdatum`."""
    whole, parts = identifying_names()
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading).casefold()
    plain = " ".join(re.sub(r"[\W_]+", " ", apart).split())
    if plain in whole or plain.replace(" ", "") in {part.replace(" ", "") for part in parts}:
        return True
    return any(f" {part} " in f" {plain} " for part in parts)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not analysed, and why."""

    row: int
    id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class PatientTable:
    """A table as read. `rows` are those that are not empty; each is in `patients`, `rejected` or `repeated`.

    repeated: rows that say the same as an earlier one. empty: empty rows between them. not_used: headings of columns
    that are neither mapped nor dropped. headings: field -> (heading, column). problems: with row and column.
    notes: what of the file is not read, such as another sheet.
    """

    name: str
    title: str
    mapping: CohortMapping | None
    headings: Mapping[str, tuple[str, int]]
    patients: tuple[CohortPatient, ...]
    rejected: tuple[Rejected, ...]
    repeated: int
    empty: int
    not_used: tuple[str, ...]
    problems: tuple[Problem, ...]
    readable: bool
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows that are not empty, below the heading."""
        return len(self.patients) + len(self.rejected) + self.repeated


def read_patient_table(
    mapping_file: Path,
    table_file: Path | None = None,
    vocabulary: Vocabulary | None = None,
    read_on: str | None = None,
) -> PatientTable:
    """Read a table of patients by its mapping. Never raises on bad content: the table then has problems.

    Args:
        mapping_file: the YAML file.
        table_file: the CSV or XLSX; if None, the mapping names it, beside itself.
        vocabulary: terms; the built-in ones if None.
        read_on: the day on which the patients were read, "2026-11-23": a later date is an error, as one after today is.

    Raises:
        OSError: the mapping cannot be opened.
    """
    words = vocabulary or built_in()
    document = parse(mapping_file.as_posix(), read_regular(mapping_file, MAXIMUM_BYTES))
    mapping, problems = read_model(document, CohortMapping, words)
    if mapping is None:
        return _unreadable(mapping_file.as_posix(), None, problems)
    if table_file is None:
        if mapping.table is None:
            said = document.problem((), "patient-table", "the mapping names no table", "add table: patients.csv")
            return _unreadable(document.name, mapping, (said,))
        if Path(mapping.table).name != mapping.table:
            hint = f"put the table beside {mapping_file.name} and write its name only"
            path = ("table",)
            said = document.problem(path, "patient-table", f"table: '{mapping.table}' is not beside the mapping", hint)
            return _unreadable(document.name, mapping, (said,))
        table_file = mapping_file.parent / mapping.table
    return _read(table_file, mapping, words, read_on)


def _unreadable(name: str, mapping: CohortMapping | None, problems: Iterable[Problem]) -> PatientTable:
    title = (mapping.title if mapping else None) or Path(name).stem
    return PatientTable(name, title, mapping, {}, (), (), 0, 0, (), ordered(problems), readable=False)


def _read(path: Path, mapping: CohortMapping, vocabulary: Vocabulary, read_on: str | None) -> PatientTable:
    problems = TableProblems(path.as_posix())
    wanted = {key_of(column.column) for _, column in mapping.used()}
    try:
        with open_table(
            path,
            lambda row: len(wanted & set(map(key_of, row))),
            sheet=mapping.sheet,
            encoding=mapping.encoding,
            delimiter=mapping.delimiter,
        ) as table:
            _check_epoch(table, mapping)
            problems.sheet = table.sheet
            columns = _columns(problems, mapping, table.heading.number, table.headings)
            if not problems.number:
                table.refuse_merged(columns.values())
                reader = RowReader(mapping, vocabulary, problems, table.headings, columns, read_on=read_on)
                return replace(_Pass(reader).over(table.rows), notes=table.notes)
    except UnreadableTable as error:
        problems.tell("patient-table", str(error), error.hint, row=error.row, column=error.column)
    except OSError as error:
        hint = "patient tables stay where they are: put it beside its mapping, or name another"
        problems.tell("patient-table", f"cannot be read: {error.strerror or error}", hint)
    return _unreadable(problems.file, mapping, problems.all())


def _check_epoch(table: Table, mapping: CohortMapping) -> None:
    if mapping.excel_dates and table.epoch and table.epoch != mapping.excel_dates:
        hint = f"write excel_dates: {table.epoch} in the mapping"
        raise UnreadableTable(f"the workbook counts its dates from {table.epoch}", hint)


def _columns(problems: TableProblems, mapping: CohortMapping, row: int, headings: Sequence[str]) -> dict[str, int]:
    """Field -> index of its column; what is wrong with the headings stops the reading."""
    dropped, keys = {key_of(name) for name in mapping.drop}, list(map(key_of, headings))
    for at, heading in enumerate(headings):
        if keys[at] not in dropped and is_identifying(heading):
            hint = f'delete the column, or add it to the mapping, and it is never read: drop: ["{heading}"]'
            message = f"column '{heading}' may identify patients"
            problems.tell("identifying-column", message, hint, row=row, column=at + 1)
    for name in mapping.drop:
        if key_of(name) not in keys:
            message = f"drop names a column '{name}' that is not there"
            problems.tell("patient-column", message, _near(name, headings), row=row)
    found = {}
    for field, column in mapping.used():
        wanted, key = " ".join(column.column.split()), key_of(column.column)
        exact = [at for at, heading in enumerate(headings) if heading == wanted]
        places = exact or [at for at, found_key in enumerate(keys) if found_key == key]
        if len(places) == 1 and key not in dropped:
            found[field] = places[0]
        else:
            message, hint = _no_column(field, wanted, headings, len(places), dropped=key in dropped)
            problems.tell("patient-column", message, hint, row=row, column=max(places, default=0) + 1)
    return found


def _no_column(field: str, wanted: str, headings: Sequence[str], places: int, *, dropped: bool) -> tuple[str, str]:
    if dropped:
        return f"column '{wanted}' is dropped and mapped ({field})", "delete one of the two"
    if places:
        return f"there are {places} columns '{wanted}'", "give each its own heading"
    return f"there is no column '{wanted}' ({field})", _near(wanted, headings)


def _near(name: str, headings: Sequence[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name.casefold(), [heading.casefold() for heading in headings if heading], 1, 0.6)
    if close:
        return f"did you mean '{next(heading for heading in headings if heading.casefold() == close[0])}'?"
    return f"the columns are {', '.join(heading for heading in headings if heading)}"[:300]


class _Pass:
    """One pass over the rows below the heading."""

    def __init__(self, reader: RowReader) -> None:
        self._reader, self._problems = reader, reader.problems
        self._kept: dict[str, CohortPatient] = {}
        self._rejected: dict[int, Rejected] = {}
        self._counts: Counter[str] = Counter()

    def over(self, rows: Iterable[Row]) -> PatientTable:
        """The table, once every row was looked at."""
        waiting = 0  # empty rows at the end of a sheet are nobody's
        for row in rows:
            if row.empty:
                waiting += 1
                continue
            self._counts["empty"] += waiting
            waiting = 0
            self._row(row)
        for rejected in tuple(self._rejected.values()):
            kept = self._kept.get(key_of(rejected.id))
            if kept is not None and kept.row not in self._rejected:
                self._settle(kept, rejected)
        if not self._kept and not self._rejected:
            self._problems.tell("patient-table", "there is a heading but no patient", "each further row is one patient")
        return self._table()

    def _row(self, row: Row) -> None:
        patient, reasons = self._reader.patient(row)
        if patient is None:
            self._rejected[row.number] = Rejected(row.number, self._reader.id_of(row.cells), reasons)
        elif (first := self._kept.setdefault(key_of(patient.id), patient)) is not patient:
            if patient.says_the_same_as(first) and first.row not in self._rejected:
                message = f"id '{patient.id}' says the same as row {first.row}; counted once"
                column = self._reader.columns["id"] + 1
                hint = "delete the row"
                self._problems.tell(
                    "repeated-row", message, hint, row=patient.row, column=column, severity="warning", kind=hint
                )
                self._counts["repeated"] += 1
            else:
                self._settle(patient, first)
                self._reject(first, patient)

    def _settle(self, patient: CohortPatient, other: CohortPatient | Rejected) -> None:
        differs = "and says something else" if patient.id == other.id else f"there as '{other.id}'"
        message = f"id '{patient.id}' is also in row {other.row}, {differs}"
        hint = "neither is analysed before it is settled which is right"
        column = self._reader.columns["id"] + 1
        self._problems.tell("repeated-patient", message, hint, row=patient.row, column=column)
        self._reject(patient, other)

    def _reject(self, patient: CohortPatient, other: CohortPatient | Rejected) -> None:
        reason = f"id '{patient.id}' is also in row {other.row}"
        self._rejected.setdefault(patient.row, Rejected(patient.row, patient.id, (reason,)))

    def _table(self) -> PatientTable:
        reader, mapping = self._reader, self._reader.mapping
        dropped = {key_of(name) for name in mapping.drop}
        used = {reader.headings[at] for at in reader.columns.values()}
        unused = (heading for heading in reader.headings if heading and heading not in used)
        return PatientTable(
            name=self._problems.file,
            title=mapping.title or Path(self._problems.file).stem,
            mapping=mapping,
            headings={field: (reader.headings[at], at + 1) for field, at in reader.columns.items()},
            patients=tuple(patient for patient in self._kept.values() if patient.row not in self._rejected),
            rejected=tuple(self._rejected[row] for row in sorted(self._rejected)),
            repeated=self._counts["repeated"],
            empty=self._counts["empty"],
            not_used=tuple(heading for heading in unused if key_of(heading) not in dropped),
            problems=ordered(self._problems.all()),
            readable=bool(self._kept or self._rejected),
        )


@dataclass(frozen=True)
class DocumentWithTable(Document):
    """The document of a case file whose patients from number `first` on stand in a table."""

    first: int = 0
    table: PatientTable | None = None

    def problem(self, path: Steps, rule: str, message: str, hint: str = "", **more: Any) -> Problem:
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


def attach_table(path: Path, report: CaseFile, document: Document, vocabulary: Vocabulary) -> Attached:
    """Read the table that a case file names, beside it. Any problem of the table is one of the review."""
    names = {"table": report.table or "", "mapping": report.mapping or ""}
    names["mapping"] = names["mapping"] or f"{Path(names['table']).stem}{SUFFIX}"
    for field, name in names.items():
        if Path(name).name != name:
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
    return Attached(
        report.model_copy(update={"patients": (*report.patients, *treated)}),
        DocumentWithTable(**vars(document), first=first, table=table),
        table,
        table.problems,
    )


def _treated(table: PatientTable) -> list[Any]:
    return [patient for patient in table.patients if patient.treated is not None]


def _field(steps: Iterable[str | int]) -> str:
    """`courses.1.response` of ("courses", 0, "response")."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in steps)
