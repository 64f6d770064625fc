"""The flow of records after PRISMA 2020: what was found, screened, read, included, and counted in each pool.

What nobody recorded says so; no number is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import fsum
from typing import Final

from matplotlib.patches import Rectangle

from metaimt.analyses.flow import Flow, flow
from metaimt.analyses.results import Results
from metaimt.analyses.wording import plural
from metaimt.casefiles.shared import Search
from metaimt.content.labels import r_of_n, version_line
from metaimt.figures import style
from metaimt.figures.layout import MARGIN, Foot, Sheet, Words, new_sheet
from metaimt.figures.review_figure import Counting, Pools, Region, ReviewFigure
from metaimt.figures.style import BODY, PAGE_WIDTH, SMALL, STRONG, SUBTITLE, TITLE
from metaimt.model.count import Behind, Publications, Quoted

_TITLE: Final = "From records to pools"
NOT_RECORDED: Final = "not recorded"
Others = tuple[tuple[str, str], ...]
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
    found = flow(results.library, results.protocol)
    unread = Publications("Read and not included", (), others=_others(results, [e.id for e in library.excluded]))
    return (
        *_of_records(results, found, (_sum("hits", done), *(f"{search.source}: {search.status}" for search in open_))),
        *(() if found.identified is not None else (Box("Records screened", (_sum("screened", done),)),)),
        Box(
            "Publications read",
            (f"{read}, as full text, abstract or opening",),
            aside=Box("Read and not included", (plural(len(library.excluded), "publication"), *waiting), unread),
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
                (group := results.response.pools[pool]).label,
                (f"{r_of_n(group.counts)} responded, in {plural(group.counts.reports, 'report')}",),
                group.counts,
            )
            for pool in pools[::-1]
        ),
    )


def _of_records(results: Results, found: Flow, total: tuple[str, ...]) -> Iterator[Box]:
    """The boxes before reading; where no search has records, what is known of their number."""
    if found.identified is None:
        yield Box("Records found", total)
        return

    def box(title: str, ids: Sequence[str], *lines: str, aside: Box | None = None) -> Box:
        behind = Publications(title, *_opened(results, ids)) if ids else None
        return Box(title, (plural(len(ids), "record"), *lines), behind, aside)

    if found.former is not None:
        said = plural(len(found.previous), "publication")
        behind = Publications("In the version before", found.previous) if found.previous else None
        yield Box(f"In version {found.former}", (said,), behind)
    by_source = [f"{source}: {len(ids)}" for source, ids in found.identified.items()]
    number = sum(map(len, found.identified.values()))
    unknown = total[:1] if NOT_RECORDED in total[0] else ()
    every = [name for ids in found.identified.values() for name in ids]
    behind = Publications("Records found", *_opened(results, every))
    removed = box("Duplicates removed", found.duplicates)
    if found.known:
        lines = (f"Duplicates: {len(found.duplicates)}", f"In version {found.former} already: {len(found.known)}")
        removed = box("Removed before screening", (*found.duplicates, *found.known), *lines)
    yield Box("Records found", (plural(number, "record"), *by_source, *unknown, *total[1:]), behind, removed)
    out = [name for ids in found.screened_out.values() for name in ids]
    reasons = [f"{reason}: {len(ids)}" for reason, ids in found.screened_out.items()]
    waiting = (f"Waiting for a decision: {len(found.waiting)}",) if found.waiting else ()
    aside = box("Excluded on screening", out, *reasons)
    yield replace(box("Records screened", found.screened, *waiting), aside=aside)
    yield replace(box("Sought to be read", found.sought), aside=box("Not yet read", found.not_read))


def _opened(results: Results, ids: Sequence[str]) -> tuple[tuple[str, ...], tuple[Quoted, ...], Others]:
    """What `Publications` holds of these: ids of case files, no statements, and the others with their titles."""
    unique = list(dict.fromkeys(ids))
    here = tuple(name for name in unique if name in results.library.by_id)
    return here, (), _others(results, [name for name in unique if name not in here])


def _others(results: Results, ids: Sequence[str]) -> Others:
    """Id and title of what has no case file."""
    titles: dict[str, str] = {record.id: record.title for record in results.library.records}
    titles |= {each.id: each.title or titles.get(each.id, "") for each in results.library.excluded}
    return tuple((name, titles.get(name) or "title not known") for name in ids)


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
    sheet, regions = _draw(boxes, version_line(results))
    said = ". ".join(_box_said(box, count) for box in boxes)
    caption = f"{_TITLE}, after PRISMA 2020. {said}."
    alt = f"Flow chart. {'. '.join(_box_said(box, Counting()) for box in boxes)}."
    return ReviewFigure("flow", _TITLE, caption, alt, sheet.figure, counted=count.found, regions=regions)


def _box_said(box: Box, count: Counting) -> str:
    first, *rest = box.lines
    number, blank, words = first.partition(" ")
    told = f"{count.link(number, box.behind)}{blank}{words}" if box.behind is not None else first
    said = f"{box.title}: {', '.join((told, *rest))}"
    return said if box.aside is None else f"{said} ({_box_said(box.aside, count)})"


@style.figure_style()
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
