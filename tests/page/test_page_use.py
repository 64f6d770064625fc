"""The page as people use it: clicks, keyboard, table, export, phone, paper, dark; and nothing asked of the network."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Built
from opened import Opens, opened
from page_browser import Visit, Visitor, shown_cases

from metaimt.files import for_cell

STRICT, WIDEST = "strict, ALK-positive", "all evidence"
OUTCOMES = {"strict, ALK-positive: complete response, where known": "with complete response"}
KINDS = (
    STRICT,
    f"{STRICT}: prospective trials",
    f"{STRICT}: complete response, where known",
    f"{WIDEST}, local cohort",
    "later lines",
    "ALK-negative",
    f"mosse-2017 in {STRICT}",
    f"{WIDEST}, histology: EIMS",
    "second inhibitor, first one: response",
    f"{WIDEST}: Time on treatment known",
    "status at the last follow-up: dead",
    "adverse events: stated",
    f"{WIDEST}: inferred counted as failures",
    "death before assessment: non-response, links: all, trial read twice: earlier reading, mixed treatment: out, "
    "response: inferred as failures",
    f"{STRICT} without mosse-2017",
    f"not in {STRICT}: inferred",
    f"not in {STRICT}: mixed treatment",
    f"case reports and series ({WIDEST})",
    "Patients that match Crizotinib in ALK+ inflammatory myofibroblastic tumors - Current experience and future "
    "perspectives, widest pool",
    f"{STRICT}: stated",
    f"{WIDEST}: histology known",
    f"{WIDEST}: single cases, series at weight 0.25",
)
PUBLICATIONS = (
    f"reports of {STRICT}",
    f"reports of {WIDEST}: reports of 2 or more patients",
    "Read as: full text",
    "Read by two people independently",
)


@pytest.fixture
def fresh(visitor: Visitor, built: Built) -> Visit:
    """A page that no other test has seen."""
    return visitor.open(built.out / "index.html")


@pytest.mark.parametrize("name", KINDS)
def test_a_click_on_a_number_shows_its_cases(
    visit: Visit,
    built: Built,
    sets: dict[str, Opens],
    labels: dict[str, Any],
    headings: dict[str, str],
    *,
    name: str,
) -> None:
    page, found = visit.page, sets[name]
    visit.click_number(found)
    units = {placed.unit.id: placed.unit for placed in built.results.selection.placed}
    mine = [units[unit] for unit, _, _ in found.cases]
    assert page.text_content("#list-title") == name
    assert shown_cases(page) == sorted(headings[unit.id] for unit in mine)
    said = page.text_content("#list-cases")
    assert [unit.file for unit in mine if unit.file not in said] == []
    responders, evaluable = found.counts
    said = page.text_content("#list-count")
    assert said.startswith(f"{responders:g}/{evaluable:g} {OUTCOMES.get(name, 'responded')}")
    addresses = set(page.eval_on_selector_all("#list-cases a", "all => all.map(each => each.getAttribute('href'))"))
    assert addresses == {address for unit in mine for _, address in labels[unit.report]["links"]}
    assert (ROOT / mine[0].file).is_file()
    assert visit.complaints == []


@pytest.mark.parametrize("name", PUBLICATIONS)
def test_a_number_of_reports_shows_the_publications(
    visit: Visit, built: Built, sets: dict[str, Opens], labels: dict[str, Any], name: str
) -> None:
    page, found = visit.page, sets[name]
    visit.click_number(found)
    units = {placed.unit.id: placed.unit for placed in built.results.selection.placed}
    wanted = found.publications or {units[unit].report for unit, _, n in found.cases if n}
    assert shown_cases(page) == sorted(labels[report]["label"] for report in wanted)
    assert page.text_content("#list-count").startswith(f"{len(wanted)} publication")
    _, rows = saved(page, "#list-save")
    assert {row["case"].split("/")[0] for row in rows} == set(wanted)


def test_a_count_of_the_cohort_shows_what_is_printed(visitor: Visitor, built: Built) -> None:
    path = built.out / "cohort.html"
    visit, found = visitor.open(path), opened(path.read_text(encoding="utf-8"))
    page = visit.page
    visit.click_number(next(each for each in found if each.name == "you-2024: 6/15, published counts"))
    assert "ALK IHC positive, lung: 6 of 15 (45.5 %) (3.2)" in page.text_content("#list-cases")
    assert "cases/local/you-2024.yaml" in page.text_content("#list-cases")
    assert page.text_content("#list-count").startswith("Counts only")


def test_a_click_beside_the_number_opens_its_row(visit: Visit, sets: dict[str, Opens]) -> None:
    page = visit.page
    row = page.locator(f"tr[data-open='{sets[f'mosse-2017 in {STRICT}'].place}']").first
    row.locator("td.i").click()
    assert page.evaluate("document.getElementById('list').open")
    assert "Mossé 2017" in page.text_content("#list-cases")
    visit.close_list()
    visit.unfold()
    page.locator(f"td[data-open='{sets[f'{WIDEST}, histology: EIMS'].place}']").first.click()
    assert "EIMS" in page.text_content("#list-title")


def test_keyboard_opens_reads_and_closes(fresh: Visit, sets: dict[str, Opens]) -> None:
    page, place = fresh.page, sets[STRICT].place
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.set") == place:
            break
    assert page.evaluate("document.activeElement.dataset.set") == place
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('list').open")
    assert page.evaluate("document.getElementById('list').contains(document.activeElement)")
    stops = set()
    for _ in range(6):
        page.keyboard.press("Tab")
        stops.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert "list-close" in stops
    fresh.close_list()
    assert page.evaluate("document.activeElement.dataset.set") == place


def test_sorting_by_keyboard_both_ways(fresh: Visit) -> None:
    page = fresh.page
    fresh.unfold()
    page.select_option("#filters select[name=group]", "recorded")
    header = page.locator("#cases thead th").filter(has_text="Year")
    header.locator("button").focus()
    for direction in ("ascending", "descending"):
        page.keyboard.press("Enter")
        assert header.get_attribute("aria-sort") == direction
        column = page.eval_on_selector_all("#cases tbody tr", "rows => rows.map(row => row.cells[11].textContent)")
        dated = [int(year) for year in column if year != "not stated"]
        assert dated == sorted(dated, reverse=direction == "descending")
        assert column[len(dated) :] == ["not stated"] * (len(column) - len(dated))
    numbers = page.locator("#cases thead th").filter(has_text="r/n")
    numbers.locator("button").click()
    first = page.eval_on_selector_all("#cases tbody tr", "rows => rows.map(row => row.cells[1].textContent)")
    assert [int(text.split("/")[0]) for text in first] == sorted(int(text.split("/")[0]) for text in first)
    assert page.locator("#cases th[aria-sort]").count() == 1


def test_search_looks_into_everything_recorded(visit: Visit) -> None:
    page = visit.page
    page.select_option("#filters select[name=group]", "recorded")
    page.fill("#search", "TUMOR lysis syndrome")
    rows = page.locator("#cases tbody tr:not([hidden])")
    assert rows.count() == 1
    assert "Jiang" in rows.first.text_content()
    page.fill("#search", "no such words anywhere")
    assert rows.count() == 0


def saved(page: Any, selector: str) -> tuple[str, list[dict[str, str]]]:
    with page.expect_download() as waiting:
        page.click(selector)
    content = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    return waiting.value.suggested_filename, list(csv.DictReader(io.StringIO(content)))


def test_export_holds_the_listed_cases(visit: Visit, built: Built, sets: dict[str, Opens]) -> None:
    page = visit.page
    page.select_option("#filters select[name=group]", "strict")
    name, rows = saved(page, "#save")
    members = [m.unit for m in built.results.selection.members("strict") if m.unit.evaluable]
    assert name == f"strict-{built.results.response.version}.csv"
    assert sorted(row["case"] for row in rows) == sorted(unit.id for unit in members)
    assert sum(int(row["responders"]) for row in rows) == sum(unit.responders for unit in members)
    by_id = {row["case"]: row for row in rows}
    for unit in members:
        assert by_id[unit.id]["drug"] == for_cell(unit.drug)
        assert by_id[unit.id]["file"] == unit.file
    visit.click_number(sets[f"{STRICT}: prospective trials"])
    name, trials = saved(page, "#list-save")
    assert name == f"strict-alk-positive-prospective-trials-{built.results.response.version}.csv"
    assert sum(int(row["evaluable"]) for row in trials) == 45


def test_the_headline_can_be_copied(visitor: Visitor, built: Built) -> None:
    visit = visitor.open(built.out / "index.html", permissions=["clipboard-read", "clipboard-write"])
    visit.page.click("#copy")
    visit.page.locator("#copy", has_text="Copied").wait_for()  # the page's policy lets no test evaluate text in a wait
    copied = visit.evaluate("navigator.clipboard.readText()").replace("\u00a0", " ")
    headline = built.results.response.headline
    counts, orr = headline.counts, headline.orr
    assert orr is not None
    said = (
        f"{counts.responders}/{counts.evaluable} in {counts.reports} reports, {100 * orr.estimate:.1f} % (95 % interval"
    )
    assert f"{said} {100 * orr.lower:.1f} to {100 * orr.upper:.1f}, mean over reports)" in copied
    assert built.results.response.version in copied


def test_nothing_is_asked_of_the_network_and_nothing_complains(visit: Visit, sets: dict[str, Opens]) -> None:
    page = visit.page
    visit.unfold()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    visit.click_number(sets[WIDEST])
    page.evaluate("document.querySelectorAll('#list-cases details').forEach(each => (each.open = true))")
    page.wait_for_timeout(200)
    assert visit.requests == []
    assert visit.complaints == []


@pytest.mark.parametrize("width", [360, 768, 1280, 1600])
def test_the_page_is_never_wider_than_the_screen(visit: Visit, sets: dict[str, Opens], width: int) -> None:
    visit.narrow(width)
    visit.unfold()
    assert visit.evaluate("document.documentElement.scrollWidth") <= width
    visit.click_number(sets[STRICT])
    box = visit.page.locator("#list").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert visit.evaluate("document.querySelector('.dialog-body').scrollWidth") <= box["width"]


COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose answer the scheme can change and the width cannot; they take ten times as long as the others."""
EVERYTHING = pytest.param(True, marks=pytest.mark.slow)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("whole", [False, EVERYTHING])
def test_no_accessibility_violation(visit: Visit, sets: dict[str, Opens], scheme: str, whole: bool) -> None:
    """Every rule; that of colours where rows are alike for the first of them, and in the nightly run for all."""
    visit.page.emulate_media(color_scheme=scheme)
    background = visit.evaluate("getComputedStyle(document.body).backgroundColor")
    channels = [int(number) for number in re.findall(r"\d+", background)]
    assert (sum(channels[:3]) > 600) == (scheme == "light")
    visit.unfold()
    assert violations(visit.page, but_colours=scheme == "light", whole=whole) == []
    visit.click_number(sets[STRICT])
    visit.unfold()
    assert violations(visit.page, "#list", but_colours=scheme == "light", whole=whole) == []  # all else is out of reach


