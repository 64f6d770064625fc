"""A case file that tries: its texts are shown as texts, everywhere. All of it is made up."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, arm, course, patient, report
from filelock import FileLock
from opened import opened
from page_browser import Visitor

from metaimt.review import build

SCRIPT = "<script>alert(1)</script>"
TITLE = """A "quoted" 'title' <img src=x onerror=alert(2)> & more"""
DRUG = "=HYPERLINK(A1)"
WORDS = "</script><svg onload=alert(3)> \u202eesrever {{ 7 * 7 }}"
DRAWN = ("forest", "by-drug", "evidence-map", "swimmer")


@pytest.fixture
def hostile(make_review: MakeReview, once: Path) -> Path:
    """A review with markup, quotes, formulas and controls in all it says, built once a test run."""
    bad = course("PR", drug=DRUG, response_as_stated=WORDS, adverse_events=[SCRIPT], combined_with=['x" onclick="y'])
    reports: list[dict[str, Any]] = [
        report("mean-2020", patient(bad, site_detail=SCRIPT, status="dead"), extraction={"note": SCRIPT}),
        report("plain-2021", patient(course("SD")), patient(course("CR"), id="P2", histology="EIMS")),
        report("arm-2022", arms=[{**arm(3, 4), "label": f"{SCRIPT} {TITLE}"}], design="trial"),
    ]
    reports[0]["report"] |= {"title": TITLE, "authors": f"Mean A{SCRIPT}", "journal": "=1+1"}
    folder = make_review(*reports)
    (folder / "vocabulary.yaml").write_text(
        yaml.safe_dump({"drugs": {DRUG: {"generation": "first", "targets": ["ALK"]}}}), encoding="utf-8"
    )
    out = once / "hostile"
    with FileLock(once / "hostile.lock"):
        if not out.exists():
            with pytest.MonkeyPatch.context() as patch:  # test_review_figures.py has hostile words in every figure
                patch.setattr("metaimt.report.figures.figure_names", lambda protocol: dict.fromkeys(DRAWN, "made up"))
                build(folder, out)
    return out / "index.html"


def test_markup_is_shown_as_text(hostile: Path, visitor: Visitor) -> None:
    visit = visitor.open(hostile)
    page = visit.page
    visit.click_number(next(each for each in opened(hostile.read_text("utf-8")) if each.name == "all evidence"))
    visit.unfold()
    shown = page.inner_text("#list-cases")
    assert SCRIPT in shown
    assert TITLE in shown
    assert DRUG in shown
    assert "\\u202eesrever" in shown
    assert "\u202e" not in page.content()
    assert "{{ 7 * 7 }}" in shown
    visit.close_list()
    text = page.inner_text("main")
    assert SCRIPT.lower() in text.lower()
    assert TITLE in text
    assert page.locator("main script, main svg[onload], img[onerror], [onclick]").count() == 0
    assert page.locator("script").count() == 2
    assert visit.complaints == []
    assert visit.requests == []


def test_maps_lanes_and_captions_take_them_as_text(hostile: Path, visitor: Visitor) -> None:
    visit = visitor.open(hostile)
    page = visit.page
    visit.unfold()
    assert DRUG in page.locator(".map thead th").all_text_contents()
    page.locator(".map button", has_text="1/1").first.click()
    visit.close_list()
    lane = page.locator('.over button[aria-label="mean-2020, P1: show the cases"]')
    lane.click()
    assert DRUG in page.inner_text("#list-cases")
    visit.close_list()
    page.locator("figcaption button", has_text="1").first.click()
    assert page.locator("figcaption script, main img, .picture script, .over script").count() == 0
    assert visit.complaints == []


def test_filters_and_search_take_them_as_text(hostile: Path, visitor: Visitor) -> None:
    page = visitor.open(hostile).page
    page.select_option("#filters select[name=drug]", DRUG)
    assert page.text_content("#rate").startswith("1 of 1 patient responded: 100.0 %")
    page.fill("#search", "<script>")
    assert page.locator("#cases tbody tr:not([hidden])").count() == 1


def test_no_cell_of_the_export_is_a_formula(hostile: Path, visitor: Visitor) -> None:
    page = visitor.open(hostile).page
    page.select_option("#filters select[name=group]", "recorded")
    with page.expect_download() as waiting:
        page.click("#save")
    rows = list(csv.reader(io.StringIO(Path(waiting.value.path()).read_text(encoding="utf-8-sig"))))
    cells = [cell for row in rows for cell in row]
    assert f"'{DRUG}" in cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
