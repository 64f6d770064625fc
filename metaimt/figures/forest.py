"""The forest plot: a table of rows, with its intervals drawn beside the texts; and any other plot beside rows."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from matplotlib.patches import Patch, Rectangle

from metaimt.analyses.wording import rate_and_limits
from metaimt.content.forest_row import ForestRow, Tone
from metaimt.figures import style
from metaimt.figures.forest_layout import (
    PLOT_LEAST,
    PLOT_PAD,
    SPACE,
    WORD_GAP,
    Columns,
    ForestTable,
    Layout,
    Line,
    lay_out,
)
from metaimt.figures.layout import (
    GRAIN,
    MARGIN,
    TICK,
    Foot,
    LegendEntry,
    Sheet,
    Words,
    line_height,
    new_sheet,
    text_width,
    threshold_entries,
    upright_sign,
)
from metaimt.figures.review_figure import Place
from metaimt.figures.style import BODY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ForestRow", "ForestTable", "draw_forest"]

# ---------- the signs of intervals ----------

BOX_MIN: Final = 26 / GRAIN
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
    """The axes beside the texts: x in the unit of the axis (`unit` of it an inch), y in inches, from `top` on."""

    axes: Axes
    low: float
    high: float
    unit: float
    top: float

    def inside(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low - _ROUNDING <= value <= self.high + _ROUNDING

    def ends(self, lower: float, upper: float) -> tuple[float, float]:
        """Ends of the line of an interval, which stops short of an arrow's tip."""
        start = lower if self.inside(lower) else max(lower, self.low + self.unit * ARROW)
        end = upper if self.inside(upper) else min(upper, self.high - self.unit * ARROW)
        return start, end


class RowPlot:
    """What stands in the plot beside the texts of a table: the axis, the signs, and what the legend says of them."""

    least: float = PLOT_LEAST
    """Inches of width without which it cannot be drawn."""

    @property
    def axis(self) -> tuple[float, float]:
        """The ends of the axis, in its own unit."""
        return 0.0, 1.0

    def height(self, number: int, width: float) -> float:
        """Inches that the marks of row `number` need in a plot of this width; 0 for no more than a line of text."""
        del number, width
        return 0.0

    def ticks(self) -> list[tuple[float, str]]:
        """Where the grid stands, and what is written there; empty where nothing is measured."""
        return []

    def legend(self) -> list[LegendEntry]:
        """One entry for each sign that is shown, and no other."""
        raise NotImplementedError

    def lines(self, plot: Plot, y: tuple[float, float]) -> None:
        """Draw what stands behind all rows, from y[0] to y[1]."""

    def mark(self, plot: Plot, number: int, y: float) -> None:
        """Draw row `number` at the height `y`."""
        raise NotImplementedError


