"""Cox regression by statsmodels, and a check of proportional hazards."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtri

from metaimt.statistics.cox_risk_sets import Ties, risk_sets
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.root import Floats
from metaimt.statistics.survival_data import read_survival

# A hazard ratio above exp(15) = 3 million over the range seen is not an estimate but a divergence.
_DIVERGED = 15.0


@dataclass(frozen=True)
class CoxTerm:
    """A covariate: log hazard ratio with standard error, hazard ratio with interval, and p.

    Interval and p are Wald's in a `CoxFit`, by profile likelihood in a `PenalisedCoxFit`.
    """

    name: str
    log_hazard_ratio: float
    standard_error: float
    hazard_ratio: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model: terms in the order of the covariates.

    log_likelihood, log_likelihood_null: partial, at the estimate and at 0. likelihood_ratio, score: chi-square
    statistics of all terms together, with p's; df is the number of terms. concordance: Harrell's C, ties in
    risk counting half; None if no two subjects can be compared.
    """

    terms: tuple[CoxTerm, ...]
    log_likelihood: float
    log_likelihood_null: float
    likelihood_ratio: float
    likelihood_ratio_p: float
    score: float
    score_p: float
    concordance: float | None
    subjects: int
    events: int
    ties: Ties
    level: float


@dataclass(frozen=True)
class HazardsTest:
    """Test that a term's log hazard ratio does not change with time; "global" is all terms together."""

    name: str
    statistic: float
    df: int
    p: float


def cox(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    ties: Ties = "efron",
    level: float = 0.95,
) -> CoxFit | NotRun:
    """Cox regression (J R Stat Soc B 1972;34:187), whatever the number of events: see `cox_rule`.

    Not run without an event, or where the likelihood has no maximum: a covariate puts the subjects in the
    order of their events, and the hazard ratio runs to 0 or infinity, or nobody else is at risk at any event.

    Args:
        time: shape (N,), time to event or censoring.
        event: shape (N,), 1 for an event, 0 for a censored time.
        covariates: shape (N, q), numbers; a category as 0/1 columns.
        names: q names; x1, x2 ... if absent.
        ties: Efron's handling of tied events, R's default, or Breslow's.
        level: of the intervals.

    Raises:
        ValueError: invalid times, events, covariates, names, ties or level; a constant covariate.
    """
    times, events, x, labels = read_cox(time, event, covariates, names, ties=ties, level=level)
    if not events.any():
        return NotRun("no events")
    centre, spread = x.mean(axis=0), x.std(axis=0)
    model, scaled = _model(times, events, (x - centre) / spread, ties)
    if scaled is None or bool(np.any(np.abs(scaled) / spread * np.ptp(x, axis=0) > _DIVERGED)):
        return NotRun("no finite hazard ratio: the partial likelihood has no maximum")
    error = np.sqrt(np.diag(np.linalg.inv(-model.hessian(scaled)))) / spread
    zero = np.zeros_like(scaled)
    value, null = float(model.loglike(scaled)), float(model.loglike(zero))
    gradient = model.score(zero)
    ratio, score = max(0.0, 2 * (value - null)), float(gradient @ np.linalg.solve(-model.hessian(zero), gradient))
    return CoxFit(
        _terms(labels, scaled / spread, error, level),
        value,
        null,
        ratio,
        float(chdtrc(scaled.size, ratio)),
        score,
        float(chdtrc(scaled.size, score)),
        _concordance(times, events, x @ (scaled / spread)),
        times.size,
        int(events.sum()),
        ties,
        level,
    )


def proportional_hazards(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, fit: CoxFit
) -> tuple[HazardsTest, ...]:
    """Score test of a log hazard ratio that changes linearly with 1 - S(t-), a term at a time and all together.

    Grambsch and Therneau (Biometrika 1994;81:515) on Schoenfeld residuals, in the exact form of R's survival
    since 3.0: terms g(t) x are added to the model and tested at 0, the information of each event's risk set
    weighted by g(t) and g(t)^2, not by its average. g is R's default "km" transform.

    Args:
        time: shape (N,), as given to `cox`.
        event: shape (N,), as given to `cox`.
        covariates: shape (N, q), as given to `cox`.
        fit: what `cox` returned for them.

    Raises:
        ValueError: as `cox`, or the fit has another number of terms.
    """
    names = [term.name for term in fit.terms]
    times, events, x, labels = read_cox(time, event, covariates, names, ties=fit.ties, level=fit.level)
    beta = np.array([term.log_hazard_ratio for term in fit.terms])
    sets = risk_sets(times, events, x, beta, fit.ties)
    g = _failed_before(times, events, sets.time)
    q = beta.size
    score = np.concatenate([np.zeros(q), g @ sets.residual])
    blocks = [np.einsum("d,dij->ij", g**power, sets.covariance) for power in range(3)]
    information = np.block([[blocks[0], blocks[1]], [blocks[1], blocks[2]]])
    tests = [(name, np.array([j])) for j, name in enumerate(labels)]
    return tuple(
        _hazards_test(name, score, information, added, q) for name, added in [*tests, ("global", np.arange(q))]
    )


