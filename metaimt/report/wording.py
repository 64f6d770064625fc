"""The words of the reports: numbers as `analyses.wording` writes them, and lines made of them.

May import: analyses and below.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from metaimt.analyses.wording import (
    NOTHING,
    estimate_with_interval,
    fraction,
    limits,
    percent,
    plural,
    short_method,
)

if TYPE_CHECKING:
    from metaimt.analyses.pooled_response import Group
    from metaimt.problem import Problem

__all__ = [
    "NOTHING",
    "READ_AS",
    "estimate_with_interval",
    "fraction",
    "group_line",
    "limits",
    "percent",
    "plural",
    "problem_line",
    "reasons_line",
    "short_method",
]
READ_AS = (
    "Most responders come from small trials and cohorts, not from comparable patients; "
    "this does not predict one patient's response."
)


def group_line(group: Group) -> str:
    """A group in one line: `prospective trials: 33/45 in 4 reports, ORR 73.3 % (...)`."""
    counts = group.counts
    reports = plural(counts.reports, "report")
    if group.orr is None:
        return f"{group.label}: {NOTHING}"
    return f"{group.label}: {reports}, ORR {estimate_with_interval(group.orr)}"


def reasons_line(reasons: Iterable[tuple[str, int]]) -> str:
    """`20 inferred, 10 unnamed drug`."""
    return ", ".join(f"{patients} {reason}" for reason, patients in reasons)


def problem_line(problem: Problem) -> str:
    """A problem in one line, for reports."""
    return f"{problem.file}:{problem.position.line}: {problem.severity}[{problem.rule}] {problem.message}"
