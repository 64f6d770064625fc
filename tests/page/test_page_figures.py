"""The figures of the page lead to their patients: cells of the map, lanes, rows, points, and counts in captions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import Built
from metaimt.report.case_set import CaseSet
from page_browser import Visit
from test_page_text import Page

from metaimt.figures.counted import Counted
from metaimt.figures.review_figure import Drawn, ReviewFigure
from metaimt.report.page import page_html
from metaimt.report.page_figures import caption_sets
from metaimt.report.page_map import disc

TOUCH = 1.0  # pixels


@pytest.fixture(scope="session")
def every_set(built: Built, sets: dict[str, CaseSet], drawn: tuple[Drawn, ...]) -> dict[str, CaseSet]:
    return sets | caption_sets(built.results, drawn)


@pytest.fixture(scope="session")
def parsed(built: Built) -> Page:
    return Page((built.out / "index.html").read_text(encoding="utf-8"))


def over(key: str) -> str:
    return f'.over button[data-set="{key}"]'


@pytest.fixture
def wanted_cases(built: Built, labels: dict[str, Any], every_set: dict[str, CaseSet]) -> Callable[[str], list[str]]:
    """The headings in the dialog of a key."""
    return lambda key: headings(built, labels, every_set[key])


def headings(built: Built, labels: dict[str, Any], found: CaseSet) -> list[str]:
    units = {placed.unit.id: placed.unit for placed in built.results.selection.placed}
    said = []
    for name, _, _ in found.cases:
        unit = units[name]
        who = unit.subject.partition("/")[2] + (f", inhibitor {unit.course}" if unit.course > 1 else "")
        said.append(f"{labels[unit.report]['label']}, {who}")
    return sorted(said)


def shown_cases(page: Any) -> list[str]:
    return sorted(page.eval_on_selector_all("#cases-list h3", "all => all.map(each => each.textContent)"))


def test_every_cell_and_total_of_the_map_is_the_sum_of_its_cases(
    parsed: Page, built: Built, every_set: dict[str, CaseSet]
) -> None:
    found = built.results.evidence_map["all_evidence"]
    buttons = [(key, text) for key, text in parsed.buttons if key.startswith("map/")]
    assert len({key for key, _ in buttons}) == len(found.cells) + len(found.rows) + len(found.columns)
    for key, text in buttons:
        assert text == f"{every_set[key].responders}/{every_set[key].evaluable}", key
    once = dict(buttons)
    counts = found.total.responders, found.total.evaluable
    of_rows = [key for key in once if key.endswith("/")]
    of_columns = [key for key in once if key.startswith("map/all_evidence//")]
    cells = [key for key in once if key not in {*of_rows, *of_columns}]
    assert [len(of_rows), len(of_columns), len(cells)] == [len(found.rows), len(found.columns), len(found.cells)]
    for keys in (of_rows, of_columns, cells):
        assert (sum(every_set[k].responders for k in keys), sum(every_set[k].evaluable for k in keys)) == counts
        assert len({name for key in keys for name, _, _ in every_set[key].cases}) == len(
            every_set["pool/all_evidence"].cases
        )


def test_every_lane_holds_all_courses_of_its_patient_and_of_nobody_else(
    built: Built, every_set: dict[str, CaseSet]
) -> None:
    units = [placed.unit for placed in built.results.selection.placed]
    for patient in built.results.courses["all_evidence"].patients:
        found = every_set[f"patient/{patient.patient}"]
        assert [name for name, _, _ in found.cases] == [u.id for u in units if u.subject == patient.patient]
        assert len(found.cases) == len(patient.courses)


def test_every_region_and_count_of_every_picture_has_its_button(parsed: Page, drawn: tuple[Drawn, ...]) -> None:
    keys = [key for key, _ in parsed.buttons]
    texts = {key: text for key, text in parsed.buttons if text}
    pictures = [each for each in drawn if isinstance(each, ReviewFigure) and (each.regions or each.counted)]
    assert {"swimmer", "specification", "methods", "selectivity", "evidence-map"} <= {each.name for each in pictures}
    for each in pictures:
        for region in each.regions:
            assert region.key in keys
        for place, count in enumerate(each.counted):
            key = count.key or f"figure/{each.name}/{place}"
            assert key in keys
            assert count.key or texts[key].replace("\u00a0", " ") == count.text
    assert sum(text == "" for text in (text for _, text in parsed.buttons)) == sum(len(e.regions) for e in pictures)


@pytest.mark.parametrize(
    "key", ["patient/zhang-2020/P1", "patient/you-2024/P1", "specification/0", "specification/22", "specification/47"]
)
def test_a_click_on_a_lane_or_a_point_shows_its_cases(
    visit: Visit, every_set: dict[str, CaseSet], wanted_cases: Callable[[str], list[str]], key: str
) -> None:
    part = visit.page.locator(over(key))
    part.click()
    assert shown_cases(visit.page) == wanted_cases(key)
    assert visit.page.text_content("#cases-title") == every_set[key].title
    assert visit.page.text_content("#cases-count").startswith(
        f"{every_set[key].responders}/{every_set[key].evaluable} responded"
    )
    assert part.get_attribute("aria-label").endswith(": show the cases")
    assert visit.complaints == []


def test_a_click_on_the_drawn_diamond_opens_the_headline(visit: Visit, built: Built) -> None:
    """A pointer on the picture itself, where the protocol's own combination is drawn."""
    place = next(n for n, each in enumerate(built.results.specification.specifications) if each.headline)
    box = visit.page.locator(over(f"specification/{place}")).bounding_box()
    visit.page.locator(over(f"specification/{place}")).scroll_into_view_if_needed()
    box = visit.page.locator(over(f"specification/{place}")).bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 60)
    headline = built.results.response.headline.counts
    assert visit.page.text_content("#cases-count").startswith(f"{headline.responders}/{headline.evaluable} responded")


