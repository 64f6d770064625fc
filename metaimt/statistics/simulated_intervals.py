"""Intervals of the pooled response rate for thousands of simulated data sets of one structure at once.

The same intervals as `pooled`, `betabinomial`, `posterior` and `inverse_variance` give one by one (a test holds them
together); the posterior is summed on a fixed grid, so that its limits are within about 1e-4 of the exact ones.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri, roots_jacobi

from metaimt.statistics.betabinomial import Cutoff, cutoff_value
from metaimt.statistics.betabinomial_likelihood import COARSE_RHO_GRID, maximise, mu_slopes
from metaimt.statistics.effect_sizes import Measure, back_transform, effect_sizes
from metaimt.statistics.glmm import fit_glmm, profile_intervals
from metaimt.statistics.pooled import FEW
from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR
from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats, decreasing_root
from metaimt.statistics.tail_counts import TailCounts, tail_counts_of

LEVEL = 0.95
_SCAN = 8
_THETA, _RHO = 301, 40


def clopper_pearson_of(r: Integers, n: Integers) -> Floats:
    """r/n with its exact limits: r of shape (B, K), n (K,) to (B, 3), estimate, lower, upper."""
    total, size = r.sum(axis=1).astype(float), float(n.sum())
    tail = (1 - LEVEL) / 2
    lower = np.where(total > 0, betaincinv(np.maximum(total, 1), size - total + 1, tail), 0.0)
    upper = np.where(total < size, betaincinv(total + 1, np.maximum(size - total, 1), 1 - tail), 1.0)
    return np.stack([total / size, lower, upper], axis=1)


def beta_binomial_of(r: Integers, n: Integers, cutoff: Cutoff) -> Floats:
    """Maximum likelihood estimate and profile limits, (B, K) to (B, 3)."""
    counts = tail_counts_of(r, np.broadcast_to(n, r.shape))
    drop = cutoff_value(n.size, LEVEL, cutoff) / 2
    crude = r.sum(axis=1) / n.sum()
    inner = np.nonzero((crude > 0) & (crude < 1))[0]
    mean, peak = crude.copy(), np.zeros(crude.size)
    if inner.size:
        top = maximise(counts.take(inner), crude[inner], mu_free=True, grid=COARSE_RHO_GRID)
        mean[inner], peak[inner] = np.where(top.rho == 0, crude[inner], top.mu), top.value
    mirror = TailCounts(counts.nodes, counts.failures, counts.responders, counts.evaluable)
    lower = _lower_limits(counts, mean, peak - drop)
    upper = 1 - _lower_limits(mirror, 1 - mean, peak - drop)
    return np.stack([mean, lower, upper], axis=1)


def _lower_limits(counts: TailCounts, mean: Floats, target: Floats) -> Floats:
    """Smallest mu at which the profile reaches the target; 0 with no responder."""
    limits = np.zeros_like(mean)
    some = np.nonzero(mean > 0)[0]
    if some.size == 0:
        return limits
    counts, mean, target = counts.take(some), mean[some], target[some]
    scan = mean[:, None] * np.arange(1, _SCAN) / _SCAN
    rows = np.repeat(np.arange(mean.size), _SCAN - 1)
    value = maximise(counts.take(rows), scan.ravel(), mu_free=False, grid=COARSE_RHO_GRID).value
    inside = value.reshape(scan.shape) >= target[:, None]
    first = np.where(inside.any(axis=1), inside.argmax(axis=1), _SCAN - 1)
    edges = np.concatenate([np.full((mean.size, 1), 1e-150), scan, np.minimum(mean, 1 - 1e-12)[:, None]], axis=1)
    pick = np.arange(mean.size)
    low, high = edges[pick, first], edges[pick, first + 1]

    def shortfall(mu: Floats) -> tuple[Floats, Floats]:
        top = maximise(counts, mu, mu_free=False, grid=COARSE_RHO_GRID)
        return target - top.value, -mu_slopes(counts, mu, top.rho)[0]

    limits[some] = decreasing_root(shortfall, (low + high) / 2, low, high, rtol=1e-6)
    return limits


def posterior_of_sets(r: Integers, n: Integers) -> Floats:
    """Posterior mean and equal-tailed limits under the shipped priors, (B, K) to (B, 3)."""
    counts = tail_counts_of(r, np.broadcast_to(n, r.shape))
    table = np.concatenate([counts.responders, counts.failures, counts.evaluable], axis=1)
    theta, prior, design = _grid(tuple(counts.nodes.tolist()))
    value = table @ design
    value -= value.max(axis=1, keepdims=True)
    density = (np.exp(value) * prior).reshape(r.shape[0], _THETA, _RHO).sum(axis=2)
    steps = (density[:, 1:] + density[:, :-1]) / 2
    below = np.concatenate([np.zeros((r.shape[0], 1)), np.cumsum(steps, axis=1)], axis=1)
    below /= below[:, -1:]
    mean = (density @ np.sin(theta) ** 2) / density.sum(axis=1)
    tail = (1 - LEVEL) / 2
    limits = np.array([np.interp([tail, 1 - tail], row, theta) for row in below])
    return np.column_stack([mean, np.sin(limits) ** 2])


@lru_cache(maxsize=8)
def _grid(nodes: tuple[float, ...]) -> tuple[Floats, Floats, Floats]:
    """Points theta (mu = sin^2 theta), the prior's weight at each (theta, rho), and log-likelihood terms."""
    theta = np.linspace(0, np.pi / 2, _THETA)
    inside = np.clip(theta, 1e-7, np.pi / 2 - 1e-7)
    # Beta(1, 4) has the weight of the Jacobi polynomials (3, 0) on [-1, 1].
    points, weight = roots_jacobi(_RHO, RHO_PRIOR[1] - 1, RHO_PRIOR[0] - 1)
    angle, rho = (a.ravel() for a in np.meshgrid(inside, (np.asarray(points) + 1) / 2, indexing="ij"))
    mu, rest = np.sin(angle) ** 2, np.cos(angle) ** 2
    about = mu ** (MU_PRIOR[0] - 0.5) * rest ** (MU_PRIOR[1] - 0.5)
    x = np.asarray(nodes)[:, None]
    yes, no = np.log(mu * (1 - rho) + x * rho), np.log(rest * (1 - rho) + x * rho)
    size = np.log(1 - rho + x * rho)
    return theta, about * np.tile(np.asarray(weight), _THETA), np.concatenate([yes, no, -size])


