"""Every field of a case file reaches the page: a new one that does not fails here. The patient is made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report

from metaimt.casefiles.library import read_library
from metaimt.casefiles.model import Arm, Course, Patient
from metaimt.evidence.tables import units
from metaimt.report.page_cases import facts_of

COURSE: dict[str, Any] = {
    "drug": "crizotinib", "dose": "DOSE", "combined_with": ["WITH"], "response": "PR", "response_basis": "measured",
    "response_as_stated": "WORDS", "response_alternatives": ["SD"], "criteria": "CRITERIA", "duration_months": 8.25,
    "response_duration_months": 7.25, "pfs_months": 9.25, "ongoing": False, "stop_reason": "toxicity",
    "beyond_progression": True, "adverse_events": ["EVENT"], "size_change_percent": -41.5, "sizes": [8.7, 5.2],
    "time_to_response_months": 2.25, "in_response_at_12_months": True, "became_operable": True,
    "adjudicated": [{"field": "response", "chosen": "PR", "by": "THIRD", "why": "REASON"}],
}  # fmt: skip
PATIENT: dict[str, Any] = {
    "age": 31, "sex": "female", "site": "lung", "site_detail": "PLACE", "histology": "IMT",
    "histology_detail": "TISSUE", "disease": "metastatic", "prior_treatment": ["BEFORE"], "ihc": {"ALK": "positive"},
    "ihc_pattern": "PATTERN", "fusion_gene": "ALK", "fusion_partner": "TPM3", "rearranged": {"ROS1": False},
    "mutations": [{"gene": "BRAF", "change": "V600E"}], "test_method": "METHOD", "status": "alive",
    "followup_months": 21.25,
}  # fmt: skip
ARM: dict[str, Any] = {
    "label": "LABEL", "combined_with": ["WITH"], "fusion_gene": "ALK", "fusion_partner": "TPM3", "histology": "IMT",
    "site": "lung", "cr": 1, "pr": 2, "sd": 3, "pd": 4, "population": "adult", "line": "later", "treated": 13,
    "counts_basis": "printed", "denominator": "minimum", "mutations": [{"gene": "BRAF", "change": "V600E"}],
    "in_response_at_12_months": {"n": 2, "of": 3}, "median_pfs_months": {"value": 9.25},
    "median_duration_months": {"value": 8.25},
    "adjudicated": [{"field": "responders", "chosen": 3, "by": "THIRD", "why": "REASON"}],
}  # fmt: skip


@pytest.fixture
def folder(make_review: MakeReview) -> Path:
    one = patient(course(**COURSE), **PATIENT)
    return make_review(report("a-2020", one, arms=[arm(3, 10, **ARM)], design="case_series"))


@pytest.mark.parametrize("place", [0, 1])
def test_every_field_reaches_the_facts(place: int, folder: Path) -> None:
    library = read_library(folder)
    assert library.problems == ()
    assert library.protocol is not None
    said = " ".join(text for _, text in facts_of(library, units(library, library.protocol.outcome)[place]))
    told = {**COURSE, **PATIENT} if place == 0 else {**ARM, "responders": 3, "evaluable": 10}
    fields = {*Course.model_fields, *Patient.model_fields} if place == 0 else {*Arm.model_fields}
    shown = {"id", "courses", "drug", "status", "response_basis"}  # made by the helpers, or the place itself
    assert fields - shown <= set(told)
    for name, value in told.items():
        if not isinstance(value, bool | list | dict):
            assert str(value).replace("_", " ") in said, name
    course_words, arm_words = (
        ("WITH", "V600E", "-41.5", "BEFORE", "EVENT", "THIRD"),
        ("WITH", "V600E", "2 of 3", "REASON"),
    )
    for word in course_words if place == 0 else arm_words:
        assert word in said
    assert said.count("yes") == (3 if place == 0 else 0)
