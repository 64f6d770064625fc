"""Quadrature for the partially pooled rates: one grid of logits, Gaussian smoothing by Fourier series.

A group's likelihood given (m, s) is its likelihood as a function of the logit, smoothed by N(0, s^2), at m.
On an even grid that is a product in the frequency domain, and exact to rounding for every s down to 0, where
quadrature in the group's own logit would fail. The grid ends in mirrors: no group, not even one without a
responder, has a step there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats, decreasing_root

Complexes = NDArray[np.complex128]

# Rounding of a smoothed likelihood of maximum 1 is about 1e-16: values below this are found otherwise.
_ROUNDING = 1e-11
# Points (m, s) whose weight is below exp(-36) of the highest are left out; above exp(-23) they must be right.
_NEGLIGIBLE, _SMALL = 36.0, 23.0
_TINY = 1e-300
# From here down a group is an outlier at (m, s): its density by the others is not had by Fourier series.
_OUTLYING = (-21.0, -16.0)
# Every density must hold the whole weight, whose sum is found in another way.
_AGREEMENT = 1e-2


@dataclass(frozen=True, eq=False)
class Surface:
    """Posterior densities on the grid `logit`, shape (J,), the midpoints of J cells from -half_width to half_width.

    density: shape (groups + 1, J), not normalised; the last row is a new group. log_marginal: log probability
    of the counts without their binomial coefficients.
    """

    logit: Floats
    half_width: float
    density: Floats
    m_mean: float
    s_mean: float
    log_marginal: float

    def cosines(self, density: Floats) -> Floats:
        """Coefficients a_k of sum a_k cos(pi k (logit + half_width) / (2 half_width)), for rows that sum to 1.

        a_0 is 1: the series is the density times 2 half_width.
        """
        cells = self.logit.size
        turn = np.exp(-0.5j * np.pi * np.arange(cells + 1) / cells)
        amplitude = (_spectrum(density) * turn).real[:, :cells]
        amplitude[:, 0] /= 2
        return np.asarray(amplitude, dtype=float)


@dataclass(frozen=True, eq=False)
class _Grid:
    """Grid of logits, log prior of m on it, nodes of s with log weight (prior, step and trapezoid).

    odd_correction: times the weight at s = 0, the first term of Euler and Maclaurin's correction, which an
    odd function of s (the mean of s) needs.
    """

    logit: Floats
    half_width: float
    log_prior: Floats
    s: Floats
    log_weight: Floats
    odd_correction: float

    @property
    def step(self) -> float:
        return 2 * self.half_width / self.logit.size

    def blur(self, s: float) -> Floats:
        """Factors by which N(0, s^2) damps the frequencies of a mirrored function on the grid."""
        frequency = np.pi * np.arange(self.logit.size + 1) / (2 * self.half_width)
        return np.asarray(np.exp(-0.5 * (s * frequency) ** 2), dtype=float)


@dataclass(frozen=True, eq=False)
class _Groups:
    """Distinct counts, how many groups have them, log-likelihood peaks, likelihoods on the grid, (G, J), peak 1."""

    r: Floats
    n: Floats
    copies: Floats
    peak: Floats
    likelihood: Floats


def integrate(r: Floats, n: Floats, copies: Floats, m_sd: float, s_scale: float) -> Surface:
    """Posterior of each kind of group, and of a new group.

    Args:
        r: shape (G,), responders of each distinct (r, n).
        n: shape (G,), evaluable.
        copies: shape (G,), groups with these counts.
        m_sd: prior standard deviation of m.
        s_scale: scale of the half-normal prior of s.

    Raises:
        ArithmeticError: the groups lie too far apart for s_scale.
    """
    grid = _grid(r, n, copies, m_sd, s_scale)
    groups = _groups(grid, r, n, copies)
    # Without the values lost in rounding: a lower bound, which shows which of them are worth the search.
    top = max(float(joint.max()) for _, joint, _ in _slices(grid, groups, np.inf))
    weight, cavity = _weights(grid, groups, top)
    density = cavity * np.vstack([groups.likelihood, np.ones_like(grid.logit)])
    if np.abs(density.sum(axis=1) / weight.sum() - 1).max() > _AGREEMENT:
        raise ArithmeticError("partial pooling: groups too far apart for the prior of s")
    return Surface(
        grid.logit,
        grid.half_width,
        density,
        float(weight.sum(axis=0) @ grid.logit / weight.sum()),
        float((weight.sum(axis=1) @ grid.s + grid.odd_correction * weight[0].sum()) / weight.sum()),
        top + float(np.log(weight.sum()) + copies @ groups.peak),
    )


def _grid(r: Floats, n: Floats, copies: Floats, m_sd: float, s_scale: float) -> _Grid:
    """Steps that resolve the sharpest function that occurs: all groups at s = 0.

    A Gaussian of standard deviation w on a grid of step 0.45 w has exp(-24) of its spectrum beyond the grid.
    s = narrow sinh(u), u by the trapezoid rule, which is as exact because everything is even in u.
    """
    p = (r + 0.5) / (n + 1)
    narrow = float(1 / np.sqrt(copies @ (n * p * (1 - p)) + 1 / m_sd**2))
    half_width = 10 + 7 * float(np.hypot(m_sd, s_scale))
    cells = 2 ** int(np.ceil(np.log2(2 * half_width / min(0.2, 0.45 * narrow, s_scale / 4))))
    logit = half_width * ((2 * np.arange(cells) + 1) / cells - 1)
    log_prior = -0.5 * (logit / m_sd) ** 2 - np.log(m_sd * np.sqrt(2 * np.pi)) + np.log(2 * half_width / cells)
    step = min(0.2, 0.8 / float(np.sqrt(2 * copies.sum())))
    u = np.arange(0, float(np.arcsinh(9 * s_scale / narrow)) + step, step)
    s = narrow * np.sinh(u)
    log_weight = -0.5 * (s / s_scale) ** 2 + np.log(np.sqrt(2 / np.pi) / s_scale * step * narrow * np.cosh(u))
    log_weight[0] -= np.log(2)
    return _Grid(logit, half_width, log_prior, s, log_weight, step * narrow / 6)


def _groups(grid: _Grid, r: Floats, n: Floats, copies: Floats) -> _Groups:
    log_likelihood = r[:, None] * log_expit(grid.logit) + (n - r)[:, None] * log_expit(-grid.logit)
    peak = log_likelihood.max(axis=1)
    return _Groups(r, n, copies, peak, np.exp(log_likelihood - peak[:, None]))


def _slices(grid: _Grid, groups: _Groups, floor: float) -> Iterator[tuple[float, Floats, Floats]]:
    """For each s: s, log of the joint weight of (m, s), shape (J,), and each group's share of it, (G, J).

    Shares lost in rounding are filled in where the joint weight might exceed `floor`, and TINY elsewhere.
    """
    spectrum = _spectrum(groups.likelihood)
    for s, log_weight in zip(grid.s.tolist(), grid.log_weight.tolist(), strict=True):
        smoothed = _values(spectrum * grid.blur(s))
        lost = smoothed < _ROUNDING
        share = np.log(np.where(lost, _ROUNDING, smoothed))
        prior = grid.log_prior + log_weight
        sought = lost & (prior + groups.copies @ share > floor)
        share[lost] = np.log(_TINY)
        if sought.any():
            g, j = np.nonzero(sought)
            share[g, j] = _log_smoothed(groups, g, grid.logit[j], s)
        yield s, prior + groups.copies @ share, share


def _log_smoothed(groups: _Groups, g: Integers, m: Floats, s: float) -> Floats:
    """Log of a group's likelihood smoothed by N(0, s^2), at m far out in its tail: Laplace's approximation.

    Its peak is where logit = m + s^2 (r - n expit(logit)).
    """
    r, n = groups.r[g], groups.n[g]

    def short_of(logit: Floats) -> tuple[Floats, Floats]:
        p = expit(logit)
        return m + s**2 * (r - n * p) - logit, -1 - s**2 * n * p * (1 - p)

    peak = decreasing_root(short_of, np.clip(0.0, m + s**2 * (r - n), m + s**2 * r), m + s**2 * (r - n), m + s**2 * r)
    p = expit(peak)
    fit = r * log_expit(peak) + (n - r) * log_expit(-peak) - 0.5 * (s * (r - n * p)) ** 2
    return np.asarray(fit - groups.peak[g] - 0.5 * np.log1p(s**2 * n * p * (1 - p)), dtype=float)


def _weights(grid: _Grid, groups: _Groups, top: float) -> tuple[Floats, Floats]:
    """Joint weight of each (s, m), shape (S, J); density of a group's logit by all others, shape (G + 1, J).

    The last row of the densities is by all groups. Only points (m, s) count that matter with the group itself
    in, with a smooth edge: what its own likelihood excludes would drown the rest in rounding.
    """
    weight = np.zeros((grid.s.size, grid.logit.size))
    spectrum: Complexes = np.zeros((groups.r.size + 1, grid.logit.size + 1), dtype=np.complex128)
    far = np.zeros((groups.r.size + 1, grid.logit.size))
    for i, (s, log_joint, share) in enumerate(_slices(grid, groups, top - _NEGLIGIBLE)):
        weight[i] = np.exp(log_joint - top)
        matters = log_joint > top - _SMALL
        if not matters.any():
            continue
        shares = np.vstack([share, np.zeros_like(log_joint)])
        log_others = log_joint - top - shares
        near, edge = _rise(shares, *_OUTLYING), _rise(log_joint - top, -_NEGLIGIBLE, -_SMALL)
        kept = near * edge
        spectrum += _spectrum(kept * np.exp(np.where(kept > 0, log_others, 0))) * grid.blur(s)
        for g in np.nonzero((matters & (near < 1)).any(axis=1))[0]:
            there = matters & (near[g] < 1)
            values = log_others[g, there] + np.log(1 - near[g, there])
            far[g] += _smoothed_far(grid, groups.likelihood[g], s, grid.logit[there], values)
    return weight, np.maximum(_values(spectrum), 0) + far


def _rise(x: Floats, low: float, high: float) -> Floats:
    """A smooth step from 0 at `low` to 1 at `high`."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t**2 * (3 - 2 * t), dtype=float)


def _smoothed_far(grid: _Grid, likelihood: Floats, s: float, m: Floats, log_values: Floats) -> Floats:
    """exp(log_values) at m, smoothed by N(0, s^2) where the likelihood lies, far from m: a plain sum.

    Its terms are positive, so that rounding does not matter; but it needs s to exceed the step of the grid.
    """
    smoothed = np.zeros_like(grid.logit)
    if s < 2 * grid.step:
        return smoothed
    here = likelihood > _ROUNDING**1.5
    apart = (grid.logit[here, None] - m) / s
    smoothed[here] = np.exp(log_values - 0.5 * apart**2).sum(axis=1) * grid.step / (s * np.sqrt(2 * np.pi))
    return smoothed


def _spectrum(values: Floats) -> Complexes:
    return np.asarray(np.fft.rfft(np.concatenate([values, values[..., ::-1]], axis=-1)))


def _values(spectrum: Complexes) -> Floats:
    cells = spectrum.shape[-1] - 1
    return np.asarray(np.fft.irfft(spectrum, 2 * cells)[..., :cells], dtype=float)
