"""A change of size against the response category: where RECIST decides, where it asks, where two sizes agree."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.library import read_files
from metaimt.casefiles.model import Course
from metaimt.checks import check_library
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
    path = tmp_path / "example-2024.yaml"
    path.write_text(
        "# Made up.\nreport: {id: example-2024, title: a, year: 2024, design: case_report}\n"
        "extraction: {checked_by: b}\npatients:\n- id: P1\n  courses:\n  - {drug: crizotinib, response: PR, "
        "response_basis: measured, response_as_stated: a, criteria: RECIST 1.1, size_change_percent: -14}\n"
    )
    (problem,) = check_library(read_files([path]), whole=False)
    assert (problem.severity, problem.message) == ("error", "response: PR, but -14 % is SD by RECIST 1.1")
