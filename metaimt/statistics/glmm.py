"""Pooled response rate by the binomial-normal model (random intercept on the logit scale), exact likelihood.

logit p_i = b0 + x_i b + u_i, u_i ~ N(0, tau^2): Stijnen, Hamza and Ozdemir, Stat Med 2010;29:3046. The integral
over u is done by adaptive quadrature with 80 nodes: the Laplace approximation and the 7 nodes that
metafor::rma.glmm takes are visibly wrong in tau^2. What the reports do not identify is said, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, expit, ndtri, stdtrit

from metaimt.statistics.glmm_likelihood import Cells, Point, binomial_fit, maximise
from metaimt.statistics.glmm_separation import Separated, separation
from metaimt.statistics.reports import read_reports
from metaimt.statistics.rho import NotIdentified
from metaimt.statistics.root import Floats

_TOGETHER = 500


@dataclass(frozen=True)
class TauTest:
    """Likelihood-ratio test of tau = 0; p from the even mixture of chi-square with 0 and with 1 degree of freedom.

    tau = 0 is on the boundary: Self and Liang, J Am Stat Assoc 1987;82:605.
    """

    statistic: float
    p: float


@dataclass(frozen=True)
class RateInterval:
    """Limits of a rate (0 to 1) at `level`, and the convention that gives them."""

    lower: float
    upper: float
    level: float
    convention: str


@dataclass(frozen=True)
class GlmmFit:
    """Maximum likelihood estimates.

    beta: intercept b0 on the logit scale, then the slopes; b0 is -inf or inf where no patient or every patient
    responds. se: Wald standard errors from the observed information, for comparison with other programs. tau:
    standard deviation of the logits between reports; where it is not identified the fit is the binomial one.
    log_likelihood includes the binomial coefficients; log_likelihood_binomial is the maximum at tau = 0.
    reports: K. cells, counts: the data, one entry a different kind of report.
    """

    beta: tuple[float, ...]
    se: tuple[float, ...] | NotIdentified
    tau: float | NotIdentified
    log_likelihood: float
    log_likelihood_binomial: float
    reports: int
    cells: Cells = field(compare=False, repr=False)
    counts: Floats = field(compare=False, repr=False)

    @property
    def b0(self) -> float:
        """Intercept: logit of the response rate in the median report (with covariates, where they are 0)."""
        return self.beta[0]

    @property
    def tau2(self) -> float | NotIdentified:
        """Variance of the logits between reports."""
        return self.tau if isinstance(self.tau, NotIdentified) else self.tau**2

    @property
    def median(self) -> float:
        """Response rate in the median report, expit(b0), 0 to 1."""
        return float(expit(self.b0))

    @property
    def tau_test(self) -> TauTest | NotIdentified:
        """Test of tau = 0."""
        if isinstance(self.tau, NotIdentified):
            return self.tau
        statistic = max(0.0, 2 * (self.log_likelihood - self.log_likelihood_binomial))
        # Below 1e-8 the statistic is 0 but for rounding.
        return TauTest(statistic, 1.0 if statistic < 1e-8 else float(chdtrc(1, statistic)) / 2)


@overload
def fit_glmm(responders: ArrayLike, evaluable: ArrayLike, covariates: None = None) -> GlmmFit: ...


@overload
def fit_glmm(responders: ArrayLike, evaluable: ArrayLike, covariates: ArrayLike) -> GlmmFit | Separated: ...


def fit_glmm(
    responders: ArrayLike, evaluable: ArrayLike, covariates: ArrayLike | None = None
) -> GlmmFit | Separated:
    """Maximum likelihood of r_i ~ Binomial(n_i, p_i), logit p_i = b0 + x_i b + u_i, u_i ~ N(0, tau^2).

    tau is not identified by one report, by single cases only, or where all reports with two patients or more
    are unanimous (in each all respond or none does); the fit is then the binomial one. The order of the
    reports is irrelevant.

    Args:
        responders: shape (K,), integers.
        evaluable: shape (K,), integers of at least 1.
        covariates: shape (K, P), without a column for the intercept; or None.

    Returns:
        With covariates that separate responders from non-responders (in part or wholly), `Separated`.

    Raises:
        ValueError: invalid counts (see `read_reports`), or covariates of the wrong shape, not finite, or
            linearly dependent.
    """
    cells, where = read_cells(responders, evaluable, covariates)
    counts = np.bincount(where, minlength=cells.evaluable.size).astype(float)
    if covariates is not None:
        separated = separation(cells)
        if separated is not None:
            return separated
    return fit_cells(cells, counts[None, :])[0]


def wald_interval(fit: GlmmFit, level: float = 0.95) -> RateInterval | NotIdentified:
    """expit(b0 -+ z se): for comparison with other programs; the profile interval is the one to read.

    Raises:
        ValueError: level outside (0, 1).
    """
    _check_level(level)
    if isinstance(fit.se, NotIdentified):
        return fit.se
    return _around(fit.b0, float(ndtri((1 + level) / 2)) * fit.se[0], level, "Wald")


def prediction_interval(
    fit: GlmmFit, level: float = 0.95, convention: Literal["t, K - 2", "z"] = "t, K - 2"
) -> RateInterval | NotIdentified:
    """Interval for the true rate of a new report: expit(b0 -+ q sqrt(se^2 + tau^2)).

    q is the quantile of t with K - 2 degrees of freedom (Higgins, Thompson and Spiegelhalter, J R Stat Soc A
    2009;172:137), or of the normal distribution as metafor takes it.

    Returns:
        NotIdentified where tau is, or with fewer than three reports under "t, K - 2".

    Raises:
        ValueError: level outside (0, 1).
    """
    _check_level(level)
    if isinstance(fit.tau, NotIdentified):
        return fit.tau
    if isinstance(fit.se, NotIdentified):
        return fit.se
    if convention != "z" and fit.reports < 3:
        return NotIdentified("fewer than three reports")
    at = (1 + level) / 2
    quantile = float(ndtri(at) if convention == "z" else stdtrit(fit.reports - 2, at))
    return _around(fit.b0, quantile * sqrt(fit.se[0] ** 2 + fit.tau**2), level, convention)


def read_cells(
    responders: ArrayLike, evaluable: ArrayLike, covariates: ArrayLike | None = None
) -> tuple[Cells, NDArray[np.intp]]:
    """Different kinds of report, and the kind of each report, shape (K,), in the order of the input.

    Raises:
        ValueError: as for `fit_glmm`.
    """
    number = read_reports(responders, evaluable).number
    extra = np.zeros((number, 0)) if covariates is None else np.asarray(covariates, dtype=float)
    if extra.ndim != 2 or extra.shape[0] != number:
        raise ValueError(f"covariates must have one row a report, shape ({number}, P), not {extra.shape}")
    if not np.isfinite(extra).all():
        raise ValueError("covariates must be finite numbers")
    table = np.column_stack([np.asarray(evaluable, dtype=float), np.asarray(responders, dtype=float), extra])
    rows, where = np.unique(table, axis=0, return_inverse=True)
    design = np.column_stack([np.ones(rows.shape[0]), rows[:, 2:]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("covariates are linearly dependent, or constant")
    return Cells(rows[:, 1].copy(), rows[:, 0].copy(), design), where.ravel()


def fit_cells(cells: Cells, counts: Floats) -> list[GlmmFit]:
    """Fit D data sets at once, each with its own number of reports of every kind: counts of shape (D, J).

    With covariates the data sets must not be separated.
    """
    reasons = [_unidentified(cells, row) for row in counts]
    result: list[GlmmFit | None] = [None] * counts.shape[0]
    for index, reason in enumerate(reasons):
        if reason is not None and reason.reason in {_NONE, _EVERY}:
            result[index] = _at_the_end(cells, counts[index], reason)
    inner = [index for index, fit in enumerate(result) if fit is None]
    for start in range(0, len(inner), _TOGETHER):
        some = np.array(inner[start : start + _TOGETHER])
        for index, fit in zip(some, _fit_inner(cells, counts[some], [reasons[i] for i in some]), strict=True):
            result[index] = fit
    return [fit for fit in result if fit is not None]


_NONE, _EVERY = "no patient responds", "every patient responds"


def _fit_inner(cells: Cells, counts: Floats, reasons: list[NotIdentified | None]) -> list[GlmmFit]:
    binomial = binomial_fit(cells, counts)
    top = binomial.take(np.arange(counts.shape[0]))
    free = np.array([index for index, reason in enumerate(reasons) if reason is None], dtype=np.intp)
    if free.size:
        top.put(free, maximise(cells, counts[free], binomial.take(free)), np.arange(free.size))
    constant = counts @ cells.log_coefficients()
    errors = _standard_errors(top)
    return [
        GlmmFit(
            beta=tuple(float(b) for b in top.beta[d]),
            se=tuple(float(s) for s in errors[d]),
            tau=float(top.tau[d]) if reason is None else reason,
            log_likelihood=float(top.value[d] + constant[d]),
            log_likelihood_binomial=float(binomial.value[d] + constant[d]),
            reports=int(counts[d].sum()),
            cells=cells,
            counts=counts[d],
        )
        for d, reason in enumerate(reasons)
    ]


def _at_the_end(cells: Cells, counts: Floats, reason: NotIdentified) -> GlmmFit:
    """No patient or every patient responds: the likelihood is 1 in the limit b0 to -inf or inf."""
    b0 = -inf if reason.reason == _NONE else inf
    slopes = (0.0,) * (cells.design.shape[1] - 1)
    return GlmmFit((b0, *slopes), reason, reason, 0.0, 0.0, int(counts.sum()), cells, counts)


def _unidentified(cells: Cells, counts: Floats) -> NotIdentified | None:
    """Why tau is not identified, if it is not."""
    here = counts > 0
    r, n = cells.responders[here], cells.evaluable[here]
    larger, split = n >= 2, (r > 0) & (r < n)
    for reason, holds in (
        (_NONE, not r.any()),
        (_EVERY, bool((r == n).all())),
        ("one report", counts.sum() == 1),
        ("every report is a single case", not larger.any()),
        ("unanimous", not split.any()),
    ):
        if holds:
            return NotIdentified(reason)
    return None


def _standard_errors(top: Point) -> Floats:
    """Square roots of the diagonal of the inverse observed information, shape (D, P); at tau = 0 of beta alone."""
    information = top.information.copy()
    free = top.tau > 0
    mixed = top.mixed[free]
    # Schur complement of tau.
    information[free] += np.einsum("dp,dq->dpq", mixed, mixed) / top.tau_bend[free, None, None]
    return np.sqrt(np.diagonal(np.linalg.inv(information), axis1=1, axis2=2))


def _around(centre: float, reach: float, level: float, convention: str) -> RateInterval:
    return RateInterval(float(expit(centre - reach)), float(expit(centre + reach)), level, convention)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
