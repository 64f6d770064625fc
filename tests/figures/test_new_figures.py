"""The flow, the tiles, the waterfall and the adjusted rate; and which figures a build draws unasked. All made up."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import MakeReview, course, made_once, patient, report, write_review
from drawn import assert_tidy, marks, written

import metaimt
from metaimt.analyses.flow import flow
from metaimt.analyses.results import Results
from metaimt.casefiles.model import Course
from metaimt.casefiles.records import Decision, Record
from metaimt.casefiles.shared import Search
from metaimt.figures.flow import flow_boxes
from metaimt.figures.forest import TILES
from metaimt.figures.registry import draw_figure, figure_names, is_built
from metaimt.figures.review_figure import NotDrawn, ReviewFigure
from metaimt.figures.style import grey
from metaimt.figures.waterfall import FEWEST, change_of
from metaimt.model.count import Count, Publications
from metaimt.report.prisma_flow import flow_rows

POOLS = ("strict", "all_evidence")


def drawn(results: Results, name: str) -> ReviewFigure:
    found = draw_figure(results, name)
    assert isinstance(found, ReviewFigure), found
    return found


def test_tiles_are_one_a_patient_under_each_heading(shipped: Results) -> None:
    figure = drawn(shipped, "tiles")
    members = shipped.selection.count("all_evidence", "").where("", lambda u: u.patient is not None and u.evaluable)
    rows = [re.match(r"row-(\d+)-tile", name) for name in marks(figure.figure)]
    assert len([row for row in rows if row]) == 5 * len(members.parts)
    counts = [region.behind for region in figure.regions if isinstance(region.behind, Count)]
    assert len(counts) == len(figure.regions)
    assert sum(count.evaluable for count in counts) == 5 * members.evaluable
    assert f"{members.responders}/{members.evaluable}" in figure.caption


def test_tiles_are_told_apart_in_grey() -> None:
    lightness = [int(grey(fill)[1:3], 16) for _, fill in list(TILES.values())[:5]]
    assert all(after - before >= 20 for before, after in pairwise(lightness))


def test_the_flow_says_what_is_not_recorded(shipped: Results) -> None:
    figure = drawn(shipped, "flow")
    assert_tidy(figure.figure)
    assert "Records found: not recorded for 1 of 1 search, PubMed: not yet run" in figure.caption
    assert not re.search(r"Records (found|screened): \d", figure.caption)
    included = next(box for box in flow_boxes(shipped, POOLS) if box.title == "Included")
    assert included.lines[0] == f"{len(shipped.library.reports) - 1} publications"
    assert {"98/122 responded, in 47 reports", "55/74 responded, in 18 reports"} <= set(written(figure.figure))
    assert [region.label for region in figure.regions][-1] == "strict, ALK-positive"


def test_the_flow_adds_up_what_every_search_has_recorded(shipped: Results) -> None:
    searches = tuple(Search(id=f"made-up-{n}", source="Made up", status="done", hits=n, screened=1) for n in (3, 4))
    recorded = replace(shipped, library=replace(shipped.library, searches=searches))
    assert [box.lines for box in flow_boxes(recorded, POOLS)[:2]] == [("7",), ("2",)]
    one = replace(
        shipped, library=replace(shipped.library, searches=(searches[0], searches[1].model_copy(update={"hits": None})))
    )
    assert flow_boxes(one, POOLS)[0].lines == ("not recorded for 1 of 2 searches",)
    none = replace(shipped, library=replace(shipped.library, searches=()))
    assert flow_boxes(none, POOLS)[0].lines == ("no search was run",)


@pytest.fixture(scope="module")
def measured(once: Path) -> Results:
    """Made-up patients with a change of size: as printed, or as two sizes; one without."""
    told = [
        patient(
            course("PR" if n > 3 else "SD", size_change_percent=10 - 8 * n, response_basis="measured"),
            id="P1",
            site="lung",
        )
        for n in range(FEWEST - 1)
    ]
    told.append(patient(course("PR", sizes=[10, 5], response_basis="measured"), site="lung"))
    told.append(patient(course("PR"), site="lung"))
    cases = [report(f"made-up-{n}", each, extraction={"checked_by": "c"}) for n, each in enumerate(told)]
    return made_once(once / "measured", lambda: metaimt.run(write_review(once / "measured-reports", *cases)))


def test_a_waterfall_has_a_bar_for_each_known_change(measured: Results) -> None:
    figure = drawn(measured, "waterfall")
    assert_tidy(figure.figure)
    assert f"known for {FEWEST} of {FEWEST + 1} patients" in figure.caption
    assert "from +10 to -54 %" in figure.caption and "5 with a loss of 30 % or more" in figure.caption
    bars = [mark for name, mark in marks(figure.figure).items() if name.startswith("bar-")]
    assert len(bars) == len(figure.regions) == FEWEST


def test_without_known_sizes_the_waterfall_says_how_many_are_known(shipped: Results) -> None:
    found = draw_figure(shipped, "waterfall")
    assert isinstance(found, NotDrawn) and re.search(r"known for \d+ of 40 patients", found.reason)


def test_a_change_of_size() -> None:
    assert change_of(Course.model_construct(drug="made up", size_change_percent=-48, sizes=None)) == -48
    assert change_of(Course.model_construct(drug="made up", size_change_percent=None, sizes=(8.0, 6.0))) == -25
    assert change_of(Course.model_construct(drug="made up", size_change_percent=None, sizes=(0.0, 6.0))) is None
    assert change_of(Course.model_construct(drug="made up", size_change_percent=None, sizes=None)) is None
    assert change_of(None) is None


def test_the_adjusted_rate_stands_under_each_prior(shipped: Results) -> None:
    figure, said = drawn(shipped, "adjusted"), []
    for pool in POOLS:
        rates = shipped.response.pools[pool].adjusted
        assert isinstance(rates, tuple) and len(rates) == 5
        said += [f"[{100 * each.lower:.1f} to {100 * each.upper:.1f}]" for each in rates]
    texts = written(figure.figure)
    assert [text for text in texts if text.startswith("[")] == said


def test_what_a_build_draws_unasked(shipped: Results, make_review: MakeReview) -> None:
    names = list(figure_names(shipped.protocol))
    unasked = {name for name in names if is_built(shipped, name)}
    assert set(names) - unasked == {"methods", "leave-one-out", "by-sex", "by-drug-generation", "by-fusion-partner"}
    few = metaimt.run(
        make_review(report("made-up", patient(course("PR"), site="lung"), extraction={"checked_by": "c"}))
    )
    assert not is_built(few, "by-site") and is_built(few, "forest")


PRISMA_BOXES = [  # the column `data` of inst/extdata/PRISMA.csv of prisma-flowdiagram/PRISMA2020, commit 696d35e6
    *("NA", "previous_studies", "previous_reports", "NA", "database_results", "database_specific_results"),
    *("register_results", "register_specific_results", "NA", "website_results", "organisation_results"),
    *("citations_results", "duplicates", "excluded_automatic", "excluded_other", "records_screened"),
    *("records_excluded", "dbr_sought_reports", "dbr_notretrieved_reports", "other_sought_reports"),
    *("other_notretrieved_reports", "dbr_assessed", "dbr_excluded", "other_assessed", "other_excluded"),
    *("new_studies", "new_reports", "total_studies", "total_reports", "identification", "screening", "included"),
]


def made(id: str, *sources: str, duplicate_of: str = "") -> Record:
    return Record(id, f"Made up {id}", "", "", "2026", "", "", sources, ("2026-11-30",) * len(sources), duplicate_of)


def test_the_flow_of_records_adds_up_and_opens_each_record(shipped: Results) -> None:
    """By hand: 7 found (a twice, by both sources), 2 duplicates, 5 unique: 1 out, 1 waits, 3 sought, 1 of them open."""
    one, excluded = shipped.library.reports[0].id, shipped.library.excluded[0].id
    records = (
        *(made("a", "s", "t"), made("b", "s", duplicate_of="a"), made("c", "s"), made(one, "s")),
        *(made(excluded, "t"), made("d", "t")),
    )
    told = {"a": "include", "c": "exclude"}
    sheets = {"x": tuple(Decision(n, "", "", d, "no patients" if d == "exclude" else "") for n, d in told.items())}
    searches = tuple(Search(id=name, source=name.upper(), status="done", hits=1) for name in "st")
    library = replace(shipped.library, records=records, sheets=sheets, searches=searches)
    results = replace(shipped, library=library)
    found = flow(library, results.protocol)
    assert found.identified is not None
    assert {source: len(ids) for source, ids in found.identified.items()} == {"S": 4, "T": 3}
    assert (found.duplicates, found.waiting, found.not_read) == (("b", "a"), ("d",), ("a",))
    assert (found.screened, found.sought) == (("a", "c", one, excluded), ("a", one, excluded))
    assert found.screened_out == {"no patients": ("c",)}
    assert [*found.excluded.values()] == [(excluded,)]
    assert len(found.previous) + len(found.new) + len(found.elsewhere) == len(found.total)
    boxes = {box.title: box for box in flow_boxes(results, POOLS)}
    behind = boxes["Records screened"].behind
    assert isinstance(behind, Publications)
    assert (behind.reports, [name for name, _ in behind.others]) == ((one,), ["a", "c", excluded])
    assert_tidy(drawn(results, "flow").figure)
    assert (found.former, found.known) == (None, ())
    later = results.protocol.model_copy(update={"version": "2099.1"})
    again = flow(library, later)
    assert (again.known, again.screened, again.sought) == ((one,), ("a", "c", excluded), ("a", excluded))
    assert len(again.duplicates) + len(again.known) + len(again.screened) + len(again.waiting) == 7
    assert len(again.assessed) == sum(map(len, again.excluded.values())) + len(again.new)
    (removed,) = [
        box.aside for box in flow_boxes(replace(results, protocol=later), POOLS) if box.title == "Records found"
    ]
    assert removed is not None
    assert removed.lines == ("3 records", "Duplicates: 2", f"In version {again.former} already: 1")
    assert {str(row["data"]): row["n"] for row in flow_rows(again)}["excluded_other"] == 1
    rows = {str(row["data"]): row["n"] for row in flow_rows(found)}
    names = ("database_results", "duplicates", "records_screened", "records_excluded", "dbr_sought_reports")
    assert [rows[name] for name in names] == [7, 2, 4, 1, 3]
    assert (rows["dbr_notretrieved_reports"], rows["dbr_assessed"]) == (1, 2)
    assert rows["database_specific_results"] == "S, 4; T, 3"
    assert [str(row["data"]) for row in flow_rows(found)] == [*PRISMA_BOXES, "records_waiting"]
    assert rows["records_waiting"] == 1
    settled = {"x": (*sheets["x"], Decision("d", "", "", "exclude", "duplicate"))}
    same = flow(replace(library, sheets=settled), results.protocol)
    assert (same.duplicates, same.waiting) == (("b", "a", "d"), ())
    assert (same.screened, same.screened_out) == (found.screened, found.screened_out)
    assert {row["n"] for row in flow_rows(flow(shipped.library, shipped.protocol)) if row["data"] == "duplicates"} == {
        "not recorded"
    }
