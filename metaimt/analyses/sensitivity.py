"""How far does the answer move if something is done otherwise? The analyses that the protocol lists, one a row.

Every row is the whole review once more under the choices of one entry; with it the table of each report left out, and
reports of one stratum at lower weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from metaimt.analyses.alternatives import (
    Alternative,
    Rate,
    alternative,
    differing,
    rate_of,
    rate_of_clusters,
    units_by_outcome,
)
from metaimt.analyses.estimate_dicts import interval_dict
from metaimt.analyses.sensitivity_contrasts import AS_IT_STANDS, ContrastsUnder, contrasts_under
from metaimt.analyses.wording import difference
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import LEAVE_ONE_OUT, Choices, Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.unit import Unit
from metaimt.statistics.posterior import WeightedProportion, pool_weighted

NO_ROWS = "no such rows"
SAME_COUNTS = "no count changes"
_NOBODY = {"not_identified": "no evaluable patient"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One pool under one analysis. `moved`: who entered, left, or counts otherwise (`recounted`) than in the pool.

    `status` is NO_ROWS where the analysis concerns nobody in the pool, SAME_COUNTS where it does and changes nothing;
    of a model it is why there is no estimate.
    """

    counts: Count
    orr: Rate
    change: float | None
    moved: Mapping[str, Count]
    status: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Counts, estimate, and what moved."""
        orr = self._not_identified() if self.orr is None else interval_dict(self.orr)
        said = {
            "moved": {how: who.evaluable for how, who in self.moved.items()},
            "status": self.status,
            "notes": list(self.notes),
        }
        change = {"change": self.change} if self.change is not None else {}
        return {**self.counts.to_dict(), "orr": orr, **change, **said}

    def _not_identified(self) -> dict[str, str]:
        return {"not_identified": self.status} if self.counts.evaluable and self.status else _NOBODY


@dataclass(frozen=True)
class SensitivityRow:
    """One analysis in every pool, by name."""

    name: str
    pools: Mapping[str, Cell]

    def to_dict(self) -> dict[str, Any]:
        """Name, and each pool."""
        return {"name": self.name, "pools": {pool: cell.to_dict() for pool, cell in self.pools.items()}}


@dataclass(frozen=True, slots=True)
class ReportLeftOut:
    """A pool without one report; `whole` is all of it, the sums are those that remain, `change` is in the estimate."""

    pool: str
    report: str
    whole: Count
    own: Count
    responders: int
    evaluable: int
    reports: int
    orr: Rate
    change: float | None

    @property
    def without(self) -> Count:
        """Those that remain; made when asked for, since a pool of K reports has K such counts of K."""
        return self.whole.without_reports(f"{self.whole.title} without {self.report}", {self.report})

    def to_dict(self) -> dict[str, Any]:
        """The report's own counts, and the pool without it."""
        own = {"report": self.report, "responders": self.own.responders, "evaluable": self.own.evaluable}
        orr = _NOBODY if self.orr is None else interval_dict(self.orr)
        rest = {"responders": self.responders, "evaluable": self.evaluable, "reports": self.reports, "orr": orr}
        change = {"change": self.change} if self.change is not None else {}
        return {"pool": self.pool, **own, "without": rest, **change}


@dataclass(frozen=True, slots=True)
class Discounted:
    """A pool with one stratum at a weight; `orr` is None where nobody has any weight."""

    name: str
    pool: str
    stratum: str
    weight: float
    counts: Count
    orr: WeightedProportion | None

    def to_dict(self) -> dict[str, Any]:
        """Weight and estimate; responders and evaluable are weighted sums."""
        named = {"name": self.name, "pool": self.pool, "stratum": self.stratum, "weight": self.weight}
        if self.orr is None:
            return {**named, "orr": _NOBODY}
        names = ("responders", "evaluable", "estimate", "lower", "upper", "level", "method")
        return {**named, "orr": {name: getattr(self.orr, name) for name in names}}


@dataclass(frozen=True)
class SensitivityTables:
    """All sensitivity analyses. `subsets`: some of the patients, which is another question. `contrasts`: the contrasts
    under each of `rows`, as they stand first. `models`: the same counts under other models (`by_model`).
    """

    rows: tuple[SensitivityRow, ...]
    leave_one_out: tuple[ReportLeftOut, ...]
    discounts: tuple[Discounted, ...]
    subsets: tuple[SensitivityRow, ...] = ()
    contrasts: tuple[ContrastsUnder, ...] = ()
    models: tuple[SensitivityRow, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The content of results.json, `sensitivity`."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "leave_one_out": [left.to_dict() for left in self.leave_one_out],
            "discount": [point.to_dict() for point in self.discounts],
            "subsets": [row.to_dict() for row in self.subsets],
            "contrasts": [each.to_dict() for each in self.contrasts],
            "models": [row.to_dict() for row in self.models],
        }


