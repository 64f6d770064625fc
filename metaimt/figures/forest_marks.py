"""What stands in the plot of a forest plot, row by row, and the legend that explains it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from matplotlib.patches import Rectangle

from metaimt.analyses.wording import percent
from metaimt.figures import style
from metaimt.figures.forest_table import ForestRow, ForestTable
from metaimt.figures.layout import LegendEntry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOX_MIN: Final = 0.05
BOX_MAX: Final = 0.125
FULL_BOX: Final = 16.0
"""Patients that a box of full size stands for at the least, so that single cases stay small."""
DIAMOND: Final = 0.052
RHOMB: Final = 0.095
ARROW: Final = 0.06

_ROUNDING: Final = 1e-9
_SIGN: Final = 0.1
"""Half the width of a sign in the legend, in inches."""


@dataclass(frozen=True)
class Plot:
    """The axes beside the texts: x in the unit of the axis (`unit` of it an inch), y in inches from the top."""

    axes: Axes
    low: float
    high: float
    unit: float
    largest: float = FULL_BOX

    def inside(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low - _ROUNDING <= value <= self.high + _ROUNDING

    def weight(self, row: ForestRow) -> float:
        """Square root of the row's share of the largest size: the side of its box is proportional to it."""
        size = self.largest / 4 if row.size is None else row.size
        return math.sqrt(size / self.largest)


def largest_size(table: ForestTable) -> float:
    """The number of patients that the largest box stands for."""
    return max([FULL_BOX, *(row.size for row in table.rows if row.kind == "report" and row.size)])


def draw_marks(plot: Plot, row: ForestRow, number: int, y: float) -> None:
    """Draw the interval of row `number` at the height `y`, with arrows where it leaves the axis."""
    if row.extent is None:
        return
    lower, estimate, upper = row.extent
    name = f"row-{number}"
    if estimate is None or row.kind == "prediction":
        _draw_prediction(plot, (lower, upper), y, name)
    elif row.kind == "summary":
        _draw_summary(plot, row.tone, (lower, estimate, upper), y, name)
    elif row.kind == "companion":
        _draw_companion(plot, (lower, estimate, upper), y, name)
    else:
        _draw_report(plot, row, (lower, estimate, upper), y, name)
    _draw_arrows(plot, row, (lower, upper), y, name)


def _draw_report(plot: Plot, row: ForestRow, extent: tuple[float, float, float], y: float, name: str) -> None:
    weight = plot.weight(row)
    start, end = _line_ends(plot, extent[0], extent[2])
    if start < end:
        line = style.draw_line(plot.axes, (start, end), (y, y), colour=_line_colour(row, weight))
        line.set(gid=f"{name}-interval", linewidth=0.7 + 0.6 * weight)
    if plot.inside(extent[1]):
        side = max(BOX_MAX * weight, BOX_MIN)
        box = style.draw_box(plot.axes, row.tone, (extent[1], y), (side * plot.unit, side))
        box.set_gid(f"{name}-box")


def _draw_companion(plot: Plot, extent: tuple[float, float, float], y: float, name: str) -> None:
    start, end = _line_ends(plot, extent[0], extent[2])
    if start < end:
        line = style.draw_line(plot.axes, (start, end), (y, y), colour=style.COMPANION, width=1.0)
        line.set_gid(f"{name}-interval")
    if plot.inside(extent[1]):
        style.draw_rhomb(plot.axes, (extent[1], y), (RHOMB * plot.unit, RHOMB)).set_gid(f"{name}-box")


def _line_colour(row: ForestRow, weight: float) -> str:
    """Paler for fewer patients: the longest intervals say the least."""
    return style.tint(style.MARKS[row.tone].edge, min(1.0, 0.35 + 0.65 * weight))


def _draw_summary(plot: Plot, tone: style.Tone, extent: tuple[float, float, float], y: float, name: str) -> None:
    gap = plot.unit * ARROW * 0.4
    start, end = _line_ends(plot, extent[0], extent[2])
    start, end = start + gap * (start > extent[0]), end - gap * (end < extent[2])
    if start > end:
        return
    diamond = style.draw_diamond(plot.axes, tone, extent, y, DIAMOND)
    diamond.set_gid(f"{name}-diamond")
    if (start, end) != (extent[0], extent[2]):
        bottom, top = plot.axes.get_ylim()
        window = Rectangle((start, bottom), end - start, top - bottom, transform=plot.axes.transData)
        diamond.set_clip_path(window)


def _draw_prediction(plot: Plot, extent: tuple[float, float], y: float, name: str) -> None:
    ends = _line_ends(plot, *extent)
    if ends[0] < ends[1]:
        line = style.draw_bar(plot.axes, ends, y, DIAMOND, (plot.inside(extent[0]), plot.inside(extent[1])))
        line.set_gid(f"{name}-interval")


