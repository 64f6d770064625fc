"""Publication bias: the shipped numbers by hand, selectivity and missing non-responders, and what cannot be asked.

Every patient in a made-up review is made up. By hand: odds ratios of fourfold tables, as rho is 0 in all of these.
"""

from __future__ import annotations

import json
from dataclasses import replace
from math import ceil, exp, inf, log
from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report, selected_in
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import xlogy
from scipy.stats import chi2

from metaimt.analyses.contrasts import CONFOUNDED, Contrast
from metaimt.analyses.pooled_response import pooled_response
from metaimt.analyses.publication_bias import (
    MISSING,
    PublicationBias,
    Selectivity,
    curve_point,
    missing_non_responders,
    publication_bias,
    trend_with_year,
    true_rate,
)
from metaimt.analyses.results import Results
from metaimt.report.bias_tables import contrast_rows, missing_rows, selectivity_rows
from metaimt.report.cells import json_text
from metaimt.report.outputs import results_dict
from metaimt.serialise import to_json
from metaimt.statistics.adjusted import OddsRatioPosterior
from metaimt.statistics.betabinomial_regression import OddsRatio
from metaimt.statistics.outcome import NotRun


def bias_of(folder: Any) -> PublicationBias:
    _, protocol, selection = selected_in(folder)
    return publication_bias(selection, protocol)


def counts(contrast: Contrast) -> tuple[tuple[int, int], tuple[int, int]]:
    group, reference = contrast.group.counts, contrast.reference.counts
    return (group.responders, group.evaluable), (reference.responders, reference.evaluable)


def odds(contrast: Contrast) -> OddsRatio:
    """By maximum likelihood."""
    assert isinstance(contrast.likelihood, OddsRatio)
    return contrast.likelihood


def table_limits(group: tuple[int, int], reference: tuple[int, int]) -> list[float]:
    """Profile limits of the odds ratio of a fourfold table, by searching the other margin blindly."""

    def likelihood(p: float, r: int, n: int) -> float:
        return float(xlogy(r, p) + xlogy(n - r, 1 - p))

    def best_at(log_odds: float) -> float:
        def score(level: float) -> float:
            return sum(r - n / (1 + exp(-(level + shift))) for (r, n), shift in ((group, log_odds), (reference, 0.0)))

        level = brentq(score, -40, 40, xtol=1e-13)
        rates = [1 / (1 + exp(-(level + shift))) for shift in (log_odds, 0.0)]
        return sum(likelihood(p, *side) for p, side in zip(rates, (group, reference), strict=True))

    top = sum(likelihood(r / n, r, n) for r, n in (group, reference))
    (a, n), (b, m) = group, reference
    estimate = log(a / (n - a) / (b / (m - b)))
    drop = chi2.ppf(0.95, 1) / 2
    return [brentq(lambda d: top - best_at(d) - drop, estimate, estimate + end, xtol=1e-11) for end in (-8, 8)]


def test_the_shipped_contrasts_are_those_of_the_selection(shipped: Results) -> None:
    found = shipped.publication_bias
    assert [counts(contrast) for contrast in found.contrasts] == [
        ((36, 42), (33, 45)),
        ((8, 12), (33, 45)),
        ((36, 42), (47, 62)),
        ((8, 12), (47, 62)),
        ((22, 27), (9, 13)),
        ((43, 48), (55, 74)),
    ]
    assert found.primary.group.counts.reports == 36
    assert [contrast.kind for contrast in found.contrasts] == ["design"] * 4 + ["wording"] * 2
    assert all((contrast.caveat == CONFOUNDED) == (contrast.kind == "wording") for contrast in found.contrasts)


def test_the_shipped_odds_ratios_are_those_of_fourfold_tables(shipped: Results) -> None:
    """rho is estimated as 0 in the first four: estimate and limits by hand."""
    for contrast in shipped.publication_bias.contrasts[:4]:
        group, reference = counts(contrast)
        (a, n), (b, m) = group, reference
        found = odds(contrast)
        assert found.rho == 0
        assert found.estimate == pytest.approx((a / (n - a)) / (b / (m - b)), rel=1e-9)
        assert [log(found.lower), log(found.upper)] == pytest.approx(table_limits(group, reference), abs=1e-6)
        assert contrast.wider is not None
        assert contrast.wider[0] < found.lower < found.upper < contrast.wider[1]


