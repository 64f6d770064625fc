"""What moved a pool since the newest frozen version, and why, in one line a pool.

The numbers of that version are as it printed them; nothing is computed again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.strict_yaml import parse
from metaimt.evidence.selection import Selection
from metaimt.versions.places import newest
from metaimt.versions.records import FieldChange, record_changes
from metaimt.versions.side import (
    GONE_UNIT,
    NEW_UNIT,
    Group,
    Move,
    Number,
    documents_of,
    moves_between,
    placings_of,
    renamed_placings,
)
from metaimt.versions.stored import Stored

_SHOWN = 3  # units, and fields of each
_LONG = 40  # characters of a value
_DECIDES = frozenset(  # fields that can place a unit elsewhere, or count it otherwise
    (
        *("depth", "design", "histology", "ihc", "rearranged", "fusion_gene", "mutations", "status", "drug", "line"),
        *("combined_with", "response", "response_basis", "response_alternatives", "stop_reason"),
        *("evaluable", "responders"),
    )
)


def moved_lines(library: Library, protocol: Protocol, selection: Selection) -> tuple[str, ...]:
    """`strict 55/74 -> 43/60 since 2026.1: mosse-2017/arm1 left (line: any -> later)`; nothing where nothing moved."""
    place = newest(library.folder)
    if place is None or place.stored is None:
        return ()
    return tuple(_lines(place.stored, library, protocol, selection))


def pool_moves(before: Selection, after: Selection, protocol: Protocol) -> Iterator[str]:
    """The same for two selections of the same files under other rules."""
    moves = list(moves_between(placings_of(before), placings_of(after), ""))
    for pool in after.pools:
        mine = [move for move in moves if move.group == pool]
        if pool not in before.pools or not mine:
            yield f"{protocol.label(pool)}: nothing moves"
            continue
        old, new = before.count(pool, pool), after.count(pool, pool)
        said = [f"{move.unit} {_kind(move)}{_why(move, {}, ())}" for move in mine]
        counts = f"{old.responders}/{old.evaluable} -> {new.responders}/{new.evaluable}"
        yield f"{protocol.label(pool)} {counts}: {'; '.join(said)}"


def _lines(stored: Stored, library: Library, protocol: Protocol, selection: Selection) -> Iterator[str]:
    state, now = stored.state, placings_of(selection)
    strata = _strata(state.numbers, selection, protocol)
    if not strata and not any(move.group for move in moves_between(state.placings, now, "")):
        return
    yaml = {name: text.encode("utf-8") for name, text in stored.texts.items() if name.endswith("ml")}
    old_documents = {name: parse(name, content).data for name, content in yaml.items()}
    changes = record_changes(old_documents, documents_of(library))
    renames = dict(changes.renamed)
    fields = {edited.id: edited.fields for edited in changes.edited}
    links = {edited.id: edited.fields for edited in changes.shared}.get("links.yaml", ())
    waiting = {each.id for each in library.pending}
    moves = list(moves_between(renamed_placings(state.placings, renames), now, ""))
    for pool in (*selection.pools, *selection.rows):
        mine = [move for move in moves if move.group == pool]
        kind = "pool" if pool in selection.pools else "row"
        old, count = state.numbers.get(Group(kind, pool)), selection.count(pool, pool)
        if not mine:
            where = [line for name, line in strata if name == pool]
            designs = [
                f"{report} ({_change(change)})"
                for report, changed in fields.items()
                for change in changed
                if change.path.endswith(".design")  # it decides the stratum
            ]
            yield from (f"{line} since {stored.version}: {', '.join(designs) or 'strata'}" for line in where)
        if not mine or old is None:
            continue
        said = [f"{move.unit} {_kind(move)}{_why(move, fields, links, waiting)}" for move in mine[:_SHOWN]]
        more = [f"{len(mine) - _SHOWN} more (metaimt diff)"] if len(mine) > _SHOWN else []
        counts = f"{old.responders}/{old.evaluable} -> {count.responders}/{count.evaluable}"
        yield f"{protocol.label(pool)} {counts} since {stored.version}: {'; '.join([*said, *more])}"


def _strata(numbers: Mapping[Group, Number], selection: Selection, protocol: Protocol) -> list[tuple[str, str]]:
    """(pool, `strict, prospective trials 33/45 -> 21/31`) of each stratum whose counts are others."""
    found = []
    for pool in selection.pools:
        for stratum in protocol.strata:
            old = numbers.get(Group("stratum", f"{pool}/{stratum}"))
            inside = [member.unit for member in selection.members(pool) if member.stratum == stratum]
            r, n = sum(unit.responders for unit in inside), sum(unit.evaluable for unit in inside)
            if old is not None and (old.responders, old.evaluable) != (r, n):
                name = f"{protocol.label(pool)}, {protocol.label(stratum)}"
                found.append((pool, f"{name} {old.responders}/{old.evaluable} -> {r}/{n}"))
    return found


def _kind(move: Move) -> str:
    if move.kind != "recounted" or move.old is None or move.new is None:
        return move.kind
    return f"{move.old[0]}/{move.old[1]} -> {move.new[0]}/{move.new[1]}"


def _why(
    move: Move,
    fields: Mapping[str, Sequence[FieldChange]],
    links: Sequence[FieldChange],
    pending: Collection[str] = (),
) -> str:
    """The fields of the report that changed, else of its links, else the rule; nothing for a report that is new."""
    report, _, name = move.unit.partition("/")
    mine = [change for change in fields.get(report, ()) if _concerns(change.path, name.partition("/")[0])]
    if not mine and move.rule in {NEW_UNIT, GONE_UNIT}:
        return " (pending)" if report in pending else "" if move.rule == NEW_UNIT else f" ({move.rule})"
    mine = mine or [change for change in links if report in change.path]
    if mine:
        more = f", {len(mine) - _SHOWN} more" if len(mine) > _SHOWN else ""
        return f" ({', '.join(map(_change, mine[:_SHOWN]))}{more})"
    return f" ({'no longer: ' if move.kind == 'entered' else ''}{move.rule})"


def _concerns(path: str, name: str) -> bool:
    """Whether a field can place a unit: one of the whole report, or of this patient or arm."""
    names = re.sub(r"\[[^]]*\]", "", path).split(".")[1:]
    if not path.endswith("]") and _DECIDES.isdisjoint(names):
        return False
    if path.startswith("arms["):
        return name.startswith("arm")
    return not path.startswith("patients[") or path.startswith(f"patients[{name}]")


def _change(change: FieldChange) -> str:
    if change.path.startswith("[") and change.path.endswith("]"):
        return f"a link of {change.path[1:-1]} was {'added' if change.old is None else 'taken out'}"
    if (
        change.path.startswith(("arms[", "patients["))
        and change.path.endswith("]")
        and None in (change.old, change.new)
    ):
        what = "a course" if "courses[" in change.path else "an arm" if change.path.startswith("arms") else "a patient"
        return f"{what} was {'added' if change.old is None else 'taken out'}"
    name = change.path.rpartition("].")[2].rpartition(".")[2] or change.path
    return f"{name}: {_shown(change.old)} -> {_shown(change.new)}"


def _shown(value: Any) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, dict):
        return "an entry"
    text = ", ".join(map(str, value)) if isinstance(value, list) else " ".join(str(value).split())
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
