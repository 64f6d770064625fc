"""The swimmer plot of the treatment courses: a lane a patient, one drug after the other, with response and end.

The best response is a sign, the same shape and colour in every figure; shapes differ, so grey is enough. The caller may
edit the lanes before they are drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import cos, fsum, pi, sin
from typing import TYPE_CHECKING, Any, Final, Literal

from matplotlib.patches import Rectangle

from metaimt.analyses.results import Results
from metaimt.analyses.treatment_courses import PatientCourses, TreatmentCourses
from metaimt.analyses.wording import plural
from metaimt.content import forest as content
from metaimt.content.forest_row import ForestRow
from metaimt.content.labels import report_labels, version_line
from metaimt.figures import style
from metaimt.figures.forest import Plot, RowPlot, draw_rows
from metaimt.figures.forest_layout import PLOT_PAD, ForestTable
from metaimt.figures.layout import LegendEntry, draw_sign
from metaimt.figures.review_figure import Counting, NotDrawn, Place, Pools, Region, ReviewFigure
from metaimt.model.count import Count
from metaimt.model.unit import Unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


SIGN: Final = 0.088
"""Height and width of a sign, inches."""
RESPONSES: Final = {
    "CR": ("Complete response (CR)", style.BLUE),
    "PR": ("Partial response (PR)", style.BLUE),
    "SD": ("Stable disease (SD)", style.ORANGE),
    "PD": ("Progressive disease (PD)", style.VERMILLION),
    "NE": ("Not evaluable (NE)", style.GREY),
}
_ROUND: Final = [(cos(2 * pi * k / 24), sin(2 * pi * k / 24)) for k in range(25)]
_OUTLINES: Final = {
    "CR": _ROUND,
    "PR": _ROUND,
    "SD": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    "PD": [(-1.05, -0.9), (1.05, -0.9), (0.0, 1.0)],
    "NE": [(-1.1, 0.0), (0.0, -1.1), (1.1, 0.0), (0.0, 1.1)],
}
_FILLS: Final = {**_OUTLINES, "PR": [(x, y) for x, y in _ROUND if x <= 1e-9], "NE": []}


def draw_response(axes: Axes, response: str, centre: tuple[float, float], unit: float = 1.0) -> None:
    """The sign of a response at `centre`; x of the axes has `unit` an inch, y is in inches, downwards.

    CR a full disc, PR a disc half full, SD a square, PD a triangle on its point, NE a hollow rhomb; nothing for a
    response that is not one of these.
    """
    if response not in RESPONSES:
        return
    (x, y), half = centre, SIGN / 2

    def placed(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + half * unit * dx, y + half * dy) for dx, dy in points]

    look: dict[str, Any] = {"clip_on": False, "zorder": 5}
    colour = RESPONSES[response][1]
    if _FILLS[response]:
        style.draw_shape(axes, placed(_FILLS[response]), facecolor=colour, edgecolor="none", **look)
    look |= {"facecolor": "none", "edgecolor": colour, "linewidth": 0.9, "joinstyle": "miter"}
    style.draw_shape(axes, placed(_OUTLINES[response]), **look)


def response_entries(shown: Iterable[str]) -> list[LegendEntry]:
    """One legend entry for each response that is shown, in the order of the RECIST categories."""
    present = set(shown)
    return [
        LegendEntry(words, partial(_paint_response, response))
        for response, (words, _) in RESPONSES.items()
        if response in present
    ]


def _paint_response(response: str, axes: Axes, x: float, y: float) -> None:
    draw_response(axes, response, (x, y))


End = Literal["ongoing", "progression", "death", "stopped", "not stated"]


@dataclass(frozen=True)
class Segment:
    """One drug of one lane. low, high: months on it, equal where exact; both None where not known."""

    drug: str
    low: float | None = None
    high: float | None = None
    response: str = ""
    end: End = "not stated"


@dataclass(frozen=True)
class SwimmerTable:
    """All that a swimmer plot shows: the texts, a row a patient, and the drugs of each row in order.

    `drugs` are in the order of their colours; any other follows them.
    """

    texts: ForestTable
    lanes: tuple[tuple[Segment, ...], ...]
    drugs: tuple[str, ...] = ()

    @cached_property
    def all_drugs(self) -> tuple[str, ...]:
        """Every drug once: those named in `drugs`, then the others as they come."""
        found = [segment.drug for lane in self.lanes for segment in lane]
        return tuple(drug for drug in dict.fromkeys((*self.drugs, *found)) if drug in set(found))

    def look(self, drug: str) -> tuple[str, str]:
        """Colour and hatch of the bars of a drug."""
        return _LOOKS[self.all_drugs.index(drug) % len(_LOOKS)]


_TITLE = "Treatment courses, patient by patient"
_ARROW = " → "


def swimmer_table(results: Results, pools: Pools) -> SwimmerTable:
    """A lane a patient of the last of `pools`, longest known treatment first; of many the rest is one lane."""
    found = results.courses[pools[-1]]
    labels = report_labels(results.library.reports)
    several = Counter(patient.report for patient in found.patients)
    drawn = found.patients[: content.MOST_ROWS]
    rows = [_row(patient, labels, several[patient.report] > 1) for patient in drawn]
    lanes = [tuple(map(_segment, patient.courses)) for patient in drawn]
    if rest := len(found.patients) - len(drawn):
        rows.append(ForestRow("plain", content.others(rest, "patient")))
        lanes.append(())
    texts = ForestTable(
        title=_TITLE,
        subtitle=f"{version_line(results)}; {results.response.pools[pools[-1]].label}",
        label_heading="Patient",
        column_headings=("Inhibitors", "Response"),
        interval_heading="Ended by",
        rows=tuple(rows),
        axis_label="Months on inhibitors",
        footnotes=(
            "Signs: best response to each inhibitor in turn; when it was reached is not recorded. Gaps between "
            "inhibitors are not recorded either, so bars stand end to end, and what follows a course of unknown length "
            "is not to scale. A + marks a drug given with something else.",
            f"{plural(found.arms.evaluable, 'evaluable patient')} of this pool "
            f"{'is' if found.arms.evaluable == 1 else 'are'} known only as counts of an arm and cannot be drawn.",
        ),
    )
    drugs = _ranked(course for patient in found.patients for course in patient.courses)
    return SwimmerTable(texts, tuple(lanes), tuple(drugs))


def lane_label(labels: Mapping[str, str], patient: PatientCourses) -> str:
    """Who a lane is, whether or not the report has others: `Made 2016, P1`; `labels` are those of the reports."""
    return f"{labels[patient.report]}, {patient.counts.units[0].name}"


def _row(patient: PatientCourses, labels: Mapping[str, str], named: bool) -> ForestRow:
    drugs = (f"{course.drug}{' +' if course.combined_with else ''}" for course in patient.courses)
    responses = (course.response or "?" for course in patient.courses)
    label = lane_label(labels, patient) if named else labels[patient.report]
    columns = (_ARROW.join(drugs), _ARROW.join(responses))
    return ForestRow("plain", label, columns, interval_text=_ARROW.join(map(_ended, patient.courses)))


def _segment(course: Unit) -> Segment:
    low, high = course.duration or (None, None)
    return Segment(course.drug, low, high, course.response or "", _end_of_course(course))


def _end_of_course(course: Unit) -> End:
    if course.stop_reason == "progression":
        return "progression"
    if course.stop_reason == "death":
        return "death"
    if course.ongoing:
        return "ongoing"
    return "stopped" if course.stop_reason is not None or course.ongoing is False else "not stated"


def _ended(course: Unit) -> str:
    if course.stop_reason is not None:
        return course.stop_reason
    return {True: "ongoing", False: "reason not stated", None: "not stated"}[course.ongoing]


def swimmer_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `swimmer`."""
    found = results.courses[pools[-1]]
    if not found.patients:
        return NotDrawn("swimmer", _TITLE, "every patient of the pool is known only as one of the counts of an arm")
    count = Counting()
    said = _said(results, found, count)
    figure, places = draw_lanes(swimmer_table(results, pools))
    courses = map(partial(_courses, report_labels(results.library.reports)), found.patients[: content.MOST_ROWS])
    regions = tuple(
        Region(behind.title, behind, place)
        for behind, place in zip(courses, places, strict=False)  # the last place may be that of the rest
    )
    note = content.compact_note(len(regions), len(found.patients), "patients the longest treated", "treatment-courses")
    caption = (
        f"{_TITLE}: {said} A lane is a patient, a bar an inhibitor, as long as the months on it; dashed boxes with a "
        f"question mark are courses whose length is not stated.{note}"
    )
    alt = f"Swimmer plot: {said}{note}"
    return ReviewFigure("swimmer", _TITLE, caption, alt, figure, counted=count.found, regions=regions)


