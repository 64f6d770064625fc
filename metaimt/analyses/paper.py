"""Every quantitative statement of one report: reproduced, not reproducible from what is printed, or inconsistent.

The statements are the report's claims; what is inconsistent is what the audit found, and nothing else is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from metaimt.analyses.audit import Audit, AuditFinding
from metaimt.casefiles.claims import Claim
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile
from metaimt.checks.printed_claims import Quantities, count_range
from metaimt.checks.quoted_counts import quoted_arm
from metaimt.problem import WrongUse
from metaimt.statistics.proportion import Proportion, clopper_pearson

Verdict = Literal["reproduced", "not reproducible", "inconsistent"]
VERDICTS: tuple[Verdict, ...] = ("reproduced", "not reproducible", "inconsistent")


@dataclass(frozen=True)
class Statement:
    """One printed statement and what becomes of it.

    share: n of N with its exact interval, where the two are printed or follow from the percentage. arithmetic: how a
    printed count follows from others. quoted: the report whose counts agree. as_in: an equal statement elsewhere in
    the same report that decides the verdict. findings: of the audit, about this statement.
    """

    claim: Claim
    verdict: Verdict
    share: Proportion | None = None
    arithmetic: str = ""
    quoted: str = ""
    as_in: Claim | None = None
    findings: tuple[AuditFinding, ...] = ()


def statements(library: Library, audit: Audit, report: str) -> tuple[Statement, ...]:
    """The claims of a report in file order, each with its verdict. Raises WrongUse if there is no such report."""
    case = library.report(report)
    if case is None or not case.claims:
        known = ", ".join(one.id for one in library.reports if one.claims)
        raise WrongUse(f"no report '{report}' with claims; there are: {known or 'none'}")
    quantities = Quantities(case)
    own = {id(claim): _by_itself(library, audit, case, claim, quantities) for claim in case.claims}
    return tuple(own[id(claim)] or _by_another(claim, quantities, own) for claim in case.claims)


def _by_itself(
    library: Library, audit: Audit, case: CaseFile, claim: Claim, quantities: Quantities
) -> Statement | None:
    findings = tuple(one for one in audit.about(case.id) if one.found.claim is claim)
    share = _share(claim)
    if findings:
        return Statement(claim, "inconsistent", share, findings=findings)
    if share is not None and claim.percent is not None:
        return Statement(claim, "reproduced", share)
    if claim.quotes is not None and quoted_arm(library, claim) is not None:
        return Statement(claim, "reproduced", share, quoted=claim.quotes)
    arithmetic = _sum(claim, quantities) or _difference(claim, quantities)
    return Statement(claim, "reproduced", share, arithmetic) if arithmetic else None


def _by_another(claim: Claim, quantities: Quantities, own: dict[int, Statement | None]) -> Statement:
    """A statement that stands elsewhere too is what the other is; without one it cannot be computed."""
    same = (id(other) for _, other in quantities.named(claim.name))
    others = [found for one in same if (found := own[one]) is not None]
    others += [found for found in own.values() if found is not None and _part_of_wrong_sum(claim, found)]
    worst = max(others, key=lambda found: VERDICTS.index(found.verdict), default=None)
    if worst is None:
        return Statement(claim, "not reproducible", _share(claim))
    return Statement(claim, worst.verdict, _share(claim), as_in=worst.claim)


def _part_of_wrong_sum(claim: Claim, found: Statement) -> bool:
    parts = (*found.claim.parts, *found.claim.disjoint_parts)
    return claim.name in parts and any(one.rule == "claim-parts" for one in found.findings)


def _share(claim: Claim) -> Proportion | None:
    counts = count_range(claim)
    if counts is None or counts[0] != counts[1] or not claim.of or not 0 <= counts[0] <= claim.of:
        return None
    return clopper_pearson(counts[0], claim.of)


def _exact(name: str, quantities: Quantities) -> int | None:
    counts = quantities.count(name)
    return counts[0] if counts is not None and counts[0] == counts[1] else None


def _sum(claim: Claim, quantities: Quantities) -> str:
    """`34 female + 40 male = 74`, or nothing."""
    counts = [_exact(name, quantities) for name in claim.parts]
    if not counts or None in counts or claim.n is None:
        return ""
    return " + ".join(f"{n} {name}" for n, name in zip(counts, claim.parts, strict=True)) + f" = {claim.n}"


def _difference(claim: Claim, quantities: Quantities) -> str:
    """`74 - 40 male = 34`: a part, by its whole and the other parts; or nothing."""
    if claim.n is None:
        return ""
    for name in quantities:
        for _, whole in quantities.named(name):
            others = [part for part in whole.parts if part != claim.name]
            counts = [_exact(part, quantities) for part in others]
            if claim.name in whole.parts and whole.n is not None and None not in counts:
                minus = "".join(f" - {n} {part}" for n, part in zip(counts, others, strict=True))
                return f"{whole.n} {whole.name}{minus} = {claim.n}"
    return ""
