"""Who is in which pool, and why not: one made-up patient that meets every condition, and one that fails each alone.

`HEADLINE` is strict: ALK-positive, first line, drug named and given alone, response stated or measured (or a death
before assessment), not disputed, not read second-hand. `WIDEST` is all evidence: every evaluable first-line patient
who is ALK-positive or of whom it is not stated.
"""

from __future__ import annotations

from typing import Any

import conftest
import pytest
from conftest import MakeReview, arm, course, patient, report
from deciding import HEADLINE, WIDEST, counts, placed, read, selected

from metaimt.analyses.pooled_response import ELSEWHERE, not_in_headline, pooled_response
from metaimt.evidence.selection import LATER_LINES, meets, select

IN: tuple[str, ...] = ()
UNNAMED = "unspecified ALK inhibitor"

# what is said otherwise of the course, the patient, the report -> why not strict, why not all evidence, separate row
CONDITIONS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], tuple[str, ...], tuple[str, ...], str]] = {
    "meets every condition": ({}, {}, {}, IN, IN, ""),
    # marker and fusion
    "ALK-negative": ({}, {"ihc": {"ALK": "negative"}}, {}, ("ALK-negative",), ("ALK-negative",), "alk_negative"),
    "not rearranged": (
        {},
        {"ihc": {}, "rearranged": {"ALK": False}},
        {},
        ("ALK-negative",),
        ("ALK-negative",),
        "alk_negative",
    ),
    "ALK not stated": ({}, {"ihc": {}}, {}, ("ALK status not stated",), IN, ""),
    "rearranged alone": ({}, {"ihc": {}, "rearranged": {"ALK": True}}, {}, IN, IN, ""),
    "fusion alone": ({}, {"ihc": {}, "fusion_gene": "ALK"}, {}, IN, IN, ""),
    "ROS1 fusion": ({}, {"ihc": {}, "fusion_gene": "ROS1"}, {}, ("ROS1",), ("ROS1",), "ros1"),
    "ROS1 fusion, ALK stained": ({}, {"fusion_gene": "ROS1"}, {}, ("ROS1",), ("ROS1",), "ros1"),
    "other kinase": (
        {},
        {"ihc": {}, "fusion_gene": "NTRK3"},
        {},
        ("other kinase fusions",),
        ("other kinase fusions",),
        "other_kinase",
    ),
    # drug and treatment
    "drug not named": ({"drug": UNNAMED}, {}, {}, ("unnamed drug",), IN, ""),
    "with surgery": ({"combined_with": ["surgery"]}, {}, {}, ("mixed treatment",), IN, ""),
    "with a drug": ({"combined_with": ["everolimus"]}, {}, {}, ("mixed treatment",), IN, ""),
    # response
    "measured": ({"response_basis": "measured"}, {}, {}, IN, IN, ""),
    "inferred": ({"response_basis": "inferred"}, {}, {}, ("inferred",), IN, ""),
    "inferred failure": ({"response": "PD", "response_basis": "inferred"}, {}, {}, ("inferred",), IN, ""),
    "basis not stated": ({"response_basis": None}, {}, {}, ("basis of the response not stated",), IN, ""),
    "response or failure": ({"response_alternatives": ["SD"]}, {}, {}, ("disputed",), IN, ""),
    "failure or response": ({"response": "SD", "response_alternatives": ["PR"]}, {}, {}, ("disputed",), IN, ""),
    "stable or progressing": ({"response": "SD", "response_alternatives": ["PD"]}, {}, {}, IN, IN, ""),
    "partial or not evaluable": ({"response_alternatives": ["NE"]}, {}, {}, IN, IN, ""),
    "died before assessment": ({"response": "NE", "response_basis": None, "stop_reason": "death"}, {}, {}, IN, IN, ""),
    "no measurable disease": ({"response": "NE"}, {}, {}, ("not evaluable",), ("not evaluable",), ""),
    "not readable": (
        {"response": None, "response_basis": None},
        {},
        {},
        ("response not readable",),
        ("response not readable",),
        "",
    ),
    # reading
    "in full text": ({}, {}, {"extraction": {"depth": "full_text"}}, IN, IN, ""),
    "by the title": ({}, {}, {"extraction": {"depth": "title"}}, IN, IN, ""),
    "second-hand": ({}, {}, {"extraction": {"depth": "secondary"}}, ("second-hand",), IN, ""),
    "not said how read": ({}, {}, {"extraction": {"depth": None}}, ("second-hand",), IN, ""),
    # histology
    "EIMS": ({}, {"histology": "EIMS"}, {}, IN, IN, ""),
    "histology not stated": ({}, {"histology": None}, {}, IN, IN, ""),
    "other histology": (
        {},
        {"histology": "other"},
        {},
        ("not eligible (histology other)",),
        ("not eligible (histology other)",),
        "",
    ),
    # where
    "local cohort": ({}, {}, {"setting": "local"}, IN, IN, ""),
    "in a cohort": ({}, {}, {"design": "cohort"}, IN, IN, ""),
    "in a trial": ({}, {}, {"design": "trial"}, IN, IN, ""),
}


