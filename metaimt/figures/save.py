"""Figures as bytes that are the same on every run and processor."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from math import sqrt
from typing import TYPE_CHECKING, Any, Final, Literal

from metaimt.figures.layout import clean
from metaimt.figures.style import figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["svg", "png", "pdf"]

PNG_DPI: Final = 200.0
PNG_LIMIT: Final = 32_000
"""Pixels a side: browsers and image viewers stop at 32,767, so a very long figure gets fewer per inch."""

PNG_PIXELS: Final = 8_000_000
"""Pixels in all, since each takes several times its 4 bytes while the picture of the page is made."""

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


_PLACES: Final = 3
"""Decimals of a point. Matplotlib writes six, where a number such as 237.5611125 goes up or down by its last bit."""

_COORDINATES: Final = re.compile(r'\b(?:d|x|y|width|height|viewBox|transform)="[^"]*"')
_NUMBER: Final = re.compile(r"scale\([^)]*\)|-?\b\d+\.\d{4,}|-0\b(?!\.)")
_CLIP: Final = re.compile(r' *<clipPath id="(p[0-9a-f]{10})">(.*?)</clipPath>\n', re.DOTALL)
_MARKER: Final = re.compile(r'<path id="(m[0-9a-f]{10})"(.*?)/>', re.DOTALL)
_NAME: Final = re.compile(r'(?<=[#"])[mp][0-9a-f]{10}(?=["\)])')


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
    found = buffer.getvalue()
    return steady(found.decode("utf-8")).encode("utf-8") if kind == "svg" else found


def steady(svg: str) -> str:
    """Matplotlib's SVG without the last bits of its numbers, which differ between processors.

    Coordinates are rounded, and 0 has no sign. Clip paths and markers, which matplotlib names after every bit of their
    numbers, are named after what is written; of two clip paths that are the same one stays.
    """
    text = _COORDINATES.sub(lambda found: _NUMBER.sub(_rounded, found[0]), svg)
    names: dict[str, str] = {}
    for name, written in (*_found(_CLIP, text), *_found(_MARKER, text)):
        names[name] = f"{name[0]}{sha256(written.encode()).hexdigest()[:10]}"
    kept: set[str] = set()

    def once(found: re.Match[str]) -> str:
        known = names[found[1]] in kept
        kept.add(names[found[1]])
        return "" if known else found[0]

    return _NAME.sub(lambda found: names.get(found[0], found[0]), _CLIP.sub(once, text))


def _found(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    return ((found[1], found[2]) for found in pattern.finditer(text))


def _rounded(found: re.Match[str]) -> str:
    if found[0].startswith("scale"):  # of letters: their outlines are in units of the font
        return found[0]
    text = f"{float(found[0]):.{_PLACES}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


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
    width, height = map(float, figure.get_size_inches())
    return min(PNG_DPI, PNG_LIMIT / max(width, height), sqrt(PNG_PIXELS / (width * height)))
