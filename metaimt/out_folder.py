"""The folder that a command writes: replaced in one step, and nothing in it is lost that the command did not write.

What was written is known by its digest: in the manifest, which is committed with the outputs, and in a record of this
machine's last write, which is not and has the binary files too.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from metaimt.files import mode_of, write_file

MANIFEST, RECORD = "manifest.txt", ".metaimt-written"
BINARY = (".docx", ".xlsx", ".png")  # not committed with the other outputs, so not in the manifest
_HEAD = "# Written by metaimt: sha256 and name of each file."
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_PAGE = (b'http-equiv="Content-Security-Policy" content="default-src', b"metaimt")
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fs.h; renameat2(2)
_LARGEST = 10_000_000  # bytes of a manifest


class NotOurs(Exception):  # noqa: N818 - told to the user as it stands
    """The target folder holds what no command of metaimt has written; replacing it would lose it."""


def refuse_foreign_folder(folder: Path) -> None:
    """Raise NotOurs if `folder` exists, is not empty, and was not written by an earlier command; or cannot be."""
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise NotOurs(f"{folder} is a file, not a folder; choose another --out")
    if folder.is_dir() and any(folder.iterdir()) and _written(folder) is None:
        raise NotOurs(f"{folder} holds files that metaimt did not write; choose an empty or new folder with --out")
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise NotOurs(f"{there} cannot be written to; check its rights, or choose another --out")


def write_folder(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Replace what was written to `folder` by exactly `files` (relative POSIX name -> content), in one step.

    The new folder is made beside the old one and the two are exchanged (renameat2 on Linux, two renames elsewhere); a
    mount point is filled in place, file by file. A symbolic link is followed. What someone else put there stays; what
    he changed of ours, or has under a name that is ours now, is kept as NAME.kept: these names are returned.
    Raises NotOurs as `refuse_foreign_folder`.
    """
    folder = folder.resolve()
    refuse_foreign_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    committed = {name: content for name, content in files.items() if not name.endswith(BINARY)}
    new = {**files, MANIFEST: _listing(committed), RECORD: _listing(files)}
    if folder.is_mount() or not os.access(folder.parent, os.W_OK):
        return _fill_in_place(folder, new)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.{os.getpid()}.", dir=folder.parent))
    try:
        _fill(staging, new, mode_of(folder, 0o777))
        kept = tuple(_carry_over(folder, staging))
        _exchange(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return kept


def changed_since_written(folder: Path) -> list[str]:
    """The files of the manifest that are not as metaimt wrote them, sorted; the manifest itself if there is none."""
    written = _written(folder) if folder.is_dir() else None
    if written is None or not (folder / MANIFEST).is_file():
        return [MANIFEST]
    names = [name for name, digests in written.items() if "*" not in digests and not name.endswith(BINARY)]
    return sorted(
        name for name in names if not (folder / name).is_file() or _digest(folder / name) not in written[name]
    )


def _listing(files: Mapping[str, bytes]) -> bytes:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in sorted(files.items())]
    return "\n".join([_HEAD, *lines, ""]).encode()


def _written(folder: Path) -> dict[str, set[str]] | None:
    """Name -> the digests under which metaimt wrote it, any digest as `*`; None if the folder is not metaimt's.

    A manifest of before (names alone) is believed once, beside a page that metaimt wrote.
    """
    found: dict[str, set[str]] = {MANIFEST: {"*"}, RECORD: {"*"}}
    known = False
    for name in (MANIFEST, RECORD):
        path = folder / name
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            continue
        head, *lines = path.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
        matches = [match for line in lines if (match := _LINE.fullmatch(line))]
        if head == _HEAD and len(matches) == len(lines):
            known = True
            for match in matches:
                found.setdefault(match[2], set()).add(match[1])
        elif name == MANIFEST and MANIFEST in (head, *lines) and _is_page(folder / "index.html"):
            known = True
            for line in (head, *lines):
                found.setdefault(line, set()).add("*")
    return found if known else None


