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
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.styles.style import CharacterStyle, ParagraphStyle
from docx.text.paragraph import Paragraph
from PIL import Image

from metaimt.analyses.results import Results
from metaimt.figures.review_figure import ReviewFigure
from metaimt.report.figures import figure_files
from metaimt.report.word import word_bytes
from metaimt.report.word_parts import Cells, _widths

PORTRAIT, LANDSCAPE = WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE
RIGHT = WD_ALIGN_PARAGRAPH.RIGHT
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
    tables = [
        [[cell.text.replace("\u00a0", " ") for cell in row.cells] for row in table.rows] for table in document.tables
    ]
    headline = next(rows for rows in tables if rows[0][1:] == ["r/n", "reports", "ORR", "95 % interval", "method"])
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
    "words",
    [
        *("12. a title", "12) a title", "> a title", "---", "+ made of words", "[a]: b", "    indented"),
        *("<div>a title</div>", "made <i>of</i> words"),
    ],
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
    drawn = figure("forest")
    drawn.figure.set_size_inches(2, 2 * tall)
    drawn.figure.add_axes((0, 0, 1, 1))
    document = made(shipped, "# x\n\n## part\n\n![words](figures/forest.svg)\n\n*caption*\n", drawn)
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


# ---------- the parts of a document, as a reader sees them ----------


def written(shipped: Results, blocks: str) -> docx.document.Document:
    """A document of one section, without the front and the references that every document has."""
    return made(shipped, f"# x\n\n## part\n\n{blocks}\n")


@pytest.mark.parametrize(
    ("name", "points", "around", "bold"),
    [  # around: points before and after
        ("Normal", 10, (4, 6), False),
        ("Title", 20, (0, 6), True),
        ("Heading 1", 14, (18, 6), True),
        ("Heading 2", 11.5, (12, 6), True),
        ("Caption", 8.5, (2, 10), False),
        ("List Bullet", 9, (0, 2), False),
        ("List Number", 9, (0, 3), False),
        ("Table Text", 8, (1, 1), False),
        ("Small List", 8.5, (1, 1), False),
    ],
)
def test_the_styles_of_a_document(
    document: docx.document.Document, name: str, points: float, around: tuple[float, float], bold: bool
) -> None:
    style = document.styles[name]
    assert isinstance(style, ParagraphStyle)
    font, form = style.font, style.paragraph_format
    assert font.size is not None
    assert (font.name, font.size.pt, font.bold, font.italic) == ("Arial", points, bold, False)
    assert form.space_before is not None
    assert form.space_after is not None
    assert (form.space_before.pt, form.space_after.pt) == around
    if name.startswith(("Heading", "Title")):
        assert form.keep_with_next, "no heading alone at the foot of a page"
    if name == "Caption":
        assert form.keep_together


def test_a_link_looks_like_one(document: docx.document.Document) -> None:
    link = document.styles["Hyperlink"]
    assert isinstance(link, CharacterStyle)
    assert link.font.underline
    assert str(link.font.color.rgb) == "0563C1"


def test_parts_are_headings_of_two_levels(shipped: Results) -> None:
    document = made(shipped, "# x\n\n## part\n\none\n\n### within\n\ntwo\n\n#### deeper\n\nthree\n")
    styles = {p.text: p.style.name for p in document.paragraphs if p.style is not None}
    assert [styles[text] for text in ("part", "within", "deeper")] == ["Heading 1", "Heading 2", "Heading 2"]


def test_a_table_is_called_by_the_two_headings_above_it(shipped: Results) -> None:
    table = "| a | b |\n|:--|--:|\n| c | d |"
    text = f"# x\n\n## first\n\n{table}\n\n### within\n\n{table}\n\n### beside\n\n{table}\n\n## last\n\n{table}\n"
    document = made(shipped, text)
    said = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Caption"]
    assert said == ["Table 1. first.", "Table 2. first: within.", "Table 3. first: beside.", "Table 4. last."]
    captions = [p for p in document.paragraphs if p.style is not None and p.style.name == "Caption"]
    assert all(p.paragraph_format.keep_with_next for p in captions), "the caption stands above its table"


