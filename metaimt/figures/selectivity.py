"""The selectivity curve: the true ORR behind the case reports, by how much likelier responders are to be published.

Nothing is computed here but the marks' places.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import TYPE_CHECKING, Final

from metaimt.analyses.contrasts import Side
from metaimt.analyses.publication_bias import S_RANGE, THRESHOLD, TRIALS_ORR, Selectivity, Target, curve_point
from metaimt.analyses.results import Results
from metaimt.analyses.wording import Link, fraction, limits, percent, plain
from metaimt.figures import style
from metaimt.figures.forest_table import capital, version_line
from metaimt.figures.layout import (
    LegendEntry,
    Sheet,
    draw_legend,
    legend_height,
    legend_rows,
    line_height,
    new_sheet,
    wrap,
)
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, ReviewFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE: Final = "How selective publication would have to be"
_X_LABEL: Final = "responders are s times as likely to be published as non-responders"
_TICKS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_WIDTH, _LEFT, _BETWEEN, _RIGHT, _MARGIN = 7.4, 0.55, 0.35, 0.15, 0.12
_PANEL, _FOOT, _GAP, _TICK = 2.7, 0.42, 0.12, 0.035
_DISC: Final = 4.5  # points across
_BAND: Final = style.tint(style.BLUE, 0.22)
_TRIALS: Final = style.tint(style.GREY, 0.2)


def selectivity_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `selectivity`: a panel a pool that has evaluable case reports."""
    curves = results.publication_bias.selectivity
    found = [curve for pool in pools if isinstance(curve := curves[pool], Selectivity)]
    if not found:
        return NotDrawn("selectivity", _TITLE, "no case report or series has an evaluable patient")
    count, labels = Counting(), [capital(results.protocol.label(curve.pool)) for curve in found]
    said = " ".join(f"{label}: {_said(curve, label, count)}." for label, curve in zip(labels, found, strict=True))
    formula = "odds(true ORR) = odds(ORR of case reports) / s"
    caption = f"{_TITLE}: {formula}, with the band of the interval of case reports. {said}"
    figure = draw_selectivity(found, labels, version_line(results))
    return ReviewFigure(
        "selectivity", _TITLE, caption, f"Curves that fall from left to right. {said}", figure, counted=count.found
    )


def _said(curve: Selectivity, label: str, count: Counting) -> str:
    cases = curve.cases.counts.titled(f"{label}: {curve.cases.label}")
    started = f"as published {_rate(curve.cases, lambda text, _: count.link(text, cases))}"
    started = started if curve.cases.orr is not None else ""
    targets = [f"{_name(target)} at s = {target.s:.3g}" for target in _met(curve)]
    return f"{started}; the curve meets {', '.join(targets)}" if targets else started


def _met(curve: Selectivity) -> list[Target]:
    """The targets that the curve meets within its range; of the trials' three only the ORR."""
    shown = [target for target in curve.targets if target.kind in {TRIALS_ORR, THRESHOLD}]
    return [target for target in shown if target.s is not None and S_RANGE[0] <= target.s <= S_RANGE[1]]


def _name(target: Target) -> str:
    return target.name if target.kind == THRESHOLD else f"the {target.name} of {percent(target.orr)}"


def _rate(side: Side, link: Link = plain) -> str:
    counts, orr = side.counts, side.orr
    if orr is None:
        return "none evaluable"
    interval = limits(orr.lower, orr.upper, " to ")
    return f"{percent(orr.estimate)} ({interval}; {link(fraction(counts.responders, counts.evaluable), counts)})"


def draw_selectivity(curves: Sequence[Selectivity], titles: Sequence[str], subtitle: str = "") -> Figure:
    """Draw the curves, one panel each, with its band, the trials' ORR and interval, and the thresholds.

    The curve of panel i carries the id `curve-i`, the mark where it meets the trials' ORR `meets-i`.

    Args:
        curves: one or two.
        titles: of the panels.
        subtitle: of the figure.
    """
    with style.figure_style():
        inner = _WIDTH - 2 * _MARGIN
        legend = legend_rows(_legend(curves), inner, style.SMALL)
        under = wrap(subtitle, inner, style.SUBTITLE) if subtitle else ()
        width = (_WIDTH - _LEFT - _RIGHT - _BETWEEN * (len(curves) - 1)) / len(curves)
        heads = [_head(curve, title, width) for curve, title in zip(curves, titles, strict=True)]
        head = max(_head_height(each) for each in heads)
        above = _MARGIN + line_height(style.TITLE) + len(under) * line_height(style.SUBTITLE) + _GAP
        top = above + legend_height(legend, style.SMALL) + _GAP
        sheet = new_sheet(_WIDTH, top + head + _PANEL + _FOOT + _MARGIN)
        y = sheet.block(_MARGIN, _MARGIN, [_TITLE], style.TITLE)
        sheet.block(_MARGIN, y, under, style.SUBTITLE)
        draw_legend(sheet, (_MARGIN, above), legend, style.SMALL)
        for number, (curve, lines) in enumerate(zip(curves, heads, strict=True)):
            left = _LEFT + number * (width + _BETWEEN)
            below = sheet.block(left, top, lines[0], style.STRONG)
            sheet.block(left, below, lines[1], style.SMALL)
            _panel(sheet, (left, top + head, width), curve, number)
        label = wrap(_X_LABEL, inner, style.BODY)
        sheet.block((_LEFT + _WIDTH - _RIGHT) / 2, top + head + _PANEL + 0.25, label, style.BODY, "center")
        return sheet.figure


