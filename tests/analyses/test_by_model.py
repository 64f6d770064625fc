"""The pools under every model, and what results.json says of how they were made."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest
from conftest import FROZEN, MakeReview, course, patient, report, selected_in

import metaimt
from metaimt.analyses.by_model import SHOWN, compare_pools, comparison_reasons, model_rows, row_name
from metaimt.analyses.comparison import compare
from metaimt.analyses.pooled_response import pooled_response
from metaimt.analyses.results import Results
from metaimt.report.cells import json_text
from metaimt.report.methods_text import method_rows
from metaimt.serialise import to_json


@pytest.mark.usefixtures("remembered", "whole_only")
def test_each_pool_is_compared_on_its_own_reports(shipped: Results) -> None:
    for name, group in shipped.response.pools.items():
        found = shipped.comparison[name]
        total = found.crude["clopper-pearson"]
        assert (total.responders, total.evaluable) == (group.counts.responders, group.counts.evaluable)
        priors = (shipped.protocol.priors.mu, shipped.protocol.priors.rho)
        again = compare([r for _, r, _ in group.clusters], [n for _, _, n in group.clusters], priors=priors)
        assert to_json(found)["methods"] == to_json(again)["methods"]


@pytest.fixture
def whole_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No report left out and no steps over time: most of the time, and for the models on the whole nothing."""
    for part in ("leave_one_out", "cumulative"):
        monkeypatch.setattr(f"metaimt.analyses.comparison.{part}", lambda studies, priors: ())


def test_the_first_model_is_that_of_the_headline(shipped: Results) -> None:
    for name, group in shipped.response.pools.items():
        first = to_json(shipped.comparison[name])["methods"]["beta-binomial"]
        orr = group.orr
        assert orr is not None
        assert (first["estimate"], first["lower"], first["upper"]) == (orr.estimate, orr.lower, orr.upper)


def test_the_sensitivity_table_has_every_model(shipped: Results) -> None:
    rows = {row.name: row for row in shipped.sensitivity.models}
    assert list(rows) == [row_name(key) for key in SHOWN]
    compared = to_json(shipped.comparison["strict"])["methods"]
    cell = rows[row_name("logit-dl")].pools["strict"]
    assert cell.orr is not None
    assert cell.change is not None
    assert cell.orr.estimate == compared["logit-dl"]["estimate"]
    headline = shipped.response.headline.orr
    assert headline is not None
    assert cell.change == round(cell.orr.estimate - headline.estimate, 10)
    assert all(words.startswith("for comparison") == ("inverse variance" in words) for words in map(row_name, SHOWN))


def test_the_reason_travels_with_the_models(shipped: Results) -> None:
    assert any("never the headline" in text for text in comparison_reasons(shipped.comparison))
    models = to_json(shipped)["methods"]["strict"]["methods"]
    labelled = {name for name, model in models.items() if model.get("label")}
    assert labelled == {"logit-reml-kh", "logit-dl", "double-arcsine-dl"}


def test_a_pool_of_nobody_is_not_identified(make_review: MakeReview) -> None:
    _, protocol, selection = selected_in(
        make_review(report("example-1", patient(course("PR", response_basis="inferred"))))
    )
    pools = pooled_response(selection, protocol).pools
    comparison = compare_pools(pools, protocol)
    assert set(comparison) == {"all_evidence"}
    strict = {row.name: row.pools["strict"] for row in model_rows(pools, comparison)}
    assert strict[SHOWN["glmm median"]].orr is None
    assert strict[SHOWN["glmm median"]].status == "not identified (no evaluable patient)"
    assert set(comparison) == {"all_evidence"}


def test_every_model_has_a_line_in_the_table(shipped: Results) -> None:
    rows = list(method_rows(shipped.comparison))
    for name, found in shipped.comparison.items():
        mine = {row["model"] for row in rows if row["data"] == name}
        assert mine == {*found.methods, *found.crude}


def test_q_has_no_p_where_reports_are_sparse(shipped: Results) -> None:
    found = to_json(shipped.comparison["strict"])
    assert found["heterogeneity"]["p"] == {"not_identified": "reports of fewer than 5 patients"}
    assert 0 <= found["heterogeneity"]["reports_of_two_or_more"]["p"] <= 1  # 9 to 16 patients each
    assert found["methods"]["logit-dl"]["p"] == {"not_identified": "reports of fewer than 5 patients"}


def test_results_say_how_they_were_made(shipped: Results) -> None:
    found = json.loads(json_text(to_json(shipped)))
    assert found["software"]["metaimt"] == metaimt.__version__
    assert found["software"]["scipy"] == version("scipy")
    assert found["settings"]["protocol"]["priors"]["rho"] == [1, 4]
    assert found["settings"]["defaults"]["interval_level"] == 0.95
    assert len(found["problems"]) == len(shipped.warnings) > 0
    assert all((FROZEN / "cases" / problem["file"]).is_file() for problem in found["problems"])
    assert len(found["excluded"]) == len(shipped.library.excluded)


def test_no_model_of_a_pool_is_forgotten(shipped: Results) -> None:
    rows = model_rows(shipped.response.pools, shipped.comparison)
    assert all(set(row.pools) == set(shipped.response.pools) for row in rows)
