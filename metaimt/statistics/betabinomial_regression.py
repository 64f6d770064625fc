"""Odds ratio of response between groups of reports, or per unit of a covariate, by beta-binomial regression.

logit(mu) = level + slope * x, with one intraclass correlation rho for all reports; the likelihood is maximised over all
but the slope. Reports with the same x form a group; x is scaled so that it runs from 0 to 1. At rho = 0 this is
logistic regression.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import exp, inf, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, expit, logit

from metaimt.statistics.betabinomial import (
    LEVEL,
    MU_ENDS,
    Cutoff,
    best_mu,
    cutoff_value,
    hills,
    log_likelihood,
    mu_slopes,
    rho_slopes,
    rounding_of_score,
)
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.reports import Reports, read_reports
from metaimt.statistics.root import Floats, decreasing_root
from metaimt.statistics.tail_counts import TailCounts, tail_counts_of

# A whole unit of logit(rho) apart: enough to find the right hill, which is then climbed.
_RHO_GRID: Floats = np.concatenate([[0.0], expit(np.arange(-12, 7.1, 1.0)), [1.0]])
_SCAN = np.linspace(0.0, 1.0, 81)
_FARTHEST_MEAN = 36.0  # logits: beyond, a probability is 0 or 1 to the last digit


@dataclass(frozen=True, eq=False)
class Groups:
    """Reports by their value of x: counts of shape (G, J), x of shape (G,) from 0 to 1, and the rho to search.

    `span` is what 1 of x is in units of the covariate. `rho_grid` runs from 0 to 1, or holds one fixed rho.
    """

    counts: TailCounts
    x: Floats
    span: float
    rho_grid: Floats

    @cached_property
    def means_on_grid(self) -> Floats:
        """The mean of each group that is best at each rho of the grid."""
        return _found_means(self, self.rho_grid)


@dataclass(frozen=True)
class Peak:
    """The maximum at one slope, without the binomial coefficients.

    means: of the groups, shape (G,). score: derivative of the profile in the slope.
    """

    value: float
    means: Floats
    rho: float
    score: float


@dataclass(frozen=True)
class _Inner:
    """Group means (P, G) that are best at each rho, and first and second derivative there of the profile in rho."""

    means: Floats
    score: Floats
    curvature: Floats


def group_reports(
    responders: NDArray[np.int64], evaluable: NDArray[np.int64], covariate: Floats, rho: float | None
) -> Groups:
    """Groups of reports by covariate, of which there are two values or more; rho None: to be estimated."""
    values, where = np.unique(covariate, return_inverse=True)
    most = int(np.bincount(where).max())
    r, n = np.zeros((values.size, most), dtype=np.int64), np.zeros((values.size, most), dtype=np.int64)
    for group in range(values.size):
        inside = where == group
        r[group, : inside.sum()], n[group, : inside.sum()] = responders[inside], evaluable[inside]
    span = float(values[-1] - values[0])
    grid = _RHO_GRID if rho is None else np.array([rho])
    return Groups(tail_counts_of(r, n), (values - values[0]) / span, span, grid)


def saturated(groups: Groups) -> Peak:
    """The maximum with a mean of its own for every group: what the slope can reach between two groups."""

    def inner(rho: Floats) -> _Inner:
        mu = _group_means(groups, rho)
        d = rho_slopes(groups.counts, mu, rho[:, None])
        second = mu_slopes(groups.counts, mu, rho[:, None])[1]
        return _Inner(mu, d.first.sum(axis=-1), (d.second - d.mixed**2 / second).sum(axis=-1))

    return _peak(groups, inner)


def profile(groups: Groups, slope: float) -> Peak:
    """The maximum at this slope (in units of x), over level and rho."""

    def inner(rho: Floats) -> _Inner:
        """The best level at each rho, with the derivatives in rho of the likelihood there."""
        mu = _on_line(groups, _best_level(groups, slope, rho), slope)
        d = rho_slopes(groups.counts, mu, rho[:, None])
        weight, curvature = mu * (1 - mu), _level_slopes(groups, mu, rho)[1]
        mixed = np.vecdot(d.mixed, weight)
        return _Inner(mu, d.first.sum(axis=-1), d.second.sum(axis=-1) - mixed**2 / curvature)

    return _peak(groups, inner)


def _peak(groups: Groups, inner: Callable[[Floats], _Inner]) -> Peak:
    """The highest hill over rho."""
    rho = _candidates(groups, inner)
    mu = inner(rho).means
    values = log_likelihood(groups.counts, mu, rho[:, None]).sum(axis=-1)
    best = int(values.argmax())
    mu, at = mu[best], rho[best : best + 1]
    # By the envelope theorem the slope of the profile is the partial derivative at the best level and rho.
    score = float((mu_slopes(groups.counts, mu, at)[0] * mu * (1 - mu)) @ groups.x)
    return Peak(float(values[best]), mu, float(rho[best]), score)


def slope_curvature(groups: Groups, peak: Peak) -> float:
    """Second derivative of the profile in the slope: Schur complement of the level and, inside (0, 1), of rho."""
    mu, rho = peak.means, np.array([peak.rho])
    weight, d = mu * (1 - mu), rho_slopes(groups.counts, mu, rho)
    first, second = mu_slopes(groups.counts, mu, rho)
    bend, cross = weight**2 * second + weight * (1 - 2 * mu) * first, weight * d.mixed
    own, with_level = float(bend @ groups.x**2), float(bend @ groups.x)
    if peak.rho in {0.0, 1.0} or groups.rho_grid.size == 1:
        return own - with_level**2 / float(bend.sum())
    others = np.array([[bend.sum(), cross.sum()], [cross.sum(), d.second.sum()]])
    mixed = np.array([with_level, float(cross @ groups.x)])
    return own - float(mixed @ np.linalg.solve(others, mixed))


def _candidates(groups: Groups, inner: Callable[[Floats], _Inner]) -> Floats:
    grid = groups.rho_grid
    if grid.size == 1:
        return grid
    cell = np.flatnonzero(hills(inner(grid).score[None, :], rounding_of_score(groups.counts).sum()))
    low, high = grid[np.maximum(cell - 1, 0)], grid[np.minimum(cell, grid.size - 1)]

    def slope(rho: Floats) -> tuple[Floats, Floats]:
        at = inner(rho)
        return at.score, at.curvature

    return decreasing_root(slope, (low + high) / 2, low, high)


def _group_means(groups: Groups, rho: Floats) -> Floats:
    """The mean of each group that is best at each rho: shape (P, G). On the grid they are the same at every slope."""
    return groups.means_on_grid if rho is groups.rho_grid else _found_means(groups, rho)


def _found_means(groups: Groups, rho: Floats) -> Floats:
    start = np.full((rho.size, groups.x.size), 0.5)
    return best_mu(groups.counts, np.broadcast_to(rho[:, None], start.shape), start)


def _on_line(groups: Groups, level: Floats, slope: float) -> Floats:
    """Means (..., G) of the groups at levels of shape (...)."""
    return np.clip(expit(level[..., None] + slope * groups.x), *MU_ENDS)


def _level_slopes(groups: Groups, mu: Floats, rho: Floats) -> tuple[Floats, Floats]:
    """First and second derivative in the level."""
    first, second = mu_slopes(groups.counts, mu, rho[..., None])
    weight = mu * (1 - mu)
    return np.vecdot(first, weight), np.sum(weight**2 * second + weight * (1 - 2 * mu) * first, axis=-1)


def _best_level(groups: Groups, slope: float, rho: Floats) -> Floats:
    """The best level at each rho: it lies between the levels that are best for each group alone."""
    logits = logit(np.clip(_group_means(groups, rho), MU_ENDS[0], MU_ENDS[1]))
    alone = np.clip(logits, -_FARTHEST_MEAN, _FARTHEST_MEAN) - slope * groups.x
    low, high = alone.min(axis=-1), alone.max(axis=-1)
    levels = low[:, None] + (high - low)[:, None] * _SCAN
    values = log_likelihood(groups.counts, _on_line(groups, levels, slope), rho[:, None, None]).sum(axis=-1)
    best, rows = values.argmax(axis=1), np.arange(rho.size)

    def score(level: Floats) -> tuple[Floats, Floats]:
        return _level_slopes(groups, _on_line(groups, level, slope), rho)

    left = levels[rows, np.maximum(best - 1, 0)]
    right = levels[rows, np.minimum(best + 1, _SCAN.size - 1)]
    # The root finder stops at steps relative to x, which a level near 0 would not reach: x is counted from left - 1.
    start = left - 1
    found = decreasing_root(lambda x: score(start + x), levels[rows, best] - start, 1.0, right - start, ends_too=True)
    return np.asarray(start + found)


_FARTHEST = 60.0  # of the log odds ratio over the range of the covariate: beyond, nothing changes any more


@dataclass(frozen=True)
class OddsRatio:
    """Odds ratio of response for one unit more of the covariate, with its profile-likelihood interval.

    Between a group (1) and its reference (0) it is s, the ratio of their odds. Where one group has only responders or
    none it is infinite or 0, and the interval is one-sided. statistic, p: likelihood-ratio test of an odds ratio of 1,
    chi-square with 1 degree of freedom. rho: common to all reports; where it is not identified it was held at 0 and
    the model is logistic regression. Log-likelihoods include the binomial coefficients.
    """

    estimate: float
    lower: float
    upper: float
    level: float
    statistic: float
    p: float
    rho: float | NotIdentified
    log_likelihood: float
    log_likelihood_equal: float

    @property
    def separated(self) -> bool:
        """Whether the estimate is 0 or infinite."""
        return self.estimate in {0.0, inf}


def beta_binomial_regression(
    responders: ArrayLike,
    evaluable: ArrayLike,
    covariate: ArrayLike,
    *,
    rho: float | None = None,
    cutoff: Cutoff = "chi-square",
) -> OddsRatio | NotIdentified:
    """Regress response on one covariate of the reports: logit(mu_i) = a + b x_i, r_i ~ BetaBinomial(n_i, mu_i, rho).

    Crowder, Appl Stat 1978;27:34, with one rho. The interval is {b : 2 (l_max - max over a, rho of l) <= c}, c the
    quantile of chi-square with 1 degree of freedom, or of F(1, K - 3), K at least 4. The order of the reports is
    irrelevant.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        covariate: shape (K,), with two values or more: 0 and 1 for a reference and a group, or a number such as a year.
        rho: None to estimate it; a number from 0 to below 1 holds it fixed.
        cutoff: of the interval.

    Returns:
        The odds ratio, or NotIdentified where all respond or none does, or, with more than two values of the covariate,
        where a value of it separates the responders from the others.

    Raises:
        ValueError: invalid counts, a covariate of another length, not finite or constant.
    """
    reports = read_reports(responders, evaluable)
    r, n, x = _in_order(responders, evaluable, covariate)
    drop = cutoff_value(reports.number - (cutoff == "F"), cutoff) / 2
    if reports.total_responders in {0, reports.total_evaluable}:
        return NotIdentified("no patient responds" if reports.total_responders == 0 else "every patient responds")
    unseen = _unseen(reports) if rho is None else None
    groups = group_reports(r, n, x, 0.0 if unseen else rho)
    side = _separation(r, n, x)
    if side and groups.x.size > 2:
        return NotIdentified("responders and the others are separated by the covariate")
    slope, peak, found_rho = _maximum(groups, side)
    limits = [_limit(groups, slope, peak - drop, sign) for sign in (-1, 1)]
    equal, constant = profile(groups, 0.0).value, reports.log_coefficients
    statistic = max(0.0, 2 * (peak - equal))
    estimate, lower, upper = (_exp(value / groups.span) for value in (slope, *limits))
    return OddsRatio(
        estimate=estimate,
        lower=lower,
        upper=upper,
        level=LEVEL,
        statistic=statistic,
        p=float(chdtrc(1, statistic)),
        rho=unseen or found_rho,
        log_likelihood=peak + constant,
        log_likelihood_equal=equal + constant,
    )


def _in_order(
    responders: ArrayLike, evaluable: ArrayLike, covariate: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    r, n, x = np.asarray(responders), np.asarray(evaluable), np.asarray(covariate, dtype=float)
    if x.shape != r.shape or not np.isfinite(x).all():
        raise ValueError(f"every report needs a finite covariate: {x.shape} for {r.shape} reports")
    if np.unique(x).size < 2:
        raise ValueError("the covariate is constant")
    order = np.lexsort((r, n, x))
    return r[order].astype(np.int64), n[order].astype(np.int64), x[order]


def _unseen(reports: Reports) -> NotIdentified | None:
    """Why maximum likelihood does not identify rho."""
    if reports.informative == 0:
        return NotIdentified("every report is a single case")
    return NotIdentified("unanimous") if reports.unanimous else None


def _separation(r: NDArray[np.int64], n: NDArray[np.int64], x: Floats) -> int:
    """1 if every responder has an x at least that of every other patient, -1 the other way round, else 0."""
    respond, fail = x[r > 0], x[n > r]
    if fail.max() <= respond.min():
        return 1
    return -1 if respond.max() <= fail.min() else 0


def _maximum(groups: Groups, side: int) -> tuple[float, float, float]:
    """The best slope, in units of x, the log-likelihood there, and rho."""
    if groups.x.size > 2:
        slope = _best_slope(groups)
        top = profile(groups, slope)
        return slope, top.value, top.rho
    top = saturated(groups)
    if side:
        return side * inf, top.value, top.rho
    reference, group = np.log(top.means) - np.log1p(-top.means)
    return float(group - reference), top.value, top.rho


def _best_slope(groups: Groups) -> float:
    """Where the derivative of the profile changes its sign."""

    def score(slope: Floats) -> tuple[Floats, Floats]:
        at = profile(groups, float(slope[0]))
        return np.array([at.score]), np.array([slope_curvature(groups, at)])

    return float(decreasing_root(score, np.zeros(1), -_FARTHEST, _FARTHEST)[0])


def _limit(groups: Groups, slope: float, target: float, sign: int) -> float:
    """The slope on one side of the best at which the profile falls to the target; infinite if it never does."""
    inner = slope if isfinite(slope) else np.sign(slope) * _FARTHEST
    if inner == sign * _FARTHEST:
        return sign * inf
    step = 0.25
    while profile(groups, outer := inner + sign * step).value >= target:
        inner, step = outer, 2 * step
        if abs(inner) > 4 * _FARTHEST:
            return sign * inf

    def excess(distance: Floats) -> tuple[Floats, Floats]:
        at = profile(groups, inner + sign * float(distance[0]))
        return np.array([at.value - target]), np.array([sign * at.score])

    return float(inner + sign * decreasing_root(excess, np.array([step / 2]), 0.0, step)[0])


def _exp(value: float) -> float:
    """The exponential; infinite and 0 at the ends, without overflow."""
    return exp(value) if value < 700 else inf
