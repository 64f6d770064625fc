"""Beta-binomial likelihood, its maximum, and the intervals of mean and rho.

Against R (reference.json): 1e-6 for mean and rho and 1e-7 for limits, because R's nlminb stops there (the
two R programs differ by 1e-7 from each other); 1e-6 for the log-likelihood, because at rho near 0 R
subtracts log-gamma functions of 1e8. Against definitions worked out here: 1e-9 and better.
"""

from __future__ import annotations

import json
from math import fsum, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import ndtri
from scipy.stats import betabinom, f

from metaimt.statistics.betabinomial import (
    BetaBinomialFit,
    Cutoff,
    fit_reports,
    log_likelihood,
    mean_interval,
    mu_slopes,
    rho_interval,
    rho_slopes,
)
from metaimt.statistics.reports import read_reports
from metaimt.statistics.tail_counts import tail_counts

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
WITH_MAXIMUM = [name for name in SETS if "error" not in SETS[name]["beta_binomial"]]
WITH_VGAM = [name for name in SETS if SETS[name].get("vgam_betabinomial", {}).get("rho", 0) > 1e-6]

SINGLES = [1] * 9 + [0] * 4
STRICT = ([*SINGLES, 13, 8, 12, 6, 7], [1] * 13 + [16, 12, 14, 9, 10])
MIXED = ([*SINGLES, 15, 5, 12, 6, 3], [1] * 13 + [16, 12, 14, 9, 10])
TRIALS = ([13, 8, 12, 6], [16, 12, 14, 9])
HUGE = ([*SINGLES, 70_000, 3], [1] * 13 + [100_000, 5])
MANY = ([1] * 6000 + [0] * 3000 + [0, 2, 2, 2, 3, 3, 3, 4, 4, 4] * 100, [1] * 9000 + [4] * 1000)

Data = tuple[list[int], list[int]]


def fit_beta_binomial(responders: ArrayLike, evaluable: ArrayLike) -> BetaBinomialFit:
    return fit_reports(read_reports(responders, evaluable))


@pytest.mark.parametrize("name", WITH_MAXIMUM)
def test_agrees_with_r(name: str) -> None:
    expected = SETS[name]["beta_binomial"]
    fit = fit_beta_binomial(SETS[name]["xi"], SETS[name]["ni"])
    found = mean_interval(fit, cutoff="chi-square")
    assert (fit.mean, fit.rho) == pytest.approx((expected["mean"], expected["rho"]), abs=1e-6)
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-6)
    assert (found.lower, found.upper) == pytest.approx(expected["ci_profile"], abs=1e-7)
    if expected["rho_identifiable"]:
        assert rho_interval(fit).estimate == fit.rho


@pytest.mark.parametrize("name", WITH_VGAM)
def test_agrees_with_vgam(name: str) -> None:
    expected = SETS[name]["vgam_betabinomial"]
    fit = fit_beta_binomial(SETS[name]["xi"], SETS[name]["ni"])
    assert (fit.mean, fit.rho) == pytest.approx((expected["mu"], expected["rho"]), abs=1e-6)
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-8)


def direct(r: list[int], n: list[int], mu: float, rho: float) -> float:
    """Products term by term, without the binomial coefficients."""
    terms = [
        fsum(log(mu * (1 - rho) + j * rho) for j in range(x))
        + fsum(log((1 - mu) * (1 - rho) + j * rho) for j in range(m - x))
        - fsum(log(1 - rho + j * rho) for j in range(m))
        for x, m in zip(r, n, strict=True)
    ]
    return fsum(terms)


@pytest.mark.parametrize("rho", [0.0, 1e-9, 1e-4, 0.2, 0.999])
@pytest.mark.parametrize(
    ("r", "n"), [STRICT, ([70, 60], [129, 64]), ([700, 1], [1000, 65]), ([60_000, 1, 0], [100_000, 1, 1])]
)
def test_likelihood_is_the_product(r: list[int], n: list[int], rho: float) -> None:
    found = log_likelihood(tail_counts(read_reports(r, n)), np.array([0.37]), np.array([rho]))
    # The sums cancel: compare with the size of what is summed.
    assert found[0] == pytest.approx(direct(r, n, 0.37, rho), abs=1e-14 * sum(n) * log(max(n) + 2))


