"""The cases behind the parts of the figures: the cells of the evidence map, and the lanes of the swimmer plot.

May import: analyses, figures and below, and its neighbours.
"""

from __future__ import annotations

from metaimt.analyses.evidence_map import EvidenceMap
from metaimt.analyses.results import Results
from metaimt.figures.regions import cell_key, patient_key
from metaimt.model.unit import Unit
from metaimt.report.case_set import Sets, case_set


def figure_sets(results: Results) -> Sets:
    """Every cell and total of the map, and every patient with a lane."""
    yield from _map(results)
    yield from _lanes(results)


def shown_map(results: Results) -> EvidenceMap:
    """The map of the widest pool, which the figure shows."""
    return results.evidence_map[list(results.protocol.pools)[-1]]


def _map(results: Results) -> Sets:
    found = shown_map(results)
    title = results.protocol.label(found.pool)
    down, across = (name.replace("_", " ") for name in (found.down, found.across))
    members = [placed.unit for placed in results.selection.members(found.pool) if placed.unit.evaluable]
    pairs = [(unit, *found.pair_of(unit)) for unit in members]
    for row, column in found.cells:
        inside = [unit for unit, *pair in pairs if pair == [row, column]]
        yield cell_key(found.pool, row, column), case_set(f"{title}: {row} with {column}", inside)
    for row in found.rows:
        inside = [unit for unit, level, _ in pairs if level == row]
        yield cell_key(found.pool, row=row), case_set(f"{title}: {down} {row}", inside)
    for column in found.columns:
        inside = [unit for unit, _, level in pairs if level == column]
        yield (
            cell_key(found.pool, column=column),
            case_set(f"{title}: {across} {column}", inside),
        )


def _lanes(results: Results) -> Sets:
    from metaimt.figures.review_swimmer import lane_label

    courses: dict[str, list[Unit]] = {}
    for placed in results.selection.placed:
        courses.setdefault(placed.unit.subject, []).append(placed.unit)
    for patient in results.courses[list(results.protocol.pools)[-1]].patients:
        yield patient_key(patient.patient), case_set(lane_label(results, patient), courses[patient.patient])
