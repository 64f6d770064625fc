"""The forest plot of the review as a table of rows: strata, strict and rest, the local cohort, pools, prediction.

The caller may edit the table before drawing it.

The pools by design, and the separate rows beneath: the headline table as a forest plot.

The pool after each publication year, undated reports last: a cumulative forest plot.

A pool by site, histology, fusion partner, drug ...: the exact interval and the partially pooled rate of each level.

One responder of one patient stands with its interval from 2.5 % and, under it, with what the other levels make of it,
so that it does not look like 100 %.

How far the answer moves: each analysis done otherwise, and each report left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from operator import itemgetter
from string import ascii_lowercase

from metaimt.analyses.heterogeneity import Heterogeneity
from metaimt.analyses.over_time import BY_YEAR, NOT_ADJUSTED, UNDATED, Cumulative
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import NO_ROWS, Cell, Discounted, ReportLeftOut
from metaimt.analyses.subgroups import PRIMARY, Subgroup, SubgroupLevel
from metaimt.analyses.wording import (
    estimate_with_interval,
    fraction,
    limits,
    p_value,
    percent,
    plural,
    prior_words,
    short_method,
    significant,
)
from metaimt.casefiles.model import CaseFile
from metaimt.evidence.selection import Placed
from metaimt.figures import forest_table as many
from metaimt.figures.forest_table import (
    AXIS_LABEL,
    ORR_HEADING,
    ForestRow,
    ForestTable,
    capital,
    estimate_row,
    forest_note,
    largest_reports,
    others,
    points,
    pool_heading,
    pools_said,
    tone_of,
    tone_words,
    version_line,
    zoomed,
)
from metaimt.figures.forest_table import short_name as _name
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.figures.style import Tone
from metaimt.model.count import Count
from metaimt.model.reason import Reason
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import clopper_pearson


def strata_table(results: Results, pools: Pools) -> ForestTable:
    """A diamond a pool, under it a box a stratum; then the rows that are in no pool."""
    rows: list[ForestRow] = []
    for pool in pools:
        group = results.response.pools[pool]
        rows += [ForestRow("heading", capital(group.label)), *_pool(group, tone_of(results, pool))]
        rows.append(ForestRow("space", ""))
    rows += [ForestRow("heading", "In no pool"), *map(_separate, results.response.rows.values())]
    orr = results.response.headline.orr
    return ForestTable(
        title=f"{results.protocol.headline}, by design",
        subtitle=version_line(results),
        label_heading="Design",
        column_headings=("r/n", "Reports", "Interval"),
        interval_heading=ORR_HEADING,
        rows=tuple(rows),
        axis_label=AXIS_LABEL,
        reference=orr.estimate if orr and results.response.headline.name in pools else None,
        reference_label=f"Pooled ORR, {results.response.headline.label}",
        thresholds=results.protocol.thresholds,
        words={"strict": "Stratum, or row in no pool", "rest": "Stratum of a wider pool"},
        footnotes=(
            "Strata of a pool: a mean each and one spread between reports. Rows in no pool: r/n, exact. "
            "Trials are the least selected; designs differ also in age, drug, line and response review.",
        ),
    )


def _pool(group: Group, tone: Tone) -> Iterator[ForestRow]:
    yield _row("All designs", group, tone, whole=True)
    for stratum in group.strata.values():
        yield _row(capital(stratum.label), stratum, tone)


def _separate(group: Group) -> ForestRow:
    return _row(capital(group.label), group, "strict")


def _row(label: str, group: Group, tone: Tone, *, whole: bool = False) -> ForestRow:
    counts, orr = group.counts, group.orr
    columns = (fraction(counts.responders, counts.evaluable), str(counts.reports), short_method(orr))
    if whole:
        return estimate_row("summary", label, columns, orr, tone=tone)
    return estimate_row("report", label, columns, orr, tone=tone, size=counts.evaluable)


def strata_figure(results: Results, pools: Pools) -> ReviewFigure:
    """The figure `strata`."""
    from metaimt.figures.forest import draw_forest

    table = strata_table(results, pools)
    said = " ".join(
        f"{capital(results.response.pools[pool].label)} by design: {_said(results, pool)}." for pool in pools
    )
    caption = (
        f"{results.protocol.headline}: {pools_said(results, pools)}. Boxes: strata by design of the report, area by "
        f"evaluable patients; diamonds: all designs together. Rows in no pool have exact intervals."
    )
    return ReviewFigure("strata", table.title, caption, f"Forest plot. {said}", draw_forest(table))


def _said(results: Results, pool: str) -> str:
    strata = results.response.pools[pool].strata.values()
    return "; ".join(
        f"{group.label} {estimate_with_interval(group.orr)} in {plural(group.counts.reports, 'report')}"
        for group in strata
    )


_TITLE = "The pooled response rate as it has grown"


def over_time_table(results: Results, pools: Pools) -> ForestTable:
    """A row a publication year, pool by pool: all reports up to it."""
    rows: list[ForestRow] = []
    for found in _by_year(results, pools):
        rows += [ForestRow("space", "")] if rows else []
        rows += [pool_heading(results, found.pool), *_steps(results, found)]
        rows.append(ForestRow("note", f"{found.dated.reports} of {found.reports} reports have a publication year."))
    return ForestTable(
        title=_TITLE,
        subtitle=version_line(results),
        label_heading="Up to",
        column_headings=("Added", "r/n", "Reports", "Interval"),
        interval_heading=ORR_HEADING,
        rows=tuple(rows),
        axis_label=AXIS_LABEL,
        reference_label="The pool today",
        thresholds=results.protocol.thresholds,
        words=tone_words(results),
        footnotes=(f"Intervals are {NOT_ADJUSTED}. Reports without a year come last, together.",),
    )


def _by_year(results: Results, pools: Pools) -> list[Cumulative]:
    return [found for pool in pools for found in results.over_time if (found.pool, found.by) == (pool, BY_YEAR)]


def _steps(results: Results, found: Cumulative) -> Iterator[ForestRow]:
    tone = tone_of(results, found.pool)
    for step in found.steps:
        added = fraction(step.added.responders, step.added.evaluable)
        counts = fraction(step.counts.responders, step.counts.evaluable)
        columns = (f"+{added}", counts, str(step.counts.reports), short_method(step.orr))
        label = "and undated" if step.when == UNDATED else step.when
        yield estimate_row("report", label, columns, step.orr, tone=tone, size=step.counts.evaluable)


def over_time_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `over-time`."""
    from metaimt.figures.forest import draw_forest

    if not any(found.dated.parts for found in _by_year(results, pools)):
        return NotDrawn("over-time", _TITLE, "no report of the pool has a publication year")
    table = over_time_table(results, pools)
    found = [found for found in _by_year(results, pools) if found.steps]
    said = " ".join(f"{capital(results.response.pools[each.pool].label)}: {_said_by_year(each)}." for each in found)
    caption = f"{_TITLE}: all reports up to each publication year, {NOT_ADJUSTED}. {said}"
    return ReviewFigure("over-time", _TITLE, caption, f"Cumulative forest plot. {said}", draw_forest(table))


