"""The headline numbers of two states, what moved each of them, and the protocol's test of the conclusion.

Works on the form of results.json, so that a frozen state and a computed one are read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metaimt.casefiles.protocol import ConclusionTest
from metaimt.casefiles.version_files import canonical

NEAR = 0.01  # of a limit to a threshold: on which side it lies then depends on the prior
SAME = 1e-6  # of a proportion: closer numbers are the same number, polished or printed to other digits
_COUNTS, _RATES = ("responders", "evaluable", "reports"), ("estimate", "lower", "upper")


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

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return {name: getattr(self, name) for name in (*_COUNTS, *_RATES, "method")}

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

    def to_dict(self) -> dict[str, Any]:
        """Both numbers, and what moved them: `method` is package and protocol together."""
        found = {"group": self.group.name, "kind": self.group.kind, "label": self.label, "unchanged": self.is_same}
        found |= {"old": self.old and self.old.to_dict(), "new": self.new and self.new.to_dict()}
        steps = {cause: (before, after) for cause, before, after in self.steps if cause != "all"}
        if not steps:
            return {**found, "caused_by": "not known"}
        steps["method"] = (steps["package"][0], steps["protocol"][1])
        return {**found, "caused_by": {cause: difference(*pair) for cause, pair in steps.items()}}


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

    def to_dict(self) -> dict[str, Any]:
        """The parts of the test and their outcome."""
        sides = [{"threshold": t, "old": old, "new": new} for t, old, new in self.thresholds]
        moved = {"pool": self.pool, "label": self.label, "orr_moved_by": self.moved, "limit": self.limit}
        looks = {"excluded_however_often_one_looks": list(self.excluded)}
        return {**moved, "thresholds_crossed": sides, **looks, "crossed": self.crossed}


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
