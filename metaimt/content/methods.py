"""The methods paragraphs, from the settings that were used: pooling, subgroups, duration, sensitivity, time, bias.

Each number is the constant or the protocol's value that the analysis itself reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from metaimt.analyses.contrasts import COHORTS, TRIALS
from metaimt.analyses.duration import LANDMARKS
from metaimt.analyses.over_time import NOT_ADJUSTED
from metaimt.analyses.publication_bias import MOST_UNDATED, S_RANGE
from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import COVARIATES, PRIMARY
from metaimt.analyses.wording import plural, priors_text, selection_text
from metaimt.casefiles.protocol import LEAVE_ONE_OUT, Pool, Protocol
from metaimt.content.answer import asked
from metaimt.content.publication_bias import LARGEST_HARMLESS
from metaimt.content.section import Section, folded, items, paragraph, section
from metaimt.model.text import Link, Named, Strong, Text, joined
from metaimt.statistics.adjusted import SelectionPrior
from metaimt.statistics.exact_tests import MOST_TABLES, REPLICATES, SEED, SMALLEST_LEVEL
from metaimt.statistics.firth import EVENTS_PER_PARAMETER
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import BEGG, FEWEST, HUNTER, PETERS, SMALLEST
from metaimt.statistics.survival import FEWEST_CENSORED, FEWEST_COX_EVENTS, FEWEST_EVENTS, FEWEST_TIMES

MOST_WORDS = 15
Work = tuple[str, str]  # reference, DOI or ""

CLOPPER_PEARSON = ("Clopper CJ, Pearson ES. Biometrika 1934;26:404-413", "10.1093/biomet/26.4.404")
GRIFFITHS = ("Griffiths DA. Maximum likelihood for the beta-binomial. Biometrics 1973;29:637-648", "10.2307/2529131")
STIJNEN = ("Stijnen T, Hamza TH, Özdemir P. Stat Med 2010;29:3046-3067", "10.1002/sim.4040")
FREEMAN_HALTON = ("Freeman GH, Halton JH. Biometrika 1951;38:141-149", "10.1093/biomet/38.1-2.141")
FIRTH = ("Firth D. Biometrika 1993;80:27-38", "10.1093/biomet/80.1.27")
KAPLAN_MEIER = ("Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481", "10.1080/01621459.1958.10501452")
REVERSE = ("Schemper M, Smith TL. Control Clin Trials 1996;17:343-346", "10.1016/0197-2456(96)00075-X")
AALEN_JOHANSEN = ("Aalen OO, Johansen S. Scand J Stat 1978;5:141-150", "")
SPECIFICATION = ("Simonsohn U, Simmons JP, Nelson LD. Nat Hum Behav 2020;4:1208-1214", "10.1038/s41562-020-0912-z")
LIVING = ("Elliott JH, Synnot A, Turner T, et al. J Clin Epidemiol 2017;91:23-30", "10.1016/j.jclinepi.2017.08.010")


_COMPARED = {COHORTS: "cohorts", (*TRIALS, *COHORTS): "trials and cohorts"}


def publication_bias_methods(results: Results) -> str:
    """Contrasts, curve, missing non-responders, the rule of the small-study diagnostics, and that of the note."""
    headline, *others = (group.label for group in results.response.pools.values())
    primary = others[-1] if others else headline
    low, high = S_RANGE
    also = [_COMPARED[designs] for designs in results.publication_bias.comparators[1:]]
    then = f", then with its {also[0]}" if also else ""
    return (
        f"Publication bias: case reports and series of each pool (primary: {primary}) are compared with the "
        f"prospective trials of {headline}{then}. The model is that of the pools, with a "
        "mean for each side and one rho. It gives the odds ratio s with its equal-tailed posterior interval. The odds "
        "ratio by maximum likelihood (Crowder, Appl Stat 1978;27:34) with a profile interval stands beside it, for "
        "comparison with other programs. What only the wider pool counts is compared with the headline in the same "
        "way. Selectivity: responders may be s times as likely to be published as non-responders. Then "
        f"odds(true ORR) = odds(ORR of case reports) / s; s goes from {low:g} to {high:g}. Missing non-responders: the "
        f"least N with r / (n + N) at most the target. Small-study diagnostics use reports of {SMALLEST} patients or "
        f"more, and are run only if there are {FEWEST}. They are Peters' regression (JAMA 2006;295:676), Begg's test "
        f"(Biometrics 1994;50:1088) and a funnel (Hunter et al., J Clin Epidemiol 2014;67:897). Peters: {PETERS}. "
        f"Begg: {BEGG}. Hunter: {HUNTER}. The trend with publication year is run where at most "
        f"{100 * MOST_UNDATED:g} % of the reports are undated. Where the interval of s lies above 1, the note says "
        "that responders are over-represented. Else, where its upper limit exceeds "
        f"{LARGEST_HARMLESS:g}, it says that the data are too few."
    )


def subgroups_methods(results: Results) -> str:
    """Rows, partial pooling with its priors, the exact test, the regression and its rule, later lines."""
    protocol = results.protocol
    if not protocol.subgroups:
        return "Subgroups: the protocol names none."
    priors, primary = protocol.priors, f" ({PRIMARY} is the primary contrast)" if results.subgroups.primary else ""
    return (
        f"Subgroups, pre-specified: {_names(protocol.subgroups)}{primary}. Each row has r/n with the exact interval "
        "(Clopper and Pearson, Biometrika 1934;26:404) and the partially pooled rate. In each level r of n is binomial "
        f"and its logit comes from N(m, s^2), with m ~ N(0, {priors.subgroup_mean_sd:g}^2), s ~ half-normal"
        f"({priors.subgroup_sd_scale:g}) (Gelman, Bayesian Anal 2006;1:515; Jones et al., Clin Trials 2011;8:129). "
        "Shown are the posterior median and the equal-tailed 95 % interval, by quadrature. Patients of no known "
        "level have a row of their own, so that the rows add up to the pool. They stay out of the shrinkage and of the "
        "test. Any difference between levels: Fisher-Freeman-Halton exact test (Freeman and Halton, Biometrika "
        f"1951;38:141), by enumeration. Beyond {MOST_TABLES:,} tables it takes {REPLICATES:,} tables drawn with the "
        f"seed {SEED}. It is run only with two levels or more of {SMALLEST_LEVEL} patients or more. No p is adjusted "
        f"for the number of groupings. {_regression(results)} Response to a later inhibitor given the outcome of the "
        "one before is a table of patients, without a test."
    )


def _regression(results: Results) -> str:
    chosen = _compared(results)
    if not chosen:
        return "No covariate of the regression is among the subgroups, so none was run."
    models = [model for found in results.subgroups.regressions.values() for model in found]
    run = sum(not isinstance(model.fit, NotRun) for model in models)
    return (
        f"On patients described one by one: Firth-penalised logistic regression on {_names(chosen)} (Firth, Biometrika "
        "1993;80:27; Heinze and Schemper, Stat Med 2002;21:2409). Intervals are profile intervals, tests penalised "
        f"likelihood-ratio tests. It has at most one parameter per {EVENTS_PER_PARAMETER} of the responders or of the "
        f"non-responders, whichever are fewer: {run} of {len(models)} models could be run."
    )


def duration_methods(results: Results) -> str:
    """Fields, events, the rules on how many are enough, intervals and ranges."""
    times = [times for duration in results.duration.values() for times in duration.times.values()]
    curves = sum(not isinstance(each.curves, NotRun) for each in times)
    landmarks = ", ".join(f"{time:g}" for time in LANDMARKS)
    return (
        "Duration: time on treatment, progression-free survival and duration of response are three fields. They never "
        "stand in for each other. Medians that arms print have a table of their own. Time on treatment: stopping is "
        "the event, ongoing is censored, a planned end and surgery compete. Progression-free survival and duration of "
        "response: progression or death is the event. Surgery, completion and toxicity compete (Aalen and Johansen, "
        "Scand J Stat 1978;5:141), and are censored in a second analysis. Where it is not stated whether the drug is "
        "ongoing, or why it ended, the patient is excluded and counted. A Kaplan-Meier curve (J Am Stat Assoc "
        f"1958;53:457) is drawn from {FEWEST_TIMES} known times and {FEWEST_EVENTS} events on, and where a third of "
        f"the pool has a known time. Else the times are listed ({curves} of {len(times)} curves could be drawn). "
        f"Log-log intervals, S(t) at {landmarks} months. Follow-up is by reverse Kaplan-Meier (Schemper and Smith, "
        f"Control Clin Trials 1996;17:343), from {FEWEST_CENSORED} censored times on. A median where S(t) is 0.5 over "
        "an interval is its midpoint. A time known as a range enters at its midpoint, and at each end beside it. "
        f"Log-rank test (Mantel, Cancer Chemother Rep 1966;50:163) between {_names(_compared(results)) or 'no groups'}"
        f", under the rules of the curve and of the exact test; Cox regression from {FEWEST_COX_EVENTS} events on. "
        "Responders are not compared with others: who responds has lived to respond."
    )


def _compared(results: Results) -> list[str]:
    return [name for name in COVARIATES if name in results.protocol.subgroups]


def sensitivity_methods(results: Results) -> str:
    """The list of the protocol, the grid of choices, and what each is compared with."""
    protocol, grid = results.protocol, results.specification
    one_by_one = [e for e in protocol.sensitivity if e.name != LEAVE_ONE_OUT and e.discount is None]
    said = [
        f"Sensitivity: {plural(len(one_by_one), 'analysis', 'analyses')} of the protocol. Each is the whole selection "
        "again with one thing done otherwise, in every pool. One that concerns nobody says so."
        if one_by_one
        else "Sensitivity: the protocol lists nothing that is done otherwise."
    ]
    if any(entry.name == LEAVE_ONE_OUT for entry in protocol.sensitivity):
        said.append("Each report is left out in turn, links staying as they were resolved.")
    for entry in protocol.sensitivity:
        if entry.discount is not None:
            weights = ", ".join(f"{weight:g}" for weight in entry.discount.weights)
            stratum = protocol.label(entry.discount.stratum)
            said.append(
                f"Discount: the likelihood of {stratum} to the power {weights} (Ibrahim and Chen, Stat Sci "
                "2000;15:46), with the posterior interval."
            )
    if protocol.specification:
        said.append(
            f"Specification grid: {plural(len(grid.specifications), 'combination')} of "
            f"{_names(protocol.specification)} (after Simonsohn et al., Nat Hum Behav 2020;4:1208). The pool is "
            f"{protocol.label(grid.pool)}. There is no joint test, since they share their patients."
        )
    return " ".join(said)


def over_time_methods(results: Results) -> str:
    """By which dates, and that nothing is adjusted."""
    by = list(dict.fromkeys(each.by for each in results.over_time))
    if not by:
        return "Over time: no pool has a date."
    thresholds = ", ".join(f"{100 * threshold:g} %" for threshold in results.protocol.thresholds)
    crossed = f". It is said when the interval starts or stops to exclude {thresholds}" if thresholds else ""
    return (
        f"Over time: each pool as it stood after each {' and after each '.join(by)}, by the model of the headline. "
        f"Reports without such a date come last{crossed}. {NOT_ADJUSTED.capitalize()}, and no p is given."
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def methods_section(results: Results) -> Section:
    """A paragraph each on the outcome, the selection, the model and the analyses; then the works they rest on."""
    said = (
        _outcome(results),
        _selection(results),
        _model(results),
        subgroups_methods(results),
        duration_methods(results),
        sensitivity_methods(results),
        over_time_methods(results),
        publication_bias_methods(results),
    )
    works = (
        joined([Named(f"{what}: {reference}."), *([Link(f"doi:{doi}", f"https://doi.org/{doi}")] if doi else [])], " ")
        for what, (reference, doi) in dict.fromkeys(_cited(results))
    )
    paragraphs = [paragraph(Named(each)) for each in said]
    how = section("How it was computed", paragraphs, section("References", items(works)))
    return section("Methods", section("Words", items(_glossary(results))), folded(how), id="methods")


def _glossary(results: Results) -> Iterator[Text]:
    """The words that a reader may not know, at most 15."""
    protocol, priors = results.protocol, results.protocol.priors
    words = {
        "r/n": "responders of evaluable patients",
        "ORR": "objective response rate: complete or partial responses of all who could be judged",
        "evaluable": "with a best response that can be read; who died on the drug before assessment did not respond",
        "exact interval": "the Clopper-Pearson interval of r/n, as if all patients were independent",
        "mean over reports": "the average true rate of reports like these, by the model of the methods",
        "95 % interval": "the range in which the mean over reports lies with 95 % probability, given the model",
        "rho": "how alike patients of one report are: 0, no more than others; 1, all respond or none does",
        "prediction interval": "where the true rate of one more report may lie",
        "prior": "what the model takes as likely before it has seen the data",
        "adjusted for selection": (
            f"the rate in trials, if responders are published more readily: odds of response about "
            f"{priors.selection.odds_ratio:g} times as high in other reports, a judgement"
        ),
        "inferred": "a response that the text suggests and does not state",
        "stratum": "reports of one design",
    }
    for name, pool in protocol.pools.items():
        words[protocol.label(name)] = ", ".join(asked(pool, results))
    for word, meaning in list(words.items())[:MOST_WORDS]:
        yield Text(Strong(word), ": ", Named(meaning.rstrip(".")), ".")


def _outcome(results: Results) -> str:
    outcome = results.protocol.outcome
    death = (
        "counts as a non-response, as in trials"
        if outcome.death_before_assessment == "non_response"
        else "is not evaluable"
    )
    return (
        f"Outcome: objective response rate, patients whose best response is {' or '.join(outcome.responders)} of those "
        f"with {', '.join(outcome.evaluable)}. Death on the drug before assessment {death}. Other NE is not evaluable. "
        "A patient counts by the first recorded kinase inhibitor. If its response is not readable the patient is not "
        "evaluable; a later course never stands in. An arm counts as printed. A line that is mixed or not stated "
        "counts as first, and how many patients that is, is printed."
    )


def _selection(results: Results) -> str:
    protocol = results.protocol
    pools = " ".join(
        f"{protocol.label(name)}: {_in_sentences(conditions(pool, results.protocol))}."
        for name, pool in protocol.pools.items()
    )
    histologies = ", ".join(name.replace("_", " ") for name in protocol.eligible.histology)
    return (
        f"Selection: histology {histologies}. Reports that share patients are linked (certainties applied: "
        f"{', '.join(protocol.links.apply)}). {_links(protocol)}. {pools}"
    )


def _in_sentences(said: str) -> str:
    """Conditions five to a sentence."""
    parts = said.split(", ")
    return ". And: ".join(", ".join(parts[at : at + 5]) for at in range(0, len(parts), 5))


def _links(protocol: Protocol) -> str:
    if protocol.format == 1:
        return "Links are resolved before any pool is formed, and a patient who gives way is not counted in any"
    return (
        "In each pool the most preferred of such reports that may enter it does, and the others do not. A patient "
        "described elsewhere may certainly or probably belong to an arm. Subgroup tables show that patient under what "
        "is said of the patient, within the counts of that arm"
    )


def conditions(pool: Pool, protocol: Protocol) -> str:
    """Who is in a pool: `BRAF-positive, first line, a drug that targets BRAF, the drug named, ...`."""
    said = [" or ".join(protocol.label(row) for row in pool.rows), f"{pool.line} line"]
    said += _targets(pool, protocol)
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
        "Model: one cluster a report. Responders are beta-binomial with the mean mu and the correlation rho of "
        f"response within reports. The priors are {priors_text(priors.mu, priors.rho)}, the latter chosen for "
        "coverage. The pooled rate is the posterior median of mu, the mean over reports, with the equal-tailed 95 % "
        "interval. So it is for every pool of two reports or more. The strata of a pool have a mean each and one rho. "
        "One report, and groups of patients that are no pool, have r/n with the exact (Clopper-Pearson) interval. The "
        "mean treats response as independent of report size. Adjusted for selection is the rate in prospective "
        f"trials. It takes {selection_text(chosen)}. No inverse-variance model is the headline while single-patient "
        "reports are present: the 0.5 that it must add to each decides the answer."
    )


def _cited(results: Results) -> Iterator[tuple[str, Work]]:
    if results.protocol.living is not None:
        yield "Living review", LIVING
    orr = results.response.headline.orr
    if orr is not None and "beta-binomial" in orr.method:
        yield "Beta-binomial likelihood", GRIFFITHS
    yield "Exact interval", CLOPPER_PEARSON
    yield "Why no 0.5 is added to single cases", STIJNEN
    tables = [table for tables in results.subgroups.tables.values() for table in tables.values()]
    if any(not isinstance(table.test, NotRun) for table in tables):
        yield "Exact k x 2 test", FREEMAN_HALTON
    fits = [each.fit for models in results.subgroups.regressions.values() for each in models]
    if any(not isinstance(fit, NotRun) for fit in fits):
        yield "Penalised logistic regression", FIRTH
    times = [times for found in results.duration.values() for times in found.times.values()]
    if any(isinstance(each.curves, Mapping) for each in times):
        yield "Survival curves", KAPLAN_MEIER
        yield "Follow-up, reverse Kaplan-Meier", REVERSE
    if any(isinstance(each.incidence, Mapping) for each in times):
        yield "Competing events", AALEN_JOHANSEN
    if len(results.specification.specifications) > 1:
        yield "Specification grid", SPECIFICATION
