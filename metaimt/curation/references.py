"""Bibliographic references from the files that PubMed, journals and reference managers export.

Read are RIS (with the rispy library), the PubMed format (NBIB, also called MEDLINE) and CSL-JSON; the content decides
which it is, not the file's name. An identifier that is not of its form is left out and named in `notes`. Sources: NLM,
"MEDLINE/PubMed Data Element (Field) Descriptions"; the Citation Style Language schema csl-data.json, of which Crossref
gives lists where text is expected (CrossRef/rest-api-doc issue 580).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from metaimt.casefiles.fields import Doi, Pmcid, Pmid, Url
from metaimt.problem import WrongUse

MAXIMUM_BYTES = 8 * 1024 * 1024
_KINDS = "RIS (.ris), PubMed (.nbib) or CSL-JSON (.json)"
_RICH_TEXT = re.compile(r"</?(?:i|b|u|em|strong|sub|sup|sc|scp|span|p|title|jats:[a-z-]+|mml:[a-z]+)\b[^<>]*>")
_MOST_AUTHORS, _AUTHORS_OF_MANY = 6, 3  # AMA Manual of Style, 11th edition, 3.7: more than six, the first three
_IDENTIFIERS: dict[str, TypeAdapter[str]] = {
    "doi": TypeAdapter(Doi),
    "pmid": TypeAdapter(Pmid),
    "pmcid": TypeAdapter(Pmcid),
    "url": TypeAdapter(Url),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One publication as a reference list has it; `surname` is the first author's, `notes` say what was left out."""

    title: str | None = None
    authors: str | None = None
    surname: str | None = None
    journal: str | None = None
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    pmcid: str | None = None
    url: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """One line that tells this reference from others."""
        named = ", ".join(str(part) for part in (self.surname, self.year) if part is not None)
        return f"{named or 'no author'}: {self.title or 'no title'}"


def read_references(path: Path) -> tuple[Reference, ...]:
    """The references in a file. Raises WrongUse with the next step if it holds none or cannot be read."""
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise WrongUse(f"{path} {what}; give a file of references: {_KINDS}")
    if path.stat().st_size > MAXIMUM_BYTES:
        raise WrongUse(f"{path} is larger than {MAXIMUM_BYTES // 2**20} MiB; export fewer references at a time")
    try:
        return parse_references(_decoded(path.read_bytes()))
    except ValueError as error:
        raise WrongUse(f"{path}: {error}") from error


def parse_references(text: str) -> tuple[Reference, ...]:
    """The references in a text. Raises ValueError if it holds none."""
    text = re.sub(r"\r\n?", "\n", text)
    if text.lstrip()[:1] in {"[", "{"}:
        found = from_csl_json(text)
    elif re.search(r"(?m)^TY {1,2}-", text):
        found = from_ris(text)
    elif re.search(r"(?m)^(PMID|PMC|OWN|STAT|TI) *- ", text):
        found = from_nbib(text)
    else:
        raise ValueError(f"no reference in it; export the reference as {_KINDS}")
    if not (known := tuple(one for one in found if one.title or one.authors or one.doi or one.pmid)):
        raise ValueError(f"no reference with a title, an author or an identifier in it; export it again as {_KINDS}")
    return known


