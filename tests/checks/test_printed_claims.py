"""How a claim is written in a message, and the counts it leaves open. The claims are made up."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import arm, report

from metaimt.casefiles.model import CaseFile, Claim
from metaimt.checks.printed_numbers import Quantities, count_range, printed_text, same_quantity_agrees, where_text


def claim(**more: Any) -> Claim:
    return Claim.model_validate({"what": "made up", **more})


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"n": 6, "of": 15, "percent": 45.5}, "6/15 (45.5 %)"),
        ({"n": 6, "of": 15}, "6/15"),
        ({"n": 36}, "36"),
        ({"n": 36, "percent": 24.5}, "36 (24.5 %)"),
        ({"percent": 24.5}, "24.5 %"),
        ({"percent": 24.5, "of": 74}, "24.5 % of 74"),
        ({"value": 50.14, "unit": "years"}, "50.14 years"),
        ({"value": 50.14}, "50.14"),
        ({"n": 1, "of": 2, "printed": "one of two"}, "one of two"),
    ],
)
def test_what_is_printed(said: dict[str, Any], text: str) -> None:
    assert printed_text(claim(**said)) == text


@pytest.mark.parametrize(
    ("where", "text"), [("3.1", "section 3.1"), ("discussion", "discussion"), (None, "place not given")]
)
def test_where_it_is_printed(where: str | None, text: str) -> None:
    assert where_text(claim(n=1, where=where)) == text
    assert where_text(None) == "place not given"


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({"n": 6, "of": 15}, (6, 6)),
        ({"of": 74, "percent": 24.3}, (18, 18)),
        ({"of": 300, "percent": 24}, (71, 74)),  # 23.67 rounded, 24.67 cut off
        ({"percent": 24.3}, None),
        ({"of": 0, "percent": 24.3}, None),
        ({"of": 10, "percent": 24.3}, None),  # of ten nothing prints as this
        ({"value": 3.0}, None),
    ],
)
def test_the_counts_that_a_claim_leaves_open(said: dict[str, Any], counts: tuple[int, int] | None) -> None:
    assert count_range(claim(**said)) == counts


def case(*claims: dict[str, Any]) -> CaseFile:
    return CaseFile.model_validate(report("example-2020", design="trial", arms=[arm(1, 2)], claims=list(claims)))


def test_the_quantities_of_a_report() -> None:
    found = Quantities(
        case(
            {"what": "girls", "percent": 50},
            {"what": "girls again", "quantity": "girls", "n": 7, "of": 20},
            {"what": "boys", "n": 13},
        )
    )
    assert list(found) == ["girls", "boys"]
    assert ("girls" in found, "horses" in found) == (True, False)
    assert [place for place, _ in found.named("girls")] == [0, 1]
    assert (found.count("girls"), found.count("boys"), found.count("horses")) == ((7, 7), (13, 13), None)
    assert found.largest == 20
    assert Quantities(case()).largest == 0


@pytest.mark.parametrize(
    ("one", "other", "remedy"),
    [
        ({"n": 6, "of": 15}, {"n": 7, "of": 15}, "6/15 is 40.0 %: print that in both places"),
        ({"n": 6}, {"n": 7}, "one of the two is a misprint"),
        ({"n": 6, "of": 15}, {"n": 6, "of": 16}, "6/15 is 40.0 %: print that in both places"),
        ({"percent": 40.0}, {"percent": 41.5}, "one of the two is a misprint"),
        ({"n": 6, "of": 15}, {"percent": 41.5}, "6/15 is 40.0 %: print that in both places"),
        ({"n": 6, "of": 15}, {"percent": 40.0}, None),
        ({"percent": 41.5}, {"n": 6, "of": 15}, "6/15 is 40.0 %: print that in both places"),
        ({"percent": 40}, {"percent": 40.0}, None),  # as far as the digits go
        ({"n": 6}, {"of": 15}, None),
        ({"value": 3.5}, {"value": 3.6}, None),  # cut off, or rounded
        ({"value": 3.5}, {"value": 3.7}, "one of the two is a misprint"),
    ],
)
def test_a_quantity_printed_twice(one: dict[str, Any], other: dict[str, Any], remedy: str | None) -> None:
    twice = case({"what": "girls", **one}, {"what": "girls again", "quantity": "girls", **other})
    assert [told for _, _, told in same_quantity_agrees.look(twice)] == ([] if remedy is None else [remedy])


@pytest.mark.parametrize(
    ("another", "named"),
    [
        ({"n": 5, "of": 15, "percent": 33.3}, True),
        ({"n": 5, "of": 14, "percent": 33.3}, False),  # another denominator
        ({"n": 5, "of": 15, "percent": 33.4}, False),
        ({"of": 15, "percent": 33.3}, False),  # no count
    ],
)
def test_the_percentage_may_be_that_of_another_quantity(another: dict[str, Any], named: bool) -> None:
    """Girls are 6 of 15; further on they are 33.3 %, which is what the boys are."""
    twice = case(
        {"what": "girls", "n": 6, "of": 15, "percent": 40.0},
        {"what": "girls again", "quantity": "girls", "percent": 33.3},
        {"what": "boys", "where": "3.2", **another},
    )
    ((_, _, remedy),) = same_quantity_agrees.look(twice)
    said = "33.3 % is what 'boys' is printed as: 5/15 (33.3 %) (section 3.2)"
    assert remedy == (said if named else "6/15 is 40.0 %: print that in both places")
