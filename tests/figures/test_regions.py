"""Which part of a figure is whose: inside the picture, apart from each other, and where the marks are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from conftest import unit
from drawn import EXTREME_LABELS, marks
from matplotlib.figure import Figure
from test_specification_curve import table as specification
from test_swimmer import lane
from test_swimmer import table as swimmer

from metaimt.analyses.results import Results
from metaimt.content.forest_row import ForestRow
from metaimt.figures.forest import ForestTable, draw_forest_rows
from metaimt.figures.registry import draw_figure
from metaimt.figures.review_figure import Counted, Counting, Place, ReviewFigure, parts_of
from metaimt.figures.specification_curve import draw_specification
from metaimt.figures.swimmer import draw_lanes
from metaimt.model.count import Count

ROUNDING = 1e-9
SOMEBODY = Count.of("made up", [unit("made-up/P1", 1)])
COUNTS = [1, 2, 60, pytest.param(400, marks=pytest.mark.slow)]


def assert_inside(places: Sequence[Place]) -> None:
    for place in places:
        assert place.width > 0 and place.height > 0
        assert place.left >= 0 and place.left + place.width <= 1 + ROUNDING
        assert place.top >= 0 and place.top + place.height <= 1 + ROUNDING


def assert_below_each_other(places: Sequence[Place]) -> None:
    assert_inside(places)
    assert all(above.top + above.height <= below.top + ROUNDING for above, below in pairwise(places))


def middle(figure: Figure, name: str) -> tuple[float, float]:
    """The middle of a mark as fractions from the top left corner."""
    box = marks(figure)[name].get_window_extent()
    width, height = figure.get_size_inches() * figure.dpi
    return (box.x0 + box.x1) / 2 / width, 1 - (box.y0 + box.y1) / 2 / height


def assert_holds(place: Place, point: tuple[float, float]) -> None:
    assert place.left <= point[0] <= place.left + place.width
    assert place.top <= point[1] <= place.top + place.height


@pytest.mark.parametrize("count", [0, *COUNTS])
def test_every_lane_has_the_place_in_which_its_bars_stand(count: int) -> None:
    figure, places = draw_lanes(swimmer([lane(number) for number in range(count)]))
    assert len(places) == count
    assert_below_each_other(places)
    drawn = marks(figure)
    for number in [0, count // 2, count - 1] if count else []:
        name = next(name for name in drawn if name.startswith(f"row-{number}-"))
        assert_holds(places[number], middle(figure, name))


@pytest.mark.parametrize("label", EXTREME_LABELS)
def test_lanes_of_any_label_stay_apart(label: str) -> None:
    lanes = [lane(4, label=label, columns=(label, label), interval_text=label), lane(5), lane(7, label=label)]
    figure, places = draw_lanes(swimmer(lanes, title=label, subtitle=label))
    assert_below_each_other(places)
    for number in range(3):
        name = next(name for name in marks(figure) if name.startswith(f"row-{number}-"))
        assert_holds(places[number], middle(figure, name))


@pytest.mark.parametrize("count", COUNTS)
def test_every_combination_has_a_column_around_its_point(count: int) -> None:
    figure, places = draw_specification(specification(count))
    assert len(places) == count
    assert_inside(places)
    assert all(left.left + left.width <= right.left + ROUNDING for left, right in pairwise(places))
    for number in {0, count // 2, count - 1}:
        assert_holds(places[number], middle(figure, f"point-{number}-estimate"))


@pytest.mark.parametrize("label", EXTREME_LABELS)
def test_rows_of_a_forest_plot_hold_their_boxes(label: str) -> None:
    rows = [ForestRow("heading", label)]
    rows += [ForestRow("report", label, (label,), 0.5, 0.2, 0.8), ForestRow("space", ""), ForestRow("plain", "a")]
    rows += [ForestRow("report", "b", ("1/2",), 0.4, 0.1, 0.8)]
    figure, places = draw_forest_rows(ForestTable(label, "Made up", ("r/n",), tuple(rows)))
    assert len(places) == len(rows)
    assert_below_each_other(places)
    for number in (1, 4):
        assert_holds(places[number], middle(figure, f"row-{number}-box"))


def drawn(shipped: Results, name: str, *pools: str) -> ReviewFigure:
    found = draw_figure(shipped, name, pools)
    assert isinstance(found, ReviewFigure)
    return found


@pytest.mark.parametrize(("name", "number"), [("swimmer", 40), ("specification", 48), ("methods", 26)])
def test_the_regions_of_the_review_have_names_and_stay_apart(shipped: Results, name: str, number: int) -> None:
    regions = drawn(shipped, name).regions
    assert len(regions) == number
    assert len({region.label for region in regions}) == number
    assert_inside([region.place for region in regions])
    if name != "specification":
        assert_below_each_other([region.place for region in regions])


def test_each_lane_is_of_its_patient_and_each_column_of_its_combination(shipped: Results) -> None:
    patients = shipped.courses["all_evidence"].patients
    lanes = [region.behind for region in drawn(shipped, "swimmer").regions]
    assert [lane.parts for lane in lanes if isinstance(lane, Count)] == [each.counts.parts for each in patients]
    for number, region in enumerate(drawn(shipped, "specification").regions):
        found = shipped.specification.specifications[number]
        assert region.behind == found.counts
        assert region.label.endswith(f"; {found.counts.responders}/{found.counts.evaluable}")
        assert all(option in region.label for option in found.settings.values())


def test_rows_of_models_are_of_their_pool_and_of_the_reports_that_are_in_them(shipped: Results) -> None:
    regions = drawn(shipped, "methods").regions
    half = len(regions) // 2
    for pool, mine in (("strict", regions[:half]), ("all_evidence", regions[half:])):
        whole = shipped.response.pools[pool].counts
        larger = {report for report, _, n in whole.clusters if n >= 2}
        for region in mine:
            assert isinstance(region.behind, Count)
            of_it = region.label.endswith("reports of 2 or more")
            wanted = {unit.id for unit in whole.units if unit.report in larger} if of_it else set(whole.ids)
            assert set(region.behind.ids) == wanted
    only = [region.behind for region in drawn(shipped, "methods", "strict").regions]
    assert {each.title for each in only if isinstance(each, Count)} == {
        "strict, ALK-positive",
        "strict, ALK-positive: reports of 2 or more patients",
    }


@pytest.mark.parametrize("name", ["evidence-map", "swimmer", "time-on-treatment", "methods", "selectivity"])
@pytest.mark.parametrize("pools", [(), ("strict",)])
def test_counts_stand_in_the_caption_in_their_order_and_count_their_cases(
    shipped: Results, name: str, pools: tuple[str, ...]
) -> None:
    found = draw_figure(shipped, name, pools)
    if not isinstance(found, ReviewFigure):
        return
    assert found.counted
    parts = parts_of(found.caption, found.counted)
    assert "".join(part if isinstance(part, str) else part.text for part in parts) == found.caption
    for each in found.counted:
        assert isinstance(each.behind, Count)
        if "/" in each.text:
            assert each.text == f"{each.behind.responders}/{each.behind.evaluable}"
        elif "months" not in each.text:
            assert int(each.text.split()[0]) == len(each.behind.parts), each


def test_a_count_is_no_part_of_a_longer_number() -> None:
    caption = "Made up: 15 of 51 courses, 1.5 months, 5/7 and 5."
    (before, count, after) = parts_of(caption, [Counted("5", SOMEBODY)])
    assert (before, after) == ("Made up: 15 of 51 courses, 1.5 months, 5/7 and ", ".")
    assert isinstance(count, Counted)
    with pytest.raises(ValueError, match="does not say '5/7' after"):
        parts_of(caption, [Counted(text, SOMEBODY) for text in ("51", "1.5", "5/7", "5/7")])
    with pytest.raises(ValueError, match="does not say '15'"):
        parts_of(caption, [Counted(text, SOMEBODY) for text in ("51", "15")])


def test_counting_leaves_words_as_they_are_and_forgets_nobody() -> None:
    count = Counting()
    both = [unit("a/P1"), unit("b/P1")]
    said = f"{count.units('2 patients', 'made up', both)}, {count.units('0', 'nobody', [])}, "
    said += count.link("1/2", SOMEBODY)
    assert said == "2 patients, 0, 1/2"
    assert count.found == (Counted("2 patients", Count.of("made up", both)), Counted("1/2", SOMEBODY))
