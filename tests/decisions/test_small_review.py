"""One small made-up review, analysed whole: every count on the page, in the report and in the terminal by hand.

Nobody in it exists. Who is counted where:

| report | what it says | strict | all evidence |
|---|---|---|---|
| trial-2019, trial | arm of children, crizotinib, CR 2, PR 4, SD 1, PD 1, line not said | 6/8 | 6/8 |
| trial-2021, trial | arm of adults, alectinib, first line, measured, no cells | 3/4 | 3/4 |
| group-2020, cohort | arm, SD 1, PD 1, line not said | 2/4 | 2/4 |
| local-2024, cohort | local: P1 PR | 1/1 | 1/1 |
| single-2015 | P1 PR, adult with TPM3, still on the drug at 8 months | 1/1 | 1/1 |
| single-2016 | P1 SD, child with EIMS and RANBP2, progression after 4 months; then PR to alectinib | 0/1 | 0/1 |
| single-2017 | P1 CR, inferred | - | 1/1 |
| single-2018 | P1 PR, with surgery | - | 1/1 |
| single-undated | P1 PR, drug not named, no year | - | 1/1 |
| series-2022 | P1 died before assessment | 0/1 | 0/1 |
| | P2 PR, ALK not stated; P3 SD or PR | - | 1/2 |
| | P4 PR, ALK-negative; P5 PR, ROS1; P6 not readable | - | - |
| again-2017 | P1 PR, possibly a patient of trial-2019 | - | - |

Strict: trials 9/12, cohorts 3/5, cases 1/3: 13/20 in 7 reports. All evidence: cases 5/8, 17/25 in 10 reports.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from conftest import FROZEN, arm, course, link, patient, report
from deciding import HEADLINE, WIDEST
from opened import Opens, opened, whole

import metaimt
from metaimt.analyses.alternatives import rate_of
from metaimt.analyses.breakdown import NOT_REPORTED
from metaimt.analyses.over_time import BY_YEAR, UNDATED
from metaimt.analyses.results import Results
from metaimt.analyses.sensitivity import DESIGN, NO_ROWS, WORDING
from metaimt.analyses.subgroups import reports_by_level
from metaimt.content.answer import answer_section
from metaimt.content.evidence_map import map_table
from metaimt.content.forest import ForestOptions
from metaimt.content.publication_bias import technical_note
from metaimt.content.section import Interval, Only, Table, words_of
from metaimt.content.sensitivity import notable_section
from metaimt.content.subgroups import prespecified
from metaimt.content.whats_new import Here, news_section
from metaimt.figures.forest import ForestTable
from metaimt.figures.review_figure import Pools, ReviewFigure
from metaimt.figures.review_forest import (
    forest_by_table,
    forest_table,
    leave_one_out_table,
    methods_table,
    over_time_table,
    sensitivity_figure,
    sensitivity_table,
    strata_table,
    subgroup_table,
)
from metaimt.model.count import Count
from metaimt.model.text import Number as Shown
from metaimt.model.text import Text
from metaimt.report.markdown import report_markdown
from metaimt.report.methods_text import comparison_text
from metaimt.report.page import page_html
from metaimt.report.page_cases import case_data, report_data
from metaimt.report.tables import TABLES
from metaimt.report.text import breakdown_table, left_out_table, pooled_table
from metaimt.serialise import to_json
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun
from metaimt.statistics.posterior import PooledProportion
from metaimt.versions.changes import Changes
from metaimt.versions.places import WORKING_TREE
from metaimt.versions.side import Group, Number, NumberChange

TPM3: dict[str, Any] = {"fusion_gene": "ALK", "fusion_partner": "TPM3", "age": 34, "sex": "female", "site": "lung"}
RANBP2: dict[str, Any] = {"fusion_gene": "ALK", "fusion_partner": "RANBP2", "age": 17.9, "sex": "male"}
SIX = [
    patient(course("NE", stop_reason="death"), id="P1", status="dead"),
    patient(course("PR"), id="P2", ihc={}),
    patient(course("SD", response_alternatives=["PR"]), id="P3"),
    patient(course("PR"), id="P4", ihc={"ALK": "negative"}),
    patient(course("PR"), id="P5", ihc={}, fusion_gene="ROS1"),
    patient(course(None, adverse_events=["Nausea", "visual disorder"]), id="P6"),
]
REPORTS = [
    report(
        "trial-2019",
        design="trial",
        year=2019,
        overlaps=["again-2017"],
        extraction={"depth": "full_text"},
        arms=[
            arm(6, 8, cr=2, pr=4, sd=1, pd=1, population="paediatric", median_pfs_months={"value": 12, "ci": [6, None]})
        ],
    ),
    report(
        "trial-2021",
        design="trial",
        year=2021,
        arms=[arm(3, 4, drug="alectinib", line="first", population="adult", response_basis="measured")],
    ),
    report("group-2020", design="cohort", year=2020, arms=[arm(2, 4, sd=1, pd=1)]),
    report("local-2024", patient(course("PR"), age=40), design="cohort", setting="local", year=2024),
    report("single-2015", patient(course("PR", duration_months=8, ongoing=True), **TPM3, status="alive"), year=2015),
    report(
        "single-2016",
        patient(
            course("SD", duration_months=4, stop_reason="progression"),
            course("PR", drug="alectinib", adverse_events=["nausea"]),
            **RANBP2,
            histology="EIMS",
        ),
        year=2016,
    ),
    report("single-2017", patient(course("CR", response_basis="inferred"), age=18), year=2017),
    report("single-2018", patient(course("PR", combined_with=["surgery"])), year=2018),
    report("single-undated", patient(course("PR", drug="unspecified ALK inhibitor")), year=None),
    report("series-2022", *SIX, design="case_series", year=2022, extraction={"depth": "title"}),
    report("again-2017", patient(course("PR")), year=2017, overlaps=["trial-2019"]),
]
LINKS = [link("again-2017", "trial-2019", "again-2017/P1 in trial-2019/arm1", certainty="possible")]
SEARCHES = [
    {"id": "one", "source": "Made-up index", "status": "done", "date": "2025-03-01"},
    {"id": "two", "source": "Made-up register", "status": "done", "date": "2026-02-15"},
    {"id": "three", "source": "Made-up archive", "status": "not yet run", "date": "2026-06-01"},
]
EXCLUDED = [{"id": "example-2014", "title": "Made up, and left out", "reason": "gives no response"}]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("small") / "cases"
    (folder / "literature").mkdir(parents=True)
    (folder / "review.yaml").write_bytes((FROZEN / "cases" / "review.yaml").read_bytes())
    for entry in REPORTS:
        published = {name: value for name, value in entry["report"].items() if value is not None}
        text = yaml.safe_dump({**entry, "report": published})
        (folder / "literature" / f"{published['id']}.yaml").write_text(f"# Made up.\n{text}", encoding="utf-8")
    for name, content in (("links", LINKS), ("searches", SEARCHES), ("excluded", EXCLUDED)):
        (folder / f"{name}.yaml").write_text(f"# Made up.\n{yaml.safe_dump(content)}", encoding="utf-8")
    return metaimt.run(folder)


@pytest.fixture(scope="module")
def markdown(results: Results) -> str:
    return report_markdown(results)


class Page(HTMLParser):
    """The rows of each table by the table's name: texts of the cells, keys of the buttons, how many marks are drawn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[tuple[tuple[str, ...], tuple[str, ...], int]]] = {}
        self.buttons: list[tuple[str, str]] = []
        self.text = ""
        self._name = ""
        self._cells: list[str] = []
        self._keys: list[str] = []
        self._marks = 0
        self._ranges = 0
        self._button = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if named.get("role") == "region":
            self._name = named["aria-label"] or ""
        if tag == "tr":
            self._cells, self._keys, self._marks, self._ranges = [], [], 0, 0
        if tag in {"td", "th"}:
            self._cells.append("")
        self._marks += named.get("class") == "mark"
        self._ranges += named.get("class") == "range"
        if "data-set" in named:
            self._keys.append(named["data-set"] or "")
            self.buttons.append((named["data-set"] or "", ""))
            self._button = True

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cells:
            self._cells[-1] += data
        if self._button:
            key, text = self.buttons[-1]
            self.buttons[-1] = (key, text + data)

    def handle_endtag(self, tag: str) -> None:
        self._button = self._button and tag != "button"
        if tag == "tr":
            assert self._marks == self._ranges, "a mark without its interval"
            cells = tuple(" ".join(cell.split()) for cell in self._cells)
            self.tables.setdefault(self._name, []).append((cells, tuple(self._keys), self._marks))
            self._cells = []


