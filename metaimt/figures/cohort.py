"""The figures of a local cohort: survival, by group, and marker positivity by site with exact intervals.

Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING, Final

from metaimt.analyses.cohort import CohortResult
from metaimt.analyses.cohort_description import Positivity
from metaimt.analyses.cohort_survival import CohortSurvival, Comparison
from metaimt.analyses.duration import Curve
from metaimt.analyses.wording import estimate_with_interval, fraction, p_value
from metaimt.figures.kaplan_meier import SurvivalCurve, SurvivalPlot, draw_kaplan_meier
from metaimt.figures.layout import clean, line_height, new_sheet, widest, wrap
from metaimt.figures.review_figure import Counting, Place, Region, ReviewFigure, rows_of
from metaimt.figures.style import (
    BODY,
    GRID,
    INK,
    MEDIUM,
    SMALL,
    STRONG,
    SUBTITLE,
    THIN,
    TITLE,
    draw_box,
    draw_line,
    draw_reference,
    figure_style,
)
from metaimt.files import safe_name
from metaimt.model.count import Publications
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from metaimt.analyses.results import Results


WIDTH: Final = 6.6
_MARGIN: Final = 0.18
_ROW: Final = 0.26


@dataclass(frozen=True)
class SharePlot:
    """Rows of (label, share), the overall share below them, and what to write around."""

    title: str
    rows: tuple[tuple[str, Proportion], ...]
    overall: tuple[str, Proportion] | None
    subtitle: str = ""
    x_label: str = "Positive (%)"
    notes: tuple[str, ...] = ()


def draw_shares(plot: SharePlot) -> Figure:
    """Draw the shares. Raises ValueError if there is none."""
    return draw_share_rows(plot)[0]


def draw_share_rows(plot: SharePlot) -> tuple[Figure, tuple[Place, ...]]:
    """As `draw_shares`, and where each row stands on it, the overall share last."""
    rows = [*plot.rows, *([plot.overall] if plot.overall else [])]
    if not rows:
        raise ValueError("no share to draw")
    with figure_style():
        return _draw(plot, rows)


def _draw(plot: SharePlot, rows: list[tuple[str, Proportion]]) -> tuple[Figure, tuple[Place, ...]]:
    inner = WIDTH - 2 * _MARGIN
    head = [(line, TITLE) for line in wrap(plot.title, inner, TITLE)]
    head += [(line, SUBTITLE) for line in wrap(plot.subtitle, inner, SUBTITLE) if plot.subtitle]
    notes = [line for note in plot.notes for line in wrap(note, inner, SMALL)]
    labels = [clean(label) for label, _ in rows]
    texts = [f"{100 * s.estimate:.1f} [{100 * s.lower:.1f}, {100 * s.upper:.1f}]" for _, s in rows]
    left = _MARGIN + min(2.4, widest(labels, STRONG)) + 0.75
    right = WIDTH - _MARGIN - widest(texts, STRONG) - 0.25
    top = _MARGIN + fsum(line_height(style) for _, style in head) + 0.14 + line_height(STRONG)
    bottom = top + len(rows) * _ROW + 0.06
    notes_top = bottom + 0.2 + 2 * line_height(BODY) + 0.06
    sheet = new_sheet(WIDTH, notes_top + len(notes) * line_height(SMALL) + _MARGIN)
    y = _MARGIN
    for line, style in head:
        y = sheet.block(_MARGIN, y, [line], style)
    sheet.block(left - 0.2, top - line_height(STRONG), ["r/n"], STRONG, "right")
    sheet.block(WIDTH - _MARGIN, top - line_height(STRONG), ["% [95 % interval]"], STRONG, "right")
    axes = sheet.plot_axes(left, right - left, top, bottom - top)
    axes.set_xlim(0, 100)
    for tick in range(0, 101, 20):
        draw_line(axes, (tick, tick), (top, bottom), colour=GRID, width=THIN, zorder=0)
        draw_line(axes, (tick, tick), (bottom, bottom + 0.05), width=MEDIUM)
        sheet.text((left + tick / 100 * (right - left), bottom + 0.19), str(tick), BODY, "center")
    draw_line(axes, (0, 100), (bottom, bottom), width=MEDIUM)
    sheet.text(((left + right) / 2, bottom + 0.21 + line_height(BODY)), clean(plot.x_label), BODY, "center")
    if plot.overall:
        draw_reference(axes, 100 * plot.overall[1].estimate, (top, bottom))
    per_inch = 100 / (right - left)
    for place, ((_, share), label, text) in enumerate(zip(rows, labels, texts, strict=True)):
        style = STRONG if plot.overall and place == len(rows) - 1 else BODY
        middle = top + (place + 0.5) * _ROW
        if style is STRONG:
            sheet.rule(middle - _ROW / 2, (_MARGIN, WIDTH - _MARGIN), THIN)
        base = middle + 0.36 * BODY.size / 72
        sheet.text((_MARGIN, base), label, style)
        sheet.text((left - 0.2, base), f"{share.responders}/{share.evaluable}", style, "right")
        sheet.text((WIDTH - _MARGIN, base), text, style, "right")
        draw_line(axes, (100 * share.lower, 100 * share.upper), (middle, middle), width=1.1, colour=INK)
        draw_box(axes, "strict", (100 * share.estimate, middle), (0.09 * per_inch, 0.09))
    sheet.block(_MARGIN, notes_top, notes, SMALL)
    spans = ((top + place * _ROW, _ROW) for place in range(len(rows)))
    return sheet.figure, rows_of(spans, (_MARGIN, WIDTH - _MARGIN), (sheet.width, sheet.height))


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
