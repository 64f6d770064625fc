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
from functools import lru_cache

from metaimt.casefiles.records import Record, with_source
from metaimt.casefiles.strict_yaml import parse
from metaimt.checks.same_publication import as_typed
from metaimt.curation.new_case import Known, identity_of, quoted
from metaimt.curation.reference import Reference
from metaimt.files import in_ascii
from metaimt.model.publication import Identity, same_publication
from metaimt.problem import WrongUse

_NEARLY = 0.9  # share of a title in common, above which it may be a spelling of the other
_SPELLING = 0.7  # share of a word in common, above which it is a spelling of the other: tumour, tumor
_PART = 20  # letters of a title of which another one may be a part
_ONE_ON = "one two three four five six seven eight nine ten"
_NUMBERS = {
    word: str(number)
    for words in (_ONE_ON, "i ii iii iv v vi vii viii ix x", "first second third fourth fifth")
    for number, word in enumerate(words.split(), start=1)
}
_OF_VERSION = re.compile(r"[./]?v\d{1,2}$|(?<=\d)\.\d{1,2}$")
_LITTLE = {"a", "an", "and", "der", "die", "das", "for", "in", "of", "official", "on", "the", "und"}


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
        return False, _nearly(one, other)
    if same.level == "other":
        return False, ""
    if same.by != "title":
        against = _against(one, other)
        return not against, f"{same.reason}, but {against}" if against else ""
    if same.level != "error":
        return False, f"{same.reason}; nothing else to tell"
    if not (one.same_author(other) and one.year and one.year == other.year):
        return False, f"{same.reason}; another author or year"
    return (True, "") if _one_journal(one, other) else (False, f"{same.reason}; another journal")


def _nearly(one: Identity, other: Identity) -> str:
    """Why two may be one publication, of which neither an identifier nor a whole title says so; or ''."""
    if one.kind != other.kind or (one.author and other.author and not one.same_author(other)):
        return ""
    if any(a and b and a != b for a, b in ((one.doi, other.doi), (one.pmid, other.pmid))):
        versions = one.author and one.doi != other.doi and _unversioned(one.doi) == _unversioned(other.doi)
        return "the DOI of another version of it" if versions else ""
    if one.year and other.year and one.year != other.year and not _next(one.year, other.year):
        return ""
    if not one.title or not other.title:
        return "no title to compare, the same first author" if one.author and other.author else ""
    short, long = sorted((_in_digits(one.words), _in_digits(other.words)), key=lambda title: (len(title), title))
    if len(short) >= _PART and short in long:
        return "a title that is part of the other one"
    same_numbers = _numbers(one.words) == _numbers(other.words)
    return "a title almost the same" if same_numbers and _share(short, long) >= _NEARLY else ""


def _share(one: str, other: str) -> float:
    """The share that two texts have in common; 0 where it is below what counts here, which is often known at once."""
    if 2 * min(len(one), len(other)) < _NEARLY * (len(one) + len(other)):
        return 0
    compared = SequenceMatcher(None, one, other, autojunk=False)
    return compared.ratio() if compared.quick_ratio() >= _NEARLY else 0


@lru_cache(maxsize=2**15)
def _in_digits(words: str) -> str:
    """The letters and digits of a title, with numbers as digits."""
    return "".join(_NUMBERS.get(word, word) for word in words.split())


def _next(year: str, other: str) -> bool:
    """Whether a publication may have both years: online ahead of print."""
    return year.isdecimal() and other.isdecimal() and abs(int(year) - int(other)) == 1


@lru_cache(maxsize=2**15)
def _numbers(words: str) -> tuple[str, ...]:
    """The numbers of a title in their order, as digits, however they are written."""
    return tuple(_NUMBERS.get(word, word) for word in words.split() if word in _NUMBERS or not word.isalpha())


def _unversioned(doi: str) -> str:
    return _OF_VERSION.sub("", doi)


def _one_journal(one: Identity, other: Identity) -> bool:
    """Whether two names may be of one journal: each word of one is, or begins, that of the other."""
    short, long = sorted(([w for w in each.journal.split() if w not in _LITTLE] for each in (one, other)), key=len)
    return all(a.startswith(b) or b.startswith(a) for a, b in zip(short, long, strict=False))


