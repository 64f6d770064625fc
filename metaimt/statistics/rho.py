"""Intraclass correlation of response within reports: profile interval, and a bootstrap test of rho = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metaimt.statistics.betabinomial import BetaBinomialFit, cutoff_value, fit_reports
from metaimt.statistics.betabinomial_likelihood import (
    COARSE_RHO_GRID,
    RHO_GRID,
    best_mu,
    log_likelihood,
    maximise,
    rho_slopes,
)
from metaimt.statistics.reports import Integers, Reports, read_reports
from metaimt.statistics.root import Floats, decreasing_root
from metaimt.statistics.tail_counts import TailCounts, tail_counts_of

REPLICATES = 1999
_CHUNK = 4_000_000


@dataclass(frozen=True)
class Rho:
    """Intraclass correlation (0 to 1): estimate and profile interval (chi-square cut-off) at `level`.

    informative: reports with two patients or more, K_2, the only ones that tell anything about rho.
    """

    estimate: float
    lower: float
    upper: float
    level: float
    informative: int

    def wording(self) -> str:
        """A phrase for the report. An estimate of 0 is not evidence that the reports agree."""
        if self.estimate == 0:
            plural = "report" if self.informative == 1 else "reports"
            return f"not detected (K_2 = {self.informative} informative {plural})"
        return f"{self.estimate:.2f} ({100 * self.level:g} % interval {self.lower:.2f} to {self.upper:.2f})"


@dataclass(frozen=True)
class NotIdentified:
    """A parameter on which these reports say nothing, and why."""

    reason: str

    def wording(self) -> str:
        """A phrase for the report."""
        return f"not identified ({self.reason})"


@dataclass(frozen=True)
class RhoTest:
    """Likelihood-ratio test of rho = 0: statistic, and p from `replicates` simulated data sets."""

    statistic: float
    p: float
    replicates: int
    seed: int


def rho_interval(fit: BetaBinomialFit, level: float = 0.95) -> Rho:
    """Profile-likelihood interval of rho, chi-square cut-off with 1 degree of freedom.

    The lower limit is 0 if the boundary is inside; the upper is 1 if unanimous reports allow it. Should the
    set be in pieces, the interval spans them.

    Raises:
        ValueError: rho is not identified (one report, only single cases, or no or only responders).
    """
    _check_identified(fit.reports)
    start = np.array([fit.mean])
    peak = float(log_likelihood(fit.counts, start, np.array([fit.rho]))[0])
    target = peak - cutoff_value(fit.reports.number, level, "chi-square") / 2
    grid = np.unique(np.append(RHO_GRID, fit.rho))
    inside = np.nonzero((_profile(fit.counts, grid, fit.mean)[0] >= target) | (grid == fit.rho))[0]
    first, last = int(inside[0]), int(inside[-1])
    lower = _crossing(fit, grid[first - 1], grid[first], target, -1.0) if first > 0 else 0.0
    upper = _crossing(fit, grid[last], grid[last + 1], target, 1.0) if last < grid.size - 1 else 1.0
    return Rho(fit.rho, lower, upper, level, fit.reports.informative)


def bootstrap_rho_test(
    responders: ArrayLike, evaluable: ArrayLike, *, seed: int, replicates: int = REPLICATES
) -> RhoTest:
    """Likelihood-ratio test of rho = 0 by parametric bootstrap: PCG64(seed), binomial data at r/n.

    rho = 0 is on the boundary, and few reports are informative: no chi-square holds. p = (1 + number of
    replicates with a statistic as large) / (replicates + 1) (Davison and Hinkley, Bootstrap Methods, 1997,
    section 4.2.3). Reports are sorted first, so that p does not depend on their order.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        seed: seed of the generator.
        replicates: number of simulated data sets.

    Raises:
        ValueError: invalid counts, or rho is not identified (one report, only single cases, or no or
            only responders).
    """
    reports = read_reports(responders, evaluable)
    _check_identified(reports)
    statistic = fit_reports(reports).statistic
    if statistic <= 1e-9:
        return RhoTest(statistic, 1.0, replicates, seed)
    simulated = _simulated_statistics(reports, replicates, seed)
    # Many replicates repeat the data exactly: rounding must not decide whether they count.
    larger = int(np.count_nonzero(simulated >= statistic - 1e-9))
    return RhoTest(statistic, (1 + larger) / (replicates + 1), replicates, seed)


def _simulated_statistics(reports: Reports, replicates: int, seed: int) -> Floats:
    rng = np.random.Generator(np.random.PCG64(seed))
    crude = reports.total_responders / reports.total_evaluable
    drawn = rng.binomial(reports.evaluable, crude, size=(replicates, reports.number))
    nodes = tail_counts_of(reports.evaluable[None, :], reports.evaluable[None, :]).nodes.size
    rows = max(1, _CHUNK // max(nodes * COARSE_RHO_GRID.size, reports.number))
    parts = [_statistics(drawn[at : at + rows], reports.evaluable) for at in range(0, replicates, rows)]
    return np.concatenate(parts)


def _statistics(responders: Integers, evaluable: Integers) -> Floats:
    """Likelihood-ratio statistics of simulated data sets, shape (B, K) to (B,)."""
    crude = responders.sum(axis=1) / evaluable.sum()
    result = np.zeros(crude.size)
    inner: NDArray[np.bool_] = (crude > 0) & (crude < 1)
    mu = crude[inner]
    counts = tail_counts_of(responders[inner], np.broadcast_to(evaluable, responders.shape)[inner])
    top = maximise(counts, mu, mu_free=True, grid=COARSE_RHO_GRID)
    result[inner] = np.maximum(0.0, 2 * (top.value - log_likelihood(counts, mu, np.zeros_like(mu))))
    return result


def _check_identified(reports: Reports) -> None:
    if reports.number == 1 or reports.informative == 0:
        raise ValueError("rho is not identified: it needs two reports, one with two patients or more")
    if reports.total_responders in {0, reports.total_evaluable}:
        raise ValueError("rho is not identified: no patient or every patient responds")


def _profile(counts: TailCounts, rho: Floats, start: float) -> tuple[Floats, Floats]:
    mu = best_mu(counts, rho, np.full(rho.shape, start))
    return log_likelihood(counts, mu, rho), mu


def _crossing(fit: BetaBinomialFit, low: float, high: float, target: float, sign: float) -> float:
    """Where the profile of rho falls to the target; sign -1 if it rises from low to high, 1 if it falls."""

    def excess(rho: Floats) -> tuple[Floats, Floats]:
        value, mu = _profile(fit.counts, rho, fit.mean)
        return sign * (value - target), sign * rho_slopes(fit.counts, mu, rho).first

    middle = np.array([(low + high) / 2])
    return float(decreasing_root(excess, middle, low, high)[0])
