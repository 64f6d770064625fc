"""The rules that one report can break by itself, and one walk through a report for all of them.

May import: casefiles, and its neighbours in checks.
"""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.strict_yaml import Document, Path
from metaimt.checks.of_arm import ARM_RULES
from metaimt.checks.of_course import COURSE_RULES
from metaimt.checks.of_patient import PATIENT_RULES
from metaimt.checks.of_report import REPORT_RULES
from metaimt.checks.over_time import TIME_RULES
from metaimt.checks.rule import About, Looker, Rule
from metaimt.problem import Problem

WITHIN_RULES: tuple[Rule, ...] = (*REPORT_RULES, *PATIENT_RULES, *COURSE_RULES, *TIME_RULES, *ARM_RULES)


def _about(about: About) -> tuple[tuple[Looker, Rule], ...]:
    return tuple((rule.look, rule) for rule in WITHIN_RULES if rule.about == about)


_OF_REPORT, _OF_PATIENT, _OF_COURSE, _OF_ARM = map(_about, ("report", "patient", "course", "arm"))


def problems_within(report: CaseFile, document: Document) -> Iterator[Problem]:
    """What the rules find in one report: each patient, course and arm is visited once, and paths are made last."""
    for look, rule in _OF_REPORT:
        for finding in look(report):
            yield rule.problem(document, finding)
    for p, patient in enumerate(report.patients):
        for look, rule in _OF_PATIENT:
            for finding in look(patient):
                yield rule.problem(document, _below(("patients", p), finding))
        for c, course in enumerate(patient.courses):
            for look, rule in _OF_COURSE:
                for finding in look(course, patient):
                    yield rule.problem(document, _below(("patients", p, "courses", c), finding))
    for a, arm in enumerate(report.arms):
        for look, rule in _OF_ARM:
            for finding in look(arm):
                yield rule.problem(document, _below(("arms", a), finding))


def _below(start: Path, finding: tuple[Path, str, str]) -> tuple[Path, str, str]:
    path, message, hint = finding
    return (*start, *path), message, hint