def _against(one: Identity, other: Identity) -> str:
    """What speaks against an identifier that two have in common, such as the DOI of a whole supplement."""
    for name, word in (("doi", "DOI"), ("pmid", "PubMed id")):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs and mine != theirs:
            return f"another {word}"
    if not one.title or not other.title or (one.kind, one.title) == (other.kind, other.title):
        return ""
    if one.kind != other.kind:
        return "one is a correction, reply, letter or abstract"
    if _numbers(one.words) != _numbers(other.words):
        return "another number in the title"
    return "" if _one_title(one.words.split(), other.words.split()) else "another title"


def _one_title(one: list[str], other: list[str]) -> bool:
    """Whether two titles differ by spellings, or by words that one has behind or before the other."""
    short, long = sorted((one, other), key=len)
    if short in (long[: len(short)], long[len(long) - len(short) :]):
        return True
    for kind, i, j, k, m in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        mine, theirs = "".join(one[i:j]), "".join(other[k:m])
        alike = kind == "equal" or SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= _SPELLING
        if not alike and not {*one[i:j], *other[k:m]} <= _LITTLE:
            return False
    return True


class Index:
    """Identities by what they could have in common, so that each is compared with few."""

    def __init__(self, pairs: Iterable[tuple[str, Identity]] = ()) -> None:
        self._found: dict[tuple[str, str], list[tuple[str, Identity]]] = {}
        for name, mine in pairs:
            self.add(name, mine)

    def add(self, name: str, mine: Identity) -> None:
        """Remember an id with what it is compared by."""
        for key in _keys(mine):
            self._found.setdefault(key, []).append((name, mine))

    def same(self, mine: Identity) -> list[str]:
        """The id of each that is surely of the same publication."""
        near = dict.fromkeys(one for key in _keys(mine) if key[0] != "author" for one in self._found.get(key, ()))
        return [name for name, theirs in near if verdict(mine, theirs)[0]]

    def like(self, mine: Identity) -> Iterator[tuple[str, bool, str]]:
        """(id, surely the same, why in doubt) of each that may be of the same publication."""
        others = [("author", "")] if mine.author else [key for key in self._found if key[0] == "author"]
        near = dict.fromkeys(one for key in (*_keys(mine), *others) for one in self._found.get(key, ()))
        for name, theirs in near:
            sure, doubt = verdict(mine, theirs)
            if sure or doubt:
                yield name, sure, doubt


def _keys(one: Identity) -> Iterator[tuple[str, str]]:
    for name in ("doi", "pmid", "pmcid", "title"):
        if value := getattr(one, name):
            yield name, value
    yield "author", one.author


def add_search(known: Known, before: Iterable[Record], references: Iterable[Reference], search: str, day: str) -> Added:
    """The records of a review with those of one search. The same references of one search again change nothing."""
    rows = {record.id: record for record in before}
    index = Index((record.id, identity_of(record)) for record in rows.values())
    entries = Index((entry.id, mine) for entry, mine in known.entries)
    same: dict[tuple[str, ...], list[str]] = {}  # the cells of a record -> the rows of them, in order
    for record in rows.values():
        same.setdefault(_cells(record), []).append(record.id)
    met: dict[tuple[str, ...], int] = {}
    own: list[str] = []
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
        read = entries.same(mine)
        alike = [*index.same(mine), *(name for name in read if name in rows)]
        first = next((rows[name].duplicate_of or name for name in alike), "")
        name = (read[0] if read and not first else "") or _free(reference, rows.keys() | known.ids.keys())
        rows[name] = replace(record, id=name, duplicate_of=first)
        index.add(name, mine)
        same.setdefault(cells, []).append(name)
        own.append(name)
    records = tuple(rows[name] for name in sorted(rows))
    ours = {rows[name].duplicate_of or name for name in own}
    unsure = (each for each in uncertain(known, records) if not ours.isdisjoint({each.one, each.other}))
    return Added(records, tuple(own), tuple(unsure))


