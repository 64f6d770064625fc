"""Pieces of a Word document that python-docx does not make by itself: styles, fields, links, borders, alternative text,
and tables with columns as wide as their words need, on a page turned sideways where they must be.

python-docx is imported with this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import deepcopy as copy
from dataclasses import dataclass
from math import fsum
from typing import Any, Final

from docx.document import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Emu, Pt, RGBColor
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from metaimt.files import for_terminal

FONT: Final = "Arial"
HYPERLINK: Final = "Hyperlink"  # name and id of a style
BODY, SMALL, CELL = Pt(10), Pt(8.5), Pt(8)
DARK, LINK = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0x05, 0x63, 0xC1)
_CONTENTS: Final = "toc 1"  # Word's own name of a line of the contents
_HEADINGS = {"Title": 20, "Heading 1": 14, "Heading 2": 11.5}
_BEFORE = {"Title": 0, "Heading 1": 18, "Heading 2": 12}
_MARGIN: Final = "70"  # twentieths of a point beside the text of a cell
_WEB = re.compile(r"https?://[^\s\"<>]+")


def set_styles(document: Document) -> None:
    """A4, one font, headings, captions, small lists and links; legible in black and white."""
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.2)
    page.top_margin = page.bottom_margin = Cm(2)
    styles: Any = document.styles
    _style(styles["Normal"], BODY, after=6, before=4)
    for name, size in _HEADINGS.items():
        _style(styles[name], Pt(size), after=6, before=_BEFORE[name], bold=True)
        styles[name].paragraph_format.keep_with_next = True
        for border in styles[name].element.findall(f".//{qn('w:pBdr')}"):
            border.getparent().remove(border)
    _style(styles["Caption"], SMALL, after=10, before=2)
    styles["Caption"].paragraph_format.keep_together = True
    _style(styles["List Bullet"], Pt(9), after=2)
    _style(styles["List Number"], Pt(9), after=3)
    for name, size in (("Table Text", CELL), ("Small List", SMALL), (_CONTENTS, SMALL)):
        _style(styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH), size, after=1, before=1)
    link = styles.add_style(HYPERLINK, WD_STYLE_TYPE.CHARACTER)
    link.font.color.rgb, link.font.underline = LINK, True
    styles["Normal"].element.get_or_add_rPr().append(_element("lang", val="en-GB"))


def _element(tag: str, **attributes: str) -> Any:
    """An element of Word's own, with attributes of its own."""
    made = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def _style(style: Any, size: Pt, *, after: float, before: float = 0, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, size, bold, False
    style.font.color.rgb = DARK
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]  # the theme's fonts would win
    for name in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(name), FONT)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    style.paragraph_format.line_spacing = 1.08


def plain(text: str) -> str:
    """Text that XML can hold, in one line: control and invisible characters as escapes."""
    return for_terminal(" ".join(text.splitlines()))


def add_styled(document: Document, style: str) -> Paragraph:
    """A paragraph in a style that is not the default, at the end of the document."""
    paragraph = document.add_paragraph()
    put_in(paragraph, style_id(document, style))
    return paragraph


def style_id(document: Document, style: str) -> str:
    """What elements call a style, for `put_in`."""
    return str(document.styles[style].style_id)


def put_in(paragraph: Paragraph, style: str) -> None:
    """A style by its id: python-docx's own setter searches all styles for the default, each time."""
    paragraph._p.style = style


def add_text(
    paragraph: Paragraph,
    text: str,
    *,
    bold: bool = False,
    code: bool = False,
    size: float | None = None,
) -> None:
    """A run of text, as it is; `size` in points, if not the paragraph's."""
    if not text:
        return
    run = paragraph.add_run(plain(text))
    run.bold = bold or None
    run.font.size = Pt(size) if size else None
    if code:
        run.font.name = "Consolas"


def add_link(paragraph: Paragraph, address: str, text: str) -> None:
    """A hyperlink that Word follows; an address that is not of the web stays text."""
    if not _WEB.fullmatch(address):
        add_text(paragraph, text)
        return
    link = _element("hyperlink")
    known = paragraph.part.rels
    # An id of our own: python-docx looks through all of them for a free one, and for the same address, at every link.
    made = known.add_relationship(RELATIONSHIP_TYPE.HYPERLINK, address, f"link{len(known)}", is_external=True)
    link.set(qn("r:id"), made.rId)
    run = paragraph.add_run(plain(text))
    run._r.style = HYPERLINK
    link.append(run._r)
    paragraph._p.append(link)


def add_contents(document: Document) -> Paragraph:
    """Where the table of contents will stand, see `fill_contents`."""
    place, page = add_styled(document, _CONTENTS), document.sections[0]
    width = (page.page_width or 0) - (page.left_margin or 0) - (page.right_margin or 0)
    place.paragraph_format.tab_stops.add_tab_stop(Emu(width), WD_TAB_ALIGNMENT.RIGHT)
    return place


