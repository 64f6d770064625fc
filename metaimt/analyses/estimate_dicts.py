"""Estimates as JSON: what is not identified says so, and is never null or 0."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from metaimt.analyses.wording import prior_words
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.posterior import HalfNormal, PooledProportion, RhoPosterior, RhoPrior
from metaimt.statistics.proportion import Proportion


def proportion_dict(share: PooledProportion | Proportion | None) -> dict[str, Any]:
    """A proportion with its interval, or that it is known for nobody."""
    if share is None:
        return {"not_identified": "known for no patient"}
    return {
        "responders": share.responders,
        "evaluable": share.evaluable,
        "estimate": share.estimate,
        "lower": share.lower,
        "upper": share.upper,
        "level": share.level,
        "method": share.method,
    }


def estimates_dict(orr: PooledProportion | Proportion | None) -> dict[str, Any]:
    """The keys orr, crude and rho of a group, and for a pool its priors and P(ORR > t)."""
    if orr is None:
        nobody = {"not_identified": "no evaluable patient"}
        return {"orr": nobody, "crude": nobody, "rho": nobody}
    if isinstance(orr, Proportion):
        rho = {"not_identified": "not pooled by report"}
        return {"orr": interval_dict(orr), "crude": interval_dict(orr), "rho": rho}
    return {
        "orr": interval_dict(orr),
        "crude": interval_dict(orr.crude),
        "rho": rho_dict(orr.rho),
        "priors": {"mu": list(orr.mu_prior), "rho": prior_value(orr.rho_prior)},
        "above": {f"{t:g}": p for t, p in orr.probabilities},
    }


def prior_value(prior: RhoPrior) -> Any:
    """A beta prior as its two parameters; the other in words."""
    return prior_words(prior) if isinstance(prior, HalfNormal) else list(prior)


def rho_dict(rho: RhoPosterior | NotIdentified) -> dict[str, Any]:
    """The intraclass correlation, or why it is not identified."""
    if isinstance(rho, NotIdentified):
        return {"not_identified": rho.reason}
    return {**asdict(rho), "wording": rho.wording()}


def adjusted_dict(found: tuple[AdjustedRate, ...] | NotRun) -> Any:
    """The rate adjusted for selection under each prior, or why there is none."""
    if isinstance(found, NotRun):
        return {"not_run": found.reason}
    return [
        {
            "prior": each.prior.wording(),
            "estimate": each.estimate,
            "lower": each.lower,
            "upper": each.upper,
            "level": each.level,
        }
        for each in found
    ]


def interval_dict(result: PooledProportion | Proportion) -> dict[str, Any]:
    """Estimate, limits, level and method."""
    return {
        "estimate": result.estimate,
        "lower": result.lower,
        "upper": result.upper,
        "level": result.level,
        "method": result.method,
    }
