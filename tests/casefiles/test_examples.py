"""The example files: adding a test is adding a file.

`accepted/` holds case files without an error: `example-*.yaml` as they are, and `<rule>.yaml`, which the rule, and
every other one, lets pass. `rejected/<rule>--<short>.yaml` starts with a line for each problem,
`# expect: 7:15 unknown-response hint: did you mean response: PR?`, and must give exactly these. Apart from
`example-*.yaml` files are read under the name example-2024.yaml. That every rule has examples: test_explanations.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from metaimt.casefiles.library import read_files
from metaimt.checks import check_library
from metaimt.problem import Problem

HERE = Path(__file__).parent
ACCEPTED = sorted((HERE / "accepted").glob("example-*.yaml"))
BY_RULE = sorted({*(HERE / "accepted").glob("*.yaml")} - {*ACCEPTED})
REJECTED = sorted((HERE / "rejected").glob("*.yaml"))
EXPECTED = re.compile(r"# expect: (\d+):(\d+) ([a-z0-9-]+) hint:(?: (.+))?")


def problems_of(path: Path) -> tuple[Problem, ...]:
    return check_library(read_files([path]), whole=False)


def copied(path: Path, folder: Path) -> Path:
    target = folder / "example-2024.yaml"
    target.write_bytes(path.read_bytes())
    return target


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_accepted(path: Path) -> None:
    library = read_files([path])
    assert [problem for problem in check_library(library, whole=False) if problem.severity == "error"] == []
    assert [report.id for report in library.reports] == [path.stem]


@pytest.mark.parametrize("path", BY_RULE, ids=lambda path: path.stem)
def test_nothing_is_asked_of_the_accepted_example_of_a_rule(path: Path, tmp_path: Path) -> None:
    assert problems_of(copied(path, tmp_path)) == ()


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_rejected(path: Path, tmp_path: Path) -> None:
    lines = path.read_text(encoding="utf-8", errors="backslashreplace").split("\n")
    expected = [match for line in lines if (match := EXPECTED.fullmatch(line))]
    found = problems_of(copied(path, tmp_path))
    places = [(problem.position.line, problem.position.column, problem.rule) for problem in found]
    assert places == [(int(match[1]), int(match[2]), match[3]) for match in expected]
    for problem, match in zip(found, expected, strict=True):
        assert (match[4] or "") in problem.hint
        assert 0 < len(problem.message) < 200
        assert not set("\n\r\t") & set(problem.message + problem.hint)
        before = lines[problem.position.line - 1][: problem.position.column - 1]
        assert problem.source_line.startswith(before) or problem.rule == "not-utf8"  # which has no text to show
        assert problem.rule == path.stem.split("--")[0]


def test_examples_say_that_they_are_made_up() -> None:
    for path in (*ACCEPTED, *BY_RULE, *REJECTED):
        text = path.read_text(encoding="utf-8", errors="backslashreplace")
        assert re.search(r"^# .*made up", text, re.IGNORECASE | re.MULTILINE), path
        assert all(found.startswith("example-") for found in re.findall(r"^  id: ([a-z].*)", text, re.MULTILINE)), path


def test_text_field_keeps_the_typed_form_of_a_number(tmp_path: Path) -> None:
    path = tmp_path / "example-2024.yaml"
    report = "report: {id: example-2024, title: 2024.50, pmid: 00000010, design: trial}\n"
    path.write_text(report + "patients: [{id: 1, courses: [{drug: crizotinib, dose: 2e2}]}]\n")
    (case,) = read_files([path]).reports
    assert (case.report.title, case.report.pmid) == ("2024.50", "00000010")
    assert (case.patients[0].id, case.patients[0].courses[0].dose) == ("1", "2e2")
