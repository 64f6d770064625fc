"""The pooled response rate: one model for every pool.

r_i ~ BetaBinomial(n_i, mu, rho), mu ~ Beta(1/3, 1/3) (the neutral prior of Kerman, Electron J Stat 2011;5:1450),
rho ~ Beta(1, 1) (chosen for coverage, not as a belief). The estimate is the posterior median of mu, the mean rate over
reports; the interval is equal-tailed. Parts of a pool have a mean each and rho in common.

The posterior is summed on a fixed grid: mu at the midpoints of cells of equal mass under the default prior (or one that
is wider at an end, if the protocol's is), rho at the nodes of a Gauss-Legendre rule; so a prior that the data
contradict has fine cells where the data are. Both marginals are good to about 1e-5, and because the grid does not
depend on the data a new single responder can lower nothing, not even by rounding. Only where the data fill few cells
is the grid laid anew over the part that holds the posterior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, cast

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv, betaln, polygamma, xlogy

from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.proportion import Proportion, clopper_pearson
from metaimt.statistics.reports import Integers, Reports, read_reports
from metaimt.statistics.root import Floats
from metaimt.statistics.tail_counts import TailCounts, tail_counts

Prior = tuple[float, float]
"""Parameters of a beta distribution."""

THRESHOLDS: Final = (0.5, 0.6, 0.7)
MU_PRIOR: Final[Prior] = (1 / 3, 1 / 3)
RHO_PRIOR: Final[Prior] = (1.0, 1.0)
METHOD: Final = "beta-binomial, posterior median and equal-tailed interval"
FEW: Final = 3  # reports; of so many or fewer the spread between reports is mostly the prior
STEADY: Final = 20  # the confidence sequence leaves out what the data made so many times less likely

_CELLS, _NODES = 1000, 40
_LEAST_CELLS, _LEAST_NODES = 60, 8  # that the posterior must fill
_NOTHING = 1e-13  # of the highest cell
_DIGITS = 6
_SEQUENCE_CELLS, _FINE = 3000, 800


@dataclass(frozen=True)
class HalfNormal:
    """Prior of the spread between reports: s.d. of the logit of their rates ~ half-normal(scale).

    Roever et al., Res Synth Methods 2021;12:448. The s.d. belongs to rho as in a beta distribution of mean 1/2:
    tau^2 = 2 trigamma((1 - rho) / (2 rho)).
    """

    scale: float = 1.0


RhoPrior = Prior | HalfNormal


@dataclass(frozen=True)
class RhoPosterior:
    """Intraclass correlation of response within reports, 0 to 1: posterior median and equal-tailed interval.

    informative: reports with two patients or more, the only ones that tell anything about it.
    """

    estimate: float
    lower: float
    upper: float
    level: float
    informative: int

    JSON = ("estimate", "lower", "upper", "level", "informative", "wording")

    def wording(self) -> str:
        """A phrase for the report."""
        return f"{self.estimate:.2f} ({100 * self.level:g} % interval {self.lower:.2f} to {self.upper:.2f})"


@dataclass(frozen=True)
class PooledProportion:
    """Pooled response rate of K reports, K at least 2.

    responders, evaluable: sums over the reports. reports: K; informative: those with two patients or more.
    estimate: posterior median of mu, 0 to 1; lower, upper: equal-tailed limits at `level`. crude: r/n with its exact
    interval, that of these patients if reports did not differ. probabilities: pairs (t, P(mu > t)).
    """

    responders: int
    evaluable: int
    reports: int
    informative: int
    estimate: float
    lower: float
    upper: float
    level: float
    method: str
    crude: Proportion
    rho: RhoPosterior | NotIdentified
    probabilities: tuple[tuple[float, float], ...]
    mu_prior: Prior
    rho_prior: RhoPrior

    JSON = ("responders", "evaluable", "estimate", "lower", "upper", "level", "method")

    @property
    def assumed(self) -> bool:
        """Whether so few reports are pooled that the spread between them is mostly the prior."""
        return self.reports <= FEW


@dataclass(frozen=True, slots=True)
class WeightedProportion:
    """Estimate and limits, 0 to 1; `responders` and `evaluable` are weighted sums, so they may be fractions."""

    responders: float
    evaluable: float
    estimate: float
    lower: float
    upper: float
    level: float
    method: str


def pool_proportion(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: RhoPrior = RHO_PRIOR,
    thresholds: Sequence[float] = THRESHOLDS,
) -> PooledProportion | Proportion:
    """Pool the reports. The order of the reports is irrelevant.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        level: of every interval.
        mu_prior: of the mean rate.
        rho_prior: of the intraclass correlation.
        thresholds: values t for P(mu > t).

    Returns:
        of one report no pooled rate but r/n with its exact interval, a `Proportion`.

    Raises:
        ValueError: invalid counts, level or priors.
    """
    return pool_parts([(responders, evaluable)], level=level, mu_prior=mu_prior, rho_prior=rho_prior, above=thresholds)[
        0
    ]


def pool_parts(
    parts: Sequence[tuple[ArrayLike, ArrayLike]],
    *,
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: RhoPrior = RHO_PRIOR,
    above: Sequence[float] = THRESHOLDS,
) -> tuple[PooledProportion | Proportion, ...]:
    """The parts of one pool by one regression: a mean each, and one rho, so that each borrows the spread of all.

    Args:
        parts: pairs (responders, evaluable) as for `pool_proportion`, at least one; none may be empty.
        level: of every interval.
        mu_prior: of each mean.
        rho_prior: of rho.
        above: values t for P(mu > t).

    Raises:
        ValueError: as for `pool_proportion`.
    """
    read = tuple(read_reports(r, n) for r, n in parts)
    crude = [clopper_pearson(each.total_responders, each.total_evaluable, level) for each in read]
    for prior in (mu_prior, rho_prior):
        if isinstance(prior, tuple) and not min(prior) > 0:
            raise ValueError(f"a beta prior needs parameters above 0, not {prior}")
    if all(each.number == 1 for each in read):
        return tuple(crude)
    found = surfaces_of([tail_counts(each) for each in read], mu_prior, rho_prior)
    rho = found.rho(level, sum(each.informative for each in read))
    return tuple(
        share if one.number == 1 else _pooled(one, share, (found, part, rho), level, above)
        for part, (one, share) in enumerate(zip(read, crude, strict=True))
    )


def _pooled(
    reports: Reports,
    crude: Proportion,
    where: tuple[Surfaces, int, RhoPosterior | NotIdentified],
    level: float,
    above: Sequence[float],
) -> PooledProportion:
    found, part, rho = where
    mean = found.mean(part)
    estimate, lower, upper = mean.quantiles([0.5, (1 - level) / 2, (1 + level) / 2])
    return PooledProportion(
        responders=reports.total_responders,
        evaluable=reports.total_evaluable,
        reports=reports.number,
        informative=reports.informative,
        estimate=estimate,
        lower=lower,
        upper=upper,
        level=level,
        method=METHOD,
        crude=crude,
        rho=rho,
        probabilities=tuple((float(t), mean.above(t)) for t in above),
        mu_prior=found.mu_prior,
        rho_prior=found.rho_prior,
    )


def pool_weighted(
    responders: ArrayLike,
    evaluable: ArrayLike,
    weights: ArrayLike,
    *,
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: RhoPrior = RHO_PRIOR,
) -> WeightedProportion | None:
    """Pool reports of which some have less than their full weight; None if every weight is 0.

    The log-likelihood of a report is multiplied by its weight (power likelihood: Ibrahim and Chen, Stat Sci
    2000;15:46). With every weight 1 the answer is that of `pool_proportion`.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        weights: shape (K,), 0 to 1.
        level: of the interval.
        mu_prior: of the mean rate.
        rho_prior: of the intraclass correlation.

    Raises:
        ValueError: invalid counts, weights, level or priors.
    """
    r, n, w = np.asarray(responders), np.asarray(evaluable), np.asarray(weights, dtype=float)
    read_reports(r, n)
    if w.shape != r.shape or not np.all((w >= 0) & (w <= 1)):
        raise ValueError("every report needs a weight between 0 and 1")
    order = np.lexsort((w, r, n))
    order = order[w[order] > 0]
    if order.size == 0:
        return None
    counts = tail_counts(_Weighted(r[order].astype(np.int64), n[order].astype(np.int64), w[order]))
    mean = surfaces_of([counts], mu_prior, rho_prior).mean(0)
    estimate, lower, upper = mean.quantiles([0.5, (1 - level) / 2, (1 + level) / 2])
    return WeightedProportion(float(w @ r), float(w @ n), estimate, lower, upper, level, METHOD)


@dataclass(frozen=True, eq=False)
class _Weighted(Reports):
    """Reports of which each is there `weights` times: so the likelihood, a sum over reports, is weighted."""

    weights: Floats

    @cached_property
    def distinct(self) -> tuple[Integers, Integers, Integers]:
        """Pairs (r, n), each as often as its weight; the likelihood takes fractions of reports as they are."""
        return self.responders, self.evaluable, cast("Integers", self.weights)


def confidence_sequence(
    responders: ArrayLike, evaluable: ArrayLike, *, mu_prior: Prior = MU_PRIOR, rho_prior: RhoPrior = RHO_PRIOR
) -> tuple[float, float]:
    """Limits of mu that hold at 95 % however often one looks while reports are appended.

    {mu : m(data) / max over rho of L(mu, rho) < 20}, m the likelihood averaged over the priors: the ratio of prior to
    posterior (Waudby-Smith and Ramdas, NeurIPS 2020), joint in mu and rho and so conservative. The limits are the
    outermost of 3,000 values of mu, of equal mass between them as in the grid, that are inside.

    Raises:
        ValueError: invalid counts.
    """
    counts = tail_counts(read_reports(responders, evaluable))
    found = surfaces_of([counts], mu_prior, rho_prior)
    (surface,), least = found.parts, found.log_evidence - np.log(STEADY)
    inside = np.flatnonzero(surface.log_likelihood.max(axis=1) > least)
    # The nodes of rho bracket each limit; near it the largest likelihood is looked for on many more.
    rho = np.linspace(*found.rho_ends, _FINE) ** 2
    limits = []
    for cell, outward in ((int(inside[0]), -1), (int(inside[-1]), 1)):
        near = np.clip(cell + outward * np.arange(-3, 10), 0, surface.mu.size - 1)
        best = _log_likelihood(counts, surface.mu[near], surface.rest[near], rho).max(axis=1)
        limits.append(_crossing((surface.edges[near] + surface.edges[near + 1]) / 2, best - least))
    ends = (np.ceil(limits[0] * _SEQUENCE_CELLS - 0.5), np.floor(limits[1] * _SEQUENCE_CELLS - 0.5))
    lower, upper = betaincinv(*even_prior(mu_prior), np.clip((np.array(ends) + 0.5) / _SEQUENCE_CELLS, 0.0, 1.0))
    return known_digits(lower), known_digits(upper)


def _crossing(u: Floats, spare: Floats) -> float:
    """Where the last of the positive values, from inside outward, goes to 0; the end where none is negative."""
    outside = np.flatnonzero(spare <= 0)
    if outside.size == 0:
        return float(round(u[-1]))
    k = int(outside[0])
    return float(u[k] + (u[k - 1] - u[k]) * spare[k] / (spare[k] - spare[k - 1]))


def known_digits(value: float) -> float:
    """To the digits that the grid is good for: the others would differ between processors."""
    return float(f"{value:.{_DIGITS}g}")


@dataclass(frozen=True)
class Mean:
    """Posterior of a mean on cells: `edges` are probabilities under `prior` (cells + 1,), `mass` sums to 1."""

    edges: Floats
    mass: Floats
    prior: Prior  # under which the cells have equal mass

    @cached_property
    def below(self) -> Floats:
        """Posterior probability below each edge."""
        total = np.append(0.0, np.cumsum(self.mass))
        return np.asarray(total / total[-1])

    def quantiles(self, probabilities: Sequence[float]) -> tuple[float, ...]:
        """Values of mu with these posterior probabilities below them."""
        at = np.interp(probabilities, self.below, self.edges)
        return tuple(map(known_digits, betaincinv(*self.prior, at)))

    def above(self, threshold: float) -> float:
        """P(mu > threshold)."""
        return known_digits(1 - np.interp(betainc(*self.prior, threshold), self.edges, self.below))


@dataclass(frozen=True, eq=False)
class Surface:
    """Log-likelihood of one part, without its constant: mu (cells,) by rho (nodes,).

    log_prior: density of the prior of mu over that under which the cells have equal mass, (cells, 1).
    """

    edges: Floats
    mu: Floats
    rest: Floats
    log_prior: Floats
    log_likelihood: Floats

    @cached_property
    def log_posterior(self) -> Floats:
        """With the prior of mu (cells, nodes)."""
        return self.log_likelihood + self.log_prior

    @cached_property
    def log_share(self) -> Floats:
        """log of the likelihood averaged over the prior of mu, at each rho (nodes,)."""
        peak = self.log_posterior.max(axis=0)
        share = np.log(np.exp(self.log_posterior - peak).sum(axis=0)) + peak
        return np.asarray(share + np.log(self.edges[1] - self.edges[0]))


@dataclass(frozen=True, eq=False)
class Surfaces:
    """Parts of one pool on one grid of rho: nodes, and the prior's weight at each."""

    parts: tuple[Surface, ...]
    rho_ends: tuple[float, float]  # of the square root of rho
    nodes: Floats
    weights: Floats
    mu_prior: Prior
    rho_prior: RhoPrior

    @cached_property
    def log_weights(self) -> Floats:
        """log of prior times likelihood of all parts, at each rho."""
        shares = sum((part.log_share for part in self.parts), np.zeros_like(self.nodes))
        with np.errstate(divide="ignore"):  # a prior may have no weight left at a node
            return np.asarray(np.log(self.weights) + shares)

    @cached_property
    def log_evidence(self) -> float:
        """log of the likelihood averaged over both priors, without its constant."""
        peak = float(self.log_weights.max())
        return float(np.log(np.exp(self.log_weights - peak).sum()) + peak)

    @cached_property
    def rho_mass(self) -> Floats:
        """Posterior mass at each rho; sums to 1."""
        return np.asarray(np.exp(self.log_weights - self.log_evidence))

    def joint(self, part: int) -> Floats:
        """Posterior mass of the mean of a part and rho (cells, nodes); sums to 1."""
        surface = self.parts[part]
        step = np.log(surface.edges[1] - surface.edges[0])
        others = self.log_weights - surface.log_share
        return np.asarray(np.exp(surface.log_posterior + (others + step - self.log_evidence)))

    def mean(self, part: int) -> Mean:
        """Posterior of the mean of a part."""
        return Mean(self.parts[part].edges, self.joint(part).sum(axis=1), even_prior(self.mu_prior))

    def rho(self, level: float, informative: int) -> RhoPosterior | NotIdentified:
        """Posterior of rho; its density is the polynomial through the nodes."""
        if informative == 0:
            return NotIdentified("every report is a single case")
        points, weights = _rule(_NODES)
        values = self.rho_mass / weights
        # Coefficients of Legendre polynomials; their integral is the distribution function.
        series = legendre.legvander(points, points.size - 1).T @ (weights * values)
        area = legendre.legint(series * (2 * np.arange(points.size) + 1) / 2)
        fine = np.linspace(-1, 1, 2001)
        below = np.maximum.accumulate(legendre.legval(fine, area) - legendre.legval(-1.0, area))
        at = np.interp(np.array([0.5, (1 - level) / 2, (1 + level) / 2]) * below[-1], below, fine)
        low, high = self.rho_ends
        estimate, lower, upper = (low + (high - low) * (at + 1) / 2) ** 2
        return RhoPosterior(known_digits(estimate), known_digits(lower), known_digits(upper), level, informative)


