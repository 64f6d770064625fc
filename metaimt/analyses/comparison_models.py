"""The inverse-variance models: for comparison, on all reports and on those with two patients or more.

PyMARE is imported when the first model is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from metaimt.analyses.models import Figure, Model, ordered_interval, value_dict
from metaimt.analyses.wording import significant
from metaimt.statistics.effect_sizes import Correction, Measure
from metaimt.statistics.heterogeneity import EmptySet
from metaimt.statistics.inverse_variance import (
    LABEL,
    InverseVarianceFit,
    Method,
    SmallSample,
    fit_inverse_variance,
)
from metaimt.statistics.inverse_variance_spread import Spread
from metaimt.statistics.outcome import NotIdentified

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
        label=fit.label,
        warnings=fit.warnings,
        larger=larger,
    )


def spread_dict(responders: Sequence[int], evaluable: Sequence[int], smallest: int = 1) -> dict[str, Any]:
    """Q, I^2 of both kinds and tau^2 with its Q-profile interval, on the logit scale by REML."""
    if max(evaluable) < smallest:
        return {"not_identified": NO_LARGER.reason}
    fit = _fit(responders, evaluable, "logit", "reml", smallest)
    if isinstance(fit, NotIdentified):
        return {"not_identified": fit.reason}
    interval = fit.spread.tau2_interval
    tau2_interval = (
        {"empty": interval.wording()}
        if isinstance(interval, EmptySet)
        else value_dict(interval)
        if isinstance(interval, NotIdentified)
        else {"lower": _printed(interval.lower), "upper": _printed(interval.upper)}
    )
    found = _figures(fit.spread, _smallest_in(evaluable, smallest))
    figures = {name: value_dict(value) for name, value in found.items()}
    return {**figures, "tau2_interval": tau2_interval, "scale": "logit", "method": "REML; interval by Q-profile"}


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
