"""The figures of the page lead to their patients: cells of the map, lanes, rows, points, and counts in captions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import Built, unit
from opened import Opens, opened, whole
from page_browser import Visit, shown_cases
from test_page_text import Page

from metaimt.figures.review_figure import Counted, Drawn, ReviewFigure
from metaimt.model.count import Behind, Count, Publications, Reports
from metaimt.render.html import visible
from metaimt.report.page import page_html
from metaimt.report.page_figures import INTERACTIVE

TOUCH = 1.0  # pixels
PART = ": show the cases"  # after the label of a part of a picture


def over(found: Opens) -> str:
    """A selector of the parts of pictures that open the same."""
    return f".over {found.button}"


@pytest.fixture
def wanted_cases(headings: dict[str, str]) -> Callable[[Opens], list[str]]:
    """The headings in the dialog of a number."""
    return lambda found: sorted(headings[unit] for unit, _, _ in found.cases)


def same(found: Opens, behind: Behind) -> bool:
    """Whether what opens is what was counted."""
    if isinstance(behind, Publications):
        everybody = (*behind.reports, *(name for name, _ in behind.others))
        return (found.title, tuple(found.publications)) == (behind.title, everybody)
    counts = behind.count if isinstance(behind, Reports) else behind
    parts = [(part.unit.id, part.r, part.n) for part in counts.parts]
    return (found.title, found.cases, found.reports) == (counts.title, parts, isinstance(behind, Reports))


def test_every_cell_and_total_of_the_map_is_the_sum_of_its_cases(built: Built, numbers: list[Opens]) -> None:
    found = built.results.evidence_map["all_evidence"]
    text = whole((built.out / "index.html").read_text(encoding="utf-8"))
    table = re.search(r'<table class="map">.*?</table>', text, re.DOTALL)
    assert table is not None
    by_place = {each.place: each for each in numbers}
    buttons = re.findall(r'<button [^>]*data-set="([^"]*)"[^>]*>([^<]*)<', table[0])
    assert [words for _, words in buttons] == ["{}/{}".format(*by_place[place].counts) for place, _ in buttons]
    shown = {by_place[place].title: by_place[place] for place, _ in buttons}
    assert len(buttons) == len(shown) == len(found.cells) + len(found.rows) + len(found.columns) + 1
    for counts in (found.row_totals, found.column_totals, found.cells):
        mine = [shown[each.title] for each in counts.values()]
        assert all(same(*pair) for pair in zip(mine, counts.values(), strict=True))
        assert sorted(case for each in mine for case in each.cases) == sorted(shown["all evidence"].cases)


def test_every_lane_holds_all_courses_of_its_patient_and_of_nobody_else(
    built: Built, drawn: tuple[Drawn, ...], headings: dict[str, str]
) -> None:
    units = [placed.unit for placed in built.results.selection.placed]
    patients = {each.patient: each for each in built.results.courses["all_evidence"].patients}
    lanes = [region.behind for region in named(drawn, "swimmer").regions]
    assert len(lanes) == len(patients)
    for lane in lanes:
        assert isinstance(lane, Count)
        patient = lane.units[0].subject
        assert list(lane.ids) == [unit.id for unit in units if unit.subject == patient]
        assert len(lane.parts) == len(patients[patient].courses)
        assert lane.title == headings[lane.ids[0]]


def named(drawn: tuple[Drawn, ...], name: str) -> ReviewFigure:
    return next(each for each in drawn if isinstance(each, ReviewFigure) and each.name == name)


def test_every_region_and_count_of_every_picture_has_its_button(
    every_number: list[Opens], drawn: tuple[Drawn, ...]
) -> None:
    shown = [each for each in drawn if isinstance(each, ReviewFigure) and each.name not in INTERACTIVE]
    pictures = [each for each in shown if each.regions or each.counted]
    assert {"swimmer", "evidence-map"} <= {each.name for each in pictures}
    by_words: dict[str, list[Opens]] = {}
    for number in every_number:
        by_words.setdefault(number.words.replace("\u00a0", " "), []).append(number)
    for each in pictures:
        wanted = [(f"{region.label}{PART}", region.behind) for region in each.regions]
        for words, behind in [*wanted, *((count.text, count.behind) for count in each.counted)]:
            assert any(same(found, behind) for found in by_words[words]), (each.name, words)
    assert sum(found.words.endswith(PART) for found in every_number) == sum(len(each.regions) for each in pictures)


@pytest.mark.parametrize("title", ["Zhang 2020, P1", "You 2024, P1"])
def test_a_click_on_a_lane_shows_its_cases(
    visit: Visit, numbers: list[Opens], wanted_cases: Callable[[Opens], list[str]], title: str
) -> None:
    found = next(each for each in numbers if each.title == title and each.words.endswith(PART))
    part = visit.page.locator(over(found))
    visit.unfold()
    part.click()
    assert shown_cases(visit.page) == wanted_cases(found)
    assert visit.page.text_content("#list-title") == title
    assert visit.page.text_content("#list-count").startswith("{}/{} responded".format(*found.counts))
    assert part.get_attribute("aria-label").endswith(PART)
    assert visit.complaints == []


def test_a_click_in_a_cell_of_the_map_shows_its_cases(
    visit: Visit, sets: dict[str, Opens], wanted_cases: Callable[[Opens], list[str]]
) -> None:
    page = visit.page
    visit.unfold()
    for title in ("SQSTM1 with alectinib", "drug ceritinib", "fusion partner EML4"):
        found = sets[f"all evidence: {title}"]
        page.locator(f".map {found.button}").click()
        assert shown_cases(page) == wanted_cases(found)
        visit.close_list()
    title = "all evidence: EML4 with alectinib"
    page.locator(f'.map td[data-open="{sets[title].place}"] svg').click()
    assert page.text_content("#list-title") == title
    assert visit.complaints == []


def test_counts_in_captions_show_their_cases(
    visit: Visit, sets: dict[str, Opens], wanted_cases: Callable[[Opens], list[str]]
) -> None:
    page = visit.page
    visit.unfold()
    caption = sets["all evidence: courses"]
    page.locator(f"figcaption {caption.button}").first.click()
    assert shown_cases(page) == wanted_cases(caption)
    visit.close_list()
    assert visit.complaints == []


def test_the_arrow_keys_go_from_lane_to_lane_and_show_where_they_are(visit: Visit) -> None:
    page = visit.page
    visit.unfold()
    page.locator(".over button").first.focus()
    keys = page.eval_on_selector(".over", "over => Array.from(over.children, each => each.dataset.set)")
    for key in keys[:3]:
        assert page.evaluate("document.activeElement.dataset.set") == key
        page.keyboard.press("Enter")
        assert page.evaluate("document.getElementById('list').open")
        visit.close_list()
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
    visit.unfold()
    boxes = visit.evaluate(
        """[...document.querySelectorAll('.picture')].map(each => [each.querySelector('svg'),
        ...each.querySelectorAll('.over button')].map(part => part.getBoundingClientRect()).map(
        box => [box.left, box.top, box.right, box.bottom]))"""
    )
    assert sum(len(each) > 1 for each in boxes) == 2
    for (left, top, right, bottom), *parts in boxes:
        for place, (x0, y0, x1, y1) in enumerate(parts):
            assert left - TOUCH <= x0 < x1 <= right + TOUCH and top - TOUCH <= y0 < y1 <= bottom + TOUCH
            for a0, b0, a1, b1 in parts[place + 1 :]:
                assert a0 >= x1 - TOUCH or x0 >= a1 - TOUCH or b0 >= y1 - TOUCH or y0 >= b1 - TOUCH
    wide = visit.evaluate("[...document.querySelectorAll('figure .wide')].map(each => each.clientWidth)")
    assert all(each <= width for each in wide)
    # large enough to be read: on a phone the picture scrolls in its box
    assert all(each[0][2] - each[0][0] > min(2 * width, 600) for each in boxes)


def test_labels_and_captions_are_text_and_a_count_that_is_not_said_stops_the_build(
    built: Built, drawn: tuple[Drawn, ...]
) -> None:
    hostile = """<script>alert(1)</script> " onclick="x' \u202e {{ 7 * 7 }}"""
    figure, headline = named(drawn, "swimmer"), built.results.response.headline.counts
    region = replace(figure.regions[0], label=hostile)
    made = replace(figure, title=hostile, caption=f"{hostile} 55/74", regions=(region,))
    counted = (Counted("55/74", headline.titled(hostile)),)
    files = {"figures/swimmer.svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>'}
    text = page_html(built.results, [replace(made, counted=counted)], files)
    assert [each.counts for each in opened(text) if each.title == visible(hostile)] == [(55, 74)]
    assert "onclick" not in Page(text).attributes and text.count("<script") == 2 and "\u202e" not in text
    with pytest.raises(ValueError, match="does not say '55/75'"):
        page_html(built.results, [replace(made, counted=(Counted("55/75", headline),))], files)
    nobody = replace(region, behind=Count.of("", [unit("nobody/P1")]))
    with pytest.raises(KeyError, match="nobody/P1"):
        page_html(built.results, [replace(made, regions=(nobody,), counted=())], files)


def test_without_javascript_there_are_pictures_and_the_whole_map(scriptless: Any) -> None:
    assert scriptless.locator(".over button:visible").count() == 0
    scriptless.locator("details:has(.map) > summary").first.click()
    assert scriptless.locator(".map button:visible").count() > 30
    scriptless.locator("details:has(.picture) > summary").first.click()
    assert scriptless.locator(".picture svg:visible").count() > 0


def test_paper_has_no_buttons_over_pictures(visit: Visit) -> None:
    visit.unfold()
    visit.page.emulate_media(media="print")
    assert visit.page.locator(".over button:visible").count() == 0
    assert visit.page.locator(".picture svg:visible").count() == 2


def test_all_combinations_are_listed(
    visit: Visit, built: Built, sets: dict[str, Opens], wanted_cases: Callable[[Opens], list[str]]
) -> None:
    page, grid = visit.page, built.results.specification.specifications
    visit.unfold()
    rows = page.locator(f"details:has(> summary:text-is('All {len(grid)} combinations')) tbody tr")
    assert rows.count() == len(grid)
    texts = rows.evaluate_all("all => all.map(each => each.querySelector('button').textContent)")
    assert texts == [f"{each.counts.responders}/{each.counts.evaluable}" for each in grid]
    rows.nth(4).locator("button").click()
    assert shown_cases(page) == wanted_cases(sets[grid[4].counts.title])
