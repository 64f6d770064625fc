"""Printed numbers that do not agree: with themselves, with each other, with their groups, or with the printed deaths.

`metaimt validate` tells what is found here as infos, `metaimt audit` in full: there is no second implementation. What
is printed is kept as printed.

The claims of a report by the quantity they are about, and how a claim is written in a message.

Counts that one text quotes from a report of the review, set against the arms of that report.

What a report prints of its own arms contradicts a slip in this file, so that is an error; what another text says of
them is only told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Claim, ClaimedSurvival
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.across_library import did_you_mean
from metaimt.checks.rule import Finding, Located, Rule, rule, rules_in
from metaimt.statistics.printed_numbers import (
    LowestSurvival,
    bounds,
    counts_that_print_as,
    lowest_survival,
    nearest_fraction,
    percent_text,
    percentage_agrees,
    same_number,
)


class Quantities:
    """The claims of one report, by name, in file order."""

    def __init__(self, case: CaseFile) -> None:
        self._by_name: dict[str, list[tuple[int, Claim]]] = {}
        self._places = {id(claim): k for k, claim in enumerate(case.claims)}
        for k, claim in enumerate(case.claims):
            self._by_name.setdefault(claim.name, []).append((k, claim))
        printed = (number for claim in case.claims for number in (claim.n, claim.of) if number is not None)
        self.largest = max(printed, default=0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def named(self, name: str) -> list[tuple[int, Claim]]:
        """The claims about a quantity, with their places in the file; empty if there is none."""
        return self._by_name.get(name, [])

    def place(self, claim: Claim) -> int:
        """The place of a claim among the claims of the file, from 0."""
        return self._places[id(claim)]

    def first(self, name: str) -> Claim | None:
        """The first claim about a quantity that tells its count."""
        return next((claim for _, claim in self.named(name) if count_range(claim) is not None), None)

    def count(self, name: str) -> tuple[int, int] | None:
        """The least and the largest count that the first telling claim leaves open; None if no claim tells one."""
        claim = self.first(name)
        return None if claim is None else count_range(claim)


def count_range(claim: Claim) -> tuple[int, int] | None:
    """The printed count, or the counts that its percentage of the denominator allows; None if neither is there."""
    if claim.n is not None:
        return claim.n, claim.n
    if claim.percent is None or not claim.of or claim.survival is not None:
        return None
    counts = counts_that_print_as(typed(claim.percent), claim.of)
    return (counts[0], counts[-1]) if counts else None


def typed(number: object) -> str:
    """A number with the digits as typed: 31.0 stays 31.0."""
    return str(getattr(number, "typed", number))


def printed_text(claim: Claim) -> str:
    """What is printed: `6/15 (45.5 %)`, `36`, `24.1 %`, `50.14 years`."""
    if claim.printed is not None:
        return claim.printed
    number = "" if claim.n is None else str(claim.n)
    if number and claim.of is not None:
        number += f"/{claim.of}"
    percent = "" if claim.percent is None else f"{typed(claim.percent)} %"
    value = "" if claim.value is None else " ".join(filter(None, (typed(claim.value), claim.unit)))
    if percent and not number and claim.of is not None:
        percent += f" of {claim.of}"
    return (f"{number} ({percent})" if number and percent else number or percent) or value


def where_text(claim: Claim | None) -> str:
    """`section 3.1`, `discussion`, or that the place is not given."""
    if claim is None or claim.where is None:
        return "place not given"
    return f"section {claim.where}" if claim.where[:1].isdigit() else claim.where


@dataclass(frozen=True)
class Disagreement:
    """A printed number that cannot be right: what is printed, what follows, and what would be right."""

    path: Path
    claim: Claim
    printed: str
    computed: str
    message: str
    remedy: str


Finder = Callable[[CaseFile], Iterator[Disagreement]]


def _rule(rule_id: str) -> Callable[[Finder], Rule]:
    def make(finder: Finder) -> Rule:
        FINDERS[rule_id] = finder
        return Rule(rule_id, "info", partial(_told, finder), about="report")

    return make


FINDERS: dict[str, Finder] = {}  # by rule id, in the order in which they stand here


def _told(finder: Finder, case: CaseFile) -> Iterable[Finding]:
    return [(found.path, found.message, found.remedy) for found in finder(case)] if case.claims else ()


def disagreements(case: CaseFile) -> Iterator[tuple[str, Disagreement]]:
    """Every disagreement within one report, with the id of its rule."""
    if case.claims:
        for rule_id, finder in FINDERS.items():
            for found in finder(case):
                yield rule_id, found


@_rule("claim-percentage")
def percentages_are_fractions(case: CaseFile) -> Iterator[Disagreement]:
    """A printed percentage is that of its count and denominator, rounded or cut off; without a count, of some count."""
    largest = Quantities(case).largest
    for k, claim in enumerate(case.claims):
        if claim.percent is None or claim.of is None or claim.of < 1 or claim.survival is not None:
            continue
        printed = typed(claim.percent)
        if claim.n is not None and percentage_agrees(claim.n, claim.of, printed):
            continue
        if claim.n is None and counts_that_print_as(printed, claim.of):
            continue
        yield _wrong_percentage(k, claim, printed, largest)


def _wrong_percentage(k: int, claim: Claim, printed: str, largest: int) -> Disagreement:
    of = claim.of or 1
    if claim.n is not None:
        computed = f"{claim.n}/{of} is {percent_text(Fraction(claim.n, of), printed)} %"
        message = f"{computed}, printed {printed} %"
    else:
        below = int(Fraction(printed) * of / 100)
        near = (f"{n}/{of} is {percent_text(Fraction(n, of), printed)} %" for n in (below, below + 1) if 0 <= n <= of)
        computed = ", ".join(near)
        message = f"no count of {of} is {printed} %: {computed}" if computed else f"no count of {of} is {printed} %"
    right = nearest_fraction(printed, claim.n, of, largest)
    remedy = f"{printed} % would be {right[0]}/{right[1]}" if right else f"no fraction near {of} is {printed} %"
    return Disagreement(("claims", k, "percent"), claim, printed_text(claim), computed, message, remedy)


@_rule("claim-twice")
def same_quantity_agrees(case: CaseFile) -> Iterator[Disagreement]:
    """A quantity that is printed twice is the same number twice, as far as its digits go."""
    quantities = Quantities(case)
    for k, claim in enumerate(case.claims):
        earlier = (other for _, other in quantities.named(claim.name) if other is not claim)
        first = next((other for other in earlier if _differ(claim, other)), None)
        if first is None or quantities.place(first) > k:
            continue
        printed = f"{printed_text(claim)} ({where_text(claim)}) and {printed_text(first)} ({where_text(first)})"
        message = f"'{claim.name}' is printed as {printed}"
        computed, remedy = _which_is_right(claim, first, case)
        yield Disagreement(("claims", k), claim, printed, computed, message, remedy)


def _differ(one: Claim, other: Claim) -> bool:
    counts = ((one.n, other.n), (one.of, other.of))
    if any(a is not None and b is not None and a != b for a, b in counts):
        return True
    digits = ((one.percent, other.percent), (one.value, other.value))
    if any(a is not None and b is not None and not same_number(typed(a), typed(b)) for a, b in digits):
        return True
    return _percentage_differs(one, other) or _percentage_differs(other, one)


def _percentage_differs(one: Claim, other: Claim) -> bool:
    """Whether a percentage without a count is not that of the other's count, which has no percentage."""
    if one.percent is None or other.percent is not None or other.n is None or not other.of:
        return False
    return not percentage_agrees(other.n, other.of, typed(one.percent))