def _is_page(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size > 20 * _LARGEST:
        return False
    page = path.read_bytes()
    return all(mark in page for mark in _PAGE)


def _fill(staging: Path, files: Mapping[str, bytes], mode: int) -> None:
    for name, content in sorted(files.items()):
        write_file(staging / name, content)
    usual = mode_of(staging / "nothing", 0o777)
    for path in staging.rglob("*"):
        if path.is_dir():
            path.chmod(usual)
    staging.chmod(mode)


def _carry_over(old: Path, new: Path) -> Iterator[str]:
    """Copy what is not ours from the old folder to the new; what stands in the way of a new file becomes NAME.kept."""
    if not old.is_dir():
        return
    for path, name, ours in _each(old):
        if path.is_dir() and not path.is_symlink():
            if not ours and not (new / name).exists():
                (new / name).mkdir(parents=True)
                shutil.copystat(path, new / name)
            continue
        if ours:
            if (new / name).exists():
                (new / name).chmod(stat.S_IMODE(path.stat().st_mode))
            continue
        target = _free(new, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
        if target != new / name:
            yield target.relative_to(new).as_posix()


def _each(folder: Path) -> Iterator[tuple[Path, str, bool]]:
    """Everything in a folder, with its name and whether metaimt wrote it as it is; folders that held only that too."""
    written = _written(folder) or {}
    made = {parent.as_posix() for name in written for parent in Path(name).parents}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() and not path.is_symlink():
            yield path, name, name in made
        elif path.is_symlink() or not path.is_file():
            yield path, name, False
        else:
            digests = written.get(name, set())
            yield path, name, "*" in digests or (bool(digests) and _digest(path) in digests)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _free(folder: Path, name: str) -> Path:
    """The place of a file that is not ours: its own, or NAME.kept, NAME.kept2 ... where one of ours stands there."""
    place, number = folder / name, 1
    while place.exists() or place.is_symlink():
        place = folder / f"{name}.kept{'' if number == 1 else number}"
        number += 1
    return place


def _fill_in_place(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write file by file, each in one step, the manifest last; then take away what is no longer written."""
    before = list(_each(folder)) if folder.is_dir() else []
    kept = []
    for path, name, ours in before:
        if not ours and name in files and not (path.is_dir() and not path.is_symlink()):
            place = _free(folder, name)
            shutil.copy2(path, place, follow_symlinks=False)
            kept.append(place.relative_to(folder).as_posix())
    for name in sorted(files, key=lambda name: (name in {MANIFEST, RECORD}, name)):
        write_file(folder / name, files[name])
    for path, name, ours in before:
        if ours and path.is_file() and name not in files:
            path.unlink()
    return tuple(kept)


def _sweep(folder: Path) -> None:
    """Remove what killed writes left beside the folder: staging folders of processes that are gone."""
    pattern = re.compile(rf"\.{re.escape(folder.name)}\.(\d+)\.[a-z0-9_]{{8}}")
    for path in folder.parent.glob(f".{folder.name.replace('[', '[[]')}.*"):
        match = pattern.fullmatch(path.name)
        if match and path.is_dir() and not path.is_symlink() and not _runs(int(match[1])):
            shutil.rmtree(path, ignore_errors=True)


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True  # nothing harmless can be asked there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


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
    except PermissionError as error:
        place = _in_use(folder) or folder
        raise NotOurs(f"{place} is open in another program: close it there; nothing was changed") from error
    finally:
        if not folder.exists() and former.exists():
            former.rename(folder)
        shutil.rmtree(former, ignore_errors=True)


def _in_use(folder: Path) -> Path | None:
    """The first file that another program does not let us write; Windows refuses to move a folder with one."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            try:
                with path.open("r+b"):
                    pass
            except PermissionError:
                return path
    return None


def _renameat2(new: Path, folder: Path) -> bool:
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if call is None:
        return False
    arguments = (_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(folder), _RENAME_EXCHANGE)
    return bool(call(*arguments) == 0)
