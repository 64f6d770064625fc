"""The works that a methods paragraph rests on, chosen by what this run has used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metaimt.analyses.results import Results
from metaimt.statistics.outcome import NotRun

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


def cited(results: Results) -> list[tuple[str, Work]]:
    """(what for, work) of each method that was run, in the order of the report."""
    return list(dict.fromkeys(_cited(results)))


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