@pytest.fixture(scope="module")
def html(results: Results) -> str:
    return whole(page_html(results))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def numbers(html: str) -> list[Opens]:
    return opened(html)


def plain(counts: Count) -> tuple[int, int, int]:
    return counts.responders, counts.evaluable, counts.reports


# ---------- the analyses ----------

GROUPS = {
    "strict": (13, 20, 7),
    "strict/trials": (9, 12, 2),
    "strict/cohorts": (3, 5, 2),
    "strict/cases_and_series": (1, 3, 3),
    "all_evidence": (17, 25, 10),
    "all_evidence/trials": (9, 12, 2),
    "all_evidence/cohorts": (3, 5, 2),
    "all_evidence/cases_and_series": (5, 8, 6),
    "alk_negative": (1, 1, 1),
    "ros1": (1, 1, 1),
    "other_kinase": (0, 0, 0),
    "later_lines": (1, 1, 1),
}


def test_the_headline_block(results: Results) -> None:
    found = {**results.response.pools, **results.response.rows}
    counts = {name: plain(group.counts) for name, group in found.items()}
    for pool, group in results.response.pools.items():
        counts |= {f"{pool}/{name}": plain(stratum.counts) for name, stratum in group.strata.items()}
    assert counts == GROUPS
    assert {pool: plain(local) for pool, local in results.response.local.items()} == {
        HEADLINE: (1, 1, 1),
        WIDEST: (1, 1, 1),
    }


@pytest.mark.parametrize(
    ("pool", "line", "complete", "controlled"),
    [
        # known of trial-2019 (2 complete, 6 + 1 controlled), group-2020 (2 + 1 of 4) and of each patient
        (HEADLINE, 12, (2, 12), (13, 16)),
        (WIDEST, 12, (3, 17), (18, 21)),
    ],
)
def test_what_else_is_said_of_a_pool(
    results: Results, pool: str, line: int, complete: tuple[int, int], controlled: tuple[int, int]
) -> None:
    group = results.response.pools[pool]
    assert group.line_not_stated.evaluable == line
    assert group.complete is not None
    assert (group.complete.responders, group.complete.evaluable) == complete
    assert group.controlled is not None
    assert (group.controlled.responders, group.controlled.evaluable) == controlled


NOT_IN_HEADLINE = (
    ("ALK status not stated", 1),
    ("disputed", 1),
    ("inferred", 1),
    ("mixed treatment", 1),
    ("unnamed drug", 1),
    ("counted in another report", 1),
)


def test_who_is_not_in_the_headline(results: Results) -> None:
    found = tuple((each.reason, each.patients) for each in results.response.not_in_headline)
    assert found == NOT_IN_HEADLINE


# grouping -> level -> r/n in all evidence
LEVELS: dict[str, dict[str, tuple[int, int]]] = {
    "histology": {"IMT": (6, 8), "EIMS": (0, 1), NOT_REPORTED: (11, 16)},
    "site": {"lung": (1, 1), NOT_REPORTED: (16, 24)},
    "fusion_partner": {"RANBP2": (0, 1), "TPM3": (1, 1), NOT_REPORTED: (16, 23)},
    "drug": {"crizotinib": (13, 20), "alectinib": (3, 4), NOT_REPORTED: (1, 1)},
    "drug_generation": {"first": (13, 20), "second": (3, 4), NOT_REPORTED: (1, 1)},
    "age_group": {"child": (6, 9), "adult": (6, 7), NOT_REPORTED: (5, 9)},
    "sex": {"female": (1, 1), "male": (0, 1), NOT_REPORTED: (16, 23)},
}


@pytest.mark.parametrize("grouping", LEVELS)
def test_in_whom(results: Results, grouping: str) -> None:
    levels = results.subgroups.tables[grouping][WIDEST].levels
    found = {each.level.name: (each.level.counts.responders, each.level.counts.evaluable) for each in levels}
    assert found == LEVELS[grouping]


# group and reference of each contrast, in their order
CONTRASTS = [
    ("design", WIDEST, (5, 8), (9, 12)),
    ("design", HEADLINE, (1, 3), (9, 12)),
    ("design", WIDEST, (5, 8), (12, 17)),
    ("design", HEADLINE, (1, 3), (12, 17)),
    ("wording", WIDEST, (4, 5), (2, 4)),  # single patients: the rest against strict
    ("wording", WIDEST, (4, 5), (13, 20)),
]


def test_who_is_on_the_two_sides_of_each_contrast(results: Results) -> None:
    found = [
        (each.kind, each.pool, plain(each.group.counts)[:2], plain(each.reference.counts)[:2])
        for each in results.publication_bias.contrasts
    ]
    assert found == CONTRASTS
    primary = results.publication_bias.primary
    assert {u.report for u in primary.reference.counts.units} == {"trial-2019", "trial-2021"}
    assert {u.design for u in primary.group.counts.units} == {"case_report", "case_series"}


def test_a_side_of_several_reports_has_the_mean_over_them(results: Results) -> None:
    """By the model of the pools, whether the protocol names such a stratum or not."""
    for each in results.publication_bias.contrasts:
        for side in (each.group, each.reference):
            assert isinstance(side.orr, PooledProportion), (each.name, side.label)
            assert side.orr.reports == side.counts.reports > 1
    both = results.publication_bias.contrasts[2].reference
    assert both.label == "prospective trials and cohorts (strict, ALK-positive)"
    assert both.orr == rate_of(both.counts, results.protocol)


