"""Whether printed numbers can be what they say: fractions behind a printed percentage, survival behind printed deaths.

A printed percentage is text, because 31.0 is more precise than 31. Source of the idea: Brown & Heathers 2017, "The GRIM
test".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from math import ceil, floor

_MOST_DECIMALS = 12  # further decimals are compared at these
_LARGEST = 400  # digits before the point; a double has 309
_SEARCHED = 500  # denominators on either side of the printed one in which a fraction is looked for


def unit_of(printed: str) -> Fraction:
    """The value of the last printed digit, at most 1: 1/10 for 45.5, 1 for 31. Raises ValueError if it is no number."""
    return Fraction(1, 10 ** _decimals(printed))


def _decimals(printed: str) -> int:
    return min(max(0, -int(_decimal(printed).as_tuple().exponent)), _MOST_DECIMALS)


def _decimal(printed: str) -> Decimal:
    try:
        number = Decimal(printed)
    except ArithmeticError as error:
        raise ValueError(f"{printed!r} is not a number") from error
    if not number.is_finite() or number.adjusted() > _LARGEST:
        raise ValueError(f"{printed!r} is not a number that a text prints")
    if int(number.as_tuple().exponent) >= -_MOST_DECIMALS:
        return number
    with localcontext(prec=_LARGEST + 2 * _MOST_DECIMALS):
        return number.quantize(Decimal(1).scaleb(-_MOST_DECIMALS))


def bounds(printed: str) -> tuple[Fraction, Fraction]:
    """What prints so lies in [lower, upper): rounded from half a unit below, or cut off from under one unit above.

    Below zero it is the other way round, since cutting off moves towards zero; a printed 0 may be either.
    """
    value, unit = Fraction(_decimal(printed)), unit_of(printed)
    return value - (unit / 2 if value > 0 else unit), value + (unit if value >= 0 else unit / 2)


def percentage_agrees(n: int, of: int, printed: str) -> bool:
    """Whether 100 n/of, rounded or cut off at the printed precision, is `printed`; `of` is above 0."""
    lower, upper = bounds(printed)
    return lower <= Fraction(100 * n, of) < upper


def counts_that_print_as(printed: str, of: int) -> range:
    """Every count n of 0..of whose percentage prints so; empty if no count of `of` patients can."""
    lower, upper = (bound * of / 100 for bound in bounds(printed))
    return range(max(0, ceil(lower)), min(of, ceil(upper) - 1) + 1)


def nearest_fraction(printed: str, n: int | None, of: int, largest: int) -> tuple[int, int] | None:
    """The n'/of' that prints as `printed` and takes the least change of n/of; of' is at most `largest`.

    The least change is a change of the count or the denominator before one of both, then a fraction that is rounded
    before one that is cut off, then the smallest |n' - n| + |of' - of|. Without `n` only the denominator counts.
    None if there is no such fraction near, as for percentages over 100.
    """
    best = min(_candidates(printed, n, of, largest), default=None)
    return None if best is None else (best[-2], best[-1])


def _candidates(printed: str, n: int | None, of: int, largest: int) -> Iterator[tuple[int, int, int, int, int]]:
    value, half = Fraction(_decimal(printed)), unit_of(printed) / 2
    for size in range(max(1, of - _SEARCHED), min(largest, of + _SEARCHED) + 1):
        counts = counts_that_print_as(printed, size)
        if not counts:
            continue
        wanted = counts[0] if n is None else min(max(n, counts[0]), counts[-1])
        both = int(size != of and n is not None and wanted != n)
        cut_off = int(Fraction(100 * wanted, size) > value + half)
        yield both, cut_off, abs(size - of) + (0 if n is None else abs(wanted - n)), wanted, size


def same_number(first: str, second: str) -> bool:
    """Whether one value can be printed as both: 31 and 31.0 can, 24.1 and 24.3 cannot."""
    (low, high), (other_low, other_high) = bounds(first), bounds(second)
    return low < other_high and other_low < high


def percent_text(share: Fraction, like: str = "0.0") -> str:
    """A share as per cent with as many decimals as `like`, rounded half up: 40.0."""
    decimals = _decimals(like)
    units = floor(100 * share * 10**decimals + Fraction(1, 2))
    return f"{Decimal(units).scaleb(-decimals):.{decimals}f}"


@dataclass(frozen=True)
class LowestSurvival:
    """The lowest Kaplan-Meier estimate that d deaths and c losses among n patients allow: at_risk - d of at_risk.

    Assumes that all losses leave before t, that all deaths come after them and before t, and that everyone else is
    followed to t.
    """

    patients: int
    deaths: int
    lost: int

    @property
    def at_risk(self) -> int:
        """Patients under observation when the deaths begin."""
        return self.patients - self.lost

    @property
    def value(self) -> Fraction:
        """The lowest S(t); 1 where nobody died."""
        return Fraction(self.at_risk - self.deaths, self.at_risk) if self.deaths else Fraction(1)

    def allows(self, printed: str) -> bool:
        """Whether a printed survival, in per cent, is not lower than this."""
        return 100 * self.value < bounds(printed)[1]

    def deaths_needed(self, printed: str) -> int:
        """The fewest deaths, with the same losses, that allow the printed survival."""
        fewest = floor(self.at_risk * (1 - bounds(printed)[1] / 100)) + 1
        return min(self.at_risk, max(0, fewest))

    def at_risk_needed(self, printed: str) -> int:
        """The most patients that may be at risk when the first dies, for these deaths to allow the printed survival."""
        gap = 1 - bounds(printed)[1] / 100
        return self.patients if gap <= 0 else max(self.deaths, min(self.patients, ceil(self.deaths / gap) - 1))


def lowest_survival(patients: int, deaths: int, lost: int) -> LowestSurvival:
    """Raises ValueError if the deaths and losses are not among the patients."""
    if patients < 1 or min(deaths, lost) < 0 or deaths + lost > patients:
        raise ValueError(f"{deaths} deaths and {lost} lost of {patients} patients")
    return LowestSurvival(patients, deaths, lost)
