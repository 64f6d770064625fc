"""The rows of every forest plot, made once: the figure and the page draw the same.

A row knows its label, whom it counts and its rate; what a medium writes beside it is the medium's. Of a long review the
rows beyond `MOST_ROWS` are one row; nothing is left out of the tables and results.json.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.analyses.comparison import Comparison
from metaimt.analyses.heterogeneity import Heterogeneity
from metaimt.analyses.models import Model
from metaimt.analyses.over_time import BY_YEAR, UNDATED, Cumulative
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import NO_ROWS, Cell, ReportLeftOut
from metaimt.analyses.subgroups import PRIMARY, LevelRows, ReportRow, ReportsByLevel, Subgroup
from metaimt.analyses.wording import (
    fraction,
    odds_text,
    p_value,
    percent,
    plural,
    prior_words,
    short_method,
    significant,
)
from metaimt.content.forest_row import SPACE, ForestRow, RowKind, Tone, prediction_row, rate_row
from metaimt.content.labels import capital, column_texts, points, r_of_n, report_labels, short_name
from metaimt.evidence.selection import Placed
from metaimt.model.count import Count
from metaimt.model.reason import Reason
from metaimt.model.unit import Unit
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.partial_pooling import Rate
from metaimt.statistics.posterior import PooledProportion, RhoPosterior
from metaimt.statistics.proportion import clopper_pearson

Order = Literal["weight", "rate", "year", "name"]
SingleCases = Literal["rows", "one", "tiles"]
Pools = tuple[str, ...]
"""Names of pools, never empty; a figure of one pool takes the last, the widest."""


@dataclass(frozen=True)
class ForestOptions:
    """How the rows of reports are shown; no estimate depends on it.

    columns: from the case files. order: of the rows of a stratum; weight: the largest first. single_cases: the reports
    of one patient each as a row each, as one row a stratum, or as one row of tiles, one a patient. most: rows of
    reports at the most, None for `MOST_ROWS`. every: a row for each, however many, since they take pages.
    """

    columns: tuple[str, ...] = ("drug",)
    order: Order = "weight"
    single_cases: SingleCases = "rows"
    most: int | None = None
    every: bool = False

    @property
    def rows(self) -> int:
        """Rows of reports at the most."""
        if self.every:
            return sys.maxsize
        return MOST_ROWS if self.most is None else min(self.most, MOST_ROWS)


USUAL: Final = ForestOptions()
PAGE_ROWS: Final = 30
"""Reports that a figure of one page shows one by one."""
MOST_ROWS: Final = 150
"""Reports, patients or steps in time that one figure or one table of the page shows."""
LARGER: Final = "2 or more"
HEADLINE_MODEL: Final = "beta-binomial"


# ---------- tones ----------


def tone_of(results: Results, pool: str) -> Tone:
    """The headline pool is filled, every other hollow."""
    return "strict" if pool == results.response.headline.name else "rest"


def tone_words(results: Results) -> Mapping[Tone, str]:
    """What the boxes are where each pool has rows of its own."""
    headline, *others = (group.label for group in results.response.pools.values())
    return {"strict": headline, "rest": ", ".join(others)}


# ---------- what is not shown one by one ----------


def others(number: int, word: str) -> str:
    """The label of the row for the rest: `and 937 other reports`."""
    return f"and {plural(number, f'other {word}')}"


def compact_note(shown: int, number: int, word: str, table: str) -> str:
    """What a caption says of it, with a blank before; empty where all are shown."""
    if shown >= number:
        return ""
    return f" Of {number} {word} {shown} are shown one by one, the others together; all are in tables/{table}.csv."


def forest_note(results: Results, headline: str, widest: str) -> str:
    """What is to be said of a forest of two pools that does not draw every row; empty if it does."""
    number = len(_sizes(results.selection.of_either(headline, widest), headline))
    return compact_note(min(number, MOST_ROWS), number, "rows of reports the largest", "clusters")


def _sizes(members: Iterable[Placed], headline: str) -> Counter[tuple[str, bool]]:
    """(report, whether the headline pool counts it) -> evaluable patients: a row each."""
    sizes: Counter[tuple[str, bool]] = Counter()
    for member in members:
        sizes[member.unit.report, member.is_in(headline)] += member.unit.evaluable
    return sizes


# ---------- rows of a rate ----------


def pool_heading(results: Results, pool: str) -> ForestRow:
    """The name of a pool over its rows, with a dashed line at its estimate."""
    group = results.response.pools[pool]
    reference = None if group.orr is None else group.orr.estimate
    return ForestRow("heading", f"{group.label} ({r_of_n(group.counts)})", reference=reference)


def _by_pool(results: Results, pools: Pools, rows_of: Callable[[str], Iterable[ForestRow]]) -> Iterator[ForestRow]:
    """The rows of each pool under its heading, with a space between pools."""
    for place, pool in enumerate(pools):
        yield from [SPACE] if place else []
        yield pool_heading(results, pool)
        yield from rows_of(pool)


# ---------- report by report ----------


def share_of_information(results: Results, pool: str) -> Callable[[Iterable[Unit]], float | None]:
    """Units -> their share of what all of a pool tell of its mean: n / (1 + (n - 1) rho) of a report of n patients.

    At the posterior median of rho; each patient of a report has the same share. None for units that the pool has not.
    """
    group = results.response.pools[pool]
    rho = group.orr.rho if isinstance(group.orr, PooledProportion) else None
    correlation = rho.estimate if isinstance(rho, RhoPosterior) else 0.0
    each = {report: 1 / (1 + (n - 1) * correlation) for report, _, n in group.clusters}
    inside = {part.unit.id for part in group.counts.parts}
    total = math.fsum(each[report] * n for report, _, n in group.clusters)

    def share(units: Iterable[Unit]) -> float | None:
        known = [each[unit.report] * unit.evaluable for unit in units if unit.id in inside and unit.evaluable]
        return math.fsum(known) / total if known else None

    return share


def report_rows(results: Results, headline: str, widest: str, options: ForestOptions = USUAL) -> Iterator[ForestRow]:
    """Stratum by stratum: its heading, the reports of the headline pool and its rate, then the others and theirs.

    A report has two rows where only some of its patients are in the headline pool. Of many the largest have one, and
    the others one together. The rows up to the rate of a pool, those of the pools before it too, add up to it but for
    those that `shared_note` names. The last column is the share of the information of the widest pool.
    """
    members = [member for member in results.selection.of_either(headline, widest) if member.unit.evaluable]
    made = _Reports(
        results, options, widest, share_of_information(results, widest), _shown(members, headline, widest, options)
    )
    for stratum in results.protocol.strata:
        inside = [member for member in members if member.stratum == stratum]
        if not inside:
            continue
        strata = {name: results.response.pools[name].strata[stratum] for name in (headline, widest)}
        yield ForestRow("heading", strata[headline].label)
        for pool, first in dict.fromkeys(((headline, True), (widest, False))):
            tone: Tone = "strict" if first else "rest"
            yield from made.rows([member for member in inside if member.is_in(headline) == first], pool, tone)
            if first or widest != headline:
                yield made.diamond(strata[pool], tone, pool)
        yield SPACE


def _shown(
    members: Sequence[Placed], headline: str, widest: str, options: ForestOptions
) -> dict[tuple[str, bool], bool]:
    """(report, whether the headline pool counts it) of each row -> whether it is one of cases; others have no row."""
    groups: dict[tuple[str, bool], list[Placed]] = {}
    for member in members:
        groups.setdefault((member.unit.report, member.is_in(headline)), []).append(member)
    sizes = _sizes(members, headline)
    single: dict[tuple[str, bool], list[tuple[str, bool]]] = {}
    for key, placed in groups.items():
        own = _shared_mark(placed, widest) or any(member.unit.local for member in placed)
        if options.single_cases != "rows" and sizes[key] == 1 and not own:
            single.setdefault((placed[0].stratum or "", key[1]), []).append(key)
    cases = {key for keys in single.values() if len(keys) > 1 for key in keys}
    alone = sorted(sizes.keys() - cases, key=lambda row: (-sizes[row], row))
    return {key: key in cases for key in (*alone[: options.rows], *sorted(cases))}


@dataclass(frozen=True)
class _Reports:
    """What makes the rows of the reports of one stratum; `shown` as `_shown` says."""

    results: Results
    options: ForestOptions
    widest: str
    share: Callable[[Iterable[Unit]], float | None]
    shown: Mapping[tuple[str, bool], bool]

    def rows(self, members: Sequence[Placed], pool: str, tone: Tone) -> Iterator[ForestRow]:
        """In the order asked for, then the reports of one patient together, then the others together."""
        by_report: dict[str, list[Placed]] = {}
        for member in members:
            by_report.setdefault(member.unit.report, []).append(member)
        labels, first = report_labels(self.results.library.reports), tone == "strict"
        of_pool = self.results.response.pools[pool].label
        kept: dict[bool | None, list[str]] = {False: [], True: [], None: []}
        units_of = {report: [member.unit for member in placed] for report, placed in by_report.items()}
        for report in sorted(by_report, key=lambda each: _place(self.options.order, units_of[each], labels[each])):
            kept[self.shown.get((report, first))].append(report)
        for report in kept[False]:
            counts = Count.of(f"{report} in {of_pool}", units_of[report])
            label = labels[report] + _shared_mark(by_report[report], self.widest)
            yield self.report(label, counts, "local" if counts.units[0].local else tone, pool)
        for together, reports in ((True, kept[True]), (False, kept[None])):
            if reports:
                label = of_one_patient(len(reports)) if together else others(len(reports), "report")
                units = [member.unit for member in members if member.unit.report in reports]
                counts = Count.of(f"{by_report[reports[0]][0].stratum} {label} in {of_pool}", units)
                columns = self.columns((), counts)
                if together:
                    yield _cases(label, columns, counts, tone, options=self.options, pool=pool)
                else:
                    yield ForestRow("plain", label, columns, counts=counts, pool=pool)

    def columns(self, first: Iterable[str], counts: Count) -> tuple[str, ...]:
        """The texts under the headings: `first`, r/n and the weight."""
        texts = tuple(first)[: len(self.options.columns)]
        empty = ("",) * (len(self.options.columns) - len(texts))
        share = self.share(counts.units)
        return (*texts, *empty, r_of_n(counts), "" if share is None else percent(share))

    def report(self, label: str, counts: Count, tone: Tone, pool: str) -> ForestRow:
        """A report by itself."""
        columns = self.columns(column_texts(self.options.columns, counts.units), counts)
        exact = clopper_pearson(counts.responders, counts.evaluable)
        return rate_row("report", label, columns, exact, tone=tone, size=counts.evaluable, counts=counts, pool=pool)

    def diamond(self, group: Group, tone: Tone, pool: str = "") -> ForestRow:
        """A stratum or pool."""
        counts = group.counts
        columns = self.columns((plural(counts.reports, "report"),), counts)
        label, size = group.label, counts.evaluable
        return rate_row("summary", label, columns, group.orr, tone=tone, size=size, counts=counts, pool=pool)


def _cases(
    label: str, columns: tuple[str, ...], counts: Count, tone: Tone, *, options: ForestOptions, pool: str = ""
) -> ForestRow:
    """The reports of one patient each in one row, as a tile each where that is asked for."""
    exact = clopper_pearson(counts.responders, counts.evaluable)
    row = rate_row("cases", label, columns, exact, tone=tone, size=counts.evaluable, counts=counts, pool=pool)
    return replace(row, tiles=responses_of(counts)) if options.single_cases == "tiles" else row


def responses_of(counts: Count) -> tuple[str, ...]:
    """The best response of each patient, best first; a patient of an arm has none but that he responded or did not."""
    found = (
        part.unit.response or ("response" if part.r else "no response") for part in counts.parts for _ in range(part.n)
    )
    return tuple(sorted(found, key=lambda each: RESPONSES.index(each) if each in RESPONSES else len(RESPONSES)))


RESPONSES: Final = ("CR", "PR", "response", "SD", "PD", "NE", "no response")


def of_one_patient(number: int) -> str:
    """The label of their row: `12 reports of one patient`."""
    return f"{plural(number, 'report')} of one patient"


def _place(order: Order, units: Sequence[Unit], label: str) -> tuple[Any, ...]:
    """What a report is put in order by; ties by size, year and id."""
    size, year = sum(unit.evaluable for unit in units), units[0].year or 9999
    first: dict[Order, tuple[Any, ...]] = {
        "weight": (),
        "rate": (-significant(sum(unit.responders for unit in units) / size),),
        "year": (year,),
        "name": (label.casefold(),),
    }
    return (*first[order], -size, year, units[0].report)


def pool_rows(
    results: Results, pools: Pools, *, predicted: bool, options: ForestOptions = USUAL
) -> Iterator[ForestRow]:
    """The rate of each pool and, where asked for, what a new report may show and how much reports differ."""
    made = _Reports(results, options, pools[-1], share_of_information(results, pools[-1]), {})
    for pool in pools:
        tone: Tone = "strict" if pool == pools[0] else "rest"
        group = results.response.pools[pool]
        yield made.diamond(group, tone)
        found = results.heterogeneity[pool] if predicted else None
        if found is not None and group.orr is not None and found.prediction is not None:
            yield prediction_row("Prediction, new report", found.prediction, tone)
            yield ForestRow("note", heterogeneity_said(group, found))


def heterogeneity_said(group: Group, found: Heterogeneity) -> str:
    """How much the reports of a pool differ: `Between reports: rho 0.07 [0.00 to 0.29], K = 18 reports, ...`."""
    reports, rho = f"K = {plural(group.counts.reports, 'report')}", found.rho
    if not isinstance(rho, RhoPosterior):
        return f"Between reports: rho {rho.wording()}, {reports}."
    prior = "" if found.prediction is None else f" (prior {prior_words(found.prediction.rho_prior)})"
    return (
        f"Between reports: rho {rho.estimate:.2f} [{rho.lower:.2f} to {rho.upper:.2f}]{prior}, {reports}, "
        f"{rho.informative} of two patients or more."
    )


def _shared_mark(placed: Iterable[Placed], widest: str) -> str:
    """` *` where the widest pool counts a patient of the row within another report, and so not in this row."""
    return "" if all(member.is_in(widest) for member in placed) else " *"


def shared_note(results: Results, headline: str, widest: str) -> str:
    """What the mark at a report means; empty where no row has it."""
    found = [
        f"{placed.unit.id} is within {why.detail}"
        for placed in results.selection.members(headline)
        if not placed.is_in(widest) and placed.unit.evaluable
        for why in placed.reasons[widest]
        if why.reason is Reason.COUNTED_ELSEWHERE
    ]
    label = results.response.pools[widest].label
    return f"* In {label} counted within another report: {'; '.join(found)}. " if found else ""


# ---------- reports under the levels of a grouping, with columns from the case files ----------


def level_rows(results: Results, found: ReportsByLevel, options: ForestOptions = USUAL) -> Iterator[ForestRow]:
    """A row a report under each level, of many the largest; then the level with its exact and partially pooled rate.

    Without a grouping the pool stands last, with the interval that it has everywhere.
    """
    columns = options.columns
    sizes = sorted((row.orr.evaluable for level in found.levels for row in level.reports), reverse=True)
    most = sys.maxsize if options.every else MOST_ROWS
    smallest = 0 if len(sizes) <= most else sizes[most] + 1
    for place, level in enumerate(found.levels):
        yield from [SPACE] if place else []
        yield ForestRow("heading", level.name)
        yield from _of_level(results, level, options, smallest)
        yield from _level(level, len(columns)) if found.grouping is not None else []
        yield from _partially_pooled(level.pooled)
    group = results.response.pools[found.pool]
    if found.grouping is None and group.orr is not None:
        yield rate_row("summary", group.label, (*("",) * len(columns), r_of_n(group.counts)), group.orr)


def _of_level(results: Results, level: LevelRows, options: ForestOptions, smallest: int) -> Iterator[ForestRow]:
    labels, columns = report_labels(results.library.reports), options.columns
    empty = ("",) * len(columns)
    single = [row for row in level.reports if row.orr.evaluable == 1 and not _is_local(row)]
    split = ([row for row in single if row.headline == first] for first in (True, False))
    groups = [rows for rows in split if len(rows) > 1 and options.single_cases != "rows"]
    together = [row for rows in groups for row in rows]
    alone = [row for row in level.reports if row.orr.evaluable >= smallest and row not in together]
    for row in sorted(alone, key=lambda row: _place(options.order, row.counts.units, labels[row.report])):
        tone: Tone = "local" if _is_local(row) else "strict" if row.headline else "rest"
        texts = (*column_texts(columns, row.counts.units), r_of_n(row.orr))
        yield rate_row("report", labels[row.report], texts, row.orr, tone=tone, size=row.orr.evaluable)
    for rows in groups:
        label = of_one_patient(len(rows))
        counts = Count(f"{level.name}: {label}", tuple(part for row in rows for part in row.counts.parts))
        look: Tone = "strict" if rows[0].headline else "rest"
        yield _cases(label, (*empty, r_of_n(counts)), counts, look, options=options)
    rest = [row.orr for row in level.reports if row.orr.evaluable < smallest and row not in together]
    if rest:
        counted = fraction(sum(orr.responders for orr in rest), sum(orr.evaluable for orr in rest))
        yield ForestRow("plain", others(len(rest), "report"), (*empty, counted))


def _is_local(row: ReportRow) -> bool:
    return any(unit.local for unit in row.counts.units)


def _level(level: LevelRows, columns: int) -> Iterator[ForestRow]:
    if len(level.reports) > 1:
        name = "Not reported" if level.name == NOT_REPORTED else f"All {level.name}"
        yield rate_row("summary", name, (*("",) * columns, r_of_n(level.counts)), level.orr)


def _partially_pooled(rate: Rate | NotRun) -> Iterator[ForestRow]:
    """What the other levels make of a level, under its own row."""
    if not isinstance(rate, NotRun):
        yield ForestRow("companion", "partially pooled", (), rate.median, rate.lower, rate.upper)


# ---------- pool by pool ----------


def design_rows(results: Results, pools: Pools) -> Iterator[ForestRow]:
    """A diamond a pool, under it a box a stratum; then the rows that are in no pool."""
    for pool in pools:
        group, tone = results.response.pools[pool], tone_of(results, pool)
        yield ForestRow("heading", group.label)
        columns = (r_of_n(group.counts), str(group.counts.reports), short_method(group.orr))
        yield rate_row("summary", "All designs", columns, group.orr, tone=tone)
        yield from (_group(stratum, tone) for stratum in group.strata.values())
        yield SPACE
    yield ForestRow("heading", "In no pool")
    yield from (_group(group, "strict") for group in results.response.rows.values())


def _group(group: Group, tone: Tone) -> ForestRow:
    columns = (r_of_n(group.counts), str(group.counts.reports), short_method(group.orr))
    return rate_row("report", group.label, columns, group.orr, tone=tone, size=group.counts.evaluable)


def by_year(results: Results, pools: Pools) -> list[Cumulative]:
    """The growth of each pool by publication year."""
    return [found for pool in pools for found in results.over_time if (found.pool, found.by) == (pool, BY_YEAR)]


def year_rows(results: Results, pools: Pools) -> Iterator[ForestRow]:
    """A row a publication year, undated reports last: all reports up to it."""
    growth = {found.pool: found for found in by_year(results, pools)}
    yield from _by_pool(results, tuple(growth), lambda pool: _steps(growth[pool], tone_of(results, pool)))


def _steps(found: Cumulative, tone: Tone) -> Iterator[ForestRow]:
    for step in found.steps:
        columns = (f"+{r_of_n(step.added)}", r_of_n(step.counts), str(step.counts.reports), short_method(step.orr))
        label = "and undated" if step.when == UNDATED else step.when
        yield rate_row("report", label, columns, step.orr, tone=tone, size=step.counts.evaluable)
    yield ForestRow("note", f"{found.dated.reports} of {found.reports} reports have a publication year.")


def subgroup_rows(results: Results, pools: Pools, grouping: str) -> Iterator[ForestRow]:
    """Each level with its exact interval and its partially pooled rate, pool by pool, and what is tested.

    One responder of one patient stands with its interval from 2.5 % and, under it, with what the other levels make of
    it, so that it does not look like 100 %.
    """
    tables = results.subgroups.tables[grouping]
    yield from _by_pool(results, pools, lambda pool: _levels(tables[pool], tone_of(results, pool)))


def _levels(table: Subgroup, tone: Tone) -> Iterator[ForestRow]:
    for each in table.levels:
        counts = each.level.counts
        columns = (r_of_n(counts), str(counts.reports))
        yield rate_row("report", each.level.name, columns, each.level.orr, tone=tone, size=counts.evaluable)
        yield from _partially_pooled(each.pooled) if each.level.orr is not None else []
    yield ForestRow("note", test_said(table))


def test_said(table: Subgroup) -> str:
    """For how many the level is not known; of the pre-specified contrast also the test."""
    known = f"Not known for {table.not_reported.evaluable} of {table.total.evaluable} patients."
    if table.grouping != PRIMARY:
        return known
    if isinstance(table.test, NotRun):
        return f"{known} Test of any difference between the known levels: {table.test.wording()}."
    return f"{known} Any difference between the known levels: {p_value(table.test.p)}, {table.test.wording()}."


# ---------- what is done otherwise ----------


def otherwise_rows(results: Results, pools: Pools) -> Iterator[ForestRow]:
    """A row an analysis of the protocol, then a stratum at lower weight, pool by pool."""
    return _by_pool(results, pools, lambda pool: _otherwise(results, pool))


def _otherwise(results: Results, pool: str) -> Iterator[ForestRow]:
    group, tone = results.response.pools[pool], tone_of(results, pool)
    columns = (r_of_n(group.counts), "", short_method(group.orr))
    yield rate_row("summary", "As it stands", columns, group.orr, tone=tone)
    for row in (*results.sensitivity.rows, *results.sensitivity.models):
        if pool in row.pools:
            yield _analysis(capital(row.name), row.pools[pool], tone)
    for found in results.sensitivity.discounts:
        if found.pool == pool:
            label = f"{capital(results.protocol.label(found.stratum))} at weight {found.weight:g}"
            if (orr := found.orr) is None:
                yield ForestRow("plain", label, interval_text="nobody has any weight")
                continue
            columns = (f"{orr.responders:.4g}/{orr.evaluable:.4g}", "", short_method(orr))
            yield rate_row("report", label, columns, orr, tone=tone, size=orr.evaluable)


def _analysis(label: str, cell: Cell, tone: Tone) -> ForestRow:
    if cell.status == NO_ROWS or (cell.orr is None and cell.status):
        counts = () if cell.status == NO_ROWS else (r_of_n(cell.counts),)
        return ForestRow("plain", label, counts, interval_text=cell.status)
    columns = (r_of_n(cell.counts), points(cell.change), short_method(cell.orr))
    return rate_row("report", label, columns, cell.orr, tone=tone, size=cell.counts.evaluable)


def left_out(results: Results, pool: str) -> list[ReportLeftOut]:
    """A pool without each of its reports."""
    return [left for left in results.sensitivity.leave_one_out if left.pool == pool]


def left_out_rows(results: Results, pools: Pools) -> Iterator[ForestRow]:
    """A row a report: the pool without it, by how it moves the estimate; of many the rest is one row of each pool."""
    number = sum(len(left_out(results, pool)) for pool in pools)
    most = None if number <= MOST_ROWS else max(1, MOST_ROWS // len(pools))
    return _by_pool(results, pools, lambda pool: _left_out(results, pool, most))


def _left_out(results: Results, pool: str, most: int | None) -> Iterator[ForestRow]:
    """In the order of the change; beyond `most` those that move the estimate least are one row among them."""
    labels, tone = report_labels(results.library.reports), tone_of(results, pool)
    ranked = sorted(left_out(results, pool), key=lambda left: (-abs(left.change or 0.0), left.report))
    drawn, rest = (sorted(part, key=_by_change) for part in (ranked[:most], ranked[len(ranked[:most]) :]))
    yield from (_without(left, labels[left.report], tone) for left in drawn if (left.change or 0.0) <= 0)
    if rest:
        own = fraction(sum(left.own.responders for left in rest), sum(left.own.evaluable for left in rest))
        ends = dict.fromkeys((points(rest[0].change), points(rest[-1].change)))
        yield ForestRow("plain", others(len(rest), "report"), (own, "", " to ".join(ends)))
    yield from (_without(left, labels[left.report], tone) for left in drawn if (left.change or 0.0) > 0)


def _by_change(left: ReportLeftOut) -> tuple[float, str]:
    return left.change or 0.0, left.report


def _without(left: ReportLeftOut, label: str, tone: Tone) -> ForestRow:
    return rate_row("report", label, (r_of_n(left.own), r_of_n(left), points(left.change)), left.orr, tone=tone)


def adjusted_rows(results: Results, pools: Pools) -> Iterator[ForestRow]:
    """A row a prior: the rate adjusted for selection, the protocol's first."""
    return _by_pool(results, pools, lambda pool: _adjusted(results.response.pools[pool], tone_of(results, pool)))


