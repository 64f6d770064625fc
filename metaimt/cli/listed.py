"""`metaimt list`: the reports of the review."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.folder import Cases, complete_pools, folder_of
from metaimt.cli.output import counted, print_json, told
from metaimt.cli.pool import TableFormat
from metaimt.problem import Blocked

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library
    from metaimt.casefiles.protocol import Protocol
    from metaimt.evidence.selection import Selection


@told
def listed(
    *,
    drug: Annotated[str, typer.Option("--drug", metavar="NAME", help="Reports in which this drug was given.")] = "",
    pool: Annotated[
        str,
        typer.Option(
            "--pool",
            metavar="POOL",
            help="Reports counted there: strict, all_evidence ...",
            autocompletion=complete_pools,
        ),
    ] = "",
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="FIELD=VALUE", help="site=lung, sex=female, design=trial ..."),
    ] = None,
    output: Annotated[TableFormat, typer.Option("--format", help="How the list is printed.")] = TableFormat.text,
    folder: Cases = None,
) -> None:
    """List the reports: id, author and year, design, responders of evaluable patients (r/n), and where they count.

    With options only reports with a course or arm that is so; r/n is then of these patients, each once.
    """
    from metaimt.analyses.report_list import counted_in, given, list_reports, with_level
    from metaimt.content.report_list import report_rows, reports_table
    from metaimt.report.cells import csv_text
    from metaimt.report.text import pending_text

    library, protocol, selection = _selected(folder)
    conditions = [given(drug, selection)] if drug else []
    conditions += [counted_in(pool, selection)] if pool else []
    conditions += [with_level(each, selection) for each in where or ()]
    found = list_reports(library, selection, conditions)
    if output is TableFormat.json:
        print_json({"format": 1, "reports": list(report_rows(found, library.reports, protocol))})
    elif output is TableFormat.csv:
        print(csv_text(report_rows(found, library.reports, protocol)), end="")
    else:
        from metaimt.render.terminal import blocks_text

        blocks = [blocks_text(reports_table(found, library.reports, protocol))] if found else []
        told_last = f"{counted(len(found), 'report')}. metaimt show ID tells what one contributes."
        blocks += [told_last, "" if conditions else pending_text(library.pending)]
        print("\n\n".join(filter(None, blocks)))


def _selected(folder: Cases) -> tuple[Library, Protocol, Selection]:
    """What can be read of the review; that errors stop its pools is told."""
    from metaimt.casefiles.library import read_library
    from metaimt.evidence.selection import select
    from metaimt.review import load

    library = read_library(folder_of(folder))
    try:
        protocol = load(library).protocol
    except Blocked as blocked:
        if library.protocol is None:
            raise
        errors = sum(problem.severity == "error" for problem in blocked.problems)
        said = f"{counted(errors, 'error')} in the review, so that some files are not listed: metaimt validate"
        print(f"metaimt: {said}", file=sys.stderr)
        protocol = library.protocol
    return library, protocol, select(library, protocol)
