"""Partially pooled response rates of groups: each is drawn towards the others as far as the data allow.

logit p_g ~ N(m, s^2), r_g ~ Binomial(n_g, p_g), m ~ N(0, m_sd^2), s ~ half-normal(s_scale).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, gammaln

from metaimt.statistics.partial_pooling_grid import Surface, integrate
from metaimt.statistics.reports import read_reports
from metaimt.statistics.root import Floats, decreasing_root

M_SD = 1.5
S_SCALE = 1.0
_LEAST, _MOST = 0.25, 10.0


@dataclass(frozen=True)
class Rate:
    """Posterior of a response rate (0 to 1): mean, median, equal-tailed interval."""

    mean: float
    median: float
    lower: float
    upper: float


@dataclass(frozen=True)
class PooledGroup:
    """A group's counts and the posterior of its response rate."""

    responders: int
    evaluable: int
    rate: Rate


@dataclass(frozen=True)
class PartialPooling:
    """Posterior of the response rate of each group, in the order given, and of a new group.

    m_mean, s_mean: posterior means of the mean and standard deviation of the logits. log_marginal: log
    probability of the counts. level: of the intervals. m_sd, s_scale: the priors.
    """

    groups: tuple[PooledGroup, ...]
    new_group: Rate
    m_mean: float
    s_mean: float
    log_marginal: float
    level: float
    m_sd: float
    s_scale: float


def partial_pooling(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    level: float = 0.95,
    m_sd: float = M_SD,
    s_scale: float = S_SCALE,
) -> PartialPooling:
    """Posterior by deterministic quadrature, no simulation: limits hold their probability to 1e-6 or better.

    Model: Gelman, Bayesian Anal 2006;1:515 (half-normal scale); exchangeable subgroups: Jones et al., Clin
    Trials 2011;8:129.

    Args:
        responders: shape (G,), integers, r_g.
        evaluable: shape (G,), integers of at least 1, n_g.
        level: of the intervals.
        m_sd: prior standard deviation of the mean logit, 1/4 to 10.
        s_scale: scale of the half-normal prior of the standard deviation between groups, 1/4 to 10.

    Raises:
        ValueError: invalid counts, level or priors.
        ArithmeticError: groups so far apart that the quadrature fails its own check.
    """
    sorted_groups = read_reports(responders, evaluable)
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    if not (_LEAST <= m_sd <= _MOST and _LEAST <= s_scale <= _MOST):
        raise ValueError(f"prior scales must be from {_LEAST} to {_MOST} logits, not {m_sd} and {s_scale}")
    pairs, copies = np.unique(
        np.column_stack([sorted_groups.responders, sorted_groups.evaluable]), axis=0, return_counts=True
    )
    r, n = pairs.T.astype(float)
    surface = integrate(r, n, copies.astype(float), m_sd, s_scale)
    rates = _rates(surface, level)
    of = {(int(a), int(b)): rate for (a, b), rate in zip(pairs, rates, strict=False)}
    counts = zip(np.asarray(responders).tolist(), np.asarray(evaluable).tolist(), strict=True)
    return PartialPooling(
        tuple(PooledGroup(a, b, of[a, b]) for a, b in counts),
        rates[-1],
        surface.m_mean,
        surface.s_mean,
        surface.log_marginal + float(copies @ (gammaln(n + 1) - gammaln(r + 1) - gammaln(n - r + 1))),
        level,
        m_sd,
        s_scale,
    )


def _rates(surface: Surface, level: float) -> tuple[Rate, ...]:
    """Mean and quantiles of each row of the surface's densities."""
    density = surface.density / surface.density.sum(axis=1, keepdims=True)
    means = density @ expit(surface.logit)
    tail = (1 - level) / 2
    lower, median, upper = expit(_quantiles(surface, density, np.array([tail, 0.5, 1 - tail]))).T.tolist()
    return tuple(Rate(*each) for each in zip(means.tolist(), median, lower, upper, strict=True))


def _quantiles(surface: Surface, density: Floats, probability: Floats) -> Floats:
    """Logits with these probabilities below them, shape (rows, probabilities).

    The cosine series through the density is integrated term by term, so that quantiles are as accurate as
    sums over the grid, not bound to its points.
    """
    half = surface.half_width
    amplitude = surface.cosines(density)
    amplitude = amplitude[:, : 1 + int(np.nonzero(np.abs(amplitude).max(axis=0) > 1e-13)[0][-1])]
    frequency = np.pi * np.arange(amplitude.shape[1]) / (2 * half)

    def short_of(logit: Floats) -> tuple[Floats, Floats]:
        angle = (logit[..., None] + half) * frequency
        below = (logit + half) / (2 * half)
        below += np.einsum("gqk,gk->gq", np.sin(angle[..., 1:]), amplitude[:, 1:] / (2 * half * frequency[1:]))
        return probability - below, -np.einsum("gqk,gk->gq", np.cos(angle), amplitude) / (2 * half)

    reached = (np.cumsum(density, axis=1)[:, None, :] < probability[:, None]).sum(axis=2)
    start = surface.logit[np.minimum(reached, surface.logit.size - 1)]
    return decreasing_root(short_of, start, -half, half)
