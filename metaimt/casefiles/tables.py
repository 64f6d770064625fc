"""Any table, CSV or XLSX, as rows of cells with their places: the one reader of studies, of patients and of drafts.

The csv module and openpyxl read it row by row; a table takes the memory of one row. Whatever they raise on a damaged
file becomes `UnreadableTable` with sheet, row and cell, or, where the file cannot be opened, OSError.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
import warnings
import zipfile
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple

from metaimt.files import check_regular
from metaimt.problem import Position, Problem, Severity

Cell = str | int | float | bool | date | None
MOST_BYTES = 50 * 1024**2
MOST_UNPACKED = 512 * 1024**2  # a workbook that says it holds more is not unpacked
MOST_ROWS, MOST_CELLS, MOST_COLUMNS = 1_000_000, 20_000_000, 16_384
LONGEST_CELL, LONGEST_NUMBER = 100_000, 400  # characters; Excel itself writes at most 32,767
MOST_TEXTS = 64 * 1024**2  # of the part that holds the texts of all cells: openpyxl keeps them in memory
LONGEST_LINE = 1 << 20
LOOKED_AT = 30  # rows among which the heading is sought
UNSAVED = "\x00formula"  # a formula whose value the workbook does not hold
WORKBOOKS = {".xlsx", ".xlsm"}
_DELIMITERS = "\t;|,"
_NAMED = re.compile(r'"?sep=([,;\t|])"?')
_QUOTED = re.compile(r'"[^"]*"')
_MARKS = {BOM_UTF32_LE: "utf-32", BOM_UTF32_BE: "utf-32", BOM_UTF8: "utf-8-sig"}
_MARKS |= {BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}
_KINDS = {b"PK\x03\x04": "a workbook", b"\xd0\xcf\x11\xe0": "an old or password-protected Excel file"}
_SAVE = "save it as .xlsx without a password, or as CSV UTF-8"
_SAVE_SHEET = "save the one sheet as CSV UTF-8"
_SHEETS = "xl/worksheets/"
_MERGED = re.compile(r"([A-Z]{1,3})([0-9]+):([A-Z]{1,3})([0-9]+)")
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,9})")
_WORD = (
    r"(?:grand |sub-? ?|over ?)?totals?|overall|sums?|means?|averages?|avg\.?|medians?|pooled|"
    r"gesamt|summe|mittelwert|durchschnitt|somme|moyenne|suma|media|promedio|totale|合计|总计|总数|平均|平均值"
)
_SUMMARY = re.compile(rf"(?:{_WORD})(?: ?[(\[].*)?:?|total events:?.*|heterogeneity:.*|test for overall effect:.*")
NAME_ENCODING = ", or name its encoding in the mapping, such as encoding: gb18030"


class UnreadableTable(Exception):  # noqa: N818 - told to the user as a problem of the file
    """The file is no table that can be read. `hint` says what to do; row and column, where."""

    def __init__(self, message: str, hint: str, row: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.hint, self.row, self.column = hint, row, column

    def told_as(self, rule: str, file: str) -> Problem:
        """The problem of the file."""
        return Problem(file, Position(self.row, self.column), rule, "error", str(self), self.hint)


class WrongCell(Exception):  # noqa: N818 - told to the user as a problem of the cell
    """The cell does not hold what its column must. `hint` says what to do; faults of one `kind` are told together."""

    def __init__(self, message: str, hint: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.hint, self.kind = hint, kind or message


class Row(NamedTuple):
    """A row by its number in a spreadsheet; `line` is its text in a CSV, empty in a workbook or if it has several."""

    number: int
    cells: Sequence[Cell]
    line: str = ""

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything but blanks."""
        return all(cell is None or not str(cell).strip() for cell in self.cells)


class _Merge(NamedTuple):
    name: str
    first: tuple[int, int]  # row, column
    last: tuple[int, int]


