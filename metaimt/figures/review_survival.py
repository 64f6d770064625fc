"""Times of the review as Kaplan-Meier curves, where they may be drawn: time on treatment, PFS, duration of response."""

from __future__ import annotations

from metaimt.analyses.duration import Times
from metaimt.analyses.known_times import ON_TREATMENT, PFS, RESPONSE
from metaimt.analyses.results import Results
from metaimt.analyses.wording import percent
from metaimt.figures.counted import Counting
from metaimt.figures.kaplan_meier import SurvivalCurve, SurvivalPlot, draw_kaplan_meier
from metaimt.figures.pool_rows import capital, version_line
from metaimt.figures.review_figure import NotDrawn, Pools, ReviewFigure
from metaimt.statistics.outcome import NotRun

_VARIANT = "middle"  # of a time known as a range


def time_figure(results: Results, pools: Pools, field: str) -> ReviewFigure | NotDrawn:
    """The figure of one field, of the last pool."""
    pool, name = pools[-1], field.replace("_", "-")
    times = results.duration[pool].times[field]
    title = f"{capital(times.label)}, {results.response.pools[pool].label}"
    if isinstance(times.curves, NotRun):
        return NotDrawn(name, title, times.curves.reason)
    curve = times.curves[_VARIANT]
    count = Counting()
    usable, events = times.usable.titled(f"{title}: in the curve"), times.events.titled(f"{title}: events")
    said = (
        f"{count.link(f'{curve.steps.subjects} patients', usable)}, "
        f"{count.link(f'{curve.steps.total_events} events', events)}; known for "
        f"{count.link(str(len(times.known)), times.everybody)} of {len(times.described.parts)} patients described "
        "singly"
    )
    plot = SurvivalPlot(
        title=title,
        subtitle=f"{version_line(results)}. {said}",
        curves=(SurvivalCurve("all patients", curve.steps),),
        x_label=f"Months from the start of {'the drug' if field == ON_TREATMENT else 'treatment'}",
        y_label=_y_label(times),
        notes=(
            "Band: pointwise 95 % interval (log-log). Upright marks: censored. A time known as a range stands at its "
            "middle. Patients whose times are known are not a sample of all.",
        ),
    )
    reached = [(each.time, each.estimate) for each in curve.landmarks if each.estimate is not None]
    at = "; ".join(f"{percent(estimate)} at {time:g} months" for time, estimate in reached)
    caption = f"{title}: Kaplan-Meier with numbers at risk. {said}. {at}."
    alt = f"Falling curve of {times.label}. {said}. {at}."
    return ReviewFigure(name, title, caption, alt, draw_kaplan_meier(plot), counted=count.found)


def time_on_treatment_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `time-on-treatment`."""
    return time_figure(results, pools, ON_TREATMENT)


def pfs_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `pfs`."""
    return time_figure(results, pools, PFS)


def response_duration_figure(results: Results, pools: Pools) -> ReviewFigure | NotDrawn:
    """The figure `response-duration`."""
    return time_figure(results, pools, RESPONSE)


def _y_label(times: Times) -> str:
    return "Still on the drug (%)" if times.field == ON_TREATMENT else f"{capital(times.label)} (%)"
