"""Estimates as JSON: what is not identified says so, and is never null or 0."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from metaimt.statistics.pooled import PooledProportion
from metaimt.statistics.posterior import Posterior
from metaimt.statistics.proportion import Proportion
from metaimt.statistics.rho import NotIdentified, Rho


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
    """The keys orr, crude and rho of a group, and its posterior where the rule used it."""
    if orr is None:
        nobody = {"not_identified": "no evaluable patient"}
        return {"orr": nobody, "crude": nobody, "rho": nobody}
    if isinstance(orr, Proportion):
        rho = {"not_identified": "not pooled by report"}
        return {"orr": interval_dict(orr), "crude": interval_dict(orr), "rho": rho}
    found = {
        "orr": {**interval_dict(orr), "reason": orr.reason},
        "crude": interval_dict(orr.crude),
        "rho": rho_dict(orr.rho),
    }
    return found if orr.posterior is None else {**found, "posterior": posterior_dict(orr.posterior)}


def rho_dict(rho: Rho | NotIdentified) -> dict[str, Any]:
    """The intraclass correlation, or why it is not identified."""
    if isinstance(rho, NotIdentified):
        return {"not_identified": rho.reason}
    return {**asdict(rho), "wording": rho.wording()}


def posterior_dict(posterior: Posterior) -> dict[str, Any]:
    """The posterior, with P(ORR > t) as {t: probability}."""
    return {**asdict(posterior), "probabilities": {f"{t:g}": p for t, p in posterior.probabilities}}


def interval_dict(result: PooledProportion | Proportion) -> dict[str, Any]:
    """Estimate, limits, level and method."""
    return {
        "estimate": result.estimate,
        "lower": result.lower,
        "upper": result.upper,
        "level": result.level,
        "method": result.method,
    }
