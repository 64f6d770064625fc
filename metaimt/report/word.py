"""report.docx: the report for who writes in Word, with real tables, figures, captions and numbered references.

Its text is that of report.md, so that the two cannot differ; the table of publications becomes the list of references
at the end. The Markdown is that of our own templates, whose values are escaped: what a case file says is text here as
well. python-docx and markdown-it are imported with this module.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from docx.document import Document
from docx.shared import Cm, Emu
from docx.text.paragraph import Paragraph
from markdown_it import MarkdownIt
from markdown_it.token import Token

from metaimt.analyses.results import Results
from metaimt.figures.review_figure import Drawn, FigureText
from metaimt.report.archive import undated
from metaimt.report.figures import FigureFiles, drawn_figures
from metaimt.report.markdown import citation_link, publications
from metaimt.report.word_parts import (
    Cells,
    add_field,
    add_link,
    add_styled,
    add_table,
    add_text,
    describe,
    is_sideways,
    is_wide,
    turn,
)

if TYPE_CHECKING:
    from docx.document import Document
    from markdown_it.token import Token


_MARK: Final = {"strong": "bold", "em": "italic"}
_MANY, _SHORT = 5, 80  # items of a list, letters of an item
_MOST_HEIGHT: Final = Cm(21)  # of a figure, so that its caption stands on its page
_LEAST_SCALE = 0.6  # letters of 8 points are then 5


@dataclass(frozen=True)
class Picture:
    """A figure of the document: PNG, title and alternative text."""

    png: bytes
    title: str
    alt: str


@dataclass
class Writer:
    """Writes blocks at the end of `document`; `pictures` by name, those without one go to `not_shown`."""

    document: Document
    pictures: Mapping[str, Picture]
    headings: list[str] = field(default_factory=list)
    tables: int = 0
    figures: int = 0
    not_shown: list[str] = field(default_factory=list)

    def write(self, tokens: Sequence[Token]) -> None:
        """The blocks of a section: its text and tables, then its figures, each with the caption that follows it."""
        blocks = list(_blocks(tokens))
        sources = [_picture_in(block) for block in blocks]
        captions = [at > 0 and sources[at - 1] is not None and _is_caption(block) for at, block in enumerate(blocks)]
        for at, (block, source, caption) in enumerate(zip(blocks, sources, captions, strict=True)):
            if source is None and not caption:
                self._turn_for(blocks[at:])
                self._block(block)
        for at, source in enumerate(sources):
            if source is not None:
                self._figure(source, _text_of(blocks[at + 1][1]) if captions[at + 1 : at + 2] == [True] else "")

    def _turn_for(self, blocks: Sequence[Sequence[Token]]) -> None:
        """A heading with a wide table under it, or a wide table, begins pages turned sideways."""
        part = [blocks[0], *takewhile(lambda block: block[0].type != "heading_open", blocks[1:])]
        within = part if part[0][0].type == "heading_open" else part[:1]
        wide = any(is_wide(self.document, Cells(*_cells(b))) for b in within if b[0].type == "table_open")
        if wide and not is_sideways(self.document):
            turn(self.document)

    def _block(self, tokens: Sequence[Token]) -> None:
        kind = tokens[0].type
        if kind == "heading_open":
            self._heading(int(tokens[0].tag[1:]), tokens[1])
        elif kind == "paragraph_open":
            _inline(self.document.add_paragraph(), tokens[1].children or [])
        elif kind in {"bullet_list_open", "ordered_list_open"}:
            self._list(tokens)
        elif kind == "table_open":
            self._table(tokens)
        else:
            raise ValueError(f"the Word document has no form for {kind}")

    def _heading(self, level: int, inline: Token) -> None:
        text = _text_of(inline)
        self.headings = [*self.headings[: max(level - 2, 0)], text]
        self.document.add_heading(text, level=min(max(level - 1, 1), 2))

    def _figure(self, source: str, caption: str) -> None:
        picture = self.pictures.get(PurePosixPath(source).stem)
        if picture is None:
            self.not_shown.append(source)
            return
        self.figures += 1
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        page = self.document.sections[-1]
        width = (page.page_width or 0) - (page.left_margin or 0) - (page.right_margin or 0)
        shape = paragraph.add_run().add_picture(io.BytesIO(picture.png), width=Emu(width))
        if shape.height > _MOST_HEIGHT:
            if shape.height > _MOST_HEIGHT / _LEAST_SCALE:
                caption += f" Shrunk to one page, too small to read here; the whole picture is {source}."
            shape.width, shape.height = Emu(int(shape.width * _MOST_HEIGHT / shape.height)), _MOST_HEIGHT
        describe(paragraph, self.figures, picture.title, picture.alt)
        self._caption("Figure", self.figures, caption)

    def _caption(self, kind: str, number: int, text: str) -> None:
        paragraph = add_styled(self.document, "Caption")
        paragraph.paragraph_format.keep_with_next = kind == "Table"
        add_text(paragraph, f"{kind} ", bold=True)
        add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(number))
        add_text(paragraph, f". {text}")

    def _list(self, tokens: Sequence[Token]) -> None:
        """Items as bullets; many short ones in one paragraph, which saves pages."""
        items = list(_items(tokens))
        if len(items) > _MANY and max(len(mark) + len(_text_of(item)) for mark, item in items) <= _SHORT:
            said = "; ".join(f"{mark}{_text_of(item)}" for mark, item in items)
            add_text(add_styled(self.document, "Small List"), said)
            return
        for mark, item in items:
            paragraph = add_styled(self.document, "List Bullet")
            add_text(paragraph, mark)
            _inline(paragraph, item.children or [])

    def _table(self, tokens: Sequence[Token]) -> None:
        rows, aligned = _cells(tokens)
        self.tables += 1
        self._caption("Table", self.tables, f"{': '.join(self.headings[-2:])}.")
        add_table(self.document, Cells(rows, aligned))
        if is_sideways(self.document):
            turn(self.document)


def markdown_tokens(text: str) -> list[Token]:
    """Tokens of a report; HTML in it is text, and so are forms that no template of ours writes."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.disable(["code", "blockquote", "hr", "lheading", "reference"]).parse(text)


