"""Curves, competing events and log-rank against R's survival, closed forms and statsmodels; Cox against R.

Tolerance 1e-10: R prints 15 digits and both compute sums and products of a few hundred terms. Cox coefficients,
standard errors, likelihoods and cox.zph 1e-9: both maximise to rounding (2e-15 is reached). What of R's file is not
compared, and why, stands in the README beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from numpy.typing import NDArray
from statsmodels.duration.survfunc import CumIncidenceRight, survdiff

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import (
    CoxFit,
    IncidenceAt,
    Landmark,
    LogRank,
    Quantile,
    Ties,
    at_risk,
    cox,
    cox_rule,
    incidence_at,
    kaplan_meier,
    kaplan_meier_rule,
    landmarks,
    log_rank,
    proportional_hazards,
    quantile,
    reverse_kaplan_meier,
)

Floats = NDArray[np.float64]
REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["survival"]
INPUTS = {"time", "event", "group", "covariates"}
NOT_COMPARED = {"plain", "log", "reverse_km_median_plain", "rmst365", "peto_peto_rho1", "score", "concordance"}


def limits(found: Quantile) -> list[float | None]:
    return [found.estimate, found.lower, found.upper]


def column(values: Floats) -> list[float | None]:
    return [None if np.isnan(x) else float(x) for x in values]


def curve(data: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ours in the shape of R's `km["log-log"]` and `km_curve`."""
    ours = kaplan_meier(data["time"], data["event"])
    quartiles = [quantile(ours, p) for p in (0.25, 0.75)]
    times = (90, 180, 365, 730)
    points = landmarks(ours, [min(time, ours.last) for time in times])  # R carries the last value on
    summary = {
        "median": limits(quantile(ours)),
        "q25_75": [{"q": q.estimate, "lo": q.lower, "hi": q.upper} for q in quartiles],
        "at": [
            {"time": time, "surv": p.estimate, "se": p.standard_error, "lo": p.lower, "hi": p.upper, "n_risk": risk}
            for time, p, risk in zip(times, points, at_risk(ours, times), strict=True)
        ],
    }
    names = {
        "time": "time",
        "n_risk": "at_risk",
        "n_event": "events",
        "surv": "survival",
        "greenwood_se": "standard_error",
    }
    return summary, {theirs: getattr(ours, name).tolist() for theirs, name in names.items()}


def groups(data: dict[str, Any]) -> dict[str, Any]:
    time, event, group = (np.array(data[key]) for key in ("time", "event", "group"))
    levels = sorted(set(data["group"]))
    curves = [kaplan_meier(time[group == level], event[group == level]) for level in levels]
    rows = [[each.subjects, each.total_events, *limits(quantile(each))] for each in curves]
    return {"levels": [f"g_={level}" for level in levels], "table": rows}


def ranked(data: dict[str, Any]) -> dict[str, Any]:
    ours = log_rank(data["time"], data["event"], data["group"])
    assert isinstance(ours, LogRank)
    counts = {"obs": [each.observed for each in ours.groups], "exp": [each.expected for each in ours.groups]}
    return {"chisq": ours.statistic, "df": ours.df, "p": ours.p, **counts}


def regression(data: dict[str, Any], ties: Ties) -> dict[str, Any]:
    names = list(data["covariates"])
    x = np.column_stack([data["covariates"][name] for name in names])
    ours = cox(data["time"], data["event"], x, names, ties=ties)
    assert isinstance(ours, CoxFit)
    found = {
        "terms": [term.name for term in ours.terms],
        "coef": [term.log_hazard_ratio for term in ours.terms],
        "se": [term.standard_error for term in ours.terms],
        "loglik": [ours.log_likelihood_null, ours.log_likelihood],
        "ci_lo": [float(np.log(term.lower)) for term in ours.terms],
        "ci_hi": [float(np.log(term.upper)) for term in ours.terms],
        "n": ours.subjects,
        "zph": [test.statistic for test in proportional_hazards(data["time"], data["event"], x, ours)],
    }
    # R's file has a lone value bare.
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in found.items()}


