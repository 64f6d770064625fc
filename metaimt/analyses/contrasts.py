"""Do the reports that are likeliest to be selected respond more often? Contrasts by design and by wording.

Each contrast is the model of the pools with a mean for each side and one rho: s, the posterior odds ratio of response
of a group of reports against its reference. The same by maximum likelihood stands beside it for comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, Final

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.pooled_response import columns, response_rate, strata_rates
from metaimt.analyses.wording import NOBODY, interval
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Selection
from metaimt.model.count import Count
from metaimt.model.unit import Unit
from metaimt.serialise import optional, published, spread
from metaimt.statistics.adjusted import OddsRatioPosterior, odds_ratio
from metaimt.statistics.betabinomial_regression import OddsRatio, beta_binomial_regression
from metaimt.statistics.outcome import NotIdentified, NotRun

CASES: Final = ("case_report", "case_series")
COHORTS: Final = ("cohort",)
TRIALS: Final = ("trial",)
DESIGN_WORDS: Final = {
    CASES: "case reports and series",
    TRIALS: "prospective trials",
    COHORTS: "cohorts",
    (*TRIALS, *COHORTS): "prospective trials and cohorts",
}
CONFOUNDED: Final = "wording is confounded with design: vague wording and case reports go together"
MODEL: Final = "beta-binomial regression, a mean for each side, common rho: posterior median and equal-tailed interval"
LIKELIHOOD: Final = "beta-binomial regression, common rho, maximum likelihood, profile interval (chi-square)"


@published("label", spread("counts"), orr=lambda each: interval(each.orr), none=NOBODY)
@dataclass(frozen=True)
class Side:
    """One side of a contrast: whose counts, and its pooled ORR (None: nobody evaluable)."""

    counts: Count
    orr: Rate

    @property
    def label(self) -> str:
        """What the side is, in words."""
        return self.counts.title


@published("name", "kind", "pool", "group", "reference", optional("caveat"), spread("numbers"))
@dataclass(frozen=True)
class Contrast:
    """The odds of response in `group` against `reference`.

    kind: design or wording. pool: of the group. caveat: what a reader must know of this contrast, or nothing.
    likelihood: the same by maximum likelihood, with its p-value, for the technical table; `wider` has its limits under
    the cut-off F(1, K - 3).
    """

    name: str
    kind: str
    pool: str
    group: Side
    reference: Side
    odds_ratio: OddsRatioPosterior | NotRun
    likelihood: OddsRatio | NotIdentified | NotRun
    wider: tuple[float, float] | None
    caveat: str

    def unbounded(self) -> str:
        """Why the likelihood has no finite maximum; empty where it has one, or was not maximised at all."""
        if not isinstance(self.likelihood, OddsRatio) or not self.likelihood.separated:
            return ""
        for side in (self.group, self.reference):
            if side.counts.responders in {0, side.counts.evaluable}:
                word = "no" if side.counts.responders == 0 else "every"
                return f"{word} patient responds in {side.label}"
        return "the groups are separated"

    def numbers(self) -> dict[str, Any]:
        """For JSON: the odds ratio with its limits, and that by maximum likelihood; or why there is none."""
        found = self.odds_ratio
        if isinstance(found, NotRun):
            return dict.fromkeys(("odds_ratio", "lower", "upper"), found)
        ends = {"odds_ratio": found.estimate, "lower": found.lower, "upper": found.upper, "level": found.level}
        return {**ends, "method": MODEL, "likelihood": self._likelihood()}

    def _likelihood(self) -> Any:
        found = self.likelihood
        if not isinstance(found, OddsRatio):
            return found
        wider = self.wider or (0.0, inf)
        return {
            "odds_ratio": self._number(found.estimate),
            "lower": self._number(found.lower),
            "upper": self._number(found.upper),
            "level": found.level,
            "method": LIKELIHOOD,
            "test": {"statistic": found.statistic, "df": 1, "p": found.p, "method": "likelihood ratio"},
            "rho": found.rho,
            "limits_f": {"lower": self._number(wider[0]), "upper": self._number(wider[1])},
        }

    def _number(self, value: float) -> Any:
        return NotIdentified(self.unbounded()) if value in {0.0, inf} else value


def side(counts: Count, protocol: Protocol) -> Side:
    """One side, pooled by the model of the headline."""
    return Side(counts, response_rate(counts.clusters, protocol, pooled=True))


def of_design(selection: Selection, pool: str, designs: tuple[str, ...], protocol: Protocol) -> Side:
    """The units of a pool whose report has one of these designs; of a stratum of the protocol with its rate there."""
    label = f"{DESIGN_WORDS[designs]} ({protocol.label(pool)})"
    whole = selection.count(pool, label)
    counts = whole.of_designs(label, designs)
    stratum = next((name for name, own in protocol.strata.items() if set(own) == set(designs)), None)
    if stratum is None:
        return side(counts, protocol)
    strata = {name: whole.of_designs(name, own) for name, own in protocol.strata.items()}
    return Side(counts, strata_rates(strata, protocol).get(stratum))


def pools_to_compare(selection: Selection) -> tuple[str, ...]:
    """The widest pool first, whose case reports are the primary group, then the others, the headline leading."""
    return tuple(dict.fromkeys([selection.pools[-1], *selection.pools]))


def comparators(selection: Selection) -> tuple[tuple[str, ...], ...]:
    """What case reports stand against: trials, then these with cohorts, where a report of the pools is a cohort."""
    there = {unit.design for pool in selection.pools for unit in selection.count(pool, pool).units}
    if not there & {*COHORTS}:
        return (TRIALS,)
    return TRIALS, (*TRIALS, *COHORTS) if there & {*TRIALS} else COHORTS


def design_contrasts(selection: Selection, protocol: Protocol) -> Iterator[Contrast]:
    """Case reports and series of each pool against the headline's trials, then against these with its cohorts."""
    headline = selection.pools[0]
    for designs in comparators(selection):
        reference = of_design(selection, headline, designs, protocol)
        for pool in pools_to_compare(selection):
            name = f"{DESIGN_WORDS[CASES]} against {DESIGN_WORDS[designs]}, {pool}"
            yield contrast((name, "design", pool), (of_design(selection, pool, CASES, protocol), reference), protocol)


