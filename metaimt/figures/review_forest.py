"""The forest plots: each takes its rows from `content.forest`, says in a caption what they show, and is drawn.

In Python a table may be edited before it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.analyses.comparison import Comparison
from metaimt.analyses.models import Interval
from metaimt.analyses.over_time import NOT_ADJUSTED, UNDATED, Cumulative
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.publication_bias import of_reports_of
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import Cell
from metaimt.analyses.subgroups import ReportsByLevel, Subgroup
from metaimt.analyses.wording import adjusted_text, estimate_with_interval, limits, percent, plural, significant
from metaimt.casefiles.studies import Studies
from metaimt.content.forest import (
    HEADLINE_MODEL,
    LARGER,
    PAGE_ROWS,
    USUAL,
    ForestOptions,
    Pools,
    adjusted_rows,
    by_year,
    compact_note,
    design_rows,
    left_out,
    left_out_rows,
    level_rows,
    model_rows,
    otherwise_rows,
    pool_rows,
    report_rows,
    shared_note,
    subgroup_rows,
    test_said,
    tone_words,
    year_rows,
)
from metaimt.content.forest_row import ForestRow
from metaimt.content.forest_studies import mean_label, study_rows
from metaimt.content.labels import capital, column_headings, points, pools_said, r_of_n, short_name, version_line
from metaimt.figures.forest import draw_forest, draw_forest_rows, rows_height
from metaimt.figures.forest_layout import ForestTable, zoomed
from metaimt.figures.pages import draw_pages
from metaimt.figures.review_figure import Counting, NotDrawn, Place, Region, ReviewFigure
from metaimt.model.count import Count
from metaimt.problem import CannotAnalyse
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.prediction import Predicted, Prediction

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_STUDIES: Final = 300

_OVER_TIME: Final = "The pooled response rate as it has grown"
_OTHERWISE: Final = "The pooled response rate if something is done otherwise"
_LEFT_OUT: Final = "The pooled response rate without each report"
_ADJUSTED: Final = "The rate adjusted for selection, over its priors"
_MODELS: Final = "The pooled response rate under other models"


def _table(
    results: Results, title: str, columns: tuple[str, ...], rows: Iterable[ForestRow], **more: Any
) -> ForestTable:
    """The forest plot of some rows of a review; the first of `columns` stands over the labels."""
    return ForestTable(title, columns[0], columns[1:], tuple(rows), **{"subtitle": version_line(results), **more})


def _made(name: str, caption: str, alt: str, table: ForestTable) -> ReviewFigure:
    """The forest plot of a table as a figure of the review, on as many pages as it takes."""
    figure, *further = draw_pages(table)
    return ReviewFigure(name, table.title, caption, alt, figure, tuple(further))


def _model(results: Results, pools: Iterable[str]) -> str:
    """The model of the headline, as it is called under its rates."""
    methods = (group.orr.method for pool in pools if (group := results.response.pools[pool]).orr is not None)
    return f"the review's own model ({next(methods, HEADLINE_MODEL)})"


def _about_pools(results: Results, pools: Iterable[str], said: Iterable[str]) -> str:
    """What is said of each pool, in sentences."""
    pairs = zip(pools, said, strict=True)
    return " ".join(f"{results.response.pools[pool].label}: {words}." for pool, words in pairs)


def _zoomed(rows: Iterable[ForestRow]) -> tuple[float, float]:
    return zoomed((row.extent[0], row.extent[2]) for row in rows if row.extent)


# ---------- report by report ----------


IN_A_DOCUMENT: Final = ForestOptions(single_cases="one", most=PAGE_ROWS)
"""The forest on one page."""
PAGE_ROWS_HEIGHT: Final = 8.6
"""Inches of rows that leave room for title, legend and notes on an A4 page."""
_FEWER: Final = 5


def forest_table(results: Results, pools: Pools = (), options: ForestOptions = IN_A_DOCUMENT) -> ForestTable:
    """The forest plot of the first and the last of `pools`, by default of the protocol.

    With `options.most` no more rows of reports than stay on a page as it is usually set. Raises WrongUse, naming the
    columns, for one that is not known.
    """
    table, most = _forest_table(results, pools, options), None if options.every else options.most
    while most is not None and most > _FEWER and rows_height(table) > PAGE_ROWS_HEIGHT:
        most -= _FEWER
        table = _forest_table(results, pools, replace(options, most=most))
    return table


def _forest_table(results: Results, pools: Pools, options: ForestOptions) -> ForestTable:
    shown = pools or tuple(results.response.pools)
    first, widest = (results.response.pools[pool] for pool in (shown[0], shown[-1]))
    rows = [
        *report_rows(results, first.name, widest.name, options),
        ForestRow("heading", "Pools"),
        *pool_rows(results, shown, predicted=True, options=options),
    ]
    return _table(
        results,
        results.protocol.headline,
        ("Report", *column_headings(options.columns), "r/n", "Weight"),
        [_named(row) for row in rows if row.counts is None or row.counts.evaluable],
        reference=first.orr.estimate if first.orr else None,
        reference_label=f"Pooled ORR, {short_name(first.name)}",
        pools=(short_name(first.name), short_name(widest.name)),
        footnotes=tuple(filter(None, [*_forest_notes(first, widest), shared_note(results, first.name, widest.name)])),
    )


def _named(row: ForestRow) -> ForestRow:
    """The diamond of a stratum, under its heading, says of which pool it is."""
    if row.kind != "summary" or not row.pool:
        return row
    return replace(row, label=short_name(row.pool))


def _forest_notes(first: Group, widest: Group) -> Iterator[str]:
    pooled = f"Pools: {first.orr.method}. " if first.orr is not None else ""
    yield (
        "Boxes: exact (Clopper-Pearson) intervals; area by evaluable patients. "
        f"{pooled}Diamonds are means over reports, not r/n; one report: r/n, exact. The prediction of a new report "
        "holds 80 % and is largely the prior."
    )
    both = f"Filled: {first.label}. Hollow: counted in {widest.label} only. " if widest is not first else ""
    yield (
        f"{both}Weight: share of the information on the mean of {widest.label}, n / (1 + (n − 1) rho) of a report of n "
        "patients. A + marks a drug given with something else."
    )


def forest_figure(results: Results, pools: Pools, options: ForestOptions = IN_A_DOCUMENT) -> ReviewFigure:
    """The figure `forest`."""
    table, said = forest_table(results, pools, options), pools_said(results, pools)
    number = sum(row.kind == "report" for row in table.rows)
    note = _rows_said(table.rows)
    spread = " ".join(row.label for row in table.rows if row.kind == "note")
    caption = (
        f"{table.title}, report by report: {said}. Boxes: exact intervals, area by evaluable patients; "
        f"diamonds: strata and pools; dashed bars: where the true rate of a new report is expected.{note} {spread}"
    )
    alt = f"Forest plot of {number} rows, one a report, by design. {said}.{note}"
    return _made("forest", caption.strip(), alt, table)


def _rows_said(rows: Iterable[ForestRow]) -> str:
    """Which reports have no row of their own, from the rows that are drawn."""
    kinds = _by_kind(rows)
    alone = len(kinds.get("report", ()))
    rest = sum(_reports(row) for row in kinds.get("plain", ()))
    said = compact_note(alone, alone + rest, "rows of reports the largest", "clusters")
    if cases := kinds.get("cases"):
        together = Count.of("", (unit for row in cases if row.counts is not None for unit in row.counts.units))
        tiles = ", one tile a patient" if any(row.tiles for row in cases) else ""
        said += f" Reports of one patient ({r_of_n(together)}) share a row in each stratum{tiles}."
    return said


def _by_kind(rows: Iterable[ForestRow]) -> dict[str, list[ForestRow]]:
    found: dict[str, list[ForestRow]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row)
    return found


def _reports(row: ForestRow) -> int:
    return len({unit.report for unit in row.counts.units}) if row.counts is not None else 0


def forest_by_table(results: Results, found: ReportsByLevel, options: ForestOptions = USUAL) -> ForestTable:
    """The reports of a pool grouped by a level, with columns from the case files.

    Raises WrongUse, naming the columns, for one that is not known.
    """
    group = results.response.pools[found.pool]
    by = "" if found.grouping is None else f", by {short_name(found.grouping)}"
    return _table(
        results,
        f"{results.protocol.headline}{by}",
        ("Report", *column_headings(options.columns), "r/n"),
        level_rows(results, found, options),
        subtitle=f"{version_line(results)}; {group.label}",
        reference=group.orr.estimate if group.orr else None,
        reference_label=f"Pooled ORR, {group.label}",
        pools=(short_name(next(iter(results.response.pools))), short_name(found.pool)),
        footnotes=(
            "Exact (Clopper-Pearson) intervals; area by evaluable patients. Months: + ongoing. A + marks a drug given "
            "with something else, – that the source does not say.",
        ),
    )


def forest_by_figure(
    results: Results, found: ReportsByLevel, options: ForestOptions = USUAL
) -> ReviewFigure | NotDrawn:
    """The figure `forest` with the reports grouped."""
    table, group = forest_by_table(results, found, options), results.response.pools[found.pool]
    if not found.levels:
        return NotDrawn("forest", table.title, "no patient of the pool is evaluable")
    if found.grouping is None:
        said = f"{group.label} {estimate_with_interval(group.orr)}" if group.orr is not None else group.label
        below = "Under them the pooled rate with its interval (diamond)."
    else:
        said = "; ".join(f"{level.name} {estimate_with_interval(level.orr)}" for level in found.levels)
        below = "Under each group its exact interval (diamond) and its partially pooled rate (rhomb)."
    drawn = sum(row.kind == "report" for row in table.rows)
    cases = sum(_reports(row) for row in table.rows if row.kind == "cases")
    number = sum(len(level.reports) for level in found.levels) - cases
    note = compact_note(drawn, number, "rows of reports the largest", "clusters")
    note += _rows_said(row for row in table.rows if row.kind == "cases")
    caption = f"{table.title}: {group.label}, report by report. {below} {capital(said)}.{note}"
    alt = f"Forest plot by report. {capital(said)}.{note}"
    return _made("forest", caption, alt, table)


# ---------- pool by pool ----------


def strata_table(results: Results, pools: Pools) -> ForestTable:
    """The headline table as a forest plot: the pools by design, and the separate rows beneath."""
    headline = results.response.headline
    return _table(
        results,
        f"{results.protocol.headline}, by design",
        ("Design", "r/n", "Reports", "Interval"),
        design_rows(results, pools),
        reference=headline.orr.estimate if headline.orr and headline.name in pools else None,
        reference_label=f"Pooled ORR, {headline.label}",
        thresholds=results.protocol.thresholds,
        words={"strict": "Stratum, or row in no pool", "rest": "Stratum of a wider pool"},
        footnotes=(
            "Strata of a pool: a mean each and one spread between reports. Rows in no pool: r/n, exact. "
            "Trials are the least selected; designs differ also in age, drug, line and response review.",
        ),
    )


def strata_figure(results: Results, pools: Pools) -> ReviewFigure:
    """The figure `strata`."""
    table, groups = strata_table(results, pools), results.response.pools
    said = " ".join(f"{groups[pool].label} by design: {_strata_said(groups[pool])}." for pool in pools)
    caption = (
        f"{results.protocol.headline}: {pools_said(results, pools)}. Boxes: strata by design of the report, area by "
        f"evaluable patients; diamonds: all designs together. Rows in no pool have exact intervals."
    )
    return _made("strata", caption, f"Forest plot. {said}", table)


def _strata_said(group: Group) -> str:
    return "; ".join(
        f"{each.label} {estimate_with_interval(each.orr)} in {plural(each.counts.reports, 'report')}"
        for each in group.strata.values()
    )


def over_time_table(results: Results, pools: Pools) -> ForestTable:
    """A cumulative forest plot: the pool after each publication year."""
    return _table(
        results,
        _OVER_TIME,
        ("Up to", "Added", "r/n", "Reports", "Interval"),
        year_rows(results, pools),
        reference_label="The pool today",
        thresholds=results.protocol.thresholds,
        words=tone_words(results),
        footnotes=(f"Intervals are {NOT_ADJUSTED}. Reports without a year come last, together.",),
    )


def over_time_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `over-time`."""
    growth = by_year(results, pools)
    if not any(found.dated.parts for found in growth):
        return NotDrawn("over-time", _OVER_TIME, "no report of the pool has a publication year")
    found = [each for each in growth if each.steps]
    said = _about_pools(results, (each.pool for each in found), map(_growth_said, found))
    caption = f"{_OVER_TIME}: all reports up to each publication year, {NOT_ADJUSTED}. {said}"
    return _made("over-time", caption, f"Cumulative forest plot. {said}", over_time_table(results, pools))


