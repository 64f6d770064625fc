"""The outputs for other programs: Word, Excel, R, reference managers. Each holds what the other outputs hold.

May import: analyses, figures and below, and its neighbours. Where an extra is not installed its file is not written,
and `missing_exports` says so; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Final

from metaimt.analyses.results import Results
from metaimt.figures.review_figure import Drawn
from metaimt.report.r_script import r_script
from metaimt.report.reference_lists import bibtex_text, ris_text

WORD: Final = "report.docx"
EXCEL: Final = "tables.xlsx"
ALWAYS: Final = ("reproduce.R", "references.ris", "references.bib")
NEEDED: Final = {WORD: ("word", ("docx", "markdown_it")), EXCEL: ("excel", ("openpyxl",))}
"""File -> its extra, and the modules that this installs."""


def export_files(results: Results, drawn: Sequence[Drawn], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name -> content of the exports, made from `files`: the outputs so far."""
    protocol, reports = results.protocol, results.library.reports
    texts = (r_script(protocol.title, protocol.version), ris_text(reports), bibtex_text(reports))
    found = {name: text.encode("utf-8") for name, text in zip(ALWAYS, texts, strict=True)}
    missing = missing_exports()
    if EXCEL not in missing:
        from metaimt.report.workbook import workbook_bytes

        tables = {name: content.decode("utf-8") for name, content in files.items() if name.startswith("tables/")}
        found[EXCEL] = workbook_bytes(protocol.title, protocol.version, tables)
    if WORD not in missing:
        from metaimt.report.word import word_bytes

        pngs = {name[8:-4]: content for name, content in files.items() if name.endswith(".png")}
        found[WORD] = word_bytes(results, drawn, files["report.md"].decode("utf-8"), pngs)
    return found


def missing_exports() -> dict[str, str]:
    """File that cannot be written here -> the extra that it needs."""
    return {name: extra for name, (extra, modules) in NEEDED.items() if not all(map(find_spec, modules))}
