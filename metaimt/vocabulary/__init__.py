"""The terms of the field, as data: drugs, genes, sites, responses; and the nearest valid term to a wrong one.

The terms stand in the YAML files of this folder; a review adds its own in `cases/vocabulary.yaml`. Nothing here
rewrites what an author typed: it only says what would be accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

from metaimt.vocabulary.codes import GENE, Code, Codes, added, built_in_codes, codes_of, gene_code, in_order
from metaimt.vocabulary.words import genes, load_words

Terms = Mapping[str, tuple[str, ...]]  # accepted term -> what people write instead
REGIMEN = " + "
"""Between the drugs of a regimen, which are given together: `dabrafenib + trametinib`."""
_SYMBOLS = frozenset(("kinase", "partner"))
_LONG = 6  # letters of a word in which a slip of typing can be told from another word
NOT_STATED = "not_stated"
OTHER = "other"
REPLACES = "replaces"
"""The key of a review's vocabulary.yaml that names the lists of which nothing built-in is kept."""
CODES = "codes"
"""The key of vocabulary.yaml under which codes of terms stand."""
REPLACEABLE = ("drugs", "generation", "histology", "kinase", "marker", "other_tumour", "partner", "site")
"""Lists that say what a review is about; of the others the code knows the terms."""
BROAD, SAYING, OWN = "broad_histology", "histology_words", "own_tumour"
OF_HISTOLOGIES = (BROAD, SAYING, OWN)
"""Lists that speak of the terms of `histology`: they are replaced with it."""
WORDS_ONLY = ("generation", *OF_HISTOLOGIES)
"""Lists from which no field of a case file takes its terms."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A kinase inhibitor: `generation`, a term of that list; `named` is false where a source names no drug.

    `targets` are the kinases it is given against, empty where that is not stated. `first_year` is the year in which it
    was first given to a patient, None where it is not known.
    """

    name: str
    generation: str
    named: bool = True
    synonyms: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    first_year: int | None = None


