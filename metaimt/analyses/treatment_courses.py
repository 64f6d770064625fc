"""Who was given what, for how long, and how did it go? Every inhibitor of each patient, in the order given.

A list: nothing is estimated, and a time that is not known stays so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.unit import Span, Unit
from metaimt.serialise import published

NOT_STATED: Final = {"not_stated": "in the source"}  # in JSON


def _span(span: Span | None) -> dict[str, float] | None:
    return None if span is None else {"low": span[0], "high": span[1]}


@published(
    "number",
    "drug",
    "drug_named",
    "combined_with",
    "response",
    "response_basis",
    "ongoing",
    "stop_reason",
    "beyond_progression",
    months=lambda each: _span(each.months),
    pfs=lambda each: _span(each.pfs),
    none=NOT_STATED,
)
@dataclass(frozen=True, slots=True)
class TreatmentCourse:
    """One inhibitor of one patient. `months` on the drug and `pfs`: shortest and longest, None where not stated."""

    number: int
    drug: str
    drug_named: bool
    combined_with: tuple[str, ...]
    response: str | None
    response_basis: str | None
    months: Span | None
    pfs: Span | None
    ongoing: bool | None
    stop_reason: str | None
    beyond_progression: bool | None

    @property
    def progressed(self) -> bool:
        """Whether the source says that the disease progressed on the drug."""
        return self.stop_reason == "progression" or bool(self.beyond_progression)


@published("patient", "report", "courses", life_status=lambda each: each.counts.units[0].life_status or NOT_STATED)
@dataclass(frozen=True, slots=True)
class PatientCourses:
    """One patient, by the first course, with all courses."""

    counts: Count
    courses: tuple[TreatmentCourse, ...]

    @property
    def patient(self) -> str:
        """The patient in the review: `report/P1`."""
        return self.counts.units[0].subject

    @property
    def report(self) -> str:
        """The report that describes the patient."""
        return self.counts.units[0].report

    @property
    def known_months(self) -> float:
        """Months on inhibitors as far as known, a range at its longest."""
        return fsum(course.months[1] for course in self.courses if course.months is not None)


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
    by_subject: dict[str, list[Unit]] = {}
    for placed in selection.placed:
        if placed.unit.course:
            by_subject.setdefault(placed.unit.subject, []).append(placed.unit)
    return {pool: _of_pool(selection, pool, by_subject) for pool in selection.pools}


def _of_pool(selection: Selection, pool: str, by_subject: dict[str, list[Unit]]) -> TreatmentCourses:
    members = [placed.unit for placed in selection.members(pool)]
    subjects = dict.fromkeys(unit.subject for unit in members if unit.course)
    patients = [_patient(by_subject[subject]) for subject in subjects]
    ordered = sorted(patients, key=lambda patient: (-patient.known_months, patient.patient))
    arms = Count.of(f"{pool}, known only as counts", (unit for unit in members if unit.arm is not None))
    return TreatmentCourses(pool, tuple(ordered), arms)


def _patient(units: Sequence[Unit]) -> PatientCourses:
    first = units[0]
    courses = tuple(_course(unit) for unit in sorted(units, key=lambda unit: unit.course))
    return PatientCourses(Count.of(first.subject, units), courses)


def _course(unit: Unit) -> TreatmentCourse:
    return TreatmentCourse(
        number=unit.course,
        drug=unit.drug,
        drug_named=unit.drug_named,
        combined_with=unit.combined_with,
        response=unit.response,
        response_basis=unit.response_basis,
        months=unit.duration,
        pfs=unit.pfs,
        ongoing=unit.ongoing,
        stop_reason=unit.stop_reason,
        beyond_progression=unit.beyond_progression,
    )
