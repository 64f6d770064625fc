"""Responders and evaluable patients of the reports: checked, and put in one fixed order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Reports:
    """r_i responders among n_i evaluable patients, sorted by n, then r: nothing depends on input order."""

    responders: Integers
    evaluable: Integers

    @property
    def number(self) -> int:
        """Number of reports, K."""
        return int(self.evaluable.size)

    @cached_property
    def distinct(self) -> tuple[Integers, Integers, Integers]:
        """Distinct pairs (r, n) and how many reports have each: all that the likelihood needs of them."""
        new = np.append(True, (np.diff(self.evaluable) != 0) | (np.diff(self.responders) != 0))
        start = np.flatnonzero(new)
        repeats = np.diff(np.append(start, self.number))
        return self.responders[start], self.evaluable[start], repeats

    @property
    def log_coefficients(self) -> float:
        """Sum of the logarithms of the binomial coefficients."""
        r, n, repeats = self.distinct
        return float(np.sum(repeats * (-np.log1p(n) - betaln(r + 1, n - r + 1))))

    @property
    def informative(self) -> int:
        """Number of reports with two patients or more, K_2: only these tell anything about rho."""
        return int(np.count_nonzero(self.evaluable >= 2))

    @property
    def total_responders(self) -> int:
        """Responders over all reports."""
        return int(self.responders.sum())

    @property
    def total_evaluable(self) -> int:
        """Evaluable patients over all reports."""
        return int(self.evaluable.sum())

    @property
    def all_respond(self) -> int:
        """Number of reports with two patients or more in which all respond."""
        return int(np.count_nonzero((self.evaluable >= 2) & (self.responders == self.evaluable)))

    @property
    def none_respond(self) -> int:
        """Number of reports with two patients or more in which none responds."""
        return int(np.count_nonzero((self.evaluable >= 2) & (self.responders == 0)))

    @property
    def unanimous(self) -> bool:
        """Whether in every report with two patients or more all respond or none does."""
        return self.all_respond + self.none_respond == self.informative


def read_reports(responders: ArrayLike, evaluable: ArrayLike) -> Reports:
    """Check the counts of the reports and sort them.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers, n_i.

    Raises:
        ValueError: not one-dimensional, not integers, of different length, empty, an n_i below 1, or
            an r_i outside 0..n_i.
    """
    r, n = np.asarray(responders), np.asarray(evaluable)
    if r.ndim != 1 or n.ndim != 1 or r.size != n.size:
        raise ValueError(f"responders and evaluable must be two lists of one length, not {r.shape}, {n.shape}")
    if r.size == 0:
        raise ValueError("at least one report is needed")
    if r.dtype.kind not in "iu" or n.dtype.kind not in "iu":
        raise ValueError("responders and evaluable must be whole numbers")
    if n.min() < 1:
        raise ValueError("every report needs at least one evaluable patient")
    if r.min() < 0 or bool(np.any(r > n)):
        raise ValueError("responders must be between 0 and the evaluable patients of the same report")
    order = np.lexsort((r, n))
    return Reports(r[order].astype(np.int64), n[order].astype(np.int64))