def _which_is_right(claim: Claim, first: Claim, case: CaseFile) -> tuple[str, str]:
    counted = next((one for one in (first, claim) if one.n is not None and one.of), None)
    computed = ""
    if counted is not None and counted.n is not None and counted.of:
        like = typed(counted.percent) if counted.percent is not None else "0.0"
        computed = f"{counted.n}/{counted.of} is {percent_text(Fraction(counted.n, counted.of), like)} %"
    same = (one for one in case.claims if one.name != claim.name and _printed_alike(one, claim, counted))
    other = next(same, None)
    if other is not None and claim.percent is not None:
        remedy = f"{typed(claim.percent)} % is what '{other.what}' is printed as: {printed_text(other)}"
        return computed, f"{remedy} ({where_text(other)})"
    return computed, f"{computed}: print that in both places" if computed else "one of the two is a misprint"


def _printed_alike(one: Claim, claim: Claim, counted: Claim | None) -> bool:
    """Whether another quantity has the very percentage of `claim`, with a count of the same denominator."""
    if claim.percent is None or one.percent is None or one.n is None or one.survival is not None:
        return False
    wanted = claim.of or (counted.of if counted else None)
    return one.of == wanted and typed(one.percent) == typed(claim.percent)


@_rule("claim-parts")
def parts_add_up(case: CaseFile) -> Iterator[Disagreement]:
    """Parts that share no patient add up to their whole, or, where some are not printed, to no more."""
    quantities = Quantities(case)
    for k, claim in enumerate(case.claims):
        for field, names in (("parts", claim.parts), ("disjoint_parts", claim.disjoint_parts)):
            ranges = [quantities.count(name) for name in names]
            whole = count_range(claim)
            if whole is None or not names or None in ranges:
                continue
            known = [counts for counts in ranges if counts is not None]
            least, most = sum(low for low, _ in known), sum(high for _, high in known)
            if least > whole[1] or (field == "parts" and most < whole[0]):
                yield _wrong_sum(("claims", k, field), claim, names, known, whole)


