"""report.docx: the report for who writes in Word, with real tables, figures, captions and numbered references.

May import: analyses, figures and below, and its neighbours. python-docx and markdown-it (extra: word) are imported
when the document is made. Its text is that of report.md, so that the two cannot differ; the table of publications
becomes the list of references at the end.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from metaimt.analyses.results import Results
from metaimt.figures.review_figure import Drawn, ReviewFigure
from metaimt.report.archive import undated
from metaimt.report.figures import drawn_figures
from metaimt.report.markdown import citation_link, publication_content

if TYPE_CHECKING:
    from docx.document import Document
    from markdown_it.token import Token
    from PIL import Image

    from metaimt.report.word_blocks import Picture

SHOWN: Final = (
    "forest",
    "strata",
    "by-histology",
    "by-drug",
    "evidence-map",
    "time-on-treatment",
    "over-time",
    "selectivity",
)
"""Figures in the document; the others are named at its end."""
_LONGEST: Final = 255  # letters of a document property
_PUBLICATIONS: Final = "Included publications"
_COLOURS: Final = 64  # of a picture; line art needs no more, and it is a third of the size


def word_bytes(results: Results, drawn: Sequence[Drawn], report: str, pngs: Mapping[str, bytes]) -> bytes:
    """A .docx of `report` (Markdown), the same bytes on every run.

    pngs: name -> PNG of figures that were rendered already; the others of SHOWN are rendered here. Raises ImportError.
    """
    import docx

    from metaimt.report.word_blocks import Writer, markdown_tokens
    from metaimt.report.word_parts import add_footer, add_styled, add_text, set_styles

    document = docx.Document()
    set_styles(document)
    _properties(document, results)
    title, *sections = _sections(markdown_tokens(report))
    add_text(add_styled(document, "Title"), results.protocol.title)
    writer = Writer(document, _pictures(drawn, pngs))
    writer.write(title[3:])
    for section in sections:
        if section[1].content != _PUBLICATIONS:
            writer.write(section)
    _references(document, results)
    _not_shown(document, drawn, writer.not_shown)
    add_footer(document, f"{results.protocol.title}, version {results.protocol.version}")
    buffer = io.BytesIO()
    document.save(buffer)
    return undated(buffer.getvalue())


def _properties(document: Document, results: Results) -> None:
    from metaimt.report.word_parts import plain

    protocol, properties = results.protocol, document.core_properties
    properties.title = plain(protocol.title)[:_LONGEST]
    properties.subject = f"Version {protocol.version}"
    properties.author = plain("; ".join(protocol.authors))[:_LONGEST]
    properties.language = "en-GB"
    properties.comments = properties.keywords = properties.last_modified_by = ""
    properties.revision = 1


def _sections(tokens: Sequence[Token]) -> list[list[Token]]:
    """The title with what follows it, then each part from its heading to the next."""
    sections: list[list[Token]] = [[]]
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h2":
            sections.append([])
        sections[-1].append(token)
    return sections


def _pictures(drawn: Sequence[Drawn], pngs: Mapping[str, bytes]) -> dict[str, Picture]:
    from metaimt.report.word_blocks import Picture

    return {
        each.name: Picture(_small(each, pngs.get(each.name)), each.title, each.alt)
        for each in drawn_figures(drawn)
        if each.name in SHOWN
    }


def _small(each: ReviewFigure, png: bytes | None) -> bytes:
    """The picture, rendered already or not, with few colours: pillow comes with matplotlib."""
    from PIL import Image

    from metaimt.figures.save import figure_pixels

    if png is not None:
        with Image.open(io.BytesIO(png)) as read:
            return _few_colours(read.convert("RGB"), read.info.get("dpi", (200, 200)))
    # A PNG in between would be packed and unpacked for nothing.
    pixels = figure_pixels(each.figure)
    image = Image.frombytes("RGBA", (pixels.width, pixels.height), pixels.rgba)
    return _few_colours(image.convert("RGB"), (pixels.dpi, pixels.dpi))


def _few_colours(image: Image.Image, dpi: tuple[float, float]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    image.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(buffer, "PNG", dpi=dpi)
    return buffer.getvalue()


def _references(document: Document, results: Results) -> None:
    """Numbered, each with the id that the tables use, its DOI or page, and where it counts."""
    from metaimt.report.word_parts import add_link, add_styled, add_text

    document.add_heading("References", level=1)
    add_text(document.add_paragraph(), "The included publications; in front, the name that the tables use.")
    for report in results.library.reports:
        said: dict[str, Any] = publication_content(report, results)
        paragraph = add_styled(document, "List Number")
        add_text(paragraph, f"{said['id']}. ", bold=True)
        add_text(paragraph, f"{said['reference']}. ")
        address, _ = citation_link(report)
        if address:
            add_link(paragraph, address, address)
            add_text(paragraph, ". ")
        add_text(paragraph, f"{said['design'].capitalize()}, read as {said['depth']}; {said['counted']}.")


def _not_shown(document: Document, drawn: Sequence[Drawn], sources: Sequence[str]) -> None:
    from metaimt.report.word_parts import add_styled, add_text

    if not sources:
        return
    titles = {f"figures/{each.name}.svg": each.title for each in drawn_figures(drawn)}
    document.add_heading("Further figures", level=1)
    for source in sources:
        add_text(add_styled(document, "List Bullet"), f"{titles.get(source, '')}: {source}")
