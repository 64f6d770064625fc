"""Inverse-variance models, fitted by PyMARE, and how far their reports differ: for comparison, never the headline.

They take each report's variance as known and its estimate as normal. With single-patient reports neither holds,
and the transform or the 0.5 added to empty counts decides the answer: each result carries
that reason. PyMARE's defaults changed between versions, so every argument is passed, and arrays, not frames.
Heterogeneity is tau^2 with its Q-profile interval, Q, and both kinds of I^2, or why nobody knows.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, chdtri, ndtri, stdtrit

from metaimt.statistics.effect_sizes import (
    DOUBLE_ARCSINE_WARNING,
    Correction,
    EffectSizes,
    Measure,
    back_transform,
    effect_sizes,
)
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.root import Floats, decreasing_root

LEVEL = 0.95


@dataclass(frozen=True)
class Tau2Interval:
    """Q-profile interval of tau^2."""

    lower: float
    upper: float


@dataclass(frozen=True)
class EmptySet:
    """No tau^2 at or above 0 is compatible with so small a Q: the interval is empty, not [0, 0]."""

    q: float
    df: int

    def wording(self) -> str:
        """A phrase for the report."""
        return f"empty (the reports differ less than chance would have it: Q = {self.q:.3g}, df = {self.df})"


def q_profile(y: Floats, v: Floats, level: float = LEVEL) -> Tau2Interval | EmptySet:
    """Interval of tau^2 by the Q-profile: Viechtbauer, Stat Med 2007;26:37.

    The limits are where the generalised Q, with weights 1 / (v + tau^2), equals the upper and the lower quantile
    of chi-square; the lower is 0 where Q starts below its quantile. Where Q starts below both, no tau^2 fits.
    The roots are our own: PyMARE's gives [0, 0] for the empty set.

    Args:
        y: estimates, shape (K,), K at least 2.
        v: sampling variances, shape (K,).
        level: of the interval.
    """
    df = y.size - 1
    quantile = chdtri(df, np.array([(1 - level) / 2, (1 + level) / 2]))
    q = float(_generalised_q(y, v, np.zeros(1))[0][0])
    if q < quantile[1]:
        return EmptySet(q, df)
    residual = y - y.mean()
    # Q is below (unweighted sum of squares) / tau^2.
    high = np.where(q > quantile, residual @ residual / quantile, 0.0)

    def excess(tau2: Floats) -> tuple[Floats, Floats]:
        value, slope = _generalised_q(y, v, tau2)
        return value - quantile, slope

    lower, upper = decreasing_root(excess, high / 2, 0.0, high)
    return Tau2Interval(float(lower), float(upper))


def _generalised_q(y: Floats, v: Floats, tau2: Floats) -> tuple[Floats, Floats]:
    """Weighted residual sum of squares with weights 1 / (v + tau^2), and its slope: tau2 (T,) to (T,), (T,)."""
    w = 1 / (v + tau2[:, None])
    residual = y - (w @ y / w.sum(axis=1))[:, None]
    return np.vecdot(w, residual**2), -np.vecdot(w * w, residual**2)


@dataclass(frozen=True)
class Spread:
    """How far the reports differ; NotIdentified with one report or single cases only, never 0.

    tau2: variance between reports on the scale of the measure. tau2_interval: Q-profile. q, p: Cochran's Q at
    tau^2 = 0, on K - 1 degrees of freedom. i2_q_based = max(0, (Q - df) / Q): Higgins and Thompson, Stat Med
    2002;21:1539 (PyMARE, statsmodels). i2_tau2_based = tau^2 / (tau^2 + their "typical" sampling variance, df /
    trace(P)): metafor. 0 to 1.
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


def unseen_spread(evaluable: Floats) -> NotIdentified | None:
    """Why reports of these sizes tell nothing of the variation between them, if they do not."""
    if evaluable.size == 1:
        return NotIdentified("one report")
    return NotIdentified("every report is a single case") if evaluable.max() == 1 else None