def _decoded(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError("the file is not UTF-8 text; export it again, or save it as UTF-8") from error


def from_ris(text: str) -> Iterator[Reference]:
    """References in RIS. An end mark that is missing does not join two references."""
    import rispy

    ended = re.sub(r"(?m)^(?=TY {1,2}-)", "ER  - \n", re.sub(r"(?m)^([A-Z][A-Z0-9]) -(?: |$)", r"\1  - ", text))
    return map(_from_ris_record, rispy.loads(f"{ended}\nER  - \n"))


def _from_ris_record(record: Mapping[str, Any]) -> Reference:
    one = partial(_first_of, record)
    authors = [_author(*_parted(name)) for name in _texts(record.get("first_authors") or record.get("authors"))]
    notes = " ".join(_texts([*_texts(record.get("notes")), *_unknown(record), one("custom2") or ""]))
    urls = _texts(record.get("urls"))
    database = f"{one('name_of_database')} {one('database_provider')}".casefold()
    accession = one("accession_number") if re.search("pubmed|medline|nlm", database) else None
    return _reference(
        authors,
        title=one("title", "primary_title"),
        journal=one("alternate_title1", "alternate_title2", "journal_name", "alternate_title3", "secondary_title"),
        year=_year(one("year", "publication_year", "date")),
        doi=one("doi") or _found(r"doi\.org/(10\.\S+)", " ".join(urls)),
        pmid=_pmid_in(f"{notes} {' '.join(urls)}") or accession,
        pmcid=_found(r"\b(PMC\d+)\b", f"{notes} {' '.join(urls)}"),
        url=next(iter(urls), None),
    )


def _unknown(record: Mapping[str, Any]) -> list[str]:
    return [line for lines in (record.get("unknown_tag") or {}).values() for line in lines]


def from_nbib(text: str) -> Iterator[Reference]:
    """References in the PubMed format: tag, dash, value; longer values go on after six spaces; a blank line between."""
    for block in re.split(r"\n\s*\n", text):
        fields: dict[str, list[str]] = {}
        tag = ""
        for line in block.split("\n"):
            if match := re.match(r"([A-Z][A-Z0-9]{1,3}) *- ?(.*)", line):
                tag = match[1]
                fields.setdefault("AU" if tag == "CN" else tag, []).append(match[2].strip())
            elif tag and line.startswith("  "):
                fields["AU" if tag == "CN" else tag][-1] += f" {line.strip()}"
        if fields:
            yield _from_nbib_fields(fields)


def _from_nbib_fields(fields: Mapping[str, list[str]]) -> Reference:
    one = partial(_first_of, fields)
    full = _parted(one("FAU") or "")[0]
    authors = [_author(name, "") for name in fields.get("AU", [])]
    if authors:
        shown = authors[0][0]
        authors[0] = (shown, full if full and shown.startswith(full) else re.sub(r"(?<=\w)\s+[A-Z]{1,4}$", "", shown))
    title = one("TI", "BTI")
    identifiers = " ".join([*fields.get("LID", []), *fields.get("AID", [])])
    return _reference(
        authors or [_author(full, "")],
        title=re.sub(r"(?<!\.)\.$", "", title) if title else None,  # MEDLINE ends every title with a period
        journal=one("TA", "JT"),
        year=_year(one("DP", "DEP")),
        doi=_found(r"(10\.\d{4,9}/\S+) \[doi\]", identifiers),
        pmid=one("PMID"),
        pmcid=one("PMC"),
        url=None,
    )


def from_csl_json(text: str) -> Iterator[Reference]:
    """References in CSL-JSON: one object or a list of them. Raises ValueError if the text is not that."""
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"not valid JSON{place}; export the reference again as {_KINDS}") from error
    entries = data if isinstance(data, list) else [data]
    return (_from_csl_entry(entry) for entry in entries if isinstance(entry, dict))


def _from_csl_entry(entry: Mapping[str, Any]) -> Reference:
    def rich(*names: str) -> str | None:
        found = _first_of(entry, *names)
        return html.unescape(_RICH_TEXT.sub("", found)) if found else None

    one = partial(_first_of, entry)
    note = "\n".join(_texts(entry.get("note")))  # where Zotero keeps what CSL-JSON has no field for
    people = entry.get("author")
    return _reference(
        [_csl_author(name) for name in people if isinstance(name, dict)] if isinstance(people, list) else [],
        title=rich("title"),
        journal=rich("container-title-short", "journalAbbreviation", "container-title"),
        year=_csl_year(entry.get("issued")),
        doi=one("DOI"),
        pmid=one("PMID") or _pmid_in(note),
        pmcid=one("PMCID") or _found(r"\b(PMC\d+)\b", note),
        url=one("URL"),
    )


