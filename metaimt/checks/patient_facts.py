"""What a case file says about a patient or an arm that could give away that another report describes them too.

The words of a report that name something: its authors, a trial, a mutation, a place, a group, a part of the body.

Two reports that share such a word may share patients. The ids of other reports in a note are not read: what the text
says must speak for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import Arm, CaseFile, Patient
from metaimt.casefiles.strict_yaml import Path
from metaimt.vocabulary import Vocabulary

_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_WORD = re.compile(r"[^\W_][\w/'’+-]*[\w+]")
# The first letter before what must not stand before it: the search then passes over all other letters at once.
_CAPITALISED = re.compile(r"[^\W\d_a-z](?<![^\W_].)(?<![^\W_][/'’+-].)[\w/'’+-]*[\w+]")
_PUNCTUATION = str.maketrans(dict.fromkeys('.,;:!?()[]"“”‘%=<>', " "))
_PARTS = re.compile(r"[-/+]")
_BETWEEN_AUTHORS, _ET_AL = re.compile(r"[,;&]|\band\b"), re.compile(r"\bet al\b\.?")
_INITIALS = re.compile(r"[A-Z]{1,3}\.?")
_STEM = 4  # letters, so that uterus meets uterine
_SENTENCE_START = re.compile(r"(?:^|[.:;!?] )[\"'“(]{0,2}$")  # in what stands before a word
_YEAR = re.compile(r"-\d{4}")
_REPORT_ID = re.compile(r"\b[a-z][a-z0-9-]{0,79}-\d{4}(?:-[a-z])?\b")
_CAPITALS_AND_DIGITS = re.compile(r"[A-Z0-9-]+")  # ADVL0912, NCT01121588
_NUMBERED_TRIAL = re.compile(r"([A-Z](?<!\w.)[A-Z]{3,})(?: trial| study| protocol)? ((?!19|20)\d{4}|\d{3}|\d{5,})\b")
_ACRONYM = re.compile(r"(?:[A-Z]-?){5,}")  # STARTRK-NG
_MUTATION = re.compile(r"[A-Z]\d{2,4}[A-Z]")  # F1174L
# Compendia, meetings, methods and months: two reports read in the same place do not share patients for that.
_READ_IN = "aacr asco post esmo recist pubmed medline pmid pmc doi english"
_MONTHS = "january february march april june july august september october november december"
_NO_NAMES = frozenset(f"{_READ_IN} {_MONTHS}".split())
_ABOUT_PLACES = """
left right upper lower with from later around main probable level stated titled multiple diffuse giant mass masses
lesions region cavity tissue tissues soft stem tumour tumor primary secondary recurrence recurrences recurrent relapse
metastases metastasis metastatic spread presentation"""
_NO_PLACES = frozenset(_ABOUT_PLACES.split())


@dataclass(frozen=True, slots=True)
class SourceWords:
    """`trials` name a trial by its number, `names` are acronyms, mutations and other proper names."""

    authors: frozenset[str]
    trials: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words that name nothing: terms of the vocabulary, and those that the library somewhere writes small."""

    terms: frozenset[str]
    ordinary: frozenset[str]


def lexicon(library: Library) -> Lexicon:
    """The lexicon of a library: a gene or a drug is not the name of a trial, nor an ordinary word that of a place."""
    lists = library.vocabulary.lists.values()
    terms = {word.casefold() for entries in lists for term, also in entries.items() for word in (term, *also)}
    ordinary: set[str] = set()
    for report in library.reports:
        places = [patient.site_detail for patient in report.patients]
        for text in (report.report.title, report.extraction.note, *places, *(arm.label for arm in report.arms)):
            ordinary.update((text or "").translate(_PUNCTUATION).split())
    return Lexicon(frozenset(terms) | _NO_NAMES, frozenset(ordinary))


def source_words(report: CaseFile, known: Lexicon) -> SourceWords:
    """The authors, trials and names of a report as a whole; labels of arms speak for their arm only."""
    title = report.report.title or ""
    note = " ".join((report.extraction.note or "").split())
    note = _REPORT_ID.sub("", note) if _YEAR.search(note) else note
    texts = [text for text in (title, note, report.extraction.secondary_source) if text]
    running = (note, title if _written_as_sentence(title) else "")
    names = frozenset(word for text in texts for word in acronyms(text, known))
    names |= frozenset(word for text in running for word in _proper_names(text, known))
    trials = frozenset(word for text in texts for word in trial_numbers(text, known))
    parts = {part for trial in trials for part in trial.split()}
    authors = authors_of(report.report.authors)
    return SourceWords(authors, trials, names - parts | (frozenset() if authors else _body(report.report.authors)))


