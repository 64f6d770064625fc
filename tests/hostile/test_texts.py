"""Long texts are read, or refused by the reader's own words."""

from __future__ import annotations

from pathlib import Path

from texts import cases, references

from metaimt.casefiles.library import read_files
from metaimt.checks import examine
from metaimt.curation.reference_formats import parse_references

LENGTH = 6_000  # tools/reliability.py tries them at a megabyte


def test_each_reader_of_references() -> None:
    found = dict.fromkeys(("read", "refused"), 0)
    for _, text in references(LENGTH):
        try:
            parse_references(text)
            found["read"] += 1
        except ValueError:
            found["refused"] += 1
    assert found["read"] > 700 and found["refused"] > 50


def test_each_case_file(tmp_path: Path) -> None:
    path = tmp_path / "example-2020.yaml"
    for name, text in cases(LENGTH):
        path.write_text(text, encoding="utf-8")
        problems = examine(read_files([path]), whole=False).problems
        assert any(problem.severity == "error" for problem in problems), name
