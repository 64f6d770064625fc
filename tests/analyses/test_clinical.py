"""What a clinician asks next, and unread responses: what each made-up course, entry or arm says, and what silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, arm, course, patient, report, selected_in

from metaimt.analyses.clinical import (
    AT_A_YEAR,
    FEWEST,
    OPERABLE,
    PROGRESSION,
    TOXICITY,
    Answer,
    ClinicalQuestions,
    clinical_questions,
)
from metaimt.analyses.unread import ANY, KNOWN, UnreadResponses, unread_responses
from metaimt.serialise import to_json

DEATH = course("NE", stop_reason="death")


def asked(folder: Path) -> ClinicalQuestions:
    _, protocol, selection = selected_in(folder)
    return clinical_questions(selection, "all_evidence", protocol.label("all_evidence"))


def answer(found: ClinicalQuestions, question: str, group: tuple[str, str] = ("", "")) -> Answer:
    return next(each for each in found.answers[group] if each.question == question)


def counts(found: Answer) -> tuple[int, int, int]:
    said = to_json(found)
    return said["yes"], said["known"], said["of"]


@pytest.mark.parametrize(
    ("given", "question", "expected"),
    [
        (course("PD"), PROGRESSION, (1, 1, 1)),
        (DEATH, PROGRESSION, (1, 1, 1)),
        (course("SD"), PROGRESSION, (0, 1, 1)),
        (course("PR", stop_reason="progression"), PROGRESSION, (0, 1, 1)),
        # responders only; a stated answer decides
        (course("PD"), AT_A_YEAR, (0, 0, 0)),
        (course("PR"), AT_A_YEAR, (0, 0, 1)),
        (course("PR", in_response_at_12_months=True), AT_A_YEAR, (1, 1, 1)),
        (course("PR", in_response_at_12_months=False, duration_months=20), AT_A_YEAR, (0, 1, 1)),
        (course("PR", duration_months=12, ongoing=True), AT_A_YEAR, (1, 1, 1)),
        (course("PR", response_duration_months=14), AT_A_YEAR, (1, 1, 1)),
        (course("PR", duration_months=[11, 13], ongoing=True), AT_A_YEAR, (0, 0, 1)),
        (course("PR", duration_months=7, stop_reason="progression"), AT_A_YEAR, (0, 1, 1)),
        (course("PR", duration_months=7, ongoing=True), AT_A_YEAR, (0, 0, 1)),  # followed for seven months only
        (course("PR", duration_months=7, stop_reason="completed"), AT_A_YEAR, (0, 0, 1)),  # the response may go on
        # in response for half a year, but perhaps on the drug for more than one
        (
            course("PR", response_duration_months=6, duration_months=[10, 14], stop_reason="progression"),
            AT_A_YEAR,
            (0, 0, 1),
        ),
        (course("PR", became_operable=True), OPERABLE, (1, 1, 1)),
        (course("PR", became_operable=False, stop_reason="surgery"), OPERABLE, (0, 1, 1)),
        (course("PR", stop_reason="surgery"), OPERABLE, (1, 1, 1)),
        (course("PR", stop_reason="progression"), OPERABLE, (0, 0, 1)),
        (course("PR"), OPERABLE, (0, 0, 1)),
        (course("SD", stop_reason="toxicity"), TOXICITY, (1, 1, 1)),
        (course("SD", stop_reason="progression"), TOXICITY, (0, 1, 1)),
        (course("PR", ongoing=True), TOXICITY, (0, 1, 1)),
        (course("PR", ongoing=False), TOXICITY, (0, 0, 1)),  # stopped, and not said why
        (course("PR"), TOXICITY, (0, 0, 1)),
    ],
)
def test_what_one_course_says(
    make_review: MakeReview, given: dict[str, Any], question: str, expected: tuple[int, int, int]
) -> None:
    more = {"status": "dead"} if given is DEATH else {}
    found = asked(make_review(report("example-1", patient(given, **more))))
    assert counts(answer(found, question)) == expected


def test_arms_and_those_who_are_not_evaluable_are_not_asked(make_review: MakeReview) -> None:
    arms = report("example-1", design="trial", arms=[arm(3, 5)])
    unreadable = report("example-2", patient({"drug": "crizotinib"}))
    found = asked(make_review(arms, unreadable, report("example-3", patient(course("PD")))))
    assert counts(answer(found, PROGRESSION)) == (1, 1, 1)


def test_groups_and_a_rate_from_ten_known(make_review: MakeReview) -> None:
    reports = [report(f"example-{k}", patient(course("PD" if k < 3 else "PR"))) for k in range(FEWEST)]
    reports += [report("example-x", patient(course("PR", drug="alectinib"), histology="EIMS"))]
    found = asked(make_review(*reports))
    assert answer(found, PROGRESSION).rate == 3 / (FEWEST + 1)
    assert answer(found, PROGRESSION, ("histology", "IMT")).rate == 3 / FEWEST
    assert answer(found, PROGRESSION, ("histology", "EIMS")).rate is None
    assert counts(answer(found, PROGRESSION, ("drug", "alectinib"))) == (0, 1, 1)


def unread(folder: Path, *excluded: dict[str, Any]) -> UnreadResponses:
    entries = [{"id": f"out-{k}", "reason": "made up", **each} for k, each in enumerate(excluded)]
    (folder / "excluded.yaml").write_text(f"# Made up.\n{yaml.safe_dump(entries)}" if entries else "[]\n")
    return unread_responses(*selected_in(folder))


STATED = {"treated_as_stated": "made up"}


@pytest.mark.parametrize(
    ("entry", "status"),
    [
        ({"treated": 4, "responded": 1, "status": {"ALK": "positive"}}, "positive"),
        ({"treated": 4, "responded": 1}, "not_stated"),
        ({"treated": 4, "responded": 1, "status": {"ALK": "negative"}}, "other"),
        ({"treated": 4, "responded": 1, "status": {"ALK": "mixed"}}, "not_stated"),
        ({"treated": 4, "responded": 1, "status": {"ROS1": "positive"}}, "other"),
        ({"treated": 4, "responded": 1, "status": {"ROS1": "negative"}}, "not_stated"),
    ],
)
def test_whose_unread_responses_may_belong(make_review: MakeReview, entry: dict[str, Any], status: str) -> None:
    folder = make_review(report("example-1", design="trial", arms=[arm(6, 10)]))
    found = unread(folder, {**entry, **STATED})
    assert [each.status for each in found.found] == [status]
    bounds = {each.name: (each.worst, each.best) for each in found.bounds}
    moved = ((7, 14), (10, 14))
    assert bounds == dict.fromkeys({"positive": (KNOWN, ANY), "not_stated": (ANY,), "other": ()}[status], moved)


def test_an_arm_without_counts_is_unread_and_an_entry_that_treats_nobody_is_not(make_review: MakeReview) -> None:
    bare = {"label": "Made up", "drug": "crizotinib", "status": {"ALK": "positive"}, "treated": 3, "line": "first"}
    folder = make_review(
        report("example-1", design="trial", arms=[arm(6, 10)]), report("example-2", design="cohort", arms=[bare])
    )
    found = unread(folder, {})
    assert [(each.id, each.treated, each.responded) for each in found.found] == [("example-2/arm1", 3, 0)]
    assert [each.limits for each in found.bounds] == [(6 / 13, 9 / 13)] * 2
    assert to_json(found)["bounds"][0]["sources"] == ["example-2/arm1"]
