"""A table of studies as CSV: id, x responders of n patients, and optionally year, group or site.

Names of columns in any case; the delimiter is a comma or a semicolon, seen in the header.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from metaimt.problem import Blocked, Position, Problem, ordered

REQUIRED, GROUPS = ("id", "x", "n"), ("group", "site")
KNOWN = (*REQUIRED, "year", *GROUPS)
MOST_PATIENTS = 100_000_000
_WHOLE = re.compile(r"[0-9]{1,9}")
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class Study:
    """One row: x of n, the year and the group where they are filled in."""

    id: str
    responders: int
    evaluable: int
    year: int | None = None
    group: str | None = None


@dataclass(frozen=True)
class Studies:
    """The rows in the order of the file; the column that groups them, if any; columns that were not used."""

    name: str
    rows: tuple[Study, ...]
    grouping: str | None
    ignored: tuple[str, ...]


class UnreadableStudies(Blocked):
    """The table has errors, all of them in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(ordered(problems), files=1)


class _Record(NamedTuple):
    line: int
    cells: list[str]


class _Table:
    """The text of the file with its problems: knows where a cell stands."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.lines = file, text.splitlines()
        first = next((line for line in self.lines if line.strip()), "")
        self.delimiter = ";" if first.count(";") > first.count(",") else ","
        self.problems: list[Problem] = []

    def say(self, rule: str, message: str, hint: str, line: int = 1, cell: int | None = None) -> None:
        source = self.lines[line - 1] if line <= len(self.lines) else ""
        start, end = _span(source, self.delimiter, cell) if cell is not None else (0, 1)
        place = Position(line, start + 1, max(1, end - start))
        self.problems.append(Problem(self.file, place, rule, "error", message, hint, source))

    def stop(self) -> UnreadableStudies:
        return UnreadableStudies(self.problems)


def read_studies(path: Path) -> Studies:
    """Read a table of studies.

    Raises:
        UnreadableStudies: with every problem of the file.
        OSError: the file cannot be opened.
    """
    name = path.as_posix()
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        table = _Table(name, "")
        table.say("encoding", f"byte {error.start + 1} is not UTF-8", "save it as CSV UTF-8")
        raise table.stop() from None
    table = _Table(name, text)
    records = _records(table)
    if not records:
        table.say("no-studies", "the file is empty", "its first line is id,x,n and each further line one report")
        raise table.stop()
    columns = _columns(table, records[0])
    rows = tuple(_rows(table, columns, records[1:]))
    if not table.problems:
        _check_whole(table, rows)
    if table.problems:
        raise table.stop()
    grouping = next((name for name in GROUPS if name in columns), None)
    return Studies(name, rows, grouping, _ignored(records[0].cells, grouping))


def _records(table: _Table) -> list[_Record]:
    """The lines that are not empty, each with its cells. Quoted cells may run over several lines."""
    reader = csv.reader(io.StringIO("\n".join(table.lines)), delimiter=table.delimiter, strict=True)
    found: list[_Record] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append(_Record(line, [cell.strip() for cell in cells]))
            line = reader.line_num + 1
    except csv.Error as error:
        table.say("not-csv", f"not readable as CSV: {error}", "quotes must be closed, and doubled inside quotes", line)
        raise table.stop() from None
    return found


def _columns(table: _Table, header: _Record) -> Mapping[str, int]:
    """The place of each known column; the problems of the header stop the reading."""
    names = [cell.casefold() for cell in header.cells]
    for name in KNOWN:
        places = [i for i, found in enumerate(names) if found == name]
        if len(places) > 1:
            table.say("repeated-column", f"there are two columns '{name}'", "keep one", header.line, places[1])
        elif not places and name in REQUIRED:
            _say_missing(table, header, name)
    if table.problems:
        raise table.stop()
    return {name: names.index(name) for name in KNOWN if name in names}


def _say_missing(table: _Table, header: _Record, name: str) -> None:
    others = {cell.casefold(): i for i, cell in enumerate(header.cells) if cell and cell.casefold() not in KNOWN}
    likely = {"id": "study", "x": "xi events responders r", "n": "ni total evaluable patients"}[name].split()
    close = [other for other in others if other in likely] or difflib.get_close_matches(name, others, 1, 0.5)
    expected = "expected columns: id, x (responders), n (patients), and if wanted year, group or site"
    if close:
        at = others[close[0]]
        hint = f"is '{header.cells[at]}' meant? name it {name}; {expected}"
        table.say("missing-column", f"there is no column '{name}'", hint, header.line, at)
    else:
        table.say("missing-column", f"there is no column '{name}'", expected, header.line, 0)


def _rows(table: _Table, columns: Mapping[str, int], records: Sequence[_Record]) -> Iterator[Study]:
    seen: dict[str, int] = {}
    width = max(columns.values())
    for record in records:
        if len(record.cells) <= width:
            expected = f"{width + 1} or more cells separated by '{table.delimiter}'"
            table.say("short-row", f"the row has {len(record.cells)} cells", f"expected {expected}", record.line)
            continue
        study = _study(table, columns, record)
        if study is None:
            continue
        if study.id in seen:
            message = f"id '{study.id}' is also in line {seen[study.id]}"
            table.say("repeated-id", message, "one row a report", record.line, columns["id"])
        seen.setdefault(study.id, record.line)
        yield study


def _study(table: _Table, columns: Mapping[str, int], record: _Record) -> Study | None:
    before = len(table.problems)
    cell = {name: record.cells[at] for name, at in columns.items()}
    if not cell["id"]:
        table.say("no-id", "the id is empty", "expected a name of its own for each report", record.line, columns["id"])
    x, n = (_whole(table, columns, record, name) for name in ("x", "n"))
    if n == 0:
        hint = "expected at least one evaluable patient; leave the row out"
        table.say("no-patients", "n is 0", hint, record.line, columns["n"])
    elif x is not None and n is not None and x > n:
        table.say("too-many", f"x {x} is more than n {n}", f"expected 0 to {n}", record.line, columns["x"])
    year = cell.get("year", "")
    if year and not _YEAR.fullmatch(year):
        hint = "expected four digits, such as 2024, or nothing"
        table.say("not-a-year", f"year '{year}' is not a year", hint, record.line, columns["year"])
    if len(table.problems) > before or x is None or n is None:
        return None
    group = next((cell[name] for name in GROUPS if name in cell), "")
    return Study(cell["id"], x, n, int(year) if year else None, group or None)


def _whole(table: _Table, columns: Mapping[str, int], record: _Record, name: str) -> int | None:
    text = record.cells[columns[name]]
    if _WHOLE.fullmatch(text):
        return int(text)
    meant = re.fullmatch(r"([0-9]{1,9})[.,]0*", text)
    hint = f"write {meant[1]}" if meant else "expected a whole number of patients, such as 5"
    said = f"{name} '{text}' is not a whole number" if text else f"{name} is empty"
    table.say("not-a-count", said, hint, record.line, columns[name])
    return None


def _check_whole(table: _Table, rows: Sequence[Study]) -> None:
    if not rows:
        table.say("no-studies", "there is a header but no report", "each further line is one report, such as s1,3,4")
    elif sum(study.evaluable for study in rows) > MOST_PATIENTS:
        table.say("too-many", f"more than {MOST_PATIENTS} patients in all", "expected counts of patients in n")


def _ignored(header: Sequence[str], grouping: str | None) -> tuple[str, ...]:
    used = {*REQUIRED, "year", grouping}
    return tuple(name for name in header if name and name.casefold() not in used)


def _span(line: str, delimiter: str, cell: int) -> tuple[int, int]:
    """Where the cell stands in its line, without the blanks around it."""
    start, count, quoted = 0, 0, False
    for at, character in enumerate([*line, delimiter]):
        quoted ^= character == '"'
        if character == delimiter and (not quoted or at == len(line)):
            if count == cell:
                text = line[start:at]
                return start + len(text) - len(text.lstrip()), at - len(text) + len(text.rstrip())
            start, count = at + 1, count + 1
    return 0, 1
