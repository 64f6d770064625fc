"""Bias, coverage and width of the headline interval, by simulation on given report sizes.

The rates of the reports differ in one of three shapes, each with the mean and the variance of the beta-binomial; the
patients of a report respond independently at its rate. Every block of data sets has a seed of its own, so that the
table depends neither on the number of processes nor on what else is asked for. Processes come through joblib:
`joblib.parallel_config` around a call sends the blocks to a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import ceil, sqrt
from typing import Final
from zlib import crc32

import numpy as np
from scipy.special import betaincinv, expit, logit

from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR, Prior, even_means, rho_nodes
from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats
from metaimt.statistics.tail_counts import tail_counts_of

HEADLINE: Final = "headline"
BETA, LOGIT_NORMAL, TWO_POINT = "beta-binomial", "logit-normal", "two-point"
SHAPES: Final = (BETA, LOGIT_NORMAL, TWO_POINT)
RATES: Final = (0.5, 0.65, 0.8, 0.9, 0.95)
CORRELATIONS: Final = (0.0, 0.1, 0.3, 0.5)
MEAN: Final = "mean over reports"
SEED: Final = 20261123
LEVEL: Final = 0.95
_BLOCK, _CHUNK = 1000, 125  # data sets that share a seed; that are in memory at once
_CELLS, _NODES = 300, 24
_DECIMALS = 5  # of a limit; the others would differ between processors


@dataclass(frozen=True)
class Structure:
    """Report sizes n_i under a name, and the priors of the review."""

    name: str
    evaluable: tuple[int, ...]
    mu_prior: Prior = MU_PRIOR
    rho_prior: Prior = RHO_PRIOR


@dataclass(frozen=True)
class Truth:
    """Rates p_i of the reports, drawn with mean m_i and variance correlation * m_i (1 - m_i).

    shape: one of `SHAPES`; "two-point" has two kinds of reports. odds: () if every m_i is `rate`; else, for each report
    of the structure, what the odds of `rate` are multiplied by. name: of the truth in the table. aim: what an interval
    should hold, called `estimand`.
    """

    shape: str
    rate: float
    correlation: float
    odds: tuple[float, ...] = ()
    name: str = ""
    estimand: str = MEAN
    aim: float | None = None


@dataclass(frozen=True)
class Cell:
    """One method on one structure and truth.

    coverage, bias, width: of the nominal 95 % interval, as proportions, each with its Monte-Carlo standard error;
    sets: simulated data sets.
    """

    structure: str
    reports: int
    truth: str
    rate: float
    correlation: float
    estimand: str
    method: str
    sets: int
    coverage: float
    coverage_se: float
    bias: float
    bias_se: float
    width: float
    width_se: float


Method = Callable[[Integers, Structure], Floats]
"""Responders (B, K) of B data sets to estimate, lower and upper limit, (B, 3)."""


def exchangeable(rates: Sequence[float] = RATES, correlations: Sequence[float] = CORRELATIONS) -> tuple[Truth, ...]:
    """Every shape, mean and intraclass correlation; at correlation 0 the shapes are one, the binomial."""
    return tuple(Truth(*each) for each in product(SHAPES, rates, correlations) if each[0] == BETA or each[2] > 0)


def simulate(
    structures: Sequence[Structure],
    truths: Sequence[Truth] | None = None,
    *,
    sets: int,
    jobs: int = 1,
    seed: int = SEED,
    methods: Mapping[str, Method] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Cell, ...]:
    """All cells of all structures.

    Args:
        structures: report sizes to simulate on.
        truths: those of `exchangeable` unless given.
        sets: data sets a cell, at least 1.
        jobs: processes.
        seed: of the whole table.
        methods: how intervals are made; the headline model unless given.
        progress: called with the blocks that are done and all blocks.

    Raises:
        ValueError: sets or jobs below 1, or a report size below 1.
    """
    from joblib import Parallel, delayed

    if sets < 1 or jobs < 1:
        raise ValueError("sets and jobs must be at least 1")
    if any(not one.evaluable or min(one.evaluable) < 1 for one in structures):
        raise ValueError("every report needs at least one evaluable patient")
    methods = methods or {HEADLINE: headline}
    places = tuple(product(structures, exchangeable() if truths is None else truths))
    blocks = range(ceil(sets / _BLOCK))
    tasks = (
        delayed(_sums)(place, methods, block, size=min(_BLOCK, sets - block * _BLOCK), seed=seed)
        for place in places
        for block in blocks
    )
    run: Iterator[Floats] = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    found: list[Cell] = []
    for number, (structure, truth) in enumerate(places):
        total = np.zeros((len(methods), 5))
        for block in blocks:
            total += next(run)
            if progress:
                progress(number * len(blocks) + block + 1, len(places) * len(blocks))
        found += [_cell(structure, truth, *row, sets) for row in zip(methods, total, strict=True)]
    return tuple(found)


def draw(structure: Structure, truth: Truth, block: int, seed: int = SEED) -> Integers:
    """Responders of a whole block of data sets, (sets, K)."""
    n = np.asarray(structure.evaluable, dtype=np.int64)
    key = (crc32(n.tobytes()), crc32(repr((truth.shape, truth.odds)).encode()))
    many = (round(truth.rate * 1e6), round(truth.correlation * 1e6))
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *key, *many], spawn_key=(block,))))
    shape, icc = (_BLOCK, n.size), truth.correlation
    m = expit(logit(truth.rate) + np.log(truth.odds or np.ones(n.size)))
    if icc == 0:
        p = np.broadcast_to(m, shape)
    elif truth.shape == BETA:
        p = rng.beta(m * (1 - icc) / icc, (1 - m) * (1 - icc) / icc, shape)
    elif truth.shape == TWO_POINT:
        p = m + np.where(rng.random(shape) < m, 1 - m, -m) * sqrt(icc)
    else:
        centre, spread = np.transpose([_logit_normal(round(float(mean), 12), icc) for mean in m])
        p = expit(centre + spread * rng.standard_normal(shape))
    return rng.binomial(n, p)


@lru_cache(maxsize=256)
def _logit_normal(mean: float, icc: float) -> tuple[float, float]:
    """Centre and s.d. of the normal whose expit has this mean and the variance icc * mean (1 - mean)."""
    from scipy.optimize import brentq

    z = np.linspace(-9, 9, 3601)
    weight = np.exp(-z * z / 2)
    weight /= weight.sum()

    def centre(spread: float) -> float:
        return float(brentq(lambda m: weight @ expit(m + spread * z) - mean, -400, 400))

    def variance(spread: float) -> float:
        return float(weight @ (expit(centre(spread) + spread * z) - mean) ** 2)

    spread = float(brentq(lambda s: variance(s) - icc * mean * (1 - mean), 1e-3, 40))
    return centre(spread), spread


def _sums(place: tuple[Structure, Truth], methods: Mapping[str, Method], block: int, *, size: int, seed: int) -> Floats:
    """Of each method (methods, 5): how often inside; sum of error, width, and their squares."""
    structure, truth = place
    r, aim = draw(structure, truth, block, seed)[:size], truth.rate if truth.aim is None else truth.aim
    rows = []
    for method in methods.values():
        estimate, lower, upper = method(r, structure).T
        error, width = estimate - aim, upper - lower
        inside = np.count_nonzero((lower <= aim) & (aim <= upper))
        rows.append([inside, error.sum(), width.sum(), error @ error, width @ width])
    return np.array(rows, dtype=float)


def _cell(structure: Structure, truth: Truth, method: str, sums: Floats, sets: int) -> Cell:
    coverage, bias, width, errors, widths = (sums / sets).tolist()
    return Cell(
        structure=structure.name,
        reports=len(structure.evaluable),
        truth=truth.name or truth.shape,
        rate=truth.rate,
        correlation=truth.correlation,
        estimand=truth.estimand,
        method=method,
        sets=sets,
        coverage=coverage,
        coverage_se=sqrt(coverage * (1 - coverage) / sets),
        bias=bias,
        bias_se=sqrt(max(0.0, errors - bias**2) / sets),
        width=width,
        width_se=sqrt(max(0.0, widths - width**2) / sets),
    )


def headline(r: Integers, structure: Structure) -> Floats:
    """Posterior median and limits as of `posterior.pool_proportion`, to 1e-3 under our priors: (B, K) to (B, 3)."""
    n = np.asarray(structure.evaluable, dtype=np.int64)
    sets, which = distinct(r, n)
    weights = rho_grid(structure.rho_prior)[1]
    chunks = [sets[at : at + _CHUNK] for at in range(0, len(sets), _CHUNK)]
    mass = np.concatenate([likelihoods(chunk, n, structure.mu_prior) @ weights for chunk in chunks])
    return limits(mass, structure.mu_prior)[which]


def distinct(r: Integers, n: Integers) -> tuple[Integers, Integers]:
    """Data sets (B, K) as different multisets of (r, n), the reports by size, and of each set which it is (B,)."""
    order = np.argsort(n, kind="stable")
    ends = np.flatnonzero(np.diff(n[order])) + 1
    parts = [np.sort(part, axis=1) for part in np.split(r[:, order], ends, axis=1)]
    sets, which = np.unique(np.concatenate(parts, axis=1), axis=0, return_inverse=True)
    return sets[:, np.argsort(order)], which.ravel()


def likelihoods(r: Integers, n: Integers, mu_prior: Prior = MU_PRIOR) -> Floats:
    """Likelihood of each data set, 1 at its highest: (B, K) to (B, cells of mu, nodes of rho).

    The cells have equal prior mass, as in `posterior`. The terms of the log-likelihood are the same for every data
    set, and only their weights differ: one product of matrices.
    """
    counts = tail_counts_of(r, np.broadcast_to(n, r.shape))
    terms = _terms(tuple(counts.nodes.tolist()), mu_prior)
    value = np.concatenate([counts.responders, counts.failures, counts.evaluable], axis=1) @ terms
    value -= value.max(axis=1, keepdims=True)
    return np.exp(value, out=value).reshape(-1, _CELLS, _NODES)


@lru_cache(maxsize=16)
def _terms(nodes: tuple[float, ...], prior: Prior) -> Floats:
    """log of mu (1 - rho) + j rho at each cell and rho; the same of 1 - mu; minus that of 1 - rho + j rho."""
    rho, j = rho_grid()[0], np.asarray(nodes)[:, None, None]
    yes, no = (each[:, None] for each in even_means(prior, _CELLS))
    parts = [np.log(each * (1 - rho) + j * rho) for each in (yes, no, np.ones_like(yes))]
    parts[2] *= -1
    return np.concatenate([each.reshape(len(nodes), -1) for each in parts])


def rho_grid(prior: Prior = RHO_PRIOR) -> tuple[Floats, Floats]:
    """The grid of `posterior` with fewer nodes of rho, and the weight of the prior at each."""
    return rho_nodes((0.0, 1.0), prior, _NODES)


def limits(mass: Floats, mu_prior: Prior = MU_PRIOR) -> Floats:
    """Median and equal-tailed limits of a posterior on cells of equal prior mass: (B, cells) to (B, 3)."""
    below = np.cumsum(np.pad(mass, ((0, 0), (1, 0))), axis=1)
    below /= below[:, -1:]
    rows, found = np.arange(len(mass)), []
    for probability in (0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2):
        cell = np.count_nonzero(below <= probability, axis=1) - 1
        low, high = below[rows, cell], below[rows, cell + 1]
        found.append((cell + (probability - low) / (high - low)) / mass.shape[1])
    return np.asarray(np.round(betaincinv(*mu_prior, np.transpose(found)), _DECIMALS), dtype=float)
