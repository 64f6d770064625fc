"""How far the answer moves: each analysis done otherwise, and each report left out."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import NO_ROWS, Cell, Discounted, ReportLeftOut
from metaimt.analyses.wording import fraction, percent, short_method
from metaimt.figures import many
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.pool_rows import (
    AXIS_LABEL,
    ORR_HEADING,
    capital,
    estimate_row,
    points,
    pool_heading,
    pools_said,
    tone_of,
    tone_words,
    version_line,
    zoomed,
)
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.figures.review_forest import report_labels
from metaimt.figures.style import Tone

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
    found = [(row.pools[pool].change or 0.0, row.name, row.pools[pool]) for row in results.sensitivity.rows]
    cells = sorted((entry for entry in found if entry[2].orr is not None), key=lambda entry: entry[:2])
    if not cells:
        return "no analysis has an evaluable patient"
    return "; ".join(f"{word} {_cell_said(*entry)}" for word, entry in (("lowest", cells[0]), ("highest", cells[-1])))


def _cell_said(change: float, name: str, cell: Cell) -> str:
    counts = fraction(cell.counts.responders, cell.counts.evaluable)
    estimate = percent(cell.orr.estimate) if cell.orr else ""
    return f"{estimate} ({counts}, {points(change)} points): {name}"


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
