"""Two kinds of reports in one model: the rate adjusted for selection, and the odds ratio between them.

Both use the model of `posterior` with a mean for each kind and rho in common. `adjusted_rate` ties the means by a prior
of their odds ratio, so that the reports that may be selected still say something about the others (Verde, Biom J
2021;63:406; Schmidli et al., Biometrics 2014;70:1023); `odds_ratio` leaves them free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import exp, log
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv, expit, ndtr, ndtri

from metaimt.statistics.posterior import (
    MU_PRIOR,
    RHO_PRIOR,
    Mean,
    Prior,
    RhoPrior,
    Surface,
    Surfaces,
    even_prior,
    pool_parts,
    surfaces_of,
)
from metaimt.statistics.reports import read_reports
from metaimt.statistics.root import Floats
from metaimt.statistics.tail_counts import tail_counts


@dataclass(frozen=True)
class SelectionPrior:
    """log odds ratio of response of the other reports against the trials ~ N(log(odds_ratio), log_sd).

    log_sd 0 with odds_ratio 1: no selection at all, so that the answer is that of the pool.
    """

    odds_ratio: float
    log_sd: float

    def wording(self) -> str:
        """A phrase for the tables: `N(log 2, 0.7)`, or `none`."""
        if self.log_sd == 0:
            return "none"
        return f"N({'0' if self.odds_ratio == 1 else f'log {self.odds_ratio:g}'}, {self.log_sd:g})"

    def span(self, level: float = 0.95) -> tuple[float, float]:
        """The odds ratios that the prior spans at this level."""
        reach = float(ndtri((1 + level) / 2)) * self.log_sd
        return self.odds_ratio * exp(-reach), self.odds_ratio * exp(reach)


# A judgement. Its size follows the fall of response rates by 12.9 points from phase II to phase III with the same
# regimens (Zia et al., J Clin Oncol 2005;23:6982).
SELECTION_PRIOR: Final = SelectionPrior(2.0, 0.7)
OTHER_PRIORS: Final = (
    SelectionPrior(1.0, 0.0),
    SelectionPrior(1.0, 0.5),
    SelectionPrior(1.5, 0.5),
    SelectionPrior(1.0, 2.0),
)


@dataclass(frozen=True)
class AdjustedRate:
    """Rate in prospective trials, 0 to 1, given all reports: posterior median and equal-tailed interval."""

    prior: SelectionPrior
    estimate: float
    lower: float
    upper: float
    level: float

    JSON = (("prior", "prior.wording"), "estimate", "lower", "upper", "level")


@dataclass(frozen=True)
class OddsRatioPosterior:
    """Odds ratio of response of one group of reports against another: posterior median, equal-tailed interval."""

    estimate: float
    lower: float
    upper: float
    level: float


_DIGITS, _LITTLE = 4, 1e-9  # of an odds ratio; mass of a cell that cannot move it


Counts = tuple[ArrayLike, ArrayLike]
"""Responders and evaluable patients of some reports: two lists of integers of one length."""


def adjusted_rate(
    trials: Counts,
    others: Counts,
    prior: SelectionPrior = SELECTION_PRIOR,
    *,
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: RhoPrior = RHO_PRIOR,
) -> AdjustedRate:
    """The rate in trials, with what the other reports say once their odds are taken to be higher by the prior.

    logit of the mean of a report = alpha + delta [not a trial], expit(alpha) ~ `mu_prior`, delta ~ `prior`.

    Raises:
        ValueError: no trial, no other report, invalid counts or priors.
    """
    tails = ((1 - level) / 2, (1 + level) / 2)
    if prior.log_sd == 0:
        if prior.odds_ratio != 1:
            raise ValueError("a fixed odds ratio other than 1 is no prior of selection")
        both = [np.concatenate([np.asarray(a), np.asarray(b)]) for a, b in zip(trials, others, strict=True)]
        (pool,) = pool_parts([(both[0], both[1])], level=level, mu_prior=mu_prior, rho_prior=rho_prior)
        return AdjustedRate(prior, pool.estimate, pool.lower, pool.upper, level)
    found = _both(trials, others, mu_prior, rho_prior)
    trial, other = found.parts
    # Chance of each cell of the others' mean, given the trials' mean: the normal between the ends of the cell.
    shift = _logit_edges(other, even_prior(mu_prior))[None, :] - (_logits(trial) + log(prior.odds_ratio))[:, None]
    chance = np.diff(ndtr(shift / prior.log_sd), axis=1)
    peak = other.log_likelihood.max(axis=0)
    with np.errstate(divide="ignore"):
        said = np.log(chance @ np.exp(other.log_likelihood - peak)) + peak + np.log(found.weights)
    joint = trial.log_posterior + said
    mean = Mean(trial.edges, np.exp(joint - joint.max()).sum(axis=1), even_prior(mu_prior))
    estimate, lower, upper = mean.quantiles([0.5, *tails])
    return AdjustedRate(prior, estimate, lower, upper, level)


def odds_ratio(
    group: Counts,
    reference: Counts,
    *,
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: RhoPrior = RHO_PRIOR,
) -> OddsRatioPosterior:
    """Odds of the mean rate in `group` against `reference`, each mean with its own prior, rho in common.

    Raises:
        ValueError: a side without reports, invalid counts or priors.
    """
    found = _both(group, reference, mu_prior, rho_prior)
    one, two = (found.joint(part) for part in range(2))
    logits, other = _logits(found.parts[0]), found.parts[1].edges
    with np.errstate(divide="ignore", invalid="ignore"):
        given = np.where(found.rho_mass > 0, two / found.rho_mass, 0.0)
    under = np.vstack([np.zeros_like(found.rho_mass), np.cumsum(given, axis=0)])
    kept = one.sum(axis=1) > _LITTLE

    @cache  # the three limits begin with the same halves
    def below(distance: float) -> float:
        """P(log odds ratio < distance): for each cell of one mean and rho, how likely the other mean is larger."""
        at = (betainc(*even_prior(mu_prior), expit(logits[kept] - distance)) - other[0]) / (other[1] - other[0])
        cell = np.clip(at, 0, len(given) - 1).astype(int)
        share = under[cell] + np.clip(at - cell, 0, 1)[:, None] * given[cell]
        return 1 - float(np.sum(one[kept] * share))

    limits = (_crossed(below, probability) for probability in (0.5, (1 - level) / 2, (1 + level) / 2))
    estimate, lower, upper = (float(f"{exp(value):.{_DIGITS}g}") for value in limits)
    return OddsRatioPosterior(estimate, lower, upper, level)


def _crossed(rising: Callable[[float], float], probability: float) -> float:
    """Where a distribution function of a log odds ratio reaches a probability, to 1e-5."""
    low, high = -80.0, 80.0
    while high - low > 1e-5:
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < probability else (low, middle)
    return (low + high) / 2


def _both(one: Counts, two: Counts, mu_prior: Prior, rho_prior: RhoPrior) -> Surfaces:
    return surfaces_of([tail_counts(read_reports(*one)), tail_counts(read_reports(*two))], mu_prior, rho_prior)


def _logits(part: Surface) -> Floats:
    return np.asarray(np.log(part.mu) - np.log(part.rest))


def _logit_edges(part: Surface, prior: Prior) -> Floats:
    """logit of mu at the edges of the cells; the outermost take in whatever lies beyond."""
    with np.errstate(divide="ignore"):
        edges = np.log(betaincinv(*prior, part.edges)) - np.log(betaincinv(*prior[::-1], 1 - part.edges))
    edges[0], edges[-1] = -np.inf, np.inf
    return np.asarray(edges)
