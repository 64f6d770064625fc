"""Independent pieces of work on several processors: the same results, in order, whatever the number of processes.

May import: nothing of the package. Worker processes are forked, so that they have everything that was read and imported
and cost no start; only what they find is copied, so it must be picklable. Forking is safe in a process with a single
thread on Linux. Elsewhere, and in a process with threads such as a notebook, the work is done here, one piece after the
other.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Task = Callable[[], Any]
MOST = 1000
"""Pieces in one call: their numbers wait in a pipe, which holds a page at least."""
_WIDTH = 4  # bytes of a number


@dataclass(frozen=True)
class _Outcome:
    """What a piece of work gave, or why it failed."""

    value: Any = None
    error: Exception | None = None


def run_all(tasks: Sequence[Task], jobs: int = 1) -> list[Any]:
    """The result of each task, in order; with `jobs` above 1 in that many processes, this one among them.

    Who is free takes the next, so the longest should come first; this process takes the first one.

    Raises:
        Exception: what the first task that fails raises, with a worker's traceback as a note.
        RuntimeError: a worker ends without an answer, or its error or result cannot be copied.
        ValueError: more than MOST tasks.
    """
    if len(tasks) > MOST:
        raise ValueError(f"{len(tasks)} tasks are more than {MOST}")
    if min(jobs, len(tasks)) < 2 or not can_fork():
        return [task() for task in tasks]
    waiting, children = _numbers(range(1, len(tasks))), list[_Child]()
    try:
        for _ in range(min(jobs, len(tasks)) - 1):
            children.append(_fork(tasks, waiting))
        found = _work(tasks, waiting, 0)
        for child in children:
            found |= child.outcomes()
    finally:
        os.close(waiting)
        for child in children:
            child.end()
    return [_result(found[number]) for number in range(len(tasks))]


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Whether this process may be forked safely: Linux, and no thread but this one, native ones counted too."""
    try:
        return sys.platform == "linux" and len(list(Path("/proc/self/task").iterdir())) == 1
    except OSError:
        return False


def _numbers(wanted: range) -> int:
    """The reading end of a pipe that holds these numbers; reading one is atomic, so that each is taken once."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(number.to_bytes(_WIDTH, "big") for number in wanted))
    os.close(writing)
    return reading


def _work(tasks: Sequence[Task], waiting: int, number: int | None, parent: int | None = None) -> dict[int, _Outcome]:
    """Do task `number` and what waits until nothing does; after a failure nothing new is begun, here or elsewhere.

    Numbers are taken in order, so the first task that fails has been begun when a later one fails, and is reported. A
    worker gives up when its `parent` is gone.
    """
    found: dict[int, _Outcome] = {}
    while number is not None and parent in {None, os.getppid()}:
        try:
            found[number] = _Outcome(tasks[number]())
        except Exception as error:  # noqa: BLE001 - raised by the caller
            found[number] = _Outcome(error=error)
            while _next(waiting) is not None:
                pass
        number = _next(waiting)
    return found


def _next(waiting: int) -> int | None:
    taken = os.read(waiting, _WIDTH)
    return int.from_bytes(taken, "big") if taken else None


def _result(outcome: _Outcome) -> Any:
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


@dataclass(frozen=True)
class _Child:
    """A worker process, and the pipe through which it answers when nothing is left to do."""

    process: int
    answer: int

    def outcomes(self) -> Mapping[int, _Outcome]:
        """Wait for the answer."""
        with os.fdopen(os.dup(self.answer), "rb") as stream:
            content = stream.read()
        if not content:
            raise RuntimeError(f"worker process {self.process} ended without an answer: was it killed, for its memory?")
        packed: dict[int, bytes] = pickle.loads(content)  # noqa: S301 - from our own process
        return {number: pickle.loads(outcome) for number, outcome in packed.items()}  # noqa: S301

    def end(self) -> None:
        """No process is left behind, whether or not it has answered."""
        os.close(self.answer)
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def _fork(tasks: Sequence[Task], waiting: int) -> _Child:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # else the worker has the text as well
    reading, writing = os.pipe()
    parent, process = os.getpid(), os.fork()
    if process:
        os.close(writing)
        return _Child(process, reading)
    try:
        packed = {number: _packed(outcome) for number, outcome in _work(tasks, waiting, _next(waiting), parent).items()}
        with os.fdopen(writing, "wb") as answer:
            answer.write(pickle.dumps(packed))
    finally:  # an interrupted worker says nothing: the process that started it is interrupted too
        os._exit(0)


def _packed(outcome: _Outcome) -> bytes:
    """The outcome, or another that says why it cannot be sent; an error must survive the way, which not all do."""
    error = outcome.error
    try:
        if error is None:
            return pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
        error.add_note("".join(traceback.format_exception(error)))
        packed = pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)
        pickle.loads(packed)  # noqa: S301 - our own
    except Exception as reason:  # noqa: BLE001 - pickle raises what it likes
        said = f"{type(error).__name__}: {error}" if error is not None else f"a result cannot be copied: {reason}"
        return pickle.dumps(_Outcome(error=RuntimeError(said)))
    return packed
