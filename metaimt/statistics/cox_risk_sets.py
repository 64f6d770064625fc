"""Risk sets of Cox regression: what each event adds to the likelihood, its score and its information."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from metaimt.statistics.root import Floats

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, eq=False)
class RiskSets:
    """One entry an event, D of them, in order of time; tied events share their residuals' sum.

    time: shape (D,). log_weight: log of the weighted number at risk. residual: covariates of the subject less
    the weighted mean at risk, shape (D, q): Schoenfeld's. covariance: weighted covariance at risk, (D, q, q).
    log_likelihood: partial log-likelihood.
    """

    time: Floats
    log_weight: Floats
    residual: Floats
    covariance: Floats
    log_likelihood: float


def risk_sets(time: Floats, event: NDArray[np.bool_], covariates: Floats, beta: Floats, ties: Ties) -> RiskSets:
    """Weighted moments at risk, weights exp(x b).

    Breslow: at d tied events all use the whole risk set. Efron (J Am Stat Assoc 1977;72:557): the k-th of
    them, k = 0 .. d-1, uses it less k/d of the tied subjects' own weights.

    Args:
        time: shape (N,).
        event: shape (N,).
        covariates: shape (N, q).
        beta: shape (q,).
        ties: how tied events are handled.
    """
    centred = covariates - covariates.mean(axis=0)
    eta = centred @ beta
    shift = float(eta.max())
    weight = np.exp(eta - shift)
    outer = np.einsum("n,ni,nj->nij", weight, centred, centred)
    moments = np.column_stack([weight, weight[:, None] * centred, outer.reshape(eta.size, -1)])
    order = np.argsort(-time, kind="stable")
    running = np.cumsum(moments[order], axis=0)
    rows = np.nonzero(event)[0]
    rows = rows[np.argsort(time[rows], kind="stable")]
    last = np.searchsorted(-time[order], -time[rows], side="right") - 1
    at_risk = running[last]
    if ties == "efron":
        distinct, group, tied = np.unique(time[rows], return_inverse=True, return_counts=True)
        own = np.zeros((distinct.size, moments.shape[1]))
        np.add.at(own, group, moments[rows])
        place = np.arange(rows.size) - np.searchsorted(time[rows], time[rows])
        at_risk = at_risk - (place / tied[group])[:, None] * own[group]
    q = centred.shape[1]
    mean = at_risk[:, 1 : q + 1] / at_risk[:, :1]
    second = at_risk[:, q + 1 :].reshape(-1, q, q) / at_risk[:, :1, None]
    log_weight = np.log(at_risk[:, 0])
    return RiskSets(
        time[rows],
        log_weight + shift,
        centred[rows] - mean,
        second - mean[:, :, None] * mean[:, None, :],
        float((eta[rows] - shift - log_weight).sum()),
    )
