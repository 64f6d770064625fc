"""The commands of the README and of docs/tutorial.md run as written and print what is shown; not install and test.

`console` blocks run in this repository, `console session` blocks one after the other in a copy of it; a block
`yaml fill-in FILE` is typed into that file of the copy, as a reader would. Run as a program, this file writes the
transcripts anew.
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
DOCUMENTS = (README, ROOT / "docs" / "tutorial.md")
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


def session(document: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """(command, output, expected) of every session command, in order, in a copy of the repository."""
    for block in _BLOCK.finditer(document):
        if block["file"]:
            type_in(folder / block["file"], block["text"])
        elif block[1] == "console session":
            for command, expected in commands(block["text"]):
                yield command, run(command, folder), expected


def single_commands(document: str) -> list[tuple[str, str]]:
    return [pair for block in _BLOCK.finditer(document) if block[1] == "console" for pair in commands(block["text"])]


TEXTS = {path.name: path.read_text(encoding="utf-8") for path in DOCUMENTS}
TEXT = TEXTS[README.name]
SINGLE = [pair for text in TEXTS.values() for pair in single_commands(text)]


def test_there_are_transcripts() -> None:
    assert len(SINGLE) >= 2
    for text in TEXTS.values():
        assert sum(block[1] == "console session" for block in _BLOCK.finditer(text)) >= 4


@pytest.mark.parametrize(("command", "output"), SINGLE)
def test_transcript(command: str, output: str) -> None:
    assert run(command, ROOT) == output


@pytest.mark.parametrize("name", TEXTS)
def test_the_session_in_a_copy(name: str, tmp_path: Path) -> None:
    shown = list(session(TEXTS[name], session_folder(tmp_path)))
    assert [(command, output) for command, output, _ in shown] == [(command, known) for command, _, known in shown]
    said = "".join(output for _, output, _ in shown)
    assert "did you mean site: abdomen" in said
    assert "without it" in said


def test_ci_runs_the_test_command_of_the_readme() -> None:
    test_command = re.findall(r"```sh\n(.*?)\n```", TEXT)[-1]
    install = test_command.split(" && ")[1].removeprefix(".venv/bin/pip install ")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert install in script
    assert "pytest" in script.splitlines()[-1]


def _rewritten(document: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        outputs = [(command, output) for command, output, _ in session(document, session_folder(Path(folder)))]

    def filled(block: re.Match[str]) -> str:
        if block["file"]:
            return block[0]
        here = [
            outputs.pop(0) if block[1] == "console session" else (command, run(command, ROOT))
            for command, _ in commands(block["text"])
        ]
        return f"```{block[1]}\n" + "".join(f"$ {command}\n{output}" for command, output in here) + "```"

    return _BLOCK.sub(filled, document)


if __name__ == "__main__":
    for path in DOCUMENTS:
        path.write_text(_rewritten(TEXTS[path.name]), encoding="utf-8")