def _line_ends(plot: Plot, lower: float, upper: float) -> tuple[float, float]:
    """Ends of the line of an interval, which stops short of an arrow's tip."""
    start = lower if plot.inside(lower) else max(lower, plot.low + plot.unit * ARROW)
    end = upper if plot.inside(upper) else min(upper, plot.high - plot.unit * ARROW)
    return start, end


def _draw_arrows(plot: Plot, row: ForestRow, extent: tuple[float, float], y: float, name: str) -> None:
    colour = style.INK
    if row.kind == "report":
        colour = _line_colour(row, plot.weight(row))
    elif row.kind == "summary":
        colour = style.DIAMONDS[row.tone].edge
    elif row.kind == "companion":
        colour = style.COMPANION
    length = ARROW * plot.unit
    if extent[0] < plot.low - _ROUNDING:
        arrow = style.draw_arrow(plot.axes, (plot.low, y), -length, ARROW * 0.55, colour)
        arrow.set_gid(f"{name}-arrow-low")
    if extent[1] > plot.high + _ROUNDING:
        arrow = style.draw_arrow(plot.axes, (plot.high, y), length, ARROW * 0.55, colour)
        arrow.set_gid(f"{name}-arrow-high")


def legend_entries(table: ForestTable) -> list[LegendEntry]:
    """One entry for each sign that `table` shows, and no other."""
    tones = {row.tone for row in table.rows if row.kind == "report"}
    narrow, wide = table.pools
    words: dict[style.Tone, str] = {"strict": f"In {narrow}", "rest": f"In {wide} only", "local": "Local cohort"}
    words |= table.words
    entries = [LegendEntry(text, partial(_paint_box, tone)) for tone, text in words.items() if tone in tones]
    if len({row.size for row in table.rows if row.kind == "report" and row.size}) > 1:
        entries.append(LegendEntry("Area: number of patients", _paint_areas))
    if any(row.kind == "companion" for row in table.rows):
        entries.append(LegendEntry(table.companion, _paint_companion))
    entries.extend(_summary_entries(table))
    if any(row.kind == "prediction" for row in table.rows):
        entries.append(LegendEntry("Prediction interval", _paint_bar))
    low, high = table.axis[0] - _ROUNDING, table.axis[1] + _ROUNDING
    if any(row.extent and (row.extent[0] < low or row.extent[2] > high) for row in table.rows):
        entries.append(LegendEntry("Goes on beyond the axis", _paint_arrow))
    return entries + _line_entries(table)


def _summary_entries(table: ForestTable) -> list[LegendEntry]:
    tones = {row.tone for row in table.rows if row.kind == "summary"}
    pools: dict[style.Tone, str] = {"strict": table.pools[0], "rest": table.pools[1], "local": "local cohort"}
    several = {tone: f"Summary, {pool}" for tone, pool in pools.items()}
    wording = several if len(tones) > 1 else dict.fromkeys(tones, "Summary estimate and interval")
    return [LegendEntry(text, partial(_paint_diamond, tone)) for tone, text in wording.items() if tone in tones]


def _line_entries(table: ForestTable) -> list[LegendEntry]:
    low, high = table.axis
    entries = []
    if table.reference is not None and low <= table.reference <= high:
        text = f"{table.reference_label}, {percent(table.reference)}"
        entries.append(LegendEntry(text, _paint_reference))
    if any(row.reference is not None for row in table.rows):
        entries.append(LegendEntry(table.reference_label, _paint_reference))
    shown = [f"{100 * value:.4g}" for value in sorted(table.thresholds) if low <= value <= high]
    if shown:
        entries.append(LegendEntry(f"Thresholds {', '.join(shown)} %", _paint_threshold))
    return entries


def _paint_box(tone: style.Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.MARKS[tone].edge)
    style.draw_box(axes, tone, (x, y), (0.08, 0.08))


def _paint_areas(axes: Axes, x: float, y: float) -> None:
    style.draw_box(axes, "strict", (x - 0.075, y), (BOX_MIN, BOX_MIN))
    style.draw_box(axes, "strict", (x + 0.03, y), (BOX_MAX * 0.8, BOX_MAX * 0.8))


def _paint_companion(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.COMPANION, width=1.0)
    style.draw_rhomb(axes, (x, y), (RHOMB, RHOMB))


def _paint_diamond(tone: style.Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_diamond(axes, tone, (x - _SIGN, x, x + _SIGN), y, DIAMOND * 0.9)


def _paint_bar(axes: Axes, x: float, y: float) -> None:
    style.draw_bar(axes, (x - _SIGN, x + _SIGN), y, DIAMOND * 0.9, (True, True))


def _paint_arrow(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN - ARROW), (y, y))
    style.draw_arrow(axes, (x + _SIGN, y), ARROW, ARROW * 0.55, style.INK)


def _paint_reference(axes: Axes, x: float, y: float) -> None:
    style.draw_reference(axes, x, (y - 0.06, y + 0.06))


def _paint_threshold(axes: Axes, x: float, y: float) -> None:
    style.draw_threshold(axes, x, (y - 0.06, y + 0.06))
