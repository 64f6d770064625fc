"""The methods paragraphs, from the settings that were used."""

from __future__ import annotations

from metaimt.analyses.results import Results
from metaimt.casefiles.protocol import Pool, Protocol
from metaimt.report.methods_bias import publication_bias_methods
from metaimt.report.methods_parts import (
    duration_methods,
    over_time_methods,
    sensitivity_methods,
    subgroups_methods,
)
from metaimt.report.wording import priors_text, selection_text
from metaimt.statistics.adjusted import SelectionPrior


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
    priors = results.protocol.priors
    chosen = SelectionPrior(priors.selection.odds_ratio, priors.selection.log_sd)
    return (
        "Model: one cluster a report, responders beta-binomial with the mean mu and the correlation rho of response "
        f"within reports; priors {priors_text(priors.mu, priors.rho)}, the latter chosen for coverage. The pooled rate "
        "is the posterior median of mu, the mean over reports, with the equal-tailed 95 % interval, for every pool of "
        "two reports or more. The strata of a pool have a mean each and one rho. One report, and groups of patients "
        "that are no pool, have r/n with the exact (Clopper-Pearson) interval. The mean treats response as independent "
        "of report size. Adjusted for selection is the rate in prospective trials, given all reports and "
        f"{selection_text(chosen)}. No inverse-variance model is the headline while single-patient reports are "
        "present: the 0.5 that it must add to each decides the answer."
    )