def made(
    of_course: dict[str, Any], of_patient: dict[str, Any], of_report: dict[str, Any], id: str = "example-1"
) -> dict[str, Any]:
    """A report of one patient; None takes a field away."""
    given = {name: value for name, value in (course("PR") | of_course).items() if value is not None}
    told = {name: value for name, value in (patient(given) | of_patient).items() if value is not None}
    entry: dict[str, Any] = report(id, told, **of_report)
    entry["extraction"] = {name: value for name, value in entry["extraction"].items() if value is not None}
    return entry


@pytest.mark.parametrize("name", CONDITIONS)
def test_why_a_patient_is_in_or_out(make_review: MakeReview, name: str) -> None:
    of_course, of_patient, of_report, strict, widest, row = CONDITIONS[name]
    found = placed(make_review(made(of_course, of_patient, of_report)))
    assert (found.words(HEADLINE), found.words(WIDEST)) == (strict, widest)
    assert {group for group in found.reasons if found.is_in(group)} == {
        *([] if strict else [HEADLINE]),
        *([] if widest else [WIDEST]),
        *([row] if row else []),
    }


def test_every_reason_that_applies_is_told_the_deciding_one_first(make_review: MakeReview) -> None:
    """Eligibility, then the row, then the response, then the conditions in the order of the pool."""
    bad = {"drug": UNNAMED, "combined_with": ["surgery"], "response_basis": "inferred", "response_alternatives": ["SD"]}
    entry = made(bad, {"ihc": {"ALK": "negative"}, "histology": "other"}, {"extraction": {"depth": "secondary"}})
    assert placed(make_review(entry)).words(HEADLINE) == (
        *("not eligible (histology other)", "ALK-negative", "inferred", "unnamed drug", "mixed treatment"),
        *("second-hand", "disputed"),
    )


@pytest.mark.parametrize(
    ("courses", "first", "later"),
    [
        (["PR"], (1, 1), (0, 0)),
        (["PD", "PR"], (0, 1), (1, 1)),
        (["PR", "PD"], (1, 1), (0, 1)),
        (["PD", "PR", "CR"], (0, 1), (1, 1)),  # the third course is in no row
        ([None, "CR"], (0, 0), (1, 1)),  # a later course never stands in for the first
        (["NE", "PR"], (0, 0), (1, 1)),
        (["PR", None], (1, 1), (0, 0)),
        (["PR", None, "CR"], (1, 1), (0, 0)),  # nor the third one for the second
    ],
)
def test_first_line_and_later_lines(
    make_review: MakeReview, courses: list[str | None], first: tuple[int, int], later: tuple[int, int]
) -> None:
    selection = selected(make_review(report("example-1", patient(*map(course, courses)))))
    assert counts(selection.members(WIDEST)) == first
    assert counts(selection.members(LATER_LINES)) == later


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, ()),
        ({"ihc": {}}, ()),  # ALK not stated is in all evidence, so its later lines are shown too
        ({"ihc": {"ALK": "negative"}}, ("ALK-negative",)),
        ({"ihc": {}, "fusion_gene": "ROS1"}, ("ROS1",)),
    ],
)
def test_later_lines_are_those_of_the_pooled_rows(
    make_review: MakeReview, told: dict[str, Any], reason: tuple[str, ...]
) -> None:
    folder = make_review(report("example-1", patient(course("PD"), course("PR"), **told)))
    assert placed(folder, "example-1/P1/course2").words(LATER_LINES) == reason
    assert placed(folder, "example-1/P1/course2").words(HEADLINE)[0] == "later line"
    assert placed(folder).words(LATER_LINES)[0] == "first line"


