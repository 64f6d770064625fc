"""Whole processes: `metaimt pool evidence31.csv` against R's metafor on the same file, in one run.

    python benchmarks/against_r.py [RUNS]

R from Debian's r-base-core and r-cran-metafor; without Rscript or metafor it says so and gives our own times alone.
pooled.R fits rma.glmm once and does the rest by inverse variance; pooled_glmm.R does leave-one-out and cumulative by
rma.glmm too, which is the work that metaimt does on the exact likelihoods. The best of several runs, in turn.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

HERE = Path(__file__).parent
DATA = "evidence31.csv"
OURS = {
    "metaimt pool": [sys.executable, "-m", "metaimt", "pool", DATA],
    "metaimt pool --methods": [sys.executable, "-m", "metaimt", "pool", DATA, "--methods"],
}
THEIRS = {"pooled.R": ["Rscript", "pooled.R"], "pooled_glmm.R": ["Rscript", "pooled_glmm.R"]}
TARGETS = (
    ("metaimt pool", "pooled_glmm.R", 0.15),
    ("metaimt pool", "pooled.R", 0.4),
    ("metaimt pool --methods", "pooled.R", 1.6),
)


def no_r() -> str:
    """Why R cannot run the scripts, or nothing."""
    if shutil.which("Rscript") is None:
        return "Rscript is not installed (Debian: apt-get install r-base-core r-cran-metafor)"
    done = subprocess.run(["Rscript", "-e", "library(metafor)"], capture_output=True, check=False)  # noqa: S607 - R from the path
    return "R has no package metafor (Debian: apt-get install r-cran-metafor)" if done.returncode else ""


def best(commands: Mapping[str, Sequence[str]], folder: Path, runs: int) -> dict[str, float]:
    """The least of `runs` times of each command, in seconds; the commands take turns."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, capture_output=True, check=True)  # noqa: S603 - our own words
            times[name].append(time.perf_counter() - start)
    return {name: min(each) for name, each in times.items()}


def main() -> None:
    """Print the times, and the ratios with their targets; end with 1 if one is missed."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    missing = no_r()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (HERE / DATA, *(HERE / "r").glob("*.R")):
            shutil.copy(path, folder)
        times = best({**OURS, **({} if missing else THEIRS)}, folder, runs)
    for command, seconds in times.items():
        print(f"{command:<24}{seconds:7.2f} s")
    if missing:
        print(f"not compared with R: {missing}")
        return
    ratios = [(f"{ours} / {theirs}", times[ours] / times[theirs], target) for ours, theirs, target in TARGETS]
    for what, ratio, target in ratios:
        print(f"{what}: {ratio:.2f}, target at most {target}")
    if missed := [what for what, ratio, target in ratios if ratio > target]:
        sys.exit(f"missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
