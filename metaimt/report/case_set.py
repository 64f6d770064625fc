"""The cases behind a number: a title, and the units, publications or printed statements that make it up.

May import: evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from metaimt.evidence.selection import Placed
from metaimt.model.unit import Unit

Statement = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class CaseSet:
    """A title and, for each unit, (id, responders, evaluable) as counted there.

    What is known only of whole publications has `reports` (ids) instead, and what is known only as a printed number
    also `statements`: what is counted, as printed, and where.
    """

    title: str
    cases: tuple[tuple[str, float, float], ...] = ()
    reports: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()

    @property
    def responders(self) -> float:
        """The sum that the number shows."""
        return sum(r for _, r, _ in self.cases)

    @property
    def evaluable(self) -> float:
        """The sum that the number shows."""
        return sum(n for _, _, n in self.cases)


Sets = Iterator[tuple[str, CaseSet]]
"""Pairs of a key, which stands on the number, and its set."""


def case_set(title: str, units: Iterable[Unit]) -> CaseSet:
    """The set of some units, each with its own counts."""
    return CaseSet(title, tuple((unit.id, unit.responders, unit.evaluable) for unit in units))


def indexed(sets: Mapping[str, CaseSet], placed: Iterable[Placed]) -> dict[str, dict[str, object]]:
    """The sets for the page: `t` the title, `u` the units by their place, with counts only where they differ.

    `p`: the publications, where it is a set of these; `s`: what they print.
    """
    order = {member.unit.id: (place, member.unit) for place, member in enumerate(placed)}
    return {key: _indexed(found, order) for key, found in sets.items()}


def _indexed(found: CaseSet, order: Mapping[str, tuple[int, Unit]]) -> dict[str, object]:
    if not found.reports:
        return {"t": found.title, "u": [_entry(case, *order[case[0]]) for case in found.cases]}
    return {"t": found.title, "p": found.reports} | ({"s": found.statements} if found.statements else {})


def _entry(case: tuple[str, float, float], place: int, unit: Unit) -> int | list[float]:
    _, r, n = case
    return place if (r, n) == (unit.responders, unit.evaluable) else [place, r, n]
