"""How far two readers of the same publications agree, field by field, and where they do not.

Patients are matched by id, or by their order where a reader numbered them anew; courses by their order, or by drug
where one reader found more. A field of a patient is compared once a patient, of a course once a course, of an arm once
an arm. What a reader left out is a category of its own, "not stated", as that is what the pools see; beside it stands
the same where both gave a value. A drug that the second reader left out is not compared: it means that of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from typing import Final

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.casefiles.second_reading import SecondReading, reader_of
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.across_library import name_of
from metaimt.checks.second_readings import course_pairs, partners, same_value, words_of
from metaimt.serialise import published
from metaimt.statistics.agreement import Kappa, cohens_kappa
from metaimt.statistics.outcome import NotIdentified

PATIENT: Final = ("histology", "site", "disease", "sex", "age", "fusion_gene", "fusion_partner", "status")
COURSE: Final = ("response", "response_basis", "drug", "duration_months", "ongoing", "stop_reason")
ARM: Final = ("responders", "evaluable", "line", "drug")
NUMBERS: Final = {"age", "duration_months", "responders", "evaluable"}
"""Fields whose values agree within rounding, and are no categories: percent only."""
NOT_STATED: Final = words_of(None)


@published("unit", "first", "second", "agree", at="first_at", second_at="second_at")
@dataclass(frozen=True, slots=True)
class Pair:
    """What two readers gave for one field of one unit (report/P1, report/P1/course2, report/arm1), and where.

    first: of the case file. A place is a file and a line, from the folder of the review.
    """

    unit: str
    first: str
    second: str
    agree: bool
    first_at: str
    second_at: str


@published("value", "share")
@dataclass(frozen=True, slots=True)
class MostFrequent:
    """A value, and its share of all."""

    value: str
    share: float


@published(
    "field",
    "each",
    "agreed",
    "kappa",
    compared=lambda each: len(each.pairs),
    both_stated=lambda each: len(each.stated),
    both_stated_agreed=lambda each: sum(pair.agree for pair in each.stated),
    most_frequent="most",
    differences=lambda each: [pair for pair in each.pairs if not pair.agree],
)
@dataclass(frozen=True)
class FieldAgreement:
    """One field. each: patient, course or arm. kappa: of its categories, blanks among them."""

    field: str
    each: str
    pairs: tuple[Pair, ...]

    @property
    def agreed(self) -> int:
        """Pairs that agree."""
        return sum(pair.agree for pair in self.pairs)

    @property
    def stated(self) -> tuple[Pair, ...]:
        """Pairs where both gave a value."""
        return tuple(pair for pair in self.pairs if NOT_STATED not in {pair.first, pair.second})

    @property
    def most(self) -> MostFrequent | NotIdentified:
        """The most frequent value of both readers together, and its share: prevalence, on which kappa depends."""
        if len(self.pairs) == 1:
            return NotIdentified("one pair says nothing of what is frequent")
        counted = Counter(value for pair in self.pairs for value in (pair.first, pair.second))
        (value, number), *others = counted.most_common(2)
        if others and others[0][1] == number:
            return NotIdentified("no value is more frequent than any other")
        return MostFrequent(value, number / counted.total())

    @cached_property
    def kappa(self) -> Kappa | NotIdentified:
        """Cohen's kappa."""
        if self.field in NUMBERS:
            return NotIdentified("numbers are no categories")
        return cohens_kappa([(pair.first, pair.second) for pair in self.pairs])

    @property
    def table(self) -> Mapping[tuple[str, str], int]:
        """(value of the file, value of the reader) -> pairs: what kappa is made of."""
        return Counter((pair.first, pair.second) for pair in self.pairs)


@published("reader", "publications", "fields", "not_matched")
@dataclass(frozen=True)
class Agreement:
    """One second reader. not_matched: patients, courses and arms that only one of the two describes."""

    reader: str
    publications: int
    fields: tuple[FieldAgreement, ...]
    not_matched: tuple[str, ...]


def agreements(library: Library) -> tuple[Agreement, ...]:
    """Each second reader against the case files, by name; a report that one person read twice counts once."""
    readers: dict[str, list[tuple[str, SecondReading, CaseFile]]] = {}
    for (reader, report_id), name in library.first_readings.items():
        report = library.report(report_id)
        if report is not None:
            readers.setdefault(reader, []).append((name, library.second_readings[name], report))
    return tuple(_agreement(found, library) for _, found in sorted(readers.items()))


