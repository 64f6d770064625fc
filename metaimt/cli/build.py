"""`metaimt build`.

May import: everything below the command line; the heavy libraries come in with the review's own steps.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from metaimt.cli.output import summary, told


@told
def build(
    cases: Annotated[Path, typer.Argument(help="Folder of the review.")] = Path("cases"),
    out: Annotated[Path, typer.Option("--out", help="Folder to write; replaced whole, in one step.")] = Path("outputs"),
) -> None:
    """Validate, pool and write the review: results, report, tables and figures."""
    from metaimt.report.text import pooled_table
    from metaimt.review import build as build_review

    results = build_review(cases, out, _progress)
    print(pooled_table(results.response))
    print()
    files = results.library.files_checked
    if results.warnings:
        print(f"{summary(results.warnings, files)}: metaimt validate")
    print(f"Written: {out.as_posix()}/report.md, results.json, tables/, figures/")
    for line in not_written():
        print(line)


def not_written() -> Iterator[str]:
    """Which outputs an extra would add, and how to install it."""
    from metaimt.report.exports import missing_exports

    for name, extra in missing_exports().items():
        yield f'Not written: {name}, which needs the extra "{extra}": pip install ".[{extra}]"'


def _progress(stage: str) -> None:
    if sys.stderr.isatty():
        print(f"{stage} ...", file=sys.stderr)
