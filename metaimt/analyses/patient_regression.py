"""Firth regression of response on pre-specified covariates, on patients described one by one.

At most one parameter per 5 of min(events, non-events), else not run with the count. A patient of whom a covariate is
not known is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from metaimt.analyses.breakdown import value_of
from metaimt.evidence.selection import Placed
from metaimt.model.count import Count
from metaimt.model.unit import Unit
from metaimt.statistics.firth import FirthFit, firth_logistic, firth_rule
from metaimt.statistics.outcome import NotRun

COVARIATES = ("histology", "age_group", "sex")  # of the protocol's subgroups, those with few levels


@dataclass(frozen=True)
class Regression:
    """One model: its covariates, the patients it could use, and the fit or why there is none.

    patients: described one by one in the pool. complete: of these, all covariates known. contrasts: the slopes, as
    `histology: EIMS against IMT`; the reference is the level with most patients.
    """

    covariates: tuple[str, ...]
    patients: Count
    complete: Count
    contrasts: tuple[str, ...]
    fit: FirthFit | NotRun

    def to_dict(self) -> dict[str, Any]:
        """Counts, and log odds ratios with profile intervals or why there are none."""
        return {
            "covariates": list(self.covariates),
            "patients": self.patients.evaluable,
            "complete": self.complete.evaluable,
            "responders": self.complete.responders,
            "contrasts": list(self.contrasts),
            "fit": _fit(self.fit),
        }


def regressions(members: Iterable[Placed], groupings: Sequence[str], label: str = "") -> tuple[Regression, ...]:
    """Of one pool, which `label` names: the first covariate alone, then all together; none if none is asked for."""
    chosen = tuple(name for name in COVARIATES if name in groupings)
    patients = Count.of(f"{label}: described one by one", described(members))
    models = dict.fromkeys((chosen[:1], chosen))
    return tuple(_regression(patients, names, label) for names in models if names)


def described(members: Iterable[Placed]) -> list[Unit]:
    """The evaluable patients of a pool who are described one by one."""
    return [member.unit for member in members if member.unit.course and member.unit.evaluable]


def all_known(patients: Iterable[Unit], covariates: Sequence[str]) -> list[Unit]:
    """Those of whom every covariate is known: the patients of a regression."""
    return [unit for unit in patients if all(value_of(unit, name) for name in covariates)]


def _regression(patients: Count, names: tuple[str, ...], label: str) -> Regression:
    complete = all_known(patients.units, names)
    said = ", ".join(name.replace("_", " ") for name in names)
    columns = [column for name in names for column in level_columns(complete, name)]
    responses = [unit.responders for unit in complete]
    ones = [1] * len(complete)
    labels = tuple(label for label, _ in columns)
    fit: FirthFit | NotRun
    if (constant := _constant(complete, names)) is not None:
        fit = constant
    elif (forbidden := firth_rule(responses, ones, len(columns))) is not None:
        fit = forbidden
    else:
        rows = [list(row) for row in zip(*(values for _, values in columns), strict=True)]
        try:
            fit = firth_logistic(responses, ones, rows, labels)
        except (ValueError, ArithmeticError) as problem:  # covariates that cannot be told apart
            fit = NotRun(str(problem))
    return Regression(names, patients, Count.of(f"{label}: {said} known", complete), labels, fit)


def level_columns(patients: list[Unit], name: str) -> list[tuple[str, list[int]]]:
    """Label and values: one 0/1 column a level but the reference: the level with most patients, by name where equal."""
    counted = Counter(value_of(unit, name) or "" for unit in patients)
    levels = sorted(counted, key=lambda level: (-counted[level], level))
    return [
        (
            f"{name.replace('_', ' ')}: {level} against {levels[0]}",
            [int(value_of(unit, name) == level) for unit in patients],
        )
        for level in levels[1:]
    ]


def _constant(patients: list[Unit], names: tuple[str, ...]) -> NotRun | None:
    if not patients:
        return NotRun(f"no patient with {', '.join(name.replace('_', ' ') for name in names)} known")
    for name in names:
        levels = {value_of(unit, name) for unit in patients}
        if len(levels) == 1:
            return NotRun(f"all {len(patients)} patients have {name.replace('_', ' ')} {levels.pop()}")
    return None


def _fit(found: FirthFit | NotRun) -> dict[str, Any]:
    if isinstance(found, NotRun):
        return {"not_run": found.reason}
    slopes: Any = {"not_run": "no covariate"} if found.slopes is None else asdict(found.slopes)
    return {**asdict(found), "slopes": slopes}