@dataclass(frozen=True)
class Intervals(RowPlot):
    """The plot of a forest plot."""

    table: ForestTable

    @property
    def axis(self) -> tuple[float, float]:
        """As the table says."""
        return self.table.axis

    def height(self, number: int, width: float) -> float:
        """Inches that the tiles of a row need."""
        return tiles_height(len(self.table.rows[number].tiles), width)

    @cached_property
    def largest(self) -> float:
        """The number of patients that the largest box stands for."""
        return max([FULL_BOX, *(row.size for row in self.table.rows if row.kind == "report" and row.size)])

    def ticks(self) -> list[tuple[float, str]]:
        """At most six round values between the ends of the axis."""
        low, high = self.table.axis
        steps = (digit * 10.0**power for power in range(-5, 3) for digit in (1, 2, 5))
        step = next(step for step in steps if (high - low) / step <= 5 + 1e-9)
        places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
        return [(place * step, f"{100 * place * step:.4g} %") for place in places]

    def lines(self, plot: Plot, y: tuple[float, float]) -> None:
        """Thresholds and the reference."""
        for value in filter(plot.inside, self.table.thresholds):
            style.draw_line(plot.axes, (value, value), y, **style.THRESHOLD)
        reference = self.table.reference
        if reference is not None and plot.inside(reference):
            style.draw_line(plot.axes, (reference, reference), y, **style.REFERENCE)

    def mark(self, plot: Plot, number: int, y: float) -> None:
        """The interval of a row, with arrows where it leaves the axis."""
        row, name, axes = self.table.rows[number], f"row-{number}", plot.axes
        if row.extent is None:
            return
        if row.tiles:
            draw_tiles(plot, row.tiles, y, name)
            return
        lower, estimate, upper = row.extent
        weight = math.sqrt((self.largest / 4 if row.size is None else row.size) / self.largest)
        start, end = plot.ends(lower, upper)
        colour = style.INK
        if estimate is None or row.kind == "prediction":
            if start < end:
                caps = plot.inside(lower), plot.inside(upper)
                style.draw_bar(axes, (start, end), y, DIAMOND, caps).set_gid(f"{name}-interval")
        elif row.kind == "cases":
            colour = style.MARKS[row.tone].edge
            style.draw_line(axes, (start, end), (y, y), colour=colour).set_gid(f"{name}-interval")
            if plot.inside(estimate):
                _draw_cases(axes, row.tone, (estimate, y), plot.unit).set_gid(f"{name}-cases")
        elif row.kind == "summary":
            colour = style.DIAMONDS[row.tone].edge
            _draw_diamond(plot, row.tone, (lower, estimate, upper), y, name)
        else:
            companion = row.kind == "companion"
            # paler for fewer patients: the longest intervals say the least
            pale = style.tint(style.MARKS[row.tone].edge, min(1.0, 0.35 + 0.65 * weight))
            colour, width = (style.COMPANION, 1.0) if companion else (pale, 0.7 + 0.6 * weight)
            if start < end:
                style.draw_line(axes, (start, end), (y, y), colour=colour, width=width).set_gid(f"{name}-interval")
            if plot.inside(estimate):
                side = RHOMB if companion else max(BOX_MAX * weight, BOX_MIN)
                draw = style.draw_rhomb if companion else partial(style.draw_box, tone=row.tone)
                draw(axes, centre=(estimate, y), size=(side * plot.unit, side)).set_gid(f"{name}-box")
        for beyond, tip, word, sign in (
            (lower < plot.low - _ROUNDING, plot.low, "low", -1),
            (upper > plot.high + _ROUNDING, plot.high, "high", 1),
        ):
            if beyond:
                arrow = style.draw_arrow(axes, (tip, y), sign * ARROW * plot.unit, ARROW * 0.55, colour)
                arrow.set_gid(f"{name}-arrow-{word}")

    def legend(self) -> list[LegendEntry]:
        """An entry for each sign that the rows have."""
        table = self.table
        kinds = {row.kind for row in table.rows}
        tones = {row.tone for row in table.rows if row.kind in ("report", "cases")}
        narrow, wide = table.pools
        words: dict[Tone, str] = {"strict": f"In {narrow}", "rest": f"In {wide} only", "local": "Local cohort"}
        words |= table.words
        entries = [LegendEntry(text, partial(_paint_box, tone)) for tone, text in words.items() if tone in tones]
        if len({row.size for row in table.rows if row.kind == "report" and row.size}) > 1:
            entries.append(LegendEntry("Area: number of patients", _paint_areas))
        entries += [
            LegendEntry("Reports of one patient, together", partial(_paint_cases, tone))
            for tone in sorted({row.tone for row in table.rows if row.kind == "cases" and not row.tiles}, reverse=True)
        ][:1]
        entries += tile_entries(response for row in table.rows for response in row.tiles)
        if "companion" in kinds:
            entries.append(LegendEntry("Partially pooled", _paint_companion))
        entries += self._summaries()
        if "prediction" in kinds:
            entries.append(LegendEntry("Prediction interval", _paint_bar))
        low, high = table.axis[0] - _ROUNDING, table.axis[1] + _ROUNDING
        if any(row.extent and (row.extent[0] < low or row.extent[2] > high) for row in table.rows):
            entries.append(LegendEntry("Goes on beyond the axis", _paint_arrow))
        return entries + self._references()

    def _summaries(self) -> list[LegendEntry]:
        tones = {row.tone for row in self.table.rows if row.kind == "summary"}
        pools: dict[Tone, str] = dict(
            zip(("strict", "rest", "local"), (*self.table.pools, "local cohort"), strict=True)
        )
        one = "Summary estimate and interval"
        return [
            LegendEntry(f"Summary, {pool}" if len(tones) > 1 else one, partial(_paint_diamond, tone))
            for tone, pool in pools.items()
            if tone in tones
        ]

    def _references(self) -> list[LegendEntry]:
        table, (low, high) = self.table, self.table.axis
        entries = []
        if table.reference is not None and low <= table.reference <= high:
            rate, _ = rate_and_limits(table.reference, table.reference, table.reference)
            text = f"{table.reference_label}, {rate} %"
            entries.append(LegendEntry(text, upright_sign(**style.REFERENCE)))
        if any(row.reference is not None for row in table.rows):
            entries.append(LegendEntry(table.reference_label, upright_sign(**style.REFERENCE)))
        return entries + threshold_entries(table.thresholds, table.axis, upright_sign(**style.THRESHOLD))


