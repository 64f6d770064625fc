"""Text in inches: cleaning, measuring, wrapping, and a sheet to put it on."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import fsum
from typing import TYPE_CHECKING, Any, Final, Literal

from matplotlib import font_manager, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from metaimt.figures.review_figure import Place
from metaimt.figures.style import (
    FONT,
    MEDIUM,
    PAPER,
    SMALL,
    SUBTITLE,
    TITLE,
    TextStyle,
    draw_line,
    setting,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Align = Literal["left", "center", "right"]

LEADING: Final = 1.3
"""Distance of two baselines, in multiples of the type size."""

LEGEND_SIGN: Final = 0.27
LEGEND_GAP: Final = 0.22
MARGIN: Final = 0.12
"""Inches around everything."""
TICK: Final = 0.035
"""Inches that a tick of an axis is long."""

WHOLE: Final = "whole-"
"""Begins the id of a text some letters of which the font has not; its label is the whole text."""
GRAIN: Final = 512
_MEASURING_DPI: Final = 1000.0
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_BREAK_AFTER: Final = "-/_,;:.+"
_NUMERIC: Final = re.compile(r"[\d\s./,%<>=\N{EN DASH}\N{MINUS SIGN}+-]*\d[\d\s./,%\N{EN DASH}-]*")


@lru_cache(maxsize=64)
def _properties(style: TextStyle, font: str) -> font_manager.FontProperties:
    return font_manager.FontProperties(
        family=list(dict.fromkeys((font, FONT))), weight="bold" if style.bold else "normal", size=style.size
    )


@lru_cache(maxsize=4)
def _drawable(font: str) -> frozenset[int]:
    """The code points that the font has in both weights, and those of the usual one, which stands in for it."""
    return _signs_of(font) | _signs_of(FONT)


@lru_cache(maxsize=4)
def _signs_of(font: str) -> frozenset[int]:
    each = (font_manager.FontProperties(family=font, weight=weight) for weight in ("normal", "bold"))
    paths = (font_manager.findfont(found, fallback_to_default=False) for found in each)
    regular, bold = (frozenset(font_manager.get_font(path).get_charmap()) for path in paths)
    return regular & bold


@lru_cache(maxsize=1)
def _renderer() -> RendererAgg:
    return RendererAgg(1, 1, _MEASURING_DPI)  # type: ignore[no-untyped-call,unused-ignore]


def clean(text: str) -> str:
    """One line of `text` that can be written: control characters become spaces, signs without glyph U+FFFD.

    A letter that the font has not stays: an SVG holds it for the fonts of its reader.
    """
    return _cleaned(text, setting().font)


@lru_cache(maxsize=8192)
def _cleaned(text: str, font: str) -> str:
    spaced = (" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text)
    shown = (sign for sign in spaced if unicodedata.category(sign) != "Cf")
    joined = re.sub(" +", " ", unicodedata.normalize("NFC", "".join(shown))).strip(" ")
    known = _drawable(font)
    return "".join(
        sign if ord(sign) in known or unicodedata.category(sign)[0] in "LM" else _REPLACEMENT for sign in joined
    )


def drawable(text: str) -> str:
    """Cleaned text with U+FFFD for each letter that the font has not: it is as wide, and all that pixels can show."""
    known = _drawable(setting().font)
    return "".join(sign if ord(sign) in known else _REPLACEMENT for sign in text)


def is_installed(font: str) -> bool:
    """Whether there is a font of that name; one that was installed after matplotlib last looked is found too."""
    if font not in font_manager.get_font_names():
        _look_again()
    return font in font_manager.get_font_names()


def font_with(letters: str) -> str:
    """The first installed font by name that has all these letters, regular and bold, sans first; "" if none has."""
    _look_again()
    faces: dict[str, dict[bool, str]] = {}
    for found in font_manager.fontManager.ttflist:
        if found.style == "normal" and found.weight in (400, 700):
            faces.setdefault(found.name, {})[found.weight == 700] = found.fname
    names = sorted(faces.keys() - {FONT}, key=lambda name: ("Sans" not in name, "Mono" in name, name))
    wanted = frozenset(map(ord, letters))
    return next((name for name in names if len(faces[name]) == 2 and all(map(wanted.issubset, _maps(faces[name])))), "")


def _maps(faces: Mapping[bool, str]) -> Iterator[frozenset[int]]:
    return (frozenset(font_manager.get_font(path).get_charmap()) for path in faces.values())


def _look_again() -> None:
    """Matplotlib keeps a list of the fonts of its first start; add those that came since."""
    known = {found.fname for found in font_manager.fontManager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        with contextlib.suppress(OSError, RuntimeError):  # no font that can be read, so none that can be named
            font_manager.fontManager.addfont(path)


def text_width(text: str, style: TextStyle) -> float:
    """Width of one line of cleaned text, in inches, as drawn within `figure_style()`."""
    return _measured(drawable(text), style, setting().font, str(rcParams["text.hinting"])) if text else 0.0


@lru_cache(maxsize=32768)
def _measured(text: str, style: TextStyle, font: str, _hinting: str) -> float:
    """The setting that matplotlib measures under is part of the key."""
    measure: Callable[..., tuple[float, float, float]] = _renderer().get_text_width_height_descent
    width, _, _ = measure(text, _properties(style, font), ismath=False)
    return float(width) / _MEASURING_DPI


def line_height(style: TextStyle) -> float:
    """Distance of two baselines, in inches; a multiple of 1 / `GRAIN`, so that equal rows are equal to the last bit."""
    return round(style.size * LEADING / 72 * GRAIN) / GRAIN


def wrap(text: str, width: float, style: TextStyle) -> tuple[str, ...]:
    """Clean `text` and break it into lines of at most `width` inches, inside a word only if it must be."""
    whole = clean(text)
    if text_width(whole, style) <= width:
        return (whole,)
    lines: list[str] = []
    line = ""
    for word in whole.split(" "):
        longer = f"{line} {word}" if line else word
        if text_width(longer, style) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width, style)
        lines.extend(full)
    return (*lines, line)


def _pieces(word: str, width: float, style: TextStyle) -> list[str]:
    pieces = []
    while len(word) > 1 and text_width(word, style) > width:
        fits = 1
        while text_width(word[: fits + 1], style) <= width:
            fits += 1
        marks = [place for place in range(fits // 2, fits) if word[place] in _BREAK_AFTER]
        cut = marks[-1] + 1 if marks else fits
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word]


def widest(lines: Iterable[str], style: TextStyle) -> float:
    """Width in inches of the longest of some cleaned lines; 0 for none."""
    return max((text_width(line, style) for line in lines), default=0.0)


def column_align(cells: Iterable[str]) -> Align:
    """Numbers and counts such as 13/16 stand to the right, everything else to the left."""
    filled = [cell for cell in cells if cell.strip()]
    return "right" if filled and all(_NUMERIC.fullmatch(cell.strip()) for cell in filled) else "left"


def draw_sign(axes: Axes, at: tuple[float, float], sign: str, style: TextStyle) -> None:
    """One cleaned sign in the middle of `at`."""
    text = axes.text(*at, sign, ha="center", va="center_baseline", color=style.colour, zorder=6)
    text.set(fontproperties=_properties(style, setting().font), parse_math=False)


@dataclass(frozen=True)
class Sheet:
    """A figure with an axes over all of it, in inches from the top left corner."""

    figure: Figure
    axes: Axes
    width: float
    height: float

    def text(self, at: tuple[float, float], line: str, style: TextStyle, align: Align = "left") -> None:
        """Put one line of cleaned text with its baseline at `at`; nothing in it is taken for markup."""
        if not line:
            return
        font = _properties(style, setting().font)
        look: dict[str, Any] = {"fontproperties": font, "color": style.colour, "parse_math": False}
        shown = drawable(line)
        written = self.axes.text(*at, shown, ha=align, va="baseline", zorder=6, **look)
        if shown != line:
            written.set(label=line, gid=f"{WHOLE}{len(self.axes.texts)}")

    def upright(self, at: tuple[float, float], line: str, style: TextStyle) -> None:
        """Put one line of cleaned text upright, read from below, with the start of its baseline at `at`."""
        before = len(self.axes.texts)
        self.text(at, line, style)
        for written in self.axes.texts[before:]:
            written.set(rotation=90, rotation_mode="anchor")

    def block(self, x: float, top: float, lines: Sequence[str], style: TextStyle, align: Align = "left") -> float:
        """Put lines one below the other from `top` on; returns where they end."""
        for place, line in enumerate(lines):
            middle = top + (place + 0.5) * line_height(style)
            self.text((x, middle + 0.36 * style.size / 72), line, style, align)
        return top + len(lines) * line_height(style)

    def rule(self, y: float, ends: tuple[float, float], width: float = MEDIUM) -> None:
        """A horizontal rule."""
        draw_line(self.axes, ends, (y, y), width=width, zorder=2)

    def band(self, top: float, height: float, ends: tuple[float, float], colour: str) -> None:
        """A band of colour behind everything else."""
        box = self._rectangle(top, height, ends, colour)
        box.set(transform=self.axes.transData, zorder=-2)
        self.figure.add_artist(box)

    def cover(self, top: float, height: float, ends: tuple[float, float], colour: str = PAPER) -> None:
        """Paper over the lines of a plot, for a text that runs across it."""
        self.axes.add_artist(self._rectangle(top, height, ends, colour))

    @staticmethod
    def _rectangle(top: float, height: float, ends: tuple[float, float], colour: str) -> Rectangle:
        corner, width = (ends[0], top), ends[1] - ends[0]
        return Rectangle(corner, width, height, facecolor=colour, edgecolor="none", zorder=0)

    def plot_axes(self, left: float, width: float, top: float, height: float, zorder: float = 0) -> Axes:
        """A bare axes at this place in inches; its scales are the caller's."""
        place = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axes = self.figure.add_axes(place, zorder=zorder)
        axes.set_axis_off()
        return axes

    def row_axes(self, left: float, width: float, top: float, height: float) -> Axes:
        """A bare axes under the texts, whose vertical unit is still inches from the top of the sheet."""
        axes = self.plot_axes(left, width, top, height, zorder=-1)
        axes.set_ylim(top + height, top)
        axes.set_autoscale_on(False)
        return axes

    def place(self, left: float, top: float, width: float, height: float) -> Place:
        """This part of the sheet as a place of the picture."""
        return Place(left / self.width, top / self.height, width / self.width, height / self.height)

    def tick(self, x: float, y: float, label: str, style: TextStyle) -> None:
        """A tick below an axis at the height `y`, with its label."""
        draw_line(self.axes, (x, x), (y, y + TICK))
        self.block(x, y + TICK + 0.01, (label,), style, "center")


