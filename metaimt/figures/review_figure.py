"""What every figure of the review is: a drawing with its name, title, caption and alternative text.

May import: its neighbours; needs no matplotlib.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metaimt.figures.counted import Counted
from metaimt.figures.regions import Region

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results


@dataclass(frozen=True)
class ReviewFigure:
    """A figure that was drawn.

    name: of the file, without ending. caption: what is shown and how to read it, with numbers. alt: what it says, for
    who cannot see it. Both are plain text: whoever prints them escapes them. counted: the counts of the caption that
    have cases, in its order. regions: parts of the picture that have cases; no two overlap.
    """

    name: str
    title: str
    caption: str
    alt: str
    figure: Figure
    counted: tuple[Counted, ...] = ()
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True)
class NotDrawn:
    """A figure that the evidence does not allow, and why: `fewer than 10 known times`."""

    name: str
    title: str
    reason: str

    def wording(self) -> str:
        """A phrase for reports and terminals."""
        return f"{self.title}: not drawn, {self.reason}"


Drawn = ReviewFigure | NotDrawn
Pools = tuple[str, ...]
Draw = Callable[["Results", Pools], Drawn]
"""Draws one figure from results, of these pools by name (never empty; a figure of one pool takes the last,
the widest)."""
