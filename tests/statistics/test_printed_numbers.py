"""Printed fractions and survival. The property tests ask of every n/N and every number of decimals.

The worked figures are those of a published cohort of 74 patients (22 lost, 6 dead), computed by hand.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.statistics.printed_numbers import (
    bounds,
    counts_that_print_as,
    lowest_survival,
    nearest_fraction,
    percent_text,
    percentage_agrees,
    same_number,
    unit_of,
)

sizes = st.integers(1, 400)
decimals = st.integers(0, 3)
ways = st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN])


@st.composite
def fractions(draw: st.DrawFn) -> tuple[int, int]:
    of = draw(sizes)
    return draw(st.integers(0, of)), of


def printed_as(n: int, of: int, places: int, way: str) -> str:
    with localcontext(prec=60):
        return str((Decimal(100 * n) / Decimal(of)).quantize(Decimal(1).scaleb(-places), way))


@given(fractions(), decimals, ways)
def test_a_percentage_rounded_or_cut_off_always_agrees(counts: tuple[int, int], places: int, way: str) -> None:
    printed = printed_as(*counts, places, way)
    assert percentage_agrees(*counts, printed)
    assert counts[0] in counts_that_print_as(printed, counts[1])


@given(fractions(), decimals, st.integers(1, 50), st.booleans())
def test_a_percentage_off_by_more_than_its_last_digit_never_agrees(
    counts: tuple[int, int], places: int, units: int, up: bool
) -> None:
    exact = Decimal(printed_as(*counts, places, ROUND_DOWN))
    off = exact + Decimal(units + 1).scaleb(-places) if up else exact - Decimal(units).scaleb(-places)
    assert not percentage_agrees(*counts, str(off))


@given(st.decimals(0, 100, places=1), sizes)
def test_counts_that_print_as_are_exactly_those_that_agree(printed: Decimal, of: int) -> None:
    by_trying = [n for n in range(of + 1) if percentage_agrees(n, of, str(printed))]
    assert list(counts_that_print_as(str(printed), of)) == by_trying


@given(st.decimals(0, 100, places=1), st.none() | st.integers(0, 400), st.integers(1, 200), st.integers(1, 200))
def test_what_a_percentage_would_be_prints_as_it(printed: Decimal, n: int | None, of: int, largest: int) -> None:
    found = nearest_fraction(str(printed), n, of, largest)
    if found is None:
        assert all(not counts_that_print_as(str(printed), size) for size in range(1, largest + 1))
    else:
        assert percentage_agrees(*found, str(printed))
        assert 0 <= found[0] <= found[1] <= largest


@given(fractions(), decimals)
def test_a_right_percentage_would_be_itself(counts: tuple[int, int], places: int) -> None:
    printed = printed_as(*counts, places, ROUND_HALF_UP)
    assert nearest_fraction(printed, *counts, largest=counts[1]) == counts


@given(st.text(max_size=6) | st.decimals(allow_nan=True).map(str))
def test_text_is_a_number_or_a_value_error(text: str) -> None:
    try:
        low, high = bounds(text)
    except ValueError:
        return
    assert low < high
    assert 0 < unit_of(text) <= 1


@given(st.decimals(-1000, 1000, places=2), decimals, ways)
def test_a_number_printed_twice_is_the_same_number(value: Decimal, places: int, way: str) -> None:
    shorter = str(value.quantize(Decimal(1).scaleb(-min(places, 2)), way))
    assert same_number(str(value), shorter)
    assert same_number(shorter, str(value))


@pytest.mark.parametrize(
    ("printed", "n", "of", "right"),
    [("45.5", 6, 15, (5, 11)), ("40.7", 36, 74, (24, 59)), ("24.1", None, 74, (14, 58)), ("70.6", 12, 17, (12, 17))],
)
def test_what_the_paper_of_74_would_have_to_print(printed: str, n: int | None, of: int, right: tuple[int, int]) -> None:
    assert nearest_fraction(printed, n, of, 74) == right


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("31", "31.0", True),
        ("24.1", "24.3", False),
        ("14.8", "14.9", True),  # 14.86, cut off and rounded
        ("50", "50.14", True),
        ("49", "50.14", False),
    ],
)
def test_digits_decide_whether_two_numbers_are_the_same(first: str, second: str, same: bool) -> None:
    assert same_number(first, second) is same


def test_the_number_of_decimals_is_part_of_the_number() -> None:
    assert percentage_agrees(19, 60, "31")  # 31.67 cut off
    assert not percentage_agrees(19, 60, "31.0")
    assert percent_text(Fraction(6, 15), "45.50") == "40.00"
    assert percent_text(Fraction(1, 8), "12") == "13"


def test_enormous_denominators_and_digits_cost_nothing() -> None:
    assert counts_that_print_as("50.0", 10**30)[0] > 0
    assert nearest_fraction("50." + "0" * 40, 1, 10**30, 10**30) is not None
    assert nearest_fraction("1e300", 1, 74, 74) is None
    assert same_number("1e-999999999", "0.0")


def test_lowest_survival_of_74_patients_with_22_lost_and_6_dead() -> None:
    lowest = lowest_survival(74, 6, 22)
    assert lowest.value == Fraction(46, 52)
    assert percent_text(lowest.value) == "88.5"
    assert [lowest.allows(printed) for printed in ("88.5", "88.4", "78.4")] == [True, True, False]  # 88.46
    assert lowest.deaths_needed("78.4") == 12  # 41/52 is 78.8, 40/52 is 76.9
    assert lowest.at_risk_needed("78.4") == 27  # 21/27 is 77.8, 22/28 is 78.6
    assert list(counts_that_print_as("78.4", 74)) == [58]


def product_limit(lost_first: int, patients: int, deaths: int, gaps: list[int]) -> Fraction:
    """Kaplan-Meier with `lost_first` losses before any death, and `gaps[i]` more before death i."""
    at_risk, value = patients - lost_first, Fraction(1)
    for d in range(deaths):
        at_risk -= gaps[d]
        value *= Fraction(at_risk - 1, at_risk)
        at_risk -= 1
    return value


@given(st.data(), st.integers(1, 40))
def test_no_order_of_losses_and_deaths_gives_less(data: st.DataObject, patients: int) -> None:
    deaths = data.draw(st.integers(0, patients))
    lost = data.draw(st.integers(0, patients - deaths))
    left, gaps = lost, []
    for _ in range(deaths):
        gaps.append(data.draw(st.integers(0, left)))
        left -= gaps[-1]
    lowest = lowest_survival(patients, deaths, lost)
    assert product_limit(0, patients, deaths, gaps) >= lowest.value
    assert product_limit(lost, patients, deaths, [0] * deaths) == lowest.value


@given(st.data(), st.integers(1, 200), st.decimals(0, 100, places=1))
def test_what_survival_would_take_suffices_and_one_less_does_not(
    data: st.DataObject, patients: int, value: Decimal
) -> None:
    deaths = data.draw(st.integers(0, patients))
    lost = data.draw(st.integers(0, patients - deaths))
    printed, lowest = str(value), lowest_survival(patients, deaths, lost)
    needed = lowest.deaths_needed(printed)
    if lost < patients:
        assert lowest_survival(patients, needed, lost).allows(printed)
    assert needed == 0 or not lowest_survival(patients, needed - 1, lost).allows(printed)
    if deaths and not lowest.allows(printed):
        at_risk = lowest.at_risk_needed(printed)
        assert deaths <= at_risk < lowest.at_risk
        assert lowest_survival(at_risk, deaths, 0).allows(printed)
        assert not lowest_survival(at_risk + 1, deaths, 0).allows(printed)


@pytest.mark.parametrize(("patients", "deaths", "lost"), [(0, 0, 0), (5, 6, 0), (5, 3, 3), (5, -1, 0), (5, 0, -1)])
def test_deaths_and_losses_are_among_the_patients(patients: int, deaths: int, lost: int) -> None:
    with pytest.raises(ValueError, match=f"{deaths} deaths and {lost} lost of {patients} patients"):
        lowest_survival(patients, deaths, lost)
