"""The audit of printed numbers: as text for a terminal 80 columns wide, for the report, and as table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from metaimt.analyses.audit import Audit, AuditFinding, place_text
from metaimt.checks.printed_claims import where_text
from metaimt.files import for_terminal
from metaimt.report.environment import Rendered, render
from metaimt.report.tables import Row
from metaimt.report.wording import plural

WIDTH = 80


def audit_text(found: Audit) -> str:
    """Each finding with what would make it right, by report, in the order of the case file; then the count."""
    lines: list[str] = []
    report = ""
    for one in found.findings:
        if one.report != report:
            report = one.report
            lines += [f"{report} ({one.place.file})", ""]
        lines += [*_finding_lines(one), ""]
    if found.waived:
        lines.append("Waived, with the reason of the case file:")
        lines += [line for one in found.waived for line in _wrapped(_waived(one), "  ", "    ")]
        lines.append("")
    return "\n".join([*map(for_terminal, lines), *_wrapped(summary(found), "", "")])


def summary(found: Audit) -> str:
    """`10 printed numbers of 96 in 8 reports do not agree`, in one sentence."""
    looked_at = f"{plural(found.claims, 'printed statement')} in {plural(found.reports, 'report')} looked at"
    waived = f", {len(found.waived)} waived" if found.waived else ""
    if not found.findings:
        return f"{looked_at}: nothing that does not agree{waived}."
    numbers = plural(len(found.findings), "finding")
    return f"{looked_at}: {numbers}{waived}. What is printed is kept as printed."


def _finding_lines(one: AuditFinding) -> list[str]:
    head = f"line {one.place.position.line}, {where_text(one.found.claim)}: {one.found.claim.what} [{one.rule}]"
    return [
        *_wrapped(head, "  ", "    "),
        *_wrapped(f"{one.found.message}.", "    ", "    "),
        *_wrapped(f"{sentence(one.found.remedy)}.", "    ", "    "),
    ]


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _waived(one: AuditFinding) -> str:
    return f"{place_text(one)}: {one.found.message}. {one.waived_because}"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    kept = text.replace(" %", "\u00a0%")
    lines = textwrap.wrap(
        kept, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\u00a0", " ") for line in lines]


def audit_section(found: Audit) -> Rendered:
    """The section of the report."""
    context = {"findings": audit_content(found), "summary": summary(found), "waived": len(found.waived)}
    return render("audit.md.j2", context)


def audit_content(found: Audit) -> list[dict[str, str]]:
    """The findings that are not waived, for the report and the page."""
    return [
        {
            "place": place_text(one),
            "what": one.found.claim.what,
            "text": one.found.message,
            "remedy": sentence(one.found.remedy),
        }
        for one in found.findings
    ]


def audit_rows(found: Audit) -> Iterator[Row]:
    """Rows of tables/audit.csv: every finding, the waived ones with their reason."""
    for one in (*found.findings, *found.waived):
        row = one.to_dict()
        yield {
            **{key: row[key] for key in ("report", "where", "what", "printed", "computed", "rule")},
            "message": one.found.message,
            "to_be_right": one.found.remedy,
            "waived_because": one.waived_because,
        }
