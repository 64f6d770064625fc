"""Kaplan-Meier curves with confidence bands, censoring marks, and the numbers at risk beneath.

It draws any curves of one unit of time; nothing is computed here but the numbers at risk, which the curve holds.

Times of the review as Kaplan-Meier curves, where they may be drawn: time on treatment, PFS, duration of response.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from metaimt.analyses.duration import ON_TREATMENT, PFS, RESPONSE, Times
from metaimt.analyses.results import Results
from metaimt.analyses.wording import percent
from metaimt.figures.forest_table import capital, version_line
from metaimt.figures.layout import Sheet, clean, line_height, new_sheet, text_width, widest, wrap
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, ReviewFigure
from metaimt.figures.style import (
    BLUE,
    BODY,
    GREEN,
    GREY,
    GRID,
    INK,
    MEDIUM,
    PURPLE,
    SMALL,
    STRONG,
    SUBTITLE,
    THIN,
    TITLE,
    VERMILLION,
    TextStyle,
    draw_line,
    figure_style,
    tint,
)
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import KaplanMeier, at_risk

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


WIDTH: Final = 6.6
_HEIGHT: Final = 3.0  # of the plot, inches
_MARGIN: Final = 0.18
_LOOKS: Final = (
    (BLUE, ()),
    (VERMILLION, (5.0, 1.8)),
    (GREEN, (1.2, 1.4)),
    (PURPLE, (6.0, 1.6, 1.2, 1.6)),
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
    notes: tuple[str, ...] = field(default=())


def draw_kaplan_meier(plot: SurvivalPlot) -> Figure:
    """Draw the curves. Raises ValueError for no curve, or more than five."""
    if not 0 < len(plot.curves) <= len(_LOOKS):
        raise ValueError(f"1 to {len(_LOOKS)} curves can be told apart, not {len(plot.curves)}")
    with figure_style():
        return _draw(plot)


def _draw(plot: SurvivalPlot) -> Figure:
    inner = WIDTH - 2 * _MARGIN
    head = [(line, TITLE) for line in wrap(plot.title, inner, TITLE)]
    head += [(line, SUBTITLE) for line in wrap(plot.subtitle, inner, SUBTITLE) if plot.subtitle]
    head += [(line, _WARNING) for line in wrap(plot.warning, inner, _WARNING) if plot.warning]
    notes = [line for note in plot.notes for line in wrap(note, inner, SMALL)]
    labels = [clean(each.label) for each in plot.curves]
    left = _MARGIN + min(1.7, max(0.62, widest(labels, BODY) + 0.42))
    top = _MARGIN + fsum(map(line_height, (style for _, style in head))) + 0.14
    bottom = top + _HEIGHT
    risk_top = bottom + 0.18 + 2 * line_height(BODY) + 0.1
    notes_top = risk_top + line_height(STRONG) + 0.02 + len(labels) * line_height(BODY) + 0.1
    sheet = new_sheet(WIDTH, notes_top + len(notes) * line_height(SMALL) + _MARGIN)
    y = _MARGIN
    for line, style in head:
        y = sheet.block(_MARGIN, y, [line], style)
    ticks = plot.ticks or _ticks(max(each.curve.last for each in plot.curves))
    right = WIDTH - _MARGIN - 0.12
    axes = _axes(sheet, (left, right), (top, bottom), ticks[-1])
    _scales(sheet, axes, plot, ticks, (left, right, top, bottom))
    for each, (colour, dashes) in zip(plot.curves, _LOOKS, strict=False):
        _curve(axes, each, colour, dashes, ticks[-1])
    if len(labels) > 1:
        _legend(sheet, labels, _free_corner(plot, labels, ticks[-1], (left, right, top, bottom)))
    _numbers_at_risk(sheet, plot.curves, ticks, (left, right, risk_top))
    sheet.block(_MARGIN, notes_top, notes, SMALL)
    return sheet.figure


def _ticks(last: float) -> tuple[float, ...]:
    """From 0 to the first tick at or after the last time: at most nine."""
    step = next((float(each) for each in _STEPS if last / each <= 8), float(max(_STEPS)))
    while last / step > 8:
        step *= 2
    return tuple(step * k for k in range(max(1, int(np.ceil(last / step))) + 1))


def _axes(sheet: Sheet, x: tuple[float, float], y: tuple[float, float], last: float) -> Axes:
    (left, right), (top, bottom) = x, y
    frame = (left / sheet.width, 1 - bottom / sheet.height, (right - left) / sheet.width, (bottom - top) / sheet.height)
    axes = sheet.figure.add_axes(frame, zorder=-1)
    axes.set_axis_off()
    axes.set(xlim=(0, last), ylim=(0, 100))
    axes.set_autoscale_on(False)
    return axes


def _scales(
    sheet: Sheet, axes: Axes, plot: SurvivalPlot, ticks: Sequence[float], box: tuple[float, float, float, float]
) -> None:
    left, right, top, bottom = box
    for share in range(0, 101, 20):
        at = bottom - share / 100 * (bottom - top)
        draw_line(axes, (0, ticks[-1]), (share, share), colour=GRID, width=THIN, zorder=0)
        sheet.text((left - 0.09, at + 0.36 * BODY.size / 72), str(share), BODY, "right")
    draw_line(axes, (0, ticks[-1]), (0, 0), width=MEDIUM)
    draw_line(axes, (0, 0), (0, 100), width=MEDIUM)
    for tick in ticks:
        x = left + tick / ticks[-1] * (right - left)
        draw_line(sheet.axes, (x, x), (bottom, bottom + 0.05), width=MEDIUM)
        sheet.text((x, bottom + 0.19), f"{tick:g}", BODY, "center")
    sheet.text(((left + right) / 2, bottom + 0.19 + line_height(BODY) + 0.02), clean(plot.x_label), BODY, "center")
    name = sheet.axes.text(left - 0.46, (top + bottom) / 2, clean(plot.y_label), rotation=90, ha="center", va="center")
    name.set(fontsize=BODY.size, color=BODY.colour, parse_math=False)


def _curve(axes: Axes, each: SurvivalCurve, colour: str, dashes: tuple[float, ...], end: float) -> None:
    curve = each.curve
    time, share = _stairs(curve.time, curve.survival, 1.0)
    if each.band:
        exists = ~np.isnan(curve.lower)
        low = _stairs(curve.time, np.where(exists, curve.lower, curve.survival), 1.0)
        high = _stairs(curve.time, np.where(exists, curve.upper, curve.survival), 1.0)
        edge = np.concatenate([np.column_stack(low), np.column_stack(high)[::-1]])
        patch = axes.fill(edge[:, 0], 100 * edge[:, 1], color=tint(colour, 0.16), linewidth=0, zorder=1)[0]
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


def _stairs(time: NDArray[np.float64], value: NDArray[np.float64], start: float) -> tuple[NDArray, NDArray]:  # type: ignore[type-arg]
    """Corners of a step function from (0, start); steps too small to show are left out, the last is kept."""
    keep = np.zeros(time.size, dtype=bool)
    shown = start
    for at, level in enumerate(value.tolist()):
        step = abs(level - shown)
        if step >= _FINEST or (step > _NO_STEP and at == time.size - 1):
            keep[at], shown = True, level
    x = np.concatenate([[0.0], np.repeat(time[keep], 2), [time[-1]]])
    levels = np.concatenate([[start], value[keep]])
    return x, np.repeat(levels, 2)


def _apart(times: NDArray[np.float64], end: float) -> NDArray[np.float64]:
    """Times that can be told apart in the plot."""
    places = np.floor(times / end / _FINEST)
    return times[np.unique(places, return_index=True)[1]]


def _free_corner(
    plot: SurvivalPlot, labels: Sequence[str], end: float, box: tuple[float, float, float, float]
) -> tuple[float, float]:
    """Where the legend starts: below curves that stay high, above those that fall."""
    left, right, top, bottom = box
    height = len(labels) * line_height(BODY)
    low = min(float(np.interp(0.45 * end, each.curve.time, each.curve.survival)) for each in plot.curves)
    if low > 0.25:
        return left + 0.12, bottom - 0.1 - height
    return right - 0.5 - widest(labels, BODY), top + 0.05


def _legend(sheet: Sheet, labels: Iterable[str], at: tuple[float, float]) -> None:
    x, y = at
    for label, (colour, dashes) in zip(labels, _LOOKS, strict=False):
        middle = y + 0.5 * line_height(BODY)
        draw_line(sheet.axes, (x, x + 0.3), (middle, middle), colour=colour, width=1.4, dashes=dashes)
        sheet.block(x + 0.38, y, [label], BODY)
        y += line_height(BODY)


def _numbers_at_risk(
    sheet: Sheet, curves: Sequence[SurvivalCurve], ticks: Sequence[float], box: tuple[float, float, float]
) -> None:
    left, right, top = box
    y = sheet.block(_MARGIN, top, ["Number at risk"], STRONG) + 0.02
    for each, (colour, _) in zip(curves, _LOOKS, strict=False):
        label = _shortened(clean(each.label), left - _MARGIN - 0.3)
        if len(curves) > 1:
            middle = y + 0.5 * line_height(BODY)
            draw_line(sheet.axes, (_MARGIN, _MARGIN + 0.1), (middle, middle), colour=colour, width=2.2)
        sheet.block(_MARGIN + (0.15 if len(curves) > 1 else 0), y, [label], BODY)
        for tick, number in zip(ticks, at_risk(each.curve, ticks), strict=True):
            x = left + tick / ticks[-1] * (right - left)
            sheet.block(x, y, [str(number)], TextStyle(BODY.size, colour=INK if number else GREY), "center")
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


def time_on_treatment_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `time-on-treatment`."""
    return time_figure(results, pools, ON_TREATMENT)


def pfs_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `pfs`."""
    return time_figure(results, pools, PFS)


def response_duration_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `response-duration`."""
    return time_figure(results, pools, RESPONSE)


def _y_label(times: Times) -> str:
    return "Still on the drug (%)" if times.field == ON_TREATMENT else f"{capital(times.label)} (%)"
