"""vocabulary.yaml: the terms that a review adds to the built-in ones, or has in their place.

What is wrong is told at its place, all of it in one run; what is right is used, so that a mistake in one term does not
make every case file wrong that uses another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from metaimt.casefiles.fields import shown
from metaimt.casefiles.strict_yaml import Document
from metaimt.casefiles.strict_yaml import Path as Steps
from metaimt.problem import Problem, nearest_of
from metaimt.vocabulary import BROAD, CODES, NOT_STATED, REPLACEABLE, REPLACES, SAYING, Vocabulary, wrong_gene
from metaimt.vocabulary.codes import GENE, kinds, systems

_DRUG = {"generation", "named", "synonyms", "targets", "first_year"}
_FORM = "list of terms -> term -> other ways to write it"
_CODES = "codes -> drug, gene or histology -> term -> system -> code, source, looked_up"
_OF_CODE = {"code", "source", "looked_up"}
_WORDS = "write a list of words, such as [one, another], or []"
Fault = tuple[Steps, str, str]  # path of the value, message, hint


def added_terms(document: Document, vocabulary: Vocabulary) -> tuple[Vocabulary, tuple[Problem, ...]]:
    """The vocabulary with the terms of a document that can be used, and what is wrong with the others."""
    data = document.data if isinstance(document.data, dict) else {}
    faults = tuple(_faults(document.data, vocabulary))
    lists = {name: terms for name, terms in data.items() if name != CODES}
    found = vocabulary.extended(_without(lists, {path[:2] for path, _, _ in faults}))
    wrong = tuple(_not_codes(data[CODES], found)) if CODES in data else ()
    if CODES in data:
        found = found.extended({CODES: _right_codes(data[CODES], {path for path, _, _ in wrong})})
    problems = (document.problem(path, "vocabulary", said, hint) for path, said, hint in (*faults, *wrong))
    return found, tuple(problems)


def _without(data: Mapping[str, Any], wrong: set[Steps]) -> dict[str, Any]:
    """What is right of the file: a wrong term is left out, and so is a wrong name of a list that is replaced."""
    kept = {name: terms for name, terms in data.items() if (name,) not in wrong}
    return {
        name: [each for k, each in enumerate(terms) if (name, k) not in wrong]
        if name == REPLACES
        else {term: words for term, words in terms.items() if (name, term) not in wrong}
        for name, terms in kept.items()
    }


def _faults(data: Any, vocabulary: Vocabulary) -> Iterator[Fault]:
    if not isinstance(data, dict):
        yield (), "the file holds no lists of terms", _FORM
        return
    yield from _not_replaced(data.get(REPLACES, []))
    replaced = data.get(REPLACES) if isinstance(data.get(REPLACES), list) else []
    known = vocabulary.extended({REPLACES: [each for each in replaced or () if each in REPLACEABLE]})
    lists = {"drugs": "drug", **{name: name for name in known.lists if name != "drug"}}
    generations = [*known.lists["generation"], *_usable(data.get("generation"), known.lists["generation"])]
    for name, terms in data.items():
        if name in {REPLACES, CODES}:
            continue
        if name not in lists:
            hint = nearest_of(name, [*lists, REPLACES, CODES], f"the lists are {', '.join(lists)}")
            yield (name,), f"'{name}' is not a list of terms", hint
        elif not isinstance(terms, dict):
            yield (name,), f"{name}: expected terms", _FORM
        else:
            found = _of_drugs(terms, generations) if name == "drugs" else _of_words(terms)
            yield from (((name, *path), said, hint) for path, said, hint in found)
            if name in {BROAD, SAYING}:
                yield from _of_no_histology(name, terms, (*known.lists["histology"], *_mapping(data.get("histology"))))
            yield from _meant_twice(name, terms, known.lists[lists[name]])


def _not_codes(data: Any, vocabulary: Vocabulary) -> Iterator[Fault]:
    """What is wrong below `codes`: of which kind, term, system, code, where it was read, and when."""
    if not isinstance(data, dict):
        yield (CODES,), f"{CODES}: expected fields", _CODES
        return
    for kind, terms in data.items():
        if kind not in kinds():
            yield (CODES, kind), f"'{kind}' has no codes", f"there are codes of {', '.join(kinds())}"
        elif not isinstance(terms, dict):
            yield (CODES, kind), f"{kind}: expected terms", _CODES
        else:
            for term, codes in terms.items():
                yield from _not_codes_of_term((CODES, kind, term), kind, term, codes, vocabulary)


def _not_codes_of_term(path: Steps, kind: str, term: str, codes: Any, vocabulary: Vocabulary) -> Iterator[Fault]:
    if (hint := _no_term(kind, term, vocabulary)) is not None:
        yield path, f"'{term}' is no {kind} of the vocabulary", hint
    elif not isinstance(codes, dict):
        yield path, f"{term}: expected systems with a code", _CODES
    else:
        for system, entry in codes.items():
            yield from _not_code((*path, system), kind, system, entry)


def _no_term(kind: str, term: str, vocabulary: Vocabulary) -> str | None:
    """What to write in place of what is no term of a kind; None if it is one."""
    if kind == GENE:
        return None if term in vocabulary.lists["kinase"] else wrong_gene(term)
    if term in vocabulary.lists[kind]:
        return None
    return f"add it under {'drugs' if kind == 'drug' else kind}, or write a term that is there"


def _not_code(path: Steps, kind: str, name: str, entry: Any) -> Iterator[Fault]:
    own = [system.id for system in systems().values() if kind in system.of]
    if name not in own:
        yield path, f"{shown(name)} is no system of codes of a {kind}", f"the systems are {', '.join(own)}"
        return
    system = systems()[name]
    entry = _texts(entry)
    if set(entry) != _OF_CODE:
        example = f'{{code: {system.such_as}, source: https://..., looked_up: "2026-11-30"}}'
        yield path, f"{name}: expected code, source and looked_up", f"write {name}: {example}"
        return
    if not system.fits(entry["code"]):
        plain = entry["code"].strip().removeprefix(f"{name}:").strip()
        hint = f"write code: {plain}" if system.fits(plain) else f"a code of {name} looks like {system.such_as}"
        yield (*path, "code"), f"{shown(entry['code'])} is no code of {name}", hint
    if not entry["source"].strip():
        yield (*path, "source"), "source: no value", "write the address of the page where the code was read"
    if not _is_day(entry["looked_up"]):
        hint = 'write the day on which it was read, such as "2026-11-30"'
        yield (*path, "looked_up"), f"{shown(entry['looked_up'])} is no date", hint


def _texts(entry: Any) -> dict[str, str]:
    """The fields of a code as they are typed: a number is a text too; without what is neither."""
    pairs = entry.items() if isinstance(entry, dict) else ()
    typed = ((name, getattr(value, "typed", value)) for name, value in pairs)
    return {name: value for name, value in typed if isinstance(value, str)}


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _right_codes(data: Any, wrong: set[Steps]) -> dict[str, Any]:
    """The codes with which nothing is wrong, by kind, term and system."""
    found: dict[str, Any] = {}
    for kind, terms in data.items() if isinstance(data, dict) else ():
        for term, codes in terms.items() if isinstance(terms, dict) else ():
            for system, entry in codes.items() if isinstance(codes, dict) else ():
                path = (CODES, kind, term, system)
                if not any(path[: len(each)] == each[: len(path)] for each in wrong):
                    found.setdefault(kind, {}).setdefault(term, {})[system] = _texts(entry)
    return found


def _of_no_histology(name: str, terms: Mapping[str, Any], histologies: Collection[str]) -> Iterator[Fault]:
    """Words for a histology that there is not would say nothing."""
    for term in terms:
        if term not in histologies:
            hint = nearest_of(term, histologies, "add it under histology, or write one that is there")
            yield (name, term), f"'{term}' is no histology of the vocabulary", hint


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _usable(terms: Any, known: Mapping[str, Any]) -> list[str]:
    """The generations that a review adds, without those that are told as wrong."""
    if not isinstance(terms, dict):
        return []
    wrong = {path[0] for path, _, _ in _of_words(terms)}
    wrong |= {path[1] for path, _, _ in _meant_twice("generation", terms, known)}
    return [term for term in terms if term not in wrong]


def _not_replaced(names: Any) -> Iterator[Fault]:
    if not isinstance(names, list):
        yield (REPLACES,), f"{REPLACES}: expected names of lists", f"write {REPLACES}: [histology]"
        return
    for k, name in enumerate(names):
        if name not in REPLACEABLE:
            hint = f"the lists that a review can replace are {', '.join(REPLACEABLE)}"
            yield (REPLACES, k), f"{shown(name)} cannot be replaced", hint


def _of_words(terms: Mapping[str, Any]) -> Iterator[Fault]:
    for term, words in terms.items():
        if words is not None:
            yield from _not_words((term,), term, words)


def _not_words(path: Steps, term: str, words: Any) -> Iterator[Fault]:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        yield path, f"{term}: the other ways to write it are not a list of words", _WORDS


def _of_drugs(terms: Mapping[str, Any], generations: list[str]) -> Iterator[Fault]:
    for drug, entry in terms.items():
        if not isinstance(entry, dict):
            yield (
                (drug,),
                f"{drug}: expected fields",
                f"write {drug}: {{targets: [BRAF]}}",
            )
            continue
        for name in sorted(set(entry) - _DRUG):
            yield (drug, name), f"{drug} has no field '{name}'", f"the fields are {', '.join(sorted(_DRUG))}"
        if "generation" not in entry and "targets" not in entry:
            yield (drug,), f"{drug}: nothing is said of it", f"write {drug}: {{targets: [BRAF]}}"
        if entry.get("generation", generations[0]) not in generations:
            said = f"{drug}: generation {shown(entry['generation'])} is not one of {', '.join(generations)}"
            hint = f"write generation: {', '.join(generations[:-1])} or {generations[-1]}; or add it under generation"
            yield (drug, "generation"), said, hint
        if not isinstance(entry.get("named", True), bool):
            yield (drug, "named"), f"{drug}: named is true or false", "write named: true"
        yield from _not_words((drug, "synonyms"), drug, entry.get("synonyms", []))
        yield from _not_targets(drug, entry.get("targets", NOT_STATED))
        year = entry.get("first_year", 0)
        if isinstance(year, bool) or not isinstance(year, int):
            yield (drug, "first_year"), f"{drug}: first_year is not a year", "write the four digits of the year"


def _not_targets(drug: str, targets: Any) -> Iterator[Fault]:
    if targets == NOT_STATED:
        return
    if not isinstance(targets, list) or not targets:
        yield (drug, "targets"), f"{drug}: targets is not a list of genes", f"write targets: [BRAF], or {NOT_STATED}"
        return
    for k, target in enumerate(targets):
        if (hint := wrong_gene(target)) is not None:
            yield (drug, "targets", k), f"{drug}: {shown(target)} is no gene of the HGNC", hint


def _meant_twice(name: str, terms: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Fault]:
    """A way to write one term that is another term, or another way to write one: a hint could name either."""
    owners = {_plain(word): term for term, words in known.items() for word in (term, *words)}
    for term, entry in terms.items():
        inside: Steps = ("synonyms",) if name == "drugs" else ()
        words = entry.get("synonyms", []) if isinstance(entry, dict) else entry
        listed = [*enumerate(words)] if isinstance(words, list) else []
        said = [((name, term), term), *(((name, term, *inside, k), word) for k, word in listed)]
        for path, word in said:
            owner = owners.setdefault(_plain(word), term) if isinstance(word, str) else term
            if owner != term:
                yield path, f"'{word}' already stands for {owner}", "delete it here"


def _plain(word: str) -> str:
    return word.casefold().strip()
