"""What the page is made of, without a browser: the words of a case, its strip, the discs of the map, the news.

Every patient and publication is made up; what is expected is written by hand.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import MakeReview, arm, course, patient, report, selected_in, unit
from markupsafe import Markup

from metaimt.analyses.breakdown import EvidenceMap
from metaimt.analyses.pooled_response import pooled_response
from metaimt.analyses.results import Results
from metaimt.casefiles.library import read_library
from metaimt.casefiles.model import Arm, CaseFile
from metaimt.content.every_report import reports_section
from metaimt.content.evidence_map import map_table
from metaimt.content.section import Cell, Fold, Interval, Only, Paragraph, Row, Table, words_of
from metaimt.content.sources import addresses_of, reference
from metaimt.evidence.tables import units
from metaimt.figures.review_figure import Place
from metaimt.model.count import Count
from metaimt.render.html import Html, Numbers
from metaimt.report import page
from metaimt.report.page_cases import (
    FACETS,
    STRIP,
    age,
    facts_of,
    months,
    reading_of,
    strip_of,
    words,
)
from metaimt.report.page_figures import _at, inline_svg


def case_file(*patients: dict[str, Any], **more: Any) -> CaseFile:
    return CaseFile.model_validate(report("example-2020", *patients, **more))


# ---------- where a case stands in the strip ----------


@pytest.mark.parametrize(
    ("response", "place"),
    [
        ("CR", "complete response"),
        ("PR", "partial response"),
        ("SD", "stable disease"),
        ("PD", "progressive disease"),
        ("NE", "death before assessment"),
        (None, "death before assessment"),
    ],
)
def test_a_patient_stands_in_one_place(response: str | None, place: str) -> None:
    strip = strip_of(unit("a/P1", response=response), None)
    assert {name: number for name, number in zip(STRIP, strip, strict=True) if number} == {place: 1}


@pytest.mark.parametrize(
    ("said", "expected"),
    [  # responders, evaluable, categories -> CR, PR, a response, SD, PD, death, no response
        ((5, 9, {}), (0, 0, 5, 0, 0, 0, 4)),
        ((5, 9, {"cr": 2, "pr": 3, "sd": 3, "pd": 1}), (2, 3, 0, 3, 1, 0, 0)),
        ((5, 9, {"cr": 2, "pd": 1}), (2, 0, 3, 0, 1, 0, 3)),
        ((5, 9, {"pr": 4, "sd": 4}), (0, 4, 1, 4, 0, 0, 0)),
        ((5, 9, {"cr": 5, "sd": 2, "pd": 1}), (5, 0, 0, 2, 1, 0, 1)),
        ((5, 9, {"cr": 3, "pr": 3}), (0, 0, 5, 0, 0, 0, 4)),  # six of five: not used
        ((5, 9, {"sd": 3, "pd": 2}), (0, 0, 5, 0, 0, 0, 4)),  # five of four
        ((0, 3, {"sd": 3}), (0, 0, 0, 3, 0, 0, 0)),
    ],
)
def test_an_arm_stands_where_its_categories_say(
    said: tuple[int, int, dict[str, int]], expected: tuple[int, ...]
) -> None:
    r, n, categories = said
    described = Arm.model_validate(arm(r, n, **categories))
    assert strip_of(unit("a/arm1", r, n), described) == expected


def test_who_is_not_evaluable_stands_nowhere() -> None:
    assert strip_of(unit("a/P1", 0, 0, response="PR"), None) == (0,) * 7
    assert strip_of(unit("a/arm1", 0, 0), Arm.model_validate(arm(0, 0))) == (0,) * 7


# ---------- the facts of a case ----------

BARE_COURSE = {"Drug": "crizotinib", "Best response": "not readable in the source"}
BARE_PATIENT = {"Age": "not stated", "Sex": "not stated", "Site": "not stated", "Histology": "not stated"}
FULL: dict[str, Any] = {
    "age": 0.5,
    "sex": "female",
    "site": "head_and_neck",
    "site_detail": "tongue",
    "histology": "EIMS",
    "histology_detail": "round cells",
    "ihc": {"ROS1": "negative", "ALK": "positive"},
    "fusion_gene": "ALK",
    "fusion_partner": "RANBP2",
    "rearranged": {"ROS1": False},
    "mutations": [{"gene": "TP53"}, {"gene": "ALK", "change": "G1202R"}],
    "status": "alive",
    "followup_months": 9,
}
SECOND = course(
    "PR",
    drug="alectinib",
    response_alternatives=["SD"],
    response_as_stated="smaller",
    size_change_percent=-40,
    sizes=[10, 6],
    duration_months=[3, 5],
    ongoing=True,
    became_operable=False,
)


@pytest.mark.parametrize(
    ("described", "number", "expected"),
    [
        (patient(course(None), histology=None, ihc={}), 0, {**BARE_PATIENT, "Fusion": "not stated", **BARE_COURSE}),
        (
            patient(course("CR"), SECOND, **FULL),
            1,
            {
                "Age": "0.5 years",
                "Sex": "female",
                "Site": "head and neck, tongue",
                "Histology": "EIMS, round cells",
                "Immunohistochemistry": "ALK positive, ROS1 negative",
                "Fusion": "RANBP2::ALK",
                "Rearranged": "ROS1 no",
                "Mutations": "TP53, ALK G1202R",
                "Drug": "alectinib (inhibitor 2 of 2)",
                "Best response": "PR (stated)",
                "In the words of the source": "“smaller”",
                "The source also leaves open": "SD",
                "Change of size": "-40 %, from 10 to 6",
                "Time on the drug": "3 to 5 months",
                "Still on the drug": "yes",
                "Became operable": "no",
                "Last follow-up": "alive, 9 months",
            },
        ),
        (
            patient(course("CR"), SECOND, fusion_gene="ALK", ihc={}),
            0,
            {
                **BARE_PATIENT,
                "Histology": "IMT",
                "Fusion": "ALK, partner not stated",
                "Drug": "crizotinib (inhibitor 1 of 2)",
                "Best response": "CR (stated)",
            },
        ),
    ],
)
def test_the_facts_of_a_patient(
    described: dict[str, Any], number: int, expected: dict[str, str], make_review: MakeReview
) -> None:
    told = {name: value for name, value in described.items() if value is not None}
    library = read_library(make_review(report("example-2020", told)))
    assert library.protocol is not None
    found = facts_of(library, units(library, library.protocol.outcome)[number])
    assert dict(found) == expected
    assert [name for name, _ in found] == list(expected)


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (
            arm(3, 8, status={}),
            {
                "Responders of evaluable": "3/8",
                "Best responses": "not stated",
                "Line": "not stated",
                "Site": "not stated",
                "Responses are": "stated",
            },
        ),
        (
            arm(
                3,
                8,
                cr=0,
                pd=2,
                population="adult",
                line="first",
                site="abdomen",
                histology="IMT",
                treated=9,
                counts_basis="printed",
                fusion_gene="ROS1",
                in_response_at_12_months={"n": 2, "of": 3},
                median_pfs_months={"value": 9.5, "ci": [4, None]},
                median_duration_months={"value": 8},
            ),
            {
                "Responders of evaluable": "3/8",
                "Treated": "9",
                "Best responses": "CR 0, PD 2",
                "Population": "adult",
                "Line": "first",
                "Site": "abdomen",
                "Histology": "IMT",
                "Marker status": "ALK positive",
                "Fusion": "ROS1, partner not stated",
                "In response or on the drug at 12 months": "2 of 3 in whom it is known",
                "Counts are": "printed",
                "Median progression-free survival": "9.5 months (printed 95 % interval 4 to not estimable)",
                "Median time on the drug": "8 months",
            },
        ),
        (arm(3, 8) | {"evaluable": None}, {"Responders of evaluable": "3; how many were evaluable is not printed"}),
        (
            arm(3, 8) | {"evaluable": None, "responders": None, "response_basis": None, "treated": 9},
            {"Responders of evaluable": "not stated; how many were evaluable is not printed"},
        ),
    ],
)
def test_the_facts_of_an_arm(described: dict[str, Any], expected: dict[str, str], make_review: MakeReview) -> None:
    told = {name: value for name, value in described.items() if value is not None}
    library = read_library(make_review(report("example-2020", arms=[told], design="trial")))
    assert library.protocol is not None
    (one,) = units(library, library.protocol.outcome)
    found = dict(facts_of(library, one))
    assert expected.items() <= found.items()
    assert found["Group, known as counts"] == "Made up"


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ({"depth": "full_text"}, {"Read as": "full text", "Read by": "a, checked by b, 2026-01-01"}),
        ({"checked_by": None}, {"Read as": "abstract", "Read by": "a, by one person only, 2026-01-01"}),
        (
            {"depth": "secondary", "secondary_source": "A review", "note": "unclear"},
            {
                "Read as": "secondary",
                "Read in": "A review",
                "Read by": "a, checked by b, 2026-01-01",
                "Reader's note": "unclear",
            },
        ),
    ],
)
def test_how_a_report_was_read(reading: dict[str, Any], expected: dict[str, str]) -> None:
    assert dict(reading_of(case_file(patient(course()), extraction=reading))) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (months(8.0), "8 months"),
        (months((3.0, 3.0)), "3 months"),
        (months((3.0, 5.5)), "3 to 5.5 months"),
        (months(None), None),
        (age(None), "not stated"),
        (age(34.0), "34 years"),
        (age(1.4167), "1.42 years"),
        (words("head_and_neck"), "head and neck"),
        (words(None), None),
        (words(""), None),
    ],
)
def test_a_value_in_words(found: str | None, expected: str | None) -> None:
    assert found == expected


# ---------- the reference of a publication ----------


@pytest.mark.parametrize(
    ("bibliography", "said", "found"),
    [
        ({"doi": "10.1000/x", "pmid": "12", "url": "https://example.org/x"}, "A title. 2020", ["10.1000/x", "12"]),
        ({"pmcid": "PMC12", "authors": "A B.", "journal": "J Made Up"}, "A B. A title. J Made Up. 2020", ["PMC12"]),
        ({"url": "https://example.org/x"}, "A title. 2020", ["https://example.org/x"]),
        ({"title": None, "year": None}, "reference not verified", []),
    ],
)
def test_the_reference_and_the_links_of_a_publication(
    bibliography: dict[str, Any], said: str, found: list[str]
) -> None:
    made = report("example-2020", patient(course()))
    made["report"] |= {"title": "A title.", **bibliography}
    made["report"] = {name: value for name, value in made["report"].items() if value is not None}
    publication = CaseFile.model_validate(made)
    assert reference(publication) == said
    addresses = [address for _, address in addresses_of(publication.report)]
    assert len(addresses) == len(found)
    assert all(ending in address for ending, address in zip(found, addresses, strict=True))
    assert all(text and address.startswith("https://") for text, address in addresses_of(publication.report))


# ---------- the map ----------

CIRCLE = re.compile(r'<circle r="([^"]*)"( class="full")?/>(?:<path d="([^"]*)"/>)?')


def discs(*counts: tuple[int, int]) -> list[tuple[str, str, str]]:
    """Radius, class and outline of the discs of a made-up map with a row a count, in its order."""
    cells = {(f"row{k}", "drug"): Count.of("cell", [unit("a/arm1", r, n)]) for k, (r, n) in enumerate(counts)}
    rows, whole = tuple(row for row, _ in cells), Count.of("all", [])
    totals = dict.fromkeys(rows, whole)
    found = EvidenceMap(
        "pool", "down", "across", rows, ("drug", "none"), cells, totals, {"drug": whole, "none": whole}, whole
    )
    table = map_table(found, "title")
    assert [str(text) for text in words_of(table)[1][0]][:3] == ["row0", f"{counts[0][0]}/{counts[0][1]}", ""]
    html = Html(Numbers({"a/arm1": (unit("a/arm1"), "A")}), lambda _: Markup(""))
    return CIRCLE.findall(str(html.blocks([table])))


@pytest.mark.parametrize(
    ("responders", "full", "path"),
    [
        (0, "", ""),
        (16, ' class="full"', ""),
        (4, "", "M0 0V-14A14 14 0 0 1 14 -8.57e-16z"),  # from the top to the right
        (8, "", "M0 0V-14A14 14 0 0 1 1.71e-15 14z"),  # to the bottom, the short way
        (12, "", "M0 0V-14A14 14 0 1 1 -14 2.57e-15z"),  # to the left, the long way
    ],
)
def test_a_disc_is_filled_clockwise_from_the_top(responders: int, full: str, path: str) -> None:
    assert discs((responders, 16)) == [("14", full, path)]


@pytest.mark.parametrize(
    ("evaluable", "radii"),
    [
        ([4, 16], ["7", "14"]),  # the area is the patients: four times as many, twice as wide
        ([16, 64], ["7", "14"]),  # the largest of the map as large as a disc gets
        ([4], ["7"]),  # of few patients the largest stays small
        ([1, 64], ["3.5", "14"]),  # nobody becomes invisible
    ],
)
def test_the_size_of_a_disc_is_its_patients(evaluable: list[int], radii: list[str]) -> None:
    assert [radius for radius, _, _ in discs(*((n, n) for n in evaluable))] == radii


# ---------- the forest of the page ----------


def asked(folder: Path) -> Results:
    """What the forest is made of: the pools alone."""
    library, protocol, selection = selected_in(folder)
    response = pooled_response(selection, protocol)
    parts = {"library": library, "protocol": protocol, "selection": selection, "response": response}
    return cast("Results", SimpleNamespace(**parts, heterogeneity={}))


def listed(results: Results) -> list[tuple[str, str, Interval, Row]]:
    """Of each report of the forest: its label, r/n, what is drawn, and the whole row."""
    (block,) = reports_section(results).blocks
    assert isinstance(block, Only)
    fold = block.blocks[-1]
    assert isinstance(fold, Fold)
    (table,) = fold.blocks
    assert isinstance(table, Table)
    found = []
    for each in table.rows:
        if each.kind == "":
            label, _, counts, drawn, *_ = (cell.content for cell in each.cells)
            assert isinstance(drawn, Interval)
            found.append((str(label).removeprefix("authors not given, "), str(counts), drawn, each))
    return found


def test_a_box_of_very_many_is_no_larger_than_one_of_25(make_review: MakeReview) -> None:
    cohorts = [report(f"made-up-{n}", arms=[arm(n - 1, n)], design="cohort") for n in (100, 25, 16)]
    page = Html(Numbers({}), lambda _: Markup(""))
    drawn = (found for _, _, found, _ in listed(asked(make_review(*cohorts))))
    sizes = [re.findall(r'rect class="mark" x="-([^"]*)"', str(page._content(Cell(each)))) for each in drawn]
    assert sizes == [["7.5"], ["7.5"], ["6.5"]]


def test_a_long_forest_has_the_largest_reports_and_a_row_for_the_others(
    make_review: MakeReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohorts = [report(f"made-up-{n}", arms=[arm(n - 1, n)], design="cohort") for n in (3, 6, 4, 5)]
    results = asked(make_review(*cohorts, report("single", patient(course("PR")))))
    rows = [(label, counts) for label, counts, _, _ in listed(results)]
    assert rows == [(f"made-up-{n}", f"{n - 1}/{n}") for n in (6, 5, 4, 3)] + [("single", "1/1")]
    monkeypatch.setattr("metaimt.content.forest.MOST_ROWS", 2)
    short = listed(results)
    assert [(label, counts, drawn.rate is None) for label, counts, drawn, _ in short] == [
        ("made-up-6", "5/6", False),
        ("made-up-5", "4/5", False),
        ("and 2 other reports", "5/7", True),
        ("and 1 other report", "1/1", True),
    ]
    behind = [row.opens for _, _, _, row in short[2:]]
    assert [each.ids for each in behind if isinstance(each, Count)] == [
        ("made-up-3/arm1", "made-up-4/arm1"),
        ("single/P1",),
    ]


def test_a_row_that_a_wider_pool_counts_within_another_report_has_a_mark(make_review: MakeReview) -> None:
    single = report("made-up-1", patient(course("PR")), overlaps=["made-up-2"])
    whole = report("made-up-2", design="cohort", overlaps=["made-up-1"], arms=[arm(3, 5, response_basis="inferred")])
    link: dict[str, Any] = {"reports": ["made-up-1", "made-up-2"], "patients": ["made-up-1/P1 in made-up-2/arm1"]}
    link |= {"certainty": "certain", "prefer": "made-up-2"}
    results = asked(make_review(single, whole, links=[link]))
    assert [(label, counts) for label, counts, _, _ in listed(results)] == [
        ("made-up-2", "3/5"),
        ("made-up-1 *", "1/1"),
    ]
    (block,) = reports_section(results).blocks
    assert isinstance(block, Only)
    said = "* In all evidence counted within another report: made-up-1/P1 is within made-up-2."
    assert isinstance(block.blocks[0], Paragraph) and str(block.blocks[0].text).endswith(said)


# ---------- pictures and the frame of the page ----------


def test_a_part_of_a_picture_is_told_in_per_cent() -> None:
    assert _at(Place(left=0.125, top=0.5, width=0.25, height=1 / 3)) == "12.5 50 25 33.33"


def test_a_picture_has_ids_of_its_own_and_attributes_in_place_of_styles() -> None:
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt">'
        b'<metadata>x</metadata><defs><style>*{stroke: red}</style><clipPath id="c"/></defs>'
        b'<g id="a" style="fill: #fff; clip-path: url(#c)"><use xlink:href="#a"/></g>'
        b"<text style=\"font: bold 8px 'A B', serif; text-anchor: end\">a &lt; b</text></svg>"
    )
    made = str(inline_svg(svg, "one", 'says "this" < that'))
    assert 'aria-label="says &quot;this&quot; &lt; that"' in made
    assert "style" not in made and "metadata" not in made and "width" not in made
    assert '<g id="one-a" fill="#fff" clip-path="url(#one-c)"><use xlink:href="#one-a"' in made
    assert "font-family=\"'A B', serif\"" in made.partition(">")[0], "once for all texts"
    assert '<text font-weight="bold" font-size="8px" text-anchor="end">a &lt; b</text>' in made


def test_the_filters_and_columns_of_the_page() -> None:
    assert FACETS[:8] == ("drug", "partner", "site", "histology", "line", "stratum", "basis", "year")
    assert set(page.FILTERS) == set(FACETS) - {"year"}  # the year has two fields of its own
    assert page.FILTERS["stratum"] == "Stratum"
    assert [heading for heading, kind in page.COLUMNS if "w" not in kind] == [
        "Case",
        "r/n",
        "Drug",
        "Response",
        "Year",
        "Counted in, or why not",
    ]


def test_the_values_of_a_filter_are_sorted_and_not_stated_is_last() -> None:
    cases = [{"facets": dict.fromkeys(FACETS, value)} for value in ("not stated", "zebra", "bone", "zebra")]
    assert page._filters(cases) == {name: ["bone", "zebra", "not stated"] for name in FACETS}
