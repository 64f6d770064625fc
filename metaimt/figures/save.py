"""Figures as bytes that are the same on every run."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final, Literal

from metaimt.figures.style import figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["svg", "png", "pdf"]

PNG_DPI: Final = 200.0
PNG_LIMIT: Final = 32_000
"""Pixels a side: browsers and image viewers stop at 32,767, so a very long figure gets fewer per inch."""

_METADATA: Final[dict[str, dict[str, Any]]] = {
    "svg": {"Date": None, "Creator": "metaimt"},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": "metaimt", "Producer": "metaimt"},
}


def figure_bytes(figure: Figure, kind: Kind) -> bytes:
    """Render `figure` as SVG (text as paths), PNG (200 dpi) or PDF, without a date or a version in it.

    Raises ValueError for another kind.
    """
    if kind not in _METADATA:
        raise ValueError(f"a figure is svg, png or pdf, not {kind!r}")
    dpi = min(PNG_DPI, PNG_LIMIT / max(figure.get_size_inches()))
    buffer = io.BytesIO()
    with figure_style():
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=_METADATA[kind])
    return buffer.getvalue()
