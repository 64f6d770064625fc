"""The exports say what the other outputs say, open elsewhere, and cannot run anything."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from metaimt.analyses.results import Results
from metaimt.casefiles.model import CaseFile
from metaimt.curation.reference_formats import parse_references
from metaimt.render.archive import undated
from metaimt.report.exports import author_names, bibtex_text, ris_text
from metaimt.report.workbook import ABOUT, HOLDS, sheet_names, workbook_bytes

HOSTILE = "=cmd|'/C calc'!A0\x07 <b> \u202e {\\input{x}} 100 % & \"_\""


@pytest.fixture(scope="module")
def tables(outputs: Path) -> dict[str, str]:
    return {f"tables/{path.name}": path.read_text(encoding="utf-8") for path in sorted(outputs.glob("tables/*.csv"))}


def case_file(**more: Any) -> CaseFile:
    """A made-up report without patients' data beyond what a case file must have."""
    publication = {"id": "example-1", "design": "case_report", **more}
    course = {"drug": "crizotinib"}
    return CaseFile.model_validate({"report": publication, "patients": [{"id": "P1", "courses": [course]}]})


def same(cell: object, text: str) -> bool:
    return cell == text or (isinstance(cell, int | float) and float(cell) == float(text))


def test_every_table_is_a_sheet_with_the_same_cells(tables: dict[str, str]) -> None:
    book = load_workbook(io.BytesIO(workbook_bytes("Made up", "2026.1", tables)))
    assert book.sheetnames == [ABOUT, *(Path(name).stem for name in tables)]
    for name, text in tables.items():
        sheet = book[Path(name).stem]
        rows = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]
        written = list(csv.reader(io.StringIO(text)))
        assert [len(row) for row in rows] == [len(row) for row in written]
        for row, cells in zip(rows, written, strict=True):
            assert all(map(same, row, cells)), (name, row, cells)
        assert sheet.freeze_panes == "A2"
        assert all(cell.font.bold for cell in sheet[1])


def test_the_first_sheet_lists_the_others(tables: dict[str, str]) -> None:
    about = load_workbook(io.BytesIO(workbook_bytes("Made up", "2026.1", tables)))[ABOUT]
    listed = {row[0]: row[1:] for row in about.iter_rows(min_row=5, values_only=True)}
    assert set(listed) == {Path(name).stem for name in tables}
    assert set(listed) == set(HOLDS), "say in HOLDS what each table holds"
    rows = len(list(csv.reader(io.StringIO(tables["tables/units.csv"])))) - 1
    assert listed["units"] == (HOLDS["units"], rows)


def test_numbers_are_numbers_and_names_are_text() -> None:
    text = "id,n,share\n007,1,0.5\n12,2,1e-05\n"
    sheet = load_workbook(io.BytesIO(workbook_bytes("Made up", "1", {"tables/x.csv": text})))["x"]
    assert list(sheet.iter_rows(min_row=2, values_only=True)) == [("007", 1, 0.5), ("12", 2, 1e-05)]


@pytest.mark.parametrize(
    ("cells", "width"),
    [
        (["n", "1", "2"], 8),  # no narrower than that
        (["n", "ten chars.", "2"], 12),
        (["a longer heading", "1", "2"], 18),
        (["n", "x" * 58, ""], 60),
        (["n", "x" * 59, ""], 60),  # and no wider
    ],
)
def test_a_column_is_as_wide_as_its_longest_cell(cells: list[str], width: int) -> None:
    text = "\n".join(f"{cell},1" for cell in cells)
    sheet = load_workbook(io.BytesIO(workbook_bytes("Made up", "1", {"tables/x.csv": text})))["x"]
    assert {name: sheet.column_dimensions[name].width for name in "AB"} == {"A": width, "B": 8}


def test_no_cell_of_the_workbook_is_a_formula() -> None:
    text = "name,n\n=1+1,1\n'@x,2\n"  # the first would have to get past the guard of the CSV files
    book = load_workbook(io.BytesIO(workbook_bytes(HOSTILE, "=1", {"tables/x.csv": text})))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert cells
    assert not any(cell.data_type == "f" for cell in cells)
    assert book[ABOUT]["A1"].value.startswith("'=")


