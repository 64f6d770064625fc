"""The lanes that a swimmer plot is drawn from; the caller may edit them. Needs no matplotlib."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

End = Literal["ongoing", "progression", "death", "stopped", "not stated"]
ENDS: Final = ("ongoing", "progression", "death", "stopped", "not stated")


@dataclass(frozen=True)
class Segment:
    """One drug of one lane. low, high: months on it, equal where exact; both None where not known.

    Raises ValueError, naming the drug, unless 0 <= low <= high, or both are None, and for an unknown end.
    """

    drug: str
    low: float | None = None
    high: float | None = None
    response: str = ""
    end: End = "not stated"

    def __post_init__(self) -> None:
        if self.end not in ENDS:
            raise ValueError(f"{self.drug!r}: the end is one of {', '.join(ENDS)}, not {self.end!r}")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self.drug!r}: give both ends of the months, or neither")
        if self.low is not None and self.high is not None and not 0 <= self.low <= self.high < math.inf:
            raise ValueError(f"{self.drug!r}: months from {self.low} to {self.high}")


@dataclass(frozen=True)
class Lane:
    """One patient: the label, texts under `SwimmerTable.column_headings`, the drugs in order, and a text at the end."""

    label: str
    segments: tuple[Segment, ...]
    columns: tuple[str, ...] = ()
    ended: str = ""


@dataclass(frozen=True)
class SwimmerTable:
    """All that a swimmer plot shows. `drugs`: in the order of their colours; any other drug follows them.

    Raises ValueError for a lane of more columns than headings.
    """

    title: str
    label_heading: str
    column_headings: tuple[str, ...]
    ended_heading: str
    lanes: tuple[Lane, ...]
    axis_label: str
    subtitle: str = ""
    footnotes: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for lane in self.lanes:
            if len(lane.columns) > len(self.column_headings):
                wanted = len(self.column_headings)
                raise ValueError(f"lane {lane.label!r}: {len(lane.columns)} columns, {wanted} headings")

    @property
    def all_drugs(self) -> tuple[str, ...]:
        """Every drug once: those named in `drugs`, then the others as they come."""
        found = [segment.drug for lane in self.lanes for segment in lane.segments]
        return tuple(drug for drug in dict.fromkeys((*self.drugs, *found)) if drug in set(found))