def ours_of(data: dict[str, Any]) -> dict[str, Any]:
    summary, steps = curve(data)
    return {
        "n": len(data["time"]),
        "events": kaplan_meier(data["time"], data["event"]).total_events,
        "km": {"log-log": summary},
        "km_curve": steps,
        "reverse_km_median_loglog": limits(quantile(reverse_kaplan_meier(data["time"], data["event"]))),
        "by_group": groups(data),
        "logrank": ranked(data),
        "cox_efron": regression(data, "efron"),
        "cox_breslow": regression(data, "breslow"),
    }


def compare(ours: Any, theirs: Any, where: str) -> int:
    """Numbers compared; fails at the first difference, or where one has what the other has not."""
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs) - NOT_COMPARED, where
        return sum(compare(ours[key], theirs[key], f"{where}.{key}") for key in ours)
    if isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        return sum(compare(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(ours, theirs, strict=True)))
    if theirs is None or isinstance(theirs, str):
        assert ours == theirs, where
    else:
        tolerance = 1e-9 if ".cox" in where else 1e-10
        assert ours == pytest.approx(theirs, abs=tolerance, rel=1e-12), where
    return 1


@pytest.mark.parametrize("name", ["lung", "tiny14"])
def test_agrees_with_r(name: str) -> None:
    data = REFERENCE[name]
    assert compare(ours_of(data), {key: data[key] for key in data.keys() - INPUTS}, name) > 110


@pytest.mark.parametrize("name", REFERENCE["km_special"])
def test_special_cases_agree_with_r(name: str) -> None:
    data = REFERENCE["km_special"][name]
    ours = kaplan_meier(data["time"], data["event"])
    curve = {"median": limits(quantile(ours)), "time": ours.time.tolist(), "surv": ours.survival.tolist()}
    curve |= {"lower": column(ours.lower), "upper": column(ours.upper)}
    backward = limits(quantile(reverse_kaplan_meier(data["time"], data["event"])))
    theirs = {key: data[key] for key in data.keys() - INPUTS}
    assert compare({"reverse_median": backward, "loglog": curve}, theirs, name) > 10


TIMES = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=25)


def split(pairs: list[tuple[int, bool]]) -> tuple[list[int], list[bool]]:
    return [t for t, _ in pairs], [e for _, e in pairs]


@examples(20, nightly=400)
@given(TIMES, st.randoms(use_true_random=False))
def test_curve_properties(pairs: list[tuple[int, bool]], random: Any) -> None:
    ours = kaplan_meier(*split(pairs))
    again = kaplan_meier(*split(random.sample(pairs, len(pairs))))
    for name in ("time", "at_risk", "events", "censored", "survival", "standard_error", "lower", "upper"):
        assert np.array_equal(getattr(ours, name), getattr(again, name), equal_nan=True)
    assert ours.subjects == len(pairs)
    assert ours.events.sum() + ours.censored.sum() == len(pairs)
    assert np.all(np.diff(ours.survival) <= 0)
    assert ours.survival[0] <= 1
    inside = ~np.isnan(ours.lower)
    assert np.all(ours.lower[inside] <= ours.survival[inside])
    assert np.all(ours.survival[inside] <= ours.upper[inside])
    middle = quantile(ours)
    if middle.estimate is None:
        assert ours.survival[-1] > 0.5
    else:
        assert middle.lower is None or middle.lower <= middle.estimate
        assert middle.upper is None or middle.estimate <= middle.upper


@examples(15, nightly=300)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=25))
def test_without_censoring_it_is_the_empirical_distribution(times: list[int]) -> None:
    ours = kaplan_meier(times, [1] * len(times))
    expected = np.array([np.mean(np.array(times) > t) for t in ours.time])
    assert ours.survival == pytest.approx(expected, abs=1e-12)
    inner = expected > 0
    error = np.sqrt(expected * (1 - expected) / len(times))
    assert ours.standard_error[inner] == pytest.approx(error[inner], abs=1e-12)


