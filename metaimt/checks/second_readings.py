"""Second readings: of whom they are, and where they disagree with the case file.

Fields that only the case file gives are no disagreement: a second reading holds responses and counts, not all that was
read. Words of the source are not compared, they are quoted at different lengths. A number that is the other one
rounded, or lies in its range, is the same. Each function yields (document name, path, message, hint).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from metaimt.casefiles.fields import Entry, shown
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Course, Patient, Publication
from metaimt.casefiles.second_reading import SecondReading, key_of_reader, reader_of
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.across_library import did_you_mean, name_of, stem_of
from metaimt.checks.rule import Finding, Located, Rule, courses, rule, rules_in, units

DISAGREES = "second-reading-disagrees"
_WORDS = {"label", "site_detail", "response_as_stated", "dose", "criteria", "ihc_pattern"}
_LISTS_OF_WORDS = {"combined_with", "prior_treatment", "adverse_events"}
_APART = {"id", "courses", "response_alternatives", "adjudicated"}  # compared in a way of their own
_RESPONSES = {"CR", "PR"}


@rule("unknown-second-reading")
def second_readings_are_of_somebody(library: Library) -> Iterator[Located]:
    """A second reading is of a report of the review, and of its patients."""
    known = library.known_ids
    for name, reading in library.second_readings.items() if library.case_files else ():
        report_id, stem = reading.report.id, stem_of(name)
        if report_id not in known:
            hint = did_you_mean(report_id, known, "write the id of a case file, or delete this one")
            yield name, ("report", "id"), f"no report has the id '{report_id}'", hint
        elif report_id != stem:
            message = f"id '{report_id}' in a file named '{name.rpartition('/')[2]}'"
            yield name, ("report", "id"), message, f"rename the file to {report_id}.yaml, or write the id of its report"
        else:
            report = library.report(report_id)
            yield from ((name, *found) for found in _unknown_patients(reading, report) if report is not None)


def _unknown_patients(reading: SecondReading, report: CaseFile | None) -> Iterator[Finding]:
    """P1, P2, P3 may number the patients anew, in the order in which they were read; any other id is a slip."""
    ids = [patient.id for patient in report.patients] if report is not None else []
    seen: set[str] = set()
    for p, patient in enumerate(reading.patients):
        path: Path = ("patients", p, "id")
        if patient.id in seen:
            yield path, f"two patients have the id '{patient.id}'", "give each its own"
        elif patient.id not in ids and patient.id != _number(p):
            has = f"it has {', '.join(ids)}" if ids else "it has none described one by one"
            yield path, f"the case file has no patient '{patient.id}'", did_you_mean(patient.id, ids, has)
        seen.add(patient.id)


def _number(p: int) -> str:
    return f"P{p + 1}"


@rule(DISAGREES, "warning")
def second_readings_agree(library: Library) -> Iterator[Located]:
    """What two people read alike is likely what is printed; where they differ, one of them is to be corrected."""
    for name, reading in library.second_readings.items():
        if (report := library.report(reading.report.id)) is None:
            continue
        for path, message, place in _disagreements(reading, report):
            settled = f"waivers: [{{rule: {DISAGREES}, at: {place}, reason: why}}]"
            hint = f"correct the one that is wrong, or write here why the case file stands: {settled}"
            where = "/".join(name_of(library, report).split("/")[-2:])  # the same wherever the review lies
            yield name, path, f"{_whose(place)}: {message} in {where}", hint


@rule("repeated-second-reading")
def second_readings_are_one_a_person(library: Library) -> Iterator[Located]:
    """One person's two files of one report would count that report twice."""
    for name, reading in library.second_readings.items():
        reader = reader_of(name, reading.extraction.by)
        first = library.first_readings[key_of_reader(reader), reading.report.id]
        if first != name:
            where = first.removeprefix(f"{library.folder.as_posix()}/")
            said = f"{reader} read this report in {where} already, which counts"
            yield name, ("report", "id"), said, "delete one of the two files, or write who read under extraction: by"


