"""A table of studies, CSV or XLSX: id, x responders of n patients, and optionally year, group or site.

Names of columns in any case, and as RevMan, metafor and meta write them; what was taken for what is told.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from metaimt.casefiles.tables import (
    NAME_ENCODING,
    Row,
    Table,
    TableProblems,
    UnreadableTable,
    WrongCell,
    is_summary,
    key_of,
    open_table,
    text_of,
)
from metaimt.problem import Blocked, Position, Problem, ordered

REQUIRED, GROUPS = ("id", "x", "n"), ("group", "site")
KNOWN = (*REQUIRED, "year", *GROUPS)
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {  # of RevMan, of metafor, of meta, and what people write
    "id": ("study", "study or subgroup", "study id", "study_id", "slab", "studlab", "author", "report"),
    "x": ("xi", "events", "event", "responders", "r"),
    "n": ("ni", "total", "evaluable", "patients", "n total", "sample size"),
    "year": ("publication year",),
    "group": ("subgroup",),
}
MOST_PATIENTS = 500_000
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
    """The rows in the order of the file; the column that groups them, if any; columns that were not used.

    notes: which column was taken for what, and what of the file is not read.
    """

    name: str
    rows: tuple[Study, ...]
    grouping: str | None
    ignored: tuple[str, ...]
    notes: tuple[str, ...] = ()


class UnreadableStudies(Blocked):
    """The table has errors, all of them in `problems`."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(ordered(problems), files=1)


class _Reading:
    """An open table with its problems."""

    def __init__(self, file: str, table: Table) -> None:
        self.table, self.problems = table, TableProblems(file)
        self.problems.sheet = table.sheet

    def say(
        self, rule: str, message: str, hint: str, row: Row | None = None, at: int | None = None, *, kind: str = ""
    ) -> None:
        """Tell a problem at a cell (counted from 0), at a row, or of the whole file."""
        line, column = (row.number if row else 1), (at or 0) + 1
        source = None
        if row is not None and row.line:
            start, end = _span(row.line, self.table.delimiter, at) if at is not None else (0, 1)
            source = Position(line, start + 1, max(1, end - start)), row.line
        elif at is not None:
            message = f"{self.problems.cell(line, column)}: {message}"
        kind = kind or f"{message}, {hint}"
        self.problems.tell(rule, message, hint, row=line, column=column, kind=kind, source=source)

    def stop_if_wrong(self) -> None:
        """Raise UnreadableStudies if a problem was told."""
        if self.problems.number:
            raise UnreadableStudies(self.problems.all())


def read_studies(path: Path) -> Studies:
    """Read a table of studies.

    Raises:
        UnreadableStudies: with every problem of the file.
        OSError: the file cannot be opened.
    """
    name = path.as_posix()
    try:
        with open_table(path, lambda row: len(_taken(row))) as table:
            return _studies(_Reading(name, table))
    except UnreadableTable as error:
        error.hint = error.hint.removesuffix(NAME_ENCODING)  # a table of studies has no mapping
        raise UnreadableStudies((error.told_as("no-table", name),)) from None


def _studies(reading: _Reading) -> Studies:
    table = reading.table
    columns = _columns(reading)
    table.refuse_merged(columns.values())
    rows = tuple(_rows(reading, columns))
    if not reading.problems.number:
        _check_whole(reading, rows)
    reading.stop_if_wrong()
    grouping = next((name for name in GROUPS if name in columns), None)
    used = {at for name, at in columns.items() if name not in GROUPS or name == grouping}
    ignored = tuple(heading for at, heading in enumerate(table.headings) if heading and at not in used)
    taken = [f"{table.headings[at]} as {name}" for name, at in columns.items() if key_of(table.headings[at]) != name]
    rows, alike = _one_spelling(rows)
    notes = (*table.notes, *((f"columns taken: {', '.join(taken)}",) if taken else ()), *alike)
    return Studies(reading.problems.file, rows, grouping, ignored, notes)


def _one_spelling(rows: Sequence[Study]) -> tuple[tuple[Study, ...], tuple[str, ...]]:
    """Groups whose names differ only by case or the like are one, by its first spelling; which, is told."""
    first: dict[str, str] = {}
    for study in rows:
        if study.group:
            first.setdefault(key_of(study.group), study.group)
    one = tuple(replace(study, group=first[key_of(study.group)]) if study.group else study for study in rows)
    pairs = zip(rows, one, strict=True)
    told = dict.fromkeys(f"'{a.group}' is read as '{b.group}'" for a, b in pairs if a.group != b.group)
    return one, tuple(told)


def _taken(headings: Sequence[str]) -> dict[str, list[int]]:
    """Column -> its places: under its own name, or else under the others that it has elsewhere."""
    keys = list(map(key_of, headings))
    found = {}
    for name in KNOWN:
        own = [at for at, key in enumerate(keys) if key == name]
        places = own or [at for at, key in enumerate(keys) if key in OTHER_NAMES.get(name, ())]
        if places:
            found[name] = places
    return found


def _columns(reading: _Reading) -> Mapping[str, int]:
    """The place of each known column; the problems of the header stop the reading."""
    heading, names = reading.table.heading, reading.table.headings
    taken = _taken(names)
    for name, places in taken.items():
        if len(places) > 1 and len({key_of(names[at]) for at in places}) == 1:
            message, hint = (
                f"there are two columns '{names[places[1]]}'",
                "keep one: a row is one arm of one study",
            )
            reading.say("repeated-column", message, hint, heading, places[1])
        elif len(places) > 1:
            said = " and ".join(f"'{names[at]}'" for at in places)
            message = f"{said} may both be {name}"
            reading.say("repeated-column", message, f"name the one that is meant {name}", heading, places[1])
    for name in REQUIRED:
        if name not in taken:
            _say_missing(reading, name)
    reading.stop_if_wrong()
    return {name: places[0] for name, places in taken.items()}


