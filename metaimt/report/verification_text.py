"""`metaimt verify` in words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from metaimt.files import for_terminal
from metaimt.report.whats_new import field_text
from metaimt.report.wording import plural
from metaimt.versions.records import RecordChanges
from metaimt.versions.verification import ABSENT, Difference, Verification

WIDTH = 80
_SHOWN = 20
_KINDS = {
    "packages": "Package versions that differ",
    "defaults": "Defaults of the code that changed",
    "protocol": "Protocol, as today's package completes it, that differs",
    "vocabulary": "Terms that differ",
}


def verification_text(found: Verification) -> str:
    """The verdict first, then what differs, then what changed in the working tree since."""
    return "\n\n".join(filter(None, [_verdict(found), *_blocks(found)]))


def _verdict(found: Verification) -> str:
    if found.fault is not None:
        return _wrapped(
            f"{found.version} was changed: {found.fault.message}. Nothing was recomputed; {found.fault.hint}."
        )
    if found.unreadable:
        return _wrapped(f"{found.version} is as it was frozen, but not reproduced: {found.unreadable}.")
    said = f"{found.reproduced} of {plural(found.numbers, 'number')} reproduced"
    if found.holds:
        return _wrapped(f"{found.version} is as it was frozen, and reproduced from its own content: {said}.")
    return _wrapped(f"{found.version} is as it was frozen, but not reproduced: {said}.")


def _blocks(found: Verification) -> Iterator[str]:
    if found.fault is not None:
        return
    yield _block("Results that differ", map(_difference, found.values))
    yield _block("Units that differ", (f"{m.group}: {m.kind} {m.unit} ({m.rule})" for m in found.units))
    yield _block("Records that today's package reads otherwise", found.misread)
    for kind, title in _KINDS.items():
        if kind == "packages" and found.holds:  # they explain a difference, and there is none
            continue
        yield _block(title, [_difference(one) for name, one in found.settings if name == kind])
    if found.added:
        yield _wrapped(f"Only today's package gives {plural(found.added, 'further value')}.")
    since = [*_since(found.since), *(f"comments or layout of {name}" for name in found.reworded)]
    yield _block("In the working tree since", since) or "In the working tree since: nothing."


def _difference(one: Difference) -> str:
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
    return "\n".join([f"{title}: {len(listed)}", *(_wrapped(line, 2) for line in [*listed[:_SHOWN], *more])])


def _wrapped(text: str, indent: int = 0) -> str:
    start = " " * indent
    return textwrap.fill(
        for_terminal(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=f"{start}  " if indent else "",
        break_on_hyphens=False,
        break_long_words=False,
    )
