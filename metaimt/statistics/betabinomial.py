"""The beta-binomial by maximum likelihood, for comparison with other programs: mean, its profile interval, and rho.

r ~ BetaBinomial(n, mu, rho) with alpha = mu (1 - rho) / rho and beta = (1 - mu)(1 - rho) / rho (Skellam,
J R Stat Soc B 1948;10:257). Everywhere 0 < mu < 1 and 0 <= rho <= 1, rho being the intraclass correlation of response
within reports; all is vectorised, parameters of shape (...) with tail counts of shape (J,) or (..., J).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri, stdtrit, xlog1py

from metaimt.statistics.reports import Reports
from metaimt.statistics.root import Floats, decreasing_root
from metaimt.statistics.tail_counts import TailCounts, tail_counts

# Half a unit of logit(rho) apart: finer than any two modes of the profile that reports can produce.
RHO_GRID: Floats = np.concatenate([[0.0], expit(np.arange(-20, 12.1, 0.5)), [1.0]])
# Enough to find the right hill.
COARSE_RHO_GRID: Floats = np.concatenate([[0.0], expit(np.arange(-6, 5.1, 1.0)), [1.0]])
# Strictly inside (0, 1), and 1 / mu^2 does not overflow.
MU_ENDS = (1e-150, 1 - 2**-53)


@dataclass(frozen=True)
class RhoSlopes:
    """First and second derivative in rho, and the mixed one, each of the shape of the parameters."""

    first: Floats
    second: Floats
    mixed: Floats


@dataclass(frozen=True)
class Maximum:
    """Largest log-likelihood (without its constant) of each data set, and where it is."""

    value: Floats
    mu: Floats
    rho: Floats


def log_likelihood(counts: TailCounts, mu: Floats, rho: Floats) -> Floats:
    """Log-likelihood without the binomial coefficients; -inf at rho = 1 unless every report is unanimous.

    Griffiths, Biometrics 1973;29:637: sum_j S_j log(mu (1-rho) + j rho) + F_j log((1-mu)(1-rho) + j rho)
    - N_j log(1-rho + j rho), where S_j, F_j, N_j reports have more than j responders, non-responders,
    patients. The terms with j = 0 are joined, so that log(1 - rho) counts the reports that are not
    unanimous.
    """
    (y, s), (z, f), (x, n) = counts.above
    a, b = _levels(y, z, mu, rho)
    with np.errstate(divide="ignore"):
        edge = xlog1py(_mixed_reports(counts), -rho)
    first = counts.responders[..., 0] * np.log(mu) + counts.failures[..., 0] * np.log1p(-mu)
    rest = np.vecdot(np.log(a), s) + np.vecdot(np.log(b), f) - np.vecdot(np.log1p((x - 1) * rho[..., None]), n)
    return np.asarray(first + edge + rest, dtype=float)


def mu_slopes(counts: TailCounts, mu: Floats, rho: Floats) -> tuple[Floats, Floats]:
    """First and second derivative in mu. The second is negative: in mu there is one maximum."""
    (y, s), (z, f), _ = counts.above
    a, b = _levels(y, z, mu, rho)
    fall = (1 - rho)[..., None]
    u, v = fall / a, fall / b
    s0, f0 = counts.responders[..., 0] / mu, counts.failures[..., 0] / (1 - mu)
    first = s0 - f0 + np.vecdot(u, s) - np.vecdot(v, f)
    second = -(s0 / mu + f0 / (1 - mu) + np.vecdot(u * u, s) + np.vecdot(v * v, f))
    return first, second


def rho_slopes(counts: TailCounts, mu: Floats, rho: Floats) -> RhoSlopes:
    """Derivatives in rho; infinite at an end where the log-likelihood is -inf."""
    (y, s), (z, f), (x, n) = counts.above
    a, b = _levels(y, z, mu, rho)
    m = mu[..., None]
    p, q = (y - m) / a, (z - 1 + m) / b
    w = (x - 1) / (1 + (x - 1) * rho[..., None])
    down = _ratio(_mixed_reports(counts), 1 - rho)
    first = -down + np.vecdot(p, s) + np.vecdot(q, f) - np.vecdot(w, n)
    second = -np.vecdot(p * p, s) - np.vecdot(q * q, f) + np.vecdot(w * w, n)
    second = second - _ratio(down, 1 - rho)
    mixed = np.vecdot(z / (b * b), f) - np.vecdot(y / (a * a), s)
    return RhoSlopes(first, second, mixed)


def best_mu(counts: TailCounts, rho: Floats, start: Floats) -> Floats:
    """The mu that maximises at each rho, from `start` (same shape); within MU_ENDS."""
    return decreasing_root(lambda mu: mu_slopes(counts, mu, rho), start, *MU_ENDS, ends_too=True)


def maximise(counts: TailCounts, mu: Floats, *, mu_free: bool, grid: Floats = RHO_GRID) -> Maximum:
    """Largest value over rho in [0, 1], and over mu too if `mu_free`, for each of P data sets.

    The score is taken on a grid; each change from + to - is a maximum inside, found by Newton's method, and
    an end where the score points outward is one too: more than one hill is no harm.

    Args:
        counts: one data set (J,), or (P, J).
        mu: shape (P,), fixed, or a start.
        mu_free: maximise over mu as well.
        grid: rho from 0 to 1, shape (G,).
    """
    wide = counts.with_axis()
    rho = np.broadcast_to(grid, (mu.size, grid.size))
    inner = np.broadcast_to(mu[:, None], rho.shape)
    if mu_free:
        inner = best_mu(wide, rho, inner)
    score = rho_slopes(wide, inner, rho).first
    which, cell = np.nonzero(hills(score, rounding_of_score(counts)))
    low, high = grid[np.maximum(cell - 1, 0)], grid[np.minimum(cell, grid.size - 1)]
    hill = counts.take(which)
    at = inner[which, np.minimum(cell, grid.size - 1)]
    at_mu, at_rho = _climb(hill, at, low, high, mu_free=mu_free)
    value = log_likelihood(hill, at_mu, at_rho)
    order = np.lexsort((value, which))
    best = order[np.append(np.diff(which[order]) > 0, True)]
    return Maximum(value[best], at_mu[best], at_rho[best])


def _climb(counts: TailCounts, mu: Floats, low: Floats, high: Floats, *, mu_free: bool) -> tuple[Floats, Floats]:
    best = mu

    def slope(rho: Floats) -> tuple[Floats, Floats]:
        """First and second derivative in rho, at the best mean or at the one given."""
        nonlocal best
        if not mu_free:
            d = rho_slopes(counts, mu, rho)
            return d.first, d.second
        best = best_mu(counts, rho, best)
        d = rho_slopes(counts, best, rho)
        return d.first, d.second - d.mixed**2 / mu_slopes(counts, best, rho)[1]

    rho = decreasing_root(slope, (low + high) / 2, low, high)
    return (best_mu(counts, rho, best) if mu_free else mu), rho


def hills(score: Floats, rounding: Floats) -> NDArray[np.bool_]:
    """Where the log-likelihood has a maximum in rho, from its score on a grid from 0 to 1.

    Args:
        score: shape (P, G), of P data sets.
        rounding: shape (P,) or (), as by `rounding_of_score`.

    Returns:
        shape (P, G+1): a maximum at rho = 0, in each of the G-1 cells, and at rho = 1.
    """
    falling = score <= 0
    # The score can be exactly 0 at rho = 0; rounding must not turn that into an estimate of 1e-17.
    falling[:, 0] = score[:, 0] <= rounding
    return np.concatenate([falling[:, :1], ~falling[:, :-1] & falling[:, 1:], ~falling[:, -1:]], axis=1)


def _mixed_reports(counts: TailCounts) -> Floats:
    """Number of reports with responders and non-responders: the power of 1 - rho."""
    return np.asarray(counts.responders[..., 0] + counts.failures[..., 0] - counts.evaluable[..., 0])


def rounding_of_score(counts: TailCounts) -> Floats:
    """Rounding error of the score in rho at rho = 0, generously."""
    return np.asarray(1e-13 * np.vecdot(np.abs(counts.nodes - 1), counts.evaluable))


def _levels(y: Floats, z: Floats, mu: Floats, rho: Floats) -> tuple[Floats, Floats]:
    wide, stay = rho[..., None], 1 - rho
    return (mu * stay)[..., None] + y * wide, ((1 - mu) * stay)[..., None] + z * wide


def _ratio(count: Floats, by: Floats) -> Floats:
    """count / by, and 0 where count is 0 even if `by` is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(count == 0, 0.0, count / by)


