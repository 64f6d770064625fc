"""Single edits of the frozen review that move a number or a fact: each is told, without a version to compare with.

The first table is the list of known slips, the second has others of the same kinds. An edit is one file of the frozen
review with one text in place of another; the rule speaks of the edited file and not of the file as it was. What is
written into a file here is made up.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FROZEN

from metaimt.casefiles.library import read_library
from metaimt.checks import check_library

Edit = Callable[[str], str]
CASES = FROZEN / "cases"


def _to(old: str, new: str, *more: tuple[str, str]) -> Edit:
    def edit(text: str) -> str:
        for before, after in ((old, new), *more):
            assert before in text
            text = text.replace(before, after)
        return text

    return edit


def _without(line: str) -> Edit:
    def edit(text: str) -> str:
        lines = text.split("\n")
        assert line in map(str.strip, lines)
        return "\n".join(kept for kept in lines if kept.strip() != line)

    return edit


def _again(id: str, start: str, end: str | None = None) -> Edit:
    """The patient that starts with one line, once more under another id."""

    def edit(text: str) -> str:
        begins = text.index(start)
        block = text[begins : None if end is None else text.index(end)]
        return f"{text.rstrip()}\n" + block.replace(start.strip(), f"- id: {id}", 1)

    return edit


def _swapped(one: str, other: str) -> Edit:
    return _to(one, "\0", (other, one), ("\0", other))


NOTHING = "combined-with-nothing"
POSITIVE, NEGATIVE = "status: {ALK: positive}", "status: {ALK: negative}"
KNOWN = [
    ("schoffski-2021", "status of the arms swapped", _swapped(POSITIVE, NEGATIVE), "label-disagrees"),
    ("mosse-2017", "combined with none", _to("    line", "    combined_with: [none]\n    line"), NOTHING),
    ("mosse-2017", "status left out", _without(POSITIVE), "status-left-out"),
    ("trahair-2019", "combination left out", _without("combined_with: [surgery]"), "label-disagrees"),
    (
        "trahair-2019",
        "8000 of 8000",
        _to("evaluable: 8\n    responders: 8", "evaluable: 8000\n    responders: 8000"),
        "implausible-count",
    ),
    ("zhang-2020", "a patient again", _again("P3", "  - id: P1", "  - id: P2"), "same-facts-twice"),
    ("hensley-2022", "depth left out", _without("depth: abstract"), "depth-left-out"),
    ("nagumo-2018", "30 weeks", _to("duration_months: 2", "duration_months: 30"), "treatment-exceeds-follow-up"),
    ("nagumo-2018", "210 days", _to("duration_months: 2", "duration_months: 210"), "duration-exceeds-drug"),
    ("hensley-2022", "30 weeks", _to("duration_months: 7", "duration_months: 30"), "duration-not-in-words"),
    ("hensley-2022", "210 days", _to("duration_months: 7", "duration_months: 210"), "duration-exceeds-drug"),
    ("butrynski-2010", "a later drug", _to("drug: crizotinib", "drug: lorlatinib"), "drug-before-first-year"),
    ("schoffski-2021", "a responder fewer", _to("responders: 8", "responders: 7"), "counts-contradict-claim"),
    ("schoffski-2021", "one more evaluable", _to("evaluable: 12", "evaluable: 13"), "counts-contradict-claim"),
]
OTHERS = [
    # counts
    (
        "schoffski-2021",
        "counts of the arms swapped",
        _swapped("evaluable: 12\n    responders: 8", "evaluable: 7\n    responders: 1"),
        "counts-contradict-claim",
    ),
    ("schoffski-2021", "the arm of no quotation", _to("responders: 1", "responders: 3"), "counts-contradict-claim"),
    ("mosse-2017", "14 to 15", _to("evaluable: 14", "evaluable: 15"), "counts-contradict-claim"),
    ("liu-2023", "stable disease", _to("sd: 1", "sd: 0"), "counts-contradict-claim"),
    ("fischer-2021", "treated fewer", _to("evaluable: 10", "evaluable: 10\n    treated: 8"), "counts-exceed-treated"),
    (
        "fischer-2021",
        "more at 12 months than known",
        _to("evaluable: 10", "evaluable: 10\n    in_response_at_12_months: {n: 7, of: 5}"),
        "counts-exceed-treated",
    ),
    ("casanova-2020", "5000 treated", _to("evaluable: 5\n", "evaluable: 5\n    treated: 5000\n"), "implausible-count"),
    # labels and titles
    ("desai-2022", "another kinase", _to(POSITIVE, "status: {ROS1: positive}"), "label-disagrees"),
    ("liu-2018", "a mixed arm", _to(POSITIVE, "status: {ALK: mixed}"), "label-disagrees"),
    ("liu-2018", "another drug", _to("drug: ceritinib", "drug: alectinib"), "label-disagrees"),
    ("liu-2018", "another line", _to("line: later", "line: first"), "label-disagrees"),
    ("fda-2022", "ages swapped", _swapped("population: paediatric", "population: adult"), "label-disagrees"),
    ("has-2023", "ages left out", _without("population: paediatric"), "label-disagrees"),
    ("nagumo-2018", "another drug", _to("drug: crizotinib", "drug: alectinib"), "title-disagrees"),
    ("comandini-2021", "another fusion", _to("fusion_gene: ROS1", "fusion_gene: ALK"), "title-disagrees"),
    ("gaudichon-2016", "a boy", _to("sex: female", "sex: male"), "title-disagrees"),
    ("cosa702-2012", "IMT", _to("histology: EIMS", "histology: IMT"), "title-disagrees"),
    ("anon-scitemed-2020", "another site", _to("site: head_and_neck", "site: lung"), "detail-disagrees"),
    (
        "anon-jcts2427-2023",
        "combination left out",
        _without("combined_with: [bronchoscopic removal]"),
        "title-disagrees",
    ),
    ("schoffski-2021", "another design", _to("design: trial", "design: cohort"), "title-disagrees"),
    ("nagumo-2018", "a series of one", _to("design: case_report", "design: cohort"), "title-disagrees"),
    # status
    ("schoffski-2018", "status of one arm left out", _without(NEGATIVE), "status-left-out"),
    ("zhang-2020", "fusion left out", _to("    fusion_gene: ALK\n    fusion_partner: RRBP1\n", ""), "status-left-out"),
    # twice
    ("trahair-2019", "an arm again", lambda text: text + text[text.index('  - label: "RANBP2') :], "same-facts-twice"),
    ("alan-2020", "a patient again", _again("P3", "  - id: P2"), "patients-alike"),
    # nothing in a list
    ("li-2024", "alone", _to("combined_with: [surgery]", "combined_with: [alone]"), NOTHING),
    (
        "nagumo-2018",
        "the drug itself",
        _to("drug: crizotinib", "drug: crizotinib\n        combined_with: [Crizotinib]"),
        NOTHING,
    ),
    # times
    ("anon-smf-2021", "weeks as months", _to("duration_months: 1.15", "duration_months: 5"), "duration-not-in-words"),
    ("michels-2017", "days", _to("duration_months: 29", "duration_months: 580"), "duration-exceeds-drug"),
    ("reinhart-2020", "a drug of 2014 in 2013", _to("year: 2020", "year: 2013"), "drug-before-first-year"),
    # sizes
    (
        "nagumo-2018",
        "-14 % is no PR by RECIST",
        _to("response: PR", "response: PR\n        criteria: RECIST 1.1\n        size_change_percent: -14"),
        "size-contradicts-response",
    ),
    (
        "nagumo-2018",
        "PD with a shrinkage",
        _to("response: PR", "response: PD\n        size_change_percent: -48"),
        "size-suggests-another-response",
    ),
]


def _problems(report: str, edit: Edit, folder: Path) -> set[tuple[str, str]]:
    """(severity, rule) of what is told of one file of the frozen review, edited, with the review's protocol."""
    shutil.copy(CASES / "review.yaml", folder)
    (folder / "literature").mkdir(exist_ok=True)
    text = (CASES / "literature" / f"{report}.yaml").read_text(encoding="utf-8")
    (folder / "literature" / f"{report}.yaml").write_text(edit(text), encoding="utf-8")
    return {(problem.severity, problem.rule) for problem in check_library(read_library(folder))}


@pytest.mark.parametrize(
    ("report", "edit", "rule"),
    [pytest.param(report, edit, rule, id=f"{report}: {what}") for report, what, edit, rule in (*KNOWN, *OTHERS)],
)
def test_a_single_edit_is_told(report: str, edit: Edit, rule: str, tmp_path: Path) -> None:
    new = _problems(report, edit, tmp_path) - _problems(report, lambda text: text, tmp_path)
    assert {severity for severity, told in new if told == rule} <= {"error", "warning"}
    assert rule in {told for _, told in new}


@pytest.mark.parametrize("rule", ["same-facts-twice", NOTHING, "counts-contradict-claim"])
def test_what_must_be_an_error_is_one(rule: str, tmp_path: Path) -> None:
    for report, _, edit, told in KNOWN:
        if told == rule:
            assert ("error", rule) in _problems(report, edit, tmp_path)
