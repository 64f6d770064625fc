"""Records of searches and the decisions on them: records.csv, and screening/PERSON.csv, as tables.

records.csv is written by `metaimt search add` only; a sheet of screening is filled in a spreadsheet, so that a byte
order mark, semicolons and line ends of Windows are read. A record is the publication of the case file, or exclusion,
of its id.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from metaimt.casefiles.fields import Date, Doi, Identifier, Pmid
from metaimt.casefiles.shared import Search
from metaimt.casefiles.strict_yaml import Document, problem_in
from metaimt.files import for_terminal, text_of
from metaimt.problem import Position, Problem

RECORDS: Final = "records.csv"
SCREENING: Final = "screening"  # the folder of the sheets, one a person
RECORD_COLUMNS: Final = {
    "id": "author-year: the id of its case file, or of its entry in excluded.yaml",
    "title": "as the search gave it",
    "authors": "as the search gave them",
    "journal": "as the search gave it",
    "year": "four digits, or nothing",
    "doi": "from 10. on, or nothing",
    "pmid": "digits, or nothing",
    "sources": "the searches (ids in searches.yaml) that found it, the first one first, divided by '; '",
    "dates": "a day for each of them, divided by '; '",
    "duplicate_of": "the record (id) of the same publication that is screened; empty for that one",
    "labels": "what ASReview, Covidence or Rayyan said of it, as exported",
}
SHEET_COLUMNS: Final = {
    "id": "the id of a record, as in records.csv",
    "title": "for whoever reads the sheet",
    "year": "for whoever reads the sheet",
    "decision": "include, exclude or later; nothing while it is open",
    "reason": "of what is excluded: a reason of the protocol, or nothing",
    "note": "any words",
}
"""What stands in each column of a table."""
INCLUDE, EXCLUDE, LATER = DECISIONS = ("include", "exclude", "later")
REASONS: Final = ("wrong disease", "wrong treatment", "no patients", "wrong publication type", "other")
"""Offered where the protocol lists none."""
DUPLICATE: Final = "duplicate"
"""The reason for one of two records of one publication; it counts as a duplicate, not as screened."""
BETWEEN: Final = "; "
_GUARDED = re.compile(r"'+[=+\-@]")
_FORMULA = re.compile(r"'*[=+\-@]")
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One record as a search found it. `sources`: the searches (ids) that did, the first one first, with their days.

    `duplicate_of`: the record (id) of the same publication that is screened; empty for that one. `labels`: what
    ASReview, Covidence or Rayyan said of it, as exported.
    """

    id: str
    title: str
    authors: str
    journal: str
    year: str
    doi: str
    pmid: str
    sources: tuple[str, ...]
    dates: tuple[str, ...]
    duplicate_of: str = ""
    labels: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of the columns."""
        fields = (self.id, self.title, self.authors, self.journal, self.year, self.doi, self.pmid)
        return (*fields, BETWEEN.join(self.sources), BETWEEN.join(self.dates), self.duplicate_of, self.labels)


@dataclass(frozen=True, slots=True)
class Decision:
    """What one person decided on one record; `decision` is empty while it is open."""

    id: str
    title: str
    year: str
    decision: str = ""
    reason: str = ""
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """In the order of the columns."""
        return self.id, self.title, self.year, self.decision, self.reason, self.note


def table_text(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows, sorted by their first cell, as CSV. What a spreadsheet would take for a formula is made harmless."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(sorted([_guarded(cell) for cell in row] for row in rows))
    return stream.getvalue()


def _guarded(text: str) -> str:
    line = for_terminal(" ".join(text.split()))
    return f"'{line}" if _FORMULA.match(line) else line


def _plain(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell


class Sheet:
    """A table as read: its document, rows that have all columns, and what is wrong with the others."""

    def __init__(self, name: str, content: bytes, columns: Iterable[str], rule: str) -> None:
        self.name, self.rule, self.columns = name, rule, tuple(columns)
        self.problems: list[Problem] = []
        self.rows: list[tuple[int, Row]] = []  # (line, cells by column)
        try:
            self.text = text_of(content)
        except UnicodeDecodeError as error:
            self.text = content.decode("utf-8", "replace")
            line = content.count(b"\n", 0, error.start) + 1
            self.told(line, "", "the file is not UTF-8 text", "save it as CSV UTF-8")
            return
        header = self.text.partition("\n")[0]
        self.delimiter = max(",;\t", key=header.count)
        self._read()

    @property
    def document(self) -> Document:
        """The file as the library keeps it."""
        return Document(self.name, self.text, [dict(row) for _, row in self.rows], tuple(self.problems), None)

    def told(self, line: int, column: str | int, message: str, hint: str, severity: str = "error") -> None:
        """Note a problem in a cell, by its column or the place of that; at the start of the line for no column."""
        place = self.columns.index(column) if isinstance(column, str) and column else column or 0
        at = Position(line, self._start(line, int(place)))
        self.problems.append(problem_in(self.name, self.text, at, self.rule, message, hint, severity))

    @property
    def damaged(self) -> bool:
        """Whether anything in it is an error."""
        return any(each.severity == "error" for each in self.problems)

    def _start(self, line: int, wanted: int) -> int:
        """The column, from 1, at which a cell of a line starts."""
        shown, quoted, before = self.text.split("\n")[line - 1], False, 0
        for place, sign in enumerate(shown):
            if before == wanted:
                return place + 1
            quoted ^= sign == '"'
            before += sign == self.delimiter and not quoted
        return len(shown) + 1

    def _read(self) -> None:
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=True)
        line = 1
        try:
            for number, cells in enumerate(reader):
                start, line = line, reader.line_num + 1
                if not number and (found := tuple(cell.strip() for cell in cells)) != self.columns:
                    self._header(found)
                    return
                if number and any(cell.strip() for cell in cells):
                    self._row(start, [_plain(cell.strip()) for cell in cells])
        except csv.Error as error:
            self.told(
                line, "", f"not a table that can be read ({error})", "close the quotation mark, or restore the file"
            )

    def _header(self, found: tuple[str, ...]) -> None:
        """Tell the first column that is not the one that stands there."""
        place = next((k for k, pair in enumerate(zip(found, self.columns, strict=False)) if len({*pair}) > 1), None)
        at = min(len(found), len(self.columns)) if place is None else place
        said = f"'{found[at]}' stands where the column" if at < len(found) else "the header ends before the column"
        expected = f"'{self.columns[at]}' is expected" if at < len(self.columns) else "ends; there are no more"
        self.told(1, at, f"{said} {expected}", f"write {','.join(self.columns)}")

    def _row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self.columns):
            said = f"the line has {len(cells)} cells, and the table {len(self.columns)} columns"
            self.told(line, "", said, "put a cell with the delimiter in it into double quotes")
            return
        self.rows.append((line, dict(zip(self.columns, cells, strict=True))))


_FORMS: Final = {
    "id": TypeAdapter[str](Identifier),
    "year": TypeAdapter[str](Annotated[str, Field(pattern=r"^\d{4}$")]),
    "doi": TypeAdapter[str](Doi),
    "pmid": TypeAdapter[str](Pmid),
    "dates": TypeAdapter[str](Date),
}


def read_records(
    name: str, content: bytes, searches: Mapping[str, str] | None = None
) -> tuple[tuple[Record, ...], Sheet]:
    """The records of records.csv, and the table with what is wrong in it.

    `searches`: the searches (ids) that are done, each with its day, '' if that is not written; None if they cannot be
    read. What others found, or these on a later day, is told and not taken: `metaimt search add` writes searches.yaml
    last, so that one which was killed before leaves the records of before. A record in two lines, as a merge of two
    branches leaves it, was found by the searches of both.
    """
    sheet = Sheet(name, content, RECORD_COLUMNS, "records-form")
    kept: dict[str, tuple[int, Row, dict[str, str]]] = {}
    told: set[str] = set()
    for line, row in sheet.rows:
        _check_form(sheet, line, row)
        found = _found_by(sheet, line, row)
        done = {search: day for search, day in found.items() if searches is None or _is_done(search, day, searches)}
        for search in (search for search in found if search not in {*told, *done}):
            told.add(search)
            said = f"searches.yaml has no search '{search}' that was done by then: its records are not counted"
            hint = "type that metaimt search add again, or restore its entry, with status: done and its date"
            sheet.told(line, "sources", said, hint, "warning")
        first, former, known = kept.get(row["id"], (line, row, {}))
        if any(row[column] != former[column] for column in RECORD_COLUMNS if column not in {"sources", "dates"}):
            said = f"the id {row['id']} stands in line {first} already, for another record"
            sheet.told(line, "id", said, f"change one of the two ids, such as {row['id']}-b, or restore the file")
        elif done:
            kept[row["id"]] = first, former, {**done, **known}
    _check_duplicates(sheet, kept.values())
    if sheet.damaged:
        return (), sheet
    made = tuple(
        Record(**{**row, "sources": tuple(found), "dates": tuple(found.values())})  # type: ignore[arg-type]
        for _, (_, row, found) in sorted(kept.items())
    )
    sheet.rows = [(kept[one.id][0], dict(zip(RECORD_COLUMNS, one.cells, strict=True))) for one in made]
    return made, sheet


def _found_by(sheet: Sheet, line: int, row: Row) -> dict[str, str]:
    """The searches that found a record, each with its day."""
    found, days = row["sources"].split(BETWEEN), row["dates"].split(BETWEEN)
    if len(found) != len(days) or not row["sources"]:
        sheet.told(line, "sources", "each search has one date", "write as many dates as sources, divided by '; '")
    return dict(zip(found, days, strict=False))


def _check_form(sheet: Sheet, line: int, row: Row) -> None:
    """Tell each cell that has not the form of its column."""
    if not row["id"]:
        sheet.told(line, "id", "the record has no id", "restore the file: metaimt search add writes it")
    for column, form in _FORMS.items():
        for text in filter(None, row[column].split(BETWEEN) if column == "dates" else [row[column]]):
            try:
                form.validate_python(text)
            except ValidationError as error:
                context = error.errors()[0].get("ctx", {})
                said = context.get("message", f"'{text}' is no {column}")
                sheet.told(line, column, said, context.get("hint", f"write {RECORD_COLUMNS[column]}"))


def _is_done(search: str, day: str, searches: Mapping[str, str]) -> bool:
    """Whether a search was done, by this day; a day without the day of the month is the whole month."""
    last = searches.get(search)
    return last is not None and (not last or day <= last or day.startswith(last))


def _check_duplicates(sheet: Sheet, rows: Collection[tuple[int, Row, object]]) -> None:
    names = {row["id"]: row["duplicate_of"] for _, row, _ in rows}
    for line, row, _ in rows:
        target = row["duplicate_of"]
        if target and target not in names:
            sheet.told(line, "duplicate_of", f"no record has the id {target}", "write the id of a record, or nothing")
        elif target and names[target]:
            said = f"{target} is itself a duplicate, of {names[target]}"
            sheet.told(line, "duplicate_of", said, "name the record that is no duplicate; leave the cell of that empty")


def read_decisions(
    name: str, content: bytes, known: Collection[str] | None, reasons: Sequence[str]
) -> tuple[tuple[Decision, ...], Sheet]:
    """The lines of one person that are in form. `known`: the ids of all records; None if they cannot be read."""
    sheet = Sheet(name, content, SHEET_COLUMNS, "screening-form")
    found: dict[str, Decision] = {}
    for line, row in sheet.rows:
        before = len(sheet.problems)
        if row["id"] in found:
            sheet.told(line, "id", f"{row['id']} is decided twice in this sheet", "delete one of the two lines")
        elif known is not None and row["id"] not in known:
            sheet.told(line, "id", f"no record has the id '{row['id']}'", "delete the line, or add the search first")
        if row["decision"] not in {"", *DECISIONS}:
            said = f"'{row['decision']}' is no decision"
            sheet.told(line, "decision", said, f"write {', '.join(DECISIONS)}, or nothing while it is open")
        if row["reason"] and row["reason"] not in reasons:
            said = f"'{row['reason']}' is not a reason of the protocol"
            sheet.told(line, "reason", said, f"write {', '.join(reasons)}; more words go into note")
        if row["reason"] and row["decision"] != EXCLUDE:
            sheet.told(line, "reason", "a reason is given for what is not excluded", "delete it, or write exclude")
        if len(sheet.problems) == before:
            found[row["id"]] = Decision(**row)
    return tuple(found.values()), sheet


@dataclass(frozen=True)
class Standing:
    """Where each record stands. `read`: ids of case files (`pending` of those that wait); `excluded`: excluded.yaml."""

    records: tuple[Record, ...]
    sheets: Mapping[str, tuple[Decision, ...]]
    read: frozenset[str]
    pending: frozenset[str]
    excluded: frozenset[str]

    def of(self, record: Record) -> str:
        """include, exclude, later, conflict, new, or what was decided on reading: included, pending, excluded."""
        if record.id in self.pending:
            return "pending"
        if record.id in self.read:
            return "included"
        if record.id in self.excluded:
            return "excluded"
        told = {one.decision for one in self.decisions(record.id).values() if one.decision}
        return "conflict" if len(told) > 1 else next(iter(told), "new")

    def is_open(self, record: Record) -> bool:
        """Whether nobody has read it, so that each person decides on it."""
        return record.id not in self.read | self.excluded

    def agreed(self, record: Record) -> bool:
        """Whether it is to be read: everybody who has a sheet includes it."""
        return self.of(record) == INCLUDE and not self.undecided(record)

    def undecided(self, record: Record) -> list[str]:
        """The people who have a sheet and have not decided on it."""
        told = self.decisions(record.id)
        return sorted(who for who in self.sheets if who not in told or not told[who].decision)

    def decisions(self, record_id: str) -> dict[str, Decision]:
        """Person -> the line of this record."""
        return self._decided.get(record_id, {})

    @cached_property
    def _decided(self) -> dict[str, dict[str, Decision]]:
        found: dict[str, dict[str, Decision]] = {}
        for who, lines in self.sheets.items():
            for one in lines:
                found.setdefault(one.id, {})[who] = one
        return found

    @property
    def unique(self) -> tuple[Record, ...]:
        """The records that are no duplicates."""
        return tuple(record for record in self.records if not record.duplicate_of)

    def hits(self) -> Counter[str]:
        """Search -> the records that it found, duplicates too."""
        return Counter(source for record in self.records for source in record.sources)

    def derived(self, search: Search) -> Search:
        """A search with the counts of its records; one without records as a person wrote it.

        A publication belongs to the search that found it first. Screened: what any person decided, or was read.
        """
        if not (hits := self.hits()[search.id]):
            return search
        stands = [(record.id, self.of(record)) for record in self.unique if record.sources[0] == search.id]
        return search.model_copy(
            update={
                "hits": hits,
                "screened": sum(state not in {"new", LATER} for _, state in stands),
                "included": sum(state == "included" for _, state in stands),
                "excluded": tuple(sorted(name for name, state in stands if state == "excluded")),
            }
        )


def sheet_paths(folder: Path) -> Iterator[Path]:
    """The sheets of a review folder, sorted."""
    yield from sorted(path for path in (folder / SCREENING).glob("*.csv") if not path.name.startswith((".", "~")))


def with_source(record: Record, search: str, day: str) -> Record:
    """The record, found by one more search."""
    return replace(record, sources=(*record.sources, search), dates=(*record.dates, day))
