"""A pool by site, histology, fusion partner, drug ...: the exact interval and the partially pooled rate of each level.

One responder of one patient stands with its interval from 2.5 % and, under it, with what the other levels make of it,
so that it does not look like 100 %.
"""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import PRIMARY, Subgroup, SubgroupLevel
from metaimt.analyses.wording import fraction, limits, p_value, percent
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.pool_rows import (
    AXIS_LABEL,
    ORR_HEADING,
    capital,
    pool_heading,
    tone_of,
    tone_words,
    version_line,
)
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.figures.style import Tone
from metaimt.statistics.outcome import NotRun


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
    said = [f"{capital(results.response.pools[pool].label)}: {_said(tables[pool])}." for pool in reversed(pools)]
    tests = [f"{capital(results.response.pools[pool].label)}: {_test(tables[pool])}" for pool in reversed(pools)]
    caption = (
        f"{_title(grouping)}. Boxes: r/n with the exact interval; rhombs: the partially pooled rate. {' '.join(tests)} "
        "Levels differ also in age, drug, line and how they were reported."
    )
    return ReviewFigure(name, table.title, caption, f"Forest plot. {' '.join(said)}", draw_forest(table))


def _known(table: Subgroup) -> list[SubgroupLevel]:
    return [each for each in table.levels if each.level.counts.evaluable and each.level.name != "not reported"]


def _said(table: Subgroup) -> str:
    said = []
    for each in table.levels:
        orr, rate = each.level.orr, each.pooled
        if orr is None:
            continue
        exact = f"{percent(orr.estimate)}, exact {limits(orr.lower, orr.upper, ' to ')}"
        drawn = "" if isinstance(rate, NotRun) else f", partially pooled {percent(rate.median)}"
        said.append(f"{each.level.name} {fraction(orr.responders, orr.evaluable)} ({exact}{drawn})")
    return "; ".join(said)
