"""Work in forks of one process, and pytest inside a fork: for `mutate.py`."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
TOO_LONG: Final = 1000  # no exit status


def in_fork(work: Callable[[], int], log: Path, longest: float) -> int:
    """Start `work` in a fork, its output in a file, for so many seconds of the processor at most; its process id."""
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # not left behind
        used = sum(os.times()[:2])
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + longest) + 1, resource.RLIM_INFINITY))
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        code = work()
    except BaseException:  # noqa: BLE001 - told in the log, and the fork ends here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def each_in_fork(
    todo: Sequence[tuple[str, Callable[[], int]]], jobs: int, scratch: Path, longest: Callable[[str], float]
) -> Iterable[tuple[str, int, float]]:
    """Run each in a fork, `jobs` at once: (name, exit status or TOO_LONG, processor seconds)."""
    waiting = list(reversed(todo))
    running: dict[int, tuple[str, float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            name, work = waiting.pop()
            log = scratch / "logs" / f"{re.sub(r'[^A-Za-z0-9.]+', '-', name)}.txt"
            log.parent.mkdir(exist_ok=True)
            running[in_fork(work, log, longest(name))] = (name, time.monotonic())
        for process, (name, start) in list(running.items()):
            ended, status, used = os.wait4(process, os.WNOHANG)
            asleep = time.monotonic() - start > 30 * longest(name)
            if not ended and not asleep:
                continue
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)  # and what it started
            if not ended:
                os.waitpid(process, 0)
            del running[process]
            code = os.waitstatus_to_exitcode(status) if ended else TOO_LONG
            yield name, TOO_LONG if code in {-signal.SIGXCPU, -signal.SIGKILL} else code, used.ru_utime + used.ru_stime
        time.sleep(0.05)


def run_tests(files: Sequence[str], folder: Path, *more: str, plugins: Sequence[object] = ()) -> int:
    """pytest on some files, in this process; nothing is kept in the project."""
    import hypothesis
    import pytest

    folder.mkdir(parents=True, exist_ok=True)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(folder / "hypothesis")
    hypothesis.settings.register_profile("mutation", deadline=None, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutation")
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # hypothesis is imported before pytest starts
    # In this very process: others would not have the changed module.
    options = [*quiet, "-n", "0", "-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider"]
    options += ["-m", "not gate and not slow"]  # those in a browser too
    return int(pytest.main([*files, *options, f"--basetemp={folder / 'tmp'}", *more], plugins=[*plugins]))


class First:
    """Which test failed first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Of the run of tests."""
        if report.failed and not self.path.exists():
            self.path.write_text(report.nodeid, encoding="utf-8")

    def pytest_collectreport(self, report: Any) -> None:
        """Of the imports before it."""
        if report.failed and not self.path.exists():
            self.path.write_text(f"{report.nodeid} (not imported)", encoding="utf-8")
