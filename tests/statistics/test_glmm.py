"""Binomial-normal model: against R, against its own definition, and at the edges.

Against `exact_bn` (R, 101 adaptive Gauss-Hermite nodes): 1e-6; the largest difference is 2e-7, R's optimiser's. lme4
with 25 nodes: 1e-3 asked for, 3e-7 found where tau is identified. metafor's rma.glmm has 7 nodes, too few: 1e-3, and
1e-2 for tau^2.
"""

from __future__ import annotations

import json
from math import exp, inf, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import expit, ndtri

from metaimt.statistics.glmm import fit_glmm, profile_intervals
from metaimt.statistics.outcome import NotIdentified

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
SUBGROUPS = {
    f"{name}, {group}": (
        [x for x, g in zip(SETS[name]["xi"], SETS[name]["group"], strict=True) if g == group],
        [n for n, g in zip(SETS[name]["ni"], SETS[name]["group"], strict=True) if g == group],
        SETS[name]["subgroup"]["per_group"][group]["exact_bn"],
    )
    for name in SETS
    if "subgroup" in SETS[name]
    for group in SETS[name]["subgroup"]["levels"]
}
WHOLE = {name: (SETS[name]["xi"], SETS[name]["ni"], SETS[name]["exact_bn"]) for name in SETS}
EXACT = {name: entry for name, entry in (WHOLE | SUBGROUPS).items() if "error" not in entry[2]}
REFUSED = [name for name, entry in (WHOLE | SUBGROUPS).items() if "error" in entry[2]]
Data = tuple[list[int], list[int]]
Floats = NDArray[np.float64]

SINGLES = [1] * 9 + [0] * 4
STRICT: Data = ([*SINGLES, 13, 8, 12, 6, 7], [1] * 13 + [16, 12, 14, 9, 10])
TRIALS: Data = ([13, 8, 12, 2], [16, 12, 14, 9])
HET: Data = (SETS["madeup_het"]["xi"], SETS["madeup_het"]["ni"])


@pytest.mark.parametrize("name", EXACT)
def test_agrees_with_r(name: str) -> None:
    r, n, expected = EXACT[name]
    fit = fit_glmm(r, n)
    assert fit.b0 == pytest.approx(expected["mu"], abs=1e-6)
    assert fit.log_likelihood == pytest.approx(expected["logLik"], abs=1e-6)
    assert fit.median == pytest.approx(expected["p_median"], abs=1e-6)
    assert isinstance(fit.tau, NotIdentified) == (not expected["tau2_identifiable"])
    if "logLik_tau0" in expected:
        assert fit.log_likelihood_binomial == pytest.approx(expected["logLik_tau0"], abs=1e-6)


@pytest.mark.parametrize("name", [name for name in EXACT if EXACT[name][2]["tau2_identifiable"]])
def test_tau_agrees_with_r(name: str) -> None:
    r, n, expected = EXACT[name]
    fit = fit_glmm(r, n)
    tau, test = profile_intervals(fit).tau, fit.tau_test
    assert not isinstance(tau, NotIdentified)
    assert not isinstance(test, NotIdentified)
    assert fit.tau2 == pytest.approx(expected["tau2"], abs=1e-6)
    assert (tau.lower, tau.upper) == pytest.approx(expected["tau_ci_profile"], abs=1e-6)
    assert test.statistic == pytest.approx(expected["LRT_tau0"], abs=1e-6)
    assert test.p == pytest.approx(expected["p_LRT_tau0_chibar"], abs=1e-7, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in EXACT if "ci_profile" in EXACT[name][2]])
def test_rates_agree_with_r(name: str) -> None:
    r, n, expected = EXACT[name]
    found = profile_intervals(fit_glmm(r, n))
    assert (found.median.lower, found.median.upper) == pytest.approx(expected["ci_profile"], abs=1e-6)
    assert found.marginal_mean.estimate == pytest.approx(expected["p_marginal_mean"], abs=1e-6)


