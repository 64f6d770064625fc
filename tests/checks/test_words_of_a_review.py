"""A review of another tumour has the same checks with its own words. The tumours, drugs and cases are made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaimt.casefiles.library import Library, read_library
from metaimt.checks import check_library
from metaimt.problem import Problem
from metaimt.vocabulary import OTHER, Vocabulary, built_in

REVIEW = """# Made up.
format: 2
title: Made up
question: Made up?
version: "2026.1"
outcome: {responders: [CR, PR], evaluable: [CR, PR, SD, PD]}
eligible: {histology: [MUT, GMUT]}
first_year: 1990
rows: {braf: {mutation: BRAF, change: V600E, targets: [BRAF]}}
pools: {all: {rows: [braf]}}
strata: {trials: [trial]}
"""
TERMS = """# Made up.
replaces: [histology, generation, site]
histology:
  MUT: [made-up tumour]
  GMUT: [giant-cell made-up tumour]
broad_histology: {MUT: []}
histology_words: {GMUT: [giant-cell]}
own_tumour: {made-up sarcoma: []}
generation: {early: [], late: []}
site: {limb: [arm, leg]}
kinase: {BRAF: [], RAF1/2: [pan-RAF]}
drugs:
  madeupinib: {generation: early, targets: [BRAF]}
  otherinib: {generation: late, targets: [BRAF]}
