"""The cohort against R's survival on its lung data, and against the counts that the paper prints.

The lung data (survival::lung, 228 patients) go through a patient table and its mapping, days and codes as R has them,
and must give the numbers of tests/reference/reference.json. Tolerance 1e-6 relative where R prints 15 digits: months
are days divided by 365.25/12 and multiplied back; p and hazard ratios do not depend on the unit.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import FROZEN, ROOT

from metaimt.analyses.cohort import WITHOUT_TIMES, CohortResult, _printed, cohort_of_counts, cohort_of_table, cohorts_of
from metaimt.analyses.cohort_survival import CohortSurvival, univariable
from metaimt.analyses.duration import Curve
from metaimt.casefiles.library import read_library
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.patient_table import read_patient_table
from metaimt.serialise import to_json
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.survival import Quantile, kaplan_meier, landmarks

REFERENCE = json.loads((ROOT / "tests" / "reference" / "reference.json").read_text())["survival"]
MONTH = 365.25 / 12
LUNG = """# survival::lung of R.
time_unit: days
columns:
  id: id
  age: age
  sex: {column: sex, codes: {"1": male, "2": female}}
  margin: {column: sex again, codes: {"1": R0, "2": R1}}
  followup: time
  outcome: {column: status, codes: {"0": alive, "1": dead}}
