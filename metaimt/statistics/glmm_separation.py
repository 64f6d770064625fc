"""Whether covariates separate responders from non-responders, so that no finite estimate exists.

Albert and Anderson, Biometrika 1984;71:1: the maximum likelihood estimate of a logistic model is finite unless
some combination of the covariates is never negative in reports where all respond, never positive where none
does, 0 where some do, and not 0 everywhere. For every tau the binomial-normal likelihood has the same
directions in which it never falls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from metaimt.statistics.glmm_likelihood import DataSets
from metaimt.statistics.root import Floats

_CERTAIN = 1e-8


@dataclass(frozen=True)
class Separated:
    """No finite estimate exists: exact answers for each group and penalised ones are to be read instead."""

    reason: str

    def wording(self) -> str:
        """A phrase for the report."""
        return f"separated ({self.reason})"


def separation(data: DataSets) -> Separated | None:
    """`Separated` if there is no finite estimate of the coefficients, else None.

    Newton's method on the binomial likelihood comes first: where its score is 0 with every residual away from
    0, the residuals prove that nothing is separated (Stiemke's theorem). Otherwise a linear programme decides
    (Konis, thesis, Oxford 2007).
    """
    if _overlap_is_certain(data) or not _separating_direction(data):
        return None
    return Separated("the covariates predict response without error in some or all reports")


def _overlap_is_certain(data: DataSets) -> bool:
    x, r, n = data.design / np.abs(data.design).max(axis=0), data.responders, data.evaluable
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        rate = expit(x @ beta)
        score = x.T @ (r - n * rate)
        information = (x.T * (n * rate * (1 - rate))) @ x
        if np.linalg.cond(information) > 1e12:
            return False
        step = np.linalg.solve(information, score)
        beta = beta + step * min(1.0, 4 / max(float(np.abs(x @ step).max()), 1e-300))
    residual = r - n * expit(x @ beta)
    unanimous = (r == 0) | (r == n)
    smallest = np.abs(residual[unanimous]).min() if unanimous.any() else 1.0
    return bool((np.abs(x.T @ residual) <= _CERTAIN * smallest).all())


def _separating_direction(data: DataSets) -> bool:
    # 0.5 s to import, and needed only where the fit looks separated.
    from scipy.optimize import linprog

    scaled: Floats = data.design / np.abs(data.design).max(axis=0)
    split = (data.responders > 0) & (data.responders < data.evaluable)
    side = np.where(data.responders > 0, 1.0, -1.0)[~split, None] * scaled[~split]
    if side.shape[0] == 0:
        return False
    found = linprog(
        -side.sum(axis=0),
        A_ub=-side,
        b_ub=np.zeros(side.shape[0]),
        A_eq=scaled[split] if split.any() else None,
        b_eq=np.zeros(int(split.sum())) if split.any() else None,
        bounds=(-1, 1),
        method="highs",
    )
    return found.fun is not None and bool(found.fun < -1e-7)
