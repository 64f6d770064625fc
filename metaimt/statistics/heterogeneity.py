"""Heterogeneity in inverse-variance models: Q, both kinds of I^2, and the Q-profile interval of tau^2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, chdtri

from metaimt.statistics.root import Floats, decreasing_root


@dataclass(frozen=True)
class Tau2Interval:
    """Q-profile interval of tau^2 at `level`."""

    lower: float
    upper: float
    level: float


@dataclass(frozen=True)
class EmptySet:
    """No tau^2 at or above 0 is compatible with so small a Q: the interval is empty, not [0, 0]."""

    q: float
    df: int
    level: float

    def wording(self) -> str:
        """A phrase for the report."""
        return f"empty (the reports differ less than chance would have it: Q = {self.q:.3g}, df = {self.df})"


@dataclass(frozen=True)
class Heterogeneity:
    """Cochran's Q at tau^2 = 0 with its degrees of freedom and p, and the measures that follow from it.

    i2_q_based = max(0, (Q - df) / Q), 0 to 1: Higgins and Thompson, Stat Med 2002;21:1539. typical_variance: their
    "typical" sampling variance, df / trace(P).
    """

    q: float
    df: int
    p: float
    i2_q_based: float
    typical_variance: float

    def i2_tau2_based(self, tau2: float) -> float:
        """tau^2 / (tau^2 + typical variance), 0 to 1: what metafor calls I^2."""
        return tau2 / (tau2 + self.typical_variance)


def heterogeneity(y: Floats, v: Floats) -> Heterogeneity:
    """Q and its relatives.

    Args:
        y: estimates, shape (K,), K at least 2.
        v: sampling variances, shape (K,).

    Raises:
        ValueError: fewer than two reports.
    """
    df = _degrees_of_freedom(y)
    q, w = float(_generalised_q(y, v, np.zeros(1))[0][0]), 1 / v
    trace = float(w.sum() - w @ w / w.sum())
    i2 = max(0.0, 1 - df / q) if q > 0 else 0.0
    return Heterogeneity(q, df, float(chdtrc(df, q)), i2, df / trace)


def q_profile(y: Floats, v: Floats, level: float = 0.95) -> Tau2Interval | EmptySet:
    """Interval of tau^2 by the Q-profile: Viechtbauer, Stat Med 2007;26:37.

    The limits are where the generalised Q, with weights 1 / (v + tau^2), equals the upper and the lower quantile
    of chi-square; the lower is 0 where Q starts below its quantile. Where Q starts below both, no tau^2 fits.
    The roots are our own: PyMARE's gives [0, 0] for the empty set.

    Args:
        y: estimates, shape (K,), K at least 2.
        v: sampling variances, shape (K,).
        level: of the interval.

    Raises:
        ValueError: level outside (0, 1), or fewer than two reports.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    df = _degrees_of_freedom(y)
    quantile = chdtri(df, np.array([(1 - level) / 2, (1 + level) / 2]))
    q = float(_generalised_q(y, v, np.zeros(1))[0][0])
    if q < quantile[1]:
        return EmptySet(q, df, level)
    residual = y - y.mean()
    # Q is below (unweighted sum of squares) / tau^2.
    high = np.where(q > quantile, residual @ residual / quantile, 0.0)

    def excess(tau2: Floats) -> tuple[Floats, Floats]:
        value, slope = _generalised_q(y, v, tau2)
        return value - quantile, slope

    lower, upper = decreasing_root(excess, high / 2, 0.0, high)
    return Tau2Interval(float(lower), float(upper), level)


def _generalised_q(y: Floats, v: Floats, tau2: Floats) -> tuple[Floats, Floats]:
    """Weighted residual sum of squares with weights 1 / (v + tau^2), and its slope: tau2 (T,) to (T,), (T,)."""
    w = 1 / (v + tau2[:, None])
    residual = y - (w @ y / w.sum(axis=1))[:, None]
    return np.vecdot(w, residual**2), -np.vecdot(w * w, residual**2)


def _degrees_of_freedom(y: Floats) -> int:
    if y.size < 2:
        raise ValueError("one report leaves no degree of freedom")
    return int(y.size) - 1
