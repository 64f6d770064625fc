"""What the review already holds, read or excluded, and the id of a new report.

Files are looked up as they were typed, not as models: a case file that is not filled in yet, or waits, is not a report,
but its id is taken and its publication is in the review.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from metaimt.casefiles.fields import Identifier
from metaimt.casefiles.library import CASE_FOLDERS, PROTOCOL_FILE, Library, read_library
from metaimt.checks.same_publication import Entry, as_typed, entries
from metaimt.curation.reference import Reference
from metaimt.files import in_ascii
from metaimt.model.publication import IDENTIFIERS, Identity, Same, identity, same_publication
from metaimt.problem import WrongUse


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in use, such as `id smith-2020`: in which file, and for an excluded publication why it is excluded."""

    what: str
    file: str
    reason: str | None = None
    next_step: str = "is already in {file}; edit that file instead"

    @property
    def told(self) -> str:
        """What is said when it is met again, with the next step."""
        if self.reason is not None:
            why = f"is excluded in {self.file} ({self.reason.rstrip('.')})"
            return f"{self.what} {why}; to include it all the same, delete that entry first"
        return f"{self.what} {self.next_step.format(file=self.file)}"


class Known:
    """Everything of a review folder that a new case file must not repeat."""

    def __init__(self, library: Library) -> None:
        self.ids = dict(_ids(library))
        self.entries = tuple((entry, entry.identity) for entry in entries(library))
        for entry, _ in self.entries:
            if entry.reason is not None:
                self.ids.setdefault(entry.id.casefold(), Taken(f"id {entry.id}", entry.file, entry.reason))

    def publication(self, reference: Reference) -> Taken | None:
        """Who is of the same publication as a reference; an included report first."""
        surest = [(entry, same) for entry, same in self._same(reference.identity) if same.level == "error"]
        entry, same = min(surest, key=lambda one: one[0].reason is not None, default=(None, None))
        return None if entry is None or same is None else _taken(entry, same)

    def find(self, field: str, value: str) -> Taken | None:
        """Who has this `id`, `doi`, `pmid` or `pmcid`, however it is written; an included report first."""
        if field == "id":
            return self.ids.get(value.casefold())
        found = (_taken(entry, same) for entry, same in self._same(identity(**{field: value})))
        return min(found, key=lambda one: one.reason is not None, default=None)

    def alike(self, reference: Reference) -> Iterator[str]:
        """What is said of publications of the same title that may be others, or are."""
        for entry, same in self._same(reference.identity):
            if same.level != "error":
                yield f"{entry.file} has a publication of the same title ({entry.id}: {same.reason})"

    def _same(self, mine: Identity) -> Iterator[tuple[Entry, Same]]:
        for entry, theirs in self.entries:
            if (same := same_publication(mine, theirs)) is not None:
                yield entry, same

    def free_id(self, reference: Reference) -> str:
        """First author and year, and -b, -c ... if taken. Raises WrongUse if there is no name, or it is excluded."""
        stem = f"{in_ascii(reference.surname or '')[:60].strip('-')}-{reference.year or ''}".strip("-")
        if not reference.surname or not stem or stem == str(reference.year):
            example = f"wang-{reference.year or 2026}"
            why = "".join(f" ({note})" for note in reference.notes[:1])
            raise WrongUse(f"there is no first author's name in Latin letters{why}; choose an id: --id {example}")
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


def _ids(library: Library) -> Iterator[tuple[str, Taken]]:
    """The ids of case files: the file's name, the id in it, and those that it had before."""
    folders = {(library.folder / name).as_posix() for name in CASE_FOLDERS}
    for name, document in library.documents.items():
        if Path(name).parent.as_posix() in folders:
            told = document.data.get("report") if isinstance(document.data, dict) else None
            report = told if isinstance(told, dict) else {}
            former = report.get("former_ids")
            used = [report.get("id"), *(former if isinstance(former, list) else ())]
            next_step = "is taken by {file}; choose another id, or edit that file"
            for one in {Path(name).stem, *map(as_typed, used)} - {""}:
                yield one.casefold(), Taken(f"id {one}", name, next_step=next_step)


def _taken(entry: Entry, same: Same) -> Taken:
    """A publication that the review has, by what it is the same."""
    if same.by in IDENTIFIERS:
        return Taken(f"{IDENTIFIERS[same.by]} {entry.fields[same.by]}", entry.file, entry.reason)
    another = "if this is another publication, give both their DOI or PubMed id, or use --blank ID"
    what = f"a publication of the {same.reason}"
    return Taken(what, entry.file, entry.reason, f"is already in {{file}}; edit that file; {another}")
