"""How a review of format 1 is selected: its own rules, so that a review that was frozen under them stays reproducible.

Drugs have no targets. Links are resolved once for all pools: the preferred report takes the patients even where it
cannot enter a pool. Only the field `fusion_gene` decides a row over a marker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from metaimt.casefiles.protocol import Row
from metaimt.casefiles.shared import Link
from metaimt.model.unit import Unit


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


def in_row(unit: Unit, row: Row, named: set[str | None]) -> bool:
    """A known fusion gene decides: a ROS1-fused tumour that is ALK-negative belongs to ROS1, not to ALK-negative."""
    if row.fusion_gene is not None:
        other = row.fusion_gene == "other" and unit.fusion_gene not in named
        return unit.fusion_gene is not None and (other or unit.fusion_gene == row.fusion_gene)
    if unit.fusion_gene is not None and unit.fusion_gene != row.marker:
        return False
    return unit.marker(row.marker or "") == row.status