def uncertain(known: Known, records: Iterable[Record]) -> tuple[Unsure, ...]:
    """The pairs of records, or of a record and a case file or exclusion, that may be of one publication."""
    index, entries = Index(), Index((entry.id, mine) for entry, mine in known.entries)
    main: dict[str, str] = {}
    found: dict[tuple[str, str], str] = {}
    for record in records:
        mine, name = identity_of(record), record.duplicate_of or record.id
        for other, sure, why in index.like(mine):
            if main[other] != name:
                pair = (min(name, main[other]), max(name, main[other]))
                joining = record.id if record.duplicate_of else other if other != main[other] else ""
                sure_why = f"{joining} is like both" if joining else "the same, found on two branches"
                found.setdefault(pair, sure_why if sure else why)
        read = list(entries.like(mine))
        if not any(sure and other == name for other, sure, _ in read):
            for other, sure, why in read:
                if other != name:
                    found.setdefault((name, other), "the same, under another id" if sure else why)
        main[record.id] = name
        index.add(record.id, mine)
    return tuple(Unsure(*pair, why) for pair, why in sorted(found.items()))


def _record(reference: Reference, search: str, day: str) -> Record:
    names = ("title", "authors", "journal", "year", "doi", "pmid")
    fields = {name: _one_line(getattr(reference, name)) for name in names}
    return Record("", **fields, sources=(search,), dates=(day,), labels=_one_line(" | ".join(reference.labels)))


def _one_line(value: object) -> str:
    return " ".join(str(value or "").split())


def _cells(record: Record) -> tuple[str, ...]:
    return record.title, record.authors, record.journal, record.year, record.doi, record.pmid


def _free(reference: Reference, taken: Iterable[str]) -> str:
    """First author and year, as `metaimt new` names files; anon where no author is known in Latin letters."""
    used = {name.casefold() for name in taken}
    author = in_ascii(reference.surname or "")[:60].strip("-") or "anon"
    stem = f"{author}-{reference.year or 'nd'}"
    letters = (f"{stem}-{letter}" for letter in string.ascii_lowercase[1:])
    more = (f"{stem}-n{number}" for number in range(27, len(used) + 30))
    return next(name for name in (stem, *letters, *more) if name not in used)


def with_search(text: str, search: str, source: str, day: str, query: str | None) -> str:
    """searches.yaml with a search that was run, on one line, so that git merges those of two people; other bytes stay.

    An entry of this id becomes `done` on this day, or stays so on a later one, and keeps source and query. Raises
    WrongUse, with what to type, where its form leaves no place for that.
    """
    document = parse("searches.yaml", text.encode())
    data = document.data if isinstance(document.data, list) else []
    at = next((k for k, entry in enumerate(data) if isinstance(entry, dict) and entry.get("id") == search), None)
    if at is None:
        fields = {"source": source, "status": "done", "date": day} | ({"query": query} if query else {})
        told = ", ".join(f"{key}: {quoted(value)}" for key, value in fields.items())
        before = text if data else re.sub(r"(?m)^\[\s*\]\s*$", "", text)  # an empty list, as some write it
        new = f"{before}{'' if not before or before.endswith(chr(10)) else chr(10)}- {{id: {search}, {told}}}\n"
        if (found := parse("searches.yaml", new.encode())).problems or found.data[:-1] != data:
            raise WrongUse("searches.yaml: begin each entry with '- ' at the margin, then run this again")
        return new
    day = max(day, as_typed(data[at].get("date")) or "") if data[at].get("status") == "done" else day
    wanted = [one if k != at else {**one, "status": "done", "date": day} for k, one in enumerate(data)]
    lines = text.split("\n")
    edits: list[tuple[int, int, int, str]] = []  # line, column, characters to replace, by what
    for field, value in (("status", "done"), ("date", quoted(day))):
        if as_typed(data[at].get(field)) == as_typed(wanted[at][field]):
            continue
        place = document.position((at, field if field in data[at] else "status"))
        line, end = lines[place.line - 1], place.column + place.length
        if field in data[at]:
            edits.append((place.line, place.column, place.length, value))
        elif "{" in line[: place.column]:
            edits.append((place.line, end, 0, f", {field}: {value}"))
        else:
            indent = len(line) - len(line.lstrip(" "))
            edits.append((place.line, len(line) + 1, 0, f"\n{' ' * indent}{field}: {value}"))
    for number, column, length, value in sorted(edits, reverse=True):
        line = lines[number - 1]
        lines[number - 1] = f"{line[: column - 1]}{value}{line[column - 1 + length :]}"
    changed = "\n".join(lines)
    if parse("searches.yaml", changed.encode()).data != wanted:
        raise WrongUse(
            f'searches.yaml: write status: done and date: "{day}" into the entry {search}, then run this again'
        )
    return changed