@pytest.mark.parametrize("rho", [1e-6, 0.03, 0.5, 0.97])
@pytest.mark.parametrize("mu", [0.02, 0.6])
@pytest.mark.parametrize(("r", "n"), [STRICT, HUGE])
def test_derivatives(r: list[int], n: list[int], mu: float, rho: float) -> None:
    counts = tail_counts(read_reports(r, n))
    m, p = np.array([mu]), np.array([rho])
    h, k = 1e-5 * mu, 1e-5 * rho
    slope, bend = mu_slopes(counts, m, p)
    d = rho_slopes(counts, m, p)
    up, down = mu_slopes(counts, m + h, p), mu_slopes(counts, m - h, p)
    right, left = rho_slopes(counts, m, p + k), rho_slopes(counts, m, p - k)
    across = mu_slopes(counts, m, p + k)[0] - mu_slopes(counts, m, p - k)[0]
    by_mu = log_likelihood(counts, m + h, p) - log_likelihood(counts, m - h, p)
    by_rho = log_likelihood(counts, m, p + k) - log_likelihood(counts, m, p - k)
    # Central differences: 1e-10 relative from the step, more from cancellation with 100,000 patients.
    assert by_mu / (2 * h) == pytest.approx(slope, rel=1e-5, abs=1e-4)
    assert by_rho / (2 * k) == pytest.approx(d.first, rel=1e-4, abs=1e-2)
    assert (up[0] - down[0]) / (2 * h) == pytest.approx(bend, rel=1e-6)
    assert (right.first - left.first) / (2 * k) == pytest.approx(d.second, rel=1e-4, abs=1e-2)
    assert across / (2 * k) == pytest.approx(d.mixed, rel=1e-4, abs=1e-2)


@pytest.mark.parametrize("name", [name for name in WITH_VGAM if max(SETS[name]["ni"]) < 1000])
def test_maximum_is_stationary(name: str) -> None:
    """From an interior maximum Newton's step in (mu, rho) is nothing but rounding."""
    fit = fit_beta_binomial(SETS[name]["xi"], SETS[name]["ni"])
    mu, rho = np.array([fit.mean]), np.array([fit.rho])
    slope, bend = mu_slopes(fit.counts, mu, rho)
    d = rho_slopes(fit.counts, mu, rho)
    hessian = np.array([[bend[0], d.mixed[0]], [d.mixed[0], d.second[0]]])
    assert np.all(np.linalg.eigvalsh(hessian) < 0)
    assert np.linalg.solve(hessian, [slope[0], d.first[0]]) == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize("cutoff", ["F", "chi-square"])
@pytest.mark.parametrize(("r", "n"), [STRICT, MIXED, TRIALS, (SETS["madeup_het"]["xi"], SETS["madeup_het"]["ni"])])
def test_interval_meets_its_definition(r: list[int], n: list[int], cutoff: Cutoff) -> None:
    fit = fit_beta_binomial(r, n)
    interval = mean_interval(fit, cutoff=cutoff)
    wanted = f.ppf(0.95, 1, len(n) - 2) if cutoff == "F" else ndtri(0.975) ** 2

    def minus_log(mu: float, rho: float) -> float:
        s = (1 - rho) / rho
        return -float(np.sum(betabinom.logpmf(r, n, mu * s, (1 - mu) * s)))

    for limit in (interval.lower, interval.upper):
        best = min(
            minimize_scalar(lambda z, at=limit: minus_log(at, 1 / (1 + np.exp(-z))), bounds=b, method="bounded").fun
            for b in ((-12.0, -2.0), (-2.0, 4.0))
        )
        # At rho = exp(-12) a binomial differs by 1e-4 from its limit.
        assert 2 * (fit.log_likelihood + best) == pytest.approx(wanted, abs=2e-3 if fit.rho == 0 else 1e-8)


@pytest.mark.parametrize(("r", "n"), [STRICT, TRIALS, ([3], [7]), ([1] * 19 + [0] * 6, [1] * 25)])
def test_without_overdispersion_it_is_the_binomial(r: list[int], n: list[int]) -> None:
    fit = fit_beta_binomial(r, n)
    assert (fit.mean, fit.rho) == (sum(r) / sum(n), 0.0)
    assert fit.log_likelihood == fit.log_likelihood_binomial
    assert fit.statistic == 0


def test_single_cases_only_give_the_likelihood_ratio_interval() -> None:
    x, n = 19, 25
    found = mean_interval(fit_beta_binomial([1] * x + [0] * (n - x), [1] * n), cutoff="chi-square")
    for mu in (found.lower, found.upper):
        drop = x * log(x / n / mu) + (n - x) * log((1 - x / n) / (1 - mu))
        assert 2 * drop == pytest.approx(ndtri(0.975) ** 2, abs=1e-11)


def test_one_report_has_its_binomial_maximum() -> None:
    fit = fit_beta_binomial([3], [7])
    assert fit.log_likelihood == pytest.approx(log(35 * (3 / 7) ** 3 * (4 / 7) ** 4), abs=1e-14)


