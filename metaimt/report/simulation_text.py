"""The table of a simulation, as text, Markdown and rows for CSV; and read back from its CSV.

Coverage in per cent with its Monte-Carlo standard error, bias and width in points.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from math import isfinite
from typing import Any

from metaimt.files import for_terminal
from metaimt.problem import WrongUse
from metaimt.report.tables import Row, csv_text
from metaimt.statistics.simulate import RULE, Cell

_NOTED = 0.94  # coverage of the rule below this is listed, whatever the target
_FLAGS = {"": "", "met": "", "under": "UNDER", "over": "OVER"}


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
    """A block for each structure, in 80 columns: coverage (standard error), bias, width, and what misses the target."""
    blocks = []
    for name in dict.fromkeys(cell.structure for cell in cells):
        here = [cell for cell in cells if cell.structure == name]
        first = here[0]
        title = f"{for_terminal(name)}: K = {first.reports}, {first.sets} sets a cell"
        lines = [title, f"{'ORR':>4}{'ICC':>5}  {'method':<24}{'coverage (se) %':>16}{'bias':>8}{'width':>8}  target"]
        blocks.append("\n".join([*lines, *(_line(cell).rstrip() for cell in here)]))
    return "\n\n".join([*blocks, summary(cells)])


def _line(cell: Cell) -> str:
    truth = f"{cell.rate:>4.2f}{cell.correlation:>5.1f}"
    coverage = f"{100 * cell.coverage:.1f} ({100 * cell.coverage_se:.2f})"
    figures = f"{coverage:>16}{100 * cell.bias:>+8.1f}{100 * cell.width:>8.1f}"
    return f"{truth}  {cell.method:<24}{figures}  {_FLAGS[cell.target]}"


def summary(cells: Sequence[Cell]) -> str:
    """How many cells of each judged method miss the target, by structure."""
    judged = [cell for cell in cells if cell.target]
    lines = []
    for structure, method in dict.fromkeys((cell.structure, cell.method) for cell in judged):
        here = [cell for cell in judged if (cell.structure, cell.method) == (structure, method)]
        low, high = min(cell.coverage for cell in here), max(cell.coverage for cell in here)
        missed = sum(cell.target == "under" for cell in here), sum(cell.target == "over" for cell in here)
        found = f"coverage {100 * low:.1f} to {100 * high:.1f} %; {missed[0]} under, {missed[1]} over, of {len(here)}"
        lines.append(f"{for_terminal(structure)}, {method}:\n  {found}")
    return "\n".join(["Target:", *lines])


def simulation_markdown(cells: Sequence[Cell], command: str) -> str:
    """The page for the documentation: what was run, the target check, and coverage of every method in each cell."""
    parts = [
        "# Operating characteristics\n",
        f"Written by `{command}` and never by hand; sets a cell: {cells[0].sets}.\n",
        "Coverage of nominal 95 % intervals in per cent, bias of the estimate and mean width in points. A rule is "
        "**bold** where it misses the target: with ten reports or more 94 % less two Monte-Carlo standard errors to "
        f"98.5 %, with fewer at least 92 %. '{RULE}' is the one in use{_candidates(cells)}.\n",
        f"```\n{summary(cells)}\n```\n",
    ]
    for structure in dict.fromkeys(cell.structure for cell in cells):
        here = [cell for cell in cells if cell.structure == structure]
        parts.append(f"## {structure} (K = {here[0].reports})\n")
        parts += [_markdown(here, title) for title in ("coverage", "bias", "width")]
    return "\n".join(parts)


def _candidates(cells: Sequence[Cell]) -> str:
    others = dict.fromkeys(cell.method for cell in cells if cell.target and cell.method != RULE)
    said = "; not in use, but judged alike, to show why the rule is as it is:"
    return f"{said} {' and '.join(repr(name) for name in others)}" if others else ""


def _markdown(cells: Sequence[Cell], what: str) -> str:
    methods = list(dict.fromkeys(cell.method for cell in cells))
    lines = [f"| {what}: ORR, ICC | {' | '.join(methods)} |", "|---" * (len(methods) + 1) + "|"]
    for truth in dict.fromkeys((cell.rate, cell.correlation) for cell in cells):
        row = {cell.method: _value(cell, what) for cell in cells if (cell.rate, cell.correlation) == truth}
        lines.append(f"| {truth[0]:.2f}, {truth[1]:.1f} | {' | '.join(row[method] for method in methods)} |")
    return "\n".join([*lines, ""])


def _value(cell: Cell, what: str) -> str:
    if what == "bias":
        return f"{100 * cell.bias:+.1f}"
    if what == "width":
        return f"{100 * cell.width:.1f}"
    text = f"{100 * cell.coverage:.1f} ± {100 * cell.coverage_se:.2f}"
    return f"**{text}**" if cell.target in {"under", "over"} else text


def simulation_in_short(cells: Sequence[Cell]) -> str:
    """Markdown: a table of each method on each structure over all truths, then where the rule covers less than 94 %."""
    lines = [
        "| structure | method | coverage, % | lowest at | largest bias, points | width, points | off target |",
        "|---|---|---|---|---|---|---|",
    ]
    for structure, method in dict.fromkeys((cell.structure, cell.method) for cell in cells):
        here = [cell for cell in cells if (cell.structure, cell.method) == (structure, method)]
        lines.append(f"| {structure.replace('_', ' ')} (K = {here[0].reports}) | {method} | {_in_short(here)} |")
    low = [cell for cell in cells if cell.method == RULE and cell.coverage < _NOTED]
    said = "; ".join(f"{cell.structure.replace('_', ' ')}, {_truth(cell)}: {100 * cell.coverage:.1f} %" for cell in low)
    return "\n".join([*lines, "", f"The rule covers less than {100 * _NOTED:.0f} % at: {said or 'no truth'}.", ""])


def _truth(cell: Cell) -> str:
    return f"ORR {cell.rate:g}, ICC {cell.correlation:g}"


def _in_short(cells: Sequence[Cell]) -> str:
    lowest, highest = min(cells, key=lambda cell: cell.coverage), max(cell.coverage for cell in cells)
    widths, bias = [cell.width for cell in cells], max((cell.bias for cell in cells), key=abs)
    missed = sum(cell.target in {"under", "over"} for cell in cells)
    return " | ".join(
        (
            f"{100 * lowest.coverage:.1f} to {100 * highest:.1f}",
            _truth(lowest),
            f"{100 * bias:+.1f}",
            f"{100 * min(widths):.1f} to {100 * max(widths):.1f}",
            f"{missed} of {len(cells)}" if any(cell.target for cell in cells) else "not judged",
        )
    )
