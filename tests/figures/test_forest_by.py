"""The forest plot by group, with columns from the case files."""

from __future__ import annotations

import pytest
from conftest import FROZEN, MakeReview, arm, course, patient, report
from drawn import assert_tidy, written

import metaimt
from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import reports_by_level
from metaimt.content.forest import ForestOptions
from metaimt.content.labels import column_headings, column_texts
from metaimt.figures.forest import draw_forest
from metaimt.figures.review_figure import ReviewFigure
from metaimt.figures.review_forest import forest_by_figure, forest_by_table
from metaimt.model.fields import COLUMNS
from metaimt.problem import WrongUse
from metaimt.review import draw_named


@pytest.mark.parametrize("grouping", [None, "site", "fusion_partner", "year", "design"])
@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_the_rows_of_all_levels_add_up_to_the_pool(shipped: Results, pool: str, grouping: str | None) -> None:
    found = reports_by_level(shipped.selection, shipped.protocol, pool, grouping)
    counts = shipped.response.pools[pool].counts
    rows = [row.orr for level in found.levels for row in level.reports]
    assert sum(row.responders for row in rows) == counts.responders
    assert sum(row.evaluable for row in rows) == counts.evaluable
    for level in found.levels:
        assert sum(row.orr.evaluable for row in level.reports) == level.counts.evaluable


def test_the_figure_with_every_column_is_tidy(shipped: Results) -> None:
    found = reports_by_level(shipped.selection, shipped.protocol, "all_evidence", "fusion_partner")
    drawn = forest_by_figure(shipped, found, ForestOptions(COLUMNS))
    assert isinstance(drawn, ReviewFigure)
    assert_tidy(drawn.figure)
    assert "RANBP2" in written(drawn.figure) and "RANBP2 100.0 %" in drawn.alt


def test_columns_are_the_words_of_the_case_files(make_review: MakeReview) -> None:
    two = [
        patient(course("PR", duration_months=8, ongoing=True), id="P1", site="lung"),
        patient(course("SD", duration_months=[3, 6], combined_with=["surgery"]), id="P2", site="lung"),
    ]
    folder = make_review(report("made-up-1", *two), report("made-up-2", arms=[arm(3, 5)], design="trial"))
    results = metaimt.run(folder)
    found = reports_by_level(results.selection, results.protocol, "all_evidence", "site")
    table = forest_by_table(results, found, ForestOptions(("drug", "duration", "site")))
    assert table.column_headings == ("Drug", "Months on drug", "Site", "r/n")
    cells = [row.columns for row in table.rows if row.kind == "report"]
    assert ("crizotinib", "8+", "lung", "1/1") in cells
    assert ("crizotinib +", "3–6", "lung", "0/1") in cells
    assert ("crizotinib", "–", "–", "3/5") in cells
    assert_tidy(draw_forest(table))


def test_a_column_or_grouping_with_a_typo_is_wrong_use() -> None:
    with pytest.raises(WrongUse, match=r"'sites'.*did you mean site\?"):
        column_headings(("sites",))
    with pytest.raises(WrongUse, match=r"'sites'.*did you mean site\?"):
        draw_named(FROZEN / "cases", "forest", by="sites")
    assert column_texts(("drug",), ()) == ("–",)


@pytest.mark.parametrize("pool", ["strict", "all_evidence"])
def test_without_groups_the_interval_is_that_of_the_headline(shipped: Results, pool: str) -> None:
    """The pooled interval, as `metaimt pool` prints it, not the exact one of r/n."""
    found = reports_by_level(shipped.selection, shipped.protocol, pool, None)
    orr = shipped.response.pools[pool].orr
    drawn = forest_by_figure(shipped, found, ForestOptions(("drug", "site")))
    assert isinstance(drawn, ReviewFigure)
    assert orr is not None
    last = forest_by_table(shipped, found, ForestOptions(("drug", "site"))).rows[-1]
    assert (last.kind, last.estimate, last.lower, last.upper) == ("summary", orr.estimate, orr.lower, orr.upper)
    assert f"{100 * orr.lower:.1f} to {100 * orr.upper:.1f}" in drawn.caption
    assert "rhomb" not in drawn.caption
