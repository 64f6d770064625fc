"""What is new, printed: in a terminal 80 columns wide, as Markdown for the report and a pull request, as CHANGES.md."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from metaimt.content.section import section
from metaimt.content.whats_new import (
    NO_VERSION,
    Entry,
    caused_by,
    history_section,
    news_entries,
    news_section,
    number_text,
    title_of,
    verdict,
)
from metaimt.files import for_terminal
from metaimt.render.markdown import no_figures, section_markdown
from metaimt.versions.changes import Changes
from metaimt.versions.side import NumberChange

WIDTH = 80


def changes_text(changes: Changes) -> str:
    """All changes for a terminal 80 columns wide."""
    if changes.old is None:
        return NO_VERSION
    blocks = [wrapped(title_of(changes), 0)]
    blocks += [f"{title}\n{_listed(entries)}" for title, entries in news_entries(changes).items()]
    if changes.moved:
        blocks.append("\n".join(["Headline numbers", *map(_number_block, changes.moved)]))
    blocks += ["\n".join(wrapped(line, 0) for line in verdict(changes))]
    return "\n\n".join(blocks)


def _listed(entries: Iterable[Entry]) -> str:
    lines = ((depth, line) for each in entries for depth, line in ((2, each.head), *((4, x) for x in each.lines)))
    return "\n".join(wrapped(str(line), depth) for depth, line in lines)


def wrapped(text: str, indent: int = 0) -> str:
    """Text made safe for a terminal, in lines of WIDTH; all but the first are set in by two more."""
    start, after = " " * indent, " " * (indent + 2)
    plain = for_terminal(text).replace(" %", "\u00a0%")
    lines = textwrap.wrap(
        plain, WIDTH, initial_indent=start, subsequent_indent=after, break_on_hyphens=False, break_long_words=False
    )
    return "\n".join(lines).replace("\u00a0", " ")


def _number_block(number: NumberChange) -> str:
    data, method = caused_by(number)
    rows = [("before", number_text(number.old)), ("data", data), ("method", method), ("now", number_text(number.new))]
    lines = [wrapped(f"{name:\u00a0<8}{text}", 4) for name, text in rows]
    return "\n".join([wrapped(number.label, 2), *lines])


def changes_markdown(changes: Changes) -> str:
    """All changes as Markdown, for a pull request."""
    return section_markdown(news_section(changes), no_figures) + "\n"


def changes_page(changes: Changes, title: str) -> str:
    """CHANGES.md: what is new since the newest version, then the news of every version, the newest first."""
    whole = section(f"Changes of the review: {title}", news_section(changes), history_section(changes))
    return section_markdown(whole, no_figures, level=1) + "\n"
