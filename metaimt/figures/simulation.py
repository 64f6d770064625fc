"""Coverage of the headline interval in a simulation: a panel a structure, a mark a cell, a line a shape of truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from metaimt.figures import style
from metaimt.figures.layout import MARGIN, Legend, LegendEntry, Sheet, Words, level_sign, new_sheet, wrap
from metaimt.statistics.simulate import HEADLINE, LEVEL, SHAPES, Cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE: Final = f"Coverage of nominal {100 * LEVEL:g} % intervals of the pooled response rate"
_TICKS: Final = (0.0, 0.4, 0.85, 0.9, 0.95, 1.0)
_BEND, _SHARE = 0.85, 0.25  # coverage below the bend gets this share of a panel's height
_WIDTH, _LEFT, _RIGHT, _PANEL = 7.4, 0.55, 0.12, 1.5
_HEAD, _FOOT, _GAP = 0.22, 0.46, 0.12
_BETWEEN: Final = 0.6  # positions left free between two intraclass correlations
_SPREAD: Final = 0.62  # of one position, over which the truths stand side by side


@dataclass(frozen=True)
class _Look:
    """Marker, colour and dashes of a shape of truth; `filled` sets it apart in grey as well."""

    marker: str
    colour: str
    dashes: tuple[float, ...] = ()
    filled: bool = False
    width: float = 0.9


_LOOKS: Final = dict(
    zip(
        SHAPES,
        (
            _Look("o", style.BLACK, filled=True, width=1.5),
            _Look("s", style.BLUE, (4, 2)),
            _Look("^", style.VERMILLION, (1, 1)),
        ),
        strict=True,
    )
)


@style.figure_style()
def draw_simulation(cells: Sequence[Cell]) -> Figure:
    """Draw the headline's coverage of the mean over reports: rates within intraclass correlations along x.

    The axis below 85 % is compressed, so that what misses the level by far stays on the page. A line carries the id
    `structure-truth-correlation`, each numbered from 0. Cells of other methods and truths are left out.

    Raises:
        ValueError: no cells.
    """
    shown = [cell for cell in cells if cell.method == HEADLINE and cell.truth in SHAPES]
    if not shown:
        raise ValueError(f"a figure shows the cells of the {HEADLINE} method: here are none")
    structures = [[one for one in shown if one.structure == name] for name in dict.fromkeys(c.structure for c in shown)]
    inner = _WIDTH - 2 * MARGIN
    title, legend = Words.wrapped(inner, (TITLE, style.TITLE)), Legend.wrapped(inner, _legend())
    notes = Words.wrapped(inner, (_note(shown), style.SMALL))
    above = MARGIN + title.height + legend.height + _GAP
    each = _HEAD + _PANEL + _FOOT
    below = above + each * len(structures)
    sheet = new_sheet(_WIDTH, below + notes.height + MARGIN)
    legend.draw(sheet, MARGIN, title.draw(sheet, MARGIN, MARGIN) + 0.04)
    for place, here in enumerate(structures):
        _panel(sheet, above + place * each, here, place)
    notes.draw(sheet, MARGIN, below)
    return sheet.figure


def _legend() -> list[LegendEntry]:
    entries = [LegendEntry(f"{shape} truth", _sign(look)) for shape, look in _LOOKS.items()]
    return [*entries, LegendEntry(f"nominal {100 * LEVEL:g} %", level_sign(colour=style.GREY, dashes=(4, 2.5)))]


def _sign(look: _Look) -> Callable[[Axes, float, float], object]:
    def paint(axes: Axes, x: float, y: float) -> None:
        style.draw_line(axes, (x - 0.1, x + 0.1), (y, y), colour=look.colour, width=look.width, dashes=look.dashes)
        _mark(axes, [x], [y], look)

    return paint


def _note(cells: Sequence[Cell]) -> str:
    sets = " or ".join(f"{number:,}" for number in sorted({cell.sets for cell in cells}))
    error = max(cell.coverage_se for cell in cells)
    return (
        f"{sets} simulated data sets a cell; Monte-Carlo standard error at "
        f"most {100 * error:.2f} points. The scale is compressed below {100 * _BEND:.0f} %. ORR: true mean response "
        "rate; ICC: true intraclass correlation, at 0 the same for every shape of truth."
    )


def _panel(sheet: Sheet, top: float, cells: Sequence[Cell], number: int) -> None:
    first = cells[0]
    title = f"{first.structure.replace('_', ' ')} (K = {first.reports})"
    width = _WIDTH - _LEFT - _RIGHT
    sheet.block(_LEFT, top, wrap(title, width, style.STRONG)[:1], style.STRONG)
    axes = sheet.plot_axes(_LEFT, width, top + _HEAD, _PANEL)
    axes.set_axis_on()
    groups = list(dict.fromkeys(cell.correlation for cell in cells))
    truths = list(dict.fromkeys(cell.rate for cell in cells))
    starts = {icc: k * (len(truths) + _BETWEEN) for k, icc in enumerate(groups)}
    _scale(axes, starts, truths)
    axes.axhline(LEVEL, color=style.GREY, linewidth=style.MEDIUM, dashes=(4, 2.5), zorder=1)
    for place, (shape, look) in enumerate(_LOOKS.items()):
        shift = _SPREAD * (place / (len(_LOOKS) - 1) - 0.5)
        for k, (icc, start) in enumerate(starts.items()):
            here = {c.rate: c.coverage for c in cells if c.truth == shape and c.correlation == icc}
            x, y = [start + truths.index(rate) + shift for rate in here], list(here.values())
            line = axes.plot(x, y, color=look.colour, linewidth=look.width, zorder=2)[0]
            line.set_linestyle((0, look.dashes) if look.dashes else "-")
            line.set_gid(f"{number}-{place}-{k}")
            _mark(axes, x, y, look)


def _mark(axes: Axes, x: Sequence[float], y: Sequence[float], look: _Look) -> None:
    face = look.colour if look.filled else style.PAPER
    drawn = axes.plot(x, y, look.marker, color=look.colour, markerfacecolor=face, markersize=4.0, zorder=4)[0]
    drawn.set(markeredgewidth=0.8, clip_on=False)


def _scale(axes: Axes, starts: dict[float, float], truths: Sequence[float]) -> None:
    """Both axes: coverage bent at 85 %, and the truths in groups."""
    axes.set_yscale("function", functions=(_bent, _straightened))
    axes.set_ylim(0, 1)
    axes.set_yticks(_TICKS, [f"{100 * tick:.0f}" for tick in _TICKS], fontsize=style.SMALL.size)
    axes.set_ylabel("coverage, %", fontsize=style.SMALL.size, color=style.GREY, labelpad=2)
    axes.set_xlim(-0.6, max(starts.values()) + len(truths) - 0.4)
    places = [start + k for start in starts.values() for k in range(len(truths))]
    axes.set_xticks(places, [f"{100 * rate:g} %" for _ in starts for rate in truths], fontsize=style.SMALL.size)
    for icc, start in starts.items():
        middle = start + (len(truths) - 1) / 2
        where = axes.get_xaxis_transform()
        label = axes.text(middle, -0.2, f"ICC {icc:g}, by ORR", transform=where, ha="center", color=style.GREY)
        label.set(fontsize=style.SMALL.size, va="center")
        if start:
            axes.axvline(start - 0.5 - _BETWEEN / 2, color=style.GRID, linewidth=style.MEDIUM, zorder=0)
    axes.axhline(_BEND, color=style.SILVER, linewidth=style.THIN, dashes=(1, 1.8), zorder=1)
    axes.grid(axis="y", color=style.GRID, linewidth=style.THIN, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(length=2.5, width=style.THIN, colors=style.INK, pad=2)
    for side, spine in axes.spines.items():
        spine.set(visible=side in {"left", "bottom"}, linewidth=style.MEDIUM)


def _bent(coverage: np.ndarray) -> np.ndarray:
    low = _SHARE * coverage / _BEND
    return np.where(coverage < _BEND, low, _SHARE + (1 - _SHARE) * (coverage - _BEND) / (1 - _BEND))


def _straightened(height: np.ndarray) -> np.ndarray:
    low = height / _SHARE * _BEND
    return np.where(height < _SHARE, low, _BEND + (1 - _BEND) * (height - _SHARE) / (1 - _SHARE))
