"""Cox regression: identities and invariances. The numbers of R are compared in test_survival.py.

Tolerance 1e-7: statsmodels' Newton steps find the maximum to about 1e-10 of a standard error.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from numpy.typing import NDArray
from scipy.special import chdtrc, chdtri

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import CoxFit, CoxTerm, Ties, cox, cox_penalised, proportional_hazards

Floats = NDArray[np.float64]
REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["survival"]
LUNG: dict[str, Any] = REFERENCE["lung"]
NAMES = ["x1", "x2"]
X = np.column_stack([LUNG["covariates"]["age"], LUNG["covariates"]["sex"]]).astype(float)


def fit(time: Any, event: Any, x: Any, ties: Ties = "efron") -> CoxFit:
    found = cox(time, event, x, NAMES[: np.shape(x)[1]], ties=ties)
    assert isinstance(found, CoxFit)
    return found


def estimates(found: CoxFit) -> list[float]:
    return [term.log_hazard_ratio for term in found.terms]


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


@examples(7, nightly=150)
@given(ROWS, st.sampled_from(["efron", "breslow"]), st.randoms(use_true_random=False))
def test_properties(rows: list[Any], ties: Ties, random: Any) -> None:
    time, event = [r[0] for r in rows], [r[1] for r in rows]
    x = np.array([[r[2], float(r[3])] for r in rows])
    centred = x - x.mean(axis=0)
    if np.linalg.matrix_rank(centred) < 2:
        with pytest.raises(ValueError, match="dependent"):
            cox(time, event, x, NAMES, ties=ties)
        return
    ours = cox(time, event, x, NAMES, ties=ties)
    order = random.sample(range(len(rows)), len(rows))
    again = cox([time[i] for i in order], [event[i] for i in order], x[order], NAMES, ties=ties)
    assert again == ours
    if isinstance(ours, NotRun):
        return
    beta = np.array(estimates(ours))
    assert log_likelihood(beta, time, event, x, ties) == pytest.approx(ours.log_likelihood, abs=1e-8)
    for step in product((-0.01, 0.0, 0.01), repeat=2):
        assert log_likelihood(beta + step, time, event, x, ties) <= ours.log_likelihood + 1e-8
    stretched = fit(np.exp(time), event, -2 * x + 5, ties)
    assert [-2 * b for b in estimates(stretched)] == pytest.approx(beta.tolist(), abs=1e-6)
    for term in ours.terms:
        assert term.lower < term.hazard_ratio < term.upper
    for test in proportional_hazards(time, event, x, ours):
        assert test.statistic >= 0
        assert 0 <= test.p <= 1


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
    found = cox([1, 2, 3, 4, 5, 6], event, np.array(x, dtype=float)[:, None], ["x1"])
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
    ("x", "names", "message"),
    [
        ([[1.0], [1.0], [1.0]], ["a"], "constant"),
        ([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]], ["a", "b"], "dependent"),
        ([[1.0], [2.0]], ["a"], "one row"),
        ([[1.0], [np.nan], [2.0]], ["a"], "finite"),
        ([[1.0], [2.0], [1.5]], ["a", "b"], "shorter"),
    ],
)
def test_refuses(x: Any, names: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cox([1, 2, 3], [1, 1, 0], x, names)


# firthmodels 0.8.2 (FirthCoxPH, Breslow's ties, gtol and xtol 1e-10 and 1e-12), an independent program: coefficient,
# standard error, profile limits. Compared at 1e-6, its limits, which it stops early, at 1e-4.
FEW = ([2, 3, 4, 5, 6, 6.5, 8, 9, 12, 14, 18, 24, 30, 36], [1, 1, 0, 1, 1] + [0] * 9)
PENALISED = {
    "tiny14": (-0.03676786093977, 0.02727642835021, -0.0977456915298, 0.0100566555361),
    "lung": (0.01852280702129, 0.00919494298662, 0.0007202073300, 0.0367576505717),
    "lung sex": (-0.52549779864666, 0.16703679686737, -0.8588919776274, -0.2045939301341),
    "few": (3.187974342660, 1.683244625416, 0.924758388259, 8.081346597461),
    "in order": (3.700552499842, 1.741963180262, 1.343737489230, 8.615712760431),
}


def penalised_data(name: str) -> tuple[Any, Any, Any]:
    if name in REFERENCE:
        return REFERENCE[name]["time"], REFERENCE[name]["event"], REFERENCE[name]["covariates"]["age"]
    if name == "lung sex":
        return LUNG["time"], LUNG["event"], LUNG["covariates"]["sex"]
    return *FEW, [1, 1, 0, 1, 1] + [0] * 6 + [1, 0, 0] if name == "few" else [1] * 5 + [0] * 9


@pytest.mark.parametrize("name", PENALISED)
def test_penalised_agrees_with_firthmodels(name: str) -> None:
    term = cox_penalised(*penalised_data(name), "x", ties="breslow")
    assert isinstance(term, CoxTerm)
    assert (term.log_hazard_ratio, term.standard_error) == pytest.approx(PENALISED[name][:2], abs=1e-6)
    assert (np.log(term.lower), np.log(term.upper)) == pytest.approx(PENALISED[name][2:], abs=1e-4)
    assert (term.p < 0.05) == (not term.lower <= 1 <= term.upper)


SINGLE = st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.integers(-3, 3)), min_size=2, max_size=16)


@examples(15, nightly=300)
@given(SINGLE, st.sampled_from(["efron", "breslow"]), st.randoms(use_true_random=False))
def test_penalised_properties(rows: list[Any], ties: Ties, random: Any) -> None:
    time, event, x = [r[0] for r in rows], [r[1] for r in rows], np.array([float(r[2]) for r in rows])
    if not x.std():
        with pytest.raises(ValueError, match="constant"):
            cox_penalised(time, event, x, "x", ties=ties)
        return
    term = cox_penalised(time, event, x, "x", ties=ties)
    order = random.sample(range(len(rows)), len(rows))
    assert cox_penalised([time[i] for i in order], [event[i] for i in order], x[order], "x", ties=ties) == term
    if isinstance(term, NotRun):
        at_risk = [x[np.array(time) >= t] for t, e in zip(time, event, strict=True) if e]
        assert all(each.std() == 0 or ties == "efron" for each in at_risk)
        return

    def value(beta: float) -> float:
        """The information by a second difference of the likelihood: an error of about 1e-6."""
        at = [log_likelihood(np.array([beta + h]), time, event, x[:, None], ties) for h in (-1e-3, 0.0, 1e-3)]
        return at[1] + 0.5 * float(np.log((2 * at[1] - at[0] - at[2]) / 1e-6))

    best = value(term.log_hazard_ratio)
    for step in (-0.1, 0.1):
        assert value(term.log_hazard_ratio + step) < best
    for limit in (term.lower, term.upper):
        if abs(np.log(limit)) < 5:  # further out the differences are lost in rounding
            assert best - value(float(np.log(limit))) == pytest.approx(chdtri(1, 0.05) / 2, abs=1e-4)
    assert chdtrc(1, max(0.0, 2 * (best - value(0.0)))) == pytest.approx(term.p, abs=1e-3)
    mirrored = cox_penalised(time, event, -3 * x + 1, "x", ties=ties)
    assert isinstance(mirrored, CoxTerm)
    assert -3 * mirrored.log_hazard_ratio == pytest.approx(term.log_hazard_ratio, abs=1e-6)
    assert term.lower < term.hazard_ratio < term.upper


@pytest.mark.parametrize("event", [[0, 0, 0, 0], [0, 0, 0, 1]])
def test_penalised_needs_an_event_with_others_at_risk(event: list[int]) -> None:
    found = cox_penalised([1, 2, 3, 4], event, [0, 1, 0, 1], "x")
    assert found == NotRun("no hazard ratio: the covariate does not vary at any event")


@pytest.mark.parametrize("number", [20, 80, 200])
def test_penalised_with_all_events_in_order(number: int) -> None:
    """Nine events in order, all others far off: exp(b) is 17 by hand. With 80 the weights vanish."""
    found = cox_penalised(range(1, number + 1), [1] * number, -np.arange(number), "x")
    assert isinstance(found, CoxTerm) == (number == 20)
    nine = cox_penalised(range(1, 201), [1] * 9 + [0] * 191, -np.arange(200), "x")
    assert isinstance(nine, CoxTerm)
    assert nine.hazard_ratio == pytest.approx(17, abs=1e-4)
