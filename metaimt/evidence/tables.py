"""The rows of the evidence: one unit a treatment course of a patient, or an arm known only as counts.

A unit repeats what its file says; only responders and evaluable patients are counted, by the protocol's outcome rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Course, Mutation, Patient
from metaimt.casefiles.protocol import Outcome
from metaimt.model.fields import FURTHER
from metaimt.model.unit import ADULT_AGE, Span, Unit
from metaimt.vocabulary import REGIMEN


def units(library: Library, outcome: Outcome) -> tuple[Unit, ...]:
    """All units of a library, in the order of its reports, patients and courses."""
    return tuple(unit for report in library.reports for unit in _of_report(library, report, outcome))


def _of_report(library: Library, report: CaseFile, outcome: Outcome) -> Iterator[Unit]:
    publication = _of_publication(library, report)
    for patient in report.patients:
        for number in range(1, len(patient.courses) + 1):
            yield _course_unit(library, publication, patient, number, outcome)
    for a, arm in enumerate(report.arms, start=1):
        yield _arm_unit(library, publication, arm, a)


def is_responder(response: str, stop_reason: str | None, outcome: Outcome) -> bool | None:
    """True or False for an evaluable best response, None if it is not evaluable."""
    if response in outcome.evaluable:
        return response in outcome.responders
    died_first = (response, stop_reason) == ("NE", "death") and outcome.death_before_assessment == "non_response"
    return False if died_first else None


def _course_unit(
    library: Library, publication: Mapping[str, Any], patient: Patient, number: int, outcome: Outcome
) -> Unit:
    course = patient.courses[number - 1]
    responded = None if course.response is None else is_responder(course.response, course.stop_reason, outcome)
    readings = {responded} | {
        is_responder(other, course.stop_reason, outcome) for other in course.response_alternatives
    }
    death = course.response == "NE" and responded is False
    subject = f"{publication['report']}/{patient.id}"
    markers = _patient_markers(patient)
    return Unit(
        id=subject if number == 1 else f"{subject}/course{number}",
        patient=patient.id,
        arm=None,
        course=number,
        line="first" if number == 1 else "later",
        **publication,
        **_of_drug(library, course),
        histology=patient.histology,
        site=patient.site,
        fusion_gene=patient.fusion_gene,
        fusion_partner=patient.fusion_partner,
        markers=markers,
        kinases=_kinases(library, patient.fusion_gene, markers, patient.mutations),
        mutations=_mutations(patient),
        marker_evidence=_evidence(patient),
        age=patient.age,
        age_group=None if patient.age is None else "child" if patient.age < ADULT_AGE else "adult",
        sex=patient.sex,
        response=course.response,
        response_basis="death" if death else course.response_basis,
        disputed={True, False} <= readings,
        responders=int(responded is True),
        evaluable=int(responded is not None),
        complete=None if responded is None else int(course.response == "CR"),
        controlled=None if responded is None else int(course.response in {"CR", "PR", "SD"}),
        **_of_time(course),
        life_status=patient.status,
        stated=_further(course, patient),
    )


def _arm_unit(library: Library, publication: Mapping[str, Any], arm: Arm, number: int) -> Unit:
    groups = {"paediatric": "child", "adult": "adult", "mixed": "mixed"}
    found = {**arm.status, **({arm.fusion_gene: "positive"} if arm.fusion_gene else {})}
    markers = tuple(sorted(found.items()))
    return Unit(
        id=f"{publication['report']}/arm{number}",
        patient=None,
        arm=number,
        course=0,
        line=arm.line,
        **publication,
        **_of_drug(library, arm),
        histology=arm.histology,
        site=arm.site,
        fusion_gene=arm.fusion_gene,
        fusion_partner=arm.fusion_partner,
        markers=markers,
        kinases=_kinases(library, arm.fusion_gene, markers, arm.mutations),
        mutations=_mutations(arm),
        marker_evidence="stated" if "positive" in found.values() else None,
        age=None,
        age_group=groups.get(arm.population or ""),
        sex=None,
        response=None,
        response_basis=arm.response_basis,
        disputed=False,
        responders=arm.counts[0],
        evaluable=arm.counts[1],
        uncounted=arm.evaluable is None,
        known_responders=arm.responders if arm.evaluable is None else None,
        complete=arm.cr,
        controlled=None if arm.sd is None or arm.evaluable is None else arm.counts[0] + arm.sd,
        median_pfs=arm.median_pfs_months,
        median_duration=arm.median_duration_months,
        stated=_further(arm),
    )


def _further(*described: Patient | Course | Arm) -> tuple[tuple[str, Any], ...]:
    """The fields that no rule reads, as entered."""
    found = {name: (getattr(each, name, None) for each in described) for name in FURTHER}
    return tuple((name, next((one for one in values if one is not None), None)) for name, values in found.items())


def _file(library: Library, report: CaseFile) -> str:
    """The report's file as seen from beside the review folder, wherever that lies: cases/literature/x.yaml."""
    inside = Path(library.report_documents[report.id].name).relative_to(library.folder)
    return Path(library.folder.resolve().name, inside).as_posix()


