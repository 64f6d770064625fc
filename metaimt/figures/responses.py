"""The best response as a sign: the same shape and colour in every figure. Shapes differ, so grey is enough."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, pi, sin
from typing import TYPE_CHECKING, Final

from matplotlib.patches import Polygon

from metaimt.figures import style
from metaimt.figures.layout import LegendEntry

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIGN: Final = 0.088
"""Height and width of a sign, inches."""
RESPONSES: Final = {
    "CR": ("Complete response (CR)", style.BLUE),
    "PR": ("Partial response (PR)", style.BLUE),
    "SD": ("Stable disease (SD)", style.ORANGE),
    "PD": ("Progressive disease (PD)", style.VERMILLION),
    "NE": ("Not evaluable (NE)", style.GREY),
}
_ROUND: Final = [(cos(2 * pi * k / 24), sin(2 * pi * k / 24)) for k in range(25)]
_OUTLINES: Final = {
    "CR": _ROUND,
    "PR": _ROUND,
    "SD": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    "PD": [(-1.05, -0.9), (1.05, -0.9), (0.0, 1.0)],
    "NE": [(-1.1, 0.0), (0.0, -1.1), (1.1, 0.0), (0.0, 1.1)],
}
_FILLS: Final = {**_OUTLINES, "PR": [(x, y) for x, y in _ROUND if x <= 1e-9], "NE": []}


def draw_response(axes: Axes, response: str, centre: tuple[float, float], unit: float = 1.0) -> None:
    """The sign of a response at `centre`; x of the axes has `unit` an inch, y is in inches, downwards.

    CR a full disc, PR a disc half full, SD a square, PD a triangle on its point, NE a hollow rhomb; nothing for a
    response that is not one of these.
    """
    if response not in RESPONSES:
        return
    (x, y), half = centre, SIGN / 2

    def placed(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + half * unit * dx, y + half * dy) for dx, dy in points]

    colour = RESPONSES[response][1]
    if _FILLS[response]:
        part = Polygon(placed(_FILLS[response]), closed=True, facecolor=colour, edgecolor="none", zorder=5)
        part.set_clip_on(False)
        axes.add_artist(part)
    outline = Polygon(placed(_OUTLINES[response]), closed=True, facecolor="none", edgecolor=colour, lw=0.9, zorder=5)
    outline.set(clip_on=False, joinstyle="miter")
    axes.add_artist(outline)


def response_entries(shown: Iterable[str]) -> list[LegendEntry]:
    """One legend entry for each response that is shown, in the order of the RECIST categories."""
    present = set(shown)
    return [_entry(response) for response in RESPONSES if response in present]


def _entry(response: str) -> LegendEntry:
    return LegendEntry(RESPONSES[response][0], lambda axes, x, y: draw_response(axes, response, (x, y)))
