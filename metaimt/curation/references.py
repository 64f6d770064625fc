"""Files of references as PubMed, Scopus, journals and reference managers export them.

What a file holds decides how it is read, not its name; a file that is none of the formats is told what it looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from metaimt.curation.reference import Reference
from metaimt.curation.reference_formats import (
    from_bibtex,
    from_csl_json,
    from_endnote_xml,
    from_enw,
    from_nbib,
    from_ris,
    from_table,
    table_columns,
)
from metaimt.files import read_whole
from metaimt.problem import WrongUse

MAXIMUM_BYTES = 8 * 1024 * 1024
_KINDS = "RIS (.ris), PubMed (.nbib), BibTeX (.bib), EndNote (.enw, .xml), CSL-JSON, or the CSV of Scopus or PubMed"
_BEGINNINGS: tuple[tuple[re.Pattern[str], Callable[[str], Iterator[Reference]]], ...] = tuple(
    (re.compile(pattern, re.MULTILINE), read)
    for pattern, read in (
        (r"^TY {1,2}- ", from_ris),
        (r"^(?:PMID|PMC|OWN|STAT|TI) *- ", from_nbib),
        (r"^[ \t]{0,8}@[A-Za-z]{1,40}[ \t]{0,8}[{(]", from_bibtex),
        (r"^%(?:0|A|T) \S", from_enw),
    )
)
_OTHER_FILES = (  # the first bytes
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a file of a word processor (RTF)"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file"),
    (b"\x1f\x8b", "a compressed file: unpack it"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a database of a reference manager"),
)
_OTHER_TEXTS = (
    (re.compile(r"(?i)\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype html|html|head|body)\b"), "HTML saved from a web page"),
    (re.compile(r"\s*(?:FN |PT [JBSPC]\n|PT\t)"), "a Web of Science export: save it as RIS there"),
    (re.compile(r"(?s).{0,2000}<PubmedArticle"), "PubMed's XML: choose the format PubMed there"),
    (re.compile(r"\s*<(?:\?xml|[A-Za-z])"), "XML, but not EndNote's"),
    (re.compile(r"(?s).*?\bPMID: ?\d"), "citations as text: choose the format PubMed or RIS there"),
    (re.compile(r"(?s)(?:.{0,200}\n)?report:"), "a case file: it needs no reference"),
    (re.compile(r"[^\n]{0,2000}\b10\.\d{4,9}/\S"), "text with a DOI in it: give that to metaimt new --fetch"),
    (re.compile(r"\s*\d{5,9}[ \t]*(?:\n|$)"), "PubMed ids: give one to metaimt new --fetch"),
    (re.compile(r"[^\n]{0,2000}(?:,|;|\t)[^\n]{0,2000}(?:,|;|\t)"), "a table, but without columns Title and Authors"),
)


def read_references(path: Path) -> tuple[Reference, ...]:
    """The references in a file. Raises WrongUse with the next step if it holds none or cannot be read."""
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise WrongUse(f"{path} {what}; give a file of references: {_KINDS}")
    if path.stat().st_size > MAXIMUM_BYTES:
        raise WrongUse(f"{path} is larger than {MAXIMUM_BYTES // 2**20} MiB; export fewer references at a time")
    try:
        return parse_references(_decoded(read_whole(path, MAXIMUM_BYTES)))
    except OSError as error:
        raise WrongUse(f"{path} cannot be read ({error.strerror}); check its rights") from error
    except ValueError as error:
        raise WrongUse(f"{path}: {error}") from error


def parse_references(text: str) -> tuple[Reference, ...]:
    """The references in a text. Raises ValueError if it holds none."""
    text = re.sub(r"\r\n?", "\n", text)
    found = _reader(text)(text)
    if not (known := tuple(one for one in found if one.title or one.authors or one.doi or one.pmid or one.notes)):
        raise ValueError(f"no reference with a title, an author or an identifier in it; export it again as {_KINDS}")
    return known


def _reader(text: str) -> Callable[[str], Iterator[Reference]]:
    """What reads the text: by its beginning, else by the mark that comes first in it."""
    start = text[:5000].lstrip("\ufeff \n\t")
    if start[:1] in {"[", "{"}:
        return from_csl_json
    if re.match(r"(?is)(?:<\?xml[^>]{0,200}>\s*)?(?:<!.{0,4000}?>\s*)?<(?:xml|records|endnote)\b", start):
        return from_endnote_xml
    if start[:1] != "<":
        if table_columns(text) is not None:
            return from_table
        places = [(match.start(), k) for k, (mark, _) in enumerate(_BEGINNINGS) if (match := mark.search(text))]
        if places:
            return _BEGINNINGS[min(places)[1]][1]
    looks = next((f"; it looks like {what}" for form, what in _OTHER_TEXTS if form.match(text)), "")
    raise ValueError(f"no reference in it{looks}; export the reference as {_KINDS}")


def _decoded(content: bytes) -> str:
    what = next((what for start, what in _OTHER_FILES if content.startswith(start)), "")
    if content.startswith(b"PK\x03\x04"):
        kinds = ((b"word/", "a Word file"), (b"xl/", "an Excel file: save the table as CSV"))
        what = next((kind for mark, kind in kinds if mark in content), "a ZIP archive: unpack it")
    if what:
        raise ValueError(f"no reference in it; it looks like {what}; export the reference as {_KINDS}")
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ValueError("the file is not UTF-8 text; export it again, or save it as UTF-8") from error
