"""What a page of eight screens keeps to: length, folds, paper and phone, addresses, and what is said first.

The limits are of the frozen review with everything folded, so that new cases may come.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from conftest import Built
from opened import Opens
from page_browser import Visit, Visitor, shown_cases
from PIL import Image
from test_page_numbers import chosen_of, rate_in_words, set_filters
from test_page_use import violations

SECTIONS = ["answer", "differ", "cases", "forest", "long", "trust", "sources", "methods"]
WIDE, PHONE = 1440, 390
P_VALUE = re.compile(r"\bp\s*[=<>≤≥]|\bp-value", re.IGNORECASE)


def test_it_is_short_while_everything_is_folded(visit: Visit) -> None:
    visit.narrow(WIDE)
    assert visit.evaluate("[...document.querySelectorAll('main > section')].map(each => each.id)") == SECTIONS
    assert visit.evaluate("document.documentElement.scrollHeight") <= 9_000
    assert len(visit.page.inner_text("body").split()) <= 5_000


def test_the_file_is_small(built: Built) -> None:
    assert (built.out / "index.html").stat().st_size < 650_000


def test_a_phone_has_it_in_few_screens_and_never_wider(visit: Visit) -> None:
    visit.narrow(PHONE)
    assert visit.evaluate("document.documentElement.scrollHeight") <= 20_000
    assert visit.evaluate("document.documentElement.scrollWidth") <= PHONE
    visit.unfold()
    assert visit.evaluate("document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_what_scrolls_sideways_shows_it_and_can_be_reached_by_keyboard(visit: Visit, width: int) -> None:
    visit.narrow(width)
    visit.unfold()
    scrolling = visit.evaluate(
        """[...document.querySelectorAll('body *')].map(each => [each, getComputedStyle(each)]).filter(
        ([each, style]) => ['auto', 'scroll'].includes(style.overflowX) && each.scrollWidth > each.clientWidth + 1).map(
        ([each, style]) => [each.className || each.parentElement.tagName, style.backgroundAttachment, each.tabIndex])"""
    )
    assert len(scrolling) > 5 or width == WIDE
    for name, sign, stop in scrolling:
        assert "local" in sign and "scroll" in sign, f"{name}: no shadow at its edge"
        assert name == "NAV" or (name, stop) == ("wide", 0), name  # the list of sections has links, that are stops
    blended = "all => all.map(each => getComputedStyle(each).mixBlendMode)"
    assert set(visit.page.eval_on_selector_all(".drawn", blended)) == {"multiply"}, (
        "the white of a picture would hide the shadow behind it"
    )


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", WIDE), ("light", PHONE), pytest.param("dark", WIDE, marks=pytest.mark.slow)]
)
def test_no_accessibility_violation_on_the_page_beside_it(
    visitor: Visitor, built: Built, scheme: str, width: int
) -> None:
    visit = visitor.open(built.out / "cohort.html", scheme=scheme, width=width)
    assert violations(visit.page) == []
    visit.unfold()
    assert violations(visit.page) == []
    assert visit.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.complaints == visit.requests == []


def test_it_prints_on_few_sheets(visit: Visit) -> None:
    visit.page.emulate_media(media="print")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", visit.page.pdf(format="A4"))) <= 14


# ---------- an open list has an address ----------


@pytest.mark.parametrize("how", ["back", "Escape", "Close"])
def test_a_list_has_an_address_until_it_is_closed(visit: Visit, sets: dict[str, Opens], how: str) -> None:
    page, place = visit.page, sets["all evidence"].place
    set_filters(page, {"drug": "ceritinib"})
    before = page.url, page.text_content("#rate")
    visit.click_number(sets["all evidence"])
    assert page.evaluate("location.hash") == f"#list-{place}"
    if how == "back":
        page.go_back()
    elif how == "Close":
        page.click("#list-close")
    else:
        page.keyboard.press(how)
    page.locator("#list").wait_for(state="hidden")
    assert (page.url, page.text_content("#rate")) == before
    page.go_forward()
    page.locator("#list").wait_for(state="visible")
    assert page.text_content("#list-title") == "all evidence"
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("name", "key"), [("strict, ALK-positive", "Escape"), ("reports of strict, ALK-positive", "Enter")]
)
def test_the_address_of_a_list_opens_it_in_a_fresh_page(
    visitor: Visitor, built: Built, sets: dict[str, Opens], visit: Visit, *, name: str, key: str
) -> None:
    visit.click_number(sets[name])
    wanted = shown_cases(visit.page)
    fresh = visitor.open(built.out / "index.html", fragment=f"#list-{sets[name].place}")
    assert shown_cases(fresh.page) == wanted
    assert fresh.page.text_content("#list-count") == visit.page.text_content("#list-count")
    if key == "Enter":
        fresh.page.focus("#list-close")
    fresh.page.keyboard.press(key)
    fresh.page.locator("#list").wait_for(state="hidden")
    assert fresh.evaluate("location.hash") == ""
    assert fresh.complaints == []


TYPED = """address => new Promise(done => {
    addEventListener("hashchange", () => setTimeout(done), {once: true});
    location.hash = address;
})"""
FORGED = ("999999", "x", "", "r999999", "rr1", "-1", "1.5", "__proto__", "<b>", "%")


@pytest.mark.parametrize("forged", ["999999", "__proto__", "%"])
def test_a_forged_address_opens_nothing(visitor: Visitor, built: Built, forged: str) -> None:
    visit = visitor.open(built.out / "index.html", fragment=f"#list-{forged}")
    opens_nothing(visit)
    assert visit.requests == []


def test_a_forged_address_that_is_typed_opens_nothing(visit: Visit) -> None:
    for forged in FORGED:
        visit.evaluate(TYPED, f"#list-{forged}")
        opens_nothing(visit)


def opens_nothing(visit: Visit) -> None:
    assert not visit.page.locator("#list").is_visible()
    assert visit.page.text_content("#rate").startswith("98 of 122 patients responded")
    assert visit.complaints == []


# ---------- the explorer ----------


def test_the_search_moves_the_number(visit: Visit, built: Built) -> None:
    page, members = visit.page, built.results.selection.members("strict")
    mine = [each.unit for each in members if each.unit.report == "mosse-2017"]
    before = page.text_content("#rate")
    page.fill("#search", "mossé 2017")
    said = rate_in_words(sum(unit.responders for unit in mine), sum(unit.evaluable for unit in mine))
    assert page.text_content("#rate") == said != before
    assert sum(map(int, page.locator("#strip .part").all_text_contents())) == sum(unit.evaluable for unit in mine)
    page.fill("#search", "no such words anywhere")
    assert page.text_content("#rate") == "nobody evaluable"
    page.fill("#search", "")
    assert page.text_content("#rate") == before


CHOICES = (
    {"group": "all_evidence"},
    {"group": "strict", "drug": "crizotinib", "stratum": "single cases, series"},
    {"group": "all_evidence", "histology": "IMT", "from": "2015", "to": "2021"},
)


@pytest.mark.parametrize("choice", CHOICES)
def test_each_option_says_how_many_patients_it_would_leave(visit: Visit, built: Built, choice: dict[str, str]) -> None:
    set_filters(visit.page, choice)
    shown = visit.evaluate(
        """[...document.querySelectorAll('#filters option')].map(each => [each.parentElement.name, each.value,
        each.textContent])"""
    )
    counted = [each for each in shown if each[1] not in {"", "recorded"} and each[0] not in {"from", "to"}]
    assert len(counted) > 40
    for name, value, text in counted:
        patients = sum(each.unit.evaluable for each in chosen_of(built, {**choice, name: value}))
        label = built.results.protocol.label(value) if name == "group" else value
        assert text == f"{label} ({patients})", (name, value)


def test_options_count_what_the_search_leaves(visit: Visit) -> None:
    page = visit.page
    set_filters(page, {"group": "all_evidence"})
    page.fill("#search", "mossé 2017")
    options = page.locator("#filters select[name=drug] option")
    assert [each for each in options.all_text_contents() if not each.endswith("(0)")] == ["any", "crizotinib (14)"]


# ---------- where one is, and what is said first ----------


@pytest.mark.parametrize(("width", "height"), [(WIDE, 900), (WIDE, 1600), (PHONE, 800)])
def test_the_list_of_sections_has_their_names_and_marks_where_one_is(visit: Visit, width: int, height: int) -> None:
    page = visit.page
    page.set_viewport_size({"width": width, "height": height})
    names = page.eval_on_selector_all("nav a[href^='#']", "all => all.map(each => [each.hash, each.textContent])")
    titles = page.eval_on_selector_all(
        "main h2", "all => all.map(each => [`#${each.closest('section').id}`, each.textContent])"
    )
    assert names == titles
    assert [place for place, _ in names] == [f"#{place}" for place in SECTIONS]
    for place in (*SECTIONS, *reversed(SECTIONS)):
        page.evaluate("place => document.getElementById(place).scrollIntoView()", place)
        top = page.evaluate("place => document.getElementById(place).getBoundingClientRect().top", place)
        here = place if top < height / 4 or place == SECTIONS[0] else SECTIONS[-1]  # else the page has come to its end
        page.locator(f"nav a[href='#{here}'][aria-current]").wait_for()
        assert page.locator("nav [aria-current]").count() == 1
        box = page.locator("nav [aria-current]").bounding_box()
        assert 0 <= box["x"] < box["x"] + box["width"] <= width and 0 <= box["y"] < height, "out of sight"


def test_without_javascript_numbers_neither_look_nor_act_like_links(scriptless: Any, visit: Visit) -> None:
    style = """all => [...new Set(all.map(each => getComputedStyle(each)).map(style =>
        `${style.textDecorationLine} ${style.pointerEvents} ${style.cursor}`))]"""
    for selector in ("button[data-set]:not([class])", ".tile"):
        assert scriptless.eval_on_selector_all(selector, style) == ["none none text"]
    rows = scriptless.eval_on_selector_all("[data-open]", "all => all.map(each => getComputedStyle(each).cursor)")
    assert set(rows) == {"auto"}
    assert scriptless.locator("#copy:visible, main .aside:visible").count() == 0
    assert visit.page.eval_on_selector_all("button[data-set]:not([class])", style) == ["underline auto pointer"]


def test_no_p_value_is_told_before_one_asks(visit: Visit) -> None:
    for section in ("#answer", "#differ"):
        assert not P_VALUE.search(visit.page.inner_text(section)), section
    visit.unfold()
    assert P_VALUE.search(visit.page.inner_text("#differ"))


def test_beside_eims_stands_who_died_before_any_assessment(visit: Visit, built: Built, numbers: list[Opens]) -> None:
    units = [each.unit for each in built.results.selection.members("all_evidence") if each.unit.histology == "EIMS"]
    failed = [unit for unit in units if unit.evaluable > unit.responders]
    dead = [unit.id for unit in failed if unit.response_basis == "death"]
    assert dead
    said = f"{len(dead)} of the {len(failed)} non-responders of EIMS died before any assessment."
    section = " ".join(visit.page.inner_text("#differ").split())
    assert section.index("EIMS") < section.index(said) < section.index("crizotinib")
    number = next(each for each in numbers if each.title == "EIMS: died first")
    assert [unit for unit, _, _ in number.cases] == dead


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("title", ["What moves the answer", "Sensitivity analyses, strict, ALK-positive"])
def test_a_table_that_scrolls_on_a_phone_is_shaded_where_it_goes_on(visit: Visit, scheme: str, title: str) -> None:
    """Measured: the last pixels of the paper differ from those beside them, until one has scrolled to the end."""
    visit.narrow(PHONE)
    visit.unfold()
    visit.page.emulate_media(color_scheme=scheme)
    table = f"document.querySelector('.wide[aria-label=\"{title}\"]')"
    visit.evaluate("() => { document.documentElement.style.scrollBehavior = 'auto'; }")
    box = visit.evaluate(
        f"() => {{ const all = {table}, edge = all.getBoundingClientRect(); scrollBy(0, edge.top - 200); "
        "const now = all.getBoundingClientRect(); return [now.right, now.top, all.scrollWidth > all.clientWidth]; }"
    )
    right, top, scrolls = box
    assert scrolls

    def shade() -> int:
        """How far the lightness at the edge is from that of the paper, of 255."""
        clip = {"x": right - 14, "y": top, "width": 14, "height": 400}
        lightness = Image.open(BytesIO(visit.page.screenshot(clip=clip))).convert("L").tobytes()
        inside, edge = (sorted(lightness[column::14])[200] for column in (0, 13))
        return abs(inside - edge)

    assert shade() > 25
    visit.evaluate(f"() => {{ {table}.scrollLeft = 10000; }}")
    assert shade() < 5


# ---------- words ----------

LONGEST = 30
SENTENCES = """() => [...document.querySelectorAll("main :is(p, li, figcaption, summary), header p, footer p")]
    .filter(each => !each.closest("table") && (each.checkVisibility() || each.closest("#methods")))
    .map(each => each.textContent)"""


def sentences(text: str) -> list[str]:
    """The sentences of a text, without what stands in brackets."""
    inner = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
    while inner.search(text):
        text = inner.sub("", text)
    return re.split(r"(?<=[.!?])\s+", " ".join(text.split()))


def test_no_sentence_that_one_reads_first_is_long(visit: Visit, built: Built) -> None:
    """Nor one of the methods, which are folded. A number is no word; what a file of the review says is its own."""
    files = " ".join(path.read_text(encoding="utf-8") for path in built.results.library.folder.rglob("*.yaml"))
    of_files = " ".join(files.split())
    said = [each for text in visit.evaluate(SENTENCES) for each in sentences(text)]
    words = {each: sum(bool(re.search("[A-Za-z]", word)) for word in each.split()) for each in said}
    assert len(words) > 150
    long = {each: number for each, number in words.items() if number > LONGEST and each not in of_files}
    assert long == {}
