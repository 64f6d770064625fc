"""Pools, strata, rows and breakdowns: counts add up, methods follow the structure, the contract holds."""

from __future__ import annotations

import pytest
from conftest import MakeReview, arm, course, patient, report

import metaimt
from metaimt.analyses.breakdown import breakdown
from metaimt.analyses.results import Results
from metaimt.model.fields import GROUPINGS as ALL_GROUPINGS
from metaimt.problem import CannotAnalyse, WrongUse
from metaimt.review import load, respond
from metaimt.statistics.pooled import EXACT, POSTERIOR, PROFILE, PooledProportion


def test_the_strata_add_up_to_their_pool(shipped: Results) -> None:
    for group in (*shipped.response.pools.values(), *shipped.response.rows.values()):
        strata = group.strata.values()
        assert sum(s.counts.responders for s in strata) == group.counts.responders
        assert sum(s.counts.evaluable for s in strata) == group.counts.evaluable


@pytest.mark.parametrize("grouping", ALL_GROUPINGS)
@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_the_rows_of_a_breakdown_add_up_to_the_pool(shipped: Results, grouping: str, pool: str) -> None:
    table = breakdown(shipped.selection, pool, grouping)
    counts = shipped.response.pools[pool].counts
    assert table.total.parts == counts.parts
    assert sum(level.counts.responders for level in table.levels) == counts.responders
    assert sum(level.counts.evaluable for level in table.levels) == counts.evaluable
    assert table.levels[-1].name == "not reported"


def test_an_unknown_grouping_names_the_nearest(shipped: Results) -> None:
    with pytest.raises(WrongUse, match="did you mean histology"):
        breakdown(shipped.selection, "strict", "histologie")


def test_the_method_follows_the_structure(shipped: Results) -> None:
    strict = shipped.response.headline
    methods = {name: stratum.orr.method for name, stratum in strict.strata.items() if stratum.orr}
    assert strict.orr is not None
    assert strict.orr.method == PROFILE
    assert methods == {"trials": POSTERIOR, "cohorts": POSTERIOR, "cases_and_series": EXACT}


def test_the_clusters_are_the_reports_and_sum_to_the_pool(shipped: Results) -> None:
    for group in shipped.response.pools.values():
        assert len(group.clusters) == len({report for report, _, _ in group.clusters}) == group.counts.reports
        assert sum(r for _, r, _ in group.clusters) == group.counts.responders
        assert sum(n for _, _, n in group.clusters) == group.counts.evaluable


def test_every_unit_is_counted_or_left_out(shipped: Results) -> None:
    for name, group in shipped.response.pools.items():
        inside = {placed.unit.id for placed in shipped.selection.members(name)}
        outside = {each.unit.id for each in group.left_out}
        assert inside.isdisjoint(outside)
        assert inside | outside == {placed.unit.id for placed in shipped.selection.placed}


def test_what_is_not_in_the_headline_adds_up(shipped: Results) -> None:
    pools = shipped.response.pools
    reasons = {each.reason: each.patients for each in shipped.response.not_in_headline}
    reasons.pop("counted in another report")
    assert sum(reasons.values()) == pools["all_evidence"].counts.evaluable - pools["strict"].counts.evaluable


def test_complete_response_and_disease_control_have_their_own_denominators(shipped: Results) -> None:
    units = [placed.unit for placed in shipped.selection.members("strict")]
    group = shipped.response.headline
    assert group.complete is not None
    assert group.controlled is not None
    assert group.complete.evaluable == sum(u.evaluable for u in units if u.complete is not None)
    assert group.controlled.evaluable == sum(u.evaluable for u in units if u.controlled is not None)
    assert group.controlled.evaluable < group.counts.evaluable


def test_nothing_eligible_is_said_with_the_reasons_counted(make_review: MakeReview) -> None:
    folder = make_review(
        report("example-1", patient(course(None))),
        report("example-2", patient(course("PR"), histology="other")),
    )
    with pytest.raises(CannotAnalyse, match=r"1 not eligible \(histology other\), 1 response not readable"):
        metaimt.run(folder)


def test_an_empty_pool_beside_a_filled_one_is_not_identified(make_review: MakeReview) -> None:
    results = metaimt.run(make_review(report("example-1", patient(course("PR", response_basis="inferred")))))
    found = results.to_dict()["pools"]
    assert found["strict"]["orr"] == {"not_identified": "no evaluable patient"}
    assert found["all_evidence"]["orr"]["method"] == EXACT
    assert results.heterogeneity["strict"].to_dict()["rho_test"] == {"not_run": "no evaluable patient"}


def test_a_mean_over_reports_that_is_not_r_over_n_is_said(make_review: MakeReview) -> None:
    arms = {"a": (9, 9), "b": (0, 2), "c": (4, 5), "d": (0, 1)}
    folder = make_review(*(report(f"example-{k}", design="cohort", arms=[arm(*counts)]) for k, counts in arms.items()))
    group = respond(load(folder))[1].pools["strict"]
    assert isinstance(group.orr, PooledProportion)
    assert abs(group.orr.estimate - 13 / 17) > 0.03
    assert any("r/n is 76.5 % (13/17)" in warning for warning in group.warnings)


KEYS = {"responders", "evaluable", "reports", "orr", "crude", "rho", "strata", "left_out"}


def test_the_contract_of_pool_json(shipped: Results) -> None:
    found = shipped.response.to_dict()
    assert found["format"] == 1
    assert set(found["pools"]) == {"strict", "all_evidence"}
    assert {"alk_negative", "ros1", "later_lines"} <= set(found["rows"])
    for pool in (*found["pools"].values(), *found["rows"].values()):
        assert set(pool) >= KEYS
        assert all(set(entry) >= {"id", "reason"} for entry in pool["left_out"])
        for stratum in pool["strata"].values():
            assert set(stratum) >= KEYS
        if pool["evaluable"]:
            assert set(pool["orr"]) >= {"estimate", "lower", "upper", "level", "method"}
            assert 0 <= pool["orr"]["lower"] <= pool["orr"]["estimate"] <= pool["orr"]["upper"] <= 1
            assert set(pool["crude"]) >= {"estimate", "lower", "upper", "method"}
        assert "estimate" in pool["rho"] or "not_identified" in pool["rho"]
