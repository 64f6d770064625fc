"""The treatment courses of the review as lanes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from metaimt.analyses.results import Results
from metaimt.analyses.treatment_courses import PatientCourses, TreatmentCourse, TreatmentCourses
from metaimt.analyses.wording import plural
from metaimt.figures import many
from metaimt.figures.counted import Counting
from metaimt.figures.pool_rows import version_line
from metaimt.figures.regions import Region
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.figures.review_forest import report_labels
from metaimt.figures.swimmer_table import End, Lane, Segment, SwimmerTable
from metaimt.model.count import Count
from metaimt.model.unit import Unit

_TITLE = "Treatment courses, patient by patient"
_ARROW = " → "


def swimmer_table(results: Results, pools: Pools) -> SwimmerTable:
    """A lane a patient of the last of `pools`, longest known treatment first; of many the rest is one lane."""
    found = results.courses[pools[-1]]
    labels = report_labels(results.library.reports)
    several = Counter(patient.report for patient in found.patients)
    drawn = found.patients[: many.MOST_ROWS]
    lanes = [_lane(patient, labels, several[patient.report] > 1) for patient in drawn]
    if rest := len(found.patients) - len(drawn):
        lanes.append(Lane(many.others(rest, "patient"), ()))
    group = results.response.pools[pools[-1]]
    return SwimmerTable(
        title=_TITLE,
        subtitle=f"{version_line(results)}; {group.label}",
        label_heading="Patient",
        column_headings=("Inhibitors", "Response"),
        ended_heading="Ended by",
        lanes=tuple(lanes),
        axis_label="Months on inhibitors",
        drugs=tuple(_ranked(course for patient in found.patients for course in patient.courses)),
        footnotes=(
            "Signs: best response to each inhibitor in turn; when it was reached is not recorded. Gaps between "
            "inhibitors are not recorded either, so bars stand end to end, and what follows a course of unknown length "
            "is not to scale. A + marks a drug given with something else.",
            f"{plural(found.arms.evaluable, 'evaluable patient')} of this pool "
            f"{'is' if found.arms.evaluable == 1 else 'are'} known only as counts of an arm and cannot be drawn.",
        ),
    )


def lane_label(labels: Mapping[str, str], patient: PatientCourses) -> str:
    """Who a lane is, whether or not the report has others: `Made 2016, P1`; `labels` are those of the reports."""
    return f"{labels[patient.report]}, {patient.counts.units[0].name}"


def _lane(patient: PatientCourses, labels: Mapping[str, str], named: bool) -> Lane:
    return Lane(
        lane_label(labels, patient) if named else labels[patient.report],
        tuple(map(_segment, patient.courses)),
        (
            _ARROW.join(f"{course.drug}{' +' if course.combined_with else ''}" for course in patient.courses),
            _ARROW.join(course.response or "?" for course in patient.courses),
        ),
        _ARROW.join(_ended(course) for course in patient.courses),
    )


def _segment(course: TreatmentCourse) -> Segment:
    low, high = course.months or (None, None)
    return Segment(course.drug, low, high, course.response or "", _end(course))


def _end(course: TreatmentCourse) -> End:
    if course.stop_reason == "progression":
        return "progression"
    if course.stop_reason == "death":
        return "death"
    if course.ongoing:
        return "ongoing"
    return "stopped" if course.stop_reason is not None or course.ongoing is False else "not stated"


def _ended(course: TreatmentCourse) -> str:
    if course.stop_reason is not None:
        return course.stop_reason
    return {True: "ongoing", False: "reason not stated", None: "not stated"}[course.ongoing]


def swimmer_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `swimmer`."""
    from metaimt.figures.swimmer import draw_lanes

    found = results.courses[pools[-1]]
    if not found.patients:
        return NotDrawn("swimmer", _TITLE, "every patient of the pool is known only as one of the counts of an arm")
    count = Counting()
    said = _said(results, found, count)
    figure, places = draw_lanes(swimmer_table(results, pools))
    labels = report_labels(results.library.reports)
    regions = tuple(
        Region(lane_label(labels, patient), _courses(labels, patient), place)
        for patient, place in zip(found.patients[: many.MOST_ROWS], places, strict=False)  # the last may be the rest
    )
    note = many.compact_note(len(regions), len(found.patients), "patients the longest treated", "treatment-courses")
    caption = (
        f"{_TITLE}: {said} A lane is a patient, a bar an inhibitor, as long as the months on it; dashed boxes with a "
        f"question mark are courses whose length is not stated.{note}"
    )
    return ReviewFigure(
        "swimmer", _TITLE, caption, f"Swimmer plot: {said}{note}", figure, counted=count.found, regions=regions
    )


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
    said += ", ".join(f"{drug} {those(drug, _given(units, drug))}" for drug in _ranked(units))
    several = [unit for unit in firsts if unit.subject in later]
    said += f"), {those('more than one inhibitor, first courses', several)} with more than one inhibitor; "
    said += f"length known for {those('length known', [u for u in units if u.duration is not None])} of "
    said += f"{len(units)} courses, {those('ongoing', [u for u in units if u.ongoing])} ongoing, "
    progressed = [unit for unit in units if unit.stop_reason == "progression"]
    said += f"{those('ended by progression', progressed)} ended by progression; "
    longest = found.patients[0]
    months = count.link(f"{longest.known_months:g} months", _courses(report_labels(results.library.reports), longest))
    return f"{said}the longest known treatment is {months}."


def _given(units: Iterable[Unit], drug: str) -> list[Unit]:
    return [unit for unit in units if unit.drug == drug]


def _ranked(courses: Iterable[Unit | TreatmentCourse]) -> list[str]:
    """The drugs, the most given first."""
    given = Counter(course.drug for course in courses)
    return sorted(given, key=lambda drug: (-given[drug], drug))