def _said_by_year(found: Cumulative) -> str:
    first, last = found.steps[0], found.steps[-1]
    return (
        f"up to {first.when} {estimate_with_interval(first.orr)}, "
        f"{'with undated reports' if last.when == UNDATED else f'up to {last.when}'} {estimate_with_interval(last.orr)}"
    )


def subgroup_table(results: Results, pools: Pools, grouping: str) -> ForestTable:
    """Both rows of every level, pool by pool, the widest first, with the test of any difference under them."""
    tables = results.subgroups.tables[grouping]
    rows: list[ForestRow] = []
    for pool in reversed(pools):
        rows += [ForestRow("space", "")] if rows else []
        rows += [pool_heading(results, pool), *_levels(tables[pool], tone_of(results, pool))]
        rows.append(ForestRow("note", _test(tables[pool])))
    priors = results.protocol.priors
    return ForestTable(
        title=_title(grouping),
        subtitle=version_line(results),
        label_heading=capital(grouping.replace("_", " ")),
        column_headings=("r/n", "Reports"),
        interval_heading=ORR_HEADING,
        rows=tuple(rows),
        axis_label=AXIS_LABEL,
        reference_label="Pooled ORR of all levels",
        words={tone: f"Exact, {words[:1].lower()}{words[1:]}" for tone, words in tone_words(results).items()},
        companion="Partially pooled",
        footnotes=(
            "Exact: Clopper-Pearson, the level by itself. Partially pooled: posterior median and 95 % interval, each "
            f"level drawn towards the others as far as the data allow (priors: mean log odds N(0, "
            f'{priors.subgroup_mean_sd:g}²), spread half-normal({priors.subgroup_sd_scale:g})). "Not reported" stays '
            "out of it and of the test.",
        ),
    )


