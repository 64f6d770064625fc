"""The one visual language of all figures: colours, type sizes, marks, and matplotlib's settings.

Colours derive from Okabe and Ito (https://jfly.uni-koeln.de/color/); wherever a colour carries meaning,
a shape or a fill carries it too, so that a figure reads the same in grey.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch, Polygon, Rectangle

Tone = Literal["strict", "rest", "local"]

BLACK: Final = "#000000"
BLUE: Final = "#0072B2"
SKY: Final = "#56B4E9"
ORANGE: Final = "#E69F00"
YELLOW: Final = "#F0E442"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
INK: Final = "#1A1A1A"
GREY: Final = "#5A5A5A"
SILVER: Final = "#8A8F94"
GRID: Final = "#E3E5E8"
BAND: Final = "#F5F6F8"
PAPER: Final = "#FFFFFF"

FONT: Final = "DejaVu Sans"
"""Ships inside matplotlib, so that the same bytes come out on every machine."""

THIN: Final = 0.5
MEDIUM: Final = 0.8
HASH_SALT: Final = "metaimt"

_SETTINGS: Final[dict[Any, Any]] = {
    "font.family": [FONT],
    "font.size": 8.0,
    "text.usetex": False,
    "text.hinting": "no_hinting",  # widths then scale with the resolution, and a layout holds in all formats
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.hashsalt": HASH_SALT,
    "hatch.linewidth": 0.35,
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class TextStyle:
    """How a text looks: size in points, weight and colour."""

    size: float = 8.0
    bold: bool = False
    colour: str = INK


TITLE: Final = TextStyle(10.0, bold=True)
SUBTITLE: Final = TextStyle(8.0, colour=GREY)
BODY: Final = TextStyle(8.0)
STRONG: Final = TextStyle(8.0, bold=True)
SMALL: Final = TextStyle(7.0, colour=GREY)
TINY: Final = TextStyle(6.0, colour=INK)


@dataclass(frozen=True)
class ToneStyle:
    """Outline and fill of a mark; `round` sets it apart without colour."""

    edge: str
    face: str
    round: bool = False


MARKS: Final[dict[Tone, ToneStyle]] = {
    "strict": ToneStyle(BLUE, BLUE),
    "rest": ToneStyle(BLUE, PAPER),
    "local": ToneStyle(VERMILLION, VERMILLION, round=True),
}
DIAMONDS: Final[dict[Tone, ToneStyle]] = {
    "strict": ToneStyle(INK, INK),
    "rest": ToneStyle(INK, PAPER),
    "local": ToneStyle(VERMILLION, VERMILLION),
}

COMPANION: Final = GREEN


@contextmanager
def figure_style() -> Iterator[None]:
    """Matplotlib's own defaults plus the project's settings, whatever the user's matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def tint(colour: str, strength: float) -> str:
    """`colour` ('#RRGGBB') mixed with white: strength 1 leaves it as it is, 0 gives white."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - (255 - part) * strength):02X}" for part in parts)


def draw_box(axes: Axes, tone: Tone, centre: tuple[float, float], size: tuple[float, float]) -> Patch:
    """A square, or for the local cohort a disc of the same area, of `size` in axes units."""
    look, (x, y), (width, height) = MARKS[tone], centre, size
    shape: Patch
    if look.round:
        to_disc = 2 / 3.141592653589793**0.5
        shape = Ellipse((x, y), width * to_disc, height * to_disc)
    else:
        shape = Rectangle((x - width / 2, y - height / 2), width, height)
    shape.set(facecolor=look.face, edgecolor=look.edge, linewidth=1.0, joinstyle="miter")
    shape.set(clip_on=False, zorder=4)
    axes.add_artist(shape)
    return shape


def draw_diamond(axes: Axes, tone: Tone, extent: tuple[float, float, float], y: float, half_height: float) -> Patch:
    """A summary diamond whose left, middle and right corners are `extent` (lower, estimate, upper)."""
    look, (lower, middle, upper) = DIAMONDS[tone], extent
    corners = [(lower, y), (middle, y - half_height), (upper, y), (middle, y + half_height)]
    shape = Polygon(corners, closed=True, facecolor=look.face, edgecolor=look.edge)
    shape.set(linewidth=MEDIUM, joinstyle="miter", zorder=4)
    axes.add_artist(shape)
    return shape


def draw_rhomb(axes: Axes, centre: tuple[float, float], size: tuple[float, float]) -> Patch:
    """A small square on its corner, of `size` in axes units: an estimate that goes with the one above it."""
    (x, y), (width, height) = centre, (size[0] / 2, size[1] / 2)
    corners = [(x - width, y), (x, y - height), (x + width, y), (x, y + height)]
    shape = Polygon(corners, closed=True, facecolor=PAPER, edgecolor=COMPANION, linewidth=1.1)
    shape.set(joinstyle="miter", clip_on=False, zorder=4)
    axes.add_artist(shape)
    return shape


def draw_arrow(axes: Axes, tip: tuple[float, float], length: float, half_height: float, colour: str) -> Patch:
    """An arrow head that ends at `tip`; a negative `length` points to the left."""
    x, y = tip
    corners = [(x, y), (x - length, y - half_height), (x - length, y + half_height)]
    shape = Polygon(corners, closed=True, facecolor=colour, edgecolor="none", clip_on=False, zorder=5)
    axes.add_artist(shape)
    return shape


def draw_bar(axes: Axes, ends: tuple[float, float], y: float, half_height: float, caps: tuple[bool, bool]) -> Line2D:
    """A prediction interval: a dashed line, with an upright cap at each end that `caps` asks for."""
    for x, wanted in zip(ends, caps, strict=True):
        if wanted:
            draw_line(axes, (x, x), (y - half_height, y + half_height), width=1.2)
    return draw_line(axes, ends, (y, y), dashes=(3, 2))


def draw_reference(axes: Axes, x: float, y: tuple[float, float]) -> Line2D:
    """A dashed upright line, at the pooled estimate."""
    return draw_line(axes, (x, x), y, colour=GREY, dashes=(4, 2.5), zorder=2)


def draw_threshold(axes: Axes, x: float, y: tuple[float, float]) -> Line2D:
    """A dotted upright line, at a value of interest."""
    return draw_line(axes, (x, x), y, colour=SILVER, width=0.9, dashes=(1, 1.8), zorder=2)


def draw_across(axes: Axes, x: tuple[float, float], y: float, *, threshold: bool = False) -> Line2D:
    """A level line: dashed at an estimate, dotted at a threshold."""
    if threshold:
        return draw_line(axes, x, (y, y), colour=SILVER, width=0.9, dashes=(1, 1.8), zorder=2)
    return draw_line(axes, x, (y, y), colour=GREY, dashes=(4, 2.5), zorder=2)


def draw_upright_arrow(axes: Axes, tip: tuple[float, float], half_width: float, *, up: bool) -> Patch:
    """An arrow head that ends at `tip`, for axes whose y runs downwards."""
    (x, y), length = tip, 0.06 if up else -0.06
    corners = [(x, y), (x - half_width, y + length), (x + half_width, y + length)]
    shape = Polygon(corners, closed=True, facecolor=BLUE, edgecolor="none", clip_on=False, zorder=5)
    axes.add_artist(shape)
    return shape


def draw_line(
    axes: Axes,
    x: tuple[float, float],
    y: tuple[float, float],
    *,
    colour: str = INK,
    width: float = MEDIUM,
    dashes: tuple[float, ...] = (),
    zorder: float = 3,
) -> Line2D:
    """A straight line from (x[0], y[0]) to (x[1], y[1]); `dashes` in multiples of its width."""
    line = Line2D(x, y, color=colour, linewidth=width, clip_on=False, zorder=zorder)
    line.set_solid_capstyle("butt")
    if dashes:
        line.set_linestyle((0, dashes))
    axes.add_artist(line)
    return line