@dataclass(frozen=True)
class Table:
    """An open table: its heading and the rows below. `notes` say what of the file is not read.

    epoch: the date system of a workbook. delimiter: of a CSV. sheet: its name, if the workbook has several.
    """

    heading: Row
    rows: Iterator[Row]
    notes: tuple[str, ...] = ()
    epoch: int | None = None
    delimiter: str = ""
    sheet: str = ""
    merged: tuple[_Merge, ...] = ()

    @property
    def headings(self) -> list[str]:
        """The names of the columns, with single blanks."""
        return [text_of(cell) for cell in self.heading.cells]

    def refuse_merged(self, columns: Iterable[int]) -> None:
        """Raise UnreadableTable if cells of these columns (from 0) are merged below the heading."""
        used = {at + 1 for at in columns}
        for name, first, last in self.merged:
            if last[0] > self.heading.number and used & set(range(first[1], last[1] + 1)):
                top = cell_name(first[0], first[1])
                message = f"the cells {name} are merged, and only {top} holds their value"
                raise UnreadableTable(_of_sheet(self.sheet, message), "unmerge them and fill in each cell", *first)


class TableProblems:
    """The problems of one table: those of one kind in one column are told once if they are many.

    Rows and columns count from 1, as in a spreadsheet. At most MOST_KEPT are kept, all are counted.
    """

    MOST_KEPT = 500
    MOST_ALIKE = 3

    def __init__(self, file: str) -> None:
        self.file, self.number = file, 0
        self.sheet = ""
        self._kinds: dict[tuple[str, int, str], _Alike] = {}
        self._left_out = 0

    def cell(self, row: int, column: int) -> str:
        """`C12`, or `Sheet2!C12` in a workbook of several sheets."""
        return f"{self.sheet}!{cell_name(row, column)}" if self.sheet else cell_name(row, column)

    def tell(
        self,
        rule: str,
        message: str,
        hint: str = "",
        *,
        row: int = 1,
        column: int = 1,
        severity: Severity = "error",
        kind: str = "",
        source: tuple[Position, str] | None = None,
    ) -> None:
        """Add a problem. source: its place in the text of the file, and the line, where they may be shown."""
        self.number += 1
        key = (rule, column, kind or message)
        if key not in self._kinds and len(self._kinds) >= self.MOST_KEPT:
            self._left_out += 1
            return
        place, line = source or (Position(row, column), "")
        alike = self._kinds.setdefault(key, _Alike())
        alike.number += 1
        if alike.number <= self.MOST_ALIKE:
            alike.first.append(Problem(self.file, place, rule, severity, message, hint, line))
            alike.cells.append(cell_name(row, column))

    def all(self) -> tuple[Problem, ...]:
        """The problems, one for each kind of which there are many, and one that says how many more there are."""
        found = [problem for alike in self._kinds.values() for problem in alike.told()]
        if self._left_out:
            message = f"{self._left_out} more problems of this table are not listed one by one"
            found.append(replace(found[-1], message=message, hint="mend those above first", source_line=""))
        return tuple(found)


@dataclass
class _Alike:
    first: list[Problem] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    number: int = 0

    def told(self) -> list[Problem]:
        """The problems one by one while they are few, else one for all cells that share the fault."""
        if self.number <= len(self.first):
            return self.first
        one = self.first[0]
        message = f"{one.message}; the same in {self.number - 1} more rows ({', '.join(self.cells[1:])} ...)"
        return [replace(one, message=message)]


def cell_name(row: int, column: int) -> str:
    """`C12`: how a spreadsheet names the cell."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def text_of(cell: Cell) -> str:
    """A cell as the text that its column shows: 3.0 is 3, true is TRUE. Raises WrongCell for an unsaved formula."""
    if cell is None:
        return ""
    if cell == UNSAVED:
        raise WrongCell("the formula has no saved value", "open the workbook in Excel, save it, or paste values")
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return " ".join(str(cell).split())


def key_of(text: str) -> str:
    """What two texts share that differ only by case, blanks, width or invisible characters."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Cf", "Cc"} or sign.isspace())
    return " ".join(seen.casefold().split())


