"""Which row of a subgroup table a patient is in, and which rows enter the test: no row is made of what is not known."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report
from deciding import WIDEST, read, selected

from metaimt.analyses.breakdown import NOT_REPORTED, breakdown, evidence_map, value_of
from metaimt.analyses.subgroups import PRIMARY, Subgroup, subgroup
from metaimt.casefiles.protocol import Priors
from metaimt.evidence.selection import select
from metaimt.statistics.exact_tests import ExactTest
from metaimt.statistics.outcome import NotRun

UNNAMED = "unspecified ALK inhibitor"
SIX_PLACES = [
    ("lung", "lung"),
    ("head_and_neck", "head and neck"),
    ("limbs_and_trunk", "limbs and trunk"),
    ("abdomen", "abdomen"),
    ("pelvis", "pelvis"),
    ("brain", "brain"),
]


def level_of(folder: Any, grouping: str) -> str:
    """The one row that has the one patient; the row "not reported" is there always."""
    table = breakdown(selected(folder), WIDEST, grouping)
    (found,) = (level.name for level in table.levels if level.counts.evaluable)
    assert table.levels[-1].name == NOT_REPORTED
    return found


@pytest.mark.parametrize(
    ("grouping", "of_course", "of_patient", "level"),
    [
        ("histology", {}, {"histology": "IMT"}, "IMT"),
        ("histology", {}, {"histology": "EIMS"}, "EIMS"),
        ("histology", {}, {"histology": None}, NOT_REPORTED),
        *[("site", {}, {"site": site}, words) for site, words in SIX_PLACES],
        ("site", {}, {}, NOT_REPORTED),
        ("fusion_partner", {}, {"fusion_gene": "ALK", "fusion_partner": "TPM3"}, "TPM3"),
        ("fusion_partner", {}, {"fusion_gene": "ALK", "fusion_partner": "RANBP2"}, "RANBP2"),
        ("fusion_partner", {}, {"fusion_gene": "ALK"}, NOT_REPORTED),
        ("drug", {}, {}, "crizotinib"),
        ("drug", {"drug": "alectinib"}, {}, "alectinib"),
        ("drug", {"drug": UNNAMED}, {}, NOT_REPORTED),
        ("drug_generation", {}, {}, "first"),
        ("drug_generation", {"drug": "ceritinib"}, {}, "second"),
        ("drug_generation", {"drug": "lorlatinib"}, {}, "third"),
        ("drug_generation", {"drug": "entrectinib"}, {}, "other"),
        ("drug_generation", {"drug": UNNAMED}, {}, NOT_REPORTED),
        ("age_group", {}, {"age": 17.9}, "child"),
        ("age_group", {}, {"age": 18}, "adult"),
        ("age_group", {}, {}, NOT_REPORTED),
        ("sex", {}, {"sex": "female"}, "female"),
        ("sex", {}, {"sex": "male"}, "male"),
        ("sex", {}, {}, NOT_REPORTED),
        ("marker_evidence", {}, {"fusion_gene": "ALK"}, "fusion"),
        ("marker_evidence", {}, {"rearranged": {"ALK": True}}, "rearranged"),
        ("marker_evidence", {}, {}, "ihc"),
        ("marker_evidence", {}, {"ihc": {}}, NOT_REPORTED),
        ("response_basis", {}, {}, "stated"),
        ("response_basis", {"response": "NE", "response_basis": None, "stop_reason": "death"}, {}, "death"),
        ("response_basis", {"response_basis": None}, {}, NOT_REPORTED),
    ],
)
def test_the_level_of_a_patient(
    make_review: MakeReview, grouping: str, of_course: dict[str, Any], of_patient: dict[str, Any], level: str
) -> None:
    given = {name: value for name, value in (course("PR") | of_course).items() if value is not None}
    told = {name: value for name, value in (patient(given) | of_patient).items() if value is not None}
    assert level_of(make_review(report("example-1", told)), grouping) == level


@pytest.mark.parametrize(
    ("grouping", "of_report", "level"),
    [
        ("design", {"design": "case_report"}, "case report"),
        ("design", {"design": "case_series"}, "case series"),
        ("design", {"design": "trial"}, "trial"),
        ("depth", {"extraction": {"depth": "full_text"}}, "full text"),
        ("depth", {"extraction": {"depth": "secondary"}}, "secondary"),
        ("year", {"year": 2019}, "2019"),
        ("report", {}, "example-1"),
    ],
)
def test_the_level_of_a_report(make_review: MakeReview, grouping: str, of_report: dict[str, Any], level: str) -> None:
    assert level_of(make_review(report("example-1", patient(course("PR")), **of_report)), grouping) == level


@pytest.mark.parametrize(
    ("grouping", "told", "level"),
    [
        ("age_group", {"population": "paediatric"}, "child"),
        ("age_group", {"population": "adult"}, "adult"),
        ("age_group", {"population": "mixed"}, "mixed"),
        ("population", {"population": "mixed"}, "mixed"),
        ("age_group", {}, NOT_REPORTED),
        ("sex", {}, NOT_REPORTED),
        ("histology", {}, NOT_REPORTED),
        ("site", {"site": "lung"}, "lung"),
        ("marker_evidence", {}, "stated"),
        ("drug", {"drug": UNNAMED}, NOT_REPORTED),
    ],
)
def test_the_level_of_an_arm(make_review: MakeReview, grouping: str, told: dict[str, Any], level: str) -> None:
    assert level_of(make_review(report("example-1", design="trial", arms=[arm(3, 5, **told)])), grouping) == level


def test_rows_add_up_and_the_larger_ones_come_first(make_review: MakeReview) -> None:
    """Two of the lung (1/2), one of the brain, and an arm of which the site is not said; by name where as many."""
    reports = [
        report("example-1", patient(course("PR"), site="lung")),
        report("example-2", patient(course("PD"), site="lung")),
        report("example-3", patient(course("PR"), site="brain")),
        report("example-4", patient(course("PR"), site="abdomen")),
        report("example-5", design="trial", arms=[arm(3, 5)]),
    ]
    table = breakdown(selected(make_review(*reports)), WIDEST, "site")
    assert [
        (each.name, each.counts.responders, each.counts.evaluable, each.counts.reports) for each in table.levels
    ] == [("lung", 1, 2, 2), ("abdomen", 1, 1, 1), ("brain", 1, 1, 1), (NOT_REPORTED, 3, 5, 1)]
    assert (table.total.responders, table.total.evaluable, table.total.reports) == (6, 9, 5)


# ---------- what is tested, and drawn together ----------


def table_of(make_review: MakeReview, grouping: str, *arms: dict[str, Any]) -> Subgroup:
    entries = [report(f"example-{k}", design="trial", arms=[each]) for k, each in enumerate(arms, start=1)]
    library, protocol = read(make_review(*entries))
    return subgroup(select(library, protocol), WIDEST, grouping, Priors())


def rates(table: Subgroup) -> set[str]:
    """The levels that have a partially pooled rate."""
    return {each.level.name for each in table.levels if not isinstance(each.pooled, NotRun)}


CRIZOTINIB, ALECTINIB = {"drug": "crizotinib"}, {"drug": "alectinib"}
CHILD, ADULT, MIXED = ({"population": name} for name in ("paediatric", "adult", "mixed"))


@pytest.mark.parametrize(
    ("grouping", "arms", "tested", "not_reported"),
    [
        ("drug", [(2, 4, CRIZOTINIB), (3, 4, ALECTINIB)], {"crizotinib", "alectinib"}, 0),
        # a drug that is not named is no level
        ("drug", [(2, 4, CRIZOTINIB), (3, 4, ALECTINIB), (0, 9, {"drug": UNNAMED})], {"crizotinib", "alectinib"}, 9),
        # nor are children and adults together, nor an age that is not said
        ("age_group", [(2, 4, CHILD), (3, 4, ADULT), (0, 9, MIXED)], {"child", "adult"}, 9),
        ("age_group", [(2, 4, CHILD), (3, 4, ADULT), (0, 9, {})], {"child", "adult"}, 9),
        ("age_group", [(2, 4, CHILD), (3, 4, ADULT), (0, 9, MIXED), (1, 2, {})], {"child", "adult"}, 11),
        ("histology", [(2, 4, {"histology": "IMT"}), (3, 4, {"histology": "EIMS"}), (0, 9, {})], {"IMT", "EIMS"}, 9),
        ("site", [(2, 4, {"site": "lung"}), (3, 4, {"site": "brain"}), (0, 9, {})], {"lung", "brain"}, 9),
    ],
)
def test_only_known_levels_are_tested_and_drawn_together(
    make_review: MakeReview, grouping: str, arms: list[Any], tested: set[str], not_reported: int
) -> None:
    table = table_of(make_review, grouping, *(arm(r, n, **told) for r, n, told in arms))
    if grouping == PRIMARY:
        assert isinstance(table.test, ExactTest)
        assert table.test.levels == len(tested)
        assert table.test.p == pytest.approx(1.0)  # 2/4 against 3/4: Fisher's two-sided p is 1, whatever the rest did
    else:
        assert table.test == NotRun("not specified before, so shown without a test")
    assert rates(table) == tested
    assert table.not_reported.evaluable == not_reported


@pytest.mark.parametrize(
    ("sizes", "reason"),
    [
        ((3, 3), None),
        ((3, 2), "only one level has 3 or more patients"),
        ((2, 2), "no level has 3 or more patients"),
        ((9, 1), "only one level has 3 or more patients"),
        ((9,), "only one level has 3 or more patients"),
    ],
)
def test_a_test_needs_two_levels_of_three(make_review: MakeReview, sizes: tuple[int, ...], reason: str | None) -> None:
    arms = (arm(1, n, histology=name) for n, name in zip(sizes, ("IMT", "EIMS"), strict=False))
    test = table_of(make_review, PRIMARY, *arms).test
    assert (test.reason if isinstance(test, NotRun) else None) == reason


def test_a_level_of_nobody_evaluable_is_neither_tested_nor_drawn(make_review: MakeReview) -> None:
    reports = [
        report("example-1", design="trial", arms=[arm(1, 3, **CRIZOTINIB), arm(2, 3, **ALECTINIB)]),
        report("example-2", design="trial", arms=[arm(0, 9, drug=UNNAMED)]),
    ]
    table = subgroup(selected(make_review(*reports)), WIDEST, "drug", Priors())
    assert rates(table) == {"crizotinib", "alectinib"}
    (unnamed,) = (each.pooled for each in table.levels if each.level.name == NOT_REPORTED)
    assert isinstance(unnamed, NotRun)
    assert unnamed.reason == "not a known level"


@pytest.mark.parametrize(
    ("arms", "reason"),
    [
        ([(1, 3, CRIZOTINIB)], "one level with an evaluable patient"),
        ([(1, 3, {"drug": UNNAMED})], "no level with an evaluable patient"),
    ],
)
def test_one_level_is_not_drawn_towards_others(make_review: MakeReview, arms: list[Any], reason: str) -> None:
    between = table_of(make_review, "drug", *(arm(r, n, **told) for r, n, told in arms)).between
    assert isinstance(between, NotRun)
    assert between.reason == reason


def test_no_known_level_is_no_test(make_review: MakeReview) -> None:
    test = table_of(make_review, PRIMARY, arm(1, 3)).test
    assert isinstance(test, NotRun)
    assert test.reason == "no patient has a known level"


def test_the_evidence_map_has_a_cell_for_each_pair(make_review: MakeReview) -> None:
    fused = {"fusion_gene": "ALK", "fusion_partner": "TPM3"}
    reports = [
        report("example-1", patient(course("PR"), **fused)),
        report("example-2", patient(course("PD", drug="alectinib"), **fused)),
        report("example-3", patient(course("PR", drug=UNNAMED), **fused)),
        report("example-4", design="trial", arms=[arm(3, 5)]),
        report("example-5", patient(course("NE"), **fused)),  # nobody evaluable
    ]
    found = evidence_map(selected(make_review(*reports)), WIDEST)
    assert {pair: (each.responders, each.evaluable) for pair, each in found.cells.items()} == {
        ("TPM3", "crizotinib"): (1, 1),
        ("TPM3", "alectinib"): (0, 1),
        ("TPM3", NOT_REPORTED): (1, 1),
        (NOT_REPORTED, "crizotinib"): (3, 5),
    }
    assert found.rows == ("TPM3", NOT_REPORTED)
    assert found.columns == ("crizotinib", "alectinib", NOT_REPORTED)
    assert {name: each.evaluable for name, each in found.row_totals.items()} == {"TPM3": 3, NOT_REPORTED: 5}
    assert (found.total.responders, found.total.evaluable) == (5, 8)


def test_every_unit_has_one_pair_in_the_map(make_review: MakeReview) -> None:
    selection = selected(make_review(report("example-1", patient(course("PR", drug=UNNAMED)))))
    (unit,) = (each.unit for each in selection.members(WIDEST))
    assert list(evidence_map(selection, WIDEST).cells) == [(NOT_REPORTED, NOT_REPORTED)]
    assert value_of(unit, "drug") is None
