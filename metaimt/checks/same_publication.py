"""The same publication twice: in two case files, in a case file and excluded.yaml, or excluded twice.

Files count as they were typed: one that waits (`status: pending`) or has an error of form is of a publication too.
Each rule yields (document name, path, message, hint).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from metaimt.casefiles.library import Library, ListDocument
from metaimt.casefiles.second_reading import FOLDER as SECOND_FOLDER
from metaimt.casefiles.strict_yaml import Path as Steps
from metaimt.checks.rule import Located, Rule, rule, rules_in
from metaimt.model.publication import IDENTIFIERS, Identity, Same, identity, key_of, same_publication, title_key

_EXCLUDED = "excluded.yaml"
_COMPARED = ("doi", "pmid", "pmcid", "title", "authors", "journal", "year")
_WORDS = {"id": "id", **IDENTIFIERS}
_SUREST = ("error", "warning", "other")
_MOST_OF_A_TITLE = 20  # files of one title are compared with so many before them; more share it by chance


@dataclass(frozen=True, slots=True)
class Entry:
    """A case file, or an entry of excluded.yaml with its reason: where it stands, and the fields as typed.

    `keys` are its identifiers as they are compared.
    """

    file: str
    place: Steps
    id: str
    fields: Mapping[str, str]
    keys: Mapping[str, str]
    overlaps: frozenset[str] = frozenset()
    reason: str | None = None

    @property
    def identity(self) -> Identity:
        """What it is compared by; of an excluded one the id says first author and year."""
        told: dict[str, Any] = {name: self.fields.get(name) for name in _COMPARED}
        if self.reason is not None and (said := re.fullmatch(r"([a-z-]+)-((?:19|20)\d\d)(?:-[a-z])?", self.id)):
            told |= {"authors": said[1].replace("-", " "), "year": said[2]}
        return identity(**told)

    @property
    def named(self) -> str:
        """What a message calls it."""
        return self.id if self.reason is None else f"{self.id} in {_EXCLUDED}"


def entries(library: Library) -> Iterator[Entry]:
    """Every case file, readable or not, then every excluded publication."""
    for name, document in library.documents.items():
        data = document.data
        if isinstance(data, dict) and isinstance(data.get("report"), dict):
            if SECOND_FOLDER not in name.split("/")[-2:-1]:
                yield _entry(name, ("report",), data["report"])
        elif name == (library.folder / _EXCLUDED).as_posix() and isinstance(data, list):
            for e, entry in enumerate(data):
                if isinstance(entry, dict):
                    yield _entry(name, (e,), entry, as_typed(entry.get("reason")) or "no reason given")


def _entry(file: str, place: Steps, data: Mapping[str, Any], reason: str | None = None) -> Entry:
    overlaps = data.get("overlaps")
    fields = {name: typed for name in _COMPARED if (typed := as_typed(data.get(name)))}
    return Entry(
        file=file,
        place=place,
        id=as_typed(data.get("id")) or file.rpartition("/")[2].rpartition(".")[0],
        fields=fields,
        keys={name: key_of(name, fields[name]) for name in IDENTIFIERS if name in fields},
        overlaps=frozenset(map(as_typed, overlaps)) if isinstance(overlaps, list) else frozenset(),
        reason=reason,
    )


def as_typed(value: object) -> str:
    """A value as its author typed it; nothing for what is not text or a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(getattr(value, "typed", value))


