"""Records of a search export added to a review: which are new, which are duplicates, which nobody can tell.

Two records are merged if an identifier says so and nothing speaks against it, or if title, first author and year are
the same. Whatever else may be the same publication is listed for a person and never merged.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from metaimt.casefiles.records import Record, with_source
from metaimt.casefiles.strict_yaml import parse
from metaimt.checks.same_publication import as_typed
from metaimt.curation.new_case import Known, quoted, scalar
from metaimt.curation.reference import Reference
from metaimt.files import in_ascii
from metaimt.model.publication import Identity, identity, same_publication
from metaimt.problem import WrongUse

_DIGITS = re.compile(r"\d+")
_NEARLY = 0.9  # share of a title in common, above which it may be a spelling of the other
_NOT_ALIKE = 0.6  # share of a title in common, below which one identifier on two titles is doubted


@dataclass(frozen=True, slots=True)
class Unsure:
    """Two ids that may be of one publication, and why nobody can tell."""

    one: str
    other: str
    why: str


@dataclass(frozen=True)
class Added:
    """All records with those of one search, its own (ids, in the order of the file), and what a person must decide."""

    records: tuple[Record, ...]
    own: tuple[str, ...]
    unsure: tuple[Unsure, ...]


def verdict(one: Identity, other: Identity) -> tuple[bool, str]:
    """(surely one publication, why that is in doubt); (False, '') if nothing speaks for it."""
    same = same_publication(one, other)
    if same is None:
        return False, "a title almost the same, by the same first author in one year" if _nearly(one, other) else ""
    if same.level == "other":
        return False, ""
    titles = bool(one.title and other.title)
    if same.by != "title":
        against = _against(one, other, titles=titles)
        return not against, f"{same.reason}, but {against}" if against else ""
    known = one.author and one.author == other.author and one.year and one.year == other.year
    if same.level == "error" and known:
        return True, ""
    missing = "another author or year" if same.level == "error" else "nothing else to tell"
    return False, f"{same.reason}; {missing}"


def _nearly(one: Identity, other: Identity) -> bool:
    """Whether a title may be the other one in another spelling."""
    same = one.author and (one.kind, one.author, one.year) == (other.kind, other.author, other.year)
    differ = any(a and b for a, b in ((one.doi, other.doi), (one.pmid, other.pmid)))
    if not same or differ or _DIGITS.findall(one.title) != _DIGITS.findall(other.title):
        return False
    return SequenceMatcher(None, one.title, other.title, autojunk=False).ratio() > _NEARLY


def _against(one: Identity, other: Identity, *, titles: bool) -> str:
    """What speaks against an identifier that two have in common, such as the DOI of a whole supplement."""
    for name, word in (("doi", "DOI"), ("pmid", "PubMed id")):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs and mine != theirs:
            return f"another {word}"
    if titles and one.kind != other.kind:
        return "one is a correction, reply, letter or abstract"
    if titles and one.title != other.title:
        if _DIGITS.findall(one.title) != _DIGITS.findall(other.title):
            return "another number in the title"
        if SequenceMatcher(None, one.title, other.title).ratio() < _NOT_ALIKE:
            return "another title"
    return ""


class Index:
    """Identities by what they could have in common, so that each is compared with few."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[tuple[str, Identity]]] = {}

    def add(self, name: str, mine: Identity) -> None:
        """Remember an id with what it is compared by."""
        for key in _keys(mine):
            self._found.setdefault(key, []).append((name, mine))

    def like(self, mine: Identity) -> Iterator[tuple[str, bool, str]]:
        """(id, surely the same, why in doubt) of each that may be of the same publication."""
        near = dict.fromkeys(one for key in _keys(mine) for one in self._found.get(key, ()))
        for name, theirs in near:
            sure, doubt = verdict(mine, theirs)
            if sure or doubt:
                yield name, sure, doubt


def _keys(one: Identity) -> Iterator[tuple[str, str]]:
    for name in ("doi", "pmid", "pmcid", "title"):
        if value := getattr(one, name):
            yield name, value
    if one.author and one.year:
        yield one.author, one.year