def _growth_said(found: Cumulative) -> str:
    first, last = found.steps[0], found.steps[-1]
    end = "with undated reports" if last.when == UNDATED else f"up to {last.when}"
    return f"up to {first.when} {estimate_with_interval(first.orr)}, {end} {estimate_with_interval(last.orr)}"


def subgroup_table(results: Results, pools: Pools, grouping: str) -> ForestTable:
    """A pool by site, histology, fusion partner ...: the exact interval and the partially pooled rate of each level."""
    priors = results.protocol.priors
    return _table(
        results,
        f"Objective response rate by {short_name(grouping)}",
        (capital(short_name(grouping)), "r/n", "Reports"),
        subgroup_rows(results, pools, grouping),
        reference_label="Pooled ORR of all levels",
        words={tone: f"Exact, {words[:1].lower()}{words[1:]}" for tone, words in tone_words(results).items()},
        footnotes=(
            "Exact: Clopper-Pearson, the level by itself. Partially pooled: posterior median and 95 % interval, each "
            f"level drawn towards the others as far as the data allow (priors: mean log odds N(0, "
            f'{priors.subgroup_mean_sd:g}²), spread half-normal({priors.subgroup_sd_scale:g})). "Not reported" stays '
            "out of it and of the test.",
        ),
    )


