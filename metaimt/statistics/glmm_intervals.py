"""Profile-likelihood intervals of the binomial-normal model: median report, marginal mean, tau."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, inf

import numpy as np
from scipy.special import expit, ndtri

from metaimt.statistics.glmm import GlmmFit
from metaimt.statistics.glmm_region import binomial_limits, likelihood_region, limits, log_mean
from metaimt.statistics.outcome import NotIdentified


@dataclass(frozen=True)
class ProfileEstimate:
    """Maximum likelihood estimate and profile interval at `level`."""

    estimate: float
    lower: float
    upper: float
    level: float


@dataclass(frozen=True)
class GlmmIntervals:
    """Rates (0 to 1) in the median report and on average over reports; tau on the logit scale.

    The upper limit of tau is infinite where reports without split outcomes allow it.
    """

    median: ProfileEstimate
    marginal_mean: ProfileEstimate
    tau: ProfileEstimate | NotIdentified


def marginal_mean(fit: GlmmFit) -> float:
    """Mean response rate over reports, the integral of expit(b0 + tau z) phi(z) dz, 0 to 1.

    Raises:
        ValueError: the fit has covariates.
    """
    _check(fit)
    if isinstance(fit.tau, NotIdentified):
        return fit.median
    return exp(log_mean(np.array([fit.b0]), np.array([fit.tau])).value[0, 0])


def profile_intervals(fit: GlmmFit, level: float = 0.95) -> GlmmIntervals:
    """Intervals of the median rate, the marginal mean rate and tau.

    Where tau is not identified they are those of the binomial model; where no patient or every patient
    responds, one-sided: from 0 to 1 - exp(-c / (2 N)), or from exp(-c / (2 N)) to 1, with N patients.

    Raises:
        ValueError: level outside (0, 1), or the fit has covariates.
    """
    _check(fit)
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    half = float(ndtri((1 + level) / 2)) ** 2 / 2
    if isinstance(fit.tau, NotIdentified):
        rate = _binomial_interval(fit, half, level)
        return GlmmIntervals(rate, rate, fit.tau)
    region = likelihood_region(fit.data, fit.b0, fit.tau, half)
    b0, mean = limits(region)
    return GlmmIntervals(
        ProfileEstimate(fit.median, float(expit(b0[0])), float(expit(b0[1])), level),
        ProfileEstimate(marginal_mean(fit), float(mean[0]), float(mean[1]), level),
        ProfileEstimate(fit.tau, region.low, region.high, level),
    )


def _binomial_interval(fit: GlmmFit, half: float, level: float) -> ProfileEstimate:
    if fit.b0 in {-inf, inf}:
        reach = -expm1(-half / float(fit.data.counts[0] @ fit.data.evaluable))
        lower, upper = (0.0, reach) if fit.b0 < 0 else (1 - reach, 1.0)
        return ProfileEstimate(fit.median, lower, upper, level)
    low, high = expit(binomial_limits(fit.data, fit.b0, half))
    return ProfileEstimate(fit.median, float(low), float(high), level)


def _check(fit: GlmmFit) -> None:
    if len(fit.beta) > 1:
        raise ValueError("a pooled rate needs a fit without covariates")
