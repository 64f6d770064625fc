"""The figures of a review as files and in report.md.

Each is drawn and rendered at once, so that only words and bytes are kept of it. In the report each stands in its
section, with alternative text and caption, or why it is not drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from metaimt.analyses.results import Results
from metaimt.figures.registry import COHORTS, SECTIONS, drawings, figure_names, is_built, section_of
from metaimt.figures.review_figure import Drawing, Drawn, FigureText, NotDrawn, ReviewFigure
from metaimt.render.markdown import escaped
from metaimt.workers import Lost, run_each

if TYPE_CHECKING:
    from PIL import Image

    from metaimt.figures.save import Kind
    from metaimt.render.word import Picture


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
    names = {name: words for name, words in names.items() if is_built(results, name)}
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

    from metaimt.figures.save import PICTURE_DPI, figure_pixels

    if png is not None:
        with Image.open(io.BytesIO(png)) as read:
            return _quantized(read.convert("RGB"), read.info.get("dpi", (200, 200)))
    # A PNG in between would be packed and unpacked for nothing.
    pixels = figure_pixels(drawing.figure, PICTURE_DPI)
    image = Image.frombytes("RGBA", (pixels.width, pixels.height), pixels.rgba)
    return _quantized(image.convert("RGB"), (pixels.dpi, pixels.dpi))


def _quantized(image: Image.Image, dpi: tuple[float, float]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    image.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(buffer, "PNG", dpi=dpi)
    return buffer.getvalue()


def figure_sections(drawn: Sequence[Drawn]) -> dict[str, str]:
    """Section -> its figures in Markdown, empty where it has none."""
    return {section: _markdown(figures) for section, figures in by_section(drawn).items()}


def by_section(drawn: Sequence[Drawn]) -> dict[str, list[Drawn]]:
    """Section -> its figures, in the order drawn."""
    placed: dict[str, list[Drawn]] = {section: [] for section in SECTIONS}
    for each in drawn:
        placed[section_of(each.name)].append(each)
    return placed


def _markdown(figures: Iterable[Drawn]) -> str:
    return "".join(f"{figure_markdown(each)}\n\n" for each in figures)


def figure_markdown(each: Drawn, folder: str = "figures/") -> str:
    """The picture with its alternative text, and the caption under it; or that it is not drawn, and why."""
    if isinstance(each, NotDrawn):
        return f"*{escaped(each.wording())}.*"
    return f"![{escaped(each.alt)}]({folder}{each.name}.svg)\n\n*{escaped(each.caption)}*"


def gallery(drawn: Sequence[Drawn]) -> str:
    """figures/README.md: every figure with its title and caption, and those that were not drawn."""
    parts = [f"## {escaped(each.title)}\n\n{figure_markdown(each, folder='')}" for each in drawn_figures(drawn)]
    missing = [f"- {escaped(each.wording())}" for each in drawn if isinstance(each, NotDrawn)]
    parts += ["## Not drawn\n\n" + "\n".join(missing)] if missing else []
    return (
        "\n\n".join(["# Figures", "One figure in another form: `metaimt figures NAME --out FILE.pdf`.", *parts]) + "\n"
    )


def pictures(files: Iterable[FigureFiles]) -> dict[str, list[Picture]]:
    """Section -> the figures of a document that were drawn."""
    from metaimt.render.word import Picture

    found: dict[str, list[Picture]] = {section: [] for section in SECTIONS}
    for each in files:
        drawn = each.drawn
        if isinstance(drawn, FigureText):
            address = f"figures/{drawn.name}.svg"
            picture = Picture(address, drawn.title, drawn.alt, drawn.caption, each.picture)
            found[section_of(drawn.name)].append(picture)
    return found


def drawn_figures(drawn: Iterable[Drawn]) -> list[FigureText]:
    """Those that were drawn."""
    return [each for each in drawn if isinstance(each, FigureText)]
