"""The penalised log-likelihood of Firth's logistic regression, its score, and its maximum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from metaimt.statistics.root import Floats

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
