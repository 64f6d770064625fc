"""The case files as a workbook to be filled in: sheets of courses and arms with drop-downs, and one that explains.

Cells are text or numbers, never formulas, whatever a source prints: a text carries Excel's mark of a quoted text, so
that it stays one when it is edited. openpyxl is imported when the workbook is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from metaimt.casefiles.library import Library
from metaimt.curation.case_sheet import COURSES, PARTS, WITHOUT, Column, columns, to_cell
from metaimt.curation.import_cases import NOT_READ
from metaimt.problem import WrongUse
from metaimt.render.archive import saved

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

READ_ME, FIELDS, LISTS = NOT_READ
_LONGEST_CELL: Final = 32_767  # characters that a spreadsheet keeps
_LONGEST_PROMPT: Final = 250  # characters that Excel shows beside a cell
_SPARE_ROWS: Final = 500  # below the last row, with the same drop-downs
_WIDTH: Final = {"id": 24, "title": 44, "authors": 24, "url": 24, "note": 40, "response_as_stated": 40}
_SELDOM: Final = {"former_ids", "overlaps", "adjudicated", "notices", "setting", "publisher"}
_LINES: Final = (
    "A row of the sheet Courses is one course of treatment of one patient. A row of Arms is a group of patients that "
    "was published only as counts.",
    "The columns of a report stand in each of its rows, and those of a patient in each row of the patient. They agree, "
    "or are filled in once and left empty below.",
    "An empty cell: the source does not say it. Nothing is estimated, and 'unknown' is not written.",
    "Several texts in one cell stand with semicolons between them. What has fields of its own stands in braces, as the "
    "sheet Fields shows.",
    "The order of rows and columns does not matter, but for the courses of one patient: they stand in the order given. "
    "Headings are not renamed; a column that is not needed may be deleted, and its field then stays as it is.",
    "Take it over with: metaimt import FILE. A report with a fault is not taken over, and each fault is told with its "
    "cell. A case file that exists is not overwritten without --force.",
)
Row = Mapping[tuple[str, str], Any]  # (part, field) -> value, as in the case file


def case_workbook(library: Library) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """An .xlsx of all reports, the same bytes on every run; and (report id, part) of what no sheet holds.

    Raises WrongUse for a text that is longer than a cell can be.
    """
    from openpyxl import Workbook

    files = [(report.id, library.report_documents[report.id].data) for report in library.reports]
    rows = {sheet: [row for _, data in files for row in _rows(sheet, data)] for sheet in PARTS}
    shown = {
        sheet: [
            each
            for each in known
            if each.field not in _SELDOM or any((each.part, each.field) in r for r in rows[sheet])
        ]
        for sheet, known in columns(library.vocabulary).items()
    }
    book = Workbook()
    if (first := book.active) is not None:
        book.remove(first)
    book.properties.title, book.properties.creator = "Case files", "metaimt"
    title = library.protocol.title if library.protocol is not None else ""
    _fill(
        book.create_sheet(READ_ME),
        [(f"Case files: {title}" if title else "Case files",), *((line,) for line in _LINES)],
    )
    for sheet, its in shown.items():
        table: list[list[str | int | float]] = [[each.name for each in its]]
        table += [[_cell(row, each) for each in its] for row in rows[sheet]]
        _fill(book.create_sheet(sheet), table, [_WIDTH.get(each.name, 14) for each in its])
    _fill(book.create_sheet(FIELDS), list(_fields(shown)))
    _drop_downs(book, shown, {sheet: len(found) for sheet, found in rows.items()})
    return saved(book), tuple((name, part) for name, data in files for part in WITHOUT if part in data)


def _rows(sheet: str, data: Mapping[str, Any]) -> Iterator[Row]:
    shared = {part: data.get(part) or {} for part in ("report", "extraction")}
    if sheet == COURSES:
        found = [{"patients": one, "courses": course} for one in data.get("patients", ()) for course in one["courses"]]
    else:
        found = [{"arms": arm} for arm in data.get("arms", ())]
    for parts in found:
        yield {(part, field): value for part, one in {**shared, **parts}.items() for field, value in one.items()}


def _cell(row: Row, column: Column) -> str | int | float:
    if (value := row.get((column.part, column.field))) is None:
        return ""
    cell = to_cell(value, column)
    if isinstance(cell, str) and len(cell) > _LONGEST_CELL:
        name = row["report", "id"]
        raise WrongUse(f"{name}: {column.name} has {len(cell):,} characters; a cell keeps {_LONGEST_CELL:,} at most")
    return cell


def _fields(shown: Mapping[str, Sequence[Column]]) -> Iterator[tuple[str, ...]]:
    yield ("sheet", "column", "must be filled in", "means", "written as")
    for sheet, its in shown.items():
        for each in its:
            yield (sheet, each.name, "yes" if each.required else "", each.schema["description"], each.form)


def _fill(sheet: Worksheet, table: Sequence[Sequence[str | int | float]], widths: Sequence[int] = ()) -> None:
    """The rows; the first is bold, frozen and with filters where `widths` of columns are given."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    for number, row in enumerate(table, start=1):
        for at, value in enumerate(row, start=1):
            if value == "":
                continue
            cell = sheet.cell(number, at)
            cell.value = value
            if isinstance(value, str):
                cell.data_type, cell.number_format, cell.quotePrefix = "s", "@", True
                cell.alignment = Alignment(vertical="top", wrap_text=not widths)
    all_widths = widths or _plain_widths(table)
    for at, width in enumerate(all_widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    for number, row in enumerate(table if not widths else (), start=1):  # no program sets the height when it opens one
        lines = max(-(-len(str(value)) // max(width - 2, 1)) for value, width in zip(row, all_widths, strict=True))
        sheet.row_dimensions[number].height = 15 * max(lines, 1)
    for at in range(1, len(table[0]) + 1):
        sheet.cell(1, at).font = Font(bold=True)
    if widths:
        sheet.freeze_panes = "B2"
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(widths))}{max(len(table), 2)}"


def _plain_widths(table: Sequence[Sequence[str | int | float]]) -> list[int]:
    columns = max(map(len, table))
    longest = [max((len(str(row[at])) for row in table if at < len(row)), default=0) for at in range(columns)]
    return [min(max(each + 2, 10), 80) for each in longest]


def _drop_downs(book: Workbook, shown: Mapping[str, Sequence[Column]], rows: Mapping[str, int]) -> None:
    """What each column means, shown in its cells; and its terms, from a hidden sheet, since a list may be long."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    lists = book.create_sheet(LISTS)
    lists.sheet_state = "hidden"
    places: dict[tuple[str, ...], str] = {}
    for sheet, its in shown.items():
        last = rows[sheet] + 1 + _SPARE_ROWS
        for at, column in enumerate(its, start=1):
            terms = ("true", "false") if column.types == {"boolean"} else column.terms
            if terms and terms not in places:
                letter = get_column_letter(len(places) + 1)
                for number, term in enumerate(terms, start=1):
                    lists.cell(number, len(places) + 1).value = term
                    lists.cell(number, len(places) + 1).data_type = "s"
                places[terms] = f"{LISTS}!${letter}$1:${letter}${len(terms)}"
            rule = DataValidation(
                type="list" if terms else None, formula1=places.get(terms), allow_blank=True, showInputMessage=True
            )
            rule.promptTitle = column.name[:32]
            rule.prompt = str(column.schema["description"])[:_LONGEST_PROMPT]
            rule.showErrorMessage, rule.errorStyle = bool(terms), "stop" if column.closed else "warning"
            rule.errorTitle, rule.error = column.name[:32], "Choose one of the list, or leave it empty."
            letter = get_column_letter(at)
            rule.add(f"{letter}2:{letter}{last}")
            book[sheet].add_data_validation(rule)
