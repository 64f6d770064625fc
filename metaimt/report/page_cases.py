"""Every case of the review as data for the page: what its filters, its table and its dialogs are made of.

The browser adds up what stands here and decides nothing: which group a case is in, how it counts and why it is left out
are the selection's.

What a case file says of one course or arm, as labelled words for the page; nothing is filled in.

The fields that every reader looks for are "not stated" where they are absent; the others are left away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from metaimt.analyses.results import Results
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Course, Median, Patient
from metaimt.content.every_report import RESPONSES, place_of
from metaimt.content.labels import report_labels
from metaimt.content.sources import addresses_of, reference
from metaimt.evidence.selection import Placed
from metaimt.model.fields import BY_NAME, FURTHER
from metaimt.model.fields import FACETS as UNIT_FACETS
from metaimt.model.unit import Unit

Fact = tuple[str, str]
NOT_STATED = "not stated"
_YES = {True: "yes", False: "no", None: None}


def facts_of(library: Library, unit: Unit) -> list[Fact]:
    """Label and words of everything recorded on a unit, in the order of a case file."""
    report = library.report(unit.report)
    if report is None:
        raise KeyError(unit.report)
    if unit.arm is not None:
        return _present(_arm(report.arms[unit.arm - 1]))
    patient = next(each for each in report.patients if each.id == unit.patient)
    return _present([*_patient(patient), *_course(patient, unit.course), *_after(patient)])


def reading_of(report: CaseFile) -> list[Fact]:
    """How a report was read, by whom, and what its reader noted."""
    reading = report.extraction
    second = f"checked by {reading.checked_by}" if reading.checked_by else "by one person only"
    return _present(
        [
            ("Read as", words(reading.depth) or NOT_STATED),
            ("Read in", reading.secondary_source),
            ("Read by", _joined([reading.by, second, reading.date])),
            ("Reader's note", reading.note),
        ]
    )


def words(term: str | None) -> str | None:
    """A term of the vocabulary as words: `head and neck`."""
    return term.replace("_", " ") if term else None


def months(value: float | tuple[float, float] | None) -> str | None:
    """`8 months`, `3 to 5 months`."""
    if value is None:
        return None
    low, high = value if isinstance(value, tuple) else (value, value)
    return f"{low:g} months" if low == high else f"{low:g} to {high:g} months"


def age(years: float | None) -> str:
    """`34 years`; months and days of the first two years to two digits."""
    return NOT_STATED if years is None else f"{years:.3g} years"


def _patient(patient: Patient) -> list[tuple[str, str | None]]:
    return [
        ("Age", age(patient.age)),
        ("Sex", patient.sex or NOT_STATED),
        ("Site", _joined([words(patient.site) or NOT_STATED, patient.site_detail])),
        ("Histology", _joined([patient.histology or NOT_STATED, patient.histology_detail])),
        ("Disease", words(patient.disease)),
        ("Treated before with", _joined(patient.prior_treatment)),
        ("Immunohistochemistry", _mapping(patient.ihc)),
        ("Staining pattern", patient.ihc_pattern),
        ("Fusion", _fusion(patient.fusion_gene, patient.fusion_partner)),
        ("Rearranged", _mapping({marker: _YES[found] or "" for marker, found in patient.rearranged.items()})),
        ("Mutations", _mutations(patient)),
        ("Tested by", patient.test_method),
        *_further(patient),
    ]


def _course(patient: Patient, number: int) -> list[tuple[str, str | None]]:
    course = patient.courses[number - 1]
    more = f" (inhibitor {number} of {len(patient.courses)})" if len(patient.courses) > 1 else ""
    return [
        ("Drug", course.drug + more),
        ("Dose", course.dose),
        ("Given with", _joined(course.combined_with)),
        ("Best response", _response(course)),
        ("In the words of the source", course.response_as_stated and f"“{course.response_as_stated}”"),
        ("The source also leaves open", _joined(course.response_alternatives)),
        ("Criteria", course.criteria),
        ("Change of size", _size(course)),
        ("Time to response", months(course.time_to_response_months)),
        ("Time on the drug", months(course.duration_months)),
        ("Progression-free survival", months(course.pfs_months)),
        ("Duration of response", months(course.response_duration_months)),
        ("Still on the drug", _YES[course.ongoing]),
        ("In response or on the drug at 12 months", _YES[course.in_response_at_12_months]),
        ("Became operable", _YES[course.became_operable]),
        ("Stopped because of", words(course.stop_reason)),
        ("Continued after progression", _YES[course.beyond_progression]),
        ("Adverse events", _joined(course.adverse_events)),
        *_further(course),
    ]


def _response(course: Course) -> str:
    if course.response is None:
        return "not readable in the source"
    return f"{course.response} ({course.response_basis})" if course.response_basis else course.response


def _after(patient: Patient) -> list[tuple[str, str | None]]:
    return [("Last follow-up", _joined([patient.status, months(patient.followup_months)]))]


def _arm(arm: Arm) -> list[tuple[str, str | None]]:
    counts = {"CR": arm.cr, "PR": arm.pr, "SD": arm.sd, "PD": arm.pd}
    known = [f"{name} {number}" for name, number in counts.items() if number is not None]
    return [
        ("Group, known as counts", arm.label),
        ("Responders of evaluable", _counts(arm)),
        ("Treated", None if arm.treated is None else str(arm.treated)),
        ("Best responses", _joined(known) or NOT_STATED),
        ("Drug", arm.drug),
        ("Given with", _joined(arm.combined_with)),
        ("Population", arm.population or NOT_STATED),
        ("Line", NOT_STATED if arm.line == "any" else arm.line),
        ("Site", words(arm.site) or NOT_STATED),
        ("Histology", arm.histology or NOT_STATED),
        ("Marker status", _mapping(arm.status)),
        ("Fusion", _fusion(arm.fusion_gene, arm.fusion_partner)),
        ("Mutations", _mutations(arm)),
        ("In response or on the drug at 12 months", _at_12_months(arm)),
        ("Counts are", words(arm.counts_basis)),
        ("Responses are", arm.response_basis),
        ("Denominator", arm.denominator),
        ("Median progression-free survival", _median(arm.median_pfs_months)),
        ("Median time on the drug", _median(arm.median_duration_months)),
        *_further(arm),
    ]


def _further(described: Patient | Course | Arm) -> list[tuple[str, str | None]]:
    """The fields that no rule reads, as entered, and what was settled between two readers."""
    values = {name: getattr(described, name, None) for name in FURTHER}
    further = [(BY_NAME[name].label, words(str(value))) for name, value in values.items() if value is not None]
    return further + [
        ("Settled between readers", f"{words(each.field)}, by {each.by}: {each.why}") for each in described.adjudicated
    ]


def _counts(arm: Arm) -> str:
    if arm.evaluable is not None:
        return f"{arm.responders}/{arm.evaluable}"
    known = NOT_STATED if arm.responders is None else str(arm.responders)
    return f"{known}; how many were evaluable is not printed"


def _at_12_months(arm: Arm) -> str | None:
    found = arm.in_response_at_12_months
    return None if found is None else f"{found.n} of {found.of} in whom it is known"


def _mutations(described: Patient | Arm) -> str | None:
    return _joined([" ".join(filter(None, [each.gene, each.change])) for each in described.mutations])


def _size(course: Course) -> str | None:
    change = None if course.size_change_percent is None else f"{course.size_change_percent:+g} %"
    sizes = None if course.sizes is None else f"from {course.sizes[0]:g} to {course.sizes[1]:g}"
    return _joined([change, sizes])


def _median(median: Median | None) -> str | None:
    if median is None:
        return None
    limits = [] if median.ci is None else ["not estimable" if limit is None else f"{limit:g}" for limit in median.ci]
    return f"{median.value:g} months" + (f" (printed 95 % interval {' to '.join(limits)})" if limits else "")


def _fusion(gene: str | None, partner: str | None) -> str:
    if gene is None:
        return NOT_STATED
    return f"{partner}::{gene}" if partner else f"{gene}, partner not stated"


def _mapping(found: Mapping[str, str]) -> str | None:
    return _joined(f"{name} {status}" for name, status in sorted(found.items()))


def _joined(parts: Iterable[str | None]) -> str | None:
    return ", ".join(part for part in parts if part) or None


def _present(facts: Iterable[tuple[str, str | None]]) -> list[Fact]:
    return [(label, value) for label, value in facts if value]


STRIP = RESPONSES
STRATUM = "stratum"  # the one facet that the protocol decides, and no field of a unit
_ORDER = ("drug", "partner", "site", "histology", "line", STRATUM, "basis", "year")  # further ones come after these
FACETS = tuple(sorted((*UNIT_FACETS, STRATUM), key=lambda name: (*_ORDER, name).index(name)))


def case_data(results: Results) -> list[dict[str, Any]]:
    """One entry a unit, in the order of the selection."""
    return [_case(placed, results) for placed in results.selection.placed]


def report_data(results: Results) -> dict[str, dict[str, Any]]:
    """One entry a report, by id: label, reference, links, file, and how it was read."""
    labels = report_labels(results.library.reports)
    files = {placed.unit.report: placed.unit.file for placed in results.selection.placed}
    return {
        report.id: {
            "label": labels[report.id],
            "reference": reference(report),
            "links": addresses_of(report.report),
            "file": files.get(report.id, ""),
            "design": words(report.report.design),
            "reading": reading_of(report),
        }
        for report in results.library.reports
    }


def facets(placed: Placed, results: Results) -> dict[str, str]:
    """The value of a unit in each filter of the page; "not stated" where there is none."""
    values = {name: field.words(placed.unit) for name, field in UNIT_FACETS.items()}
    values[STRATUM] = placed.stratum and results.protocol.label(placed.stratum)
    return {name: value or NOT_STATED for name, value in values.items()}


def groups_of(placed: Placed) -> list[str]:
    """The pools and separate rows that count an evaluable unit."""
    return [name for name in placed.reasons if placed.is_in(name) and placed.unit.evaluable]


def strip_of(unit: Unit, arm: Arm | None) -> tuple[int, ...]:
    """Evaluable patients of a unit by `STRIP`; they add up to its evaluable patients."""
    if not unit.evaluable:
        return (0,) * len(STRIP)
    if arm is None:
        place = place_of(unit.response)
        return tuple(int(place == number) for number in range(len(STRIP)))
    cr, pr, sd, pd = (count or 0 for count in (arm.cr, arm.pr, arm.sd, arm.pd))
    responders, evaluable = arm.counts
    responses, failures = responders - cr - pr, evaluable - responders - sd - pd
    if responses < 0 or failures < 0:  # categories that do not add up are not used
        return (0, 0, responders, 0, 0, 0, evaluable - responders)
    return (cr, pr, responses, sd, pd, 0, failures)


def _case(placed: Placed, results: Results) -> dict[str, Any]:
    unit, label, pools = placed.unit, results.protocol.label, results.selection.pools
    arm = arm_of(unit, results)
    return {
        "id": unit.id,
        "report": unit.report,
        "who": unit.name + (f", inhibitor {unit.course}" if unit.course > 1 else ""),
        "r": unit.responders,
        "n": unit.evaluable,
        "groups": groups_of(placed),
        "strip": strip_of(unit, arm),
        "facets": facets(placed, results),
        "facts": facts_of(results.library, unit),
        "response": unit.response or ("counts" if arm else "not readable"),
        "age": unit.age_group or NOT_STATED if unit.age is None else f"{unit.age:.3g}",
        "counted": _counted(placed, results),
        "why": [(label(pool), "; ".join(placed.words(pool))) for pool in pools if not placed.is_in(pool)],
    }


def _counted(placed: Placed, results: Results) -> str:
    """The groups that count a unit, else the reason why the widest pool does not."""
    groups = groups_of(placed)
    if groups:
        return "; ".join(results.protocol.label(name) for name in groups)
    return placed.words(results.selection.pools[-1])[0]


def arm_of(unit: Unit, results: Results) -> Arm | None:
    """The arm of a unit that is one."""
    report = results.library.report(unit.report)
    return None if unit.arm is None or report is None else report.arms[unit.arm - 1]
