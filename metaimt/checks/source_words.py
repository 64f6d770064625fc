"""The words of a report that name something: its authors, a trial, a mutation, a place, a group, a part of the body.

Two reports that share such a word may share patients. The ids of other reports in a note are not read: what the text
says must speak for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from metaimt.casefiles.library import Library
from metaimt.casefiles.model import CaseFile
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
    """The words with a capital or digit beyond their first letter that are not, even in part, in the vocabulary."""
    found = []
    for word in _WORD.findall(text):
        if not word.islower() and not word[1:].islower():
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
