"""Each field of a unit, as a reader sees it and as it stands in tables. The two patients and the arm are made up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from conftest import unit

from metaimt.model.fields import BY_NAME, COLUMNS, FACETS, FIELDS, GROUPINGS


@dataclass(frozen=True)
class Printed:
    """A median without limits."""

    value: float
    ci: tuple[float | None, float | None] | None = None


SAID: dict[str, Any] = {
    **{"drug_generation": "first", "combined_with": ("surgery", "steroids"), "local": True},
    **{"response": "PR", "response_basis": "stated", "disputed": True, "complete": 0, "controlled": 1},
    **{"histology": "EIMS", "site": "head_and_neck", "fusion_gene": "ALK", "fusion_partner": "RANBP2"},
    **{"age": 3.5, "age_group": "child", "sex": "female", "year": 2020, "depth": "full_text"},
    **{"duration": (3.0, 5.0), "pfs": (9.5, 9.5), "response_duration": (2.0, 2.0), "ongoing": False},
    **{"stop_reason": "tumour_progression", "marker_evidence": "fusion"},
}
FULL = unit("a-2020/P1", 1, 1, **SAID)
ARM = replace(
    unit("b-2020/arm1", 3, 4, design="trial", line="any", drug_named=False, drug="unspecified"),
    median_duration=Printed(8.0),
    median_pfs=Printed(12.5),
)

WORDS: dict[str, tuple[Any, Any]] = {  # of the patient, of the arm
    "drug": ("crizotinib", "unspecified"),
    "drug_generation": ("first", None),
    "combined_with": ("surgery, steroids", ""),
    "response": ("PR", None),
    "response_basis": ("stated", None),
    "disputed": ("yes", "no"),
    "complete": ("0", None),
    "disease_control": ("1", None),
    "histology": ("EIMS", None),
    "site": ("head and neck", None),
    "fusion_gene": ("ALK", None),
    "fusion_partner": ("RANBP2", None),
    "age": ("3.5", None),
    "age_group": ("child", None),
    "sex": ("female", None),
    "year": ("2020", None),
    "depth": ("full text", None),
    "local": ("yes", "no"),
    "population": ("child", None),
    "line": ("first", "not stated"),
    "duration": ("3–5", "median 8"),
    "pfs": ("9.5", "median 12.5"),
    "response_duration": ("2", ""),
    "stop_reason": ("tumour progression", None),
    "design": ("case report", "trial"),
    "marker_evidence": ("fusion", None),
    "report": ("a-2020", "b-2020"),
}


def test_every_field_in_words() -> None:
    assert {field.name: (field.words(FULL), field.words(ARM)) for field in FIELDS} == WORDS


VALUES: dict[str, tuple[Any, Any]] = {  # in tables/units.csv, as the file says it
    "drug": ("crizotinib", "unspecified"),
    "drug_generation": ("first", None),
    "combined_with": ("surgery; steroids", ""),
    "response": ("PR", None),
    "response_basis": ("stated", None),
    "disputed": (True, False),
    "complete": (0, None),
    "disease_control": (1, None),
    "histology": ("EIMS", None),
    "site": ("head_and_neck", None),
    "fusion_gene": ("ALK", None),
    "fusion_partner": ("RANBP2", None),
    "age": (3.5, None),
    "age_group": ("child", None),
    "sex": ("female", None),
    "year": (2020, None),
    "depth": ("full_text", None),
    "local": (True, False),
}


def test_every_field_in_the_table_of_units() -> None:
    found = {field.name: (field.value(FULL), field.value(ARM)) for field in FIELDS if field.value}
    assert found == VALUES


LEVELS: dict[str, str | None] = {  # of a grouping, for the patient
    "drug": "crizotinib",
    "drug_generation": "first",
    "response_basis": "stated",
    "histology": "EIMS",
    "site": "head and neck",
    "fusion_partner": "RANBP2",
    "age_group": "child",
    "sex": "female",
    "year": "2020",
    "depth": "full text",
    "population": "child",
    "design": "case report",
    "marker_evidence": "fusion",
    "report": "a-2020",
}


def test_every_grouping() -> None:
    assert tuple(LEVELS) == GROUPINGS
    assert {name: BY_NAME[name].level(FULL) for name in GROUPINGS} == LEVELS  # type: ignore[misc]
    drug = BY_NAME["drug"].level
    assert drug is not None
    assert drug(ARM) is None, "a drug that is not named is no level"


def test_the_filters_of_the_page() -> None:
    assert {facet: field.name for facet, field in FACETS.items()} == {
        "drug": "drug",
        "basis": "response_basis",
        "histology": "histology",
        "site": "site",
        "partner": "fusion_partner",
        "year": "year",
        "line": "line",
    }


HEADINGS = {  # of the columns of a forest plot
    "drug": "Drug",
    "combined_with": "With",
    "response": "Response",
    "response_basis": "Basis",
    "histology": "Histology",
    "site": "Site",
    "fusion_gene": "Kinase",
    "fusion_partner": "Partner",
    "age": "Age",
    "age_group": "Age group",
    "sex": "Sex",
    "year": "Year",
    "depth": "Read as",
    "line": "Line",
    "duration": "Months on drug",
    "pfs": "PFS, months",
    "response_duration": "Response, months",
    "stop_reason": "Ended by",
    "design": "Design",
    "report": "Id",
}


def test_the_columns_of_a_forest_plot() -> None:
    assert {name: BY_NAME[name].heading for name in COLUMNS} == HEADINGS
    shown = BY_NAME["drug"].shown
    assert shown is not None
    assert (shown(FULL), shown(ARM)) == ("crizotinib +", "unspecified")


def test_a_measure_and_a_label_of_each() -> None:
    measured = {field.name: field.measure for field in FIELDS if field.measure}
    assert measured == {"age": "years", "duration": "months", "pfs": "months", "response_duration": "months"}
    assert (BY_NAME["sex"].label, BY_NAME["response_basis"].label) == ("Sex", "Basis of the response")


@pytest.mark.parametrize(("ongoing", "words"), [(True, "3–5+"), (False, "3–5"), (None, "3–5")])
def test_who_is_still_on_the_drug(ongoing: bool | None, words: str) -> None:
    one = replace(FULL, ongoing=ongoing)
    assert BY_NAME["duration"].words(one) == words
    assert BY_NAME["pfs"].words(one) == "9.5", "of the time on the drug only"
    assert BY_NAME["stop_reason"].words(one) == ("ongoing" if ongoing else "tumour progression")
