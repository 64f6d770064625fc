"""One state of a review, as a comparison sees it: its files, its warnings, where each unit is, and the numbers.

Where each unit is counted in a state of the review, and which units entered or left a pool, and by which rule.

A state that was frozen and one that was just computed have the same form.

The headline numbers of two states, what moved each of them, and the protocol's test of the conclusion.

Works on the form of results.json, so that a frozen state and a computed one are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import ConclusionTest, Protocol
from metaimt.casefiles.version_files import canonical
from metaimt.evidence.selection import Selection
from metaimt.problem import Problem
from metaimt.serialise import published
from metaimt.versions.records import Documents, follow

NEW_UNIT, GONE_UNIT = "not in the review before", "no longer in the review"
DATA, PROTOCOL, PACKAGE = "data", "protocol", "package"


@published(
    "responders",
    "evaluable",
    groups=lambda each: {group: reasons or "counted" for group, reasons in each.left_out.items()},
)
@dataclass(frozen=True, slots=True)
class Placing:
    """A unit: its counts, and group -> the reasons that keep it out, the decisive one first (empty: counted)."""

    responders: int
    evaluable: int
    left_out: Mapping[str, tuple[str, ...]]


Placings = Mapping[str, Placing]  # unit id -> where it is


@dataclass(frozen=True, slots=True)
class Move:
    """A unit that entered a group, left it, is counted there otherwise, or is new and not counted in any pool.

    `rule` is what had kept it out, or what keeps it out now; `cause` is data, protocol or package. Counts are
    (responders, evaluable), None where the unit is not in the review.
    """

    group: str
    unit: str
    kind: str  # entered | left | recounted | not counted
    rule: str
    old: tuple[int, int] | None
    new: tuple[int, int] | None
    cause: str


def placings_of(selection: Selection) -> Placings:
    """The units of a selection."""
    return {
        placed.unit.id: Placing(placed.unit.responders, placed.unit.evaluable, placed.in_words())
        for placed in selection.placed
    }


def placings_from(frozen: Mapping[str, Any]) -> Placings:
    """What `to_json` made of them."""
    return {
        name: Placing(
            entry["responders"],
            entry["evaluable"],
            {group: () if why == "counted" else tuple(why) for group, why in entry["groups"].items()},
        )
        for name, entry in frozen.items()
    }


def renamed_placings(placings: Placings, renames: Mapping[str, str]) -> Placings:
    """The same units under the ids that their reports have now."""
    return {str(follow(name, renames)): placing for name, placing in placings.items()} if renames else placings


def moves_between(before: Placings, after: Placings, cause: str) -> Iterator[Move]:
    """Every unit and group that differ, by group and unit id."""
    groups = dict.fromkeys(group for placings in (before, after) for one in placings.values() for group in one.left_out)
    for group in groups:
        for unit in sorted({*before, *after}):
            move = _move(group, unit, before.get(unit), after.get(unit), cause)
            if move is not None:
                yield move
    counted = {unit for unit, placing in after.items() if not all(placing.left_out.values())}
    for unit in sorted(after.keys() - before.keys() - counted):
        placing = after[unit]
        first = next((reasons[0] for reasons in placing.left_out.values() if reasons), "in no group")
        yield Move("", unit, "not counted", first, None, (placing.responders, placing.evaluable), cause)


def _move(group: str, unit: str, before: Placing | None, after: Placing | None, cause: str) -> Move | None:
    was, now = _counts_in(group, before), _counts_in(group, after)
    if was == now:
        return None
    if was is None:
        return Move(group, unit, "entered", _reasons(group, before) or NEW_UNIT, None, now, cause)
    if now is None:
        return Move(group, unit, "left", _reasons(group, after) or GONE_UNIT, was, None, cause)
    return Move(group, unit, "recounted", "its counts", was, now, cause)


def _counts_in(group: str, placing: Placing | None) -> tuple[int, int] | None:
    """The counts that a unit adds to a group, None if it is not counted there."""
    if placing is None or group not in placing.left_out or placing.left_out[group]:
        return None
    return placing.responders, placing.evaluable


def _reasons(group: str, placing: Placing | None) -> str:
    return "" if placing is None else ", ".join(placing.left_out.get(group, ("no such pool",)))


NEAR = 0.01  # of a limit to a threshold: on which side it lies then depends on the prior
SAME = 1e-6  # of a proportion: closer numbers are the same number, polished or printed to other digits
_COUNTS, _RATES = ("responders", "evaluable", "reports"), ("estimate", "lower", "upper")


@published(*_COUNTS, *_RATES, "method")
@dataclass(frozen=True, slots=True)
class Number:
    """The response rate of a group: counts, estimate and interval (None where not identified), and the method."""

    responders: int
    evaluable: int
    reports: int
    estimate: float | None
    lower: float | None
    upper: float | None
    method: str
    sequence: tuple[float, float] | None = None  # limits that hold however often one looks; older versions have none

    def is_same(self, other: Number | None) -> bool:
        """Equal counts and method, and rates that agree to `SAME`."""
        if other is None or self.method != other.method:
            return False
        return all(getattr(self, name) == getattr(other, name) for name in _COUNTS) and all(
            close(getattr(self, name), getattr(other, name)) for name in _RATES
        )


@dataclass(frozen=True, slots=True)
class Group:
    """A pool, separate row, or stratum of one: `name` is `strict` or `strict/trials`."""

    kind: str  # pool | stratum | row
    name: str


@published("label", "old", "new", group="group.name", kind="group.kind", unchanged="is_same", caused_by="causes")
@dataclass(frozen=True)
class NumberChange:
    """One headline number of two states, and between them the old data recomputed.

    `old` and `new` are as printed (None: no such group there). `package` is the old data and protocol through today's
    package, `protocol` the old data through today's package and the new protocol. So old -> package and package ->
    protocol are caused by the method, protocol -> new by the data. They are None where the split is not known.
    """

    group: Group
    label: str
    old: Number | None
    package: Number | None
    protocol: Number | None
    new: Number | None

    @property
    def is_same(self) -> bool:
        """Whether nothing moved, also not by two causes that cancel each other."""
        states = [self.old, *(state for state in (self.package, self.protocol) if state is not None), self.new]
        return all(state.is_same(self.new) if state else self.new is None for state in states)

    @property
    def steps(self) -> tuple[tuple[str, Number | None, Number | None], ...]:
        """(cause, before, after) of the steps that are known: package, protocol, data; else one step, `all`."""
        if self.old is None or self.new is None or self.package is None or self.protocol is None:
            return (("all", self.old, self.new),)
        return (
            ("package", self.old, self.package),
            ("protocol", self.package, self.protocol),
            ("data", self.protocol, self.new),
        )

    def causes(self) -> str | dict[str, dict[str, Any]]:
        """What moved it, for JSON: `method` is package and protocol together."""
        steps = {cause: (before, after) for cause, before, after in self.steps if cause != "all"}
        if not steps:
            return "not known"
        steps["method"] = (steps["package"][0], steps["protocol"][1])
        return {cause: difference(*pair) for cause, pair in steps.items()}


@published(
    "pool",
    "label",
    "limit",
    "crossed",
    orr_moved_by="moved",
    thresholds_crossed=lambda each: [{"threshold": t, "old": a, "new": b} for t, a, b in each.thresholds],
    excluded_however_often_one_looks="excluded",
)
@dataclass(frozen=True, slots=True)
class Crossing:
    """The conclusion test in one pool: how far the ORR moved, and (threshold, before, after) that changed sides."""

    pool: str
    label: str
    moved: float
    limit: float
    thresholds: tuple[tuple[float, str, str], ...]
    near: tuple[float, ...] = ()  # of these, those within a point of a limit: that depends on the prior
    excluded: tuple[float, ...] = ()  # thresholds that the confidence sequence excludes now: however often one looks

    @property
    def crossed(self) -> bool:
        """Whether the pool alone changes the conclusion."""
        return abs(self.moved) >= self.limit - SAME or bool(self.thresholds)


def close(one: float | None, other: float | None) -> bool:
    """Whether two numbers are the same to `SAME`; not identified is only the same as not identified."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= SAME