def _title(grouping: str) -> str:
    return f"Objective response rate by {grouping.replace('_', ' ')}"


def _levels(table: Subgroup, tone: Tone) -> Iterator[ForestRow]:
    for each in table.levels:
        counts, orr, rate = each.level.counts, each.level.orr, each.pooled
        columns = (fraction(counts.responders, counts.evaluable), str(counts.reports))
        if orr is None:
            yield ForestRow("plain", capital(each.level.name), columns, interval_text="none evaluable")
            continue
        estimate = (orr.estimate, orr.lower, orr.upper)
        yield ForestRow("report", capital(each.level.name), columns, *estimate, size=counts.evaluable, tone=tone)
        if not isinstance(rate, NotRun):
            yield ForestRow("companion", "partially pooled", (), rate.median, rate.lower, rate.upper)


def _test(table: Subgroup) -> str:
    known = f"Not known for {table.not_reported.evaluable} of {table.total.evaluable} patients."
    if table.grouping != PRIMARY:
        return known
    if isinstance(table.test, NotRun):
        return f"{known} Test of any difference between the known levels: {table.test.wording()}."
    return f"{known} Any difference between the known levels: {p_value(table.test.p)}, {table.test.wording()}."


def subgroup_figure(results: Results, pools: Pools, grouping: str) -> ReviewFigure | NotDrawn:
    """The figure `by-...` of one grouping."""
    from metaimt.figures.forest import draw_forest

    name = f"by-{grouping.replace('_', '-')}"
    tables = results.subgroups.tables[grouping]
    if not any(_known(tables[pool]) for pool in pools):
        return NotDrawn(name, _title(grouping), f"no evaluable patient has a known {grouping.replace('_', ' ')}")
    table = subgroup_table(results, pools, grouping)
    said = [f"{capital(results.response.pools[pool].label)}: {_tests_said(tables[pool])}." for pool in reversed(pools)]
    tests = [f"{capital(results.response.pools[pool].label)}: {_test(tables[pool])}" for pool in reversed(pools)]
    caption = (
        f"{_title(grouping)}. Boxes: r/n with the exact interval; rhombs: the partially pooled rate. {' '.join(tests)} "
        "Levels differ also in age, drug, line and how they were reported."
    )
    return ReviewFigure(name, table.title, caption, f"Forest plot. {' '.join(said)}", draw_forest(table))


def _known(table: Subgroup) -> list[SubgroupLevel]:
    return [each for each in table.levels if each.level.counts.evaluable and each.level.name != "not reported"]


def _tests_said(table: Subgroup) -> str:
    said = []
    for each in table.levels:
        orr, rate = each.level.orr, each.pooled
        if orr is None:
            continue
        exact = f"{percent(orr.estimate)}, exact {limits(orr.lower, orr.upper, ' to ')}"
        drawn = "" if isinstance(rate, NotRun) else f", partially pooled {percent(rate.median)}"
        said.append(f"{each.level.name} {fraction(orr.responders, orr.evaluable)} ({exact}{drawn})")
    return "; ".join(said)


_SURNAME = re.compile(r"([^,]{2,40}?) [A-Z]{1,4}(?:[,.]|\s+et al|$)")


