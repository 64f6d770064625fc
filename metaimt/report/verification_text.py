"""`metaimt verify` in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metaimt.analyses.wording import plural
from metaimt.content.section import Block, Column, items, paragraph, row, section, table
from metaimt.content.whats_new import field_text, number_text
from metaimt.model.text import Named, Text
from metaimt.render.terminal import blocks_text
from metaimt.versions.records import RecordChanges
from metaimt.versions.side import NumberChange
from metaimt.versions.verification import ABSENT, GONE, NEW, Compared, Difference, Verification, counts_of

_SHOWN = 10
_KINDS = {
    "packages": "Package versions that differ",
    "defaults": "Defaults of the code that changed",
    "protocol": "Protocol, as today's package completes it, that differs",
    "vocabulary": "Terms that differ",
}
_PARTS = {"pools": "pools and strata", "rows": "separate rows", "by": "subgroups"}
_HEADS = {GONE: "gone", NEW: "new"}
_MEANING = (
    "Changed by data: a record that the number counts is read otherwise today. By selection: the same records, other "
    "units counted. By method: the same units, another number. Gone: only the version has it; new: only today."
)


def verification_text(found: Verification) -> str:
    """The verdict first, how many numbers changed by what, which; then what else differs, and what changed since."""
    return blocks_text([paragraph(Named(f"{found.version} {_verdict(found)}.")), *_blocks(found)])


def _verdict(found: Verification) -> str:
    if found.fault is not None:
        return f"is not as it was frozen: {found.fault.message}. Nothing was recomputed; {found.fault.hint}"
    if found.unreadable:
        return f"is as it was frozen, but not reproduced: {found.unreadable}"
    counts = counts_of(found.values)
    said = f"{counts['reproduced']} of {plural(counts['frozen'], 'number')} reproduced"
    return (
        f"is as it was frozen, {'and reproduced from its own content' if found.holds else 'but not reproduced'}: {said}"
    )


def _blocks(found: Verification) -> Iterator[Block]:
    if found.fault is not None:
        return
    if found.differing:
        yield section("Numbers, and what changed them", _counts(found), paragraph(_MEANING))
    headline = [_headline(number, cause) for number, cause in found.headline if cause]
    yield from _listed("Headline numbers that differ", headline)
    rest = found.below_headline
    yield from _listed("Further results that differ", (f"{_difference(one)} ({one.cause})" for one in rest))
    yield from _listed("Units that differ", (f"{m.group}: {m.kind} {m.unit} ({m.rule})" for m in found.units))
    yield from _listed("Records that today's package reads otherwise", found.misread)
    for kind, title in _KINDS.items():
        if kind == "packages" and found.holds:  # they explain a difference, and there is none
            continue
        yield from _listed(title, [_difference(one) for name, one in found.settings if name == kind])
    if found.holds and (added := sum(one.outcome == NEW for one in found.values)):
        yield paragraph("Only today's package gives ", Named(plural(added, "further value")), ".")
    since = [*_since(found.since), *(f"comments or layout of {name}" for name in found.reworded)]
    yield from _listed("In the working tree since", since) or [paragraph("In the working tree since: nothing.")]


def _counts(found: Verification) -> tuple[Block, ...]:
    """A row for each part of the results, and one for all."""
    parts = {one.section: _PARTS.get(one.section, one.section.replace("_", " ")) for one in found.values}
    rows = [
        (said, counts_of(tuple(one for one in found.values if one.section == part))) for part, said in parts.items()
    ]
    rows = [*((said, counts) for said, counts in rows if any(counts.values())), ("all", counts_of(found.values))]
    columns = (Column("numbers"), *(Column(_HEADS.get(name, name), "number") for name in rows[0][1]))
    return table("Numbers", columns, (row(said, *(str(n or "-") for n in counts.values())) for said, counts in rows))


def _headline(number: NumberChange, cause: str) -> str:
    old, new = number_text(number.old), number_text(number.new)
    if old == new and number.old and number.new:
        old, new = number.old.method, f"{number.new.method}, {new}"
    return f"{number.label}: {old} -> {new} ({cause})"


def _difference(one: Difference | Compared) -> str:
    return f"{one.path}: {_value(one.frozen)} -> {_value(one.now)}"


def _value(value: object) -> str:
    return "absent" if value == ABSENT else f"{value:.10g}" if isinstance(value, float) else str(value)


def _since(changes: RecordChanges) -> Iterator[str]:
    yield from (f"added: {one.id}" for one in changes.added)
    yield from (f"removed: {one.id}" for one in changes.removed)
    yield from (f"renamed: {old} -> {new}" for old, new in changes.renamed)
    for one in (*changes.edited, *changes.shared):
        yield from (f"{one.id}: {field_text(field)}" for field in one.fields)


def _listed(title: str, lines: Iterable[str]) -> list[Block]:
    listed = [Text(Named(line)) for line in lines]
    more = [Text(Named(f"and {len(listed) - _SHOWN} more: --format json"))] if len(listed) > _SHOWN else []
    return [section(Text(Named(f"{title}: {len(listed)}")), items([*listed[:_SHOWN], *more]))] if listed else []
