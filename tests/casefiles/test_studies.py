"""A table of studies: what is read, and each mistake with its place and the way to mend it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from metaimt.casefiles.studies import Study, UnreadableStudies, read_studies
from metaimt.problem import Problem


def table(folder: Path, content: str | bytes) -> Path:
    path = folder / "studies.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problems(folder: Path, content: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(UnreadableStudies) as caught:
        read_studies(table(folder, content))
    return caught.value.problems


def test_every_column_in_any_order_and_case(tmp_path: Path) -> None:
    found = read_studies(table(tmp_path, "Site,N,X,YEAR,ID,note\nlung,4,3,2020,a,x\n,1,0,,b,y\n"))
    assert found.rows == (Study("a", 3, 4, 2020, "lung"), Study("b", 0, 1, None, None))
    assert (found.grouping, found.ignored) == ("site", ("note",))


@pytest.mark.parametrize(
    "content",
    [
        *("id,x,n\na,1,2\n", "id;x;n\na;1;2\n", "\ufeffid,x,n\na,1,2\n", "id,x,n\r\na,1,2\r\n\r\n"),
        '"id","x","n"\n"a"," 1 ","2"\n',
    ],
)
def test_delimiters_marks_and_quotes(tmp_path: Path, content: str) -> None:
    found = read_studies(table(tmp_path, content))
    assert (found.rows, found.grouping) == ((Study("a", 1, 2),), None)


def test_group_goes_before_site(tmp_path: Path) -> None:
    found = read_studies(table(tmp_path, "id,x,n,site,group\na,1,2,lung,old\n"))
    assert (found.rows[0].group, found.grouping, found.ignored) == ("old", "group", ("site",))


@pytest.mark.parametrize(
    ("content", "rule", "line", "column", "hint"),
    [
        ("", "no-table", 1, 1, "names the columns"),
        ("id,x,n\n", "no-studies", 1, 1, "one report"),
        ("id,evnts,n\na,1,2\n", "missing-column", 1, 4, "is 'evnts' meant?"),
        ("Studdy,x,n\na,1,2\n", "missing-column", 1, 1, "is 'Studdy' meant?"),
        ("Study,Events,Total,Events\na,1,2,1\n", "repeated-column", 1, 20, "one arm"),
        ("id,xi,events,n\na,1,1,2\n", "repeated-column", 1, 7, "name the one"),
        ("id,x,n\na,1,2\nTotal,1,2\n", "summary-row", 3, 1, "delete the row"),
        ("id,x,n\na,1,2\nMean (SD),0.5,2\n", "summary-row", 3, 1, "delete the row"),
        ("id,x,n\na,1,2\nA,1,2\n", "repeated-id", 3, 1, "one row a report"),
        ("author,year,xi,ni\nA,2019,1,4\nA,2020,2,5\n", "repeated-id", 3, 1, "name the column id and write A 2020"),
        ("id,x,n\na,2/5,5\n", "not-a-count", 2, 3, "write x 2 and n 5"),
        ("id,x,n\na b,1,2\na\u200b  b,1,2\n", "repeated-id", 3, 1, "one row a report"),
        ("id,x,n\na,1,2,5\n", "long-row", 2, 1, "decimal comma"),
        ("id,x,n,year\na,1,2,2093\n", "not-a-year", 2, 7, "check it"),
        ("id,x,n,N\na,1,2,2\n", "repeated-column", 1, 8, "keep one"),
        ("id,x,n\na,1,2\na,1,1\n", "repeated-id", 3, 1, "one row a report"),
        ("id,x,n\na,3,2\n", "too-many", 2, 3, "0 to 2"),
        ("id,x,n\na,1.0,2\n", "not-a-count", 2, 3, "write 1"),
        ("id,x,n\na,-1,2\n", "not-a-count", 2, 3, "whole number"),
        ("id,x,n\na,,2\n", "not-a-count", 2, 3, "whole number"),
        ("id,x,n\na,1,0\n", "no-patients", 2, 5, "leave the row out"),
        ("id,x,n\n,1,2\n", "no-id", 2, 1, "name of its own"),
        ("id,x,n,year\na,1,2,20\n", "not-a-year", 2, 7, "four digits"),
        ("id,x,n\na,1\n", "short-row", 2, 1, "3 or more cells"),
        ('id,x,n\n"a,1,2\n', "no-table", 2, 1, "quotes"),
        ('id,x,n\n"a, b",y,2\n', "not-a-count", 2, 8, "whole number"),
        (b"id,x,n\n\xff,1,2\n", "no-table", 1, 1, "UTF-8"),
        ("id,x,n\na,1,500001\n", "too-many", 1, 1, "patients"),
    ],
)
def test_a_mistake_has_its_place_and_a_hint(  # noqa: PLR0917 - one case a line
    tmp_path: Path, content: str | bytes, rule: str, line: int, column: int, hint: str
) -> None:
    (found,) = problems(tmp_path, content)
    assert (found.rule, found.position.line, found.position.column) == (rule, line, column)
    assert hint in found.hint


def test_all_mistakes_are_told_in_one_run(tmp_path: Path) -> None:
    assert [p.position.line for p in problems(tmp_path, "id,x,n\na,x,2\nb,1,2\nc,4,2\n")] == [2, 4]


def test_decimals_of_a_column_are_one_message(tmp_path: Path) -> None:
    rows = "".join(f'r{k},"{k % 4},0",9\n' for k in range(30))
    (found,) = problems(tmp_path, f"id,x,n\n{rows}")
    assert "the same in 29 more rows" in found.message
    assert found.hint == "write 0"


def test_a_table_of_studies_is_not_told_of_a_mapping(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, b"id,x,n\n\xc0 2019,1,4\n")
    assert found.hint == "save it as CSV UTF-8"


def test_any_bytes_give_studies_or_problems(tmp_path: Path) -> None:
    for content in (
        b"\x00",
        b"id,x,n\n\x00,1,2",
        b"id,x,n\n=1+1,1,2",
        b"\xff\xfei\x00d\x00",
        b",\n,\n",
        b'"',
        b"id,x,n\n" + b"9" * 200_000,
    ):
        try:
            read_studies(table(tmp_path, content))
        except UnreadableStudies as error:
            assert error.problems


def test_headings_of_revman_metafor_and_meta_are_what_they_are(tmp_path: Path) -> None:
    for heading in ("Study,Events,Total", "study or subgroup,events,total", "slab,xi,ni", "studlab,event,n", "ID,X,N"):
        found = read_studies(table(tmp_path, f"{heading}\nSmith 2019,3,5\n"))
        assert found.rows == (Study("Smith 2019", 3, 5),)
    found = read_studies(table(tmp_path, "Study,Events,Total,year\nSmith 2019,3,5,2019\n"))
    assert found.notes == ("columns taken: Study as id, Events as x, Total as n",)
    own = read_studies(table(tmp_path, "id,Study,x,n\n1,Smith 2019,3,5\n"))  # its own name goes before others
    assert (own.rows[0].id, own.ignored, own.notes) == ("1", ("Study",), ())


def test_groups_that_differ_by_case_alone_are_one(tmp_path: Path) -> None:
    found = read_studies(table(tmp_path, "id,x,n,site\na,1,2,Lung\nb,1,2,lung\nc,1,2,LUNG\nd,1,2,\n"))
    assert [row.group for row in found.rows] == ["Lung", "Lung", "Lung", None]
    assert found.notes == ("'lung' is read as 'Lung'", "'LUNG' is read as 'Lung'")


@pytest.mark.parametrize("delimiter", ["\t", ";", "|", ","])
@pytest.mark.parametrize("above", ["", "Table S3\n\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_delimiter_title_and_encoding(delimiter: str, above: str, encoding: str, tmp_path: Path) -> None:
    text = above + "id,x,n\na,3,5\nb,2,4\n".replace(",", delimiter)
    found = read_studies(table(tmp_path, text.encode(encoding)))
    assert found.rows == (Study("a", 3, 5), Study("b", 2, 4))
    assert found.notes == (("the heading is row 3; above it, row 1 is not read",) if above else ())


def test_a_workbook_with_its_places(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for cells in (["Study", "Events", "Total", "Year"], ["a", 3, 5.0, 2020], [], ["b", "2", 4]):
        sheet.append(cells)
    book.save(tmp_path / "studies.xlsx")
    assert read_studies(tmp_path / "studies.xlsx").rows == (Study("a", 3, 5, 2020), Study("b", 2, 4))
    sheet["B4"] = 7
    book.save(tmp_path / "studies.xlsx")
    with pytest.raises(UnreadableStudies) as caught:
        read_studies(tmp_path / "studies.xlsx")
    (found,) = caught.value.problems
    assert (found.message, found.position.line, found.position.column) == ("B4: x 7 is more than n 4", 4, 2)


def test_one_fault_of_many_rows_is_told_once(tmp_path: Path) -> None:
    rows = "".join(f"s{k};{k},5;100\n" for k in range(30))
    (found,) = problems(tmp_path, f"id;x;n\n{rows}")
    assert found.message == "x '0,5' is not a whole number; the same in 29 more rows (B3, B4 ...)"


def test_a_number_too_long_is_still_a_whole_number(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "id,x,n\na,1,1000000000\n")
    assert found.message == "n 1000000000 has more than nine digits"
