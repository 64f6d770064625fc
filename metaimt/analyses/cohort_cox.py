"""Univariable Cox regression of a cohort, one covariate at a time, with the check of proportional hazards.

Under ten events a model is not run; asked for all the same, it is penalised, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import CoxTerm, HazardsTest, cox, cox_penalised, cox_rule, proportional_hazards

Method = Literal["Cox", "Cox, Firth-penalised"]


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

    def to_dict(self) -> dict[str, Any]:
        """The terms, or why there are none."""
        found: dict[str, Any] = {
            "covariate": self.covariate,
            "n": self.n,
            "events": self.events,
            "missing": self.missing,
            "method": self.method,
        }
        if self.not_run is not None:
            return {**found, "not_run": self.not_run.reason}
        hazards = {"not_run": self.hazards.reason} if isinstance(self.hazards, NotRun) else asdict(self.hazards)
        found |= {"terms": [_term(term) for term in self.terms], "proportional_hazards": hazards}
        found |= {} if self.joint_p is None else {"joint_p": self.joint_p}
        return found | ({} if self.reference is None else {"reference": self.reference})


def _term(term: CoxTerm) -> dict[str, Any]:
    return {
        name: value if not isinstance(value, float) or np.isfinite(value) else {"not_reached": "beyond any number"}
        for name, value in asdict(term).items()
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
    numeric = bool(known) and not isinstance(known[0], str)
    base = None if numeric or not known else _base(known, reference)

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
        names = sorted(set(known))
        x = np.array([[float(value == term) for term in names] for value in known])
        labels = [f"{term} against all others" for term in names]
    else:
        labels = names
    fits = [cox_penalised(time, event, x[:, j], label) for j, label in enumerate(labels)]
    terms = tuple(fit for fit in fits if not isinstance(fit, NotRun))
    if not terms:
        return next(fit for fit in fits if isinstance(fit, NotRun))
    return terms, None, NotRun("penalised model")
