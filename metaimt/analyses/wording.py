"""The one place for rounding, percentages, intervals, plurals and "not identified".

Percentages have one decimal, as long as the count behind them is below 1,000, and rates below 1 % as many as show two
digits of them; a percentage is never shown without its r/n. One rule of rounding, also in the page's script: the number
to 10 significant digits, then half up, so that 13/16 is 81.3 % and not, as binary fractions would have it, 81.2 %.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, log10

from metaimt.model.count import Behind
from metaimt.statistics.pooled import PooledProportion
from metaimt.statistics.proportion import Proportion

NOTHING = "none evaluable"
DIGITS = 10
Link = Callable[[str, Behind], str]
"""The words of a number and whom it counts -> what stands in the sentence (`report.linked`)."""
_SHORT = (
    ("joined", "exact, wider"),
    ("posterior", "posterior"),
    ("beta-binomial", "beta-binomial"),
    ("binomial-normal", "GLMM"),
    ("inverse variance", "inverse var."),
)


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


def short_method(estimate: Proportion | PooledProportion | None) -> str:
    """The method of an interval in a word, for tables."""
    if estimate is None:
        return ""
    method = estimate.method.casefold()
    return next((short for words, short in _SHORT if words in method), "exact")
