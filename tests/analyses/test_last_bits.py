"""The last bits of a number, which differ between processors, decide nothing: no order, no side, no printed digit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from conftest import unit

from metaimt.analyses.alternatives import is_near, side_of
from metaimt.analyses.comparison import compare
from metaimt.analyses.models import DIGITS, Interval, Model
from metaimt.analyses.over_time import UNDATED, Step, _crossings
from metaimt.analyses.sensitivity import Specification, _order
from metaimt.analyses.wording import difference, p_value, percent, rate_and_limits, significant
from metaimt.figures.review_forest import _spread
from metaimt.model.count import Count
from metaimt.serialise import to_json
from metaimt.statistics.proportion import Proportion

BIT = 2.0**-52
NOISE = [1 - 4 * BIT, 1 - BIT, 1.0, 1 + BIT, 1 + 4 * BIT]

COUNTS = Count.of("made up", [unit("example-1/arm1", 1, 2)])


def rate(estimate: float, lower: float = 0.1, upper: float = 0.9) -> Proportion:
    return Proportion(1, 2, estimate, lower, upper, 0.95, "made up")


@pytest.mark.parametrize("noise", NOISE)
def test_a_printed_number_half_way(noise: float) -> None:
    assert percent(13 / 16 * noise) == "81.3 %"
    assert p_value(0.0625 * noise) == p_value(0.0625)
    assert p_value(0.001 * noise) == "p = 0.001"


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize(
    ("rate", "limits", "shown"),
    [
        (21 / 234253, (5.549353e-05, 1.370312e-04), ("0.0090", "0.0055 - 0.0137")),  # R: binom.test
        (0.00125, (0.0003, 0.0045), ("0.13", "0.03 - 0.45")),
        (0.0, (0.0, 0.0004), ("0.000", "0.000 - 0.040")),
        (0.0, (0.0, 0.3), ("0.0", "0.0 - 30.0")),
        (0.01, (0.0003, 0.05), ("1.0", "0.0 - 5.0")),
        (13 / 16, (0.5, 1.0), ("81.3", "50.0 - 100.0")),
        (1e-12, (0.0, 2e-12), ("0.00000000", "0.00000000 - 0.00000000")),
    ],
)
def test_a_rate_below_one_per_cent_keeps_two_digits(
    noise: float, rate: float, limits: tuple[float, float], shown: tuple[str, str]
) -> None:
    assert rate_and_limits(rate * noise, *limits) == shown


@pytest.mark.parametrize("noise", NOISE)
def test_no_change_is_0_without_a_sign(noise: float) -> None:
    assert str(difference(0.7, 0.7 * noise)) == "0.0"
    assert difference(0.7, 0.7123456789012 * noise) == 0.0123456789


@pytest.mark.parametrize("noise", NOISE)
def test_a_limit_on_a_threshold_does_not_exclude_it(noise: float) -> None:
    assert side_of(rate(0.8, lower=0.5 * noise), 0.5) == ""
    assert side_of(rate(0.3, upper=0.5 * noise), 0.5) == ""
    assert side_of(rate(0.8, lower=0.5 + 1e-9), 0.5) == "above"
    assert side_of(rate(0.3, upper=0.5 - 1e-9), 0.5) == "below"
    assert side_of(None, 0.5) == ""


@pytest.mark.parametrize("noise", NOISE)
@pytest.mark.parametrize(
    ("lower", "upper", "near"),
    [
        (0.3, 0.6, False),
        (0.51, 0.9, True),  # a point above it is near
        (0.49, 0.9, True),
        (0.52, 0.9, False),
        (0.48, 0.9, False),
        (0.1, 0.505, True),
        (0.1, 0.3, False),
    ],
)
def test_a_limit_within_a_point_of_a_threshold_is_near(noise: float, lower: float, upper: float, near: bool) -> None:
    assert is_near(rate(0.4, lower * noise, upper), 0.5) is near
    assert not is_near(None, 0.5)


@pytest.mark.parametrize("noise", NOISE)
def test_a_threshold_is_crossed_once(noise: float) -> None:
    """Three steps whose lower limit is the threshold, but for the last bits: nothing crosses."""
    limits = (0.5, 0.5 * noise, 0.5)
    steps = tuple(Step(UNDATED, COUNTS, COUNTS, rate(0.8, lower=limit)) for limit in limits)
    assert list(_crossings(steps, 0.5)) == []


@pytest.mark.parametrize("noise", NOISE)
def test_equal_specifications_stand_in_the_order_of_their_options(noise: float) -> None:
    def made(option: str, estimate: float) -> Specification:
        return Specification({"links": option}, COUNTS, rate(estimate), headline=False)

    found = sorted([made("b", 0.7), made("a", 0.7 * noise), made("c", 0.6)], key=_order)
    assert [each.settings["links"] for each in found] == ["c", "a", "b"]


@pytest.mark.parametrize("noise", NOISE)
def test_of_equal_models_the_first_is_named(noise: float) -> None:
    """At tau^2 = 0 two models give the same rate: the figure's text names the one that is listed first."""
    rates = {"logit-reml-kh": 0.7 * noise, "logit-dl": 0.7, "double-arcsine-dl": 0.8}
    models = {name: Model(name, {"": Interval(value, 0.6, 0.9)}, {}, "made up") for name, value in rates.items()}
    results = SimpleNamespace(
        comparison={"strict": SimpleNamespace(methods=models)},
        response=SimpleNamespace(pools={"strict": SimpleNamespace(label="strict")}),
    )
    said = _spread(cast(Any, results), "strict")
    assert (
        said == "strict: models from 70.0 % [60.0 - 90.0] by logit-reml-kh to 80.0 % [60.0 - 90.0] by double-arcsine-dl"
    )


def test_models_for_comparison_have_8_digits() -> None:
    """Made-up counts. The others keep what they have."""
    found = compare([2, 7, 1, 0, 4, 3], [3, 9, 1, 1, 11, 4], models="every")
    compared = [model for model in found.methods.values() if model.label]
    assert len(compared) == 35
    larger = [model.larger for model in compared if isinstance(model.larger, Model)]
    assert len(larger) == 35
    numbers = [number for model in (*compared, *larger) for number in _floats(to_json(model))]
    numbers += _floats({name: each for name, each in (found.heterogeneity or {}).items() if name not in {"rho"}})
    assert len(numbers) > 300
    assert all(number == significant(number, DIGITS) for number in numbers)
    exact = to_json(found.methods["beta-binomial-ml-f"])
    assert any(number != significant(number, DIGITS) for number in _floats(exact))


def _floats(data: Any) -> list[float]:
    if isinstance(data, dict):
        return [number for name, value in data.items() if name != "glmm_tau2" for number in _floats(value)]
    return [data] if isinstance(data, float) else []
