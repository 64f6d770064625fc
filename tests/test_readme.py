"""The README's commands, other than install and test, run as written and print what the README shows.

`console` blocks run in this repository, `console session` blocks one after the other in a copy of it; a block
`yaml fill-in FILE` is typed into that file of the copy, as a reader would. Run as a program, this file writes the
outputs anew.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
_BLOCK = re.compile(r"```(console session|console|yaml fill-in (?P<file>\S+))\n(?P<text>.*?)```", re.DOTALL)


def commands(text: str) -> list[tuple[str, str]]:
    """(command, expected output) of every `$ ` line of a block."""
    parts = re.split(r"(?m)^\$ ", text)[1:]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def run(command: str, cwd: Path) -> str:
    words = shlex.split(command)
    assert words[0] == "metaimt"
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.stdout


def type_in(path: Path, lines: str) -> None:
    """Each `field: value` replaces the first line of that field, commented out or not."""
    text = path.read_text(encoding="utf-8")
    for line in lines.splitlines():
        field = re.escape(line.partition(":")[0])
        pattern = re.compile(rf"(?m)^(\s*(?:- )?)(?:# )?{field}:.*$")
        text, found = pattern.subn(lambda match, line=line: f"{match[1]}{line}", text, count=1)  # type: ignore[misc]
        assert found, line
    path.write_text(text, encoding="utf-8")


def session_folder(folder: Path) -> Path:
    for name in ("cases", "examples"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def session(readme: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """(command, output, expected) of every session command, in order, in a copy of the repository."""
    for block in _BLOCK.finditer(readme):
        if block["file"]:
            type_in(folder / block["file"], block["text"])
        elif block[1] == "console session":
            for command, expected in commands(block["text"]):
                yield command, run(command, folder), expected


def single_commands(readme: str) -> list[tuple[str, str]]:
    return [pair for block in _BLOCK.finditer(readme) if block[1] == "console" for pair in commands(block["text"])]


TEXT = README.read_text(encoding="utf-8")


def test_there_are_transcripts() -> None:
    assert len(single_commands(TEXT)) >= 2
    assert sum(block[1] == "console session" for block in _BLOCK.finditer(TEXT)) >= 4


@pytest.mark.parametrize(("command", "output"), single_commands(TEXT))
def test_transcript(command: str, output: str) -> None:
    assert run(command, ROOT) == output


def test_the_session_in_a_copy(tmp_path: Path) -> None:
    shown = list(session(TEXT, session_folder(tmp_path)))
    assert [(command, output) for command, output, _ in shown] == [(command, known) for command, _, known in shown]
    said = "".join(output for _, output, _ in shown)
    assert "1 error in 1 of 1 file" in said
    assert "without it" in said


def test_ci_runs_the_test_command_of_the_readme() -> None:
    test_command = re.findall(r"```sh\n(.*?)\n```", TEXT)[-1]
    install = test_command.split(" && ")[1].removeprefix(".venv/bin/pip install ")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert install in script
    assert "pytest" in script.splitlines()[-1]


def _rewritten(readme: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        outputs = [(command, output) for command, output, _ in session(readme, session_folder(Path(folder)))]

    def filled(block: re.Match[str]) -> str:
        if block["file"]:
            return block[0]
        here = [
            outputs.pop(0) if block[1] == "console session" else (command, run(command, ROOT))
            for command, _ in commands(block["text"])
        ]
        return f"```{block[1]}\n" + "".join(f"$ {command}\n{output}" for command, output in here) + "```"

    return _BLOCK.sub(filled, readme)


if __name__ == "__main__":
    README.write_text(_rewritten(TEXT), encoding="utf-8")
