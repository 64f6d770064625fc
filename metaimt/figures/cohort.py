"""The figures of a local cohort: survival, by group, and marker positivity by site with exact intervals.

Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.cohort_description import Positivity
from metaimt.analyses.cohort_survival import CohortSurvival, Comparison
from metaimt.analyses.duration import Curve
from metaimt.analyses.wording import estimate_with_interval, p_value
from metaimt.content.labels import r_of_n
from metaimt.figures import style
from metaimt.figures.kaplan_meier import SIDE, WIDTH, SurvivalCurve, SurvivalPlot, draw_kaplan_meier
from metaimt.figures.layout import Words, clean, line_height, new_sheet, widest
from metaimt.figures.review_figure import Counting, Place, Region, ReviewFigure
from metaimt.figures.style import BODY, MEDIUM, SMALL, STRONG, SUBTITLE, THIN, TITLE, draw_line
from metaimt.files import safe_name
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results


_ROW: Final = 0.26
_Shares = Sequence[tuple[str, Proportion]]


@dataclass(frozen=True)
class SharePlot:
    """Rows of (label, share), the overall share below them, and what to write around."""

    title: str
    rows: tuple[tuple[str, Proportion], ...]
    overall: tuple[str, Proportion] | None
    subtitle: str = ""
    x_label: str = "Positive (%)"
    notes: tuple[str, ...] = ()

    @property
    def all(self) -> _Shares:
        """The rows, and the overall share last."""
        return [*self.rows, *([self.overall] if self.overall else [])]


@style.figure_style()
def draw_shares(plot: SharePlot) -> tuple[Figure, tuple[Place, ...]]:
    """Draw the shares; where each row stands, the overall share last. Raises ValueError if there is none."""
    if not plot.all:
        raise ValueError("no share to draw")
    rows, inner, edge = plot.all, WIDTH - 2 * SIDE, WIDTH - SIDE
    head = Words.wrapped(inner, (plot.title, TITLE), (plot.subtitle, SUBTITLE))
    notes = Words.wrapped(inner, *((note, SMALL) for note in plot.notes))
    labels = [clean(label) for label, _ in rows]
    texts = [f"{100 * s.estimate:.1f} [{100 * s.lower:.1f}, {100 * s.upper:.1f}]" for _, s in rows]
    left = SIDE + min(2.4, widest(labels, STRONG)) + 0.75
    right = edge - widest(texts, STRONG) - 0.25
    top = SIDE + head.height + 0.14 + line_height(STRONG)
    bottom = top + len(rows) * _ROW + 0.06
    notes_top = bottom + 0.2 + 2 * line_height(BODY) + 0.06
    sheet = new_sheet(WIDTH, notes_top + notes.height + SIDE)
    head.draw(sheet, SIDE, SIDE)
    sheet.block(left - 0.2, top - line_height(STRONG), ["r/n"], STRONG, "right")
    sheet.block(edge, top - line_height(STRONG), ["% [95 % interval]"], STRONG, "right")
    axes = sheet.row_axes(left, right - left, top, bottom - top)
    axes.set_xlim(0, 100)
    for tick in range(0, 101, 20):
        draw_line(axes, (tick, tick), (top, bottom), colour=style.GRID, width=THIN, zorder=0)
        draw_line(axes, (tick, tick), (bottom, bottom + 0.05), width=MEDIUM)
        sheet.text((left + tick / 100 * (right - left), bottom + 0.19), str(tick), BODY, "center")
    draw_line(axes, (0, 100), (bottom, bottom), width=MEDIUM)
    sheet.text(((left + right) / 2, bottom + 0.21 + line_height(BODY)), clean(plot.x_label), BODY, "center")
    if plot.overall:
        at = 100 * plot.overall[1].estimate
        draw_line(axes, (at, at), (top, bottom), **style.REFERENCE)
    per_inch = 100 / (right - left)
    for place, ((_, share), label, text) in enumerate(zip(rows, labels, texts, strict=True)):
        look = STRONG if plot.overall and place == len(rows) - 1 else BODY
        middle = top + (place + 0.5) * _ROW
        if look is STRONG:
            sheet.rule(middle - _ROW / 2, (SIDE, edge), THIN)
        base = middle + 0.36 * BODY.size / 72
        sheet.text((SIDE, base), label, look)
        sheet.text((left - 0.2, base), r_of_n(share), look, "right")
        sheet.text((edge, base), text, look, "right")
        draw_line(axes, (100 * share.lower, 100 * share.upper), (middle, middle), width=1.1)
        style.draw_box(axes, "strict", (100 * share.estimate, middle), (0.09 * per_inch, 0.09))
    notes.draw(sheet, SIDE, notes_top)
    return sheet.figure, tuple(sheet.place(SIDE, top + place * _ROW, inner, _ROW) for place in range(len(rows)))


MOST_CURVES = 5
_BANDS = "Bands: pointwise 95 % intervals (log-log). Upright marks: censored. Losses to follow-up are censored."
_LOSSES = "NOT the survival of this cohort: every loss to follow-up is counted as a death"


def cohort_figures(cohort: CohortResult) -> dict[str, Figure]:
    """File name without ending -> figure; only what could be analysed."""
    found = {
        f"positivity-{safe_name(each.marker)}": draw_shares(_shares(cohort, each))[0] for each in _positivities(cohort)
    }
    if isinstance(cohort.survival, CohortSurvival):
        found |= _survival(cohort, cohort.survival)
    return found


def review_cohort_figures(results: Results) -> Iterator[ReviewFigure]:
    """Marker positivity of each cohort of a review; curves show single patients, and stay local."""
    return (_positivity(cohort, each) for cohort in results.cohorts for each in _positivities(cohort))


def _positivities(cohort: CohortResult) -> Iterator[Positivity]:
    return (each for each in cohort.positivity if each.by_site or each.overall)


def _positivity(cohort: CohortResult, found: Positivity) -> ReviewFigure:
    shares = [*([("all tested", found.overall)] if found.overall else []), *found.by_site]
    shares += [found.rest] if found.rest else []
    count = Counting()
    said = "; ".join(
        f"{_name(site)} {estimate_with_interval(share, count.link, cohort.printed(share.responders, share.evaluable))}"
        for site, share in shares
    )
    plot = _shares(cohort, found)
    figure, places = draw_shares(plot)
    regions = tuple(
        Region(f"{name} {r_of_n(share)}", cohort.printed(share.responders, share.evaluable), place)
        for (name, share), place in zip(plot.all, places, strict=True)
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
