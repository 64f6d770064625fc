"""For whom? Each grouping of the protocol: its rows, partially pooled rates, and one regression a pool.

An exact test is run for the pre-specified contrast only. What a rule forbids says so with its reason. Units in a row
that is no level of the grouping ("not reported", or arms of children and adults together) stay out of the shrinkage and
out of the test; they are counted, so that the rows add up to the pool.

Does a tumour respond to a next inhibitor? Patient by patient, after response or progression on the one before.

A table without a test.

Firth regression of response on pre-specified covariates, on patients described one by one.

At most one parameter per 5 of min(events, non-events), else not run with the count. A patient of whom a covariate is
not known is left out and counted.

A pool report by report, grouped by site, fusion partner ...: what a forest plot by group shows.

The rows of a level add up to it, and the levels to the pool; a report with patients of two levels has a row in each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from metaimt.analyses.breakdown import NOT_REPORTED, Breakdown, Level, breakdown, value_of
from metaimt.casefiles.protocol import Priors, Protocol
from metaimt.evidence.selection import LATER_LINES, Placed, Selection
from metaimt.model.count import Count, grouped
from metaimt.model.reason import Reason
from metaimt.model.unit import Unit
from metaimt.serialise import optional, published, spread, to_json
from metaimt.statistics.exact_tests import ExactTest, exact_test
from metaimt.statistics.firth import FirthFit, firth_rule, fit_firth
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.partial_pooling import PartialPooling, Rate, partial_pooling
from metaimt.statistics.proportion import Proportion, clopper_pearson

_STILL_LISTED = {Reason.LATER_COURSE, Reason.NOT_EVALUABLE, Reason.NOT_READABLE}
NOT_STATED = "not stated"


@published(
    id="after.id",
    patient="after.subject",
    course="after.course",
    prior_drug="before.drug",
    prior_outcome="outcome",
    prior_response="before.response",
    prior_end="before.stop_reason",
    drug="after.drug",
    response="after.response",
    response_basis="after.response_basis",
    none=NOT_STATED,
)
@dataclass(frozen=True, slots=True)
class Switch:
    """One patient's change from one inhibitor to the next. What the source does not say is "not stated"."""

    before: Unit
    after: Unit

    @property
    def outcome(self) -> str:
        """What the one before did: response, no response, or not known."""
        if not self.before.evaluable:
            return "not known"
        return "response" if self.before.responders else "no response"


@published(
    "switches",
    "by_prior_outcome",
    "by_prior_end",
    "arms",
    patients=lambda each: len({switch.after.subject for switch in each.switches}),
    test=lambda _: NotRun("by protocol: a table of single patients"),
)
@dataclass(frozen=True)
class LaterInhibitors:
    """Every switch, and the responses to the second recorded inhibitor by what the first one did.

    The two summaries take each patient once; third and later courses are in the list only. `arms` counts the patients
    of later-line arms, whose prior course is not known one by one.
    """

    switches: tuple[Switch, ...]
    by_prior_outcome: dict[str, Count]
    by_prior_end: dict[str, Count]
    arms: Count


def later_inhibitors(selection: Selection) -> LaterInhibitors:
    """Second and later courses of eligible patients in the pooled rows, each counted in one report only."""
    by_course = {(placed.unit.subject, placed.unit.course): placed.unit for placed in selection.placed}
    switches = [
        Switch(by_course[placed.unit.subject, placed.unit.course - 1], placed.unit)
        for placed in selection.placed
        if placed.unit.course > 1 and {why.reason for why in placed.reasons[LATER_LINES]} <= _STILL_LISTED
    ]
    second = {each.after.id: each for each in switches if each.after.course == 2}
    units = [each.after for each in second.values()]
    return LaterInhibitors(
        tuple(sorted(switches, key=lambda switch: switch.after.id)),
        _later_counts("", {name: each.outcome for name, each in second.items()}, units),
        _later_counts(" ended by", {name: each.before.stop_reason for name, each in second.items()}, units),
        Count.of("arms of later lines", (m.unit for m in selection.members(LATER_LINES) if m.unit.arm is not None)),
    )


