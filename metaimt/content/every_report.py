"""Every report of the pools, by design, with its interval; the subtotals and pools below."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.analyses.wording import limits, percent
from metaimt.content.forest import ForestRow, forest_note, pool_rows, report_rows, shared_note
from metaimt.content.section import Column, Interval, Limits, Row, Section, page_only, paragraph, row, section, table
from metaimt.model.count import Count
from metaimt.model.text import Named, Text, counted, r_of_n, say


def reports_section(results: Results) -> Section:
    """The forest of all reports as a table with drawn intervals; a document has the figure."""
    pools = tuple(results.response.pools)
    first, last = pools[0], pools[-1]
    headline = results.response.headline
    line = headline.orr.estimate if headline.orr else None
    listed = (
        *report_rows(results, first, last),
        ForestRow("heading", "All together"),
        *pool_rows(results, pools, predicted=False),
    )
    rows = [
        row(each.label, kind="heading") if each.counts is None else _row(results, each, each.counts, line)
        for each in listed
        if each.kind == "heading" or each.counts is not None
    ]
    notes = (shared_note(results, first, last), forest_note(results, first, last))
    said = say(
        "Boxes: exact (Clopper-Pearson) interval of a report, larger with more patients; filled: {pool}; hollow: only "
        "in the wider pool. Diamonds: pooled. The line stands at the pooled ORR of {pool}. A + marks a drug given with "
        "something else.",
        pool=headline.label,
    )
    columns = (
        *("report", Column("drug", wide=True), Column("r/n", "number"), Column("", "plot")),
        *(Column("ORR", "number"), Column("95 % interval", "interval")),
    )
    whole = paragraph(said, *(Named(f" {note.strip()}") for note in notes if note.strip()))
    return section("Every report", page_only(whole, *table("Forest of all reports", columns, rows)), id="forest")


def _row(results: Results, found: ForestRow, counts: Count, line: float | None) -> Row:
    """A row of patients: of a report or of the other reports; else the diamond of a stratum or pool."""
    summary = found.kind == "summary" or not counts.evaluable
    of_pool = f", {results.response.pools[found.pool].label}" if summary and found.pool else ""
    label = Text(Named(f"{found.label}{of_pool}"))
    if not summary:
        label = Text(counted(found.label, counts), " (local cohort)" if found.tone == "local" else "")
    lower, rate, upper = found.extent or (0.0, None, 0.0)
    inside = found.pool == results.response.headline.name
    drawn = None if rate is None else Limits(rate, lower, upper)
    return row(
        label,
        "" if summary else found.columns[0],
        r_of_n(counts),
        Interval(drawn, pooled=summary, outside=not (inside or summary), patients=counts.evaluable, reference=line),
        found.interval_text or "" if rate is None else percent(rate),
        "" if rate is None else limits(lower, upper),
        opens=counts,
        kind="summary" if summary else "",
    )
