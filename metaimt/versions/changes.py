"""What is new in one state of a review against another, as one frozen object for the terminal, the report and the page.

Everything in it was computed elsewhere and is given.

Version numbers, YEAR.N, and what kind of change a version makes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from metaimt.casefiles.protocol import ConclusionTest, Protocol
from metaimt.casefiles.version_files import version_key
from metaimt.problem import WrongUse
from metaimt.serialise import published, spread
from metaimt.versions.records import NO_CHANGES, RecordChanges, record_changes, reworded
from metaimt.versions.side import (
    DATA,
    PACKAGE,
    PROTOCOL,
    Crossing,
    Group,
    Move,
    Number,
    NumberChange,
    Side,
    State,
    Warned,
    crossings,
    moves_between,
    renamed_placings,
    renamed_warnings,
)
from metaimt.versions.stored import News

FIRST = "first version"
CONCLUSION = "conclusion changed"
EVIDENCE = "evidence added"
CORRECTED = "error corrected"
SELECTION = "selection changed"
METHOD = "method changed"
_CLINICAL = ("patients", "arms", "cohort")
_SELECTS = ("format", "eligible", "rows", "pools", "strata", "links", "outcome")
_NO_METHOD = ("version", "living", "authors", "labels", "title", "question", "headline", "licence")


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
    return (FIRST,) if changes.old is None else tuple(dict.fromkeys(_kinds(changes)))


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
    protocol = [field for edited in records.shared if edited.file == "review.yaml" for field in edited.fields]
    if any(field.path.startswith(_SELECTS) for field in protocol):
        yield SELECTION
    if any(not field.path.startswith((*_NO_METHOD, *_SELECTS)) for field in protocol) or _package_moved(changes):
        yield METHOD


def _package_moved(changes: Changes) -> bool:
    return any(
        cause == "package" and not (before.is_same(after) if before else after is None)
        for number in changes.numbers
        for cause, before, after in number.steps
    )


UNKNOWN = "not known"  # the cause, where the old files cannot be read by today's package


@published(spread("warned"), "cause")
@dataclass(frozen=True, slots=True)
class WarningChange:
    """A warning that is new or was cleared, by a change of the data, the protocol or the package (a new rule)."""

    warned: Warned
    is_new: bool
    cause: str


_WORDS = (("new", True), ("cleared", False))


@published(
    "old",
    "new",
    "records",
    "numbers",
    format=lambda _: 1,
    nothing_new="nothing",
    kinds=kinds_of,
    comments_or_layout="reworded",
    units="moves",
    warnings=lambda each: {word: [w for w in each.warnings if w.is_new is new] for word, new in _WORDS},
    conclusion_test=lambda each: {"crossed": each.crossed, "pools": each.conclusion},
    not_recomputed=lambda each: each.unreadable or None,
    package_compared=lambda each: each.printed and not each.unreadable,
)
@dataclass(frozen=True)
class Changes:
    """From `old` to `new`, both by name. `old` is None where no version is frozen yet: then everything is new.

    `conclusion` is the test of each pool, empty where the protocol has none (`tested` False) or nothing can be
    compared. `printed` is False where the old state is no frozen version: what it printed is not known, so a change
    by the package cannot show. `reworded`: files in which only comments or layout changed. `unreadable`: why the old
    files could not be recomputed. `history`: the frozen versions, newest first.
    """

    old: str | None
    new: str
    records: RecordChanges = NO_CHANGES
    moves: tuple[Move, ...] = ()
    numbers: tuple[NumberChange, ...] = ()
    warnings: tuple[WarningChange, ...] = ()
    conclusion: tuple[Crossing, ...] = ()
    tested: bool = False
    printed: bool = True
    reworded: tuple[str, ...] = ()
    unreadable: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    history: tuple[News, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the two states are the same in all that is compared; comments and layout do not count."""
        moved = any(not number.is_same for number in self.numbers)
        return self.old is not None and not (self.records or self.moves or self.warnings or moved or self.unreadable)

    @property
    def crossed(self) -> bool | None:
        """Whether the conclusion changed by the protocol's test; None where it could not be made."""
        return any(crossing.crossed for crossing in self.conclusion) if self.conclusion else None

    @property
    def moved(self) -> tuple[NumberChange, ...]:
        """The headline numbers that are not the same."""
        return tuple(number for number in self.numbers if not number.is_same)

    def label(self, group: str) -> str:
        """The name shown for a group, or a stratum `pool/stratum` of one."""
        return dict(self.labels).get(group, group.replace("_", " "))


