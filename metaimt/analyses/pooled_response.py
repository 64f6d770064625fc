"""How often do these tumours respond? The pools, their strata, and the separate rows.

One cluster a report, by the model of `statistics.posterior`; the strata of a pool have one rho. Groups that are no
pool have r/n and its exact interval.

Who is not in the headline pool though the widest has them, or another report counts them, by the deciding reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from metaimt.analyses.wording import (
    FORMAT,
    KNOWN_FOR_NOBODY,
    disagreement,
    estimates,
    mostly_assumed,
    named_limits,
)
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import LATER_LINES, Selection, meets
from metaimt.model.count import COMPLETE, CONTROLLED, OUTCOMES, Cluster, Count
from metaimt.model.reason import Reason, Why
from metaimt.model.unit import Unit
from metaimt.problem import CannotAnalyse
from metaimt.serialise import optional, published, spread
from metaimt.statistics.adjusted import (
    OTHER_PRIORS,
    AdjustedRate,
    SelectionPrior,
    adjusted_rate,
)
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import PooledProportion, confidence_sequence, pool_parts, pool_proportion
from metaimt.statistics.proportion import Proportion, clopper_pearson
from metaimt.workers import run_all

ELSEWHERE: Final = "counted in another report"


@published("reason", "patients")
@dataclass(frozen=True, slots=True)
class NotInHeadline:
    """The words of a reason, and the units that it keeps out; `patients` also has those who are not evaluable."""

    reason: str
    counts: Count
    patients: int


def not_in_headline(selection: Selection, label: str) -> tuple[NotInHeadline, ...]:
    """Patients of the last and widest pool, and those counted elsewhere, last; `label` names the headline."""
    headline, widest = selection.pools[0], selection.pools[-1]
    elsewhere, found = list[Unit](), dict[Why, list[str]]()
    rest = selection.rest(widest, headline, f"not in {label}")
    for placed in selection.left_out(headline):
        decisive = placed.reasons[headline][0]
        if decisive.reason is Reason.COUNTED_ELSEWHERE:
            elsewhere += [placed.unit] if _patients(placed.unit) else []
        elif placed.is_in(widest):
            found.setdefault(decisive, []).append(placed.unit.id)
    told = [
        NotInHeadline(str(why), counts, counts.evaluable)
        for why, ids in found.items()
        if (counts := rest.of_units(f"not in {label}: {why}", ids)).evaluable
    ]
    told.sort(key=lambda each: (-each.patients, each.reason))
    if elsewhere:
        counts = Count.of(f"not in {label}: {ELSEWHERE}", elsewhere)
        told.append(NotInHeadline(ELSEWHERE, counts, sum(map(_patients, elsewhere))))
    return tuple(told)


def _patients(unit: Unit) -> int:
    """The patients of a unit: its evaluable patients, or 1 for a patient; a later course adds none."""
    return unit.evaluable if unit.course == 0 else int(unit.course == 1)


TRIAL = "trial"


@published("reason", "reasons", id="unit.id", responders="unit.responders", evaluable="unit.evaluable")
@dataclass(frozen=True, slots=True)
class LeftOut:
    """A unit that is not counted in a group; `reasons` has all that apply, the decisive one first."""

    unit: Unit
    reasons: tuple[Why, ...]

    @property
    def reason(self) -> str:
        """The words of the decisive reason."""
        return str(self.reasons[0])

    @property
    def others(self) -> str:
        """The words of the reasons that apply too."""
        return ", ".join(map(str, self.reasons[1:]))


@published(
    spread("counts"),
    lambda each: estimates(each.orr),
    optional("adjusted"),
    optional("confidence_sequence", lambda each: named_limits(each.sequence)),
    "warnings",
    "strata",
    "parts",
    "left_out",
    line_not_stated="line_not_stated.evaluable",
    complete_response=lambda each: each.complete or KNOWN_FOR_NOBODY,
    disease_control=lambda each: each.controlled or KNOWN_FOR_NOBODY,
)
@dataclass(frozen=True)
class Group:
    """A pool, stratum or separate row. `orr` is None where no patient is evaluable.

    `line_not_stated` are the arms whose line is mixed or not said. `known` has the patients for whom CR, or
    CR/PR/SD/PD, is known, and `complete` and `controlled` their rates. `adjusted`: of a pool, the rate adjusted for
    selection, under the protocol's prior first; empty for what is no pool. `sequence`: of a pool, limits of the mean
    over reports that hold however often one looks.
    """

    name: str
    label: str
    counts: Count
    orr: PooledProportion | Proportion | None
    line_not_stated: Count
    known: Mapping[str, Count]
    complete: PooledProportion | Proportion | None
    controlled: PooledProportion | Proportion | None
    strata: Mapping[str, Group]
    parts: Mapping[str, Count]
    left_out: tuple[LeftOut, ...]
    adjusted: tuple[AdjustedRate, ...] | NotRun = ()
    sequence: tuple[float, float] | None = None

    @property
    def clusters(self) -> tuple[Cluster, ...]:
        """(report id, responders, evaluable) of each report, sorted by id, as the models see them."""
        return self.counts.clusters

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the estimate must know."""
        if not isinstance(self.orr, PooledProportion):
            return ()
        return tuple(said for said in (mostly_assumed(self.orr), disagreement(self.orr)) if said)