def surfaces_of(parts: Sequence[TailCounts], mu_prior: Prior, rho_prior: RhoPrior) -> Surfaces:
    """The likelihood of each part on a grid that its posterior fills; the whole square wherever that is enough."""
    rho_ends, mu_ends = (0.0, 1.0), [(0.0, 1.0)] * len(parts)
    for _ in range(20):
        nodes, weights = rho_nodes(rho_ends, rho_prior, _NODES)
        surfaces = tuple(
            _surface(counts, ends, nodes, mu_prior, whole=(rho_ends == (0.0, 1.0) == ends))
            for counts, ends in zip(parts, mu_ends, strict=True)
        )
        found = Surfaces(surfaces, rho_ends, nodes, weights, mu_prior, rho_prior)
        narrow = [_filled(found.mean(part).mass, _LEAST_CELLS) for part in range(len(parts))]
        narrow_rho = _filled(found.rho_mass, _LEAST_NODES)
        if narrow_rho is None and not any(narrow):
            break
        mu_ends = [ends if cells is None else _within(ends, cells) for ends, cells in zip(mu_ends, narrow, strict=True)]
        rho_ends = rho_ends if narrow_rho is None else _around(rho_ends, narrow_rho)
    return found


def _filled(mass: Floats, least: int) -> tuple[int, int] | None:
    """First and last index with posterior mass, if it fills fewer than `least` cells; else None.

    None also where most cells have some: a grid laid anew would be hardly narrower, time after time.
    """
    if mass.sum() ** 2 / np.vecdot(mass, mass) >= least:
        return None
    used = np.flatnonzero(mass > _NOTHING * mass.max())
    return (int(used[0]), int(used[-1])) if 4 * (used[-1] - used[0]) < 3 * mass.size else None


