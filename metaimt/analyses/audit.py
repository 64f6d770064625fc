"""The audit of printed numbers: which of them cannot be right, and what would make them right. METHODS 12.

It computes nothing of its own: the rules of `checks.printed_numbers`, which `metaimt validate` asks too, are told here
in full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from metaimt.casefiles.library import Library
from metaimt.checks.printed_claims import where_text
from metaimt.checks.printed_numbers import Disagreement, disagreements
from metaimt.checks.quoted_counts import QUOTATION, quotations
from metaimt.problem import Problem, Waived


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

    def to_dict(self) -> dict[str, Any]:
        """The finding without its place in the case file, so that outputs do not depend on where the review lies."""
        claim = self.found.claim
        row: dict[str, Any] = {
            "report": self.report,
            "what": claim.what,
            "where": claim.where,
            "printed": self.found.printed,
            "computed": self.found.computed,
            "rule": self.rule,
            "message": self.found.message,
            "remedy": self.found.remedy,
            "explanation": self.explanation,
        }
        return {**row, "waived_because": self.waived_because} if self.waived_because else row

    def located(self) -> dict[str, Any]:
        """One finding of `metaimt audit --format json`."""
        place = {"file": self.place.file, "line": self.place.position.line, "column": self.place.position.column}
        return {**self.to_dict(), **place}


@dataclass(frozen=True)
class Audit:
    """What the audit of a library found. `claims` printed statements in `reports` reports were looked at."""

    findings: tuple[AuditFinding, ...]
    waived: tuple[AuditFinding, ...]
    claims: int
    reports: int

    def about(self, report: str) -> tuple[AuditFinding, ...]:
        """The findings in one report, waived or not."""
        return tuple(found for found in (*self.findings, *self.waived) if found.report == report)

    def to_dict(self) -> dict[str, Any]:
        """The part `audit` of results.json."""
        return self._dict([one.to_dict() for one in self.findings], [one.to_dict() for one in self.waived])

    def located(self) -> dict[str, Any]:
        """The content of `metaimt audit --format json`: with file, line and column of each finding."""
        lists = [one.located() for one in self.findings], [one.located() for one in self.waived]
        return {"format": 1, **self._dict(*lists)}

    def _dict(self, findings: list[Any], waived: list[Any]) -> dict[str, Any]:
        return {"findings": findings, "waived": waived, "claims": self.claims, "reports": self.reports}


def audit(library: Library, waived: Iterable[Waived] = (), files: Iterable[str] | None = None) -> Audit:
    """Audit every claim of a library; `files` (names as in the library) limits it to these case files.

    `waived` are the problems that case files call no mistake: what they waive is told apart.
    """
    reasons = {one.problem.sort_key: one.reason for one in waived}
    wanted = None if files is None else set(files)
    found = [one for one in _all(library, reasons) if wanted is None or one.place.file in wanted]
    looked_at = [
        case
        for case in library.reports
        if case.claims and (wanted is None or library.report_documents[case.id].name in wanted)
    ]
    return Audit(
        findings=tuple(one for one in found if not one.waived_because),
        waived=tuple(one for one in found if one.waived_because),
        claims=sum(len(case.claims) for case in looked_at),
        reports=len(looked_at),
    )


def _all(library: Library, reasons: dict[Any, str]) -> list[AuditFinding]:
    findings = [_finding(library, *one, reasons) for one in _told(library)]
    return sorted(findings, key=lambda one: one.place.sort_key)


def _told(library: Library) -> Iterator[tuple[str, str, Disagreement]]:
    for case in library.reports:
        for rule, found in disagreements(case):
            yield case.id, rule, found
    for report, found in quotations(library):
        yield report, QUOTATION, found


def _finding(library: Library, report: str, rule: str, found: Disagreement, reasons: dict[Any, str]) -> AuditFinding:
    document = library.report_documents[report]
    place = document.problem(found.path, rule, found.message, found.remedy, severity="warning")
    return AuditFinding(report, rule, found, place, reasons.get(place.sort_key, ""))


def place_text(finding: AuditFinding) -> str:
    """Where the source prints it: `you-2024, section 3.2`."""
    return f"{finding.report}, {where_text(finding.found.claim)}"