Cutoff = Literal["F", "chi-square"]

LEVEL = 0.95
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
class ProfileEstimate:
    """Maximum likelihood estimate and profile interval at 95 %."""

    estimate: float
    lower: float
    upper: float


def fit_reports(reports: Reports) -> BetaBinomialFit:
    """Maximum likelihood of r_i ~ BetaBinomial(n_i, mu, rho), 0 <= rho <= 1 (rho = 0: binomial).

    Where no patient or every patient responds, rho is not identified and is given as 0; with unanimous
    reports it can run to 1.
    """
    counts, crude = tail_counts(reports), reports.total_responders / reports.total_evaluable
    constant = reports.log_coefficients
    if crude in {0.0, 1.0}:
        return BetaBinomialFit(crude, 0.0, constant, constant, reports, counts)
    start = np.array([crude])
    binomial = float(log_likelihood(counts, start, np.zeros(1))[0])
    top = maximise(counts, start, mu_free=True)
    # At rho = 0 the mean is r/n exactly; the search for it leaves a rounding error.
    mean = crude if top.rho[0] == 0 else float(top.mu[0])
    value = binomial if top.rho[0] == 0 else float(top.value[0])
    return BetaBinomialFit(mean, float(top.rho[0]), value + constant, binomial + constant, reports, counts)


