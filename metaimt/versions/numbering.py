"""Version numbers, YEAR.N, and what kind of change a version makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.version_files import version_key
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.versions.changes import Changes
    from metaimt.versions.records import FieldChange

FIRST = "first version"
CONCLUSION = "conclusion changed"
EVIDENCE = "evidence added"
CORRECTED = "error corrected"
SELECTION = "selection changed"
METHOD = "method changed"
_CLINICAL = ("patients", "arms", "cohort")
_SELECTS = ("format", "eligible", "rows", "pools", "strata", "links", "outcome")
_NO_METHOD = ("version", "living", "authors", "labels", "title", "question", "headline")


def refuse_number(version: str, known: Iterable[str], protocol: Protocol) -> None:
    """Raise WrongUse unless `version` is the next one after the known ones and the one that the protocol names."""
    versions = tuple(known)
    key = version_key(version)
    if key is None:
        raise WrongUse(f"'{version}' is no version number; write YEAR.N, such as {_examples(versions)}")
    if version in versions:
        raise WrongUse(f"{version} is frozen already and stays as it is; the next one is {_examples(versions)}")
    newest = version_key(versions[-1]) if versions else None
    expected = {1} if newest is None or key[0] > newest[0] else {newest[1] + 1} if key[0] == newest[0] else set()
    if key[1] not in expected:
        raise WrongUse(
            f"{version} does not follow {versions[-1] if versions else 'no version'}; next: {_next(versions)}"
        )
    if protocol.version != version:
        raise WrongUse(f'review.yaml says version {protocol.version}; write version: "{version}" there first')


def _examples(versions: tuple[str, ...]) -> str:
    return _next(versions).split(",", maxsplit=1)[0]


def _next(versions: tuple[str, ...]) -> str:
    newest = version_key(versions[-1]) if versions else None
    return f"{newest[0]}.{newest[1] + 1}, or .1 of a later year" if newest else "2026.1, with the year it is made in"


def kinds_of(changes: Changes) -> tuple[str, ...]:
    """All that apply, the weightiest first: conclusion changed, evidence added, error corrected, selection changed,
    method changed.

    Evidence: a report, patient, arm or course more, or a fact of one that was not stated before. Correction: a value
    that was changed or taken out, a report taken out, a link. Selection: who is counted where, by the protocol. Method:
    the rest of the protocol, or the package moved a number.
    """
    if changes.old is None:
        return (FIRST,)
    return tuple(dict.fromkeys(_kinds(changes)))


def _kinds(changes: Changes) -> Iterator[str]:
    if changes.crossed:
        yield CONCLUSION
    records = changes.records
    fields = [field for edited in records.edited for field in edited.fields]
    if records.added or any(field.old is None and field.path.startswith(_CLINICAL) for field in fields):
        yield EVIDENCE
    links = any(edited.file == "links.yaml" for edited in records.shared)
    if records.removed or links or any(field.old is not None for field in fields):
        yield CORRECTED
    protocol = list(_protocol_fields(changes))
    if any(field.path.startswith(_SELECTS) for field in protocol):
        yield SELECTION
    if any(map(_is_method, protocol)) or _package_moved(changes):
        yield METHOD


def _protocol_fields(changes: Changes) -> Iterator[FieldChange]:
    for edited in changes.records.shared:
        if edited.file == "review.yaml":
            yield from edited.fields


def _is_method(field: FieldChange) -> bool:
    return not field.path.startswith((*_NO_METHOD, *_SELECTS))


def _package_moved(changes: Changes) -> bool:
    return any(
        cause == "package" and not (before.is_same(after) if before else after is None)
        for number in changes.numbers
        for cause, before, after in number.steps
    )
