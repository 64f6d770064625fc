"""Codes of terms in systems of others, such as HGNC and the NCI Thesaurus: codes.yaml and hgnc.txt.

A code is data with the page where it was read and the day; nothing here makes one up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from metaimt.vocabulary.words import gene_numbers, load_words

GENE = "gene"


@dataclass(frozen=True, slots=True)
class System:
    """A system of codes: what it has codes of, and what one looks like; `iri` stands before a code in an address."""

    id: str
    of: tuple[str, ...]
    form: str
    such_as: str
    name: str
    url: str
    iri: str

    def fits(self, code: str) -> bool:
        """Whether a text has the form of a code, without the name of the system before it."""
        return re.fullmatch(self.form, code) is not None


@dataclass(frozen=True, slots=True)
class Code:
    """A code, the page where it was read, and the day (YYYY-MM-DD)."""

    system: str
    code: str
    source: str
    looked_up: str

    @property
    def curie(self) -> str:
        """The code with its system: HGNC:427."""
        return f"{self.system}:{self.code}"


Codes = Mapping[str, Mapping[str, Mapping[str, Code]]]  # what it is of -> term -> system -> code


@lru_cache(maxsize=1)
def systems() -> Mapping[str, System]:
    """The systems by their ids; of one term the code of the first is the one that is exported."""
    entries = load_words("codes")["systems"]
    return MappingProxyType(
        {name: System(name, **{**entry, "of": tuple(entry["of"])}) for name, entry in entries.items()}
    )


def in_order(codes: Mapping[str, Code]) -> tuple[Code, ...]:
    """The codes of one term in the order of the systems."""
    return tuple(codes[name] for name in systems() if name in codes)


def kinds() -> tuple[str, ...]:
    """What there are systems of codes of: genes, drugs, histologies."""
    return tuple(dict.fromkeys(kind for system in systems().values() for kind in system.of))


def codes_of(entries: Mapping[str, Any]) -> Codes:
    """The codes of `codes` in codes.yaml or vocabulary.yaml."""
    return {
        kind: {
            term: {system: Code(system, **entry) for system, entry in of_term.items()}
            for term, of_term in terms.items()
        }
        for kind, terms in entries.items()
    }


def added(codes: Codes, more: Codes) -> Codes:
    """Codes with those of a review, which stand in place of the built-in ones of their system."""
    found = {kind: dict(terms) for kind, terms in codes.items()}
    for kind, terms in more.items():
        for term, of_term in terms.items():
            own = found.setdefault(kind, {})
            own[term] = {**own.get(term, {}), **of_term}
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def built_in_codes() -> Codes:
    """The codes that the package ships; those of genes by `gene_code`."""
    return codes_of(load_words("codes")["codes"])


def gene_code(symbol: str) -> Code | None:
    """The code of a gene by its present HGNC symbol."""
    number = gene_numbers().get(symbol)
    entry = load_words("codes")["genes"]
    system = next(each.id for each in systems().values() if GENE in each.of)
    return Code(system, number, entry["source"], entry["looked_up"]) if number else None
