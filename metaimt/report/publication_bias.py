"""The section of the report on publication bias: the note, its technical version, and the tables.

The note on publication bias: at most 120 words that can be pasted into a manuscript. Its table stands beside it.

Of more than two pools it has the headline and the widest.

In this order: the rate adjusted for selection and what that assumes; case reports against trials; inferred against
stated responses; responses that nobody can read; what would change the answer. What the contrast of designs allows to
say is decided by `VERDICTS`, a table of rules of which the first that applies is used; none of them says that there is
no publication bias.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Final

from metaimt.analyses.contrasts import LIKELIHOOD, MODEL, Contrast, Side
from metaimt.analyses.publication_bias import (
    NONE_NEEDED,
    SHOWN_S,
    THRESHOLD,
    PublicationBias,
    Selectivity,
    Target,
    Trend,
    curve_point,
)
from metaimt.analyses.results import Results
from metaimt.model.count import Count, Reports
from metaimt.report.environment import Rendered, render
from metaimt.report.linked import Link, first_count, plain
from metaimt.report.wording import (
    NOTHING,
    fraction,
    limits,
    odds_text,
    percent,
    plural,
    rate_and_limits,
    rounded_percent,
)
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import BEGG, HUNTER, PETERS, SmallStudies

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


def bias_section(results: Results) -> Rendered:
    """The section on publication bias, in Markdown."""
    return render("publication_bias.md.j2", {"bias": bias_content(results)})


def bias_content(results: Results, link: Link = plain) -> dict[str, Any]:
    """The note, its technical version and the rows of the tables, for the report and the page."""
    bias = results.publication_bias
    curves = {pool: found for pool, found in bias.selectivity.items() if isinstance(found, Selectivity)}
    labels = {pool: results.protocol.label(pool) for pool in bias.selectivity}
    return {
        "note": bias_note(results, link),
        "technical": list(_technical(results, link)),
        "contrasts": [_contrast_row(contrast, link) for contrast in bias.contrasts],
        "pools": [labels[pool] for pool in curves],
        "curve": [{"s": f"{s:g}", "cells": [_curve_cell(found, s) for found in curves.values()]} for s in SHOWN_S],
        "targets": list(_target_rows(bias, curves, link)),
        "reading": list(_reading_rows(bias, labels)),
        "wordings": list(dict.fromkeys(cell.wording for cell in bias.cells)),
        "cells": list(_cell_rows(bias, link)),
        "adjusted": list(_adjusted_table(results)),
        "adjusted_pools": [group.label for group in results.response.pools.values()],
        "not_alone": f"{NOT_ALONE[0].upper()}{NOT_ALONE[1:]}.",
    }


def technical_note(results: Results) -> str:
    """The longer version of the note, one sentence an analysis: for a supplement."""
    return " ".join(_technical(results, plain))


def _technical(results: Results, link: Link) -> Iterator[str]:
    bias = results.publication_bias
    pools = {pool: pool_words(results, pool) for pool in bias.selectivity}
    yield f"Each contrast is one {MODEL}. For comparison with other programs: {LIKELIHOOD}."
    for contrast in bias.contrasts:
        yield _contrast_sentence(contrast, link)
    for pool, found in bias.selectivity.items():
        yield from _curve_sentences(found, pools[pool])
    for pool, small in bias.small_studies.items():
        yield f"Small-study diagnostics in {pools[pool]}: {small_studies_text(small, bias.larger[pool], link)}."
    yield f"Where run they are Peters' regression ({PETERS}), Begg's test ({BEGG}), and a {HUNTER} (Hunter 2014)."
    for pool, trend in bias.trends.items():
        yield f"Trend with publication year in {pools[pool]}: {trend_text(trend, link)}."
    for pool, reading in bias.reading.items():
        basis = _parts(reading.basis, reading.total, link)
        depth = _parts(reading.depth, reading.total, link)
        yield f"The responses in {pools[pool]} are {basis}; the reports were read as {depth} (patients)."


def _parts(levels: Mapping[str, Count], total: Count, link: Link) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {link(f'{counts.evaluable} of {total.evaluable}', counts)} ({_share(counts, total)})"
        for name, counts in levels.items()
    )


def _share(counts: Count, total: Count) -> str:
    return percent(counts.evaluable / total.evaluable) if total.evaluable else NOTHING


def _contrast_sentence(contrast: Contrast, link: Link) -> str:
    sides = f"{_side_text(contrast.group, link)} against {_side_text(contrast.reference, link)}"
    said = f"{sides[0].upper()}{sides[1:]}: {odds_with_interval(contrast)}"
    said += f"; by maximum likelihood {_likelihood(contrast)}"
    return said + (f" ({contrast.caveat})." if contrast.caveat else ".")


def _side_text(side: Side, link: Link) -> str:
    counts = side.counts
    patients = link(fraction(counts.responders, counts.evaluable), counts)
    return f"{side.label}, {patients} in {link(plural(counts.reports, 'report'), Reports(counts))}"


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


def _cell_rows(bias: PublicationBias, link: Link) -> Iterator[dict[str, Any]]:
    """The four cells behind the adjusted rate: kind of report by wording."""
    for design in dict.fromkeys(cell.design for cell in bias.cells):
        cells = [
            link(fraction(each.counts.responders, each.counts.evaluable), each.counts)
            for each in bias.cells
            if each.design == design
        ]
        yield {"design": design, "cells": cells}


def _adjusted_table(results: Results) -> Iterator[dict[str, Any]]:
    """The rate adjusted for selection under each prior, by pool."""
    by_pool = {
        name: {} if isinstance(group.adjusted, NotRun) else {each.prior: each for each in group.adjusted}
        for name, group in results.response.pools.items()
    }
    for prior in dict.fromkeys(prior for found in by_pool.values() for prior in found):
        low, high = prior.span()
        span = "no selection" if prior.log_sd == 0 else f"odds {odds_text(low)} to {odds_text(high)} times as high"
        cells = [short_rate(found[prior]) if prior in found else "not run" for found in by_pool.values()]
        yield {"prior": prior.wording(), "span": span, "cells": cells}


def _curve_sentences(found: Selectivity | NotRun, words: str) -> Iterator[str]:
    if isinstance(found, NotRun):
        yield f"Selectivity in {words}: {found.wording()}."
        return
    points = [curve_point(found.cases, s) for s in SHOWN_S if 1 < s < 20]
    said = ", ".join(f"{p.s:g}: {percent(p.orr)} ({limits(p.lower, p.upper, ' to ')})" for p in points)
    start = f"If responders are s times as likely to be published, the true ORR behind case reports in {words}"
    yield f"{start} is, at s = {said}."
    needed = [f"{_target_name(target)}: {_s_range(target)}" for target in found.targets]
    if needed:
        yield f"The s at which it meets a target, with that of the limits of its band: {'; '.join(needed)}."


def _target_name(target: Target) -> str:
    return target.name if target.kind == THRESHOLD else f"{target.name} ({percent(target.orr)})"


def _s_range(target: Target) -> str:
    if target.s is None:
        return "not identified"
    ends = [("not identified" if s is None else odds_text(s)) for s in (target.s_lower, target.s_upper)]
    return f"{odds_text(target.s)} ({ends[0]} to {ends[1]})"


def trend_text(trend: Trend, link: Link = plain) -> str:
    """The odds ratio per year, or `not run: ...`."""
    found = trend.odds_ratio
    if not isinstance(found, OddsRatio):
        return first_count(found.wording(), Reports(trend.undated), link)
    interval = f"{100 * found.level:g} % interval {found.lower:.3f} to {found.upper:.3f}"
    dated = f"{link(f'{trend.dated.reports} of {trend.reports}', Reports(trend.dated))} reports dated"
    return f"odds ratio {found.estimate:.3f} a year ({interval}), p = {_p(found.p)}, {dated}"


def _contrast_row(contrast: Contrast, link: Link) -> dict[str, str]:
    found = contrast.odds_ratio
    if isinstance(found, NotRun):
        cells = {"odds_ratio": found.wording(), "interval": "", "likelihood": ""}
    else:
        interval = f"{odds_text(found.lower)} - {odds_text(found.upper)}"
        cells = {"odds_ratio": odds_text(found.estimate), "interval": interval, "likelihood": _likelihood(contrast)}
    sides = {"group": contrast.group, "reference": contrast.reference}
    return {name: _side_cell(side, link) for name, side in sides.items()} | cells


def _side_cell(side: Side, link: Link) -> str:
    return f"{_side_text(side, link)}, {percent(side.orr.estimate) if side.orr else NOTHING}"


def _curve_cell(found: Selectivity, s: float) -> str:
    point = curve_point(found.cases, s)
    return f"{percent(point.orr)} ({limits(point.lower, point.upper)})"


def _target_rows(bias: PublicationBias, curves: Mapping[str, Selectivity], link: Link) -> Iterator[dict[str, Any]]:
    """Each number leads to the case reports that the missing non-responders are missing from."""
    cases = {pool: bias.design(pool).group.counts for pool in curves}
    for name in dict.fromkeys(target.name for found in curves.values() for target in found.targets):
        targets = {pool: next((t for t in found.targets if t.name == name), None) for pool, found in curves.items()}
        first = next(target for target in targets.values() if target is not None)
        cells = [_missing_cell(target, cases[pool], link) for pool, target in targets.items()]
        yield {"name": _target_name(first), "cells": cells}


def _missing_cell(target: Target | None, cases: Count, link: Link) -> str:
    if target is None:
        return ""
    missing = NONE_NEEDED if target.missing == 0 else "no number" if target.missing is None else str(target.missing)
    return f"{link(missing, cases)}; s = {_s_range(target)}"


def _reading_rows(bias: PublicationBias, labels: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for pool, reading in bias.reading.items():
        for kind, levels in (("response", reading.basis), ("read as", reading.depth)):
            for name, counts in levels.items():
                yield {
                    "pool": labels[pool],
                    "kind": kind,
                    "level": name.replace("_", " "),
                    "fraction": fraction(counts.responders, counts.evaluable),
                    "share": f"{counts.evaluable} of {reading.total.evaluable} ({_share(counts, reading.total)})",
                    "reports": str(counts.reports),
                }
