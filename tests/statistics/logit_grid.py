"""The beta-binomial posterior a second time: a trapezoid rule in log odds of mean and rho.

Rule, coordinates and parameters all differ from the package's. In these coordinates the integrand is analytic and dies
away at both ends, so that the rule misses less than 1e-7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import expit, gammaln, log_expit

Floats = NDArray[np.float64]
Reports = tuple[Sequence[int], Sequence[int]]
Prior = tuple[float, float]


class LogitGrid:
    """Log posterior without its constant, (x, y): log odds of the mean and of rho."""

    def __init__(
        self,
        reports: Reports,
        mu_prior: Prior = (1 / 3, 1 / 3),
        rho_prior: Prior = (1.0, 1.0),
        x: Floats | None = None,
        y: Floats | None = None,
    ) -> None:
        self.x = np.linspace(-65, 65, 1301) if x is None else x
        self.y = np.linspace(-30, 25, 221) if y is None else y
        size = np.exp(-self.y)  # (1 - rho) / rho
        self.alpha, self.beta = np.outer(expit(self.x), size), np.outer(expit(-self.x), size)
        of_mu = mu_prior[0] * log_expit(self.x) + mu_prior[1] * log_expit(-self.x)
        of_rho = rho_prior[0] * log_expit(self.y) + rho_prior[1] * log_expit(-self.y)
        self.log = np.add.outer(of_mu, of_rho)
        for (r, n), times in Counter(zip(*reports, strict=True)).items():
            if n == 1:
                self.log += times * log_expit(self.x if r else -self.x)[:, None]
            else:
                self.log += times * self.log_chance(r, n)

    def log_chance(self, r: int, n: int) -> Floats:
        """log of the chance of r of n in one order, at each point."""
        return rising(self.alpha, r) + rising(self.beta, n - r) - rising(self.alpha + self.beta, n)

    def mass(self) -> Floats:
        """Posterior mass at each point; sums to 1."""
        mass = np.exp(self.log - self.log.max())
        return np.asarray(mass / mass.sum())

    def below(self, mu: Sequence[float], rows: Floats | None = None) -> Floats:
        """Posterior probability that the mean is below each of these."""
        return probability_below(self.x, self.mass().sum(axis=1) if rows is None else rows, mu)

    def quantiles(self, probabilities: Sequence[float]) -> Floats:
        """Values of the mean with these posterior probabilities below them."""
        area = CubicSpline(self.x, self.mass().sum(axis=1)).antiderivative()
        fine = np.linspace(self.x[0], self.x[-1], 200_001)
        return np.asarray(
            expit(np.interp(np.array(probabilities) * area(fine[-1]), np.maximum.accumulate(area(fine)), fine))
        )

    def rho_below(self, rho: Sequence[float]) -> Floats:
        """Posterior probability that rho is below each of these."""
        return probability_below(self.y, self.mass().sum(axis=0), rho)


def rising(start: Floats, number: int) -> Floats:
    """log of start (start + 1) ... of so many factors; log-gamma functions lose digits where start is large."""
    if number > 1000:
        return np.asarray(gammaln(start + number) - gammaln(start))
    return np.asarray(sum((np.log(start + j) for j in range(number)), np.zeros_like(start)))


def probability_below(grid: Floats, mass: Floats, points: Sequence[float]) -> Floats:
    """By the integral of the spline through a density on a grid of log odds."""
    area = CubicSpline(grid, mass).antiderivative()
    at = np.clip(np.log(points) - np.log1p(-np.asarray(points)), grid[0], grid[-1])
    return np.asarray((area(at) - area(grid[0])) / (area(grid[-1]) - area(grid[0])))
