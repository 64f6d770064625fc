"""A table of studies in parts: each left out, one after the other, by group. The studies are made up."""

from __future__ import annotations

from typing import Any

import pytest

from metaimt.analyses.models import Interval
from metaimt.analyses.study_parts import (
    MOST_KINDS,
    MOST_LEVELS,
    NOT_REPORTED,
    Part,
    Subgroups,
    cumulative,
    leave_one_out,
    steps_joined,
    subgroups,
)
from metaimt.casefiles.studies import Study
from metaimt.serialise import to_json
from metaimt.statistics.outcome import NotRun

FIVE = (
    Study("a", 3, 4, 2020, "adult"),
    Study("b", 1, 5, 2018, "child"),
    Study("c", 3, 4, None, "adult"),
    Study("d", 2, 6, 2020, None),
    Study("e", 4, 7, 2019, "child"),
)


def counts(parts: tuple[Part, ...]) -> list[tuple[str, int, int, int]]:
    return [(part.name, part.reports, part.responders, part.evaluable) for part in parts]


def test_without_each_report_in_the_order_of_the_table() -> None:
    found = leave_one_out(FIVE)
    assert not isinstance(found, NotRun)
    assert counts(found) == [("a", 4, 10, 22), ("b", 4, 12, 21), ("c", 4, 10, 22), ("d", 4, 11, 20), ("e", 4, 9, 19)]
    assert found[0].models == found[2].models, "reports alike"
    assert set(found[0].models) == {"beta-binomial"}
    assert found[0].models != found[1].models


@pytest.mark.parametrize(
    ("studies", "why"),
    [
        (FIVE[:1], "one report"),
        ((), "one report"),
        ([Study(str(n), 0, n) for n in range(1, MOST_KINDS + 2)], "301 kinds of report, more than 300"),
    ],
)
def test_when_no_report_is_left_out(studies: Any, why: str) -> None:
    assert leave_one_out(studies) == NotRun(why)


def test_a_step_a_year_and_undated_reports_last() -> None:
    assert counts(cumulative(FIVE)) == [
        ("2018", 1, 1, 5),
        ("2019", 2, 5, 12),
        ("2020", 4, 10, 22),
        ("undated", 5, 13, 26),
    ]


def test_without_any_year_in_the_order_of_the_table() -> None:
    undated = [Study(each.id, each.responders, each.evaluable) for each in FIVE]
    assert counts(cumulative(undated)) == [
        ("a", 1, 3, 4),
        ("b", 2, 4, 9),
        ("c", 3, 7, 13),
        ("d", 4, 9, 19),
        ("e", 5, 13, 26),
    ]


@pytest.mark.parametrize(
    ("number", "year", "joined"),
    [(1, None, 1), (100, None, 1), (101, None, 2), (200, None, 2), (201, None, 3), (201, 2020, 1)],
)
def test_a_long_table_without_years_has_a_hundred_steps(number: int, year: int | None, joined: int) -> None:
    studies = [Study("first", 1, 1, year), *(Study(str(k), 1, 1) for k in range(number - 1))]
    assert steps_joined(studies) == joined


def test_groups_are_by_size_and_those_of_none_last() -> None:
    found = subgroups(FIVE, "population")
    assert isinstance(found, Subgroups)
    assert counts(found.levels) == [("child", 2, 5, 12), ("adult", 2, 6, 8), (NOT_REPORTED, 1, 2, 6)]
    exact = found.levels[0].models["exact"]
    assert isinstance(exact, Interval)
    assert exact.estimate == pytest.approx(5 / 12)
    last = found.levels[-1].models
    assert isinstance(last["exact"], Interval)
    assert (last["partially_pooled"], last["glmm"]) == (NotRun("group not reported"),) * 2
    told = to_json(found)
    assert set(told) == {"grouping", "levels", "exact_test", "glmm_test"}
    assert (told["grouping"], told["levels"][1]["level"], told["levels"][1]["reports"]) == ("population", "adult", 2)
    assert {"p", "levels"} <= set(told["exact_test"])


@pytest.mark.parametrize(
    ("studies", "grouping", "why"),
    [
        (FIVE, None, "the table has no column group or site"),
        (FIVE[3:4], "site", "no report has a site"),
        ([Study(str(k), 1, 2, None, str(k)) for k in range(MOST_LEVELS + 1)], "site", "51 groups, more than 50"),
    ],
)
def test_when_there_are_no_groups(studies: Any, grouping: str | None, why: str) -> None:
    assert subgroups(studies, grouping) == NotRun(why)


def test_of_one_group_nothing_is_compared() -> None:
    found = subgroups([FIVE[0], FIVE[2]], "population")
    assert isinstance(found, Subgroups)
    assert counts(found.levels) == [("adult", 2, 6, 8)]
    assert found.levels[0].models["partially_pooled"] == NotRun("there is one group")
    assert to_json(found.likelihood) == {"not_run": "there is one group"}
