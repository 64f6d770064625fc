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

from metaimt.casefiles.version_files import version_paths
from metaimt.out_folder import RECORD

sys.path.append(str(ROOT / "tools"))

import transcripts

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


@pytest.fixture(scope="module")
def bin_(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment in which the wheel is installed, and nothing else of this project."""
    (wheel,) = dist.glob("*.whl")
    assert RELEASED in zipfile.ZipFile(wheel).namelist()
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "venv", cwd=folder)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run(programs / "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel, cwd=folder)
    return programs


def test_the_wheel_opens_the_newest_frozen_version(bin_: Path, tmp_path: Path) -> None:
    newest = list(version_paths(ROOT / "cases"))[-1]
    code = f"import metaimt; print(len(metaimt.open('{newest}').cases))"
    assert int(run(bin_ / "python", "-c", code, cwd=tmp_path)) > 0


def test_the_wheel_walks_from_an_empty_folder_to_a_page(bin_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/your-own-review.md, as .ci/run does it on every push with the program that README installs."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("METAIMT", str(bin_ / "metaimt"))
    walk = (ROOT / "docs" / "your-own-review.md").read_text(encoding="utf-8")
    assert transcripts.rewritten(walk) == walk
    assert {"init", "validate", "pool", "build"} <= {words.split()[1] for words in transcripts.commands(walk)}


def test_the_wheel_works_outside_a_clone(bin_: Path, tmp_path: Path) -> None:
    shutil.copytree(FROZEN / "cases", tmp_path / "cases")
    shutil.copy2(ROOT / "examples" / "case-report.ris", tmp_path)

    def metaimt(*words: str) -> str:
        return run(bin_ / "metaimt", *words, cwd=tmp_path)

    assert "validate" in metaimt("--help")
    assert "site" in metaimt("explain", "unknown-site")
    assert " errors in " not in metaimt("validate")
    table = metaimt("pool").split("\n\nNot in ")[0]
    assert table in metaimt("build")
    written = (tmp_path / "outputs" / RECORD).read_text(encoding="utf-8").splitlines()[1:]
    names = {line.partition("  ")[2] for line in written}
    assert {"index.html", "report.docx", "tables.xlsx", "reproduce.R", "results.json"} <= names
    assert all((tmp_path / "outputs" / name).stat().st_size for name in names)
    assert metaimt("schema", "cases") == (ROOT / "cases" / "case.schema.json").read_text(encoding="utf-8")
    metaimt("new", "case-report.ris", "--by", "reader-1", "--date", "2026-11-23")
    assert (tmp_path / "cases" / "literature" / "example-2026.yaml").is_file()
