"""Summary of findings: each outcome of a pool per 100 patients, and how certain that is.

The layout is that of the Cochrane Handbook, version 6, chapter 14; domains and levels are those of GRADE (Guyatt GH, et
al. J Clin Epidemiol 2011;64:383-394 and 401-406). A concern is proposed from computed numbers by the rules below and
says so; a person decides under `certainty` of review.yaml, with a reason. What no number speaks about is not assessed,
which is not the same as no concern.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from metaimt.analyses.alternatives import Rate, side_of
from metaimt.analyses.clinical import AT_A_YEAR, FEWEST, TOXICITY, ClinicalQuestions
from metaimt.analyses.pooled_response import Group, columns, response_rate
from metaimt.analyses.wording import (
    KNOWN_FOR_NOBODY,
    difference,
    interval,
    limits,
    percent,
    plural,
    significant,
    whole,
)
from metaimt.casefiles.protocol import CERTAINTIES, CONCERNS, DOMAINS, Decision, Protocol
from metaimt.model.count import COMPLETE, CONTROLLED, Count, Part
from metaimt.model.text import Named, Text, counted, say
from metaimt.serialise import optional, published
from metaimt.statistics.outcome import NotIdentified, NotRun
from metaimt.statistics.posterior import FEW, PooledProportion
from metaimt.statistics.prediction import predict

MOST_UNSTATED: Final = 0.25
"""Of the patients, with the line of treatment mixed or not said: more is a serious concern about whom it applies to."""
LEAST_KNOWN: Final = 1 / 3
"""Of the patients of whom it is asked: known for fewer is a serious concern about which are told of."""
WIDE: Final = 0.3
"""Width of an interval that is a serious concern where the protocol has no threshold of the outcome."""
_NO_THRESHOLD: Final = "the protocol has no threshold of this outcome"
NOTABLE_SHIFT: Final = 0.05  # where the protocol's test of the conclusion names none
_NONE, _SERIOUS, _VERY = CONCERNS
LABELS: Final = {
    "response": "Objective response",
    "complete": "Complete response",
    "controlled": "Disease control",
    "at_12_months": "Responders still in response or on the drug at 12 months",
    "toxicity": "Stopped for toxicity",
}


@published(optional("by"), concern="level", why=lambda each: str(each.why))
@dataclass(frozen=True, slots=True)
class Concern:
    """One domain of one finding. level: none, serious, very_serious, or NotRun where no number speaks about it.

    by: who decided, empty where it is proposed. why: the numbers of a proposal, or the reason of a decision.
    """

    level: str | NotRun
    why: Text
    by: str = ""

    @property
    def steps(self) -> int:
        """By how many levels it lowers the certainty."""
        return 0 if isinstance(self.level, NotRun) else CONCERNS.index(self.level)


@published(
    "outcome",
    "certainty",
    optional("by"),
    "domains",
    responders="counts.responders",
    evaluable="counts.evaluable",
    reports="counts.reports",
    of="asked.evaluable",
    rate=lambda each: interval(each.rate) or KNOWN_FOR_NOBODY,
    why=lambda each: str(each.reason),
)
@dataclass(frozen=True, slots=True)
class Finding:
    """One outcome of one pool. counts: with it, of those for whom it is known; asked: of whom it is asked.

    rate: by the model of the headline. certainty: high to very_low; by: who decided it, empty where it is proposed.
    """

    outcome: str
    pool: str
    counts: Count
    asked: Count
    rate: Rate | NotRun
    domains: Mapping[str, Concern]
    certainty: str
    reason: Text
    by: str = ""


def summary_of_findings(
    pools: Mapping[str, Group],
    clinical: Mapping[str, ClinicalQuestions],
    ascertained: Mapping[str, Count] | None,
    protocol: Protocol,
) -> dict[str, tuple[Finding, ...]]:
    """The findings of each pool, by its name.

    ascertained: of each pool the patients whose exposure and outcome are well ascertained by the appraisal; None where
    nothing was appraised.
    """
    return {
        name: tuple(_findings(group, clinical[name], (ascertained or {}).get(name), protocol))
        for name, group in pools.items()
    }


def _findings(
    group: Group, questions: ClinicalQuestions, ascertained: Count | None, protocol: Protocol
) -> Iterator[Finding]:
    rates: dict[str, tuple[Count, Count, Rate | NotRun]] = {
        "response": (group.counts, group.counts, group.orr),
        "complete": (group.known[COMPLETE], group.counts, group.complete),
        "controlled": (group.known[CONTROLLED], group.counts, group.controlled),
    }
    for outcome, (counts, asked, rate) in rates.items():
        yield _finding(outcome, group, (counts, asked, rate), ascertained, protocol)
    named = {"at_12_months": AT_A_YEAR, "toxicity": TOXICITY}
    answers = {each.question: each for each in questions.answers["", ""]}
    for outcome, question in named.items():
        answer, yes = answers[question], set(answers[question].yes.ids)
        known = Count(
            f"{group.label}: {LABELS[outcome].lower()}, where known",
            tuple(Part(unit, int(unit.id in yes), 1) for unit in answer.known.units),
        )
        n = known.evaluable
        few = NotRun(f"known for {plural(n, 'patient')}, {FEWEST} are needed") if n < FEWEST else None
        found = few or response_rate(known.clusters, protocol, pooled=True)
        yield _finding(outcome, group, (known, answer.asked, found), ascertained, protocol)


def _finding(
    outcome: str,
    group: Group,
    found: tuple[Count, Count, Rate | NotRun],
    ascertained: Count | None,
    protocol: Protocol,
) -> Finding:
    counts, asked, rate = found
    headline = next(iter(protocol.pools))
    decided = {
        each.domain: each
        for each in protocol.certainty.decided
        if each.outcome == outcome and (each.pool or headline) == group.name
    }
    thresholds = protocol.thresholds if outcome == "response" else ()  # they are of the response rate
    proposed = {
        "risk_of_bias": _risk_of_bias(counts, asked, ascertained),
        "inconsistency": _inconsistency(counts, rate, thresholds, protocol),
        "indirectness": _indirectness(counts),
        "imprecision": _imprecision(rate, thresholds),
        "publication_bias": _publication_bias(outcome, group, protocol),
    }
    domains = {name: _settled(proposed[name], decided.get(name)) for name in DOMAINS}
    whole_of_it = decided.get(None)
    if whole_of_it is not None and whole_of_it.certainty is not None:
        certainty, reason, by = whole_of_it.certainty, Text(Named(whole_of_it.reason)), whole_of_it.by
    else:
        certainty, reason, by = *_lowered(domains, protocol), ""
    return Finding(outcome, group.name, counts, asked, rate, domains, certainty, reason, by)


def _settled(proposed: Concern, decision: Decision | None) -> Concern:
    if decision is None or decision.concern is None:
        return proposed
    return Concern(decision.concern, Text(Named(decision.reason)), decision.by)


def _lowered(domains: Mapping[str, Concern], protocol: Protocol) -> tuple[str, Text]:
    """The level where it begins, lowered by the concerns; never below the lowest."""
    start = protocol.certainty.start
    at = min(CERTAINTIES.index(start) + sum(each.steps for each in domains.values()), len(CERTAINTIES) - 1)
    concerns = [name.replace("_", " ") for name, each in domains.items() if each.steps]
    lowered = f"lowered for {' and '.join(concerns)}" if concerns else "not lowered"
    return CERTAINTIES[at], Text(Named(f"begins as {start.replace('_', ' ')}, {lowered}"))


def _risk_of_bias(counts: Count, asked: Count, ascertained: Count | None) -> Concern:
    known, of = len(counts.parts), len(asked.parts)
    if counts is not asked and significant(counts.evaluable) < significant(LEAST_KNOWN * asked.evaluable):
        why = say(
            "known for {known} of {asked} patients, fewer than a third",
            known=counted(counts.evaluable or known, counts),
            asked=counted(asked.evaluable or of, asked),
        )
        return Concern(_SERIOUS, why)
    if ascertained is None:
        return Concern(NotRun("no report was appraised"), Text("no report was appraised"))
    inside = ascertained.of_units("well ascertained", set(counts.ids))
    why = say(
        "exposure and outcome well ascertained for {n} of {of} patients",
        n=counted(inside.evaluable, inside),
        of=counted(counts.evaluable, counts),
    )
    enough = inside.evaluable >= (1 - MOST_UNSTATED) * counts.evaluable
    return Concern(_NONE if enough else _SERIOUS, why)


def _inconsistency(counts: Count, rate: Rate | NotRun, thresholds: tuple[float, ...], protocol: Protocol) -> Concern:
    """Whether a new report may lie on the other side of a threshold, where the mean does not."""
    informative = sum(n > 1 for _, _, n in counts.clusters)
    if not isinstance(rate, PooledProportion) or isinstance(rate.rho, NotIdentified) or informative < FEW:
        why = f"{plural(informative, 'report')} with two patients or more, {FEW} are needed"
        return Concern(NotRun(why), Text(Named(why)))
    mu, rho = protocol.priors.mu, protocol.priors.rho
    span = predict(*columns(counts.clusters), mu_prior=mu, rho_prior=rho).ranges[0]
    said = say("rho {rho}; in a new report the rate may be {span}", rho=rate.rho.wording(), span=whole(span))
    if not thresholds:
        return Concern(NotRun(_NO_THRESHOLD), said)
    within = [t for t in thresholds if significant(span.lower) <= t <= significant(span.upper)]
    more = [t for t in within if side_of(rate, t)]
    where = f"on either side of {_percents(more)}" if more else "on no other side of a threshold than the mean"
    return Concern(_SERIOUS if more else _NONE, Text(said, ", ", Named(where)))


def _indirectness(counts: Count) -> Concern:
    if not counts.evaluable:
        return Concern(NotRun("nobody is known"), Text("nobody is known"))
    unstated = counts.where(f"{counts.title}: line mixed or not stated", lambda unit: unit.line == "any")
    why = say(
        "line of treatment mixed or not stated for {n} of {of}",
        n=counted(unstated.evaluable, unstated),
        of=counted(counts.evaluable, counts),
    )
    return Concern(_SERIOUS if unstated.evaluable > MOST_UNSTATED * counts.evaluable else _NONE, why)


def _imprecision(rate: Rate | NotRun, thresholds: tuple[float, ...]) -> Concern:
    """How many thresholds the interval holds, or how wide it is; too few patients for a rate is the most serious."""
    if rate is None or isinstance(rate, NotRun):
        why = "known for nobody" if rate is None else rate.reason
        return Concern(_VERY, Text(Named(why)))
    span = limits(rate.lower, rate.upper, " to ")
    if not thresholds:
        wide = significant(rate.upper - rate.lower) > WIDE
        why = f"{'more' if wide else 'no more'} than {100 * WIDE:g} points wide"
        return Concern(_SERIOUS if wide else _NONE, say("the interval, {span}, is {why}", span=span, why=why))
    held = [t for t in thresholds if not side_of(rate, t)]
    what = _percents(held) if held else "no threshold"
    return Concern(CONCERNS[min(len(held), 2)], say("the interval, {span}, holds {what}", span=span, what=what))


def _publication_bias(outcome: str, group: Group, protocol: Protocol) -> Concern:
    """How far the rate moves once adjusted for selection, and whether it crosses a threshold by that."""
    if outcome != "response" or isinstance(group.adjusted, NotRun) or not group.adjusted or group.orr is None:
        why = "the rate is adjusted for selection for response only"
        if outcome == "response":
            why = group.adjusted.reason if isinstance(group.adjusted, NotRun) else "no adjusted rate"
        return Concern(NotRun(why), Text(Named(why)))
    first, test = group.adjusted[0], protocol.conclusion_test
    notable = NOTABLE_SHIFT if test is None else test.orr_moves_by
    shift = difference(group.orr.estimate, first.estimate)
    said = say(
        "adjusted for selection {rate} ({limits}), {shift} points from the rate",
        rate=percent(first.estimate),
        limits=limits(first.lower, first.upper, " to "),
        shift=f"{100 * shift:+.1f}",
    )
    return Concern(_SERIOUS if significant(abs(shift)) > notable else _NONE, said)


def _percents(rates: list[float]) -> str:
    return " and ".join(f"{100 * t:g} %" for t in rates)
