"""Keys that named one gene or tumour: `alk_ihc` is `ihc: {ALK: ...}`. Everything here is made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import metaimt as called
from conftest import MakeReview, course, patient, report

from metaimt.casefiles.library import Library, read_files, read_library
from metaimt.casefiles.migrate import with_present_keys
from metaimt.casefiles.strict_yaml import parse
from metaimt.versions.records import NO_CHANGES, record_changes

CASE = """# Made up.
report: {id: example-2024, title: Made up, year: 2024, design: cohort}
extraction: {checked_by: reader-2}
arms: [{label: all, drug: crizotinib, evaluable: 2, responders: 1}]
cohort:
  n: 20
"""
FORMER = {
    "flow": "  alk_ihc: {all: {positive: 6, tested: 15}}  # as printed\n",
    "block": "  alk_ihc:\n    all: {positive: 6, tested: 15}\n    # of one centre\n"
    "    lung: {positive: 1, tested: 2}\n",
    "deep": "  alk_ihc:\n    all:\n      positive: 6\n      tested: 15\n",
}
PRESENT = {
    "flow": "  ihc: {ALK: {all: {positive: 6, tested: 15}}}  # as printed\n",
    "block": "  ihc:\n    ALK:\n      all: {positive: 6, tested: 15}\n      # of one centre\n"
    "      lung: {positive: 1, tested: 2}\n",
    "deep": "  ihc:\n    ALK:\n      all:\n        positive: 6\n        tested: 15\n",
}
END = "  resection: {R0: 12}\n"
POOLED = "pooled:\n  - {id: made-up-2020, imt: 3, alk_fusion_evaluable: 4, alk_fusion_responders: 2}\n"
POOLED_NOW = (
    "pooled:\n  - {id: made-up-2020, of_this_tumour: 3, fusion_evaluable: {ALK: 4}, fusion_responders: {ALK: 2}}\n"
)


def read(folder: Path, text: str) -> Library:
    (folder / "example-2024.yaml").write_text(text, encoding="utf-8")
    return read_files([folder / "example-2024.yaml"])


@pytest.mark.parametrize("form", FORMER)
def test_a_former_key_is_read_as_the_present_one_and_rewritten(form: str, tmp_path: Path) -> None:
    old, new = CASE + FORMER[form] + END, CASE + PRESENT[form] + END
    (one,), (other,) = read(tmp_path, old).reports, read(tmp_path, new).reports
    assert one == other
    assert one.cohort is not None
    assert one.cohort.ihc["ALK"]["all"].positive == 6
    assert with_present_keys("literature/example-2024.yaml", old) == new
    assert with_present_keys("literature/example-2024.yaml", new) == new
    states = ({"literature/example-2024.yaml": parse("a.yaml", text.encode()).data} for text in (old, new))
    assert record_changes(*states) == NO_CHANGES


def test_pooled_figures(tmp_path: Path) -> None:
    (tmp_path / "published-pooled.yaml").write_text(POOLED, encoding="utf-8")
    library = read_library(tmp_path)
    assert library.problems == ()
    assert library.published is not None
    (figure,) = library.published.pooled
    assert (figure.of_this_tumour, figure.fusion_evaluable, figure.fusion_responders) == (3, {"ALK": 4}, {"ALK": 2})
    assert with_present_keys("published-pooled.yaml", POOLED) == POOLED_NOW
    assert with_present_keys("literature/published.yaml", POOLED) == POOLED


def test_a_mistake_below_a_former_key_is_told_where_it_stands(tmp_path: Path) -> None:
    wrong = FORMER["block"].replace("tested: 2", "tested: two")
    (problem,) = read(tmp_path, CASE + wrong).problems
    assert (problem.position.line, problem.position.column) == (10, 33)
    assert problem.source_line == "    lung: {positive: 1, tested: two}"


def test_both_keys_at_once_are_a_mistake(tmp_path: Path) -> None:
    both = CASE + FORMER["flow"] + PRESENT["flow"]
    (problem,) = read(tmp_path, both).problems
    assert problem.rule == "repeated-key"
    assert problem.message == "cohort: alk_ihc and ihc.ALK say the same"
    other = CASE + FORMER["flow"] + PRESENT["flow"].replace("ALK", "ROS1")
    (report,) = read(tmp_path, other).reports
    assert report.cohort is not None
    assert sorted(report.cohort.ihc) == ["ALK", "ROS1"]


def test_validate_names_the_former_key_and_what_rewrites_it(make_review: MakeReview) -> None:
    cohort = {"n": 20, "alk_ihc": {"all": {"positive": 6, "tested": 15}}}
    folder = make_review(report("one-2020", patient(course()), cohort=cohort))
    (folder / "published-pooled.yaml").write_text(POOLED, encoding="utf-8")
    done = called("validate", "--cases", str(folder))
    assert sorted(line.removeprefix(f"note: {folder.as_posix()}/") for line in done.stderr.splitlines()) == [
        "literature/one-2020.yaml:23:3: alk_ihc is now ihc: {ALK: ...}; it is still read, "
        "and metaimt migrate rewrites it",
        "published-pooled.yaml:2:24: imt is now of_this_tumour, as 2 more in the file; it is still read, "
        "and metaimt migrate rewrites it",
    ]
    assert called("migrate", "--cases", str(folder)).returncode == 0
    assert "is now" not in called("validate", "--cases", str(folder)).stderr