@dataclass(frozen=True)
class Vocabulary:
    """All lists of accepted terms. `lists` has `drug`, `kinase`, `partner`, `site` and the closed lists.

    `codes` are those of terms in systems of others; those of genes that every review knows are not among them.
    """

    drugs: Mapping[str, Drug]
    lists: Mapping[str, Terms]
    codes: Codes = field(default_factory=dict)

    def terms(self, name: str) -> tuple[str, ...]:
        """The accepted terms of one list, in the order of the vocabulary file."""
        return tuple(self.lists[name])

    def drug(self, name: str) -> Drug:
        """A drug, or a regimen of several: with the targets of all, and their generation if they share one."""
        if name in self.drugs:
            return self.drugs[name]
        drugs = [self.drugs[each] for each in name.split(REGIMEN)]
        generations = {drug.generation for drug in drugs}
        return Drug(
            name,
            generations.pop() if len(generations) == 1 else OTHER,
            named=all(drug.named for drug in drugs),
            targets=tuple(dict.fromkeys(target for drug in drugs for target in drug.targets)),
            first_year=max((drug.first_year for drug in drugs if drug.first_year is not None), default=None),
        )

    def code(self, kind: str, term: str) -> Code | None:
        """The code of a drug, gene or histology in the first system that has one; None: none is verified."""
        own = self.codes.get(kind, {}).get(term, {})
        return next(iter(in_order(own)), gene_code(term) if kind == GENE else None)

    def later_generation(self, one: str, other: str) -> bool:
        """Whether the first of two drugs is of a later generation than the second; their order is that of the list."""
        numbered = [each for each in self.lists["generation"] if each not in {OTHER, NOT_STATED}]
        first, second = self.drug(one).generation, self.drug(other).generation
        return {first, second} <= set(numbered) and numbered.index(first) > numbered.index(second)

    def nearest(self, name: str, text: str) -> str | None:
        """The accepted term that `text` means: a listed spelling, or one slip of typing away; else None.

        No likeness beyond that: `incomplete` is like `complete`, and a gene like its sister.
        """
        spellings, plain = self._spellings[name], _plain(text)
        closed = plain.replace(" ", "")
        listed = spellings.get(plain) or {word.replace(" ", ""): term for word, term in spellings.items()}.get(closed)
        if listed is not None:
            return listed
        slips = {term for word, term in spellings.items() if one_slip(plain, word, symbol=name in _SYMBOLS)}
        return slips.pop() if len(slips) == 1 else None

    def belongs(self, name: str, text: str) -> str | None:
        """The accepted term that lists `text` itself, however it is capitalised, as another way to write it."""
        return self._spellings[name].get(_plain(text))

    @cached_property
    def _spellings(self) -> Mapping[str, dict[str, str]]:
        """The accepted term of every word of a list, with its capitals and hyphens levelled."""
        return {
            name: {
                **{_plain(word): term for term, words in terms.items() for word in words},
                **{_plain(term): term for term in terms},
            }
            for name, terms in self.lists.items()
        }

    def __hash__(self) -> int:
        return id(self)

    def extended(self, additions: Mapping[str, Any]) -> Vocabulary:
        """This vocabulary with a review's own terms.

        `replaces` names lists of which nothing built-in is kept but `other` and `not_stated`; a histology that is
        replaced is another tumour. Raises ValueError naming an unknown list or generation, or a word that is itself a
        term: PR: [SD] would say that stable disease is another way to write PR.
        """
        lists, drugs = self._kept(additions.get(REPLACES, ()))
        for name, terms in additions.items():
            if name in {"drugs", REPLACES, CODES}:
                continue
            if name not in lists:
                raise ValueError(f"'{name}' is not a list of terms; the lists are drugs, {', '.join(lists)}")
            lists[name].update({term: _words(term, words or []) for term, words in terms.items()})
            for term in terms:
                if (word := next((word for word in lists[name][term] if word in lists[name]), term)) != term:
                    raise ValueError(f"{name}: {word} is a term itself, not another way to write {term}")
        drugs.update(_drugs(additions.get("drugs", {}), tuple(lists["generation"])))
        lists["drug"] = {drug.name: drug.synonyms for drug in drugs.values()}
        codes = added(self.codes, codes_of(additions.get(CODES, {})))
        return Vocabulary(MappingProxyType(drugs), MappingProxyType(lists), codes)

    def _kept(self, replaced: Iterable[str]) -> tuple[dict[str, dict[str, tuple[str, ...]]], dict[str, Drug]]:
        """The lists and drugs of this vocabulary that a review keeps."""
        lists = {name: dict(terms) for name, terms in self.lists.items()}
        gone = {*replaced, *(OF_HISTOLOGIES if "histology" in replaced else ())}
        if "histology" in gone:
            others = {term: words for term, words in lists["histology"].items() if term != OTHER}
            lists["other_tumour"] = {**others, **lists["other_tumour"]}
        for name in gone & set(lists):
            lists[name] = {term: words for term, words in lists[name].items() if term in {OTHER, NOT_STATED}}
        return lists, {} if "drugs" in gone else dict(self.drugs)


def one_slip(typed: str, meant: str, *, symbol: bool = False) -> bool:
    """Whether two texts differ by one slip in one long word: a letter missing, doubled or wrong, or two swapped.

    Digits and the first letter must be right, for they tell PF-1 from PF-2 and `atypical` from `typical`; so must
    each letter of a gene's symbol be, for a gene and its sister differ in one.
    """
    words, others = typed.split(), meant.split()
    wrong = [(one, other) for one, other in zip(words, others, strict=False) if one != other]
    if len(words) != len(others) or len(wrong) != 1:
        return False
    one, other = wrong[0]
    if len(other) < _LONG or one[0] != other[0] or re.sub(r"\D", "", one) != re.sub(r"\D", "", other):
        return False
    short, long = sorted((one, other), key=len)
    same = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) != len(short):
        return len(long) - len(short) == 1 and short[same:] == long[same + 1 :]
    if short[same + 2 :] == long[same + 2 :] and short[same : same + 2] == long[same : same + 2][::-1]:
        return True
    return not symbol and short[same + 1 :] == long[same + 1 :]


def is_not_stated(text: str) -> bool:
    """Whether a text only says that the source does not say: `unknown`, `n/a`, `?`."""
    return " ".join(text.casefold().split()) in _not_stated()


