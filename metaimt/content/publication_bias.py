"""Publication bias: the note, its technical version, the tables; and pooled figures that others print.

The note has at most 120 words and can be pasted into a manuscript; of more than two pools it has the headline and the
widest. In this order: the rate adjusted for selection and what that assumes; case reports against trials; inferred
against stated responses; responses that nobody can read; what would change the answer. What the contrast of designs
allows to say is decided by `VERDICTS`, a table of rules of which the first that applies is used; none of them says that
there is no publication bias.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.contrasts import LIKELIHOOD, MODEL, Contrast, Side
from metaimt.analyses.publication_bias import (
    MOST_UNDATED,
    NONE_NEEDED,
    SHOWN_S,
    THRESHOLD,
    PublicationBias,
    Selectivity,
    Target,
    Trend,
    curve_point,
)
from metaimt.analyses.published_pooled import PublishedComparison, why_not_compared
from metaimt.analyses.results import Results
from metaimt.analyses.wording import (
    NOTHING,
    estimate_with_interval,
    fraction,
    limits,
    odds_text,
    percent,
    plural,
    rate_and_limits,
    rounded_percent,
)
from metaimt.casefiles.published import PublishedFigure
from metaimt.content.section import Column, Figures, Fold, Row, Section, Table, items, paragraph, row, section, table
from metaimt.content.sources import addresses_of
from metaimt.model.count import Count, Reports
from metaimt.model.text import Link, Named, Number, Strong, Text, capital, counted, joined, r_of_n, say
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import BEGG, FEWEST, HUNTER, PETERS, SMALLEST, SmallStudies

MOST_WORDS: Final = 120
LARGEST_HARMLESS = 2.0  # upper limit of s above which selective publication cannot be called excluded
NOT_ALONE = (
    "age, drug, line and response review also differ between case reports and trials, so this contrast is not "
    "publication bias alone"
)


@dataclass(frozen=True)
class Verdict:
    """A rule: its name, the conditions on the interval of s that must all hold, and what is then said.

    Each condition is strict, and one that is None is none.
    """

    name: str
    wording: str
    lower_above: float | None = None
    upper_above: float | None = None
    upper_below: float | None = None

    def applies(self, lower: float, upper: float) -> bool:
        """Whether every condition holds."""
        return (
            (self.lower_above is None or lower > self.lower_above)
            and (self.upper_above is None or upper > self.upper_above)
            and (self.upper_below is None or upper < self.upper_below)
        )


VERDICTS = (
    Verdict("excess", "responders are over-represented in case reports, as it would make them", lower_above=1.0),
    Verdict("too few", "too few to show or to exclude it", upper_above=LARGEST_HARMLESS),
    Verdict("fewer", "response is rarer in case reports, the opposite of it", upper_below=1.0),
    Verdict("no excess", "no excess of responders in case reports is seen, nor a selectivity above {upper}"),
)


def verdict(lower: float, upper: float) -> Verdict:
    """The first rule that applies to an interval of the odds ratio."""
    return next(rule for rule in VERDICTS if rule.applies(lower, upper))


def bias_section(results: Results) -> Section:
    """The note with the rates that it rests on, its technical version, and a table each of what was asked."""
    bias, label = results.publication_bias, results.protocol.label
    contrasts = ("group", "reference", Column("s", "number"), Column("95 % interval", "interval"))
    known = ("pool", "what", "level", Column("r/n", "number"), Column("patients", "number"))
    printed = results.library.published
    return section(
        "Publication bias",
        _adjusted_table(results),
        _cell_table(bias),
        paragraph(
            "The prior is of the log odds ratio of response in reports other than trials. ",
            capital(Text(NOT_ALONE)),
            ".",
            small=True,
        ),
        section("Technical version", Fold(Text("One sentence an analysis"), items(_technical(results)))),
        Figures("publication_bias"),
        section(
            "Contrasts",
            paragraph(
                "s is the odds ratio of response of the group against its reference; above ",
                Named("1"),
                " the group responds more often.",
            ),
            table("Contrasts", (*contrasts, "by maximum likelihood"), map(_contrast_row, bias.contrasts)),
        ),
        _curves(results),
        section(
            "How the responses are known",
            table(
                "How the responses are known",
                (*known, Column("reports", "number")),
                [each for pool in bias.reading for each in _reading_rows(bias, pool, label(pool))],
            ),
        ),
        published_sections(results.published, () if printed is None else printed.not_compared),
        id="bias",
    )


def bias_note(results: Results) -> Text:
    """At most MOST_WORDS words on publication bias, both pools in them."""
    return joined(_sentences(results), " ")


def _sentences(results: Results) -> Iterator[Text]:
    bias = results.publication_bias
    yield _adjusted_sentence(results)
    yield _design_sentence(bias, results.response.headline.name)
    yield from _wording_sentence(bias)
    yield from _unread_sentence(results)
    yield from _missing_sentence(bias)


def _adjusted_sentence(results: Results) -> Text:
    every = results.response.pools
    names = list(every)
    pools = {name: every[name] for name in (names[0], names[-1])}
    said = [
        f"{_short_rate(group.adjusted[0])} in {name.replace('_', ' ')}"
        for name, group in pools.items()
        if not isinstance(group.adjusted, NotRun) and group.adjusted
    ]
    if not said:
        reasons = [group.adjusted.wording() for group in pools.values() if isinstance(group.adjusted, NotRun)]
        return say("The rate adjusted for selection was {why}.", why=next(iter(reasons), "not run"))
    return say(
        "Adjusted for selection, the rate in trials is {rates}, if odds of response elsewhere are about {times} times "
        "as high (a judgement).",
        rates=" and ".join(said),
        times=f"{results.protocol.priors.selection.odds_ratio:g}",
    )


def _short_rate(found: AdjustedRate) -> str:
    """`69.0 % [48.6 to 82.8]`."""
    rate, interval = rate_and_limits(found.estimate, found.lower, found.upper, " to ")
    return f"{rate} % [{interval}]"


def _design_sentence(bias: PublicationBias, headline: str) -> Text:
    contrasts = {pool.replace("_", " "): bias.design(pool) for pool in list(bias.selectivity)[:2]}
    said = [
        say("{odds} in {pool} ({sides})", odds=_short_odds(each), pool=pool, sides=_sides(each))
        for pool, each in contrasts.items()
    ]
    rules: dict[str, list[str]] = {}
    for pool, each in contrasts.items():
        if not isinstance(found := each.odds_ratio, NotRun):
            rule = verdict(found.lower, found.upper)
            rules.setdefault(rule.wording.format(upper=odds_text(found.upper)), []).append(pool)
    several = len(rules) > 1
    words = [f"{text} ({' and '.join(pools)})" if several else text for text, pools in rules.items()]
    return say(
        "Case reports against {headline} trials: odds ratio {odds}{verdicts}.",
        headline=headline.replace("_", " "),
        odds=joined(said, " and "),
        verdicts=f"; as for publication bias, {'; '.join(words)}" if words else "",
    )


def _wording_sentence(bias: PublicationBias) -> Iterator[Text]:
    """What only the widest pool counts against the headline, over all patients."""
    found = next((each for each in bias.contrasts if each.kind == "wording" and "all patients" in each.name), None)
    if found is not None and not isinstance(found.odds_ratio, NotRun):
        odds = _short_odds(found)
        yield say("Vague against stated responses: {sides}, odds ratio {odds}.", sides=_sides(found), odds=odds)


def _short_odds(contrast: Contrast) -> str:
    """`2.18 [0.76 to 6.88]`, or why there is none."""
    found = contrast.odds_ratio
    if isinstance(found, NotRun):
        return found.wording()
    return f"{odds_text(found.estimate)} [{odds_text(found.lower)} to {odds_text(found.upper)}]"


def _sides(found: Contrast) -> Text:
    """`36/42 against 33/45`."""
    return joined([r_of_n(found.group.counts), r_of_n(found.reference.counts)], " against ")


def _unread_sentence(results: Results) -> Iterator[Text]:
    for widest in results.unread.bounds[-1:]:
        low, high = (rounded_percent(rate) for rate in widest.limits)
        worst, best = (fraction(*counts) for counts in (widest.worst, widest.best))
        yield say(
            "With {patients} of unread response {pool} lies between {bounds}.",
            patients=plural(widest.treated, "treated patient"),
            pool=widest.pool.replace("_", " "),
            bounds=f"{worst} and {best} ({low} to {high} %)",
        )


def _missing_sentence(bias: PublicationBias) -> Iterator[Text]:
    """How many unpublished non-responders would bring the case reports of the widest pool to the lowest threshold."""
    found = bias.selectivity[bias.primary.pool]
    targets = found.targets if isinstance(found, Selectivity) else ()
    for target in [each for each in targets if each.kind == THRESHOLD][:1]:
        if target.missing:
            number = counted(plural(target.missing, "unpublished non-responder"), bias.primary.group.counts)
            yield say("{number} would bring case reports to {target}.", number=number, target=target.name)


def technical_note(results: Results) -> Text:
    """The longer version of the note, one sentence an analysis: for a supplement."""
    return joined(_technical(results), " ")


def _technical(results: Results) -> Iterator[Text]:
    bias = results.publication_bias
    pools = {pool: f'the "{results.protocol.label(pool)}" pool' for pool in bias.selectivity}
    yield say(
        "Each contrast is one {model}. For comparison with other programs: {other}.", model=MODEL, other=LIKELIHOOD
    )
    yield from map(_contrast_sentence, bias.contrasts)
    for pool, found in bias.selectivity.items():
        yield from _curve_sentences(found, pools[pool])
    for pool, small in bias.small_studies.items():
        said = small_studies_text(small, bias.larger[pool])
        yield say("Small-study diagnostics in {pool}: {said}.", pool=pools[pool], said=said)
    yield say(
        "Where run they are Peters' regression ({peters}), Begg's test ({begg}), and a {hunter}.",
        peters=PETERS,
        begg=BEGG,
        hunter=f"{HUNTER} (Hunter 2014)",
    )
    for pool, trend in bias.trends.items():
        yield say("Trend with publication year in {pool}: {said}.", pool=pools[pool], said=trend_text(trend))
    for pool, reading in bias.reading.items():
        yield say(
            "The responses in {pool} are {basis}; the reports were read as {depth} (patients).",
            pool=pools[pool],
            basis=_parts(reading.basis, reading.total),
            depth=_parts(reading.depth, reading.total),
        )


def _contrast_sentence(contrast: Contrast) -> Text:
    found = contrast.odds_ratio
    if isinstance(found, NotRun):
        odds = found.wording()
    else:
        level = f"{100 * found.level:g} % interval"
        odds = f"{odds_text(found.estimate)} ({level} {odds_text(found.lower)} to {odds_text(found.upper)})"
    return say(
        "{group} against {reference}: odds ratio {odds}; by maximum likelihood {likelihood}{caveat}.",
        group=capital(_side(contrast.group)),
        reference=_side(contrast.reference),
        odds=odds,
        likelihood=_likelihood(contrast),
        caveat=f" ({contrast.caveat})" if contrast.caveat else "",
    )


def _side(side: Side) -> Text:
    reports = counted(plural(side.counts.reports, "report"), Reports(side.counts))
    return say("{label}, {n} in {reports}", label=side.label, n=r_of_n(side.counts), reports=reports)


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def _likelihood(contrast: Contrast) -> str:
    """`2.04 (0.79 to 5.90), p = 0.15`, with the wider limits under the cut-off F; or why there is none."""
    found = contrast.likelihood
    if not isinstance(found, OddsRatio):
        return found.wording()
    if found.separated:
        bound = f"at least {odds_text(found.lower)}" if found.estimate == inf else f"at most {odds_text(found.upper)}"
        return f"not identified ({contrast.unbounded()}), {bound}, p = {_p(found.p)}"
    said = f"{odds_text(found.estimate)} ({odds_text(found.lower)} to {odds_text(found.upper)}), p = {_p(found.p)}"
    if contrast.wider is None:
        return said
    lower, upper = (odds_text(value) for value in contrast.wider)
    return f"{said}; F(1, K - 3): {lower} to {upper}"


def _curve_sentences(found: Selectivity | NotRun, pool: str) -> Iterator[Text]:
    if isinstance(found, NotRun):
        yield say("Selectivity in {pool}: {why}.", pool=pool, why=found.wording())
        return
    points = [curve_point(found.cases, s) for s in SHOWN_S if 1 < s < 20]
    yield say(
        "If responders are s times as likely to be published, the true ORR behind case reports in {pool} is, at s = "
        "{points}.",
        pool=pool,
        points=", ".join(f"{p.s:g}: {percent(p.orr)} ({limits(p.lower, p.upper, ' to ')})" for p in points),
    )
    if found.targets:
        needed = "; ".join(f"{_target_name(target)}: {_s_range(target)}" for target in found.targets)
        yield say("The s at which it meets a target, with that of the limits of its band: {needed}.", needed=needed)


def small_studies_text(found: SmallStudies | NotRun, larger: Count) -> Text:
    """`not run: 7 reports ...`, or the result of Peters' regression."""
    reports = counted(plural(larger.reports, "report"), Reports(larger))
    if not isinstance(found, NotRun):
        p = f"{found.peters.p:.2f}"
        return say("Peters' regression p = {p} in {n} of {least} or more patients", p=p, n=reports, least=SMALLEST)
    if larger.reports >= FEWEST:
        return say("not run: {n}, all of {size} patients", n=reports, size=larger.clusters[0][2])
    said = "not run: {n} with {least} or more evaluable patients, of {needed} needed"
    return say(said, n=reports, least=SMALLEST, needed=FEWEST)


