"""Figures as bytes that are the same on every run."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from metaimt.figures.layout import clean
from metaimt.figures.style import figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["svg", "png", "pdf"]

PNG_DPI: Final = 200.0
PNG_LIMIT: Final = 32_000
"""Pixels a side: browsers and image viewers stop at 32,767, so a very long figure gets fewer per inch."""

_TOLD: Final[dict[str, tuple[str, str]]] = {
    "svg": ("Title", "Description"),
    "png": ("Title", "Description"),
    "pdf": ("Title", "Subject"),
}
"""What the formats call a title, which readers show or speak, and a description."""

_METADATA: Final[dict[str, dict[str, Any]]] = {
    "svg": {"Date": None, "Creator": "metaimt"},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": "metaimt", "Producer": "metaimt"},
}


def figure_bytes(figure: Figure, kind: Kind, *, title: str = "", description: str = "") -> bytes:
    """Render `figure` as SVG (text as paths), PNG (200 dpi) or PDF, without a date or a version in it.

    `title` and `description` (the alternative text) go into the file's properties. Raises ValueError for another kind.
    """
    if kind not in _METADATA:
        raise ValueError(f"a figure is svg, png or pdf, not {kind!r}")
    told = {name: clean(text) for name, text in zip(_TOLD[kind], (title, description), strict=True) if text}
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format=kind, dpi=_dpi(figure), metadata={**_METADATA[kind], **told})
    return buffer.getvalue()


@dataclass(frozen=True)
class Pixels:
    """A picture before it is written to a file: `rgba` row by row, 4 bytes a pixel, `dpi` pixels an inch."""

    rgba: bytes
    width: int
    height: int
    dpi: float


def figure_pixels(figure: Figure) -> Pixels:
    """The pixels of the figure's PNG, for who makes another picture of them."""
    buffer, dpi = io.BytesIO(), _dpi(figure)
    with figure_style():
        figure.savefig(buffer, format="rgba", dpi=dpi)
    usual = figure.dpi
    figure.set_dpi(dpi)
    width, height = figure.canvas.get_width_height(physical=True)  # inches * dpi would round otherwise
    figure.set_dpi(usual)
    return Pixels(buffer.getvalue(), width, height, dpi)


def _dpi(figure: Figure) -> float:
    return min(PNG_DPI, PNG_LIMIT / float(max(figure.get_size_inches())))
