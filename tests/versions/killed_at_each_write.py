"""Run a command once for each step that touches the disk, and end the process right before that step.

`python killed_at_each_write.py build|snapshot|release FOLDER`, or `FOLDER COMMAND...` for another command of metaimt,
where FOLDER is a review alone in its parent folder. A child is forked for each k and ends itself, without any clean-up,
before the k-th step: opening a file to write, each half of a write, fsync, rename, exchange, chmod, mkdir, remove. What
is then on the disk is what `kill -9` leaves. Prints JSON: the files with their content (as SHA-256) before, and for
each k the exit code and the files after, hidden ones apart; of another command also what is read of them, and the files
after the same command was run again, to its end.

What is computed is made up and small, or computed once: only how it is written counts here.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

import metaimt.analyses.results
import metaimt.report.figures
import metaimt.report.outputs
from metaimt import out_folder, review
from metaimt.casefiles.library import read_library
from metaimt.cli import complete as cli_complete
from metaimt.cli.main import app
from metaimt.curation import complete, pubmed
from metaimt.curation.fetch import Source, Unknown

KILLED = 9
OUTPUTS = {"CHANGES.md": b"made up", "index.html": b"made up", "figures/made-up.svg": b"<svg/>", "tables/a.csv": b"1\n"}
NUMBERS: dict[str, Any] = {"pools": {}, "rows": {}}
CHANGES_THE_DISK = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "shutil.rmtree", "tempfile.mkstemp"}


class Steps:
    """Counts the steps of a child and ends it before one of them."""

    def __init__(self, last: int, root: Path) -> None:
        self.number, self.last, self.root = 0, last, str(root)

    def step(self) -> None:
        self.number += 1
        if self.number == self.last:
            os._exit(KILLED)

    def watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook (PEP 578)."""
        if event in CHANGES_THE_DISK or (event == "open" and self._writes(arguments)):
            self.step()

    def _writes(self, arguments: tuple[Any, ...]) -> bool:
        path, _, flags = arguments
        inside = isinstance(path, str | bytes) and os.fsdecode(path).startswith(self.root)
        return inside and bool(flags & (os.O_WRONLY | os.O_RDWR))

    def before(self, owner: Any, name: str) -> None:
        """Count the calls of a function that no audit event tells of."""
        original = getattr(owner, name)

        def call(*arguments: Any, **more: Any) -> Any:
            self.step()
            return original(*arguments, **more)

        setattr(owner, name, call)

    def open_in_halves(self, handle: int, _: str) -> io.FileIO:
        """In place of os.fdopen: a file of which each write is two."""
        step = self.step

        class Halves(io.FileIO):
            def write(self, content: Any) -> int:
                middle = len(content) // 2
                step()
                super().write(content[:middle])
                step()
                super().write(content[middle:])
                return len(content)

        return Halves(handle, "w")


def child(what: str, folder: Path, last: int, known: dict[str, Any]) -> None:
    """Do it, with made-up results and outputs in place of what is computed, and end before the step `last`."""
    steps = Steps(last, folder.parent)
    sys.addaudithook(steps.watch)
    steps.before(os, "fsync")
    steps.before(out_folder, "_renameat2")
    os.fdopen = steps.open_in_halves  # type: ignore[assignment]
    for owner, name, result in (
        *((review, name, result) for name, result in known.items()),
        (metaimt.analyses.results, "analyse", None),
        (metaimt.report.figures, "review_figure_files", ()),
        (review, "news", None),
        (metaimt.report.outputs, "output_files", OUTPUTS),
        (metaimt.analyses.results, "frozen_numbers", NUMBERS),
    ):
        if name != "release":
            setattr(owner, name, lambda *_, result=result: result)
    if what == "snapshot":
        review.snapshot("2026.2", folder)
    elif what == "release":
        known["release"].write()
    else:
        review.build(folder, folder.parent / "outputs")
    os._exit(0)


