"""`metaimt pool`.

May import: everything below the command line; the headline needs numpy and scipy.special only.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from metaimt.cli.output import PROBLEMS, print_json, print_problems, summary, told


class TableFormat(StrEnum):
    """How a table is printed."""

    text = "text"
    json = "json"
    csv = "csv"


@told
def pool(
    cases: Annotated[Path, typer.Argument(help="Folder of the review.")] = Path("cases"),
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="GROUPING", help="Split the pools: histology, site, drug ..."),
    ] = None,
    why_left_out: Annotated[bool, typer.Option("--why-left-out", help="List every unit not pooled, with why.")] = False,
    output: Annotated[TableFormat, typer.Option("--format", help="How the table is printed.")] = TableFormat.text,
) -> None:
    """Pool the objective response rate: both pools, their strata, and the separate rows."""
    from metaimt.analyses.breakdown import breakdown
    from metaimt.report.tables import breakdown_rows, csv_text, pool_rows
    from metaimt.report.text import breakdown_table, left_out_table, pooled_table
    from metaimt.review import Blocked, load, respond

    try:
        loaded = load(cases)
    except Blocked as blocked:
        print_problems([problem for problem in blocked.problems if problem.severity == "error"], sys.stderr)
        print(summary(blocked.problems, blocked.files), file=sys.stderr)
        raise typer.Exit(PROBLEMS) from None
    selection, result = respond(loaded)
    tables = {name: [breakdown(selection, group, name) for group in result.pools] for name in by or ()}
    if output is TableFormat.json:
        more: dict[str, Any] = {
            "by": {name: {table.pool: table.to_dict() for table in rows} for name, rows in tables.items()}
        }
        print_json({**result.to_dict(), **(more if by else {})})
    elif output is TableFormat.csv:
        print(csv_text(breakdown_rows(tables) if by else pool_rows(result)), end="")
    else:
        labels = {name: group.label for name, group in result.pools.items()}
        blocks = [breakdown_table(rows, labels) for rows in tables.values()] or [pooled_table(result)]
        blocks += [left_out_table(result)] if why_left_out else []
        print("\n\n".join(blocks))
