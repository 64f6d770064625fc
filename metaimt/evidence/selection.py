"""The protocol applied to the units: which row and pools each is in, and why not.

Order: eligibility, rows, the conditions of each pool, and then, in each pool, the links: of units that share patients
the most preferred one that may enter does. A unit keeps every reason that applies, the decisive one first.

How a review of format 1 is selected: its own rules, so that a review that was frozen under them stays reproducible.

Drugs have no targets. Links are resolved once for all pools: the preferred report takes the patients even where it
cannot enter a pool. Only the field `fusion_gene` decides a row over a marker.

Patients within arms, and a pool without another by patients: where units of two pools share patients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import ANY_TARGET, Pool, Protocol, Row
from metaimt.casefiles.shared import Link
from metaimt.evidence.sharing import Sharing, pairs_of, sharing
from metaimt.evidence.tables import units
from metaimt.model.count import Count, Part, grouped
from metaimt.model.fields import FIELDS, Cell
from metaimt.model.reason import Reason, Why
from metaimt.model.unit import Unit
from metaimt.vocabulary import NOT_STATED


def resolve_links(
    links: Iterable[Link], certainties: tuple[str, ...], everyone: Iterable[Unit], ineligible: set[str]
) -> dict[str, str]:
    """Unit id -> the report that counts its patients instead. A preferred unit that is not eligible takes nothing."""
    by_report = grouped(everyone, lambda unit: unit.report)
    gives_way: dict[str, list[str]] = {}
    for link in links:
        if link.certainty in certainties:
            for unit in _giving_way(link, by_report, ineligible):
                gives_way.setdefault(unit.id, []).append(link.prefer)
    surrendered = {unit.report for unit in everyone if unit.id in gives_way}
    return {
        unit_id: min(preferred, key=lambda report: (report in surrendered, report))
        for unit_id, preferred in gives_way.items()
    }


def _giving_way(link: Link, by_report: Mapping[str, list[Unit]], ineligible: set[str]) -> list[Unit]:
    giving = [unit for unit in by_report.get(link.gives_way, []) if unit.id not in ineligible]
    eligible = {unit.subject for unit in by_report.get(link.prefer, []) if unit.id not in ineligible}
    if not link.patients:
        return giving if eligible else []
    named = {mine for mine, theirs, _ in pairs_of(link) if theirs in eligible}
    return [unit for unit in giving if unit.subject in named]


def in_row(unit: Unit, row: Row, named: set[str | None]) -> bool:
    """A known fusion gene decides: a tumour with it belongs to its row, not to that of a negative marker."""
    if row.fusion_gene is not None:
        other = row.fusion_gene == "other" and unit.fusion_gene not in named
        return unit.fusion_gene is not None and (other or unit.fusion_gene == row.fusion_gene)
    if unit.fusion_gene is not None and unit.fusion_gene != row.marker:
        return False
    return unit.marker(row.marker or "") == row.status


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


LATER_LINES = "later_lines"


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit with the row it belongs to, its stratum, and for each pool the reasons that keep it out (empty: in)."""

    unit: Unit
    row: str | None
    stratum: str | None
    reasons: Mapping[str, tuple[Why, ...]]

    def words(self, pool: str) -> tuple[str, ...]:
        """The reasons against a pool as words, the decisive one first."""
        return tuple(map(str, self.reasons[pool]))

    def in_words(self) -> dict[str, tuple[str, ...]]:
        """The words of the reasons against each group."""
        return {group: self.words(group) for group in self.reasons}

    def is_in(self, pool: str) -> bool:
        """Whether the unit is counted in a pool (or separate row)."""
        return not self.reasons[pool]


@dataclass(frozen=True)
class Selection:
    """Every unit of the library, placed; the pools and separate rows in display order; who shares patients."""

    placed: tuple[Placed, ...]
    pools: tuple[str, ...]
    rows: tuple[str, ...]
    sharing: Sharing

    def members(self, group: str) -> tuple[Placed, ...]:
        """The units counted in a pool or separate row."""
        return tuple(placed for placed in self.placed if placed.is_in(group))

    def of_either(self, one: str, other: str) -> tuple[Placed, ...]:
        """The units counted in one of two pools, or in both."""
        return tuple(placed for placed in self.placed if placed.is_in(one) or placed.is_in(other))

    def count(self, group: str, title: str) -> Count:
        """Those counted in a pool or separate row, under a title."""
        return Count.of(title, (placed.unit for placed in self.members(group)))

    def described(self, group: str, title: str, *, possible: bool = False) -> Count:
        """The same count with the patients of arms who are described elsewhere as parts of their own.

        With `possible` also those of whom a link says that they possibly belong to the arm.
        """
        everyone = {placed.unit.id: placed.unit for placed in self.placed}
        return described(self.count(group, title), self.sharing, everyone, possible=possible)

    def rest(self, group: str, other: str, title: str) -> Count:
        """The patients of one pool who are not in another, by patients: a shared patient is in both."""
        everyone = {placed.unit.id: placed.unit for placed in self.placed}
        return without(self.count(group, title), self.count(other, title), self.sharing, everyone, title)

    def left_out(self, group: str) -> tuple[Placed, ...]:
        """The units not counted in a pool or separate row."""
        return tuple(placed for placed in self.placed if not placed.is_in(group))


