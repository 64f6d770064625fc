"""What a new report may show: its true response rate, and its responders among m patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv, betaln, gammaln

from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR
from metaimt.statistics.posterior_surface import Prior, Surface, posterior_surface
from metaimt.statistics.reports import Reports, read_reports
from metaimt.statistics.root import Floats, decreasing_root

RHO_PRIORS: tuple[Prior, ...] = ((1.0, 1.0), (1.0, 4.0), (1.0, 19.0))
MAX_SERIES = 1000

_CHUNK = 2_000_000


@dataclass(frozen=True)
class SeriesPrediction:
    """Responders in a new report of `size` patients: equal-tailed whole-number limits, at least `level`."""

    size: int
    lower: int
    upper: int


@dataclass(frozen=True)
class Prediction:
    """Prediction for a new report, with the priors it rests on: chiefly the one of rho.

    lower, median, upper: true response rate of the new report (0 to 1), equal-tailed at `level`. series:
    responders, one entry a size asked for.
    """

    lower: float
    median: float
    upper: float
    level: float
    series: tuple[SeriesPrediction, ...]
    mu_prior: Prior
    rho_prior: Prior


def predict(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    sizes: Sequence[int] = (),
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: Prior = RHO_PRIOR,
) -> Prediction:
    """Posterior predictive distribution of a new report (Higgins et al., J R Stat Soc A 2009;172:137).

    The true rate of a new report is Beta(mu (1-rho)/rho, (1-mu)(1-rho)/rho), mixed over the posterior of mu
    and rho; its responders among m patients are the mixture of beta-binomials.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        sizes: patients m of each new series, 1 to 1000.
        level: of the intervals.
        mu_prior: parameters of the beta prior of the mean, each at least 1/2.
        rho_prior: the same for the intraclass correlation.

    Raises:
        ValueError: invalid counts, sizes, level or priors.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    if any(not 1 <= size <= MAX_SERIES for size in sizes):
        raise ValueError(f"a new series must have 1 to {MAX_SERIES} patients")
    return _predict(read_reports(responders, evaluable), sizes, level, mu_prior, rho_prior)


def predict_under_priors(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    sizes: Sequence[int] = (),
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_priors: Sequence[Prior] = RHO_PRIORS,
) -> tuple[Prediction, ...]:
    """`predict` under each prior of rho, by default Beta(1, 1), Beta(1, 4) and Beta(1, 19).

    Raises:
        ValueError: as for `predict`.
    """
    return tuple(
        predict(responders, evaluable, sizes=sizes, level=level, mu_prior=mu_prior, rho_prior=prior)
        for prior in rho_priors
    )


def _predict(reports: Reports, sizes: Sequence[int], level: float, mu_prior: Prior, rho_prior: Prior) -> Prediction:
    surface = posterior_surface(reports, mu_prior, rho_prior)
    tail = (1 - level) / 2
    lower, median, upper = _rate_quantiles(surface, np.array([tail, 0.5, 1 - tail]))
    series = tuple(_series(surface, int(size), tail) for size in sizes)
    return Prediction(float(lower), float(median), float(upper), level, series, mu_prior, rho_prior)


def _rate_quantiles(surface: Surface, probability: Floats) -> Floats:
    def excess(theta: Floats) -> tuple[Floats, Floats]:
        below, density = _rate_distribution(surface, theta)
        return probability - below, -density

    start = np.arcsin(np.sqrt(_rough_rate_quantiles(surface, probability)))
    theta = decreasing_root(excess, start, 0.0, np.pi / 2, rtol=1e-10)
    rate = np.sin(theta) ** 2
    # With rho near 1 a quantile may be 1e-60 from the end: beyond rounding it is the end.
    return np.where(rate < 1e-15, 0.0, np.where(rate > 1 - 1e-15, 1.0, rate))


def _rate_distribution(surface: Surface, theta: Floats) -> tuple[Floats, Floats]:
    """P(new rate <= sin^2 theta) and its density in theta, at theta of shape (Q,).

    At small rho the beta distribution function is nearly a step in mu. It differs from 1 or 0 by less than
    exp(-d^2 / rho) at a distance d in theta (Chernoff; Kullback-Leibler divergence is at least d^2), so the
    rule is spent on d < 6 sqrt(rho), and beyond it the posterior mass counts whole or not at all.
    """
    x = np.minimum(np.sin(theta)[:, None, None] ** 2, 1 - 2**-53)
    reach = 6 * np.sqrt(surface.rho)
    low, high = theta[:, None] - reach, theta[:, None] + reach

    def below_and_density(mu: Floats, rho: Floats) -> Floats:
        a, b = _shapes(mu, rho)
        log_density = (a - 0.5) * np.log(x) + (b - 0.5) * np.log1p(-x) - betaln(a, b)
        return np.stack([betainc(a, b, x), 2 * np.exp(log_density)])

    below = surface.integral(np.broadcast_to(surface.low, low.shape), low)
    inside, density = surface.integral(low, high, below_and_density)
    return below + inside, density


def _shapes(mu: Floats, rho: Floats) -> tuple[Floats, Floats]:
    size = (1 - rho) / rho
    return np.maximum(mu * size, 1e-300), np.maximum((1 - mu) * size, 1e-300)


def _rough_rate_quantiles(surface: Surface, probability: Floats) -> Floats:
    """Quantiles of the beta distribution with the predictive mean and variance, as a start."""
    both = (surface.low, surface.high)
    found = surface.integral(*both, lambda mu, rho: np.stack([mu, mu**2 + rho * mu * (1 - mu)]))
    mean, square = map(float, found)
    size = max(mean * (1 - mean) / max(square - mean**2, 1e-12) - 1, 1e-3)
    guess = betaincinv(mean * size, (1 - mean) * size, probability)
    return np.asarray(np.clip(guess, 1e-6, 1 - 1e-6), dtype=float)


def _series(surface: Surface, size: int, tail: float) -> SeriesPrediction:
    cumulative = np.cumsum(series_probabilities(surface, size))
    # A limit met exactly must not depend on the last digit.
    lower = int(np.searchsorted(cumulative, tail - 1e-12))
    upper = int(np.searchsorted(cumulative, 1 - tail - 1e-12))
    return SeriesPrediction(size, lower, min(upper, size))


def series_probabilities(surface: Surface, size: int) -> Floats:
    """Probability of 0, 1, ..., m responders in a new series of m patients, shape (m + 1,)."""
    mu, rho, weight = surface.points()
    k, j = np.arange(size + 1), np.arange(size)
    choose = gammaln(size + 1) - gammaln(k + 1) - gammaln(size - k + 1)
    result = np.zeros(size + 1)
    rows = max(1, _CHUNK // (size + 1))
    for at in range(0, mu.size, rows):
        m, p = mu[at : at + rows, None], rho[at : at + rows, None]
        up, down = _running_logs(m * (1 - p), j * p), _running_logs((1 - m) * (1 - p), j * p)
        total = np.log1p((j - 1) * p).sum(axis=1, keepdims=True)
        result += weight[at : at + rows] @ np.exp(choose + up + down[:, ::-1] - total)
    return result


def _running_logs(start: Floats, steps: Floats) -> Floats:
    """Sums of log(start + step) over the first 0, 1, ..., m steps: shape (G, m + 1)."""
    logs = np.log(np.maximum(start + steps, 1e-300))
    return np.concatenate([np.zeros((len(logs), 1)), np.cumsum(logs, axis=1)], axis=1)
