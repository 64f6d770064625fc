"""The rule of `pooled` on many parts of a data set at once: each report left out, each step in time.

The parts that take the profile likelihood are searched together, which for some twenty parts takes a sixth of the time;
the others go through `pool_proportion`. Estimates and limits are the same (a test holds them together).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metaimt.statistics.betabinomial import cutoff_value, lower_limits
from metaimt.statistics.betabinomial_likelihood import log_likelihood, maximise
from metaimt.statistics.pooled import PROFILE, is_profiled, pool_proportion
from metaimt.statistics.reports import Integers, Reports, read_reports
from metaimt.statistics.rho import NotIdentified
from metaimt.statistics.root import Floats
from metaimt.statistics.tail_counts import TailCounts, tail_counts_of

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class PooledPart:
    """Estimate and 95 % limits, 0 to 1, of one part; rho without an interval; method and warnings as in `pooled`."""

    estimate: float
    lower: float
    upper: float
    rho: float | NotIdentified
    method: str
    warnings: tuple[str, ...] = ()


def pool_parts(parts: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[PooledPart]:
    """Pool each part, (r_i, n_i) of its reports, by the rule of `pool_proportion` under its default settings.

    Raises:
        ValueError: a part without reports, or with invalid counts.
    """
    read = [read_reports(r, n) for r, n in parts]
    together = [i for i, reports in enumerate(read) if is_profiled(reports)]
    found = dict(zip(together, _profiled([read[i] for i in together]), strict=True)) if together else {}
    return [found[i] if i in found else _alone(*part) for i, part in enumerate(parts)]


def _alone(responders: Sequence[int], evaluable: Sequence[int]) -> PooledPart:
    one = pool_proportion(responders, evaluable)
    rho = one.rho if isinstance(one.rho, NotIdentified) else one.rho.estimate
    return PooledPart(one.estimate, one.lower, one.upper, rho, one.method, one.warnings)


def _profiled(reports: Sequence[Reports]) -> list[PooledPart]:
    counts = tail_counts_of(_padded([one.responders for one in reports]), _padded([one.evaluable for one in reports]))
    crude = np.array([one.total_responders / one.total_evaluable for one in reports])
    top = maximise(counts, crude, mu_free=True)
    flat = top.rho == 0
    # At rho = 0 the mean is r/n exactly; the search for it leaves a rounding error.
    mean = np.where(flat, crude, top.mu)
    peak = np.where(flat, log_likelihood(counts, crude, np.zeros_like(crude)), top.value)
    drop = np.array([cutoff_value(one.number, LEVEL, "F") for one in reports]) / 2
    both = _with_mirrors(counts)
    limits = lower_limits(both, np.concatenate([mean, 1 - mean]), np.tile(peak - drop, 2)).reshape(2, -1)
    columns = (mean.tolist(), limits[0].tolist(), (1 - limits[1]).tolist(), top.rho.tolist())
    return [PooledPart(*row, PROFILE) for row in zip(*columns, strict=True)]


def _padded(rows: Sequence[Integers]) -> Integers:
    """Rows of one length: reports of nobody at the end change nothing."""
    table = np.zeros((len(rows), max(row.size for row in rows)), dtype=np.int64)
    for row, values in zip(table, rows, strict=True):
        row[: values.size] = values
    return table


def _with_mirrors(counts: TailCounts) -> TailCounts:
    def stacked(first: Floats, second: Floats) -> Floats:
        return np.concatenate([first, second])

    return TailCounts(
        counts.nodes,
        stacked(counts.responders, counts.failures),
        stacked(counts.failures, counts.responders),
        stacked(counts.evaluable, counts.evaluable),
    )
