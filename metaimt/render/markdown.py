"""Sections as Markdown. Every word is escaped, so that a case file can neither format nor run anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from metaimt.content.section import (
    Block,
    Figures,
    Fold,
    Items,
    Paragraph,
    Section,
    Table,
    blocks_for,
    heading_of,
    words_of,
)
from metaimt.files import for_terminal, one_line
from metaimt.model.text import Code, Link, Piece, Strong, Text

_SPECIAL = re.compile(r"([\\`*_{}\[\]|#~$!])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ALIGNED = {"words": "---", "number": "---:", "interval": "---:", "plot": ""}


def escaped(text: object) -> str:
    """Text that Markdown shows as it is: special characters escaped, line breaks as spaces, controls visible."""
    said = str(text)
    start, end = said[:1].isspace(), said[-1:].isspace()
    inner = _SPECIAL.sub(r"\\\1", one_line(said)).translate(_ENTITIES)
    return f"{' ' if start else ''}{inner}{' ' if end and inner else ''}"


def inline(text: Text | Piece) -> str:
    """The words of a text; names of items bold, what is typed as code, addresses as links."""
    return "".join(map(_piece, Text(text).parts)).strip()


def _piece(piece: Piece) -> str:
    if isinstance(piece, Strong):
        return f"**{escaped(piece)}**"
    if isinstance(piece, Code):
        return f"`{for_terminal(piece.text).replace('`', '')}`"
    if isinstance(piece, Link) and piece.leads:
        return f"[{escaped(piece)}]({piece.address.replace('(', '%28').replace(')', '%29')})"
    return escaped(piece)


def no_figures(section: str) -> str:
    """For what has none."""
    del section
    return ""


def section_markdown(found: Section, figures: Callable[[str], str], level: int = 2) -> str:
    """A section under a heading of `level` signs; nothing of one without blocks.

    figures: of a section's name the Markdown of its figures.
    """
    return "\n\n".join(_section(found, figures, level)) if found.blocks else ""


def _section(found: Section, figures: Callable[[str], str], level: int) -> Iterator[str]:
    blocks = list(_blocks(found.blocks, figures, level + 1))
    yield from [f"{'#' * level} {inline(found.title)}", *blocks] if blocks else []


def _blocks(blocks: Iterable[Block], figures: Callable[[str], str], level: int) -> Iterator[str]:
    for block in blocks_for("document", blocks):
        if isinstance(block, Paragraph):
            yield inline(block.text)
        elif isinstance(block, Items):
            yield "\n".join(_items(block))
        elif isinstance(block, Table):
            yield "\n".join(_table(block))
        elif isinstance(block, Figures):
            yield from filter(None, [figures(block.section).strip()])
        elif isinstance(block, Fold) and block.part is not None:
            yield from _section(block.part, figures, level)
        elif isinstance(block, Fold):
            yield from _blocks(block.blocks if block.in_documents else (), figures, level)
        elif isinstance(block, Section):
            yield from _section(block, figures, level)
        else:
            raise TypeError(f"the report has no form for {type(block).__name__}")


def _items(block: Items) -> Iterator[str]:
    for at, text in enumerate(block.items):
        mark = f"{at + 1}." if block.kind == "numbered" else "-"
        yield f"{'  ' if at in block.below else ''}{mark} {inline(text)}"


def _table(found: Table) -> Iterator[str]:
    columns, rows = words_of(found)
    yield _line(escaped(heading_of(column)) for column in columns)
    yield f"|{'|'.join(_ALIGNED[column.kind] for column in columns)}|"
    for texts, row in zip(rows, found.rows, strict=True):
        cells = map(inline, texts)
        yield _line(f"**{cell}**" if cell and row.kind == "heading" else cell for cell in cells)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
