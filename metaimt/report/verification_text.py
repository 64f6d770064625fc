"""`metaimt verify` in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metaimt.content.whats_new import field_text, number_text
from metaimt.files import for_terminal
from metaimt.report.whats_new import wrapped
from metaimt.report.wording import plural
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
    return "\n\n".join(filter(None, [_verdict(found), *_blocks(found)]))


def _verdict(found: Verification) -> str:
    if found.fault is not None:
        said = f"{found.fault.message}. Nothing was recomputed; {found.fault.hint}"
        return wrapped(f"{found.version} is not as it was frozen: {said}.")
    if found.unreadable:
        return wrapped(f"{found.version} is as it was frozen, but not reproduced: {found.unreadable}.")
    counts = counts_of(found.values)
    said = f"{counts['reproduced']} of {plural(counts['frozen'], 'number')} reproduced"
    if found.holds:
        return wrapped(f"{found.version} is as it was frozen, and reproduced from its own content: {said}.")
    return wrapped(f"{found.version} is as it was frozen, but not reproduced: {said}.")


def _blocks(found: Verification) -> Iterator[str]:
    if found.fault is not None:
        return
    if found.differing:
        yield _counts(found)
        yield wrapped(_MEANING)
    headline = [_headline(number, cause) for number, cause in found.headline if cause]
    yield _block("Headline numbers that differ", headline)
    rest = found.below_headline
    yield _block("Further results that differ", (f"{_difference(one)} ({one.cause})" for one in rest))
    yield _block("Units that differ", (f"{m.group}: {m.kind} {m.unit} ({m.rule})" for m in found.units))
    yield _block("Records that today's package reads otherwise", found.misread)
    for kind, title in _KINDS.items():
        if kind == "packages" and found.holds:  # they explain a difference, and there is none
            continue
        yield _block(title, [_difference(one) for name, one in found.settings if name == kind])
    if found.holds and (added := sum(one.outcome == NEW for one in found.values)):
        yield wrapped(f"Only today's package gives {plural(added, 'further value')}.")
    since = [*_since(found.since), *(f"comments or layout of {name}" for name in found.reworded)]
    yield _block("In the working tree since", since) or "In the working tree since: nothing."


def _counts(found: Verification) -> str:
    """A line for each part of the results, and one for all."""
    parts = {one.section: _PARTS.get(one.section, one.section.replace("_", " ")) for one in found.values}
    rows = [
        (name, counts_of(tuple(one for one in found.values if one.section == part))) for part, name in parts.items()
    ]
    rows = [(name, counts) for name, counts in rows if any(counts.values())] + [("all", counts_of(found.values))]
    wide = max(len(for_terminal(name)) for name, _ in [*rows, ("numbers", {})])
    heads = {name: _HEADS.get(name, name) for name in rows[0][1]}
    lines = [f"{'numbers':<{wide}}" + "".join(f"  {head:>6}" for head in heads.values())]
    for name, counts in rows:
        cells = (f"  {counts[key] or '-':>{max(6, len(head))}}" for key, head in heads.items())
        lines.append(f"{for_terminal(name):<{wide}}" + "".join(cells))
    return "\n".join(lines)


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


def _block(title: str, lines: Iterable[str]) -> str:
    listed = list(lines)
    if not listed:
        return ""
    more = [f"and {len(listed) - _SHOWN} more: --format json"] if len(listed) > _SHOWN else []
    return "\n".join([f"{title}: {len(listed)}", *(wrapped(line, 2) for line in [*listed[:_SHOWN], *more])])
