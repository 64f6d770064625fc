"""Posterior of the beta-binomial mean and rho by product quadrature: no sampling, no random numbers.

Coordinates mu = sin^2 theta, rho = sin^2 phi (Bernardo, J R Stat Soc B 1979;41:113: the uniform scale of a
proportion). Gauss-Legendre panels in phi; for each phi one Gauss-Legendre rule in theta over the range
where the density is within 40 log units of its maximum, so that one trial of 100,000 patients, for which
that range is narrow at small rho and wide at large, is integrated as exactly as ten single cases.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from metaimt.statistics.betabinomial_likelihood import MU_ENDS, RHO_GRID, best_mu, log_likelihood, maximise, mu_slopes
from metaimt.statistics.reports import Reports
from metaimt.statistics.root import Floats, decreasing_root
from metaimt.statistics.tail_counts import TailCounts, tail_counts

Prior = tuple[float, float]
Integrand = Callable[[Floats, Floats], Floats]

_DEPTH = 40.0
_PANELS = 6
_PHI_RULE = np.polynomial.legendre.leggauss(16)
_THETA_RULE = np.polynomial.legendre.leggauss(40)


@dataclass(frozen=True, eq=False)
class Surface:
    """Posterior density in (theta, phi), normalised, on R values of rho.

    counts: tail counts with the priors added. rho, weight, low, high: shape (R,), the values of rho, their
    quadrature weights, and the range of theta that holds the mass at each. top: log of the normalising
    constant.
    """

    counts: TailCounts
    rho: Floats
    weight: Floats
    low: Floats
    high: Floats
    top: float

    def integral(self, low: Floats, high: Floats, function: Integrand | None = None) -> Floats:
        """Integral of function(mu, rho) (1 if absent) over low <= theta <= high and over rho.

        Args:
            low: shape (..., R), one end of the range at each rho; clipped to where the mass is.
            high: the other end, as `low`.
            function: takes mu of shape (..., R, T) and rho of shape (R, 1); returns (..., R, T), or several such
                stacked, whose integrals are then stacked.
        """
        return np.asarray(self.by_rho(low, high, function) @ self.weight)

    def by_rho(self, low: Floats, high: Floats, function: Integrand | None = None) -> Floats:
        """The inner integral, over theta alone, at each rho: shape (..., R)."""
        low = np.clip(low, self.low, self.high)
        half = np.maximum(np.clip(high, self.low, self.high) - low, 0.0) / 2
        nodes, weights = _THETA_RULE
        theta = (low + half)[..., None] + half[..., None] * nodes
        value = self.density(theta)
        if function is not None:
            value = value * function(np.sin(theta) ** 2, self.rho[:, None])
        return np.asarray((value @ weights) * half)

    def points(self) -> tuple[Floats, Floats, Floats]:
        """The whole posterior as weighted points: mu, rho and weights (sum 1), those below 1e-16 left out."""
        half = (self.high - self.low)[:, None] / 2
        theta = self.low[:, None] + half * (1 + _THETA_RULE[0])
        weight = self.density(theta) * half * _THETA_RULE[1] * self.weight[:, None]
        kept = weight > 1e-16
        rho = np.broadcast_to(self.rho[:, None], theta.shape)
        return np.sin(theta[kept]) ** 2, rho[kept], weight[kept]

    def density(self, theta: Floats) -> Floats:
        """Density at theta of shape (..., R, T), for each rho."""
        mu = np.clip(np.sin(theta) ** 2, *MU_ENDS)
        return np.exp(log_likelihood(self.counts, mu, self.rho[:, None]) - self.top)


def posterior_surface(reports: Reports, mu_prior: Prior, rho_prior: Prior) -> Surface:
    """Posterior under mu ~ Beta(mu_prior), rho ~ Beta(rho_prior), for checked reports.

    Raises:
        ValueError: a prior parameter below 1/2, where the density in theta or phi has a pole.
    """
    if min(*mu_prior, *rho_prior) < 0.5:
        raise ValueError("the parameters of a beta prior must be at least 1/2")
    counts = _with_priors(tail_counts(reports), mu_prior, rho_prior)
    crude = (reports.total_responders + mu_prior[0]) / (reports.total_evaluable + sum(mu_prior))
    rho, weight = _rho_rule(counts, crude, int(reports.evaluable.max()))
    peak, low, high = _theta_ranges(counts, rho, crude)
    draft = Surface(counts, rho, weight, low, high, float(peak.max()))
    mass = draft.by_rho(low, high) * weight
    keep = mass > 1e-15 * mass.sum()
    top = draft.top + float(np.log(mass[keep].sum()))
    return Surface(counts, rho[keep], weight[keep], low[keep], high[keep], top)


def _with_priors(counts: TailCounts, mu_prior: Prior, rho_prior: Prior) -> TailCounts:
    """In arcsine coordinates Beta(a, b) has density mu^(a - 1/2) (1 - mu)^(b - 1/2): like more patients."""
    respond, fail = mu_prior[0] - 0.5, mu_prior[1] - 0.5
    return replace(
        counts,
        responders=_first_plus(counts.responders, respond),
        failures=_first_plus(counts.failures, fail),
        # The power of 1 - rho is the first responders + failures - evaluable; it is to grow by d - 1/2.
        evaluable=_first_plus(counts.evaluable, respond + fail - (rho_prior[1] - 0.5)),
        rho_power=rho_prior[0] - 0.5,
    )


def _first_plus(weights: Floats, extra: float) -> Floats:
    return np.append(weights[0] + extra, weights[1:])


def _rho_rule(counts: TailCounts, crude: float, largest: int) -> tuple[Floats, Floats]:
    """Values of rho and their weights in phi, where the profile is within reach of its maximum."""
    low, high = np.arcsin(np.sqrt(_rho_range(counts, crude)))
    edges = np.linspace(low, high, _PANELS + 1)
    first = edges[1] - low
    # Near rho = 0 the density changes on the scale of 1 / (largest n): halve the first panel down to it.
    halvings = int(np.clip(np.ceil(np.log2(first * 2 * np.sqrt(largest))), 0, 14)) if low < first else 0
    edges = np.concatenate([[low], low + first * 0.5 ** np.arange(halvings, 0, -1), edges[1:]])
    nodes, weights = _PHI_RULE
    half = np.diff(edges)[:, None] / 2
    phi = (edges[:-1, None] + half + half * nodes).ravel()
    return np.sin(phi) ** 2, (half * weights).ravel()


def _rho_range(counts: TailCounts, crude: float) -> tuple[float, float]:
    top = maximise(counts, np.array([crude]), mu_free=True)
    grid = np.unique(np.append(RHO_GRID, top.rho))
    target = float(top.value[0]) - _DEPTH - 5
    low, high = _span(counts, crude, grid, target)
    # Once more inside the outer cells: with 10,000 reports one cell is many times wider than the density.
    fine = np.unique(np.concatenate([np.linspace(*cell, 17) for cell in (low, high)] + [top.rho]))
    low, high = _span(counts, crude, fine, target)
    return low[0], high[1]


def _span(
    counts: TailCounts, crude: float, grid: Floats, target: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The cells of the grid in which the profile rises to the target and falls below it for good."""
    mu = best_mu(counts, grid, np.full(grid.shape, crude))
    inside = np.nonzero(log_likelihood(counts, mu, grid) >= target)[0]
    first, last = int(inside[0]), int(inside[-1])
    before, after = max(first - 1, 0), min(last + 1, grid.size - 1)
    return (float(grid[before]), float(grid[first])), (float(grid[last]), float(grid[after]))


def _theta_ranges(counts: TailCounts, rho: Floats, crude: float) -> tuple[Floats, Floats, Floats]:
    """At each rho: maximum of the log density, and the range of theta where it is within 40 units of it."""
    mode = best_mu(counts, rho, np.full(rho.shape, crude))
    peak = log_likelihood(counts, mode, rho)
    both, modes = counts.with_mirror().with_axis(), np.stack([mode, np.minimum(1 - mode, MU_ENDS[1])])

    def shortfall(mu: Floats) -> tuple[Floats, Floats]:
        return peak - _DEPTH - log_likelihood(both, mu, rho), -mu_slopes(both, mu, rho)[0]

    width = np.sqrt(-2 * _DEPTH / mu_slopes(both, modes, np.stack([rho, rho]))[1])
    start = np.maximum(modes - width, modes / 50)
    edges = np.arcsin(np.sqrt(decreasing_root(shortfall, start, MU_ENDS[0], modes, rtol=1e-6)))
    return peak, edges[0], np.pi / 2 - edges[1]
