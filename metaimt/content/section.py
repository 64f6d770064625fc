"""What a review says, part by part, without a medium: sections of paragraphs, lists, tables and figures.

`render` has one walker a medium: page, report, Word, terminal. None of them knows what a section is about, so that they
cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from metaimt.analyses.alternatives import Rate
from metaimt.model.count import Behind, Count
from metaimt.model.text import Named, Piece, Text, r_of_n
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.posterior import WeightedProportion

Medium = Literal["page", "document", "terminal"]
Words = Text | Piece


class Limits(NamedTuple):
    """An estimate with limits, proportions."""

    estimate: float
    lower: float
    upper: float


Drawable = Rate | AdjustedRate | WeightedProportion | Limits
"""What has an estimate and limits between 0 and 1; None where nobody is evaluable."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; style `small` if it explains what stands above it, `lead` for the sentence of a page."""

    text: Text
    style: Literal["", "small", "lead"] = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `below` has the places of items that belong to the one before. counts: short ones, set in columns."""

    items: tuple[Text, ...]
    kind: Literal["notes", "counts", "numbered"] = "notes"
    below: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval drawn from 0 to 100 %, beside its numbers; a medium without pictures leaves its column out.

    reference: where a dotted line stands, between 0 and 1. tick: a short line, where r/n is. pooled: a diamond as wide
    as the interval, else a box. outside: hollow.
    """

    rate: Drawable
    pooled: bool = False
    outside: bool = False
    patients: int | None = None
    reference: float | None = None
    tick: float | None = None


@dataclass(frozen=True, slots=True)
class Disc:
    """A count with a disc of an area as its patients, filled as far as they responded.

    most: patients of the largest disc beside it.
    """

    count: Count
    most: int

    @property
    def text(self) -> Text:
        """The count in words."""
        return Text(r_of_n(self.count))


@dataclass(frozen=True, slots=True)
class Tiles:
    """A tile a patient, by response; each opens its case. words: of each, who it is and what became of it."""

    counts: tuple[Count, ...]
    places: tuple[int, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, and whom a click anywhere in it opens."""

    content: Text | Interval | Disc | Tiles
    opens: Behind | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what it holds, the heading over it and its neighbours; `wide` is left out on a phone."""

    label: str
    kind: Literal["words", "number", "interval", "plot"] = "words"
    group: str | Text = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in the order of the columns, the first names the row; whom a click opens.

    stratum: a part of the row above, set in. heading: its one cell runs over all columns.
    """

    cells: tuple[Cell, ...]
    opens: Behind | None = None
    kind: Literal["", "pool", "stratum", "summary", "heading"] = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows. title: what it shows, for a caption and for who cannot see it. style: a class of the page."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks that the page shows when asked; a document shows them, or leaves them out where a table file has them.

    part: the section that it is, whose heading a document shows.
    """

    title: Text
    blocks: tuple[Block, ...]
    in_documents: bool = True
    part: Section | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a section, as the registry places them."""

    section: str


@dataclass(frozen=True, slots=True)
class Only:
    """Blocks of some media only."""

    media: frozenset[Medium]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the review with its heading. id: its address on the page; empty for a part within another."""

    title: Text
    blocks: tuple[Block, ...]
    id: str = ""


Block = Paragraph | Items | Table | Fold | Figures | Only | Section


def section(title: str | Text, *blocks: Block | Iterable[Block], id: str = "") -> Section:
    """A section of blocks; those in a tuple or list take its place."""
    flat: list[Block] = []
    for block in blocks:
        flat += [block] if isinstance(block, Block) else block
    return Section(Text(title), tuple(flat), id)


def paragraph(*parts: Words, small: bool = False, style: Literal["", "small", "lead"] = "") -> Paragraph:
    """A paragraph of these parts."""
    return Paragraph(Text(*parts), "small" if small else style)


def items(texts: Iterable[Text], kind: Literal["notes", "counts", "numbered"] = "notes") -> tuple[Items, ...]:
    """A list, or nothing where it would be empty."""
    listed = tuple(texts)
    return (Items(listed, kind),) if listed else ()


def row(*cells: str | Words | Interval | Tiles | Cell, opens: Behind | None = None, kind: str = "") -> Row:
    """A row of texts, numbers and intervals; a plain `str` is a value."""
    return Row(tuple(map(_cell, cells)), opens, kind)  # type: ignore[arg-type]


def _cell(cell: str | Words | Interval | Tiles | Cell) -> Cell:
    if isinstance(cell, Cell):
        return cell
    if isinstance(cell, Text | Interval | Tiles):
        return Cell(cell)
    return Cell(Text(Named(cell) if isinstance(cell, str) else cell))


def table(title: str, columns: Iterable[str | Column], rows: Iterable[Row], *, style: str = "") -> tuple[Table, ...]:
    """A table, or nothing where it has no rows."""
    listed = tuple(rows)
    heads = tuple(column if isinstance(column, Column) else Column(column) for column in columns)
    return (Table(title, heads, listed, style),) if listed else ()


def words_of(found: Table) -> tuple[list[Column], list[list[Text]]]:
    """Columns and texts of a table without what is drawn: for a medium of words."""
    kept = [at for at, column in enumerate(found.columns) if column.kind != "plot"]
    rows = []
    for each in found.rows:
        texts = [_words(cell.content) for cell in each.cells]
        texts += [Text()] * (len(found.columns) - len(texts))
        if each.kind == "stratum":
            texts[0] = Text("– ", texts[0])
        rows.append([texts[at] for at in kept])
    return [found.columns[at] for at in kept], rows


def _words(content: Text | Interval | Disc | Tiles) -> Text:
    if isinstance(content, Disc):
        return content.text
    return Text() if isinstance(content, Interval | Tiles) else content


def heading_of(column: Column) -> str:
    """The heading of a column with the one above it."""
    group = str(column.group)
    return f"{group}: {column.label}" if group and column.label else group or column.label


def blocks_for(medium: Medium, blocks: Iterable[Block]) -> Iterator[Block]:
    """What a medium shows: the blocks of `Only` in its place, or none of them."""
    for block in blocks:
        if not isinstance(block, Only):
            yield block
        elif medium in block.media:
            yield from blocks_for(medium, block.blocks)


def folded(part: Section) -> Fold:
    """A section that the page shows when asked."""
    return Fold(part.title, part.blocks, part=part)


def page_only(*blocks: Block) -> Only:
    """Blocks of the page."""
    return Only(frozenset({"page"}), blocks)


def terminal_only(*blocks: Block) -> Only:
    """Blocks of what a command prints."""
    return Only(frozenset({"terminal"}), blocks)


def documents_only(*blocks: Block) -> Only:
    """Blocks of report.md and the Word document."""
    return Only(frozenset({"document"}), blocks)
