"""Writing that cannot leave a half-written state, and text made safe for where it goes."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Mapping
from pathlib import Path

MANIFEST = "manifest.txt"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fs.h; renameat2(2)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class NotOurs(Exception):  # noqa: N818 - told to the user as it stands
    """The target folder holds files that no build has written; replacing it would lose them."""


def in_ascii(text: str) -> str:
    """A name in lower-case ASCII letters, digits and dashes, as ids are written; empty if nothing is left of it."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = re.sub(r"['’ʼ`]", "", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def write_file(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that an interruption leaves either the old file or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace `folder` by exactly `files` (relative POSIX name -> content) in one step.

    The new folder is written beside the old one and the two are exchanged (renameat2 on Linux, two renames
    elsewhere). Files in the old folder that its manifest does not list were put there by someone else: they
    are carried over. Raises NotOurs if the folder is not empty and has no manifest.
    """
    refuse_foreign_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _fill(staging, files)
        _carry_over(folder, staging)
        _exchange(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def refuse_foreign_folder(folder: Path) -> None:
    """Raise NotOurs if `folder` exists, is not empty, and was not written by an earlier build."""
    if folder.exists() and not folder.is_dir():
        raise NotOurs(f"{folder} is a file, not a folder; choose another --out")
    if folder.is_dir() and not (folder / MANIFEST).is_file() and any(folder.iterdir()):
        raise NotOurs(f"{folder} holds files that metaimt did not write; choose an empty or new folder with --out")


def _fill(staging: Path, files: Mapping[str, bytes]) -> None:
    listing = "".join(f"{name}\n" for name in sorted([*files, MANIFEST]))
    for name, content in [*sorted(files.items()), (MANIFEST, listing.encode())]:
        write_file(staging / name, content)
    for path in [staging, *staging.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


def _carry_over(old: Path, new: Path) -> None:
    if not old.is_dir():
        return
    ours = set((old / MANIFEST).read_text(encoding="utf-8").splitlines()) if any(old.iterdir()) else set()
    for path in sorted(old.rglob("*")):
        name = path.relative_to(old).as_posix()
        if (path.is_file() or path.is_symlink()) and name not in ours and not (new / name).exists():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, new / name, follow_symlinks=False)


def _exchange(new: Path, folder: Path) -> None:
    """Put `new` at `folder`; afterwards `new` holds what was there before, if anything."""
    if not folder.exists():
        new.rename(folder)
        return
    if sys.platform == "linux" and _renameat2(new, folder):
        return
    former = folder.with_name(f".{folder.name}.former")
    shutil.rmtree(former, ignore_errors=True)
    try:
        folder.rename(former)
        new.rename(folder)
    finally:
        if not folder.exists():
            former.rename(folder)
        shutil.rmtree(former, ignore_errors=True)


def _renameat2(new: Path, folder: Path) -> bool:
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    arguments = (_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(folder), _RENAME_EXCHANGE)
    return bool(call(*arguments) == 0)


def safe_name(text: str) -> str:
    """`text` as a file name: letters, digits, dot, dash and underscore; never empty, hidden, or a path."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")
    return name[:80] or "unnamed"


def for_terminal(text: str) -> str:
    """`text` with every control, bidirectional and other invisible format character shown as an escape."""
    # Nearly every text is printable, which leaves out all of these categories, and is known at once.
    return text if text.isprintable() else "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}:
        code = ord(character)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    return character


def for_cell(text: str) -> str:
    """`text` for a CSV or spreadsheet cell: a leading formula character is preceded by an apostrophe.

    Source: OWASP, "CSV Injection". Line breaks become spaces, so that one row stays one line.
    """
    line = for_terminal(" ".join(text.splitlines()))
    return f"'{line}" if text.startswith(_FORMULA_STARTS) or line.startswith(_FORMULA_STARTS) else line
