"""The headline table: each pool with its strata, then the separate rows.

Under the strata of the headline pool stands its rate adjusted for selection, under each pool what the local cohort has
in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.heterogeneity import SERIES_SIZES
from metaimt.analyses.pooled_response import ELSEWHERE, Group, NotInHeadline, PooledResponse
from metaimt.analyses.results import Results
from metaimt.analyses.wording import (
    NOTHING,
    fraction,
    limits,
    percent,
    predicted,
    prior_words,
    rate_and_limits,
    short_method,
)
from metaimt.content.section import (
    Column,
    Figures,
    Fold,
    Interval,
    Row,
    Section,
    items,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.count import OUTCOMES, Count, Reports
from metaimt.model.text import Named, Strong, Text, counted, joined, r_of_n, say
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.outcome import NotRun


@dataclass(frozen=True, slots=True)
class HeadlineRow:
    """A row in words, and whom it counts; what a row does not have is empty.

    in_headline: whether it is of the headline pool, or under it. rate: None where nobody is evaluable or none is given.
    """

    kind: Literal["pool", "stratum", "adjusted", "local", "row"]
    name: str
    label: str
    counts: Count
    in_headline: bool
    rate: Rate | AdjustedRate | NotRun = None

    @property
    def fraction(self) -> str:
        """`56/75`."""
        return "" if self.kind == "adjusted" else fraction(self.counts.responders, self.counts.evaluable)

    @property
    def reports(self) -> int | str:
        """How many reports."""
        return "" if self.kind == "adjusted" else self.counts.reports

    @property
    def percentage(self) -> str:
        """The rate without its sign, or why there is none."""
        if isinstance(self.rate, NotRun):
            return self.rate.wording()
        if self.rate is None:
            return "" if self.kind == "local" else NOTHING
        return percent(self.rate.estimate)

    @property
    def limits(self) -> str:
        """`58.2 - 83.8`."""
        return "" if self.rate is None or isinstance(self.rate, NotRun) else limits(self.rate.lower, self.rate.upper)

    def method(self, *, short: bool) -> str:
        """What the rate is: in a phrase, or with the name of its model."""
        if isinstance(self.rate, AdjustedRate):
            return f"rate in trials, prior {self.rate.prior.wording()}"
        if self.kind in {"adjusted", "local"} or isinstance(self.rate, NotRun):
            return ""
        if short:
            return short_method(self.rate)
        return self.rate.method if self.rate is not None else ""


def headline_rows(response: PooledResponse) -> Iterator[HeadlineRow]:
    """All of them, in their order."""
    for group in response.pools.values():
        first = group is response.headline
        yield row_of(group, "pool", in_headline=first)
        for stratum in group.strata.values():
            yield row_of(stratum, "stratum", in_headline=first)
        if first and (isinstance(group.adjusted, NotRun) or group.adjusted):
            rate = group.adjusted if isinstance(group.adjusted, NotRun) else group.adjusted[0]
            yield HeadlineRow("adjusted", group.name, "adjusted for selection", group.counts, first, rate)
        if (local := response.local[group.name]).evaluable:
            yield HeadlineRow("local", group.name, "of these local cohort", local, first)
    for group in response.rows.values():
        yield row_of(group, "row")


def row_of(group: Group, kind: Literal["pool", "stratum", "row"] = "pool", *, in_headline: bool = False) -> HeadlineRow:
    """The row of one pool, stratum or separate row."""
    return HeadlineRow(kind, group.name, group.label, group.counts, in_headline, group.orr)


def pools_section(results: Results) -> Section:
    """Every pool with its strata, then the groups that are in none; who is not in the headline; other outcomes."""
    response = results.response
    columns = (
        *("group", Column("r/n", "number"), Column("reports", "number"), Column("ORR", "number")),
        *(Column("95 % interval", "interval"), Column("method", wide=True), Column("", "plot")),
    )
    title = "Pools, strata and separate groups"
    parts = [
        Text(Named(group.label), ": ", said, ".")
        for group in response.rows.values()
        if (said := _parts(group, results))
    ]
    return section(
        title,
        table(title, columns, map(_table_row, headline_rows(response))),
        paragraph(
            say(
                "Not in {pool}, though in the widest pool or counted elsewhere: {reasons}.",
                pool=response.headline.label,
                reasons=reasons(response.not_in_headline),
            ),
            small=True,
        ),
        items(parts),
        Figures("headline"),
        _other_outcomes(response),
        [Fold(Text("Notes on each pool"), items(map(_notes, response.pools.values())))],
        id="pools",
    )


def _table_row(found: HeadlineRow) -> Row:
    below = found.kind not in {"pool", "row"}
    shown = None if isinstance(found.rate, NotRun) else found.rate
    return row(
        found.label,
        r_of_n(found.counts) if found.fraction else "",
        counted(found.reports, Reports(found.counts)) if found.fraction else "",
        found.percentage,
        found.limits,
        found.method(short=True),
        Interval(shown, pooled=found.kind == "pool"),
        opens=found.counts,
        kind="pool" if found.kind == "pool" else "stratum" if below else "",
    )


def reasons(found: tuple[NotInHeadline, ...]) -> Text:
    """`20 inferred, 10 unnamed drug`, of patients; then how many courses and arms repeat patients; nobody."""
    return joined(map(_reason, found)) if found else Text("nobody")


def _reason(each: NotInHeadline) -> Text:
    if each.reason != ELSEWHERE:
        return Text(counted(each.patients, each.counts), " ", Named(each.reason))
    units = len(each.counts.parts)
    words = "course or arm that repeats patients" if units == 1 else "courses and arms that repeat patients"
    return Text(counted(units, each.counts), " ", words, " counted already")


def _parts(group: Group, results: Results) -> Text | None:
    """Of a row that is no pool: who meets the other conditions of the headline, and who does not."""
    headline = results.response.headline.name
    words = {headline: f"meets the other {headline} conditions", "rest": "does not"}
    said = [
        Text(Named(words.get(name) or results.protocol.label(name)), " ", r_of_n(part))
        for name, part in group.parts.items()
        if part.evaluable
    ]
    return joined(said) if said else None


def _other_outcomes(response: PooledResponse) -> list[Section]:
    rows = [
        row(
            f"{what}, {group.label}",
            r_of_n(known),
            percent(share.estimate),
            f"{percent(share.lower)} to {percent(share.upper)}",
            known_for(group, outcome),
            opens=known,
        )
        for group in response.pools.values()
        for outcome, what in OUTCOMES.items()
        if (share := getattr(group, outcome)) is not None
        for known in [group.known[outcome]]
    ]
    title = "Complete response and disease control"
    columns = ("outcome, pool", Column("r/n", "number"), Column("rate", "number"), Column("95 % interval", "interval"))
    return [section(title, table(title, (*columns, "patients"), rows))] if rows else []


def known_for(group: Group, outcome: str) -> Text:
    """`known for 36 of 74`: the patients of a pool for whom another outcome is known."""
    known = group.known[outcome]
    return say("known for {n}", n=counted(f"{known.evaluable} of {group.counts.evaluable}", known))


def estimate_text(estimate: Rate, behind: Count) -> Text:
    """`74.3 % (95 % interval 62.1 to 84.0; 55/74)`, or that nobody is evaluable."""
    if estimate is None:
        return Text(NOTHING)
    rate, interval = rate_and_limits(estimate.estimate, estimate.lower, estimate.upper, " to ")
    return say(
        "{rate} ({level} interval {limits}; {counts})",
        rate=f"{rate} %",
        level=f"{100 * estimate.level:g} %",
        limits=interval,
        counts=r_of_n(behind),
    )


def _notes(group: Group) -> Text:
    unstated = counted(f"{group.line_not_stated.evaluable} of {group.counts.evaluable}", group.line_not_stated)
    said = [
        Text("ORR ", estimate_text(group.orr, group.counts)),
        say("line of treatment mixed or not stated for {n} patients", n=unstated),
    ]
    for outcome in ("complete", "controlled"):
        share = getattr(group, outcome)
        if share is not None:
            estimate = estimate_text(share, group.known[outcome])
            said.append(Text(OUTCOMES[outcome], " ", estimate, ", ", known_for(group, outcome)))
    said += [Text(Named(warning)) for warning in group.warnings]
    for stratum in group.strata.values():
        said += [
            Text(Named(stratum.label), " (", r_of_n(stratum.counts), "): ", Named(warning))
            for warning in stratum.warnings
        ]
    return Text(Strong(group.label), ": ", joined(said, "; "), ".")


def heterogeneity_section(results: Results) -> Section:
    """How much reports differ, under each prior of rho, and what a new report may show."""
    title = "How much reports differ, and what a new one may show"
    columns = (
        *("pool", "prior of rho", "mean over reports", "rho", "P(ORR > t)", "true rate of a new report"),
        f"responders of {SERIES_SIZES[0]} new patients (80 %)",
    )
    return section(
        title,
        table("Under each prior of rho", columns, _under_each_prior(results)),
        paragraph(
            "rho is the correlation of response within reports: ",
            Named("0"),
            ", reports are alike; ",
            Named("1"),
            ", in each report all respond or none does. What a new report may show is largely the prior of rho, so "
            "each row names its own. P(ORR > t) is the posterior probability that the mean over reports is above t.",
            small=True,
        ),
        id="spread",
    )


def _under_each_prior(results: Results) -> Iterator[Row]:
    for name, found in results.heterogeneity.items():
        group = results.response.pools[name]
        for k, each in enumerate(found.under):
            likely, *_ = each.prediction.series[0].ranges
            rate, interval = rate_and_limits(each.orr.estimate, each.orr.lower, each.orr.upper, " to ")
            yield row(
                group.label if k == 0 else "",
                prior_words(each.prior),
                f"{rate} % ({100 * each.orr.level:g} % interval {interval})",
                each.orr.rho.wording(),
                ", ".join(f"{100 * t:g} %: {p:.3f}" for t, p in each.orr.probabilities),
                predicted(each.prediction),
                f"{likely.lower:g} to {likely.upper:g}",
                opens=group.counts,
            )