def forest_table(results: Results, pools: Pools = ()) -> ForestTable:
    """The forest plot of the first and the last of `pools`, by default of the protocol.

    A row a report; two where only some of its patients are in the first pool. Of many the largest (`many`).
    """
    response = results.response
    shown = pools or tuple(response.pools)
    headline, widest = shown[0], shown[-1]
    members = results.selection.of_either(headline, widest)
    rows = list(_strata(results, members, headline, widest))
    rows.append(ForestRow("heading", "Pools"))
    for group in (response.pools[pool] for pool in shown):
        rows += _pool_rows(
            group, results.heterogeneity[group.name], tone="strict" if group.name == headline else "rest"
        )
    orr = response.pools[headline].orr
    return ForestTable(
        title=results.protocol.headline,
        subtitle=f"{results.protocol.title}, version {response.version}",
        label_heading="Report",
        column_headings=("Drug", "r/n"),
        interval_heading="ORR [95 % interval]",
        rows=tuple(rows),
        axis_label="Objective response rate (%)",
        reference=orr.estimate if orr else None,
        reference_label=f"Pooled ORR, {_name(headline)}",
        pools=(_name(headline), _name(widest)),
        footnotes=(
            *_footnotes(response.pools[headline], response.pools[widest]),
            *filter(None, [shared_note(results, headline, widest)]),
        ),
    )


def forest_figure(results: Results, pools: Pools) -> ReviewFigure:
    """The figure `forest`."""
    from metaimt.figures.forest import draw_forest

    table = forest_table(results, pools)
    said = pools_said(results, pools)
    number = sum(row.kind == "report" for row in table.rows)
    note = forest_note(results.selection.of_either(pools[0], pools[-1]), pools[0])
    caption = (
        f"{results.protocol.headline}, report by report: {said}. Boxes: exact intervals, area by evaluable patients; "
        f"diamonds: strata and pools; dashed bars: where the true rate of a new report is expected.{note}"
    )
    alt = f"Forest plot of {number} rows, one a report, by design. {capital(said)}.{note}"
    return ReviewFigure("forest", table.title, caption, alt, draw_forest(table))


def report_labels(reports: Iterable[CaseFile]) -> dict[str, str]:
    """By id: `Mossé 2017`; `Zhang 2020a` and `Zhang 2020b`, in the order of their ids, where two would be alike."""
    alike: dict[str, list[str]] = {}
    for report in reports:
        alike.setdefault(_label(report), []).append(report.id)
    labels: dict[str, str] = {}
    for label, ids in alike.items():
        if len(ids) == 1:
            labels[ids[0]] = label
        elif len(ids) <= len(ascii_lowercase):
            labels |= {name: label + letter for name, letter in zip(sorted(ids), ascii_lowercase, strict=False)}
        else:
            labels |= {name: name for name in ids}
    return labels


def _label(report: CaseFile) -> str:
    """First author's surname and the year; the id where either is not known."""
    match = _SURNAME.match(report.report.authors or "")
    if match is None or report.report.year is None:
        return report.id
    return f"{match[1]} {report.report.year}"


def shared_mark(placed: Iterable[Placed], widest: str) -> str:
    """` *` for patients whom the widest pool counts within another report, and so not in their own row."""
    return "" if any(member.is_in(widest) for member in placed) else " *"


def shared_note(results: Results, headline: str, widest: str) -> str:
    """What the mark means; empty where no row has it."""
    found = [
        f"{placed.unit.id} is within {why.detail}"
        for placed in results.selection.members(headline)
        if not placed.is_in(widest) and placed.unit.evaluable
        for why in placed.reasons[widest]
        if why.reason is Reason.COUNTED_ELSEWHERE
    ]
    label = results.response.pools[widest].label
    return f"* In {label} counted within another report: {'; '.join(found)}. " if found else ""


def _strata(results: Results, members: tuple[Placed, ...], headline: str, widest: str) -> Iterator[ForestRow]:
    largest = largest_reports(members, headline)
    for stratum in results.protocol.strata:
        inside = [member for member in members if member.stratum == stratum]
        groups = {name: results.response.pools[name].strata[stratum] for name in (headline, widest)}
        if not inside:
            continue
        yield ForestRow("heading", capital(groups[headline].label))
        strict = [member for member in inside if member.is_in(headline)]
        rest = [member for member in inside if not member.is_in(headline)]
        yield from _reports(results, strict, tone="strict", shown={name for name, first in largest if first})
        yield from _reports(results, rest, tone="rest", shown={name for name, first in largest if not first})
        yield from _summary(groups[headline], _name(headline), tone="strict")
        if widest != headline:
            yield from _summary(groups[widest], _name(widest), tone="rest")
        yield ForestRow("space", "")