def _blocks(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The tokens of each block on the outermost level."""
    start = depth = 0
    for at, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[start : at + 1]
            start = at + 1


def _picture_in(block: Sequence[Token]) -> str | None:
    """The source of the picture, if the block is one."""
    children = block[1].children or [] if block[0].type == "paragraph_open" else []
    return str(children[0].attrs["src"]) if children and children[0].type == "image" else None


def _is_caption(block: Sequence[Token]) -> bool:
    written = [c for c in block[1].children or [] if c.type != "text" or c.content]
    italic = bool(written) and written[0].type == "em_open" and written[-1].type == "em_close"
    return block[0].type == "paragraph_open" and italic


def _inline(paragraph: Paragraph, children: Sequence[Token]) -> None:
    marks = {"bold": False, "italic": False}
    address = ""
    for child in children:
        name, _, side = child.type.rpartition("_")
        if name in _MARK:
            marks[_MARK[name]] = side == "open"
        elif name == "link":
            address = str(child.attrs.get("href", "")) if side == "open" else ""
        elif address:
            add_link(paragraph, address, child.content)
        else:
            text = " " if child.type in {"softbreak", "hardbreak"} else child.content
            add_text(paragraph, text, code=child.type == "code_inline", **marks)


def _items(tokens: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    """Each item with its number, which a value may begin with ("2024. A title") and Markdown takes for a list's."""
    number = ""
    for token in tokens:
        if token.type == "list_item_open":
            number = f"{token.info}{token.markup} " if token.info else ""
        elif token.type == "inline":
            yield number, token


def _text_of(inline: Token) -> str:
    return "".join(
        " " if child.type in {"softbreak", "hardbreak"} else child.content for child in inline.children or []
    )


def _cells(tokens: Sequence[Token]) -> tuple[list[list[str]], list[str]]:
    rows: list[list[str]] = []
    aligned: list[str] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            aligned.append(str(token.attrs.get("style", "")).removeprefix("text-align:"))
        elif token.type == "inline":
            rows[-1].append(_text_of(token))
    return rows, aligned


_LONGEST: Final = 255  # letters of a document property
_PUBLICATIONS: Final = "Included publications"


def word_bytes(results: Results, figures: Sequence[FigureFiles], report: str) -> bytes:
    """A .docx of `report` (Markdown) with the figures that have a picture, the same bytes on every run."""
    import docx

    from metaimt.report.word_parts import add_footer, add_styled, add_text, set_styles

    document = docx.Document()
    set_styles(document)
    _properties(document, results)
    title, *sections = _sections(markdown_tokens(report))
    add_text(add_styled(document, "Title"), results.protocol.title)
    writer = Writer(document, _pictures(figures))
    writer.write(title[3:])
    for section in sections:
        if section[1].content != _PUBLICATIONS:
            writer.write(section)
    _references(document, results)
    _not_shown(document, [each.drawn for each in figures], writer.not_shown)
    add_footer(document, f"{results.protocol.title}, version {results.protocol.version}")
    buffer = io.BytesIO()
    document.save(buffer)
    return undated(buffer.getvalue())


def _properties(document: Document, results: Results) -> None:
    from metaimt.report.word_parts import plain

    protocol, properties = results.protocol, document.core_properties
    properties.title = plain(protocol.title)[:_LONGEST]
    properties.subject = f"Version {protocol.version}"
    properties.author = plain("; ".join(protocol.authors))[:_LONGEST]
    properties.language = "en-GB"
    properties.comments = properties.keywords = properties.last_modified_by = ""
    properties.revision = 1


def _sections(tokens: Sequence[Token]) -> list[list[Token]]:
    """The title with what follows it, then each part from its heading to the next."""
    sections: list[list[Token]] = [[]]
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h2":
            sections.append([])
        sections[-1].append(token)
    return sections


def _pictures(figures: Sequence[FigureFiles]) -> dict[str, Picture]:

    return {
        each.drawn.name: Picture(each.picture, each.drawn.title, each.drawn.alt)
        for each in figures
        if isinstance(each.drawn, FigureText) and each.picture is not None
    }


def _references(document: Document, results: Results) -> None:
    """Numbered, each with the id that the tables use, its DOI or page, and where it counts."""
    from metaimt.report.word_parts import add_link, add_styled, add_text

    document.add_heading("References", level=1)
    add_text(document.add_paragraph(), "The included publications; in front, the name that the tables use.")
    for report, said in zip(results.library.reports, publications(results), strict=True):
        paragraph = add_styled(document, "List Number")
        add_text(paragraph, f"{said['id']}. ", bold=True)
        add_text(paragraph, f"{said['reference']}. ")
        address, _ = citation_link(report)
        if address:
            add_link(paragraph, address, address)
            add_text(paragraph, ". ")
        add_text(paragraph, f"{said['design'].capitalize()}, read as {said['depth']}; {said['counted']}.")


def _not_shown(document: Document, drawn: Sequence[Drawn], sources: Sequence[str]) -> None:
    from metaimt.report.word_parts import add_styled, add_text

    if not sources:
        return
    titles = {f"figures/{each.name}.svg": each.title for each in drawn_figures(drawn)}
    document.add_heading("Further figures", level=1)
    for source in sources:
        add_text(add_styled(document, "List Bullet"), f"{titles.get(source, '')}: {source}")
