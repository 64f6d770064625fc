"""A PNG has as many pixels as its figure needs, and not more than a viewer and a small machine take."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from metaimt.figures.save import PNG_DPI, PNG_LIMIT, PNG_PIXELS, figure_pixels


@pytest.mark.parametrize(
    ("size", "dpi"),
    [
        ((7.0, 9.0), PNG_DPI),
        ((9.0, 32.0), (PNG_PIXELS / (9 * 32)) ** 0.5),  # 150 reports
        ((0.5, 320.0), PNG_LIMIT / 320),
    ],
)
def test_pixels_of_a_figure(size: tuple[float, float], dpi: float) -> None:
    pixels = figure_pixels(Figure(figsize=size))
    assert pixels.dpi == pytest.approx(dpi)
    assert pixels.width * pixels.height == len(pixels.rgba) / 4 <= PNG_PIXELS
    assert max(pixels.width, pixels.height) <= PNG_LIMIT