READ = {
    HEADLINE: {"stated": (10, 15), "measured": (3, 4), "death": (0, 1)},
    WIDEST: {"stated": (13, 19), "measured": (3, 4), "death": (0, 1), "inferred": (1, 1)},
}


@pytest.mark.parametrize("pool", READ)
def test_how_the_responses_are_known(results: Results, pool: str) -> None:
    basis = results.publication_bias.reading[pool].basis
    assert {name: plain(each)[:2] for name, each in basis.items()} == READ[pool]


STEPS = {  # what came, and the pool so far
    HEADLINE: [
        ("2015", (1, 1), (1, 1, 1)),
        ("2016", (0, 1), (1, 2, 2)),
        ("2019", (6, 8), (7, 10, 3)),
        ("2020", (2, 4), (9, 14, 4)),
        ("2021", (3, 4), (12, 18, 5)),
        ("2022", (0, 1), (12, 19, 6)),
        ("2024", (1, 1), (13, 20, 7)),
    ],
    WIDEST: [
        ("2015", (1, 1), (1, 1, 1)),
        ("2016", (0, 1), (1, 2, 2)),
        ("2017", (1, 1), (2, 3, 3)),
        ("2018", (1, 1), (3, 4, 4)),
        ("2019", (6, 8), (9, 12, 5)),
        ("2020", (2, 4), (11, 16, 6)),
        ("2021", (3, 4), (14, 20, 7)),
        ("2022", (1, 3), (15, 23, 8)),
        ("2024", (1, 1), (16, 24, 9)),
        (UNDATED, (1, 1), (17, 25, 10)),
    ],
}


@pytest.mark.parametrize("pool", STEPS)
def test_the_pool_after_each_year(results: Results, pool: str) -> None:
    (found,) = (each for each in results.over_time if (each.pool, each.by) == (pool, BY_YEAR))
    assert [(step.when, plain(step.added)[:2], plain(step.counts)) for step in found.steps] == STEPS[pool]
    assert (found.dated.reports, found.reports) == ((7, 7) if pool == HEADLINE else (9, 10))


def test_the_entries_all_came_at_once(results: Results) -> None:
    (found,) = (each for each in results.over_time if (each.pool, each.by) == (HEADLINE, "date of entry"))
    assert [(step.when, plain(step.counts)) for step in found.steps] == [("2026-01-01", (13, 20, 7))]


def test_a_next_inhibitor(results: Results) -> None:
    later = results.subgroups.later
    assert [switch.after.id for switch in later.switches] == ["single-2016/P1/course2"]
    assert {name: plain(each)[:2] for name, each in later.by_prior_outcome.items()} == {"no response": (1, 1)}
    assert {name: plain(each)[:2] for name, each in later.by_prior_end.items()} == {"progression": (1, 1)}


def test_for_how_long(results: Results) -> None:
    """Of ten patients of all evidence described singly two have a time on the drug; the arm prints one median."""
    found = results.duration[WIDEST]
    times = found.times["time_on_treatment"]
    assert [(each.unit.id, each.middle, each.state) for each in times.known] == [
        ("single-2015/P1", 8, "censored"),
        ("single-2016/P1", 4, "event"),
    ]
    assert (len(times.described.parts), times.arms.evaluable, times.naive_median) == (9, 16, 6)
    assert to_json(times)["kaplan_meier"] == {"not_run": "2 known times, 10 are needed"}
    (median,) = found.medians
    assert (median.id, median.field, median.n, median.value, median.interval) == (
        "trial-2019/arm1",
        "pfs",
        8,
        12,
        (6, None),
    )


def test_deaths_and_toxicity(results: Results) -> None:
    """Every eligible patient once, with the one whom trial-2019 counts, and those who are in no pool."""
    found = results.deaths_and_toxicity
    assert (len(found.status.stated.parts), len(found.status.asked.parts)) == (2, 13)
    status = {value: who.ids for value, who in found.status.values.items()}
    assert status == {"alive": ("single-2015/P1",), "dead": ("series-2022/P1",)}
    assert {value: who.ids for value, who in found.ends.values.items()} == {
        "death before the response was assessed": ("series-2022/P1",),
        "progression": ("single-2016/P1",),
        "still on the drug": ("single-2015/P1",),
    }
    assert len(found.ends.asked.parts) == 14
    assert {name: sorted(who.ids) for name, who in found.events.values.items()} == {
        "nausea": ["series-2022/P6", "single-2016/P1/course2"],
        "visual disorder": ["series-2022/P6"],
    }
    assert len(found.events.stated.parts) == 2
    assert (found.arms.evaluable, found.elsewhere.ids) == (16, ("again-2017/P1",))


def test_every_inhibitor_of_a_patient(results: Results) -> None:
    found = results.courses[HEADLINE]
    assert [(each.patient, each.known_months, len(each.courses)) for each in found.patients] == [
        ("single-2015/P1", 8, 1),
        ("single-2016/P1", 4, 2),
        ("local-2024/P1", 0, 1),
        ("series-2022/P1", 0, 1),
    ]
    assert found.arms.evaluable == 16


def test_how_the_reports_of_a_pool_were_read(results: Results) -> None:
    assert str(technical_note(results)).endswith(
        ' The responses in the "strict, ALK-positive" pool are stated 15 of 20 (75.0 %), measured 4 of 20 (20.0 %), '
        "death 1 of 20 (5.0 %); the reports were read as abstract 11 of 20 (55.0 %), full text 8 of 20 (40.0 %), "
        "title 1 of 20 (5.0 %) (patients)."
    )


def test_the_lowest_and_the_highest_p_of_the_contrast_are_told(results: Results) -> None:
    first, *_ = results.sensitivity.contrasts
    tests = {first.name: ExactTest(0.2, "made up", 2, 1), "a": ExactTest(0.0004, "made up", 2, 1)}
    tests |= {"b": ExactTest(0.9, "made up", 2, 1)}
    made = tuple(replace(first, name=name, test=test) for name, test in tests.items())
    found = prespecified(replace(results, sensitivity=replace(results.sensitivity, contrasts=made)))
    assert found is not None
    assert str(found[1]).endswith(" Over the sensitivity analyses: p < 0.001 to 0.900.")


# ---------- the terminal ----------