"""


@pytest.fixture
def of_lines(tmp_path: Path) -> Callable[..., CohortResult]:
    def make(mapping: str, lines: list[str], **more: Any) -> CohortResult:
        (tmp_path / "t.mapping.yaml").write_text(mapping)
        (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
        table = read_patient_table(tmp_path / "t.mapping.yaml", tmp_path / "t.csv")
        assert table.problems == ()
        return cohort_of_table(table, **more)

    return make


@pytest.fixture
def lung(of_lines: Callable[..., CohortResult]) -> CohortSurvival:
    data = REFERENCE["lung"]
    columns = zip(data["time"], data["event"], *data["covariates"].values(), strict=True)
    lines = ["id,time,status,age,sex,sex again"]
    lines += [f"{k},{t},{e},{age},{sex},{sex}" for k, (t, e, age, sex) in enumerate(columns)]
    found = of_lines(LUNG, lines).survival
    assert isinstance(found, CohortSurvival)
    return found


def test_kaplan_meier_of_lung(lung: CohortSurvival) -> None:
    assert isinstance(lung.curve, Curve)
    reference = REFERENCE["lung"]
    assert (lung.known, lung.curve.steps.total_events) == (reference["n"], reference["events"]) == (228, 165)
    median = [each * MONTH for each in (lung.curve.median.estimate, lung.curve.median.lower, lung.curve.median.upper)]  # type: ignore[operator]
    assert median == pytest.approx(reference["km"]["log-log"]["median"], rel=1e-6)
    assert isinstance(lung.curve.followup, Quantile)
    followup = [lung.curve.followup.estimate, lung.curve.followup.lower, lung.curve.followup.upper]
    assert [each * MONTH for each in followup if each] == pytest.approx(reference["reverse_km_median_loglog"], rel=1e-6)
    steps = lung.curve.steps
    assert steps.time * MONTH == pytest.approx(np.array(reference["km_curve"]["time"]), rel=1e-9)
    assert steps.survival == pytest.approx(np.array(reference["km_curve"]["surv"]), rel=1e-9)


def test_survival_at_the_landmarks_is_that_of_the_days(lung: CohortSurvival) -> None:
    assert isinstance(lung.curve, Curve)
    in_days = landmarks(
        kaplan_meier(REFERENCE["lung"]["time"], REFERENCE["lung"]["event"]), [m * MONTH for m in (12, 36, 60, 120)]
    )
    assert [each.estimate for each in lung.curve.landmarks] == pytest.approx([each.estimate for each in in_days])
    assert [each.time for each in lung.curve.landmarks] == [12, 36, 60, 120]
    assert lung.curve.landmarks[1].estimate is None  # the last patient was seen before 36 months


def test_log_rank_of_lung(lung: CohortSurvival) -> None:
    (comparison,) = lung.comparisons
    assert not isinstance(comparison.test, NotRun)
    reference = REFERENCE["lung"]["logrank"]
    assert (comparison.test.statistic, comparison.test.p) == pytest.approx((reference["chisq"], reference["p"]))
    assert [group.expected for group in comparison.test.groups] == pytest.approx(reference["exp"])
    events = [group.curve.steps.total_events for group in comparison.groups]
    assert events == [row[1] for row in REFERENCE["lung"]["by_group"]["table"]]


def test_univariable_cox(lung: CohortSurvival) -> None:
    """R has no univariable model of lung in the reference: the score test of two groups is the log-rank's but for ties.

    Efron's ties make it differ in the second digit; tiny14 below is R's own univariable model.
    """
    by_name = {model.covariate: model for model in lung.models}
    assert set(by_name) == {"age", "sex", "margin"}
    assert by_name["sex"].reference == "male"
    (term,) = by_name["sex"].terms
    assert term.name == "female"
    assert 0.5 < term.hazard_ratio < 0.7
    assert by_name["margin"].reference == "R0"
    assert by_name["margin"].terms[0].p == pytest.approx(term.p)
    assert not isinstance(by_name["age"].hazards, NotRun)


def test_cox_of_tiny14_penalised_only_when_asked_for() -> None:
    data = REFERENCE["tiny14"]
    time, event = np.array(data["time"], float), np.array(data["event"], bool)
    ages = [float(age) for age in data["covariates"]["age"]]
    refused = univariable("age", time, event, ages, unit="year")
    assert refused.not_run == NotRun("7 events, 10 are needed")
    assert to_json(refused)["not_run"] == "7 events, 10 are needed"
    asked = univariable("age", time, event, ages, unit="year", penalised=True)
    (term,) = asked.terms
    assert (asked.method, asked.not_run, term.name) == ("Cox, Firth-penalised", None, "per year")
    # Firth's penalty draws the estimate of R's plain model towards 0.
    assert data["cox_efron"]["coef"] < term.log_hazard_ratio < 0
    assert isinstance(asked.hazards, NotRun)


@pytest.mark.parametrize(
    ("values", "why"),
    [([None] * 14, "not known for anybody"), (["R0"] * 14, "everybody is R0"), ([50.0] * 14, "everybody is 50.0")],
)
def test_a_covariate_that_does_not_vary(values: list[Any], why: str) -> None:
    data = REFERENCE["tiny14"]
    model = univariable("x", np.array(data["time"], float), np.array(data["event"], bool), values, penalised=True)
    assert model.not_run == NotRun(why)


def test_penalised_with_no_death_at_all_is_not_run() -> None:
    values = ["a", "b"] * 6
    model = univariable("x", np.arange(1.0, 13), np.zeros(12, bool), values, penalised=True)
    assert model.not_run == NotRun("0 events, 10 are needed")


def test_a_category_of_three_penalised_is_each_against_the_others() -> None:
    time, event = np.arange(1.0, 13), np.array([1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0], bool)
    model = univariable("site", time, event, ["a", "b", "c"] * 4, penalised=True)
    assert model.reference is None
    assert [term.name for term in model.terms] == [f"{each} against all others" for each in "abc"]


SMALL = """# Made up.
columns:
  id: id
  ihc: {ALK: alk}
  site: site
  symptoms: {fever: fever}
  treatment: {radiotherapy: rt}
  followup: months
  outcome: outcome
