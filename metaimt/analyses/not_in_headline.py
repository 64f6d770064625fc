"""Who is not in the headline pool though the widest has them, or another report counts them, by the deciding reason.

May import: evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from metaimt.evidence.selection import Placed, Selection
from metaimt.model.reason import Reason
from metaimt.model.unit import Unit

ELSEWHERE: Final = "counted in another report"


def reasons_not_in_headline(selection: Selection) -> tuple[tuple[str, int], ...]:
    """Patients of the last and widest pool, and those counted elsewhere, by the reason they are not in the headline."""
    tally: Counter[str] = Counter()
    for placed, reason in _why_not_in_headline(selection):
        tally[reason] += patients(placed.unit) if reason == ELSEWHERE else placed.unit.evaluable
    order = [reason for reason in tally if reason != ELSEWHERE]
    ranked = sorted(order, key=lambda reason: (-tally[reason], reason))
    return tuple((reason, tally[reason]) for reason in [*ranked, *(set(tally) - set(order))])


def not_in_headline(selection: Selection, wanted: str) -> tuple[Placed, ...]:
    """The units behind one reason of `PooledResponse.not_in_headline`."""
    return tuple(placed for placed, reason in _why_not_in_headline(selection) if reason == wanted)


def _why_not_in_headline(selection: Selection) -> Iterator[tuple[Placed, str]]:
    headline, widest = selection.pools[0], selection.pools[-1]
    for placed in selection.left_out(headline):
        decisive = placed.reasons[headline][0]
        if decisive.reason is Reason.COUNTED_ELSEWHERE:
            yield placed, ELSEWHERE
        elif placed.is_in(widest):
            yield placed, str(decisive)


def patients(unit: Unit) -> int:
    """The patients of a unit: its evaluable patients, or 1 for a patient; a later course adds none."""
    return unit.evaluable if unit.course == 0 else int(unit.course == 1)
