"""Figures as bytes that are the same on every run."""

from __future__ import annotations

import io
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
    dpi = min(PNG_DPI, PNG_LIMIT / max(figure.get_size_inches()))
    told = {name: clean(text) for name, text in zip(_TOLD[kind], (title, description), strict=True) if text}
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format=kind, dpi=dpi, metadata={**_METADATA[kind], **told})
    return buffer.getvalue()