def test_the_table_of_the_terminal(results: Results) -> None:
    lines = pooled_table(results.response).splitlines()
    shown = [re.match(r"(.*?) (\d+/\d+) [\d.]+ % (\d+)\b", " ".join(line.split())) for line in lines[5:21]]
    assert [found.groups() for found in shown if found] == [
        ("strict, ALK-positive", "13/20", "7"),
        ("prospective trials", "9/12", "2"),
        ("cohorts", "3/5", "2"),
        ("single cases, series", "1/3", "3"),
        ("of these local cohort", "1/1", "1"),
        ("all evidence", "17/25", "10"),
        ("of these local cohort", "1/1", "1"),
        ("later lines", "1/1", "1"),
        ("ALK-negative", "1/1", "1"),
        ("ROS1", "1/1", "1"),
    ]
    text = " ".join(" ".join(lines).split())
    assert "13 of 20 patients responded (65.0 %) in 7 reports: strict, ALK-positive. The average rate" in text
    assert "other kinase" not in text, "nobody is evaluable in it"
    assert (
        "Not in strict: 1 ALK status not stated, 1 disputed, 1 inferred, 1 mixed treatment, 1 unnamed drug, "
        "1 course or arm that repeats patients counted already." in text
    )
    assert "Line of treatment mixed or not stated: 12 of 20 patients in strict." in text
    assert "Complete response" not in text, "it is a detail"
    text = " ".join(pooled_table(results.response, details=True).split())
    assert (
        "Line of treatment mixed or not stated: 12 of 20 patients (strict), 12 of 25 patients (all evidence)." in text
    )
    assert re.search(r"Complete response, where known: 2/12, \d+\.\d % \[.*?\] \(strict\); 3/17, ", text)
    assert re.search(r"Disease control, where known: 13/16, .*? \(strict\); 18/21, .*? \(all evidence\)\.", text)


def test_the_models_of_the_terminal(results: Results) -> None:
    first, models, *_ = comparison_text(results.comparison[HEADLINE], parts=False).split("\n\n")
    assert " ".join(first.split()) == ("strict, ALK-positive: 13/20 in 7 reports, 3 of them with two patients or more")
    named = [re.split(r" {2,}", line)[0] for line in models.splitlines() if not line.startswith(" ")]
    assert named == [
        *("model", "crude, clopper-pearson", "crude, wilson", "crude, jeffreys", "beta-binomial", "glmm, median"),
        *("glmm, marginal mean", "beta-binomial-ml-f", "beta-binomial-ml-chi2"),
    ]


def test_the_list_of_who_is_left_out(results: Results) -> None:
    strict, widest = left_out_table(results.response).split("Not in all_evidence: ")
    assert strict.startswith("Not in strict: 10 courses and arms\n")
    assert widest.startswith("5 courses and arms\n")
    lines = [line.strip() for line in strict.splitlines() if line and not line.startswith("Not in")]
    assert [re.sub(r" {2,}", " ", line) for line in lines] == [
        *("ALK status not stated", "series-2022/P2 1/1", "ALK-negative", "series-2022/P4 1/1", "ROS1"),
        *("series-2022/P5 1/1", "counted in trial-2019", "again-2017/P1 1/1", "disputed", "series-2022/P3 0/1"),
        *("inferred", "single-2017/P1 1/1", "later line", "single-2016/P1/course2 1/1", "mixed treatment"),
        *("single-2018/P1 1/1", "response not readable", "series-2022/P6 0/0", "unnamed drug"),
        "single-undated/P1 1/1",
    ]


def test_a_grouping_in_the_terminal(results: Results) -> None:
    labels = {pool: results.protocol.label(pool) for pool in results.selection.pools}
    lines = breakdown_table(results.breakdowns["age_group"], labels).splitlines()
    cells = {line[:22].strip(): re.findall(r"\d+/\d+", line) for line in lines[2:]}
    assert cells == {  # all evidence, then strict
        "child": ["6/9", "6/9"],
        "adult": ["6/7", "5/6"],
        NOT_REPORTED: ["5/9", "2/5"],
        "all": ["17/25", "13/20"],
    }


# ---------- report.md ----------


def section(markdown: str, title: str) -> list[list[str]]:
    """The rows of the first table of a section, without its heading."""
    body = markdown.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").split(" | ") for line in body.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows]


def test_the_headline_of_the_report(markdown: str) -> None:
    rows = section(markdown, "Pools, strata and separate groups")
    rows = rows[: next(k for k, row in enumerate(rows) if row[0] == "ALK-negative")]
    assert [row[:3] for row in rows if re.fullmatch(r"\d+/\d+", row[1])] == [
        ["strict, ALK-positive", "13/20", "7"],
        ["– prospective trials", "9/12", "2"],
        ["– cohorts", "3/5", "2"],
        ["– single cases, series", "1/3", "3"],
        ["– of these local cohort", "1/1", "1"],
        ["all evidence", "17/25", "10"],
        ["– prospective trials", "9/12", "2"],
        ["– cohorts", "3/5", "2"],
        ["– single cases, series", "5/8", "6"],
        ["– of these local cohort", "1/1", "1"],
    ]
    assert "line of treatment mixed or not stated for 12 of 20 patients" in markdown
    assert "known for 12 of 20; disease control" in markdown
    assert "known for 16 of 20" in markdown
    assert "known for 17 of 25" in markdown
    assert "known for 21 of 25" in markdown


def test_some_of_the_patients_are_a_table_of_their_own_in_the_report(results: Results, markdown: str) -> None:
    assert "### Some of the patients" not in markdown
    adults = tuple(row for row in results.sensitivity.rows if row.name == "adults")
    text = report_markdown(replace(results, sensitivity=replace(results.sensitivity, subsets=adults)))
    table = text.split("### Some of the patients\n", 1)[1].split("\n### ", 1)[0]
    ((name, *cells),) = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if "adults" in line
    ]
    assert (name, cells[0], cells[4]) == ("adults", "5/6", "6/7")
    for orr, interval, method in (cells[1:4], cells[5:8]):
        assert re.sub(r"\d+\.\d", "x", f"{orr} [{interval}]") == "x % [x - x]"
        assert method.startswith("mean over reports")


def test_every_rate_of_the_report_is_told_with_its_method(markdown: str) -> None:
    """In each table that has a column for it, as often as it has one: a table may show two pools beside each other."""
    told = 0
    for table in re.split(r"\n(?!\|)", markdown):
        rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table.splitlines()]
        heading = next((row for row in rows if "method" in row), [])
        intervals = [place for place, name in enumerate(heading) if name == "95 % interval"]
        for row in rows[rows.index(heading) + 2 :] if heading else []:
            for place in (place for place in intervals if re.match(r"[\d.]+ - ", row[place])):
                told += 1
                assert row[place + 1], (heading, row)
    assert told > 60


def test_the_separate_rows_of_the_report(markdown: str) -> None:
    found = {row[0]: row[1] for row in section(markdown, "Pools, strata and separate groups") if len(row) > 4}
    assert [found[name] for name in ("ALK-negative", "ROS1", "later lines")] == ["1/1"] * 3
    for name in ("ALK-negative", "ROS1"):
        assert f"- {name}: meets the other strict conditions 1/1." in markdown
    assert "- later lines: meets the other strict conditions 1/1, ALK-positive 1/1." in markdown
    assert "| other kinase fusions | 0/0 | 0 | none evaluable |" in markdown


