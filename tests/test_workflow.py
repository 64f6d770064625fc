"""The workflows of this project and of the reviews that `metaimt init` begins: valid, asking for no more than they
need, calling commands that exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from command import complaints
from conftest import ROOT, MakeReview, course, patient, report

from metaimt.cli.main import app

OWN = ROOT / ".github" / "workflows" / "tests.yml"
REVIEW = ROOT / "metaimt" / "curation" / "templates" / "workflow.yml"
MAY_WRITE: dict[Path, dict[str, set[str]]] = {
    OWN: {},
    REVIEW: {"check": {"pull-requests"}, "publish": {"contents", "pages", "id-token"}},
}
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
each = pytest.mark.parametrize("path", MAY_WRITE, ids=lambda path: path.name)


def workflow(path: Path) -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return read


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in workflow(path)["jobs"].values():
        yield from job["steps"]


def called(path: Path) -> list[list[str]]:
    """The words of every line that a step runs."""
    return [shlex.split(line, comments=True) for step in steps(path) for line in step.get("run", "").splitlines()]


def test_issue_forms_and_citation_are_in_form(tmp_path: Path) -> None:
    """By the schemas that check-jsonschema brings along; the form for a new case is the one that `init` writes."""
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    forms = [path for path in folder.glob("*.yml") if path.name != "config.yml"]
    assert len(forms) == 3
    assert complaints("github-issue-forms", *forms) == ""
    assert complaints("github-issue-config", folder / "config.yml") == ""
    assert complaints("citation-file-format", ROOT / "CITATION.cff") == ""
    assert (folder / "new-case.yml").read_bytes() == (REVIEW.parent / "new-case.yml").read_bytes()
    (tmp_path / "wrong.yml").write_text((folder / "bug.yml").read_text().replace("type: textarea", "type: text"))
    assert "wrong.yml" in complaints("github-issue-forms", tmp_path / "wrong.yml")


def test_they_are_workflows_by_the_schema_of_such_files(tmp_path: Path) -> None:
    assert complaints("github-workflows", *MAY_WRITE) == ""
    wrong = [tmp_path / f"wrong-{path.name}" for path in MAY_WRITE]
    for path, there in zip(MAY_WRITE, wrong, strict=True):
        there.write_text(path.read_text(encoding="utf-8").replace("runs-on", "run-on"), encoding="utf-8")
    said = complaints("github-workflows", *wrong)
    assert [path.name for path in wrong if f"{path.name}::" not in said] == []
    assert "run-on" in said


def test_how_to_cite_is_a_citation_file() -> None:
    assert complaints("citation-file-format", ROOT / "CITATION.cff") == ""


@each
def test_it_runs_on_pull_requests_without_their_secrets_and_on_main(path: Path) -> None:
    on = workflow(path)[True]  # YAML 1.1, which PyYAML reads, takes the word for a truth value
    assert set(on) == {"pull_request", "push"}, "pull_request_target would run foreign code with our token"
    assert on["push"] == {"branches": ["main"]}
    assert "secrets." not in path.read_text(encoding="utf-8")


@each
def test_each_job_may_write_only_what_it_must(path: Path) -> None:
    assert workflow(path)["permissions"] == {"contents": "read"}
    found = {
        name: {what for what, may in job["permissions"].items() if may == "write"}
        for name, job in workflow(path)["jobs"].items()
        if "permissions" in job
    }
    assert found == MAY_WRITE[path]


@each
def test_actions_are_pinned_to_a_version(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert len(used) >= 4
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used)


@each
def test_no_event_text_reaches_a_shell(path: Path) -> None:
    scripts = [step["run"] for step in steps(path) if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts), "pass it by env"


@each
def test_its_commands_and_options_exist(path: Path) -> None:
    calls = [words[1:] for words in called(path) if words[:1] == ["metaimt"]]
    assert {"build"} <= {words[0] for words in calls}
    for words in calls:
        options = {name for parameter in COMMANDS[words[0]].params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words


@each
def test_a_failure_within_a_pipe_stops_the_run(path: Path) -> None:
    assert workflow(path)["defaults"] == {"run": {"shell": "bash"}}, "without it GitHub runs bash without pipefail"


@each
def test_no_job_runs_for_hours(path: Path) -> None:
    assert all(job["timeout-minutes"] <= 60 for job in workflow(path)["jobs"].values())


def test_ours_installs_as_readme_says_and_runs_tests_and_gate() -> None:
    install = 'pip install -c constraints.txt -e ".[test]"'
    assert install in (ROOT / "README.md").read_text(encoding="utf-8")
    calls = called(OWN)
    assert ["python", "-m", *shlex.split(install)] in calls
    assert ["pytest"] in calls
    assert [".ci/run"] in calls
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_ours_runs_on_every_system_and_from_the_oldest_python_that_may_install_it() -> None:
    matrix = workflow(OWN)["jobs"]["tests"]["strategy"]["matrix"]
    assert [name.partition("-")[0] for name in matrix["system"]] == ["ubuntu", "macos", "windows"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={matrix['python'][0]}"
    assert matrix["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_a_review_is_validated_built_and_compared() -> None:
    assert {"validate", "build", "diff"} <= {words[1] for words in called(REVIEW) if words[:1] == ["metaimt"]}


@pytest.mark.skipif(sys.platform == "win32", reason="the first bash of a Windows machine may be that of another system")
def test_the_comparison_tells_a_change_and_fails_on_an_error(make_review: MakeReview, tmp_path: Path) -> None:
    (script,) = (step["run"] for step in steps(REVIEW) if step.get("name") == "What is new")
    folder = make_review(report("example-1", patient(course("PR")))).rename(tmp_path / "cases")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "metaimt").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m metaimt "$@"\n', encoding="ascii")
    (tmp_path / "bin" / "metaimt").chmod(0o755)
    environment = {
        **os.environ,
        **{f"GIT_{who}_{what}": "made-up" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "BASE": "HEAD",
    }

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        there = {**environment, **more}
        return subprocess.run(words, cwd=tmp_path, env=there, capture_output=True, text=True, check=False)

    for words in (["init", "-q"], ["add", "cases"], ["commit", "-qm", "made up"]):
        assert run("git", *words).returncode == 0
    old, new = (folder / "literature" / f"example-{number}.yaml" for number in (1, 2))
    new.write_text(old.read_text(encoding="utf-8").replace("example-1", "example-2"), encoding="utf-8")
    bash = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)  # as GitHub runs it
    done = run(*bash)
    assert done.returncode == 0, done.stderr
    assert "example-2" in (tmp_path / "summary").read_text(encoding="utf-8")
    assert run(*bash, BASE="no-such-branch").returncode != 0


@pytest.mark.parametrize("name", ["cases", "outputs", "requirements.txt"])
def test_its_files_are_told_to_the_reader(name: str) -> None:
    assert name in REVIEW.read_text(encoding="utf-8")
    assert name in (REVIEW.parent / "README.md").read_text(encoding="utf-8")
