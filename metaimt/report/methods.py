"""The methods paragraphs, from the settings that were used."""

from __future__ import annotations

from metaimt.analyses.heterogeneity import SEED
from metaimt.analyses.results import Results
from metaimt.casefiles.protocol import Pool, Protocol
from metaimt.report.methods_bias import publication_bias_methods
from metaimt.report.methods_parts import (
    duration_methods,
    over_time_methods,
    sensitivity_methods,
    subgroups_methods,
)
from metaimt.report.wording import percent


def methods_text(results: Results) -> list[str]:
    """One paragraph each on the outcome, the selection, the model, and the analyses beside the headline."""
    return [
        _outcome(results),
        _selection(results),
        _model(results),
        subgroups_methods(results),
        duration_methods(results),
        sensitivity_methods(results),
        over_time_methods(results),
        publication_bias_methods(results),
    ]


def _outcome(results: Results) -> str:
    outcome = results.protocol.outcome
    death = (
        "counts as a non-response, as in trials"
        if outcome.death_before_assessment == "non_response"
        else "is not evaluable"
    )
    return (
        f"Outcome: objective response rate, patients whose best response is {' or '.join(outcome.responders)} of those "
        f"with {', '.join(outcome.evaluable)}; death on the drug before assessment {death}; other NE is not evaluable. "
        "A patient counts by the first recorded kinase inhibitor; if its response is not readable the patient is not "
        "evaluable and a later course never stands in. An arm counts as printed. A line that is mixed or not stated "
        "counts as first, and how many patients that is, is printed."
    )


def _selection(results: Results) -> str:
    protocol = results.protocol
    pools = " ".join(
        f"{protocol.label(name).capitalize()}: {_conditions(pool, results)}." for name, pool in protocol.pools.items()
    )
    histologies = ", ".join(name.replace("_", " ") for name in protocol.eligible.histology)
    return (
        f"Selection: histology {histologies}. Reports that share patients are linked (certainties applied: "
        f"{', '.join(protocol.links.apply)}); {_links(protocol)}. {pools}"
    )


def _links(protocol: Protocol) -> str:
    if protocol.format == 1:
        return "links are resolved before any pool is formed, and a patient who gives way is not counted in any"
    return (
        "in each pool, of reports that share patients the most preferred one that may enter it does, and the others "
        "do not. A patient described elsewhere who certainly or probably belongs to an arm is shown in subgroup tables "
        "under what is said of him, within the counts of that arm"
    )


def _conditions(pool: Pool, results: Results) -> str:
    said = [" or ".join(results.protocol.label(row) for row in pool.rows), f"{pool.line} line"]
    said += _targets(pool, results.protocol)
    said += ["the drug named"] if pool.drug == "named" else []
    said += ["given alone"] if pool.combined_with == "none" else []
    said += [f"response {' or '.join(pool.response_basis)} (or death)"] if pool.response_basis else []
    said += ["no alternative reading across the responder line"] if not pool.disputed else []
    said += [f"read as {' or '.join(depth.replace('_', ' ') for depth in pool.depth)}"] if pool.depth else []
    return ", ".join(said)


def _targets(pool: Pool, protocol: Protocol) -> list[str]:
    """Which drugs a pool is about; in format 1 any kinase inhibitor."""
    named = dict.fromkeys(target for row in pool.rows for target in protocol.targets(row, pool))
    return [f"a drug that targets {' or '.join(name.replace('_', ' ') for name in named)}"] if named else []


def _model(results: Results) -> str:
    headline = results.response.headline
    priors = results.protocol.priors
    orr = headline.orr
    method = f"{orr.method}: {orr.reason}" if orr is not None and hasattr(orr, "reason") else "not run"
    level = percent(orr.level).replace(".0", "") if orr is not None else ""
    return (
        f"Model: one cluster a report. The headline is {method.rstrip('.')}. The rule, fixed by the structure of the "
        "reports: beta-binomial maximum likelihood; with 10 reports or more and one or more of at least two patients, "
        "a profile-likelihood interval with the cut-off F(1, K - 2); with fewer reports, the equal-tailed posterior "
        f"interval under mu ~ Beta({priors.mu[0]:g}, {priors.mu[1]:g}) and rho ~ Beta({priors.rho[0]:g}, "
        f"{priors.rho[1]:g}); with single patients only, or one report, r/n with the exact "
        "(Clopper-Pearson) interval; with larger reports that are all unanimous, r/n with an interval that holds both "
        f"the exact and the posterior one. All intervals are {level}. The beta-binomial mean treats response as "
        "independent of report size. No inverse-variance model is the headline while single-patient reports are "
        "present: the 0.5 that it must add to each decides the answer. The bootstrap test of rho = 0 and its seed "
        f"({SEED}), the posterior and the predictions are in results.json. Separate rows are exact binomial."
    )
