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
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import chdtri

from metaimt.statistics.cox import CoxFit, cox, proportional_hazards
from metaimt.statistics.cox_penalised import PenalisedCoxFit, cox_penalised
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


@examples(15)
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
    """Half of group 1 fails before anybody of group 0, half after everybody."""
    time, x = [*range(1, 11), *range(80, 90), *range(40, 60)], np.array([[1.0]] * 20 + [[0.0]] * 20)
    ours = fit(time, [1] * 40, x)
    single, overall = proportional_hazards(time, [1] * 40, x, ours)
    assert (single.name, overall.name, overall.df) == ("x1", "global", 1)
    assert single.statistic == pytest.approx(overall.statistic, rel=1e-12)
    assert single.p < 1e-4


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


# firthmodels 0.8.2 (FirthCoxPH, Breslow's ties, gtol and xtol 1e-10 and 1e-12), an independent program: coefficient,
# standard error, penalised log-likelihood, profile limits. Compared at 1e-6, its limits, which it stops early, at 1e-4.
FEW = ([2, 3, 4, 5, 6, 6.5, 8, 9, 12, 14, 18, 24, 30, 36], [1, 1, 0, 1, 1] + [0] * 9)
PENALISED = {
    "tiny14": (-0.03676786093977, 0.02727642835021, -9.9461982187838, -0.0977456915298, 0.0100566555361),
    "lung": (0.01852280702129, 0.00919494298662, -743.3187244785, 0.0007202073300, 0.0367576505717),
    "lung sex": (-0.52549779864666, 0.16703679686737, -743.0290711537866, -0.8588919776274, -0.2045939301341),
    "few": (3.187974342660, 1.683244625416, -5.725724746973, 0.924758388259, 8.081346597461),
    "in order": (3.700552499842, 1.741963180262, -4.647758386711, 1.343737489230, 8.615712760431),
}


def penalised_data(name: str) -> tuple[Any, Any, Any]:
    if name in REFERENCE:
        return REFERENCE[name]["time"], REFERENCE[name]["event"], REFERENCE[name]["covariates"]["age"]
    if name == "lung sex":
        return LUNG["time"], LUNG["event"], LUNG["covariates"]["sex"]
    return *FEW, [1, 1, 0, 1, 1] + [0] * 6 + [1, 0, 0] if name == "few" else [1] * 5 + [0] * 9


@pytest.mark.parametrize("name", PENALISED)
def test_penalised_agrees_with_firthmodels(name: str) -> None:
    ours = cox_penalised(*penalised_data(name), ties="breslow")
    assert isinstance(ours, PenalisedCoxFit)
    term = ours.term
    found = (term.log_hazard_ratio, term.standard_error, ours.log_likelihood)
    assert found == pytest.approx(PENALISED[name][:3], abs=1e-6)
    assert (np.log(term.lower), np.log(term.upper)) == pytest.approx(PENALISED[name][3:], abs=1e-4)
    assert (term.p < 0.05) == (not term.lower <= 1 <= term.upper)


SINGLE = st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.integers(-3, 3)), min_size=2, max_size=16)


@examples(30)
@given(SINGLE, st.sampled_from(["efron", "breslow"]), st.randoms(use_true_random=False))
def test_penalised_properties(rows: list[Any], ties: Literal["efron", "breslow"], random: Any) -> None:
    time, event, x = [r[0] for r in rows], [r[1] for r in rows], np.array([float(r[2]) for r in rows])
    if not x.std():
        with pytest.raises(ValueError, match="constant"):
            cox_penalised(time, event, x)
        return
    ours = cox_penalised(time, event, x, ties=ties)
    order = random.sample(range(len(rows)), len(rows))
    assert cox_penalised([time[i] for i in order], [event[i] for i in order], x[order], ties=ties) == ours
    if isinstance(ours, NotRun):
        at_risk = [x[np.array(time) >= t] for t, e in zip(time, event, strict=True) if e]
        assert all(each.std() == 0 or ties == "efron" for each in at_risk)
        return

    def value(beta: float) -> float:
        sets = risk_sets(np.array(time, float), np.array(event), x[:, None], np.array([beta]), ties)
        return sets.log_likelihood + 0.5 * float(np.log(sets.covariance.sum()))

    term = ours.term
    assert value(term.log_hazard_ratio) == pytest.approx(ours.log_likelihood, abs=1e-8)
    best = minimize_scalar(lambda b: -value(b), bounds=(-8, 8), method="bounded")
    assert -best.fun <= ours.log_likelihood + 1e-7
    assert value(0.0) == pytest.approx(ours.log_likelihood_null, abs=1e-8)
    for limit in (term.lower, term.upper):
        if abs(np.log(limit)) < 8:  # further out the textbook's covariance is lost in rounding
            assert ours.log_likelihood - value(float(np.log(limit))) == pytest.approx(chdtri(1, 0.05) / 2, abs=1e-6)
    mirrored = cox_penalised(time, event, -3 * x + 1, ties=ties)
    assert isinstance(mirrored, PenalisedCoxFit)
    assert -3 * mirrored.term.log_hazard_ratio == pytest.approx(term.log_hazard_ratio, abs=1e-8)
    assert term.lower < term.hazard_ratio < term.upper


@pytest.mark.parametrize("event", [[0, 0, 0, 0], [0, 0, 0, 1]])
def test_penalised_needs_an_event_with_others_at_risk(event: list[int]) -> None:
    found = cox_penalised([1, 2, 3, 4], event, [0, 1, 0, 1])
    assert found == NotRun("no hazard ratio: the covariate does not vary at any event")
