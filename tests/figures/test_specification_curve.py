"""The specification curve by what is drawn. Every number is made up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from drawn import EXTREME_LABELS, assert_tidy, marks, written
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metaimt.figures.specification_curve import SpecificationPoint, SpecificationTable, draw_specification

CHOICES = {"made up one": ("yes", "no"), "made up two": ("a", "b", "c")}


def point(number: int, **changes: Any) -> SpecificationPoint:
    settings = {"made up one": ("yes", "no")[number % 2], "made up two": ("a", "b", "c")[number % 3]}
    middle = 0.4 + 0.3 * number / 400
    return replace(SpecificationPoint(middle, middle - 0.2, middle + 0.2, settings, number == 0), **changes)


def table(count: int, **changes: Any) -> SpecificationTable:
    points = tuple(point(number) for number in range(count))
    made_up = SpecificationTable("Made up", points, CHOICES, thresholds=(0.5, 0.7))
    return replace(made_up, **changes)


def curve(drawn: SpecificationTable) -> Figure:
    figure, _ = draw_specification(drawn)
    return figure


@pytest.mark.parametrize("count", [1, 2, 60, pytest.param(400, marks=pytest.mark.slow)])
def test_any_number_of_combinations_is_tidy(count: int) -> None:
    figure = curve(table(count))
    assert_tidy(figure)
    assert len([name for name in marks(figure) if name.endswith("estimate")]) == count


@pytest.mark.parametrize("label", EXTREME_LABELS)
def test_any_label_is_tidy_in_every_place(label: str) -> None:
    points = (point(1, settings={label: label}), point(2, settings={label: "made up"}))
    around: dict[str, Any] = {"title": label, "subtitle": label, "footnotes": (label,)}
    assert_tidy(curve(table(1, points=points, choices={label: (label, "made up")}, **around)))


def test_points_stand_from_left_to_right_and_higher_for_more() -> None:
    found = marks(curve(table(30)))
    boxes = [found[f"point-{number}-estimate"].get_window_extent() for number in range(30)]
    for left, right in pairwise(boxes):
        assert left.x0 < right.x0 and (left.y0 + left.y1) / 2 < (right.y0 + right.y1) / 2


def test_intervals_hold_their_estimates() -> None:
    figure = curve(table(5))
    found = marks(figure)
    for number in range(5):
        line, mark = found[f"point-{number}-interval"], found[f"point-{number}-estimate"].get_window_extent()
        assert isinstance(line, Line2D)
        box = line.get_window_extent()
        assert box.y0 < (mark.y0 + mark.y1) / 2 < box.y1


def test_the_axis_names_the_tenths_around_the_intervals() -> None:
    said = written(curve(table(3, points=(point(1), point(2, lower=0.25, upper=0.55)))))
    assert [text for text in said if text.endswith(" %") and text[0].isdigit()] == [
        *("20 %", "30 %", "40 %", "50 %", "60 %", "70 %")
    ]


def test_the_headline_is_told_apart() -> None:
    figure = curve(table(4))
    found = marks(figure)
    assert type(found["point-0-estimate"]) is not type(found["point-1-estimate"])
    assert "The protocol's own" in written(figure)
    nothing_own = tuple(point(number) for number in (1, 2))
    assert "The protocol's own" not in written(curve(table(2, points=nothing_own)))
