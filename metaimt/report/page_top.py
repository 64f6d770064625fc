"""The head of the page: the answer in a clinician's words, the headline table, and the forest of all reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.content.labels import capital
from metaimt.content.sources import last_search, read_depths, read_twice
from metaimt.content.subgroups import exact_interval, prespecified
from metaimt.model import text
from metaimt.model.text import Text, counted
from metaimt.report.bars import bar
from metaimt.report.wording import (
    NOTHING,
    fraction,
    limits,
    percent,
    plural,
    predicted,
    prior_words,
    read_as,
    responded,
    short_method,
)

LIVING = {
    "up_to_date": "up to date",
    "update_in_progress": "an update is in progress",
    "not_up_to_date": "not up to date",
    "retired": "no longer kept up to date",
}


def top(results: Results) -> dict[str, Any]:
    """The answer, the least selected part of it beside it, and what a reader must know of the review."""
    response, library = results.response, results.library
    headline, widest = response.headline, list(response.pools.values())[-1]
    return {
        "answer": _answer(headline),
        "read_as": read_as(headline),
        "line": f"{headline.line_not_stated.evaluable} of {headline.counts.evaluable}",
        "line_behind": headline.line_not_stated,
        "predicted": _predicted(results, headline),
        "read": read_depths(library.reports),
        "primary": _primary(results),
        "beside": [*_trials(results, headline), *_others(widest, headline)],
        "facts": [
            ("Version", response.version),
            ("Last search", last_search(library.searches)),
            ("Not yet run", "; ".join(s.source for s in library.searches if s.status != "done")),
            ("Read", Text(read_depths(library.reports), "; ", _twice(results))),
            ("Status", _living(results)),
        ],
    }


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


def _primary(results: Results) -> dict[str, Any] | None:
    """The pre-specified contrast in the widest pool: its levels, for how many none is known, and the test."""
    found = prespecified(results)
    if found is None:
        return None
    table, note = found
    pooled = results.response.pools[table.pool]
    line = bar(pooled.orr)
    rows = [
        {
            "name": level.name,
            "fraction": fraction(level.counts.responders, level.counts.evaluable),
            "behind": level.counts,
            "bar": bar(level.orr),
            "exact": exact_interval(level.orr),
        }
        for level in (each.level for each in table.levels)
        if level.orr is not None
    ]
    return {
        "title": f"{table.grouping.capitalize()}, the pre-specified contrast ({results.protocol.label(table.pool)})",
        "rows": rows,
        "note": text.capital(note),
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
