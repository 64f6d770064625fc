"""The formats in which references are exported, each to the fields of its records.

RIS is read by rispy, BibTeX in `bibtex`, EndNote's XML by defusedxml, which refuses entities. NBIB (the nbib library
ends at a line that is no field and joins records without a blank line), EndNote's .enw and the tables are read here.
Sources: NLM, "MEDLINE/PubMed Data Element (Field) Descriptions"; the Citation Style Language schema csl-data.json, of
which Crossref gives lists where text is expected (CrossRef/rest-api-doc issue 580).

Files of references as PubMed, Scopus, journals and reference managers export them.

What a file holds decides how it is read, not its name; a file that is none of the formats is told what it looks like.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metaimt.curation.bibtex import from_bibtex
from metaimt.curation.reference import LABELLED, Fields, Record, Reference, dropped_fields, lines_of
from metaimt.files import read_whole
from metaimt.model.publication import RICH_TEXT, Author, author, authors, authors_in, person
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


_RIS_LINE = re.compile(r"([A-Z][A-Z0-9]) {1,2}-(?: (.*)|$)")  # not: CT-guided
_RIS_DROPPED = {
    "AB": "abstract",
    "N2": "abstract",
    "KW": "keywords",
    "N1": "notes",
    "RN": "notes",
    "AD": "address",
    "VL": "volume",
    "IS": "issue",
    "SP": "pages",
    "EP": "pages",
    "ED": "editors",
    "A2": "editors",
}
_RIS_KNOWN = {  # taken over, or names, codes and places of a database, which nobody misses
    *("TI", "T1", "AU", "A1", "JA", "J1", "J2", "JO", "JF", "T2", "PY", "Y1", "DA", "DO", "DI", "UR", "LK", "AN", "PM"),
    *("M3", "L3", "C2", "C7", "TY", "ID", "ER", "LA", "PB", "CY", "SN", "DB", "DP", "ET", "ST", "Y2", "L1", "L2", "L4"),
    *("LB", "M1", "C1", "C3", "C4", "C5", "C6", "C8", "CN", "T3", "RP", "TA", "SE", "XT", "UK", "OP"),
}
_PUBMED = re.compile(r"(?i)pubmed|medline|nlm")


def from_ris(text: str) -> Iterator[Reference]:
    """References in RIS. An end mark that is missing does not join two, text between records belongs to none."""
    import rispy

    tags = list(rispy.TAG_KEY_MAPPING)
    every = {tag: tag for tag in tags}
    for record in rispy.loads(_plain_ris(text), mapping=every, list_tags=tags, delimiter_tags_mapping={}):
        told = {tag: [line for line in lines if line] for tag, lines in record.items() if isinstance(lines, list)}
        unknown = {tag: [line for line in lines if line] for tag, lines in record.get("UK", {}).items()}
        yield _of_ris(told | unknown).reference()


def _plain_ris(text: str) -> str:
    """RIS with each field on one line, an end mark after each record, and nothing between records."""
    fields: list[list[str]] = []
    inside, tag = False, ""
    for line in text.split("\n"):
        match = _RIS_LINE.match(line)
        if match is not None and match[1] == "TY":
            if inside:
                if len(fields[-1]) > 1 and re.fullmatch(r"\d+\.\s*", fields[-1][-1]):  # Ovid numbers the next record
                    fields[-1].pop()
                fields.append(["ER  - "])
            inside = True
        if not inside:
            continue
        if match is not None:
            tag = match[1] if match[1] != "UK" else "LB"  # rispy keeps all it does not know under this name
            fields.append([f"{tag}  - {(match[2] or '').strip()}"])
            inside = tag != "ER"
        elif line.strip() and tag in {"AU", "A1"}:
            fields.append([f"{tag}  - {line.strip()}"])
        elif line.strip():
            fields[-1].append(line.strip())
    return "\n".join([*(" ".join(parts) for parts in fields), "ER  - \n"])


def _of_ris(record: Mapping[str, list[str]]) -> Fields:
    all_of = partial(lines_of, record)
    found = Fields(
        authors=[one for line in all_of("A1") or all_of("AU") for one in authors_in(line)],
        title=all_of("TI", "T1"),
        journal=all_of("J2", "JA", "JO", "J1", "JF", "T2"),
        year=all_of("PY", "Y1", "DA"),
        doi=all_of("DO", "DI"),
        pmid=all_of("PM"),
        url=all_of("UR", "LK"),
        maybe=all_of("M3", "L3", "AID", "C2", "C6"),
        free=all_of("N1", "RN", "M1"),
        dropped=dropped_fields(record, _RIS_DROPPED),
    )
    _accessions(found, all_of("AN"), " ".join(all_of("DB", "DP")))
    for text in all_of("C7"):  # mostly the number of an article
        _accessions(found, [text], "" if re.fullmatch(r"\d{8}", text.strip()) else "another")
    only_identifiers = all(re.fullmatch(r"(?i)(?:pmid|pmcid|doi)\W{0,3}\S+", text) for text in found.free)
    found.dropped -= {"notes"} if only_identifiers else set()
    found.labels += [text for text in found.free if LABELLED.search(text)]
    found.dropped |= {tag for tag in record if tag not in _RIS_KNOWN and tag not in _RIS_DROPPED and record[tag]}
    return found


def _accessions(found: Fields, numbers: list[str], database: str) -> None:
    """The number of a record in a database: the PubMed id if that is PubMed, or none is named and it looks like one."""
    for text in numbers:
        digits = re.fullmatch(r"\d{1,9}", text.strip())
        if digits is None:
            found.maybe.append(text)
        elif _PUBMED.search(database):
            found.pmid.append(text)
        elif not database and len(text.strip()) == 8:
            found.pmid.append(text)
            found.notes.append(f"pmid {text.strip()} is the accession number, of no named database: check it")
        else:
            found.notes.append(f"the number {text.strip()} is left out: nothing says that it is a PubMed id")


_NBIB_LINE = re.compile(r"([A-Z][A-Z0-9]{1,3}) *- ?(.*)")
_NBIB_ONCE = {"PMID", "OWN", "TI", "BTI"}
_NBIB_DROPPED = {
    "AB": "abstract",
    "OT": "keywords",
    "MH": "keywords",
    "GN": "notes",
    "AD": "address",
    "VI": "volume",
    "IP": "issue",
    "PG": "pages",
}
_NBIB_SAID = {"RIN": "is retracted", "EIN": "has an erratum", "EFR": "corrects another", "CON": "comments on another"}


def from_nbib(text: str) -> Iterator[Reference]:
    """References in the PubMed format: tag, dash, value; longer values go on after six spaces."""
    for record in _nbib_records(text):
        authors_ = [
            Author(line) if tag == "CN" else one
            for tag, line in zip(record.get("tags", ()), record.get("AU", ()), strict=True)
            for one in ([author(line)] if tag == "CN" else authors_in(line))
        ]
        full = record.get("FAU", [])
        if full and not authors_:
            authors_ = [author(name) for name in full]
        elif full and (family := full[0].split(",")[0].strip()) and authors_[0].shown.startswith(f"{family} "):
            authors_[0] = Author(family, authors_[0].shown[len(family) + 1 :])
        locations = [*record.get("LID", ()), *record.get("AID", ())]
        found = Fields(
            authors=authors_,
            title=[
                re.sub(r"(?<!\.)\.$", "", line) for line in lines_of(record, "TI", "BTI")
            ],  # MEDLINE ends each by one
            journal=lines_of(record, "TA", "JT"),
            year=lines_of(record, "DP", "DEP"),
            doi=[line.replace("[doi]", "").strip() for line in locations if "[doi]" in line],
            pmid=lines_of(record, "PMID"),
            pmcid=lines_of(record, "PMC"),
            maybe=[line for line in locations if "[doi]" not in line],
            free=lines_of(record, "GN", "SO"),
            dropped=dropped_fields(record, _NBIB_DROPPED),
        )
        found.notes += [
            f"PubMed says that it {said}: {record[tag][0]}" for tag, said in _NBIB_SAID.items() if tag in record
        ]
        yield found.reference()


def _nbib_records(text: str) -> Iterator[Record]:
    """The records: a field that each has once begins the next, with or without a blank line before it."""
    record: dict[str, list[list[str]]] = {}
    tag = ""
    for line in text.split("\n"):
        if match := _NBIB_LINE.match(line):
            tag = match[1]
            if (tag in _NBIB_ONCE and tag in record) or (tag == "PMID" and "TI" in record):
                yield _joined(record)
                record = {}
            value = [match[2].strip()]
            if tag in {"AU", "CN"}:
                record.setdefault("tags", []).append([tag])
            record.setdefault("AU" if tag == "CN" else tag, []).append(value)
        elif tag and tag in {*record, "CN"} and line.startswith("  "):
            record["AU" if tag == "CN" else tag][-1].append(line.strip())
    if record:
        yield _joined(record)


def _joined(record: Mapping[str, list[list[str]]]) -> Record:
    return {tag: [" ".join(parts) for parts in values] for tag, values in record.items()}


_ENW_LINE = re.compile(r"%(\S) ?(.*)")
_ENW_DROPPED = {
    "X": "abstract",
    "K": "keywords",
    "Z": "notes",
    "V": "volume",
    "N": "issue",
    "P": "pages",
    "+": "address",
    "E": "editors",
}


def from_enw(text: str) -> Iterator[Reference]:
    """References in EndNote's tagged format (.enw), as Google Scholar and journals offer it."""
    record: dict[str, list[list[str]]] = {}
    tag = ""
    for line in [*text.split("\n"), "%0 "]:
        match = _ENW_LINE.match(line)
        if match is None:
            if tag and line.strip():
                record[tag][-1].append(line.strip())
            continue
        tag = match[1]
        if (tag == "0" and record) or (tag == "T" and "T" in record):
            yield _of_enw(_joined(record)).reference()
            record = {}
        record.setdefault(tag, []).append([match[2].strip()])


