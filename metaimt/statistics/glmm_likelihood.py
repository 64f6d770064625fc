"""Binomial-normal log-likelihood of whole data sets, and its maxima over coefficients and tau.

logit p_i = x_i beta + tau z_i. For a fixed tau the log-likelihood is concave in beta, because integrating a
log-concave function leaves it so (Prekopa, Acta Sci Math 1973;34:335): Newton's method with halved steps finds
the one maximum. Over tau there can be several hills, so the profile score is taken on a grid first. Everything
is vectorised over data sets made of the same kinds of report.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from metaimt.statistics.glmm_quadrature import FEW_NODES, NODES, log_marginal
from metaimt.statistics.root import Floats, decreasing_root

# Half a unit of log(tau) apart: finer than any two hills that reports can produce.
TAU_GRID: Floats = np.concatenate([[0.0], np.geomspace(0.05, 8.0, 12)])
# Above 8 only where the profile has not fallen by then. At 100 the rates of reports are 0 or 1.
TAU_LONG_GRID: Floats = np.concatenate([TAU_GRID, np.geomspace(12.0, 100.0, 6)])

ROUGH = 1e-4
_ROUGHER = 3e-3  # to see between which points of the grid a hill lies

_FALLEN = 8.0
_CLOSE = 1e-8

Rows = NDArray[np.intp] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DataSets:
    """D data sets made of J kinds of report, and how many reports of each kind they have.

    responders, evaluable: (J,). design: (J, P), first column 1. counts: (D, J).
    """

    responders: Floats
    evaluable: Floats
    design: Floats
    counts: Floats

    def take(self, rows: Rows) -> DataSets:
        """Some of the data sets, repeated if need be."""
        return replace(self, counts=self.counts[rows])

    def repeat(self, times: int) -> DataSets:
        """The first data set so many times."""
        return replace(self, counts=np.broadcast_to(self.counts[0], (times, self.counts.shape[1])))

    def log_coefficients(self) -> Floats:
        """Sum of the logarithms of the binomial coefficients, (D,)."""
        r, n = self.responders, self.evaluable
        return np.asarray(self.counts @ (-np.log1p(n) - betaln(r + 1, n - r + 1)))


@dataclass(frozen=True, eq=False)
class Point:
    """Log-likelihood of each data set at its own parameters, without the binomial coefficients.

    beta: (D, P). tau, value: (D,). beta_score: (D, P). tau_score: derivative in tau^2, (D,). information: minus
    the second derivatives in beta, (D, P, P). mixed: second derivatives in beta and tau, (D, P). tau_bend: second
    derivative in tau, (D,).
    """

    beta: Floats
    tau: Floats
    value: Floats
    beta_score: Floats
    tau_score: Floats
    information: Floats
    mixed: Floats
    tau_bend: Floats

    def along(self) -> Floats:
        """Derivative in tau of the best beta, (D, P)."""
        return np.asarray(np.linalg.solve(self.information, self.mixed[..., None])[..., 0])

    def profile_bend(self) -> Floats:
        """Second derivative in tau of the profile over beta, where the beta score is 0: (D,)."""
        return np.asarray(self.tau_bend + np.vecdot(self.mixed, self.along()))

    def take(self, rows: Rows) -> Point:
        """A copy of some of the rows."""
        return Point(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def put(self, rows: Rows, other: Point) -> None:
        """Overwrite some of the rows with all those of another."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[rows] = getattr(other, name)


def point_at(data: DataSets, beta: Floats, tau: Floats, nodes: int = NODES) -> Point:
    """Log-likelihood and derivatives: beta (D, P), tau (D,); nodes of the quadrature."""
    x, counts = data.design, data.counts
    terms = log_marginal(data.responders, data.evaluable, beta @ x.T, tau, nodes)
    return Point(
        beta=beta,
        tau=tau,
        value=np.vecdot(counts, terms.value),
        beta_score=(counts * terms.eta) @ x,
        tau_score=np.vecdot(counts, terms.variance),
        information=-np.einsum("bj,jp,jq->bpq", counts * terms.eta_eta, x, x),
        mixed=(counts * terms.eta_tau) @ x,
        tau_bend=np.vecdot(counts, terms.tau_tau),
    )


def best_beta(data: DataSets, tau: Floats, start: Floats, rtol: float = 1e-11, nodes: int = NODES) -> Point:
    """The maximum over beta at each tau (D,), from `start` (D, P): Newton's method, steps halved that overshoot.

    rtol: stop where the next step is below rtol * (1 + largest |beta|). nodes: of the quadrature.
    """
    found = point_at(data, start, tau, nodes)
    step = _newton(data, found)
    open_ = np.nonzero(_large(step, found.beta, rtol))[0]
    for _ in range(100):
        if open_.size == 0:
            break
        tried = point_at(data.take(open_), found.beta[open_] + step[open_], tau[open_], nodes)
        # A fall within rounding is no overshoot.
        better = tried.value >= found.value[open_] - 1e-13 * np.abs(found.value[open_])
        found.put(open_[better], tried.take(better))
        step[open_] = np.where(better[:, None], _newton(data, tried), step[open_] / 2)
        open_ = open_[_large(step[open_], found.beta[open_], rtol)]
    return found