@pytest.mark.parametrize(
    ("of_course", "of_report", "part"),
    [
        ({}, {}, HEADLINE),
        ({"response_basis": "inferred"}, {}, "rest"),
        ({"drug": UNNAMED}, {}, "rest"),
        ({"combined_with": ["surgery"]}, {}, "rest"),
        ({"response_alternatives": ["SD"]}, {}, "rest"),
        ({}, {"extraction": {"depth": "secondary"}}, "rest"),
    ],
)
def test_a_separate_row_says_who_meets_the_other_conditions(
    make_review: MakeReview, of_course: dict[str, Any], of_report: dict[str, Any], part: str
) -> None:
    negative = made(of_course, {"ihc": {"ALK": "negative"}}, of_report)
    library, protocol = read(make_review(negative, made({}, {}, {}, id="example-2")))
    selection = select(library, protocol)
    found = pooled_response(selection, protocol).rows["alk_negative"]
    assert {name: counted.evaluable for name, counted in found.parts.items()} == {HEADLINE: 0, "rest": 0, part: 1}
    (unit,) = (each.unit for each in selection.members("alk_negative"))
    assert meets(unit, protocol.pools[HEADLINE]) == (part == HEADLINE)


def test_later_lines_say_which_row_they_are_of(make_review: MakeReview) -> None:
    two = [course("PD"), course("PR")]
    reports = [report("example-1", patient(*two)), report("example-2", patient(*two, ihc={}))]
    library, protocol = read(make_review(*reports))
    parts = pooled_response(select(library, protocol), protocol).rows[LATER_LINES].parts
    assert {name: (part.responders, part.evaluable) for name, part in parts.items()} == {
        HEADLINE: (2, 2),
        "rest": (0, 0),
        "alk_positive": (1, 1),
        "alk_not_stated": (1, 1),
    }


def test_the_local_cohort_is_counted_in_each_pool(make_review: MakeReview) -> None:
    reports = [
        made({}, {}, {"setting": "local"}),
        made({"response": "SD", "response_basis": "inferred"}, {}, {"setting": "local"}, id="example-2"),
        made({}, {}, {}, id="example-3"),
    ]
    library, protocol = read(make_review(*reports))
    local = pooled_response(select(library, protocol), protocol).local
    assert {pool: (each.responders, each.evaluable, each.reports) for pool, each in local.items()} == {
        HEADLINE: (1, 1, 1),
        WIDEST: (1, 2, 2),
    }


# ---------- links ----------


def link(certainty: str = "certain", *same: str, prefer: str = "example-2") -> dict[str, Any]:
    named = {"patients": list(same)} if same else {}
    prefers = {} if certainty == "different" else {"prefer": prefer}
    return {"reports": ["example-1", "example-2"], "certainty": certainty, **prefers, **named}


SAME = "example-1/P1 = example-2/P1"
COUNTED, BOTH = ("counted in example-2",), ()


@pytest.mark.parametrize(
    ("told", "preferred", "reason"),
    [
        # certain, probable and possible links apply; "different" says that nobody is shared
        (link("certain", SAME), {}, COUNTED),
        (link("probable", SAME), {}, COUNTED),
        (link("possible", SAME), {}, COUNTED),
        (link("different"), {}, BOTH),
        # without naming patients the whole report gives way
        (link("certain"), {}, COUNTED),
        # whichever side the patients stand on
        (link("certain", "example-2/P1 = example-1/P1"), {}, COUNTED),
        # patients who are not named stay
        (link("certain", "example-1/P2 = example-2/P1"), {}, BOTH),
        # who is not eligible takes nothing
        (link("certain", SAME), {"histology": "other"}, BOTH),
        (link("certain"), {"histology": "other"}, BOTH),
        # nor who is not there
        (link("certain", "example-1/P1 = example-2/P9"), {}, BOTH),
    ],
)
def test_a_patient_described_twice_is_counted_once(
    make_review: MakeReview, told: dict[str, Any], preferred: dict[str, Any], reason: tuple[str, ...]
) -> None:
    gives = report("example-1", patient(course("PR")), overlaps=["example-2"])
    other = report("example-2", patient(course("SD"), **preferred), overlaps=["example-1"])
    found = {each.unit.id: each for each in selected(make_review(gives, other, links=[told])).placed}
    assert found["example-1/P1"].words(HEADLINE) == reason
    assert found["example-1/P1"].words(WIDEST) == reason
    assert found["example-2/P1"].is_in(HEADLINE) == ("histology" not in preferred)


def test_who_gives_way_is_not_the_preferred_report(make_review: MakeReview) -> None:
    gives = report("example-1", patient(course("PR")), overlaps=["example-2"])
    other = report("example-2", patient(course("SD")), overlaps=["example-1"])
    selection = selected(make_review(gives, other, links=[link("certain", SAME, prefer="example-1")]))
    assert [each.unit.id for each in selection.members(HEADLINE)] == ["example-1/P1"]


