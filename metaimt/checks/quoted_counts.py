"""Counts that one text quotes from a report of the review, set against the arms of that report.

What a report prints of its own arms contradicts a slip in this file, so that is an error; what another text says of
them is only told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from metaimt.casefiles.claims import Claim
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile
from metaimt.checks.across_library import did_you_mean
from metaimt.checks.printed_claims import count_range, printed_text, typed
from metaimt.checks.printed_numbers import Disagreement
from metaimt.checks.rule import Finding, Located, Rule, rule
from metaimt.statistics.printed_numbers import percentage_agrees

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
