"""The rules that one report can break by itself, and one walk through a report for all of them."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.casefiles.library import Parts
from metaimt.casefiles.model import CaseFile, Patient
from metaimt.casefiles.strict_yaml import Document, Path
from metaimt.checks.appraisals import APPRAISAL_RULES
from metaimt.checks.by_vocabulary import VOCABULARY_RULES
from metaimt.checks.labels import LABEL_RULES
from metaimt.checks.of_report import REPORT_RULES
from metaimt.checks.over_time import TIME_RULES
from metaimt.checks.printed_numbers import OWN_COUNT_RULES, PRINTED_RULES
from metaimt.checks.rule import About, Looker, Rule
from metaimt.checks.sizes import SIZE_RULES
from metaimt.problem import Problem
from metaimt.vocabulary import Vocabulary

WITHIN_RULES: tuple[Rule, ...] = (
    *REPORT_RULES,
    *APPRAISAL_RULES,
    *PRINTED_RULES,
    *OWN_COUNT_RULES,
    *SIZE_RULES,
    *TIME_RULES,
)
TERM_RULES: tuple[Rule, ...] = (*VOCABULARY_RULES, *LABEL_RULES)


def _about(about: About) -> tuple[tuple[Looker, Rule], ...]:
    return tuple((rule.look, rule) for rule in (*WITHIN_RULES, *TERM_RULES) if rule.about == about)


_OF_REPORT, _OF_PATIENT, _OF_COURSE, _OF_ARM = _about("report"), _about("patient"), _about("course"), _about("arm")
_OF_TERMS, _OF_REPORT_TERMS = _about("terms"), _about("report_terms")


def problems_within(report: CaseFile, document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What the rules find in one report: each patient, course and arm is visited once, and paths are made last."""
    for look, rule in _OF_REPORT:
        for finding in look(report):
            yield rule.problem(document, finding)
    for look, rule in _OF_REPORT_TERMS:
        for finding in look(report, vocabulary):
            yield rule.problem(document, finding)
    parts = Parts(dict(enumerate(report.patients)), dict(enumerate(report.arms)))
    yield from problems_of_parts(parts, document, vocabulary)


def problems_of_parts(parts: Parts, document: Document, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What the rules find in patients and arms, be they all of a file or those of it that are in form."""
    for p, patient in parts.patients.items():
        for rule, steps, message, hint in _about_patient(patient, vocabulary):
            yield rule.problem(document, (("patients", p, *steps), message, hint))
    for a, arm in parts.arms.items():
        for look, rule in _OF_ARM:
            for steps, message, hint in look(arm):
                yield rule.problem(document, (("arms", a, *steps), message, hint))


def _about_patient(patient: Patient, vocabulary: Vocabulary) -> Iterator[tuple[Rule, Path, str, str]]:
    for look, rule in _OF_PATIENT:
        for finding in look(patient):
            yield rule, *finding
    for look, rule in _OF_TERMS:
        for finding in look(patient, vocabulary):
            yield rule, *finding
    for c, course in enumerate(patient.courses):
        for look, rule in _OF_COURSE:
            for steps, message, hint in look(course):
                yield rule, ("courses", c, *steps), message, hint
