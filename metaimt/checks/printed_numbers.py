"""Printed numbers that do not agree: with themselves, with each other, with their groups, or with the printed deaths.

`metaimt validate` tells what is found here as infos, `metaimt audit` in full: there is no second implementation. What
is printed is kept as printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from metaimt.casefiles.claims import Claim, ClaimedSurvival
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.printed_claims import Quantities, count_range, printed_text, typed, where_text
from metaimt.checks.rule import Finding, Rule, rules_in
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
