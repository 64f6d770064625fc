"""The workflow for review repositories: it parses, asks for no more than it needs, and calls commands that exist."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from conftest import ROOT

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
    assert {"validate", "build"} <= {words[0] for words in calls}
    for words in calls:
        options = {name for parameter in COMMANDS[words[0]].params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words


def test_a_failure_within_a_pipe_stops_the_run() -> None:
    assert WORKFLOW["defaults"] == {"run": {"shell": "bash"}}, "without it GitHub runs bash without pipefail"


def test_the_comparison_tells_a_change_and_fails_on_an_error(tmp_path: Path) -> None:
    (script,) = (step["run"] for step in steps() if step.get("name") == "What is new")
    built = tmp_path / "temporary" / "outputs"
    for folder, orr in ((tmp_path / "outputs", "70.0 %"), (built, "71.0 %")):
        folder.mkdir(parents=True)
        (folder / "report.md").write_text(f"# Made up\n\nORR {orr}, \u00fc\n", encoding="utf-8")
    environment = {**os.environ, "RUNNER_TEMP": str(built.parent), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]  # as GitHub runs it
    done = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = (tmp_path / "summary").read_text(encoding="utf-8")
    assert "\n-ORR 70.0 %, \u00fc\n+ORR 71.0 %, \u00fc\n" in said
    assert said.count("````") == 2
    (built / "report.md").unlink()
    assert subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("name", ["cases", "outputs", "requirements.txt"])
def test_its_files_are_told_to_the_reader(name: str) -> None:
    assert name in TEXT
    assert name in (PATH.parents[2] / "README.md").read_text(encoding="utf-8")