@published(
    "title", "version", "pools", "rows", "local", "not_in_headline", format=lambda _: FORMAT, headline="headline.name"
)
@dataclass(frozen=True)
class PooledResponse:
    """The answer: pools (the first is the headline), separate rows, and the local cohort's share of each pool."""

    title: str
    version: str
    pools: Mapping[str, Group]
    rows: Mapping[str, Group]
    local: Mapping[str, Count]
    not_in_headline: tuple[NotInHeadline, ...]

    @property
    def headline(self) -> Group:
        """The first pool of the protocol."""
        return next(iter(self.pools.values()))


def pooled_response(selection: Selection, protocol: Protocol, jobs: int = 1) -> PooledResponse:
    """Pool a selection, in `jobs` processes.

    Raises CannotAnalyse, with the reasons counted, if no pool has an evaluable patient.
    """
    if not any(placed.is_in(pool) and placed.unit.evaluable for placed in selection.placed for pool in selection.pools):
        raise CannotAnalyse(_nothing_eligible(selection))
    found = run_all([partial(_group, selection, protocol, name, pooled=True) for name in selection.pools], jobs)
    pools = dict(zip(selection.pools, found, strict=True))
    rows = {name: _row(selection, protocol, name) for name in selection.rows}
    return PooledResponse(
        title=protocol.headline,
        version=protocol.version,
        pools=pools,
        rows=rows,
        local={
            name: pool.counts.where(f"{pool.label}, local cohort", lambda unit: unit.local)
            for name, pool in pools.items()
        },
        not_in_headline=not_in_headline(selection, pools[selection.pools[0]].label),
    )


def _row(selection: Selection, protocol: Protocol, name: str) -> Group:
    headline, label = next(iter(protocol.pools)), protocol.label
    members = selection.members(name)
    pool = protocol.pools[headline]
    passes = {m.unit.id: meets(m.unit, pool, protocol.targets(m.row, pool)) for m in members}
    inside = {
        headline: [member for member in members if passes[member.unit.id]],
        "rest": [member for member in members if not passes[member.unit.id]],
    }
    if name == LATER_LINES:
        pooled = {row for each in protocol.pools.values() for row in each.rows}
        inside |= {row: [m for m in members if m.row == row] for row in protocol.rows if row in pooled}
    parts = {part: Count.of(f"{label(name)}: {label(part)}", (m.unit for m in of_it)) for part, of_it in inside.items()}
    return _group(selection, protocol, name, pooled=False, parts=parts)


def _group(
    selection: Selection, protocol: Protocol, name: str, *, pooled: bool, parts: Mapping[str, Count] | None = None
) -> Group:
    """A pool or separate row with its strata."""
    members, label = selection.members(name), protocol.label(name)
    counts = {
        stratum: Count.of(f"{label}: {protocol.label(stratum)}", (m.unit for m in members if m.stratum == stratum))
        for stratum in protocol.strata
    }
    rates = strata_rates(counts, protocol) if pooled else {}
    strata = {
        stratum: replace(each, orr=rates.get(stratum)) if pooled else each
        for stratum, found in counts.items()
        for each in [_counted(stratum, found, protocol, pooled=pooled)]
    }
    whole = _counted(name, Count.of(label, (m.unit for m in members)), protocol, pooled=pooled)
    left_out = tuple(LeftOut(placed.unit, placed.reasons[name]) for placed in selection.left_out(name))
    adjusted = adjusted_rates(whole.counts, protocol) if pooled else ()
    sequence = sequence_of(whole.counts, protocol) if isinstance(whole.orr, PooledProportion) else None
    return replace(whole, strata=strata, parts=parts or {}, left_out=left_out, adjusted=adjusted, sequence=sequence)


