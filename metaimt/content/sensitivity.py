"""If something is done otherwise: each analysis of the protocol, priors, models, reports left out, combinations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.by_model import comparison_reasons
from metaimt.analyses.publication_bias import of_reports_of
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import (
    AS_IT_STANDS,
    DESIGN,
    NO_ROWS,
    SAME_COUNTS,
    WORDING,
    ContrastsUnder,
    Discounted,
    ReportLeftOut,
    SensitivityRow,
    Specification,
)
from metaimt.analyses.sensitivity import Cell as Under
from metaimt.analyses.unread import Bounds
from metaimt.analyses.wording import (
    NOTHING,
    difference,
    fraction,
    limits,
    odds_text,
    p_value,
    percent,
    plural,
    prior_words,
    rounded_percent,
    short_method,
    significant,
    spread_words,
)
from metaimt.content.labels import points
from metaimt.content.section import (
    Block,
    Cell,
    Column,
    Figures,
    Fold,
    Interval,
    Row,
    Section,
    items,
    page_only,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.count import Reports
from metaimt.model.text import Code, Named, Number, Text, counted, joined, r_of_n, say
from metaimt.statistics.adjusted import OddsRatioPosterior
from metaimt.statistics.outcome import NotRun

NOTABLE = 0.02  # of an estimate: what moves it more stands first
SHOWN_LEFT_OUT = 5  # reports of each pool that move the estimate most; all are in the table
COUNTS, DRAWN, ORR = Column("r/n", "number"), Column("", "plot"), Column("ORR", "number")
INTERVAL, METHOD = Column("95 % interval", "interval"), Column("method", wide=True)
RATE = (COUNTS, DRAWN, ORR, INTERVAL, METHOD)
_CHANGE = Column("change", "number")


def rate_words(orr: Rate) -> tuple[str, str, str]:
    """What stands in the columns ORR, INTERVAL and METHOD."""
    return (
        (NOTHING, "", "") if orr is None else (percent(orr.estimate), limits(orr.lower, orr.upper), short_method(orr))
    )


def sensitivity_section(results: Results) -> Section:
    """A table for each pool of what is done otherwise; then what else could have been chosen."""
    tables, pools = results.sensitivity, results.response.pools
    return section(
        "If something is done otherwise",
        paragraph(
            say(
                "Each row does one thing otherwise and pools again by the same model; what moves an estimate by more "
                "than {points} points stands first. Change: of the estimate, in percentage points. Links between "
                "reports stay as they were resolved, except in the row about them. “No such rows”: it concerns nobody "
                "in that pool.",
                points=f"{100 * NOTABLE:g}",
            )
        ),
        [_pool(pool, results) for pool in pools],
        _nothing_changes(tables.rows),
        items(_notes(tables.rows, results)),
        Figures("sensitivity"),
        _bounds(results),
        _priors(results),
        _contrasts(tables.contrasts),
        _subsets(results),
        _models(results),
        _left_out(results),
        _discounts(results),
        _specification(results),
        id="otherwise",
    )


def notable_section(results: Results) -> Section:
    """The note on publication bias, and of each pool what moves its estimate by more than NOTABLE."""
    rows = [
        row(
            each.name,
            group.label,
            *(_words(cell)[0], Interval(cell.orr, pooled=True, reference=group.orr.estimate if group.orr else None)),
            *(*_words(cell)[1:3], points(cell.change)),
            opens=cell.counts,
        )
        for each in by_size(results.sensitivity.rows)
        for name, cell in each.pools.items()
        for group in [results.response.pools[name]]
        if cell.change is not None and significant(abs(cell.change)) > NOTABLE
    ]
    title = "What moves the answer"
    columns = ("done otherwise", "pool", COUNTS, DRAWN, ORR, INTERVAL, _CHANGE)
    said = say(
        "One thing done otherwise, and pooled again: what moves an estimate by more than {points} points. Change in "
        "percentage points; dotted line: as it stands.",
        points=f"{100 * NOTABLE:g}",
    )
    shown = table(title, columns, rows)
    nothing = say(
        "Nothing that the protocol asks to do otherwise moves it by more than {p} points.", p=f"{100 * NOTABLE:g}"
    )
    return section(title, page_only(paragraph(said), *shown) if shown else paragraph(nothing))


def _part(title: str, said: str | Text, columns: Iterable[str | Column], rows: Iterable[Row]) -> list[Block]:
    """A part with one table; nothing where that has no rows."""
    shown = table(title, columns, rows)
    return [section(title, paragraph(said), shown)] if shown else []


def _side_by_side(results: Results, *columns: Column) -> list[Column]:
    """These columns under the name of each pool."""
    return [
        Column(each.label, each.kind, group.label, each.wide)
        for group in results.response.pools.values()
        for each in columns
    ]


def _pool(pool: str, results: Results) -> Section:
    group = results.response.pools[pool]
    reference = None if group.orr is None else group.orr.estimate
    drawn = Interval(group.orr, pooled=True, reference=reference)
    base = row(
        "as in the headline table",
        r_of_n(group.counts),
        drawn,
        *rate_words(group.orr),
        "",
        opens=group.counts,
        kind="pool",
    )
    rows = (_under(each.name, each.pools[pool], reference) for each in by_size(results.sensitivity.rows))
    columns = ("analysis", *RATE, _CHANGE)
    shown = table(f"Sensitivity analyses, {group.label}", columns, (base, *rows), style="one")
    return section(group.label, shown)


def _under(name: str, cell: Under, reference: float | None) -> Row:
    counts, *said = _words(cell)
    if cell.status == NO_ROWS:
        return row(name, counts, "", *said, "")
    drawn = Interval(cell.orr, pooled=True, reference=reference)
    return row(name, counts, drawn, *said, points(cell.change), opens=cell.counts)


def _words(cell: Under) -> tuple[Number | str, str, str, str]:
    """What stands in the columns COUNTS, ORR, INTERVAL and METHOD."""
    if cell.status == NO_ROWS:
        return NO_ROWS, "", "", ""
    said = (cell.status, "", "") if cell.orr is None and cell.status else rate_words(cell.orr)
    return (r_of_n(cell.counts), *said)


def by_size(rows: tuple[SensitivityRow, ...]) -> list[SensitivityRow]:
    """Those that move an estimate: by more than NOTABLE first, the largest on top, then the others in their order."""
    moving = (row for row in rows if row.name not in set(unchanged(rows)))
    return sorted(moving, key=lambda row: -_moves(row) if _moves(row) > NOTABLE else 0.0)


def unchanged(rows: tuple[SensitivityRow, ...]) -> list[str]:
    """The names of those that change no count of any pool."""
    return [row.name for row in rows if all(cell.status in {NO_ROWS, SAME_COUNTS} for cell in row.pools.values())]


def _moves(row: SensitivityRow) -> float:
    return significant(max((abs(cell.change) for cell in row.pools.values() if cell.change is not None), default=0.0))


def _nothing_changes(rows: tuple[SensitivityRow, ...]) -> list[Block]:
    names = unchanged(rows)
    return [paragraph("Nothing changes with: ", Named("; ".join(names)), ".", small=True)] if names else []


def _notes(rows: tuple[SensitivityRow, ...], results: Results) -> Iterator[Text]:
    for each in rows:
        said: dict[tuple[Text, ...], list[str]] = {}
        for pool, cell in each.pools.items():
            status = (Text(Named(cell.status)),) if cell.status and cell.status != NO_ROWS else ()
            said.setdefault((*cell.notes, *status), []).append(results.response.pools[pool].label)
        for told, pools in said.items():
            if told:
                yield say(
                    "{name} ({pools}): {told}.", name=each.name, pools=" and ".join(pools), told=joined(told, "; ")
                )


def _bounds(results: Results) -> list[Block]:
    return _part(
        "Responses that nobody can read",
        "Patients known to be treated, in no pool. Outer bounds: as if only those known to have responded did, and as "
        "if all did.",
        ("", "pool", Column("at worst", "number"), Column("at best", "number"), "rate", "sources"),
        (_bound(each, results.protocol.label(each.pool)) for each in results.unread.bounds),
    )


def _bound(found: Bounds, pool: str) -> Row:
    low, high = map(rounded_percent, found.limits)
    name = f"{plural(found.treated, 'treated patient')} of unread response, {found.name}"
    sources = ", ".join(each.id for each in found.unread)
    return row(name, pool, fraction(*found.worst), fraction(*found.best), f"{low} to {high} %", sources)


def _priors(results: Results) -> Section:
    """Each pool under each prior of rho, with the change from the protocol's."""
    pools, rows = results.heterogeneity, []
    for prior in dict.fromkeys(each.prior for found in pools.values() for each in found.under):
        cells: list[str] = []
        for found in pools.values():
            same = next((each.orr for each in found.under if each.prior == prior), None)
            change = None if same is None else difference(found.under[0].orr.estimate, same.estimate)
            cells += ["", "", ""] if same is None else [*rate_words(same)[:2], points(change)]
        rows.append(row(f"rho ~ {prior_words(prior)}", *cells))
    columns = _side_by_side(results, Column("mean over reports", "number"), INTERVAL, _CHANGE)
    return section("Under other priors of rho", table("Under other priors of rho", ("prior", *columns), rows))


