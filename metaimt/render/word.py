"""Sections as a Word document, with real tables, figures, captions and fields. It imports python-docx."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import docx
from docx.document import Document
from docx.shared import Cm, Emu

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
from metaimt.model.text import Code, Link, Strong, Text
from metaimt.render.archive import saved
from metaimt.render.word_parts import (
    Cells,
    add_contents,
    add_field,
    add_footer,
    add_link,
    add_styled,
    add_table,
    add_text,
    bookmark,
    describe,
    fill_contents,
    is_sideways,
    is_wide,
    plain,
    set_styles,
    turn,
)

_MANY, _SHORT = 5, 80  # items of a list, letters of an item
_MOST_HEIGHT: Final = Cm(21)  # of a figure, so that its caption stands on its page
_HALF, _LITTLE = Cm(10.8), 0.85  # two figures with captions fit a page; by how much one may be made smaller for that
_LEAST_SCALE = 0.6  # letters of 8 points are then 5
_LONGEST: Final = 255  # letters of a document property
_FILES = re.compile(r"\b(?:tables|figures)/[\w-]+\.\w+|\bresults\.json\b")
_STYLES = {"notes": "List Bullet", "counts": "List Bullet", "numbered": "List Number"}
_ALIGNED = {"words": "", "number": "right", "interval": "right", "plot": ""}


@dataclass(frozen=True)
class Picture:
    """A figure of the document: its address in the outputs, title, alternative text and caption.

    png: None where the document only names it.
    """

    address: str
    title: str
    alt: str
    caption: str
    png: bytes | None = None


@dataclass(frozen=True)
class About:
    """What a document says of itself."""

    title: str
    version: str
    authors: tuple[str, ...]


def word_bytes(
    about: About, front: Iterable[Text], sections: Iterable[Section], figures: Mapping[str, Sequence[Picture]]
) -> bytes:
    """A .docx of sections, the same bytes on every run, the contents after the first. figures: by their section."""
    document = docx.Document()
    set_styles(document)
    _properties(document, about)
    add_text(add_styled(document, "Title"), about.title)
    writer = Writer(document, figures)
    for text in front:
        writer.paragraph(text)
    first, *others = sections
    writer.section(first)
    writer.paragraph(Text(Strong("Contents")))
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    contents = add_contents(document)
    for each in others:
        writer.section(each)
    writer.end()
    fill_contents(contents, writer.headings[1:])
    add_footer(document, f"{about.title}, version {about.version}")
    return saved(document)


def _properties(document: Document, about: About) -> None:
    properties = document.core_properties
    properties.title = plain(about.title)[:_LONGEST]
    properties.subject = f"Version {about.version}"
    properties.author = plain("; ".join(about.authors))[:_LONGEST]
    properties.language = "en-GB"
    properties.comments = properties.keywords = properties.last_modified_by = ""
    properties.revision = 1


@dataclass
class Writer:
    """Writes blocks at the end of `document`; figures without a picture are named at the end."""

    document: Document
    figures: Mapping[str, Sequence[Picture]]
    tables: int = 0
    pictures: int = 0
    named: list[Picture] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)
    captions: set[str] = field(default_factory=set)

    def section(self, found: Section, level: int = 1) -> None:
        """A section with its heading; one with a wide table directly under it begins a page turned sideways."""
        shown = [
            block for block in _shown(found.blocks) if not isinstance(block, Figures) or self.figures.get(block.section)
        ]
        if not shown:
            return
        if any(isinstance(block, Table) and self._is_wide(block) for block in shown):
            self._sideways()
        self._heading(str(found.title), min(level, 2))
        for block, after in zip(shown, [*shown[1:], None], strict=True):
            if isinstance(block, Paragraph):
                self.paragraph(block.text, leads=isinstance(after, Items | Table))
            else:
                self._block(block, level)

    def paragraph(self, text: Text, style: str = "", *, leads: bool = False) -> None:
        """A paragraph of a text, its links to follow; one that leads to a list or table stays on its page."""
        paragraph = add_styled(self.document, style) if style else self.document.add_paragraph()
        if leads:
            paragraph.paragraph_format.keep_with_next = True
        for piece in text.parts:
            if isinstance(piece, Link):
                add_link(paragraph, piece.address, piece.text)
            else:
                add_text(paragraph, str(piece), bold=isinstance(piece, Strong), code=isinstance(piece, Code))
                add_text(paragraph, _where(str(piece)))

    def end(self) -> None:
        """The figures that were only named."""
        if self.named:
            self._heading("Further figures", 1)
            self.paragraph(Text("In the folder of the outputs:"))
            for each in self.named:
                add_text(add_styled(self.document, "List Bullet"), f"{each.title}: {each.address}")

    def _heading(self, text: str, level: int) -> None:
        paragraph = self.document.add_heading(plain(text), level=level)
        if level == 1:
            self.headings.append((text, bookmark(paragraph, len(self.headings) + 1)))

    def _block(self, block: Block, level: int) -> None:
        if isinstance(block, Section):
            self.section(block, level + 1)
        elif isinstance(block, Items):
            self._items(block)
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Figures):
            for picture in self.figures.get(block.section, ()):
                self._figure(picture)
        else:
            raise TypeError(f"the Word document has no form for {type(block).__name__}")

    def _items(self, block: Items) -> None:
        """Items as bullets; many short ones in one paragraph, which saves pages."""
        if (
            block.kind != "numbered"
            and len(block.items) > _MANY
            and max(len(str(text)) for text in block.items) <= _SHORT
        ):
            add_text(add_styled(self.document, "Small List"), _placed("; ".join(map(str, block.items))))
            return
        for text in block.items:
            self.paragraph(text, _STYLES[block.kind])

    def _table(self, found: Table) -> None:
        if self._is_wide(found):
            self._sideways()
        self.tables += 1
        self._caption("Table", self.tables, f"{self._distinct(found.title)}.")
        add_table(self.document, _cells(found))
        if is_sideways(self.document):
            turn(self.document)

    def _distinct(self, title: str) -> str:
        """The title, with a number where another table has it."""
        number, found = 1, title
        while found in self.captions:
            number += 1
            found = f"{title}, {number}"
        self.captions.add(found)
        return found

    def _is_wide(self, found: Table) -> bool:
        return is_wide(self.document, _cells(found))

    def _sideways(self) -> None:
        if not is_sideways(self.document):
            turn(self.document)

    def _figure(self, picture: Picture) -> None:
        if picture.png is None:
            self.named.append(picture)
            return
        self.pictures += 1
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        page, caption = self.document.sections[-1], picture.caption
        width = (page.page_width or 0) - (page.left_margin or 0) - (page.right_margin or 0)
        shape = paragraph.add_run().add_picture(io.BytesIO(picture.png), width=Emu(width))
        if _HALF < shape.height <= _HALF / _LITTLE:
            shape.width, shape.height = Emu(int(shape.width * _HALF / shape.height)), _HALF
        if shape.height > _MOST_HEIGHT:
            if shape.height > _MOST_HEIGHT / _LEAST_SCALE:
                caption += f" Shrunk to one page, too small to read here; the whole picture is {picture.address}."
            shape.width, shape.height = Emu(int(shape.width * _MOST_HEIGHT / shape.height)), _MOST_HEIGHT
        describe(paragraph, self.pictures, picture.title, picture.alt)
        self._caption("Figure", self.pictures, caption)

    def _caption(self, kind: str, number: int, text: str) -> None:
        paragraph = add_styled(self.document, "Caption")
        paragraph.paragraph_format.keep_with_next = kind == "Table"
        add_text(paragraph, f"{kind} ", bold=True)
        add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(number))
        add_text(paragraph, f". {_placed(text)}")


def _placed(text: str) -> str:
    """Who reads the document alone does not have the other files: each that is named says where it is."""
    return _FILES.sub(lambda found: found[0] + _where(found[0]), text)


def _where(name: str) -> str:
    return " in the folder of the outputs" if _FILES.fullmatch(name) else ""


def _shown(blocks: Iterable[Block]) -> Iterable[Block]:
    """What a document shows, folded or not."""
    for block in blocks_for("document", blocks):
        if isinstance(block, Fold) and block.part is None:
            yield from _shown(block.blocks if block.in_documents else ())
        elif isinstance(block, Fold) and block.part is not None:
            yield block.part
        else:
            yield block


def _cells(found: Table) -> Cells:
    """The texts of a table, its headings first; what is drawn is left out."""
    columns, rows = words_of(found)
    texts = [[heading_of(column) for column in columns], *([str(text) for text in each] for each in rows)]
    return Cells(texts, [_ALIGNED[column.kind] for column in columns])
