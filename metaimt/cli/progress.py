"""How far long work has come, on a terminal only: a line a stage, which moves while the stage runs."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress


class Stages:
    """Shows the stage that runs, with how many of its pieces are done and its seconds; silent in a pipe.

    rich is asked for no thread of its own: a process with threads is not forked, and the work would be done by one.
    """

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.stage, self.began = "", 0.0
        self.live: Progress | None = None

    def __call__(self, stage: str) -> None:
        """A stage begins, and with it the one before ends."""
        self.end()
        if not self.shown:
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.stage, self.began = stage, time.perf_counter()
        self.live = Progress(
            TextColumn("{task.description} ..."),
            BarColumn(20),
            TextColumn("{task.fields[pieces]}"),
            TimeElapsedColumn(),
            console=Console(file=sys.stderr),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self.live.add_task(stage, total=None, pieces="")
        self.live.start()
        self.live.refresh()

    def moved(self, done: int, total: int) -> None:
        """So many pieces of the stage are done; told again and again while one of them lasts."""
        if self.live is not None:
            of = self.live.task_ids[0]
            self.live.update(of, completed=done, total=total, pieces=f"{done} of {total}", refresh=True)

    def end(self) -> None:
        """The stage that runs, if any, has ended: its line stays, with its seconds."""
        if self.live is not None:
            self.live.stop()
            self.live = None
            print(f"{self.stage} ... {time.perf_counter() - self.began:.1f} s", file=sys.stderr, flush=True)
