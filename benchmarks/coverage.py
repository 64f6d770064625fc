"""Coverage of every interval of the pooled rate, many sets a cell: docs/simulation.csv, and docs/simulation.md from it.

    nice python benchmarks/coverage.py --jobs 2

A run is one set of methods on one structure under some truths. What docs/simulation.csv holds already is not run again,
so that the work of hours may be stopped; `--anew` runs everything. `--only WORD` takes the runs with the word in their
names. Before anything is run, the intervals of thousands of sets at once are held to those of the package.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from math import log
from pathlib import Path

import numpy as np
from scipy.special import betaincinv, expit, logit, ndtr, ndtri

from metaimt.report.cells import csv_text
from metaimt.report.simulation_text import read_simulation, simulation_rows
from metaimt.statistics.adjusted import SELECTION_PRIOR, adjusted_rate
from metaimt.statistics.betabinomial import fit_reports, mean_interval
from metaimt.statistics.effect_sizes import back_transform, effect_sizes
from metaimt.statistics.glmm import fit_glmm, profile_intervals
from metaimt.statistics.posterior import MU_PRIOR, pool_parts, pool_proportion
from metaimt.statistics.reports import Integers, read_reports
from metaimt.statistics.root import Floats
from metaimt.statistics.simulate import (
    BETA,
    CORRELATIONS,
    HEADLINE,
    LEVEL,
    RATES,
    Cell,
    Method,
    Structure,
    Truth,
    distinct,
    draw,
    exchangeable,
    headline,
    likelihoods,
    limits,
    rho_grid,
    simulate,
)

TABLE = Path(__file__).parent.parent / "docs" / "simulation.csv"
MANY, SOME, FEW = 20_000, 1_000, 300  # sets a cell
TRIALS, COHORTS, CASES = "trials", "cohorts", "case reports"
# Evaluable patients of the reports in version 2026.1 of the shipped review, by design.
POOLS = {
    "strict": {TRIALS: (14, 12, 10, 9), COHORTS: (16, 1), CASES: (1,) * 12},
    "all evidence": {TRIALS: (14, 12, 10, 9, 2), COHORTS: (16, 8, 5, 2, 1, 1), CASES: (4, 2, 2, 2) + (1,) * 32},
}
TEN = (1, 9, 1, 2, 14, 1, 1, 4, 1, 1)
OTHERS = {
    **{f"{k} reports": (TEN * 10)[:k] for k in (2, 3, 5, 10, 30, 100)},
    **{f"{k} single cases": (1,) * k for k in (5, 10, 30, 100)},
    "one large report and a single case": (40, 1),
    "one large report and 13 single cases": (40,) + (1,) * 13,
}
STRUCTURES = {
    **{name: Structure(name, sum(parts.values(), ())) for name, parts in POOLS.items()},
    **{name: Structure(name, sizes) for name, sizes in OTHERS.items()},
}
DESIGNS = {name: np.repeat(list(parts), [len(n) for n in parts.values()]) for name, parts in POOLS.items()}
LARGER, OF_TRIALS = "rate of the larger reports", "rate of trials"
_PART = 50  # data sets whose likelihoods are multiplied at once


def stratum(r: Integers, structure: Structure, name: str) -> Floats:
    """Mean of one stratum by the regression with rho in common, as `posterior.pool_parts`: (B, K) to (B, 3)."""
    likelihood, which = _of_reports(r, structure, DESIGNS[structure.name] == name)
    weights = np.tile(rho_grid()[1], (len(r), 1))
    for other in POOLS[structure.name]:
        if other != name:
            share, at = _of_reports(r, structure, DESIGNS[structure.name] == other)
            weights *= share.mean(axis=1)[at]
    parts = [slice(at, at + _PART) for at in range(0, len(r), _PART)]
    return limits(np.concatenate([(likelihood[which[at]] @ weights[at, :, None])[..., 0] for at in parts]))


def adjusted(r: Integers, structure: Structure) -> Floats:
    """Rate of trials adjusted for selection, as `adjusted.adjusted_rate`: (B, K) to (B, 3)."""
    trials = DESIGNS[structure.name] == TRIALS
    likelihood, which = _of_reports(r, structure, trials)
    others, at = _of_reports(r, structure, ~trials)
    said = np.concatenate([_chance() @ others[k : k + _PART] for k in range(0, len(others), _PART)])
    said *= rho_grid()[1]
    parts = [slice(k, k + _PART) for k in range(0, len(r), _PART)]
    return limits(np.concatenate([np.vecdot(likelihood[which[k]], said[at[k]]) for k in parts]))


def _of_reports(r: Integers, structure: Structure, some: Sequence[bool] | np.ndarray) -> tuple[Floats, Integers]:
    """Likelihoods of the different data sets of some reports, and which of them each set has."""
    n = np.asarray(structure.evaluable)[some]
    sets, which = distinct(r[:, some], n)
    return _kept(tuple(map(tuple, sets.tolist())), tuple(n.tolist())), which


@lru_cache(maxsize=3)
def _kept(sets: tuple[tuple[int, ...], ...], sizes: tuple[int, ...]) -> Floats:
    """Likelihoods, kept since every stratum needs those of all."""
    return likelihoods(np.array(sets), np.array(sizes))


@lru_cache(maxsize=1)
def _chance() -> Floats:
    """Chance of each cell of the other reports' mean given each cell of the trials', under the default prior."""
    cells = likelihoods(np.array([[0]]), np.array([1])).shape[1]
    edges = logit(betaincinv(*MU_PRIOR, np.arange(1, cells) / cells))
    middles = logit(betaincinv(*MU_PRIOR, (np.arange(cells) + 0.5) / cells)) + log(SELECTION_PRIOR.odds_ratio)
    shift = np.subtract.outer(np.concatenate([[-np.inf], edges, [np.inf]]), middles)
    return np.asarray(np.diff(ndtr(shift / SELECTION_PRIOR.log_sd), axis=0).T)


def clopper_pearson(r: Integers, structure: Structure) -> Floats:
    """r/n with its exact limits."""
    total, size = r.sum(axis=1).astype(float), float(sum(structure.evaluable))
    tail = (1 - LEVEL) / 2
    lower = np.where(total > 0, betaincinv(np.maximum(total, 1), size - total + 1, tail), 0.0)
    upper = np.where(total < size, betaincinv(total + 1, np.maximum(size - total, 1), 1 - tail), 1.0)
    return np.stack([total / size, lower, upper], axis=1)


def logit_dl(r: Integers, structure: Structure) -> Floats:
    """Logits with 0.5 added, random effects of DerSimonian and Laird, normal limits."""
    n = np.asarray(structure.evaluable)
    flat = effect_sizes(r.ravel(), np.broadcast_to(n, r.shape).ravel(), "logit")
    y, v = flat.estimate.reshape(r.shape), flat.variance.reshape(r.shape)
    w = 1 / v
    total = w.sum(axis=1)
    q = (w * (y - ((w * y).sum(axis=1) / total)[:, None]) ** 2).sum(axis=1)
    spare = total - (w * w).sum(axis=1) / total
    tau2 = np.maximum(0.0, (q - (n.size - 1)) / np.where(spare > 0, spare, 1.0))
    w = 1 / (v + tau2[:, None])
    centre, reach = (w * y).sum(axis=1) / w.sum(axis=1), ndtri((1 + LEVEL) / 2) / np.sqrt(w.sum(axis=1))
    return back_transform("logit", np.stack([centre, centre - reach, centre + reach], axis=1), n)


def profile(r: Integers, structure: Structure) -> Floats:
    """Maximum likelihood of the beta-binomial with its profile limits, cut-off F(1, K - 2)."""
    n = np.asarray(structure.evaluable)
    sets, which = distinct(r, n)
    rows = []
    for row in sets:
        found = mean_interval(fit_reports(read_reports(row, n)))
        rows.append((found.estimate, found.lower, found.upper))
    return np.array(rows)[which]


def glmm(r: Integers, structure: Structure) -> Floats:
    """Marginal mean of the binomial-normal model with its profile limits."""
    n = np.asarray(structure.evaluable)
    sets, which = distinct(r, n)
    rates = [profile_intervals(fit_glmm(row, n), LEVEL).marginal_mean for row in sets]
    return np.array([(rate.estimate, rate.lower, rate.upper) for rate in rates])[which]


@dataclass(frozen=True)
class Run:
    """Some methods on one structure under some truths, with so many sets a cell."""

    structure: Structure
    truths: tuple[Truth, ...]
    methods: Mapping[str, Method]
    sets: int

    def name(self) -> str:
        """What `--only` looks at."""
        truths = dict.fromkeys(truth.name or truth.shape for truth in self.truths)
        return f"{self.structure.name}: {', '.join(self.methods)}; {', '.join(truths)}; {self.sets:,} sets"

    def places(self) -> list[tuple[object, ...]]:
        """Its cells, by what a cell says of itself."""
        return [
            (self.structure.name, t.name or t.shape, t.rate, t.correlation, t.estimand, method, self.sets)
            for t in self.truths
            for method in self.methods
        ]


def key_of(cell: Cell) -> tuple[object, ...]:
    """A cell as in `Run.places`."""
    return cell.structure, cell.truth, cell.rate, cell.correlation, cell.estimand, cell.method, cell.sets


EXACT: Mapping[str, Method] = {"Clopper-Pearson on r/n": clopper_pearson, "logit DL": logit_dl}
PROFILE: Mapping[str, Method] = {"ML profile, F(1, K - 2)": profile}
GLMM: Mapping[str, Method] = {"GLMM, marginal mean": glmm}


def plan() -> list[Run]:
    """All runs, what matters most first."""
    usual, beta = exchangeable(), tuple(truth for truth in exchangeable() if truth.shape == BETA)
    pools = [STRUCTURES[name] for name in POOLS]
    runs = [Run(one, usual, {HEADLINE: headline}, MANY) for one in STRUCTURES.values()]
    strata: Mapping[str, Method] = {f"{name}, common rho": partial(stratum, name=name) for name in POOLS["strict"]}
    runs += [Run(one, beta, EXACT, MANY) for one in STRUCTURES.values()]
    runs += [Run(one, usual, strata, MANY) for one in pools]
    for one in pools:
        adjustable: Mapping[str, Method] = {HEADLINE: headline, "adjusted for selection": adjusted}
        runs.append(Run(one, by_size(one), {HEADLINE: headline}, MANY))
        runs.append(
            Run(one, tuple(_aimed(truth, OF_TRIALS) for truth in beta), {"adjusted for selection": adjusted}, MANY)
        )
        runs.append(Run(one, by_design(one, 4.0), adjustable, MANY))
    coarse = tuple(t for t in beta if t.rate in {0.5, 0.8, 0.95} and t.correlation in {0.0, 0.1, 0.3})
    runs += [Run(one, coarse, PROFILE, SOME) for one in pools]
    return runs + [Run(one, coarse, GLMM, FEW) for one in pools]


def by_size(structure: Structure, times: float = 3.0) -> tuple[Truth, ...]:
    """Reports of one or two patients at so many times the odds; aims: the larger reports, and the mean over all."""
    odds = tuple(times if n <= 2 else 1.0 for n in structure.evaluable)
    name = f"odds x {times:g} if n <= 2"
    found = [Truth(BETA, rate, icc, odds, name, LARGER) for icc in CORRELATIONS for rate in RATES]
    means = {rate: float(expit(logit(rate) + np.log(odds)).mean()) for rate in RATES}
    return (*found, *(Truth(BETA, t.rate, t.correlation, odds, name, aim=means[t.rate]) for t in found))


def by_design(structure: Structure, times: float) -> tuple[Truth, ...]:
    """All reports but trials at so many times the odds; aim: the trials."""
    odds = tuple(1.0 if design == TRIALS else times for design in DESIGNS[structure.name])
    name = f"odds x {times:g}: no trial"
    return tuple(Truth(BETA, rate, icc, odds, name, OF_TRIALS) for icc in CORRELATIONS for rate in RATES)


def _aimed(truth: Truth, estimand: str) -> Truth:
    return Truth(truth.shape, truth.rate, truth.correlation, estimand=estimand)


def check() -> None:
    """Hold the intervals made at once to those of the package.

    Raises:
        RuntimeError: one is off by more than 1e-3.
    """
    off: dict[str, float] = {}
    for name, parts in POOLS.items():
        one = STRUCTURES[name]
        n, designs = np.asarray(one.evaluable), DESIGNS[name]
        r = np.concatenate([draw(one, Truth(BETA, rate, 0.3), 0)[:4] for rate in (0.5, 0.9)])
        made = {HEADLINE: headline(r, one), "adjusted": adjusted(r, one)}
        made |= {part: stratum(r, one, part) for part in parts}
        for k, row in enumerate(r):
            some = [(row[designs == part], n[designs == part]) for part in parts]
            rest = (row[designs != TRIALS], n[designs != TRIALS])
            known = {HEADLINE: pool_proportion(row, n), "adjusted": adjusted_rate(some[0], rest)}
            known |= dict(zip(parts, pool_parts(some), strict=True))
            for method, true in known.items():
                distance = np.abs(made[method][k] - [true.estimate, true.lower, true.upper]).max()
                off[method] = max(off.get(method, 0.0), float(distance))
    print(
        "largest distance from the package's intervals:",
        ", ".join(f"{name} {100 * x:.3f} points" for name, x in off.items()),
    )
    if max(off.values()) > 1e-3:
        raise RuntimeError("the intervals made at once are not those of the package")


def main() -> None:
    """Run what is asked for and not there yet; write the table after each run, and say what is left."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--jobs", type=int, default=1)
    options.add_argument("--only", default="")
    options.add_argument("--anew", action="store_true")
    asked = options.parse_args()
    check()
    runs = plan()
    cells = () if asked.anew or not TABLE.exists() else read_simulation(TABLE.read_text(encoding="utf-8"), TABLE.name)
    places = {key: place for place, key in enumerate(key for run in runs for key in run.places())}
    found = {key_of(cell): cell for cell in cells if key_of(cell) in places}
    for run in runs:
        if asked.only in run.name() and not found.keys() >= set(run.places()):
            start = time.perf_counter()
            made = simulate([run.structure], run.truths, sets=run.sets, jobs=asked.jobs, methods=run.methods)
            found |= {key_of(cell): cell for cell in made}
            print(f"{run.name()}: {time.perf_counter() - start:.0f} s", flush=True)
            ordered = [cell for _, cell in sorted((places[key], cell) for key, cell in found.items())]
            TABLE.write_text(csv_text(simulation_rows(ordered)), encoding="utf-8")
    left = [run.name() for run in runs if not found.keys() >= set(run.places())]
    print(f"{len(found):,} cells in {TABLE.name}; not run:", *(left or ["nothing"]), sep="\n  ")


if __name__ == "__main__":
    main()
