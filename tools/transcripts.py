"""The commands that README.md and docs show, run as written: what they print stands there.

`console` blocks run in this project, `console session` blocks one after the other in a copy of its cases and examples;
a block `yaml fill-in FILE` is typed into that file of the copy, as a reader would. `console own` and `sh own` blocks
run one after the other in an empty folder. The program is `metaimt` of this Python, or the one that the environment
variable METAIMT names. Standard library only, so that it runs where only the README's own installation is.

    python tools/transcripts.py           write what the commands print into the documents
    python tools/transcripts.py --check   change nothing; say where they differ, exit 1
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = (
    "README.md",
    "docs/tutorial.md",
    "docs/commands.md",
    "docs/updating.md",
    "docs/your-own-review.md",
    "docs/comparison.md",
)
_BLOCK = re.compile(
    r"```(console session|console own|sh own|console|yaml fill-in (?P<file>\S+))\n(?P<text>.*?)```", re.DOTALL
)


class NotAsWrittenError(Exception):
    """A command of a document cannot be run as it stands there."""


def run(command: str, cwd: Path) -> str:
    """What a command of a document prints, 80 columns wide. Raises NotAsWrittenError if it breaks down."""
    words = shlex.split(command)
    if words[0] != "metaimt":
        raise NotAsWrittenError(f"{command}: only metaimt is run here")
    program = [os.environ["METAIMT"]] if "METAIMT" in os.environ else [sys.executable, "-m", "metaimt"]
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    if "METAIMT" not in os.environ:
        environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [*program, *words[1:]], cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False
    )
    if "Traceback" in done.stderr:
        raise NotAsWrittenError(f"{command}:\n{done.stderr}")
    return done.stdout or (f"{done.stderr.splitlines()[0]}\n" if done.returncode else "")


def commands(text: str) -> list[str]:
    """The commands of a block: what follows `$ ` at the start of a line."""
    return re.findall(r"(?m)^\$ (.*)$", text)


def type_in(path: Path, lines: str) -> None:
    """Each `field: value` replaces the first line of that field, commented out or not; `# field: value` as a comment.

    Raises NotAsWrittenError if there is none.
    """
    text = path.read_text(encoding="utf-8")
    for line in lines.splitlines():
        field = re.escape(line.removeprefix("# ").partition(":")[0])
        found = re.search(rf"(?m)^(?P<lead>\s*(?:- )?)(?:# )?{field}:.*$", text)
        if found is None:
            raise NotAsWrittenError(f"{path.name} has no line for {line!r}")
        text = f"{text[: found.start()]}{found['lead']}{line}{text[found.end() :]}"
    path.write_text(text, encoding="utf-8")


def _in_own(block: re.Match[str], own: Path) -> tuple[str, Path]:
    """A block that runs in an empty folder as it should stand, and the folder in which it ends."""
    if block[1] == "sh own":
        subprocess.run(["sh", "-e", "-c", block["text"]], cwd=own, check=True)  # noqa: S607
        return block[0], own
    shown = ""
    for command in commands(block["text"]):
        own, printed = (own / command[3:], "") if command.startswith("cd ") else (own, run(command, own))
        shown += f"$ {command}\n{printed}"
    return f"```{block[1]}\n{shown}```", own


def _printed(document: str, copy: Path) -> Iterator[str]:
    """Each block as it should stand, in order."""
    own = copy / "own"
    own.mkdir()
    for block in _BLOCK.finditer(document):
        if block[1].endswith(" own"):
            shown, own = _in_own(block, own)
            yield shown
            continue
        if block["file"]:
            type_in(copy / block["file"], block["text"])
            yield block[0]
        else:
            where = copy if block[1] == "console session" else ROOT
            shown = "".join(f"$ {command}\n{run(command, where)}" for command in commands(block["text"]))
            yield f"```{block[1]}\n{shown}```"


def rewritten(document: str) -> str:
    """The document with what its commands print today. Raises NotAsWrittenError."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cases", "examples"):
            shutil.copytree(ROOT / name, Path(folder) / name)
        shutil.copy(ROOT / "CITATION.cff", folder)
        blocks = _printed(document, Path(folder))
        return _BLOCK.sub(lambda _: next(blocks), document)


def transcripts() -> dict[str, str]:
    """Name of each document -> its text with what its commands print today."""
    return {name: rewritten((ROOT / name).read_text(encoding="utf-8")) for name in DOCUMENTS}


def main() -> int:
    """Write or check; the exit code."""
    differ = False
    for name, text in transcripts().items():
        path = ROOT / name
        written = path.read_text(encoding="utf-8")
        if text == written:
            continue
        differ = True
        if "--check" in sys.argv[1:]:
            lines = difflib.unified_diff(written.splitlines(), text.splitlines(), name, "what is printed", lineterm="")
            print("\n".join(lines))
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{name}: written anew")
    return int(differ and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
