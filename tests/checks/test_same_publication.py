"""The same publication twice, beyond the examples in rejected/ and accepted/; everything is made up."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, course, patient, report

from metaimt.casefiles.library import read_files, read_library
from metaimt.checks import check_library
from metaimt.cli.validate import looked_at
from metaimt.problem import Problem

TITLE = "Made up: a tumour of the omentum"


def told(folder: Path) -> list[Problem]:
    rules = {"repeated-doi", "repeated-pmid", "repeated-pmcid", "repeated-title", "same-title", "included-and-excluded"}
    return [problem for problem in check_library(read_library(folder)) if problem.rule in rules]


def made(make_review: MakeReview, *fields: dict[str, Any]) -> Path:
    entries = [report(f"made-{2019 + k}", patient(course())) for k in range(len(fields))]
    for entry, more in zip(entries, fields, strict=True):
        entry["report"] |= more
    return make_review(*entries)


def test_one_pair_is_told_by_the_identifier_at_both_files(make_review: MakeReview) -> None:
    """f14 of the inputs: the same PubMed Central id and the same title in two years."""
    both = {"title": TITLE, "pmcid": "PMC7654321"}
    first, second = told(made(make_review, both | {"year": 2019}, both | {"year": 2020}))
    assert {(each.rule, each.severity) for each in (first, second)} == {("repeated-pmcid", "error")}
    assert "is already that of made-2020" in first.message
    assert "is already that of made-2019" in second.message


def test_of_three_each_is_told_once(make_review: MakeReview) -> None:
    found = told(made(make_review, *({"pmid": "12345"} for _ in range(3))))
    assert [Path(each.file).stem for each in found] == ["made-2019", "made-2020", "made-2021"]


def test_the_file_that_is_asked_about_is_told_whichever_it_is(make_review: MakeReview) -> None:
    folder = made(make_review, {"doi": "10.0000/made"}, {"doi": "10.0000/MADE"})
    for path in sorted((folder / "literature").iterdir()):
        assert "repeated-doi" in {problem.rule for problem in looked_at([path]).findings.problems}, path


def test_a_doi_that_is_refused_is_compared_all_the_same(make_review: MakeReview) -> None:
    dois = ("10.0000/made<up>1", "https://doi.org/10.0000/MADE%3Cup%3E1.")
    folder = made(make_review, *({"doi": doi} for doi in dois))
    assert {problem.rule for problem in told(folder)} == {"repeated-doi"}
    assert len(told(folder)) == 2
    assert "wrong-form" in {problem.rule for problem in read_library(folder).problems}


@pytest.mark.parametrize("linked", [True, False])
def test_a_title_of_linked_reports_is_not_asked_about(make_review: MakeReview, linked: bool) -> None:
    folder = made(make_review, {"title": TITLE, "year": 2019}, {"title": TITLE, "year": 2020})
    assert [problem.rule for problem in told(folder)] == ["same-title"]
    if linked:
        link = {"reports": ["made-2019", "made-2020"], "certainty": "certain", "prefer": "made-2020"}
        (folder / "links.yaml").write_text(yaml.safe_dump([link]), encoding="utf-8")
    else:
        path = folder / "literature" / "made-2020.yaml"
        path.write_text(path.read_text().replace("design:", "overlaps: [made-2019]\n  design:"), encoding="utf-8")
    assert told(folder) == []


def test_an_entry_of_excluded_with_another_mistake_has_its_place(make_review: MakeReview) -> None:
    folder = made(make_review, {"doi": "10.0000/made-up"})
    excluded = "# Made up.\n- {id: a-2020, reason: []}\n- {id: b-2020, doi: 10.0000/MADE-UP, reason: made up}\n"
    (folder / "excluded.yaml").write_text(excluded, encoding="utf-8")
    (problem,) = told(folder)
    assert (problem.rule, problem.position.line, problem.position.column) == ("included-and-excluded", 3, 8)


def test_an_excluded_publication_has_a_pubmed_central_id(make_review: MakeReview) -> None:
    folder = made(make_review, {"pmcid": "PMC7654321"})
    excluded = "# Made up.\n- {id: a-2020, pmcid: PMC07654321, reason: made up}\n"
    (folder / "excluded.yaml").write_text(excluded, encoding="utf-8")
    (problem,) = told(folder)
    assert (problem.rule, problem.position.line) == ("included-and-excluded", 2)
    assert "unknown-field" not in {problem.rule for problem in read_library(folder).problems}


def test_a_title_that_is_excluded_may_be_another_publication(make_review: MakeReview) -> None:
    folder = made(make_review, {"title": TITLE, "authors": "Made A", "year": 2019})
    excluded = [{"id": "other-2015", "title": TITLE, "reason": "Made up."}]
    (folder / "excluded.yaml").write_text(yaml.safe_dump(excluded), encoding="utf-8")
    (problem,) = told(folder)
    assert (problem.rule, problem.file) == ("same-title", f"{folder}/excluded.yaml")


def test_single_files_are_compared_too(make_review: MakeReview, tmp_path: Path) -> None:
    folder = made(make_review, {"pmid": "012345"}, {"pmid": "12345"})
    copies = [Path(shutil.copy(path, tmp_path)) for path in sorted((folder / "literature").iterdir())]
    rules = [problem.rule for problem in check_library(read_files(copies), whole=False)]
    assert rules.count("repeated-pmid") == 2
