"""Columns of text for a forest plot, from what the case files say of the units in a row. Needs no matplotlib.

May import: evidence and below.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Final

from metaimt.model.unit import Median, Span, Unit
from metaimt.problem import WrongUse

NOT_STATED: Final = "–"


def _months(span: Span | None, median: Median | None = None, *, ongoing: bool | None = None) -> str:
    if span is None:
        return "" if median is None else f"median {median.value:g}"
    low, high = span
    return f"{low:g}{f'–{high:g}' if low < high else ''}{'+' if ongoing else ''}"


def _drug(unit: Unit) -> str:
    return f"{unit.drug if unit.drug_named else 'not named'}{' +' if unit.combined_with else ''}"


def _words(value: str | None) -> str:
    return "" if value is None else value.replace("_", " ")


_COLUMNS: Final[dict[str, tuple[str, Callable[[Unit], str]]]] = {
    "drug": ("Drug", _drug),
    "combined_with": ("With", lambda unit: ", ".join(unit.combined_with)),
    "response": ("Response", lambda unit: unit.response or ""),
    "response_basis": ("Basis", lambda unit: _words(unit.response_basis)),
    "duration": ("Months on drug", lambda unit: _months(unit.duration, unit.median_duration, ongoing=unit.ongoing)),
    "pfs": ("PFS, months", lambda unit: _months(unit.pfs, unit.median_pfs)),
    "response_duration": ("Response, months", lambda unit: _months(unit.response_duration)),
    "stop_reason": ("Ended by", lambda unit: "ongoing" if unit.ongoing else _words(unit.stop_reason)),
    "line": ("Line", lambda unit: unit.line),
    "site": ("Site", lambda unit: _words(unit.site)),
    "histology": ("Histology", lambda unit: unit.histology or ""),
    "fusion_gene": ("Kinase", lambda unit: unit.fusion_gene or ""),
    "fusion_partner": ("Partner", lambda unit: unit.fusion_partner or ""),
    "age": ("Age", lambda unit: "" if unit.age is None else f"{unit.age:g}"),
    "age_group": ("Age group", lambda unit: unit.age_group or ""),
    "sex": ("Sex", lambda unit: unit.sex or ""),
    "year": ("Year", lambda unit: "" if unit.year is None else str(unit.year)),
    "design": ("Design", lambda unit: _words(unit.design)),
    "depth": ("Read as", lambda unit: _words(unit.depth)),
    "report": ("Id", lambda unit: unit.report),
}
COLUMNS: Final = tuple(_COLUMNS)
USUAL: Final = ("drug",)


def column_headings(names: Iterable[str]) -> tuple[str, ...]:
    """The headings of columns. Raises WrongUse with the nearest name and all of them if there is none of a name."""
    for name in names:
        if name not in _COLUMNS:
            close = difflib.get_close_matches(name, COLUMNS, n=1, cutoff=0.5)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise WrongUse(f"--columns '{name}' is not one of {', '.join(COLUMNS)}{meant}")
    return tuple(_COLUMNS[name][0] for name in names)


def column_texts(names: Iterable[str], units: Iterable[Unit]) -> tuple[str, ...]:
    """What the units say in each column, every wording once, in their order; a dash where none says anything."""
    inside = tuple(units)
    return tuple(", ".join(dict.fromkeys(filter(None, map(_COLUMNS[name][1], inside)))) or NOT_STATED for name in names)
