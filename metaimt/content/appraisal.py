"""How sound each report is: what people answered, what is proposed from the files, question by question; no score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from metaimt.analyses.appraisal import (
    DECIDED,
    DISAGREED,
    NO,
    NOT_APPLICABLE,
    PROPOSED,
    UNCLEAR,
    YES,
    Answered,
    Appraisals,
    ReportAppraisal,
)
from metaimt.analyses.wording import plural, rounded_percent
from metaimt.casefiles.model import ANSWERS
from metaimt.content.labels import report_labels
from metaimt.content.section import (
    Block,
    Column,
    Row,
    Section,
    documents_only,
    folded,
    items,
    page_only,
    paragraph,
    row,
    section,
    table,
)
from metaimt.curation.new_case import scalar
from metaimt.model.text import Code, Link, Named, Strong, Text, counted, joined, say
from metaimt.vocabulary import AppraisalTool, appraisal_tools

TITLE: Final = "How sound each report is"
SIGNS: Final = {YES: "+", NO: "−", UNCLEAR: "?", NOT_APPLICABLE: "n/a"}
_LEGEND: Final = (
    "Signs: + yes, − no, ? unclear, n/a not applicable. In brackets: proposed from the case file, decided by nobody; "
    "unclear where something is not in the file and the whole text was not read. ! raters disagree, which counts as "
    "unclear. Answers are never added up, and no pool depends on them."
)


def sign(found: Answered) -> str:
    """`+` as decided, `(+)` as proposed, `?!` where raters disagree."""
    mark = SIGNS[found.answer]
    return {DECIDED: mark, DISAGREED: f"{mark}!", PROPOSED: f"({mark})"}[found.standing]


def appraisal_blocks(found: Appraisals) -> list[Block]:
    """On the page a line and the counts; in documents the table of every report as well."""
    if not found.reports:
        return []
    whole = section(
        TITLE,
        paragraph(_line(found)),
        paragraph(_LEGEND),
        [_of_tool(found, tool) for tool in found.tools],
        id="appraisal",
    )
    counts = section(TITLE, paragraph(_page_line(found)), _summary(found))
    return [page_only(folded(counts)), documents_only(whole)]


def _line(found: Appraisals) -> Text:
    agreed, compared = found.agreement
    people = say(
        "{n} of {all} appraised by a person.",
        n=counted(len(found.by_person.reports), found.by_person),
        all=plural(len(found.reports), "report"),
    )
    if not compared:
        return people
    said = f"{agreed} of {compared} ({rounded_percent(agreed / compared)} %)"
    return Text(people, " ", say("Two raters agree in {said} of the answers that both gave.", said=said))


def _page_line(found: Appraisals) -> Text:
    """The line, and what is proposed of the two questions on which a rate of response rests."""
    parts = []
    for name in ("exposure", "outcome"):
        asked = [(tool, each) for tool in found.tools for each in tool.questions if each.key == name]
        number = sum(len(found.answered(tool, each, YES, PROPOSED).reports) for tool, each in asked)
        of = sum(len(found.of_tool(tool)) for tool, _ in asked)
        parts.append(Named(f"{name} ascertained, yes {number} of {of}"))
    said = say("Proposed from the files: {parts}; all are in {file}.", parts=joined(parts, "; "), file=_FILE)
    return Text(_line(found), " ", said)


_FILE: Final = Code("tables/appraisal.csv")


def _summary(found: Appraisals) -> Iterable[Block]:
    rows = [
        each
        for tool in found.tools
        for each in (
            row(f"{tool.title}, {plural(len(found.of_tool(tool)), 'report')}", kind="heading"),
            *_counts(found, tool),
        )
    ]
    columns: list[str | Column] = ["question", *(Column(answer.replace("_", " "), "number") for answer in ANSWERS)]
    note = "In brackets: how many of them are proposed from the file. What applies to no report is not shown."
    return [*table("Answers by question", columns, rows), paragraph(note, small=True)]


def _counts(found: Appraisals, tool: AppraisalTool) -> Iterator[Row]:
    everyone = len(found.of_tool(tool))
    for question in tool.questions:
        if len(found.answered(tool, question, NOT_APPLICABLE, PROPOSED).reports) == everyone:
            continue
        cells = []
        for answer in ANSWERS:
            number = len(found.answered(tool, question, answer).reports)
            proposed = len(found.answered(tool, question, answer, PROPOSED).reports)
            cells.append("" if not number else f"{number} ({proposed})" if proposed else str(number))
        yield row(question.short, *cells)


def _of_tool(found: Appraisals, tool: AppraisalTool) -> Section:
    reports = found.of_tool(tool)
    labels = report_labels(each.report for each in found.reports)
    heads: list[str | Column] = ["report", *(each.short for each in tool.questions)]
    rows = (row(labels[each.report.id], *map(sign, each.answers)) for each in reports)
    asked = (
        Text(
            Strong(each.short),
            Named(f": {each.text}"),
            Named(f" Not asked here: {each.not_asked}." if each.not_asked else ""),
        )
        for each in tool.questions
    )
    return section(
        tool.title,
        items(asked),
        paragraph("Source: ", _source(tool), ".", small=True),
        table(tool.title, heads, rows),
    )


def _source(tool: AppraisalTool) -> Text:
    return Text(Link(tool.source, f"https://doi.org/{tool.doi}")) if tool.doi else Text(Named(tool.source))


def overview_blocks(found: Appraisals) -> list[Block]:
    """Every report, one a line, for the terminal: ids, and the questions by their numbers."""
    blocks: list[Block] = [paragraph(_line(found)), paragraph(_LEGEND)]
    for tool in found.tools:
        heads = [Column(str(number), "number") for number, _ in enumerate(tool.questions, start=1)]
        rows = (row(each.report.id, *map(sign, each.answers)) for each in found.of_tool(tool))
        asked = "; ".join(f"{number} {each.short}" for number, each in enumerate(tool.questions, start=1))
        blocks.append(section(tool.title, paragraph(Named(asked)), table(tool.title, ("report", *heads), rows)))
    return blocks


def report_blocks(found: ReportAppraisal) -> list[Block]:
    """One report: each question with its answer, what it rests on, and what is proposed beside a decision."""
    asked = []
    for each in found.answers:
        who = f", {' and '.join(each.by)}" if each.by else ""
        answer = f" {each.question.text} [{each.question.key}] {each.answer.replace('_', ' ')} ({each.standing}{who})"
        reason = f": {each.reason}" if each.reason else ""
        beside = f". Proposed: {each.proposal.answer.replace('_', ' ')}, {each.proposal.reason}"
        asked.append(Text(Named(f"{answer.strip()}{reason}{'' if each.standing == PROPOSED else beside}.")))
    title = f"{found.report.id}: {appraisal_tools()[found.tool.key].title}"
    return [section(Text(Named(title)), items(asked, "numbered"), paragraph("Source: ", _source(found.tool), "."))]


def asking(found: ReportAppraisal, where: str, by: str = "") -> Iterator[str]:
    """What is still to be answered, in lines to paste into the case file; `where` its `appraisal` stands.

    Of the person named, or of nobody in particular: then what nobody has answered. What is proposed, or what raters
    said, is a comment, so that none is taken for an answer.
    """
    entries = [each for each in found.report.appraisal if not each.decides]
    left = [each for each in found.answers if not (any(_same(name, by) for name in each.by) if by else each.by)]
    proposed = _lines((each, each.proposal.answer, f"proposed: {each.proposal.reason}") for each in left)
    said = f"{len(left)} of {plural(len(found.answers), 'question')} not answered{f' by {by}' if by else ''}"
    if not found.report.appraisal:
        yield f"To answer, paste this into the file, and {_FREE}"
        yield from ("appraisal:", *_entry(found, by, proposed))
    elif left and any(_same(each.by, by) for each in entries):
        yield f"{said}. Paste this below your answers in {where}, and {_FREE}"
        yield from proposed
    elif left:
        yield f"{said}. Paste this below appraisal in {where}, and {_FREE}"
        yield from _entry(found, by, proposed)
        if not by and entries:
            yield "\nIf one of the entries there is yours, paste only the lines with a # below its answers."
    elif by:
        yield f"{by} has answered every question."
    else:
        yield f"Every question is answered. For a second rater: metaimt appraise {found.report.id} --by NAME"
    if disputed := [each for each in found.answers if each.standing == DISAGREED]:
        number = plural(len(disputed), "question")
        yield f"\nRaters disagree on {number}. To decide, paste this below appraisal in {where}, and {_FREE}"
        given = _lines((each, each.answer, each.reason) for each in disputed)
        yield from _entry(found, by, given, "    decides: true")


_FREE: Final = "take the # from each line that you have judged yourself:\n"


def _same(one: str, other: str) -> bool:
    """Whether two names are of one person, as the rule repeated-appraisal compares them."""
    return one.strip().casefold() == other.strip().casefold()


def _entry(found: ReportAppraisal, by: str, lines: Iterable[str], *more: str) -> Iterator[str]:
    yield from (f"  - by: {scalar(by) if by else 'YOUR-NAME'}", f"    tool: {found.tool.key}", *more, "    answers:")
    yield from lines
    yield "    reasons: {}"


def _lines(answers: Iterable[tuple[Answered, str, str]]) -> Iterator[str]:
    """A commented line a question, with an answer and what it follows from."""
    asked = [(f"{each.question.key}:", answer, said) for each, answer, said in answers]
    width = max((len(key) for key, _, _ in asked), default=0)
    for key, answer, said in asked:
        yield f"      # {key:<{width}} {answer}  # {said}".replace("\n", " ")
