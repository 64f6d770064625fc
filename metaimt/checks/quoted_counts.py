"""Counts that one text quotes from a report of the review, set against the arms of that report."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.casefiles.claims import Claim
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm
from metaimt.checks.across_library import did_you_mean, known_ids, name_of
from metaimt.checks.printed_claims import count_range, printed_text
from metaimt.checks.printed_numbers import Disagreement
from metaimt.checks.rule import Located, Rule, rule

QUOTATION = "claim-quotation"


def quotations(library: Library) -> Iterator[tuple[str, Disagreement]]:
    """(report id, disagreement) of every claim whose counts are those of no arm of the report that it quotes."""
    for case in library.reports:
        for k, claim in enumerate(case.claims):
            if claim.quotes is None or quoted_arm(library, claim) is not None:
                continue
            quoted = library.report(claim.quotes)
            if quoted is None:
                if claim.quotes in known_ids(library):  # its file has errors of form, which are told already
                    continue
                hint = did_you_mean(claim.quotes, known_ids(library), "quotes holds the id of a report of this review")
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
    reports = {case.id: case for case in library.reports}
    for report_id, found in quotations(library):
        yield name_of(library, reports[report_id]), found.path, found.message, found.remedy


QUOTATION_RULES: tuple[Rule, ...] = (quoted_counts_agree,)
