"""The rule that chooses the method by the structure of the reports, and what must always hold.

Tolerance 1e-8 where data and mirrored data are compared (both intervals are roots found to 1e-11); everything
about the order of reports is compared exactly.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from metaimt.statistics.pooled import EXACT, JOINED, POSTERIOR, PROFILE, PooledProportion, pool_proportion

from metaimt.statistics import pooled
from metaimt.statistics.betabinomial import fit_beta_binomial, mean_interval
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.posterior import posterior
from metaimt.statistics.proportion import clopper_pearson
from metaimt.statistics.rho import Rho, rho_interval

ROOT = Path(__file__).parents[2]
SINGLES = [1] * 9 + [0] * 4
STRICT = ([*SINGLES, 13, 8, 12, 6, 7], [1] * 13 + [16, 12, 14, 9, 10])
TRIALS = ([13, 8, 12, 6], [16, 12, 14, 9])
UNANIMOUS = ([1] * 17 + [0, 4, 2, 2, 2], [1] * 18 + [4, 2, 2, 2])


@pytest.mark.parametrize(
    ("r", "n", "method", "why"),
    [
        ([3], [7], EXACT, "one report"),
        ([1], [1], EXACT, "one report"),
        ([1] * 19 + [0] * 6, [1] * 25, EXACT, "every report is a single case"),
        (*UNANIMOUS, JOINED, "unanimous"),
        ([0, 0, 0, 0], [5, 1, 9, 1], JOINED, "unanimous"),
        ([5, 1, 9, 1], [5, 1, 9, 1], JOINED, "unanimous"),
        ([0] * 12, [3] * 12, JOINED, "unanimous"),
        ([4, 0, 1], [4, 4, 1], JOINED, "unanimous"),
        (*TRIALS, POSTERIOR, None),
        ([1] * 8 + [3], [1] * 8 + [4], POSTERIOR, None),
        ([1] * 9 + [3], [1] * 9 + [4], PROFILE, None),
        (*STRICT, PROFILE, None),
    ],
)
def test_structure_chooses_the_method(r: list[int], n: list[int], method: str, why: str | None) -> None:
    found = pool_proportion(r, n)
    informative = sum(m >= 2 for m in n)
    assert (found.method, found.reports, found.informative) == (method, len(n), informative)
    assert (found.responders, found.evaluable) == (sum(r), sum(n))
    assert f"K = {len(n)}, K_2 = {informative}" in found.reason
    assert found.crude == clopper_pearson(sum(r), sum(n))
    if why is None:
        assert isinstance(found.rho, Rho)
    else:
        assert found.rho == NotIdentified(why)
        beside = found.posterior or found.crude
        span = (min(found.crude.lower, beside.lower), max(found.crude.upper, beside.upper))
        assert (found.estimate, found.lower, found.upper) == (found.crude.estimate, *span)
    assert (found.posterior is None) == (method == PROFILE or why in {"one report", "every report is a single case"})
    if found.posterior is not None:
        assert found.posterior == posterior(r, n)


def test_unanimous_larger_reports() -> None:
    """27/28, not the 21/22 to which the likelihood runs."""
    found = pool_proportion(*UNANIMOUS)
    assert found.estimate == 27 / 28
    assert found.rho.wording() == "not identified (unanimous)"
    assert found.posterior is not None
    beside = (
        f"Clopper-Pearson {found.crude.lower:.3f} to {found.crude.upper:.3f}, posterior {found.posterior.lower:.3f}"
    )
    assert len(found.warnings) == 1
    assert beside in found.warnings[0]


def test_unanimous_in_opposite_directions_warns() -> None:
    found = pool_proportion([4, 0, 1], [4, 4, 1])
    assert found.posterior is not None
    assert len(found.warnings) == 2
    assert "reports disagree as far as they can" in found.warnings[1]
    assert found.upper == found.posterior.upper > found.crude.upper  # 5/9 by Clopper-Pearson ignores the disagreement


def test_strict_structure() -> None:
    """13 single cases, 16, 12, 14, 9, 10: 55/74. No overdispersion is found, so the mean is r/n."""
    found, fit = pool_proportion(*STRICT), fit_beta_binomial(*STRICT)
    interval = mean_interval(fit, cutoff="F")
    assert (found.estimate, found.lower, found.upper) == (55 / 74, interval.lower, interval.upper)
    assert (round(found.lower, 4), round(found.upper, 4)) == (0.6174, 0.8398)
    assert found.rho == rho_interval(fit)
    assert found.rho.wording() == "not detected (K_2 = 5 informative reports)"


def test_settings_reach_the_answer() -> None:
    found = pool_proportion(*TRIALS, level=0.8, mu_prior=(2.0, 1.0), rho_prior=(1.0, 19.0), thresholds=(0.4,))
    expected = posterior(*TRIALS, level=0.8, mu_prior=(2.0, 1.0), rho_prior=(1.0, 19.0), thresholds=(0.4,))
    assert found.posterior == expected
    assert (found.lower, found.upper, found.level, found.crude.level) == (
        expected.lower,
        expected.upper,
        0.8,
        0.8,
    )
    assert pool_proportion(*STRICT, level=0.8).lower > pool_proportion(*STRICT).lower


def test_posterior_interval_is_extended_to_the_estimate() -> None:
    """A strong prior can leave the estimate outside its interval; the result says that it was put back."""
    found = pool_proportion([13, 8], [16, 12], mu_prior=(1.0, 400.0))
    assert found.posterior is not None
    assert found.posterior.upper < found.estimate == found.upper
    assert found.lower == found.posterior.lower
    assert "extended" in found.warnings[0]


@pytest.mark.parametrize("r", [[2], [-1], []])
def test_refuses_invalid_counts(r: list[int]) -> None:
    with pytest.raises(ValueError, match="report"):
        pool_proportion(r, [1] * len(r))


def test_refuses_level() -> None:
    with pytest.raises(ValueError, match="level"):
        pool_proportion(*STRICT, level=95)


SIZES = st.one_of(st.just(1), st.integers(2, 20))
REPORTS = st.lists(SIZES.flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=22)


def pool(pairs: list[tuple[int, int]]) -> PooledProportion:
    return pool_proportion([r for r, _ in pairs], [n for _, n in pairs])


@examples(15)
@given(REPORTS, st.randoms(use_true_random=False))
def test_always_ordered_and_independent_of_order(pairs: list[tuple[int, int]], random: Random) -> None:
    found = pool(pairs)
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1
    if isinstance(found.rho, Rho):
        assert 0 <= found.rho.lower <= found.rho.estimate <= found.rho.upper <= 1
    if found.method in {EXACT, JOINED}:
        assert found.estimate == found.responders / found.evaluable
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert pool(shuffled) == found


@examples(12)
@given(REPORTS)
def test_responders_and_non_responders_are_symmetric(pairs: list[tuple[int, int]]) -> None:
    found, mirrored = pool(pairs), pool([(n - r, n) for r, n in pairs])
    assert found.method == mirrored.method
    assert mirrored.estimate == pytest.approx(1 - found.estimate, abs=1e-8)
    assert (mirrored.lower, mirrored.upper) == pytest.approx((1 - found.upper, 1 - found.lower), abs=1e-8)
    if isinstance(found.rho, Rho) and isinstance(mirrored.rho, Rho):
        assert (mirrored.rho.estimate, mirrored.rho.lower, mirrored.rho.upper) == pytest.approx(
            (found.rho.estimate, found.rho.lower, found.rho.upper), abs=1e-8
        )


@examples(12)
@given(REPORTS)
def test_interval_shrinks_when_every_report_comes_twice(pairs: list[tuple[int, int]]) -> None:
    once, twice = pool(pairs), pool(pairs * 2)
    if once.method == twice.method != POSTERIOR:
        assert twice.upper - twice.lower <= once.upper - once.lower + 1e-9


def test_constants_are_documented() -> None:
    assert pooled.__doc__ is not None
    assert {EXACT, JOINED, PROFILE, POSTERIOR} == {
        "exact, Clopper-Pearson",
        "r/n, exact and posterior intervals joined",
        "beta-binomial, profile likelihood (F)",
        "beta-binomial, posterior interval",
    }


def test_import_is_light() -> None:
    """scipy.stats alone takes 0.8 s to import: the whole command may not take as long."""
    code = (
        "import sys, metaimt; before = set(sys.modules)\n"
        "import metaimt.statistics.pooled, metaimt.statistics.prediction\n"
        "print([name for name in ('scipy.stats', 'scipy.optimize', 'pandas') if name in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