def spread_of(sizes: EffectSizes, found: WeightedFit, *, estimated: bool) -> Spread:
    """Spread of one pooled fit.

    Args:
        sizes: the reports in the fit.
        found: the fit.
        estimated: whether the method estimates tau^2; the fixed effect does not.
    """
    cause = unseen_spread(sizes.evaluable)
    if cause is not None:
        return Spread(*[cause] * 6)
    y, v = sizes.estimate, sizes.variance
    df, w, fixed = y.size - 1, 1 / v, NotIdentified("fixed effect")
    q = float(_generalised_q(y, v, np.zeros(1))[0][0])
    typical_variance = df / float(w.sum() - w @ w / w.sum())
    return Spread(
        tau2=found.tau2 if estimated else fixed,
        tau2_interval=q_profile(y, v),
        q=q,
        p=float(chdtrc(df, q)),
        i2_q_based=max(0.0, 1 - df / q) if q > 0 else 0.0,
        i2_tau2_based=found.tau2 / (found.tau2 + typical_variance) if estimated else fixed,
    )


Method = Literal["fixed effect", "DL", "Hedges", "ML", "REML"]
SmallSample = Literal["none", "Knapp-Hartung, never narrower"]

LABEL = "for comparison"
REASON_SINGLE_CASES = (
    "With single-patient reports the transform, or the 0.5 added to empty counts, decides the answer, and nominal "
    "95 % intervals cover far less than that: biased, and never the headline."
)
REASON_LARGER = (
    "The model takes each report's variance as known and its estimate as normal, which reports of a few patients "
    "are not: biased; the headline uses the exact likelihood instead."
)
TAU2_ALL_THE_SAME = (
    "Single cases cannot show variation between reports; the interval uses the method's tau^2 all the same."
)

_NO_SPREAD = 1e-12  # a tau^2 below this share of the sampling variances is 0: rounding error cannot tell them apart
_CORRECTIONS = {"none": "wald", "Knapp-Hartung, never narrower": "knapp-hartung-conservative"}


@dataclass(frozen=True)
class InverseVarianceFit:
    """An inverse-variance model of K reports, for comparison.

    reports: K, those of the smallest size asked for or larger. coefficient, se, coefficient_lower, coefficient_upper:
    on the scale of the measure. estimate, lower, upper: transformed back, 0 to 1. reason: why this is not the headline.
    """

    reports: int
    coefficient: float
    se: float
    coefficient_lower: float
    coefficient_upper: float
    estimate: float
    lower: float
    upper: float
    spread: Spread
    reason: str
    warnings: tuple[str, ...]


def fit_inverse_variance(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    measure: Measure = "logit",
    method: Method = "REML",
    correction: Correction = "where needed",
    small_sample: SmallSample = "none",
    smallest: int = 1,
) -> InverseVarianceFit:
    """Pool the reports by inverse variance, with intervals at `LEVEL`.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        measure: scale of the model: see `effect_sizes`.
        method: fixed effect; DerSimonian and Laird, Control Clin Trials 1986;7:177; Hedges, Psychol Bull
            1983;93:388; maximum or restricted maximum likelihood.
        correction: where 0.5 is added, for raw and logit.
        small_sample: Knapp and Hartung, Stat Med 2003;22:2693, in its form that never narrows the interval; of two
            reports or more.
        smallest: reports with fewer evaluable patients are left out.

    Raises:
        ValueError: invalid counts; no report of that size.
    """
    every = effect_sizes(responders, evaluable, measure, correction)
    kept = every.evaluable >= smallest
    if not kept.any():
        raise ValueError(f"no report has {smallest} evaluable patients or more")
    sizes = EffectSizes(every.estimate[kept], every.variance[kept], every.evaluable[kept])
    found = weighted_fit(sizes.estimate, sizes.variance, method, small_sample)
    at, centre, se = (1 + LEVEL) / 2, found.centre, float(np.sqrt(found.variance))
    reach = float(ndtri(at) if found.df is None else stdtrit(found.df, at)) * se
    rates = back_transform(measure, [centre, centre - reach, centre + reach], sizes.evaluable)
    notes = (
        (DOUBLE_ARCSINE_WARNING, measure == "double arcsine"),
        (TAU2_ALL_THE_SAME, unseen_spread(sizes.evaluable) is not None and found.tau2 > 0),
    )
    return InverseVarianceFit(
        reports=sizes.evaluable.size,
        coefficient=centre,
        se=se,
        coefficient_lower=centre - reach,
        coefficient_upper=centre + reach,
        estimate=float(rates[0]),
        lower=float(rates[1]),
        upper=float(rates[2]),
        spread=spread_of(sizes, found, estimated=method != "fixed effect"),
        reason=REASON_SINGLE_CASES if sizes.evaluable.min() == 1 else REASON_LARGER,
        warnings=tuple(note for note, holds in notes if holds),
    )