def test_a_click_in_a_cell_of_the_map_shows_its_cases(visit: Visit, wanted_cases: Callable[[str], list[str]]) -> None:
    page = visit.page
    for key in ("map/all_evidence/SQSTM1/alectinib", "map/all_evidence//ceritinib", "map/all_evidence/EML4/"):
        page.locator(f'.map button[data-set="{key}"]').click()
        assert shown_cases(page) == wanted_cases(key)
        page.keyboard.press("Escape")
    page.locator('.map td[data-open="map/all_evidence/EML4/alectinib"] svg').click()
    assert page.text_content("#cases-title") == "all evidence: EML4 with alectinib"
    assert visit.complaints == []


def test_rows_of_models_and_counts_in_captions_show_their_cases(
    visit: Visit, wanted_cases: Callable[[str], list[str]]
) -> None:
    page = visit.page
    for selector in (f"{over('pool/strict/of 2 or more')} >> nth=0", 'figcaption button[data-set^="figure/swimmer"]'):
        button = page.locator(selector).first
        key = button.get_attribute("data-set")
        button.click()
        assert shown_cases(page) == wanted_cases(key)
        page.keyboard.press("Escape")
    assert visit.complaints == []


def test_the_arrow_keys_go_from_lane_to_lane_and_show_where_they_are(visit: Visit) -> None:
    page = visit.page
    page.locator(".over button").first.focus()
    keys = page.eval_on_selector(".over", "over => Array.from(over.children, each => each.dataset.set)")
    for key in keys[:3]:
        assert page.evaluate("document.activeElement.dataset.set") == key
        page.keyboard.press("Enter")
        assert page.evaluate("document.getElementById('cases').open")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.dataset.set") == key
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("ArrowDown")
    for press, wanted in (("End", keys[-1]), ("ArrowRight", keys[-1]), ("ArrowUp", keys[-2]), ("Home", keys[0])):
        page.keyboard.press(press)
        assert page.evaluate("document.activeElement.dataset.set") == wanted, press
    stops = page.eval_on_selector_all(".over", "all => all.map(o => o.querySelectorAll('[tabindex=\"0\"]').length)")
    assert set(stops) == {1}


