"""The folder of the review, named by --cases in every command or found from below; the help; what a shell completes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
import yaml
from command import FINE, WRONG_USE, metaimt
from conftest import ROOT, course, patient, report, write_review

from metaimt.cli.main import app

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
NEED_NO_REVIEW = {"explain", "init"}
IN_2026_1 = (  # as the workflow file and the README of version 2026.1 had them
    "validate cases --format github",
    "build cases --out made",
    "diff 2026.1 --cases cases --format markdown",
    "pool cases",
    "audit cases",
    "schema cases",
    "migrate cases --dry-run",
)
pytestmark = pytest.mark.usefixtures("remembered", "forest_only", "empty_documents")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a review of two reports in `cases`."""
    write_review(
        tmp_path / "cases", report("example-1", patient(course("PR"))), report("example-2", patient(course("SD")))
    )
    return tmp_path


def test_every_command_names_the_folder_by_one_option_and_shows_no_other_way() -> None:
    for name in COMMANDS:
        said = metaimt(name, "--help").stdout
        assert ("--cases FOLDER" in said) == (name not in NEED_NO_REVIEW), name
        assert "CASES" not in said, name


def test_help_is_complete_in_80_columns_and_h_is_help() -> None:
    for words in ([], *([name] for name in COMMANDS)):
        said = metaimt(*words, "--help")
        assert (said.returncode, said) == (FINE, metaimt(*words, "-h"))
        assert max(map(len, said.stdout.splitlines())) <= 80
        assert not re.search(r"\w\.\.\.$", said.stdout, re.MULTILINE), "words are cut"


@pytest.mark.parametrize("words", IN_2026_1)
def test_what_was_written_for_2026_1_still_works(words: str, project: Path) -> None:
    if words.startswith("diff"):
        assert metaimt("snapshot", "2026.1", cwd=project).returncode == FINE
    done = metaimt(*shlex.split(words), cwd=project)
    assert done.returncode == FINE, done.stderr


WORKFLOW_2026_1 = Path(__file__).parent / "workflow-2026.1.yml"
"""The workflow of a review as this project gave it out with version 2026.1, unchanged."""


def steps_of_2026_1() -> list[tuple[str, str]]:
    """Name and script of each step that calls metaimt, once."""
    jobs = yaml.safe_load(WORKFLOW_2026_1.read_text(encoding="utf-8"))["jobs"]
    found = [
        step for job in jobs.values() for step in job["steps"] if re.search("^ *metaimt ", step.get("run", ""), re.M)
    ]
    return list({step["run"]: (step["name"], step["run"]) for step in found}.values())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the steps are for bash, with pipefail")
def test_the_workflow_of_2026_1_still_runs(project: Path, tmp_path: Path) -> None:
    """Each of its steps as it stands there, one after the other, in a repository with the review at the base."""
    command = tmp_path / "bin" / "metaimt"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m metaimt "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    runner = tmp_path / "runner"
    runner.mkdir()
    told = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "GITHUB_"))},
        **{"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        **{"RUNNER_TEMP": str(runner), "BASE": "HEAD", "GITHUB_STEP_SUMMARY": str(runner / "summary.md")},
    }
    who = ("-c", "user.name=made-up", "-c", "user.email=made-up@example.org")
    for words in (("init", "-q"), ("add", "cases"), (*who, "commit", "-q", "-m", "made up")):
        subprocess.run(("git", *words), cwd=project, env=told, check=True)
    (project / "cases" / "literature" / "example-2.yaml").write_text(
        (project / "cases" / "literature" / "example-2.yaml").read_text(encoding="utf-8").replace("SD", "PR"),
        encoding="utf-8",
    )
    steps = steps_of_2026_1()
    assert [name for name, _ in steps] == ["Validate", "Build into a temporary folder", "What is new", "Build"]
    for name, script in steps:
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)  # as GitHub calls it
        done = subprocess.run(shell, cwd=project, env=told, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == FINE, (name, done.stdout, done.stderr)
    for out in (runner / "outputs", project / "outputs"):
        assert (out / "index.html").is_file()
    assert "2/2" in (runner / "changes.md").read_text(encoding="utf-8")
    assert (runner / "summary.md").read_bytes() == (runner / "changes.md").read_bytes()


def test_the_folder_is_named_once(project: Path) -> None:
    for name in ("pool", "build", "validate", "audit", "schema", "migrate"):
        done = metaimt(name, "cases", "--cases", "cases", cwd=project)
        assert (done.returncode, "leave" in done.stderr) == (WRONG_USE, True), name


@pytest.mark.parametrize(("below", "up"), [("cases/literature", "../.."), ("cases", ".."), ("docs/deep", "../..")])
def test_the_review_is_found_from_a_folder_below(below: str, up: str, project: Path) -> None:
    (project / below).mkdir(parents=True, exist_ok=True)
    for words in (["pool"], ["list"], ["show", "example-1"], ["validate"], ["diff"]):
        done = metaimt(*words, cwd=project / below)
        assert (done.returncode, str(project) in done.stdout) == (FINE, False), done.stderr
    assert metaimt("new", "--blank", "new-2026", cwd=project / below).returncode == FINE
    made = project / "cases" / "literature" / "new-2026.yaml"
    assert "metaimt validate cases/literature/new-2026.yaml" in made.read_text(encoding="utf-8")
    made.unlink()
    assert f"Written: {up}/outputs/index.html" in metaimt("build", "--jobs", "1", cwd=project / below).stdout
    assert (project / "outputs" / "index.html").is_file()


def test_what_lies_above_a_repository_is_not_looked_at(project: Path) -> None:
    (project / "other" / ".git").mkdir(parents=True)
    assert "cases does not exist" in metaimt("pool", cwd=project / "other").stderr


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("show ex", ["example-1", "example-2"]),
        ("cohort example-2", ["example-2"]),
        ("verify 2026", ["2026.1"]),
        ("figures by-h", ["by-histology"]),
        ("list --pool str", ["strict"]),
        ("pool --by histo", ["histology"]),
        ("explain unknown-si", ["unknown-site"]),
        ("li", ["list"]),
    ],
)
def test_a_shell_completes_names(words: str, completed: list[str], project: Path) -> None:
    if words.startswith("verify"):
        assert metaimt("snapshot", "2026.1", cwd=project).returncode == FINE
    typed = f"metaimt {words}"
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1), "_METAIMT_COMPLETE": "complete_bash"}
    assert metaimt(cwd=project / "cases", **asked).stdout.split() == completed
