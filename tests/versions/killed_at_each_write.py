"""Run `build` or `snapshot` once for each step that touches the disk, and end the process right before that step.

`python killed_at_each_write.py build|snapshot FOLDER`, where FOLDER is a review alone in its parent folder. A child is
forked for each k and ends itself, without any clean-up, before the k-th step: opening a file to write, each half of a
write, fsync, rename, exchange, chmod, mkdir, remove. What is then on the disk is what `kill -9` leaves. Prints JSON:
the files with their content (as SHA-256) before, and for each k the exit code and the files after, hidden ones apart.

What is computed is made up and small, or computed once: only how it is written counts here.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import metaimt.analyses.results
import metaimt.report.figures
import metaimt.report.outputs
from metaimt import out_folder, review

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
        setattr(owner, name, lambda *_, result=result: result)
    if what == "snapshot":
        review.snapshot("2026.2", folder)
    else:
        review.build(folder, folder.parent / "outputs")
    os._exit(0)


def contents(root: Path) -> dict[str, str]:
    """Name -> SHA-256 of every file that is not in a hidden staging place."""
    names = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    shown = {name: path for name, path in names.items() if not any(part.startswith(".") for part in name.split("/"))}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(shown.items())}


def main() -> None:
    """See the head of this module."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    root, backup = folder.parent, folder.parent.with_name("backup")
    loaded = review.load(folder)
    known = {"load": loaded, "respond": review.respond(loaded), "_changes": review.diff(cases=folder)}
    shutil.copytree(root, backup)
    before = contents(root)
    runs: list[tuple[int, dict[str, str]]] = []
    while not runs or runs[-1][0] == KILLED:
        process = os.fork()
        if process == 0:
            child(what, folder, len(runs) + 1, known)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        runs.append((code, contents(root)))
        if code == KILLED:
            shutil.rmtree(root)
            shutil.copytree(backup, root)
    print(json.dumps({"before": before, "runs": runs}))


if __name__ == "__main__":
    main()
