"""The note on publication bias: a few sentences that can be pasted into a manuscript, and a longer technical version.

Every sentence carries its numbers. What the contrast of designs allows to say is decided by `VERDICTS`, a table of
rules of which the first that applies is used; none of them says that there is no publication bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from metaimt.analyses.contrasts import Contrast, Side
from metaimt.analyses.publication_bias import PublicationBias
from metaimt.analyses.results import Results
from metaimt.analyses.selectivity import NONE_NEEDED, THRESHOLD, Selectivity, curve_point
from metaimt.model.count import Count, Reports
from metaimt.report.linked import Link, first_count, plain
from metaimt.report.wording import limits, odds_text, percent, plural
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import SmallStudies

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
    Verdict(
        "excess",
        "responders are over-represented among case reports in {pools}, as selective publication would make them "
        "(the odds ratio is at least {lower})",
        lower_above=1.0,
    ),
    Verdict(
        "too few",
        "the data are too few to show or to exclude it in {pools} (the interval of the odds ratio includes 1 and its "
        "upper limit, {upper}, exceeds 2)",
        upper_above=LARGEST_HARMLESS,
    ),
    Verdict(
        "fewer",
        "response is rarer among case reports than in trials in {pools}, the opposite of what selective publication of "
        "responders gives (the odds ratio is at most {upper})",
        upper_below=1.0,
    ),
    Verdict(
        "no excess",
        "the data show no excess of responders among case reports in {pools} and speak against a selectivity above "
        "{upper}",
    ),
)


def verdict(lower: float, upper: float) -> Verdict:
    """The first rule that applies to an interval of the odds ratio."""
    return next(rule for rule in VERDICTS if rule.applies(lower, upper))


def bias_note(results: Results, link: Link = plain) -> str:
    """Three to six sentences on publication bias, both pools in them."""
    return " ".join(_sentences(results, link))


def _sentences(results: Results, link: Link) -> Iterator[str]:
    bias = results.publication_bias
    pools = {pool: pool_words(results, pool) for pool in bias.selectivity}
    yield from _contrast_sentences(bias, pools, link)
    yield from _verdict_sentence(bias, pools)
    yield from _missing_sentence(bias, pools, link)
    yield _funnel_sentence(bias, pools, link)
    yield f"However, {NOT_ALONE}{_differences(bias, link)}."


def pool_words(results: Results, pool: str) -> str:
    """`the "all evidence" pool`."""
    return f'the "{results.protocol.label(pool)}" pool'


def odds_with_interval(contrast: Contrast) -> str:
    """`odds ratio 2.18 (95 % interval 0.76 to 6.88)`, or why there is none."""
    found = contrast.odds_ratio
    if not isinstance(found, OddsRatio):
        return f"odds ratio {found.wording()}"
    if found.separated:
        bound = f"at least {odds_text(found.lower)}" if found.estimate == inf else f"at most {odds_text(found.upper)}"
        return f"odds ratio not identified ({contrast.unbounded()}), {bound}"
    level = f"{100 * found.level:g} % interval"
    return f"odds ratio {odds_text(found.estimate)} ({level} {odds_text(found.lower)} to {odds_text(found.upper)})"


def rate_text(side: Side, link: Link = plain) -> str:
    """`36 of 42 patients (85.7 %, 95 % interval 71.5 to 94.6)`."""
    counts, orr = side.counts, side.orr
    if orr is None:
        return "no evaluable patient"
    interval = f"{100 * orr.level:g} % interval {limits(orr.lower, orr.upper, ' to ')}"
    said = link(f"{counts.responders} of {plural(counts.evaluable, 'patient')}", counts)
    return f"{said} ({percent(orr.estimate)}, {interval})"


def _contrast_sentences(bias: PublicationBias, pools: dict[str, str], link: Link) -> Iterator[str]:
    for number, (pool, words) in enumerate(pools.items()):
        contrast = bias.design(pool)
        cases = rate_text(contrast.group, link)
        if number == 0:
            trials = rate_text(contrast.reference, link)
            start = f"In {words}, {cases} described in case reports and series responded, against {trials}"
            yield f"{start} in prospective trials: {odds_with_interval(contrast)}."
        else:
            yield f"In {words} it was {cases}, against the same trials: {odds_with_interval(contrast)}."


def _verdict_sentence(bias: PublicationBias, pools: dict[str, str]) -> Iterator[str]:
    """The pools under one verdict together."""
    by_rule: dict[Verdict, list[tuple[str, OddsRatio]]] = {}
    for pool, words in pools.items():
        found = bias.design(pool).odds_ratio
        if isinstance(found, OddsRatio):
            by_rule.setdefault(verdict(found.lower, found.upper), []).append((words, found))
    if not by_rule:
        yield "Publication bias cannot be judged from the contrast of designs, for the reasons given."
        return
    yield f"As for publication bias, {'; '.join(_said(rule, found) for rule, found in by_rule.items())}."


def _said(rule: Verdict, found: list[tuple[str, OddsRatio]]) -> str:
    pools = " and ".join(words for words, _ in found)
    lower, upper = (" and ".join(odds_text(getattr(each, name)) for _, each in found) for name in ("lower", "upper"))
    text = rule.wording.format(pools=pools, lower=lower, upper=upper)
    if len(found) == 1:
        return text
    several = (
        (
            "interval of the odds ratio includes 1 and its upper limit",
            "intervals of the odds ratio include 1 and their upper limits",
        ),
        ("exceeds 2", "exceed 2"),
        ("the odds ratio is", "the odds ratios are"),
    )
    for one, many in several:
        text = text.replace(one, many)
    return text


def _missing_sentence(bias: PublicationBias, pools: dict[str, str], link: Link) -> Iterator[str]:
    """How many unpublished non-responders, or what selectivity, would account for the difference, by pool."""
    curves = [found for found in bias.selectivity.values() if isinstance(found, Selectivity)]
    trials = curves[0].trials.orr if curves else None
    said = (
        [_missing(found, pools[found.pool], bias.design(found.pool), link) for found in curves]
        if trials is not None
        else []
    )
    end = [text for text in [_to_lowest_threshold(bias, curves, link)] if text]
    if trials is not None:
        rate = link(percent(trials.estimate), bias.primary.reference.counts)
        start = f"To lower the ORR of case reports to that of trials ({rate})"
        yield f"{start} it would take {'; '.join([*said, *end])}."
    elif end:
        yield f"{end[0][0].upper()}{end[0][1:]}."


def _missing(found: Selectivity, words: str, contrast: Contrast, link: Link) -> str:
    target, published = found.targets[0], curve_point(found.cases, 1.0).orr
    if target.missing is None:
        return f"more than any number of non-responders in {words}"
    if target.missing == 0:
        rate = link(percent(published), contrast.group.counts)
        return f"{NONE_NEEDED} in {words}, where it is {rate} already"
    number = link(plural(target.missing, "unpublished non-responder"), contrast.group.counts)
    hidden = f"{number} in {words}"
    if target.s is None:
        return hidden
    return f"{hidden} (as if responders were published {odds_text(target.s)} times as readily as non-responders)"


def _to_lowest_threshold(bias: PublicationBias, curves: list[Selectivity], link: Link) -> str:
    """`to lower it to 50 % it would take 30 and 4, in this order`; empty without thresholds."""
    lowest = [(next((t for t in found.targets if t.kind == THRESHOLD), None), found.pool) for found in curves]
    known = [(target, bias.design(pool).group.counts) for target, pool in lowest if target is not None]
    if not known:
        return ""
    numbers = [link("no number" if target.missing is None else f"{target.missing}", who) for target, who in known]
    order = ", in this order" if len(known) > 1 else ""
    return f"to lower it to {known[0][0].name} it would take {' and '.join(numbers)}{order}"


def _funnel_sentence(bias: PublicationBias, pools: dict[str, str], link: Link) -> str:
    parts = [
        f"in {pools[pool]}, {small_studies_text(found, bias.larger[pool], link)}"
        for pool, found in bias.small_studies.items()
    ]
    not_run = all(isinstance(found, NotRun) for found in bias.small_studies.values())
    word = "was not tested" if not_run else "was tested in the larger reports"
    return f"Funnel asymmetry, which says nothing about single cases, {word} ({'; '.join(parts)})."


def small_studies_text(found: SmallStudies | NotRun, larger: Count, link: Link = plain) -> str:
    """`not run: 7 reports ...`, or the result of Peters' regression."""
    if isinstance(found, NotRun):
        return first_count(found.wording(), Reports(larger), link)
    large = f"{link(plural(found.reports, 'report'), Reports(larger))} of {found.smallest} or more patients"
    return f"Peters' regression p = {found.peters.p:.2f} in {large}"


def _differences(bias: PublicationBias, link: Link) -> str:
    """How far the sides of the primary contrast differ in what is known of both."""
    contrast = bias.primary
    sides = (contrast.group, contrast.reference)
    if not all(side.counts.evaluable for side in sides):
        return ""
    cases, trials = (_inferred(side, link) for side in sides)
    what = "the response is inferred, not stated or measured,"
    return f" ({what} for {cases} patients in case reports and {trials} in trials)"


def _inferred(side: Side, link: Link) -> str:
    inferred = side.counts.where(f"{side.label}, inferred", lambda unit: unit.response_basis == "inferred")
    return link(f"{inferred.evaluable} of {side.counts.evaluable}", inferred)
