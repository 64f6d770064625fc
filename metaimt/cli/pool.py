"""`metaimt pool`: of a review, of a table of studies, and of the pools of a review under every model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from metaimt.cli.folder import Cases, complete_groupings, folder_of
from metaimt.cli.output import print_json, say_if_large, told
from metaimt.problem import WrongUse
from metaimt.serialise import to_json

if TYPE_CHECKING:
    from metaimt.analyses.comparison import Comparison, Models
    from metaimt.figures.save import Kind


def pool_studies(path: Path, output: str, *, models: Models, out: Path | None = None) -> None:
    """Pool a table of studies; its forest plot goes to `out`.

    Raises UnreadableStudies, which ends the command with its problems.
    """
    from metaimt.analyses.comparison import compare_studies
    from metaimt.analyses.study_parts import MOST_KINDS
    from metaimt.casefiles.studies import read_studies
    from metaimt.files import for_terminal
    from metaimt.statistics.prediction import predict_new

    kind = None if out is None else figure_kind(out)
    studies = read_studies(path)
    kinds = len({(row.responders, row.evaluable) for row in studies.rows})
    if kinds > MOST_KINDS:
        said = f"{kinds} different (r, n) in {path.name}: the GLMM takes a while for so many, 10 s or more"
        print(f"metaimt: {for_terminal(said)}", file=sys.stderr, flush=True)
    found = compare_studies(studies.rows, studies.grouping, name=path.name, models=models)
    prediction = predict_new([row.responders for row in studies.rows], [row.evaluable for row in studies.rows])
    if output == "json":
        reading = {"columns_not_used": list(studies.ignored), "notes": list(studies.notes)}
        print_json({**to_json(found), "prediction": prediction, **reading})
    elif output == "csv":
        print_comparison_csv({path.name: found})
    else:
        from metaimt.report.methods_text import studies_text

        print(studies_text(found, prediction))
        lines = [f"Columns not used: {', '.join(studies.ignored)}"] if studies.ignored else []
        lines += [f"{note[:1].upper()}{note[1:]}" for note in studies.notes]
        print("".join(f"\n{for_terminal(line)}" for line in lines), end="\n" if lines else "")
    if out is not None and kind is not None:
        from metaimt.figures.review_forest import studies_figure
        from metaimt.figures.save import figure_bytes
        from metaimt.files import write_file

        figure, title, alt = studies_figure(studies, found, prediction)
        write_file(out, figure_bytes(figure, kind, title=title, description=alt))
        if output == "text":
            print(f"\nWritten: {out.as_posix()}")


def figure_kind(target: Path) -> Kind:
    """The kind of a figure by the ending of its file. Raises WrongUse for another."""
    from metaimt.figures.save import Kind

    kind = target.suffix.lower().removeprefix(".")
    if kind not in get_args(Kind):
        kinds = ", ".join(f".{known}" for known in get_args(Kind))
        meant = target / "forest.svg" if target.is_dir() else target.with_suffix(".svg")
        raise WrongUse(f"--out {target} is no {kinds}; write --out {meant}")
    return cast("Kind", kind)


def print_comparison_csv(compared: Mapping[str, Comparison]) -> None:
    """One row an estimate."""
    from metaimt.report.cells import csv_text
    from metaimt.report.methods_text import comparison_rows

    print(csv_text(row for name, found in compared.items() for row in comparison_rows(found, name)), end="")


def methods_block(found: Comparison) -> str:
    """The text of one pool."""
    from metaimt.report.methods_text import comparison_text

    return comparison_text(found, parts=False)


class TableFormat(StrEnum):
    """How a table is printed."""

    text = "text"
    json = "json"
    csv = "csv"


@told
def pool(  # noqa: PLR0917 - one parameter an option
    table: Annotated[
        Path | None,
        typer.Argument(metavar="[STUDIES.csv]", help="Pool this table instead: CSV or XLSX with the columns id, x, n."),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="GROUPING",
            help="Split the pools: histology, site, drug ...",
            autocompletion=complete_groupings,
        ),
    ] = None,
    details: Annotated[
        bool, typer.Option("--details", help="Also priors, spread between reports, complete response, control.")
    ] = False,
    why_left_out: Annotated[bool, typer.Option("--why-left-out", help="List every unit not pooled, with why.")] = False,
    methods: Annotated[bool, typer.Option("--methods", help="Other models beside ours, for comparison.")] = False,
    all_models: Annotated[
        bool, typer.Option("--all-models", help="Of a table: with --methods, every inverse-variance model.")
    ] = False,
    output: Annotated[TableFormat, typer.Option("--format", help="How the table is printed.")] = TableFormat.text,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Of a table: draw its forest plot: .svg, .png or .pdf."),
    ] = None,
    folder: Cases = None,
) -> None:
    """Pool the objective response rate: both pools, their strata, and the separate rows; or any table of studies."""
    cases = folder_of(folder, table)
    if cases.exists() and not cases.is_dir():
        if by or why_left_out or details:
            raise WrongUse(f"--by, --details and --why-left-out are for a review, and {cases} is a table")
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
    _pool_review(cases, by or [], output, details=details, why_left_out=why_left_out, methods=methods)


def _pool_review(
    cases: Path, by: list[str], output: TableFormat, *, details: bool, why_left_out: bool, methods: bool
) -> None:
    from metaimt.analyses.breakdown import breakdown
    from metaimt.analyses.by_model import BY_POOL, compare_pools
    from metaimt.report.cells import csv_text
    from metaimt.report.tables import breakdown_rows, pool_rows
    from metaimt.report.text import breakdown_table, left_out_table, pending_text, pooled_table
    from metaimt.review import load, moved, respond

    say_if_large("pool", cases)
    loaded = load(cases)
    selection, result = respond(loaded)
    tables = {name: [breakdown(selection, group, name) for group in result.pools] for name in by}
    compared = compare_pools(result.pools, loaded.protocol) if methods else {}
    if output is TableFormat.json:
        more: dict[str, Any] = {
            "by": {name: {table.pool: table for table in rows} for name, rows in tables.items()},
            "methods": to_json(compared, BY_POOL),
        }
        print_json({**to_json(result), **{name: value for name, value in more.items() if value}})
    elif output is TableFormat.csv and methods:
        print_comparison_csv(compared)
    elif output is TableFormat.csv:
        print(csv_text(breakdown_rows(tables) if by else pool_rows(result)), end="")
    else:
        labels = {name: group.label for name, group in result.pools.items()}
        blocks = [breakdown_table(rows, labels) for rows in tables.values()]
        blocks = blocks or [*map(methods_block, compared.values())] or [pooled_table(result, details=details)]
        blocks += [left_out_table(result)] if why_left_out else []
        blocks += [pending_text(loaded.library.pending), "\n".join(moved(loaded, selection))] if not by else []
        print("\n\n".join(filter(None, blocks)))
