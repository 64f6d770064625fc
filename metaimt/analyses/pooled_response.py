"""How often do these tumours respond? The pools, their strata, and the separate rows.

May import: casefiles, evidence, statistics, workers. One cluster a report, beta-binomial by the
rules of `statistics.pooled`; the separate rows are exact binomial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from metaimt.analyses.estimate_dicts import estimates_dict, proportion_dict
from metaimt.analyses.not_in_headline import reasons_not_in_headline
from metaimt.analyses.wording import percent
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import LATER_LINES, Placed, Selection, meets
from metaimt.model.reason import Why
from metaimt.model.unit import Unit
from metaimt.problem import CannotAnalyse
from metaimt.statistics.pooled import PooledProportion, pool_proportion
from metaimt.statistics.proportion import Proportion, clopper_pearson
from metaimt.workers import run_all

NOTABLE_GAP = 0.03  # of the mean over reports from r/n, worth a sentence


@dataclass(frozen=True, slots=True)
class Counts:
    """Responders of evaluable patients, in so many reports."""

    responders: int
    evaluable: int
    reports: int

    def to_dict(self) -> dict[str, int]:
        """The three counts by name."""
        return {"responders": self.responders, "evaluable": self.evaluable, "reports": self.reports}


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

    def to_dict(self) -> dict[str, Any]:
        """`reason` is the decisive one; the counts are those the unit would add."""
        counts = {"responders": self.unit.responders, "evaluable": self.unit.evaluable}
        return {"id": self.unit.id, "reason": self.reason, "reasons": list(map(str, self.reasons)), **counts}


@dataclass(frozen=True)
class Group:
    """A pool, stratum or separate row. `orr` is None where no patient is evaluable.

    `line_not_stated` counts the evaluable patients of arms whose line is mixed or not said; `complete` and
    `controlled` have the denominators of the patients for whom CR, or CR/PR/SD/PD, is known.
    """

    name: str
    label: str
    counts: Counts
    orr: PooledProportion | Proportion | None
    line_not_stated: int
    complete: PooledProportion | Proportion | None
    controlled: PooledProportion | Proportion | None
    strata: Mapping[str, Group]
    parts: Mapping[str, Counts]
    left_out: tuple[LeftOut, ...]
    clusters: tuple[tuple[str, int, int], ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the estimate must know; among it, that it is a mean over reports where r/n differs."""
        if not isinstance(self.orr, PooledProportion):
            return ()
        gap = abs(self.orr.estimate - self.orr.crude.estimate)
        if gap < NOTABLE_GAP:
            return self.orr.warnings
        mean = (
            f"the estimate, {percent(self.orr.estimate)}, is the mean over reports, which differ; over patients "
            f"r/n is {percent(self.orr.crude.estimate)} ({self.counts.responders}/{self.counts.evaluable})"
        )
        return (*self.orr.warnings, mean)

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable form; what is not identified says so and is never null or 0."""
        return {
            **self.counts.to_dict(),
            **estimates_dict(self.orr),
            "warnings": list(self.warnings),
            "line_not_stated": self.line_not_stated,
            "complete_response": proportion_dict(self.complete),
            "disease_control": proportion_dict(self.controlled),
            "strata": {name: stratum.to_dict() for name, stratum in self.strata.items()},
            "parts": {name: part.to_dict() for name, part in self.parts.items()},
            "left_out": [unit.to_dict() for unit in self.left_out],
        }


@dataclass(frozen=True)
class PooledResponse:
    """The answer: pools (the first is the headline), separate rows, and the local cohort's share of each pool."""

    title: str
    version: str
    pools: Mapping[str, Group]
    rows: Mapping[str, Group]
    local: Mapping[str, Counts]
    not_in_headline: tuple[tuple[str, int], ...]

    @property
    def headline(self) -> Group:
        """The first pool of the protocol."""
        return next(iter(self.pools.values()))

    def to_dict(self) -> dict[str, Any]:
        """The contract of `metaimt pool --format json`."""
        return {
            "format": 1,
            "title": self.title,
            "version": self.version,
            "headline": self.headline.name,
            "pools": {name: group.to_dict() for name, group in self.pools.items()},
            "rows": {name: group.to_dict() for name, group in self.rows.items()},
            "local": {name: counts.to_dict() for name, counts in self.local.items()},
            "not_in_headline": [{"reason": reason, "patients": n} for reason, n in self.not_in_headline],
        }


def pooled_response(selection: Selection, protocol: Protocol, jobs: int = 1) -> PooledResponse:
    """Pool a selection, in `jobs` processes.

    Raises CannotAnalyse, with the reasons counted, if no pool has an evaluable patient.
    """
    if not any(placed.is_in(pool) and placed.unit.evaluable for placed in selection.placed for pool in selection.pools):
        raise CannotAnalyse(_nothing_eligible(selection))
    found = run_all([partial(_pool, selection, protocol, name) for name in selection.pools], jobs)
    pools = dict(zip(selection.pools, found, strict=True))
    rows = {name: _row(selection, protocol, name) for name in selection.rows}
    return PooledResponse(
        title=protocol.headline,
        version=protocol.version,
        pools=pools,
        rows=rows,
        local={name: count(p for p in selection.members(name) if p.unit.local) for name in selection.pools},
        not_in_headline=reasons_not_in_headline(selection),
    )