def _courses(labels: Mapping[str, str], patient: PatientCourses) -> Count:
    """All courses of a patient, under the label of the lane."""
    return patient.counts.titled(lane_label(labels, patient))


def _said(results: Results, found: TreatmentCourses, count: Counting) -> str:
    """Every count of courses and patients goes through `count`."""
    label = results.response.pools[found.pool].label
    shown = {patient.patient for patient in found.patients}
    placed = [each.unit for each in results.selection.placed]
    units = [unit for unit in placed if unit.course and unit.subject in shown]
    later = {unit.subject for unit in units if unit.course > 1}

    def those(title: str, chosen: Iterable[Unit], word: str = "") -> str:
        cases = list(chosen)
        return count.units(plural(len(cases), word) if word else str(len(cases)), f"{label}: {title}", cases)

    firsts = [unit for unit in units if unit.course == 1]
    said = f"{those('patients, first courses', firsts, 'patient')} of {label} with "
    said += f"{those('courses', units, 'course')} ("
    said += ", ".join(f"{drug} {those(drug, [unit for unit in units if unit.drug == drug])}" for drug in _ranked(units))
    several = [unit for unit in firsts if unit.subject in later]
    said += f"), {those('more than one inhibitor, first courses', several)} with more than one inhibitor; "
    said += f"length known for {those('length known', [u for u in units if u.duration is not None])} of "
    said += f"{len(units)} courses, {those('ongoing', [u for u in units if u.ongoing])} ongoing, "
    progressed = [unit for unit in units if unit.stop_reason == "progression"]
    said += f"{those('ended by progression', progressed)} ended by progression; "
    longest = found.patients[0]
    months = count.link(f"{longest.known_months:g} months", _courses(report_labels(results.library.reports), longest))
    return f"{said}the longest known treatment is {months}."


