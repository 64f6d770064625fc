"""Overall survival of a cohort: Kaplan-Meier, follow-up, log-rank between groups, univariable Cox.

A loss to follow-up is censored at the last contact and never a death; the curve that would follow if every loss were a
death is drawn only when asked for, beside the right one.

Univariable Cox regression of a cohort, one covariate at a time, with the check of proportional hazards.

Under ten events a model is not run; asked for all the same, it is penalised, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from metaimt.analyses.duration import Curve, curve_of
from metaimt.casefiles.table_patients import CohortPatient
from metaimt.serialise import Instead, optional, published, spread, to_json
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import (
    CoxTerm,
    HazardsTest,
    LogRank,
    LogRankGroup,
    cox,
    cox_penalised,
    cox_rule,
    kaplan_meier_rule,
    log_rank,
    proportional_hazards,
)

Method = Literal["Cox", "Cox, Firth-penalised"]


@published("covariate", "n", "events", "missing", "method", lambda each: each.not_run or to_json(each, _FITTED))
@dataclass(frozen=True)
class CohortCox:
    """One covariate. n, events: of the patients for whom it is known; missing: of the others with a time.

    reference: what the terms are compared with; None for a number, and where each category is against all others.
    joint_p: likelihood-ratio test of all terms together, None of one term. hazards: the check of proportional hazards;
    a small p is evidence against it. outcome: None if fitted, else why not.
    """

    covariate: str
    n: int
    events: int
    missing: int
    reference: str | None
    method: Method
    terms: tuple[CoxTerm, ...]
    joint_p: float | None
    hazards: HazardsTest | NotRun
    not_run: NotRun | None


_FITTED: Final[Instead] = {
    CohortCox: ("terms", ("proportional_hazards", "hazards"), optional("joint_p"), optional("reference"))
}


def univariable(
    name: str,
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    values: Sequence[str | float | None],
    *,
    reference: str | None = None,
    unit: str = "unit",
    penalised: bool = False,
) -> CohortCox:
    """The model of one covariate.

    Args:
        name: of the covariate.
        time: shape (N,), months.
        event: shape (N,), whether the patient died.
        values: N numbers or N categories; None where not known.
        reference: the category that others are compared with; the largest if None or absent.
        unit: of a number, for which the hazard ratio is.
        penalised: with too few events, or no finite hazard ratio, penalise instead of not running.
    """
    here = np.array([value is not None for value in values], dtype=bool)
    known = [value for value in values if value is not None]
    t, e = time[here], event[here]
    base = _base(known, reference) if known and isinstance(known[0], str) else None

    def result(fitted: _Fitted | NotRun, method: Method, base: str | None) -> CohortCox:
        counts = (name, len(known), int(e.sum()), int((~here).sum()))
        if isinstance(fitted, NotRun):
            return CohortCox(*counts, base, method, (), None, fitted, fitted)
        return CohortCox(*counts, base, method, *fitted, None)

    if len(set(known)) < 2:
        return result(NotRun("not known for anybody" if not known else f"everybody is {known[0]}"), "Cox", base)
    fitted = cox_rule(e) or _fit(unit, t, e, known, base)
    if isinstance(fitted, NotRun) and penalised and e.any():
        against = base if len(set(known)) == 2 else None
        return result(_penalised(unit, t, e, known, base), "Cox, Firth-penalised", against)
    return result(fitted, "Cox", base)


_Fitted = tuple[tuple[CoxTerm, ...], float | None, HazardsTest | NotRun]


def _base(known: Sequence[Any], reference: str | None) -> str:
    counts = Counter(known)
    if reference in counts and reference is not None:
        return reference
    return str(min(counts, key=lambda term: (-counts[term], term)))


def _columns(known: Sequence[Any], base: str | None, unit: str) -> tuple[NDArray[np.float64], list[str]]:
    """Numbers as they are; categories as 0/1 columns against the reference."""
    if base is None:
        return np.array(known, dtype=float).reshape(-1, 1), [f"per {unit}"]
    others = sorted(set(known) - {base})
    return np.array([[float(value == term) for term in others] for value in known]), others


def _fit(
    unit: str, time: NDArray[np.float64], event: NDArray[np.bool_], known: Sequence[Any], base: str | None
) -> _Fitted | NotRun:
    x, names = _columns(known, base, unit)
    model = cox(time, event, x, names)
    if isinstance(model, NotRun):
        return model
    hazards = proportional_hazards(time, event, x, model)[-1]
    return model.terms, model.likelihood_ratio_p if len(names) > 1 else None, hazards


def _penalised(
    unit: str, time: NDArray[np.float64], event: NDArray[np.bool_], known: Sequence[Any], base: str | None
) -> _Fitted | NotRun:
    """One term at a time: a category of more than two against all others."""
    x, names = _columns(known, base, unit)
    if len(names) > 1:
        terms = sorted(set(known))
        x = np.array([[float(value == term) for term in terms] for value in known])
        names = [f"{term} against all others" for term in terms]
    fits = [cox_penalised(time, event, x[:, j], name) for j, name in enumerate(names)]
    found = tuple(fit for fit in fits if not isinstance(fit, NotRun))
    if not found:
        return next(fit for fit in fits if isinstance(fit, NotRun))
    return found, None, NotRun("penalised model")


LANDMARKS = (12.0, 36.0, 60.0, 120.0)  # months
UNITS = {"age": "year"}
DEAD, LOST = "dead", "lost_to_followup"


@published("label", spread("curve"))
@dataclass(frozen=True)
class GroupCurve:
    """One group: its label and curve."""

    label: str
    curve: Curve


_RANKED: Final = ("label", ("patients", "subjects"), "observed", "expected")


@published("variable", "known", "missing", "groups", log_rank=lambda each: to_json(each.test, {LogRankGroup: _RANKED}))
@dataclass(frozen=True)
class Comparison:
    """Groups of one variable. known: patients with a time and a group; missing: with a time, but no group."""

    variable: str
    known: int
    missing: int
    groups: tuple[GroupCurve, ...]
    test: LogRank | NotRun


@published(
    spread("curve"), warning=lambda _: "not the survival of this cohort: every loss to follow-up counted as a death"
)
@dataclass(frozen=True)
class IfLossesDied:
    """The curve if every loss to follow-up were a death at the last contact."""

    curve: Curve | NotRun


@published(
    "patients",
    "known",
    "excluded",
    "outcomes",
    "comparisons",
    optional(
        "if_losses_were_deaths",
        lambda each: each.if_losses_died and IfLossesDied(each.if_losses_died),
    ),
    kaplan_meier="curve",
    cox="models",
)
@dataclass(frozen=True)
class CohortSurvival:
    """Overall survival in months from diagnosis.

    known: patients with time and outcome; excluded: why the others are not here -> patients. if_losses_died: the curve
    if every loss to follow-up were a death at the last contact, None unless asked for.
    """

    patients: int
    known: int
    excluded: Mapping[str, int]
    outcomes: Mapping[str, int]
    curve: Curve | NotRun
    if_losses_died: Curve | NotRun | None
    comparisons: tuple[Comparison, ...]
    models: tuple[CohortCox, ...]


def survival(
    patients: Sequence[CohortPatient],
    groups: Mapping[str, Sequence[str | None]],
    covariates: Mapping[str, Sequence[str | float | None]],
    *,
    references: Mapping[str, str],
    losses_as_deaths: bool,
    penalised: bool,
) -> CohortSurvival:
    """Overall survival.

    Args:
        patients: all of the cohort, N of them.
        groups: variable -> the group of each patient, for log-rank tests.
        covariates: variable -> its value for each patient, numbers or categories, for Cox models.
        references: variable -> the category that others are compared with; the largest if absent.
        losses_as_deaths: also the curve with every loss to follow-up as a death.
        penalised: run models that have too few events, penalised.
    """
    known = np.array([not patient.no_time for patient in patients], dtype=bool)
    time = np.array([patient.months for patient in patients if not patient.no_time], dtype=float)
    outcome = np.array([patient.outcome for patient in patients if not patient.no_time], dtype=object)
    event = np.asarray(outcome == DEAD, dtype=bool)
    switched = event | np.asarray(outcome == LOST, dtype=bool)
    picked = {name: _of_known(values, known) for name, values in covariates.items()}
    return CohortSurvival(
        patients=len(patients),
        known=int(known.sum()),
        excluded=dict(sorted(Counter(patient.no_time for patient in patients if patient.no_time).items())),
        outcomes=dict(sorted(Counter(outcome.tolist()).items())),
        curve=_curve(time, event),
        if_losses_died=_curve(time, switched) if losses_as_deaths else None,
        comparisons=tuple(_compare(name, time, event, _of_known(values, known)) for name, values in groups.items()),
        models=tuple(
            univariable(
                name,
                time,
                event,
                values,
                reference=references.get(name),
                unit=UNITS.get(name, "unit"),
                penalised=penalised,
            )
            for name, values in picked.items()
        ),
    )


def _of_known(values: Sequence[Any], known: NDArray[np.bool_]) -> list[Any]:
    return [value for value, here in zip(values, known.tolist(), strict=True) if here]


def _curve(time: NDArray[np.float64], event: NDArray[np.bool_]) -> Curve | NotRun:
    return kaplan_meier_rule(event) or curve_of(time, event, LANDMARKS)


def _compare(name: str, time: NDArray[np.float64], event: NDArray[np.bool_], group: Sequence[str | None]) -> Comparison:
    here = np.array([value is not None for value in group], dtype=bool)
    labels = np.array([value for value in group if value is not None], dtype=object)
    t, e = time[here], event[here]
    who = (name, int(here.sum()), int((~here).sum()))
    distinct = sorted(set(labels.tolist()))
    one_group = NotRun(f"only {distinct[0]}" if distinct else "no group is known") if len(distinct) < 2 else None
    if (forbidden := one_group or kaplan_meier_rule(e)) is not None:
        return Comparison(*who, (), forbidden)
    own = {label: labels == label for label in distinct}
    groups = tuple(GroupCurve(label, curve_of(t[here], e[here], LANDMARKS)) for label, here in own.items())
    return Comparison(*who, groups, log_rank(t, e, labels.astype(str)))