def _draw_diamond(plot: Plot, tone: Tone, extent: tuple[float, float, float], y: float, name: str) -> None:
    """Cut off, with a gap before the arrow, where it leaves the axis."""
    gap = plot.unit * ARROW * 0.4
    start, end = plot.ends(extent[0], extent[2])
    start, end = start + gap * (start > extent[0]), end - gap * (end < extent[2])
    if start > end:
        return
    diamond = style.draw_diamond(plot.axes, tone, extent, y, DIAMOND)
    diamond.set_gid(f"{name}-diamond")
    if (start, end) != (extent[0], extent[2]):
        bottom, top = plot.axes.get_ylim()
        window = Rectangle((start, bottom), end - start, top - bottom, transform=plot.axes.transData)
        diamond.set_clip_path(window)


def _draw_cases(axes: Axes, tone: Tone, centre: tuple[float, float], unit: float) -> Patch:
    """An upright bar, which no report has."""
    look = style.MARKS[tone]
    colours = {"facecolor": look.face, "edgecolor": look.edge, "linewidth": 0.9, "joinstyle": "miter"}
    return style.draw_rectangle(axes, centre, (0.038 * unit, 0.11), **colours, clip_on=False, zorder=4)


def _paint_cases(tone: Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.MARKS[tone].edge)
    _draw_cases(axes, tone, (x, y), 1.0)


TILE: Final = 0.072
TILE_STEP: Final = 0.084
"""Inches of a tile, and from one to the next."""
TILES: Final = {
    "CR": ("Complete response", style.INK),
    "PR": ("Partial response", style.BLUE),
    "response": ("Response, kind not stated", style.SKY),
    "SD": ("Stable disease", style.tint(style.YELLOW, 0.8)),
    "PD": ("Progressive disease", style.PAPER),
    "NE": ("Not assessed (NE)", style.PAPER),
    "no response": ("No response, kind not stated", style.PAPER),
}
"""Of each response: its words, and the fill of its tile: the lighter, the less of a response, also in grey."""


def tiles_height(number: int, width: float) -> float:
    """Inches that so many tiles take in a plot of this width."""
    return math.ceil(number / _tiles_a_line(width)) * TILE_STEP


def _tiles_a_line(width: float) -> int:
    return max(1, int((width - 2 * PLOT_PAD) / TILE_STEP + _ROUNDING))


def draw_tiles(plot: Plot, responses: Sequence[str], y: float, name: str) -> None:
    """One tile a patient, line by line from `y` on; the tiles carry the ids `NAME-tile-k`."""
    a_line = _tiles_a_line((plot.high - plot.low) / plot.unit + 2 * PLOT_PAD)
    for number, response in enumerate(responses):
        row, place = divmod(number, a_line)
        x = plot.low + (place + 0.5) * TILE_STEP * plot.unit
        draw_tile(plot.axes, response, (x, y + row * TILE_STEP), plot.unit).set_gid(f"{name}-tile-{number}")


def draw_tile(axes: Axes, response: str, centre: tuple[float, float], unit: float = 1.0) -> Patch:
    """A patient: filled by the response, with a bar for progression, a cross for who cannot be assessed."""
    look: dict[str, Any] = {"facecolor": TILES.get(response, TILES["NE"])[1], "edgecolor": style.INK}
    look |= {"linewidth": 0.6, "joinstyle": "miter", "clip_on": False, "zorder": 4}
    (x, y), half = centre, TILE / 2
    strokes = {"PD": ((1, 1),), "NE": ((1, 1), (1, -1)), "no response": ((1, 0),)}.get(response, ())
    for dx, dy in strokes:
        ends = ((x - dx * half * unit, x + dx * half * unit), (y + dy * half, y - dy * half))
        style.draw_line(axes, *ends, width=0.6, zorder=5)
    return style.draw_rectangle(axes, centre, (TILE * unit, TILE), **look)


def tile_entries(responses: Iterable[str]) -> list[LegendEntry]:
    """One entry for each response that is shown."""
    present = set(responses)
    return [
        LegendEntry(words, partial(_paint_tile, response))
        for response, (words, _) in TILES.items()
        if response in present
    ]


def _paint_tile(response: str, axes: Axes, x: float, y: float) -> None:
    draw_tile(axes, response, (x, y))


def _paint_box(tone: Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.MARKS[tone].edge)
    style.draw_box(axes, tone, (x, y), (0.08, 0.08))