def subgroup_figure(results: Results, pools: Pools, grouping: str) -> ReviewFigure | NotDrawn:
    """The figure `by-...` of one grouping."""
    name, table = f"by-{grouping.replace('_', '-')}", subgroup_table(results, pools, grouping)
    found = {pool: results.subgroups.tables[grouping][pool] for pool in pools}
    if not any(_has_known_level(each) for each in found.values()):
        return NotDrawn(name, table.title, f"no evaluable patient has a known {short_name(grouping)}")
    labels = {pool: results.response.pools[pool].label for pool in found}
    tests = " ".join(f"{labels[pool]}: {test_said(each)}" for pool, each in found.items())
    caption = (
        f"{table.title}. Boxes: r/n with the exact interval; rhombs: the partially pooled rate. {tests} "
        "Levels differ also in age, drug, line and how they were reported."
    )
    alt = f"Forest plot. {_about_pools(results, found, map(_levels_said, found.values()))}"
    return _made(name, caption, alt, table)


def _has_known_level(table: Subgroup) -> bool:
    return any(each.level.counts.evaluable and each.level.name != NOT_REPORTED for each in table.levels)


def _levels_said(table: Subgroup) -> str:
    said = []
    for each in table.levels:
        if (orr := each.level.orr) is not None:
            exact = f"{percent(orr.estimate)}, exact {limits(orr.lower, orr.upper, ' to ')}"
            drawn = "" if isinstance(each.pooled, NotRun) else f", partially pooled {percent(each.pooled.median)}"
            said.append(f"{each.level.name} {r_of_n(orr)} ({exact}{drawn})")
    return "; ".join(said)


