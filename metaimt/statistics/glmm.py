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

from metaimt.statistics.glmm_likelihood import DataSets, Point, binomial_fit, maximise
from metaimt.statistics.glmm_separation import Separated, separation
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.reports import read_reports
from metaimt.statistics.root import Floats

_TOGETHER = 500
_NONE, _EVERY = NotIdentified("no patient responds"), NotIdentified("every patient responds")
_UNANIMOUS = NotIdentified("unanimous")


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
    reports: K. data: the kinds of report and their numbers, one data set.
    """

    beta: tuple[float, ...]
    se: tuple[float, ...] | NotIdentified
    tau: float | NotIdentified
    log_likelihood: float
    log_likelihood_binomial: float
    reports: int
    data: DataSets = field(compare=False, repr=False)

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
    def warnings(self) -> tuple[str, ...]:
        """What a reader must know of this fit."""
        r, n, larger = self.data.responders, self.data.evaluable, self.data.evaluable >= 2
        here = self.data.counts[0] * larger
        every, none = int(here @ (r == n)), int(here @ (r == 0))
        if self.tau != _UNANIMOUS or not every or not none:
            return ()
        text = f"All respond in {every} of the larger reports and none in {none}: the limits ignore their disagreement."
        return (text,)

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


def fit_glmm(responders: ArrayLike, evaluable: ArrayLike, covariates: ArrayLike | None = None) -> GlmmFit | Separated:
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
    data, _ = read_data(responders, evaluable, covariates)
    if covariates is not None:
        separated = separation(data)
        if separated is not None:
            return separated
    return fit_data(data)[0]


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


def read_data(
    responders: ArrayLike, evaluable: ArrayLike, covariates: ArrayLike | None = None
) -> tuple[DataSets, NDArray[np.intp]]:
    """One data set, its kinds of report in a fixed order, and the kind of each report, (K,), as in the input.

    Raises:
        ValueError: as for `fit_glmm`.
    """
    number = read_reports(responders, evaluable).number
    if covariates is None:
        return _without_covariates(np.asarray(responders, dtype=float), np.asarray(evaluable, dtype=float))
    extra = np.asarray(covariates, dtype=float)
    if extra.ndim != 2 or extra.shape[0] != number:
        raise ValueError(f"covariates must have one row a report, shape ({number}, P), not {extra.shape}")
    if not np.isfinite(extra).all():
        raise ValueError("covariates must be finite numbers")
    table = np.column_stack([np.asarray(evaluable, dtype=float), np.asarray(responders, dtype=float), extra])
    kinds, where, counts = np.unique(table, axis=0, return_inverse=True, return_counts=True)
    design = np.column_stack([np.ones(counts.size), kinds[:, 2:]])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("covariates are linearly dependent, or constant")
    return DataSets(kinds[:, 1].copy(), kinds[:, 0].copy(), design, counts[None, :].astype(float)), where.ravel()


def _without_covariates(r: Floats, n: Floats) -> tuple[DataSets, NDArray[np.intp]]:
    """The same kinds in the same order, found as single numbers: ten times as fast as by rows."""
    base = n.max() + 1
    kinds, where, counts = np.unique(n * base + r, return_inverse=True, return_counts=True)
    evaluable = np.floor(kinds / base)
    design = np.ones((counts.size, 1))
    return DataSets(kinds - evaluable * base, evaluable, design, counts[None, :].astype(float)), where.ravel()


def fit_data(data: DataSets) -> list[GlmmFit]:
    """Fit D data sets at once. With covariates they must not be separated."""
    causes = [_cause(data, counts) for counts in data.counts]
    inner = np.array([d for d, cause in enumerate(causes) if cause not in {_NONE, _EVERY}], dtype=np.intp)
    fits: dict[int, GlmmFit] = {}
    for start in range(0, inner.size, _TOGETHER):
        some = inner[start : start + _TOGETHER]
        fits.update(zip(some.tolist(), _fit_inner(data.take(some), [causes[d] for d in some]), strict=True))
    return [fits[d] if d in fits else _at_an_end(data.take(np.array([d]))) for d in range(len(causes))]


def _cause(data: DataSets, counts: Floats) -> NotIdentified | None:
    """Why tau is not identified, if it is not: counts of shape (J,)."""
    here = counts > 0
    r, n = data.responders[here], data.evaluable[here]
    for cause, holds in (
        (_NONE, not r.any()),
        (_EVERY, (r == n).all()),
        (NotIdentified("one report"), counts.sum() == 1),
        (NotIdentified("every report is a single case"), n.max() == 1),
        (_UNANIMOUS, not ((r > 0) & (r < n)).any()),
    ):
        if holds:
            return cause
    return None


def _at_an_end(data: DataSets) -> GlmmFit:
    """No patient or every patient responds: the likelihood is 1 in the limit b0 to -inf or inf."""
    cause = _EVERY if (data.counts[0] @ data.responders) > 0 else _NONE
    return GlmmFit((inf if cause == _EVERY else -inf,), cause, cause, 0.0, 0.0, int(data.counts.sum()), data)


def _fit_inner(data: DataSets, causes: list[NotIdentified | None]) -> list[GlmmFit]:
    binomial = binomial_fit(data)
    top = binomial.take(np.arange(len(causes)))
    free = np.array([d for d, cause in enumerate(causes) if cause is None], dtype=np.intp)
    if free.size:
        top.put(free, maximise(data.take(free), binomial.take(free)))
    constant, errors = data.log_coefficients(), _standard_errors(top)
    return [
        GlmmFit(
            beta=tuple(float(b) for b in top.beta[d]),
            se=tuple(float(s) for s in errors[d]),
            tau=float(top.tau[d]) if cause is None else cause,
            log_likelihood=float(top.value[d] + constant[d]),
            log_likelihood_binomial=float(binomial.value[d] + constant[d]),
            reports=int(data.counts[d].sum()),
            data=data.take(np.array([d])),
        )
        for d, cause in enumerate(causes)
    ]


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