def _contrasts(found: tuple[ContrastsUnder, ...]) -> list[Block]:
    """As it stands, then the analyses that change a contrast; equal ones share a row."""
    alike: dict[tuple[object, ...], list[ContrastsUnder]] = {}
    for each in found:
        alike.setdefault((each.same_patients, tuple(each.odds.items())), []).append(each)
    return _part(
        "The contrasts, if something is done otherwise",
        "The pre-specified contrast with its exact test and its odds ratio by penalised regression, and two odds "
        "ratios of the note on publication bias. Analyses that are not listed change none of them.",
        (
            "analysis",
            "known levels",
            "exact test",
            "odds ratio, Firth",
            "case reports against trials",
            "the rest against the headline",
        ),
        map(_contrast, alike.values()),
    )


def _contrast(same: list[ContrastsUnder]) -> Row:
    first, names = same[0], [each.name for each in same]
    levels = (Text(Named(name), " ", r_of_n(each)) for name, each in first.levels.items())
    return row(
        AS_IT_STANDS if AS_IT_STANDS in names else "; ".join(names),
        joined(levels),
        first.test.wording() if isinstance(first.test, NotRun) else p_value(first.test.p),
        _regression(first),
        *(_odds(first.odds.get(name)) for name in (DESIGN, WORDING)),
    )


