"""report.docx is a real Word document that says what report.md says."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from PIL import Image

from metaimt.analyses.results import Results
from metaimt.figures.review_figure import ReviewFigure
from metaimt.report.figure_files import figure_files
from metaimt.report.word import word_bytes
from metaimt.report.word_tables import Cells, _widths

PORTRAIT, LANDSCAPE = WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE
HOSTILE = "=cmd\x07 <script>alert(1)</script> \u202e {x} **b** [a](javascript:b)"


@pytest.fixture(scope="module")
def markdown_report(outputs: Path) -> str:
    return (outputs / "report.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(outputs: Path) -> docx.document.Document:
    return docx.Document(str(outputs / "report.docx"))


def text_of(document: docx.document.Document) -> str:
    return "\n".join("".join(t.text or "" for t in p._p.iter(qn("w:t"))) for p in document.paragraphs)


def figure(name: str, alt: str = "words") -> ReviewFigure:
    from matplotlib.figure import Figure

    return ReviewFigure(name, "Made up", "caption", alt, Figure(figsize=(2, 1)))


def made(results: Results, markdown: str, *drawn: ReviewFigure) -> docx.document.Document:
    return docx.Document(io.BytesIO(word_bytes(results, [figure_files(each) for each in drawn], markdown)))


def test_every_table_of_the_report_is_a_word_table_with_a_repeated_header(
    document: docx.document.Document, markdown_report: str
) -> None:
    written = len(re.findall(r"(?m)^\|[-:|]+\|$", markdown_report))
    assert len(document.tables) == written - 1, "all but the publications, which are the references"
    for table in document.tables:
        assert table.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
    headline = [[cell.text.replace("\u00a0", " ") for cell in row.cells] for row in document.tables[0].rows]
    assert headline[0][1:] == ["r/n", "reports", "ORR", "95 % interval", "method"]
    assert f"| {' | '.join(headline[1])} |" in markdown_report


def test_every_heading_of_the_report_is_a_heading(document: docx.document.Document, markdown_report: str) -> None:
    wanted = [re.sub(r"\\(.)", r"\1", text) for text in re.findall(r"(?m)^##+ (.*)$", markdown_report)]
    found = [p.text for p in document.paragraphs if p.style is not None and (p.style.name or "").startswith("Heading")]
    assert [text for text in wanted if text != "Included publications"] == found[: len(wanted) - 1]
    assert found[len(wanted) - 1] == "References"


def test_figures_have_alternative_text_and_numbered_captions(document: docx.document.Document, outputs: Path) -> None:
    pictures = list(document.element.iter(qn("wp:docPr")))
    assert len(pictures) >= 4
    assert all(len(str(one.get("descr"))) > 60 for one in pictures)
    captions = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Caption"]
    assert [text.split(".")[0] for text in captions if text.startswith("Figure")] == [
        f"Figure {k + 1}" for k in range(len(pictures))
    ]
    assert sum(text.startswith("Table") for text in captions) == len(document.tables)
    assert (outputs / "report.docx").stat().st_size < 1_500_000


def test_every_publication_is_a_numbered_reference_with_its_link(
    document: docx.document.Document, shipped: Results
) -> None:
    numbered = [p for p in document.paragraphs if p.style is not None and p.style.name == "List Number"]
    assert len(numbered) == len(shipped.library.reports)
    targets = {r.target_ref for r in document.part.rels.values() if r.reltype.endswith("/hyperlink")}
    for paragraph, one in zip(numbered, shipped.library.reports, strict=True):
        assert paragraph.text.startswith(f"{one.id}. ")
        if one.report.doi and "(" not in one.report.doi:
            assert f"https://doi.org/{one.report.doi}" in targets
            assert len(paragraph.hyperlinks) == 1


def test_pages_are_a4_and_numbered_and_the_document_is_named(
    document: docx.document.Document, shipped: Results
) -> None:
    page = document.sections[0]
    assert (round((page.page_width or 0) / 36000), round((page.page_height or 0) / 36000)) == (210, 297)
    footer = page.footer._element.xml
    assert "PAGE" in footer
    assert "NUMPAGES" in footer
    properties = document.core_properties
    assert properties.title == shipped.protocol.title
    assert properties.author == "; ".join(shipped.protocol.authors)


def test_hostile_words_stay_text(shipped: Results) -> None:
    protocol = shipped.protocol.model_copy(update={"title": HOSTILE, "authors": (HOSTILE,)})
    markdown = (
        "# x\n\ntext \\<script\\> &lt;b&gt; [a](javascript:alert) <i>\n\n## part\n\n| a |\n|---|\n| &lt;b&gt; |\n"
    )
    document = made(replace(shipped, protocol=protocol), markdown)
    said = text_of(document)
    assert "=cmd\\x07 <script>alert(1)</script> \\u202e {x} **b** [a](javascript:b)" in said
    assert "text <script> <b> " in said
    assert document.tables[0].rows[1].cells[0].text == "<b>"
    assert not any("javascript" in r.target_ref for r in document.part.rels.values() if r.is_external)


@pytest.mark.parametrize(
    "words", ["12. a title", "12) a title", "> a title", "---", "+ made of words", "[a]: b", "    indented"]
)
def test_no_word_that_looks_like_a_mark_is_lost(shipped: Results, words: str) -> None:
    said = text_of(made(shipped, f"# x\n\n## part\n\n{words}\n\n- {words}\n"))
    wanted = words.removeprefix("+ ").strip()
    assert said.count(wanted) == 2


def test_a_figure_without_its_picture_is_named_at_the_end(shipped: Results) -> None:
    shown = "![a](figures/forest.svg)\n\n*one*"
    markdown = f"# x\n\n## part\n\n{shown}\n\n![b](figures/swimmer.svg)\n\n*caption of none*\n\nthree\n"
    document = made(shipped, markdown, figure("forest"), figure("swimmer"))
    said = text_of(document)
    assert "Figure 1. one" in said
    assert "caption of none" not in said
    assert "three" in said
    assert "Made up: figures/swimmer.svg" in said


@pytest.mark.parametrize(("tall", "told"), [(2, False), (6, True)])
def test_a_picture_too_tall_to_read_on_one_page_says_where_the_whole_one_is(
    shipped: Results, tall: float, told: bool
) -> None:
    from matplotlib.figure import Figure

    drawn = ReviewFigure("forest", "Made up", "caption", "words", Figure(figsize=(2, 2 * tall)))
    document = made(shipped, "![words](figures/forest.svg)\n\n*caption*\n", drawn)
    assert ("the whole picture is figures/forest.svg" in text_of(document)) is told


def test_the_same_document_twice(shipped: Results) -> None:
    markdown = "# x\n\n## part\n\n![a](figures/forest.svg)\n\n*one*\n"
    first, second = (word_bytes(shipped, [figure_files(figure("forest"))], markdown) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".png")]
        with Image.open(archive.open(name)) as image:
            assert image.size == (400, 200)


def test_a_wide_table_turns_the_page_with_its_heading(shipped: Results) -> None:
    columns = 14
    wide = "\n".join(f"|{cell * columns}" for cell in (" interval |", "---|", " 12.0 - 34.0 |"))
    document = made(shipped, f"# x\n\n## narrow\n\n| a |\n|---|\n| b |\n\n## wide\n\nwords\n\n{wide}\n\nafter\n")
    assert [section.orientation for section in document.sections] == [PORTRAIT, LANDSCAPE, PORTRAIT]
    parts = [
        [block.text for block in section.iter_inner_content() if isinstance(block, Paragraph)]
        for section in document.sections
    ]
    assert parts[1][:2] == ["wide", "words"]
    assert parts[2][0] == "after"


@pytest.mark.parametrize("room", [5.0, 16.6])
def test_a_table_never_leaves_the_page(room: float) -> None:
    cells = Cells([["a", "b" * 30], ["c" * 80, "12.0 - 34.0"], ["d", "e"]], ["left", "right"])
    widths = _widths(cells, room, 8.0)
    assert sum(widths) <= room + 1e-9
    assert all(width > 0 for width in widths)


def opened(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """LibreOffice's words on turning a file into PDF."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
    return subprocess.run([*command, "--outdir", str(folder), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_document(outputs: Path, tmp_path: Path) -> None:
    done = opened(outputs / "report.docx", tmp_path)
    assert (tmp_path / "report.pdf").is_file(), done.stdout + done.stderr
    assert (tmp_path / "report.pdf").stat().st_size > 100_000


@pytest.mark.skipif(shutil.which("localc") is None, reason="LibreOffice Calc is not installed")
def test_libreoffice_opens_the_workbook(outputs: Path, tmp_path: Path) -> None:
    done = opened(outputs / "tables.xlsx", tmp_path)
    assert (tmp_path / "tables.pdf").is_file(), done.stdout + done.stderr