def _say_missing(reading: _Reading, name: str) -> None:
    heading, names = reading.table.heading, reading.table.headings
    others = {key_of(text): at for at, text in enumerate(names) if text and key_of(text) not in KNOWN}
    expected = "expected columns: id, x (responders), n (patients), and if wanted year, group or site"
    message, near = f"there is no column '{name}'", (name, *OTHER_NAMES[name])
    close = [other for word in near for other in difflib.get_close_matches(word, others, 1, 0.6)]
    if close:
        at = others[close[0]]
        hint = f"is '{names[at]}' meant? name it {name}; {expected}"
        reading.say("missing-column", message, hint, heading, at)
    else:
        reading.say("missing-column", message, expected, heading, 0)


def _rows(reading: _Reading, columns: Mapping[str, int]) -> Iterator[Study]:
    seen: dict[str, tuple[str, int]] = {}
    table, width = reading.table, max(columns.values())
    for row in table.rows:
        if row.empty:
            continue
        if len(row.cells) <= width and table.delimiter:
            expected = f"expected {width + 1} or more cells separated by '{table.delimiter}'"
            reading.say("short-row", f"the row has {len(row.cells)} cells", expected, row)
            continue
        if any(text_of(cell) for cell in row.cells[len(table.headings) :]):
            message = f"the row has {len(row.cells)} cells, the heading {len(table.headings)}"
            reading.say("long-row", message, "is a delimiter or decimal comma not in quotes?", row)
            continue
        study = _study(reading, columns, row)
        if study is None:
            continue
        if (first := seen.setdefault(key_of(study.id), (study.id, row.number)))[1] != row.number:
            differs = (
                "" if first[0] == study.id else f" as '{first[0]}', which differs only by case, blanks or the like"
            )
            message, hint = f"id '{study.id}' is also in line {first[1]}{differs}", "one row a report"
            if study.year and key_of(table.headings[columns["id"]]) == "author":  # as metafor's own tables have it
                hint = f"an author is no report: name the column id and write {study.id} {study.year}"
            reading.say("repeated-id", message, hint, row, columns["id"])
        yield study


def _study(reading: _Reading, columns: Mapping[str, int], row: Row) -> Study | None:
    before = reading.problems.number
    try:
        cell = {name: text_of(row.cells[at]) if at < len(row.cells) else "" for name, at in columns.items()}
        name = cell["id"] or next(filter(None, map(text_of, row.cells)))
    except WrongCell as error:
        reading.say("no-value", str(error), error.hint, row, 0)
        return None
    if is_summary(name):
        message, hint = f"'{name}' sums up other rows and is no report", "delete the row"
        reading.say("summary-row", message, hint, row, columns["id"])
        return None
    if not cell["id"]:
        reading.say("no-id", "the id is empty", "expected a name of its own for each report", row, columns["id"])
    x, n = (_whole(reading, cell, row, columns[name], name) for name in ("x", "n"))
    if n == 0:
        reading.say(
            "no-patients", "n is 0", "expected at least one evaluable patient; leave the row out", row, columns["n"]
        )
    elif x is not None and n is not None and x > n:
        reading.say("too-many", f"x {x} is more than n {n}", f"expected 0 to {n}", row, columns["x"])
    year = cell.get("year", "")
    if year and not _YEAR.fullmatch(year):
        hint = "expected four digits, such as 2024, or nothing"
        reading.say("not-a-year", f"year '{year}' is not a year", hint, row, columns["year"], kind="no year")
    elif year and int(year) > date.today().year + 1:  # a journal may print next year's issue
        reading.say("not-a-year", f"year {year} is in the future", "check it", row, columns["year"], kind="future")
    if reading.problems.number > before or x is None or n is None:
        return None
    group = next((cell[name] for name in GROUPS if name in cell), "")
    return Study(cell["id"], x, n, int(year) if year else None, group or None)


def _whole(reading: _Reading, cell: Mapping[str, str], row: Row, at: int, name: str) -> int | None:
    text = cell[name]
    if _WHOLE.fullmatch(text):
        return int(text)
    thousands = re.fullmatch(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+", text)
    meant, pair = re.fullmatch(r"([0-9]{1,9})[.,]0*", text), re.fullmatch(r"([0-9]{1,9}) ?(?:/|of) ?([0-9]{1,9})", text)
    said, hint, kind = f"{name} '{text[:40]}' is not a whole number", "", "no count"
    if thousands:
        hint, kind = f"write {re.sub('[.,]', '', text)} if the sign is for thousands", "thousands"
    elif meant:
        hint, kind = f"write {meant[1]}", "decimal"
    elif pair:
        hint, kind = f"write x {pair[1]} and n {pair[2]}, each in its column", "pair"
    elif not text:
        said, kind = f"{name} is empty", "empty"
    elif re.fullmatch("[0-9]+", text):
        said, kind = f"{name} {text[:40]} has more than nine digits", "large"
    hint = hint or "expected a whole number of patients, such as 5"
    reading.say("not-a-count", said, hint, row, at, kind=kind)
    return None


def _check_whole(reading: _Reading, rows: Sequence[Study]) -> None:
    if not rows:
        reading.say("no-studies", "there is a header but no report", "each further line is one report, such as s1,3,4")
    elif sum(study.evaluable for study in rows) > MOST_PATIENTS:
        hint = "expected counts of patients in n; the models are for case reports and trials, not for registers"
        reading.say("too-many", f"more than {MOST_PATIENTS:,} patients in all", hint)


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
