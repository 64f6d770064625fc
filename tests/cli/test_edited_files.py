"""A command that edits a file of a person leaves its byte order mark and its ends of lines; all content is made up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MakeReview, course, patient, report
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from typer.testing import CliRunner

from metaimt.casefiles.library import read_library
from metaimt.cli.main import app
from metaimt.curation.complete import Found, Record, completed
from metaimt.files import as_edited, text_of
from metaimt.report.release import files_of

SEARCHES = "- id: pubmed\n  source: PubMed\n  status: not yet run\n"
RIS = "TY  - JOUR\nAU  - Nobody, A\nPY  - 2020\nTI  - Made up, found by a search\nER  - \n"
MARK = b"\xef\xbb\xbf"
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "mark": lambda content: MARK + content,
    "crlf": lambda content: content.replace(b"\n", b"\r\n"),
    "both": lambda content: MARK + content.replace(b"\n", b"\r\n"),
}


def run(*words: object, folder: Path) -> None:
    done = CliRunner().invoke(app, [*map(str, words), "--cases", str(folder)])
    assert done.exit_code == 0, done.output


def imported(folder: Path, form: Callable[[bytes], bytes]) -> bytes:
    file = folder / "literature" / "one-2020.yaml"
    file.write_bytes(form(file.read_bytes()))
    run("export", book := folder.parent / "cases.xlsx", "--force", folder=folder)
    workbook = load_workbook(book)
    sheet = workbook["Courses"]
    sheet.cell(2, [each.value for each in sheet[1]].index("response") + 1).value = "SD"
    workbook.save(book)
    run("import", book, "--force", folder=folder)
    return file.read_bytes()


def migrated(folder: Path, form: Callable[[bytes], bytes]) -> bytes:
    file = folder / "review.yaml"
    file.write_bytes(form(file.read_bytes().replace(b"format: 2\n", b"")))
    run("migrate", folder=folder)
    return file.read_bytes()


def searched(folder: Path, form: Callable[[bytes], bytes], text: str = SEARCHES) -> bytes:
    file = folder / "searches.yaml"
    file.write_bytes(form(text.encode()))
    (folder.parent / "found.ris").write_text(RIS)
    run("search", "add", folder.parent / "found.ris", "--source", "PubMed", "--date", "2026-11-01", folder=folder)
    return file.read_bytes()


def searched_in_one_line(folder: Path, form: Callable[[bytes], bytes]) -> bytes:
    return searched(folder, form, "- {id: pubmed, source: PubMed, status: not yet run}\n")


def searched_anew(folder: Path, form: Callable[[bytes], bytes]) -> bytes:
    return searched(folder, form, "- {id: other, source: Other, status: not yet run}\n")


def found_by_complete(folder: Path, form: Callable[[bytes], bytes]) -> bytes:
    content = (folder / "literature" / "one-2020.yaml").read_bytes()
    record = Record("one-2020.yaml", ("report",), "one-2020", "One 2020", {"doi": "10.0000/one"})
    return completed("one-2020.yaml", form(content), [Found(record, "pmid", "1")])


def released(folder: Path, form: Callable[[bytes], bytes], more: str = "") -> bytes:
    text = f"cff-version: 1.2.0\nmessage: Made up.\ntitle: Made up\nauthors:\n  - name: Nobody\n{more}"
    (folder / "CITATION.cff").write_bytes(form(text.encode()))
    library = read_library(folder)
    assert library.protocol is not None
    files, faults = files_of(folder, library, library.protocol, answer="", statement=(), date="2026-11-30")
    assert faults == ()
    return files[folder / "CITATION.cff"]


def released_before(folder: Path, form: Callable[[bytes], bytes]) -> bytes:
    return released(folder, form, "type: dataset\n")


def released_twice(folder: Path, form: Callable[[bytes], bytes]) -> bytes:
    title, said = "  title: Made up\n", "  type: data\n  authors: [{name: Nobody}]\n"
    return released(folder, form, f"preferred-citation:\n{title}{said}")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "edit",
    [
        *(imported, migrated, searched, searched_in_one_line, searched_anew, found_by_complete),
        *(released, released_before, released_twice),
    ],
)
def test_a_file_keeps_its_mark_and_its_ends_of_lines(
    make_review: MakeReview, tmp_path: Path, edit: Callable[[Path, Callable[[bytes], bytes]], bytes], form: str
) -> None:
    folder = make_review(report("one-2020", patient(course("PR")), doi="10.0000/one"))
    shutil.copytree(folder, tmp_path / "same" / folder.name)
    plain = edit(folder, bytes)
    assert b"\r" not in plain
    assert edit(tmp_path / "same" / folder.name, FORMS[form]) == FORMS[form](plain)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from(["\n", "\r\n"])), min_size=1, max_size=9),
    st.integers(0, 9),
)
def test_where_ends_are_mixed_each_line_keeps_its_own(lines: list[tuple[str, str]], at: int) -> None:
    lines = [(f"{text}{k}", end) for k, (text, end) in enumerate(lines)]
    before = "".join(f"{text}{end}" for text, end in lines).encode()
    assert as_edited(before, text_of(before)) == before
    changed = [f"{text}\n" for text, _ in lines]
    changed.insert(at, "new\n")
    kept = [f"{text}{end}".encode() for text, end in lines]
    kept.insert(at, f"new{lines[0][1]}".encode())
    assert as_edited(before, "".join(changed)) == b"".join(kept)