@lru_cache(maxsize=1)
def _not_stated() -> frozenset[str]:
    return frozenset(str(word).casefold() for word in load_words("not_stated"))


@lru_cache(maxsize=2048)  # titles and labels are asked word by word, and their words recur
def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("_", " ").replace("-", " ").split()) or text.strip()


def _words(term: str, words: object) -> tuple[str, ...]:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{term}: the other ways to write it are a list of words, such as [one, another]")
    return tuple(words)


def _drugs(entries: Mapping[str, Any], generations: tuple[str, ...]) -> dict[str, Drug]:
    drugs = {}
    for name, entry in entries.items():
        targets = entry.get("targets", NOT_STATED)
        drug = Drug(
            name,
            entry.get("generation", OTHER),
            entry.get("named", True),
            _words(name, entry.get("synonyms", [])),
            () if targets == NOT_STATED else _words(name, targets),
            entry.get("first_year"),
        )
        if drug.generation not in generations:
            raise ValueError(f"drug {name}: generation '{drug.generation}' is not one of {', '.join(generations)}")
        drugs[name] = drug
    return drugs


@lru_cache(maxsize=1)
def built_in() -> Vocabulary:
    """The vocabulary that the package ships."""
    fused = load_words("genes")
    lists: dict[str, Terms] = {"drug": {}, "site": _terms(load_words("sites"))}
    lists |= {"kinase": _terms(fused["kinases"]), "partner": _terms(fused["partners"])}
    lists |= {name: _terms(terms) for name, terms in load_words("terms").items()}
    return Vocabulary({}, lists, built_in_codes()).extended({"drugs": load_words("drugs")})


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a tool of appraisal. not_asked: why it does not apply to a rate without comparison, or empty."""

    key: str
    short: str
    text: str
    domain: str = ""
    not_asked: str = ""


@dataclass(frozen=True, slots=True)
class AppraisalTool:
    """The questions that are asked of reports of these designs, and where they come from."""

    key: str
    title: str
    source: str
    designs: tuple[str, ...]
    questions: tuple[Question, ...]
    doi: str = ""


@lru_cache(maxsize=1)
def appraisal_tools() -> Mapping[str, AppraisalTool]:
    """The tools of appraisal.yaml by their keys; every design has one."""
    found = {}
    for key, entry in load_words("appraisal")["tools"].items():
        questions = tuple(Question(name, **question) for name, question in entry["questions"].items())
        found[key] = AppraisalTool(key, **{**entry, "designs": tuple(entry["designs"]), "questions": questions})
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def follow_up_enough() -> float:
    """Months of follow-up that are proposed as long enough for a response to be seen."""
    return float(load_words("appraisal")["follow_up_months"])


def members(gene: str) -> tuple[str, ...]:
    """The genes that a term leaves open: `NAME1/2/3` is one of NAME1, NAME2 and NAME3; of any other the gene itself."""
    first, *more = gene.split("/")
    return (first, *(first[:-1] + number for number in more))


def wrong_gene(symbol: object) -> str | None:
    """What to write in place of a symbol that is no gene; None if it is one, or a kinase of the vocabulary."""
    known, former = genes()
    if symbol in known or symbol in built_in().lists["kinase"]:
        return None
    present = former.get(symbol.upper()) if isinstance(symbol, str) else None
    return f"write {present}" if present else "write HGNC symbols: BRAF, MAP2K1"


@lru_cache(maxsize=1)
def aggregators() -> frozenset[str]:
    """Hosts, without "www.", that collect other people's publications: aggregators.yaml."""
    return frozenset(host for hosts in load_words("aggregators").values() for host in hosts)


@lru_cache(maxsize=1)
def identifying_names() -> tuple[frozenset[str], tuple[str, ...]]:
    """Headings of columns that identify a person, and parts of such headings: identifying.yaml."""
    names = load_words("identifying")
    return frozenset(map(str, names["whole"])), tuple(map(str, names["parts"]))


def _terms(entries: Mapping[str, list[str]]) -> Terms:
    return {term: tuple(words) for term, words in entries.items()}
