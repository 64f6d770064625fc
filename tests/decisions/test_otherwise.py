"""What each sensitivity analysis of the protocol does with one patient: who enters, who leaves, who counts otherwise.

Beside the patient of a row stand a responder and a failure who meet every condition (1/2 in both pools, adults with
IMT, read as an abstract); what is expected is of all three, or two where the patient is not in the pool.
"""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeReview, arm, course, link, patient, report
from deciding import HEADLINE, WIDEST, counts, read

from metaimt.analyses.alternatives import alternative
from metaimt.analyses.sensitivity import NO_ROWS, SAME_COUNTS, Cell, sensitivity
from metaimt.casefiles.protocol import LEAVE_ONE_OUT, Choices
from metaimt.evidence.selection import select
from metaimt.serialise import to_json

UNNAMED = "unspecified ALK inhibitor"
DEATH = {"response": "NE", "response_basis": None, "stop_reason": "death"}
INFERRED = {"response_basis": "inferred"}
UNREADABLE = {"response": None, "response_basis": None}
NEGATIVE = {"ihc": {"ALK": "negative"}}
ROS1 = {"ihc": {}, "fusion_gene": "ROS1"}
FAILED = {"response": "SD"}
ABSTRACT, FULL = {"depth": "abstract"}, {"depth": "full_text"}
Row = tuple[str, dict[str, Any], dict[str, Any], tuple[int, int], tuple[int, int], str, str]

ENTERED, LEFT, RECOUNTED, SAME, NONE = "entered", "left", "recounted", SAME_COUNTS, NO_ROWS
# analysis; course, patient; r/n of strict and of all evidence; what happens to the patient in each
ROWS: list[Row] = [
    ("death before assessment excluded", DEATH, {}, (1, 2), (1, 2), LEFT, LEFT),
    ("death before assessment excluded", {"stop_reason": "death"}, {}, (2, 3), (2, 3), NONE, NONE),
    ("death before assessment excluded", {"response": "NE"}, {}, (1, 2), (1, 2), NONE, NONE),
    ("inferred counted as failures", INFERRED, {}, (1, 2), (1, 3), NONE, RECOUNTED),
    ("inferred counted as failures", INFERRED | {"response": "PD"}, {}, (1, 2), (1, 3), NONE, SAME),
    ("inferred counted as failures", {}, {}, (2, 3), (2, 3), NONE, NONE),
    ("disputed counted as responses", FAILED | {"response_alternatives": ["PR"]}, {}, (1, 2), (2, 3), NONE, RECOUNTED),
    ("disputed counted as responses", {"response_alternatives": ["SD"]}, {}, (1, 2), (2, 3), NONE, SAME),
    ("disputed counted as responses", FAILED | {"response_alternatives": ["PD"]}, {}, (1, 3), (1, 3), NONE, NONE),
    ("disputed counted as failures", {"response_alternatives": ["SD"]}, {}, (1, 2), (1, 3), NONE, RECOUNTED),
    ("disputed counted as failures", FAILED | {"response_alternatives": ["PR"]}, {}, (1, 2), (1, 3), NONE, SAME),
    ("disputed counted as failures", {"response_alternatives": ["CR"]}, {}, (2, 3), (2, 3), NONE, NONE),
    ("mixed treatment in", {"combined_with": ["surgery"]}, {}, (2, 3), (2, 3), ENTERED, NONE),
    ("mixed treatment in", {"combined_with": ["surgery"]} | INFERRED, {}, (1, 2), (2, 3), NONE, NONE),
    ("unnamed drugs out", {"drug": UNNAMED}, {}, (1, 2), (1, 2), NONE, LEFT),
    ("unnamed drugs out", {"drug": "alectinib"}, {}, (2, 3), (2, 3), NONE, NONE),
    ("ALK status not stated out", {}, {"ihc": {}}, (1, 2), (1, 2), NONE, LEFT),
    ("ALK status not stated out", {}, NEGATIVE, (1, 2), (1, 2), NONE, NONE),
    ("ROS1 in", {}, ROS1, (2, 3), (2, 3), ENTERED, ENTERED),
    ("ROS1 in", INFERRED, ROS1, (1, 2), (2, 3), NONE, ENTERED),
    ("ROS1 in", {}, NEGATIVE, (1, 2), (1, 2), NONE, NONE),
    ("response not readable: all responders", UNREADABLE, {}, (2, 3), (2, 3), ENTERED, ENTERED),
    ("response not readable: all responders", UNREADABLE | {"drug": UNNAMED}, {}, (1, 2), (2, 3), NONE, ENTERED),
    ("response not readable: all responders", UNREADABLE, NEGATIVE, (1, 2), (1, 2), NONE, NONE),
    ("response not readable: all responders", {"response": "NE"}, {}, (1, 2), (1, 2), NONE, NONE),
    ("response not readable: none responds", UNREADABLE, {}, (1, 3), (1, 3), ENTERED, ENTERED),
    ("response not readable: none responds", {}, {}, (2, 3), (2, 3), NONE, NONE),
]


