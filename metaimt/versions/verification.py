"""Whether a frozen version can be reproduced, number by number, and what changed those that are not.

The recomputed numbers are given to it. What changed a number is the first of three that applies. Data: a record that
it counts is read otherwise today, although its text is the frozen one. Selection: the records are the same, and other
units are counted, or a unit with other counts. Method: the same units give another number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.version_files import Fault, canonical
from metaimt.serialise import published, to_json
from metaimt.versions.records import NO_CHANGES, Documents, RecordChanges, record_changes, reworded
from metaimt.versions.side import (
    DATA,
    PACKAGE,
    SAME,
    Group,
    Move,
    NumberChange,
    Placings,
    headline_numbers,
    moves_between,
    placings_from,
)
from metaimt.versions.stored import Stored, code_defaults, flat, package_versions, record_digests, terms_of
from metaimt.vocabulary import Vocabulary

SELECTION, METHOD = "selection", "method"
CAUSES = (DATA, SELECTION, METHOD)
REPRODUCED, CHANGED, GONE, NEW = "reproduced", "changed", "only frozen", "only now"
ABSENT = "absent"
SECTIONS = ("pools", "rows", "by", "sensitivity", "heterogeneity", "local", "not_in_headline")  # by importance
_NAMES = ("name", "level", "report", "reason", "rho_prior")
_COUNTS = ("responders", "evaluable", "reports")
_HEADLINE = (*_COUNTS, "orr.estimate", "orr.lower", "orr.upper", "orr.method")


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that was frozen and is another now; `absent` on the side that does not have it."""

    path: str
    frozen: Any
    now: Any