def _wrong_sum(
    path: Path, claim: Claim, names: Iterable[str], counts: list[tuple[int, int]], whole: tuple[int, int]
) -> Disagreement:
    total = sum(low for low, _ in counts)
    added = " + ".join(f"{low} {name}" for (low, _), name in zip(counts, names, strict=True))
    message = f"{added} is {total}, but '{claim.what}' is printed as {printed_text(claim)}"
    if total > whole[1]:
        remedy = f"'{claim.what}' would be {total} or more, or {total - whole[1]} counted twice"
    else:
        remedy = f"{whole[0] - total} are in none of the parts, or '{claim.what}' would be {total}"
    return Disagreement(path, claim, printed_text(claim), f"{added} = {total}", message, remedy)


@_rule("claim-subgroup")
def subgroups_are_smaller(case: CaseFile) -> Iterator[Disagreement]:
    """A subgroup has at most the patients of its group."""
    quantities = Quantities(case)
    for k, claim in enumerate(case.claims):
        if claim.part_of is None:
            continue
        part, group = count_range(claim), quantities.count(claim.part_of)
        if part is None or group is None or part[0] <= group[1]:
            continue
        of = quantities.first(claim.part_of)
        message = f"'{claim.what}' is printed as {part[0]}, but '{claim.part_of}' as {group[1]} ({where_text(of)})"
        remedy = f"at most {group[1]} here, or at least {part[0]} there, would be right"
        computed = f"at most {group[1]}"
        yield Disagreement(("claims", k, "n"), claim, printed_text(claim), computed, message, remedy)


