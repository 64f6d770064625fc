"""What is new: the verdict, the numbers that moved and why, and what changed in the files."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from metaimt.analyses.results import Results
from metaimt.analyses.wording import NOTHING, fraction, limits, percent, plural
from metaimt.content.section import Fold, Items, Section, items, paragraph, row, section, table
from metaimt.model.count import Count, Publications
from metaimt.model.text import Named, Piece, Text, counted
from metaimt.model.unit import Unit
from metaimt.versions.changes import UNKNOWN, Changes, kinds_of
from metaimt.versions.places import WORKING_TREE
from metaimt.versions.records import Edited, FieldChange, Record
from metaimt.versions.side import DATA, NEW_UNIT, Crossing, Move, Number, NumberChange, difference

NO_VERSION = "No version has been frozen yet: everything is new. metaimt snapshot YEAR.N freezes one."
PUBLICATIONS, SHARED_FILES = "Publications", "Protocol, links, searches and other shared files"
_CAUSES = (
    "By data: today's files in place of the old ones, both through today's package and protocol. By method: the old "
    "files through today's package and protocol in place of their own. Changes are in percentage points: estimate "
    "[limits]."
)
_FIRST = "The first frozen version of the review."
_LONGEST = 120
_AROUND = 2  # words shown before and after a change in a long text
_COUNTS_MOVED = ("responders", "evaluable")


@dataclass(frozen=True)
class Entry:
    """A line, or a heading with lines below it."""

    head: Text
    lines: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Here:
    """The units and publications that the review has now: their names in a sentence open them."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    reports: Collection[str] = ()
    counts: Mapping[tuple[str, str], Count] = field(default_factory=dict)

    @staticmethod
    def of(results: Results) -> Here:
        """All of a review, and by (kind, name) whom a headline number counts."""
        response = results.response
        counts = {("pool", name): group.counts for name, group in response.pools.items()}
        counts |= {("row", name): group.counts for name, group in response.rows.items()}
        for pool, group in response.pools.items():
            counts |= {("stratum", f"{pool}/{name}"): found.counts for name, found in group.strata.items()}
        units = {placed.unit.id: placed.unit for placed in results.selection.placed}
        return Here(units, {report.id for report in results.library.reports}, counts)

    def name(self, name: str) -> Piece:
        """A unit or publication."""
        if name in self.units:
            return counted(name, Count.of("", [self.units[name]]))
        return counted(name, Publications(name, (name,))) if name in self.reports else Named(name)

    def number(self, found: NumberChange) -> Text:
        """A headline number as it is now."""
        now, behind = number_text(found.new), self.counts.get((found.group.kind, found.group.name))
        counts, comma, rest = now.partition(",")
        if not comma or behind is None:
            return Text(Named(now))
        return Text(counted(counts, behind), Named(comma + rest))


NOWHERE = Here()


def title_of(changes: Changes) -> str:
    """`What is new since version 2026.1: evidence added`; between two that are named, `in 2026.2 against 2026.1`."""
    if changes.old is None:
        return f"What is new in {changes.new}"
    kinds = ", ".join(kinds_of(changes))
    head = f"What is new in {changes.new} against {changes.old}"
    if changes.new == WORKING_TREE:
        head = f"What is new since {'version ' if changes.printed else ''}{changes.old}"
    return f"{head}: nothing" if changes.nothing else f"{head}: {kinds}" if kinds else head


def news_entries(changes: Changes, here: Here = NOWHERE) -> dict[str, list[Entry]]:
    """Publications, shared files, units, warnings: those that have something new. The numbers are apart."""
    records = changes.records
    excluded = _newly_excluded(changes)
    publications = [Entry(Text("added: ", _record(one, here))) for one in records.added]
    publications += [
        Entry(Text("removed: ", _record(one, here), Named(excluded.get(one.id, "")))) for one in records.removed
    ]
    publications += [Entry(Text("renamed: ", Named(f"{old} -> "), here.name(new))) for old, new in records.renamed]
    publications += [_edited(one, here) for one in records.edited]
    found = {
        PUBLICATIONS: publications,
        SHARED_FILES: [_edited(one, here) for one in records.shared],
        "Comments or layout only": [Entry(Text(Named(name))) for name in changes.reworded],
        "Units that are counted otherwise": list(_units(changes, here)),
        "Warnings": list(_warnings(changes)),
    }
    return {title: entries for title, entries in found.items() if entries}


