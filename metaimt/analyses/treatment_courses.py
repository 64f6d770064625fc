"""Who was given what, for how long, and how did it go? Every inhibitor of each patient, in the order given.

A list: nothing is estimated, and a time that is not known stays so.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import Any, Final

from metaimt.evidence.selection import Selection
from metaimt.model.count import Count, grouped
from metaimt.model.unit import Span, Unit
from metaimt.serialise import published

NOT_STATED: Final = {"not_stated": "in the source"}  # in JSON


def _span(span: Span | None) -> dict[str, float] | None:
    return None if span is None else {"low": span[0], "high": span[1]}


_STATED: Final = (
    *("drug", "drug_named", "combined_with", "response", "response_basis"),
    *("ongoing", "stop_reason", "beyond_progression"),
)


def _course(unit: Unit) -> dict[str, Any]:
    """One inhibitor of one patient, for JSON. `months` on the drug and `pfs`: shortest and longest."""
    found = {"number": unit.course, "months": _span(unit.duration), "pfs": _span(unit.pfs)}
    found |= {name: getattr(unit, name) for name in _STATED}
    return {name: NOT_STATED if value is None else value for name, value in found.items()}


@published(
    "patient",
    "report",
    courses=lambda each: list(map(_course, each.courses)),
    life_status=lambda each: each.courses[0].life_status or NOT_STATED,
)
@dataclass(frozen=True, slots=True)
class PatientCourses:
    """One patient, by the first course; `counts` has all courses, in their order."""

    counts: Count

    @property
    def courses(self) -> tuple[Unit, ...]:
        """One inhibitor each."""
        return self.counts.units

    @property
    def patient(self) -> str:
        """The patient in the review: `report/P1`."""
        return self.courses[0].subject

    @property
    def report(self) -> str:
        """The report that describes the patient."""
        return self.courses[0].report

    @property
    def known_months(self) -> float:
        """Months on inhibitors as far as known, a range at its longest."""
        return fsum(course.duration[1] for course in self.courses if course.duration is not None)


@published("pool", "patients", as_counts="arms.evaluable")
@dataclass(frozen=True)
class TreatmentCourses:
    """The patients of one pool who are described one by one, longest known treatment first.

    arms: whose patients' courses are not known one by one.
    """

    pool: str
    patients: tuple[PatientCourses, ...]
    arms: Count


def treatment_courses(selection: Selection) -> dict[str, TreatmentCourses]:
    """Every pool. A patient is in a pool by the first course; all later courses of that patient go with it."""
    courses = (placed.unit for placed in selection.placed if placed.unit.course)
    by_subject = grouped(courses, lambda unit: unit.subject)
    return {pool: _of_pool(selection, pool, by_subject) for pool in selection.pools}


def _of_pool(selection: Selection, pool: str, by_subject: dict[str, list[Unit]]) -> TreatmentCourses:
    members = [placed.unit for placed in selection.members(pool)]
    subjects = dict.fromkeys(unit.subject for unit in members if unit.course)
    patients = [PatientCourses(Count.of(subject, by_subject[subject])) for subject in subjects]
    ordered = sorted(patients, key=lambda patient: (-patient.known_months, patient.patient))
    arms = Count.of(f"{pool}, known only as counts", (unit for unit in members if unit.arm is not None))
    return TreatmentCourses(pool, tuple(ordered), arms)
