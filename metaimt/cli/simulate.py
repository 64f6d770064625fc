"""`metaimt simulate`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from metaimt.cli.folder import Cases, folder_of
from metaimt.cli.output import told
from metaimt.cli.progress import Stages
from metaimt.files import read_whole
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.statistics.simulate import Cell, Structure


MOST_BYTES = 16 * 1024**2  # of a table that simulate wrote


@told
def simulate(  # noqa: PLR0917 - typer reads the options from the signature
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[STUDIES.csv]...", help="Tables of studies, for their report sizes; default: the review's own."
        ),
    ] = None,
    sets: Annotated[int, typer.Option("--sets", min=1, metavar="N", help="Data sets a cell.")] = 1000,
    jobs: Annotated[int, typer.Option("--jobs", min=1, metavar="N", help="Worker processes.")] = os.cpu_count() or 1,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Seed of the whole table.")] = 20261123,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the table to this .csv file, or to .md and .csv."),
    ] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Draw coverage to this .svg, .png or .pdf.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Run nothing: show or draw the table of this .csv file."),
    ] = None,
    folder: Cases = None,
) -> None:
    """Measure bias, coverage and width of the interval of the pooled rate, on the review's own report sizes."""
    from metaimt.report.simulation_text import read_simulation, simulation_table

    named = [*(sources or []), *([] if folder is None else [folder])]
    _check(named, out, figure, table)
    if table is not None:
        cells = read_simulation(_text(table), table.as_posix())
    else:
        cells = _run(named or [folder_of(None)], sets=sets, jobs=jobs, seed=seed)
    if out is None and figure is None:
        print(simulation_table(cells))
    if out is not None:
        names = [*(path.as_posix() for path in sources or []), *([f"--cases {folder.as_posix()}"] if folder else [])]
        command = f"{' '.join(['metaimt simulate', *names])} --sets {sets} --seed {seed}"
        drawn = f" --figure {figure.as_posix()}" if figure else ""
        _write(cells, f"{command} --out {out.as_posix()}{drawn}", out)
    if figure is not None:
        _draw(cells, figure)


def _check(sources: list[Path] | None, out: Path | None, figure: Path | None, table: Path | None) -> None:
    if out is not None and out.suffix not in {".csv", ".md"}:
        raise WrongUse(f"--out {out}: the name must end in .csv or .md")
    if figure is not None and figure.suffix not in {".svg", ".png", ".pdf"}:
        raise WrongUse(f"--figure {figure}: the name must end in .svg, .png or .pdf")
    if table is not None and (sources or out):
        raise WrongUse("--from runs nothing: give neither folders nor --out with it")


def _text(table: Path) -> str:
    try:
        return read_whole(table, MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise WrongUse(f"{table.as_posix()}: not a text in UTF-8; give the .csv that --out wrote") from None


def _run(sources: list[Path], *, sets: int, jobs: int, seed: int) -> tuple[Cell, ...]:
    """The cells, each figure as the table in CSV has it, so that a figure is the same from either."""
    from metaimt.report.simulation_text import as_written
    from metaimt.statistics.simulate import simulate as run

    structures = [one for source in sources for one in _structures(source)]
    stages = Stages()
    stages("simulating")
    try:
        return as_written(run(structures, sets=sets, jobs=jobs, seed=seed, progress=stages.moved))
    finally:
        stages.end()


def _draw(cells: tuple[Cell, ...], path: Path) -> None:
    from metaimt.figures.save import Kind, figure_bytes
    from metaimt.figures.simulation import draw_simulation
    from metaimt.files import write_file

    kind = cast("Kind", path.suffix.removeprefix("."))
    try:
        figure = draw_simulation(cells)
    except ValueError as error:  # no cell of the headline, in a table that was written elsewhere
        raise WrongUse(f"--figure {path.as_posix()}: {error}") from None
    write_file(path, figure_bytes(figure, kind))
    print(f"Written: {path.as_posix()}")


def _write(cells: tuple[Cell, ...], command: str, out: Path) -> None:
    from metaimt.files import write_file
    from metaimt.report.cells import csv_text
    from metaimt.report.simulation_text import simulation_markdown, simulation_rows

    write_file(out.with_suffix(".csv"), csv_text(simulation_rows(cells)).encode())
    if out.suffix == ".md":
        write_file(out, simulation_markdown(cells, command).encode())
    print(f"Written: {out.as_posix()}{' and .csv' if out.suffix == '.md' else ''}")


def _structures(source: Path) -> list[Structure]:
    """The report sizes of a table of studies, or of each pool of a review with its priors."""
    from metaimt.casefiles.studies import read_studies
    from metaimt.review import load, respond
    from metaimt.statistics.simulate import Structure

    if not source.is_dir():
        rows = read_studies(source).rows
        return [Structure(source.stem, tuple(study.evaluable for study in rows))]
    loaded = load(source)
    priors = loaded.protocol.priors
    sizes = {name: tuple(n for _, _, n in pool.clusters) for name, pool in respond(loaded)[1].pools.items()}
    return [Structure(name, n, priors.mu, priors.rho) for name, n in sizes.items() if n]
