"""What a new report may show: its true response rate, and its responders among m patients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaln, gammaln

from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR, Prior, RhoPrior, Surfaces, known_digits, surfaces_of
from metaimt.statistics.reports import read_reports
from metaimt.statistics.root import Floats
from metaimt.statistics.tail_counts import tail_counts

LEVELS: Final = (0.8, 0.95)  # the first is the one to read; the wider is largely the prior
MAX_SERIES: Final = 1000
_BLOCKS, _ANGLES = 100, 401  # of the cells of the mean; at which the distribution function is taken


@dataclass(frozen=True)
class Range:
    """Equal-tailed limits at `level`."""

    level: float
    lower: float
    upper: float


@dataclass(frozen=True)
class SeriesPrediction:
    """Responders in a new report of `size` patients: whole-number limits, each range at least its level."""

    size: int
    ranges: tuple[Range, ...]


@dataclass(frozen=True)
class Prediction:
    """Prediction for a new report, with the priors it largely rests on.

    median, ranges: true response rate of the new report, 0 to 1. series: its responders, one entry a size asked for.
    """

    median: float
    ranges: tuple[Range, ...]
    series: tuple[SeriesPrediction, ...]
    mu_prior: Prior
    rho_prior: RhoPrior


Predicted = Prediction | NotIdentified
"""What is said of a new report; of one report nothing is."""


def predict_new(
    responders: Sequence[int], evaluable: Sequence[int], mu_prior: Prior = MU_PRIOR, rho_prior: RhoPrior = RHO_PRIOR
) -> Predicted:
    """As `predict`, where there are two reports or more: one says nothing of how much reports differ."""
    if len(responders) < 2:
        return NotIdentified("one report")
    return predict(responders, evaluable, mu_prior=mu_prior, rho_prior=rho_prior)


def predict(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    sizes: Sequence[int] = (),
    levels: Sequence[float] = LEVELS,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: RhoPrior = RHO_PRIOR,
) -> Prediction:
    """Posterior predictive distribution of a new report (Higgins et al., J R Stat Soc A 2009;172:137).

    The true rate of a new report is Beta(mu (1-rho)/rho, (1-mu)(1-rho)/rho), mixed over the posterior of mu and rho;
    its responders among m patients are the mixture of beta-binomials. Limits are good to about 1e-3.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        sizes: patients m of each new series, 1 to 1000.
        levels: of the intervals, each between 0 and 1.
        mu_prior: of the mean rate.
        rho_prior: of the intraclass correlation.

    Raises:
        ValueError: invalid counts, sizes, levels or priors.
    """
    if not all(0 < level < 1 for level in levels):
        raise ValueError(f"a level must be between 0 and 1, not {', '.join(map(str, levels))}")
    if any(not 1 <= size <= MAX_SERIES for size in sizes):
        raise ValueError(f"a new series must have 1 to {MAX_SERIES} patients")
    found = surfaces_of([tail_counts(read_reports(responders, evaluable))], mu_prior, rho_prior)
    mu, rho, weight = _points(found)
    angle = np.linspace(0, np.pi / 2, _ANGLES)
    rate = np.sin(angle) ** 2
    a, b = _shapes(mu, rho)
    chances = [0.5, *_tails(levels)]
    below = _around(chances, lambda place: float(weight @ betainc(a, b, rate[place])))
    median, *ends = np.sin(np.interp(chances, list(below.values()), angle[list(below)])) ** 2
    series = tuple(_series(mu, rho, weight, int(size), levels) for size in sizes)
    ranges = tuple(
        Range(level, known_digits(low), known_digits(high))
        for level, low, high in zip(levels, ends[::2], ends[1::2], strict=True)
    )
    return Prediction(known_digits(median), ranges, series, mu_prior, rho_prior)


def _around(chances: Sequence[float], below: Callable[[int], float]) -> dict[int, float]:
    """A distribution function at places in order, with the two around each chance among them: few are taken."""
    known = cache(below)
    taken = set()
    for chance in chances:
        low, high = 0, _ANGLES - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if known(middle) <= chance else (low, middle)
        taken |= {low, high}
    return {place: known(place) for place in sorted(taken)}


def _tails(levels: Sequence[float]) -> list[float]:
    return [tail for level in levels for tail in ((1 - level) / 2, (1 + level) / 2)]


def _points(found: Surfaces) -> tuple[Floats, Floats, Floats]:
    """Mean, rho and posterior mass; neighbouring cells of the mean are joined."""
    mass = found.joint(0)
    rows = mass.reshape(_BLOCKS, -1, mass.shape[1])
    weight = rows.sum(axis=1)
    mu = found.parts[0].mu.reshape(_BLOCKS, -1, 1)
    with np.errstate(invalid="ignore"):
        middle = np.where(weight > 0, (rows * mu).sum(axis=1) / weight, mu.mean(axis=1))
    kept = weight > 1e-7
    return middle[kept], np.broadcast_to(found.nodes, weight.shape)[kept], weight[kept] / weight[kept].sum()


def _shapes(mu: Floats, rho: Floats) -> tuple[Floats, Floats]:
    size = (1 - rho) / rho
    return np.maximum(mu * size, 1e-300), np.maximum((1 - mu) * size, 1e-300)


def _series(mu: Floats, rho: Floats, weight: Floats, size: int, levels: Sequence[float]) -> SeriesPrediction:
    k = np.arange(size + 1)
    a, b = (shape[:, None] for shape in _shapes(mu, rho))
    choose = gammaln(size + 1) - gammaln(k + 1) - gammaln(size - k + 1)
    chance = weight @ np.exp(choose + betaln(k + a, size - k + b) - betaln(a, b))
    below = np.cumsum(chance)
    # A limit met exactly must not depend on the last digit.
    ends = np.minimum(np.searchsorted(below, np.array(_tails(levels)) * below[-1] - 1e-9), size)
    ranges = (Range(level, int(low), int(high)) for level, low, high in zip(levels, ends[::2], ends[1::2], strict=True))
    return SeriesPrediction(size, tuple(ranges))
