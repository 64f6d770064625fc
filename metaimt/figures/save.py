"""Figures as bytes that are the same on every run and processor."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from html import unescape
from math import sqrt
from typing import TYPE_CHECKING, Any, Final, Literal
from xml.sax.saxutils import escape

from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from metaimt.figures import style
from metaimt.figures.layout import WHOLE, clean, drawable, text_width
from metaimt.figures.style import TextStyle, figure_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["svg", "png", "pdf"]

PNG_DPI: Final = 300.0
PICTURE_DPI: Final = 200.0
"""Of the pictures in a document, which is sent by mail."""
MOST_PIXELS: Final = 100_000_000
"""That somebody who names the dots an inch can ask for."""
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
_TEXT: Final = re.compile(r'<g id="([^"]*)">\s*<text style="([^"]*)"([^>]*)>([^<]*)</text>')
_UPRIGHT: Final = re.compile(r' transform="rotate\(-?0 [^)]*\)"')
_NAME: Final = re.compile(r'(?<=[#"])[mp][0-9a-f]{10}(?=["\)])')


def figure_bytes(
    figure: Figure, kind: Kind, *, title: str = "", description: str = "", dpi: float | None = None
) -> bytes:
    """Render `figure` as SVG (text as text), PNG (300 dpi) or PDF (fonts embedded), without a date or a version in it.

    `title` and `description` (the alternative text) go into the file's properties. `dpi`: of a PNG. Raises ValueError
    for another kind, or for a PNG of more than `PNG_LIMIT` pixels a side or `MOST_PIXELS` in all.
    """
    if kind not in _METADATA:
        raise ValueError(f"a figure is svg, png or pdf, not {kind!r}")
    told = {name: clean(text) for name, text in zip(_TOLD[kind], (title, description), strict=True) if text}
    buffer = io.BytesIO()
    with figure_style():
        found_dpi = _dpi(figure) if dpi is None else _asked(figure, dpi)
        figure.savefig(buffer, format=kind, dpi=found_dpi, metadata={**_METADATA[kind], **told})
        if kind != "svg":
            return buffer.getvalue()
        return written(steady(buffer.getvalue().decode("utf-8")), _whole(figure)).encode("utf-8")


def in_notebook(figure: Figure) -> Figure:
    """The same figure, which Jupyter draws where it is the value of a cell; without pyplot it would print its name."""
    vars(figure)["_repr_svg_"] = partial(_svg, figure)
    return figure


def _svg(figure: Figure) -> str:
    return figure_bytes(figure, "svg").decode("utf-8")


def pages_bytes(pages: Sequence[Figure], *, title: str = "", description: str = "") -> bytes:
    """One PDF of several pages of A4, each drawing in the middle of its sheet; a wider one has a sheet as wide."""
    told = {name: clean(text) for name, text in zip(_TOLD["pdf"], (title, description), strict=True) if text}
    buffer = io.BytesIO()
    with figure_style(), PdfPages(buffer, metadata={**_METADATA["pdf"], **told}) as pdf:
        for page in pages:
            width, height = map(float, page.get_size_inches())
            side, top = max(0.0, (style.A4[0] - width) / 2), height + style.EDGE
            pdf.savefig(page, bbox_inches=Bbox([[-side, top - style.A4[1]], [width + side, top]]))
    return buffer.getvalue()


def without_glyph(figure: Figure) -> str:
    """The letters of the figure's texts that its font has not, each once: PNG and PDF show a sign in their place."""
    signs = (sign for text in _whole(figure).values() for sign in text if drawable(sign) != sign)
    return "".join(dict.fromkeys(signs))


def _whole(figure: Figure) -> dict[str, str]:
    """Id of a text that has such letters -> the whole text."""
    texts = (found for found in figure.findobj(Text) if str(found.get_gid()).startswith(WHOLE))
    return {str(found.get_gid()): str(found.get_label()) for found in texts}


def written(svg: str, whole: dict[str, str]) -> str:
    """Each text with the width that it was laid out with, whatever font its reader has; letters no font had, put back.

    whole: the texts by the id of their group. Must be called within `figure_style()`.
    """

    def one(found: re.Match[str]) -> str:
        """One text, with the width that was measured."""
        group, look, rest, shown = found.groups()
        size = re.search(r"([\d.]+)px", look)
        bold = re.search(r"\b(?:700|bold)\b", look) is not None
        width = 72 * text_width(unescape(shown), TextStyle(float(size[1]) if size else style.BODY.size, bold))
        text = escape(whole[group]) if group in whole else shown
        length = f' textLength="{width:.2f}" lengthAdjust="spacingAndGlyphs"'
        rest = _UPRIGHT.sub("", rest)
        name = found[0][: found[0].index("<text")].replace(f' id="{group}"', "")
        family = look.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
        if any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in text):
            family += "; unicode-bidi: plaintext"  # in the order of its first letter, as in the other formats
        return f'{name}<text style="{family}"{rest}{length}>{text}</text>'

    return _TEXT.sub(one, svg)


def in_grey(figure: Figure) -> None:
    """Every colour of the figure as the grey that is as light."""

    def of(colour: Any) -> Any:
        return (*to_rgba(style.grey(to_hex(colour)))[:3], to_rgba(colour)[3])

    for found in figure.findobj():
        if isinstance(found, Text | Line2D):
            found.set_color(of(found.get_color()))
            if isinstance(found, Line2D):
                found.set_markerfacecolor(of(found.get_markerfacecolor()))
                found.set_markeredgecolor(of(found.get_markeredgecolor()))
        elif isinstance(found, Patch):
            found.set_facecolor(of(found.get_facecolor()))
            found.set_edgecolor(of(found.get_edgecolor()))
        elif isinstance(found, Collection):
            found.set_facecolor([of(colour) for colour in found.get_facecolor()])
            found.set_edgecolor([of(colour) for colour in found.get_edgecolor()])


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


def figure_pixels(figure: Figure, most: float = PNG_DPI) -> Pixels:
    """The pixels of the figure's PNG, of at most so many an inch, for who makes another picture of them."""
    buffer, dpi = io.BytesIO(), _dpi(figure, most)
    with figure_style():
        figure.savefig(buffer, format="rgba", dpi=dpi)
    usual = figure.dpi
    figure.set_dpi(dpi)
    width, height = figure.canvas.get_width_height(physical=True)  # inches * dpi would round otherwise
    figure.set_dpi(usual)
    return Pixels(buffer.getvalue(), width, height, dpi)


def _asked(figure: Figure, dpi: float) -> float:
    width, height = map(float, figure.get_size_inches())
    if dpi < 1:
        raise ValueError("a picture has at least 1 dot an inch")
    if dpi * max(width, height) > PNG_LIMIT or dpi**2 * width * height > MOST_PIXELS:
        most = min(PNG_LIMIT / max(width, height), sqrt(MOST_PIXELS / (width * height)))
        raise ValueError(f"a picture of {width:.1f} x {height:.1f} inches has at most {most:.0f} dots an inch")
    return dpi


def _dpi(figure: Figure, most: float = PNG_DPI) -> float:
    width, height = map(float, figure.get_size_inches())
    return min(most, PNG_LIMIT / max(width, height), sqrt(PNG_PIXELS / (width * height)))
