"""What is new, in words: sections of plain text that the terminal, the report, a pull request and a version share.

Nothing here is escaped: each place does that when it prints.

What is new, printed: in a terminal 80 columns wide, as Markdown for the report and a pull request, as CHANGES.md.

Text from case files is made safe for each place.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from metaimt.files import for_terminal
from metaimt.report.environment import Rendered, render
from metaimt.report.wording import NOTHING, fraction, limits, percent, plural
from metaimt.versions.changes import UNKNOWN, Changes, kinds_of
from metaimt.versions.records import Edited, FieldChange, Record
from metaimt.versions.side import DATA, NEW_UNIT, Crossing, Move, Number, NumberChange, difference

NO_VERSION = "No version has been frozen yet: everything is new. metaimt snapshot YEAR.N freezes one."
PUBLICATIONS, SHARED_FILES = "Publications", "Protocol, links, searches and other shared files"
_FIRST = "The first frozen version of the review."
_LONGEST = 120
_AROUND = 2  # words shown before and after a change in a long text
_COUNTS_MOVED = ("responders", "evaluable")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, or a heading with lines below it."""

    head: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """What is new of one kind."""

    title: str
    entries: tuple[Entry, ...]


def title_of(changes: Changes) -> str:
    """`What is new in the working tree against 2026.1: evidence added`."""
    if changes.old is None:
        return f"What is new in {changes.new}"
    kinds = ", ".join(kinds_of(changes))
    head = f"What is new in {changes.new} against {changes.old}"
    return f"{head}: nothing" if changes.nothing else f"{head}: {kinds}" if kinds else head


def news_sections(changes: Changes) -> list[Section]:
    """Publications, shared files, units, warnings: those that have something new. The numbers are apart."""
    records = changes.records
    excluded = _newly_excluded(changes)
    publications = [Entry(f"added: {_record(one)}") for one in records.added]
    publications += [Entry(f"removed: {_record(one)}{excluded.get(one.id, '')}") for one in records.removed]
    publications += [Entry(f"renamed: {old} -> {new}") for old, new in records.renamed]
    publications += map(_edited, records.edited)
    found = [
        Section(PUBLICATIONS, tuple(publications)),
        Section(SHARED_FILES, tuple(map(_edited, records.shared))),
        Section("Comments or layout only", tuple(Entry(name) for name in changes.reworded)),
        Section("Units that are counted otherwise", tuple(_units(changes))),
        Section("Warnings", tuple(_warnings(changes))),
    ]
    return [section for section in found if section.entries]


def verdict(changes: Changes) -> list[str]:
    """The numbers that did not move, what could not be compared, and the conclusion test."""
    same = len(changes.numbers) - len(changes.moved)
    said = [f"{same} of {plural(len(changes.numbers), 'headline number')} unchanged."] if changes.numbers else []
    if changes.unreadable:
        said.append(f"Data and method cannot be told apart: {changes.unreadable}.")
    elif not changes.printed:
        said.append(f"{changes.old} is no frozen version: of the method only a change of the protocol shows.")
    return [*said, *_conclusion(changes)]


def news_lines(changes: Changes) -> tuple[str, ...]:
    """The changes as sentences, as a version keeps them: publications, shared files, numbers, the conclusion test."""
    if changes.old is None:
        pools = [number for number in changes.numbers if number.group.kind == "pool"]
        return (_FIRST, *(f"{number.label}: {number_text(number.new)}" for number in pools))
    said = []
    for section in news_sections(changes):
        for entry in section.entries if section.title in {PUBLICATIONS, SHARED_FILES} else ():
            said += [f"{entry.head}: {line}" for line in entry.lines] or [entry.head]
    for number in changes.moved:
        data, method = caused_by(number)
        moved = f"{number.label}: {number_text(number.old)} -> {number_text(number.new)}"
        said.append(f"{moved}; by data: {data}; by method: {method}")
    new, cleared = (sum(one.is_new is side for one in changes.warnings) for side in (True, False))
    said += [f"{plural(new, 'new warning')}, {cleared} cleared"] if new or cleared else []
    return (*(said or ["Nothing new."]), *_conclusion(changes))


def number_text(number: Number | None) -> str:
    """`55/74, 74.3 % [61.7 - 84.0]`."""
    if number is None:
        return "not in it"
    if number.estimate is None or number.lower is None or number.upper is None:
        return NOTHING
    counts = fraction(number.responders, number.evaluable)
    return f"{counts}, {percent(number.estimate)} [{limits(number.lower, number.upper)}]"


