"""Binomial-normal model at the edges of what reports can show, and properties over random reports."""

from __future__ import annotations

from dataclasses import astuple
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from scipy.special import ndtri

from metaimt.statistics.betabinomial import ProfileEstimate
from metaimt.statistics.glmm import GlmmFit, GlmmIntervals, TauTest, fit_glmm, profile_intervals
from metaimt.statistics.outcome import NotIdentified

Data = tuple[list[int], list[int]]

SINGLES = [1] * 9 + [0] * 4
STRICT: Data = ([*SINGLES, 13, 8, 12, 6, 7], [1] * 13 + [16, 12, 14, 9, 10])
MIXED: Data = ([*SINGLES, 15, 5, 12, 6, 3], [1] * 13 + [16, 12, 14, 9, 10])
HUGE: Data = ([*SINGLES, 70_000], [1] * 13 + [100_000])
MANY: Data = ([1] * 6000 + [0] * 3000 + [0, 2, 2, 2, 3, 3, 3, 4, 4, 4] * 100, [1] * 9000 + [4] * 1000)


def both(data: Data) -> tuple[GlmmFit, GlmmIntervals]:
    fit = fit_glmm(*data)
    return fit, profile_intervals(fit)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (([1] * 19 + [0] * 6, [1] * 25), "every report is a single case"),
        (([3], [7]), "one report"),
        (([1] * 17 + [0, 4, 2, 2, 2], [1] * 18 + [4, 2, 2, 2]), "unanimous"),
        (([4, 0, 1], [4, 4, 1]), "unanimous"),
    ],
)
def test_tau_not_identified_is_the_binomial(data: Data, reason: str) -> None:
    fit, found = both(data)
    x, n = sum(data[0]), sum(data[1])
    assert fit.tau == fit.tau2 == fit.tau_test == found.tau == NotIdentified(reason)
    assert fit.median == fit.marginal_mean == pytest.approx(x / n, abs=1e-14)
    assert found.median == found.marginal_mean
    for rate in (found.median.lower, found.median.upper):
        drop = x * log(x / n / rate) + (n - x) * log((1 - x / n) / (1 - rate))
        assert 2 * drop == pytest.approx(ndtri(0.975) ** 2, abs=1e-9)


def test_opposed_reports_are_warned_of() -> None:
    warning = "All respond in 2 of the larger reports and none in 1: the limits ignore their disagreement."
    assert fit_glmm([4, 4, 0, 1], [4, 4, 4, 1]).warnings == (warning,)
    for data in (([4, 2, 0], [4, 2, 1]), STRICT, ([4, 0, 1], [4, 4, 2]), ([0, 0], [1, 1])):
        assert fit_glmm(*data).warnings == ()


@pytest.mark.parametrize("data", [([1], [1]), ([5, 1, 9], [5, 1, 9]), ([1] * 25, [1] * 25)])
def test_all_respond_and_none_responds(data: Data) -> None:
    """25 of 25 single cases: 92.6 % to 100 %, where a 0.5 correction gives 75 %."""
    n = data[1]
    ours, mirrored = both(data), both(([0] * len(n), n))
    lower = exp(-(ndtri(0.975) ** 2) / 2 / sum(n))
    for found, expected in ((ours[1], (1.0, lower, 1.0)), (mirrored[1], (0.0, 0.0, 1 - lower))):
        assert astuple(found.median)[:3] == astuple(found.marginal_mean)[:3] == pytest.approx(expected, abs=1e-14)
        assert isinstance(found.tau, NotIdentified)
    assert (ours[0].median, mirrored[0].median) == (1.0, 0.0)
    assert ours[0].log_likelihood == mirrored[0].log_likelihood == 0


def test_one_huge_trial_among_single_cases() -> None:
    """100,000 patients against 13: the median is the trial's, and what varies is seen in the trial alone."""
    fit, found = both(HUGE)
    assert fit.tau == 0
    assert fit.median == pytest.approx(sum(HUGE[0]) / sum(HUGE[1]), abs=1e-12)
    assert 0.69 < found.median.lower < fit.median < found.median.upper < 0.71
    assert isinstance(found.tau, ProfileEstimate)
    assert 0.04 < found.tau.upper < 0.05


def test_one_huge_trial_against_the_single_cases() -> None:
    """1/100,000 against 9 of 13: one split report cannot bound tau from above, so that the median is free too."""
    fit, found = both(([*SINGLES, 1], [1] * 13 + [100_000]))
    assert isinstance(found.tau, ProfileEstimate)
    assert found.tau.lower > 4
    assert found.tau.upper == float("inf")
    assert found.median.upper == 1.0
    assert 0.3 < found.marginal_mean.lower < fit.marginal_mean < found.marginal_mean.upper < 0.9


