"""Results as data: what a class publishes, and what cannot be data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

import numpy as np
import pytest

from metaimt.serialise import entries_of, optional, published, spread, to_json
from metaimt.statistics.outcome import NotIdentified, NotRun


class Sex(StrEnum):
    """A word."""

    female = "F"


class Arm(Enum):
    """A number."""

    first = 1


@dataclass(frozen=True, slots=True)
class Counts:
    """As it is."""

    r: int
    n: int


@published(
    "name",
    spread("counts"),
    optional("note"),
    ("share", lambda each: each.share()),
    rate="share",
    of="counts.n",
    none=NotIdentified("nobody"),
)
@dataclass(frozen=True, slots=True)
class Row:
    """One that chooses."""

    name: str
    counts: Counts
    limit: float
    note: str = ""

    def share(self) -> float | None:
        """r/n; None of nobody."""
        return self.counts.r / self.counts.n if self.counts.n else None


NOBODY = {"not_identified": "nobody"}
HALF = {"name": "x", "r": 1, "n": 2, "share": 0.5, "rate": 0.5, "of": 2}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Counts(1, 2), {"r": 1, "n": 2}),
        (Row("x", Counts(1, 2), 0.1), HALF),
        (Row("x", Counts(1, 2), 0.1, "told"), {**HALF, "note": "told"}),
        (Row("x", Counts(0, 0), 0.1), {"name": "x", "r": 0, "n": 0, "of": 0, "share": NOBODY, "rate": NOBODY}),
        (NotRun("3 known times, 10 are needed"), {"not_run": "3 known times, 10 are needed"}),
        ((Counts(1, 2), [None, True]), [{"r": 1, "n": 2}, [None, True]]),
        ({0.5: 1, 2: 2, Sex.female: 3}, {"0.5": 1, "2": 2, "F": 3}),
        ([Sex.female, Arm.first], ["F", 1]),
        ([np.float64(0.5), np.int64(3), np.bool_(True), np.array([1, 2])], [0.5, 3, True, [1, 2]]),
    ],
)
def test_what_is_published(value: Any, expected: Any) -> None:
    found = to_json(value)
    assert found == expected
    assert json.loads(json.dumps(found)) == expected


def test_a_number_without_end_is_no_number() -> None:
    row = Row("x", Counts(1, 2), 0.1)
    assert to_json(row, {Row: (("limit", lambda _: float("inf")),)}) == {"limit": NOBODY}


@pytest.mark.parametrize("value", [{1, 2}, object(), {("a", "b"): 1}, b"x"])
def test_what_is_no_data_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="JSON"):
        to_json([value])


def test_another_choice_holds_at_any_depth() -> None:
    rows: Mapping[str, tuple[Row, ...]] = {"all": (Row("x", Counts(1, 2), 0.1),)}
    assert to_json(rows, {Counts: ("r",)}) == {"all": [{k: v for k, v in HALF.items() if k != "n"}]}
    chosen = entries_of(Row, "rate", "share")
    assert to_json(rows, {Row: chosen}) == {"all": [{k: v for k, v in HALF.items() if k not in {"rate", "share"}}]}


def test_zero_is_not_empty() -> None:
    assert to_json(Counts(0, 0), {Counts: (optional("r"), optional("n"))}) == {"r": 0, "n": 0}
