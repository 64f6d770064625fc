"""docs/performance.md and its picture, from the table that `benchmarks/scale.py` measured.

`python tools/regenerate.py performance` writes them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINEAR = 1.1
"""The exponent up to which growth is called linear: two runs of one command differ by some per cent."""

HEAD = """# Time and memory against size

Whole commands on made-up reviews, each a process of its own with one job, measured once by `python benchmarks/scale.py`
(table: [performance.csv](performance.csv)). CPU time is what to read: the machine was shared.
"""
NOTES = """
- *Exponent*: e in time ~ size^e, from the row above; 1 is linear, 2 quadratic. A fixed part (start, imports, drawing)
  makes it smaller than what it tends to.
- The reviews: eight of eleven reports are case reports, the others series of 2 to 6 patients, and cohorts and trials as
  counts; drugs, partners, sites, responses, years and dates vary, titles and DOIs all differ, no report is linked.
- The posterior needs each number of responders and of patients once: its time depends on the largest report, not on
  how many there are. The GLMM of `pool STUDIES.csv` needs each different (r, n), at most 860 in these tables; with more
  than 300 the command says first that it takes a while.
- A figure or a table of the page shows at most 150 reports, patients or steps in time one by one and says so; a list
  of more than 500 cases is folded. The tables, workbook, references and results.json have all and grow with the review.
- Over time each pool is fitted again after each date, so that this part grows with the days on which reports were
  entered.
"""


@dataclass(frozen=True)
class Run:
    """One measured command. wall, cpu: seconds; peak: MiB."""

    command: str
    size: int
    wall: float
    cpu: float
    peak: float
    machine: str


def read_runs(text: str) -> tuple[Run, ...]:
    """The rows of docs/performance.csv."""
    return tuple(
        Run(
            row["command"],
            int(row["size"]),
            float(row["wall_s"]),
            float(row["cpu_s"]),
            float(row["peak_mib"]),
            row["machine"],
        )
        for row in csv.DictReader(io.StringIO(text))
    )


def by_command(runs: Sequence[Run]) -> Mapping[str, list[Run]]:
    """The runs of each command, the smallest first."""
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.size):
        found.setdefault(run.command, []).append(run)
    return found


def exponent(before: Run, after: Run) -> float:
    """Of the CPU time in the size, between two runs."""
    return log(after.cpu / before.cpu) / log(after.size / before.size)


def performance_markdown(runs: Sequence[Run]) -> str:
    """The page."""
    lines = [HEAD, f"Machine: {'; '.join(sorted({run.machine for run in runs}))}.", ""]
    lines += [
        "| command | reports | wall, s | CPU, s | exponent | peak memory, MiB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    verdicts = []
    for command, mine in by_command(runs).items():
        for place, run in enumerate(mine):
            grown = f"{exponent(mine[place - 1], run):.2f}" if place else ""
            name = f"`metaimt {command}`"
            lines.append(f"| {name} | {run.size:,} | {run.wall:.1f} | {run.cpu:.1f} | {grown} | {run.peak:.0f} |")
        last = exponent(mine[-2], mine[-1])
        verdict = "at most linear" if last <= LINEAR else "**more than linear**"
        verdicts.append(f"`{command}` {verdict} ({last:.2f})")
    lines += ["", f"From the last row but one to the last: {', '.join(verdicts)}.", ""]
    lines += ["![CPU time and peak memory by size, both axes logarithmic](performance.svg)"]
    return "\n".join(lines) + "\n" + NOTES


def draw_performance(runs: Sequence[Run]) -> Figure:
    """CPU time and peak memory against the number of reports, on logarithmic axes; dashed: linear."""
    from metaimt.figures import style
    from metaimt.figures.layout import new_sheet

    looks = zip(
        by_command(runs).items(), "os^D", (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE), strict=False
    )
    with style.figure_style():
        sheet = new_sheet(7.4, 3.4)
        panels = [sheet.figure.add_axes((left, 0.16, 0.4, 0.62)) for left in (0.08, 0.58)]
        for (command, mine), marker, colour in looks:
            sizes = [run.size for run in mine]
            for axes, values in zip(panels, ([run.cpu for run in mine], [run.peak for run in mine]), strict=True):
                axes.plot(sizes, values, marker=marker, markersize=4, color=colour, linewidth=1.2, label=command)
        for axes, words in zip(panels, ("CPU time, seconds", "peak memory, MiB"), strict=True):
            axes.set(xscale="log", yscale="log")
            low, high = axes.get_xlim()
            bottom, top = axes.get_ylim()
            for at in (0.001, 0.01, 0.1, 1.0):
                ends = (100, 20_000), (100 * at, 20_000 * at)
                axes.plot(*ends, color=style.SILVER, linewidth=0.8, dashes=(4, 2.5), zorder=0)
            axes.set(xlim=(low, high), ylim=(bottom, top))
            axes.set_title(words, fontsize=style.SMALL.size, loc="left")
            axes.set_xlabel("reports", fontsize=style.SMALL.size)
            axes.tick_params(which="both", labelsize=style.SMALL.size)
            for scale, least, most in ((axes.xaxis, low, high), (axes.yaxis, bottom, top)):
                marks: list[int] = [
                    k * 10**power for power in range(5) for k in (1, 3) if least <= k * 10**power <= most
                ]
                scale.set_ticks(marks, [f"{mark:,}" for mark in marks])
                scale.set_ticks([], minor=True)
            for side in ("top", "right"):
                axes.spines[side].set_visible(False)
        handles, labels = panels[0].get_legend_handles_labels()
        sheet.figure.legend(
            handles,
            labels,
            loc="upper left",
            bbox_to_anchor=(0.06, 0.99),
            ncols=4,
            frameon=False,
            fontsize=style.SMALL.size,
        )
        sheet.figure.text(0.98, 0.02, "dashed: in proportion", ha="right", fontsize=style.SMALL.size, color=style.GREY)
    return sheet.figure
