"""Where the mark and the ends of an interval are drawn in the page: per cent of the width of a cell from 0 to 100 %."""

from __future__ import annotations

from metaimt.report.cells import number_text
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.posterior import PooledProportion, WeightedProportion
from metaimt.statistics.proportion import Proportion

Rate = PooledProportion | Proportion | WeightedProportion | AdjustedRate | None


def bar(rate: Rate) -> dict[str, str] | None:
    """`at`, `low` and `high` in per cent to two decimals; None where nobody is evaluable."""
    return None if rate is None else bar_of(rate.estimate, rate.lower, rate.upper)


def bar_of(estimate: float, lower: float, upper: float) -> dict[str, str]:
    """The same of three proportions."""
    ends = {"at": estimate, "low": lower, "high": upper}
    return {name: number_text(round(100 * value, 2)) for name, value in ends.items()}
