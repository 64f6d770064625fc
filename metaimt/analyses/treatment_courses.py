"""Who was given what, for how long, and how did it go? Every inhibitor of each patient, in the order given.

A list: nothing is estimated, and a time that is not known stays so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.unit import Span, Unit


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

    def to_dict(self) -> dict[str, Any]:
        """All fields by name; what is not stated says so."""
        found = {name: getattr(self, name) for name in self.__slots__}
        found["combined_with"] = list(self.combined_with)
        for name in ("months", "pfs"):
            span = found[name]
            found[name] = None if span is None else {"low": span[0], "high": span[1]}
        return {name: {"not_stated": "in the source"} if value is None else value for name, value in found.items()}


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

    def to_dict(self) -> dict[str, Any]:
        """The patient and the courses."""
        status = self.counts.units[0].life_status or {"not_stated": "in the source"}
        courses = [course.to_dict() for course in self.courses]
        return {"patient": self.patient, "report": self.report, "life_status": status, "courses": courses}


@dataclass(frozen=True)
class TreatmentCourses:
    """The patients of one pool who are described one by one, longest known treatment first.

    arms: whose patients' courses are not known one by one.
    """

    pool: str
    patients: tuple[PatientCourses, ...]
    arms: Count

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable form."""
        patients = [patient.to_dict() for patient in self.patients]
        return {"pool": self.pool, "patients": patients, "as_counts": self.arms.evaluable}


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
