"""Rules on times: on the drug, in response, without progression, under observation.

Paths start at the course, or at the patient. A range [low, high] is given the benefit of the doubt: two times
contradict each other only if no values within them agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from metaimt.casefiles.model import CaseFile, Course, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.of_report import RESPONSES
from metaimt.checks.rule import Finding, Rule, courses, rule, rules_in

LONGEST_MONTHS = 600
_YEAR = 12
Months = float | tuple[float, float] | None
_NEVER = float("inf")
_MONTHS_IN = {"day": 12 / 365.25, "week": 7 * 12 / 365.25, "month": 1.0, "year": 12.0}
_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_LENGTH = re.compile(rf"\b(\d+(?:\.\d+)?|{'|'.join(_NUMBERS)})[ -]({'|'.join(_MONTHS_IN)})s?\b", re.IGNORECASE)
_POINT_IN_TIME = re.compile(r"\b(?:after|at|within|by|every|first|last|until|about day)\s*$", re.IGNORECASE)
_FOLLOW_UP_HINT = "check both against the source: they may have been counted from different days"


def _low(value: Months) -> float:
    """The shortest time it may be; 0 where it is not stated."""
    return 0.0 if value is None else value[0] if isinstance(value, tuple) else value


def _high(value: Months) -> float:
    """The longest time it may be; without end where it is not stated."""
    return _NEVER if value is None else value[1] if isinstance(value, tuple) else value


def _shown(value: Months) -> str:
    return f"{value[0]:g} to {value[1]:g}" if isinstance(value, tuple) else f"{value or 0:g}"


@rule("duration-out-of-range", about="patient")
def durations_in_range(patient: Patient) -> Iterable[Finding]:
    """Durations and follow-up are in months."""
    for c, course in enumerate(patient.courses):
        for name in ("duration_months", "response_duration_months", "pfs_months", "time_to_response_months"):
            if (value := getattr(course, name)) is not None:
                yield from _in_range(("courses", c, name), value)
    if patient.followup_months is not None:
        yield from _in_range(("followup_months",), patient.followup_months)


def _in_range(path: Path, value: Months) -> Iterable[Finding]:
    if _low(value) < 0 or _high(value) > LONGEST_MONTHS:
        message = f"{path[-1]}: {_shown(value)} is not between 0 and {LONGEST_MONTHS} months"
        yield path, message, "write months, not days or weeks"


@rule("pfs-exceeds-follow-up", "warning", about="patient")
def pfs_within_follow_up(patient: Patient) -> Iterable[Finding]:
    """Nobody is known to be free of progression for longer than they were seen."""
    limit = patient.followup_months
    if limit is None or limit < 0:
        return
    for c, course in enumerate(patient.courses):
        if _low(course.pfs_months) > limit:
            message = f"pfs_months {_shown(course.pfs_months)}, but followup_months is {limit:g}"
            yield ("courses", c, "pfs_months"), message, _FOLLOW_UP_HINT


@rule("treatment-exceeds-follow-up", "warning", about="patient")
def treatment_within_follow_up(patient: Patient) -> Iterable[Finding]:
    """A drug is taken within the time the patient was followed; so are all courses, one after the other."""
    limit = patient.followup_months
    if limit is None or limit < 0:
        return
    total = 0.0
    for c, course in enumerate(patient.courses):
        months = _low(course.duration_months)
        total += months
        if months > limit:
            message = f"{months:g} months on {course.drug}, but followup_months is {limit:g}"
            yield ("courses", c, "duration_months"), message, _FOLLOW_UP_HINT
            return
    if total > limit:
        message = f"{total:g} months on all drugs together, but followup_months is {limit:g}"
        yield ("followup_months",), message, _FOLLOW_UP_HINT


@rule("response-exceeds-treatment", "warning", about="course")
def response_within_treatment(course: Course) -> Iterable[Finding]:
    """A response outlasts a drug that was stopped for something else; not one still taken, nor its own end."""
    lasted, taken = course.response_duration_months, course.duration_months
    if lasted is None or taken is None or _low(lasted) <= _high(taken):
        return
    if course.ongoing or course.stop_reason == "progression":
        why = "is still being taken" if course.ongoing else "was stopped for progression"
        message = f"a response of {_shown(lasted)} months in {_shown(taken)} months on a drug that {why}"
        hint = "check both; time on the drug is duration_months, from the first response on response_duration_months"
        yield ("response_duration_months",), message, hint


@rule("response-exceeds-pfs", "warning", about="course")
def response_within_pfs(course: Course) -> Iterable[Finding]:
    """Both end with progression, and a response begins after the treatment does."""
    lasted, pfs = course.response_duration_months, course.pfs_months
    if lasted is not None and pfs is not None and _low(lasted) > _high(pfs):
        message = f"a response of {_shown(lasted)} months, but pfs_months is {_shown(pfs)}"
        hint = "check both: PFS counts from the start of the drug, the response from when it was first seen"
        yield ("response_duration_months",), message, hint


@rule("response-duration-without-response", "warning", about="course")
def only_a_response_lasts(course: Course) -> Iterable[Finding]:
    """The duration of a response, and the time until it, are defined for CR and PR only."""
    if course.response is None or course.response in RESPONSES:
        return
    for name in ("response_duration_months", "time_to_response_months"):
        if getattr(course, name) is not None:
            hint = "write duration_months (time on the drug) or pfs_months, whichever is given, or correct response"
            yield (name,), f"{name} with response: {course.response}", hint


@rule("response-after-treatment", "warning", about="course")
def response_comes_in_time(course: Course) -> Iterable[Finding]:
    """A response to a drug is first seen while it is taken, and before progression."""
    came = course.time_to_response_months
    if came is None:
        return
    for name, until in (("duration_months", "on the drug"), ("pfs_months", "without progression")):
        if _low(came) > _high(getattr(course, name)):
            message = f"a response after {_shown(came)} months, but {_shown(getattr(course, name))} months {until}"
            hint = "check both; time_to_response_months counts from the first dose to the response"
            yield ("time_to_response_months",), message, hint


@rule("twelve-months-disagree", "warning", about="patient")
def twelve_months_agree_with_the_times(patient: Patient) -> Iterable[Finding]:
    """Whether the response, or the drug, went on at 12 months follows from the other times where they are given."""
    for c, course in enumerate(patient.courses):
        said = course.in_response_at_12_months
        why = None if said is None else _ended(course, patient) if said else _went_on(course)
        if why is not None:
            message = f"in_response_at_12_months: {str(said).lower()}, but {why}"
            hint = f"write in_response_at_12_months: {str(not said).lower()}, or correct the other"
            yield ("courses", c, "in_response_at_12_months"), message, hint


def _ended(course: Course, patient: Patient) -> str | None:
    """Why neither the response nor the drug can have gone on at 12 months; None if one may have."""
    if course.response == "PD" and not course.beyond_progression:
        return "response: PD"
    if patient.followup_months is not None and patient.followup_months < _YEAR:
        return f"followup_months: {patient.followup_months:g}"
    if _high(course.pfs_months) < _YEAR and not course.beyond_progression:
        return f"pfs_months: {_shown(course.pfs_months)}"
    stopped = course.stop_reason in {"progression", "death"}
    if _high(course.duration_months) < _YEAR and stopped:
        return f"stopped for {course.stop_reason} after {_shown(course.duration_months)} months"
    on_the_drug = course.ongoing or (course.duration_months is not None and _high(course.duration_months) >= _YEAR)
    if _high(course.response_duration_months) < _YEAR and not on_the_drug:
        return f"response_duration_months: {_shown(course.response_duration_months)}"
    return None


def _went_on(course: Course) -> str | None:
    for name in ("response_duration_months", "duration_months"):
        if _low(getattr(course, name)) >= _YEAR:
            return f"{name}: {_shown(getattr(course, name))}"
    return None


@rule("operable-but-progressed", "warning", about="course")
def what_became_operable_shrank(course: Course) -> Iterable[Finding]:
    """A tumour that could be resected because it shrank did not progress on that course."""
    if course.became_operable and course.response == "PD":
        hint = "write became_operable: false if it did not shrink, or correct response"
        yield ("became_operable",), "became_operable: true with response: PD", hint


@rule("treated-beyond-progression", "info", about="course")
def drug_ends_with_progression(course: Course) -> Iterable[Finding]:
    """A drug stopped for progression but taken longer than PFS was continued beyond progression."""
    taken, pfs = course.duration_months, course.pfs_months
    if taken is None or pfs is None or course.stop_reason != "progression" or course.beyond_progression:
        return
    if _low(taken) > _high(pfs):
        message = f"{_shown(taken)} months on the drug, but progression after {_shown(pfs)}"
        yield ("duration_months",), message, "if it was continued after progression, add beyond_progression: true"


@rule("response-and-progression-at-once", about="course")
def response_comes_before_progression(course: Course) -> Iterable[Finding]:
    """A response and progression are not seen on the day the drug is begun."""
    if course.response not in RESPONSES or course.stop_reason != "progression":
        return
    for name in ("duration_months", "pfs_months"):
        if _high(getattr(course, name)) <= 0:
            message = f"response {course.response}, stopped for progression, with {name}: 0"
            yield (name,), message, f"write the true months, or delete {name} if they are not stated"
            return


@rule("duration-not-in-words", "warning", about="report")
def durations_are_the_printed_ones(case: CaseFile) -> Iterable[Finding]:
    """Where the note or the words say how long a drug was taken, the duration is that, in months."""
    note = case.extraction.note or ""
    drugs = Counter(course.drug for _, course in courses(case))
    for path, course in courses(case):
        taken = course.duration_months
        if taken is None:
            continue
        texts = (course.response_as_stated or "", note)
        only = drugs[course.drug] == 1  # of two courses a note may say either
        said = [length for text in texts for length in _lengths_on(course.drug, text)] if only else []
        if said and not any(low <= _high(taken) and _low(taken) <= high for _, low, high in said):
            message = f"duration_months: {_shown(taken)}, but the words say {said[0][0]} of {course.drug}"
        elif (other := _same_number_of_others(taken, " ".join(texts))) is not None:
            message = f"duration_months: {_shown(taken)}, but the words say {other}"
        else:
            continue
        hint = "write months: 8 weeks are 1.8, 210 days are 6.9; or correct the words"
        yield (*path, "duration_months"), message, hint


def _lengths_on(drug: str, text: str) -> list[tuple[str, float, float]]:
    """Each time on a drug that a text prints, as `7 months of a drug`: its words, the least and the most months."""
    if drug.casefold() not in text.casefold():
        return []
    name = re.escape(drug)
    before = re.compile(rf"{_LENGTH.pattern} (?:of|on) {name}", re.IGNORECASE)
    after = re.compile(
        rf"{name}(?: was| therapy| treatment)*(?: given| taken| continued)? for {_LENGTH.pattern}", re.IGNORECASE
    )
    found = []
    for number, unit in (*_spans(before, text), *_spans(after, text)):
        count, months = _number(number), _MONTHS_IN[unit]
        found.append((f"{number} {unit}s", (count - 0.5) * months, (count + 0.5) * months))
    return found


def _same_number_of_others(taken: Months, text: str) -> str | None:
    """`8 weeks` where 8 months are entered and the text does not say `8 months`; years may be those of age."""
    if isinstance(taken, tuple):
        return None
    printed = {(_number(number), unit) for number, unit in _spans(_LENGTH, text)}
    if (taken, "month") in printed:
        return None
    return next((f"{taken:g} {unit}s" for unit in ("day", "week") if (taken, unit) in printed), None)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """Number and unit of each match, but for those that say when, not how long: `after 2 months of a drug`."""
    matches = (match for match in pattern.finditer(text) if not _POINT_IN_TIME.search(text[: match.start()]))
    return [(match[1], match[2].casefold()) for match in matches]


def _number(text: str) -> float:
    return float(_NUMBERS.index(text.casefold()) + 1) if text[0].isalpha() else float(text)


TIME_RULES: tuple[Rule, ...] = rules_in(globals())