@pytest.mark.parametrize("width", [360, 1280])
def test_buttons_lie_over_their_picture_and_not_over_each_other(visit: Visit, width: int) -> None:
    visit.narrow(width)
    boxes = visit.evaluate(
        """[...document.querySelectorAll('.picture')].map(each => [each.querySelector('img'),
        ...each.querySelectorAll('.over button')].map(part => part.getBoundingClientRect()).map(
        box => [box.left, box.top, box.right, box.bottom]))"""
    )
    assert sum(len(each) > 1 for each in boxes) >= 3
    for (left, top, right, bottom), *parts in boxes:
        for place, (x0, y0, x1, y1) in enumerate(parts):
            assert left - TOUCH <= x0 < x1 <= right + TOUCH and top - TOUCH <= y0 < y1 <= bottom + TOUCH
            for a0, b0, a1, b1 in parts[place + 1 :]:
                assert a0 >= x1 - TOUCH or x0 >= a1 - TOUCH or b0 >= y1 - TOUCH or y0 >= b1 - TOUCH
    wide = visit.evaluate("[...document.querySelectorAll('figure .wide')].map(each => each.clientWidth)")
    assert all(each <= width for each in wide)
    if width == 360:  # large enough to be read: the picture scrolls in its box
        assert all(each[0][2] - each[0][0] > width for each in boxes)


def test_labels_and_captions_are_text_and_a_count_that_is_not_said_stops_the_build(
    built: Built, drawn: tuple[Drawn, ...]
) -> None:
    hostile = """<script>alert(1)</script> " onclick="x' \u202e {{ 7 * 7 }}"""
    figure = next(each for each in drawn if isinstance(each, ReviewFigure) and each.name == "swimmer")
    region = replace(figure.regions[0], label=hostile)
    made = replace(figure, title=hostile, caption=f"{hostile} 55/74", regions=(region,))
    counted = (Counted("55/74", "pool/strict"),)
    files = {"figures/swimmer.svg": b"<svg/>"}
    text = page_html(built.results, [replace(made, counted=counted)], files)
    found = Page(text)
    assert ("pool/strict", "55/74") in found.buttons
    assert "onclick" not in found.attributes and text.count("<script") == 2 and "\u202e" not in text
    with pytest.raises(ValueError, match="does not say '55/75'"):
        page_html(built.results, [replace(made, counted=(Counted("55/75", "pool/strict"),))], files)
    with pytest.raises(KeyError, match="no cases behind the number 'pool/none'"):
        page_html(built.results, [replace(made, regions=(replace(region, key="pool/none"),), counted=())], files)


def test_without_javascript_there_are_pictures_and_the_whole_map(scriptless: Any) -> None:
    assert scriptless.locator(".over button:visible").count() == 0
    assert scriptless.locator(".map button:visible").count() > 30


def test_paper_has_no_buttons_over_pictures(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    assert visit.page.locator(".over button:visible").count() == 0
    assert visit.page.locator(".picture img:visible").count() > 3


def test_all_combinations_are_listed(visit: Visit, built: Built, wanted_cases: Callable[[str], list[str]]) -> None:
    page, grid = visit.page, built.results.specification.specifications
    page.get_by_text(f"All {len(grid)} combinations", exact=True).click()
    rows = page.locator(f"details:has(summary:text-is('All {len(grid)} combinations')) tbody tr")
    assert rows.count() == len(grid)
    texts = rows.evaluate_all("all => all.map(each => each.querySelector('button').textContent)")
    assert texts == [f"{each.counts.responders}/{each.counts.evaluable}" for each in grid]
    rows.nth(4).locator("button").click()
    assert shown_cases(page) == wanted_cases("specification/4")


def test_a_disc_is_filled_as_far_as_they_responded() -> None:
    assert disc(4, 0.0) == {"radius": "4", "full": False, "path": ""}
    assert disc(4, 1.0) == {"radius": "4", "full": True, "path": ""}
    for share, large in ((0.25, 0), (0.75, 1)):
        numbers = re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", disc(8, share)["path"])
        assert [float(n) for n in numbers[:8]] == [0, 0, -8, 8, 8, 0, large, 1]
        assert abs(float(numbers[8])) == 8
