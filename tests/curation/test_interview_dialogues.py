"""The interview as a dialogue: numbers, `?`, `<`, what rests on a changed answer, the summary. All is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from metaimt.casefiles.schema import case_schema
from metaimt.checks.waivers import explanation_of
from metaimt.curation.interview import Answers, Interview, Stopped
from metaimt.curation.new_case import Draft, draft_of
from metaimt.curation.questions import HELP, Walk, first_term
from metaimt.curation.reference import Reference
from metaimt.vocabulary import built_in

REFERENCE = Reference(title="Made up", surname="Made", year=2026)
START = ("case_report", "abstract")
PATIENT = ("34", "female", "abdomen", "omentum", "EIMS", "positive", "ALK", "RANBP2")
COURSE = ("crizotinib", "", "PR", "partial response", "stated", "8", "no", "progression")
END = ("alive", "21")
ALL = (*START, *PATIENT, *COURSE, "", *END, "")


@dataclass
class Said:
    """A dialogue that is over: the draft, all that was said, every answer kept at the end."""

    draft: Draft
    text: str
    kept: Answers

    @property
    def patient(self) -> Draft:
        found: Draft = self.draft["patients"][0]
        return found


def held(answers: Sequence[str], before: Answers | None = None, *, ends: bool = False) -> Said:
    """The dialogue of these answers; `ends`: they end before the questions do. A pipe ends at the summary."""
    left = list(answers)
    said: list[str] = []
    kept: list[Answers] = [dict(before or {})]

    def ask(prompt: str, words: Sequence[str] = ()) -> str:
        if not left:
            raise EOFError
        said.append(f"{prompt}{left[0]}")
        return left.pop(0)

    draft = draft_of("made-2026", REFERENCE, "A", "2026-11-23")
    interview = Interview(
        built_in(), "ALK", ask, said.append, lambda name, value: None, lambda given: kept.append(dict(given))
    )
    if ends:
        with pytest.raises(Stopped):
            interview.fill(draft, before)
    else:
        interview.fill(draft, before)
    assert left == [], "more answers than questions"
    return Said(draft, " ".join("\n".join(said).split()), kept[-1])


def at(number: int, *instead: str) -> tuple[str, ...]:
    """All answers, with others in place of that of a number."""
    return (*ALL[:number], *instead, *ALL[number + 1 :])


USUAL = held(ALL).draft
SEX, SITE, RESPONSE, ONGOING, LAST = 3, 4, 12, 16, 21
DIALOGUES: dict[str, tuple[Sequence[str], str, dict[str, Any], dict[str, Any]]] = {
    # answers, what is said, and what of the patient and of the course is not as usual
    "numbers": (("1", "2", "34", "1", "4", *ALL[5:]), "[1] female [2] male", {}, {}),
    "number of none": (at(SITE, "9", "0", "04"), "'9' is none of the numbers; write 1 to 8, or the word", {}, {}),
    "a number is no choice where a number is asked": (at(2, "1"), "", {"age": 1}, {}),
    "yes and no have numbers": (at(ONGOING, "2"), "[1] yes [2] no", {}, {}),
    "y and n are shown as the words": ((*at(ONGOING, "N"), ""), "17 ongoing no", {}, {}),
    "a regimen": (at(10, "[crizotinib, lorlatinib]"), "", {}, {"drug": ["crizotinib", "lorlatinib"]}),
    "explained": (at(RESPONSE, "?", "PR"), "Example: PR", {}, {}),
    "explained at another": (at(LAST, "?", ""), "the first one counts", {}, {}),
    "back": (at(SEX, "<", "35", "female"), "Your answer: 34. Enter: keep it.", {"age": 35}, {}),
    "back, the word": (at(SEX, "back", "35", "female"), "Your answer: 34.", {"age": 35}, {}),
    "back, in capitals": (at(SEX, "Back", "35", "female"), "Your answer: 34.", {"age": 35}, {}),
    "back and kept": (at(SEX, "<", "", "female"), "Your answer: 34.", {}, {}),
    "back and taken back": (at(SEX, "<", "Not stated", "female"), "Your answer: 34.", {"age": None}, {}),
    "back twice": (at(SITE, "<", "<", "35", "pelvis"), "Your answer: female.", {"age": 35, "site": "pelvis"}, {}),
    "back at the first": (("<", *ALL), "This is the first question.", {}, {}),
    "back into another course": ((*ALL[:19], "<", "", *ALL[19:]), "y = yes, n = no, Enter = no", {}, {}),
    "a place called back": (at(5, "back"), "'back' is taken as the answer. To go back", {"site_detail": "back"}, {}),
    "a site called back": (
        (*ALL[:SITE], "back", "y", *ALL[6:]),
        "did you mean site: limbs_and_trunk, site_detail: back?",
        {"site": "limbs_and_trunk", "site_detail": "back"},
        {},
    ),
    "a needed one is not taken back": (
        at(11, "<", "not stated", "lorlatinib", ""),
        "This one is needed.",
        {},
        {"drug": "lorlatinib"},
    ),
    "what rests on a change is asked again": (
        at(15, "<", "<", "<", "SD", "stable", "", "8"),
        "Asked again, since what it rests on was changed: response_as_stated, response_basis",
        {},
        {"response": "SD", "response_as_stated": "stable"},
    ),
    "what rests on the same answer is not": (at(15, "<", "<", "<", "2", "8"), "Your answer: PR.", {}, {}),
    "what rests on nothing any more is dropped": (
        at(15, "<", "<", "<", "not stated", "8"),
        "Dropped, since it is no longer asked: P1 1 response_as_stated: partial response P1 1 response_basis: stated",
        {},
        {"response": None, "response_as_stated": None, "response_basis": None},
    ),
    "still taken, so no reason to stop": (
        (*ALL[:18], "<", "<", "y", "", *ALL[19:]),
        "P1 1 stop_reason: progression",
        {},
        {"ongoing": True, "stop_reason": None},
    ),
    "an offer that changes the answer before": (
        (*ALL[:8], "ROS1", "RANBP2-ALK", "y", *ALL[10:]),
        "did you mean fusion_gene: ALK, fusion_partner: RANBP2?",
        {},
        {},
    ),
    "an offer that is not taken by going back": (at(SEX, "woman", "<", "", "female"), "did you mean female?", {}, {}),
    "changed in the summary": ((*ALL, "3", "35", ""), "3 age 35", {"age": 35}, {}),
    "changed in the summary, and what rests on it": (
        (*ALL, "13", "SD", "", "measured", ""),
        "13 response SD",
        {},
        {"response": "SD", "response_basis": "measured"},
    ),
    "another drug in the summary, and all that is of its course": (
        (*ALL, "11", "lorlatinib", "", "SD", "stable", "", "10", "", "", ""),
        "Asked again, since what it rests on was changed: combined_with, response, response_as_stated, response_basis, "
        "duration_months, ongoing, stop_reason",
        {},
        {"drug": "lorlatinib", "response": "SD", "response_as_stated": "stable", "duration_months": 10},
    ),
    "another drug whose course is as it was": (
        (*ALL, "11", "lorlatinib", *[""] * 8),
        "Your answer: progression. Enter: keep it.",
        {},
        {"drug": "lorlatinib"},
    ),
    "another drug whose response is not known": (
        (*ALL, "11", "lorlatinib", "", "not stated", "", "", "", ""),
        "12 combined_with not stated 13 response not stated 14 duration_months 8",
        {},
        {"drug": "lorlatinib", "response": None, "response_as_stated": None, "response_basis": None},
    ),
    "the same drug again": ((*ALL, "11", "", ""), "Your answer: crizotinib. Enter: keep it.", {}, {}),
    "back from the summary": ((*ALL, "<", "", ""), "Does it describe another patient, P2? y = yes, n = no", {}, {}),
    "no line of the summary": ((*ALL, "?", "0", "99", ""), "A number from 1 to 22, or Enter", {}, {}),
    "a patient that is none after all": (
        (*ALL[:LAST], "y", "12", "<", "<", "n", ""),
        "Dropped, since it is no longer asked: P2 age: 12",
        {},
        {},
    ),
}


@pytest.mark.parametrize(("answers", "said", "patient", "course"), DIALOGUES.values(), ids=DIALOGUES)
def test_dialogue(answers: Sequence[str], said: str, patient: dict[str, Any], course: dict[str, Any]) -> None:
    done = held(answers)
    assert said in done.text
    wanted_course = {**USUAL["patients"][0]["courses"][0], **course}
    wanted = {**USUAL["patients"][0], **patient, "courses": [without_none(wanted_course)]}
    assert done.draft["patients"] == [without_none(wanted)]
    assert done.draft["report"] == USUAL["report"]


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def test_back_crosses_courses_and_patients() -> None:
    """From the second patient's age to the response to the first one's second inhibitor, and on where it was left."""
    second = ("lorlatinib", "", "SD", "stable", "stated", "3", "y", "")
    back = ("<",) * 9  # another patient, follow-up, status, another inhibitor, ongoing, months, basis, words, response
    other = ("12", *[""] * 5, "ceritinib", *[""] * 5, "", "", "", "")
    done = held((*ALL[:18], "y", *second, *END, "y", *back, "4", "grew", "", *other))
    one, two = done.patient["courses"]
    assert (one["response"], two["response"], two["response_as_stated"]) == ("PR", "PD", "grew")
    assert "[5] NE Your answer: SD." in done.text
    assert done.draft["patients"][1] == {"id": "P2", "age": 12, "courses": [{"drug": "ceritinib"}]}


@pytest.mark.parametrize("number", range(1, len(ALL)))
def test_what_was_kept_is_not_asked_again(number: int) -> None:
    kept = held(ALL[:number], ends=True).kept
    assert len(kept) == number
    done = held(("", *ALL[number:]), kept)
    assert f"{number} answer{'' if number == 1 else 's'} kept, going on at: " in done.text
    assert done.draft == USUAL
    assert done.kept == held(ALL).kept
    assert held(("2", *ALL), kept).draft == USUAL


def test_all_kept_goes_on_at_the_summary() -> None:
    done = held(("",), held(ALL).kept)
    assert "22 answers kept, going on at: the summary" in done.text
    assert done.draft == USUAL


def test_stopped_the_draft_is_as_it_was() -> None:
    assert held(ALL[:12], ends=True).draft == draft_of("made-2026", REFERENCE, "A", "2026-11-23")


def test_silence_counts_nowhere() -> None:
    """Enter alone leaves every field out that may be: no first choice is taken."""
    done = held(("1", "", *[""] * 6, "crizotinib", *[""] * 5, "", "", "", ""))
    assert done.draft["patients"] == [{"id": "P1", "courses": [{"drug": "crizotinib"}]}]
    assert set(done.kept.values()) == {"", "case_report", "crizotinib"}


def test_each_question_has_help_whose_example_is_accepted_and_whose_rule_there_is() -> None:
    sections = case_schema(built_in())["properties"]
    taken: dict[str, Draft] = {
        "extraction/depth": {"depth": "secondary"},
        "P1/site": {"site": "lung"},
        "P1/fusion_gene": {"fusion_gene": "ALK"},
        "P1/1/response": {"response": "PR"},
    }
    walk = Walk({"report": {}, "extraction": {}}, sections, taken)
    interview = Interview(built_in(), "ALK", lambda prompt, words: "", lambda text: None, lambda name, value: None)
    names = set()
    for question in walk:
        if not question.sentence:
            names.add(question.name)
            told = HELP[question.name]
            assert told.rule == "" or explanation_of(told.rule)
            example = (told.example or first_term(question.name, built_in())).split(", or ")[0]
            assert interview._problem(question.part, question.name, example) is None, question.name
    assert names == HELP.keys()