def sensitivity(
    library: Library, protocol: Protocol, selection: Selection, models: tuple[SensitivityRow, ...] = ()
) -> SensitivityTables:
    """Run the list of the protocol, in its order; `models` are rows computed elsewhere, to be shown with them."""
    known = units_by_outcome(library)
    base = alternative(library, protocol, Choices(), known)
    ordinary = [entry for entry in protocol.sensitivity if entry.model_fields_set - {"name", "discount", "subset"}]
    found = {entry.name: alternative(library, protocol, entry, known) for entry in ordinary}
    named = any(entry.name == LEAVE_ONE_OUT for entry in protocol.sensitivity)
    rows = [entry.name for entry in ordinary if not entry.subset]
    return SensitivityTables(
        rows=tuple(_row(found[name], base, name, protocol) for name in rows),
        subsets=tuple(_row(found[entry.name], base, entry.name, protocol) for entry in ordinary if entry.subset),
        contrasts=tuple(contrasts_under({AS_IT_STANDS: base, **{name: found[name] for name in rows}}, protocol)),
        leave_one_out=tuple(_each_left_out(selection, protocol)) if named else (),
        discounts=tuple(_discounts(selection, protocol)),
        models=models,
    )


def _row(found: Alternative, base: Alternative, name: str, protocol: Protocol) -> SensitivityRow:
    return SensitivityRow(
        name, {pool: _cell(f"{protocol.label(pool)}: {name}", pool, (base, found), protocol) for pool in base.members}
    )


def _cell(title: str, pool: str, both: tuple[Alternative, Alternative], protocol: Protocol) -> Cell:
    base, found = both
    before, after = base.members[pool], found.members[pool]
    moved: dict[str, list[Unit]] = {}
    for unit, how in differing(before, after):
        moved.setdefault(how, []).append(unit)
    inside = {placed.unit.id for placed in after if placed.unit.evaluable}
    notes = tuple(note for name, note in found.notes if name in inside)
    concerned = bool(found.touched & inside)
    status = "" if moved else SAME_COUNTS if concerned else NO_ROWS
    then, now = (Count.of(title, (placed.unit for placed in members)) for members in (before, after))
    orr = rate_of(now, protocol)
    return Cell(
        now,
        orr,
        _change(rate_of(then, protocol), orr),
        {how: Count.of(f"{title}: {how}", moved[how]) for how in sorted(moved)},
        status,
        notes,
    )


def _change(before: Rate, after: Rate) -> float | None:
    return None if before is None or after is None else difference(before.estimate, after.estimate)


def _each_left_out(selection: Selection, protocol: Protocol) -> Iterator[ReportLeftOut]:
    """Every report of every pool, by id. Links stay as they were resolved: nobody else comes in.

    The rate without a report is that without any other of the same counts.
    """
    for pool in selection.pools:
        whole = selection.count(pool, protocol.label(pool))
        orr, clusters, sums = rate_of(whole, protocol), whole.clusters, whole.to_dict()
        owns = whole.by_level("", lambda unit: unit.report, "")
        rates: dict[tuple[int, int], Rate] = {}
        for report, r, n in clusters:
            if (r, n) not in rates:
                rates[r, n] = rate_of_clusters(tuple(each for each in clusters if each[0] != report), protocol)
            yield ReportLeftOut(
                pool,
                report,
                whole,
                owns[report].titled(f"{report} in {whole.title}"),
                sums["responders"] - r,
                sums["evaluable"] - n,
                sums["reports"] - 1,
                rates[r, n],
                _change(orr, rates[r, n]),
            )


def _discounts(selection: Selection, protocol: Protocol) -> Iterator[Discounted]:
    for entry in protocol.sensitivity:
        if entry.discount is not None:
            for pool in selection.pools:
                for weight in entry.discount.weights:
                    yield _discounted(selection, pool, (entry.name, entry.discount.stratum, weight), protocol)


def _discounted(selection: Selection, pool: str, point: tuple[str, str, float], protocol: Protocol) -> Discounted:
    name, stratum, weight = point
    members = selection.members(pool)
    inside = {placed.unit.report for placed in members if placed.stratum == stratum}
    title = f"{protocol.label(pool)}: {protocol.label(stratum)} at weight {weight:g}"
    whole = Count.of(title, (placed.unit for placed in members))
    counts = whole.weighted(title, lambda unit: weight if unit.report in inside else 1.0)
    reports, priors = whole.clusters, protocol.priors
    if not reports:
        return Discounted(name, pool, stratum, weight, counts, None)
    responders, evaluable = [r for _, r, _ in reports], [n for _, _, n in reports]
    weights = [weight if report in inside else 1.0 for report, _, _ in reports]
    orr = pool_weighted(responders, evaluable, weights, mu_prior=priors.mu, rho_prior=priors.rho)
    return Discounted(name, pool, stratum, weight, counts, orr)
