"""What one course of one patient counts as. Every row is one made-up patient; expected by the written rules.

The rules: METHODS of the review (`outcome` of the protocol). CR and PR are responses; CR, PR, SD and PD are evaluable;
death on the drug before any assessment is a failure; any other NE, and a response that nobody can read, is not
evaluable. Disease control is CR, PR or SD.
"""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeReview, course, patient, report
from deciding import outcome, placed

from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Outcome
from metaimt.evidence.tables import is_responder
from metaimt.model.unit import Unit

STOPS = (None, "progression", "toxicity", "surgery", "completed", "death", "other")
BASES = (None, "stated", "measured", "inferred")
NOT_EVALUABLE = (0, 0, None, None)

# response -> responders, evaluable, complete response, disease control; whatever ended the course
BY_RESPONSE: dict[str | None, tuple[int, int, int | None, int | None]] = {
    "CR": (1, 1, 1, 1),
    "PR": (1, 1, 0, 1),
    "SD": (0, 1, 0, 1),
    "PD": (0, 1, 0, 0),
    "NE": NOT_EVALUABLE,  # but for a death, below
    None: NOT_EVALUABLE,  # given, but not readable
}
DIED_BEFORE_ASSESSMENT = (0, 1, 0, 0)


def fields(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def unit_of(make_review: MakeReview, given: dict[str, Any], **more: Any) -> Unit:
    return placed(make_review(report("example-1", patient(given, **more)))).unit


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("response", BY_RESPONSE)
def test_what_a_course_counts_as(
    make_review: MakeReview, response: str | None, stop: str | None, basis: str | None
) -> None:
    """The reason for stopping matters only where nothing was assessed, the basis never."""
    given = {"drug": "crizotinib"} | fields(response=response, stop_reason=stop, response_basis=basis)
    expected = DIED_BEFORE_ASSESSMENT if (response, stop) == ("NE", "death") else BY_RESPONSE[response]
    assert outcome(unit_of(make_review, given)) == expected


@pytest.mark.parametrize(
    ("response", "stop", "basis", "known_as"),
    [
        ("PR", None, "stated", "stated"),
        ("PR", None, "measured", "measured"),
        ("PR", None, "inferred", "inferred"),
        ("PR", None, None, None),
        ("PR", "death", "inferred", "inferred"),  # died later: the response is still inferred
        ("PD", "death", None, None),
        ("NE", "toxicity", "inferred", "inferred"),
        ("NE", "death", "inferred", "death"),  # a death is a fact
        ("NE", "death", None, "death"),
    ],
)
def test_how_a_response_is_known(
    make_review: MakeReview, response: str, stop: str | None, basis: str | None, known_as: str | None
) -> None:
    given = {"drug": "crizotinib"} | fields(response=response, stop_reason=stop, response_basis=basis)
    assert unit_of(make_review, given).response_basis == known_as


@pytest.mark.parametrize(
    ("response", "alternatives", "stop", "disputed"),
    [
        # on one side of the line between response and failure
        ("CR", [], None, False),
        ("CR", ["PR"], None, False),
        ("PR", ["CR"], None, False),
        ("SD", ["PD"], None, False),
        ("PD", ["SD"], None, False),
        # across it
        ("CR", ["SD"], None, True),
        ("CR", ["PD"], None, True),
        ("PR", ["SD"], None, True),
        ("PR", ["PD"], None, True),
        ("SD", ["PR"], None, True),
        ("SD", ["CR"], None, True),
        ("PD", ["PR"], None, True),
        ("PR", ["CR", "SD"], None, True),
        ("PD", ["SD", "CR"], None, True),
        # NE is neither: it leaves open whether, not how
        ("PR", ["NE"], None, False),
        ("CR", ["NE"], None, False),
        ("SD", ["NE"], None, False),
        ("PD", ["NE"], None, False),
        ("PR", ["CR", "NE"], None, False),
        ("PR", ["NE", "SD"], None, True),
        ("NE", ["PR"], None, False),
        ("NE", ["SD"], "toxicity", False),
        ("NE", ["PR"], "progression", False),
        # but a death before assessment is a failure
        ("NE", ["PR"], "death", True),
        ("NE", ["CR"], "death", True),
        ("NE", ["SD"], "death", False),
        ("NE", ["PD"], "death", False),
        ("PR", ["NE"], "death", True),
        ("SD", ["NE"], "death", False),
    ],
)
def test_what_makes_a_response_disputed(
    make_review: MakeReview, response: str, alternatives: list[str], stop: str | None, disputed: bool
) -> None:
    given = course(response, response_alternatives=alternatives, **fields(stop_reason=stop))
    unit = unit_of(make_review, given)
    assert unit.disputed is disputed
    assert (unit.responders, unit.evaluable) == outcome(
        unit_of(make_review, course(response, **fields(stop_reason=stop)))
    )[:2]


@pytest.mark.parametrize(
    ("age", "group"),
    [
        (0.08, "child"),  # a month
        (0.58, "child"),  # seven months, as a fraction of a year
        (1, "child"),
        (17, "child"),
        (17.9, "child"),
        (17.99, "child"),
        (18, "adult"),
        (18.0, "adult"),
        (18.1, "adult"),
        (64, "adult"),
        (None, None),
    ],
)
def test_a_child_is_younger_than_18(make_review: MakeReview, age: float | None, group: str | None) -> None:
    unit = unit_of(make_review, course("PR"), **fields(age=age))
    assert (unit.age, unit.age_group) == (age, group)


@pytest.mark.parametrize("age", ["7 months", "about 18", "17-19", [17, 19]])
def test_an_age_that_is_no_number_of_years_is_refused(make_review: MakeReview, age: object) -> None:
    library = read_library(make_review(report("example-1", patient(course("PR"), age=age))))
    assert [problem.rule for problem in library.problems] == ["wrong-type"]
    assert library.reports == ()


@pytest.mark.parametrize(
    ("months", "span"), [(None, None), (8, (8, 8)), (7.5, (7.5, 7.5)), ([3, 6], (3, 6)), ([3, 3], (3, 3)), (0, (0, 0))]
)
@pytest.mark.parametrize(
    ("field", "of_unit"),
    [("duration_months", "duration"), ("pfs_months", "pfs"), ("response_duration_months", "response_duration")],
)
def test_a_time_is_kept_as_shortest_and_longest(
    make_review: MakeReview, field: str, of_unit: str, months: object, span: tuple[float, float] | None
) -> None:
    unit = unit_of(make_review, course("PR", **fields(**{field: months})))
    times = {"duration": None, "pfs": None, "response_duration": None}
    assert {name: getattr(unit, name) for name in times} == {**times, of_unit: span}


@pytest.mark.parametrize(("number", "line"), [(1, "first"), (2, "later"), (3, "later")])
def test_the_first_recorded_course_is_the_first_line(make_review: MakeReview, number: int, line: str) -> None:
    folder = make_review(report("example-1", patient(course("SD"), course("PR"), course("CR"))))
    name = "example-1/P1" + ("" if number == 1 else f"/course{number}")
    unit = placed(folder, name).unit
    assert (unit.subject, unit.course, unit.line) == ("example-1/P1", number, line)
    assert unit.response == ("SD", "PR", "CR")[number - 1]


@pytest.mark.parametrize(
    ("drug", "named", "generation"),
    [
        ("crizotinib", True, "first"),
        ("ceritinib", True, "second"),
        ("alectinib", True, "second"),
        ("brigatinib", True, "second"),
        ("lorlatinib", True, "third"),
        ("entrectinib", True, "other"),
        ("unspecified ALK inhibitor", False, None),
    ],
)
def test_the_drug_and_its_generation(make_review: MakeReview, drug: str, named: bool, generation: str | None) -> None:
    unit = unit_of(make_review, course("PR", drug=drug))
    assert (unit.drug, unit.drug_named, unit.drug_generation) == (drug, named, generation)


def test_what_the_file_says_of_the_patient_and_the_course_stands_in_the_unit(make_review: MakeReview) -> None:
    given = course(
        "PR",
        combined_with=["surgery"],
        ongoing=False,
        stop_reason="surgery",
        beyond_progression=True,
        duration_months=8,
    )
    told = {"sex": "male", "site": "lung", "fusion_gene": "ALK", "fusion_partner": "TPM3", "status": "dead", "age": 9}
    unit = unit_of(make_review, given, histology="EIMS", **told)
    assert unit.combined_with == ("surgery",)
    assert (unit.ongoing, unit.stop_reason, unit.beyond_progression) == (False, "surgery", True)
    assert (unit.sex, unit.site, unit.histology, unit.life_status) == ("male", "lung", "EIMS", "dead")
    assert (unit.fusion_gene, unit.fusion_partner) == ("ALK", "TPM3")


def test_what_the_file_does_not_say_is_not_filled_in(make_review: MakeReview) -> None:
    bare = {"id": "P1", "courses": [{"drug": "crizotinib"}]}
    unit = placed(make_review(report("example-1", bare))).unit
    absent = (
        *("histology", "site", "fusion_gene", "fusion_partner", "marker_evidence", "age", "age_group", "sex"),
        *("response", "response_basis", "complete", "controlled", "duration", "pfs", "response_duration"),
        *("ongoing", "stop_reason", "beyond_progression", "life_status"),
    )
    assert {name: getattr(unit, name) for name in absent} == dict.fromkeys(absent)
    assert (unit.markers, unit.combined_with, unit.disputed) == ((), (), False)


@pytest.mark.parametrize(
    ("told", "status", "row", "evidence"),
    [
        ({"ihc": {"ALK": "positive"}}, "positive", "alk_positive", "ihc"),
        ({"ihc": {"ALK": "negative"}}, "negative", "alk_negative", None),
        ({"ihc": {}}, "not_stated", "alk_not_stated", None),
        ({"ihc": {}, "rearranged": {"ALK": True}}, "positive", "alk_positive", "rearranged"),
        ({"ihc": {}, "rearranged": {"ALK": False}}, "negative", "alk_negative", None),
        # a rearrangement decides over a stain that is negative, and a positive stain over none found
        ({"ihc": {"ALK": "negative"}, "rearranged": {"ALK": True}}, "positive", "alk_positive", "rearranged"),
        ({"ihc": {"ALK": "positive"}, "rearranged": {"ALK": True}}, "positive", "alk_positive", "rearranged"),
        ({"ihc": {"ALK": "positive"}, "rearranged": {"ALK": False}}, "positive", "alk_positive", "ihc"),
        # a fusion decides over both
        ({"ihc": {}, "fusion_gene": "ALK"}, "positive", "alk_positive", "fusion"),
        ({"ihc": {"ALK": "negative"}, "fusion_gene": "ALK"}, "positive", "alk_positive", "fusion"),
        ({"ihc": {"ALK": "positive"}, "fusion_gene": "ALK"}, "positive", "alk_positive", "fusion"),
        # and a known fusion of another kinase puts the patient into its row, whatever ALK is
        ({"ihc": {}, "fusion_gene": "ROS1"}, "not_stated", "ros1", "fusion"),
        ({"ihc": {"ALK": "negative"}, "fusion_gene": "ROS1"}, "negative", "ros1", "fusion"),
        ({"ihc": {"ALK": "positive"}, "fusion_gene": "ROS1"}, "positive", "ros1", "fusion"),
        ({"ihc": {}, "fusion_gene": "NTRK3"}, "not_stated", "other_kinase", "fusion"),
        ({"ihc": {"ALK": "negative"}, "fusion_gene": "RET"}, "negative", "other_kinase", "fusion"),
        ({"ihc": {"ALK": "positive"}, "fusion_gene": "PDGFRB"}, "positive", "other_kinase", "fusion"),
    ],
)
def test_the_marker_of_a_patient_and_the_row(
    make_review: MakeReview, told: dict[str, Any], status: str, row: str, evidence: str | None
) -> None:
    found = placed(make_review(report("example-1", patient(course("PR"), **told))))
    assert (found.unit.marker("ALK"), found.row, found.unit.marker_evidence) == (status, row, evidence)


@pytest.mark.parametrize(
    ("design", "stratum"),
    [
        ("case_report", "cases_and_series"),
        ("case_series", "cases_and_series"),
        ("cohort", "cohorts"),
        ("trial", "trials"),
    ],
)
def test_the_design_of_the_report_alone_decides_the_stratum(make_review: MakeReview, design: str, stratum: str) -> None:
    found = placed(make_review(report("example-1", patient(course("PR")), design=design)))
    assert (found.stratum, found.unit.design) == (stratum, design)


@pytest.mark.parametrize(("setting", "local"), [({}, False), ({"setting": "local"}, True)])
def test_only_a_local_setting_makes_a_patient_local(
    make_review: MakeReview, setting: dict[str, str], local: bool
) -> None:
    assert placed(make_review(report("example-1", patient(course("PR")), **setting))).unit.local is local


@pytest.mark.parametrize(("response", "failure"), [("PR", None), ("SD", None), ("PD", None), ("NE", False)])
def test_a_death_counts_only_where_nothing_was_assessed(response: str, failure: bool | None) -> None:
    """Also where a protocol takes no such response as evaluable: its words are "NE with stop_reason death"."""
    only_complete = Outcome(responders=("CR",), evaluable=("CR",), death_before_assessment="non_response")
    assert is_responder(response, "death", only_complete) is failure