def _ranked(courses: Iterable[Unit]) -> list[str]:
    """The drugs, the most given first."""
    given = Counter(course.drug for course in courses)
    return sorted(given, key=lambda drug: (-given[drug], drug))


BAR: Final = 0.105
LEAST: Final = 1.85
"""Inches of the plot: signs, stubs and months."""
STUB: Final = 0.3
"""Inches that a course of unknown length takes, less where a lane has many."""
STUBS: Final = 1.0
"""Inches that all such courses of one lane may take."""
ARROW: Final = 0.075
SIGN_STEP: Final = 0.115
SIGNS: Final = 6
"""Responses of one lane that have a sign; further ones are in the text alone."""
_LOOKS: Final = (
    (style.tint(style.SKY, 0.75), ""),
    (style.tint(style.ORANGE, 0.7), "/////"),
    (style.tint(style.GREEN, 0.55), "|||||"),
    (style.tint(style.PURPLE, 0.7), "\\\\\\\\\\"),
    (style.tint(style.YELLOW, 0.9), "-----"),
    (style.tint(style.BLUE, 0.5), "xxxxx"),
    (style.tint(style.VERMILLION, 0.5), "///---"),
    (style.tint(style.GREY, 0.35), "+++++"),
)
_STEPS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600)


def draw_lanes(table: SwimmerTable) -> tuple[Figure, tuple[Place, ...]]:
    """Draw `table`: bars as long as the months on each drug, one after the other; and where each lane stands.

    A range of months is paler between its ends. A course of unknown length is a dashed box with a question mark, of
    one width for all, so that what follows it in the lane is not to scale. The bars of lane i carry the ids
    `row-i-bar-k`, or `row-i-unknown-k`.
    """
    return draw_rows(table.texts, _Swimmers(table))


