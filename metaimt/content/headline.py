"""The headline table: each pool with its strata, then the separate rows.

Under the strata of the headline pool stands its rate adjusted for selection, under each pool what the local cohort has
in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.pooled_response import Group, PooledResponse
from metaimt.analyses.wording import NOTHING, fraction, limits, percent, short_method
from metaimt.model.count import Count
from metaimt.statistics.adjusted import AdjustedRate
from metaimt.statistics.outcome import NotRun


@dataclass(frozen=True, slots=True)
class HeadlineRow:
    """A row in words, and whom it counts; what a row does not have is empty.

    in_headline: whether it is of the headline pool, or under it. rate: None where nobody is evaluable or none is given.
    """

    kind: Literal["pool", "stratum", "adjusted", "local", "row"]
    name: str
    label: str
    counts: Count
    in_headline: bool = False
    rate: Rate | AdjustedRate | NotRun = None

    @property
    def fraction(self) -> str:
        """`56/75`."""
        return "" if self.kind == "adjusted" else fraction(self.counts.responders, self.counts.evaluable)

    @property
    def reports(self) -> int | str:
        """How many reports."""
        return "" if self.kind == "adjusted" else self.counts.reports

    @property
    def percentage(self) -> str:
        """The rate without its sign, or why there is none."""
        if isinstance(self.rate, NotRun):
            return self.rate.wording()
        if self.rate is None:
            return "" if self.kind == "local" else NOTHING
        return percent(self.rate.estimate)

    @property
    def limits(self) -> str:
        """`58.2 - 83.8`."""
        return "" if self.rate is None or isinstance(self.rate, NotRun) else limits(self.rate.lower, self.rate.upper)

    def method(self, *, short: bool) -> str:
        """What the rate is: in a phrase, or with the name of its model."""
        if isinstance(self.rate, AdjustedRate):
            return f"rate in trials, prior {self.rate.prior.wording()}"
        if self.kind in {"adjusted", "local"} or isinstance(self.rate, NotRun):
            return ""
        if short:
            return short_method(self.rate)
        return self.rate.method if self.rate is not None else ""


def headline_rows(response: PooledResponse) -> Iterator[HeadlineRow]:
    """All of them, in their order."""
    for group in response.pools.values():
        first = group is response.headline
        yield row_of(group, "pool", in_headline=first)
        for stratum in group.strata.values():
            yield row_of(stratum, "stratum", in_headline=first)
        if first and (isinstance(group.adjusted, NotRun) or group.adjusted):
            rate = group.adjusted if isinstance(group.adjusted, NotRun) else group.adjusted[0]
            yield HeadlineRow("adjusted", group.name, "adjusted for selection", group.counts, first, rate)
        if (local := response.local[group.name]).evaluable:
            yield HeadlineRow("local", group.name, "of these local cohort", local, first)
    for group in response.rows.values():
        yield row_of(group, "row")


def row_of(group: Group, kind: Literal["pool", "stratum", "row"] = "pool", *, in_headline: bool = False) -> HeadlineRow:
    """The row of one pool, stratum or separate row."""
    return HeadlineRow(kind, group.name, group.label, group.counts, in_headline, group.orr)
