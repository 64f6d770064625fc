"""A long review in short: figures and page say what they do not show one by one, and their numbers still add up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import arm, course, made_once, patient, report, write_review

import metaimt
from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import reports_by_level
from metaimt.content.every_report import reports_section
from metaimt.content.forest import ForestOptions
from metaimt.content.over_time import over_time_section
from metaimt.figures.forest import ForestTable
from metaimt.figures.review_figure import ReviewFigure
from metaimt.figures.review_forest import (
    forest_by_figure,
    forest_by_table,
    forest_figure,
    forest_table,
    leave_one_out_figure,
    leave_one_out_table,
)
from metaimt.figures.swimmer import swimmer_figure, swimmer_table
from metaimt.render.markdown import section_markdown
from metaimt.report.page import page_html

POOLS = ("strict", "all_evidence")


@pytest.fixture(scope="module")
def many(once: Path) -> Results:
    """Nine made-up reports of one to nine patients each, and two of an arm; analysed once a test run."""
    cases = [
        report(
            f"made-up-{k}",
            *(patient(course("PR" if i % 2 else "SD", duration_months=k + i), id=f"P{i}") for i in range(1, k + 1)),
            design="case_series",
            year=2010 + k,
            doi=f"10.99999/made.up.{k}",
        )
        for k in range(1, 10)
    ]
    arms = [report(f"made-up-1{k}", arms=[arm(3 + k, 9)], design="trial", year=2020) for k in range(2)]
    return made_once(once / "many", lambda: metaimt.run(write_review(once / "many-reports", *cases, *arms)))


def counts(table: ForestTable, place: int, *kinds: str) -> tuple[int, int]:
    """Responders and evaluable patients of the rows of these kinds."""
    found = [row.columns[place].split("/") for row in table.rows if row.kind in kinds]
    return sum(int(r) for r, _ in found), sum(int(n) for _, n in found)


@pytest.mark.parametrize("most", [1, 4, 10])
def test_a_long_forest_draws_the_largest_reports_and_the_rest_as_one_row(
    many: Results, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    whole = counts(forest_table(many), 1, "report")
    assert forest_figure(many, POOLS).caption.count("tables/") == 0
    monkeypatch.setattr("metaimt.content.forest.MOST_ROWS", most)
    table = forest_table(many)
    drawn = [row for row in table.rows if row.kind == "report"]
    rest = [row for row in table.rows if row.kind == "plain"]
    assert len(drawn) == most
    assert sum(int(re.findall(r"\d+", row.label)[0]) for row in rest) == 11 - most
    assert counts(table, 1, "report", "plain") == whole
    assert min(row.size or 0 for row in drawn) >= 10 - most - 2 * (most > 1)
    figure = forest_figure(many, POOLS)
    said = f"Of 11 rows of reports the largest {most} are shown one by one, the others together"
    assert said in figure.caption
    assert said in figure.alt
    assert said in str(cast(Any, reports_section(many)).blocks[0].blocks[0].text)


def test_a_long_leave_one_out_draws_those_that_move_the_estimate_most(
    many: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = counts(leave_one_out_table(many, POOLS), 0, "report")
    monkeypatch.setattr("metaimt.content.forest.MOST_ROWS", 6)
    table = leave_one_out_table(many, POOLS)
    assert [row.label for row in table.rows if row.kind == "plain"] == ["and 8 other reports"] * 2
    assert counts(table, 0, "report", "plain") == whole
    figure = leave_one_out_figure(many, POOLS)
    assert isinstance(figure, ReviewFigure)
    assert "Of 22 rows, by how they move the estimate, 6 are shown one by one" in figure.caption


def test_a_long_swimmer_plot_draws_the_longest_treated(many: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = swimmer_table(many, POOLS).texts.rows
    monkeypatch.setattr("metaimt.content.forest.MOST_ROWS", 5)
    short = swimmer_table(many, POOLS).texts.rows
    assert short[:5] == lanes[:5]
    assert [lane.label for lane in short[5:]] == ["and 40 other patients"]
    figure = swimmer_figure(many, POOLS)
    assert isinstance(figure, ReviewFigure)
    assert "Of 45 patients the longest treated 5 are shown one by one" in figure.caption
    assert len(figure.regions) == 5


def test_a_forest_by_group_of_just_as_many_reports_as_are_drawn_has_them_all(
    many: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = reports_by_level(many.selection, many.protocol, "all_evidence", "histology")
    monkeypatch.setattr("metaimt.content.forest.MOST_ROWS", 11)
    kinds = [row.kind for row in forest_by_table(many, found, ForestOptions(())).rows]
    assert (kinds.count("report"), kinds.count("plain")) == (11, 0)


def test_a_long_forest_by_group_adds_up(many: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    found = reports_by_level(many.selection, many.protocol, "all_evidence", "histology")
    whole = counts(forest_by_table(many, found, ForestOptions(())), 0, "report")
    monkeypatch.setattr("metaimt.content.forest.MOST_ROWS", 4)
    assert counts(forest_by_table(many, found, ForestOptions(())), 0, "report", "plain") == whole
    figure = forest_by_figure(many, found, ForestOptions(()))
    assert isinstance(figure, ReviewFigure)
    assert "Of 11 rows of reports the largest" in figure.caption


def test_many_steps_in_time_are_the_last_and_say_so(many: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metaimt.content.forest.MOST_ROWS", 2)
    found = section_markdown(over_time_section(many), lambda _: "").split("\n### ")[1]
    assert re.findall(r"^\| (\d+) ", found, re.MULTILINE) == ["2019", "2020"]
    assert "- Of 10 steps the last 2 are shown; all are in `tables/over-time.csv`.\n" in found


def test_the_list_of_cases_is_folded_and_says_how_long_it_is(many: Results) -> None:
    assert page_html(many).count("<details><summary>The table of 47 courses and groups</summary>") == 1
