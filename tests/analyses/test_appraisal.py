"""What is proposed of made-up files and from what, what people decide of it, and the row of those well ascertained."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import metaimt as called
from conftest import MakeReview, arm, course, patient, report

import metaimt
from metaimt.analyses.appraisal import Answered, ReportAppraisal, appraisals, well_ascertained
from metaimt.analyses.results import Results
from metaimt.casefiles.library import read_library
from metaimt.content.appraisal import appraisal_blocks, asking, sign
from metaimt.content.section import section
from metaimt.render.markdown import no_figures, section_markdown
from metaimt.report.tables import appraisal_rows
from metaimt.vocabulary import appraisal_tools, built_in

FULL = {"extraction": {"depth": "full_text"}}
TITLE = {"extraction": {"depth": "title"}}


def of(make_review: MakeReview, *found: dict[str, Any]) -> dict[str, ReportAppraisal]:
    return {each.report.id: each for each in appraisals(read_library(make_review(*found))).reports}


def answers(found: ReportAppraisal) -> dict[str, str]:
    return {each.question.key: sign(each) for each in found.answers}


def answered(found: ReportAppraisal, key: str) -> Answered:
    return next(each for each in found.answers if each.question.key == key)


def test_every_design_has_one_tool_and_every_tool_its_number_of_questions() -> None:
    tools = appraisal_tools()
    assert {key: len(tool.questions) for key, tool in tools.items()} == {
        "murad-2018": 8,
        "jbi-cohort": 11,
        "jbi-quasi-experimental": 9,
    }
    designs = [design for tool in tools.values() for design in tool.designs]
    assert sorted(designs) == sorted(built_in().terms("design"))
    domains = [question.domain for question in tools["murad-2018"].questions]
    assert [domains.count(each) for each in dict.fromkeys(domains)] == [1, 2, 4, 1]


DIED = "stop_reason: death, before the response was assessed"


@pytest.mark.parametrize(
    ("given", "more", "expected"),
    [
        ({}, {}, ("exposure", "(+)", "drug: crizotinib")),
        ({"drug": "unspecified ALK inhibitor"}, {}, ("exposure", "(?)", "the drug is not named, read as abstract")),
        ({"drug": "unspecified ALK inhibitor"}, FULL, ("exposure", "(−)", "the drug is not named, read in full text")),
        ({"response_basis": "measured"}, {}, ("outcome", "(+)", "response_basis: measured")),
        ({"criteria": "RECIST 1.1"}, {}, ("outcome", "(+)", "criteria: RECIST 1.1")),
        ({}, {}, ("outcome", "(?)", "response_basis: stated, without criteria")),
        ({"response_basis": "inferred"}, {}, ("outcome", "(?)", "response_basis: inferred, read as abstract")),
        ({"response_basis": "inferred"}, FULL, ("outcome", "(−)", "response_basis: inferred, read in full text")),
        ({"response": "NE", "stop_reason": "death"}, {}, ("outcome", "(+)", DIED)),
        ({"response": "NE"}, {}, ("outcome", "(?)", "response_basis: stated, without criteria")),
        (
            {"response": "PR", "stop_reason": "death"},
            {},
            ("outcome", "(?)", "response_basis: stated, without criteria"),
        ),
        ({"response_basis": "measured"}, TITLE, ("outcome", "(?)", "read by the title only")),
        ({"combined_with": ["surgery"]}, {}, ("other_causes", "(−)", "combined_with: surgery")),
        ({}, {}, ("other_causes", "(?)", "combined_with is not given, read as abstract")),
        ({}, FULL, ("other_causes", "(+)", "combined_with: none, read in full text")),
        ({"duration_months": 6}, {}, ("follow_up", "(+)", "6 months, at least 6")),
        (
            {"duration_months": [5, 9]},
            {},
            ("follow_up", "(?)", "5 months, less than 6, and the follow-up is not given"),
        ),
        ({"stop_reason": "progression"}, {}, ("follow_up", "(+)", "followed to progression or death")),
        ({}, FULL, ("follow_up", "(−)", "no time is given, read in full text")),
        ({}, {}, ("selection", "(?)", "nothing in the file says it")),
        ({}, {}, ("dose_response", "(n/a)", "mostly relevant to adverse drug events, as the source says")),
        ({}, FULL, ("detail", "(−)", "without fusion_partner, follow-up, read in full text")),
    ],
)
def test_what_is_proposed_of_a_course_and_why(
    make_review: MakeReview, given: dict[str, Any], more: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    question, answer, because = expected
    found = of(make_review, report("one-2020", patient(course(**given)), **more))["one-2020"]
    assert (sign(answered(found, question)), answered(found, question).reason) == (answer, because)


def test_short_follow_up_and_full_detail_are_those_of_the_patient(make_review: MakeReview) -> None:
    told: dict[str, Any] = {"fusion_gene": "ALK", "fusion_partner": "TPM3", "followup_months": 4}
    found = answers(of(make_review, report("one-2020", patient(course(), **told)))["one-2020"])
    assert (found["follow_up"], found["detail"]) == ("(−)", "(+)")


def test_a_report_is_yes_if_each_course_is_and_no_if_one_is(make_review: MakeReview) -> None:
    def of_two(id: str, *bases: str) -> dict[str, Any]:
        courses = [patient(course(response_basis=basis), id=f"P{k}") for k, basis in enumerate(bases, start=1)]
        return report(id, *courses, design="case_series")

    both, mixed = of_two("both-2020", "measured", "measured"), of_two("mixed-2020", "measured", "stated")
    found = of(make_review, both, mixed)
    assert answers(found["both-2020"])["outcome"] == "(+)"
    one = answered(found["mixed-2020"], "outcome")
    assert sign(one) == "(?)"
    assert one.reason == "response_basis: measured (1 of 2); response_basis: stated, without criteria (1 of 2)"
    assert [found["mixed-2020"].meets(f"mixed-2020/{name}", {"outcome": "yes"}) for name in ("P1", "P2")] == [
        True,
        False,
    ]


def test_what_a_person_wrote_wins_and_raters_who_differ_leave_it_unclear(make_review: MakeReview) -> None:
    said = [
        {"by": "a", "tool": "murad-2018", "answers": {"exposure": "no", "outcome": "yes", "selection": "no"}},
        {"by": "b", "tool": "murad-2018", "answers": {"exposure": "no", "outcome": "no", "detail": "yes"}},
    ]
    said[0]["reasons"] = {"exposure": "of unknown dose"}
    decided = {"by": "c", "tool": "murad-2018", "answers": {"outcome": "yes"}, "decides": True}
    found = of(
        make_review,
        report("two-2020", patient(course()), appraisal=said),
        report("three-2020", patient(course()), appraisal=[*said, decided]),
    )
    two = found["two-2020"]
    kept = {key: answers(two)[key] for key in ("selection", "exposure", "outcome", "detail", "follow_up")}
    assert kept == {"selection": "−", "exposure": "−", "outcome": "?!", "detail": "+", "follow_up": "(?)"}
    assert (answered(two, "exposure").reason, answered(two, "exposure").by) == ("of unknown dose", ("a", "b"))
    assert answered(two, "outcome").reason == "a: yes; b: no"
    assert (two.agreed, two.compared) == (1, 2)
    assert answers(found["three-2020"])["outcome"] == "+"


def test_well_ascertained_are_courses_by_decision_or_else_by_proposal(make_review: MakeReview) -> None:
    decided = [{"by": "a", "tool": "murad-2018", "answers": {"exposure": "yes", "outcome": "yes"}}]
    folder = make_review(
        report("decided-2020", patient(course()), appraisal=decided),
        report("measured-2020", patient(course("SD", response_basis="measured"))),
        report("stated-2020", patient(course())),
        report("trial-2020", design="trial", arms=[arm(3, 5)]),
    )
    protocol = yaml.safe_load((folder / "review.yaml").read_text(encoding="utf-8"))
    wanted = {"name": "well ascertained only", "appraisal": {"exposure": "yes", "outcome": "yes"}, "subset": True}
    protocol["sensitivity"], protocol["specification"] = [wanted], {}
    (folder / "review.yaml").write_text(yaml.safe_dump(protocol), encoding="utf-8")
    results = metaimt.run(folder)
    (found,) = results.sensitivity.subsets
    cell = found.pools["strict"]
    assert (cell.counts.responders, cell.counts.evaluable, cell.counts.reports) == (1 + 0 + 3, 1 + 1 + 5, 3)
    assert [str(each) for each in cell.notes] == [
        "2 of the 3 reports by an answer of the appraisal that is proposed from the file and not decided"
    ]
    sound = well_ascertained(results.appraisal, results.response.pools)
    assert sound is not None and sound["strict"].ids == cell.counts.ids
    assert results.response.headline.counts.evaluable == 1 + 1 + 1 + 5


def test_an_answer_that_the_protocol_asks_for_is_of_a_question(make_review: MakeReview) -> None:
    folder = make_review(report("one-2020", patient(course())))
    text = (folder / "review.yaml").read_text(encoding="utf-8")
    added = text.replace("\nsensitivity:", "\nsensitivity:\n  - {name: wrong, appraisal: {exposures: yes}}", 1)
    assert added != text
    (folder / "review.yaml").write_text(added, encoding="utf-8")
    assert [each.rule for each in read_library(folder).problems] == ["unknown-question"]


def test_no_answer_is_in_what_is_to_be_pasted_until_a_person_frees_it(make_review: MakeReview) -> None:
    given = course(combined_with=["surgery\n    - by: nobody"])
    found = of(make_review, report("one-2020", patient(given)))["one-2020"]
    pasted = "\n".join([*asking(found, "one-2020.yaml:1")][1:])
    assert yaml.safe_load(pasted) == {
        "appraisal": [{"by": "YOUR-NAME", "tool": "murad-2018", "answers": None, "reasons": {}}]
    }
    freed = yaml.safe_load(pasted.replace("# exposure", "exposure"))["appraisal"][0]["answers"]
    assert freed == {"exposure": True}  # YAML 1.1; the reader of case files keeps the text


def rated(by: str, *keys: str, answer: str = "yes", **more: Any) -> dict[str, Any]:
    return {"by": by, "tool": "murad-2018", "answers": dict.fromkeys(keys, answer), **more}


MURAD = [question.key for question in appraisal_tools()["murad-2018"].questions]


@pytest.mark.parametrize(
    ("entries", "by", "asked", "told"),
    [
        ([], "", MURAD, "To answer, paste this into the file"),
        ([], "b", MURAD, "To answer, paste this into the file"),
        ([rated("a", *MURAD[:6])], "", MURAD[6:], "2 of 8 questions not answered. Paste this below appraisal in"),
        ([rated("a", *MURAD[:6])], "A ", MURAD[6:], "not answered by A. Paste this below your answers in"),
        ([rated("a", *MURAD[:6])], "b", MURAD, "8 of 8 questions not answered by b. Paste this below appraisal in"),
        ([rated("a", *MURAD[:6]), rated("b", *MURAD[5:7])], "", MURAD[7:], "1 of 8 questions not answered."),
        (
            [rated("a", *MURAD)],
            "",
            [],
            "Every question is answered. For a second rater: metaimt appraise one-2020",
        ),
        ([rated("a", *MURAD)], "a", [], "a has answered every question."),
        ([rated("a", *MURAD)], "b", MURAD, "8 of 8 questions not answered by b"),
    ],
)
def test_only_what_is_missing_is_asked(
    make_review: MakeReview, entries: list[dict[str, Any]], by: str, asked: list[str], told: str
) -> None:
    folder = make_review(report("one-2020", patient(course()), appraisal=entries))
    done = called("appraise", "one-2020", *(["--by", by] if by else []), "--cases", str(folder))
    assert done.returncode == 0
    assert told in done.stdout
    assert [line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("      # ")] == asked


@pytest.mark.parametrize("by", ["", "b", "c: #"])
def test_what_is_pasted_where_it_says_is_a_valid_file_with_all_answers(make_review: MakeReview, by: str) -> None:
    folder = make_review(report("one-2020", patient(course()), appraisal=[rated("a", *MURAD[:6])]))
    file = folder / "literature" / "one-2020.yaml"
    done = called("appraise", "one-2020", *(["--by", by] if by else []), "--cases", str(folder)).stdout
    pasted = done[done.index("  - by:") :].partition("\n\nIf one")[0].replace("      # ", "      ")
    text = file.read_text(encoding="utf-8").splitlines()
    at = int(re.search(r"one-2020\.yaml:(\d+)", done)[1])  # type: ignore[index]
    assert text[at - 1] == "appraisal:"
    file.write_text(
        "\n".join([*text[:at], pasted.rstrip(), *(f"  {line}" for line in text[at:]), ""]), encoding="utf-8"
    )
    library = read_library(folder)
    assert not [each for each in library.problems if each.severity == "error"]
    (one,) = appraisals(library).reports
    assert all(each.by for each in one.answers)
    assert {entry.by for entry in one.report.appraisal} == {"a", by or "YOUR-NAME"}


def test_who_decides_is_asked_where_raters_disagree_until_it_is_decided(make_review: MakeReview) -> None:
    entries = [rated("a", *MURAD), rated("b", "outcome", answer="no")]
    found = of(make_review, report("one-2020", patient(course()), appraisal=entries))["one-2020"]
    text = "\n".join(asking(found, "x:1"))
    assert "Raters disagree on 1 question." in text
    assert "    decides: true\n    answers:\n      # outcome: unclear  # a: yes; b: no\n" in text
    decided = rated("a", "outcome", answer="no", decides=True)
    settled = of(make_review, report("one-2020", patient(course()), appraisal=[*entries, decided]))["one-2020"]
    assert [*asking(settled, "x:1")] == [
        "Every question is answered. For a second rater: metaimt appraise one-2020 --by NAME"
    ]


def test_the_page_has_no_row_a_report_and_documents_have_all(shipped: Results) -> None:
    found = shipped.appraisal
    text = section_markdown(section("Made up", appraisal_blocks(found)), no_figures)
    rows = list(appraisal_rows(found))
    assert len(rows) == sum(len(each.answers) for each in found.reports)
    assert text.count("\n| ") >= len(found.reports)
    assert "0 of 71 reports appraised by a person" in text
    assert "(+)" in text and "| + |" not in text
    assert well_ascertained(found, shipped.response.pools) is None


def test_the_command_prints_all_or_one(make_review: MakeReview, tmp_path: Path) -> None:
    folder = str(make_review(report("one-2020", patient(course()))))
    every, one = called("appraise", "--cases", folder), called("appraise", "one-2020", "--cases", folder)
    assert "one-2020  (?)  (+)  (?)  (?)  (n/a)  (n/a)  (?)  (?)" in every.stdout
    assert "2. Was the exposure adequately ascertained? [exposure] yes (proposed): drug:" in one.stdout
    assert "      # exposure:      yes  # proposed: drug: crizotinib\n" in one.stdout
    assert called("appraise", "two-2020", "--cases", folder).returncode == 2
