"""A rule: a stable id, a severity, what it looks at, and a function that says what is wrong there.

Why a rule exists, with an example, stands in explanations.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.casefiles.strict_yaml import Document, Path
from metaimt.problem import Problem, Severity

Finding = tuple[Path, str, str]  # path of the value, message, hint; the path starts at what the rule looks at
Located = tuple[str, Path, str, str]  # the same, after the name of the document
About = Literal["library", "publications", "report", "patient", "course", "arm", "terms", "report_terms"]
Looker = Callable[..., Iterable[Any]]


@dataclass(frozen=True)
class Rule:
    """`look` is given a library, a case file, a patient, a course or an arm: see `about`.

    A rule about `terms` is given a patient and the vocabulary, one about `report_terms` a case file and the vocabulary.
    One across the library, or about the `publications` of one, puts the document's name before each finding.
    """

    id: str
    severity: Severity
    look: Looker
    about: About = "library"

    def find(self, subject: Any) -> Iterator[Any]:
        """What the rule finds in a library, or anywhere in a case file; paths start at the top of the file."""
        if self.about not in _UNITS:
            yield from self.look(subject)
            return
        for path, unit in _UNITS[self.about](subject):
            for steps, message, hint in self.look(unit):
                yield (*path, *steps), message, hint

    def problem(self, document: Document, finding: Finding) -> Problem:
        """A finding as a problem with its place in the document."""
        path, message, hint = finding
        return document.problem(path, self.id, message, hint, severity=self.severity)


def rule(rule_id: str, severity: Severity = "error", about: About = "library") -> Callable[[Looker], Rule]:
    """Make a rule of a function that looks at one thing and yields its findings."""

    def make(look: Looker) -> Rule:
        return Rule(rule_id, severity, look, about)

    return make


def rules_in(names: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules among the names of a module, in the order in which they stand there."""
    return tuple(value for value in names.values() if isinstance(value, Rule))


def courses(case: CaseFile) -> Iterator[tuple[Path, Course]]:
    """Every course with its path in the file."""
    for p, patient in enumerate(case.patients):
        for c, course in enumerate(patient.courses):
            yield ("patients", p, "courses", c), course


def patients(case: CaseFile) -> Iterator[tuple[Path, Patient]]:
    """Every patient with its path in the file."""
    for p, patient in enumerate(case.patients):
        yield ("patients", p), patient


def arms(case: CaseFile) -> Iterator[tuple[Path, Arm]]:
    """Every arm with its path in the file."""
    for a, arm in enumerate(case.arms):
        yield ("arms", a), arm


def units(case: CaseFile) -> Iterator[tuple[Path, Patient | Arm]]:
    """Every patient, then every arm, with its path in the file."""
    yield from patients(case)
    yield from arms(case)


def tests_of(unit: Patient | Arm) -> Mapping[str, Mapping[str, str | bool]]:
    """Field -> marker -> its status, or whether it is rearranged; of a patient what decides stands first."""
    return {"status": unit.status} if isinstance(unit, Arm) else {"rearranged": unit.rearranged, "ihc": unit.ihc}


def treatments(case: CaseFile) -> Iterator[tuple[Path, Course | Arm]]:
    """Every course, then every arm, with its path in the file."""
    yield from courses(case)
    yield from arms(case)


_UNITS: Mapping[str, Callable[[CaseFile], Iterator[Any]]] = {"patient": patients, "course": courses, "arm": arms}
