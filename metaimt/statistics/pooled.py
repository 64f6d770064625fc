"""The pooled response rate by one rule: which method, chosen by the structure of the reports.

1. One report, or only single cases: exact binomial; rho is not identified.
2. All reports with two patients or more unanimous (in each all respond, or none): the maximum of the
   beta-binomial likelihood runs to rho = 1 and would overweight single cases. The estimate is r/n, the interval
   holds both Clopper-Pearson's and the posterior's, which are given beside it; rho is not identified.
   Clopper-Pearson alone covers too little there when reports do differ (docs/simulation.md).
3. Ten reports or more: beta-binomial, profile likelihood with the F(1, K - 2) cut-off.
4. Fewer than ten: beta-binomial estimate, posterior interval; the F cut-off would span nearly everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from numpy.typing import ArrayLike

from metaimt.statistics.betabinomial import fit_reports, mean_interval
from metaimt.statistics.posterior import MU_PRIOR, RHO_PRIOR, THRESHOLDS, Posterior, posterior
from metaimt.statistics.posterior_surface import Prior
from metaimt.statistics.proportion import Proportion, clopper_pearson
from metaimt.statistics.reports import Reports, read_reports
from metaimt.statistics.rho import NotIdentified, Rho, rho_interval

EXACT: Final = "exact, Clopper-Pearson"
JOINED: Final = "r/n, exact and posterior intervals joined"
PROFILE: Final = "beta-binomial, profile likelihood (F)"
POSTERIOR: Final = "beta-binomial, posterior interval"

FEW = 10


@dataclass(frozen=True)
class PooledProportion:
    """Pooled response rate of K reports.

    responders, evaluable: sums over the reports. reports: K; informative: K_2, those with two patients or
    more. estimate, lower, upper: 0 to 1, lower <= estimate <= upper. method: EXACT, JOINED, PROFILE or
    POSTERIOR, and reason, why. crude: r/n with its Clopper-Pearson interval, which takes patients as independent.
    posterior: where the rule needs it, else None.
    """

    responders: int
    evaluable: int
    reports: int
    informative: int
    estimate: float
    lower: float
    upper: float
    level: float
    method: str
    reason: str
    crude: Proportion
    rho: Rho | NotIdentified
    posterior: Posterior | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Answer:
    estimate: float
    lower: float
    upper: float
    method: str
    reason: str
    rho: Rho | NotIdentified
    posterior: Posterior | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Settings:
    level: float
    mu_prior: Prior
    rho_prior: Prior
    thresholds: tuple[float, ...]

    def posterior(self, reports: Reports) -> Posterior:
        """Of these reports, under these priors and thresholds."""
        return posterior(
            reports.responders,
            reports.evaluable,
            level=self.level,
            thresholds=self.thresholds,
            mu_prior=self.mu_prior,
            rho_prior=self.rho_prior,
        )


def pool_proportion(
    responders: ArrayLike,
    evaluable: ArrayLike,
    *,
    level: float = 0.95,
    mu_prior: Prior = MU_PRIOR,
    rho_prior: Prior = RHO_PRIOR,
    thresholds: Sequence[float] = THRESHOLDS,
) -> PooledProportion:
    """Pool the reports by the rule at the head of this module. The order of the reports is irrelevant.

    Args:
        responders: shape (K,), integers, r_i.
        evaluable: shape (K,), integers of at least 1, n_i.
        level: of every interval.
        mu_prior: beta prior of the mean rate, for the posterior.
        rho_prior: beta prior of the intraclass correlation, for the posterior.
        thresholds: values t for P(mu > t) in the posterior.

    Raises:
        ValueError: invalid counts, level or priors.
    """
    reports = read_reports(responders, evaluable)
    crude = clopper_pearson(reports.total_responders, reports.total_evaluable, level)
    answer = _answer(reports, crude, _Settings(level, mu_prior, rho_prior, tuple(thresholds)))
    return PooledProportion(
        responders=reports.total_responders,
        evaluable=reports.total_evaluable,
        reports=reports.number,
        informative=reports.informative,
        estimate=answer.estimate,
        lower=answer.lower,
        upper=answer.upper,
        level=level,
        method=answer.method,
        reason=answer.reason,
        crude=crude,
        rho=answer.rho,
        posterior=answer.posterior,
        warnings=answer.warnings,
    )


def is_profiled(reports: Reports) -> bool:
    """Whether the rule takes the profile likelihood (3.)."""
    return reports.number >= FEW and reports.informative > 0 and not reports.unanimous


def _answer(reports: Reports, crude: Proportion, settings: _Settings) -> _Answer:
    k = f"K = {reports.number}, K_2 = {reports.informative}"
    if reports.number == 1:
        return _exact(crude, f"There is one report ({k}), so nothing varies between reports.", "one report")
    if reports.informative == 0:
        reason = f"Every report is a single case ({k}), so variation between reports cannot be seen."
        return _exact(crude, reason, "every report is a single case")
    if reports.unanimous:
        return _unanimous(reports, crude, settings, k)
    if is_profiled(reports):
        return _profile(reports, settings, k)
    return _posterior_interval(reports, settings, k)


def _exact(crude: Proportion, reason: str, why: str) -> _Answer:
    return _Answer(crude.estimate, crude.lower, crude.upper, EXACT, reason, NotIdentified(why))


def _unanimous(reports: Reports, crude: Proportion, settings: _Settings, k: str) -> _Answer:
    reason = (
        f"In every report with two or more patients all respond or none does ({k}), "
        "so that the beta-binomial would run to rho = 1 and overweight the single cases."
    )
    found = settings.posterior(reports)
    beside = f"Clopper-Pearson {crude.lower:.3f} to {crude.upper:.3f}, posterior {found.lower:.3f} to {found.upper:.3f}"
    warnings: tuple[str, ...] = (f"the larger reports are unanimous, so the interval joins two ({beside})",)
    if reports.all_respond and reports.none_respond:
        warnings += (
            f"all respond in {reports.all_respond} of the larger reports and none in {reports.none_respond}: "
            "reports disagree as far as they can",
        )
    return _Answer(
        estimate=crude.estimate,
        lower=min(crude.lower, found.lower),
        upper=max(crude.upper, found.upper),
        method=JOINED,
        reason=reason,
        rho=NotIdentified("unanimous"),
        posterior=found,
        warnings=warnings,
    )


def _profile(reports: Reports, settings: _Settings, k: str) -> _Answer:
    fit = fit_reports(reports)
    interval = mean_interval(fit, settings.level, "F")
    reason = f"There are ten or more reports, some with two or more patients ({k})."
    rho = rho_interval(fit, settings.level)
    return _Answer(fit.mean, interval.lower, interval.upper, PROFILE, reason, rho)


def _posterior_interval(reports: Reports, settings: _Settings, k: str) -> _Answer:
    fit, found = fit_reports(reports), settings.posterior(reports)
    reason = f"There are fewer than ten reports ({k}), too few for the F cut-off of the profile likelihood."
    warnings: tuple[str, ...] = ()
    if not found.lower <= fit.mean <= found.upper:
        warnings = (
            f"The posterior interval ({found.lower:.4f} to {found.upper:.4f}) leaves out the maximum "
            f"likelihood estimate ({fit.mean:.4f}); the interval was extended to it.",
        )
    return _Answer(
        estimate=fit.mean,
        lower=min(found.lower, fit.mean),
        upper=max(found.upper, fit.mean),
        method=POSTERIOR,
        reason=reason,
        rho=rho_interval(fit, settings.level),
        posterior=found,
        warnings=warnings,
    )
