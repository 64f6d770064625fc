"""Prediction for a new report against a second quadrature. Limits of the rate are good to about 1e-3."""

from __future__ import annotations

import numpy as np
import pytest
from logit_grid import Floats, LogitGrid, Reports
from scipy.special import betainc, comb

from metaimt.statistics.prediction import predict

STRICT: Reports = ([1] * 9 + [0] * 4 + [13, 8, 12, 6, 7], [1] * 13 + [16, 12, 14, 9, 10])
DATA: dict[str, Reports] = {
    "strict": STRICT,
    "trials": ([13, 8, 12, 6], [16, 12, 14, 9]),
    "opposed": ([4, 0, 1], [4, 4, 1]),
    "none": ([0, 0, 0], [5, 1, 9]),
    "one report": ([3], [7]),
}
PRIORS = [((1 / 3, 1 / 3), (1.0, 1.0)), ((1.0, 1.0), (1.0, 4.0))]
X, Y = np.linspace(-30, 30, 301), np.linspace(-14, 14, 113)


def responders(grid: LogitGrid, size: int) -> Floats:
    mass = grid.mass()
    return np.array([comb(size, k) * np.sum(mass * np.exp(grid.log_chance(k, size))) for k in range(size + 1)])


@pytest.mark.parametrize("priors", PRIORS)
@pytest.mark.parametrize("name", DATA)
def test_against_a_second_quadrature(name: str, priors: tuple[tuple[float, float], tuple[float, float]]) -> None:
    found = predict(*DATA[name], sizes=(1, 10), mu_prior=priors[0], rho_prior=priors[1])
    grid = LogitGrid(DATA[name], *priors, x=X, y=Y)
    mass = grid.mass()
    for each in found.ranges:
        tails = ((1 - each.level) / 2, (1 + each.level) / 2)
        for rate, tail in zip((each.lower, each.upper), tails, strict=True):
            # The distribution function may be steep where all or none respond: the limit, then, is what must be near.
            around = [
                float(np.sum(mass * betainc(grid.alpha, grid.beta, min(max(rate + step, 0.0), 1.0))))
                for step in (-2e-3, 2e-3)
            ]
            assert around[0] - 1e-3 <= tail <= around[1] + 1e-3
    assert found.ranges[0].level == 0.8
    for series in found.series:
        chance = responders(grid, series.size)
        below = np.cumsum(chance)
        assert chance.sum() == pytest.approx(1, abs=1e-4)
        for each in series.ranges:
            tail, low, high = (1 - each.level) / 2, int(each.lower), int(each.upper)
            assert (below[low - 1] if low else 0.0) <= tail + 1e-3
            assert below[low] >= tail - 1e-3
            assert (below[high - 1] if high else 0.0) <= 1 - tail + 1e-3
            assert below[high] >= 1 - tail - 1e-3


def test_the_wider_range_holds_the_narrower_and_both_hold_the_median() -> None:
    found = predict(*STRICT, sizes=(10, 1000))
    narrow, wide = found.ranges
    assert 0 <= wide.lower < narrow.lower < found.median < narrow.upper < wide.upper <= 1
    for series in found.series:
        assert all(0 <= each.lower <= each.upper <= series.size for each in series.ranges)


def test_order_of_reports_is_irrelevant_and_the_mirror_is_mirrored() -> None:
    r, n = STRICT
    found, mirrored = predict(r, n, sizes=(10,)), predict([b - a for a, b in zip(r, n, strict=True)], n, sizes=(10,))
    assert predict(r[::-1], n[::-1], sizes=(10,)) == found
    assert mirrored.median == pytest.approx(1 - found.median, abs=1e-4)
    for one, other in zip(found.ranges, mirrored.ranges, strict=True):
        assert (other.lower, other.upper) == pytest.approx((1 - one.upper, 1 - one.lower), abs=1e-4)
    for one, other in zip(found.series[0].ranges, mirrored.series[0].ranges, strict=True):
        assert (other.lower, other.upper) == (10 - one.upper, 10 - one.lower)


def test_refuses() -> None:
    with pytest.raises(ValueError, match="level"):
        predict(*STRICT, levels=(1.5,))
    for sizes in ((0,), (1001,)):
        with pytest.raises(ValueError, match="1 to 1000"):
            predict(*STRICT, sizes=sizes)
