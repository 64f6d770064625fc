"""The treatment courses of the review as lanes.

May import: analyses and below.
"""

from __future__ import annotations

from collections import Counter

from metaimt.analyses.results import Results
from metaimt.analyses.treatment_courses import PatientCourses, TreatmentCourse, TreatmentCourses
from metaimt.analyses.wording import plural
from metaimt.casefiles.model import CaseFile
from metaimt.figures.pool_rows import version_line
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.figures.review_forest import report_label
from metaimt.figures.swimmer_table import End, Lane, Segment, SwimmerTable

_TITLE = "Treatment courses, patient by patient"
_ARROW = " → "


def swimmer_table(results: Results, pools: Pools) -> SwimmerTable:
    """A lane a patient of the last of `pools`, longest known treatment first."""
    found = results.courses[pools[-1]]
    cases = {report.id: report for report in results.library.reports}
    several = Counter(patient.report for patient in found.patients)
    lanes = tuple(_lane(patient, cases[patient.report], several[patient.report] > 1) for patient in found.patients)
    given = Counter(course.drug for patient in found.patients for course in patient.courses)
    group = results.response.pools[pools[-1]]
    return SwimmerTable(
        title=_TITLE,
        subtitle=f"{version_line(results)}; {group.label}",
        label_heading="Patient",
        column_headings=("Inhibitors", "Response"),
        ended_heading="Ended by",
        lanes=lanes,
        axis_label="Months on inhibitors",
        drugs=tuple(sorted(given, key=lambda drug: (-given[drug], drug))),
        footnotes=(
            "Signs: best response to each inhibitor in turn; when it was reached is not recorded. Gaps between "
            "inhibitors are not recorded either, so bars stand end to end, and what follows a course of unknown length "
            "is not to scale. A + marks a drug given with something else.",
            f"{plural(found.as_counts, 'evaluable patient')} of this pool "
            f"{'is' if found.as_counts == 1 else 'are'} known only as counts of an arm and cannot be drawn.",
        ),
    )


def _lane(patient: PatientCourses, case: CaseFile, named: bool) -> Lane:
    label = report_label(case)
    return Lane(
        f"{label}, {patient.patient.rpartition('/')[2]}" if named else label,
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
    from metaimt.figures.swimmer import draw_swimmer

    found = results.courses[pools[-1]]
    if not found.patients:
        return NotDrawn("swimmer", _TITLE, "every patient of the pool is known only as one of the counts of an arm")
    table = swimmer_table(results, pools)
    said = _said(found, results.response.pools[pools[-1]].label)
    caption = (
        f"{_TITLE}: {said} A lane is a patient, a bar an inhibitor, as long as the months on it; dashed boxes with a "
        "question mark are courses whose length is not stated."
    )
    return ReviewFigure("swimmer", _TITLE, caption, f"Swimmer plot: {said}", draw_swimmer(table))


def _said(found: TreatmentCourses, label: str) -> str:
    courses = [course for patient in found.patients for course in patient.courses]
    known = sum(course.months is not None for course in courses)
    ongoing = sum(course.ongoing is True for course in courses)
    progressed = sum(course.stop_reason == "progression" for course in courses)
    later = sum(len(patient.courses) > 1 for patient in found.patients)
    given = Counter(course.drug for course in courses)
    ranked = sorted(given.items(), key=lambda item: (-item[1], item[0]))
    drugs = ", ".join(f"{drug} {number}" for drug, number in ranked)
    longest = found.patients[0]
    return (
        f"{plural(len(found.patients), 'patient')} of {label} with {plural(len(courses), 'course')} ({drugs}), "
        f"{later} with more than one inhibitor; length known for {known} of {len(courses)} courses, {ongoing} ongoing, "
        f"{progressed} ended by progression; the longest known treatment is {longest.known_months:g} months."
    )
