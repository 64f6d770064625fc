"""Any table as rows of cells with their places; what a parser raises is told. All tables are made up."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles import tables
from metaimt.casefiles.patient_table import read_patient_table
from metaimt.casefiles.studies import UnreadableStudies, read_studies
from metaimt.casefiles.tables import UnreadableTable, cell_name, is_summary, key_of, open_table

SHEET = "xl/worksheets/sheet1.xml"


def cells_of(path: Path, *, sheet: str | None = None, encoding: str = "utf-8") -> list[list[object]]:
    """The heading and the rows, all read."""
    with open_table(path, lambda row: row.count("id"), sheet=sheet, encoding=encoding) as table:
        return [[*row.cells] for row in (table.heading, *table.rows)]


def workbook(path: Path, *rows: Sequence[object]) -> Path:
    book = openpyxl.Workbook()
    sheet = book["Sheet"]
    for row in rows or (["id", "age", "sex"], ["p0", 30, "female"], ["p1", 31, "male"]):
        sheet.append(list(row))
    book.save(path)
    return path


def rewritten(path: Path, name: str, old: str, new: str) -> None:
    """The workbook with a text of one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    assert old.encode() in parts[name]
    parts[name] = parts[name].replace(old.encode(), new.encode())
    with zipfile.ZipFile(path, "w") as archive:
        for entry, content in parts.items():
            archive.writestr(entry, content)


def told(path: Path) -> UnreadableTable:
    with pytest.raises(UnreadableTable) as caught:
        cells_of(path)
    return caught.value


@pytest.mark.parametrize(
    ("name", "old", "new", "message", "place"),
    [
        (SHEET, 't="n"><v>30', 't="n"><v>abc', "sheet 'Sheet' is damaged: B2 'abc' is not a number", (2, 2)),
        (SHEET, 't="n"><v>31', 't="d"><v>not-a-date', "B3 'not-a-date' is not a date", (3, 2)),
        (SHEET, '<row r="3">', '<row r="x">', "after row 2 stands a row 'x'", (3, 1)),
        (SHEET, '<row r="3">', '<row r="2">', "after row 2 stands row 2", (3, 1)),
        (SHEET, '<row r="3">', '<row r="2000000000">', "after row 2 stands row 2,000,000,000", (3, 1)),
        (SHEET, 'r="B2"', 'r="2B"', "a cell '2B' in row 2", (2, 1)),
        (SHEET, "</sheetData>", "", "sheet 'Sheet' is damaged: mismatched tag", (4, 1)),
        ("xl/workbook.xml", "<sheets>", "<sheets", "the workbook is damaged", (1, 1)),
        ("xl/workbook.xml", 'state="visible"', 'state="hidden"', "every sheet of the workbook is hidden", (1, 1)),
        ("[Content_Types].xml", "<Types", "<Typos", "the workbook is damaged", (1, 1)),
    ],
)
def test_a_damaged_workbook_is_told_with_its_place(  # noqa: PLR0917 - one case a line
    tmp_path: Path, name: str, old: str, new: str, message: str, place: tuple[int, int]
) -> None:
    path = workbook(tmp_path / "t.xlsx")
    rewritten(path, name, old, new)
    error = told(path)
    assert message in str(error)
    assert (error.row, error.column) == place


