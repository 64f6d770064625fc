"""How far the reports of an inverse-variance model differ: tau^2, Q, I^2, H^2, prediction; or why nobody knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from metaimt.statistics.effect_sizes import EffectSizes, back_transform
from metaimt.statistics.heterogeneity import EmptySet, Tau2Interval, heterogeneity, q_profile
from metaimt.statistics.rho import NotIdentified
from metaimt.statistics.root import Floats


@dataclass(frozen=True)
class PredictionLimits:
    """Limits for the true rate of a new report (0 to 1)."""

    lower: float
    upper: float
    level: float


@dataclass(frozen=True)
class Spread:
    """How far the reports differ; NotIdentified with one report or single cases only, never 0.

    tau2: variance between reports on the scale of the measure. tau2_interval: Q-profile. q, p: Cochran's Q, on
    K - 1 degrees of freedom. i2_q_based, h2_q_based: from Q (Higgins, PyMARE, statsmodels); i2_tau2_based,
    h2_tau2_based: from tau^2 (metafor); I^2 from 0 to 1. prediction: quantile of t on K - 2 degrees of freedom
    (Higgins, Thompson and Spiegelhalter, J R Stat Soc A 2009;172:137); prediction_metafor: the quantile of the
    interval itself, normal or, with Knapp-Hartung, t on K - 1.
    """

    tau2: float | NotIdentified
    tau2_interval: Tau2Interval | EmptySet | NotIdentified
    q: float | NotIdentified
    p: float | NotIdentified
    i2_q_based: float | NotIdentified
    h2_q_based: float | NotIdentified
    i2_tau2_based: float | NotIdentified
    h2_tau2_based: float | NotIdentified
    prediction: PredictionLimits | NotIdentified
    prediction_metafor: PredictionLimits | NotIdentified


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
        return Spread(*[cause] * 10)
    seen = heterogeneity(sizes.estimate, sizes.variance)
    fixed = NotIdentified("fixed effect")
    return Spread(
        tau2=found.tau2 if estimated else fixed,
        tau2_interval=q_profile(sizes.estimate, sizes.variance, level),
        q=seen.q,
        p=seen.p,
        i2_q_based=seen.i2_q_based,
        h2_q_based=seen.h2_q_based,
        i2_tau2_based=seen.i2_tau2_based(found.tau2) if estimated else fixed,
        h2_tau2_based=seen.h2_tau2_based(found.tau2) if estimated else fixed,
        prediction=_higgins(sizes, found, level) if estimated else fixed,
        prediction_metafor=_limits(sizes, found, found.quantile(level), level) if estimated else fixed,
    )


def _higgins(sizes: EffectSizes, found: WeightedFit, level: float) -> PredictionLimits | NotIdentified:
    df = sizes.estimate.size - 2
    if df < 1:
        return NotIdentified("fewer than three reports")
    return _limits(sizes, found, float(stdtrit(df, (1 + level) / 2)), level)


def _limits(sizes: EffectSizes, found: WeightedFit, quantile: float, level: float) -> PredictionLimits:
    reach = quantile * float(np.sqrt(found.variance + found.tau2))
    ends = found.centre + np.array([-reach, reach])
    lower, upper = back_transform(sizes.measure, ends, sizes.evaluable)
    return PredictionLimits(float(lower), float(upper), level)
