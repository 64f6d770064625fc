"""Printed numbers that do not agree; and every statement of one paper, with what of it can be computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from metaimt.analyses.audit import VERDICTS, Audit, AuditFinding, Statement, Verdict, place_text
from metaimt.analyses.breakdown import NOT_REPORTED, breakdown
from metaimt.analyses.duration import ON_TREATMENT, durations
from metaimt.analyses.pooled_response import PooledResponse
from metaimt.analyses.wording import estimate_with_interval, fraction, plural
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Comparison
from metaimt.casefiles.protocol import Protocol
from metaimt.checks.printed_numbers import printed_text, where_text
from metaimt.content.section import Block, Column, Row, Section, items, paragraph, row, section, table
from metaimt.evidence.selection import Selection
from metaimt.model.count import Publications, Quoted
from metaimt.model.text import Code, Named, Number, Strong, Text, capital, counted, joined, say


def audit_section(found: Audit) -> Section:
    """How many were looked at, and each finding that is not waived, its place leading to the statement as printed."""
    rules = say(
        " Each finding says what would be right; the rules: {command} and those beside it.",
        command=Code("metaimt explain claim-percentage"),
    )
    listed = (_finding(counted(place_text(one), _printed(one)), one) for one in found.findings)
    said = Text(_summary(found), *([rules] if found.findings else []))
    return section("Printed numbers that do not agree", paragraph(said), items(listed), id="audit")


def findings_with_lines(found: Audit) -> Iterator[Block]:
    """Each finding by report, in the order of the case file, with its line; then the waived ones and how many.

    Where the files lie is for a terminal: outputs do not depend on it.
    """
    for (report, file), findings in groupby(found.findings, key=lambda one: (one.report, one.place.file)):
        yield section(Text(Named(f"{report} ({file})")), map(_with_line, findings))
    if found.waived:
        yield section("Waived, with the reason of the case file:", map(_waived, found.waived))
    yield paragraph(_summary(found))


def _summary(found: Audit) -> Text:
    """`105 printed statements in 8 reports looked at: 11 findings.`, in one sentence."""
    waived = f", {len(found.waived)} waived" if found.waived else ""
    findings = plural(len(found.findings), "finding") if found.findings else "nothing that does not agree"
    return say(
        "{statements} in {reports} looked at: {findings}{waived}.{kept}",
        statements=plural(found.claims, "printed statement"),
        reports=counted(plural(len(found.reports), "report"), Publications("Statements looked at", found.reports)),
        findings=findings,
        waived=waived,
        kept=" What is printed is kept as printed." if found.findings else "",
    )


def _printed(one: AuditFinding) -> Publications:
    claim = one.found.claim
    said = Quoted(claim.what, one.found.printed, f"line {one.place.position.line} of the file")
    return Publications(f"{one.report}: {claim.what}", (one.report,), (said,))


def _finding(place: Number | str, one: AuditFinding) -> Text:
    what = Strong(one.found.claim.what)
    return say("{place}, {what}: {said}", place=place, what=what, said=joined(_sentences(one), " "))


def _sentences(one: AuditFinding) -> tuple[Text, Text]:
    """What does not agree, and what would make it right."""
    return Text(Named(one.found.message), "."), Text(capital(Text(Named(one.found.remedy))), ".")


def _with_line(one: AuditFinding) -> Section:
    claim = one.found.claim
    head = f"line {one.place.position.line}, {where_text(claim)}: {claim.what} [{one.rule}]"
    return section(Text(Named(head)), map(paragraph, _sentences(one)))


def _waived(one: AuditFinding) -> Block:
    return paragraph(Named(f"{place_text(one)}: {one.found.message}. {one.waived_because}"))


_NOTHING_PRINTED = "nothing is printed to compute it from"
_MEANINGS: dict[Verdict, str] = {
    "reproduced": "it follows from other numbers of the paper, or from the report that it quotes",
    "not reproducible": "what it was computed from is not printed",
    "inconsistent": "it cannot be right beside another number of the paper, under the assumptions named",
}


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


def paper_section(library: Library, report: str, found: Sequence[Statement], numbers: ReviewNumbers) -> Section:
    """How many statements of a paper have which verdict, what is inconsistent, and every statement by its place."""
    case, counts = library.report(report), Counter(one.verdict for one in found)
    wrong = [_finding(where_text(one.claim), finding) for one in found for finding in one.findings]
    columns = ("statement", "printed", "verdict", "our number, or what is missing", "command")
    places = [(where, [*rows]) for where, rows in groupby(found, key=lambda one: where_text(one.claim))]
    return section(
        "What this paper prints, and what of it can be computed again",
        paragraph(Named(_reference(case) if case else report)),
        paragraph(
            say(
                "Every number of the paper, as the case file records it under {claims}, in the order of the paper. "
                "This page is written by {command} and is never edited by hand. {total}:",
                claims=Code("claims"),
                command=Code(f"metaimt audit --paper {report}"),
                total=plural(len(found), "statement"),
            )
        ),
        table(
            "Verdicts",
            ("verdict", Column("statements", "number"), "meaning"),
            (row(verdict, str(counts[verdict]), _MEANINGS[verdict]) for verdict in VERDICTS),
        ),
        paragraph(
            "A share has its exact (Clopper-Pearson) ",
            Named("95 %"),
            " interval. A count is reproduced if it follows from other counts; that says that the counts agree, not "
            "that they are right.",
        ),
        [section("Inconsistent", items(wrong))] if wrong else [],
        [
            section(capital(Text(Named(where))), table(where, columns, (_statement(one, numbers) for one in rows)))
            for where, rows in places
        ],
    )


def _reference(case: CaseFile) -> str:
    of = case.report
    said = (of.authors, of.title, of.journal or of.publisher, of.year)
    return ". ".join(str(part).rstrip(".") for part in said if part)


def _statement(one: Statement, numbers: ReviewNumbers) -> Row:
    ours = [*_ours(one)]
    commands = ["metaimt audit"] if one.verdict != "not reproducible" else []
    if one.quoted:
        commands = [f"metaimt show {one.quoted}"]
    for text, command in numbers.beside(one.claim.compare) if one.claim.compare else ():
        ours.append(f"this review, {text}")
        commands.append(command)
    if one.verdict == "not reproducible":
        ours.append(f"needs {one.claim.needs}" if one.claim.needs else _NOTHING_PRINTED)
    by = joined(map(Code, dict.fromkeys(commands)))
    return row(one.claim.what, printed_text(one.claim), one.verdict, "; ".join(ours), by)


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