@rule("adjudicated-by-reader", "warning")
def adjudications_are_by_a_third(library: Library) -> Iterator[Located]:
    """One of two readers who differ is no judge between them."""
    readers: dict[str, dict[str, str]] = {}
    for name, reading in library.second_readings.items():
        who = reader_of(name, reading.extraction.by)
        readers.setdefault(reading.report.id, {})[key_of_reader(who)] = who
    for report in library.reports:
        first, second = report.extraction.by, readers.get(report.id, {})
        both = second | ({key_of_reader(first): first} if first else {})
        for path, entry in _entries(report):
            for a, one in enumerate(entry.adjudicated):
                if key_of_reader(one.by) in both:
                    names = " and ".join(sorted(both.values())) if len(both) > 1 else f"{one.by} and the other reader"
                    said = f"by: {shown(one.by)} is one of the two readers who differed"
                    hint = f"let a third person settle it; if the readers came to agree, write by: {names}"
                    yield name_of(library, report), (*path, "adjudicated", a, "by"), said, hint


@rule("adjudicated-otherwise")
def adjudications_are_of_the_file(library: Library) -> Iterator[Located]:
    """What was settled is what stands in the file: else one of both was changed later."""
    for report in library.reports:
        name = name_of(library, report)
        for path, entry in _entries(report):
            for a, one in enumerate(entry.adjudicated):
                here: Path = (*path, "adjudicated", a)
                if one.field not in type(entry).model_fields or one.field in {"id", "courses", "adjudicated"}:
                    hint = did_you_mean(one.field, type(entry).model_fields, "write a field that stands beside it")
                    yield name, (*here, "field"), f"no field '{one.field}' stands beside it", hint
                elif words_of(_tuple(one.chosen)) != (value := words_of(getattr(entry, one.field))):
                    said = f"{one.field}: {words_of(_tuple(one.chosen))} was chosen, {value} stands in the file"
                    place = "chosen" if one.chosen is not None else "field"
                    yield name, (*here, place), said, f"write {one.field}: as it was chosen, or chosen: {value}"


def _entries(report: CaseFile) -> Iterator[tuple[Path, Publication | Patient | Course | Arm]]:
    yield ("report",), report.report
    yield from units(report)
    yield from courses(report)


def _tuple(value: object) -> object:
    return tuple(map(_tuple, value)) if isinstance(value, list | tuple) else value


def _settled(entry: Patient | Course | Arm) -> set[str]:
    return {one.field for one in entry.adjudicated}


@rule("second-reading-by-reader", "warning")
def second_readings_are_by_others(library: Library) -> Iterator[Located]:
    """Who reads a text twice makes the same mistake twice."""
    for name, reading in library.second_readings.items():
        report, by = library.report(reading.report.id), reading.extraction.by
        first = report.extraction.by if report is not None else None
        if by is not None and first is not None and by.strip().casefold() == first.strip().casefold():
            hint = "let someone else read the source; until then delete this file"
            yield name, ("extraction", "by"), f"by: {shown(by)} is who extracted the case file", hint


Difference = tuple[Path, str, str]  # path, what differs, and the place as a waiver names it


def _whose(place: str) -> str:
    """`P1 course 2` of patients/P1/courses/2/response, `arm1` of arms/1."""
    kind, one, *rest = place.split("/")
    course = f" course {rest[1]}" if rest[:1] == ["courses"] else ""
    return f"arm{one}" if kind == "arms" else f"{one}{course}"


def _disagreements(reading: SecondReading, report: CaseFile) -> Iterator[Difference]:
    for p, first in enumerate(partners(report.patients, reading.patients)):
        second, path = reading.patients[p], ("patients", p)
        place = f"patients/{second.id}"
        numbered = second.id == _number(p)  # any other id that the case file does not have is an error
        if first is None:
            if numbered:
                yield path, "described here, not", place
            continue
        if first.id != second.id and numbered:
            yield (*path, "id"), f"id: {second.id} here, {first.id}", f"{place}/id"
        yield from _in_fields(first, second, path, place)
        yield from _in_courses(first.courses, second.courses, path, place)
    for a, (arm, again) in enumerate(zip_longest(report.arms, reading.arms)):
        place = f"arms/{a + 1}"
        if arm is None:
            yield ("arms", a), "described here, not", place
        elif again is not None:
            yield from _in_fields(arm, again, ("arms", a), place)