# ---------- what is done otherwise ----------


def sensitivity_table(results: Results, pools: Pools) -> ForestTable:
    """How far the answer moves: each analysis done otherwise, pool by pool."""
    return _table(
        results,
        _OTHERWISE,
        ("Done otherwise", "r/n", "Change", "Interval"),
        otherwise_rows(results, pools),
        reference_label="The pool as it stands",
        thresholds=results.protocol.thresholds,
        words=tone_words(results),
        footnotes=(
            'Change: of the estimate, in percentage points. "No such rows": it concerns nobody in the pool. At a lower '
            "weight, r/n are weighted sums.",
        ),
    )


def sensitivity_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `sensitivity`."""
    if not results.sensitivity.rows and not results.sensitivity.discounts:
        return NotDrawn("sensitivity", _OTHERWISE, "the protocol lists no sensitivity analysis")
    moved = _about_pools(results, pools, (_extremes(results, pool) for pool in pools))
    caption = (
        f"{_OTHERWISE}. The dashed line is the pool as it stands ({pools_said(results, pools)}). Each row does one "
        f"thing otherwise and pools again by {_model(results, pools)}, where it names no other. {moved}"
    )
    alt = f"Forest plot of sensitivity analyses. {moved}"
    return _made("sensitivity", caption, alt, sensitivity_table(results, pools))


def _extremes(results: Results, pool: str) -> str:
    found = [(row.name, row.pools[pool]) for row in results.sensitivity.rows]
    cells = [(significant(cell.orr.estimate), name, cell) for name, cell in found if cell.orr is not None]
    if not cells:
        return "no analysis has an evaluable patient"
    ends = (("lowest", min(cells, key=itemgetter(0, 1))), ("highest", max(cells, key=itemgetter(0, 1))))
    return "; ".join(f"{word} {_cell_said(*entry)}" for word, entry in ends)


def _cell_said(estimate: float, name: str, cell: Cell) -> str:
    """Without points where the pool itself has no estimate that could be moved."""
    moved = "" if cell.change is None else f", {points(cell.change)} points"
    return f"{percent(estimate)} ({r_of_n(cell.counts)}{moved}): {name}"


def leave_one_out_table(results: Results, pools: Pools) -> ForestTable:
    """How far the answer moves: each report left out, pool by pool."""
    rows = tuple(left_out_rows(results, pools))
    return _table(
        results,
        _LEFT_OUT,
        ("Without", "Its r/n", "r/n", "Change"),
        rows,
        reference_label="With all reports",
        words=tone_words(results),
        axis=_zoomed(rows),
        footnotes=("Change: of the estimate, in percentage points. Links between reports stay as they were resolved.",),
    )


def leave_one_out_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `leave-one-out`."""
    shown = tuple(pool for pool in pools if len(left_out(results, pool)) > 1)
    if not shown:
        listed = results.sensitivity.leave_one_out
        reason = "no pool has two reports" if listed else "the protocol does not list 'each report left out'"
        return NotDrawn("leave-one-out", _LEFT_OUT, reason)
    table = leave_one_out_table(results, shown)
    said = _about_pools(results, shown, (_range(results, pool) for pool in shown))
    drawn = sum(row.kind == "report" for row in table.rows)
    number = sum(len(left_out(results, pool)) for pool in shown)
    said += compact_note(drawn, number, "rows, by how they move the estimate,", "leave-one-out")
    caption = f"{_LEFT_OUT}, in the order of the change; the dashed line is the pool with all of them. {said}"
    return _made("leave-one-out", caption, f"Forest plot. {said}", table)


