"""All models on one data set: the contract of --format json, edge sets, and invariances."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.analyses.comparison import Comparison, compare
from metaimt.analyses.models import Interval, Model, beta_binomial_model, glmm_model, ordered_interval
from metaimt.serialise import to_json
from metaimt.statistics.outcome import NotIdentified

MADEUP31 = ([1] * 19 + [0] * 6 + [5, 2, 7, 6, 12, 6], [1] * 25 + [7, 4, 10, 12, 14, 9])
EDGES = {
    "all respond": ([1] * 5 + [4, 9], [1] * 5 + [4, 9]),
    "none responds": ([0] * 5 + [0, 0], [1] * 5 + [4, 9]),
    "one report": ([3], [4]),
    "one report, nearly all respond": ([36], [37]),
    "one report, none responds": ([0], [4]),
    "one patient": ([1], [1]),
    "one patient, a failure": ([0], [1]),
    "two single cases": ([1, 0], [1, 1]),
    "single cases": ([1] * 17 + [0] * 8, [1] * 25),
    "single cases all respond": ([1] * 12, [1] * 12),
    "single cases none responds": ([0] * 12, [1] * 12),
    "unanimous larger reports": ([1] * 17 + [0, 4, 2, 2, 2], [1] * 18 + [4, 2, 2, 2]),
    "all and none": ([4, 0, 1, 0], [4, 5, 1, 1]),
    "huge trial": ([1] * 12 + [0, 60_000], [1] * 13 + [100_000]),
    "huge trial of failures": ([1] * 13 + [0], [1] * 13 + [100_000]),
    "huge trial and single cases all respond": ([1] * 13 + [100_000], [1] * 13 + [100_000]),
}


def rates(found: Any) -> Iterator[dict[str, Any]]:
    """Every estimate with limits in a JSON result; null, NaN and infinity are refused."""
    if isinstance(found, dict):
        if "lower" in found and "estimate" in found:
            yield found
        for value in found.values():
            yield from rates(value)
    elif isinstance(found, list):
        for value in found:
            yield from rates(value)
    else:
        assert found is not None


def check(found: Comparison) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(json.dumps(to_json(found), allow_nan=False))
    for rate in rates(result):
        assert 0 <= rate["lower"] <= rate["estimate"] <= rate["upper"] <= 1
    for name, model in result["methods"].items():
        parts = [model["median"], model["marginal_mean"]] if name == "glmm" else [model]
        assert all("estimate" in part or part["not_identified"] for part in parts)
    return result


@pytest.fixture(scope="module")
def madeup() -> dict[str, Any]:
    r, n = MADEUP31
    years = [2010 + i % 12 if i % 7 else None for i in range(31)]
    return check(
        compare(r, n, years=years, groups=["lung", "abdomen", None] * 10 + ["lung"], grouping="site", models="every")
    )


def test_the_contract(madeup: dict[str, Any]) -> None:
    methods = madeup["methods"]
    assert {"estimate", "lower", "upper", "rho"} <= methods["beta-binomial"].keys()
    assert {"estimate", "lower", "upper", "rho"} <= methods["beta-binomial-ml-chi2"].keys()
    assert {"median", "marginal_mean", "tau2", "log_likelihood"} <= methods["glmm"].keys()
    scales, fits = ("logit", "arcsine", "double-arcsine", "raw"), ("fe", "dl", "hedges", "ml", "reml")
    for name in [f"{scale}-{fit}" for scale in scales for fit in fits]:
        assert methods[name]["label"] == "for comparison"
        assert "biased" in methods[name]["reason"]
        assert "estimate" in methods[name]["reports_of_two_or_more"]
    assert {"crude", "heterogeneity", "subgroups", "leave_one_out", "cumulative"} <= madeup.keys()
    assert madeup["format"] == 2
    assert madeup["pooled"].items() >= {"responders": 57, "evaluable": 81}.items()
    assert madeup["pooled"]["estimate"] == methods["beta-binomial"]["estimate"]


def test_the_numbers_of_methods_0(madeup: dict[str, Any]) -> None:
    methods = madeup["methods"]
    found = [methods[name]["estimate"] for name in ("logit-dl", "raw-dl", "beta-binomial-ml-f", "double-arcsine-dl")]
    assert [round(100 * value, 1) for value in found] == [65.2, 67.5, 70.4, 78.9]
    assert methods["glmm"]["median"]["estimate"] == pytest.approx(57 / 81)


def test_the_review_has_three_inverse_variance_models() -> None:
    """METHODS 5: logit REML with Knapp-Hartung, logit DL, double arcsine DL; each on all and on the larger reports."""
    found = compare(*MADEUP31)
    labelled = {name: model for name, model in found.methods.items() if model.label}
    assert set(labelled) == {"logit-reml-kh", "logit-dl", "double-arcsine-dl"}
    assert all("biased" in model.reason for model in labelled.values())
    assert all(isinstance(model.larger, Model) and "biased" in model.larger.reason for model in labelled.values())


def test_leave_one_out_and_cumulative_are_of_the_headline_model_alone(madeup: dict[str, Any]) -> None:
    parts = [*madeup["leave_one_out"], *madeup["cumulative"]]
    assert all("beta-binomial" in part and "glmm" not in part for part in parts)


def test_parts_of_the_data(madeup: dict[str, Any]) -> None:
    levels = {level["level"]: level for level in madeup["subgroups"]["levels"]}
    assert list(levels)[-1] == "not reported"
    assert sum(level["evaluable"] for level in levels.values()) == 81
    assert levels["not reported"]["partially_pooled"] == {"not_run": "group not reported"}
    assert {"exact", "partially_pooled", "glmm"} <= levels["lung"].keys()
    assert 0 <= madeup["subgroups"]["exact_test"]["p"] <= 1
    assert len(madeup["leave_one_out"]) == 31
    steps = [step["step"] for step in madeup["cumulative"]]
    assert steps == [*sorted(steps[:-1]), "undated"]
    assert madeup["cumulative"][-1]["beta-binomial"]["lower"] == madeup["methods"]["beta-binomial"]["lower"]


AT_NIGHT = {  # the mirror of another set, in which as many fail; and a second huge trial
    *("none responds", "one report, none responds", "one patient, a failure", "single cases none responds"),
    *("huge trial of failures", "huge trial and single cases all respond"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in AT_NIGHT else ()) for name in EDGES]
)
def test_edge_sets_give_an_ordered_interval_or_say_why_not(name: str) -> None:
    r, n = EDGES[name]
    found = check(compare(r, n, groups=["a", "b"] * (len(r) // 2) + ["a"] * (len(r) % 2)))
    single = max(n) == 1
    if single or len(r) == 1:
        assert "not_identified" in found["methods"]["beta-binomial"]["rho"]
        assert "not_identified" in found["methods"]["glmm"]["tau2"]
        assert "not_identified" in found["methods"]["logit-dl"]["tau2"]


@pytest.mark.parametrize(
    ("estimate", "lower", "upper", "found"),
    [
        (0.5, 0.4, 0.6, Interval(0.5, 0.4, 0.6)),
        (0.5, 0.5 + 1e-12, 0.6, Interval(0.5, 0.5, 0.6)),  # rounding is forgiven
        (0.5, 0.4, 0.5 - 1e-12, Interval(0.5, 0.4, 0.5)),
        (0.5, 0.51, 0.6, NotIdentified("the limits do not hold the estimate")),
        (0.5, 0.4, 0.49, NotIdentified("the limits do not hold the estimate")),
        (0.5, -inf, 0.6, NotIdentified("no finite interval")),
        (0.5, 0.4, inf, NotIdentified("no finite interval")),
        (nan, 0.4, 0.6, NotIdentified("no finite interval")),
    ],
)
def test_limits_are_finite_and_hold_the_estimate(
    estimate: float, lower: float, upper: float, found: Interval | NotIdentified
) -> None:
    assert ordered_interval(estimate, lower, upper) == found


def test_unanimous_reports_are_not_identified_by_maximum_likelihood_alone() -> None:
    found = check(compare(*EDGES["unanimous larger reports"]))["methods"]
    assert found["beta-binomial"]["estimate"] == pytest.approx(27 / 28, abs=0.05)
    assert 0 < found["beta-binomial"]["rho"] < 1
    assert found["beta-binomial-ml-chi2"]["not_identified"] == "unanimous"


def test_a_report_of_two_says_how_much_reports_differ() -> None:
    assert compare([1, 0, 1, 2], [1, 1, 2, 3]).informative == 2


def test_no_column_of_groups_is_said() -> None:
    assert check(compare([1, 0], [1, 1], models="exact"))["subgroups"]["not_run"]


@pytest.mark.slow
@pytest.mark.parametrize(("sizes", "rate"), [("mixed", 0.7), ("mixed", 1.0), ("single cases", 0.7)])
def test_ten_thousand_reports(sizes: str, rate: float) -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    single = (rng.random(10_000) < 0.9) | (sizes == "single cases")
    n = np.where(single, 1, rng.integers(2, 30, 10_000))
    found = check(compare(rng.binomial(n, rate).tolist(), n.tolist()))
    assert len(found["cumulative"]) <= 100
    assert found["methods"]["beta-binomial"]["estimate"] == pytest.approx(rate, abs=0.02)
    assert found["methods"]["glmm"]["median"]["estimate"] == pytest.approx(rate, abs=0.02)


reports = st.lists(
    st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=14
)


def exact(pairs: list[tuple[int, int]]) -> list[Interval | None]:
    r, n = [r for r, _ in pairs], [n for _, n in pairs]
    models = [beta_binomial_model(r, n), glmm_model(r, n)]
    return [rate if isinstance(rate, Interval) else None for model in models for rate in model.rates.values()]


@pytest.mark.slow  # by default in test_every_model.py for all models at once
@examples(6)
@given(reports, st.randoms())
def test_order_does_not_matter_and_failures_mirror_responders(pairs: list[tuple[int, int]], random: Any) -> None:
    here = exact(pairs)
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert exact(shuffled) == here
    for one, other in zip(here, exact([(n - r, n) for r, n in pairs]), strict=True):
        assert one is not None and other is not None
        assert one.estimate == pytest.approx(1 - other.estimate, abs=2e-5)
        assert [one.lower, one.upper] == pytest.approx([1 - other.upper, 1 - other.lower], abs=2e-5)
