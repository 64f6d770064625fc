"""Kaplan-Meier: curve with intervals, median, landmarks, numbers at risk, follow-up, restricted mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.reports import Integers
from metaimt.statistics.root import Floats
from metaimt.statistics.survival_data import life_table, read_survival

Scale = Literal["log-log", "log", "plain"]

# As in R's survival: a curve this near to a quantile is at it.
_TOLERANCE = float(np.finfo(float).eps) ** 0.5


@dataclass(frozen=True, eq=False)
class KaplanMeier:
    """The curve at each distinct time, events and censored times alike: arrays of shape (T,), time increasing.

    survival: S(t) just after the time, 0 to 1. standard_error: Greenwood's, of S(t). lower, upper: interval of
    S(t) at `level`, on the scale named. nan where there is none: at S(t) = 0, and on the log-log scale at 1.
    """

    time: Floats
    at_risk: Integers
    events: Integers
    censored: Integers
    survival: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    scale: Scale
    level: float

    @property
    def subjects(self) -> int:
        """Number of subjects."""
        return int(self.at_risk[0])

    @property
    def total_events(self) -> int:
        """Number of events."""
        return int(self.events.sum())

    @property
    def last(self) -> float:
        """The last time, of an event or censored."""
        return float(self.time[-1])


@dataclass(frozen=True)
class Quantile:
    """The time at which a part of the subjects has had the event. None: not reached."""

    estimate: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True)
class Landmark:
    """S(t) at one time, with the number at risk just before it.

    estimate is None beyond the last time, unless S(t) is 0 by then; a limit is None where there is none.
    """

    time: float
    estimate: float | None
    standard_error: float | None
    lower: float | None
    upper: float | None
    at_risk: int


@dataclass(frozen=True)
class RestrictedMean:
    """Mean time without the event up to the horizon, with its standard error and normal interval."""

    horizon: float
    estimate: float
    standard_error: float
    lower: float
    upper: float
    level: float


def kaplan_meier(time: ArrayLike, event: ArrayLike, *, level: float = 0.95, scale: Scale = "log-log") -> KaplanMeier:
    """Product-limit curve (Kaplan and Meier, J Am Stat Assoc 1958;53:457) with pointwise intervals.

    Log-log interval: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 1980, section
    1.3; "log" and "plain" are R's. A time censored at an event's time is at risk for that event.

    Args:
        time: shape (N,), time to event or censoring, at least 0, any one unit.
        event: shape (N,), 1 for an event, 0 for a censored time.
        level: of the interval.
        scale: on which the interval is symmetric.

    Raises:
        ValueError: invalid times, events, level or scale.
    """
    _check_level(level)
    table = life_table(*read_survival(time, event))
    n, d = table.at_risk, table.events
    survival: Floats = np.cumprod(1 - d / n, dtype=float)
    # Where all at risk have the event S(t) is 0, and Greenwood's sum infinite.
    with np.errstate(divide="ignore", invalid="ignore"):
        log_error: Floats = np.sqrt(np.cumsum(d / (n * (n - d)), dtype=float))
        error = survival * log_error
        lower, upper = _interval(survival, log_error, float(ndtri((1 + level) / 2)), scale)
    return KaplanMeier(table.time, n, d, table.censored, survival, error, lower, upper, scale, level)


def reverse_kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, level: float = 0.95, scale: Scale = "log-log"
) -> KaplanMeier:
    """Curve of follow-up: censoring is the event (Schemper and Smith, Control Clin Trials 1996;17:343).

    Its median by `quantile` is the median follow-up. Arguments and errors are those of `kaplan_meier`.
    """
    _, events = read_survival(time, event)
    return kaplan_meier(time, ~events, level=level, scale=scale)


def quantile(curve: KaplanMeier, probability: float = 0.5) -> Quantile:
    """Time at which S(t) falls to 1 - probability; limits: where the limits of S(t) do (Brookmeyer and Crowley).

    If S(t) equals 1 - probability over an interval, its middle, as R prints the median; if it never falls
    below, the first such time. A limit that is not reached is None, never the last time.

    Raises:
        ValueError: probability is not between 0 and 1.
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability must be between 0 and 1, not {probability}")
    estimate, lower, upper = (
        _crossing(curve.time, each, 1 - probability) for each in (curve.survival, curve.lower, curve.upper)
    )
    return Quantile(estimate, lower, upper)