"""


def library_of(folder: Path, case: str, terms: str = TERMS) -> Library:
    (folder / "literature").mkdir(exist_ok=True)
    (folder / "review.yaml").write_text(REVIEW, encoding="utf-8")
    (folder / "vocabulary.yaml").write_text(terms, encoding="utf-8")
    (folder / "literature" / "example-2024.yaml").write_text(f"# Made up.\n{case}", encoding="utf-8")
    return read_library(folder)


def told(folder: Path, case: str, rule: str) -> list[str]:
    return [problem.message for problem in check_library(library_of(folder, case)) if problem.rule == rule]


def arm(label: str, more: str = "") -> str:
    return (
        "report: {id: example-2024, title: Made up, year: 2024, design: trial}\nextraction: {checked_by: b}\n"
        f"arms: [{{label: '{label}', drug: madeupinib, evaluable: 9, responders: 1{more and ', '}{more}}}]\n"
    )


def case(title: str, histology: str, drugs: str = "madeupinib", year: int = 2024) -> str:
    courses = ", ".join(f"{{drug: {drug}, response: PR}}" for drug in drugs.split())
    return (
        f"report: {{id: example-2024, title: '{title}', year: {year}, design: case_report}}\n"
        f"extraction: {{checked_by: b}}\n"
        f"patients: [{{id: P1, histology: {histology}, mutations: [{{gene: BRAF, change: V600E}}], "
        f"courses: [{courses}]}}]\n"
    )


@pytest.mark.parametrize(
    ("label", "more", "message"),
    [
        ("MUT", "", ""),
        ("GMUT", "", "the label says GMUT, but histology is left out"),
        ("giant-cell", "histology: MUT", "the label says GMUT, but histology is MUT"),
        ("giant-cell made-up tumor", "histology: GMUT", ""),
        ("made-up tumours", "histology: GMUT", "the label says MUT, but histology is GMUT"),
        ("IMT", "histology: MUT", ""),
        ("BRAF MUT", "", "the label says BRAF-positive, but BRAF is left out in status"),
        ("pan-RAF fusion", "", "the label says pan-RAF-positive, but none of RAF1, RAF2 is in status"),
        ("pan-RAF fusion", "status: {RAF2: positive}", ""),
    ],
)
def test_labels(label: str, more: str, message: str, tmp_path: Path) -> None:
    assert told(tmp_path, arm(label, more), "label-disagrees") == ([message] if message else [])


def test_titles(tmp_path: Path) -> None:
    message = "the title says giant-cell, but histology is MUT"
    assert told(tmp_path, case("A giant-cell tumour", "MUT"), "title-disagrees") == [message]
    assert told(tmp_path, case("A made-up tumour", "GMUT"), "title-disagrees") == []
    assert told(tmp_path, case("An epithelioid tumour", "MUT"), "title-disagrees") == []


@pytest.mark.parametrize(
    ("label", "named"),
    [
        ("inflammatory myofibroblastic tumour", "inflammatory myofibroblastic tumour"),
        ("EIMS", "EIMS"),
        ("made-up sarcoma", ""),
        ("giant-cell made-up tumour", ""),
    ],
)
def test_a_tumour_that_is_replaced_is_another_one(label: str, named: str, tmp_path: Path) -> None:
    said = [f"label names another tumour: {named}"] if named else []
    assert told(tmp_path, arm(label), "another-tumour") == said


def test_generations_follow_each_other_in_the_order_of_the_review(tmp_path: Path) -> None:
    message = "otherinib (late generation) stands before madeupinib (early generation)"
    assert told(tmp_path, case("a", "MUT", "otherinib madeupinib"), "generation-order") == [message]
    assert told(tmp_path, case("a", "MUT", "madeupinib otherinib"), "generation-order") == []
    assert told(tmp_path, case("a", "MUT", "otherinib crizotinib"), "generation-order") == []  # of no generation here


def test_the_first_year_is_that_of_the_review(tmp_path: Path) -> None:
    message = "year 1989 is before 1990, the first_year of the review"
    assert told(tmp_path, case("a", "MUT", year=1989), "year-before-review") == [message]
    assert told(tmp_path, case("a", "MUT", year=1990), "year-before-review") == []


def test_what_is_replaced_is_gone_but_for_other(tmp_path: Path) -> None:
    terms = library_of(tmp_path, arm("a")).vocabulary
    assert terms.terms("histology") == (OTHER, "MUT", "GMUT")
    assert terms.terms("site") == (OTHER, "limb")
    assert terms.terms("generation") == (OTHER, "not_stated", "early", "late")
    assert terms.terms("own_tumour") == ("made-up sarcoma",)
    assert "crizotinib" in terms.drugs


def problems(folder: Path, terms: str) -> list[Problem]:
    return [each for each in library_of(folder, arm("a"), terms).problems if each.rule == "vocabulary"]


@pytest.mark.parametrize(
    ("terms", "place", "message", "hint"),
    [
        ("replaces: [sex]\n", (1, 12), "'sex' cannot be replaced", "the lists that a review can replace are drugs,"),
        ("replaces: histology\n", (1, 11), "replaces: expected names of lists", "write replaces: [histology]"),
        (
            "generation: {early: []}\ndrugs: {x: {generation: late}}\n",
            (2, 25),
            "x: generation 'late' is not one of first, second, third, fourth, other, not_stated, early",
            "or add it under generation",
        ),
        ("generation: {early: wrong}\n", (1, 21), "early: the other ways to write it are not a list of words", ""),
        (
            "histology: {GMUT: []}\nhistology_words: {GMTU: [giant-cell]}\n",
            (2, 25),
            "'GMTU' is no histology of the vocabulary",
            "did you mean GMUT?",
        ),
        ("broad_histology: {X: []}\n", (1, 22), "'X' is no histology of the vocabulary", "add it under histology"),
        ("replace: [histology]\n", (1, 10), "'replace' is not a list of terms", "did you mean replaces?"),
    ],
)
def test_mistakes_are_told_at_their_place(
    terms: str, place: tuple[int, int], message: str, hint: str, tmp_path: Path
) -> None:
    (found,) = problems(tmp_path, terms)
    assert (found.position.line, found.position.column, found.message) == (*place, message)
    assert hint in found.hint


def test_a_drug_of_a_generation_that_is_wrong_is_left_out(tmp_path: Path) -> None:
    terms = "generation: {early: wrong}\ndrugs: {x: {generation: early}}\n"
    assert len(problems(tmp_path, terms)) == 2
    assert "x" not in library_of(tmp_path, arm("a"), terms).vocabulary.drugs


def test_the_vocabulary_itself_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="generation 'late' is not one of first, second"):
        built_in().extended({"drugs": {"x": {"generation": "late"}}})
    assert isinstance(built_in().extended({"replaces": ["drugs"]}), Vocabulary)
    assert dict(built_in().extended({"replaces": ["drugs"]}).drugs) == {}
