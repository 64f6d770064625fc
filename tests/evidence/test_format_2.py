"""The selection of format 2: targets, rows by kinase, links in each pool, patients within arms. All are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from command import metaimt
from conftest import FROZEN, PRESENT_PROTOCOL, MakeReview, arm, course, link, patient, report
from hypothesis import given
from hypothesis import strategies as st

from metaimt.analyses.breakdown import breakdown
from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Protocol
from metaimt.casefiles.shared import Link, SamePatients
from metaimt.checks import check_library
from metaimt.evidence.selection import Selection, place_units, select
from metaimt.evidence.sharing import sharing
from metaimt.model.unit import Unit

OWN = {
    "drugs": {
        "dabrafenib": {"generation": "other", "targets": ["BRAF"]},
        "trametinib": {"generation": "other", "targets": ["MAP2K1", "MAP2K2"]},
        "silentinib": {"generation": "other"},
    }
}


def placed(folder: Path) -> Selection:
    library = read_library(folder)
    assert library.protocol is not None
    return select(library, library.protocol)


def reasons(selection: Selection, unit: str, group: str) -> tuple[str, ...]:
    (found,) = (each for each in selection.placed if each.unit.id == unit)
    return found.words(group)


def where(selection: Selection, unit: str) -> list[str]:
    (found,) = (each for each in selection.placed if each.unit.id == unit)
    return [group for group, why in found.reasons.items() if not why]


ALK = {"ihc": {"ALK": "positive"}}
STRICT, ALL = "strict", "all_evidence"
OTHER = "drug without the pool's target (ALK)"
COURSES: list[tuple[str, dict[str, Any], dict[str, Any], list[str], str]] = [
    # what it is, the course, the patient, where it counts, first reason against all evidence
    ("an ALK inhibitor", {}, ALK, [STRICT, ALL], ""),
    ("no ALK inhibitor", {"drug": "pralsetinib"}, ALK, [], OTHER),
    ("one of several targets", {"drug": "entrectinib"}, ALK, [STRICT, ALL], ""),
    ("not stated, and nothing of ALK", {"drug": "larotrectinib"}, {"ihc": {}}, [], OTHER),
    ("unnamed ALK inhibitor", {"drug": "unspecified ALK inhibitor"}, ALK, [ALL], ""),
    ("unnamed inhibitor", {"drug": "unspecified kinase inhibitor"}, ALK, [], "target of the drug not stated"),
    ("own drug without targets", {"drug": "silentinib"}, ALK, [], "target of the drug not stated"),
    ("ROS1 by a stain", {}, {"ihc": {"ROS1": "positive"}}, ["ros1"], "ROS1"),
    ("ROS1 by a stain, ALK negative", {}, {"ihc": {"ROS1": "positive", "ALK": "negative"}}, ["ros1"], "ROS1"),
    ("ROS1 rearranged", {}, {"ihc": {}, "rearranged": {"ROS1": True}}, ["ros1"], "ROS1"),
    ("ROS1, a drug without it", {"drug": "alectinib"}, {"ihc": {}, "fusion_gene": "ROS1"}, [], "ROS1"),
    ("NTRK by a stain", {"drug": "larotrectinib"}, {"ihc": {"NTRK1/2/3": "positive"}}, ["other_kinase"], ""),
    ("RET fusion, ALK inhibitor", {}, {"ihc": {}, "fusion_gene": "RET"}, ["other_kinase"], ""),
    ("ALK negative", {}, {"ihc": {"ALK": "negative"}}, ["alk_negative"], "ALK-negative"),
    ("a marker that is no kinase", {}, {"ihc": {"SMA": "positive"}}, [ALL], ""),
    ("two ALK inhibitors as one regimen", {"drug": ["alectinib", "crizotinib"]}, ALK, [STRICT, ALL], ""),
    ("a regimen with another", {"drug": ["crizotinib", "larotrectinib"]}, ALK, [ALL], ""),
    ("a regimen of others", {"drug": ["dabrafenib", "trametinib"]}, ALK, [], OTHER),
]


@pytest.mark.parametrize(("given", "told", "counts", "why"), [row[1:] for row in COURSES], ids=[r[0] for r in COURSES])
def test_targets_and_rows(
    given: dict[str, Any], told: dict[str, Any], counts: list[str], why: str, make_review: MakeReview
) -> None:
    folder = make_review(report("example-1", patient(course("PR", **given), **told)))
    (folder / "vocabulary.yaml").write_text(yaml.safe_dump(OWN), encoding="utf-8")
    selection = placed(folder)
    assert where(selection, "example-1/P1") == counts
    if why:
        assert reasons(selection, "example-1/P1", ALL)[0] == why


def test_a_drug_of_no_stated_target_counts_where_the_protocol_names_that(make_review: MakeReview) -> None:
    other = report("example-2", patient(course("PR", drug="pralsetinib")))
    folder = make_review(report("example-1", patient(course("PR", drug="unspecified kinase inhibitor"))), other)
    text = PRESENT_PROTOCOL.replace("status: positive, targets: [ALK]", "status: positive, targets: [ALK, not_stated]")
    (folder / "review.yaml").write_text(text, encoding="utf-8")
    assert where(placed(folder), "example-1/P1") == [ALL]
    assert reasons(placed(folder), "example-2/P1", ALL) == ("drug without the pool's target (ALK, not stated)",)


def test_a_review_of_mutations(make_review: MakeReview) -> None:
    changes = {"V600E": "PR", "V600K": "SD", "none printed": "PD"}
    told = [
        patient(course(response, drug=["dabrafenib", "trametinib"]), id=f"P{k}", ihc={}, mutations=[{"gene": "BRAF"}])
        for k, response in enumerate(changes.values(), start=1)
    ]
    for each, change in zip(told, list(changes)[:2], strict=False):
        each["mutations"][0]["change"] = change
    folder = make_review(report("example-1", *told, design="case_series"))
    (folder / "vocabulary.yaml").write_text(yaml.safe_dump(OWN), encoding="utf-8")
    protocol = yaml.safe_load(PRESENT_PROTOCOL)
    protocol["rows"] = {
        "v600e": {"mutation": "BRAF", "change": "V600E", "targets": ["BRAF", "MAP2K1", "MAP2K2"]},
        "braf": {"mutation": "BRAF", "targets": ["BRAF", "MAP2K1", "MAP2K2"]},
    }
    protocol["pools"] = {
        "strict": {"rows": ["v600e"], "combined_with": "none", "drug": "named"},
        "all": {"rows": ["braf"]},
    }
    protocol |= {"sensitivity": [], "specification": {}}
    (folder / "review.yaml").write_text(f"# Made up.\n{yaml.safe_dump(protocol, sort_keys=False)}", encoding="utf-8")
    assert [each.rule for each in check_library(read_library(folder)) if each.severity == "error"] == []
    selection = placed(folder)
    assert [where(selection, f"example-1/P{k}") for k in (1, 2, 3)] == [["strict"], ["all"], ["all"]]


SILENCE = {
    "other-tumour-arm": """report: {id: other-tumour-arm, title: Made up, year: 2018, design: trial}
