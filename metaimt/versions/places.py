"""Where a state of the review is found: a frozen version, a folder, or a git revision; as texts by file name.

Git is asked for objects only: nothing is checked out, no ref, index or file of the repository changes.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from metaimt.casefiles.library import Library
from metaimt.casefiles.second_reading import is_second_reading
from metaimt.casefiles.strict_yaml import MAXIMUM_BYTES
from metaimt.casefiles.version_files import version_key
from metaimt.files import for_terminal, text_of
from metaimt.problem import WrongUse
from metaimt.versions.side import texts_of
from metaimt.versions.stored import Stored, is_review_file, read_stored, stored_versions

WORKING_TREE = "the working tree"


@dataclass(frozen=True)
class Place:
    """A state by name: a folder to read where it is, else texts to unpack first; `stored` if it is a frozen version."""

    name: str
    folder: Path | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    stored: Stored | None = None


def find(wanted: str, cases: Path) -> Place:
    """A version of `cases`, a folder, or a git revision of `cases`, in that order. Raises WrongUse."""
    if version_key(wanted) is not None and (wanted in stored_versions(cases) or not Path(wanted).is_dir()):
        stored = read_stored(cases, wanted)
        return Place(wanted, texts=stored.texts, stored=stored)
    if wanted and Path(wanted).is_dir():
        return Place(_folder_name(wanted), folder=Path(wanted))
    return _revision(wanted, cases)


def newest(cases: Path) -> Place | None:
    """The newest frozen version; None before the first."""
    versions = stored_versions(cases)
    return find(versions[-1], cases) if versions else None


def changed_in(library: Library) -> Callable[[str], bool]:
    """Whether a file, or folder, of a review is new or changed against git HEAD; else against the newest version.

    Names are those that problems have. Raises WrongUse where there is neither a commit nor a version.
    """
    cases, texts = library.folder, texts_of(library)
    if _has_commit(cases):
        listings = (("diff", "--name-only", "--relative", "-z", "HEAD"), ("ls-files", "--others", "-z"))
        names = {name for words in listings for name in _names(_git(cases, *words, "--", "."))}
        changed = {
            (cases / Path(*parts[:k])).as_posix()
            for parts in (Path(n).parts for n in names)
            for k in range(1, len(parts) + 1)
        }
        stems = {Path(name).stem for name in changed if name.endswith((".yaml", ".yml"))}
        return lambda name: name in changed or _second_of(name) in stems
    if (version := newest(cases)) is None:
        said = "--changed compares with the last commit of git, or with the newest frozen version"
        raise WrongUse(f"{said}; {cases.as_posix()} has neither (git commit, or metaimt snapshot YEAR.N)")
    same = {(cases / name).as_posix() for name, text in version.texts.items() if texts.get(name) == text}
    known = {Path(name).stem for name in same if not _second_of(name)}
    return lambda name: name not in same or _second_of(name) not in {"", *known}


def _second_of(name: str) -> str:
    """The report that a second reading is of: its warnings follow from an edit of the case file too."""
    return Path(name).stem if is_second_reading(name) else ""


def _has_commit(cases: Path) -> bool:
    try:
        return _git(cases, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode == 0
    except WrongUse:  # git is not installed: nothing is lost if there is a version to compare with
        return False


def _names(listing: subprocess.CompletedProcess[bytes]) -> Iterator[str]:
    if listing.returncode != 0:
        raise WrongUse(f"git cannot list the changed files: {_said(listing)}")
    yield from (os.fsdecode(name) for name in listing.stdout.split(b"\x00") if name)


def _folder_name(wanted: str) -> str:
    """The folder as typed; of an absolute path its last part only, which does not tell whose machine it is."""
    return Path(wanted).name if Path(wanted).is_absolute() else Path(wanted).as_posix()


def _revision(wanted: str, cases: Path) -> Place:
    commit = _commit(wanted, cases)
    texts = {name: _text(name, content, wanted) for name, content in _files(commit, cases)}
    if "review.yaml" not in texts:
        raise WrongUse(
            f"git revision '{wanted}' has no review in {_folder_name(cases.as_posix())}: no review.yaml there"
        )
    return Place(f"{wanted} ({commit[:10]})" if not commit.startswith(wanted) else commit[:10], texts=texts)


def _commit(wanted: str, cases: Path) -> str:
    versions = stored_versions(cases)
    known = f"the versions are {', '.join(versions)}" if versions else "no version is frozen yet"
    said = f"'{wanted}' is no version ({known}), no folder"
    if not wanted or wanted.startswith("-") or "\x00" in wanted:
        raise WrongUse(f"{said}, and no name of a git revision")
    done = _git(cases, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.decode().strip()
    inside = _git(cases, "rev-parse", "--is-inside-work-tree")
    if inside.returncode != 0:
        raise WrongUse(f"{said}, and {_folder_name(cases.as_posix())} is in no git repository")
    raise WrongUse(f"{said}, and no git revision; git log --oneline lists them")


def _files(commit: str, cases: Path) -> Iterator[tuple[str, bytes]]:
    """The YAML files of the review's folder at a commit, with their content."""
    listing = _git(cases, "ls-tree", "-r", "-z", commit, "--", ".")
    if listing.returncode != 0:
        raise WrongUse(f"git cannot list the files of {commit[:10]}: {_said(listing)}")
    for entry in filter(None, listing.stdout.split(b"\x00")):
        about, _, name = entry.partition(b"\t")
        mode, kind, blob = about.decode().split()
        path = name.decode("utf-8", "replace")
        if kind == "blob" and mode != "120000" and is_review_file(path):
            content = _git(cases, "cat-file", "blob", blob)
            if content.returncode != 0:
                raise WrongUse(f"git cannot read {path} of {commit[:10]}: {_said(content)}")
            yield path, content.stdout


def _text(name: str, content: bytes, wanted: str) -> str:
    if len(content) > MAXIMUM_BYTES:
        raise WrongUse(
            f"{name} of git revision '{wanted}' has {len(content):,} bytes; at most {MAXIMUM_BYTES:,} are read"
        )
    try:
        return text_of(content)
    except UnicodeDecodeError:
        raise WrongUse(f"{name} of git revision '{wanted}' is not UTF-8 text") from None


def _git(cases: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(cases), *words]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise WrongUse("git is not installed; compare versions or folders, or install git") from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return for_terminal(done.stderr.decode("utf-8", "replace").strip()) or "it does not say why"
