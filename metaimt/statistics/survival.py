"""Times to an event, on statsmodels' `duration`: Kaplan-Meier, competing events, log-rank, Cox; how few are too few.

Limits of S(t) and the median are those of R's survfit with conf.type = "log-log", which statsmodels does not have.
Everywhere: time has shape (N,), at least 0, in any one unit; event has shape (N,), 1 for an event, 0 for a censored
time, which is at risk for the events of its own time. All intervals are at 95 %.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri, ndtri

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats

Ties = Literal["efron", "breslow"]

FEWEST_TIMES = 10
FEWEST_EVENTS = 5
FEWEST_CENSORED = 5
FEWEST_COX_EVENTS = 10
_LEVEL = 0.95
_Z = float(ndtri((1 + _LEVEL) / 2))
# As in R's survival: a curve this near to a quantile is at it.
_TOLERANCE = float(np.finfo(float).eps) ** 0.5
# A hazard ratio above exp(15) = 3 million over the range seen is not an estimate but a divergence.
_DIVERGED = 15.0
# Information of an event below which the covariate does not vary, but for rounding.
_NO_INFORMATION = 1e-12
_IN_ORDER = "no finite hazard ratio: the covariate puts too many events in order"


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """The curve at each distinct time, events and censored times alike: arrays of shape (T,), time increasing.

    survival: S(t) just after the time, 0 to 1. standard_error: Greenwood's, of S(t). lower, upper: log-log interval of
    S(t); nan where there is none, at 0 and at 1.
    """

    time: Floats
    at_risk: Integers
    events: Integers
    censored: Integers
    survival: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats

    @property
    def subjects(self) -> int:
        """Number of subjects."""
        return int(self.at_risk[0])

    @property
    def total_events(self) -> int:
        """Number of events."""
        return int(self.events.sum())

    @property
    def last(self) -> float:
        """The last time, of an event or censored."""
        return float(self.time[-1])


NOT_REACHED: Final = {"not_reached": "not estimable from these times"}
"""In JSON, for a time or limit that does not exist."""


@dataclass(frozen=True)
class Quantile:
    """The time at which a part of the subjects has had the event. None: not reached."""

    estimate: float | None
    lower: float | None
    upper: float | None

    JSON_NONE = NOT_REACHED


@dataclass(frozen=True)
class Landmark:
    """S(t) at one time, with the number at risk just before it.

    estimate is None beyond the last time, unless S(t) is 0 by then; a limit is None where there is none.
    """

    time: float
    estimate: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    at_risk: int

    JSON_NONE = NOT_REACHED


@dataclass(frozen=True)
class IncidenceAt:
    """Probability of one cause by a time, with its interval; None beyond the last time if some are still free."""

    cause: int
    time: float
    estimate: float | None
    lower: float | None
    upper: float | None

    JSON_NONE = NOT_REACHED


@dataclass(frozen=True)
class LogRankGroup:
    """A group: its label as given, subjects, and its observed and expected events."""

    label: str
    subjects: int
    observed: float
    expected: float


@dataclass(frozen=True)
class LogRank:
    """Test that the groups have one survival curve: chi-square statistic, degrees of freedom, p."""

    groups: tuple[LogRankGroup, ...]
    statistic: float
    df: int
    p: float


_BEYOND: Final = {"not_reached": "beyond any number"}


@dataclass(frozen=True)
class CoxTerm:
    """A covariate: log hazard ratio with standard error, hazard ratio with interval, and p.

    Interval and p are Wald's from `cox`, by penalised profile likelihood from `cox_penalised`.
    """

    name: str
    log_hazard_ratio: float
    standard_error: float
    hazard_ratio: float
    lower: float
    upper: float
    p: float

    JSON_NONE = _BEYOND


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model: terms in the order of the covariates.

    log_likelihood, log_likelihood_null: partial, at the estimate and at 0. likelihood_ratio: chi-square statistic of
    all terms together, with p; df is the number of terms.
    """

    terms: tuple[CoxTerm, ...]
    log_likelihood: float
    log_likelihood_null: float
    likelihood_ratio: float
    likelihood_ratio_p: float
    subjects: int
    events: int
    ties: Ties


@dataclass(frozen=True)
class HazardsTest:
    """Test that a term's log hazard ratio does not change with time; "global" is all terms together."""

    name: str
    statistic: float
    df: int
    p: float


