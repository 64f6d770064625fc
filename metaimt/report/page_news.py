"""What is new, on the page: the verdict, the numbers that moved and why, and what changed in the files.

May import: versions and below, and its neighbours. Units and publications that are still in the review lead to their
cases, and so does each number as it stands now.
"""

from __future__ import annotations

import re
from typing import Any

from metaimt.report.linked import Linker
from metaimt.report.whats_new import caused_by, number_text, plain_lines, sections, title_of, verdict
from metaimt.versions.changes import Changes
from metaimt.versions.numbers import Group, NumberChange
from metaimt.versions.places import WORKING_TREE


def news_content(changes: Changes, link: Linker) -> dict[str, Any]:
    """Title, verdict, a row for each number that moved, and the sections as (depth, line)."""
    return {
        "title": _title(changes),
        "verdict": verdict(changes),
        "old": changes.old or "",
        "new": "now" if changes.new == WORKING_TREE else changes.new,
        "numbers": [_row(number, link) for number in changes.moved] if changes.old is not None else [],
        "sections": [
            {
                "title": section.title,
                "lines": [(depth, _linked(line, link)) for depth, line in plain_lines(section.entries)],
            }
            for section in sections(changes)
        ],
    }


def _title(changes: Changes) -> str:
    """A reader of the page knows no working tree."""
    return title_of(changes).replace(f"in {WORKING_TREE} against", "since version")


def _row(number: NumberChange, link: Linker) -> dict[str, str]:
    data, method = caused_by(number)
    now, key = number_text(number.new), _key(number.group)
    counts, comma, rest = now.partition(",")
    linked = link(counts, key) if comma and key in link.known else counts
    return {
        "label": number.label,
        "old": number_text(number.old),
        "now": f"{linked}{comma}{rest}",
        "data": data,
        "method": method,
    }


def _key(group: Group) -> str:
    """The key of the cases that a headline number counts (`page_sets`)."""
    if group.kind == "stratum":
        pool, _, stratum = group.name.rpartition("/")
        return f"pool/{pool}/stratum/{stratum}"
    return f"{group.kind}/{group.name}"


def _linked(line: str, link: Linker) -> str:
    """A line in which each unit and publication that the review has leads to its cases."""

    def word(found: re.Match[str]) -> str:
        """A word, leading to its cases if it names a unit or a publication."""
        keys = (f"unit/{found[0]}", f"publication/{found[0]}")
        return next((link(found[0], key) for key in keys if key in link.known), found[0])

    return re.sub(r"[\w./#-]*[\w#]", word, line)
