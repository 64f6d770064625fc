"""Killed at every write, a command leaves the former state whole, or one that the same command finishes.

`build` and `snapshot` never leave a mixture. What writes several files of a person leaves each of them as it was or as
it is to be; nothing counts before the last is written, and the same command, run again, gives the same bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command import metaimt
from conftest import MakeReview, course, patient, report
from killed_at_each_write import NUMBERS, OUTPUTS, contents
from made_up_review import built, edit, small_review, write

from metaimt.files import write_file
from metaimt.out_folder import MANIFEST, write_folder
from metaimt.review import snapshot
from metaimt.versions.stored import read_stored

DRIVER = Path(__file__).with_name("killed_at_each_write.py")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="children are forked, and two folders are exchanged in one step, on Linux only"
)


@pytest.fixture
def review(make_review: MakeReview, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up review with a frozen version, outputs of it, and a case since; it lies alone in its parent folder."""
    (tmp_path / "alone").mkdir()
    folder = small_review(make_review).rename(tmp_path / "alone" / "review")
    monkeypatch.setattr("metaimt.analyses.results.frozen_numbers", lambda *_: NUMBERS)
    snapshot("2026.1", folder)
    write_folder(folder.parent / "outputs", {"index.html": b"former", "figures/gone.svg": b"<svg/>"})
    write_file(folder.parent / "outputs" / "tables" / "mine.txt", b"put there by somebody")
    write(folder, report("example-e", patient(course("PD"))))
    edit(folder / "review.yaml", 'version: "2026.1"', 'version: "2026.2"')
    return folder


def states(what: str, review: Path) -> tuple[dict[str, str], list[dict[str, str]], dict[str, str]]:
    """The files before, after each kill, and after the run that was not killed."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(DRIVER), what, str(review)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    *interrupted, (code, after) = found["runs"]
    assert code == 0, done.stderr
    assert {code for code, _ in interrupted} == {9}
    return found["before"], [state for _, state in interrupted], after


def test_build_killed_at_each_write(review: Path) -> None:
    before, interrupted, after = states("build", review)
    written = {f"outputs/{name}" for name in (*OUTPUTS, MANIFEST)}
    assert {name for name in after if after[name] != before.get(name)} == written
    assert set(before) - set(after) == {"outputs/figures/gone.svg"}
    assert [state for state in interrupted if state not in (before, after)] == []
    exchanged = interrupted.index(after)
    assert interrupted[:exchanged] == [before] * exchanged
    assert exchanged > 5 * len(written)


def test_snapshot_killed_at_each_write(review: Path) -> None:
    before, interrupted, after = states("snapshot", review)
    assert set(after) - set(before) == {"review/versions/2026.2.json.bz2"}
    assert before.items() <= after.items()
    assert len(interrupted) >= 6
    assert interrupted == [before] * len(interrupted)
    assert read_stored(review, "2026.2").content["results"] == NUMBERS


@pytest.mark.slow  # tests/versions/test_release.py ends one before its last file
def test_release_killed_at_each_write(review: Path) -> None:
    (review.parent / "outputs" / "tables" / "mine.txt").unlink()
    built(review)
    before, interrupted, after = states("release", review)
    frozen = "review/versions/2026.2.json.bz2"
    assert {name for name in after if after[name] != before.get(name)} == {"CITATION.cff", ".zenodo.json", frozen}
    assert len(interrupted) >= 3 * 6
    for state in interrupted:
        assert before.items() <= state.items() <= after.items()
        assert frozen not in state  # not released: the same command does it again


RIS = "TY  - JOUR\nTI  - {0}\nAU  - Specimen, A.\nPY  - 2026\nDO  - 10.9999/{0}\nER  - \n"
ADD = ["search", "add", "more.ris", "--source", "PubMed", "--date", "2026-12-24", "--id", "pubmed", "--cases", "review"]


def command_states(review: Path, *words: str) -> dict[str, Any]:
    """As the driver prints it."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", str(DRIVER), str(review), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["runs"][-1][0] == 0, done.stderr
    assert {code for code, *_ in found["runs"][:-1]} == {9}
    return found