def _agreement(found: list[tuple[str, SecondReading, CaseFile]], library: Library) -> Agreement:
    reader = reader_of(found[0][0], found[0][1].extraction.by)
    pairs: dict[tuple[str, str], list[Pair]] = {
        (each, field): []
        for each, fields in (("course", COURSE), ("patient", PATIENT), ("arm", ARM))
        for field in fields
    }
    alone: list[str] = []
    for name, reading, report in found:
        for each, unit, places, first, second in _units(reading, report):
            if first is None or second is None:
                alone.append(f"{unit} ({'second reading' if first is None else 'case file'} only)")
                continue
            for field in {"course": COURSE, "patient": PATIENT, "arm": ARM}[each]:
                mine, theirs = getattr(first, field), getattr(second, field)
                if field == "drug" and theirs is None:
                    continue
                at = [
                    _line(library, file, (*path, field))
                    for file, path in zip((name_of(library, report), name), places, strict=True)
                ]
                pairs[each, field].append(Pair(unit, words_of(mine), words_of(theirs), same_value(mine, theirs), *at))
    fields = [FieldAgreement(field, each, tuple(those)) for (each, field), those in pairs.items() if those]
    return Agreement(reader, len(found), tuple(fields), tuple(alone))


Unit = tuple[str, str, tuple[Path, Path], Patient | Course | Arm | None, Patient | Course | Arm | None]
"""What it is, its id, its place in both files, and both readings."""


def _units(reading: SecondReading, report: CaseFile) -> Iterator[Unit]:
    """What both read, and what one of the two has alone."""
    first = {patient.id: p for p, patient in enumerate(report.patients)}
    found = partners(report.patients, reading.patients)
    for q, (mine, theirs) in enumerate(zip(found, reading.patients, strict=True)):
        unit = f"{report.id}/{theirs.id if mine is None else mine.id}"
        if mine is None:
            yield "patient", unit, ((), ()), None, theirs
            continue
        both: tuple[Path, Path] = ("patients", first[mine.id]), ("patients", q)
        yield "patient", unit, both, mine, theirs
        matched: set[int] = set()
        for d, (course, again) in enumerate(course_pairs(mine.courses, theirs.courses)):
            c = next((k for k, each in enumerate(mine.courses) if each is course and k not in matched), None)
            if c is not None:
                matched.add(c)
            name = f"{unit}/course{(d if c is None else c) + 1}"
            places: tuple[Path, Path] = (*both[0], "courses", c or 0), (*both[1], "courses", d)
            yield "course", name, places, course, again
        for k, course in enumerate(mine.courses):
            if k not in matched:
                yield "course", f"{unit}/course{k + 1}", ((), ()), course, None
    taken = {mine.id for mine in found if mine is not None}
    for patient in report.patients:
        if patient.id not in taken:
            yield "patient", f"{report.id}/{patient.id}", ((), ()), patient, None
    for a, (arm, other) in enumerate(zip_longest(report.arms, reading.arms)):
        yield "arm", f"{report.id}/arm{a + 1}", (("arms", a), ("arms", a)), arm, other


def _line(library: Library, name: str, path: Path) -> str:
    """`literature/alan-2020.yaml:21`: the line of a value, or of what it is missing in."""
    inside = name.removeprefix(f"{library.folder.as_posix()}/")
    return f"{inside}:{library.documents[name].position(path).line}"


_KEPT: Final = {"id", "courses", "label", "adjudicated"}
"""Of a second reading, what is no value: the unit stays that of the case file."""


def with_second_values(library: Library) -> Library:
    """The library with the values of the second readings in place of those of the case files.

    A field that the reader left out stays, but a response: a course without one was not readable to that reader. Of two
    second readers of a report the last by file name decides. Patients, courses and arms that only the second reader
    describes do not come in.
    """
    reports = {report.id: report for report in library.reports}
    for reading in library.second_readings.values():
        if (report := reports.get(reading.report.id)) is not None:
            reports[report.id] = _reread(report, reading)
    return replace(library, reports=tuple(reports[report.id] for report in library.reports))


def _reread(report: CaseFile, reading: SecondReading) -> CaseFile:
    patients = {patient.id: patient for patient in report.patients}
    for mine, theirs in zip(partners(report.patients, reading.patients), reading.patients, strict=True):
        if mine is not None:
            again = {id(course): other for course, other in course_pairs(mine.courses, theirs.courses) if course}
            courses = tuple(
                course if (other := again.get(id(course))) is None else course.model_copy(update=_course(other))
                for course in mine.courses
            )
            patients[mine.id] = mine.model_copy(update={**_given(theirs), "courses": courses})
    arms = [
        arm if other is None else arm.model_copy(update=_given(other))
        for arm, other in zip_longest(report.arms, reading.arms[: len(report.arms)])
    ]
    return report.model_copy(update={"patients": tuple(patients.values()), "arms": tuple(arms)})


def _course(other: Course) -> dict[str, object]:
    return {**_given(other), "response": other.response, "response_basis": other.response_basis}


def _given(other: Patient | Course | Arm) -> dict[str, object]:
    """What a reader gave, of the fields that a case file has."""
    fields = (Patient if isinstance(other, Patient) else Course if isinstance(other, Course) else Arm).model_fields
    given = ((name, getattr(other, name)) for name in fields if name in other.model_fields_set - _KEPT)
    return {name: value for name, value in given if value is not None}