def trend_text(trend: Trend) -> Text:
    """The odds ratio per year, or `not run: ...`."""
    found = trend.odds_ratio
    if isinstance(found, OddsRatio):
        interval = f"{100 * found.level:g} % interval {found.lower:.3f} to {found.upper:.3f}"
        return say(
            "odds ratio {odds}, {dated} reports dated",
            odds=f"{found.estimate:.3f} a year ({interval}), p = {_p(found.p)}",
            dated=counted(f"{trend.dated.reports} of {trend.reports}", Reports(trend.dated)),
        )
    if trend.undated.reports <= MOST_UNDATED * trend.reports:
        return Text(Named(found.wording()))
    undated = counted(f"{trend.undated.reports} of {trend.reports}", Reports(trend.undated))
    return say("not run: {n} reports are undated, more than {most} %", n=undated, most=f"{100 * MOST_UNDATED:g}")


def _parts(levels: Mapping[str, Count], total: Count) -> Text:
    return joined(Text(Named(name.replace("_", " ")), " ", _share(counts, total)) for name, counts in levels.items())


def _share(counts: Count, total: Count) -> Text:
    """`90 of 122 (73.8 %)`."""
    share = percent(counts.evaluable / total.evaluable) if total.evaluable else NOTHING
    return say("{n} ({share})", n=counted(f"{counts.evaluable} of {total.evaluable}", counts), share=share)


