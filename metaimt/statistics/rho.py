"""Intraclass correlation of response within reports by maximum likelihood, for comparison with other programs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metaimt.statistics.betabinomial import BetaBinomialFit, cutoff_value
from metaimt.statistics.betabinomial_likelihood import (
    RHO_GRID,
    best_mu,
    log_likelihood,
    rho_slopes,
)
from metaimt.statistics.reports import Reports
from metaimt.statistics.root import Floats, decreasing_root
from metaimt.statistics.tail_counts import TailCounts


@dataclass(frozen=True)
class Rho:
    """Intraclass correlation (0 to 1): maximum likelihood and profile interval (chi-square cut-off) at `level`.

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
