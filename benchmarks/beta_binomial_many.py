"""The beta-binomial fit of 100,000 reports against the fit of 100, in one process.

    python benchmarks/beta_binomial_many.py

The reports are simulated with a fixed seed. Target: at most twice the time, since reports with the same counts are told
apart by nothing and the likelihood is that of a few tail counts. Counting them is timed too, on a line of its own.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from metaimt.statistics.betabinomial import fit_reports
from metaimt.statistics.reports import Reports, read_reports

REPEATS = 20
TARGET = 2


def simulated(reports: int) -> Reports:
    """Half single cases, half series of 2 to 20; mean 0.7, intraclass correlation 0.1."""
    rng = np.random.Generator(np.random.PCG64(1))
    n = np.where(np.arange(reports) % 2, 1, rng.integers(2, 21, reports))
    p = rng.beta(0.7 * 9, 0.3 * 9, reports)
    return read_reports(rng.binomial(n, p), n)


def best(reports: Reports) -> float:
    """The best of several fits, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        fit_reports(reports)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print both times and their ratio; end with 1 if the target is missed."""
    few, many = simulated(100), simulated(100_000)
    a, b = best(few), best(many)
    print(f"fit of 100 reports {1e3 * a:.2f} ms, of 100,000 reports {1e3 * b:.2f} ms, ratio {b / a:.2f}")
    if b / a > TARGET:
        sys.exit(f"missed: at most {TARGET} times the time")


if __name__ == "__main__":
    main()
