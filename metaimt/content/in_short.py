"""The first page of a document: the answer in a sentence, whom it is about, and how far it goes."""

from __future__ import annotations

from collections.abc import Iterator

from metaimt.analyses.pooled_response import Group
from metaimt.analyses.results import Results
from metaimt.analyses.wording import adjusted_text, plural, rounded_percent
from metaimt.content.headline import row_of
from metaimt.content.labels import capital
from metaimt.content.methods import conditions
from metaimt.content.section import Section, items, paragraph, section
from metaimt.content.sources import last_search, read_depths
from metaimt.model.text import Named, Strong, Text, counted, joined, say
from metaimt.model.unit import Unit
from metaimt.statistics.outcome import NotRun

GROUPED, SINGLE = "small trials and cohorts", "single cases and series"
_GROUPED_DESIGNS, _SINGLE_DESIGNS = frozenset({"trial", "cohort"}), frozenset({"case_report", "case_series"})


def short_section(results: Results) -> Section:
    """The answer, its definition, its limits, version and last search."""
    headline = results.response.headline
    return section(
        "In short",
        paragraph(Strong(capital(headline.label)), ": ", answer(headline)),
        paragraph(definition(results), small=True),
        items(limits_of(results)),
        paragraph(
            say(
                "Version {version}. Last search: {date}.",
                version=results.response.version,
                date=last_search(results.library.searches),
            ),
            small=True,
        ),
        id="in-short",
    )


def answer(group: Group) -> Text:
    """`55 of 74 patients responded (74 %). The average rate across such reports probably lies between 57 and 83 %.`"""
    counts, rate = group.counts, group.orr
    if rate is None:
        return Text(row_of(group).percentage, ".")
    said = say(
        "{n} responded ({share} %).",
        n=counted(f"{counts.responders} of {plural(counts.evaluable, 'patient')}", counts),
        share=rounded_percent(counts.responders / counts.evaluable),
    )
    lower, upper = rounded_percent(rate.lower), rounded_percent(rate.upper)
    whose = "The average rate across such reports" if counts.reports > 1 else "The rate"
    return Text(said, " ", whose, say(" probably lies between {lower} and {upper} %.", lower=lower, upper=upper))


def definition(results: Results) -> Text:
    """Who is in the headline pool, in one line."""
    headline, protocol = results.response.headline, results.protocol
    said = conditions(protocol.pools[headline.name], protocol)
    return Text(Strong(capital(headline.label)), ": ", Named(said), "; each patient once.")


def limits_of(results: Results) -> Iterator[Text]:
    """What the answer is not: lines that are mixed, what was read and not searched, who is published."""
    headline, searches = results.response.headline, results.library.searches
    unstated, total = headline.line_not_stated, headline.counts.evaluable
    if total:
        yield say(
            "Lines of treatment are mixed: for {n} patients the line is mixed or not stated.",
            n=counted(f"{unstated.evaluable} of {total}", unstated),
        )
    waiting = [Named(search.source) for search in searches if search.status != "done"]
    read = Text("Not all was read, or found: ", read_depths(results.library.reports))
    yield Text(read, "; not yet searched: ", joined(waiting), ".") if waiting else Text(read, ".")
    if not total:
        return
    single = headline.counts.where(f"{headline.label}: {SINGLE}", lambda unit: unit.design in _SINGLE_DESIGNS)
    said = say(
        "Who responds may be published more readily: {n} patients are single cases or of series",
        n=counted(f"{single.evaluable} of {total}", single),
    )
    adjusted = headline.adjusted
    if not isinstance(adjusted, NotRun) and adjusted:
        said = Text(said, "; adjusted for that the rate is ", Named(adjusted_text(adjusted[0])))
    yield Text(said, ".")
    yield read_as(headline)


def read_as(group: Group) -> Text:
    """What the answer is not, with the counts by design that say why."""
    total, grouped = group.counts.evaluable, group.counts.where(f"{group.label}: {GROUPED}", _is_grouped)
    where, number = GROUPED, grouped
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
    return unit.design in _GROUPED_DESIGNS
