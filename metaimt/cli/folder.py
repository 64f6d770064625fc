"""The folder of the review, named in one way by every command, and what of it a shell completes.

`--cases FOLDER` names it. Without that it is `cases` here or in a folder above, as git finds its own. Commands that
took the folder as a word of its own still do, unshown, through version 0.2.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from metaimt.files import found_folder
from metaimt.problem import WrongUse

_LITERATURE: Final = "literature"

Cases = Annotated[
    Path | None,
    typer.Option("--cases", metavar="FOLDER", help="Folder of the review; default: cases, here or in a folder above."),
]
Former = Annotated[Path | None, typer.Argument(metavar="CASES", hidden=True)]
"""The folder as it was named before --cases: not shown, and gone after version 0.2."""


def folder_of(cases: Path | None, former: Path | None = None) -> Path:
    """The folder that was named, else the one that is found. Raises WrongUse if it was named twice."""
    if cases is not None and former is not None:
        raise WrongUse(f"--cases names the folder of the review; leave out {former}")
    return cases or former or found_folder()


def beside(folder: Path, name: str, *, named: bool) -> Path:
    """Where a command writes: `name` here if the review was named, else beside the review that was found."""
    if named:
        return Path(name)
    return Path(os.path.relpath(in_full(folder).parent / name))


def in_full(path: Path) -> Path:
    """The path from the root, without `..`; no link is followed."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() follows links


def complete_reports(context: typer.Context, incomplete: str) -> Iterator[str]:
    """The ids of reports that begin so: the names of their files, none of which is read."""
    folder = _asked(context)
    names = {path.stem for kind in (_LITERATURE, "local") for path in (folder / kind).glob("*.yaml")}
    yield from sorted(name for name in names if name.startswith(incomplete))


def complete_versions(context: typer.Context, incomplete: str) -> Iterator[str]:
    """The frozen versions that begin so, the newest first."""
    from metaimt.casefiles.version_files import version_paths

    yield from (name for name in reversed(version_paths(_asked(context))) if name.startswith(incomplete))


def complete_figures(context: typer.Context, incomplete: str) -> Iterator[str]:
    """The figures that begin so."""
    from metaimt.casefiles.library import read_protocol
    from metaimt.figures.registry import figure_names

    protocol = read_protocol(_asked(context))
    yield from (name for name in figure_names(protocol) if name.startswith(incomplete)) if protocol else ()


def complete_pools(context: typer.Context, incomplete: str) -> Iterator[str]:
    """The pools of the protocol that begin so."""
    from metaimt.casefiles.library import read_protocol

    protocol = read_protocol(_asked(context))
    yield from (name for name in protocol.pools if name.startswith(incomplete)) if protocol else ()


def complete_groupings(incomplete: str) -> Iterator[str]:
    """The groupings that begin so."""
    from metaimt.model.fields import GROUPINGS

    yield from (name for name in GROUPINGS if name.startswith(incomplete))


def complete_rules(incomplete: str) -> Iterator[str]:
    """The rules that begin so."""
    from metaimt.checks.waivers import explanations

    yield from (name for name in sorted(explanations()) if name.startswith(incomplete))


def _asked(context: typer.Context) -> Path:
    named = context.params.get("folder")
    return Path(named) if named else found_folder()
