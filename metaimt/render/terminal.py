"""Sections as lines of a terminal 80 columns wide; every word has its control characters made visible."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from metaimt.content.section import (
    Block,
    Column,
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
from metaimt.files import one_line

WIDTH = 80
STEP = 2
NARROWEST, WIDEST = 18, 44  # columns of words that are broken into lines
_UNITS = (" %", " months")  # a number stays with its unit


def section_text(found: Section) -> str:
    """A section under its title."""
    return "\n".join([*wrapped(found.title), *_blocks(found.blocks, 0)])


def blocks_text(blocks: Iterable[Block]) -> str:
    """Blocks one after the other, each part of them after an empty line."""
    return "\n".join(_blocks(blocks, 0)).removeprefix("\n")


def wrapped(text: object, indent: int = 0, further: int | None = None) -> list[str]:
    """Lines of at most 80 columns; `further` the indent of all but the first."""
    kept = one_line(text)
    for unit in _UNITS:
        kept = kept.replace(unit, f"\0{unit[1:]}")
    first, rest = " " * indent, " " * (indent if further is None else further)
    lines = textwrap.wrap(  # a name or path is never torn apart
        kept, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False, break_long_words=False
    )
    return [line.replace("\0", " ") for line in lines]


def _blocks(blocks: Iterable[Block], indent: int) -> Iterator[str]:
    below = False
    for block in blocks_for("terminal", blocks):
        if isinstance(block, Section):
            yield ""
            yield from wrapped(block.title, indent)
            yield from _blocks(block.blocks, indent + STEP)
        else:
            yield from [""] if below else []
            yield from _lines(block, indent)
        below = isinstance(block, Section)


def _lines(block: Block, indent: int) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield from wrapped(block.text, indent)
    elif isinstance(block, Items):
        for at, text in enumerate(block.items):
            mark = f"{at + 1}. " if block.kind == "numbered" else "- "
            start = indent + STEP * (at in block.below)
            yield from wrapped(f"{mark}{text}", start, start + len(mark))
    elif isinstance(block, Table):
        yield from _table(block, indent)
    elif isinstance(block, Fold):
        yield from _blocks((block.part,) if block.part else block.blocks, indent)
    elif not isinstance(block, Figures):
        raise TypeError(f"a terminal has no form for {type(block).__name__}")


def _table(found: Table, indent: int) -> Iterator[str]:
    """Columns as wide as they need. Where numbers do not fit they stand below, after the first column once more; where
    words do not, each row is a block of its own.
    """
    columns, rows = words_of(found)
    headings = any(row.kind == "heading" for row in found.rows)
    inner = indent + STEP * headings
    head = [one_line(heading_of(column)) for column in columns]
    cells = [[one_line(text) for text in texts] for texts in rows]
    plain = [texts for texts, row in zip(cells, found.rows, strict=True) if row.kind != "heading"]
    widths = _widths([head, *plain], columns, WIDTH - inner)
    parts = _parts(widths, WIDTH - inner)
    if len(parts) > 1 and any(column.kind == "words" for column in columns[1:]):
        yield from (line for texts in cells for line in _record(head, texts, inner))
        return
    for part in parts:
        if any(head[k] for k in part):
            yield from _row(head, part, widths, columns, inner)
        for texts, row in zip(cells, found.rows, strict=True):
            if row.kind == "heading":
                yield from wrapped(texts[0], indent)
            else:
                yield from _row(texts, part, widths, columns, inner)


def _record(head: Sequence[str], texts: Sequence[str], indent: int) -> Iterator[str]:
    """The first cell, then each other with its heading."""
    yield from wrapped(texts[0], indent)
    for name, text in zip(head[1:], texts[1:], strict=True):
        if text:
            yield from wrapped(f"{name}: {text}", indent + STEP, indent + 2 * STEP)


def _widths(rows: Sequence[Sequence[str]], columns: Sequence[Column], room: int) -> list[int]:
    """As wide as the widest cell, those of words narrower where the line would be too long."""
    words = [at for at, column in enumerate(columns) if column.kind == "words"]
    widest = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    widths = [min(width, WIDEST) if at in words else width for at, width in enumerate(widest)]
    while words and sum(widths) + STEP * (len(widths) - 1) > room:
        at = max(words, key=widths.__getitem__)
        if widths[at] <= NARROWEST:
            break
        widths[at] -= 1
    return widths


def _parts(widths: Sequence[int], room: int) -> list[list[int]]:
    """The places of the columns that stand side by side, the first in each part."""
    parts = [[0]]
    for at in range(1, len(widths)):
        if len(parts[-1]) > 1 and sum(widths[k] + STEP for k in (*parts[-1], at)) - STEP > room:
            parts.append([0])
        parts[-1].append(at)
    return parts


def _row(
    cells: Sequence[str], part: Sequence[int], widths: Sequence[int], columns: Sequence[Column], indent: int
) -> Iterator[str]:
    broken = [textwrap.wrap(cells[k], widths[k], break_on_hyphens=False) if cells[k] else [] for k in part]
    for line in zip_longest(*broken, fillvalue=""):
        placed = (
            f"{said:{'<' if columns[k].kind == 'words' else '>'}{widths[k]}}"
            for k, said in zip(part, line, strict=True)
        )
        yield f"{' ' * indent}{(' ' * STEP).join(placed)}".rstrip()
