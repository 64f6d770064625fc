"""The head of the page: the answer in a clinician's words, the headline table, and the forest of all reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.content import forest
from metaimt.content.forest import ForestRow, pool_rows, report_rows
from metaimt.content.headline import HeadlineRow, headline_rows
from metaimt.content.labels import capital
from metaimt.model.count import Count
from metaimt.model.text import Text, counted
from metaimt.report.bars import bar, bar_of
from metaimt.report.cells import number_text
from metaimt.report.linked import shown
from metaimt.report.wording import (
    NOTHING,
    fraction,
    last_search,
    limits,
    percent,
    plural,
    predicted,
    prior_words,
    read_as,
    read_depths,
    read_twice,
    responded,
    short_method,
)
from metaimt.statistics.outcome import NotRun

LIVING = {
    "up_to_date": "up to date",
    "update_in_progress": "an update is in progress",
    "not_up_to_date": "not up to date",
    "retired": "no longer kept up to date",
}


def top(results: Results, primary: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The answer, the least selected part of it beside it, and what a reader must know of the review.

    primary: the tables of the pre-specified contrast, of the section on subgroups.
    """
    response, library = results.response, results.library
    headline, widest = response.headline, list(response.pools.values())[-1]
    return {
        "answer": _answer(headline),
        "read_as": read_as(headline),
        "line": f"{headline.line_not_stated.evaluable} of {headline.counts.evaluable}",
        "line_behind": headline.line_not_stated,
        "predicted": _predicted(results, headline),
        "read": read_depths(library.reports),
        "primary": _primary(results, primary),
        "beside": [*_trials(results, headline), *_others(widest, headline)],
        "facts": [
            ("Version", response.version),
            ("Last search", last_search(library.searches)),
            ("Not yet run", "; ".join(s.source for s in library.searches if s.status != "done")),
            ("Read", Text(read_depths(library.reports), "; ", _twice(results))),
            ("Status", _living(results)),
        ],
    }


def headline_table(results: Results) -> Iterator[dict[str, Any]]:
    """The rows of the headline table; what is not run is left to the report."""
    for row in headline_rows(results.response):
        if not isinstance(row.rate, NotRun):
            yield {**_row(row), "kind": "stratum" if row.kind in {"adjusted", "local"} else row.kind}


def forest_rows(results: Results) -> Iterator[dict[str, Any]]:
    """Headings, a row a report (twice where only a part of it is in the headline pool), and the strata."""
    pools = tuple(results.response.pools)
    rows = [
        *report_rows(results, pools[0], pools[-1]),
        ForestRow("heading", "All together"),
        *pool_rows(results, pools, predicted=False),
    ]
    for row in rows:
        if row.kind == "heading":
            yield {"kind": "heading", "label": row.label}
        elif row.counts is not None:
            yield _forest_row(results, row, row.counts)


def _forest_row(results: Results, row: ForestRow, counts: Count) -> dict[str, Any]:
    """A row of patients: of a report or of the other reports; else the diamond of a stratum or pool."""
    summary = row.kind == "summary" or not counts.evaluable
    of_pool = f", {results.response.pools[row.pool].label}" if summary and row.pool else ""
    lower, rate, upper = row.extent or (0.0, None, 0.0)
    return {
        "kind": "summary" if summary else "report",
        "tone": "in" if row.pool == results.response.headline.name else "out",
        "label": f"{row.label}{of_pool}",
        "behind": counts,
        "drug": "" if summary else row.columns[0],
        "fraction": row.columns[-1],
        "orr": row.interval_text or "" if rate is None else percent(rate),
        "interval": "" if rate is None else limits(lower, upper),
        "bar": None if rate is None else bar_of(rate, lower, upper),
        "size": number_text(round(2.5 + min(counts.evaluable, 25) ** 0.5, 2)),
        "local": row.tone == "local",
    }


def shared_note(results: Results) -> str:
    """What the mark at a report means; empty where no report has it."""
    pools = results.selection.pools
    return shown(forest.shared_note(results, pools[0], pools[-1]).strip())


def compact_note(results: Results) -> str:
    """What is to be said of a forest that does not show every report; empty if it does."""
    pools = results.selection.pools
    return shown(forest.forest_note(results, pools[0], pools[-1]).strip())


def _answer(group: Group) -> dict[str, Any]:
    orr = group.orr
    return {
        "label": capital(group.label),
        "name": group.label,
        "behind": group.counts,
        "responded": responded(group),
        "fraction": fraction(group.counts.responders, group.counts.evaluable),
        "reports": plural(group.counts.reports, "report"),
        "orr": percent(orr.estimate) if orr else NOTHING,
        "interval": f"{100 * orr.level:g} % interval {limits(orr.lower, orr.upper, ' to ')}" if orr else "",
        "method": short_method(orr),
        "bar": bar(orr),
    }


def _primary(results: Results, primary: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The pre-specified contrast in the widest pool: its levels, for how many none is known, and the test."""
    table = results.subgroups.primary.get(list(results.response.pools)[-1])
    if table is None:
        return None
    content, pooled = primary[0], results.response.pools[table.pool]
    line = bar(pooled.orr)
    place = content["names"].index(table.pool)
    rows = [{"name": row["name"], **row["cells"][place]} for row in content["rows"]]
    return {
        "title": f"{table.grouping.capitalize()}, the pre-specified contrast ({content['pools'][place]})",
        "rows": [row for row in rows if row["behind"] is not None],
        "note": capital(content["said"][place]),
        "pool": pooled.label,
        "at": line["at"] if line else None,
    }


def _trials(results: Results, headline: Group) -> Iterator[dict[str, Any]]:
    """The strata of trials alone: the least selected patients."""
    for name, designs in results.protocol.strata.items():
        if designs == ("trial",):
            yield _answer(headline.strata[name])


def _others(widest: Group, headline: Group) -> Iterator[dict[str, Any]]:
    if widest.name != headline.name:
        yield _answer(widest)


def _predicted(results: Results, headline: Group) -> str:
    found = results.heterogeneity[headline.name].prediction
    if found is None:
        return ""
    return f"{predicted(found)}; largely the prior rho ~ {prior_words(found.rho_prior)}"


def _twice(results: Results) -> Text:
    twice = read_twice(results.library.reports)
    return Text(counted(str(len(twice.reports)), twice), " by two people independently")


def _living(results: Results) -> str:
    living = results.protocol.living
    if living is None:
        return ""
    return f"{LIVING[living.status]}; to be searched every {plural(living.search_every_months, 'month')}"


def _row(row: HeadlineRow) -> dict[str, Any]:
    return {
        "label": row.label if row.kind in {"adjusted", "local"} else capital(row.label),
        "behind": row.counts,
        "fraction": row.fraction,
        "reports": row.reports,
        "orr": row.percentage,
        "interval": row.limits,
        "method": row.method(short=True),
        "bar": None if isinstance(row.rate, NotRun) else bar(row.rate),
    }
