"""The section "In whom" of report.md.

Every sentence carries its counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp
from typing import Any

from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import AS_IT_STANDS, ContrastsUnder
from metaimt.analyses.subgroups import PRIMARY, Regression, Subgroup
from metaimt.model.count import Count
from metaimt.report.bars import bar
from metaimt.report.environment import Rendered, render
from metaimt.report.wording import Link, fraction, limits, p_value, percent, plain, plural
from metaimt.serialise import to_json
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun


def subgroups_section(results: Results) -> Rendered:
    """The section in Markdown."""
    return render("subgroups.md.j2", subgroups_content(results))


def subgroups_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """Tables of each grouping, the widest pool first, with tests; then regressions and later inhibitors.

    `behind` of a cell are the patients of it.
    """
    found, priors = results.subgroups, results.protocol.priors
    later = found.later
    return {
        "priors": f"N(0, {priors.subgroup_mean_sd:g}²) and half-normal({priors.subgroup_sd_scale:g})",
        "tables": [_table(tables, results, link) for tables in found.tables.values()],
        "regressions": [
            {"label": results.protocol.label(pool), "text": _regression(model, link)}
            for pool, models in list(found.regressions.items())[::-1]
            for model in models
        ],
        "switches": [to_json(switch) for switch in later.switches],
        "by_outcome": _listed(later.by_prior_outcome),
        "by_end": _listed(later.by_prior_end),
        "arms": fraction(later.arms.responders, later.arms.evaluable),
    }


def _table(by_pool: Mapping[str, Subgroup], results: Results, link: Link) -> dict[str, Any]:
    tables = list(by_pool.values())[::-1]
    names = list(dict.fromkeys(each.level.name for table in tables for each in table.levels))
    last = names.pop(names.index("not reported"))
    widest = tables[0]
    fragile = _fragile(results, link) if widest.grouping == PRIMARY else ""
    said = [_note(table, link) + (fragile if table is widest else "") for table in tables]
    return {
        "title": _title(tables[0].grouping),
        "pools": [results.protocol.label(table.pool) for table in tables],
        "rows": [{"name": name, "cells": [_cell(table, name) for table in tables]} for name in [*names, last]],
        "names": [table.pool for table in tables],
        "said": said,
        "notes": [f"{results.protocol.label(table.pool)}: {note}" for table, note in zip(tables, said, strict=True)],
    }


def _title(grouping: str) -> str:
    title = grouping.replace("_", " ").capitalize()
    return f"{title} (the pre-specified contrast)" if grouping == PRIMARY else title


def _cell(table: Subgroup, name: str) -> dict[str, Any]:
    each = next((each for each in table.levels if each.level.name == name), None)
    if each is None or each.level.orr is None:
        return {"fraction": "0/0", "exact": "", "pooled": "", "behind": None, "bar": None}
    counts, orr, rate = each.level.counts, each.level.orr, each.pooled
    return {
        "fraction": fraction(counts.responders, counts.evaluable),
        "exact": f"{percent(orr.estimate)} ({limits(orr.lower, orr.upper)})",
        "pooled": "" if isinstance(rate, NotRun) else f"{percent(rate.median)} ({limits(rate.lower, rate.upper)})",
        "behind": counts,
        "bar": bar(orr),
    }


def _note(table: Subgroup, link: Link) -> str:
    missing, total = table.not_reported, table.total.evaluable
    unknown = f"not known for {link(f'{missing.evaluable} of {total}', missing)} patients"
    if missing.evaluable:
        unknown += f" (of whom {link(fraction(missing.responders, missing.evaluable), missing)} responded)"
    test = table.test
    said = test.wording() if isinstance(test, NotRun) else f"{p_value(test.p)}, {test.wording()}"
    tested = f"; test of any difference between the known levels: {said}" if table.grouping == PRIMARY else ""
    possible = [
        f"{name} {link(fraction(counts.responders, counts.evaluable), counts)}"
        for name, counts in table.with_possible.items()
    ]
    also = f" If possible links counted too: {', '.join(possible)}." if possible else ""
    return f"{unknown}{tested}.{also}"


def _fragile(results: Results, link: Link) -> str:
    """Of the pre-specified contrast in the widest pool: what it is without those who died first; else empty.

    A p-value of few patients may rest on two of them.
    """
    found = {each.name: each for each in results.sensitivity.contrasts}
    first = found.get(AS_IT_STANDS)
    tests = [each.test.p for each in found.values() if isinstance(each.test, ExactTest)]
    if first is None or len(tests) < 2:
        return ""
    died = [
        plural(len(dead.parts), f"non-responder of {name}", f"non-responders of {name}")
        for name, counts in first.levels.items()
        if (dead := counts.where(f"{name}: died first", lambda unit: unit.response_basis == "death")).parts
    ]
    rows = [
        f"{entry.name} {_levels(each, link)}"
        for entry in results.protocol.sensitivity
        if entry.death_before_assessment is not None and (each := found.get(entry.name)) is not None
    ]
    said = f" {' and '.join(died)} died before any assessment: {'; '.join(rows)}." if died and rows else ""
    most = p_value(max(tests)).removeprefix("p ").removeprefix("= ")
    return f"{said} Over the sensitivity analyses: {p_value(min(tests))} to {most}."


def _levels(found: ContrastsUnder, link: Link) -> str:
    """`IMT 33/36, EIMS 2/4, p = 0.069`."""
    levels = [f"{name} {link(fraction(c.responders, c.evaluable), c)}" for name, c in found.levels.items()]
    test = found.test
    return ", ".join([*levels, test.wording() if isinstance(test, NotRun) else p_value(test.p)])


def _regression(model: Regression, link: Link) -> str:
    covariates = ", ".join(name.replace("_", " ") for name in model.covariates)
    complete = model.complete
    known = (
        f"{covariates}: {link(plural(model.patients.evaluable, 'patient'), model.patients)} described one by one, "
        "all covariates known for "
        f"{link(str(complete.evaluable), complete)} ({link(f'{complete.responders} responders', complete)})"
    )
    if isinstance(model.fit, NotRun):
        return f"{known}; {model.fit.wording()}."
    odds = [
        f"{c.name}: odds ratio {exp(c.estimate):.2f} ({100 * model.fit.level:g} % interval {exp(c.lower):.3f} to "
        f"{exp(c.upper):.2f}, {p_value(c.p)})"
        for c in model.fit.coefficients[1:]
    ]
    return f"{known}; {'; '.join(odds)}."


def _listed(rows: Mapping[str, Count]) -> str:
    return ", ".join(_responses(rows)) or "nobody"


def _responses(rows: Mapping[str, Count]) -> Iterator[str]:
    for name, counts in rows.items():
        yield f"{name}: {fraction(counts.responders, counts.evaluable)}"
