"""Possible same patients: the shipped links found when ignored, made-up twins, and what every score keeps to."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from math import log2
from typing import Any

import pytest
import yaml
from conftest import FROZEN, MakeReview, arm, course, patient, report
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.analyses.contribution import contribution
from metaimt.casefiles.library import Library, read_library
from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.shared import Link, LinkFile
from metaimt.checks import check_library
from metaimt.checks.patient_facts import Facts, authors_of, lexicon, library_facts, source_words, trial_numbers
from metaimt.checks.same_patient import (
    FIELDS,
    MOST_REPORTS,
    SMALL_LIBRARY,
    THRESHOLD,
    Candidate,
    Frequencies,
    _pairs,
    candidates,
    keys_of,
    likeness,
)
from metaimt.evidence.selection import resolve_links, select
from metaimt.evidence.tables import units
from metaimt.report.show_text import contribution_text

SHIPPED = read_library(FROZEN / "cases")
SHARED = tuple(link for link in SHIPPED.links if not link.different)
UNDECIDED = replace(SHIPPED, links=())
FOUND = candidates(UNDECIDED)
FACTS = library_facts(UNDECIDED)
POINTS = re.compile(r" ([+-]\d+\.\d)$")
NOT_IN_THE_FILES = {  # what the link rests on, and why it cannot be seen in the two files
    ("brivio-2019", "fischer-2021"): "an unnamed trial, taken to be the only one of its kind: no shared name or author",
    ("butrynski-2010", "sasaki-2010"): "the shared author is beyond the three printed; no age, sex, site, partner",
    ("cosa702-2012", "trahair-2019"): "'nothing printed links them': no author, year, age or site in trahair-2019",
}
SUSPECTS = {("anon-pmc9403501/P1", "zhang-2020/P2")}  # beyond the links; both uterus or pelvis, TNS1-ALK, alectinib


def library_of(*entries: dict[str, Any], links: tuple[Link, ...] = ()) -> Library:
    """A library in memory."""
    context = {"vocabulary": SHIPPED.vocabulary}
    reports = tuple(CaseFile.model_validate(entry, context=context) for entry in entries)
    return replace(SHIPPED, reports=reports, links=links)


def all_pairs(library: Library) -> list[Candidate]:
    """Every pair of units that no contradiction excludes, without blocking and whatever the score."""
    everyone = library_facts(library)
    known = Frequencies(everyone)
    pairs = [likeness(one, other, known) for one, other in combinations(everyone, 2) if one.report != other.report]
    return [pair for pair in pairs if pair is not None]


def twin(id: str, *, authors: str | None = None, title: str | None = None, year: int = 2020, **more: Any) -> Any:
    """A made-up report of one woman whose facts are all stated."""
    facts: dict[str, Any] = {"age": 34, "sex": "female", "site": "abdomen", "site_detail": "omentum"}
    facts |= {"fusion_gene": "ALK", "fusion_partner": "RANBP2", **more}
    entry = report(id, patient(course(), **{key: value for key, value in facts.items() if value is not None}))
    entry["report"] |= {"year": year} | ({"authors": authors} if authors else {}) | ({"title": title} if title else {})
    return entry


# The shipped links


@pytest.mark.parametrize("link", SHARED, ids=lambda link: " ".join(link.reports))
def test_recall_on_the_shipped_links_when_they_are_ignored(link: Link) -> None:
    found = [candidate for candidate in FOUND if set(candidate.reports) == set(link.reports)]
    assert bool(found) == (link.reports not in NOT_IN_THE_FILES)
    named = {frozenset(("/".join(same.left), "/".join(same.right))) for same in link.patients}
    assert not found or named <= {frozenset((candidate.left, candidate.right)) for candidate in found}


def test_fifteen_of_eighteen_links_are_found() -> None:
    assert len(SHARED) == 18
    assert len(NOT_IN_THE_FILES) == 3


def test_other_suspects_are_few_and_known() -> None:
    linked = {frozenset(link.reports) for link in SHARED}
    assert {(c.left, c.right) for c in FOUND if frozenset(c.reports) not in linked} == SUSPECTS


def test_a_decided_pair_is_not_suspected() -> None:
    decided = {frozenset(link.reports) for link in SHIPPED.links}
    standing = candidates(SHIPPED)
    assert not decided & {frozenset(candidate.reports) for candidate in standing}
    assert len(warnings(SHIPPED)) == 2 * len(standing)
    assert {(candidate.left, candidate.right) for candidate in standing} <= SUSPECTS


def test_blocking_loses_no_pair_of_the_shipped_library() -> None:
    strong = {(pair.left, pair.right) for pair in all_pairs(UNDECIDED) if pair.score >= THRESHOLD}
    assert strong == {(candidate.left, candidate.right) for candidate in FOUND}


# Every score


def test_the_points_of_the_reasons_add_up_to_the_score() -> None:
    pairs = all_pairs(UNDECIDED)
    assert len(pairs) > 2000
    for pair in pairs:
        points = [float(match[1]) for reason in pair.reasons + pair.against if (match := POINTS.search(reason))]
        assert len(points) == len(pair.reasons) + len(pair.against)
        assert round(sum(points), 1) == pair.score
        assert all(POINTS.search(reason)[1].startswith("+") for reason in pair.reasons)  # type: ignore[index]
        assert all(POINTS.search(reason)[1].startswith("-") for reason in pair.against)  # type: ignore[index]


def test_the_order_of_the_reports_does_not_matter() -> None:
    assert candidates(replace(UNDECIDED, reports=UNDECIDED.reports[::-1])) == FOUND
    known = Frequencies(FACTS)
    for one, other in combinations(FACTS[:40], 2):
        assert likeness(one, other, known) == likeness(other, one, known)


def test_a_rare_agreement_counts_as_the_docstring_says() -> None:
    (pair,) = (c for c in FOUND if (c.left, c.right) == ("anon-smf-2021/P1", "reinhart-2020/P1"))
    with_partner = {facts.report for facts in FACTS if facts.partner}
    with_fn1 = {facts.report for facts in FACTS if facts.partner == "FN1"}
    odds = FIELDS["partner"]
    u = max(odds.base, (len(with_fn1) - 2 + 10 * odds.base) / (len(with_partner) - 2 + 10))
    expected = f"same partner FN1 ({len(with_fn1)} of {len(with_partner)} reports) {log2(odds.m / u):+.1f}"
    assert expected in pair.reasons


def test_nothing_is_taken_to_be_rarer_than_its_field_allows() -> None:
    """Two reports of a new partner are not alike for that."""
    most = {field: log2(odds.m / (odds.rarest or odds.base)) for field, odds in FIELDS.items() if odds.base}
    for pair in all_pairs(UNDECIDED):
        for point in pair.points:
            field = {"same partner {}": "partner", "both {}": "drug", "place {}": "place", "both name {}": "name"}
            assert point.points <= most.get(field.get(point.form, ""), 9) + 0.05


@pytest.mark.parametrize("number", [2, 3, 30])
def test_what_all_reports_share_is_no_evidence(number: int) -> None:
    made = [twin(f"r{k}", authors="Aa B", title="A case in Macao") for k in range(number)]
    assert {pair.points for pair in all_pairs(library_of(*made))} == {()}
    assert candidates(library_of(*made)) == ()


def test_a_trial_that_all_reports_are_of_is_no_evidence_but_two_of_it_are() -> None:
    def points(entries: list[dict[str, Any]]) -> set[str]:
        return {str(point) for pair in all_pairs(library_of(*entries)) for point in pair.points}

    def of_trial(number: int) -> list[dict[str, Any]]:
        return [twin(f"r{k}", title="Results of NCT01234567") for k in range(number)]

    assert points(of_trial(3)) == set()
    assert points(of_trial(2)) == {"same trial NCT01234567 +8.1"}
    assert "same trial NCT01234567 +8.1" in points([*of_trial(3), twin("other", title="Results of NCT07654321")])


def test_nearly_all_of_one_age_are_not_alike_for_it() -> None:
    ages = [34] * 19 + [60]
    made = [twin(f"r{k}", age=age) for k, age in enumerate(ages)]
    assert (
        max(p.points for pair in all_pairs(library_of(*made)) for p in pair.points if p.form == "same age {:g}") < 0.5
    )


FIELD = st.fixed_dictionaries(
    {},
    optional={
        "age": st.sampled_from([0, 0.8, 1, 33, 34, 35, 70]),
        "sex": st.sampled_from(["male", "female"]),
        "site": st.sampled_from(["lung", "abdomen"]),
        "site_detail": st.sampled_from(["left lobe", "omentum, mesentery", "omental cake"]),
        "histology": st.sampled_from(["IMT", "EIMS", "other"]),
        "fusion_gene": st.sampled_from(["ALK", "ROS1"]),
        "fusion_partner": st.sampled_from(["TPM3", "CLTC"]),
    },
)
DRUGS = st.lists(st.sampled_from(["crizotinib", "alectinib", "unspecified ALK inhibitor"]), min_size=1, max_size=3)
AUTHORS = st.sampled_from([None, "Aa B, Cc D, et al.", "Cc D", "A Made-up Study Group"])
REPORT = st.tuples(FIELD, DRUGS, AUTHORS, st.sampled_from([None, 2019, 2020, 2024]))


def entries(made: list[Any], ids: list[str]) -> list[dict[str, Any]]:
    found = []
    for (facts, drugs, authors, year), id in zip(made, ids, strict=True):
        publication = {"id": id, "design": "case_report", "authors": authors, "year": year, "title": "Trial ABC1234"}
        courses = [{"drug": drug} for drug in drugs]
        publication = {key: value for key, value in publication.items() if value is not None}
        found.append({"report": publication, "patients": [{"id": "P1", **facts, "courses": courses}]})
    return found


@examples(30)
@given(st.lists(REPORT, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_renaming_ids_does_not_change_a_score(made: list[Any], chance: Any) -> None:
    ids = [f"r{k}" for k in range(len(made))]
    others = [f"x-{k}-2020" for k in range(len(made))]
    chance.shuffle(others)
    renamed = dict(zip(ids, others, strict=True))
    before = {frozenset(c.reports): (c.score, c.reasons, c.against) for c in all_pairs(library_of(*entries(made, ids)))}
    after = {frozenset(c.reports): c for c in all_pairs(library_of(*entries(made, others)))}
    assert {frozenset(renamed[id] for id in pair) for pair in before} == set(after)
    for pair, said in before.items():
        found = after[frozenset(renamed[id] for id in pair)]
        assert (found.score, found.reasons, found.against) == said


# Made-up reports


def others(number: int = 7) -> list[dict[str, Any]]:
    """Reports of other patients: what all reports share, and what only two state, is no evidence."""
    partners = ["CLTC", "TPM3", "EML4", "TFG"]
    places = {"site": "lung", "site_detail": "left lobe"}
    return [
        twin(
            f"other-{k}",
            authors=f"Ff{k} G",
            year=2007 + 2 * k,
            age=5 + 9 * k % 90,
            sex="male" if k % 2 else "female",
            fusion_partner=partners[k % 4],
            **(places if k % 3 else {"site_detail": "mesentery"}),
        )
        for k in range(number)
    ]


def suspected(*made: dict[str, Any]) -> list[Candidate]:
    return [c for c in candidates(library_of(*made, *others())) if {"one", "two"} == set(c.reports)]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({}, {}),
        ({"age": 33}, {"year": 2021}),
        ({"age": 32}, {"age": 34, "authors": None}),
        ({"age": None}, {"sex": None, "site_detail": "greater omentum"}),
        ({"authors": "Aa B, Cc D, et al.", "fusion_partner": None}, {"authors": "Zz Y, Cc D", "age": None}),
    ],
)
def test_twins_are_found(one: dict[str, Any], two: dict[str, Any]) -> None:
    (found,) = suspected(twin("one", **one), twin("two", **two))
    assert found.score >= THRESHOLD


@pytest.mark.parametrize(
    "changed",
    [
        {"fusion_partner": "TPM3"},
        {"fusion_gene": "ROS1"},
        {"fusion_gene": None, "fusion_partner": None, "rearranged": {"ALK": False}, "ihc": {"ALK": "negative"}},
    ],
    ids=["partner", "fusion gene", "ALK-negative"],
)
def test_another_fusion_excludes_even_a_twin(changed: dict[str, Any]) -> None:
    assert suspected(twin("one", authors="Aa B"), twin("two", authors="Aa B", **changed)) == []


@pytest.mark.parametrize(
    "changed",
    [{"sex": "male"}, {"age": 41}, {"site": "lung", "site_detail": "left lobe", "sex": None}],
    ids=["sex", "age", "site"],
)
def test_contradictions_take_points_away(changed: dict[str, Any]) -> None:
    assert suspected(twin("one", fusion_partner=None), twin("two", fusion_partner=None))
    assert suspected(twin("one", fusion_partner=None), twin("two", fusion_partner=None, **changed)) == []


def test_where_all_else_is_the_same_and_rare_the_contradiction_is_told(make_review: MakeReview) -> None:
    """One of the two files may have a slip."""
    one, two = twin("one", authors="Aa B"), twin("two", authors="Aa B", sex="male")
    (found,) = suspected(one, two)
    assert found.against == ("sex female / male -6.6",)
    told = warnings(read_library(make_review(one, two, *others())))
    assert [problem.message.rpartition("; ")[2] for problem in told] == ["but sex female / male"] * 2


def test_an_age_may_grow_with_the_years_between_the_publications() -> None:
    def against(year: int) -> tuple[str, ...]:
        made = library_of(twin("one", age=34, year=2020), twin("two", age=39, year=year))
        return next(iter(all_pairs(made))).against

    assert not any(reason.startswith("ages") for reason in against(2023))
    assert any(reason.startswith("ages 34 / 39") for reason in against(2022))


def test_a_patient_inside_an_arm_of_a_trial_by_its_number() -> None:
    trial = report("two", arms=[arm(6, 9, label="children, NCT01234567", population="paediatric")], design="trial")
    one = twin("one", age=9)
    one["extraction"]["note"] = "Treated within NCT01234567."
    (found,) = suspected(one, trial)
    assert (found.left, found.right) == ("one/P1", "two/arm1")
    assert "same trial NCT01234567 +8.1" in found.reasons
    assert suspected(twin("one", age=50) | {"extraction": one["extraction"]}, trial) == []


def test_a_trial_number_in_the_label_of_one_arm_is_not_that_of_another() -> None:
    arms = [arm(6, 9, label="children, NCT01234567"), arm(5, 8, label="adults, NCT07654321")]
    two = report("two", arms=[arm(6, 9, label="adults of NCT07654321")], design="trial")
    found = suspected(report("one", arms=arms, design="trial"), two)
    assert [(candidate.left, candidate.right) for candidate in found] == [("one/arm2", "two/arm1")]


def test_names_of_trials_are_told_from_genes_drugs_and_mutations() -> None:
    known = lexicon(SHIPPED)
    said = "ALK F1174L, LDK378, TPD52L2-ROS1 in NCT01121588 and EORTC trial 90101, ASCO 2019, abstract 10009"
    assert trial_numbers(said, known) == {"NCT01121588", "EORTC 90101"}


@pytest.mark.parametrize(
    ("note", "names"),
    [
        ("A child seen in Macao, then in Zagreb.", {"Macao", "Zagreb"}),
        ("A child seen at Lakeside and in Zagreb.", {"Zagreb"}),  # the other report writes it small, with a comma
        ("A child on Crizotinib in January, then in Zagreb.", {"Zagreb"}),  # a drug and a month are never written small
        ("Zagreb. Macao: a child.", set()),  # what begins a sentence is capital for that
        ("A child with XYZZY, seen in ZAGREB.", {"XYZZY", "ZAGREB"}),
    ],
)
def test_a_name_is_a_capital_within_a_sentence_that_is_no_word(note: str, names: set[str]) -> None:
    one = twin("one", site_detail=None) | {"extraction": {"depth": "abstract", "note": note}}
    made = library_of(one, twin("two", site_detail="(lakeside), mesentery"))
    assert source_words(made.reports[0], lexicon(made)).names == names


def test_authors_are_compared_by_surname_and_first_initial() -> None:
    assert authors_of("Mossé YP, Lim M and D'Adamo DR, et al.") == {"Mosse Y", "Lim M", "D'Adamo D"}
    assert authors_of("Robinson GW et al.") == {"Robinson G"}
    assert authors_of(None) == authors_of("Kuo, et al.") == frozenset()


def test_nothing_stated_is_nothing_suspected() -> None:
    bare = [{"report": {"id": id, "design": "case_report"}, "patients": [patient(course())]} for id in ("one", "two")]
    assert suspected(*bare) == []
    assert candidates(library_of(bare[0])) == candidates(library_of()) == ()


# Decisions


def warnings(library: Library) -> list[Any]:
    return [problem for problem in check_library(library) if problem.rule == "possible-same-patient"]


def entry_in(hint: str, certainty: str) -> list[dict[str, Any]]:
    """The entry that a hint offers, as YAML reads it."""
    (entry,) = (text for text in re.findall(r"- \{[^}]*\}", hint) if certainty in text)
    read: list[dict[str, Any]] = yaml.safe_load(entry)
    return read


@pytest.mark.parametrize("certainty", ["possible", "different"])
def test_the_entries_of_the_hint_are_valid_and_end_the_warning(make_review: MakeReview, certainty: str) -> None:
    reports = (twin("one"), twin("two", year=2021), *others())
    told = warnings(read_library(make_review(*reports)))
    assert [problem.position.line for problem in told] == [13, 13]
    assert {problem.severity for problem in told} == {"warning"}
    links = entry_in(told[0].hint, certainty)
    library = read_library(make_review(*reports, links=links))
    assert library.problems == ()
    assert warnings(library) == []
    expected = {"different": set(), "possible": {"link-without-overlap"}}[certainty]
    assert {problem.rule for problem in check_library(library)} - {"response-without-words", "format-1"} == expected


def test_a_message_is_a_line_in_words(make_review: MakeReview) -> None:
    """The strongest reasons without points; those stand in `metaimt show`."""
    one, two = twin("one", authors="Aa B"), twin("two", authors="Aa B, Cc D", sex="male")
    told = warnings(read_library(make_review(one, two, *others())))
    assert [problem.message for problem in told] == [
        "P1 may be the same as two/P1: same age 34, shared author Aa B, same partner RANBP2; but sex female / male",
        "P1 may be the same as one/P1: same age 34, shared author Aa B, same partner RANBP2; but sex female / male",
    ]
    assert all("; add prefer: two to count one of the two only; " in problem.hint for problem in told)


def test_no_message_is_longer_than_a_line() -> None:
    told = warnings(UNDECIDED)
    assert len(told) > 20
    for problem in told:
        assert len(problem.message) <= 115
        assert not re.search(r"[+-]\d+\.\d", problem.message)


@pytest.mark.parametrize("patients", [[], ["one/P1 = two/P1"]])
def test_a_possible_link_that_prefers_neither_report_takes_nobody_out(
    make_review: MakeReview, patients: list[str]
) -> None:
    link = {"reports": ["one", "two"], "certainty": "possible", **({"patients": patients} if patients else {})}
    library = read_library(make_review(twin("one"), twin("two"), links=[link]))
    assert library.problems == ()
    assert library.protocol is not None
    everyone = units(library, library.protocol.outcome)
    assert resolve_links(library.links, ("possible",), everyone, set()) == {}  # format 1
    placed = select(library, library.protocol).placed
    assert [member.unit.id for member in placed if member.is_in("strict")] == ["one/P1", "two/P1"]
    assert "both are counted" in contribution_of(library, "one")


def contribution_of(library: Library, wanted: str) -> str:
    """What `metaimt show` says of decided pairs."""
    assert library.protocol is not None
    found = contribution(library, library.protocol, select(library, library.protocol), wanted)
    return contribution_text(found, library.protocol)


def test_different_is_never_applied(make_review: MakeReview) -> None:
    links = [{"reports": ["one", "two"], "certainty": "different", "prefer": "two"}]
    library = read_library(make_review(twin("one"), twin("two"), links=links))
    assert library.protocol is not None
    everyone = units(library, library.protocol.outcome)
    assert resolve_links(library.links, ("certain", "probable", "possible", "different"), everyone, set()) == {}
    placed = select(library, library.protocol).placed
    assert [member.unit.id for member in placed if member.is_in("strict")] == ["one/P1", "two/P1"]


def test_a_protocol_cannot_ask_to_apply_different(make_review: MakeReview) -> None:
    folder = make_review(twin("one"))
    path = folder / "review.yaml"
    path.write_text(path.read_text().replace("certain, probable, possible", "certain, different"))
    assert [problem.rule for problem in read_library(folder).problems] == ["unknown-certainty"]


def test_patients_of_two_series_are_matched_one_to_one(make_review: MakeReview) -> None:
    def series(id: str) -> dict[str, Any]:
        rare = {"fusion_gene": "ALK", "site": "lung"}
        first = patient(course(), id="P1", age=60, fusion_partner="TNS1", **rare)
        second = patient(course(), id="P2", age=60, fusion_partner="VCL", **rare)
        return report(id, first, second, design="case_series")

    told = warnings(read_library(make_review(series("one"), series("two"), *others())))
    assert len(told) == 2
    (link,) = entry_in(told[0].hint, "possible")
    assert link["patients"] == ["one/P1 = two/P1", "one/P2 = two/P2"]


@pytest.mark.parametrize(
    ("certainty", "needed"), [("certain", True), ("probable", True), ("possible", False), ("different", False)]
)
def test_only_a_link_that_is_at_least_probable_needs_a_preferred_report(certainty: str, needed: bool) -> None:
    entry = [{"reports": ["a", "b"], "certainty": certainty}]
    if needed:
        with pytest.raises(ValueError, match="no 'prefer'"):
            LinkFile.model_validate(entry)
    else:
        assert LinkFile.model_validate(entry).root[0].gives_way == ""


def test_a_word_of_a_journal_counts_where_another_text_uses_it_as_a_name() -> None:
    """Not every word of it: two reports of one journal share no patients for that."""
    named, printed, neither = twin("one"), twin("two"), twin("three")
    named["extraction"]["note"] = "A patient from Macao."
    printed["report"]["journal"] = "Macao Annals"
    found = {facts.report: facts.words.names for facts in library_facts(library_of(named, printed, neither))}
    assert found == {"one": {"Macao"}, "two": {"Macao"}, "three": frozenset()}


# Size


def many(number: int) -> list[Facts]:
    """Facts of so many made-up reports, spread as in a large library."""
    (pattern,) = library_facts(library_of(twin("one", authors="Aa B")))
    partners, sites = ["RANBP2", "TPM3", "EML4", "CLTC", "FN1", "TNS1", "VCL", "TFG"], ["abdomen", "lung", "pelvis"]
    return [
        replace(
            pattern,
            report=f"r{k}",
            age=float(k * 7 % 80),
            partner=partners[k * k % 8],
            site=sites[k * 31 % 3],
            words=replace(pattern.words, authors=frozenset({f"Aa{k * 13 % (number // 2)} B"})),
        )
        for k in range(number)
    ]


@pytest.mark.parametrize("alike", [2, MOST_REPORTS + 1, MOST_REPORTS + 2, 200])
def test_a_report_is_compared_with_few_others_however_many_are_alike(alike: int) -> None:
    (pattern,) = library_facts(library_of(twin("one", authors="Aa B")))
    everyone = [replace(pattern, report=f"r{k}") for k in range(alike)]
    pairs = sum(1 for _ in _pairs(everyone, keys_of(everyone)))
    assert pairs == (alike * (alike - 1) / 2 if alike <= MOST_REPORTS + 1 else 0)


def crowd_told(make_review: MakeReview, *made: dict[str, Any]) -> list[tuple[str, str]]:
    folder = make_review(*made, *others())
    found = check_library(read_library(folder))
    return [(p.file.rpartition("/")[2], p.message) for p in found if p.rule == "possible-same-patient"]


def test_more_alike_reports_than_are_compared_are_told_in_one_line(make_review: MakeReview) -> None:
    made = [twin(f"copy-{k:02}", year=2000 + k % 9) for k in range(MOST_REPORTS + 2)]
    ((file, message),) = crowd_told(make_review, *made)
    assert file == "copy-00.yaml"
    said = "17 reports are as alike as P1 here and copy-01/P1, too many to tell each pair: same age 34, same"
    assert message.startswith(said)


def test_of_a_crowd_those_are_named_that_are_most_alike(make_review: MakeReview) -> None:
    made = [twin(f"copy-{k:02}", sex="male" if k % 2 else "female") for k in range(20)]
    ((file, message),) = crowd_told(make_review, *made)
    assert "20 reports are as alike as P1 here and copy-02/P1" in message
    assert file == "copy-00.yaml"


def test_many_reports_of_which_little_is_known_are_no_crowd(make_review: MakeReview) -> None:
    bare: dict[str, Any] = {"authors": None, "age": None, "site": None, "fusion_partner": None, "site_detail": None}
    assert crowd_told(make_review, *(twin(f"copy-{k:02}", **bare) for k in range(40))) == []


def test_a_long_series_does_not_hide_the_case_that_is_in_it() -> None:
    """Its patients share their authors with each other; reports are counted, not patients."""
    ages = [*range(20, 60), 75]
    patients = [patient(course(), id=f"P{k}", age=age, fusion_gene="ALK") for k, age in enumerate(ages, start=1)]
    series = report("series", *patients, design="case_series") | {"extraction": {"note": "Seen in Macao."}}
    case = report("case", patient(course(), age=75, fusion_gene="ALK")) | {"extraction": {"note": "Now in Macao."}}
    everyone = library_facts(library_of(series, case, *others()))
    pairs = {(one.id, other.id) for one, other in _pairs(everyone, keys_of(everyone))}
    assert ("series/P41", "case/P1") in pairs


@pytest.mark.slow
def test_the_work_grows_almost_with_the_number_of_reports() -> None:
    for number in (1000, 2000, 4000, 8000):
        facts = many(number)
        assert sum(1 for _ in _pairs(facts, keys_of(facts))) < 60 * number


def test_a_larger_library_asks_for_more_points() -> None:
    reports = [twin(f"r{k}", age=k % 90, site=None, fusion_partner=None, year=1990 + k % 40) for k in range(400)]
    found = candidates(library_of(*reports))
    assert all(candidate.score >= THRESHOLD + log2(400 / SMALL_LIBRARY) for candidate in found)


@pytest.mark.parametrize(
    "text", ["a-" * 100_000, "9" * 200_000, "A1-" * 60_000, "\u201c. " * 60_000, "Aa Bb " * 30_000]
)
def test_long_texts_are_read_through(text: str) -> None:
    """An expression that goes back over such a text would not come to an end."""
    entry = twin("one", title=text, authors=text)
    entry["extraction"]["note"] = text
    assert len(candidates(library_of(entry, twin("two")))) <= 1
