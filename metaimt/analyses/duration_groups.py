"""Do pre-specified groups differ in how long? Log-rank, and Cox where there are events enough.

Groups are known before treatment; response is none of them: who responds has lived to respond (immortal time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from metaimt.analyses.breakdown import value_of
from metaimt.analyses.known_times import EVENT, KnownTime
from metaimt.analyses.patient_regression import COVARIATES, level_columns
from metaimt.model.count import Count
from metaimt.model.unit import Unit
from metaimt.statistics.exact_tests import exact_test_rule
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import CoxFit, LogRank, cox, cox_rule, kaplan_meier_rule, log_rank


@dataclass(frozen=True)
class GroupComparison:
    """Times of the patients by one grouping; those whose level is not known are left out; `known` are the others."""

    grouping: str
    known: Count
    events: int
    log_rank: LogRank | NotRun
    cox: CoxFit | NotRun

    def to_dict(self) -> dict[str, Any]:
        """Both analyses, or why they were not run."""
        return {
            "grouping": self.grouping,
            "known": self.known.evaluable,
            "events": self.events,
            "log_rank": _found(self.log_rank),
            "cox": _found(self.cox),
        }


def compare_groups(
    usable: Sequence[KnownTime], groupings: Sequence[str], title: str = ""
) -> tuple[GroupComparison, ...]:
    """Each pre-specified grouping with few levels, on times at the midpoint; competing events are censored."""
    pairs = [(known, known.unit) for known in usable]
    return tuple(_compare(pairs, name, title) for name in COVARIATES if name in groupings)


def _compare(pairs: list[tuple[KnownTime, Unit]], grouping: str, title: str) -> GroupComparison:
    both = [(known, unit) for known, unit in pairs if value_of(unit, grouping)]
    labels = [str(value_of(unit, grouping)) for _, unit in both]
    times, events = [known.middle for known, _ in both], [known.state == EVENT for known, _ in both]
    sizes = [labels.count(label) for label in sorted(set(labels))]
    ranked = kaplan_meier_rule(events) or exact_test_rule(sizes) or log_rank(times, events, labels)
    who = Count.of(f"{title} and {grouping.replace('_', ' ')} known", (unit for _, unit in both))
    return GroupComparison(grouping, who, sum(events), ranked, _cox(both, times, events, grouping))


def _cox(both: list[tuple[KnownTime, Unit]], times: list[float], events: list[bool], grouping: str) -> CoxFit | NotRun:
    if (forbidden := cox_rule(events)) is not None:
        return forbidden
    columns = level_columns([unit for _, unit in both], grouping)
    if not columns:
        return NotRun("all patients are of one level")
    rows = list(zip(*(values for _, values in columns), strict=True))
    return cox(times, events, rows, [label for label, _ in columns])


def _found(found: LogRank | CoxFit | NotRun) -> dict[str, Any]:
    return {"not_run": found.reason} if isinstance(found, NotRun) else asdict(found)
