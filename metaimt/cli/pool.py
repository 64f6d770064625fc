"""`metaimt pool`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metaimt.cli.output import print_json, told
from metaimt.cli.studies import methods_block, pool_studies, print_comparison_csv
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.analyses.comparison import Models


class TableFormat(StrEnum):
    """How a table is printed."""

    text = "text"
    json = "json"
    csv = "csv"


@told
def pool(  # noqa: PLR0917 - one parameter an option
    cases: Annotated[
        Path,
        typer.Argument(metavar="CASES|STUDIES.csv", help="Folder of the review, or a CSV or XLSX: id, x, n."),
    ] = Path("cases"),
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="GROUPING", help="Split the pools: histology, site, drug ..."),
    ] = None,
    why_left_out: Annotated[bool, typer.Option("--why-left-out", help="List every unit not pooled, with why.")] = False,
    methods: Annotated[bool, typer.Option("--methods", help="Other models beside ours, for comparison.")] = False,
    all_models: Annotated[
        bool, typer.Option("--all-models", help="Of a table: with --methods, every inverse-variance model.")
    ] = False,
    output: Annotated[TableFormat, typer.Option("--format", help="How the table is printed.")] = TableFormat.text,
    out: Annotated[
        Path | None, typer.Option("--out", help="Of a table: draw its forest plot to this file: .svg, .png or .pdf.")
    ] = None,
) -> None:
    """Pool the objective response rate: both pools, their strata, and the separate rows; or any table of studies."""
    if cases.exists() and not cases.is_dir():
        if by or why_left_out:
            raise WrongUse(f"--by and --why-left-out are for the folder of a review, and {cases} is a table")
        if all_models and not methods:
            raise WrongUse("--all-models goes with --methods")
        asked: Models = "headline" if output is TableFormat.text else "exact"
        if methods:
            asked = "every" if all_models else "compared"
        pool_studies(cases, output, models=asked, out=out)
        return
    if all_models:
        raise WrongUse("--all-models is for a table of studies; of a review --methods has all that there is")
    if out is not None:
        raise WrongUse(f"--out is for a table of studies; metaimt figures forest --cases {cases} draws a review")
    _pool_review(cases, by or [], output, why_left_out=why_left_out, methods=methods)


def _pool_review(cases: Path, by: list[str], output: TableFormat, *, why_left_out: bool, methods: bool) -> None:
    from metaimt.analyses.breakdown import breakdown
    from metaimt.analyses.by_model import compare_pools, comparison_dicts
    from metaimt.report.tables import breakdown_rows, csv_text, pool_rows
    from metaimt.report.text import breakdown_table, left_out_table, pending_text, pooled_table
    from metaimt.review import load, moved, respond

    loaded = load(cases)
    selection, result = respond(loaded)
    tables = {name: [breakdown(selection, group, name) for group in result.pools] for name in by}
    compared = compare_pools(result.pools, loaded.protocol) if methods else {}
    if output is TableFormat.json:
        more: dict[str, Any] = {
            "by": {name: {table.pool: table.to_dict() for table in rows} for name, rows in tables.items()},
            "methods": comparison_dicts(compared),
        }
        print_json({**result.to_dict(), **{name: value for name, value in more.items() if value}})
    elif output is TableFormat.csv and methods:
        print_comparison_csv(compared)
    elif output is TableFormat.csv:
        print(csv_text(breakdown_rows(tables) if by else pool_rows(result)), end="")
    else:
        labels = {name: group.label for name, group in result.pools.items()}
        blocks = [breakdown_table(rows, labels) for rows in tables.values()]
        blocks = blocks or [*map(methods_block, compared.values())] or [pooled_table(result)]
        blocks += [left_out_table(result)] if why_left_out else []
        blocks += [pending_text(loaded.library.pending), "\n".join(moved(loaded, selection))] if not by else []
        print("\n\n".join(filter(None, blocks)))
