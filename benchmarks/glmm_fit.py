"""The fit of the binomial-normal GLMM alone, in a running process: ours against lme4's glmer (nAGQ = 25).

    python benchmarks/glmm_fit.py

Same data (evidence31.csv), median of repeated fits after one that is not counted; lme4's quadrature has 25 nodes, ours
40 or more. R from Debian's r-base-core and r-cran-lme4; without it the script says so and gives our own time alone.
"""

from __future__ import annotations

import csv
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from metaimt.statistics.glmm import fit_glmm

HERE = Path(__file__).parent
TARGET = 4


def ours(repeats: int = 200) -> float:
    """Median seconds of one fit."""
    with (HERE / "evidence31.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    responders, evaluable = [int(row["x"]) for row in rows], [int(row["n"]) for row in rows]
    fit_glmm(responders, evaluable)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        fit_glmm(responders, evaluable)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def theirs() -> float | str:
    """Median seconds of one fit by lme4, or why there is none."""
    if shutil.which("Rscript") is None:
        return "Rscript is not installed (Debian: apt-get install r-base-core r-cran-lme4)"
    done = subprocess.run(
        ["Rscript", "r/glmm_fit.R"],  # noqa: S607 - R from the path
        cwd=HERE,
        capture_output=True,
        text=True,
        check=False,
    )
    return float(done.stdout) if done.returncode == 0 else "R has no package lme4 (Debian: apt-get install r-cran-lme4)"


def main() -> None:
    """Print both times, and the ratio with its target; end with 1 if it is missed."""
    mine, other = ours(), theirs()
    print(f"metaimt  {1000 * mine:7.2f} ms a fit")
    if isinstance(other, str):
        print(f"not compared with lme4: {other}")
        return
    ratio = other / mine
    print(f"lme4     {1000 * other:7.2f} ms a fit")
    print(f"ours is {ratio:.0f} times as fast, target at least {TARGET}")
    if ratio < TARGET:
        sys.exit("missed")


if __name__ == "__main__":
    main()
