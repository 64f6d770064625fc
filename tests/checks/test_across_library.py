"""Rules that need the whole review folder: adding a test is adding a folder.

`rejected/<rule>/` or `rejected/<rule>--<short>/` is a small review; `expect.txt` names the one place where the rule
speaks: `links.yaml:3:11 unknown-link-patient hint: part of the hint`. `accepted/` has reviews without a problem.
A folder without a review.yaml of its own is read with the one beside this file.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from metaimt.casefiles.library import read_library
from metaimt.casefiles.strict_yaml import Document, parse
from metaimt.checks import check_library
from metaimt.checks.across_library import did_you_mean
from metaimt.problem import Problem

HERE = Path(__file__).parent
REJECTED = sorted((HERE / "rejected").iterdir())
ACCEPTED = sorted((HERE / "accepted").iterdir())
EXPECTED = re.compile(r"(\S+):(\d+):(\d+) ([a-z0-9-]+)(?: hint: (.+))?")


@pytest.fixture
def review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a protocol, named as the user would type it."""
    monkeypatch.chdir(tmp_path)
    Path("cases").mkdir()
    shutil.copy(HERE / "review.yaml", "cases")
    return Path("cases")


SHORT = {
    *("depth-left-out", "format-1", "nothing-identified", "status-left-out"),
}  # examples are as short as can be: these speak in their own alone


def problems_of(example: Path, review: Path) -> tuple[Problem, ...]:
    shutil.copytree(example, review, dirs_exist_ok=True)
    own = SHORT - {example.name.split("--")[0]}
    return tuple(problem for problem in check_library(read_library(review)) if problem.rule not in own)


@pytest.mark.parametrize("example", REJECTED, ids=lambda path: path.name)
def test_rejected(example: Path, review: Path) -> None:
    expected = [EXPECTED.fullmatch(line) for line in (example / "expect.txt").read_text().splitlines()]
    found = problems_of(example, review)
    places = [(problem.file, problem.position.line, problem.position.column, problem.rule) for problem in found]
    assert places == [(f"cases/{match[1]}", int(match[2]), int(match[3]), match[4]) for match in expected if match]
    for problem, match in zip(found, expected, strict=True):
        assert match is not None
        assert (match[5] or "") in problem.hint
        assert problem.rule == example.name.split("--")[0]


@pytest.mark.parametrize("example", ACCEPTED, ids=lambda path: path.name)
def test_accepted(example: Path, review: Path) -> None:
    assert problems_of(example, review) == ()


def test_every_file_says_that_it_is_made_up() -> None:
    for example in (*REJECTED, *ACCEPTED):
        files = list(example.rglob("*.yaml"))
        assert files, example
        assert [path for path in files if not path.read_text().startswith("# Made up")] == []