def weighted_fit(y: Floats, v: Floats, method: Method, small_sample: SmallSample) -> WeightedFit:
    """The weighted mean by PyMARE.

    Args:
        y: estimates, shape (K,).
        v: sampling variances, shape (K,).
        method: as for `fit_inverse_variance`; with one report it makes no difference.
        small_sample: Knapp-Hartung only with two reports or more.
    """
    correction = _CORRECTIONS[small_sample]
    found = _fitted(_estimator("fixed effect" if y.size == 1 else method, correction), y, v)
    if y.size > 1 and method in {"ML", "REML"}:
        tau2 = _at_the_maximum(float(np.ravel(found["tau2"])[0]), y, v, restricted=method == "REML")
        found = _fitted(_estimator("fixed effect", correction, tau2), y, v)
    centre, variance, tau2 = (float(np.ravel(found[name])[0]) for name in ("fe_params", "inv_cov", "tau2"))
    return WeightedFit(centre, variance, tau2, None if small_sample == "none" else y.size - 1)


def _fitted(estimator: Any, y: Floats, v: Floats) -> dict[str, Any]:
    return dict(estimator.fit(y=y[:, None], v=v[:, None], X=np.ones((y.size, 1)), g=None).params_)


def _at_the_maximum(near: float, y: Floats, v: Floats, *, restricted: bool) -> float:
    """tau^2 where the score is 0, or 0 where the likelihood falls from there on.

    PyMARE minimises the likelihood itself, which rounding makes flat within 4e-7 of its maximum, so that the digits
    beyond differ between processors. Newton's method on the score goes on from there to the last digits.
    """

    def score(tau2: Floats) -> tuple[Floats, Floats]:
        value, slope = likelihood_score(float(tau2[0]), y, v, restricted=restricted)
        return np.array([value]), np.array([slope])

    found = float(decreasing_root(score, np.array([near]), 0.0, near + v.max())[0])
    return found if found > _NO_SPREAD * v.mean() else 0.0


def likelihood_score(tau2: float, y: Floats, v: Floats, *, restricted: bool) -> tuple[float, float]:
    """Slope of the profile log-likelihood of tau^2, restricted or not, and the slope of that.

    With w = 1 / (v + tau^2), W = diag(w) and P = W - w w' / sum w, twice the slope is y'PPy - tr P for REML and
    y'PPy - tr W for ML (Viechtbauer, J Educ Behav Stat 2005;30:261). No K x K matrix is made.

    Args:
        tau2: at least 0.
        y: estimates, shape (K,).
        v: sampling variances, shape (K,).
        restricted: REML, else ML.
    """
    w = 1 / (v + tau2)
    once = w * (y - w @ y / w.sum())
    twice = w * (once - w @ once / w.sum())
    trace, trace_squared = w.sum(), w @ w
    if restricted:
        trace -= w @ w / w.sum()
        trace_squared += (w @ w / w.sum()) ** 2 - 2 * (w @ w**2) / w.sum()
    return float(once @ once - trace) / 2, float(trace_squared - 2 * once @ twice) / 2


def _estimator(method: Method, correction: str, tau2: float = 0.0) -> Any:
    with warnings.catch_warnings():
        # PyMARE 0.0.13 leaves a file open while it is imported.
        warnings.simplefilter("ignore", ResourceWarning)
        from pymare import estimators
    rest: dict[str, Any] = {"weight_scheme": "individual", "rho": None, "small_sample_correction": correction}
    if method == "fixed effect":
        return estimators.WeightedLeastSquares(tau2=tau2, **rest)
    if method == "DL":
        return estimators.DerSimonianLaird(**rest)
    if method == "Hedges":
        return estimators.Hedges(**rest)
    return estimators.VarianceBasedLikelihoodEstimator(method=method.lower(), **rest)
