"""Cox regression on one covariate with Firth's penalty: a finite hazard ratio where events are few.

The partial likelihood is penalised by the square root of its information: Heinze and Schemper, Biometrics
2001;57:114 (R's coxphf). Interval and p are by penalised profile likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri

from metaimt.statistics.cox import CoxTerm, read_cox
from metaimt.statistics.cox_risk_sets import Ties
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.root import Floats, decreasing_root

# A hazard ratio of exp(200) for one standard deviation: no search goes further.
_FARTHEST = 200.0


@dataclass(frozen=True)
class PenalisedCoxFit:
    """One term; its interval and p are by penalised profile likelihood.

    log_likelihood, log_likelihood_null: penalised, at the estimate and at 0.
    """

    term: CoxTerm
    log_likelihood: float
    log_likelihood_null: float
    subjects: int
    events: int
    ties: Ties
    level: float


def cox_penalised(
    time: ArrayLike,
    event: ArrayLike,
    covariate: ArrayLike,
    name: str = "x1",
    *,
    ties: Ties = "efron",
    level: float = 0.95,
) -> PenalisedCoxFit | NotRun:
    """Penalised univariable Cox regression, for use where `cox_rule` says that events are too few.

    Not run if the covariate does not vary among those at risk at any event.

    Args:
        time: shape (N,), time to event or censoring.
        event: shape (N,), 1 for an event, 0 for a censored time.
        covariate: shape (N,), numbers.
        name: of the covariate.
        ties: handling of tied events, efron or breslow.
        level: of the interval.

    Raises:
        ValueError: as `cox`.
    """
    column = np.asarray(covariate, dtype=float).reshape(-1, 1)
    times, events, x, _ = read_cox(time, event, column, [name], ties=ties, level=level)
    spread = float(x.std())
    model = _model(times, events, (x[:, 0] - x.mean()) / spread, ties)
    null = model.at(0.0)
    if not np.isfinite(null.value):
        return NotRun("no hazard ratio: the covariate does not vary at any event")
    beta = model.maximum()
    top = model.at(beta)
    lower, upper = (model.limit(beta, side, level) / spread for side in (-1.0, 1.0))
    # A limit per unit of a covariate of tiny spread may be beyond the largest number: then infinite.
    with np.errstate(over="ignore"):
        ratio, low, high = np.exp([beta / spread, lower, upper]).tolist()
    p = float(chdtrc(1, max(0.0, 2 * (top.value - null.value))))
    term = CoxTerm(name, beta / spread, float(top.information**-0.5) / spread, ratio, low, high, p)
    scale = float(np.log(spread))
    return PenalisedCoxFit(term, top.value + scale, null.value + scale, times.size, int(events.sum()), ties, level)


@dataclass(frozen=True)
class _Trial:
    """Penalised log-likelihood, its slope and curvature, and the information, at one coefficient."""

    value: float
    slope: float
    curvature: float
    information: float


@dataclass(frozen=True, eq=False)
class _Model:
    """x: covariate in standard deviations, shape (N,); own: of the subjects with an event, (D,).

    share: part with which each subject is at risk at each event, (D, N): 1, 0, or between for ties (Efron).
    """

    x: Floats
    own: Floats
    share: Floats

    def at(self, beta: float) -> _Trial:
        """Central moments at risk are summed as such: differences of moments would lose the small ones."""
        eta = np.where(self.share > 0, beta * self.x, -np.inf)
        peak = eta.max(axis=1, keepdims=True, initial=-np.inf)
        weight = self.share * np.exp(eta - peak)
        total = weight.sum(axis=1, keepdims=True)
        mean = (weight * self.x).sum(axis=1, keepdims=True) / total
        away = self.x - mean
        second, third, fourth = ((weight * away**k).sum(axis=1) / total[:, 0] for k in (2, 3, 4))
        information, skew = float(second.sum()), float(third.sum())
        if not information > 0:
            return _Trial(-np.inf, 0.0, 0.0, 0.0)
        fit = float((beta * self.own - peak[:, 0] - np.log(total[:, 0])).sum())
        penalty = float((fourth - 3 * second**2).sum()) / information - (skew / information) ** 2
        return _Trial(
            fit + 0.5 * float(np.log(information)),
            float((self.own - mean[:, 0]).sum()) + 0.5 * skew / information,
            -information + 0.5 * penalty,
            information,
        )

    def maximum(self) -> float:
        """The coefficient at which the slope is 0."""

        def slope(beta: Floats) -> tuple[Floats, Floats]:
            found = self.at(float(beta[0]))
            return np.array([found.slope]), np.array([found.curvature])

        far = 1.0
        while far < _FARTHEST and not self.at(-far).slope > 0 > self.at(far).slope:
            far *= 2
        return float(decreasing_root(slope, np.zeros(1), -far, far)[0])

    def limit(self, top: float, side: float, level: float) -> float:
        """Where the value has fallen by half the chi-square cut-off, below (side -1) or above (1) the maximum."""
        target = self.at(top).value - float(chdtri(1, 1 - level)) / 2

        def excess(away: Floats) -> tuple[Floats, Floats]:
            found = self.at(top + side * float(away[0]))
            return np.array([found.value - target]), np.array([side * found.slope])

        far = 1.0
        while far < _FARTHEST and excess(np.array([far]))[0][0] > 0:
            far *= 2
        return top + side * float(decreasing_root(excess, np.array([far]), 0.0, far)[0])


def _model(time: Floats, event: NDArray[np.bool_], x: Floats, ties: Ties) -> _Model:
    at = time[event]
    share = (time >= at[:, None]).astype(float)
    if ties == "efron":
        tied = event & (time == at[:, None])
        place = np.array([np.count_nonzero(at[:i] == t) for i, t in enumerate(at)])
        share -= tied * (place / tied.sum(axis=1))[:, None]
    return _Model(x, x[event], share)
