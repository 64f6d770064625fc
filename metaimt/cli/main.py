"""The `metaimt` command. Each command's module is imported here; heavy libraries are imported where they are used."""

from __future__ import annotations

import contextlib
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
from metaimt.cli.output import WRONG_USE
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
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a character is no reason to stop. Line ends are the same on every system.
            stream.reconfigure(errors="backslashreplace", newline="\n")
    try:
        app()
    except SystemExit as end:
        sys.exit(end.code if _flushed() else WRONG_USE)
    except OSError as error:  # of the streams themselves: what a command meets it tells
        _give_up(error)
        sys.exit(WRONG_USE)


def _open_closed_streams() -> None:
    """Put the empty device where a stream is closed: a file opened later would take its number, and its text."""
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    if "stdout" in closed:
        print("metaimt: the output is closed, so that nothing can be printed to it", file=sys.stderr)


def _flushed() -> bool:
    """Whether what was printed has arrived, or its reader has seen enough; Python itself would end in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        except OSError as error:
            _give_up(error)
            return False
    return True


def _give_up(error: OSError) -> None:
    """Say so where that can still be read, and let both streams lead nowhere."""
    with contextlib.suppress(OSError):
        print(f"metaimt: what is printed cannot be written: {error.strerror or error}", file=sys.stderr, flush=True)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
