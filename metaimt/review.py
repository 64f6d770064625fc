"""The one orchestrator: read -> check -> select -> run -> draw -> write.

May import: everything but the command line. Each step is one call to the package that knows how.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from metaimt.analyses.pooled_response import PooledResponse, pooled_response
from metaimt.casefiles.library import Library, read_library
from metaimt.casefiles.protocol import Protocol
from metaimt.checks import examine
from metaimt.evidence.selection import Selection, select
from metaimt.problem import Blocked, CannotAnalyse, Problem, Waived, has_errors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results
    from metaimt.figures.review_figure import Drawn

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """A library without errors, its protocol, its warnings and infos, and those that its case files waive."""

    library: Library
    protocol: Protocol
    warnings: tuple[Problem, ...]
    waived: tuple[Waived, ...] = ()


def load(review: Library | Path | str = "cases") -> Loaded:
    """Read and check a review folder.

    Raises WrongUse (no such folder), CannotAnalyse (no protocol, no case files), Blocked (errors in files).
    """
    library = review if isinstance(review, Library) else read_library(review)
    findings = examine(library)
    problems = findings.problems
    missing = [problem for problem in problems if problem.rule in {"no-protocol", "no-case-files"}]
    if missing:
        said = "; ".join(f"{problem.message}: {problem.hint}" for problem in missing)
        raise CannotAnalyse(f"{library.folder.as_posix()}: {said}")
    if has_errors(problems) or library.protocol is None:
        raise Blocked(problems, library.files_checked)
    return Loaded(library, library.protocol, problems, findings.waived)


def respond(loaded: Loaded) -> tuple[Selection, PooledResponse]:
    """The selection and the pooled response alone: what `metaimt pool` needs."""
    selection = select(loaded.library, loaded.protocol)
    return selection, pooled_response(selection, loaded.protocol)


def run(review: Library | Path | str = "cases") -> Results:
    """The whole analysis of a review, for a notebook or for `build`. Raises what `load` raises."""
    from metaimt.analyses.results import analyse

    loaded = load(review)
    return analyse(loaded.library, loaded.protocol, loaded.warnings, loaded.waived)


def draw(results: Results, name: str = "forest") -> Figure:
    """One figure of a review, by default the forest plot; `metaimt figures` lists the names.

    Raises WrongUse for an unknown name, CannotAnalyse if the evidence does not allow the figure.
    """
    from metaimt.figures.registry import draw_figure
    from metaimt.figures.review_figure import NotDrawn

    drawn = draw_figure(results, name)
    if isinstance(drawn, NotDrawn):
        raise CannotAnalyse(drawn.wording())
    return drawn.figure


def draw_named(
    review: Library | Path | str,
    name: str,
    *,
    by: str | None = None,
    columns: tuple[str, ...] = (),
    pool: str | None = None,
    progress: Progress | None = None,
) -> Drawn:
    """One figure by name, of both pools or of one; `by` and `columns` group the reports of the forest plot.

    Raises what `load` raises, and WrongUse, naming the nearest, for an unknown name, pool, grouping or column.
    """
    from metaimt.analyses.breakdown import check_grouping
    from metaimt.analyses.reports_by_level import reports_by_level
    from metaimt.figures.forest_by import forest_by_figure
    from metaimt.figures.registry import draw_figure
    from metaimt.figures.unit_columns import USUAL, column_headings

    say = progress or _silent
    column_headings(columns)
    if by is not None:
        check_grouping(by)
    say("reading, checking, pooling")
    results = run(review)
    say("drawing")
    if by is None and not columns:
        return draw_figure(results, name, () if pool is None else (pool,))
    shown = pool or list(results.response.pools)[-1]
    found = reports_by_level(results.selection, results.protocol, shown, by)
    return forest_by_figure(results, found, columns or USUAL)


def _silent(stage: str) -> None:
    """Progress for callers that want none."""
    del stage


def build(
    review: Library | Path | str = "cases", out: Path | str = "outputs", progress: Progress | None = None
) -> Results:
    """Run the review and write its outputs to `out` in one step. Raises what `load` raises, and NotOurs."""
    from metaimt.analyses.results import analyse
    from metaimt.figures.registry import review_figures
    from metaimt.files import refuse_foreign_folder, write_folder
    from metaimt.report.outputs import output_files

    say = progress or _silent
    refuse_foreign_folder(Path(out))
    say("reading and checking the case files")
    loaded = load(review)
    say("pooling, subgroups, sensitivity")
    results = analyse(loaded.library, loaded.protocol, loaded.warnings, loaded.waived)
    say("drawing the figures")
    figures = review_figures(results)
    say("writing the page, the report and the tables")
    write_folder(Path(out), output_files(results, figures))
    return results
