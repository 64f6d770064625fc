"""Posterior of the pooled response rate: mean, equal-tailed interval, chance of exceeding thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from metaimt.statistics.posterior_surface import Prior, Surface, posterior_surface
from metaimt.statistics.reports import Reports, read_reports
from metaimt.statistics.root import Floats, decreasing_root

THRESHOLDS = (0.5, 0.6, 0.7)
MU_PRIOR: Prior = (1.0, 1.0)
RHO_PRIOR: Prior = (1.0, 4.0)


@dataclass(frozen=True)
class Posterior:
    """Posterior of the mean response rate mu (0 to 1), with the priors it rests on.

    lower, upper: equal-tailed interval at `level`. probabilities: pairs (t, P(mu > t)). rho_mean: posterior
    mean of the intraclass correlation. mu_prior, rho_prior: parameters of the beta priors.
    """

    mean: float
    median: float
    lower: float
    upper: float
    level: float
    probabilities: tuple[tuple[float, float], ...]
    rho_mean: float
    mu_prior: Prior
    rho_prior: Prior


def posterior(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    level: float = 0.95,
    thresholds: Sequence[float] = THRESHOLDS,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: Prior = RHO_PRIOR,
) -> Posterior:
    """Posterior of the beta-binomial mean by quadrature, accurate to about 1e-10.

    Equal sets of reports are computed once: the analyses of a review often ask for the same group.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        level: of the interval.
        thresholds: values t between 0 and 1 for which P(mu > t) is wanted.
        mu_prior: parameters of the beta prior of the mean, each at least 1/2.
        rho_prior: the same for the intraclass correlation.

    Raises:
        ValueError: invalid counts, level or priors.
    """
    reports = read_reports(responders, evaluable)
    r, n = tuple(reports.responders.tolist()), tuple(reports.evaluable.tolist())
    return _remembered(
        r, n, level=level, thresholds=tuple(thresholds), mu_prior=tuple(mu_prior), rho_prior=tuple(rho_prior)
    )


@lru_cache(maxsize=256)
def _remembered(
    r: tuple[int, ...],
    n: tuple[int, ...],
    *,
    level: float,
    thresholds: tuple[float, ...],
    mu_prior: Prior,
    rho_prior: Prior,
) -> Posterior:
    return posterior_of(read_reports(r, n), level, thresholds, mu_prior, rho_prior)


def posterior_of(
    reports: Reports, level: float, thresholds: Sequence[float], mu_prior: Prior, rho_prior: Prior
) -> Posterior:
    """As `posterior`, from checked reports."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    surface = posterior_surface(reports, mu_prior, rho_prior)
    tail = (1 - level) / 2
    lower, median, upper = quantiles(surface, np.array([tail, 0.5, 1 - tail]))
    above = 1 - _cdf(surface, np.arcsin(np.sqrt(np.asarray(thresholds, dtype=float))))
    return Posterior(
        mean=float(surface.integral(surface.low, surface.high, lambda mu, _: mu)),
        median=float(median),
        lower=float(lower),
        upper=float(upper),
        level=level,
        probabilities=tuple((float(t), float(p)) for t, p in zip(thresholds, np.clip(above, 0, 1), strict=True)),
        rho_mean=float(surface.by_rho(surface.low, surface.high) @ (surface.weight * surface.rho)),
        mu_prior=mu_prior,
        rho_prior=rho_prior,
    )


def quantiles(surface: Surface, probability: Floats) -> Floats:
    """Quantiles of mu at each probability, shape (Q,): the distribution function, inverted exactly."""

    def excess(theta: Floats) -> tuple[Floats, Floats]:
        at = np.repeat(theta[:, None, None], surface.rho.size, axis=1)
        inside = (theta[:, None] > surface.low) & (theta[:, None] < surface.high)
        density = (surface.density(at)[..., 0] * inside) @ surface.weight
        return probability - _cdf(surface, theta), -density

    low, high = float(surface.low.min()), float(surface.high.max())
    theta = decreasing_root(excess, _rough_quantiles(surface, probability), low, high, rtol=1e-11)
    return np.asarray(np.sin(theta) ** 2)


def _cdf(surface: Surface, theta: Floats) -> Floats:
    """P(mu <= sin^2 theta), shape (Q,): the inner integrals are taken again up to theta, not interpolated."""
    return surface.integral(surface.low, np.repeat(theta[:, None], surface.rho.size, axis=1))


def _rough_quantiles(surface: Surface, probability: Floats) -> Floats:
    """Quantiles of theta read off 41 points of each inner range."""
    steps = np.linspace(0.0, 1.0, 41)
    theta = surface.low[:, None] + (surface.high - surface.low)[:, None] * steps
    mass = surface.density(theta) * (surface.weight * (surface.high - surface.low))[:, None]
    order = np.argsort(theta, axis=None)
    total = np.cumsum(mass.ravel()[order])
    return np.asarray(np.interp(probability, total / total[-1], theta.ravel()[order]))
