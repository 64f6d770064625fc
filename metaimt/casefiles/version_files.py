"""The files of cases/versions: their names and order, how they are written, and whether one was edited since.

A version file is one JSON text with sorted keys, indented by one, numbers to 10 significant digits; its `seal` holds a
SHA-256 of each section and one of them all, so that any changed byte of the text shows. Format 1 is the text itself;
format 2 is the text compressed with bzip2, whose files hold no date or name. What is sealed is the text: the same text
compressed by another program is the same version.
"""

from __future__ import annotations

import bz2
import errno
import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from metaimt.files import read_whole
from metaimt.problem import WrongUse

FORMATS = {".json": 1, ".json.bz2": 2}  # ending of the name -> the format of such a file
ENDING, FORMAT = list(FORMATS.items())[-1]  # what is written
FOLDER = "versions"
LARGEST = 256 * 1024**2  # bytes of the text; 10,000 reports take about a fifth
SMALL, TIMES = 16 * 1024**2, 200  # a compressed file gives at most SMALL, and TIMES its size; a usual one 8 times
_NAME = re.compile(r"([0-9]{4})\.([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a version file cannot be trusted: the rule, what is wrong, what to do, and the line it concerns."""

    rule: str
    message: str
    hint: str
    line: int = 1


def version_key(name: str) -> tuple[int, int] | None:
    """(year, number) of `2026.1`, by which versions are ordered; None if it is no version number."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), int(match[2])) if match else None


def version_files(cases: Path) -> list[Path]:
    """Every file of the versions folder that a version may be in, by name, also those that are named like none."""
    return sorted(path for ending in FORMATS for path in (cases / FOLDER).glob(f"*{ending}"))


def version_paths(cases: Path) -> dict[str, Path]:
    """Version -> its file, oldest first; files with other names are not among them. `fault_in` tells of a second."""
    named = {_version(path.name): path for path in version_files(cases) if version_key(_version(path.name))}
    return {name: named[name] for name in sorted(named, key=lambda name: version_key(name) or (0, 0))}


def _version(name: str) -> str:
    return name.removesuffix(_ending(name))


def _ending(name: str) -> str:
    return next(ending for ending in FORMATS if name.endswith(ending))


def canonical(data: Any) -> Any:
    """Lists, dicts, text and numbers as JSON keeps them: tuples as lists, floats to 10 significant digits."""
    if isinstance(data, Mapping):
        return {str(key): canonical(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [canonical(value) for value in data]
    if isinstance(data, float):
        rounded = float(f"{data:.10g}")  # of the largest floats: infinite
        return rounded if math.isfinite(rounded) else str(data)
    if isinstance(data, int) and not isinstance(data, bool):
        return int(data)
    return str(data) if isinstance(data, str) else data


def digest_of(data: Any) -> str:
    """SHA-256 of a value, whatever the order of its keys."""
    text = json.dumps(canonical(data), sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sealed(content: Mapping[str, Any]) -> bytes:
    """The bytes of a version file with this content, sealed; compressed unless it is of format 1.

    Raises WrongUse for a text so monotonous that it would be refused when it is read again.
    """
    text = _bytes({**content, "seal": _seal(content)})
    if content.get("format") == 1:
        return text
    stored = bz2.compress(text)
    if len(text) > _most(stored):
        raise WrongUse(f"the version would unpack to {len(text) / 2**20:.0f} MB, more than is read; shorten its files")
    return stored


def _most(stored: bytes) -> int:
    """Bytes to which a compressed version is unpacked at most."""
    return min(LARGEST, SMALL + TIMES * len(stored))


def _seal(content: Mapping[str, Any]) -> dict[str, Any]:
    sections = {name: digest_of(value) for name, value in content.items() if name != "seal"}
    return {"sections": sections, "all": digest_of(sections)}


def _bytes(data: Any) -> bytes:
    text = json.dumps(canonical(data), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", "surrogatepass")


def read_version(path: Path) -> dict[str, Any]:
    """The content of a version file. Raises WrongUse if anything is not as it was frozen, with what to do."""
    if fault := fault_in(path):
        raise WrongUse(f"{path.as_posix()}: {fault.message}; {fault.hint}")
    content: dict[str, Any] = _data(_text(path.name, read_whole(path, LARGEST)))
    return content


def fault_in(path: Path) -> Fault | None:
    """What is wrong with a version file: its name, or any byte that is not as it was frozen. None: it is whole."""
    if fault := _misnamed(path):
        return fault
    try:
        return _fault(path.name, read_whole(path, LARGEST))
    except OSError as error:
        return Fault("version-edited", f"cannot be read: {error.strerror or error}", _restore(path.name))


@lru_cache(maxsize=4)
def _fault(name: str, stored: bytes) -> Fault | None:
    """What is wrong with a file of that name; kept, since the checks and the news of a build ask for the same one.

    Raises OSError for what is damaged, and for what unpacks to a flood.
    """
    text, restore = _text(name, stored), _restore(name)
    try:
        data = _data(text)
    except ValueError as error:
        line = _shown(name, getattr(error, "lineno", 1))
        return Fault("version-edited", "is not the JSON that was frozen", restore, line)
    except RecursionError:
        return Fault("version-edited", "is nested too deep to be what was frozen", restore)
    if not isinstance(data, dict) or not isinstance(data.get("seal"), dict):
        return Fault("version-edited", "has no seal: metaimt did not write it like this", restore)
    return _edited(name, text, data, f"{restore}, and freeze changes anew")


def _restore(name: str) -> str:
    return f"restore it from git: git checkout -- versions/{name} in the review's folder"


def _data(text: bytes) -> Any:
    return json.loads(text.decode("utf-8"), parse_float=_finite, parse_constant=_finite)


def _misnamed(path: Path) -> Fault | None:
    name = _version(path.name)
    if version_key(name) is None:
        hint = f"metaimt snapshot names them YEAR.N{ENDING}; move other files out of this folder"
        return Fault("version-name", f"'{path.name}' is not named after a version, such as 2026.1{ENDING}", hint)
    second = next(name + ending for ending in FORMATS if ending != _ending(path.name))
    if path.with_name(second).exists():
        said = f"{path.name} and {second} are two files of version {name}, which has one"
        return Fault("version-name", said, "keep the one that was published and delete the other")
    return None


def _text(name: str, stored: bytes) -> bytes:
    """The JSON text of a version file. Raises OSError for a damaged one, and for one that unpacks to a flood."""
    if _ending(name) == ".json":
        return stored
    unpacking, most = bz2.BZ2Decompressor(), _most(stored)
    try:
        text = unpacking.decompress(stored, most + 1)
    except (OSError, ValueError):
        raise OSError(errno.EINVAL, "it is damaged, or was not compressed by bzip2", name) from None
    if len(text) > most:
        raise OSError(errno.EFBIG, f"it unpacks to more than {most / 2**20:.0f} MB", name)
    if not unpacking.eof or unpacking.unused_data:
        said = "something stands behind its end" if unpacking.eof else "it is cut short"
        raise OSError(errno.EINVAL, said, name)
    return text


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def _edited(name: str, text: bytes, data: Mapping[str, Any], restore: str) -> Fault | None:
    if data.get("format") != FORMATS[_ending(name)]:
        known = ", ".join(f"{number} in {ending} files" for ending, number in FORMATS.items())
        said = f"its format is {data.get('format')!r}; this metaimt reads {known}"
        return Fault("version-edited", said, "use a metaimt that reads this format, or restore the file from git")
    if edited := edited_sections(data):
        line = _shown(name, _line_of(text, edited[0]))
        return Fault("version-edited", f"edited since it was frozen: {', '.join(edited)}", restore, line)
    if _bytes(data) != text:
        return Fault("version-edited", "edited since it was frozen: not the bytes that were written", restore)
    if data.get("version") != _version(name):
        return Fault("version-edited", f"holds version {data.get('version')!r} under another name", restore)
    return None


def _shown(name: str, line: int) -> int:
    """A line of the text, where the file is the text; a compressed file has no lines."""
    return line if _ending(name) == ".json" else 1


def edited_sections(data: Mapping[str, Any]) -> list[str]:
    """The sections of a version that are not as they were frozen, by their seals; `seal` if the seal itself is not."""
    seal = data["seal"]
    frozen = seal.get("sections")
    if not isinstance(frozen, dict) or seal.get("all") != digest_of(frozen):
        return ["seal"]
    names = sorted({*data, *frozen} - {"seal"})
    return [name for name in names if name not in data or name not in frozen or digest_of(data[name]) != frozen[name]]


def _line_of(content: bytes, section: str) -> int:
    before, found, _ = content.partition(f'\n "{section}":'.encode("utf-8", "surrogatepass"))
    return before.count(b"\n") + 2 if found else 1
