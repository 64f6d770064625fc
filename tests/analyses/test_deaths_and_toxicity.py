"""Deaths, ends of treatment and adverse events: counted once a patient, and only where stated."""

from __future__ import annotations

from pathlib import Path

from conftest import FROZEN, MakeReview, arm, course, patient, report

from metaimt.analyses.clinical import BEFORE_ASSESSMENT, NO_REASON, ONGOING, DeathsAndToxicity, deaths_and_toxicity
from metaimt.casefiles.library import read_library
from metaimt.evidence.selection import select
from metaimt.serialise import to_json


def found_in(folder: Path) -> DeathsAndToxicity:
    library = read_library(folder)
    assert library.protocol is not None
    return deaths_and_toxicity(library, library.protocol, select(library, library.protocol))


def test_what_is_not_stated_is_not_counted(make_review: MakeReview) -> None:
    ended = course("PD", stop_reason="progression", adverse_events=["Nausea", "nausea", "rash"])
    found = to_json(
        found_in(
            make_review(
                report("a-2020", patient(ended, course("PR", ongoing=True), status="dead")),
                report("b-2021", patient(course("SD"))),
                report(
                    "c-2022", patient({"drug": "crizotinib", "response": "NE", "stop_reason": "death"}, status="dead")
                ),
                report("d-2023", patient(course("PR", ongoing=False), status="alive")),
            )
        )
    )
    status, ends, events = found["status"], found["end_of_treatment"], found["adverse_events"]
    assert (status["stated"], status["of"]) == (3, 4)
    assert {name: value["number"] for name, value in status["values"].items()} == {"dead": 2, "alive": 1}
    assert (ends["stated"], ends["of"]) == (4, 5)
    assert set(ends["values"]) == {"progression", ONGOING, BEFORE_ASSESSMENT, NO_REASON}
    assert ends["values"][ONGOING]["units"] == ["a-2020/P1/course2"]
    assert {name: value["number"] for name, value in events["values"].items()} == {"nausea": 1, "rash": 1}
    assert (events["stated"], events["of"]) == (1, 5)


def test_the_same_patient_counts_once_and_a_member_of_an_arm_counts(make_review: MakeReview) -> None:
    dead = patient(course("PR"), status="dead")
    links = [
        {"reports": ["a-2020", "b-2021"], "patients": ["a-2020/P1 = b-2021/P1"], "certainty": "certain"}
        | {"prefer": "b-2021"},
        {"reports": ["b-2021", "c-2022"], "patients": ["b-2021/P1 in c-2022/arm1"], "certainty": "certain"}
        | {"prefer": "c-2022"},
        {"reports": ["d-2020", "e-2021"], "certainty": "probable", "prefer": "e-2021"},
    ]
    folder = make_review(
        report("a-2020", dead),
        report("b-2021", dead),
        report("c-2022", arms=[arm(8, 12)], design="trial"),
        report("d-2020", dead),
        report("e-2021", dead),
        report("f-2022", arms=[arm(1, 5, line="later")]),  # patients who stand in an arm of a first line already
        links=links,
    )
    found = found_in(folder)
    assert {value: who.ids for value, who in found.status.values.items()} == {"dead": ("b-2021/P1", "e-2021/P1")}
    assert (found.arms.evaluable, len(found.elsewhere.parts)) == (12, 1)


def test_the_ineligible_do_not_count(make_review: MakeReview) -> None:
    folder = make_review(report("a-2020", {**patient(course("PR"), status="dead"), "histology": "other"}))
    assert found_in(folder).status.asked.parts == ()


def test_the_shipped_review_counts_no_patient_twice() -> None:
    found = found_in(FROZEN / "cases")
    assert len(found.status.asked.ids) == len(set(found.status.asked.ids))
    assert found.events.stated.parts