@_rule("claim-survival")
def survival_fits_the_deaths(case: CaseFile) -> Iterator[Disagreement]:
    """Printed survival is no lower than the printed deaths and losses allow, and does not rise."""
    earlier: dict[tuple[int, int, int], tuple[float, str]] = {}
    for k, claim in enumerate(case.claims):
        survival = claim.survival
        if survival is None or claim.percent is None:
            continue
        printed, path = typed(claim.percent), ("claims", k, "percent")
        counts = (survival.patients, survival.deaths, survival.lost)
        lowest = lowest_survival(*counts)
        if not lowest.allows(printed):
            message, computed = _too_low(survival, lowest, printed)
            remedy = "; ".join(_survival_remedies(lowest, printed))
            yield Disagreement(path, claim, f"{printed} %", computed, message, remedy)
        months, before = earlier.get(counts, (survival.months, printed))
        if months < survival.months and bounds(printed)[0] >= bounds(before)[1]:
            message = f"survival rises from {before} % at {months:g} months to {printed} % at {survival.months:g}"
            remedy = f"at {survival.months:g} months {before} % or less would be right"
            yield Disagreement(path, claim, f"{printed} %", f"at most {before} %", message, remedy)
        if survival.months >= months:
            earlier[counts] = (survival.months, printed)


def _too_low(survival: ClaimedSurvival, lowest: LowestSurvival, printed: str) -> tuple[str, str]:
    left = f"{lowest.at_risk - lowest.deaths}/{lowest.at_risk}"
    computed = f"at least {left} = {percent_text(lowest.value, printed)} %"
    message = (
        f"{printed} % at {survival.months:g} months is lower than {lowest.deaths} deaths among {lowest.patients} "
        f"patients allow: {computed}, if all {lowest.lost} lost left before any death, all deaths came by then, and "
        "the others were followed so long"
    )
    followed = survival.median_followup
    if followed is not None and followed <= survival.months:
        message += f", though median follow-up is only {followed:g} months"
    return message, computed


def _survival_remedies(lowest: LowestSurvival, printed: str) -> Iterator[str]:
    n, deaths, lost = lowest.patients, lowest.deaths, lowest.lost
    yield f"{printed} % would take at least {lowest.deaths_needed(printed)} deaths"
    for left in counts_that_print_as(printed, n):
        yield f"{left}/{n} is {percent_text(Fraction(left, n), printed)} %, {n - left} deaths with nobody lost before"
    yield f"{deaths} deaths would do with at most {lowest.at_risk_needed(printed)} patients at risk at the first"
    if lost and lowest_survival(n, deaths + lost, 0).allows(printed):
        all_lost = percent_text(Fraction(n - deaths - lost, n), printed)
        yield f"so would losses counted as deaths ({n - deaths - lost}/{n} is {all_lost} %)"


PRINTED_RULES: tuple[Rule, ...] = rules_in(globals())


QUOTATION = "claim-quotation"


def quotations(library: Library) -> Iterator[tuple[str, Disagreement]]:
    """(report id, disagreement) of every claim whose counts are those of no arm of the report that it quotes."""
    for case in library.reports:
        for k, claim in enumerate(case.claims):
            if claim.quotes is None or quoted_arm(library, claim) is not None:
                continue
            quoted = library.report(claim.quotes)
            if quoted is None:
                if claim.quotes in library.known_ids:  # its file has errors of form, which are told already
                    continue
                hint = did_you_mean(claim.quotes, library.known_ids, "quotes holds the id of a report of this review")
                message, computed = f"no report '{claim.quotes}' to compare with", ""
            else:
                computed = ", ".join(f"{arm.responders}/{arm.evaluable}" for arm in quoted.arms) or "no counts"
                message = f"'{claim.what}' is printed as {printed_text(claim)}, but {claim.quotes} has {computed}"
                hint = f"check both against the source of {claim.quotes}"
            yield case.id, Disagreement(("claims", k, "quotes"), claim, printed_text(claim), computed, message, hint)


def quoted_arm(library: Library, claim: Claim) -> Arm | None:
    """The arm of the quoted report that has the claim's counts, or counts that its percentage allows.

    A claim without a denominator quotes the patients of an arm.
    """
    quoted = None if claim.quotes is None else library.report(claim.quotes)
    counts = count_range(claim)
    if quoted is None or counts is None:
        return None
    if claim.of is None:
        return next((arm for arm in quoted.arms if arm.evaluable == claim.n), None)
    arms = (arm for arm in quoted.arms if arm.evaluable == claim.of)
    return next((arm for arm in arms if counts[0] <= arm.counts[0] <= counts[1]), None)


