"""The words of the reports: numbers as `analyses.wording` writes them, and lines made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from metaimt.analyses.pooled_response import ELSEWHERE
from metaimt.analyses.wording import (
    NOTHING,
    Link,
    adjusted_text,
    difference,
    disagreement,
    estimate_with_interval,
    fraction,
    limits,
    odds_text,
    one_decimal,
    p_value,
    percent,
    plain,
    plural,
    predicted,
    prior_words,
    priors_text,
    rate_and_limits,
    rounded_percent,
    selection_text,
    short_method,
    significant,
)
from metaimt.model.count import OUTCOMES, Publications
from metaimt.model.text import Named, Text, counted, joined

if TYPE_CHECKING:
    from metaimt.analyses.pooled_response import Group, NotInHeadline
    from metaimt.casefiles.model import CaseFile
    from metaimt.casefiles.shared import Search
    from metaimt.model.unit import Unit
    from metaimt.problem import Problem

__all__ = [
    "NOTHING",
    "OUTCOMES",
    "READ_AS",
    "Link",
    "adjusted_text",
    "by_depth",
    "difference",
    "disagreement",
    "estimate_with_interval",
    "fraction",
    "group_line",
    "last_search",
    "limits",
    "odds_text",
    "one_decimal",
    "p_value",
    "percent",
    "plain",
    "plural",
    "predicted",
    "prior_words",
    "priors_text",
    "problem_line",
    "rate_and_limits",
    "read_as",
    "read_depths",
    "read_twice",
    "reasons_line",
    "responded",
    "rounded_percent",
    "selection_text",
    "short_method",
    "significant",
]
READ_AS = (
    "Most responders come from small trials and cohorts, not from comparable patients; "
    "this does not predict one patient's response."
)
GROUPED, SINGLE = "small trials and cohorts", "single cases and series"
_READ = {
    "full_text": "in full text",
    "abstract": "as an abstract",
    "title": "by the title",
    "secondary": "second-hand",
}


def group_line(group: Group) -> str:
    """A group in one line: `prospective trials: 33/45 in 4 reports, ORR 73.3 % (...)`."""
    counts = group.counts
    reports = plural(counts.reports, "report")
    if group.orr is None:
        return f"{group.label}: {NOTHING}"
    return f"{group.label}: {reports}, ORR {estimate_with_interval(group.orr)}"


def reasons_line(reasons: Iterable[NotInHeadline]) -> Text:
    """`20 inferred, 10 unnamed drug`, of patients; then how many courses and arms repeat patients; nobody."""
    found = [_reason(each) for each in reasons]
    return joined(found) if found else Text("nobody")


def _reason(each: NotInHeadline) -> Text:
    if each.reason != ELSEWHERE:
        return Text(counted(str(each.patients), each.counts), " ", Named(each.reason))
    units = len(each.counts.parts)
    words = "course or arm that repeats patients" if units == 1 else "courses and arms that repeat patients"
    return Text(counted(str(units), each.counts), " ", words, " counted already")


def problem_line(problem: Problem) -> str:
    """A problem in one line, for reports."""
    return f"{problem.file}:{problem.position.line}: {problem.severity}[{problem.rule}] {problem.message}"


def responded(group: Group) -> str:
    """`55 of 74 patients responded`."""
    return f"{group.counts.responders} of {plural(group.counts.evaluable, 'patient')} responded"


def read_as(group: Group) -> Text:
    """What the answer is not, with the counts by design that say why."""
    total, grouped = group.counts.evaluable, group.counts.where(f"{group.label}: {GROUPED}", _is_grouped)
    where, number = GROUPED, grouped
    if 2 * grouped.evaluable <= total:
        where, number = SINGLE, group.counts.where(f"{group.label}: {SINGLE}", lambda unit: not _is_grouped(unit))
    return Text(
        "Most patients (",
        counted(f"{number.evaluable} of {total}", number),
        ") come from ",
        where,
        ", not from comparable patients; this does not predict one patient's response.",
    )


def last_search(searches: Iterable[Search]) -> str:
    """The date of the last search that was run, or that none was."""
    dates = [search.date for search in searches if search.status == "done" and search.date]
    return max(dates) if dates else "no search with a date"


def read_depths(reports: Iterable[CaseFile]) -> Text:
    """`58 of 71 publications were read as an abstract, 2 in full text, ...`, the most frequent first."""
    ranked = sorted(by_depth(reports).items(), key=lambda item: (-len(item[1].reports), item[0]))
    if not ranked:
        return Text("no publication")
    total, (first, most) = sum(len(found.reports) for _, found in ranked), ranked[0]
    words = counted(f"{len(most.reports)} of {plural(total, 'publication')}", most)
    opening = Text(words, " was read " if len(most.reports) == 1 else " were read ", _how(first))
    rest = (Text(counted(str(len(found.reports)), found), " ", _how(depth)) for depth, found in ranked[1:])
    return joined([opening, *rest])


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


def _is_grouped(unit: Unit) -> bool:
    return unit.design in {"trial", "cohort"}


def _how(depth: str) -> str:
    return _READ.get(depth, "in a way that is not stated")