def _of_enw(record: Record) -> Fields:
    found = Fields(
        authors=[one for line in lines_of(record, "A") for one in authors_in(line)],
        title=lines_of(record, "T"),
        journal=lines_of(record, "J", "B"),
        year=lines_of(record, "D", "8"),
        doi=lines_of(record, "R"),
        url=lines_of(record, "U"),
        maybe=lines_of(record, "1", "2", "3", "4", "9"),
        free=lines_of(record, "Z"),
        dropped=dropped_fields(record, _ENW_DROPPED),
    )
    _accessions(found, lines_of(record, "M"), " ".join(lines_of(record, "~", "W")))
    return found


def from_csl_json(text: str) -> Iterator[Reference]:
    """References in CSL-JSON: one object or a list, or an answer of Crossref. Raises ValueError if it is not that."""
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"not valid JSON{place}; export the reference again") from error
    for around in ("message", "items", "references"):
        if isinstance(data, dict) and isinstance(data.get(around), dict | list):
            data = data[around]
    entries = data if isinstance(data, list) else [data]
    return (_of_csl(entry).reference() for entry in entries if isinstance(entry, dict))


_CSL_DROPPED = {
    "abstract": "abstract",
    "keyword": "keywords",
    "note": "notes",
    "volume": "volume",
    "issue": "issue",
    "page": "pages",
    "editor": "editors",
}


