"""`build` and `snapshot` killed at every write leave the former state or the new one, whole, and never a mixture."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeReview, course, patient, report
from killed_at_each_write import NUMBERS, OUTPUTS, contents
from made_up_review import edit, small_review, write

from metaimt.files import write_file
from metaimt.out_folder import MANIFEST, write_folder
from metaimt.review import snapshot
from metaimt.versions.stored import read_stored

DRIVER = Path(__file__).with_name("killed_at_each_write.py")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="children are forked, and two folders are exchanged in one step, on Linux only"
)


@pytest.fixture
def review(make_review: MakeReview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up review with a frozen version, outputs of it, and a case since; it lies alone in its parent folder."""
    (tmp_path / "alone").mkdir()
    folder = small_review(make_review).rename(tmp_path / "alone" / "review")
    monkeypatch.setattr("metaimt.analyses.results.frozen_numbers", lambda *_: NUMBERS)
    snapshot("2026.1", folder)
    write_folder(folder.parent / "outputs", {"index.html": b"former", "figures/gone.svg": b"<svg/>"})
    write_file(folder.parent / "outputs" / "tables" / "mine.txt", b"put there by somebody")
    write(folder, report("example-e", patient(course("PD"))))
    edit(folder / "review.yaml", 'version: "2026.1"', 'version: "2026.2"')
    return folder


def states(what: str, review: Path) -> tuple[dict[str, str], list[dict[str, str]], dict[str, str]]:
    """The files before, after each kill, and after the run that was not killed."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(DRIVER), what, str(review)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    *interrupted, (code, after) = found["runs"]
    assert code == 0, done.stderr
    assert {code for code, _ in interrupted} == {9}
    return found["before"], [state for _, state in interrupted], after


def test_build_killed_at_each_write(review: Path) -> None:
    before, interrupted, after = states("build", review)
    written = {f"outputs/{name}" for name in (*OUTPUTS, MANIFEST)}
    assert {name for name in after if after[name] != before.get(name)} == written
    assert set(before) - set(after) == {"outputs/figures/gone.svg"}
    assert [state for state in interrupted if state not in (before, after)] == []
    exchanged = interrupted.index(after)
    assert interrupted[:exchanged] == [before] * exchanged
    assert exchanged > 5 * len(written)


def test_snapshot_killed_at_each_write(review: Path) -> None:
    before, interrupted, after = states("snapshot", review)
    assert set(after) - set(before) == {"review/versions/2026.2.json.bz2"}
    assert before.items() <= after.items()
    assert len(interrupted) >= 6
    assert interrupted == [before] * len(interrupted)
    assert read_stored(review, "2026.2").content["results"] == NUMBERS


@pytest.mark.slow
def test_a_build_writes_nothing_before_all_is_computed(review: Path) -> None:
    code = (
        "import os; from metaimt import out_folder, review\n"
        "out_folder.write_folder = lambda *_: os._exit(9)\n"
        "review.build('review')\n"
    )
    before = contents(review.parent)
    ended = subprocess.run([sys.executable, "-c", code], cwd=review.parent, check=False)
    assert ended.returncode == 9
    assert contents(review.parent) == before