def news_section(changes: Changes, here: Here = NOWHERE) -> Section:
    """The verdict, a row for each headline number that moved with its causes, and what changed in the files."""
    title = title_of(changes)
    if changes.old is None:
        return section(title, paragraph(Named(NO_VERSION)), id="new")
    moved = "Headline numbers that moved"
    rows = [
        row(number.label, number_text(number.old), here.number(number), *caused_by(number)) for number in changes.moved
    ]
    numbers = table(
        moved,
        ("number", changes.old, "now" if changes.new == WORKING_TREE else changes.new, "by data", "by method"),
        rows,
    )
    parts = [section(name, _listed(entries)) for name, entries in news_entries(changes, here).items()]
    return section(
        title,
        [paragraph(Named(line)) for line in verdict(changes)],
        numbers,
        [paragraph(Named(_CAUSES), small=True)] if rows else [],
        [Fold(Text("What changed, and why"), tuple(parts))] if parts else [],
        id="new",
    )


def _listed(entries: Iterable[Entry]) -> Items:
    lines = [
        (below, line) for entry in entries for below, line in ((False, entry.head), *((True, x) for x in entry.lines))
    ]
    return Items(tuple(line for _, line in lines), below=frozenset(at for at, (below, _) in enumerate(lines) if below))


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
    for title, entries in news_entries(changes).items():
        for entry in entries if title in {PUBLICATIONS, SHARED_FILES} else ():
            said += [f"{entry.head}: {line}" for line in entry.lines] or [str(entry.head)]
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


def _record(record: Record, here: Here) -> Text:
    patients = [plural(record.patients, "patient")] if record.patients else []
    arms = [plural(record.arms, "arm")] if record.arms else []
    return Text(here.name(record.id), Named(f" ({', '.join([record.design.replace('_', ' '), *patients, *arms])})"))


def _newly_excluded(changes: Changes) -> dict[str, str]:
    fields = (field for one in changes.records.shared if one.file == "excluded.yaml" for field in one.fields)
    return {
        str(field.new.get("id")): "; excluded now"
        for field in fields
        if field.old is None and isinstance(field.new, dict)
    }


def _edited(edited: Edited, here: Here) -> Entry:
    lines = (_tally(edited.fields),) if edited.file.endswith(".csv") else map(field_text, edited.fields)
    return Entry(Text(here.name(edited.id)), tuple(Text(Named(line)) for line in lines))


def _tally(fields: Iterable[FieldChange]) -> str:
    """What a search or a person did to a table of records: `212 rows added, 3 changed`; the table tells which."""
    rows: dict[str, str] = {}
    for each in fields:
        row_id, inside, cell = each.path.partition("]")
        whole = "added" if each.old is None else "taken out" if each.new is None else "changed"
        rows[row_id] = "changed" if inside and cell else whole
    counts = ((list(rows.values()).count(done), done) for done in ("added", "changed", "taken out"))
    first, *more = [(number, done) for number, done in counts if number]
    return ", ".join([f"{plural(first[0], 'row')} {first[1]}", *(f"{number} {done}" for number, done in more)])


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


def _units(changes: Changes, here: Here) -> Iterator[Entry]:
    groups = dict.fromkeys(move.group for move in changes.moves)
    for group in sorted(groups, key=lambda name: (not name, list(groups).index(name))):
        lines = tuple(_move(move, here) for move in changes.moves if move.group == group)
        yield Entry(Text(Named(changes.label(group) if group else "new, and counted nowhere")), lines)


def _move(move: Move, here: Here) -> Text:
    counts = " -> ".join(fraction(*pair) for pair in (move.old, move.new) if pair is not None)
    before = "before: " if move.kind == "entered" and move.rule != NEW_UNIT else ""
    rule = "" if move.kind == "recounted" else f" ({before}{move.rule})"
    return Text(Named(f"{move.kind}: "), here.name(move.unit), Named(f" {counts}{rule}{_by(move.cause)}"))


def _by(cause: str) -> str:
    return {DATA: "", UNKNOWN: ", cause not known"}.get(cause, f", by the {cause}")


def _warnings(changes: Changes) -> Iterator[Entry]:
    for one in changes.warnings:
        word = "new" if one.is_new else "cleared"
        warned = one.warned
        place = changes.label(warned.place) if warned.rule == "estimate" else warned.place
        rule = "" if warned.rule == "estimate" else f"[{warned.rule}]"
        yield Entry(Text(Named(f"{word}: {place}: {warned.severity}{rule} {warned.message}{_by(one.cause)}")))


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


def history_section(changes: Changes) -> list[Section]:
    """The news of every version, the newest first."""
    return [
        section(
            f"{each.version}{f' against {each.since}' if each.since else ''}: {', '.join(each.kinds) or 'nothing new'}",
            items(Text(Named(line)) for line in (*each.statement, *each.news)),
        )
        for each in changes.history
    ]