def difference(before: Number | None, after: Number | None) -> dict[str, Any]:
    """after - before, field by field; what is not identified on one side is null, noise below `SAME` is 0."""
    if before is None or after is None:
        return {}
    found: dict[str, Any] = {name: getattr(after, name) - getattr(before, name) for name in _COUNTS}
    for name in _RATES:
        one, other = getattr(before, name), getattr(after, name)
        found[name] = None if one is None or other is None else 0.0 if close(one, other) else other - one
    return found


def headline_numbers(results: Mapping[str, Any]) -> dict[Group, Number]:
    """Pools, their strata, and separate rows, from the form of results.json."""
    return {group: _number(entry) for group, entry in _groups(results)}


def _groups(results: Mapping[str, Any]) -> Iterator[tuple[Group, Mapping[str, Any]]]:
    for name, pool in results["pools"].items():
        yield Group("pool", name), pool
        for stratum, entry in pool["strata"].items():
            yield Group("stratum", f"{name}/{stratum}"), entry
    for name, row in results["rows"].items():
        yield Group("row", name), row


def _number(entry: Mapping[str, Any]) -> Number:
    counts = [int(entry[name]) for name in _COUNTS]
    orr = canonical(entry["orr"])
    rates = [orr.get(name) for name in _RATES]
    limits = entry.get("confidence_sequence")
    sequence = (float(limits["lower"]), float(limits["upper"])) if limits else None
    return Number(counts[0], counts[1], counts[2], rates[0], rates[1], rates[2], str(orr.get("method", "")), sequence)


