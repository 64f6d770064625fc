"""The codes of the terms of a vocabulary, and the terms without one, as Markdown: docs/codes.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from metaimt.render.markdown import escaped
from metaimt.vocabulary import Vocabulary, built_in, members
from metaimt.vocabulary.codes import GENE, Code, gene_code, systems
from metaimt.vocabulary.words import gene_numbers

_ADDRESS = re.compile(r"https?://[\w./~#?=&%:+-]+", re.ASCII)
_HEAD = """\
# Codes of terms

Codes of genes, drugs and tumours in systems of others, each with the page where it was read and the day. None is from
memory. What could not be verified on a page is left out, and listed below. `metaimt export phenopackets` writes them.
A review adds its own in its `vocabulary.yaml`, and `metaimt validate` says what is no code:

```yaml
codes:
  drug:
    madeupinib:          # a made-up drug, and the code of another
      NCIT: {code: C74061, source: "https://...", looked_up: "2026-11-30"}
```
"""
_OF: Final = "`metaimt codes` prints this page, of the terms that the package brings"


def codes_markdown(vocabulary: Vocabulary, review: str = "") -> str:
    """What has a code, in which system and from where; and what has none. review: the folder of its own terms."""
    names = ", ".join(f"{each.id} ({each.name}; of {' and '.join(each.of)})" for each in systems().values())
    lines = [
        _HEAD,
        f"{_OF}{review and f' and those of the review in {escaped(review)}'}.",
        "",
        f"Systems: {names}.",
        "",
        "## With a code",
        "",
        "| | term | code | read |",
        "|---|---|---|---|",
    ]
    sources: dict[tuple[str, str], int] = {}
    for kind, term, code in _codes(vocabulary):
        number = sources.setdefault((code.source, code.looked_up), len(sources) + 1)
        lines.append(f"| {kind} | {escaped(term)} | {code.curie} | {number} |")
    known = sum(map(bool, gene_numbers().values()))
    lines += ["", f"Of the other genes of `hgnc.txt` too: {known} of {len(gene_numbers())} symbols have a number.", ""]
    for (source, day), number in sources.items():
        lines.append(f"{number}. {_linked(source)}, {day}")
    own = {kind: {*_terms(vocabulary, kind)} - {*_terms(built_in(), kind)} for kind in ("histology", "drug", GENE)}
    for heading, of_review in (("no page that could be read has one", False), ("of this review, not looked up", True)):
        found = [
            (system, kind, [escaped(term) for term in terms if (term in own[kind]) is of_review])
            for system, kind, terms in _without(vocabulary)
        ]
        if any(terms for *_, terms in found):
            lines += ["", f"## Without: {heading}", ""]
            lines += [f"- {system}, {kind}: {', '.join(terms)}" for system, kind, terms in found if terms]
    return "\n".join(lines) + "\n"


def _linked(source: str) -> str:
    """A source whose address, if it begins with a plain one, is a link."""
    address, blank, more = source.partition(" ")
    return f"<{address}>{blank}{escaped(more)}" if _ADDRESS.fullmatch(address) else escaped(source)


def _terms(vocabulary: Vocabulary, kind: str) -> tuple[str, ...]:
    """The terms of a kind that can have a code: named drugs, single genes, histologies but `other`."""
    if kind == GENE:
        fused = (*vocabulary.terms("kinase"), *vocabulary.terms("partner"))
        return tuple(dict.fromkeys(gene for gene in fused if members(gene) == (gene,)))
    if kind == "drug":
        return tuple(drug.name for drug in vocabulary.drugs.values() if drug.named)
    return tuple(term for term in vocabulary.terms(kind) if term != "other")


def _all_codes(vocabulary: Vocabulary, kind: str, term: str) -> dict[str, Code]:
    own = dict(vocabulary.codes.get(kind, {}).get(term, {}))
    gene = gene_code(term) if kind == GENE else None
    return {**({gene.system: gene} if gene else {}), **own}


def _codes(vocabulary: Vocabulary) -> Iterator[tuple[str, str, Code]]:
    for kind in ("histology", "drug", GENE):
        for term in _terms(vocabulary, kind):
            found = _all_codes(vocabulary, kind, term)
            yield from ((kind, term, found[name]) for name in systems() if name in found)


def _without(vocabulary: Vocabulary) -> Iterator[tuple[str, str, list[str]]]:
    for system in systems().values():
        for kind in system.of:
            terms = [term for term in _terms(vocabulary, kind) if system.id not in _all_codes(vocabulary, kind, term)]
            if terms:
                yield system.id, kind, terms
