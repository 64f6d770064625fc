"""tables.xlsx: a first sheet for people, every table of tables/ on a sheet of its own, and a last one of all columns.

openpyxl is imported when the workbook is made. The cells are those of the CSV files, so formulas are guarded there
already; a column whose cells are all numbers is written as numbers, a proportion shown as per cent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from metaimt.files import for_cell
from metaimt.render.archive import saved
from metaimt.report.dictionary import Described, described, reading_order, table_rows

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment
    from openpyxl.worksheet.worksheet import Worksheet

SUMMARY: Final = "Summary"
COLUMNS: Final = "Columns"
PERCENT: Final = "0.0 %"
_FORMATS: Final = {"rate": PERCENT, "change": "+0.0 %;-0.0 %;0.0 %"}
"""How a number of a column is shown, by what the column holds."""
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?")
_FONT: Final = "Calibri"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME, _WIDEST, _NARROWEST = 31, 60, 8
_SHOWN_PERCENT: Final = 9  # letters of a proportion as it is shown, however many digits it has
_LONGEST_CELL: Final = 32_767  # characters that spreadsheets keep
_CUT: Final = " ... (whole in the CSV file)"
_WIDTHS: Final = (34, 11, 11, 9, 9, 9, 9, 9, 44)  # of the columns of the first sheet
_HEADINGS: Final = ("group", "responded", "evaluable", "r/n", "rate", "from", "to", "reports", "how the rate is known")
Table = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Line:
    """A pool, stratum or group in numbers; what it does not have is None."""

    label: str
    responders: int | None = None
    evaluable: int | None = None
    reports: int | None = None
    rate: float | None = None
    lower: float | None = None
    upper: float | None = None
    method: str = ""


@dataclass(frozen=True)
class Front:
    """What the first sheet says; version: with the date of the last search; meanings: words and sentences."""

    title: str
    question: str
    version: str
    lines: tuple[Line, ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()
    limits: tuple[str, ...] = ()


def workbook_bytes(front: Front, tables: Mapping[str, str]) -> bytes:
    """An .xlsx file of `tables` (file name -> CSV text) in reading order, the same bytes on every run."""
    from openpyxl import Workbook

    read = {PurePosixPath(name).stem: table_rows(text) for name, text in tables.items()}
    known = [described(name, read[name][0] if read[name] else ()) for name in reading_order(read)]
    names = dict(zip((one.name for one in known), sheet_names([one.sheet for one in known]), strict=True))
    book = Workbook()
    if (first := book.active) is not None:
        book.remove(first)
    book.properties.title, book.properties.creator = for_cell(front.title), "metaimt"
    listed = [(one, names[one.name], max(len(read[one.name]) - 1, 0)) for one in known]
    _summary(book.create_sheet(SUMMARY), front, listed)
    for one in known:
        _fill(book.create_sheet(names[one.name]), read[one.name], one)
    _columns(book, known, names)
    return saved(book)


def sheet_names(names: Sequence[str]) -> list[str]:
    """Sheet names that spreadsheets accept: no []:*?/\\, at most 31 characters, no two alike."""
    found: list[str] = []
    taken = {SUMMARY.casefold(), COLUMNS.casefold(), "history"}  # the last is Excel's own
    for name in names:
        plain = _FORBIDDEN.sub("-", name).strip("'")[:_LONGEST_NAME] or "table"
        tried, number = plain, 1
        while tried.casefold() in taken:
            number += 1
            tried = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]}-{number}"
        taken.add(tried.casefold())
        found.append(tried)
    return found


def _summary(sheet: Worksheet, front: Front, listed: Sequence[tuple[Described, str, int]]) -> None:
    """The answer in numbers, what its words mean, and the sheets with a link to each."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    bold, wrapped = Font(name=_FONT, bold=True), Alignment(wrap_text=True, vertical="top")
    indented = Alignment(horizontal="left", wrap_text=True, vertical="top", indent=1)
    last = len(_HEADINGS)

    def over_all(row: int, column: int, text: str) -> None:
        """A text over the columns from this one on, as high as it needs."""
        _text(sheet, row, column, text, alignment=wrapped if column < 3 else indented)
        sheet.merge_cells(start_row=row, start_column=column, end_row=row, end_column=last)
        room = sum(_WIDTHS[column - 1 :])
        sheet.row_dimensions[row].height = 15 * max(1, -(-len(text) // room))

    def headed(row: int, text: str) -> int:
        _text(sheet, row, 1, text, font=Font(name=_FONT, bold=True, size=12))
        return row + 1

    for column, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for row, text in enumerate((front.title, front.question, front.version), start=1):
        over_all(row, 1, for_cell(text))
    sheet["A1"].font = Font(name=_FONT, bold=True, size=14)
    row = headed(5, "How many responded")
    for column, text in enumerate(_HEADINGS, start=1):
        _text(sheet, row, column, text, font=bold, alignment=_aligned(column))
    for line in front.lines:
        row += 1
        for column, value in enumerate(_summed(line), start=1):
            _value(sheet, row, column, value, PERCENT if 5 <= column <= 7 else "")
            sheet.cell(row, column).alignment = _aligned(column)
    for title, said in (
        ("What the words mean", front.meanings),
        ("How far to trust it", [("", each) for each in front.limits]),
    ):
        if said:
            row = headed(row + 2, title) - 1
        for word, means in said:
            row += 1
            if word:
                _text(sheet, row, 1, for_cell(word), font=bold, alignment=wrapped)
            over_all(row, 2 if word else 1, for_cell(means))
    row = headed(row + 2, "The sheets")
    for column, text in ((1, "sheet"), (2, "rows"), (3, "what it holds")):
        _text(sheet, row, column, text, font=bold)
    for one, name, rows in [*listed, (None, COLUMNS, 0)]:
        row += 1
        _text(sheet, row, 1, name, hyperlink=f"#'{name}'!A1", style="Hyperlink")
        if one is not None:
            sheet.cell(row, 2).value = rows
        over_all(row, 3, for_cell(one.holds) if one is not None else "What each column of the sheets means")
    _on_paper(sheet)


def _aligned(column: int) -> Alignment:
    """Numbers and their headings to the right, words to the left."""
    from openpyxl.styles import Alignment

    words = column in {1, len(_HEADINGS)}
    return Alignment(horizontal="left" if words else "right", indent=int(column > 1 and words))


def _summed(line: Line) -> Iterator[str | float | None]:
    """The cells of a line, in the order of the headings."""
    counted = "" if line.evaluable is None else f"{line.responders}/{line.evaluable}"
    yield from (for_cell(line.label), line.responders, line.evaluable, counted)
    yield from (line.rate, line.lower, line.upper, line.reports, for_cell(line.method))


def _columns(book: Workbook, known: Sequence[Described], names: Mapping[str, str]) -> None:
    """Every column of every sheet, what it holds and what it means."""
    rows = [("sheet", "column", "holds", "means")]
    rows += [
        (names[one.name], for_cell(each.name), _HOLDS.get(each.holds, each.holds), for_cell(each.means))
        for one in known
        for each in one.columns
    ]
    _fill(book.create_sheet(COLUMNS), rows, described("", rows[0]))


_HOLDS: Final = {
    "count": "whole number",
    "whole": "whole number",
    "rate": "proportion, 0 to 1",
    "change": "difference of proportions",
    "p": "probability, 0 to 1",
    "yes_no": "yes or no",
    "true_false": "true or false",
}


def _fill(sheet: Worksheet, table: Table, known: Described) -> None:
    """The rows, the header bold, frozen and with filters, each column as wide as its cells need."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns = max(map(len, table), default=0)
    numeric = [all(_is_number(row[at]) for row in table[1:] if at < len(row)) for at in range(columns)]
    shown = [_FORMATS.get(each.holds, "") for each in known.columns] + [""] * columns
    for number, row in enumerate(table, start=1):
        for at, text in enumerate(row):
            if number > 1 and numeric[at] and text:
                value = int(text) if re.fullmatch(r"-?\d+", text) else float(text)
                _value(sheet, number, at + 1, value, shown[at])
            else:
                _text(sheet, number, at + 1, text)
    for at in range(columns):
        if at < len(table[0]):
            sheet.cell(1, at + 1).font = Font(name=_FONT, bold=True)
        cells = [min(len(row[at]), _SHOWN_PERCENT) if shown[at] else len(row[at]) for row in table[1:] if at < len(row)]
        longest = max([*cells, *(len(row[at]) for row in table[:1] if at < len(row))])
        sheet.column_dimensions[get_column_letter(at + 1)].width = min(max(longest + 2, _NARROWEST), _WIDEST)
    if columns:
        sheet.freeze_panes = "B2" if columns > 2 else "A2"
        sheet.auto_filter.ref = f"A1:{get_column_letter(columns)}{len(table)}"
        sheet.print_title_rows = "1:1"
    _on_paper(sheet)


def _on_paper(sheet: Worksheet) -> None:
    """A4 across, one page wide."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _is_number(text: str) -> bool:
    return not text or _NUMBER.fullmatch(text) is not None


def _value(sheet: Worksheet, row: int, column: int, value: str | float | None, shown: str = "") -> None:
    if isinstance(value, str):
        _text(sheet, row, column, value)
    elif value is not None:
        cell = sheet.cell(row, column)
        cell.value = value
        if shown:
            cell.number_format = shown


def _text(sheet: Worksheet, row: int, column: int, text: str, **look: Any) -> None:
    """A text is written as text even if it looks like a formula, which openpyxl would make it.

    look: what else the cell is to have, as openpyxl calls it.
    """
    if text:
        cell = sheet.cell(row, column)
        cell.value = text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - len(_CUT)]}{_CUT}"
        cell.data_type = "s"
    for name, value in look.items():
        setattr(sheet.cell(row, column), name, value)