@pytest.mark.parametrize("whole", [False, EVERYTHING])
def test_no_accessibility_violation_on_a_phone(visit: Visit, whole: bool) -> None:
    visit.narrow(360)
    assert violations(visit.page, but_colours=True, colours=False, whole=whole) == []


def violations(
    page: Any, inside: str = "body", *, but_colours: bool = True, colours: bool = True, whole: bool = False
) -> list[str]:
    """What axe finds, by the rules of colours, by all others, or by both and in every row (`whole`)."""
    from axe_playwright_python.sync_playwright import Axe

    first = {"include": [inside], "exclude": ["tbody tr:nth-child(n+6)", "#list-cases article:nth-child(n+4)"]}
    others = {"rules": {name: {"enabled": False} for name in COLOURS}}
    everywhere = None if inside == "body" else inside
    asked: list[tuple[Any, dict[str, Any]]] = [(everywhere, {})] if whole else []
    if not whole:
        asked += [(everywhere, others)] * but_colours + [(first, {"runOnly": COLOURS})] * colours
    found = [
        each
        for where, rules in asked
        for each in Axe().run(page, where, {"resultTypes": ["violations"], **rules}).response["violations"]
    ]
    return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:160]}" for each in found]


def test_paper_leaves_folds_closed_and_has_no_controls(visit: Visit) -> None:
    page = visit.page
    page.emulate_media(media="print", color_scheme="dark")
    for selector in ("nav", "#filters", "#save", "#copy", "main summary"):
        assert page.locator(f"{selector}:visible").count() == 0, selector
    assert page.locator(".lead").is_visible() and page.locator("#rate").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details[open]").count() == 0
    visit.unfold()  # whoever wants the table on paper opens it first
    assert page.locator("#cases tbody tr:not([hidden])").first.is_visible()


def test_the_table_is_whole_without_javascript(scriptless: Any, built: Built) -> None:
    assert scriptless.locator("#cases tbody tr").count() == len(built.results.selection.placed)
    assert scriptless.locator("noscript").count() == 1
