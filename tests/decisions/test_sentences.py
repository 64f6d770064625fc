"""The sentences at the head of the review, each on numbers made up for it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import MakeReview, arm, report, unit
from deciding import read

from metaimt.analyses.pooled_response import ELSEWHERE, Group, NotInHeadline, pooled_response
from metaimt.analyses.wording import p_value, predicted
from metaimt.casefiles.shared import Search
from metaimt.content.answer import read_as
from metaimt.content.headline import reasons
from metaimt.content.sources import last_search, read_depths
from metaimt.evidence.selection import select
from metaimt.model.count import Count
from metaimt.statistics.prediction import Prediction, Range


def search(id: str, status: str, date: str | None) -> Search:
    return Search(id=id, source="Made up", status=status, date=date)


NONE = "no search with a date"


@pytest.mark.parametrize(
    ("searches", "said"),
    [
        ([("done", "2025-03-01"), ("done", "2026-02-15")], "2026-02-15"),
        ([("done", "2026-02-15"), ("done", "2025-03-01")], "2026-02-15"),  # the latest, wherever it stands
        ([("done", "2024-12-31"), ("done", "2025-01-01"), ("done", "2024-01-01")], "2025-01-01"),
        ([("done", "2025-03-01"), ("not yet run", "2026-06-01")], "2025-03-01"),  # planned is not run
        ([("done", "2025-03-01"), ("done", None)], "2025-03-01"),
        ([("done", "2026-11")], "2026-11"),
        ([("done", None)], NONE),
        ([("not yet run", "2026-06-01")], NONE),
        ([], NONE),
    ],
)
def test_the_last_search_is_the_latest_that_was_run(searches: list[tuple[str, str | None]], said: str) -> None:
    assert last_search(search(f"s{k}", *each) for k, each in enumerate(searches)) == said


@pytest.mark.parametrize(
    ("depths", "said"),
    [
        ({"abstract": 3, "full_text": 1}, "3 of 4 publications were read as an abstract, 1 in full text"),
        ({"full_text": 1}, "1 of 1 publication was read in full text"),
        (
            {"title": 1, "secondary": 1, "abstract": 5},
            "5 of 7 publications were read as an abstract, 1 second-hand, 1 by the title",
        ),
        ({"not stated": 2}, "2 of 2 publications were read in a way that is not stated"),
        ({}, "no publication"),
    ],
)
def test_how_the_publications_were_read(depths: dict[str, int], said: str) -> None:
    names = [None if depth == "not stated" else depth for depth, number in depths.items() for _ in range(number)]
    reports: list[Any] = [
        SimpleNamespace(id=f"report-{k}", extraction=SimpleNamespace(depth=depth)) for k, depth in enumerate(names)
    ]
    assert str(read_depths(reports)) == said


@pytest.mark.parametrize(
    ("p", "said"), [(0.0311, "p = 0.031"), (0.001, "p = 0.001"), (0.0009, "p < 0.001"), (1, "p = 1.000")]
)
def test_a_p_value_is_never_0(p: float, said: str) -> None:
    assert p_value(p) == said


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ([(0.8, 0.534, 0.885)], "53 to 89 % (80 % prediction interval)"),  # a half is rounded up
        (
            [(0.8, 0.53, 0.89), (0.95, 0.336, 0.96)],
            "53 to 89 % (80 % prediction interval; 95 %: 34 to 96 %)",
        ),
        (
            [(0.5, 0.6, 0.7), (0.8, 0.5, 0.8), (0.975, 0.0, 1.0)],
            "60 to 70 % (50 % prediction interval; 80 %: 50 to 80 %; 97.5 %: 0 to 100 %)",
        ),
    ],
)
def test_what_a_new_report_may_show(ranges: list[tuple[float, float, float]], said: str) -> None:
    assert predicted(Prediction(0.7, tuple(Range(*each) for each in ranges), (), (1, 1), (1, 1))) == said


def test_the_reasons_in_a_line() -> None:
    two = Count.of("made up", [unit("a-2020/P1", 1), unit("b-2020/arm1", 3, 5)])
    one = Count.of("made up", [unit("a-2020/P1", 1)])
    for elsewhere, said in (
        (two, "2 courses and arms that repeat patients counted already"),
        (one, "1 course or arm that repeats patients counted already"),
    ):
        found = (("inferred", 5, one), ("unnamed drug", 1, one), (ELSEWHERE, 6, elsewhere))
        line = reasons(tuple(NotInHeadline(reason, counts, patients) for reason, patients, counts in found))
        assert str(line) == f"5 inferred, 1 unnamed drug, {said}"


def headline(make_review: MakeReview, *reports: dict[str, Any]) -> Group:
    library, protocol = read(make_review(*reports))
    return pooled_response(select(library, protocol), protocol).headline


def trial(responders: int, evaluable: int) -> dict[str, Any]:
    return report("example-1", design="trial", arms=[arm(responders, evaluable)])


TRIALS, SINGLE = "small trials and cohorts", "single cases and series"


@pytest.mark.parametrize(
    ("designs", "most", "where"),
    [
        ({"trial": 6, "cohort": 2, "case_report": 2}, "8 of 10", TRIALS),
        ({"trial": 6, "case_report": 4}, "6 of 10", "small trials"),  # only what there is
        ({"cohort": 6, "case_series": 4}, "6 of 10", "small cohorts"),
        ({"trial": 5, "case_report": 5}, "5 of 10", SINGLE),  # half is not most
        ({"trial": 2, "cohort": 1, "case_report": 4, "case_series": 3}, "7 of 10", SINGLE),
        ({"case_report": 10}, "10 of 10", SINGLE),
    ],
)
def test_what_most_patients_come_from(make_review: MakeReview, designs: dict[str, int], most: str, where: str) -> None:
    units = [unit(f"example-{k}/arm1", 0, n, design=design) for k, (design, n) in enumerate(designs.items())]
    said = str(read_as(replace(headline(make_review, trial(6, 10)), counts=Count.of("made up", units))))
    assert said.startswith(f"Most patients ({most}) come from {where}, not from comparable patients;")
    assert said.endswith("this does not predict one patient's response.")
