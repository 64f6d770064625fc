"""The figures of a review as files: each drawn and rendered at once, so that only words and bytes are kept of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.figures.registry import COHORTS, drawings, figure_names
from metaimt.figures.review_figure import Drawing, Drawn, NotDrawn, ReviewFigure
from metaimt.workers import Lost, run_each

if TYPE_CHECKING:
    from PIL import Image

    from metaimt.figures.save import Kind

PNG: Final = ("forest",)
"""Figures that a document without SVG needs."""
IN_WORD: Final = (
    "forest",
    "strata",
    "by-histology",
    "by-drug",
    "evidence-map",
    "time-on-treatment",
    "over-time",
    "selectivity",
)
"""Figures in the Word document; the others are named at its end."""
_LONG: Final = ("forest", "sensitivity", "leave-one-out", "swimmer")
"""Figures of many rows, begun first, so that no process waits long for another."""
_COLOURS: Final = 64  # of a picture in the document; line art needs no more, and it is a third of the size


@dataclass(frozen=True)
class FigureFiles:
    """A figure in words, its files (name in the outputs -> content), and its picture for the Word document, a PNG.

    A figure that was not drawn has no file; `picture` is None where the document does not show it.
    """

    drawn: Drawn
    files: Mapping[str, bytes] = field(default_factory=dict)
    picture: bytes | None = None


def review_figure_files(results: Results, jobs: int = 1, lost: list[Lost] | None = None) -> tuple[FigureFiles, ...]:
    """Every figure of the review, in the order of the report, in `jobs` processes.

    One that fails is added to `lost`, and stands in its place as not drawn; without `lost` what it raises is raised.
    """
    names = {**figure_names(results.protocol), COHORTS: "figures of the cohorts"}
    longest_first = sorted(names, key=lambda name: name not in _LONG)
    found = run_each({f"figures/{name}": partial(_of_name, results, name) for name in longest_first}, jobs, lost)
    failed = {
        name: (FigureFiles(NotDrawn(name, words[:1].upper() + words[1:], "its drawing failed")),)
        for name, words in names.items()
    }
    return tuple(files for name in names for files in found.get(f"figures/{name}", failed[name]))


def _of_name(results: Results, name: str) -> tuple[FigureFiles, ...]:
    return tuple(figure_files(drawing) for drawing in drawings(results, name))


def figure_files(drawing: Drawing) -> FigureFiles:
    """One figure, rendered."""
    from metaimt.figures.save import figure_bytes

    if not isinstance(drawing, ReviewFigure):
        return FigureFiles(drawing)
    kinds: tuple[Kind, ...] = ("svg", "png") if drawing.name in PNG else ("svg",)
    where = f"figures/{drawing.name}"
    files = {
        f"{where}.{kind}": figure_bytes(drawing.figure, kind, title=drawing.title, description=drawing.alt)
        for kind in kinds
    }
    picture = _few_colours(drawing, files.get(f"{where}.png")) if drawing.name in IN_WORD else None
    return FigureFiles(drawing.text(), files, picture)


def _few_colours(drawing: ReviewFigure, png: bytes | None) -> bytes:
    """The picture, rendered already or not, with few colours: pillow comes with matplotlib."""
    from PIL import Image

    from metaimt.figures.save import figure_pixels

    if png is not None:
        with Image.open(io.BytesIO(png)) as read:
            return _quantized(read.convert("RGB"), read.info.get("dpi", (200, 200)))
    # A PNG in between would be packed and unpacked for nothing.
    pixels = figure_pixels(drawing.figure)
    image = Image.frombytes("RGBA", (pixels.width, pixels.height), pixels.rgba)
    return _quantized(image.convert("RGB"), (pixels.dpi, pixels.dpi))


def _quantized(image: Image.Image, dpi: tuple[float, float]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    image.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(buffer, "PNG", dpi=dpi)
    return buffer.getvalue()
