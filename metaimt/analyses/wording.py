"""The one place for rounding, percentages, intervals, plurals and "not identified".

Percentages have one decimal, as long as the count behind them is below 1,000, and rates below 1 % as many as show two
digits of them; a percentage is never shown without its r/n. One rule of rounding, also in the page's script: the number
to 10 significant digits, then half up, so that 13/16 is 81.3 % and not, as binary fractions would have it, 81.2 %.

Estimates as JSON: what is not identified says so, and is never null or 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor, inf, log10
from typing import Any, Final

from metaimt.model.count import Behind
from metaimt.serialise import to_json
from metaimt.statistics.adjusted import AdjustedRate, SelectionPrior
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.posterior import HalfNormal, PooledProportion, RhoPrior, WeightedProportion
from metaimt.statistics.prediction import Prediction, Range
from metaimt.statistics.proportion import EXACT, Proportion

NOTHING = "none evaluable"
DIGITS = 10
FORMAT = 2  # of the numbers as JSON: `metaimt pool --format json` and results.json
NOTABLE_GAP = 0.05  # of the mean over reports from r/n, worth a sentence
Link = Callable[[str, Behind], str]
"""The words of a number and whom it counts -> what stands in the sentence (`report.linked`)."""


def percent(value: float) -> str:
    """A proportion between 0 and 1 as `74.3 %`; 0 and 1 as `0.0 %` and `100.0 %`."""
    return f"{one_decimal(value)} %"


def one_decimal(value: float) -> str:
    """A proportion, 0 or more, in per cent to one decimal, half up: `74.3`."""
    return _decimals(value, 1)


def rate_and_limits(estimate: float, lower: float, upper: float, separator: str = " - ") -> tuple[str, str]:
    """`74.3`, `62.1 - 84.0`, in per cent; below 1 % with two digits of the rate: `0.0090`, `0.0055 - 0.0137`."""
    size = significant(100 * (estimate or upper))
    places = min(1 - floor(log10(size)), 8) if 0 < size < 1 else 1
    return _decimals(estimate, places), f"{_decimals(lower, places)}{separator}{_decimals(upper, places)}"


def _decimals(value: float, places: int) -> str:
    units = floor(significant(100 * 10**places * value) + 0.5)
    return f"{units // 10**places}.{units % 10**places:0{places}}"


def significant(value: float, digits: int = DIGITS) -> float:
    """The number to so many significant digits.

    The last bits of a computed number differ between processors. Where it is compared, put in order or stands half-way
    between two printed values, they must not decide.
    """
    return float(f"{value:.{digits}g}")


def difference(before: float, after: float) -> float:
    """How far a rate moved, to as many decimals as a rate has digits.

    Beyond there is only rounding error, which would make no change one of 1e-16, up or down by the processor.
    """
    return round(after - before, DIGITS) + 0.0


def p_value(p: float) -> str:
    """`p = 0.031`, `p < 0.001`; never "p = 0.000"."""
    known = significant(p)
    return "p < 0.001" if known < 0.001 else f"p = {known:.3f}"


def limits(lower: float, upper: float, separator: str = " - ") -> str:
    """The limits of an interval in per cent, without the sign: `62.1 - 84.0`."""
    return f"{one_decimal(lower)}{separator}{one_decimal(upper)}"


def fraction(responders: int, evaluable: int) -> str:
    """`55/74`."""
    return f"{responders}/{evaluable}"


def plural(number: int, word: str, many: str = "") -> str:
    """`1 report`, `2 reports`."""
    return f"{number} {word if number == 1 else many or word + 's'}"


def plain(text: str, behind: Behind) -> str:
    """The words alone: for reports, documents and terminals."""
    del behind
    return text


def estimate_with_interval(
    estimate: Proportion | PooledProportion | None, link: Link = plain, behind: Behind | None = None
) -> str:
    """`74.3 % (95 % interval 62.1 to 84.0; 55/74)`, or that nobody is evaluable; `behind`: whom r/n counts."""
    if estimate is None:
        return NOTHING
    level = f"{100 * estimate.level:g} % interval"
    counts = fraction(estimate.responders, estimate.evaluable)
    counts = counts if behind is None else link(counts, behind)
    rate, interval = rate_and_limits(estimate.estimate, estimate.lower, estimate.upper, " to ")
    return f"{rate} % ({level} {interval}; {counts})"


def disagreement(orr: PooledProportion) -> str:
    """That large and small reports disagree: the mean over reports is not near r/n, or its interval leaves r/n out."""
    if orr.responders in {0, orr.evaluable} or not orr.informative:
        return ""  # all say the same, or all are single cases
    gap = significant(abs(orr.estimate - orr.crude.estimate))
    if gap <= NOTABLE_GAP and orr.lower <= orr.crude.estimate <= orr.upper:
        return ""
    over = rate_and_limits(orr.crude.estimate, orr.crude.lower, orr.crude.upper)[0]
    counts = fraction(orr.responders, orr.evaluable)
    return f"large and small reports disagree: mean over reports {percent(orr.estimate)}, {counts} is {over} %"


def mostly_assumed(orr: PooledProportion) -> str:
    """That the spread between so few reports is mostly the prior; empty where there are more."""
    return f"{plural(orr.reports, 'report')}, so the spread between reports is mostly assumed" if orr.assumed else ""


def short_method(estimate: Proportion | PooledProportion | WeightedProportion | None) -> str:
    """What a rate is, for tables: a mean over reports, with what a reader must know, or these patients, exact."""
    if isinstance(estimate, Proportion):
        return "exact" if estimate.method == EXACT else ""
    if estimate is None:
        return ""
    told = ["mean over reports"]
    if isinstance(estimate, PooledProportion):
        told += ["large and small disagree"] if disagreement(estimate) else []
        told += ["spread mostly assumed"] if estimate.assumed else []
    return ", ".join(told)


def prior_words(prior: RhoPrior) -> str:
    """`Beta(1, 4)`, `Beta(1/3, 1/3)`, or that of the spread on the logit scale."""
    if isinstance(prior, HalfNormal):
        return f"half-normal({prior.scale:g}) on the logit scale"
    return f"Beta({', '.join(_parameter(value) for value in prior)})"


def _parameter(value: float) -> str:
    """1/3 as it is written, not 0.333333."""
    near = Fraction(value).limit_denominator(20)
    return str(near) if abs(near - value) < 1e-12 and near.denominator % 3 == 0 else f"{value:g}"


def priors_text(mu: RhoPrior, rho: RhoPrior) -> str:
    """The priors of the model, for every table that rests on them."""
    return f"mu ~ {prior_words(mu)}, rho ~ {prior_words(rho)}"


def predicted(prediction: Prediction) -> str:
    """`53 to 89 % (80 % prediction interval; 95 %: 34 to 96 %)`, in whole per cent: it is good for no more."""
    first, *others = prediction.ranges
    more = "".join(f"; {100 * each.level:g} %: {whole(each)}" for each in others)
    return f"{whole(first)} ({100 * first.level:g} % prediction interval{more})"


def whole(found: Range) -> str:
    """`53 to 89 %`."""
    return f"{rounded_percent(found.lower)} to {rounded_percent(found.upper)} %"


def rounded_percent(rate: float) -> str:
    """A proportion in whole per cent, half up, without the sign."""
    return str(floor(significant(100 * rate) + 0.5))


def odds_text(value: float) -> str:
    """An odds ratio with two decimals, three significant digits from 10 on; a smaller one, 0 and infinity in words."""
    if value in {0.0, inf}:
        return "without limit" if value == inf else "0"
    if value < 0.01:
        return "<0.01"
    return f"{value:.2f}" if value < 10 else f"{value:.3g}" if value < 1000 else "over 1,000"


def adjusted_text(found: AdjustedRate) -> str:
    """`69.0 % (95 % interval 48.6 to 82.8)`."""
    rate, interval = rate_and_limits(found.estimate, found.lower, found.upper, " to ")
    return f"{rate} % ({100 * found.level:g} % interval {interval})"


def selection_text(prior: SelectionPrior) -> str:
    """What the adjusted rate assumes, with the span of its prior."""
    low, high = prior.span()
    return (
        f"the odds of response about {prior.odds_ratio:g} times as high in other reports as in prospective trials "
        f"({odds_text(low)} to {odds_text(high)} times; prior of the log odds ratio {prior.wording()}; a judgement)"
    )


def spread_words(found: Mapping[str, Any]) -> str:
    """Q, both I^2 and tau^2 with its interval, of what is published of a heterogeneity."""
    if "not_identified" in found:
        return f"not identified ({found['not_identified']})"
    named = {"Q": "q", "p": "p", "I2 from Q": "i2_q_based", "I2 from tau2": "i2_tau2_based", "tau2": "tau2"}
    said = [f"{word} {_spread_word(found[key])}" for word, key in named.items()]
    return f"{', '.join(said)}, {_spread_word(found['tau2_interval'])}"


def _spread_word(value: Any) -> str:
    if not isinstance(value, dict):
        return f"{value:.3g}"
    if "lower" in value:
        return f"interval {value['lower']:.3g} to {value['upper']:.3g}"
    return f"interval {value['empty']}" if "empty" in value else f"not identified ({value['not_identified']})"


NOBODY: Final = NotIdentified("no evaluable patient")
KNOWN_FOR_NOBODY: Final = NotIdentified("known for no patient")
_INTERVAL: Final = ("estimate", "lower", "upper", "level", "method")
_AS_INTERVAL: Final = dict.fromkeys((PooledProportion, Proportion), _INTERVAL)


def interval(orr: PooledProportion | Proportion | NotRun | None) -> Any:
    """As JSON: estimate, limits, level and method, where the counts stand beside it; None stays None."""
    return to_json(orr, _AS_INTERVAL)


def named_limits(ends: tuple[float, float] | None) -> dict[str, float] | None:
    """Two limits by name, for JSON; None stays None."""
    return None if ends is None else {"lower": ends[0], "upper": ends[1]}


def estimates(orr: PooledProportion | Proportion | None) -> dict[str, Any]:
    """For JSON: the keys orr, crude and rho of a group, and for a pool its priors and P(ORR > t)."""
    if orr is None:
        return dict.fromkeys(("orr", "crude", "rho"), NOBODY)
    if isinstance(orr, Proportion):
        return {"orr": interval(orr), "crude": interval(orr), "rho": NotIdentified("not pooled by report")}
    return {
        "orr": interval(orr),
        "crude": interval(orr.crude),
        "rho": orr.rho,
        "priors": {"mu": orr.mu_prior, "rho": prior_value(orr.rho_prior)},
        "above": dict(orr.probabilities),
    }


def prior_value(prior: RhoPrior) -> str | tuple[float, float]:
    """A beta prior as its two parameters; the other in words."""
    return prior_words(prior) if isinstance(prior, HalfNormal) else prior