def caused_by(change: NumberChange) -> tuple[str, str]:
    """What the data and what the method (the package or the protocol) did to a number."""
    steps = {cause: (before, after) for cause, before, after in change.steps}
    if "all" in steps:
        return "not known", "not known"
    method = [f"{moved} ({cause})" for cause in ("package", "protocol") if (moved := _moved(*steps[cause]))]
    return _moved(*steps["data"]) or "none", "; ".join(method) or "none"


def _moved(before: Number | None, after: Number | None) -> str:
    """`+1/+1, +0.4 [+0.8, +0.2]`, points of the estimate and of the limits; empty if nothing moved."""
    if before is None or after is None or before.is_same(after):
        return ""
    found = difference(before, after)
    said = [] if not any(found[name] for name in _COUNTS_MOVED) else [_signed_counts(found)]
    rates = [found[name] for name in ("estimate", "lower", "upper")]
    if None in rates:
        said.append(f"{number_text(before)} -> {number_text(after)}")
    elif any(rates):
        said.append(f"{points(rates[0])} [{points(rates[1])}, {points(rates[2])}]")
    said += [f"{'+' if n > 0 else ''}{plural(n, 'report')}"] if (n := found["reports"]) else []
    said += [f"interval by {after.method} instead of {before.method}"] if before.method != after.method else []
    return ", ".join(said)


def _signed_counts(found: dict[str, Any]) -> str:
    return "/".join(f"{n:+d}" if (n := found[name]) else "0" for name in _COUNTS_MOVED)


def points(value: float) -> str:
    """A difference of proportions in percentage points, `+0.4`; `0.0` has no sign."""
    text = f"{100 * value:+.1f}"
    return text if text.strip("+-0.") else "0.0"


def _record(record: Record) -> str:
    patients = [plural(record.patients, "patient")] if record.patients else []
    arms = [plural(record.arms, "arm")] if record.arms else []
    return f"{record.id} ({', '.join([record.design.replace('_', ' '), *patients, *arms])})"


def _newly_excluded(changes: Changes) -> dict[str, str]:
    fields = (field for one in changes.records.shared if one.file == "excluded.yaml" for field in one.fields)
    return {
        str(field.new.get("id")): "; excluded now"
        for field in fields
        if field.old is None and isinstance(field.new, dict)
    }


def _edited(edited: Edited) -> Entry:
    return Entry(edited.id, tuple(map(field_text, edited.fields)))


def field_text(field: FieldChange) -> str:
    """`patients[P1].courses[1].response: PR -> SD`."""
    if field.old is None:
        return f"{field.path}: {_value(field.new)} added"
    if field.new is None:
        return f"{field.path}: {_value(field.old)} taken out"
    old, new = _words(field.old), _words(field.new)
    if max(len(old), len(new)) > _LONGEST:
        return f"{field.path}: {'; '.join(_edits(old.split(' '), new.split(' ')))}"
    return f"{field.path}: {old} -> {new}"


def _edits(old: list[str], new: list[str]) -> Iterator[str]:
    """Each place where a long text differs, between the two words before and after it: `… drug [PR -> SD] was …`."""
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        before, after = " ".join(new[max(0, k - _AROUND) : k]), " ".join(new[m : m + _AROUND])
        gone, come = _cut(" ".join(old[i:j])), _cut(" ".join(new[k:m]))
        change = f"[{gone or '(nothing)'} -> {come or '(nothing)'}]"
        start, end = "… " if k > _AROUND else "", " …" if m + _AROUND < len(new) else ""
        yield " ".join(filter(None, [f"{start}{before}".strip(), change, f"{after}{end}".strip()]))


def _value(value: Any) -> str:
    return _cut(_words(value))


