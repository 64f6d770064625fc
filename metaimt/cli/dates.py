"""Dates as people type them: their form is checked, and a day that is still to come is told.

The day of the machine decides a note on the error stream, never what is written or found: the same files have the same
problems and outputs on every day. Tomorrow is none: where the clock of a person is ahead, it is today.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from metaimt.files import for_terminal
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.casefiles.strict_yaml import Document, Path

_FIELDS: Final = {"date", "looked_up"}
"""The fields of all files that hold a day on which something was done."""
_DAY: Final = re.compile(r"\d{4}-\d\d(-\d\d)?")


def checked_date(text: str, instead: str) -> str:
    """The value of --date as it is written in files; a note if it is still to come, which says to type `instead`.

    Raises WrongUse for what is no date.
    """
    from pydantic import TypeAdapter, ValidationError

    from metaimt.casefiles.fields import Date

    try:
        checked: str = TypeAdapter(Date).validate_python(text)
    except ValidationError as error:
        context = error.errors()[0]["ctx"]
        raise WrongUse(f"--date: {context['message']}; {context['hint']}") from error
    tell([f"--date: {checked} {_to_come()}; write {instead}"] if is_to_come(checked) else [])
    return checked


def is_to_come(day: str) -> bool:
    """Whether a day or month, as YYYY-MM-DD or YYYY-MM, is after tomorrow."""
    return day > (date.today() + timedelta(days=1)).isoformat()[: len(day)]


def days_to_come(document: Document) -> Iterator[str]:
    """Each day in a file on which something was done that is still to come, with file, line and what to type."""
    for path, value in _days(document.data, ()):
        if is_to_come(value):
            place = document.position(path)
            said = f"{document.name}:{place.line}:{place.column}: {path[-1]}: {value} {_to_come()}"
            yield f"{said}; write the day on which it was done"


def tell(notes: Iterable[str]) -> None:
    """Print notes on the error stream."""
    for note in notes:
        print(f"note: {for_terminal(note)}", file=sys.stderr)


def _to_come() -> str:
    return f"is still to come: today is {date.today().isoformat()}"


def _days(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, dict | list):
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            if step in _FIELDS and isinstance(value, str) and _DAY.fullmatch(value):
                yield (*path, step), value
            yield from _days(value, (*path, step))
