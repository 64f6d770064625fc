"""`metaimt simulate`.

May import: everything below the command line; numpy and scipy.special only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metaimt.cli.output import told
from metaimt.problem import WrongUse

if TYPE_CHECKING:
    from metaimt.statistics.simulate import Structure


@told
def simulate(  # noqa: PLR0917 - typer reads the options from the signature
    sources: Annotated[
        list[Path] | None, typer.Argument(help="Folders of reviews, or tables of studies: whose report sizes.")
    ] = None,
    sets: Annotated[int, typer.Option("--sets", min=1, help="Data sets a cell.")] = 1000,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Worker processes.")] = os.cpu_count() or 1,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the whole table.")] = 20261123,
    glmm: Annotated[bool, typer.Option("--glmm", help="The exact GLMM as well: twenty times the time.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the table to this .csv file, or to .md and .csv.")
    ] = None,
) -> None:
    """Measure bias, coverage and width of every interval of the pooled rate, on the review's own report sizes."""
    from metaimt.files import write_file
    from metaimt.report.simulation_text import simulation_markdown, simulation_rows, simulation_table
    from metaimt.report.tables import csv_text
    from metaimt.statistics.simulate import simulate as run

    if out is not None and out.suffix not in {".csv", ".md"}:
        raise WrongUse(f"--out {out}: the name must end in .csv or .md")
    structures = [one for source in sources or [Path("cases")] for one in _structures(source)]
    cells = run(structures, sets=sets, jobs=jobs, seed=seed, glmm=glmm, progress=_progress)
    if out is None:
        print(simulation_table(cells))
        return
    names = " ".join(path.as_posix() for path in sources or [Path("cases")])
    command = f"metaimt simulate {names} --sets {sets} --seed {seed}{' --glmm' if glmm else ''} --out {out.as_posix()}"
    write_file(out.with_suffix(".csv"), csv_text(simulation_rows(cells)).encode())
    if out.suffix == ".md":
        write_file(out, simulation_markdown(cells, command).encode())
    print(f"Written: {out.as_posix()}{' and .csv' if out.suffix == '.md' else ''}")


def _structures(source: Path) -> list[Structure]:
    """The report sizes of a table of studies, or of each pool of a review and its trials."""
    from metaimt.casefiles.studies import read_studies
    from metaimt.review import load, respond
    from metaimt.statistics.simulate import Structure

    if not source.is_dir():
        rows = read_studies(source).rows
        return [Structure(source.stem, tuple(study.evaluable for study in rows))]
    pools = respond(load(source))[1].pools
    headline = next(iter(pools))
    groups = [(name, pool) for name, pool in pools.items()]
    groups += [(f"{headline}, {name}", group) for name, group in pools[headline].strata.items() if name == "trials"]
    return [Structure(name, tuple(n for _, _, n in group.clusters)) for name, group in groups if group.clusters]


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(
            f"\r{done} of {total} distinct data sets ", end="\n" if done == total else "", file=sys.stderr, flush=True
        )