def _later_counts(how: str, of_first: Mapping[str, str | None], second: Iterable[Unit]) -> dict[str, Count]:
    """Second inhibitors by what is said of the first one (unit id -> words, None: not stated)."""
    found = grouped(second, lambda unit: of_first[unit.id] or NOT_STATED)
    start = "second inhibitor, first one"
    return {name: Count.of(f"{start}{how}: {name}", found[name]) for name in sorted(found)}


COVARIATES = ("histology", "age_group", "sex")  # of the protocol's subgroups, those with few levels


@published(
    "covariates",
    "contrasts",
    "fit",
    patients="patients.evaluable",
    complete="complete.evaluable",
    responders="complete.responders",
)
@dataclass(frozen=True)
class Regression:
    """One model: its covariates, the patients it could use, and the fit or why there is none.

    patients: described one by one in the pool. complete: of these, all covariates known. contrasts: the slopes, as
    `site: lung against abdomen`; the reference is the level with most patients.
    """

    covariates: tuple[str, ...]
    patients: Count
    complete: Count
    contrasts: tuple[str, ...]
    fit: FirthFit | NotRun


def regressions(members: Iterable[Placed], groupings: Sequence[str], label: str = "") -> tuple[Regression, ...]:
    """Of one pool, which `label` names: the first covariate alone, then all together; none if none is asked for."""
    chosen = tuple(name for name in COVARIATES if name in groupings)
    patients = Count.of(f"{label}: described one by one", described(members))
    return tuple(_regression(patients, names, label) for names in dict.fromkeys((chosen[:1], chosen)) if names)


def described(members: Iterable[Placed]) -> list[Unit]:
    """The evaluable patients of a pool who are described one by one."""
    return [member.unit for member in members if member.unit.course and member.unit.evaluable]


def all_known(patients: Iterable[Unit], covariates: Sequence[str]) -> list[Unit]:
    """Those of whom every covariate is known: the patients of a regression."""
    return [unit for unit in patients if all(value_of(unit, name) for name in covariates)]


def _regression(patients: Count, names: tuple[str, ...], label: str) -> Regression:
    complete = all_known(patients.units, names)
    said = ", ".join(name.replace("_", " ") for name in names)
    columns = [column for name in names for column in level_columns(complete, name)]
    responses = [unit.responders for unit in complete]
    ones = [1] * len(complete)
    labels = tuple(label for label, _ in columns)
    fit: FirthFit | NotRun | None = _constant(complete, names) or firth_rule(responses, ones, len(columns))
    if fit is None:
        rows = [list(row) for row in zip(*(values for _, values in columns), strict=True)]
        try:
            fit = fit_firth(responses, ones, rows, labels)
        except (ValueError, ArithmeticError) as problem:  # covariates that cannot be told apart
            fit = NotRun(str(problem))
    return Regression(names, patients, Count.of(f"{label}: {said} known", complete), labels, fit)


def level_columns(patients: list[Unit], name: str) -> list[tuple[str, list[int]]]:
    """Label and values: one 0/1 column a level but the reference: the level with most patients, by name where equal."""
    counted = Counter(value_of(unit, name) or "" for unit in patients)
    levels = sorted(counted, key=lambda level: (-counted[level], level))
    return [
        (
            f"{name.replace('_', ' ')}: {level} against {levels[0]}",
            [int(value_of(unit, name) == level) for unit in patients],
        )
        for level in levels[1:]
    ]


def _constant(patients: list[Unit], names: tuple[str, ...]) -> NotRun | None:
    if not patients:
        return NotRun(f"no patient with {', '.join(name.replace('_', ' ') for name in names)} known")
    for name in names:
        levels = {value_of(unit, name) for unit in patients}
        if len(levels) == 1:
            return NotRun(f"all {len(patients)} patients have {name.replace('_', ' ')} {levels.pop()}")
    return None


