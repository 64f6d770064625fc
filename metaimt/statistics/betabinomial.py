"""Pooled response rate by the beta-binomial: maximum likelihood and profile interval of the mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, ndtri, stdtrit

from metaimt.statistics.betabinomial_likelihood import (
    COARSE_RHO_GRID,
    MU_ENDS,
    Maximum,
    log_likelihood,
    maximise,
    mu_slopes,
)
from metaimt.statistics.reports import Reports, read_reports
from metaimt.statistics.root import Floats, decreasing_root
from metaimt.statistics.tail_counts import TailCounts, tail_counts

Cutoff = Literal["F", "chi-square"]

_SCAN = 24


@dataclass(frozen=True)
class BetaBinomialFit:
    """Maximum likelihood estimates.

    mean: mu, the mean response rate over reports, 0 to 1. rho: intraclass correlation, 0 to 1.
    log_likelihood includes the binomial coefficients; log_likelihood_binomial is the maximum at rho = 0.
    """

    mean: float
    rho: float
    log_likelihood: float
    log_likelihood_binomial: float
    reports: Reports
    counts: TailCounts

    @property
    def statistic(self) -> float:
        """Likelihood-ratio statistic for rho = 0, at least 0."""
        return max(0.0, 2 * (self.log_likelihood - self.log_likelihood_binomial))


@dataclass(frozen=True)
class ProfileInterval:
    """Interval of the mean from the profile likelihood, with the cut-off's name."""

    lower: float
    upper: float
    level: float
    cutoff: Cutoff


def fit_beta_binomial(responders: ArrayLike, evaluable: ArrayLike) -> BetaBinomialFit:
    """Maximum likelihood of r_i ~ BetaBinomial(n_i, mu, rho), 0 <= rho <= 1 (rho = 0: binomial).

    Where no patient or every patient responds, rho is not identified and is given as 0; with unanimous
    reports it can run to 1.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.

    Raises:
        ValueError: the counts are not valid (see `read_reports`).
    """
    return fit_reports(read_reports(responders, evaluable))


def fit_reports(reports: Reports) -> BetaBinomialFit:
    """As `fit_beta_binomial`, from checked reports."""
    counts, crude = tail_counts(reports), reports.total_responders / reports.total_evaluable
    constant = _log_coefficients(reports)
    if crude in {0.0, 1.0}:
        return BetaBinomialFit(crude, 0.0, constant, constant, reports, counts)
    start = np.array([crude])
    binomial = float(log_likelihood(counts, start, np.zeros(1))[0])
    top = maximise(counts, start, mu_free=True)
    # At rho = 0 the mean is r/n exactly; the search for it leaves a rounding error.
    mean = crude if top.rho[0] == 0 else float(top.mu[0])
    value = binomial if top.rho[0] == 0 else float(top.value[0])
    return BetaBinomialFit(mean, float(top.rho[0]), value + constant, binomial + constant, reports, counts)


def mean_interval(fit: BetaBinomialFit, level: float = 0.95, cutoff: Cutoff = "F") -> ProfileInterval:
    """Profile-likelihood interval of the mean: {mu : 2 (l_max - max over rho of l(mu, rho)) <= c}.

    rho runs over [0, 1], its boundary included. c is the quantile of F(1, K - 2), that is t(K - 2)
    squared, or of chi-square with 1 degree of freedom. Should the set be in pieces, the interval
    spans them.

    Raises:
        ValueError: level outside (0, 1), or cut-off F with fewer than 3 reports.
    """
    drop = cutoff_value(fit.reports.number, level, cutoff) / 2
    peak = fit.log_likelihood - _log_coefficients(fit.reports)
    both = fit.counts.with_mirror()
    # The upper limit is 1 minus the lower limit of the mirrored data: exact near 1, exactly symmetric.
    lower, mirrored = lower_limits(both, np.array([fit.mean, 1 - fit.mean]), np.full(2, peak - drop))
    return ProfileInterval(float(lower), float(1 - mirrored), level, cutoff)


def cutoff_value(reports: int, level: float, cutoff: Cutoff) -> float:
    """Cut-off for twice the drop of the log-likelihood.

    Raises:
        ValueError: level outside (0, 1), or cut-off F with fewer than 3 reports.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    if cutoff == "chi-square":
        return float(ndtri((1 + level) / 2)) ** 2
    if reports < 3:
        raise ValueError(f"the F cut-off needs at least 3 reports, not {reports}")
    return float(stdtrit(reports - 2, (1 + level) / 2)) ** 2


def lower_limits(counts: TailCounts, means: Floats, target: Floats) -> Floats:
    """Smallest mu at which the profile reaches the target, for each of P data sets (P,); 0 if it does at 0."""
    limits = np.zeros_like(means)
    # With no responder the log-likelihood is 0 at mu = 0, its maximum.
    open_ended = np.nonzero(counts.responders[:, 0] > 0)[0]
    if open_ended.size == 0:
        return limits
    counts, means, target = counts.take(open_ended), means[open_ended], target[open_ended]
    scan = means[:, None] * np.arange(1, _SCAN) / _SCAN
    rows = np.repeat(np.arange(means.size), scan.shape[1])
    # The scan only brackets the limit, so its grid may be coarse; the search inside the bracket is on the fine one.
    found = maximise(counts.take(rows), scan.ravel(), mu_free=False, grid=COARSE_RHO_GRID).value
    inside = found.reshape(scan.shape) >= target[:, None]
    first = np.where(inside.any(axis=1), inside.argmax(axis=1), scan.shape[1])
    edges = np.concatenate([np.full((means.size, 1), MU_ENDS[0]), scan, means[:, None]], axis=1)
    pick = np.arange(means.size)
    low, high = edges[pick, first], edges[pick, first + 1]

    def shortfall(mu: Floats) -> tuple[Floats, Floats]:
        top: Maximum = maximise(counts, mu, mu_free=False)
        # By the envelope theorem the slope of the profile is the partial derivative at the best rho.
        return target - top.value, -mu_slopes(counts, mu, top.rho)[0]

    limits[open_ended] = decreasing_root(shortfall, np.where(first > 0, low, high / 2), low, high)
    return limits


def _log_coefficients(reports: Reports) -> float:
    """Sum of the logarithms of the binomial coefficients."""
    r, n, repeats = reports.distinct
    return float(np.sum(repeats * (-np.log1p(n) - betaln(r + 1, n - r + 1))))
