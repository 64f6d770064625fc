"""The review with something done otherwise: other units, another selection, the pools that follow.

Each choice of `Choices` is a small change of the protocol, of the units, or of who is kept; nothing here knows a gene,
a tumour or a report. Who is kept is decided after the links, so that a patient who gave way does not come back because
the preferred report is not kept.

Patients who were read twice: the counts of the report that gives way, in the place of those that are counted.

By rule, never by name: a link that is certain and says that two arms are the same (`a/arm1 = b/arm1`). Where a link
says that one arm is a part of the other (`in`), the rest of the larger arm has no other reading, nothing is exchanged,
and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache, partial
from typing import Any, Final

from metaimt.analyses.agreement import with_second_values
from metaimt.analyses.appraisal import appraisals
from metaimt.analyses.wording import significant
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import Choices, Outcome, Pool, Protocol
from metaimt.casefiles.shared import Link
from metaimt.evidence.selection import Placed, Selection, place_units
from metaimt.evidence.sharing import pairs_of
from metaimt.evidence.tables import units
from metaimt.model.count import Cluster, Count
from metaimt.model.text import Named, Text, r_of_n
from metaimt.model.unit import Unit
from metaimt.statistics.posterior import PooledProportion, Prior, pool_proportion
from metaimt.statistics.proportion import Proportion


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The units with the other counts, the ids of those exchanged, and (unit id, note)."""

    units: tuple[Unit, ...]
    touched: frozenset[str]
    notes: tuple[tuple[str, Text], ...]


def other_readings(everyone: tuple[Unit, ...], links: Iterable[Link], wanted: str) -> Exchanged:
    """The `earlier` or `later` reading, by year of publication, in the place of the preferred one.

    The unit keeps its place (report, drug, depth and so on) and takes responders and patients only.
    """
    by_subject = {unit.subject: unit for unit in everyone if unit.course == 0}
    exchanges: dict[str, Unit] = {}
    notes: list[tuple[str, Text]] = []
    certain = (pair for link in links if link.certainty == "certain" for pair in pairs_of(link))
    for other, preferred, relation in sorted(certain, key=lambda pair: pair[:2]):
        giving, counted = by_subject.get(other), by_subject.get(preferred)
        if giving is None or counted is None or not giving.evaluable or not _is(giving, counted, wanted):
            continue
        if relation == "=":
            chosen = exchanges.get(counted.id)
            exchanges[counted.id] = giving if chosen is None or _is(giving, chosen, wanted) else chosen
        else:
            notes.append((counted.id, Text(_said(giving), " not exchanged: a part of ", _said(counted))))
    notes += [
        (name, Text(_said(giving), " in place of ", _said(by_subject[name]))) for name, giving in exchanges.items()
    ]
    units = tuple(_exchanged(unit, exchanges.get(unit.id)) for unit in everyone)
    return Exchanged(units, frozenset(exchanges), tuple(sorted(notes, key=lambda note: (note[0], str(note[1])))))


def _is(unit: Unit, than: Unit, wanted: str) -> bool:
    if unit.year is None or than.year is None:
        return False
    return unit.year < than.year if wanted == "earlier" else unit.year > than.year


def _said(unit: Unit) -> Text:
    return Text(Named(unit.id), " ", r_of_n(Count.of("", [unit])))


def _exchanged(unit: Unit, other: Unit | None) -> Unit:
    if other is None:
        return unit
    counts = {name: getattr(other, name) for name in ("responders", "evaluable", "complete", "controlled")}
    return replace(unit, **counts)


NEAR: Final = 0.01  # of a limit to a threshold
Rate = PooledProportion | Proportion | None
Members = tuple[Placed, ...]
UnitsByOutcome = Callable[[Outcome], tuple[Unit, ...]]


@dataclass(frozen=True)
class Alternative:
    """The selection of those kept, the units that the choices touched, and for units what a reader must know.

    proposed: the units that are kept by an answer of the appraisal that nobody has decided.
    """

    selection: Selection
    touched: frozenset[str]
    notes: tuple[tuple[str, Text], ...]  # (unit id, note), for units that are counted
    proposed: frozenset[str] = frozenset()

    @cached_property
    def members(self) -> Mapping[str, Members]:
        """The units counted in each pool."""
        return {pool: self.selection.members(pool) for pool in self.selection.pools}


def units_by_outcome(library: Library) -> UnitsByOutcome:
    """The units of a library under an outcome rule, made once for each: many alternatives share them."""
    return cache(partial(units, library))