def landmarks(curve: KaplanMeier, times: Iterable[float], *, extend: bool = False) -> tuple[Landmark, ...]:
    """S(t) with its interval at each of the times.

    Args:
        curve: the curve.
        times: at least 0, in the unit of the curve.
        extend: carry the last S(t) on beyond the last time, as R's `extend`.

    Raises:
        ValueError: a negative time.
    """
    return tuple(_landmark(curve, float(time), extend) for time in times)


def at_risk(curve: KaplanMeier, times: Iterable[float]) -> tuple[int, ...]:
    """Number of subjects at risk just before each of the times: the row under a plotted curve."""
    return tuple(
        int(curve.at_risk[i]) if i < curve.time.size else 0
        for i in (int(np.searchsorted(curve.time, time, side="left")) for time in times)
    )


def restricted_mean(curve: KaplanMeier, horizon: float, *, extend: bool = False) -> RestrictedMean | NotRun:
    """Area under S(t) up to the horizon, with Greenwood's variance (Klein and Moeschberger 2003, formula 4.5.2).

    Not run if the horizon lies beyond the last time, unless S(t) is 0 by then: the area is not known there.

    Args:
        curve: the curve.
        horizon: above 0, in the unit of the curve.
        extend: carry the last S(t) on beyond the last time, as R does.

    Raises:
        ValueError: horizon is not above 0.
    """
    if not horizon > 0:
        raise ValueError(f"the horizon must be above 0, not {horizon}")
    if horizon > curve.last and curve.survival[-1] > 0 and not extend:
        return NotRun(f"follow-up ends at {curve.last:g}, before {horizon:g}")
    inside = curve.time <= horizon
    ends = np.concatenate([[0.0], curve.time[inside], [horizon]])
    areas = np.diff(ends) * np.concatenate([[1.0], curve.survival[inside]])
    after = np.cumsum(areas[:0:-1])[::-1]
    n, d = curve.at_risk[inside], curve.events[inside]
    terms = np.divide(d, n * (n - d), out=np.zeros(n.size), where=n > d)
    mean, error = float(areas.sum()), float(np.sqrt(after**2 @ terms))
    reach = float(ndtri((1 + curve.level) / 2)) * error
    return RestrictedMean(horizon, mean, error, max(0.0, mean - reach), min(horizon, mean + reach), curve.level)


def _interval(survival: Floats, log_error: Floats, z: float, scale: Scale) -> tuple[Floats, Floats]:
    exists = survival > 0
    if scale == "log-log":
        exists &= survival < 1
        reach = np.exp(z * log_error / np.log(survival))
        lower, upper = survival ** (1 / reach), survival**reach
    elif scale == "log":
        lower, upper = survival * np.exp(-z * log_error), survival * np.exp(z * log_error)
    elif scale == "plain":
        lower, upper = survival * (1 - z * log_error), survival * (1 + z * log_error)
    else:
        raise ValueError(f"scale must be log-log, log or plain, not {scale}")
    return np.where(exists, np.clip(lower, 0, 1), np.nan), np.where(exists, np.clip(upper, 0, 1), np.nan)


def _crossing(time: Floats, values: Floats, target: float) -> float | None:
    reached: NDArray[np.bool_] = values < target + _TOLERANCE
    if not reached.any():
        return None
    first = int(np.argmax(reached))
    below: NDArray[np.bool_] = values < target - _TOLERANCE
    if below[first] or not below.any():
        return float(time[first])
    return float((time[first] + time[np.argmax(below)]) / 2)


def _landmark(curve: KaplanMeier, time: float, extend: bool) -> Landmark:
    if not time >= 0:
        raise ValueError(f"a landmark must be at least 0, not {time}")
    (risk,) = at_risk(curve, [time])
    i = int(np.searchsorted(curve.time, time, side="right")) - 1
    if time > curve.last and curve.survival[-1] > 0 and not extend:
        return Landmark(time, None, None, None, None, risk)
    if i < 0:
        return Landmark(time, 1.0, 0.0, None, None, risk)
    columns = (curve.survival, curve.standard_error, curve.lower, curve.upper)
    estimate, error, lower, upper = (None if np.isnan(each[i]) else float(each[i]) for each in columns)
    return Landmark(time, estimate, error, lower, upper, risk)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