def _range(results: Results, pool: str) -> str:
    found = sorted((left for left in left_out(results, pool) if left.orr), key=lambda left: left.change or 0.0)
    ends = [f"{percent(left.orr.estimate)} without {left.report}" for left in (found[0], found[-1]) if left.orr]
    return f"{len(found)} reports, from {' to '.join(ends)}"


# ---------- adjusted for selection ----------


def adjusted_table(results: Results, pools: Pools) -> ForestTable:
    """The rate adjusted for selection under each prior, pool by pool."""
    return _table(
        results,
        _ADJUSTED,
        ("Log odds ratio of the others", "Odds ratio"),
        adjusted_rows(results, pools),
        reference_label="The pool as it stands",
        words={"strict": "Adjusted", "rest": "Adjusted, wider pool"},
        footnotes=(
            "The rate in prospective trials given all reports: posterior median and 95 % interval. Odds ratio: of a "
            "response in the other reports against the trials, the middle of its prior and what 95 % of it spans. The "
            "first is the review's; each is a judgement, since the data say little of it.",
        ),
    )


def adjusted_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `adjusted`."""
    found = {pool: each for pool in pools if (each := results.response.pools[pool].adjusted) and each is not None}
    run = {pool: each for pool, each in found.items() if isinstance(each, tuple)}
    if not run:
        reasons = {each.reason for each in found.values() if isinstance(each, NotRun)}
        return NotDrawn("adjusted", _ADJUSTED, "; ".join(sorted(reasons)) or "no pool is adjusted for selection")
    said = _about_pools(results, run, ("; ".join(_under(each) for each in rates) for rates in run.values()))
    caption = f"{_ADJUSTED}. The dashed line is the pool as it stands ({pools_said(results, run)}). {said}"
    table = adjusted_table(results, tuple(run))
    return _made("adjusted", caption, f"Forest plot. {said}", table)


def _under(found: AdjustedRate) -> str:
    return f"under {found.prior.wording()} {adjusted_text(found)}"


# ---------- other models ----------


def methods_table(results: Results, pools: Pools) -> ForestTable:
    """The same reports under other models, pool by pool."""
    rows = tuple(model_rows(results, pools))
    return _table(
        results,
        _MODELS,
        ("Model", "r/n", "Reports with"),
        rows,
        reference_label="The headline's rule",
        thresholds=results.protocol.thresholds,
        words=tone_words(results),
        axis=_zoomed(rows),
        footnotes=(
            "Inverse-variance models are for comparison only: with single patients the transform, or the 0.5 added to "
            "empty counts, decides the answer.",
        ),
    )


def methods_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `methods`."""
    compared = [pool for pool in pools if pool in results.comparison]
    if not compared:
        return NotDrawn("methods", _MODELS, "no pool has an evaluable patient")
    spread, count = "; ".join(_spread(results, pool) for pool in compared), Counting()
    caption = f"{_MODELS}. {capital(_model(results, pools))} gives {pools_said(results, pools, count.link)}. {spread}."
    table = methods_table(results, pools)
    figure, places = draw_forest_rows(table)
    regions = tuple(_model_regions(results, table.rows, compared, places))
    alt = f"Forest plot of models. {spread}."
    return ReviewFigure("methods", _MODELS, caption, alt, figure, counted=count.found, regions=regions)


