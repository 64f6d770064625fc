"""Inverse-variance models with a report left out, and over time; PyMARE has neither."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike

from metaimt.statistics.effect_sizes import Correction, Measure
from metaimt.statistics.inverse_variance import InverseVarianceFit, Method, SmallSample, fit_inverse_variance
from metaimt.statistics.reports import Integers, read_reports


class Options(TypedDict, total=False):
    """Keyword arguments of `fit_inverse_variance`."""

    measure: Measure
    method: Method
    correction: Correction
    small_sample: SmallSample
    level: float


def leave_one_out_inverse_variance(
    responders: ArrayLike, evaluable: ArrayLike, **options: Unpack[Options]
) -> tuple[InverseVarianceFit, ...]:
    """One fit for each report, in the order of the input, from all reports but that one.

    Args:
        responders: shape (K,), integers, K at least 2.
        evaluable: shape (K,), integers of at least 1.
        options: as for `fit_inverse_variance`.

    Raises:
        ValueError: as for `fit_inverse_variance`, or a single report.
    """
    if read_reports(responders, evaluable).number < 2:
        raise ValueError("leaving one out needs at least two reports")
    r, n = np.asarray(responders), np.asarray(evaluable)
    rows = np.arange(r.size)
    return _fits(r, n, (rows[rows != i] for i in rows), options)


def cumulative_inverse_variance(
    responders: ArrayLike, evaluable: ArrayLike, steps: Sequence[object] | None = None, **options: Unpack[Options]
) -> tuple[InverseVarianceFit, ...]:
    """Fits of the reports so far, in the order of the input.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        steps: a label for each report, such as its year; one fit after each run of equal labels. Without it,
            one after each report.
        options: as for `fit_inverse_variance`.

    Raises:
        ValueError: as for `fit_inverse_variance`, or not one label a report.
    """
    number = read_reports(responders, evaluable).number
    if steps is not None and len(steps) != number:
        raise ValueError(f"there must be one step a report: {number}, not {len(steps)}")
    r, n = np.asarray(responders), np.asarray(evaluable)
    ends = (i + 1 for i in range(number) if steps is None or i + 1 == number or steps[i] != steps[i + 1])
    return _fits(r, n, (np.arange(end) for end in ends), options)


def _fits(r: Integers, n: Integers, subsets: Iterable[Integers], options: Options) -> tuple[InverseVarianceFit, ...]:
    """Fit each subset; two with the same reports only once, since many single cases are alike."""
    known: dict[bytes, InverseVarianceFit] = {}
    result = []
    for rows in subsets:
        table = np.stack([n[rows], r[rows]])
        table = table[:, np.lexsort(table)]
        key = table.tobytes()
        if key not in known:
            known[key] = fit_inverse_variance(table[1], table[0], **options)
        result.append(known[key])
    return tuple(result)
