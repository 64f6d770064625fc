"""Characteristics of the included reports, on made-up ones: what a file states, "not stated" else, nothing added up."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report

import metaimt
from metaimt.analyses.results import Results
from metaimt.content.answer import front
from metaimt.content.characteristics import characteristics_table
from metaimt.content.review import review_sections
from metaimt.content.section import words_of
from metaimt.content.sources import sources_section
from metaimt.render.markdown import no_figures, section_markdown


@pytest.fixture
def rows(make_review: MakeReview) -> dict[str, list[str]]:
    """Of three made-up reports: name -> what stands beside it."""
    trial: dict[str, Any] = {"treated": 12, "population": "paediatric", "line": "later", "histology": "IMT"}
    folder = make_review(
        report(
            "example-2019",
            patient(course("PR"), course("PD", drug="ceritinib"), age=4, fusion_gene="ALK", fusion_partner="TPM3"),
            patient(course(None, combined_with=["surgery"]), id="P2", histology="EIMS", ihc={}),
            design="case_series",
        ),
        report("example-2020", arms=[arm(5, 9, **trial), arm(1, 3, drug="alectinib")], design="trial"),
        report("example-2018", patient(course("CR"), age=30.5)),
    )
    return listed(metaimt.run(folder))


def listed(results: Results) -> dict[str, list[str]]:
    (found,) = characteristics_table(results)
    _, texts = words_of(found)
    return {str(first).removeprefix("authors not given, "): [*map(str, others)] for first, *others in texts}


def test_a_row_says_what_the_file_states(rows: dict[str, list[str]]) -> None:
    assert list(rows) == ["example-2020", "example-2019", "example-2018"], "trials first"
    assert rows["example-2020"] == [
        "trial",
        "9 / 12; 3 / not stated",
        "child",
        "crizotinib; alectinib",
        "later; mixed or not stated",
        "IMT; not stated",
        "ALK positive (stated)",
        "abstract",
    ]
    assert rows["example-2019"] == [
        "case series",
        "1 / 2",
        "4 (known for 1 of 2)",
        "crizotinib; ceritinib; crizotinib + surgery",
        "first; later",
        "IMT; EIMS",
        "ALK positive (fusion); not stated",
        "abstract",
    ]
    assert rows["example-2018"][1:3] == ["1 / 1", "30.5"]


def test_every_document_begins_with_answer_and_limits_and_has_the_table(shipped: Results) -> None:
    sections = review_sections(shipped)
    assert next(iter(sections)) == "answer"
    said = f"{front(shipped)[1]}\n{section_markdown(sections['answer'], no_figures)}"
    counts = shipped.response.headline.counts
    assert said.startswith(f"{counts.responders} of {counts.evaluable} patients (strict, ALK-positive) responded (")
    assert "The average rate across such reports probably lies between" in said
    assert "Line of treatment is mixed or not stated for " in said
    assert "not yet searched: PubMed" in said
    written = section_markdown(sections["sources"], no_figures)
    assert written.count("### Characteristics of the included reports") == 1
    (found,) = characteristics_table(shipped)
    assert len(found.rows) == len(shipped.library.reports)


def test_of_more_reports_than_a_table_holds_the_first_are_shown_and_it_says_so(
    shipped: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("characteristics", "sources"):
        monkeypatch.setattr(f"metaimt.content.{module}.MOST", 3)
    (found,) = characteristics_table(shipped)
    assert [str(row.cells[1].content) for row in found.rows] == ["trial"] * 3
    more = len(shipped.library.reports) - 3
    written = section_markdown(sources_section(shipped), no_figures)
    assert f"{more} more are not shown: all are in `tables/units.csv`." in written
