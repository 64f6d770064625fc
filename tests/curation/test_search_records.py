"""Searches added to a review, and what is decided on their records: everything here is made up."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from command import FINE, PROBLEMS, WRONG_USE, metaimt
from conftest import MakeReview, course, patient, report
from hypothesis import given
from hypothesis import strategies as st

from metaimt.casefiles.library import read_library
from metaimt.casefiles.records import (
    RECORD_COLUMNS,
    SHEET_COLUMNS,
    Decision,
    Record,
    Standing,
    read_decisions,
    read_records,
    table_text,
)
from metaimt.checks import check_library
from metaimt.content.sources import last_searches
from metaimt.curation.new_case import Known
from metaimt.curation.reference import Reference
from metaimt.curation.reference_formats import ASREVIEW_LABELS, parse_references
from metaimt.curation.screening import decision_in
from metaimt.curation.search_records import Unsure, add_search, verdict, with_search
from metaimt.model.publication import identity
from metaimt.problem import WrongUse
from metaimt.versions.stored import read_stored

HERE = Path(__file__).parent / "screening"
SPECIMEN: dict[str, Any] = {"title": "Made up: a tumour of the example bladder", "authors": "Specimen A", "year": 2020}


@pytest.fixture
def cases(make_review: MakeReview) -> Path:
    return make_review(report("example-2020", patient(course()), doi="10.9999/known"))


def add(cases: Path, *files: Path, source: str = "pubmed", day: str = "2026-11-30", **more: str) -> str:
    options = [word for key, value in more.items() for word in (f"--{key}", value)]
    done = metaimt("search", "add", *files, "--source", source, "--date", day, "--cases", cases, *options)
    assert done.returncode == FINE, done.stderr
    return done.stdout


# What two records must have in common, by hand: (one, other, surely the same, doubted).
SAME: dict[str, tuple[dict[str, Any], dict[str, Any], bool, bool]] = {
    "same DOI": ({"doi": "10.9999/A"}, {"doi": "https://doi.org/10.9999/a"}, True, False),
    "title, author, year": ({}, {}, True, False),
    "another year": ({}, {"year": 2021}, False, True),
    "no year": ({}, {"year": None}, False, True),
    "by others": ({}, {"authors": "Muster B"}, False, True),
    "by others, with DOIs": ({"doi": "10.9999/a"}, {"doi": "10.9999/b", "authors": "Muster B"}, False, False),
    "same authors, two DOIs": ({"doi": "10.9999/a"}, {"doi": "10.9999/b"}, False, True),
    "erratum": ({}, {"title": f"Erratum: {SPECIMEN['title']}"}, False, False),
    "erratum of the same DOI": (
        {"doi": "10.9999/a"},
        {"doi": "10.9999/a", "title": f"Erratum: {SPECIMEN['title']}"},
        False,
        True,
    ),
    "reply": ({}, {"title": f"Reply to {SPECIMEN['title']}"}, False, False),
    "part I and II": ({"title": "Made up series, part I"}, {"title": "Made up series, part II"}, False, False),
    "case 1 and 2 of a supplement": (
        {"doi": "10.9999/s", "title": "Made up series: case 1"},
        {"doi": "10.9999/s", "title": "Made up series: case 2"},
        False,
        True,
    ),
    "supplement of one DOI": ({"doi": "10.9999/s"}, {"doi": "10.9999/s", "title": "Something else"}, False, True),
    "one DOI, two PubMed ids": (
        {"doi": "10.9999/a", "pmid": "1"},
        {"doi": "10.9999/a", "pmid": "2"},
        False,
        True,
    ),
    "case one and two of a supplement": (
        {"doi": "10.9999/s", "title": "Made up series: case one"},
        {"doi": "10.9999/s", "title": "Made up series: case two"},
        False,
        True,
    ),
    "a boy and a girl in a supplement": (
        {"doi": "10.9999/s", "title": "Made up tumour in a boy"},
        {"doi": "10.9999/s", "title": "Made up tumour in a girl"},
        False,
        True,
    ),
    "one DOI, a spelling and a subtitle": (
        {"doi": "10.9999/s", "title": "Made up tumour of the oesophagus in the example"},
        {"doi": "10.9999/s", "title": "Made up tumor of esophagus in an example"},
        True,
        False,
    ),
    "one DOI, without the subtitle": (
        {"doi": "10.9999/s"},
        {"doi": "10.9999/s", "title": f"{SPECIMEN['title']}: a report"},
        True,
        False,
    ),
    "two persons of one family name": ({}, {"authors": "Specimen Z"}, False, True),
    "one person, more initials": ({}, {"authors": "Specimen AZ"}, True, False),
    "nobody named": ({"authors": "Anonymous"}, {"authors": "Anonymous"}, False, True),
    "two journals": ({"journal": "Made Up J"}, {"journal": "Another Journal"}, False, True),
    "an abbreviated journal": (
        {"journal": "J Made Up Oncol"},
        {"journal": "Journal of made up oncology : official journal of nobody"},
        True,
        False,
    ),
    "an abstract in two supplements": ({"journal": "Example Suppl"}, {"journal": "Sample Suppl"}, False, True),
    "a name with an accent": ({"authors": "Müster A"}, {"authors": "Muster A"}, True, False),
    "a name with two letters for one": ({"authors": "Müster A"}, {"authors": "Muester A"}, False, True),
    "a title in two languages": ({}, {"title": f"Erfunden: ein Tumor. [{SPECIMEN['title']}]"}, False, True),
    "the next year, another spelling": (
        {},
        {"year": 2021, "title": SPECIMEN["title"].replace("tumour", "tumor")},
        False,
        True,
    ),
    "another spelling, nobody named": (
        {"authors": None},
        {"title": SPECIMEN["title"].replace("tumour", "tumor")},
        False,
        True,
    ),
    "another spelling, five years later": (
        {},
        {"year": 2025, "title": SPECIMEN["title"].replace("tumour", "tumor")},
        False,
        False,
    ),
    "mark-up as text": ({}, {"title": "Made up: a &lt;i&gt;tumour&lt;/i&gt; of the example&nbsp;bladder"}, True, False),
    "a title cut off": ({}, {"title": "Made up: a tumour of the exam...", "year": None}, False, True),
    "a number of an abstract": ({}, {"title": f"P-12 {SPECIMEN['title']}"}, False, True),
    "DOI of another version": (
        {"doi": "10.9999/made.up/v1"},
        {"doi": "10.9999/made.up/v2", "title": "Quite another text"},
        False,
        True,
    ),
    "no title": ({"title": None}, {}, False, True),
    "no title, two years later": ({"title": None}, {"year": 2022}, False, False),
    "no title, by others": ({"title": None}, {"authors": "Muster B"}, False, False),
    "numbers in words": ({"title": "Made up: two tumours"}, {"title": "Made up: 2 tumours"}, False, True),
    "abstract and paper": ({"journal": "Made Up J"}, {"journal": "Made Up J Suppl"}, False, False),
}


@pytest.mark.parametrize("name", SAME)
def test_two_records_are_one_doubted_or_two(name: str) -> None:
    one, other, sure, doubted = SAME[name]
    mine, theirs = identity(**{**SPECIMEN, **one}), identity(**{**SPECIMEN, **other})
    assert (verdict(mine, theirs)[0], bool(verdict(mine, theirs)[1])) == (sure, doubted)
    assert verdict(mine, theirs)[0] == verdict(theirs, mine)[0]


def exported(kind: int, number: int) -> str:
    """Publication `number` as one of seven exporters writes it, in RIS."""
    title, doi, pmid = f"Made up tumour of sample {number} in a series", f"10.9999/made.{number}", str(9000000 + number)
    lines = {
        0: [f"TI  - {title}", f"DO  - {doi}"],
        1: [f"T1  - {title.upper()}.", f"DO  - https://doi.org/{doi}"],
        2: [f"TI  - <i>{title}</i>", f"AN  - {pmid}", "DB  - PubMed", f"DO  - {doi}"],
        3: [f"TI  - {title.replace('tumour', 'tumor')}", f"M3  - doi: {doi}"],
        4: [f"TI  - {title}:", f"UR  - https://doi.org/{doi.replace('/', '%2F')}"],
        5: [f"TI  - The {title}", f"DO  - {doi.upper()}"],
        6: [f"TI  - {title}"],
    }[kind]
    author = f"AU  - {'Specimen, Anna' if kind % 2 else 'Specimen, A.'}"
    return "\n".join(["TY  - JOUR", *lines, author, "PY  - 2026", "ER  - ", ""])


def test_four_hundred_records_with_thirty_percent_duplicates(make_review: MakeReview) -> None:
    chosen = random.Random(20)  # noqa: S311 - no secret
    texts = [exported(chosen.randrange(7), number) for number in range(280)]
    texts += [exported(chosen.randrange(7), chosen.randrange(280)) for _ in range(120)]
    chosen.shuffle(texts)
    references = parse_references("\n".join(texts))
    known = Known(read_library(make_review(report("example-2020", patient(course())))))
    added = add_search(known, (), references, "pubmed", "2026-11-30")
    number_of = {name: _number(one) for name, one in zip(added.own, references, strict=True)}
    joined = {(number_of[one.id], number_of[one.duplicate_of]) for one in added.records if one.duplicate_of}
    assert all(one == other for one, other in joined), "a false merge"
    main: dict[int, list[str]] = {}
    for record in added.records:
        if not record.duplicate_of:
            main.setdefault(number_of[record.id], []).append(record.id)
    listed = {frozenset((one.one, one.other)) for one in added.unsure}
    apart = [ids for ids in main.values() if len(ids) > 1]
    assert all(any(frozenset((ids[0], other)) in listed for other in ids[1:]) for ids in apart), "a duplicate not told"
    assert len(added.records) == 400
    assert add_search(known, added.records, references, "pubmed", "2026-11-30").records == added.records


def test_journals_of_an_earlier_search_tell_an_abstract_from_the_paper(cases: Path, tmp_path: Path) -> None:
    for name, journal in (("one", "Made Up Journal"), ("two", "Made Up J Suppl"), ("three", "Made Up J")):
        text = "TY  - JOUR\nTI  - Made up: a tumour of a unicorn\nAU  - Specimen, A.\nPY  - 2026\n"
        (tmp_path / f"{name}.ris").write_text(f"{text}JO  - {journal}\nER  - \n", encoding="utf-8")
        add(cases, tmp_path / f"{name}.ris", source=name)
    kept = {record.journal: record.duplicate_of for record in read_library(cases).records}
    assert kept == {"Made Up Journal": "", "Made Up J Suppl": "", "Made Up J": "specimen-2026"}


def test_uncertain_pairs_are_told_again_until_one_is_excluded(cases: Path, tmp_path: Path) -> None:
    lines = "TY  - JOUR\nTI  - Made up: a tumour of a unicorn\nAU  - Specimen, {}.\nPY  - 2026\nER  - \n"
    (tmp_path / "two.ris").write_text(lines.format("A") + lines.format("Z"), encoding="utf-8")
    told = "specimen-2026 and specimen-2026-b: same title, year; another author or year"
    assert told in add(cases, tmp_path / "two.ris")
    assert told in add(cases, tmp_path / "two.ris")
    assert metaimt("screen", "--by", "x", "--cases", cases).returncode == FINE
    assert told in metaimt("screen", "--cases", cases).stdout
    path = cases / "screening" / "x.csv"
    path.write_text(path.read_text("utf-8").replace("unicorn,2026,,", "unicorn,2026,exclude,", 1), encoding="utf-8")
    assert told not in metaimt("screen", "--cases", cases).stdout


def test_a_record_of_a_publication_whose_row_cannot_tell_is_a_duplicate_of_that_row(cases: Path) -> None:
    known = Known(read_library(cases))
    row = Record("example-2020", "Made up", "", "", "", "", "", ("s",), ("2026-11",))
    added = add_search(known, [row], [Reference(doi="10.9999/known")], "t", "2026-11-30")
    assert {each.id: each.duplicate_of for each in added.records} == {"example-2020": "", "anon-nd": "example-2020"}


def _number(reference: Reference) -> int:
    return int((reference.title or "").casefold().partition("sample ")[2].split()[0])


def test_an_earlier_record_keeps_its_id_and_is_found_again(cases: Path) -> None:
    assert add(cases, HERE / "asreview.ris").startswith("3 found, 0 duplicates, 0 decided before, 3 new\n")
    before = (cases / "records.csv").read_bytes()
    assert add(cases, HERE / "asreview.ris") == add(cases, HERE / "asreview.ris")
    assert (cases / "records.csv").read_bytes() == before
    assert add(cases, HERE / "rayyan.csv", source="scopus").startswith(
        "3 found, 3 duplicates, 0 decided before, 0 new\n"
    )
    ids = [row["id"] for row in csv.DictReader((cases / "records.csv").read_text("utf-8").splitlines())]
    assert {"specimen-2026", "probe-2026", "muster-2026"} <= {*ids}
    assert [problem.rule for problem in check_library(read_library(cases)) if problem.severity == "error"] == []


def test_a_search_that_waited_is_the_one_that_is_added(cases: Path) -> None:
    (cases / "searches.yaml").write_text("- {id: main, source: PubMed, status: not yet run}\n", encoding="utf-8")
    assert add(cases, HERE / "asreview.ris", source="pubmed") == add(cases, HERE / "asreview.ris", source="pubmed")
    add(cases, HERE / "asreview.ris", source="pubmed", day="2026-12-01")
    assert [(each.id, each.status, each.date) for each in read_library(cases).searches] == [
        ("main", "done", "2026-11-30"),
        ("pubmed-2026-12-01", "done", "2026-12-01"),
    ]
    assert [*last_searches(read_library(cases))] == [("PubMed", "2026-12-01")]


def test_what_was_read_is_decided_before(cases: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.ris"
    file.write_text("TY  - JOUR\nTI  - Made up\nAU  - Example, A.\nDO  - 10.9999/KNOWN\nER  - \n", encoding="utf-8")
    assert add(cases, file) == "1 found, 0 duplicates, 1 decided before, 0 new\n"
    (search,) = read_library(cases).searches
    assert (search.hits, search.screened, search.included) == (1, 1, 1)


def test_a_record_that_joins_two_is_listed_and_merges_neither() -> None:
    one = Record("a", "Made up of one kind", "A", "", "2020", "10.9999/a", "", ("s",), ("2026",))
    other = Record("b", "Quite another made up text", "B", "", "2021", "", "7", ("s",), ("2026",))
    both = Reference(doi="10.9999/a", pmid="7")
    empty = read_library(Path(__file__).parents[1] / "frozen" / "cases")
    added = add_search(Known(empty), (one, other), [both], "t", "2026-11-30")
    assert {record.id: record.duplicate_of for record in added.records} == {"a": "", "b": "", "anon-nd": "a"}
    assert added.unsure == (Unsure("a", "b", "anon-nd is like both"),)


SEARCHES = """# A comment that stays.
- {id: first, source: Other,   status: done}
- id: pubmed   # here too
  source: PubMed
  status: not yet run
  note: Stays.
