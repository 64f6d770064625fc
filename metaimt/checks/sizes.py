"""Rules on a measured response: the change of size against the category, by the criteria that are named, and the words.

Paths start at the course.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from metaimt.casefiles.fields import shown
from metaimt.casefiles.model import Course
from metaimt.checks.rule import Finding, Rule, rule, rules_in

_GONE = -100.0
_HALF = 0.5  # per cent: a change computed from rounded sizes is known no better
_POINT = 1.0  # per cent: a printed change is rounded, and by one hand up, by another down
_ABOUT_POINTS = 10.0  # per cent: `about 40 %`
_FACTOR = (6.0, 16.0)  # between a size in mm and one in cm: ten, and the tumour changed by up to two thirds
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
_NAMED = (
    (
        re.compile(r"(?<![a-z])(?:i|m|ir|im)?RECIST(?![a-z])|response evaluation criteria in solid tumou?rs", re.I),
        _RECIST,
    ),
    (re.compile(r"\bWHO\b", re.I), _Criteria("WHO", -50, 25)),
    (re.compile(r"\bChoi\b", re.I), _Criteria("Choi", -10, 10)),
)
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
    if course.response_basis == "measured" and course.size_change_percent is None and course.sizes is None:
        hint = "add size_change_percent: as printed, -30 for a loss of 30 %, or sizes: [before, after]; else inferred"
        yield ("response_basis",), "response_basis: measured without size_change_percent or sizes", hint


@rule("sizes-disagree", about="course")
def sizes_give_the_percentage(course: Course) -> Iterable[Finding]:
    """Two sizes give one percentage, as far as their digits go."""
    printed = course.size_change_percent
    if printed is None or course.sizes is None:
        return
    before, after = course.sizes
    around = _rounding(printed)
    low = _change(before + _rounding(before), max(0.0, after - _rounding(after)))
    high = _change(before - _rounding(before), after + _rounding(after))
    if low > printed + around or printed - around > high:
        message = (
            f"size_change_percent: {printed:g}, but from {before:g} to {after:g} is {_change(before, after):.1f} %"
        )
        yield ("size_change_percent",), message, "correct the wrong one, or leave out what is not printed"


_UNIT = r"(?:\s?(cm|mm))?"
_SIZE = rf"(\d+(?:[.,]\d+)?(?:\s?(?:cm|mm)?\s?[x×*]\s?\d+(?:[.,]\d+)?)*){_UNIT}"
_FROM_TO = re.compile(rf"\bfrom {_SIZE}(?: in [a-z]+(?: diameter)?)?,? (?:down )?to {_SIZE}(?!\s?[%\w])", re.IGNORECASE)
_NUMBER = r"(?<!\d)(\d+(?:[.,]\d+)?) ?(?:%|per ?cent)"
_LESS = r"(?:reduc\w+|decreas\w+|shr[aiu]nk\w*|regress\w+|diminish\w+|smaller)"
_MORE = r"(?:increas\w+|grew|grow\w*|enlarg\w+|larger|progress\w+)"
_BETWEEN = (
    r"(?: (?:in|of|the|its|size|tumou?r|diameter|was|by|sum|longest|lesions?|target|[a-z]*ly|about|around|almost))*"
)
_TOLD = tuple(
    (sign, re.compile(form, re.IGNORECASE))
    for sign, form in (
        (0, rf"\b{_LESS}{_BETWEEN} to {_NUMBER}"),
        (-1, rf"\b{_LESS}{_BETWEEN} {_NUMBER}"),
        (-1, rf"(?<![\d.,><≥≤~-]){_NUMBER}{_BETWEEN} {_LESS}\b|(?<![\w.])[-−]{_NUMBER}"),
        (1, rf"\b{_MORE}{_BETWEEN} {_NUMBER}|(?<![\d.,><≥≤~-]){_NUMBER}{_BETWEEN} {_MORE}\b|\+{_NUMBER}"),
    )
)
_NOT_THE_SIZE = re.compile(
    rf"volum|SUV|uptake|metabol|\bPET\b|necro|viable|[><≥≤]|\b(?:over|than|least|most) {_NUMBER}", re.IGNORECASE
)
_ABOUT = re.compile(r"[~≈]|\b(?:about|approx\w*|around|almost|nearly|roughly|circa|ca)\b", re.IGNORECASE)


@rule("size-not-in-words", "warning", about="course")
def words_have_the_number(course: Course) -> Iterable[Finding]:
    """The words of the source print a change of size, and another one is entered."""
    change = _entered_change(course)
    words = course.response_as_stated or ""
    if change is None or _NOT_THE_SIZE.search(words):
        return
    told, rest = _told_changes(words)
    more = _ABOUT_POINTS if _ABOUT.search(words) else 0.0
    if not told or min(low for low, _ in told) - more <= change <= max(high for _, high in told) + more:
        return  # of several lesions, or times, any may be the one, or their sum
    printed = (_number(match[1]) for match in re.finditer(_NUMBER, rest))  # `reduced by 14 %, later by 48 %`
    if not any(abs(abs(change) - number) <= _POINT for number in printed):
        low, high = told[0]
        message = f"{_words(course).rstrip(',')} in {_field(course)}, but the words say {(low + high) / 2:.3g} %"
        yield (_field(course),), message, f"correct {_field(course)}, or the words, whichever is not the source's"


def _told_changes(words: str) -> tuple[list[tuple[float, float]], str]:
    """Each change of size that a text prints, in per cent, as the limits that its digits leave open; and the rest."""
    told = []
    for match in _FROM_TO.finditer(words):
        before, unit, after, other = match.groups()
        size, around = _largest(before, unit or other or "")
        then, about = _largest(after, other or unit or "")
        if (unit or other) and size > around:  # without a unit these are years, or doses
            low = _change(size + around, max(0.0, then - about))
            told.append((low - _POINT, _change(size - around, then + about) + _POINT))
    rest = words
    for sign, form in _TOLD:
        for match in form.finditer(rest):
            number = _number(next(filter(None, match.groups())))
            change = sign * number if sign else number - 100
            told.append((change - _POINT, change + _POINT))
        rest = form.sub(" ; ", rest)
    return told, rest


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _largest(sizes: str, unit: str) -> tuple[float, float]:
    """The largest of `8.7 x 5.1`, in mm, and half of its last digit."""
    size = max(_number(number) for number in re.findall(r"\d+(?:[.,]\d+)?", sizes))
    scale = 10.0 if unit.casefold() == "cm" else 1.0
    return size * scale, _rounding(size) * scale


@rule("sizes-in-two-units", "warning", about="course")
def sizes_have_one_unit(course: Course) -> Iterable[Finding]:
    """Two sizes with about a factor of ten between them may be millimetres and centimetres."""
    if course.sizes is None or course.size_change_percent is not None:
        return
    before, after = course.sizes
    low, high = sorted((before, after))
    changes, _ = _told_changes(course.response_as_stated or "")
    told = any(one <= _change(before, after) <= other for one, other in changes)
    if low and _FACTOR[0] <= high / low <= _FACTOR[1] and not told:
        hint = (
            "write both in one unit; if they are, add size_change_percent, or the words that print them with their unit"
        )
        yield ("sizes",), f"sizes: [{before:g}, {after:g}]: is one in mm and the other in cm?", hint


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
    if meant is not None and _decides(course, meant):
        message = f"response: {course.response}, but {_words(course)} is {meant} by RECIST 1.1"
        hint = _meant_number(course) or f"write response: {meant}, or correct the number"
        if course.response != "CR":
            hint += f"; if the source says {course.response} as well, response_alternatives: [{course.response}]"
        yield ("response",), message, hint


@rule("size-suggests-another-response", "warning", about="course")
def number_fits_the_category(course: Course) -> Iterable[Finding]:
    """Without RECIST, or where something besides size may have decided, the number only raises a question."""
    meant = _other_category(course)
    if meant is None or _decides(course, meant):
        return
    criteria, named = _criteria(course)
    unread = f", though criteria is {shown(course.criteria)}" if course.criteria else ", though no criteria are named"
    by = f"{meant} by {criteria.name}{'' if named else unread}"
    if course.response is None:
        message = f"{_words(course)} is {by}, but no response is entered"
        hint = f"add response: {meant} and response_basis: measured, or stated if the source prints another"
        yield (_field(course),), message, hint
        return
    why = _MAY_BOTH_BE.get((course.response, meant))
    hint = _meant_number(course) or f"write response: {meant}, or correct the number"
    hint += f"; right if {why}" if why else "; right if the source decided by other criteria: name them in criteria"
    yield ("response",), f"response: {course.response}, but {_words(course)} is {by}", hint


def _meant_number(course: Course) -> str:
    """What to ask where a sign, a point or the order of the sizes makes the number that of a response."""
    change, response = course.size_change_percent, course.response
    if response not in {"CR", "PR"}:
        return ""
    criteria, _ = _criteria(course)
    if change is None and course.sizes is not None:
        after, before = course.sizes
        swapped = before and criteria.category(_change(before, after)) == response
        return (
            f"is sizes: [{before:g}, {after:g}] meant? Sizes are [before, after]; else correct response"
            if swapped
            else ""
        )
    for meant in (-abs(change or 0), -100 * abs(change or 0)):
        if meant >= _GONE and criteria.category(meant) == response:
            return (
                f"is size_change_percent: {meant:g} meant? A loss has a minus and is in per cent; else correct response"
            )
    return ""


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
    """The criteria by which a number is read, and whether the file names them; two are as good as none."""
    named = [criteria for form, criteria in _NAMED if form.search(course.criteria or "")]
    return (named[0], True) if len(named) == 1 else (_RECIST, False)


def _field(course: Course) -> str:
    return "sizes" if course.size_change_percent is None else "size_change_percent"


def _words(course: Course) -> str:
    """The number as a message writes it: `-14 %`, or `8.7 to 7.5, -13.8 %,`."""
    if course.size_change_percent is not None or course.sizes is None:
        return f"{course.size_change_percent:+g} %"
    before, after = course.sizes
    return f"{before:g} to {after:g}, {_change(before, after):+.1f} %,"


SIZE_RULES: tuple[Rule, ...] = rules_in(globals())
