"""The protocol applied to the units: which row and pools each is in, and why not.

Order: eligibility, then links, once and for all pools, then rows, then the conditions of each pool. A unit keeps every
reason that applies, the decisive one first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Pool, Protocol, Row
from metaimt.casefiles.shared import Link
from metaimt.evidence.tables import units
from metaimt.model.count import Count
from metaimt.model.reason import Reason, Why
from metaimt.model.unit import Unit

LATER_LINES = "later_lines"


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit with the row it belongs to, its stratum, and for each pool the reasons that keep it out (empty: in)."""

    unit: Unit
    row: str | None
    stratum: str | None
    reasons: Mapping[str, tuple[Why, ...]]

    def words(self, pool: str) -> tuple[str, ...]:
        """The reasons against a pool as words, the decisive one first."""
        return tuple(map(str, self.reasons[pool]))

    def in_words(self) -> dict[str, tuple[str, ...]]:
        """The words of the reasons against each group."""
        return {group: self.words(group) for group in self.reasons}

    def is_in(self, pool: str) -> bool:
        """Whether the unit is counted in a pool (or separate row)."""
        return not self.reasons[pool]


@dataclass(frozen=True)
class Selection:
    """Every unit of the library, placed. `groups` names the pools and then the separate rows, in display order."""

    placed: tuple[Placed, ...]
    pools: tuple[str, ...]
    rows: tuple[str, ...]

    def members(self, group: str) -> tuple[Placed, ...]:
        """The units counted in a pool or separate row."""
        return tuple(placed for placed in self.placed if placed.is_in(group))

    def count(self, group: str, title: str) -> Count:
        """Those counted in a pool or separate row, under a title."""
        return Count.of(title, (placed.unit for placed in self.members(group)))

    def left_out(self, group: str) -> tuple[Placed, ...]:
        """The units not counted in a pool or separate row."""
        return tuple(placed for placed in self.placed if not placed.is_in(group))


def select(library: Library, protocol: Protocol) -> Selection:
    """Place every unit of the library by the protocol."""
    return place_units(units(library, protocol.outcome), library.links, protocol)


def place_units(everyone: tuple[Unit, ...], links: Iterable[Link], protocol: Protocol) -> Selection:
    """Place these units by the protocol: what `select` does once it has read them."""
    ineligible = {unit.id: why for unit in everyone if (why := _ineligible(unit, protocol)) is not None}
    counted_in = resolve_links(links, protocol.links.apply, everyone, set(ineligible))
    pooled_rows = {row for pool in protocol.pools.values() for row in pool.rows}
    separate = tuple(row for row in protocol.rows if row not in pooled_rows)
    groups: dict[str, Pool] = dict(protocol.pools)
    groups |= {row: Pool(rows=(row,)) for row in separate}
    groups[LATER_LINES] = Pool(rows=tuple(row for row in protocol.rows if row in pooled_rows), line="later")

    def place(unit: Unit) -> Placed:
        """The unit in its row and stratum, with the reasons against each group, the decisive one first."""
        row = _row(unit, protocol)
        first = [ineligible[unit.id]] if unit.id in ineligible else []
        first += [Why(Reason.COUNTED_ELSEWHERE, counted_in[unit.id])] if unit.id in counted_in else []
        reasons = {name: (*first, *_outside(unit, row, pool, protocol)) for name, pool in groups.items()}
        return Placed(unit, row, _stratum(unit, protocol), reasons)

    placed = tuple(place(unit) for unit in everyone)
    return Selection(placed, tuple(protocol.pools), (*separate, LATER_LINES))


def meets(unit: Unit, pool: Pool) -> bool:
    """Whether a unit passes the conditions of a pool on drug, treatment, response and reading, whatever its row."""
    return not _unmet(unit, pool)


def _ineligible(unit: Unit, protocol: Protocol) -> Why | None:
    histology = unit.histology or "not_stated"
    return None if histology in protocol.eligible.histology else Why(Reason.NOT_ELIGIBLE, histology)


