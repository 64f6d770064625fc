"""Inverse-variance meta-regression against metafor: DL 1e-9, REML 1e-6."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaimt.statistics.heterogeneity import EmptySet, Tau2Interval
from metaimt.statistics.inverse_variance import NEVER_NARROWER, REASON_SINGLE_CASES, Method, SmallSample
from metaimt.statistics.meta_regression import MetaRegressionFit, fit_meta_regression
from metaimt.statistics.outcome import NotIdentified

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
METAREG = [name for name in SETS if "metareg" in SETS[name]]


def fit(name: str, method: Method, small_sample: SmallSample = "none") -> MetaRegressionFit:
    data = SETS[name]
    values = np.array(data["metareg"]["values"], dtype=float)[:, None]
    moderator = data["metareg"]["moderator"]
    return fit_meta_regression(data["xi"], data["ni"], values, [moderator], method=method, small_sample=small_sample)


def check(found: MetaRegressionFit, expected: dict[str, Any], tolerance: float) -> None:
    def near(values: Any) -> Any:
        return pytest.approx(values, abs=tolerance, rel=tolerance)

    assert [c.estimate for c in found.coefficients] == near(expected["beta"])
    assert [c.se for c in found.coefficients] == near(expected["se"])
    assert [c.p for c in found.coefficients] == near(expected["pval"])
    assert [c.lower for c in found.coefficients] == near(expected["ci_lb"])
    assert [c.upper for c in found.coefficients] == near(expected["ci_ub"])
    assert (found.tau2, found.q) == near((expected["tau2"], expected["QE"]))
    assert found.i2_tau2_based == near(expected["I2"] / 100)
    # A square of estimate over standard error: a few times less exact than they.
    assert found.moderators.statistic == pytest.approx(expected["QM"], abs=10 * tolerance, rel=10 * tolerance)
    assert found.moderators.p == near(expected["QMp"])


@pytest.mark.parametrize("name", METAREG)
def test_dl_agrees_with_metafor(name: str) -> None:
    check(fit(name, "DL"), SETS[name]["metareg"]["DL_z"], 1e-9)


@pytest.mark.parametrize("name", METAREG)
def test_reml_agrees_with_metafor(name: str) -> None:
    found = fit(name, "REML")
    check(found, SETS[name]["metareg"]["REML_z"], 1e-6)
    assert found.label == "for comparison"


@pytest.mark.parametrize("name", METAREG)
def test_knapp_hartung_agrees_with_metafor(name: str) -> None:
    found = fit(name, "REML", "Knapp-Hartung")
    if min(SETS[name]["ni"]) > 1:
        check(found, SETS[name]["metareg"]["REML_knha"], 1e-6)
        assert found.moderators.df2 == found.reports - 2
        return
    plain = fit(name, "REML")
    assert (found.small_sample, found.warnings) == ("Knapp-Hartung, never narrower", (NEVER_NARROWER,))
    assert [c.se for c in found.coefficients] == pytest.approx([c.se for c in plain.coefficients])
    assert found.reason == REASON_SINGLE_CASES


def test_rows_belong_together() -> None:
    """Sorting everything by the covariate changes nothing: no index to be matched by."""
    r, n, x = np.array([1, 9, 4, 2, 12]), np.array([10, 12, 9, 8, 14]), np.array([3.0, 1.0, 2.0, 4.0, 0.0])
    order = np.argsort(x)
    first = fit_meta_regression(r, n, x[:, None], ["year"])
    second = fit_meta_regression(r[order], n[order], x[order][:, None], ["year"])
    slopes = (first.coefficients[1].estimate, second.coefficients[1].estimate)
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-7)
    assert slopes[0] < 0
    assert isinstance(first.tau2_interval, Tau2Interval | EmptySet)


def test_two_covariates() -> None:
    r, n = [1, 9, 4, 2, 12, 5], [10, 12, 9, 8, 14, 11]
    x = [[0.0, 1.0], [1.0, 0.0], [0.0, 2.0], [1.0, 5.0], [1.0, 1.0], [0.0, 3.0]]
    found = fit_meta_regression(r, n, x, ["trial", "year"], method="DL")
    assert [c.name for c in found.coefficients] == ["(intercept)", "trial", "year"]
    assert (found.moderators.df, found.moderators.df2, found.reports) == (2, None, 6)


def test_single_cases_and_fixed_effect() -> None:
    found = fit_meta_regression([1, 0, 1, 1], [1, 1, 1, 1], [[0.0], [1.0], [2.0], [5.0]], ["year"], method="DL")
    cause = NotIdentified("every report is a single case")
    assert found.tau2 == found.tau2_interval == found.q == found.q_p == found.i2_q_based == found.i2_tau2_based == cause
    fixed = fit_meta_regression(
        [1, 3, 1, 1], [4, 5, 6, 7], [[0.0], [1.0], [2.0], [5.0]], ["year"], method="fixed effect"
    )
    assert fixed.tau2 == fixed.i2_tau2_based == NotIdentified("fixed effect")
    assert isinstance(fixed.q, float)


@pytest.mark.parametrize(
    ("x", "names", "message"),
    [
        ([[1.0], [2.0]], ["a"], "shape"),
        ([[1.0], [2.0], [3.0]], ["a", "b"], "shape"),
        ([[1.0], [np.inf], [3.0]], ["a"], "finite"),
        ([[1.0], [1.0], [1.0]], ["a"], "constant"),
        ([[1.0, 2.0], [2.0, 5.0], [3.0, 7.0]], ["a", "b"], "too many"),
    ],
)
def test_refuses(x: list[list[float]], names: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_meta_regression([1, 2, 3], [4, 5, 6], x, names)