def _reports(results: Results, members: Iterable[Placed], tone: str, shown: Collection[str]) -> Iterator[ForestRow]:
    by_report: dict[str, list[Placed]] = {}
    for member in members:
        by_report.setdefault(member.unit.report, []).append(member)
    labels = report_labels(results.library.reports)

    def order(item: tuple[str, list[Placed]]) -> tuple[int, int, str]:
        return (-sum(m.unit.evaluable for m in item[1]), item[1][0].unit.year or 9999, item[0])

    for report, placed in sorted(by_report.items(), key=order):
        if report in shown:
            label = labels[report] + shared_mark(placed, results.selection.pools[-1])
            yield _counted_row(label, placed, "local" if placed[0].unit.local else tone)
    rest = [member.unit for report, placed in by_report.items() if report not in shown for member in placed]
    if rest:
        counts = Count.of("", rest)
        responded = f"{counts.responders}/{counts.evaluable}"
        yield ForestRow("plain", others(len(by_report.keys() - shown), "report"), ("", responded))


def _counted_row(label: str, placed: list[Placed], tone: str) -> ForestRow:
    responders, n = sum(m.unit.responders for m in placed), sum(m.unit.evaluable for m in placed)
    drugs = sorted({m.unit.drug + (" +" if m.unit.combined_with else "") for m in placed})
    exact = clopper_pearson(responders, n)
    return ForestRow(
        "report",
        label,
        (", ".join(drugs), f"{responders}/{n}"),
        exact.estimate,
        exact.lower,
        exact.upper,
        size=n,
        tone="local" if tone == "local" else "rest" if tone == "rest" else "strict",
    )


def _summary(group: Group, pool: str, tone: str) -> Iterator[ForestRow]:
    if group.orr is not None:
        label = f"{capital(group.label)}, {pool}"
        yield _diamond(label, group.counts, group, tone)


def _pool_rows(group: Group, found: Heterogeneity, tone: str) -> Iterator[ForestRow]:
    if group.orr is None:
        return
    yield _diamond(capital(group.label), group.counts, group, tone)
    prediction = found.prediction
    if prediction is not None:
        likely, *_ = prediction.ranges
        yield ForestRow(
            "prediction",
            "Prediction, new report",
            (f"rho ~ {prior_words(prediction.rho_prior)}",),
            lower=likely.lower,
            upper=likely.upper,
            tone="rest" if tone == "rest" else "strict",
        )


def _diamond(label: str, counts: Count, group: Group, tone: str) -> ForestRow:
    orr = group.orr
    return ForestRow(
        "summary",
        label,
        (
            f"{counts.reports} reports" if counts.reports != 1 else "1 report",
            f"{counts.responders}/{counts.evaluable}",
        ),
        orr.estimate if orr else None,
        orr.lower if orr else None,
        orr.upper if orr else None,
        size=counts.evaluable,
        tone="rest" if tone == "rest" else "strict",
    )


def _footnotes(headline: Group, widest: Group) -> tuple[str, ...]:
    orr = headline.orr
    pooled = f"Pools: {orr.method}. " if orr is not None else ""
    both = f"Filled: {headline.label}. Hollow: counted in {widest.label} only. " if widest is not headline else ""
    return (
        "Boxes: exact (Clopper-Pearson) intervals; area by evaluable patients. "
        f"{pooled}Diamonds are means over reports, not r/n; one report: r/n, exact. The prediction of a new report "
        "holds 80 % and is largely the prior.",
        f"{both}A + marks a drug given with something else.",
    )


_SENSITIVITY = "The pooled response rate if something is done otherwise"
_LEFT_OUT = "The pooled response rate without each report"


