"""report.docx is a real Word document that says what report.md says."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.styles.style import CharacterStyle, ParagraphStyle
from docx.text.paragraph import Paragraph as DocxParagraph
from PIL import Image

from metaimt.analyses.results import Results
from metaimt.content.section import (
    Block,
    Column,
    Figures,
    Fold,
    Interval,
    Paragraph,
    Section,
    Table,
    items,
    page_only,
    paragraph,
    row,
    section,
    table,
)
from metaimt.model.text import Code, Link, Named, Strong, Text
from metaimt.render.word import About, Picture, word_bytes
from metaimt.render.word_parts import Cells, _widths
from metaimt.statistics.proportion import clopper_pearson

PORTRAIT, LANDSCAPE = WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE
RIGHT = WD_ALIGN_PARAGRAPH.RIGHT
ABOUT = About("Made up", "2026.1", ("A. Author",))
HOSTILE = "=cmd\x07 <script>alert(1)</script> \u202e {x} **b** [a](javascript:b)"


@pytest.fixture(scope="module")
def markdown_report(outputs: Path) -> str:
    return (outputs / "report.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def document(outputs: Path) -> docx.document.Document:
    return docx.Document(str(outputs / "report.docx"))


def text_of(document: docx.document.Document) -> str:
    return "\n".join("".join(t.text or "" for t in p._p.iter(qn("w:t"))) for p in document.paragraphs)


def picture(name: str = "forest", *, width: float = 2, height: float = 1, shown: bool = True) -> Picture:
    """A made-up figure of so many inches; its caption names it."""
    buffer = io.BytesIO()
    Image.new("RGB", (int(200 * width), int(200 * height)), "white").save(buffer, "PNG", dpi=(200, 200))
    return Picture(
        f"figures/{name}.svg", "Made up", "words", f"caption of {name}", buffer.getvalue() if shown else None
    )


def written(*blocks: Block | Section, pictures: Sequence[Picture] = (), about: About = ABOUT) -> bytes:
    return word_bytes(about, [], [section("part", *blocks)], {"made up": pictures})


def made(*blocks: Block | Section, pictures: Sequence[Picture] = (), about: About = ABOUT) -> docx.document.Document:
    """A document of one section."""
    return docx.Document(io.BytesIO(written(*blocks, pictures=pictures, about=about)))


def grid(columns: int, rows: int, *, cell: str = "12.0 - 34.0", title: str = "A table") -> Table:
    """A made-up table whose cells are all the same, but for numbers to the right in the last column."""
    heads: list[str | Column] = [*[cell] * (columns - 1), Column(cell, "number")]
    (found,) = table(title, heads, [row(*[cell] * columns)] * rows)
    return found


def test_every_table_of_the_report_is_a_word_table_with_a_repeated_header(
    document: docx.document.Document, markdown_report: str
) -> None:
    written = len(re.findall(r"(?m)^\|[-:|]+\|$", markdown_report))
    assert len(document.tables) == written
    for each in document.tables:
        assert each.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
    tables = [
        [[cell.text.replace("\u00a0", " ") for cell in row.cells] for row in table.rows] for table in document.tables
    ]
    headline = next(rows for rows in tables if rows[0][1:] == ["r/n", "reports", "ORR", "95 % interval", "method"])
    assert f"| {' | '.join(headline[1])} |" in markdown_report


def test_every_heading_of_the_report_is_a_heading(document: docx.document.Document, markdown_report: str) -> None:
    wanted = [re.sub(r"\\(.)", r"\1", text) for text in re.findall(r"(?m)^##+ (.*)$", markdown_report)]
    found = [p.text for p in document.paragraphs if p.style is not None and (p.style.name or "").startswith("Heading")]
    assert [*wanted, "Further figures"] == found


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
    for each, one in zip(numbered, shipped.library.reports, strict=True):
        assert each.text.startswith(f"{one.id}. ")
        if one.report.doi and "(" not in one.report.doi:
            assert f"https://doi.org/{one.report.doi}" in targets


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


def test_hostile_words_stay_text() -> None:
    bad = Text(Named(HOSTILE), Link("b", "javascript:alert(1)"))
    document = made(
        Paragraph(bad), *items([bad]), *table(HOSTILE, [HOSTILE], [row(bad)]), about=About(HOSTILE, "1", (HOSTILE,))
    )
    safe = "=cmd\\x07 <script>alert(1)</script> \\u202e {x} **b** [a](javascript:b)"
    assert text_of(document).count(safe) == 4, "title, paragraph, item, caption"
    assert [cell.text for each in document.tables[0].rows for cell in each.cells] == [safe, f"{safe}b"]
    assert document.core_properties.title == document.core_properties.author == safe
    assert not any("javascript" in r.target_ref for r in document.part.rels.values() if r.is_external)


def test_a_figure_without_its_picture_is_named_at_the_end() -> None:
    shown, named = picture(), picture("swimmer", shown=False)
    said = text_of(made(Figures("made up"), paragraph("after"), pictures=[shown, named]))
    assert said.index("Figure 1. caption of forest") < said.index("after") < said.index("Further figures")
    assert said.endswith("Made up: figures/swimmer.svg")
    assert "caption of swimmer" not in said


@pytest.mark.parametrize(("tall", "told"), [(2, False), (6, True)])
def test_a_picture_too_tall_to_read_on_one_page_says_where_the_whole_one_is(tall: float, told: bool) -> None:
    document = made(Figures("made up"), pictures=[picture(height=2 * tall)])
    assert ("the whole picture is figures/forest.svg" in text_of(document)) is told


def test_the_same_document_twice() -> None:
    blocks = (Figures("made up"), grid(2, 2))
    assert written(*blocks, pictures=[picture()]) == written(*blocks, pictures=[picture()])


def test_a_wide_table_turns_the_page_with_its_heading() -> None:
    document = made(
        section("narrow", grid(1, 1)),
        section("wide", paragraph("words"), grid(14, 1, cell="a - interval")),
        paragraph("after"),
    )
    assert [each.orientation for each in document.sections] == [PORTRAIT, LANDSCAPE, PORTRAIT]
    parts = [
        [block.text for block in each.iter_inner_content() if isinstance(block, DocxParagraph)]
        for each in document.sections
    ]
    assert parts[1][:2] == ["wide", "words"]
    assert parts[2][0] == "after"


@pytest.mark.parametrize(("columns", "room"), [(1, 16.6), (2, 16.6), (16, 25.3)])
def test_a_table_is_within_the_margins(columns: int, room: float) -> None:
    """A4 has 21.0 by 29.7 cm, of which margins take 2.2 cm on each side."""
    document = made(grid(columns, 1, cell="a word " * 60 if columns == 1 else "abcde"))
    (table,) = document.tables
    width = sum(column.width.cm for column in table.columns if column.width is not None)
    assert width <= room
    assert columns > 1 or width > room - 1, "as wide as there is room"


@pytest.mark.parametrize("room", [5.0, 16.6])
def test_a_table_never_leaves_the_page(room: float) -> None:
    cells = Cells([["a", "b" * 30], ["c" * 80, "12.0 - 34.0"], ["d", "e"]], ["left", "right"])
    widths = _widths(cells, room, 8.0)
    assert sum(widths) <= room + 1e-9
    assert all(width > 0 for width in widths)


# ---------- the parts of a document, as a reader sees them ----------


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


def test_parts_are_headings_of_two_levels() -> None:
    document = made(section("within", section("deeper", paragraph("words"))))
    styles = {p.text: p.style.name for p in document.paragraphs if p.style is not None}
    assert [styles[text] for text in ("part", "within", "deeper")] == ["Heading 1", "Heading 2", "Heading 2"]


def test_what_the_page_folds_or_draws_is_in_the_document_as_words() -> None:
    drawn = Interval(clopper_pearson(3, 4))
    heads: list[str | Column] = ["who", Column("", "plot"), Column("r/n", "number", group="all")]
    blocks = table("A table", heads, [row("somebody", drawn, "3/4")])
    document = made(Fold(Text("More"), blocks), Fold(Text("Long"), blocks, in_documents=False), page_only(*blocks))
    (only,) = document.tables
    assert [[cell.text for cell in each.cells] for each in only.rows] == [["who", "all: r/n"], ["somebody", "3/4"]]


def test_a_table_is_called_by_its_title() -> None:
    document = made(grid(1, 1, title="One"), grid(1, 1, title="Two"))
    captions = [p for p in document.paragraphs if p.style is not None and p.style.name == "Caption"]
    assert [p.text for p in captions] == ["Table 1. One.", "Table 2. Two."]
    assert all(p.paragraph_format.keep_with_next for p in captions), "the caption stands above its table"


def test_a_table_has_lines_above_below_and_under_its_header() -> None:
    document = made(grid(2, 2, cell="a"))
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
def test_letters_are_smaller_before_a_page_is_turned(columns: int, points: float, sideways: bool) -> None:
    """16.35 cm are between the margins, and a column needs 1.22 cm for its heading of five bold letters at 8 points."""
    document = made(grid(columns, 1, cell="abcde"))
    size = document.tables[0].rows[1].cells[0].paragraphs[0].runs[0].font.size
    assert size is not None
    assert size.pt == points
    assert any(section.orientation == LANDSCAPE for section in document.sections) == sideways


def test_many_short_items_are_one_paragraph() -> None:
    def shown(number: int, letters: int, kind: Any = "notes", last: str = "") -> list[str]:
        texts = [f"{'a' * letters}{k}" for k in range(number - bool(last))]
        document = made(*items([Text(Named(text)) for text in [*texts, *filter(None, [last])]], kind))
        styles = {"List Bullet", "List Number", "Small List"}
        return [p.text for p in document.paragraphs if p.style is not None and p.style.name in styles]

    assert shown(6, 1) == ["a0; a1; a2; a3; a4; a5"]
    assert len(shown(6, 79)) == 1
    assert len(shown(5, 1)) == 5, "few"
    assert len(shown(6, 80)) == 6, "long"
    assert len(shown(6, 1, last="a" * 81)) == 6, "one of them long"
    assert len(shown(6, 1, last="a" * 80)) == 1
    assert len(shown(6, 1, "numbered")) == 6


def test_words_are_bold_or_code_where_the_content_marks_them() -> None:
    """What leads nowhere, and what a footer says, is not marked either."""
    said = Text("plain ", Strong("bold"), " ", Code("code"), " ", Link("nowhere", "javascript:b"), " end")
    document = made(paragraph(*said.parts), *items([said]))
    found = [p for p in document.paragraphs if p.text.startswith("plain bold")]
    assert len(found) == 2
    plain = (False, False, None)
    wanted = {"plain": plain, "bold": (True, False, None), "code": (False, False, "Consolas"), "nowhere": plain}
    for each in found:
        marks = {r.text.strip(): (bool(r.bold), bool(r.italic), r.font.name) for r in each.runs if r.text.strip()}
        assert marks == {**wanted, "end": plain}
    footer = document.sections[0].footer.paragraphs[0]
    assert {(bool(run.bold), bool(run.italic), run.font.name) for run in footer.runs} == {plain}


@pytest.mark.parametrize(("width", "height", "shown"), [(2, 1, (16.6, 8.3)), (1, 2, (10.5, 21.0))])
def test_a_figure_is_as_wide_as_the_text_and_no_higher_than_a_page(
    width: float, height: float, shown: tuple[float, float]
) -> None:
    document = made(Figures("made up"), pictures=[picture(width=width, height=height)])
    (shape,) = document.inline_shapes
    assert (round(shape.width.cm, 1), round(shape.height.cm, 1)) == shown
    (found,) = [p for p in document.paragraphs if p._p.findall(f".//{qn('wp:docPr')}")]
    assert found.paragraph_format.keep_with_next, "the caption stands below its figure"


def opened(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """LibreOffice's words on turning a file into PDF."""
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf"]
    return subprocess.run([*command, "--outdir", str(folder), str(path)], capture_output=True, text=True, check=False)


