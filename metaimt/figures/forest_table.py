"""The table that a forest plot is drawn from: rows and columns the caller may edit. Needs no matplotlib.

What the forest tables of the pools have in common: names, tones, axes, and numbers as words.

How much of a long review a figure or the page shows: beyond `MOST_ROWS` what says most, and a row for the rest.

Nothing is left out of the tables and results.json.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, floor
from typing import TYPE_CHECKING, Final, Literal, get_args

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.results import Results
from metaimt.analyses.wording import NOTHING, Link, estimate_with_interval, plain, plural, rate_and_limits
from metaimt.evidence.selection import Placed

if TYPE_CHECKING:
    from metaimt.figures.style import Tone


RowKind = Literal["heading", "report", "companion", "summary", "prediction", "plain", "note", "space"]

_WITH_INTERVAL: Final = ("report", "companion", "summary", "prediction")
_TONES: Final = ("strict", "rest", "local")


@dataclass(frozen=True)
class ForestRow:
    """One row of a forest plot.

    kind: heading (bold), report (box and interval), companion (a second estimate of the row above: a small
    rhomb), summary (diamond), prediction (dashed bar), plain (texts without a mark), note (small text across the
    figure) or space. `columns` are the texts under `ForestTable.column_headings`.
    `estimate`, `lower` and `upper` are proportions; `size` is the number of patients, the area of the box.
    tone: strict (filled), rest (hollow) or local (the local cohort: a disc). `interval_text` replaces the
    printed "74.3 % [62.1 to 84.0]". `reference`, of a heading: a dashed upright line through the rows under it.

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

    def __post_init__(self) -> None:
        if self.kind not in get_args(RowKind):
            raise self._wrong(f"kind is one of {', '.join(get_args(RowKind))}, not {self.kind!r}")
        if self.tone not in _TONES:
            raise self._wrong(f"tone is one of {', '.join(_TONES)}, not {self.tone!r}")
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


@dataclass(frozen=True)
class ForestTable:
    """All that a forest plot shows.

    `axis` are the ends of the axis, as proportions (shown in per cent); `reference` is a dashed upright line,
    usually the pooled estimate, which the legend calls `reference_label`; `thresholds` are dotted lines. `pools` names,
    for the legend, the pool of the filled rows and the wider one that has the hollow rows too; `words` says
    otherwise what the boxes of a tone are, and `companion` what the rhombs are.

    Raises ValueError for an axis shorter than one per cent, and for a row of more columns than headings.
    """

    title: str
    label_heading: str
    column_headings: tuple[str, ...]
    interval_heading: str
    rows: tuple[ForestRow, ...]
    axis_label: str
    subtitle: str = ""
    reference: float | None = None
    thresholds: tuple[float, ...] = ()
    footnotes: tuple[str, ...] = ()
    legend: bool = True
    axis: tuple[float, float] = (0.0, 1.0)
    reference_label: str = "Pooled estimate"
    pools: tuple[str, str] = ("strict", "all evidence")
    words: Mapping[Tone, str] = field(default_factory=dict)
    companion: str = "Partially pooled"

    def __post_init__(self) -> None:
        low, high = self.axis
        if not 0.01 <= high - low <= 10:
            raise ValueError(f"the axis of a forest plot cannot run from {low} to {high}")
        for row in self.rows:
            if len(row.columns) > len(self.column_headings):
                wanted = len(self.column_headings)
                raise ValueError(f"forest row {row.label!r}: {len(row.columns)} columns, {wanted} headings")


AXIS_LABEL: Final = "Objective response rate (%)"
ORR_HEADING: Final = "ORR [95 % interval]"


def capital(text: str) -> str:
    """`text` with its first letter in upper case; the rest as it is."""
    return text[:1].upper() + text[1:]


def short_name(pool: str) -> str:
    """The name of a pool in the protocol as words: `all evidence`."""
    return pool.replace("_", " ")


def tone_of(results: Results, pool: str) -> Tone:
    """The headline pool is filled, every other hollow."""
    return "strict" if pool == results.response.headline.name else "rest"


def tone_words(results: Results) -> Mapping[Tone, str]:
    """What the boxes are where each pool has rows of its own."""
    headline, *others = (group.label for group in results.response.pools.values())
    return {"strict": capital(headline), "rest": capital(", ".join(others))}


def estimate_row(
    kind: RowKind, label: str, columns: tuple[str, ...], found: Rate, *, tone: Tone, size: float | None = None
) -> ForestRow:
    """A row with an estimate and interval; texts alone where nobody is evaluable."""
    if found is None:
        return ForestRow("plain", label, columns, tone=tone, interval_text=NOTHING)
    return ForestRow(kind, label, columns, found.estimate, found.lower, found.upper, size, tone)


def pool_heading(results: Results, pool: str) -> ForestRow:
    """The name of a pool over its rows, with a dashed line at its estimate."""
    group = results.response.pools[pool]
    counts = f"{group.counts.responders}/{group.counts.evaluable}"
    reference = None if group.orr is None else group.orr.estimate
    return ForestRow("heading", f"{capital(group.label)} ({counts})", reference=reference)


def zoomed(limits: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The axis from and to the tenths that hold every pair of limits."""
    pairs = tuple(limits)
    if not pairs:
        return 0.0, 1.0
    low, high = min(low for low, _ in pairs), max(high for _, high in pairs)
    return max(floor(10 * low + 1e-9) / 10, 0.0), min(ceil(10 * high - 1e-9) / 10, 1.0)


def points(change: float | None) -> str:
    """A change in percentage points, `+1.2`; never -0.0."""
    return "" if change is None else f"{round(100 * change, 1) + 0.0:+.1f}"


def pools_said(results: Results, pools: Iterable[str], link: Link = plain) -> str:
    """`strict, ALK-positive: 74.3 % (95 % interval ...; 55/74); all evidence: ...`."""
    groups = (results.response.pools[pool] for pool in pools)
    return "; ".join(f"{g.label}: {estimate_with_interval(g.orr, link, g.counts)}" for g in groups)


def version_line(results: Results) -> str:
    """The line under the title of a figure."""
    return f"{results.protocol.title}, version {results.response.version}"


MOST_ROWS: Final = 150
"""Reports, patients or steps in time that one figure or one table of the page shows."""

ReportRow = tuple[str, bool]
"""(report id, whether the first pool counts it): a row of a forest."""


def largest_reports(members: Iterable[Placed], headline: str) -> frozenset[ReportRow]:
    """The rows of a forest that are drawn: all, or of more than `MOST_ROWS` those with the most evaluable patients."""
    sizes = _sizes(members, headline)
    return frozenset(sorted(sizes, key=lambda row: (-sizes[row], row))[:MOST_ROWS])


def forest_note(members: Iterable[Placed], headline: str) -> str:
    """What is to be said of a forest that does not draw every row; empty if it does."""
    number = len(_sizes(members, headline))
    return compact_note(min(number, MOST_ROWS), number, "rows of reports the largest", "clusters")


def _sizes(members: Iterable[Placed], headline: str) -> Counter[ReportRow]:
    sizes: Counter[ReportRow] = Counter()
    for member in members:
        sizes[member.unit.report, member.is_in(headline)] += member.unit.evaluable
    return sizes


def others(number: int, word: str) -> str:
    """The label of the row for the rest: `and 937 other reports`."""
    return f"and {plural(number, f'other {word}')}"


def compact_note(shown: int, number: int, word: str, table: str) -> str:
    """What a caption says of it, with a blank before; empty where all are shown."""
    if shown >= number:
        return ""
    return f" Of {number} {word} {shown} are shown one by one, the others together; all are in tables/{table}.csv."