@dataclass(frozen=True)
class _Swimmers(RowPlot):
    """The plot of the lanes."""

    table: SwimmerTable
    least = LEAST

    @cached_property
    def stub(self) -> float:
        """Inches that a course of unknown length takes."""
        return min(STUB, STUBS / max(1, *map(_unknown_in, self.table.lanes), 1))

    @cached_property
    def axis(self) -> tuple[float, float]:
        """Months, from the signs of the responses as far as each lane, its stubs and its arrow need."""
        gutter = min(max(map(len, self.table.lanes), default=0), SIGNS) * SIGN_STEP + SIGN / 2
        room = self.least - 2 * PLOT_PAD - gutter
        needed = (
            fsum(segment.high or 0.0 for segment in lane) * room / (room - ARROW - self.stub * _unknown_in(lane))
            for lane in self.table.lanes
        )
        end = max([1.0, *needed])
        return -end * gutter / room, end

    def ticks(self) -> list[tuple[float, str]]:
        """Round numbers of months."""
        end = self.axis[1]
        step = next((step for step in _STEPS if end / step <= 7), end)
        return [(float(value), f"{value:g}") for value in range(0, int(end) + 1, int(step))]

    def legend(self) -> list[LegendEntry]:
        """The drugs, responses and ends that are there, and no other."""
        segments = [segment for lane in self.table.lanes for segment in lane]
        entries = [LegendEntry(drug, partial(_paint_drug, self.table.look(drug))) for drug in self.table.all_drugs]
        entries += response_entries(segment.response for segment in segments)
        ends = {segment.end for segment in segments}
        signs = (("progression", "Ended by progression"), ("death", "Ended by death"), ("ongoing", "Ongoing"))
        entries += [LegendEntry(words, partial(_paint_end, end)) for end, words in signs if end in ends]
        if any(segment.low is None for segment in segments):
            entries.append(LegendEntry("Length not known", _paint_unknown))
        if any(segment.low != segment.high for segment in segments):
            entries.append(LegendEntry("Range of months", _paint_range))
        return entries

    def mark(self, plot: Plot, number: int, y: float) -> None:
        """One lane: the signs of the responses, then the bars from left to right."""
        start = 0.0
        for place, segment in enumerate(self.table.lanes[number]):
            look, name = self.table.look(segment.drug), f"row-{number}"
            if segment.low is None or segment.high is None:
                end = start + self.stub * plot.unit
                _unknown(plot.axes, (start, end), y, look).set_gid(f"{name}-unknown-{place}")
            else:
                end = start + segment.high
                _bar(plot.axes, (start, start + segment.low), y, look).set_gid(f"{name}-bar-{place}")
                if segment.low < segment.high:
                    _bar(plot.axes, (start + segment.low, end), y, (style.PAPER, look[1])).set_linestyle((0, (2, 1.5)))
            if place < SIGNS:
                at = plot.low + (SIGN / 2 + place * SIGN_STEP) * plot.unit
                draw_response(plot.axes, segment.response, (at, y), plot.unit)
            _end(plot.axes, segment.end, end, y, plot.unit)
            start = end


def _unknown_in(lane: Sequence[Segment]) -> int:
    """How many courses of a lane have no known length."""
    return sum(segment.low is None for segment in lane)


def _bar(axes: Axes, ends: tuple[float, float], y: float, look: tuple[str, str]) -> Rectangle:
    centre, size = ((ends[0] + ends[1]) / 2, y), (ends[1] - ends[0], BAR)
    drawn: dict[str, Any] = {"facecolor": look[0], "edgecolor": style.GREY, "hatch": look[1]}
    return style.draw_rectangle(axes, centre, size, **drawn, linewidth=0.6, clip_on=False, zorder=3)


def _unknown(axes: Axes, ends: tuple[float, float], y: float, look: tuple[str, str]) -> Rectangle:
    bar = _bar(axes, ends, y, (style.tint(look[0], 0.4), look[1]))
    bar.set_linestyle((0, (2, 1.5)))
    draw_sign(axes, (ends[0] + 0.72 * (ends[1] - ends[0]), y), "?", style.TINY)
    return bar


def _end(axes: Axes, end: str, x: float, y: float, unit: float) -> None:
    if end == "ongoing":
        style.draw_arrow(axes, (x + ARROW * unit, y), ARROW * unit, BAR * 0.55, style.INK)
    elif end == "progression":
        style.draw_line(axes, (x, x), (y - BAR * 0.8, y + BAR * 0.8), colour=style.VERMILLION, width=2.4, zorder=5)
    elif end == "death":
        half = 0.035
        for sign in (1, -1):
            ends = (x - half * unit, x + half * unit)
            style.draw_line(axes, ends, (y - sign * half, y + sign * half), width=1.4, zorder=6)


def _paint_drug(look: tuple[str, str], axes: Axes, x: float, y: float) -> None:
    _bar(axes, (x - 0.1, x + 0.1), y, look)


def _paint_end(end: str, axes: Axes, x: float, y: float) -> None:
    style.draw_line(axes, (x - 0.09, x), (y, y), width=3.0, colour=style.GRID)
    _end(axes, end, x, y, 1.0)


def _paint_unknown(axes: Axes, x: float, y: float) -> None:
    _unknown(axes, (x - 0.11, x + 0.11), y, (style.PAPER, ""))


def _paint_range(axes: Axes, x: float, y: float) -> None:
    _bar(axes, (x - 0.1, x), y, (style.GRID, ""))
    _bar(axes, (x, x + 0.1), y, (style.PAPER, "")).set_linestyle((0, (2, 1.5)))
