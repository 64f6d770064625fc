"""Whether a frozen version can be reproduced, and what differs if not: numbers, units, defaults, packages, cases.

The recomputed numbers are given to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.version_files import Fault, canonical
from metaimt.serialise import published, to_json
from metaimt.versions.records import NO_CHANGES, Documents, RecordChanges, record_changes
from metaimt.versions.side import PACKAGE, SAME, Move, Placings, moves_between, placings_from
from metaimt.versions.stored import Stored, code_defaults, flat, package_versions, record_digests, terms_of
from metaimt.vocabulary import Vocabulary

ABSENT = "absent"
_NAMES = ("name", "level", "report", "reason", "rho_prior")


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that was frozen and is another now; `absent` on the side that does not have it."""

    path: str
    frozen: Any
    now: Any


@published(
    "version",
    "holds",
    "units",
    format=lambda _: 1,
    edited=lambda each: each.fault and each.fault.message,
    not_recomputed=lambda each: each.unreadable or None,
    numbers=lambda each: {"frozen": each.numbers, "reproduced": each.reproduced, "only_now": each.added},
    differing="values",
    read_otherwise="misread",
    settings=lambda each: [{"kind": kind, **to_json(one)} for kind, one in each.settings],
    since=lambda each: {**to_json(each.since), "comments_or_layout": each.reworded},
)
@dataclass(frozen=True)
class Verification:
    """What became of a frozen version. `fault`: the file was edited, and nothing was recomputed.

    `unreadable`: why today's package cannot analyse its files. `reproduced` of `numbers` agree; `values` lists every
    number and text of the results that does not. `added` counts values that only today's package gives. `misread`:
    records that today's package reads otherwise. `settings` are package versions, defaults, protocol and terms that
    differ; `since` and `reworded` is what changed in the working tree since, beside the point of reproduction.
    """

    version: str
    fault: Fault | None = None
    unreadable: str = ""
    reproduced: int = 0
    numbers: int = 0
    values: tuple[Difference, ...] = ()
    added: int = 0
    units: tuple[Move, ...] = ()
    misread: tuple[str, ...] = ()
    settings: tuple[tuple[str, Difference], ...] = ()
    since: RecordChanges = NO_CHANGES
    reworded: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the file is as it was frozen and everything in it is reproduced."""
        return not (self.fault or self.unreadable or self.values or self.units or self.misread)


def verified(
    stored: Stored,
    documents: Documents,
    *,
    recomputed: tuple[Mapping[str, Any], Placings] | None,
    protocol: Protocol | None,
    vocabulary: Vocabulary,
    working_tree: tuple[Documents, Mapping[str, str]],
    unreadable: str = "",
) -> Verification:
    """Compare a version with what today's package makes of its own content.

    `documents` is its content as read today; `recomputed` the results in the form of results.json, and the placings;
    None where it could not be, and `unreadable` says why. `working_tree`: data and texts by file name.
    """
    content = stored.content
    found = list(_settings(content, protocol, vocabulary))
    since = record_changes(documents, working_tree[0])
    told = {one.file for one in (*since.edited, *since.shared)}
    texts = stored.texts
    reworded = [n for n, text in working_tree[1].items() if n in texts and texts[n] != text and n not in told]
    digests, frozen = record_digests(documents), content["records"]
    misread = [name for name in sorted({*digests, *frozen}) if digests.get(name) != frozen.get(name)]
    values, numbers, added = _values(content["results"], recomputed[0]) if recomputed else ([], 0, 0)
    units = moves_between(placings_from(content["analysis_set"]), recomputed[1], PACKAGE) if recomputed else ()
    wrong = sum(_is_number(one.frozen) for one in values)
    return Verification(
        version=stored.version,
        unreadable=unreadable,
        reproduced=numbers - wrong,
        numbers=numbers,
        values=tuple(values),
        added=added,
        units=tuple(units),
        misread=tuple(misread),
        settings=tuple(found),
        since=since,
        reworded=tuple(sorted(reworded)),
    )


_PRIVATE: Final = re.compile(r"\._\w+\(")  # an argument of a private function, which older versions noted


def _settings(
    content: Mapping[str, Any], protocol: Protocol | None, vocabulary: Vocabulary
) -> Iterator[tuple[str, Difference]]:
    now: dict[str, Any] = {"packages": package_versions(), "defaults": code_defaults()}
    content = {**content, "defaults": {name: v for name, v in content["defaults"].items() if not _PRIVATE.search(name)}}
    now |= {"protocol": protocol.model_dump()} if protocol else {}
    now |= {"vocabulary": terms_of(vocabulary)}
    for kind, today in now.items():
        for difference in _differences(content[kind], canonical(today)):
            yield kind, difference


def _values(frozen: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[list[Difference], int, int]:
    """The values that differ, how many numbers were frozen, and how many values are given only now."""
    before, after = flat(_named(frozen)), flat(_named(canonical(now)))
    numbers = sum(map(_is_number, before.values()))
    differing = [Difference(p, v, after.get(p, ABSENT)) for p, v in sorted(before.items()) if not _agree(v, after, p)]
    return differing, numbers, len(after.keys() - before.keys())


def _agree(value: Any, after: Mapping[str, Any], path: str) -> bool:
    if path not in after:
        return False
    other = after[path]
    if _is_number(value) and _is_number(other):
        return bool(abs(value - other) <= SAME * max(1.0, abs(value)))
    return bool(value == other) and type(value) is type(other)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _differences(frozen: Any, now: Any) -> Iterator[Difference]:
    before, after = flat(frozen), flat(now)
    for path in sorted({*before, *after}):
        one, other = before.get(path, ABSENT), after.get(path, ABSENT)
        if one != other:
            yield Difference(path, one, other)


def _named(data: Any) -> Any:
    """Lists of entries as mappings by what names each, so that a path says `rows.adults`, not `rows[3]`."""
    if isinstance(data, Mapping):
        return {key: _named(value) for key, value in data.items()}
    if not isinstance(data, list):
        return data
    names = [_name(entry) for entry in data]
    if data and None not in names and len(set(names)) == len(names):
        return {str(name): _named(entry) for name, entry in zip(names, data, strict=True)}
    return [_named(entry) for entry in data]


def _name(entry: Any) -> str | None:
    if not isinstance(entry, Mapping):
        return None
    parts = [entry[key] for key in ("pool", *_NAMES, "weight") if key in entry and not isinstance(entry[key], dict)]
    return " ".join(str(part) for part in parts) or None
