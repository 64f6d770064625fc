"""Names of authors as exporters write them; everyone is made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.model.publication import author, authors, authors_in


@pytest.mark.parametrize(
    ("name", "shown", "family"),
    [
        ("Specimen, Anna Maria", "Specimen AM", "Specimen"),
        ("Specimen, A. M.", "Specimen AM", "Specimen"),
        ("Specimen, AM", "Specimen AM", "Specimen"),
        ("Specimen A.", "Specimen A", "Specimen"),
        ("Specimen A.-M.", "Specimen AM", "Specimen"),
        ("Specimen A M", "Specimen AM", "Specimen"),
        ("Specimen A M C", "Specimen AMC", "Specimen"),
        ("van Specimen A M", "van Specimen AM", "van Specimen"),
        ("WHO A. M.", "WHO AM", "WHO"),
        ("Specimen A. M.", "Specimen AM", "Specimen"),
        ("van der Specimen AM", "van der Specimen AM", "van der Specimen"),
        ("A. M. Specimen", "Specimen AM", "Specimen"),
        ("SPECIMEN, ANNA", "SPECIMEN ANNA", "SPECIMEN"),
        ("LI A", "LI A", "LI"),
        ("Specimen, A., Jr", "Specimen A Jr", "Specimen"),
        ("Specimen, Jr., Anna", "Specimen A Jr", "Specimen"),
        ("Specimen A Jr", "Specimen A Jr", "Specimen"),
        ("Specimen, A. III", "Specimen A III", "Specimen"),
        ("Made-up Study Group", "Made-up Study Group", "Made-up Study Group"),
        ("Department of Making Up, Invented University", "Department of Making Up, Invented University", ""),
        ("WHO", "WHO", "WHO"),
        ("World Health Organization,", "World Health Organization", "World Health Organization"),
        ("標本", "標本", "標本"),
        ("", "", ""),
    ],
)
def test_one_name(name: str, shown: str, family: str) -> None:
    found = author(name)
    assert found.shown == shown
    assert found.family == (family or shown)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Specimen, A.", ["Specimen A"]),
        ("Specimen, A.; Otherone, C.; Thirdone, D.", ["Specimen A", "Otherone C", "Thirdone D"]),
        ("Specimen A.; Otherone C.", ["Specimen A", "Otherone C"]),
        ("Specimen A, Otherone CD", ["Specimen A", "Otherone CD"]),
        ("Specimen, A., Otherone, C.", ["Specimen A", "Otherone C"]),
        ("Specimen, A., Jr", ["Specimen A Jr"]),
        ("Specimen, Anna, Jr", ["Specimen A Jr"]),
        ("Department of Making Up, Hospital A", ["Department of Making Up, Hospital A"]),  # one group, not two people
        (" ; ", []),
    ],
)
def test_one_field_of_an_export(field: str, expected: list[str]) -> None:
    assert [one.shown for one in authors_in(field)] == expected


@pytest.mark.parametrize(
    ("text", "expected", "more"),
    [
        ("Specimen A, Otherone CD, et al.", ["Specimen A", "Otherone CD"], True),
        ("Specimen A, Otherone CD.", ["Specimen A", "Otherone CD"], False),
        ("Specimen, A.", ["Specimen A"], False),
        ("Specimen A et al", ["Specimen A"], True),
        ("Made-up Study Group, WHO, Specimen A, CDC", ["Made-up Study Group", "WHO", "Specimen A", "CDC"], False),
        ("Specimen A, Made-up Study Group", ["Specimen A", "Made-up Study Group"], False),
        ("", [], False),
    ],
)
def test_a_whole_list(text: str, expected: list[str], more: bool) -> None:
    found, follow = authors(text)
    assert ([one.shown for one in found], follow) == (expected, more)


@given(st.text(max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert all(one.shown == one.shown.strip() for one in (author(text), *authors(text)[0], *authors_in(text)))
