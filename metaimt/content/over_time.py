"""The pools as they stood after each date, and when an interval began to exclude a threshold."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.over_time import BY_ENTRY, NOT_ADJUSTED, UNDATED, Crossing, Cumulative, Step
from metaimt.analyses.results import Results
from metaimt.analyses.wording import limits, plural
from metaimt.content import forest as many
from metaimt.content.section import Column, Figures, Fold, Interval, Row, Section, items, paragraph, row, section, table
from metaimt.content.sensitivity import RATE, rate_words
from metaimt.model.count import Reports
from metaimt.model.text import Code, Named, Text, counted, r_of_n, say

COUNTS, *REST = RATE
COLUMNS: tuple[str | Column, ...] = (
    "up to",
    Column("added r/n", "number"),
    COUNTS,
    Column("reports", "number"),
    *REST,
    Column("however often one looks", "interval"),
)


def over_time_section(results: Results) -> Section:
    """A table of steps for each pool and kind of date."""
    return section(
        "Over time",
        paragraph(
            say(
                "The pool as it stood after each date. Intervals are {label}; the limits beside them (a confidence "
                "sequence) hold at {level} however often one looks while reports are added, and start anew when a "
                "count is read again or a rule changes. Reports without a date come last, together, and are no event "
                "in time.",
                label=NOT_ADJUSTED,
                level="95 %",
            )
        ),
        Figures("over_time"),
        [_cumulative(found, results.response.pools[found.pool].label) for found in results.over_time],
        id="time",
    )


def _cumulative(found: Cumulative, label: str) -> Section:
    """The steps of one pool; of more than `MOST_ROWS` the last."""
    kind = "the date a report entered the review" if found.by == BY_ENTRY else found.by
    dated = counted(f"{found.dated.reports} of {found.reports}", Reports(found.dated))
    start, number = f"{label}, by {kind}", len(found.steps)
    title = Text(Named(start), ": ", dated, " dated")
    if number == 1:
        only = say("All at one step ({when}), so that nothing has changed yet.", when=_when(found.steps[0]))
        return section(title, items([only]))
    shown = found.steps[-many.MOST_ROWS :]
    last = say(
        "Of {number} steps the last {shown} are shown; all are in {table}.",
        table=Code("tables/over-time.csv"),
        number=number,
        shown=many.MOST_ROWS,
    )
    steps = Fold(say("The {n} steps", n=len(shown)), table(start, COLUMNS, map(_step, shown)))
    return section(title, steps, items([*([last] if number > len(shown) else []), *_crossings(found)]))


def _when(step: Step) -> Text:
    if step.when != UNDATED:
        return Text(Named(step.when))
    return say("with the {n}", n=counted(plural(step.added.reports, "undated report"), Reports(step.added)))


def _step(step: Step) -> Row:
    return row(
        _when(step),
        r_of_n(step.added),
        r_of_n(step.counts),
        counted(step.counts.reports, Reports(step.counts)),
        Interval(step.orr, pooled=True),
        *rate_words(step.orr),
        "" if step.sequence is None else limits(*step.sequence),
        opens=step.counts,
    )


def _crossings(found: Cumulative) -> Iterator[Text]:
    seen: set[float] = set()
    for crossing in found.crossings:
        yield _crossing(crossing, first=crossing.threshold not in seen)
        seen.add(crossing.threshold)
    if not found.crossings:
        yield Text("The interval excludes no threshold at any step.")


def _crossing(crossing: Crossing, *, first: bool) -> Text:
    verb = ("first excludes" if first else "excludes again") if crossing.excludes else "stops excluding"
    return say(
        "{step}: the interval {verb} {threshold}{side}{near}.",
        step="with the undated reports" if crossing.when == UNDATED else crossing.when,
        verb=verb,
        threshold=f"{100 * crossing.threshold:g} %",
        side=f" (all of it {crossing.side})" if crossing.excludes else "",
        near="; borderline, depends on the prior" if crossing.borderline else "",
    )
