"""What the review already holds, read or excluded, and the id of a new report.

Files are looked up as they were typed, not as models: a case file that is not filled in yet is not a report, but its
id, DOI and PubMed id are taken.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from metaimt.casefiles.fields import Identifier
from metaimt.casefiles.library import CASE_FOLDERS, PROTOCOL_FILE, Library, read_library
from metaimt.curation.references import Reference
from metaimt.files import in_ascii
from metaimt.problem import WrongUse

_WORDS = {"id": "id", "doi": "DOI", "pmid": "PubMed id"}


@dataclass(frozen=True, slots=True)
class Taken:
    """An id, DOI, PubMed id or title in use: in which file, and for an excluded publication why it is excluded."""

    field: str
    value: str
    file: str
    reason: str | None = None

    @property
    def told(self) -> str:
        """What is said when it is met again, with the next step."""
        if self.reason is not None:
            why = f"is excluded in {self.file} ({self.reason.rstrip('.')})"
            return f"{_WORDS[self.field]} {self.value} {why}; to include it all the same, delete that entry first"
        if self.field == "id":
            return f"id {self.value} is taken by {self.file}; choose another id, or edit that file"
        return f"{_WORDS[self.field]} {self.value} is already in {self.file}; edit that file instead"


class Known:
    """Everything of a review folder that a new case file must not repeat."""

    def __init__(self, library: Library) -> None:
        self.taken = tuple(_taken(library))

    def find(self, field: str, value: str | None) -> Taken | None:
        """Who has this `id`, `doi`, `pmid` or `title`, however it is capitalised; an included report first."""
        if value is None:
            return None
        found = (one for one in self.taken if one.field == field and one.value.casefold() == value.casefold())
        return min(found, key=lambda one: one.reason is not None, default=None)

    def publication(self, reference: Reference) -> Taken | None:
        """Who has the DOI or PubMed id of a reference."""
        return self.find("doi", reference.doi) or self.find("pmid", reference.pmid)

    def same_title(self, title: str | None) -> Iterator[Taken]:
        """The publications with the same words as title: perhaps the same one, without its DOI."""
        if title is not None:
            yield from (one for one in self.taken if one.field == "title" and _plain(one.value) == _plain(title))

    def free_id(self, reference: Reference) -> str:
        """First author and year, and -b, -c ... if taken. Raises WrongUse if there is no name, or it is excluded."""
        stem = f"{in_ascii(reference.surname or '')[:60].strip('-')}-{reference.year or ''}".strip("-")
        if not reference.surname or not stem or stem == str(reference.year):
            example = f"wang-{reference.year or 2026}"
            raise WrongUse(f"there is no first author's name in Latin letters; choose an id: --id {example}")
        for name in (stem, *(f"{stem}-{letter}" for letter in string.ascii_lowercase[1:])):
            taken = self.find("id", name)
            if taken is None:
                return name
            if taken.reason is not None:
                raise WrongUse(f"{taken.told}; if this is another publication, choose another id: --id {stem}-b")
        raise WrongUse(f"{stem} and {stem}-b to {stem}-z are taken; choose an id with --id")


def review(folder: Path) -> Library:
    """The review in a folder. Raises WrongUse with the next step if there is none."""
    if not any((folder / name).exists() for name in (PROTOCOL_FILE, *CASE_FOLDERS)):
        what = (
            f"holds no {PROTOCOL_FILE}" if folder.is_dir() else "is not a folder" if folder.exists() else "is not here"
        )
        raise WrongUse(f"{folder} {what}; run this where the review is, or name its folder: --cases FOLDER")
    return read_library(folder)


def checked_id(text: str) -> str:
    """An id that may name a file. Raises WrongUse with the form expected."""
    if not text.strip():
        raise WrongUse("the id is empty; give first author and year: smith-2026")
    try:
        return _IDENTIFIER.validate_python(text)
    except ValidationError as error:
        context = error.errors()[0]["ctx"]
        raise WrongUse(f"{context['message']}; {context['hint']}") from error


_IDENTIFIER: TypeAdapter[str] = TypeAdapter(Identifier)


def _taken(library: Library) -> Iterator[Taken]:
    folders = {(library.folder / name).as_posix() for name in CASE_FOLDERS}
    for name, document in library.documents.items():
        if Path(name).parent.as_posix() in folders:
            report = _fields(document.data, "report")
            former = report.get("former_ids")
            ids = {Path(name).stem, _typed(report.get("id")), *map(_typed, former if isinstance(former, list) else ())}
            yield from (Taken("id", one, name) for one in sorted(ids) if one)
            yield from _publication(report, name, None)
        elif name == (library.folder / "excluded.yaml").as_posix() and isinstance(document.data, list):
            for entry in document.data:
                excluded = entry if isinstance(entry, dict) else {}
                yield from _publication(excluded, name, _typed(excluded.get("reason")) or "no reason given", "id")


def _publication(entry: Mapping[str, Any], file: str, reason: str | None, *more: str) -> Iterator[Taken]:
    for field in (*more, "doi", "pmid", "title"):
        if value := _typed(entry.get(field)):
            yield Taken(field, value, file, reason)


def _fields(data: object, name: str) -> Mapping[str, Any]:
    found = data.get(name) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _typed(value: object) -> str:
    """A value as its author typed it; nothing for what is not text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(getattr(value, "typed", value))


def _plain(title: str) -> str:
    return re.sub(r"\W+", "", title.casefold())
