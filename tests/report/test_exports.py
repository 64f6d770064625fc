"""The exports say what the other outputs say, open elsewhere, and cannot run anything."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from metaimt.analyses.results import Results
from metaimt.casefiles.model import CaseFile
from metaimt.curation.reference_formats import parse_references
from metaimt.render.archive import undated
from metaimt.report.dictionary import descriptions, reading_order
from metaimt.report.exports import author_names, bibtex_text, export_makers, ris_text
from metaimt.report.workbook import COLUMNS, PERCENT, SUMMARY, Front, Line, sheet_names, workbook_bytes
from metaimt.versions.changes import Changes

HOSTILE = "=cmd|'/C calc'!A0\x07 <b> \u202e {\\input{x}} 100 % & \"_\""
FRONT = Front("Made up", "Why?", "Version 1.")


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


def book_of(tables: dict[str, str], front: Front = FRONT) -> Workbook:
    return load_workbook(io.BytesIO(workbook_bytes(front, tables)))


def test_every_table_is_a_sheet_with_the_same_cells(tables: dict[str, str]) -> None:
    book = book_of(tables)
    names = reading_order(Path(name).stem for name in tables)
    sheets = [descriptions()["tables"][name]["sheet"] for name in names]
    assert book.sheetnames == [SUMMARY, *sheets, COLUMNS]
    for name, title in zip(names, sheets, strict=True):
        sheet, written = book[title], list(csv.reader(io.StringIO(tables[f"tables/{name}.csv"])))
        rows = [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]
        assert [len(row) for row in rows] == [len(row) for row in written]
        for row, cells in zip(rows, written, strict=True):
            assert all(map(same, row, cells)), (name, row, cells)
        assert str(sheet.freeze_panes)[1] == "2", "the header stays"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(cell.font.bold for cell in sheet[1])


def test_the_first_sheet_has_the_answer_the_words_and_the_sheets(outputs: Path, shipped: Results) -> None:
    book = load_workbook(outputs / "tables.xlsx")
    rows = list(book[SUMMARY].iter_rows())
    said = {row[0].value: row for row in reversed(rows) if row[0].value}
    words = {row[0].value: row[1].value for row in rows if row[0].value}
    headline = shipped.response.headline
    assert headline.orr is not None
    line = said["strict, ALK-positive"]
    counts = headline.counts
    assert [cell.value for cell in line[1:4]] == [
        counts.responders,
        counts.evaluable,
        f"{counts.responders}/{counts.evaluable}",
    ]
    assert [cell.value for cell in line[4:7]] == [headline.orr.estimate, headline.orr.lower, headline.orr.upper]
    assert {cell.number_format for cell in line[4:7]} == {PERCENT}
    assert str(words["strict, ALK-positive"]).startswith("ALK-positive, first line, the drug named")
    assert any("Last search: " in str(key) for key in said)
    assert any("Line of treatment is mixed or not stated" in str(key) for key in said)
    links = {row[0].value: row[0].hyperlink.location or row[0].hyperlink.target for row in rows if row[0].hyperlink}
    assert list(links) == book.sheetnames[1:]
    assert links["Pools"] in {"#'Pools'!A1", "'Pools'!A1"}


def test_a_table_is_a_sheet_and_no_other_file_is(shipped: Results) -> None:
    files = {"tables/pools.csv": b"pool,n\nstrict,1\n", "tables/datapackage.json": b"{}", "made-up.csv": b"a\n1\n"}
    makers = export_makers(shipped, (), files, Changes(None, "made up"))
    assert load_workbook(io.BytesIO(makers["tables.xlsx"]())).sheetnames == [SUMMARY, "Pools", COLUMNS]
    protocol, script = shipped.protocol, makers["reproduce.R"]().decode("ascii").splitlines()
    assert {f'title <- "{protocol.title}"', f'version <- "{protocol.version}"'} <= set(script)


def test_a_proportion_is_shown_as_per_cent_and_kept_whole(tables: dict[str, str]) -> None:
    text = "pool,orr,p,change,odds_ratio\nstrict,0.743123,0.5,-0.05,2.5\n"
    (row,) = book_of({"tables/made-up.csv": text})["Made up"].iter_rows(min_row=2)
    assert [cell.value for cell in row[1:]] == [0.743123, 0.5, -0.05, 2.5]
    assert [cell.number_format for cell in row[1:]] == [PERCENT, "General", "+0.0 %;-0.0 %;0.0 %", "General"]


def test_the_last_sheet_explains_every_column(tables: dict[str, str]) -> None:
    book = book_of(tables)
    rows = list(book[COLUMNS].iter_rows(min_row=2, values_only=True))
    there = [(name, cell.value) for name in book.sheetnames[1:-1] for cell in book[name][1]]
    assert [row[:2] for row in rows] == there
    assert all(row[2] and row[3] for row in rows)
    kinds = {row[1]: row[2] for row in rows if row[0] == "Pools"}
    assert (kinds["responders"], kinds["orr"], kinds["kind"]) == ("whole number", "proportion, 0 to 1", "text")


def test_numbers_are_numbers_and_names_are_text() -> None:
    text = "id,n,share\n007,1,0.5\n12,2,1e-05\n"
    sheet = book_of({"tables/x.csv": text})["X"]
    assert list(sheet.iter_rows(min_row=2, values_only=True)) == [("007", 1, 0.5), ("12", 2, 1e-05)]


@pytest.mark.parametrize(
    ("cells", "width"),
    [
        (["n", "1", "2"], 8),  # no narrower than that
        (["n", "ten chars.", "2"], 12),
        (["a longer heading", "1", "2"], 18),
        (["n", "x" * 58, ""], 60),
        (["n", "x" * 59, ""], 60),  # and no wider
        (["n", "0.123456789012345", "1"], 19),
        (["orr", "0.123456789012345", "1"], 11),  # a proportion is shown as 12.3 %
    ],
)
def test_a_column_is_as_wide_as_its_longest_cell(cells: list[str], width: int) -> None:
    text = "\n".join(f"{cell},1" for cell in cells)
    sheet = book_of({"tables/x.csv": text})["X"]
    assert {name: sheet.column_dimensions[name].width for name in "AB"} == {"A": width, "B": 8}


def test_no_cell_of_the_workbook_is_a_formula() -> None:
    line = Line(HOSTILE, method="=1")
    front = Front(HOSTILE, "=1", "@1", (line,), ((HOSTILE, HOSTILE),), ("+1",))
    text = "name,n\n=1+1,1\n'@x,2\n"  # the first would have to get past the guard of the CSV files
    book = book_of({"tables/x.csv": text}, front)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert cells
    assert not any(cell.data_type == "f" for cell in cells)
    assert book[SUMMARY]["A1"].value.startswith("'=")


def test_sheet_names_fit_spreadsheets() -> None:
    names = ["a" * 40, "a" * 39 + "b", "summary", "columns", "History", "x/y:z[1]*?\\", "'"]
    found = sheet_names(names)
    assert len({name.casefold() for name in found} - {"summary", "columns", "history"}) == len(names)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in found)


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
    cell = book_of({"tables/made-up.csv": f'name,units\nall,"{units}"\n'})["Made up"]["B2"].value
    assert len(cell) == 32_767
    assert cell.endswith(" ... (whole in the CSV file)") and units.startswith(cell[:32_000])
