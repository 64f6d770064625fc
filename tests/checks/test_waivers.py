"""Waivers: what a case file says is no mistake is told apart, with the reason, and nothing else is silenced."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import FROZEN

from metaimt.casefiles.library import Library, read_files, read_library
from metaimt.checks import check_library, examine

CASE = """# Made up.
report:
  id: example-2024
  title: Made up
  design: case_series
extraction:
  by: reader-1
patients:
  - id: P1
    courses:
      - {drug: crizotinib, ongoing: true}
      - {drug: alectinib, ongoing: true}
      - {drug: lorlatinib}
  - id: P2
    courses:
      - {drug: crizotinib, ongoing: true}
      - {drug: alectinib}
arms:
  - {label: made up, drug: crizotinib, evaluable: 5, responders: 1, cr: 0, pr: 1, sd: 1, pd: 1}
waivers:
"""
EVERYTHING = {  # rule -> lines
    "missing-year": [3],
    "read-by-one": [7],
    "ongoing-but-followed": [11, 12, 16],
    "categories-below-evaluable": [19],
}


def library_of(folder: Path, *waivers: str) -> Library:
    path = folder / "example-2024.yaml"
    path.write_text(CASE + "".join(f"  - {{{waiver}}}\n" for waiver in waivers))
    return read_files([path])


def told(library: Library) -> dict[str, list[int]]:
    """The lines of what is told, by rule."""
    found: dict[str, list[int]] = {}
    for problem in check_library(library, whole=False):
        found.setdefault(problem.rule, []).append(problem.position.line)
    return found


def without(**rules: list[int]) -> dict[str, list[int]]:
    left = {rule: [line for line in lines if line not in rules.get(rule, ())] for rule, lines in EVERYTHING.items()}
    return {rule: lines for rule, lines in left.items() if lines}


def test_the_case_without_waivers(tmp_path: Path) -> None:
    assert told(library_of(tmp_path, "rule: made-up, reason: a"))["missing-year"] == [3]
    (tmp_path / "example-2024.yaml").write_text(CASE.replace("waivers:\n", ""))
    assert told(read_files([tmp_path / "example-2024.yaml"])) == EVERYTHING


@pytest.mark.parametrize(
    ("rule", "at", "lines"),
    [
        ("missing-year", "", [3]),
        ("missing-year", "report", [3]),
        ("read-by-one", "extraction", [7]),
        ("ongoing-but-followed", "", [11, 12, 16]),
        ("ongoing-but-followed", "patients", [11, 12, 16]),
        ("ongoing-but-followed", "patients/P1", [11, 12]),
        ("ongoing-but-followed", "patients/2", [16]),
        ("ongoing-but-followed", "patients/P1/courses/1", [11]),
        ("ongoing-but-followed", "patients/P1/courses/2/ongoing", [12]),
        ("categories-below-evaluable", "arms/1", [19]),
        ("categories-below-evaluable", "arms/arm1/evaluable", [19]),
    ],
)
def test_a_waiver_excuses_its_rule_in_its_place_only(rule: str, at: str, lines: list[int], tmp_path: Path) -> None:
    library = library_of(tmp_path, f"rule: {rule}, reason: looked at" + (f", at: {at}" if at else ""))
    assert told(library) == without(**{rule: lines})
    waived = examine(library, whole=False).waived
    assert [(one.problem.rule, one.problem.position.line, one.reason) for one in waived] == [
        (rule, line, "looked at") for line in lines
    ]


@pytest.mark.parametrize(
    ("waiver", "rule", "message", "hint"),
    [
        ("rule: missing-title, reason: a", "unused-waiver", "missing-title finds nothing in this file", "delete this"),
        (
            *("rule: missing-year, reason: a, at: patients/P1", "unused-waiver"),
            *("missing-year finds nothing at patients/P1", "delete this waiver, or correct its rule or at"),
        ),
        ("rule: missing-year, reason: a, at: patients/P9", "unused-waiver", "'patients/P9' leads nowhere", "arms/1"),
        ("rule: missing-year, reason: a, at: report/id/x", "unused-waiver", "leads nowhere", "write at: patients/P1"),
        ("rule: missing-year, reason: a, at: patients/0", "unused-waiver", "leads nowhere", "write at: patients/P1"),
        ("rule: unused-waiver, reason: a, at: waivers", "unused-waiver", "unused-waiver finds nothing at waivers", ""),
        ("rule: misssing-year, reason: a", "waiver-of-unknown-rule", "no rule has the id", "mean rule: missing-year?"),
        ("rule: qqq, reason: a", "waiver-of-unknown-rule", "no rule has the id", "metaimt explain lists the rules"),
        ("rule: death-but-alive, reason: a", "waiver-of-error", "an error is not waived", "explain death-but-alive"),
        ("rule: wrong-type, reason: a", "waiver-of-error", "an error is not waived", "then delete this waiver"),
    ],
)
def test_a_waiver_that_excuses_nothing(waiver: str, rule: str, message: str, hint: str, tmp_path: Path) -> None:
    library = library_of(tmp_path, waiver)
    (problem,) = (found for found in check_library(library, whole=False) if found.rule not in EVERYTHING)
    assert (problem.rule, problem.position.line) == (rule, 21)
    assert message in problem.message
    assert hint in problem.hint
    assert told(library) == {**EVERYTHING, rule: [21]}
    assert examine(library).waived == ()


def test_an_error_stays_whatever_waives_it(tmp_path: Path) -> None:
    (tmp_path / "example-2024.yaml").write_text(
        CASE.replace("responders: 1", "responders: 2") + "  - {rule: cr-pr-not-responders, reason: as printed}\n"
    )
    findings = examine(read_files([tmp_path / "example-2024.yaml"]), whole=False)
    errors = {problem.rule for problem in findings.problems if problem.severity == "error"}
    assert (errors, findings.waived) == ({"cr-pr-not-responders", "waiver-of-error"}, ())


def test_of_two_waivers_for_one_finding_the_first_gives_the_reason(tmp_path: Path) -> None:
    library = library_of(
        tmp_path, "rule: missing-year, reason: first", "rule: missing-year, reason: second, at: report"
    )
    assert [one.reason for one in examine(library, whole=False).waived] == ["first"]
    assert "unused-waiver" not in told(library)


def test_a_waiver_needs_a_reason(tmp_path: Path) -> None:
    found = check_library(library_of(tmp_path, "rule: missing-year"), whole=False)
    (problem,) = (each for each in found if each.severity == "error")
    assert (problem.rule, problem.hint) == (
        "missing-field",
        "add reason: Why the file is right as it stands; printed in the report.",
    )


def test_a_rule_that_needs_the_review_is_not_called_unused_outside_it(tmp_path: Path) -> None:
    library = library_of(tmp_path, "rule: possible-same-patient, reason: another hospital")
    assert told(library) == EVERYTHING
    (tmp_path / "literature").mkdir()
    (tmp_path / "example-2024.yaml").rename(tmp_path / "literature" / "example-2024.yaml")
    (problem,) = (p for p in check_library(read_library(tmp_path)) if p.rule == "unused-waiver")
    assert problem.message == "possible-same-patient finds nothing in this file"


def test_waived_findings_are_listed_in_the_report_and_no_others(tmp_path: Path) -> None:
    from metaimt.report.markdown import report_markdown
    from metaimt.review import run

    (tmp_path / "literature").mkdir()
    (tmp_path / "review.yaml").write_bytes((FROZEN / "cases" / "review.yaml").read_bytes())
    (tmp_path / "literature" / "example-2024.yaml").write_text(
        "# Made up.\nreport: {id: example-2024, title: Made up, design: case_report}\n"
        "extraction: {checked_by: reader-2, depth: abstract}\n"
        "patients:\n  - id: P1\n    ihc: {ALK: positive}\n    courses:\n"
        "      - {drug: crizotinib, response: PR, response_basis: stated, response_as_stated: partial response}\n"
        "waivers:\n  - {rule: missing-year, reason: '*not* on the page'}\n"
    )
    results = run(tmp_path)
    text = report_markdown(results)
    assert ([each.rule for each in results.warnings], len(results.waived)) == (["format-1"], 1)
    line = "- example-2024: no year; the report is left out of every analysis over time (missing-year). "
    assert "### Waived findings\n\nWhat `metaimt validate` asks" in text
    assert f"\n{line}\\*not\\* on the page\n" in text
    assert "1 warning and 0 suggestions" in text
    waiver = (tmp_path / "literature" / "example-2024.yaml").read_text().replace("waivers:", "# waivers:")
    (tmp_path / "literature" / "example-2024.yaml").write_text(waiver.replace("  - {rule", "#  - {rule"))
    assert "Waived findings" not in report_markdown(run(tmp_path))
