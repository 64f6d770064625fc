"""tables.xlsx: every table of tables/ on a sheet of its own, and a first sheet that says what each holds.

openpyxl is imported when the workbook is made. The cells are those of the CSV files, so formulas are guarded there
already; a column whose cells are all numbers is written as numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from metaimt.files import for_cell
from metaimt.render.archive import undated

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

HOLDS: Final = {
    "adjusted": "the rate in trials, adjusted for selection, under each prior",
    "contrast-reports": "responders (r) and evaluable patients (n) of each report in each contrast",
    "bias-contrasts": "less selected against more selected reports: odds ratios of response",
    "cohort-description": "the local cohort: patients and tumours",
    "cohort-positivity": "the local cohort: markers tested and positive",
    "cohort-survival": "the local cohort: survival",
    "cohort-symptoms": "the local cohort: symptoms",
    "deaths-and-toxicity": "deaths, and treatment stopped for toxicity, as stated",
    "missing-non-responders": "how many unpublished non-responders would bring the rate down to a target",
    "published-pooled": "pooled figures printed elsewhere, beside our estimate for the matching patients",
    "selectivity": "the rate if responders are published more readily than non-responders",
    "audit": "printed numbers that do not agree with each other",
    "breakdowns": "the pools by each grouping, with exact intervals",
    "clusters": "responders (r) and evaluable patients (n) of each report, as the models see them",
    "duration-estimates": "medians and landmarks of the curves, in months",
    "durations": "known times on treatment, to progression and of response, in months",
    "evidence-map": "patients and responders by fusion partner and drug",
    "later-inhibitors": "patients with a later kinase inhibitor",
    "leave-one-out": "the pools without each report",
    "medians": "medians as printed in the reports",
    "methods": "the pools under every model",
    "over-time": "the pools as they stood after each date",
    "pools": "the pools, their strata, and the separate rows",
    "regressions": "regressions on patients described one by one",
    "sensitivity": "the pools with one thing done otherwise",
    "sensitivity-contrasts": "the contrasts with one thing done otherwise",
    "unread": "patients known to be treated whose response nobody can read",
    "clinical-questions": "what a clinician asks next: counts, and for how many it is known",
    "specification": "the headline pool under every combination of the main choices",
    "subgroups": "the pools by each grouping, exact and partially pooled",
    "treatment-courses": "every treatment course with its response and duration",
    "units": "every course and arm, where it is counted, and why not",
}
"""What a sheet holds; a table without an entry is listed by its columns."""
ABOUT: Final = "About"
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?")
_FONT: Final = "Calibri"
_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LONGEST_NAME, _WIDEST, _NARROWEST = 31, 60, 8
_LONGEST_CELL: Final = 32_767  # characters that spreadsheets keep
_CUT: Final = " ... (whole in the CSV file)"
Table = Sequence[Sequence[str]]


def workbook_bytes(title: str, version: str, tables: Mapping[str, str]) -> bytes:
    """An .xlsx file of `tables` (file name -> CSV text), the same bytes on every run."""
    from openpyxl import Workbook

    read = {PurePosixPath(name).stem: _rows(text) for name, text in sorted(tables.items())}
    names = sheet_names(list(read))
    book = Workbook()
    if (first := book.active) is not None:
        book.remove(first)
    book.properties.title, book.properties.creator = for_cell(title), "metaimt"
    about = [(names[name], _holds(name, table), str(max(len(table) - 1, 0))) for name, table in read.items()]
    heading = [[for_cell(title)], [f"Version {for_cell(version)}"], []]
    _about(book, [*heading, ["sheet", "holds", "rows"], *about], names)
    for name, table in read.items():
        _fill(book.create_sheet(names[name]), table, header=1)
    buffer = io.BytesIO()
    book.save(buffer)
    return undated(buffer.getvalue())


def _rows(text: str) -> list[list[str]]:
    """The rows of a CSV, however long its cells."""
    limit = csv.field_size_limit(len(text) + 1)
    try:
        return list(csv.reader(io.StringIO(text)))
    finally:
        csv.field_size_limit(limit)


def sheet_names(names: Sequence[str]) -> dict[str, str]:
    """Name -> a sheet name that spreadsheets accept: no []:*?/\\, at most 31 characters, no two alike."""
    found: dict[str, str] = {}
    taken = {ABOUT.casefold()}
    for name in names:
        plain = _FORBIDDEN.sub("-", name).strip("'")[:_LONGEST_NAME] or "table"
        tried, number = plain, 1
        while tried.casefold() in taken:
            number += 1
            tried = f"{plain[: _LONGEST_NAME - len(str(number)) - 1]}-{number}"
        taken.add(tried.casefold())
        found[name] = tried
    return found


def _holds(name: str, table: Table) -> str:
    return HOLDS.get(name) or (", ".join(table[0]) if table else "no rows")


def _about(book: Workbook, rows: Table, names: Mapping[str, str]) -> None:
    from openpyxl.styles import Font

    sheet = book.create_sheet(ABOUT)
    _fill(sheet, rows, header=4)
    sheet["A1"].font = Font(name=_FONT, bold=True, size=14)
    sheet.column_dimensions["A"].width = max(map(len, names.values()), default=_NARROWEST) + 3
    for row, target in enumerate(names.values(), start=5):
        sheet.cell(row, 1).hyperlink = f"#'{target}'!A1"
        sheet.cell(row, 1).style = "Hyperlink"


def _fill(sheet: Worksheet, table: Table, header: int) -> None:
    """The rows, the header row bold and frozen, each column as wide as its cells need."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    columns = max(map(len, table), default=0)
    numeric = [_is_numeric([row[at] for row in table[header:] if at < len(row)]) for at in range(columns)]
    for number, row in enumerate(table, start=1):
        for at, text in enumerate(row):
            _write(sheet, number, at + 1, text, as_number=number > header and numeric[at])
    for at in range(columns):
        if table[header - 1 : header] and at < len(table[header - 1]):
            sheet.cell(header, at + 1).font = Font(name=_FONT, bold=True)
        longest = max((len(row[at]) for row in table[header - 1 :] if at < len(row)), default=0)
        sheet.column_dimensions[get_column_letter(at + 1)].width = min(max(longest + 2, _NARROWEST), _WIDEST)
    if table:
        sheet.freeze_panes = f"A{header + 1}"
    _on_paper(sheet, header)


def _on_paper(sheet: Worksheet, header: int) -> None:
    """A4 across, one page wide, the header on each."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = f"{header}:{header}"


def _is_numeric(cells: Sequence[str]) -> bool:
    return all(not text or _NUMBER.fullmatch(text) for text in cells)


def _write(sheet: Worksheet, row: int, column: int, text: str, *, as_number: bool) -> None:
    """A text is written as text even if it looks like a formula, which openpyxl would make it."""
    if not text:
        return
    cell = sheet.cell(row, column)
    if as_number:
        cell.value = int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    else:
        cell.value = text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - len(_CUT)]}{_CUT}"
        cell.data_type = "s"
