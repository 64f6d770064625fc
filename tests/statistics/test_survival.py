"""Kaplan-Meier and log-rank against R's survival (every number of `survival` in the file), closed forms, statsmodels.

Tolerance 1e-10: R prints 15 digits and both compute sums and products of a few hundred terms. Cox
coefficients, standard errors, likelihoods, tests and cox.zph 1e-9: both maximise to rounding (2e-15 is reached).
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
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from metaimt.statistics.cox import CoxFit, cox, proportional_hazards
from metaimt.statistics.log_rank import LogRank, log_rank
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import (
    KaplanMeier,
    Landmark,
    Quantile,
    RestrictedMean,
    Scale,
    at_risk,
    kaplan_meier,
    landmarks,
    quantile,
    restricted_mean,
    reverse_kaplan_meier,
)
from metaimt.statistics.survival_data import cox_rule, duration_variants, kaplan_meier_rule

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "reference.json").read_text(encoding="utf-8")
)["survival"]
SCALES: dict[str, Scale] = {"plain": "plain", "log": "log", "log-log": "log-log", "loglog": "log-log"}
INPUTS = {"time", "event", "group", "covariates"}
# Nothing of `survival` is left out: `compare` fails at any key that is neither an input nor compared.
NOT_COMPARED: tuple[str, ...] = ()


def limits(found: Quantile) -> list[float | None]:
    return [found.estimate, found.lower, found.upper]


def column(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(x) else float(x) for x in values]


def curves(data: dict[str, Any], scale: Scale) -> dict[str, Any]:
    """Ours in the shape of R's `km` entry."""
    ours = kaplan_meier(data["time"], data["event"], scale=scale)
    quartiles = [quantile(ours, p) for p in (0.25, 0.75)]
    points = landmarks(ours, (90, 180, 365, 730), extend=True)
    return {
        "median": limits(quantile(ours)),
        "q25_75": [{"q": q.estimate, "lo": q.lower, "hi": q.upper} for q in quartiles],
        "at": [
            {
                "time": p.time,
                "surv": p.estimate,
                "se": p.standard_error,
                "lo": p.lower,
                "hi": p.upper,
                "n_risk": p.at_risk,
            }
            for p in points
        ],
    }


def curve(data: dict[str, Any]) -> dict[str, Any]:
    ours = kaplan_meier(data["time"], data["event"])
    return {
        "time": ours.time.tolist(),
        "n_risk": ours.at_risk.tolist(),
        "n_event": ours.events.tolist(),
        "surv": ours.survival.tolist(),
        "greenwood_se": ours.standard_error.tolist(),
    }


def groups(data: dict[str, Any], prefix: str = "g_=") -> dict[str, Any]:
    time, event, group = (np.array(data[key]) for key in ("time", "event", "group"))
    levels = sorted(set(data["group"]))
    rows = []
    for level in levels:
        ours = kaplan_meier(time[group == level], event[group == level])
        rows.append([ours.subjects, ours.total_events, *limits(quantile(ours))])
    return {"levels": [prefix + level for level in levels], "table": rows}


def group_tests(data: dict[str, Any]) -> dict[str, Any]:
    plain, weighted = (log_rank(data["time"], data["event"], data["group"], rho=rho) for rho in (0, 1))
    assert isinstance(plain, LogRank)
    assert isinstance(weighted, LogRank)
    return {
        "logrank": {
            "chisq": plain.statistic,
            "df": plain.df,
            "p": plain.p,
            "obs": [each.observed for each in plain.groups],
            "exp": [each.expected for each in plain.groups],
        },
        "peto_peto_rho1": {"chisq": weighted.statistic, "p": weighted.p},
    }


def regression(data: dict[str, Any], ties: Any) -> dict[str, Any]:
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
        "concordance": ours.concordance,
        "n": ours.subjects,
        "score": ours.score,
        "zph": [test.statistic for test in proportional_hazards(data["time"], data["event"], x, ours)],
    }
    # R's file has a lone value bare.
    return {key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in found.items()}


def ours_of(data: dict[str, Any]) -> dict[str, Any]:
    backward = {scale: reverse_kaplan_meier(data["time"], data["event"], scale=scale) for scale in SCALES.values()}
    mean = restricted_mean(kaplan_meier(data["time"], data["event"]), 365, extend=True)
    assert isinstance(mean, RestrictedMean)
    return {
        "n": len(data["time"]),
        "events": kaplan_meier(data["time"], data["event"]).total_events,
        "km": {key: curves(data, SCALES[key]) for key in ("plain", "log", "log-log")},
        "km_curve": curve(data),
        "reverse_km_median_loglog": limits(quantile(backward["log-log"])),
        "reverse_km_median_plain": limits(quantile(backward["plain"])),
        "rmst365": {"rmean": mean.estimate, "se": mean.standard_error},
        "by_group": groups(data),
        **group_tests(data),
        "cox_efron": regression(data, "efron"),
        "cox_breslow": regression(data, "breslow"),
    }


def compare(ours: Any, theirs: Any, where: str) -> int:
    """Numbers compared; fails at the first difference, or where one has what the other has not."""
    if isinstance(theirs, dict):
        assert set(ours) == set(theirs), where
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
    outputs = {key: value for key, value in data.items() if key not in {*INPUTS, *NOT_COMPARED}}
    assert compare(ours_of(data), outputs, name) > 150


