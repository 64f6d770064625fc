"""Fits of parts of the data, and the test between groups, against R's loop over `exact_bn`, to 1e-6 (2e-7 is found)."""

from __future__ import annotations

import json
from functools import cache
from math import isinf, log
from pathlib import Path
from typing import Any

import pytest

from metaimt.statistics.glmm import BetweenGroups, GlmmFit, Separated, between_groups, fit_glmm
from metaimt.statistics.outcome import NotIdentified

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
LEFT_OUT = [name for name in SETS if "leave1out" in SETS[name]]
CUMULATIVE = [name for name in SETS if "cumulative" in SETS[name]]
GROUPED = [name for name in SETS if "subgroup" in SETS[name]]


@cache
def fitted(pairs: tuple[tuple[int, int], ...]) -> GlmmFit:
    return fit_glmm([r for r, _ in pairs], [n for _, n in pairs])


def check(parts: list[list[tuple[int, int]]], expected: list[dict[str, Any]]) -> None:
    for part, entry in zip(parts, expected, strict=True):
        fit = fitted(tuple(sorted(part)))
        if "error" in entry:
            assert isinf(fit.b0)
            assert fit.tau in {NotIdentified("no patient responds"), NotIdentified("every patient responds")}
            continue
        # Where tau is not identified R prints 0.
        tau2 = 0.0 if isinstance(fit.tau2, NotIdentified) else fit.tau2
        assert (fit.b0, tau2, fit.median) == pytest.approx((entry["b"], entry["tau2"], entry["p"]), abs=1e-6)


def pairs_of(name: str) -> list[tuple[int, int]]:
    return list(zip(SETS[name]["xi"], SETS[name]["ni"], strict=True))


@pytest.mark.parametrize("name", LEFT_OUT)
def test_leave_one_out_agrees_with_r(name: str) -> None:
    pairs = pairs_of(name)
    check([pairs[:i] + pairs[i + 1 :] for i in range(len(pairs))], SETS[name]["leave1out"]["exact_bn"])


@pytest.mark.parametrize("name", CUMULATIVE)
def test_cumulative_agrees_with_r(name: str) -> None:
    pairs = pairs_of(name)
    in_order = [pairs[i - 1] for i in SETS[name]["cumulative"]["order_1based"]]
    check([in_order[: i + 1] for i in range(len(pairs))], SETS[name]["cumulative"]["exact_bn"])


@pytest.mark.parametrize("name", [name for name in GROUPED if "error" not in SETS[name]["subgroup"]["glmm_exact"]])
def test_groups_agree_with_r(name: str) -> None:
    data, expected = SETS[name], SETS[name]["subgroup"]["glmm_exact"]
    found = between_groups(data["xi"], data["ni"], data["group"])
    assert isinstance(found, BetweenGroups)
    assert (found.statistic, found.df, found.p) == pytest.approx(
        (expected["LRT"], expected["df"], expected["p"]), abs=1e-6
    )
    assert found.log_likelihood == pytest.approx(expected["logLik"], abs=1e-6)
    assert found.log_likelihood_common == pytest.approx(expected["logLik0"], abs=1e-6)
    tau2 = 0.0 if isinstance(found.tau, NotIdentified) else found.tau**2
    assert tau2 == pytest.approx(expected["tau2"], abs=1e-6)
    first, *others = expected["beta"]  # of the first group, and the differences of the others from it
    theirs = dict(zip(data["subgroup"]["levels"], [first, *(first + other for other in others)], strict=True))
    assert found.logits == pytest.approx(theirs, abs=1e-6)


def test_separated_groups() -> None:
    """separation19: A 8/8, B 4/5, C 3/6; R gives A an intercept of 32 with a standard error of 807."""
    data = SETS["separation19"]
    found = between_groups(data["xi"], data["ni"], data["group"])
    assert found == Separated("in A every patient responds")
    assert found.wording() == "separated (in A every patient responds)"
    empty = between_groups([0, 0, 1, 3, 2], [1, 4, 2, 3, 2], ["b", "b", "a", "c", "c"])
    assert empty == Separated("in b no patient responds; in c every patient responds")


def test_single_cases_in_two_groups_are_the_likelihood_ratio_of_two_proportions() -> None:
    found = between_groups([1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0], [1] * 11, ["a"] * 5 + ["b"] * 6)
    assert isinstance(found, BetweenGroups)
    assert found.tau == NotIdentified("every report is a single case")
    assert found.logits == pytest.approx({"a": log(3 / 2), "b": log(5)}, abs=1e-12)
    top = 3 * log(3 / 5) + 2 * log(2 / 5) + 5 * log(5 / 6) + log(1 / 6)
    assert found.statistic == pytest.approx(2 * (top - 8 * log(8 / 11) - 3 * log(3 / 11)), abs=1e-12)


def test_refuses() -> None:
    with pytest.raises(ValueError, match="one group a report"):
        between_groups([1, 1], [2, 2], ["a"])
    with pytest.raises(ValueError, match="at least two groups"):
        between_groups([1, 1], [2, 2], ["a", "a"])