def new_sheet(width: float, height: float) -> Sheet:
    """An empty sheet of `width` times `height` inches; it needs no pyplot and leaves no global state."""
    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_autoscale_on(False)
    return Sheet(figure, axes, width, height)


@dataclass(frozen=True)
class Words:
    """Wrapped texts one below the other, each line with its style."""

    lines: tuple[tuple[str, TextStyle], ...] = ()

    @classmethod
    def wrapped(cls, width: float, *texts: tuple[str, TextStyle]) -> Words:
        """Each text broken into lines of at most `width` inches; a blank one takes no line.

        Nor does a title or subtitle where the figure is set without.
        """
        shown = (text for text in texts if text[0].strip() and (setting().title or text[1] not in (TITLE, SUBTITLE)))
        return cls(tuple((line, style) for text, style in shown for line in wrap(text, width, style)))

    @property
    def height(self) -> float:
        """Inches from the top of the first line to the bottom of the last."""
        return fsum(line_height(style) for _, style in self.lines)

    def draw(self, sheet: Sheet, x: float, top: float, align: Align = "left") -> float:
        """Put them on a sheet; returns where they end."""
        for line, style in self.lines:
            top = sheet.block(x, top, [line], style, align)
        return top


@dataclass(frozen=True)
class LegendEntry:
    """A text, and how to draw its sign around a point of a sheet (axes, x, y); None for text alone."""

    text: str
    paint: Callable[[Axes, float, float], object] | None = None