def rule_of(r: Integers, n: Integers, parts: dict[str, Floats], *, joined: bool = True) -> Floats:
    """The rule of `pooled`, from intervals found before: "crude", "chi2" (its estimate), "F" and "posterior".

    joined: where the larger reports are unanimous, Clopper-Pearson joined with the posterior; else Clopper-Pearson.
    """
    unanimous = unanimous_of(r, n)
    if n.size >= FEW:
        found = parts["F"]
    else:
        mean, limits = parts["chi2"][:, 0], parts["posterior"]
        found = np.stack([mean, np.minimum(limits[:, 1], mean), np.maximum(limits[:, 2], mean)], axis=1)
    exact = np.where(unanimous[:, None], parts["crude"], found)
    return wider_of(exact, parts["posterior"], unanimous & (n.size > 1) & (n.max() > 1)) if joined else exact


def wider_of(rule: Floats, posterior: Floats, where: NDArray[np.bool_]) -> Floats:
    """The rule's estimate; its interval, and where `where` (B,) is true the span of it and the posterior's."""
    low = np.where(where, np.minimum(rule[:, 1], posterior[:, 1]), rule[:, 1])
    high = np.where(where, np.maximum(rule[:, 2], posterior[:, 2]), rule[:, 2])
    return np.stack([rule[:, 0], low, high], axis=1)


def unanimous_of(r: Integers, n: Integers) -> NDArray[np.bool_]:
    """Whether in each report with two patients or more all respond or none does, (B, K) to (B,)."""
    return np.asarray(((r == 0) | (r == n))[:, n >= 2].all(axis=1))


def dersimonian_laird_of(r: Integers, n: Integers, measure: Measure) -> Floats:
    """DerSimonian and Laird's random effects with normal limits, 0.5 added where needed, (B, K) to (B, 3)."""
    flat = effect_sizes(r.ravel(), np.broadcast_to(n, r.shape).ravel(), measure)
    y, v = flat.estimate.reshape(r.shape), flat.variance.reshape(r.shape)
    w = 1 / v
    total = w.sum(axis=1)
    q = (w * (y - ((w * y).sum(axis=1) / total)[:, None]) ** 2).sum(axis=1)
    spare = total - (w * w).sum(axis=1) / total
    tau2 = np.maximum(0.0, (q - (n.size - 1)) / np.where(spare > 0, spare, 1.0))
    w = 1 / (v + tau2[:, None])
    centre, reach = (w * y).sum(axis=1) / w.sum(axis=1), ndtri((1 + LEVEL) / 2) / np.sqrt(w.sum(axis=1))
    return back_transform(measure, np.stack([centre, centre - reach, centre + reach], axis=1), n)


def glmm_of(r: Integers, n: Integers) -> Floats:
    """Marginal mean of the binomial-normal model with its profile limits, (B, K) to (B, 3)."""
    rates = [profile_intervals(fit_glmm(row, n)).marginal_mean for row in r]
    return np.array([[rate.estimate, rate.lower, rate.upper] for rate in rates])
