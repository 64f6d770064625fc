"""What the forest tables of the pools have in common: names, tones, axes, and numbers as words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from metaimt.analyses.alternatives import Rate
from metaimt.analyses.results import Results
from metaimt.analyses.wording import NOTHING, Link, estimate_with_interval, plain
from metaimt.figures.forest_table import ForestRow, RowKind

if TYPE_CHECKING:
    from metaimt.figures.style import Tone

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