def resolve_links(
    links: Iterable[Link], certainties: tuple[str, ...], everyone: Iterable[Unit], ineligible: set[str]
) -> dict[str, str]:
    """Unit id -> the report that counts its patients instead. A preferred unit that is not eligible takes nothing."""
    by_report: dict[str, list[Unit]] = {}
    for unit in everyone:
        by_report.setdefault(unit.report, []).append(unit)
    gives_way: dict[str, list[str]] = {}
    for link in links:
        if link.certainty in certainties:
            for unit in _giving_way(link, by_report, ineligible):
                gives_way.setdefault(unit.id, []).append(link.prefer)
    surrendered = {unit.report for unit in everyone if unit.id in gives_way}
    return {
        unit_id: min(preferred, key=lambda report: (report in surrendered, report))
        for unit_id, preferred in gives_way.items()
    }


def _giving_way(link: Link, by_report: Mapping[str, list[Unit]], ineligible: set[str]) -> list[Unit]:
    giving = [unit for unit in by_report.get(link.gives_way, []) if unit.id not in ineligible]
    eligible = {unit.subject for unit in by_report.get(link.prefer, []) if unit.id not in ineligible}
    if not link.patients:
        return giving if eligible else []
    named = set()
    for same in link.patients:
        mine, theirs = same.side(link.gives_way), same.side(link.prefer)
        if mine is not None and theirs is not None and "/".join(theirs) in eligible:
            named.add("/".join(mine))
    return [unit for unit in giving if unit.subject in named]


def _row(unit: Unit, protocol: Protocol) -> str | None:
    named = {row.fusion_gene or row.marker for row in protocol.rows.values()} - {"other"}
    return next((name for name, row in protocol.rows.items() if _in_row(unit, row, named)), None)


def _in_row(unit: Unit, row: Row, named: set[str | None]) -> bool:
    """A known fusion gene decides: a ROS1-fused tumour that is ALK-negative belongs to ROS1, not to ALK-negative."""
    if row.fusion_gene is not None:
        other = row.fusion_gene == "other" and unit.fusion_gene not in named
        return unit.fusion_gene is not None and (other or unit.fusion_gene == row.fusion_gene)
    if unit.fusion_gene is not None and unit.fusion_gene != row.marker:
        return False
    return unit.marker(row.marker or "") == row.status


def _stratum(unit: Unit, protocol: Protocol) -> str | None:
    return next((name for name, designs in protocol.strata.items() if unit.design in designs), None)


def _outside(unit: Unit, row: str | None, pool: Pool, protocol: Protocol) -> list[Why]:
    """The reasons that keep an eligible, unlinked unit out of a pool."""
    reasons = []
    if pool.line == "first" and unit.line == "later":
        reasons.append(Why(Reason.LATER_LINE))
    if pool.line == "later" and unit.line != "later":
        reasons.append(Why(Reason.FIRST_LINE))
    if pool.line == "later" and unit.course > 2:
        reasons.append(Why(Reason.LATER_COURSE))
    if row not in pool.rows:
        reasons.append(_other_row(unit, row, protocol))
    if unit.evaluable == 0:
        reasons.append(Why(Reason.NOT_EVALUABLE if unit.response == "NE" else Reason.NOT_READABLE))
    return [*reasons, *_unmet(unit, pool)]


def _other_row(unit: Unit, row: str | None, protocol: Protocol) -> Why:
    if row is not None:
        return Why(Reason.OTHER_ROW, protocol.label(row))
    mixed = [marker for marker, status in unit.markers if status == "mixed"]
    return Why(Reason.MIXED_STATUS, ", ".join(mixed)) if mixed else Why(Reason.NO_ROW)


_CONDITIONS: tuple[tuple[Reason, Callable[[Unit, Pool], bool]], ...] = (
    (
        Reason.INFERRED,
        lambda unit, pool: (
            bool(pool.response_basis) and unit.response_basis not in (None, "death", *pool.response_basis)
        ),
    ),
    (
        Reason.BASIS_NOT_STATED,
        lambda unit, pool: bool(pool.response_basis) and unit.response_basis is None and unit.evaluable > 0,
    ),
    (Reason.UNNAMED_DRUG, lambda unit, pool: pool.drug == "named" and not unit.drug_named),
    (Reason.MIXED_TREATMENT, lambda unit, pool: pool.combined_with == "none" and bool(unit.combined_with)),
    (Reason.SECOND_HAND, lambda unit, pool: bool(pool.depth) and unit.depth not in pool.depth),
    (Reason.DISPUTED, lambda unit, pool: not pool.disputed and unit.disputed),
)


def _unmet(unit: Unit, pool: Pool) -> list[Why]:
    return [Why(reason) for reason, fails in _CONDITIONS if fails(unit, pool)]