def _within(ends: tuple[float, float], cells: tuple[int, int]) -> tuple[float, float]:
    """The cells with one more on each side."""
    low, high = ends
    step = (high - low) / _CELLS
    return max(low, low + step * (cells[0] - 1)), min(high, low + step * (cells[1] + 2))


def _around(ends: tuple[float, float], nodes: tuple[int, int]) -> tuple[float, float]:
    """From the node before the first to the one after the last."""
    low, high = ends
    points = low + (high - low) * (_rule(_NODES)[0] + 1) / 2
    first, last = nodes
    return (low if first == 0 else float(points[first - 1])), (high if last == _NODES - 1 else float(points[last + 1]))


@lru_cache(maxsize=4)
def _rule(nodes: int) -> tuple[Floats, Floats]:
    """Nodes on [-1, 1] and weights of the Gauss-Legendre rule."""
    points, weights = legendre.leggauss(nodes)
    return np.asarray(points), np.asarray(weights)


def rho_nodes(ends: tuple[float, float], prior: RhoPrior, nodes: int) -> tuple[Floats, Floats]:
    """So many nodes in rho, even in its square root since the likelihood is sharpest near 0, and the prior's weight
    at each. ends: of the square root.
    """
    points, weights = _rule(nodes)
    low, high = ends
    root = np.asarray(low + (high - low) * (points + 1) / 2)
    rho = np.asarray(root**2)
    return rho, np.asarray(weights * (high - low) * root * _density(rho, prior))