def count(placed: Iterable[Placed]) -> Counts:
    """Responders, evaluable patients and reports of some units."""
    members = [member.unit for member in placed]
    return Counts(
        sum(unit.responders for unit in members),
        sum(unit.evaluable for unit in members),
        len({unit.report for unit in members if unit.evaluable}),
    )


def clusters(placed: Iterable[Placed]) -> tuple[tuple[str, int, int], ...]:
    """(report id, responders, evaluable) summed over the units of each report, sorted by id: the pooled clusters."""
    sums: dict[str, tuple[int, int]] = {}
    for member in placed:
        r, n = sums.get(member.unit.report, (0, 0))
        sums[member.unit.report] = (r + member.unit.responders, n + member.unit.evaluable)
    return tuple((report, r, n) for report, (r, n) in sorted(sums.items()) if n)


def _pool(selection: Selection, protocol: Protocol, name: str) -> Group:
    members = selection.members(name)
    strata = {
        stratum: _group(stratum, [m for m in members if m.stratum == stratum], protocol, pooled=True)
        for stratum in protocol.strata
    }
    return _group(name, members, protocol, pooled=True, strata=strata, left_out=_left_out(selection, name))


def _row(selection: Selection, protocol: Protocol, name: str) -> Group:
    members = selection.members(name)
    headline = next(iter(protocol.pools))
    passes = {member.unit.id: meets(member.unit, protocol.pools[headline]) for member in members}
    parts = {
        headline: count(m for m in members if passes[m.unit.id]),
        "rest": count(m for m in members if not passes[m.unit.id]),
    }
    if name == LATER_LINES:
        parts |= {row: count(m for m in members if m.row == row) for row in protocol.rows if _pooled(row, protocol)}
    strata = {
        stratum: _group(stratum, [m for m in members if m.stratum == stratum], protocol, pooled=False)
        for stratum in protocol.strata
    }
    left_out = _left_out(selection, name)
    return _group(name, members, protocol, pooled=False, strata=strata, parts=parts, left_out=left_out)


def _pooled(row: str, protocol: Protocol) -> bool:
    return any(row in pool.rows for pool in protocol.pools.values())


def _group(
    name: str,
    members: Iterable[Placed],
    protocol: Protocol,
    *,
    pooled: bool,
    strata: Mapping[str, Group] | None = None,
    parts: Mapping[str, Counts] | None = None,
    left_out: tuple[LeftOut, ...] = (),
) -> Group:
    members = tuple(members)
    units = [member.unit for member in members]
    counts = count(members)
    return Group(
        name=name,
        label=protocol.label(name),
        counts=counts,
        orr=response_rate(clusters(members), protocol, pooled=pooled),
        line_not_stated=sum(unit.evaluable for unit in units if unit.line == "any"),
        complete=response_rate(_known(units, "complete"), protocol, pooled=pooled),
        controlled=response_rate(_known(units, "controlled"), protocol, pooled=pooled),
        strata=strata or {},
        parts=parts or {},
        left_out=left_out,
        clusters=clusters(members),
    )


def response_rate(
    reports: tuple[tuple[str, int, int], ...], protocol: Protocol, *, pooled: bool
) -> PooledProportion | Proportion | None:
    """The rate of clusters (report, r, n): pooled by the rule of `statistics.pooled`, or exact; None if none."""
    if not reports:
        return None
    responders, evaluable = [r for _, r, _ in reports], [n for _, _, n in reports]
    if not pooled:
        return clopper_pearson(sum(responders), sum(evaluable))
    priors = protocol.priors
    thresholds = protocol.thresholds
    return pool_proportion(responders, evaluable, mu_prior=priors.mu, rho_prior=priors.rho, thresholds=thresholds)


def _known(units: Iterable[Unit], outcome: str) -> tuple[tuple[str, int, int], ...]:
    """The clusters of another outcome, over the units for which it is known."""
    sums: dict[str, tuple[int, int]] = {}
    for unit in units:
        events: int | None = getattr(unit, outcome)
        if events is not None:
            r, n = sums.get(unit.report, (0, 0))
            sums[unit.report] = (r + events, n + unit.evaluable)
    return tuple((report, r, n) for report, (r, n) in sorted(sums.items()) if n)


def _left_out(selection: Selection, name: str) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(placed.unit, placed.reasons[name]) for placed in selection.left_out(name))


def _nothing_eligible(selection: Selection) -> str:
    reasons = Counter(
        placed.words(selection.pools[-1])[0] for placed in selection.placed if not placed.is_in(selection.pools[-1])
    )
    counted = ", ".join(f"{number} {reason}" for reason, number in sorted(reasons.items()))
    return f"nothing to pool: no evaluable patient in any pool ({counted or 'no treatment courses at all'})"
