"""Treatment courses and the evidence map: lists and counts that neither invent nor lose anybody."""

from __future__ import annotations

import json

import pytest
from conftest import MakeReview, arm, course, patient, report, selected_in

from metaimt.analyses.results import Results
from metaimt.analyses.treatment_courses import treatment_courses
from metaimt.serialise import to_json


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_every_patient_of_a_pool_is_a_lane_or_counted(shipped: Results, pool: str) -> None:
    found, counts = shipped.courses[pool], shipped.response.pools[pool].counts
    assert len(found.patients) + found.arms.evaluable == counts.evaluable
    assert len({patient.patient for patient in found.patients}) == len(found.patients)


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_the_cells_add_up_to_the_pool_and_to_each_breakdown(shipped: Results, pool: str) -> None:
    found, counts = shipped.evidence_map[pool], shipped.response.pools[pool].counts
    assert sum(cell.evaluable for cell in found.cells.values()) == counts.evaluable
    assert sum(cell.responders for cell in found.cells.values()) == counts.responders
    for grouping, totals in (("fusion_partner", found.row_totals), ("drug", found.column_totals)):
        table = next(table for table in shipped.breakdowns[grouping] if table.pool == pool)
        known = {level.name: level.counts for level in table.levels if level.counts.evaluable}
        assert {name: (total.responders, total.evaluable) for name, total in totals.items()} == {
            name: (level.responders, level.evaluable) for name, level in known.items()
        }


def test_courses_stand_in_order_with_what_is_stated(make_review: MakeReview) -> None:
    three = patient(
        course("PR", duration_months=8, stop_reason="progression"),
        course(None, drug="alectinib"),
        course("SD", drug="lorlatinib", duration_months=[2, 4], ongoing=True),
    )
    folder = make_review(report("made-up-1", three), report("made-up-2", arms=[arm(3, 5)], design="trial"))
    found = treatment_courses(selected_in(folder)[2])["all_evidence"]
    (only,) = found.patients
    assert [each.drug for each in only.courses] == ["crizotinib", "alectinib", "lorlatinib"]
    assert [each.duration for each in only.courses] == [(8, 8), None, (2, 4)]
    assert (only.known_months, found.arms.evaluable) == (12, 5)
    said = json.loads(json.dumps(to_json(found)))
    assert said["patients"][0]["courses"][1]["months"] == {"not_stated": "in the source"}


def test_a_patient_who_gives_way_to_another_report_has_no_lane(make_review: MakeReview) -> None:
    same = [report(f"made-up-{number}", patient(course("PR"))) for number in (1, 2)]
    links = [{"reports": ["made-up-1", "made-up-2"], "certainty": "certain", "prefer": "made-up-2", "decided_by": "a"}]
    found = treatment_courses(selected_in(make_review(*same, links=links))[2])["all_evidence"]
    assert [each.report for each in found.patients] == ["made-up-2"]
