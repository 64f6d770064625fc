"""The swimmer plot: a lane a patient, one drug after the other, with response and how each ended."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from math import fsum
from typing import TYPE_CHECKING, Final

from matplotlib.patches import Rectangle

from metaimt.figures import style
from metaimt.figures.forest import PLOT_PAD, draw_rows
from metaimt.figures.forest_layout import PLOT_MIN
from metaimt.figures.forest_marks import Plot
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.layout import LegendEntry, draw_sign
from metaimt.figures.regions import Place
from metaimt.figures.responses import SIGN, draw_response, response_entries
from metaimt.figures.swimmer_table import Lane, Segment, SwimmerTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Lane", "Segment", "SwimmerTable", "draw_lanes", "draw_swimmer"]

BAR: Final = 0.105
STUB: Final = 0.3
"""Inches that a course of unknown length takes, less where a lane has many."""
STUBS: Final = 1.0
"""Inches that all such courses of one lane may take."""
ARROW: Final = 0.075
SIGN_STEP: Final = 0.115
SIGNS: Final = 6
"""Responses of one lane that have a sign; further ones are in the text alone."""
_LOOKS: Final = (
    (style.tint(style.SKY, 0.75), ""),
    (style.tint(style.ORANGE, 0.7), "/////"),
    (style.tint(style.GREEN, 0.55), "|||||"),
    (style.tint(style.PURPLE, 0.7), "\\\\\\\\\\"),
    (style.tint(style.YELLOW, 0.9), "-----"),
    (style.tint(style.BLUE, 0.5), "xxxxx"),
    (style.tint(style.VERMILLION, 0.5), "///---"),
    (style.tint(style.GREY, 0.35), "+++++"),
)
_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


def draw_swimmer(table: SwimmerTable) -> Figure:
    """Draw `table`: bars as long as the months on each drug, one after the other.

    A range of months is paler between its ends. A course of unknown length is a dashed box with a question mark, of
    one width for all, so that what follows it in the lane is not to scale. The bars of lane i carry the ids
    `row-i-bar-k`, or `row-i-unknown-k`.
    """
    return draw_lanes(table)[0]


def draw_lanes(table: SwimmerTable) -> tuple[Figure, tuple[Place, ...]]:
    """As `draw_swimmer`, and where each lane stands on it."""
    rows = tuple(ForestRow("plain", lane.label, lane.columns, interval_text=lane.ended) for lane in table.lanes)
    texts = ForestTable(
        title=table.title,
        subtitle=table.subtitle,
        label_heading=table.label_heading,
        column_headings=table.column_headings,
        interval_heading=table.ended_heading,
        rows=rows,
        axis_label=table.axis_label,
        footnotes=table.footnotes,
    )
    return draw_rows(texts, _Swimmers(table))


@dataclass(frozen=True)
class _Swimmers:
    """The plot of the lanes; what `draw_rows` asks for."""

    table: SwimmerTable

    @cached_property
    def stub(self) -> float:
        """Inches that a course of unknown length takes."""
        counts = (sum(segment.low is None for segment in lane.segments) for lane in self.table.lanes)
        return min(STUB, STUBS / max(1, *counts, 1))

    @cached_property
    def gutter(self) -> float:
        """Inches before the first month, for the signs of the responses."""
        signs = max((len(lane.segments) for lane in self.table.lanes), default=0)
        return min(signs, SIGNS) * SIGN_STEP + SIGN / 2

    @cached_property
    def axis(self) -> tuple[float, float]:
        """Months, from the signs of the responses as far as each lane, its stubs and its arrow need."""
        room = PLOT_MIN - 2 * PLOT_PAD - self.gutter
        needed = (
            _known(lane) * room / (room - ARROW - self.stub * sum(segment.low is None for segment in lane.segments))
            for lane in self.table.lanes
        )
        end = max([1.0, *needed])
        return -end * self.gutter / room, end

    def ticks(self) -> list[tuple[float, str]]:
        """Round numbers of months."""
        end = self.axis[1]
        step = next((step for step in _STEPS if end / step <= 7), end)
        return [(float(value), f"{value:g}") for value in range(0, int(end) + 1, int(step))]

    def legend(self) -> list[LegendEntry]:
        """The drugs, responses and ends that are there, and no other."""
        segments = [segment for lane in self.table.lanes for segment in lane.segments]
        entries = [LegendEntry(drug, partial(_paint_drug, _look(self.table, drug))) for drug in self.table.all_drugs]
        entries += response_entries(segment.response for segment in segments)
        ends = {segment.end for segment in segments}
        signs = (("progression", "Ended by progression"), ("death", "Ended by death"), ("ongoing", "Ongoing"))
        entries += [LegendEntry(words, partial(_paint_end, end)) for end, words in signs if end in ends]
        if any(segment.low is None for segment in segments):
            entries.append(LegendEntry("Length not known", _paint_unknown))
        if any(segment.low != segment.high for segment in segments):
            entries.append(LegendEntry("Range of months", _paint_range))
        return entries

    def lines(self, plot: Plot, y: tuple[float, float]) -> None:
        """Nothing stands behind the lanes but the grid."""

    def mark(self, plot: Plot, number: int, y: float) -> None:
        """One lane: the signs of the responses, then the bars from left to right."""
        start = 0.0
        for place, segment in enumerate(self.table.lanes[number].segments):
            look, name = _look(self.table, segment.drug), f"row-{number}"
            if segment.low is None or segment.high is None:
                end = start + self.stub * plot.unit
                _unknown(plot.axes, (start, end), y, look).set_gid(f"{name}-unknown-{place}")
            else:
                end = start + segment.high
                _bar(plot.axes, (start, start + segment.low), y, look).set_gid(f"{name}-bar-{place}")
                if segment.low < segment.high:
                    _bar(plot.axes, (start + segment.low, end), y, (style.PAPER, look[1])).set_linestyle((0, (2, 1.5)))
            if place < SIGNS:
                at = plot.low + (SIGN / 2 + place * SIGN_STEP) * plot.unit
                draw_response(plot.axes, segment.response, (at, y), plot.unit)
            _end(plot.axes, segment.end, end, y, plot.unit)
            start = end


def _known(lane: Lane) -> float:
    return fsum(segment.high or 0.0 for segment in lane.segments)


def _look(table: SwimmerTable, drug: str) -> tuple[str, str]:
    return _LOOKS[table.all_drugs.index(drug) % len(_LOOKS)]


def _bar(axes: Axes, ends: tuple[float, float], y: float, look: tuple[str, str]) -> Rectangle:
    bar = Rectangle((ends[0], y - BAR / 2), ends[1] - ends[0], BAR, facecolor=look[0], edgecolor=style.GREY)
    bar.set(linewidth=0.6, hatch=look[1], clip_on=False, zorder=3)
    axes.add_artist(bar)
    return bar


def _unknown(axes: Axes, ends: tuple[float, float], y: float, look: tuple[str, str]) -> Rectangle:
    bar = _bar(axes, ends, y, (style.tint(look[0], 0.4), look[1]))
    bar.set_linestyle((0, (2, 1.5)))
    draw_sign(axes, (ends[0] + 0.72 * (ends[1] - ends[0]), y), "?", style.TINY)
    return bar


def _end(axes: Axes, end: str, x: float, y: float, unit: float) -> None:
    if end == "ongoing":
        style.draw_arrow(axes, (x + ARROW * unit, y), ARROW * unit, BAR * 0.55, style.INK)
    elif end == "progression":
        style.draw_line(axes, (x, x), (y - BAR * 0.8, y + BAR * 0.8), colour=style.VERMILLION, width=2.4, zorder=5)
    elif end == "death":
        half = 0.035
        for sign in (1, -1):
            ends = (x - half * unit, x + half * unit)
            style.draw_line(axes, ends, (y - sign * half, y + sign * half), width=1.4, zorder=6)


def _paint_drug(look: tuple[str, str], axes: Axes, x: float, y: float) -> None:
    _bar(axes, (x - 0.1, x + 0.1), y, look)


def _paint_end(end: str, axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.09, x), (y, y), width=3.0, colour=style.GRID)
    _end(axes, end, x, y, 1.0)


def _paint_unknown(axes: Axes, x: float, y: float) -> None:
    _unknown(axes, (x - 0.11, x + 0.11), y, (style.PAPER, ""))


def _paint_range(axes: Axes, x: float, y: float) -> None:
    _bar(axes, (x - 0.1, x), y, (style.GRID, ""))
    _bar(axes, (x, x + 0.1), y, (style.PAPER, "")).set_linestyle((0, (2, 1.5)))
