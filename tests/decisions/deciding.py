"""What the tables of decisions ask: a made-up review, read and selected, without any analysis."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from metaimt.casefiles.library import Library, read_library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Placed, Selection, select
from metaimt.model.unit import Unit

HEADLINE, WIDEST = "strict", "all_evidence"


def read(folder: Path) -> tuple[Library, Protocol]:
    """The library and its protocol; a made-up review whose form is wrong is a mistake of the test."""
    library = read_library(folder)
    assert not library.problems
    assert library.protocol is not None
    return library, library.protocol


def selected(folder: Path) -> Selection:
    """The review, selected by its protocol."""
    return select(*read(folder))


def placed(folder: Path, unit: str = "example-1/P1") -> Placed:
    """One course or arm, placed."""
    return next(each for each in selected(folder).placed if each.unit.id == unit)


def counts(members: Iterable[Placed]) -> tuple[int, int]:
    """Responders and evaluable patients of some units."""
    units = [member.unit for member in members]
    return sum(unit.responders for unit in units), sum(unit.evaluable for unit in units)


def outcome(unit: Unit) -> tuple[int, int, int | None, int | None]:
    """Responders, evaluable, complete responses, disease control."""
    return unit.responders, unit.evaluable, unit.complete, unit.controlled
