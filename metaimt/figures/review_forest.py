"""The forest plot of the review as a table of rows: strata, strict and rest, the local cohort, pools, prediction.

The caller may edit the table before drawing it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from string import ascii_lowercase

from metaimt.analyses.heterogeneity import Heterogeneity
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.analyses.wording import prior_words
from metaimt.casefiles.model import CaseFile
from metaimt.evidence.selection import Placed
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.many import forest_note, largest_reports, others
from metaimt.figures.pool_rows import capital, pools_said
from metaimt.figures.pool_rows import short_name as _name
from metaimt.figures.review_figure import Pools, ReviewFigure
from metaimt.model.count import Count
from metaimt.model.reason import Reason
from metaimt.statistics.proportion import clopper_pearson

_SURNAME = re.compile(r"([^,]{2,40}?) [A-Z]{1,4}(?:[,.]|\s+et al|$)")


def forest_table(results: Results, pools: Pools = ()) -> ForestTable:
    """The forest plot of the first and the last of `pools`, by default of the protocol.

    A row a report; two where only some of its patients are in the first pool. Of many the largest (`many`).
    """
    response = results.response
    shown = pools or tuple(response.pools)
    headline, widest = shown[0], shown[-1]
    members = results.selection.of_either(headline, widest)
    rows = list(_strata(results, members, headline, widest))
    rows.append(ForestRow("heading", "Pools"))
    for group in (response.pools[pool] for pool in shown):
        rows += _pool_rows(
            group, results.heterogeneity[group.name], tone="strict" if group.name == headline else "rest"
        )
    orr = response.pools[headline].orr
    return ForestTable(
        title=results.protocol.headline,
        subtitle=f"{results.protocol.title}, version {response.version}",
        label_heading="Report",
        column_headings=("Drug", "r/n"),
        interval_heading="ORR [95 % interval]",
        rows=tuple(rows),
        axis_label="Objective response rate (%)",
        reference=orr.estimate if orr else None,
        reference_label=f"Pooled ORR, {_name(headline)}",
        pools=(_name(headline), _name(widest)),
        footnotes=(
            *_footnotes(response.pools[headline], response.pools[widest]),
            *filter(None, [shared_note(results, headline, widest)]),
        ),
    )


def forest_figure(results: Results, pools: Pools) -> ReviewFigure:
    """The figure `forest`."""
    from metaimt.figures.forest import draw_forest

    table = forest_table(results, pools)
    said = pools_said(results, pools)
    number = sum(row.kind == "report" for row in table.rows)
    note = forest_note(results.selection.of_either(pools[0], pools[-1]), pools[0])
    caption = (
        f"{results.protocol.headline}, report by report: {said}. Boxes: exact intervals, area by evaluable patients; "
        f"diamonds: strata and pools; dashed bars: where the true rate of a new report is expected.{note}"
    )
    alt = f"Forest plot of {number} rows, one a report, by design. {capital(said)}.{note}"
    return ReviewFigure("forest", table.title, caption, alt, draw_forest(table))


def report_labels(reports: Iterable[CaseFile]) -> dict[str, str]:
    """By id: `Mossé 2017`; `Zhang 2020a` and `Zhang 2020b`, in the order of their ids, where two would be alike."""
    alike: dict[str, list[str]] = {}
    for report in reports:
        alike.setdefault(_label(report), []).append(report.id)
    labels: dict[str, str] = {}
    for label, ids in alike.items():
        if len(ids) == 1:
            labels[ids[0]] = label
        elif len(ids) <= len(ascii_lowercase):
            labels |= {name: label + letter for name, letter in zip(sorted(ids), ascii_lowercase, strict=False)}
        else:
            labels |= {name: name for name in ids}
    return labels


def _label(report: CaseFile) -> str:
    """First author's surname and the year; the id where either is not known."""
    match = _SURNAME.match(report.report.authors or "")
    if match is None or report.report.year is None:
        return report.id
    return f"{match[1]} {report.report.year}"


def shared_mark(placed: Iterable[Placed], widest: str) -> str:
    """` *` for patients whom the widest pool counts within another report, and so not in their own row."""
    return "" if any(member.is_in(widest) for member in placed) else " *"


def shared_note(results: Results, headline: str, widest: str) -> str:
    """What the mark means; empty where no row has it."""
    found = [
        f"{placed.unit.id} is within {why.detail}"
        for placed in results.selection.members(headline)
        if not placed.is_in(widest) and placed.unit.evaluable
        for why in placed.reasons[widest]
        if why.reason is Reason.COUNTED_ELSEWHERE
    ]
    label = results.response.pools[widest].label
    return f"* In {label} counted within another report: {'; '.join(found)}. " if found else ""


