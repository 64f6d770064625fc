"""The audit of printed numbers: which of them cannot be right, and what would make them right. METHODS 12.

It computes nothing of its own: the rules of `checks.printed_numbers`, which `metaimt validate` asks too, are told here
in full.

Every quantitative statement of one report: reproduced, not reproducible from what is printed, or inconsistent.

The statements are the report's claims; what is inconsistent is what the audit found, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Claim
from metaimt.checks.printed_numbers import (
    QUOTATION,
    Disagreement,
    Quantities,
    count_range,
    disagreements,
    quotations,
    quoted_arm,
    where_text,
)
from metaimt.problem import Problem, Waived, WrongUse
from metaimt.serialise import entries_of, optional, published, to_json
from metaimt.statistics.proportion import Proportion, clopper_pearson


@published(
    "report",
    "rule",
    "explanation",
    optional("waived_because"),
    what="found.claim.what",
    where="found.claim.where",
    printed="found.printed",
    computed="found.computed",
    message="found.message",
    remedy="found.remedy",
)
@dataclass(frozen=True)
class AuditFinding:
    """One printed number that does not agree; `place` is that of the claim in the case file."""

    report: str
    rule: str
    found: Disagreement
    place: Problem
    waived_because: str = ""

    @property
    def explanation(self) -> str:
        """What does not agree, and what would make it right."""
        return f"{self.found.message}; {self.found.remedy}"


@published("findings", "waived", "claims", reports=lambda each: len(each.reports))
@dataclass(frozen=True)
class Audit:
    """What the audit of a library found; looked at were so many `claims`, in these `reports` (ids)."""

    findings: tuple[AuditFinding, ...]
    waived: tuple[AuditFinding, ...]
    claims: int
    reports: tuple[str, ...]

    def about(self, report: str) -> tuple[AuditFinding, ...]:
        """The findings in one report, waived or not."""
        return tuple(found for found in (*self.findings, *self.waived) if found.report == report)


_PLACE: Final = (("file", "place.file"), ("line", "place.position.line"), ("column", "place.position.column"))


def located(found: Audit) -> dict[str, Any]:
    """The content of `metaimt audit --format json`: with file, line and column of each finding.

    results.json does not have them, so that outputs do not depend on where the review lies.
    """
    return {"format": 1, **to_json(found, {AuditFinding: (*entries_of(AuditFinding), *_PLACE)})}


def audit(library: Library, waived: Iterable[Waived] = (), files: Iterable[str] | None = None) -> Audit:
    """Audit every claim of a library; `files` (names as in the library) limits it to these case files.

    `waived` are the problems that case files call no mistake: what they waive is told apart.
    """
    reasons = {one.problem.sort_key: one.reason for one in waived}
    wanted = None if files is None else set(files)
    every = sorted((_finding(library, *one, reasons) for one in _told(library)), key=lambda one: one.place.sort_key)
    found = [one for one in every if wanted is None or one.place.file in wanted]
    looked_at = [
        case
        for case in library.reports
        if case.claims and (wanted is None or library.report_documents[case.id].name in wanted)
    ]
    return Audit(
        findings=tuple(one for one in found if not one.waived_because),
        waived=tuple(one for one in found if one.waived_because),
        claims=sum(len(case.claims) for case in looked_at),
        reports=tuple(case.id for case in looked_at),
    )


def _told(library: Library) -> Iterator[tuple[str, str, Disagreement]]:
    for case in library.reports:
        for rule, found in disagreements(case):
            yield case.id, rule, found
    for report, found in quotations(library):
        yield report, QUOTATION, found


def _finding(library: Library, report: str, rule: str, found: Disagreement, reasons: dict[Any, str]) -> AuditFinding:
    place = library.report_documents[report].problem(found.path, rule, found.message, found.remedy, severity="warning")
    return AuditFinding(report, rule, found, place, reasons.get(place.sort_key, ""))


def place_text(finding: AuditFinding) -> str:
    """Where the source prints it: `you-2024, section 3.2`."""
    return f"{finding.report}, {where_text(finding.found.claim)}"


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
