"""A rule: a stable id, a severity, and a function that yields what it finds.

May import: problem, casefiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from metaimt.casefiles.strict_yaml import Document, Path
from metaimt.problem import Problem, Severity

Finding = tuple[Path, str, str]  # path of the value in the file, message, hint
Located = tuple[str, Path, str, str]  # the same, after the name of the document
Finder = Callable[..., Iterable[Any]]


@dataclass(frozen=True)
class Rule:
    """`find` yields findings; that of a rule across the library puts the document's name before each."""

    id: str
    severity: Severity
    find: Finder

    def problems(self, document: Document, findings: Iterable[Finding]) -> Iterator[Problem]:
        """The findings as problems with their place in the document."""
        for path, message, hint in findings:
            yield document.problem(path, self.id, message, hint, severity=self.severity)


def rule(rule_id: str, severity: Severity = "error") -> Callable[[Finder], Rule]:
    """Make a rule of a function that yields findings."""

    def make(find: Finder) -> Rule:
        return Rule(rule_id, severity, find)

    return make
