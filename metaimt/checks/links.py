"""Rules on links.yaml: which reports describe the same patients, and which of two to count.

Each function yields (document name, path, message, hint).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product
from math import inf

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.casefiles.shared import Link, SamePatients
from metaimt.checks.across_library import did_you_mean, is_readable, name_of, shared
from metaimt.checks.of_report import RESPONSES
from metaimt.checks.patient_facts import ADULT_FROM, CHILD_BELOW, known_markers
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
    """A patient who belongs to an arm had its drug, as given there, its tumour, and a response that it counts."""
    for k, p, same in _pairs(library):
        units = [_unit(library, side) for side in (same.left, same.right)]
        patient = next((unit for unit in units if isinstance(unit, Patient)), None)
        arm = next((unit for unit in units if isinstance(unit, Arm)), None)
        if patient is None or arm is None:
            continue
        said = [*_contradictions(patient.courses[0], arm, library), *_another_person(patient, arm, library)]
        if said:
            message = f"{'/'.join(same.left)} and {'/'.join(same.right)} do not agree: {'; '.join(said)}"
            hint = "check both against their sources; if they are other patients, delete the link"
            yield shared(library, LINKS_FILE), (k, "patients", p), message, hint


def _pairs(library: Library) -> Iterator[tuple[int, int, SamePatients]]:
    """Each pair of the same patients, with its places in the file."""
    for k, link in enumerate(library.links):
        for p, same in enumerate(link.patients):
            yield k, p, same


def _unit(library: Library, side: tuple[str, str]) -> Patient | Arm | None:
    report = library.report(side[0])
    if report is None:
        return None
    patient = next((each for each in report.patients if each.id == side[1]), None)
    return patient or next((arm for a, arm in enumerate(report.arms, start=1) if f"arm{a}" == side[1]), None)


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


def _another_person(patient: Patient, arm: Arm, library: Library) -> Iterator[str]:
    """What tells a patient from those of an arm: markers, the kinase of the fusion, histology, age."""
    kinases = set(library.vocabulary.terms("kinase"))
    positive, negative = (found & kinases for found in known_markers(patient))
    status = {**arm.status, **({arm.fusion_gene: "positive"} if arm.fusion_gene else {})}
    of_arm = {marker for marker, value in status.items() if value == "positive"} & kinases
    for marker in sorted(negative & of_arm):
        yield f"{marker}-negative, and positive in the arm"
    for marker in sorted(marker for marker in positive if status.get(marker) == "negative"):
        yield f"{marker}-positive, and negative in the arm"
    if positive and of_arm and not positive & of_arm:
        yield f"{' and '.join(sorted(positive))} in the patient, and {' and '.join(sorted(of_arm))} in the arm"
    histologies = {patient.histology, arm.histology} - {None}
    if "other" in histologies and len(histologies) == 2:
        yield f"histology {patient.histology}, and {arm.histology} in the arm"
    age, group = patient.age, arm.population
    if age is not None and ((group == "adult" and age < CHILD_BELOW) or (group == "paediatric" and age >= ADULT_FROM)):
        yield f"age {age:g}, and population {group} in the arm"


@rule("impossible-link")
def links_are_possible(library: Library) -> Iterator[Located]:
    """A patient is one, a part is no larger than its whole, and two patients of a report are not one elsewhere."""
    held: dict[tuple[tuple[str, str], str], set[str]] = {}
    person: dict[str, frozenset[str]] = {}
    hint = "correct the link, or the count, whichever is not the source's"
    for k, p, same in _pairs(library):
        one, other = _unit(library, same.left), _unit(library, same.right)
        left, right = "/".join(same.left), "/".join(same.right)
        said = ""
        if one is None or other is None:
            continue
        if isinstance(one, Patient) and isinstance(other, Patient):
            together = person.get(left, frozenset({left})) | person.get(right, frozenset({right}))
            if twins := _of_one_report(together):
                said = f"{' and '.join(twins)} are two patients of one report, and would be one"
            else:
                person |= dict.fromkeys(together, together)
        elif isinstance(other, Patient) or same.relation == "=":
            arms = [unit for unit in (one, other) if isinstance(unit, Arm)]
            if len(arms) == 1 and _least(arms[0]) > 1:
                patient, arm = (left, right) if isinstance(one, Patient) else (right, left)
                said = f"{patient} is one patient, and {arm} has {_least(arms[0])}"
        elif isinstance(one, Arm):
            if _least(one) > _most(other):
                said = f"{left} has {_least(one)} patients, and {right} {_most(other):g}"
        else:
            inside = held.setdefault((same.right, same.left[0]), set())
            inside.add(same.left[1])
            if len(inside) == _most(other) + 1:
                said = f"{len(inside)} patients of {same.left[0]} are in {right}, which has {_most(other):g}"
        if said:
            yield shared(library, LINKS_FILE), (k, "patients", p), said, hint


def _of_one_report(units: frozenset[str]) -> list[str]:
    """The first two units of one report among several, or nothing."""
    pairs = pairwise(sorted(units))
    return next(([one, other] for one, other in pairs if one.split("/")[0] == other.split("/")[0]), [])


def _least(arm: Arm) -> int:
    """How many patients an arm has at least."""
    return arm.evaluable if arm.evaluable is not None else arm.treated or 0


def _most(arm: Arm) -> float:
    """How many it may have at most, as far as its counts say."""
    known = arm.treated if arm.treated is not None else arm.evaluable
    return inf if known is None or arm.denominator is not None else known


@rule("linked-but-different", "warning")
def the_same_are_alike(library: Library) -> Iterator[Located]:
    """Two arms that are the same patients have one size; one patient responded to a drug, or did not."""
    for k, p, same in _pairs(library):
        one, other = _unit(library, same.left), _unit(library, same.right)
        left, right = "/".join(same.left), "/".join(same.right)
        if same.relation == "=" and isinstance(one, Arm) and isinstance(other, Arm):
            counts = one.evaluable, other.evaluable
            if None not in counts and counts[0] != counts[1]:
                message = f"{left} has {counts[0]} evaluable patients, and {right} {counts[1]}"
                hint = "write in where one is part of the other; else check both counts against their sources"
                yield shared(library, LINKS_FILE), (k, "patients", p), message, hint
        elif isinstance(one, Patient) and isinstance(other, Patient) and (drug := _answered_otherwise(one, other)):
            message = f"{left} and {right}: {drug} was answered by a response in one, and by none in the other"
            hint = "check both against their sources; if they are other patients, delete the link"
            yield shared(library, LINKS_FILE), (k, "patients", p), message, hint


def _answered_otherwise(one: Patient, other: Patient) -> str:
    """The first drug that was answered by a response in one of two readings and by none in the other."""
    first, second = _answers(one), _answers(other)
    return next((drug for drug, said in first.items() if drug in second and not said & second[drug]), "")


def _answers(patient: Patient) -> dict[str, set[bool]]:
    """Drug -> whether it was answered by a response, where the source does not leave that open."""
    found: dict[str, set[bool]] = {}
    for course in patient.courses:
        sides = {each in RESPONSES for each in (course.response, *course.response_alternatives)}
        if course.response not in {None, "NE"} and len(sides) == 1:
            found.setdefault(course.drug, set()).update(sides)
    return found


@rule("unordered-arms", "warning")
def arms_of_one_patient_are_ordered(library: Library) -> Iterator[Located]:
    """Of two arms that hold the same patient one gives way, and a link says which."""
    same_as: dict[str, frozenset[str]] = {}
    holders: dict[str, list[tuple[str, str]]] = {}  # unit -> report and arm of those that hold it
    gives_way = {(link.gives_way, link.prefer) for link in library.links}
    for _, _, same in _pairs(library):
        if same.relation == "=":
            left, right = "/".join(same.left), "/".join(same.right)
            together = same_as.get(left, frozenset({left})) | same_as.get(right, frozenset({right}))
            same_as |= dict.fromkeys(together, together)
    for k, p, same in _pairs(library):
        if same.relation != "in":
            continue
        unit = "/".join(same.left)
        key = min(same_as.get(unit, {unit}))
        for report, arm in holders.setdefault(key, []):
            if report != same.right[0] and not {(report, same.right[0]), (same.right[0], report)} & gives_way:
                message = f"{unit} is in {report}/{arm} and in {'/'.join(same.right)}, and no link orders the two"
                both = ", ".join(sorted((report, same.right[0])))
                hint = f"add a link between the two: reports: [{both}], certainty, prefer"
                yield shared(library, LINKS_FILE), (k, "patients", p), message, hint
        holders[key].append(same.right)


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
