"""A cohort in words, in the report and in the terminal. Everybody in it is made up."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from metaimt.analyses.cohort import CohortResult, Reading
from metaimt.analyses.cohort_description import Level, Summary, Variable, categories, contrast, positivity, several
from metaimt.analyses.cohort_survival import CohortCox, CohortSurvival, Comparison, GroupCurve, univariable
from metaimt.analyses.duration import Curve
from metaimt.casefiles.patient_table import Rejected
from metaimt.report.cohort import (
    cohort_section,
    cohorts_content,
    comparison_line,
    contrast_cells,
    cox_cells,
    cox_notes,
    curve_head,
    group_cells,
    group_head,
    landmark_cells,
    level_cells,
    name,
    positivity_cells,
    positivity_lines,
    quantile_text,
    summary_text,
    survival_head,
    variable_head,
)
from metaimt.report.cohort_tables import cox_rows, log_rank_rows, survival_rows
from metaimt.report.cohort_text import cohort_text
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import CoxTerm, HazardsTest, Landmark, Quantile, kaplan_meier

NONE = NotRun("4 events, 5 are needed")


@pytest.mark.parametrize(
    ("term", "said"),
    [("R1_R2", "R1/R2"), ("lost_to_followup", "lost to follow-up"), ("head_and_neck", "head and neck"), ("", "")],
)
def test_a_term_as_read(term: str, said: str) -> None:
    assert name(term) == said


@pytest.mark.parametrize(
    ("level", "of", "cells"),
    [
        (Level("R1_R2", 3), 12, ("R1/R2", "3/12", "25.0 %")),
        (Level("fever", 3, 4), 12, ("fever", "3/4", "75.0 %")),
        (Level("fever", 0, 0), 12, ("fever", "0/0", "")),
    ],
)
def test_a_level(level: Level, of: int, cells: tuple[str, ...]) -> None:
    assert level_cells(level, of) == cells


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        (Summary(20, 50.14), "mean 50.14"),
        (Summary(20, 50.14, 14.25), "mean 50.14 (SD 14.2)"),
        (
            Summary(20, 50, 14.2, 51, 40, 61, 18, 82),
            "mean 50 (SD 14.2), median 51 (quartiles 40 to 61), range 18 to 82",
        ),
    ],
)
def test_a_number_over_patients(summary: Summary, said: str) -> None:
    assert summary_text(summary) == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Quantile(59.9, 49.0, 70.8), "59.9 (95 % interval 49 to 70.8)"),
        (Quantile(59.9, 49.0, None), "59.9 (95 % interval 49 to not reached)"),
        (Quantile(None, 49.0, None), "not reached (95 % interval 49 to not reached)"),
        (Quantile(None, None, None), "not reached"),
    ],
)
def test_a_median(found: Quantile, said: str) -> None:
    assert quantile_text(found) == said


@pytest.mark.parametrize(
    ("at", "cells"),
    [
        (Landmark(12.0, 0.75, 0.1, 0.5, 0.9, 8), ("12", "75.0 %", "50.0 - 90.0", "8")),
        (Landmark(12.0, 1.0, 0.0, None, None, 8), ("12", "100.0 %", "none", "8")),
        (Landmark(36.0, None, None, None, None, 0), ("36", "beyond follow-up", "", "0")),
    ],
)
def test_a_landmark(at: Landmark, cells: tuple[str, ...]) -> None:
    assert landmark_cells(at) == cells


def test_a_marker_by_site() -> None:
    found = positivity("ALK", ["positive", "negative", "positive", None], ["lung", "limbs_and_trunk", None, "lung"])
    rows = list(positivity_cells(found))
    assert [row[:3] for row in rows] == [
        ("all tested", "2/3", "66.7 %"),
        ("limbs and trunk", "0/1", "0.0 %"),
        ("lung", "1/1", "100.0 %"),
        ("not stated", "1/1", "100.0 %"),
    ]
    nobody = positivity("ALK", [None], ["lung"])
    assert list(positivity_cells(nobody)) == [("all tested", "0/0", "", "nobody tested")]
    assert list(positivity_lines(nobody)) == ["Difference between sites: not run: fewer than two groups."]


def test_a_symptom_by_marker() -> None:
    cells = contrast_cells(contrast("weight_loss", "ALK", ["yes", "no", "no"], ["positive", "positive", "positive"]))
    assert cells == ("weight loss", "1/3 (33.3 %)", "nobody", "not run: fewer than two groups")


def test_a_variable_whose_items_one_patient_may_have_several_of() -> None:
    assert variable_head(categories("lost_to_followup", ["a"])) == "lost to follow-up"
    assert variable_head(several("symptoms", {"fever": ["yes"]}, 1)) == "symptoms (a patient may have several)"


# ---------- survival ----------


def curve(died: list[bool]) -> Curve:
    steps = kaplan_meier(np.arange(1.0, len(died) + 1), np.array(died))
    at = (Landmark(2.0, 0.5, 0.1, 0.25, 0.75, 3), Landmark(36.0, None, None, None, None, 0))
    return Curve(steps, Quantile(2.0, 1.0, None), at, Quantile(4.0, 3.0, 5.0))


GROUPS = (GroupCurve("R0", curve([True, False, True])), GroupCurve("R1_R2", curve([False, True])))
COMPARED = Comparison("margin", 5, 2, GROUPS, NONE)


def test_a_curve_and_its_groups() -> None:
    assert curve_head(GROUPS[0].curve) == (
        "3 patients, 2 deaths; median 2 (95 % interval 1 to not reached) months; "
        "median follow-up (reverse Kaplan-Meier) 4 (95 % interval 3 to 5) months."
    )
    assert [group_head(group) for group in GROUPS] == ["R0: 2/3 died", "R1/R2: 1/2 died"]
    assert list(group_cells(COMPARED)) == [
        ("2", "50.0 % (25.0 - 75.0)", "50.0 % (25.0 - 75.0)"),
        ("36", "beyond follow-up", "beyond follow-up"),
    ]
    said = "margin (known for 5, not known for 2): log-rank not run: 4 events, 5 are needed."
    assert comparison_line(COMPARED) == said


def test_who_is_in_and_who_is_not() -> None:
    found = CohortSurvival(9, 8, {"without a time": 1}, {"dead": 4, "lost_to_followup": 4}, NONE, None, (), ())
    assert survival_head(found) == (
        "Time and outcome known for 8 of 9 patients: 4 dead, 4 lost to follow-up. Not here: 1 without a time. "
        "Losses to follow-up are censored at the last contact, never counted as deaths."
    )


def model(*terms: CoxTerm, **more: object) -> CohortCox:
    told = {"covariate": "margin", "n": 20, "events": 12, "missing": 0, "reference": "R0", "method": "Cox"}
    told |= {"joint_p": None, "hazards": HazardsTest("global", 1.0, 1, 0.25), "not_run": None}
    return CohortCox(terms=terms, **{**told, **more})  # type: ignore[arg-type]


ONE, TWO = CoxTerm("R1_R2", 0.7, 0.3, 2.0, 1.1, 3.6, 0.021), CoxTerm("no_surgery", 9, 9, float("inf"), 0.004, 1e5, 0.5)


def test_a_model_a_row_a_term() -> None:
    assert list(cox_cells(model(ONE, TWO))) == [
        ("margin", "20", "12", "R1/R2 / R0", "2.00", "1.10 - 3.60", "p = 0.021", "p = 0.250"),
        ("", "", "", "no surgery / R0", "beyond 10,000", "0.004 - beyond 10,000", "p = 0.500", ""),
    ]
    (row,) = cox_cells(model(CoxTerm("per year", 0, 0, 1.02, 1.0, 1.04, 0.04), covariate="age", reference=None))
    assert row[3] == "per year"
    assert list(cox_cells(model(not_run=NONE))) == [("margin", "20", "12", f"not run: {NONE.reason}", "", "", "", "")]


@pytest.mark.parametrize(
    ("models", "joint", "penalised"),
    [
        ([model(ONE)], 0, False),
        ([model(ONE, TWO, joint_p=0.03)], 1, False),
        ([model(ONE), model(ONE, method="Cox, Firth-penalised")], 0, True),  # one of them is enough
        ([model(method="Cox, Firth-penalised", not_run=NONE)], 0, False),
        ([], 0, False),
    ],
)
def test_the_notes_below_the_models(models: list[CohortCox], joint: int, penalised: bool) -> None:
    notes = list(cox_notes(models))
    assert notes[:joint] == ["margin: all terms together p = 0.030 (likelihood ratio)."][:joint]
    assert [note.split(":")[0] for note in notes[joint:]] == (["Penalised (Firth)"] if penalised else [])


# ---------- a whole cohort, in the report and in the terminal ----------

TIME, DIED = np.arange(1.0, 25.0), np.array([True] * 12 + [False] * 12)
SURVIVAL = CohortSurvival(
    24,
    24,
    {},
    {"dead": 12, "alive": 12},
    GROUPS[0].curve,
    None,
    (COMPARED,),
    (univariable("margin", TIME, DIED, ["R0", "R1_R2"] * 12), univariable("age", TIME, DIED, [None] * 24)),
)
AGE = Variable("age, years", 24, (Level("not stated", 3),), Summary(21, 50.0))
SEX = Variable("sex", 24, (Level("female", 10), Level("male", 14)))


def cohort(survival: CohortSurvival | NotRun = SURVIVAL, rejected: int = 0) -> CohortResult:
    rows = tuple(Rejected(k + 2, f"P{k}", ("age: is no number",)) for k in range(rejected))
    reading = Reading(24 + rejected, rows, 1, 2, ("a column",))
    signs = (contrast("fever", "ALK", ["yes", "no"], ["positive", "positive"]),)
    return CohortResult(
        "made-up", "Made up", "patient table", 24, (AGE, SEX), (), signs, (), survival, reading=reading, notes=("one",)
    )


def test_a_cohort_in_the_report() -> None:
    (found,) = cohorts_content([cohort()])
    assert found["head"] == "Made up. 24 patients, from a patient table, which stays where it is."
    assert found["variables"] == [
        ("age, years", "mean 50", "21/24", ""),
        ("", "not stated", "3/24", "12.5 %"),
        ("sex", "female", "10/24", "41.7 %"),
        ("", "male", "14/24", "58.3 %"),
    ]
    assert found["contrasts"] == [("ALK", "fever", "1/2 (50.0 %)", "nobody", "not run: fewer than two groups")]
    assert (found["symptoms"], found["notes"]) == ("", ["One."])
    assert found["survival"][1].startswith("3 patients, 2 deaths; median 2 ")
    assert [row[0] for row in found["landmarks"]] == ["2", "36"]
    assert [(group["head"], len(group["rows"])) for group in found["groups"]] == [
        (["R0: 2/3 died", "R1/R2: 1/2 died"], 2)
    ]
    assert [row[0] for row in found["cox"]] == ["margin", "age"]


def test_a_cohort_in_the_tables_of_the_report() -> None:
    text = cohort_section([cohort()])
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    *rows, margin, age = rows
    assert rows == [
        "| | | n/N | % |",
        "| age, years | mean 50 | 21/24 |  |",
        "|  | not stated | 3/24 | 12.5 % |",
        "| sex | female | 10/24 | 41.7 % |",
        "|  | male | 14/24 | 58.3 % |",
        "| marker | symptom | positive | negative | exact test |",
        "| ALK | fever | 1/2 (50.0 %) | nobody | not run: fewer than two groups |",
        "| months | survival | 95 % interval | at risk |",
        "| 2 | 50.0 % | 25.0 - 75.0 | 3 |",
        "| 36 | beyond follow-up |  | 0 |",
        "| months | R0: 2/3 died | R1/R2: 1/2 died |",
        "| 2 | 50.0 % (25.0 - 75.0) | 50.0 % (25.0 - 75.0) |",
        "| 36 | beyond follow-up | beyond follow-up |",
        "| | n | deaths | | HR | 95 % interval | p | check |",
    ]
    said = "| margin | 24 | 12 | R1/R2 / R0 | x | x - x | p = x | p = x |"
    assert re.sub(r"\d+\.\d+", "x", margin) == said
    assert age == "| age | 0 | 0 | not run: not known for anybody |  |  |  |  |"


def test_a_cohort_without_times_in_the_report() -> None:
    (found,) = cohorts_content([cohort(NONE)])
    assert found["survival"] == ["not run: 4 events, 5 are needed."]
    assert (found["landmarks"], found["groups"], found["cox"], found["cox_notes"]) == ([], [], [], [])
    (few,) = cohorts_content([cohort(CohortSurvival(24, 9, {}, {"dead": 4}, NONE, None, (), ()))])
    assert few["survival"][1] == "Kaplan-Meier not run: 4 events, 5 are needed."
    assert few["landmarks"] == []


def test_a_cohort_in_the_terminal() -> None:
    lines = cohort_text(cohort(rejected=22)).splitlines()
    assert lines[:3] == [
        "Made up",
        "24 patients, from a patient table",
        "46 rows read: 24 analysed, 22 rejected, 1 repeated; 2 empty rows.",
    ]
    assert lines[3] == "  row 2 (P0): age: is no number"
    assert lines[23] == "  and 2 more: --format json, or --out FOLDER"
    assert lines[24] == "Columns not used: a column"
    assert max(map(len, lines)) <= 80
    table = lines[lines.index("Table 1") :]
    assert [line.rstrip() for line in table[1:6]] == [
        "  age, years",
        "    mean 50",
        f"    {'not stated':38}  3/24  12.5 %",
        "  sex",
        f"    {'female':38}  10/24  41.7 %",
    ]
    text = "\n".join(lines)
    assert "Treatment\nnothing known" in text
    assert "R0: 2/3 died" in text
    assert "R1/R2 / R0" in text
    assert "age (n = 0, not known for 24): not run: not known for anybody" in text
    assert "PH check: a small p speaks against proportional hazards" in text
    assert text.endswith("As printed\n  one.")


# ---------- its tables ----------


def estimates(survival: CohortSurvival | NotRun) -> list[tuple[Any, ...]]:
    """Group, quantity, estimate and its limits, at risk, and why there is none."""
    names = ("group", "quantity", "estimate", "lower", "upper", "at_risk", "not_run")
    return [tuple(row[name] for name in names) for row in survival_rows([cohort(survival)])]


def test_a_curve_in_the_tables_has_a_line_for_each_number() -> None:
    found = estimates(SURVIVAL)
    assert found[:4] == [
        ("all", "median, months", 2.0, 1.0, None, None, ""),
        ("all", "median follow-up, months", 4.0, 3.0, 5.0, None, ""),
        ("all", "S at 2 months", 0.5, 0.25, 0.75, 3, ""),
        ("all", "S at 36 months", None, None, None, 0, ""),
    ]
    assert [row[0] for row in found[4:]] == ["margin: R0"] * 4 + ["margin: R1_R2"] * 4


def test_a_curve_that_is_not_run_is_a_line_that_says_why() -> None:
    nothing = (None, None, None, None, "4 events, 5 are needed")
    few = CohortSurvival(24, 9, {}, {"dead": 4}, NONE, GROUPS[0].curve, (), ())
    assert estimates(NONE) == [("all", "Kaplan-Meier", *nothing)]
    first, *switched = estimates(few)
    assert first == ("all", "Kaplan-Meier", *nothing)
    assert {row[0] for row in switched} == {"NOT the survival: losses counted as deaths"}
    assert [row["not_run"] for row in log_rank_rows([cohort()])] == ["4 events, 5 are needed"]
    assert [row["not_run"] for row in cox_rows([cohort()])] == ["", "not known for anybody"]
