"""The selectivity curve and the funnel: every mark at its number. All patients are made up but those of the review."""

from __future__ import annotations

from typing import Any

from conftest import MakeReview, arm, course, patient, report
from drawn import assert_tidy, marks
from matplotlib.lines import Line2D

import metaimt
from metaimt.analyses.publication_bias import Selectivity
from metaimt.analyses.results import Results
from metaimt.figures.publication_bias import funnel_figure, selectivity_figure
from metaimt.figures.review_figure import NotDrawn, ReviewFigure
from metaimt.statistics.small_study import SmallStudies

POOLS = ("strict", "all_evidence")
SIZES = [(3, 5), (5, 6), (4, 7), (8, 9), (3, 5), (7, 11), (9, 12), (6, 8), (5, 14), (10, 15)]


def line(figure: Any, name: str) -> Any:
    """The line of this id; Any, since the stubs of its data fit nothing."""
    found = marks(figure)[name]
    assert isinstance(found, Line2D)
    return found


def test_the_curve_is_that_of_the_results(shipped: Results) -> None:
    found = selectivity_figure(shipped, POOLS)
    assert isinstance(found, ReviewFigure)
    for number, pool in enumerate(POOLS):
        curve = shipped.publication_bias.selectivity[pool]
        assert isinstance(curve, Selectivity)
        drawn = line(found.figure, f"curve-{number}")
        assert list(drawn.get_xdata()) == [point.s for point in curve.points]
        assert list(drawn.get_ydata()) == [point.orr for point in curve.points]
        meets = line(found.figure, f"meets-{number}")
        assert list(meets.get_xdata()) == [curve.targets[0].s]
        assert list(meets.get_ydata()) == [curve.targets[0].orr]


def test_without_case_reports_there_is_no_curve(make_review: MakeReview) -> None:
    results = metaimt.run(make_review(report("trial-a", design="trial", arms=[arm(7, 10)])))
    found = selectivity_figure(results, POOLS)
    assert isinstance(found, NotDrawn)
    assert "no case report" in found.reason


def test_without_trials_the_curve_stands_alone(make_review: MakeReview) -> None:
    cases = [report(f"case-{k}", patient(course("PR" if k else "PD"))) for k in range(4)]
    found = selectivity_figure(metaimt.run(make_review(*cases)), ("strict",))
    assert isinstance(found, ReviewFigure)
    assert_tidy(found.figure)
    assert "meets-0" not in marks(found.figure)


def test_too_few_larger_reports_have_no_funnel(shipped: Results) -> None:
    found = funnel_figure(shipped, POOLS)
    assert isinstance(found, NotDrawn)
    assert "7 reports" in found.wording()


def test_the_funnel_stands_around_its_mean(make_review: MakeReview) -> None:
    trials = [report(f"trial-{k}", design="trial", arms=[arm(r, n)]) for k, (r, n) in enumerate(SIZES)]
    results = metaimt.run(make_review(*trials))
    found = funnel_figure(results, POOLS)
    assert isinstance(found, ReviewFigure)
    assert_tidy(found.figure)
    small = results.publication_bias.small_studies["strict"]
    assert isinstance(small, SmallStudies)
    assert list(line(found.figure, "mean-0").get_xdata()) == [small.funnel.centre] * 2
    lines: list[Any] = [drawn for axes in found.figure.axes for drawn in axes.lines]
    points = {
        (float(x), float(y))
        for drawn in lines
        if drawn.get_marker() == "o" and drawn.get_zorder() == 4
        for x, y in zip(drawn.get_xdata(), drawn.get_ydata(), strict=True)
    }
    assert points == {(r / n, float(n)) for r, n in SIZES}
    assert "10 reports of 5 or more patients" in found.caption