def alternative(
    library: Library, protocol: Protocol, choices: Choices, known: UnitsByOutcome | None = None
) -> Alternative:
    """The pools of the review under these choices; all choices left out give the pools themselves.

    `known` is `units_by_outcome(library)`, for who asks for many.
    """
    changed = _protocol(protocol, choices)
    everyone = (known or units_by_outcome(library))(changed.outcome)
    notes: tuple[tuple[str, Text], ...] = ()
    touched: set[str] = set()
    if choices.values is not None:
        before, everyone = everyone, units(with_second_values(library), changed.outcome)
        touched |= {new.id for old, new in zip(before, everyone, strict=True) if new != old}
    if choices.other_reading is not None:
        exchanged = other_readings(everyone, library.links, choices.other_reading)
        everyone, notes = exchanged.units, exchanged.notes
        touched |= exchanged.touched
    recounted = tuple(_recounted(unit, choices) for unit in everyone)
    touched |= {new.id for old, new in zip(everyone, recounted, strict=True) if new is not old}
    selection = place_units(recounted, library.links, changed)
    kept = tuple(placed for placed in selection.placed if _kept(placed.unit, choices))
    proposed: set[str] = set()
    if wanted := choices.appraisal:
        sound = {each.report.id: each for each in appraisals(library).reports}
        kept = tuple(each for each in kept if sound[each.unit.report].meets(each.unit.id, wanted))
        proposed = {each.unit.id for each in kept if sound[each.unit.report].rests_on_proposals(wanted)}
    return Alternative(replace(selection, placed=kept), frozenset(touched), notes, frozenset(proposed))


def _protocol(protocol: Protocol, choices: Choices) -> Protocol:
    update: dict[str, Any] = {"pools": {name: _pool(pool, choices) for name, pool in protocol.pools.items()}}
    if choices.death_before_assessment is not None:
        death = {"death_before_assessment": choices.death_before_assessment}
        update["outcome"] = protocol.outcome.model_copy(update=death)
    if choices.links is not None:
        update["links"] = protocol.links.model_copy(update={"apply": choices.links})
    return protocol.model_copy(update=update)


def _pool(pool: Pool, choices: Choices) -> Pool:
    names = ("drug", "combined_with", "response_basis", "depth")
    given = {name: getattr(choices, name) for name in names if getattr(choices, name) is not None}
    rows = [row for row in (*pool.rows, *choices.with_rows) if row not in choices.without_rows]
    return pool.model_copy(update={**given, "rows": tuple(dict.fromkeys(rows))})


def _recounted(unit: Unit, choices: Choices) -> Unit:
    """The unit itself, or another with other counts, in the order: inferred, disputed, not readable."""
    if choices.inferred is not None and unit.response_basis == "inferred" and unit.evaluable:
        unit = _with_responders(unit, 0)
    if choices.disputed is not None and unit.disputed and unit.evaluable:
        unit = _with_responders(unit, unit.evaluable if choices.disputed == "best" else 0)
    if choices.unreadable is not None and unit.response is None and unit.course and not unit.evaluable:
        # An assumption has no basis in the source; "stated" lets it pass where nothing else keeps the patient out.
        unit = replace(unit, evaluable=1, responders=int(choices.unreadable == "response"), response_basis="stated")
    return unit


def _with_responders(unit: Unit, responders: int) -> Unit:
    return replace(unit, responders=responders, complete=None, controlled=None)


def _kept(unit: Unit, choices: Choices) -> bool:
    conditions = (
        (choices.histology, unit.histology),
        (choices.age_group, unit.age_group),
        (choices.design, unit.design),
    )
    wanted = all(not accepted or value in accepted for accepted, value in conditions)
    line = choices.line is None or unit.line in {"first", "later"}
    return wanted and line and unit.depth not in choices.without_depth


def rate_of(counts: Count, protocol: Protocol) -> Rate:
    """The pooled rate of these patients by the model of the headline."""
    return rate_of_clusters(counts.clusters, protocol)


def side_of(orr: Rate, threshold: float) -> str:
    """Where the whole interval lies, "above" or "below"; empty if it has the threshold in it."""
    if orr is None:
        return ""
    return "above" if significant(orr.lower) > threshold else "below" if significant(orr.upper) < threshold else ""


def is_near(orr: Rate, threshold: float) -> bool:
    """Whether a limit is within a point of a threshold: on which side it lies then depends on the prior."""
    return orr is not None and any(significant(abs(limit - threshold)) <= NEAR for limit in (orr.lower, orr.upper))


def rate_of_clusters(reports: tuple[Cluster, ...], protocol: Protocol) -> Rate:
    """The pooled rate of clusters (report, r, n). Equal sets of (r, n) are computed once."""
    pairs = tuple(sorted((r, n) for _, r, n in reports))
    priors = protocol.priors
    return _rate(pairs, priors.mu, priors.rho, protocol.thresholds) if pairs else None


@lru_cache(maxsize=4096)
def _rate(pairs: tuple[tuple[int, int], ...], mu_prior: Prior, rho_prior: Prior, thresholds: tuple[float, ...]) -> Rate:
    responders, evaluable = [r for r, _ in pairs], [n for _, n in pairs]
    return pool_proportion(responders, evaluable, mu_prior=mu_prior, rho_prior=rho_prior, thresholds=thresholds)


def differing(before: Members, after: Members) -> Iterator[tuple[Unit, str]]:
    """The evaluable units that entered, left or count otherwise, each with that word."""
    old = {placed.unit.id: placed.unit for placed in before if placed.unit.evaluable}
    new = {placed.unit.id: placed.unit for placed in after if placed.unit.evaluable}
    yield from ((unit, "left") for name, unit in old.items() if name not in new)
    yield from ((unit, "entered") for name, unit in new.items() if name not in old)
    for name in old.keys() & new.keys():
        if (old[name].responders, old[name].evaluable) != (new[name].responders, new[name].evaluable):
            yield new[name], "recounted"
