"""Partially pooled response rates of groups: each is drawn towards the others as far as the data allow.

logit p_g ~ N(m, s^2), r_g ~ Binomial(n_g, p_g), m ~ N(0, m_sd^2), s ~ half-normal(s_scale): Gelman, Bayesian Anal
2006;1:515 (half-normal scale); exchangeable subgroups: Jones et al., Clin Trials 2011;8:129. Plain sums over one even
grid of logits, for m and for each group, and a grid of s: no search, so that processors agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike
from scipy.special import expit, gammaln, log_expit

from metaimt.statistics.reports import read_reports
from metaimt.statistics.root import Floats

M_SD = 1.5
S_SCALE = 1.0
_LEAST, _MOST = 0.25, 10.0
_STEP, _LEAST_STEP = 0.15, 0.02  # of the grid of logits; finer where many patients need it, down to the second
_TINY, _NEGLIGIBLE = 1e-300, 1e-15
_FINER = 32  # times as many points, for quantiles
_DECIMALS, _DECIMALS_OF_S = 5, 3  # that the grid determines; further ones would differ between processors


@dataclass(frozen=True)
class Rate:
    """Posterior of a response rate (0 to 1): mean, median, equal-tailed interval."""

    mean: float
    median: float
    lower: float
    upper: float

    @property
    def printed(self) -> dict[str, float]:
        """Its numbers to the digits that the grid determines."""
        return {name: round(value, _DECIMALS) for name, value in vars(self).items()}

    JSON = (attrgetter("printed"),)


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

    JSON = (
        ("new_level", "new_group"),
        ("sd_of_logits", lambda each: round(each.s_mean, _DECIMALS_OF_S)),
        "level",
        ("priors", lambda each: {"mean_sd": each.m_sd, "sd_scale": each.s_scale}),
    )


def partial_pooling(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    level: float = 0.95,
    m_sd: float = M_SD,
    s_scale: float = S_SCALE,
) -> PartialPooling:
    """Posterior of each group's rate; means and limits are good to 1e-5, s_mean to 2e-4.

    Args:
        responders: shape (G,), integers, r_g.
        evaluable: shape (G,), integers of at least 1, n_g.
        level: of the intervals.
        m_sd: prior standard deviation of the mean logit, 1/4 to 10.
        s_scale: scale of the half-normal prior of the standard deviation between groups, 1/4 to 10.

    Raises:
        ValueError: invalid counts or priors.
        ArithmeticError: more patients than the grid resolves (the sum of r (n - r) / n is above some 1,000).
    """
    kinds = read_reports(responders, evaluable).distinct
    if not (_LEAST <= m_sd <= _MOST and _LEAST <= s_scale <= _MOST):
        raise ValueError(f"prior scales must be from {_LEAST} to {_MOST} logits, not {m_sd} and {s_scale}")
    r, n, copies = (part.astype(float) for part in kinds)
    # Standard deviation, roughly, of m if s is 0: the sharpest function that the grid must resolve.
    p = (r + 0.5) / (n + 1)
    narrow = float(copies @ (n * p * (1 - p)) + 1 / m_sd**2) ** -0.5
    step = min(_STEP, narrow / 1.6, s_scale / 4)
    if step < _LEAST_STEP:
        raise ArithmeticError("groups of so many patients need no partial pooling, and are too fine for its grid")
    half = round((7 + 5 * float(np.hypot(m_sd, s_scale))) / step)
    x = step * np.arange(-half, half + 1)
    likelihood = r[:, None] * log_expit(x) + (n - r)[:, None] * log_expit(-x)
    peak = likelihood.max(axis=1)
    likelihood = np.exp(likelihood - peak[:, None])
    slices = []
    for each, log_weight in _spreads(float(copies.sum()), narrow, s_scale):
        # Smoothed by s, nothing is sharper than s over the root of the number of groups.
        stride = max(1, int(each / (2 * step * np.sqrt(copies.sum()))))
        at = slice(half % stride, None, stride)
        given = np.log(np.maximum(likelihood @ _smoother(x, each, at).T, _TINY))
        prior = -0.5 * (x[at] / m_sd) ** 2 + np.log(stride * step / (m_sd * np.sqrt(2 * np.pi)))
        slices.append((each, at, given, log_weight + prior + copies @ given))
    top = max(float(joint.max()) for *_, joint in slices)
    total = m_mean = s_mean = 0.0
    density = np.zeros((r.size + 1, x.size))  # each group's logit by m, s and the other groups; the last row a new one
    for each, at, given, joint in slices:
        weight = np.exp(joint - top)
        total, m_mean, s_mean = total + weight.sum(), m_mean + weight @ x[at], s_mean + weight.sum() * each
        if weight.max() > _NEGLIGIBLE:
            density += np.exp(joint - top - np.vstack([given, np.zeros_like(joint)])) @ _smoother(x, each, at)
    rates = [_rate(x, row, level) for row in density * np.vstack([likelihood, np.ones_like(x)])]
    known = dict(zip(zip(kinds[0].tolist(), kinds[1].tolist(), strict=True), rates, strict=False))
    counts = zip(np.asarray(responders).tolist(), np.asarray(evaluable).tolist(), strict=True)
    return PartialPooling(
        tuple(PooledGroup(a, b, known[a, b]) for a, b in counts),
        rates[-1],
        float(m_mean / total),
        float(s_mean / total),
        top + float(np.log(total)) + float(copies @ (peak + gammaln(n + 1) - gammaln(r + 1) - gammaln(n - r + 1))),
        level,
        m_sd,
        s_scale,
    )


def _spreads(groups: float, narrow: float, s_scale: float) -> list[tuple[float, float]]:
    """Nodes of s, each with the logarithm of its weight, prior times step.

    s = narrow sinh(u), u by the midpoint rule: even steps where the counts cannot tell s from 0, even ratios above.
    """
    step = min(0.1, 0.8 / float(np.sqrt(2 * groups)))
    u = step * (np.arange(np.ceil(np.arcsinh(8 * s_scale / narrow) / step)) + 0.5)
    s = narrow * np.sinh(u)
    weight = -0.5 * (s / s_scale) ** 2 + np.log(np.sqrt(2 / np.pi) / s_scale * step * narrow * np.cosh(u))
    return list(zip(s.tolist(), weight.tolist(), strict=True))


def _smoother(x: Floats, s: float, at: slice) -> Floats:
    """Probability of each logit x, given m: N(m, s^2). (M, J), m = x[at].

    Below 0.7 steps, where Gaussian values at the grid's points no longer have the variance s^2, three points that have.
    """
    cells = np.arange(1 - x.size, x.size)
    wide = s / (x[1] - x[0])
    kernel = np.exp(-0.5 * (cells / wide) ** 2) if wide > 0.7 else np.where(abs(cells) == 1, wide**2 / 2, 0.0)
    kernel[x.size - 1] = 1.0 if wide > 0.7 else 1 - wide**2
    return np.ascontiguousarray(sliding_window_view(kernel / kernel.sum(), x.size)[::-1][at])


def _rate(x: Floats, density: Floats, level: float) -> Rate:
    """Mean rate, and quantiles: the Fourier series of the density fills it in between the points of the grid."""
    density = density / density.sum()
    fine = np.fft.irfft(np.fft.rfft(density), x.size * _FINER)
    # The series is periodic: what stands between the last point and the first belongs to either end in halves.
    fine = np.roll(fine, _FINER // 2)
    below = np.cumsum(fine) - fine / 2
    at = x[0] + (x[1] - x[0]) / _FINER * (np.arange(fine.size) - _FINER // 2)
    tail = (1 - level) / 2
    lower, median, upper = expit(np.interp([tail, 0.5, 1 - tail], below, at)).tolist()
    return Rate(float(density @ expit(x)), median, lower, upper)