def is_summary(text: str) -> bool:
    """Whether the name of a row says that it sums up the others: `Total`, `Mean (SD)`, `Subtotal`."""
    return _SUMMARY.fullmatch(key_of(text)) is not None


@contextmanager
def open_table(
    path: Path,
    is_heading: Callable[[Sequence[str]], int],
    *,
    sheet: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
) -> Iterator[Table]:
    """Open a table.

    Args:
        path: a CSV (or TSV), or an XLSX by its ending.
        is_heading: how many names of columns it knows in a row; the first of the best of LOOKED_AT rows is the heading.
        sheet: of a workbook; its first visible one if None.
        encoding: of a CSV without a byte order mark.
        delimiter: of a CSV; seen in its first lines if None.

    Raises:
        UnreadableTable: then, or while the rows are read.
        OSError: the file cannot be opened.
    """
    if check_regular(path) > MOST_BYTES:
        raise UnreadableTable(f"the file is larger than {MOST_BYTES // 1024**2} MB", "split it, or leave columns out")
    opened = _workbook(path, sheet) if path.suffix.casefold() in WORKBOOKS else _csv(path, encoding, delimiter)
    with opened as table:
        yield _below_heading(table, is_heading)


def _below_heading(table: Table, is_heading: Callable[[Sequence[str]], int]) -> Table:
    """The table from its heading on; rows above, such as a title, are told."""
    top = next((row for row in table.rows if not row.empty), None)
    if top is None:
        raise UnreadableTable(_of_sheet(table.sheet, "the table is empty"), "its first row names the columns")
    first = [top, *islice(table.rows, LOOKED_AT - 1)]
    known = [is_heading(["" if cell is None else " ".join(str(cell).split()) for cell in row.cells]) for row in first]
    at = known.index(max(known))
    heading, above = first[at], [str(row.number) for row in first[:at] if not row.empty]
    if UNSAVED in heading.cells:
        column = list(heading.cells).index(UNSAVED) + 1
        raise UnreadableTable("the heading is a formula without a saved value", "type it", heading.number, column)
    title = f"the heading is row {heading.number}; above it, row {', '.join(above)} is not read"
    notes = (*table.notes, title) if above else table.notes
    return replace(table, heading=heading, rows=chain(first[at + 1 :], table.rows), notes=notes)


def _bounded(rows: Iterator[Row], what: str) -> Iterator[Row]:
    """The rows; whatever the parser raises is told, with the row, and a table without end is not read to it."""
    row, cells = 0, 0
    while True:
        try:
            found = next(rows, None)
        except UnreadableTable:
            raise
        except Exception as error:  # noqa: BLE001 - the parsers raise whatever they meet in a damaged file
            raise _damaged(what, error, row + 1) from None
        if found is None:
            return
        row, cells = found.number, cells + len(found.cells)
        if row > MOST_ROWS:
            raise UnreadableTable(f"{what} has more than {MOST_ROWS:,} rows", "split it, or delete what is empty", row)
        if cells > MOST_CELLS:
            raise UnreadableTable(f"{what} has more than {MOST_CELLS:,} cells", "leave columns out", row)
        yield found


def _damaged(what: str, error: Exception | str, row: int = 1, column: int = 1) -> UnreadableTable:
    said = " ".join(str(error).split())[:120] or type(error).__name__
    return UnreadableTable(f"{what} is damaged: {said}", "save it anew, or as CSV UTF-8", row, column)


def _of_sheet(sheet: str, message: str) -> str:
    return f"sheet '{sheet}': {message}" if sheet else message


@contextmanager
def _csv(path: Path, encoding: str, delimiter: str | None) -> Iterator[Table]:
    with path.open("rb") as stream:
        start = stream.peek(4)[:4]
        if (kind := _KINDS.get(start)) is not None:
            raise UnreadableTable(f"the file is {kind}", _SAVE)
        encoding = next((name for mark, name in _MARKS.items() if start.startswith(mark)), encoding)
        with io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
            try:
                lines = list(islice(_lines(text), LOOKED_AT))
            except (UnicodeError, csv.Error) as error:
                raise _no_csv(error, encoding, 1) from None
            chosen = delimiter or _delimiter(lines)
            rows = _csv_rows(chain(lines, _lines(text)), chosen, encoding)
            yield Table(Row(0, ()), _bounded(rows, "the table"), delimiter=chosen)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if "\x00" in line:
            raise csv.Error("a NUL character")
        if len(line) >= LONGEST_LINE:
            raise csv.Error(f"a line of {LONGEST_LINE} characters or more")
        yield line


