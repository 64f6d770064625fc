"""Beta-binomial regression without R, which has none in the reference file.

Against statsmodels' logistic regression at rho = 0: 1e-8 (it stops there). Against a blind search on scipy's
beta-binomial: 1e-4 for the odds ratio and 1e-6 for log-likelihoods, where Nelder and Mead stop. Against separate
fits of each group: 1e-9.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import exp, inf, log
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from scipy.optimize import brentq, minimize
from scipy.special import betaln, expit, xlog1py, xlogy
from scipy.stats import betabinom, binom, chi2, f

from metaimt.statistics.betabinomial import best_mu, fit_reports
from metaimt.statistics.betabinomial_regression import OddsRatio, beta_binomial_regression
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.reports import read_reports
from metaimt.statistics.tail_counts import tail_counts

Data = tuple[list[int], list[int], Sequence[float]]
# Made up: eight single cases against four trials, and two sets whose reports differ.
PLAIN: Data = ([1] * 6 + [0] * 2 + [7, 6, 12, 8], [1] * 8 + [10, 9, 14, 12], [1] * 8 + [0] * 4)
SPREAD: Data = ([15, 2, 9, 3, 1, 0, 7], [16, 12, 14, 9, 1, 1, 8], [1, 1, 1, 0, 0, 0, 0])
WIDE: Data = ([19, 3, 15, 1, 1, 0, 14, 2, 11], [20, 18, 16, 1, 1, 1, 17, 15, 12], [1, 1, 1, 1, 1, 0, 0, 0, 0])
YEARS: Data = ([15, 2, 9, 3, 1, 0, 7], [16, 12, 14, 9, 1, 1, 8], [2010.0, 2012, 2013, 2013, 2018, 2020, 2021])


def fitted(data: Data, **options: Any) -> OddsRatio:
    found = beta_binomial_regression(*data, **options)
    assert isinstance(found, OddsRatio)
    return found


def negative(data: Data, level: float, slope: float, rho: float) -> float:
    """Minus the log-likelihood with scipy's distributions; the covariate from its smallest value on."""
    r, n, x = map(np.array, data)
    mu = np.clip(expit(level + slope * (x - x.min())), 1e-12, 1 - 1e-12)
    if rho < 1e-6:  # below, scipy subtracts log-gamma functions of a million
        return -float(np.sum(xlogy(r, mu) + xlog1py(n - r, -mu) - betaln(r + 1, n - r + 1) - np.log1p(n)))
    size = (1 - rho) / rho
    a, b = mu * size, (1 - mu) * size  # as betabinom.logpmf, whose checks take ten times as long
    return -float(np.sum(betaln(r + a, n - r + b) - betaln(a, b) - betaln(r + 1, n - r + 1) - np.log1p(n)))


def test_the_likelihood_searched_is_scipys() -> None:
    for slope, rho in ((0.0, 0.3), (1.7, 0.02), (-2.0, 0.0)):
        r, n, x = map(np.array, WIDE)
        mu, size = expit(0.4 + slope * x), (1 - rho) / max(rho, 1e-9)
        spread = betabinom.logpmf(r, n, mu * size, (1 - mu) * size)
        expected = binom.logpmf(r, n, mu) if rho == 0 else spread
        assert negative(WIDE, 0.4, slope, rho) == pytest.approx(-float(np.sum(expected)), abs=1e-9)


def target(data: Data, slope: float | None, at_0: bool, p: Any) -> float:
    return negative(data, p[0], p[1] if slope is None else slope, 0.0 if at_0 else float(expit(p[-1])))


def searched(data: Data, slope: float | None) -> Any:
    """The best of several blind searches: p is level, log odds ratio (if searched), logit of rho (if not at 0)."""
    options: Any = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 6000, "maxfev": 6000}
    best: Any = None
    for rho in (None, -6.0, -2.0, 0.0):
        for level in (-0.5, 1.0):
            first = [level, *([0.0] if slope is None else []), *([] if rho is None else [rho])]

            search: Any = partial(target, data, slope, rho is None)
            found: Any = minimize(search, first, method="Nelder-Mead", options=options)
            best = found if best is None or found.fun < best.fun else best
    return best


@pytest.mark.parametrize("data", [PLAIN, SPREAD, WIDE])
def test_is_the_maximum_of_scipys_likelihood(data: Data) -> None:
    found, top = fitted(data), searched(data, None)
    assert found.log_likelihood == pytest.approx(-top.fun, abs=1e-6)
    assert log(found.estimate) == pytest.approx(top.x[1], abs=1e-3)
    assert found.log_likelihood_equal == pytest.approx(-searched(data, 0.0).fun, abs=1e-6)
    assert found.p == pytest.approx(chi2.sf(2 * (found.log_likelihood - found.log_likelihood_equal), 1), abs=1e-9)


