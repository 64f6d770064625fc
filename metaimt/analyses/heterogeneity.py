"""How much do reports differ, and what may a new one show? Each pool under other priors of rho, on which that rests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from metaimt.analyses.pooled_response import Group, columns
from metaimt.analyses.wording import interval, prior_value
from metaimt.casefiles.protocol import Protocol
from metaimt.serialise import published
from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.posterior import HalfNormal, PooledProportion, RhoPosterior, RhoPrior, pool_proportion
from metaimt.statistics.prediction import Prediction, predict

SERIES_SIZES = (10,)  # patients of a new series, for the prediction of its responders
OTHER_PRIORS: Final[tuple[RhoPrior, ...]] = ((1.0, 4.0), (1.0, 19.0), HalfNormal(1.0))


@published(
    rho_prior=lambda each: prior_value(each.prior),
    orr=lambda each: interval(each.orr),
    rho="orr.rho",
    new_report=lambda each: {"median": each.prediction.median, "ranges": each.prediction.ranges},
    new_series="prediction.series",
)
@dataclass(frozen=True)
class UnderPrior:
    """A pool and the prediction from it under one prior of rho."""

    prior: RhoPrior
    orr: PooledProportion
    prediction: Prediction


@published("rho", under_priors="under")
@dataclass(frozen=True)
class Heterogeneity:
    """Of one pool: rho, and the pool under each prior of rho, the protocol's first; none where it is no pool."""

    rho: RhoPosterior | NotIdentified
    under: tuple[UnderPrior, ...]

    @property
    def prediction(self) -> Prediction | None:
        """The one under the protocol's prior."""
        return self.under[0].prediction if self.under else None


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
    return UnderPrior(
        prior,
        cast("PooledProportion", orr),
        predict(responders, evaluable, sizes=SERIES_SIZES, mu_prior=mu, rho_prior=prior),
    )