def _model_regions(
    results: Results, rows: Sequence[ForestRow], pools: Iterable[str], places: Sequence[Place]
) -> Iterator[Region]:
    """Each row leads to the patients of its pool, or to those of its reports of two patients or more."""
    following, pool, name, model = iter(pools), "", "", ""
    for row, place in zip(rows, places, strict=True):
        if row.kind == "heading":
            pool, name = next(following), row.label
            yield Region(name, results.response.pools[pool].counts, place)
        elif row.kind != "space":
            larger = row.columns[1] == LARGER
            model = model if larger else row.label
            behind, said = results.response.pools[pool].counts, f"{name}, {model}"
            if larger:
                behind, said = of_reports_of(behind, 2), f"{said}, reports of {LARGER}"
            yield Region(said, behind, place)


def _spread(results: Results, pool: str) -> str:
    models = results.comparison[pool].methods
    rates = [(name, rate) for name, model in models.items() for rate in model.rates.values()]
    found = [(name, rate) for name, rate in rates if isinstance(rate, Interval)]
    known = sorted(found, key=lambda pair: significant(pair[1].estimate))
    ends = [f"{percent(rate.estimate)} [{limits(rate.lower, rate.upper)}] by {name}" for name, rate in known]
    return f"{results.response.pools[pool].label}: models from {ends[0]} to {ends[-1]}"


# ---------- a table of studies ----------


def studies_table(studies: Studies, found: Comparison, prediction: Predicted) -> ForestTable:
    """The rows of a table of studies by group, the mean rate, and what a new report may show.

    Raises CannotAnalyse for more than MOST_STUDIES reports, which no page shows.
    """
    if len(studies.rows) > MOST_STUDIES:
        raise CannotAnalyse(f"{len(studies.rows)} reports, more than the {MOST_STUDIES} that a forest plot can show")
    rows = tuple(study_rows(studies, found, prediction))
    model = found.methods[HEADLINE_MODEL]
    rate, mean, new = model.rates[""], mean_label(found), ""
    if isinstance(prediction, Prediction):
        level = f"{100 * prediction.ranges[0].level:g} %"
        new = f" The {level} prediction interval is of the true rate of a new report and largely the prior."
    return ForestTable(
        title=found.name,
        label_heading="Report",
        column_headings=("x/n",),
        rows=rows,
        interval_heading="Rate [95 % interval]",
        axis_label="Rate (%)",
        reference=rate.estimate if isinstance(rate, Interval) else None,
        reference_label=mean,
        words={"strict": "A report"},
        axis=_zoomed(rows),
        footnotes=(f"Exact (Clopper-Pearson) intervals of the reports; {mean.lower()}: {model.method}.{new}",),
    )


def studies_figure(studies: Studies, found: Comparison, prediction: Predicted) -> tuple[Figure, str, str]:
    """The figure, its title, and its alternative text."""
    title = f"Forest plot of {found.name}"
    crude = estimate_with_interval(found.crude["clopper-pearson"])
    alt = f"{title}: {plural(found.reports, 'report')}; over patients {crude}, exact."
    return draw_forest(studies_table(studies, found, prediction)), title, alt
