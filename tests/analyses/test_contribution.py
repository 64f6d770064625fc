"""What a report contributes: the same numbers as deleting its file; every shipped report and patient can be shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from conftest import FROZEN, MakeReview, arm, course, link, patient, report, selected_in

from metaimt.analyses.contribution import Contribution, Estimate, contribution, find
from metaimt.analyses.pooled_response import pooled_response
from metaimt.casefiles.library import Library, read_library
from metaimt.casefiles.protocol import Protocol
from metaimt.checks.same_patient import Candidate, candidates
from metaimt.evidence.selection import select
from metaimt.problem import WrongUse
from metaimt.serialise import to_json
from metaimt.statistics.proportion import clopper_pearson

SHIPPED = read_library(FROZEN / "cases")
assert SHIPPED.protocol is not None
PROTOCOL: Protocol = SHIPPED.protocol
SELECTION = select(SHIPPED, PROTOCOL)
WHOLE = pooled_response(SELECTION, PROTOCOL)


@cache
def shown(wanted: str) -> Contribution:
    return contribution(SHIPPED, PROTOCOL, SELECTION, wanted)


def shown_in(folder: Path, wanted: str) -> Contribution:
    library = read_library(folder)
    return contribution(library, PROTOCOL, select(library, PROTOCOL), wanted)


def made_up(make_review: MakeReview) -> Path:
    two_lines = patient(course("PR"), course("SD", drug="alectinib"), fusion_gene="ALK", fusion_partner="TPM3")
    return make_review(
        report("example-a", two_lines),
        report("example-b", patient(course("PD"))),
        report("example-c", arms=[arm(6, 9)], design="trial"),
        report("example-d", arms=[arm(1, 7, status={"ALK": "negative"}), arm(5, 8)], design="cohort"),
        report("example-e", patient(course("CR", response_basis="inferred"), site="lung")),
        report("example-f", patient(course("PR"), fusion_gene="ROS1", ihc={}), patient(course("SD"), id="P2")),
        report("example-g", patient(course(None))),
        report("example-h", arms=[arm(2, 3), arm(1, 2, line="later")], design="case_series"),
    )


def numbers(estimate: Estimate) -> dict[str, Any]:
    return dict(to_json(estimate))


def recomputed(library: Library) -> dict[str, dict[str, Any]]:
    """Every group of `metaimt pool`, in the form of an estimate."""
    found = pooled_response(select(library, PROTOCOL), PROTOCOL)
    groups = {**found.pools, **found.rows}
    return {name: numbers(Estimate(group.counts, group.orr)) for name, group in groups.items()}


@pytest.mark.usefixtures("remembered")
@pytest.mark.parametrize("id", [f"example-{letter}" for letter in "abcdefgh"])
def test_without_it_is_what_deleting_the_file_gives(make_review: MakeReview, id: str) -> None:
    folder = made_up(make_review)
    found = shown_in(folder, id)
    whole = recomputed(read_library(folder))
    (folder / "literature" / f"{id}.yaml").unlink()
    rest = recomputed(read_library(folder))
    changed = {change.name: change for change in found.changes}
    for name, group in whole.items():
        if name in changed:
            assert numbers(changed[name].with_it) == group
            assert numbers(changed[name].without_it) == rest[name]
        else:
            assert group == rest[name]


def test_with_it_is_what_pool_shows() -> None:
    for name in ("mosse-2017", "zhang-2020", "kuo-2020", "schoffski-2021"):
        for change in shown(name).changes:
            group = {**WHOLE.pools, **WHOLE.rows}[change.name]
            assert change.with_it.counts == group.counts
            assert change.with_it.orr is not None
            assert group.orr is not None
            assert (change.with_it.orr.estimate, change.with_it.orr.lower) == (group.orr.estimate, group.orr.lower)


IDS = [shipped.id for shipped in SHIPPED.reports]


@cache
def suspects() -> tuple[Candidate, ...]:
    return candidates(SHIPPED)


@pytest.fixture
def by_counts(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Contribution]:
    """`shown` with r/n and its exact interval for every rate, for what is said of every report beside its rates."""
    pooled = "metaimt.analyses.pooled_response.pool_proportion"
    monkeypatch.setattr(pooled, lambda r, n, **_: clopper_pearson(sum(r), sum(n)))
    monkeypatch.setattr("metaimt.analyses.contribution.candidates", lambda library: suspects())
    return lambda wanted: contribution(SHIPPED, PROTOCOL, SELECTION, wanted)


@pytest.mark.slow
@pytest.mark.parametrize("name", IDS)
def test_every_shipped_report_has_rates_with_it_and_without_it(name: str) -> None:
    for change in to_json(shown(name))["changes"]:
        for side in ("with_it", "without_it"):
            rate = change[side]["orr"]
            assert "not_identified" in rate or 0 <= rate["lower"] <= rate["estimate"] <= rate["upper"] <= 1


@pytest.mark.parametrize("name", IDS)
def test_every_shipped_report_and_each_of_its_patients_can_be_shown(
    name: str, by_counts: Callable[[str], Contribution]
) -> None:
    found = by_counts(name)
    assert json.loads(json.dumps(to_json(found), allow_nan=False))["format"] == 1
    mine = [placed for placed in SELECTION.placed if placed.unit.report == name]
    assert [place.unit.id for place in found.places] == [placed.unit.id for placed in mine]
    for place, placed in zip(found.places, mine, strict=True):
        for group in (*SELECTION.pools, *SELECTION.rows):
            assert place.left_out.get(group, placed.reasons[group]) == placed.reasons[group]
            assert placed.is_in(group) <= (group in place.left_out)
    for subject in {placed.unit.subject for placed in mine}:
        assert {place.unit.subject for place in by_counts(subject).places} == {subject}


def test_the_shares_of_all_reports_add_up_to_the_pools(by_counts: Callable[[str], Contribution]) -> None:
    changes = [change for id in IDS for change in by_counts(id).changes]
    for name, group in {**WHOLE.pools, **WHOLE.rows}.items():
        shares = [change for change in changes if change.name == name]
        assert sum(each.share.responders for each in shares) == group.counts.responders
        assert sum(each.share.evaluable for each in shares) == group.counts.evaluable


def test_one_patient_of_a_series_leaves_the_rest_of_it_in() -> None:
    strict = shown("zhang-2020/P1").changes[1]
    assert (strict.name, strict.share.evaluable) == ("all_evidence", 1)
    assert strict.with_it.counts.reports == strict.without_it.counts.reports


def test_links_are_not_reopened() -> None:
    """Without liu-2023 the seven patients of liu-2018 that it counts do not come back."""
    strict = shown("liu-2023").changes[0]
    assert strict.with_it.counts.evaluable - strict.without_it.counts.evaluable == 16


def test_the_last_report_of_a_group_leaves_nobody(make_review: MakeReview) -> None:
    found = shown_in(make_review(report("example-a", patient(course("PR")))), "example-a")
    assert [change.without_it.orr for change in found.changes] == [None, None]
    assert to_json(found.changes[0])["without_it"]["orr"] == {"not_identified": "no evaluable patient"}


def test_all_reasons_are_kept_and_only_groups_that_concern_it_are_named() -> None:
    first, second = shown("reinhart-2020").places
    assert tuple(map(str, first.left_out["strict"])) == ("counted in anon-smf-2021", "inferred", "second-hand")
    assert set(first.left_out) == {"strict", "all_evidence"}
    assert set(second.left_out) == {"strict", "all_evidence", "later_lines"}
    assert set(shown("kuo-2020").places[0].left_out) == {"strict", "all_evidence", "ros1"}


def test_first_and_only() -> None:
    kinds = {(n.value, n.kind, n.others, n.undated) for n in shown("liu-2021").novelties}
    assert kinds == {("LRRFIP1", "only", 0, 0), ("limbs_and_trunk", "first", 2, 0)}
    kinds = {(n.value, n.kind, n.others, n.undated) for n in shown("zhang-2020").novelties}
    assert kinds == {("RRBP1", "only", 0, 0), ("TNS1", "first", 1, 1)}


def test_a_report_of_the_same_year_or_without_a_year_is_not_the_first(make_review: MakeReview) -> None:
    one, two, three = (report(f"example-{x}", patient(course(), site="lung")) for x in "abc")
    del three["report"]["year"]
    folder = make_review(one, two, three)
    assert [n for x in "abc" for n in shown_in(folder, f"example-{x}").novelties if n.field == "site"] == []


def test_what_is_told_of_the_publication(make_review: MakeReview) -> None:
    printed = {"title": "Made up", "authors": "Specimen A", "journal": "Made-up Annals", "year": 2020}
    printed |= {"doi": "10.1000/made.up", "pmid": "1", "pmcid": "PMC1", "url": "https://example.org/made-up"}
    entry = report("example-a", patient(course("PR")))
    entry["report"] |= {**printed, "design": "case_report"}
    told = to_json(shown_in(make_review(entry), "example-a"))
    assert told["report"] == {"id": "example-a", **printed, "design": "case_report"}


@pytest.mark.parametrize(("errors", "computed"), [(0, True), (1, False)])
def test_with_an_error_in_another_file_nothing_is_said_of_the_other_reports(
    make_review: MakeReview, errors: int, computed: bool
) -> None:
    """Another file that is not read would be missing in the pools, among who has the site, and among who stands in."""
    earlier = report("example-a", patient(course("PR")), overlaps=["example-b"])
    later = report("example-b", patient(course("PR"), site="lung"), overlaps=["example-a"])
    same = link("example-a", "example-b", "example-a/P1 = example-b/P1", certainty="probable")
    library, protocol, selection = selected_in(make_review(earlier, later, links=[same]))
    found = contribution(library, protocol, selection, "example-b", errors_elsewhere=errors)
    assert [change.name for change in found.changes] == (["strict", "all_evidence"] if computed else [])
    assert [(novelty.value, novelty.kind) for novelty in found.novelties] == ([("lung", "only")] if computed else [])
    assert found.stands_in == (("example-a",) if computed else ())
    assert [decision.other for decision in found.decisions] == ["example-a"], "what is decided is known all the same"
    assert to_json(found).get("errors_elsewhere") == (None if computed else 1)


def test_decisions_and_who_is_counted() -> None:
    decided = {decision.other: decision for decision in shown("mosse-2013").decisions}
    assert {name: decision.counted for name, decision in decided.items()} == {
        "fda-2022": "fda-2022",
        "has-2023": "has-2023",
        "mosse-2017": "mosse-2017",
    }
    assert decided["has-2023"].patients == ()
    assert decided["mosse-2017"].patients == ("mosse-2013/arm1 in mosse-2017/arm1",)
    assert [decision.other for decision in shown("robinson-2019/P2").decisions] == ["ambati-2018"]


def test_a_link_that_the_protocol_does_not_apply_counts_nobody_out() -> None:
    links = PROTOCOL.links.model_copy(update={"apply": ("certain",)})
    protocol = PROTOCOL.model_copy(update={"links": links})
    selection = select(SHIPPED, protocol)
    decided = contribution(SHIPPED, protocol, selection, "liu-2018").decisions
    assert [(decision.certainty, decision.counted) for decision in decided] == [("probable", None)]


def test_suspects_are_those_of_the_report_or_patient(make_review: MakeReview) -> None:
    rare: dict[str, Any] = {"fusion_gene": "ALK", "fusion_partner": "VCL", "age": 7, "site": "lung"}
    two = report("example-b", patient(course()), patient(course(), id="P2", **rare), design="case_series")
    other = rare | {"fusion_partner": "TPM3", "age": 40, "site": "pelvis"}
    third = report("other", patient(course(), **other))
    folder = make_review(report("example-a", patient(course(), **rare)), two, third)
    for wanted in ("example-a", "example-a/P1", "example-b", "example-b/P2"):
        (suspect,) = shown_in(folder, wanted).candidates
        assert (suspect.left, suspect.right) == ("example-a/P1", "example-b/P2")
    assert shown_in(folder, "example-b/P1").candidates == ()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("liu-20", "nearest ids are liu-2023"),
        ("zzz", "give an id, a DOI, a PMID or an author"),
        ("liu-2018/P1", "it has arm1, arm2"),
        ("doz-2024", "read and excluded: Alectinib"),
        ("", "no report is ''"),
    ],
)
def test_an_unknown_id_is_told_with_the_way_forward(wanted: str, said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        find(SHIPPED, wanted)


def test_a_former_id_finds_the_report() -> None:
    publication = SHIPPED.reports[0].report.model_copy(update={"former_ids": ("old-id",)})
    renamed = SHIPPED.reports[0].model_copy(update={"report": publication})
    library = replace(SHIPPED, reports=(renamed, *SHIPPED.reports[1:]))
    assert find(library, "old-id/P1") == (renamed, f"{renamed.id}/P1")