def test_the_shipped_missing_non_responders_are_those_of_the_formula(shipped: Results) -> None:
    for pool, (r, n) in {"all_evidence": (36, 42), "strict": (8, 12)}.items():
        found = shipped.publication_bias.selectivity[pool]
        assert isinstance(found, Selectivity)
        assert [t.missing for t in found.targets] == [max(0, ceil(r / t.orr - n - 1e-9)) for t in found.targets]
        trials = shipped.response.headline.strata["trials"].orr
        assert trials is not None
        assert found.targets[0].orr == trials.estimate
    strict = shipped.publication_bias.selectivity["strict"]
    assert isinstance(strict, Selectivity)
    assert to_json(strict, MISSING)["targets"][0]["wording"] == "none needed"


def test_the_shipped_diagnostics_are_not_run(shipped: Results) -> None:
    found = shipped.publication_bias
    for pool, number in (("all_evidence", 7), ("strict", 5)):
        small = found.small_studies[pool]
        assert isinstance(small, NotRun)
        assert small.wording().startswith(f"not run: {number} reports")
    assert all(isinstance(trend.odds_ratio, NotRun) for trend in found.trends.values())
    assert "7 of 47 reports are undated" in to_json(found.trends["all_evidence"])["not_run"]


def test_the_reading_adds_up_to_the_pool(shipped: Results) -> None:
    for pool, reading in shipped.publication_bias.reading.items():
        group = shipped.response.pools[pool].counts
        for levels in (reading.basis, reading.depth):
            assert sum(each.evaluable for each in levels.values()) == group.evaluable
            assert sum(each.responders for each in levels.values()) == group.responders


def test_the_curve_starts_from_what_is_published_and_meets_its_targets(shipped: Results) -> None:
    for found in shipped.publication_bias.selectivity.values():
        assert isinstance(found, Selectivity)
        assert found.cases.orr is not None
        assert (found.points[0].s, found.points[-1].s) == (0.5, 20.0)
        one = next(point for point in found.points if point.s == 1)
        orr = found.cases.orr
        assert (one.orr, one.lower, one.upper) == pytest.approx((orr.estimate, orr.lower, orr.upper))
        for target in found.targets:
            assert target.s is not None
            assert curve_point(found.cases, target.s).orr == pytest.approx(target.orr)
            assert target.s_upper is not None
            assert curve_point(found.cases, target.s_upper).upper == pytest.approx(target.orr)


@given(st.floats(0, 1), st.floats(0.01, 100))
def test_selectivity_divides_the_odds(published: float, s: float) -> None:
    rate = true_rate(published, s)
    assert 0 <= rate <= 1
    assert (rate <= published + 1e-12) if s >= 1 else (rate >= published - 1e-12)
    if 1e-6 < published < 1 - 1e-6:
        assert rate / (1 - rate) == pytest.approx(published / (1 - published) / s, rel=1e-6)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.01, 1))
def test_the_missing_are_the_fewest_that_do(responders: int, others: int, target: float) -> None:
    n = responders + others
    found = missing_non_responders(responders, n, target)
    assert found is not None
    assert found == 0 or responders / (n + found) <= target + 1e-9
    assert found == 0 or responders / (n + found - 1) > target - 1e-12


@pytest.mark.parametrize(
    ("r", "n", "target", "missing"),
    [
        (6, 10, 0.6, 0),
        (6, 8, 0.6, 2),
        (7, 7, 0.7, 3),
        (36, 42, 0.5, 30),
        (0, 5, 0.0, 0),
        (1, 5, 0.0, None),
        (5, 5, 1, 0),
    ],
)
def test_targets_that_are_met_exactly_need_no_one_more(r: int, n: int, target: float, missing: int | None) -> None:
    assert missing_non_responders(r, n, target) == missing


def single(number: int, response: str = "PR", **more: Any) -> dict[str, Any]:
    return report(f"case-{number}", patient(course(response)), **more)


def test_only_responders_among_the_cases_give_a_lower_limit(make_review: MakeReview) -> None:
    folder = make_review(
        *(single(number) for number in range(12)), report("trial-a", design="trial", arms=[arm(7, 10), arm(6, 12)])
    )
    bias = bias_of(folder)
    found = bias.primary
    assert (odds(found).estimate, odds(found).upper) == (inf, inf)
    assert odds(found).lower > 1
    said = to_json(found)["likelihood"]
    assert "every patient responds in case reports" in said["odds_ratio"]["not_identified"]
    assert said["upper"] == said["odds_ratio"]
    assert said["lower"] == odds(found).lower
    assert isinstance(found.odds_ratio, OddsRatioPosterior)
    assert 1 < found.odds_ratio.lower < found.odds_ratio.estimate < found.odds_ratio.upper < inf
    curve = bias.selectivity["strict"]
    assert isinstance(curve, Selectivity)
    assert curve.targets[0].s is not None
    assert 0 < curve.points[-1].lower < curve.points[-1].orr < 1