def mean_interval(fit: BetaBinomialFit, cutoff: Cutoff = "F") -> ProfileEstimate:
    """The mean with its profile-likelihood interval: {mu : 2 (l_max - max over rho of l(mu, rho)) <= c}.

    rho runs over [0, 1], its boundary included. c is the quantile of F(1, K - 2), that is t(K - 2)
    squared, for three reports or more, or of chi-square with 1 degree of freedom. Should the set be in pieces, the
    interval spans them.
    """
    drop = cutoff_value(fit.reports.number, cutoff) / 2
    peak = fit.log_likelihood - fit.reports.log_coefficients
    both = fit.counts.with_mirror()
    # The upper limit is 1 minus the lower limit of the mirrored data: exact near 1, exactly symmetric.
    lower, mirrored = lower_limits(both, np.array([fit.mean, 1 - fit.mean]), np.full(2, peak - drop))
    return ProfileEstimate(fit.mean, float(lower), float(1 - mirrored))


def cutoff_value(reports: int, cutoff: Cutoff) -> float:
    """Cut-off for twice the drop of the log-likelihood, of an interval at `LEVEL`; F needs three reports."""
    at = (1 + LEVEL) / 2
    return float(ndtri(at) if cutoff == "chi-square" else stdtrit(reports - 2, at)) ** 2


def lower_limits(counts: TailCounts, means: Floats, target: Floats) -> Floats:
    """Smallest mu at which the profile reaches the target, for each of P data sets (P,); 0 if it does at 0."""
    limits = np.zeros_like(means)
    # With no responder the log-likelihood is 0 at mu = 0, its maximum.
    open_ended = np.nonzero(counts.responders[:, 0] > 0)[0]
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


def rho_interval(fit: BetaBinomialFit) -> ProfileEstimate:
    """rho (0 to 1) with its profile-likelihood interval, chi-square cut-off with 1 degree of freedom.

    The lower limit is 0 if the boundary is inside; the upper is 1 if unanimous reports allow it. Should the
    set be in pieces, the interval spans them. Of two reports or more, one of them with two patients or more, in which
    some respond and some do not: else rho is not identified.
    """
    peak = float(log_likelihood(fit.counts, np.array([fit.mean]), np.array([fit.rho]))[0])
    target = peak - cutoff_value(fit.reports.number, "chi-square") / 2
    grid = np.unique(np.append(RHO_GRID, fit.rho))
    inside = np.nonzero((_profile(fit.counts, grid, fit.mean)[0] >= target) | (grid == fit.rho))[0]
    first, last = int(inside[0]), int(inside[-1])
    lower = _crossing(fit, grid[first - 1], grid[first], target, -1.0) if first > 0 else 0.0
    upper = _crossing(fit, grid[last], grid[last + 1], target, 1.0) if last < grid.size - 1 else 1.0
    return ProfileEstimate(fit.rho, lower, upper)


def _profile(counts: TailCounts, rho: Floats, start: float) -> tuple[Floats, Floats]:
    mu = best_mu(counts, rho, np.full(rho.shape, start))
    return log_likelihood(counts, mu, rho), mu


def _crossing(fit: BetaBinomialFit, low: float, high: float, target: float, sign: float) -> float:
    """Where the profile of rho falls to the target; sign -1 if it rises from low to high, 1 if it falls."""

    def excess(rho: Floats) -> tuple[Floats, Floats]:
        value, mu = _profile(fit.counts, rho, fit.mean)
        return sign * (value - target), sign * rho_slopes(fit.counts, mu, rho).first

    return float(decreasing_root(excess, np.array([(low + high) / 2]), low, high)[0])
