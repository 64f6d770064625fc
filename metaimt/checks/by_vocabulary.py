"""Rules within one report that need the terms of the review: drugs and their generations, kinases, responses.

May import: casefiles, vocabulary, and its neighbours in checks. Each function yields (document name, path, message,
hint).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile, Course, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.rule import Located, Rule, rule, rules_in
from metaimt.vocabulary import Vocabulary

_NUMBERED = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_NOT_SAID = re.compile(r"\b(?:no|not|non|near|nearly|almost|without|never|than)\b[\w -]{0,12}$", re.IGNORECASE)


def _patients(library: Library) -> Iterator[tuple[CaseFile, Path, Patient]]:
    """Every patient of the reports that have a document of their own: of two with one id the first."""
    for report in {report.id: report for report in reversed(library.reports)}.values():
        for p, patient in enumerate(report.patients):
            yield report, ("patients", p), patient


def _name(library: Library, report: CaseFile) -> str:
    return library.report_documents[report.id].name


@rule("prior-kinase-inhibitor", "warning")
def inhibitors_are_courses(library: Library) -> Iterator[Located]:
    """A kinase inhibitor among the prior treatment makes the first course look like the first line."""
    for report, path, patient in _patients(library):
        for t, treatment in enumerate(patient.prior_treatment):
            if (drug := _drug_in(library.vocabulary, treatment)) is not None:
                place = (*path, "prior_treatment", t)
                yield _name(library, report), place, *_prior(drug, treatment, patient.courses)


def _prior(drug: str, treatment: str, courses: Iterable[Course]) -> tuple[str, str]:
    given = [c for c, course in enumerate(courses, start=1) if course.drug == drug]
    words = f"prior_treatment: '{treatment}'"
    if not given:
        hint = f"add it as the first of the courses: - drug: {drug}, and delete it here"
        return f"{words} is a kinase inhibitor, but no course; the line of the courses may be wrong", hint
    hint = "delete it here; if it was given before and again, enter it as a first course too"
    return f"{words} is also course {given[0]}: prior treatment is what came before the first course", hint


def _drug_in(vocabulary: Vocabulary, text: str) -> str | None:
    """The drug of the vocabulary that a text names, or None."""
    match = _drug_names(vocabulary).search(text)
    return vocabulary.belongs("drug", match[0]) if match else None


@lru_cache(maxsize=8)
def _drug_names(vocabulary: Vocabulary) -> re.Pattern[str]:
    every = ((drug, word) for drug in vocabulary.drugs.values() for word in (drug.name, *drug.synonyms))
    names = {word for drug, word in every if drug.named or "inhibitor" in word or not word.islower()}  # not "unknown"
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])", re.IGNORECASE)


@rule("generation-order", "info")
def generations_follow_each_other(library: Library) -> Iterator[Located]:
    """Later generations are mostly given after earlier ones; courses stand in the order given."""
    drugs = library.vocabulary.drugs
    for report, path, patient in _patients(library):
        if len(patient.courses) < 2:
            continue
        for c, (before, after) in enumerate(pairwise(patient.courses), start=1):
            earlier, later = drugs[before.drug].generation, drugs[after.drug].generation
            if _NUMBERED.get(earlier, 0) > _NUMBERED.get(later, 9):
                message = f"{before.drug} ({earlier} generation) stands before {after.drug} ({later} generation)"
                hint = "courses stand in the order given: check it against the source"
                yield _name(library, report), (*path, "courses", c, "drug"), message, hint


@rule("same-drug-again", "info")
def a_course_is_one_course(library: Library) -> Iterator[Located]:
    """A pause is part of a course; a second course of the same drug is a rechallenge, or the same one entered twice."""
    drugs = library.vocabulary.drugs
    for report, path, patient in _patients(library):
        if len(patient.courses) < 2:
            continue
        for c, (before, after) in enumerate(pairwise(patient.courses), start=1):
            if before.drug == after.drug and drugs[after.drug].named:
                message = f"{after.drug} twice in a row"
                hint = "keep both if it was stopped and begun again; else enter it as one course"
                yield _name(library, report), (*path, "courses", c, "drug"), message, hint


@rule("evidence-of-two-kinases", "warning")
def one_kinase_drives_a_tumour(library: Library) -> Iterator[Located]:
    """Fusions of two kinases in one tumour are hardly ever seen; a slip, or the marker of another patient."""
    kinases = frozenset(library.vocabulary.lists["kinase"])
    for report, path, patient in _patients(library):
        evidence = _evidence(patient, kinases)
        if len(evidence) > 1:
            (one, why), (other, also) = list(evidence.items())[:2]
            message = f"{one} by {_words(why)}, and {other} by {_words(also)}"
            hint = "check both against the source: the row in which the patient counts depends on it"
            yield _name(library, report), (*path, *also), message, hint


def _evidence(patient: Patient, kinases: frozenset[str]) -> dict[str, Path]:
    """Kinase -> where the evidence for it stands in the file; a fusion comes first."""
    if not patient.ihc and not patient.rearranged:
        return {}
    found: dict[str, Path] = {} if patient.fusion_gene is None else {patient.fusion_gene: ("fusion_gene",)}
    for marker, positive in patient.rearranged.items():
        if positive and marker in kinases:
            found.setdefault(marker, ("rearranged", marker))
    for marker, status in patient.ihc.items():
        if status == "positive" and marker in kinases:
            found.setdefault(marker, ("ihc", marker))
    return found


def _words(path: Path) -> str:
    return {"fusion_gene": "its fusion", "rearranged": "rearrangement", "ihc": "immunohistochemistry"}[str(path[0])]


@rule("words-name-another-response", "warning")
def words_agree_with_response(library: Library) -> Iterator[Located]:
    """The words of the source print one category, and another one is entered."""
    phrases = _phrases(library.vocabulary)
    for report, path, patient in _patients(library):
        for c, course in enumerate(patient.courses):
            words, response = course.response_as_stated, course.response
            if words is None or response is None or response == "NE":
                continue
            named = {phrases[match[0].casefold()] for match in _said(phrases, words)}
            if named and response not in named:
                message = f"response: {response}, but response_as_stated names {' and '.join(sorted(named))}"
                hint = f"write response: {min(named)}, or the words that say {response}"
                yield _name(library, report), (*path, "courses", c, "response"), message, hint


@lru_cache(maxsize=8)
def _phrases(vocabulary: Vocabulary) -> dict[str, str]:
    """`partial response` -> PR: what names a category beyond doubt, as several words do."""
    terms = vocabulary.lists["response"].items()
    return {word.casefold(): term for term, words in terms for word in words if " " in word}


def _said(phrases: dict[str, str], words: str) -> Iterator[re.Match[str]]:
    """The phrases in a text that are neither denied nor qualified: not `no partial response`, `near complete`."""
    for match in _pattern(tuple(phrases)).finditer(words):
        if not _NOT_SAID.search(words[: match.start()]):
            yield match


@lru_cache(maxsize=8)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b", re.IGNORECASE)


VOCABULARY_RULES: tuple[Rule, ...] = rules_in(globals())
