"""The figures of publication bias, a panel a pool: the selectivity curve, and the funnel on sample size.

The selectivity curve is the true ORR behind the case reports, by how much likelier responders are to be published. The
funnel is r/n of the larger reports against n. Nothing is computed here but the marks' places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import log
from typing import TYPE_CHECKING, Any, Final

from metaimt.analyses.contrasts import Side
from metaimt.analyses.publication_bias import S_RANGE, THRESHOLD, TRIALS_ORR, Selectivity, Target, curve_point
from metaimt.analyses.results import Results
from metaimt.analyses.wording import Link, limits, percent, plain, plural
from metaimt.content.labels import r_of_n, version_line
from metaimt.figures import style
from metaimt.figures.forest_layout import AXIS_LABEL
from metaimt.figures.layout import MARGIN, Legend, LegendEntry, Sheet, Words, level_sign, line_height, new_sheet
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, ReviewFigure
from metaimt.figures.style import (
    BLUE,
    BODY,
    GREY,
    INK,
    PAGE_WIDTH,
    PAPER,
    SILVER,
    SMALL,
    STRONG,
    SUBTITLE,
    THIN,
    TITLE,
    setting,
    tint,
)
from metaimt.model.count import Count, Reports
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import SmallStudies

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_CURVES: Final = "How selective publication would have to be"
_X_LABEL: Final = "responders are s times as likely to be published as non-responders"
_FUNNEL: Final = "Larger reports by their size: the funnel"
_TICKS: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
_FIFTHS: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_LEFT, _RIGHT, _FOOT, _GAP = 0.55, 0.15, 0.42, 0.12
_DASHES, _DOTS = (4, 2.5), (1, 1.8)
_DISC: Final = 4.5  # points across
_AREA: Final = 14.0  # square points of a mark of the funnel, for each report at the place
_BAND: Final = tint(BLUE, 0.22)
_TRIALS: Final = tint(GREY, 0.2)


@dataclass(frozen=True)
class _Panel:
    """A panel under its head, from `left` and `top` on, in inches."""

    sheet: Sheet
    axes: Axes
    left: float
    top: float
    width: float
    height: float

    def foot(self, ticks: Sequence[tuple[float, str]]) -> None:
        """The axis below, with a label at each share of the width."""
        bottom = self.top + self.height
        style.draw_line(self.sheet.axes, (self.left, self.left + self.width), (bottom, bottom))
        for share, label in ticks:
            self.sheet.tick(self.left + self.width * share, bottom, label, SMALL)

    def level(self, share: float, label: str) -> None:
        """A label to the left, at a share of the height."""
        y = self.top + self.height - share * self.height - line_height(SMALL) / 2
        self.sheet.block(self.left - 0.05, y, [label], SMALL, "right")


def _draw_panels(
    title: str,
    subtitle: str,
    legend: Sequence[LegendEntry],
    panels: Sequence[tuple[Words, Callable[[_Panel], None]]],
    x_label: str,
    *,
    head: float,
    height: float,
    between: float,
) -> Figure:
    """Panels side by side, each with its head and what draws it.

    head, height, between: inches of the tallest head, of a panel, and between two.
    """
    wide = setting().width or PAGE_WIDTH
    inner = wide - 2 * MARGIN
    told, rows = Words.wrapped(inner, (title, TITLE), (subtitle, SUBTITLE)), Legend.wrapped(inner, legend)
    above = MARGIN + told.height + _GAP
    top = above + rows.height + _GAP
    sheet = new_sheet(wide, top + head + height + _FOOT + MARGIN)
    told.draw(sheet, MARGIN, MARGIN)
    rows.draw(sheet, MARGIN, above)
    width = _panel_width(len(panels), between)
    for number, (words, draw) in enumerate(panels):
        left = _LEFT + number * (width + between)
        words.draw(sheet, left, top)
        axes = sheet.plot_axes(left, width, top + head, height)
        draw(_Panel(sheet, axes, left, top + head, width, height))
    below = Words.wrapped(inner, (x_label, BODY))
    below.draw(sheet, (_LEFT + wide - _RIGHT) / 2, top + head + height + 0.25, "center")
    return sheet.figure


def _panel_width(number: int, between: float) -> float:
    return ((setting().width or PAGE_WIDTH) - _LEFT - _RIGHT - between * (number - 1)) / number


# ---------- the selectivity curve ----------

_BETWEEN_CURVES: Final = 0.35


def selectivity_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `selectivity`: a panel a pool that has evaluable case reports.

    The curve of panel i carries the id `curve-i`, the mark where it meets the trials' ORR `meets-i`.
    """
    curves = results.publication_bias.selectivity
    found = [curve for pool in pools if isinstance(curve := curves[pool], Selectivity)]
    if not found:
        return NotDrawn("selectivity", _CURVES, "no case report or series has an evaluable patient")
    count, labels = Counting(), [results.protocol.label(curve.pool) for curve in found]
    said = " ".join(f"{label}: {_said(curve, label, count)}." for label, curve in zip(labels, found, strict=True))
    formula = "odds(true ORR) = odds(ORR of case reports) / s"
    caption = f"{_CURVES}: {formula}, with the band of the interval of case reports. {said}"
    figure = _draw_selectivity(found, labels, version_line(results))
    alt = f"Curves that fall from left to right. {said}"
    return ReviewFigure("selectivity", _CURVES, caption, alt, figure, counted=count.found)


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
    if side.orr is None:
        return "none evaluable"
    interval = limits(side.orr.lower, side.orr.upper, " to ")
    return f"{percent(side.orr.estimate)} ({interval}; {link(r_of_n(side.counts), side.counts)})"


