"""The same reports under other models: the headline's first, then the exact ones, then those for comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from metaimt.analyses.comparison import Comparison
from metaimt.analyses.models import Interval, Model
from metaimt.analyses.publication_bias import of_reports_of
from metaimt.analyses.results import Results
from metaimt.analyses.wording import fraction, limits, percent, significant
from metaimt.figures.forest_table import (
    AXIS_LABEL,
    ORR_HEADING,
    ForestRow,
    ForestTable,
    RowKind,
    pool_heading,
    pools_said,
    tone_of,
    tone_words,
    version_line,
    zoomed,
)
from metaimt.figures.review_figure import Counting, NotDrawn, Place, Pools, Region, ReviewFigure
from metaimt.figures.style import Tone
from metaimt.statistics.outcome import NotIdentified, NotRun

_TITLE = "The pooled response rate under other models"
_HEADLINE = "beta-binomial"
_LARGER = "2 or more"


def methods_table(results: Results, pools: Pools) -> ForestTable:
    """A row a model, pool by pool, on all reports and on those with two patients or more."""
    rows: list[ForestRow] = []
    for pool in pools:
        if pool in results.comparison:
            rows += [ForestRow("space", "")] if rows else []
            rows += [pool_heading(results, pool), *_models(results.comparison[pool], tone_of(results, pool))]
    return ForestTable(
        title=_TITLE,
        subtitle=version_line(results),
        label_heading="Model",
        column_headings=("r/n", "Reports with"),
        interval_heading=ORR_HEADING,
        rows=tuple(rows),
        axis_label=AXIS_LABEL,
        reference_label="The headline's rule",
        thresholds=results.protocol.thresholds,
        words=tone_words(results),
        axis=zoomed((row.lower, row.upper) for row in rows if row.lower is not None and row.upper is not None),
        footnotes=(
            "Inverse-variance models are for comparison only: with single patients the transform, or the 0.5 added to "
            "empty counts, decides the answer.",
        ),
    )


def _models(found: Comparison, tone: Tone) -> Iterator[ForestRow]:
    total = found.crude["clopper-pearson"]
    counts = fraction(total.responders, total.evaluable)
    yield from _rows(_HEADLINE, found.methods[_HEADLINE], (counts, "any size"), tone, kind="summary")
    yield _row("r/n, Clopper-Pearson", Interval(total.estimate, total.lower, total.upper), (counts, "any size"), tone)
    for name, model in found.methods.items():
        if name != _HEADLINE:
            yield from _rows(name, model, (counts, "any size"), tone)
            if isinstance(model.larger, Model):
                yield from _rows("", model.larger, ("", _LARGER), tone)


def _rows(
    name: str, model: Model, columns: tuple[str, ...], tone: Tone, kind: RowKind = "report"
) -> Iterator[ForestRow]:
    for part, rate in model.rates.items():
        label = f"{name}, {part.replace('_', ' ')}" if part else name
        yield _row(label, rate, columns, tone, kind)


def _row(
    label: str, rate: Interval | NotIdentified | NotRun, columns: tuple[str, ...], tone: Tone, kind: RowKind = "report"
) -> ForestRow:
    if not isinstance(rate, Interval):
        return ForestRow("plain", label, columns, interval_text=rate.wording())
    return ForestRow(kind, label, columns, rate.estimate, rate.lower, rate.upper, tone=tone)


def methods_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `methods`."""
    from metaimt.figures.forest import draw_forest_rows

    if not any(pool in results.comparison for pool in pools):
        return NotDrawn("methods", _TITLE, "no pool has an evaluable patient")
    spread = "; ".join(_spread(results, pool) for pool in pools if pool in results.comparison)
    count, table = Counting(), methods_table(results, pools)
    caption = f"{_TITLE}. The rule of the review gives {pools_said(results, pools, count.link)}. {spread}."
    figure, places = draw_forest_rows(table)
    regions = tuple(_regions(results, table, [pool for pool in pools if pool in results.comparison], places))
    return ReviewFigure(
        "methods", _TITLE, caption, f"Forest plot of models. {spread}.", figure, counted=count.found, regions=regions
    )


def _regions(results: Results, table: ForestTable, pools: Sequence[str], places: Sequence[Place]) -> Iterator[Region]:
    """Each row leads to the patients of its pool, or to those of its reports of two patients or more."""
    following, pool, name, model = iter(pools), "", "", ""
    for row, place in zip(table.rows, places, strict=True):
        if row.kind == "heading":
            pool, name = next(following), row.label
            yield Region(name, results.response.pools[pool].counts, place)
        elif row.kind != "space":
            larger = row.columns[1] == _LARGER
            model = model if larger else row.label
            behind, said = results.response.pools[pool].counts, f"{name}, {model}"
            if larger:
                behind, said = of_reports_of(behind, 2), f"{said}, reports of {_LARGER}"
            yield Region(said, behind, place)


def _spread(results: Results, pool: str) -> str:
    models = results.comparison[pool].methods
    rates = [(name, rate) for name, model in models.items() for rate in model.rates.values()]
    found = [(name, rate) for name, rate in rates if isinstance(rate, Interval)]
    known = sorted(found, key=lambda pair: significant(pair[1].estimate))
    ends = [f"{percent(rate.estimate)} [{limits(rate.lower, rate.upper)}] by {name}" for name, rate in known]
    return f"{results.response.pools[pool].label}: models from {ends[0]} to {ends[-1]}"
