"""The answers of an interview that was stopped: a file beside the one that they are for, deleted once that is written.

It holds what was typed, not what it was read as: every answer is checked again when the interview goes on. Its name
begins with a dot, so that nothing else reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from metaimt.casefiles.strict_yaml import MAXIMUM_BYTES
from metaimt.curation.new_case import Draft, without_controls
from metaimt.files import read_whole, write_file
from metaimt.problem import WrongUse

FORMAT: Final = 1
_REPORT = {"id", "title", "authors", "journal", "year", "doi", "pmid", "pmcid", "url"}
_EXTRACTION = {"by", "date"}
_PARTS = ("report", "extraction", "answers")


@dataclass(frozen=True)
class Kept:
    """The draft that the interview began with, the answers so far by question as they came, and the whole file."""

    draft: Draft
    answers: Mapping[str, str]
    content: bytes


def kept_path(file: Path) -> Path:
    """Where the answers for a case file are kept: `.smith-2026.answers.json` beside `smith-2026.yaml`."""
    return file.with_name(f".{file.stem}.answers.json")


def keep(file: Path, draft: Draft, answers: Mapping[str, str], before: bytes | None) -> bytes | None:
    """Keep the answers for a case file in place of those `before`, None for none; what is kept now, as it is written.

    Raises WrongUse if others are kept by now: two interviews for one file would each lose what the other was told.
    """
    path = kept_path(file)
    if (read_whole(path, MAXIMUM_BYTES) if path.exists() else None) != before:
        raise WrongUse(f"{path} was changed meanwhile: another interview for {file.stem} runs; go on there")
    if not answers:
        path.unlink(missing_ok=True)
        return None
    told = {part: one_line(draft[part]) for part in ("report", "extraction")}
    content = (json.dumps({"format": FORMAT, **told, "answers": {**answers}}, indent=1) + "\n").encode()
    write_file(path, content)
    return content


def one_line(part: Draft) -> Draft:
    """The values of a part of a draft as they are kept, and stand in the file: each on one line."""
    return {name: without_controls(value) if isinstance(value, str) else value for name, value in part.items()}


def read_kept(file: Path) -> Kept | None:
    """What is kept for a case file; None if nothing is. Raises WrongUse, saying what to do, for what is damaged."""
    path = kept_path(file)
    if not path.exists():
        return None
    content = read_whole(path, MAXIMUM_BYTES)
    data = _data(path, content)
    if data.get("format") != FORMAT:
        raise _unusable(path, f"are of format {_short(data.get('format'))}, and this version reads format {FORMAT}")
    report, extraction, answers = (_texts(path, data, part) for part in _PARTS)
    if data.keys() != {"format", *_PARTS} or not report.keys() <= _REPORT or not extraction.keys() <= _EXTRACTION:
        raise _unusable(path, "hold something else than answers")
    if report.get("id") != file.stem:
        raise _unusable(path, f"are for another id, {_short(report.get('id'))}")
    return Kept({"report": report, "extraction": extraction}, answers, content)


def _data(path: Path, content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise _unusable(path, f"are damaged ({error})") from error
    if not isinstance(data, dict):
        raise _unusable(path, "are damaged (no fields)")
    return data


def _texts(path: Path, data: Mapping[str, Any], part: str) -> Draft:
    """A part whose values are lines of text, but for the year."""
    found = data.get(part)
    if not isinstance(found, dict):
        raise _unusable(path, f"are damaged (no {part})")
    for name, value in found.items():
        if (part, name) == ("report", "year") and type(value) is int:
            continue
        if not isinstance(value, str) or value != without_controls(value) or name != without_controls(name):
            raise _unusable(path, f"are damaged ({part}, {_short(name)}: {_short(value)} is no line of text)")
    return found


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _unusable(path: Path, why: str) -> WrongUse:
    said = f"the kept answers in {path} {why}; none of them is used"
    return WrongUse(f"{said}. Look whether you need them; to begin anew, delete that file")