def test_unanimous_reports_run_to_rho_1() -> None:
    """17/18 single cases and 4/4, 2/2, 2/2, 2/2 would give 21/22."""
    fit = fit_beta_binomial([1] * 17 + [0, 4, 2, 2, 2], [1] * 18 + [4, 2, 2, 2])
    assert (fit.mean, fit.rho) == pytest.approx((21 / 22, 1.0), abs=1e-12)
    assert rho_interval(fit).upper == 1.0


@pytest.mark.parametrize(("r", "n"), [STRICT, MIXED, TRIALS, HUGE, MANY])
def test_rho_limits_lie_on_the_profile(r: list[int], n: list[int]) -> None:
    fit = fit_beta_binomial(r, n)
    found = rho_interval(fit)
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    mu = np.linspace(0.3, 0.95, 20_001)
    peak = float(log_likelihood(fit.counts, np.array([fit.mean]), np.array([fit.rho]))[0])
    for limit in {found.lower, found.upper} - {0.0, 1.0}:
        value = log_likelihood(fit.counts, mu, np.full(mu.size, limit)).max()
        # The grid of mu is 3e-5 apart: the maximum is short by curvature * 3e-5^2 / 8.
        assert 2 * (peak - value) == pytest.approx(ndtri(0.975) ** 2, abs=1e-3)


def test_one_huge_trial_leaves_rho_open_only_upwards() -> None:
    """One trial that sits at mu: the profile falls by log(1 + (n - 1) rho), whatever n."""
    fit = fit_beta_binomial([*SINGLES, 70_000], [1] * 13 + [100_000])
    upper = rho_interval(fit).upper
    assert log(1 + 99_999 * upper) == pytest.approx(ndtri(0.975) ** 2, abs=1e-3)


def test_a_million_patients() -> None:
    """One report of a million patients among single cases costs 344 nodes."""
    fit = fit_beta_binomial([*SINGLES, 700_000], [1] * 13 + [1_000_000])
    assert fit.counts.nodes.size == 344
    assert fit.mean == sum([*SINGLES, 700_000]) / 1_000_013
    interval = mean_interval(fit)
    assert fit.mean - 0.01 < interval.lower < fit.mean < interval.upper < fit.mean + 0.01


def test_many_reports() -> None:
    """10,000 reports: near the crude rate, and near rho from the variance n p q (1 + (n - 1) rho)."""
    fit = fit_beta_binomial(*MANY)
    interval, rho = mean_interval(fit), rho_interval(fit)
    assert interval.lower < sum(MANY[0]) / sum(MANY[1]) < interval.upper
    of_four = np.array(MANY[0][9000:]) / 4
    moment = (4 * of_four.var() / (of_four.mean() * (1 - of_four.mean())) - 1) / 3
    assert rho.lower < moment < rho.upper < rho.lower + 0.1
    assert fit.counts.nodes.size == 4


@pytest.mark.parametrize(
    ("r", "n", "message"),
    [
        ([], [], "at least one report"),
        ([1], [1, 1], "one length"),
        ([[1]], [[1]], "one length"),
        ([0.5], [1], "whole numbers"),
        ([0], [0], "at least one evaluable"),
        ([2], [1], "between 0"),
        ([-1], [1], "between 0"),
    ],
)
def test_refuses(r: list[int], n: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_beta_binomial(r, n)


REPORTS = st.lists(
    st.integers(1, 18).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=3, max_size=25
)


@examples(10, nightly=200)
@given(REPORTS)
def test_intervals_hold_the_estimate_and_shrink_with_more_reports(pairs: list[tuple[int, int]]) -> None:
    r, n = [x for x, _ in pairs], [m for _, m in pairs]
    once, twice = fit_beta_binomial(r, n), fit_beta_binomial(r + r, n + n)
    one, two = mean_interval(once), mean_interval(twice)
    assert 0 <= one.lower <= once.mean <= one.upper <= 1
    assert twice.mean == pytest.approx(once.mean, abs=1e-9)
    assert one.lower - 1e-9 <= two.lower <= two.upper <= one.upper + 1e-9


@examples(15, nightly=300)
@given(REPORTS)
def test_likelihood_at_the_maximum_is_not_beaten(pairs: list[tuple[int, int]]) -> None:
    fit = fit_beta_binomial([x for x, _ in pairs], [m for _, m in pairs])
    mu, rho = (a.ravel() for a in np.meshgrid(np.linspace(0.01, 0.99, 50), np.linspace(0, 0.99, 60)))
    constant = fit.log_likelihood_binomial
    if 0 < fit.mean < 1:
        crude = np.array([fit.reports.total_responders / fit.reports.total_evaluable])
        constant -= float(log_likelihood(fit.counts, crude, np.zeros(1))[0])
    assert log_likelihood(fit.counts, mu, rho).max() + constant <= fit.log_likelihood + 1e-9
