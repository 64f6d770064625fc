"""The figures of models and of times show what was computed, and say why where nothing can be drawn."""

from __future__ import annotations

from conftest import MakeReview, course, patient, report

import metaimt
from metaimt.analyses.by_model import SHOWN
from metaimt.analyses.results import Results
from metaimt.content.forest import pool_heading
from metaimt.figures.kaplan_meier import pfs_figure, time_on_treatment_figure
from metaimt.figures.review_figure import NotDrawn, ReviewFigure
from metaimt.figures.review_forest import methods_figure, methods_table
from metaimt.model.count import Count
from metaimt.serialise import to_json


def test_the_rule_of_the_review_is_first_and_the_others_are_those_computed(shipped: Results) -> None:
    results = shipped
    rows = [row for row in methods_table(results, ("strict",)).rows if row.estimate is not None]
    orr = results.response.pools["strict"].orr
    assert orr is not None
    assert (rows[0].label, rows[0].kind) == ("beta-binomial", "summary")
    assert (rows[0].estimate, rows[0].lower, rows[0].upper) == (orr.estimate, orr.lower, orr.upper)
    models = to_json(results.comparison["strict"])["methods"]
    by_label = {row.label: row for row in rows if row.label}
    assert by_label["logit-dl"].estimate == models["logit-dl"]["estimate"]
    assert by_label["glmm, marginal mean"].upper == models["glmm"]["marginal_mean"]["upper"]
    assert {key.split()[0] for key in SHOWN} - {"crude"} == {label.split(",")[0] for label in by_label} - {
        "beta-binomial",
        "r/n",
    }


def test_each_comparison_model_stands_beside_its_fit_on_larger_reports(shipped: Results) -> None:
    rows = methods_table(shipped, ("strict",)).rows
    place = next(i for i, row in enumerate(rows) if row.label == "logit-dl")
    models = to_json(shipped.comparison["strict"])["methods"]
    assert rows[place + 1].columns[1] == "2 or more"
    assert rows[place + 1].estimate == models["logit-dl"]["reports_of_two_or_more"]["estimate"]


def test_each_row_of_a_model_leads_to_the_patients_of_its_reports(shipped: Results) -> None:
    """The row below a model, of reports of two patients or more, bears the name of that model."""
    found = methods_figure(shipped, ("strict", "all_evidence"))
    assert isinstance(found, ReviewFigure)
    behind = {region.label: region.behind for region in found.regions}
    assert len(behind) == len(found.regions)
    for pool in ("strict", "all_evidence"):
        counts, heading = shipped.response.pools[pool].counts, pool_heading(shipped, pool).label
        larger = [(r, n) for _, r, n in counts.clusters if n > 1]
        assert behind[heading] == behind[f"{heading}, logit-dl"] == behind[f"{heading}, beta-binomial"] == counts
        some = behind[f"{heading}, logit-dl, reports of 2 or more"]
        assert isinstance(some, Count)
        assert (some.responders, some.evaluable) == tuple(map(sum, zip(*larger, strict=True)))


def test_time_on_treatment_is_drawn_with_its_counts(make_review: MakeReview) -> None:
    """Made up: eleven patients, six of whom stopped."""
    told = [
        {"duration_months": k, **({"stop_reason": "progression"} if k < 7 else {"ongoing": True})} for k in range(1, 12)
    ]
    results = metaimt.run(
        make_review(*(report(f"made-up-{k}", patient(course("PR", **each))) for k, each in enumerate(told)))
    )
    found = time_on_treatment_figure(results, ("all_evidence",))
    assert isinstance(found, ReviewFigure)
    times = results.duration["all_evidence"].times["time_on_treatment"]
    assert f"known for {len(times.known)} of {len(times.described.parts)} patients" in found.caption


def test_too_few_times_say_so(shipped: Results) -> None:
    found = pfs_figure(shipped, ("strict",))
    assert isinstance(found, NotDrawn)
    assert "10 are needed" in found.reason
