"""Rules on a measured response: the change of size against the category, by the criteria that are named.

Paths start at the course.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from metaimt.casefiles.model import Course
from metaimt.checks.rule import FINE, Finding, Rule, rule, rules_in

_GONE = -100.0
_HALF = 0.5  # per cent: a change computed from rounded sizes is known no better
_NODES_NORMAL = -30.0  # a node counts from 15 mm and is normal below 10 mm: it shrank by a third at least


@dataclass(frozen=True)
class _Criteria:
    """From which change in per cent a response is PR, and from which PD."""

    name: str
    partial: float
    progressive: float

    def category(self, change: float) -> str:
        """The category that a change means, if there is no new lesion and no other disease."""
        if change <= _GONE:
            return "CR"
        return "PR" if change <= self.partial else "PD" if change >= self.progressive else "SD"


_RECIST = _Criteria("RECIST 1.1", -30, 20)
_OTHERS = {"who": _Criteria("WHO", -50, 25), "choi": _Criteria("Choi", -10, 10)}
_MAY_BOTH_BE = {  # entered, meant: what a size alone cannot decide
    ("CR", "PR"): "nodes that became normal are left",
    ("PR", "CR"): "other disease is left",
    ("PD", "CR"): "there are new lesions",
    ("PD", "PR"): "there are new lesions",
    ("PD", "SD"): "there are new lesions",
}


@rule("measured-without-number", "warning", about="course")
def measured_has_a_number(course: Course) -> Iterable[Finding]:
    """Measured says that a size change is printed; only the number can be checked."""
    if course.response_basis != "measured" or course.size_change_percent is not None or course.sizes is not None:
        return FINE
    hint = "add size_change_percent: as printed, -30 for a loss of 30 %, or sizes: [before, after]; else inferred"
    return [(("response_basis",), "response_basis: measured without size_change_percent or sizes", hint)]


@rule("sizes-disagree", about="course")
def sizes_give_the_percentage(course: Course) -> Iterable[Finding]:
    """Two sizes give one percentage, as far as their digits go."""
    printed = course.size_change_percent
    if printed is None or course.sizes is None:
        return FINE
    before, after = course.sizes
    around = _rounding(printed)
    low = _change(before + _rounding(before), max(0.0, after - _rounding(after)))
    high = _change(before - _rounding(before), after + _rounding(after))
    if low <= printed + around and printed - around <= high:
        return FINE
    message = f"size_change_percent: {printed:g}, but from {before:g} to {after:g} is {_change(before, after):.1f} %"
    return [(("size_change_percent",), message, "correct the wrong one, or leave out what is not printed")]


def _change(before: float, after: float) -> float:
    return 100 * (after - before) / before


def _rounding(value: float) -> float:
    """Half of the last digit: 8.7 may be 8.65 to 8.75."""
    exponent = Decimal(f"{value:g}").as_tuple().exponent
    return 0.5 * 10.0 ** min(0, int(exponent))


@rule("size-contradicts-response", about="course")
def number_is_the_category(course: Course) -> Iterable[Finding]:
    """Under RECIST the number decides; what nodes, new lesions or other disease can explain is only asked."""
    meant = _other_category(course)
    if meant is None or not _decides(course, meant):
        return FINE
    message = f"response: {course.response}, but {_words(course)} is {meant} by RECIST 1.1"
    hint = f"write response: {meant}, or correct the number"
    if course.response != "CR":
        hint += f"; if the source says {course.response} as well, response_alternatives: [{course.response}]"
    return [(("response",), message, hint)]


@rule("size-suggests-another-response", "warning", about="course")
def number_fits_the_category(course: Course) -> Iterable[Finding]:
    """Without RECIST, or where something besides size may have decided, the number only raises a question."""
    meant = _other_category(course)
    if meant is None or _decides(course, meant):
        return FINE
    criteria, named = _criteria(course)
    by = f"{meant} by {criteria.name}{'' if named else ', though no criteria are named'}"
    if course.response is None:
        message = f"{_words(course)} is {by}, but no response is entered"
        hint = f"add response: {meant} and response_basis: measured, or stated if the source prints another"
        return [((_field(course),), message, hint)]
    why = _MAY_BOTH_BE.get((course.response, meant))
    hint = f"write response: {meant}, or correct the number"
    hint += f"; right if {why}" if why else "; right if the source decided by other criteria: name them in criteria"
    return [(("response",), f"response: {course.response}, but {_words(course)} is {by}", hint)]


def _other_category(course: Course) -> str | None:
    """The category that the number means where it is not the one entered; None if both agree, or there is no number."""
    change = _entered_change(course)
    if change is None:
        return None
    criteria, _ = _criteria(course)
    around = 0.0 if course.size_change_percent is not None or change <= _GONE else _HALF
    if course.response in {criteria.category(change - around), criteria.category(change + around)}:
        return None
    return criteria.category(change)


def _entered_change(course: Course) -> float | None:
    if course.size_change_percent is not None:
        return course.size_change_percent
    return None if course.sizes is None else _change(*course.sizes)


def _decides(course: Course, meant: str) -> bool:
    """Whether the number alone refutes the response: RECIST is named, and nothing else can explain the two."""
    criteria, named = _criteria(course)
    if not named or criteria is not _RECIST or course.response in {None, "NE"} or meant in course.response_alternatives:
        return False
    change = _entered_change(course)
    if course.response == "CR" and change is not None and change > _NODES_NORMAL:
        return True
    return (course.response, meant) not in _MAY_BOTH_BE


def _criteria(course: Course) -> tuple[_Criteria, bool]:
    """The criteria by which a number is read, and whether the file names them."""
    text = course.criteria or ""
    other = next((criteria for word, criteria in _OTHERS.items() if re.search(rf"\b{word}\b", text, re.I)), None)
    if other is not None:
        return other, True
    return _RECIST, re.search(r"\b(?:i|m)?RECIST\b", text, re.I) is not None


def _field(course: Course) -> str:
    return "sizes" if course.size_change_percent is None else "size_change_percent"


def _words(course: Course) -> str:
    """The number as a message writes it: `-14 %`, or `8.7 to 7.5, -13.8 %,`."""
    if course.size_change_percent is not None or course.sizes is None:
        return f"{course.size_change_percent:+g} %"
    before, after = course.sizes
    return f"{before:g} to {after:g}, {_change(before, after):+.1f} %,"


SIZE_RULES: tuple[Rule, ...] = rules_in(globals())