def command_child(words: list[str], folder: Path, last: int) -> None:
    """Run a command of metaimt in the folder above the review, and end before the step `last`; silent."""
    steps = Steps(last, folder.parent)
    sys.addaudithook(steps.watch)
    steps.before(os, "fsync")
    os.fdopen = steps.open_in_halves  # type: ignore[assignment]
    sys.stdout = sys.stderr = io.StringIO()
    try:
        app(words, standalone_mode=False)
    except click.exceptions.Exit as ended:
        os._exit(0 if ended.exit_code in {0, 1} else ended.exit_code)  # 1: something is to be decided
    os._exit(0)


def forked(work: Callable[[], None]) -> int:
    """The exit code of a child that does this."""
    process = os.fork()
    if process == 0:
        work()
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def what_is_read(folder: Path) -> str:
    """What metaimt knows of the searches, records, decisions and case files of a review."""
    library = read_library(folder)
    kept = (library.records, library.searches, library.sheets, library.pending, library.reports)
    return hashlib.sha256(repr(kept).encode()).hexdigest()


def _is_staged(part: str) -> bool:
    return part.startswith(".") and part != ".zenodo.json"


def contents(root: Path) -> dict[str, str]:
    """Name -> SHA-256 of every file that is not in a hidden staging place."""
    names = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    shown = {name: path for name, path in names.items() if not any(map(_is_staged, name.split("/")))}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(shown.items())}


def restore(root: Path, backup: Path) -> None:
    """The folder as it was."""
    shutil.rmtree(root)
    shutil.copytree(backup, root)


def of_command(words: list[str], folder: Path, backup: Path) -> list[tuple[int, dict[str, str], str, dict[str, str]]]:
    """Each run of a command: exit code, files, what is read of them, and the files after a second, whole run."""
    found: list[tuple[int, dict[str, str], str, dict[str, str]]] = []
    os.chdir(folder.parent)
    while not found or found[-1][0] == KILLED:
        last = len(found) + 1
        code = forked(lambda last=last: command_child(words, folder, last))  # type: ignore[misc]
        files, known = contents(folder.parent), what_is_read(folder)
        forked(lambda: command_child(words, folder, 0))
        found.append((code, files, known, contents(folder.parent)))
        os.chdir(backup)
        restore(folder.parent, backup)
        os.chdir(folder.parent)
    return found


def main() -> None:
    """See the head of this module."""
    if Path(sys.argv[1]).is_dir():
        folder, words = Path(sys.argv[1]), sys.argv[2:]
    else:
        what, folder, words = sys.argv[1], Path(sys.argv[2]), []
    root, backup = folder.parent, folder.parent.with_name("backup")
    shutil.copytree(root, backup)
    before = contents(root)
    if words:
        for owner in (complete, pubmed):
            setattr(owner, "answer", recorded_answer)  # noqa: B010 - it is imported there, not exported
        cli_complete._PUBMED_SECONDS = 0  # type: ignore[misc]
        command_runs = of_command(words, folder, backup)
        print(json.dumps({"before": before, "read": what_is_read(folder), "runs": command_runs}))
        return
    loaded = review.load(folder)
    known: dict[str, Any] = {"load": loaded, "respond": review.respond(loaded), "_changes": review.diff(cases=folder)}
    if what == "release":
        known = {"release": review.release("2026.2", folder, root / "outputs", date="2026-11-30")}
        assert not known["release"].against, known["release"].against
    runs: list[tuple[int, dict[str, str]]] = []
    while not runs or runs[-1][0] == KILLED:
        last = len(runs) + 1
        code = forked(lambda last=last: child(what, folder, last, known))  # type: ignore[misc]
        runs.append((code, contents(root)))
        if code == KILLED:
            restore(root, backup)
    print(json.dumps({"before": before, "runs": runs}))


def recorded_answer(source: Source, identifier: str, *, before: str = "") -> bytes:
    """The answers that the tests of `metaimt complete` have."""
    del before
    if source.kind in {"term", "id"}:
        return b"{}"
    name = {"ids": "idconv", "doi": "crossref"}.get(source.kind)
    if name is None or (source.kind == "doi" and identifier != "10.0000/made-up.1"):
        raise Unknown("made up: not known")
    return (Path(__file__).parents[1] / "curation" / "answers" / f"{name}.json").read_bytes()


if __name__ == "__main__":
    main()
