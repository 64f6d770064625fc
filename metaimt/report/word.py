"""report.docx: the report for who writes in Word, with real tables, figures, captions and numbered references.

python-docx and markdown-it are imported when the document is made. Its text is that of report.md, so that the two
cannot differ; the table of publications becomes the list of references at the end.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.figures.review_figure import Drawn, FigureText
from metaimt.report.archive import undated
from metaimt.report.figure_files import FigureFiles
from metaimt.report.figures import drawn_figures
from metaimt.report.markdown import citation_link, publications

if TYPE_CHECKING:
    from docx.document import Document
    from markdown_it.token import Token

    from metaimt.report.word_blocks import Picture

_LONGEST: Final = 255  # letters of a document property
_PUBLICATIONS: Final = "Included publications"


def word_bytes(results: Results, figures: Sequence[FigureFiles], report: str) -> bytes:
    """A .docx of `report` (Markdown) with the figures that have a picture, the same bytes on every run."""
    import docx

    from metaimt.report.word_blocks import Writer, markdown_tokens
    from metaimt.report.word_parts import add_footer, add_styled, add_text, set_styles

    document = docx.Document()
    set_styles(document)
    _properties(document, results)
    title, *sections = _sections(markdown_tokens(report))
    add_text(add_styled(document, "Title"), results.protocol.title)
    writer = Writer(document, _pictures(figures))
    writer.write(title[3:])
    for section in sections:
        if section[1].content != _PUBLICATIONS:
            writer.write(section)
    _references(document, results)
    _not_shown(document, [each.drawn for each in figures], writer.not_shown)
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


def _pictures(figures: Sequence[FigureFiles]) -> dict[str, Picture]:
    from metaimt.report.word_blocks import Picture

    return {
        each.drawn.name: Picture(each.picture, each.drawn.title, each.drawn.alt)
        for each in figures
        if isinstance(each.drawn, FigureText) and each.picture is not None
    }


def _references(document: Document, results: Results) -> None:
    """Numbered, each with the id that the tables use, its DOI or page, and where it counts."""
    from metaimt.report.word_parts import add_link, add_styled, add_text

    document.add_heading("References", level=1)
    add_text(document.add_paragraph(), "The included publications; in front, the name that the tables use.")
    for report, said in zip(results.library.reports, publications(results), strict=True):
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