def _adjusted_table(results: Results) -> tuple[Table, ...]:
    """The rate adjusted for selection under each prior, by pool."""
    pools = results.response.pools.values()
    by_pool = [
        {} if isinstance(group.adjusted, NotRun) else {each.prior: each for each in group.adjusted} for group in pools
    ]
    rows = []
    for prior in dict.fromkeys(prior for found in by_pool for prior in found):
        low, high = prior.span()
        span = "no selection" if prior.log_sd == 0 else f"odds {odds_text(low)} to {odds_text(high)} times as high"
        cells = [_short_rate(found[prior]) if prior in found else "not run" for found in by_pool]
        rows.append(row(prior.wording(), *cells, span))
    labels = [group.label for group in pools]
    columns = ("rate in trials, adjusted for selection: prior", *labels, "what the prior spans")
    return table("Adjusted for selection", columns, rows)


def _cell_table(bias: PublicationBias) -> tuple[Table, ...]:
    """The four cells behind the adjusted rate: kind of report by wording."""
    by_design: dict[str, list[Number]] = {}
    for cell in bias.cells:
        by_design.setdefault(cell.design, []).append(r_of_n(cell.counts))
    wordings = [Column(wording, "number") for wording in dict.fromkeys(cell.wording for cell in bias.cells)]
    rows = [row(design, *cells) for design, cells in by_design.items()]
    return table("Responders by kind of report and wording", ("responders of patients", *wordings), rows)


