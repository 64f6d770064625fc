"""The headline model against R, against a second quadrature, against closed forms, and what must always hold.

R's numbers are in tests/reference/posterior.json (made by posterior.R beside it): tolerance 2e-4, of rho 3e-4, since R
interpolates it between 160 nodes. Our answers have six significant digits.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from logit_grid import LogitGrid, Reports, probability_below
from numpy.typing import NDArray
from scipy.special import betaincinv, polygamma

from metaimt.statistics import posterior
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.posterior import (
    HalfNormal,
    PooledProportion,
    RhoPosterior,
    confidence_sequence,
    pool_parts,
    pool_proportion,
    pool_weighted,
    surfaces_of,
)
from metaimt.statistics.proportion import clopper_pearson
from metaimt.statistics.reports import read_reports
from metaimt.statistics.tail_counts import tail_counts

ROOT = Path(__file__).parents[2]
R = json.loads((ROOT / "tests" / "reference" / "posterior.json").read_text(encoding="utf-8"))
POOLS = ("strict", "all_evidence")
TAILS = (0.5, 0.025, 0.975)
Pairs = list[tuple[int, int]]
DATA: dict[str, Reports] = {
    "strict": (R["strict"]["r"], R["strict"]["n"]),
    "opposed": ([4, 0, 1], [4, 4, 1]),
    "none": ([0, 0, 0], [5, 1, 9]),
    "two reports": ([3, 1], [7, 1]),
    "one large": ([300, 8, 12, 6], [400, 12, 14, 9]),
}


def pooled(r: Any, n: Any, **more: Any) -> PooledProportion:
    found = pool_proportion(r, n, **more)
    assert isinstance(found, PooledProportion)
    return found


def of(pairs: Pairs) -> PooledProportion:
    return pooled([r for r, _ in pairs], [n for _, n in pairs])


def limits(found: Any) -> tuple[float, float, float]:
    return found.estimate, found.lower, found.upper


def near(expected: dict[str, float], prefix: str = "", by: float = 2e-4) -> Any:
    names = ("median", "lower", "upper")
    return pytest.approx(tuple(expected[f"{prefix}{name}"] for name in names), abs=by, rel=0)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("b", [1, 4, 19])
def test_pools_against_r(pool: str, b: int) -> None:
    found = pooled(R[pool]["r"], R[pool]["n"], rho_prior=(1.0, float(b)))
    assert limits(found) == near(R[pool][f"rho_1_{b}"])
    assert isinstance(found.rho, RhoPosterior)
    assert limits(found.rho) == near(R[pool][f"rho_1_{b}"], "rho_", 3e-4)


@pytest.mark.parametrize("pool", POOLS)
def test_strata_against_r(pool: str) -> None:
    kind = {"trial": "trials", "cohort": "cohorts"}
    expected = R[pool]["strata_common_rho"]
    rows = list(zip(R[pool]["design"], R[pool]["r"], R[pool]["n"], strict=True))
    parts = [[(r, n) for design, r, n in rows if kind.get(design, "cases_and_series") == name] for name in expected]
    found = pool_parts([([r for r, _ in part], [n for _, n in part]) for part in parts])
    for name, part in zip(expected, found, strict=True):
        assert limits(part) == near(expected[name])


@pytest.mark.parametrize("name", R["sets"])
def test_edge_sets_against_r(name: str) -> None:
    entry = R["sets"][name]
    found = pooled(entry["r"], entry["n"])
    assert limits(found) == near(entry)
    if all(n == 1 for n in entry["n"]):
        assert found.rho == NotIdentified("every report is a single case")
    else:
        assert isinstance(found.rho, RhoPosterior)
        assert limits(found.rho) == near(entry, "rho_", 3e-4)


@pytest.mark.parametrize("name", [*POOLS, *R["sets"]])
def test_confidence_sequence_against_r(name: str) -> None:
    entry = R[name] if name in POOLS else R["sets"][name]
    expected = entry["confidence_sequence"]
    found = confidence_sequence(entry["r"], entry["n"])
    assert found == pytest.approx((expected["lower"], expected["upper"]), abs=2e-4, rel=0)
    interval = pooled(entry["r"], entry["n"])
    assert found[0] < interval.lower < interval.upper <= found[1]


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("priors", [((1 / 3, 1 / 3), (1.0, 1.0)), ((2.0, 1.0), (1.0, 4.0)), ((1.0, 1.0), (2.0, 4.0))])
def test_probabilities_by_a_second_quadrature(name: str, priors: Any) -> None:
    found = pooled(*DATA[name], mu_prior=priors[0], rho_prior=priors[1])
    grid = LogitGrid(DATA[name], *priors)
    # A prior that is 0 at an end has wide cells there, and none of three reports responds: 8e-4 is missed.
    off = 1e-4 if max(priors[0]) <= 1 else 1e-3
    assert limits(found) == pytest.approx(grid.quantiles(TAILS), abs=off, rel=0)
    assert [p for _, p in found.probabilities] == pytest.approx(1 - grid.below((0.5, 0.6, 0.7)), abs=1e-4)
    assert isinstance(found.rho, RhoPosterior)
    assert grid.rho_below(limits(found.rho)) == pytest.approx(TAILS, abs=3e-4)
    assert (found.mu_prior, found.rho_prior) == priors


def test_half_normal_spread_by_a_second_quadrature() -> None:
    """Over the s.d. itself; rho from tau by interpolation of tau^2 = 2 trigamma((1 - rho) / (2 rho))."""
    rhos = np.exp(np.linspace(-25, -1e-4, 20_001))
    taus = np.sqrt(2 * polygamma(1, (1 - rhos) / (2 * rhos)))
    tau = (np.arange(800) + 0.5) * 0.01
    rho = np.interp(tau, taus, rhos)
    grid = LogitGrid(DATA["strict"], rho_prior=(0.0, 0.0), y=np.log(rho) - np.log1p(-rho))
    grid.log += -(tau**2) / 2
    assert grid.below(limits(pooled(*DATA["strict"], rho_prior=HalfNormal(1.0)))) == pytest.approx(TAILS, abs=3e-4)


@pytest.mark.parametrize(
    ("r", "n"), [(8, 12), (0, 2), (2, 2), (1, 30), (57, 60), (400, 1000), (70_000, 100_000), (99_999, 100_000)]
)
def test_single_cases_are_binomial(r: int, n: int) -> None:
    """The posterior of the mean is Beta(1/3 + r, 1/3 + n - r), whatever rho; large sets fill few cells of the grid."""
    found = pooled([1] * r + [0] * (n - r), [1] * n)
    exact = betaincinv(1 / 3 + r, 1 / 3 + n - r, TAILS)
    assert limits(found) == pytest.approx(exact, abs=2e-5, rel=0)
    assert limits(found) == pytest.approx(exact, abs=0.005 * (exact[2] - exact[1]) + 1e-6, rel=0)


@pytest.mark.parametrize("prior", [(20.0, 1.0), (1.0, 20.0), (5.0, 1.0), (0.1, 0.1), (50.0, 50.0), (1000.0, 1.0)])
@pytest.mark.parametrize("r", [0, 3, 10])
def test_a_prior_that_the_data_contradict(prior: tuple[float, float], r: int) -> None:
    """Cells of equal mass under it would be too wide where the data are: 0/10 under Beta(20, 1) was off by 0.13."""
    found = pooled([1] * r + [0] * (10 - r), [1] * 10, mu_prior=prior)
    assert limits(found) == pytest.approx(betaincinv(prior[0] + r, prior[1] + 10 - r, TAILS), abs=5e-5, rel=0)
    with_series = pooled([0, 1, 1], [20, 5, 1], mu_prior=prior)
    again = LogitGrid(([0, 1, 1], [20, 5, 1]), mu_prior=prior).quantiles(TAILS)
    assert limits(with_series) == pytest.approx(again, abs=1e-4, rel=0)


def test_twenty_reports_of_a_hundred_thousand() -> None:
    rng = np.random.Generator(np.random.PCG64(17))
    r, n = rng.binomial(100_000, rng.beta(14, 6, 20)).tolist(), [100_000] * 20
    grid = LogitGrid((r, n), x=np.linspace(-1, 3, 801), y=np.linspace(-8, 3, 221))
    found = pooled(r, n)
    assert grid.below(limits(found)) == pytest.approx(TAILS, abs=2e-4)
    assert isinstance(found.rho, RhoPosterior)
    assert grid.rho_below(limits(found.rho)) == pytest.approx(TAILS, abs=1e-3)


def test_one_report_has_no_pooled_rate() -> None:
    assert pool_proportion([3], [7]) == clopper_pearson(3, 7)
    assert pool_parts([([3], [7]), ([1], [1])]) == (clopper_pearson(3, 7), clopper_pearson(1, 1))
    both = pool_parts([([3], [7]), DATA["strict"]])
    assert both[0] == clopper_pearson(3, 7)
    assert isinstance(both[1], PooledProportion)
    assert limits(both[1]) != limits(pooled(*DATA["strict"]))  # the single report told something about rho


def test_what_a_pool_says_of_itself() -> None:
    found = pooled(*DATA["strict"], level=0.8, thresholds=(0.4,))
    assert (found.responders, found.evaluable, found.reports, found.informative) == (55, 74, 18, 5)
    assert found.crude == clopper_pearson(55, 74, 0.8)
    assert [t for t, _ in found.probabilities] == [0.4]
    assert found.lower > pooled(*DATA["strict"]).lower
    assert not found.assumed
    assert pooled([1, 2, 0], [4, 2, 1]).assumed


@pytest.mark.parametrize(
    ("r", "n", "more"),
    [
        ([2], [1], {}),
        ([-1], [1], {}),
        ([], [], {}),
        ([1, 2], [2, 3], {"level": 95}),
        ([1, 2], [2, 3], {"mu_prior": (0.0, 1.0)}),
        ([1, 2], [2, 3], {"rho_prior": (1.0, -1.0)}),
    ],
)
def test_refuses(r: list[int], n: list[int], more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"report|level|prior"):
        pool_proportion(r, n, **more)


REPORT = st.one_of(st.just(1), st.integers(2, 20)).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
REPORTS = st.lists(REPORT, min_size=2, max_size=22)


def assert_nothing_lowered(before: Pairs, after: Pairs) -> None:
    """Neither estimate nor limit falls, nor, mirrored, rises; nor does any probability above a threshold fall."""
    first, then = of(before), of(after)
    assert all(new >= old - 1e-9 for old, new in zip(limits(first), limits(then), strict=True))
    for (_, old), (_, new) in zip(first.probabilities, then.probabilities, strict=True):
        assert new >= old - 1e-9
    mirrored = [limits(of([(n - r, n) for r, n in pairs])) for pairs in (before, after)]
    assert all(new <= old + 1e-9 for old, new in zip(*mirrored, strict=True))


@examples(15, nightly=300)
@given(REPORTS)
def test_a_new_single_responder_lowers_nothing(pairs: Pairs) -> None:
    assert_nothing_lowered(pairs, [*pairs, (1, 1)])


@examples(15, nightly=300)
@given(REPORTS)
def test_a_responder_in_place_of_a_single_non_responder_lowers_nothing(pairs: Pairs) -> None:
    assert_nothing_lowered([*pairs, (0, 1)], [*pairs, (1, 1)])


@pytest.mark.parametrize("pairs", [[(12, 16), (8, 12), (7, 10)] * 60, [(700, 1000), (650, 900)], [(1, 1)] * 3000])
def test_where_the_grid_is_laid_anew_nothing_is_lowered_by_more_than_rounding(pairs: Pairs) -> None:
    first, then = of(pairs), of([*pairs, (1, 1)])
    assert all(new >= old - 2e-6 for old, new in zip(limits(first), limits(then), strict=True))


@examples(10, nightly=200)
@given(REPORTS)
def test_the_whole_posterior_moves_up(pairs: Pairs) -> None:
    """Before any rounding: at no rate is the probability below it larger."""
    edges, below = [], []
    for each in (pairs, [*pairs, (1, 1)]):
        counts = tail_counts(read_reports([r for r, _ in each], [n for _, n in each]))
        mean = surfaces_of([counts], (1 / 3, 1 / 3), (1.0, 1.0)).mean(0)
        edges.append(mean.edges)
        below.append(mean.below)
    assume(np.array_equal(edges[0], edges[1]))
    assert np.all(below[1] <= below[0] + 1e-12)


@examples(10, nightly=200)
@given(REPORTS, st.randoms(use_true_random=False))
def test_ordered_and_independent_of_order(pairs: Pairs, random: Random) -> None:
    found = of(pairs)
    assert 0 <= found.lower < found.estimate < found.upper <= 1
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert of(shuffled) == found
    assert confidence_sequence(*zip(*shuffled, strict=True)) == confidence_sequence(*zip(*pairs, strict=True))


@examples(10, nightly=200)
@given(REPORTS)
def test_responders_and_non_responders_are_symmetric(pairs: Pairs) -> None:
    estimate, lower, upper = limits(of(pairs))
    mirrored = of([(n - r, n) for r, n in pairs])
    assert limits(mirrored) == pytest.approx((1 - estimate, 1 - upper, 1 - lower), abs=2e-6)
    if isinstance(mirrored.rho, RhoPosterior):
        assert limits(mirrored.rho) == pytest.approx(limits(of(pairs).rho), abs=2e-6)


@examples(7, nightly=150)
@given(REPORTS)
def test_full_weights_are_the_pool(pairs: Pairs) -> None:
    r, n = zip(*pairs, strict=True)
    found = pool_weighted(r, n, [1.0] * len(pairs))
    assert found is not None
    assert limits(found) == limits(of(pairs))
    assert (found.responders, found.evaluable) == (sum(r), sum(n))


@examples(6)
@given(REPORTS, REPORT)
def test_no_weight_leaves_the_report_out_and_nothing_jumps_on_the_way(pairs: Pairs, more: tuple[int, int]) -> None:
    r, n = zip(*pairs, more, strict=True)
    found = [limits(pool_weighted(r, n, [1.0] * len(pairs) + [w])) for w in (0.0, 1e-7, *np.linspace(0.1, 1, 10))]
    assert found[0] == limits(of(pairs))
    assert found[1] == pytest.approx(found[0], abs=2e-6)
    assert found[-1] == limits(of([*pairs, more]))
    steps = np.abs(np.diff(found[1:], axis=0)).max(axis=1)
    assert steps.max() <= 0.3 * steps.sum() + 0.02


@pytest.mark.parametrize("name", ["strict", "none", "one large"])
def test_a_grid_laid_anew_says_what_the_whole_one_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def used(mass: NDArray[np.float64], least: int) -> tuple[int, int]:
        """Time after time, however little narrower the grid becomes."""
        del least
        at = np.flatnonzero(mass > posterior._NOTHING * mass.max())
        return int(at[0]), int(at[-1])

    found = []
    for filled in (lambda mass, least: None, used):
        monkeypatch.setattr(posterior, "_filled", filled)
        found.append(pooled(*DATA[name]))
    assert found[0] != found[1]
    assert limits(found[0]) == pytest.approx(limits(found[1]), abs=1e-4)
    assert limits(found[0].rho) == pytest.approx(limits(found[1].rho), abs=3e-4)


def test_a_grid_is_not_laid_anew_for_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred made-up reports of 40: the posterior of rho fills few nodes of any grid that holds it all."""
    laid, rho_nodes = [], posterior.rho_nodes

    def counted(ends: tuple[float, float], prior: Any, nodes: int) -> Any:
        laid.append(ends)
        return rho_nodes(ends, prior, nodes)

    monkeypatch.setattr(posterior, "rho_nodes", counted)
    pooled([k % 41 for k in range(100)], [40] * 100)
    assert len(laid) <= 3  # and not 20


