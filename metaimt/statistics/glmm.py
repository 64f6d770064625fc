"""Pooled response rate by the binomial-normal model (random intercept on the logit scale), for comparison.

logit p_i = b0 + u_i, u_i ~ N(0, tau^2): Stijnen, Hamza and Ozdemir, Stat Med 2010;29:3046. The likelihood is exact to
1e-8: Laplace's approximation and the 7 nodes of metafor::rma.glmm are visibly wrong in tau^2. Intervals are profile
intervals, never Wald's; what the reports do not identify is said, never guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from math import inf

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, expit, log_expit, ndtri

from metaimt.statistics.betabinomial import ProfileEstimate
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.reports import Reports, read_reports
from metaimt.statistics.root import Floats, decreasing_root

NODES = 80
# Half a unit of log(tau) apart: finer than any two hills that reports can produce. At 100 rates are 0 or 1.
_TAUS: Floats = np.concatenate([[0.0], np.geomspace(0.05, 8.0, 12)])
_FAR: Floats = np.geomspace(12.0, 100.0, 6)  # only where the profile has not fallen at 8
_WIDE = 1.0  # tau from which on a unanimous report is a step to the nodes, and has an even grid
_CHUNK = 60_000  # values of the integrand at once: larger arrays leave the cache
_ROUGH = 1e-4  # for a scan
_APART = 1e-4  # relative difference of two tau between which a slope is taken, for Newton's method only
_BOTH = np.array([-1.0, 1.0])
_UNANIMOUS = NotIdentified("unanimous")


@dataclass(frozen=True)
class TauTest:
    """Likelihood-ratio test of tau = 0; p from the even mixture of chi-square with 0 and with 1 degree of freedom.

    tau = 0 is on the boundary: Self and Liang, J Am Stat Assoc 1987;82:605.
    """

    statistic: float
    p: float


@dataclass(frozen=True)
class GlmmFit:
    """Maximum likelihood estimates.

    b0: logit of the rate in the median report; -inf or inf where no patient or every patient responds. tau: standard
    deviation of the logits between reports; where it is not identified the fit is the binomial one. log_likelihood has
    the binomial coefficients in it; log_likelihood_binomial is the maximum at tau = 0.
    """

    b0: float
    tau: float | NotIdentified
    log_likelihood: float
    log_likelihood_binomial: float
    data: Reports = field(compare=False, repr=False)

    @property
    def tau2(self) -> float | NotIdentified:
        """Variance of the logits between reports."""
        return self.tau if isinstance(self.tau, NotIdentified) else self.tau**2

    @property
    def median(self) -> float:
        """Response rate in the median report, expit(b0), 0 to 1."""
        return float(expit(self.b0))

    @property
    def marginal_mean(self) -> float:
        """Mean response rate over reports, the integral of expit(b0 + tau z) phi(z) dz, 0 to 1."""
        if isinstance(self.tau, NotIdentified):
            return self.median
        return float(np.exp(_log_mean(np.array([self.b0]), np.array([self.tau]))[0][0]))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know of this fit."""
        every, none = self.data.all_respond, self.data.none_respond
        if self.tau != _UNANIMOUS or not every or not none:
            return ()
        text = f"All respond in {every} of the larger reports and none in {none}: the limits ignore their disagreement."
        return (text,)

    @property
    def tau_test(self) -> TauTest | NotIdentified:
        """Test of tau = 0."""
        if isinstance(self.tau, NotIdentified):
            return self.tau
        statistic = max(0.0, 2 * (self.log_likelihood - self.log_likelihood_binomial))
        # Below 1e-8 the statistic is 0 but for rounding.
        return TauTest(statistic, 1.0 if statistic < 1e-8 else float(chdtrc(1, statistic)) / 2)


@dataclass(frozen=True)
class GlmmIntervals:
    """Rates (0 to 1) in the median report and on average over reports; tau on the logit scale.

    The upper limit of tau is infinite where the profile has not fallen at tau = 100.
    """

    median: ProfileEstimate
    marginal_mean: ProfileEstimate
    tau: ProfileEstimate | NotIdentified


@dataclass(frozen=True)
class Separated:
    """No finite estimate exists: exact answers for each group and penalised ones are to be read instead."""

    reason: str

    JSON = (("separated", "reason"),)

    def wording(self) -> str:
        """A phrase for the report."""
        return f"separated ({self.reason})"


