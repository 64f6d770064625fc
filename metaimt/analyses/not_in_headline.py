"""Who is not in the headline pool though the widest has them, or another report counts them, by the deciding reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.reason import Reason, Why
from metaimt.model.unit import Unit

ELSEWHERE: Final = "counted in another report"


@dataclass(frozen=True, slots=True)
class NotInHeadline:
    """The words of a reason, and the units that it keeps out; `patients` also has those who are not evaluable."""

    reason: str
    counts: Count
    patients: int


def not_in_headline(selection: Selection, label: str) -> tuple[NotInHeadline, ...]:
    """Patients of the last and widest pool, and those counted elsewhere, last; `label` names the headline."""
    headline, widest = selection.pools[0], selection.pools[-1]
    elsewhere, found = list[Unit](), dict[Why, list[str]]()
    rest = selection.rest(widest, headline, f"not in {label}")
    for placed in selection.left_out(headline):
        decisive = placed.reasons[headline][0]
        if decisive.reason is Reason.COUNTED_ELSEWHERE:
            elsewhere += [placed.unit] if _patients(placed.unit) else []
        elif placed.is_in(widest):
            found.setdefault(decisive, []).append(placed.unit.id)
    told = [
        NotInHeadline(str(why), counts, counts.evaluable)
        for why, ids in found.items()
        if (counts := rest.of_units(f"not in {label}: {why}", ids)).evaluable
    ]
    told.sort(key=lambda each: (-each.patients, each.reason))
    if elsewhere:
        counts = Count.of(f"not in {label}: {ELSEWHERE}", elsewhere)
        told.append(NotInHeadline(ELSEWHERE, counts, sum(map(_patients, elsewhere))))
    return tuple(told)


def _patients(unit: Unit) -> int:
    """The patients of a unit: its evaluable patients, or 1 for a patient; a later course adds none."""
    return unit.evaluable if unit.course == 0 else int(unit.course == 1)
