"""Every report of the pools, by design, with its interval; single cases as tiles; the subtotals and pools below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metaimt.analyses.results import Results
from metaimt.analyses.wording import limits, percent, plural
from metaimt.content.forest import forest_note, pool_rows, report_rows, shared_note
from metaimt.content.forest_row import ForestRow
from metaimt.content.labels import report_labels
from metaimt.content.section import (
    Cell,
    Column,
    Fold,
    Interval,
    Limits,
    Paragraph,
    Row,
    Section,
    Tiles,
    page_only,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.count import Count
from metaimt.model.text import Named, Text, counted, r_of_n, say
from metaimt.model.unit import Unit

RESPONSES = (
    "complete response",
    "partial response",
    "response, CR or PR not told apart",
    "stable disease",
    "progressive disease",
    "death before assessment",
    "no response, SD or PD not told apart",
)
"""The places of a strip of responses, in its order and colours."""
_PLACES = {"CR": 0, "PR": 1, "SD": 3, "PD": 4}


def place_of(response: str | None) -> int:
    """Where an evaluable patient stands in RESPONSES."""
    return _PLACES.get(response or "", 5)


def reports_section(results: Results) -> Section:
    """The forest of all reports as a table with drawn intervals, single cases as tiles; a document has the figure."""
    pools = tuple(results.response.pools)
    first, last = pools[0], pools[-1]
    headline = results.response.headline
    listed = [
        *report_rows(results, first, last),
        ForestRow("heading", "All together"),
        *pool_rows(results, pools, predicted=False),
    ]
    notes = (shared_note(results, first, last), forest_note(results, first, last))
    said = say(
        "Boxes: reports of two patients or more, with the exact interval; tiles: single patients, by response. Filled: "
        "{pool}; hollow: only in the wider pool. Diamonds: pooled. Line: the pooled ORR of {pool}. A + marks a drug "
        "given with something else.",
        pool=headline.label,
    )
    columns = (
        *("report", Column("drug", wide=True), Column("r/n", "number"), Column("", "plot")),
        *(Column("ORR", "number"), Column("95 % interval", "interval")),
    )
    whole = paragraph(said, *(Named(f" {note.strip()}") for note in notes if note.strip()))
    short = table("Forest of all reports", columns, _rows(results, _together(listed)))
    full = table("Every single case", columns, _rows(results, listed))
    return section(
        "Every report",
        page_only(whole, *short, *_heterogeneity(results), Fold(Text("Every single case as a row"), full)),
        id="forest",
    )


def _heterogeneity(results: Results) -> list[Paragraph]:
    """How alike reports are, in a line: rho of each pool that has one, and how many reports tell of it."""
    said: list[Text] = []
    for name, found in results.heterogeneity.items():
        if not found.under:
            continue
        group, orr = results.response.pools[name], found.under[0].orr
        larger = sum(n > 1 for _, _, n in group.clusters)
        said.append(
            say(
                " {pool}: rho {rho}, {reports}, {larger} of two patients or more.",
                pool=group.label,
                rho=orr.rho.wording(),
                reports=plural(group.counts.reports, "report"),
                larger=larger,
            )
        )
    return [paragraph("How alike patients of one report are:", *said, small=True)] if said else []


def _together(rows: Iterable[ForestRow]) -> Iterator[ForestRow]:
    """Reports of one patient, one row for those of a pool, where they stand."""
    waiting: list[ForestRow] = []
    for each in rows:
        single = each.kind == "report" and each.counts is not None and each.counts.evaluable == 1
        if waiting and not (single and each.pool == waiting[0].pool):
            yield from _joined(waiting)
            waiting = []
        if single:
            waiting.append(each)
        else:
            yield each
    yield from _joined(waiting)


def _joined(rows: list[ForestRow]) -> Iterator[ForestRow]:
    counts = [each.counts for each in rows if each.counts is not None]
    if len(counts) < 2:
        yield from rows
        return
    units = (part.unit for count in counts for part in count.parts)
    title = f"{plural(len(counts), 'report')} of one patient, {rows[0].pool}: {rows[0].label} and others"
    whole = Count.of(title, units)
    yield ForestRow("plain", f"{len(counts)} single cases", ("",), counts=whole, pool=rows[0].pool)


def _rows(results: Results, listed: Iterable[ForestRow]) -> Iterator[Row]:
    headline = results.response.headline
    line = headline.orr.estimate if headline.orr else None
    labels = report_labels(results.library.reports)
    for each in listed:
        if each.kind == "heading":
            yield row(each.label, kind="heading")
        elif each.counts is not None:
            yield _row(results, each, each.counts, line, labels)


def _row(results: Results, found: ForestRow, counts: Count, line: float | None, labels: dict[str, str]) -> Row:
    """A row of patients: of a report or of several; else the diamond of a stratum or pool."""
    summary = found.kind == "summary" or not counts.evaluable
    of_pool = f", {results.response.pools[found.pool].label}" if summary and found.pool else ""
    label = Text(Named(f"{found.label}{of_pool}"))
    if not summary:
        label = Text(counted(found.label, counts), " (local cohort)" if found.tone == "local" else "")
    lower, rate, upper = found.extent or (0.0, None, 0.0)
    inside = found.pool == results.response.headline.name
    drawn = None if rate is None else Limits(rate, lower, upper)
    pictured = Interval(
        drawn, pooled=summary, outside=not (inside or summary), patients=counts.evaluable, reference=line
    )
    tiles = found.kind == "plain" and counts.evaluable and found.label.endswith("single cases")
    return row(
        label,
        "" if summary else found.columns[0],
        r_of_n(counts),
        Cell(_tiles(counts, labels) if tiles else pictured),
        found.interval_text or "" if rate is None else percent(rate),
        "" if rate is None else limits(lower, upper),
        opens=None if tiles else counts,
        kind="summary" if summary else "",
    )


def _tiles(counts: Count, labels: dict[str, str]) -> Tiles:
    """The best response first."""
    units = sorted((part.unit for part in counts.parts if part.n), key=lambda unit: (place_of(unit.response), unit.id))
    return Tiles(
        tuple(Count.of("", [unit]) for unit in units),
        tuple(place_of(unit.response) for unit in units),
        tuple(_who(unit, labels) for unit in units),
    )


def _who(unit: Unit, labels: dict[str, str]) -> str:
    return f"{labels.get(unit.report, unit.report)}, {unit.drug}: {RESPONSES[place_of(unit.response)]}"
