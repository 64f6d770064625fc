"""How much of a long review a figure or the page shows: beyond `MOST_ROWS` what says most, and a row for the rest.

Nothing is left out of the tables and results.json.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from metaimt.analyses.wording import plural
from metaimt.evidence.selection import Placed

MOST_ROWS: Final = 150
"""Reports, patients or steps in time that one figure or one table of the page shows."""

ReportRow = tuple[str, bool]
"""(report id, whether the first pool counts it): a row of a forest."""


def largest_reports(members: Iterable[Placed], headline: str) -> frozenset[ReportRow]:
    """The rows of a forest that are drawn: all, or of more than `MOST_ROWS` those with the most evaluable patients."""
    sizes = _sizes(members, headline)
    return frozenset(sorted(sizes, key=lambda row: (-sizes[row], row))[:MOST_ROWS])


def forest_note(members: Iterable[Placed], headline: str) -> str:
    """What is to be said of a forest that does not draw every row; empty if it does."""
    number = len(_sizes(members, headline))
    return compact_note(min(number, MOST_ROWS), number, "rows of reports the largest", "clusters")


def _sizes(members: Iterable[Placed], headline: str) -> Counter[ReportRow]:
    sizes: Counter[ReportRow] = Counter()
    for member in members:
        sizes[member.unit.report, member.is_in(headline)] += member.unit.evaluable
    return sizes


def others(number: int, word: str) -> str:
    """The label of the row for the rest: `and 937 other reports`."""
    return f"and {plural(number, f'other {word}')}"


def compact_note(shown: int, number: int, word: str, table: str) -> str:
    """What a caption says of it, with a blank before; empty where all are shown."""
    if shown >= number:
        return ""
    return f" Of {number} {word} {shown} are shown one by one, the others together; all are in tables/{table}.csv."
