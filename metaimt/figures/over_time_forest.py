"""The pool after each publication year, undated reports last: a cumulative forest plot."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.over_time import BY_YEAR, NOT_ADJUSTED, UNDATED, Cumulative
from metaimt.analyses.results import Results
from metaimt.analyses.wording import estimate_with_interval, fraction, short_method
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.pool_rows import (
    AXIS_LABEL,
    ORR_HEADING,
    capital,
    estimate_row,
    pool_heading,
    tone_of,
    tone_words,
    version_line,
)
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure

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
    said = " ".join(f"{capital(results.response.pools[each.pool].label)}: {_said(each)}." for each in found)
    caption = f"{_TITLE}: all reports up to each publication year, {NOT_ADJUSTED}. {said}"
    return ReviewFigure("over-time", _TITLE, caption, f"Cumulative forest plot. {said}", draw_forest(table))


def _said(found: Cumulative) -> str:
    first, last = found.steps[0], found.steps[-1]
    return (
        f"up to {first.when} {estimate_with_interval(first.orr)}, "
        f"{'with undated reports' if last.when == UNDATED else f'up to {last.when}'} {estimate_with_interval(last.orr)}"
    )