def _strata(results: Results, members: tuple[Placed, ...], headline: str, widest: str) -> Iterator[ForestRow]:
    largest = largest_reports(members, headline)
    for stratum in results.protocol.strata:
        inside = [member for member in members if member.stratum == stratum]
        groups = {name: results.response.pools[name].strata[stratum] for name in (headline, widest)}
        if not inside:
            continue
        yield ForestRow("heading", capital(groups[headline].label))
        strict = [member for member in inside if member.is_in(headline)]
        rest = [member for member in inside if not member.is_in(headline)]
        yield from _reports(results, strict, tone="strict", shown={name for name, first in largest if first})
        yield from _reports(results, rest, tone="rest", shown={name for name, first in largest if not first})
        yield from _summary(groups[headline], _name(headline), tone="strict")
        if widest != headline:
            yield from _summary(groups[widest], _name(widest), tone="rest")
        yield ForestRow("space", "")


def _reports(results: Results, members: Iterable[Placed], tone: str, shown: Collection[str]) -> Iterator[ForestRow]:
    by_report: dict[str, list[Placed]] = {}
    for member in members:
        by_report.setdefault(member.unit.report, []).append(member)
    labels = report_labels(results.library.reports)

    def order(item: tuple[str, list[Placed]]) -> tuple[int, int, str]:
        return (-sum(m.unit.evaluable for m in item[1]), item[1][0].unit.year or 9999, item[0])

    for report, placed in sorted(by_report.items(), key=order):
        if report in shown:
            label = labels[report] + shared_mark(placed, results.selection.pools[-1])
            yield _counted_row(label, placed, "local" if placed[0].unit.local else tone)
    rest = [member.unit for report, placed in by_report.items() if report not in shown for member in placed]
    if rest:
        counts = Count.of("", rest)
        responded = f"{counts.responders}/{counts.evaluable}"
        yield ForestRow("plain", others(len(by_report.keys() - shown), "report"), ("", responded))


def _counted_row(label: str, placed: list[Placed], tone: str) -> ForestRow:
    responders, n = sum(m.unit.responders for m in placed), sum(m.unit.evaluable for m in placed)
    drugs = sorted({m.unit.drug + (" +" if m.unit.combined_with else "") for m in placed})
    exact = clopper_pearson(responders, n)
    return ForestRow(
        "report",
        label,
        (", ".join(drugs), f"{responders}/{n}"),
        exact.estimate,
        exact.lower,
        exact.upper,
        size=n,
        tone="local" if tone == "local" else "rest" if tone == "rest" else "strict",
    )


def _summary(group: Group, pool: str, tone: str) -> Iterator[ForestRow]:
    if group.orr is not None:
        label = f"{capital(group.label)}, {pool}"
        yield _diamond(label, group.counts, group, tone)


def _pool_rows(group: Group, found: Heterogeneity, tone: str) -> Iterator[ForestRow]:
    if group.orr is None:
        return
    yield _diamond(capital(group.label), group.counts, group, tone)
    prediction = found.prediction
    if prediction is not None:
        likely, *_ = prediction.ranges
        yield ForestRow(
            "prediction",
            "Prediction, new report",
            (f"rho ~ {prior_words(prediction.rho_prior)}",),
            lower=likely.lower,
            upper=likely.upper,
            tone="rest" if tone == "rest" else "strict",
        )


def _diamond(label: str, counts: Count, group: Group, tone: str) -> ForestRow:
    orr = group.orr
    return ForestRow(
        "summary",
        label,
        (
            f"{counts.reports} reports" if counts.reports != 1 else "1 report",
            f"{counts.responders}/{counts.evaluable}",
        ),
        orr.estimate if orr else None,
        orr.lower if orr else None,
        orr.upper if orr else None,
        size=counts.evaluable,
        tone="rest" if tone == "rest" else "strict",
    )


def _footnotes(headline: Group, widest: Group) -> tuple[str, ...]:
    orr = headline.orr
    pooled = f"Pools: {orr.method}. " if orr is not None else ""
    both = f"Filled: {headline.label}. Hollow: counted in {widest.label} only. " if widest is not headline else ""
    return (
        "Boxes: exact (Clopper-Pearson) intervals; area by evaluable patients. "
        f"{pooled}Diamonds are means over reports, not r/n; one report: r/n, exact. The prediction of a new report "
        "holds 80 % and is largely the prior.",
        f"{both}A + marks a drug given with something else.",
    )
