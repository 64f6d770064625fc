"""The living review: what holds for any valid review, however many cases it has. Numbers of today are nowhere here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT

from metaimt.casefiles.library import Library, read_library
from metaimt.checks import check_library

CASES = ROOT / "cases"


@cache
def library() -> Library:
    return read_library(CASES)


def units() -> set[tuple[str, str]]:
    """Every patient and arm as links name them."""
    reports = library().reports
    patients = {(report.id, patient.id) for report in reports for patient in report.patients}
    return patients | {(report.id, f"arm{a + 1}") for report in reports for a in range(len(report.arms))}


def test_nothing_in_it_is_an_error() -> None:
    errors = [problem for problem in check_library(library()) if problem.severity == "error"]
    assert errors == []
    assert library().protocol is not None


def test_every_file_is_read() -> None:
    stems = [path.stem for folder in ("literature", "local") for path in (CASES / folder).glob("*.y*ml")]
    assert sorted(report.id for report in library().reports) == sorted(stems)
    for report in library().reports:
        assert Path(library().report_documents[report.id].name).stem == report.id


def test_every_report_says_who_read_it_and_when() -> None:
    for report in library().reports:
        assert report.extraction.by, report.id
        assert report.extraction.date, report.id
        assert report.extraction.checked_by != report.extraction.by, report.id


def test_second_readings_are_of_reports_in_the_review() -> None:
    second = {path.stem for path in (CASES / "second-reading").rglob("*.yaml")}
    assert second <= {report.id for report in library().reports}
    for report in library().reports:
        assert (report.extraction.checked_by is not None) or report.id not in second, report.id


def test_no_link_or_overlap_dangles() -> None:
    known = {report.id for report in library().reports}
    linked = set()
    for link in library().links:
        assert set(link.reports) <= known
        assert link.prefer in link.reports
        assert len(set(link.reports)) == len(link.reports) == 2
        assert link.evidence
        assert link.decided_by
        for same in link.patients:
            assert {same.left, same.right} <= units()
            assert {same.left[0], same.right[0]} == set(link.reports)
        linked.add(frozenset(link.reports))
    overlaps = {frozenset((report.id, other)) for report in library().reports for other in report.report.overlaps}
    assert overlaps <= linked
    assert len(linked) == len(library().links)


def test_excluded_are_not_included() -> None:
    assert not {entry.id for entry in library().excluded} & {report.id for report in library().reports}
    assert all(entry.reason and entry.date for entry in library().excluded)


def test_second_hand_reports_name_their_source() -> None:
    assert all(r.extraction.secondary_source for r in library().reports if r.extraction.depth == "secondary")


def test_nothing_is_printed_without_a_place_to_find_it() -> None:
    published = [report for report in library().reports if report.report.setting != "local"]
    missing = [one.id for one in published if not (one.report.doi or one.report.pmid or one.report.url)]
    assert missing == []


@pytest.mark.parametrize("word", ["made up", "made-up", "synthetic", "fictitious"])
def test_nobody_in_it_is_made_up(word: str) -> None:
    named = [path.name for path in CASES.rglob("*.yaml") if word in path.read_text(encoding="utf-8").casefold()]
    assert named == []