def _of_csl(entry: Mapping[str, Any]) -> Fields:
    def rich(*names: str) -> list[str]:
        return [html.unescape(RICH_TEXT.sub("", line)) for name in names for line in _texts(entry.get(name))]

    people = entry.get("author")
    return Fields(
        authors=[_csl_author(name) for name in people if isinstance(name, dict)] if isinstance(people, list) else [],
        title=rich("title"),
        journal=rich("container-title-short", "journalAbbreviation", "container-title"),
        year=_dates(entry.get("issued")),
        doi=_texts(entry.get("DOI")),
        pmid=_texts(entry.get("PMID")),
        pmcid=_texts(entry.get("PMCID")),
        url=_texts(entry.get("URL")),
        free=_texts(entry.get("note")),  # where Zotero keeps what CSL-JSON has no field for
        dropped=dropped_fields(entry, _CSL_DROPPED),
    )


def _csl_author(name: Mapping[str, Any]) -> Author:
    parts = {part: next(iter(_texts(name.get(part))), "") for part in ("family", "given", "suffix", "literal", "name")}
    particles = [line for part in ("dropping-particle", "non-dropping-particle") for line in _texts(name.get(part))[:1]]
    if not parts["family"]:
        return Author(" ".join((parts["literal"] or parts["name"] or parts["given"]).split()))
    return person(" ".join([*particles, parts["family"]]), parts["given"], parts["suffix"])


