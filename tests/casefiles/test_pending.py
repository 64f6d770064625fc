"""A file that is not yet read to its end: it is listed, is in no pool, and stops nothing. All are made up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command import metaimt
from conftest import MakeReview, course, patient, report

from metaimt.casefiles.library import read_library
from metaimt.checks import check_library

WHY = "reason: the full text is ordered\n"
BODIES = {
    "nothing else": "",
    "only an id": "report: {id: waits-2024}\n",
    "no design": "report: {id: waits-2024, title: Made up}\npatients: [{id: P1, courses: []}]\n",
    "a wrong term": "report: {id: waits-2024, design: made up}\n",
    "an arm without counts": "report: {id: waits-2024, design: trial}\narms: [{label: Made up, drug: crizotinib}]\n",
    "a whole file": "report: {id: waits-2024, title: Made up, design: case_report}\n"
    "patients: [{id: P1, ihc: {ALK: positive}, courses: [{drug: crizotinib, response: PR, response_basis: stated}]}]\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_it_is_listed_and_stops_nothing(body: str, make_review: MakeReview) -> None:
    folder = make_review(report("example-1", patient(course("PR"))))
    (folder / "literature" / "waits-2024.yaml").write_text(f"# Made up.\nstatus: pending\n{WHY}{body}")
    library = read_library(folder)
    assert [each.severity for each in check_library(library) if each.severity == "error"] == []
    assert [(each.id, each.reason) for each in library.pending] == [("waits-2024", "the full text is ordered")]
    assert [each.id for each in library.reports] == ["example-1"]
    said = metaimt("pool", str(folder))
    assert said.returncode == 0
    assert "1/1" in said.stdout
    assert "Pending, in no pool: waits-2024 (the full text is ordered)" in said.stdout


def test_without_a_reason_it_is_an_error(make_review: MakeReview) -> None:
    folder = make_review(report("example-1", patient(course("PR"))))
    (folder / "literature" / "waits-2024.yaml").write_text("# Made up.\nstatus: pending\n")
    assert "pending-without-reason" in {each.rule for each in check_library(read_library(folder))}


def test_a_link_to_it_is_no_mistake(make_review: MakeReview, tmp_path: Path) -> None:
    links = [{"reports": ["example-1", "waits-2024"], "certainty": "possible", "prefer": "example-1"}]
    folder = make_review(report("example-1", patient(course("PR")), overlaps=["waits-2024"]), links=links)
    (folder / "literature" / "waits-2024.yaml").write_text(f"# Made up.\nstatus: pending\n{WHY}")
    assert [each.rule for each in check_library(read_library(folder)) if each.severity == "error"] == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_what_is_no_regular_file_is_told_and_not_waited_for(make_review: MakeReview) -> None:
    folder = make_review(report("example-1", patient(course("PR"))))
    os.mkfifo(folder / "literature" / "pipe-2020.yaml")
    found = [each for each in check_library(read_library(folder)) if each.severity == "error"]
    assert [(each.rule, each.file.rpartition("/")[2]) for each in found] == [("unreadable", "pipe-2020.yaml")]
    assert "is a pipe or a device, not a file" in found[0].message


def test_a_folder_that_may_not_be_looked_into_is_an_error(
    make_review: MakeReview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken for empty it moved all evidence from 98/122 to 98/120 without a word."""
    folder = make_review(report("example-1", patient(course("PR"))))
    (folder / "local").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "local")
    found = [each for each in check_library(read_library(folder)) if each.severity == "error"]
    assert [(each.rule, Path(each.file).name) for each in found] == [("unreadable", "local")]
