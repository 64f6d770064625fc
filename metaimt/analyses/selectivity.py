"""What would selective publication have to be? The selectivity curve, and how many non-responders would be missing.

If responders are s times as likely to be published as non-responders, the odds of response among published case reports
are s times the true odds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil, inf
from typing import Any, Final

import numpy as np

from metaimt.analyses.contrasts import Side
from metaimt.casefiles.protocol import Protocol
from metaimt.statistics.outcome import NotRun

S_RANGE: Final = (0.5, 20.0)
SHOWN_S: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)  # of the curve, in the report
NONE_NEEDED: Final = "none needed"
TRIALS_ORR: Final = "trials"
THRESHOLD: Final = "threshold"
_POINTS = 60
_ROUNDING = 1e-9  # patients


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The true ORR, 0 to 1, if responders are s times as likely to be published; limits from those of case reports."""

    s: float
    orr: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Target:
    """An ORR that the true one might be: of the trials, a limit of its interval, or a threshold of the protocol.

    s: selectivity at which the curve meets it, and at which each limit of its band does; None where it is 0 or 1, or
    where case reports have only responders or none. missing: unpublished non-responders that would bring the case
    reports to it; None where no number would.
    """

    kind: str  # trials | limit (of the trials' interval) | threshold
    name: str
    orr: float
    s: float | None
    s_lower: float | None
    s_upper: float | None
    missing: int | None

    def to_dict(self) -> dict[str, Any]:
        """The numbers; what is not identified says why."""
        why = {"not_identified": "an odds of 0 or of infinity"}
        curve = {name: why if value is None else value for name, value in self._curve()}
        nobody = {"not_identified": "no number of non-responders gives 0 %"}
        missing = nobody if self.missing is None else self.missing
        words = {"wording": NONE_NEEDED} if self.missing == 0 else {}
        return {"name": self.name, "orr": self.orr, **curve, "missing": missing, **words}

    def _curve(self) -> Iterator[tuple[str, float | None]]:
        yield from (("s", self.s), ("s_lower", self.s_lower), ("s_upper", self.s_upper))


@dataclass(frozen=True)
class Selectivity:
    """The curve of one pool's case reports, the trials it is held against, and the targets."""

    pool: str
    cases: Side
    trials: Side
    points: tuple[CurvePoint, ...]
    targets: tuple[Target, ...]

    def to_dict(self) -> dict[str, Any]:
        """The curve with what it starts from."""
        sides = {"cases": self.cases.to_dict(), "trials": self.trials.to_dict()}
        return {**sides, "points": [asdict(point) for point in self.points]}

    def missing_dict(self) -> dict[str, Any]:
        """The missing non-responders to each target."""
        counts = self.cases.counts.to_dict()
        return {**counts, "targets": [target.to_dict() for target in self.targets]}


def selectivity(pool: str, cases: Side, trials: Side, protocol: Protocol) -> Selectivity | NotRun:
    """The curve of a pool; without evaluable case reports there is none, without trials their targets are left out."""
    if cases.orr is None:
        return NotRun(f"no evaluable patient in {cases.label}")
    grid = np.unique(np.round([*np.geomspace(*S_RANGE, _POINTS), *SHOWN_S], 10)).tolist()
    points = tuple(curve_point(cases, s) for s in grid)
    return Selectivity(pool, cases, trials, points, tuple(_targets(cases, trials, protocol)))


def curve_point(cases: Side, s: float) -> CurvePoint:
    """odds(true ORR) = odds(case-report ORR) / s, likewise for both limits. Raises ValueError: nobody, or s <= 0."""
    if cases.orr is None or s <= 0:
        raise ValueError("the curve needs evaluable case reports and a positive s")
    orr, lower, upper = (true_rate(rate, s) for rate in (cases.orr.estimate, cases.orr.lower, cases.orr.upper))
    return CurvePoint(s, orr, lower, upper)


def true_rate(published: float, s: float) -> float:
    """The rate, 0 to 1, whose odds are those of `published` divided by s; 0 and 1 stay."""
    return published / (published + s * (1 - published))


def missing_non_responders(responders: int, evaluable: int, target: float) -> int | None:
    """The least N >= 0 with responders / (evaluable + N) <= target; None where the target is 0 and some responded.

    max(0, ceil(r / p - n)); a target such as 0.6 is not exact in binary, hence the allowance of 1e-9 patients.
    """
    if responders == 0:
        return 0
    return None if target <= 0 else max(0, ceil(responders / target - evaluable - _ROUNDING))


def _targets(cases: Side, trials: Side, protocol: Protocol) -> Iterator[Target]:
    if trials.orr is not None:
        yield _target(TRIALS_ORR, "trial ORR", trials.orr.estimate, cases)
        for name, rate in (("its lower limit", trials.orr.lower), ("its upper limit", trials.orr.upper)):
            yield _target("limit", name, rate, cases)
    for threshold in protocol.thresholds:
        yield _target(THRESHOLD, f"{100 * threshold:g} %", threshold, cases)


def _target(kind: str, name: str, rate: float, cases: Side) -> Target:
    here, counts = curve_point(cases, 1.0), cases.counts
    s, lower, upper = (_meets(published, rate) for published in (here.orr, here.lower, here.upper))
    return Target(kind, name, rate, s, lower, upper, missing_non_responders(counts.responders, counts.evaluable, rate))


def _meets(published: float, rate: float) -> float | None:
    """The s at which a published rate means this true one."""
    if {published, rate} & {0.0, 1.0}:
        return None
    s = published / (1 - published) * (1 - rate) / rate
    return s if 0 < s < inf else None
