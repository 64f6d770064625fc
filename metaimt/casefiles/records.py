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
from pathlib import Path
from typing import Final

from metaimt.casefiles.shared import Search
from metaimt.casefiles.strict_yaml import Document, problem_in
from metaimt.files import for_terminal
from metaimt.problem import Position, Problem

RECORDS: Final = "records.csv"
SCREENING: Final = "screening"  # the folder of the sheets, one a person
RECORD_COLUMNS: Final = ("id", "title", "authors", "year", "doi", "pmid", "sources", "dates", "duplicate_of", "labels")
SHEET_COLUMNS: Final = ("id", "title", "year", "decision", "reason", "note")
INCLUDE, EXCLUDE, LATER = DECISIONS = ("include", "exclude", "later")
REASONS: Final = ("wrong disease", "wrong treatment", "no patients", "wrong publication type", "other")
"""Offered where the protocol lists none."""
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
        fields = (self.id, self.title, self.authors, self.year, self.doi, self.pmid)
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


def table_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
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

    def __init__(self, name: str, content: bytes, columns: Sequence[str], rule: str) -> None:
        self.name, self.rule, self.columns = name, rule, columns
        self.problems: list[Problem] = []
        self.rows: list[tuple[int, Row]] = []  # (line, cells by column)
        try:
            self.text = content.decode("utf-8-sig").replace("\r\n", "\n")
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

    def told(self, line: int, column: str, message: str, hint: str) -> None:
        """Note a problem in a cell; at the start of the line for no column."""
        at = self._start(line, self.columns.index(column)) if column else 1
        self.problems.append(problem_in(self.name, self.text, Position(line, at), self.rule, message, hint))

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
                if not number and tuple(cell.strip() for cell in cells) != tuple(self.columns):
                    self.told(1, "", "the header is not that of this table", f"write {','.join(self.columns)}")
                    return
                if number and any(cell.strip() for cell in cells):
                    self._row(start, [_plain(cell.strip()) for cell in cells])
        except csv.Error as error:
            self.told(
                line, "", f"not a table that can be read ({error})", "close the quotation mark, or restore the file"
            )

    def _row(self, line: int, cells: list[str]) -> None:
        if len(cells) != len(self.columns):
            said = f"the line has {len(cells)} cells, not {len(self.columns)}"
            self.told(line, "", said, "put a cell with the delimiter in it into double quotes")
            return
        self.rows.append((line, dict(zip(self.columns, cells, strict=True))))


def read_records(name: str, content: bytes) -> tuple[tuple[Record, ...], Sheet]:
    """The records of records.csv, and the table with what is wrong in it."""
    sheet = Sheet(name, content, RECORD_COLUMNS, "records-form")
    first: dict[str, int] = {}
    for line, row in sheet.rows:
        if not row["id"]:
            sheet.told(line, "id", "the record has no id", "restore the file: metaimt search add writes it")
        elif first.setdefault(row["id"], line) != line:
            said = f"the id {row['id']} stands in line {first[row['id']]} already"
            sheet.told(line, "id", said, "delete one of the two lines, or restore the file")
        if len(row["sources"].split(BETWEEN)) != len(row["dates"].split(BETWEEN)) or not row["sources"]:
            sheet.told(line, "sources", "each search has one date", "write as many dates as sources, divided by '; '")
    names = {row["id"]: row["duplicate_of"] for _, row in sheet.rows}
    for line, row in sheet.rows:
        target = row["duplicate_of"]
        if target and target not in names:
            sheet.told(line, "duplicate_of", f"no record has the id {target}", "write the id of a record, or nothing")
        elif target and names[target]:
            said = f"{target} is itself a duplicate, of {names[target]}"
            sheet.told(line, "duplicate_of", said, "name the record that is no duplicate; leave the cell of that empty")
    made = (
        Record(**{**row, "sources": tuple(row["sources"].split(BETWEEN)), "dates": tuple(row["dates"].split(BETWEEN))})  # type: ignore[arg-type]
        for _, row in sheet.rows
    )
    return (() if sheet.problems else tuple(made)), sheet


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
        told = self.decisions(record.id)
        return self.of(record) == INCLUDE and all(who in told and told[who].decision for who in self.sheets)

    def decisions(self, record_id: str) -> dict[str, Decision]:
        """Person -> the line of this record."""
        return {who: one for who, lines in self.sheets.items() for one in lines if one.id == record_id}

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
