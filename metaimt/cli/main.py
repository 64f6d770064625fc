"""The `metaimt` command. Each command's module is imported here; heavy libraries are imported where they are used."""

from __future__ import annotations

import io
import os
import sys

import typer

from metaimt import __version__
from metaimt.cli.audit import audit
from metaimt.cli.build import build
from metaimt.cli.cohort import cohort
from metaimt.cli.explain import explain
from metaimt.cli.figures import figures
from metaimt.cli.migrate import migrate
from metaimt.cli.new import new
from metaimt.cli.pool import pool
from metaimt.cli.show import show
from metaimt.cli.simulate import simulate
from metaimt.cli.validate import schema, validate
from metaimt.cli.versions import diff, snapshot, verify

app = typer.Typer(
    name="metaimt",
    help="A living meta-analysis of published cases: validate them, pool them, build the review.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    *(validate, pool, show, build, cohort, figures, new, audit, explain),
    *(simulate, snapshot, diff, verify, migrate, schema),
):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"metaimt {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Show the version."),
) -> None:
    """A living meta-analysis of published cases: validate them, pool them, build the review."""


def main() -> None:
    """Run the command line; the exit code says how it ended."""
    # Read when numpy is loaded: the arrays here are small, and threads for them cost more than they give.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character is no reason to stop. Line ends are the same on every system.
            stream.reconfigure(errors="backslashreplace", newline="\n")
    app()
