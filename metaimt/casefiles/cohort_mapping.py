"""How a table of patients is to be read: which column is which field, how dates are written, what each code means.

The mapping is a small YAML file. Nothing about a table is guessed: what the mapping does not say is refused in the
table, with the line to add here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from metaimt.casefiles.fields import (
    Date,
    Entry,
    Flag,
    Term,
    Text,
    Whole,
    described,
    listed,
    mapped,
    refuse,
    vocabulary_of,
)
from metaimt.casefiles.model import Disease, Histology, MarkerStatus, Sex, Site

Margin = Annotated[str, Term("margin")]
CohortOutcome = Annotated[str, Term("cohort_outcome")]
Presence = Annotated[str, Term("presence")]
DAYS_IN = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
ENCODINGS = ("utf-8", "utf-16", "gb18030", "cp1252", "latin-1", "shift_jis")
GROUPED = ("sex", "site", "margin")
SUFFIX = ".mapping.yaml"
_TOKENS = re.compile(r"(YYYY|MM|DD)([-/. ]?)(YYYY|MM|DD)\2(YYYY|MM|DD)")
_T = TypeVar("_T")


def _of_list(value: str, accepted: tuple[str, ...]) -> str:
    if value not in accepted:
        raise refuse("wrong-form", f"'{value}' is not one of {', '.join(accepted)}", "")
    return value


def _date_order(text: str) -> str:
    match = _TOKENS.fullmatch(text)
    if match is None or {match[1], match[3], match[4]} != {"YYYY", "MM", "DD"}:
        hint = "write the order and the sign between: DD/MM/YYYY, MM/DD/YYYY, YYYY-MM-DD, DD.MM.YYYY"
        raise refuse("wrong-form", f"'{text}' does not say how dates are written", hint)
    return text


def _whole_day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise refuse("wrong-form", f"'{text}' is not a day", 'year, month and day: "2024-06-30"') from None
    return text


WholeDay = Annotated[Date, AfterValidator(_whole_day)]


def _epoch(year: int) -> int:
    if year not in {1900, 1904}:
        raise refuse("wrong-form", f"{year} is not a date system of Excel", "write 1900 (Windows) or 1904 (old Macs)")
    return year


def _separator(text: str) -> str:
    if text not in {",", ";", "\t", "tab", "|"}:
        raise refuse("wrong-form", f"'{text}' is no delimiter", 'write ",", ";", "|" or tab')
    return "\t" if text == "tab" else text


class Column(Entry):
    """A column of the table, by its heading."""

    column: Text = Field(description="Heading of the column, as it stands in the table.")


class Coded(Entry, Generic[_T]):
    """A column whose values are terms of the vocabulary, or codes for them."""

    column: Text = Field(description="Heading of the column, as it stands in the table.")
    codes: Mapping[str, _T] = mapped("What stands in the table -> the term of the vocabulary.")


def _heading(value: object) -> object:
    """`sex: Sex` is short for `sex: {column: Sex}`."""
    return value if isinstance(value, dict) else {"column": value}


Plain = Annotated[Column, BeforeValidator(_heading)]
SexColumn = Annotated[Coded[Sex], BeforeValidator(_heading)]
SiteColumn = Annotated[Coded[Site], BeforeValidator(_heading)]
HistologyColumn = Annotated[Coded[Histology], BeforeValidator(_heading)]
DiseaseColumn = Annotated[Coded[Disease], BeforeValidator(_heading)]
MarginColumn = Annotated[Coded[Margin], BeforeValidator(_heading)]
OutcomeColumn = Annotated[Coded[CohortOutcome], BeforeValidator(_heading)]
MarkerColumn = Annotated[Coded[MarkerStatus], BeforeValidator(_heading)]
YesNoColumn = Annotated[Coded[Presence], BeforeValidator(_heading)]
TextColumn = Annotated[Coded[Text], BeforeValidator(_heading)]


class CourseColumns(Entry):
    """The columns of one kinase inhibitor; a patient without a drug there had none. The first is the first given."""

    drug: TextColumn = Field(description="Generic name; empty: no kinase inhibitor.")
    response: TextColumn | None = described("Best response: CR, PR, SD, PD, NE.")
    response_as_stated: TextColumn | None = described("The words or measurements behind the response.")
    response_basis: TextColumn | None = described("stated, measured or inferred.")
    criteria: TextColumn | None = described("Response criteria, such as RECIST 1.1.")
    size_change_percent: Plain | None = described("Best change of size in percent, -30 for a loss of 30 %.")
    combined_with: TextColumn | None = described("What else was given with it.")
    duration_months: Plain | None = described("Time on the drug, months.")
    pfs_months: Plain | None = described("Progression-free survival, months.")
    ongoing: YesNoColumn | None = described("Whether the drug was still being taken.")
    stop_reason: TextColumn | None = described("Why it was stopped.")


class Columns(Entry):
    """Field -> column."""

    id: Plain = Field(description="A study number of its own for each patient; never a hospital number.")
    age: Plain | None = described("Age at diagnosis, years.")
    sex: SexColumn | None = described("female or male.")
    site: SiteColumn | None = described("Primary site, in one of the groups of the vocabulary.")
    histology: HistologyColumn | None = described("A histology of the vocabulary.")
    disease: DiseaseColumn | None = described("Extent.")
    margin: MarginColumn | None = described("Margin of the resection.")
    ihc: Mapping[str, MarkerColumn] = mapped("Marker -> column: positive or negative.")
    symptoms: Mapping[str, YesNoColumn] = mapped("Symptom -> column: yes or no.")
    treatment: Mapping[str, YesNoColumn] = mapped("Treatment -> column: yes or no.")
    fusion_gene: TextColumn | None = described("The kinase of the fusion.")
    fusion_partner: TextColumn | None = described("The partner gene.")
    diagnosis_date: Plain | None = described("Where follow-up starts.")
    last_contact_date: Plain | None = described("Last contact; for the dead, the death if there is no other column.")
    death_date: Plain | None = described("Death; empty for the living.")
    followup: Plain | None = described("Length of follow-up, if there are no dates.")
    outcome: OutcomeColumn | None = described("alive, dead or lost_to_followup at the end of follow-up.")
    courses: tuple[CourseColumns, ...] = listed("The kinase inhibitors, in the order given.")


class CohortMapping(Entry):
    """The whole mapping file."""

    title: Text | None = described("What the cohort is called in tables and figures.")
    table: Text | None = described("The table, beside this file: patients.csv or patients.xlsx.")
    sheet: Text | None = described("The sheet of a workbook; the first visible one if left out.")
    encoding: Annotated[Text, AfterValidator(lambda text: _of_list(text, ENCODINGS))] = Field(
        default="utf-8", description="How a CSV is encoded."
    )
    delimiter: Annotated[str, AfterValidator(_separator)] | None = described("Between the cells of a CSV.")
    dates: Annotated[Text, AfterValidator(_date_order)] | None = described("How dates are written: DD/MM/YYYY.")
    excel_dates: Annotated[Whole, AfterValidator(_epoch)] | None = described("1900 or 1904, where dates are numbers.")
    decimal_comma: Flag = Field(default=False, description="Whether 12,5 is twelve and a half.")
    time_unit: Annotated[Text, AfterValidator(lambda text: _of_list(text, tuple(DAYS_IN)))] = Field(
        default="months", description="Unit of the column followup: days, weeks, months or years."
    )
    missing: tuple[Text, ...] = listed("What stands for nothing known, besides an empty cell: NA, unknown.")
    data_cut: WholeDay | None = described("The last day of the data: a later date is an error.")
    drop: tuple[Text, ...] = listed("Columns that are never read: names, birth dates and the like.")
    columns: Columns = Field(description="Which column is which field.")
    groups: Mapping[str, Mapping[str, tuple[Text, ...]]] = mapped("Field -> group -> its terms, for comparisons.")

    @model_validator(mode="after")
    def _one_kind_of_time(self) -> CohortMapping:
        columns = self.columns
        dated = columns.last_contact_date or columns.death_date
        if columns.followup and (dated or columns.diagnosis_date):
            raise refuse("wrong-form", "both followup and dates", "map either the length of follow-up or the dates")
        if dated and not columns.diagnosis_date:
            raise refuse("wrong-form", "dates without diagnosis_date", "map the date from which time is counted")
        return self

    @model_validator(mode="after")
    def _groups_of_terms(self, info: ValidationInfo) -> CohortMapping:
        for field, groups in self.groups.items():
            if field not in GROUPED:
                raise refuse("wrong-form", f"groups: '{field}' is not one of {', '.join(GROUPED)}", "")
            terms = [term for names in groups.values() for term in names]
            for term in terms:
                if term not in vocabulary_of(info).lists[field]:
                    accepted = ", ".join(vocabulary_of(info).terms(field))
                    raise refuse("wrong-form", f"groups: '{term}' is not a {field}", f"the terms are {accepted}")
                if terms.count(term) > 1:
                    raise refuse("wrong-form", f"groups: '{term}' is in two groups of {field}", "leave one of them")
        return self

    def used(self) -> Iterator[tuple[str, Any]]:
        """(field, column) of every mapped column: `sex`, `ihc.BRAF`, `courses.1.drug`."""
        for name in Columns.model_fields:
            value = getattr(self.columns, name)
            if isinstance(value, Mapping):
                yield from ((f"{name}.{key}", column) for key, column in value.items())
            elif isinstance(value, tuple):
                for number, course in enumerate(value, start=1):
                    for field in CourseColumns.model_fields:
                        if (column := getattr(course, field)) is not None:
                            yield f"courses.{number}.{field}", column
            elif value is not None:
                yield name, value
