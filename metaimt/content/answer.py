"""The answer: one sentence with its definition, four rates beside each other, and what limits them."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.analyses.wording import (
    NOTHING,
    limits,
    percent,
    plural,
    predicted,
    rounded_percent,
    selection_text,
    short_method,
)
from metaimt.casefiles.protocol import Pool
from metaimt.content.section import Column, Interval, Row, Section, items, page_only, paragraph, row, section, table
from metaimt.content.sources import last_search, read_depths, read_twice
from metaimt.model.count import Reports
from metaimt.model.text import Named, Text, capital, counted, joined, r_of_n, say
from metaimt.model.unit import Unit
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import PooledProportion

_GROUPED = {"trial": "trials", "cohort": "cohorts"}
SINGLE = "single cases and series"
_PATIENTS = "patients"  # a label of the protocol: who the headline is about
_LIVING = {
    "up_to_date": "up to date",
    "update_in_progress": "an update is in progress",
    "not_up_to_date": "not up to date",
    "retired": "no longer kept up to date",
}


def answer_section(results: Results) -> Section:
    """The first screen: how many responded, how sure that is, what strict means, and what may be wrong."""
    columns = (
        *("group", Column("r/n", "number"), Column("reports", "number"), Column("", "plot")),
        *(Column("ORR", "number"), Column("95 % interval", "interval")),
    )
    return section(
        "The answer",
        page_only(paragraph(_sentence(results), style="lead")),
        paragraph(definition(results)),
        table("The answer: four rates", columns, _rates(results)),
        paragraph(_how_to_read(results), small=True),
        items(limits_of(results)),
        paragraph(_status(results), small=True),
        id="answer",
    )


def front(results: Results) -> tuple[Text, ...]:
    """What a document begins with: the question and the answer in a sentence."""
    return (Text(Named(f"Version {results.protocol.version}. {results.protocol.question}")), _sentence(results))


def _sentence(results: Results) -> Text:
    """`55 of 74 patients responded (74 %). The average rate across such reports probably lies between ...`."""
    group, counts = results.response.headline, results.response.headline.counts
    if not counts.evaluable:
        return say("Nobody of {pool} is evaluable, so there is no rate.", pool=group.label)
    who = results.protocol.labels.get(_PATIENTS) or f"patients ({group.label})"
    said = say(
        "{n} {who} responded ({share} %).",
        n=counted(f"{counts.responders} of {counts.evaluable}", counts),
        who=who,
        share=rounded_percent(counts.responders / counts.evaluable),
    )
    orr = group.orr
    if not isinstance(orr, PooledProportion):
        return Text(said, " One report alone says nothing of others.")
    return say(
        "{said} The average rate across such reports probably lies between {low} and {high} %.",
        said=said,
        low=rounded_percent(orr.lower),
        high=rounded_percent(orr.upper),
    )


def definition(results: Results) -> Text:
    """What the headline and the widest pool ask of a patient, in one line each; every patient counts once."""
    pools = list(results.protocol.pools.items())
    said = [_defined(*pools[0], results), *([_defined(*pools[-1], results)] if len(pools) > 1 else [])]
    return Text(joined(said, " "), " Each patient counts once.")


def _defined(name: str, pool: Pool, results: Results) -> Text:
    words = name.replace("_", " ").capitalize()
    return say("{name} means: {conditions}.", name=words, conditions=", ".join(asked(pool, results)))


def asked(pool: Pool, results: Results) -> Iterator[str]:
    """What a pool asks of a patient, a condition each."""
    yield " or ".join(results.protocol.label(each) for each in pool.rows)
    yield {"first": "first or unstated line", "later": "a later line"}.get(pool.line, f"{pool.line} line")
    yield "one named inhibitor" if pool.drug == "named" else "an inhibitor named or not"
    yield "given alone" if pool.combined_with == "none" else "alone or with another treatment"
    if pool.response_basis:
        yield f"response {' or '.join(pool.response_basis)}"
    else:
        yield "response stated, measured or inferred"
    if not pool.disputed:
        yield "no doubt between response and none"


def _rates(results: Results) -> Iterator[Row]:
    """The headline, its trials, the widest pool, and the headline adjusted for selection."""
    groups = list(results.response.pools.values())
    headline, widest = groups[0], groups[-1]
    yield _rate(headline.label, headline, kind="pool")
    for name, designs in results.protocol.strata.items():
        if designs == ("trial",) and headline.strata[name].orr is not None:
            yield _rate(f"its {headline.strata[name].label}", headline.strata[name], kind="stratum")
    if widest is not headline:
        yield _rate(widest.label, widest, kind="pool", outside=True)
    adjusted = headline.adjusted
    if not isinstance(adjusted, NotRun) and adjusted:
        first = adjusted[0]
        drawn = Interval(first, pooled=True, outside=True)
        said = (percent(first.estimate), limits(first.lower, first.upper))
        yield row(f"{headline.label}, adjusted for selection", "", "", drawn, *said, opens=headline.counts)


def _rate(label: str, group: Group, *, kind: str, outside: bool = False) -> Row:
    orr, counts = group.orr, group.counts
    share = counts.responders / counts.evaluable if counts.evaluable else None
    return row(
        label,
        r_of_n(counts),
        counted(counts.reports, Reports(counts)),
        Interval(orr, pooled=True, outside=outside, tick=share),
        *((NOTHING, "") if orr is None else (percent(orr.estimate), limits(orr.lower, orr.upper))),
        opens=counts,
        kind=kind,
    )


def _how_to_read(results: Results) -> Text:
    headline = results.response.headline
    found = results.heterogeneity[headline.name].prediction if headline.name in results.heterogeneity else None
    new = (
        ""
        if found is None
        else say(" In a new report like these the true rate may be {range}.", range=predicted(found))
    )
    return say(
        "ORR: objective response rate, complete or partial responses. Diamonds: {method}, as wide as its interval, "
        "filled: {pool}; ticks: r/n of all patients together.{new}",
        pool=headline.label,
        method=short_method(headline.orr) or "the rate",
        new=new,
    )


def limits_of(results: Results) -> Iterator[Text]:
    """Three limits in plain words: who they are, how they were read, and that responders may be published more."""
    headline, library = results.response.headline, results.library
    if not headline.counts.evaluable:
        return
    yield Text(
        read_as(headline),
        " Line of treatment is mixed or not stated for ",
        counted(f"{headline.line_not_stated.evaluable} of {headline.counts.evaluable}", headline.line_not_stated),
        ".",
    )
    waiting = [search.source for search in library.searches if search.status != "done"]
    search = f"not yet searched: {', '.join(waiting)}" if waiting else "every search was run"
    yield Text(capital(read_depths(library.reports)), "; ", Named(search), ".")
    yield from _selected(headline)


def _selected(headline: Group) -> Iterator[Text]:
    adjusted = headline.adjusted
    start = "Case reports may be selected: who responds may be published more readily."
    if isinstance(adjusted, NotRun) or not adjusted:
        why = adjusted.wording() if isinstance(adjusted, NotRun) else "not run"
        yield say("{start} The rate adjusted for that was {why}.", start=start, why=why)
        return
    first: AdjustedRate = adjusted[0]
    yield say(
        "{start} Adjusted for that, the rate in trials is {rate} ({limits}), given {prior}.",
        start=start,
        rate=percent(first.estimate),
        limits=limits(first.lower, first.upper, " to "),
        prior=selection_text(first.prior),
    )


def read_as(group: Group) -> Text:
    """What the answer is not, with the counts by design that say why."""
    total, designs = group.counts.evaluable, {unit.design for unit in group.counts.units}
    where = f"small {' and '.join(words for design, words in _GROUPED.items() if design in designs)}"
    number = grouped = group.counts.where(f"{group.label}: {where}", _is_grouped)
    if 2 * grouped.evaluable <= total:
        where, number = SINGLE, group.counts.where(f"{group.label}: {SINGLE}", lambda unit: not _is_grouped(unit))
    return Text(
        "Most patients (",
        counted(f"{number.evaluable} of {total}", number),
        ") come from ",
        where,
        ", not from comparable patients; this does not predict one patient's response.",
    )


def _is_grouped(unit: Unit) -> bool:
    return unit.design in _GROUPED


def _status(results: Results) -> Text:
    library, living = results.library, results.protocol.living
    twice = read_twice(library.reports)
    said: list[Text | Named] = [
        Named(f"Version {results.response.version}"),
        Named(f"last search {last_search(library.searches)}"),
        Text(counted(plural(len(twice.reports), "report"), twice), " read by two people"),
    ]
    if living is not None:
        every = plural(living.search_every_months, "month")
        said.append(Named(f"{_LIVING[living.status]}, to be searched every {every}"))
    return Text(joined(said, "; "), ".")


def citable(results: Results) -> Text:
    """The headline in one sentence, to be copied into a text."""
    response, protocol = results.response, results.protocol
    said = [_cited(group, response.headline is group) for group in response.pools.values()]
    return say(
        "{heading} ({title}, version {version}): {rates}.",
        heading=response.title,
        title=protocol.title,
        version=protocol.version,
        rates=joined(said, "; "),
    )


def _cited(group: Group, first: bool) -> Text:
    orr: Rate = group.orr
    if orr is None:
        return say("{pool}: nobody evaluable", pool=group.label)
    how = f", {short_method(orr)}" if first else ""
    return say(
        "{pool} {n} in {reports}, {rate} ({level} interval {limits}{how})",
        pool=group.label,
        n=r_of_n(group.counts),
        reports=counted(plural(group.counts.reports, "report"), Reports(group.counts)),
        rate=percent(orr.estimate),
        level=f"{100 * orr.level:g} %",
        limits=limits(orr.lower, orr.upper, " to "),
        how=how,
    )