@rule(QUOTATION, "info")
def quoted_counts_agree(library: Library) -> Iterator[Located]:
    """A text that quotes a report of the review quotes its counts."""
    for report_id, found in quotations(library):
        if found.claim.quotes != report_id:  # own counts: counts-contradict-claim
            yield library.report_documents[report_id].name, found.path, found.message, found.remedy


_COUNTED = {  # what a claim is about, by the first of its words
    "objective response": ("responders",),
    "overall response": ("responders",),
    "response rate": ("responders",),
    "responders": ("responders",),
    "orr": ("responders",),
    "complete response": ("cr",),
    "partial response": ("pr",),
    "stable disease": ("sd",),
    "progressive disease": ("pd",),
    "disease control": ("responders", "sd"),
}
_OWN_HINT = "correct the arm, or the claim; if it counts others, say whom in what: objective response, all tumours"
_QUALIFIED = re.compile(
    rf"({'|'.join(_COUNTED)})s?(?: rate)?(?: \([A-Z]+\))?(?:,? (?:in |of |among )?(.+))?", re.IGNORECASE
)


@rule("counts-contradict-claim", about="report")
def counts_are_the_printed_ones(case: CaseFile) -> Iterator[Finding]:
    """What the report itself prints of an arm is what the arm counts; where it prints two numbers, one of them."""
    agreeing: set[str] = set()
    wrong: list[tuple[int, Claim, str]] = []
    for k, claim in enumerate(case.claims):
        fields, arms = _own_arms(case, claim)
        verdicts = [_agrees(claim, arm, fields) for arm in arms]
        if True in verdicts:
            agreeing.add(claim.name)
        elif False in verdicts:
            wrong.append((k, claim, " or ".join(_counted(arm, fields) for arm in arms)))
    for k, claim, counted in wrong:
        if claim.name not in agreeing:
            message = f"'{claim.what}' is printed as {printed_text(claim)}, but the arm has {counted}"
            yield ("claims", k), message, _OWN_HINT


def _own_arms(case: CaseFile, claim: Claim) -> tuple[tuple[str, ...], tuple[Arm, ...]]:
    """The counts of its own arms that a claim is about, and of which arms: any, or those that its words name."""
    quotes_itself = claim.quotes in {case.id, *case.report.former_ids}
    match = _QUALIFIED.fullmatch(claim.what)
    if not case.arms or (claim.quotes is not None and not quotes_itself) or (match is None and not quotes_itself):
        return (), ()
    if match is None:
        return ("responders",), case.arms
    words = set(re.findall(r"[\w+-]{2,}", (match[2] or "").casefold()))
    named = tuple(arm for arm in case.arms if words <= set(re.findall(r"[\w+-]{2,}", arm.label.casefold())))
    if words and not named and not quotes_itself:
        return (), ()  # of patients who are no arm
    return _COUNTED[match[1].casefold()], named or case.arms


def _agrees(claim: Claim, arm: Arm, fields: tuple[str, ...]) -> bool | None:
    """Whether an arm has the counts of a claim; None where one of the two does not say."""
    counts = [getattr(arm, field) for field in fields]
    if arm.evaluable is None or None in counts or claim.survival is not None:
        return None
    count = sum(counts)
    if claim.n is not None:
        return claim.n == count and claim.of in {None, arm.evaluable}
    if claim.percent is None or not arm.evaluable:
        return None
    return claim.of in {None, arm.evaluable} and percentage_agrees(count, arm.evaluable, typed(claim.percent))


def _counted(arm: Arm, fields: tuple[str, ...]) -> str:
    return f"{sum(getattr(arm, field) or 0 for field in fields)}/{arm.evaluable}"


OWN_COUNT_RULES: tuple[Rule, ...] = (counts_are_the_printed_ones,)
QUOTATION_RULES: tuple[Rule, ...] = (quoted_counts_agree,)
