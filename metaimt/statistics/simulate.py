"""Bias, coverage and width of every interval of the pooled response rate, by simulation on given report sizes.

Truth: p_i ~ Beta with mean ORR and intraclass correlation ICC, r_i ~ Binomial(n_i, p_i). Each block of replicates has
its own seed, and the same data set is fitted once, so that the table depends on neither the number of workers nor on
which structures are asked for together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import sqrt
from multiprocessing import get_context
from zlib import crc32

import numpy as np

from metaimt.statistics import simulated_intervals as intervals
from metaimt.statistics.pooled import FEW
from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats

RATES, CORRELATIONS = (0.5, 0.65, 0.8, 0.9), (0.0, 0.1, 0.3)
RULE = "rule"
# Not in use, shown beside it. "rule, exact if unanimous": Clopper-Pearson alone where the larger reports are unanimous.
# "rule or posterior": everywhere the span of the rule's interval and the posterior's.
EXACT_IF_UNANIMOUS, RULE_OR_POSTERIOR = "rule, exact if unanimous", "rule or posterior"
METHODS = (
    "crude",
    RULE,
    EXACT_IF_UNANIMOUS,
    RULE_OR_POSTERIOR,
    "chi2",
    "posterior",
    "logit-dl",
    "double-arcsine-dl",
)
_JUDGED = (RULE, EXACT_IF_UNANIMOUS, RULE_OR_POSTERIOR)
GLMM = "glmm"
SEED = 20261123
_BLOCK, _CHUNK = 500, 256
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Structure:
    """Report sizes n_i under a name."""

    name: str
    evaluable: tuple[int, ...]


@dataclass(frozen=True)
class Cell:
    """One method on one structure and truth.

    coverage, bias, width: of the nominal 95 % interval, bias and width as proportions; each with its Monte-Carlo
    standard error. sets: simulated data sets. target: "met", "under" or "over" for the headline rule and its
    candidates, else "".
    """

    structure: str
    reports: int
    rate: float
    correlation: float
    method: str
    sets: int
    coverage: float
    coverage_se: float
    bias: float
    bias_se: float
    width: float
    width_se: float
    target: str


def target_band(reports: int, sets: int) -> tuple[float, float]:
    """Where the target wants the coverage of the rule, lowest and highest.

    With ten reports or more at least 94 % less two Monte-Carlo standard errors and at most 98.5 %; with fewer at
    least 92 %, with no upper bound.
    """
    return (0.92, 1.0) if reports < FEW else (0.94 - 2 * sqrt(0.94 * 0.06 / sets), 0.985)


def target_of(reports: int, coverage: float, sets: int) -> str:
    """Whether the rule's coverage is within `target_band`: "met", "under" or "over"."""
    lowest, highest = target_band(reports, sets)
    if coverage < lowest:
        return "under"
    return "met" if coverage <= highest else "over"


def simulate(
    structures: Sequence[Structure],
    *,
    sets: int,
    jobs: int = 1,
    seed: int = SEED,
    rates: Sequence[float] = RATES,
    correlations: Sequence[float] = CORRELATIONS,
    glmm: bool = False,
    progress: Progress | None = None,
) -> tuple[Cell, ...]:
    """All cells of all structures.

    Args:
        structures: report sizes to simulate on.
        sets: data sets a cell, at least 1.
        jobs: worker processes.
        seed: of the whole table.
        rates: true mean response rates.
        correlations: true intraclass correlations, 0 to below 1.
        glmm: the marginal mean of the binomial-normal model as well, which takes twenty times as long.
        progress: called with fitted and all distinct data sets of a structure.

    Raises:
        ValueError: sets or jobs below 1, or a report size below 1.
    """
    if sets < 1 or jobs < 1:
        raise ValueError("sets and jobs must be at least 1")
    if any(not one.evaluable or min(one.evaluable) < 1 for one in structures):
        raise ValueError("every report needs at least one evaluable patient")
    plan = _Plan(tuple(product(rates, correlations)), sets, seed, glmm)
    found: list[Cell] = []
    with _workers(jobs) as run:
        for one in structures:
            found += _structure(one, plan, run, progress)
    return tuple(found)


@dataclass(frozen=True)
class _Plan:
    truths: tuple[tuple[float, float], ...]
    sets: int
    seed: int
    glmm: bool


_Run = Callable[[Iterable["_Task"]], Iterator[Floats]]
_Task = tuple[Integers, Integers, bool]


