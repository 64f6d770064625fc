"""The one line that says what moved a pool since the newest version. The review is the frozen one, edited."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command import metaimt
from conftest import FROZEN

SINCE = " since 2026.1: "
EDITS = [
    ("literature/mosse-2017.yaml", "line: any", "line: later", "strict, ALK-positive 55/74 -> 43/60",
     "mosse-2017/arm1 left (line: any -> later)"),
    ("literature/mosse-2017.yaml", "line: any", "line: later", "all evidence 98/122 -> 86/108",
     "mosse-2017/arm1 left (line: any -> later)"),
    ("literature/hensley-2022.yaml", "  depth: abstract\n", "", "strict, ALK-positive 55/74 -> 54/73",
     "hensley-2022/P1 left (depth: abstract -> not stated)"),
]  # fmt: skip

pytestmark = pytest.mark.usefixtures("remembered")


@pytest.fixture
def review(tmp_path: Path) -> Path:
    shutil.copytree(FROZEN / "cases", tmp_path / "cases")
    return tmp_path


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: f"{edit[0]} {edit[3]}")
def test_an_edit_that_moves_a_pool_is_told(edit: tuple[str, ...], review: Path) -> None:
    file, old, new, counts, why = edit
    path = review / "cases" / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    for words in (("validate",), ("pool",)):
        lines = metaimt(*words, cwd=review).stdout.splitlines()
        assert f"{counts}{SINCE}{why}" in lines
    told = json.loads(metaimt("validate", "--format", "json", cwd=review).stdout)
    assert f"{counts}{SINCE}{why}" in told["moved"]


def test_nothing_is_said_where_nothing_moved_or_no_version_is_frozen(review: Path) -> None:
    assert SINCE not in metaimt("validate", cwd=review).stdout
    shutil.rmtree(review / "cases" / "versions")
    path = review / "cases" / "literature" / "mosse-2017.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("line: any", "line: later"), encoding="utf-8")
    assert "-> 43/60" not in metaimt("pool", cwd=review).stdout


def test_a_link_that_prefers_the_other_report(review: Path) -> None:
    path = review / "cases" / "links.yaml"
    text = path.read_text(encoding="utf-8").replace("prefer: schoffski-2021", "prefer: schoffski-2018")
    path.write_text(text, encoding="utf-8")
    said = metaimt("pool", cwd=review).stdout
    assert "schoffski-2021/arm1 left (prefer: schoffski-2021 -> schoffski-2018)" in said


def test_a_design_that_moves_strata_and_an_arm_of_a_separate_row(review: Path) -> None:
    path = review / "cases" / "literature" / "mosse-2017.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("design: trial", "design: cohort"), encoding="utf-8")
    said = metaimt("validate", cwd=review).stdout
    line = "strict, ALK-positive, prospective trials 33/45 -> 21/31 since 2026.1: mosse-2017 (design: trial -> cohort)"
    assert line in said.splitlines()
    path = review / "cases" / "literature" / "desai-2022.yaml"
    arm = "- {label: Made up, drug: entrectinib, fusion_gene: ROS1, evaluable: 5, responders: 5}"
    path.write_text(f"{path.read_text(encoding='utf-8').rstrip()}\n  {arm}\n", encoding="utf-8")
    said = metaimt("pool", cwd=review).stdout
    assert "ROS1 6/8 -> 11/13 since 2026.1: desai-2022/arm" in said
    assert "(an arm was added)" in said
