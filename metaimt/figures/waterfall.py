"""The waterfall: the best change of size of each patient for whom it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

from metaimt.analyses.results import Results
from metaimt.casefiles.model import Course
from metaimt.content.labels import report_labels, version_line
from metaimt.figures import style
from metaimt.figures.forest import TILES, tile_entries
from metaimt.figures.layout import MARGIN, Foot, Words, line_height, new_sheet
from metaimt.figures.review_figure import Counting, NotDrawn, Pools, Region, ReviewFigure
from metaimt.figures.style import PAGE_WIDTH, SMALL, SUBTITLE, TITLE
from metaimt.figures.tiles import patients
from metaimt.model.count import Count
from metaimt.model.unit import Unit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TITLE: Final = "Best change of size, patient by patient"
FEWEST: Final = 10
"""Known changes without which there is no picture."""
LIMITS: Final = (-30.0, 20.0)
"""Per cent of RECIST: from here on a partial response, and progression."""
_HEIGHT, _LEFT = 2.3, 0.5


@dataclass(frozen=True)
class Change:
    """The change of size of one patient, in per cent: -30 for a loss of 30 %."""

    unit: Unit
    percent: float


def changes(results: Results, pool: str) -> tuple[Change, ...]:
    """The known changes of the patients of a pool, from the greatest growth to the greatest loss."""
    found = ((unit, change_of(_course(results, unit))) for unit in patients(results, pool).units)
    known = [Change(unit, change) for unit, change in found if change is not None]
    return tuple(sorted(known, key=lambda change: (-change.percent, change.unit.id)))


def _course(results: Results, unit: Unit) -> Course | None:
    told = results.library.by_id[unit.report].patients
    courses = next((each.courses for each in told if each.id == unit.patient), ())
    return courses[unit.course - 1] if 0 < unit.course <= len(courses) else None


def change_of(course: Course | None) -> float | None:
    """As printed, or else of the printed sizes; None where neither is known."""
    if course is None:
        return None
    if course.size_change_percent is not None:
        return float(course.size_change_percent)
    if course.sizes is None or not course.sizes[0]:
        return None
    before, after = course.sizes
    return 100 * (after / before - 1)


def waterfall_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `waterfall`, of the last of `pools`. The bar of patient i carries the id `bar-i`."""
    pool, group = pools[-1], results.response.pools[pools[-1]]
    whole, known = patients(results, pool), changes(results, pool)
    if len(known) < FEWEST:
        reason = f"the change of size is known for {len(known)} of {len(whole.parts)} patients, fewer than {FEWEST}"
        return NotDrawn("waterfall", _TITLE, reason)
    count = Counting()
    those = Count.of(f"{group.label}: change of size known", (each.unit for each in known))
    beyond = Count.of(f"{group.label}: loss of 30 % or more", (c.unit for c in known if c.percent <= LIMITS[0]))
    said = f"known for {count.link(str(len(known)), those)} of {len(whole.parts)} patients of {group.label}, "
    said += f"{count.link(str(len(beyond.parts)), beyond)} with a loss of 30 % or more"
    said += f" (from {known[0].percent:+.0f} to {known[-1].percent:+.0f} %)"
    figure, regions = _draw(known, f"{version_line(results)}; {group.label}", report_labels(results.library.reports))
    caption = f"{_TITLE}: {said}. Lines: RECIST limits of a partial response and of progression."
    alt = f"Bars from the greatest growth to the greatest loss: {said}."
    return ReviewFigure("waterfall", _TITLE, caption, alt, figure, counted=count.found, regions=regions)


@style.figure_style()
def _draw(known: tuple[Change, ...], subtitle: str, labels: Mapping[str, str]) -> tuple[Figure, tuple[Region, ...]]:
    width = style.setting().width or PAGE_WIDTH
    inner = width - 2 * MARGIN
    title = Words.wrapped(inner, (_TITLE, TITLE), (subtitle, SUBTITLE))
    foot = Foot.wrapped(inner, tile_entries(each.unit.response or "" for each in known), ())
    top = MARGIN + title.height + 0.1
    below = top + _HEIGHT + 0.15
    sheet = new_sheet(width, below + foot.height + MARGIN)
    title.draw(sheet, MARGIN, MARGIN)
    foot.draw(sheet, MARGIN, below)
    low = 20 * floor(min(known[-1].percent, LIMITS[0]) / 20)
    high = 20 * ceil(max(known[0].percent, LIMITS[1]) / 20)
    unit, left, right = _HEIGHT / (high - low), MARGIN + _LEFT, width - MARGIN
    step = (right - left) / len(known)

    def level(percent: float, **look: Any) -> float:
        y = top + (high - percent) * unit
        style.draw_line(sheet.axes, (left, right), (y, y), **look)
        return y

    for tick in range(low, high + 1, 20):
        y = level(tick, colour=style.GRID, width=style.THIN, zorder=1)
        sheet.block(left - 0.05, y - line_height(SMALL) / 2, (f"{tick:+d} %" if tick else "0 %",), SMALL, "right")
    zero = level(0.0, zorder=5)
    for limit in LIMITS:
        level(limit, **style.THRESHOLD)
    regions = []
    for number, each in enumerate(known):
        fill = TILES.get(each.unit.response or "", TILES["NE"])[1]
        centre = left + (number + 0.5) * step, zero - each.percent * unit / 2
        look = {"facecolor": fill, "edgecolor": style.INK, "linewidth": 0.6, "zorder": 4}
        size = 0.75 * step, max(abs(each.percent) * unit, 0.01)
        style.draw_rectangle(sheet.axes, centre, size, **look).set_gid(f"bar-{number}")
        name = f"{labels[each.unit.report]}, {each.unit.name}"
        place = sheet.place(left + number * step, top, step, _HEIGHT)
        regions.append(Region(f"{name}: {each.percent:+.0f} %", Count.of(name, [each.unit]), place))
    return sheet.figure, tuple(regions)
