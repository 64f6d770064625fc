"""The cases behind the numbers of the section on publication bias.

May import: analyses and below, and its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable

from metaimt.analyses.publication_bias import NOT_STATED
from metaimt.analyses.results import Results
from metaimt.evidence.selection import Placed
from metaimt.model.unit import Unit
from metaimt.report.bias_note import contrast_key
from metaimt.report.case_set import Sets, case_set
from metaimt.statistics.small_study import SMALLEST


def bias_sets(results: Results) -> Sets:
    """Both sides of each contrast, how responses are known, dated and larger reports, and published figures."""
    yield from _contrasts(results)
    for pool in results.publication_bias.reading:
        yield from _of_pool(results, pool)
    for each in results.published:
        title = f"Patients that match {each.entry.citation or each.entry.id}"
        yield f"published/{each.entry.id}/widest", case_set(f"{title}, widest pool", _units(each.members))
        yield f"published/{each.entry.id}/headline", case_set(f"{title}, headline", _units(each.headline_members))


def _contrasts(results: Results) -> Sets:
    for contrast in results.publication_bias.contrasts:
        for name, side in (("group", contrast.group), ("reference", contrast.reference)):
            units = _units(side.members)
            yield contrast_key(contrast, name), case_set(side.label, units)
            inferred = [unit for unit in units if unit.response_basis == "inferred"]
            yield contrast_key(contrast, name, "inferred"), case_set(f"{side.label}, inferred", inferred)


def _of_pool(results: Results, pool: str) -> Sets:
    label, units = results.protocol.label(pool), _units(results.selection.members(pool))
    for kind, field in (("basis", "response_basis"), ("depth", "depth")):
        for level in dict.fromkeys(getattr(unit, field) or NOT_STATED for unit in units):
            found = [unit for unit in units if (getattr(unit, field) or NOT_STATED) == level]
            yield f"{kind}/{pool}/{level}", case_set(f"{label}: {level.replace('_', ' ')}", found)
    yield f"dated/{pool}", case_set(f"{label}: dated", [unit for unit in units if unit.year is not None])
    yield f"dated/{pool}/undated", case_set(f"{label}: undated", [unit for unit in units if unit.year is None])
    sizes = {report: n for report, _, n in results.response.pools[pool].clusters}
    for least in (2, SMALLEST):
        larger = [unit for unit in units if sizes[unit.report] >= least]
        yield f"pool/{pool}/of {least} or more", case_set(f"{label}: reports of {least} or more patients", larger)


def _units(members: Iterable[Placed]) -> list[Unit]:
    return [member.unit for member in members if member.unit.evaluable]