def _paint_areas(axes: Axes, x: float, y: float) -> None:
    style.draw_box(axes, "strict", (x - 0.075, y), (BOX_MIN, BOX_MIN))
    style.draw_box(axes, "strict", (x + 0.03, y), (BOX_MAX * 0.8, BOX_MAX * 0.8))


def _paint_companion(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN), (y, y), colour=style.COMPANION, width=1.0)
    style.draw_rhomb(axes, (x, y), (RHOMB, RHOMB))


def _paint_diamond(tone: Tone, axes: Axes, x: float, y: float) -> None:
    style.draw_diamond(axes, tone, (x - _SIGN, x, x + _SIGN), y, DIAMOND * 0.9)


def _paint_bar(axes: Axes, x: float, y: float) -> None:
    style.draw_bar(axes, (x - _SIGN, x + _SIGN), y, DIAMOND * 0.9, (True, True))


def _paint_arrow(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - _SIGN, x + _SIGN - ARROW), (y, y))
    style.draw_arrow(axes, (x + _SIGN, y), ARROW, ARROW * 0.55, style.INK)


# ---------- the figure ----------

TALL: Final = 11.0
"""A body longer than this, in inches, repeats the axis at its top."""
_BLOCK_GAP: Final = 0.09
_TICK_HEIGHT: Final = TICK + line_height(BODY) + 0.02


def draw_forest(table: ForestTable) -> Figure:
    """Draw `table` on a figure as large as its texts and rows need; a long label wraps, nothing is cut.

    Every text is drawn literally. Limits beyond `table.axis` end in an arrow. The patches and lines of row i
    carry the ids `row-i-box`, `row-i-diamond`, `row-i-interval`, `row-i-arrow-low`, `row-i-arrow-high`.
    """
    return draw_forest_rows(table)[0]


def draw_forest_rows(table: ForestTable) -> tuple[Figure, tuple[Place, ...]]:
    """As `draw_forest`, and where each row stands on it."""
    return draw_rows(table, Intervals(table))


def rows_height(table: ForestTable) -> float:
    """Inches that the rows of a forest plot take as it is usually set."""
    with style.set_as(style.Setting()), style.figure_style():
        return lay_out(table, PLOT_LEAST).height


@style.figure_style()
def draw_rows(table: ForestTable, drawn: RowPlot) -> tuple[Figure, tuple[Place, ...]]:
    """Draw the texts of `table` with `drawn` in its plot, on a figure as large as they need; where each row stands."""
    layout = laid_out(table, drawn)
    return draw_sheet(layout, framed(layout, table, drawn), drawn)


@dataclass(frozen=True)
class Frame:
    """What stands around the rows of a sheet; `above` and `below` are the inches that it takes."""

    title: Words
    axis_label: Words
    foot: Foot
    above: float
    below: float


def framed(layout: Layout, table: ForestTable, drawn: RowPlot) -> Frame:
    """Title, axis and foot of a sheet with the rows of `table`."""
    width = layout.columns.right - MARGIN
    title = Words.wrapped(width, (table.title, style.TITLE), (table.subtitle, style.SUBTITLE))
    axis_label = Words.wrapped(layout.plot, (table.axis_label, BODY))
    foot = Foot.wrapped(width, drawn.legend(), table.footnotes, _BLOCK_GAP / 2)
    ticks = _TICK_HEIGHT if drawn.ticks() else 0.0
    above = MARGIN + (title.height + _BLOCK_GAP if title.lines else 0) + layout.heading.height
    return Frame(title, axis_label, foot, above, ticks + axis_label.height + _BLOCK_GAP + foot.height + MARGIN)


def laid_out(table: ForestTable, drawn: RowPlot) -> Layout:
    """The rows as high as their texts and marks."""
    found = lay_out(table, drawn.least)
    lines = (replace(line, least=drawn.height(at, found.plot)) for at, line in enumerate(found.lines))
    return replace(found, lines=tuple(lines))


def draw_sheet(layout: Layout, frame: Frame, drawn: RowPlot) -> tuple[Figure, tuple[Place, ...]]:
    """Draw rows and what stands around them; where each row stands."""
    columns, (left, right) = layout.columns, layout.columns.plot
    height = max(layout.height, SPACE)
    head = frame.above - layout.heading.height
    body = math.ceil(GRAIN * (frame.above + (_TICK_HEIGHT if height > TALL else 0))) / GRAIN
    bottom = body + height + 0.03

    sheet = new_sheet(columns.right + MARGIN, bottom + frame.below)
    frame.title.draw(sheet, MARGIN, MARGIN)
    sheet.rule(head, columns.all)
    _draw_texts(sheet, columns, layout.heading, head)
    sheet.rule(frame.above, columns.all, style.THIN)
    plot = _draw_plot(sheet, drawn, columns.plot, (body, bottom), tall=height > TALL)
    frame.axis_label.draw(sheet, (left + right) / 2, bottom + _TICK_HEIGHT, "center")
    drawn.lines(plot, (body, bottom))
    places = _draw_rows(sheet, plot, columns, layout.lines, drawn)
    frame.foot.draw(sheet, MARGIN, bottom + frame.below - MARGIN - frame.foot.height)
    return sheet.figure, places


