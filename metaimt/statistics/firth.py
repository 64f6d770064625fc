"""Firth's penalised logistic regression on grouped binomial rows.

The likelihood is penalised by the square root of the determinant of the Fisher information (Jeffreys'
prior): Firth, Biometrika 1993;80:27; Heinze and Schemper, Stat Med 2002;21:2409. Estimates are finite under
separation too. Intervals and tests are by penalised profile likelihood.

Own code, not firthmodels 0.8.2, which is well kept and agrees with R: it needs scikit-learn (50 MB, a second
to import), gives one of the two standard errors, and stops at a score of 1e-4 unless told otherwise.

The penalised log-likelihood of Firth's logistic regression, its score, and its maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, chdtri, expit

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.reports import Integers, read_reports
from metaimt.statistics.root import Floats, decreasing_root

Mask = NDArray[np.bool_]

LARGEST_STEP = 5.0
_HALVINGS = 60
# A step that promises less than this part of the value is taken unchecked, and its square ends the search.
_NEAR = 1e-9
_ITERATIONS = 200


@dataclass(frozen=True, eq=False)
class Rows:
    """Grouped binomial rows: responders and evaluable of shape (K,), design of shape (K, 1 + q), ones first."""

    responders: Floats
    evaluable: Floats
    design: Floats


@dataclass(frozen=True, eq=False)
class Trial:
    """Coefficients, with everything the likelihood has to say there.

    value: penalised log-likelihood without binomial coefficients. score: modified score, its gradient.
    information: Fisher information. augmented: the information with each patient's weight times
    1 + leverage. triangle: T of the QR decomposition, T'T is the information.
    """

    beta: Floats
    value: float
    score: Floats
    information: Floats
    augmented: Floats
    triangle: Floats


def evaluate(rows: Rows, beta: Floats) -> Trial:
    """Penalised log-likelihood l(b) + log det I(b) / 2 and its derivatives at b, shape (1 + q,).

    Modified score: X'(r - n p + h (1/2 - p)), h the leverages of the rows (Firth 1993; Heinze and
    Schemper 2002, formula 2). Determinant and leverages come from a QR decomposition, which loses half the
    digits the information itself would lose. Where that is singular in floating point the value is -inf.
    """
    design, n = rows.design, rows.evaluable
    eta = design @ beta
    p, q = expit(eta), expit(-eta)
    weight = n * p * q
    information = (design.T * weight) @ design
    orthogonal, triangle = np.linalg.qr(np.sqrt(weight)[:, None] * design)
    diagonal = np.abs(np.diag(triangle))
    if not diagonal.all():
        return Trial(beta, -np.inf, np.zeros_like(beta), information, information, triangle)
    leverage = (orthogonal**2).sum(axis=1)
    fit = rows.responders * -np.logaddexp(0, -eta) - (n - rows.responders) * np.logaddexp(0, eta)
    return Trial(
        beta,
        float(fit.sum() + np.log(diagonal).sum()),
        # r - n p, without cancellation where p is near 1.
        design.T @ (rows.responders * q - (n - rows.responders) * p + leverage * (q - p) / 2),
        information,
        (design.T * (weight * (1 + leverage / n))) @ design,
        triangle,
    )


def maximise(rows: Rows, start: Floats, free: Mask | None = None) -> Trial:
    """Maximum over the free coefficients (None: all), the others held at `start`.

    Newton steps, none longer than LARGEST_STEP in any coefficient, halved until the value does not fall.

    Raises:
        ArithmeticError: no convergence.
    """
    at = evaluate(rows, start)
    free = np.ones(start.size, dtype=bool) if free is None else free
    if not free.any():
        return at
    for _ in range(_ITERATIONS):
        step = _newton(rows, at, free)
        step *= min(1.0, LARGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        gain = float(at.score @ step)
        # So near the top rounding decides whether the value rises, and Newton's step is right.
        new = evaluate(rows, at.beta + step) if gain < _NEAR * max(1.0, abs(at.value)) else _uphill(rows, at, step)
        if gain < _NEAR**2 * max(1.0, abs(at.value)):
            return new
        at = new
    raise ArithmeticError(f"Firth regression: no maximum within {_ITERATIONS} steps")


def _newton(rows: Rows, at: Trial, free: Mask) -> Floats:
    """Newton's step; by the Fisher information where the curvature is not that of a maximum."""
    block = np.ix_(free, free)
    curvature = (at.information - _penalty_curvature(rows, at))[block]
    if np.linalg.eigvalsh(curvature)[0] <= 0:
        curvature = at.information[block]
    step = np.zeros_like(at.beta)
    step[free] = np.linalg.lstsq(curvature, at.score[free])[0]
    return step


