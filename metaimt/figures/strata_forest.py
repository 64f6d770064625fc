"""The pools by design, and the separate rows beneath: the headline table as a forest plot."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.analyses.wording import estimate_with_interval, fraction, plural, short_method
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.pool_rows import (
    AXIS_LABEL,
    ORR_HEADING,
    capital,
    estimate_row,
    pools_said,
    tone_of,
    version_line,
)
from metaimt.figures.review_figure import Pools, ReviewFigure
from metaimt.figures.style import Tone


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