def cell_of(folder: Any, name: str) -> dict[str, Cell]:
    """One row of the protocol's list, alone."""
    library, protocol = read(folder)
    (entry,) = (each for each in protocol.sensitivity if each.name == name)
    only = protocol.model_copy(update={"sensitivity": (entry,)})
    (row,) = sensitivity(library, only, select(library, only)).rows
    return dict(row.pools)


def two_others() -> list[dict[str, Any]]:
    """1/2 in both pools, whatever is done otherwise with a third."""
    responder, failure = patient(course("PR"), age=40), patient(course("PD"), age=50)
    return [report("example-8", responder), report("example-9", failure)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}, {row[1]}, {row[2]}")
def test_what_an_analysis_does_with_a_patient(make_review: MakeReview, row: Row) -> None:
    name, of_course, of_patient, strict, widest, in_strict, in_widest = row
    given = {field: value for field, value in (course("PR") | of_course).items() if value is not None}
    third = report("example-1", patient(given, **of_patient))
    found = cell_of(make_review(third, *two_others()), name)
    counted = {pool: (cell.counts.responders, cell.counts.evaluable) for pool, cell in found.items()}
    assert counted == {HEADLINE: strict, WIDEST: widest}
    happened = {pool: cell.status or to_json(cell)["moved"] for pool, cell in found.items()}
    words = {HEADLINE: in_strict, WIDEST: in_widest}
    assert happened == {pool: said if said in (SAME, NONE) else {said: 1} for pool, said in words.items()}


@pytest.mark.parametrize(
    ("name", "of_patient", "read_as", "kept"),
    [
        ("EIMS only", {"histology": "EIMS"}, {}, True),
        ("EIMS only", {"histology": "IMT"}, {}, False),
        ("IMT only", {"histology": "IMT"}, {}, True),
        ("IMT only", {"histology": "EIMS"}, {}, False),
        ("IMT only", {"histology": None}, {}, False),
        ("adults", {"age": 18}, {}, True),
        ("adults", {"age": 17.9}, {}, False),
        ("adults", {"age": None}, {}, False),
        ("children", {"age": 17.9}, {}, True),
        ("children", {"age": 18}, {}, False),
        ("children", {"age": None}, {}, False),
        ("read in full text only", {}, FULL, True),
        ("read in full text only", {}, ABSTRACT, False),
    ],
)
def test_a_subset_keeps_those_of_whom_it_is_said(
    make_review: MakeReview, name: str, of_patient: dict[str, Any], read_as: dict[str, Any], kept: bool
) -> None:
    told = {field: value for field, value in (patient(course("PR")) | of_patient).items() if value is not None}
    found = cell_of(make_review(report("example-1", told, extraction=read_as)), name)
    assert {(cell.counts.responders, cell.counts.evaluable) for cell in found.values()} == {(int(kept), int(kept))}


@pytest.mark.parametrize(("population", "adults", "children"), [("adult", 5, 0), ("paediatric", 0, 5), ("mixed", 0, 0)])
def test_an_arm_of_adults_and_children_is_in_neither_subset(
    make_review: MakeReview, population: str, adults: int, children: int
) -> None:
    folder = make_review(report("example-1", design="trial", arms=[arm(3, 5, population=population)]))
    kept = {name: cell_of(folder, name)[HEADLINE].counts.evaluable for name in ("adults", "children")}
    assert kept == {"adults": adults, "children": children}


SAME_PATIENT = "example-1/P1 = example-2/P1"


@pytest.mark.parametrize(
    ("certainty", "after", "happened"),
    [("possible", (2, 4), {"entered": 1}), ("probable", (1, 3), {}), ("certain", (1, 3), {})],
)
def test_only_possible_links_are_undone(
    make_review: MakeReview, certainty: str, after: tuple[int, int], happened: dict[str, int]
) -> None:
    gives = report("example-1", patient(course("PR")), overlaps=["example-2"])
    counted = report("example-2", patient(course("PD")), overlaps=["example-1"])
    same = link("example-1", "example-2", SAME_PATIENT, certainty=certainty)
    found = cell_of(make_review(gives, counted, *two_others(), links=[same]), "possible links not applied")
    for cell in found.values():
        assert (cell.counts.responders, cell.counts.evaluable) == after
        assert to_json(cell)["moved"] == happened


EARLIER, LATER = "earlier reading of a trial read twice", "later reading of the same patients (independent review)"