def test_no_trials_is_not_run(make_review: MakeReview) -> None:
    found = bias_of(make_review(*(single(number, "PR" if number else "PD") for number in range(4))))
    assert isinstance(found.primary.odds_ratio, NotRun)
    told = to_json(found.primary)
    why = {"not_run": "no evaluable patient in prospective trials (strict, ALK-positive)"}
    assert (told["odds_ratio"], told["lower"], told["upper"]) == (why, why, why)
    curve = found.selectivity["strict"]
    assert isinstance(curve, Selectivity)
    assert all(target.name.endswith("%") for target in curve.targets)


def test_no_cases_is_not_run(make_review: MakeReview) -> None:
    found = bias_of(make_review(report("trial-a", design="trial", arms=[arm(7, 10)])))
    assert isinstance(found.selectivity["strict"], NotRun)
    assert "not_run" in to_json(found)["selectivity"]


def test_ten_larger_reports_are_diagnosed_and_a_dated_review_has_a_trend(
    make_review: MakeReview, shipped: Results
) -> None:
    sizes = [(3, 5), (5, 6), (4, 7), (8, 9), (2, 5), (7, 11), (9, 12), (6, 8), (5, 14), (10, 15)]
    entries = [report(f"trial-{k}", design="trial", arms=[arm(r, n)]) for k, (r, n) in enumerate(sizes)]
    for k, entry in enumerate(entries):
        entry["report"]["year"] = 2010 + k
    library, protocol, selection = selected_in(make_review(*entries))
    bias = publication_bias(selection, protocol)
    small = bias.small_studies["strict"]
    assert not isinstance(small, NotRun)
    assert small.reports == 10
    trend = bias.trends["strict"]
    assert isinstance(trend.odds_ratio, OddsRatio)
    assert (trend.dated.reports, trend.reports) == (10, 10)
    assert 0 < trend.odds_ratio.lower < trend.odds_ratio.upper < inf
    assert "peters" in to_json(bias)["small_study"]
    results = replace(
        shipped,
        library=library,
        selection=selection,
        response=pooled_response(selection, protocol),
        publication_bias=bias,
    )
    assert "Peters' regression p" in results_dict(results)["publication_bias"]["technical_note"]
    # One of ten undated is a tenth, and a tenth is allowed; two are not.
    members = selection.count("strict", "strict")
    assert isinstance(trend_with_year(members).odds_ratio, OddsRatio)
    for undated, run in ((1, True), (2, False)):
        for entry in entries[:undated]:
            entry["report"].pop("year", None)
        fewer = bias_of(make_review(*entries)).trends["strict"]
        assert isinstance(fewer.odds_ratio, OddsRatio) == run


def test_the_contract_of_results_json(shipped: Results) -> None:
    said = json.loads(json_text(results_dict(shipped)))["publication_bias"]
    contrast = said["design_contrast"]
    likelihood = contrast["likelihood"]
    assert (likelihood["odds_ratio"], likelihood["lower"], likelihood["upper"]) == pytest.approx(
        (2.181818182, 0.7568183715, 6.884271807)
    )
    assert 0 < contrast["lower"] < contrast["odds_ratio"] < contrast["upper"]
    assert {"s", "orr", "lower", "upper"} == set(said["selectivity"][0])
    assert said["missing_non_responders"]["all_evidence"]["targets"][0]["missing"] > 0
    assert said["small_study"]["not_run"].startswith("7 reports")
    assert isinstance(said["note"], str)

    def nothing_is_null(value: Any) -> bool:
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return value is not None and all(nothing_is_null(part) for part in parts)

    assert nothing_is_null(said)


def test_the_tables_have_every_contrast_point_and_target(shipped: Results) -> None:
    bias = shipped.publication_bias
    assert [row["ml_p"] for row in contrast_rows(bias)] == [odds(contrast).p for contrast in bias.contrasts]
    assert len(list(selectivity_rows(bias))) == sum(
        len(found.points) for found in bias.selectivity.values() if isinstance(found, Selectivity)
    )
    assert [row["missing_non_responders"] for row in missing_rows(bias)][3:6] == [30, 18, 10]