def _large(step: Floats, beta: Floats, rtol: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(step).max(axis=1) > rtol * (1 + np.abs(beta).max(axis=1)))


def _newton(data: DataSets, point: Point) -> Floats:
    """Newton step of beta, shortened so that no logit moves by more than 4 (1 + tau)."""
    step = np.linalg.solve(point.information, point.beta_score[..., None])[..., 0]
    reach = np.abs(step @ data.design.T).max(axis=1)
    return np.asarray(step * np.minimum(1, 4 * (1 + point.tau) / np.maximum(reach, 1e-300))[:, None])


class Ridge:
    """The best beta as tau moves, each search started from the last one along its slope in tau."""

    def __init__(self, data: DataSets, tau: Floats, beta: Floats) -> None:
        self._data = data
        self._point = best_beta(data, tau, beta, _CLOSE)

    def move(self, tau: Floats) -> Point:
        """The maximum over beta at each tau (D,), within 1e-8."""
        here = self._point
        start = here.beta + here.along() * (tau - here.tau)[:, None]
        self._point = best_beta(self._data, tau, start, _CLOSE)
        return self._point


def binomial_fit(data: DataSets) -> Point:
    """The maximum at tau = 0 (logistic regression), for data sets that have one."""
    crude = data.counts @ data.responders / (data.counts @ data.evaluable)
    start = np.zeros((crude.size, data.design.shape[1]))
    start[:, 0] = np.log(crude / (1 - crude))
    return best_beta(data, np.zeros(crude.size), start)


def profile(data: DataSets, binomial: Point, grid: Floats, rtol: float = ROUGH) -> Point:
    """Maxima over beta at each tau of the grid (G,), roughly: D G rows, data sets first."""
    rows = np.repeat(np.arange(data.counts.shape[0]), grid.size)
    tau = np.tile(grid, data.counts.shape[0])
    # A normal spread flattens the logistic curve by about this factor (Zeger et al., Biometrics 1988;44:1049).
    stretch = np.sqrt(1 + (16 * np.sqrt(3) / (15 * np.pi)) ** 2 * tau**2)
    return best_beta(data.take(rows), tau, binomial.beta[rows] * stretch[:, None], rtol, FEW_NODES)


def maximise(data: DataSets, binomial: Point) -> Point:
    """The maximum over beta and tau >= 0 of each data set, given its maximum at tau = 0.

    Each change of the profile score from + to - on the grid is a hill, refined by Newton's method inside its
    cell; tau = 0 stands where no hill is higher.
    """
    result = binomial.take(np.arange(binomial.tau.size))
    scan = profile(data, binomial, TAU_GRID, _ROUGHER)
    value = scan.value.reshape(-1, TAU_GRID.size)
    long = value[:, -1] > value.max(axis=1) - _FALLEN
    if not long.all():
        _raise(result, np.nonzero(~long)[0], data, scan.take(np.repeat(~long, TAU_GRID.size)))
    if long.any():
        scan = profile(data.take(long), binomial.take(long), TAU_LONG_GRID, _ROUGHER)
        _raise(result, np.nonzero(long)[0], data, scan)
    return result


def _raise(result: Point, rows: NDArray[np.intp], data: DataSets, scan: Point) -> None:
    """Put the highest hill of each of the data sets `rows`, scanned in `scan`, into the result if it is higher."""
    score, tau = (part.reshape(rows.size, -1) for part in (scan.tau_score, scan.tau))
    rising = score > 0
    # Rounding must not turn a score of 0 at tau = 0 into an estimate of 1e-9.
    rising[:, :1] = score[:, :1] > 1e-13 * (data.counts[rows] @ data.evaluable)[:, None]
    which, cell = np.nonzero(np.concatenate([rising[:, :-1] & ~rising[:, 1:], rising[:, -1:]], axis=1))
    if which.size == 0:
        return
    upper = np.minimum(cell + 1, tau.shape[1] - 1)
    beta = scan.beta.reshape(*tau.shape, -1)[which, upper]
    # Wider than the cell, of which each end is 1.6 times the other: the scan is rough.
    tops = _climb(data.take(rows[which]), beta, 0.9 * tau[which, cell], 1.1 * tau[which, upper])
    for index in np.argsort(tops.value):
        if tops.value[index] > result.value[rows[which[index]]]:
            result.put(rows[which[index : index + 1]], tops.take(np.array([index])))


def _climb(data: DataSets, beta: Floats, low: Floats, high: Floats) -> Point:
    """The hill between low and high, by the root of the profile score."""
    ridge = Ridge(data, (low + high) / 2, beta)

    def score(tau: Floats) -> tuple[Floats, Floats]:
        point = ridge.move(tau)
        with np.errstate(divide="ignore", invalid="ignore"):
            return point.tau_score, (point.profile_bend() / 2 - point.tau_score) / tau

    tau = decreasing_root(score, (low + high) / 2, low, high, 1e-10)
    return best_beta(data, tau, ridge.move(tau).beta)
