"""The flow of records after PRISMA 2020, by version as in living reviews: each box with the ids behind it.

Page MJ et al. BMJ 2021;372:n71. The names of the boxes (`data`) are those of the template of the R package PRISMA2020
(Haddaway NR et al. Campbell Syst Rev 2022;18:e1230), so that the table can be fed to it. What a search without records
found is not recorded; no number is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.records import DUPLICATE, LATER
from metaimt.casefiles.version_files import fault_in, read_version, version_paths
from metaimt.model.count import grouped

NO_REASON = "no reason given"


@dataclass(frozen=True)
class Flow:
    """Ids by box. None: not recorded, since no search has records. `former`: the version before this one, if any.

    identified: source -> records, a duplicate too. duplicates: also those excluded as one. known: records of what
    the former version has, which nobody screens again. screened: those decided; waiting: not yet, or in conflict.
    screened_out and excluded: reason -> ids. sought: to be read; not_read: those of them that wait for it. Found
    are duplicates, known, screened and waiting; screened are screened_out and sought; sought are not_read and
    assessed; assessed are excluded and new.
    """

    former: str | None
    previous: tuple[str, ...]
    identified: Mapping[str, tuple[str, ...]] | None
    duplicates: tuple[str, ...]
    known: tuple[str, ...]
    screened: tuple[str, ...]
    waiting: tuple[str, ...]
    screened_out: Mapping[str, tuple[str, ...]]
    sought: tuple[str, ...]
    not_read: tuple[str, ...]
    assessed: tuple[str, ...]
    excluded: Mapping[str, tuple[str, ...]]
    new: tuple[str, ...]
    elsewhere: tuple[str, ...]
    total: tuple[str, ...]


def flow(library: Library, protocol: Protocol) -> Flow:
    """The flow of a review as it stands. Everything included is counted once: before, by a record, or elsewhere."""
    standing = library.standing
    former, before = _former(library, protocol.version)
    total = tuple(report.id for report in library.reports)
    previous = tuple(name for name in total if name in before)
    known = tuple(record.id for record in standing.unique if record.id in before & {*total})
    stands = {record.id: standing.of(record) for record in standing.unique if record.id not in known}
    settled = [name for name, state in stands.items() if state == "exclude" and _reason(library, name) == DUPLICATE]
    stands = {name: state for name, state in stands.items() if name not in settled}
    waiting = tuple(name for name, state in stands.items() if state in {"new", LATER, "conflict"})
    out = [name for name, state in stands.items() if state == "exclude"]
    sought = tuple(name for name in stands if name not in {*waiting, *out})
    not_read = tuple(name for name in sought if stands[name] in {"include", "pending"})
    assessed = tuple(name for name in sought if name not in not_read)
    new = tuple(name for name in total if name not in before and name in assessed)
    sources = {search.id: search.source for search in library.searches}
    identified: dict[str, tuple[str, ...]] = {}
    for record in standing.records:
        for source in (sources.get(each, each) for each in record.sources):
            identified[source] = (*identified.get(source, ()), record.id)
    again = (record.id for record in standing.records for _ in record.sources[1:])
    return Flow(
        former=former,
        previous=previous,
        identified=identified if standing.records else None,
        known=known,
        duplicates=(*(record.id for record in standing.records if record.duplicate_of), *again, *settled),
        screened=tuple(name for name in stands if name not in waiting),
        waiting=waiting,
        screened_out=_by_reason({name: _reason(library, name) for name in out}),
        sought=sought,
        not_read=not_read,
        assessed=assessed,
        excluded=_by_reason({each.id: each.reason for each in library.excluded if each.id in assessed}),
        new=new,
        elsewhere=tuple(name for name in total if name not in {*previous, *new}),
        total=total,
    )


def _former(library: Library, version: str) -> tuple[str | None, frozenset[str]]:
    """The last version before this one, and the reports in it; (None, none) if there is none that can be read."""
    paths = version_paths(library.folder)
    names = list(paths)
    before = names[: names.index(version)] if version in names else names
    if not before or fault_in(paths[before[-1]]) is not None:
        return None, frozenset()
    records = read_version(paths[before[-1]]).get("records")
    return before[-1], frozenset(records) if isinstance(records, dict) else frozenset()


def _reason(library: Library, name: str) -> str:
    """The reasons of those who excluded a record, as far as they gave any."""
    told = {each.reason for each in library.standing.decisions(name).values() if each.reason}
    return " or ".join(sorted(told)) or NO_REASON


def _by_reason(reasons: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Reason -> ids, the most frequent first."""
    found = grouped(sorted(reasons), lambda name: reasons[name])
    return {reason: tuple(found[reason]) for reason in sorted(found, key=lambda each: (-len(found[each]), each))}