def _dates(issued: object) -> list[str]:
    """What may hold the year: [[2017, 1, 1]], the same without the inner list or within one more, or text."""
    if isinstance(issued, list):
        return [text for one in issued[:1] for text in _dates(one)]
    if not isinstance(issued, dict):
        return _texts(issued)
    parts = issued.get("date-parts")
    for _ in range(3):
        parts = parts[0] if isinstance(parts, list) and parts else parts
    return [*_texts(parts), *_texts(issued.get("raw")), *_texts(issued.get("literal"))]


def _texts(value: object) -> list[str]:
    """The texts of a value that may be text, a number, a list of them, or nothing; blank ones left out."""
    values = value if isinstance(value, list | tuple) else [value]
    return [str(one) for one in values if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip()]


def from_endnote_xml(text: str) -> Iterator[Reference]:
    """References in EndNote's XML. Raises ValueError if it is no XML, or defines entities."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(re.sub(r"^\s*<\?xml[^>]{0,200}\?>", "", text))
    except DefusedXmlException as error:
        raise ValueError("the XML defines entities, which are refused; export it again from EndNote") from error
    except ParseError as error:
        raise ValueError(f"not valid XML (line {error.position[0]}); export the reference again") from error
    for _, one in _outermost(root, {"record"}):
        record: Record = {}
        for tag, leaf in _outermost(one, _XML_LEAVES):
            if (told := "".join(leaf.itertext())).strip():
                record.setdefault(tag, []).append(told)
        yield _of_endnote(record).reference()


def _outermost(root: Element, tags: Collection[str]) -> Iterator[tuple[str, Element]]:
    """The elements below one that have these tags, in their order; not what stands inside them in turn."""
    waiting = [*reversed(root)]
    while waiting:
        element = waiting.pop()
        tag = element.tag.casefold().replace("_", "-")
        if tag in tags:
            yield tag, element
        else:
            waiting += reversed(element)


_XML_DROPPED = {
    "abstract": "abstract",
    "keyword": "keywords",
    "notes": "notes",
    "research-notes": "notes",
    "volume": "volume",
    "number": "issue",
    "pages": "pages",
    "auth-address": "address",
}
_XML_LEAVES = {
    *_XML_DROPPED,
    *("author", "title", "secondary-title", "full-title", "abbr-1", "year", "url"),
    *("electronic-resource-num", "accession-num", "custom1", "custom2", "custom3", "custom7", "work-type"),
    *("remote-database-name", "remote-database-provider"),
}


def _of_endnote(record: Record) -> Fields:
    found = Fields(
        authors=[one for line in lines_of(record, "author") for one in authors_in(line)],
        title=lines_of(record, "title"),
        journal=lines_of(record, "abbr-1", "full-title", "secondary-title"),
        year=lines_of(record, "year"),
        doi=lines_of(record, "electronic-resource-num"),
        url=lines_of(record, "url"),
        maybe=lines_of(record, "custom1", "custom2", "custom3", "custom7", "work-type"),
        free=lines_of(record, "notes", "research-notes"),
        dropped=dropped_fields(record, _XML_DROPPED),
    )
    _accessions(
        found,
        lines_of(record, "accession-num"),
        " ".join(lines_of(record, "remote-database-name", "remote-database-provider")),
    )
    return found


_COLUMNS = {  # of Scopus, PubMed and Zotero, and what ASReview takes for a title and authors
    "authors": ("authors", "author", "first author", "first_authors", "author names"),
    "title": ("title", "document title", "primary_title"),
    "journal": ("abbreviated source title", "journal/book", "source title", "publication title", "journal"),
    "year": ("publication year", "published year", "year", "create date"),
    "doi": ("doi",),
    "pmid": ("pmid", "pubmed id", "pubmed_id"),
    "pmcid": ("pmcid", "pmc_id"),
    "url": ("link", "url"),
}
ASREVIEW_LABELS = (
    *("asreview_label", "included", "label", "final_included", "label_included", "included_label", "included_final"),
    *("included_flag", "include"),
)
LABEL_COLUMNS = (*ASREVIEW_LABELS, "covidence #", "tags")  # the last two of Covidence
_LISTED = re.compile(r"""(['"])((?:(?!\1).)+)\1(?=\s*[,\]])""")
_COLUMNS_DROPPED = {
    "abstract": "abstract",
    "abstract note": "abstract",
    "author keywords": "keywords",
    "index keywords": "keywords",
    "notes": "notes",
    "volume": "volume",
    "issue": "issue",
    "page start": "pages",
    "pages": "pages",
    "citation": "citation",
    "affiliations": "address",
}


def table_columns(text: str) -> tuple[str, list[str]] | None:
    """(what divides columns, their names in small letters) if the first line is that of a table of references."""
    line = text.lstrip("\ufeff\n ").partition("\n")[0][:5000]
    for delimiter in ",;\t":
        try:
            names = [name.strip().casefold() for name in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error:
            continue
        others = {*_COLUMNS["authors"], "doi", "pmid", "year", "publication year"}
        if {"title", "primary_title"} & {*names} and len(others & {*names}) > 1:
            return delimiter, names
    return None


def from_table(text: str) -> Iterator[Reference]:
    """References in a table as Scopus, PubMed and Zotero export it. Raises ValueError if it cannot be read as one."""
    header = table_columns(text)
    if header is None:
        raise ValueError("the table has no columns Title and Authors, DOI or PMID")
    delimiter, names = header
    limit = csv.field_size_limit(len(text) + 1)
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff\n "), newline=""), delimiter=delimiter))[1:]
    except csv.Error as error:
        raise ValueError(f"not a table that can be read ({error}); export it again") from error
    finally:
        csv.field_size_limit(limit)
    return (_of_row(dict(zip(names, row, strict=False))).reference() for row in rows if any(map(str.strip, row)))


def _of_row(row: Mapping[str, str]) -> Fields:
    told = {field: [row[name] for name in names if row.get(name, "").strip()] for field, names in _COLUMNS.items()}
    names = next((text for text in told.pop("authors") if not text.startswith("[No author")), "")
    if names.startswith("[") and names.endswith("]"):  # of ASReview, where it was given RIS: ['Specimen, A.', ...]
        names = "; ".join(match[2] for match in _LISTED.finditer(names))
    if "pubmed_id" in row and ";" not in names:  # of Rayyan
        names = names.replace(" and ", "; ")
    labels = [f"{name}={row[name].strip()}" for name in LABEL_COLUMNS if row.get(name, "").strip()]
    labels += [row["notes"].strip()] if LABELLED.search(row.get("notes", "")) else []
    listed, more = authors(names)
    dropped = dropped_fields(row, _COLUMNS_DROPPED)
    return Fields(authors=[*listed], more_authors=more, **told, dropped=dropped, labels=labels)


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
