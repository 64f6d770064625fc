"""How far does the answer move if something is done otherwise? The analyses that the protocol lists, one a row.

Every row is the whole review once more under the choices of one entry; with it the table of each report left out, and
reports of one stratum at lower weight.

The contrasts under each sensitivity analysis: the pre-specified one, its regression, and the bias odds ratios.

A p-value of few patients may rest on two of them. What changes no patient of the widest pool stands as it is and is not
computed again.

The headline under every combination of the main choices: how far any honest choice moves it.

The choices and their options are those of the protocol (`specification`). After Simonsohn, Simmons and Nelson, Nat Hum
Behav 2020;4:1208, without its joint test: the specifications share their patients, and no p-value is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean, median
from typing import Any, Final

from metaimt.analyses.alternatives import (
    Alternative,
    Rate,
    alternative,
    differing,
    rate_of,
    rate_of_clusters,
    side_of,
    units_by_outcome,
)
from metaimt.analyses.breakdown import breakdown
from metaimt.analyses.contrasts import CASES, TRIALS, of_design
from metaimt.analyses.pooled_response import columns
from metaimt.analyses.subgroups import NO_LEVEL, PRIMARY, Regression, regressions
from metaimt.analyses.wording import NOBODY, difference, interval, significant
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import LEAVE_ONE_OUT, Choices, Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count, Reports, grouped
from metaimt.model.text import Text, counted, say
from metaimt.serialise import Instead, optional, published, spread, to_json
from metaimt.statistics.adjusted import OddsRatioPosterior, odds_ratio
from metaimt.statistics.exact_tests import ExactTest, exact_test
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.posterior import WeightedProportion, pool_weighted

AS_IT_STANDS: Final = "as it stands"
DESIGN: Final = "case reports and series against trials"
WORDING: Final = "the rest against the headline"

Odds = OddsRatioPosterior | NotRun


@published("name", "levels", "test", "regression", odds_ratios="odds")
@dataclass(frozen=True)
class ContrastsUnder:
    """What the contrasts of the widest pool become under one analysis.

    levels: of the pre-specified grouping, those that are known. test: between them. regression: Firth, on it alone.
    odds: by name, DESIGN and WORDING.
    """

    name: str
    levels: Mapping[str, Count]
    test: ExactTest | NotRun
    regression: Regression | None
    odds: Mapping[str, Odds]

    @property
    def same_patients(self) -> tuple[tuple[str, int, int], ...]:
        """What the contrast is made of: equal where an analysis changes nothing in it."""
        return tuple((name, each.responders, each.evaluable) for name, each in self.levels.items())


def contrasts_under(found: Mapping[str, Alternative], protocol: Protocol) -> Iterator[ContrastsUnder]:
    """In the order given. Equal members of every pool are computed once."""
    known: dict[tuple[Any, ...], ContrastsUnder] = {}
    for name, each in found.items():
        same = tuple((pool, tuple(placed.unit for placed in members)) for pool, members in each.members.items())
        if same not in known:
            known[same] = _under(name, each.selection, protocol)
        yield replace(known[same], name=name)


def _under(name: str, selection: Selection, protocol: Protocol) -> ContrastsUnder:
    widest = selection.pools[-1]
    label = f"{protocol.label(widest)}: {name}"
    levels: dict[str, Count] = {}
    regression: Regression | None = None
    if PRIMARY in protocol.subgroups:
        table = breakdown(selection, widest, PRIMARY, label)
        levels = {
            each.name: each.counts for each in table.levels if each.name not in NO_LEVEL and each.counts.evaluable
        }
        regression = next(iter(regressions(selection.members(widest), (PRIMARY,), label)), None)
    responders, evaluable = [each.responders for each in levels.values()], [each.evaluable for each in levels.values()]
    test = exact_test(responders, evaluable) if levels else NotRun("no patient has a known level")
    return ContrastsUnder(name, levels, test, regression, dict(_odds(selection, protocol)))


def _odds(selection: Selection, protocol: Protocol) -> Iterator[tuple[str, Odds]]:
    headline, widest = selection.pools[0], selection.pools[-1]
    cases = of_design(selection, widest, CASES, protocol).counts
    yield DESIGN, _ratio(cases, of_design(selection, headline, TRIALS, protocol).counts, protocol)
    if widest != headline:
        rest = selection.rest(widest, headline, "the rest")
        yield WORDING, _ratio(rest, selection.count(headline, headline), protocol)


def _ratio(group: Count, reference: Count, protocol: Protocol) -> Odds:
    if not group.evaluable or not reference.evaluable:
        return NotRun("no evaluable patient on one side")
    priors = protocol.priors
    both = columns(group.clusters), columns(reference.clusters)
    return odds_ratio(*both, mu_prior=priors.mu, rho_prior=priors.rho)


@published("settings", spread("counts"), "headline", orr=lambda each: interval(each.orr), none=NOBODY)
@dataclass(frozen=True, slots=True)
class Specification:
    """One combination: choice -> option, counts and estimate; `headline` marks the protocol's own."""

    settings: Mapping[str, str]
    counts: Count
    orr: Rate
    headline: bool


