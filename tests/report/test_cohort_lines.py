"""A cohort in words, in the report and in the terminal. Everybody in it is made up."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from metaimt.analyses.cohort import CohortResult, Reading
from metaimt.analyses.cohort_description import Level, Summary, Variable, categories, contrast, positivity, several
from metaimt.analyses.cohort_survival import CohortCox, CohortSurvival, Comparison, GroupCurve, univariable
from metaimt.analyses.duration import Curve
from metaimt.casefiles.patient_table import Rejected
from metaimt.content.cohort import cohort_section, cox_notes, landmark_words, name, quantile_words, summary_words
from metaimt.model.text import Text
from metaimt.render.markdown import section_markdown
from metaimt.render.terminal import section_text
from metaimt.report.cohort_tables import cox_rows, log_rank_rows, survival_rows
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import CoxTerm, HazardsTest, Landmark, Quantile, kaplan_meier

NONE = NotRun("4 events, 5 are needed")


def said(**of: Any) -> str:
    """What the report says of the made-up cohort with these parts."""
    return section_markdown(cohort_section(replace(cohort(), **of)), lambda _: "", 3)


def rows(**of: Any) -> list[tuple[str, ...]]:
    """The rows of its tables."""
    lines = (re.sub(r"(\| *)+$", "", line) for line in said(**of).splitlines() if line.startswith("| "))
    return [tuple(cell.strip() for cell in line[1:].split("|")) for line in lines]


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
        (Level("fever", 0, 0), 12, ("fever", "0/0")),
    ],
)
def test_a_level(level: Level, of: int, cells: tuple[str, ...]) -> None:
    assert cells in rows(table_one=(Variable("any", of, (level,)),))


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
    assert summary_words(summary) == said


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
    assert quantile_words(found) == said


@pytest.mark.parametrize(
    ("at", "cells"),
    [
        (Landmark(12.0, 0.75, 0.1, 0.5, 0.9, 8), ("12", "75.0 %", "50.0 - 90.0", "8")),
        (Landmark(12.0, 1.0, 0.0, None, None, 8), ("12", "100.0 %", "none", "8")),
        (Landmark(36.0, None, None, None, None, 0), ("36", "beyond follow-up", "", "0")),
    ],
)
def test_a_landmark(at: Landmark, cells: tuple[str, ...]) -> None:
    assert landmark_words(at) == cells


def test_a_marker_by_site() -> None:
    found = positivity("ALK", ["positive", "negative", "positive", None], ["lung", "limbs_and_trunk", None, "lung"])
    shown = rows(positivity=(found,))
    assert [row[:3] for row in shown[shown.index(("site", "r/n", "%", "95 % exact interval")) + 1 :][:4]] == [
        ("all tested", "2/3", "66.7 %"),
        ("limbs and trunk", "0/1", "0.0 %"),
        ("lung", "1/1", "100.0 %"),
        ("not stated", "1/1", "100.0 %"),
    ]
    nobody = {"positivity": (positivity("ALK", [None], ["lung"]),)}
    assert ("all tested", "0/0", "", "nobody tested") in rows(**nobody)
    assert "- Difference between sites: not run: fewer than two groups." in said(**nobody)


def test_a_symptom_by_marker() -> None:
    found = contrast("weight_loss", "ALK", ["yes", "no", "no"], ["positive", "positive", "positive"])
    cells = ("ALK", "weight loss", "1/3 (33.3 %)", "nobody", "not run: fewer than two groups")
    assert cells in rows(symptoms=(found,))


def test_a_variable_whose_items_one_patient_may_have_several_of() -> None:
    found = rows(treatment=(categories("lost_to_followup", ["a"]), several("symptoms", {"fever": ["yes"]}, 1)))
    assert {("**lost to follow-up**",), ("**symptoms (a patient may have several)**",)} <= set(found)


# ---------- survival ----------


def curve(died: list[bool]) -> Curve:
    steps = kaplan_meier(np.arange(1.0, len(died) + 1), np.array(died))
    at = (Landmark(2.0, 0.5, 0.1, 0.25, 0.75, 3), Landmark(36.0, None, None, None, None, 0))
    return Curve(steps, Quantile(2.0, 1.0, None), at, Quantile(4.0, 3.0, 5.0))


GROUPS = (GroupCurve("R0", curve([True, False, True])), GroupCurve("R1_R2", curve([False, True])))
COMPARED = Comparison("margin", 5, 2, GROUPS, NONE)


def test_a_curve_and_its_groups() -> None:
    found = said()
    assert (
        "3 patients, 2 deaths; median 2 (95 % interval 1 to not reached) months; "
        "median follow-up (reverse Kaplan-Meier) 4 (95 % interval 3 to 5) months."
    ) in found
    died = "R0: 2/3 died; R1/R2: 1/2 died."
    assert f"margin (known for 5, not known for 2): log-rank not run: 4 events, 5 are needed. {died}" in found


def test_who_is_in_and_who_is_not() -> None:
    found = CohortSurvival(9, 8, {"without a time": 1}, {"dead": 4, "lost_to_followup": 4}, NONE, None, (), ())
    assert (
        "Time and outcome known for 8 of 9 patients: 4 dead, 4 lost to follow-up. Not here: 1 without a time. "
        "Losses to follow-up are censored at the last contact, never counted as deaths.\n\n"
        "Kaplan-Meier not run: 4 events, 5 are needed."
    ) in said(survival=found)


def model(*terms: CoxTerm, **more: object) -> CohortCox:
    told = {"covariate": "margin", "n": 20, "events": 12, "missing": 0, "reference": "R0", "method": "Cox"}
    told |= {"joint_p": None, "hazards": HazardsTest("global", 1.0, 1, 0.25), "not_run": None}
    return CohortCox(terms=terms, **{**told, **more})  # type: ignore[arg-type]


ONE, TWO = CoxTerm("R1_R2", 0.7, 0.3, 2.0, 1.1, 3.6, 0.021), CoxTerm("no_surgery", 9, 9, float("inf"), 0.004, 1e5, 0.5)


def fitted(*models: CohortCox) -> list[tuple[str, ...]]:
    return rows(survival=replace(SURVIVAL, models=models))[-sum(1 + len(each.terms) for each in models) :]


def test_a_model_a_row_a_term() -> None:
    assert fitted(model(ONE, TWO)) == [
        ("**margin (20 patients, 12 deaths; check p = 0.250)**",),
        ("R1/R2 / R0", "2.00", "1.10 - 3.60", "p = 0.021"),
        ("no surgery / R0", "beyond 10,000", "0.004 - beyond 10,000", "p = 0.500"),
    ]
    age = model(CoxTerm("per year", 0, 0, 1.02, 1.0, 1.04, 0.04), covariate="age", reference=None)
    assert fitted(age)[1][0] == "per year"
    assert fitted(model(not_run=NONE)) == [(f"**margin (20 patients, 12 deaths): not run: {NONE.reason}**",)]


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
    notes = [*map(str, cox_notes(models))]
    check = [each.split(":")[0] for each in notes].count("Check")
    assert check == any(each.not_run is None for each in models)
    notes = notes[: len(notes) - check]
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
        "made-up",
        "Made up",
        "patient table",
        24,
        (AGE, SEX),
        (),
        signs,
        (),
        survival,
        reading=reading,
        notes=(Text("one"),),
    )


def test_a_cohort_in_the_report() -> None:
    text = said()
    assert "Made up. 24 patients, from a patient table, which stays where it is." in text
    assert "24 rows read: 24 analysed, 0 rejected, 1 repeated; 2 empty rows." in text
    assert text.endswith("As printed\n\n- One.")
    *found, margin, fit, age = rows()
    assert found == [
        ("level", "n/N", "%"),
        ("**age, years**",),
        ("mean 50", "21/24"),
        ("not stated", "3/24", "12.5 %"),
        ("**sex**",),
        ("female", "10/24", "41.7 %"),
        ("male", "14/24", "58.3 %"),
        ("marker", "symptom", "positive", "negative", "exact test"),
        ("ALK", "fever", "1/2 (50.0 %)", "nobody", "not run: fewer than two groups"),
        ("months", "survival", "95 % interval", "at risk"),
        ("2", "50.0 %", "25.0 - 75.0", "3"),
        ("36", "beyond follow-up", "", "0"),
        ("months", "R0", "R1/R2"),
        ("2", "50.0 % (25.0 - 75.0)", "50.0 % (25.0 - 75.0)"),
        ("36", "beyond follow-up", "beyond follow-up"),
        ("term", "HR", "95 % interval", "p"),
    ]
    assert re.sub(r"\d+\.\d+", "x", margin[0]) == "**margin (24 patients, 12 deaths; check p = x)**"
    assert re.sub(r"\d+\.\d+", "x", "|".join(fit)) == "R1/R2 / R0|x|x - x|p = x"
    assert age == ("**age (0 patients, 0 deaths, not known for 24): not run: not known for anybody**",)


def test_a_cohort_without_times_in_the_report() -> None:
    text = said(survival=NONE)
    assert "Overall survival\n\nnot run: 4 events, 5 are needed.\n" in text
    assert not re.search("months|Cox|by group", text)


def test_a_cohort_in_the_terminal() -> None:
    lines = section_text(cohort_section(cohort(rejected=22))).splitlines()
    assert lines[:4] == [
        "made-up",
        "Made up. 24 patients, from a patient table, which stays where it is.",
        "46 rows read: 24 analysed, 22 rejected, 1 repeated; 2 empty rows.",
        "- row 2 (P0): age: is no number",
    ]
    assert lines[23] == "- and 2 more: --format json, or --out FOLDER"
    assert lines[24] == "- columns not used: a column"
    assert max(map(len, lines)) <= 80
    table = lines[lines.index("Table 1") :]
    assert table[1:7] == [
        "    level         n/N       %",
        "  age, years",
        "    mean 50     21/24",
        "    not stated   3/24  12.5 %",
        "  sex",
        "    female      10/24  41.7 %",
    ]
    text = "\n".join(lines)
    assert "Treatment\n  Nothing known." in text
    assert "R0: 2/3 died" in text
    assert "R1/R2 / R0" in text
    assert "age (0 patients, 0 deaths, not known for 24): not run: not known for" in text
    assert "Check: a small p speaks against proportional hazards" in text
    assert text.endswith("As printed\n  - One.")
    rejected = section_markdown(cohort_section(cohort(rejected=22)), lambda _: "")
    assert "is no number" not in rejected, "whose row it is stays with who holds the table"


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


def test_a_follow_up_that_is_not_run_is_a_line_that_says_why() -> None:
    curve = GROUPS[0].curve
    assert isinstance(curve, Curve)
    found = estimates(replace(SURVIVAL, curve=replace(curve, followup=NONE)))
    assert found[1] == ("all", "median follow-up, months", None, None, None, None, "4 events, 5 are needed")


def test_a_curve_that_is_not_run_is_a_line_that_says_why() -> None:
    nothing = (None, None, None, None, "4 events, 5 are needed")
    few = CohortSurvival(24, 9, {}, {"dead": 4}, NONE, GROUPS[0].curve, (), ())
    assert estimates(NONE) == [("all", "Kaplan-Meier", *nothing)]
    first, *switched = estimates(few)
    assert first == ("all", "Kaplan-Meier", *nothing)
    assert {row[0] for row in switched} == {"NOT the survival: losses counted as deaths"}
    assert [row["not_run"] for row in log_rank_rows([cohort()])] == ["4 events, 5 are needed"]
    assert [row["not_run"] for row in cox_rows([cohort()])] == ["", "not known for anybody"]
