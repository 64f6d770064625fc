"""One row of a forest plot: its label, whom it counts and its rate; what a medium writes beside it is the medium's."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

from metaimt.analyses.wording import NOTHING, rate_and_limits
from metaimt.model.count import Count
from metaimt.statistics.prediction import Prediction

RowKind = Literal["heading", "report", "cases", "companion", "summary", "prediction", "plain", "note", "space"]
Tone = Literal["strict", "rest", "local"]
_WITH_INTERVAL: Final = ("report", "cases", "companion", "summary", "prediction")


@dataclass(frozen=True)
class ForestRow:
    """One row of a forest plot.

    kind: heading (bold), report (box and interval), cases (reports of one patient each, together), companion (a
    second estimate of the row above: a small rhomb), summary (diamond), prediction (dashed bar), plain (texts without
    a mark), note (small text across the figure) or space. `columns` are the texts under the headings of the columns.
    `estimate`, `lower` and `upper` are proportions; `size` is the number of patients, the area of the box.
    tone: strict (filled), rest (hollow) or local (the local cohort: a disc). `interval_text` replaces the
    printed "74.3 % [62.1 to 84.0]". `reference`, of a heading: a dashed upright line through the rows under it.
    `tiles` are the best responses of the patients of a row of cases, shown in place of its interval.
    `counts` are the patients of the row, and `pool` the pool that counts them, where the label names none.

    Raises ValueError, naming the row, unless lower <= estimate <= upper where an interval is drawn (a
    prediction may lack the estimate), and for an unknown kind or tone or a negative size.
    """

    kind: RowKind
    label: str
    columns: tuple[str, ...] = ()
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    size: float | None = None
    tone: Tone = "strict"
    interval_text: str | None = None
    reference: float | None = None
    counts: Count | None = None
    pool: str = ""
    tiles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(RowKind):
            raise self._wrong(f"kind is one of {', '.join(get_args(RowKind))}, not {self.kind!r}")
        if self.tone not in get_args(Tone):
            raise self._wrong(f"tone is one of {', '.join(get_args(Tone))}, not {self.tone!r}")
        if self.size is not None and not 0 <= self.size < math.inf:
            raise self._wrong(f"size is a number of patients, not {self.size}")
        if self.kind in _WITH_INTERVAL:
            self._check_interval()

    def _check_interval(self) -> None:
        if self.estimate is None and self.kind != "prediction":
            raise self._wrong(f"a {self.kind} row needs an estimate")
        given = [value for value in (self.lower, self.estimate, self.upper) if value is not None]
        ordered = all(first <= second for first, second in itertools.pairwise(given))
        if None in (self.lower, self.upper) or not (ordered and all(map(math.isfinite, given))):
            found = f"{self.lower}, {self.estimate}, {self.upper}"
            raise self._wrong(f"lower <= estimate <= upper does not hold for {found}")

    def _wrong(self, what: str) -> ValueError:
        return ValueError(f"forest row {self.label!r}: {what}")

    @property
    def extent(self) -> tuple[float, float | None, float] | None:
        """(lower, estimate, upper) of a row that draws an interval, else None."""
        if self.kind not in _WITH_INTERVAL or self.lower is None or self.upper is None:
            return None
        return self.lower, self.estimate, self.upper

    @property
    def interval_parts(self) -> tuple[str, str]:
        """What is printed beside the plot, in two parts that align: "74.3 %" and "[62.1 to 84.0]"."""
        if self.interval_text is not None:
            head, bracket, tail = self.interval_text.partition("[")
            return (head, bracket + tail) if bracket else ("", head)
        if self.extent is None:
            return "", ""
        lower, estimate, upper = self.extent
        rate, interval = rate_and_limits(estimate or 0.0, lower, upper, " to ")
        return "" if estimate is None else f"{rate} %", f"[{interval}]"


SPACE: Final = ForestRow("space", "")


class _Rate(Protocol):
    """What has an estimate and an interval, as proportions."""

    @property
    def estimate(self) -> float: ...
    @property
    def lower(self) -> float: ...
    @property
    def upper(self) -> float: ...


def rate_row(
    kind: RowKind,
    label: str,
    columns: tuple[str, ...],
    rate: _Rate | None,
    *,
    tone: Tone = "strict",
    size: float | None = None,
    counts: Count | None = None,
    pool: str = "",
) -> ForestRow:
    """A row with an estimate and interval; texts alone where nobody is evaluable."""
    if rate is None:
        return ForestRow("plain", label, columns, tone=tone, interval_text=NOTHING, counts=counts, pool=pool)
    extent = (rate.estimate, rate.lower, rate.upper)
    return ForestRow(kind, label, columns, *extent, size, tone, counts=counts, pool=pool)


def prediction_row(label: str, found: Prediction, tone: Tone = "strict") -> ForestRow:
    """Where the true rate of a new report is expected."""
    likely, *_ = found.ranges
    return ForestRow("prediction", label, lower=likely.lower, upper=likely.upper, tone=tone)
