"""Posterior and prediction against an independent double integral in the log-gamma form.

The reference integrates over mu and rho themselves (not their arcsine), by composite Gauss-Legendre rules
with breaks at the point asked for, and uses betaln: form and rule both differ from the package's.
Tolerance 1e-8 for probabilities and means of the posterior (1e-11 is reached); 1e-6 for the
distribution of a new rate, where the reference itself has a step in mu at small rho.
"""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from metaimt.statistics.posterior_surface import posterior_surface
from numpy.typing import NDArray
from scipy.special import betainc, betaln, comb
from scipy.stats import beta

from metaimt.statistics.betabinomial import fit_beta_binomial, mean_interval
from metaimt.statistics.posterior import posterior
from metaimt.statistics.prediction import predict, predict_under_priors, series_probabilities
from metaimt.statistics.reports import read_reports

Floats = NDArray[np.float64]
Prior = tuple[float, float]

SINGLES = [1] * 9 + [0] * 4
STRICT = ([*SINGLES, 13, 8, 12, 6, 7], [1] * 13 + [16, 12, 14, 9, 10])
TRIALS = ([13, 8, 12, 6], [16, 12, 14, 9])
UNANIMOUS = ([1] * 17 + [0, 4, 2, 2, 2], [1] * 18 + [4, 2, 2, 2])
HUGE = ([*SINGLES, 70_000], [1] * 13 + [100_000])
MANY = ([1] * 6000 + [0] * 3000 + [0, 2, 2, 2, 3, 3, 3, 4, 4, 4] * 100, [1] * 9000 + [4] * 1000)
DATA = {
    "strict": STRICT,
    "trials": TRIALS,
    "unanimous": UNANIMOUS,
    "opposed": ([4, 0, 1], [4, 4, 1]),
    "none": ([0, 0, 0], [5, 1, 9]),
    "all": ([5, 1, 9], [5, 1, 9]),
    "one report": ([3], [7]),
    "one large": ([300, 8, 12, 6], [400, 12, 14, 9]),
}
PLAIN: tuple[Prior, Prior] = ((1.0, 1.0), (1.0, 4.0))


def panels(breaks: list[float], nodes: int) -> tuple[Floats, Floats]:
    x, w = np.polynomial.legendre.leggauss(nodes)
    edges = np.unique(breaks)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (1 + x)).ravel(), (half * w).ravel()


class Brute:
    """Weights of the posterior on a grid of mu (with a break at every point asked for) and rho."""

    def __init__(
        self,
        data: tuple[list[int], list[int]],
        priors: tuple[Prior, Prior],
        mu: list[float],
        rho: list[float],
        nodes: int = 60,
    ) -> None:
        (self.mu, w), (self.rho, v) = panels([0.0, 1.0, *mu], nodes), panels([0.0, 1.0, *rho], nodes)
        (a, b), (c, d) = priors
        size = (1 - self.rho) / self.rho
        self.alpha, self.beta = np.outer(self.mu, size), np.outer(1 - self.mu, size)
        log_weight = beta.logpdf(self.mu, a, b)[:, None] + beta.logpdf(self.rho, c, d)
        pairs, counts = np.unique(np.transpose(data), axis=0, return_counts=True)
        for (r, n), count in zip(pairs, counts, strict=True):
            log_weight += count * (betaln(self.alpha + r, self.beta + n - r) - betaln(self.alpha, self.beta))
        weight = np.exp(log_weight - log_weight.max()) * np.outer(w, v)
        self.weight = weight / weight.sum()

    def below(self, point: float) -> float:
        return float(self.weight[self.mu < point].sum())

    def rate_below(self, point: float) -> float:
        return float(np.sum(self.weight * betainc(self.alpha, self.beta, point)))

    def responders(self, size: int) -> Floats:
        return np.array(
            [
                comb(size, k)
                * np.sum(
                    self.weight * np.exp(betaln(self.alpha + k, self.beta + size - k) - betaln(self.alpha, self.beta))
                )
                for k in range(size + 1)
            ]
        )


def check(data: tuple[list[int], list[int]], priors: tuple[Prior, Prior], mu: list[float], rho: list[float]) -> None:
    found = posterior(*data, mu_prior=priors[0], rho_prior=priors[1], thresholds=(0.5, 0.7))
    brute = Brute(data, priors, [found.lower, found.median, found.upper, 0.5, 0.7, *mu], rho)
    assert found.mean == pytest.approx(float(brute.weight.sum(axis=1) @ brute.mu), abs=1e-8)
    assert found.rho_mean == pytest.approx(float(brute.weight.sum(axis=0) @ brute.rho), abs=1e-8)
    below = [brute.below(point) for point in (found.lower, found.median, found.upper)]
    assert below == pytest.approx([0.025, 0.5, 0.975], abs=1e-8)
    for threshold, probability in found.probabilities:
        assert probability == pytest.approx(1 - brute.below(threshold), abs=1e-8)
    assert (found.mu_prior, found.rho_prior, found.level) == (*priors, 0.95)


@pytest.mark.parametrize("name", DATA)
def test_small_sets(name: str) -> None:
    check(DATA[name], PLAIN, [0.02, 0.98], [0.001, 0.01, 0.1])


@pytest.mark.parametrize("priors", [((2.0, 1.0), (1.0, 1.0)), ((0.5, 0.5), (1.0, 19.0)), ((1.5, 3.0), (2.0, 4.0))])
def test_other_priors(priors: tuple[Prior, Prior]) -> None:
    check(STRICT, priors, [0.02, 0.98], [0.001, 0.01, 0.1])


