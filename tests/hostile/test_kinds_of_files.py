"""Wherever a file is opened: a pipe, a device, a file of 10 GB or a folder is told and never waited for or read."""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest
from command import PROBLEMS, WRONG_USE, metaimt
from conftest import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
MADE_UP = ROOT / "tests" / "checks"
CASE = "# Made up.\nreport: {{id: example-t, design: case_report}}\ntable: {}\n"
PLACES = {  # where the odd file stands -> the command that comes upon it
    "cases/literature/example-a.yaml": ("validate", "cases"),
    "cases/literature/example-b.yaml": ("validate", "cases/literature/example-b.yaml"),
    "cases/review.yaml": ("pool", "cases"),
    "cases/vocabulary.yaml": ("validate", "cases"),
    "cases/links.yaml": ("validate", "cases"),
    "cases/second-reading/example-a.yaml": ("validate", "cases"),
    "cases/literature/note.txt": ("validate", "cases"),
    "cases/smith-2026.yaml": ("validate", "cases"),
    "cases/versions/2026.1.json": ("validate", "cases"),
    "cases/versions/2026.2.json": ("verify", "--cases", "cases"),
    "cases/versions/2026.3.json.bz2": ("verify", "--cases", "cases"),
    "cases/versions/2026.4.json.bz2": ("validate", "cases"),
    "cases/local/t.csv": ("validate", "cases"),
    "cases/local/t.mapping.yaml": ("validate", "cases"),
    "alone.yaml": ("validate", "alone.yaml"),
    "studies.csv": ("pool", "studies.csv"),
    "studies.xlsx": ("pool", "studies.xlsx"),
    "references.ris": ("new", "references.ris"),
    "patients.csv": ("cohort", "patients.csv", "--mapping", "good.mapping.yaml"),
    "patients.xlsx": ("cohort", "--draft", "patients.xlsx"),
    "patients.mapping.yaml": ("cohort", "patients.mapping.yaml"),
    "simulated.csv": ("simulate", "--from", "simulated.csv"),
}
KINDS: dict[str, Callable[[Path], None]] = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "10 GB": lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), 10 * 1024**3),
    "folder": lambda path: path.mkdir(),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A made-up review, where neither waiting nor reading without end goes on for long."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(MADE_UP / "accepted" / "unread-case", "cases")
    shutil.copy(MADE_UP / "review.yaml", "cases")
    for name in ("local", "versions", "second-reading"):
        (tmp_path / "cases" / name).mkdir(exist_ok=True)
    (tmp_path / "good.mapping.yaml").write_text("# Made up.\ncolumns: {id: id, sex: sex}\n")
    was = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (5 * 1024**3, was[1]))
    signal.signal(signal.SIGALRM, _waited)
    signal.alarm(60)
    yield tmp_path
    signal.alarm(0)
    resource.setrlimit(resource.RLIMIT_AS, was)


def _waited(signum: int, frame: FrameType | None) -> None:
    raise AssertionError("it waits, or reads without end")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_it_is_told_by_name(place: str, kind: str, folder: Path) -> None:
    path = folder / place
    path.unlink(missing_ok=True)
    if "/local/" in place:
        (folder / "cases/local/example-t.yaml").write_text(CASE.format("t.csv"))
        (folder / "cases/local/t.mapping.yaml").write_text("# Made up.\ncolumns: {id: id, sex: sex}\n")
        (folder / "cases/local/t.csv").write_text("id,sex\nP1,male\n")
        path.unlink()
    KINDS[kind](path)
    done = metaimt(*PLACES[place], cwd=folder)
    if "note.txt" in place or (kind == "folder" and not done.returncode):
        return  # it is looked at only where it may hold a case, and an empty folder holds none
    assert done.returncode in {PROBLEMS, WRONG_USE, 3}, done
    assert Path(place).name in done.stdout + done.stderr or Path(place).stem in done.stdout + done.stderr
