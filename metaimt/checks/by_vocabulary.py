"""Rules that need the terms of the review: drugs with their generations and years, kinases, responses.

Each rule is given a patient, or the whole report, and the vocabulary; paths start there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from itertools import pairwise

from metaimt.casefiles.fields import shown
from metaimt.casefiles.model import Arm, CaseFile, Course, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.of_report import EARLIEST
from metaimt.checks.over_time import LONGEST_MONTHS
from metaimt.checks.rule import Finding, Rule, courses, rule, rules_in, tests_of, treatments, units
from metaimt.vocabulary import Vocabulary
from metaimt.vocabulary.response_words import said


@rule("prior-kinase-inhibitor", "warning", about="terms")
def inhibitors_are_courses(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """A kinase inhibitor among the prior treatment makes the first course look like the first line."""
    for t, treatment in enumerate(patient.prior_treatment):
        if (drug := _drug_in(terms, treatment)) is not None:
            yield ("prior_treatment", t), *_prior(drug, treatment, patient.courses)


def _prior(drug: str, treatment: str, courses: Iterable[Course]) -> tuple[str, str]:
    given = [c for c, course in enumerate(courses, start=1) if course.drug == drug]
    words = f"prior_treatment: {shown(treatment)}"
    if not given:
        hint = f"add it as the first of the courses: - drug: {drug}, and delete it here"
        return f"{words} is a kinase inhibitor, but no course; the line of the courses may be wrong", hint
    hint = "delete it here; if it was given before and again, enter it as a first course too"
    return f"{words} is also course {given[0]}: prior treatment is what came before the first course", hint


def _drug_in(vocabulary: Vocabulary, text: str) -> str | None:
    """The drug of the vocabulary that a text names, or None."""
    return next(iter(drugs_in(vocabulary, text)), None)


def drugs_in(vocabulary: Vocabulary, text: str) -> tuple[str, ...]:
    """The drugs of the vocabulary that a text names, in its order."""
    found = (vocabulary.belongs("drug", match) for match in _drug_names(vocabulary).findall(text.casefold()))
    return tuple(dict.fromkeys(drug for drug in found if drug is not None))


@lru_cache(maxsize=8)
def _drug_names(vocabulary: Vocabulary) -> re.Pattern[str]:
    """Of a text in small letters: a third of the time of a pattern that ignores capitals."""
    return re.compile(rf"(?<![\w-])(?:{drug_names(vocabulary).casefold()})(?![\w-])")


@lru_cache(maxsize=8)
def drug_names(vocabulary: Vocabulary) -> str:
    """The names of all drugs, and words for a kinase inhibitor, as alternatives of a pattern, the longest first."""
    every = ((drug, word) for drug in vocabulary.drugs.values() for word in (drug.name, *drug.synonyms))
    return one_of(
        word for drug, word in every if drug.named or "inhibitor" in word or not word.islower()
    )  # not "unknown"


def one_of(names: Iterable[str]) -> str:
    """Names as alternatives of a pattern, the longest first; nothing fits where there are none."""
    return "|".join(map(re.escape, sorted({*names}, key=lambda name: (-len(name), name)))) or r"(?!)"


@rule("combined-inhibitors", "warning", about="terms")
def inhibitors_given_together_are_a_regimen(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """Two kinase inhibitors given together are one regimen; under combined_with the course is mixed treatment."""
    for c, course in enumerate(patient.courses):
        for k, other in enumerate(course.combined_with):
            if (drug := _drug_in(terms, other)) is not None and drug != course.drug:
                message = f"combined_with: {shown(other)} is a kinase inhibitor"
                hint = (
                    f"if both were given together throughout, write drug: [{course.drug}, {drug}], and delete it here"
                )
                yield ("courses", c, "combined_with", k), message, hint


@rule("generation-order", "info", about="terms")
def generations_follow_each_other(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """Later generations are mostly given after earlier ones; courses stand in the order given."""
    for c, (before, after) in enumerate(pairwise(patient.courses), start=1):
        if terms.later_generation(before.drug, after.drug):
            earlier, later = terms.drug(before.drug).generation, terms.drug(after.drug).generation
            message = f"{before.drug} ({earlier} generation) stands before {after.drug} ({later} generation)"
            hint = "courses stand in the order given: check it against the source"
            yield ("courses", c, "drug"), message, hint


@rule("same-drug-again", "info", about="terms")
def a_course_is_one_course(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """A pause is part of a course; a second course of the same drug is a rechallenge, or the same one entered twice."""
    for c, (before, after) in enumerate(pairwise(patient.courses), start=1):
        if before.drug == after.drug and terms.drug(after.drug).named:
            hint = "keep both if it was stopped and begun again; else enter it as one course"
            yield ("courses", c, "drug"), f"{after.drug} twice in a row", hint


@rule("evidence-of-two-kinases", "warning", about="report_terms")
def one_kinase_drives_a_tumour(case: CaseFile, terms: Vocabulary) -> Iterable[Finding]:
    """Fusions of two kinases in one tumour are hardly ever seen; a slip, or the marker of another patient or part."""
    kinases = terms.lists["kinase"]
    for place, unit in units(case):
        evidence = _evidence(unit, kinases)
        if len(evidence) >= 2:
            (one, why), (other, also) = list(evidence.items())[:2]
            message = f"{one} by {_words(why)}, and {other} by {_words(also)}"
            hint = "check both against the source: the row in which the patient counts depends on it"
            if isinstance(unit, Arm):
                hint = "if each is of a part of the arm, write mixed for both; else check both against the source"
            yield (*place, *also), message, hint


def _evidence(unit: Patient | Arm, kinases: Collection[str]) -> dict[str, Path]:
    """Kinase -> where the evidence for it stands in the file; a fusion comes first."""
    found: dict[str, Path] = {} if unit.fusion_gene is None else {unit.fusion_gene: ("fusion_gene",)}
    for test, results in tests_of(unit).items():
        for marker, result in results.items():
            if result in {"positive", True} and marker in kinases:
                found.setdefault(marker, (test, marker))
    return found


def _words(path: Path) -> str:
    words = {"fusion_gene": "its fusion", "rearranged": "rearrangement", "ihc": "immunohistochemistry"}
    return words.get(str(path[0]), str(path[0]))


@rule("words-name-another-response", "warning", about="terms")
def words_agree_with_response(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """The words of the source print one category, or leave some possible, and another one is entered."""
    for c, course in enumerate(patient.courses):
        if (fits := _contradicting(course, terms)) and course.response is not None:
            verb = "names" if len(fits) == 1 else "leaves only"
            message = f"response: {course.response}, but response_as_stated {verb} {' or '.join(fits)}"
            hint = f"write response: {fits[0]}" if len(fits) == 1 else f"check which of {', '.join(fits)} is meant"
            yield ("courses", c, "response"), message, f"{hint}, or the words that say {course.response}"


def _contradicting(course: Course, terms: Vocabulary) -> tuple[str, ...]:
    """What the words leave possible, if the response entered, and each alternative to it, is not among it."""
    words, response = course.response_as_stated, course.response
    if words is None or response is None or response == "NE":
        return ()
    fits = said(words, terms.lists["response"]).fits
    possible = not fits.isdisjoint((response, *course.response_alternatives))
    return () if possible else tuple(each for each in terms.lists["response"] if each in fits)


@rule("words-name-no-response", "warning", about="terms")
def stated_is_printed(patient: Patient, terms: Vocabulary) -> Iterable[Finding]:
    """A response is stated, and the words of the source print none."""
    for c, course in enumerate(patient.courses):
        words, response = course.response_as_stated, course.response
        if words is None or course.response_basis != "stated" or response is None or response == "NE":
            continue
        if not re.search("[a-z]", words, re.IGNORECASE) or _contradicting(course, terms):
            continue  # letters that nobody here reads; or words that are told already
        if not said(words, terms.lists["response"]).prints_one:
            message = f"response_basis: stated, but {shown(words)} names no category"
            hint = "write response_basis: inferred, or the words that print the category"
            yield ("courses", c, "response_basis"), message, hint


@rule("drug-before-first-year", about="report_terms")
def drugs_existed(case: CaseFile, terms: Vocabulary) -> Iterable[Finding]:
    """Nobody reports a drug that had not yet been given to anybody."""
    year = case.report.year
    if year is None or year < EARLIEST:
        return
    for path, unit in treatments(case):
        first = terms.drug(unit.drug).first_year
        if first is not None and year < first:
            message = f"drug: {unit.drug} was first given to a patient in {first}, the report is of {year}"
            yield (*path, "drug"), message, "check the drug, and the year of the report, against the source"


@rule("duration-exceeds-drug", "warning", about="report_terms")
def times_fit_the_age_of_the_drug(case: CaseFile, terms: Vocabulary) -> Iterable[Finding]:
    """Nobody took a drug for longer than there was between its first patient and the report."""
    year = case.report.year
    if year is None:
        return
    for path, course in courses(case):
        first = terms.drug(course.drug).first_year
        if first is None or year < first:
            continue
        most = 12 * (year - first + 1)
        for name in ("duration_months", "response_duration_months", "pfs_months"):
            value = getattr(course, name)
            least = value[0] if isinstance(value, tuple) else value
            if least is not None and most < least <= LONGEST_MONTHS:
                message = (
                    f"{name}: {least:g}, but {course.drug} was first given {most} months before the report or later"
                )
                yield (*path, name), message, "write months, not days or weeks, or check the drug and the year"


VOCABULARY_RULES: tuple[Rule, ...] = rules_in(globals())
