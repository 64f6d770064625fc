"""Summary of findings: rates per 100 of made-up patients, what is proposed, and what a person decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from conftest import FROZEN, MakeReview, arm, course, patient, report, selected_in

from metaimt.analyses.clinical import clinical_questions
from metaimt.analyses.findings import Finding, summary_of_findings
from metaimt.analyses.pooled_response import pooled_response
from metaimt.analyses.wording import whole
from metaimt.casefiles.library import Library
from metaimt.casefiles.protocol import CertaintyOfFindings, Protocol
from metaimt.evidence.selection import Selection
from metaimt.serialise import to_json
from metaimt.statistics.posterior import PooledProportion, pool_proportion
from metaimt.statistics.prediction import predict

STAYS = course("PR", ongoing=True)


def found_in(review: tuple[Library, Protocol, Selection], certainty: dict[str, Any]) -> Mapping[str, Finding]:
    _, protocol, selection = review
    given = protocol.model_copy(update={"certainty": CertaintyOfFindings.model_validate(certainty)})
    pools = pooled_response(selection, given).pools
    clinical = {name: clinical_questions(selection, name, name) for name in pools}
    return {each.outcome: each for each in summary_of_findings(pools, clinical, None, given)["strict"]}


@pytest.fixture(scope="module")
def frozen() -> tuple[Library, Protocol, Selection]:
    return selected_in(FROZEN / "cases")


def test_the_response_is_that_of_the_headline(frozen: tuple[Library, Protocol, Selection]) -> None:
    found = found_in(frozen, {})
    headline = pooled_response(frozen[2], frozen[1]).headline
    assert found["response"].rate == headline.orr
    assert (found["response"].counts.responders, found["response"].counts.evaluable) == (55, 74)
    assert {each.by for each in found.values()} == {""}


def test_a_decision_stands_in_place_of_the_proposal(frozen: tuple[Library, Protocol, Selection]) -> None:
    proposed = found_in(frozen, {"start": "high"})["response"]
    assert (proposed.domains["indirectness"].level, proposed.domains["imprecision"].level) == (
        "serious",
        "very_serious",
    )
    assert proposed.certainty == "very_low"  # three steps from high
    said = {"outcome": "response", "by": "Made Up", "reason": "made up"}
    one = {**said, "domain": "imprecision", "concern": "none"}
    decided = found_in(frozen, {"start": "high", "decided": [one]})["response"]
    assert decided.certainty == "moderate" and decided.by == ""
    assert to_json(decided.domains["imprecision"]) == {"by": "Made Up", "concern": "none", "why": "made up"}
    all_of_it = found_in(frozen, {"start": "high", "decided": [one, {**said, "certainty": "low"}]})["response"]
    assert (all_of_it.certainty, all_of_it.by, str(all_of_it.reason)) == ("low", "Made Up", "made up")
    other = found_in(frozen, {"start": "high", "decided": [{**one, "pool": "all_evidence"}]})["response"]
    assert other.domains == proposed.domains


@pytest.mark.parametrize(
    ("courses", "outcome", "expected"),
    [
        # nobody knows: too few for a rate, which is very imprecise, and for fewer than a third
        ([course("PR")] * 12, "at_12_months", (0, 0, "risk_of_bias imprecision")),
        ([course("PR", in_response_at_12_months=True)] * 4 + [course("PR")] * 8, "at_12_months", (4, 4, "imprecision")),
        (
            [course("PR", ongoing=True)] * 11 + [course("SD", stop_reason="toxicity")],
            "toxicity",
            (1, 12, "imprecision"),
        ),
        ([course("CR")] * 6 + [course("PR")] * 6, "complete", (6, 12, "imprecision")),
        ([course("PR")] * 12, "controlled", (12, 12, "")),
    ],
)
def test_what_is_proposed(make_review: MakeReview, courses: list[Any], outcome: str, expected: tuple[Any, ...]) -> None:
    cases = [report(f"r{k}-2020", patient(each, id="P1")) for k, each in enumerate(courses)]
    folder = make_review(*cases)
    found = found_in(selected_in(folder), {})[outcome]
    lowered = " ".join(name for name, each in found.domains.items() if each.steps)
    assert (found.counts.responders, found.counts.evaluable, lowered) == expected


def test_answers_are_pooled_by_the_model_of_the_headline(make_review: MakeReview) -> None:
    told = [course("PR", in_response_at_12_months=k < 3, stop_reason="toxicity") for k in range(12)]
    folder = make_review(*(report(f"r{k}-2020", patient(each)) for k, each in enumerate(told)))
    review = selected_in(folder)
    found, priors = found_in(review, {}), review[1].priors
    for outcome, responders in (("at_12_months", 3), ("toxicity", 12)):
        rate = found[outcome].rate
        assert isinstance(rate, PooledProportion)
        assert rate == pool_proportion(
            [*[1] * responders, *[0] * (12 - responders)], [1] * 12, mu_prior=priors.mu, rho_prior=priors.rho
        )


def test_a_new_report_is_predicted_by_the_prior_of_the_protocol(make_review: MakeReview) -> None:
    folder = make_review(*(report(f"t{k}-2020", design="trial", arms=[arm(k, 4)]) for k in range(1, 4)))
    library, protocol, selection = selected_in(folder)
    priors = protocol.priors.model_copy(update={"mu": (20.0, 1.0)})
    given = protocol.model_copy(update={"priors": priors})
    said = str(found_in((library, given, selection), {})["response"].domains["inconsistency"].why)
    span = predict([1, 2, 3], [4, 4, 4], mu_prior=priors.mu, rho_prior=priors.rho).ranges[0]
    assert whole(span) in said
    assert whole(span) != whole(predict([1, 2, 3], [4, 4, 4], rho_prior=priors.rho).ranges[0])


def test_the_line_of_most_is_not_stated(make_review: MakeReview) -> None:
    stated = [report(f"r{k}-2020", patient(course("PR"))) for k in range(6)]
    folder = make_review(*stated, report("trial-2020", design="trial", arms=[arm(1, 3)]))
    domain = found_in(selected_in(folder), {})["response"].domains["indirectness"]
    assert (domain.level, str(domain.why)) == ("serious", "line of treatment mixed or not stated for 3 of 9")
    folder = make_review(*stated, report("trial-2020", design="trial", arms=[arm(1, 2)]))
    assert found_in(selected_in(folder), {})["response"].domains["indirectness"].level == "none"


def test_what_is_judged_is_no_change_of_the_analysis(frozen: tuple[Library, Protocol, Selection]) -> None:
    protocol = frozen[1]
    judged = yaml.safe_load("{decided: [{outcome: response, certainty: low, by: A, reason: made up}]}")
    assert protocol.model_copy(update={"certainty": CertaintyOfFindings.model_validate(judged)}).is_same(protocol)