def searched(review: Path, *, by: str | None = None) -> None:
    """A search that found two records, and a sheet in which one person includes both."""
    (review.parent / "more.ris").write_text(RIS.format("one") + RIS.format("two"), encoding="utf-8")
    assert metaimt(*[word.replace("12-24", "11-30") for word in ADD], cwd=review.parent).returncode == 0
    if by is not None:
        metaimt("screen", "--by", by, "--cases", "review", cwd=review.parent)
        path = review / "screening" / f"{by}.csv"
        path.write_text(path.read_text("utf-8").replace(",2026,,,", ",2026,include,,"), encoding="utf-8")


@pytest.mark.parametrize("id_is_new", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_search_killed_at_each_write_has_found_nothing_yet(review: Path, *, id_is_new: bool) -> None:
    searched(review)
    with (review.parent / "more.ris").open("a", encoding="utf-8") as file:
        file.write(RIS.format("three"))
    words = [word.replace("pubmed", "embase") if id_is_new else word for word in ADD]
    found = command_states(review, *words)
    *interrupted, (_, after, known, _) = found["runs"]
    assert {name for name in after if after[name] != found["before"][name]} == {
        "review/records.csv",
        "review/searches.yaml",
    }
    assert known != found["read"]
    assert len(interrupted) >= 2 * 5
    for _, _, read, again in interrupted:
        assert (read, again) == (found["read"], after)


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (("screen", "--by", "b"), ["screening/b.csv"]),
        pytest.param(
            ("screen", "--start", "--date", "2026-12-24"),
            ["literature/specimen-2026-b.yaml", "literature/specimen-2026.yaml"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("complete", "--fetch", "--write"), ["excluded.yaml", "literature/example-a.yaml"], marks=pytest.mark.slow
        ),
    ],
)
def test_each_file_is_as_it_was_or_as_it_is_to_be(review: Path, words: tuple[str, ...], files: list[str]) -> None:
    searched(review, by="a")
    text = (review / "literature" / "example-a.yaml").read_text(encoding="utf-8")
    (review / "literature" / "example-a.yaml").write_text(text.replace("  id:", "  doi: 10.0000/made-up.1\n  id:", 1))
    (review / "excluded.yaml").write_text("- id: out\n  doi: 10.0000/made-up.2\n  reason: made up\n")
    found = command_states(review, *words, "--cases", "review")
    *interrupted, (_, after, _, _) = found["runs"]
    before = found["before"]
    assert sorted(name for name in after if after[name] != before.get(name)) == [f"review/{name}" for name in files]
    assert len(interrupted) >= 5 * len(files)
    for _, state, _, again in interrupted:
        assert all(state.get(name) in {before.get(name), after[name]} for name in after)
        assert again == after


@pytest.mark.slow  # tests/curation/test_case_workbook.py ends one between two files
def test_an_import_killed_at_each_write_is_finished_by_the_next(review: Path) -> None:
    assert metaimt("export", "cases.xlsx", "--cases", "review", cwd=review.parent).returncode == 0
    names = [f"literature/example-{letter}.yaml" for letter in "ab"]
    for name in names:
        (review / name).unlink()
    found = command_states(review, "import", "cases.xlsx", "--cases", "review")
    *interrupted, (_, after, _, _) = found["runs"]
    before = found["before"]
    written = {name for name in after if after[name] != before.get(name)}
    assert {f"review/{name}" for name in names} <= written
    assert len(interrupted) >= 5 * len(names)
    for _, state, _, again in interrupted:
        assert all(state.get(name) in {before.get(name), after[name]} for name in after)
        assert {name: again[name] for name in written} == {name: after[name] for name in written}


@pytest.mark.slow
def test_a_build_writes_nothing_before_all_is_computed(review: Path) -> None:
    code = (
        "import os; from metaimt import review\nreview.write_folder = lambda *_: os._exit(9)\nreview.build('review')\n"
    )
    before = contents(review.parent)
    ended = subprocess.run([sys.executable, "-c", code], cwd=review.parent, check=False)
    assert ended.returncode == 9
    assert contents(review.parent) == before
