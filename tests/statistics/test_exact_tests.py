"""Fisher-Freeman-Halton against R's fisher.test, a plain loop over whole numbers, and scipy at 2 x 2.

Tolerance 1e-9 against R: fisher.test's network algorithm adds in single steps, 4e-15 is reached. 1e-12
against the loop, which is exact but for one division: log-gamma loses about 1e-14 a level.
"""

from __future__ import annotations

import json
from itertools import product
from math import comb, prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from scipy.stats import fisher_exact

from metaimt.statistics import exact_tests
from metaimt.statistics.exact_tests import ENUMERATION, MONTE_CARLO, SEED, ExactTest, exact_test, fisher_freeman_halton
from metaimt.statistics.outcome import NotRun

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
WITH_GROUPS = [name for name, each in SETS.items() if "subgroup" in each]
LEVELS = st.lists(st.integers(1, 7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=4)


def split(pairs: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [r for r, _ in pairs], [n for _, n in pairs]


def brute(responders: list[int], evaluable: list[int]) -> tuple[float, int]:
    """p and the number of tables, in whole numbers."""
    total = sum(responders)
    tables = [t for t in product(*(range(n + 1) for n in evaluable)) if sum(t) == total]
    ways = [prod(comb(n, x) for n, x in zip(evaluable, t, strict=True)) for t in tables]
    observed = prod(comb(n, x) for n, x in zip(evaluable, responders, strict=True))
    return sum(w for w in ways if w <= observed) / sum(ways), len(tables)


@pytest.mark.parametrize("name", WITH_GROUPS)
def test_agrees_with_r(name: str) -> None:
    found = SETS[name]["subgroup"]
    ours = exact_test(found["shrinkage"]["x"], found["shrinkage"]["n"])
    assert isinstance(ours, ExactTest)
    assert ours.p == pytest.approx(found["fisher_p"], abs=1e-9, rel=1e-9)
    assert (ours.method, ours.levels) == (ENUMERATION, len(found["levels"]))


@examples(25, nightly=500)
@given(LEVELS)
def test_agrees_with_a_plain_loop(pairs: list[tuple[int, int]]) -> None:
    p, tables = brute(*split(pairs))
    ours = fisher_freeman_halton(*split(pairs))
    assert ours.p == pytest.approx(p, rel=1e-12)
    assert ours.tables == tables


@examples(20, nightly=400)
@given(LEVELS, st.randoms(use_true_random=False))
def test_neither_order_nor_which_outcome_is_counted_matters(pairs: list[tuple[int, int]], random: Any) -> None:
    ours = fisher_freeman_halton(*split(pairs))
    shuffled = random.sample(pairs, len(pairs))
    assert fisher_freeman_halton(*split(shuffled)) == ours
    mirrored = fisher_freeman_halton([n - r for r, n in pairs], [n for _, n in pairs])
    assert mirrored.p == pytest.approx(ours.p, rel=1e-12)
    assert mirrored.tables == ours.tables
    assert 0 < ours.p <= 1


@pytest.mark.parametrize("table", [((8, 12), (33, 45)), ((0, 5), (7, 7)), ((3, 400), (12, 300)), ((1, 1), (0, 1))])
def test_two_levels_are_fishers_exact_test(table: tuple[tuple[int, int], ...]) -> None:
    theirs = fisher_exact(np.array([[r, n - r] for r, n in table])).pvalue
    assert fisher_freeman_halton(*split(list(table))).p == pytest.approx(float(theirs), rel=1e-10)


def test_one_possible_table_has_p_1() -> None:
    for responders in ([0, 0, 0], [4, 3, 9]):
        ours = fisher_freeman_halton(responders, [4, 3, 9])
        assert (ours.p, ours.tables) == (1.0, 1)
    assert fisher_freeman_halton([3], [7]).p == 1.0


def test_ties_within_rounding_count_as_equal() -> None:
    """Mirror tables have equal probability; R counts within 1e-7, and so do we."""
    assert fisher_freeman_halton([7, 1, 4], [8, 8, 8]).p == fisher_freeman_halton([1, 7, 4], [8, 8, 8]).p
    assert fisher_freeman_halton([500, 510], [1000, 1000]).p == pytest.approx(
        fisher_freeman_halton([510, 500], [1000, 1000]).p, rel=1e-12
    )


MANY = ([20, 17, 14, 10, 3, 4, 0], [30, 25, 20, 12, 8, 5, 3])


def test_monte_carlo_is_labelled_seeded_and_near_the_exact_p() -> None:
    """713,126 tables; 99,999 draws: four standard errors."""
    exact, drawn = fisher_freeman_halton(*MANY), fisher_freeman_halton(*MANY, most_tables=700_000)
    assert (exact.tables, exact.replicates, exact.seed, exact.standard_error) == (713_126, None, None, 0.0)
    assert exact.wording() == "Fisher-Freeman-Halton, exact by enumeration (713126 tables)"
    assert (drawn.method, drawn.tables, drawn.replicates, drawn.seed) == (MONTE_CARLO, None, 99_999, exact_tests.SEED)
    assert drawn.wording() == f"Fisher-Freeman-Halton, seeded Monte Carlo (99999 tables drawn, seed {drawn.seed})"
    assert drawn.p == pytest.approx(exact.p, abs=4 * drawn.standard_error)
    assert drawn.standard_error == pytest.approx((drawn.p * (1 - drawn.p) / 99_999) ** 0.5, rel=1e-12)


def test_monte_carlo_repeats_and_does_not_depend_on_order() -> None:
    few = [fisher_freeman_halton(*MANY, most_tables=10, replicates=999, seed=seed) for seed in (1, 1, 2)]
    assert few[0] == few[1] != few[2]
    turned = fisher_freeman_halton(MANY[0][::-1], MANY[1][::-1], most_tables=10, replicates=999, seed=1)
    assert turned == few[0]


def test_more_than_a_million_tables_are_drawn() -> None:
    ours = exact_test([40, 30, 25, 20, 11, 7, 2, 1], [50, 45, 40, 30, 20, 12, 8, 5])
    assert isinstance(ours, ExactTest)
    assert (ours.method, ours.seed) == (MONTE_CARLO, SEED)


def test_many_single_cases_stay_within_memory() -> None:
    """2^40 tables: stopped before any array of that size is made."""
    ours = fisher_freeman_halton([1, 0] * 20, [1] * 40, replicates=999)
    assert (ours.p, ours.method) == (1.0, MONTE_CARLO)


def test_large_groups() -> None:
    ours = fisher_freeman_halton([7000, 6900], [10_000, 10_000])
    assert ours.tables == 10_001 + 10_000 - 13_900
    assert ours.p == pytest.approx(float(fisher_exact(np.array([[7000, 3000], [6900, 3100]])).pvalue), rel=1e-8)
    assert fisher_freeman_halton([0, 10_000], [10_000, 10_000]).p == 0.0  # 10^-6019 is below the least float


@pytest.mark.parametrize(
    ("evaluable", "reason"),
    [
        ([2, 2, 2], "no level has 3 or more patients"),
        ([9, 2, 1], "only one level has 3 or more patients"),
        ([9], "only one level has 3 or more patients"),
    ],
)
def test_rule(evaluable: list[int], reason: str) -> None:
    ours = exact_test([1] * len(evaluable), evaluable)
    assert ours == NotRun(reason)
    assert NotRun(reason).wording() == f"not run: {reason}"


def test_small_levels_stay_in_the_table() -> None:
    assert exact_test([3, 1, 1], [3, 4, 1]) == fisher_freeman_halton([3, 1, 1], [3, 4, 1])


@pytest.mark.parametrize(("r", "n"), [([3], [2]), ([1, 2], [3]), ([], []), ([0.5, 1], [3, 3])])
def test_refuses(r: list[Any], n: list[Any]) -> None:
    with pytest.raises(ValueError, match=r"responders|report"):
        exact_test(r, n)
