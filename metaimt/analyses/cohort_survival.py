"""Overall survival of a cohort: Kaplan-Meier, follow-up, log-rank between groups, univariable Cox.

A loss to follow-up is censored at the last contact and never a death; the curve that would follow if every loss were a
death is drawn only when asked for, beside the right one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from metaimt.analyses.cohort_cox import CohortCox, univariable
from metaimt.analyses.duration import Curve, curve_of
from metaimt.casefiles.table_patients import CohortPatient
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import LogRank, kaplan_meier_rule, log_rank

LANDMARKS = (12.0, 36.0, 60.0, 120.0)  # months
UNITS = {"age": "year"}
DEAD, LOST = "dead", "lost_to_followup"


@dataclass(frozen=True)
class GroupCurve:
    """One group: its label and curve."""

    label: str
    curve: Curve


@dataclass(frozen=True)
class Comparison:
    """Groups of one variable. known: patients with a time and a group; missing: with a time, but no group."""

    variable: str
    known: int
    missing: int
    groups: tuple[GroupCurve, ...]
    test: LogRank | NotRun

    def to_dict(self) -> dict[str, Any]:
        """The curve of each group and the test."""
        test: dict[str, Any] = {"not_run": self.test.reason} if isinstance(self.test, NotRun) else _test(self.test)
        groups = [{"label": group.label, **group.curve.to_dict()} for group in self.groups]
        return {
            "variable": self.variable,
            "known": self.known,
            "missing": self.missing,
            "groups": groups,
            "log_rank": test,
        }


def _test(test: LogRank) -> dict[str, Any]:
    groups = [
        {"label": g.label, "patients": g.subjects, "observed": g.observed, "expected": g.expected} for g in test.groups
    ]
    return {"statistic": test.statistic, "df": test.df, "p": test.p, "groups": groups}


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

    def to_dict(self) -> dict[str, Any]:
        """Everything by name; the curve of the switch says what it is."""
        found: dict[str, Any] = {
            "patients": self.patients,
            "known": self.known,
            "excluded": dict(self.excluded),
            "outcomes": dict(self.outcomes),
            "kaplan_meier": _curve_dict(self.curve),
            "comparisons": [each.to_dict() for each in self.comparisons],
            "cox": [each.to_dict() for each in self.models],
        }
        if self.if_losses_died is not None:
            warning = "not the survival of this cohort: every loss to follow-up counted as a death"
            found["if_losses_were_deaths"] = {"warning": warning, **_curve_dict(self.if_losses_died)}
        return found


def _curve_dict(curve: Curve | NotRun) -> dict[str, Any]:
    return {"not_run": curve.reason} if isinstance(curve, NotRun) else curve.to_dict()


def survival(
    patients: Sequence[CohortPatient],
    groups: Mapping[str, Sequence[str | None]],
    covariates: Mapping[str, Sequence[str | float | None]],
    *,
    references: Mapping[str, str],
    losses_as_deaths: bool = False,
    penalised: bool = False,
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
    missing = int((~here).sum())
    distinct = sorted(set(labels.tolist()))
    if len(distinct) < 2:
        only = f"only {distinct[0]}" if distinct else "no group is known"
        return Comparison(name, int(here.sum()), missing, (), NotRun(only))
    if (forbidden := kaplan_meier_rule(e)) is not None:
        return Comparison(name, int(here.sum()), missing, (), forbidden)
    own = {label: labels == label for label in distinct}
    groups = tuple(GroupCurve(label, curve_of(t[here], e[here], LANDMARKS)) for label, here in own.items())
    return Comparison(name, int(here.sum()), missing, groups, log_rank(t, e, labels.astype(str)))
