"""Second readings: what is an error in them, and what of them disagrees with the case file. All cases are made up."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import MakeReview, arm, course, patient, report
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.library import read_library
from metaimt.checks import examine
from metaimt.checks.second_readings import same_value
from metaimt.problem import Problem

Case = dict[str, Any]
Edit = Callable[[Case], Any]


def case() -> Case:
    open_one = course("PR", duration_months=[3, 6], response_alternatives=["CR"])
    first = patient(open_one, course("SD", drug="alectinib"), age=9.5)
    second = patient(course("CR"), id="P2", fusion_gene="ALK")
    return report("example-a", first, second, arms=[arm(12, 14, line="later")])


def read_again() -> Case:
    """A second reading that agrees."""
    again = deepcopy(case())
    return {"report": {"id": "example-a"}, "patients": again["patients"], "arms": again["arms"]}


def found(make_review: MakeReview, edit: Edit, name: str = "example-a.yaml") -> list[Problem]:
    reading = read_again()
    edit(reading)
    folder = make_review(case())
    path = folder / "second-reading" / name
    path.parent.mkdir()
    path.write_text(f"# Made up.\n{yaml.safe_dump(reading, sort_keys=False)}", encoding="utf-8")
    told = examine(read_library(folder)).problems
    return [problem for problem in told if "second-reading" in problem.file]


def first_course(**fields: Any) -> Edit:
    return lambda reading: reading["patients"][0]["courses"][0].update(fields)


def first_patient(**fields: Any) -> Edit:
    return lambda reading: reading["patients"][0].update(fields)


def first_arm(**fields: Any) -> Edit:
    return lambda reading: reading["arms"][0].update(fields)


ERRORS: list[tuple[Edit, str, str]] = [
    (first_course(response="banana"), "unknown-response", "'banana' is not one of CR"),
    (first_course(respons="PR"), "unknown-field", "has no field 'respons'"),
    (first_course(drug="banana"), "unknown-drug", "'banana' is not"),
    (first_arm(responders="twelve"), "wrong-type", "expected a whole number"),
    (first_arm(line="banana"), "unknown-line", "'banana' is not one of first"),
    (first_arm(line="after banana"), "unknown-line", "'after banana' is not one of first"),
    (lambda reading: reading.update(title="x"), "unknown-field", "has no field 'title'"),
    (lambda reading: reading["report"].update(id="example-z"), "unknown-second-reading", "no report has the id"),
    (first_patient(id="P9"), "unknown-second-reading", "the case file has no patient 'P9'"),
    (first_patient(id="P2"), "unknown-second-reading", "two patients have the id 'P2'"),
]


@pytest.mark.parametrize(("edit", "rule", "message"), ERRORS)
def test_errors(edit: Edit, rule: str, message: str, make_review: MakeReview) -> None:
    problem = next(each for each in found(make_review, edit) if each.severity == "error")
    assert problem.rule == rule
    assert message in problem.message
    assert problem.position.line > 1


def test_the_file_is_named_after_its_report(make_review: MakeReview) -> None:
    (problem,) = found(make_review, lambda reading: None, "example-b.yml")
    assert (problem.rule, problem.severity) == ("unknown-second-reading", "error")
    assert "rename the file to example-a.yaml" in problem.hint


AT = "patients/P1/courses/1"
DISAGREEMENTS: list[tuple[Edit, str, str]] = [
    (first_course(response="CR", response_alternatives=["PR"]), "response: CR here, PR in ", f"{AT}/response"),
    (first_course(response_basis="inferred"), "response_basis: inferred here", f"{AT}/response_basis"),
    (first_course(drug="ceritinib"), "drug: ceritinib here, crizotinib in ", f"{AT}/drug"),
    (first_course(duration_months=7), "duration_months: 7 here, (3.0, 6.0)", f"{AT}/duration_months"),
    (
        first_course(response_alternatives=["SD"]),
        "response_alternatives: [SD] here, [CR]",
        f"{AT}/response_alternatives",
    ),
    (first_course(combined_with=["surgery"]), "combined_with: [surgery] here, not stated", f"{AT}/combined_with"),
    (first_course(stop_reason="death"), "stop_reason: death here, not stated", f"{AT}/stop_reason"),
    (first_patient(age=10), "age: 10 here, 9.5", "patients/P1/age"),
    (first_patient(histology="EIMS"), "histology: EIMS here", "patients/P1/histology"),
    (first_patient(rearranged={"ALK": False}), "rearranged: ALK false here", "patients/P1/rearranged/ALK"),
    (first_arm(responders=11), "responders: 11 here, 12", "arms/1/responders"),
    (first_arm(line="first"), "line: first here, later", "arms/1/line"),
    (lambda reading: reading["arms"].append(arm(1, 2)), "arm2: described here, not in ", "arms/2"),
    (
        lambda reading: reading["patients"].append(patient(course("PR"), id="P3")),
        "P3: described here, not in ",
        "patients/P3",
    ),
    (
        lambda reading: reading["patients"][1]["courses"].append(course("PR", drug="lorlatinib")),
        "P2 course 2: a course of lorlatinib here, not in ",
        "patients/P2/courses/2",
    ),
    (
        lambda reading: reading["patients"][0]["courses"].append(dict(reading["patients"][0]["courses"][1])),
        "P1 course 3: a course of alectinib here, not in ",  # not the second course again
        "patients/P1/courses/3",
    ),
    (
        lambda reading: reading["patients"][0]["courses"][1].pop("response"),
        "response: not readable here, SD in ",
        "patients/P1/courses/2",
    ),
]


@pytest.mark.parametrize(("edit", "message", "place"), DISAGREEMENTS, ids=[place for *_, place in DISAGREEMENTS])
def test_a_disagreement_is_a_warning_until_it_is_settled(
    edit: Edit, message: str, place: str, make_review: MakeReview
) -> None:
    problems = found(make_review, edit)
    (problem,) = [each for each in problems if each.rule == "second-reading-disagrees"]
    assert problem.severity == "warning"
    assert message.replace("(3.0, 6.0)", "[3, 6]") in problem.message
    assert problem.message.endswith(" in literature/example-a.yaml")
    assert f"waivers: [{{rule: second-reading-disagrees, at: {place}, reason: why}}]" in problem.hint

    def settled(reading: Case) -> None:
        edit(reading)
        reading["waivers"] = [{"rule": "second-reading-disagrees", "at": place, "reason": "made up"}]

    (Path(problem.file)).unlink()
    Path(problem.file).parent.rmdir()
    assert found(make_review, settled) == []


AGREEMENTS: dict[str, Edit] = {
    "as it is": lambda reading: None,
    "words differ": first_course(response_as_stated="other words", criteria="made up"),
    "number in the range": first_course(duration_months=4),
    "range within the range": first_course(duration_months=[4, 6]),
    "no alternatives": first_course(response_alternatives=[]),
    "nobody but one": lambda reading: reading["patients"].pop(),
    "no arms": lambda reading: reading.pop("arms"),
    "less is said": lambda reading: [reading["patients"][0].pop("age"), reading["arms"][0].pop("line")],
    "later, said with the drug": first_arm(line="after alectinib"),
    "drug in words": first_course(drug_as_stated="the inhibitor"),
    "histology in words": first_patient(histology_as_stated="made up"),
    "a fusion is a rearrangement": lambda reading: reading["patients"][1].update(rearranged={"ALK": True}),
    "earlier course left out": lambda reading: reading["patients"][0].update(courses=[course("SD", drug="alectinib")]),
}


@pytest.mark.parametrize("edit", AGREEMENTS.values(), ids=AGREEMENTS)
def test_what_does_not_disagree(edit: Edit, make_review: MakeReview) -> None:
    assert found(make_review, edit) == []


def test_patients_may_be_numbered_anew(make_review: MakeReview) -> None:
    """The second reader cannot know that the case file starts with P2: its P1 is that patient, which is told."""
    folder = make_review(report("example-a", patient(course("CR"), id="P2")))
    (folder / "second-reading").mkdir()
    reading = {"report": {"id": "example-a"}, "patients": [patient(course("SD"))]}
    (folder / "second-reading" / "example-a.yaml").write_text(f"# Made up.\n{yaml.safe_dump(reading)}")
    told = [each for each in examine(read_library(folder)).problems if each.rule == "second-reading-disagrees"]
    said = {problem.message.rpartition(" in ")[0] for problem in told}
    assert said == {"P1: id: P1 here, P2", "P1 course 1: response: SD here, CR"}


def test_a_case_file_with_an_error_is_not_compared(make_review: MakeReview) -> None:
    folder = make_review(case())
    path = folder / "literature" / "example-a.yaml"
    path.write_text(path.read_text().replace("response: PR", "response: banana"))
    (folder / "second-reading").mkdir()
    (folder / "second-reading" / "example-a.yaml").write_text(f"# Made up.\n{yaml.safe_dump(read_again())}")
    assert [problem.rule for problem in examine(read_library(folder)).problems if problem.severity == "error"] == [
        "unknown-response"
    ]


MONTHS = st.floats(0, 400).map(lambda number: round(number, 2))


@given(one=MONTHS, other=MONTHS)
def test_numberssame_value_in_either_order_and_with_themselves(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert same_value(one, one)
    assert same_value((low, high), low)
    assert same_value(high, (low, high))
    assert same_value(one, other) == same_value(other, one)
    assert same_value(one, other) <= (abs(one - other) <= 0.1)


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [(0.9, 0.92, True), (0.2, 0.16, True), (0.9, 0.98, False), (7.0, 7.4, False), (3, 4, False), (None, 1.0, False)],
)
def test_a_rounded_number_is_the_same(one: object, other: object, agree: bool) -> None:
    assert same_value(one, other) is agree


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"field": "response", "chosen": "PR"}, []),
        ({"field": "response", "chosen": "PD"}, ["adjudicated-otherwise"]),
        ({"field": "response"}, ["adjudicated-otherwise"]),
        ({"field": "duration_months", "chosen": [3, 6]}, ["second-reading-disagrees"]),
        ({"field": "respons", "chosen": "PR"}, ["adjudicated-otherwise", "second-reading-disagrees"]),
    ],
)
def test_what_was_adjudicated_is_settled_if_it_is_in_the_file(
    make_review: MakeReview, fields: dict[str, Any], rules: list[str]
) -> None:
    first = case()
    first["patients"][0]["courses"][0]["adjudicated"] = [{**fields, "by": "reader-3", "why": "the table says so"}]
    reading = read_again()
    reading["patients"][0]["courses"][0]["response"] = "PD"
    folder = make_review(first)
    path = folder / "second-reading" / "example-a.yaml"
    path.parent.mkdir()
    path.write_text(f"# Made up.\n{yaml.safe_dump(reading, sort_keys=False)}", encoding="utf-8")
    wanted = {"adjudicated-otherwise", "second-reading-disagrees"}
    assert sorted({one.rule for one in examine(read_library(folder)).problems} & wanted) == rules
