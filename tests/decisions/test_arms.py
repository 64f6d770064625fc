"""What an arm, known only as counts, counts as: missing cells stay unknown, and no cell is worked out from another."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report
from deciding import HEADLINE, WIDEST, outcome, placed, read, selected

from metaimt.analyses.pooled_response import Group, pooled_response
from metaimt.casefiles.library import read_library
from metaimt.checks import check_library
from metaimt.evidence.selection import select

ARM = "example-1/arm1"


def trial(*arms: dict[str, Any], id: str = "example-1", **more: Any) -> dict[str, Any]:
    return report(id, design="trial", arms=list(arms), **more)


@pytest.mark.parametrize(
    ("cells", "complete", "controlled"),
    [
        # all printed: responders and stable disease are controlled
        ({"cr": 2, "pr": 4, "sd": 3, "pd": 1}, 2, 9),
        ({"cr": 0, "pr": 6, "sd": 0, "pd": 4}, 0, 6),  # a printed 0 is known
        ({"cr": 6, "pr": 0, "sd": 4, "pd": 0}, 6, 10),
        # partly printed
        ({"cr": 2, "pr": 4}, 2, None),
        ({"cr": 2}, 2, None),
        ({"cr": 0}, 0, None),
        ({"sd": 3, "pd": 1}, None, 9),
        ({"sd": 3}, None, 9),
        ({"sd": 0}, None, 6),
        ({"cr": 2, "sd": 3}, 2, 9),
        ({"pr": 4, "sd": 3, "pd": 1}, None, 9),
        # neither complete responses nor stable disease are worked out from the others
        ({}, None, None),
        ({"pr": 4}, None, None),
        ({"pd": 1}, None, None),
        ({"pr": 4, "pd": 1}, None, None),
    ],
)
def test_cells_that_are_not_printed_are_not_known(
    make_review: MakeReview, cells: dict[str, int], complete: int | None, controlled: int | None
) -> None:
    unit = placed(make_review(trial(arm(6, 10, **cells))), ARM).unit
    assert outcome(unit) == (6, 10, complete, controlled)


def test_an_arm_is_its_counts_and_no_patient(make_review: MakeReview) -> None:
    unit = placed(make_review(trial(arm(3, 5, line="later", site="lung", histology="EIMS"))), ARM).unit
    assert (unit.course, unit.line, unit.subject) == (0, "later", ARM)
    assert (unit.site, unit.histology) == ("lung", "EIMS")
    assert (unit.response, unit.age, unit.sex, unit.disputed) == (None, None, None, False)


def test_arms_are_numbered_in_the_order_of_the_file(make_review: MakeReview) -> None:
    found = selected(make_review(trial(arm(1, 2), arm(3, 4)))).placed
    assert [(each.unit.id, each.unit.evaluable) for each in found] == [("example-1/arm1", 2), ("example-1/arm2", 4)]


@pytest.mark.parametrize(
    ("population", "group"), [("paediatric", "child"), ("adult", "adult"), ("mixed", "mixed"), (None, None)]
)
def test_the_population_of_an_arm_is_its_age_group(
    make_review: MakeReview, population: str | None, group: str | None
) -> None:
    told = {} if population is None else {"population": population}
    assert placed(make_review(trial(arm(3, 5, **told))), ARM).unit.age_group == group


@pytest.mark.parametrize(
    ("told", "row", "evidence", "reason"),
    [
        ({"status": {"ALK": "positive"}}, "alk_positive", "stated", ()),
        ({"status": {"ALK": "negative"}}, "alk_negative", None, ("ALK-negative",)),
        ({"status": {}}, "alk_not_stated", None, ()),
        ({"status": {"ALK": "mixed"}}, None, None, ("ALK status mixed",)),
        ({"status": {}, "fusion_gene": "ALK"}, "alk_positive", "stated", ()),
        ({"status": {"ALK": "negative"}, "fusion_gene": "ALK"}, "alk_positive", "stated", ()),
        ({"status": {"ALK": "negative"}, "fusion_gene": "ROS1"}, "ros1", "stated", ("ROS1",)),
        ({"status": {}, "fusion_gene": "NTRK3"}, "other_kinase", "stated", ("other kinase fusions",)),
    ],
)
def test_the_row_of_an_arm(
    make_review: MakeReview, told: dict[str, Any], row: str | None, evidence: str | None, reason: tuple[str, ...]
) -> None:
    found = placed(make_review(trial(arm(3, 5, **told))), ARM)
    assert (found.row, found.unit.marker_evidence) == (row, evidence)
    assert found.words(WIDEST) == reason


@pytest.mark.parametrize(
    ("told", "strict"),
    [
        ({"response_basis": "stated"}, ()),
        ({"response_basis": "measured"}, ()),
        ({"response_basis": "inferred"}, ("inferred",)),
        ({"drug": "unspecified ALK inhibitor"}, ("unnamed drug",)),
        ({"combined_with": ["chemotherapy"]}, ("mixed treatment",)),
        ({"line": "first"}, ()),
        ({"line": "any"}, ()),
        ({"line": "later"}, ("later line",)),
        ({"histology": "other"}, ("not eligible (histology other)",)),
        ({"histology": "IMT"}, ()),
    ],
)
def test_the_conditions_of_strict_hold_for_arms_too(
    make_review: MakeReview, told: dict[str, Any], strict: tuple[str, ...]
) -> None:
    assert placed(make_review(trial(arm(3, 5, **told))), ARM).words(HEADLINE) == strict


def test_an_arm_without_a_basis_is_not_strict(make_review: MakeReview) -> None:
    bare = arm(3, 5)
    del bare["response_basis"]
    found = placed(make_review(trial(bare)), ARM)
    assert found.words(HEADLINE) == ("basis of the response not stated",)
    assert found.is_in(WIDEST)


def test_an_arm_without_anybody_evaluable_adds_nobody(make_review: MakeReview) -> None:
    found = placed(make_review(trial(arm(0, 0))), ARM)
    assert found.words(WIDEST) == ("response not readable",)


def group(make_review: MakeReview, *reports: dict[str, Any]) -> Group:
    library, protocol = read(make_review(*reports))
    return pooled_response(select(library, protocol), protocol).headline


def share(group: Group, outcome: str) -> tuple[int, int] | None:
    found = getattr(group, outcome)
    return None if found is None else (found.responders, found.evaluable)


# One patient with a complete response, one with a partial one, one stable, one progressing, one dead before assessment.
FIVE = [
    patient(course(response, **({"stop_reason": "death"} if response == "NE" else {})), id=f"P{k}")
    for k, response in enumerate(("CR", "PR", "SD", "PD", "NE"), start=1)
]


@pytest.mark.parametrize(
    ("cells", "complete", "controlled"),
    [
        ({"cr": 2, "sd": 3}, (3, 15), (12, 15)),  # 1/5 and 3/5 of the patients, 2/10 and 9/10 of the arm
        ({"cr": 2}, (3, 15), (3, 5)),  # each with its own denominator
        ({"sd": 3}, (1, 5), (12, 15)),
        ({}, (1, 5), (3, 5)),
    ],
)
def test_complete_response_and_disease_control_have_their_own_denominators(
    make_review: MakeReview, cells: dict[str, int], complete: tuple[int, int], controlled: tuple[int, int]
) -> None:
    series = report("example-2", *FIVE, design="case_series")
    found = group(make_review, trial(arm(6, 10, **cells)), series)
    assert (found.counts.responders, found.counts.evaluable, found.counts.reports) == (8, 15, 2)
    assert (share(found, "complete"), share(found, "controlled")) == (complete, controlled)


def test_an_outcome_that_nobody_prints_has_no_rate(make_review: MakeReview) -> None:
    found = group(make_review, trial(arm(6, 10)))
    assert (share(found, "complete"), share(found, "controlled")) == (None, None)


@pytest.mark.parametrize(
    ("lines", "not_stated"), [(("first", "any"), 4), (("any", "any"), 14), (("first", "first"), 0)]
)
def test_the_patients_of_arms_whose_line_is_not_said_are_counted(
    make_review: MakeReview, lines: tuple[str, str], not_stated: int
) -> None:
    arms = trial(arm(6, 10, line=lines[0]), arm(3, 4, line=lines[1]))
    alone = report("example-2", patient(course("PR")))
    found = group(make_review, arms, alone)
    assert (found.line_not_stated.evaluable, found.counts.evaluable) == (not_stated, 15)


def test_one_cluster_a_report(make_review: MakeReview) -> None:
    """Arms and patients of a report are one cluster; a report without anybody evaluable is none."""
    both = trial(arm(6, 10), arm(1, 2), patients=[patient(course("PR"))])
    nobody = report("example-2", patient(course("NE")))
    found = group(make_review, both, nobody, report("example-3", patient(course("SD"))))
    assert found.clusters == (("example-1", 8, 13), ("example-3", 0, 1))
    assert found.counts.reports == 2


@pytest.mark.parametrize("name", ["evaluable", "responders", "cr", "pr", "sd", "pd"])
def test_no_count_of_an_arm_is_below_zero(make_review: MakeReview, name: str) -> None:
    folder = make_review(report("example-1", design="trial", arms=[arm(1, 3) | {name: -1}]))
    found = [problem.message for problem in check_library(read_library(folder)) if problem.rule == "count-below-zero"]
    assert found == [f"{name}: -1 is below 0"]