def changes_between(
    old: Side, between: State | None, new: Side, test: ConclusionTest | None, history: tuple[News, ...] = ()
) -> Changes:
    """Everything that differs. `between`: the old files through today's package under the new protocol; None: as old.

    `new.computed` must be there. `test` is the conclusion test that was in force before.
    """
    if new.computed is None:
        raise ValueError("the new state was not computed")
    records = record_changes(old.documents, new.documents)
    renames = dict(records.renamed)
    steps = list(_steps(old, between, new.computed))
    first = steps[0][1] if steps else new.computed
    labels = tuple(sorted(_labels(new.protocol, old.protocol, {*first.numbers, *new.computed.numbers})))
    named = dict(labels)
    tests = crossings(first.numbers, new.computed.numbers, test, lambda name: named.get(name, name)) if test else ()
    return Changes(
        old=old.name if old.name != new.name else f"{old.name} (before)",
        new=new.name if old.name != new.name else f"{new.name} (now)",
        records=records,
        moves=tuple(move for step in steps for move in _moves(step, renames)),
        numbers=tuple(_numbers(old, between, new.computed, named)),
        warnings=tuple(change for step in steps for change in _warnings(step, renames)),
        conclusion=tuple(tests),
        tested=test is not None,
        printed=old.printed is not None,
        reworded=reworded(old.texts, new.texts, records),
        unreadable=old.unreadable,
        labels=labels,
        history=history,
    )


def first_version(new: Side, history: tuple[News, ...] = ()) -> Changes:
    """Before the first frozen version: the numbers as they are, with nothing to compare them with."""
    numbers = new.computed.numbers if new.computed else {}
    labels = tuple(sorted(_labels(new.protocol, None, numbers)))
    found = (NumberChange(group, dict(labels)[group.name], None, None, None, one) for group, one in numbers.items())
    return Changes(None, new.name, numbers=tuple(found), labels=labels, history=history)


_Step = tuple[str, State, State]


def _steps(old: Side, between: State | None, now: State) -> Iterator[_Step]:
    """(cause, before, after) from what was printed to what is computed now, one cause at a time."""
    if old.computed is None:
        if old.printed is not None:
            yield UNKNOWN, old.printed, now
        return
    if old.printed is not None:
        yield PACKAGE, old.printed, old.computed
    if between is not None:
        yield PROTOCOL, old.computed, between
    yield DATA, between or old.computed, now


def _moves(step: _Step, renames: Mapping[str, str]) -> Iterator[Move]:
    cause, before, after = step
    was, now = (renamed_placings(state.placings, renames) for state in (before, after))
    yield from moves_between(was, now, cause)


def _numbers(old: Side, between: State | None, now: State, labels: Mapping[str, str]) -> Iterator[NumberChange]:
    printed = old.printed or old.computed
    before = printed.numbers if printed else {}
    package = old.computed.numbers if old.computed else {}
    protocol = (between.numbers if between else package) if old.computed else {}
    for group in dict.fromkeys([*now.numbers, *before]):
        states: list[Number | None] = [found.get(group) for found in (before, package, protocol, now.numbers)]
        yield NumberChange(group, labels.get(group.name, group.name), *states)


def _labels(new: Protocol | None, old: Protocol | None, groups: Iterable[Group]) -> Iterator[tuple[str, str]]:
    for group in groups:
        yield group.name, ", ".join(_label(new, old, name) for name in group.name.split("/"))


def _label(new: Protocol | None, old: Protocol | None, name: str) -> str:
    known = next((side for side in (new, old) if side is not None and name in side.labels), None)
    return known.label(name) if known is not None else name.replace("_", " ")


def _warnings(step: _Step, renames: Mapping[str, str]) -> Iterator[WarningChange]:
    cause, before, after = step
    was = renamed_warnings(before.warnings, renames) if cause in {DATA, UNKNOWN} else before.warnings
    for is_new, have, had in ((True, after.warnings, was), (False, was, after.warnings)):
        spare = Counter(warned.key for warned in had)
        for warned in have:
            if spare[warned.key]:
                spare[warned.key] -= 1
            else:
                yield WarningChange(warned, is_new, cause)