def test_what_was_left_out_in_the_report(markdown: str) -> None:
    body = markdown.split("## What was left out, and why\n", 1)[1].split("\n## ", 1)[0]
    headings = re.findall(r"^\*\*(.*)\*\*: \d+ courses? ", body, re.MULTILINE)
    assert [heading.split(" (")[0].casefold() for heading in headings] == [
        *("alk status not stated", "alk-negative", "ros1", "counted in trial-2019", "disputed", "inferred"),
        *("later line", "mixed treatment", "response not readable", "unnamed drug"),
    ]
    assert "- **example-2014**: Made up, and left out. gives no response" in markdown


def test_the_searches_in_the_report(markdown: str) -> None:
    body = markdown.split("## How the evidence was found and read\n", 1)[1].split("\n## ", 1)[0]
    assert "- **Made-up index** (done, 2025-03-01)." in body
    assert "- **Made-up archive** (not yet run, 2026-06-01)." in body


# ---------- the page ----------


STRICT, EVERYBODY = "strict, ALK-positive", "all evidence"


def test_the_answer_is_a_sentence_with_its_definition_and_its_limits(page: Page, numbers: list[Opens]) -> None:
    assert (numbers[0].name, numbers[0].words) == (STRICT, "13 of 20")
    text = " ".join(page.text.split())
    assert "13 of 20 patients (strict, ALK-positive) responded (65 %). The average rate across such reports" in text
    assert "Strict means: ALK-positive, first or unstated line, one named inhibitor, given alone, " in text
    assert "given alone, response stated or measured, no doubt between response and none. All evidence means: " in text
    assert "Most patients (17 of 20) come from small trials and cohorts, not from comparable patients" in text
    assert "Line of treatment is mixed or not stated for 12 of 20." in text
    depths = "9 of 11 publications were read as an abstract, 1 in full text, 1 by the title"
    assert f"{depths}; not yet searched: Made-up archive." in text
    assert "last search 2026-02-15; 11 reports read by two people; an update is in progress" in text


def test_four_rates_stand_beside_each_other(page: Page) -> None:
    rows = page.tables["The answer: four rates"][1:]
    assert [(cells[:3], marks) for cells, _, marks in rows] == [
        ((STRICT, "13/20", "7"), 1),
        (("its prospective trials", "9/12", "2"), 1),
        ((EVERYBODY, "17/25", "10"), 1),
        ((f"{STRICT}, adjusted for selection", "", ""), 1),
    ]


def test_the_headline_and_its_trials_are_filled_the_rest_hollow(results: Results) -> None:
    (table,) = [block for block in answer_section(results).blocks if isinstance(block, Table)]
    drawn = [cell.content for row in table.rows for cell in row.cells if isinstance(cell.content, Interval)]
    assert [each.outside for each in drawn] == [False, False, True, True]
    assert all(each.pooled for each in drawn)


def test_every_place_that_the_page_leads_to_is_there(html: str) -> None:
    places = re.findall(r'href="#([^"]*)"', html)
    assert {"answer", "differ", "cases", "forest", "long", "trust", "sources", "methods"} <= set(places)
    assert set(places) <= set(re.findall(r' id="([^"]*)"', html))
    assert 'href=""' not in html and "cohort.html" not in html, "there is neither a local cohort nor a misprint"


def test_what_moves_the_answer_opens_who_is_counted_then(results: Results) -> None:
    (only,) = notable_section(results).blocks
    assert isinstance(only, Only)
    (table,) = [block for block in only.blocks if isinstance(block, Table)]
    found = {tuple(str(cell.content) for cell in row.cells[:3]): row.opens for row in table.rows}
    assert found
    for (_, _, said), counts in found.items():
        assert isinstance(counts, Count) and said == f"{counts.responders}/{counts.evaluable}"
    adults = found["adults", STRICT, "5/6"]
    assert isinstance(adults, Count)
    assert set(adults.ids) == {"trial-2021/arm1", "local-2024/P1", "single-2015/P1"}


def test_does_it_differ(page: Page, numbers: list[Opens], results: Results, html: str) -> None:
    titles = {each.place: each.title for each in numbers}
    rows = page.tables["Histology, all evidence"]
    assert [(cells[:2], [titles[key] for key in keys], marks) for cells, keys, marks in rows[1:]] == [
        (("IMT", "6/8"), ["all evidence, histology: IMT"], 1),
        (("EIMS", "0/1"), ["all evidence, histology: EIMS"], 1),
    ]
    table, after = html.split('aria-label="Histology, all evidence"', 1)[1].split("</table>", 1)
    orr = results.response.pools[WIDEST].orr
    assert orr is not None
    assert set(re.findall(r'class="reference" x1="([\d.]+)%"', table)) == {
        f"{100 * orr.estimate:.1f}".removesuffix(".0")
    }
    said = " ".join(re.sub("<.*?>", "", after.split("</p>", 1)[0]).split())
    assert said.startswith("Not known for 16 of 25.") and said.endswith("Dotted line: all evidence.")
    first = html.split('id="differ"', 1)[1].split("<details", 1)[0]
    assert not re.search(r"p (=|&lt;)", first), "no p-value before one asks for it"


def test_the_table_of_the_answer(page: Page) -> None:
    rows = page.tables["Pools, strata and separate groups"][1:]
    assert [(cells[:3], marks) for cells, _, marks in rows] == [
        (("strict, ALK-positive", "13/20", "7"), 1),
        (("prospective trials", "9/12", "2"), 1),
        (("cohorts", "3/5", "2"), 1),
        (("single cases, series", "1/3", "3"), 1),
        (("adjusted for selection", "", ""), 1),
        (("of these local cohort", "1/1", "1"), 0),
        (("all evidence", "17/25", "10"), 1),
        (("prospective trials", "9/12", "2"), 1),
        (("cohorts", "3/5", "2"), 1),
        (("single cases, series", "5/8", "6"), 1),
        (("of these local cohort", "1/1", "1"), 0),
        (("ALK-negative", "1/1", "1"), 1),
        (("ROS1", "1/1", "1"), 1),
        (("other kinase fusions", "0/0", "0"), 0),
        (("later lines", "1/1", "1"), 1),
    ]


UNKNOWN = "authors not given, "
FOREST = [
    "prospective trials",
    ("6/8", "trial-2019"),
    ("3/4", "trial-2021"),
    ("9/12", HEADLINE),
    ("9/12", WIDEST),
    "cohorts",
    ("2/4", "group-2020"),
    ("1/1", "local-2024"),
    ("3/5", HEADLINE),
    ("3/5", WIDEST),
    "single cases, series",
    ("1/1", "single-2015"),  # filled: in strict, by year where as large
    ("0/1", "single-2016"),
    ("0/1", "series-2022"),
    ("1/3", HEADLINE),
    ("1/2", "series-2022"),  # hollow: only in all evidence
    ("1/1", "single-2017"),
    ("1/1", "single-2018"),
    ("1/1", "single-undated"),
    ("5/8", WIDEST),
    "All together",
    ("13/20", HEADLINE),
    ("17/25", WIDEST),
]