def _counted(name: str, counts: Count, protocol: Protocol, *, pooled: bool) -> Group:
    known = {
        outcome: Count.of(f"{counts.title}: {words}, where known", counts.units, outcome)
        for outcome, words in OUTCOMES.items()
    }
    unstated = f"{counts.title}, line of treatment mixed or not stated"
    return Group(
        name=name,
        label=protocol.label(name),
        counts=counts,
        orr=response_rate(counts.clusters, protocol, pooled=pooled),
        line_not_stated=counts.where(unstated, lambda unit: unit.line == "any"),
        known=known,
        complete=response_rate(known[COMPLETE].clusters, protocol, pooled=pooled),
        controlled=response_rate(known[CONTROLLED].clusters, protocol, pooled=pooled),
        strata={},
        parts={},
        left_out=(),
    )


def response_rate(
    reports: tuple[Cluster, ...], protocol: Protocol, *, pooled: bool
) -> PooledProportion | Proportion | None:
    """The rate of clusters (report, r, n): pooled, or exact where it is no pool or one report; None if none."""
    if not reports:
        return None
    responders, evaluable = columns(reports)
    if not pooled:
        return clopper_pearson(sum(responders), sum(evaluable))
    priors = protocol.priors
    thresholds = protocol.thresholds
    return pool_proportion(responders, evaluable, mu_prior=priors.mu, rho_prior=priors.rho, thresholds=thresholds)


def columns(reports: Iterable[Cluster]) -> tuple[list[int], list[int]]:
    """Responders and evaluable patients of clusters."""
    pairs = [(r, n) for _, r, n in reports]
    return [r for r, _ in pairs], [n for _, n in pairs]


def strata_rates(strata: Mapping[str, Count], protocol: Protocol) -> dict[str, PooledProportion | Proportion]:
    """The strata of one pool by one regression: a mean each, rho in common. Those without a patient are left out."""
    parts = {name: columns(counts.clusters) for name, counts in strata.items() if counts.evaluable}
    if not parts:
        return {}
    priors, above = protocol.priors, protocol.thresholds
    found = pool_parts(list(parts.values()), mu_prior=priors.mu, rho_prior=priors.rho, above=above)
    return dict(zip(parts, found, strict=True))


def sequence_of(counts: Count, protocol: Protocol) -> tuple[float, float]:
    """Limits of the mean over reports of these patients that hold however often one looks."""
    priors = protocol.priors
    return confidence_sequence(*columns(counts.clusters), mu_prior=priors.mu, rho_prior=priors.rho)


def adjusted_rates(counts: Count, protocol: Protocol) -> tuple[AdjustedRate, ...] | NotRun:
    """The rate in prospective trials given all reports of a pool, under the protocol's prior first and four others."""
    trials = counts.where(f"{counts.title}: trials", lambda unit: unit.design == TRIAL)
    others = counts.where(f"{counts.title}: other reports", lambda unit: unit.design != TRIAL)
    for side, words in ((trials, "no prospective trial"), (others, "only prospective trials")):
        if not side.evaluable:
            return NotRun(words)
    own, priors = protocol.priors.selection, protocol.priors
    chosen = SelectionPrior(own.odds_ratio, own.log_sd)
    both = columns(trials.clusters), columns(others.clusters)
    return tuple(
        adjusted_rate(*both, prior, mu_prior=priors.mu, rho_prior=priors.rho)
        for prior in dict.fromkeys([chosen, *OTHER_PRIORS])
    )


def _nothing_eligible(selection: Selection) -> str:
    reasons = Counter(
        placed.words(selection.pools[-1])[0] for placed in selection.placed if not placed.is_in(selection.pools[-1])
    )
    counted = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
    return f"nothing to pool: no evaluable patient in any pool ({counted or 'no treatment courses at all'})"
