"""The funnel on sample size: r/n of the larger reports against n, one panel a pool that has enough of them.

Nothing is computed here but the marks' places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.analyses.wording import percent, plural
from metaimt.figures import style
from metaimt.figures.forest_table import AXIS_LABEL, capital, version_line
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
from metaimt.model.count import Count, Reports
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.small_study import SmallStudies

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE: Final = "Larger reports by their size: the funnel"
_WIDTH, _LEFT, _BETWEEN, _RIGHT, _MARGIN = 7.4, 0.55, 0.65, 0.15, 0.12
_PANEL, _FOOT, _GAP, _TICK, _HEAD = 2.5, 0.42, 0.12, 0.035, 0.24
_AREA: Final = 14.0  # square points of a mark, for each report at the place


def funnel_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `funnel`; not drawn where no pool has enough larger reports."""
    found = {pool: results.publication_bias.small_studies[pool] for pool in pools}
    run = {pool: small for pool, small in found.items() if isinstance(small, SmallStudies)}
    label = results.protocol.label
    if not run:
        said = "; ".join(f"{label(pool)}: {small.reason}" for pool, small in found.items() if isinstance(small, NotRun))
        return NotDrawn("funnel", _TITLE, said)
    count = Counting()
    words = " ".join(
        f"{capital(label(pool))}: {_said(small, results.publication_bias.larger[pool], count)}."
        for pool, small in run.items()
    )
    caption = f"{_TITLE}. ORR against the number of evaluable patients, after Hunter (2014). {words}"
    figure = draw_funnel(list(run.values()), [capital(label(pool)) for pool in run], version_line(results))
    return ReviewFigure(
        "funnel", _TITLE, caption, f"Points, reports of many patients at the top. {words}", figure, counted=count.found
    )


def _said(small: SmallStudies, larger: Count, count: Counting) -> str:
    outside = sum(not low <= rate <= high for rate, low, high in _points(small))
    reports = f"{count.link(plural(small.reports, 'report'), Reports(larger))} of {small.smallest} or more patients"
    mean = f"inverse-variance mean {percent(small.funnel.centre)}"
    return f"{reports}, {mean}, {outside} outside the limits; Peters' regression p = {small.peters.p:.2f}"


def _points(small: SmallStudies) -> list[tuple[float, float, float]]:
    """Rate and limits of each report."""
    limits = {n: (low, high) for n, low, high in small.funnel.limits}
    return [(rate, *limits[n]) for rate, n in small.funnel.points]


def draw_funnel(small: Sequence[SmallStudies], titles: Sequence[str], subtitle: str = "") -> Figure:
    """Draw the funnels side by side; reports at the same place share one mark, larger by their number.

    The line of the mean in panel i carries the id `mean-i`.

    Args:
        small: one or two.
        titles: of the panels.
        subtitle: of the figure.
    """
    with style.figure_style():
        inner = _WIDTH - 2 * _MARGIN
        level = f"{100 * small[0].funnel.level:g} %"
        entries = [
            LegendEntry("reports", _mark_sign),
            LegendEntry("inverse-variance mean", _mean_sign),
            LegendEntry(f"where {level} of reports of that size fall if all have the mean", _limit_sign),
        ]
        legend = legend_rows(entries, inner, style.SMALL)
        under = wrap(subtitle, inner, style.SUBTITLE) if subtitle else ()
        above = _MARGIN + line_height(style.TITLE) + len(under) * line_height(style.SUBTITLE) + _GAP
        top = above + legend_height(legend, style.SMALL) + _GAP
        sheet = new_sheet(_WIDTH, top + _HEAD + _PANEL + _FOOT + _MARGIN)
        sheet.block(_MARGIN, sheet.block(_MARGIN, _MARGIN, [_TITLE], style.TITLE), under, style.SUBTITLE)
        draw_legend(sheet, (_MARGIN, above), legend, style.SMALL)
        width = (_WIDTH - _LEFT - _RIGHT - _BETWEEN * (len(small) - 1)) / len(small)
        for number, (each, title) in enumerate(zip(small, titles, strict=True)):
            left = _LEFT + number * (width + _BETWEEN)
            sheet.block(left, top, wrap(title, width, style.STRONG)[:1], style.STRONG)
            _panel(sheet, (left, top + _HEAD, width), each, number)
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        sheet.block(middle, top + _HEAD + _PANEL + 0.25, [AXIS_LABEL], style.BODY, "center")
        return sheet.figure


def _mark_sign(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], "o", color=style.BLUE, markersize=_AREA**0.5)


def _mean_sign(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=style.INK, dashes=(4, 2.5))


def _limit_sign(axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=style.GREY, width=style.THIN)


def _panel(sheet: Sheet, place: tuple[float, float, float], small: SmallStudies, number: int) -> None:
    left, top, width = place
    frame = (left / sheet.width, 1 - (top + _PANEL) / sheet.height, width / sheet.width, _PANEL / sheet.height)
    axes = sheet.figure.add_axes(frame)
    axes.set_axis_off()
    most = small.funnel.points[0][1]
    ceiling = 1.06 * most
    axes.set(xlim=(0, 1), ylim=(0, ceiling))
    _scale(sheet, axes, place, ceiling)
    mean = axes.plot([small.funnel.centre] * 2, [0, ceiling], color=style.INK, linewidth=style.MEDIUM, zorder=2)[0]
    mean.set_linestyle((0, (4, 2.5)))
    mean.set_gid(f"mean-{number}")
    sizes = [n for n, _, _ in small.funnel.limits]
    for side in (1, 2):
        ends = [limit[side] for limit in small.funnel.limits]
        axes.plot(ends, sizes, color=style.GREY, linewidth=style.THIN, zorder=2)
    for (rate, n), reports in sorted(Counter(small.funnel.points).items()):
        size = (_AREA * reports) ** 0.5
        axes.plot([rate], [n], "o", color=style.BLUE, markersize=size, clip_on=False, zorder=4)


def _scale(sheet: Sheet, axes: Axes, place: tuple[float, float, float], ceiling: float) -> None:
    """Per cent below, patients to the left."""
    left, top, width = place
    bottom = top + _PANEL
    style.draw_line(sheet.axes, (left, left + width), (bottom, bottom))
    for value in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        x = left + width * value
        style.draw_line(sheet.axes, (x, x), (bottom, bottom + _TICK))
        sheet.block(x, bottom + _TICK + 0.01, [f"{100 * value:.0f}"], style.SMALL, "center")
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**6) if ceiling / size <= 6)
    for n in range(0, int(ceiling) + 1, step):
        axes.axhline(n, color=style.GRID, linewidth=style.THIN, zorder=0)
        y = bottom - n / ceiling * _PANEL - line_height(style.SMALL) / 2
        sheet.block(left - 0.05, y, [f"n = {n}" if n else "0"], style.SMALL, "right")
