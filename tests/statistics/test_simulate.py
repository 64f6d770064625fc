"""The simulation: intervals those of the package, truths as they say, the same table whoever computes it."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR, Prior, pool_proportion
from metaimt.statistics.simulate import BETA, SHAPES, Structure, Truth, distinct, draw, headline, simulate

SIZES = ((1,) * 13 + (9, 10, 12, 14, 16), (8, 9, 12, 16), (1,) * 13 + (40,), (1, 1, 2, 130), (1, 9), (5, 1, 9) * 30)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("mu", "rho", "close"), [(MU_PRIOR, RHO_PRIOR, 1e-3), ((0.5, 1.0), (1.0, 4.0), 2e-3)])
def test_intervals_of_many_sets_are_those_found_one_by_one(
    sizes: tuple[int, ...], mu: Prior, rho: Prior, close: float
) -> None:
    here, n = Structure("made up", sizes, mu, rho), np.array(sizes)
    r = draw(here, Truth(BETA, 0.7, 0.3), 0)[:4]
    r[0], r[1] = n, 0
    for row, found in zip(r, headline(r, here), strict=True):
        one = pool_proportion(row, n, mu_prior=mu, rho_prior=rho)
        assert found == pytest.approx([one.estimate, one.lower, one.upper], abs=close)


def test_coverage_is_that_of_an_enumeration() -> None:
    """Single cases are binomial: METHODS 13 has exactly 86.0 % for ten of them at a rate of 80 %."""
    rows = [pool_proportion([1] * r + [0] * (10 - r), [1] * 10) for r in range(11)]
    chances = [comb(10, r) * 0.8**r * 0.2 ** (10 - r) for r in range(11)]
    exact = sum(chance for chance, one in zip(chances, rows, strict=True) if one.lower <= 0.8 <= one.upper)
    assert exact == pytest.approx(0.860, abs=5e-4)
    (cell,) = simulate([Structure("ten", (1,) * 10)], [Truth(BETA, 0.8, 0.1)], sets=5000)
    assert cell.coverage == pytest.approx(exact, abs=4 * cell.coverage_se)
    bias = sum(chance * one.estimate for chance, one in zip(chances, rows, strict=True)) - 0.8
    assert cell.bias == pytest.approx(bias, abs=4 * cell.bias_se)
    width = sum(chance * (one.upper - one.lower) for chance, one in zip(chances, rows, strict=True))
    assert cell.width == pytest.approx(width, abs=4 * cell.width_se)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("rate", "correlation"), [(0.5, 0.3), (0.95, 0.5), (0.8, 0.0)])
def test_a_truth_has_its_mean_and_variance(shape: str, rate: float, correlation: float) -> None:
    size, times = 10_000, 3.0
    r = draw(Structure("", (size, size)), Truth(shape, rate, correlation, odds=(1.0, times)), 0) / size
    for rates, mean in zip(r.T, (rate, times * rate / (1 - rate + times * rate)), strict=True):
        spread = mean * (1 - mean)
        assert rates.mean() == pytest.approx(mean, abs=4 * np.sqrt((correlation + 1 / size) * spread / rates.size))
        assert rates.var() == pytest.approx(correlation * spread, rel=0.25, abs=2 / size)


def test_the_table_does_not_depend_on_the_number_of_workers_or_neighbours() -> None:
    here, other = Structure("here", (1, 1, 1, 4, 6)), Structure("other", (5, 9))
    truths = [Truth(shape, 0.8, 0.3) for shape in SHAPES]
    one = simulate([here], truths, sets=1200, jobs=1)
    two = simulate([other, here], truths, sets=1200, jobs=2)
    assert one == tuple(cell for cell in two if cell.structure == "here")
    assert len({cell.bias for cell in one}) == len(SHAPES)


def test_more_sets_begin_with_the_same_ones_and_another_seed_does_not() -> None:
    here, truth = Structure("here", (1, 1, 4)), [Truth(BETA, 0.8, 0.3)]
    assert simulate([here], truth, sets=40) == simulate([here], truth, sets=40)
    assert simulate([here], truth, sets=40) != simulate([here], truth, sets=40, seed=1)
    first, second = (draw(here, truth[0], block) for block in range(2))
    assert (first != second).any()


def test_sets_with_the_same_reports_are_one() -> None:
    n = np.array([2, 1, 2, 1])
    r = np.array([[0, 1, 2, 0], [2, 0, 0, 1], [2, 1, 2, 0]])
    sets, which = distinct(r, n)
    assert (len(sets), which[0] == which[1], which[0] == which[2]) == (2, True, False)
    assert (np.sort(sets[which[0]][n == 2]).tolist(), sets[which[0]][n == 1].sum()) == ([0, 2], 1)


@pytest.mark.parametrize(("sizes", "sets", "jobs"), [((), 1, 1), ((1, 0), 1, 1), ((1,), 0, 1), ((1,), 1, 0)])
def test_nonsense_is_refused(sizes: tuple[int, ...], sets: int, jobs: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        simulate([Structure("x", sizes)], sets=sets, jobs=jobs)