def _of_publication(library: Library, report: CaseFile) -> dict[str, Any]:
    return {
        "report": report.id,
        "file": _file(library, report),
        "design": report.report.design,
        "local": report.report.setting == "local",
        "depth": report.extraction.depth,
        "year": report.report.year,
    }


def _of_drug(library: Library, given: Course | Arm) -> dict[str, Any]:
    drug = library.vocabulary.drug(given.drug)
    return {
        "drug": drug.name,
        "drug_named": drug.named,
        "drug_generation": drug.generation if drug.named else None,
        "targets": tuple(library.vocabulary.drug(each).targets for each in drug.name.split(REGIMEN)),
        "combined_with": given.combined_with,
    }


def _of_time(course: Course) -> dict[str, Any]:
    return {
        "duration": _span(course.duration_months),
        "pfs": _span(course.pfs_months),
        "response_duration": _span(course.response_duration_months),
        "ongoing": course.ongoing,
        "stop_reason": course.stop_reason,
        "beyond_progression": course.beyond_progression,
        "at_twelve_months": course.in_response_at_12_months,
        "became_operable": course.became_operable,
    }


def _span(months: float | Span | None) -> Span | None:
    return months if isinstance(months, tuple) or months is None else (months, months)


def _patient_markers(patient: Patient) -> tuple[tuple[str, str], ...]:
    """A fusion or rearrangement decides over immunohistochemistry; any positive finding over a negative one."""
    status: dict[str, str] = dict(patient.ihc)
    for marker, rearranged in patient.rearranged.items():
        if rearranged or marker not in status:
            status[marker] = "positive" if rearranged else "negative"
    if patient.fusion_gene is not None:
        status[patient.fusion_gene] = "positive"
    return tuple(sorted(status.items()))


def _kinases(
    library: Library, fused: str | None, markers: tuple[tuple[str, str], ...], mutations: tuple[Mutation, ...]
) -> tuple[str, ...]:
    """The kinase of the fusion, else those of positive markers under any name, and those that are mutated."""
    if fused is not None:
        return (fused,)
    positive = [library.vocabulary.belongs("kinase", marker) for marker, status in markers if status == "positive"]
    mutated = [mutation.gene for mutation in mutations if mutation.gene in library.vocabulary.lists["kinase"]]
    return tuple(dict.fromkeys(gene for gene in (*positive, *mutated) if gene is not None))


def _mutations(described: Patient | Arm) -> tuple[tuple[str, str | None], ...]:
    return tuple((mutation.gene, mutation.change) for mutation in described.mutations)


def _evidence(patient: Patient) -> str | None:
    if patient.fusion_gene is not None:
        return "fusion"
    findings: Mapping[str, bool] = {
        "rearranged": any(patient.rearranged.values()),
        "ihc": "positive" in patient.ihc.values(),
    }
    return next((name for name, found in findings.items() if found), None)