def test_the_forest_has_every_report_and_draws_every_interval(page: Page, numbers: list[Opens]) -> None:
    found: list[Any] = []
    titles = {each.place: each.title for each in numbers}
    for cells, keys, marks in page.tables["Every single case"][1:]:
        if len(cells) == 1:
            found.append(cells[0])
        else:
            assert marks == 1, f"{cells[0]} has no interval drawn"
            title = titles[keys[-1]]
            pool = HEADLINE if title.startswith(STRICT) else WIDEST
            found.append((cells[2], title.split(" in ")[0] if " in " in title else pool))
    assert found == FOREST


def test_single_cases_are_a_row_of_tiles_that_add_up(page: Page, numbers: list[Opens], html: str) -> None:
    rows = [cells for cells, _, _ in page.tables["Forest of all reports"][1:]]
    assert [cells[2] for cells in rows if cells[0].endswith("single cases")] == ["1/3", "3/3"]
    body = html.split('aria-label="Forest of all reports"', 1)[1].split("</table>", 1)[0]
    tiles = [
        re.findall(r'class="tile part-(\d)" data-set="(\d+)"', row) for row in body.split("</tr>") if "tiles" in row
    ]
    opens = {each.place: [(unit, r) for unit, r, _ in each.cases] for each in numbers}
    for row in tiles:
        cases = [case for _, place in row for case in opens[place]]
        assert len(cases) == len(row) == len(set(cases))
    assert [sum(r for _, place in row for _, r in opens[place]) for row in tiles] == [1, 3]


def test_the_forest_says_the_drug_and_the_local_cohort(page: Page, numbers: list[Opens]) -> None:
    titles = {each.place: each.title for each in numbers}
    rows = {titles[keys[-1]]: cells for cells, keys, _ in page.tables["Every single case"] if keys}
    assert rows[f"trial-2021 in {STRICT}"][1] == "alectinib"
    assert rows[f"single-2018 in {EVERYBODY}"][1] == "crizotinib +"
    local = [title for title, cells in rows.items() if cells[0].endswith("(local cohort)")]
    assert local == [f"local-2024 in {STRICT}"]


OPENED = {
    f"{STRICT}: prospective trials": ["trial-2019/arm1", "trial-2021/arm1"],
    f"{STRICT}: single cases, series": ["series-2022/P1", "single-2015/P1", "single-2016/P1"],
    f"{STRICT}, local cohort": ["local-2024/P1"],
    f"{STRICT}, line of treatment mixed or not stated": ["group-2020/arm1", "trial-2019/arm1"],
    f"{STRICT}: small trials and cohorts": ["group-2020/arm1", "local-2024/P1", "trial-2019/arm1", "trial-2021/arm1"],
    f"series-2022 in {EVERYBODY}": ["series-2022/P2", "series-2022/P3"],
    f"series-2022 in {STRICT}": ["series-2022/P1"],
    "later lines": ["single-2016/P1/course2"],
    "ALK-negative": ["series-2022/P4"],
    f"not in {STRICT}: inferred": ["single-2017/P1"],
    f"not in {STRICT}: counted in another report": ["again-2017/P1"],
    f"not in {STRICT}: response not readable": ["series-2022/P6"],
    f"{EVERYBODY}, age group: child": ["single-2016/P1", "trial-2019/arm1"],
    f"{STRICT}, sex: female": ["single-2015/P1"],
    "second inhibitor, first one: no response": ["single-2016/P1/course2"],
    "adverse events: nausea": ["series-2022/P6", "single-2016/P1/course2"],
    f"{EVERYBODY}: Time on treatment known": ["single-2015/P1", "single-2016/P1"],
    f"{EVERYBODY}, by {BY_YEAR}: {UNDATED}": ["single-undated/P1"],
    f"{STRICT}: ROS1 in": [
        *("group-2020/arm1", "local-2024/P1", "series-2022/P1", "series-2022/P5", "single-2015/P1", "single-2016/P1"),
        *("trial-2019/arm1", "trial-2021/arm1"),
    ],
}


@pytest.mark.parametrize("title", OPENED)
def test_a_count_opens_the_right_patients(numbers: list[Opens], title: str) -> None:
    found = [sorted(unit for unit, _, _ in each.cases) for each in numbers if each.title == title]
    assert OPENED[title] in found


def marks_of(html: str, region: str) -> list[dict[str, str]]:
    """Of each drawn interval of a table: the row's name, the mark, and half the width of a box."""
    body = html.split(f'aria-label="{region}"', 1)[1].split("</table>", 1)[0]
    found = []
    for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL):
        mark = re.search(r'<(path|rect) class="mark"(?: x="-([\d.]+)")?', row)
        if mark is not None:
            name = re.sub("<.*?>", "", row.split("</th>")[0])
            shape = "diamond" if mark[1] == "path" else "box"
            found.append({"name": name, "mark": shape, "half": mark[2] or ""})
    return found


def test_pools_are_diamonds_and_their_parts_boxes(html: str) -> None:
    found = [(each["name"], each["mark"]) for each in marks_of(html, "Pools, strata and separate groups")]
    assert found[:5] == [
        ("strict, ALK-positive", "diamond"),
        ("prospective trials", "box"),
        ("cohorts", "box"),
        ("single cases, series", "box"),
        ("adjusted for selection", "box"),
    ]
    assert ("all evidence", "diamond") in found


def test_a_box_is_larger_with_more_patients(html: str) -> None:
    """Half its side: 2.5 and the root of the patients."""
    rows = marks_of(html, "Every single case")
    halves = {each["name"].removeprefix(UNKNOWN): float(each["half"]) for each in rows if each["mark"] == "box"}
    assert halves["trial-2019"] == 5.3  # of 8
    assert halves["trial-2021"] == 4.5  # of 4
    assert halves["single-2015"] == 3.5  # of 1
    assert [each["mark"] for each in rows].count("diamond") == 8


def test_the_map(results: Results) -> None:
    """Of all evidence; the arms have no partner."""
    table = map_table(results.evidence_map[WIDEST], "map")
    columns, rows = words_of(table)
    assert [column.label for column in columns] == ["fusion partner", "crizotinib", "alectinib", NOT_REPORTED, "All"]
    assert [[str(text) for text in texts] for texts in rows] == [
        ["RANBP2", "0/1", "", "", "0/1"],
        ["TPM3", "1/1", "", "", "1/1"],
        [NOT_REPORTED, "12/18", "3/4", "1/1", "16/23"],
        ["All", "13/20", "3/4", "1/1", "17/25"],
    ]


# ---------- what the page's own table of cases is told ----------

