"""The flow of records after PRISMA 2020: what was found, screened, read, included, and counted in each pool.

What nobody recorded says so; no number is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Final

from matplotlib.patches import Rectangle

from metaimt.analyses.results import Results
from metaimt.analyses.wording import plural
from metaimt.casefiles.shared import Search
from metaimt.content.labels import capital, r_of_n, version_line
from metaimt.figures import style
from metaimt.figures.layout import MARGIN, Foot, Sheet, Words, new_sheet
from metaimt.figures.review_figure import Counting, Pools, Region, ReviewFigure
from metaimt.figures.style import BODY, PAGE_WIDTH, SMALL, STRONG, SUBTITLE, TITLE
from metaimt.model.count import Behind, Publications

_TITLE: Final = "From records to pools"
NOT_RECORDED: Final = "not recorded"
_PAD, _STEP, _BETWEEN, _SIDE = 0.07, 0.22, 0.3, 0.38
_HEAD: Final = 0.05


@dataclass(frozen=True)
class Box:
    """One stage: its name, what is said under it, and whom it counts, if anybody. aside: who leaves the flow here."""

    title: str
    lines: tuple[str, ...]
    behind: Behind | None = None
    aside: Box | None = None


def flow_boxes(results: Results, pools: Pools) -> tuple[Box, ...]:
    """From the top to the bottom; a pool is within the one below it."""
    library = results.library
    done = [search for search in library.searches if search.status == "done"]
    open_ = [search for search in library.searches if search.status != "done"]
    here = {placed.unit.report for placed in results.selection.placed if placed.unit.local}
    published = tuple(report.id for report in library.reports if report.report.id not in here)
    read = len(published) + len(library.excluded) + len(library.pending)
    counted = {placed.unit.report for placed in results.selection.members(pools[-1]) if placed.unit.evaluable}
    without = tuple(name for name in published if name not in counted)
    widest = results.response.pools[pools[-1]]
    waiting = (f"Waiting for a decision: {len(library.pending)}",) if library.pending else ()
    return (
        Box(
            "Records found",
            (_sum("hits", done), *(f"{search.source}: {search.status}" for search in open_)),
        ),
        Box("Records screened", (_sum("screened", done),)),
        Box(
            "Publications read",
            (f"{read}, as full text, abstract or opening",),
            aside=Box("Read and not included", (plural(len(library.excluded), "publication"), *waiting)),
        ),
        Box(
            "Included",
            (plural(len(published), "publication"), *((plural(len(here), "local cohort"),) if here else ())),
            Publications("Included publications", published),
            Box(
                f"Nobody counted in {widest.label}",
                (f"{plural(len(without), 'publication')}: not eligible, not evaluable, or counted in another",),
                Publications(f"Nobody counted in {widest.label}", without),
            ),
        ),
        *(
            Box(
                capital((group := results.response.pools[pool]).label),
                (f"{r_of_n(group.counts)} responded, in {plural(group.counts.reports, 'report')}",),
                group.counts,
            )
            for pool in pools[::-1]
        ),
    )


def _sum(name: str, searches: Sequence[Search]) -> str:
    """The records of all searches, where each has recorded them."""
    known = [getattr(search, name) for search in searches if getattr(search, name) is not None]
    if not searches:
        return "no search was run"
    if len(known) < len(searches):
        return f"{NOT_RECORDED} for {len(searches) - len(known)} of {plural(len(searches), 'search', 'searches')}"
    return str(sum(known))


def flow_figure(results: Results, pools: Pools) -> ReviewFigure:
    """The figure `flow`."""
    boxes, count = flow_boxes(results, pools), Counting()
    with style.figure_style():
        drawn = _draw(boxes, version_line(results))
    said = "; ".join(_box_said(box, count) for box in boxes)
    caption = f"{_TITLE}, after PRISMA 2020. {said}."
    alt = f"Flow chart. {'; '.join(_box_said(box, Counting()) for box in boxes)}."
    sheet, regions = drawn
    return ReviewFigure("flow", _TITLE, caption, alt, sheet.figure, counted=count.found, regions=regions)


def _box_said(box: Box, count: Counting) -> str:
    first, *rest = box.lines
    number, blank, words = first.partition(" ")
    told = f"{count.link(number, box.behind)}{blank}{words}" if box.behind is not None else first
    said = f"{box.title}: {', '.join((told, *rest))}"
    return said if box.aside is None else f"{said} ({_box_said(box.aside, count)})"


def _draw(boxes: Sequence[Box], subtitle: str) -> tuple[Sheet, tuple[Region, ...]]:
    width = style.setting().width or PAGE_WIDTH
    inner = width - 2 * MARGIN
    aside = inner * _SIDE
    main = inner - aside - _BETWEEN
    words = {id(box): _words(box, main) for box in boxes}
    words |= {id(box.aside): _words(box.aside, aside) for box in boxes if box.aside is not None}
    heights = [max(_height(words[id(each)]) for each in (box, box.aside) if each is not None) for box in boxes]
    title = Words.wrapped(inner, (_TITLE, TITLE), (subtitle, SUBTITLE))
    note = "Each pool is within the one above it. A number that was not recorded is not made up."
    foot = Foot.wrapped(inner, (), (note,))
    top = MARGIN + title.height + (0.1 if title.lines else 0.0)
    body = fsum(heights) + _STEP * (len(boxes) - 1)
    sheet = new_sheet(width, top + body + 0.12 + foot.height + MARGIN)
    title.draw(sheet, MARGIN, MARGIN)
    foot.draw(sheet, MARGIN, top + body + 0.12)
    regions: list[Region] = []
    for number, (box, height) in enumerate(zip(boxes, heights, strict=True)):
        middle = MARGIN + main / 2
        if number:
            _arrow(sheet, (middle, top - _STEP), (middle, top))
        _box(sheet, box, words[id(box)], (MARGIN, top, main, height), regions)
        if box.aside is not None:
            left, y = MARGIN + main + _BETWEEN, top + height / 2
            _arrow(sheet, (MARGIN + main, y), (left, y))
            _box(sheet, box.aside, words[id(box.aside)], (left, top, aside, height), regions)
        top += height + _STEP
    return sheet, tuple(regions)


def _words(box: Box, width: float) -> Words:
    look = SMALL if box.behind is None and any(NOT_RECORDED in line for line in box.lines) else BODY
    return Words.wrapped(width - 2 * _PAD, (box.title, STRONG), *((line, look) for line in box.lines))


def _height(words: Words) -> float:
    return words.height + 2 * _PAD


def _box(sheet: Sheet, box: Box, words: Words, at: tuple[float, float, float, float], regions: list[Region]) -> None:
    left, top, width, height = at
    unknown = any(NOT_RECORDED in line for line in box.lines)
    frame = Rectangle((left, top), width, height, facecolor=style.PAPER, edgecolor=style.INK, linewidth=0.8)
    frame.set(linestyle=(0, (3, 2)) if unknown else "-", gid=f"box-{box.title}", zorder=1)
    sheet.axes.add_artist(frame)
    words.draw(sheet, left + _PAD, top + _PAD)
    if box.behind is not None:
        regions.append(Region(box.title, box.behind, sheet.place(left, top, width, height)))


def _arrow(sheet: Sheet, start: tuple[float, float], end: tuple[float, float]) -> None:
    style.draw_line(sheet.axes, (start[0], end[0]), (start[1], end[1]))
    (x, y), level = end, start[1] == end[1]
    back = [(x - _HEAD, y - _HEAD / 2), (x - _HEAD, y + _HEAD / 2)]
    up = [(x - _HEAD / 2, y - _HEAD), (x + _HEAD / 2, y - _HEAD)]
    style.draw_shape(sheet.axes, [(x, y), *(back if level else up)], facecolor=style.INK, edgecolor="none")
