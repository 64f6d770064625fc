"""What is wrong in a file of the review, where, and how to mend it.

Everything that reads or checks a file speaks in :class:`Problem`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from metaimt.serialise import published, spread

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text file: line and column count from 1; `length` is in characters, for the caret."""

    line: int
    column: int
    length: int = 1


@published("file", "rule", "severity", "message", "hint", line="position.line", column="position.column")
@dataclass(frozen=True, slots=True)
class Problem:
    """One finding: `file` as shown to the user, rule id (stable), severity, message, and the way to mend it."""

    file: str
    position: Position
    rule: str
    severity: Severity
    message: str
    hint: str = ""
    source_line: str = ""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """File, line, column, rule, message: the order in which problems are always listed."""
        return (self.file, self.position.line, self.position.column, self.rule, self.message)


@published(spread("problem"), "reason")
@dataclass(frozen=True, slots=True)
class Waived:
    """A problem that its case file says is no mistake, with the reason given there."""

    problem: Problem
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What is to be told about a library: its problems, and those that were waived. Both are sorted by place."""

    problems: tuple[Problem, ...]
    waived: tuple[Waived, ...] = ()


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems sorted by place, each once."""
    return tuple(sorted(set(problems), key=lambda problem: problem.sort_key))


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of the problems is an error."""
    return any(problem.severity == "error" for problem in problems)


class CannotAnalyse(Exception):  # noqa: N818 - it is an outcome the user is told, not a programming error
    """The evidence allows no analysis (exit code 3): nothing eligible, no protocol. The text says the next step."""


class WrongUse(Exception):  # noqa: N818 - as above
    """The command was called in a way it cannot serve (exit code 2). The text says the next step."""


class Blocked(Exception):  # noqa: N818 - told to the user as the problems themselves
    """The files have errors; nothing is analysed before they are mended. `files`: how many were looked at."""

    def __init__(self, problems: tuple[Problem, ...], files: int) -> None:
        super().__init__(f"{len(problems)} problems in {files} files")
        self.problems = problems
        self.files = files


def nearest_of(text: str, known: Iterable[str], otherwise: str = "", *, cutoff: float = 0.6) -> str:
    """`did you mean` with what is most alike of what is known, the first of several; `otherwise` where nothing is.

    cutoff: the share that the two have in common at least, as difflib counts it.
    """
    import difflib

    close = difflib.get_close_matches(text, list(known), n=1, cutoff=cutoff)
    return f"did you mean {close[0]}?" if close else otherwise


def check_name(option: str, name: str, names: Sequence[str]) -> None:
    """Raise WrongUse, with all names and the nearest, unless a name given to an option is one of them."""
    if name not in names:
        meant = nearest_of(name, names, cutoff=0.5)
        raise WrongUse(f"{option} '{name}' is not one of {', '.join(names)}{'; ' if meant else ''}{meant}")