@published("path", "frozen", "now", "outcome", caused_by=lambda each: each.cause or None)
@dataclass(frozen=True, slots=True)
class Compared:
    """A number or text of the results, as frozen and as recomputed; `cause` is one of CAUSES, "" if reproduced."""

    path: str
    frozen: Any
    now: Any
    cause: str

    @property
    def outcome(self) -> str:
        """Reproduced, changed, or which side alone has it."""
        if not self.cause:
            return REPRODUCED
        return GONE if self.now == ABSENT else NEW if self.frozen == ABSENT else CHANGED

    @property
    def section(self) -> str:
        """The part of the results that it stands in."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]

    @property
    def is_number(self) -> bool:
        """Whether it is a number on the side that has it."""
        return _is_number(self.now if self.frozen == ABSENT else self.frozen)


def counts_of(values: Iterable[Compared]) -> dict[str, int]:
    """How many numbers were frozen and reproduced, changed by each of CAUSES, and are only frozen or only there now."""
    numbers = [one for one in values if one.is_number]
    outcomes = [one.outcome for one in numbers]
    changed = [one.cause for one in numbers if one.outcome == CHANGED]
    found = {"frozen": len(numbers) - outcomes.count(NEW), REPRODUCED: outcomes.count(REPRODUCED)}
    found |= {cause: changed.count(cause) for cause in CAUSES}
    return {**found, GONE: outcomes.count(GONE), NEW: outcomes.count(NEW)}


@published(
    "version",
    "holds",
    "values",
    "units",
    format=lambda _: 2,
    edited=lambda each: each.fault and each.fault.message,
    not_recomputed=lambda each: each.unreadable or None,
    numbers=lambda each: {name.replace(" ", "_"): number for name, number in counts_of(each.values).items()},
    headline=lambda each: [{**to_json(number), "caused_by": cause or None} for number, cause in each.headline],
    read_otherwise="misread",
    settings=lambda each: [{"kind": kind, **to_json(one)} for kind, one in each.settings],
    since=lambda each: {**to_json(each.since), "comments_or_layout": each.reworded},
)
@dataclass(frozen=True)
class Verification:
    """What became of a frozen version. `fault`: the file was edited, and nothing was recomputed.

    `unreadable`: why today's package cannot analyse its files. `values` has every number and text of the results, the
    most important first; `headline` the rates of pools, strata and rows, each with what changed it. `misread`: records
    that today's package reads otherwise. `settings` are package versions, defaults, protocol and terms that differ;
    `since` and `reworded` is what changed in the working tree since, beside the point of reproduction.
    """

    version: str
    fault: Fault | None = None
    unreadable: str = ""
    values: tuple[Compared, ...] = ()
    headline: tuple[tuple[NumberChange, str], ...] = ()
    units: tuple[Move, ...] = ()
    misread: tuple[str, ...] = ()
    settings: tuple[tuple[str, Difference], ...] = ()
    since: RecordChanges = NO_CHANGES
    reworded: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[Compared, ...]:
        """The frozen values that are not reproduced."""
        return tuple(one for one in self.values if one.outcome in {CHANGED, GONE})

    @property
    def below_headline(self) -> tuple[Compared, ...]:
        """Those of `differing` that are no part of a headline number."""
        shown = {f"{_path(number.group)}.{name}" for number, _ in self.headline for name in _HEADLINE}
        return tuple(one for one in self.differing if one.path not in shown)

    @property
    def holds(self) -> bool:
        """Whether the file is as it was frozen and everything in it is reproduced."""
        return not (self.fault or self.unreadable or self.differing or self.units or self.misread)


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
    since = record_changes(documents, working_tree[0])
    digests, frozen = record_digests(documents), content["records"]
    misread = [name for name in sorted({*digests, *frozen}) if digests.get(name) != frozen.get(name)]
    found = Verification(
        version=stored.version,
        unreadable=unreadable,
        misread=tuple(misread),
        settings=tuple(_settings(content, protocol, vocabulary)),
        since=since,
        reworded=reworded(stored.texts, working_tree[1], since),
    )
    if recomputed is None:
        return found
    before, (results, after) = placings_from(content["analysis_set"]), recomputed
    causes = Causes(content["results"], results, before, after, misread)
    labels = protocol.label if protocol else str
    return replace(
        found,
        values=tuple(causes.values()),
        headline=tuple(causes.headline(labels)),
        units=tuple(causes.moves),
    )


class Causes:
    """What changed each number of two results, by the placings that they rest on and the records read otherwise."""

    def __init__(
        self, frozen: Mapping[str, Any], now: Mapping[str, Any], before: Placings, after: Placings, misread: list[str]
    ) -> None:
        self._frozen, self._now = frozen, canonical(now)
        self._flat = flat(_named(frozen)), flat(_named(self._now))
        self._groups = {group for side in (before, after) for one in side.values() for group in one.left_out}
        self.moves = list(moves_between(before, after, PACKAGE))
        self._moved = {move.group for move in self.moves if move.group}
        self._misread = {
            group
            for side in (before, after)
            for unit, one in side.items()
            for group, reasons in one.left_out.items()
            if not reasons and unit.partition("/")[0] in misread
        }

    def values(self) -> list[Compared]:
        """Every number and text that either side has, by importance."""
        before, after = self._flat
        order = {name: place for place, name in enumerate(SECTIONS)}
        first = str(self._frozen.get("headline"))
        found = [
            Compared(path, before.get(path, ABSENT), after.get(path, ABSENT), self._cause(path))
            for path in sorted({*before, *after})
        ]
        return sorted(
            found,
            key=lambda one: (
                one.outcome == GONE,
                order.get(one.section, len(order)),
                first not in self._group(one.path),
            ),
        )

    def headline(self, label: Callable[[str], str]) -> Iterator[tuple[NumberChange, str]]:
        """The rates of pools, their strata and separate rows."""
        old, new = headline_numbers(self._frozen), headline_numbers(self._now)
        first = str(self._frozen.get("headline"))
        groups = dict.fromkeys([*old, *new])
        for group in sorted(groups, key=lambda one: (one.kind == "row", first not in one.name.split("/"))):
            words = ", ".join(map(label, group.name.split("/")))
            change = NumberChange(group, words, old.get(group), None, None, new.get(group))
            yield change, "" if change.is_same else self._why(_path(group) + ".orr")

    def _cause(self, path: str) -> str:
        before, after = self._flat
        return "" if path in before and _agree(before[path], after, path) else self._why(path)

    def _why(self, path: str) -> str:
        groups = self._group(path) or self._groups
        if groups & self._misread:
            return DATA
        return SELECTION if groups & self._moved or self._recounted(path) else METHOD

    def _group(self, path: str) -> set[str]:
        """The pool or row that a path names, alone or before a space; none if it names none."""
        parts = (part.partition(" ")[0] for part in path.split("."))
        return {next((part for part in parts if part in self._groups), "")} - {""}

    def _recounted(self, path: str) -> bool:
        """Whether the nearest counts that both sides have around a number are others."""
        before, after = self._flat
        while path := path.rpartition(".")[0]:
            if f"{path}.evaluable" in before.keys() & after.keys():
                counts = (f"{path}.{name}" for name in _COUNTS)
                return any(before[name] != after[name] for name in counts if name in before and name in after)
        return False


def _path(group: Group) -> str:
    pool, _, stratum = group.name.partition("/")
    return f"rows.{pool}" if group.kind == "row" else f"pools.{pool}" + (f".strata.{stratum}" if stratum else "")


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
            if (difference.frozen, difference.now) != (ABSENT, None):  # a field of later that this protocol leaves out
                yield kind, difference


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
