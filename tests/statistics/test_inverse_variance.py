"""Inverse-variance models against metafor, Q-profile included.

Closed forms (fixed effect, DL, Hedges, Q, I^2, Q-profile): 1e-9. ML and REML: 1e-10, which metafor's own tau^2 is good
for in the reference; PyMARE's search alone would leave 4e-7.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from scipy.stats import chi2

from metaimt.statistics.effect_sizes import DOUBLE_ARCSINE_WARNING, Measure, back_transform, effect_sizes
from metaimt.statistics.inverse_variance import (
    REASON_LARGER,
    REASON_SINGLE_CASES,
    TAU2_ALL_THE_SAME,
    EmptySet,
    InverseVarianceFit,
    Method,
    Spread,
    Tau2Interval,
    fit_inverse_variance,
    likelihood_score,
    q_profile,
    weighted_fit,
)
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.root import Floats

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
POOLED = [name for name in SETS if "rma" in SETS[name]]
SINGLE_CASES_ONLY = [name for name in POOLED if max(SETS[name]["ni"]) == 1]
WITH_SINGLE_CASES = [name for name in POOLED if min(SETS[name]["ni"]) == 1]
CODES: dict[Measure, str] = {"raw": "PR", "logit": "PLO", "arcsine": "PAS", "double arcsine": "PFT"}
METHODS: dict[Method, str] = {"fixed effect": "FE", "DL": "DL", "Hedges": "HE", "ML": "ML", "REML": "REML"}
HET = (SETS["madeup_het"]["xi"], SETS["madeup_het"]["ni"])


def close(method: Method) -> float:
    return 1e-10 if method in {"ML", "REML"} else 1e-9


def check(fit: InverseVarianceFit, expected: dict[str, Any], tolerance: float) -> None:
    def near(values: Any) -> Any:
        return pytest.approx(values, abs=tolerance, rel=tolerance)

    assert (fit.coefficient, fit.se) == near((expected["b"], expected["se"]))
    assert (fit.coefficient_lower, fit.coefficient_upper) == near(expected["ci"])
    # metafor lets a raw proportion leave 0 to 1.
    rates = np.clip([expected["p"], *expected["p_ci"]], 0, 1)
    assert (fit.estimate, fit.lower, fit.upper) == near(tuple(rates))
    spread = fit.spread
    if isinstance(spread.q, NotIdentified):
        return
    assert (spread.q, spread.p) == near((expected["Q"], expected["Q_p"]))
    df = fit.reports - 1
    assert spread.i2_q_based == near(max(0.0, 1 - df / expected["Q"]) if expected["Q"] else 0.0)
    if isinstance(spread.tau2, NotIdentified):
        assert spread.tau2 == spread.i2_tau2_based == NotIdentified("fixed effect")
        return
    assert spread.tau2 == near(expected["tau2"])
    assert not isinstance(spread.i2_tau2_based, NotIdentified)
    assert spread.i2_tau2_based == near(expected["I2"] / 100)
    assert not isinstance(spread.i2_tau2_based, NotIdentified)
    assert 1 / (1 - spread.i2_tau2_based) == near(expected["H2"])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("measure", CODES)
@pytest.mark.parametrize("name", POOLED)
def test_agrees_with_metafor(name: str, measure: Measure, method: Method) -> None:
    fit = fit_inverse_variance(SETS[name]["xi"], SETS[name]["ni"], measure=measure, method=method)
    check(fit, SETS[name]["rma"][CODES[measure]][METHODS[method]], close(method))
    seen = name not in SINGLE_CASES_ONLY and len(SETS[name]["ni"]) > 1
    assert (fit.spread.tau2 == NotIdentified("fixed effect")) == (seen and method == "fixed effect")
    assert fit.reason == (REASON_SINGLE_CASES if name in WITH_SINGLE_CASES else REASON_LARGER)
    assert (DOUBLE_ARCSINE_WARNING in fit.warnings) == (measure == "double arcsine")
    assert isinstance(fit.spread.q, NotIdentified) == (name in SINGLE_CASES_ONLY)


@pytest.mark.parametrize("name", POOLED)
def test_knapp_hartung_never_narrower(name: str) -> None:
    fit = fit_inverse_variance(SETS[name]["xi"], SETS[name]["ni"], small_sample="Knapp-Hartung, never narrower")
    check(fit, SETS[name]["rma_PLO_REML_adhoc"], close("REML"))
    plain = fit_inverse_variance(SETS[name]["xi"], SETS[name]["ni"])
    assert fit.lower <= plain.lower < plain.upper <= fit.upper


@pytest.mark.parametrize(("method", "key"), [("REML", "rma_PLO_REML_knha"), ("DL", "rma_PLO_DL_knha")])
@pytest.mark.parametrize("name", POOLED)
def test_knapp_hartung_is_metafors_where_that_is_wider(name: str, method: Method, key: str) -> None:
    data, expected = (SETS[name]["xi"], SETS[name]["ni"]), SETS[name][key]
    fit = fit_inverse_variance(*data, method=method, small_sample="Knapp-Hartung, never narrower")
    normal = fit_inverse_variance(*data, method=method)
    if expected["se"] > normal.se:
        check(fit, expected, close(method))
    else:
        assert fit.se == pytest.approx(normal.se, rel=1e-12)


@pytest.mark.parametrize("measure", ["logit", "arcsine", "double arcsine"])
@pytest.mark.parametrize("name", POOLED)
def test_q_profile_agrees_with_metafor(name: str, measure: Measure) -> None:
    expected = SETS[name]["qprofile"][CODES[measure]]
    sizes = effect_sizes(SETS[name]["xi"], SETS[name]["ni"], measure)
    found = q_profile(sizes.estimate, sizes.variance)
    assert isinstance(found, EmptySet) == expected["ub_null"]
    if isinstance(found, Tau2Interval):
        assert (found.lower, found.upper) == pytest.approx(expected["tau2"][1:], abs=1e-9, rel=1e-9)
    of_fit = fit_inverse_variance(SETS[name]["xi"], SETS[name]["ni"], measure=measure).spread.tau2_interval
    assert of_fit == (NotIdentified("every report is a single case") if name in SINGLE_CASES_ONLY else found)


def test_empty_set_is_said() -> None:
    found = fit_inverse_variance(SETS["madeup31"]["xi"], SETS["madeup31"]["ni"]).spread.tau2_interval
    assert isinstance(found, EmptySet)
    assert found.wording() == "empty (the reports differ less than chance would have it: Q = 12.4, df = 30)"


@pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
def test_q_profile_meets_its_definition(level: float) -> None:
    sizes = effect_sizes(*HET, "arcsine")
    y, v = sizes.estimate, sizes.variance
    found = q_profile(y, v, level)
    assert isinstance(found, Tau2Interval)
    for tau2, tail in ((found.lower, (1 - level) / 2), (found.upper, (1 + level) / 2)):
        w = 1 / (v + tau2)
        q = float(w @ (y - w @ y / w.sum()) ** 2)
        assert q == pytest.approx(chi2.isf(tail, y.size - 1), rel=1e-10)


def fitted(method: Method, rows: list[tuple[int, int]]) -> InverseVarianceFit:
    return fit_inverse_variance([r for r, _ in rows], [n for _, n in rows], method=method)


@pytest.mark.parametrize(("method", "key"), [("DL", "PLO_DL"), ("REML", "PLO_REML")])
@pytest.mark.parametrize("name", [name for name in SETS if "leave1out" in SETS[name]])
def test_leave_one_out_agrees_with_metafor(name: str, method: Method, key: str) -> None:
    expected = SETS[name]["leave1out"][key]
    rows = list(zip(SETS[name]["xi"], SETS[name]["ni"], strict=True))
    fits = [fitted(method, rows[:i] + rows[i + 1 :]) for i in range(len(rows))]
    assert len(fits) == len(expected["estimate"])
    for i, fit in enumerate(fits):
        assert fit.coefficient == pytest.approx(expected["estimate"][i], abs=close(method))
        assert fit.se == pytest.approx(expected["se"][i], abs=close(method))
        if not isinstance(fit.spread.q, NotIdentified):
            assert (fit.spread.tau2, fit.spread.q) == pytest.approx(
                (expected["tau2"][i], expected["Q"][i]), abs=close(method)
            )
            # In per cent, from a tau^2 good to 1e-6.
            i2 = fit.spread.i2_tau2_based
            assert not isinstance(i2, NotIdentified)
            assert "I2" not in expected or 100 * i2 == pytest.approx(expected["I2"][i], abs=1e-4)


@pytest.mark.parametrize("name", [name for name in SETS if "cumulative" in SETS[name]])
def test_cumulative_agrees_with_metafor(name: str) -> None:
    expected, order = SETS[name]["cumulative"]["PLO_DL"], SETS[name]["cumulative"]["order_1based"]
    rows = [(SETS[name]["xi"][i - 1], SETS[name]["ni"][i - 1]) for i in order]
    fits = [fitted("DL", rows[: i + 1]) for i in range(len(rows))]
    assert [fit.coefficient for fit in fits] == pytest.approx(expected["estimate"], abs=1e-9)
    assert [fit.se for fit in fits] == pytest.approx(expected["se"], abs=1e-9)
    tau2 = [0.0 if isinstance(fit.spread.tau2, NotIdentified) else fit.spread.tau2 for fit in fits]
    assert tau2 == pytest.approx(expected["tau2"], abs=1e-9)
    assert fits[0].spread == Spread(*[NotIdentified("one report")] * 6)


def test_the_transform_decides_the_answer() -> None:
    """On madeup31, 57/81: 65.2, 67.5 and 78.9 % where every exact method says 70.4 %."""
    found = {
        measure: fit_inverse_variance(SETS["madeup31"]["xi"], SETS["madeup31"]["ni"], measure=measure, method="DL")
        for measure in CODES
    }
    rates = [round(100 * found[measure].estimate, 1) for measure in ("logit", "raw", "double arcsine")]
    assert rates == [65.2, 67.5, 78.9]


@pytest.mark.parametrize("measure", CODES)
def test_single_cases_show_no_spread(measure: Measure) -> None:
    """Not 0: nothing. The arcsines give a tau^2 all the same, and the result says that the interval uses it."""
    fit = fit_inverse_variance([1] * 19 + [0] * 6, [1] * 25, measure=measure, method="DL")
    assert fit.spread == Spread(*[NotIdentified("every report is a single case")] * 6)
    assert (TAU2_ALL_THE_SAME in fit.warnings) == (measure == "arcsine")


def test_larger_reports_only() -> None:
    fit = fit_inverse_variance(*HET, smallest=2)
    assert (fit.reports, fit.reason) == (8, REASON_LARGER)
    assert fit_inverse_variance(HET[0][20:], HET[1][20:]).coefficient == fit.coefficient


@pytest.mark.parametrize("method", METHODS)
def test_one_report(method: Method) -> None:
    fit = fit_inverse_variance([3], [7], method=method)
    assert (fit.estimate, fit.se) == pytest.approx((3 / 7, (1 / 3 + 1 / 4) ** 0.5))
    assert fit.spread.tau2 == fit.spread.q == fit.spread.i2_q_based == NotIdentified("one report")


def test_reports_that_are_all_alike() -> None:
    """Q is 0: no division by it, and the Q-profile set is empty."""
    spread = fit_inverse_variance([0, 0, 0, 0], [5, 5, 5, 5], measure="arcsine").spread
    assert (spread.q, spread.i2_q_based) == (0.0, 0.0)
    assert spread.tau2 == pytest.approx(0.0, abs=1e-12)
    assert isinstance(spread.tau2_interval, EmptySet)


def test_many_reports() -> None:
    """10,000 reports with true spread 1 on the logit scale."""
    rng = np.random.Generator(np.random.PCG64(3))
    n = rng.integers(40, 400, 10_000)
    r = rng.binomial(n, 1 / (1 + np.exp(-rng.normal(0.5, 1.0, n.size))))
    fit = fit_inverse_variance(r, n)
    assert (fit.coefficient, fit.spread.tau2) == pytest.approx((0.5, 1.0), abs=0.05)


LIKELIHOODS: tuple[Method, ...] = ("ML", "REML")


def sizes_of(name: str, measure: Measure) -> tuple[Floats, Floats]:
    sizes = effect_sizes(SETS[name]["xi"], SETS[name]["ni"], measure)
    return sizes.estimate, sizes.variance


@pytest.mark.parametrize("restricted", [False, True])
@pytest.mark.parametrize("tau2", [0.0, 0.3, 2.0])
def test_score_is_the_slope_of_the_likelihood(tau2: float, restricted: bool) -> None:
    """Against differences of the log-likelihood itself."""
    (y, v), step = sizes_of("madeup_het", "logit"), 1e-4

    def log_likelihood(at: float) -> float:
        w = 1 / (v + at)
        rest = y - w @ y / w.sum()
        lost = np.log(w.sum()) if restricted else 0.0
        return float(np.log(w).sum() - w @ rest**2 - lost) / 2

    below, here, above = (log_likelihood(tau2 + shift) for shift in (0, step, 2 * step))
    value, slope = likelihood_score(tau2 + step, y, v, restricted=restricted)
    assert value == pytest.approx((above - below) / (2 * step), rel=1e-6, abs=1e-6)
    assert slope == pytest.approx((above - 2 * here + below) / step**2, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("method", LIKELIHOODS)
@pytest.mark.parametrize("measure", CODES)
@pytest.mark.parametrize("name", POOLED)
def test_tau2_is_at_the_root_of_the_score(name: str, measure: Measure, method: Method) -> None:
    """To 1e-12 of the parts that the score is the difference of; else it is 0, exactly, and the likelihood falls."""
    y, v = sizes_of(name, measure)
    tau2 = weighted_fit(y, v, method, "none").tau2
    score, slope = likelihood_score(tau2, y, v, restricted=method == "REML")
    parts = float((1 / (v + tau2)).sum())
    assert slope < 0 or tau2 == 0.0
    assert abs(score) <= 1e-12 * parts or (tau2 == 0.0 and score < 0)


@pytest.mark.parametrize("method", LIKELIHOODS)
@pytest.mark.parametrize("measure", CODES)
@pytest.mark.parametrize("name", POOLED)
def test_last_bits_do_not_move_the_fit(name: str, measure: Measure, method: Method) -> None:
    """Another order of the reports, and other last bits of sizes and variances, as another processor has them."""
    y, v = sizes_of(name, measure)
    fit = weighted_fit(y, v, method, "Knapp-Hartung, never narrower")
    rng = np.random.Generator(np.random.PCG64(12))
    for _ in range(5):
        order = rng.permutation(y.size)
        noise = 1 + 2.0**-52 * rng.integers(-4, 5, size=(2, y.size))
        other = weighted_fit((y * noise[0])[order], (v * noise[1])[order], method, "Knapp-Hartung, never narrower")
        assert (other.tau2 == 0.0) == (fit.tau2 == 0.0)
        assert other.tau2 == pytest.approx(fit.tau2, rel=1e-12)
        assert other.centre == pytest.approx(fit.centre, rel=1e-12, abs=1e-14)
        assert other.variance == pytest.approx(fit.variance, rel=1e-12)


@pytest.mark.parametrize(("method", "variance"), [("ML", 1.0), ("REML", 4 / 3)])
def test_tau2_on_the_boundary_is_exactly_0(method: Method, variance: float) -> None:
    """The score is 0 at tau^2 = 0, so that the last bits would make it 0 or 1e-16."""
    y = np.array([-1.0, 1.0, -1.0, 1.0])
    for bits in range(-8, 9):
        v = np.full(4, variance * (1 + bits * 2.0**-52))
        assert weighted_fit(y, v, method, "none").tau2 == 0.0


@examples(10, nightly=200)
@given(
    st.lists(st.integers(1, 30).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=3, max_size=15),
    st.sampled_from(list(CODES)),
    st.sampled_from(list(METHODS)),
)
def test_properties(pairs: list[tuple[int, int]], measure: Measure, method: Method) -> None:
    """Holds the estimate; order is irrelevant; non-responders mirror responders."""
    r, n = [x for x, _ in pairs], [m for _, m in pairs]
    fit = fit_inverse_variance(r, n, measure=measure, method=method)
    assert 0 <= fit.lower <= fit.estimate <= fit.upper <= 1
    back = fit_inverse_variance(r[::-1], n[::-1], measure=measure, method=method)
    assert (back.lower, back.estimate, back.upper) == pytest.approx((fit.lower, fit.estimate, fit.upper), abs=1e-10)
    mirror = fit_inverse_variance([m - x for x, m in pairs], n, measure=measure, method=method)
    mirrored = (1 - mirror.upper, 1 - mirror.estimate, 1 - mirror.lower)
    assert mirrored == pytest.approx((fit.lower, fit.estimate, fit.upper), abs=1e-10)


def test_refuses_a_size_that_no_report_has() -> None:
    with pytest.raises(ValueError, match="no report has 15"):
        fit_inverse_variance(*HET, smallest=15)


def test_back_transform_uses_the_reports_in_the_fit() -> None:
    """The harmonic mean of the reports that were kept, not of those left out."""
    fit = fit_inverse_variance(*HET, measure="double arcsine", smallest=2)
    assert fit.estimate == pytest.approx(float(back_transform("double arcsine", fit.coefficient, HET[1][20:])))
