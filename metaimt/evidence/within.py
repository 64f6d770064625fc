"""Patients within arms, and a pool without another by patients: where units of two pools share patients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from metaimt.evidence.sharing import Sharing
from metaimt.model.count import Count, Part
from metaimt.model.unit import Unit

_DESCRIBED = (
    *("histology", "site", "fusion_gene", "fusion_partner", "kinases", "markers", "mutations", "marker_evidence"),
    *("age", "age_group", "sex"),
)


def described(count: Count, shared: Sharing, everyone: Mapping[str, Unit], *, possible: bool = False) -> Count:
    """The same patients, where an arm holds one who is described elsewhere in two parts: he, and the remainder.

    He has what his own description says of him (`_DESCRIBED`), and the arm's report, drug and line. Only links that are
    certain or probable do this, with `possible` those too. An arm that has no room for his response stays whole.
    """
    split: dict[str, list[Part]] = {}
    rest = {part.unit.id: part for part in count.parts if part.unit.arm is not None}
    held = shared.perhaps if possible else shared.within
    for subject, patient in _once(held, shared, everyone):
        for arm_id in held[subject]:
            arm = rest.get(arm_id)
            if arm is None or (r := _responded(patient, arm)) is None:
                continue
            remaining = replace(arm, r=arm.r - r, n=arm.n - 1)
            if not 0 <= remaining.r <= remaining.n:
                continue
            told = {name: getattr(patient, name) or getattr(arm.unit, name) for name in _DESCRIBED}
            split.setdefault(arm_id, []).append(Part(replace(arm.unit, id=patient.id, **told), r, 1))
            rest[arm_id] = remaining
    parts: list[Part] = []
    for part in count.parts:
        parts += [*split.get(part.unit.id, ()), rest.get(part.unit.id, part)]
    return replace(count, parts=tuple(part for part in parts if part.n or part.unit.id not in split))


def _once(
    held: Mapping[str, tuple[str, ...]], shared: Sharing, everyone: Mapping[str, Unit]
) -> Iterator[tuple[str, Unit]]:
    """Each patient who is described within an arm, once: by the most preferred of his evaluable descriptions."""
    order = {unit.subject: place for place, unit in reversed(list(enumerate(shared.order)))}
    found = [(subject, everyone[subject]) for subject in held if subject in everyone]
    found.sort(key=lambda each: (not each[1].evaluable, order[each[0]]))
    taken: set[str] = set()
    for subject, unit in found:
        if taken.isdisjoint({subject} | shared.same[subject]):
            taken.add(subject)
            yield subject, unit


def _responded(patient: Unit, arm: Part) -> int | None:
    """1 or 0, by his own description, or else by an arm in which all or none responded; None if neither says."""
    if patient.evaluable:
        return patient.responders
    return (0 if arm.r == 0 else 1) if arm.n and arm.r in {0, arm.n} else None


def without(count: Count, other: Count, shared: Sharing, everyone: Mapping[str, Unit], title: str) -> Count:
    """The patients of `count` who are not in `other`: who is in both goes, and an arm loses those whom it shares."""
    subjects = frozenset(shared.inside).union(*shared.inside.values())
    reports = frozenset().union(*shared.vaguely)

    def linked(unit: Unit) -> bool:
        return unit.subject in subjects or unit.report in reports

    theirs = [part.unit for part in other.parts if part.n and linked(part.unit)]
    ids = set(other.ids)
    parts = [
        _left_over(part, theirs, shared, everyone) if linked(part.unit) else part
        for part in count.parts
        if part.unit.id not in ids
    ]
    return Count(title, tuple(part for part in parts if part.n or not part.unit.evaluable), count.outcome)


def _left_over(part: Part, theirs: Sequence[Unit], shared: Sharing, everyone: Mapping[str, Unit]) -> Part:
    mine = part.unit.subject
    if not part.n or any(other.subject in shared.inside.get(mine, ()) for other in theirs):
        return replace(part, r=0, n=0)  # nobody, or all of them are within a unit of the other pool
    for unit in _in_common(mine, theirs, shared, everyone):
        n = min(unit.evaluable, part.n)
        r = min(max(unit.responders, part.r - (part.n - n)), part.r, n)
        part = replace(part, r=part.r - r, n=part.n - n)
    return part


def _in_common(mine: str, theirs: Sequence[Unit], shared: Sharing, everyone: Mapping[str, Unit]) -> Iterator[Unit]:
    """Those of an arm who are in the other pool: units within it, then described patients whom both hold.

    Of reports whose link names no patients it is as many as there can be.
    """
    seen: set[str] = set()
    for other in theirs:
        if mine in shared.inside.get(other.subject, ()):
            seen.add(other.subject)
            yield other
    for subject, holders in shared.inside.items():
        both = mine in holders and any(other.subject in holders for other in theirs)
        if both and seen.isdisjoint({subject, *holders}) and subject in everyone:
            seen.add(subject)
            yield everyone[subject]
    report = mine.partition("/")[0]
    yield from (other for other in theirs if frozenset((report, other.report)) in shared.vaguely)
