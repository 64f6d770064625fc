"""Which part of a picture is whose, so that a page can let a click on it lead to the patients.

May import: nothing of the package; needs no matplotlib.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle as fractions of the picture, from its top left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Region:
    """A place, what stands there in words, and the key of the cases behind it: `patient/<report>/<patient>`,
    `specification/<number>`, `pool/<pool>`. Whoever shows cases refuses a key that it does not know.
    """

    label: str
    key: str
    place: Place


def patient_key(subject: str) -> str:
    """Of all courses of one patient, `report/patient`."""
    return f"patient/{subject}"


def specification_key(number: int) -> str:
    """Of one combination of choices, by its place in the order of the estimate, from 0."""
    return f"specification/{number}"


def cell_key(pool: str, row: str = "", column: str = "") -> str:
    """Of a cell of the evidence map, or of the total of a row or a column; no two names can give the same."""
    return "/".join(["map", pool, *(name.replace("%", "%25").replace("/", "%2F") for name in (row, column))])


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