def test_one_more_report_never_jumps() -> None:
    """9 reports to 10 was a change of method; one more single non-responder raised both limits."""
    nine, ten = R["sets"]["nine"], R["sets"]["ten"]
    before, after = pooled(nine["r"], nine["n"]), pooled(ten["r"], ten["n"])
    assert all(new < old for old, new in zip(limits(before), limits(after), strict=True))


def test_weights_are_refused() -> None:
    for weights in ([1.0], [1.0, 2.0], [1.0, -0.1], [1.0, float("nan")]):
        with pytest.raises(ValueError, match="weight"):
            pool_weighted([1, 1], [1, 2], weights)
    assert pool_weighted([1, 1], [1, 2], [0.0, 0.0]) is None


def test_parts_share_rho() -> None:
    """By the second quadrature: the density of rho is the product of what each part says."""
    parts: list[Reports] = [([1, 9, 5], [12, 10, 8]), ([6, 5], [9, 8])]
    grids = [LogitGrid(part) for part in parts]
    flat = LogitGrid(([], []))
    said = [partial(np.logaddexp.reduce, axis=0)(grid.log - flat.log.max()) for grid in grids]
    for part, (found, grid) in enumerate(zip(pool_parts(parts), grids, strict=True)):
        prior_of_rho = np.logaddexp.reduce(flat.log, axis=0)
        joint = grid.log + said[1 - part] - prior_of_rho
        rows = np.exp(joint - joint.max()).sum(axis=1)
        assert probability_below(grid.x, rows, limits(found)) == pytest.approx(TAILS, abs=1e-4)


def test_import_is_light() -> None:
    """scipy.stats alone takes 0.8 s to import: the whole command may not take as long."""
    code = (
        "import sys, metaimt; before = set(sys.modules)\n"
        "import metaimt.statistics.adjusted, metaimt.statistics.prediction\n"
        "print([name for name in ('scipy.stats', 'scipy.optimize', 'pandas') if name in set(sys.modules) - before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
