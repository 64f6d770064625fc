"""What is drawn on a figure: its texts with their boxes, its named marks, and whether all that is tidy."""

from __future__ import annotations

from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from metaimt.figures.style import figure_style

TOUCH = 0.5  # pixels that two text boxes may share: rounding of glyphs to the pixel grid

EXTREME_LABELS = [
    "Made up " * 15,
    "x" * 120,
    "made-up-" * 15,
    "W" * 120,
    "Cost $5 and $6_a^b$, $\\frac{1}{2}$",
    "<script>alert('made up')</script> & -->",
    "first line\nsecond line\ttab\x00nul\x1bescape\u2028end",
    "Ångström Šimůnek Łukasz Ğüneş Þórður Ő’Brien ß",
    "名前 \ud800 \U0001f600",
]


def texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """All that is written on the figure, with its box in pixels."""
    assert not any(axes.axison for axes in figure.axes)  # so that there are no tick labels but ours
    canvas: Any = figure.canvas
    renderer = canvas.get_renderer()
    shown = [text for axes in figure.axes for text in axes.texts if text.get_text()]
    with figure_style():
        return [(text, text.get_window_extent(renderer)) for text in (*shown, *figure.texts)]


def assert_tidy(figure: Figure) -> None:
    """No text leaves the canvas or touches another; no mark leaves the canvas."""
    boxes = sorted(texts(figure), key=lambda pair: pair[1].y0)
    width, height = figure.canvas.get_width_height()
    assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= width and b.y1 <= height for _, b in boxes)
    for place, (text, box) in enumerate(boxes):
        for other_text, other in boxes[place + 1 :]:
            if other.y0 >= box.y1 - TOUCH:
                break
            beside = other.x0 >= box.x1 - TOUCH or box.x0 >= other.x1 - TOUCH
            assert beside, (text.get_text(), other_text.get_text())
    for mark in marks(figure).values():
        extent = mark.get_tightbbox()  # what its clipping leaves of it
        assert extent and extent.x0 >= 0 and extent.x1 <= width and extent.y0 >= 0 and extent.y1 <= height


def marks(figure: Figure) -> dict[str, Artist]:
    """The marks of the rows by their ids."""
    children = (child for axes in figure.axes for child in (*axes.patches, *axes.lines))
    return {str(child.get_gid()): child for child in children if child.get_gid()}


def written(figure: Figure) -> list[str]:
    return [text.get_text() for text, _ in texts(figure)]
