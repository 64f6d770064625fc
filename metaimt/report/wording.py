"""The words of the reports: numbers as `analyses.wording` writes them, and lines made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from metaimt.content.in_short import read_as
from metaimt.model.count import OUTCOMES

if TYPE_CHECKING:
    from metaimt.analyses.pooled_response import Group
    from metaimt.problem import Problem

__all__ = [
    "NOTHING",
    "OUTCOMES",
    "READ_AS",
    "Link",
    "adjusted_text",
    "difference",
    "disagreement",
    "estimate_with_interval",
    "fraction",
    "group_line",
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


def group_line(group: Group) -> str:
    """A group in one line: `prospective trials: 33/45 in 4 reports, ORR 73.3 % (...)`."""
    counts = group.counts
    reports = plural(counts.reports, "report")
    if group.orr is None:
        return f"{group.label}: {NOTHING}"
    return f"{group.label}: {reports}, ORR {estimate_with_interval(group.orr)}"


def problem_line(problem: Problem) -> str:
    """A problem in one line, for reports."""
    return f"{problem.file}:{problem.position.line}: {problem.severity}[{problem.rule}] {problem.message}"


def responded(group: Group) -> str:
    """`55 of 74 patients responded`."""
    return f"{group.counts.responders} of {plural(group.counts.evaluable, 'patient')} responded"
