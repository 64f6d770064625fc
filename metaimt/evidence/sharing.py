"""Which units share patients, and in which order they are asked: what `links.yaml` says, followed through chains.

`a in b` and `b in c` put the patients of a into c. Two arms that both hold the same patient share him. Two arms that
are both part of a third need not share anybody. A link that names no patients says that its two reports share some,
and nothing about a third. A possible link that prefers neither report is a note: both are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from metaimt.casefiles.protocol import POSSIBLE
from metaimt.casefiles.shared import Link
from metaimt.model.count import grouped
from metaimt.model.unit import Unit


@dataclass(frozen=True)
class Sharing:
    """`shares`: unit id -> ids of the units that share patients with it. `order`: all units, preferred ones first.

    `within` has, for a patient described apart, the subject of each arm that certainly or probably holds him, `perhaps`
    those of possible links too; `same` the subjects that are the same patients as his. `inside`: subject -> all
    subjects that hold its patients; `vaguely` the pairs of reports whose links name no patients.
    """

    shares: Mapping[str, frozenset[str]]
    order: tuple[Unit, ...]
    within: Mapping[str, tuple[str, ...]]
    perhaps: Mapping[str, tuple[str, ...]]
    same: Mapping[str, frozenset[str]]
    inside: Mapping[str, frozenset[str]]
    vaguely: frozenset[frozenset[str]]


def sharing(links: Iterable[Link], certainties: Sequence[str], everyone: Sequence[Unit]) -> Sharing:
    """What the links of these certainties say about the units."""
    by_subject = grouped(everyone, lambda unit: unit.subject)
    of_report = {
        report: dict.fromkeys(unit.subject for unit in units)
        for report, units in grouped(everyone, lambda unit: unit.report).items()
    }
    applied = [link for link in links if link.certainty in certainties and link.prefer]
    inside, sure = _inside(applied), _inside([link for link in applied if link.certainty != POSSIBLE])
    steps = [step for link in applied for step in _steps(link, of_report)]
    pairs = {tuple(sorted(step)) for step in steps}
    for subject in inside:
        pairs |= set(combinations(sorted(_reached(subject, inside) | {subject}), 2))
    shares: dict[str, set[str]] = {}
    for one, other in pairs:
        for mine, theirs in product(by_subject.get(one, ()), by_subject.get(other, ())):
            shares.setdefault(mine.id, set()).add(theirs.id)
            shares.setdefault(theirs.id, set()).add(mine.id)
    arms = {subject for subject, units in by_subject.items() if units[0].arm is not None}
    patients = [subject for subject in inside if subject in by_subject and subject not in arms]
    perhaps = {subject: tuple(sorted(_reached(subject, inside) & arms)) for subject in patients}
    within = {subject: tuple(sorted(_reached(subject, sure) & arms)) for subject in patients if subject in sure}
    same = {
        subject: frozenset(other for other in _reached(subject, inside) if subject in _reached(other, inside))
        for subject in patients
    }
    frozen = {name: frozenset(others) for name, others in shares.items()}
    held = {subject: frozenset(_reached(subject, inside)) for subject in inside}
    vaguely = frozenset(frozenset(link.reports) for link in applied if not link.patients)
    return Sharing(frozen, _preferred_first(by_subject, steps), within, perhaps, same, held, vaguely)


def _inside(links: Iterable[Link]) -> dict[str, set[str]]:
    """Subject -> the subjects that hold all its patients, by one link each."""
    found: dict[str, set[str]] = {}
    for same in (same for link in links for same in link.patients):
        left, right = "/".join(same.left), "/".join(same.right)
        found.setdefault(left, set()).add(right)
        if same.relation == "=":
            found.setdefault(right, set()).add(left)
    return found


def pairs_of(link: Link) -> Iterator[tuple[str, str, str]]:
    """(subject that gives way, preferred subject, = or in) of the patients that a link names."""
    for same in link.patients:
        giving, preferred = same.side(link.gives_way), same.side(link.prefer)
        if giving is not None and preferred is not None:
            yield "/".join(giving), "/".join(preferred), same.relation


def _steps(link: Link, of_report: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    """(subject that gives way, preferred subject); a link that names none means all of the two reports."""
    if not link.patients:
        yield from product(of_report.get(link.gives_way, ()), of_report.get(link.prefer, ()))
    yield from ((giving, preferred) for giving, preferred, _ in pairs_of(link))


def _reached(start: str, steps: Mapping[str, set[str]]) -> set[str]:
    """Everything that steps lead to from `start`, without `start`."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = steps.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found - {start}


def _preferred_first(by_subject: Mapping[str, list[Unit]], steps: Iterable[tuple[str, str]]) -> tuple[Unit, ...]:
    """Each unit after those to which it gives way, else in the order of the library; a circle ends where it began."""
    gives_way: dict[str, set[str]] = {}
    for giving, preferred in steps:
        gives_way.setdefault(giving, set()).add(preferred)
    placed: dict[str, None] = {}

    def place(subject: str, above: frozenset[str]) -> None:
        for preferred in sorted(gives_way.get(subject, ())):
            if preferred not in placed and preferred not in above:  # also through a file that is pending
                place(preferred, above | {subject})
        placed.setdefault(subject)

    for subject in by_subject:
        place(subject, frozenset())
    return tuple(unit for subject in placed for unit in by_subject.get(subject, ()))
