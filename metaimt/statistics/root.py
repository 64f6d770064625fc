"""Root of a decreasing function by Newton's method inside a bracket, for many problems at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_TRIES = 6  # steps after which, instead of halving the way to an end once more, the end itself is tried


def decreasing_root(
    evaluate: Callable[[Floats], tuple[Floats, Floats]],
    start: Floats,
    low: Floats | float,
    high: Floats | float,
    rtol: float = 1e-12,
    *,
    ends_too: bool = False,
) -> Floats:
    """Zero of a function that is positive left of it and negative right of it.

    Newton steps; where a step leaves the bracket or does not halve the step before it, bisection
    (Press et al., Numerical Recipes, 3rd ed., section 9.4). A score is such a function around a
    maximum, so the same routine maximises. If there is no sign change the nearer end is approached.
    Where `low` equals `high` the answer is `low`.

    Args:
        evaluate: x -> (value, slope), arrays of the shape of `start`.
        start: first x of each problem, inside its bracket.
        low: left end of each bracket; broadcasts against `start`.
        high: right end of each bracket.
        rtol: stop when every step is below rtol * x (Newton's error is then far smaller), or 1e-18.
        ends_too: evaluate can be asked at the ends, so that one without a sign change before it is soon reached.
    """
    left, right = np.broadcast_to(low, start.shape), np.broadcast_to(high, start.shape)
    done = right <= left
    x = np.where(done, left, start)
    ends, before = (left, right), right - left
    for number in range(200):
        value, slope = evaluate(x)
        rising = value > 0
        left, right = np.where(rising, x, left), np.where(rising, right, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = x - value / slope
            good = (newton >= left) & (newton <= right) & (np.abs(newton - x) <= before / 2)
        new = np.where(good, newton, (left + right) / 2)
        if ends_too and number == _TRIES:
            end, never_left = np.where(rising, right, left), np.where(rising, right == ends[1], left == ends[0])
            new = np.where(never_left & ~good, end, new)
        new = np.where(done, x, new)
        before = np.abs(new - x)
        x = new
        done = done | (before <= rtol * np.abs(x) + 1e-18)
        if done.all():
            break
    return x
