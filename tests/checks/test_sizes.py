"""A change of size against the response category: where RECIST decides, where it asks, where two sizes agree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from conftest import told_of
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.model import Course
from metaimt.checks.sizes import SIZE_RULES

ERROR, WARNING = "size-contradicts-response", "size-suggests-another-response"
BY_RECIST = [  # change, response, what is told when RECIST 1.1 is named
    (-100, "CR", None),
    (-100, "PR", WARNING),  # other disease may be left
    (-100, "SD", ERROR),
    (-99, "CR", WARNING),  # nodes may be normal
    (-48, "PR", None),
    (-48, "CR", WARNING),
    (-48, "SD", ERROR),
    (-48, "PD", WARNING),  # there may be new lesions
    (-30, "PR", None),
    (-30, "SD", ERROR),
    (-29.9, "PR", ERROR),
    (-29.9, "SD", None),
    (-29.9, "CR", ERROR),  # a node that counted and became normal shrank by a third at least
    (-14, "PR", ERROR),
    (-14, "PD", WARNING),
    (0, "SD", None),
    (0, "CR", ERROR),
    (19.9, "SD", None),
    (19.9, "PD", WARNING),
    (20, "SD", ERROR),
    (20, "PD", None),
    (20, "PR", ERROR),
    (-48, "NE", WARNING),
    (-48, None, WARNING),
]


def told(change: float | None, response: str | None, **more: object) -> list[str]:
    course = Course.model_validate(
        {"drug": "crizotinib", "size_change_percent": change, "response": response, **more}, strict=False
    )
    return [rule.id for rule in SIZE_RULES for _ in rule.look(course)]


@pytest.mark.parametrize(("change", "response", "expected"), BY_RECIST)
def test_by_recist(change: float, response: str | None, expected: str | None) -> None:
    assert told(change, response, criteria="RECIST 1.1") == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("sizes", "response", "expected"),
    [
        # half a per cent on either side of a limit, as sizes are rounded themselves
        ([100, 70.5], "PR", []),
        ([100, 70.54], "PR", [ERROR]),
        ([100, 69.54], "SD", []),
        ([100, 69.46], "SD", [ERROR]),
        ([100, 119.5], "PD", []),
        ([100, 119.46], "PD", [WARNING]),
        ([100, 120.5], "SD", [ERROR]),
        ([100, 120.46], "SD", []),
        ([100, 0], "PR", [WARNING]),  # nothing left is no rounding
    ],
)
def test_a_change_computed_from_sizes_is_known_to_half_a_per_cent(
    sizes: list[float], response: str, expected: list[str]
) -> None:
    assert told(None, response, criteria="RECIST 1.1", sizes=sizes) == expected


@pytest.mark.parametrize("criteria", [None, "PERCIST", "RECIST 1.1 and Choi"])
@pytest.mark.parametrize("change", [-29, -14, 0, 15])
def test_without_recist_alone_it_is_a_warning(criteria: str | None, change: float) -> None:
    assert told(change, "PR", **({"criteria": criteria} if criteria else {})) in ([WARNING], [])
    assert told(change, "CR", **({"criteria": criteria} if criteria else {})) == [WARNING]


@pytest.mark.parametrize(
    ("criteria", "change", "response", "expected"),
    [
        ("WHO", -48, "SD", []),
        ("WHO", -50, "PR", []),
        ("WHO", -48, "PR", [WARNING]),
        ("WHO", 24, "SD", []),
        ("WHO", 25, "PD", []),
        ("Choi", -14, "PR", []),
        ("Choi criteria", 10, "PD", []),
        ("whole-body MRI", -48, "PR", []),
        ("iRECIST", -14, "PR", [ERROR]),
        ("recist v1.1", -14, "PR", [ERROR]),
        ("RECIST1.1", -14, "PR", [ERROR]),
        ("irRECIST", -14, "PR", [ERROR]),
        ("Response Evaluation Criteria in Solid Tumors 1.1", -14, "PR", [ERROR]),
        ("RECIST/Choi", -14, "PR", [WARNING]),
        ("RECIST/Choi", -48, "PR", []),
    ],
)
def test_criteria_have_their_own_limits(criteria: str, change: float, response: str, expected: list[str]) -> None:
    assert told(change, response, criteria=criteria) == expected


def test_the_category_as_an_alternative_is_the_way_out() -> None:
    assert told(-14, "PR", criteria="RECIST 1.1", response_alternatives=["SD"]) == [WARNING]
    assert told(-14, "SD", criteria="RECIST 1.1", response_alternatives=["PR"]) == []


@pytest.mark.parametrize(
    ("sizes", "change", "agree"),
    [
        ([8.7, 7.5], -13.8, True),
        ([8.7, 7.5], -14, True),
        ([8.7, 7.5], -16, False),
        ([8.7, 7.5], 14, False),
        ([7.5, 8.7], 16, True),
        ([60, 31], -48, True),
        ([60, 31], -52, False),  # what is left, not what is lost
        ([6, 0], -100, True),
        ([6, 0], -90, False),
    ],
)
def test_sizes_and_percentage(sizes: list[float], change: float, agree: bool) -> None:
    assert told(change, None, sizes=sizes)[: None if not agree else 0] == ([] if agree else ["sizes-disagree", WARNING])


def hints(**fields: object) -> tuple[str, ...]:
    course = Course.model_validate({"drug": "crizotinib", **fields}, strict=False)
    return tuple(text for rule in SIZE_RULES for _, *said in rule.look(course) for text in said)


def test_criteria_that_are_named_are_not_said_to_be_missing() -> None:
    for criteria in ("RECIST/Choi", "PERCIST"):
        message, _ = hints(response="PR", size_change_percent=-14, criteria=criteria)
        assert message == f"response: PR, but -14 % is SD by RECIST 1.1, though criteria is '{criteria}'"
    assert "though no criteria are named" in hints(response="PR", size_change_percent=-14)[0]


@pytest.mark.parametrize("criteria", ["RECIST 1.1", "PERCIST"])
@pytest.mark.parametrize(
    ("number", "response", "asked"),
    [
        ({"size_change_percent": 48}, "PR", "is size_change_percent: -48 meant?"),
        ({"size_change_percent": -0.48}, "PR", "is size_change_percent: -48 meant?"),
        ({"size_change_percent": 0.48}, "PR", "is size_change_percent: -48 meant?"),
        ({"size_change_percent": 100}, "CR", "is size_change_percent: -100 meant?"),
        ({"sizes": [4.5, 8.7]}, "PR", "is sizes: [8.7, 4.5] meant?"),
        ({"size_change_percent": 14}, "PR", "write response: SD, or correct the number"),
        ({"sizes": [7.5, 8.7]}, "PR", "write response: SD, or correct the number"),
    ],
)
def test_a_sign_or_a_point_is_asked_for(number: dict[str, object], response: str, asked: str, criteria: str) -> None:
    assert hints(response=response, criteria=criteria, **number)[1].startswith(asked)


@pytest.mark.parametrize(
    ("words", "change", "agree"),
    [
        ("from 8.7 to 7.5 cm", -14, True),
        ("from 8.7 to 7.5 cm", -48, False),
        ("from 8.7 cm to 75 mm", -14, True),
        ("from 8.7 x 5.1 cm to 7.5 x 4.4 cm", -14, True),
        ("from 9 to 7 cm", -28, True),  # as far as the digits go
        ("reduced by 14%", -14, True),
        ("reduced by 14%", -48, False),
        ("reduced to 52 %", -48, True),
        ("reduced to 48 %", -48, False),
        ("50% tumour shrinkage", -50, True),
        ("50% tumour shrinkage", -30, False),
        ("a change of -14 %", -14, True),
        ("a change of -14 %", 14, False),
        ("grew by 20 percent", 20, True),
        ("grew by 20 percent", -20, False),
        ("reduced by 48%", 48, False),
        ("reduced by 14%, then by 48%", -48, True),
        ("reduced by about 45 %", -48, True),
        ("reduced by about 14 %", -48, False),
        ("reduced by more than 30 %", -48, True),
        ("reduced by 14 % over 3 months", -48, False),
        ("volume reduced by 80 %", -48, True),
        ("from 2019 to 2020", -48, True),
        ("from 250 mg to 200 mg", -48, True),
        ("partial response", -48, True),
    ],
)
def test_the_number_and_the_words(words: str, change: float, agree: bool) -> None:
    said = "size-not-in-words" in told(change, None, response_as_stated=words)
    assert said is not agree


@pytest.mark.parametrize(
    ("sizes", "more", "asked"),
    [
        ([87, 7.5], {}, True),
        ([8.7, 75], {}, True),
        ([8.7, 7.5], {}, False),
        ([60, 31], {}, False),
        ([60, 0], {}, False),
        ([60, 6], {}, True),
        ([60, 6], {"size_change_percent": -90}, False),
        ([60, 6], {"response_as_stated": "from 60 mm to 6 mm"}, False),
        ([60, 6], {"response_as_stated": "reduced by 90 %"}, False),
        ([60, 2], {}, False),
    ],
)
def test_sizes_in_two_units(sizes: list[float], more: dict[str, object], asked: bool) -> None:
    assert ("sizes-in-two-units" in told(None, None, **{"sizes": sizes, **more})) is asked


@given(st.integers(1, 3000), st.integers(0, 3000), st.sampled_from([1, 10, 100]), st.sampled_from(["mm", "cm"]))
def test_words_that_print_the_sizes_agree_with_them(before: int, after: int, unit: int, name: str) -> None:
    first, second = before / unit, after / unit
    words = f"from {first:g} {name} to {second:g} {name}"
    assert not {"size-not-in-words", "sizes-in-two-units"} & {
        *told(None, None, sizes=[first, second], response_as_stated=words)
    }


@given(st.integers(1, 3000), st.integers(0, 3000), st.sampled_from([1, 10, 100]))
def test_a_percentage_computed_from_the_sizes_agrees_with_them(before: int, after: int, unit: int) -> None:
    first, second = Decimal(before) / unit, Decimal(after) / unit
    change = round(float(100 * (second - first) / first))
    assert "sizes-disagree" not in told(change, "NE", sizes=[float(first), float(second)])


@given(st.floats(-100, 300), st.sampled_from(["CR", "PR", "SD", "PD"]))
def test_one_category_at_least_is_never_an_error(change: float, response: str) -> None:
    told_of = {each: told(change, each, criteria="RECIST 1.1") for each in ("CR", "PR", "SD", "PD")}
    assert [] in told_of.values()
    assert told_of["PD"] in ([], [WARNING])
    assert len(told_of[response]) <= 1


def test_the_error_names_the_category_the_number_means(tmp_path: Path) -> None:
    (problem,) = told_of(
        tmp_path,
        "# Made up.\nreport: {id: example-2024, title: a, year: 2024, design: case_report}\n"
        "extraction: {checked_by: b}\npatients:\n- id: P1\n  courses:\n  - {drug: crizotinib, response: PR, "
        "response_basis: measured, response_as_stated: a, criteria: RECIST 1.1, size_change_percent: -14}\n",
    )
    assert (problem.severity, problem.message) == ("error", "response: PR, but -14 % is SD by RECIST 1.1")