@pytest.mark.parametrize("example", [path for path in REJECTED if not (path / "review.yaml").exists()])
def test_the_folder_may_be_named_in_any_way(example: Path, review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_name = problems_of(example, review)
    own = SHORT - {example.name.split("--")[0]}
    for folder in ("./cases/../cases", ".", "../cases"):
        if folder == ".":
            monkeypatch.chdir(review)
        again = [problem for problem in check_library(read_library(folder)) if problem.rule not in own]
        assert [(problem.rule, problem.position) for problem in again] == [(p.rule, p.position) for p in by_name]


def test_without_a_protocol_the_hint_says_what_to_write(review: Path) -> None:
    (review / "review.yaml").unlink()
    (problem,) = problems_of(HERE / "accepted" / "linked", review)
    assert (problem.rule, problem.file, problem.severity) == ("no-protocol", "cases/review.yaml", "error")
    assert "write cases/review.yaml: eligibility, rows and pools" in problem.hint


def test_without_case_files_the_hint_says_where_they_go(review: Path) -> None:
    (review / "second-reading").mkdir()
    (review / "second-reading" / "example-a.yaml").write_text("# Made up.\nreport: {id: example-a}\n")
    (problem,) = check_library(read_library(review))
    assert (problem.rule, problem.file, problem.severity) == ("no-case-files", "cases", "info")
    assert "metaimt new REFERENCE.ris begins one, a YAML file a publication in cases/literature" in problem.hint


def test_naming_a_file_with_an_error_of_form_is_no_second_mistake(review: Path) -> None:
    shutil.copytree(HERE / "accepted" / "linked", review, dirs_exist_ok=True)
    broken = review / "literature" / "example-b.yaml"
    broken.write_text(broken.read_text().replace("case_series", "made up"))
    rules = [problem.rule for problem in check_library(read_library(review))]
    assert [rule for rule in rules if rule not in SHORT] == ["unknown-design"]


def test_problems_are_sorted_and_the_same_whatever_the_order_of_the_files(review: Path) -> None:
    for example in REJECTED[:14]:
        shutil.copytree(example, review, dirs_exist_ok=True)
    problems = check_library(read_library(review))
    assert len(problems) >= 5
    assert list(problems) == sorted(set(problems), key=lambda problem: problem.sort_key)
    assert check_library(read_library(review)) == problems


MANY_IDS = frozenset(f"{first}{last}-{year}" for first in "abcdefgh" for last in ("ito", "yang") for year in range(700))


@pytest.mark.parametrize("slip", ["xito-350", "ito-350", "dto-350", "dito-35x", "dito350", "ditoo-350", "idto-350"])
def test_of_many_ids_the_one_a_slip_away_is_found(slip: str) -> None:
    """Wherever the slip is, the beginning or the end is right, and what is wrong may fit several ids."""
    hint = did_you_mean(slip, MANY_IDS, "none")
    assert re.fullmatch(r"did you mean [a-h]ito-3?5?0?\d*\?", hint)
    assert did_you_mean("nothing like it at all", MANY_IDS, "none") == "none"


def test_an_id_is_not_its_own_correction() -> None:
    assert did_you_mean("dito-350", {"dito-350", "dito-351"}, "none", itself="dito-350") == "did you mean dito-351?"


def test_each_file_is_read_once(review: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(HERE / "accepted" / "linked", review, dirs_exist_ok=True)
    read: list[str] = []

    def noted(name: str, content: bytes) -> Document:
        read.append(name)
        return parse(name, content)

    monkeypatch.setattr("metaimt.casefiles.library.parse", noted)
    read_library(review)
    assert sorted(read) == sorted(str(path) for path in review.rglob("*.yaml"))


def test_of_two_files_with_one_id_the_first_is_the_report(review: Path) -> None:
    shutil.copytree(HERE / "accepted" / "linked", review, dirs_exist_ok=True)
    library = read_library(review)
    first, second = library.reports[:2]
    twice = replace(library, reports=(first, second.model_copy(update={"report": first.report}), second))
    assert twice.report(first.id) is first
    assert twice.report("nobody-1999") is None
    assert twice.known_ids == {first.id, second.id}


@pytest.mark.parametrize(
    ("told", "speaks"),
    [
        ("patients: [{id: P1, courses: [{drug: crizotinib, response: PR, response_basis: stated}]}]", True),
        ("patients: [{id: P1, courses: [{drug: crizotinib}]}]", False),  # nothing that a pool could ask for
        ("arms: [{label: a, drug: crizotinib, evaluable: 4, responders: 3}]", True),
        ("arms: [{label: a, drug: crizotinib, treated: 4}]", False),
        ("arms: [{label: a, drug: crizotinib, treated: 4}, {label: b, drug: ceritinib, responders: 3}]", True),
    ],
)
def test_the_depth_is_asked_for_where_a_response_is_told(told: str, speaks: bool, review: Path) -> None:
    (review / "literature").mkdir()
    text = f"# Made up.\nreport: {{id: example-a, title: a, year: 2024, design: case_series}}\n{told}\n"
    (review / "literature" / "example-a.yaml").write_text(text, encoding="utf-8")
    found = [problem.rule for problem in check_library(read_library(review))]
    assert ("depth-left-out" in found) == speaks