def sensitivity_table(results: Results, pools: Pools) -> ForestTable:
    """A row an analysis of the protocol, then a stratum at lower weight, pool by pool."""
    rows: list[ForestRow] = []
    for pool in pools:
        rows += [ForestRow("space", "")] if rows else []
        rows += [pool_heading(results, pool), *_analyses(results, pool), *_weights(results, pool)]
    return ForestTable(
        title=_SENSITIVITY,
        subtitle=version_line(results),
        label_heading="Done otherwise",
        column_headings=("r/n", "Change", "Interval"),
        interval_heading=ORR_HEADING,
        rows=tuple(rows),
        axis_label=AXIS_LABEL,
        reference_label="The pool as it stands",
        thresholds=results.protocol.thresholds,
        words=tone_words(results),
        footnotes=(
            'Change: of the estimate, in percentage points. "No such rows": it concerns nobody in the pool. At a lower '
            "weight, r/n are weighted sums.",
        ),
    )


def _analyses(results: Results, pool: str) -> Iterator[ForestRow]:
    group, tone = results.response.pools[pool], tone_of(results, pool)
    counts = fraction(group.counts.responders, group.counts.evaluable)
    yield estimate_row("summary", "As it stands", (counts, "", short_method(group.orr)), group.orr, tone=tone)
    for row in (*results.sensitivity.rows, *results.sensitivity.models):
        if pool in row.pools:
            yield _analysis(row.name, row.pools[pool], tone)


def _analysis(name: str, cell: Cell, tone: Tone) -> ForestRow:
    if cell.status == NO_ROWS:
        return ForestRow("plain", capital(name), (), interval_text=NO_ROWS)
    counts = fraction(cell.counts.responders, cell.counts.evaluable)
    if cell.orr is None and cell.status:
        return ForestRow("plain", capital(name), (counts,), interval_text=cell.status)
    columns = (counts, points(cell.change), short_method(cell.orr))
    return estimate_row("report", capital(name), columns, cell.orr, tone=tone, size=cell.counts.evaluable)


def _weights(results: Results, pool: str) -> Iterator[ForestRow]:
    tone = tone_of(results, pool)
    for found in results.sensitivity.discounts:
        if found.pool == pool:
            yield _weight(results, found, tone)


def _weight(results: Results, found: Discounted, tone: Tone) -> ForestRow:
    label = f"{capital(results.protocol.label(found.stratum))} at weight {found.weight:g}"
    orr = found.orr
    if orr is None:
        return ForestRow("plain", label, (), interval_text="nobody has any weight")
    columns = (f"{orr.responders:.4g}/{orr.evaluable:.4g}", "", short_method(orr))
    return ForestRow("report", label, columns, orr.estimate, orr.lower, orr.upper, orr.evaluable, tone)


