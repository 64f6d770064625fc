"""One proportion against R (reference.json), statsmodels, and the closed forms at the ends.

Tolerance 1e-9 against R: 15 digits in the file, root finding to 1e-14 there. 1e-12 against statsmodels:
the same beta quantiles.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from metaimt.statistics.proportion import Proportion, clopper_pearson, jeffreys, wilson

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
METHODS: dict[str, Callable[..., Proportion]] = {
    "clopper_pearson": clopper_pearson,
    "wilson": wilson,
    "jeffreys_boundary_fixed": jeffreys,
}


@pytest.mark.parametrize("key", METHODS)
@pytest.mark.parametrize("name", SETS)
def test_agrees_with_r(name: str, key: str) -> None:
    found = SETS[name]
    pairs = [((found["binom_pooled"]["x"], found["binom_pooled"]["n"]), found["binom_pooled"][key])]
    pairs += [((x, n), each[key]) for x, n, each in zip(found["xi"], found["ni"], found["binom_each"], strict=True)]
    for (x, n), expected in pairs:
        ours = METHODS[key](x, n)
        assert (ours.lower, ours.upper) == pytest.approx(expected, abs=1e-9)
        assert ours.estimate == x / n


@pytest.mark.parametrize(("method", "theirs"), [(clopper_pearson, "beta"), (wilson, "wilson"), (jeffreys, "jeffreys")])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("r", "n"), [(1, 2), (55, 74), (98, 122), (1, 38), (70000, 100000)])
def test_agrees_with_statsmodels(method: Callable[..., Proportion], theirs: str, level: float, r: int, n: int) -> None:
    ours = method(r, n, level)
    assert (ours.lower, ours.upper) == pytest.approx(proportion_confint(r, n, 1 - level, theirs), abs=1e-12)
    assert (ours.responders, ours.evaluable, ours.level) == (r, n, level)


@pytest.mark.parametrize("method", METHODS.values())
@pytest.mark.parametrize("n", [1, 2, 7, 38, 1000])
def test_ends_are_exact_and_symmetric(method: Callable[..., Proportion], n: int) -> None:
    none, every = method(0, n), method(n, n)
    assert (none.estimate, none.lower, every.estimate, every.upper) == (0.0, 0.0, 1.0, 1.0)
    assert every.lower == pytest.approx(1 - none.upper, abs=1e-12)


def test_clopper_pearson_of_no_responder_is_the_closed_form() -> None:
    assert clopper_pearson(0, 30).upper == pytest.approx(1 - 0.025 ** (1 / 30), abs=1e-14)


def test_names() -> None:
    assert [m(1, 2).method for m in METHODS.values()] == ["Clopper-Pearson", "Wilson", "Jeffreys"]


@pytest.mark.parametrize("method", METHODS.values())
@pytest.mark.parametrize(
    ("r", "n", "level", "message"),
    [(0, 0, 0.95, "evaluable"), (3, 2, 0.95, "between"), (-1, 2, 0.95, "between"), (1, 2, 1.0, "level")],
)
def test_refuses(method: Callable[..., Proportion], r: int, n: int, level: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        method(r, n, level)