def _delimiter(lines: Sequence[str]) -> str:
    """The sign that is named; else the one that cuts most lines into equally many cells, as decimal commas do not."""
    named = _NAMED.fullmatch(next((line.strip() for line in lines if line.strip()), ""))
    if named:
        return named[1]
    best, chosen = (0, 0), ","
    for sign in _DELIMITERS:
        widths = Counter(_QUOTED.sub("", line).count(sign) + 1 for line in lines if line.strip())
        count, width = max(((count, width) for width, count in widths.items() if width > 1), default=(0, 0))
        if (count, width) > best:
            best, chosen = (count, width), sign
    return chosen


def _csv_rows(lines: Iterator[str], delimiter: str, encoding: str) -> Iterator[Row]:
    number, begun = 0, False
    used: list[str] = []

    def remembered() -> Iterator[str]:
        for line in lines:
            used.append(line)
            yield line

    reader = csv.reader(remembered(), delimiter=delimiter, strict=True)
    try:
        while True:
            used.clear()
            cells = next(reader, None)
            if cells is None:
                return
            number += 1
            if not begun and _NAMED.fullmatch(used[0].strip()):
                cells = []  # Excel's own "sep=;" is no row of the table
            begun = begun or bool(cells)
            yield Row(number, cells, used[0].rstrip("\r\n") if len(used) == 1 else "")
    except (UnicodeError, csv.Error) as error:
        raise _no_csv(error, encoding, number + 1) from None


def _no_csv(error: UnicodeError | csv.Error, encoding: str, row: int) -> UnreadableTable:
    if isinstance(error, UnicodeError):
        what = f"a byte (0x{error.object[error.start]:02x})" if isinstance(error, UnicodeDecodeError) else "the file"
        message = f"{what} is not {encoding.removesuffix('-sig')}"
        return UnreadableTable(message, f"save it as CSV UTF-8{NAME_ENCODING}", row)
    hint = "expected cells between delimiters, text with a delimiter or line break in double quotes"
    if "NUL" in str(error):
        hint = "if it is UTF-16, save it as CSV UTF-8"
    return UnreadableTable(f"not a CSV: {error}", hint, row)


@contextmanager
def _workbook(path: Path, name: str | None) -> Iterator[Table]:
    with path.open("rb") as stream, warnings.catch_warnings(), ExitStack() as opened:
        warnings.simplefilter("ignore")  # about parts of a workbook that are not read, such as data validation
        book = opened.enter_context(closing(_load(stream, values=True)))
        sheet, notes = _sheet(book, name)
        title = sheet.title if len(book.sheetnames) > 1 else ""
        formulas, merged = _survey(stream, sheet)
        sheets = [sheet]
        if formulas:
            sheets.append(opened.enter_context(closing(_load(stream, values=False)))[sheet.title])
        epoch = 1904 if book.epoch.year == 1904 else 1900
        rows = _bounded(_sheet_rows(*sheets), f"sheet '{sheet.title}'")
        yield Table(Row(0, ()), rows, notes, epoch, sheet=title, merged=merged)


def sheet_titles(path: Path) -> tuple[str, ...]:
    """The sheets of a workbook, hidden ones too. Raises UnreadableTable for what is no workbook, OSError."""
    check_regular(path)
    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with closing(_load(stream, values=True)) as book:
            return tuple(book.sheetnames)


