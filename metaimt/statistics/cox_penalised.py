"""Cox regression with Firth's penalty: finite hazard ratios where events are few or in the order of a covariate.

The partial likelihood is penalised by the square root of the determinant of its information: Heinze and
Schemper, Biometrics 2001;57:114 (R's coxphf). Intervals and tests are by penalised profile likelihood.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri

from metaimt.statistics.cox import CoxTerm, read_cox
from metaimt.statistics.cox_risk_sets import Ties, risk_sets
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.root import Floats, decreasing_root

# Step of the numerical derivatives of the penalty, in standard deviations of a covariate.
_STEP = 1e-3
_ITERATIONS = 200
_LARGEST_STEP = 2.0


@dataclass(frozen=True)
class PenalisedCoxFit:
    """Terms in the order of the covariates; their intervals and p's are by penalised profile likelihood.

    log_likelihood, log_likelihood_null: penalised, at the estimate and at 0. likelihood_ratio: chi-square
    statistic of all terms together, with its p; df is the number of terms.
    """

    terms: tuple[CoxTerm, ...]
    log_likelihood: float
    log_likelihood_null: float
    likelihood_ratio: float
    likelihood_ratio_p: float
    subjects: int
    events: int
    ties: Ties
    level: float


def cox_penalised(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    ties: Ties = "efron",
    level: float = 0.95,
) -> PenalisedCoxFit | NotRun:
    """Penalised Cox regression, for use where `cox_rule` says that events are too few. Arguments as `cox`.

    Not run where the covariates vary in too few risk sets for an estimate even so.

    Raises:
        ValueError: as `cox`.
        ArithmeticError: the maximum was not found.
    """
    times, events, x, labels = read_cox(time, event, covariates, names, ties, level)
    spread = x.std(axis=0)
    model = _Model(times, events, (x - x.mean(axis=0)) / spread, ties)
    zero = np.zeros(spread.size)
    null = model.value(zero)
    if not np.isfinite(null):
        return NotRun("no hazard ratio: too few events at which the covariates vary")
    top = model.maximise(zero, np.ones(zero.size, dtype=bool))
    value = model.value(top)
    ratio = max(0.0, 2 * (value - null))
    error = np.sqrt(np.diag(np.linalg.inv(model.information(top))))
    return PenalisedCoxFit(
        tuple(_term(model, top, j, name, error[j], spread[j], level) for j, name in enumerate(labels)),
        value + float(np.log(spread).sum()),
        null + float(np.log(spread).sum()),
        ratio,
        float(chdtrc(zero.size, ratio)),
        times.size,
        int(events.sum()),
        ties,
        level,
    )


@dataclass(frozen=True, eq=False)
class _Model:
    time: Floats
    event: NDArray[np.bool_]
    covariates: Floats
    ties: Ties

    def information(self, beta: Floats) -> Floats:
        sets = risk_sets(self.time, self.event, self.covariates, beta, self.ties)
        return np.asarray(sets.covariance.sum(axis=0), dtype=float)

    def penalty(self, beta: Floats) -> float:
        sign, log_det = np.linalg.slogdet(self.information(beta))
        return float(log_det) / 2 if sign > 0 else -np.inf

    def value(self, beta: Floats) -> float:
        if not self.event.any():
            return -np.inf
        sets = risk_sets(self.time, self.event, self.covariates, beta, self.ties)
        return sets.log_likelihood + self.penalty(beta)

    def slopes(self, beta: Floats) -> tuple[Floats, Floats]:
        """Gradient and the negative of the curvature; those of the penalty by central differences."""
        sets = risk_sets(self.time, self.event, self.covariates, beta, self.ties)
        steps, middle = _STEP * np.eye(beta.size), self.penalty(beta)
        up, down = (np.array([self.penalty(beta + sign * step) for step in steps]) for sign in (1, -1))
        up2, down2 = (np.array([self.penalty(beta + sign * step) for step in steps]) for sign in (2, -2))
        # Four points: the error is of the fourth order in the step.
        gradient = (8 * (up - down) - (up2 - down2)) / (12 * _STEP)
        curvature = np.diag(up + down - 2 * middle) / _STEP**2
        for i, j in zip(*np.triu_indices(beta.size, 1), strict=True):
            both = self.penalty(beta + steps[i] + steps[j]) + self.penalty(beta - steps[i] - steps[j])
            cross = (both - up[i] - down[i] - up[j] - down[j] + 2 * middle) / (2 * _STEP**2)
            curvature[i, j] = curvature[j, i] = cross
        return sets.residual.sum(axis=0) + gradient, sets.covariance.sum(axis=0) - curvature

    def maximise(self, start: Floats, free: NDArray[np.bool_]) -> Floats:
        """Newton steps over the free coefficients, halved until the value does not fall."""
        beta, value = start, self.value(start)
        for _ in range(_ITERATIONS if free.any() else 0):
            gradient, curvature = self.slopes(beta)
            block = np.ix_(free, free)
            if np.linalg.eigvalsh(curvature[block])[0] <= 0:
                curvature = self.information(beta)
            step = np.zeros_like(beta)
            step[free] = np.linalg.solve(curvature[block], gradient[free])
            step *= min(1.0, _LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
            if gradient @ step < 1e-16:
                return beta + step
            new = self.value(beta + step)
            while new < value - 1e-12 * abs(value) and np.abs(step).max() > 1e-12:
                step /= 2
                new = self.value(beta + step)
            beta, value = beta + step, new
        if free.any():
            raise ArithmeticError(f"penalised Cox regression: no maximum within {_ITERATIONS} steps")
        return beta


def _term(model: _Model, top: Floats, j: int, name: str, error: float, spread: float, level: float) -> CoxTerm:
    free = np.arange(top.size) != j
    held = model.maximise(np.where(free, top, 0.0), free)
    statistic = max(0.0, 2 * (model.value(top) - model.value(held)))
    lower, upper = (_limit(model, top, j, sign * error, level) / spread for sign in (-1, 1))
    beta = float(top[j] / spread)
    return CoxTerm(
        name,
        beta,
        float(error / spread),
        float(np.exp(beta)),
        float(np.exp(lower)),
        float(np.exp(upper)),
        float(chdtrc(1, statistic)),
    )


def _limit(model: _Model, top: Floats, j: int, step: float, level: float) -> float:
    """Where the penalised profile of coefficient j falls by half the chi-square cut-off, in units of `step`."""
    target = model.value(top) - float(chdtri(1, 1 - level)) / 2
    free = np.arange(top.size) != j
    nearest = top

    def excess(away: Floats) -> tuple[Floats, Floats]:
        nonlocal nearest
        start = nearest.copy()
        start[j] = top[j] + step * float(away[0])
        nearest = model.maximise(start, free)
        return np.array([model.value(nearest) - target]), np.array([model.slopes(nearest)[0][j] * step])

    far = 2.0
    while excess(np.array([far]))[0][0] > 0:
        far *= 2
    return float(top[j] + step * decreasing_root(excess, np.array([far]), far / 2 if far > 2 else 0.0, far, 1e-10)[0])