def unit_rows(selection: Selection) -> Iterator[dict[str, Cell]]:
    """Every course and arm of the review: where it stands, what it says, where it counts, and why not."""
    for placed in selection.placed:
        unit = placed.unit
        counted = [group for group in (*selection.pools, *selection.rows) if placed.is_in(group)]
        reasons = {f"not_in_{pool}": "; ".join(placed.words(pool)) for pool in selection.pools}
        yield {
            "unit": unit.id,
            "report": unit.report,
            "file": unit.file,
            "row": placed.row or "",
            "stratum": placed.stratum or "",
            "line": unit.line,
            "r": unit.responders,
            "n": unit.evaluable,
            "counted_in": "; ".join(counted),
            **reasons,
            **{field.name: field.value(unit) for field in FIELDS if field.value is not None},
        }


def select(library: Library, protocol: Protocol) -> Selection:
    """Place every unit of the library by the protocol."""
    return place_units(units(library, protocol.outcome), library.links, protocol)


def place_units(everyone: tuple[Unit, ...], links: Sequence[Link], protocol: Protocol) -> Selection:
    """Place these units by the protocol: what `select` does once it has read them."""
    pooled_rows = {row for pool in protocol.pools.values() for row in pool.rows}
    separate = tuple(row for row in protocol.rows if row not in pooled_rows)
    groups: dict[str, Pool] = dict(protocol.pools)
    groups |= {row: Pool(rows=(row,)) for row in separate}
    groups[LATER_LINES] = Pool(rows=tuple(row for row in protocol.rows if row in pooled_rows), line="later")
    rows = {unit.id: _row(unit, protocol) for unit in everyone}
    own: dict[str, dict[str, tuple[Why, ...]]] = {
        name: {unit.id: tuple(_outside(unit, rows[unit.id], pool, protocol)) for unit in everyone}
        for name, pool in groups.items()
    }
    ineligible = {unit.id: why for unit in everyone if (why := _ineligible(unit, protocol)) is not None}
    shared = sharing(links, protocol.links.apply, everyone)
    if protocol.format == 1:
        once = resolve_links(links, protocol.links.apply, everyone, set(ineligible))
        elsewhere = {group: {name: (report, True) for name, report in once.items()} for group in groups}
        shared = replace(shared, within={}, perhaps={})
    else:
        elsewhere = {name: _counted_elsewhere(shared, own[name], ineligible) for name in groups}

    def place(unit: Unit) -> Placed:
        """The unit in its row and stratum, with the reasons against each group, the decisive one first."""
        first = [ineligible[unit.id]] if unit.id in ineligible else []
        reasons: dict[str, tuple[Why, ...]] = {}
        for name in groups:
            report, instead = elsewhere[name].get(unit.id, ("", False))
            linked = [Why(Reason.COUNTED_ELSEWHERE, report)] if report and not first else []
            reasons[name] = (
                (*first, *linked, *own[name][unit.id]) if instead else (*first, *own[name][unit.id], *linked)
            )
        return Placed(unit, rows[unit.id], _stratum(unit, protocol), reasons)

    return Selection(tuple(map(place, everyone)), tuple(protocol.pools), (*separate, LATER_LINES), shared)


def _counted_elsewhere(
    shared: Sharing, own: Mapping[str, tuple[Why, ...]], ineligible: Mapping[str, Why]
) -> dict[str, tuple[str, bool]]:
    """Unit id -> the report that counts its patients, or some of them, in one group; and whether it gave way to that.

    From the most to the least preferred, a unit enters if nothing of its own keeps it out and no unit that shares
    patients with it has entered.
    """
    entered: dict[str, tuple[int, str]] = {}  # in which place, and the report
    found: dict[str, tuple[str, bool]] = {}

    def first(unit: Unit) -> str | None:
        """The report of the first to enter of those who share patients with the unit."""
        sharing_it = (entered[other] for other in shared.shares.get(unit.id, ()) if other in entered)
        return min(sharing_it, default=(0, None))[1]

    for unit in shared.order:
        before = first(unit)
        if before is not None:
            found[unit.id] = (before, True)
        elif not own[unit.id] and unit.id not in ineligible:
            entered[unit.id] = (len(entered), unit.report)
    for unit in shared.order:
        if unit.id not in entered and unit.id not in found and (after := first(unit)) is not None:
            found[unit.id] = (after, False)
    return found


def meets(unit: Unit, pool: Pool, targets: tuple[str, ...] = ()) -> bool:
    """Whether a unit passes the conditions of a pool on drug, treatment, response and reading, whatever its row.

    `targets` are those of the drugs that its own row is about.
    """
    return not _unmet(unit, pool, targets)


def _ineligible(unit: Unit, protocol: Protocol) -> Why | None:
    histology = unit.histology or "not_stated"
    return None if histology in protocol.eligible.histology else Why(Reason.NOT_ELIGIBLE, histology)


