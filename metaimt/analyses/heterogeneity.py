"""How much do reports differ, and what may a new one show? Each pool under other priors of rho, on which that rests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from metaimt.analyses.pooled_response import Group, columns
from metaimt.analyses.wording import interval_dict, prior_value, rho_dict
from metaimt.casefiles.protocol import Protocol
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.posterior import HalfNormal, PooledProportion, RhoPosterior, RhoPrior, pool_proportion
from metaimt.statistics.prediction import Prediction, predict

SERIES_SIZES = (10,)  # patients of a new series, for the prediction of its responders
OTHER_PRIORS: Final[tuple[RhoPrior, ...]] = ((1.0, 4.0), (1.0, 19.0), HalfNormal(1.0))


@dataclass(frozen=True)
class UnderPrior:
    """A pool and the prediction from it under one prior of rho."""

    prior: RhoPrior
    orr: PooledProportion
    prediction: Prediction

    def to_dict(self) -> dict[str, Any]:
        """The prior, the pooled rate, rho, and what a new report may show."""
        found = self.prediction
        return {
            "rho_prior": prior_value(self.prior),
            "orr": interval_dict(self.orr),
            "rho": rho_dict(self.orr.rho),
            "new_report": {"median": found.median, "ranges": [asdict(each) for each in found.ranges]},
            "new_series": [asdict(each) for each in found.series],
        }


@dataclass(frozen=True)
class Heterogeneity:
    """Of one pool: rho, and the pool under each prior of rho, the protocol's first; none where it is no pool."""

    rho: RhoPosterior | NotIdentified
    under: tuple[UnderPrior, ...]

    @property
    def prediction(self) -> Prediction | None:
        """The one under the protocol's prior."""
        return self.under[0].prediction if self.under else None

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable form."""
        return {"rho": rho_dict(self.rho), "under_priors": [each.to_dict() for each in self.under]}


def heterogeneity(group: Group, protocol: Protocol) -> Heterogeneity:
    """The heterogeneity of one pool."""
    if not isinstance(group.orr, PooledProportion):
        return Heterogeneity(NotIdentified("one report" if group.orr else "no evaluable patient"), ())
    own = protocol.priors.rho
    return Heterogeneity(
        group.orr.rho, tuple(_under(group, protocol, prior) for prior in dict.fromkeys([own, *OTHER_PRIORS]))
    )


def _under(group: Group, protocol: Protocol, prior: RhoPrior) -> UnderPrior:
    responders, evaluable = columns(group.clusters)
    mu, above = protocol.priors.mu, protocol.thresholds
    orr = pool_proportion(responders, evaluable, mu_prior=mu, rho_prior=prior, thresholds=above)
    if not isinstance(orr, PooledProportion):
        raise TypeError("a pool of two reports or more has a pooled rate")
    return UnderPrior(prior, orr, predict(responders, evaluable, sizes=SERIES_SIZES, mu_prior=mu, rho_prior=prior))
