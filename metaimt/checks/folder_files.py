"""Files below the folder of a review that nothing reads: a case in the wrong place must not be missing in silence.

What looks like a case file, a shared file or a folder of them is an error; any other file is a warning, and so is what
an editor or system left beside a YAML file. Other hidden files and notes (.md, .txt) are no part of a review.

Rules on cases/versions: a frozen version is written by command and never edited.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from metaimt.casefiles.cohort_mapping import SUFFIX
from metaimt.casefiles.library import CASE_FOLDERS, LEFT_BEHIND, SHARED_FILES, Library
from metaimt.casefiles.records import SCREENING
from metaimt.casefiles.second_reading import FOLDER as SECOND_READINGS
from metaimt.casefiles.strict_yaml import problem_in
from metaimt.casefiles.version_files import FOLDER as VERSIONS
from metaimt.casefiles.version_files import FORMATS, LARGEST, Fault, fault_in, version_files
from metaimt.files import in_ascii, read_regular, read_whole
from metaimt.out_folder import MANIFEST
from metaimt.problem import Position, Problem


def problems_of_versions(cases: Path) -> list[Problem]:
    """Every file of the versions folder that was edited since it was frozen, or is named like no version."""
    return [_problem(path, fault) for path in version_files(cases) if (fault := fault_in(path)) is not None]


def _problem(path: Path, fault: Fault) -> Problem:
    place, name = Position(fault.line, 1), path.as_posix()
    try:  # a compressed file has no line to show
        text = read_whole(path, LARGEST).decode("utf-8", "replace") if path.suffix == ".json" else ""
    except OSError:  # which is the fault itself
        text = ""
    if fault.rule == "version-name":
        return problem_in(name, text, place, "version-name", fault.message, fault.hint)
    return problem_in(name, text, place, "version-edited", fault.message, fault.hint)


READ_FOLDERS = (*CASE_FOLDERS, SECOND_READINGS, VERSIONS, SCREENING)
_YAML = re.compile(r"(?P<stem>.+?)\.ya?ml(?P<more>[.~ _-].*)?", re.IGNORECASE)  # also smith.yaml.txt
_CASE = re.compile(rb"""^(?:report|patients|arms)[ \t]*:|^[ \t{]*"(?:report|patients|arms)"[ \t]*:""", re.MULTILINE)
_COPIES = (".bak", ".old", ".orig", ".copy")
_NOTES = {".md", ".txt", ".rst", ""}
_TABLES = {".csv", ".tsv", ".xlsx"}
_LOOKED_AT = 4096  # bytes of a note, in which a case file shows by its fields


def problems_of_files(library: Library) -> Iterator[Problem]:
    """Each file, or misnamed folder, of the review that nothing reads, with what to do."""
    read = {os.path.normpath(name) for name in (*library.documents, *_named_files(library))}
    for path in _paths(library.folder):
        if os.path.normpath(path) not in read:
            yield from _unread(library.folder, path)


def _named_files(library: Library) -> Iterator[str]:
    """The tables that case files name, and how they are read."""
    for name in library.case_file_names:
        data = library.documents[name].data
        table = data.get("table") if isinstance(data, dict) else None
        if isinstance(table, str):
            mapping = data.get("mapping") or f"{Path(table).stem}{SUFFIX}"
            for file in (table, str(mapping)):
                yield (Path(name).parent / Path(file).name).as_posix()  # where it belongs, whatever is written


def _paths(folder: Path) -> Iterator[Path]:
    """Files, and folders that are named almost as one that is read, or are links: what is in these is not looked at."""
    for at, folders, files in os.walk(folder):
        here = Path(at)
        entered = []
        for name in sorted(folders):
            path = here / name
            if LEFT_BEHIND.fullmatch(name) or (path / MANIFEST).is_file():  # what metaimt build wrote
                continue
            if path.parent == folder and name in READ_FOLDERS:
                entered.append(name)
            elif path.is_symlink() or (path.parent == folder and _meant(name, READ_FOLDERS)):
                yield path
            else:
                entered.append(name)
        folders[:] = entered
        yield from (
            here / name for name in sorted(files) if not LEFT_BEHIND.fullmatch(name) or _beside(here == folder, name)
        )


def _beside(at_root: bool, name: str) -> bool:
    """Whether what an editor or system left, or hides, stands for a YAML file; settings are hidden at the root."""
    hidden = name.startswith(".") and not name.startswith((".#", "._"))
    return ".yaml" in name.lower() and not (at_root and hidden)


def _unread(folder: Path, path: Path) -> Iterator[Problem]:
    parts = path.relative_to(folder).parts
    if path.is_dir():
        yield from _unread_folder(folder, path)
    elif LEFT_BEHIND.fullmatch(path.name):
        hint = "close or save the file in the editor that is open, or delete this one"
        yield _other(path, "left by an editor or system beside the file itself; it is not read", hint)
    elif (parts[:-1] == (VERSIONS,) and path.name.endswith(tuple(FORMATS))) or parts == ("case.schema.json",):
        return  # versions are looked at by problems_of_versions
    elif (match := _YAML.fullmatch(path.name)) and not path.name.endswith(SUFFIX):
        yield _unread_yaml(folder, path, match)
    elif path.suffix.lower() in _NOTES or (path.suffix.lower() == ".json" and _holds_a_case(path)):
        if _holds_a_case(path):
            yield _case(path, "holds a case, but is no YAML file", f"rename it to {_home(folder, path, path.stem)}")
    elif path.suffix.lower() in _TABLES or path.name.endswith(SUFFIX):
        hint = "write table: and its name into the case file beside it, or move it out of the review"
        yield _other(path, "no case file names this table", hint)
    else:
        yield _other(path, "nothing reads this file", "move it out of the review; notes may stay as .md or .txt")


def _unread_folder(folder: Path, path: Path) -> Iterator[Problem]:
    inside = [file for file in sorted(path.rglob("*")) if file.is_file() and not LEFT_BEHIND.fullmatch(file.name)]
    if path.is_symlink():
        yield _other(path, "a link to a folder is not followed", "put the folder itself here, or delete the link")
    elif inside:
        meant = (folder / _meant(path.name, READ_FOLDERS)).as_posix()
        hint = f"move them to {meant}" if Path(meant).exists() else f"rename the folder to {meant}"
        first = inside[0].relative_to(path).as_posix()
        number = f"its {len(inside)} files are" if len(inside) > 1 else "its file is"
        yield _case(path, f"{number} not read ({first}{' and others' if inside[1:] else ''})", hint)


def _unread_yaml(folder: Path, path: Path, match: re.Match[str]) -> Problem:
    stem, more = match["stem"], match["more"] or ""
    original = path.with_name(path.name[: len(path.name) - len(more)])
    if more.lower().startswith(_COPIES) and original.exists():
        return _other(path, f"a copy of {original.name}, which is not read", "delete it")
    if not _holds_a_case(path) and (shared := _meant(stem, SHARED_FILES)):
        right = (folder / shared).as_posix()
        hint = f"put what it says into {right} and delete it" if Path(right).exists() else f"rename it to {right}"
        return _case(path, f"is not read; the shared file is {shared}", hint)
    home = _home(folder, path, stem)
    if Path(home).exists():
        second = (folder / SECOND_READINGS / Path(home).name).as_posix()
        hint = f"{home} is there already: move it to {second} if it is a second reading, else compare and delete one"
        return _case(path, "is not read", hint)
    verb = "rename" if Path(home).parent == path.parent else "move"
    return _case(path, "is not read: it is no case file in this place and of this name", f"{verb} it to {home}")


def _home(folder: Path, path: Path, stem: str) -> str:
    """Where a case, or second reading, of this name would be read."""
    first = path.relative_to(folder).parts[0]
    kind = first if first in {*CASE_FOLDERS, SECOND_READINGS} else CASE_FOLDERS[0]
    return (folder / kind / f"{in_ascii(stem) or 'author-year'}.yaml").as_posix()


def _meant(name: str, read: Iterable[str]) -> str:
    """Which of the names that are read is nearly this one; '' if none is."""
    plain = {in_ascii(Path(each).stem): each for each in read}
    close = difflib.get_close_matches(in_ascii(name), plain, n=1, cutoff=0.8)
    return plain[close[0]] if close else ""


def _holds_a_case(path: Path) -> bool:
    try:
        return _CASE.search(read_regular(path, _LOOKED_AT)) is not None
    except OSError:  # a pipe, a link that leads nowhere, no right to read: it is named all the same
        return False


def _case(path: Path, message: str, hint: str) -> Problem:
    return Problem(path.as_posix(), Position(1, 1), "unread-case", "error", message, hint)


def _other(path: Path, message: str, hint: str) -> Problem:
    return Problem(path.as_posix(), Position(1, 1), "unread-file", "warning", message, hint)
