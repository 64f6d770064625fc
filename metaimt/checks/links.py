"""Rules on links.yaml: which reports describe the same patients, and which of two to count.

Each function yields (document name, path, message, hint).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.casefiles.shared import Link, SamePatients
from metaimt.checks.across_library import did_you_mean, is_readable, name_of, shared
from metaimt.checks.of_course import RESPONSES
from metaimt.checks.rule import Finding, Located, Rule, rule, rules_in

LINKS_FILE = "links.yaml"


@rule("overlap-without-link")
def overlaps_are_decided(library: Library) -> Iterator[Located]:
    """Where two reports overlap, a link says which of the two to count."""
    overlapping = [report for report in library.reports if report.report.overlaps]
    if not overlapping or not is_readable(library, LINKS_FILE):
        return
    linked = {frozenset(link.reports) for link in library.links}
    undecided = library.known_ids - {entry.id for entry in library.excluded}
    for report in overlapping:
        for o, other in enumerate(report.report.overlaps):
            pair = frozenset((report.id, other))
            if other in undecided and other != report.id and pair not in linked:
                message = f"overlaps {other}, but links.yaml does not say which of the two to count"
                hint = f"add to links.yaml: reports: [{', '.join(sorted(pair))}], certainty, prefer"
                yield name_of(library, report), ("report", "overlaps", o), message, hint


@rule("link-without-overlap", "warning")
def links_are_named_in_reports(library: Library) -> Iterator[Located]:
    """Who reads one of two linked reports should learn of the other."""
    overlaps = {report.id: report.report.overlaps for report in library.reports} if library.links else {}
    for k, link in enumerate(library.links):
        for one, other in (link.reports, link.reports[::-1]):
            missing = one in overlaps and other not in overlaps[one]
            if one != other and missing and not link.different:
                message = f"{one} does not name {other} under overlaps"
                hint = f"add overlaps: [{other}] to the report of {one}"
                yield shared(library, LINKS_FILE), (k, "reports"), message, hint


@rule("unknown-link")
def links_name_reports(library: Library) -> Iterator[Located]:
    """A link names two reports of the review, and prefers one of them."""
    known = library.known_ids
    for k, link in enumerate(library.links):
        for r, report in enumerate(link.reports):
            if report not in known:
                hint = did_you_mean(report, known, "write the ids of two case files")
                message = f"no report has the id '{report}'"
                yield shared(library, LINKS_FILE), (k, "reports", r), message, hint
        for path, message, hint in _inconsistent(link):
            yield shared(library, LINKS_FILE), (k, *path), message, hint


def _inconsistent(link: Link) -> Iterator[Finding]:
    one, other = link.reports
    if one == other:
        yield ("reports",), f"'{one}' is linked with itself", "write the ids of two reports"
    if link.prefer and link.prefer not in link.reports:
        hint = f"write prefer: {one} or prefer: {other}"
        yield ("prefer",), f"prefer: '{link.prefer}' is neither of the two", hint
    for p, same in enumerate(link.patients):
        if {same.left[0], same.right[0]} != set(link.reports):
            hint = f"write {one}/P1 = {other}/P1"
            yield ("patients", p), "names another report than the two of this link", hint


@rule("unknown-link-patient")
def links_name_patients(library: Library) -> Iterator[Located]:
    """A link names patients and arms that its reports have."""
    for k, link in enumerate(library.links):
        for p, same in enumerate(link.patients):
            for report_id, unit in (same.left, same.right):
                report = library.report(report_id)
                if report is not None and unit not in unit_ids(report):
                    message = f"{report_id} has no patient or arm '{unit}'"
                    hint = f"{report_id} has {', '.join(unit_ids(report))}"
                    yield shared(library, LINKS_FILE), (k, "patients", p), message, hint


def unit_ids(report: CaseFile) -> tuple[str, ...]:
    """The patients and arms of a report by the names that links use: P1, P2, arm1, arm2."""
    return (*(patient.id for patient in report.patients), *(f"arm{a + 1}" for a in range(len(report.arms))))


@rule("patient-contradicts-arm", "warning")
def patients_agree_with_their_arms(library: Library) -> Iterator[Located]:
    """A patient who belongs to an arm had its drug, as it was given there, and a response that it counts."""
    for k, link in enumerate(library.links):
        for p, same in enumerate(link.patients):
            patient, arm = _patient_and_arm(library, same)
            if link.different or patient is None or arm is None:
                continue
            said = list(_contradictions(patient.courses[0], arm, library))
            if said:
                message = f"{'/'.join(same.left)} and {'/'.join(same.right)} do not agree: {'; '.join(said)}"
                hint = "check both against their sources; if they are other patients, delete the link"
                yield shared(library, LINKS_FILE), (k, "patients", p), message, hint


def _patient_and_arm(library: Library, same: SamePatients) -> tuple[Patient | None, Arm | None]:
    patient: Patient | None = None
    arm: Arm | None = None
    for report_id, unit in (same.left, same.right):
        report = library.report(report_id)
        for each in report.patients if report is not None else ():
            patient = each if each.id == unit else patient
        for a, other in enumerate(report.arms if report is not None else (), start=1):
            arm = other if f"arm{a}" == unit else arm
    return patient, arm


def _contradictions(course: Course, arm: Arm, library: Library) -> Iterator[str]:
    responders, evaluable = arm.counts
    if course.response in RESPONSES and arm.evaluable and not responders:
        yield f"response {course.response}, and nobody of the arm responded"
    failed = course.response in {"SD", "PD"}
    if failed and evaluable and responders == evaluable and arm.denominator is None:
        yield f"response {course.response}, and all of the arm responded"
    named = [library.vocabulary.drug(drug).named for drug in (course.drug, arm.drug)]
    if all(named) and course.drug != arm.drug:
        yield f"drug {course.drug}, and {arm.drug} in the arm"
    if course.combined_with and not arm.combined_with:
        yield f"given with {', '.join(course.combined_with)}, and alone in the arm"
    if arm.combined_with and not course.combined_with:
        yield f"given alone, and with {', '.join(arm.combined_with)} in the arm"


@rule("repeated-link")
def links_differ(library: Library) -> Iterator[Located]:
    """One entry a pair of reports."""
    seen: set[frozenset[str]] = set()
    for k, link in enumerate(library.links):
        pair = frozenset(link.reports)
        if pair in seen:
            message = f"{' and '.join(link.reports)} are linked twice"
            hint = "put all their shared patients into one entry"
            yield shared(library, LINKS_FILE), (k, "reports"), message, hint
        seen.add(pair)


@rule("link-cycle")
def links_do_not_turn_in_circles(library: Library) -> Iterator[Located]:
    """Patients or arms that give way to each other in a circle: nobody would be counted."""
    gives_way: dict[str, list[tuple[str, int]]] = {}
    for k, link in enumerate(library.links):
        for losing, preferred in _surrendered(library, link):
            gives_way.setdefault(losing, []).append((preferred, k))
    told: set[frozenset[str]] = set()
    for start in sorted(gives_way):
        circle = _circle(start, gives_way)
        reports = frozenset(unit.split("/")[0] for unit in circle)
        if circle and reports not in told:
            told.add(reports)
            k = next(k for prefer, k in gives_way[circle[0]] if prefer == circle[1])
            message = f"a circle: {' gives way to '.join(circle)}; none of them would be counted"
            hint = "prefer one report over all the others"
            yield shared(library, LINKS_FILE), (k, "prefer"), message, hint


def _surrendered(library: Library, link: Link) -> Iterator[tuple[str, str]]:
    """Each patient or arm that gives way, with the one counted instead; a link that names none means all."""
    losing, preferred = (library.report(name) for name in (link.gives_way, link.prefer))
    if losing is None or preferred is None or losing is preferred:
        return
    if not link.patients:
        for one, other in product(unit_ids(losing), unit_ids(preferred)):
            yield f"{losing.id}/{one}", f"{preferred.id}/{other}"
    for same in link.patients:
        mine, theirs = same.side(losing.id), same.side(preferred.id)
        if mine is not None and theirs is not None:
            yield "/".join(mine), "/".join(theirs)


def _circle(start: str, gives_way: dict[str, list[tuple[str, int]]]) -> list[str]:
    """The shortest way from `start` back to itself, or nothing."""
    came_from: dict[str, str] = {}
    waiting = [start]
    for current in waiting:
        for prefer, _ in gives_way.get(current, ()):
            if prefer == start:
                path = [current]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return [*path[::-1], start]
            if prefer not in came_from:
                came_from[prefer] = current
                waiting.append(prefer)
    return []


LINK_RULES: tuple[Rule, ...] = rules_in(globals())
