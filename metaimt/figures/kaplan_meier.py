"""Kaplan-Meier curves with confidence bands, censoring marks, and the numbers at risk beneath.

It draws any curves of one unit of time; nothing is computed here but the numbers at risk, which the curve holds.

Times of the review as Kaplan-Meier curves, where they may be drawn: time on treatment, PFS, duration of response.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from metaimt.analyses.duration import ON_TREATMENT, PFS, RESPONSE, Times
from metaimt.analyses.results import Results
from metaimt.analyses.wording import percent
from metaimt.content.labels import capital, version_line
from metaimt.figures import style
from metaimt.figures.layout import Sheet, Words, clean, drawable, line_height, new_sheet, text_width, widest
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, ReviewFigure
from metaimt.figures.style import BODY, INK, MEDIUM, SMALL, STRONG, SUBTITLE, TITLE, VERMILLION, TextStyle, draw_line
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import KaplanMeier, at_risk

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDTH: Final = 6.6
SIDE: Final = 0.18
"""Inches around everything in the figures of a cohort."""
_HEIGHT: Final = 3.0  # of the plot, inches
_LOOKS: Final = (
    (style.BLUE, ()),
    (VERMILLION, (5.0, 1.8)),
    (style.GREEN, (1.2, 1.4)),
    (style.PURPLE, (6.0, 1.6, 1.2, 1.6)),
    (INK, (3.0, 1.2)),
)
_WARNING: Final = TextStyle(8.0, bold=True, colour=VERMILLION)
_FINEST: Final = 1 / 2000  # a step smaller than this part of the plot does not show
_NO_STEP: Final = 1e-12  # a step that only rounding made
_STEPS: Final = (1, 2, 3, 6, 12, 24, 36, 48, 60, 120, 240)


@dataclass(frozen=True)
class SurvivalCurve:
    """A curve with its label; `band` draws its interval."""

    label: str
    curve: KaplanMeier
    band: bool = True


@dataclass(frozen=True)
class SurvivalPlot:
    """What to draw. `ticks` are times; if empty they are chosen. `warning` stands in colour above the plot."""

    title: str
    curves: tuple[SurvivalCurve, ...]
    subtitle: str = ""
    x_label: str = "Months from diagnosis"
    y_label: str = "Overall survival (%)"
    ticks: tuple[float, ...] = ()
    warning: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Frame:
    """The plot on its sheet: its edges in inches, and the times at which the axis has a tick."""

    sheet: Sheet
    left: float
    right: float
    top: float
    bottom: float
    ticks: Sequence[float]

    def x(self, time: float) -> float:
        """Where a time stands."""
        return self.left + time / self.ticks[-1] * (self.right - self.left)


@style.figure_style()
def draw_kaplan_meier(plot: SurvivalPlot) -> Figure:
    """Draw the curves. Raises ValueError for no curve, or more than five."""
    if not 0 < len(plot.curves) <= len(_LOOKS):
        raise ValueError(f"1 to {len(_LOOKS)} curves can be told apart, not {len(plot.curves)}")
    wide = style.setting().width or WIDTH
    inner = wide - 2 * SIDE
    head = Words.wrapped(inner, (plot.title, TITLE), (plot.subtitle, SUBTITLE), (plot.warning, _WARNING))
    notes = Words.wrapped(inner, *((note, SMALL) for note in plot.notes))
    labels = [clean(each.label) for each in plot.curves]
    left = SIDE + min(1.7, max(0.62, widest(labels, BODY) + 0.42))
    top = SIDE + head.height + 0.14
    bottom = top + _HEIGHT
    risk_top = bottom + 0.18 + 2 * line_height(BODY) + 0.1
    notes_top = risk_top + line_height(STRONG) + 0.02 + len(labels) * line_height(BODY) + 0.1
    sheet = new_sheet(wide, notes_top + notes.height + SIDE)
    head.draw(sheet, SIDE, SIDE)
    ticks = plot.ticks or _ticks(max(each.curve.last for each in plot.curves))
    frame = _Frame(sheet, left, wide - SIDE - 0.12, top, bottom, ticks)
    axes = sheet.plot_axes(left, frame.right - left, top, _HEIGHT, zorder=-1)
    axes.set(xlim=(0, ticks[-1]), ylim=(0, 100))
    axes.set_autoscale_on(False)
    _scales(frame, axes, plot)
    for each, (colour, dashes) in zip(plot.curves, _LOOKS, strict=False):
        _curve(axes, each, colour, dashes, ticks[-1])
    if len(labels) > 1:
        _legend(frame, plot, labels)
    _numbers_at_risk(frame, plot.curves, risk_top)
    notes.draw(sheet, SIDE, notes_top)
    return sheet.figure


def _ticks(last: float) -> tuple[float, ...]:
    """From 0 to the first tick at or after the last time: at most nine."""
    step = next((float(each) for each in _STEPS if last / each <= 8), float(max(_STEPS)))
    while last / step > 8:
        step *= 2
    return tuple(step * k for k in range(max(1, int(np.ceil(last / step))) + 1))


def _scales(frame: _Frame, axes: Axes, plot: SurvivalPlot) -> None:
    sheet, bottom, end = frame.sheet, frame.bottom, frame.ticks[-1]
    for share in range(0, 101, 20):
        at = bottom - share / 100 * _HEIGHT
        draw_line(axes, (0, end), (share, share), colour=style.GRID, width=style.THIN, zorder=0)
        sheet.text((frame.left - 0.09, at + 0.36 * BODY.size / 72), str(share), BODY, "right")
    draw_line(axes, (0, end), (0, 0), width=MEDIUM)
    draw_line(axes, (0, 0), (0, 100), width=MEDIUM)
    for tick in frame.ticks:
        x = frame.x(tick)
        draw_line(sheet.axes, (x, x), (bottom, bottom + 0.05), width=MEDIUM)
        sheet.text((x, bottom + 0.19), f"{tick:g}", BODY, "center")
    middle = (frame.left + frame.right) / 2, bottom + 0.19 + line_height(BODY) + 0.02
    sheet.text(middle, clean(plot.x_label), BODY, "center")
    upright = frame.left - 0.46, (frame.top + bottom) / 2
    name = sheet.axes.text(*upright, drawable(clean(plot.y_label)), rotation=90, ha="center", va="center")
    name.set(fontsize=BODY.size, color=BODY.colour, parse_math=False)


def _curve(axes: Axes, each: SurvivalCurve, colour: str, dashes: tuple[float, ...], end: float) -> None:
    curve = each.curve
    time, share = _stairs(curve.time, curve.survival)
    if each.band:
        exists = ~np.isnan(curve.lower)
        low = _stairs(curve.time, np.where(exists, curve.lower, curve.survival))
        high = _stairs(curve.time, np.where(exists, curve.upper, curve.survival))
        edge = np.concatenate([np.column_stack(low), np.column_stack(high)[::-1]])
        patch = axes.fill(edge[:, 0], 100 * edge[:, 1], color=style.tint(colour, 0.16), linewidth=0, zorder=1)[0]
        patch.set_alpha(0.75)
    (line,) = axes.plot(time, 100 * share, color=colour, linewidth=1.4, zorder=4, drawstyle="default")
    line.set_solid_capstyle("butt")
    if dashes:
        line.set_linestyle((0, dashes))
    lost = curve.censored > 0
    marks = _apart(curve.time[lost], end)
    level = curve.survival[np.searchsorted(curve.time, marks, side="right") - 1]
    (ticks,) = axes.plot(marks, 100 * level, color=colour, linestyle="none", marker="|", markersize=5, zorder=5)
    ticks.set_markeredgewidth(0.8)


def _stairs(time: NDArray[np.float64], value: NDArray[np.float64]) -> tuple[NDArray, NDArray]:  # type: ignore[type-arg]
    """Corners of a step function from (0, 1); steps too small to show are left out, the last is kept."""
    keep = np.zeros(time.size, dtype=bool)
    shown = 1.0
    for at, level in enumerate(value.tolist()):
        step = abs(level - shown)
        if step >= _FINEST or (step > _NO_STEP and at == time.size - 1):
            keep[at], shown = True, level
    x = np.concatenate([[0.0], np.repeat(time[keep], 2), [time[-1]]])
    levels = np.concatenate([[1.0], value[keep]])
    return x, np.repeat(levels, 2)


def _apart(times: NDArray[np.float64], end: float) -> NDArray[np.float64]:
    """Times that can be told apart in the plot."""
    places = np.floor(times / end / _FINEST)
    return times[np.unique(places, return_index=True)[1]]


def _legend(frame: _Frame, plot: SurvivalPlot, labels: Sequence[str]) -> None:
    """In a free corner: below curves that stay high, above those that fall."""
    end = 0.45 * frame.ticks[-1]
    low = min(float(np.interp(end, each.curve.time, each.curve.survival)) for each in plot.curves)
    x, y = frame.right - 0.5 - widest(labels, BODY), frame.top + 0.05
    if low > 0.25:
        x, y = frame.left + 0.12, frame.bottom - 0.1 - len(labels) * line_height(BODY)
    for label, (colour, dashes) in zip(labels, _LOOKS, strict=False):
        middle = y + 0.5 * line_height(BODY)
        draw_line(frame.sheet.axes, (x, x + 0.3), (middle, middle), colour=colour, width=1.4, dashes=dashes)
        y = frame.sheet.block(x + 0.38, y, [label], BODY)


def _numbers_at_risk(frame: _Frame, curves: Sequence[SurvivalCurve], top: float) -> None:
    sheet, several = frame.sheet, len(curves) > 1
    y = sheet.block(SIDE, top, ["Number at risk"], STRONG) + 0.02
    for each, (colour, _) in zip(curves, _LOOKS, strict=False):
        if several:
            middle = y + 0.5 * line_height(BODY)
            draw_line(sheet.axes, (SIDE, SIDE + 0.1), (middle, middle), colour=colour, width=2.2)
        label = _shortened(clean(each.label), frame.left - SIDE - 0.3)
        sheet.block(SIDE + (0.15 if several else 0), y, [label], BODY)
        for tick, number in zip(frame.ticks, at_risk(each.curve, frame.ticks), strict=True):
            look = TextStyle(BODY.size, colour=INK if number else style.GREY)
            sheet.block(frame.x(tick), y, [str(number)], look, "center")
        y += line_height(BODY)


def _shortened(label: str, width: float) -> str:
    while len(label) > 1 and text_width(label, BODY) > width:
        label = label[:-2].rstrip() + "…"
    return label


_VARIANT = "middle"  # of a time known as a range


def time_figure(results: Results, pools: Pools, field: str) -> ReviewFigure | NotDrawn:
    """The figure of one field, of the last pool."""
    pool, name = pools[-1], field.replace("_", "-")
    times = results.duration[pool].times[field]
    title = f"{capital(times.label)}, {results.response.pools[pool].label}"
    if isinstance(times.curves, NotRun):
        return NotDrawn(name, title, times.curves.reason)
    curve = times.curves[_VARIANT]
    count = Counting()
    usable, events = times.usable.titled(f"{title}: in the curve"), times.events.titled(f"{title}: events")
    said = (
        f"{count.link(f'{curve.steps.subjects} patients', usable)}, "
        f"{count.link(f'{curve.steps.total_events} events', events)}; known for "
        f"{count.link(str(len(times.known)), times.everybody)} of {len(times.described.parts)} patients described "
        "singly"
    )
    plot = SurvivalPlot(
        title=title,
        subtitle=f"{version_line(results)}. {said}",
        curves=(SurvivalCurve("all patients", curve.steps),),
        x_label=f"Months from the start of {'the drug' if field == ON_TREATMENT else 'treatment'}",
        y_label=_y_label(times),
        notes=(
            "Band: pointwise 95 % interval (log-log). Upright marks: censored. A time known as a range stands at its "
            "middle. Patients whose times are known are not a sample of all.",
        ),
    )
    reached = [(each.time, each.estimate) for each in curve.landmarks if each.estimate is not None]
    at = "; ".join(f"{percent(estimate)} at {time:g} months" for time, estimate in reached)
    caption = f"{title}: Kaplan-Meier with numbers at risk. {said}. {at}."
    alt = f"Falling curve of {times.label}. {said}. {at}."
    return ReviewFigure(name, title, caption, alt, draw_kaplan_meier(plot), counted=count.found)


time_on_treatment_figure = partial(time_figure, field=ON_TREATMENT)
pfs_figure = partial(time_figure, field=PFS)
response_duration_figure = partial(time_figure, field=RESPONSE)


def _y_label(times: Times) -> str:
    return "Still on the drug (%)" if times.field == ON_TREATMENT else f"{capital(times.label)} (%)"
