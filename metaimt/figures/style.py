"""The one visual language of all figures: colours, type sizes, marks, and matplotlib's settings.

Colours derive from Okabe and Ito (https://jfly.uni-koeln.de/color/); wherever a colour carries meaning,
a shape or a fill carries it too, so that a figure reads the same in grey.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, Patch, Polygon, Rectangle

from metaimt.content.forest_row import Tone

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

PAGE_WIDTH: Final = 170 / 25.4
"""Inches, the text width of an A4 page and of two columns of a journal."""

A4: Final = (210 / 25.4, 297 / 25.4)
"""Inches."""
EDGE: Final = 15 / 25.4
"""Inches of paper above and below a drawing that takes pages."""

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
    "svg.fonttype": "none",  # text that can be searched; `save` gives it the width it was laid out with
    "pdf.fonttype": 42,
}


@dataclass(frozen=True)
class TextStyle:
    """How a text looks: size in points, weight and colour."""

    size: float = 8.0
    bold: bool = False
    colour: str = INK


TITLE: Final = TextStyle(9.5, bold=True)
SUBTITLE: Final = TextStyle(7.5, colour=GREY)
BODY: Final = TextStyle(7.5)
STRONG: Final = TextStyle(7.5, bold=True)
SMALL: Final = TextStyle(7.0, colour=GREY)
TINY: Final = TextStyle(7.0, colour=INK)
"""No text is smaller, since journals print none that is."""


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


@dataclass(frozen=True)
class Setting:
    """How a figure is set, as a journal may want it; nothing that it says depends on it.

    width: of a figure that is laid out in columns, inches; None for that of a page, or more if it must be. title:
    whether title and subtitle stand over it. pages: whether a forest plot longer than a page becomes several.
    """

    width: float | None = None
    title: bool = True
    font: str = FONT
    pages: bool = False


_SETTING: Final[ContextVar[Setting]] = ContextVar("setting", default=Setting())  # noqa: B039 - frozen


def setting() -> Setting:
    """How the figure that is being drawn is set."""
    return _SETTING.get()


@contextmanager
def set_as(chosen: Setting) -> Iterator[None]:
    """What is drawn within is set so."""
    before = _SETTING.set(chosen)
    try:
        yield
    finally:
        _SETTING.reset(before)


@contextmanager
def figure_style() -> Iterator[None]:
    """Matplotlib's own defaults plus the project's settings, whatever the user's matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        mpl.rcParams["font.family"] = list(dict.fromkeys((setting().font, FONT)))
        yield


def grey(colour: str) -> str:
    """The grey that is as light as a colour ('#RRGGBB')."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return "#" + f"{round(0.2126 * red + 0.7152 * green + 0.0722 * blue):02X}" * 3


def tint(colour: str, strength: float) -> str:
    """`colour` ('#RRGGBB') mixed with white: strength 1 leaves it as it is, 0 gives white."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - (255 - part) * strength):02X}" for part in parts)


REFERENCE: Final[dict[str, Any]] = {"colour": GREY, "dashes": (4, 2.5), "zorder": 2}
"""The look of a line at the pooled estimate."""
THRESHOLD: Final[dict[str, Any]] = {"colour": SILVER, "width": 0.9, "dashes": (1, 1.8), "zorder": 2}
"""The look of a line at a value of interest."""


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


def draw_shape(axes: Axes, corners: Sequence[tuple[float, float]], **look: Any) -> Polygon:
    """A closed polygon, with the look that matplotlib's Polygon takes; it is cut at the axes unless `clip_on=False`."""
    shape = Polygon(corners, closed=True, **look)
    axes.add_artist(shape)
    return shape


def draw_rectangle(axes: Axes, centre: tuple[float, float], size: tuple[float, float], **look: Any) -> Rectangle:
    """A rectangle of `size` (width, height) around `centre`, both in axes units."""
    (x, y), (width, height) = centre, size
    shape = Rectangle((x - width / 2, y - height / 2), width, height, **look)
    axes.add_artist(shape)
    return shape


def draw_box(axes: Axes, tone: Tone, centre: tuple[float, float], size: tuple[float, float]) -> Patch:
    """A square, or for the local cohort a disc of the same area, of `size` in axes units."""
    look = MARKS[tone]
    drawn: dict[str, Any] = {"facecolor": look.face, "edgecolor": look.edge, "linewidth": 1.0, "joinstyle": "miter"}
    drawn |= {"clip_on": False, "zorder": 4}
    if not look.round:
        return draw_rectangle(axes, centre, size, **drawn)
    to_disc = 2 / 3.141592653589793**0.5
    disc = Ellipse(centre, size[0] * to_disc, size[1] * to_disc, **drawn)
    axes.add_artist(disc)
    return disc


def draw_diamond(axes: Axes, tone: Tone, extent: tuple[float, float, float], y: float, half_height: float) -> Patch:
    """A summary diamond whose left, middle and right corners are `extent` (lower, estimate, upper)."""
    look, (lower, middle, upper) = DIAMONDS[tone], extent
    corners = [(lower, y), (middle, y - half_height), (upper, y), (middle, y + half_height)]
    colours = {"facecolor": look.face, "edgecolor": look.edge}
    return draw_shape(axes, corners, **colours, linewidth=MEDIUM, joinstyle="miter", zorder=4)


def draw_rhomb(axes: Axes, centre: tuple[float, float], size: tuple[float, float]) -> Patch:
    """A small square on its corner, of `size` in axes units: an estimate that goes with the one above it."""
    (x, y), (width, height) = centre, (size[0] / 2, size[1] / 2)
    corners = [(x - width, y), (x, y - height), (x + width, y), (x, y + height)]
    look = {"facecolor": PAPER, "edgecolor": COMPANION, "linewidth": 1.1}
    return draw_shape(axes, corners, **look, joinstyle="miter", clip_on=False, zorder=4)


def draw_arrow(axes: Axes, tip: tuple[float, float], length: float, half_height: float, colour: str) -> Patch:
    """An arrow head that ends at `tip`; a negative `length` points to the left."""
    x, y = tip
    corners = [(x, y), (x - length, y - half_height), (x - length, y + half_height)]
    return draw_shape(axes, corners, facecolor=colour, edgecolor="none", clip_on=False, zorder=5)


def draw_bar(axes: Axes, ends: tuple[float, float], y: float, half_height: float, caps: tuple[bool, bool]) -> Line2D:
    """A prediction interval: a dashed line, with an upright cap at each end that `caps` asks for."""
    for x, wanted in zip(ends, caps, strict=True):
        if wanted:
            draw_line(axes, (x, x), (y - half_height, y + half_height), width=1.2)
    return draw_line(axes, ends, (y, y), dashes=(3, 2))
