"""The head of the page: the answer in a clinician's words, the headline table, and the forest of all reports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.content.headline import HeadlineRow, row_of
from metaimt.content.sources import last_search, read_depths, read_twice
from metaimt.content.subgroups import exact_interval, prespecified
from metaimt.evidence.selection import Placed
from metaimt.figures.forest_table import forest_note, largest_reports, others
from metaimt.model import text
from metaimt.model.count import Count
from metaimt.model.text import Text, counted
from metaimt.render.html import shown
from metaimt.report.bars import bar
from metaimt.report.cells import number_text
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
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import clopper_pearson

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


def forest_rows(results: Results) -> Iterator[dict[str, Any]]:
    """Headings, a row a report (twice where only a part of it is in the headline pool), and the strata."""
    headline, widest = results.response.headline, list(results.response.pools.values())[-1]
    either = results.selection.of_either(headline.name, widest.name)
    members = [member for member in either if member.unit.evaluable]
    largest = largest_reports(members, headline.name)
    for stratum in results.protocol.strata:
        inside = [member for member in members if member.stratum == stratum]
        if inside:
            yield {"kind": "heading", "label": capital(widest.strata[stratum].label)}
            for group, tone, first in ((headline, "in", True), (widest, "out", False)):
                shown = {report for report, counted_first in largest if counted_first == first}
                yield from _reports(results, [m for m in inside if m.is_in(headline.name) == first], group, tone, shown)
            for pool in dict.fromkeys((headline.name, widest.name)):
                group = results.response.pools[pool]
                row = _row(row_of(group.strata[stratum]))
                yield {**row, "kind": "summary", "label": f"{row['label']}, {group.label}", "drug": ""}
    yield {"kind": "heading", "label": "All together"}
    for group in results.response.pools.values():
        yield {**_row(row_of(group)), "kind": "summary", "drug": ""}


def shared_note(results: Results) -> str:
    """What the mark at a report means; empty where no report has it."""
    from metaimt.figures import review_forest

    pools = results.selection.pools
    return shown(review_forest.shared_note(results, pools[0], pools[-1]).strip())


def compact_note(results: Results) -> str:
    """What is to be said of a forest that does not show every report; empty if it does."""
    pools = results.selection.pools
    return shown(forest_note(results.selection.of_either(pools[0], pools[-1]), pools[0]).strip())


def capital(label: str) -> str:
    """A label at the start of a line."""
    return label[:1].upper() + label[1:]


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


def _reports(
    results: Results, members: list[Placed], group: Group, tone: str, largest: Collection[str]
) -> Iterator[dict[str, Any]]:
    from metaimt.figures.review_forest import report_labels, shared_mark

    labels = report_labels(results.library.reports)
    by_report: dict[str, list[Placed]] = {}
    for member in members:
        by_report.setdefault(member.unit.report, []).append(member)

    def order(item: tuple[str, list[Placed]]) -> tuple[int, int, str]:
        return (-sum(m.unit.evaluable for m in item[1]), item[1][0].unit.year or 9999, item[0])

    for report, placed in sorted(by_report.items(), key=order):
        if report not in largest:
            continue
        counts = Count.of(f"{report} in {group.label}", (member.unit for member in placed))
        label = labels[report] + shared_mark(placed, list(results.response.pools)[-1])
        yield {"kind": "report", "tone": tone, "label": label, **_counted(counts)}
    rest = [member for report, placed in by_report.items() if report not in largest for member in placed]
    if rest:
        label = others(len(by_report.keys() - largest), "report")
        counts = Count.of(f"{rest[0].stratum} {label} in {group.label}", (member.unit for member in rest))
        bare = {"drug": "", "orr": "", "interval": "", "bar": None, "local": False, "behind": counts}
        yield {"kind": "report", "tone": tone, "label": label, **bare} | {
            "fraction": fraction(counts.responders, counts.evaluable)
        }


def _counted(counts: Count) -> Mapping[str, Any]:
    r, n = counts.responders, counts.evaluable
    exact = clopper_pearson(r, n)
    drugs = sorted({unit.drug + (" +" if unit.combined_with else "") for unit in counts.units})
    return {
        "behind": counts,
        "drug": ", ".join(drugs),
        "fraction": fraction(r, n),
        "orr": percent(exact.estimate),
        "interval": limits(exact.lower, exact.upper),
        "method": "exact",
        "bar": bar(exact),
        "size": number_text(round(2.5 + min(n, 25) ** 0.5, 2)),
        "local": counts.units[0].local,
    }
