"""The rows of a CSV or XLSX file, one at a time: rows are numbered as a spreadsheet numbers them.

openpyxl is imported only for a workbook. The file is never held whole: a table of any length takes the memory of one
row.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from metaimt.casefiles.cohort_mapping import CohortMapping

Cell = str | int | float | bool | date | None
Row = tuple[int, Sequence[Cell]]
MOST_BYTES = 1024**3  # unpacked; a workbook that says it holds more is not opened
LONGEST_LINE = 1 << 20
UNSAVED = "\x00formula"  # a formula whose value the workbook does not hold
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?')
_MARKS = {b"PK\x03\x04": "an XLSX workbook", b"\xd0\xcf\x11\xe0": "an old or password-protected Excel file"}


class UnreadableTable(Exception):  # noqa: N818 - told to the user as a problem of the file
    """The file is no table that can be read. `hint` says what to do."""

    def __init__(self, message: str, hint: str, row: int = 1) -> None:
        super().__init__(message)
        self.hint, self.row = hint, row


@dataclass(frozen=True)
class Table:
    """The rows of an open file, the heading first; `epoch` is the date system of a workbook, None for a CSV."""

    rows: Iterator[Row]
    epoch: int | None


@contextmanager
def open_table(path: Path, mapping: CohortMapping) -> Iterator[Table]:
    """Open a table. Raises UnreadableTable, then or while its rows are read, and OSError."""
    if path.suffix.casefold() in {".xlsx", ".xlsm"}:
        with _workbook(path, mapping.sheet) as table:
            yield table
        return
    with path.open("rb") as stream:
        if (kind := _MARKS.get(stream.peek(4)[:4])) is not None:
            raise UnreadableTable(f"the file is {kind}", "save it as .xlsx without a password, or as CSV UTF-8")
        encoding = "utf-8-sig" if mapping.encoding == "utf-8" else mapping.encoding
        with io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
            yield Table(_csv_rows(text, mapping.delimiter), None)


def _csv_rows(text: io.TextIOWrapper, delimiter: str | None) -> Iterator[Row]:
    row = 0
    try:
        first = text.readline(LONGEST_LINE)
        while first and (not first.strip() or _SEPARATOR.fullmatch(first.strip())):
            row += 1  # Excel's own "sep=;" names the delimiter, and is no heading
            named = _SEPARATOR.fullmatch(first.strip())
            delimiter = delimiter or (named[1] if named else None)
            first = text.readline(LONGEST_LINE)
        chosen = delimiter or max(",;\t", key=lambda sign: (first.count(sign), sign == ","))
        reader = csv.reader(_and_then(first, text), delimiter=chosen, strict=True)
        for cells in reader:
            row += 1
            yield row, cells
    except UnicodeDecodeError as error:
        message = f"a byte (0x{error.object[error.start]:02x}) is not {text.encoding.removesuffix('-sig')}"
        hint = "save it as CSV UTF-8, or name its encoding in the mapping, such as encoding: gb18030"
        raise UnreadableTable(message, hint, row + 1) from None
    except csv.Error as error:
        hint = "expected cells between delimiters, text with a delimiter or line break in double quotes"
        raise UnreadableTable(f"not a CSV: {error}", hint, row + 1) from None


def _and_then(line: str, rest: io.TextIOWrapper) -> Iterator[str]:
    while line:
        if "\x00" in line:
            raise csv.Error("a NUL character")
        if len(line) >= LONGEST_LINE:
            raise csv.Error(f"a line of {LONGEST_LINE} characters or more")
        yield line
        line = rest.readline(LONGEST_LINE)


@contextmanager
def _workbook(path: Path, sheet: str | None) -> Iterator[Table]:
    import openpyxl

    formulas = _look_inside(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about parts of a workbook that are not read, such as data validation
        opened = [_load(openpyxl, path, values=True)] + ([_load(openpyxl, path, values=False)] if formulas else [])
        try:
            epoch = 1904 if opened[0].epoch.year == 1904 else 1900
            sheets = [_sheet(workbook, sheet) for workbook in opened]
            yield Table(_sheet_rows(*sheets), epoch)
        finally:
            for workbook in opened:
                workbook.close()


def _look_inside(path: Path) -> bool:
    """Whether a sheet holds formulas. Raises UnreadableTable for what is no workbook or would not fit in memory."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise UnreadableTable("the workbook unpacks to more than 1 GiB", "save the one sheet as CSV UTF-8")
            sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
            return any(_holds_formula(archive, name) for name in sheets if name.endswith(".xml"))
    except zipfile.BadZipFile:
        raise UnreadableTable("not an XLSX workbook", "save it as .xlsx without a password, or as CSV UTF-8") from None


def _holds_formula(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as stream:
        tail = b""
        while block := stream.read(1 << 20):
            if b"<f>" in tail + block or b"<f " in tail + block:
                return True
            tail = block[-3:]
    return False


def _load(openpyxl: Any, path: Path, *, values: bool) -> Any:
    from xml.etree.ElementTree import ParseError

    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=values, keep_links=False)
    except (KeyError, ValueError, ParseError, zipfile.BadZipFile) as error:
        raise UnreadableTable(f"the workbook is damaged: {error}", "save it anew, or as CSV UTF-8") from None


def _sheet(workbook: Any, name: str | None) -> Any:
    if name is None:
        return workbook.worksheets[0]
    if name not in workbook.sheetnames:
        raise UnreadableTable(f"there is no sheet '{name}'", f"the sheets are {', '.join(workbook.sheetnames)}")
    return workbook[name]


def _sheet_rows(values: Any, formulas: Any = None) -> Iterator[Row]:
    """Read-only sheets give the rows in between as well, so that counting them gives a spreadsheet's numbers."""
    for sheet in (values, formulas):
        if sheet is not None:
            sheet.reset_dimensions()
    if formulas is None:
        for row, cells in enumerate(values.iter_rows(values_only=True), start=1):
            yield row, [_value(cell) for cell in cells]
        return
    pairs = zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=True)
    for row, (cells, written) in enumerate(pairs, start=1):
        yield row, [_saved(cell, formula) for cell, formula in zip(cells, written, strict=True)]


def _saved(cell: object, formula: object) -> Cell:
    is_formula = (isinstance(formula, str) and formula.startswith("=")) or type(formula).__name__.endswith("Formula")
    return UNSAVED if cell is None and is_formula else _value(cell)


def _value(cell: object) -> Cell:
    if isinstance(cell, datetime):
        return cell.date()
    if cell is None or isinstance(cell, str | int | float | date):
        return cell
    return str(cell)
