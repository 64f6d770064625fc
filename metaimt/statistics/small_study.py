"""Small-study diagnostics: Peters' regression, Begg's rank correlation, and a funnel on sample size.

They say whether small reports differ from large ones, for which selective publication is one reason. On single cases
they do not work: the sampling variance of r/n is then a function of r itself. So they are run on reports with
`SMALLEST` patients or more, and only if there are `FEWEST` of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri, stdtr, stdtrit

from metaimt.statistics.effect_sizes import effect_sizes
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.reports import read_reports

SMALLEST: Final = 5
FEWEST: Final = 10
LEVEL: Final = 0.95
PETERS: Final = (
    "weighted linear regression of log(r/(n - r)) on 1/n, weights r(n - r)/n; 0.5 is added to both where r is 0 or n"
)
BEGG: Final = "Kendall's tau between the standardised log(r/(n - r)) and its sampling variance"
HUNTER: Final = "funnel of r/n against n, around the inverse-variance mean of log(r/(n - r))"


@dataclass(frozen=True)
class PetersRegression:
    """Slope on 1/n with its interval and two-sided p, t with `df` degrees of freedom; > 0: small reports respond more.

    intercept: log odds of response in a report of infinite size.
    """

    slope: float
    se: float
    lower: float
    upper: float
    level: float
    t: float
    df: int
    p: float
    intercept: float
    method: str = PETERS


@dataclass(frozen=True)
class BeggTest:
    """Kendall's tau, -1 to 1, and its two-sided p: exact without ties in fewer than 50 reports, else normal."""

    tau: float
    p: float
    exact: bool
    method: str = BEGG


@dataclass(frozen=True)
class Funnel:
    """A funnel plot on sample size (Hunter et al., J Clin Epidemiol 2014;67:897).

    points: (r/n, n) of each report, largest first. centre: the fixed-effect mean, 0 to 1. limits: (n, lower, upper),
    between which a report of n patients falls with probability `level` if all have the mean.
    """

    points: tuple[tuple[float, int], ...]
    centre: float
    limits: tuple[tuple[int, float, float], ...]
    level: float
    method: str = HUNTER


@dataclass(frozen=True)
class SmallStudies:
    """The three diagnostics on the reports with `smallest` patients or more."""

    reports: int
    smallest: int
    peters: PetersRegression
    begg: BeggTest | NotRun
    funnel: Funnel


def small_study_diagnostics(responders: ArrayLike, evaluable: ArrayLike) -> SmallStudies | NotRun:
    """The diagnostics by the rule at the head of this module.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.

    Raises:
        ValueError: invalid counts (see `read_reports`).
    """
    reports = read_reports(responders, evaluable)
    large = reports.evaluable >= SMALLEST
    r, n = reports.responders[large], reports.evaluable[large]
    if r.size < FEWEST:
        said = f"{r.size} {'report' if r.size == 1 else 'reports'}"
        return NotRun(f"{said} with {SMALLEST} or more evaluable patients, of {FEWEST} needed")
    if np.unique(n).size == 1:
        return NotRun(f"{r.size} reports, all of {n[0]} patients")
    return SmallStudies(r.size, SMALLEST, peters_regression(r, n), begg_test(r, n), funnel(r, n))


def peters_regression(responders: ArrayLike, evaluable: ArrayLike) -> PetersRegression:
    """Peters' regression for one proportion: Peters et al., JAMA 2006;295:676, as `PETERS` says.

    Args:
        responders: shape (K,), integers; three reports or more.
        evaluable: shape (K,), integers of at least 1; not all of one size.
    """
    sizes = effect_sizes(responders, evaluable, "logit")
    y, weight, x = sizes.estimate, 1 / sizes.variance, 1 / sizes.evaluable
    centred = x - np.average(x, weights=weight)
    spread = float(weight @ centred**2)
    slope = float((weight * centred) @ y) / spread
    intercept = float(np.average(y - slope * x, weights=weight))
    df = y.size - 2
    se = float(np.sqrt(weight @ (y - intercept - slope * x) ** 2 / df / spread))
    t, reach = (slope / se if se else 0.0), float(stdtrit(df, (1 + LEVEL) / 2)) * se
    p = 2 * float(stdtr(df, -abs(t)))
    return PetersRegression(slope, se, slope - reach, slope + reach, LEVEL, t, df, p, intercept)


def begg_test(responders: ArrayLike, evaluable: ArrayLike) -> BeggTest | NotRun:
    """Rank correlation of effect and variance: Begg and Mazumdar, Biometrics 1994;50:1088.

    Args:
        responders: shape (K,), integers; three reports or more.
        evaluable: shape (K,), integers of at least 1.

    Returns:
        The test, or NotRun where every report has the same r and n.
    """
    from scipy.stats import kendalltau

    sizes = effect_sizes(responders, evaluable, "logit")
    y, v = sizes.estimate, sizes.variance
    if np.unique(v).size == 1:
        return NotRun("every report has the same sampling variance")
    standardised = (y - np.average(y, weights=1 / v)) / np.sqrt(v - 1 / np.sum(1 / v))
    exact = np.unique(standardised).size == np.unique(v).size == y.size < 50
    found = kendalltau(standardised, v, method="exact" if exact else "asymptotic")
    return BeggTest(float(found.statistic), float(found.pvalue), exact)


def funnel(responders: ArrayLike, evaluable: ArrayLike) -> Funnel:
    """The points and limits of a funnel plot on sample size, as `HUNTER` says.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
    """
    sizes = effect_sizes(responders, evaluable, "logit")
    centre = float(expit(np.average(sizes.estimate, weights=1 / sizes.variance)))
    reports = read_reports(responders, evaluable)
    pairs = zip((reports.responders / reports.evaluable).tolist(), reports.evaluable.tolist(), strict=True)
    points = sorted(pairs, key=lambda point: (-point[1], point[0]))
    quantile = float(ndtri((1 + LEVEL) / 2))
    limits = []
    for n in np.unique(reports.evaluable).tolist():
        reach = quantile / np.sqrt(n * centre * (1 - centre))
        low, high = expit(logit(centre) - reach), expit(logit(centre) + reach)
        limits.append((int(n), float(low), float(high)))
    return Funnel(tuple((float(rate), int(n)) for rate, n in points), centre, tuple(limits), LEVEL)