PRIMARY = "histology"  # the pre-specified contrast, shown first
NO_LEVEL = (NOT_REPORTED, "mixed")


@published(spread("level"), partially_pooled="pooled")
@dataclass(frozen=True, slots=True)
class SubgroupLevel:
    """One row: counts with the exact interval, and the posterior of its rate drawn towards the other levels."""

    level: Level
    pooled: Rate | NotRun


@published(
    "pool",
    "grouping",
    "levels",
    "total",
    "not_reported",
    optional("with_possible_links", "with_possible"),
    test=lambda each: to_json(each.test, {ExactTest: ("p", "levels", ("method", "wording"))}),
    partial_pooling="between",
)
@dataclass(frozen=True)
class Subgroup:
    """One grouping of one pool; the levels add up to `total`. `not_reported` counts the patients of no known level.

    `with_possible` has the known levels that hold other patients if links that are only possible count too.
    """

    pool: str
    grouping: str
    levels: tuple[SubgroupLevel, ...]
    total: Count
    not_reported: Count
    test: ExactTest | NotRun
    between: PartialPooling | NotRun
    with_possible: Mapping[str, Count]


@published(
    "tables",
    "regressions",
    prespecified=lambda each: PRIMARY if each.primary else NotRun(f"{PRIMARY} is not among the protocol's subgroups"),
    later_inhibitors="later",
)
@dataclass(frozen=True)
class Subgroups:
    """All groupings (in the protocol's order, the pre-specified one first) by pool, and what goes with them."""

    tables: Mapping[str, Mapping[str, Subgroup]]
    regressions: Mapping[str, tuple[Regression, ...]]
    later: LaterInhibitors

    @property
    def primary(self) -> Mapping[str, Subgroup]:
        """The pre-specified contrast, by pool; empty if the protocol does not ask for it."""
        return self.tables.get(PRIMARY, {})


def subgroups(selection: Selection, protocol: Protocol) -> Subgroups:
    """Every pre-specified grouping of every pool."""
    names = sorted(protocol.subgroups, key=lambda name: name != PRIMARY)
    tables = {
        name: {pool: subgroup(selection, pool, name, protocol.priors, protocol.label(pool)) for pool in selection.pools}
        for name in names
    }
    models = {pool: regressions(selection.members(pool), names, protocol.label(pool)) for pool in selection.pools}
    return Subgroups(tables, models, later_inhibitors(selection))


def subgroup(selection: Selection, pool: str, grouping: str, priors: Priors, label: str = "") -> Subgroup:
    """Partial pooling and the exact test over the levels of one breakdown that are known and not empty."""
    table = breakdown(selection, pool, grouping, label)
    known = [level for level in table.levels if level.name not in NO_LEVEL and level.counts.evaluable]
    responders, evaluable = [level.counts.responders for level in known], [level.counts.evaluable for level in known]
    test = _tested(grouping, responders, evaluable)
    between = _pool(responders, evaluable, priors)
    rates = (
        {}
        if isinstance(between, NotRun)
        else {level.name: group.rate for level, group in zip(known, between.groups, strict=True)}
    )
    levels = tuple(SubgroupLevel(level, rates.get(level.name, _why_not(level, between))) for level in table.levels)
    unknown = f"{label or pool}, {grouping.replace('_', ' ')}: of no known level"
    not_reported = table.total.where(unknown, lambda unit: (value_of(unit, grouping) or NOT_REPORTED) in NO_LEVEL)
    possible = _with_possible(selection, pool, grouping, table)
    return Subgroup(pool, grouping, levels, table.total, not_reported, test, between, possible)