@pytest.mark.parametrize("data", [PLAIN, SPREAD, WIDE])
def test_limits_meet_their_definition_on_scipys_likelihood(data: Data) -> None:
    found = fitted(data)
    drop = chi2.ppf(0.95, 1) / 2
    for limit in (found.lower, found.upper):
        assert found.log_likelihood + searched(data, log(limit)).fun == pytest.approx(drop, abs=2e-6)


def test_spread_between_reports_is_seen_and_widens_the_interval() -> None:
    found = fitted(WIDE)
    assert isinstance(found.rho, float)
    assert found.rho > 0.2
    logistic = fitted(WIDE, rho=0.0)
    assert found.lower < logistic.lower < logistic.upper < found.upper


@pytest.mark.parametrize("data", [PLAIN, SPREAD, WIDE, YEARS])
def test_at_rho_0_it_is_logistic_regression(data: Data) -> None:
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    r, n, x = map(np.array, data)
    design = np.column_stack([np.ones(r.size), x - x.mean()])
    model = GLM(np.column_stack([r, n - r]), design, family=Binomial()).fit(tol=1e-14, maxiter=200)
    found = fitted(data, rho=0.0)
    assert log(found.estimate) == pytest.approx(model.params[1], abs=1e-8)
    assert found.log_likelihood == pytest.approx(model.llf, abs=1e-8)

    def excess(slope: float) -> float:
        offset = slope * (x - x.mean())
        only = GLM(np.column_stack([r, n - r]), np.ones((r.size, 1)), family=Binomial(), offset=offset).fit(tol=1e-14)
        return float(2 * (model.llf - only.llf) - chi2.ppf(0.95, 1))

    se = model.bse[1]
    lower = brentq(excess, model.params[1] - 6 * se, model.params[1], xtol=1e-12)
    upper = brentq(excess, model.params[1], model.params[1] + 6 * se, xtol=1e-12)
    assert (log(found.lower), log(found.upper)) == pytest.approx((lower, upper), abs=1e-7)


def test_of_two_groups_at_rho_0_it_is_the_odds_ratio_of_the_fourfold_table() -> None:
    found = fitted(PLAIN, rho=0.0)
    assert found.estimate == pytest.approx((6 / 2) / (33 / 12), rel=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.05, 0.3, 0.9])
@pytest.mark.parametrize("data", [PLAIN, SPREAD, WIDE])
def test_two_groups_at_a_fixed_rho_are_separate_fits(data: Data, rho: float) -> None:
    r, n, x = map(np.array, data)
    means = []
    for group in (0, 1):
        counts = tail_counts(read_reports(r[x == group], n[x == group]))
        means.append(float(best_mu(counts, np.array([rho]), np.array([0.5]))[0]))
    odds = [mean / (1 - mean) for mean in means]
    assert fitted(data, rho=rho).estimate == pytest.approx(odds[1] / odds[0], rel=1e-9)


def test_equal_groups_give_1_and_the_fit_of_all() -> None:
    r, n = [7, 2, 12, 1, 0], [10, 9, 14, 1, 1]
    found = fitted((r * 2, n * 2, [0.0] * 5 + [1.0] * 5))
    assert (found.estimate, found.p) == pytest.approx((1.0, 1.0), abs=1e-6)
    assert found.log_likelihood_equal == pytest.approx(fit_reports(read_reports(r * 2, n * 2)).log_likelihood, abs=1e-9)
    assert found.lower * found.upper == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("respond", [True, False])
def test_a_group_of_only_responders_or_none_has_a_one_sided_interval(respond: bool) -> None:
    r = [int(respond)] * 12 + [7, 6, 12, 8]
    found = fitted((r, PLAIN_SIZES, [1.0] * 12 + [0.0] * 4))
    assert found.separated
    assert found.estimate == (inf if respond else 0.0)
    ends = (found.lower, found.upper)
    assert ends[1 if respond else 0] == found.estimate
    assert 0 < ends[0 if respond else 1] < inf
    assert 0 < found.p < 0.05
    # At the limit the profile has fallen by half the cut-off from the likelihood of an infinite slope.
    limit = found.lower if respond else found.upper
    data = (r, PLAIN_SIZES, [1.0] * 12 + [0.0] * 4)
    drop = chi2.ppf(0.95, 1) / 2
    assert found.log_likelihood + searched(data, log(limit)).fun == pytest.approx(drop, abs=1e-5)


PLAIN_SIZES = [1] * 12 + [10, 9, 14, 12]


def test_both_groups_unanimous_in_opposite_ways_is_one_sided_too() -> None:
    found = fitted(([4, 1, 0, 0], [4, 1, 3, 1], [1, 1, 0, 0]))
    assert (found.estimate, found.upper) == (inf, inf)
    assert 1 < found.lower < inf
    assert found.rho == NotIdentified("unanimous")
    # 5 of 5 against 0 of 4: at rho = 0 the maximum is 1, and the limit is that of a symmetric fourfold table.
    assert found.log_likelihood == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("responders", "said"), [([1, 1, 3], "every patient"), ([0, 0, 0], "no patient")])
