"""Subgroups: rows add up, what a rule forbids says so with its count, and the order of reports does not matter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report, selected_in

from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import NO_LEVEL, Subgroups, reports_by_level, subgroups
from metaimt.content.subgroups import subgroups_section
from metaimt.evidence.selection import select
from metaimt.render.markdown import section_markdown
from metaimt.report.cells import csv_text
from metaimt.report.tables import later_rows, regression_rows, subgroup_rows
from metaimt.review import load
from metaimt.serialise import to_json
from metaimt.statistics.exact_tests import fisher_freeman_halton
from metaimt.statistics.firth import FirthFit, fit_firth
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.partial_pooling import Rate, partial_pooling


def found_in(folder: Path) -> Subgroups:
    """The subgroups alone."""
    loaded = load(folder)
    return subgroups(select(loaded.library, loaded.protocol), loaded.protocol)


def people(responses: str, prefix: str, **more: Any) -> list[dict[str, Any]]:
    """One made-up report a letter: r a response, n none."""
    return [
        report(f"{prefix}-{k}", patient(course("PR" if letter == "r" else "PD"), **more))
        for k, letter in enumerate(responses)
    ]


@pytest.mark.parametrize(
    "grouping", ["histology", "site", "fusion_partner", "drug", "drug_generation", "age_group", "sex"]
)
@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_the_rows_add_up_and_only_known_levels_are_pooled(shipped: Results, grouping: str, pool: str) -> None:
    table = shipped.subgroups.tables[grouping][pool]
    counts = shipped.response.pools[pool].counts
    assert table.total.parts == counts.parts
    assert sum(each.level.counts.evaluable for each in table.levels) == counts.evaluable
    assert sum(each.level.counts.responders for each in table.levels) == counts.responders
    unknown = [each for each in table.levels if each.level.name in NO_LEVEL]
    assert table.not_reported.evaluable == sum(each.level.counts.evaluable for each in unknown)
    assert all(isinstance(each.pooled, NotRun) for each in unknown)
    for each in table.levels:
        if isinstance(each.pooled, Rate):
            assert 0 <= each.pooled.lower < each.pooled.median < each.pooled.upper <= 1


def test_the_prespecified_contrast_is_first_and_says_for_how_many_it_is_unknown(shipped: Results) -> None:
    assert next(iter(shipped.subgroups.tables)) == "histology"
    table = shipped.subgroups.primary["all_evidence"]
    known = {each.level.name: each.level.counts for each in table.levels if each.level.name not in NO_LEVEL}
    assert set(known) == {"IMT", "EIMS"}
    assert table.not_reported.evaluable == table.total.evaluable - sum(c.evaluable for c in known.values())
    section = section_markdown(subgroups_section(shipped), lambda _: "")
    missing = table.not_reported
    assert f"not known for {missing.evaluable} of {table.total.evaluable} patients" in section


def test_pooling_uses_the_priors_of_the_protocol(shipped: Results) -> None:
    table = shipped.subgroups.primary["all_evidence"]
    known = [each for each in table.levels if each.level.name not in NO_LEVEL]
    r, n = [e.level.counts.responders for e in known], [e.level.counts.evaluable for e in known]
    expected = partial_pooling(r, n, m_sd=1.5, s_scale=1.0)
    assert [each.pooled for each in known] == [group.rate for group in expected.groups]
    assert table.test == fisher_freeman_halton(r, n)


def test_the_strict_regression_is_not_run_with_the_count(shipped: Results) -> None:
    for model in shipped.subgroups.regressions["strict"]:
        assert isinstance(model.fit, NotRun)
        assert "(one per 5)" in model.fit.reason
    reasons = [str(row["not_run"]) for row in regression_rows(shipped.subgroups) if row["pool"] == "strict"]
    assert all("allow 0 parameters" in reason for reason in reasons)


def test_a_regression_runs_where_its_rule_allows(make_review: MakeReview) -> None:
    reports = [*people("rrrrrrnn", "eims", histology="EIMS"), *people("rrrrrnnnn", "imt", histology="IMT")]
    reports += people("rn", "unknown", histology=None)
    for entry in reports[-2:]:
        entry["patients"][0].pop("histology")
    reports.append(report("trial-1", design="trial", arms=[arm(9, 12, histology="IMT")]))  # counts, not patients
    alone, together = found_in(make_review(*reports)).regressions["strict"]
    assert (alone.patients.evaluable, alone.complete.evaluable, alone.complete.responders) == (19, 17, 11)
    assert alone.contrasts == ("histology: EIMS against IMT",)
    assert isinstance(alone.fit, FirthFit)
    expected = fit_firth([5, 6], [9, 8], [[0], [1]])
    assert alone.fit.coefficients[1].estimate == pytest.approx(expected.coefficients[1].estimate)
    assert to_json(together)["fit"] == {"not_run": "no patient with histology, age group, sex known"}


def test_too_few_for_a_test_says_why(make_review: MakeReview) -> None:
    reports = [*people("rrn", "imt", histology="IMT", sex="male"), *people("r", "eims", histology="EIMS", sex="male")]
    tables = found_in(make_review(*reports)).tables
    histology = tables["histology"]["strict"]
    assert to_json(histology)["test"] == {"not_run": "only one level has 3 or more patients"}
    assert all(isinstance(each.pooled, Rate) for each in histology.levels[:-1])
    sex = to_json(tables["sex"]["strict"])
    assert sex["partial_pooling"] == {"not_run": "one level with an evaluable patient"}
    assert sex["levels"][0]["partially_pooled"] == sex["partial_pooling"]
    site = to_json(tables["site"]["strict"])
    assert site["test"] == {"not_run": "not specified before, so shown without a test"}
    assert site["partial_pooling"] == {"not_run": "no level with an evaluable patient"}


def test_an_arm_of_children_and_adults_is_no_level(make_review: MakeReview) -> None:
    groups = {"adult": (3, 5), "paediatric": (4, 4), "mixed": (2, 6)}
    reports = [report(f"example-{k}", design="trial", arms=[arm(*v, population=k)]) for k, v in groups.items()]
    table = found_in(make_review(*reports)).tables["age_group"]["strict"]
    assert to_json(table.not_reported) == {"responders": 2, "evaluable": 6, "reports": 1}
    assert {each.level.name for each in table.levels if isinstance(each.pooled, Rate)} == {"adult", "child"}


def test_a_next_inhibitor_by_what_the_one_before_did(make_review: MakeReview) -> None:
    reports = [
        report("a", patient(course("PR", stop_reason="progression"), course("SD"), course("PR"))),
        report("b", patient(course("PD", stop_reason="progression"), course("PR"))),
        report("c", patient(course(None), course("CR"))),
        report("d", patient(course("PR"), course(None))),
        report("e", patient(course("PR"), course("PR"), ihc={"ALK": "negative"})),
        report("f", design="trial", arms=[arm(2, 3, line="later")]),
    ]
    later = found_in(make_review(*reports)).later
    assert [switch.after.id for switch in later.switches] == [
        "a/P1/course2",
        "a/P1/course3",
        *(f"{k}/P1/course2" for k in "bcd"),
    ]
    counted = {name: (c.responders, c.evaluable) for name, c in later.by_prior_outcome.items()}
    assert counted == {"response": (0, 1), "no response": (1, 1), "not known": (1, 1)}
    ended = {name: (c.responders, c.evaluable) for name, c in later.by_prior_end.items()}
    assert ended == {"progression": (1, 2), "not stated": (1, 1)}
    assert (later.arms.responders, later.arms.evaluable) == (2, 3)
    assert "not_run" in to_json(later)["test"]


def test_the_next_inhibitors_add_up_to_the_later_lines(shipped: Results) -> None:
    later, row = shipped.subgroups.later, shipped.response.rows["later_lines"].counts
    for summary in (later.by_prior_outcome, later.by_prior_end):
        assert sum(c.responders for c in summary.values()) + later.arms.responders == row.responders
        assert sum(c.evaluable for c in summary.values()) + later.arms.evaluable == row.evaluable


def test_the_order_of_reports_and_their_names_do_not_matter(make_review: MakeReview) -> None:
    letters = "rrnrnnrrrn"
    groups = ["EIMS" if k % 3 else "IMT" for k in range(len(letters))]

    def found(order: list[int]) -> dict[str, Any]:
        entries = [
            report(f"{place:02d}-x", patient(course("PR" if letters[k] == "r" else "PD"), histology=groups[k]))
            for place, k in enumerate(order)
        ]
        result: dict[str, Any] = to_json(found_in(make_review(*entries)))
        return result

    one, two = found(list(range(10))), found([7, 2, 9, 0, 4, 1, 8, 3, 6, 5])
    assert one["tables"] == two["tables"]
    for a, b in zip(one["regressions"]["strict"], two["regressions"]["strict"], strict=True):
        assert a.pop("fit").keys() == b.pop("fit").keys()
        assert a == b


def test_nothing_is_null_and_the_tables_have_all_rows(shipped: Results) -> None:
    found = shipped.subgroups
    assert "null" not in json.dumps(to_json(found), allow_nan=False)
    levels = sum(len(table.levels) for tables in found.tables.values() for table in tables.values())
    assert len(csv_text(subgroup_rows(found)).splitlines()) == levels + 1
    assert len(list(later_rows(found))) == len(found.later.switches)


@pytest.mark.parametrize("grouping", [None, "site"])
def test_a_report_has_one_row_for_its_patients_of_the_headline_and_one_for_the_others(
    make_review: MakeReview, grouping: str | None
) -> None:
    both = [
        *(patient(course("PR"), id=f"P{k}", site="lung") for k in (1, 2)),
        patient(course("SD", response_basis="inferred"), id="P3", site="lung"),
    ]
    inferred = patient(course("CR", response_basis="inferred"), site="lung")
    folder = make_review(report("made-up-1", *both, design="case_series"), report("made-up-2", inferred))
    _, protocol, selection = selected_in(folder)
    (level,) = reports_by_level(selection, protocol, "all_evidence", grouping).levels
    assert [(row.report, row.orr.responders, row.orr.evaluable, row.headline) for row in level.reports] == [
        ("made-up-1", 2, 2, True),
        ("made-up-1", 0, 1, False),
        ("made-up-2", 1, 1, False),
    ]
