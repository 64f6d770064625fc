"""Partial pooling of ten groups against a logistic regression of statsmodels on the same groups, in one process.

    python benchmarks/partial_pooling_ten.py

The regression has an intercept and a slope. Target: at most 20 times its time.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import statsmodels.api as sm

from metaimt.statistics.partial_pooling import partial_pooling

TARGET = 20
R = np.array([6, 7, 5, 20, 3, 1, 0, 4, 9, 11])
N = np.array([8, 12, 7, 24, 4, 1, 2, 6, 9, 20])


def best(work: Callable[[], object]) -> float:
    """The best of several runs, in seconds."""
    times = []
    for _ in range(20):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Print both times and their ratio; end with 1 if the target is missed."""
    columns, counts = sm.add_constant(np.arange(len(N))), np.column_stack([R, N - R])
    pooled = best(lambda: partial_pooling(R, N))
    logistic = best(lambda: sm.GLM(counts, columns, family=sm.families.Binomial()).fit())
    print(f"partial pooling {1e3 * pooled:.2f} ms, regression {1e3 * logistic:.2f} ms, ratio {pooled / logistic:.2f}")
    if pooled / logistic > TARGET:
        sys.exit(f"missed: at most {TARGET} times its time")


if __name__ == "__main__":
    main()
