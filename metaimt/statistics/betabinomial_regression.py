"""Odds ratio of response between groups of reports, or per unit of a covariate, by beta-binomial regression."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, chdtrc

from metaimt.statistics.betabinomial import Cutoff, cutoff_value
from metaimt.statistics.betabinomial_profile import Groups, group_reports, profile, saturated, slope_curvature
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.reports import Reports, read_reports
from metaimt.statistics.root import Floats, decreasing_root

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
    cutoff: Cutoff
    statistic: float
    p: float
    rho: float | NotIdentified
    log_likelihood: float
    log_likelihood_equal: float
    reports: int

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
    level: float = 0.95,
    cutoff: Cutoff = "chi-square",
) -> OddsRatio | NotIdentified:
    """Regress response on one covariate of the reports: logit(mu_i) = a + b x_i, r_i ~ BetaBinomial(n_i, mu_i, rho).

    Crowder, Appl Stat 1978;27:34, with one rho. The interval is {b : 2 (l_max - max over a, rho of l) <= c}, c the
    quantile of chi-square with 1 degree of freedom, or of F(1, K - 3). The order of the reports is irrelevant.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        covariate: shape (K,), with two values or more: 0 and 1 for a reference and a group, or a number such as a year.
        rho: None to estimate it; a number from 0 to below 1 holds it fixed.
        level: of the interval.
        cutoff: of the interval.

    Returns:
        The odds ratio, or NotIdentified where all respond or none does, or, with more than two values of the covariate,
        where a value of it separates the responders from the others.

    Raises:
        ValueError: invalid counts, a covariate of another length, not finite or constant, rho or level out of range, or
            cut-off F with fewer than 4 reports.
    """
    reports = read_reports(responders, evaluable)
    r, n, x = _in_order(responders, evaluable, covariate)
    if rho is not None and not 0 <= rho < 1:
        raise ValueError(f"rho must be at least 0 and below 1, not {rho}")
    drop = cutoff_value(reports.number - (cutoff == "F"), level, cutoff) / 2
    if reports.total_responders in {0, reports.total_evaluable}:
        return NotIdentified("no patient responds" if reports.total_responders == 0 else "every patient responds")
    unseen = _unseen(reports) if rho is None else None
    groups = group_reports(r, n, x, 0.0 if unseen else rho)
    side = _separation(r, n, x)
    if side and groups.x.size > 2:
        return NotIdentified("responders and the others are separated by the covariate")
    slope, peak, found_rho = _maximum(groups, side)
    limits = [_limit(groups, slope, peak - drop, sign) for sign in (-1, 1)]
    equal, constant = profile(groups, 0.0).value, _log_coefficients(reports)
    statistic = max(0.0, 2 * (peak - equal))
    estimate, lower, upper = (_exp(value / groups.span) for value in (slope, *limits))
    return OddsRatio(
        estimate=estimate,
        lower=lower,
        upper=upper,
        level=level,
        cutoff=cutoff,
        statistic=statistic,
        p=float(chdtrc(1, statistic)),
        rho=unseen or found_rho,
        log_likelihood=peak + constant,
        log_likelihood_equal=equal + constant,
        reports=reports.number,
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


def _log_coefficients(reports: Reports) -> float:
    r, n, repeats = reports.distinct
    return float(np.sum(repeats * (-np.log1p(n) - betaln(r + 1, n - r + 1))))
