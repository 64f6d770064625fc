"""Shares with exact intervals, one a line: marker positivity by site.

It draws any shares; nothing is computed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Final

from metaimt.figures.layout import clean, line_height, new_sheet, widest, wrap
from metaimt.figures.regions import Place, rows_of
from metaimt.figures.style import (
    BODY,
    GRID,
    INK,
    MEDIUM,
    SMALL,
    STRONG,
    SUBTITLE,
    THIN,
    TITLE,
    draw_box,
    draw_line,
    draw_reference,
    figure_style,
)
from metaimt.statistics.proportion import Proportion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH: Final = 6.6
_MARGIN: Final = 0.18
_ROW: Final = 0.26


@dataclass(frozen=True)
class SharePlot:
    """Rows of (label, share), the overall share below them, and what to write around."""

    title: str
    rows: tuple[tuple[str, Proportion], ...]
    overall: tuple[str, Proportion] | None
    subtitle: str = ""
    x_label: str = "Positive (%)"
    notes: tuple[str, ...] = ()


def draw_shares(plot: SharePlot) -> Figure:
    """Draw the shares. Raises ValueError if there is none."""
    return draw_share_rows(plot)[0]


def draw_share_rows(plot: SharePlot) -> tuple[Figure, tuple[Place, ...]]:
    """As `draw_shares`, and where each row stands on it, the overall share last."""
    rows = [*plot.rows, *([plot.overall] if plot.overall else [])]
    if not rows:
        raise ValueError("no share to draw")
    with figure_style():
        return _draw(plot, rows)


def _draw(plot: SharePlot, rows: list[tuple[str, Proportion]]) -> tuple[Figure, tuple[Place, ...]]:
    inner = WIDTH - 2 * _MARGIN
    head = [(line, TITLE) for line in wrap(plot.title, inner, TITLE)]
    head += [(line, SUBTITLE) for line in wrap(plot.subtitle, inner, SUBTITLE) if plot.subtitle]
    notes = [line for note in plot.notes for line in wrap(note, inner, SMALL)]
    labels = [clean(label) for label, _ in rows]
    texts = [f"{100 * s.estimate:.1f} [{100 * s.lower:.1f}, {100 * s.upper:.1f}]" for _, s in rows]
    left = _MARGIN + min(2.4, widest(labels, STRONG)) + 0.75
    right = WIDTH - _MARGIN - widest(texts, STRONG) - 0.25
    top = _MARGIN + fsum(line_height(style) for _, style in head) + 0.14 + line_height(STRONG)
    bottom = top + len(rows) * _ROW + 0.06
    notes_top = bottom + 0.2 + 2 * line_height(BODY) + 0.06
    sheet = new_sheet(WIDTH, notes_top + len(notes) * line_height(SMALL) + _MARGIN)
    y = _MARGIN
    for line, style in head:
        y = sheet.block(_MARGIN, y, [line], style)
    sheet.block(left - 0.2, top - line_height(STRONG), ["r/n"], STRONG, "right")
    sheet.block(WIDTH - _MARGIN, top - line_height(STRONG), ["% [95 % interval]"], STRONG, "right")
    axes = sheet.plot_axes(left, right - left, top, bottom - top)
    axes.set_xlim(0, 100)
    for tick in range(0, 101, 20):
        draw_line(axes, (tick, tick), (top, bottom), colour=GRID, width=THIN, zorder=0)
        draw_line(axes, (tick, tick), (bottom, bottom + 0.05), width=MEDIUM)
        sheet.text((left + tick / 100 * (right - left), bottom + 0.19), str(tick), BODY, "center")
    draw_line(axes, (0, 100), (bottom, bottom), width=MEDIUM)
    sheet.text(((left + right) / 2, bottom + 0.21 + line_height(BODY)), clean(plot.x_label), BODY, "center")
    if plot.overall:
        draw_reference(axes, 100 * plot.overall[1].estimate, (top, bottom))
    per_inch = 100 / (right - left)
    for place, ((_, share), label, text) in enumerate(zip(rows, labels, texts, strict=True)):
        style = STRONG if plot.overall and place == len(rows) - 1 else BODY
        middle = top + (place + 0.5) * _ROW
        if style is STRONG:
            sheet.rule(middle - _ROW / 2, (_MARGIN, WIDTH - _MARGIN), THIN)
        base = middle + 0.36 * BODY.size / 72
        sheet.text((_MARGIN, base), label, style)
        sheet.text((left - 0.2, base), f"{share.responders}/{share.evaluable}", style, "right")
        sheet.text((WIDTH - _MARGIN, base), text, style, "right")
        draw_line(axes, (100 * share.lower, 100 * share.upper), (middle, middle), width=1.1, colour=INK)
        draw_box(axes, "strict", (100 * share.estimate, middle), (0.09 * per_inch, 0.09))
    sheet.block(_MARGIN, notes_top, notes, SMALL)
    spans = ((top + place * _ROW, _ROW) for place in range(len(rows)))
    return sheet.figure, rows_of(spans, (_MARGIN, WIDTH - _MARGIN), (sheet.width, sheet.height))