@dataclass(frozen=True)
class BetweenGroups:
    """Likelihood-ratio test of equal rates in all groups, with one tau in both models; chi-square on `df`.

    logits: of the rate in the median report of each group, by name. tau, log_likelihood: of the model with a rate for
    each group. log_likelihood_common: with one rate.
    """

    statistic: float
    df: int
    p: float
    logits: dict[str, float]
    tau: float | NotIdentified
    log_likelihood: float
    log_likelihood_common: float

    JSON = ("statistic", "df", "p")


def fit_glmm(responders: ArrayLike, evaluable: ArrayLike) -> GlmmFit:
    """Maximum likelihood of r_i ~ Binomial(n_i, p_i), logit p_i = b0 + u_i, u_i ~ N(0, tau^2).

    tau is not identified by one report, by single cases only, or where all reports with two patients or more
    are unanimous (in each all respond or none does); the fit is then the binomial one. The order of the
    reports is irrelevant.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.

    Raises:
        ValueError: invalid counts (see `read_reports`).
    """
    data = read_reports(responders, evaluable)
    cause = _cause(data)
    plain, constant = _binomial(data), data.log_coefficients
    if cause is not None:
        return GlmmFit(_logit(data), cause, plain + constant, plain + constant, data)
    tau, b0, top = _maximise([data])
    return GlmmFit(b0[0], tau, (plain if tau == 0 else top) + constant, plain + constant, data)


def between_groups(responders: ArrayLike, evaluable: ArrayLike, groups: Sequence[str]) -> BetweenGroups | Separated:
    """Test for any difference between groups of reports.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        groups: name of the group of each report, at least two different ones.

    Returns:
        `Separated` where in a group no patient or every patient responds.

    Raises:
        ValueError: invalid counts, not one group a report, or a single group.
    """
    common = fit_glmm(responders, evaluable)
    r, n, names, member = np.asarray(responders), np.asarray(evaluable), sorted(set(groups)), np.array(groups)
    if member.shape != r.shape:
        raise ValueError(f"there must be one group a report: {r.size}, not {member.size}")
    if len(names) < 2:
        raise ValueError("a test between groups needs at least two groups")
    each = [read_reports(r[member == name], n[member == name]) for name in names]
    ends = [
        f"in {name} {'every patient responds' if data.total_responders else 'no patient responds'}"
        for name, data in zip(names, each, strict=True)
        if data.total_responders in {0, data.total_evaluable}
    ]
    if ends:
        return Separated("; ".join(ends))
    tau: float | NotIdentified
    if isinstance(common.tau, NotIdentified):
        tau, b0, top = common.tau, [_logit(data) for data in each], sum(map(_binomial, each))
    else:
        tau, b0, top = _maximise(each)
    top += common.data.log_coefficients
    statistic, df = max(0.0, 2 * (top - common.log_likelihood)), len(names) - 1
    logits = dict(zip(names, b0, strict=True))
    return BetweenGroups(statistic, df, float(chdtrc(df, statistic)), logits, tau, top, common.log_likelihood)


def profile_intervals(fit: GlmmFit, level: float = 0.95) -> GlmmIntervals:
    """Intervals of the median rate, the marginal mean rate and tau.

    The interval of a function of b0 and tau is its range where 2 (l_max - l(b0, tau)) is at most the quantile c of
    chi-square with 1 degree of freedom. Where tau is not identified it is that of the binomial model; where no patient
    or every patient responds, one-sided: from 0 to 1 - exp(-c / (2 N)), or from exp(-c / (2 N)) to 1, with N patients.
    """
    half = float(ndtri((1 + level) / 2)) ** 2 / 2
    if isinstance(fit.tau, NotIdentified):
        low, high = _binomial_limits(fit, half)
        rate = ProfileEstimate(fit.median, low, high)
        return GlmmIntervals(rate, rate, fit.tau)
    target = float(_terms(fit.data, np.array([fit.b0]), np.array([fit.tau]))[0][0]) - half
    low, high = _tau_limits(fit.data, fit.tau, target)
    b0, mean = _rate_limits(fit.data, low, high, target)
    return GlmmIntervals(
        ProfileEstimate(fit.median, float(expit(b0[0])), float(expit(b0[1]))),
        ProfileEstimate(fit.marginal_mean, float(mean[0]), float(mean[1])),
        ProfileEstimate(fit.tau, low, high),
    )


