"""Does a tumour respond to a next inhibitor? Patient by patient, after response or progression on the one before.

A table without a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from metaimt.evidence.selection import LATER_LINES, Placed, Selection
from metaimt.model.count import Count, levels
from metaimt.model.reason import Reason
from metaimt.model.unit import Unit

_STILL_LISTED = {Reason.LATER_COURSE, Reason.NOT_EVALUABLE, Reason.NOT_READABLE}
NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Switch:
    """One patient's change from one inhibitor to the next. What the source does not say is "not stated"."""

    id: str
    patient: str
    course: int
    prior_drug: str
    prior_outcome: str  # response | no response | not known
    prior_response: str
    prior_end: str
    drug: str
    response: str
    response_basis: str

    def to_dict(self) -> dict[str, Any]:
        """All fields by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True)
class LaterInhibitors:
    """Every switch, and the responses to the second recorded inhibitor by what the first one did.

    The two summaries take each patient once; third and later courses are in the list only. `arms` counts the patients
    of later-line arms, whose prior course is not known one by one.
    """

    switches: tuple[Switch, ...]
    by_prior_outcome: dict[str, Count]
    by_prior_end: dict[str, Count]
    arms: Count

    def to_dict(self) -> dict[str, Any]:
        """The list and the counts; there is no test, and that is said."""
        return {
            "patients": len({switch.patient for switch in self.switches}),
            "switches": [switch.to_dict() for switch in self.switches],
            "by_prior_outcome": {name: counts.to_dict() for name, counts in self.by_prior_outcome.items()},
            "by_prior_end": {name: counts.to_dict() for name, counts in self.by_prior_end.items()},
            "arms": self.arms.to_dict(),
            "test": {"not_run": "by protocol: a table of single patients"},
        }


def later_inhibitors(selection: Selection) -> LaterInhibitors:
    """Second and later courses of eligible patients in the pooled rows, each counted in one report only."""
    by_course = {(placed.unit.subject, placed.unit.course): placed for placed in selection.placed}
    listed = [
        (by_course[placed.unit.subject, placed.unit.course - 1], placed)
        for placed in selection.placed
        if placed.unit.course > 1 and {why.reason for why in placed.reasons[LATER_LINES]} <= _STILL_LISTED
    ]
    second = [(before, after) for before, after in listed if after.unit.course == 2]
    units = [after.unit for _, after in second]
    return LaterInhibitors(
        tuple(sorted((_switch(before, after) for before, after in listed), key=lambda switch: switch.id)),
        _counts("", {after.unit.id: _outcome(before) for before, after in second}, units),
        _counts(" ended by", {after.unit.id: before.unit.stop_reason for before, after in second}, units),
        Count.of("arms of later lines", (m.unit for m in selection.members(LATER_LINES) if m.unit.arm is not None)),
    )


def _switch(before: Placed, after: Placed) -> Switch:
    prior, unit = before.unit, after.unit
    return Switch(
        id=unit.id,
        patient=unit.subject,
        course=unit.course,
        prior_drug=prior.drug,
        prior_outcome=_outcome(before),
        prior_response=prior.response or NOT_STATED,
        prior_end=prior.stop_reason or NOT_STATED,
        drug=unit.drug,
        response=unit.response or NOT_STATED,
        response_basis=unit.response_basis or NOT_STATED,
    )


def _outcome(placed: Placed) -> str:
    if not placed.unit.evaluable:
        return "not known"
    return "response" if placed.unit.responders else "no response"


def _counts(how: str, of_first: Mapping[str, str | None], second: Iterable[Unit]) -> dict[str, Count]:
    """Second inhibitors by what is said of the first one (unit id -> words, None: not stated)."""
    found = levels(second, lambda unit: of_first[unit.id], NOT_STATED)
    start = "second inhibitor, first one"
    return {name: Count.of(f"{start}{how}: {name}", found[name]) for name in sorted(found)}