def test_a_workbook_without_a_sheet(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx")
    with zipfile.ZipFile(path) as archive:
        text = archive.read("xl/workbook.xml").decode()
    rewritten(path, "xl/workbook.xml", text[text.index("<sheets>") : text.index("</sheets>")], "<sheets>")
    assert str(told(path)) == "the workbook has no sheet"


def test_an_encrypted_entry_and_a_flipped_byte(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx")
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo(SHEET)
    at = entry.header_offset + 30 + len(SHEET)
    path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
    assert "is damaged" in str(told(path))
    start = content.index(b"PK\x01\x02")
    path.write_bytes(content[: start + 8] + b"\x01" + content[start + 9 :])  # the flag of the first entry
    assert str(told(path)) == "the workbook is protected by a password"


@given(place=st.floats(0, 1, exclude_max=True), mask=st.integers(0, 255))
def test_a_workbook_cut_or_flipped_anywhere_is_read_or_told(
    place: float, mask: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = workbook(tmp_path_factory.mktemp("t") / "t.xlsx")
    content = path.read_bytes()
    at = int(place * len(content))
    flipped = content[:at] + bytes([content[at] ^ mask]) + content[at + 1 :]
    path.write_bytes(flipped if mask else content[:at])
    try:
        cells_of(path)
    except UnreadableTable as error:
        assert str(error)
        assert error.hint


@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_told(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("t")
    for name in ("t.csv", "t.xlsx"):
        (folder / name).write_bytes(content)
        try:
            cells_of(folder / name)
        except UnreadableTable as error:
            assert str(error)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r", exclude_categories=["Cs"]), max_size=8)


@given(
    rows=st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=6),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_table_comes_back_in_any_delimiter_and_encoding(
    rows: list[list[str]], delimiter: str, encoding: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["id", "x", "n"], *rows])
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    assert cells_of(path) == [["id", "x", "n"], *rows]


def test_a_decimal_comma_is_no_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id;age\na;1,5\nb;2,5\nc;3,5\n")
    assert cells_of(path)[1] == ["a", "1,5"]


def test_a_title_above_the_heading_is_passed_over_and_said(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ["Supplementary table 3"], [], ["id", "x"], ["a", 1])
    with open_table(path, lambda row: row.count("id")) as table:
        assert (table.heading.number, table.headings) == (3, ["id", "x"])
        assert table.notes == ("the heading is row 3; above it, row 1 is not read",)
        assert [row.number for row in table.rows] == [4]


def test_a_sheet_by_name_in_any_case(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book["Sheet"].append(["id", "first"])
    book.create_sheet("Other").append(["id", "second"])
    book.save(tmp_path / "t.xlsx")
    assert cells_of(tmp_path / "t.xlsx", sheet="other") == [["id", "second"]]
    with pytest.raises(UnreadableTable, match="there is no sheet 'None'"):
        cells_of(tmp_path / "t.xlsx", sheet="None")


def test_limits_are_told_before_and_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, book = tmp_path / "t.csv", workbook(tmp_path / "t.xlsx")
    plain.write_text("id,x\n" + "a,1\n" * 100)
    monkeypatch.setattr(tables, "MOST_ROWS", 50)
    assert "more than 50 rows" in str(told(plain))
    monkeypatch.setattr(tables, "MOST_CELLS", 5)
    assert "more than 5 cells" in str(told(book))
    monkeypatch.setattr(tables, "MOST_UNPACKED", 100)
    assert "unpacks to more than" in str(told(book))
    monkeypatch.setattr(tables, "MOST_BYTES", 100)
    assert "larger than" in str(told(plain))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f.csv")
    for path, words in ((tmp_path / "f.csv", "is a pipe or a device"), (tmp_path, "is a folder")):
        with pytest.raises(OSError, match=words):
            read_studies(path)
    (tmp_path / "t.mapping.yaml").write_text("table: f.csv\ncolumns: {id: x}\n")
    assert (
        read_patient_table(tmp_path / "t.mapping.yaml").problems[0].message
        == "cannot be read: is a pipe or a device, not a file"
    )
    with pytest.raises(OSError, match="is a pipe or a device"):
        read_patient_table(tmp_path / "f.csv")


def test_a_name_that_no_file_has(tmp_path: Path) -> None:
    (tmp_path / "t.mapping.yaml").write_text('table: "t\\0.csv"\ncolumns: {id: x}\n')
    assert "invisible character" in read_patient_table(tmp_path / "t.mapping.yaml").problems[0].message


def test_a_declared_encoding_that_is_not_so(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,x\na,1\n")
    with pytest.raises(UnreadableTable, match="the file is not utf-16"):
        cells_of(path, encoding="utf-16")


def test_a_table_of_another_kind_by_name(tmp_path: Path) -> None:
    workbook(tmp_path / "t.xlsx").rename(tmp_path / "t.csv")
    assert str(told(tmp_path / "t.csv")) == "the file is a workbook"
    with pytest.raises(UnreadableStudies):
        read_studies(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("one", "other"), [("Smith 2019", "smith  2019"), ("a\u200bb", "ab"), ("A\u00a0b", "a b"), ("Ａ１", "a1")]
)
def test_what_differs_only_in_looks_is_one(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    "name", ["total", "Totals:", "Sub-total", "MEAN", "Average", "Overall", "Heterogeneity: Tau² = 0"]
)
def test_names_of_rows_that_sum_up(name: str) -> None:
    assert is_summary(name)


@pytest.mark.parametrize("name", ["", "Totten 2019", "Summers 2020", "Meaney 2018", "1", "Overall survival study"])
def test_names_that_do_not(name: str) -> None:
    assert not is_summary(name)


def test_cell_names() -> None:
    assert [cell_name(3, column) for column in (1, 26, 27, 702, 703)] == ["A3", "Z3", "AA3", "ZZ3", "AAA3"]
