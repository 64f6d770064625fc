"""Patients who were read twice: the counts of the report that gives way, in the place of those that are counted.

By rule, never by name: a link that is certain and says that two arms are the same (`a/arm1 = b/arm1`). Where a link
says that one arm is a part of the other (`in`), the rest of the larger arm has no other reading, nothing is exchanged,
and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from metaimt.casefiles.shared import Link
from metaimt.model.unit import Unit


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The units with the other counts, the ids of those exchanged, and (unit id, note) in words."""

    units: tuple[Unit, ...]
    touched: frozenset[str]
    notes: tuple[tuple[str, str], ...]


def other_readings(everyone: tuple[Unit, ...], links: Iterable[Link], wanted: str) -> Exchanged:
    """The `earlier` or `later` reading, by year of publication, in the place of the preferred one.

    The unit keeps its place (report, drug, depth and so on) and takes responders and patients only.
    """
    by_subject = {unit.subject: unit for unit in everyone if unit.course == 0}
    exchanges: dict[str, Unit] = {}
    notes: list[tuple[str, str]] = []
    for other, preferred, relation in sorted(_pairs(links), key=lambda pair: pair[:2]):
        giving, counted = by_subject.get(other), by_subject.get(preferred)
        if giving is None or counted is None or not giving.evaluable or not _is(giving, counted, wanted):
            continue
        if relation == "=":
            chosen = exchanges.get(counted.id)
            exchanges[counted.id] = giving if chosen is None or _is(giving, chosen, wanted) else chosen
        else:
            notes.append((counted.id, f"{_said(giving)} not exchanged: a part of {_said(counted)}"))
    notes += [(name, f"{_said(giving)} in place of {_said(by_subject[name])}") for name, giving in exchanges.items()]
    units = tuple(_exchanged(unit, exchanges.get(unit.id)) for unit in everyone)
    return Exchanged(units, frozenset(exchanges), tuple(sorted(notes)))


def _pairs(links: Iterable[Link]) -> Iterator[tuple[str, str, str]]:
    """(subject that gives way, preferred subject, = or in) of the certain links that name them."""
    for link in links:
        for same in link.patients if link.certainty == "certain" else ():
            giving, preferred = same.side(link.gives_way), same.side(link.prefer)
            if giving is not None and preferred is not None:
                yield "/".join(giving), "/".join(preferred), same.relation


def _is(unit: Unit, than: Unit, wanted: str) -> bool:
    if unit.year is None or than.year is None:
        return False
    return unit.year < than.year if wanted == "earlier" else unit.year > than.year


def _said(unit: Unit) -> str:
    return f"{unit.id} {unit.responders}/{unit.evaluable}"


def _exchanged(unit: Unit, other: Unit | None) -> Unit:
    if other is None:
        return unit
    counts = {name: getattr(other, name) for name in ("responders", "evaluable", "complete", "controlled")}
    return replace(unit, **counts)