def test_sheet_names_fit_spreadsheets() -> None:
    names = ["a" * 40, "a" * 39 + "b", "about", "x/y:z[1]*?\\", "'"]
    found = sheet_names(names)
    assert len({name.casefold() for name in found.values()} - {"about"}) == len(names)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in found.values())


@pytest.mark.parametrize("name", ["report.docx", "tables.xlsx"])
def test_office_files_carry_no_date(outputs: Path, name: str) -> None:
    with zipfile.ZipFile(outputs / name) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.testzip() is None
        core = archive.read("docProps/core.xml").decode()
    assert "ALK inhibitors" in core
    assert "dcterms:created" not in core
    assert "dcterms:modified" not in core


def test_the_hour_of_writing_leaves_no_trace() -> None:
    def archive(year: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as new:
            new.writestr(zipfile.ZipInfo("a.xml", (year, 1, 1, 0, 0, 0)), "content")
        return buffer.getvalue()

    assert archive(2001) != archive(2002)
    assert undated(archive(2001)) == undated(archive(2002))


def test_ris_is_read_back_by_metaimt_new(shipped: Results) -> None:
    reports = shipped.library.reports
    for one in reports:
        publication = one.report
        if not (publication.title or publication.authors or publication.doi or publication.pmid):
            continue
        (found,) = parse_references(ris_text([one]))
        for field in ("title", "journal", "year", "doi", "pmid", "pmcid"):
            assert getattr(found, field) == getattr(publication, field), (one.id, field)
        names = ", ".join(" ".join(name).strip() for name in author_names(publication.authors)[0])
        assert (found.authors or "") == names
    assert ris_text(reports).count("\nER  - \n") == len(reports)


def test_authors_are_told_apart() -> None:
    found, more = author_names("Example AB, van der Other C, Department of Making Up, et al.")
    assert found == (("Example", "AB"), ("van der Other", "C"), ("Department of Making Up", ""))
    assert more
    assert author_names("Robin GW et al.") == ((("Robin", "GW"),), True)
    assert author_names(None) == ((), False)


def test_authors_with_stops_are_people_too() -> None:
    written = author_names("Specimen A.B., Otherone C Jr")[0]
    assert written == (("Specimen", "AB"), ("Otherone", "C", "Jr"))
    made_up = case_file(authors="Specimen A., Otherone C Jr")
    assert "author = {Specimen, A. and Otherone, Jr, C.}" in bibtex_text([made_up])
    assert "AU  - Otherone, C, Jr\n" in ris_text([made_up])


def test_bibtex_has_every_report_once_and_balanced_braces(shipped: Results) -> None:
    text = bibtex_text(shipped.library.reports)
    for one in shipped.library.reports:
        assert text.count(f"{{{one.id},\n") == 1
    bare = text.replace("\\{", "").replace("\\}", "")
    assert bare.count("{") == bare.count("}")
    assert "and others}" in text
    assert "{US Food and Drug Administration}" in text


def test_words_of_a_report_cannot_leave_their_field() -> None:
    hostile = f"{HOSTILE}\nER  - \nTY  - JOUR"
    one = case_file(title=hostile, authors=HOSTILE, journal="J_1 & Co")
    ris = ris_text([one])
    assert len([line for line in ris.splitlines() if line.startswith(("TY", "ER"))]) == 2
    bibtex = bibtex_text([one])
    assert r"\textbackslash{}input\{x\}\}" in bibtex
    assert "\\input{" not in bibtex.replace(r"\textbackslash{}input", "")
    assert r"journal = {J\_1 \& Co}" in bibtex
    assert "\u202e" not in ris + bibtex


def test_a_cell_longer_than_a_spreadsheet_keeps_says_so() -> None:
    """As the units behind a row of 10,000 reports."""
    units = "; ".join(f"example-{k}/P1" for k in range(10_000))
    book = load_workbook(
        io.BytesIO(workbook_bytes("Made up", "1", {"tables/made-up.csv": f'name,units\nall,"{units}"\n'}))
    )
    cell = book["made-up"]["B2"].value
    assert len(cell) == 32_767
    assert cell.endswith(" ... (whole in the CSV file)") and units.startswith(cell[:32_000])
