"""Inverse-variance models, fitted by PyMARE: for comparison, never the headline.

They take each report's variance as known and its estimate as normal. With single-patient reports neither holds,
and the transform or the 0.5 added to empty counts decides the answer (METHODS section 0): each result carries
that reason. PyMARE's defaults changed between versions, so every argument is passed, and arrays, not frames.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri, stdtrit

from metaimt.statistics.effect_sizes import (
    DOUBLE_ARCSINE_WARNING,
    Correction,
    EffectSizes,
    Measure,
    back_transform,
    effect_sizes,
)
from metaimt.statistics.heterogeneity import EmptySet, Heterogeneity, Tau2Interval, heterogeneity, q_profile
from metaimt.statistics.rho import NotIdentified
from metaimt.statistics.root import Floats

Method = Literal["fixed effect", "DL", "Hedges", "ML", "REML"]
SmallSample = Literal["none", "Knapp-Hartung", "Knapp-Hartung, never narrower"]

LABEL = "for comparison"
REASON_SINGLE_CASES = (
    "With single-patient reports the transform, or the 0.5 added to empty counts, decides the answer, and nominal "
    "95 % intervals cover far less than that: biased, and never the headline."
)
REASON_LARGER = (
    "The model takes each report's variance as known and its estimate as normal, which reports of a few patients "
    "are not: the headline uses the exact likelihood instead."
)
NEVER_NARROWER = (
    "With single-patient reports Knapp-Hartung narrows the interval (coverage 4 %), so it was used in the form "
    "that never does."
)
TAU2_ALL_THE_SAME = "Single cases cannot show variation between reports; the interval uses the method's tau^2 all the same."

# Tight enough that ML and REML are within 2e-8 of metafor; PyMARE's own stop within 3e-7.
_SEARCH: dict[str, Any] = {"xtol": 1e-13, "ftol": 0.0, "maxiter": 300}
_CORRECTIONS = {
    "none": "wald",
    "Knapp-Hartung": "knapp-hartung",
    "Knapp-Hartung, never narrower": "knapp-hartung-conservative",
}


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
class InverseVarianceFit:
    """An inverse-variance model of K reports, for comparison.

    measure, correction, method, small_sample: what was fitted; small_sample as applied. reports: K, of which
    single_cases have one patient; left_out: reports below the smallest size asked for. coefficient, se,
    coefficient_lower, coefficient_upper: on the scale of the measure. estimate, lower, upper: transformed back,
    0 to 1. reason: why this is not the headline.
    """

    measure: Measure
    correction: Correction
    method: Method
    small_sample: SmallSample
    reports: int
    single_cases: int
    left_out: int
    coefficient: float
    se: float
    coefficient_lower: float
    coefficient_upper: float
    estimate: float
    lower: float
    upper: float
    level: float
    spread: Spread
    reason: str
    warnings: tuple[str, ...]
    label: str = LABEL

    @property
    def tau2(self) -> float | NotIdentified:
        """Variance between reports on the scale of the measure."""
        return self.spread.tau2

    @property
    def q(self) -> float | NotIdentified:
        """Cochran's Q."""
        return self.spread.q

    @property
    def i2_q_based(self) -> float | NotIdentified:
        """I^2 from Q, 0 to 1."""
        return self.spread.i2_q_based


@dataclass(frozen=True, eq=False)
class WeightedFit:
    """Coefficients (P,), their covariance (P, P), tau^2, and t degrees of freedom, None for the normal."""

    beta: Floats
    covariance: Floats
    tau2: float
    df: int | None

    def quantile(self, level: float) -> float:
        """Of the distribution that an interval at `level` uses."""
        at = (1 + level) / 2
        return float(ndtri(at) if self.df is None else stdtrit(self.df, at))


