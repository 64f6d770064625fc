"""Damaged and odd workbooks of a made-up patient table, made anew each time: none is kept as a file.

The sound one has two patients, P1 (female, 30) and P2 (male, 31). Each kind is one change of its parts, of the bytes of
the archive, or of a cell; others of each kind exist.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import openpyxl

SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
TEXTS, STYLES, TYPES = "xl/sharedStrings.xml", "xl/styles.xml", "[Content_Types].xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
PARTS = (SHEET, BOOK, TEXTS, STYLES, TYPES, RELATIONS)
AGE, ROW = b't="n"><v>30</v>', b'<row r="3">'
LAUGHS = b"<!DOCTYPE x [<!ENTITY a0 'ha'>%s]>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (k, b"&a%d;" % (k - 1) * 10) for k in range(1, 12)
)
_MB = 1024**2
_INLINE = re.compile(rb't="inlineStr"><is><t>([^<]*)</t></is>')


@cache
def sound() -> bytes:
    """The workbook that nothing is wrong with, its texts in a part of their own, as Excel writes them."""
    book = openpyxl.Workbook()
    sheet = book["Sheet"]
    for row in (["id", "age", "sex"], ["P1", 30, "female"], ["P2", 31, "male"]):
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    content = _unpacked(buffer.getvalue())
    texts = list(_INLINE.findall(content[SHEET]))
    for number, text in enumerate(texts):
        inline = b't="inlineStr"><is><t>' + text + b"</t></is>"
        content[SHEET] = content[SHEET].replace(inline, b't="s"><v>%d</v>' % number)
    entries = b"".join(b"<si><t>" + text + b"</t></si>" for text in texts)
    content[TEXTS] = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + entries + b"</sst>"
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    content[TYPES] = content[TYPES].replace(b"</Types>", override)
    return packed(content)


def parts() -> dict[str, bytes]:
    """Name -> content of each part of the sound workbook."""
    return _unpacked(sound())


def _unpacked(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(content: Mapping[str, bytes]) -> bytes:
    """The parts as a workbook."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def with_part(name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The sound workbook with one part changed."""
    content = parts()
    content[name] = change(content[name])
    return packed(content)


def _in_sheet(old: bytes, new: bytes) -> bytes:
    assert old in parts()[SHEET], old
    return with_part(SHEET, lambda part: part.replace(old, new, 1))