"""


def test_an_entry_of_searches_is_updated_and_every_other_byte_stays() -> None:
    done = with_search(SEARCHES, "pubmed", "pubmed", "2026-11-30", None)
    assert done == SEARCHES.replace("status: not yet run", 'status: done\n  date: "2026-11-30"')
    assert with_search(done, "pubmed", "pubmed", "2026-11-30", None) == done
    new = with_search(SEARCHES, "new", "A: b", "2026-11-30", "x # y")
    assert new.startswith(SEARCHES)
    assert new.count("\n- ") == 3


@pytest.mark.parametrize("text", ["", "[]\n", "# Made up.\n[]", "- {id: a, source: A, status: done}", "- id: a\r\n"])
def test_an_entry_is_added_to_any_list(text: str) -> None:
    new = with_search(text, "new", "P} [", "2026-11-30", 'x: "y"\n# z')
    entry = {"id": "new", "source": "P} [", "status": "done", "date": "2026-11-30", "query": 'x: "y" # z'}
    assert yaml.safe_load(new) == [*(yaml.safe_load(text) or []), entry]
    assert ("\r\n" in new) == ("\r\n" in text)


def test_a_list_in_brackets_is_left_to_a_person() -> None:
    with pytest.raises(WrongUse, match="begin each entry with '- '"):
        with_search("[{id: a, source: A, status: done}]\n", "new", "P", "2026-11-30", None)


@pytest.mark.parametrize("source", ["  ", "数据库"])
def test_a_source_that_gives_no_id_is_asked_for_one(cases: Path, source: str) -> None:
    words = ("search", "add", HERE / "asreview.ris", "--source", source, "--date", "2026-11-30", "--cases", cases)
    done = metaimt(*words)
    assert (done.returncode, "add --id NAME" in done.stderr) == (WRONG_USE, True)
    assert not (cases / "records.csv").exists()
    assert metaimt(*words, "--id", "main").returncode == (FINE if source.strip() else WRONG_USE)


def test_what_a_search_without_its_entry_had_found_is_told(cases: Path) -> None:
    add(cases, HERE / "asreview.ris")
    (cases / "searches.yaml").unlink()
    said = "note: searches.yaml has no search 'pubmed-2026-11-30' that was done by then: its records are not counted"
    assert metaimt("screen", "--cases", cases).stderr.startswith(said)
    words = ("search", "add", HERE / "rayyan.csv", "--source", "scopus", "--date", "2026-11-30", "--cases", cases)
    done = metaimt(*words)
    assert done.stderr.splitlines() == [f"{said}; the rows that only it found are taken out of records.csv"]
    assert {record.sources for record in read_library(cases).records} == {("scopus-2026-11-30",)}


CELL = st.text(st.characters(exclude_categories=("Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs")), max_size=8)


@given(st.lists(CELL, min_size=4, max_size=4))
def test_any_text_is_read_back_as_it_was_and_is_no_formula(cells: list[str]) -> None:
    title, authors, journal, labels = cells
    record = Record("a", title, authors, journal, "", "", "", ("s",), ("2026-11",), "", labels)
    text = table_text(RECORD_COLUMNS, [record.cells])
    assert read_records("records.csv", text.encode())[0] == (record,)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in csv.reader(text.splitlines()) for cell in row)


HEADER = ",".join(RECORD_COLUMNS)
LINE = "a,Made up,,,,,,s,2026-11,,"
DAMAGED = {  # the table, and where in it the fault is told, with the first words of what is said
    "column": (f"{HEADER.replace('title', 'Titel')}\n{LINE}\n", 1, 4, "'Titel' stands where the column 'title'"),
    "no column": ("id,title\n", 1, 9, "the header ends before the column 'authors'"),
    "one column more": (f"{HEADER},more\n", 1, len(HEADER) + 2, "'more' stands where the column ends"),
    "no id": (f"{HEADER}\n,Made up,,,,,,s,2026-11,,\n", 2, 1, "the record has no id"),
    "id": (f"{HEADER}\nA b,Made up,,,,,,s,2026-11,,\n", 2, 1, "'A b' is not an id"),
    "year": (f"{HEADER}\na,Made up,,,26,,,s,2026-11,,\n", 2, 13, "'26' is no year"),
    "DOI": (f"{HEADER}\na,Made up,,,,9000001,,s,2026-11,,\n", 2, 14, "'9000001' is not a DOI"),
    "PMID": (f"{HEADER}\na,Made up,,,,,10.9999/a,s,2026-11,,\n", 2, 15, "'10.9999/a' is not a PubMed id"),
    "date": (f"{HEADER}\na,Made up,,,,,,s,30.11.2026,,\n", 2, 18, "'30.11.2026' is not a date"),
    "twice": (f"{HEADER}\n{LINE}\n{LINE.replace('Made', 'Else')}\n", 3, 1, "the id a stands in line 2 already"),
    "unknown": (f"{HEADER}\n{LINE}\nb,Made up,,,,,,s,2026-11,c,\n", 3, 26, "no record has the id c"),
    "circle": (f"{HEADER}\na,,,,,,,s,2026-11,b,\nb,,,,,,,s,2026-11,a,\n", 2, 19, "b is itself a duplicate, of a"),
    "itself": (f"{HEADER}\na,,,,,,,s,2026-11,a,\n", 2, 19, "a is itself a duplicate, of a"),
    "cells": (f"{HEADER}\na,b\n", 2, 1, "the line has 2 cells, and the table 11 columns"),
    "dates": (f"{HEADER}\na,Made up,,,,,,s; t,2026-11,,\n", 2, 16, "each search has one date"),
    "quote": (f'{HEADER}\na,"open,,,\n', 2, 1, "not a table that can be read"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_is_told_with_its_place(name: str) -> None:
    text, line, column, said = DAMAGED[name]
    records, sheet = read_records("records.csv", text.encode())
    assert not records
    told = sheet.problems[0]
    assert (told.position.line, told.position.column, told.message[: len(said)]) == (line, column, said)
    assert told.hint


def test_a_record_in_two_lines_was_found_by_the_searches_of_both() -> None:
    rows = ["a,,,,,,,s; t,2026-11; 2026-12,,", "a,,,,,,,s; u,2026-11; 2026-10,,"]
    (record,), sheet = read_records("records.csv", "\n".join([HEADER, *rows, ""]).encode())
    assert {*zip(record.sources, record.dates, strict=True)} == {("s", "2026-11"), ("t", "2026-12"), ("u", "2026-10")}
    assert sheet.problems == []


WRONG_DECISIONS = {
    "column": ("id,title,year,verdict,reason,note\n", 1, 15, "'verdict' stands where the column 'decision'"),
    "id": ("{}b,,,,,\n", 2, 1, "no record has the id 'b'"),
    "no id": ("{},,,include,,\n", 2, 1, "no record has the id ''"),
    "twice": ("{}a,,,,,\na,,,,,\n", 3, 1, "a is decided twice in this sheet"),
    "decision": ("{}a,,,yes,,\n", 2, 5, "'yes' is no decision"),
    "reason": ("{}a,,,exclude,boring,\n", 2, 13, "'boring' is not a reason of the protocol"),
    "reason of none": ("{}a,,,include,other,\n", 2, 13, "a reason is given for what is not excluded"),
    "cells": ("{}a,include\n", 2, 1, "the line has 2 cells, and the table 6 columns"),
}


@pytest.mark.parametrize("name", WRONG_DECISIONS)
def test_a_wrong_decision_is_told_with_its_place(name: str) -> None:
    text, line, column, said = WRONG_DECISIONS[name]
    lines, sheet = read_decisions("x.csv", text.format(f"{','.join(SHEET_COLUMNS)}\n").encode(), {"a"}, ["other"])
    told = sheet.problems[0]
    assert (told.position.line, told.position.column, told.message[: len(said)]) == (line, column, said)
    assert told.hint
    assert len(lines) == (name == "twice")


def test_what_a_search_found_counts_once_searches_yaml_says_that_it_was_done() -> None:
    rows = ["a,,,,,,,s; t,2026-11-29; 2026-12-01,,", "b,,,,,,,t,2026-12-01,,", "c,,,,,,,s,2026-12-02,,"]
    content = "\n".join([HEADER, *rows, ""]).encode()
    every, sheet = read_records("records.csv", content, {"s": "2026-12", "t": ""})
    assert [record.id for record in every] == ["a", "b", "c"] and sheet.problems == []
    before, sheet = read_records("records.csv", content, {"s": "2026-11-29"})
    assert [(record.id, record.sources) for record in before] == [("a", ("s",))]
    assert [(each.position.line, each.position.column, each.severity) for each in sheet.problems] == [
        (2, 9, "warning"),
        (4, 9, "warning"),
    ]


def test_what_spreadsheets_do_is_read() -> None:
    text = f"{HEADER}\n{LINE}\n"
    (wanted,), _ = read_records("records.csv", text.encode())
    saved = text.replace(",", ";").replace("\n", "\r\n")
    assert read_records("records.csv", saved.encode("utf-8-sig"))[0] == (wanted,)


def standing(*sheets: dict[str, str]) -> Standing:
    record = Record("a", "Made up", "", "", "", "", "", ("s",), ("2026",))
    told = {f"p{k}": tuple(Decision(n, "", "", d) for n, d in one.items()) for k, one in enumerate(sheets)}
    return Standing((record,), told, frozenset(), frozenset(), frozenset())


TABLE: list[tuple[list[dict[str, str]], str, bool]] = [
    ([], "new", False),
    ([{"a": ""}], "new", False),
    ([{"a": "include"}], "include", True),
    ([{"a": "include"}, {}], "include", False),
    ([{"a": "include"}, {"a": ""}], "include", False),
    ([{"a": "include"}, {"a": "include"}], "include", True),
    ([{"a": "include"}, {"a": "exclude"}], "conflict", False),
    ([{"a": "include"}, {"a": "later"}], "conflict", False),
    ([{"a": "exclude"}, {"a": "exclude"}], "exclude", False),
    ([{"a": "later"}], "later", False),
]


@pytest.mark.parametrize(("sheets", "state", "agreed"), TABLE)
def test_where_a_record_stands(sheets: list[dict[str, str]], state: str, agreed: bool) -> None:
    found = standing(*sheets)
    assert (found.of(found.records[0]), found.agreed(found.records[0])) == (state, agreed)


def sheet(cases: Path, person: str) -> Iterator[tuple[str, str, str]]:
    for row in csv.DictReader((cases / "screening" / f"{person}.csv").read_text("utf-8").splitlines()):
        yield row["id"], row["decision"], row["reason"]


OPEN = [("muster-2026", "", ""), ("probe-2026", "", ""), ("specimen-2026", "", "")]
LABELS = {
    "rayyan.csv": ["later", "exclude", "include"],
    "asreview.csv": ["", "exclude", "include"],
    "asreview.ris": ["", "exclude", "include"],
    "asreview-of-ris.csv": ["", "exclude", "include"],
    "rayyan.bib": ["later", "exclude", "include"],
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_of_screening_programs_are_decisions(cases: Path, name: str) -> None:
    add(cases, HERE / "asreview.ris")
    assert metaimt("screen", "--by", "Reader-1", "--from", HERE / name, "--cases", cases).returncode == FINE
    assert [decision for _, decision, _ in sheet(cases, "reader-1")] == LABELS[name]
    reason = "wrong disease" if name.startswith("rayyan") else ""
    assert ("probe-2026", "exclude", reason) in sheet(cases, "reader-1")


def test_a_table_of_asreview_has_title_and_authors() -> None:
    """As pandas writes what rispy read (asreview/data/ris.py): a list of Python, under the names of rispy."""
    first, *_ = parse_references((HERE / "asreview-of-ris.csv").read_text("utf-8"))
    assert (first.title, first.authors) == ("Made up: a first tumour of the example", "Specimen A, O'Other B")
    assert first.labels == ("included=1.0",)


@pytest.mark.parametrize("column", ASREVIEW_LABELS)
def test_each_name_of_a_label(column: str) -> None:
    assert [decision_in([f"{column}={value}"], [], []) for value in ("1", "0", "", "2")] == [
        Decision("", "", "", "include"),
        Decision("", "", "", "exclude"),
        None,
        None,
    ]
    assert decision_in(["ASReview_not_seen"], [], []) is None


def test_a_second_reason_of_rayyan_is_a_note() -> None:
    label = 'RAYYAN-INCLUSION: {"A"=>"Excluded"} | RAYYAN-EXCLUSION-REASONS: foreign,Wrong disease | RAYYAN-LABELS: x'
    assert decision_in([label], ["wrong disease"], []) == Decision("", "", "", "exclude", "wrong disease", "foreign")


def test_a_list_of_covidence_is_what_its_reader_says_and_decided_lines_stay(cases: Path) -> None:
    add(cases, HERE / "asreview.ris")
    words = ("screen", "--by", "x", "--from", HERE / "covidence.csv", "--cases", cases, "--decision")
    assert metaimt(*words, "exclude").returncode == FINE
    assert metaimt(*words, "include").returncode == FINE
    assert [decision for _, decision, _ in sheet(cases, "x")] == ["", "exclude", ""]


def test_two_people_screen_and_what_both_include_waits_to_be_read(cases: Path) -> None:
    add(cases, HERE / "asreview.ris")
    for who in ("reader-1", "Reader-2"):
        assert metaimt("screen", "--by", who, "--cases", cases).returncode == FINE
    assert [*sheet(cases, "reader-1")] == [*sheet(cases, "reader-2")] == OPEN
    for who, third in (("reader-1", "include"), ("reader-2", "exclude")):
        path = cases / "screening" / f"{who}.csv"
        text = path.read_text("utf-8").replace("example,2026,,,", "example,2026,include,,")
        path.write_text(
            text.replace("third tumour of the example,2026,include", f"third tumour of the example,2026,{third}")
        )
    told = metaimt("screen", "--cases", cases).stdout
    assert "     1 in conflict between two people\n" in told
    assert "[reader-1: include; reader-2: exclude]" in told
    assert metaimt("screen", "--start", "--date", "2026-11-30", "--cases", cases).returncode == FINE
    library = read_library(cases)
    assert [each.id for each in library.pending] == ["probe-2026", "specimen-2026"]
    assert [each for each in check_library(library) if each.severity == "error"] == []
    assert "0 case files begun" in metaimt("screen", "--start", "--cases", cases).stdout


def test_what_one_person_includes_waits_for_the_other(cases: Path) -> None:
    add(cases, HERE / "asreview.ris")
    metaimt("screen", "--by", "a", "--from", HERE / "asreview.ris", "--cases", cases)
    metaimt("screen", "--by", "b", "--cases", cases)
    assert "     1 included by one person, not yet decided by another\n" in metaimt("screen", "--cases", cases).stdout
    begun = metaimt("screen", "--start", "--cases", cases).stdout
    assert begun.startswith("specimen-2026: waits for b\n0 case files begun")


@pytest.mark.parametrize("name", ["Sheet one (copy)", "a.b", "王", "Reader-1"])
def test_a_sheet_that_is_named_after_nobody_is_not_read(cases: Path, name: str) -> None:
    add(cases, HERE / "asreview.ris")
    metaimt("screen", "--by", "a", "--cases", cases)
    (cases / "screening" / "a.csv").rename(cases / "screening" / f"{name}.csv")
    done = metaimt("screen", "--cases", cases)
    assert (done.returncode, "a sheet is named after a person" in done.stderr) == (PROBLEMS, True)
    assert read_library(cases).sheets == {}


def test_a_sheet_that_cannot_be_read_stops_the_screening(cases: Path) -> None:
    add(cases, HERE / "asreview.ris")
    (cases / "screening" / "a.csv").mkdir(parents=True)
    done = metaimt("screen", "--cases", cases)
    assert (done.returncode, "error[unreadable]" in done.stderr) == (PROBLEMS, True)


def test_a_new_file_has_the_id_of_its_record_and_no_other_one(cases: Path) -> None:
    add(cases, HERE / "asreview.ris")
    known = Known(read_library(cases))
    assert known.free_id(Reference(surname="Probe", year=2025, doi="10.9999/MADE.2")) == "probe-2026"
    assert known.free_id(Reference(title="Another made-up text", surname="Probe", year=2026)) == "probe-2026-b"


def test_a_version_holds_records_and_decisions(cases: Path) -> None:
    add(cases, HERE / "asreview.ris")
    metaimt("screen", "--by", "x", "--cases", cases)
    version = str(read_library(cases).protocol.version)  # type: ignore[union-attr]
    assert metaimt("snapshot", version, "--cases", cases).returncode == FINE
    texts = read_stored(cases, version).texts
    assert {"records.csv", "screening/x.csv", "searches.yaml"} <= {*texts}
    done = metaimt("verify", version, "--cases", cases)
    assert (done.returncode, "In the working tree since: nothing." in done.stdout) == (FINE, True), done
    metaimt("screen", "--by", "x", "--from", HERE / "asreview.csv", "--cases", cases)
    done = metaimt("diff", version, "--cases", cases)
    assert done.returncode == FINE
    assert "screening/x.csv" in done.stdout


def test_wrong_use_is_told(cases: Path) -> None:
    assert metaimt("screen", "--cases", cases).returncode == WRONG_USE
    add(cases, HERE / "asreview.ris")
    (cases / "screening").mkdir()
    (cases / "screening" / "x.csv").write_text("id,title,year,decision,reason,note\nnobody-1,,,yes,because,\n")
    done = metaimt("screen", "--by", "x", "--cases", cases)
    assert done.returncode == PROBLEMS
    assert "x.csv:2:1: error[screening-form] no record has the id 'nobody-1'" in done.stderr