@contextmanager
def _workers(jobs: int) -> Iterator[_Run]:
    """A map over tasks: in this process, or in `jobs` others, each with one thread of linear algebra."""
    if jobs == 1:
        yield lambda tasks: map(_fit_chunk, tasks)
        return
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            yield lambda tasks: pool.map(_fit_chunk, tasks)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _structure(one: Structure, plan: _Plan, run: _Run, progress: Progress | None) -> Iterator[Cell]:
    truths, sets = plan.truths, plan.sets
    n = np.sort(np.asarray(one.evaluable, dtype=np.int64))
    drawn = np.concatenate([_draw(n, rate, icc, sets, plan.seed) for rate, icc in truths])
    distinct, which = np.unique(_sorted(drawn, n), axis=0, return_inverse=True)
    where = which.ravel()
    results: list[Floats] = []
    starts = range(0, distinct.shape[0], _CHUNK)
    tasks = [(distinct[at : at + _CHUNK], n, plan.glmm) for at in starts]
    for done, part in enumerate(run(tasks), 1):
        results.append(part)
        if progress:
            progress(min(done * _CHUNK, distinct.shape[0]), distinct.shape[0])
    fitted = np.concatenate(results, axis=1)
    for i, (rate, icc) in enumerate(truths):
        here = fitted[:, where[i * sets : (i + 1) * sets]]
        for method, rows in zip((*METHODS, GLMM), here, strict=False):
            yield _cell(one, (rate, icc), method, rows)


def _draw(n: Integers, rate: float, icc: float, sets: int, seed: int) -> Integers:
    """Responders of `sets` data sets, (sets, K): a seed for each block, from the truth and the sizes alone."""
    key = crc32(n.tobytes())
    truth = (round(rate * 1e6), round(icc * 1e6))
    parts = []
    for block in range(-(-sets // _BLOCK)):
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, key, *truth, block])))
        shape = (_BLOCK, n.size)
        p = np.full(shape, rate)
        if icc > 0:
            p = rng.beta(rate * (1 - icc) / icc, (1 - rate) * (1 - icc) / icc, shape)
        parts.append(rng.binomial(n, p))
    return np.concatenate(parts)[:sets]


def _sorted(drawn: Integers, n: Integers) -> Integers:
    """Each data set with the responders of reports of one size in order: those alike become equal."""
    ends = np.flatnonzero(np.append(np.diff(n) != 0, True)) + 1
    blocks = zip(np.append(0, ends[:-1]), ends, strict=True)
    return np.concatenate([np.sort(drawn[:, start:end], axis=1) for start, end in blocks], axis=1)


def _fit_chunk(task: _Task) -> Floats:
    """Estimate, lower, upper of each method, (methods, B, 3)."""
    r, n, glmm = task
    parts = {
        "crude": intervals.clopper_pearson_of(r, n),
        "chi2": intervals.beta_binomial_of(r, n, "chi-square"),
        "posterior": intervals.posterior_of_sets(r, n),
        "logit-dl": intervals.dersimonian_laird_of(r, n, "logit"),
        "double-arcsine-dl": intervals.dersimonian_laird_of(r, n, "double arcsine"),
    }
    if n.size >= FEW:
        parts["F"] = intervals.beta_binomial_of(r, n, "F")
    parts[RULE] = intervals.rule_of(r, n, parts)
    parts[EXACT_IF_UNANIMOUS] = intervals.rule_of(r, n, parts, joined=False)
    everywhere = np.ones(r.shape[0], dtype=bool)
    parts[RULE_OR_POSTERIOR] = intervals.wider_of(parts[RULE], parts["posterior"], everywhere)
    if glmm:
        parts[GLMM] = intervals.glmm_of(r, n)
    return np.stack([parts[name] for name in (*METHODS, GLMM) if name in parts])


def _cell(one: Structure, truth: tuple[float, float], method: str, rows: Floats) -> Cell:
    (rate, icc), sets, reports = truth, rows.shape[0], len(one.evaluable)
    inside = float(np.mean((rows[:, 1] <= rate) & (rate <= rows[:, 2])))
    width = rows[:, 2] - rows[:, 1]
    return Cell(
        structure=one.name,
        reports=reports,
        rate=rate,
        correlation=icc,
        method=method,
        sets=sets,
        coverage=inside,
        coverage_se=sqrt(inside * (1 - inside) / sets),
        bias=float(rows[:, 0].mean()) - rate,
        bias_se=float(rows[:, 0].std()) / sqrt(sets),
        width=float(width.mean()),
        width_se=float(width.std()) / sqrt(sets),
        target=target_of(reports, inside, sets) if method in _JUDGED else "",
    )