def wording_contrasts(selection: Selection, protocol: Protocol) -> Iterator[Contrast]:
    """What only a wider pool counts against the headline: among patients described singly, and over all."""
    headline = selection.pools[0]
    ranges: tuple[tuple[str, int], ...] = (("single patients", 1), ("all patients", 0))
    for pool in selection.pools[1:]:
        for words, first_course in ranges:
            rest, strict = f"the rest of {protocol.label(pool)}, {words}", f"{protocol.label(headline)}, {words}"
            wanted = partial(_from_course, first_course)
            group = side(selection.rest(pool, headline, rest).where(rest, wanted), protocol)
            reference = side(selection.count(headline, strict).where(strict, wanted), protocol)
            name = f"rest against {headline}, {words}, {pool}"
            yield contrast((name, "wording", pool), (group, reference), protocol, CONFOUNDED)


def _from_course(first: int, unit: Unit) -> bool:
    return unit.course >= first


def contrast(named: tuple[str, str, str], sides: tuple[Side, Side], protocol: Protocol, caveat: str = "") -> Contrast:
    """Fit one contrast, `named` by name, kind and pool; NotRun where a side has nobody.

    A report with patients on both sides is a cluster on each.
    """
    (name, kind, pool), (group, reference) = named, sides
    for each in sides:
        if not each.counts.evaluable:
            reason = NotRun(f"no evaluable patient in {each.label}")
            return Contrast(name, kind, pool, group, reference, reason, reason, None, caveat)
    priors = protocol.priors
    both = columns(group.counts.clusters), columns(reference.counts.clusters)
    odds = odds_ratio(*both, mu_prior=priors.mu, rho_prior=priors.rho)
    rows = [(r, n, x) for each, x in ((group, 1.0), (reference, 0.0)) for _, r, n in each.counts.clusters]
    r, n, x = (list(column) for column in zip(*rows, strict=True))
    found = beta_binomial_regression(r, n, x)
    wider = None
    if isinstance(found, OddsRatio) and len(rows) >= 4:
        under_f = beta_binomial_regression(r, n, x, cutoff="F")
        wider = (under_f.lower, under_f.upper) if isinstance(under_f, OddsRatio) else None
    return Contrast(name, kind, pool, group, reference, odds, found, wider, caveat)
