"""How far the reports of an inverse-variance model differ: tau^2, Q, I^2; or why nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import ndtri, stdtrit

from metaimt.statistics.effect_sizes import EffectSizes
from metaimt.statistics.heterogeneity import EmptySet, Tau2Interval, heterogeneity, q_profile
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.root import Floats


@dataclass(frozen=True)
class Spread:
    """How far the reports differ; NotIdentified with one report or single cases only, never 0.

    tau2: variance between reports on the scale of the measure. tau2_interval: Q-profile. q, p: Cochran's Q, on
    K - 1 degrees of freedom. i2_q_based: from Q (Higgins, PyMARE, statsmodels); i2_tau2_based: from tau^2 (metafor);
    0 to 1.
    """

    tau2: float | NotIdentified
    tau2_interval: Tau2Interval | EmptySet | NotIdentified
    q: float | NotIdentified
    p: float | NotIdentified
    i2_q_based: float | NotIdentified
    i2_tau2_based: float | NotIdentified


@dataclass(frozen=True)
class WeightedFit:
    """Weighted mean, its variance, tau^2, and t degrees of freedom, None for the normal."""

    centre: float
    variance: float
    tau2: float
    df: int | None

    def quantile(self, level: float) -> float:
        """Of the distribution that an interval at `level` uses."""
        at = (1 + level) / 2
        return float(ndtri(at) if self.df is None else stdtrit(self.df, at))


def unseen_spread(evaluable: Floats) -> NotIdentified | None:
    """Why reports of these sizes tell nothing of the variation between them, if they do not."""
    if evaluable.size == 1:
        return NotIdentified("one report")
    return NotIdentified("every report is a single case") if evaluable.max() == 1 else None


def spread_of(sizes: EffectSizes, found: WeightedFit, level: float, *, estimated: bool) -> Spread:
    """Spread of one pooled fit.

    Args:
        sizes: the reports in the fit.
        found: the fit.
        level: of the intervals.
        estimated: whether the method estimates tau^2; the fixed effect does not.
    """
    cause = unseen_spread(sizes.evaluable)
    if cause is not None:
        return Spread(*[cause] * 6)
    seen = heterogeneity(sizes.estimate, sizes.variance)
    fixed = NotIdentified("fixed effect")
    return Spread(
        tau2=found.tau2 if estimated else fixed,
        tau2_interval=q_profile(sizes.estimate, sizes.variance, level),
        q=seen.q,
        p=seen.p,
        i2_q_based=seen.i2_q_based,
        i2_tau2_based=seen.i2_tau2_based(found.tau2) if estimated else fixed,
    )
