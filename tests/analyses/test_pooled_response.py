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
from metaimt.serialise import to_json
from metaimt.statistics.posterior import METHOD, PooledProportion, pool_parts
from metaimt.statistics.proportion import EXACT, Proportion


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


def test_one_model_for_every_pool_and_exact_for_what_is_no_pool(shipped: Results) -> None:
    for pool in shipped.response.pools.values():
        assert {each.orr.method for each in (pool, *pool.strata.values()) if each.orr} == {METHOD}
    for row in shipped.response.rows.values():
        assert row.orr is None or isinstance(row.orr, Proportion)


def test_the_strata_of_a_pool_have_one_rho(shipped: Results) -> None:
    priors = shipped.protocol.priors
    for pool in shipped.response.pools.values():
        parts = [([r for _, r, _ in each.clusters], [n for _, _, n in each.clusters]) for each in pool.strata.values()]
        above = shipped.protocol.thresholds
        found = pool_parts(parts, mu_prior=priors.mu, rho_prior=priors.rho, above=above)
        assert [each.orr for each in pool.strata.values()] == list(found)
        assert len({each.rho for each in found if isinstance(each, PooledProportion)}) == 1


def test_a_stratum_of_one_report_is_these_patients(make_review: MakeReview) -> None:
    folder = make_review(
        report("example-1", design="trial", arms=[arm(4, 9)]),
        report("example-2", design="cohort", arms=[arm(3, 5)]),
        report("example-3", design="cohort", arms=[arm(2, 5)]),
    )
    strata = respond(load(folder))[1].pools["strict"].strata
    assert isinstance(strata["trials"].orr, Proportion)
    assert (strata["trials"].orr.responders, strata["trials"].orr.evaluable) == (4, 9)
    assert isinstance(strata["cohorts"].orr, PooledProportion)
    assert "2 reports, so the spread between reports is mostly assumed" in strata["cohorts"].warnings


def test_the_adjusted_rate_needs_trials_and_others(make_review: MakeReview) -> None:
    alone = make_review(report("example-1", design="trial", arms=[arm(4, 9)]))
    assert to_json(respond(load(alone))[1].pools["strict"])["adjusted"] == {"not_run": "only prospective trials"}


def test_the_adjusted_rate_without_selection_is_the_pool(shipped: Results) -> None:
    for pool in shipped.response.pools.values():
        assert pool.orr is not None
        assert isinstance(pool.adjusted, tuple)
        assert pool.adjusted[0].prior.odds_ratio == shipped.protocol.priors.selection.odds_ratio
        none = next(each for each in pool.adjusted if each.prior.log_sd == 0)
        assert (none.estimate, none.lower, none.upper) == (pool.orr.estimate, pool.orr.lower, pool.orr.upper)


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
        report("example-1", patient(course(None))), report("example-2", patient(course("PR"), histology="other"))
    )
    with pytest.raises(CannotAnalyse, match=r"1 not eligible \(histology other\), 1 response not readable"):
        metaimt.run(folder)


def test_an_empty_pool_beside_a_filled_one_is_not_identified(make_review: MakeReview) -> None:
    results = metaimt.run(make_review(report("example-1", patient(course("PR", response_basis="inferred")))))
    found = to_json(results)["pools"]
    assert found["strict"]["orr"] == {"not_identified": "no evaluable patient"}
    assert found["all_evidence"]["orr"]["method"] == EXACT
    assert to_json(results.heterogeneity["strict"])["rho"] == {"not_identified": "no evaluable patient"}
    assert to_json(results.heterogeneity["all_evidence"])["rho"] == {"not_identified": "one report"}


def test_a_mean_over_reports_that_is_not_r_over_n_is_said(make_review: MakeReview) -> None:
    arms = {"a": (9, 9), "b": (0, 2), "c": (4, 5), "d": (0, 1)}
    folder = make_review(*(report(f"example-{k}", design="cohort", arms=[arm(*counts)]) for k, counts in arms.items()))
    group = respond(load(folder))[1].pools["strict"]
    assert isinstance(group.orr, PooledProportion)
    assert abs(group.orr.estimate - 13 / 17) > 0.05
    assert any(
        "large and small reports disagree" in warning and "13/17 is 76.5 %" in warning for warning in group.warnings
    )


KEYS = {"responders", "evaluable", "reports", "orr", "crude", "rho", "strata", "left_out"}


def test_the_contract_of_pool_json(shipped: Results) -> None:
    found = to_json(shipped.response)
    assert found["format"] == 2
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
