"""Two people search, screen and extract on two branches of git: the merge is clean, and its news are those of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from command import FINE, PROBLEMS, metaimt
from conftest import MakeReview, course, patient, report
from made_up_review import Git, frozen, repository, small_review, write

from metaimt.casefiles.library import read_library
from metaimt.content.whats_new import news_lines
from metaimt.curation.new_review import _template
from metaimt.review import diff

ROOT = Path(__file__).parents[2]
RIS = "TY  - JOUR\nTI  - Made up: a tumour of the {0}\nAU  - {1}, A.\nPY  - 2026\nDO  - 10.9999/{0}\nER  - \n"
BASE, A, B = ("unicorn", "Specimen"), ("griffin", "Probe"), ("phoenix", "Quill")

pytestmark = pytest.mark.usefixtures("remembered")


def run(folder: Path, *words: str) -> str:
    done = metaimt(*words, "--cases", folder.name, cwd=folder.parent)
    assert done.returncode == FINE, done.stderr
    return done.stdout


def searched(folder: Path, source: str, *found: tuple[str, str]) -> None:
    (folder.parent / f"{source}.ris").write_text("".join(RIS.format(*each) for each in found), encoding="utf-8")
    run(folder, "search", "add", f"{source}.ris", "--source", source, "--date", "2026-11-30", "--query", "made up, all")


def work_of(folder: Path, git: Git, who: str, found: tuple[str, str], *, case: str, read: str) -> Any:
    """What one person does on a branch: a search, a sheet, a case file and a second reading; and its news."""
    git("checkout", "--quiet", "-b", who, "main")
    searched(folder, f"source-{who}", BASE, found)
    run(folder, "screen", "--by", who)
    sheet = folder / "screening" / f"{who}.csv"
    sheet.write_text(sheet.read_text("utf-8").replace(",2026,,,", ",2026,include,,"), encoding="utf-8")
    write(folder, report(case, patient(course("PR"))))
    again = folder / "second-reading" / who / f"{read}.yaml"
    again.parent.mkdir(parents=True)
    reading = {"report": {"id": read}, "extraction": {"by": who}, "patients": [patient(course("PR"))]}
    again.write_text(f"# Made up.\n{yaml.safe_dump(reading)}", encoding="utf-8")
    git("add", "--all")
    git("commit", "--quiet", "--message", f"made up, by {who}")
    return diff(cases=folder).records


@pytest.fixture
def review(make_review: MakeReview) -> tuple[Path, Git]:
    """A made-up review in a repository of its own, with a search, and the attributes that `metaimt init` writes."""
    folder = frozen(small_review(make_review))
    (folder.parent / ".gitattributes").write_text(_template("gitattributes"), encoding="utf-8")
    searched(folder, "base", BASE)
    return folder, repository(folder.parent)


def test_the_attributes_of_this_repository_are_those_of_a_new_one() -> None:
    ours = (ROOT / ".gitattributes").read_text("utf-8").splitlines()
    assert set(_template("gitattributes").splitlines()) <= set(ours)


def test_two_branches_merge_cleanly_and_the_merge_has_the_news_of_both(review: tuple[Path, Git]) -> None:
    folder, git = review
    news = [
        work_of(folder, git, "a", A, case="example-e", read="example-a"),
        work_of(folder, git, "b", B, case="example-f", read="example-b"),
    ]
    one = read_library(folder)
    git("checkout", "--quiet", "a")
    git("merge", "--quiet", "--no-edit", "b")
    assert git("status", "--porcelain") == ""
    run(folder, "validate")
    merged, both = diff(cases=folder).records, read_library(folder)
    assert (
        {each.id for each in merged.added}
        == {each.id for part in news for each in part.added}
        == {"example-e", "example-f"}
    )
    assert (merged.removed, merged.renamed, merged.edited) == ((), (), ())
    files = {each.file for part in news for each in part.shared}
    assert (
        {each.file for each in merged.shared}
        == files
        >= {"records.csv", "searches.yaml", "screening/a.csv", "screening/b.csv"}
    )
    assert {each for each in files if each.startswith("second-reading")} == {
        "second-reading/a/example-a.yaml",
        "second-reading/b/example-b.yaml",
    }
    said = news_lines(diff(cases=folder))
    assert {"records.csv: 3 rows added", "screening/a.csv: 2 rows added"} <= {*said}
    since = news_lines(diff("main", cases=folder))
    assert {"records.csv: 2 rows added, 1 changed", "screening/b.csv: 2 rows added"} <= {*since}
    assert [record.id for record in one.records] == ["quill-2026", "specimen-2026"]
    assert {record.id: (record.sources[0], *sorted(record.sources[1:])) for record in both.records} == {
        "probe-2026": ("source-a-2026-11-30",),
        "quill-2026": ("source-b-2026-11-30",),
        "specimen-2026": ("base-2026-11-30", "source-a-2026-11-30", "source-b-2026-11-30"),
    }
    assert {who: [(each.id, each.decision) for each in lines] for who, lines in both.sheets.items()} == {
        "a": [("probe-2026", "include"), ("specimen-2026", "include")],
        "b": [("quill-2026", "include"), ("specimen-2026", "include")],
    }
    assert [search.id for search in both.searches][-3:] == [
        "base-2026-11-30",
        "source-a-2026-11-30",
        "source-b-2026-11-30",
    ]
    searched(folder, "base", BASE)
    assert read_library(folder).records == both.records
    assert (folder / "records.csv").read_text("utf-8").count("specimen-2026") == 1


def test_two_publications_of_one_id_and_one_of_two_ids_are_told_after_the_merge(review: tuple[Path, Git]) -> None:
    folder, git = review
    for who, found in (("a", [("griffin", "Probe")]), ("b", [("phoenix", "Probe")])):
        git("checkout", "--quiet", "-b", who, "main")
        searched(folder, f"source-{who}", *found)
        git("add", "--all")
        git("commit", "--quiet", "--message", "made up")
    git("merge", "--quiet", "--no-edit", "a")
    done = metaimt("validate", "--cases", folder.name, cwd=folder.parent)
    assert done.returncode == PROBLEMS
    assert "the id probe-2026 stands in line" in done.stdout + done.stderr