def test_median_is_never_the_last_time_for_want_of_events() -> None:
    assert quantile(kaplan_meier([3, 4, 9], [0, 0, 0])) == Quantile(None, None, None)
    assert quantile(kaplan_meier([3, 4, 9, 9], [1, 0, 0, 0])).upper is None
    flat = kaplan_meier([1, 2, 8, 9], [1, 1, 0, 0])  # S = 1/2 from 2 to the end: R prints 2
    assert quantile(flat).estimate == 2
    assert quantile(kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]), 0.75).estimate == 3.5


def test_one_subject() -> None:
    event, censored = kaplan_meier([5], [1]), kaplan_meier([5], [0])
    assert (event.survival.tolist(), quantile(event)) == ([0.0], Quantile(5.0, None, None))
    assert (censored.survival.tolist(), quantile(censored)) == ([1.0], Quantile(None, None, None))
    assert column(event.lower) == column(censored.lower) == [None]


def test_ties_an_event_comes_before_a_censored_time() -> None:
    ours = kaplan_meier([4, 4, 6], [0, 1, 1])
    assert (ours.at_risk.tolist(), ours.events.tolist(), ours.censored.tolist()) == ([3, 1], [1, 1], [1, 0])
    assert ours.survival.tolist() == pytest.approx([2 / 3, 0])


TINY = kaplan_meier(REFERENCE["tiny14"]["time"], REFERENCE["tiny14"]["event"])


def test_landmarks_stop_where_follow_up_does() -> None:
    first, year, last, beyond = landmarks(TINY, (0, 12, 36, 48))
    assert first == Landmark(0.0, 1.0, 0.0, None, None, 14)
    assert year.estimate == pytest.approx(0.511363636363636)
    assert (year.at_risk, last.at_risk) == (6, 1)
    assert last.estimate == pytest.approx(0.340909090909091)
    assert beyond == Landmark(48.0, None, None, None, None, 0)
    (gone,) = landmarks(kaplan_meier([1, 2], [1, 1]), [9])
    assert (gone.estimate, gone.lower) == (0.0, None)


def test_at_risk() -> None:
    assert at_risk(TINY, [0, 2, 2.5, 6, 36, 37]) == (14, 14, 13, 10, 1, 0)


def test_follow_up_turns_events_into_censoring() -> None:
    time, event = REFERENCE["tiny14"]["time"], REFERENCE["tiny14"]["event"]
    forward = kaplan_meier(time, [1 - e for e in event])
    assert np.array_equal(reverse_kaplan_meier(time, event).survival, forward.survival)
    assert quantile(reverse_kaplan_meier([1, 2, 3], [1, 1, 1])) == Quantile(None, None, None)


PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=25)
SOME = ([2, 3, 3, 5, 6, 6, 7, 9, 12, 12, 15, 18, 20, 24], [1, 0, 2, 1, 1, 2, 0, 2, 1, 1, 0, 3, 1, 0])
Z = 1.959963984540054


def errors(found: list[IncidenceAt]) -> Floats:
    """Standard errors of the probabilities, from their limits; nan where there are none."""
    rows = np.array([[at.estimate, at.lower, at.upper] for at in found], dtype=float)
    free = np.where(np.isnan(rows[:, 1:2]), 0.5, 1 - rows)
    loglog = np.log(-np.log(free))
    assert loglog[:, 1] - loglog[:, 2] == pytest.approx(2 * (loglog[:, 1] - loglog[:, 0]), abs=1e-7)
    error = (loglog[:, 2] - loglog[:, 1]) / (2 * Z) * -np.log(free[:, 0]) * free[:, 0]
    return np.where(np.isnan(rows[:, 1]), np.nan, error)


def by_cause(time: list[int], cause: list[int]) -> dict[int, list[IncidenceAt]]:
    """The whole curve of each cause, at each distinct time."""
    found = incidence_at(time, cause, sorted(set(time)))
    return {each: [at for at in found if at.cause == each] for each in sorted({at.cause for at in found})}