@style.figure_style()
def _draw_selectivity(curves: Sequence[Selectivity], titles: Sequence[str], subtitle: str) -> Figure:
    width = _panel_width(len(curves), _BETWEEN_CURVES)
    heads = [_head(curve, title, width) for curve, title in zip(curves, titles, strict=True)]
    tallest = max(head.height for head in heads) + _GAP / 2
    drawn = [(head, partial(_draw_curve, curves[number], number)) for number, head in enumerate(heads)]
    sizes = {"head": tallest, "height": 2.7, "between": _BETWEEN_CURVES}
    return _draw_panels(_CURVES, subtitle, _curve_legend(curves), drawn, _X_LABEL, **sizes)


def _head(curve: Selectivity, title: str, width: float) -> Words:
    met = [(f"The trials' ORR at s = {target.s:.3g}", SMALL) for target in _met(curve) if target.kind == TRIALS_ORR]
    return Words.wrapped(width, (title, STRONG), (f"As published {_rate(curve.cases)}", SMALL), *met)


def _curve_legend(curves: Sequence[Selectivity]) -> list[LegendEntry]:
    trials = curves[0].trials
    curve = _both(level_sign(colour=_BAND, width=7.0, zorder=1), level_sign(colour=BLUE, width=1.6))
    entries = [LegendEntry("true ORR behind case reports and series, with the band of their interval", curve)]
    if trials.orr is not None:
        line = level_sign(colour=INK, dashes=_DASHES)
        sign = _both(level_sign(colour=_TRIALS, width=7.0, zorder=1), line)
        entries.append(LegendEntry(f"prospective trials: {_rate(trials)}", sign))
    entries.append(LegendEntry("as published", _dot(_DISC, color=BLUE, markerfacecolor=PAPER)))
    if any(target.kind == TRIALS_ORR for curve in curves for target in _met(curve)):
        entries.append(LegendEntry("meets the trials' ORR", _dot(_DISC, color=INK)))
    if any(target.kind == THRESHOLD for curve in curves for target in curve.targets):
        entries.append(LegendEntry("thresholds", level_sign(**{**style.THRESHOLD, "zorder": 3})))
    return entries


_Paint = Callable[["Axes", float, float], object]


def _both(behind: _Paint, front: _Paint) -> _Paint:
    return lambda axes, x, y: (behind(axes, x, y), front(axes, x, y))


def _dot(size: float, **look: Any) -> _Paint:
    return lambda axes, x, y: axes.plot([x], [y], "o", markersize=size, **look)


def _draw_curve(curve: Selectivity, number: int, panel: _Panel) -> None:
    """With its band, the trials' ORR and interval, and the thresholds; s is logarithmic."""
    axes = panel.axes
    axes.set_xscale("log")
    axes.set(xlim=S_RANGE, ylim=(0, 1))
    panel.foot([(log(tick / S_RANGE[0]) / log(S_RANGE[1] / S_RANGE[0]), f"{tick:g}") for tick in _TICKS])
    for value in _FIFTHS:
        axes.axhline(value, color=style.GRID, linewidth=THIN, zorder=0)
        if number == 0:
            panel.level(value, f"{100 * value:.0f} %")
    axes.axvline(1.0, color=SILVER, linewidth=THIN, zorder=0.6)
    trials = curve.trials.orr
    if trials is not None:
        axes.axhspan(trials.lower, trials.upper, color=_TRIALS, linewidth=0, zorder=0.5)
        axes.axhline(trials.estimate, color=INK, linewidth=style.MEDIUM, dashes=_DASHES, zorder=2)
    s = [point.s for point in curve.points]
    low, high = [point.lower for point in curve.points], [point.upper for point in curve.points]
    axes.fill_between(s, low, high, color=BLUE, alpha=0.22, linewidth=0, zorder=1)
    for edge in (low, high):
        axes.plot(s, edge, color=BLUE, linewidth=THIN, zorder=2)
    for target in curve.targets:
        if target.kind == THRESHOLD:
            axes.axhline(target.orr, color=SILVER, linewidth=0.9, dashes=_DOTS, zorder=1.5)
    axes.plot(s, [point.orr for point in curve.points], color=BLUE, linewidth=1.6, zorder=3, gid=f"curve-{number}")
    here = curve_point(curve.cases, 1.0).orr
    axes.plot([1.0], [here], "o", color=BLUE, markerfacecolor=PAPER, markersize=_DISC, zorder=4)
    met = next((target for target in _met(curve) if target.kind == TRIALS_ORR), None)
    if met is not None and met.s is not None:
        axes.plot([met.s], [met.orr], "o", color=INK, markersize=_DISC, zorder=5, gid=f"meets-{number}")