def _penalty_curvature(rows: Rows, at: Trial) -> Floats:
    """Second derivatives of log det I / 2: (tr(V I_jk) - tr(V I_j V I_k)) / 2, V the inverse of I."""
    design = rows.design
    eta = design @ at.beta
    p, q = expit(eta), expit(-eta)
    weight = rows.evaluable * p * q
    solved = np.linalg.solve(at.triangle, np.linalg.solve(at.triangle.T, design.T))
    spread = np.einsum("ij,ji->i", design, solved)
    second = (design.T * (weight * (1 - 6 * p * q) * spread)) @ design
    slopes = (solved * (design.T * (weight * (q - p)))[:, None, :]) @ design
    return np.asarray((second - np.einsum("jab,kba->jk", slopes, slopes)) / 2, dtype=float)


def _uphill(rows: Rows, at: Trial, step: Floats) -> Trial:
    """The first of step, step/2, step/4 ... that does not lower the value."""
    for halving in range(_HALVINGS):
        new = evaluate(rows, at.beta + step / 2**halving)
        if new.value >= at.value:
            return new
    return at


EVENTS_PER_PARAMETER = 5
INTERCEPT = "(intercept)"


@dataclass(frozen=True)
class FirthCoefficient:
    """A log odds ratio (the intercept: a log odds), its profile interval and its likelihood-ratio p.

    se_information: from the inverse Fisher information, as brglm prints. se_augmented: from the information
    of the data augmented by the leverages, as logistf prints since 1.25. Neither enters interval or p.
    """

    name: str
    estimate: float
    se_information: float
    se_augmented: float
    lower: float
    upper: float
    p: float


@dataclass(frozen=True)
class LikelihoodRatio:
    """A penalised likelihood-ratio test: chi-square statistic, degrees of freedom, p."""

    statistic: float
    df: int
    p: float


@dataclass(frozen=True)
class FirthFit:
    """The intercept first, then a coefficient a covariate, in the order given.

    penalised_log_likelihood: without the binomial coefficients. slopes: test of all slopes together, None
    without covariates. level: of the intervals.
    """

    coefficients: tuple[FirthCoefficient, ...]
    penalised_log_likelihood: float
    slopes: LikelihoodRatio | None
    events: int
    non_events: int
    level: float

    JSON_NONE = NotRun("no covariate")


def firth_rule(responders: ArrayLike, evaluable: ArrayLike, slopes: int) -> NotRun | None:
    """The rule: at most one parameter per 5 of min(events, non-events). None if the model may run.

    Parameters are the slopes: the intercept is not counted.

    Args:
        responders: shape (K,), r_i.
        evaluable: shape (K,), n_i.
        slopes: number of columns of covariates.
    """
    events = int(np.asarray(responders).sum())
    others = int(np.asarray(evaluable).sum()) - events
    allowed = min(events, others) // EVENTS_PER_PARAMETER
    if slopes <= allowed:
        return None
    fewer = f"{events} responders" if events <= others else f"{others} non-responders"
    parameters = "parameter" if allowed == 1 else "parameters"
    return NotRun(f"{fewer} allow {allowed} {parameters} (one per {EVENTS_PER_PARAMETER}), {slopes} wanted")


def fit_firth(
    responders: ArrayLike,
    evaluable: ArrayLike,
    covariates: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    level: float = 0.95,
) -> FirthFit:
    """Penalised fit of logit p_i = a + x_i b, whatever the number of events: see `firth_rule`.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        covariates: shape (K, q), without the column of ones; q may be 0.
        names: q names; x1, x2 ... if absent.
        level: of the intervals.

    Raises:
        ValueError: invalid counts, shapes or names; covariates not finite or linearly dependent.
        ArithmeticError: the maximum was not found.
    """
    rows = _rows(responders, evaluable, covariates)
    q = rows.design.shape[1] - 1
    labels = tuple(names) if names is not None else tuple(f"x{j + 1}" for j in range(q))
    if len(labels) != q:
        raise ValueError(f"{q} covariates have {len(labels)} names")
    whole = _turned(rows, np.empty(0, dtype=np.int64))
    back = np.linalg.inv(whole.triangle)
    beta = back @ whole.top.beta
    covariance, augmented = (
        back @ np.linalg.inv(each) @ back.T for each in (whole.top.information, whole.top.augmented)
    )
    coefficients = tuple(
        _coefficient(rows, j, name, (beta[j], sqrt(covariance[j, j]), sqrt(augmented[j, j])), level)
        for j, name in enumerate((INTERCEPT, *labels))
    )
    return FirthFit(
        coefficients,
        whole.top.value + float(np.log(np.abs(np.diag(whole.triangle))).sum()),
        _test(_turned(rows, np.arange(1, q + 1)), q) if q else None,
        int(rows.responders.sum()),
        int((rows.evaluable - rows.responders).sum()),
        level,
    )


