"""The sections of the report on sensitivity and on time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import exp
from typing import Any

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.by_model import comparison_reasons
from metaimt.analyses.over_time import BY_ENTRY, NOT_ADJUSTED, UNDATED, Crossing, Cumulative
from metaimt.analyses.publication_bias import of_reports_of
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import (
    AS_IT_STANDS,
    DESIGN,
    NO_ROWS,
    SAME_COUNTS,
    WORDING,
    Cell,
    ContrastsUnder,
    ReportLeftOut,
    SensitivityRow,
    Specification,
)
from metaimt.content import forest as content
from metaimt.model.count import Count, Reports
from metaimt.model.unit import Unit
from metaimt.report.bars import bar
from metaimt.report.environment import Rendered, render
from metaimt.report.methods_text import LARGER_REPORTS, spread_text
from metaimt.report.wording import (
    NOTHING,
    Link,
    difference,
    fraction,
    limits,
    odds_text,
    p_value,
    percent,
    plain,
    plural,
    prior_words,
    rounded_percent,
    short_method,
    significant,
)
from metaimt.statistics.adjusted import OddsRatioPosterior
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import WeightedProportion

NOTABLE = 0.02  # of an estimate: what moves it more stands first
SHOWN_LEFT_OUT = 5  # reports of each pool that move the estimate most; all are in the table


def sensitivity_section(results: Results) -> Rendered:
    """The section on sensitivity, in Markdown."""
    return render("sensitivity.md.j2", {"sensitivity": sensitivity_content(results)})


def over_time_section(results: Results) -> Rendered:
    """The section on the pools over time, in Markdown."""
    return render("over_time.md.j2", {"over_time": over_time_content(results)})


def sensitivity_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """Every table of the section; `behind` of a row or cell are its patients."""
    tables, labels = results.sensitivity, _labels(results)
    return {
        "pools": list(labels.values()),
        "base": [_cells(group.counts.responders, group.counts.evaluable, group.orr) for group in _groups(results)],
        "rows": [_row(row) for row in by_size(tables.rows)],
        "unchanged": unchanged(tables.rows),
        "subsets": [_row(row) for row in tables.subsets],
        "bounds": list(_bounds(results)),
        "priors": list(_priors(results)),
        "contrasts": list(_contrasts(tables.contrasts, link)),
        "models": [_row(row) for row in tables.models],
        "model_notes": [*comparison_reasons(results.comparison), *_spread(results, link)],
        "notes": list(_notes(tables.rows, results, link)),
        "shown": SHOWN_LEFT_OUT,
        "left_out": list(_left_out(tables.leave_one_out, labels)),
        "discounts": list(_discounts(results)),
        "specification": _specification(results),
    }


def by_size(rows: tuple[SensitivityRow, ...]) -> list[SensitivityRow]:
    """Those that move an estimate: by more than NOTABLE first, the largest on top, then the others in their order."""
    moving = [row for row in rows if row.name not in set(unchanged(rows))]
    notable = sorted((row for row in moving if _moves(row) > NOTABLE), key=lambda row: -_moves(row))
    return [*notable, *(row for row in moving if row not in notable)]


def unchanged(rows: tuple[SensitivityRow, ...]) -> list[str]:
    """The names of those that change no count of any pool."""
    return [row.name for row in rows if all(cell.status in {NO_ROWS, SAME_COUNTS} for cell in row.pools.values())]


def _moves(row: SensitivityRow) -> float:
    return significant(max((abs(cell.change) for cell in row.pools.values() if cell.change is not None), default=0.0))


def _bounds(results: Results) -> Iterator[dict[str, Any]]:
    for found in results.unread.bounds:
        yield {
            "name": f"{plural(found.treated, 'treated patient')} of unread response, {found.name}",
            "pool": results.protocol.label(found.pool),
            "worst": fraction(*found.worst),
            "best": fraction(*found.best),
            "range": f"{rounded_percent(found.limits[0])} to {rounded_percent(found.limits[1])} %",
            "sources": ", ".join(each.id for each in found.unread),
        }


def _priors(results: Results) -> Iterator[dict[str, Any]]:
    """Each pool under each prior of rho, with the change from the protocol's."""
    pools = results.heterogeneity
    for prior in dict.fromkeys(each.prior for found in pools.values() for each in found.under):
        cells = []
        for found in pools.values():
            same = next((each for each in found.under if each.prior == prior), None)
            if same is None:
                cells.append({"orr": "", "interval": "", "change": ""})
                continue
            change = difference(found.under[0].orr.estimate, same.orr.estimate)
            cells.append({**_rate_cells(same.orr), "change": _points(change)})
        yield {"name": f"rho ~ {prior_words(prior)}", "cells": cells}


