"""The README's commands, other than install and test, run as written and print what the README shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def transcripts(text: str) -> list[tuple[str, str]]:
    """(command, expected output) of every `$ ` line in the console blocks."""
    found = []
    for block in _BLOCK.findall(text):
        for part in re.split(r"(?m)^\$ ", block)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output))
    return found


def run(command: str) -> str:
    words = shlex.split(command)
    assert words[0] == "metaimt"
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.stdout


def test_there_are_transcripts() -> None:
    assert len(transcripts(README.read_text(encoding="utf-8"))) >= 3


@pytest.mark.parametrize(("command", "output"), transcripts(README.read_text(encoding="utf-8")))
def test_transcript(command: str, output: str) -> None:
    assert run(command) == output


def test_ci_runs_the_test_command_of_the_readme() -> None:
    test_command = re.findall(r"```sh\n(.*?)\n```", README.read_text(encoding="utf-8"))[-1]
    install = test_command.split(" && ")[1].removeprefix(".venv/bin/pip install ")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert install in script
    assert "pytest" in script.splitlines()[-1]


if __name__ == "__main__":  # rewrite the transcripts: python tests/test_readme.py

    def _filled(match: re.Match[str]) -> str:
        parts = [f"$ {command}\n{run(command)}" for command, _ in transcripts(match.group(0))]
        return f"```console\n{''.join(parts)}```"

    README.write_text(_BLOCK.sub(_filled, README.read_text(encoding="utf-8")), encoding="utf-8")
