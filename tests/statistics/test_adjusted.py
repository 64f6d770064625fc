"""Rates adjusted for selection against R; odds ratios against a second quadrature; what must always hold."""

from __future__ import annotations

import json
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from logit_grid import LogitGrid, Reports
from scipy.interpolate import CubicSpline

from metaimt.statistics.adjusted import OTHER_PRIORS, SELECTION_PRIOR, SelectionPrior, adjusted_rate, odds_ratio
from metaimt.statistics.posterior import PooledProportion, pool_proportion

R = json.loads((Path(__file__).parents[1] / "reference" / "posterior.json").read_text(encoding="utf-8"))
TAILS = (0.5, 0.025, 0.975)
PRIORS = {prior.wording(): prior for prior in (SELECTION_PRIOR, *OTHER_PRIORS)}
REPORT = st.one_of(st.just(1), st.integers(2, 15)).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SIDE = st.lists(REPORT, min_size=1, max_size=8).map(lambda pairs: tuple(map(list, zip(*pairs, strict=True))))


def sides(pool: str) -> tuple[Reports, Reports]:
    """Trials, and all others."""
    rows = list(zip(R[pool]["design"], R[pool]["r"], R[pool]["n"], strict=True))
    trials, others = ([(r, n) for d, r, n in rows if (d == "trial") is wanted] for wanted in (True, False))
    return ([r for r, _ in trials], [n for _, n in trials]), ([r for r, _ in others], [n for _, n in others])


def limits(found: Any) -> tuple[float, float, float]:
    return found.estimate, found.lower, found.upper


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
@pytest.mark.parametrize("prior", R["strict"]["adjusted"])
def test_against_r(pool: str, prior: str) -> None:
    expected = R[pool]["adjusted"][prior]
    found = adjusted_rate(*sides(pool), PRIORS[prior])
    assert limits(found) == pytest.approx([expected[x] for x in ("median", "lower", "upper")], abs=2e-4, rel=0)


def test_the_five_priors_are_those_of_r() -> None:
    assert set(PRIORS) == set(R["strict"]["adjusted"])
    assert SELECTION_PRIOR.span() == pytest.approx((2 * exp(-1.959964 * 0.7), 2 * exp(1.959964 * 0.7)), rel=1e-6)


def said_of_difference(one: LogitGrid, two: LogitGrid, at: tuple[float, ...]) -> list[float]:
    """P(log odds of one less those of two < at), rho in common: for each rho the convolution of the two."""
    flat = np.logaddexp.reduce(LogitGrid(([], [])).log, axis=0)  # the prior of rho, that each grid has once
    joint = [np.exp(grid.log - grid.log.max()) for grid in (one, two)]
    total, below = 0.0, np.zeros(len(at))
    for k in range(one.y.size):
        area = CubicSpline(one.x, joint[0][:, k]).antiderivative()
        weight = exp(-flat[k])
        total += weight * area(one.x[-1]) * joint[1][:, k].sum()
        for i, distance in enumerate(at):
            below[i] += weight * joint[1][:, k] @ area(np.clip(two.x + distance, one.x[0], one.x[-1]))
    return list(below / total)


@pytest.mark.parametrize(
    ("group", "reference"),
    [
        (sides("all_evidence")[1], sides("strict")[0]),
        (([1, 1, 1, 0, 1], [1, 1, 1, 1, 1]), ([33], [45])),
        (([5, 4], [5, 4]), ([0, 1], [3, 9])),
    ],
)
def test_odds_ratio_by_a_second_quadrature(group: Reports, reference: Reports) -> None:
    for prior in ((1 / 3, 1 / 3), (5.0, 1.0)):
        found = odds_ratio(group, reference, mu_prior=prior)
        one, two = LogitGrid(group, prior), LogitGrid(reference, prior)
        below = said_of_difference(one, two, tuple(map(log, limits(found))))
        assert below == pytest.approx(TAILS, abs=5e-4)


@examples(4, nightly=80)
@given(SIDE, SIDE)
def test_without_selection_it_is_the_pool(trials: Any, others: Any) -> None:
    found = adjusted_rate(trials, others, SelectionPrior(1.0, 0.0))
    pool = pool_proportion([*trials[0], *others[0]], [*trials[1], *others[1]])
    assert isinstance(pool, PooledProportion)
    assert limits(found) == limits(pool)
    nearly = adjusted_rate(trials, others, SelectionPrior(1.0, 0.01))
    assert limits(nearly) == pytest.approx(limits(pool), abs=1e-3)


@examples(4, nightly=80)
@given(SIDE, SIDE)
def test_a_prior_that_says_nothing_leaves_the_trials_alone(trials: Any, others: Any) -> None:
    """The wider the prior, the less the others say; what is left is what they say of rho."""
    first, second = (limits(adjusted_rate(trials, others, SelectionPrior(ratio, 60.0))) for ratio in (1.0, 2.0))
    assert first == pytest.approx(second, abs=2e-3)


@examples(4, nightly=80)
@given(SIDE, SIDE)
def test_more_selection_lowers_the_rate(trials: Any, others: Any) -> None:
    found = [limits(adjusted_rate(trials, others, SelectionPrior(ratio, 0.5))) for ratio in (1.0, 1.5, 2.0, 4.0)]
    assert all(np.all(np.diff(column) < 1e-9) for column in zip(*found, strict=True))


def mirrored(side: Any) -> Any:
    return [n - r for r, n in zip(*side, strict=True)], side[1]


@examples(4, nightly=80)
@given(SIDE, SIDE)
def test_mirror_and_order(trials: Any, others: Any) -> None:
    estimate, lower, upper = limits(adjusted_rate(trials, others, SelectionPrior(1.5, 0.5)))
    other_way = adjusted_rate(mirrored(trials), mirrored(others), SelectionPrior(1 / 1.5, 0.5))
    assert limits(other_way) == pytest.approx((1 - estimate, 1 - upper, 1 - lower), abs=5e-6)
    turned = [(side[0][::-1], side[1][::-1]) for side in (trials, others)]
    assert limits(adjusted_rate(turned[0], turned[1], SelectionPrior(1.5, 0.5))) == (estimate, lower, upper)


@examples(3)
@given(SIDE, SIDE)
def test_odds_ratio_the_other_way_round_is_its_inverse(trials: Any, others: Any) -> None:
    ratio, back = limits(odds_ratio(trials, others)), limits(odds_ratio(others, trials))
    assert np.log(ratio) == pytest.approx(-np.log([back[0], back[2], back[1]]), abs=5e-3)


@examples(4, nightly=80)
@given(SIDE, SIDE)
def test_a_new_single_responder_lowers_nothing(trials: Any, others: Any) -> None:
    before = limits(adjusted_rate(trials, others))
    for more in (((*trials[0], 1), (*trials[1], 1)), others), (trials, ((*others[0], 1), (*others[1], 1))):
        assert all(new >= old - 1e-9 for old, new in zip(before, limits(adjusted_rate(*more)), strict=True))


def test_refuses() -> None:
    with pytest.raises(ValueError, match="report"):
        adjusted_rate(([], []), ([1], [1]))
    with pytest.raises(ValueError, match="report"):
        odds_ratio(([1], [1]), ([], []))
    with pytest.raises(ValueError, match="no prior of selection"):
        adjusted_rate(([1], [2]), ([1], [1]), SelectionPrior(2.0, 0.0))