def bookmark(paragraph: Paragraph, number: int) -> str:
    """Mark a heading, so that the contents can lead to it; the name of the mark."""
    name = f"_Toc{number:08d}"
    start = _element("bookmarkStart", id=str(number), name=name)
    paragraph._p.insert(1 if paragraph._p.pPr is not None else 0, start)
    paragraph._p.append(_element("bookmarkEnd", id=str(number)))
    return name


def fill_contents(place: Paragraph, entries: Sequence[tuple[str, str]]) -> None:
    """A field with the contents: (text, mark) of each heading, a line each that leads there.

    Without page numbers, which only who lays the pages out knows: Word and LibreOffice add them when their reader
    updates the contents (F9). Told to do so by themselves, Word would first show every reader a question, and
    LibreOffice shows within contents what is written there.
    """
    if not entries:
        place._p.getparent().remove(place._p)
        return
    lines = [place]
    for _ in entries[1:]:
        lines[-1]._p.addnext(copy(place._p))
        lines.append(Paragraph(lines[-1]._p.getnext(), place._parent))
    _begin_field(place, 'TOC \\o "1-1" \\h \\z \\u')
    for line, (text, mark) in zip(lines, entries, strict=True):
        link = _element("hyperlink", anchor=mark)
        link.append(line.add_run(plain(text))._r)
        line._p.append(link)
    _field_mark(lines[-1], "end")


def _field_mark(paragraph: Paragraph, kind: str) -> None:
    paragraph.add_run()._r.append(_element("fldChar", fldCharType=kind))


def _begin_field(paragraph: Paragraph, code: str) -> None:
    _field_mark(paragraph, "begin")
    instruction = _element("instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = f" {code} "
    paragraph.add_run()._r.append(instruction)
    _field_mark(paragraph, "separate")


def add_field(paragraph: Paragraph, code: str, shown: str) -> None:
    """A field that Word keeps up to date: PAGE, NUMPAGES, SEQ Figure."""
    _begin_field(paragraph, code)
    paragraph.add_run(shown)
    _field_mark(paragraph, "end")


def add_footer(document: Document, text: str) -> None:
    """What the document is, and `Page 3 of 12`, on each page."""
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.style = document.styles["Caption"]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_text(paragraph, f"{text}   ·   page ")
    add_field(paragraph, "PAGE", "1")
    add_text(paragraph, " of ")
    add_field(paragraph, "NUMPAGES", "1")


def describe(paragraph: Paragraph, number: int, title: str, alt: str) -> None:
    """Name and alternative text of the picture in a paragraph."""
    for properties in paragraph._p.iter(qn("wp:docPr")):
        properties.set("id", str(number))
        properties.set("name", f"Figure {number}")
        properties.set("title", plain(title))
        properties.set("descr", plain(alt))


def print_table(table: Table) -> None:
    """Lines above, below and under the header, which is repeated on each page; rows are not torn apart."""
    properties = table._tbl.tblPr
    borders = _element("tblBorders")
    for edge, size in (("top", "8"), ("bottom", "8"), ("insideH", "2")):
        borders.append(_line(edge, size, "000000" if edge != "insideH" else "C8C8C8"))
    margins = _element("tblCellMar")
    for edge in ("left", "right"):
        margins.append(_element(edge, w=_MARGIN, type="dxa"))
    # The schema fixes this order: indent, borders, layout, margins.
    layout = properties.find(qn("w:tblLayout"))
    layout.addprevious(_element("tblInd", w=_MARGIN, type="dxa"))
    layout.addprevious(borders)
    layout.addnext(margins)
    for number, row in enumerate(table.rows):
        row_properties = row._tr.get_or_add_trPr()
        row_properties.append(_element("cantSplit"))
        if number == 0:
            row_properties.append(_element("tblHeader"))
            for cell in row.cells:
                under = _element("tcBorders")
                under.append(_line("bottom", "6", "000000"))
                cell._tc.get_or_add_tcPr().append(under)
                cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM


def _line(edge: str, size: str, colour: str) -> Any:
    return _element(edge, val="single", sz=size, space="0", color=colour)


_CM, _INDENT = 360_000, 0.25  # EMU a cm; cm by which cell margins reach beyond the text
_GAP = 0.36  # cm a column, cell margins and a little air
_DIGIT, _BOLD = 0.0195, 1.1  # cm a point of a figure's width, and how much wider a heading's letters are
_NAMES = 2.8  # cm of a column that names rows, if it has so much to say
_SIZES = (8.0, 7.0, 6.5)  # points, the larger where there is room
_ALIGNED = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}
_TOGETHER = re.compile(r"(?<=\d) (?=[-%])|(?<=\d -|\d %) (?=[-\d])|(?<=\d,) (?=\d+\))|(?<=%:) (?=\d)")
_HYPHEN = re.compile(r"(?<=[A-Za-z])-(?=[a-z])")
_SPACES, _BREAKS = re.compile(" "), re.compile(rf" |{_HYPHEN.pattern}")


