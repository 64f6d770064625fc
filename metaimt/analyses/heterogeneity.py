"""How much do reports differ, and what may a new one show?

Methods: the bootstrap test of rho = 0, the posterior, and the prediction, whose rho prior is always named because it
rests mostly on it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from metaimt.analyses.estimate_dicts import posterior_dict, rho_dict
from metaimt.analyses.pooled_response import Group
from metaimt.casefiles.protocol import Protocol
from metaimt.statistics.pooled import PooledProportion
from metaimt.statistics.posterior import Posterior, posterior
from metaimt.statistics.prediction import RHO_PRIORS, Prediction, predict_under_priors
from metaimt.statistics.rho import NotIdentified, Rho, RhoTest, bootstrap_rho_test

SEED = 20261123
SERIES_SIZES = (10,)  # patients of a new series, for the prediction of its responders


@dataclass(frozen=True)
class Heterogeneity:
    """Of one pool: rho, the test of rho = 0 (None: not run), the posterior, predictions under each rho prior.

    `prediction` is the one under the protocol's prior. All are None where no patient is evaluable.
    """

    rho: Rho | NotIdentified
    test: RhoTest | None
    posterior: Posterior | None
    prediction: Prediction | None
    predictions: tuple[Prediction, ...]

    def to_dict(self) -> dict[str, Any]:
        """The machine-readable form."""
        reason = self.rho.reason if isinstance(self.rho, NotIdentified) else "no evaluable patient"
        nobody = {"not_identified": "no evaluable patient"}
        return {
            "rho": rho_dict(self.rho),
            "rho_test": {"not_run": reason} if self.test is None else asdict(self.test),
            "posterior": nobody if self.posterior is None else posterior_dict(self.posterior),
            "predictions": [asdict(prediction) for prediction in self.predictions],
        }


def heterogeneity(group: Group, protocol: Protocol) -> Heterogeneity:
    """The heterogeneity of one pool."""
    if not isinstance(group.orr, PooledProportion):
        return Heterogeneity(NotIdentified("no evaluable patient"), None, None, None, ())
    responders, evaluable = [r for _, r, _ in group.clusters], [n for _, _, n in group.clusters]
    priors = protocol.priors
    rho = group.orr.rho
    test = bootstrap_rho_test(responders, evaluable, seed=SEED) if isinstance(rho, Rho) else None
    rho_priors = tuple(dict.fromkeys([priors.rho, *RHO_PRIORS]))
    predictions = predict_under_priors(
        responders, evaluable, sizes=SERIES_SIZES, mu_prior=priors.mu, rho_priors=rho_priors
    )
    beliefs = posterior(responders, evaluable, thresholds=protocol.thresholds, mu_prior=priors.mu, rho_prior=priors.rho)
    return Heterogeneity(rho, test, beliefs, predictions[0], predictions)