def _contrasts(found: tuple[ContrastsUnder, ...], link: Link) -> Iterator[dict[str, Any]]:
    """As it stands, then the analyses that change a contrast; equal ones share a row."""
    rows: dict[tuple[Any, ...], list[ContrastsUnder]] = {}
    for each in found:
        rows.setdefault((each.same_patients, tuple(each.odds.items())), []).append(each)
    for same in rows.values():
        first = same[0]
        names = [each.name for each in same]
        test = first.test
        yield {
            "name": AS_IT_STANDS if AS_IT_STANDS in names else "; ".join(names),
            "levels": ", ".join(
                f"{name} {link(fraction(each.responders, each.evaluable), each)}" for name, each in first.levels.items()
            ),
            "p": test.wording() if isinstance(test, NotRun) else p_value(test.p),
            "regression": _regression(first),
            "odds": [_odds(first.odds.get(name)) for name in (DESIGN, WORDING)],
        }


def _regression(found: ContrastsUnder) -> str:
    fit = found.regression.fit if found.regression is not None else NotRun("not asked for")
    if isinstance(fit, NotRun):
        return fit.wording()
    return "; ".join(
        f"{odds_text(exp(c.estimate))} ({odds_text(exp(c.lower))} to {odds_text(exp(c.upper))})"
        for c in fit.coefficients[1:]
    )


def _odds(found: OddsRatioPosterior | NotRun | None) -> str:
    if found is None or isinstance(found, NotRun):
        return "" if found is None else found.wording()
    return f"{odds_text(found.estimate)} ({odds_text(found.lower)} to {odds_text(found.upper)})"


def over_time_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """A table of steps for each pool and kind of date; `behind` of a step are its patients."""
    labels = _labels(results)
    return {
        "label": NOT_ADJUSTED,
        "tables": [_cumulative(found, labels[found.pool], link) for found in results.over_time],
    }


def _spread(results: Results, link: Link) -> Iterator[str]:
    """Q, I^2 and tau^2 of each pool, on the reports of two patients or more."""
    for pool, found in results.comparison.items():
        if found.heterogeneity is not None:
            larger = link(LARGER_REPORTS, Reports(of_reports_of(results.response.pools[pool].counts, 2)))
            yield f"{found.name}, {spread_text(found.heterogeneity['reports_of_two_or_more'], larger)}."


def _labels(results: Results) -> Mapping[str, str]:
    return {name: group.label for name, group in results.response.pools.items()}


def _groups(results: Results) -> Iterator[Any]:
    yield from results.response.pools.values()


def _cells(responders: int, evaluable: int, orr: Rate) -> dict[str, Any]:
    return {
        "fraction": fraction(responders, evaluable),
        **_rate_cells(orr),
        "method": short_method(orr),
        "bar": bar(orr),
    }


def _rate_cells(orr: Rate) -> dict[str, str]:
    if orr is None:
        return {"orr": NOTHING, "interval": ""}
    return {"orr": percent(orr.estimate), "interval": limits(orr.lower, orr.upper)}


def _row(row: SensitivityRow) -> dict[str, Any]:
    return {"name": row.name, "cells": [{**_sensitivity_cell(c), "behind": c.counts} for c in row.pools.values()]}


def _sensitivity_cell(cell: Cell) -> dict[str, Any]:
    if cell.status == NO_ROWS:
        return {"fraction": NO_ROWS, "orr": "", "interval": "", "method": "", "change": "", "bar": None}
    if cell.orr is None and cell.status:
        counts = fraction(cell.counts.responders, cell.counts.evaluable)
        return {"fraction": counts, "orr": cell.status, "interval": "", "method": "", "change": "", "bar": None}
    return {**_cells(cell.counts.responders, cell.counts.evaluable, cell.orr), "change": _points(cell.change)}


def _points(change: float | None) -> str:
    """`+1.2`, in percentage points; never -0.0."""
    return "" if change is None else f"{round(100 * change, 1) + 0.0:+.1f}"


def _notes(rows: tuple[SensitivityRow, ...], results: Results, link: Link) -> Iterator[str]:
    labels, units = _labels(results), {placed.unit.id: placed.unit for placed in results.selection.placed}
    for row in rows:
        said: dict[tuple[str, ...], list[str]] = {}
        for pool, cell in row.pools.items():
            text = (*cell.notes, *((cell.status,) if cell.status and cell.status != NO_ROWS else ()))
            said.setdefault(text, []).append(labels[pool])
        for text, pools in said.items():
            if text:
                told = "; ".join(_counts_of_arms(part, units, link) for part in text)
                yield f"{row.name} ({' and '.join(pools)}): {told}."


def _counts_of_arms(text: str, units: Mapping[str, Unit], link: Link) -> str:
    """`schoffski-2018/arm1 6/12 in place of ...`: the counts of each arm lead to it."""

    def linked(found: re.Match[str]) -> str:
        return f"{found[1]} {link(found[2], Count.of('', [units[found[1]]]))}"

    return re.sub(r"(\S+/arm\d+) (\d+/\d+)", linked, text)


