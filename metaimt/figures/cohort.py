"""The figures of a local cohort: survival, by group, and marker positivity by site.

Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.cohort_description import Positivity
from metaimt.analyses.cohort_survival import CohortSurvival, Comparison
from metaimt.analyses.duration import Curve
from metaimt.analyses.wording import estimate_with_interval, fraction, p_value
from metaimt.figures.counted import Counting
from metaimt.figures.kaplan_meier import SurvivalCurve, SurvivalPlot, draw_kaplan_meier
from metaimt.figures.positivity import SharePlot, draw_share_rows, draw_shares
from metaimt.figures.regions import Region
from metaimt.figures.review_figure import ReviewFigure
from metaimt.files import safe_name
from metaimt.model.count import Publications
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results

MOST_CURVES = 5
_BANDS = "Bands: pointwise 95 % intervals (log-log). Upright marks: censored. Losses to follow-up are censored."
_LOSSES = "NOT the survival of this cohort: every loss to follow-up is counted as a death"


def cohort_figures(cohort: CohortResult) -> dict[str, Figure]:
    """File name without ending -> figure; only what could be analysed."""
    found = {
        f"positivity-{safe_name(each.marker)}": positivity_figure(cohort, each)
        for each in cohort.positivity
        if each.by_site or each.overall
    }
    if isinstance(cohort.survival, CohortSurvival):
        found |= _survival(cohort, cohort.survival)
    return found


def review_cohort_figures(results: Results) -> Iterator[ReviewFigure]:
    """Marker positivity of each cohort of a review; curves show single patients, and stay local."""
    for cohort in results.cohorts:
        for each in cohort.positivity:
            if each.by_site or each.overall:
                yield _positivity(cohort, each)


def _positivity(cohort: CohortResult, found: Positivity) -> ReviewFigure:
    shares = [*([("all tested", found.overall)] if found.overall else []), *found.by_site]
    shares += [found.rest] if found.rest else []
    count = Counting()
    said = "; ".join(
        f"{_name(site)} {_rate(share, count, cohort.printed(share.responders, share.evaluable))}"
        for site, share in shares
    )
    plot = _shares(cohort, found)
    figure, places = draw_share_rows(plot)
    drawn = [*plot.rows, *([plot.overall] if plot.overall else [])]
    regions = tuple(
        Region(
            f"{name} {fraction(share.responders, share.evaluable)}",
            cohort.printed(share.responders, share.evaluable),
            place,
        )
        for (name, share), place in zip(drawn, places, strict=True)
    )
    caption = f"{cohort.title}. {found.marker} positivity of those tested: {said}. Exact (Clopper-Pearson) intervals."
    return ReviewFigure(
        f"cohort-{safe_name(cohort.id)}-{safe_name(cohort.source)}-positivity-{safe_name(found.marker)}",
        f"{found.marker} positivity by site: {cohort.id}",
        caption,
        f"{found.marker} positivity with exact intervals: {said}",
        figure,
        counted=count.found,
        regions=regions,
    )


def _rate(share: Proportion, count: Counting, behind: Publications) -> str:
    return estimate_with_interval(share, count.link, behind)


def _survival(cohort: CohortResult, survival: CohortSurvival) -> dict[str, Figure]:
    found = {}
    if isinstance(survival.curve, Curve):
        found["survival"] = _curve(cohort, survival.curve)
    if isinstance(survival.if_losses_died, Curve):
        found["survival-if-losses-were-deaths"] = _curve(cohort, survival.if_losses_died, warning=_LOSSES)
    for comparison in survival.comparisons:
        if 0 < len(comparison.groups) <= MOST_CURVES:
            found[f"survival-by-{safe_name(comparison.variable)}"] = _compared(cohort, comparison)
    return found


def _curve(cohort: CohortResult, curve: Curve, warning: str = "") -> Figure:
    steps = curve.steps
    ends = "deaths or losses" if warning else "deaths"
    return draw_kaplan_meier(
        SurvivalPlot(
            title=f"{'If losses were deaths' if warning else 'Overall survival'}: {cohort.title}",
            subtitle=f"{steps.subjects} patients, {steps.total_events} {ends}",
            curves=(SurvivalCurve("all patients", steps),),
            warning=warning,
            y_label="Neither dead nor lost (%)" if warning else "Overall survival (%)",
            notes=(_BANDS if not warning else "Band: pointwise 95 % interval (log-log). Upright marks: censored.",),
        )
    )


def _compared(cohort: CohortResult, comparison: Comparison) -> Figure:
    test = comparison.test
    said = f"log-rank {test.wording() if isinstance(test, NotRun) else p_value(test.p)}"
    curves = tuple(
        SurvivalCurve(_name(group.label), group.curve.steps, band=len(comparison.groups) <= 3)
        for group in comparison.groups
    )
    missing = f"{comparison.variable} not known for {comparison.missing}." if comparison.missing else ""
    return draw_kaplan_meier(
        SurvivalPlot(
            title=f"Overall survival by {comparison.variable}: {cohort.title}",
            subtitle=f"{comparison.known} patients; {said}",
            curves=curves,
            notes=(_BANDS, *([missing] if missing else [])),
        )
    )


def positivity_figure(cohort: CohortResult, found: Positivity) -> Figure:
    """Positivity of one marker by site, with exact intervals."""
    return draw_shares(_shares(cohort, found))


def _shares(cohort: CohortResult, found: Positivity) -> SharePlot:
    rest = (found.rest,) if found.rest else ()
    rows = tuple((_name(site), share) for site, share in (*found.by_site, *rest))
    test = found.test_named or found.test
    between = "between the sites named" if found.test_named else "between sites"
    said = test.wording() if isinstance(test, NotRun) else f"exact p = {test.p:.3f}"
    return SharePlot(
        title=f"{found.marker} positivity by site: {cohort.title}",
        subtitle=f"Difference {between}: {said}",
        rows=rows,
        overall=("all tested", found.overall) if found.overall else None,
        x_label=f"{found.marker}-positive, of those tested (%)",
        notes=("Lines: exact (Clopper-Pearson) 95 % intervals.", *(f"{_name(note)}." for note in found.notes)),
    )


def _name(term: str) -> str:
    return "R1/R2" if term == "R1_R2" else term.replace("_", " ")
