"""What the sources say on time: printed medians, and for each patient how long and how it ended.

Time on treatment, progression-free survival and duration of response are three fields and never stand in for each
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from metaimt.evidence.selection import Placed
from metaimt.model.unit import Median, Span, Unit

ON_TREATMENT: Final = "time_on_treatment"
PFS: Final = "pfs"
RESPONSE: Final = "response_duration"
LABELS: Final = {
    ON_TREATMENT: "Time on treatment",
    PFS: "Progression-free survival",
    RESPONSE: "Duration of response",
}

EVENT: Final = "event"
CENSORED: Final = "censored"
COMPETING: Final = "competing"
UNKNOWN: Final = "unknown"

_SPANS: dict[str, Callable[[Unit], Span | None]] = {
    ON_TREATMENT: lambda unit: unit.duration,
    PFS: lambda unit: unit.pfs,
    RESPONSE: lambda unit: unit.response_duration,
}
_MEDIANS: dict[str, Callable[[Unit], Median | None]] = {
    ON_TREATMENT: lambda unit: unit.median_duration,
    PFS: lambda unit: unit.median_pfs,
}
_OF_PROGRESSION = {"progression", "death"}
_COMPETING = {"surgery", "completed", "toxicity"}


@dataclass(frozen=True, slots=True)
class PrintedMedian:
    """A median that an arm prints, months; `n` is its evaluable patients. A limit of None is not reached.

    interval: None if none is printed.
    """

    id: str
    report: str
    drug: str
    field: str
    n: int
    value: float
    interval: tuple[float | None, float | None] | None

    def to_dict(self) -> dict[str, Any]:
        """All fields by name; no interval and no limit say so."""
        said: Any = {"not_stated": "no interval printed"}
        if self.interval is not None:
            said = [{"not_reached": "not estimable"} if limit is None else limit for limit in self.interval]
        names = ("id", "report", "drug", "field", "n", "value")
        return {**{name: getattr(self, name) for name in names}, "interval": said}


@dataclass(frozen=True, slots=True)
class KnownTime:
    """One patient's time, months from `low` to `high` (equal where exact), and how it ended.

    state: event, censored, competing, or unknown (excluded from curves, and counted). why: in words.
    """

    unit: Unit
    low: float
    high: float
    state: str
    why: str

    @property
    def middle(self) -> float:
        """The midpoint, months."""
        return (self.low + self.high) / 2

    def to_dict(self) -> dict[str, Any]:
        """Who, the drug, and the other fields by name."""
        told = {name: getattr(self, name) for name in ("low", "high", "state", "why")}
        return {"id": self.unit.id, "drug": self.unit.drug, **told}


def printed_medians(members: Iterable[Placed]) -> tuple[PrintedMedian, ...]:
    """The medians of the arms of a pool, by field and id; never one of an arm that is counted elsewhere."""
    found = []
    for member in members:
        for field, median_of in _MEDIANS.items():
            if (median := median_of(member.unit)) is not None:
                unit = member.unit
                found.append(
                    PrintedMedian(unit.id, unit.report, unit.drug, field, unit.evaluable, median.value, median.ci)
                )
    return tuple(sorted(found, key=lambda median: (median.field, median.id)))


def known_times(units: Iterable[Unit], field: str) -> tuple[KnownTime, ...]:
    """The patients whose time is given in one field, longest first."""
    end = _treatment_end if field == ON_TREATMENT else _progression
    found = []
    for unit in units:
        if (span := _SPANS[field](unit)) is not None:
            state, why = end(unit)
            found.append(KnownTime(unit, *span, state, why))
    return tuple(sorted(found, key=lambda known: (-known.middle, known.unit.id)))


def _treatment_end(unit: Unit) -> tuple[str, str]:
    """Stopped for any reason is the event; a stop reason says that it was stopped."""
    if unit.ongoing:
        return CENSORED, "ongoing"
    if unit.stop_reason is not None:
        return EVENT, f"stopped: {unit.stop_reason}"
    return (UNKNOWN, "not stated whether ongoing") if unit.ongoing is None else (EVENT, "stopped: reason not stated")


def _progression(unit: Unit) -> tuple[str, str]:
    """Progression or death is the event; the drug continued beyond progression says that it happened."""
    if unit.stop_reason in _OF_PROGRESSION:
        return EVENT, unit.stop_reason
    if unit.beyond_progression:
        return EVENT, "progression, drug continued"
    if unit.ongoing:
        return CENSORED, "ongoing"
    if unit.stop_reason in _COMPETING:
        return COMPETING, unit.stop_reason
    return UNKNOWN, "not stated whether ongoing" if unit.ongoing is None else "not stated why it ended"