def _left_out(found: tuple[ReportLeftOut, ...], labels: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for pool, label in labels.items():
        mine = [left for left in found if left.pool == pool]
        mine.sort(key=lambda left: (-abs(left.change or 0.0), left.report))
        for left in mine[:SHOWN_LEFT_OUT]:
            cells = _cells(left.responders, left.evaluable, left.orr)
            own = fraction(left.own.responders, left.own.evaluable)
            behind = {"behind": left.without, "own_behind": left.own}
            yield {"pool": label, "report": left.report, "own": own, **cells, "change": _points(left.change), **behind}


def _discounts(results: Results) -> Iterator[dict[str, Any]]:
    points = results.sensitivity.discounts
    for name, weight in dict.fromkeys((point.name, point.weight) for point in points):
        same = [point for point in points if (point.name, point.weight) == (name, weight)]
        cells = [{**_weighted(point.orr), "behind": point.counts} for point in same]
        yield {"name": name, "weight": f"{weight:g}", "cells": cells}


def _weighted(orr: WeightedProportion | None) -> dict[str, Any]:
    if orr is None:
        return {"fraction": NOTHING, "orr": "", "interval": "", "bar": None}
    counts = f"{orr.responders:g}/{orr.evaluable:g}"
    return {"fraction": counts, "orr": percent(orr.estimate), "interval": limits(orr.lower, orr.upper), "bar": bar(orr)}


def _specification(results: Results) -> dict[str, Any]:
    grid = results.specification
    found = [each for each in grid.specifications if each.orr is not None]
    if len(found) < 2 or grid.lowest is None or grid.middle is None or grid.highest is None:
        return {}
    shares = [f"{100 * t:g} %: {percent(share)}" for t, share in grid.excluding.items()]
    shown = {
        "lowest": found[0],
        "headline": next((each for each in found if each.headline), None),
        "highest": found[-1],
    }
    return {
        "pool": _labels(results)[grid.pool],
        "number": len(grid.specifications),
        "range": f"{percent(grid.lowest)} to {percent(grid.highest)}, median {percent(grid.middle)}",
        "excluding": "; ".join(shares),
        "choices": list(results.protocol.specification),
        "rows": [_specified(name, each) for name, each in shown.items() if each is not None],
        "all": [
            {**_specified(str(number + 1), each), "headline": each.headline}
            for number, each in enumerate(grid.specifications)
        ],
    }


def _specified(name: str, found: Specification) -> dict[str, Any]:
    counts = found.counts
    return {
        "name": name,
        "behind": counts,
        "settings": list(found.settings.values()),
        **_cells(counts.responders, counts.evaluable, found.orr),
    }


def _cumulative(found: Cumulative, label: str, link: Link) -> dict[str, Any]:
    """The table of one pool; of more than `MOST_ROWS` steps the last."""
    steps = [
        {
            "when": f"with the {plural(step.added.reports, 'undated report')}" if step.when == UNDATED else step.when,
            "added": fraction(step.added.responders, step.added.evaluable),
            "reports": step.counts.reports,
            "behind": step.counts,
            "added_behind": step.added,
            **_cells(step.counts.responders, step.counts.evaluable, step.orr),
            "sequence": "" if step.sequence is None else limits(*step.sequence),
        }
        for step in found.steps[-content.MOST_ROWS :]
    ]
    kind = "the date a report entered the review" if found.by == BY_ENTRY else found.by
    dated = f"{found.dated.reports} of {found.reports}"
    start = f"{label}, by {kind}"
    titles = {"title": f"{start}: {dated} dated", "heading": f"{start}: {link(dated, Reports(found.dated))} dated"}
    number = len(found.steps)
    if number == 1:
        only = f"All at one step ({steps[0]['when']}), so that nothing has changed yet."
        return {**titles, "steps": [], "crossings": [only]}
    last = [f"Of {number} steps the last {content.MOST_ROWS} are shown; all are in tables/over-time.csv."]
    crossings = [*(last if number > content.MOST_ROWS else []), *_crossings(found)]
    return {**titles, "steps": steps, "crossings": crossings}


def _crossings(found: Cumulative) -> Iterator[str]:
    seen: set[float] = set()
    for crossing in found.crossings:
        yield _crossing(crossing, first=crossing.threshold not in seen)
        seen.add(crossing.threshold)
    if not found.crossings:
        yield "The interval excludes no threshold at any step."


def _crossing(crossing: Crossing, *, first: bool) -> str:
    step = "with the undated reports" if crossing.when == UNDATED else crossing.when
    verb = ("first excludes" if first else "excludes again") if crossing.excludes else "stops excluding"
    side = f" (all of it {crossing.side})" if crossing.excludes else ""
    near = "; borderline, depends on the prior" if crossing.borderline else ""
    return f"{step}: the interval {verb} {100 * crossing.threshold:g} %{side}{near}."