def _regression(found: ContrastsUnder) -> str:
    fit = NotRun("not asked for") if found.regression is None else found.regression.fit
    if isinstance(fit, NotRun):
        return fit.wording()
    return "; ".join(_ratio(exp(c.estimate), exp(c.lower), exp(c.upper)) for c in fit.coefficients[1:])


def _odds(found: OddsRatioPosterior | NotRun | None) -> str:
    if found is None:
        return ""
    return found.wording() if isinstance(found, NotRun) else _ratio(found.estimate, found.lower, found.upper)


def _ratio(estimate: float, lower: float, upper: float) -> str:
    return f"{odds_text(estimate)} ({odds_text(lower)} to {odds_text(upper)})"


def _subsets(results: Results) -> list[Block]:
    subsets = results.sensitivity.subsets
    shown = _part(
        "Some of the patients",
        "Another question each: the rate of these patients only.",
        ("patients", *_side_by_side(results, COUNTS, ORR, INTERVAL, METHOD)),
        (row(each.name, *(said for cell in each.pools.values() for said in _words(cell))) for each in subsets),
    )
    return [*shown, *items(_notes(subsets, results))]


def _models(results: Results) -> Section:
    groups, title = results.response.pools, "Under other models"
    columns = [
        Column(each.label, each.kind, Text(Named(group.label), ", ", r_of_n(group.counts)))
        for group in groups.values()
        for each in (Column("rate", "number"), INTERVAL, _CHANGE)
    ]
    rows = (
        row(
            each.name,
            *(
                Cell(Text(Named(said)), cell.counts)
                for cell in each.pools.values()
                for said in (*_words(cell)[1:3], points(cell.change))
            ),
        )
        for each in results.sensitivity.models
    )
    return section(
        title,
        paragraph(
            say(
                "The same counts. All models, with the two ends of each {tau} and the models on the larger reports "
                "alone, are in {table} and {results}, {part}.",
                tau="tau²",
                table=Code("tables/methods.csv"),
                results=Code("results.json"),
                part=Code("methods"),
            )
        ),
        table(title, ("model", *columns), rows),
        items([*(Text(Named(said)) for said in comparison_reasons(results.comparison)), *_spread(results)]),
    )