def _density(rho: Floats, prior: RhoPrior) -> Floats:
    if isinstance(prior, HalfNormal):
        shape = (1 - rho) / (2 * rho)
        tau = np.sqrt(2 * polygamma(1, shape))
        slope = -polygamma(2, shape) / (2 * tau * rho**2)
        return np.asarray(np.sqrt(2 / np.pi) / prior.scale * np.exp(-((tau / prior.scale) ** 2) / 2) * slope)
    a, b = prior
    return np.asarray(np.exp((a - 1) * np.log(rho) + (b - 1) * np.log1p(-rho) - betaln(a, b)))


def even_prior(prior: Prior) -> Prior:
    """The prior under which the cells have equal mass: at each end as wide as the default one, or wider."""
    return min(prior[0], MU_PRIOR[0]), min(prior[1], MU_PRIOR[1])


def _surface(counts: TailCounts, ends: tuple[float, float], rho: Floats, prior: Prior, *, whole: bool) -> Surface:
    edges, even = np.linspace(*ends, _CELLS + 1), even_prior(prior)
    if whole:
        mu, rest = even_means(even, _CELLS)
        kept = _log_terms(even, counts.nodes.size) if counts.nodes.size <= _KEPT else None
    else:
        middle = (edges[:-1] + edges[1:]) / 2
        mu, rest = betaincinv(*even, middle), betaincinv(*even[::-1], 1 - middle)
        kept = None
    density = (prior[0] - even[0]) * np.log(mu) + (prior[1] - even[1]) * np.log(rest) + betaln(*even) - betaln(*prior)
    return Surface(edges, mu, rest, density[:, None], _log_likelihood(counts, mu, rest, rho, kept))


