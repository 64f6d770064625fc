"""Streams that are closed, full or no longer read end in a message and an exit code, never in a traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import metaimt
from conftest import FROZEN, ROOT, MakeReview, course, patient, report

from metaimt.cli.output import github_annotation
from metaimt.files import for_json, write_file
from metaimt.problem import Position, Problem

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such streams")
CALLS = {  # as a shell has it: what is called, and the exit code
    "validate cases >&-": 0,
    "validate nothing 2>&-": 2,
    "validate nothing 2>/dev/full": 2,
    "validate cases <&- >&- 2>&-": 0,
    "validate cases >/dev/full": 2,
    "pool cases --format json >/dev/full": 2,
    "--help >/dev/full": 2,
    "--version >/dev/full": 2,
    "schema cases | true": 0,
    "new --blank smith-2026 --interactive <&-": 2,
}


@pytest.mark.parametrize("words", CALLS)
def test_a_stream_that_is_not_there_ends_in_no_traceback(words: str, tmp_path: Path) -> None:
    what, _, streams = words.partition(" | ")
    said = tmp_path / "said"
    call = f"{{ '{sys.executable}' -m metaimt {what}; echo $? >'{said}'; }}{' | ' + streams if streams else ''}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", call], cwd=FROZEN, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert int(said.read_text()) == CALLS[words]
    if CALLS[words] and "2>" not in words:
        *notes, last = done.stderr.splitlines()
        assert last.startswith("metaimt: ")
        assert [line for line in notes if not line.startswith("note: ")] == []


def test_a_full_disk_names_the_file(make_review: MakeReview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=f"No space left on device: '{tmp_path}/a'"):
        write_file(tmp_path / "a", b"x")
    assert list(tmp_path.glob(".a*")) == []
    review = make_review(report("a-2020", patient(course("PR"))))
    done = metaimt("new", "--blank", "smith-2026", "--cases", review)
    assert (done.returncode, done.stderr) == (
        2,
        f"metaimt: {review}/literature/smith-2026.yaml: No space left on device\n",
    )


def test_annotations_and_json_hide_nothing() -> None:
    hostile = "a\u202eb\x1b[31m\u2028\x00é\U000e0041"
    problem = Problem(f"{hostile}.yaml", Position(1, 1), "rule", "error", hostile, hostile)
    assert github_annotation(problem).isprintable()
    assert json.loads(for_json(json.dumps({"é": [hostile]}, indent=2, ensure_ascii=False))) == {"é": [hostile]}
    assert for_json(f'"{hostile}"') == '"a\\u202eb\\u001b[31m\\u2028\\u0000é\\udb40\\udc41"'