@examples(20, nightly=400)
@given(PAIRS, st.randoms(use_true_random=False))
def test_causes_and_the_free_sum_to_one(pairs: list[tuple[int, int]], random: Any) -> None:
    ours = by_cause(*map(list, zip(*pairs, strict=True)))
    free = kaplan_meier([t for t, _ in pairs], [c > 0 for _, c in pairs]).survival
    estimates = [np.array([at.estimate for at in each], dtype=float) for each in ours.values()]
    assert np.sum([free, *estimates], axis=0) == pytest.approx(1.0, abs=1e-12)
    shuffled = random.sample(pairs, len(pairs))
    assert by_cause(*map(list, zip(*shuffled, strict=True))) == ours
    assert list(ours) == sorted({c for _, c in pairs if c})
    for each in estimates:
        assert np.all(np.diff(each) >= 0)


@examples(15, nightly=300)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), max_size=25))
def test_one_cause_is_kaplan_meier(pairs: list[tuple[int, int]]) -> None:
    time, event = [5, *(t for t, _ in pairs)], [1, *(c for _, c in pairs)]
    theirs = kaplan_meier(time, event)
    ours = by_cause(time, event)[1]
    for name, other in (("estimate", "survival"), ("lower", "upper"), ("upper", "lower")):
        found = np.array([getattr(at, name) for at in ours], dtype=float)
        assert found == pytest.approx(1 - getattr(theirs, other), abs=1e-10, nan_ok=True)


@examples(15, nightly=300)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3)), min_size=1, max_size=25))
def test_without_censoring_it_is_a_proportion(pairs: list[tuple[int, int]]) -> None:
    for cause, found in by_cause(*map(list, zip(*pairs, strict=True))).items():
        p = np.array([np.mean([t <= at.time and c == cause for t, c in pairs]) for at in found])
        assert [at.estimate for at in found] == pytest.approx(p, abs=1e-12)
        inside = (p > 0) & (p < 1)
        assert errors(found)[inside] == pytest.approx(np.sqrt(p * (1 - p) / len(pairs))[inside], abs=1e-7)


def test_incidence_agrees_with_statsmodels() -> None:
    theirs = CumIncidenceRight(*map(np.array, SOME))
    for cause, found in by_cause(*SOME).items():
        assert [at.estimate for at in found] == pytest.approx(theirs.cinc[cause - 1], abs=1e-12)
        inside = theirs.cinc[cause - 1] > 0
        assert errors(found)[inside] == pytest.approx(theirs.cinc_se[cause - 1][inside], abs=1e-9)


def test_censoring_the_competing_events_overstates() -> None:
    """1 - Kaplan-Meier with the others censored is never below the cumulative incidence."""
    for cause, found in by_cause(*SOME).items():
        alone = kaplan_meier(SOME[0], [c == cause for c in SOME[1]])
        assert np.all(1 - alone.survival >= np.array([at.estimate for at in found]) - 1e-12)


def test_incidence_beyond_the_last_time() -> None:
    found = incidence_at([2, 4, 6, 8], [1, 2, 0, 0], [0, 5, 9])
    expected = [(1, 0, 0.0), (1, 5, 0.25), (1, 9, None), (2, 0, 0.0), (2, 5, pytest.approx(0.25)), (2, 9, None)]
    assert [(each.cause, each.time, each.estimate) for each in found] == expected
    assert found[2] == IncidenceAt(1, 9.0, None, None, None)
    gone = incidence_at([1, 2], [1, 2], [5])[0]  # nobody is left
    assert (gone.estimate, gone.lower is None) == (0.5, False)
    assert incidence_at([1, 2], [0, 0], [1]) == ()


THREE = (
    [1, 3, 3, 4, 5, 6, 6, 7, 9, 11, 12, 12, 14, 15, 18, 20],
    [1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0],
    ["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a"],
)


