"""What is known of a unit, each field declared once: its label and unit, and where it is filtered, shown and grouped.

A new field of a patient, course or arm in the case file's model that stands here by `_plain` is a column of
tables/units.csv and of the forest plot, a filter of the page, a line of each case there and a grouping, without further
code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from metaimt.model.unit import Median, Span, Unit

Cell = str | int | float | bool | None
Words = Callable[[Unit], str | None]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a unit.

    words: what a reader sees, None or empty where the source says nothing. measure: years, months, or nothing.
    facet: the name of the page's filter. heading: of the forest plot's column, `shown` in it if not the words.
    level: of a grouping. value: in tables/units.csv. What is empty or None there makes no use of the field. further:
    no field of `Unit` itself, but one of the case file that no rule reads, carried as entered.
    """

    name: str
    label: str
    words: Words
    measure: str = ""
    facet: str = ""
    heading: str = ""
    shown: Words | None = None
    level: Words | None = None
    value: Callable[[Unit], Cell] | None = None
    further: bool = False


def _spaced(value: str | None) -> str | None:
    return value and value.replace("_", " ")


def _months(span: Span | None, median: Median | None = None, *, ongoing: bool | None = None) -> str:
    if span is None:
        return "" if median is None else f"median {median.value:g}"
    low, high = span
    return f"{low:g}{f'–{high:g}' if low < high else ''}{'+' if ongoing else ''}"


def _drug(unit: Unit) -> str:
    return f"{unit.drug}{' +' if unit.combined_with else ''}"


def _line(unit: Unit) -> str:
    return "not stated" if unit.line == "any" else unit.line


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _year(unit: Unit) -> str | None:
    return _number(unit.year)


def _plain(name: str, label: str, *, heading: str = "", facet: str = "", level: bool = False) -> Field:
    """A field whose term of the vocabulary is its words; its value in tables is the term."""

    def value(unit: Unit) -> str | None:
        """The term."""
        found: str | None = unit.field(name)
        return found

    def words(unit: Unit) -> str | None:
        """The term as words."""
        return _spaced(value(unit))

    further = name not in Unit.__slots__
    level_of = words if level else None
    return Field(name, label, words, facet=facet, heading=heading, level=level_of, value=value, further=further)


FIELDS: Final = (
    Field(
        "drug",
        "Drug",
        lambda unit: unit.drug,
        facet="drug",
        heading="Drug",
        shown=_drug,
        level=lambda unit: unit.drug if unit.drug_named else None,
        value=lambda unit: unit.drug,
    ),
    _plain("drug_generation", "Generation of the drug", level=True),
    Field(
        "combined_with",
        "Given with",
        lambda unit: ", ".join(unit.combined_with),
        heading="With",
        value=lambda unit: "; ".join(unit.combined_with),
    ),
    _plain("response", "Response", heading="Response"),
    _plain("response_basis", "Basis of the response", heading="Basis", facet="basis", level=True),
    Field("disputed", "Disputed", lambda unit: "yes" if unit.disputed else "no", value=lambda unit: unit.disputed),
    Field("complete", "Complete responses", lambda u: _number(u.complete), value=lambda u: u.complete),
    Field("disease_control", "Disease control", lambda u: _number(u.controlled), value=lambda u: u.controlled),
    _plain("histology", "Histology", heading="Histology", facet="histology", level=True),
    _plain("site", "Site", heading="Site", facet="site", level=True),
    _plain("fusion_gene", "Kinase", heading="Kinase"),
    _plain("fusion_partner", "Fusion partner", heading="Partner", facet="partner", level=True),
    Field(
        "age",
        "Age",
        lambda unit: None if unit.age is None else f"{unit.age:g}",
        measure="years",
        heading="Age",
        value=lambda unit: unit.age,
    ),
    _plain("age_group", "Age group", heading="Age group", level=True),
    _plain("sex", "Sex", heading="Sex", level=True),
    Field("year", "Year", _year, facet="year", heading="Year", level=_year, value=lambda unit: unit.year),
    _plain("depth", "Read as", heading="Read as", level=True),
    Field("local", "Local cohort", lambda unit: "yes" if unit.local else "no", value=lambda unit: unit.local),
    Field("population", "Population", lambda unit: unit.age_group, level=lambda unit: unit.age_group),
    Field("line", "Line of treatment", _line, facet="line", heading="Line"),
    Field(
        "duration",
        "Time on the drug",
        lambda unit: _months(unit.duration, unit.median_duration, ongoing=unit.ongoing),
        measure="months",
        heading="Months on drug",
    ),
    Field(
        "pfs",
        "Progression-free survival",
        lambda unit: _months(unit.pfs, unit.median_pfs),
        measure="months",
        heading="PFS, months",
    ),
    Field(
        "response_duration",
        "Duration of response",
        lambda unit: _months(unit.response_duration),
        measure="months",
        heading="Response, months",
    ),
    Field(
        "stop_reason",
        "Stopped because of",
        lambda unit: "ongoing" if unit.ongoing else _spaced(unit.stop_reason),
        heading="Ended by",
    ),
    Field(
        "design",
        "Design",
        lambda unit: _spaced(unit.design),
        heading="Design",
        level=lambda unit: _spaced(unit.design),
    ),
    Field("marker_evidence", "Marker known by", lambda u: u.marker_evidence, level=lambda u: u.marker_evidence),
    Field("report", "Report", lambda unit: unit.report, heading="Id", level=lambda unit: unit.report),
)
FURTHER: Final = tuple(field.name for field in FIELDS if field.further)
"""Fields that are carried as entered, see `Unit.stated`."""
BY_NAME: Final = {field.name: field for field in FIELDS}
GROUPINGS: Final = tuple(field.name for field in FIELDS if field.level is not None)
COLUMNS: Final = tuple(field.name for field in FIELDS if field.heading)
FACETS: Final = {field.facet: field for field in FIELDS if field.facet}
