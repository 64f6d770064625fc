"""Counts that know whom they count: responders of evaluable patients as sums over parts, each of one unit.

A number that is shown comes from the object that holds its patients, so that what it opens is what was counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from metaimt.model.unit import Unit
from metaimt.serialise import published

RESPONSE: Final = "response"
COMPLETE: Final = "complete"
CONTROLLED: Final = "controlled"
OUTCOMES: Final = {COMPLETE: "complete response", CONTROLLED: "disease control"}  # beside response, for some patients

Item = TypeVar("Item")
Key = TypeVar("Key")
Cluster = tuple[str, int, int]
"""(report id, responders, evaluable): one report as the models see it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one unit adds: `r` with the outcome of `n` evaluable patients; at a weight below 1 no whole numbers."""

    unit: Unit
    r: int
    n: int


@published("responders", "evaluable", "reports")
@dataclass(frozen=True, slots=True)
class Count:
    """Patients with an outcome of those evaluable, in so many reports; all are sums over the parts.

    title: who is counted, in words. outcome: response, complete (response) or controlled (disease); of the last two
    only units for which it is known are parts. A part may be of nobody evaluable: it is listed and adds nothing.
    """

    title: str
    parts: tuple[Part, ...]
    outcome: str = RESPONSE

    @staticmethod
    def of(title: str, units: Iterable[Unit], outcome: str = RESPONSE) -> Count:
        """Units with the counts they have; for another outcome than response those for which it is known."""
        if outcome == RESPONSE:
            return Count(title, tuple(Part(unit, unit.responders, unit.evaluable) for unit in units))
        known = ((unit, getattr(unit, outcome)) for unit in units)
        return Count(title, tuple(Part(u, events, u.evaluable) for u, events in known if events is not None), outcome)

    @property
    def responders(self) -> int:
        """Patients with the outcome; a weighted sum where the parts are weighted."""
        return sum(part.r for part in self.parts)

    @property
    def evaluable(self) -> int:
        """Patients evaluable for the outcome; a weighted sum where the parts are weighted."""
        return sum(part.n for part in self.parts)

    @property
    def reports(self) -> int:
        """Reports with an evaluable patient here."""
        return len({part.unit.report for part in self.parts if part.n})

    @property
    def units(self) -> tuple[Unit, ...]:
        """Whose patients these are, in order."""
        return tuple(part.unit for part in self.parts)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the units, in order."""
        return tuple(part.unit.id for part in self.parts)

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """Summed over the units of each report, sorted by id; a report without an evaluable patient is none."""
        sums: dict[str, tuple[int, int]] = {}
        for part in self.parts:
            r, n = sums.get(part.unit.report, (0, 0))
            sums[part.unit.report] = (r + part.r, n + part.n)
        return tuple((report, r, n) for report, (r, n) in sorted(sums.items()) if n)

    def where(self, title: str, condition: Callable[[Unit], object]) -> Count:
        """The part of these patients whose unit meets a condition, under a title of its own."""
        return replace(self, title=title, parts=tuple(part for part in self.parts if condition(part.unit)))

    def of_reports(self, title: str, reports: Collection[str]) -> Count:
        """The part of the patients whose report (id) is one of these."""
        return self.where(title, lambda unit: unit.report in reports)

    def of_designs(self, title: str, designs: Collection[str]) -> Count:
        """The part of the patients whose report has one of these designs."""
        return self.where(title, lambda unit: unit.design in designs)

    def of_units(self, title: str, ids: Collection[str]) -> Count:
        """The part of the patients whose unit (id) is one of these."""
        return self.where(title, lambda unit: unit.id in ids)

    def by_level(self, title: str, level_of: Callable[[Unit], str | None], missing: str) -> dict[str, Count]:
        """The counts of each level, titled by `title` and the level, in the order in which they are met.

        missing: the level of those who have none.
        """
        found = grouped(self.parts, lambda part: level_of(part.unit) or missing)
        return {level: replace(self, title=f"{title}{level}", parts=tuple(parts)) for level, parts in found.items()}

    def weighted(self, title: str, weight_of: Callable[[Unit], Any]) -> Count:
        """The same patients at weights; who has none is left out."""
        weights = ((part, weight_of(part.unit)) for part in self.parts)
        return replace(self, title=title, parts=tuple(Part(p.unit, w * p.r, w * p.n) for p, w in weights if w))

    def titled(self, title: str) -> Count:
        """The same patients under another title."""
        return replace(self, title=title)

    def __format__(self, spec: str) -> str:
        """No text says a Count: a number in words is one of its sums. Raises TypeError."""
        raise TypeError(f"a Count is no number ({self.title}): name its responders, evaluable, reports or parts")

    def __bool__(self) -> bool:
        """Whether there are parts, evaluable patients or responders is another question each. Raises TypeError."""
        raise TypeError(f"a Count is neither true nor false ({self.title}): ask for its parts or a sum")


def grouped(items: Iterable[Item], key_of: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    """Key -> the items with it, in the order in which the keys are met."""
    found: dict[Key, list[Item]] = {}
    for item in items:
        found.setdefault(key_of(item), []).append(item)
    return found


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports of a count, where their number is shown and not that of the patients."""

    count: Count


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a publication prints: what is counted, the words as printed, and where in the file or publication."""

    what: str
    printed: str
    where: str


@dataclass(frozen=True, slots=True)
class Publications:
    """Whole publications (ids), where no patients are counted; with what they print, where that is the number.

    others: (id, words) of records and publications that have no case file.
    """

    title: str
    reports: tuple[str, ...]
    statements: tuple[Quoted, ...] = ()
    others: tuple[tuple[str, str], ...] = ()


Behind = Count | Reports | Publications
"""What may stand behind a number that is shown."""
