"""The workflow for review repositories: it parses, asks for no more than it needs, and calls commands that exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from conftest import ROOT, MakeReview, course, patient, report

from metaimt.cli.main import app

PATH = ROOT / "examples" / "review-repository" / ".github" / "workflows" / "review.yml"
TEXT = PATH.read_text(encoding="utf-8")
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
ON = WORKFLOW[True]  # YAML 1.1, which PyYAML reads, takes the word for a truth value
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
WRITES = {"check": {"pull-requests"}, "publish": {"contents", "pages", "id-token"}}


def steps() -> Iterator[dict[str, Any]]:
    for job in WORKFLOW["jobs"].values():
        yield from job["steps"]


def called() -> list[list[str]]:
    """The words of every call of metaimt."""
    lines = [line for step in steps() for line in step.get("run", "").splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("metaimt ")]


def test_it_runs_on_pull_requests_without_their_secrets_and_on_main() -> None:
    assert set(ON) == {"pull_request", "push"}, "pull_request_target would run foreign code with our token"
    assert ON["push"] == {"branches": ["main"]}
    assert "secrets." not in TEXT


def test_each_job_may_write_only_what_it_must() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    found = {
        name: {what for what, may in job["permissions"].items() if may == "write"}
        for name, job in WORKFLOW["jobs"].items()
    }
    assert found == WRITES


def test_actions_are_pinned_to_a_version() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert len(used) >= 6
    assert all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used)


def test_no_event_text_reaches_a_shell() -> None:
    scripts = [step["run"] for step in steps() if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts), "pass it by env"


def test_its_commands_and_options_exist() -> None:
    calls = called()
    assert {"validate", "build", "diff"} <= {words[0] for words in calls}
    for words in calls:
        options = {name for parameter in COMMANDS[words[0]].params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words


def test_a_failure_within_a_pipe_stops_the_run() -> None:
    assert WORKFLOW["defaults"] == {"run": {"shell": "bash"}}, "without it GitHub runs bash without pipefail"


def test_the_comparison_tells_a_change_and_fails_on_an_error(make_review: MakeReview, tmp_path: Path) -> None:
    (script,) = (step["run"] for step in steps() if step.get("name") == "What is new")
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
    assert name in TEXT
    assert name in (PATH.parents[2] / "README.md").read_text(encoding="utf-8")
