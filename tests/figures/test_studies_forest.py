"""The forest plot of a table of studies as rows. All studies are made up."""

from __future__ import annotations

import pytest

from metaimt.analyses.comparison import compare_studies
from metaimt.casefiles.studies import Studies, Study
from metaimt.figures.forest import ForestTable
from metaimt.figures.review_forest import MOST_STUDIES, studies_figure, studies_table
from metaimt.problem import CannotAnalyse
from metaimt.serialise import to_json
from metaimt.statistics.prediction import predict
from metaimt.statistics.proportion import clopper_pearson

ROWS = (Study("a", 3, 5, 2020, "lung"), Study("b", 2, 4), Study("c", 0, 3, None, "lung"))


def table_of(rows: tuple[Study, ...], grouping: str | None) -> ForestTable:
    found = compare_studies(rows[:3], grouping, name="t.csv")
    prediction = predict([row.responders for row in rows[:3]], [row.evaluable for row in rows[:3]])
    return studies_table(Studies("t.csv", rows, grouping, ()), found, prediction)


def test_reports_stand_in_their_order_then_the_mean_and_the_prediction() -> None:
    table = table_of(ROWS, None)
    assert [(row.kind, row.label) for row in table.rows] == [
        ("report", "a"),
        ("report", "b"),
        ("report", "c"),
        ("space", ""),
        ("summary", "Mean over reports"),
        ("prediction", "A new report (80 %)"),
    ]
    exact = clopper_pearson(3, 5)
    first, mean = table.rows[0], table.rows[4]
    assert (first.estimate, first.lower, first.upper, first.size) == (exact.estimate, exact.lower, exact.upper, 5)
    assert mean.columns == ("5/12",)
    rate = to_json(compare_studies(ROWS).methods["beta-binomial"])
    assert (mean.estimate, mean.lower, mean.upper) == (rate["estimate"], rate["lower"], rate["upper"])
    expected = predict([3, 2, 0], [5, 4, 3])
    likely, *_ = expected.ranges
    assert (table.rows[5].lower, table.rows[5].upper) == (likely.lower, likely.upper)


def test_groups_have_a_heading() -> None:
    labels = [(row.kind, row.label) for row in table_of(ROWS, "site").rows]
    assert labels[:6] == [
        ("heading", "Lung"),
        ("report", "a"),
        ("report", "c"),
        ("space", ""),
        ("heading", "Not reported"),
        ("report", "b"),
    ]


def test_more_rows_than_a_page_shows_are_refused() -> None:
    many = ROWS + tuple(Study(f"s{k}", 1, 2) for k in range(MOST_STUDIES))
    with pytest.raises(CannotAnalyse, match=f"{MOST_STUDIES + 3} reports, more than the {MOST_STUDIES}"):
        table_of(many, None)


def test_the_words_beside_the_figure() -> None:
    found, prediction = compare_studies(ROWS, name="t.csv"), predict([3, 2, 0], [5, 4, 3])
    _, title, alt = studies_figure(Studies("t.csv", ROWS, None, ()), found, prediction)
    assert title == "Forest plot of t.csv"
    assert alt.startswith("Forest plot of t.csv: 3 reports; over patients 41.7 % (95 % interval")
