"""The reports of a review: what each holds and where it is counted; and which of them a reader means.

A report is meant by its id, a DOI, a PubMed id, or an author, with or without the year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from metaimt.analyses.breakdown import NOT_REPORTED, value_of
from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile
from metaimt.evidence.selection import Placed, Selection
from metaimt.model.count import Count, grouped
from metaimt.model.fields import GROUPINGS
from metaimt.model.publication import folded, key_of, plain_doi
from metaimt.problem import WrongUse, check_name

Condition = Callable[[Placed], bool]
_PMID: Final = re.compile(r"(?i)(?:.*pubmed[^ ]*/|pmid:? ?)?([0-9]{1,9})/?")


@dataclass(frozen=True, slots=True)
class ListedReport:
    """A report, its patients, each once by the first course asked for, and those counted in each pool or row.

    reasons: why it is counted nowhere, of its courses and arms against the widest pool; empty where it is.
    """

    report: CaseFile
    drugs: tuple[str, ...]
    counts: Count
    counted: Mapping[str, Count]
    reasons: tuple[str, ...]


def list_reports(library: Library, selection: Selection, conditions: Iterable[Condition] = ()) -> list[ListedReport]:
    """The reports with a course or arm that meets every condition, all without one, in the order of the review."""
    asked = tuple(conditions)
    chosen = (placed for placed in selection.placed if all(meets(placed) for meets in asked))
    by_report = grouped(chosen, lambda placed: placed.unit.report)
    return [
        _listed(report, by_report.get(report.id, []), selection)
        for report in library.reports
        if report.id in by_report or not asked
    ]


def _listed(report: CaseFile, placed: list[Placed], selection: Selection) -> ListedReport:
    first = {each.unit.subject: each.unit for each in reversed(placed)}  # the first course of each is kept
    groups = (*selection.pools, *selection.rows)
    members = {group: [each.unit for each in placed if each.is_in(group) and each.unit.evaluable] for group in groups}
    counted = {group: Count.of(f"{report.id} in {group}", units) for group, units in members.items() if units}
    reasons = [str(each.reasons[selection.pools[-1]][0]) for each in placed if each.reasons[selection.pools[-1]]]
    return ListedReport(
        report=report,
        drugs=tuple(dict.fromkeys(each.unit.drug for each in placed)),
        counts=Count.of(report.id, reversed(first.values())),
        counted=counted,
        reasons=() if counted else tuple(dict.fromkeys(reasons)),
    )


def given(drug: str, selection: Selection) -> Condition:
    """A drug was given. Raises WrongUse if no report names it."""
    check_name("--drug", drug, sorted({placed.unit.drug for placed in selection.placed}))
    return lambda placed: placed.unit.drug == drug


def counted_in(group: str, selection: Selection) -> Condition:
    """It is counted in a pool or separate row. Raises WrongUse if there is none of that name."""
    wanted = group.replace("-", "_").replace(" ", "_")
    check_name("--pool", wanted, (*selection.pools, *selection.rows))
    return lambda placed: placed.is_in(wanted) and placed.unit.evaluable > 0


def with_level(asked: str, selection: Selection) -> Condition:
    """`site=lung`. Raises WrongUse if there is no such field, or nobody has the value."""
    field, equals, value = asked.partition("=")
    if not equals:
        raise WrongUse(f"--where '{asked}' is not FIELD=VALUE; write --where site=lung")
    check_name("--where", field, GROUPINGS)
    levels = {value_of(placed.unit, field) or NOT_REPORTED for placed in selection.placed}
    wanted = value.replace("_", " ") if value.replace("_", " ") in levels else value
    check_name(f"--where {field}", wanted, sorted(levels))
    return lambda placed: (value_of(placed.unit, field) or NOT_REPORTED) == wanted


def meant(library: Library, wanted: str) -> tuple[CaseFile, ...]:
    """The reports that an id, a DOI, a PubMed id or an author may mean; of an exact one that one alone."""
    found = tuple(report for report in library.reports if wanted in {report.id, *report.report.former_ids})
    return found or tuple(_by_identifier(library, wanted)) or tuple(_by_author(library, wanted))


def _by_identifier(library: Library, wanted: str) -> Iterator[CaseFile]:
    """An address may go on behind the DOI: `/fulltext`."""
    doi, pmid = plain_doi(wanted).casefold(), _PMID.fullmatch(wanted.strip())
    for report in library.reports:
        own = key_of("doi", report.report.doi) if report.report.doi else ""
        same_doi = own and (doi == own or doi.startswith(f"{own}/"))
        if same_doi or (pmid and report.report.pmid and key_of("pmid", report.report.pmid) == key_of("pmid", pmid[1])):
            yield report


def _by_author(library: Library, wanted: str) -> Iterator[CaseFile]:
    """Every word is one of the authors', of the year, or begins the id."""
    words = folded(wanted.replace("-", " ")).split()
    for report in library.reports:
        own = folded(f"{report.report.authors or ''} {report.report.year or ''} {report.id.replace('-', ' ')}").split()
        if words and all(word in own for word in words):
            yield report
