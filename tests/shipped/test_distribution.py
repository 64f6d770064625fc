"""What is handed on: the source archive holds what git holds, and the wheel does its work outside a clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import FROZEN, ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="not in a clone"),
]
MADE_BY_PACKAGING = {"PKG-INFO", "setup.cfg"}
RELEASED = "metaimt/data/versions/2000.1.json.bz2"  # made up: as metaimt release puts a version into the package


def run(*words: str | Path, cwd: Path) -> str:
    """What a command prints. Its surroundings know nothing of this clone."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(words, cwd=cwd, env=surroundings, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def committed() -> list[str]:
    return run("git", "ls-files", "-z", cwd=ROOT).split("\0")[:-1]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Archive and wheel of what is committed, built where a hospital keeps a table of its patients as well."""
    source = tmp_path_factory.mktemp("source")
    for name in committed():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, source / name)
    (source / "cases" / "local" / "ours.csv").write_text("Made up\n", encoding="utf-8")
    (source / "outputs" / "report.docx").write_bytes(b"Made up")
    (source / RELEASED).parent.mkdir(parents=True, exist_ok=True)
    (source / RELEASED).write_bytes(b"Made up")
    run(sys.executable, "-m", "build", ".", cwd=source)
    return source / "dist"


def test_the_source_archive_holds_what_git_holds(dist: Path) -> None:
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {member.name.partition("/")[2] for member in opened if member.isfile()}
    assert {name for name in names if ".egg-info/" not in name} - MADE_BY_PACKAGING == {*committed(), RELEASED}


def test_the_wheel_works_outside_a_clone(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    assert RELEASED in zipfile.ZipFile(wheel).namelist()
    run(sys.executable, "-m", "venv", "venv", cwd=tmp_path)
    bin_ = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(bin_ / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel, cwd=tmp_path)
    shutil.copytree(FROZEN / "cases", tmp_path / "cases")
    shutil.copy2(ROOT / "examples" / "case-report.ris", tmp_path)

    def metaimt(*words: str) -> str:
        return run(bin_ / "metaimt", *words, cwd=tmp_path)

    assert "validate" in metaimt("--help")
    assert "site" in metaimt("explain", "unknown-site")
    assert " errors in " not in metaimt("validate")
    table = metaimt("pool").split("\n\nNot in ")[0]
    assert table in metaimt("build")
    manifest = (tmp_path / "outputs" / "manifest.txt").read_text(encoding="utf-8").split()
    assert {"index.html", "report.docx", "tables.xlsx", "reproduce.R", "results.json"} <= set(manifest)
    assert all((tmp_path / "outputs" / name).stat().st_size for name in manifest)
    assert metaimt("schema", "cases") == (ROOT / "cases" / "case.schema.json").read_text(encoding="utf-8")
    metaimt("new", "case-report.ris", "--by", "reader-1", "--date", "2026-11-23")
    assert (tmp_path / "cases" / "literature" / "example-2026.yaml").is_file()
