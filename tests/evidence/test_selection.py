"""Selection by the protocol, on the shipped evidence and on made-up reviews."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from conftest import FROZEN, MakeReview, arm, course, link, patient, report

from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Protocol
from metaimt.evidence.selection import Placed, Selection, meets, select


def selected(folder: Any) -> tuple[Selection, Protocol]:
    library = read_library(folder)
    assert library.protocol is not None
    assert not library.problems
    return select(library, library.protocol), library.protocol


@pytest.fixture(scope="module")
def shipped() -> tuple[Selection, Protocol]:
    return selected(FROZEN / "cases")


def counts(placed: Iterable[Placed]) -> tuple[int, int, int]:
    units = [member.unit for member in placed if member.unit.evaluable]
    return sum(u.responders for u in units), sum(u.evaluable for u in units), len({u.report for u in units})


# "Expected on the shipped evidence" in the methods, and the table "What it gives" of the evidence README.
# None for the number of reports where neither states it.
EXPECTED = {
    ("strict", None, None): (55, 74, 18),
    ("strict", "stratum", "cases_and_series"): (8, 12, None),
    ("strict", "stratum", "cohorts"): (14, 17, None),
    ("strict", "stratum", "trials"): (33, 45, None),
    ("all_evidence", None, None): (98, 122, 47),
    ("all_evidence", "rest of the literature", None): (36, 38, 25),
    ("all_evidence", "row", "alk_not_stated"): (7, 8, 4),
    ("all_evidence", "local", None): (0, 2, 1),
    ("all_evidence", "stratum", "cases_and_series"): (36, 42, None),
    ("later_lines", "strict", "alk_positive"): (3, 5, 3),
    ("later_lines", "rest", "alk_positive"): (5, 6, 5),
    ("later_lines", "row", "alk_not_stated"): (1, 1, 1),
    ("alk_negative", "strict", None): (1, 7, None),
    ("alk_negative", "rest", None): (0, 1, None),
    ("ros1", "strict", None): (1, 1, None),
    ("ros1", "rest", None): (5, 7, None),
}


@pytest.mark.parametrize(("group", "part", "name"), EXPECTED)
def test_the_shipped_evidence_gives_the_expected_counts(
    shipped: tuple[Selection, Protocol], group: str, part: str | None, name: str | None
) -> None:
    selection, protocol = shipped
    strict = protocol.pools["strict"]

    def wanted(placed: Placed) -> bool:
        passes = meets(placed.unit, strict)
        right_row = name not in protocol.rows or placed.row == name
        return (
            right_row
            and {
                None: True,
                "stratum": placed.stratum == name,
                "row": True,
                "local": placed.unit.local,
                "strict": passes,
                "rest": not passes,
                "rest of the literature": not passes and not placed.unit.local and placed.row == "alk_positive",
            }[part]
        )

    r, n, reports = EXPECTED[group, part, name]
    found = counts(placed for placed in selection.members(group) if wanted(placed))
    assert found[:2] == (r, n)
    assert reports is None or found[2] == reports


def test_the_two_reports_without_measurable_disease_are_not_evaluable(shipped: tuple[Selection, Protocol]) -> None:
    reasons = {p.unit.id: p.words("all_evidence") for p in shipped[0].placed}
    not_evaluable = {unit.split("/")[0] for unit, why in reasons.items() if "not evaluable" in why}
    assert not_evaluable == {"anon-jcts2427-2023", "li-2024"}


def test_every_unit_is_in_a_group_or_has_a_reason(shipped: tuple[Selection, Protocol]) -> None:
    selection = shipped[0]
    for placed in selection.placed:
        for group in (*selection.pools, *selection.rows):
            assert placed.is_in(group) == (placed in selection.members(group))
            assert placed.is_in(group) != bool(placed.words(group))
            assert all(reason.strip() for reason in placed.words(group))


def test_no_unit_is_in_two_separate_groups(shipped: tuple[Selection, Protocol]) -> None:
    selection = shipped[0]
    for placed in selection.placed:
        separate = [row for row in selection.rows if placed.is_in(row)]
        assert len(separate) + placed.is_in("all_evidence") <= 1
        assert placed.is_in("all_evidence") or not placed.is_in("strict")


def reasons_of(folder: Any, unit: str) -> dict[str, tuple[str, ...]]:
    selection, _ = selected(folder)
    return dict(next(placed.in_words() for placed in selection.placed if placed.unit.id == unit))


SINGLE: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]] = {
    "stated": (course("PR"), {}, ()),
    "measured": (course("PR", response_basis="measured"), {}, ()),
    "inferred": (course("PR", response_basis="inferred"), {}, ("inferred",)),
    "unnamed": (course("PR", drug="unspecified ALK inhibitor"), {}, ("unnamed drug",)),
    "mixed": (course("PR", combined_with=["surgery"]), {}, ("mixed treatment",)),
    "disputed": (course("SD", response_alternatives=["PR"]), {}, ("disputed",)),
    "not disputed": (course("SD", response_alternatives=["PD"]), {}, ()),
    "death": (course("NE", response_basis="inferred", stop_reason="death"), {}, ()),
    "no disease": (course("NE"), {}, ("not evaluable",)),
    "not readable": (course(None), {}, ("response not readable",)),
    "negative": (course("PR"), {"ihc": {"ALK": "negative"}}, ("ALK-negative",)),
    "not stated": (course("PR"), {"ihc": {}}, ("ALK status not stated",)),
    "ros1": (course("PR"), {"ihc": {"ALK": "negative"}, "fusion_gene": "ROS1"}, ("ROS1",)),
    "other kinase": (course("PR"), {"ihc": {}, "fusion_gene": "NTRK3"}, ("other kinase fusions",)),
    "negative stain, fused": (course("PR"), {"ihc": {"ALK": "negative"}, "fusion_gene": "ALK"}, ()),
    "other histology": (course("PR"), {"histology": "other"}, ("not eligible (histology other)",)),
}


@pytest.mark.parametrize("name", SINGLE)
def test_why_a_patient_is_not_in_strict(make_review: MakeReview, name: str) -> None:
    given, more, reasons = SINGLE[name]
    folder = make_review(report("example-1", patient(given, **more)))
    assert reasons_of(folder, "example-1/P1")["strict"] == reasons


def test_a_death_before_assessment_is_a_non_response(make_review: MakeReview) -> None:
    selection, _ = selected(make_review(report("example-1", patient(course("NE", stop_reason="death")))))
    assert counts(selection.members("strict")) == (0, 1, 1)


def test_a_later_course_never_stands_in_for_the_first(make_review: MakeReview) -> None:
    selection, _ = selected(make_review(report("example-1", patient(course(None), course("CR"), course("CR")))))
    assert counts(selection.members("all_evidence")) == (0, 0, 0)
    assert counts(selection.members("later_lines")) == (1, 1, 1)


def test_second_hand_is_not_strict(make_review: MakeReview) -> None:
    entry = report("example-1", patient(course("PR")), extraction={"depth": "secondary"})
    reasons = reasons_of(make_review(entry), "example-1/P1")
    assert reasons["strict"] == ("second-hand",)
    assert reasons["all_evidence"] == ()


def linked_reports(**preferred: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    two = patient(course("PR"), course("SD"), id="P1"), patient(course("PD"), id="P2")
    giving = report("example-1", *two, design="case_series", overlaps=["example-2"])
    return giving, report("example-2", design="trial", overlaps=["example-1"], arms=[arm(3, 5, **preferred)])


def test_a_linked_patient_gives_way_with_all_courses_and_others_stay(make_review: MakeReview) -> None:
    links = [link("example-1", "example-2", "example-1/P1 in example-2/arm1")]
    selection, _ = selected(make_review(*linked_reports(), links=links))
    reasons = {placed.unit.id: placed.words("strict") for placed in selection.placed}
    assert reasons["example-1/P1"] == ("counted in example-2",)
    assert reasons["example-1/P1/course2"][0] == "counted in example-2"
    assert reasons["example-1/P2"] == ()
    assert counts(selection.members("strict")) == (3, 6, 2)


def test_without_named_patients_the_whole_report_gives_way(make_review: MakeReview) -> None:
    folder = make_review(*linked_reports(), links=[link("example-1", "example-2")])
    assert counts(selected(folder)[0].members("all_evidence")) == (3, 5, 1)


def test_a_unit_stands_in_where_the_preferred_one_cannot_enter_the_pool(make_review: MakeReview) -> None:
    folder = make_review(*linked_reports(drug="unspecified ALK inhibitor"), links=[link("example-1", "example-2")])
    selection, _ = selected(folder)
    assert counts(selection.members("strict")) == (1, 2, 1)
    assert counts(selection.members("all_evidence")) == (3, 5, 1)


def test_a_preferred_unit_that_is_not_eligible_takes_nothing(make_review: MakeReview) -> None:
    folder = make_review(*linked_reports(histology="other"), links=[link("example-1", "example-2")])
    assert counts(selected(folder)[0].members("strict")) == (1, 2, 1)


def test_a_chain_of_links_names_the_report_that_counts(make_review: MakeReview) -> None:
    entries = [report(f"example-{k}", patient(course("PR"))) for k in (1, 2, 3)]
    links = [link("example-1", "example-2"), link("example-2", "example-3"), link("example-1", "example-3")]
    reasons = reasons_of(make_review(*entries, links=links), "example-1/P1")
    assert reasons["strict"] == ("counted in example-3",)


def test_a_mixed_arm_belongs_to_no_row(make_review: MakeReview) -> None:
    folder = make_review(report("example-1", design="trial", arms=[arm(1, 2, status={"ALK": "mixed"})]))
    assert reasons_of(folder, "example-1/arm1")["all_evidence"] == ("ALK status mixed",)
