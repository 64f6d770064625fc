"""Writing that cannot leave a half-written state, and text made safe for where it goes."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import stat
import tempfile
import unicodedata
from codecs import BOM_UTF8
from difflib import SequenceMatcher
from pathlib import Path

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
REVIEW = "cases"
"""The usual name of a review's folder."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def in_ascii(text: str) -> str:
    """A name in lower-case ASCII letters, digits and dashes, as ids are written; empty if nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = re.sub(r"['’ʼ`]", "", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def mode_of(path: Path, usual: int) -> int:
    """The rights of a file or folder that is there, else what the umask leaves of the usual ones."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    umask = os.umask(0o077)
    os.umask(umask)
    return usual & ~umask


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that an interruption leaves either the old file or the new one, whole.

    A file keeps the rights it has; a new one has those that the umask leaves.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode_of(path, 0o666))
        Path(name).replace(path)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        if isinstance(error, OSError) and error.filename is None:  # a full disk does not say which file it was
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def as_edited(before: bytes, text: str) -> bytes:
    """A text that was edited, as bytes of the file it is from: with its byte order mark and its ends of lines.

    before: UTF-8; text: without a mark, lines ending in \\n. A line that stays keeps its own end, a new one has that of
    the first line.
    """
    mark = BOM_UTF8 if before.startswith(BOM_UTF8) else b""
    old = before.removeprefix(mark).splitlines(keepends=True)
    new = text.encode().splitlines(keepends=True)
    end = b"\r\n" if old and old[0].endswith(b"\r\n") else b"\n"
    found = [line.replace(b"\n", end) for line in new]
    if len({line.endswith(b"\r\n") for line in old if line.endswith(b"\n")}) > 1:
        bare = [line.replace(b"\r\n", b"\n") for line in old]
        for start, at, size in SequenceMatcher(None, bare, new).get_matching_blocks():
            found[at : at + size] = old[start : start + size]
    return mark + b"".join(found)


def text_of(content: bytes) -> str:
    """What a file says: without a byte order mark, lines ending in \\n. Raises UnicodeDecodeError."""
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def found_folder() -> Path:
    """`cases` here, or the review that this folder or one above it is or holds; `cases` if there is none.

    Looks no higher than the top of a git repository: what lies above belongs to somebody else.
    """
    here = Path(REVIEW)
    if here.is_dir():
        return here
    start = Path.cwd()
    for folder in (start, *start.parents):
        if (folder / "review.yaml").is_file():
            return Path(os.path.relpath(folder))
        inside = folder / REVIEW
        if (inside / "review.yaml").is_file() or (inside / "literature").is_dir():
            return Path(os.path.relpath(inside))
        if (folder / ".git").exists():
            break
    return here


def check_regular(path: Path) -> int:
    """The size of a regular file. Raises OSError for a pipe, a device or a folder, which might never end."""
    try:
        found = path.stat()
    except ValueError as error:  # a character that no name of a file holds
        raise OSError(errno.EINVAL, f"is no name of a file ({error})", for_terminal(str(path))) from None
    if not stat.S_ISREG(found.st_mode):
        said = "is a folder" if stat.S_ISDIR(found.st_mode) else "is a pipe or a device, not a file"
        raise OSError(errno.EINVAL, said, str(path))
    return found.st_size


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file, of a larger one `most` bytes and one more.

    Raises OSError as `check_regular`, and what opening a file raises.
    """
    check_regular(path)
    with path.open("rb") as stream:
        return stream.read(most + 1)


def read_whole(path: Path, most: int) -> bytes:
    """The content of a regular file. Raises OSError as `read_regular`, and for a larger file, before it is read."""
    if check_regular(path) > most:
        raise OSError(errno.EFBIG, f"is larger than {most / 2**20:.0f} MB; a smaller file was expected", str(path))
    return read_regular(path, most)


def safe_name(text: str) -> str:
    """`text` as a file name: letters, digits, dot, dash and underscore; never empty, hidden, or a path."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")
    return name[:80] or "unnamed"


def for_terminal(text: str) -> str:
    """`text` with every control, bidirectional and other invisible format character shown as an escape."""
    # Nearly every text is printable, which leaves out all of these categories, and is known at once.
    return text if text.isprintable() else "".join(_visible(character) for character in text)


def one_line(text: object) -> str:
    """As `for_terminal`, in one line: line breaks and runs of blanks are one blank."""
    return for_terminal(" ".join(str(text).split()))


def _visible(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}:
        code = ord(character)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    return character


def for_json(text: str) -> str:
    """JSON in which the characters that `for_terminal` shows are written as JSON's own escapes: it means the same."""
    return text if text.isascii() else "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    """A line break stands between values, never within one: it stays."""
    return json.dumps(character)[1:-1] if _visible(character) != character and character != "\n" else character


def in_quotes(text: str) -> str:
    """`text` in double quotes, as YAML and JSON read it; backslash, quote and what does not print as escapes."""
    return f'"{"".join(map(_as_printed, text))}"'


def _as_printed(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    code = ord(character)
    return character if character.isprintable() else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def for_cell(text: str) -> str:
    """`text` for a CSV or spreadsheet cell: a leading formula character is preceded by an apostrophe.

    Source: OWASP, "CSV Injection". Line breaks become spaces, so that one row stays one line.
    """
    line = for_terminal(" ".join(text.splitlines()))
    return f"'{line}" if text.startswith(_FORMULA_STARTS) or line.startswith(_FORMULA_STARTS) else line
