"""Identifiers that a library lacks, found from those that it has; and notices of retraction or correction.

NCBI's ID Converter answers with DOI, PubMed id and PubMed Central id of what is in PubMed Central, and of nothing else
(https://pmc.ncbi.nlm.nih.gov/tools/id-converter-api/; 200 ids of one kind a request). Crossref names under `updated-by`
of a work the notices that update it (https://api.crossref.org/works/DOI). No answer is kept: one of last year
says nothing of a retraction since. Found identifiers are put into the text of a file, whose every other byte stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from metaimt.casefiles.fields import Date, Doi, Pmcid, Pmid
from metaimt.casefiles.library import Library
from metaimt.casefiles.strict_yaml import Document, parse
from metaimt.casefiles.strict_yaml import Path as Steps
from metaimt.checks.same_publication import as_typed
from metaimt.curation.fetch import Source, Unknown, answer
from metaimt.model.publication import IDENTIFIERS, Identity, first_author, identity, key_of, plain_doi
from metaimt.problem import WrongUse

NOTHING_KNOWN = Identity()
BATCH = 200  # ids of a request to the converter
CONVERTER = Source(
    "ids",
    "METAIMT_IDCONV_URL",
    "https://pmc.ncbi.nlm.nih.gov/tools/idconv/api/v1/articles/?tool=metaimt&format=json&",
    "application/json",
)
CROSSREF = Source("doi", "METAIMT_CROSSREF_URL", "https://api.crossref.org/works/", "application/json")
_FORMS: Mapping[str, TypeAdapter[str]] = {
    "doi": TypeAdapter(Doi),
    "pmid": TypeAdapter(Pmid),
    "pmcid": TypeAdapter(Pmcid),
}
_NOTICES = {
    "retraction": re.compile(r"retract|withdraw|removal"),
    "expression_of_concern": re.compile(r"concern"),
    "correction": re.compile(r"correct|corrig|errat|addend|clarif"),
}
_BEFORE = ("pmid", "doi", "year", "id")  # what a new line is put behind: the first that the entry has


@dataclass(frozen=True, slots=True)
class Record:
    """A publication of the library: its file, where in it, author and year, and its identifiers."""

    file: str
    at: Steps
    id: str
    label: str
    known: Mapping[str, str]
    notices: tuple[Mapping[str, Any], ...] = ()
    identity: Identity = NOTHING_KNOWN

    @property
    def lacks(self) -> tuple[str, ...]:
        """DOI and PubMed id that are not written; not every publication has them, and few a PubMed Central id."""
        return tuple(name for name in ("doi", "pmid") if name not in self.known)


@dataclass(frozen=True, slots=True)
class Found:
    """An identifier of a publication; `written` is another one that stands in the file, and is never replaced."""

    record: Record
    field: str
    value: str
    written: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that a publication was retracted or corrected, as Crossref has it; '' where it does not say."""

    record: Record
    kind: str
    doi: str
    date: str

    @property
    def entry(self) -> str:
        """As it stands in a case file."""
        parts = {"kind": self.kind, "doi": self.doi, "date": f'"{self.date}"' if self.date else ""}
        return f"notices: [{{{', '.join(f'{name}: {value}' for name, value in parts.items() if value)}}}]"


def records_of(library: Library) -> tuple[Record, ...]:
    """Every publication that has a case file, pending ones too, or an entry in excluded.yaml, in the order of files."""
    return tuple(_records(library))


def _records(library: Library) -> Iterator[Record]:
    for name in library.case_file_names:
        data = library.documents[name].data
        if isinstance(data, dict) and isinstance(data.get("report"), dict) and data["report"].get("setting") != "local":
            yield _record(name, ("report",), data["report"])
    name = (library.folder / "excluded.yaml").as_posix()
    listed = library.documents[name].data if name in library.documents else ()
    for k, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, dict):
            yield _record(name, (k,), entry)


def _record(file: str, at: Steps, entry: Mapping[str, Any]) -> Record:
    first, year = first_author(str(entry.get("authors") or "")[:1000]), entry.get("year")
    own = str(entry.get("id") or "")
    label = f"{first.family} {year}" if first is not None and year else own
    known = {name: str(entry[name]) for name in IDENTIFIERS if entry.get(name)}
    notices = entry.get("notices")
    told = tuple(each for each in notices if isinstance(each, dict)) if isinstance(notices, list) else ()
    names = ("title", "authors", "journal", "year", *IDENTIFIERS)
    compared = identity(**{name: as_typed(entry.get(name)) for name in names})
    return Record(file, at, own, label, known, told, compared)


def identifiers(records: Iterable[Record]) -> Iterator[Found]:
    """What the converter says beyond, or against, what is written. Raises WrongUse for whatever the network does."""
    asked = [record for record in records if record.known and len(record.known) < len(IDENTIFIERS)]
    for kind in ("pmcid", "pmid", "doi"):  # one kind a request: the surest that a record has
        mine = [record for record in asked if _kind(record) == kind]
        for start in range(0, len(mine), BATCH):
            yield from _of_batch(kind, mine[start : start + BATCH])


