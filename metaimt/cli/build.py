"""`metaimt build`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from metaimt.cli.folder import Cases, Former, beside, folder_of
from metaimt.cli.output import PROBLEMS, say_if_large, summary, told
from metaimt.cli.progress import Stages
from metaimt.files import for_terminal
from metaimt.workers import Lost, processors, watched

_FEW: Final = 100  # case files


@told
def build(
    former: Former = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Folder to write, replaced whole in one step; default: outputs."),
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=1, metavar="N", help="Processes that share the work.")
    ] = processors(),
    folder: Cases = None,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser afterwards.")] = False,
) -> None:
    """Validate, pool and write the review: the page, the report, results, tables and figures."""
    from metaimt.casefiles.library import collector_paused
    from metaimt.report.exports import EXPORTS
    from metaimt.report.text import pooled_table
    from metaimt.review import Loaded, moved
    from metaimt.review import build as build_review

    cases = folder_of(folder, former)
    out = out or beside(cases, "outputs", named=folder is not None or former is not None)
    few = say_if_large("build", cases) <= _FEW
    stages, kept, lost = Stages(), list[str](), list[Lost]()
    try:
        # Looking for cycles costs a twentieth of the time; of a few reports it frees next to nothing.
        with watched(stages.moved), collector_paused() if few else nullcontext():
            results = build_review(cases, out, stages, jobs, kept=kept, lost=lost)
    finally:
        stages.end()
    print(pooled_table(results.response))
    print()
    for line in moved(Loaded(results.library, results.protocol, ()), results.selection):
        print(for_terminal(line))
    files = results.library.files_checked
    if results.warnings:
        print(f"{summary(results.warnings, files)}: metaimt validate")
    names = {each.name for each in lost}
    written = [name for name in ("index.html", "report.md", "results.json", "tables/", "figures/") if name not in names]
    print(f"Written: {out.as_posix()}/{', '.join(written)}")
    tell_kept(out, kept)
    print(f"For other programs: {', '.join(name for name in EXPORTS if name not in names)}")
    if open_page and "index.html" not in names:
        show(out / "index.html")
    tell_lost(lost)


def tell_lost(lost: Iterable[Lost]) -> None:
    """Name the files that could not be made, and end with status 1 if there are any."""
    for each in lost:
        print(for_terminal(f"Not written: {each.name}, which could not be made: {each.reason}"), file=sys.stderr)
    if lost:
        print("The other files are whole. Please report these lines, with the case files if you may.", file=sys.stderr)
        raise typer.Exit(PROBLEMS)


def tell_kept(out: Path, kept: Iterable[str]) -> None:
    """Name the files that somebody had changed, or had under a name that is written now."""
    for name in kept:
        print(for_terminal(f"Kept: {out.as_posix()}/{name}, which metaimt had not written as it was"))


def show(page: Path) -> None:
    """Open the page in the user's browser; where there is none, say where the page is."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        print(f"No browser could be started; the page is {page.as_posix()}", file=sys.stderr)