"""


def small(deaths: int, losses: int, others: int) -> list[str]:
    """Deaths at 1, 2 ...; losses and the living follow."""
    ends = ["dead"] * deaths + ["lost_to_followup"] * losses + ["alive"] * others
    lines = ["id,alk,site,fever,rt,months,outcome"]
    for k, end in enumerate(ends, start=1):
        alk = ("positive", "negative", "")[k % 3]
        lines.append(f"P{k},{alk},{'lung' if k % 2 else 'abdomen'},{'yes' if k % 4 == 0 else 'no'},no,{k},{end}")
    return lines


def test_losses_are_censored_and_the_switch_only_adds_a_curve(of_lines: Callable[..., CohortResult]) -> None:
    plain, switched = (of_lines(SMALL, small(6, 7, 7), losses_as_deaths=on).survival for on in (False, True))
    assert isinstance(plain, CohortSurvival)
    assert isinstance(switched, CohortSurvival)
    assert isinstance(plain.curve, Curve)
    assert isinstance(switched.if_losses_died, Curve)
    assert plain.if_losses_died is None
    assert plain.curve.steps.total_events == 6
    assert switched.if_losses_died.steps.total_events == 13
    left = {key: value for key, value in to_json(switched).items() if key != "if_losses_were_deaths"}
    assert left == to_json(plain)
    assert "not the survival" in to_json(switched)["if_losses_were_deaths"]["warning"]
    assert plain.outcomes == {"alive": 7, "dead": 6, "lost_to_followup": 7}


@pytest.mark.parametrize(
    ("asked", "site"),
    [({}, ("Cox", NotRun("6 events, 10 are needed"))), ({"penalised": True}, ("Cox, Firth-penalised", None))],
)
def test_few_deaths_are_modelled_only_when_that_is_asked_for(
    asked: dict[str, bool], site: tuple[str, NotRun | None], of_lines: Callable[..., CohortResult]
) -> None:
    found = of_lines(SMALL, small(6, 7, 7), **asked).survival
    assert isinstance(found, CohortSurvival)
    (model,) = (each for each in found.models if each.covariate == "site")
    assert (model.method, model.not_run) == site


@pytest.mark.parametrize(
    ("counts", "why"), [((4, 8, 8), "4 events, 5 are needed"), ((5, 2, 2), "9 known times, 10 are needed")]
)
def test_too_few_for_a_curve(counts: tuple[int, int, int], why: str, of_lines: Callable[..., CohortResult]) -> None:
    found = of_lines(SMALL, small(*counts)).survival
    assert isinstance(found, CohortSurvival)
    assert found.curve == NotRun(why)
    assert all(isinstance(comparison.test, NotRun) for comparison in found.comparisons)


def test_tables_add_up_to_the_cohort(of_lines: Callable[..., CohortResult]) -> None:
    cohort = of_lines(SMALL, small(6, 7, 7))
    for variable in cohort.table_one:
        if variable.exclusive and not variable.summary:
            assert sum(level.n for level in variable.levels) == cohort.patients == 20
    (found,) = cohort.positivity
    assert found.overall is not None
    assert found.overall.evaluable == sum(share.evaluable for _, share in found.by_site)
    assert not isinstance(cohort.symptoms, NotRun)
    assert [each.symptom for each in cohort.symptoms] == ["fever"]


def test_a_table_is_called_by_its_title_where_it_has_no_other_name(of_lines: Callable[..., CohortResult]) -> None:
    titled = "title: Made-up cohort\ncolumns: {id: id}\n"
    assert [of_lines(titled, ["id", "P1"], **more).id for more in ({}, {"id": "example-2024"})] == [
        "Made-up cohort",
        "example-2024",
    ]


def test_without_columns_nothing_is_invented(of_lines: Callable[..., CohortResult]) -> None:
    cohort = of_lines("columns: {id: id}\n", ["id", "P1", "P2"])
    assert (cohort.patients, cohort.table_one, cohort.positivity, cohort.treatment) == (2, (), (), ())
    assert isinstance(cohort.survival, NotRun)
    assert isinstance(cohort.symptoms, NotRun)


def test_groups_of_the_mapping_are_compared_with_the_first(of_lines: Callable[..., CohortResult]) -> None:
    mapping = (
        "columns: {id: id, margin: m, followup: t, outcome: o}\ngroups: {margin: {all others: [R1, R2], R0: [R0]}}\n"
    )
    lines = [
        "id,m,t,o",
        *(f"P{k},{('R0', 'R1', 'R2')[k % 3]},{k + 1},{'dead' if k % 2 else 'alive'}" for k in range(30)),
    ]
    found = of_lines(mapping, lines).survival
    assert isinstance(found, CohortSurvival)
    (model,), (comparison,) = found.models, found.comparisons
    assert (model.reference, [term.name for term in model.terms]) == ("all others", ["R0"])
    assert [group.label for group in comparison.groups] == ["R0", "all others"]


def paper() -> CaseFile:
    found = read_library(FROZEN / "cases").report("you-2024")
    assert found is not None
    return found


def test_the_paper_s_counts() -> None:
    """You et al. 2024, 3.1 to 3.4: 18/58 ALK-positive; lung 6/15, abdominal organs 2/9, limbs and trunk 2/14."""
    cohort = cohort_of_counts(paper())
    assert cohort is not None
    (found,) = cohort.positivity
    shares = {site: (share.responders, share.evaluable) for site, share in found.by_site}
    assert shares == {"lung": (6, 15), "abdomen": (2, 9), "limbs_and_trunk": (2, 14)}
    assert found.overall is not None
    assert (found.overall.responders, found.overall.evaluable) == (18, 58)
    assert found.rest is not None
    assert (found.rest[1].responders, found.rest[1].evaluable) == (8, 20)
    assert found.notes == ("ALK: 14 tested at the site limbs_and_trunk, where 11 patients are printed",)
    assert isinstance(cohort.survival, NotRun)
    assert [rate.rate for rate in cohort.printed_rates] == [0.784, 0.709, 0.692, 0.692]
    assert cohort.printed_followup == (59.9, 49.0, 70.8)
    assert _printed(cohort)["followup_median_months"] == {"value": 59.9, "interval": [49.0, 70.8]}


def test_the_exact_test_of_the_paper_s_sites() -> None:
    """By direct enumeration of the 3 x 2 table: lung 6/15, abdomen 2/9, limbs and trunk 2/14."""
    from itertools import product
    from math import comb

    sizes, seen = (15, 9, 14), (6, 2, 2)
    ways = {
        taken: np.prod([float(comb(n, r)) for n, r in zip(sizes, taken, strict=True)])
        for taken in product(*(range(n + 1) for n in sizes))
        if sum(taken) == sum(seen)
    }
    expected = sum(w for w in ways.values() if w <= ways[seen] * (1 + 1e-7)) / sum(ways.values())
    cohort = cohort_of_counts(paper())
    assert cohort is not None
    assert isinstance(cohort.positivity[0].test_named, ExactTest)
    assert cohort.positivity[0].test_named.p == pytest.approx(expected, rel=1e-9)


def test_symptoms_by_marker_where_counts_are_printed() -> None:
    source = paper()
    assert source.cohort is not None
    data = source.cohort.model_dump() | {
        "symptoms_by_marker": {"ALK": {"fever": {"positive": {"n": 1, "of": 10}, "negative": {"n": 9, "of": 10}}}}
    }
    changed = source.model_copy(update={"cohort": type(source.cohort).model_validate(data)})
    cohort = cohort_of_counts(changed)
    assert cohort is not None
    assert not isinstance(cohort.symptoms, NotRun)
    (found,) = cohort.symptoms
    assert isinstance(found.test, ExactTest)
    # Two-sided Fisher: 2 (C(10,1) C(10,9) + C(10,0) C(10,10)) / C(20,10)
    assert found.test.p == pytest.approx(2 * (100 + 1) / 184756)


def test_a_report_without_a_cohort() -> None:
    library = read_library(FROZEN / "cases")
    report = next(each for each in library.reports if each.cohort is None)
    assert cohort_of_counts(report) is None
    assert [cohort.id for cohort in cohorts_of(library)] == ["you-2024"]


def test_what_goes_into_a_review_holds_no_single_times(of_lines: Callable[..., CohortResult]) -> None:
    cohort = of_lines(SMALL, small(6, 7, 7))
    assert '"steps"' in json.dumps(to_json(cohort))
    assert '"steps"' not in json.dumps(to_json(cohort, WITHOUT_TIMES))
    json.dumps(to_json(cohort, WITHOUT_TIMES), allow_nan=False)
