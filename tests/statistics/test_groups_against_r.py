"""What R says of each group, between groups, and of parts of the data, on one proportion and by inverse variance.

Closed forms 1e-9, REML 1e-6, the binomial profile 1e-6 (R's root finder).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from metaimt.statistics.glmm import fit_glmm, profile_intervals
from metaimt.statistics.inverse_variance import Method, fit_inverse_variance
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.proportion import clopper_pearson, jeffreys, wilson

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
GROUPED = [name for name in SETS if "subgroup" in SETS[name]]
GROUPS = [(name, group) for name in GROUPED for group in SETS[name]["subgroup"]["levels"]]
METHODS: list[tuple[Method, str, float]] = [("DL", "PLO_DL", 1e-9), ("REML", "PLO_REML", 1e-6)]


def rows(name: str, group: str) -> tuple[list[int], list[int]]:
    data = SETS[name]
    pairs = [(r, n) for r, n, g in zip(data["xi"], data["ni"], data["group"], strict=True) if g == group]
    return [r for r, _ in pairs], [n for _, n in pairs]


@pytest.mark.parametrize(("name", "group"), GROUPS)
def test_one_proportion_of_each_group(name: str, group: str) -> None:
    r, n = rows(name, group)
    expected = SETS[name]["subgroup"]["per_group"][group]
    assert (expected["k"], expected["binom"]["x"], expected["binom"]["n"]) == (len(r), sum(r), sum(n))
    for key, method in (
        ("clopper_pearson", clopper_pearson),
        ("wilson", wilson),
        ("jeffreys_boundary_fixed", jeffreys),
    ):
        found = method(sum(r), sum(n))
        assert (found.lower, found.upper) == pytest.approx(expected["binom"][key], abs=1e-9)
        assert found.estimate == pytest.approx(expected["binom"]["p"], abs=1e-14)


@pytest.mark.parametrize(("method", "key", "tolerance"), METHODS)
@pytest.mark.parametrize(("name", "group"), GROUPS)
def test_inverse_variance_of_each_group(name: str, group: str, method: Method, key: str, tolerance: float) -> None:
    r, n = rows(name, group)
    fit, expected = fit_inverse_variance(r, n, method=method), SETS[name]["subgroup"]["per_group"][group][key]
    found = (fit.coefficient, fit.se, fit.coefficient_lower, fit.coefficient_upper, fit.estimate, fit.lower, fit.upper)
    theirs = (expected["b"], expected["se"], *expected["ci"], expected["p"], *expected["p_ci"])
    assert found == pytest.approx(theirs, abs=tolerance, rel=tolerance)
    if isinstance(fit.spread.q, NotIdentified):
        assert len(n) == 1 or max(n) == 1
        return
    spread = fit.spread
    assert not isinstance(spread.i2_tau2_based, NotIdentified)
    measures = (spread.tau2, spread.q, spread.p, spread.i2_tau2_based, 1 / (1 - spread.i2_tau2_based))
    theirs = (expected["tau2"], expected["Q"], expected["Q_p"], expected["I2"] / 100, expected["H2"])
    assert measures == pytest.approx(theirs, abs=tolerance, rel=tolerance)


@pytest.mark.parametrize(
    ("method", "key", "tolerance"),
    [
        ("fixed effect", "Qb_FE", 1e-8),
        ("DL", "Qb_RE_separate_tau2_DL", 1e-8),
        ("REML", "Qb_RE_separate_tau2_REML", 1e-6),
    ],
)
@pytest.mark.parametrize("name", GROUPED)
def test_between_groups(name: str, method: Method, key: str, tolerance: float) -> None:
    """Q of the groups' pooled estimates around their weighted mean."""
    fits = [fit_inverse_variance(*rows(name, group), method=method) for group in SETS[name]["subgroup"]["levels"]]
    b, w = np.array([fit.coefficient for fit in fits]), np.array([fit.se**-2 for fit in fits])
    q, expected = float(w @ (b - w @ b / w.sum()) ** 2), SETS[name]["subgroup"][key]
    found = (q, len(fits) - 1, float(chi2.sf(q, len(fits) - 1)))
    theirs = (expected["QM" if key == "Qb_FE" else "Q"], expected["df"], expected["p"])
    assert found == pytest.approx(theirs, abs=tolerance, rel=tolerance)


@pytest.mark.parametrize("part", ["leave1out", "cumulative"])
@pytest.mark.parametrize("name", [name for name in SETS if "leave1out" in SETS[name]])
def test_one_proportion_of_parts_of_the_data(name: str, part: str) -> None:
    for each in SETS[name].get(part, {}).get("binom", []):
        for key, method in (("clopper_pearson", clopper_pearson), ("wilson", wilson)):
            found = method(each["x"], each["n"])
            assert (found.lower, found.upper) == pytest.approx(each[key], abs=1e-9)
            assert found.estimate == pytest.approx(each["p"], abs=1e-14)


@pytest.mark.parametrize("name", ["n1_only25", "separation19", "zero_events", "k1"])
def test_the_binomial_profile_is_the_likelihood_ratio_interval(name: str) -> None:
    fit = fit_glmm(SETS[name]["xi"], SETS[name]["ni"])
    assert isinstance(fit.tau, NotIdentified)
    found = profile_intervals(fit).median
    assert (found.lower, found.upper) == pytest.approx(SETS[name]["binom_pooled"]["likelihood_ratio"], abs=1e-6)
