"""What exporters write, and where they put identifiers; everyone in the files is made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.curation.new_case import draft_of, scalar
from metaimt.curation.reference import Reference, identifier_in
from metaimt.curation.reference_formats import parse_references, read_references
from metaimt.problem import WrongUse

FILES = Path(__file__).parent / "references"
ALL = sorted(path for path in FILES.iterdir() if path.name != "nothing.txt")


def ris(*lines: str) -> Reference:
    (only,) = parse_references("\n".join(["TY  - JOUR", "TI  - Made up", *lines, "ER  - ", ""]))
    return only


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("doi-in-m3.ris", {"doi": "10.0000/inv.m3"}),
        ("pmid-in-pm.ris", {"pmid": "29999991"}),
        ("doi-percent-encoded.ris", {"doi": "10.1002/(SICI)0000-0000(19980101)1:1<1::AID-INV1>3.0.CO;2-K"}),
        ("authors-semicolon.ris", {"authors": "Specimen A, Otherone C, Thirdone D"}),
        ("issued-list.json", {"year": 2017, "doi": "10.0000/inv.flat"}),
    ],
)
def test_inputs_that_failed(name: str, expected: dict[str, Any]) -> None:
    (only,) = read_references(FILES / name)
    assert {field: getattr(only, field) for field in expected} == expected
    assert only.notes == ()


def test_ovid_numbers_its_records_and_puts_the_search_between_them() -> None:
    first, second = read_references(FILES / "ovid-authors.ris")
    assert (first.surname, first.authors, first.doi) == ("Specimen", "Specimen A, Otherone C", "10.0000/inv.2020-5")
    assert (second.authors, second.title, second.year) == ("Thirdone D", "Made up: another", 2019)


def test_ovids_number_of_the_next_record_is_no_part_of_one_without_an_end_mark() -> None:
    first, _ = parse_references("TY  - JOUR\nTI  - Made up\n2. \nTY  - JOUR\nTI  - Made up too\n")
    assert first.title == "Made up"


def test_a_line_that_goes_on_may_begin_like_a_field() -> None:
    found = ris("N1  - Made up after", "CT-guided biopsy and", "PD-1", "PY  - 2020")
    assert (found.year, found.dropped) == (2020, ("notes",))


def test_nbib_without_or_with_blank_lines() -> None:
    joined = read_references(FILES / "nbib-no-blank-line.nbib")
    assert [(one.pmid, one.surname, one.year) for one in joined] == [
        ("29999994", "Specimen", 2018),
        ("29999995", "Otherone", 2019),
    ]
    text = (FILES / "nbib-no-blank-line.nbib").read_text()
    assert parse_references(text.replace("TI  -", "\nTI  -").replace("DP", "\n\nDP")) == joined


def test_bibtex() -> None:
    first, broken, after = read_references(FILES / "made-up.bib")
    assert first == Reference(
        title="Made up: ALK-positive tumour of the œsophagus",
        authors="Specimen A, World Made-up Organization, Beispiel J Jr, van der Example A, et al.",
        surname="Specimen",
        journal="J Inv Cases Suppl",
        year=2020,
        doi="10.0000/made_up.31",
        pmid="29999981",
    )
    assert first.dropped == ("abstract", "keywords")
    assert broken.notes == ("the BibTeX of broken has a mistake: check what was read",)
    assert (after.title, after.authors, after.pmcid) == ("Made up: the entry after it", "Otherone C", "PMC9999982")


def test_endnote_tags() -> None:
    first, second = read_references(FILES / "made-up.enw")
    assert first == Reference(
        title="Made up: EndNote's tagged format goes on",
        authors="Specimen A, Otherone C",
        surname="Specimen",
        journal="J Inv Cases",
        year=2018,
        doi="10.0000/made-up.41",
        pmid="29999983",
        pmcid="PMC9999983",
    )
    assert (second.surname, second.year) == ("Thirdone", 2019)


def test_endnote_xml() -> None:
    (only,) = read_references(FILES / "made-up.xml")
    assert only == Reference(
        title="Made up: a tumour & ALK",
        authors="Specimen AB, Otherone C",
        surname="Specimen",
        journal="J Inv Cases",
        year=2021,
        doi="10.0000/made-up.51",
        pmid="29999984",
        pmcid="PMC9999984",
    )
    assert only.dropped == ("keywords", "notes")


def test_tables_of_scopus_and_pubmed() -> None:
    first, second = read_references(FILES / "scopus.csv")
    assert first == Reference(
        title='Made up: as Scopus exports it, "quoted"',
        authors="Specimen A, Otherone CD",
        surname="Specimen",
        journal="Journal of Invented Cases",
        year=2022,
        doi="10.0000/made-up.61",
        pmid="29999985",
    )
    assert (second.authors, second.year) == ("Thirdone D, Specimen A", 2015)
    (pubmed,) = read_references(FILES / "pubmed.csv")
    assert pubmed == Reference(
        title="Made up: as PubMed exports it",
        authors="Specimen A, Otherone CD, van der Example E",
        surname="Specimen",
        journal="J Inv Cases",
        year=2023,
        doi="10.0000/made-up.71",
        pmid="29999986",
        pmcid="PMC9999986",
    )


@pytest.mark.parametrize(
    ("line", "doi"),
    [
        ("DO  - https://doi.org/10.0000/a", "10.0000/a"),
        ("DO  - 10.0000/a.", "10.0000/a"),
        ("DI  - 10.0000/a", "10.0000/a"),
        ("M3  - doi: 10.0000/a", "10.0000/a"),
        ("M3  - 10.0000/a", "10.0000/a"),
        ("M3  - Article", None),
        ("L3  - http://dx.doi.org/10.0000/a", "10.0000/a"),
        ("AN  - 10.0000/a", "10.0000/a"),
        ("AID - 10.0000/a [doi]", None),  # a tag of PubMed's, not of RIS
        ("UR  - https://www.example.org/doi/full/10.0000/a?x=1", "10.0000/a"),
        ("UR  - https://www.example.org/articles/10.0000/a/full", "10.0000/a"),
        ("UR  - https://doi.org/10.0000%2Fa", "10.0000/a"),
        ("N1  - Made up. doi:10.0000/a.", "10.0000/a"),
    ],
)
def test_where_a_doi_stands(line: str, doi: str | None) -> None:
    assert ris(line).doi == doi


@pytest.mark.parametrize(
    ("lines", "pmid", "noted"),
    [
        (["PM  - 29999991"], "29999991", ""),
        (["AN  - 29999991", "DB  - PubMed"], "29999991", ""),
        (["AN  - 29999991", "DP  - NLM"], "29999991", ""),
        (["AN  - PMID: 29999991"], "29999991", ""),
        (["AN  - 29999991"], "29999991", "is the accession number, of no named database: check it"),
        (["AN  - 29999991", "DB  - Embase"], None, "nothing says that it is a PubMed id"),
        (["AN  - L629999991"], None, ""),
        (["C7  - 29999991"], "29999991", "check it"),
        (["C7  - 1234567"], None, "nothing says that it is a PubMed id"),
        (["N1  - PMID: 29999991"], "29999991", ""),
        (["N1  - Comment on: PMID: 29999991"], None, "perhaps of another publication"),
        (["N1  - PMID: 29999991 and PMID: 29999992"], None, "perhaps of another publication"),
        (["UR  - https://pubmed.ncbi.nlm.nih.gov/29999991/"], "29999991", ""),
        (["PM  - 29999991", "UR  - https://pubmed.ncbi.nlm.nih.gov/29999992/"], "29999991", "also names 29999992"),
    ],
)
def test_where_a_pubmed_id_stands(lines: list[str], pmid: str | None, noted: str) -> None:
    found = ris(*lines)
    assert found.pmid == pmid
    assert noted in " ".join(found.notes)
    assert bool(found.notes) == bool(noted)


def test_a_doi_of_an_erratum_in_the_notes_is_not_taken() -> None:
    found = ris("N1  - Erratum in: J Inv Cases. doi: 10.0000/erratum")
    assert found.doi is None
    assert found.notes == ("doi left out: the notes name 10.0000/erratum, perhaps of another publication",)


@pytest.mark.parametrize("line", ["PMC - PMC123", "LID - PMC123 [pmc]"])
def test_a_pubmed_central_id_in_nbib(line: str) -> None:
    (only,) = parse_references(f"PMID- 1\nTI  - Made up.\n{line}\n")
    assert only.pmcid == "PMC123"


def test_pubmed_says_that_a_paper_is_retracted() -> None:
    (only,) = parse_references("PMID- 1\nTI  - Made up.\nRIN - J Inv Cases. 2020;1:1. PMID: 2\n")
    assert only.notes == ("PubMed says that it is retracted: J Inv Cases. 2020;1:1. PMID: 2",)
    assert only.pmid == "1"


@pytest.mark.parametrize(
    ("issued", "year"),
    [
        ({"date-parts": [[2017, 1, 1]]}, 2017),
        ({"date-parts": [["2017"]]}, 2017),
        ({"date-parts": [2017, 1]}, 2017),
        ([{"date-parts": [2017, 1, 1]}], 2017),
        ({"raw": "Jan 2017"}, 2017),
        ("2017-01-01", 2017),
        (2017, 2017),
    ],
)
def test_dates_of_csl_json(issued: object, year: int) -> None:
    (only,) = parse_references(json.dumps({"title": "Made up", "issued": issued}))
    assert (only.year, only.notes) == (year, ())


def test_a_date_without_a_year_is_noted() -> None:
    (only,) = parse_references('{"title": "Made up", "issued": {"raw": "in press"}}')
    assert (only.year, only.notes) == (None, ("year left out: 'in press' has no year from 1900 on",))


def test_a_field_that_nobody_knows_is_named_by_its_tag() -> None:
    assert ris("ZZ  - Made up", "KW  - made up").dropped == ("ZZ", "keywords")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7\n", "it looks like a PDF"),
        (b"{\\rtf1 Made up}", "it looks like a file of a word processor (RTF)"),
        (b"PK\x03\x04..word/document.xml", "it looks like a Word file"),
        (b"PK\x03\x04..xl/workbook.xml", "it looks like an Excel file: save the table as CSV"),
        (b"PK\x03\x04..", "it looks like a ZIP archive"),
        (b"\xd0\xcf\x11\xe0..", "it looks like an old Word or Excel file"),
        (b"<!DOCTYPE html>\n<html>TY  - JOUR\n", "it looks like HTML saved from a web page"),
        (b"<?xml version='1.0'?>\n<PubmedArticleSet><PubmedArticle/></PubmedArticleSet>", "choose the format PubMed"),
        (b"<?xml version='1.0'?>\n<modsCollection/>", "it looks like XML, but not EndNote's"),
        (
            b"FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\nTI Made up\n",
            "a Web of Science export: save it as RIS",
        ),
        (b"\xef\xbb\xbfPT\tAU\tTI\nJ\tSpecimen, A\tMade up\n", "a Web of Science export: save it as RIS"),
        (b"1: Specimen A. Made up. J Inv. 2020. PMID: 29999991.\n", "citations as text"),
        (b"id,n,x\nmade-up,1,1\n", "a table, but without columns Title and Authors"),
        (b"# Made up.\nreport:\n  id: x\n", "a case file"),
        (b'<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "a">]><xml><record/></xml>', "defines entities"),
        (b"<xml><records><record></xml>", "not valid XML (line 1)"),
    ],
)
def test_what_cannot_be_read_says_what_it_looks_like(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "made-up.ris"
    file.write_bytes(content)
    with pytest.raises(WrongUse) as refusal:
        read_references(file)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.0000/a", ("doi", "10.0000/a")),
        ("https:/doi.org/10.0000/a", ("doi", "10.0000/a")),  # as a path has it
        ("https://doi.org/10.0000/a.b/fulltext", ("doi", "10.0000/a.b")),
        ("https://doi.org/10.0000/a?query=10.1", ("doi", "10.0000/a")),
        ("https:/www.example.org/doi/full/10.0000/a%2Fb/abstract#top", ("doi", "10.0000/a/b")),
        ("https://example.org/doi/10.0000/full", ("doi", "10.0000/full")),
        ("10.0000/a/fulltext", ("doi", "10.0000/a/fulltext")),  # a bare DOI is taken as it is
        ("https://example.org/article/PIIS10/fulltext", None),
        ("012345", ("pmid", "12345")),
        ("PMID 12345", ("pmid", "12345")),
        ("folder/10.0000/a.ris", None),
        ("smith-2020", None),
        ("PMC12345", None),
        ("", None),
    ],
)
def test_an_identifier_is_known_as_one(text: str, found: tuple[str, str] | None) -> None:
    assert identifier_in(text) == found


PIECES_OF_FORMATS = (b"TY  - ", b"ER  - ", b"PMID- ", b"%0 ", b"@a{b,", b"[", b"10.0000/", b"%25", b";", b" and ")
NOT_TEXT = (
    *(b"\x00", b"\xff\xfe", b"\x1b[2J", b"=cmd|' /C calc'!A0", b"\n\n", b"{", b"}", b'"', b"<", b"&a;", b"\\"),
    b"\xf0\x9f",
)
HOSTILE = st.sampled_from((*PIECES_OF_FORMATS, *NOT_TEXT))
PLACES = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 0.2), HOSTILE | st.binary(max_size=6)), min_size=1, max_size=6
)


@examples(60, 3000)
@given(st.sampled_from(ALL), PLACES)
def test_no_bytes_give_a_traceback(path: Path, places: list[tuple[float, float, bytes]]) -> None:
    """Pieces of every format cut out, put in and exchanged: references, or a refusal with the next step."""
    content = path.read_bytes()
    for start, length, new in places:
        at = int(start * len(content))
        content = content[:at] + new + content[at + int(length * len(content)) :]
    try:
        found = parse_references(content.decode("utf-8", "replace"))
    except ValueError as refusal:
        assert str(refusal)
        return
    for one in found:
        assert one.doi is None or not one.doi.endswith((".", ","))
        draft = draft_of("made-up", one, None, "2026-01-01")["report"]
        assert all(len(str(value)) <= 2000 and scalar(value).isprintable() for value in draft.values())


@pytest.mark.parametrize(
    "form", ["TY  - JOUR\nTI  - {}\nER  - \n", "%0 A\n%T {}\n", "@a{{b, title={{{}}}}}", "PMID- 1\nTI  - {}\n"]
)
def test_a_title_that_is_a_book_is_left_out(form: str) -> None:
    (only,) = parse_references(form.format("made up " * 1000).replace("PMID- 1", "PMID- 1\nAU  - Specimen A"))
    assert only.title is None
    assert "title left out: it has more than 2000 characters" in only.notes


LONG = [pytest.param(200_000, marks=pytest.mark.slow), 40_000]
PIECES = [
    *("PMID:", "10.0000/", ")", "%25", "A. ", "a, ", ";", " and ", "{", "\\'", "<i ", "&lt;", "et al ", " ", "\n"),
    "x\n",
]


@pytest.mark.parametrize("letters", LONG)
@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "form",
    [
        "TY  - JOUR\nTI  - x\nAU  - {0}\nN1  - {0}\nDO  - {0}\nUR  - {0}\nM3  - {0}\nER  - \n",
        *("%0 A\n%T {0}\n%A {0}\n%Z {0}\n", "PMID- 1\nTI  - {0}\nAU  - {0}\nAID - {0}\n"),
        *("@a{{b, title={{x}}, author={{{0}}}, note={{{0}}}}}", "@a{{b, y={{{0}", 'Title,Authors,DOI\nx,"{0}",{0}\n'),
        *("<xml><record>{0}", "{0}"),
    ],
)
def test_long_repetitions_come_to_an_end(form: str, piece: str, letters: int) -> None:
    """No pattern is slower than its input: a quadratic one takes minutes for 200,000 letters, a worse one for ever."""
    try:
        parse_references(form.format(piece * (letters // len(piece))))
    except ValueError as refusal:
        assert "export" in str(refusal)


def test_a_field_of_the_name_under_which_rispy_keeps_unknown_ones() -> None:
    """Found by the fuzzer: it ended in an AttributeError."""
    (found,) = parse_references("TY  - JOUR\nUK  - x\nQQ  - y\nTI  - Made up\nER  - \n")
    assert (found.title, found.dropped) == ("Made up", ("QQ",))


def test_an_institution_in_braces_is_one_author_of_bibtex() -> None:
    names = "{Made Up and Sample Administration} and Specimen, A. and {Other and Others}"
    (found,) = parse_references(f"@article{{a, author = {{{names}}}, title = {{X}}}}")
    assert found.authors == "Made Up and Sample Administration, Specimen A, Other and Others"