def _draw_plot(sheet: Sheet, drawn: RowPlot, ends: tuple[float, float], y: tuple[float, float], *, tall: bool) -> Plot:
    """The axis with its ticks and grid."""
    (low, high), (left, right), (top, bottom) = drawn.axis, ends, y
    unit = (high - low) / (right - left - 2 * PLOT_PAD)
    axes = sheet.row_axes(left, right - left, top, bottom - top)
    axes.set_xlim(low - PLOT_PAD * unit, high + PLOT_PAD * unit)
    for value, label in _apart(drawn.ticks(), unit):
        x = left + PLOT_PAD + (value - low) / unit
        style.draw_line(axes, (value, value), (top, bottom), colour=style.GRID, width=style.THIN, zorder=1)
        sheet.tick(x, bottom, label, BODY)
        if tall:
            sheet.block(x, top - 0.02 - line_height(BODY), (label,), BODY, "center")
    if drawn.ticks():
        style.draw_line(axes, (max(low, 0.0), high), (bottom, bottom))  # signs may stand before 0
    return Plot(axes, low, high, unit, top)


def _apart(ticks: Sequence[tuple[float, str]], unit: float) -> Sequence[tuple[float, str]]:
    """Every tick, or every second, third ... of a narrow plot, so that their labels stand apart."""
    for step in range(1, len(ticks)):
        kept = ticks[::step]
        room = (right[0] - left[0] for left, right in itertools.pairwise(kept))
        wide = [text_width(label, BODY) for _, label in kept]
        needed = ((left + right) / 2 + WORD_GAP for left, right in itertools.pairwise(wide))
        if all(inches >= least for inches, least in zip((each / unit for each in room), needed, strict=True)):
            return kept
    return ticks[:1]


def _draw_rows(sheet: Sheet, plot: Plot, columns: Columns, lines: Sequence[Line], drawn: RowPlot) -> tuple[Place, ...]:
    """Draw the rows from the top of the plot on; where each stands."""
    top = plot.top
    _draw_group_references(plot, lines)
    banded, places = False, []
    for number, line in enumerate(lines):
        if line.row.kind != "companion":  # which stands in the band of the row above
            banded = line.row.kind in ("report", "plain") and not banded
        if banded:
            sheet.band(top, line.height, columns.all, style.BAND)
        if line.row.kind == "note":
            sheet.cover(top, line.height, columns.plot)
        if line.sunk:
            paper = style.BAND if banded else style.PAPER
            sheet.cover(top, line.padding[0] + line.sunk, columns.plot, paper)
        _draw_texts(sheet, columns, line, top)
        drawn.mark(plot, number, top + line.padding[0] + line.sunk + line_height(line.text) / 2)
        places.append(sheet.place(MARGIN, top, columns.right - MARGIN, line.height))
        top += line.height
    return tuple(places)


def _draw_group_references(plot: Plot, lines: Sequence[Line]) -> None:
    """The dashed line of each heading that has one, down to the next heading or empty row."""
    top = plot.top
    open_at: tuple[float, float] | None = None
    for line in (*lines, None):
        if open_at and (line is None or line.row.kind in ("heading", "space")):
            style.draw_line(plot.axes, (open_at[0], open_at[0]), (open_at[1], top), **style.REFERENCE)
            open_at = None
        if line is None:
            return
        top += line.height
        if line.row.kind == "heading" and line.row.reference is not None and plot.inside(line.row.reference):
            open_at = line.row.reference, top


def _draw_texts(sheet: Sheet, columns: Columns, line: Line, top: float) -> None:
    """The texts of a row, each from the row's first line on."""
    y = top + line.padding[0]
    sheet.block(MARGIN + line.indent, y, line.label, line.text)
    for (x, align), cell in zip(columns.cells, line.cells, strict=True):
        sheet.block(x, y + line.sunk, cell, line.text, align)
    sheet.block(columns.estimate_end, y, line.estimate, line.text, "right")
    sheet.block(columns.right, y, line.bracket, line.text, "right")
