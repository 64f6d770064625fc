"""Counts in the caption of a figure, with whom they count. Needs no matplotlib.

A function that writes a caption puts each count through a `Counting`, which leaves the words as they are and remembers
whose they are; a page makes buttons of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from metaimt.model.count import Behind, Count
from metaimt.model.unit import Unit


@dataclass(frozen=True, slots=True)
class Counted:
    """A count as it stands in the caption, and whom it counts."""

    text: str
    behind: Behind


class Counting:
    """Remembers counts in the order in which they are written, which must be that of the caption."""

    def __init__(self) -> None:
        self._found: list[Counted] = []

    def link(self, text: str, behind: Behind) -> str:
        """`text`, which counts these: a `Link` for functions that write sentences. Nobody is not remembered."""
        if not isinstance(behind, Count) or behind.parts:
            self._found.append(Counted(text, behind))
        return text

    def units(self, text: str, title: str, units: Iterable[Unit]) -> str:
        """`text`, which counts these units."""
        return self.link(text, Count.of(title, units))

    @property
    def found(self) -> tuple[Counted, ...]:
        """All so far."""
        return tuple(self._found)


def parts_of(caption: str, counted: Iterable[Counted]) -> list[str | Counted]:
    """The caption as words and counts in turn. A count is never part of a longer number.

    Raises ValueError for a count that does not stand after the one before it.
    """
    parts: list[str | Counted] = []
    start = 0
    for each in counted:
        at = _find(caption, each.text, start)
        parts += [caption[start:at], each]
        start = at + len(each.text)
    return [*parts, caption[start:]]


def _find(caption: str, text: str, start: int) -> int:
    found = re.compile(rf"(?<![\d/.]){re.escape(text)}(?![\d/]|\.\d)").search(caption, start)
    if found is None:
        raise ValueError(f"the caption does not say {text!r} after {caption[:start]!r}")
    return found.start()
