"""The outputs for other programs: Word, Excel, R, reference managers. Each holds what the other outputs hold.

May import: analyses, figures and below, and its neighbours. Where an extra is not installed its file is not written,
and `missing_exports` says so; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.report.r_script import r_script
from metaimt.report.reference_lists import bibtex_text, ris_text

if TYPE_CHECKING:
    from metaimt.report.figure_files import FigureFiles

WORD: Final = "report.docx"
EXCEL: Final = "tables.xlsx"
ALWAYS: Final = ("reproduce.R", "references.ris", "references.bib")
NEEDED: Final = {WORD: ("word", ("docx", "markdown_it")), EXCEL: ("excel", ("openpyxl",))}
"""File -> its extra, and the modules that this installs."""


def export_makers(
    results: Results, figures: Sequence[FigureFiles], files: Mapping[str, bytes]
) -> dict[str, Callable[[], bytes]]:
    """Name -> what makes its content, for each export that can be written here; the one that takes longest first.

    files: the outputs so far, from which they are made.
    """
    protocol, missing = results.protocol, missing_exports()

    def word() -> bytes:
        """The report as a document."""
        from metaimt.report.word import word_bytes

        return word_bytes(results, figures, files["report.md"].decode("utf-8"))

    def excel() -> bytes:
        """The tables as a workbook."""
        from metaimt.report.workbook import workbook_bytes

        tables = {name: content.decode("utf-8") for name, content in files.items() if name.startswith("tables/")}
        return workbook_bytes(protocol.title, protocol.version, tables)

    r_file, ris_file, bib_file = ALWAYS
    makers = {
        WORD: word,
        EXCEL: excel,
        r_file: lambda: r_script(protocol.title, protocol.version).encode("utf-8"),
        ris_file: lambda: ris_text(results.library.reports).encode("utf-8"),
        bib_file: lambda: bibtex_text(results.library.reports).encode("utf-8"),
    }
    return {name: make for name, make in makers.items() if name not in missing}


def missing_exports() -> dict[str, str]:
    """File that cannot be written here -> the extra that it needs."""
    return {name: extra for name, (extra, modules) in NEEDED.items() if not all(map(find_spec, modules))}
