"""The contrasts under each sensitivity analysis: the pre-specified one, its regression, and the bias odds ratios.

A p-value of few patients may rest on two of them. What changes no patient of the widest pool stands as it is and is not
computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from metaimt.analyses.alternatives import Alternative
from metaimt.analyses.breakdown import breakdown
from metaimt.analyses.contrasts import CASES, TRIALS, of_design
from metaimt.analyses.patient_regression import Regression, regressions
from metaimt.analyses.pooled_response import columns
from metaimt.analyses.subgroups import NO_LEVEL, PRIMARY
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.statistics.adjusted import OddsRatioPosterior, odds_ratio
from metaimt.statistics.exact_tests import ExactTest, exact_test
from metaimt.statistics.outcome import NotRun

AS_IT_STANDS: Final = "as it stands"
DESIGN: Final = "case reports and series against trials"
WORDING: Final = "the rest against the headline"

Odds = OddsRatioPosterior | NotRun


@dataclass(frozen=True)
class ContrastsUnder:
    """What the contrasts of the widest pool become under one analysis.

    levels: of the pre-specified grouping, those that are known. test: between them. regression: Firth, on it alone.
    odds: by name, DESIGN and WORDING.
    """

    name: str
    levels: Mapping[str, Count]
    test: ExactTest | NotRun
    regression: Regression | None
    odds: Mapping[str, Odds]

    @property
    def same_patients(self) -> tuple[tuple[str, int, int], ...]:
        """What the contrast is made of: equal where an analysis changes nothing in it."""
        return tuple((name, each.responders, each.evaluable) for name, each in self.levels.items())

    def to_dict(self) -> dict[str, Any]:
        """Counts, p, regression and odds ratios."""
        test = self.test
        return {
            "name": self.name,
            "levels": {name: counts.to_dict() for name, counts in self.levels.items()},
            "test": {"not_run": test.reason} if isinstance(test, NotRun) else {"p": test.p, "method": test.wording()},
            "regression": None if self.regression is None else self.regression.to_dict(),
            "odds_ratios": {name: _odds_dict(each) for name, each in self.odds.items()},
        }


def _odds_dict(found: Odds) -> dict[str, Any]:
    if isinstance(found, NotRun):
        return {"not_run": found.reason}
    return {"estimate": found.estimate, "lower": found.lower, "upper": found.upper, "level": found.level}


def contrasts_under(found: Mapping[str, Alternative], protocol: Protocol) -> Iterator[ContrastsUnder]:
    """In the order given. Equal members of every pool are computed once."""
    known: dict[tuple[Any, ...], ContrastsUnder] = {}
    for name, each in found.items():
        same = tuple((pool, tuple(placed.unit for placed in members)) for pool, members in each.members.items())
        if same not in known:
            known[same] = _under(name, each.selection, protocol)
        first = known[same]
        yield ContrastsUnder(name, first.levels, first.test, first.regression, first.odds)


def _under(name: str, selection: Selection, protocol: Protocol) -> ContrastsUnder:
    widest = selection.pools[-1]
    label = f"{protocol.label(widest)}: {name}"
    levels: dict[str, Count] = {}
    regression: Regression | None = None
    if PRIMARY in protocol.subgroups:
        table = breakdown(selection, widest, PRIMARY, label)
        levels = {
            each.name: each.counts for each in table.levels if each.name not in NO_LEVEL and each.counts.evaluable
        }
        regression = next(iter(regressions(selection.members(widest), (PRIMARY,), label)), None)
    responders, evaluable = [each.responders for each in levels.values()], [each.evaluable for each in levels.values()]
    test = exact_test(responders, evaluable) if levels else NotRun("no patient has a known level")
    return ContrastsUnder(name, levels, test, regression, dict(_odds(selection, protocol)))


def _odds(selection: Selection, protocol: Protocol) -> Iterator[tuple[str, Odds]]:
    headline, widest = selection.pools[0], selection.pools[-1]
    cases = of_design(selection, widest, CASES, protocol).counts
    yield DESIGN, _ratio(cases, of_design(selection, headline, TRIALS, protocol).counts, protocol)
    if widest != headline:
        rest = selection.rest(widest, headline, "the rest")
        yield WORDING, _ratio(rest, selection.count(headline, headline), protocol)


def _ratio(group: Count, reference: Count, protocol: Protocol) -> Odds:
    if not group.evaluable or not reference.evaluable:
        return NotRun("no evaluable patient on one side")
    priors = protocol.priors
    both = columns(group.clusters), columns(reference.clusters)
    return odds_ratio(*both, mu_prior=priors.mu, rho_prior=priors.rho)
