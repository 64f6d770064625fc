"""The forest plot is tested by what is drawn: places, sizes, colours, and texts that never touch.

Every name and number here is made up.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from drawn import EXTREME_LABELS, assert_tidy, marks, texts, written
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Polygon, Rectangle

from metaimt.content.forest_row import ForestRow
from metaimt.figures.forest import ForestTable, draw_forest
from metaimt.figures.save import Kind, figure_bytes


def report(number: int, **changes: Any) -> ForestRow:
    """A made-up report; every third one is a single case."""
    size = 1 if number % 3 == 0 else number % 17 + 2
    share = 1.0 if size == 1 else 0.3 + number % 5 / 10
    row = ForestRow(
        "report",
        f"Made up {number}",
        ("crizotinib", f"{round(size * share)}/{size}"),
        share,
        share * 0.4,
        share + (1 - share) * 0.6,
        size,
        ("strict", "rest", "local")[number % 3],
    )
    return replace(row, **changes)


def summary(label: str, **changes: Any) -> ForestRow:
    return replace(ForestRow("summary", label, ("", "55/74"), 0.74, 0.62, 0.84), **changes)


def table(rows: Sequence[ForestRow], **changes: Any) -> ForestTable:
    made_up = ForestTable(
        "Made up responses", "Report", ("Drug", "r/n"), tuple(rows), "ORR [95 % interval]", "Response rate"
    )
    return replace(made_up, **changes)


def full_table(count: int = 12) -> ForestTable:
    """All kinds of rows, and everything around them."""
    rows = [ForestRow("heading", "Trials"), *map(report, range(1, count)), summary("Trials")]
    rows += [ForestRow("space", ""), summary("Strict"), summary("All", tone="rest", lower=0.1)]
    rows += [
        ForestRow("prediction", "A new report", lower=0.3, upper=0.97),
        ForestRow("note", "made up " * 40),
    ]
    return table(
        rows,
        subtitle="made up " * 30,
        footnotes=("made up " * 40, "short"),
        reference=0.74,
        thresholds=(0.5, 0.6, 0.7),
    )


def box(figure: Figure, number: int) -> Rectangle | Ellipse:
    found = marks(figure)[f"row-{number}-box"]
    assert isinstance(found, (Rectangle, Ellipse))
    return found


def centre_and_area(figure: Figure, number: int) -> tuple[float, float]:
    extent = box(figure, number).get_path().get_extents(box(figure, number).get_patch_transform())
    return (extent.x0 + extent.x1) / 2, extent.width * extent.height


def digest() -> str:
    figure = draw_forest(full_table())
    kinds: tuple[Kind, ...] = ("svg", "png", "pdf")
    return " ".join(hashlib.sha256(figure_bytes(figure, kind)).hexdigest() for kind in kinds)


@pytest.mark.parametrize("count", [0, 1, 2, 60, pytest.param(400, marks=pytest.mark.slow)])
def test_any_number_of_rows_is_tidy(count: int) -> None:
    figure = draw_forest(table([report(number) for number in range(count)], reference=0.7))
    assert_tidy(figure)
    assert len([name for name in marks(figure) if name.endswith("box")]) == count


def test_every_kind_of_row_is_tidy() -> None:
    assert_tidy(draw_forest(full_table()))
    assert_tidy(draw_forest(full_table(120)))


def test_height_follows_the_rows() -> None:
    heights = [draw_forest(table([report(1)] * count)).get_size_inches()[1] for count in (10, 20, 40)]
    assert heights[2] - heights[1] == pytest.approx(2 * (heights[1] - heights[0]))


@pytest.mark.parametrize("label", EXTREME_LABELS)
def test_any_label_is_tidy_in_every_place(label: str) -> None:
    rows = [ForestRow("heading", label), report(1, label=label), report(2, columns=(label, "1/2"))]
    rows += [summary(label), report(4, interval_text=label), ForestRow("note", label), report(5)]
    around = {"title": label, "subtitle": label, "axis_label": label, "interval_heading": label}
    columns = {"label_heading": label, "column_headings": (label, label), "reference_label": label}
    assert_tidy(draw_forest(table(rows, footnotes=(label,), reference=0.5, **around, **columns)))


@settings(max_examples=25, deadline=None)
@given(label=st.text(max_size=120), drug=st.text(max_size=60))
def test_any_text_is_tidy(label: str, drug: str) -> None:
    assert_tidy(draw_forest(table([report(1, label=label, columns=(drug, "1/3")), report(2)])))


@pytest.mark.parametrize("label", ["x" * 120, "made-up-" * 15, "Cost $5 and $6_a^b$", "<b>made</b> up & $x$"])
def test_labels_are_drawn_literally_and_whole(label: str) -> None:
    drawn = written(draw_forest(table([report(1, label=label)], title="")))
    assert label.replace(" ", "") in "".join(drawn).replace(" ", "")


def test_control_characters_become_spaces() -> None:
    assert "Made up 1" in written(draw_forest(table([report(1, label="Made\nup\x07\t1")])))


def test_svg_is_well_formed_and_holds_no_markup_of_a_label() -> None:
    svg = figure_bytes(draw_forest(table([report(1, label="<script>x</script> --> made up")])), "svg")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}  # noqa: S314
    assert "script" not in tags and "path" in tags


def test_boxes_stand_at_the_estimates_and_lines_at_the_limits() -> None:
    rows = [report(number) for number in range(1, 30)]
    figure = draw_forest(table(rows))
    for number, row in enumerate(rows):
        line = marks(figure)[f"row-{number}-interval"]
        assert isinstance(line, Line2D)
        assert centre_and_area(figure, number)[0] == pytest.approx(row.estimate)
        assert list(np.asarray(line.get_xdata(), float)) == [row.lower, row.upper]


def test_diamond_corners_are_lower_estimate_upper() -> None:
    diamond = marks(draw_forest(table([report(1), summary("Made up pool")])))["row-1-diamond"]
    assert isinstance(diamond, Polygon)
    assert [x for x, _ in diamond.get_xy()[:3]] == [0.62, 0.74, 0.84]


def test_rows_follow_each_other_and_marks_stand_beside_their_first_line() -> None:
    figure = draw_forest(table([report(1), report(2, label="long made-up name " * 7), report(4)]))
    first_lines = [b for text, b in texts(figure) if text.get_text().startswith(("Made up", "long"))]
    places = [box(figure, number).get_window_extent() for number in range(3)]
    labels = [first_lines[1], *first_lines[2:3], first_lines[-1]]
    for place, label in zip(places, labels, strict=True):
        assert label.y0 < (place.y0 + place.y1) / 2 < label.y1
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(places))


def test_texts_keep_out_of_the_plot() -> None:
    figure = draw_forest(table([report(number) for number in range(20)]))
    plot = figure.axes[1].get_window_extent()
    assert not any(b.x1 > plot.x0 and b.x0 < plot.x1 and plot.y0 < b.y0 < plot.y1 for _, b in texts(figure))


def test_areas_are_ordered_as_the_numbers_of_patients() -> None:
    sizes = [1, 2, 4, 8, 16, 32, 60]
    figure = draw_forest(table([report(1, size=size, tone="strict") for size in sizes]))
    areas = [centre_and_area(figure, number)[1] for number in range(len(sizes))]
    assert areas == sorted(areas)
    assert areas[6] / areas[5] == pytest.approx(60 / 32)  # proportional where no bound is met


def test_strict_rest_and_local_differ_in_fill_and_shape() -> None:
    figure = draw_forest(table([report(1, tone=tone) for tone in ("strict", "rest", "local")]))
    strict, rest, local = (box(figure, number) for number in range(3))
    assert to_hex(rest.get_facecolor()) == "#ffffff" != to_hex(strict.get_facecolor())
    assert rest.get_edgecolor() == strict.get_edgecolor() and rest.get_linewidth() == strict.get_linewidth()
    assert isinstance(local, Ellipse) and isinstance(strict, Rectangle)


@pytest.mark.parametrize(
    ("lower", "upper", "arrows"),
    [(0.4, 0.6, ""), (0.1, 0.6, "low"), (0.4, 0.9, "high"), (0.1, 0.9, "low high"), (0.3, 0.7, "")],
)
@pytest.mark.parametrize("kind", ["report", "summary", "prediction"])
def test_limits_beyond_the_axis_get_an_arrow(kind: Any, lower: float, upper: float, arrows: str) -> None:
    row = ForestRow(kind, "Made up", (), 0.5, lower, upper)
    figure = draw_forest(table([row], axis=(0.3, 0.7)))
    found = sorted(name.rpartition("-")[2] for name in marks(figure) if "arrow" in name)
    assert found == sorted(arrows.split())
    assert ("Goes on beyond the axis" in written(figure)) is bool(arrows)
    for name, tip in (("low", 0.3), ("high", 0.7)):
        if name in arrows:
            arrow = marks(figure)[f"row-0-arrow-{name}"]
            assert isinstance(arrow, Polygon) and arrow.get_xy()[0][0] == tip


@pytest.mark.parametrize("kind", ["report", "summary", "prediction"])
def test_an_interval_wholly_beyond_the_axis_is_an_arrow_only(kind: Any) -> None:
    figure = draw_forest(table([ForestRow(kind, "Made up", (), 0.1, 0.05, 0.2)], axis=(0.3, 0.7)))
    assert set(marks(figure)) == {"row-0-arrow-low"}


def test_percentages_and_the_rows_own_text() -> None:
    rows = [summary("Made up"), summary("Made up", interval_text="not pooled")]
    drawn = written(draw_forest(table(rows)))
    assert {"74.0 %", "[62.0 to 84.0]", "not pooled"} <= set(drawn) and drawn.count("74.0 %") == 1
    assert {"0 %", "20 %", "100 %"} <= set(drawn)


def test_legend_explains_only_what_is_there() -> None:
    drawn = written(draw_forest(table([report(1, tone="strict")])))
    assert "In strict" in drawn
    others = ("In all evidence only", "Local", "Summary", "Prediction", "Area", "Goes on", "Pooled", "Thresholds")
    assert not any(text.startswith(others) for text in drawn)
    everything = written(draw_forest(replace(full_table(), axis=(0.2, 1.0))))
    assert all(any(text.startswith(other) for text in everything) for other in others)


def test_bytes_are_the_same_in_another_process_and_pyplot_stays_out() -> None:
    here = Path(__file__)
    script = f"import sys; sys.path.insert(0, {str(here.parent)!r}); from {here.stem} import digest; "
    script += "print(digest(), 'matplotlib.pyplot' in sys.modules)"
    command = [sys.executable, "-c", script]
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # another one than here
    environment = os.environ | {"PYTHONHASHSEED": seed}
    found = subprocess.check_output(command, cwd=here.parents[2], env=environment, text=True)
    assert found.strip() == f"{digest()} False"
