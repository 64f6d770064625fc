"""Columns of text for a forest plot, from what the case files say of the units in a row. Needs no matplotlib."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from metaimt.model.fields import BY_NAME, COLUMNS
from metaimt.model.unit import Unit
from metaimt.problem import check_name

NOT_STATED: Final = "–"
USUAL: Final = ("drug",)


def column_headings(names: Iterable[str]) -> tuple[str, ...]:
    """The headings of columns. Raises WrongUse with the nearest name and all of them if there is none of a name."""
    wanted = tuple(names)
    for name in wanted:
        check_name("--columns", name, COLUMNS)
    return tuple(BY_NAME[name].heading for name in wanted)


def column_texts(names: Iterable[str], units: Iterable[Unit]) -> tuple[str, ...]:
    """What the units say in each column, every wording once, in their order; a dash where none says anything."""
    inside = tuple(units)
    shown = (BY_NAME[name].shown or BY_NAME[name].words for name in names)
    return tuple(", ".join(dict.fromkeys(filter(None, map(words, inside)))) or NOT_STATED for words in shown)
