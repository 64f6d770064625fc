"""Effect sizes against metafor::escalc, to 1e-9 (5e-15 is found), and their way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.statistics.effect_sizes import Measure, back_transform, effect_sizes

SETS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["sets"]
CODES: dict[Measure, str] = {"raw": "PR", "logit": "PLO", "arcsine": "PAS", "double arcsine": "PFT"}


@pytest.mark.parametrize("measure", get_args(Measure))
@pytest.mark.parametrize("name", SETS)
def test_agrees_with_escalc(name: str, measure: Measure) -> None:
    expected = SETS[name]["escalc"][CODES[measure]]
    found = effect_sizes(SETS[name]["xi"], SETS[name]["ni"], measure)
    assert found.estimate == pytest.approx(np.array(expected["yi"]), abs=1e-9)
    assert found.variance == pytest.approx(np.array(expected["vi"]), abs=1e-9)


def test_half_in_all_reports() -> None:
    found = effect_sizes([0, 3], [1, 7], "logit", "all")
    assert found.estimate == pytest.approx(np.log([0.5 / 1.5, 3.5 / 4.5]))
    assert found.variance == pytest.approx([1 / 0.5 + 1 / 1.5, 1 / 3.5 + 1 / 4.5])
    needed = effect_sizes([0, 3], [1, 7], "logit")
    assert needed.estimate == pytest.approx(np.log([0.5 / 1.5, 3 / 4]))
    raw = effect_sizes([0, 3], [1, 7], "raw", "all")
    assert raw.estimate == pytest.approx([0.25, 3.5 / 8])
    assert raw.variance == pytest.approx([0.25 * 0.75 / 2, 3.5 * 4.5 / 8**3])
    for measure in ("arcsine", "double arcsine"):
        assert effect_sizes([0, 3], [1, 7], measure, "all").estimate == pytest.approx(
            effect_sizes([0, 3], [1, 7], measure).estimate
        )


def test_half_cannot_leave_the_middle() -> None:
    """25 responders of 25 single cases become 75 %."""
    found = effect_sizes([1] * 25, [1] * 25, "logit")
    assert back_transform("logit", found.estimate.mean(), found.evaluable) == pytest.approx(0.75)


@given(st.integers(2, 10_000).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))))
def test_there_and_back(pair: tuple[int, int]) -> None:
    r, n = pair
    for measure in get_args(Measure):
        found = effect_sizes([r], [n], measure)
        back = back_transform(measure, found.estimate, found.evaluable)
        # Miller's inverse is exact for one report.
        assert back == pytest.approx([r / n], abs=1e-9)


def test_beyond_the_ends() -> None:
    n = np.array([1.0, 9.0])
    assert back_transform("raw", [-0.1, 0.3, 1.2], n) == pytest.approx([0, 0.3, 1])
    assert back_transform("arcsine", [-0.1, 0.0, np.pi / 2, 2.0], n) == pytest.approx([0, 0, 1, 1])
    assert back_transform("double arcsine", [-1.0, 0.0, np.pi / 4, 1.5, 2.0], n) == pytest.approx([0, 0, 0.5, 1, 1])
    assert back_transform("logit", [-800.0, 800.0], n) == pytest.approx([0, 1])


def test_refuses() -> None:
    with pytest.raises(ValueError, match="at least one evaluable"):
        effect_sizes([0], [0], "logit")