def test_log_rank_of_three_groups_agrees_with_statsmodels() -> None:
    chi, p = survdiff(*(np.array(each) for each in THREE))
    ours = log_rank(*THREE)
    assert isinstance(ours, LogRank)
    assert (ours.statistic, ours.p, ours.df) == pytest.approx((chi, p, 2), abs=1e-9)


GROUPED = st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.sampled_from("abc")), min_size=2, max_size=25)


@examples(20, nightly=400)
@given(GROUPED, st.randoms(use_true_random=False))
def test_log_rank_properties(rows: list[tuple[int, bool, str]], random: Any) -> None:
    def run(rows: list[tuple[int, bool, str]]) -> LogRank | NotRun:
        return log_rank([t for t, _, _ in rows], [e for _, e, _ in rows], [g for _, _, g in rows])

    ours, again = run(rows), run(random.sample(rows, len(rows)))
    renamed = run([(t, e, {"a": "z", "b": "y", "c": "x"}[g]) for t, e, g in rows])
    if isinstance(ours, NotRun):
        assert ours == again == renamed == NotRun("no event while two groups are at risk")
        return
    assert ours == again
    assert isinstance(renamed, LogRank)
    assert renamed.statistic == pytest.approx(ours.statistic, abs=1e-9)
    observed, expected = (sum(getattr(g, name) for g in ours.groups) for name in ("observed", "expected"))
    assert observed == sum(e for _, e, _ in rows)
    assert expected == pytest.approx(observed, abs=1e-9)
    assert 0 <= ours.p <= 1


def test_log_rank_of_equal_groups_is_nothing() -> None:
    ours = log_rank([1, 1, 3, 3, 5, 5], [1, 1, 0, 0, 1, 1], ["a", "b"] * 3)
    assert isinstance(ours, LogRank)
    assert (ours.statistic, ours.p) == pytest.approx((0, 1), abs=1e-12)


def test_a_group_never_at_risk_with_an_event_is_no_degree_of_freedom() -> None:
    two = log_rank([2, 3, 4, 5], [1, 1, 1, 1], ["a", "b", "a", "b"])
    three = log_rank([1, 2, 3, 4, 5], [0, 1, 1, 1, 1], ["c", "a", "b", "a", "b"])
    assert isinstance(two, LogRank)
    assert isinstance(three, LogRank)
    assert (three.statistic, three.df) == pytest.approx((two.statistic, 1), abs=1e-12)
    assert isinstance(log_rank([1, 2, 3], [1, 1, 1], ["a"] * 3), NotRun)


def test_rules() -> None:
    assert kaplan_meier_rule([1] * 5 + [0] * 5) is None
    assert kaplan_meier_rule([1] * 9) == NotRun("9 known times, 10 are needed")
    assert kaplan_meier_rule([1]) == NotRun("1 known time, 10 are needed")
    assert kaplan_meier_rule([1] * 4 + [0] * 20) == NotRun("4 events, 5 are needed")
    assert cox_rule([1] * 10) is None
    found = cox_rule([1] * 6 + [0] * 68)
    assert found is not None
    assert found.wording() == "not run: 6 events, 10 are needed"


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([], [], "one length"),
        ([-1.0], [1], "negative"),
        ([np.nan], [1], "known times"),
        ([1, 2], [1], "one length"),
        ([1, 2], [1, 2], "1 \\(event\\)"),
    ],
)
def test_refuses(time: list[float], event: list[int], message: str) -> None:
    for run in (kaplan_meier, reverse_kaplan_meier):
        with pytest.raises(ValueError, match=message):
            run(time, event)


def test_refuses_labels_and_causes() -> None:
    with pytest.raises(ValueError, match="one length"):
        log_rank([1, 2], [1, 1], ["a"])
    for time, cause, message in (([1, 2], [0.5, 1], "whole"), ([1, 2], [-1, 1], "whole"), ([1], [1, 2], "length")):
        with pytest.raises(ValueError, match=message):
            incidence_at(time, cause, [1])
