"""The interview: answers are checked as files are, hints can be taken, an empty answer is left out. All is made up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.reading import read_model
from metaimt.casefiles.strict_yaml import parse
from metaimt.curation.interview import Interview, Stopped
from metaimt.curation.new_case import Draft, case_text, draft_of
from metaimt.curation.reference import Reference
from metaimt.vocabulary import built_in

REFERENCE = Reference(title="Made up", surname="Made", year=2026)
USUAL = {
    "design": "case_report",
    "depth": "abstract",
    "age": "34",
    "sex": "female",
    "site": "abdomen",
    "site_detail": "omentum",
    "histology": "EIMS",
    "ihc": "positive",
    "fusion_gene": "ALK",
    "fusion_partner": "RANBP2",
    "drug": "crizotinib",
    "combined_with": "surgery",
    "response": "PR",
    "response_as_stated": "partial response",
    "response_basis": "stated",
    "duration_months": "8",
    "ongoing": "n",
    "stop_reason": "progression",
    "another drug": "",
    "status": "alive",
    "followup_months": "21",
    "another patient": "",
}
ALL = list(USUAL.values())


def interview(answers: list[str], reference: Reference = REFERENCE) -> tuple[Draft, str]:
    said: list[str] = []
    left = iter(answers)

    def ask(prompt: str, words: Sequence[str] = ()) -> str:
        said.append(prompt)
        try:
            return next(left)
        except StopIteration:
            raise EOFError from None

    draft = draft_of("made-2026", reference, "A", "2026-11-23")
    Interview(built_in(), "ALK", ask, said.append, lambda field, value: None).fill(draft)
    assert next(left, None) is None, "more answers than questions"
    return draft, "\n".join(said)


def read_back(draft: Draft) -> CaseFile:
    document = parse("x", case_text(draft, built_in(), "ALK", "metaimt validate", teach=False).encode())
    found, problems = read_model(document, CaseFile, built_in())
    assert problems == ()
    assert found is not None
    return found


def answers(changed: Mapping[str, str | list[str]] = MappingProxyType({})) -> list[str]:
    """All answers, with those to some questions changed."""
    chosen = [changed.get(name, usual) for name, usual in USUAL.items()]
    return [one for answer in chosen for one in ([answer] if isinstance(answer, str) else answer)]


def test_every_answer_reaches_its_field() -> None:
    found = read_back(interview(answers())[0])
    patient, course = found.patients[0], found.patients[0].courses[0]
    assert (found.report.design, found.extraction.depth, found.extraction.by) == ("case_report", "abstract", "A")
    assert (patient.age, patient.sex, patient.site, patient.site_detail) == (34, "female", "abdomen", "omentum")
    assert (patient.histology, patient.ihc) == ("EIMS", {"ALK": "positive"})
    assert (patient.fusion_gene, patient.fusion_partner) == ("ALK", "RANBP2")
    assert (course.drug, course.combined_with, course.response) == ("crizotinib", ("surgery",), "PR")
    assert (course.response_as_stated, course.response_basis) == ("partial response", "stated")
    assert (course.duration_months, course.ongoing, course.stop_reason) == (8, False, "progression")
    assert (patient.status, patient.followup_months) == ("alive", 21)


def test_empty_answers_leave_the_fields_out() -> None:
    few = ["case_report", "", *[""] * 6, "crizotinib", *[""] * 5, "", "", "", ""]
    found = read_back(interview(few)[0])
    assert found.patients[0].model_dump(exclude_defaults=True) == {"id": "P1", "courses": ({"drug": "crizotinib"},)}
    assert found.extraction.depth is None


@pytest.mark.parametrize(
    ("name", "answer", "said", "expected"),
    [
        ("design", "case report", "did you mean case_report?", {}),
        ("sex", "woman", "did you mean female?", {"sex": "female"}),
        ("age", "34 years", "write 34 without quotes or unit", {"age": 34.0}),
        ("ihc", "pos", "did you mean positive?", {"ihc": {"ALK": "positive"}}),
        ("drug", "Xalkori", "did you mean crizotinib?", {}),
        ("response", "Partial", "write PR", {}),
        ("fusion_partner", "RANBP2-ALK", "did you mean fusion_gene: ALK, fusion_partner: RANBP2?", {}),
        ("duration_months", "[9, 3]", "write [3, 9]", {}),
        ("ongoing", "off", "write false", {}),
    ],
)
def test_a_hint_can_be_taken(name: str, answer: str, said: str, expected: dict[str, Any]) -> None:
    draft, text = interview(answers({name: [answer, "y"]}))
    assert said in " ".join(text.split())
    assert ("(y = yes)" if name in {"design", "drug"} else "(y = yes, Enter = not stated)") in " ".join(text.split())
    patient = read_back(draft).patients[0].model_dump()
    assert {field: patient[field] for field in expected} == expected


def test_one_hint_may_fill_two_fields() -> None:
    draft, text = interview(answers({"site": ["omentum", "y"], "site_detail": []}))
    assert "did you mean site: abdomen, site_detail: omentum?" in " ".join(text.split())
    assert draft["patients"][0] | {"site": "abdomen", "site_detail": "omentum"} == draft["patients"][0]


def test_a_hint_can_be_declined_and_another_answer_given() -> None:
    draft, text = interview(answers({"site": ["omentum", "n", "pelvis"], "sex": ["wombat", "male"]}))
    assert "Then another answer" in text
    assert (draft["patients"][0]["site"], draft["patients"][0]["sex"]) == ("pelvis", "male")


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("age", "340", "not between 0 and 115 years"),
        ("age", "null", "expected a number"),
        ("duration_months", "900", "not between 0 and 600 months"),
        ("followup_months", "{a: b}", "expected a number"),
        ("drug", "", "needed"),
        ("design", "", "needed"),
        ("response_basis", "", "needed"),
    ],
)
def test_what_a_file_could_not_hold_is_asked_again(name: str, answer: str, said: str) -> None:
    draft, text = interview(answers({name: [answer, USUAL[name]]}))
    assert said in text
    assert draft == interview(answers())[0]


def test_questions_that_an_earlier_answer_settles_are_not_asked() -> None:
    unknown: dict[str, str | list[str]] = {"site": "", "fusion_gene": "", "response": "", "ongoing": "y"}
    settled = ("site_detail", "fusion_partner", "response_as_stated", "response_basis", "stop_reason")
    draft, text = interview(answers(unknown | {name: [] for name in settled}))
    for name in settled:
        assert f"\n{name}\n" not in text
    assert draft["patients"][0]["courses"][0]["ongoing"] is True


def test_the_source_of_a_second_hand_report_is_asked() -> None:
    draft, _ = interview(answers({"depth": ["secondary", "", "Made up: a review"]}))
    assert draft["extraction"] | {"depth": "secondary", "secondary_source": "Made up: a review"} == draft["extraction"]


def test_more_courses_and_patients() -> None:
    second = ["lorlatinib", "", "", "", "y", ""]
    other = [*ALL[2:19], "dead", "", ""]
    draft, _ = interview([*answers({"another drug": ["y", *second], "another patient": ["perhaps", "y"]}), *other])
    found = read_back(draft)
    assert [patient.id for patient in found.patients] == ["P1", "P2"]
    assert [course.drug for course in found.patients[0].courses] == ["crizotinib", "lorlatinib"]
    assert found.patients[1].status == "dead"


def test_without_a_reference_the_bibliography_is_asked() -> None:
    bibliography = ["Made up: a title", "Example A", "J Made Up", "2026", "10.0000/made-up", "90000001"]
    draft, _ = interview([ALL[0], *bibliography, *ALL[1:]], Reference())
    report = read_back(draft).report
    assert (report.title, report.year, report.doi, report.pmid) == ("Made up: a title", 2026, *bibliography[4:])


def test_a_year_out_of_range_and_a_known_publication() -> None:
    class KnownError(Exception):
        pass

    def check(field: str, value: str) -> None:
        if field == "doi":
            raise KnownError(value)

    left: Iterator[str] = iter(["case_report", "", "", "", "2999", "2026", "10.0000/made-up"])
    said: list[str] = []
    draft = draft_of("made-2026", Reference(), None, "2026-11-23")
    with pytest.raises(KnownError, match="made-up"):
        Interview(built_in(), "ALK", lambda prompt, words: next(left), said.append, check).fill(draft)
    assert "not between 1939 and" in " ".join(said)


@pytest.mark.parametrize("number", range(len(ALL)))
def test_answers_that_end_early_stop_the_interview(number: int) -> None:
    with pytest.raises(Stopped):
        interview(list(ALL[:number]))


@examples(15)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
@example("# comment")
@example("- a: b")
@example('"')
@example("~")
@example("...")
def test_whatever_is_answered_the_file_can_be_read(text: str) -> None:
    """Every question gets the text twice (it may be refused), then an answer that will do."""
    usual = {"design": "case_report", "drug": "crizotinib", "response_basis": "stated"}
    left: list[str] = []

    def say(told: str) -> None:
        title = told.removeprefix("\n").split("\n")[0]
        if told.startswith("\n") and not title.startswith("Patient "):
            left[:] = [text, text, usual.get(title, "")]

    def ask(prompt: str, words: Sequence[str] = ()) -> str:
        return left.pop(0) if prompt == "> " else ""

    draft = draft_of("made-2026", REFERENCE, None, "2026-11-23")
    Interview(built_in(), "ALK", ask, say, lambda field, value: None).fill(draft)
    assert len(read_back(draft).patients) == 1
