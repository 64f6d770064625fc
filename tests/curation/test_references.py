"""References in the formats of PubMed, publishers and reference managers; everyone in the files is made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaimt.curation.reference import Reference
from metaimt.curation.reference_formats import MAXIMUM_BYTES, parse_references, read_references
from metaimt.problem import WrongUse

FILES = Path(__file__).parent / "references"


def test_ris_gives_every_reference_also_without_end_marks() -> None:
    first, second, third = read_references(FILES / "made-up.ris")
    assert first == Reference(
        title='Made up: an "epithelioid" tumour # of the omentum, and a second line',
        authors="van der Example AM, Other BC",
        surname="van der Example",
        journal="J Made Up Cases",
        year=2024,
        doi="10.0000/MADE-UP.1",
        pmid="90000001",
        pmcid="PMC9000001",
    )
    assert (second.title, second.authors, second.year) == ("Made up without an end mark before it", "Ølund Å", 2023)
    assert second.doi is None
    assert second.notes == ("doi left out: 'not a DOI' is not a DOI",)
    assert second.url == "https://example.org/second"
    assert (third.authors, third.surname) == ("One A, Two B, Three CD, et al.", "One")
    assert (third.journal, third.pmid, third.url) == ("Made-up J", "90000003", None)


def test_nbib_joins_continued_lines_and_drops_the_period_that_medline_adds() -> None:
    first, second = read_references(FILES / "made-up.nbib")
    assert first == Reference(
        title="Made up: a tumour of the lung with a title so long that it goes on in a second line",
        authors="Beispiel J, Made-up Study Group",
        surname="Beispiel",
        journal="J Made Up Cases",
        year=2025,
        doi="10.0000/made-up.11",
        pmid="90000011",
        pmcid="PMC9000011",
    )
    assert (second.title, second.authors) == ("Made up in brackets...", "Made-up Study Group")
    assert (second.journal, second.year, second.doi) == ("Journal of made-up cases", 2021, "10.0000/made-up.12")


def test_csl_json_of_ncbi_crossref_and_zotero() -> None:
    ncbi, crossref, zotero = read_references(FILES / "made-up.json")
    assert ncbi == Reference(
        title="Made up as NCBI's exporter has it",
        authors="Muster MP, Made-up Consortium",
        surname="Muster",
        journal="J Made Up Cases",
        year=2019,
        doi="10.0000/made-up.21",
        pmid="90000021",
        pmcid="PMC9000021",
    )
    assert crossref.title == "Made up as Crossref has it: ALK & IgG4, p <0.05"
    assert (crossref.authors, crossref.surname) == ("van Gogh V Jr", "van Gogh")
    assert (crossref.journal, crossref.year, crossref.url) == ("Journal of Made-up Cases", None, None)
    assert (zotero.authors, zotero.year, zotero.pmid, zotero.pmcid) == ("Made-up Group", 2020, "90000023", "PMC9000023")


@pytest.mark.parametrize("around", ['{"message": %s}', '{"message": {"items": [%s]}}', '{"items": [%s]}', "[%s]"])
def test_references_within_an_answer(around: str) -> None:
    (only,) = parse_references(around % '{"title": ["Made up"], "DOI": "10.0000/made-up"}')
    assert (only.title, only.doi) == ("Made up", "10.0000/made-up")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, line_end: str) -> None:
    for name in ("made-up.ris", "made-up.nbib", "made-up.json"):
        text = (FILES / name).read_text(encoding="utf-8")
        copy = tmp_path / "whatever.txt"  # the content decides, not the name
        copy.write_bytes(text.replace("\n", line_end).encode(encoding))
        assert read_references(copy) == read_references(FILES / name)


def test_ris_with_one_space_before_the_dash() -> None:
    (only,) = parse_references("TY - JOUR\nTI - Made up\nAU - Example, A\nER -\n")
    assert (only.title, only.authors) == ("Made up", "Example A")


@pytest.mark.parametrize(
    ("given", "initials"),
    [("Jean-Pierre", "JP"), ("J.-P.", "JP"), ("JP", "JP"), ("J. P.", "JP"), ("Ming hua", "MH"), ("爽", "爽"), ("", "")],
)
def test_initials(given: str, initials: str) -> None:
    (only,) = parse_references(f"TY  - JOUR\nTI  - Made up\nAU  - Example, {given}\nER  - \n")
    assert only.authors == f"Example {initials}".strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Made up: no reference at all.", "no reference in it"),
        ("Specimen A, Otherone B. Made up. doi:10.0000/made-up", "a DOI in it: give that to metaimt new --fetch"),
        ("31999998\n31999999\n", "PubMed ids: give one to metaimt new --fetch"),
        ("", "no reference in it"),
        ("[]", "no reference with a title"),
        ('{"status": "error"}', "no reference with a title"),
        ("[1, null]", "no reference with a title"),
        ('{"title": ', "not valid JSON (line 1)"),
        ("[" * 100_000, "not valid JSON"),
        ("TY  - JOUR\nER  - \n", "no reference with a title"),
        ("PMID- \n", "no reference with a title"),
    ],
)
def test_what_is_no_reference_is_said(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="export") as error:
        parse_references(text)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "entry",
    ['{"title": 7, "author": "A"}', '{"title": [[]], "DOI": {}, "issued": 3, "author": [1], "PMID": 5, "note": {}}'],
)
def test_fields_of_another_type_do_no_harm(entry: str) -> None:
    (only,) = parse_references(entry)
    assert only.authors is None


def test_unreadable_files_are_told_with_the_next_step(tmp_path: Path) -> None:
    wrong = tmp_path / "latin.ris"
    wrong.write_bytes("TY  - JOUR\nTI  - Made up für alle\nER  - \n".encode("latin-1"))
    large = tmp_path / "large.ris"
    large.write_bytes(b" " * (MAXIMUM_BYTES + 1))
    for path, said in (
        (wrong, "save it as UTF-8"),
        (large, "export fewer"),
        (tmp_path, "is not a file"),
        (tmp_path / "absent.ris", "does not exist"),
        (FILES / "nothing.txt", "export the reference as RIS"),
    ):
        with pytest.raises(WrongUse, match=said):
            read_references(path)
