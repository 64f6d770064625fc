"""What a cell of a patient table says, or why it says nothing: terms, numbers, dates.

Nothing is guessed: 03/04/2020 is a date only by the order that the mapping declares, and a number is one only if the
mapping says which date system it counts in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from metaimt.casefiles.cohort_mapping import CohortMapping
from metaimt.casefiles.hints import number as number_meant
from metaimt.casefiles.tables import Cell, WrongCell, text_of
from metaimt.vocabulary import Vocabulary

_NUMBER = re.compile(r"-?(?:\d{1,12}(?:\.\d{1,15})?|\.\d{1,15})(?:[eE][-+]?\d{1,2})?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_MIDNIGHT = re.compile(r"[ T]00:00(?::00(?:\.0+)?)?$")
_FIRST_DAY = {1900: date(1899, 12, 30), 1904: date(1904, 1, 1)}
_FIRST_SERIAL = {1900: 61, 1904: 0}  # Excel counts a 29 February 1900 that never was
ORDERS = ("DD/MM/YYYY", "MM/DD/YYYY", "YYYY-MM-DD", "DD.MM.YYYY", "YYYY/MM/DD", "DD-MM-YYYY", "YYYYMMDD")


def shown(text: str) -> str:
    """A value as a message shows it: short, in quotes."""
    return f"'{text if len(text) <= 40 else text[:37] + '...'}'"


class Reader:
    """Reads cells by the declarations of a mapping. Its functions return None for what is missing."""

    def __init__(self, mapping: CohortMapping, vocabulary: Vocabulary) -> None:
        self._missing = {"", *(word.casefold() for word in mapping.missing)}
        self._vocabulary, self._comma, self._order = vocabulary, mapping.decimal_comma, mapping.dates
        self._epoch = mapping.excel_dates
        self._known: dict[tuple[str, str], str] = {}

    def text(self, cell: Cell) -> str | None:
        """The text of a cell."""
        text = text_of(cell)
        return None if text.casefold() in self._missing else text

    def term(self, field: str, terms: str, codes: Mapping[str, str], cell: Cell) -> str | None:
        """A term of one list of the vocabulary, written as such or by one of the mapping's codes, in any case."""
        text = self.text(cell)
        if text is None:
            return None
        if (found := self._known.get((field, text))) is None:
            found = _meant(text, codes) or _meant(text, {term: term for term in self._vocabulary.lists[terms]})
            if found is None:
                raise self._unknown(terms, text)
            self._known[field, text] = found
        return found

    def _unknown(self, terms: str, text: str) -> WrongCell:
        accepted, nearest = self._vocabulary.terms(terms), self._vocabulary.nearest(terms, text)
        hint = f'if {nearest} is meant, add to its codes in the mapping: "{text}": {nearest}'
        if nearest is None or len(text) > 40:
            hint = "say in its codes in the mapping what it means, or list it under missing"
        return WrongCell(f"{shown(text)} is not one of {', '.join(accepted)}", hint)

    def free(self, field: str, terms: str | None, codes: Mapping[str, str], cell: Cell) -> str | None:
        """The text of a cell, or what its code or a term in another case stands for: the case-file fields check it."""
        text = self.text(cell)
        if text is None:
            return None
        if (found := self._known.get((field, text))) is None:
            listed = {term: term for term in self._vocabulary.lists[terms]} if terms else {}
            found = self._known[field, text] = _meant(text, codes) or _meant(text, listed) or text
        return found

    def number(self, cell: Cell) -> float | None:
        """A finite number."""
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            if not math.isfinite(cell):
                raise WrongCell(f"{cell} is not a number", kind="no number")
            return float(cell)
        if isinstance(cell, date):
            raise WrongCell(f"{cell} is a date; expected a number", "format the column as a number", "a date")
        text = self.text(cell)
        if text is None:
            return None
        plain = text.replace(",", ".", 1) if self._comma else text
        if not _NUMBER.fullmatch(plain):
            raise self._no_number(text)
        return float(plain)

    def _no_number(self, text: str) -> WrongCell:
        if re.fullmatch(r"-?\d+,\d+", text):
            hint = "add decimal_comma: true to the mapping, or use a point"
            return WrongCell(f"{shown(text)} is not a number", hint, "a decimal comma")
        meant = number_meant(text)
        hint = meant.hint if meant else "leave it empty if it is not known, or list it under missing"
        return WrongCell(f"{shown(text)} is not a number", hint, "no number")

    def day(self, cell: Cell) -> date | None:
        """A day, in the order that the mapping declares."""
        if isinstance(cell, date):
            return cell
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            return self._serial(float(cell))
        text = self.text(cell)
        if text is None:
            return None
        plain = _MIDNIGHT.sub("", text)
        if self._order is not None and (found := in_order(plain, self._order)) is not None:
            return found
        if _SERIAL.fullmatch(plain):
            return self._serial(float(plain))
        raise self._no_date(plain)

    def _serial(self, value: float) -> date:
        if self._epoch is None:
            by = " or ".join(f"{_day(value, year)} ({year})" for year in _FIRST_DAY if _day(value, year))
            if not by:
                raise WrongCell(f"{value:g} is not a date", kind="no serial date")
            hint = f"if Excel wrote it, it is {by}: add excel_dates: 1900 or 1904 to the mapping"
            raise WrongCell(f"{value:g} is a number, not a date", hint, "a serial date")
        found = _day(value, self._epoch)
        if found is None:
            message = f"{value:g} is no date in Excel's {self._epoch} system"
            raise WrongCell(message, "check the column", "no serial date")
        return found

    def _no_date(self, text: str) -> WrongCell:
        others = [order for order in ORDERS if order != self._order and in_order(text, order)]
        if self._order is None:
            message = f"{shown(text)}: the mapping does not say how dates are written"
            return WrongCell(message, "add dates: DD/MM/YYYY", "no order")
        hint = f"it is one as {' or '.join(others)}; check it, or dates in the mapping" if others else "check the day"
        return WrongCell(f"{shown(text)} is not a date as {self._order}", hint, f"no date, {hint}")


def _meant(text: str, words: Mapping[str, str]) -> str | None:
    """What a word stands for: as it is written, else in any case, if no two words differ by that alone."""
    if text in words:
        return words[text]
    alike = {meaning for word, meaning in words.items() if word.casefold() == text.casefold()}
    return alike.pop() if len(alike) == 1 else None


def in_order(text: str, order: str) -> date | None:
    """The day that a text names in an order such as DD/MM/YYYY, or None."""
    match = _pattern(order).fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match["YYYY"]), int(match["MM"]), int(match["DD"]))
    except ValueError:
        return None


@lru_cache(maxsize=16)
def _pattern(order: str) -> re.Pattern[str]:
    short = "{1,2}" if re.search(r"[^A-Z]", order) else "{2}"
    parts = re.sub(r"[-/. ]", lambda sign: re.escape(sign[0]), order)
    parts = parts.replace("YYYY", r"(?P<YYYY>\d{4})").replace("MM", rf"(?P<MM>\d{short})")
    return re.compile(parts.replace("DD", rf"(?P<DD>\d{short})"))


def _day(serial: float, year: int) -> date | None:
    if not _FIRST_SERIAL[year] <= serial < 110_000:
        return None
    return _FIRST_DAY[year] + timedelta(days=int(serial))
