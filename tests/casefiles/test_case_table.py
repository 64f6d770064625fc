"""A case file with a patient table: treated patients enter the pools as any other. Everybody is made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MakeReview, arm, course, patient, report

from metaimt.casefiles.library import read_library
from metaimt.checks import check_library
from metaimt.review import load, respond

MAPPING = """# Made up.
columns:
  id: No
  age: Age
  ihc: {ALK: ALK}
  followup: Months
  outcome: Outcome
  courses:
    - {drug: Drug, response: Response, response_basis: Basis, response_as_stated: Words, size_change_percent: Change}
    - {drug: Drug 2, response: Response 2, response_basis: Basis 2}
"""
TABLE = """No,Age,ALK,Months,Outcome,Drug,Response,Basis,Words,Change,Drug 2,Response 2,Basis 2
T1,40,positive,24,alive,crizotinib,PR,measured,30 % smaller,-30,lorlatinib,PR,inferred
T2,50,positive,12,dead,alectinib,PD,stated,progressive disease,,,,
T3,60,negative,36,alive,,,,,,,,
T4,61,,36,lost_to_followup,,,,,,,,
"""


@pytest.fixture
def review(make_review: MakeReview) -> Path:
    folder = make_review(report("example-a", patient(course("PR", response_as_stated="partial response"))))
    (folder / "local").mkdir()
    write(folder, TABLE)
    (folder / "local" / "ours.mapping.yaml").write_text(MAPPING)
    return folder


def write(folder: Path, table: str, more: str = "table: ours.csv\n") -> None:
    case = (
        "# Made up.\nreport: {id: ours, title: Ours, year: 2020, design: cohort, setting: local}\n"
        'extraction: {depth: full_text, by: a, checked_by: b, date: "2026-01-01"}\n'
    )
    (folder / "local" / "ours.yaml").write_text(case + more)
    (folder / "local" / "ours.csv").write_text(table)


def test_treated_patients_enter_the_pools(review: Path) -> None:
    loaded = load(review)
    selection, result = respond(loaded)
    placed = {each.unit.id: each for each in selection.placed}
    assert set(placed) == {"example-a/P1", "ours/T1", "ours/T1/course2", "ours/T2"}
    strict = result.pools["strict"]
    assert (strict.counts.responders, strict.counts.evaluable, strict.counts.reports) == (2, 3, 2)
    assert result.rows["later_lines"].counts.evaluable == 1
    assert placed["ours/T1"].unit.local
    assert loaded.warnings == ()
    assert [each.id for each in loaded.library.tables["ours"].patients] == ["T1", "T2", "T3", "T4"]


def test_patients_of_the_file_and_of_the_table_stand_together(review: Path) -> None:
    own = "table: ours.csv\npatients:\n  - {id: P1, ihc: {ALK: positive}, courses: [{drug: crizotinib}]}\n"
    write(review, TABLE, own)
    (found,) = [each for each in read_library(review).reports if each.id == "ours"]
    assert [each.id for each in found.patients] == ["P1", "T1", "T2"]


def test_a_rule_speaks_at_the_row_and_column_of_the_table(review: Path) -> None:
    own = "table: ours.csv\npatients:\n  - {id: T2, ihc: {ALK: positive}, courses: [{drug: crizotinib}]}\n"
    write(review, TABLE.replace("30 % smaller", "complete response"), own)
    found = {
        (problem.rule, Path(problem.file).name, problem.position.line, problem.position.column)
        for problem in check_library(read_library(review))
    }
    assert ("words-name-another-response", "ours.csv", 2, 7) in found
    assert ("repeated-patient-id", "ours.csv", 3, 1) in found


def test_a_change_of_size_is_checked_in_a_table_too(review: Path) -> None:
    write(review, TABLE.replace(",-30,", ",-14,"))
    problem, words = check_library(read_library(review))
    assert words.rule == "size-not-in-words"
    assert (problem.rule, problem.position.line) == ("size-suggests-another-response", 2)
    assert problem.message == "G2 Response: response: PR, but -14 % is SD by RECIST 1.1, though no criteria are named"


def test_an_error_in_any_row_stops_the_review(review: Path) -> None:
    write(review, TABLE.replace("T4,61", "T4,610"))
    (problem,) = check_library(read_library(review))
    assert (problem.rule, Path(problem.file).name, problem.position.line) == ("patient-value", "ours.csv", 5)


def test_a_mapping_is_not_taken_for_a_case_file(review: Path) -> None:
    library = read_library(review)
    assert library.case_files == 2
    assert not any(name.endswith(".mapping.yaml") for name in library.documents)


def test_links_name_patients_of_the_table(review: Path) -> None:
    (review / "links.yaml").write_text(
        "- {reports: [example-a, ours], certainty: certain, prefer: ours, evidence: made up, decided_by: a, "
        "patients: [example-a/P1 = ours/T1]}\n"
    )
    selection, _ = respond(load(review))
    (given_way,) = [each for each in selection.placed if each.unit.report == "example-a"]
    assert given_way.words("strict")[0] == "counted in ours"


def test_arms_need_no_table(make_review: MakeReview) -> None:
    folder = make_review(report("example-a", arms=[arm(1, 2)]))
    assert read_library(folder).tables == {}
