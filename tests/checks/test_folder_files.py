"""Which files of a review nothing reads: each kind of path, how grave it is, and what the hint says to type."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.library import read_library
from metaimt.checks import check_library
from metaimt.checks.folder_files import problems_of_files
from metaimt.out_folder import MANIFEST
from metaimt.problem import Problem

HERE = Path(__file__).parent
CASE = "# Made up.\nreport: {id: smith-2026, design: trial}\narms: []\n"
OTHER = "# Made up.\n- {a: b}\n"

# path below the review, its content, how grave, and words of the hint
UNREAD = [
    ("smith-2026.yaml", CASE, "error", "move it to cases/literature/smith-2026.yaml"),
    ("smith-2026.yml", CASE, "error", "move it to cases/literature/smith-2026.yaml"),
    ("Smith 2026.YAML", CASE, "error", "move it to cases/literature/smith-2026.yaml"),
    ("literature/sub/smith-2026.yaml", CASE, "error", "move it to cases/literature/smith-2026.yaml"),
    ("literature/2026/a/smith-2026.yaml", CASE, "error", "move it to cases/literature/smith-2026.yaml"),
    ("local/sub/smith-2026.yaml", CASE, "error", "move it to cases/local/smith-2026.yaml"),
    ("second-reading/reader-b/sub/smith-2026.yaml", CASE, "error", "move it to cases/second-reading/smith-2026.yaml"),
    ("versions/smith-2026.yaml", CASE, "error", "move it to cases/literature/smith-2026.yaml"),
    ("drafts/smith-2026.yaml", CASE, "error", "move it to cases/literature/smith-2026.yaml"),
    ("literature/smith-2026.yaml.txt", CASE, "error", "rename it to cases/literature/smith-2026.yaml"),
    ("literature/smith-2026.yaml.bak", CASE, "error", "rename it to cases/literature/smith-2026.yaml"),
    ("literature/smith-2026.YAML", CASE, "error", "rename it to cases/literature/smith-2026.yaml"),
    ("literature/smith-2026.txt", CASE, "error", "rename it to cases/literature/smith-2026.yaml"),
    ("literature/smith-2026", CASE, "error", "rename it to cases/literature/smith-2026.yaml"),
    ("second-reading/example-a.yaml.txt", CASE, "error", "rename it to cases/second-reading/example-a.yaml"),
    ("review.yml", OTHER, "error", "put what it says into cases/review.yaml and delete it"),
    ("links.yml", OTHER, "error", "rename it to cases/links.yaml"),
    ("Links.yaml", OTHER, "error", "rename it to cases/links.yaml"),
    ("link.yaml", OTHER, "error", "rename it to cases/links.yaml"),
    ("links.yaml.txt", OTHER, "error", "rename it to cases/links.yaml"),
    ("Excluded.YAML", OTHER, "error", "rename it to cases/excluded.yaml"),
    ("vocabulary.yml", OTHER, "error", "rename it to cases/vocabulary.yaml"),
    ("search.yaml", OTHER, "error", "rename it to cases/searches.yaml"),
    ("published_pooled.yaml", OTHER, "error", "rename it to cases/published-pooled.yaml"),
    ("shared/links.yaml", OTHER, "error", "rename it to cases/links.yaml"),
    ("second_reading/example-a.yaml", CASE, "error", "rename the folder to cases/second-reading"),
    ("Second-Reading/example-a.yaml", CASE, "error", "rename the folder to cases/second-reading"),
    ("second reading/example-a.yaml", CASE, "error", "rename the folder to cases/second-reading"),
    ("Literature/smith-2026.yaml", CASE, "error", "move them to cases/literature"),
    ("literatur/smith-2026.yaml", CASE, "error", "move them to cases/literature"),
    ("Local/you.csv", "id\n", "error", "rename the folder to cases/local"),
    ("version/2026.1.json", "{}", "error", "rename the folder to cases/versions"),
    ("literature/example-a.yaml.bak", CASE, "warning", "delete it"),
    ("links.yaml.orig", OTHER, "error", "rename it to cases/links.yaml"),
    ("local/table.csv", "id\n", "warning", "write table: and its name"),
    ("literature/table.xlsx", "x", "warning", "write table: and its name"),
    ("local/table.mapping.yaml", OTHER, "warning", "write table: and its name"),
    ("literature/smith-2026.pdf", "%PDF", "warning", "move it out of the review"),
    ("smith-2026.json", "{}", "warning", "move it out of the review"),
    ("literature/case.schema.json", "{}", "warning", "move it out of the review"),
    ("literature/example-a.yaml~", OTHER, "warning", "close or save the file in the editor"),
    ("literature/.example-a.yaml.swp", OTHER, "warning", "close or save the file in the editor"),
    ("literature/#example-a.yaml#", OTHER, "warning", "close or save the file in the editor"),
    ("literature/.#example-a.yaml", CASE, "warning", "close or save the file in the editor"),
    ("local/._example-a.yaml", CASE, "warning", "close or save the file in the editor"),
]
PASSED_OVER = [
    *("README.md", "literature/notes.txt", "LICENSE", "literature/.gitkeep", ".DS_Store", ".cache/smith-2026.yaml"),
    *("local/~$table.xlsx", "Thumbs.db", "case.schema.json", "outputs/index.html"),
]


@pytest.fixture
def review(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A review without a problem, named as the user would type it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(HERE / "accepted" / "unread-case", "cases")
    shutil.copy(HERE / "review.yaml", "cases")
    return Path("cases")


def put(review: Path, name: str, content: str = "# Made up.\n") -> Path:
    path = review / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def found_in(review: Path) -> list[Problem]:
    return list(problems_of_files(read_library(review)))


@pytest.mark.parametrize(("name", "content", "severity", "hint"), UNREAD, ids=[name for name, *_ in UNREAD])
def test_each_is_named_with_what_to_do(name: str, content: str, severity: str, hint: str, review: Path) -> None:
    put(review, name, content)
    (problem,) = found_in(review)
    assert (problem.severity, problem.rule) == (severity, "unread-case" if severity == "error" else "unread-file")
    assert f"cases/{name}".startswith(problem.file)
    assert hint in problem.hint
    assert problem in check_library(read_library(review))


def test_where_its_own_place_is_taken_it_is_a_second_reading_or_to_be_compared(review: Path) -> None:
    put(review, "example-a.yaml", CASE)
    (problem,) = found_in(review)
    assert problem.hint == (
        "cases/literature/example-a.yaml is there already: move it to cases/second-reading/example-a.yaml if it is a "
        "second reading, else compare and delete one"
    )


@pytest.mark.parametrize("name", PASSED_OVER)
def test_what_is_no_part_of_a_review_is_passed_over(name: str, review: Path) -> None:
    put(review, name)
    put(review, f"outputs/{MANIFEST}")
    assert found_in(review) == []


@pytest.mark.parametrize("named", ["table: table.csv", "table: table.csv\nmapping: table.mapping.yaml", "table: [1]"])
def test_a_table_is_read_if_a_case_file_names_it_though_that_file_has_an_error(named: str, review: Path) -> None:
    put(review, "local/table.csv")
    put(review, "local/table.mapping.yaml")
    put(review, "local/example-t.yaml", f"# Made up.\nreport: {{id: example-t}}\n{named}\n")
    assert [problem.file for problem in found_in(review)] == (
        ["cases/local/table.csv", "cases/local/table.mapping.yaml"] if "[" in named else []
    )


@pytest.mark.skipif(os.name != "posix", reason="on Windows links need a right of their own")
def test_a_link_to_a_folder_is_named_and_not_followed(review: Path, tmp_path: Path) -> None:
    put(tmp_path, "elsewhere/smith-2026.yaml", CASE)
    (review / "literature" / "more").symlink_to(tmp_path / "elsewhere")
    (review / "literature" / "round").symlink_to(review.resolve())
    found = found_in(review)
    assert [problem.file for problem in found] == ["cases/literature/more", "cases/literature/round"]
    assert {(problem.rule, problem.message) for problem in found} == {
        ("unread-file", "a link to a folder is not followed")
    }


@pytest.mark.parametrize(
    ("file", "report", "hint"),
    [
        ("Smith 2024", "smith-2024", "rename the file to smith-2024.yaml"),
        ("Smith 2024", "example-c", "rename the file to smith-2024.yaml and write id: smith-2024"),
        ("smith_2024", "example-c", "rename the file to smith-2024.yaml and write id: smith-2024"),
        ("Müller-2024", "muller-2024", "rename the file to muller-2024.yaml"),
        ("smith-2024", "example-c", "write id: smith-2024, or rename the file"),
        ("東京", "example-c", "rename the file to example-c.yaml"),
    ],
)
def test_a_name_that_no_id_may_have_is_never_advised(file: str, report: str, hint: str, review: Path) -> None:
    text = (review / "literature" / "example-a.yaml").read_text(encoding="utf-8")
    put(review, f"literature/{file}.yaml", text.replace("example-a", report))
    (problem,) = (each for each in check_library(read_library(review)) if each.rule.endswith("file-name"))
    assert (problem.rule, problem.hint) == ("id-not-file-name", hint)


FOLDERS = st.sampled_from(
    ["", "literature", "local", "second-reading", "versions", "Literature", "sub", "literature/x"]
)
STEMS = st.text("abcXYZ019 _-().", min_size=1, max_size=12).filter(lambda text: text.strip(". ") == text)
ENDINGS = st.sampled_from([".yaml", ".yml", ".YAML", ".yaml.txt", ".yaml.bak", ".txt", "", ".yaml.old"])


@given(folder=FOLDERS, stem=STEMS, ending=ENDINGS)
def test_a_case_in_any_place_and_of_any_name_is_read_or_named(
    folder: str, stem: str, ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A case is a document of the library, or a problem names it, or the folder it is in."""
    review = tmp_path_factory.mktemp("review")
    path = put(review / folder, f"{stem}{ending}", CASE)
    library = read_library(review)
    named = {problem.file for problem in problems_of_files(library)}
    assert path.as_posix() in library.documents or named & {path.as_posix(), *(p.as_posix() for p in path.parents)}
