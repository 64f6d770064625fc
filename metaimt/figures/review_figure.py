"""What every figure of the review is: a drawing with its name, title, caption and alternative text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metaimt.figures.counted import Counted
from metaimt.figures.regions import Region

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results


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
    """A figure that was drawn, with the drawing."""

    figure: Figure

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
