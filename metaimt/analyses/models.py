"""Each likelihood model on one data set, in one form that tables and JSON can be made from.

numpy and scipy.special only; the inverse-variance models are in the neighbour.

The inverse-variance models: for comparison, on all reports and on those with two patients or more.

PyMARE is imported when the first model is fitted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import isfinite
from typing import Any, Final

from metaimt.analyses.wording import disagreement, mostly_assumed, priors_text, significant
from metaimt.serialise import Instead, optional, published, spread, to_json
from metaimt.statistics.betabinomial import Cutoff, ProfileEstimate, fit_reports, mean_interval, rho_interval
from metaimt.statistics.effect_sizes import Correction, Measure
from metaimt.statistics.glmm import fit_glmm, profile_intervals
from metaimt.statistics.inverse_variance import (
    LABEL,
    EmptySet,
    InverseVarianceFit,
    Method,
    SmallSample,
    Spread,
    Tau2Interval,
    fit_inverse_variance,
)
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.posterior import (
    MU_PRIOR,
    RHO_PRIOR,
    PooledProportion,
    Prior,
    RhoPosterior,
    RhoPrior,
    pool_proportion,
)
from metaimt.statistics.proportion import Proportion, clopper_pearson, jeffreys, wilson
from metaimt.statistics.reports import read_reports


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate between 0 and 1 with its 95 % limits, lower <= estimate <= upper."""

    estimate: float
    lower: float
    upper: float


Rate = Interval | NotIdentified
_NOT_FINITE: Final = NotIdentified("no finite value")
LIKELIHOOD: Final[dict[Cutoff, str]] = {"F": "beta-binomial-ml-f", "chi-square": "beta-binomial-ml-chi2"}
ONE_REPORT: Final = "one report: these patients, exact interval (Clopper-Pearson)"
Figure = float | NotIdentified
Priors = tuple[Prior, RhoPrior]
PRIORS: Final[Priors] = (MU_PRIOR, RHO_PRIOR)


@published(
    "method",
    *map(optional, ("reason", "label", "warnings")),
    lambda each: {name: rate for name, rate in each.rates.items() if name},
    lambda each: each.rates.get("", {}),
    spread("figures"),
    optional("reports_of_two_or_more", "larger"),
    none=_NOT_FINITE,
)
@dataclass(frozen=True)
class Model:
    """One model on one data set.

    rates: the pooled rate under "", or several under their names. figures: other numbers by name. method: how the
    interval is found. reason, label: why this method, and "for comparison" where it is not to be read as the answer.
    larger: the same model on the reports with two patients or more, where that is asked for.
    """

    name: str
    rates: Mapping[str, Rate]
    figures: Mapping[str, Figure]
    method: str
    reason: str = ""
    label: str = ""
    warnings: tuple[str, ...] = ()
    larger: Model | NotIdentified | None = field(default=None)


def _interval(found: PooledProportion | Proportion | ProfileEstimate) -> Rate:
    return ordered_interval(found.estimate, found.lower, found.upper)


def ordered_interval(estimate: float, lower: float, upper: float, slack: float = 1e-9) -> Rate:
    """The interval; not identified where a limit is not finite or not on its side. Rounding is forgiven."""
    if not all(map(isfinite, (estimate, lower, upper))):
        return NotIdentified("no finite interval")
    if not lower - slack <= estimate <= upper + slack:
        return NotIdentified("the limits do not hold the estimate")
    return Interval(estimate, min(lower, estimate), max(upper, estimate))


def crude_models(responders: Sequence[int], evaluable: Sequence[int]) -> dict[str, Proportion]:
    """r/n over all patients by three exact or near-exact intervals."""
    r, n = sum(responders), sum(evaluable)
    return {"clopper-pearson": clopper_pearson(r, n), "wilson": wilson(r, n), "jeffreys": jeffreys(r, n)}


def beta_binomial_model(responders: Sequence[int], evaluable: Sequence[int], priors: Priors = PRIORS) -> Model:
    """The model of the headline, under priors of mu and rho; of one report its exact interval."""
    found = pool_proportion(responders, evaluable, mu_prior=priors[0], rho_prior=priors[1])
    rate = _interval(found)
    if isinstance(found, Proportion):
        return Model("beta-binomial", {"": rate}, {"rho": NotIdentified("one report")}, ONE_REPORT)
    figures = _rho_figures(found.rho)
    figures |= {f"above_{t:g}": p for t, p in found.probabilities}
    warnings = tuple(said for said in (mostly_assumed(found), disagreement(found)) if said)
    return Model("beta-binomial", {"": rate}, figures, f"{found.method}; {priors_text(*priors)}", warnings=warnings)


