"""Pooled figures printed elsewhere beside the matching patients of the review."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, arm, course, patient, report, selected_in

from metaimt.analyses.published_pooled import PublishedComparison, published_pooled
from metaimt.analyses.results import Results
from metaimt.casefiles.library import read_library
from metaimt.content.publication_bias import published_sections
from metaimt.render.markdown import section_markdown
from metaimt.report.tables import published_rows
from metaimt.serialise import to_json
from metaimt.statistics.proportion import clopper_pearson


def published_in(folder: Path) -> tuple[PublishedComparison, ...]:
    library, protocol, selection = selected_in(folder)
    return published_pooled(library, selection, protocol)


def said(*found: Any) -> str:
    return section_markdown(published_sections(*found)[0], str)


def test_the_papers_own_table_stands_beside_single_cases(shipped: Results) -> None:
    found = {each.entry.id: each for each in shipped.published}["you-2024-table-4"]
    assert found.printed == clopper_pearson(12, 17)
    members = shipped.selection.members("all_evidence")
    mine = [
        placed.unit
        for placed in members
        if placed.unit.design in {"case_report", "case_series"} and (placed.unit.year or 9999) <= 2024
    ]
    assert found.counts.evaluable == sum(unit.evaluable for unit in mine)
    assert found.counts.responders == sum(unit.responders for unit in mine)
    assert any("fusion partner RANBP2" in text for text in found.differences)
    assert any("median duration 14 months printed" in text for text in found.differences)


def test_a_figure_without_a_denominator_has_no_rate(shipped: Results) -> None:
    found = {each.entry.id: each for each in shipped.published}["theilen-2018"]
    assert found.printed is None
    assert to_json(found)["printed"] == {"not_identified": "no denominator is printed"}
    assert "12 responders of 30 patients, evaluable or not" in found.differences[0]


def test_what_matches_is_not_called_a_difference(make_review: MakeReview) -> None:
    fused = patient(course("PR", duration_months=14), fusion_gene="ALK", fusion_partner="RANBP2")
    folder = make_review(
        *(report(f"a{k}-2019", fused, year=2019) for k in range(5)), report("b-2025", patient(course("PD")), year=2025)
    )
    entry = {"id": "made-up", "evaluable": 5, "responders": 5, "fusion_partners": {"RANBP2": 5}}
    entry["matches"] = {"up_to_year": 2020, "drug": ["crizotinib"]}
    (folder / "published-pooled.yaml").write_text(yaml.safe_dump({"pooled": [entry]}), encoding="utf-8")
    (found,) = published_in(folder)
    assert (found.counts.responders, found.counts.evaluable) == (5, 5)
    assert found.differences == ()
    assert found.conditions == "crizotinib; published up to 2020"


@pytest.mark.parametrize(
    ("evaluable", "stable"),
    [("CR, PR, SD, PD", 1), ("CR, PR, PD", 0)],  # of the evaluable, as the protocol has them
)
def test_best_responses_are_counted_among_those_recorded_singly(
    make_review: MakeReview, evaluable: str, stable: int
) -> None:
    given = [course("SD"), course("PD"), course("PD"), course("PR"), course("NE", stop_reason="death")]
    folder = make_review(
        *(report(f"a{k}-2019", patient(each), year=2019) for k, each in enumerate(given)),
        report("b-2019", design="trial", arms=[arm(3, 5, sd=1, pd=1)], year=2019),
    )
    path = folder / "review.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("evaluable: [CR, PR, SD, PD]", f"evaluable: [{evaluable}]")
    )
    entry = {
        "id": "made-up",
        "stable": 9,
        "progressed": 9,
        "evaluable": 9 + stable,
        "matches": {"drug": ["crizotinib"]},
    }
    (folder / "published-pooled.yaml").write_text(yaml.safe_dump({"pooled": [entry]}), encoding="utf-8")
    (found,) = published_in(folder)
    assert found.differences == (
        f"9 with stable disease printed, {stable} recorded here",
        "9 with progression printed, 2 recorded here",
    )


def test_fewer_than_five_of_ours_are_counted_and_not_compared(make_review: MakeReview) -> None:
    folder = make_review(
        report("four-2019", design="trial", arms=[arm(3, 4)], year=2019),
        report("one-2020", patient(course("PD")), year=2020),
    )
    figures = [
        {"id": "four", "responders": 9, "evaluable": 10, "matches": {"up_to_year": 2019}},
        {"id": "five", "responders": 9, "evaluable": 10, "matches": {"up_to_year": 2020}},
    ]
    (folder / "published-pooled.yaml").write_text(yaml.safe_dump({"pooled": figures}), encoding="utf-8")
    four, five = published_in(folder)
    assert (four.counts.responders, four.counts.evaluable, four.orr, four.differences) == (3, 4, None, ())
    why = "fewer than 5 patients match: not compared"
    assert to_json(four)["ours"]["orr"] == {"not_identified": why}
    assert f"3/4 in 1 report: {why}" in said((four,))
    assert [row["method"] for row in published_rows((four,))] == [why]
    assert five.orr is not None
    assert five.differences == ("10 patients printed, 5 recorded here", "9 responders printed, 3 recorded here")


def test_the_known_partner_and_the_design_are_conditions(make_review: MakeReview) -> None:
    folder = make_review(
        report("a-2019", patient(course("PR"), fusion_gene="ALK", fusion_partner="TPM3"), year=2019),
        report("b-2019", patient(course("PD")), year=2019),
        report("c-2019", design="trial", arms=[arm(3, 4)], year=2019),
    )
    figures = [
        {"id": "partner", "responders": 2, "evaluable": 2, "matches": {"fusion_partner": True}},
        {"id": "trials", "responders": 2, "evaluable": 2, "matches": {"design": ["trial"]}},
        {"id": "nobody", "responders": 2, "evaluable": 2, "matches": {"up_to_year": 1900}},
        {"id": "not-compared", "responders": 2, "evaluable": 2},
    ]
    (folder / "published-pooled.yaml").write_text(yaml.safe_dump({"pooled": figures}), encoding="utf-8")
    found = {each.entry.id: each for each in published_in(folder)}
    assert {name: each.counts.evaluable for name, each in found.items()} == {"partner": 1, "trials": 4, "nobody": 0}
    assert found["nobody"].orr is None
    assert "none evaluable" in said(tuple(found.values()))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"id": "x", "responder": 3}, "responder"),
        ({"id": "x", "matches": {"years": 3}}, "years"),
        ({"id": "x", "matches": {"drug": ["crizotinb"]}}, "crizotinb"),
    ],
)
def test_an_unknown_field_is_an_error_with_its_place(
    make_review: MakeReview, entry: dict[str, object], message: str
) -> None:
    folder = make_review(report("a-2019", patient(course("PR")), year=2019))
    (folder / "published-pooled.yaml").write_text(yaml.safe_dump({"pooled": [entry]}), encoding="utf-8")
    (problem,) = [one for one in read_library(folder).problems if one.file.endswith("published-pooled.yaml")]
    assert problem.severity == "error"
    assert message in problem.message
    assert problem.position.line > 1


def test_the_headline_stands_beside_the_widest_pool(shipped: Results) -> None:
    found = {each.entry.id: each for each in shipped.published}["you-2024-table-4"]
    counts, orr = found.headline
    assert orr is not None
    assert 0 < counts.evaluable < found.counts.evaluable
    assert counts.responders <= found.counts.responders
    assert any("of undated reports would match but for the year" in text for text in found.differences)
    ours = to_json(found)["ours_headline"]
    assert (ours["responders"], ours["evaluable"]) == (counts.responders, counts.evaluable)


def test_what_is_not_compared_is_listed_with_the_reason(shipped: Results) -> None:
    assert shipped.library.published is not None
    section = said(shipped.published, shipped.library.published.not_compared)
    assert "**takeyasu-2021**: several tumours together." in section
    assert "**casanova-2020**: another treatment." in section
    assert "**chmiel-2024**: no pooled figure is printed." in section
    assert published_sections(()) == ()


def test_the_table_has_a_line_a_figure(shipped: Results) -> None:
    rows = list(published_rows(shipped.published))
    assert [row["id"] for row in rows] == [each.entry.id for each in shipped.published]
    assert all(row["method"] for row in rows)
