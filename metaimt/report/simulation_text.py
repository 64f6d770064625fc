"""The table of a simulation, as text, Markdown and rows for CSV; and read back from its CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from math import isfinite
from operator import attrgetter
from statistics import fmean
from typing import Any, Final, TypeVar

from metaimt.files import for_terminal
from metaimt.problem import WrongUse
from metaimt.report.cells import Row, csv_text
from metaimt.statistics.simulate import HEADLINE, SHAPES, Cell

K = TypeVar("K", bound=Hashable)
OF_MEAN: Final = 0.93  # target of the mean over the true rates
OF_CELL: Final = 0.92  # and of each of them, in the pools of a review
FEWEST: Final = 5  # reports, for a target
HIGHEST: Final = 0.3  # intraclass correlation, for a target
LOW: Final = 0.9  # coverage below this is a failure
_structure: Final = attrgetter("structure")
_truth_and_icc: Final = attrgetter("truth", "correlation")


def simulation_rows(cells: Sequence[Cell]) -> Iterator[Row]:
    """One row a cell with every figure, proportions to 6 decimals."""
    for cell in cells:
        yield {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(cell).items()}


def as_written(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells as `read_simulation` finds them in the CSV that is written of them."""
    return read_simulation(csv_text(simulation_rows(cells)), "the table")


def read_simulation(text: str, file: str) -> tuple[Cell, ...]:
    """The cells of a CSV file that `simulation_rows` made.

    Raises:
        WrongUse: the header is another one, there is no row, or a cell is not the number it should be.
    """
    known = [field.name for field in fields(Cell)]
    rows = list(csv.reader(io.StringIO(text)))
    if len(rows) < 2 or rows[0] != known:
        raise _refused(f"{file}:1:1", "not a table of `metaimt simulate`", f"its header is {','.join(known)}")
    return tuple(_read_row(row, file, number) for number, row in enumerate(rows[1:], 2))


def _read_row(row: list[str], file: str, line: int) -> Cell:
    if len(row) != len(fields(Cell)):
        raise _refused(f"{file}:{line}:1", f"{len(row)} cells", f"{len(fields(Cell))} are needed")
    types: dict[str, Any] = {"str": str, "int": int, "float": _finite}
    values: dict[str, Any] = {}
    column = 1
    for field, text in zip(fields(Cell), row, strict=True):
        try:
            values[field.name] = types[str(field.type)](text)
        except ValueError:
            what = f"{field.name} '{text}' is not a number"
            raise _refused(f"{file}:{line}:{column}", what, "write the file anew: metaimt simulate --out") from None
        column += len(text) + 1
    return Cell(**values)


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _refused(place: str, message: str, hint: str) -> WrongUse:
    return WrongUse(f"{place}: {message}; {hint}")


def simulation_table(cells: Sequence[Cell]) -> str:
    """A block for each structure and method, in 80 columns; then whether the target is met."""
    blocks = []
    for (structure, method, aim), here in _groups(cells, attrgetter("structure", "method", "estimand")).items():
        first, rates = here[0], _rates(here)
        shown = "".join(f"{100 * rate:>6g}" for rate in rates)
        lines = [
            f"{for_terminal(structure)}: {first.reports} reports, {first.sets:,} sets a cell",
            for_terminal(f"{method}, {aim}"),
            f"{'':<23}{'coverage, %, by true ORR, %':<{len(shown)}}{'largest':>15}",
            f"{'truth':<18}{'ICC':>4} {shown}{'mean':>7}{'bias':>8}{'width':>8}",
        ]
        for truth, icc, *covered, mean, bias, width in _rows(here, rates):
            cells_shown = "".join(f"{each:>6}" for each in covered)
            lines.append(f"{truth:<18}{icc:>4} {cells_shown}{mean:>7}{bias:>8}{width:>8}")
        blocks.append("\n".join([*lines, _errors(here)]))
    return "\n\n".join([*blocks, "\n".join(target_lines(cells))])


def target_lines(cells: Sequence[Cell], pools: Collection[str] | None = None) -> list[str]:
    """Whether the headline meets its target on each structure of `FEWEST` reports or more.

    Judged are reports that differ in any of the three shapes with an ICC of at most `HIGHEST`: the mean over the true
    rates for every shape and ICC; every single cell in the pools of a review (`pools`; all structures if None).
    """
    judged = [c for c in cells if c.method == HEADLINE and c.truth in SHAPES and c.correlation <= HIGHEST]
    lines = [
        f"Target with {FEWEST} reports or more, ICC at most {HIGHEST:g}:",
        f"mean over ORR {_per_cent(OF_MEAN)} %, each cell of a pool {_per_cent(OF_CELL)} %.",
    ]
    for structure, here in _groups(judged, _structure).items():
        means = {key: fmean(c.coverage for c in row) for key, row in _groups(here, _truth_and_icc).items()}
        truth, icc = min(means, key=lambda key: means[key])
        worst = min(here, key=lambda cell: cell.coverage)
        mean = means[truth, icc]
        missed = mean < OF_MEAN or (worst.coverage < OF_CELL and (pools is None or structure in pools))
        said = "no target" if here[0].reports < FEWEST else "MISSED" if missed else "met"
        lines += [
            f"{for_terminal(structure)}: {said}",
            f"  lowest mean {_per_cent(mean)} % ({truth}, ICC {icc:g})",
            f"  lowest cell {_per_cent(worst.coverage)} % (se {100 * worst.coverage_se:.2f}; {_where(worst)})",
        ]
    return lines