def _kind(record: Record) -> str:
    return next(kind for kind in ("pmcid", "pmid", "doi") if kind in record.known)


def _of_batch(kind: str, batch: Sequence[Record]) -> Iterator[Found]:
    wanted = {key_of(kind, record.known[kind]): record for record in batch}
    sent = ",".join(record.known[kind] for record in batch)
    answered = json_of(answer(CONVERTER, sent, before=f"idtype={kind}&ids="), "the ID Converter").get("records")
    for entry in answered if isinstance(answered, list) else ():
        if not isinstance(entry, dict) or entry.get("status") == "error" or entry.get("errmsg"):
            continue
        record = wanted.get(key_of(kind, str(entry.get("requested-id") or entry.get(kind) or "")))
        if record is None:
            continue
        for field in IDENTIFIERS:
            value, written = checked(field, entry.get(field)), record.known.get(field, "")
            if value and key_of(field, written) != key_of(field, value):
                yield Found(record, field, value, written)


def checked(field: str, value: object) -> str:
    """An identifier of an answer, in the form that files have; '' for what has not that form."""
    text = plain_doi(str(value)) if field == "doi" else str(value)
    try:
        return _FORMS[field].validate_python(text)
    except ValidationError:
        return ""


def notices(record: Record) -> tuple[Notice, ...] | None:
    """What Crossref knows to update a work and the file does not tell; None if Crossref does not know the DOI."""
    try:
        message = json_of(answer(CROSSREF, record.known["doi"]), "Crossref").get("message")
    except Unknown:
        return None
    updates = message.get("updated-by") if isinstance(message, dict) else ()
    told = {key_of("doi", str(each.get("doi") or "")) for each in record.notices} - {""}
    kinds = {each.get("kind") for each in record.notices if not each.get("doi")}
    found = [_notice(record, each) for each in updates if isinstance(each, dict)] if isinstance(updates, list) else []
    new = {(each.date, each.kind, each.doi): each for each in found if each is not None}
    return tuple(
        each for _, each in sorted(new.items()) if key_of("doi", each.doi) not in told and each.kind not in kinds
    )


def _notice(record: Record, entry: Mapping[str, Any]) -> Notice | None:
    said = str(entry.get("type") or "").casefold()
    kind = next((kind for kind, pattern in _NOTICES.items() if pattern.search(said)), "")
    return Notice(record, kind, checked("doi", entry.get("DOI")), _date(entry.get("updated"))) if kind else None


def _date(updated: object) -> str:
    """`{"date-parts": [[2026, 3, 1]]}` as 2026-03-01; '' unless year and month are given."""
    parts = updated.get("date-parts") if isinstance(updated, dict) else None
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    whole = [part for part in first if isinstance(part, int) and not isinstance(part, bool)]
    try:
        return TypeAdapter(Date).validate_python("-".join(f"{part:02d}" for part in whole[:3]))
    except ValidationError:  # a year alone, or no date
        return ""


def json_of(content: bytes, who: str) -> Mapping[str, Any]:
    """What a host answers, as JSON. Raises WrongUse if it is none, or no mapping."""
    try:
        found = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"{who} answers with no JSON; try again later") from error
    if not isinstance(found, dict):
        raise WrongUse(f"{who} answers with JSON of another form; try again later")
    return found


def completed(name: str, content: bytes, found: Iterable[Found]) -> bytes:
    """The bytes of a file with identifiers that it lacks, each on a line of its own; no other byte changes.

    Raises WrongUse if that cannot be done, such as for an entry that stands in braces on one line.
    """
    document = parse(name, content)
    for each in found:
        text = _with_line(document, content, each)
        new = parse(name, text)
        if new.problems or new.data != _with_value(document.data, each):
            raise _by_hand(each)
        document, content = new, text
    return content


def _with_line(document: Document, content: bytes, found: Found) -> bytes:
    entry = document.data
    try:
        for step in found.record.at:
            entry = entry[step]
        before = next(name for name in _BEFORE if name in entry and name != found.field)
        place = document.position((*found.record.at, before), key=True)
        lines = re.split(rb"(?<=\n)", content)
        line = lines[place.line - 1]
    except (LookupError, TypeError, StopIteration):  # changed since it was read, or of another form
        raise _by_hand(found) from None
    end = b"\r\n" if lines[0].endswith(b"\r\n") else b"\n"
    if not line.endswith(b"\n"):
        lines[place.line - 1] = line + end
    value = f'"{found.value}"' if found.field == "pmid" else found.value
    lines.insert(place.line, f"{' ' * (place.column - 1)}{found.field}: {value}".encode() + end)
    return b"".join(lines)


def _with_value(data: Any, found: Found) -> Any:
    if isinstance(data, list):
        k = found.record.at[0]
        return [{**entry, found.field: found.value} if place == k else entry for place, entry in enumerate(data)]
    return {**data, "report": {**data["report"], found.field: found.value}}


def _by_hand(found: Found) -> WrongUse:
    said = f"{found.field}: {found.value} of {found.record.id} could not be put in its place"
    return WrongUse(f"{found.record.file}: {said}; write it by hand")