def _load(stream: BinaryIO, *, values: bool) -> Any:
    import openpyxl

    stream.seek(0)
    if (kind := _KINDS.get(stream.read(4))) != "a workbook":
        raise UnreadableTable(f"the file is {kind}" if kind else "not an XLSX workbook", _SAVE)
    try:
        _check_entries(stream)
        return openpyxl.load_workbook(stream, read_only=True, data_only=values, keep_links=False)
    except UnreadableTable:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile, zlib, lxml and openpyxl raise whatever they meet
        raise _damaged("the workbook", error) from None


def _check_entries(stream: BinaryIO) -> None:
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableTable("the workbook is protected by a password", _SAVE)
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise UnreadableTable(f"the workbook unpacks to more than {MOST_UNPACKED // 1024**2} MB", _SAVE_SHEET)
    if any(entry.file_size > MOST_TEXTS and not entry.filename.startswith(_SHEETS) for entry in entries):
        what = "a part of the workbook that is no sheet"
        raise UnreadableTable(f"{what} unpacks to more than {MOST_TEXTS // 1024**2} MB", _SAVE_SHEET)


def _sheet(workbook: Any, name: str | None) -> tuple[Any, tuple[str, ...]]:
    """The sheet that is read, and what is said of the others."""
    sheets = workbook.worksheets
    if not sheets:
        raise UnreadableTable("the workbook has no sheet", _SAVE)
    if name is None:
        chosen = next((sheet for sheet in sheets if sheet.sheet_state == "visible"), None)
        if chosen is None:
            raise UnreadableTable("every sheet of the workbook is hidden", f"show one; the sheets are {_names(sheets)}")
    else:
        chosen = next((sheet for sheet in sheets if key_of(sheet.title) == key_of(name)), None)
        if chosen is None:
            raise UnreadableTable(f"there is no sheet '{name}'", f"the sheets are {_names(sheets)}")
    others = [sheet for sheet in sheets if sheet is not chosen]
    if not others and chosen.sheet_state == "visible":
        return chosen, ()
    hidden = " (hidden)" if chosen.sheet_state != "visible" else ""
    rest = f"; not read: {_names(others)}" if others else ""
    return chosen, (f"sheet '{chosen.title}'{hidden} is read{rest}",)


def _names(sheets: Sequence[Any]) -> str:
    return ", ".join(f"{sheet.title}{'' if sheet.sheet_state == 'visible' else ' (hidden)'}" for sheet in sheets)


def _survey(stream: BinaryIO, sheet: Any) -> tuple[bool, tuple[_Merge, ...]]:
    """Whether a sheet holds formulas, and which cells are merged. Raises UnreadableTable at the cell that is damaged.

    openpyxl does not say which cell it fails on, fills the rows up to a row 2,000,000,000, and knows no merged cells
    of a sheet that it reads row by row.
    """
    what = f"sheet '{sheet.title}'"
    row, formulas, merged = 0, False, []
    try:
        with zipfile.ZipFile(stream) as archive, archive.open(sheet._worksheet_path.lstrip("/")) as part:
            for at, found in _parts(part, what):
                row = at
                formulas |= found is True
                merged += [found] if isinstance(found, _Merge) else []
            return formulas, tuple(merged)
    except UnreadableTable:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise _damaged(what, error, row + 1) from None


def _parts(stream: IO[bytes], what: str) -> Iterator[tuple[int, _Merge | bool]]:
    """(row, True for a formula or False) at the end of each row, then the merged cells."""
    from xml.etree.ElementTree import iterparse

    row, data = 0, None
    for event, element in iterparse(stream, events=("start", "end")):  # noqa: S314 - expat bounds entities itself
        tag = element.tag.rpartition("}")[2]
        if event == "start":
            if tag == "sheetData":
                data = element
            elif tag == "row":
                row = _row_number(element.get("r"), row, what)
        elif tag == "row":
            cells = [cell for cell in element if cell.tag.endswith("}c")]
            column = 0
            for cell in cells:
                column = _check_cell(cell, row, column, what)
            yield row, any(child.tag.endswith("}f") for cell in cells for child in cell)
            if data is not None:
                data.clear()
        elif tag == "mergeCell" and (match := _MERGED.fullmatch(element.get("ref", ""))):
            first = (int(match[2]), _column(match[1]))
            yield row, _Merge(match[0], first, (int(match[4]), _column(match[3])))