extraction: {depth: abstract, by: reader-1, date: "2026-11-29"}
arms:
  - {label: NTRK-fused sarcomas, drug: larotrectinib, status: {NTRK: positive}, evaluable: 5, responders: 5,
     population: paediatric, line: any, counts_basis: printed, response_basis: stated}
""",
    "no-status-other-drug": """report: {id: no-status-other-drug, title: Made up, year: 2021, design: case_report}
extraction: {depth: abstract, by: reader-1, checked_by: reader-2, date: "2026-11-29"}
patients:
  - {id: P1, courses: [{drug: larotrectinib, response: PR, response_basis: stated}]}
""",
    "alk-tumour-ret-drug": """report: {id: alk-tumour-ret-drug, title: Made up, year: 2023, design: case_report}
extraction: {depth: full_text, by: reader-1, checked_by: reader-2, date: "2026-11-29"}
patients:
  - id: P1
    histology: IMT
    fusion_gene: ALK
    fusion_partner: TPM3
    courses: [{drug: pralsetinib, response: PD, response_basis: stated}]
""",
}
TOLD = {
    "other-tumour-arm": ("unknown-marker", "NTRK1, NTRK2, NTRK3"),
    "no-status-other-drug": ("nothing-identified", "histology"),
    "alk-tumour-ret-drug": ("", ""),
}


@pytest.mark.parametrize("name", SILENCE)
def test_what_counted_by_silence_counts_no_more(name: str, make_review: MakeReview) -> None:
    folder = make_review(report("example-1", patient(course("PR"))))
    (folder / "literature" / f"{name}.yaml").write_text(f"# Made up.\n{SILENCE[name]}", encoding="utf-8")
    selection = placed(folder)
    for pool in (STRICT, ALL):
        assert [member.unit.id for member in selection.members(pool)] == ["example-1/P1"]
    rule, words = TOLD[name]
    found = [each for each in check_library(read_library(folder)) if each.rule == rule]
    assert not rule or any(words in each.hint for each in found)
    said = metaimt("show", name, "--cases", str(folder))
    assert said.returncode == 0
    assert "drug without the pool's target" in said.stdout


# ---------- links ----------


def one(id: str, **more: Any) -> dict[str, Any]:
    return report(id, patient(course("PR", **more)), overlaps=[])


def test_in_each_pool_the_most_preferred_that_may_enter_does(make_review: MakeReview) -> None:
    unnamed = one("b-2021", drug="unspecified ALK inhibitor")
    selection = placed(make_review(one("a-2020"), unnamed, links=[link("a-2020", "b-2021", "a-2020/P1 = b-2021/P1")]))
    assert [m.unit.id for m in selection.members(STRICT)] == ["a-2020/P1"]
    assert [m.unit.id for m in selection.members(ALL)] == ["b-2021/P1"]
    assert reasons(selection, "a-2020/P1", ALL) == ("counted in b-2021",)
    assert reasons(selection, "b-2021/P1", STRICT) == ("unnamed drug", "counted in a-2020")
    assert selection.rest(ALL, STRICT, "the rest").evaluable == 0


def test_strict_is_a_part_of_all_evidence_by_patients(make_review: MakeReview) -> None:
    held = report("b-2021", design="cohort", arms=[arm(5, 6, combined_with=["surgery"])])
    told = [link("a-2020", "b-2021", "a-2020/P1 in b-2021/arm1", certainty="possible")]
    selection = placed(make_review(one("a-2020"), held, links=told))
    strict, widest = selection.count(STRICT, "s"), selection.count(ALL, "a")
    rest = selection.rest(ALL, STRICT, "the rest")
    assert (strict.responders, strict.evaluable) == (1, 1)
    assert (widest.responders, widest.evaluable) == (5, 6)
    assert (rest.responders, rest.evaluable) == (4, 5)


def test_chains_of_links_are_followed(make_review: MakeReview) -> None:
    """a in b, b in c: a is in c, though no link says so."""
    trials = [report(f"{name}-2021", design="trial", arms=[arm(2, 4)]) for name in "bc"]
    links = [
        link("a-2020", "b-2021", "a-2020/P1 in b-2021/arm1"),
        link("b-2021", "c-2021", "b-2021/arm1 in c-2021/arm1"),
    ]
    selection = placed(make_review(one("a-2020"), *trials, links=links))
    assert [m.unit.id for m in selection.members(ALL)] == ["c-2021/arm1"]
    assert reasons(selection, "a-2020/P1", ALL) == ("counted in c-2021",)


def test_two_arms_that_hold_the_same_patient_share_him(make_review: MakeReview) -> None:
    holders = [report(f"{name}-2021", design="trial", arms=[arm(2, 4)]) for name in "bd"]
    links = [link("e-2020", f"{name}-2021", f"e-2020/P1 in {name}-2021/arm1") for name in "bd"]
    selection = placed(make_review(one("e-2020"), *holders, links=links))
    assert [m.unit.report for m in selection.members(ALL)] == ["b-2021"]


def test_two_parts_of_one_arm_need_not_share_anybody(make_review: MakeReview) -> None:
    mixed = report("c-2021", design="trial", arms=[arm(3, 4, status={"ALK": "mixed"})])
    links = [link(f"{name}-2020", "c-2021", f"{name}-2020/P1 in c-2021/arm1") for name in "ab"]
    selection = placed(make_review(one("a-2020"), one("b-2020"), mixed, links=links))
    assert [m.unit.id for m in selection.members(STRICT)] == ["a-2020/P1", "b-2020/P1"]


def test_preference_is_followed_through_a_pending_file(make_review: MakeReview) -> None:
    links = [link("a-2018", "m-2019", "a-2018/P1 = m-2019/P1"), link("m-2019", "z-2020", "m-2019/P1 = z-2020/P1")]
    folder = make_review(one("a-2018"), one("z-2020"), links=links)
    (folder / "literature" / "m-2019.yaml").write_text("# Made up.\nstatus: pending\nreason: made up\n")
    assert [m.unit.id for m in placed(folder).members(ALL)] == ["z-2020/P1"]


def test_the_rest_is_what_is_left_of_the_patients(make_review: MakeReview) -> None:
    """Two patients of a strict arm, preferred for all evidence: nobody is left of them."""
    inferred = (
        patient(course("PR", response_basis="inferred")),
        patient(course("SD", response_basis="inferred"), id="P2"),
    )
    trial = report("b-2021", design="trial", arms=[arm(3, 5)])
    links = [link("b-2021", "a-2020", "a-2020/P1 in b-2021/arm1", "a-2020/P2 in b-2021/arm1")]
    selection = placed(make_review(report("a-2020", *inferred), trial, links=links))
    assert [m.unit.id for m in selection.members(STRICT)] == ["b-2021/arm1"]
    assert [m.unit.id for m in selection.members(ALL)] == ["a-2020/P1", "a-2020/P2"]
    assert selection.rest(ALL, STRICT, "the rest").evaluable == 0


def test_of_two_arms_that_hold_one_patient_he_alone_is_taken_out(make_review: MakeReview) -> None:
    left = report("l-2021", design="cohort", arms=[arm(6, 8, combined_with=["surgery"])])
    right = report("r-2021", design="trial", arms=[arm(3, 7)])
    links = [link("x-2020", f"{name}-2021", f"x-2020/P1 in {name}-2021/arm1") for name in "lr"]
    selection = placed(make_review(one("x-2020"), left, right, links=links))
    rest = selection.rest(ALL, STRICT, "the rest")
    assert [m.unit.id for m in selection.members(STRICT)] == ["r-2021/arm1"]
    assert [m.unit.id for m in selection.members(ALL)] == ["l-2021/arm1"]
    assert (rest.responders, rest.evaluable) == (5, 7)


# ---------- patients within arms ----------


def within(make_review: MakeReview, certainty: str = "probable", responders: int = 3, **told: Any) -> Selection:
    described: dict[str, Any] = {"histology": "EIMS", "fusion_partner": "RANBP2", "fusion_gene": "ALK", "site": "lung"}
    his = patient(course(told.pop("response", "PR"), **told), **{**described, "ihc": {}})
    trial = report("b-2021", design="trial", arms=[arm(responders, 4, site="abdomen")])
    links = [link("a-2020", "b-2021", "a-2020/P1 in b-2021/arm1", certainty=certainty)]
    return placed(make_review(report("a-2020", his), trial, links=links))


def rows(selection: Selection, grouping: str) -> dict[str, tuple[int, int]]:
    table = breakdown(selection, ALL, grouping)
    return {row.name: (row.counts.responders, row.counts.evaluable) for row in table.levels if row.counts.evaluable}


def test_a_patient_within_an_arm_is_shown_under_what_is_said_of_him(make_review: MakeReview) -> None:
    selection = within(make_review)
    assert rows(selection, "histology") == {"EIMS": (1, 1), "not reported": (2, 3)}
    assert rows(selection, "fusion_partner") == {"RANBP2": (1, 1), "not reported": (2, 3)}
    assert rows(selection, "site") == {"lung": (1, 1), "abdomen": (2, 3)}
    assert rows(selection, "report") == {"b-2021": (3, 4)}
    assert selection.described(ALL, "x").clusters == selection.count(ALL, "x").clusters == (("b-2021", 3, 4),)


@pytest.mark.parametrize(
    ("certainty", "responders", "told", "histology"),
    [
        ("certain", 3, {}, {"EIMS": (1, 1), "not reported": (2, 3)}),
        ("possible", 3, {}, {"not reported": (3, 4)}),
        ("probable", 3, {"response": "SD"}, {"EIMS": (0, 1), "not reported": (3, 3)}),
        ("probable", 4, {"response": "SD"}, {"not reported": (4, 4)}),  # the arm has no room for it
        ("probable", 0, {"response": "PR"}, {"not reported": (0, 4)}),
        ("probable", 3, {"response": None}, {"not reported": (3, 4)}),  # his response is not known
        ("probable", 4, {"response": None}, {"EIMS": (1, 1), "not reported": (3, 3)}),  # that of all is his
        ("probable", 0, {"response": None}, {"EIMS": (0, 1), "not reported": (0, 3)}),
    ],
)
def test_who_is_shown_apart(
    certainty: str,
    responders: int,
    told: dict[str, Any],
    histology: dict[str, tuple[int, int]],
    make_review: MakeReview,
) -> None:
    assert rows(within(make_review, certainty, responders, **told), "histology") == histology


def test_a_patient_described_twice_is_shown_once(make_review: MakeReview) -> None:
    two = [report(f"{name}-2020", patient(course("PR"), histology="EIMS")) for name in "ac"]
    trial = report("b-2021", design="trial", arms=[arm(3, 4)])
    links = [link(f"{name}-2020", "b-2021", f"{name}-2020/P1 in b-2021/arm1") for name in "ac"]
    links.append(link("a-2020", "c-2020", "a-2020/P1 = c-2020/P1"))
    assert rows(placed(make_review(*two, trial, links=links)), "histology") == {"EIMS": (1, 1), "not reported": (2, 3)}


# ---------- properties ----------

NAMES = [f"r{k}-2020" for k in range(5)]
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from("=⊂")), max_size=6)


def made_links(pairs: list[tuple[str, str, str]]) -> list[Link]:
    """One link a pair, the earlier name giving way, so that there is no circle."""
    found = []
    for one, other, relation in pairs:
        if one == other:
            continue
        gives, prefer = sorted((one, other))
        same = SamePatients((gives, "P1"), "=" if relation == "=" else "in", (prefer, "P1"))
        both = (gives, prefer)
        found.append(Link.model_construct(reports=both, prefer=prefer, certainty="certain", patients=(same,)))
    return found


@given(PAIRS, st.lists(st.booleans(), min_size=5, max_size=5))
def test_of_those_who_share_patients_at_most_one_enters_and_one_does_if_any_may(
    pairs: list[tuple[str, str, str]], named: list[bool]
) -> None:
    from conftest import unit

    protocol = Protocol.model_validate(yaml.safe_load(PRESENT_PROTOCOL))
    everyone: tuple[Unit, ...] = tuple(
        unit(f"{name}/P1", 1, 1, drug_named=is_named, markers=(("ALK", "positive"),), kinases=("ALK",), histology="IMT",
             response="PR", response_basis="stated", depth="abstract")
        for name, is_named in zip(NAMES, named, strict=True)
    )  # fmt: skip
    links = made_links(pairs)
    selection = place_units(everyone, links, protocol)
    shares = sharing(links, ("certain",), everyone).shares
    for pool in selection.pools:
        inside = {member.unit.id for member in selection.members(pool)}
        for each in selection.placed:
            mine = shares.get(each.unit.id, frozenset())
            assert each.unit.id not in inside or inside.isdisjoint(mine)
            kept_out = [why for why in each.words(pool) if not why.startswith("counted in")]
            assert kept_out or each.unit.id in inside or not inside.isdisjoint(mine)


def test_the_frozen_review_of_format_1_is_read_by_its_own_rules() -> None:
    library = read_library(FROZEN / "cases")
    assert library.protocol is not None
    assert library.protocol.format == 1
    selection = select(library, library.protocol)
    counts = [selection.count(pool, pool) for pool in selection.pools]
    assert [(count.responders, count.evaluable, count.reports) for count in counts] == [(55, 74, 18), (98, 122, 47)]
    assert [each.severity for each in check_library(library) if each.severity == "error"] == []
