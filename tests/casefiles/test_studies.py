"""A table of studies: what is read, and each mistake with its place and the way to mend it."""

from __future__ import annotations

import time
from pathlib import Path

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
        "id,x,n\na,1,2\n",
        "id;x;n\na;1;2\n",
        "\ufeffid,x,n\na,1,2\n",
        "id,x,n\r\na,1,2\r\n\r\n",
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
        ("", "no-studies", 1, 1, "id,x,n"),
        ("id,x,n\n", "no-studies", 1, 1, "one report"),
        ("id,events,n\na,1,2\n", "missing-column", 1, 4, "is 'events' meant?"),
        ("Study,x,n\na,1,2\n", "missing-column", 1, 1, "is 'Study' meant?"),
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
        ('id,x,n\n"a,1,2\n', "not-csv", 2, 1, "quotes"),
        ('id,x,n\n"a, b",y,2\n', "not-a-count", 2, 8, "whole number"),
        (b"id,x,n\n\xff,1,2\n", "encoding", 1, 1, "UTF-8"),
        ("id,x,n\na,1,999999999\n", "too-many", 1, 1, "patients"),
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


def test_ten_thousand_rows_are_read_at_once(tmp_path: Path) -> None:
    path = table(tmp_path, "id,x,n\n" + "".join(f"s{i},{i % 3},3\n" for i in range(10_000)))
    start = time.process_time()
    assert len(read_studies(path).rows) == 10_000
    assert time.process_time() - start < 2
