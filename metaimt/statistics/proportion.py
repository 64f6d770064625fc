"""One binomial proportion with its interval, on scipy.special alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

from scipy.special import betaincinv, ndtri

EXACT: Final = "Clopper-Pearson"


@dataclass(frozen=True)
class Proportion:
    """Responders of evaluable patients, the proportion (0 to 1) and its interval at `level`."""

    responders: int
    evaluable: int
    estimate: float
    lower: float
    upper: float
    level: float
    method: str


def clopper_pearson(responders: int, evaluable: int, level: float = 0.95) -> Proportion:
    """Exact interval from beta quantiles: never covers less than `level`.

    Clopper and Pearson, Biometrika 1934;26:404. The lower limit is 0 at 0 responders, the upper 1 at all.

    Raises:
        ValueError: no evaluable patient, responders outside 0..evaluable, or level outside (0, 1).
    """
    _check(responders, evaluable, level)
    tail, failures = (1 - level) / 2, evaluable - responders
    lower = float(betaincinv(responders, failures + 1, tail)) if responders else 0.0
    upper = float(betaincinv(responders + 1, failures, 1 - tail)) if failures else 1.0
    return Proportion(responders, evaluable, responders / evaluable, lower, upper, level, EXACT)


def wilson(responders: int, evaluable: int, level: float = 0.95) -> Proportion:
    """Score interval without continuity correction: Wilson, J Am Stat Assoc 1927;22:209.

    Raises:
        ValueError: as for `clopper_pearson`.
    """
    _check(responders, evaluable, level)
    estimate, z2 = responders / evaluable, float(ndtri((1 + level) / 2)) ** 2
    spread = sqrt(z2 * (evaluable * estimate * (1 - estimate) + z2 / 4))
    # The exact limits at the ends: rounding would leave 1e-17 or 1 - 1e-16.
    lower = (responders + z2 / 2 - spread) / (evaluable + z2) if responders else 0.0
    upper = (responders + z2 / 2 + spread) / (evaluable + z2) if responders < evaluable else 1.0
    return Proportion(responders, evaluable, estimate, lower, upper, level, "Wilson")


def jeffreys(responders: int, evaluable: int, level: float = 0.95) -> Proportion:
    """Equal-tailed posterior interval under Beta(1/2, 1/2), with the boundary fixed.

    The lower limit is 0 at 0 responders and the upper is 1 at all, so that the interval holds the
    estimate: Brown, Cai and DasGupta, Stat Sci 2001;16:101, section 4.1.

    Raises:
        ValueError: as for `clopper_pearson`.
    """
    _check(responders, evaluable, level)
    tail, failures = (1 - level) / 2, evaluable - responders
    lower = float(betaincinv(responders + 0.5, failures + 0.5, tail)) if responders else 0.0
    upper = float(betaincinv(responders + 0.5, failures + 0.5, 1 - tail)) if failures else 1.0
    return Proportion(responders, evaluable, responders / evaluable, lower, upper, level, "Jeffreys")


def _check(responders: int, evaluable: int, level: float) -> None:
    if evaluable < 1:
        raise ValueError("a proportion needs at least one evaluable patient")
    if not 0 <= responders <= evaluable:
        raise ValueError(f"responders must be between 0 and {evaluable}, not {responders}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