@dataclass(frozen=True)
class Cells:
    """A table as read: rows of texts, the header first, and the alignment of each column."""

    rows: Sequence[Sequence[str]]
    aligned: Sequence[str]


def add_table(document: Document, cells: Cells) -> None:
    """The table at the end of the document, in the largest letters that fit. See `is_wide`.

    Words of headings are broken at hyphens only where they do not fit whole in any letters.
    """
    ways = ((size, breaks) for breaks in (_SPACES, _BREAKS) for size in _SIZES)
    fits = (way for way in ways if fsum(_needed(cells, *way)) <= _room(document))
    _table(document, cells, *next(fits, (_SIZES[-1], _BREAKS)))
    document.add_paragraph().paragraph_format.space_after = Pt(0)


def is_wide(document: Document, cells: Cells) -> bool:
    """Whether the table needs a page turned sideways."""
    return fsum(_needed(cells, _SIZES[-1])) > _room(document)


def turn(document: Document) -> None:
    """What follows stands on new pages, sideways or upright again."""
    old = document.sections[-1]
    page = document.add_section(WD_SECTION.NEW_PAGE)
    page.page_width, page.page_height = old.page_height, old.page_width
    page.orientation = WD_ORIENT.LANDSCAPE if is_sideways(document) else WD_ORIENT.PORTRAIT


def is_sideways(document: Document) -> bool:
    """Whether the last page is."""
    page = document.sections[-1]
    return (page.page_width or 0) > (page.page_height or 0)


def _table(document: Document, cells: Cells, size: float, breaks: re.Pattern[str]) -> None:
    table = document.add_table(len(cells.rows), len(cells.aligned))
    table.autofit = False
    widths = [Emu(int(width * _CM)) for width in _widths(cells, _room(document), size, breaks)]
    for at, column in enumerate(table.columns):
        column.width = widths[at]
    style = style_id(document, "Table Text")
    # By row, and from the elements: python-docx makes all cells of a table anew for each column that is asked for.
    for number, row in enumerate(table._tbl.tr_lst):
        for at, element in enumerate(row.tc_lst):
            cell = _Cell(element, table)
            cell.width = widths[at]
            paragraph = cell.paragraphs[0]
            put_in(paragraph, style)
            paragraph.alignment = _ALIGNED.get(cells.aligned[at])
            text = _unbroken(cells.rows[number][at])
            whole = number == 0 and breaks is _SPACES
            add_text(paragraph, _HYPHEN.sub("\u2011", text) if whole else text, bold=number == 0, size=size)
    print_table(table)


def _room(document: Document) -> float:
    """Width between the margins, cm."""
    page = document.sections[-1]
    return ((page.page_width or 0) - (page.left_margin or 0) - (page.right_margin or 0)) / _CM - _INDENT


def _unbroken(text: str) -> str:
    """`61.7 - 84.0` and `74.3 %` stay on one line."""
    return _TOGETHER.sub("\u00a0", text)


def _needed(cells: Cells, size: float, breaks: re.Pattern[str] = _BREAKS) -> list[float]:
    """The least width of each column, cm: its longest word; the first, which names the rows, some more.

    breaks: where words of a heading may be broken; those of the rows at a hyphen too.
    """
    heading, *rows = cells.rows
    first = _longest(Cells([heading, [""] * len(heading)], cells.aligned), size, _longest_word(breaks))
    others = _longest(Cells([[""] * len(heading), *rows], cells.aligned), size, _longest_word(_BREAKS))
    needed = [max(pair) for pair in zip(first, others, strict=True)]
    wished = _longest(cells, size, len)[0]
    return [max(needed[0], min(wished, _NAMES)), *needed[1:]]


def _longest_word(breaks: re.Pattern[str]) -> Callable[[str], int]:
    return lambda text: max(map(len, breaks.split(_unbroken(text))))


def _longest(cells: Cells, size: float, length: Callable[[str], int]) -> list[float]:
    heading, *rows = cells.rows
    letters = (
        max(_BOLD * length(heading[at]), *(length(row[at]) for row in rows), 1) for at in range(len(cells.aligned))
    )
    return [_DIGIT * size * number + _GAP for number in letters]


def _widths(cells: Cells, room: float, size: float, breaks: re.Pattern[str] = _BREAKS) -> list[float]:
    """In cm: what each column wishes if there is room, else what it needs and a share of the rest."""
    needed, wished = _needed(cells, size, breaks), _longest(cells, size, len)
    if fsum(wished) <= room:
        return wished
    spare = room - fsum(needed)
    if spare < 0:
        return [width * room / fsum(needed) for width in needed]
    more = [max(wish - need, 0.0) for wish, need in zip(wished, needed, strict=True)]
    return [need + spare * extra / fsum(more) for need, extra in zip(needed, more, strict=True)]
