"""A made-up review that can be frozen and changed, with the tools for it: nobody in it exists."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from conftest import MakeReview, arm, course, patient, report

from metaimt.casefiles.library import read_library
from metaimt.files import write_file
from metaimt.out_folder import write_folder
from metaimt.report.dictionary import PACKAGE, data_package
from metaimt.review import snapshot
from metaimt.versions.stored import state_digest

Git = Callable[..., str]


def write(folder: Path, entry: dict[str, Any]) -> Path:
    """Write a made-up case file into the review."""
    path = folder / "literature" / f"{entry['report']['id']}.yaml"
    path.write_text(f"# Made up.\n{yaml.safe_dump(entry, sort_keys=False)}", encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that must be there once or more."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes, but not what git keeps."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def small_review(make_review: MakeReview) -> Path:
    """Four made-up reports: two single cases, a case with two courses, a trial of twelve."""
    return make_review(
        report("example-a", patient(course("PR"))),
        report("example-b", patient(course("SD", response_basis="inferred", response_alternatives=["PR"]))),
        report("example-c", patient(course("CR"), course("PD", drug="alectinib"), id="P1", age=30)),
        report("example-d", arms=[arm(8, 12)], design="trial"),
    )


def frozen(folder: Path) -> Path:
    """The review with 2026.1 frozen. Equal reviews have equal version files, so that each is computed once."""
    whole = tuple(contents(folder).items())
    if whole not in _FROZEN:
        path, _ = snapshot("2026.1", folder)
        _FROZEN[whole] = path.read_bytes()
    write_file(folder / "versions" / "2026.1.json.bz2", _FROZEN[whole])
    return folder


_FROZEN: dict[tuple[tuple[str, bytes], ...], bytes] = {}


def repository(folder: Path) -> Git:
    """A function that runs git in a new repository in a folder, of which everything is committed on main."""
    names = {f"GIT_{role}_{part}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    environment = {**os.environ, **names, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def run(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("init", "--quiet", "--initial-branch=main")
    run("add", "--all")
    run("commit", "--quiet", "--message", "made up")
    return run


def built(folder: Path) -> None:
    """Outputs that hold only what tells of which files they are."""
    library = read_library(folder)
    assert library.protocol is not None
    package = data_package(library.protocol, {}, state_digest(library))
    write_folder(folder.parent / "outputs", {PACKAGE: package.encode(), "index.html": b"made up"})
