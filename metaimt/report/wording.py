"""The words of the reports: numbers as `analyses.wording` writes them, and lines made of them.

May import: analyses and below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from metaimt.analyses.wording import (
    NOTHING,
    Link,
    estimate_with_interval,
    fraction,
    limits,
    one_decimal,
    p_value,
    percent,
    plain,
    plural,
    short_method,
)

if TYPE_CHECKING:
    from metaimt.analyses.pooled_response import Group
    from metaimt.casefiles.shared import Search
    from metaimt.problem import Problem

__all__ = [
    "NOTHING",
    "OUTCOMES",
    "READ_AS",
    "Link",
    "estimate_with_interval",
    "fraction",
    "group_line",
    "last_search",
    "limits",
    "one_decimal",
    "p_value",
    "percent",
    "plain",
    "plural",
    "problem_line",
    "read_as",
    "read_depths",
    "reasons_line",
    "responded",
    "short_method",
]
READ_AS = (
    "Most responders come from small trials and cohorts, not from comparable patients; "
    "this does not predict one patient's response."
)
OUTCOMES = {"complete": "complete response", "controlled": "disease control"}
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


def reasons_line(reasons: Iterable[tuple[str, int]], link: Link = plain) -> str:
    """`20 inferred, 10 unnamed drug`."""
    return ", ".join(f"{link(str(patients), f'not-in/{reason}')} {reason}" for reason, patients in reasons)


def problem_line(problem: Problem) -> str:
    """A problem in one line, for reports."""
    return f"{problem.file}:{problem.position.line}: {problem.severity}[{problem.rule}] {problem.message}"


def responded(group: Group) -> str:
    """`55 of 74 patients responded`."""
    return f"{group.counts.responders} of {plural(group.counts.evaluable, 'patient')} responded"


def read_as(group: Group, by_design: Mapping[str, int], link: Link = plain) -> str:
    """What the answer is not, with the counts by design (case_report, case_series, cohort, trial) that say why."""
    grouped = sum(by_design.get(design, 0) for design in ("trial", "cohort"))
    total = group.counts.evaluable
    where = GROUPED if 2 * grouped > total else SINGLE
    number = grouped if 2 * grouped > total else total - grouped
    counts = link(f"{number} of {total}", f"pool/{group.name}/{where}")
    return (
        f"Most ({counts}) come from {where}, not from comparable patients; "
        "this does not predict one patient's response."
    )


def last_search(searches: Iterable[Search]) -> str:
    """The date of the last search that was run, or that none was."""
    dates = [search.date for search in searches if search.status == "done" and search.date]
    return max(dates) if dates else "no search with a date"


def read_depths(depths: Mapping[str, int], link: Link = plain) -> str:
    """`58 of 71 publications were read as an abstract, 2 in full text, ...`, the most frequent first."""
    ranked = sorted(depths.items(), key=lambda item: (-item[1], item[0]))
    if not ranked:
        return "no publication"
    total, (first, most) = plural(sum(depths.values()), "publication"), ranked[0]
    opening = f"{link(f'{most} of {total}', f'read/{first}')} {'was' if most == 1 else 'were'} read {_how(first)}"
    return ", ".join([opening, *(f"{link(str(n), f'read/{depth}')} {_how(depth)}" for depth, n in ranked[1:])])


def _how(depth: str) -> str:
    return _READ.get(depth, "in a way that is not stated")
