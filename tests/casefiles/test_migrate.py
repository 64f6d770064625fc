"""From format 1 to format 2: the frozen review of 2026.1, and made-up files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from command import metaimt
from conftest import FROZEN, MakeReview, course, patient, report
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.library import read_library
from metaimt.casefiles.migrate import migrated, protocol_of_format_2
from metaimt.evidence.selection import select
from metaimt.vocabulary import built_in

ROWS = """# Made up.
title: Made up
rows:
  alk: {marker: ALK, status: positive}
  ros1:
    fusion_gene: ROS1   # a comment stays
  rest: {fusion_gene: other}
pools: {all: {rows: [alk]}}
"""


def test_rows_get_the_targets_of_their_kinase_and_nothing_else_changes() -> None:
    text = protocol_of_format_2(ROWS)
    assert yaml.safe_load(text)["rows"] == {
        "alk": {"marker": "ALK", "status": "positive", "targets": ["ALK"]},
        "ros1": {"fusion_gene": "ROS1", "targets": ["ROS1"]},
        "rest": {"fusion_gene": "other", "targets": ["any"]},
    }
    assert "# a comment stays" in text
    assert text.startswith("# Made up.\nformat: 2\ntitle: Made up\n")
    assert protocol_of_format_2(text) == text


@given(st.text("abc: #\n-é", max_size=60))
def test_a_text_that_is_no_protocol_stays(text: str) -> None:
    assert "targets" not in protocol_of_format_2(text)


def test_former_symbols_of_genes_are_written_by_the_present_one() -> None:
    text = (
        'patients:\n  - fusion_partner: SEPT9  # as printed\n  - {fusion_partner: "CARS"}\n  - fusion_partner: EML4\n'
    )
    (new,) = migrated({"literature/a-2020.yaml": text}, built_in()).values()
    assert new == text.replace("SEPT9", "SEPTIN9").replace("CARS", "CARS1")


def test_the_frozen_review_migrates(tmp_path: Path) -> None:
    """The kept copy of 2026.1: it pools 55/74 by its own rules, and 56/75 once it is rewritten."""
    cases = tmp_path / "cases"
    shutil.copytree(FROZEN / "cases", cases)
    before = {path: path.read_bytes() for path in cases.rglob("*") if path.is_file()}
    shown = metaimt("migrate", "cases", "--dry-run", cwd=tmp_path)
    assert {path: path.read_bytes() for path in before} == before
    done = metaimt("migrate", "cases", cwd=tmp_path)
    assert (shown.returncode, done.returncode) == (0, 0)
    assert "+format: 2" in done.stdout
    assert "+  ros1: {fusion_gene: ROS1, targets: [ROS1]}" in done.stdout
    assert (
        "strict, ALK-positive 55/74 -> 56/75: cosa702-2012/P1 entered (no longer: counted in trahair-2019)"
        in done.stdout
    )
    assert "all evidence: nothing moves" in done.stdout
    changed = {path.name for path, content in before.items() if path.read_bytes() != content}
    assert changed == {"review.yaml", "published-pooled.yaml", "you-2024.yaml"}
    library = read_library(cases)
    assert library.protocol is not None
    selection = select(library, library.protocol)
    strict, widest = (selection.count(pool, pool) for pool in selection.pools)
    assert (strict.responders, strict.evaluable, strict.reports) == (56, 75, 19)
    assert (widest.responders, widest.evaluable, widest.reports) == (98, 122, 47)
    rest = selection.rest("all_evidence", "strict", "the rest")
    assert (rest.responders, rest.evaluable) == (42, 47)
    assert metaimt("migrate", "cases", cwd=tmp_path).stdout.startswith("Nothing to do")


def test_a_review_of_the_present_format_has_nothing_to_do(make_review: MakeReview) -> None:
    assert metaimt("migrate", str(make_review(report("a-2020", patient(course("PR")))))).stdout.startswith("Nothing")


OLD_FORMS = ["format: 1  # old\n", '"format": 1\n', "format: 1\n"]


@pytest.mark.parametrize("line", OLD_FORMS)
def test_a_format_that_is_said_is_replaced(line: str) -> None:
    text = protocol_of_format_2(ROWS.replace("title:", f"{line}title:"))
    assert yaml.safe_load(text)["format"] == 2
    assert "# old" in text or "# old" not in line


def test_a_review_that_only_the_rewriting_mends(tmp_path: Path) -> None:
    """A former symbol is an error, which migrate is there to mend; what is said of it in a note stays."""
    shutil.copytree(FROZEN / "cases", tmp_path / "cases")
    path = tmp_path / "cases" / "literature" / "hunt-2023.yaml"
    text = path.read_text(encoding="utf-8").replace("fusion_partner: ", "fusion_partner: SEPT9 # was ")
    path.write_text(
        text.replace("  note: >-\n", "  note: >-\n    fusion_partner: SEPT9 was printed.\n"), encoding="utf-8"
    )
    assert "fusion_partner: SEPT9 # was " in path.read_text(encoding="utf-8")
    assert metaimt("validate", "cases", cwd=tmp_path).returncode == 1
    assert metaimt("migrate", "cases", cwd=tmp_path).returncode == 0
    now = path.read_text(encoding="utf-8")
    assert "fusion_partner: SEPTIN9 # was " in now
    assert "fusion_partner: SEPT9 was printed." in now
    assert metaimt("validate", "cases", cwd=tmp_path).returncode == 0
