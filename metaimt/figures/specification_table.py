"""What a specification curve is drawn from; the caller may edit it. Needs no matplotlib."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class SpecificationPoint:
    """One combination of choices, as proportions; `settings` is choice -> option.

    Raises ValueError unless lower <= estimate <= upper.
    """

    estimate: float
    lower: float
    upper: float
    settings: Mapping[str, str]
    headline: bool = False

    def __post_init__(self) -> None:
        values = (self.lower, self.estimate, self.upper)
        if not all(map(math.isfinite, values)) or not self.lower <= self.estimate <= self.upper:
            raise ValueError(f"specification {dict(self.settings)}: lower <= estimate <= upper fails for {values}")


@dataclass(frozen=True)
class SpecificationTable:
    """All that a specification curve shows: the points from left to right, and the options of each choice beneath.

    Raises ValueError for a point with an option that is not listed, and for no point.
    """

    title: str
    points: tuple[SpecificationPoint, ...]
    choices: Mapping[str, tuple[str, ...]]
    axis_label: str
    axis: tuple[float, float]
    subtitle: str = ""
    thresholds: tuple[float, ...] = ()
    footnotes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.points:
            raise ValueError("a specification curve needs a point")
        for point in self.points:
            for choice, option in point.settings.items():
                if option not in self.choices.get(choice, ()):
                    raise ValueError(f"the choice {choice!r} has no option {option!r}")