def _hazards_test(name: str, score: Floats, information: Floats, added: NDArray[np.int64], q: int) -> HazardsTest:
    keep = np.concatenate([np.arange(q), q + added])
    part = information[np.ix_(keep, keep)]
    # One event, or none that differ in time: nothing to test.
    if np.linalg.matrix_rank(part, hermitian=True) < keep.size:
        return HazardsTest(name, 0.0, added.size, 1.0)
    statistic = float(score[keep] @ np.linalg.solve(part, score[keep]))
    return HazardsTest(name, statistic, added.size, float(chdtrc(added.size, statistic)))


def _failed_before(times: Floats, events: NDArray[np.bool_], at: Floats) -> Floats:
    """1 - S(t-) of the pooled Kaplan-Meier curve at each of the times, less its mean."""
    distinct = np.unique(times[events])
    risk = np.array([np.count_nonzero(times >= t) for t in distinct])
    failed = np.array([np.count_nonzero(times[events] == t) for t in distinct])
    before = np.concatenate([[1.0], np.cumprod(1 - failed / risk)[:-1]])
    g = 1 - before[np.searchsorted(distinct, at)]
    return np.asarray(g - g.mean(), dtype=float)


def _model(times: Floats, events: NDArray[np.bool_], x: Floats, ties: Ties) -> tuple[Any, Floats | None]:
    """The statsmodels model and its estimate, or None if it did not converge."""
    from statsmodels.duration.hazard_regression import PHReg

    model = PHReg(times, x, status=events.astype(float), ties=ties)
    with warnings.catch_warnings():
        # "Failed to converge", "Hessian not invertible": found out below.
        warnings.simplefilter("ignore")
        try:
            estimate = np.asarray(model.fit().params, dtype=float)
        except np.linalg.LinAlgError:
            return model, None
    if not np.isfinite(estimate).all():
        return model, None
    hessian = -model.hessian(estimate)
    if np.linalg.eigvalsh(hessian)[0] <= 1e-12 * np.count_nonzero(events):
        return model, None
    return model, estimate


def _terms(labels: tuple[str, ...], beta: Floats, error: Floats, level: float) -> tuple[CoxTerm, ...]:
    z = float(ndtri((1 + level) / 2))
    lower, upper = np.exp(beta - z * error), np.exp(beta + z * error)
    p = chdtrc(1, (beta / error) ** 2)
    columns = (each.tolist() for each in (beta, error, np.exp(beta), lower, upper, p))
    return tuple(CoxTerm(name, *values) for name, *values in zip(labels, *columns, strict=True))


def _concordance(times: Floats, events: NDArray[np.bool_], risk: Floats) -> float | None:
    """Harrell's C: of the pairs whose order of events is known, the part in which the higher risk fails first."""
    agree, comparable = 0.0, 0
    for t, own in zip(times[events].tolist(), risk[events].tolist(), strict=True):
        later = risk[(times > t) | ((times == t) & ~events)]
        agree += float(np.count_nonzero(later < own)) + 0.5 * float(np.count_nonzero(later == own))
        comparable += later.size
    return agree / comparable if comparable else None


def read_cox(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, names: Sequence[str] | None, *, ties: Ties, level: float
) -> tuple[Floats, NDArray[np.bool_], Floats, tuple[str, ...]]:
    """Checked times, events, covariates, shape (N, q), and names, the subjects in one fixed order.

    Raises:
        ValueError: as `cox`.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    if ties not in {"efron", "breslow"}:
        raise ValueError(f"ties must be efron or breslow, not {ties}")
    times, events = read_survival(time, event)
    x = np.asarray(covariates, dtype=float)
    if x.ndim != 2 or x.shape[0] != times.size or x.shape[1] == 0:
        raise ValueError(f"covariates must have one row a subject and a column each, not shape {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("a covariate is not finite")
    spread = x.std(axis=0)
    if not spread.all() or np.linalg.matrix_rank((x - x.mean(axis=0)) / spread) < x.shape[1]:
        raise ValueError("the covariates are linearly dependent, or one is constant")
    labels = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(x.shape[1]))
    if len(labels) != x.shape[1]:
        raise ValueError(f"{x.shape[1]} covariates have {len(labels)} names")
    order = np.lexsort((*x.T, events, times))
    return times[order], events[order], x[order], labels
