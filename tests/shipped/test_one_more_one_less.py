"""A copy of the project with one more valid case, and one with one less, passes what is said of the living review.

Tests of code never read cases/ (tests/test_living_review.py), so that these are all the tests that a case could break.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from metaimt.casefiles.library import read_library

PROJECT = ("metaimt", "cases", "docs", "examples", "outputs", "tests", "tools", "benchmarks", ".ci", ".github")
NEW = """# Made up, for this test only: nobody described here exists. Not for cases/.
report:
  id: added-2026
  title: An epithelioid tumour of the abdomen given crizotinib
  authors: Added AB, Further C
  year: 2026
  doi: 10.0000/added.2026
  design: case_report
extraction: {depth: full_text, by: reader-1, checked_by: reader-2, date: "2026-11-29"}
patients:
  - id: P1
    age: 34
    sex: female
    site: abdomen
    histology: EIMS
    ihc: {ALK: positive}
    fusion_gene: ALK
    fusion_partner: RANBP2
    courses:
      - {drug: crizotinib, response: SD, response_basis: stated, response_as_stated: stable disease}
"""


def add(project: Path) -> None:
    (project / "cases" / "literature" / "added-2026.yaml").write_text(NEW, encoding="utf-8")


def remove(project: Path) -> None:
    """The first publication that no link, overlap, or other report mentions, with its second reading."""
    library = read_library(project / "cases")
    told = {name for link in library.links for name in link.reports}
    files = (project / "cases").glob("l*/*.yaml")
    texts = {path.stem: path.read_text(encoding="utf-8") for path in files}
    for one in library.reports:
        mentioned = one.id in told or any(one.id in text for name, text in texts.items() if name != one.id)
        if one.report.setting != "local" and not mentioned:
            (project / "cases" / "literature" / f"{one.id}.yaml").unlink()
            for again in (project / "cases" / "second-reading").rglob(f"{one.id}.yaml"):
                again.unlink()
            return
    raise AssertionError("every publication is mentioned by another")


@pytest.mark.gate
@pytest.mark.parametrize("change", [add, remove], ids=["one more", "one less"])
def test_everything_passes_after_the_one_command(change: object, tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in PROJECT:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, project)
    for path in (ROOT / ".gitignore", ROOT / ".gitattributes", ROOT / "LICENSE"):
        shutil.copy(path, project)
    assert callable(change)
    change(project)

    def run(*words: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(project)}
        environment = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(
            [sys.executable, *words], cwd=project, env=environment, capture_output=True, encoding="utf-8", check=False
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    said = run("tools/regenerate.py")
    assert "outputs/results.json: written anew" in said
    assert "README.md: written anew" in said
    # The case that is added is made up, and so the one test that finds such a case is left out.
    but = ["-k", "not nobody_in_it_is_made_up"] if change is add else []
    assert " passed" in run("-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "tests/shipped", *but)
