"""Aalen-Johansen against closed forms and a numerical delta method. Tolerance 1e-10; 1e-6 for numerical slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from numpy.typing import NDArray

from metaimt.statistics.competing_events import IncidenceAt, cumulative_incidence, incidence_at
from metaimt.statistics.survival import kaplan_meier

Floats = NDArray[np.float64]
PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=25)
SOME = ([2, 3, 3, 5, 6, 6, 7, 9, 12, 12, 15, 18, 20, 24], [1, 0, 2, 1, 1, 2, 0, 2, 1, 1, 0, 3, 1, 0])


@examples(40)
@given(PAIRS, st.randoms(use_true_random=False))
def test_causes_and_the_free_sum_to_one(pairs: list[tuple[int, int]], random: Any) -> None:
    ours = cumulative_incidence([t for t, _ in pairs], [c for _, c in pairs])
    assert sum((each.probability for each in ours.causes), ours.free) == pytest.approx(1.0, abs=1e-12)
    together = kaplan_meier([t for t, _ in pairs], [c > 0 for _, c in pairs])
    assert np.array_equal(ours.free, together.survival)
    shuffled = random.sample(pairs, len(pairs))
    again = cumulative_incidence([t for t, _ in shuffled], [c for _, c in shuffled])
    for a, b in zip(ours.causes, again.causes, strict=True):
        assert (a.cause, a.events.tolist()) == (b.cause, b.events.tolist())
        assert np.array_equal(a.lower, b.lower, equal_nan=True)
        inside = ~np.isnan(a.lower)
        assert np.all(np.diff(a.probability) >= 0)
        assert np.all((a.lower <= a.probability)[inside] & (a.probability <= a.upper)[inside])
    assert [each.cause for each in ours.causes] == sorted({c for _, c in pairs if c})


@examples(30)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=25))
def test_one_cause_is_kaplan_meier(pairs: list[tuple[int, int]]) -> None:
    time, event = [t for t, _ in pairs], [c for _, c in pairs]
    ours, theirs = cumulative_incidence(time, event), kaplan_meier(time, event)
    if not ours.causes:
        assert not any(event)
        return
    (only,) = ours.causes
    assert only.probability == pytest.approx(1 - theirs.survival, abs=1e-12)
    inside = (theirs.survival > 0) & (theirs.survival < 1)
    assert only.standard_error[inside] == pytest.approx(theirs.standard_error[inside], abs=1e-10)
    assert only.lower[inside] == pytest.approx(1 - theirs.upper[inside], abs=1e-10)
    assert only.upper[inside] == pytest.approx(1 - theirs.lower[inside], abs=1e-10)
    assert np.isnan(only.lower[~inside]).all()


@examples(30)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=25))
def test_without_censoring_it_is_a_proportion(pairs: list[tuple[int, int]]) -> None:
    ours, n = cumulative_incidence([t for t, _ in pairs], [c for _, c in pairs]), len(pairs)
    for each in ours.causes:
        p = np.array([sum(t <= at and c == each.cause for t, c in pairs) / n for at in ours.time])
        assert each.probability == pytest.approx(p, abs=1e-12)
        assert each.standard_error == pytest.approx(np.sqrt(p * (1 - p) / n), abs=1e-7)


def incidence(chances: Floats, last: int, cause: int) -> float:
    """F_cause at time `last`, from the chances of each cause at each time."""
    free, total = 1.0, 0.0
    for row in chances[: last + 1]:
        total += free * row[cause]
        free *= 1 - row.sum()
    return total


def test_variance_is_the_delta_method() -> None:
    """Slopes by central differences, multinomial covariance at each time."""
    ours = cumulative_incidence(*SOME)
    counts = np.column_stack([each.events for each in ours.causes])
    chances = counts / ours.at_risk[:, None]
    for j, each in enumerate(ours.causes):
        for last in range(ours.time.size):
            variance = 0.0
            for i in range(last + 1):
                slope = np.zeros(counts.shape[1])
                for k in range(slope.size):
                    step = np.zeros_like(chances)
                    step[i, k] = 1e-6
                    slope[k] = (incidence(chances + step, last, j) - incidence(chances - step, last, j)) / 2e-6
                covariance = (np.diag(chances[i]) - np.outer(chances[i], chances[i])) / ours.at_risk[i]
                variance += slope @ covariance @ slope
            assert each.standard_error[last] == pytest.approx(variance**0.5, abs=1e-6)


def test_censoring_the_competing_events_overstates() -> None:
    """1 - Kaplan-Meier with the others censored is never below the cumulative incidence."""
    ours = cumulative_incidence(*SOME)
    for each in ours.causes:
        alone = kaplan_meier(SOME[0], [c == each.cause for c in SOME[1]])
        assert np.all(1 - alone.survival >= each.probability - 1e-12)


def test_at_times() -> None:
    ours = cumulative_incidence([2, 4, 6, 8], [1, 2, 0, 0])
    found = incidence_at(ours, [0, 5, 9])
    assert [(each.cause, each.time, each.estimate) for each in found] == [
        (1, 0.0, 0.0),
        (1, 5.0, 0.25),
        (1, 9.0, None),
        (2, 0.0, 0.0),
        (2, 5.0, pytest.approx(0.25)),
        (2, 9.0, None),
    ]
    assert found[2] == IncidenceAt(1, 9.0, None, None, None)
    assert incidence_at(cumulative_incidence([1, 2], [1, 2]), 5)[0].estimate == 0.5
    assert incidence_at(cumulative_incidence([1, 2], [0, 0]), 1) == ()


def test_refuses() -> None:
    for time, cause, message in (([1, 2], [0.5, 1], "whole"), ([1, 2], [-1, 1], "whole"), ([1], [1, 2], "length")):
        with pytest.raises(ValueError, match=message):
            cumulative_incidence(time, cause)
    with pytest.raises(ValueError, match="level"):
        cumulative_incidence([1], [1], level=2)