def _of_parts() -> Iterator[tuple[str, bytes]]:
    for name in PARTS:
        short = name.rpartition("/")[2]
        yield f"{short} missing", packed({each: part for each, part in parts().items() if each != name})
        yield f"{short} empty", with_part(name, lambda part: b"")
        yield f"{short} cut", with_part(name, lambda part: part[: len(part) // 2])
        yield f"{short} binary", with_part(name, lambda part: bytes(range(256)) * 8)
        yield f"{short} other XML", with_part(name, lambda part: b"<a><b c='d'/></a>")
        yield f"{short} laughs", with_part(name, lambda part: LAUGHS + b"<x>&a11;</x>")


def _of_archive() -> Iterator[tuple[str, bytes]]:
    content, length = sound(), len(sound())
    for share in (0.0, 0.001, 0.2, 0.5, 0.9, 0.99):
        yield f"archive cut at {share}", content[: int(share * length)]
    for at in (4, 8, 26, 60, length // 2, length - 10, length - 2):
        yield f"byte {at} flipped", content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
    start = content.index(b"PK\x01\x02")
    yield "encrypted", content[: start + 8] + b"\x01" + content[start + 9 :]
    yield "unknown packing", content[: start + 10] + b"\x63" + content[start + 11 :]
    yield "says it is small", content[: start + 24] + b"\x01\x00\x00\x00" + content[start + 28 :]
    yield "says it is 4 GB", content[: start + 24] + b"\xf0\xff\xff\xff" + content[start + 28 :]
    yield "bytes before", b"x" * 100 + content
    yield "bytes after", content + b"x" * 100
    yield "old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
    yield "a CSV", b"id,age,sex\nP1,30,female\n"
    yield "20,000 parts", packed({**parts(), **{f"x/{k}": b"" for k in range(20_000)}})
    yield "outside names", packed({**parts(), "../../x": b"x", "/etc/x": b"x"})


def _of_cells() -> Iterator[tuple[str, bytes]]:
    for value in (b"abc", b"1e400", b"nan", b"-inf", b"", b" ", b"1" * 5000, b"1e", b"0x1F", b"\xd9\xa3"):
        yield f"number {value[:9]!r}", _in_sheet(AGE, b't="n"><v>' + value + b"</v>")
    for kind, value in (
        *((b"s", b"99999"), (b"s", b"-1"), (b"s", b"x"), (b"b", b"7"), (b"b", b"x"), (b"e", b"#DIV/0!"), (b"q", b"1")),
        *((b"d", b"not-a-date"), (b"d", b"9999-99-99"), (b"str", b"x" * 40_000), (b"n", b"1" * _MB)),
    ):
        yield f"cell {kind!r} {value[:9]!r}", _in_sheet(AGE, b't="' + kind + b'"><v>' + value + b"</v>")
    yield "formula unsaved", _in_sheet(AGE, b"><f>15+15</f><v></v>")
    yield "formula saved", _in_sheet(AGE, b' t="n"><f>15+15</f><v>30</v>')
    yield "style 9999", _in_sheet(b'r="B2"', b'r="B2" s="9999"')
    yield "style x", _in_sheet(b'r="B2"', b'r="B2" s="x"')
    for number in (b"x", b"2", b"0", b"-1", b"2000000000", b"1048577", b"9" * 400, b"", b"1.5"):
        yield f"row {number[:12]!r}", _in_sheet(ROW, b'<row r="' + number + b'">')
    for place in (b"2B", b"b2", b"B", b"XFE2", b"ZZZ2", b"AAAAAA2", b"A2", b"B9", b"B0", b"$B$2"):
        yield f"place {place!r}", _in_sheet(b'r="B2"', b'r="' + place + b'"')
    yield "100,000 levels", _in_sheet(ROW, b"<a>" * 100_000 + b"</a>" * 100_000 + ROW)
    yield "a large extent", with_part(SHEET, lambda part: part.replace(b'ref="A1:C3"', b'ref="A1:XFD1048576"'))
    merged = b'</sheetData><mergeCells><mergeCell ref="%s"/></mergeCells>'
    for extent in (b"B2:B3", b"A1:XFD1048576", b"B3:B2", b"x", b"A1:ZZZ99999999999999"):
        yield f"merged {extent!r}", _in_sheet(b"</sheetData>", merged % extent)


def _of_book() -> Iterator[tuple[str, bytes]]:
    book = parts()[BOOK].decode()
    for state in ("hidden", "veryHidden", "nonsense"):
        changed = book.replace('state="visible"', f'state="{state}"')
        assert changed != book
        yield f"sheet {state}", packed({**parts(), BOOK: changed.encode()})
    start, end = book.index("<sheets>"), book.index("</sheets>")
    none = book[:start] + "<sheets>" + book[end:]
    yield "no sheet", with_part(BOOK, lambda part: none.encode())
    twice = book[:end] + book[start + 8 : end] + book[end:]
    yield "a sheet twice", with_part(BOOK, lambda part: twice.encode())
    named = book.replace('name="Sheet"', 'name="&#x202e;&#10;=1+1"')
    yield "an odd name", with_part(BOOK, lambda part: named.encode())
    for target in (b"/xl/worksheets/none.xml", b"../../../etc/passwd", b"xl/styles.xml", b""):
        relations = parts()[RELATIONS].replace(b"/xl/worksheets/sheet1.xml", target)
        assert relations != parts()[RELATIONS]
        yield f"target {target!r}", packed({**parts(), RELATIONS: relations})
    yield "UTF-16", with_part(SHEET, lambda part: part.decode().encode("utf-16"))
    yield "a NUL", _in_sheet(AGE, b't="str"><v>\x00</v>')
    yield "an entity", _in_sheet(AGE, b't="str"><v>&nothing;</v>')
    outside = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    yield "a file as entity", with_part(SHEET, lambda part: outside + part.replace(AGE, b't="str"><v>&a;</v>'))


def floods(blanks: int, cell: int, columns: int) -> Iterator[tuple[str, bytes]]:
    """Small files that unpack to so many MB of blanks, to a cell of so many MB, and to so many columns."""
    yield f"{blanks} MB of blanks", with_part(SHEET, lambda part: part.replace(ROW, b" " * (blanks * _MB) + ROW, 1))
    yield f"one cell of {cell} MB", _in_sheet(AGE, b't="str"><v>' + b"x" * (cell * _MB) + b"</v>")
    yield f"{columns:,} columns", _in_sheet(ROW, b'<row r="3">' + b"<c><v>1</v></c>" * columns)


def without_floods() -> Iterator[tuple[str, bytes]]:
    """The corpus but for its floods, which take longer than all others."""
    for maker in (_of_parts, _of_archive, _of_cells, _of_book):
        yield from maker()


def workbooks() -> Iterator[tuple[str, bytes]]:
    """(kind, content) of every workbook of the corpus."""
    yield from without_floods()
    yield from floods(600, 100, 200_000)
