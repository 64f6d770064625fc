"""Building the shipped review against importing the libraries it cannot do without, each in a process of its own.

    python benchmarks/build_review.py

Target: at most 8 times the imports, which on two cores has been at most 15 s. They are run beside it because they
depend on the machine as the build does: the ratio holds where the seconds do not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TARGET = 8
ROOT = Path(__file__).parent.parent
IMPORTS = "import numpy, scipy.stats, scipy.optimize, pandas, statsmodels.api, matplotlib.figure, pydantic, jinja2"


def seconds(*command: str) -> float:
    """Best of three runs, so that another process on the machine counts less."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Print both times, their ratio, and the size of the page; end with 1 if the target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        built = seconds("-m", "metaimt", "build", "--out", f"{folder}/outputs")
        size = (Path(folder) / "outputs" / "index.html").stat().st_size
    imports = seconds("-c", IMPORTS)
    print(f"build {built:.2f} s, imports {imports:.2f} s, ratio {built / imports:.2f}; {os.cpu_count()} cores")
    print(f"index.html {size / 1e6:.2f} MB")
    if built / imports > TARGET:
        sys.exit(f"missed: at most {TARGET} times the imports")


if __name__ == "__main__":
    main()
