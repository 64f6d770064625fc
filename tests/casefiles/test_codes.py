"""Codes of terms in systems of others: each built-in one has its source, and a review's own are checked. Made up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from command import metaimt
from conftest import ROOT
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from metaimt.casefiles.library import Library, read_library
from metaimt.casefiles.schema import review_schema
from metaimt.vocabulary import built_in
from metaimt.vocabulary.codes import gene_code, systems

READ = 'source: "https://example.org/made-up", looked_up: "2026-11-30"'
OWN = f"""drugs: {{madeupinib: {{targets: [BRAF]}}}}
codes:
  drug:
    madeupinib: {{NCIT: {{code: C1001, {READ}}}}}
    crizotinib: {{NCIT: {{code: C1002, {READ}}}}}
  gene:
    MADEUP1: {{HGNC: {{code: 99, {READ}}}}}
kinase: {{MADEUP1: []}}
"""


def library_of(folder: Path, text: str) -> Library:
    (folder / "vocabulary.yaml").write_text(text, encoding="utf-8")
    return read_library(folder)


def test_each_built_in_code_has_the_form_of_its_system_a_page_and_a_day() -> None:
    every = [code for terms in built_in().codes.values() for codes in terms.values() for code in codes.values()]
    genes = [gene_code(gene) for gene in (*built_in().terms("kinase"), *built_in().terms("partner")) if "/" not in gene]
    assert len(every) > 14
    assert None not in genes
    assert all(code.source.startswith("https://") for code in every)
    for code in (*every, *filter(None, genes)):
        assert systems()[code.system].fits(code.code), code
        assert code.source, code
        assert date.fromisoformat(code.looked_up) <= date(2026, 12, 31), code


def test_a_page_of_a_repository_is_that_of_one_commit() -> None:
    every = (code for terms in built_in().codes.values() for codes in terms.values() for code in codes.values())
    pages = {code.source for code in every if "github.com" in code.source}
    assert pages
    assert all(len(page.split("/blob/")[1].partition("/")[0]) == 40 for page in pages)


@pytest.mark.parametrize(
    ("gene", "number"), [("ALK", "427"), ("ROS1", "10261"), ("BRAF", "1097"), ("RET", "9967"), ("MET", "7029")]
)
def test_numbers_of_genes_as_other_pages_print_them(gene: str, number: str) -> None:
    """As of the value sets of FHIR implementation guides: HGNC:427 ALK, HGNC:10261 ROS1, HGNC:1097 BRAF ..."""
    found = gene_code(gene)
    assert found is not None
    assert (found.system, found.code) == ("HGNC", number)


def test_a_term_that_says_no_single_gene_has_no_code() -> None:
    assert built_in().code("gene", "NTRK1/2/3") is None
    assert built_in().code("gene", "SEPT9") is None  # a former symbol
    assert built_in().code("site", "lung") is None


def test_a_review_adds_codes_and_replaces_those_of_a_system(tmp_path: Path) -> None:
    library = library_of(tmp_path, OWN)
    assert [each for each in library.problems if each.rule == "vocabulary"] == []
    found = [library.vocabulary.code(*each) for each in (("drug", "madeupinib"), ("drug", "crizotinib"))]
    assert [code.curie for code in found if code] == ["NCIT:C1001", "NCIT:C1002"]
    gene = library.vocabulary.code("gene", "MADEUP1")
    assert gene is not None
    assert (gene.curie, gene.source, gene.looked_up) == ("HGNC:99", "https://example.org/made-up", "2026-11-30")
    assert library.vocabulary.code("histology", "IMT") == built_in().code("histology", "IMT")
    schema = review_schema("vocabulary", library.vocabulary)
    assert Draft7Validator(schema).is_valid(yaml.safe_load(OWN.replace("code: 99", 'code: "99"')))
    assert not Draft7Validator(schema).is_valid(yaml.safe_load(OWN.replace("code: C1001", "code: 1001")))


@pytest.mark.parametrize(
    ("line", "column", "message", "hint"),
    [
        ("drug: {crizotinib: {NCIT: {code: 74061, READ}}}", 34, "'74061' is no code of NCIT", "looks like C74061"),
        ("drug: {crizotinib: {NCIT: {code: NCIT:C74061, READ}}}", 34, "'NCIT:C74061' is no code", "write code: C74061"),
        ("gene: {BRAF: {HGNC: {code: BRAF, READ}}}", 28, "'BRAF' is no code of HGNC", "looks like 427"),
        ("gene: {BRAFF: {HGNC: {code: 1, READ}}}", 15, "'BRAFF' is no gene of the vocabulary", "write HGNC symbols"),
        ("gene: {SEPT9: {HGNC: {code: 1, READ}}}", 15, "'SEPT9' is no gene of the vocabulary", "write SEPTIN9"),
        ("gene: {BRAF: {NCIT: {code: C1001, READ}}}", 21, "'NCIT' is no system of codes of a gene", "are HGNC"),
        ("drug: {nobody: {NCIT: {code: C1001, READ}}}", 16, "'nobody' is no drug of the vocabulary", "under drugs"),
        (
            "drug: {crizotinib: {NCIT: C1001}}",
            27,
            "NCIT: expected code, source and looked_up",
            "write NCIT: {code: C74061,",
        ),
        ("drug: {crizotinib: {NCIT: {code: C1001}}}", 27, "NCIT: expected code, source and looked_up", ""),
        ("drug: {crizotinib: C1001}", 20, "crizotinib: expected systems with a code", "codes -> drug, gene"),
        ("drug: [crizotinib]", 7, "drug: expected terms", "codes -> drug, gene"),
        ("site: {lung: {NCIT: {code: C1001, READ}}}", 7, "'site' has no codes", "gene, drug, histology"),
        (
            "drug: {crizotinib: {NCIT: {code: C1001, source: a, looked_up: 30.11.2026}}}",
            63,
            "'30.11.2026' is no date",
            '"2026-11-30"',
        ),
        (
            "drug: {crizotinib: {NCIT: {code: C1001, source: ' ', looked_up: 2026-11-30}}}",
            49,
            "source: no value",
            "address",
        ),
    ],
)
def test_mistakes_are_told_at_their_place(line: str, column: int, message: str, hint: str, tmp_path: Path) -> None:
    library = library_of(tmp_path, f"codes:\n  {line.replace('READ', READ)}\n")
    (found,) = [each for each in library.problems if each.rule == "vocabulary"]
    assert (found.position.line, found.position.column) == (2, column + 2)
    assert found.message.startswith(message)
    assert hint in found.hint
    assert library.vocabulary.codes == built_in().codes  # what is wrong is not used


def test_one_wrong_code_leaves_the_others(tmp_path: Path) -> None:
    library = library_of(tmp_path, OWN.replace("code: C1002", "code: two"))
    assert len([each for each in library.problems if each.rule == "vocabulary"]) == 1
    own, built = (library.vocabulary.code("drug", name) for name in ("madeupinib", "crizotinib"))
    assert (own and own.curie, built and built.curie) == ("NCIT:C1001", "NCIT:C74061")


def test_the_list_names_what_has_a_code_and_what_has_none(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    library_of(tmp_path / "cases", OWN.replace("drugs: {", "drugs: {otherinib: {targets: [BRAF]}, ", 1))
    text = metaimt("codes", cwd=tmp_path).stdout
    assert "| drug | madeupinib | NCIT:C1001 |" in text
    assert "| gene | MADEUP1 | HGNC:99 |" in text
    without = text.split("## Without")[1]
    assert "- NCIT, drug: iruplinalkib, envonalkib\n" in without
    assert "- ICD-O, histology: EIMS\n" in without
    assert "## Without: of this review, not looked up\n\n- NCIT, drug: otherinib\n" in text
    assert "<https://example.org/made-up>, 2026-11-30\n" in text


def test_the_list_says_whose_terms_it_is_of_and_names_no_tool_of_this_project(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    (tmp_path / "empty").mkdir()
    library_of(tmp_path / "cases", OWN)
    built_in, own = (metaimt("codes", cwd=folder).stdout for folder in (tmp_path / "empty", tmp_path))
    assert "prints this page, of the terms that the package brings.\n" in built_in
    assert "prints this page, of the terms that the package brings and those of the review in cases.\n" in own
    assert "tools/" not in own + built_in and "docs/" not in own + built_in


def test_a_hostile_source_is_shown_as_text(tmp_path: Path) -> None:
    (tmp_path / "cases").mkdir()
    hostile = OWN.replace('"https://example.org/made-up"', '"<b>|x\\e[31m\\n- NCIT, drug: nobody"')
    assert [each for each in library_of(tmp_path / "cases", hostile).problems if each.rule == "vocabulary"] == []
    text = metaimt("codes", cwd=tmp_path).stdout
    assert "\x1b" not in text
    assert "<b>" not in text
    assert "\n- NCIT, drug: nobody" not in text


def test_the_page_of_the_documentation_is_that_list() -> None:
    assert metaimt("codes", cwd=ROOT).stdout == (ROOT / "docs" / "codes.md").read_text(encoding="utf-8")
