"""What changed in the files of a review, field by field: patients by id, arms by label, courses in their order.

Works on what the files say, before any model fills in a default; a comment, the layout or the order of fields is no
change of a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metaimt.casefiles.former_keys import present_document
from metaimt.casefiles.library import CASE_FOLDERS
from metaimt.casefiles.second_reading import FOLDER as SECOND_FOLDER
from metaimt.casefiles.version_files import canonical, digest_of
from metaimt.serialise import published

_KEYS = ("id", "label", "name", "reports", "what", "rule")  # what tells the entries of a list apart
_ID = r"[a-z0-9][a-z0-9-]*"
_REFERENCES = re.compile(rf"{_ID}(/\S+)?(\s+(=|in)\s+{_ID}/\S+)?")  # id, id/P1, or id/P1 = id/P2
_IDS = re.compile(rf"(?:^|(?<=\s)){_ID}(?=/|$)")
Documents = Mapping[str, Any]  # name of the file below the review's folder -> its data


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A value at a path such as `patients[P1].courses[1].response`; None: not stated on that side."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Record:
    """A report that was added or removed, with the numbers of its patients and arms."""

    id: str
    file: str
    design: str
    patients: int
    arms: int


@dataclass(frozen=True, slots=True)
class Edited:
    """A report or shared file of both sides whose fields changed; `id` is the report's id, or the file's name."""

    id: str
    file: str
    fields: tuple[FieldChange, ...]


@published(
    "added",
    "removed",
    renamed=lambda each: [{"old": old, "new": new} for old, new in each.renamed],
    changed="edited",
    shared_files="shared",
)
@dataclass(frozen=True)
class RecordChanges:
    """All that differs between the files of two states. `renamed` holds (former id, id)."""

    added: tuple[Record, ...] = ()
    removed: tuple[Record, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    edited: tuple[Edited, ...] = ()
    shared: tuple[Edited, ...] = ()

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.renamed, self.edited, self.shared))


NO_CHANGES = RecordChanges()


def is_case_file(name: str) -> bool:
    """Whether a file of a review is that of a report."""
    return name.split("/", 1)[0] in CASE_FOLDERS


def reports_in(documents: Documents) -> dict[str, tuple[str, Any]]:
    """Report id -> (file, data) of the case files."""
    found: dict[str, tuple[str, Any]] = {}
    for name in sorted(documents):
        if is_case_file(name):
            found.setdefault(report_id(name, documents[name]), (name, documents[name]))
    return found


def _mapping(data: Any, key: str) -> dict[str, Any]:
    """What stands under a key; empty where that is no mapping."""
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def report_id(name: str, data: Any) -> str:
    """The id that a case file gives, or its name."""
    given = _mapping(data, "report").get("id")
    return str(given) if given else name.rpartition("/")[2].rpartition(".")[0]


def record_changes(old: Documents, new: Documents) -> RecordChanges:
    """Compare the files of two states of a review; a key that was renamed is no change."""
    old, new = ({name: present_document(name, data) for name, data in each.items()} for each in (old, new))
    before, after = reports_in(old), reports_in(new)
    renames = renames_between(before, after)
    gone = [name for name in before if name not in after and name not in renames]
    come = [name for name in after if name not in before and name not in renames.values()]
    edited = []
    for name in sorted(before):
        follows = renames.get(name, name)
        if follows in after:
            fields = tuple(_fields(_without_name(before[name][1], renames), _without_name(after[follows][1], {})))
            edited += [Edited(follows, after[follows][0], fields)] if fields else []
    return RecordChanges(
        added=tuple(_record(name, *after[name]) for name in sorted(come)),
        removed=tuple(_record(name, *before[name]) for name in sorted(gone)),
        renamed=tuple(sorted(renames.items())),
        edited=tuple(edited),
        shared=tuple(_shared(old, new, renames)),
    )


def reworded(old: Mapping[str, str], new: Mapping[str, str], changes: RecordChanges) -> tuple[str, ...]:
    """Files (name -> text) of both states whose text differs though no field does: comments or layout."""
    told = {one.file for one in (*changes.edited, *changes.shared)}
    return tuple(name for name in sorted(new) if name in old and old[name] != new[name] and name not in told)


def renames_between(before: Mapping[str, tuple[str, Any]], after: Mapping[str, tuple[str, Any]]) -> dict[str, str]:
    """Id before -> id after of the reports that were renamed, by the `former_ids` of either side."""
    forward = dict(_former_ids(after, before))
    return forward | {now: was for was, now in _former_ids(before, after) if now not in forward}


def _former_ids(named: Mapping[str, tuple[str, Any]], others: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(former id, id) of the reports that only `named` has, where only `others` has the former id."""
    taken: set[str] = set()
    for name, (_, data) in sorted(named.items()):
        formers = _mapping(data, "report").get("former_ids")
        for former in formers if isinstance(formers, list) and name not in others else ():
            if isinstance(former, str) and former in others and former not in named and former not in taken:
                taken.add(former)
                yield former, name
                break


