"""The files of cases/versions: their names and order, how they are written, and whether one was edited since.

A version file is one JSON text with sorted keys, indented by one, numbers to 10 significant digits; its `seal` holds a
SHA-256 of each section and one of them all, so that any changed byte shows.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metaimt.files import read_whole
from metaimt.problem import WrongUse

FORMAT = 1
FOLDER = "versions"
LARGEST = 256 * 1024**2  # bytes; 10,000 reports take about a fifth
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


def version_paths(cases: Path) -> dict[str, Path]:
    """Version -> its file, oldest first; files with other names are not among them."""
    named = {path.stem: path for path in (cases / FOLDER).glob("*.json") if version_key(path.stem)}
    return {name: named[name] for name in sorted(named, key=lambda name: version_key(name) or (0, 0))}


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
    """The bytes of a version file with this content, sealed."""
    return _bytes({**content, "seal": _seal(content)})


def _seal(content: Mapping[str, Any]) -> dict[str, Any]:
    sections = {name: digest_of(value) for name, value in content.items() if name != "seal"}
    return {"sections": sections, "all": digest_of(sections)}


def _bytes(data: Any) -> bytes:
    text = json.dumps(canonical(data), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode("utf-8", "surrogatepass")


def read_version(path: Path) -> dict[str, Any]:
    """The content of a version file, edited or not. Raises WrongUse if it is none; see `fault_in` for edits."""
    data, fault = _parsed(path.stem, read_whole(path, LARGEST))
    if fault is not None:
        raise WrongUse(f"{path.as_posix()}: {fault.message}; {fault.hint}")
    return data


def _parsed(name: str, content: bytes) -> tuple[dict[str, Any], Fault | None]:
    restore = f"restore it as it was frozen, from git: git checkout -- versions/{name}.json in the review's folder"
    try:
        data = json.loads(content.decode("utf-8"), parse_float=_finite, parse_constant=_finite)
    except ValueError as error:
        return {}, Fault("version-edited", "is not the JSON that was frozen", restore, getattr(error, "lineno", 1))
    except RecursionError:
        return {}, Fault("version-edited", "is nested too deep to be what was frozen", restore)
    if not isinstance(data, dict) or not isinstance(data.get("seal"), dict):
        return {}, Fault("version-edited", "has no seal: metaimt did not write it like this", restore)
    if data.get("format") != FORMAT:
        known = f"its format is {data.get('format')!r}; this metaimt reads format {FORMAT}"
        return {}, Fault("version-edited", known, "use a metaimt that writes this format, or restore the file from git")
    return data, None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


def fault_in(path: Path) -> Fault | None:
    """What is wrong with a version file: its name, or any byte that is not as it was frozen. None: it is whole."""
    try:
        content = read_whole(path, LARGEST)
    except OSError as error:
        return Fault("version-edited", f"cannot be read: {error.strerror or error}", "restore it from git")
    if version_key(path.stem) is None:
        hint = "metaimt snapshot names them YEAR.N.json; move other files out of this folder"
        return Fault("version-name", f"'{path.name}' is not named after a version, such as 2026.1.json", hint)
    return _edited(path, content)


def _edited(path: Path, content: bytes) -> Fault | None:
    data, fault = _parsed(path.stem, content)
    if fault is not None:
        return fault
    restore = f"restore it, git checkout -- versions/{path.name} in the review's folder, and freeze changes anew"
    edited = edited_sections(data)
    if edited:
        line = _line_of(content, edited[0])
        return Fault("version-edited", f"edited since it was frozen: {', '.join(edited)}", restore, line)
    if _bytes(data) != content:
        return Fault("version-edited", "edited since it was frozen: not the bytes that were written", restore)
    if data.get("version") != path.stem:
        return Fault("version-edited", f"holds version {data.get('version')!r} under another name", restore)
    return None


def edited_sections(data: Mapping[str, Any]) -> list[str]:
    """The sections of a version that are not as they were frozen, by their seals; `seal` if the seal itself is not."""
    seal = data["seal"]
    frozen = seal.get("sections")
    if not isinstance(frozen, dict) or seal.get("all") != digest_of(frozen):
        return ["seal"]
    return list(_differing(data, frozen))


def _differing(data: Mapping[str, Any], frozen: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*data, *frozen} - {"seal"}):
        if name not in data or name not in frozen or digest_of(data[name]) != frozen[name]:
            yield name


def _line_of(content: bytes, section: str) -> int:
    before, found, _ = content.partition(f'\n "{section}":'.encode("utf-8", "surrogatepass"))
    return before.count(b"\n") + 2 if found else 1
