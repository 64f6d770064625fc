"""Times to an event or to censoring: checked; the rules on how many are enough; times known as ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats

FEWEST_TIMES = 10
FEWEST_EVENTS = 5
FEWEST_COX_EVENTS = 10


@dataclass(frozen=True, eq=False)
class LifeTable:
    """Counts at each distinct time, in order: all of shape (T,). censored at a time are at risk there."""

    time: Floats
    at_risk: Integers
    events: Integers
    censored: Integers


@dataclass(frozen=True, eq=False)
class DurationVariants:
    """Times of which some are known only as a range: at the middle (main analysis), and at each end."""

    middle: Floats
    low: Floats
    high: Floats


def kaplan_meier_rule(event: ArrayLike) -> NotRun | None:
    """The rule: a curve only with 10 known times or more, 5 of them events or more. None if it may be drawn.

    Args:
        event: shape (N,), 1 or true for an event, 0 or false for a censored time; known times only.
    """
    known, events = np.size(event), int(np.asarray(event).sum())
    if known < FEWEST_TIMES:
        return NotRun(f"{_count(known, 'known time')}, {FEWEST_TIMES} are needed")
    if events < FEWEST_EVENTS:
        return NotRun(f"{_count(events, 'event')}, {FEWEST_EVENTS} are needed")
    return None


def cox_rule(event: ArrayLike) -> NotRun | None:
    """The rule: Cox regression only with 10 events or more. None if it may run.

    Args:
        event: shape (N,), 1 or true for an event, 0 or false for a censored time.
    """
    events = int(np.asarray(event).sum())
    if events >= FEWEST_COX_EVENTS:
        return None
    return NotRun(f"{_count(events, 'event')}, {FEWEST_COX_EVENTS} are needed")


def duration_variants(low: ArrayLike, high: ArrayLike) -> DurationVariants:
    """Times known as [low, high], low = high where exact: the three versions to analyse.

    Args:
        low: shape (N,), shortest time.
        high: shape (N,), longest time, in the same unit.

    Raises:
        ValueError: different lengths, a time that is negative or not finite, or low above high.
    """
    shortest, longest = _times(low), _times(high)
    if shortest.shape != longest.shape or bool(np.any(shortest > longest)):
        raise ValueError("each range needs a low end that is not above its high end")
    return DurationVariants((shortest + longest) / 2, shortest, longest)


def read_survival(time: ArrayLike, event: ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
    """Checked times and events.

    Args:
        time: shape (N,), times from the origin to the event or to censoring, at least 0, any one unit.
        event: shape (N,), 1 or true for an event, 0 or false for a censored time.

    Raises:
        ValueError: not one-dimensional, of different length, empty, a time that is negative or not finite,
            or an event that is neither 0 nor 1.
    """
    times, events = _times(time), np.asarray(event)
    if events.shape != times.shape:
        raise ValueError(f"time and event must be two lists of one length, not {times.shape}, {events.shape}")
    if not np.isin(events, (0, 1)).all():
        raise ValueError("event must be 1 (event) or 0 (censored)")
    return times, events.astype(bool)


def life_table(time: Floats, event: NDArray[np.bool_]) -> LifeTable:
    """Counts at each distinct time, of checked times and events."""
    distinct, where = np.unique(time, return_inverse=True)
    leaving = np.bincount(where, minlength=distinct.size)
    events = np.bincount(where[event], minlength=distinct.size)
    return LifeTable(distinct, np.cumsum(leaving[::-1])[::-1], events, leaving - events)


def _times(values: ArrayLike) -> Floats:
    times = np.asarray(values, dtype=float)
    if times.ndim != 1 or times.size == 0:
        raise ValueError("at least one time is needed, in one list")
    if not (np.isfinite(times).all() and times.min() >= 0):
        raise ValueError("a time is negative or not finite: pass known times only")
    return times


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