def partners(first: Sequence[Patient], second: Sequence[Patient]) -> list[Patient | None]:
    """For each patient of the second reading that of the case file: by id, and those left over in their order."""
    by_id = {patient.id: patient for patient in first}
    named = {patient.id for patient in second}
    left = iter([patient for patient in first if patient.id not in named])
    return [by_id[patient.id] if patient.id in by_id else next(left, None) for patient in second]


def _in_courses(first: Sequence[Course], second: Sequence[Course], path: Path, place: str) -> Iterator[Difference]:
    for c, (course, again) in enumerate(course_pairs(first, second)):
        inner: Path = (*path, "courses", c)
        here = f"{place}/courses/{c + 1}"
        if course is None:
            yield inner, f"a course of {again.drug} here, not", here
            continue
        yield from _in_fields(course, again, inner, here)
        if "response" in _settled(course):
            continue
        if course.response is not None and again.response is None:
            yield inner, f"response: not readable here, {course.response}", here
        elif course.response is not None and again.response_alternatives and _is_open(course) != _is_open(again):
            field = "response_alternatives"
            said = f"{field}: {words_of(again.response_alternatives)} here, {words_of(course.response_alternatives)}"
            yield (*inner, field), said, f"{here}/{field}"


def course_pairs(first: Sequence[Course], second: Sequence[Course]) -> Iterator[tuple[Course | None, Course]]:
    """Courses in their order; if one reader found more of them, those of the same drug belong together."""
    if len(first) == len(second):
        yield from zip(first, second, strict=True)
        return
    rest = list(first)
    for course in second:
        k = next((k for k, other in enumerate(rest) if other.drug == course.drug), None)
        yield (None if k is None else rest[k]), course
        rest = rest if k is None else rest[k + 1 :]


def _is_open(course: Course) -> bool:
    """Whether the source leaves open if it is a response: alternatives on the same side of that line decide nothing."""
    return len({one in _RESPONSES for one in (course.response, *course.response_alternatives)}) > 1


def _in_fields(first: Patient | Course | Arm, second: Entry, path: Path, place: str) -> Iterator[Difference]:
    for field in type(first).model_fields:
        mine, theirs = getattr(first, field), getattr(second, field)
        if field in _APART | _WORDS | _settled(first) or field not in second.model_fields_set:
            continue
        if field == "response_basis" and mine is None:  # told of the response itself
            continue
        if isinstance(theirs, Mapping):
            implied = {first.fusion_gene: True} if field == "rearranged" and isinstance(first, Patient) else {}
            known = {**implied, **mine}
            for marker, value in theirs.items():
                if known.get(marker) != value:
                    said = f"{field}: {marker} {words_of(value)} here, {words_of(known.get(marker))}"
                    yield (*path, field, marker), said, f"{place}/{field}/{marker}"
        elif bool(mine) != bool(theirs) if field in _LISTS_OF_WORDS else not same_value(mine, theirs):
            said = f"{field}: {words_of(theirs)} here, {words_of(mine)}"
            yield (*path, field), said, f"{place}/{field}"


def same_value(mine: object, theirs: object) -> bool:
    """Whether two values are the same: equal, or one number is the other one rounded or lies in its range."""
    one, other = _limits(mine), _limits(theirs)
    if one is None or other is None:
        return mine == theirs
    within = any(wide[0] <= narrow[0] and narrow[1] <= wide[1] for wide, narrow in ((one, other), (other, one)))
    return within or all(_rounded(*limits) for limits in zip(one, other, strict=True))


def _limits(value: object) -> tuple[float, float] | None:
    """A number, or a range of numbers, as its limits; counts are compared exactly."""
    if isinstance(value, float):
        return value, value
    return value if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], float) else None


def _rounded(one: float, other: float) -> bool:
    """Whether one is the other with fewer decimals, at least one: 0.9 and 0.92."""
    decimals = min(len(f"{number:g}".partition(".")[2]) for number in (one, other))
    return one == other or (decimals > 0 and round(one, decimals) == round(other, decimals))


def words_of(value: object) -> str:
    """A value of a case file in words; what is left out is "not stated"."""
    if value is None or value in ((), {}):
        return "not stated"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(words_of, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


SECOND_RULES: tuple[Rule, ...] = rules_in(globals())
