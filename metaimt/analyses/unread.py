"""Patients known to be treated whose response nobody can read, and how far they could move the rate.

They are in no pool. The bounds are outer ones: as if none of them had responded but those known to, and as if all had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from metaimt.analyses.wording import named_limits
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.serialise import published, spread

KNOWN: Final = "marker known to be positive"
ANY: Final = "marker positive or not printed"


@dataclass(frozen=True, slots=True)
class Unread:
    """A publication, or an arm without counts: `treated` patients, of whom at least `responded` did.

    status: positive, not_stated or other, of the marker that the pools are about.
    """

    id: str
    treated: int
    responded: int
    status: str
    as_stated: str


@published(
    "pool",
    "name",
    "treated",
    "responded",
    "worst",
    "best",
    spread(lambda each: named_limits(each.limits)),
    sources=lambda each: [unread.id for unread in each.unread],
)
@dataclass(frozen=True)
class Bounds:
    """The rate of a pool (responders of evaluable) with unread patients added: r/n, 0 to 1, at worst and at best."""

    pool: str
    name: str
    of: Count
    unread: tuple[Unread, ...]

    @property
    def treated(self) -> int:
        """Patients added."""
        return sum(each.treated for each in self.unread)

    @property
    def responded(self) -> int:
        """Of these, known to have responded."""
        return sum(each.responded for each in self.unread)

    @property
    def worst(self) -> tuple[int, int]:
        """Responders and patients if only those known to have responded did."""
        return self.of.responders + self.responded, self.of.evaluable + self.treated

    @property
    def best(self) -> tuple[int, int]:
        """Responders and patients if all of them responded."""
        return self.of.responders + self.treated, self.of.evaluable + self.treated

    @property
    def limits(self) -> tuple[float, float]:
        """The two rates."""
        return self.worst[0] / self.worst[1], self.best[0] / self.best[1]


@dataclass(frozen=True)
class UnreadResponses:
    """Who they are, and the bounds of the widest pool: with the marker known, and with any that may belong."""

    found: tuple[Unread, ...]
    bounds: tuple[Bounds, ...]


def unread_responses(library: Library, protocol: Protocol, selection: Selection) -> UnreadResponses:
    """The entries of excluded.yaml and the arms without counts that say how many were treated."""
    pool = selection.pools[-1]
    markers = frozenset(
        marker for row in protocol.pools[pool].rows if (marker := protocol.rows[row].marker) is not None
    )
    found = tuple(sorted(_found(library, markers, selection), key=lambda each: (-each.treated, each.id)))
    counts = selection.count(pool, protocol.label(pool))
    known = tuple(each for each in found if each.status == "positive")
    possible = tuple(each for each in found if each.status != "other")
    bounds = [Bounds(pool, KNOWN, counts, known), Bounds(pool, ANY, counts, possible)]
    return UnreadResponses(found, tuple(each for each in bounds if each.unread and counts.evaluable))


def _found(library: Library, markers: frozenset[str], selection: Selection) -> Iterator[Unread]:
    for entry in library.excluded:
        if entry.treated:
            status = _status(dict(entry.status), markers)
            yield Unread(entry.id, entry.treated, entry.responded or 0, status, entry.treated_as_stated or "")
    eligible = {placed.unit.id: dict(placed.unit.markers) for placed in selection.placed if placed.row is not None}
    for report in library.reports:
        for number, arm in enumerate(report.arms, start=1):
            name = f"{report.id}/arm{number}"
            treated = arm.treated or arm.responders
            if arm.evaluable is None and treated and name in eligible:
                yield Unread(name, treated, arm.responders or 0, _status(eligible[name], markers), arm.label)


def _status(found: dict[str, str], markers: frozenset[str]) -> str:
    """positive: by a marker of the pool. other: negative for it, or positive for another only. Mixed may belong."""
    own = {status for marker, status in found.items() if marker in markers}
    if own == {"positive"}:
        return "positive"
    if "mixed" in own:
        return "not_stated"
    return "other" if own or "positive" in found.values() else "not_stated"
