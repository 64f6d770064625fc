"""The outputs for other programs: Word, Excel, R, reference managers. Each holds what the other outputs hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.report.r_script import r_script
from metaimt.report.reference_lists import bibtex_text, ris_text

if TYPE_CHECKING:
    from metaimt.report.figure_files import FigureFiles

EXPORTS: Final = ("report.docx", "tables.xlsx", "reproduce.R", "references.ris", "references.bib")


def export_makers(
    results: Results, figures: Sequence[FigureFiles], files: Mapping[str, bytes]
) -> dict[str, Callable[[], bytes]]:
    """Name -> what makes its content, for each of EXPORTS; the one that takes longest first.

    files: the outputs so far, from which they are made.
    """
    protocol = results.protocol

    def word() -> bytes:
        """The report as a document."""
        from metaimt.report.word import word_bytes

        return word_bytes(results, figures, files["report.md"].decode("utf-8"))

    def excel() -> bytes:
        """The tables as a workbook."""
        from metaimt.report.workbook import workbook_bytes

        tables = {name: content.decode("utf-8") for name, content in files.items() if name.startswith("tables/")}
        return workbook_bytes(protocol.title, protocol.version, tables)

    word_file, excel_file, r_file, ris_file, bib_file = EXPORTS
    return {
        word_file: word,
        excel_file: excel,
        r_file: lambda: r_script(protocol.title, protocol.version, protocol.priors).encode("utf-8"),
        ris_file: lambda: ris_text(results.library.reports).encode("utf-8"),
        bib_file: lambda: bibtex_text(results.library.reports).encode("utf-8"),
    }
