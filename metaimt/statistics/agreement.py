"""Agreement of two readers: Cohen's kappa of pairs of categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from metaimt.statistics.outcome import NotIdentified


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa, at most 1, with a normal interval at `level`; without limits where all pairs agree."""

    estimate: float
    lower: float | None
    upper: float | None
    level: float = 0.95

    JSON = ("estimate", "lower", "upper", "level")
    JSON_NONE = NotIdentified("all agree")

    def limits(self) -> str:
        """`0.76 to 0.97`; empty where there are none."""
        return "" if self.lower is None or self.upper is None else f"{self.lower:.2f} to {self.upper:.2f}"

    def wording(self) -> str:
        """A phrase for the report: `0.86 (0.76 to 0.97)`."""
        limits = self.limits()
        return f"{self.estimate:.2f} ({limits})" if limits else f"{self.estimate:.2f}"


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> Kappa | NotIdentified:
    """Kappa of N pairs of categories, the interval by Fleiss, Cohen and Everitt (Psychol Bull 1969;72:323).

    By statsmodels. Not identified where nothing is compared, or both readers gave one category throughout, so that
    agreement by chance is certain.
    """
    import numpy as np
    from statsmodels.stats.inter_rater import cohens_kappa as of_table

    names = sorted({name for pair in pairs for name in pair})
    if len(names) < 2:
        return NotIdentified("one category only" if names else "nothing to compare")
    table = np.zeros((len(names), len(names)))
    for first, second in pairs:
        table[names.index(first), names.index(second)] += 1
    with np.errstate(invalid="ignore"):
        found = of_table(table)
    if all(first == second for first, second in pairs):
        return Kappa(1.0, None, None)
    low, high = float(found.kappa_low), float(found.kappa_upp)
    limits = (max(low, -1.0), min(high, 1.0)) if isfinite(low) and isfinite(high) else (None, None)
    return Kappa(float(found.kappa), *limits)