@dataclass(frozen=True, eq=False)
class _Turned:
    """The model in orthogonal columns, some of the covariates last, and its maximum there.

    design = columns @ triangle, so the coefficients of the last columns are those of the last covariates, up
    to the last block of the triangle: to hold these is to hold those. Orthogonal columns make every search
    quick and exact, whatever the scale and origin of the covariates.
    """

    rows: Rows
    triangle: Floats
    top: Trial


def _turned(rows: Rows, last: Integers) -> _Turned:
    design = np.column_stack([np.delete(rows.design, last, axis=1), rows.design[:, last]])
    columns, triangle = np.linalg.qr(design)
    size = np.sqrt(design.shape[0])
    turned = replace(rows, design=columns * size)
    return _Turned(turned, triangle / size, maximise(turned, np.zeros(design.shape[1])))


def _coefficient(rows: Rows, j: int, name: str, values: tuple[float, float, float], level: float) -> FirthCoefficient:
    """values: estimate, standard error by the information, and by the augmented information."""
    held = _turned(rows, np.array([j]))
    scale = float(held.triangle[-1, -1])
    ends = sorted(_limit(held, sign * values[1] * scale, level) / scale for sign in (-1, 1))
    return FirthCoefficient(name, float(values[0]), values[1], values[2], ends[0], ends[1], _test(held, 1).p)


def _test(held: _Turned, number: int) -> LikelihoodRatio:
    """Test that the last `number` coefficients are 0. The penalty keeps the information of the whole model."""
    free = np.arange(held.top.beta.size) < held.top.beta.size - number
    null = maximise(held.rows, np.where(free, held.top.beta, 0.0), free)
    statistic = max(0.0, 2 * (held.top.value - null.value))
    return LikelihoodRatio(statistic, number, float(chdtrc(number, statistic)))


def _limit(held: _Turned, step: float, level: float) -> float:
    """Where the penalised profile of the last coefficient falls by half the chi-square cut-off.

    step: a standard error, its sign the side.
    """
    target = held.top.value - float(chdtri(1, 1 - level)) / 2
    estimate = held.top.beta[-1]
    free = np.arange(held.top.beta.size) < held.top.beta.size - 1
    nearest = held.top

    def excess(away: Floats) -> tuple[Floats, Floats]:
        """Profile above the target, `away` steps from the estimate, and its slope."""
        nonlocal nearest
        # The others follow the held coefficient as the information has it.
        ahead = np.append(-np.linalg.lstsq(nearest.information[:-1, :-1], nearest.information[:-1, -1])[0], 1.0)
        start = nearest.beta + ahead * (estimate + step * float(away[0]) - nearest.beta[-1])
        nearest = maximise(held.rows, start, free)
        return np.array([nearest.value - target]), np.array([nearest.score[-1] * step])

    far = 2.0
    while excess(np.array([far]))[0][0] > 0:
        far *= 2
    near = far / 2 if far > 2 else 0.0
    return float(estimate + step * decreasing_root(excess, np.array([far]), near, far)[0])


def _rows(responders: ArrayLike, evaluable: ArrayLike, covariates: ArrayLike) -> Rows:
    x = np.asarray(covariates, dtype=float)
    r, n = np.asarray(responders), np.asarray(evaluable)
    read_reports(r, n)
    if x.ndim != 2 or x.shape[0] != r.size:
        raise ValueError(f"rows do not fit: responders {r.shape}, covariates {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("a covariate is not finite")
    design = np.column_stack([np.ones(r.size), x])
    centred = design[:, 1:] - design[:, 1:].mean(axis=0)
    spread = np.abs(centred).max(axis=0)
    # A constant column leaves rounding after centring.
    if bool(np.any(spread <= 1e-12 * np.abs(x).max(axis=0))) or np.linalg.matrix_rank(centred / spread) < x.shape[1]:
        raise ValueError("the covariates are linearly dependent, or one is constant")
    # One fixed order, so that rounding does not depend on the order of the rows.
    order = np.lexsort((r, n, *design.T[1:]))
    return Rows(r[order].astype(float), n[order].astype(float), design[order])