def _spread(results: Results) -> Iterator[Text]:
    """Q, I^2 and tau^2 of each pool, on the reports of two patients or more."""
    for pool, found in results.comparison.items():
        if found.heterogeneity is not None:
            larger = Reports(of_reports_of(results.response.pools[pool].counts, 2))
            yield say(
                "{pool}, {larger} (inverse variance, logit, REML): {said}.",
                pool=found.name,
                larger=counted("reports of two patients or more", larger),
                said=spread_words(found.heterogeneity["reports_of_two_or_more"]),
            )


def _left_out(results: Results) -> list[Block]:
    said = say(
        "The {n} reports of each pool without which the estimate moves most; all are in {table}.",
        n=SHOWN_LEFT_OUT,
        table=Code("tables/leave-one-out.csv"),
    )
    columns = ("without", Column("its r/n", "number"), *RATE, _CHANGE)
    return _part("Each report left out", said, columns, _left_out_rows(results))


def _left_out_rows(results: Results) -> Iterator[Row]:
    for pool, group in results.response.pools.items():
        mine = [left for left in results.sensitivity.leave_one_out if left.pool == pool]
        mine.sort(key=lambda left: (-abs(left.change or 0.0), left.report))
        if mine:
            yield row(group.label, kind="heading")
        yield from map(_without, mine[:SHOWN_LEFT_OUT])


def _without(left: ReportLeftOut) -> Row:
    rest, drawn = left.without, Interval(left.orr, pooled=True)
    counts = counted(fraction(left.responders, left.evaluable), rest)
    return row(left.report, r_of_n(left.own), counts, drawn, *rate_words(left.orr), points(left.change), opens=rest)


def _discounts(results: Results) -> list[Block]:
    by_point: dict[tuple[str, float], list[Discounted]] = {}
    for point in results.sensitivity.discounts:
        by_point.setdefault((point.name, point.weight), []).append(point)
    return _part(
        "At lower weight",
        "The log-likelihood of each report of the stratum is multiplied by the weight; r/n are weighted sums.",
        ("stratum", Column("weight", "number"), *_side_by_side(results, COUNTS, ORR, INTERVAL)),
        (
            row(name, f"{weight:g}", *(said for point in pools for said in _weighted(point)))
            for (name, weight), pools in by_point.items()
        ),
    )


def _weighted(point: Discounted) -> tuple[Text, str, str]:
    orr = point.orr
    if orr is None:
        return Text(counted(NOTHING, point.counts)), "", ""
    counts = counted(f"{orr.responders:g}/{orr.evaluable:g}", point.counts)
    return Text(counts), percent(orr.estimate), limits(orr.lower, orr.upper)


def _specification(results: Results) -> list[Block]:
    grid = results.specification
    found = [each for each in grid.specifications if each.orr is not None]
    if len(found) < 2 or grid.lowest is None or grid.middle is None or grid.highest is None:
        return []
    own = next((each for each in found if each.headline), None)
    shown = [(name, each) for name, each in (("lowest", found[0]), ("headline", own), ("highest", found[-1])) if each]
    choices, number = results.protocol.specification, len(grid.specifications)
    columns: tuple[str | Column, ...] = (*choices, COUNTS, ORR, INTERVAL, Column("method"))
    title = "Every combination of the main choices"
    said = say(
        "{pool}, {number} combinations: ORR {range}. Share of the intervals that exclude each threshold: {excluding}. "
        "The combinations share their patients: they are not so many studies, and no test is made of them. All are in "
        "{table}.",
        table=Code("tables/specification.csv"),
        pool=results.response.pools[grid.pool].label,
        number=number,
        range=f"{percent(grid.lowest)} to {percent(grid.highest)}, median {percent(grid.middle)}",
        excluding="; ".join(f"{100 * t:g} %: {percent(share)}" for t, share in grid.excluding.items()),
    )
    every = (
        _specified(str(place), each, "pool" if each.headline else "")
        for place, each in enumerate(grid.specifications, start=1)
    )
    return [
        section(
            title,
            paragraph(said),
            table(title, ("estimate", *columns), (_specified(*each) for each in shown)),
            Fold(
                say("All {n} combinations", n=number),
                table("All combinations", ("rank", *columns), every),
                in_documents=False,
            ),
        )
    ]


def _specified(name: str, found: Specification, kind: str = "") -> Row:
    counts = found.counts
    return row(name, *found.settings.values(), r_of_n(counts), *rate_words(found.orr), opens=counts, kind=kind)
