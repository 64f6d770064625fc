"""Rows for CSV of what stands behind a figure alone: treatment courses, and the evidence map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metaimt.analyses.evidence_map import EvidenceMap
from metaimt.analyses.treatment_courses import TreatmentCourses
from metaimt.report.tables import Row


def course_rows(found: Mapping[str, TreatmentCourses]) -> Iterator[Row]:
    """One course of one patient a row, by pool; what is not stated is empty."""
    for pool, courses in found.items():
        for patient in courses.patients:
            for course in patient.courses:
                low, high = course.months or (None, None)
                yield {
                    "pool": pool,
                    "patient": patient.patient,
                    "course": course.number,
                    "drug": course.drug,
                    "combined_with": "; ".join(course.combined_with),
                    "response": course.response or "",
                    "response_basis": course.response_basis or "",
                    "months_low": low,
                    "months_high": high,
                    "ongoing": "" if course.ongoing is None else str(course.ongoing).lower(),
                    "stop_reason": course.stop_reason or "",
                    "life_status": patient.counts.units[0].life_status or "",
                }


def evidence_map_rows(found: Mapping[str, EvidenceMap]) -> Iterator[Row]:
    """One cell that has patients a row, by pool."""
    for pool, each in found.items():
        for (row, column), counts in each.cells.items():
            yield {"pool": pool, each.down: row, each.across: column, **counts.to_dict()}