@pytest.mark.parametrize("name", REFERENCE["km_special"])
def test_special_cases_agree_with_r(name: str) -> None:
    data = REFERENCE["km_special"][name]
    ours: dict[str, Any] = {
        "reverse_median": limits(quantile(reverse_kaplan_meier(data["time"], data["event"]))),
    }
    for key in ("plain", "log", "loglog"):
        each = kaplan_meier(data["time"], data["event"], scale=SCALES[key])
        ours[key] = {"median": limits(quantile(each)), "time": each.time.tolist(), "surv": each.survival.tolist()}
        ours[key] |= {"lower": column(each.lower), "upper": column(each.upper)}
    assert compare(ours, {key: value for key, value in data.items() if key not in INPUTS}, name) > 10


TIMES = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=25)


def split(pairs: list[tuple[int, bool]]) -> tuple[list[int], list[bool]]:
    return [t for t, _ in pairs], [e for _, e in pairs]


@examples(40)
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


@examples(30)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=25))
def test_without_censoring_it_is_the_empirical_distribution(times: list[int]) -> None:
    ours = kaplan_meier(times, [1] * len(times))
    expected = np.array([np.mean(np.array(times) > t) for t in ours.time])
    assert ours.survival == pytest.approx(expected, abs=1e-12)
    inner = expected > 0
    assert ours.standard_error[inner] == pytest.approx(
        np.sqrt(expected * (1 - expected) / len(times))[inner], abs=1e-12
    )
    horizon = max(times) + 1.0
    mean = restricted_mean(ours, horizon)
    assert isinstance(mean, RestrictedMean)
    assert mean.estimate == pytest.approx(np.mean(times), abs=1e-10)
    assert mean.standard_error == pytest.approx(np.std(times) / len(times) ** 0.5, abs=1e-10)
    assert mean.lower <= mean.estimate <= mean.upper


@pytest.mark.parametrize("name", ["lung", "tiny14"])
def test_agrees_with_statsmodels(name: str) -> None:
    data = REFERENCE[name]
    theirs = SurvfuncRight(np.array(data["time"], float), np.array(data["event"]))
    ours = kaplan_meier(data["time"], data["event"])
    where = np.searchsorted(ours.time, theirs.surv_times)
    assert ours.survival[where] == pytest.approx(theirs.surv_prob, abs=1e-12)
    assert ours.standard_error[where] == pytest.approx(theirs.surv_prob_se, abs=1e-12)


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
    (extended,) = landmarks(TINY, [48], extend=True)
    assert extended.estimate == last.estimate
    (gone,) = landmarks(kaplan_meier([1, 2], [1, 1]), [9])
    assert (gone.estimate, gone.lower) == (0.0, None)


def test_at_risk() -> None:
    assert at_risk(TINY, [0, 2, 2.5, 6, 36, 37]) == (14, 14, 13, 10, 1, 0)


def test_restricted_mean_does_not_extrapolate() -> None:
    assert restricted_mean(TINY, 60) == NotRun("follow-up ends at 36, before 60")
    inside = restricted_mean(TINY, 12)
    assert isinstance(inside, RestrictedMean)
    steps = np.diff([0, 2, 3, 5, 6, 8, 12]) * [1, *(float(TINY.survival[TINY.time == t][0]) for t in (2, 3, 5, 6, 8))]
    assert inside.estimate == pytest.approx(steps.sum(), abs=1e-12)
    early = restricted_mean(TINY, 1)
    assert early == RestrictedMean(1, 1.0, 0.0, 1.0, 1.0, 0.95)


def test_follow_up_turns_events_into_censoring() -> None:
    time, event = REFERENCE["tiny14"]["time"], REFERENCE["tiny14"]["event"]
    backward = reverse_kaplan_meier(time, event)
    forward = kaplan_meier(time, [1 - e for e in event])
    assert isinstance(backward, KaplanMeier)
    assert np.array_equal(backward.survival, forward.survival)
    assert quantile(reverse_kaplan_meier([1, 2, 3], [1, 1, 1])) == Quantile(None, None, None)


THREE = (
    [1, 3, 3, 4, 5, 6, 6, 7, 9, 11, 12, 12, 14, 15, 18, 20],
    [1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0],
    ["a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a", "b", "c", "a"],
)


@pytest.mark.parametrize("rho", [0.0, 1.0])
def test_log_rank_of_three_groups_agrees_with_statsmodels(rho: float) -> None:
    more: dict[str, Any] = {"weight_type": "fh", "fh_p": rho} if rho else {}
    chi, p = survdiff(*(np.array(each) for each in THREE), **more)
    ours = log_rank(*THREE, rho=rho)
    assert isinstance(ours, LogRank)
    assert (ours.statistic, ours.p, ours.df) == pytest.approx((chi, p, 2), abs=1e-9)


GROUPED = st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.sampled_from("abc")), min_size=2, max_size=25)


@examples(40)
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


def test_times_known_as_a_range() -> None:
    ours = duration_variants([6, 4], [6, 8])
    assert (ours.low.tolist(), ours.middle.tolist(), ours.high.tolist()) == ([6, 4], [6, 6], [6, 8])
    with pytest.raises(ValueError, match="low end"):
        duration_variants([6, 4], [6, 3])


@pytest.mark.parametrize(
    ("time", "event", "message"),
    [
        ([], [], "at least one"),
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


def test_refuses_settings() -> None:
    with pytest.raises(ValueError, match="level"):
        kaplan_meier([1], [1], level=0)
    with pytest.raises(ValueError, match="scale"):
        kaplan_meier([1], [1], scale="logit")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="probability"):
        quantile(TINY, 1.0)
    with pytest.raises(ValueError, match="landmark"):
        landmarks(TINY, [-1])
    with pytest.raises(ValueError, match="horizon"):
        restricted_mean(TINY, 0)
    with pytest.raises(ValueError, match="one length"):
        log_rank([1, 2], [1, 1], ["a"])