def beta_binomial_parts(parts: Sequence[tuple[Sequence[int], Sequence[int]]], priors: Priors = PRIORS) -> list[Model]:
    """The model of the headline on each of many parts of the reports."""
    return [beta_binomial_model(responders, evaluable, priors) for responders, evaluable in parts]


def likelihood_model(responders: Sequence[int], evaluable: Sequence[int], cutoff: Cutoff) -> Model:
    """The beta-binomial by maximum likelihood with a profile interval, for comparison with other programs."""
    reports = read_reports(responders, evaluable)
    name, method = LIKELIHOOD[cutoff], f"beta-binomial, maximum likelihood, profile interval ({cutoff})"
    cause = None
    if reports.number == 1 and reports.informative:
        cause = NotIdentified("one report")
    elif reports.informative and reports.unanimous:
        cause = NotIdentified("unanimous")
    elif cutoff == "F" and reports.number < 3:
        cause = NotIdentified("the F cut-off needs three reports")
    if cause:
        return Model(name, {"": cause}, {"rho": cause}, method)
    fit = fit_reports(reports)
    rho = rho_interval(fit) if reports.informative else NotIdentified("every report is a single case")
    figures = {**_rho_figures(rho), "log_likelihood": fit.log_likelihood}
    return Model(name, {"": _interval(mean_interval(fit, cutoff))}, figures, method)


def glmm_model(responders: Sequence[int], evaluable: Sequence[int]) -> Model:
    """The binomial-normal model on the exact likelihood.

    Median report and marginal mean with their profile intervals, tau^2 with its own, and the likelihoods.
    """
    fit = fit_glmm(responders, evaluable)
    found = profile_intervals(fit)
    rates = {"median": _interval(found.median), "marginal_mean": _interval(found.marginal_mean)}
    figures: dict[str, Figure] = {"tau2": fit.tau2}
    if not isinstance(found.tau, NotIdentified):
        figures |= {"tau2_lower": found.tau.lower**2, "tau2_upper": found.tau.upper**2}
    test = fit.tau_test
    figures |= {"tau_test_p": test if isinstance(test, NotIdentified) else test.p}
    figures |= {"log_likelihood": fit.log_likelihood, "log_likelihood_binomial": fit.log_likelihood_binomial}
    method = "binomial-normal, exact likelihood, profile intervals"
    return Model("glmm", rates, figures, method, warnings=fit.warnings)


def _rho_figures(rho: ProfileEstimate | RhoPosterior | NotIdentified) -> dict[str, Figure]:
    if isinstance(rho, NotIdentified):
        return {"rho": rho}
    return {"rho": rho.estimate, "rho_lower": rho.lower, "rho_upper": rho.upper}


SCALES: dict[str, tuple[Measure, Correction]] = {
    "logit": ("logit", "where needed"),
    "logit-all": ("logit", "all"),
    "arcsine": ("arcsine", "where needed"),
    "double-arcsine": ("double arcsine", "where needed"),
    "raw": ("raw", "where needed"),
}
_NEVER: SmallSample = "Knapp-Hartung, never narrower"
FITS: dict[str, tuple[Method, SmallSample]] = {
    "fe": ("fixed effect", "none"),
    "dl": ("DL", "none"),
    "hedges": ("Hedges", "none"),
    "ml": ("ML", "none"),
    "reml": ("REML", "none"),
    "dl-kh": ("DL", _NEVER),
    "reml-kh": ("REML", _NEVER),
}
SHOWN = ("logit-reml-kh", "logit-dl", "double-arcsine-dl")  # all that the review prints; the rest if asked for
DIGITS = 8  # of these numbers; tau^2 is polished to more, but nobody needs them of a model that is not the answer
NO_LARGER = NotIdentified("no report has two patients or more")
_CORRECTED = {"logit", "raw"}
_SPARSE = 5  # below it Q is far from its chi-square distribution (Hoaglin, Stat Med 2016;35:485), and has no p