def test_one_huge_trial() -> None:
    """At small rho mu is known to 0.0015, at large rho to 0.15: breaks on every scale."""
    around = [0.7 + sign * step for step in (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2) for sign in (-1, 1)]
    check(HUGE, PLAIN, around, [10.0**-k for k in range(1, 9)])


def test_many_reports() -> None:
    """10,000 reports: the posterior is narrow; its interval is the profile interval to 2 % of the width."""
    check(MANY, PLAIN, [0.64, 0.66, 0.68, 0.7], [0.05, 0.15, 0.25, 0.35, 0.5])
    found, profile = posterior(*MANY), mean_interval(fit_beta_binomial(*MANY))
    width = profile.upper - profile.lower
    assert (found.lower, found.upper) == pytest.approx((profile.lower, profile.upper), abs=0.02 * width)


def test_one_single_case_is_beta() -> None:
    """One case tells nothing of rho: the posterior is Beta(2, 1) and rho stays at its prior."""
    found = posterior([1], [1])
    assert (found.lower, found.median, found.upper) == pytest.approx([0.025**0.5, 0.5**0.5, 0.975**0.5], abs=1e-11)
    assert (found.mean, found.rho_mean) == pytest.approx((2 / 3, 1 / 5), abs=1e-11)


def test_mirrored_data_give_the_mirrored_posterior() -> None:
    r, n = STRICT
    ours, mirrored = posterior(r, n), posterior([m - x for x, m in zip(r, n, strict=True)], n)
    assert (mirrored.lower, mirrored.median, mirrored.upper) == pytest.approx(
        (1 - ours.upper, 1 - ours.median, 1 - ours.lower), abs=1e-10
    )


USUAL: set[tuple[str, Prior]] = {
    ("strict", (1.0, 1.0)),
    ("strict", (1.0, 19.0)),
    ("trials", (1.0, 4.0)),
    ("one report", (1.0, 1.0)),
}
"""Each prior and each set at least once."""


@pytest.mark.parametrize(
    ("name", "prior"),
    [
        pytest.param(name, prior, marks=() if (name, prior) in USUAL else pytest.mark.slow)
        for name in ("strict", "trials", "one report")
        for prior in ((1.0, 1.0), (1.0, 4.0), (1.0, 19.0))
    ],
)
def test_prediction(name: str, prior: Prior) -> None:
    priors = ((1.0, 1.0), prior)
    found = predict(*DATA[name], sizes=(1, 10, 40) if name == "strict" else (1, 10), rho_prior=prior)
    limits = (found.lower, found.median, found.upper)
    brute = Brute(DATA[name], priors, list(np.linspace(0, 1, 13)), [0.001, 0.01, 0.1], nodes=36)
    assert [brute.rate_below(x) for x in limits] == pytest.approx([0.025, 0.5, 0.975], abs=1e-6)
    surface = posterior_surface(read_reports(*DATA[name]), *priors)
    for series in found.series:
        probability = series_probabilities(surface, series.size)
        assert probability == pytest.approx(brute.responders(series.size), abs=1e-9)
        assert probability[: series.lower].sum() <= 0.025 < probability[: series.lower + 1].sum()
        assert probability[series.upper + 1 :].sum() <= 0.025 < probability[series.upper :].sum()
    assert (found.mu_prior, found.rho_prior) == priors


def test_prediction_against_simulation() -> None:
    """200,000 draws: quantiles to four standard errors of about sqrt(q (1-q) / N) / density = 0.002."""
    found = predict(*STRICT)
    brute = Brute(STRICT, PLAIN, list(np.linspace(0, 1, 10)), [0.01, 0.1])
    rng = np.random.Generator(np.random.PCG64(1))
    drawn = rng.choice(brute.weight.size, 200_000, p=brute.weight.ravel())
    rates = rng.beta(brute.alpha.ravel()[drawn], brute.beta.ravel()[drawn])
    expected = np.quantile(rates, [0.025, 0.5, 0.975])
    assert (found.lower, found.median, found.upper) == pytest.approx(expected, abs=0.008)


def test_three_priors_are_named_and_order_the_widths() -> None:
    found = predict_under_priors(*STRICT, sizes=(10,))
    assert [each.rho_prior for each in found] == [(1.0, 1.0), (1.0, 4.0), (1.0, 19.0)]
    widths = [each.upper - each.lower for each in found]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("name", [pytest.param("none", marks=pytest.mark.slow), "all", "opposed", "unanimous"])
def test_prediction_at_the_ends(name: str) -> None:
    found = predict(*DATA[name], sizes=(10, 1000))
    assert 0 <= found.lower < found.median < found.upper <= 1
    assert all(0 <= each.lower <= each.upper <= each.size for each in found.series)


def test_order_of_reports_is_irrelevant() -> None:
    r, n = STRICT
    assert astuple(posterior(r, n)) == astuple(posterior(r[::-1], n[::-1]))
    assert predict(r, n) == predict(r[::-1], n[::-1])


def test_refuses() -> None:
    with pytest.raises(ValueError, match="at least 1/2"):
        posterior(*STRICT, rho_prior=(0.1, 1.0))
    with pytest.raises(ValueError, match="level"):
        posterior(*STRICT, level=0.0)
    with pytest.raises(ValueError, match="level"):
        predict(*STRICT, level=1.5)
    with pytest.raises(ValueError, match="1 to 1000"):
        predict(*STRICT, sizes=(0,))