def crossings(
    old: Mapping[Group, Number], new: Mapping[Group, Number], test: ConclusionTest, label: Callable[[str], str]
) -> Iterator[Crossing]:
    """The test in each pool that both states have and in which the rate is identified."""
    for group, after in new.items():
        before = old.get(group)
        if group.kind != "pool" or before is None or before.estimate is None or after.estimate is None:
            continue
        sides = [(t, _side(before, t), _side(after, t)) for t in test.interval_crosses]
        changed = tuple((t, one, other) for t, one, other in sides if one != other)
        moved = after.estimate - before.estimate
        limits = after.sequence or (0.0, 1.0)
        excluded = tuple(t for t in test.interval_crosses if not limits[0] <= t <= limits[1])
        near = tuple(t for t, _, _ in changed if any(_is_near(number, t) for number in (before, after)))
        yield Crossing(group.name, label(group.name), moved, test.orr_moves_by, changed, near, excluded)


def _is_near(number: Number, threshold: float) -> bool:
    return any(limit is not None and abs(limit - threshold) <= NEAR + SAME for limit in (number.lower, number.upper))


def _side(number: Number, threshold: float) -> str:
    """Where the interval lies: excluding the threshold from above or below, or holding it."""
    if number.lower is not None and number.lower > threshold:
        return "above"
    return "below" if number.upper is not None and number.upper < threshold else "holds it"


_DIGITS = re.compile(r"\d+(\.\d+)?")
_ASIDES = re.compile(r"\([^()]*\)|[-+]\d+(\.\d+)?")  # scores and counts over the library, which move with every report


@dataclass(frozen=True, slots=True, order=True)
class Warned:
    """A warning or info of a case file, or one of a pooled estimate (rule `estimate`, place: the group)."""

    place: str
    rule: str
    severity: str
    message: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same warning in another state: the numbers of an estimate, or of a score, may be others."""
        return (self.place, self.rule, (_DIGITS if self.rule == "estimate" else _ASIDES).sub("#", self.message))


@dataclass(frozen=True)
class State:
    """What was computed from a state of a review: its warnings, placings and headline numbers."""

    warnings: tuple[Warned, ...]
    placings: Placings
    numbers: Mapping[Group, Number]


@dataclass(frozen=True)
class Side:
    """A state by name: its files, and what today's package makes of it. `printed` is what it said when it was frozen.

    `computed` is None, with `unreadable` saying why, where today's package finds errors in the files or nothing to
    pool; `printed` is None unless the state is a frozen version.
    """

    name: str
    documents: Documents
    texts: Mapping[str, str]
    protocol: Protocol | None
    computed: State | None
    unreadable: str = ""
    printed: State | None = None


def texts_of(library: Library) -> dict[str, str]:
    """Name below the review's folder -> text of every YAML file that was read."""
    return {relative(library, name): document.text for name, document in library.documents.items()}


def documents_of(library: Library) -> dict[str, Any]:
    """Name below the review's folder -> data of every YAML file that was read."""
    return {relative(library, name): document.data for name, document in library.documents.items()}


def relative(library: Library, name: str) -> str:
    """The name of a file below the review's folder."""
    return name.removeprefix(_prefix(library))


def _prefix(library: Library) -> str:
    folder = library.folder.as_posix()
    return "" if folder == "." else f"{folder}/"


def state_of(library: Library, warnings: Iterable[Problem], selection: Selection, results: Mapping[str, Any]) -> State:
    """What was computed, with names that do not tell where the review lies. `results`: as in results.json."""
    found = [_warned(library, problem) for problem in warnings]
    return State(
        tuple(sorted([*found, *estimate_warnings(results)])), placings_of(selection), headline_numbers(results)
    )


def _warned(library: Library, problem: Problem) -> Warned:
    prefix = _prefix(library)
    message = problem.message.replace(prefix, "") if prefix else problem.message
    return Warned(relative(library, problem.file), problem.rule, problem.severity, message)


def estimate_warnings(results: Mapping[str, Any]) -> list[Warned]:
    """What a reader of each pooled estimate must know."""
    found = []
    for name, pool in results["pools"].items():
        parts = {name: pool, **{f"{name}/{stratum}": part for stratum, part in pool["strata"].items()}}
        found += [
            Warned(place, "estimate", "warning", said) for place, part in parts.items() for said in part["warnings"]
        ]
    return found


def renamed_warnings(warnings: Iterable[Warned], renames: Mapping[str, str]) -> tuple[Warned, ...]:
    """The same warnings under the ids that their reports have now."""
    return tuple(Warned(_renamed_file(one.place, renames), one.rule, one.severity, one.message) for one in warnings)


def _renamed_file(place: str, renames: Mapping[str, str]) -> str:
    folder, slash, name = place.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{slash}{follow(stem, renames)}{dot}{ending}" if dot else place