def test_no_variation_is_not_identified(responders: list[int], said: str) -> None:
    found = beta_binomial_regression(responders, [1, 1, 3], [0, 1, 1])
    assert isinstance(found, NotIdentified)
    assert said in found.reason


def test_a_year_that_separates_is_not_identified() -> None:
    found = beta_binomial_regression([0, 0, 1, 1], [1, 1, 1, 1], [2001, 2002, 2003, 2004])
    assert isinstance(found, NotIdentified)


def test_where_rho_is_not_identified_it_is_the_fourfold_table() -> None:
    single = fitted(([1, 1, 0, 1, 0, 0], [1] * 6, [1, 1, 1, 0, 0, 0]))
    assert single.rho == NotIdentified("every report is a single case")
    assert single.estimate == pytest.approx((2 / 1) / (1 / 2))
    # By the likelihood alone rho would run to 1 and the reports of four would count as one patient each.
    unanimous = fitted(([4, 4, 0, 1, 0], [4, 4, 1, 1, 1], [1, 1, 1, 0, 0]))
    assert unanimous.rho == NotIdentified("unanimous")
    assert unanimous.estimate == pytest.approx((8 / 1) / (1 / 1))


def test_the_f_cut_off_is_wider() -> None:
    narrow, wide = fitted(PLAIN), fitted(PLAIN, cutoff="F")
    assert wide.lower < narrow.lower < narrow.upper < wide.upper
    drop = f.ppf(0.95, 1, len(PLAIN[0]) - 3) / 2
    assert wide.log_likelihood + searched(PLAIN, log(wide.upper)).fun == pytest.approx(drop, abs=2e-6)


def test_a_covariate_is_per_unit() -> None:
    per_year = fitted(YEARS)
    r, n, years = YEARS
    per_decade = fitted((r, n, [year / 10 for year in years]))
    assert log(per_decade.estimate) == pytest.approx(10 * log(per_year.estimate), rel=1e-6)
    assert log(per_decade.upper) == pytest.approx(10 * log(per_year.upper), rel=1e-6)
    top = searched(YEARS, None)
    assert per_year.log_likelihood == pytest.approx(-top.fun, abs=1e-6)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (([1, 0], [1, 1], [1, 1]), "constant"),
        (([1, 0], [1, 1], [1]), "covariate"),
        (([1, 0], [1, 1], [1, float("nan")]), "finite"),
        (([1, 2], [1, 1], [1, 0]), "responders"),
    ],
)
def test_wrong_input_is_refused(data: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        beta_binomial_regression(*data)


def test_a_hundred_thousand_patients_do_no_harm() -> None:
    found = fitted(([70_000, 3, 1, 0, 500], [100_000, 5, 1, 1, 900], [1, 1, 1, 0, 0]))
    assert found.lower < found.estimate < found.upper < inf


REPORT = st.integers(1, 16).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.sampled_from([0.0, 1.0])))


@examples(4, nightly=100)
@given(st.lists(REPORT, min_size=2, max_size=14), st.randoms(use_true_random=False))
def test_properties(reports: list[tuple[int, int, float]], chance: Any) -> None:
    r, n, x = (np.array(column) for column in zip(*reports, strict=True))
    assume(np.unique(x).size == 2)
    found = beta_binomial_regression(r, n, x)
    if isinstance(found, NotIdentified):
        assert r.sum() in {0, n.sum()}
        return
    assert 0 <= found.lower <= found.estimate <= found.upper
    assert found.lower < found.upper
    assert 0 <= found.p <= 1
    # The interval leaves out 1 exactly where the test rejects at 5 %.
    assert (found.lower > 1 or found.upper < 1) == (found.p < 0.05)
    shuffled = chance.sample(reports, len(reports))
    assert beta_binomial_regression(*zip(*shuffled, strict=True)) == found
    for other in (beta_binomial_regression(n - r, n, x), beta_binomial_regression(r, n, 1 - x)):
        assert isinstance(other, OddsRatio)
        assert log_of(other.estimate) == pytest.approx(-log_of(found.estimate), abs=1e-6)
        assert log_of(other.lower) == pytest.approx(-log_of(found.upper), abs=1e-6)
        assert log_of(other.upper) == pytest.approx(-log_of(found.lower), abs=1e-6)


def log_of(odds_ratio: float) -> float:
    return -inf if odds_ratio == 0 else log(odds_ratio) if odds_ratio < inf else inf


def test_the_limits_of_an_extreme_table_are_finite_numbers() -> None:
    found = fitted(([999, 1, 0, 1], [1000, 1, 1, 1000], [1, 1, 0, 0]))
    assert exp(5) < found.lower < found.estimate < found.upper < exp(30)