def fit_inverse_variance(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    measure: Measure = "logit",
    method: Method = "REML",
    correction: Correction = "where needed",
    small_sample: SmallSample = "none",
    smallest: int = 1,
    level: float = 0.95,
) -> InverseVarianceFit:
    """Pool the reports by inverse variance.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        measure: scale of the model: see `effect_sizes`.
        method: fixed effect; DerSimonian and Laird, Control Clin Trials 1986;7:177; Hedges, Psychol Bull
            1983;93:388; maximum or restricted maximum likelihood.
        correction: where 0.5 is added, for raw and logit.
        small_sample: Knapp and Hartung, Stat Med 2003;22:2693. With single cases it is applied in its form that
            never narrows the interval, and the result says so.
        smallest: reports with fewer evaluable patients are left out.
        level: of the intervals.

    Raises:
        ValueError: invalid counts, level or names; no report of that size; Knapp-Hartung with the fixed effect
            or with one report.
    """
    _check(method, small_sample, level)
    sizes = effect_sizes(responders, evaluable, measure, correction)
    kept = sizes.evaluable >= smallest
    if not kept.any():
        raise ValueError(f"no report has {smallest} evaluable patients or more")
    used = EffectSizes(measure, correction, sizes.estimate[kept], sizes.variance[kept], sizes.evaluable[kept])
    applied, notes = _allowed(small_sample, used.evaluable)
    found = weighted_fit(used.estimate, used.variance, np.ones((used.estimate.size, 1)), method, applied)
    return _result(used, found, method, applied, level, int(kept.size - kept.sum()), notes)


def weighted_fit(y: Floats, v: Floats, x: Floats, method: Method, small_sample: SmallSample) -> WeightedFit:
    """Coefficients by PyMARE.

    Args:
        y: estimates, shape (K,).
        v: sampling variances, shape (K,).
        x: design, shape (K, P).
        method: as for `fit_inverse_variance`; with K = P it makes no difference.
        small_sample: Knapp-Hartung only with K > P.

    Raises:
        ValueError: fewer reports than coefficients, or Knapp-Hartung without a degree of freedom.
    """
    spare = x.shape[0] - x.shape[1]
    if spare < 0 or (spare == 0 and small_sample != "none"):
        raise ValueError(f"{x.shape[0]} reports are too few for {x.shape[1]} coefficients with {small_sample=}")
    estimator = _estimator("fixed effect" if spare == 0 else method, _CORRECTIONS[small_sample])
    found = estimator.fit(y=y[:, None], v=v[:, None], X=x, g=None).params_
    return WeightedFit(
        beta=np.asarray(found["fe_params"], dtype=float)[:, 0],
        covariance=np.asarray(found["inv_cov"], dtype=float)[:, :, 0],
        tau2=float(np.ravel(found["tau2"])[0]),
        df=None if small_sample == "none" else spare,
    )


def _estimator(method: Method, correction: str) -> Any:
    with warnings.catch_warnings():
        # PyMARE 0.0.13 leaves a file open while it is imported.
        warnings.simplefilter("ignore", ResourceWarning)
        from pymare import estimators
    rest: dict[str, Any] = {"weight_scheme": "individual", "rho": None, "small_sample_correction": correction}
    if method == "fixed effect":
        return estimators.WeightedLeastSquares(tau2=0.0, **rest)
    if method == "DL":
        return estimators.DerSimonianLaird(**rest)
    if method == "Hedges":
        return estimators.Hedges(**rest)
    return estimators.VarianceBasedLikelihoodEstimator(method=method.lower(), **rest, **_SEARCH)


def _check(method: str, small_sample: str, level: float) -> None:
    if method not in {"fixed effect", "DL", "Hedges", "ML", "REML"}:
        raise ValueError(f"method must be fixed effect, DL, Hedges, ML or REML, not {method!r}")
    if small_sample not in _CORRECTIONS:
        raise ValueError(f"small_sample must be one of {', '.join(_CORRECTIONS)}, not {small_sample!r}")
    if method == "fixed effect" and small_sample != "none":
        raise ValueError("Knapp-Hartung is for models with variation between reports, not for the fixed effect")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")


def _allowed(small_sample: SmallSample, evaluable: Floats) -> tuple[SmallSample, tuple[str, ...]]:
    """The correction that may be applied to reports of these sizes, and what to say of it."""
    if small_sample == "Knapp-Hartung" and evaluable.min() == 1:
        return "Knapp-Hartung, never narrower", (NEVER_NARROWER,)
    return small_sample, ()


def reason_for(evaluable: Floats) -> str:
    """Why an inverse-variance model of reports of these sizes is not the headline."""
    return REASON_SINGLE_CASES if evaluable.min() == 1 else REASON_LARGER
