"""What is counted of a cohort, piece by piece and by hand. Everybody in here is made up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from conftest import course, patient, report

from metaimt.analyses.cohort import CohortResult, cohort_of_counts
from metaimt.analyses.cohort_description import (
    NOT_STATED,
    Level,
    Summary,
    Variable,
    categories,
    contrast,
    number,
    positivity,
    several,
)
from metaimt.analyses.cohort_survival import CohortSurvival, univariable
from metaimt.casefiles.model import CaseFile
from metaimt.model.count import Quoted
from metaimt.serialise import to_json
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.proportion import Proportion


def counts(share: Proportion | None) -> tuple[int, int] | None:
    return None if share is None else (share.responders, share.evaluable)


# ---------- Table 1 ----------


@pytest.mark.parametrize(
    ("values", "order", "levels"),
    [
        (["b", "a", "b", None], (), [("b", 2), ("a", 1), (NOT_STATED, 1)]),  # by number
        (["b", "a", "b", "a"], (), [("a", 2), ("b", 2)]),  # then by name
        (["b", "a", "b"], ("a", "b"), [("a", 1), ("b", 2)]),  # in an order that is given
        (["z", "b", "a", "z"], ("a", "b"), [("a", 1), ("b", 1), ("z", 2)]),  # others after it
        ([None, None], ("a",), [(NOT_STATED, 2)]),
    ],
)
def test_categories_in_their_order(
    values: Sequence[str | None], order: Sequence[str], levels: list[tuple[str, int]]
) -> None:
    found = categories("x", values, order)
    assert [(level.name, level.n) for level in found.levels] == levels
    assert (found.of, found.exclusive) == (len(values), True)


@pytest.mark.parametrize(
    ("values", "missing", "summary"),
    [
        ([1, 2, 3, 4, None], 1, Summary(4, 2.5, (5 / 3) ** 0.5, 2.5, 1.75, 3.25, 1, 4)),  # R: quantile, type 7
        ([7], 0, Summary(1, 7, None, 7, 7, 7, 7, 7)),  # one value has no deviation
        ([None, None], 2, None),
    ],
)
def test_a_number_over_patients(values: Sequence[float | None], missing: int, summary: Summary | None) -> None:
    found = number("age", values)
    assert [(level.name, level.n) for level in found.levels] == ([(NOT_STATED, missing)] if missing else [])
    assert (found.of, found.summary) == (len(values), summary)
    told = to_json(found).get("summary")
    assert (told is None) == (summary is None)
    assert told is None or "sd" in told or len([value for value in values if value is not None]) == 1


def test_of_a_symptom_those_are_counted_for_whom_it_is_known() -> None:
    found = several("symptoms", {"fever": ["yes", "no", None], "pain": [None, None, "yes"]}, 3)
    assert found == Variable("symptoms", 3, (Level("fever", 1, 2), Level("pain", 1, 1)), exclusive=False)
    assert to_json(found)["levels"] == [{"name": "fever", "n": 1, "of": 2}, {"name": "pain", "n": 1, "of": 1}]


def test_a_level_of_all_says_all() -> None:
    assert to_json(categories("x", ["a", "a", None]))["levels"] == [
        {"name": "a", "n": 2, "of": 3},
        {"name": NOT_STATED, "n": 1, "of": 3},
    ]


# ---------- markers and symptoms ----------


@pytest.mark.parametrize(
    ("status", "sites", "overall", "by_site", "rest"),
    [
        (
            ["positive", "negative", "negative", "positive", None],
            ["lung", "lung", "bone", None, "bone"],
            (2, 4),
            {"lung": (1, 2), "bone": (0, 1)},
            (1, 1),
        ),
        (["positive", "negative"], ["bone", "lung"], (1, 2), {"bone": (1, 1), "lung": (0, 1)}, None),
        (["positive", "negative"], [None, None], (1, 2), {}, None),  # no site is known: there is no rest of them
        ([None, None], ["lung", "bone"], None, {}, None),
    ],
)
def test_positive_among_tested(
    status: Sequence[str | None],
    sites: Sequence[str | None],
    overall: tuple[int, int] | None,
    by_site: dict[str, tuple[int, int]],
    rest: tuple[int, int] | None,
) -> None:
    found = positivity("ALK", status, sites)
    assert counts(found.overall) == overall
    assert [(site, counts(share)) for site, share in found.by_site] == list(by_site.items())
    assert (found.rest and (found.rest[0], counts(found.rest[1]))) == (rest and (NOT_STATED, rest))


def test_a_symptom_counts_where_the_marker_is_known_too() -> None:
    present = ["yes", "no", "no", "yes", "yes", "no", None, "yes"]
    status = ["positive", "positive", "positive", "negative", "negative", "negative", "negative", None]
    found = contrast("fever", "ALK", present, status)
    assert (counts(found.positive), counts(found.negative)) == ((1, 3), (2, 3))
    assert isinstance(found.test, ExactTest)
    alone = contrast("fever", "ALK", ["yes"], ["positive"])
    assert (counts(alone.positive), alone.negative, alone.test) == ((1, 1), None, NotRun("fewer than two groups"))


# ---------- Cox models ----------

TIME = np.arange(1.0, 25.0)
DIED = np.array([True] * 12 + [False] * 12)
SITES = ["lung", "bone", "lung", "skin"] * 6


@pytest.mark.parametrize(
    ("reference", "base", "terms"),
    [
        (None, "lung", ["bone", "skin"]),  # the largest
        ("skin", "skin", ["bone", "lung"]),
        ("brain", "lung", ["bone", "skin"]),  # nobody has it: the largest
    ],
)
def test_what_categories_are_compared_with(reference: str | None, base: str, terms: list[str]) -> None:
    model = univariable("site", TIME, DIED, SITES, reference=reference)
    assert model.not_run is None
    assert (model.reference, [term.name for term in model.terms]) == (base, terms)
    assert model.joint_p is not None, "two terms are tested together"
    assert to_json(model)["reference"] == base


def test_of_two_as_large_the_first_by_name_is_compared_with() -> None:
    model = univariable("site", TIME, DIED, ["lung", "bone"] * 12)
    assert (model.reference, [term.name for term in model.terms], model.joint_p) == ("bone", ["lung"], None)


def test_who_is_not_known_is_not_in_the_model() -> None:
    values = [None, None, *(float(k % 5) for k in range(22))]
    model = univariable("age", TIME, DIED, values, unit="year")
    assert (model.n, model.events, model.missing) == (22, 10, 2)
    assert (model.reference, [term.name for term in model.terms], model.joint_p) == (None, ["per year"], None)
    told = to_json(model)
    assert (told["covariate"], told["n"], told["events"], told["missing"]) == ("age", 22, 10, 2)
    assert "reference" not in told
    assert "joint_p" not in told


def test_ten_events_are_enough_and_nine_are_not() -> None:
    for events, why in ((10, None), (9, NotRun("9 events, 10 are needed"))):
        died = np.arange(24) < events
        assert univariable("site", TIME, died, ["lung", "bone"] * 12).not_run == why
    penalised = univariable("site", TIME, np.arange(24) < 9, ["lung", "bone"] * 12, penalised=True)
    assert (penalised.reference, penalised.method) == ("bone", "Cox, Firth-penalised")


def test_the_survival_of_a_cohort_by_name() -> None:
    none = NotRun("4 events, 5 are needed")
    found = CohortSurvival(9, 8, {"no time": 1}, {"dead": 4, "alive": 4}, none, None, (), ())
    assert to_json(found) == {
        "patients": 9,
        "known": 8,
        "excluded": {"no time": 1},
        "outcomes": {"dead": 4, "alive": 4},
        "kaplan_meier": {"not_run": "4 events, 5 are needed"},
        "comparisons": [],
        "cox": [],
    }


# ---------- published counts ----------


def printed(**cohort: Any) -> CohortResult:
    """The cohort of a made-up paper."""
    made = report("example-2020", patient(course()), design="cohort", cohort=cohort)
    made["report"]["setting"] = "local"
    found = cohort_of_counts(CaseFile.model_validate(made))
    assert found is not None
    return found


def test_what_is_missing_to_the_whole_is_a_row_and_too_many_are_a_note() -> None:
    found = printed(n=20, sex={"female": 12, "male": 8}, sites={"lung": 6}, outcome={"alive": 15, "dead": 7})
    rows = {each.name: [(level.name, level.n) for level in each.levels] for each in found.table_one}
    assert rows == {
        "sex": [("female", 12), ("male", 8)],
        "site": [("lung", 6), ("other or not printed (by subtraction)", 14)],
        "outcome": [("alive", 15), ("dead", 7)],
    }
    said = "outcome: the categories add up to 22, more than the 20 patients"
    notes = [*map(str, found.notes)]
    assert said in notes
    assert [note for note in notes if "add up" in note] == [said]


def test_the_mean_age_and_the_symptoms_as_printed() -> None:
    found = printed(n=20, mean_age=41.5, symptoms={"fever": 3}, radiotherapy=2, chemotherapy=0)
    assert [each.name for each in found.table_one] == ["age, years", "symptoms"]
    assert found.table_one[0].summary == Summary(20, 41.5)
    assert (found.table_one[1].levels, found.table_one[1].exclusive) == ((Level("fever", 3),), False)
    (treatment,) = found.treatment
    assert treatment.levels == (Level("radiotherapy", 2), Level("chemotherapy", 0))
    assert (treatment.of, treatment.exclusive) == (20, False)


@pytest.mark.parametrize(
    ("tested", "overall", "by_site", "rest"),
    [
        (
            {"all": {"positive": 9, "tested": 20}, "lung": {"positive": 3, "tested": 4}},
            (9, 20),
            [("lung", (3, 4))],
            (6, 16),
        ),
        (  # the higher share first
            {
                "all": {"positive": 4, "tested": 8},
                "bone": {"positive": 1, "tested": 4},
                "lung": {"positive": 3, "tested": 4},
            },
            (4, 8),
            [("lung", (3, 4)), ("bone", (1, 4))],
            None,
        ),
        ({"lung": {"positive": 3, "tested": 4}}, None, [("lung", (3, 4))], None),
        (  # more positive at a site than in all: no rest is made of it
            {"all": {"positive": 2, "tested": 20}, "lung": {"positive": 3, "tested": 4}},
            (2, 20),
            [("lung", (3, 4))],
            None,
        ),
    ],
)
def test_the_positivity_as_printed(
    tested: dict[str, dict[str, int]],
    overall: tuple[int, int] | None,
    by_site: list[tuple[str, tuple[int, int]]],
    rest: tuple[int, int] | None,
) -> None:
    (found,) = printed(n=20, ihc={"ALK": tested}).positivity
    assert counts(found.overall) == overall
    assert [(site, counts(share)) for site, share in found.by_site] == by_site
    assert counts(found.rest[1] if found.rest else None) == rest
    assert (found.test_named is None) == (rest is None)


def test_a_number_of_a_cohort_leads_to_what_is_printed_with_it() -> None:
    found = printed(n=20, sex={"female": 12, "male": 8})
    assert found.whole.reports == ("example-2020",)
    (quoted,) = found.printed(3, 4).statements
    assert quoted == Quoted("from the published counts", "3/4", "as recorded in the case file")
    assert found.printed(3, 4).title.startswith("example-2020: 3/4, ")
