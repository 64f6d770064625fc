"""Zip archives, which Word and Excel files are, without the hour they were written: same content, same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

_WHEN = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip archive can say
_PROPERTIES = "docProps/core.xml"
_DATES = re.compile(rb"<dcterms:(created|modified)\b[^>]*>.*?</dcterms:\1>", re.DOTALL)


def saved(document: Any) -> bytes:
    """What `document.save` writes, without the hour."""
    buffer = io.BytesIO()
    document.save(buffer)
    return undated(buffer.getvalue())


def undated(archive: bytes) -> bytes:
    """The archive with one fixed date on every member, in its order, and no dates among its document properties."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            member = zipfile.ZipInfo(name, _WHEN)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            member.create_system = 3  # the same on every system
            new.writestr(member, _DATES.sub(b"", content) if name == _PROPERTIES else content)
    return buffer.getvalue()