CASES = {  # unit: who, r, n, groups, response, age, counted
    "trial-2019/arm1": ("arm1", 6, 8, [HEADLINE, WIDEST], "counts", "child", "strict, ALK-positive; all evidence"),
    "single-2015/P1": ("P1", 1, 1, [HEADLINE, WIDEST], "PR", "34", "strict, ALK-positive; all evidence"),
    "single-2016/P1": ("P1", 0, 1, [HEADLINE, WIDEST], "SD", "17.9", "strict, ALK-positive; all evidence"),
    "single-2016/P1/course2": ("P1, inhibitor 2", 1, 1, ["later_lines"], "PR", "17.9", "later lines"),
    "single-2017/P1": ("P1", 1, 1, [WIDEST], "CR", "18", "all evidence"),
    "series-2022/P6": ("P6", 0, 0, [], "not readable", "not stated", "response not readable"),
    "again-2017/P1": ("P1", 1, 1, [], "PR", "not stated", "counted in trial-2019"),
}


@pytest.mark.parametrize("unit_id", CASES)
def test_a_case_as_the_page_is_told(results: Results, unit_id: str) -> None:
    (case,) = (each for each in case_data(results) if each["id"] == unit_id)
    told = tuple(case[name] for name in ("who", "r", "n", "groups", "response", "age", "counted"))
    assert told == CASES[unit_id]
    assert case["report"] == unit_id.partition("/")[0]
    assert [label for label, _ in case["why"]] == [
        results.protocol.label(pool) for pool in (HEADLINE, WIDEST) if pool not in case["groups"]
    ]


def test_each_case_has_its_row_without_a_script(html: str) -> None:
    (row,) = re.findall(r"<tr data-case[^>]*>((?:(?!</tr>).)*single-2015, P1</button></th>.*?)</tr>", html)
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == [
        *("1/1", "crizotinib", "PR", "stated", "first", "IMT", "TPM3", "lung", "34", "single cases, series", "2015"),
        "strict, ALK-positive; all evidence",
    ]


def test_a_report_as_the_page_is_told(results: Results) -> None:
    found = report_data(results)["series-2022"]
    assert found["label"] == "authors not given, series-2022"
    assert found["file"].endswith("literature/series-2022.yaml")
    assert (found["design"], found["links"], found["reference"]) == ("case series", [], "Made up. 2022")
    assert ("Read as", "title") in found["reading"]


def test_the_filters_of_the_page(results: Results) -> None:
    (case,) = (each for each in case_data(results) if each["id"] == "single-2016/P1")
    assert case["facets"] == {
        "drug": "crizotinib",
        "partner": "RANBP2",
        "site": "not stated",
        "histology": "EIMS",
        "line": "first",
        "stratum": "single cases, series",
        "basis": "stated",
        "year": "2016",
    }


# ---------- what is new ----------


def test_the_news_of_the_page(results: Results) -> None:
    """Strict grew by a case, one row was not there, and a stratum that is none of the review's."""
    then, now = Number(12, 19, 6, 0.6, 0.4, 0.8, "exact"), Number(13, 20, 7, 0.65, 0.45, 0.82, "exact")
    one = Number(1, 1, 1, 1.0, 0.025, 1.0, "exact")
    told = (
        NumberChange(Group("pool", HEADLINE), STRICT, then, then, then, now),
        NumberChange(Group("stratum", f"{WIDEST}/trials"), "trials", then, then, then, then),
        NumberChange(Group("row", "ros1"), "ROS1", None, None, None, one),
        NumberChange(Group("stratum", f"{HEADLINE}/made_up"), "made up", then, None, None, one),
        NumberChange(Group("pool", "made_up"), "another pool", then, None, None, one),
    )
    found = news_section(Changes("2026.1", WORKING_TREE, numbers=told), Here.of(results))
    assert str(found.title) == "What is new since version 2026.1"
    (table,) = [block for block in found.blocks if isinstance(block, Table)]
    assert [column.label for column in table.columns] == ["number", "2026.1", "now", "by data", "by method"]
    assert [[str(cell.content) for cell in row.cells[:3]] for row in table.rows] == [
        [STRICT, "12/19, 60.0 % [40.0 - 80.0]", "13/20, 65.0 % [45.0 - 82.0]"],
        ["ROS1", "not in it", "1/1, 100.0 % [2.5 - 100.0]"],
        ["made up", "12/19, 60.0 % [40.0 - 80.0]", "1/1, 100.0 % [2.5 - 100.0]"],
        ["another pool", "12/19, 60.0 % [40.0 - 80.0]", "1/1, 100.0 % [2.5 - 100.0]"],
    ]
    texts = [row.cells[2].content for row in table.rows]
    opens = [sum(isinstance(part, Shown) for part in text.parts) for text in texts if isinstance(text, Text)]
    assert opens == [1, 1, 0, 0], "who is counted now can be opened"
    assert [str(cell.content) for cell in table.rows[0].cells[3:]] == ["+1/+1, +5.0 [+5.0, +2.0], +1 report", "none"]
    first = news_section(Changes(None, "2026.1", numbers=told))
    assert not any(isinstance(block, Table) for block in first.blocks)


# ---------- figures as tables ----------


def rows_of(table: ForestTable) -> list[tuple[str, ...]]:
    """Of each row that says something: its label, then its texts, without the methods of intervals."""
    return [(row.label, *row.columns) for row in table.rows if row.kind in {"report", "summary", "plain"}]


def test_the_table_of_reports_left_out(results: Results) -> None:
    table = leave_one_out_table(results, (HEADLINE,))
    found = {row[0].removeprefix(UNKNOWN): row[1:3] for row in rows_of(table)}
    assert found == {
        "trial-2019": ("6/8", "7/12"),
        "trial-2021": ("3/4", "10/16"),
        "group-2020": ("2/4", "11/16"),
        "local-2024": ("1/1", "12/19"),
        "single-2015": ("1/1", "12/19"),
        "single-2016": ("0/1", "13/19"),
        "series-2022": ("0/1", "13/19"),
    }
    moved = [row.estimate for row in table.rows if row.estimate is not None]
    assert moved == sorted(moved), "in the order of the change"


def test_of_what_is_done_otherwise_the_caption_tells_the_lowest_and_the_highest(results: Results) -> None:
    def told(found: Results) -> str:
        drawn = sensitivity_figure(found, (HEADLINE,))
        assert isinstance(drawn, ReviewFigure)
        return re.sub(r"\d+\.\d", "x", drawn.caption.rpartition("ALK-positive: ")[2])

    assert told(results) == "lowest x % (0/1, -x points): EIMS only; highest x % (5/6, +x points): adults."
    rows = tuple(
        replace(row, pools={HEADLINE: replace(row.pools[HEADLINE], change=None)}) for row in results.sensitivity.rows
    )
    unmoved = replace(results, sensitivity=replace(results.sensitivity, rows=rows, models=(), discounts=()))
    assert told(unmoved) == "lowest x % (0/1): EIMS only; highest x % (5/6): adults.", (
        "a pool of nobody has no rate that could move"
    )


