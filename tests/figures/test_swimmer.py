"""The swimmer plot by what is drawn: lengths, order, unknown lengths, ends. Every patient is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from drawn import EXTREME_LABELS, assert_tidy, marks, written
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from metaimt.content.forest_row import ForestRow
from metaimt.figures.forest import ForestTable
from metaimt.figures.swimmer import Segment, SwimmerTable, draw_lanes

DRUGS = ("a drug", "b drug", "c drug")


Lane = tuple[ForestRow, tuple[Segment, ...]]


def patient(label: str, *segments: Segment) -> Lane:
    return ForestRow("plain", label), segments


def lane(number: int, **changes: Any) -> Lane:
    """A made-up patient with one to three drugs, some of unknown length."""
    ends: Sequence[Any] = ("progression", "ongoing", "death", "stopped", "not stated")
    months = [None if (number + place) % 4 == 3 else number % 30 + 1.0 for place in range(3)]
    segments = tuple(
        Segment(
            DRUGS[place % 3],
            low,
            None if low is None else low + place,
            response=("CR", "PR", "SD", "PD", "NE", "")[(number + place) % 6],
            end=ends[(number + place) % 5],
        )
        for place, low in enumerate(months[: number % 3 + 1])
    )
    row = ForestRow("plain", f"Made up {number}", ("a drug → b drug", "PR"), interval_text="progression")
    return replace(row, **changes), segments


def table(lanes: Sequence[Lane], **changes: Any) -> SwimmerTable:
    rows = tuple(row for row, _ in lanes)
    texts = ForestTable(
        "Made up courses", "Patient", ("Inhibitors", "Response"), rows, "Ended by", "Months on inhibitors"
    )
    return SwimmerTable(replace(texts, **changes), tuple(segments for _, segments in lanes))


def swimmer(drawn: SwimmerTable) -> Figure:
    figure, _ = draw_lanes(drawn)
    return figure


def bar(found: dict[str, Any], name: str) -> Rectangle:
    mark = found[name]
    assert isinstance(mark, Rectangle)
    return mark


@pytest.mark.parametrize("count", [0, 1, 2, 60, pytest.param(400, marks=pytest.mark.slow)])
def test_any_number_of_lanes_is_tidy(count: int) -> None:
    figure = swimmer(table([lane(number) for number in range(count)]))
    assert_tidy(figure)


@pytest.mark.parametrize("label", EXTREME_LABELS)
def test_any_label_is_tidy_in_every_place(label: str) -> None:
    row, _ = lane(4, label=label, columns=(label, label), interval_text=label)
    strange = row, (Segment(label, 3, 9),)
    around = {"title": label, "subtitle": label, "axis_label": label, "interval_heading": label, "footnotes": (label,)}
    assert_tidy(swimmer(table([strange, lane(5)], label_heading=label, **around)))


def test_bars_are_as_long_as_the_months_and_stand_end_to_end() -> None:
    found = marks(swimmer(table([patient("Made up", Segment("a", 4, 4), Segment("b", 2, 5), Segment("c", 1, 1))])))
    first, second, third = (bar(found, f"row-0-bar-{place}") for place in range(3))
    assert (first.get_x(), first.get_width()) == (0, 4)
    assert (second.get_x(), second.get_width()) == (4, 2)  # to the shortest; a paler bar goes on to the longest
    assert (third.get_x(), third.get_width()) == (9, 1)


def test_an_unknown_length_is_a_box_of_its_own_width_with_a_question_mark() -> None:
    lanes = [patient("One", Segment("a")), patient("Two", Segment("a"), Segment("b", 6, 6))]
    figure = swimmer(table(lanes))
    found = marks(figure)
    widths = {bar(found, f"row-{number}-unknown-0").get_width() for number in (0, 1)}
    assert len(widths) == 1 and "row-0-bar-0" not in found
    assert written(figure).count("?") == 2 + 1  # and one in the legend
    assert "Length not known" in written(figure)


def test_the_same_drug_has_the_same_look_and_others_have_others() -> None:
    lanes = [patient("One", Segment("a", 3, 3), Segment("b", 3, 3)), patient("Two", Segment("a", 3, 3))]
    found = marks(swimmer(table(lanes)))
    looks = [
        (bar(found, name).get_facecolor(), bar(found, name).get_hatch())
        for name in ("row-0-bar-0", "row-0-bar-1", "row-1-bar-0")
    ]
    assert looks[0] == looks[2] != looks[1]
    assert looks[0][1] != looks[1][1]  # the hatch, for grey


def test_the_legend_explains_only_what_is_there() -> None:
    said = written(swimmer(table([patient("One", Segment("a", 3, 3, "PR", "ongoing"))])))
    assert "Partial response (PR)" in said and "Ongoing" in said
    absent = ("Complete", "Stable", "Progressive", "Not evaluable", "Ended by p", "Ended by d", "Length", "Range")
    assert not any(text.startswith(absent) for text in said)