READINGS: dict[str, tuple[str, tuple[int | None, int | None], dict[str, int], tuple[int, int, int | None]]] = {
    "earlier, and it says the complete responses": (EARLIER, (2018, 2021), {"cr": 1, "sd": 2}, (1, 5, 1)),
    "earlier, and it does not": (EARLIER, (2018, 2021), {}, (1, 5, None)),
    "not earlier but later": (EARLIER, (2022, 2021), {}, (3, 5, 2)),
    "not earlier but of the same year": (EARLIER, (2021, 2021), {}, (3, 5, 2)),
    "not known to be earlier, its year is missing": (EARLIER, (None, 2021), {}, (3, 5, 2)),
    "not known to be earlier, the other's year is missing": (EARLIER, (2018, None), {}, (3, 5, 2)),
    "later": (LATER, (2022, 2021), {"cr": 0, "sd": 4}, (1, 5, 0)),
    "not later but earlier": (LATER, (2018, 2021), {}, (3, 5, 2)),
    "not later but of the same year": (LATER, (2021, 2021), {}, (3, 5, 2)),
}


@pytest.mark.parametrize("case", READINGS)
def test_a_trial_read_twice_takes_the_counts_of_the_other_reading(make_review: MakeReview, case: str) -> None:
    """The reading that gives way is 1/5, the preferred one 3/5 with two complete responses."""
    name, years, cells, expected = READINGS[case]
    first = report("example-1", design="trial", overlaps=["example-2"], arms=[arm(1, 5, **cells)])
    second = report("example-2", design="trial", overlaps=["example-1"], arms=[arm(3, 5, cr=2)])
    for entry, year in zip((first, second), years, strict=True):
        entry["report"].pop("year")
        entry["report"] |= {} if year is None else {"year": year}
    same = link("example-1", "example-2", "example-1/arm1 = example-2/arm1")
    (unit,) = cell_of(make_review(first, second, links=[same]), name)[HEADLINE].counts.units
    assert (unit.id, unit.responders, unit.evaluable, unit.complete) == ("example-2/arm1", *expected)


@pytest.mark.parametrize("disputed", ["best", "worst"])
def test_counts_that_are_assumed_say_nothing_of_complete_response_or_control(
    make_review: MakeReview, disputed: str
) -> None:
    """Only whether there was a response is assumed, in either direction."""
    library, protocol = read(make_review(report("example-1", patient(course("CR", response_alternatives=["SD"])))))
    (one,) = alternative(library, protocol, Choices(disputed=disputed)).members[WIDEST]
    assert (one.unit.complete, one.unit.controlled) == (None, None)


@pytest.mark.parametrize(
    ("choices", "strict", "widest"),
    [
        ({}, (1, 2), (3, 5)),
        ({"response_basis": ("stated", "measured", "inferred")}, (2, 3), (3, 5)),
        ({"response_basis": ("stated", "measured", "inferred"), "inferred": "non_response"}, (1, 3), (2, 5)),
        ({"combined_with": "any"}, (2, 3), (3, 5)),
        ({"combined_with": "none"}, (1, 2), (2, 4)),
        ({"drug": "any"}, (1, 3), (3, 5)),
        ({"drug": "named"}, (1, 2), (3, 4)),
        ({"design": ("trial",)}, (0, 0), (0, 0)),
        ({"design": ("case_report",)}, (1, 2), (3, 5)),
    ],
)
def test_choices_alone_and_together(
    make_review: MakeReview, choices: dict[str, Any], strict: tuple[int, int], widest: tuple[int, int]
) -> None:
    """Of the two others, an inferred response, one with surgery, and a failure of a drug that is not named."""
    reports = [
        *two_others(),
        report("example-1", patient(course("PR", response_basis="inferred"))),
        report("example-2", patient(course("PR", combined_with=["surgery"]))),
        report("example-3", patient(course("PD", drug=UNNAMED))),
    ]
    found = alternative(*read(make_review(*reports)), Choices(**choices)).members
    assert {pool: counts(members) for pool, members in found.items()} == {HEADLINE: strict, WIDEST: widest}


def test_each_report_is_left_out_and_a_stratum_is_weighed(make_review: MakeReview) -> None:
    """3/5 of a trial and 1/2 of single cases: without each, and with single cases at less than their weight."""
    trial = report("example-1", design="trial", arms=[arm(3, 5)])
    library, protocol = read(make_review(trial, *two_others()))
    of_reports = tuple(entry for entry in protocol.sensitivity if entry.discount or entry.name == LEAVE_ONE_OUT)
    only = protocol.model_copy(update={"sensitivity": of_reports})
    found = sensitivity(library, only, select(library, only))
    assert found.rows == ()
    left = {each.report: each.without for each in found.leave_one_out if each.pool == HEADLINE}
    assert {name: (each.responders, each.evaluable, each.reports) for name, each in left.items()} == {
        "example-1": (1, 2, 2),
        "example-8": (3, 6, 2),
        "example-9": (4, 6, 2),
    }
    weighed = {each.weight: each.orr for each in found.discounts if each.pool == HEADLINE}
    assert {weight: orr and (orr.responders, orr.evaluable) for weight, orr in weighed.items()} == {
        0: (3, 5),
        0.25: (3.25, 5.5),
        0.5: (3.5, 6),
        0.75: (3.75, 6.5),
        1: (4, 7),
    }