class Publications:
    """The publications of a library, gathered once for all rules about them."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.entries = tuple(entries(library))

    def located(self, entry: Entry, field: str) -> tuple[str, Steps] | None:
        """Where a field stands; None for an entry of a list whose own error of form is told instead."""
        document, place = self.library.documents[entry.file], entry.place
        if isinstance(document, ListDocument):
            if place[0] not in document.kept:
                return None
            place = (document.kept.index(int(place[0])),)
        return entry.file, (*place, field if field in entry.fields else "id")

    @cached_property
    def same_titles(self) -> tuple[tuple[Entry, Entry, Same], ...]:
        """(an entry, an earlier one of the same title, how sure it is the same publication), the surest one of each."""
        groups: dict[str, list[Entry]] = {}
        for entry in self.entries:
            groups.setdefault(title_key(entry.fields.get("title", ""))[1], []).append(entry)
        several = (group for title, group in groups.items() if title and len(group) > 1)
        return tuple(found for group in several for found in _in_group(group))


def _in_group(group: list[Entry]) -> Iterator[tuple[Entry, Entry, Same]]:
    before: list[tuple[Entry, Identity]] = []
    for entry in group:
        mine = entry.identity
        found = [(earlier, same_publication(theirs, mine)) for earlier, theirs in before if earlier.id != entry.id]
        told = [(earlier, same) for earlier, same in found if same is not None]
        if all(same.by == "title" for _, same in told):  # else the identifier is told
            surest = min(told, key=lambda one: _SUREST.index(one[1].level), default=None)
            if surest is not None:
                yield entry, *surest
        if len(before) < _MOST_OF_A_TITLE:
            before.append((entry, mine))


def _repeated(publications: Publications, field: str) -> Iterator[Located]:
    """Two case files, or two excluded publications, of one identifier."""
    word = IDENTIFIERS[field]
    groups: dict[tuple[bool, str], dict[str, Entry]] = {}
    for entry in publications.entries:
        if (key := entry.keys.get(field)) is not None:
            groups.setdefault((entry.reason is None, key), {}).setdefault(entry.id, entry)
    for (files, _), group in groups.items():
        first, *later = group.values()
        # At each of them: whoever asks about one file must be told, whichever it is.
        pairs = [*((entry, first) for entry in later), *([(first, later[0])] if later else [])]
        for entry, other in pairs:
            if place := publications.located(entry, field):
                message = f"{word} {entry.fields[field]} is already that of {other.named}: the same publication twice"
                which = "files" if files else "entries"
                yield *place, message, f"delete one of the two {which}, or correct the {word} of one"


@rule("repeated-doi", about="publications")
def dois_differ(publications: Publications) -> Iterator[Located]:
    """A DOI stands for one publication."""
    yield from _repeated(publications, "doi")


@rule("repeated-pmid", about="publications")
def pmids_differ(publications: Publications) -> Iterator[Located]:
    """A PubMed id stands for one publication."""
    yield from _repeated(publications, "pmid")


@rule("repeated-pmcid", about="publications")
def pmcids_differ(publications: Publications) -> Iterator[Located]:
    """A PubMed Central id stands for one publication."""
    yield from _repeated(publications, "pmcid")


@rule("repeated-title", about="publications")
def titles_differ(publications: Publications) -> Iterator[Located]:
    """Without an identifier, title and first author or year stand for one publication."""
    for entry, earlier, same in publications.same_titles:
        both_read = entry.reason is earlier.reason is None
        for one, other in ((entry, earlier), (earlier, entry)):
            if same.level == "error" and both_read and (place := publications.located(one, "title")):
                message = f"the same publication as {other.named} ({same.reason})"
                hint = "delete one of the two files; if they are two publications, give both their DOI or PubMed id"
                yield *place, message, hint


@rule("same-title", "warning", about="publications")
def titles_are_of_one_publication(publications: Publications) -> Iterator[Located]:
    """A title alone may stand for two publications, and two publications of one author for the same patients."""
    linked = {frozenset(link.reports) for link in publications.library.links}
    for entry, earlier, same in publications.same_titles:
        both = frozenset((entry.id, earlier.id))
        known = both in linked or both & (entry.overlaps | earlier.overlaps)
        if same.level == "warning" and not known and (place := publications.located(entry, "title")):
            hint = "if they are one publication, delete one; if not, give both their DOI or PubMed id"
            if "another" in same.reason:
                hint = "if they tell of the same patients, add overlaps to one and a link; if not, waive this"
            yield *place, f"perhaps the same publication as {earlier.named} ({same.reason})", hint


@rule("included-and-excluded", about="publications")
def not_included_and_excluded(publications: Publications) -> Iterator[Located]:
    """A publication is included or excluded."""
    holders: dict[tuple[str, str], list[Entry]] = {}
    every = publications.entries
    for entry in every if any(one.reason is not None for one in every) else ():
        if entry.reason is None:
            for key in _keys(entry):
                holders.setdefault(key, []).append(entry)
    for entry in every:
        met: dict[str, list[str]] = {}
        for field, value in _keys(entry) if entry.reason is not None else ():
            for other in holders.get((field, value), ()):
                if field != "title":
                    met.setdefault(other.file, []).append(f"{_WORDS[field]} {entry.fields.get(field, entry.id)}")
                elif other.file not in met and (same := same_publication(entry.identity, other.identity)):
                    met |= {other.file: [same.reason.removeprefix("same ")]} if same.level == "error" else {}
        for file, reasons in met.items():
            if place := publications.located(entry, "id"):
                message = f"excluded, but {file} includes it (same {', '.join(reasons)})"
                yield *place, message, "delete that case file or this entry"


def _keys(entry: Entry) -> Iterator[tuple[str, str]]:
    """What an entry is found by, surest first."""
    yield "id", entry.id.casefold()
    yield from entry.keys.items()
    if title := title_key(entry.fields.get("title", ""))[1]:
        yield "title", title


PUBLICATION_RULES: tuple[Rule, ...] = rules_in(globals())
