"""The `metaimt` command. Each command's module is imported here; heavy libraries are imported where they are used."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import typer
from typer.core import TyperCommand

from metaimt import __version__
from metaimt.cli.agree import agree
from metaimt.cli.appraise import appraise
from metaimt.cli.audit import audit
from metaimt.cli.build import build
from metaimt.cli.cohort import cohort
from metaimt.cli.complete import complete
from metaimt.cli.explain import explain
from metaimt.cli.export import export, import_cases
from metaimt.cli.figures import figures
from metaimt.cli.init import init
from metaimt.cli.listed import listed
from metaimt.cli.migrate import migrate
from metaimt.cli.new import new
from metaimt.cli.output import WRONG_USE
from metaimt.cli.pool import pool
from metaimt.cli.screen import screen
from metaimt.cli.search import search
from metaimt.cli.show import show
from metaimt.cli.simulate import simulate
from metaimt.cli.validate import schema, validate
from metaimt.cli.versions import diff, release, snapshot, verify


class Command(TyperCommand):
    """A command whose usage names no argument that is hidden."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`[OPTIONS]`, and each argument."""
        hidden = [each for each in self.get_params(ctx) if getattr(each, "hidden", False)]
        former = {piece for each in hidden for piece in each.get_usage_pieces(ctx)}
        return [piece for piece in super().collect_usage_pieces(ctx) if piece not in former]


app = typer.Typer(
    name="metaimt",
    help="A living meta-analysis of published cases: validate them, pool them, build the review.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
COMMANDS: Final[Mapping[Callable[..., object], str]] = {
    pool: "The answer: pooled response rates, also split by any grouping.",
    listed: "The reports: design, responders, where each is counted.",
    show: "One report: what it contributes, the answer without it.",
    search: "Add the records of a search; list those that are new.",
    screen: "Decide on records: what is new, waits, conflicts.",
    init: "Begin a review of any tumour in a folder of its own.",
    new: "Begin a case file from a reference.",
    complete: "Identifiers that are missing; retractions.",
    validate: "Check case files: every problem, with what to type.",
    explain: "Why a rule of validate is there, with an example.",
    build: "Write the review: page, report, tables, figures.",
    figures: "Draw one figure to a file, or list them.",
    agree: "How far second readers agree with the case files.",
    appraise: "How sound each report is: decided, or proposed.",
    audit: "Find printed numbers that do not agree.",
    cohort: "Describe a local cohort from its table or its counts.",
    diff: "What is new since a version, in numbers and records.",
    snapshot: "Freeze the review as a version.",
    release: "Release a version: freeze, citation, archive data.",
    verify: "Recompute a frozen version from its own content.",
    simulate: "How often the intervals hold the truth.",
    export: "Cases as a workbook, or for other programs.",
    import_cases: "Case files from a workbook.",
    migrate: "Rewrite a review of an older format.",
    schema: "Print the JSON Schema of a kind of file, for editors.",
}
"""Each command with what it is for, in a line of the help that is never cut."""
for command, words in COMMANDS.items():
    app.command({listed: "list", import_cases: "import"}.get(command), short_help=words, cls=Command)(command)


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
        app(prog_name="metaimt")  # also of python -m metaimt, so that its completion is the same
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
