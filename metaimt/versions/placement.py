"""Where each unit is counted in a state of the review, and which units entered or left a pool, and by which rule.

A state that was frozen and one that was just computed have the same form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metaimt.evidence.selection import Selection
from metaimt.versions.records import follow

NEW_UNIT, GONE_UNIT = "not in the review before", "no longer in the review"
DATA, PROTOCOL, PACKAGE = "data", "protocol", "package"


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

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        names = ("group", "unit", "kind", "rule", "cause")
        counts = {"old": self.old and list(self.old), "new": self.new and list(self.new)}
        return {**{name: getattr(self, name) for name in names}, **counts}


def placings_of(selection: Selection) -> Placings:
    """The units of a selection."""
    return {
        placed.unit.id: Placing(placed.unit.responders, placed.unit.evaluable, placed.in_words())
        for placed in selection.placed
    }


def placings_dict(placings: Placings) -> dict[str, Any]:
    """For a version file: one line a unit and group, `counted` or the reasons."""
    return {
        name: {
            "responders": placing.responders,
            "evaluable": placing.evaluable,
            "groups": {group: list(reasons) or "counted" for group, reasons in placing.left_out.items()},
        }
        for name, placing in placings.items()
    }


def placings_from(frozen: Mapping[str, Any]) -> Placings:
    """What `placings_dict` wrote."""
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
    if placing is None:
        return ""
    return ", ".join(placing.left_out.get(group, ("no such pool",)))