def sensitivity_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `sensitivity`."""
    from metaimt.figures.forest import draw_forest

    if not results.sensitivity.rows and not results.sensitivity.discounts:
        return NotDrawn("sensitivity", _SENSITIVITY, "the protocol lists no sensitivity analysis")
    table = sensitivity_table(results, pools)
    moved = " ".join(f"{capital(results.response.pools[pool].label)}: {_extremes(results, pool)}." for pool in pools)
    caption = (
        f"{_SENSITIVITY}; the dashed line is the pool as it stands ({pools_said(results, pools)}). Each row does one "
        f"thing otherwise and pools again by the same rule. {moved}"
    )
    return ReviewFigure(
        "sensitivity", _SENSITIVITY, caption, f"Forest plot of sensitivity analyses. {moved}", draw_forest(table)
    )


def _extremes(results: Results, pool: str) -> str:
    found = [(row.name, row.pools[pool]) for row in results.sensitivity.rows]
    cells = [(significant(cell.orr.estimate), name, cell) for name, cell in found if cell.orr is not None]
    if not cells:
        return "no analysis has an evaluable patient"
    ends = (("lowest", min(cells, key=itemgetter(0, 1))), ("highest", max(cells, key=itemgetter(0, 1))))
    return "; ".join(f"{word} {_cell_said(*entry)}" for word, entry in ends)


def _cell_said(estimate: float, name: str, cell: Cell) -> str:
    """Without points where the pool itself has no estimate that could be moved."""
    counts = fraction(cell.counts.responders, cell.counts.evaluable)
    moved = "" if cell.change is None else f", {points(cell.change)} points"
    return f"{percent(estimate)} ({counts}{moved}): {name}"


def leave_one_out_table(results: Results, pools: Pools) -> ForestTable:
    """A row a report, pool by pool: the pool without it, by how it moves the estimate; of many the rest is one row."""
    rows: list[ForestRow] = []
    for pool in pools:
        rows += [ForestRow("space", "")] if rows else []
        rows += [pool_heading(results, pool), *_left_out(results, pool, _most(results, pools))]
    return ForestTable(
        title=_LEFT_OUT,
        subtitle=version_line(results),
        label_heading="Without",
        column_headings=("Its r/n", "r/n", "Change"),
        interval_heading=ORR_HEADING,
        rows=tuple(rows),
        axis_label=AXIS_LABEL,
        reference_label="With all reports",
        words=tone_words(results),
        axis=zoomed((row.extent[0], row.extent[2]) for row in rows if row.extent),
        footnotes=("Change: of the estimate, in percentage points. Links between reports stay as they were resolved.",),
    )


def _most(results: Results, pools: Pools) -> int | None:
    """Rows of each pool; None: all are drawn."""
    number = sum(len(_of_pool(results, pool)) for pool in pools)
    return None if number <= many.MOST_ROWS else max(1, many.MOST_ROWS // len(pools))


def _left_out(results: Results, pool: str, most: int | None) -> Iterator[ForestRow]:
    """In the order of the change; beyond `most` those that move the estimate least are one row among them."""
    labels, tone = report_labels(results.library.reports), tone_of(results, pool)
    ranked = sorted(_of_pool(results, pool), key=lambda left: (-abs(left.change or 0.0), left.report))
    drawn, rest = (sorted(part, key=_by_change) for part in (ranked[:most], ranked[len(ranked[:most]) :]))
    yield from (_without(left, labels[left.report], tone) for left in drawn if (left.change or 0.0) <= 0)
    if rest:
        own = fraction(sum(left.own.responders for left in rest), sum(left.own.evaluable for left in rest))
        ends = dict.fromkeys((points(rest[0].change), points(rest[-1].change)))
        yield ForestRow("plain", many.others(len(rest), "report"), (own, "", " to ".join(ends)))
    yield from (_without(left, labels[left.report], tone) for left in drawn if (left.change or 0.0) > 0)


def _by_change(left: ReportLeftOut) -> tuple[float, str]:
    return left.change or 0.0, left.report


def _without(left: ReportLeftOut, label: str, tone: Tone) -> ForestRow:
    columns = (
        fraction(left.own.responders, left.own.evaluable),
        fraction(left.responders, left.evaluable),
        points(left.change),
    )
    return estimate_row("report", label, columns, left.orr, tone=tone)


def _of_pool(results: Results, pool: str) -> list[ReportLeftOut]:
    return [left for left in results.sensitivity.leave_one_out if left.pool == pool]


def leave_one_out_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `leave-one-out`."""
    from metaimt.figures.forest import draw_forest

    shown = tuple(pool for pool in pools if len(_of_pool(results, pool)) > 1)
    if not shown:
        listed = results.sensitivity.leave_one_out
        reason = "no pool has two reports" if listed else "the protocol does not list 'each report left out'"
        return NotDrawn("leave-one-out", _LEFT_OUT, reason)
    table = leave_one_out_table(results, shown)
    said = " ".join(f"{capital(results.response.pools[pool].label)}: {_range(results, pool)}." for pool in shown)
    drawn = sum(row.kind == "report" for row in table.rows)
    number = sum(len(_of_pool(results, pool)) for pool in shown)
    said += many.compact_note(drawn, number, "rows, by how they move the estimate,", "leave-one-out")
    caption = f"{_LEFT_OUT}, in the order of the change; the dashed line is the pool with all of them. {said}"
    return ReviewFigure("leave-one-out", _LEFT_OUT, caption, f"Forest plot. {said}", draw_forest(table))


def _range(results: Results, pool: str) -> str:
    found = sorted((left for left in _of_pool(results, pool) if left.orr), key=lambda left: left.change or 0.0)
    low, high = found[0], found[-1]
    ends = [f"{percent(left.orr.estimate)} without {left.report}" for left in (low, high) if left.orr]
    return f"{len(found)} reports, from {' to '.join(ends)}"