def _body(authors: str | None) -> frozenset[str]:
    """A group or an office that stands as the author: Children's Oncology Group."""
    name = " ".join((authors or "").split())
    return frozenset({name} if name.count(" ") >= 2 and "," not in name and "et al" not in name else ())


def authors_of(text: str | None) -> frozenset[str]:
    """`Surname I` for each author of a reference list such as `Mossé YP, Lim MS, et al.`, without accents."""
    found = set()
    plain = unicodedata.normalize("NFKD", text or "").encode("ascii", "ignore").decode()
    for author in _BETWEEN_AUTHORS.split(plain):
        words = _ET_AL.sub("", author).split()
        if len(words) >= 2 and _INITIALS.fullmatch(words[-1]):
            found.add(f"{' '.join(words[:-1])} {words[-1][0]}")
    return frozenset(found)


def trial_numbers(text: str, known: Lexicon) -> frozenset[str]:
    """Trial numbers in a text: ADVL0912, NCT01121588, EORTC 90101."""
    numbered = {" ".join(match.groups()) for match in _NUMBERED_TRIAL.finditer(text)}
    found = {name for name in numbered if name.split()[0].casefold() not in known.terms}
    return frozenset(found | {word for word in _unknown_words(text, known) if _is_trial_number(word)})


def _is_trial_number(word: str) -> bool:
    if not _CAPITALS_AND_DIGITS.fullmatch(word) or _MUTATION.fullmatch(word):
        return False
    return sum(map(str.isdigit, word)) >= 3 and any(map(str.isupper, word))


def acronyms(text: str, known: Lexicon) -> frozenset[str]:
    """Names in capitals such as STARTRK-NG, and mutations such as F1174L; none from a text written in capitals."""
    words = _unknown_words(text, known)
    if not words:
        return frozenset()
    mutations = frozenset(word for word in words if _MUTATION.fullmatch(word))
    named = frozenset(word for word in words if _ACRONYM.fullmatch(word))
    return mutations | (named if named and sum(map(str.isupper, text)) <= 0.4 * len(text) else frozenset())


def places_named(text: str) -> dict[str, str]:
    """The words that say where in the body, by their stems."""
    words = {word.casefold() for word in _LONG_WORD.findall(text)}
    return {word[:_STEM]: word for word in sorted(words - _NO_PLACES)}


def title_age_group(title: str | None, vocabulary: Vocabulary) -> str | None:
    """The age group that a title names, as in "pediatric": one, or none."""
    groups = {vocabulary.belongs("population", word) for word in _WORD.findall(title or "")} - {None, "mixed"}
    return groups.pop() if len(groups) == 1 else None


def sites_named(text: str, vocabulary: Vocabulary) -> dict[str, str]:
    """The places in a text that the vocabulary knows, with the site each belongs to."""
    found = {word: vocabulary.belongs("site", word) for word in _WORD.findall(text)}
    return {word: site for word, site in found.items() if site is not None}


@lru_cache(maxsize=16)  # one text is asked for acronyms, then for trial numbers
def _unknown_words(text: str, known: Lexicon) -> tuple[str, ...]:
    """The words in capitals and digits that are not, even in part, in the vocabulary."""
    found = []
    for word in _WORD.findall(text):
        if word.isupper():
            plain = word.casefold()
            if plain not in known.terms and (plain.isalnum() or known.terms.isdisjoint(_PARTS.split(plain))):
                found.append(word)
    return tuple(found)


def _written_as_sentence(title: str) -> bool:
    """Whether capitals in a title mean something: not in A Title Written Like This."""
    long: list[str] = [word for word in _WORD.findall(title)[1:] if len(word) > 3]
    return 2 * sum(word[0].isupper() for word in long) < len(long)


def _proper_names(text: str, known: Lexicon) -> Iterator[str]:
    """Capitalised words within a sentence that the library never writes small: Macao, Australian."""
    for match in _CAPITALISED.finditer(text):
        word, start = match[0], match.start()
        if len(word) > 3 and word[0].isupper() and word[1:].islower():
            plain = word.casefold()
            ordinary = plain in known.ordinary or plain in known.terms
            if not ordinary and not _SENTENCE_START.search(text[max(0, start - 4) : start]):
                yield word


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
