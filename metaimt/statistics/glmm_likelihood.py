"""Binomial-normal log-likelihood of whole data sets, and its maxima over coefficients and tau.

logit p_i = x_i beta + tau z_i. For a fixed tau the log-likelihood is concave in beta, because integrating a
log-concave function leaves it so (Prekopa, Acta Sci Math 1973;34:335): Newton's method with halved steps finds
the one maximum. Over tau there can be several hills, so the profile score is taken on a grid first. Everything
is vectorised over B data sets on the same cells, each with its own number of reports in every cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln

from metaimt.statistics.glmm_quadrature import Terms, log_marginal
from metaimt.statistics.root import Floats, decreasing_root

# Half a unit of log(tau) apart: finer than any two hills that reports can produce.
TAU_GRID: Floats = np.concatenate([[0.0], np.geomspace(0.05, 8.0, 12)])
# Above 8 only where the profile has not fallen by then. At 100 the rates of reports are 0 or 1.
TAU_TAIL: Floats = np.geomspace(12.0, 100.0, 6)

_FALLEN = 8.0
_ROUGH = 1e-4


@dataclass(frozen=True, eq=False)
class Cells:
    """Different kinds of report: r (J,), n (J,), design (J, P) whose first column is 1."""

    responders: Floats
    evaluable: Floats
    design: Floats

    def log_coefficients(self) -> Floats:
        """Logarithms of the binomial coefficients, shape (J,)."""
        r, n = self.responders, self.evaluable
        return np.asarray(-np.log1p(n) - betaln(r + 1, n - r + 1))

    def terms(self, beta: Floats, tau: Floats) -> Terms:
        """Terms of every cell: beta (B, P) and tau (B,) give shape (B, J)."""
        return log_marginal(self.responders, self.evaluable, beta @ self.design.T, tau)


@dataclass(frozen=True, eq=False)
class Point:
    """Log-likelihoods at one pair of parameters each, without the binomial coefficients.

    value: (B,). tau_score: derivative in tau^2, (B,). beta_score: (B, P). information: minus the second
    derivatives in beta, (B, P, P). mixed: second derivatives in beta and tau, (B, P). tau_bend: second
    derivative in tau, (B,).
    """

    beta: Floats
    tau: Floats
    value: Floats
    beta_score: Floats
    tau_score: Floats
    information: Floats
    mixed: Floats
    tau_bend: Floats

    def profile_bend(self) -> Floats:
        """Second derivative in tau of the profile over beta, where the beta score is 0: shape (B,)."""
        along = np.linalg.solve(self.information, self.mixed[..., None])[..., 0]
        return np.asarray(self.tau_bend + np.vecdot(self.mixed, along))

    def put(self, index: NDArray[np.intp], other: Point, source: NDArray[np.intp] | NDArray[np.bool_]) -> None:
        """Overwrite some of the data sets with those of another."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[index] = getattr(other, name)[source]

    def take(self, index: NDArray[np.intp]) -> Point:
        """The same of some of the data sets."""
        return Point(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def at(cells: Cells, counts: Floats, beta: Floats, tau: Floats) -> Point:
    """Log-likelihood and derivatives: counts (B, J), beta (B, P), tau (B,)."""
    terms, x = cells.terms(beta, tau), cells.design
    information = -np.einsum("bj,jp,jq->bpq", counts * terms.eta_eta, x, x)
    return Point(
        beta,
        tau,
        np.vecdot(counts, terms.value),
        (counts * terms.eta) @ x,
        np.vecdot(counts, terms.variance),
        information,
        (counts * terms.eta_tau) @ x,
        np.vecdot(counts, terms.tau_tau),
    )


def best_beta(cells: Cells, counts: Floats, tau: Floats, start: Floats, rtol: float = 1e-11) -> Point:
    """The maximum over beta at each tau, from `start` (B, P): Newton's method, steps halved where they overshoot.

    rtol: stop when every step is below rtol * (1 + largest |beta|).
    """
    found = at(cells, counts, start, tau)
    step = _newton(cells, found)
    open_ = np.arange(tau.size)
    for _ in range(100):
        tried = at(cells, counts[open_], found.beta[open_] + step[open_], tau[open_])
        # A fall within rounding is no overshoot.
        better = tried.value >= found.value[open_] - 1e-13 * np.abs(found.value[open_])
        step[open_[~better]] /= 2
        taken = open_[better]
        found.put(taken, tried, better)
        small = np.abs(step).max(axis=1) <= rtol * (1 + np.abs(found.beta).max(axis=1))
        step[taken] = np.where(small[taken, None], step[taken], _newton(cells, tried)[better])
        open_ = open_[~small[open_]]
        if open_.size == 0:
            break
    return found


def _newton(cells: Cells, point: Point) -> Floats:
    """Newton step of beta, shortened so that no logit moves by more than 4 (1 + tau)."""
    step = np.linalg.solve(point.information, point.beta_score[..., None])[..., 0]
    reach = np.abs(step @ cells.design.T).max(axis=1)
    return np.asarray(step * np.minimum(1, 4 * (1 + point.tau) / np.maximum(reach, 1e-300))[:, None])


def binomial_fit(cells: Cells, counts: Floats) -> Point:
    """The maximum at tau = 0 (logistic regression), for data sets (D, J) that have one."""
    crude = counts @ cells.responders / (counts @ cells.evaluable)
    start = np.zeros((counts.shape[0], cells.design.shape[1]))
    start[:, 0] = np.log(crude / (1 - crude))
    return best_beta(cells, counts, np.zeros(crude.size), start)


def profile(cells: Cells, counts: Floats, binomial: Point, grid: Floats, rtol: float = 1e-11) -> Point:
    """Maxima over beta at each tau of the grid (G,), for each of D data sets: D G rows, data sets first."""
    rows = np.repeat(np.arange(counts.shape[0]), grid.size)
    tau = np.tile(grid, counts.shape[0])
    # A normal spread flattens the logistic curve by about this factor (Zeger et al., Biometrics 1988;44:1049).
    stretch = np.sqrt(1 + (16 * np.sqrt(3) / (15 * np.pi)) ** 2 * tau**2)
    return best_beta(cells, counts[rows], tau, binomial.beta[rows] * stretch[:, None], rtol)


def maximise(cells: Cells, counts: Floats, binomial: Point) -> Point:
    """The maximum over beta and tau >= 0 for each of D data sets: counts (D, J) and their fits at tau = 0.

    Each change of the profile score from + to - on the grid is a hill, refined by Newton's method inside its
    cell; tau = 0 stands where no hill is higher.
    """
    scan = profile(cells, counts, binomial, TAU_GRID, _ROUGH)
    value = scan.value.reshape(counts.shape[0], -1)
    high = value[:, -1] > value.max(axis=1) - _FALLEN
    result = binomial.take(np.arange(counts.shape[0]))
    _raise(result, np.nonzero(~high)[0], cells, counts, scan.take(np.nonzero(np.repeat(~high, TAU_GRID.size))[0]))
    if high.any():
        rows = np.nonzero(high)[0]
        scan = profile(cells, counts[rows], binomial.take(rows), np.append(TAU_GRID, TAU_TAIL), _ROUGH)
        _raise(result, rows, cells, counts, scan)
    return result


def _raise(result: Point, rows: NDArray[np.intp], cells: Cells, counts: Floats, scan: Point) -> None:
    """Put the highest hill of each of the data sets `rows`, scanned in `scan`, into the result if it is higher."""
    if rows.size == 0:
        return
    score, tau = (part.reshape(rows.size, -1) for part in (scan.tau_score, scan.tau))
    rising = score > 0
    # Rounding must not turn a score of 0 at tau = 0 into an estimate of 1e-9.
    rising[:, 0] = score[:, 0] > 1e-13 * (counts[rows] @ cells.evaluable)
    hill = np.concatenate([rising[:, :-1] & ~rising[:, 1:], rising[:, -1:]], axis=1)
    which, cell = np.nonzero(hill)
    if which.size == 0:
        return
    upper = np.minimum(cell + 1, tau.shape[1] - 1)
    beta = scan.beta.reshape(*tau.shape, -1)[which, upper]
    # A little wider than the cell: the scan is rough.
    top = _climb(cells, counts[rows[which]], beta, 0.98 * tau[which, cell], 1.02 * tau[which, upper])
    order = np.argsort(top.value)
    for index in order[top.value[order] > result.value[rows[which[order]]]]:
        result.put(rows[which[index]], top, index)


def _climb(cells: Cells, counts: Floats, beta: Floats, low: Floats, high: Floats) -> Point:
    """The hill between low and high, by the root of the profile score."""
    here = beta

    def score(tau: Floats) -> tuple[Floats, Floats]:
        nonlocal here
        point = best_beta(cells, counts, tau, here)
        here = point.beta
        with np.errstate(divide="ignore", invalid="ignore"):
            return point.tau_score, (point.profile_bend() / 2 - point.tau_score) / tau

    tau = decreasing_root(score, (low + high) / 2, low, high, 1e-10)
    return best_beta(cells, counts, tau, here)
