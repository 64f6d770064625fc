"""The reports of a pool grouped by a level, with columns from the case files.

Columns of text for a forest plot, from what the case files say of the units in a row. Needs no matplotlib.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import LevelRows, ReportRow, ReportsByLevel
from metaimt.analyses.wording import estimate_with_interval, fraction
from metaimt.figures import forest_table as many
from metaimt.figures.forest_table import (
    AXIS_LABEL,
    ORR_HEADING,
    ForestRow,
    ForestTable,
    capital,
    short_name,
    version_line,
)
from metaimt.figures.review_figure import NotDrawn, ReviewFigure
from metaimt.figures.review_forest import report_labels
from metaimt.model.fields import BY_NAME, COLUMNS
from metaimt.model.unit import Unit
from metaimt.problem import check_name
from metaimt.statistics.outcome import NotRun

NOT_STATED: Final = "–"
USUAL: Final = ("drug",)


def column_headings(names: Iterable[str]) -> tuple[str, ...]:
    """The headings of columns. Raises WrongUse with the nearest name and all of them if there is none of a name."""
    wanted = tuple(names)
    for name in wanted:
        check_name("--columns", name, COLUMNS)
    return tuple(BY_NAME[name].heading for name in wanted)


def column_texts(names: Iterable[str], units: Iterable[Unit]) -> tuple[str, ...]:
    """What the units say in each column, every wording once, in their order; a dash where none says anything."""
    inside = tuple(units)
    shown = (BY_NAME[name].shown or BY_NAME[name].words for name in names)
    return tuple(", ".join(dict.fromkeys(filter(None, map(words, inside)))) or NOT_STATED for words in shown)


def forest_by_table(results: Results, found: ReportsByLevel, columns: tuple[str, ...] = USUAL) -> ForestTable:
    """A row a report under each level, of many the largest; then the level with its exact and partially pooled rate.

    Raises WrongUse, naming the columns, for one that is not known.
    """
    headings = (*column_headings(columns), "r/n")
    rows: list[ForestRow] = []
    for level in found.levels:
        rows += [ForestRow("space", "")] if rows else []
        rows += _level(results, found, level, columns)
    pools = tuple(results.response.pools)
    group = results.response.pools[found.pool]
    if found.grouping is None and group.orr is not None:  # the same interval as everywhere else
        counts = (*("",) * len(columns), fraction(group.counts.responders, group.counts.evaluable))
        orr = group.orr
        rows.append(ForestRow("summary", capital(group.label), counts, orr.estimate, orr.lower, orr.upper))
    return ForestTable(
        title=_title(results, found),
        subtitle=f"{version_line(results)}; {group.label}",
        label_heading="Report",
        column_headings=headings,
        interval_heading=ORR_HEADING,
        rows=tuple(rows),
        axis_label=AXIS_LABEL,
        reference=group.orr.estimate if group.orr else None,
        reference_label=f"Pooled ORR, {group.label}",
        pools=(short_name(pools[0]), short_name(found.pool)),
        footnotes=(
            "Exact (Clopper-Pearson) intervals; area by evaluable patients. Months: + ongoing. A + marks a drug given "
            "with something else, – that the source does not say.",
        ),
    )


def _title(results: Results, found: ReportsByLevel) -> str:
    by = "" if found.grouping is None else f", by {found.grouping.replace('_', ' ')}"
    return f"{results.protocol.headline}{by}"


def _smallest(found: ReportsByLevel) -> int:
    """The evaluable patients of the smallest report that has a row: beyond `MOST_ROWS` only larger ones have."""
    sizes = sorted((row.orr.evaluable for level in found.levels for row in level.reports), reverse=True)
    return 0 if len(sizes) <= many.MOST_ROWS else sizes[many.MOST_ROWS] + 1


def _level(results: Results, found: ReportsByLevel, level: LevelRows, columns: tuple[str, ...]) -> Iterator[ForestRow]:
    labels, smallest = report_labels(results.library.reports), _smallest(found)
    blank = ("",) * len(columns)
    yield ForestRow("heading", capital(level.name))
    for row in level.reports:
        if row.orr.evaluable >= smallest:
            yield _report(labels[row.report], row, columns)
    rest = [row.orr for row in level.reports if row.orr.evaluable < smallest]
    if rest:
        counts = fraction(sum(orr.responders for orr in rest), sum(orr.evaluable for orr in rest))
        yield ForestRow("plain", many.others(len(rest), "report"), (*blank, counts))
    if found.grouping is not None and len(level.reports) > 1:
        total = (*blank, fraction(level.counts.responders, level.counts.evaluable))
        name = "Not reported" if level.name == NOT_REPORTED else f"All {level.name}"
        yield ForestRow("summary", name, total, level.orr.estimate, level.orr.lower, level.orr.upper)
    if not isinstance(level.pooled, NotRun):
        rate = level.pooled
        yield ForestRow("companion", "partially pooled", (), rate.median, rate.lower, rate.upper)


def _report(label: str, row: ReportRow, columns: tuple[str, ...]) -> ForestRow:
    orr = row.orr
    local = any(unit.local for unit in row.counts.units)
    return ForestRow(
        "report",
        label,
        (*column_texts(columns, row.counts.units), fraction(orr.responders, orr.evaluable)),
        orr.estimate,
        orr.lower,
        orr.upper,
        size=orr.evaluable,
        tone="local" if local else "strict" if row.headline else "rest",
    )


def forest_by_figure(
    results: Results, found: ReportsByLevel, columns: tuple[str, ...] = USUAL
) -> ReviewFigure | NotDrawn:
    """The figure `forest` with the reports grouped."""
    from metaimt.figures.forest import draw_forest

    if not found.levels:
        return NotDrawn("forest", _title(results, found), "no patient of the pool is evaluable")
    table = forest_by_table(results, found, columns)
    group = results.response.pools[found.pool]
    if found.grouping is None:
        said = f"{group.label} {estimate_with_interval(group.orr)}" if group.orr is not None else group.label
        below = "Under them the pooled rate with its interval (diamond)."
    else:
        said = "; ".join(f"{level.name} {estimate_with_interval(level.orr)}" for level in found.levels)
        below = "Under each group its exact interval (diamond) and its partially pooled rate (rhomb)."
    drawn = sum(row.kind == "report" for row in table.rows)
    number = sum(len(level.reports) for level in found.levels)
    note = many.compact_note(drawn, number, "rows of reports the largest", "clusters")
    caption = f"{table.title}: {group.label}, report by report. {below} {capital(said)}.{note}"
    alt = f"Forest plot by report. {capital(said)}.{note}"
    return ReviewFigure("forest", table.title, caption, alt, draw_forest(table))