def add_search(known: Known, before: Iterable[Record], references: Iterable[Reference], search: str, day: str) -> Added:
    """The records of a review with those of one search. The same references of one search again change nothing."""
    rows = {record.id: record for record in before}
    index, entries = Index(), Index()
    for entry, mine in known.entries:
        entries.add(entry.id, mine)
    for record in rows.values():
        index.add(record.id, identity_of(record))
    same: dict[tuple[str, ...], list[str]] = {}  # the cells of a record -> the rows of them, in order
    for record in rows.values():
        same.setdefault(_cells(record), []).append(record.id)
    met: dict[tuple[str, ...], int] = {}
    own: list[str] = []
    unsure: set[Unsure] = set()
    for reference in references:
        record = _record(reference, search, day)
        cells = _cells(record)
        number = met[cells] = met.get(cells, 0) + 1
        if number <= len(same.get(cells, ())):  # this very record is a row
            name = same[cells][number - 1]
            if search not in rows[name].sources:
                rows[name] = with_source(rows[name], search, day)
            own.append(name)
            continue
        mine = reference.identity
        near = list(index.like(mine))
        first = list(dict.fromkeys(rows[name].duplicate_of or name for name, sure, _ in near if sure))
        read = [name for name, sure, _ in entries.like(mine) if sure]
        taken = next((name for name in read if name not in rows), "") if not first else ""
        name = taken or _free(reference, rows.keys() | known.ids.keys())
        rows[name] = replace(record, id=name, duplicate_of=first[0] if first else "")
        index.add(name, mine)
        same.setdefault(cells, []).append(name)
        own.append(name)
        unsure |= {Unsure(name, other, f"{first[0]} and {other} are joined by it") for other in first[1:]}
        doubts = [*near, *entries.like(mine)]
        unsure |= {
            Unsure(name, other, why)
            for other, sure, why in doubts
            if not sure and not first and other != name and other not in read
            if not (other in rows and rows[other].duplicate_of == name)
        }
    listed = tuple(sorted(unsure, key=lambda one: (one.one, one.other, one.why)))
    return Added(tuple(rows[name] for name in sorted(rows)), tuple(own), listed)


def identity_of(record: Record) -> Identity:
    """What a record is compared by."""
    names = ("doi", "pmid", "title", "authors", "year")
    return identity(**{name: getattr(record, name) or None for name in names})


def _record(reference: Reference, search: str, day: str) -> Record:
    fields = {name: _one_line(getattr(reference, name)) for name in ("title", "authors", "year", "doi", "pmid")}
    return Record("", **fields, sources=(search,), dates=(day,), labels=_one_line(" | ".join(reference.labels)))


def _one_line(value: object) -> str:
    return " ".join(str(value or "").split())


def _cells(record: Record) -> tuple[str, ...]:
    return record.title, record.authors, record.year, record.doi, record.pmid


def _free(reference: Reference, taken: Iterable[str]) -> str:
    """First author and year, as `metaimt new` names files; anon where no author is known in Latin letters."""
    used = {name.casefold() for name in taken}
    author = in_ascii(reference.surname or "")[:60].strip("-") or "anon"
    stem = f"{author}-{reference.year or 'nd'}"
    letters = (f"{stem}-{letter}" for letter in string.ascii_lowercase[1:])
    more = (f"{stem}-n{number}" for number in range(27, len(used) + 30))
    return next(name for name in (stem, *letters, *more) if name not in used)


def with_search(text: str, search: str, source: str, day: str, query: str | None) -> str:
    """searches.yaml with a search that was run; every other byte as it was.

    An entry of this id becomes `done` on this day, and keeps its source and query. Raises WrongUse, with what to type,
    where its form leaves no place for that.
    """
    document = parse("searches.yaml", text.encode())
    data = document.data if isinstance(document.data, list) else []
    at = next((k for k, entry in enumerate(data) if isinstance(entry, dict) and entry.get("id") == search), None)
    if at is None:
        fields = {"id": search, "source": source, "status": "done", "date": day} | ({"query": query} if query else {})
        lines = [f"{'  ' if k else '- '}{key}: {scalar(value)}\n" for k, (key, value) in enumerate(fields.items())]
        return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{''.join(lines)}"
    wanted = [one if k != at else {**one, "status": "done", "date": day} for k, one in enumerate(data)]
    lines = text.split("\n")
    for field, value in (("status", "done"), ("date", quoted(day))):
        if as_typed(data[at].get(field)) == as_typed(wanted[at][field]):
            continue
        place = document.position((at, field if field in data[at] else "status"))
        line = lines[place.line - 1]
        if field in data[at]:
            before, after = line[: place.column - 1], line[place.column - 1 + place.length :]
            lines[place.line - 1] = f"{before}{value}{after}"
        else:
            indent = len(line) - len(line.lstrip(" "))
            lines[place.line - 1] = f"{line}\n{' ' * indent}{field}: {value}"
    changed = "\n".join(lines)
    if parse("searches.yaml", changed.encode()).data != wanted:
        raise WrongUse(
            f'searches.yaml: write status: done and date: "{day}" into the entry {search}, then run this again'
        )
    return changed