@pytest.mark.parametrize("name", [name for name in WHOLE if "lme4" in SETS[name] and "exact_bn" in SETS[name]])
def test_agrees_with_other_programs(name: str) -> None:
    r, n, _ = WHOLE[name]
    fit = fit_glmm(r, n)
    lme4, metafor = SETS[name]["lme4"]["nAGQ25"], SETS[name]["rma_glmm"]["nAGQ7"]
    identified = not isinstance(fit.tau, NotIdentified)
    if "error" not in lme4:
        assert fit.b0 == pytest.approx(lme4["b"], abs=1e-3)
        assert not identified or fit.tau2 == pytest.approx(lme4["tau2"], abs=1e-3)
    if "error" not in metafor:
        assert fit.b0 == pytest.approx(metafor["b"], abs=1e-3)
        assert not identified or fit.tau2 == pytest.approx(metafor["tau2"], abs=1e-2)


@pytest.mark.parametrize("name", REFUSED)
def test_where_r_stops(name: str) -> None:
    """zero_events, 0/30, and group A of separation19, 8/8: R would give an intercept of 32."""
    r, n, _ = (WHOLE | SUBGROUPS)[name]
    fit = fit_glmm(r, n)
    found, reach = profile_intervals(fit), 1 - exp(-(float(ndtri(0.975)) ** 2) / 2 / sum(n))
    assert fit.b0 == (inf if sum(r) else -inf)
    assert fit.tau == fit.tau2 == fit.tau_test == found.tau
    assert fit.tau == NotIdentified("every patient responds" if sum(r) else "no patient responds")
    expected = (1.0, 1 - reach, 1.0) if sum(r) else (0.0, 0.0, reach)
    for rate in (found.median, found.marginal_mean):
        assert (rate.estimate, rate.lower, rate.upper) == pytest.approx(expected, abs=1e-14)


def brute(data: Data, b0: float, tau: float) -> float:
    """Log-likelihood without coefficients by a trapezoid rule of 4001 points over 24 standard deviations."""
    z = np.linspace(-12, 12, 4001)
    eta = b0 + tau * z
    rise, fall = -np.logaddexp(0, -eta), -np.logaddexp(0, eta)
    weight = np.exp(-z * z / 2) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    pairs, counts = np.unique(np.transpose(data), axis=0, return_counts=True)
    return float(
        sum(c * log(weight @ np.exp(r * rise + (n - r) * fall)) for (r, n), c in zip(pairs, counts, strict=True))
    )


def b0_with_mean(mean: float, tau: float) -> float:
    z, w = np.polynomial.hermite_e.hermegauss(100)
    return float(brentq(lambda b: w @ expit(b + tau * z) / w.sum() - mean, -40, 40, xtol=1e-12))


@pytest.mark.parametrize("data", [STRICT, TRIALS, HET])
def test_mean_interval_meets_its_definition(data: Data) -> None:
    """At each limit of the marginal mean the profile over tau, with b0 solved from the mean, is at the cut-off."""
    fit = fit_glmm(*data)
    found = profile_intervals(fit)
    assert not isinstance(fit.tau, NotIdentified)
    peak = brute(data, fit.b0, fit.tau)
    for limit in (found.marginal_mean.lower, found.marginal_mean.upper):
        best = minimize_scalar(
            lambda tau, at=limit: -brute(data, b0_with_mean(at, tau), tau), bounds=(0, 6), method="bounded"
        )
        at_zero = brute(data, b0_with_mean(limit, 0), 0)
        assert 2 * (peak - max(-best.fun, at_zero)) == pytest.approx(ndtri(0.975) ** 2, abs=1e-6)


@pytest.mark.parametrize("data", [STRICT, TRIALS, HET])
def test_estimate_is_the_maximum_of_the_plain_likelihood(data: Data) -> None:
    fit = fit_glmm(*data)
    assert not isinstance(fit.tau, NotIdentified)
    here = brute(data, fit.b0, fit.tau)
    for b0 in (fit.b0 - 1e-3, fit.b0, fit.b0 + 1e-3):
        for tau in (max(0.0, fit.tau - 1e-3), fit.tau, fit.tau + 1e-3):
            assert brute(data, b0, tau) <= here + 1e-12


@pytest.mark.parametrize("level", [0.5, 0.8, 0.99])
def test_other_levels(level: float) -> None:
    fit = fit_glmm(*HET)
    found, usual = profile_intervals(fit, level), profile_intervals(fit)
    nested = (found.median, usual.median) if level < 0.95 else (usual.median, found.median)
    assert nested[1].lower < nested[0].lower < fit.median < nested[0].upper < nested[1].upper


def test_refuses() -> None:
    with pytest.raises(ValueError, match="between 0"):
        fit_glmm([3], [2])
