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


def described(count: Count, shared: Sharing, everyone: Mapping[str, Unit]) -> Count:
    """The same patients, where an arm holds one who is described elsewhere in two parts: he, and the remainder.

    He has what his own description says of him (`_DESCRIBED`), and the arm's report, drug and line. Only links that are
    certain or probable do this. An arm that has no room for his response stays whole.
    """
    split: dict[str, list[Part]] = {}
    rest = {part.unit.id: part for part in count.parts if part.unit.arm is not None}
    for subject, patient in _once(shared, everyone):
        for arm_id in shared.within[subject]:
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


def _once(shared: Sharing, everyone: Mapping[str, Unit]) -> Iterator[tuple[str, Unit]]:
    """Each patient who is described within an arm, once: by the most preferred of his evaluable descriptions."""
    order = {unit.subject: place for place, unit in reversed(list(enumerate(shared.order)))}
    found = [(subject, everyone[subject]) for subject in shared.within if subject in everyone]
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


def without(count: Count, other: Count, shared: Sharing, title: str) -> Count:
    """The patients of `count` who are not in `other`: units that both have go, and of an arm those whom it shares."""
    ids = set(other.ids)
    parts = {part.unit.id: part for part in count.parts if part.unit.id not in ids}
    for part in other.parts:
        if part.unit.id in count.ids:
            continue
        holder = next((parts[name] for name in _sorted(shared, part.unit) if name in parts), None)
        if holder is not None and holder.n:
            n = min(part.n, holder.n)
            r = min(max(part.r, holder.r - (holder.n - n)), holder.r, n)
            parts[holder.unit.id] = replace(holder, r=holder.r - r, n=holder.n - n)
    return Count(title, tuple(part for part in parts.values() if part.n or not part.unit.evaluable), count.outcome)


def _sorted(shared: Sharing, unit: Unit) -> Sequence[str]:
    return sorted(shared.shares.get(unit.id, ()))
