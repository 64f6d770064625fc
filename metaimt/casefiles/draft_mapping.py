"""A first mapping of a patient table, from its headings and values: what is not certain stands behind a #.

No code is given a meaning that the vocabulary does not list in letters: a 1 or a 2 is left to whoever knows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path

from metaimt.casefiles.patient_table import is_identifying
from metaimt.casefiles.table_cells import ORDERS, in_order
from metaimt.casefiles.tables import Cell, Table, WrongCell, is_summary, key_of, open_table, text_of
from metaimt.files import in_quotes
from metaimt.vocabulary import Vocabulary, built_in, is_not_stated
from metaimt.vocabulary.words import load_words

MOST_VALUES, MOST_SHOWN = 200, 20
_COURSE = (
    "drug",
    "response",
    "response_basis",
    "criteria",
    "size_change_percent",
    "combined_with",
    "duration_months",
    "pfs_months",
    "ongoing",
    "stop_reason",
)
_LISTS = {
    **{name: name for name in ("sex", "site", "histology", "disease", "margin")},
    **{"outcome": "cohort_outcome", "ihc": "marker_status", "symptoms": "presence", "treatment": "presence"},
    **{name: name for name in ("drug", "response", "response_basis", "stop_reason")},
    "ongoing": "presence",
}
_NUMBERS = {"age", "followup", "size_change_percent", "duration_months", "pfs_months"}
_DATES = ("diagnosis_date", "last_contact_date", "death_date")
_SINGLE = ("id", "age", "sex", "site", "histology", "disease", "margin", "fusion_gene", "fusion_partner")
_GROUPS = ("ihc", "symptoms", "treatment")
_OF_A_TEST = re.compile(r" (?:ihc|status|expression|immunohistochemistry|staining|positivity)$")
_UNITS = ("days", "weeks", "months", "years")
_MEANS_NO = {"none", "nil"}  # not known in one column, no in another


@dataclass(frozen=True)
class Draft:
    """The text of a mapping; how many columns it reads, and the notes of what of the file is not read."""

    text: str
    mapped: int
    columns: int
    notes: tuple[str, ...]


@dataclass
class _Column:
    heading: str
    values: Counter[str] = field(default_factory=Counter)
    days: int = 0  # cells that a workbook knows as dates
    more: bool = False

    @property
    def of_days(self) -> bool:
        """Whether every cell is a day, in whatever order."""
        return all(any(in_order(text, order) for order in ORDERS) for text in self.values) and bool(
            self.values or self.days
        )

    def add(self, cell: Cell) -> None:
        """Count one more cell of the column."""
        if isinstance(cell, date):
            self.days += 1
            return
        try:
            text = text_of(cell)
        except WrongCell:  # an unsaved formula, which the reading tells
            return
        if text and (text in self.values or len(self.values) < MOST_VALUES):
            self.values[text] += 1
        elif text:
            self.more = True


def draft_mapping(path: Path, vocabulary: Vocabulary | None = None) -> Draft:
    """The draft of a mapping for a patient table.

    Raises:
        UnreadableTable: the file is no table.
        OSError: it cannot be opened.
    """
    words = vocabulary or built_in()
    with open_table(path, lambda row: sum(bool(_field(heading, words)) for heading in row)) as table:
        columns = [_Column(heading) for heading in table.headings]
        _count(table, columns)
        return _Writer(path.name, columns, words, table).draft()


def _count(table: Table, columns: Sequence[_Column]) -> None:
    dropped = {at for at, column in enumerate(columns) if is_identifying(column.heading)}
    for row in table.rows:
        if is_summary(next((str(cell) for cell in row.cells if cell is not None and str(cell).strip()), "")):
            continue
        for at, (cell, column) in enumerate(zip(row.cells, columns, strict=False)):
            if at not in dropped:
                column.add(cell)


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    """Heading -> field, or group and name: `symptoms.fever`."""
    names = {}
    for name, headings in load_words("headings").items():
        for heading in map(str, headings):
            names[heading] = f"{name}.{heading}" if name in _GROUPS else name
    return names


def _field(heading: str, vocabulary: Vocabulary) -> str:
    """The field that a heading names: `age`, `ihc.BRAF`, `courses.2.drug`; empty if none."""
    if not heading or is_identifying(heading):
        return ""
    plain = " ".join(re.sub(r"[\W_]+", " ", key_of(heading)).split())
    base, number = plain, 1
    if (match := re.fullmatch(r"(.*\D) ?([1-5])", plain)) and _names().get(match[1].strip()) in _COURSE:
        base, number = match[1].strip(), int(match[2])
    found = _names().get(base, "")
    if found in _COURSE:
        return f"courses.{number}.{found}"
    return found or _marker(plain, vocabulary)


def _marker(plain: str, vocabulary: Vocabulary) -> str:
    name = _OF_A_TEST.sub("", plain)
    known = len(name) > 2 or name != plain  # PR alone is a response too
    return _markers(vocabulary).get(name, "") if known else ""


@lru_cache(maxsize=8)
def _markers(vocabulary: Vocabulary) -> Mapping[str, str]:
    terms = (*vocabulary.lists["marker"], *vocabulary.lists["kinase"])
    return {" ".join(re.sub(r"[\W_]+", " ", term.casefold()).split()): f"ihc.{term}" for term in terms}


class _Writer:
    def __init__(self, file: str, columns: Sequence[_Column], vocabulary: Vocabulary, table: Table) -> None:
        self._file, self._vocabulary, self._table = file, vocabulary, table
        self._dropped = [column.heading for column in columns if is_identifying(column.heading)]
        self._fields: dict[str, _Column] = {}
        self._others: list[tuple[_Column, str]] = []
        counts = Counter(key_of(column.heading) for column in columns)
        for column in columns:
            name = _field(column.heading, vocabulary)
            if not name and key_of(column.heading) == "diagnosis" and column.of_days:
                name = "diagnosis_date"
            if name and name not in self._fields and counts[key_of(column.heading)] == 1:
                self._fields[name] = column
            elif column.heading and column.heading not in self._dropped:
                self._others.append((column, name))
        self._columns = columns
        self._missing: dict[str, None] = {}
        self._written = 0

    def draft(self) -> Draft:
        """The whole mapping, as text to be read and corrected."""
        body = [*self._body()]  # which finds what stands for nothing known
        file = in_quotes(self._file)
        lines = [
            f"# How metaimt cohort reads {file[1:-1]}: drafted from its headings and values. What stands",
            "# behind a # is not certain: fill it in and take the # away, or leave it (docs/cohort.md).",
            f"table: {file}",
            *self._settings(),
            *([f"missing: [{', '.join(map(in_quotes, self._missing))}]"] if self._missing else []),
            *([f"drop: [{', '.join(map(in_quotes, self._dropped))}]"] if self._dropped else []),
            '#data_cut: "2024-06-30"   # the last day of the data, if there is one',
            "columns:",
            *body,
        ]
        return Draft("\n".join(lines) + "\n", self._written, len(self._columns), self._table.notes)

    def _settings(self) -> Iterator[str]:
        if self._table.sheet:
            yield f"sheet: {in_quotes(self._table.sheet)}"
        yield from self._orders()
        numbers = [text for name, column in self._fields.items() if _last(name) in _NUMBERS for text in column.values]
        commas = sum(re.fullmatch(r"-?\d+,\d+", text) is not None for text in numbers)
        if commas and not any(re.fullmatch(r"-?\d+\.\d+", text) for text in numbers):
            yield "decimal_comma: true"
        elif commas:
            yield "#decimal_comma: true   # some numbers have a comma, others a point"
        if (unit := self._unit()) and "followup" in self._fields and not self._dated:
            yield f"time_unit: {unit}"

    def _orders(self) -> Iterator[str]:
        """How dates are written, if only one order reads them all."""
        texts = [text for name in _DATES if name in self._fields for text in self._fields[name].values]
        texts = [text for text in texts if not is_not_stated(text)]
        if any(re.fullmatch(r"\d{5}(?:\.\d+)?", text) for text in texts):
            yield "#excel_dates: 1900   # some dates are numbers: 1900 (Windows) or 1904 (old Macs)"
        texts = [text for text in texts if not re.fullmatch(r"\d{5}(?:\.\d+)?", text)]
        orders = [order for order in ORDERS if texts and all(in_order(text, order) for text in texts)]
        if len(orders) == 1:
            yield f"dates: {orders[0]}"
        elif orders:
            yield f"#dates: {' or '.join(orders)}   # each reads all {len(texts)} days: type the right one"
        elif texts:
            yield f"#dates: DD/MM/YYYY   # no one order reads all of them, such as {in_quotes(texts[0])}"

    @property
    def _dated(self) -> bool:
        return "diagnosis_date" in self._fields

    def _unit(self) -> str:
        heading = key_of(self._fields["followup"].heading) if "followup" in self._fields else ""
        return next((unit for unit in _UNITS if unit[:-1] in heading), "")

    def _body(self) -> Iterator[str]:
        if "id" not in self._fields:
            yield from self._no_id()
        for name in _SINGLE:
            if name in self._fields:
                yield from self._column(name, name, 2)
        for group in _GROUPS:
            inside = [name for name in self._fields if name.startswith(f"{group}.")]
            yield from [f"  {group}:"] if inside else []
            for name in inside:
                yield from self._column(name, in_quotes(name.partition(".")[2]), 4)
        yield from self._times()
        if "outcome" in self._fields:
            yield from self._column("outcome", "outcome", 2)
        yield from self._courses()
        for column, name in self._others:
            why = f"looks like {name}, as another does" if name else "not recognised"
            yield f"# {why}: {in_quotes(column.heading)} ({_number(column)})"

    def _no_id(self) -> Iterator[str]:
        rows = max((sum(column.values.values()) + column.days for column in self._columns), default=0)
        once = [c.heading for c, _ in self._others if len(c.values) == sum(c.values.values()) == rows > 0]
        near = f"; all values differ in {', '.join(map(in_quotes, once))}" if once else ""
        yield f"#  id:   # the heading of the study numbers; needed{near}"

    def _times(self) -> Iterator[str]:
        for name in _DATES:
            if name in self._fields and self._dated:
                yield from self._column(name, name, 2)
            elif name in self._fields:
                yield f"#  {name}: {self._heading(name)}   # needs diagnosis_date, from which time is counted"
        if "followup" not in self._fields:
            return
        if self._dated:
            yield f"#  followup: {self._heading('followup')}   # either dates or the length of follow-up"
        elif self._unit():
            yield from self._column("followup", "followup", 2)
        else:
            hint = f"then also time_unit: {', '.join(_UNITS[:-1])} or {_UNITS[-1]}"
            yield f"#  followup: {self._heading('followup')}   # its unit is not said: {hint}"

    def _courses(self) -> Iterator[str]:
        numbers = sorted({int(name.split(".")[1]) for name in self._fields if name.startswith("courses.")})
        begun = False
        for number in numbers:
            fields = [each for each in _COURSE if f"courses.{number}.{each}" in self._fields]
            if "drug" not in fields:
                for each in fields:
                    yield f"#  {each}: {self._heading(f'courses.{number}.{each}')}   # of which drug? see courses"
                continue
            yield from [] if begun else ["  courses:"]
            begun = True
            for at, each in enumerate(fields):
                first, *rest = self._column(f"courses.{number}.{each}", each, 6)
                yield f"    - {first.lstrip()}" if at == 0 else first
                yield from rest

    def _heading(self, name: str) -> str:
        return in_quotes(self._fields[name].heading)

    def _column(self, name: str, key: str, indent: int) -> Iterator[str]:
        """A column with the codes that are certain, and those that are not, as comments."""
        self._written += 1
        gap, column, terms = " " * indent, self._fields[name], _LISTS.get(_last(name), "")
        codes, unknown = self._codes(terms, column)
        if not codes and not unknown:
            yield f"{gap}{key}: {in_quotes(column.heading)}"
            return
        yield f"{gap}{key}:"
        yield f"{gap}  column: {in_quotes(column.heading)}"
        yield f"{gap}  codes:" if codes else f"#{gap}  codes:   # what each means, or list it under missing"
        for text, term in codes.items():
            yield f"{gap}    {in_quotes(text)}: {in_quotes(term)}"
        accepted = ", ".join(self._vocabulary.terms(terms))
        for text, count in unknown[:MOST_SHOWN]:
            yield f"#{gap}    {in_quotes(text)}:   # {count} {'row' if count == 1 else 'rows'}; one of {accepted}"
        if len(unknown) > MOST_SHOWN or column.more:
            yield f"#{gap}    and {len(unknown) - MOST_SHOWN if len(unknown) > MOST_SHOWN else 'many'} more values"

    def _codes(self, terms: str, column: _Column) -> tuple[dict[str, str], list[tuple[str, int]]]:
        """Value -> term where the vocabulary lists it in letters; the other values, the most frequent first."""
        if not terms:
            self._note_missing(column.values)
            return {}, []
        known = {term.casefold() for term in self._vocabulary.lists[terms]}
        codes: dict[str, str] = {}
        unknown: list[tuple[str, int]] = []
        rest = [(text, count) for text, count in column.values.items() if text.casefold() not in known]
        for text, count in sorted(rest, key=lambda pair: (-pair[1], pair[0])):
            if self._note_missing([text]):
                continue
            term = self._vocabulary.belongs(terms, text) if any(map(str.isalpha, text)) else None
            if term is None:
                unknown.append((text, count))
            elif text.casefold() not in {other.casefold() for other in codes}:
                codes[text] = term
        return codes, unknown

    def _note_missing(self, texts: Iterable[str]) -> bool:
        """Whether any text says that nothing is known: it is then listed under missing."""
        found = [text for text in texts if _says_nothing(text)]
        self._missing |= dict.fromkeys(found)
        return bool(found)


def _says_nothing(text: str) -> bool:
    return is_not_stated(text) and (any(map(str.isalpha, text)) or "?" in text) and text.casefold() not in _MEANS_NO


def _last(name: str) -> str:
    """The part of a field that says what its values are: `ihc` of ihc.BRAF, `drug` of courses.1.drug."""
    return name.rpartition(".")[2] if name.startswith("courses.") else name.partition(".")[0]


def _number(column: _Column) -> str:
    if column.days and not column.values:
        return "dates"
    number = len(column.values)
    return f"{number}{' or more' if column.more else ''} different value{'' if number == 1 else 's'}"
