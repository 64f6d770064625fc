"""Survival curves and shares as figures: what is drawn is what was computed, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from metaimt.figures.cohort import SharePlot, draw_shares
from metaimt.figures.kaplan_meier import SurvivalCurve, SurvivalPlot, draw_kaplan_meier
from metaimt.figures.save import figure_bytes
from metaimt.statistics.proportion import clopper_pearson
from metaimt.statistics.survival import KaplanMeier, kaplan_meier

ROOT = Path(__file__).parents[2]
LUNG = json.loads((ROOT / "tests" / "reference" / "reference.json").read_text())["survival"]["lung"]


def lung(sex: int) -> KaplanMeier:
    here = np.array(LUNG["covariates"]["sex"]) == sex
    return kaplan_meier(np.array(LUNG["time"])[here], np.array(LUNG["event"])[here])


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def both(**more: Any) -> SurvivalPlot:
    curves = (SurvivalCurve("male", lung(1)), SurvivalCurve("female", lung(2)))
    return SurvivalPlot(title="Lung", curves=curves, ticks=(0, 250, 500, 750, 1000), **more)


def test_numbers_at_risk_are_those_of_the_data() -> None:
    """Counted from the 228 times themselves."""
    shown = texts(draw_kaplan_meier(both()))
    start = shown.index("Number at risk") + 1
    sex, time = np.array(LUNG["covariates"]["sex"]), np.array(LUNG["time"])
    expected = []
    for label, code in (("male", 1), ("female", 2)):
        counts = [int(np.count_nonzero((sex == code) & (time >= tick))) for tick in (0, 250, 500, 750, 1000)]
        expected += [label, *map(str, counts)]
    assert shown[start : start + len(expected)] == expected


def test_the_drawn_line_is_the_curve() -> None:
    figure = draw_kaplan_meier(SurvivalPlot("Lung", (SurvivalCurve("all", lung(1)),)))
    curve = lung(1)
    drawn = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata()) > 100]  # type: ignore[arg-type]
    (line,) = drawn
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    for t, s in zip(curve.time.tolist(), curve.survival.tolist(), strict=True):
        assert y[np.flatnonzero(x <= t)[-1]] == pytest.approx(100 * s, abs=0.06)  # smaller steps do not show


def test_a_warning_stands_in_the_figure() -> None:
    assert "NOT survival" in texts(draw_kaplan_meier(both(warning="NOT survival")))


def test_hostile_labels_are_text() -> None:
    plot = SurvivalPlot("$x^2$ <b>\n&\x00", (SurvivalCurve("$\\frac{1}{0}$" * 20, lung(1)),))
    assert figure_bytes(draw_kaplan_meier(plot), "svg")


def test_same_bytes() -> None:
    one, two = (figure_bytes(draw_kaplan_meier(both()), "svg") for _ in range(2))
    assert one == two


@pytest.mark.parametrize("number", [0, 6])
def test_how_many_curves(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 5 curves"):
        draw_kaplan_meier(SurvivalPlot("x", tuple(SurvivalCurve(str(k), lung(1)) for k in range(number))))


@pytest.mark.parametrize("times", [[0.0] * 3, [0.4, 0.5], [5.0, 9000.0]])
def test_short_and_long_follow_up(times: list[float]) -> None:
    curve = kaplan_meier(times, [1] + [0] * (len(times) - 1))
    assert figure_bytes(draw_kaplan_meier(SurvivalPlot("x", (SurvivalCurve("all", curve),))), "svg")


def test_many_patients_make_no_huge_figure() -> None:
    rng = np.random.default_rng(1)
    curve = kaplan_meier(rng.exponential(60, 50_000), rng.random(50_000) < 0.5)
    assert len(figure_bytes(draw_kaplan_meier(SurvivalPlot("x", (SurvivalCurve("all", curve),))), "svg")) < 1_500_000


def test_shares() -> None:
    rows = (("lung", clopper_pearson(6, 15)), ("limbs", clopper_pearson(0, 14)))
    shown = texts(draw_shares(SharePlot("x", rows, ("all", clopper_pearson(6, 29))))[0])
    assert {"6/15", "0/14", "6/29", "40.0 [16.3, 67.7]", "0.0 [0.0, 23.2]"} <= set(shown)
    with pytest.raises(ValueError, match="no share"):
        draw_shares(SharePlot("x", (), None))
