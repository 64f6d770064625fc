"""What is new, on the page: the verdict, the numbers that moved and why, and what changed in the files.

Units and publications that are still in the review lead to their cases, and so does each number as it stands now.
"""

from __future__ import annotations

import re
from typing import Any

from metaimt.analyses.results import Results
from metaimt.model.count import Count, Publications
from metaimt.report.linked import Linker
from metaimt.report.whats_new import caused_by, number_text, plain_lines, sections, title_of, verdict
from metaimt.versions.changes import Changes
from metaimt.versions.numbers import Group, NumberChange
from metaimt.versions.places import WORKING_TREE


def news_content(changes: Changes, results: Results, link: Linker) -> dict[str, Any]:
    """Title, verdict, a row for each number that moved, and the sections as (depth, line)."""
    return {
        "title": _title(changes),
        "verdict": verdict(changes),
        "old": changes.old or "",
        "new": "now" if changes.new == WORKING_TREE else changes.new,
        "numbers": [_row(number, results, link) for number in changes.moved] if changes.old is not None else [],
        "sections": [
            {
                "title": section.title,
                "lines": [(depth, _linked(line, results, link)) for depth, line in plain_lines(section.entries)],
            }
            for section in sections(changes)
        ],
    }


def _title(changes: Changes) -> str:
    """A reader of the page knows no working tree."""
    return title_of(changes).replace(f"in {WORKING_TREE} against", "since version")


def _row(number: NumberChange, results: Results, link: Linker) -> dict[str, str]:
    data, method = caused_by(number)
    now, behind = number_text(number.new), _counted(number.group, results)
    counts, comma, rest = now.partition(",")
    linked = link(counts, behind) if comma and behind is not None else counts
    return {
        "label": number.label,
        "old": number_text(number.old),
        "now": f"{linked}{comma}{rest}",
        "data": data,
        "method": method,
    }


def _counted(group: Group, results: Results) -> Count | None:
    """Whom a headline number counts; None where the review has no such group now."""
    response = results.response
    if group.kind == "stratum":
        pool, _, stratum = group.name.rpartition("/")
        found = response.pools[pool].strata.get(stratum) if pool in response.pools else None
    else:
        found = (response.pools if group.kind == "pool" else response.rows).get(group.name)
    return None if found is None else found.counts


def _linked(line: str, results: Results, link: Linker) -> str:
    """A line in which each unit and publication that the review has leads to its cases."""
    units = {placed.unit.id for placed in results.selection.placed}
    reports = {report.id for report in results.library.reports}

    def word(found: re.Match[str]) -> str:
        """A word, leading to its cases if it names a unit or a publication."""
        if found[0] in units:
            return link(found[0], link.unit(found[0]))
        return link(found[0], Publications(found[0], (found[0],))) if found[0] in reports else found[0]

    return re.sub(r"[\w./#-]*[\w#]", word, line)
