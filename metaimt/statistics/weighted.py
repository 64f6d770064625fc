"""Pooled response rate with some reports at less than their full weight.

The beta-binomial log-likelihood of a report is multiplied by its weight between 0 and 1 (power likelihood: Ibrahim and
Chen, Stat Sci 2000;15:46). It is linear in the tail counts, so that weighted tail counts are all that is needed. The
interval is the equal-tailed posterior for every weight: a cut-off with K - 2 has no meaning for fractions of reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from metaimt.statistics.betabinomial_likelihood import maximise
from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR, posterior_of
from metaimt.statistics.posterior_surface import Prior
from metaimt.statistics.reports import Integers, Reports, read_reports
from metaimt.statistics.root import Floats
from metaimt.statistics.tail_counts import tail_counts

WEIGHTED = "beta-binomial, weighted likelihood, posterior interval"


@dataclass(frozen=True, slots=True)
class WeightedProportion:
    """Estimate and limits, 0 to 1; `responders` and `evaluable` are weighted sums, so they may be fractions."""

    responders: float
    evaluable: float
    estimate: float
    lower: float
    upper: float
    level: float
    method: str


def pool_weighted(
    responders: ArrayLike,
    evaluable: ArrayLike,
    weights: ArrayLike,
    *,
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: Prior = RHO_PRIOR,
) -> WeightedProportion | None:
    """Pool reports with weights; None if every weight is 0. The order of the reports is irrelevant.

    The estimate is the weighted maximum likelihood; r/n where the larger reports are unanimous, as in
    `pool_proportion`.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        weights: shape (K,), 0 to 1.
        level: of the interval.
        mu_prior: beta prior of the mean rate.
        rho_prior: beta prior of the intraclass correlation.

    Raises:
        ValueError: invalid counts, weights, level or priors.
    """
    r, n, w = np.asarray(responders), np.asarray(evaluable), np.asarray(weights, dtype=float)
    read_reports(r, n)
    if w.shape != r.shape or not np.all((w >= 0) & (w <= 1)):
        raise ValueError("every report needs a weight between 0 and 1")
    order = np.lexsort((w, r, n))
    order = order[w[order] > 0]
    if order.size == 0:
        return None
    reports = _Weighted(r[order].astype(np.int64), n[order].astype(np.int64), w[order])
    found = posterior_of(reports, level, (), mu_prior, rho_prior)
    totals = float(reports.weights @ reports.responders), float(reports.weights @ reports.evaluable)
    mean = _mean(reports, totals)
    return WeightedProportion(*totals, mean, min(found.lower, mean), max(found.upper, mean), level, WEIGHTED)


@dataclass(frozen=True, eq=False)
class _Weighted(Reports):
    """Reports of which each is there `weights` times: so the likelihood, a sum over reports, is weighted."""

    weights: Floats

    @cached_property
    def distinct(self) -> tuple[Integers, Integers, Integers]:
        """Pairs (r, n), each as often as its weight; the likelihood takes fractions of reports as they are."""
        return self.responders, self.evaluable, cast("Integers", self.weights)


def _mean(reports: _Weighted, totals: tuple[float, float]) -> float:
    crude = totals[0] / totals[1]
    if reports.unanimous or totals[0] in {0.0, totals[1]}:
        return crude
    top = maximise(tail_counts(reports), np.array([crude]), mu_free=True)
    return crude if top.rho[0] == 0 else float(top.mu[0])