@pytest.mark.parametrize(
    "table_of",
    [
        leave_one_out_table,
        methods_table,
        over_time_table,
        partial(subgroup_table, grouping="histology"),
        sensitivity_table,
    ],
)
def test_two_pools_in_a_table_have_a_space_between_them(
    results: Results, table_of: Callable[[Results, Pools], ForestTable]
) -> None:
    rows = table_of(results, (HEADLINE, WIDEST)).rows
    assert [row.kind for row in rows if row.kind in {"heading", "space"}] == ["heading", "space", "heading"]


def test_levels_in_a_table_have_a_space_between_them(results: Results) -> None:
    found = reports_by_level(results.selection, results.protocol, WIDEST, "age_group")
    rows = forest_by_table(results, found, ForestOptions(())).rows
    shown = [row.label if row.kind == "heading" else "" for row in rows if row.kind in {"heading", "space"}]
    assert shown == ["child", "", "adult", "", "not reported"]


def test_in_a_level_one_report_of_one_patient_stands_by_its_name(results: Results) -> None:
    """Two and more of a pool are a row together, unless they are local."""
    found = reports_by_level(results.selection, results.protocol, WIDEST, "age_group")
    rows = forest_by_table(results, found, ForestOptions((), single_cases="one")).rows
    shown = [(row.label, row.columns[-1]) for row in rows if row.kind in {"report", "cases"}]
    assert [(label.removeprefix("authors not given, "), n) for label, n in shown] == [
        *(("trial-2019", "6/8"), ("single-2016", "0/1")),
        *(("trial-2021", "3/4"), ("single-2015", "1/1"), ("single-2017", "1/1"), ("local-2024", "1/1")),
        *(("group-2020", "2/4"), ("series-2022", "1/2"), ("series-2022", "0/1"), ("2 reports of one patient", "2/2")),
    ]


def test_the_table_of_growing_pools(results: Results) -> None:
    table = over_time_table(results, (WIDEST,))
    assert [row[:4] for row in rows_of(table)] == [
        ("and undated" if when == UNDATED else when, f"+{r}/{n}", f"{sums[0]}/{sums[1]}", str(sums[2]))
        for when, (r, n), sums in STEPS[WIDEST]
    ]
    notes = [row.label for row in table.rows if row.kind == "note"]
    assert notes == ["9 of 10 reports have a publication year."]


def test_the_table_of_designs(results: Results) -> None:
    """A diamond for all designs of a pool, a box for each of them and for each row that is in no pool."""
    found = [(row.kind, row.label, *row.columns[:2]) for row in strata_table(results, (HEADLINE, WIDEST)).rows]
    assert found == [
        ("heading", "strict, ALK-positive"),
        ("summary", "All designs", "13/20", "7"),
        ("report", "prospective trials", "9/12", "2"),
        ("report", "cohorts", "3/5", "2"),
        ("report", "single cases, series", "1/3", "3"),
        ("space", ""),
        ("heading", "all evidence"),
        ("summary", "All designs", "17/25", "10"),
        ("report", "prospective trials", "9/12", "2"),
        ("report", "cohorts", "3/5", "2"),
        ("report", "single cases, series", "5/8", "6"),
        ("space", ""),
        ("heading", "In no pool"),
        ("report", "ALK-negative", "1/1", "1"),
        ("report", "ROS1", "1/1", "1"),
        ("plain", "other kinase fusions", "0/0", "0"),
        ("report", "later lines", "1/1", "1"),
    ]


def test_the_table_of_what_the_sources_state(results: Results) -> None:
    found = [
        tuple(row[key] for key in ("item", "value", "number", "of")) for row in TABLES["deaths-and-toxicity"](results)
    ]
    status, events = "status at the last follow-up", "adverse events"
    assert [row for row in found if row[0] == status] == [(status, "alive", 1, 13), (status, "dead", 1, 13)]
    assert [row for row in found if row[0] == events] == [(events, "nausea", 2, 14), (events, "visual disorder", 1, 14)]


def test_the_contrasts_are_those_of_the_widest_pool(results: Results) -> None:
    (first, *_) = results.sensitivity.contrasts
    assert list(first.odds) == [DESIGN, WORDING]
    assert not any(isinstance(odds, NotRun) for odds in first.odds.values())
    assert {name: (each.responders, each.evaluable) for name, each in first.levels.items()} == {
        "IMT": (6, 8),  # described one by one; the arms say nothing of it
        "EIMS": (0, 1),
    }


def test_the_table_of_models(results: Results) -> None:
    table = methods_table(results, (HEADLINE,))
    first, second, *others = rows_of(table)
    assert first == ("beta-binomial", "13/20", "any size")
    assert second == ("r/n, Clopper-Pearson", "13/20", "any size")
    assert {columns[-1] for columns in others} <= {"any size", "2 or more"}
    assert all((row[0] == "") == (row[2] == "2 or more") for row in others), "a row below its model"
    assert table.rows[1].kind == "summary"


def test_the_table_of_the_forest(results: Results) -> None:
    table = forest_table(results, options=ForestOptions(single_cases="rows"))
    reports = [row for row in table.rows if row.kind == "report"]
    assert {row.label.startswith(UNKNOWN) for row in reports} == {True}
    found = [(row.label.removeprefix(UNKNOWN), row.columns[1], row.tone) for row in reports]
    assert found == [
        ("trial-2019", "6/8", "strict"),
        ("trial-2021", "3/4", "strict"),
        ("group-2020", "2/4", "strict"),
        ("local-2024", "1/1", "local"),
        ("single-2015", "1/1", "strict"),
        ("single-2016", "0/1", "strict"),
        ("series-2022", "0/1", "strict"),
        ("series-2022", "1/2", "rest"),
        ("single-2017", "1/1", "rest"),
        ("single-2018", "1/1", "rest"),
        ("single-undated", "1/1", "rest"),
    ]
    drugs = {row.label.removeprefix(UNKNOWN): row.columns[0] for row in reports}
    assert (drugs["single-2018"], drugs["trial-2021"]) == ("crizotinib +", "alectinib")
    alone = forest_table(results, (WIDEST,), ForestOptions(single_cases="rows"))
    assert {row.tone for row in alone.rows if row.kind == "report"} == {"strict", "local"}, "of one pool, its own"


def test_the_table_of_what_is_done_otherwise(results: Results) -> None:
    table = sensitivity_table(results, (HEADLINE,))
    rows = {row.label: row for row in table.rows}
    assert rows["As it stands"].columns[:2] == ("13/20", "")
    assert rows["As it stands"].kind == "summary"
    weighted = [label for label in rows if " at weight " in label]
    assert weighted
    for label in weighted:
        _, _, weight = label.rpartition(" ")
        # a case counts less: 12/17 of the others, 1/3 of the cases
        assert rows[label].columns[0] == f"{12 + float(weight):.4g}/{17 + 3 * float(weight):.4g}"
        assert rows[label].size == pytest.approx(17 + 3 * float(weight)), "its box is as large as who is left"
    assert rows["Adults"].size == 6
    nobody = [row for row in table.rows if row.interval_text == NO_ROWS]
    assert all(row.columns == () for row in nobody)
