"""The audit of printed numbers as text, as a section of the report and as a table; and the statements of one report.

Those are a page of Markdown: what can be computed again, with which command, and what not.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from metaimt.analyses.audit import VERDICTS, Audit, AuditFinding, Statement, place_text
from metaimt.analyses.breakdown import NOT_REPORTED, breakdown
from metaimt.analyses.duration import ON_TREATMENT, durations
from metaimt.analyses.pooled_response import PooledResponse
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Comparison
from metaimt.casefiles.protocol import Protocol
from metaimt.checks.printed_numbers import printed_text, where_text
from metaimt.evidence.selection import Selection
from metaimt.files import for_terminal
from metaimt.report.cells import Row
from metaimt.report.environment import Rendered, render
from metaimt.report.wording import estimate_with_interval, fraction, plural
from metaimt.serialise import to_json

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
        row = to_json(one)
        yield {
            **{key: row[key] for key in ("report", "where", "what", "printed", "computed", "rule")},
            "message": one.found.message,
            "to_be_right": one.found.remedy,
            "waived_because": one.waived_because,
        }


_NOTHING_PRINTED = "nothing is printed to compute it from"


class ReviewNumbers:
    """The numbers of the review that stand beside printed ones, each with the command that gives it."""

    def __init__(self, selection: Selection, response: PooledResponse, protocol: Protocol) -> None:
        self._selection, self._response, self._protocol = selection, response, protocol

    def beside(self, wanted: Comparison) -> Iterator[tuple[str, str]]:
        """(text, command) of each pool. Raises WrongUse for a grouping that `metaimt pool --by` does not have."""
        if wanted.grouping is not None:
            yield from self._level(wanted.grouping, wanted.level or "")
        elif wanted.number == "response":
            for group in self._response.pools.values():
                yield f"{group.label}: {estimate_with_interval(group.orr)}", "metaimt pool"
        else:
            yield from self._median_duration()

    def _level(self, grouping: str, level: str) -> Iterator[tuple[str, str]]:
        for name, group in self._response.pools.items():
            table = breakdown(self._selection, name, grouping)
            n = sum(row.counts.evaluable for row in table.levels if row.name == level)
            of = sum(row.counts.evaluable for row in table.levels if row.name != NOT_REPORTED)
            what = f"{group.label}: {level} in {fraction(n, of)} with a known {grouping.replace('_', ' ')}"
            yield what, f"metaimt pool --by {grouping}"

    def _median_duration(self) -> Iterator[tuple[str, str]]:
        for name, found in durations(self._selection, self._protocol).items():
            times = found.times[ON_TREATMENT]
            if times.naive_median is not None:
                known = plural(len(times.known), "printed time")
                label = self._response.pools[name].label
                text = f"{label}: {times.naive_median:g} months, naive median of {known} on treatment"
                yield text, "metaimt build"


def paper_markdown(library: Library, report: str, found: Sequence[Statement], numbers: ReviewNumbers) -> str:
    """The whole page: how many statements have which verdict, what is inconsistent, and every statement by section."""
    case = library.report(report)
    counts = Counter(one.verdict for one in found)
    content = {
        "report": report,
        "reference": _reference(case) if case else report,
        "total": plural(len(found), "statement"),
        "counts": [{"verdict": verdict, "n": counts[verdict]} for verdict in VERDICTS],
        "findings": [_finding(one, f) for one in found for f in one.findings],
        "sections": [
            {"name": sentence(where), "rows": [_row(one, numbers) for one in rows]}
            for where, rows in groupby(found, key=lambda one: where_text(one.claim))
        ],
    }
    return render("paper.md.j2", content)


def _reference(case: CaseFile) -> str:
    of = case.report
    said = (of.authors, of.title, of.journal or of.publisher, of.year)
    return ". ".join(str(part).rstrip(".") for part in said if part)


def _finding(one: Statement, finding: AuditFinding) -> dict[str, str]:
    found = finding.found
    words = {"text": found.message, "remedy": sentence(found.remedy)}
    return {"where": where_text(one.claim), "what": one.claim.what, **words}


def _row(one: Statement, numbers: ReviewNumbers) -> dict[str, Any]:
    ours = [*_ours(one)]
    commands = ["metaimt audit"] if one.verdict != "not reproducible" else []
    if one.quoted:
        commands = [f"metaimt show {one.quoted}"]
    for text, command in numbers.beside(one.claim.compare) if one.claim.compare else ():
        ours.append(f"this review, {text}")
        commands.append(command)
    if one.verdict == "not reproducible":
        ours.append(f"needs {one.claim.needs}" if one.claim.needs else _NOTHING_PRINTED)
    return {
        "what": one.claim.what,
        "printed": printed_text(one.claim),
        "verdict": one.verdict,
        "ours": "; ".join(ours),
        "commands": Rendered(", ".join(f"`{command}`" for command in dict.fromkeys(commands))),
    }


def _ours(one: Statement) -> Iterator[str]:
    if one.findings:
        yield "; ".join(dict.fromkeys(f.found.computed for f in one.findings))
    elif one.share is not None:
        yield estimate_with_interval(one.share)
    if one.arithmetic:
        yield one.arithmetic
    if one.quoted:
        yield f"the same counts in {one.quoted}"
    if one.as_in is not None:
        yield f"as in {where_text(one.as_in)}"