def _contrast_row(contrast: Contrast) -> Row:
    sides = [
        Text(_side(side), Named(f", {percent(side.orr.estimate) if side.orr else NOTHING}"))
        for side in (contrast.group, contrast.reference)
    ]
    found = contrast.odds_ratio
    if isinstance(found, NotRun):
        return row(*sides, found.wording(), "", "")
    interval = f"{odds_text(found.lower)} - {odds_text(found.upper)}"
    return row(*sides, odds_text(found.estimate), interval, _likelihood(contrast))


def _curves(results: Results) -> list[Section]:
    """The curve of each pool that has one, and what would bring it to each target."""
    bias, label = results.publication_bias, results.protocol.label
    curves = {pool: found for pool, found in bias.selectivity.items() if isinstance(found, Selectivity)}
    if not curves:
        return []
    columns = [Column("s", "number"), *(Column(label(pool), "number") for pool in curves)]
    points = [row(f"{s:g}", *(_point(found, s) for found in curves.values())) for s in SHOWN_S]
    return [
        section(
            "Selectivity",
            paragraph(
                "If responders are s times as likely to be published as non-responders, odds(true ORR) = odds(ORR of "
                "case reports) / s."
            ),
            table("Selectivity", columns, points),
        ),
        section(
            "Missing non-responders",
            paragraph(
                "How many unpublished non-responders would bring the case reports to each ORR, and the selectivity s "
                "that would do so (with that of the limits of the band)."
            ),
            table("Missing non-responders", ("to", *map(label, curves)), _target_rows(bias, curves)),
        ),
    ]


