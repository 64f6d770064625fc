"""Rules on one course: the response and how it is known, why it ended, the dose.

Paths start at the course.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from metaimt.casefiles.fields import shown
from metaimt.casefiles.model import Course
from metaimt.checks.rule import FINE, Finding, Rule, rule, rules_in

RESPONSES = ("CR", "PR")
_HOW_OFTEN = {  # "daily" and "/day" stay: they may be the sum of several doses
    "once daily": ("qd", "od", "q.d.", "o.d.", "q24h", "1x/d", "1x/day"),
    "twice daily": ("bid", "bd", "b.i.d.", "b.d.", "q12h", "2x/d", "2x/day"),
    "three times daily": ("tid", "tds", "t.i.d.", "t.d.s.", "q8h", "3x/d", "3x/day"),
}
_IN_SHORT = {short: words for words, all_short in _HOW_OFTEN.items() for short in all_short}
_DOSE = re.compile(r"(\d+(?:\.\d+)?) ?(mg|g|µg|mcg)(/m2|/m²|/kg)?(?:,? ?([a-z0-9./ ]+?))?", re.IGNORECASE)


@rule("response-without-basis", about="course")
def response_has_basis(course: Course) -> Iterable[Finding]:
    """The strict pool needs to know how a response is known."""
    if course.response is None or course.response_basis is not None:
        return FINE
    hint = "add response_basis: stated (category printed), measured (size change printed) or inferred"
    return [(("response",), f"response {course.response} without response_basis", hint)]


@rule("basis-without-response", about="course")
def basis_has_response(course: Course) -> Iterable[Finding]:
    """A basis alone says that a response was forgotten."""
    if course.response is not None or course.response_basis is None:
        return FINE
    message = f"response_basis {course.response_basis} without a response"
    return [(("response_basis",), message, "add response: CR, PR, SD, PD or NE, or delete response_basis")]


@rule("response-without-words", "warning", about="course")
def known_response_has_words(course: Course) -> Iterable[Finding]:
    """A second reader compares the category with the words it was taken from."""
    if course.response is None or course.response_as_stated is not None or course.response_basis in {None, "inferred"}:
        return FINE
    if course.response_basis == "measured" and (course.sizes is not None or course.size_change_percent is not None):
        return FINE
    message = f"response_basis: {course.response_basis} without response_as_stated"
    return [(("response_basis",), message, "add response_as_stated: the words, or the measurements, of the source")]


@rule("alternative-is-response", "warning", about="course")
def alternatives_are_others(course: Course) -> Iterable[Finding]:
    """An alternative is another category that the source leaves open."""
    if course.response is None or course.response not in course.response_alternatives:
        return FINE
    place = ("response_alternatives", course.response_alternatives.index(course.response))
    message = f"response_alternatives names {course.response}, which is the response itself"
    return [(place, message, f"delete {course.response} here, or correct response")]


@rule("alternatives-without-response", "warning", about="course")
def alternatives_have_a_response(course: Course) -> Iterable[Finding]:
    """Alternatives stand beside the likeliest category; alone they are not counted anywhere."""
    if course.response is not None or not course.response_alternatives:
        return FINE
    hint = "enter the likeliest as response, with response_basis: inferred, or delete response_alternatives"
    return [(("response_alternatives",), "response_alternatives without a response", hint)]


@rule("not-evaluable-but-assessed", "info", about="course")
def not_evaluable_was_not_assessed(course: Course) -> Iterable[Finding]:
    """NE is for no assessment; who progressed, or may have responded, was looked at."""
    if course.response != "NE" or course.stop_reason == "death":
        return FINE
    if course.stop_reason == "progression":
        hint = "if the tumour never shrank or stood still, write response: PD"
        return [(("response",), "response: NE, but the drug was stopped for progression", hint)]
    if course.response_alternatives and course.response_alternatives != ("NE",):
        others = ", ".join(course.response_alternatives)
        hint = (
            f"if an assessment is described, write response: {course.response_alternatives[0]}, and NE as alternative"
        )
        return [(("response",), f"response: NE, though {others} is left open", hint)]
    return FINE


@rule("ongoing-but-stopped", about="course")
def ongoing_has_no_stop_reason(course: Course) -> Iterable[Finding]:
    """A course is going on or was stopped."""
    if not course.ongoing or course.stop_reason is None:
        return FINE
    message = f"ongoing: true with stop_reason: {course.stop_reason}"
    return [(("stop_reason",), message, "write ongoing: false, or delete stop_reason")]


@rule("dose-in-short", "info", about="course")
def dose_is_written_out(course: Course) -> Iterable[Finding]:
    """Abbreviations of doses are misread, and the same dose is found under one spelling only."""
    if course.dose is None or (match := _DOSE.fullmatch(course.dose.strip())) is None:
        return FINE
    amount, unit, per, often = match.groups()
    words = _IN_SHORT.get((often or "").casefold(), often or "")
    blank = " " if words and not words.startswith("/") else ""
    plain = f"{amount} {unit.casefold()}{(per or '').replace('²', '2')}{blank}{words}"
    if plain == course.dose:
        return FINE
    return [(("dose",), f"dose: {shown(course.dose)} is written in short", f"write dose: {plain}")]


COURSE_RULES: tuple[Rule, ...] = rules_in(globals())