def test_a_table_has_lines_above_below_and_under_its_header(shipped: Results) -> None:
    document = written(shipped, "| a | b |\n|:--|--:|\n| c | 1 |\n| d | 2 |")
    (table,) = document.tables
    assert not table.autofit, "its columns are as wide as was computed"
    borders = table._tbl.tblPr.find(qn("w:tblBorders"))
    assert borders is not None
    sizes = {line.tag.split("}")[1]: (line.get(qn("w:val")), line.get(qn("w:sz"))) for line in borders}
    assert sizes == {"top": ("single", "8"), "bottom": ("single", "8"), "insideH": ("single", "2")}
    header = table.rows[0]._tr
    assert [line.tag.split("}")[1] for each in header.iter(qn("w:tcBorders")) for line in each] == ["bottom", "bottom"]
    assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows), "rows are not torn apart"
    assert [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in table.rows] == [True, False, False]
    runs = [[cell.paragraphs[0].runs[0] for cell in row.cells] for row in table.rows]
    assert [[bool(run.bold) for run in row] for row in runs] == [[True, True], [False, False], [False, False]]
    assert {run.font.size.pt for row in runs for run in row if run.font.size is not None} == {8.0}
    assert [[cell.paragraphs[0].alignment for cell in row.cells] for row in table.rows] == [[None, RIGHT]] * 3


@pytest.mark.parametrize(
    ("columns", "points", "sideways"),
    [(2, 8.0, False), (13, 8.0, False), (14, 7.0, False), (15, 6.5, False), (16, 8.0, True)],
)
def test_letters_are_smaller_before_a_page_is_turned(
    shipped: Results, columns: int, points: float, sideways: bool
) -> None:
    """16.35 cm are between the margins, and a column needs 1.22 cm for its heading of five bold letters at 8 points."""
    line = "".join("| abcde " for _ in range(columns)) + "|"
    document = written(shipped, f"{line}\n{'|---' * columns}|\n{line}")
    size = document.tables[0].rows[1].cells[0].paragraphs[0].runs[0].font.size
    assert size is not None
    assert size.pt == points
    assert any(section.orientation == LANDSCAPE for section in document.sections) == sideways


def test_many_short_items_are_one_paragraph(shipped: Results) -> None:
    def items(number: int, letters: int) -> list[str]:
        text = "\n".join(f"- {'a' * letters}{k}" for k in range(number))
        named = [p for p in written(shipped, text).paragraphs if p.style is not None]
        return [p.text for p in named if p.style is not None and p.style.name in {"List Bullet", "Small List"}]

    assert len(items(6, 79)) == 1
    assert items(6, 1) == ["a0; a1; a2; a3; a4; a5"]
    assert len(items(5, 1)) == 5, "few"
    assert len(items(6, 80)) == 6, "long"


def test_numbers_of_a_list_count_for_its_length(shipped: Results) -> None:
    text = "\n".join(f"{k + 1}. {'a' * 78}" for k in range(6))  # with its number of 81 letters
    said = text_of(written(shipped, text))
    assert f"1. {'a' * 78}\n2. " in said
    assert "; 2. " not in said


def test_words_are_bold_italic_or_code_where_the_report_marks_them(shipped: Results) -> None:
    document = written(shipped, "plain **bold** *italic* `code` end")
    (paragraph,) = [p for p in document.paragraphs if p.text.startswith("plain bold")]
    marks = {run.text.strip(): (bool(run.bold), bool(run.italic), run.font.name) for run in paragraph.runs}
    assert marks == {
        "plain": (False, False, None),
        "bold": (True, False, None),
        "italic": (False, True, None),
        "": (False, False, None),
        "code": (False, False, "Consolas"),
        "end": (False, False, None),
    }


@pytest.mark.parametrize(("width", "height", "shown"), [(2, 1, (16.6, 8.3)), (1, 2, (10.5, 21.0))])
def test_a_figure_is_as_wide_as_the_text_and_no_higher_than_a_page(
    shipped: Results, width: float, height: float, shown: tuple[float, float]
) -> None:
    from matplotlib.figure import Figure

    drawn = ReviewFigure("forest", "Made up", "caption", "words", Figure(figsize=(width, height)))
    document = made(shipped, "# x\n\n## part\n\n![a](figures/forest.svg)\n\n*one*\n", drawn)
    (shape,) = document.inline_shapes
    assert (round(shape.width.cm, 1), round(shape.height.cm, 1)) == shown
    (picture,) = [p for p in document.paragraphs if p._p.findall(f".//{qn('wp:docPr')}")]
    assert picture.paragraph_format.keep_with_next, "the caption stands below its figure"


def opened(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """LibreOffice's words on turning a file into PDF."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
    return subprocess.run([*command, "--outdir", str(folder), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_the_document(outputs: Path, tmp_path: Path) -> None:
    done = opened(outputs / "report.docx", tmp_path)
    assert (tmp_path / "report.pdf").is_file(), done.stdout + done.stderr
    assert (tmp_path / "report.pdf").stat().st_size > 100_000


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("localc") is None, reason="LibreOffice Calc is not installed")
def test_libreoffice_opens_the_workbook(outputs: Path, tmp_path: Path) -> None:
    done = opened(outputs / "tables.xlsx", tmp_path)
    assert (tmp_path / "tables.pdf").is_file(), done.stdout + done.stderr
