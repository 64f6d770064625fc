"""Independent pieces of work on several processors: the same results, in order, whatever the number of processes.

The worker processes of `concurrent.futures` are forked, so that they have all that was read and imported and cost no
start; only what they find is copied, so it must be picklable. Forking is safe in a process with a single thread on
Linux. Elsewhere, and in a process with threads such as a notebook, the work is done here, one piece after the other.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

Task = Callable[[], Any]
Tell = Callable[[int, int], None]
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOOKS = 50  # a thread that has just ended is listed a moment longer
_TICK = 0.2  # seconds
_watcher: ContextVar[Tell | None] = ContextVar("watcher", default=None)
_adopted: Sequence[Task] = ()  # in a worker: the tasks it was forked with


def run_all(tasks: Sequence[Task], jobs: int = 1) -> list[Any]:
    """The result of each task, in order; with `jobs` above 1 in that many processes.

    Who is free takes the next, so the longest should come first.

    Raises:
        Exception: what the first task that fails raises, with a worker's traceback as its cause.
        BrokenProcessPool: a RuntimeError; a worker was killed, or its error cannot be copied.
    """
    tell = _watcher.get()
    if min(jobs, len(tasks)) < 2 or not can_fork():
        return _one_by_one(tasks, tell)
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(min(jobs, len(tasks)), fork, _adopt, (tasks, os.getpid())) as pool:
        waiting = [pool.submit(_run, number) for number in range(len(tasks))]
        try:
            while tell is not None and not all(each.done() for each in waiting):
                done = wait(waiting, _TICK, FIRST_EXCEPTION).done
                if any(each.exception() for each in done):
                    break
                tell(len(done), len(waiting))
            return [each.result() for each in waiting]
        except BaseException:  # an error, or the user's interrupt: nobody needs the rest
            for worker in multiprocessing.active_children():
                worker.kill()
            raise


def _one_by_one(tasks: Sequence[Task], tell: Tell | None) -> list[Any]:
    found: list[Any] = []
    mark = _watcher.set(None)  # what a task runs in turn is no piece of its own
    try:
        for task in tasks:
            found.append(task())
            if tell is not None:
                tell(len(found), len(tasks))
    finally:
        _watcher.reset(mark)
    return found


@contextmanager
def watched(tell: Tell) -> Iterator[None]:
    """Within it `run_all` tells how many of its tasks are done, of how many; of several processes 5 times a second."""
    mark = _watcher.set(tell)
    try:
        yield
    finally:
        _watcher.reset(mark)


@dataclass(frozen=True)
class Lost:
    """An output that could not be made, and why: the error, and the line of metaimt where it was met."""

    name: str
    reason: str


def run_each(tasks: Mapping[str, Task], jobs: int = 1, lost: list[Lost] | None = None) -> dict[str, Any]:
    """Name -> result of each task, as `run_all`. One that fails loses its own result only, and is added to `lost`.

    Without `lost` what it raises is raised.
    """
    if lost is None:
        return dict(zip(tasks, run_all(list(tasks.values()), jobs), strict=True))
    found = run_all([partial(_attempt, name, task) for name, task in tasks.items()], jobs)
    lost += [each for each in found if isinstance(each, Lost)]
    return {name: each for name, each in zip(tasks, found, strict=True) if not isinstance(each, Lost)}


def _attempt(name: str, task: Task) -> Any:
    try:
        return task()
    except Exception as error:  # noqa: BLE001 - whatever a renderer meets, the others are to be written
        last = traceback.extract_tb(error.__traceback__)[-1]
        said = " ".join(str(error).split())[:200]
        return Lost(name, f"{type(error).__name__}: {said} ({Path(last.filename).name}:{last.lineno})")


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def can_fork() -> bool:
    """Whether this process may be forked safely: Linux, and no thread but this one, native ones counted too."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    for _ in range(_LOOKS):
        if len(list(Path("/proc/self/task").iterdir())) == 1:
            return True
        time.sleep(0.001)
    return False


def _adopt(tasks: Sequence[Task], parent: int) -> None:
    """In a new worker: keep the tasks, leave interrupts to the parent, and end with it even if it is killed."""
    global _adopted  # noqa: PLW0603 - the one way in for what cannot be pickled; the process is ours alone
    _adopted = tasks
    _watcher.set(None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was killed before this worker could ask
        os._exit(1)


def _run(number: int) -> Any:
    return _adopted[number]()
