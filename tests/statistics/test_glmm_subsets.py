"""Leave-one-out, cumulative and subgroup fits against R's own loop over `exact_bn`, to 1e-6 (2e-7 is found)."""

from __future__ import annotations

import json
from math import isinf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaimt.statistics.glmm import GlmmFit, fit_glmm
from metaimt.statistics.glmm_separation import Separated
from metaimt.statistics.glmm_subsets import BetweenGroups, cumulative, fit_subgroups, leave_one_out
from metaimt.statistics.outcome import NotIdentified

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
LEFT_OUT = [name for name in SETS if "leave1out" in SETS[name]]
CUMULATIVE = [name for name in SETS if "cumulative" in SETS[name]]
GROUPED = [name for name in SETS if "subgroup" in SETS[name]]


def check(fits: tuple[GlmmFit, ...], expected: list[dict[str, Any]]) -> None:
    assert len(fits) == len(expected)
    for fit, entry in zip(fits, expected, strict=True):
        if "error" in entry:
            assert isinf(fit.b0)
            assert fit.tau in {NotIdentified("no patient responds"), NotIdentified("every patient responds")}
            continue
        # Where tau is not identified R prints 0.
        tau2 = 0.0 if isinstance(fit.tau2, NotIdentified) else fit.tau2
        assert not isinstance(fit.se, NotIdentified)
        found = (fit.b0, fit.se[0], tau2, fit.median)
        assert found == pytest.approx((entry["b"], entry["se"], entry["tau2"], entry["p"]), abs=1e-6)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_leave_one_out_agrees_with_r(name: str) -> None:
    check(leave_one_out(SETS[name]["xi"], SETS[name]["ni"]), SETS[name]["leave1out"]["exact_bn"])


@pytest.mark.parametrize("name", CUMULATIVE)
def test_cumulative_agrees_with_r(name: str) -> None:
    order = np.array(SETS[name]["cumulative"]["order_1based"]) - 1
    r, n = np.array(SETS[name]["xi"])[order], np.array(SETS[name]["ni"])[order]
    check(cumulative(r, n), SETS[name]["cumulative"]["exact_bn"])


@pytest.mark.parametrize("name", [name for name in GROUPED if "error" not in SETS[name]["subgroup"]["glmm_exact"]])
def test_subgroups_agree_with_r(name: str) -> None:
    data, expected = SETS[name], SETS[name]["subgroup"]["glmm_exact"]
    found = fit_subgroups(data["xi"], data["ni"], data["group"])
    assert isinstance(found.test, BetweenGroups)
    statistics = (found.test.statistic, found.test.df, found.test.p)
    assert statistics == pytest.approx((expected["LRT"], expected["df"], expected["p"]), abs=1e-6)
    assert found.test.fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-6)
    assert found.test.fit_without_groups.log_likelihood == pytest.approx(expected["logLik0"], abs=1e-6)
    tau2 = 0.0 if isinstance(found.test.fit.tau2, NotIdentified) else found.test.fit.tau2
    assert tau2 == pytest.approx(expected["tau2"], abs=1e-6)
    # R sorts the groups by the rules of the language, ours by code point.
    theirs = dict(zip(data["subgroup"]["levels"], [0.0, *expected["beta"][1:]], strict=True))
    ours = dict(zip(found.groups, [0.0, *found.test.fit.beta[1:]], strict=True))
    base = theirs[found.groups[0]]
    assert ours == pytest.approx({group: value - base for group, value in theirs.items()}, abs=1e-6)
    for group, fit in zip(found.groups, found.fits, strict=True):
        rows = [i for i, g in enumerate(data["group"]) if g == group]
        alone = fit_glmm([data["xi"][i] for i in rows], [data["ni"][i] for i in rows])
        assert fit.tau == pytest.approx(alone.tau, abs=1e-9)
        assert (fit.b0, fit.log_likelihood) == pytest.approx((alone.b0, alone.log_likelihood), abs=1e-9)


def test_separated_groups() -> None:
    """separation19: A 8/8, B 4/5, C 3/6; R gives A an intercept of 32 with a standard error of 807."""
    data = SETS["separation19"]
    found = fit_subgroups(data["xi"], data["ni"], data["group"])
    assert found.test == Separated("in A every patient responds")
    assert [fit.median for fit in found.fits] == pytest.approx([1.0, 0.8, 0.5])
    empty = fit_subgroups([0, 0, 1, 3, 2], [1, 4, 2, 3, 2], ["b", "b", "a", "c", "c"])
    assert empty.test == Separated("in b no patient responds; in c every patient responds")


def test_steps_are_years() -> None:
    r, n = [1, 0, 3, 5, 2], [1, 1, 7, 9, 4]
    found = cumulative(r, n, [2001, 2001, 2005, None, None])
    assert [fit.reports for fit in found] == [2, 3, 5]
    assert found[-1] == fit_glmm(r, n)


def test_leaving_out_is_fitting_the_rest() -> None:
    r, n = [1, 0, 1, 3, 5, 2, 9], [1, 1, 1, 7, 9, 4, 10]
    for i, fit in enumerate(leave_one_out(r, n)):
        alone = fit_glmm(r[:i] + r[i + 1 :], n[:i] + n[i + 1 :])
        assert (fit.b0, fit.tau) == pytest.approx((alone.b0, alone.tau), abs=1e-9)
        assert fit.reports == 6


def test_refuses() -> None:
    with pytest.raises(ValueError, match="at least two reports"):
        leave_one_out([1], [2])
    with pytest.raises(ValueError, match="one step a report"):
        cumulative([1, 1], [2, 2], [2001])
    with pytest.raises(ValueError, match="one group a report"):
        fit_subgroups([1, 1], [2, 2], ["a"])
    with pytest.raises(ValueError, match="at least two groups"):
        fit_subgroups([1, 1], [2, 2], ["a", "a"])
