"""The simulation: the same table whoever computes it, its intervals those of the package, coverage sane."""

from __future__ import annotations

import numpy as np
import pytest
from metaimt.statistics.pooled import pool_proportion

from metaimt.statistics import simulated_intervals as intervals
from metaimt.statistics.betabinomial import Cutoff, fit_beta_binomial, mean_interval
from metaimt.statistics.inverse_variance import fit_inverse_variance
from metaimt.statistics.posterior import posterior
from metaimt.statistics.proportion import clopper_pearson
from metaimt.statistics.simulate import Structure, simulate, target_of

SIZES = ([1] * 13 + [9, 10, 12, 14, 16], [8, 9, 12, 16], [1] * 13 + [40], [1, 1, 2, 130])
# The posterior is summed on a grid of 301 points; all else is the same to rounding.
POSTERIOR, EXACT = 5e-4, 1e-6


@pytest.mark.parametrize(
    "sizes", [SIZES[0], *(pytest.param(sizes, marks=pytest.mark.slow) for sizes in SIZES[1:3]), SIZES[3]]
)
def test_intervals_are_those_found_one_by_one(sizes: list[int]) -> None:
    n = np.array(sizes)
    rng = np.random.Generator(np.random.PCG64(5))
    r = rng.binomial(n, rng.beta(1.6, 0.7, (5, n.size)))
    r[0], r[1] = n, 0
    cutoffs: tuple[Cutoff, ...] = ("F", "chi-square")
    found = {cutoff: intervals.beta_binomial_of(r, n, cutoff) for cutoff in cutoffs}
    beliefs, crude = intervals.posterior_of_sets(r, n), intervals.clopper_pearson_of(r, n)
    logit = intervals.dersimonian_laird_of(r, n, "logit")
    for i, row in enumerate(r):
        fit = fit_beta_binomial(row, n)
        for cutoff in cutoffs:
            one = mean_interval(fit, 0.95, cutoff)
            assert found[cutoff][i] == pytest.approx([fit.mean, one.lower, one.upper], abs=EXACT)
        known = posterior(row, n)
        assert beliefs[i] == pytest.approx([known.mean, known.lower, known.upper], abs=POSTERIOR)
        exact = clopper_pearson(int(row.sum()), int(n.sum()))
        assert crude[i] == pytest.approx([exact.estimate, exact.lower, exact.upper], abs=1e-12)
        dl = fit_inverse_variance(row, n, measure="logit", method="DL")
        assert logit[i] == pytest.approx([dl.estimate, dl.lower, dl.upper], abs=1e-9)


@pytest.mark.parametrize("sizes", SIZES)
def test_the_rule_is_that_of_pool_proportion(sizes: list[int]) -> None:
    n = np.array(sizes)
    r = np.array([n, 0 * n, np.minimum(n, 1), np.ceil(0.7 * n).astype(int), np.where(n > 1, n, 0)])
    parts = {
        "crude": intervals.clopper_pearson_of(r, n),
        "chi2": intervals.beta_binomial_of(r, n, "chi-square"),
        "F": intervals.beta_binomial_of(r, n, "F"),
        "posterior": intervals.posterior_of_sets(r, n),
    }
    for row, found in zip(r, intervals.rule_of(r, n, parts), strict=True):
        one = pool_proportion(row, n)
        assert found == pytest.approx([one.estimate, one.lower, one.upper], abs=POSTERIOR)


def test_the_table_does_not_depend_on_the_number_of_workers_or_neighbours() -> None:
    here, other = Structure("here", (1, 1, 1, 4, 6)), Structure("other", (5, 9))
    one = simulate([here], sets=700, jobs=1)
    two = simulate([other, here], sets=700, jobs=2)
    assert one == tuple(cell for cell in two if cell.structure == "here")


def test_more_sets_begin_with_the_same_ones_and_another_seed_does_not() -> None:
    here = [Structure("here", (1, 1, 4))]
    assert simulate(here, sets=40) == simulate(here, sets=40)
    assert simulate(here, sets=40) != simulate(here, sets=40, seed=1)


def test_coverage_is_sane() -> None:
    cells = simulate([Structure("strict", tuple(SIZES[0]))], sets=400, rates=[0.65], correlations=[0.0, 0.1])
    by = {(cell.method, cell.correlation): cell for cell in cells}
    assert by["crude", 0.0].coverage > 0.93 > by["crude", 0.1].coverage
    assert all(by["rule", icc].coverage > 0.92 and abs(by["rule", icc].bias) < 0.02 for icc in (0.0, 0.1))
    assert by["rule", 0.1].width > by["crude", 0.1].width
    assert by["logit-dl", 0.0].bias < -0.02


def test_the_glmm_can_come_along() -> None:
    cells = simulate([Structure("few", (1, 1, 4, 6))], sets=5, rates=[0.8], correlations=[0.1], glmm=True)
    glmm = next(cell for cell in cells if cell.method == "glmm")
    assert 0 < glmm.width <= 1


@pytest.mark.parametrize(
    ("reports", "coverage", "target"),
    [(18, 0.95, "met"), (18, 0.9366, "under"), (18, 0.986, "over"), (4, 0.999, "met"), (4, 0.919, "under")],
)
def test_the_target(reports: int, coverage: float, target: str) -> None:
    assert target_of(reports, coverage, 20_000) == target


def test_nonsense_is_refused() -> None:
    for structures, sets, jobs in (([Structure("x", ())], 1, 1), ([Structure("x", (1,))], 0, 1)):
        with pytest.raises(ValueError, match="at least"):
            simulate(structures, sets=sets, jobs=jobs)