def _tested(grouping: str, responders: list[int], evaluable: list[int]) -> ExactTest | NotRun:
    """A p-value only for the contrast that was specified before: many tests of nested pools read like replications."""
    if grouping != PRIMARY:
        return NotRun("not specified before, so shown without a test")
    return exact_test(responders, evaluable) if evaluable else NotRun("no patient has a known level")


def _with_possible(selection: Selection, pool: str, grouping: str, table: Breakdown) -> dict[str, Count]:
    """The levels as they are where patients who possibly belong to an arm are shown under what is said of them."""
    counts = {level.name: level.counts for level in table.levels}
    title = f"{table.total.title}, {grouping.replace('_', ' ')}, possible links too"
    whole = selection.described(pool, title, possible=True)
    found = whole.by_level(f"{title}: ", lambda unit: value_of(unit, grouping), NOT_REPORTED)
    return {
        name: other
        for name, other in found.items()
        if name not in NO_LEVEL and other.evaluable != (counts[name].evaluable if name in counts else 0)
    }


def _pool(responders: list[int], evaluable: list[int], priors: Priors) -> PartialPooling | NotRun:
    if len(evaluable) < 2:
        return NotRun(f"{'one' if evaluable else 'no'} level with an evaluable patient")
    try:
        return partial_pooling(responders, evaluable, m_sd=priors.subgroup_mean_sd, s_scale=priors.subgroup_sd_scale)
    except (ValueError, ArithmeticError) as problem:  # priors outside its range, or its own check failed
        return NotRun(str(problem))


def _why_not(level: Level, between: PartialPooling | NotRun) -> NotRun:
    if level.name in NO_LEVEL:
        return NotRun("not a known level")
    return between if isinstance(between, NotRun) else NotRun("no evaluable patient")


@dataclass(frozen=True)
class ReportRow:
    """One report in one level, with the exact interval. headline: whether its units are in the first pool."""

    report: str
    counts: Count
    orr: Proportion
    headline: bool


@dataclass(frozen=True)
class LevelRows:
    """One level: its reports, larger ones first, its own exact interval, and the partially pooled rate."""

    name: str
    reports: tuple[ReportRow, ...]
    counts: Count
    orr: Proportion
    pooled: Rate | NotRun


@dataclass(frozen=True)
class ReportsByLevel:
    """A pool by one grouping (None: all in one level). Levels without an evaluable patient are not listed."""

    pool: str
    grouping: str | None
    levels: tuple[LevelRows, ...]


def reports_by_level(selection: Selection, protocol: Protocol, pool: str, grouping: str | None) -> ReportsByLevel:
    """The reports of a pool by level. Raises WrongUse naming the groupings if `grouping` is not one of them."""
    label = protocol.label(pool)
    whole = selection.described(pool, label).where(label, lambda unit: unit.evaluable)
    headline = set(selection.described(selection.pools[0], label).ids)
    if grouping is None:
        one = _level(label, whole, headline, NotRun("there is one level"))
        return ReportsByLevel(pool, None, (one,) if whole.parts else ())
    table = subgroup(selection, pool, grouping, protocol.priors, label)
    levels = tuple(
        _level(each.level.name, each.level.counts, headline, each.pooled)
        for each in table.levels
        if each.level.counts.evaluable
    )
    return ReportsByLevel(pool, grouping, levels)


def _level(name: str, counts: Count, headline: set[str], pooled: Rate | NotRun) -> LevelRows:
    rows = grouped(counts.parts, lambda part: (part.unit.report, part.unit.id in headline))
    reports = []
    for (report, first), parts in rows.items():
        own = Count(f"{report} in {counts.title}", tuple(parts))
        reports.append(ReportRow(report, own, clopper_pearson(own.responders, own.evaluable), first))
    reports.sort(key=lambda row: (-row.orr.evaluable, row.counts.units[0].year or 9999, row.report, not row.headline))
    exact = clopper_pearson(counts.responders, counts.evaluable)
    return LevelRows(name, tuple(reports), counts, exact, pooled)
