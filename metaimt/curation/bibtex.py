"""References in BibTeX, read by pybtex: each entry by itself, names as BibTeX has them, LaTeX as characters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from metaimt.curation.reference import LABELLED, Fields, Record, Reference, dropped_fields, lines_of
from metaimt.model.publication import Author, author, person

_START = re.compile(r"(?m)^[ \t]{0,8}@(?=[A-Za-z]{1,40}[ \t]{0,8}[{(])")
_MOST_MISTAKES = 50  # of one entry
_LONGEST_STRING = 200  # characters; strings made of strings double without end
_DROPPED = {
    "abstract": "abstract",
    "keywords": "keywords",
    "note": "notes",
    "annote": "notes",
    "volume": "volume",
    "number": "issue",
    "pages": "pages",
    "editor": "editors",
    "affiliation": "address",
}


def from_bibtex(text: str) -> Iterator[Reference]:
    """References in BibTeX. Each entry is read by itself, so that a brace that is missing spoils one only."""
    from pybtex.database.input.bibtex import LowLevelParser, month_names

    macros = dict(month_names)
    starts = [match.end() - 1 for match in _START.finditer(text)]
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        told: list[Exception] = []
        parser = LowLevelParser(text[start:end], macros=macros, handle_error=partial(_noted, told))
        for kind, content in parser:
            if kind.casefold() == "string" and len(macros.get(content[0], "")) > _LONGEST_STRING:
                del macros[content[0]]
            if kind.casefold() in {"string", "preamble"}:
                continue
            record: Record = {}
            for name, parts in content[1]:
                record.setdefault(name.casefold(), []).append("".join(parts))
            found = _fields(record)
            if told:
                found.notes.append(f"the BibTeX of {str(content[0])[:60]} has a mistake: check what was read")
            yield found.reference()


def _noted(told: list[Exception], error: Exception) -> None:
    """Keep a mistake of an entry. Raises ValueError if there are too many for it to be one."""
    told.append(error)
    if len(told) > _MOST_MISTAKES:
        raise ValueError("the BibTeX cannot be read: an entry is never closed; export it again")


def _fields(record: Mapping[str, list[str]]) -> Fields:
    def plain(*names: str) -> list[str]:
        return [_without_latex(line) for line in lines_of(record, *names)]

    names = [name for line in lines_of(record, "author") for name in _names(line)]
    eprint = lines_of(record, "eprint") if "pubmed" in " ".join(lines_of(record, "eprinttype")).casefold() else []
    return Fields(
        authors=[_author(name) for name in names if name.strip() and name.strip() != "others"],
        more_authors="others" in map(str.strip, names),
        title=plain("title"),
        journal=plain("journal", "shortjournal", "journaltitle", "booktitle"),
        year=plain("year", "date"),
        doi=[line.replace("\\", "") for line in lines_of(record, "doi")],
        pmid=[*lines_of(record, "pmid", "pubmed_id"), *eprint],
        pmcid=lines_of(record, "pmcid", "pmc"),
        url=lines_of(record, "url", "howpublished"),
        free=lines_of(record, "note", "annote"),
        dropped=dropped_fields(record, _DROPPED),
        labels=[line.replace("\\", "") for line in lines_of(record, "note") if LABELLED.search(line)],
    )


def _names(line: str) -> list[str]:
    """The names between `and`s; those of an institution stand in braces: {Food and Drug Administration}."""
    names, depth = [""], 0
    for part in re.split(r"(\s{1,20}and\s{1,20}|[{}])", line):
        depth += (part == "{") - (part == "}")
        if depth <= 0 and part != "and" and part.strip() == "and":
            names.append("")
        else:
            names[-1] += part
    return names


def _author(name: str) -> Author:
    """`Last, First`, `First von Last`, or an institution in braces."""
    plain = " ".join(_without_latex(name).split())
    if re.fullmatch(r"\s*\{.*\}\s*", name, re.DOTALL) or "," in plain or " " not in plain:
        return Author(plain) if name.strip().startswith("{") and "," not in plain else author(plain)
    one = author(plain)
    if one.initials:
        return one
    *given, last = plain.split()
    small = next((k for k, word in enumerate(given) if word[:1].islower()), len(given))
    return person(" ".join([*given[small:], last]), " ".join(given[:small]))


def _without_latex(text: str) -> str:
    """Text of which accents and signs in LaTeX are characters, and braces are gone."""
    import latexcodec  # noqa: F401 - registers the codec

    if "\\" in text:
        decode: Any = codecs.decode  # typed for bytes; this codec takes text
        text = decode(text, "ulatex", "replace")
    return re.sub(r"\\(?:text[a-z]{1,12}|emph|math[a-z]{1,4})(?![a-z]) ?|[{}]", "", text).replace("--", "-")