def _row(unit: Unit, protocol: Protocol) -> str | None:
    named = {row.fusion_gene or row.marker for row in protocol.rows.values()} - {"other"}
    fits = in_row if protocol.format == 1 else _in_row
    return next((name for name, row in protocol.rows.items() if fits(unit, row, named)), None)


def _in_row(unit: Unit, row: Row, named: set[str | None]) -> bool:
    """A positive kinase decides, however it is written: a tumour fused there, negative elsewhere, belongs to it."""
    if row.mutation is not None:
        return any(gene == row.mutation and row.change in {None, change} for gene, change in unit.mutations)
    if row.fusion_gene == "other":
        return bool(unit.kinases) and named.isdisjoint(unit.kinases)
    if row.fusion_gene is not None:
        return row.fusion_gene in unit.kinases
    if row.status == "positive":
        fused = unit.fusion_gene is not None and unit.fusion_gene != row.marker
        return not fused and unit.marker(row.marker or "") == "positive"
    return set(unit.kinases) <= {row.marker} and unit.marker(row.marker or "") == row.status


def _stratum(unit: Unit, protocol: Protocol) -> str | None:
    return next((name for name, designs in protocol.strata.items() if unit.design in designs), None)


def _outside(unit: Unit, row: str | None, pool: Pool, protocol: Protocol) -> list[Why]:
    """The reasons that keep an eligible, unlinked unit out of a pool."""
    reasons = []
    if pool.line == "first" and unit.line == "later":
        reasons.append(Why(Reason.LATER_LINE))
    if pool.line == "later" and unit.line != "later":
        reasons.append(Why(Reason.FIRST_LINE))
    if pool.line == "later" and unit.course > 2:
        reasons.append(Why(Reason.LATER_COURSE))
    if row not in pool.rows:
        reasons.append(_other_row(unit, row, protocol))
        wanted = dict.fromkeys(target for each in pool.rows for target in protocol.targets(each, pool))
        reasons += _of_target(unit, tuple(wanted))
    else:
        reasons += _of_target(unit, protocol.targets(row, pool))
    if unit.evaluable == 0:
        printed = Reason.NO_DENOMINATOR if unit.uncounted else Reason.NOT_READABLE
        reasons.append(Why(Reason.NOT_EVALUABLE if unit.response == "NE" else printed))
    return [*reasons, *_unmet(unit, pool, protocol.targets(row, pool))]


def _of_target(unit: Unit, wanted: tuple[str, ...]) -> list[Why]:
    """A drug fits if one of its targets is wanted, a regimen if one of its drugs fits. Nothing wanted: format 1."""
    if not wanted or ANY_TARGET in wanted or any(_hits(targets, wanted) for targets in unit.targets):
        return []
    if not any(unit.targets):
        return [Why(Reason.TARGET_NOT_STATED)]
    return [Why(Reason.OTHER_TARGET, ", ".join(name.replace("_", " ") for name in wanted))]


def _hits(targets: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return not set(targets or (NOT_STATED,)).isdisjoint(wanted)


def _mixed(unit: Unit, wanted: tuple[str, ...]) -> bool:
    """Given with something else. A regimen is one treatment if each of its drugs has a wanted target."""
    apart = ANY_TARGET in wanted or all(_hits(targets, wanted) for targets in unit.targets)
    return bool(unit.combined_with) or (len(unit.targets) > 1 and not apart)


def _other_row(unit: Unit, row: str | None, protocol: Protocol) -> Why:
    if row is not None:
        return Why(Reason.OTHER_ROW, protocol.label(row))
    mixed = [marker for marker, status in unit.markers if status == "mixed"]
    return Why(Reason.MIXED_STATUS, ", ".join(mixed)) if mixed else Why(Reason.NO_ROW)


_CONDITIONS: tuple[tuple[Reason, Callable[[Unit, Pool, tuple[str, ...]], bool]], ...] = (
    (
        Reason.INFERRED,
        lambda unit, pool, _: (
            bool(pool.response_basis) and unit.response_basis not in (None, "death", *pool.response_basis)
        ),
    ),
    (
        Reason.BASIS_NOT_STATED,
        lambda unit, pool, _: bool(pool.response_basis) and unit.response_basis is None and unit.evaluable > 0,
    ),
    (Reason.UNNAMED_DRUG, lambda unit, pool, _: pool.drug == "named" and not unit.drug_named),
    (Reason.MIXED_TREATMENT, lambda unit, pool, targets: pool.combined_with == "none" and _mixed(unit, targets)),
    (Reason.SECOND_HAND, lambda unit, pool, _: bool(pool.depth) and unit.depth not in pool.depth),
    (Reason.DISPUTED, lambda unit, pool, _: not pool.disputed and unit.disputed),
)


def _unmet(unit: Unit, pool: Pool, targets: tuple[str, ...]) -> list[Why]:
    return [Why(reason) for reason, fails in _CONDITIONS if fails(unit, pool, targets)]
