"""Sensitivity analyses: each does what it says, by counts worked out by hand on made-up reviews, and on the shipped."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, arm, course, link, patient, report, selected_in

import metaimt
from metaimt.analyses.alternatives import alternative
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import NO_ROWS, SAME_COUNTS, Cell, SensitivityTables, sensitivity, specification_grid
from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Choices, Protocol
from metaimt.checks import check_library
from metaimt.report.cells import csv_text
from metaimt.report.markdown import report_markdown
from metaimt.report.tables import leave_one_out_rows, sensitivity_rows, specification_rows
from metaimt.serialise import to_json
from metaimt.statistics.posterior import pool_weighted


def cell(found: Results | SensitivityTables, name: str, pool: str) -> Cell:
    tables = found.sensitivity if isinstance(found, Results) else found
    return next(row for row in tables.rows if row.name == name).pools[pool]


def tables_of(folder: Path) -> SensitivityTables:
    return sensitivity(*selected_in(folder))


def counted(found: Cell) -> tuple[int, int]:
    return found.counts.responders, found.counts.evaluable


# Twelve made-up patients: who is in which pool, and what each analysis does with them, is worked out by hand.
PATIENTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "stated": (course("PR"), {"age": 40}),
    "failure": (course("PD"), {"age": 10}),
    "death": (course("NE", stop_reason="death"), {"histology": "EIMS"}),
    "inferred": (course("PR", response_basis="inferred"), {"age": 50}),
    "inferred-failure": (course("PD", response_basis="inferred"), {}),
    "disputed": (course("SD", response_alternatives=["PR"]), {}),
    "mixed": (course("CR", combined_with=["surgery"]), {}),
    "unnamed": (course("PR", drug="unspecified ALK inhibitor"), {}),
    "not-stated": (course("PR"), {"ihc": {}}),
    "ros1": (course("PR"), {"ihc": {}, "fusion_gene": "ROS1"}),
    "unreadable": (course(None), {}),
    "no-disease": (course("NE"), {}),
}
# strict: stated, failure, death = 1/3; all evidence: with inferred, inferred-failure, disputed, mixed, unnamed,
# not-stated = 5/9.
HAND: dict[str, tuple[tuple[int, int] | None, tuple[int, int] | None]] = {
    "death before assessment excluded": ((1, 2), (5, 8)),
    "inferred counted as failures": (None, (4, 9)),
    "disputed counted as responses": (None, (6, 9)),
    "disputed counted as failures": (None, (5, 9)),
    "read in full text only": ((0, 0), (0, 0)),
    "EIMS only": ((0, 1), (0, 1)),
    "IMT only": ((1, 2), (5, 8)),
    "adults": ((1, 1), (2, 2)),
    "children": ((0, 1), (0, 1)),
    "possible links not applied": (None, None),
    "earlier reading of a trial read twice": (None, None),
    "later reading of the same patients (independent review)": (None, None),
    "mixed treatment in": ((2, 4), None),
    "unnamed drugs out": (None, (4, 8)),
    "ALK status not stated out": (None, (4, 8)),
    "ROS1 in": ((2, 4), (6, 10)),
    "response not readable: all responders": ((2, 4), (6, 10)),
    "response not readable: none responds": ((1, 4), (5, 10)),
}


@pytest.fixture
def made_up(make_review: MakeReview) -> Results:
    return metaimt.run(
        make_review(*(report(f"example-{name}", patient(given, **more)) for name, (given, more) in PATIENTS.items()))
    )


def test_every_analysis_on_twelve_patients_counted_by_hand(made_up: Results) -> None:
    assert {name: group.counts.evaluable for name, group in made_up.response.pools.items()} == {
        "strict": 3,
        "all_evidence": 9,
    }
    assert {row.name for row in made_up.sensitivity.rows} == set(HAND)
    base = {"strict": (1, 3), "all_evidence": (5, 9)}
    for name, expected in HAND.items():
        for pool, counts in zip(base, expected, strict=True):
            found = cell(made_up, name, pool)
            assert counted(found) == (counts or base[pool]), (name, pool)
            assert (found.status == NO_ROWS) == (counts is None), (name, pool)


def test_a_disputed_failure_that_stays_one_changes_no_count_but_is_there(make_review: MakeReview) -> None:
    disputed = patient(course("SD", response_alternatives=["PR"]))
    results = tables_of(make_review(report("example-1", disputed)))
    assert cell(results, "disputed counted as failures", "all_evidence").status == SAME_COUNTS
    assert cell(results, "disputed counted as failures", "strict").status == NO_ROWS
    assert to_json(cell(results, "disputed counted as responses", "all_evidence"))["moved"] == {"recounted": 1}


def read_twice(
    relation: str = "=", certainty: str = "certain", earlier: int = 2018
) -> tuple[Any, list[dict[str, Any]]]:
    first = report("example-1", design="trial", overlaps=["example-2"], arms=[arm(1, 5)])
    second = report("example-2", design="trial", overlaps=["example-1"], arms=[arm(3, 5)])
    first["report"]["year"], second["report"]["year"] = earlier, 2021
    same = f"example-1/arm1 {relation} example-2/arm1"
    return (first, second), [link("example-1", "example-2", same, certainty=certainty)]


EARLIER, LATER = "earlier reading of a trial read twice", "later reading of the same patients (independent review)"


@pytest.mark.parametrize(
    ("relation", "certainty", "year", "changed"),
    [
        ("=", "certain", 2018, EARLIER),
        ("=", "certain", 2022, LATER),
        ("=", "certain", 2021, None),
        ("=", "probable", 2018, None),
        ("in", "certain", 2018, None),
    ],
)
def test_another_reading_needs_a_certain_link_of_equals_and_two_years(
    make_review: MakeReview, relation: str, certainty: str, year: int, changed: str | None
) -> None:
    reports, links = read_twice(relation, certainty, year)
    results = tables_of(make_review(*reports, links=links))
    for name in (EARLIER, LATER):
        assert counted(cell(results, name, "strict")) == ((1, 5) if name == changed else (3, 5))
    notes = tuple(map(str, cell(results, EARLIER, "strict").notes))
    if changed == EARLIER:
        assert notes == ("example-1/arm1 1/5 in place of example-2/arm1 3/5",)
    elif relation == "in":
        assert notes == ("example-1/arm1 1/5 not exchanged: a part of example-2/arm1 3/5",)


def test_keeping_one_histology_does_not_bring_back_who_gave_way(make_review: MakeReview) -> None:
    gives = report("example-1", patient(course("PR"), histology="EIMS"), overlaps=["example-2"])
    preferred = report("example-2", design="trial", overlaps=["example-1"], arms=[arm(3, 5)])
    possible = link("example-1", "example-2", "example-1/P1 in example-2/arm1", certainty="possible")
    results = tables_of(make_review(gives, preferred, links=[possible]))
    assert counted(cell(results, "EIMS only", "strict")) == (0, 0)
    assert counted(cell(results, "possible links not applied", "strict")) == (4, 6)


# ---------- the shipped review ----------


def test_create_was_read_twice(shipped: Results) -> None:
    for pool, (r, n) in {"strict": (55, 74), "all_evidence": (98, 122)}.items():
        found = cell(shipped, EARLIER, pool)
        assert counted(found) == (r - 2, n)
        assert "schoffski-2018/arm1 6/12 in place of schoffski-2021/arm1 8/12" in [*map(str, found.notes)]
        assert to_json(found)["moved"] == {"recounted": 12}


def test_independent_review_says_what_can_be_exchanged_and_what_cannot(shipped: Results) -> None:
    found = cell(shipped, LATER, "strict")
    assert found.status == SAME_COUNTS
    assert "fda-2022/arm1 12/14 in place of mosse-2017/arm1 12/14" in [*map(str, found.notes)]
    assert any(note.startswith("fda-2022/arm2 5/7 not exchanged") for note in map(str, found.notes))


def test_without_possible_links_exactly_their_patients_come_in(shipped: Results) -> None:
    possible = [link for link in shipped.library.links if link.certainty == "possible"]
    named = {"/".join(side) for link in possible for same in link.patients if (side := same.side(link.gives_way))}
    found = alternative(shipped.library, shipped.protocol, Choices(links=("certain", "probable")))
    for pool in shipped.selection.pools:
        before = {placed.unit.id for placed in shipped.selection.members(pool)}
        entered = {placed.unit.subject for placed in found.members[pool] if placed.unit.id not in before}
        assert entered <= named
        assert entered == {"cosa702-2012/P1"}  # testa-2021, the other one, is not eligible (histology other)
        assert before <= {placed.unit.id for placed in found.members[pool]}


def test_nothing_otherwise_is_the_review_itself(shipped: Results) -> None:
    found = alternative(shipped.library, shipped.protocol, Choices())
    for pool in shipped.selection.pools:
        assert found.members[pool] == shipped.selection.members(pool)


def test_no_such_rows_means_the_estimate_of_the_pool(shipped: Results) -> None:
    silent = [(row.name, pool) for row in shipped.sensitivity.rows for pool, c in row.pools.items() if c.status]
    assert ("mixed treatment in", "all_evidence") in silent
    assert ("unnamed drugs out", "strict") in silent
    for name, pool in silent:
        found, orr = cell(shipped, name, pool), shipped.response.pools[pool].orr
        assert found.change == 0
        assert found.orr is not None
        assert orr is not None
        assert (found.orr.estimate, found.orr.lower, found.orr.upper) == (orr.estimate, orr.lower, orr.upper)


def test_the_patients_that_moved_account_for_the_counts(shipped: Results) -> None:
    for row in shipped.sensitivity.rows:
        for pool, found in row.pools.items():
            difference = found.counts.evaluable - shipped.response.pools[pool].counts.evaluable
            moved = to_json(found)["moved"]
            assert moved.get("entered", 0) - moved.get("left", 0) == difference


def test_each_report_is_left_out_once(shipped: Results) -> None:
    for pool, group in shipped.response.pools.items():
        mine = [left for left in shipped.sensitivity.leave_one_out if left.pool == pool]
        assert [(left.report, left.own.responders, left.own.evaluable) for left in mine] == list(group.clusters)
        for left in mine:
            assert left.without.evaluable + left.own.evaluable == group.counts.evaluable
            assert left.without.reports == group.counts.reports - 1
            assert left.orr is not None
            assert group.orr is not None
            assert left.change == pytest.approx(left.orr.estimate - group.orr.estimate)


def test_the_discount_ends_at_the_pool_and_at_the_other_strata(shipped: Results) -> None:
    for pool, group in shipped.response.pools.items():
        curve = {p.weight: p.orr for p in shipped.sensitivity.discounts if p.pool == pool}
        names = {(p.name, p.stratum) for p in shipped.sensitivity.discounts if p.pool == pool}
        assert names == {("single cases and series at weight 0 to 1", "cases_and_series")}
        assert set(curve) == {0, 0.25, 0.5, 0.75, 1}
        whole, none, cases = curve[1], curve[0], group.strata["cases_and_series"].counts
        assert whole is not None
        assert none is not None
        assert group.orr is not None
        assert whole.estimate == pytest.approx(group.orr.estimate, abs=1e-9)
        assert none.evaluable == group.counts.evaluable - cases.evaluable
        rates = [point.estimate for point in curve.values() if point]
        assert rates in (sorted(rates), sorted(rates, reverse=True))


def test_the_grid_is_every_combination_in_order_of_the_estimate(shipped: Results) -> None:
    grid = shipped.specification
    options = [list(axis) for axis in shipped.protocol.specification.values()]
    assert sorted(tuple(each.settings.values()) for each in grid.specifications) == sorted(product(*options))
    rates = [each.orr for each in grid.specifications if each.orr is not None]
    assert [rate.estimate for rate in rates] == sorted(rate.estimate for rate in rates)
    (headline,) = [each for each in grid.specifications if each.headline]
    assert headline.counts.parts == shipped.response.headline.counts.parts
    assert (grid.lowest, grid.highest) == (rates[0].estimate, rates[-1].estimate)
    for threshold, share in grid.excluding.items():
        assert share * len(rates) == pytest.approx(sum(not r.lower <= threshold <= r.upper for r in rates))


@pytest.mark.slow
def test_the_order_of_reports_and_links_is_irrelevant(shipped: Results) -> None:
    from dataclasses import replace

    turned = replace(shipped.library, reports=shipped.library.reports[::-1], links=shipped.library.links[::-1])
    again = metaimt.run(turned)
    assert to_json(again.sensitivity) == to_json(shipped.sensitivity)
    assert to_json(again.specification) == to_json(shipped.specification)
    assert to_json(again.over_time) == to_json(shipped.over_time)
    first, second = (
        [
            (step.when, sorted(step.counts.ids), step.orr, step.sequence)
            for each in results.over_time
            for step in each.steps
        ]
        for results in (again, shipped)
    )
    assert first == second


def test_where_nobody_is_evaluable_the_grid_has_no_rate_and_no_range(make_review: MakeReview) -> None:
    library, protocol, _ = selected_in(make_review(report("example-1", patient(course(None)))))
    grid = specification_grid(library, protocol)
    assert {(each.counts.parts, each.orr) for each in grid.specifications} == {((), None)}
    assert (grid.lowest, grid.middle, grid.highest, grid.excluding) == (None, None, None, {})


def test_some_of_the_patients_are_no_row_among_what_is_done_otherwise(make_review: MakeReview) -> None:
    folder = make_review(
        report("example-1", patient(course("PR"), age=40)), report("example-2", patient(course("PD"), age=10))
    )
    path = folder / "review.yaml"
    protocol = yaml.safe_load(path.read_text(encoding="utf-8"))
    some: list[dict[str, Any]] = [
        {"name": "adults", "age_group": ["adult"]},
        {"name": "children", "age_group": ["child"]},
    ]
    protocol["sensitivity"] = [{**some[0], "subset": True}, some[1]]
    path.write_text(yaml.safe_dump(protocol, sort_keys=False), encoding="utf-8")
    tables = tables_of(folder)
    assert [[row.name for row in rows] for rows in (tables.rows, tables.subsets)] == [["children"], ["adults"]]
    assert [each.name for each in tables.contrasts] == ["as it stands", "children"]
    assert counted(tables.subsets[0].pools["strict"]) == (1, 1)
    assert [row["name"] for row in to_json(tables)["subsets"]] == ["adults"]
    assert {row["analysis"] for row in sensitivity_rows(tables)} >= {"adults", "children"}


def test_a_protocol_without_a_list_runs_none(shipped: Results) -> None:
    bare = shipped.protocol.model_copy(update={"sensitivity": (), "specification": {}})
    found = sensitivity(shipped.library, bare, shipped.selection)
    assert (found.rows, found.leave_one_out, found.discounts) == ((), (), ())
    (only,) = specification_grid(shipped.library, bare).specifications
    assert only.headline


def test_tables_and_report(shipped: Results) -> None:
    tables = shipped.sensitivity
    pools = len(shipped.response.pools)
    assert len(csv_text(sensitivity_rows(tables)).splitlines()) == 1 + pools * (
        len(tables.rows) + len(tables.models) + 5
    )
    assert len(csv_text(leave_one_out_rows(tables)).splitlines()) == 1 + len(tables.leave_one_out)
    assert len(csv_text(specification_rows(shipped.specification)).splitlines()) == 49
    text = report_markdown(shipped)
    assert "| mixed treatment in | 66/85 | " in text
    assert "| unnamed drugs out | no such rows |" in text
    assert "48 combinations" in text


def test_names_from_the_protocol_cannot_format_the_report(make_review: MakeReview) -> None:
    folder = make_review(report("example-1", patient(course("PR"))))
    protocol = yaml.safe_load((folder / "review.yaml").read_text(encoding="utf-8"))
    protocol["sensitivity"] = [{"name": "a|b <script>", "links": ["certain"]}]
    (folder / "review.yaml").write_text(yaml.safe_dump(protocol), encoding="utf-8")
    text = report_markdown(metaimt.run(folder))
    assert "a\\|b &lt;script&gt;" in text
    assert "<script>" not in text


# ---------- the list in the protocol ----------

WRONG: dict[str, tuple[Any, str, str]] = {
    "misspelt table": ("each report lef out", "unknown-sensitivity", "did you mean each report left out?"),
    "name alone": ({"name": "something"}, "unknown-sensitivity", "death_before_assessment"),
    "misspelt choice": ({"name": "x", "combined_wit": "any"}, "unknown-field", "did you mean combined_with?"),
    "unknown row": ({"name": "x", "with_rows": ["ros2"]}, "unknown-row", "did you mean ros1?"),
    "unknown histology": ({"name": "x", "histology": ["epithelioid IMT"]}, "unknown-histology", "EIMS"),
    "unknown reading": ({"name": "x", "other_reading": "early"}, "unknown-reading", ""),
    "unknown stratum": (
        {"name": "x", "discount": {"stratum": "case_and_series", "weights": [1]}},
        "unknown-stratum",
        "did you mean cases",
    ),
    "weight above 1": ({"name": "x", "discount": {"stratum": "trials", "weights": [2]}}, "wrong-form", "0.25"),
    "discount and more": (
        {"name": "x", "drug": "named", "discount": {"stratum": "trials", "weights": [1]}},
        "wrong-form",
        "two entries",
    ),
}


def problems_with(folder: Path, entries: list[Any]) -> list[tuple[str, str]]:
    protocol = yaml.safe_load((folder / "review.yaml").read_text(encoding="utf-8"))
    protocol["sensitivity"] = entries
    (folder / "review.yaml").write_text(f"# Made up.\n{yaml.safe_dump(protocol, sort_keys=False)}", encoding="utf-8")
    found = check_library(read_library(folder))
    return [(problem.rule, problem.hint) for problem in found if problem.file.endswith("review.yaml")]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_entry_is_refused_with_the_nearest(make_review: MakeReview, name: str) -> None:
    entry, rule, hint = WRONG[name]
    ((found, said),) = problems_with(make_review(report("example-1", patient(course("PR")))), [entry])
    assert found == rule
    assert hint in said


def test_two_analyses_of_one_name_are_refused(make_review: MakeReview) -> None:
    folder = make_review(report("example-1", patient(course("PR"))))
    twice = [{"name": "x", "drug": "named"}, {"name": "x", "drug": "any"}]
    assert problems_with(folder, twice) == [("repeated-sensitivity", "rename one")]


def test_the_shipped_protocol_lists_every_kind_of_choice(shipped: Results) -> None:
    used = {name for entry in shipped.protocol.sensitivity for name in entry.model_fields_set}
    assert set(Choices.model_fields) - used == {
        "response_basis",
        "design",
        "line",
        "without_depth",
        "appraisal",
        "values",
    }
    assert isinstance(shipped.protocol, Protocol)


# ---------- weighted likelihood ----------


def test_two_halves_are_one_report() -> None:
    halves = pool_weighted([8, 6, 1, 1, 12], [12, 9, 1, 1, 14], [1, 1, 0.5, 0.5, 1])
    one = pool_weighted([8, 6, 1, 12], [12, 9, 1, 14], [1, 1, 1, 1])
    assert halves is not None
    assert one is not None
    assert (halves.estimate, halves.lower, halves.upper) == pytest.approx((one.estimate, one.lower, one.upper))
