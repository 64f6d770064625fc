"""What a case file says about a patient or an arm that could give away that another report describes them too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.checks.source_words import (
    Lexicon,
    SourceWords,
    acronyms,
    lexicon,
    places_named,
    sites_named,
    source_words,
    title_age_group,
    trial_numbers,
)
from metaimt.vocabulary import Vocabulary

_WORDS = re.compile(r"\w+")

CHILD_BELOW, ADULT_FROM = 16, 25  # years; in between a patient may be in a trial of either age group


@dataclass(frozen=True, slots=True)
class Facts:
    """One patient, or one arm: `counts` are then its responders and evaluable patients.

    `kinases` are those known to be positive, `negative` the markers known not to be. `drugs` are the named ones, in the
    order given; `place` has the words of the exact place by their stems. What happened on a drug is not among the
    facts: an early and a late report of one patient differ in it.
    """

    report: str
    unit: str
    path: Path
    year: int | None
    words: SourceWords
    kinases: frozenset[str]
    negative: frozenset[str]
    partner: str | None
    drugs: tuple[str, ...]
    site: str | None
    place: Mapping[str, str]
    histology: str | None
    age_group: str | None
    age: float | None = None
    sex: str | None = None
    counts: tuple[int, int] | None = None
    median_pfs: float | None = None

    @property
    def id(self) -> str:
        """`report/P1`, `report/arm1`: as links.yaml names it."""
        return f"{self.report}/{self.unit}"


def library_facts(library: Library) -> tuple[Facts, ...]:
    """The facts of every patient and arm, in the order of the library. Of two reports with one id the first speaks."""
    known = lexicon(library)
    reports = [report for report in library.reports if library.report(report.id) is report]
    words = _with_journals({report.id: source_words(report, known) for report in reports}, reports)
    return tuple(
        facts for report in reports for facts in _of_report(report, words[report.id], known, library.vocabulary)
    )


def _with_journals(words: dict[str, SourceWords], reports: Iterable[CaseFile]) -> dict[str, SourceWords]:
    """A word of a journal's name, such as Swiss, counts where a text uses it as a name; a shared journal does not."""
    names = {name for found in words.values() for name in found.names}
    for report in reports:
        journal = names.intersection(_WORDS.findall(report.report.journal or ""))
        if journal:
            words[report.id] = replace(words[report.id], names=words[report.id].names | journal)
    return words


def _of_report(report: CaseFile, words: SourceWords, known: Lexicon, vocabulary: Vocabulary) -> Iterator[Facts]:
    group = title_age_group(report.report.title, vocabulary)
    for p, patient in enumerate(report.patients):
        yield _of_patient(report, p, patient, words, vocabulary, group)
    numbers = [trial_numbers(arm.label, known) for arm in report.arms]
    for a, arm in enumerate(report.arms):
        others = frozenset(number for k, found in enumerate(numbers) if k != a for number in found)
        trials = words.trials - others | numbers[a]
        named = replace(words, trials=trials, names=words.names | acronyms(arm.label, known))
        yield _of_arm(report, a, arm, named, vocabulary)


def _of_patient(  # noqa: PLR0917 - the plain constructor of one patient
    report: CaseFile, p: int, patient: Patient, words: SourceWords, vocabulary: Vocabulary, group: str | None
) -> Facts:
    kinases, negative = known_markers(patient)
    return Facts(
        report=report.id,
        unit=patient.id,
        path=("patients", p),
        year=report.report.year,
        words=words,
        kinases=kinases,
        negative=negative,
        partner=patient.fusion_partner,
        drugs=_named((course.drug for course in patient.courses), vocabulary),
        site=patient.site,
        place=places_named(patient.site_detail or ""),
        histology=patient.histology,
        age_group=group if patient.age is None else _age_group(patient.age),
        age=patient.age,
        sex=patient.sex,
    )


def _of_arm(report: CaseFile, a: int, arm: Arm, words: SourceWords, vocabulary: Vocabulary) -> Facts:
    places = sites_named(arm.label, vocabulary)
    sites = set(places.values())
    partners = set(re.split(r"[^A-Za-z0-9]+", arm.label)) & set(vocabulary.lists["partner"])
    positive = {marker for marker, status in arm.status.items() if status == "positive"}
    return Facts(
        report=report.id,
        unit=f"arm{a + 1}",
        path=("arms", a),
        year=report.report.year,
        words=words,
        kinases=frozenset({arm.fusion_gene} if arm.fusion_gene else positive),
        negative=frozenset(marker for marker, status in arm.status.items() if status == "negative"),
        partner=arm.fusion_partner or (partners.pop() if len(partners) == 1 else None),
        drugs=_named([arm.drug], vocabulary),
        site=arm.site or (sites.pop() if len(sites) == 1 else None),
        place=places_named(" ".join(places)),
        histology=arm.histology,
        age_group=None if arm.population == "mixed" else arm.population,
        counts=None if arm.evaluable is None else arm.counts,
        median_pfs=None if arm.median_pfs_months is None else arm.median_pfs_months.value,
    )


def known_markers(patient: Patient) -> tuple[frozenset[str], frozenset[str]]:
    """Positive and negative markers; a fusion decides over a rearrangement, that over a stain."""
    status = {marker: value == "positive" for marker, value in patient.ihc.items()} | dict(patient.rearranged)
    if patient.fusion_gene is not None:
        status[patient.fusion_gene] = True
    negative = frozenset(marker for marker, value in status.items() if not value)
    if patient.fusion_gene is not None:
        return frozenset({patient.fusion_gene}), negative
    return frozenset(status) - negative, negative


def _named(drugs: Iterable[str], vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(dict.fromkeys(drug for drug in drugs if vocabulary.drug(drug).named))


def _age_group(age: float) -> str | None:
    return "paediatric" if age < CHILD_BELOW else "adult" if age >= ADULT_FROM else None
