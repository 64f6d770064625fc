"""Fisher-Freeman-Halton exact test of equal response rates in k groups: a k x 2 table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.reports import Integers, Reports, read_reports
from metaimt.statistics.root import Floats

ENUMERATION: Final = "Fisher-Freeman-Halton, exact by enumeration"
MONTE_CARLO: Final = "Fisher-Freeman-Halton, seeded Monte Carlo"

MOST_TABLES = 1_000_000
REPLICATES = 99_999
SEED = 20_240_601
SMALLEST_LEVEL = 3
_TIES = 1e-7
_BLOCK = 2_000_000


@dataclass(frozen=True)
class ExactTest:
    """p of a difference in response between the levels of a k x 2 table.

    levels: k. tables: tables with the observed margins that were enumerated; None if there are more than
    the limit and tables were drawn instead: then replicates and seed say how, and standard_error is that of p.
    """

    p: float
    method: str
    levels: int
    tables: int | None
    replicates: int | None = None
    seed: int | None = None
    standard_error: float = 0.0

    JSON = ("p", ("method", "wording"))

    def wording(self) -> str:
        """How p was found, for the report."""
        if self.replicates is None:
            return f"{self.method} ({self.tables} tables)"
        return f"{self.method} ({self.replicates} tables drawn, seed {self.seed})"


def exact_test_rule(evaluable: ArrayLike) -> NotRun | None:
    """The rule: run only if two or more levels have at least three patients. None if it may run.

    Args:
        evaluable: shape (k,), n_g.
    """
    large = int(np.count_nonzero(np.asarray(evaluable) >= SMALLEST_LEVEL))
    if large >= 2:
        return None
    count = "no level has" if large == 0 else "only one level has"
    return NotRun(f"{count} {SMALLEST_LEVEL} or more patients")


def exact_test(responders: ArrayLike, evaluable: ArrayLike) -> ExactTest | NotRun:
    """`fisher_freeman_halton` on all levels given, if `exact_test_rule` allows it.

    Small levels stay in the table, where they cost nothing: the test is exact at any size.

    Args:
        responders: shape (k,), integers, r_g.
        evaluable: shape (k,), integers of at least 1, n_g.

    Raises:
        ValueError: invalid counts.
    """
    read_reports(responders, evaluable)
    return exact_test_rule(evaluable) or fisher_freeman_halton(responders, evaluable)


def fisher_freeman_halton(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    seed: int = SEED,
    replicates: int = REPLICATES,
    most_tables: int = MOST_TABLES,
) -> ExactTest:
    """Probability, given the margins, of a table as improbable as the observed one or more so.

    Freeman and Halton, Biometrika 1951;38:141. Table probability: prod C(n_g, r_g) / C(N, R); tables
    within 1e-7 (relative) of the observed count as equal, as in R's fisher.test. Beyond `most_tables`
    tables, `replicates` are drawn by PCG64(seed) and p = (1 + as improbable) / (replicates + 1).

    Args:
        responders: shape (k,), integers, r_g.
        evaluable: shape (k,), integers of at least 1, n_g.
        seed: seed of the generator.
        replicates: number of tables drawn.
        most_tables: enumerate at most so many.

    Raises:
        ValueError: invalid counts.
    """
    levels = read_reports(responders, evaluable)
    cutoff = float(_log_ways(levels.responders, levels.evaluable).sum()) + np.log1p(_TIES)
    log_ways = _enumerate(levels, most_tables)
    if log_ways is None:
        return _monte_carlo(levels, cutoff, replicates, seed)
    ways = np.exp(log_ways - log_ways.max())
    p = float(ways[log_ways <= cutoff].sum() / ways.sum())
    return ExactTest(min(1.0, p), ENUMERATION, levels.number, log_ways.size)


def _log_ways(chosen: Integers, of: Integers) -> Floats:
    """log C(of, chosen)."""
    return np.asarray(gammaln(of + 1.0) - gammaln(chosen + 1.0) - gammaln(of - chosen + 1.0), dtype=float)


def _enumerate(levels: Reports, most: int) -> Floats | None:
    """log prod C(n_g, x_g) of every table with the observed margins, or None if there are more than `most`.

    Level by level, a partial table is kept as its sum and its log product, and only if the levels left can
    complete it: so partial tables never outnumber tables. The largest level comes last, and is determined.
    """
    size, total = levels.evaluable, levels.total_responders
    left = levels.total_evaluable - np.cumsum(size)
    sums, log_ways = np.zeros(1, dtype=np.int64), np.zeros(1)
    for n, room in zip(size, left, strict=True):
        fewest = np.maximum(0, total - sums - room)
        choices = np.minimum(n, total - sums) - fewest + 1
        if choices.sum() > most:
            return None
        origin = np.repeat(np.cumsum(choices) - choices - fewest, choices)
        taken = np.arange(origin.size) - origin
        here = _log_ways(np.arange(n + 1), n)
        sums, log_ways = np.repeat(sums, choices) + taken, np.repeat(log_ways, choices) + here[taken]
    return log_ways


def _monte_carlo(levels: Reports, cutoff: float, replicates: int, seed: int) -> ExactTest:
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = max(1, _BLOCK // levels.number)
    extreme = 0
    for at in range(0, replicates, rows):
        drawn = rng.multivariate_hypergeometric(
            levels.evaluable, levels.total_responders, size=min(rows, replicates - at), method="marginals"
        )
        extreme += int(np.count_nonzero(_log_ways(drawn, levels.evaluable).sum(axis=1) <= cutoff))
    p = (1 + extreme) / (replicates + 1)
    error = float(np.sqrt(p * (1 - p) / replicates))
    return ExactTest(p, MONTE_CARLO, levels.number, None, replicates, seed, error)
