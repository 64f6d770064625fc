"""What the commands print, and with which exit code they end.

0 fine, 1 problems found, 2 wrong use, 3 cannot analyse.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TextIO, TypeVar

import typer

from metaimt.files import for_json, for_terminal
from metaimt.out_folder import NotOurs
from metaimt.problem import Blocked, CannotAnalyse, Problem, WrongUse
from metaimt.serialise import to_json

P = ParamSpec("P")
R = TypeVar("R")
FINE, PROBLEMS, WRONG_USE, CANNOT_ANALYSE = 0, 1, 2, 3
INTERRUPTED = 130  # as shells have it: 128 + SIGINT
_COLOURS = {"error": "\x1b[1;31m", "warning": "\x1b[33m", "info": "\x1b[36m"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


class ProblemFormat(StrEnum):
    """How problems are printed."""

    text = "text"
    json = "json"
    github = "github"


def use_colour(stream: TextIO) -> bool:
    """Colour only on a terminal, and never with NO_COLOR (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_json(data: Any) -> None:
    """Results or data as JSON with sorted keys, so that the same result is the same text."""
    print(for_json(json.dumps(to_json(data), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)))


def problem_text(problem: Problem, *, colour: bool = False) -> str:
    """One problem: place, severity, rule, message, hint; then the line of the file with a caret."""
    place = f"{for_terminal(problem.file)}:{problem.position.line}:{problem.position.column}"
    severity = f"{problem.severity}[{problem.rule}]"
    if colour:
        place, severity = f"{_BOLD}{place}{_PLAIN}", f"{_COLOURS[problem.severity]}{severity}{_PLAIN}"
    text = f"{place}: {severity} {for_terminal(problem.message)}"
    if problem.hint:
        text += f"; {for_terminal(problem.hint)}"
    return text + _source(problem, colour=colour)


def _source(problem: Problem, *, colour: bool) -> str:
    if not problem.source_line.strip():
        return ""
    start = max(0, problem.position.column - 60)
    shown = problem.source_line[start : start + 96]
    indent = len(for_terminal(shown[: problem.position.column - 1 - start]))
    caret = "^" * max(1, min(problem.position.length, len(shown) - (problem.position.column - 1 - start)))
    if colour:
        caret = f"{_COLOURS[problem.severity]}{caret}{_PLAIN}"
    number = f"{problem.position.line:>5} | "
    return f"\n{number}{for_terminal(shown)}\n{' ' * (len(number) - 2)}| {' ' * indent}{caret}"


def github_annotation(problem: Problem) -> str:
    """A GitHub workflow command. Source: GitHub Docs, "Workflow commands"; its escapes for data and properties."""
    level = {"error": "error", "warning": "warning", "info": "notice"}[problem.severity]
    message = problem.message + (f"; {problem.hint}" if problem.hint else "")
    shown = "\n".join(map(for_terminal, message.split("\n")))
    where = f"file={_property(for_terminal(problem.file))},line={problem.position.line},col={problem.position.column}"
    return f"::{level} {where},title={_property(problem.rule)}::{_data(shown)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def summary(problems: Iterable[Problem], files: int, waived: int = 0, pending: int = 0) -> str:
    """`3 errors, 5 warnings in 2 of 74 files, 1 waived`."""
    found, apart = tuple(problems), f", {waived} waived" if waived else ""
    apart += f", {pending} pending" if pending else ""
    if not found:
        return f"no problems in {counted(files, 'file')}{apart}"
    counts = [
        counted(number, word)
        for word in ("error", "warning", "info")
        if (number := sum(problem.severity == word for problem in found))
    ]
    concerned = len({problem.file for problem in found})
    return f"{', '.join(counts)} in {concerned} of {counted(max(files, concerned), 'file')}{apart}"


def counted(number: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {word}" if number == 1 or word == "info" else f"{number} {word}s"


COST = {  # seconds and MB: a fixed part, and what each 1,000 case files add (docs/performance.md; 2 cores, one job)
    "validate": ((0.5, 0.7), (45, 46)),
    "pool": ((1.2, 1.1), (125, 44)),
    "build": ((16.0, 24.0), (430, 190)),
}
MOST_SECONDS, MOST_MB, MANY = 5.0, 500, 300


def say_if_large(command: str, cases: Path) -> int:
    """Say on stderr, before it begins, that a command will take over 5 s or 500 MB, if there are many case files.

    Returns how many there are.
    """
    from metaimt.casefiles.library import CASE_FOLDERS

    number = sum(1 for name in CASE_FOLDERS for _ in (cases / name).glob("*.y*ml"))
    seconds, megabytes = (fixed + more * number / 1000 for fixed, more in COST[command])
    if number > MANY and (seconds > MOST_SECONDS or megabytes > MOST_MB):
        said = f"{number:,} case files: {command} takes about {_about(seconds)} s and {_about(megabytes)} MB"
        print(f"metaimt: {said}", file=sys.stderr, flush=True)
    return number


def _about(value: float) -> str:
    return f"{float(f'{value:.1g}'):,.0f}"


def print_problems(problems: Iterable[Problem], stream: TextIO) -> None:
    """Problems as text, one block each."""
    for problem in problems:
        print(problem_text(problem, colour=use_colour(stream)), file=stream)


def stop(message: str, code: int) -> NoReturn:
    """Print one line to the error stream and end with `code`."""
    print(f"metaimt: {for_terminal(message)}", file=sys.stderr)
    raise typer.Exit(code)


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Turn the outcomes a user is told (wrong use, nothing to analyse) into a line and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        """The command; what a user is told ends it with its exit code."""
        try:
            return command(*args, **kwargs)
        except (WrongUse, NotOurs) as error:
            stop(str(error), WRONG_USE)
        except CannotAnalyse as error:
            stop(str(error), CANNOT_ANALYSE)
        except Blocked as blocked:
            print_problems([problem for problem in blocked.problems if problem.severity == "error"], sys.stderr)
            print(f"{summary(blocked.problems, blocked.files)}; nothing was analysed or written", file=sys.stderr)
            raise typer.Exit(PROBLEMS) from None
        except BrokenPipeError:  # the reader, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FINE) from None
        except OSError as error:
            stop(f"{error.filename or 'a file, or what is printed'}: {error.strerror or error}", WRONG_USE)
        except MemoryError:
            stop("there is not enough memory; close other programs, or look at fewer files at once", CANNOT_ANALYSE)
        except RuntimeError as error:
            if type(error).__name__ != "BrokenProcessPool":  # of concurrent.futures, which is imported where it is used
                raise
            stop("a process was ended from outside, perhaps for want of memory; try --jobs 1", CANNOT_ANALYSE)

    return run
