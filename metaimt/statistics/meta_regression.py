"""Inverse-variance meta-regression on covariates of reports, fitted by PyMARE: for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, fdtrc, ndtr, stdtr

from metaimt.statistics.effect_sizes import Correction, Measure, effect_sizes
from metaimt.statistics.heterogeneity import EmptySet, Tau2Interval, heterogeneity, q_profile
from metaimt.statistics.inverse_variance import (
    LABEL,
    NEVER_NARROWER,
    Method,
    SmallSample,
    allowed_correction,
    check_names,
    reason_for,
    weighted_fit,
)
from metaimt.statistics.inverse_variance_spread import WeightedFit, unseen_spread
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.root import Floats

INTERCEPT = "(intercept)"


@dataclass(frozen=True)
class RegressionCoefficient:
    """A coefficient on the scale of the measure, with its interval and two-sided p."""

    name: str
    estimate: float
    se: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class ModeratorTest:
    """Wald test of all slopes together: chi-square with `df` degrees of freedom, or F with `df` and `df2`."""

    statistic: float
    df: int
    df2: int | None
    p: float


@dataclass(frozen=True)
class MetaRegressionFit:
    """Coefficients, the intercept first; residual heterogeneity: see `Heterogeneity` and `q_profile`.

    small_sample: as applied. tau2, q, i2_q_based and i2_tau2_based (0 to 1) are of what the covariates leave
    unexplained. reason: why this is not the headline.
    """

    measure: Measure
    correction: Correction
    method: Method
    small_sample: SmallSample
    reports: int
    coefficients: tuple[RegressionCoefficient, ...]
    moderators: ModeratorTest
    level: float
    tau2: float | NotIdentified
    tau2_interval: Tau2Interval | EmptySet | NotIdentified
    q: float | NotIdentified
    q_p: float | NotIdentified
    i2_q_based: float | NotIdentified
    i2_tau2_based: float | NotIdentified
    reason: str
    warnings: tuple[str, ...]
    label: str = LABEL


def fit_meta_regression(
    responders: ArrayLike,
    evaluable: ArrayLike,
    covariates: ArrayLike,
    names: Sequence[str],
    *,
    measure: Measure = "logit",
    method: Method = "REML",
    correction: Correction = "where needed",
    small_sample: SmallSample = "none",
    level: float = 0.95,
) -> MetaRegressionFit:
    """Regress the effect sizes on covariates of the reports.

    Rows of responders, evaluable and covariates belong together. Everything goes to PyMARE as arrays: a frame
    would be matched by its index there, and after a sort the slope had the wrong sign.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        covariates: shape (K, P), without a column for the intercept, P at least 1.
        names: of the covariates, P.
        measure: as for `fit_inverse_variance`, like what follows.
        method: of estimating tau^2.
        correction: where 0.5 is added.
        small_sample: with single cases Knapp-Hartung in the form that never narrows.
        level: of the intervals.

    Raises:
        ValueError: as for `fit_inverse_variance`; covariates of the wrong shape, not finite, constant or linearly
            dependent; not more reports than coefficients.
    """
    check_names(method, small_sample, level)
    sizes = effect_sizes(responders, evaluable, measure, correction)
    y, v, x = sizes.estimate, sizes.variance, _design(covariates, names, sizes.estimate.size)
    applied = allowed_correction(small_sample, sizes.evaluable)
    found = weighted_fit(y, v, x, method, applied)
    cause, seen = unseen_spread(sizes.evaluable), heterogeneity(y, v, x)
    tau2 = NotIdentified("fixed effect") if method == "fixed effect" else found.tau2
    return MetaRegressionFit(
        measure=measure,
        correction=correction,
        method=method,
        small_sample=applied,
        reports=y.size,
        coefficients=_coefficients((INTERCEPT, *names), found, level),
        moderators=_moderators(found),
        level=level,
        tau2=cause or tau2,
        tau2_interval=cause or q_profile(y, v, x, level),
        q=cause or seen.q,
        q_p=cause or seen.p,
        i2_q_based=cause or seen.i2_q_based,
        i2_tau2_based=cause or (tau2 if isinstance(tau2, NotIdentified) else seen.i2_tau2_based(tau2)),
        reason=reason_for(sizes.evaluable),
        warnings=() if applied == small_sample else (NEVER_NARROWER,),
    )


def _design(covariates: ArrayLike, names: Sequence[str], reports: int) -> Floats:
    extra = np.asarray(covariates, dtype=float)
    if extra.shape != (reports, len(names)) or not names:
        raise ValueError(f"covariates must have shape (reports, names), ({reports}, {len(names)}), not {extra.shape}")
    if not np.isfinite(extra).all():
        raise ValueError("covariates must be finite numbers")
    design = np.column_stack([np.ones(reports), extra])
    if reports <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("covariates are constant, linearly dependent, or too many for so few reports")
    return design


def _coefficients(names: tuple[str, ...], found: WeightedFit, level: float) -> tuple[RegressionCoefficient, ...]:
    quantile = found.quantile(level)
    result = []
    for name, b, variance in zip(names, found.beta, np.diagonal(found.covariance), strict=True):
        se = float(np.sqrt(variance))
        tail = ndtr(-abs(b) / se) if found.df is None else stdtr(found.df, -abs(b) / se)
        reach = quantile * se
        result.append(RegressionCoefficient(name, float(b), se, float(b - reach), float(b + reach), 2 * float(tail)))
    return tuple(result)


def _moderators(found: WeightedFit) -> ModeratorTest:
    slopes, covariance = found.beta[1:], found.covariance[1:, 1:]
    wald, df = float(slopes @ np.linalg.solve(covariance, slopes)), slopes.size
    if found.df is None:
        return ModeratorTest(wald, df, None, float(chdtrc(df, wald)))
    return ModeratorTest(wald / df, df, found.df, float(fdtrc(df, found.df, wald / df)))
