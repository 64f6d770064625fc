"""Where the evidence comes from: searches, how it was read, the publications; and what was left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from urllib.parse import quote

from metaimt.analyses.pooled_response import LeftOut
from metaimt.analyses.results import Results
from metaimt.analyses.wording import fraction, plural
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Publication
from metaimt.casefiles.published import PublishedFigure
from metaimt.casefiles.shared import Search
from metaimt.content.agreement import agreement_line
from metaimt.content.characteristics import MOST, TITLE, characteristics_table
from metaimt.content.section import (
    Block,
    Figures,
    Fold,
    Section,
    documents_only,
    items,
    page_only,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.count import Count, Publications
from metaimt.model.reason import Why
from metaimt.model.text import Code, Link, Named, Strong, Text, counted, joined, r_of_n, say
from metaimt.problem import Waived

_READ = {
    "full_text": "in full text",
    "abstract": "as an abstract",
    "title": "by the title",
    "secondary": "second-hand",
}

_WAIVED = paragraph(
    "What ", Code("metaimt validate"), " asks about a case file, and why the file is right as it stands."
)


def left_out_section(results: Results) -> Section:
    """Every course and arm that is not in the headline, by the reason that decides; what waits or was not included."""
    headline, library = results.response.headline, results.library
    by_reason: dict[Why, list[LeftOut]] = {}
    for each in headline.left_out:
        by_reason.setdefault(each.reasons[0], []).append(each)
    pending = [Text(Strong(each.id), Named(f": {each.title or 'no title'}. {each.reason}")) for each in library.pending]
    excluded = [
        Text(Strong(each.id), Named(f": {each.title or 'no title'}. {each.reason}")) for each in library.excluded
    ]
    return section(
        "What was left out, and why",
        paragraph(
            say(
                "Every course and arm that is not counted in {pool}, by the reason that decides; the others that apply "
                "follow in brackets. The same for each pool, with counts, is in {file}.",
                pool=headline.label,
                file=Code("tables/units.csv"),
            )
        ),
        [
            _left_out(why, found, headline.label)
            for why, found in sorted(by_reason.items(), key=lambda one: str(one[0]))
        ],
        [section("Pending, in no pool", items(pending))] if pending else [],
        [section("Publications read and not included", items(excluded))] if excluded else [],
        [section("Waived findings", _WAIVED, items(map(_waived, results.waived)))] if results.waived else [],
        id="left-out",
    )


def _left_out(why: Why, found: list[LeftOut], pool: str) -> Fold:
    found = sorted(found, key=lambda each: each.unit.id)
    behind = Count.of(f"not in {pool}: {why}", (each.unit for each in found))
    number = plural(len(found), "course or arm", "courses and arms")
    reason = str(why)
    title = f"{reason[:1].upper()}{reason[1:]}"
    return Fold(
        Text(Named(f"{title}: {number}")),
        (
            documents_only(paragraph(Strong(title), Named(f": {number}"))),
            page_only(paragraph(counted("All of them", behind))),
            *items(map(_one, found), "counts"),
        ),
    )


def _one(each: LeftOut) -> Text:
    """A unit, its counts, and the reasons that apply too."""
    unit = each.unit
    counts = f" {fraction(unit.responders, unit.evaluable)}" if unit.evaluable else ""
    more = f" ({each.others})" if each.others else ""
    return Text(counted(unit.id, Count.of("", [unit])), Named(counts + more))


def _waived(one: Waived) -> Text:
    problem = one.problem
    return Text(Named(f"{PurePosixPath(problem.file).stem}: {problem.message} ({problem.rule}). {one.reason}"))


def sources_section(results: Results) -> Section:
    """Searches, depth of reading, and every included publication."""
    files = {placed.unit.report: placed.unit.file for placed in results.selection.placed}
    listed = list(_publications(results))
    rows = [
        row(
            Text(counted(report.id, Publications(report.id, (report.id,))), " ", Code(files.get(report.id, ""))),
            *(said, _design(report), _depth(report), counts),
        )
        for report, said, counts in listed
    ]
    cited = [
        Text(
            Strong(report.id), ". ", said, Named(f" {_design(report).capitalize()}, read as {_depth(report)}; "), counts
        )
        for report, said, counts in listed
    ]
    columns = ("id and file", "reference", "design", "read as", "counted")
    title = f"The {plural(len(rows), 'included publication')}"
    return section(
        "How the evidence was found and read",
        items(map(_search, results.library.searches)),
        [paragraph(agreement_line(results.agreement))] if results.agreement else [],
        Figures("sources"),
        paragraph(_reading(results)),
        _characteristics(results),
        [
            page_only(Fold(Text(Named(title)), table("Included publications", columns, rows))),
            documents_only(section("Included publications", items(cited, "numbered"))),
        ]
        if rows
        else [],
        id="sources",
    )


def _characteristics(results: Results) -> list[Block]:
    found = characteristics_table(results)
    if not found:
        return []
    note = paragraph(
        "Patients described one by one stand together, each arm by itself. Evaluable: the response to the first "
        "inhibitor is known. In brackets: how a positive marker is known.",
        small=True,
    )
    blocks: tuple[Block, ...] = (*found, note)
    if (more := len(results.library.reports) - MOST) > 0:
        words = say("{n} more are not shown: all are in {file}.", n=more, file=Code("tables/units.csv"))
        blocks += (paragraph(words, small=True),)
    return [page_only(Fold(Text(TITLE), blocks)), documents_only(section(TITLE, blocks))]


def _search(search: Search) -> Text:
    when = f", {search.date}" if search.date else ""
    said = " ".join(part for part in (f"Query: {search.query}" if search.query else "", search.note or "") if part)
    return Text(Strong(search.source), Named(f" ({search.status}{when}). {said}"))


def _reading(results: Results) -> Text:
    reports = results.library.reports
    parts = (
        Text(counted(len(found.reports), found), " ", Named(depth.replace("_", " ")))
        for depth, found in sorted(by_depth(reports).items())
    )
    twice = read_twice(reports)
    severities = Counter(problem.severity for problem in results.warnings)
    included = Publications("Included publications", tuple(report.id for report in reports))
    return say(
        "{all} included, {excluded} read and not included. Read as: {parts}. Read by two people independently: "
        "{twice}. The case files have {warnings} and {suggestions}; {command} lists them.",
        all=counted(plural(len(reports), "publication"), included),
        excluded=plural(len(results.library.excluded), "publication"),
        parts=joined(parts),
        twice=counted(f"{len(twice.reports)} of {len(reports)}", twice),
        warnings=plural(severities["warning"], "warning"),
        suggestions=plural(severities["info"], "suggestion"),
        command=Code("metaimt validate"),
    )


def read_depths(reports: Iterable[CaseFile]) -> Text:
    """`58 of 71 publications were read as an abstract, 2 in full text, ...`, the most frequent first."""
    ranked = sorted(by_depth(reports).items(), key=lambda item: (-len(item[1].reports), item[0]))
    if not ranked:
        return Text("no publication")
    total, (first, most) = sum(len(found.reports) for _, found in ranked), ranked[0]
    words = counted(f"{len(most.reports)} of {plural(total, 'publication')}", most)
    opening = Text(words, " was read " if len(most.reports) == 1 else " were read ", _how(first))
    rest = (Text(counted(len(found.reports), found), " ", _how(depth)) for depth, found in ranked[1:])
    return joined([opening, *rest])


def _how(depth: str) -> str:
    return _READ.get(depth, "in a way that is not stated")


def by_depth(reports: Iterable[CaseFile]) -> dict[str, Publications]:
    """The publications by the depth at which they were read."""
    found: dict[str, list[str]] = {}
    for report in reports:
        found.setdefault(report.extraction.depth or "not stated", []).append(report.id)
    return {depth: Publications(f"Read as: {depth.replace('_', ' ')}", tuple(ids)) for depth, ids in found.items()}


def read_twice(reports: Iterable[CaseFile]) -> Publications:
    """Those read by two people."""
    twice = tuple(report.id for report in reports if report.extraction.checked_by is not None)
    return Publications("Read by two people independently", twice)


def last_search(searches: Iterable[Search]) -> str:
    """The date of the last search that was run, or that none was."""
    dates = [search.date for search in searches if search.status == "done" and search.date]
    return max(dates) if dates else "no search with a date"


def last_searches(library: Library) -> Iterator[tuple[str, str]]:
    """Each source, and the date of its last search, or that none was run."""
    by_source: dict[str, tuple[str, list[str]]] = {}
    for search in library.searches:
        _, dates = by_source.setdefault(search.source.casefold(), (search.source, []))
        if search.status == "done":
            dates.append(search.date or "")
    for source, dates in by_source.values():
        yield source, max(dates) or "date not stated" if dates else "not yet run"


def _publications(results: Results) -> Iterator[tuple[CaseFile, Text, Text]]:
    """Each publication, its reference with its addresses, and where it is counted."""
    pools = {
        name: group.counts.by_level("", lambda unit: unit.report, "") for name, group in results.response.pools.items()
    }
    for report in results.library.reports:
        counts = [
            Text(Named(results.protocol.label(name)), " ", r_of_n(own))
            for name, by_report in pools.items()
            if report.id in by_report
            for own in [by_report[report.id].titled(f"{report.id} in {results.response.pools[name].label}")]
            if own.evaluable
        ]
        links = [Link(text, address) for text, address in addresses_of(report.report)]
        said = joined([Named(f"{reference(report)}."), *links], " ")
        yield report, said, joined(counts) if counts else Text("in no pool")


def _design(report: CaseFile) -> str:
    return report.report.design.replace("_", " ")


def _depth(report: CaseFile) -> str:
    return (report.extraction.depth or "not stated").replace("_", " ")


def reference(report: CaseFile) -> str:
    """Authors, title, journal and year, as far as they are verified."""
    publication = report.report
    said = (publication.authors, publication.title, publication.journal, publication.year)
    return ". ".join(str(part).rstrip(".") for part in said if part) or "reference not verified"


def address_of(source: Publication | PublishedFigure) -> str:
    """The first of its addresses; empty if it has none."""
    return next((address for _, address in addresses_of(source)), "")


def addresses_of(source: Publication | PublishedFigure) -> list[tuple[str, str]]:
    """(text, address): the DOI, PubMed and PubMed Central; else the page where it was read."""
    found = []
    if source.doi:
        doi = quote(source.doi, safe="/:;.()-_").replace("(", "%28").replace(")", "%29")
        found.append(("DOI", f"https://doi.org/{doi}"))
    if source.pmid:
        found.append(("PubMed", f"https://pubmed.ncbi.nlm.nih.gov/{source.pmid}/"))
    if source.pmcid:
        found.append(("PubMed Central", f"https://pmc.ncbi.nlm.nih.gov/articles/{source.pmcid}/"))
    if source.url and not found:
        found.append(("where it was read", quote(source.url, safe="/:;.?=&%-_~+,#@")))
    return found
