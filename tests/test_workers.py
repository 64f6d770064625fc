"""Work in several processes gives what it gives in one: results, their order, the first error. Source: workers.py.

pytest's own threads keep this process from being forked, so each case runs in a fresh Python.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from metaimt.workers import can_fork, run_all

HEAD = "import os, threading, time\nfrom functools import partial\nfrom metaimt.workers import can_fork, run_all\n"
linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


def printed(code: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", HEAD + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@linux
def test_results_are_those_of_one_process_in_order() -> None:
    code = """
        def piece(number):
            time.sleep(0.02 * (number % 3))
            return number, bytes([number]) * 200_000  # more than a pipe holds
        pieces = [partial(piece, number) for number in range(12)]
        alone = [piece() for piece in pieces]
        print(*(run_all(pieces, jobs) == alone for jobs in (1, 2, 3, 20)))
    """
    assert printed(code).split() == ["True"] * 4


@linux
def test_who_watches_is_told_how_far_it_is_while_a_piece_lasts() -> None:
    code = """
        from metaimt.workers import watched
        def piece(seconds):
            time.sleep(seconds)
            return run_all([time.time] * 3) and seconds  # what a piece runs in turn is not told
        pieces = [partial(piece, seconds) for seconds in (0.5, 0.01, 0.01)]
        for jobs in (1, 2):
            told = []
            with watched(lambda done, total: told.append((done, total))):
                found = run_all(pieces, jobs)
            print(found == [0.5, 0.01, 0.01], told[-1], {total for _, total in told}, len(told) > 2)
        def fails():
            raise ValueError("made up")
        with watched(print):
            try:
                run_all([fails, partial(piece, 0.3)], 2)
            except ValueError as error:
                print(error)
    """
    one, two, *failed = printed(code).splitlines()
    assert one == "True (3, 3) {3} True"
    assert two.startswith("True (") and two.endswith("{3} True")
    assert failed[-1] == "made up" and len(failed) <= 2


@linux
def test_the_line_that_moves_costs_no_process_and_a_pipe_sees_nothing_of_it() -> None:
    code = """
        import io, sys
        from metaimt.cli.progress import Stages
        real, sys.stderr = sys.stderr, io.StringIO()
        Stages()("silent")
        print(sys.stderr.getvalue() == "", "rich" in sys.modules)
        sys.stderr.isatty = lambda: True
        stages = Stages()
        stages("reading")
        stages.moved(1, 2)
        print(can_fork(), "1 of 2" in sys.stderr.getvalue())
        stages.end()
        sys.stderr = real
    """
    assert printed(code).split() == ["True", "False", "True", "True"]


@linux
def test_the_work_is_shared_and_no_process_is_left() -> None:
    code = """
        def piece():
            time.sleep(0.1)
            return os.getpid()
        found = run_all([piece] * 8, 2)
        print(can_fork(), len(set(found)), os.getpid() in found)
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("none")
    """
    assert printed(code).split() == ["True", "2", "False", "none"]


@linux
def test_the_first_error_is_raised_with_its_type() -> None:
    code = """
        from metaimt.problem import CannotAnalyse
        def piece(number):
            time.sleep(0.05 if number == 3 else 0.01)
            if number in (3, 4, 6):
                raise CannotAnalyse(f"piece {number}")
            return number
        for jobs in (1, 2, 4):
            try:
                run_all([partial(piece, number) for number in range(9)], jobs)
            except CannotAnalyse as error:
                print(error)
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                print("none")
    """
    assert printed(code).splitlines() == ["piece 3", "none"] * 3


ENDS = {
    "killed": ("lambda: os.kill(os.getpid(), 9)", "terminated abruptly"),
    "result": ("lambda: (lambda: 0)", "Can't pickle"),
    "error": ("hostile", "terminated abruptly"),
}


@linux
@pytest.mark.parametrize("end", ENDS)
def test_what_cannot_be_answered_is_an_error(end: str) -> None:
    task, said = ENDS[end]
    code = f"""
        class Odd(Exception):
            def __init__(self, one, two):
                super().__init__(f"{{one}} {{two}}")
        def hostile():
            raise Odd("once upon", "a time")
        try:
            run_all([lambda: time.sleep(0.3), {task}], 2)
        except Exception as error:
            print(error)
    """
    assert said in printed(code)


@linux
def test_an_interrupt_ends_the_workers_too() -> None:
    code = """
        import signal
        def piece():
            time.sleep(30)
        start = time.monotonic()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs the tests in background
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
        signal.alarm(1)
        try:
            run_all([piece] * 2, 2)
        except KeyboardInterrupt:
            print(time.monotonic() - start < 10)
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("none")
    """
    assert printed(code).split() == ["True", "none"]


@linux
def test_a_process_with_threads_is_not_forked() -> None:
    code = """
        wait = threading.Event()
        threading.Thread(target=wait.wait).start()
        print(can_fork(), run_all([os.getpid] * 3, 3) == [os.getpid()] * 3)
        wait.set()
    """
    assert printed(code).split() == ["False", "True"]


@linux
def test_what_was_printed_before_is_printed_once() -> None:
    assert printed("print('once')\nrun_all([os.getpid] * 3, 3)") == "once"


def test_pieces_in_one_process_need_not_be_copied() -> None:
    function, number = run_all([lambda: can_fork, lambda: 3], 1)
    assert (function is can_fork, number) == (True, 3)


@linux
def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = f"""
        def piece(number):
            open(r"{tmp_path}/begun", "a").close()
            time.sleep(1.5)
            open(r"{tmp_path}/ended", "a").close()
        if os.fork() == 0:
            parent = os.getpid()
            run_all([lambda: time.sleep(0.5) or os.kill(parent, 9), *(partial(piece, n) for n in range(8))], 2)
        os.wait()
        time.sleep(2)
    """
    printed(code)
    assert {path.name for path in tmp_path.iterdir()} == {"begun"}