def _log_likelihood(counts: TailCounts, mu: Floats, rest: Floats, rho: Floats, kept: Terms = None) -> Floats:
    """Without its constant, (mu, rho): sum over j of S_j log(mu (1 - rho) + j rho) and so on (`tail_counts`)."""
    stay = 1 - rho
    mixed = counts.responders[0] + counts.failures[0] - counts.evaluable[0]  # reports with both kinds of patients
    alone = counts.responders[0] * np.log(mu) + counts.failures[0] * np.log(rest)
    value: Floats = alone[:, None] + np.asarray(xlogy(mixed, stay))
    for number, node in enumerate(counts.nodes[1:], 1):
        s, f = counts.responders[number], counts.failures[number]
        if s:
            value += s * (np.log(mu[:, None] * stay + node * rho) if kept is None else kept[0][number])
        if f:
            value += f * (np.log(rest[:, None] * stay + node * rho) if kept is None else kept[1][number])
        value -= counts.evaluable[number] * np.log1p((node - 1) * rho)
    return np.asarray(value)


Terms = tuple[list[Floats], list[Floats]] | None
_KEPT = 32  # nodes whose logarithms on the whole square are kept


@lru_cache(maxsize=4)
def even_means(prior: Prior, cells: int) -> tuple[Floats, Floats]:
    """mu in the middle of so many cells of equal mass under the prior, and 1 - mu."""
    middle = (np.arange(cells) + 0.5) / cells
    return betaincinv(*prior, middle), betaincinv(*prior[::-1], middle)[::-1]


@lru_cache(maxsize=16)
def _log_terms(prior: Prior, nodes: int) -> tuple[list[Floats], list[Floats]]:
    """log of mu (1 - rho) + j rho on the whole square for j = 0 to nodes - 1, and the same of 1 - mu."""
    if nodes == 0:
        return [], []
    yes, no = _log_terms(prior, nodes - 1)
    (mu, rest), (rho, _) = even_means(prior, _CELLS), rho_nodes((0.0, 1.0), RHO_PRIOR, _NODES)
    j = (nodes - 1) * rho
    return (
        [*yes, np.log(mu[:, None] * (1 - rho) + j)],
        [*no, np.log(rest[:, None] * (1 - rho) + j)],
    )