def _cause(data: Reports) -> NotIdentified | None:
    """Why tau is not identified, if it is not."""
    for cause, holds in (
        (NotIdentified("no patient responds"), data.total_responders == 0),
        (NotIdentified("every patient responds"), data.total_responders == data.total_evaluable),
        (NotIdentified("one report"), data.number == 1),
        (NotIdentified("every report is a single case"), data.informative == 0),
        (_UNANIMOUS, data.unanimous),
    ):
        if holds:
            return cause
    return None


def _logit(data: Reports) -> float:
    r, n = data.total_responders, data.total_evaluable
    return -inf if r == 0 else inf if r == n else float(np.log(r / (n - r)))


def _binomial(data: Reports) -> float:
    """The largest log-likelihood at tau = 0, without coefficients."""
    r, n, at = data.total_responders, data.total_evaluable, _logit(data)
    return 0.0 if r in {0, n} else float(r * log_expit(at) + (n - r) * log_expit(-at))


def _terms(data: Reports, b0: Floats, tau: Floats) -> Floats:
    """Log-likelihood without coefficients, its first and second derivative in b0, and that in tau^2: (4, B).

    The derivative in tau^2 of a report's likelihood is half the second in b0 (heat equation), exact at tau = 0 too.
    """
    r, n, copies = data.distinct
    cells = np.stack(np.broadcast_arrays(r.astype(float), n.astype(float), b0[:, None], tau[:, None]))
    shape, cells = cells.shape, cells.reshape(4, -1)
    parts = np.empty_like(cells)
    step = (cells[3] > _WIDE) & ((cells[0] == 0) | (cells[0] == cells[1]))
    for where, (x, weight), scaled in ((~step, _gauss_hermite(), True), (step, _even_grid(float(tau.max())), False)):
        chosen = np.flatnonzero(where)
        for some in np.array_split(chosen, -(-chosen.size * x.size // _CHUNK)) if chosen.size else ():
            parts[:, some] = _integrals(cells[:, some], x, weight, scaled=scaled)
    return np.asarray(parts.reshape(shape) @ copies)


@cache
def _gauss_hermite() -> tuple[Floats, Floats]:
    """Nodes x times sqrt(2), and weights times exp(x^2) / sqrt(pi): for functions that are Gaussian at best."""
    x, weight = np.polynomial.hermite.hermgauss(NODES)
    return np.sqrt(2) * x, weight * np.exp(x * x) / np.sqrt(np.pi)


def _even_grid(tau: float) -> tuple[Floats, Floats]:
    """Nodes and weights of the trapezoid rule, as fine as the largest tau needs it."""
    size = 0.3 / max(tau, _WIDE)
    x = size * np.arange(-np.ceil(9 / size), np.ceil(9 / size) + 1)
    return x, np.full_like(x, size / np.sqrt(2 * np.pi))


def _integrals(cells: Floats, x: Floats, weight: Floats, *, scaled: bool) -> Floats:
    """Log of the integral of p^r (1-p)^(n-r) phi(z) dz, logit p = eta + tau z, and the derivatives of `_terms`: (4, C).

    The rule is centred at the integrand's mode and, if `scaled`, stretched by its curvature there (Liu and Pierce,
    Biometrika 1994;81:624). Its error is set by the poles of the logistic function, pi / tau away in z: too large for a
    unanimous report with a wide tau, a step that ends in the tail of phi. An even grid (trapezoid rule) around the mode
    has no such trouble, since the integrand falls as fast as phi at least.

    Args:
        cells: r, n, eta and tau of each report, (4, C).
        x: nodes, (N,).
        weight: their weights, (N,).
        scaled: whether the nodes are in units of the integrand's own width.
    """
    r, n, eta, tau = cells
    z, bend = _mode(r, n, eta, tau)
    scale = 1 / np.sqrt(bend) if scaled else np.ones_like(bend)
    z = z[:, None] + scale[:, None] * x
    e = eta[:, None] + tau[:, None] * z
    p, r, n = expit(e), r[:, None], n[:, None]
    height = r * e + n * log_expit(-e) - z * z / 2
    peak = height.max(axis=1)
    share = weight * np.exp(height - peak[:, None])
    total = share.sum(axis=1)
    share /= total[:, None]
    score = r - n * p
    first, bend = (share * score).sum(axis=1), (share * (score * score - n * p * (1 - p))).sum(axis=1)
    return np.stack([peak + np.log(total * scale), first, bend - first * first, bend / 2])


def _mode(r: Floats, n: Floats, eta: Floats, tau: Floats) -> tuple[Floats, Floats]:
    """Mode of the log-concave integrand in z, by Newton's method inside a bracket, and minus its curvature there."""
    with np.errstate(divide="ignore"):
        own = np.clip(np.log(r) - np.log(n - r), -40 - np.log(n), 40 + np.log(n))
    far = (own - eta) / np.maximum(tau, 1e-3)
    low, high = np.minimum(far, 0), np.maximum(far, 0)
    guess = np.log((r + 0.5) / (n - r + 0.5)) - eta
    z = np.clip(tau * guess / (tau**2 + (n + 1) / ((r + 0.5) * (n - r + 0.5))), low, high)
    before = high - low
    for _ in range(60):
        p = expit(eta + tau * z)
        slope, bend = tau * (r - n * p) - z, 1 + tau**2 * n * p * (1 - p)
        low, high = np.where(slope > 0, z, low), np.where(slope > 0, high, z)
        newton = z + slope / bend
        good = (newton >= low) & (newton <= high) & (np.abs(newton - z) <= before / 2)
        new = np.where(good, newton, (low + high) / 2)
        before, z = np.abs(new - z), new
        if (before * np.sqrt(bend) < 0.03).all():
            break
    return z, bend


_ONE_PATIENT = read_reports([1], [1])


def _log_mean(b0: Floats, tau: Floats) -> Floats:
    """Logarithm of the marginal mean and its derivatives as in `_terms`: it is the likelihood of one responder."""
    return _terms(_ONE_PATIENT, b0, tau)


def _best_b0(data: Reports, tau: Floats, rtol: float = 1e-13) -> Floats:
    """The maximum over b0 at each tau, (B,): one, for an integrated log-concave function is so (Prekopa 1973)."""
    low = -40 * (1 + tau)

    def score(above: Floats) -> tuple[Floats, Floats]:
        _, first, second, _ = _terms(data, low + above, tau)
        return first, second

    start = _logit(data) * np.sqrt(1 + 0.35 * tau**2)
    return low + decreasing_root(score, start - low, 0.0, -2 * low, rtol)


def _profile(each: Sequence[Reports], tau: Floats, rtol: float = 1e-13) -> Floats:
    """Sum over groups of the log-likelihood at each group's best b0, and its derivative in tau^2: (2, B)."""
    return np.asarray(sum(_terms(data, _best_b0(data, tau, rtol), tau)[[0, 3]] for data in each))


def _scan(each: Sequence[Reports], target: float = inf) -> tuple[Floats, Floats, Floats]:
    """tau on a grid, and `_profile` there, roughly; far out only where it ends highest, or above the target."""
    value, slope = _profile(each, _TAUS, _ROUGH)
    if value[-1] < min(target, value.max()):
        return _TAUS, value, slope
    more, slopes = _profile(each, _FAR, _ROUGH)
    return np.append(_TAUS, _FAR), np.append(value, more), np.append(slope, slopes)


def _maximise(each: Sequence[Reports]) -> tuple[float, list[float], float]:
    """tau common to the groups, b0 of each group, and the log-likelihood without coefficients."""
    grid, value, slope = _scan(each)
    best = int(value.argmax())
    tau = np.zeros(1)
    if best > 0 or slope[0] > 0:

        def score(at: Floats) -> tuple[Floats, Floats]:
            here, there = np.split(_profile(each, np.append(at, at * (1 + _APART)))[1], 2)
            return here, (there - here) / (at * _APART)

        low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
        tau = decreasing_root(score, np.array([(low + high) / 2]), low, high, 1e-11)
    return float(tau[0]), [float(_best_b0(data, tau)[0]) for data in each], float(_profile(each, tau)[0, 0])


def _tau_limits(data: Reports, tau: float, target: float) -> tuple[float, float]:
    """Where the profile of tau falls to the target; should there be several pieces, the range spans them."""
    grid, value, _ = _scan([data], target)
    inside = np.append(grid[value >= target], tau)
    first, last = inside.min(), inside.max()
    below, above = grid[grid < first], grid[grid > last]
    # Where there is no end the bracket is a point, and is not used.
    low = np.array([below[-1] if below.size else first, last])
    high = np.array([first, above[0] if above.size else last])

    def excess(at: Floats) -> tuple[Floats, Floats]:
        value, slope = _profile([data], at)
        return _BOTH * (value - target), _BOTH * 2 * at * slope

    found = decreasing_root(excess, (low + high) / 2, low, high, 1e-10)
    return float(found[0]) if below.size else 0.0, float(found[1]) if above.size else inf


def _ends(data: Reports, tau: Floats, side: Floats, target: float, rtol: float = 1e-12) -> Floats:
    """b0 where the log-likelihood falls to the target, left (-1) or right (1) of its top at each tau: (B,)."""
    best = _best_b0(data, tau, rtol / 10)
    value, _, second, _ = _terms(data, best, tau)

    def excess(away: Floats) -> tuple[Floats, Floats]:
        value, first, _, _ = _terms(data, best + side * away, tau)
        return value - target, side * first

    parabola = np.sqrt(2 * np.maximum(value - target, 0) / -second)
    return np.asarray(best + side * decreasing_root(excess, parabola, 0.0, 2 * parabola + 60 * (1 + tau), rtol))


def _binomial_limits(fit: GlmmFit, half: float) -> tuple[float, float]:
    if fit.b0 in {-inf, inf}:
        reach = -np.expm1(-half / fit.data.total_evaluable)
        return (0.0, float(reach)) if fit.b0 < 0 else (float(1 - reach), 1.0)
    low, high = expit(_ends(fit.data, np.zeros(2), _BOTH, _binomial(fit.data) - half))
    return float(low), float(high)


def _rate_limits(data: Reports, low: float, high: float, target: float) -> tuple[Floats, Floats]:
    """Least and largest b0 where the log-likelihood reaches the target, (2,); and of the marginal mean, (2,).

    For each tau from low to high the region is an interval of b0. Its two ends are followed over tau to where the
    function of them is largest or smallest. Where tau has no end, b0 has none there.
    """
    last = min(high, float(_FAR[-1]))
    # The ends of b0 close up like a square root at the ends of tau, where Chebyshev's nodes are dense.
    inner = low + (last - low) * (1 - np.cos(np.pi * (np.arange(12) + 0.5) / 12)) / 2
    tau = np.concatenate([np.zeros(int(low == 0)), inner, np.full(int(high == inf), last)])
    ends = _ends(data, np.tile(tau, 2), np.repeat(_BOTH, tau.size), target, _ROUGH)
    values = np.concatenate([ends, _log_mean(ends, np.tile(tau, 2))[0]]).reshape(4, -1)
    side, four = np.tile(_BOTH, 2), np.arange(4)

    def uphill(at: Floats) -> Floats:
        """Derivative in tau^2 of the four functions along their end of the region, times their side."""
        b0 = _ends(data, at, side, target)
        terms, mean = _terms(data, b0, at), _log_mean(b0, at)
        with np.errstate(invalid="ignore", divide="ignore"):
            along = -terms[3] / terms[1]
            return np.asarray(side * np.where(four < 2, along, along + mean[3] / mean[1]))

    def slope(at: Floats) -> tuple[Floats, Floats]:
        here = uphill(at)
        with np.errstate(invalid="ignore"):
            return here, (uphill(at * (1 - _APART)) - here) / -(at * _APART)

    node = (side[:, None] * values).argmax(axis=1)
    known = np.concatenate([[low], tau, [last]])
    settled = (tau[node] == 0) & (uphill(np.zeros(4)) <= 0) | (node == tau.size - 1) & (high == inf)
    left, right = np.where(settled, tau[node], known[node]), np.where(settled, tau[node], known[node + 2])
    at = decreasing_root(slope, (left + right) / 2, left, right, 1e-8)
    b0 = _ends(data, at, side, target)
    free = np.where((at == last) & (high == inf), side * inf, b0)
    return free[:2], np.exp(_log_mean(b0, at)[0][2:])
