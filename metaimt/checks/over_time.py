"""Rules on times: on the drug, in response, without progression, under observation.

Paths start at the course, or at the patient. A range [low, high] is given the benefit of the doubt: two times
contradict each other only if no values within them agree.
"""

from __future__ import annotations

from collections.abc import Iterable

from metaimt.casefiles.model import Course, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.of_course import RESPONSES
from metaimt.checks.rule import FINE, Finding, Rule, rule, rules_in

LONGEST_MONTHS = 600
Months = float | tuple[float, float] | None
_NEVER = float("inf")
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
        for name in ("duration_months", "response_duration_months", "pfs_months"):
            if (value := getattr(course, name)) is not None:
                yield from _in_range(("courses", c, name), value)
    if patient.followup_months is not None:
        yield from _in_range(("followup_months",), patient.followup_months)


def _in_range(path: Path, value: Months) -> Iterable[Finding]:
    if _low(value) >= 0 and _high(value) <= LONGEST_MONTHS:
        return FINE
    message = f"{path[-1]}: {_shown(value)} is not between 0 and {LONGEST_MONTHS} months"
    return [(path, message, "write months, not days or weeks")]


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
        return FINE
    if not course.ongoing and course.stop_reason != "progression":
        return FINE
    why = "is still being taken" if course.ongoing else "was stopped for progression"
    message = f"a response of {_shown(lasted)} months in {_shown(taken)} months on a drug that {why}"
    hint = "check both; time on the drug is duration_months, from the first response on response_duration_months"
    return [(("response_duration_months",), message, hint)]


@rule("response-exceeds-pfs", "warning", about="course")
def response_within_pfs(course: Course) -> Iterable[Finding]:
    """Both end with progression, and a response begins after the treatment does."""
    lasted, pfs = course.response_duration_months, course.pfs_months
    if lasted is None or pfs is None or _low(lasted) <= _high(pfs):
        return FINE
    message = f"a response of {_shown(lasted)} months, but pfs_months is {_shown(pfs)}"
    hint = "check both: PFS counts from the start of the drug, the response from when it was first seen"
    return [(("response_duration_months",), message, hint)]


@rule("response-duration-without-response", "warning", about="course")
def only_a_response_lasts(course: Course) -> Iterable[Finding]:
    """The duration of a response is defined for CR and PR only."""
    if course.response_duration_months is None or course.response is None or course.response in RESPONSES:
        return FINE
    message = f"response_duration_months with response: {course.response}"
    hint = "write duration_months (time on the drug) or pfs_months, whichever the source gives, or correct response"
    return [(("response_duration_months",), message, hint)]


@rule("treated-beyond-progression", "info", about="course")
def drug_ends_with_progression(course: Course) -> Iterable[Finding]:
    """A drug stopped for progression but taken longer than PFS was continued beyond progression."""
    taken, pfs = course.duration_months, course.pfs_months
    if taken is None or pfs is None or course.stop_reason != "progression" or course.beyond_progression:
        return FINE
    if _low(taken) <= _high(pfs):
        return FINE
    message = f"{_shown(taken)} months on the drug, but progression after {_shown(pfs)}"
    return [(("duration_months",), message, "if it was continued after progression, add beyond_progression: true")]


@rule("response-and-progression-at-once", about="course")
def response_comes_before_progression(course: Course) -> Iterable[Finding]:
    """A response and progression are not seen on the day the drug is begun."""
    if course.response not in RESPONSES or course.stop_reason != "progression":
        return FINE
    for name in ("duration_months", "pfs_months"):
        if _high(getattr(course, name)) <= 0:
            message = f"response {course.response}, stopped for progression, with {name}: 0"
            return [((name,), message, f"write the true months, or delete {name} if they are not stated")]
    return FINE


TIME_RULES: tuple[Rule, ...] = rules_in(globals())
