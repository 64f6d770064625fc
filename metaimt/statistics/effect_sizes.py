"""Effect measures of one proportion with their sampling variances, as inverse-variance models take them.

The same as metafor::escalc (measures PR, PLO, PAS, PFT). On single cases the measure and the 0.5 decide the
answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from metaimt.statistics.reports import read_reports
from metaimt.statistics.root import Floats

Measure = Literal["raw", "logit", "arcsine", "double arcsine"]
Correction = Literal["where needed", "all"]

DOUBLE_ARCSINE_WARNING = (
    "The double arcsine is transformed back with the harmonic mean of the report sizes; when these differ much, "
    "the result can be seriously misleading (Schwarzer et al., Res Synth Methods 2019;10:476)."
)


@dataclass(frozen=True, eq=False)
class EffectSizes:
    """Estimates and sampling variances of K reports on the scale of the measure, in the order of the input.

    estimate, variance, evaluable: shape (K,); evaluable is n without any 0.5.
    """

    estimate: Floats
    variance: Floats
    evaluable: Floats


def effect_sizes(
    responders: ArrayLike, evaluable: ArrayLike, measure: Measure, correction: Correction = "where needed"
) -> EffectSizes:
    """Effect sizes of each report.

    raw: r/n, variance p(1-p)/n. logit: log(r/(n-r)), variance 1/r + 1/(n-r). arcsine: asin(sqrt(r/n)), variance
    1/(4n). double arcsine (Freeman and Tukey, Ann Math Stat 1950;21:607): half the sum of asin(sqrt(r/(n+1))) and
    asin(sqrt((r+1)/(n+1))), variance 1/(4n+2).

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        measure: one of the four.
        correction: for raw and logit, 0.5 is added to responders and to non-responders "where needed" (no
            patient or every patient responds), or in "all" reports.

    Raises:
        ValueError: invalid counts (see `read_reports`).
    """
    read_reports(responders, evaluable)
    r, n = np.asarray(responders, dtype=float), np.asarray(evaluable, dtype=float)
    half = np.where((r == 0) | (r == n) | (correction == "all"), 0.5, 0.0)
    estimate, variance = _formulas(r, n, r + half, n - r + half, measure)
    return EffectSizes(estimate, variance, n)


def back_transform(measure: Measure, value: ArrayLike, evaluable: ArrayLike) -> Floats:
    """Proportion, 0 to 1, from the scale of the measure.

    The arcsines are cut off where they leave the range of the transform, raw proportions at 0 and 1. The double
    arcsine by Miller, Am Stat 1978;32:138, with the harmonic mean of n: see DOUBLE_ARCSINE_WARNING.

    Args:
        measure: one of the four.
        value: on the scale of the measure, any shape.
        evaluable: n of the reports that were pooled, shape (K,).
    """
    x = np.asarray(value, dtype=float)
    if measure == "raw":
        return np.asarray(np.clip(x, 0.0, 1.0))
    if measure == "logit":
        return np.asarray(expit(x), dtype=float)
    if measure == "arcsine":
        return np.asarray(np.sin(np.clip(x, 0.0, np.pi / 2)) ** 2)
    return _miller(x, float(1 / np.mean(1 / np.asarray(evaluable, dtype=float))))


def _formulas(r: Floats, n: Floats, yes: Floats, no: Floats, measure: Measure) -> tuple[Floats, Floats]:
    """Estimates and variances from the counts without (r, n) and with the correction (yes, no)."""
    if measure == "raw":
        return yes / (yes + no), yes * no / (yes + no) ** 3
    if measure == "logit":
        return np.log(yes / no), 1 / yes + 1 / no
    if measure == "arcsine":
        return np.arcsin(np.sqrt(r / n)), 1 / (4 * n)
    return _double_arcsine(r, n), 1 / (4 * n + 2)


def _double_arcsine(r: Floats, n: Floats) -> Floats:
    return np.asarray((np.arcsin(np.sqrt(r / (n + 1))) + np.arcsin(np.sqrt((r + 1) / (n + 1)))) / 2)


def _miller(x: Floats, n: float) -> Floats:
    ends = _double_arcsine(np.array([0.0, n]), np.array([n, n]))
    with np.errstate(divide="ignore", invalid="ignore"):
        sine = np.sin(2 * x)
        root = np.sqrt(1 - (sine + (sine - 1 / sine) / n) ** 2)
        inside = (1 - np.sign(np.cos(2 * x)) * root) / 2
    return np.where(x <= ends[0], 0.0, np.where(x >= ends[1], 1.0, inside))
