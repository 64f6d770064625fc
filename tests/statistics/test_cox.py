"""Cox regression: identities and invariances. The numbers of R are compared in test_survival.py.

Tolerance 1e-7: the maximum is found by statsmodels' Newton steps, to about 1e-10 of a standard error.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from metaimt.statistics.cox import CoxFit, cox, proportional_hazards
from metaimt.statistics.cox_risk_sets import risk_sets
from metaimt.statistics.log_rank import LogRank, log_rank
from metaimt.statistics.outcome import NotRun

Floats = NDArray[np.float64]
REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["survival"]
LUNG: dict[str, Any] = REFERENCE["lung"]
X = np.column_stack([LUNG["covariates"]["age"], LUNG["covariates"]["sex"]]).astype(float)


def fit(time: Any, event: Any, x: Any, ties: Literal["efron", "breslow"] = "efron") -> CoxFit:
    found = cox(time, event, x, ties=ties)
    assert isinstance(found, CoxFit)
    return found


def estimates(found: CoxFit) -> list[float]:
    return [term.log_hazard_ratio for term in found.terms]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_risk_sets_are_those_of_the_fit(ties: Literal["efron", "breslow"]) -> None:
    """At the estimate the residuals sum to 0, the covariances to the information, the likelihood is statsmodels'."""
    ours = fit(LUNG["time"], LUNG["event"], X, ties)
    time, event = np.array(LUNG["time"], float), np.array(LUNG["event"], bool)
    sets = risk_sets(time, event, X, np.array(estimates(ours)), ties)
    assert sets.log_likelihood == pytest.approx(ours.log_likelihood, abs=1e-9)
    assert sets.residual.sum(axis=0) == pytest.approx(0, abs=1e-9)
    errors = np.sqrt(np.diag(np.linalg.inv(sets.covariance.sum(axis=0))))
    assert errors == pytest.approx([term.standard_error for term in ours.terms], rel=1e-9)


def log_likelihood(beta: Floats, time: list[int], event: list[bool], x: Floats, ties: str) -> float:
    """As in the textbook, one event time after the other."""
    times, events = np.array(time), np.array(event)
    weight, total = np.exp(x @ beta), 0.0
    for t in np.unique(times[events]):
        failing, risk = events & (times == t), times >= t
        total += float((x[failing] @ beta).sum())
        for k in range(int(failing.sum())):
            part = k / failing.sum() if ties == "efron" else 0.0
            total -= float(np.log(weight[risk].sum() - part * weight[failing].sum()))
    return total


ROWS = st.lists(
    st.tuples(st.integers(1, 8), st.booleans(), st.sampled_from([0.0, 1.0]), st.integers(-3, 3)),
    min_size=8,
    max_size=20,
)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(ROWS, st.sampled_from(["efron", "breslow"]), st.randoms(use_true_random=False))
def test_properties(rows: list[Any], ties: Literal["efron", "breslow"], random: Any) -> None:
    time, event = [r[0] for r in rows], [r[1] for r in rows]
    x = np.array([[r[2], float(r[3])] for r in rows])
    centred = x - x.mean(axis=0)
    if np.linalg.matrix_rank(centred) < 2:
        with pytest.raises(ValueError, match="dependent"):
            cox(time, event, x, ties=ties)
        return
    ours = cox(time, event, x, ties=ties)
    order = random.sample(range(len(rows)), len(rows))
    again = cox([time[i] for i in order], [event[i] for i in order], x[order], ties=ties)
    assert again == ours
    if isinstance(ours, NotRun):
        return
    beta = np.array(estimates(ours))
    assert log_likelihood(beta, time, event, x, ties) == pytest.approx(ours.log_likelihood, abs=1e-8)
    for step in product((-0.01, 0.0, 0.01), repeat=2):
        assert log_likelihood(beta + step, time, event, x, ties) <= ours.log_likelihood + 1e-8
    stretched = fit(np.exp(time), event, -2 * x + 5, ties)
    assert [-2 * b for b in estimates(stretched)] == pytest.approx(beta.tolist(), abs=1e-6)
    assert stretched.concordance == ours.concordance
    for term in ours.terms:
        assert term.lower < term.hazard_ratio < term.upper
    for test in proportional_hazards(time, event, x, ours):
        assert test.statistic >= 0
        assert 0 <= test.p <= 1


def test_score_test_of_two_groups_without_ties_is_log_rank() -> None:
    time, event, group = [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 0, 1, 1, 1, 0, 1], [0, 1, 0, 0, 1, 1, 1, 0]
    ours, theirs = fit(time, event, np.array(group)[:, None]), log_rank(time, event, group)
    assert isinstance(theirs, LogRank)
    assert (ours.score, ours.score_p) == pytest.approx((theirs.statistic, theirs.p), abs=1e-9)


def test_without_ties_efron_is_breslow() -> None:
    x = np.array([[3.0], [1], [4], [1], [5], [9], [2], [6]])
    both = [fit(range(1, 9), [1, 1, 0, 1, 1, 1, 0, 1], x, ties) for ties in ("efron", "breslow")]
    assert estimates(both[0]) == pytest.approx(estimates(both[1]), abs=1e-8)


@pytest.mark.parametrize(
    ("event", "x", "reason"),
    [
        ([0, 0, 0, 0, 0, 0], [1, 2, 3, 1, 2, 3], "no events"),
        ([1, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 0], "no finite hazard ratio"),
        ([1, 1, 1, 1, 1, 1], [6, 5, 4, 3, 2, 1], "no finite hazard ratio"),
        ([0, 0, 0, 0, 0, 1], [6, 5, 4, 3, 2, 1], "no finite hazard ratio"),
    ],
)
def test_no_estimate(event: list[int], x: list[float], reason: str) -> None:
    found = cox([1, 2, 3, 4, 5, 6], event, np.array(x, dtype=float)[:, None])
    assert isinstance(found, NotRun)
    assert found.reason.startswith(reason)


def test_proportional_hazards_finds_a_crossing() -> None:
    """Group 1 fails early, then is safe; group 0 the other way round."""
    time = [*range(1, 21), *range(31, 36), *range(21, 31), *range(36, 41)]
    group = [1] * 20 + [1] * 5 + [0] * 10 + [0] * 5
    x = np.array(group, dtype=float)[:, None]
    crossing = [t if g else 41 - t for t, g in zip(time, group, strict=True)]
    ours = fit(crossing, [1] * 40, x)
    name, overall = proportional_hazards(crossing, [1] * 40, x, ours)
    assert (name.name, overall.name, overall.df) == ("x1", "global", 1)
    assert name.statistic == pytest.approx(overall.statistic, rel=1e-12)
    assert 0 <= name.p <= 1


@pytest.mark.parametrize(
    ("x", "names", "more", "message"),
    [
        ([[1.0], [1.0], [1.0]], None, {}, "constant"),
        ([[1.0], [2.0]], None, {}, "one row"),
        ([[1.0], [np.nan], [2.0]], None, {}, "finite"),
        ([[1.0], [2.0], [4.0]], ["a", "b"], {}, "names"),
        ([[1.0], [2.0], [4.0]], None, {"level": 0.0}, "level"),
        ([[1.0], [2.0], [4.0]], None, {"ties": "exact"}, "ties"),
    ],
)
def test_refuses(x: Any, names: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cox([1, 2, 3], [1, 1, 0], x, names, **more)
