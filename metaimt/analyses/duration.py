"""For how long? Printed medians, then patients: curves where the rule allows them, the list of times where not.

A time known as [a, b] enters at its midpoint and, beside it, at each end. Nothing here compares responders with others:
that would need a landmark.

Do pre-specified groups differ in how long? Log-rank, and Cox where there are events enough.

Groups are known before treatment; response is none of them: who responds has lived to respond (immortal time).

What the sources say on time: printed medians, and for each patient how long and how it ended.

Time on treatment, progression-free survival and duration of response are three fields and never stand in for each
other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from statistics import median
from typing import Any, Final

from numpy.typing import ArrayLike

from metaimt.analyses.breakdown import value_of
from metaimt.analyses.subgroups import COVARIATES, level_columns
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Placed, Selection
from metaimt.model.count import Count
from metaimt.model.unit import Median, Span, Unit
from metaimt.serialise import published, to_json
from metaimt.statistics.exact_tests import exact_test_rule
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.survival import (
    NOT_REACHED,
    CoxFit,
    IncidenceAt,
    KaplanMeier,
    Landmark,
    LogRank,
    Quantile,
    cox,
    cox_rule,
    followup_rule,
    incidence_at,
    kaplan_meier,
    kaplan_meier_rule,
    landmarks,
    log_rank,
    quantile,
    reverse_kaplan_meier,
)

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
_PLANNED = {"surgery", "completed"}  # of time on treatment


def _printed_interval(ends: tuple[float | None, float | None] | None) -> Any:
    if ends is None:
        return {"not_stated": "no interval printed"}
    return [{"not_reached": "not estimable"} if end is None else end for end in ends]


@published("id", "report", "drug", "field", "n", "value", interval=lambda each: _printed_interval(each.interval))
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


@published("low", "high", "state", "why", id="unit.id", drug="unit.drug")
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
    """Stopped is the event, but for a planned end or surgery; a stop reason says that it was stopped."""
    if unit.ongoing:
        return CENSORED, "ongoing"
    if unit.stop_reason in _PLANNED:
        return COMPETING, f"stopped: {unit.stop_reason}"
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


@published("grouping", "events", "log_rank", "cox", known="known.evaluable")
@dataclass(frozen=True)
class GroupComparison:
    """Times of the patients by one grouping; those whose level is not known are left out; `known` are the others."""

    grouping: str
    known: Count
    events: int
    log_rank: LogRank | NotRun
    cox: CoxFit | NotRun


def compare_groups(
    usable: Sequence[KnownTime], groupings: Sequence[str], title: str = ""
) -> tuple[GroupComparison, ...]:
    """Each pre-specified grouping with few levels, on times at the midpoint; competing events are censored."""
    return tuple(_compare(usable, name, title) for name in COVARIATES if name in groupings)


def _compare(usable: Sequence[KnownTime], grouping: str, title: str) -> GroupComparison:
    both = [known for known in usable if value_of(known.unit, grouping)]
    units = [known.unit for known in both]
    labels = [str(value_of(unit, grouping)) for unit in units]
    times, events = [known.middle for known in both], [known.state == EVENT for known in both]
    sizes = [labels.count(label) for label in sorted(set(labels))]
    ranked = kaplan_meier_rule(events) or exact_test_rule(sizes) or log_rank(times, events, labels)
    who = Count.of(f"{title} and {grouping.replace('_', ' ')} known", units)
    return GroupComparison(grouping, who, sum(events), ranked, _cox(units, times, events, grouping))


def _cox(units: list[Unit], times: list[float], events: list[bool], grouping: str) -> CoxFit | NotRun:
    if (forbidden := cox_rule(events)) is not None:
        return forbidden
    columns = level_columns(units, grouping)
    if not columns:
        return NotRun("all patients are of one level")
    rows = list(zip(*(values for _, values in columns), strict=True))
    return cox(times, events, rows, [label for label, _ in columns])


LANDMARKS = (6.0, 12.0, 24.0)  # months
VARIANTS = ("middle", "low", "high")  # of a time known as a range
_CAUSES = {1: "progression or death", 2: "surgery, completion or toxicity"}
_CAUSES_ON_TREATMENT = {1: "stopped", 2: "surgery or completion"}


@published(
    "median",
    "landmarks",
    patients="steps.subjects",
    events="steps.total_events",
    followup_median="followup",
    steps=lambda each: list(_steps(each.steps)),
    interval=lambda _: "log-log, 95 %",
)
@dataclass(frozen=True)
class Curve:
    """Kaplan-Meier: the steps, the median, S(t) at the landmarks, and the follow-up by reverse Kaplan-Meier."""

    steps: KaplanMeier
    median: Quantile
    landmarks: tuple[Landmark, ...]
    followup: Quantile | NotRun


def _steps(curve: KaplanMeier) -> Iterator[dict[str, Any]]:
    for point in zip(*(getattr(curve, name).tolist() for name in _STEPS), strict=True):
        yield {name: NOT_REACHED if isnan(value) else value for name, value in zip(_STEPS, point, strict=True)}


_STEPS = ("time", "at_risk", "events", "censored", "survival", "lower", "upper")


@published(at=lambda each: [{**to_json(one), "cause": each.causes[one.cause]} for one in each.at])
@dataclass(frozen=True)
class Incidence:
    """Aalen-Johansen: the probabilities of both causes at the landmarks."""

    at: tuple[IncidenceAt, ...]
    causes: Mapping[int, str]


@published(
    "as_counts",
    "naive_median",
    "groups",
    patients=lambda each: len(each.described.parts),
    known=lambda each: len(each.known),
    ranges=lambda each: len(each.ranges.parts),
    excluded=lambda each: {why: len(found.parts) for why, found in each.excluded.items()},
    times="known",
    kaplan_meier="curves",
    aalen_johansen="incidence",
    none=NotIdentified("no known time"),
)
@dataclass(frozen=True)
class Times:
    """One field of one pool.

    described: one by one; arms: whose patients' times are not known one by one. curves: by variant of a range;
    competing events are censored in them. naive_median: of the printed times, whether ended or not, as published tables
    do.
    """

    field: str
    title: str
    described: Count
    arms: Count
    known: tuple[KnownTime, ...]
    curves: Mapping[str, Curve] | NotRun
    incidence: Mapping[str, Incidence] | NotRun
    naive_median: float | None
    groups: tuple[GroupComparison, ...]

    @property
    def label(self) -> str:
        """The name shown."""
        return LABELS[self.field]

    @property
    def as_counts(self) -> int:
        """Patients of arms who can have such a time."""
        return self.arms.responders if self.field == RESPONSE else self.arms.evaluable

    def where(self, words: str, condition: Callable[[KnownTime], object]) -> Count:
        """The patients whose known time meets a condition, which `words` tells."""
        return Count.of(f"{self.title} {words}", (known.unit for known in self.known if condition(known)))

    @property
    def everybody(self) -> Count:
        """The patients whose time is known."""
        return self.where("known", lambda known: known)

    @property
    def usable(self) -> Count:
        """Those of whom it is known how it ended: the patients of the curves."""
        return self.where("in the curve", lambda known: known.state != UNKNOWN)

    @property
    def events(self) -> Count:
        """Those with the event."""
        return self.where("with the event", lambda known: known.state == EVENT)

    @property
    def excluded(self) -> Mapping[str, Count]:
        """Reason -> patients whose time is known, but not how it ended."""
        unusable = [known for known in self.known if known.state == UNKNOWN]
        return {
            why: Count.of(f"{self.title} {why}", (known.unit for known in unusable if known.why == why))
            for why in sorted({known.why for known in unusable})
        }

    @property
    def ranges(self) -> Count:
        """Patients whose time is known only as a range."""
        return self.where("known as a range", lambda known: known.low < known.high)


@dataclass(frozen=True)
class Duration:
    """One pool: the medians that arms print, then each field."""

    pool: str
    medians: tuple[PrintedMedian, ...]
    times: Mapping[str, Times]


def durations(selection: Selection, protocol: Protocol) -> dict[str, Duration]:
    """Every pool, the widest (the last of the protocol) first."""
    return {
        pool: duration(selection.members(pool), pool, protocol.subgroups, protocol.label(pool))
        for pool in selection.pools[::-1]
    }


def duration(members: tuple[Placed, ...], pool: str, groupings: tuple[str, ...], label: str = "") -> Duration:
    """The times of the units of one pool (`label` names it), whose linked duplicates the selection has left out."""
    times = {field: times_of(members, field, groupings, label) for field in LABELS}
    return Duration(pool, printed_medians(members), times)


def times_of(members: tuple[Placed, ...], field: str, groupings: tuple[str, ...], label: str = "") -> Times:
    """One field: what is known, and the curves and comparisons by their rules."""
    title = f"{label}: {LABELS[field]}"
    # Only a response has a duration.
    asked = Count.of(title, (m.unit for m in members if field != RESPONSE or m.unit.responders))
    known = known_times(asked.units, field)
    usable = [each for each in known if each.state != UNKNOWN]
    described = asked.where(f"{title}, described one by one", lambda unit: unit.course)
    arms = asked.where(f"{title}, known only as counts", lambda unit: not unit.course)
    whole = len(described.parts) + (arms.responders if field == RESPONSE else arms.evaluable)
    forbidden = kaplan_meier_rule([each.state == EVENT for each in usable]) or _too_few_of(len(usable), whole)
    curves = forbidden or _curves(usable)
    incidence = forbidden or _incidences(usable, _CAUSES_ON_TREATMENT if field == ON_TREATMENT else _CAUSES)
    naive = median(each.middle for each in known) if known else None
    groups = compare_groups(usable, groupings, title)
    return Times(field, title, described, arms, known, curves, incidence, naive, groups)


def _too_few_of(known: int, whole: int) -> NotRun | None:
    """The rule: a curve of a pool only where a third of its patients have a known time. Source: METHODS, section 7."""
    return NotRun(f"{known} known times of {whole} patients, a third is needed") if 3 * known < whole else None


def curve_of(times: ArrayLike, events: ArrayLike, at: tuple[float, ...] = LANDMARKS) -> Curve:
    """Steps, median, landmarks and follow-up, whatever the number of events. times, events: shape (N,)."""
    steps = kaplan_meier(times, events)
    followup = followup_rule(events) or quantile(reverse_kaplan_meier(times, events))
    return Curve(steps, quantile(steps), landmarks(steps, at), followup)


def _variants(usable: list[KnownTime]) -> dict[str, list[float]]:
    return {name: [getattr(each, name) for each in usable] for name in VARIANTS}


def _curves(usable: list[KnownTime]) -> dict[str, Curve]:
    events = [each.state == EVENT for each in usable]
    return {name: curve_of(times, events) for name, times in _variants(usable).items()}


def _incidences(usable: list[KnownTime], words: Mapping[int, str]) -> dict[str, Incidence]:
    codes = {CENSORED: 0, EVENT: 1, COMPETING: 2}
    causes = [codes[each.state] for each in usable]
    return {name: Incidence(incidence_at(times, causes, LANDMARKS), words) for name, times in _variants(usable).items()}
