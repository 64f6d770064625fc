"""All models on one data set, side by side.

With the "exact" models only, numpy and scipy.special are all that is imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from metaimt.analyses.models import (
    LIKELIHOOD,
    PRIORS,
    Model,
    Priors,
    beta_binomial_model,
    crude_models,
    finite,
    glmm_model,
    inverse_variance_models,
    likelihood_model,
    spread_of_rates,
)
from metaimt.analyses.study_parts import (
    Part,
    Subgroups,
    cumulative,
    leave_one_out,
    named,
    steps_joined,
    subgroups,
)
from metaimt.analyses.wording import FORMAT
from metaimt.casefiles.studies import Study
from metaimt.serialise import optional, published, to_json
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion

Models = Literal["headline", "exact", "compared", "every"]


def _counts(compared: Comparison) -> dict[str, int]:
    total = compared.crude["clopper-pearson"]
    return {"responders": total.responders, "evaluable": total.evaluable}


def _crude(compared: Comparison) -> dict[str, Any]:
    rates = to_json(compared.crude, {Proportion: ("estimate", "lower", "upper")})
    return {**_counts(compared), **rates["clopper-pearson"], **rates}


COMPARED: Final = (
    *("name", "reports"),
    ("reports_of_two_or_more", "informative"),
    ("pooled", lambda each: {**_counts(each), **to_json(each.methods["beta-binomial"])}),
    ("crude", _crude),
    "methods",
    (
        "leave_one_out",
        lambda each: [] if isinstance(parts := each.leave_one_out, NotRun) else to_json(parts, named("id")),
    ),
    "warnings",
    optional("heterogeneity"),
)
"""Of a comparison, as JSON, what needs no years and groups of the reports."""


@published(
    *COMPARED, "subgroups", format=lambda _: FORMAT, cumulative=lambda each: to_json(each.cumulative, named("step"))
)
@dataclass(frozen=True)
class Comparison:
    """One data set under every model that was asked for.

    name: of the data. reports: K; informative: with two patients or more. heterogeneity: None where only the exact
    models were asked for. warnings: of the models that stand first.
    """

    name: str
    reports: int
    informative: int
    crude: Mapping[str, Proportion]
    methods: Mapping[str, Model]
    heterogeneity: Mapping[str, Any] | None
    subgroups: Subgroups | NotRun
    leave_one_out: tuple[Part, ...] | NotRun
    cumulative: tuple[Part, ...]
    joined: int = 1  # reports that share a step of the cumulative table

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader of the exact models must know, and what was not run."""
        shown = [self.methods[name] for name in ("beta-binomial", "glmm") if name in self.methods]
        said = [text for model in shown for text in model.warnings]
        if isinstance(self.leave_one_out, NotRun):
            said.append(f"leave-one-out {self.leave_one_out.wording()}")
        if self.joined > 1:
            said.append(f"cumulative: a step is {self.joined} reports, of {self.reports} in the order of the table")
        return tuple(said)


def compare_studies(
    studies: Sequence[Study],
    grouping: str | None = None,
    *,
    name: str = "",
    models: Models = "exact",
    priors: Priors = PRIORS,
) -> Comparison:
    """The models on a table of studies.

    Args:
        studies: at least one.
        grouping: the column that `group` was read from; None: no subgroups.
        name: of the data, for the heading.
        models: that of the "headline" alone; the "exact" ones; those "compared" in the review too (maximum likelihood
            and three inverse-variance models; imports PyMARE); or "every" inverse-variance model.
        priors: of mu and rho, for the model of the headline.

    Raises:
        ValueError: no studies, or counts that are not valid.
    """
    r, n = [study.responders for study in studies], [study.evaluable for study in studies]
    methods: dict[str, Model] = {"beta-binomial": beta_binomial_model(r, n, priors)}
    if glmm := models != "headline":
        methods["glmm"] = glmm_model(r, n)
    heterogeneity = None
    if models in {"compared", "every"}:
        methods |= {name: likelihood_model(r, n, cutoff) for cutoff, name in LIKELIHOOD.items()}
        methods |= inverse_variance_models(r, n, every=models == "every")
        heterogeneity = _heterogeneity(r, n, methods)
    return Comparison(
        name=name,
        reports=len(r),
        informative=sum(size >= 2 for size in n),
        crude=crude_models(r, n),
        methods=methods,
        heterogeneity=heterogeneity,
        subgroups=subgroups(studies, grouping, glmm=glmm),
        leave_one_out=leave_one_out(studies, priors),
        cumulative=cumulative(studies, priors),
        joined=steps_joined(studies),
    )


def compare(
    responders: Sequence[int],
    evaluable: Sequence[int],
    *,
    ids: Sequence[str] | None = None,
    years: Sequence[int | None] | None = None,
    groups: Sequence[str | None] | None = None,
    grouping: str = "group",
    name: str = "",
    models: Models = "compared",
    priors: Priors = PRIORS,
) -> Comparison:
    """As `compare_studies`, from lists of one length: r_i responders of n_i patients, with optional facts of each.

    Raises:
        ValueError: lists of different length, no reports, or counts that are not valid.
    """
    size = len(responders)
    names = ids or [str(i + 1) for i in range(size)]
    rows = zip(names, responders, evaluable, years or [None] * size, groups or [None] * size, strict=True)
    studies = [Study(id, int(r), int(n), year, group) for id, r, n, year, group in rows]
    return compare_studies(studies, grouping if groups else None, name=name, models=models, priors=priors)


def _heterogeneity(responders: Sequence[int], evaluable: Sequence[int], methods: Mapping[str, Model]) -> dict[str, Any]:
    exact = {"rho": methods["beta-binomial"].figures["rho"], "glmm_tau2": methods["glmm"].figures["tau2"]}
    return {
        **spread_of_rates(responders, evaluable),
        "reports_of_two_or_more": spread_of_rates(responders, evaluable, smallest=2),
        **{name: finite(value) for name, value in exact.items()},
    }