def _row_number(text: str | None, before: int, what: str) -> int:
    if text is None:
        return before + 1
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise _damaged(what, f"after row {before} stands a row '{text[:20]}'", before + 1)
    row = int(text)
    if row <= before:
        raise _damaged(what, f"after row {before} stands row {row}", before + 1)
    if row > MOST_ROWS:
        hint = f"a table may have {MOST_ROWS:,} rows; delete the one far down"
        raise UnreadableTable(f"{what}: after row {before} stands row {row:,}", hint, before + 1)
    return row


def _check_cell(cell: Any, row: int, before: int, what: str) -> int:
    """The column of a cell, right of that of the one before. Raises UnreadableTable if its value cannot be taken."""
    kind, place = cell.get("t", "n"), cell.get("r") or cell_name(row, before + 1)
    match = _PLACE.fullmatch(place)
    if match is None or int(match[2]) != row:
        raise _damaged(what, f"a cell '{place[:20]}' in row {row}", row)
    column = _column(match[1])
    if not before < column <= MOST_COLUMNS:
        where = f"after {cell_name(row, before)}" if before else f"in row {row}"
        raise _damaged(what, f"{where} stands a cell {place}", row, min(column, MOST_COLUMNS))
    texts = [child.text for child in cell.iter() if child.text]
    if sum(map(len, texts)) > LONGEST_CELL:
        said = f"{what}: {place} has more than {LONGEST_CELL:,} characters"
        raise UnreadableTable(said, "shorten it, or leave its column out", row, column)
    text = next((child.text for child in cell if child.tag.endswith("}v")), None)
    form, words = _CELLS.get(kind, (None, "of a kind that workbooks have"))
    if form is None or (text is not None and not form(text)):
        shown = kind if form is None else text or ""
        raise _damaged(what, f"{place} '{shown[:40]}' is not {words}", row, column)
    return column


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and len(text) <= LONGEST_NUMBER
    except ValueError:
        return False


def _is_date(text: str) -> bool:
    from openpyxl.utils.datetime import from_ISO8601

    try:
        return from_ISO8601(text) is not None  # type: ignore[no-untyped-call]
    except (ValueError, OverflowError):
        return False


_FormOfCell = Callable[[str], object]  # whether a text can be the value of a cell
_CELLS: dict[str, tuple[_FormOfCell | None, str]] = {  # by the type of the cell
    "n": (_is_number, "a number"),
    "d": (_is_date, "a date"),
    "s": (re.compile("[0-9]{1,9}").fullmatch, "the number of a text"),
    "b": (re.compile("[01]").fullmatch, "true or false"),
    "e": (bool, "an error"),
    "str": (str.__len__, "text"),
    "inlineStr": (str.__len__, "text"),
}


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def _sheet_rows(values: Any, formulas: Any = None) -> Iterator[Row]:
    """Read-only sheets give the rows in between as well, so that counting them gives a spreadsheet's numbers."""
    for sheet in (values, formulas):
        if sheet is not None:
            sheet.reset_dimensions()
    if formulas is None:
        for row, cells in enumerate(values.iter_rows(values_only=True), start=1):
            yield Row(row, [_value(cell) for cell in cells])
        return
    pairs = zip(values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=True)
    for row, (cells, written) in enumerate(pairs, start=1):
        yield Row(row, [_saved(cell, formula) for cell, formula in zip(cells, written, strict=True)])


def _saved(cell: object, formula: object) -> Cell:
    is_formula = (isinstance(formula, str) and formula.startswith("=")) or type(formula).__name__.endswith("Formula")
    return UNSAVED if cell is None and is_formula else _value(cell)


def _value(cell: object) -> Cell:
    if isinstance(cell, datetime):
        return cell.date()
    if cell is None or isinstance(cell, str | int | float | date):
        return cell
    return str(cell)
