"""The example files: adding a test is adding a file.

`accepted/` holds case files without an error. `rejected/<rule>--<short>.yaml` starts with a line for each problem,
`# expect: 7:15 unknown-response hint: did you mean PR?`, and must give exactly these. A rejected file is read under
the name example-2024.yaml.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import metaimt.casefiles
from metaimt.casefiles.library import read_files
from metaimt.checks import ALL_RULES, check_library
from metaimt.problem import Problem

HERE = Path(__file__).parent
ACCEPTED = sorted((HERE / "accepted").glob("*.yaml"))
REJECTED = sorted((HERE / "rejected").glob("*.yaml"))
FOLDERS = sorted((HERE.parent / "checks" / "rejected").iterdir())
EXPECTED = re.compile(r"# expect: (\d+):(\d+) ([a-z-]+) hint:(?: (.+))?")


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


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_rejected(path: Path, tmp_path: Path) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    expected = [match for line in lines if (match := EXPECTED.fullmatch(line))]
    found = problems_of(copied(path, tmp_path))
    places = [(problem.position.line, problem.position.column, problem.rule) for problem in found]
    assert places == [(int(match[1]), int(match[2]), match[3]) for match in expected]
    for problem, match in zip(found, expected, strict=True):
        assert (match[4] or "") in problem.hint
        assert problem.source_line.startswith(lines[problem.position.line - 1][: problem.position.column - 1])
        assert problem.rule == path.stem.split("--")[0]


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_message_is_one_short_line(path: Path, tmp_path: Path) -> None:
    for problem in problems_of(copied(path, tmp_path)):
        assert 0 < len(problem.message) < 200
        assert not set("\n\r\t") & set(problem.message + problem.hint)


@pytest.mark.parametrize("path", [*ACCEPTED, *REJECTED], ids=lambda path: path.stem)
def test_example_says_that_it_is_made_up(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^# .*made up", text, re.IGNORECASE | re.MULTILINE)
    assert all(found.startswith("example-") for found in re.findall(r"^  id: ([a-z].*)", text, re.MULTILINE))


def test_text_field_keeps_the_typed_form_of_a_number(tmp_path: Path) -> None:
    path = tmp_path / "example-2024.yaml"
    report = "report: {id: example-2024, title: 2024.50, pmid: 00000010, design: trial}\n"
    path.write_text(report + "patients: [{id: 1, courses: [{drug: crizotinib, dose: 2e2}]}]\n")
    (case,) = read_files([path]).reports
    assert (case.report.title, case.report.pmid) == ("2024.50", "00000010")
    assert (case.patients[0].id, case.patients[0].courses[0].dose) == ("1", "2e2")


def test_what_only_warns() -> None:
    warnings = {rule.id for rule in ALL_RULES if rule.severity == "warning"}
    about_reading = {"missing-title", "missing-year", "read-by-one"}
    assert warnings == about_reading | {
        "negative-but-fused",
        "partner-without-gene",
        "link-without-overlap",
        "not-sorted",
        "possible-same-patient",
    }
    assert len({rule.id for rule in ALL_RULES}) == len(ALL_RULES)


def rules_in_source() -> Iterator[str]:
    """The rule ids written out where a file is read: the first argument of `refuse`, the rule of a problem."""
    for path in sorted(Path(metaimt.casefiles.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "id", getattr(getattr(node, "func", None), "attr", ""))
            place = {"refuse": 0, "problem_in": 3, "problem": 1}.get(name)
            arguments = node.args if isinstance(node, ast.Call) else []
            if place is not None and len(arguments) > place and isinstance(arguments[place], ast.Constant):
                yield str(arguments[place].value)  # type: ignore[attr-defined]


OTHERWISE_TESTED = {"not-utf8", "empty-file", "file-too-large", "vocabulary"}  # test_strict_yaml, test_validate


@pytest.mark.parametrize("rule", sorted({*(rule.id for rule in ALL_RULES), *rules_in_source()} - OTHERWISE_TESTED))
def test_every_rule_has_a_rejected_example(rule: str) -> None:
    assert rule in {path.stem.split("--")[0] for path in REJECTED} | {path.name.split("--")[0] for path in FOLDERS}


def test_the_rules_in_the_source_are_found() -> None:
    assert {"wrong-type", "wrong-form", "repeated-key", "alias", "unknown-field"} <= set(rules_in_source())