def _words(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return " ".join(text.split())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _units(changes: Changes) -> Iterator[Entry]:
    groups = dict.fromkeys(move.group for move in changes.moves)
    for group in sorted(groups, key=lambda name: (not name, list(groups).index(name))):
        lines = tuple(_move(move) for move in changes.moves if move.group == group)
        yield Entry(changes.label(group) if group else "new, and counted nowhere", lines)


def _move(move: Move) -> str:
    counts = [fraction(*pair) for pair in (move.old, move.new) if pair is not None]
    said = f"{move.unit} {' -> '.join(counts)}"
    if move.kind == "recounted":
        return f"recounted: {said}{_by(move.cause)}"
    before = "before: " if move.kind == "entered" and move.rule != NEW_UNIT else ""
    return f"{move.kind}: {said} ({before}{move.rule}){_by(move.cause)}"


def _by(cause: str) -> str:
    return {DATA: "", UNKNOWN: ", cause not known"}.get(cause, f", by the {cause}")


def _warnings(changes: Changes) -> Iterator[Entry]:
    for one in changes.warnings:
        word = "new" if one.is_new else "cleared"
        warned = one.warned
        place = changes.label(warned.place) if warned.rule == "estimate" else warned.place
        rule = "" if warned.rule == "estimate" else f"[{warned.rule}]"
        yield Entry(f"{word}: {place}: {warned.severity}{rule} {warned.message}{_by(one.cause)}")


def _conclusion(changes: Changes) -> Iterator[str]:
    if not changes.tested:
        yield "Conclusion test: the protocol has none."
    elif changes.crossed is None:
        yield "Conclusion test: not made; no pool has an estimate on both sides."
    else:
        word = "crossed" if changes.crossed else "not crossed"
        yield f"Conclusion test: {word}. {'; '.join(map(_crossing, changes.conclusion))}."


def _crossing(one: Crossing) -> str:
    moved = f"{one.label}: ORR {points(one.moved)} points (limit {100 * one.limit:g})"
    sides = [
        f"the interval {_WAS[old]} {100 * t:g} % and now {_IS[new]} it"
        + (" (borderline, depends on the prior)" if t in one.near else "")
        for t, old, new in one.thresholds
    ]
    said = ", ".join([moved, *sides]) if sides else f"{moved}, no threshold crossed"
    excluded = " and ".join(f"{100 * t:g} %" for t in one.excluded) or "none"
    return f"{said} (excluded however often one looks: {excluded})"


_WAS = {"above": "lay above", "below": "lay below", "holds it": "spanned"}
_IS = {"above": "lies above", "below": "lies below", "holds it": "spans"}


def plain_lines(entries: Iterable[Entry]) -> Iterator[tuple[int, str]]:
    """(depth, line) of entries, 1 for a head and 2 for what is below it."""
    for entry in entries:
        yield 1, entry.head
        yield from ((2, line) for line in entry.lines)


WIDTH = 80


def changes_text(changes: Changes) -> str:
    """All changes for a terminal 80 columns wide."""
    if changes.old is None:
        return NO_VERSION
    blocks = [wrapped(title_of(changes), 0)]
    blocks += [f"{one.title}\n{_listed(plain_lines(one.entries))}" for one in news_sections(changes)]
    if changes.moved:
        blocks.append("\n".join(["Headline numbers", *map(_number_block, changes.moved)]))
    blocks += ["\n".join(wrapped(line, 0) for line in verdict(changes))]
    return "\n\n".join(blocks)


def _listed(lines: Iterator[tuple[int, str]]) -> str:
    return "\n".join(wrapped(line, 2 * depth) for depth, line in lines)


def wrapped(text: str, indent: int = 0) -> str:
    """Text made safe for a terminal, in lines of WIDTH; all but the first are set in by two more."""
    start, after = " " * indent, " " * (indent + 2)
    plain = for_terminal(text).replace(" %", "\u00a0%")
    lines = textwrap.wrap(
        plain, WIDTH, initial_indent=start, subsequent_indent=after, break_on_hyphens=False, break_long_words=False
    )
    return "\n".join(lines).replace("\u00a0", " ")


def _number_block(number: NumberChange) -> str:
    data, method = caused_by(number)
    rows = [("before", number_text(number.old)), ("data", data), ("method", method), ("now", number_text(number.new))]
    lines = [wrapped(f"{name:\u00a0<8}{text}", 4) for name, text in rows]
    return "\n".join([wrapped(number.label, 2), *lines])


def changes_markdown(changes: Changes, level: int = 2) -> Rendered:
    """All changes as Markdown, headed by `level` signs."""
    return render("whats_new.md.j2", _content(changes, level))


def _content(changes: Changes, level: int) -> dict[str, Any]:
    return {
        "sign": Rendered("#" * level),
        "title": title_of(changes),
        "nothing": changes.nothing,
        "no_version": NO_VERSION if changes.old is None else "",
        "old": changes.old or "",
        "new": changes.new,
        "sections": news_sections(changes),
        "numbers": [_table_row(number) for number in changes.moved] if changes.old is not None else [],
        "verdict": verdict(changes) if changes.old is not None else [],
    }


def _table_row(number: NumberChange) -> dict[str, str]:
    data, method = caused_by(number)
    cells = {"label": number.label, "old": number_text(number.old), "new": number_text(number.new)}
    return {**cells, "data": data, "method": method}


def changes_page(changes: Changes, title: str) -> str:
    """CHANGES.md: what is new since the newest version, then the news of every version, the newest first."""
    return render(
        "changes.md.j2",
        {
            "title": title,
            "now": changes_markdown(changes),
            "history": [
                {
                    "version": release.version,
                    "since": f" against {release.since}" if release.since else "",
                    "kinds": ", ".join(release.kinds) or "nothing new",
                    "news": release.news,
                }
                for release in changes.history
            ],
        },
    )
