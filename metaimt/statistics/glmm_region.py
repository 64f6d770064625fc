"""The likelihood region of the binomial-normal model, {2 (l_max - l(b0, tau)) <= c}, and ranges over it.

The profile interval of any function of the parameters is the range of that function over this region. For each
tau the region is an interval of b0, because the likelihood is log-concave in b0. Its two ends are followed over
tau; where the function is largest or smallest along them is a limit. Should the region be in pieces, the ranges
span them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from metaimt.statistics.glmm_likelihood import (
    ROUGH,
    TAU_GRID,
    TAU_LONG_GRID,
    DataSets,
    Point,
    Ridge,
    best_beta,
    binomial_fit,
    point_at,
    profile,
)
from metaimt.statistics.glmm_quadrature import Terms, log_marginal
from metaimt.statistics.root import Floats, decreasing_root

_NODES = 10
_BOTH = np.array([-1.0, 1.0])
# Four functions to maximise: minus b0 along the lower end, b0 along the upper, and the same of the marginal mean.
_SIDE = np.array([-1.0, 1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Region:
    """Where the log-likelihood (without coefficients) is at least `target`: tau from low to high, or to infinity.

    tau: (T,), where the ends of b0 are known, in order. ends: (2, T), lower and upper b0 there. tops: the best
    b0 at each of them.
    """

    data: DataSets
    target: float
    low: float
    high: float
    tau: Floats
    tops: Point
    ends: Floats

    @property
    def last(self) -> float:
        """The largest tau that is looked at."""
        return min(self.high, float(TAU_LONG_GRID[-1]))


def log_mean(b0: Floats, tau: Floats) -> Terms:
    """Log of the marginal mean, the integral of expit(b0 + tau z) phi(z): the likelihood of one responder.

    Args:
        b0: shape (B,).
        tau: shape (B,).
    """
    return log_marginal(np.ones(1), np.ones(1), b0[:, None], tau)


def likelihood_region(data: DataSets, b0: float, tau: float, drop: float) -> Region:
    """Where the log-likelihood of one data set is at most `drop` below its maximum, which is at b0 and tau."""
    binomial = binomial_fit(data)
    top = point_at(data, np.array([[b0]]), np.array([tau]))
    target = float(top.value[0]) - drop
    low, high = _tau_range(data, binomial, top, target)
    last = min(high, float(TAU_LONG_GRID[-1]))
    # The ends of b0 close up like a square root at the ends of tau, where Chebyshev's nodes are dense.
    inner = low + (last - low) * (1 - np.cos(np.pi * (np.arange(_NODES) + 0.5) / _NODES)) / 2
    nodes = np.concatenate([np.zeros(int(low == 0)), inner, np.full(int(high == inf), last)])
    tops = profile(data, binomial, nodes)
    # Between two hills there is nothing.
    tops = tops.take(tops.value >= target)
    both = tops.take(np.tile(np.arange(tops.tau.size), 2))
    ends = _ends(data, both, np.repeat(_BOTH, tops.tau.size), target, rtol=1e-6)
    return Region(data, target, low, high, tops.tau, tops, ends.reshape(2, -1))


def binomial_limits(data: DataSets, b0: float, drop: float) -> Floats:
    """Lower and upper b0 at tau = 0 for one data set, whose maximum there is at b0."""
    top = point_at(data, np.array([[b0]]), np.zeros(1))
    return _ends(data, top.take(np.zeros(2, dtype=np.intp)), _BOTH, float(top.value[0]) - drop)


def limits(region: Region) -> tuple[Floats, Floats]:
    """Least and largest b0 in the region, (2,), infinite where tau has no end; and of the marginal mean, (2,)."""
    means = log_mean(region.ends.ravel(), np.tile(region.tau, 2)).value.reshape(2, -1)
    node = (_SIDE[:, None] * np.concatenate([region.ends, means])).argmax(axis=1)
    endless = (node == region.tau.size - 1) & (region.high == inf)
    tau, b0 = _highest(region, node, endless)
    return np.where(endless[:2], _BOTH * inf, b0[:2]), np.exp(log_mean(b0[2:], tau[2:]).value[:, 0])


def _tau_range(data: DataSets, binomial: Point, top: Point, target: float) -> tuple[float, float]:
    grid = TAU_GRID
    scan = profile(data, binomial, grid)
    if scan.value[-1] >= target or top.tau[0] > grid[-1]:
        grid = TAU_LONG_GRID
        scan = profile(data, binomial, grid)
    inside = np.append(grid[scan.value >= target], top.tau)
    first, last = inside.min(), inside.max()
    below, above = grid[grid < first], grid[grid > last]
    # Where tau has no end the bracket is a point, and is not used.
    low = np.array([below[-1] if below.size else first, last])
    high = np.array([first, above[0] if above.size else last])
    ridge = Ridge(data.repeat(2), np.repeat(top.tau, 2), np.repeat(top.beta, 2, axis=0))

    def excess(tau: Floats) -> tuple[Floats, Floats]:
        point = ridge.move(tau)
        return _BOTH * (point.value - target), _BOTH * 2 * tau * point.tau_score

    found = decreasing_root(excess, (low + high) / 2, low, high, 1e-9)
    return (float(found[0]) if below.size else 0.0), (float(found[1]) if above.size else inf)


def _ends(
    data: DataSets, tops: Point, side: Floats, target: float, *, rtol: float = 1e-12, start: Floats | None = None
) -> Floats:
    """b0 where the log-likelihood falls to the target, left (-1) or right (1) of its top at each tau: (B,)."""
    best, rows = tops.beta[:, 0], data.repeat(side.size)

    def excess(away: Floats) -> tuple[Floats, Floats]:
        point = point_at(rows, (best + side * away)[:, None], tops.tau)
        return point.value - target, side * point.beta_score[:, 0]

    parabola = np.sqrt(2 * np.maximum(tops.value - target, 0) / tops.information[:, 0, 0])
    away = parabola if start is None else np.maximum(side * (start - best), 0)
    reach = 2 * parabola + 60 * (1 + tops.tau)
    return np.asarray(best + side * decreasing_root(excess, np.minimum(away, reach), 0.0, reach, rtol))


def _highest(region: Region, node: NDArray[np.intp], fixed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """tau and b0, each (4,), where each of the four functions is highest, near the node where it is largest.

    Where `fixed`, the node itself is the answer.
    """
    four, tau = np.arange(4), region.tau
    slopes = _slopes(region, region.ends.ravel(), np.tile(tau, 2))
    uphill = _SIDE[:, None] * np.concatenate(slopes).reshape(4, -1)
    # A node at tau = 0 that falls from there is the highest: the slope is in tau^2, so not 0 itself.
    settled = fixed | ((tau[node] == 0) & (uphill[four, node] <= 0))
    known = np.concatenate([[region.low], tau, [region.last]])
    low, high = np.where(settled, tau[node], known[node]), np.where(settled, tau[node], known[node + 2])
    other = np.clip(np.where(uphill[four, node] > 0, node + 1, node - 1), 0, tau.size - 1)
    before = tau[node], uphill[four, node]
    with np.errstate(invalid="ignore", divide="ignore"):
        start = before[0] - before[1] / _secant(*before, tau[other], uphill[four, other])
    start = np.where((start > low) & (start < high), start, (low + high) / 2)
    rows, tops, b0 = region.data.repeat(4), region.tops.take(node), region.ends[four % 2, node]

    def slope(at: Floats) -> tuple[Floats, Floats]:
        """Derivative in tau^2 of the four functions, signed by their sides, and its slope by the secant."""
        nonlocal tops, b0, before
        tops = best_beta(rows, at, tops.beta, 0.01)
        b0 = _ends(region.data, tops, _SIDE, region.target, rtol=1e-8, start=b0)
        value = _SIDE * np.where(four < 2, *_slopes(region, b0, at))
        steepness = _secant(*before, at, value)
        before = (at, value)
        return value, steepness

    found = decreasing_root(slope, start, low, high, ROUGH)
    tops = best_beta(rows, found, tops.beta, 0.01)
    return found, _ends(region.data, tops, _SIDE, region.target, start=b0)


def _secant(x: Floats, value: Floats, other: Floats, there: Floats) -> Floats:
    """Slope of the line through two points; not finite where there is none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((there - value) / (other - x))


def _slopes(region: Region, b0: Floats, tau: Floats) -> tuple[Floats, Floats]:
    """Derivatives in tau^2 along the ends of the region, each (B,): of b0, and of the mean in units of b0."""
    point, mean = point_at(region.data.repeat(tau.size), b0[:, None], tau), log_mean(b0, tau)
    with np.errstate(invalid="ignore", divide="ignore"):
        along = -point.tau_score / point.beta_score[:, 0]
        return along, along + (mean.variance / mean.eta)[:, 0]