def follow(value: Any, renames: Mapping[str, str]) -> Any:
    """`value` with every id that was renamed in its new form: alone, or before the slash of `id/P1 = id/P2`."""
    if not renames:
        return value
    if isinstance(value, dict):
        return {key: follow(part, renames) for key, part in value.items()}
    if isinstance(value, list):
        return [follow(part, renames) for part in value]
    if not isinstance(value, str) or not _REFERENCES.fullmatch(value):
        return value
    return _IDS.sub(lambda match: renames.get(match[0], match[0]), value)


def _without_name(data: Any, renames: Mapping[str, str]) -> Any:
    """A case file without its id and former ids; ids that it names under `overlaps` follow renames."""
    report = _mapping(data, "report")
    if not report:
        return data
    kept = {key: value for key, value in report.items() if key not in {"id", "former_ids"}}
    if "overlaps" in kept:
        kept["overlaps"] = follow(kept["overlaps"], renames)
    return {**data, "report": kept}


def _record(name: str, file: str, data: Any) -> Record:
    data = data if isinstance(data, dict) else {}
    design = _mapping(data, "report").get("design")
    patients, arms = (len(part) if isinstance(part := data.get(key), list) else 0 for key in ("patients", "arms"))
    return Record(name, file, str(design or "not stated"), patients, arms)


def _at_home(documents: Documents, others: Documents) -> Documents:
    """The shared files; a second reading in second-reading/ itself by the place where the other side has it."""
    found: dict[str, Any] = {}
    for name, data in documents.items():
        folder, _, file = name.rpartition("/")
        by = _mapping(data, "extraction").get("by") if folder == SECOND_FOLDER else None
        home = f"{folder}/{by}/{file}" if isinstance(by, str) and "/" not in by else name
        if not is_case_file(name):
            moved = home in others and name not in others and home not in documents
            found[home if moved else name] = data
    return found


def _shared(old: Documents, new: Documents, renames: Mapping[str, str]) -> Iterator[Edited]:
    old, new = _at_home(old, new), _at_home(new, old)
    for name in sorted({*old, *new}):
        before = follow(old.get(name), renames) if name == "links.yaml" else old.get(name)
        if fields := tuple(_fields(before, new.get(name))):
            yield Edited(name, name, fields)


def _fields(old: Any, new: Any, path: str = "") -> Iterator[FieldChange]:
    """The changes between two values; the parts of a mapping or list are compared by key, name or place."""
    if digest_of(old) == digest_of(new):
        return
    if _both(dict, old, new):
        one, other = old or {}, new or {}
        for key in sorted({*one, *other}):
            yield from _fields(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
    elif _both(list, old, new) and _of_entries(old or [], new or []):
        one, other = _by_name(old or [], new or [])
        for name in dict.fromkeys([*one, *other]):
            yield from _entry(one.get(name), other.get(name), f"{path}[{name}]")
    else:
        yield FieldChange(path, canonical(old), canonical(new))


def _entry(old: Any, new: Any, path: str) -> Iterator[FieldChange]:
    """One entry of a list; one that came or went is one change."""
    if old is None or new is None:
        yield FieldChange(path, canonical(old), canonical(new))
    else:
        yield from _fields(old, new, path)


def _both(kind: type, *values: Any) -> bool:
    return all(value is None or isinstance(value, kind) for value in values)


def _of_entries(*lists: list[Any]) -> bool:
    entries = [entry for one in lists for entry in one]
    return bool(entries) and all(isinstance(entry, dict) for entry in entries)


def _by_name(*lists: list[Any]) -> list[dict[str, Any]]:
    """The entries of both lists under what tells them apart in both, else under their place, from 1."""
    for key in _KEYS:
        named = [[_name(entry.get(key)) for entry in one] for one in lists]
        if all(None not in names and len(set(names)) == len(names) for names in named):
            return [dict(zip(map(str, names), one, strict=True)) for names, one in zip(named, lists, strict=True)]
    return [{str(place): entry for place, entry in enumerate(one, start=1)} for one in lists]


def _name(value: Any) -> str | None:
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return " + ".join(sorted(value))
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