def test_a_patient_who_is_not_eligible_is_not_said_to_be_counted_elsewhere(make_review: MakeReview) -> None:
    gives = report("example-1", patient(course("PR"), histology="other"), overlaps=["example-2"])
    other = report("example-2", patient(course("SD")), overlaps=["example-1"])
    found = placed(make_review(gives, other, links=[link("certain", SAME)]))
    assert found.words(HEADLINE) == ("not eligible (histology other)",)


def test_a_later_course_that_only_one_report_has_counts_among_the_later_lines(make_review: MakeReview) -> None:
    gives = report("example-1", patient(course("PD"), course("PR")), overlaps=["example-2"])
    other = report("example-2", patient(course("PD")), overlaps=["example-1"])
    selection = selected(make_review(gives, other, links=[link("certain", SAME)]))
    assert counts(selection.members(LATER_LINES)) == (1, 1)
    assert counts(selection.members(HEADLINE)) == (0, 1)


def test_a_patient_of_an_arm_is_counted_in_the_arm(make_review: MakeReview) -> None:
    gives = report("example-1", patient(course("PR")), patient(course("PD"), id="P2"), overlaps=["example-2"])
    other = report("example-2", design="trial", overlaps=["example-1"], arms=[arm(1, 2), arm(3, 5)])
    told = link("certain", "example-1/P1 in example-2/arm2")
    selection = selected(make_review(gives, other, links=[told]))
    assert counts(selection.members(HEADLINE)) == (4, 8)  # both arms, and the second patient


def test_of_two_reports_the_one_that_itself_counts_is_named(make_review: MakeReview) -> None:
    """example-1 gives way to both; example-0 gives way itself, so it is example-2 that counts the patient."""
    entries = [report(f"example-{k}", patient(course("PR"))) for k in (0, 1, 2)]

    def to(gives: int, prefer: int) -> dict[str, Any]:
        same = f"example-{gives}/P1 = example-{prefer}/P1"
        return conftest.link(f"example-{gives}", f"example-{prefer}", same)

    found = placed(make_review(*entries, links=[to(1, 0), to(1, 2), to(0, 2)]))
    assert found.words(HEADLINE) == ("counted in example-2",)


# ---------- the line of reasons ----------


def test_who_is_not_in_the_headline_is_counted_by_the_deciding_reason(make_review: MakeReview) -> None:
    """Patients of all evidence by reason, the most frequent first, and last those that another report counts.

    Who is in neither pool (ALK-negative, later lines, not readable) is not in the line; of a patient counted elsewhere
    the later course adds nobody.
    """
    arms = report("example-a", design="trial", arms=[arm(3, 5, response_basis="inferred")])
    entries = [
        arms,
        made({"combined_with": ["surgery"]}, {}, {}, id="example-b"),
        made({"drug": UNNAMED, "combined_with": ["surgery"]}, {}, {}, id="example-c"),
        made({"combined_with": ["surgery"]}, {}, {}, id="example-d"),
        made({}, {"ihc": {"ALK": "negative"}}, {}, id="example-e"),
        made({"response": None, "response_basis": None}, {}, {}, id="example-f"),
        report("example-1", patient(course("PD"), course("PR")), overlaps=["example-2"]),
        report("example-2", patient(course("PD")), overlaps=["example-1"]),
    ]
    selection = selected(make_review(*entries, links=[link("certain", SAME)]))
    found = not_in_headline(selection, "strict")
    assert tuple((each.reason, each.patients) for each in found) == (
        ("inferred", 5),
        ("mixed treatment", 2),
        ("unnamed drug", 1),
        (ELSEWHERE, 1),
    )
    assert [unit.report for unit in found[1].counts.units] == ["example-b", "example-d"]


def test_patients_of_an_arm_counted_elsewhere_are_as_many_as_it_has(make_review: MakeReview) -> None:
    gives = report("example-1", design="trial", overlaps=["example-2"], arms=[arm(3, 5)])
    other = report("example-2", design="trial", overlaps=["example-1"], arms=[arm(6, 10)])
    told = link("certain", "example-1/arm1 in example-2/arm1")
    found = not_in_headline(selected(make_review(gives, other, links=[told])), "strict")
    assert [(each.reason, each.patients) for each in found] == [(ELSEWHERE, 5)]
