"""The second shipped review, examples/ifs: valid, and its counts are those of its files, added up by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from metaimt.cli.main import app

IFS = Path(__file__).parents[2] / "examples" / "ifs"
EXPLAINED = {"read-by-one", "missing-title", "missing-year"}  # one reader; what a page did not print is left out


def test_it_is_valid_and_what_is_missing_was_not_printed() -> None:
    done = CliRunner().invoke(app, ["validate", "--format", "json", str(IFS)])
    found = json.loads(done.output)
    problems = found if isinstance(found, list) else found["problems"]
    assert {problem["rule"] for problem in problems} <= EXPLAINED
    assert all(problem["severity"] != "error" for problem in problems)


def test_it_pools_what_its_files_say() -> None:
    """Strict: 1/1 Bielack, 5/5 DuBois, 17/18 Laetsch 2025, 1/1 Sahni, 1/1 of the Turkish three, 0/1 the preprint."""
    done = CliRunner().invoke(app, ["pool", "--cases", str(IFS)])
    assert done.exit_code == 0
    lines = [line.split() for line in done.output.splitlines()]
    assert ["strict,", "NTRK-fused", "25/27", "92.6", "%", "6"] in [line[:6] for line in lines]
    # and 6/6 Laetsch 2018 for the 3/3 of DuBois it holds, 1/1 Wang, 3/3 Clin Transl Oncol, 2/2, 1/1, 1/1
    assert ["all", "evidence", "36/38", "94.7", "%", "11"] in [line[:6] for line in lines]


@pytest.mark.gate
def test_its_page_speaks_of_its_own_tumour(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["build", "--cases", str(IFS), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "come from small trials, not from" in page  # it has no cohort
    assert "trials and cohorts" not in f"{page}{(tmp_path / 'out' / 'report.md').read_text(encoding='utf-8')}"
    files = [path for path in (tmp_path / "out").rglob("*") if path.suffix not in {".docx", ".xlsx", ".png"}]
    for path in filter(Path.is_file, files):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"\b(?:IMT|EIMS|ALK|ROS1|crizotinib|myofibroblastic)\b", text) == [], path.name