def kaplan_meier_rule(event: ArrayLike) -> NotRun | None:
    """The rule: a curve only with 10 known times or more, 5 of them events or more. None if it may be drawn."""
    return _too_few(np.size(event), FEWEST_TIMES, "known time") or _too_few(_number(event), FEWEST_EVENTS, "event")


def followup_rule(event: ArrayLike) -> NotRun | None:
    """The rule: a median follow-up only with 5 censored times or more. None if it may be told."""
    return _too_few(np.size(event) - _number(event), FEWEST_CENSORED, "censored time")


def cox_rule(event: ArrayLike) -> NotRun | None:
    """The rule: Cox regression only with 10 events or more. None if it may run."""
    return _too_few(_number(event), FEWEST_COX_EVENTS, "event")


def kaplan_meier(time: ArrayLike, event: ArrayLike) -> KaplanMeier:
    """Product-limit curve (Kaplan and Meier, J Am Stat Assoc 1958;53:457) with pointwise log-log intervals.

    Interval: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980, section 1.3. Raises
    ValueError for invalid times or events.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    times, events = _checked(time, event)
    distinct, where = np.unique(times, return_inverse=True)
    leaving, failing = np.bincount(where), np.bincount(where[events], minlength=distinct.size)
    fit, step = SurvfuncRight(times, events), np.cumsum(failing > 0)
    survival, error = np.append(1.0, fit.surv_prob)[step], np.append(0.0, fit.surv_prob_se)[step]
    lower, upper = _log_log_limits(survival, error)
    at_risk = np.cumsum(leaving[::-1])[::-1]
    return KaplanMeier(distinct, at_risk, failing, leaving - failing, survival, error, lower, upper)


def reverse_kaplan_meier(time: ArrayLike, event: ArrayLike) -> KaplanMeier:
    """Curve of follow-up: censoring is the event (Schemper and Smith, Control Clin Trials 1996;17:343).

    Its median is the median follow-up. Raises ValueError as `kaplan_meier`.
    """
    return kaplan_meier(time, ~_checked(time, event)[1])


def quantile(curve: KaplanMeier, probability: float = 0.5) -> Quantile:
    """Time at which S(t) falls to 1 - probability; limits: where the limits of S(t) do (Brookmeyer and Crowley).

    If S(t) equals 1 - probability over an interval, its middle, as R prints the median; if it never falls below, the
    first such time. A limit that is not reached is None, never the last time.
    """
    rows = (curve.survival, curve.lower, curve.upper)
    return Quantile(*(_crossing(curve.time, row, 1 - probability) for row in rows))


def landmarks(curve: KaplanMeier, times: Iterable[float]) -> tuple[Landmark, ...]:
    """S(t) with its interval at each of the times, which are in the unit of the curve."""
    rows = np.array([curve.survival, curve.standard_error, curve.lower, curve.upper])
    found = ((t, *_row_at(curve, rows, t, 1.0, 0.0)) for t in times)
    return tuple(Landmark(*each, *at_risk(curve, each[:1])) for each in found)


def at_risk(curve: KaplanMeier, times: Iterable[float]) -> tuple[int, ...]:
    """Number of subjects at risk just before each of the times: the row under a plotted curve."""
    return tuple(np.append(curve.at_risk, 0)[np.searchsorted(curve.time, [*times])].tolist())


def incidence_at(time: ArrayLike, cause: ArrayLike, at: Iterable[float]) -> tuple[IncidenceAt, ...]:
    """Probability of each competing cause by each of the times `at`, cause by cause (Aalen-Johansen).

    F_j(t) = sum over t_i <= t of S(t_i-) d_ij / n_i (Aalen and Johansen, Scand J Stat 1978;5:141). Variance by the
    delta method (Marubini and Valsecchi, Analysing Survival Data, 1995, formula 10.12), as in statsmodels'
    CumIncidenceRight, which has none once nobody is left. Interval symmetric in log(-log(1 - F_j)): with one cause both
    are the Kaplan-Meier curve's. cause: shape (N,), integers: 0 censored, 1, 2 ... the cause of the event. Raises
    ValueError for invalid times or causes.
    """
    kind = np.asarray(cause)
    if kind.dtype.kind not in "iu" or np.any(kind < 0):
        raise ValueError("cause must be a whole number: 0 censored, 1, 2 ... the cause")
    free = kaplan_meier(time, kind > 0)
    n, d, before = free.at_risk, free.events, np.append(1.0, free.survival[:-1])
    greenwood = np.divide(d, n * (n - d), out=np.zeros(n.size), where=n > d)
    found = []
    for each in np.unique(kind[kind > 0]).tolist():
        here = np.bincount(np.searchsorted(free.time, np.asarray(time)[kind == each]), minlength=n.size)
        f = np.cumsum(before * here / n)
        later = np.tril(f[:, None] - f)  # F(t) - F(t_i)
        own = np.cumsum(before**2 * here * (n - here) / n**3)
        variance = later**2 @ greenwood + own - 2 * later @ (before * here / n**2)
        upper, lower = (1 - limit for limit in _log_log_limits(1 - f, np.sqrt(np.maximum(0, variance))))
        rows = np.array([f, lower, upper])
        found += [IncidenceAt(each, float(t), *_row_at(free, rows, t, 0.0)) for t in at]
    return tuple(found)


def log_rank(time: ArrayLike, event: ArrayLike, group: ArrayLike) -> LogRank | NotRun:
    """Log-rank test with the hypergeometric variance (Mantel, Cancer Chemother Rep 1966;50:163).

    A group with nobody at risk at any event does not count as a degree of freedom: who leaves before the first event
    tells nothing. group: shape (N,), labels. Raises ValueError for invalid times, events or labels.
    """
    from statsmodels.duration.survfunc import survdiff

    times, events = _checked(time, event)
    labels, member = np.unique(np.asarray(group), return_inverse=True)
    if member.shape != times.shape:
        raise ValueError(f"time and group must be two lists of one length, not {times.shape}, {member.shape}")
    seen = times >= np.min(times[events], initial=np.inf)
    df = np.unique(member[seen]).size - 1
    if df < 1 or bool(np.all(events[seen] & (times[seen] == times[seen].min()))):
        return NotRun("no event while two groups are at risk")
    statistic = float(survdiff(times[seen], events[seen], member[seen])[0])
    curve = kaplan_meier(times, events)
    hazard = curve.events / curve.at_risk
    groups = []
    for g, label in enumerate(labels.tolist()):
        own = np.sort(times[member == g])
        expected = float((own.size - np.searchsorted(own, curve.time)) @ hazard)
        groups.append(LogRankGroup(str(label), own.size, float(events[member == g].sum()), expected))
    return LogRank(tuple(groups), statistic, df, float(chdtrc(df, statistic)))


def cox(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, names: Sequence[str], *, ties: Ties = "efron"
) -> CoxFit | NotRun:
    """Cox regression (J R Stat Soc B 1972;34:187), whatever the number of events: see `cox_rule`.

    Not run without an event, or where the likelihood has no maximum: a covariate puts the subjects in the order of
    their events, and the hazard ratio runs to 0 or infinity, or nobody else is at risk at any event.

    covariates: shape (N, q), numbers, a category as 0/1 columns; names: q of them. ties: Efron's handling of tied
    events, R's default, or Breslow's. Raises ValueError for invalid times, events, covariates or names, and for a
    constant covariate.
    """
    times, events, x = _checked_covariates(time, event, covariates)
    if not events.any():
        return NotRun("no events")
    model, spread = _proportional(times, events, x, ties)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Failed to converge", "Hessian not invertible": found out below
        try:
            scaled = np.asarray(model.fit().params, dtype=float)
        except np.linalg.LinAlgError:
            scaled = np.full(spread.size, np.inf)
    ranges = np.ptp(x, axis=0) / spread
    information = -model.hessian(scaled) if bool(np.all(np.abs(scaled) * ranges < _DIVERGED)) else np.zeros((1, 1))
    if np.linalg.eigvalsh(information)[0] <= _NO_INFORMATION * events.sum():
        return NotRun("no finite hazard ratio: the partial likelihood has no maximum")
    error = np.sqrt(np.diag(np.linalg.inv(information)))
    value, null = float(model.loglike(scaled)), float(model.loglike(np.zeros_like(scaled)))
    ratio, reach = max(0.0, 2 * (value - null)), _Z * error
    logs = np.array([scaled, scaled - reach, scaled + reach]) / spread
    columns = (logs[0], error / spread, *np.exp(logs), chdtrc(1, (scaled / error) ** 2))
    terms = (CoxTerm(name, *row) for name, row in zip(names, np.array(columns).T.tolist(), strict=True))
    p = float(chdtrc(spread.size, ratio))
    return CoxFit(tuple(terms), value, null, ratio, p, times.size, int(events.sum()), ties)


@np.errstate(all="ignore")  # far from the estimate the weights at risk vanish
def cox_penalised(
    time: ArrayLike, event: ArrayLike, covariate: ArrayLike, name: str, *, ties: Ties = "efron"
) -> CoxTerm | NotRun:
    """Cox regression on one covariate with Firth's penalty, for use where `cox_rule` says that events are too few.

    The partial likelihood is penalised by the square root of its information: Heinze and Schemper, Biometrics
    2001;57:114 (R's coxphf). Interval and p are by penalised profile likelihood. Not run if the covariate does not vary
    among those at risk at any event. covariate: shape (N,). Raises ValueError as `cox`.
    """
    from scipy.optimize import brentq, minimize_scalar

    times, events, x = _checked_covariates(time, event, np.reshape(np.asarray(covariate, dtype=float), (-1, 1)))
    model, spread = _proportional(times, events, x, ties)
    least = _NO_INFORMATION * max(1, int(events.sum()))

    def information(beta: float) -> float:
        return float(-np.sum(model.hessian(np.array([beta]))))

    def loss(beta: float) -> float:
        value = -model.loglike(np.array([beta])) - 0.5 * np.log(max(least, information(beta)))
        return float(value) if np.isfinite(value) else 1e9

    def slope(beta: float) -> float:
        penalty = np.log(information(beta + 1e-4) / information(beta - 1e-4)) / 4e-4
        return float(np.sum(model.score(np.array([beta]))) + penalty)

    if information(0.0) <= least:
        return NotRun("no hazard ratio: the covariate does not vary at any event")
    far = 1.0
    while min(loss(-far) - loss(-far / 2), loss(far) - loss(far / 2)) < 0:
        far *= 2
    near = minimize_scalar(loss, bounds=(-far, far), method="bounded", options={"xatol": 1e-6}).x
    if not slope(near - 1e-4) > 0 > slope(near + 1e-4):
        return NotRun(_IN_ORDER)
    best = float(brentq(slope, near - 1e-4, near + 1e-4))  # to the digits that all processors agree on
    top = loss(best) + float(chdtri(1, 1 - _LEVEL)) / 2
    limits = []
    for side in (-1.0, 1.0):
        far = 1.0
        while loss(best + side * far) < top:
            far *= 2
        limits.append(best + side * float(brentq(lambda away: loss(best + side * away) - top, 0.0, far)))  # noqa: B023
    if max(abs(loss(limit) - top) for limit in limits) > 1e-3:
        return NotRun(_IN_ORDER)
    scale = float(spread[0])
    # A limit per unit of a covariate of tiny spread may be beyond the largest number: then infinite.
    ratio, lower, upper = np.exp(np.array([best, *limits]) / scale).tolist()
    p = float(chdtrc(1, max(0.0, 2 * (loss(0.0) - loss(best)))))
    return CoxTerm(name, best / scale, information(best) ** -0.5 / scale, ratio, lower, upper, p)


def proportional_hazards(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike, fit: CoxFit
) -> tuple[HazardsTest, ...]:
    """Score test of a log hazard ratio that changes linearly with 1 - S(t-), a term at a time and all together.

    Grambsch and Therneau (Biometrika 1994;81:515) on Schoenfeld residuals, in the exact form of R's survival since 3.0:
    terms g(t) x are added to the model and tested at 0, the information of each event's risk set weighted by g(t) and
    g(t)^2, not by its average. g is R's default "km" transform. Data as given to `cox`, fit as returned.
    """
    times, events, x = _checked_covariates(time, event, covariates)
    names, q = [term.name for term in fit.terms], x.shape[1]
    x = x - x.mean(axis=0)
    eta = x @ np.array([term.log_hazard_ratio for term in fit.terms])
    products = (x[:, :, None] * x[:, None, :]).reshape(-1, q * q)
    moments = np.exp(eta - eta.max())[:, None] * np.column_stack([np.ones(x.shape[0]), x, products])
    at = times[events]
    risk = np.cumsum(moments[::-1], axis=0)[::-1][np.searchsorted(times, at)]
    if fit.ties == "efron":
        first, end = np.searchsorted(at, at), np.searchsorted(at, at, side="right")
        sums = np.cumsum(np.vstack([np.zeros(moments.shape[1]), moments[events]]), axis=0)
        risk -= ((np.arange(at.size) - first) / (end - first))[:, None] * (sums[end] - sums[first])
    mean = risk[:, 1 : q + 1] / risk[:, :1]
    covariance = (risk[:, q + 1 :] / risk[:, :1]).reshape(-1, q, q) - mean[:, :, None] * mean[:, None, :]
    curve = kaplan_meier(times, events)
    before = np.append(1.0, curve.survival)[np.searchsorted(curve.time, at)]
    weight = np.array([np.ones(at.size), before.mean() - before])
    score = np.append(np.zeros(q), weight[1] @ (x[events] - mean))
    information = np.einsum("ad,bd,dij->aibj", weight, weight, covariance).reshape(2 * q, 2 * q)
    found = []
    for name, added in [*((name, [j]) for j, name in enumerate(names)), ("global", [*range(q)])]:
        keep = [*range(q), *(q + j for j in added)]
        part, statistic, p = information[np.ix_(keep, keep)], 0.0, 1.0
        # One event, or none that differ in time: nothing to test.
        if np.linalg.matrix_rank(part, hermitian=True) == len(keep):
            statistic = float(score[keep] @ np.linalg.solve(part, score[keep]))
            p = float(chdtrc(len(added), statistic))
        found.append(HazardsTest(name, statistic, len(added), p))
    return tuple(found)


def _number(event: ArrayLike) -> int:
    return int(np.count_nonzero(event))


def _too_few(number: int, needed: int, noun: str) -> NotRun | None:
    return NotRun(f"{number} {noun}{'' if number == 1 else 's'}, {needed} are needed") if number < needed else None


def _checked(time: ArrayLike, event: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    times, events = np.asarray(time, dtype=float), np.asarray(event)
    if times.ndim != 1 or times.size == 0 or events.shape != times.shape:
        raise ValueError(f"time and event must be two lists of one length, not {times.shape}, {events.shape}")
    if not (np.isfinite(times).all() and times.min() >= 0):
        raise ValueError("a time is negative or not finite: pass known times only")
    if not np.isin(events, (0, 1)).all():
        raise ValueError("event must be 1 (event) or 0 (censored)")
    return times, events.astype(bool)


def _checked_covariates(
    time: ArrayLike, event: ArrayLike, covariates: ArrayLike
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """Times, events and covariates of the subjects in one fixed order, by time."""
    (times, events), x = _checked(time, event), np.asarray(covariates, dtype=float)
    if x.ndim != 2 or x.shape[0] != times.size or not np.isfinite(x).all():
        raise ValueError(f"covariates must be finite, one row a subject and one column each, not of shape {x.shape}")
    spread = x.std(axis=0)
    if not spread.all() or np.linalg.matrix_rank((x - x.mean(axis=0)) / spread) < x.shape[1]:
        raise ValueError("the covariates are linearly dependent, or one is constant")
    order = np.lexsort((*x.T, events, times))
    return times[order], events[order], x[order]


def _proportional(times: Floats, events: NDArray[np.bool_], x: Floats, ties: Ties) -> tuple[Any, Floats]:
    """statsmodels' model of the covariates in standard deviations, and these, shape (q,)."""
    from statsmodels.duration.hazard_regression import PHReg

    spread = x.std(axis=0)
    return PHReg(times, (x - x.mean(axis=0)) / spread, status=events.astype(float), ties=ties), spread


def _log_log_limits(survival: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Limits of S(t), nan at 0 and 1, but for rounding."""
    s = np.where((survival > 1e-12) & (survival < 1), survival, np.nan)
    with np.errstate(over="ignore"):
        reach = np.exp(_Z * error / (s * np.log(s)))
        return s ** (1 / reach), s**reach


def _row_at(curve: KaplanMeier, rows: Floats, time: float, *first: float) -> Iterator[Any]:
    """The rows' values at a time; before the curve's first time `first`; None where there is none, or not yet."""
    start = np.append(first, np.full(len(rows) - len(first), np.nan))
    here = np.column_stack([start, rows])[:, np.searchsorted(curve.time, time, side="right")]
    beyond = time > curve.last and curve.survival[-1] > 0
    return (None if beyond or np.isnan(value) else float(value) for value in here)


def _crossing(time: Floats, values: Floats, target: float) -> float | None:
    reached, below = values < target + _TOLERANCE, values < target - _TOLERANCE
    if not reached.any():
        return None
    first = int(np.argmax(reached))
    if below[first] or not below.any():
        return float(time[first])
    return float((time[first] + time[np.argmax(below)]) / 2)
