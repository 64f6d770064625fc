"""Tables of a Word document: columns as wide as their words need, on a page turned sideways where they must be.

python-docx is imported with this module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import fsum

from docx.document import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Emu, Pt
from docx.table import _Cell

from metaimt.report.word_parts import add_text, print_table, put_in, style_id

_CM, _INDENT = 360_000, 0.25  # EMU a cm; cm by which cell margins reach beyond the text
_GAP = 0.36  # cm a column, cell margins and a little air
_DIGIT, _BOLD = 0.0195, 1.1  # cm a point of a figure's width, and how much wider a heading's letters are
_NAMES = 2.8  # cm of a column that names rows, if it has so much to say
_SIZES = (8.0, 7.0, 6.5)  # points, the larger where there is room
_ALIGNED = {"right": WD_ALIGN_PARAGRAPH.RIGHT, "center": WD_ALIGN_PARAGRAPH.CENTER}
_TOGETHER = re.compile(r"(?<=\d) (?=[-%])|(?<=\d -|\d %) (?=[-\d])|(?<=\d,) (?=\d+\))|(?<=%:) (?=\d)")
_BREAKS = re.compile(r" |(?<=[A-Za-z])-(?=[a-z])")


@dataclass(frozen=True)
class Cells:
    """A table as read: rows of texts, the header first, and the alignment of each column."""

    rows: Sequence[Sequence[str]]
    aligned: Sequence[str]


def add_table(document: Document, cells: Cells) -> None:
    """The table at the end of the document, in the largest letters that fit. See `is_wide`."""
    sizes = (size for size in _SIZES if fsum(_needed(cells, size)) <= _room(document))
    _table(document, cells, next(sizes, _SIZES[-1]))
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


def _table(document: Document, cells: Cells, size: float) -> None:
    table = document.add_table(len(cells.rows), len(cells.aligned))
    table.autofit = False
    widths = [Emu(int(width * _CM)) for width in _widths(cells, _room(document), size)]
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
            add_text(paragraph, _unbroken(cells.rows[number][at]), bold=number == 0, size=size)
    print_table(table)


def _room(document: Document) -> float:
    """Width between the margins, cm."""
    page = document.sections[-1]
    return ((page.page_width or 0) - (page.left_margin or 0) - (page.right_margin or 0)) / _CM - _INDENT


def _unbroken(text: str) -> str:
    """`61.7 - 84.0` and `74.3 %` stay on one line."""
    return _TOGETHER.sub("\u00a0", text)


def _needed(cells: Cells, size: float) -> list[float]:
    """The least width of each column, cm: its longest word; the first, which names the rows, some more."""
    needed = _longest(cells, size, lambda text: max(map(len, _BREAKS.split(_unbroken(text)))))
    wished = _longest(cells, size, len)[0]
    return [max(needed[0], min(wished, _NAMES)), *needed[1:]]


def _longest(cells: Cells, size: float, length: Callable[[str], int]) -> list[float]:
    heading, *rows = cells.rows
    letters = (
        max(_BOLD * length(heading[at]), *(length(row[at]) for row in rows), 1) for at in range(len(cells.aligned))
    )
    return [_DIGIT * size * number + _GAP for number in letters]


def _widths(cells: Cells, room: float, size: float) -> list[float]:
    """In cm: what each column wishes if there is room, else what it needs and a share of the rest."""
    needed, wished = _needed(cells, size), _longest(cells, size, len)
    if fsum(wished) <= room:
        return wished
    spare = room - fsum(needed)
    if spare < 0:
        return [width * room / fsum(needed) for width in needed]
    more = [max(wish - need, 0.0) for wish, need in zip(wished, needed, strict=True)]
    return [need + spare * extra / fsum(more) for need, extra in zip(needed, more, strict=True)]