def test_two_opposed_trials() -> None:
    """1/100 and 99/100: tau far above what 7 nodes or Laplace can integrate; symmetric, so the mean is 1/2."""
    fit, found = both(([1, 99], [100, 100]))
    assert isinstance(fit.tau, float)
    assert 4.5 < fit.tau < 5.5
    assert (fit.median, fit.marginal_mean) == pytest.approx((0.5, 0.5), abs=1e-9)
    assert found.marginal_mean.lower + found.marginal_mean.upper == pytest.approx(1, abs=1e-7)


def test_many_reports() -> None:
    """10,000 reports are 6 kinds of report. Ten times as many give intervals sqrt(10) times as narrow."""
    fit, found = both(MANY)
    more, narrow = both((MANY[0] * 10, MANY[1] * 10))
    assert (fit.data.distinct[0].size, fit.data.number, more.data.number) == (6, 10_000, 100_000)
    assert more.b0 == pytest.approx(fit.b0, abs=1e-7)
    assert found.marginal_mean.lower < sum(MANY[0]) / sum(MANY[1]) < found.marginal_mean.upper
    assert isinstance(found.tau, ProfileEstimate)
    assert isinstance(narrow.tau, ProfileEstimate)
    for wide, thin in (
        (found.median, narrow.median),
        (found.marginal_mean, narrow.marginal_mean),
        (found.tau, narrow.tau),
    ):
        assert (wide.upper - wide.lower) / (thin.upper - thin.lower) == pytest.approx(10**0.5, rel=0.01)


def test_tau_at_zero_is_exact() -> None:
    """Not an estimate of 1e-9 from rounding; the test is at the middle of its mixture."""
    fit = fit_glmm(*STRICT)
    assert fit.tau == 0
    assert fit.median == pytest.approx(55 / 74, abs=1e-12)
    assert fit.log_likelihood == fit.log_likelihood_binomial
    assert fit.tau_test == TauTest(0.0, 1.0)


def test_wording() -> None:
    fit = fit_glmm([1], [1])
    assert isinstance(fit.tau, NotIdentified)
    assert fit.tau.wording() == "not identified (every patient responds)"


REPORTS = st.lists(
    st.integers(1, 18).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=20
)


def split(pairs: list[tuple[int, int]]) -> Data:
    return [x for x, _ in pairs], [m for _, m in pairs]


@examples(6, nightly=120)
@given(REPORTS)
def test_intervals_hold_the_estimate_and_shrink_when_every_report_is_doubled(pairs: list[tuple[int, int]]) -> None:
    r, n = split(pairs)
    (fit, once), (_, twice) = both((r, n)), both((r + r, n + n))
    assert 0 <= once.median.lower <= fit.median <= once.median.upper <= 1
    assert 0 <= once.marginal_mean.lower <= fit.marginal_mean <= once.marginal_mean.upper <= 1
    if isinstance(once.tau, NotIdentified):
        return
    assert isinstance(twice.tau, ProfileEstimate)
    assert 0 <= once.tau.lower <= once.tau.estimate <= once.tau.upper
    for wide, thin in ((once.median, twice.median), (once.marginal_mean, twice.marginal_mean), (once.tau, twice.tau)):
        assert wide.lower <= thin.lower + 1e-7
        assert thin.upper <= wide.upper + 1e-7
        assert thin.estimate == pytest.approx(wide.estimate, rel=1e-5, abs=1e-5)


@examples(6, nightly=120)
@given(REPORTS, st.randoms(use_true_random=False))
def test_order_is_irrelevant(pairs: list[tuple[int, int]], shuffler: object) -> None:
    mixed = list(pairs)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    assert both(split(pairs)) == both(split(mixed))


@examples(6, nightly=120)
@given(REPORTS)
def test_non_responders_mirror_responders(pairs: list[tuple[int, int]]) -> None:
    r, n = split(pairs)
    (fit, found), (other, mirrored) = both((r, n)), both(([m - x for x, m in pairs], n))
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-9)
    for ours, theirs in ((found.median, mirrored.median), (found.marginal_mean, mirrored.marginal_mean)):
        expected = (1 - theirs.estimate, 1 - theirs.upper, 1 - theirs.lower)
        assert astuple(ours)[:3] == pytest.approx(expected, abs=1e-6)
    if isinstance(found.tau, NotIdentified) or isinstance(mirrored.tau, NotIdentified):
        return
    assert astuple(found.tau)[:3] == pytest.approx(astuple(mirrored.tau)[:3], rel=1e-5, abs=1e-5)