# ---------- the funnel ----------


def funnel_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `funnel`; not drawn where no pool has enough larger reports.

    The line of the mean in panel i carries the id `mean-i`. Reports at one place share a mark, larger by their number.
    """
    found = {pool: results.publication_bias.small_studies[pool] for pool in pools}
    run = {pool: small for pool, small in found.items() if isinstance(small, SmallStudies)}
    label = results.protocol.label
    if not run:
        said = "; ".join(f"{label(pool)}: {small.reason}" for pool, small in found.items() if isinstance(small, NotRun))
        return NotDrawn("funnel", _FUNNEL, said)
    count = Counting()
    words = " ".join(
        f"{label(pool)}: {_outside(small, results.publication_bias.larger[pool], count)}."
        for pool, small in run.items()
    )
    caption = f"{_FUNNEL}. ORR against the number of evaluable patients, after Hunter (2014). {words}"
    figure = _draw_funnel(list(run.values()), [label(pool) for pool in run], version_line(results))
    alt = f"Points, reports of many patients at the top. {words}"
    return ReviewFigure("funnel", _FUNNEL, caption, alt, figure, counted=count.found)


def _outside(small: SmallStudies, larger: Count, count: Counting) -> str:
    bounds = {n: (low, high) for n, low, high in small.funnel.limits}
    outside = sum(not bounds[n][0] <= rate <= bounds[n][1] for rate, n in small.funnel.points)
    reports = f"{count.link(plural(small.reports, 'report'), Reports(larger))} of {small.smallest} or more patients"
    mean = f"inverse-variance mean {percent(small.funnel.centre)}"
    return f"{reports}, {mean}, {outside} outside the limits; Peters' regression p = {small.peters.p:.2f}"


@style.figure_style()
def _draw_funnel(funnels: Sequence[SmallStudies], titles: Sequence[str], subtitle: str) -> Figure:
    level = f"{100 * funnels[0].funnel.level:g} %"
    limit = f"where {level} of reports of that size fall if all have the mean"
    entries = [
        LegendEntry("reports", _dot(_AREA**0.5, color=BLUE)),
        LegendEntry("inverse-variance mean", level_sign(colour=INK, dashes=_DASHES)),
        LegendEntry(limit, level_sign(colour=GREY, width=THIN)),
    ]
    sizes = {"head": 0.24, "height": 2.5, "between": 0.65}
    width = _panel_width(len(funnels), sizes["between"])
    heads = [Words(Words.wrapped(width, (title, STRONG)).lines[:1]) for title in titles]
    drawn = [(head, partial(_draw_funnel_of, funnels[number], number)) for number, head in enumerate(heads)]
    return _draw_panels(_FUNNEL, subtitle, entries, drawn, AXIS_LABEL, **sizes)


def _draw_funnel_of(small: SmallStudies, number: int, panel: _Panel) -> None:
    axes, ceiling = panel.axes, 1.06 * small.funnel.points[0][1]
    axes.set(xlim=(0, 1), ylim=(0, ceiling))
    panel.foot([(value, f"{100 * value:.0f}") for value in _FIFTHS])
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**6) if ceiling / size <= 6)
    for n in range(0, int(ceiling) + 1, step):
        axes.axhline(n, color=style.GRID, linewidth=THIN, zorder=0)
        panel.level(n / ceiling, f"n = {n}" if n else "0")
    (mean,) = axes.plot([small.funnel.centre] * 2, [0, ceiling], color=INK, linewidth=style.MEDIUM, zorder=2)
    mean.set(linestyle=(0, _DASHES), gid=f"mean-{number}")
    sizes = [n for n, _, _ in small.funnel.limits]
    for side in (1, 2):
        axes.plot([limit[side] for limit in small.funnel.limits], sizes, color=GREY, linewidth=THIN, zorder=2)
    for (rate, n), reports in sorted(Counter(small.funnel.points).items()):
        size = (_AREA * reports) ** 0.5
        axes.plot([rate], [n], "o", color=BLUE, markersize=size, clip_on=False, zorder=4)
