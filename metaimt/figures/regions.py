"""Which part of a picture is whose, so that a page can let a click on it lead to the patients. Needs no matplotlib."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from metaimt.model.count import Behind


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


def rows_of(
    spans: Iterable[tuple[float, float]], ends: tuple[float, float], size: tuple[float, float]
) -> tuple[Place, ...]:
    """Rows of a figure of `size` (width, height) inches, each (top, height), all from ends[0] to ends[1]."""
    (left, right), (width, height) = ends, size
    return tuple(Place(left / width, top / height, (right - left) / width, high / height) for top, high in spans)


def columns_of(
    spans: Iterable[tuple[float, float]], ends: tuple[float, float], size: tuple[float, float]
) -> tuple[Place, ...]:
    """Columns of a figure of `size` (width, height) inches, each (left, width), all from ends[0] down to ends[1]."""
    (top, bottom), (width, height) = ends, size
    return tuple(Place(left / width, top / height, wide / width, (bottom - top) / height) for left, wide in spans)