def _adjusted(group: Group, tone: Tone) -> Iterator[ForestRow]:
    for rate in () if isinstance(group.adjusted, NotRun) else group.adjusted:
        low, high = rate.prior.span()
        span = "" if rate.prior.log_sd == 0 else f" ({odds_text(low)} to {odds_text(high)})"
        yield rate_row("report", rate.prior.wording(), (f"{rate.prior.odds_ratio:g}{span}",), rate, tone=tone)


# ---------- other models ----------


def model_rows(results: Results, pools: Pools) -> Iterator[ForestRow]:
    """A row a model: the headline's first, then the exact ones, then those for comparison.

    Those for comparison stand on all reports and, below, on the reports of two patients or more.
    """
    compared = tuple(pool for pool in pools if pool in results.comparison)
    return _by_pool(results, compared, lambda pool: _models(results.comparison[pool], tone_of(results, pool)))


def _models(found: Comparison, tone: Tone) -> Iterator[ForestRow]:
    total = found.crude["clopper-pearson"]
    columns = (r_of_n(total), "any size")
    yield from _model(HEADLINE_MODEL, found.methods[HEADLINE_MODEL], columns, tone, "summary")
    yield rate_row("report", "r/n, Clopper-Pearson", columns, total, tone=tone)
    for name, model in found.methods.items():
        if name != HEADLINE_MODEL:
            yield from _model(name, model, columns, tone)
            if isinstance(model.larger, Model):
                yield from _model("", model.larger, ("", LARGER), tone)


def _model(
    name: str, model: Model, columns: tuple[str, ...], tone: Tone, kind: RowKind = "report"
) -> Iterator[ForestRow]:
    for part, rate in model.rates.items():
        label = f"{name}, {short_name(part)}" if part else name
        if isinstance(rate, NotIdentified | NotRun):
            yield ForestRow("plain", label, columns, interval_text=rate.wording())
        else:
            yield rate_row(kind, label, columns, rate, tone=tone)