def level_sign(half: float = 0.1, **look: Any) -> Callable[[Axes, float, float], object]:
    """The sign of a legend that is a level line, `half` inches to either side, with the look that `draw_line` takes."""
    return lambda axes, x, y: draw_line(axes, (x - half, x + half), (y, y), **look)


def upright_sign(**look: Any) -> Callable[[Axes, float, float], object]:
    """The sign of a legend that is an upright line, with the look that `draw_line` takes."""
    return lambda axes, x, y: draw_line(axes, (x, x), (y - 0.06, y + 0.06), **look)


def threshold_entries(
    thresholds: Iterable[float], axis: tuple[float, float], paint: Callable[[Axes, float, float], object]
) -> list[LegendEntry]:
    """One entry for all thresholds (proportions) that lie on the axis; none if none does."""
    shown = [f"{100 * value:.4g}" for value in sorted(thresholds) if axis[0] <= value <= axis[1]]
    return [LegendEntry(f"Thresholds {', '.join(shown)} %", paint)] if shown else []


@dataclass(frozen=True)
class Legend:
    """Entries in rows: of each the left edge, the entry and its wrapped lines."""

    rows: tuple[tuple[tuple[float, LegendEntry, tuple[str, ...]], ...], ...]

    @classmethod
    def wrapped(cls, width: float, entries: Sequence[LegendEntry]) -> Legend:
        """Entries side by side in rows of at most `width` inches."""
        rows: list[list[tuple[float, LegendEntry, tuple[str, ...]]]] = []
        right = width
        for entry in entries:
            sign = LEGEND_SIGN if entry.paint else 0.0
            lines = wrap(entry.text, width - sign, SMALL)
            needed = sign + widest(lines, SMALL)
            left = right + LEGEND_GAP
            if not rows or left + needed > width:
                rows.append([])
                left = 0.0
            rows[-1].append((left, entry, lines))
            right = left + needed
        return cls(tuple(map(tuple, rows)))

    @property
    def height(self) -> float:
        """Inches that all rows take."""
        return fsum(map(_row_height, self.rows))

    def draw(self, sheet: Sheet, left: float, top: float) -> float:
        """Draw the entries from a point down; returns where they end."""
        for row in self.rows:
            for offset, entry, lines in row:
                x = left + offset
                if entry.paint:
                    entry.paint(sheet.axes, x + LEGEND_SIGN * 0.37, top + line_height(SMALL) / 2)
                    x += LEGEND_SIGN
                sheet.block(x, top, lines, SMALL)
            top += _row_height(row)
        return top


def _row_height(row: Sequence[tuple[float, LegendEntry, tuple[str, ...]]]) -> float:
    return max(len(lines) for _, _, lines in row) * line_height(SMALL) * 1.15


@dataclass(frozen=True)
class Foot:
    """What stands below a plot: the legend, and the footnotes under it, with a gap between them."""

    legend: Legend
    notes: Words
    gap: float

    @classmethod
    def wrapped(cls, width: float, entries: Sequence[LegendEntry], notes: Iterable[str], gap: float = 0.05) -> Foot:
        """Both set in `width` inches."""
        return cls(Legend.wrapped(width, entries), Words.wrapped(width, *((note, SMALL) for note in notes)), gap)

    @property
    def height(self) -> float:
        """Inches that both take."""
        gap = self.gap if self.legend.rows and self.notes.lines else 0.0
        return self.legend.height + gap + self.notes.height

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        """Draw both from a point down."""
        end = self.legend.draw(sheet, left, top)
        self.notes.draw(sheet, left, end + (self.gap if self.legend.rows else 0.0))