@pytest.mark.slow
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


def test_the_contents_lead_to_every_heading_but_the_first(document: docx.document.Document) -> None:
    lines = [p for p in document.paragraphs if p.style is not None and p.style.name == "toc 1"]
    headings = [p for p in document.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert [text_in(p) for p in lines] == [p.text for p in headings[1:]]
    marks = {str(mark.get(qn("w:name"))): p for p in headings for mark in p._p.iter(qn("w:bookmarkStart"))}
    for line, heading in zip(lines, headings[1:], strict=True):
        (link,) = line._p.iter(qn("w:hyperlink"))
        assert marks[str(link.get(qn("w:anchor")))].text == heading.text
    kinds = [mark.get(qn("w:fldCharType")) for p in lines for mark in p._p.iter(qn("w:fldChar"))]
    assert kinds == ["begin", "separate", "end"], "Word can make them anew"
    (code,) = [str(each.text) for p in lines for each in p._p.iter(qn("w:instrText"))]
    assert code.split()[0] == "TOC" and "\\n" not in code, "with the page numbers"
    stops = [[stop.alignment for stop in p.paragraph_format.tab_stops] for p in lines]
    assert stops == [[WD_TAB_ALIGNMENT.RIGHT]] * len(lines)
    (title,) = (p for p in document.paragraphs if p.text == "Contents")
    assert title.paragraph_format.keep_with_next, "not alone at the foot of a page"
    texts = [text_in(p) for p in document.paragraphs]
    limits = texts[: texts.index("Contents")]
    assert any("Line of treatment is mixed or not stated" in text for text in limits), "the limits stand on page one"


def text_in(paragraph: DocxParagraph) -> str:
    """With the text of links."""
    return "".join(each.text or "" for each in paragraph._p.iter(qn("w:t")))


def test_no_file_is_named_that_the_reader_does_not_have(document: docx.document.Document) -> None:
    said = text_of(document)
    places = [found.end() for found in re.finditer(r"(?:tables|figures)/[\w-]+\.\w+|results\.json", said)]
    listed = said.index("In the folder of the outputs:")
    assert places
    assert all(said[at:].startswith(" in the folder of the outputs") or at > listed for at in places)
    captions = [
        re.sub(r"^\w+ \d+\. ", "", p.text) for p in document.paragraphs if p.style and p.style.name == "Caption"
    ]
    assert len(captions) == len(set(captions)), "no two captions are alike"


def test_tables_of_one_title_are_told_apart() -> None:
    document = made(grid(1, 1), grid(1, 1))
    assert [p.text for p in document.paragraphs if p.text.startswith("Table")] == [
        "Table 1. A table.",
        "Table 2. A table, 2.",
    ]


@pytest.mark.parametrize(("columns", "whole"), [(4, True), (9, False)])
def test_a_word_of_a_heading_is_broken_at_its_hyphen_only_where_there_is_no_room(columns: int, whole: bool) -> None:
    (found,) = table("A table", ["ALK-positive"] * columns, [row(*["12"] * columns)])
    document = made(found)
    assert (document.tables[0].rows[0].cells[0].text == "ALK\u2011positive") is whole
    assert document.sections[-1].orientation == PORTRAIT


def test_what_leads_to_a_list_or_table_stays_with_it() -> None:
    document = made(paragraph("leads"), *items([Text("one")]), paragraph("alone"))
    kept = {p.text: bool(p.paragraph_format.keep_with_next) for p in document.paragraphs}
    assert kept["leads"]
    assert not kept["alone"]