_Head = tuple[tuple[str, ...], tuple[str, ...]]


def _head(curve: Selectivity, title: str, width: float) -> _Head:
    met = [f"The trials' ORR at s = {t.s:.3g}" for t in _met(curve) if t.kind == TRIALS_ORR]
    lines = [wrap(text, width, style.SMALL) for text in (f"As published {_rate(curve.cases)}", *met)]
    return wrap(title, width, style.STRONG), tuple(line for each in lines for line in each)


def _head_height(head: _Head) -> float:
    return len(head[0]) * line_height(style.STRONG) + len(head[1]) * line_height(style.SMALL) + _GAP / 2


def _legend(curves: Sequence[Selectivity]) -> list[LegendEntry]:
    entries = [LegendEntry("true ORR behind case reports and series, with the band of their interval", _curve_sign)]
    trials = curves[0].trials
    if trials.orr is not None:
        entries.append(LegendEntry(f"prospective trials: {_rate(trials)}", _trials_sign))
    entries.append(LegendEntry("as published", _published_sign))
    if any(target.kind == TRIALS_ORR for curve in curves for target in _met(curve)):
        entries.append(LegendEntry("meets the trials' ORR", _meets_sign))
    if any(target.kind == THRESHOLD for curve in curves for target in curve.targets):
        entries.append(LegendEntry("thresholds", _threshold_sign))
    return entries


def _curve_sign(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=_BAND, width=7.0, zorder=1)
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=style.BLUE, width=1.6)


def _trials_sign(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=_TRIALS, width=7.0, zorder=1)
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=style.INK, dashes=(4, 2.5))


def _published_sign(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], "o", color=style.BLUE, markerfacecolor=style.PAPER, markersize=_DISC)


def _meets_sign(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], "o", color=style.INK, markersize=_DISC)


def _threshold_sign(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=style.SILVER, width=0.9, dashes=(1, 1.8))


def _panel(sheet: Sheet, place: tuple[float, float, float], curve: Selectivity, number: int) -> None:
    left, top, width = place
    frame = (left / sheet.width, 1 - (top + _PANEL) / sheet.height, width / sheet.width, _PANEL / sheet.height)
    axes = sheet.figure.add_axes(frame)
    _scale(sheet, axes, place, first=number == 0)
    trials = curve.trials.orr
    if trials is not None:
        axes.axhspan(trials.lower, trials.upper, color=_TRIALS, linewidth=0, zorder=0.5)
        axes.axhline(trials.estimate, color=style.INK, linewidth=style.MEDIUM, dashes=(4, 2.5), zorder=2)
    s = [point.s for point in curve.points]
    low, high = [point.lower for point in curve.points], [point.upper for point in curve.points]
    axes.fill_between(s, low, high, color=style.BLUE, alpha=0.22, linewidth=0, zorder=1)
    for edge in (low, high):
        axes.plot(s, edge, color=style.BLUE, linewidth=style.THIN, zorder=2)
    for target in curve.targets:
        if target.kind == THRESHOLD:
            axes.axhline(target.orr, color=style.SILVER, linewidth=0.9, dashes=(1, 1.8), zorder=1.5)
    axes.plot(s, [point.orr for point in curve.points], color=style.BLUE, linewidth=1.6, zorder=3)[0].set_gid(
        f"curve-{number}"
    )
    _marks(axes, curve, number)


def _marks(axes: Axes, curve: Selectivity, number: int) -> None:
    """A hollow disc at what is published, a filled one where the curve meets the trials' ORR."""
    here = curve_point(curve.cases, 1.0).orr
    axes.plot([1.0], [here], "o", color=style.BLUE, markerfacecolor=style.PAPER, markersize=_DISC, zorder=4)
    met = next((target for target in _met(curve) if target.kind == TRIALS_ORR), None)
    if met is not None and met.s is not None:
        mark = axes.plot([met.s], [met.orr], "o", color=style.INK, markersize=_DISC, zorder=5)[0]
        mark.set_gid(f"meets-{number}")


def _scale(sheet: Sheet, axes: Axes, place: tuple[float, float, float], *, first: bool) -> None:
    """Both scales, drawn on the sheet: s logarithmic below, per cent to the left of the first panel."""
    left, top, width = place
    bottom = top + _PANEL
    axes.set_axis_off()
    axes.set_xscale("log")
    axes.set(xlim=S_RANGE, ylim=(0, 1))
    style.draw_line(sheet.axes, (left, left + width), (bottom, bottom))
    for tick in _TICKS:
        x = left + width * log(tick / S_RANGE[0]) / log(S_RANGE[1] / S_RANGE[0])
        style.draw_line(sheet.axes, (x, x), (bottom, bottom + _TICK))
        sheet.block(x, bottom + _TICK + 0.01, [f"{tick:g}"], style.SMALL, "center")
    for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        axes.axhline(value, color=style.GRID, linewidth=style.THIN, zorder=0)
        if first:
            y = bottom - value * _PANEL - line_height(style.SMALL) / 2
            sheet.block(left - 0.05, y, [f"{100 * value:.0f} %"], style.SMALL, "right")
    axes.axvline(1.0, color=style.SILVER, linewidth=style.THIN, zorder=0.6)
