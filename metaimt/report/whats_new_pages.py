"""What is new, printed: in a terminal 80 columns wide, as Markdown for the report and a pull request, as CHANGES.md.

Text from case files is made safe for each place.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from metaimt.files import for_terminal
from metaimt.report.environment import Rendered, render
from metaimt.report.whats_new import (
    NO_VERSION,
    caused_by,
    number_text,
    plain_lines,
    sections,
    title_of,
    verdict,
)
from metaimt.versions.changes import Changes
from metaimt.versions.numbers import NumberChange

WIDTH = 80


def changes_text(changes: Changes) -> str:
    """All changes for a terminal 80 columns wide."""
    if changes.old is None:
        return NO_VERSION
    blocks = [_wrapped(title_of(changes), 0)]
    blocks += [f"{one.title}\n{_listed(plain_lines(one.entries))}" for one in sections(changes)]
    if changes.moved:
        blocks.append("\n".join(["Headline numbers", *map(_number_block, changes.moved)]))
    blocks += ["\n".join(_wrapped(line, 0) for line in verdict(changes))]
    return "\n\n".join(blocks)


def _listed(lines: Iterator[tuple[int, str]]) -> str:
    return "\n".join(_wrapped(line, 2 * depth) for depth, line in lines)


def _wrapped(text: str, indent: int) -> str:
    start, after = " " * indent, " " * (indent + 2)
    plain = for_terminal(text).replace(" %", "\u00a0%")
    lines = textwrap.wrap(
        plain, WIDTH, initial_indent=start, subsequent_indent=after, break_on_hyphens=False, break_long_words=False
    )
    return "\n".join(lines).replace("\u00a0", " ")


def _number_block(number: NumberChange) -> str:
    data, method = caused_by(number)
    rows = [("before", number_text(number.old)), ("data", data), ("method", method), ("now", number_text(number.new))]
    lines = [_wrapped(f"{name:\u00a0<8}{text}", 4) for name, text in rows]
    return "\n".join([_wrapped(number.label, 2), *lines])


def changes_markdown(changes: Changes, level: int = 2) -> Rendered:
    """All changes as Markdown, headed by `level` signs."""
    return render("whats_new.md.j2", _content(changes, level))


def _content(changes: Changes, level: int) -> dict[str, Any]:
    return {
        "sign": Rendered("#" * level),
        "title": title_of(changes),
        "nothing": changes.nothing,
        "no_version": NO_VERSION if changes.old is None else "",
        "old": changes.old or "",
        "new": changes.new,
        "sections": sections(changes),
        "numbers": [_table_row(number) for number in changes.moved] if changes.old is not None else [],
        "verdict": verdict(changes) if changes.old is not None else [],
    }


def _table_row(number: NumberChange) -> dict[str, str]:
    data, method = caused_by(number)
    cells = {"label": number.label, "old": number_text(number.old), "new": number_text(number.new)}
    return {**cells, "data": data, "method": method}


def changes_page(changes: Changes, title: str) -> str:
    """CHANGES.md: what is new since the newest version, then the news of every version, the newest first."""
    return render(
        "changes.md.j2",
        {
            "title": title,
            "now": changes_markdown(changes),
            "history": [
                {
                    "version": release.version,
                    "since": f" against {release.since}" if release.since else "",
                    "kinds": ", ".join(release.kinds) or "nothing new",
                    "news": release.news,
                }
                for release in changes.history
            ],
        },
    )
