"""The note on publication bias: at most 120 words that can be pasted into a manuscript. Its table stands beside it.

Of more than two pools it has the headline and the widest.

In this order: the rate adjusted for selection and what that assumes; case reports against trials; inferred against
stated responses; responses that nobody can read; what would change the answer. What the contrast of designs allows to
say is decided by `VERDICTS`, a table of rules of which the first that applies is used; none of them says that there is
no publication bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from metaimt.analyses.contrasts import Contrast
from metaimt.analyses.publication_bias import PublicationBias
from metaimt.analyses.results import Results
from metaimt.analyses.selectivity import THRESHOLD, Selectivity
from metaimt.model.count import Count, Reports
from metaimt.report.linked import Link, first_count, plain
from metaimt.report.wording import fraction, odds_text, plural, rate_and_limits, rounded_percent
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import SmallStudies

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


def bias_note(results: Results, link: Link = plain) -> str:
    """At most MOST_WORDS words on publication bias, both pools in them."""
    return " ".join(_sentences(results, link))


def _sentences(results: Results, link: Link) -> Iterator[str]:
    bias = results.publication_bias
    yield from _adjusted_sentence(results)
    yield from _design_sentence(bias, results.response.headline.name, link)
    yield from _wording_sentence(bias, link)
    yield from _unread_sentence(results)
    yield from _missing_sentence(bias, link)


def pool_words(results: Results, pool: str) -> str:
    """`the "all evidence" pool`."""
    return f'the "{results.protocol.label(pool)}" pool'


def odds_with_interval(contrast: Contrast) -> str:
    """`odds ratio 2.18 (95 % interval 0.76 to 6.88)`, or why there is none."""
    found = contrast.odds_ratio
    if isinstance(found, NotRun):
        return f"odds ratio {found.wording()}"
    level = f"{100 * found.level:g} % interval"
    return f"odds ratio {odds_text(found.estimate)} ({level} {odds_text(found.lower)} to {odds_text(found.upper)})"


def short_odds(contrast: Contrast) -> str:
    """`2.18 [0.76 to 6.88]`, or why there is none."""
    found = contrast.odds_ratio
    if isinstance(found, NotRun):
        return found.wording()
    return f"{odds_text(found.estimate)} [{odds_text(found.lower)} to {odds_text(found.upper)}]"


def short_rate(found: AdjustedRate) -> str:
    """`69.0 % [48.6 to 82.8]`."""
    rate, interval = rate_and_limits(found.estimate, found.lower, found.upper, " to ")
    return f"{rate} % [{interval}]"


def _adjusted_sentence(results: Results) -> Iterator[str]:
    every = results.response.pools
    names = list(every)
    pools = {name: every[name] for name in (names[0], names[-1])}
    said = [
        f"{short_rate(group.adjusted[0])} in {name.replace('_', ' ')}"
        for name, group in pools.items()
        if not isinstance(group.adjusted, NotRun) and group.adjusted
    ]
    if not said:
        reasons = [group.adjusted for group in pools.values() if isinstance(group.adjusted, NotRun)]
        yield f"The rate adjusted for selection was {reasons[0].wording() if reasons else 'not run'}."
        return
    prior = results.protocol.priors.selection
    yield (
        f"Adjusted for selection, the rate in trials is {' and '.join(said)}, if odds of response elsewhere are about "
        f"{prior.odds_ratio:g} times as high (a judgement)."
    )


def _design_sentence(bias: PublicationBias, headline: str, link: Link) -> Iterator[str]:
    contrasts = {pool: bias.design(pool) for pool in list(bias.selectivity)[:2]}
    said = [
        f"{short_odds(each)} in {pool.replace('_', ' ')} ({_sides(each, link)})" for pool, each in contrasts.items()
    ]
    rules: dict[str, list[str]] = {}
    for pool, each in contrasts.items():
        if not isinstance(each.odds_ratio, NotRun):
            found = each.odds_ratio
            rule = verdict(found.lower, found.upper)
            rules.setdefault(rule.wording.format(upper=odds_text(found.upper)), []).append(pool)
    several = len(rules) > 1
    words = [f"{text} ({' and '.join(pools).replace('_', ' ')})" if several else text for text, pools in rules.items()]
    end = f"; as for publication bias, {'; '.join(words)}" if words else ""
    yield f"Case reports against {headline.replace('_', ' ')} trials: odds ratio {' and '.join(said)}{end}."


def _wording_sentence(bias: PublicationBias, link: Link) -> Iterator[str]:
    """What only the widest pool counts against the headline, over all patients."""
    found = next((each for each in bias.contrasts if each.kind == "wording" and "all patients" in each.name), None)
    if found is None or isinstance(found.odds_ratio, NotRun):
        return
    yield f"Vague against stated responses: {_sides(found, link)}, odds ratio {short_odds(found)}."


def _sides(found: Contrast, link: Link) -> str:
    """`36/42 against 33/45`."""
    sides = (found.group.counts, found.reference.counts)
    return " against ".join(link(fraction(each.responders, each.evaluable), each) for each in sides)


def _unread_sentence(results: Results) -> Iterator[str]:
    if not results.unread.bounds:
        return
    widest = results.unread.bounds[-1]
    low, high = (rounded_percent(rate) for rate in widest.limits)
    worst, best = (fraction(*counts) for counts in (widest.worst, widest.best))
    yield (
        f"With {plural(widest.treated, 'treated patient')} of unread response {widest.pool.replace('_', ' ')} lies "
        f"between {worst} and {best} ({low} to {high} %)."
    )


def _missing_sentence(bias: PublicationBias, link: Link) -> Iterator[str]:
    """How many unpublished non-responders would bring the case reports of the widest pool to the lowest threshold."""
    found = bias.selectivity[bias.primary.pool]
    target = (
        next((each for each in found.targets if each.kind == THRESHOLD), None)
        if isinstance(found, Selectivity)
        else None
    )
    if target is not None and target.missing:
        number = link(plural(target.missing, "unpublished non-responder"), bias.primary.group.counts)
        yield f"{number} would bring case reports to {target.name}."


def small_studies_text(found: SmallStudies | NotRun, larger: Count, link: Link = plain) -> str:
    """`not run: 7 reports ...`, or the result of Peters' regression."""
    if isinstance(found, NotRun):
        return first_count(found.wording(), Reports(larger), link)
    large = f"{link(plural(found.reports, 'report'), Reports(larger))} of {found.smallest} or more patients"
    return f"Peters' regression p = {found.peters.p:.2f} in {large}"