def _point(found: Selectivity, s: float) -> str:
    point = curve_point(found.cases, s)
    return f"{percent(point.orr)} ({limits(point.lower, point.upper)})"


def _target_rows(bias: PublicationBias, curves: Mapping[str, Selectivity]) -> Iterator[Row]:
    """Each number leads to the case reports that the missing non-responders are missing from."""
    by_name: dict[str, dict[str, Target]] = {}
    for pool, found in curves.items():
        for target in found.targets:
            by_name.setdefault(target.name, {})[pool] = target
    for targets in by_name.values():
        cells = [
            _missing(targets[pool], bias.design(pool).group.counts) if pool in targets else Text() for pool in curves
        ]
        yield row(_target_name(next(iter(targets.values()))), *cells)


def _missing(target: Target, cases: Count) -> Text:
    missing = NONE_NEEDED if target.missing == 0 else "no number" if target.missing is None else target.missing
    return say("{missing}; s = {range}", missing=counted(missing, cases), range=_s_range(target))


def _target_name(target: Target) -> str:
    return target.name if target.kind == THRESHOLD else f"{target.name} ({percent(target.orr)})"


def _s_range(target: Target) -> str:
    if target.s is None:
        return "not identified"
    ends = [("not identified" if s is None else odds_text(s)) for s in (target.s_lower, target.s_upper)]
    return f"{odds_text(target.s)} ({ends[0]} to {ends[1]})"


def _reading_rows(bias: PublicationBias, pool: str, label: str) -> Iterator[Row]:
    reading = bias.reading[pool]
    for kind, levels in (("response", reading.basis), ("read as", reading.depth)):
        for name, counts in levels.items():
            numbers = (r_of_n(counts), _share(counts, reading.total), counted(counts.reports, Reports(counts)))
            yield row(label, kind, name.replace("_", " "), *numbers, opens=counts)


def published_sections(
    found: Sequence[PublishedComparison], others: Sequence[tuple[str, PublishedFigure]] = ()
) -> tuple[Section, ...]:
    """Each printed figure beside the matching patients of this review, then those not compared; nothing if none."""
    if not found and not others:
        return ()
    ours = ("our estimate, widest pool", "our estimate, headline")
    differ = [(each.entry, "; ".join(filter(None, (*each.differences, each.entry.note)))) for each in found]
    apart = [(figure, f"{why}. {figure.note or ''}".strip()) for why, figure in others]
    lists = [
        section(title, items(Text(Strong(figure.id), ": ", Named(said)) for figure, said in listed))
        for title, listed in (("What does not match", differ), ("Not compared", apart))
        if listed
    ]
    printed = section(
        "Pooled figures printed elsewhere",
        paragraph(
            "Beside each stands this review's own estimate for the patients that match, in its widest pool and in its "
            "headline. The printed figures are no data points: their patients are recorded one by one where their "
            "sources can be read. Intervals of printed figures are exact."
        ),
        table(
            "Pooled figures printed elsewhere",
            ("printed by", "printed", "matching patients here", *ours),
            map(_published_row, found),
        ),
        lists,
    )
    return (printed,)


def _published_row(found: PublishedComparison) -> Row:
    entry = found.entry
    citation = Text(
        Named(entry.citation or entry.id),
        *(piece for words, address in addresses_of(entry) for piece in (" ", Link(words, address))),
        Named(f" ({entry.where})" if entry.where else ""),
    )
    if found.printed is not None:
        printed = estimate_with_interval(found.printed)
    else:
        printed = f"{entry.responders} responders; how many were evaluable is not printed"
    return row(citation, printed, found.conditions, _ours(found.counts, found.orr), _ours(*found.headline))


def _ours(counts: Count, orr: Rate) -> Text:
    n, reports = r_of_n(counts), counted(plural(counts.reports, "report"), Reports(counts))
    if orr is None:
        why = why_not_compared(counts)
        return say("{n} in {reports}: {why}", n=n, reports=reports, why=why) if counts.evaluable else Text(NOTHING)
    rate, interval = rate_and_limits(orr.estimate, orr.lower, orr.upper, " to ")
    said = say("{rate} ({interval}; {n})", rate=f"{rate} %", interval=f"{100 * orr.level:g} % interval {interval}", n=n)
    return say("{said} in {reports}", said=said, reports=reports)