def simulation_markdown(cells: Sequence[Cell], command: str, pools: Collection[str] | None = None) -> str:
    """The page for the documentation: where each method fails, the target, and a table for each structure."""
    most = max(cell.sets for cell in cells)
    parts = [
        "# Operating characteristics\n",
        failures(cells) + "\n",
        f"Written by `{command}` and never by hand. Coverage of nominal 95 % intervals in per cent, by true mean "
        f"response rate (ORR), **bold** under {_per_cent(LOW)} %; then its mean, the bias that is largest over the "
        "rates, and the range of the mean width, in points. ICC: true intraclass correlation, at 0 the same for all "
        f"shapes of truth. With {most:,} sets a cell: {_errors([c for c in cells if c.sets == most])}.\n",
        "```\n" + "\n".join(target_lines(cells, pools)) + "\n```\n",
    ]
    for structure, here in _groups(cells, _structure).items():
        rates = _rates(here)
        parts += [
            f"## {structure} (K = {here[0].reports})\n",
            f"| method | sets | aim | truth | ICC | {' | '.join(map(str, rates))} | mean | bias | width |",
            "|---" * (8 + len(rates)) + "|",
        ]
        for (method, sets, aim), some in _groups(here, attrgetter("method", "sets", "estimand")).items():
            parts += [f"| {' | '.join([method, f'{sets:,}', aim, *row])} |" for row in _rows(some, rates, bold=True)]
        parts.append("")
    return "\n".join(parts)


def failures(cells: Sequence[Cell]) -> str:
    """Where each method covers less than `LOW`: a line for each aim and kind of reports, with the lowest cell."""
    lines = []
    for method, here in _groups(cells, attrgetter("method")).items():
        kinds = _groups(here, lambda c: (c.estimand, "reports that differ at random" if c.truth in SHAPES else c.truth))
        for (aim, kind), some in kinds.items():
            low, worst = [cell for cell in some if cell.coverage < LOW], min(some, key=lambda cell: cell.coverage)
            places = list(_groups(low, _structure))
            where = f" ({', '.join(places)})" if 0 < len(places) < len(_groups(some, _structure)) else ""
            lines.append(
                f"- **{method}**, for the {aim}, {kind}: low in {len(low) or 'none'} of {len(some)} cells{where}; "
                f"lowest {_per_cent(worst.coverage)} % ({worst.structure}, {_where(worst)})."
            )
    start = f"Where an interval of 95 % holds what it aims at in fewer than {_per_cent(LOW)} % of the sets (“low”):"
    return "\n".join([start, "", *lines])


def _groups(cells: Iterable[Cell], key: Callable[[Cell], K]) -> dict[K, list[Cell]]:
    """Cells by key, in the order of their first."""
    found: dict[K, list[Cell]] = {}
    for cell in cells:
        found.setdefault(key(cell), []).append(cell)
    return found


def _rows(cells: Sequence[Cell], rates: Sequence[float], *, bold: bool = False) -> Iterator[list[str]]:
    """A row for each truth and ICC: both, coverage at each rate, their mean, the largest bias, the range of widths."""
    for (truth, icc), here in sorted(_groups(cells, _truth_and_icc).items(), key=lambda item: item[1][0].correlation):
        covered = {cell.rate: cell.coverage for cell in here}
        shown = [_covered(covered[rate], bold=bold) if rate in covered else "" for rate in rates]
        widths = [f"{100 * width:.0f}" for width in (min(c.width for c in here), max(c.width for c in here))]
        bias = max((cell.bias for cell in here), key=abs)
        yield [truth, f"{icc:g}", *shown, _per_cent(fmean(covered.values())), f"{100 * bias:+.1f}", "-".join(widths)]


def _covered(coverage: float, *, bold: bool) -> str:
    return f"**{_per_cent(coverage)}**" if bold and coverage < LOW else _per_cent(coverage)


def _rates(cells: Sequence[Cell]) -> list[float]:
    return sorted({cell.rate for cell in cells})


def _errors(cells: Sequence[Cell]) -> str:
    """The largest errors by the number of sets (Monte Carlo)."""
    coverage, bias = max(cell.coverage_se for cell in cells), max(cell.bias_se for cell in cells)
    return f"standard error of coverage at most {100 * coverage:.2f} points, of bias {100 * bias:.2f}"


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f}"


def _where(cell: Cell) -> str:
    return f"{cell.truth}, ORR {cell.rate:g}, ICC {cell.correlation:g}"