def _csl_author(name: Mapping[str, Any]) -> tuple[str, str]:
    family, given, suffix = (_first_of(name, part) or "" for part in ("family", "given", "suffix"))
    particles = [_first_of(name, part) for part in ("dropping-particle", "non-dropping-particle")]
    if not family:
        return _author(_first_of(name, "literal", "name") or given, "")
    return _author(" ".join([*(particle for particle in particles if particle), family]), given, suffix)


def _csl_year(issued: object) -> int | None:
    if not isinstance(issued, dict):
        return None
    parts = issued.get("date-parts")
    while isinstance(parts, list) and parts:
        parts = parts[0]
    return _year(str(parts)) or _year(_first_of(issued, "raw", "literal"))


def _reference(authors: Iterable[tuple[str, str]], *, year: int | None, **texts: str | None) -> Reference:
    names = [(shown, surname) for shown, surname in authors if shown]
    kept = names if len(names) <= _MOST_AUTHORS else [*names[:_AUTHORS_OF_MANY], ("et al.", "")]
    tidy = {field: " ".join(text.split()) or None if text else None for field, text in texts.items()}
    tidy["doi"] = re.sub(r"(?i)^(https?://(dx\.)?doi\.org/|doi:\s*)|[.,;]$", "", tidy["doi"] or "")
    tidy["pmid"] = re.sub(r"(?i)^pmid:?\s*", "", tidy["pmid"] or "")
    notes: list[str] = []
    identifiers = {field: _checked(field, tidy.pop(field) or "", notes) for field in _IDENTIFIERS}
    if identifiers["doi"] or identifiers["pmid"]:
        identifiers["url"] = None  # the page where it was read is for the reader to say
    return Reference(
        authors=" ".join(", ".join(shown for shown, _ in kept).split()) or None,
        surname=names[0][1] if names else None,
        year=year,
        notes=tuple(notes),
        **tidy,
        **identifiers,
    )


def _checked(field: str, text: str, notes: list[str]) -> str | None:
    if not text:
        return None
    try:
        return _IDENTIFIERS[field].validate_python(text)
    except ValidationError as error:
        message = error.errors()[0].get("ctx", {}).get("message", "is not of its form")
        notes.append(f"{field} left out: {message}")
        return None


def _parted(name: str) -> tuple[str, str, str]:
    """`Surname, Given, Jr` in its parts."""
    surname, _, rest = name.partition(",")
    given, _, suffix = rest.partition(",")
    return surname.strip(), given.strip(), suffix.strip()


def _author(surname: str, given: str, suffix: str = "") -> tuple[str, str]:
    """(as a reference list has it, surname): ('van der Made-Up JP', 'van der Made-Up')."""
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", given))
    short = given.isupper() and len(words) == 1 and len(given) <= 4
    initials = words[0] if short else "".join(word[0].upper() for word in words)
    return " ".join(part for part in (surname.strip(), initials, suffix.strip(". ")) if part), surname.strip()


def _first_of(record: Mapping[str, Any], *names: str) -> str | None:
    return next((text for name in names for text in _texts(record.get(name))), None)


def _texts(value: object) -> list[str]:
    """The texts of a value that may be text, a number, a list of them, or nothing; blank ones left out."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(one) for one in values if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip()]


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None


def _pmid_in(text: str) -> str | None:
    pattern = r"(?i)(?:\bPMID\s*[:=]?\s*|pubmed\.ncbi\.nlm\.nih\.gov/|/pubmed/)(\d{1,9})\b"
    return _found(pattern, text) or _found(r"\b(\d{1,9}) ?\[pmid\]", text)


def _year(text: str | None) -> int | None:
    found = _found(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text or "")
    return int(found) if found else None
