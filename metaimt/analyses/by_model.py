"""The pools under every model: what another choice of model would have printed.

PyMARE is imported when the first inverse-variance model is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from metaimt.analyses.comparison import COMPARED, Comparison, compare
from metaimt.analyses.models import SHOWN as COMPARED_ONLY
from metaimt.analyses.models import Interval, Rate
from metaimt.analyses.pooled_response import Group
from metaimt.analyses.sensitivity import Cell, SensitivityRow
from metaimt.analyses.wording import NOBODY, difference
from metaimt.casefiles.protocol import Protocol
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion

LEVEL = 0.95
SHOWN = {
    "crude": "r/n, patients as independent (Clopper-Pearson)",
    "beta-binomial-ml-f": "beta-binomial, maximum likelihood, F(1, K - 2)",
    "beta-binomial-ml-chi2": "beta-binomial, maximum likelihood, chi-square",
    "glmm median": "binomial-normal GLMM, median report",
    "glmm marginal_mean": "binomial-normal GLMM, marginal mean",
    "logit-reml-kh": "inverse variance, logit, 0.5 added where r = 0 or n, REML, Knapp-Hartung (never narrower)",
    "logit-dl": "inverse variance, logit, 0.5 added where r = 0 or n, DL",
    "double-arcsine-dl": "inverse variance, double arcsine, DL",
}


def compare_pools(pools: Mapping[str, Group], protocol: Protocol) -> dict[str, Comparison]:
    """Each model on the reports of each pool that has any; `NotIdentified` and `NotRun` stand where there is none."""
    return {
        name: compare(
            [r for _, r, _ in group.clusters],
            [n for _, _, n in group.clusters],
            ids=[report for report, _, _ in group.clusters],
            name=group.label,
            priors=(protocol.priors.mu, protocol.priors.rho),
        )
        for name, group in pools.items()
        if group.clusters
    }


BY_POOL: Final = {Comparison: COMPARED}
"""Of a comparison, for JSON: without what needs years and groups of the reports; results.json, `methods`."""


def model_rows(pools: Mapping[str, Group], compared: Mapping[str, Comparison]) -> tuple[SensitivityRow, ...]:
    """A row of the sensitivity table for each of SHOWN: the same counts under another model."""
    return tuple(
        SensitivityRow(
            row_name(key),
            {name: _cell(group, compared.get(name), key) for name, group in pools.items()},
        )
        for key in SHOWN
    )


def row_name(key: str) -> str:
    """The name of the row of a model, which says whether it is for comparison only."""
    return f"for comparison: {SHOWN[key]}" if key in COMPARED_ONLY else SHOWN[key]


def comparison_reasons(compared: Mapping[str, Comparison]) -> tuple[str, ...]:
    """Why the inverse-variance models are shown for comparison only, and their warnings, each once."""
    models = [model for found in compared.values() for model in found.methods.values() if model.label]
    said = [text for model in models for text in (model.reason, *model.warnings)]
    return tuple(dict.fromkeys(text for text in said if text))


def _cell(group: Group, compared: Comparison | None, key: str) -> Cell:
    rate = dict(_rates(compared))[key] if compared is not None else NOBODY
    if not isinstance(rate, Interval):
        return Cell(group.counts, None, None, {}, rate.wording(), ())
    counts = group.counts
    orr = Proportion(counts.responders, counts.evaluable, rate.estimate, rate.lower, rate.upper, LEVEL, SHOWN[key])
    change = None if group.orr is None else difference(group.orr.estimate, rate.estimate)
    return Cell(counts, orr, change, {}, "", ())


def _rates(compared: Comparison) -> Iterator[tuple[str, Rate | NotRun]]:
    crude = compared.crude["clopper-pearson"]
    yield "crude", Interval(crude.estimate, crude.lower, crude.upper)
    for name, model in compared.methods.items():
        for part, rate in model.rates.items():
            yield f"{name} {part}".rstrip(), rate