@published("pool", "specifications", summary=lambda each: to_json(each, _SUMMARY))
@dataclass(frozen=True)
class SpecificationGrid:
    """All combinations in the order of the estimate, those with nobody last.

    `lowest`, `middle` (median) and `highest` are of the estimates; `excluding` maps each threshold to the share of
    the intervals that leave it out. All are None or empty where no combination has an evaluable patient.
    """

    pool: str
    specifications: tuple[Specification, ...]
    lowest: float | None
    middle: float | None
    highest: float | None
    excluding: Mapping[float, float]


_SUMMARY: Final[Instead] = {
    SpecificationGrid: (optional("lowest"), optional("median", "middle"), optional("highest"), "excluding")
}


def specification_grid(library: Library, protocol: Protocol) -> SpecificationGrid:
    """The first pool of the protocol under every combination; a single one, the headline, if no choices are listed."""
    pool = next(iter(protocol.pools))
    found = sorted(_specifications(library, protocol, pool), key=_order)
    rates = [specification.orr for specification in found if specification.orr is not None]
    estimates = [rate.estimate for rate in rates]
    return SpecificationGrid(
        pool=pool,
        specifications=tuple(found),
        lowest=min(estimates, default=None),
        middle=median(estimates) if estimates else None,
        highest=max(estimates, default=None),
        excluding={t: fmean(side_of(rate, t) != "" for rate in rates) for t in protocol.thresholds if rates},
    )


def _specifications(library: Library, protocol: Protocol, pool: str) -> Iterator[Specification]:
    names, known = tuple(protocol.specification), units_by_outcome(library)
    for options in product(*(axis.items() for axis in protocol.specification.values())):
        settings = dict(zip(names, (option for option, _ in options), strict=True))
        chosen: dict[str, Any] = {}
        for _, choices in options:
            chosen |= {field: getattr(choices, field) for field in choices.model_fields_set}
        members = alternative(library, protocol, Choices().model_copy(update=chosen), known).members[pool]
        said = ", ".join(f"{choice}: {option}" for choice, option in settings.items()) or "as in the protocol"
        counts = Count.of(said, (placed.unit for placed in members))
        yield Specification(settings, counts, rate_of(counts, protocol), headline=not chosen)


def _order(specification: Specification) -> tuple[bool, float, tuple[str, ...]]:
    estimate = significant(specification.orr.estimate) if specification.orr is not None else 0.0
    return specification.orr is None, estimate, tuple(specification.settings.values())


NO_ROWS = "no such rows"
SAME_COUNTS = "no count changes"


@published(
    spread("counts"),
    optional("change"),
    "status",
    notes=lambda each: list(map(str, each.notes)),
    orr=lambda each: (
        interval(each.orr) or (NotIdentified(each.status) if each.status and each.counts.evaluable else NOBODY)
    ),
    moved=lambda each: {how: who.evaluable for how, who in each.moved.items()},
)
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
    notes: tuple[Text, ...]


@dataclass(frozen=True)
class SensitivityRow:
    """One analysis in every pool, by name."""

    name: str
    pools: Mapping[str, Cell]


@published(
    "pool",
    "report",
    optional("change"),
    responders="own.responders",
    evaluable="own.evaluable",
    without=lambda each: to_json(each, _WITHOUT),
)
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
        return self.whole.where(f"{self.whole.title} without {self.report}", lambda unit: unit.report != self.report)


_WITHOUT: Final[Instead] = {
    ReportLeftOut: ("responders", "evaluable", "reports", ("orr", lambda each: interval(each.orr) or NOBODY))
}


@published("name", "pool", "stratum", "weight", "orr", none=NOBODY)
@dataclass(frozen=True, slots=True)
class Discounted:
    """A pool with one stratum at a weight; `orr` is None where nobody has any weight."""

    name: str
    pool: str
    stratum: str
    weight: float
    counts: Count
    orr: WeightedProportion | None


@published("rows", "leave_one_out", "subsets", "contrasts", "models", discount="discounts")
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
    moved = grouped(differing(before, after), lambda pair: pair[1])
    inside = {placed.unit.id for placed in after if placed.unit.evaluable}
    notes = tuple(note for name, note in found.notes if name in inside)
    if found.proposed:
        resting = Count.of(title, (placed.unit for placed in after if placed.unit.id in found.proposed))
        said = "{n} of the {all} reports by an answer of the appraisal that is proposed from the file and not decided"
        notes += (
            say(
                said, n=counted(resting.reports, Reports(resting)), all=Count.of(title, (p.unit for p in after)).reports
            ),
        )
    concerned = bool(found.touched & inside)
    status = "" if moved else SAME_COUNTS if concerned else NO_ROWS
    then, now = (Count.of(title, (placed.unit for placed in members)) for members in (before, after))
    orr = rate_of(now, protocol)
    return Cell(
        now,
        orr,
        _change(rate_of(then, protocol), orr),
        {how: Count.of(f"{title}: {how}", (unit for unit, _ in moved[how])) for how in sorted(moved)},
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
        orr, clusters = rate_of(whole, protocol), whole.clusters
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
                whole.responders - r,
                whole.evaluable - n,
                whole.reports - 1,
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
    weights = [weight if report in inside else 1.0 for report, _, _ in reports]
    orr = pool_weighted(*columns(reports), weights, mu_prior=priors.mu, rho_prior=priors.rho) if reports else None
    return Discounted(name, pool, stratum, weight, counts, orr)