def inverse_variance_models(
    responders: Sequence[int], evaluable: Sequence[int], *, every: bool = False
) -> dict[str, Model]:
    """The models of `SHOWN`, or every scale by every method, "logit-dl" and so on.

    "logit-all": 0.5 added to all reports. "-kh": Knapp and Hartung's interval, never narrower than the normal one.
    """
    found = {}
    for scale, method in product(SCALES, FITS):
        name = f"{scale}-{method}"
        if every or name in SHOWN:
            larger = inverse_variance_model(responders, evaluable, scale, method, smallest=2)
            found[name] = inverse_variance_model(responders, evaluable, scale, method, larger=larger)
    return found


def inverse_variance_model(
    responders: Sequence[int],
    evaluable: Sequence[int],
    scale: str,
    method: str,
    *,
    smallest: int = 1,
    larger: Model | NotIdentified | None = None,
) -> Model | Any:
    """One of them, or why it is not identified on reports of this size."""
    if max(evaluable) < smallest:
        return NO_LARGER
    name = f"{scale}-{method}"
    fit = _fit(responders, evaluable, scale, method, smallest)
    if isinstance(fit, NotIdentified):
        return Model(name, {"": fit}, {}, _words(scale, method), label=LABEL, larger=larger)
    return Model(
        name=name,
        rates={"": ordered_interval(_printed(fit.estimate), _printed(fit.lower), _printed(fit.upper))},
        figures=_figures(fit.spread, _smallest_in(evaluable, smallest)),
        method=_words(scale, method),
        reason=fit.reason,
        label=LABEL,
        warnings=fit.warnings,
        larger=larger,
    )


_PRINTED: Final[Instead] = {
    EmptySet: (("empty", "wording"),),
    Tau2Interval: (("lower", lambda each: _printed(each.lower)), ("upper", lambda each: _printed(each.upper))),
}


def spread_of_rates(responders: Sequence[int], evaluable: Sequence[int], smallest: int = 1) -> Any:
    """As JSON: Q, I^2 of both kinds and tau^2 with its Q-profile interval, on the logit scale by REML."""
    fit = NO_LARGER if max(evaluable) < smallest else _fit(responders, evaluable, "logit", "reml", smallest)
    if isinstance(fit, NotIdentified):
        return to_json(fit)
    found = _figures(fit.spread, _smallest_in(evaluable, smallest))
    figures = {name: finite(value) for name, value in found.items()}
    interval = to_json(fit.spread.tau2_interval, _PRINTED)
    return {**figures, "tau2_interval": interval, "scale": "logit", "method": "REML; interval by Q-profile"}


def finite(value: Figure) -> Any:
    """A number as JSON, or why there is none."""
    return to_json(_NOT_FINITE if isinstance(value, float) and not isfinite(value) else value)


def _fit(
    responders: Sequence[int], evaluable: Sequence[int], scale: str, method: str, smallest: int
) -> InverseVarianceFit | NotIdentified:
    measure, correction = SCALES[scale]
    fitted, small_sample = FITS[method]
    if small_sample != "none" and sum(n >= smallest for n in evaluable) < 2:
        return NotIdentified("one report")
    try:
        return fit_inverse_variance(
            responders,
            evaluable,
            measure=measure,
            method=fitted,
            correction=correction,
            small_sample=small_sample,
            smallest=smallest,
        )
    except ArithmeticError as error:
        return NotIdentified(f"the search did not end: {error}")


def _figures(spread: Spread, smallest: int) -> dict[str, Figure]:
    found: dict[str, Figure] = {}
    for name in ("tau2", "q", "p", "i2_q_based", "i2_tau2_based"):
        value: Figure = getattr(spread, name)
        found[name] = value if isinstance(value, NotIdentified) else _printed(value)
    if smallest < _SPARSE and not isinstance(spread.p, NotIdentified):
        found["p"] = NotIdentified(f"reports of fewer than {_SPARSE} patients")
    return found


def _printed(value: float) -> float:
    return significant(value, DIGITS)


def _smallest_in(evaluable: Sequence[int], smallest: int) -> int:
    return min(n for n in evaluable if n >= smallest)


def _words(scale: str, method: str) -> str:
    measure, correction = SCALES[scale]
    fitted, small_sample = FITS[method]
    added = {"where needed": ", 0.5 added where r is 0 or n", "all": ", 0.5 added to all"}[correction]
    wider = "" if small_sample == "none" else f", {small_sample}"
    return f"inverse variance, {measure}, {fitted}{wider}{added if measure in _CORRECTED else ''}"
