"""One state of a review, as a comparison sees it: its files, its warnings, where each unit is, and the numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.problem import Problem
from metaimt.versions.numbers import Group, Number, headline_numbers
from metaimt.versions.placement import Placings, placings_of
from metaimt.versions.records import Documents, follow

_DIGITS = re.compile(r"\d+(\.\d+)?")
_ASIDES = re.compile(r"\([^()]*\)|[-+]\d+(\.\d+)?")  # scores and counts over the library, which move with every report


@dataclass(frozen=True, slots=True, order=True)
class Warned:
    """A warning or info of a case file, or one of a pooled estimate (rule `estimate`, place: the group)."""

    place: str
    rule: str
    severity: str
    message: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same warning in another state: the numbers of an estimate, or of a score, may be others."""
        return (self.place, self.rule, (_DIGITS if self.rule == "estimate" else _ASIDES).sub("#", self.message))

    def to_dict(self) -> dict[str, str]:
        """All fields by name."""
        names = ("place", "rule", "severity", "message")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class State:
    """What was computed from a state of a review: its warnings, placings and headline numbers."""

    warnings: tuple[Warned, ...]
    placings: Placings
    numbers: Mapping[Group, Number]


@dataclass(frozen=True)
class Side:
    """A state by name: its files, and what today's package makes of it. `printed` is what it said when it was frozen.

    `computed` is None, with `unreadable` saying why, where today's package finds errors in the files or nothing to
    pool; `printed` is None unless the state is a frozen version.
    """

    name: str
    documents: Documents
    texts: Mapping[str, str]
    protocol: Protocol | None
    computed: State | None
    unreadable: str = ""
    printed: State | None = None


def texts_of(library: Library) -> dict[str, str]:
    """Name below the review's folder -> text of every YAML file that was read."""
    return {relative(library, name): document.text for name, document in library.documents.items()}


def documents_of(library: Library) -> dict[str, Any]:
    """Name below the review's folder -> data of every YAML file that was read."""
    return {relative(library, name): document.data for name, document in library.documents.items()}


def relative(library: Library, name: str) -> str:
    """The name of a file below the review's folder."""
    return name.removeprefix(_prefix(library))


def _prefix(library: Library) -> str:
    folder = library.folder.as_posix()
    return "" if folder == "." else f"{folder}/"


def state_of(library: Library, warnings: Iterable[Problem], selection: Selection, results: Mapping[str, Any]) -> State:
    """What was computed, with names that do not tell where the review lies. `results`: as in results.json."""
    found = [_warned(library, problem) for problem in warnings]
    return State(
        tuple(sorted([*found, *estimate_warnings(results)])), placings_of(selection), headline_numbers(results)
    )


def _warned(library: Library, problem: Problem) -> Warned:
    prefix = _prefix(library)
    message = problem.message.replace(prefix, "") if prefix else problem.message
    return Warned(relative(library, problem.file), problem.rule, problem.severity, message)


def estimate_warnings(results: Mapping[str, Any]) -> list[Warned]:
    """What a reader of each pooled estimate must know."""
    found = []
    for name, pool in results["pools"].items():
        parts = {name: pool, **{f"{name}/{stratum}": part for stratum, part in pool["strata"].items()}}
        found += [
            Warned(place, "estimate", "warning", said) for place, part in parts.items() for said in part["warnings"]
        ]
    return found


def renamed_warnings(warnings: Iterable[Warned], renames: Mapping[str, str]) -> tuple[Warned, ...]:
    """The same warnings under the ids that their reports have now."""
    if not renames:
        return tuple(warnings)
    return tuple(Warned(_renamed_file(one.place, renames), one.rule, one.severity, one.message) for one in warnings)


def _renamed_file(place: str, renames: Mapping[str, str]) -> str:
    folder, slash, name = place.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    return f"{folder}{slash}{follow(stem, renames)}{dot}{ending}" if dot else place
