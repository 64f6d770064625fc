"""`metaimt figures`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.folder import Cases, complete_figures, complete_groupings, complete_pools, folder_of
from metaimt.cli.output import told
from metaimt.cli.progress import Stages
from metaimt.problem import CannotAnalyse, WrongUse
from metaimt.workers import watched

if TYPE_CHECKING:
    from metaimt.casefiles.library import Library


@told
def figures(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="The figure; without it, all are listed.", autocompletion=complete_figures
        ),
    ] = "",
    *,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="GROUPING",
            help="forest: its reports grouped by site, drug ...",
            autocompletion=complete_groupings,
        ),
    ] = "",
    columns: Annotated[
        str, typer.Option("--columns", metavar="A,B", help="forest: columns of text: drug, site, duration ...")
    ] = "",
    pool: Annotated[
        str,
        typer.Option(
            "--pool", metavar="POOL", help="Of one pool: strict, all_evidence.", autocompletion=complete_pools
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File to write: .svg, .png or .pdf. Default: NAME.svg")
    ] = None,
    folder: Cases = None,
) -> None:
    """Draw one figure of the review to a file; without a name, list them."""
    from metaimt.figures.registry import figure_names, known_name
    from metaimt.review import load

    loaded = load(folder_of(folder))
    names = figure_names(loaded.protocol)
    if not name:
        _list(names)
        return
    wanted = known_name(name.replace("_", "-"), names, "figure")
    if pool:
        known_name(pool, loaded.protocol.pools, "pool")
    if (by or columns) and wanted != "forest":
        raise WrongUse(f"--by and --columns are for the figure forest, and '{wanted}' has its own rows and columns")
    target = out or Path(f"{wanted}.svg")
    _write(loaded.library, wanted, (by, columns, pool), target)


def _list(names: dict[str, str]) -> None:
    width = max(map(len, names))
    for name, words in names.items():
        print(f"{name:<{width}}  {words}")
    print("\nmetaimt figures NAME --out FILE.svg, .png or .pdf")


def _write(library: Library, wanted: str, options: tuple[str, str, str], target: Path) -> None:
    from metaimt.cli.pool import figure_kind
    from metaimt.figures.review_figure import NotDrawn
    from metaimt.figures.save import figure_bytes
    from metaimt.files import for_terminal, write_file
    from metaimt.review import draw_named

    kind = figure_kind(target)
    by, columns, pool = options
    names = tuple(filter(None, (column.strip() for column in columns.split(","))))
    stages = Stages()
    try:
        with watched(stages.moved):
            drawn = draw_named(library, wanted, by=by or None, columns=names, pool=pool or None, progress=stages)
    finally:
        stages.end()
    if isinstance(drawn, NotDrawn):
        raise CannotAnalyse(drawn.wording())
    write_file(target, figure_bytes(drawn.figure, kind, title=drawn.title, description=drawn.alt))
    print(for_terminal(drawn.caption))
    print(f"Written: {target.as_posix()}")
