"""Where the mark and the ends of an interval are drawn in the page: per cent of the width of a cell from 0 to 100 %."""

from __future__ import annotations

from metaimt.report.cells import number_text
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.posterior import PooledProportion, WeightedProportion
from metaimt.statistics.proportion import Proportion

Rate = PooledProportion | Proportion | WeightedProportion | AdjustedRate | None


def bar(rate: Rate) -> dict[str, str] | None:
    """`at`, `low` and `high` in per cent to two decimals; None where nobody is evaluable."""
    if rate is None:
        return None
    ends = {"at": rate.estimate, "low": rate.lower, "high": rate.upper}
    return {name: number_text(round(100 * value, 2)) for name, value in ends.items()}
