"""One row of a patient table as a patient: terms, times, and the kinase inhibitors as a case file has them.

Follow-up runs in months of 365.25/12 days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import ValidationError

from metaimt.casefiles.cohort_mapping import DAYS_IN, CohortMapping
from metaimt.casefiles.model import Patient
from metaimt.casefiles.reading import is_echo
from metaimt.casefiles.table_cells import Reader, shown
from metaimt.casefiles.tables import Cell, Row, TableProblems, WrongCell, is_summary, key_of, text_of
from metaimt.vocabulary import Vocabulary

OLDEST = 115.0  # years
LONGEST = 1200.0  # months
_TERMS = {"sex": "sex", "site": "site", "histology": "histology", "disease": "disease", "margin": "margin"}
_LISTS = {**_TERMS, "outcome": "cohort_outcome", "ihc": "marker_status"}
_LISTS |= {"symptoms": "presence", "treatment": "presence"}
_WORDS = {"drug": "drug", "response": "response", "response_basis": "response_basis", "stop_reason": "stop_reason"}
_DAY = "YYYY-MM-DD"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_COPIED = ("age", "sex", "site", "histology", "disease", "fusion_gene", "fusion_partner")
_DATES = ("diagnosis_date", "last_contact_date", "death_date")
_NUMBERS = ("duration_months", "pfs_months", "size_change_percent")


@dataclass(frozen=True, slots=True)
class CohortPatient:
    """One patient. Terms are those of the vocabulary, None where nothing is known; months from diagnosis.

    markers, symptoms, treatments: in the order of the mapping; symptoms and treatments are yes or no. no_time: why the
    patient is not in survival analyses, or empty. treated: as a case file has it, if there was a kinase inhibitor.
    """

    row: int
    id: str
    age: float | None
    sex: str | None
    site: str | None
    histology: str | None
    disease: str | None
    margin: str | None
    markers: tuple[str | None, ...]
    symptoms: tuple[str | None, ...]
    treatments: tuple[str | None, ...]
    months: float | None
    outcome: str | None
    no_time: str
    treated: Patient | None

    def says_the_same_as(self, other: CohortPatient) -> bool:
        """Whether all but the row is the same."""
        return replace(self, row=0) == replace(other, row=0)


class RowReader:
    """Turns rows into patients, and tells what is wrong with them."""

    def __init__(
        self,
        mapping: CohortMapping,
        vocabulary: Vocabulary,
        problems: TableProblems,
        headings: Sequence[str],
        columns: Mapping[str, int],
        *,
        read_on: str | None = None,
    ) -> None:
        self.mapping, self._vocabulary, self.problems = mapping, vocabulary, problems
        self.headings, self.columns = headings, columns
        self._cells = Reader(mapping, vocabulary)
        codes = {field: getattr(column, "codes", {}) for field, column in mapping.used()}
        self._readers = {field: self._reading(field, codes[field]) for field in columns}
        ends = {"is after the data cut": mapping.data_cut, "is after the day of reading": read_on}
        self._ends = {words: date.fromisoformat(day) for words, day in ends.items() if day and len(day) == len(_DAY)}
        self._ends["is in the future: today is"] = date.today()
        self._reasons: list[str] = []
        self._row = 0

    def id_of(self, cells: Sequence[Cell]) -> str:
        """The id of a row as far as it has one, for the list of rejected rows."""
        try:
            text = text_of(self._cell("id", cells))
        except WrongCell:
            return ""
        return text if _ID.fullmatch(text) else ""  # what is no study number may be a name

    def _cell(self, field: str, cells: Sequence[Cell]) -> Cell:
        at = self.columns[field]
        return cells[at] if at < len(cells) else None

    def patient(self, read: Row) -> tuple[CohortPatient | None, tuple[str, ...]]:
        """The patient of a row; or None and the reasons for which the row is rejected."""
        row, cells = read.number, read.cells
        self._row, self._reasons = row, []
        name = self._name(cells)
        if is_summary(name):
            hint = "delete the row: what it sums up is counted from the others"
            self._tell("summary-row", "id", f"{shown(name)} sums up other rows and is no patient", hint)
            return None, tuple(self._reasons)
        if any(str(cell).strip() for cell in cells[len(self.headings) :] if cell is not None):
            hint = "is a delimiter or decimal comma not in quotes?"
            message = f"the row has {len(cells)} cells, the heading {len(self.headings)}"
            self._tell("patient-value", None, message, hint)
        values = {field: self._value(field, cells) for field in self.columns}
        self._check_id(values["id"])
        self._check_range("age", values.get("age"), OLDEST, "years")
        months, outcome, no_time = self._follow_up(values)
        treated = self._treated(values) if not self._reasons else None
        if self._reasons:
            return None, tuple(self._reasons)
        return (
            CohortPatient(
                row=row,
                id=values["id"],
                age=values.get("age"),
                **{field: values.get(field) for field in _TERMS},
                markers=self._several("ihc", values),
                symptoms=self._several("symptoms", values),
                treatments=self._several("treatment", values),
                months=months,
                outcome=outcome,
                no_time=no_time,
                treated=treated,
            ),
            (),
        )

    def _name(self, cells: Sequence[Cell]) -> str:
        """What stands as id; in a row without one, its first text."""
        texts = (cell for cell in (self._cell("id", cells), *cells) if cell is not None and str(cell).strip())
        return str(next(texts, ""))

    def _several(self, group: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[f"{group}.{name}"] for name in getattr(self.mapping.columns, group))

    def _tell(self, rule: str, field: str | None, message: str, hint: str = "", kind: str = "") -> None:
        at = self.columns[field] if field else 0
        place = f"{self.problems.cell(self._row, at + 1)} {self.headings[at]}: " if field else ""
        said = f"{place}{message}"
        self.problems.tell(rule, said, hint, row=self._row, column=at + 1, kind=f"{kind or message}, {hint}")
        self._reasons.append(said)

    def _value(self, field: str, cells: Sequence[Cell]) -> Any:
        try:
            return self._readers[field](self._cell(field, cells))
        except WrongCell as error:
            self._tell("patient-value", field, str(error), error.hint, error.kind)
            return None

    def _reading(self, field: str, codes: Mapping[str, str]) -> Callable[[Cell], Any]:
        """What reads the cells of a field."""
        name, cells = field.partition(".")[0], self._cells
        if field in _DATES:
            return cells.day
        if field in {"age", "followup"} or field.endswith(_NUMBERS):
            return cells.number
        if field.endswith(".ongoing"):
            return lambda cell: cells.term(field, "presence", codes, cell)
        if name in _LISTS:
            return lambda cell: cells.term(field, _LISTS[name], codes, cell)
        terms = _WORDS.get(field.rpartition(".")[2])
        return lambda cell: cells.free(field, terms, codes, cell)

    def _check_id(self, found: str | None) -> None:
        if found is None:
            self._tell("patient-value", "id", "no id", "give each patient a study number of its own")
        elif not _ID.fullmatch(found):
            hint = "letters, digits, dash or underscore, at most 40: a study number, never a name"
            if _ID.fullmatch(key_of(found)):
                hint = "it holds an invisible or wide character: type it anew"
            self._tell("patient-value", "id", "not an id", hint)

    def _check_range(self, field: str, value: float | None, most: float, unit: str) -> None:
        if value is not None and not 0 <= value <= most:
            self._tell(
                "patient-value", field, f"{value:g} {unit} is not between 0 and {most:g}", "check the unit", "range"
            )

    def _follow_up(self, values: Mapping[str, Any]) -> tuple[float | None, str | None, str]:
        """Months, outcome, and why there is no time."""
        outcome, died = values.get("outcome"), values.get("death_date")
        if died is not None:
            if outcome not in {None, "dead"}:
                message = f"a date of death, and the outcome is {outcome}"
                self._tell("patient-times", "death_date", message, "correct one of the two", "alive")
            outcome = "dead"
        months = self._months(values, outcome)
        if outcome is None:
            return months, None, "outcome not stated"
        if months is None:
            return None, outcome, "time not stated"
        return months, outcome, ""

    def _months(self, values: Mapping[str, Any], outcome: str | None) -> float | None:
        if "followup" in values:
            if (length := values["followup"]) is None:
                return None
            months = float(length * DAYS_IN[self.mapping.time_unit] / DAYS_IN["months"])
            self._check_range("followup", months, LONGEST, "months")
            return months
        days = {field: values.get(field) for field in _DATES}
        start, last, died = days.values()
        for field, day in days.items():
            late = next((f"{words} {end}" for words, end in self._ends.items() if day is not None and day > end), "")
            if late:
                self._tell("patient-times", field, f"{day} {late}", "check the date", late)
        for field, word in (("last_contact_date", "last contact"), ("death_date", "death")):
            day = days[field]
            if day is not None and start is not None and day < start:
                message = f"{word} {day} is before diagnosis {start}"
                self._tell("patient-times", field, message, "check both dates", word)
        if last is not None and died is not None and last > died:
            message = f"contact {last} after death {died}"
            self._tell("patient-times", "last_contact_date", message, "check both dates", "after death")
        end = died if outcome == "dead" and "death_date" in values else last
        if start is None or end is None:
            return None
        months = float((end - start).days / DAYS_IN["months"])
        if months > LONGEST:
            message = f"{start} is {months / 12:.0f} years before {end}"
            self._tell("patient-times", "diagnosis_date", message, "check it", "long ago")
        return months

    def _treated(self, values: Mapping[str, Any]) -> Patient | None:
        """The patient as a case file has it; what its fields refuse is told at the cell."""
        courses = [self._course(number, values) for number in range(1, len(self.mapping.columns.courses) + 1)]
        given = [course for course in courses if course]
        if not given:
            return None
        if not courses[0]:
            self._tell("patient-value", "courses.1.drug", "empty, but a later drug is given", "fill in the first first")
            return None
        data: dict[str, Any] = {"id": values["id"]}
        data |= {name: values[name] for name in _COPIED if values.get(name) is not None}
        markers = zip(self.mapping.columns.ihc, self._several("ihc", values), strict=True)
        data["ihc"] = {name: status for name, status in markers if status is not None}
        data["courses"] = given
        if (outcome := values.get("outcome")) in {"alive", "dead"}:
            data["status"] = outcome
        try:
            return Patient.model_validate(data, context={"vocabulary": self._vocabulary})
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                if not is_echo(detail):
                    self._of_field(detail)
            return None

    def _course(self, number: int, values: Mapping[str, Any]) -> dict[str, Any]:
        start = f"courses.{number}."
        found = {f.removeprefix(start): v for f, v in values.items() if f.startswith(start) and v is not None}
        if found and "drug" not in found:
            field, value = next(iter(found.items()))
            self._tell("patient-value", start + field, f"{shown(str(value))}, but no drug", "name the drug", "no drug")
            return {}
        if "ongoing" in found:
            found["ongoing"] = found["ongoing"] == "yes"
        if "combined_with" in found:
            found["combined_with"] = [part.strip() for part in found["combined_with"].split(";") if part.strip()]
        return found

    def _of_field(self, detail: Mapping[str, Any]) -> None:
        steps = [step for step in detail["loc"] if step != "[key]"]
        of_course = steps[0] == "courses" and len(steps) > 2
        field = f"courses.{int(steps[1]) + 1}.{steps[2]}" if of_course else str(steps[0])
        context = detail.get("ctx", {})
        message, hint = context.get("message", detail["msg"]), context.get("hint", "")
        self._tell("patient-value", field if field in self.columns else "id", str(message), str(hint))
