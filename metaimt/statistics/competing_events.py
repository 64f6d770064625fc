"""Cumulative incidence of competing events: Aalen-Johansen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats
from metaimt.statistics.survival_data import LifeTable, life_table, read_survival


@dataclass(frozen=True, eq=False)
class Incidence:
    """Probability that an event of one cause has happened by each time: arrays of shape (T,).

    standard_error: by the delta method. lower, upper: interval at the level of the whole; nan where there is
    none, at 0 and at 1.
    """

    cause: int
    events: Integers
    probability: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, eq=False)
class CumulativeIncidence:
    """Aalen-Johansen curves of all causes at each distinct time, shape (T,); with `free` they sum to 1.

    free: probability that no event of any cause has happened, the Kaplan-Meier curve of all causes.
    """

    time: Floats
    at_risk: Integers
    free: Floats
    causes: tuple[Incidence, ...]
    level: float


@dataclass(frozen=True)
class IncidenceAt:
    """Probability of one cause by a time, with its interval; None beyond the last time if some are still free."""

    cause: int
    time: float
    estimate: float | None
    lower: float | None
    upper: float | None


def cumulative_incidence(time: ArrayLike, cause: ArrayLike, *, level: float = 0.95) -> CumulativeIncidence:
    """Aalen-Johansen estimate for competing causes (Aalen and Johansen, Scand J Stat 1978;5:141).

    F_j(t) = sum over t_i <= t of S(t_i-) d_ij / n_i. Variance by the delta method (Marubini and Valsecchi,
    Analysing Survival Data from Clinical Trials and Observational Studies, 1995, formula 10.12):
    sum (F_j(t) - F_j(t_i))^2 d_i / (n_i (n_i - d_i)) + sum S(t_i-)^2 d_ij (n_i - d_ij) / n_i^3
    - 2 sum (F_j(t) - F_j(t_i)) S(t_i-) d_ij / n_i^2. Interval symmetric in log(-log(1 - F_j)). With one cause
    both are the Kaplan-Meier curve's: Greenwood's variance, log-log interval.

    Args:
        time: shape (N,), time to the first event or to censoring.
        cause: shape (N,), integers: 0 censored, 1, 2 ... the cause of the event.
        level: of the intervals.

    Raises:
        ValueError: invalid times, causes or level.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    kind = np.asarray(cause)
    if kind.dtype.kind not in "iu" or (kind.size and int(kind.min()) < 0):
        raise ValueError("cause must be a whole number: 0 censored, 1, 2 ... the cause")
    times, events = read_survival(time, kind > 0)
    table = life_table(times, events)
    free: Floats = np.cumprod(1 - table.events / table.at_risk, dtype=float)
    where = np.searchsorted(table.time, times)
    z = float(ndtri((1 + level) / 2))
    curves = []
    for each in np.unique(kind[events]).tolist():
        here = np.bincount(where[kind == each], minlength=table.time.size)
        curves.append(_incidence(each, here, table, free, z))
    return CumulativeIncidence(table.time, table.at_risk, free, tuple(curves), level)


def incidence_at(curves: CumulativeIncidence, times: ArrayLike) -> tuple[IncidenceAt, ...]:
    """Probability of each cause by each of the times (at least 0), cause by cause."""
    return tuple(
        _at(curves, each, float(time)) for each in curves.causes for time in np.atleast_1d(np.asarray(times, float))
    )


def _incidence(cause: int, here: Integers, table: LifeTable, free: Floats, z: float) -> Incidence:
    before = np.concatenate([[1.0], free[:-1]])
    f: Floats = np.cumsum(before * here / table.at_risk, dtype=float)
    error = np.sqrt(np.maximum(0, _variance(f, before, here, table)))
    exists = (f > 0) & (f < 1 - 1e-12)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        survival = np.where(exists, 1 - f, 0.5)
        reach = np.exp(z * error / (-np.log(survival) * survival))
        lower, upper = 1 - survival ** (1 / reach), 1 - survival**reach
    return Incidence(cause, here, f, error, np.where(exists, lower, np.nan), np.where(exists, upper, np.nan))


def _variance(f: Floats, before: Floats, here: Integers, table: LifeTable) -> Floats:
    """The three sums for every t at once, by expanding (F(t) - F(t_i))^2."""
    n, events = table.at_risk, table.events
    a = np.divide(events, n * (n - events), out=np.zeros(f.size), where=n > events)
    b = before * here / n**2
    own = before**2 * here * (n - here) / n**3
    square = f**2 * np.cumsum(a) - 2 * f * np.cumsum(a * f) + np.cumsum(a * f**2)
    return np.asarray(square + np.cumsum(own) - 2 * (f * np.cumsum(b) - np.cumsum(b * f)), dtype=float)


def _at(curves: CumulativeIncidence, each: Incidence, time: float) -> IncidenceAt:
    i = int(np.searchsorted(curves.time, time, side="right")) - 1
    if time > curves.time[-1] and curves.free[-1] > 0:
        return IncidenceAt(each.cause, time, None, None, None)
    if i < 0:
        return IncidenceAt(each.cause, time, 0.0, None, None)
    limits = (None if np.isnan(value) else float(value) for value in (each.lower[i], each.upper[i]))
    return IncidenceAt(each.cause, time, float(each.probability[i]), *limits)
