"""Small-study diagnostics against R (lm, metafor::regtest and ranktest): 1e-9, the same formulas in closed form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import (
    BeggTest,
    SmallStudies,
    begg_test,
    funnel,
    peters_regression,
    small_study_diagnostics,
)

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
BIAS = [name for name in SETS if "slope" in SETS[name].get("bias", {}).get("peters_prop", {})]
ALL_SINGLE = [name for name in SETS if "error" in SETS[name].get("bias", {}).get("peters_prop", {})]
SHIPPED_SIZES = ([7, 6, 13, 12, 8], [10, 9, 16, 14, 12])


def test_there_is_something_to_compare() -> None:
    assert len(BIAS) >= 6
    assert len(ALL_SINGLE) == 2


@pytest.mark.parametrize("name", BIAS)
def test_peters_agrees_with_r(name: str) -> None:
    expected = SETS[name]["bias"]["peters_prop"]
    found = peters_regression(SETS[name]["xi"], SETS[name]["ni"])
    assert (found.slope, found.se, found.t) == pytest.approx(
        (expected["slope"], expected["se"], expected["t"]), rel=1e-9
    )
    assert found.df == expected["df"]
    assert found.p == pytest.approx(expected["p"], rel=1e-9)


@pytest.mark.parametrize("name", BIAS)
def test_peters_is_metafors_regression_on_1_over_n(name: str) -> None:
    expected = SETS[name]["bias"]["lm_ninv"]
    found = peters_regression(SETS[name]["xi"], SETS[name]["ni"])
    assert (found.t, found.p) == pytest.approx((expected["stat"], expected["p"]), rel=1e-9)
    assert found.intercept == pytest.approx(expected["est"], rel=1e-9)
    assert found.df == expected["dfs"]


@pytest.mark.parametrize("name", BIAS)
def test_begg_agrees_with_metafor(name: str) -> None:
    expected = SETS[name]["bias"]["ranktest"]
    found = begg_test(SETS[name]["xi"], SETS[name]["ni"])
    assert isinstance(found, BeggTest)
    assert (found.tau, found.p) == pytest.approx((expected["tau"], expected["p"]), rel=1e-9)


@pytest.mark.parametrize("name", ALL_SINGLE)
def test_single_cases_alone_are_refused(name: str) -> None:
    assert isinstance(small_study_diagnostics(SETS[name]["xi"], SETS[name]["ni"]), NotRun)


@pytest.mark.parametrize(
    ("larger", "said"),
    [
        (0, "not run: 0 reports with 5 or more evaluable patients, of 10 needed"),
        (1, "not run: 1 report with 5 or more evaluable patients, of 10 needed"),
        (9, "not run: 9 reports with 5 or more evaluable patients, of 10 needed"),
    ],
)
def test_fewer_than_ten_larger_reports_are_not_run(larger: int, said: str) -> None:
    r, n = [1] * 30 + [3, 4, 5] * (larger // 3) + [3] * (larger % 3), [1] * 30 + [5, 6, 7] * (larger // 3)
    found = small_study_diagnostics(r, [*n, *[5] * (larger % 3)])
    assert isinstance(found, NotRun)
    assert found.wording() == said


def test_ten_larger_reports_are_run_without_the_small_ones() -> None:
    r, n = [3, 5, 4, 8, 2, 7, 9, 6, 5, 10], [5, 6, 7, 9, 5, 11, 12, 8, 14, 15]
    found = small_study_diagnostics([*r, 1, 0, 4], [*n, 1, 1, 4])
    assert isinstance(found, SmallStudies)
    assert found.reports == 10
    assert found.peters.slope == pytest.approx(peters_regression(r, n).slope, rel=1e-12)
    assert min(size for _, size in found.funnel.points) == 5


def test_ten_reports_of_one_size_are_not_run() -> None:
    found = small_study_diagnostics([3, 4] * 5, [6] * 10)
    assert isinstance(found, NotRun)
    assert "all of 6 patients" in found.reason


def test_a_funnel_narrows_with_the_size_around_its_centre() -> None:
    found = funnel(*SHIPPED_SIZES)
    assert found.points[0] == (13 / 16, 16)
    assert [n for n, _, _ in found.limits] == [9, 10, 12, 14, 16]
    widths = [high - low for _, low, high in found.limits]
    assert widths == sorted(widths, reverse=True)
    assert all(low < found.centre < high for _, low, high in found.limits)


DATA = st.lists(
    st.integers(5, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=10, max_size=25
)


@examples(15, nightly=300)
@given(DATA, st.randoms(use_true_random=False))
def test_the_order_of_reports_is_irrelevant_and_mirrored_data_give_the_mirrored_slope(data: Any, chance: Any) -> None:
    r, n = map(np.array, zip(*data, strict=True))
    if np.unique(n).size == 1:
        return
    found = small_study_diagnostics(r, n)
    shuffled = chance.sample(data, len(data))
    assert small_study_diagnostics(*zip(*shuffled, strict=True)) == found
    slope, mirrored = peters_regression(r, n), peters_regression(n - r, n)
    assert mirrored.slope == pytest.approx(-slope.slope, abs=1e-9 * (1 + slope.se))
    assert 0 <= slope.p <= 1
    assert slope.lower <= slope.slope <= slope.upper
