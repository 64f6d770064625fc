"""What every figure of the review is: a drawing with its name, title, caption and alternative text.

Needs no matplotlib. Counts in the caption of a figure, with whom they count; which part of a picture is whose, so that
a page can let a click on it lead to the patients.

A function that writes a caption puts each count through a `Counting`, which leaves the words as they are and remembers
whose they are; a page makes buttons of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metaimt.model.count import Behind, Count
from metaimt.model.unit import Unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle as fractions of the picture, from its top left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Region:
    """A place, what stands there in words, and whom it counts."""

    label: str
    behind: Behind
    place: Place


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


@dataclass(frozen=True)
class FigureText:
    """What a figure that was drawn says in words: all that a report needs beside its file.

    name: of the file, without ending. caption: what is shown and how to read it, with numbers. alt: what it says, for
    who cannot see it. Both are plain text: whoever prints them escapes them. counted: the counts of the caption that
    have cases, in its order. regions: parts of the picture that have cases; no two overlap.
    """

    name: str
    title: str
    caption: str
    alt: str
    counted: tuple[Counted, ...] = field(default=(), kw_only=True)
    regions: tuple[Region, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True)
class ReviewFigure(FigureText):
    """A figure that was drawn, with the drawing; `further`: its other pages, where it has more than one."""

    figure: Figure
    further: tuple[Figure, ...] = ()

    @property
    def pages(self) -> tuple[Figure, ...]:
        """Every page."""
        return (self.figure, *self.further)

    def text(self) -> FigureText:
        """Without the drawing, which is large."""
        words = (self.name, self.title, self.caption, self.alt)
        return FigureText(*words, counted=self.counted, regions=self.regions)


@dataclass(frozen=True)
class NotDrawn:
    """A figure that the evidence does not allow, and why: `fewer than 10 known times`."""

    name: str
    title: str
    reason: str

    def wording(self) -> str:
        """A phrase for reports and terminals."""
        return f"{self.title}: not drawn, {self.reason}"


Drawn = FigureText | NotDrawn
"""What reports take: a drawing will do, but they need its words only."""
Drawing = ReviewFigure | NotDrawn
Pools = tuple[str, ...]
Draw = Callable[["Results", Pools], Drawing]
"""Draws one figure from results, of these pools by name (never empty; a figure of one pool takes the last,
the widest)."""
