"""`metaimt show` as a user calls it: the text fits, the JSON keeps its contract, bad ids and hostile text are met."""

from __future__ import annotations

import contextlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from command import CANNOT_ANALYSE, FINE, PROBLEMS, WRONG_USE, Done, metaimt
from conftest import FROZEN, MakeReview, arm, course, patient, report, selected_in

from metaimt.analyses.contribution import contribution
from metaimt.casefiles.library import read_library
from metaimt.casefiles.protocol import Protocol
from metaimt.checks.same_patient import Candidate, candidates
from metaimt.evidence.selection import select
from metaimt.report.show_text import WIDTH, contribution_text
from metaimt.statistics.proportion import clopper_pearson

HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> \u202e \u200b [bold]x[/bold]"
with contextlib.chdir(FROZEN):  # so that its files have the names that the command gives them
    SHIPPED = read_library("cases")
assert SHIPPED.protocol is not None
PROTOCOL: Protocol = SHIPPED.protocol
SELECTION = select(SHIPPED, PROTOCOL)
KEYS = {
    *("format", "id", "report", "file", "stratum", "units", "changes", "stands_in", "first_or_only", "same_patients"),
    *("reading", "link"),
}


def show(*words: str | Path, cwd: Path = FROZEN) -> Done:
    return metaimt("show", *words, cwd=cwd)


@cache
def text_of(wanted: str) -> str:
    return contribution_text(contribution(SHIPPED, PROTOCOL, SELECTION, wanted), PROTOCOL)


@cache
def suspects() -> tuple[Candidate, ...]:
    return candidates(SHIPPED)


@pytest.mark.parametrize("name", [shipped.id for shipped in SHIPPED.reports])
def test_every_shipped_report_fits_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Any rate is as wide as its exact interval, which is there at once.
    pooled = "metaimt.analyses.pooled_response.pool_proportion"
    monkeypatch.setattr(pooled, lambda r, n, **_: clopper_pearson(sum(r), sum(n)))
    monkeypatch.setattr("metaimt.analyses.contribution.candidates", lambda library: suspects())
    lines = text_of.__wrapped__(name).splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert not any(line != line.rstrip() for line in lines)
    assert "\n\n\n" not in "\n".join(lines)


def test_the_text_says_what_a_report_changes() -> None:
    done = show("mosse-2017")
    assert (done.returncode, done.stderr) == (FINE, "")
    strict = next(c for c in contribution(SHIPPED, PROTOCOL, SELECTION, "mosse-2017").changes if c.name == "strict")
    assert strict.without_it.orr is not None
    assert "counts in strict, ALK-positive with 12/14 responders" in done.stdout
    assert f"43/60   {100 * strict.without_it.orr.estimate:.1f} %" in done.stdout
    assert "https://pubmed.ncbi.nlm.nih.gov/28787259/" in done.stdout
    assert done.stdout.splitlines()[0] == "mosse-2017 (cases/literature/mosse-2017.yaml)"
    assert done.stdout.splitlines() == text_of("mosse-2017").splitlines()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("zhang-2020", ["as a responder (crizotinib, first line)", "third or later course", "only report with fusion"]),
        ("reinhart-2020", ["not in: counted in anon-smf-2021, inferred,", "counted nowhere"]),
        ("liu-2018", ["liu-2023: the same, probable", "9/12   75.0 %", "7/10   70.0 %"]),
        ("you-2024", ["by one person (reader-1)", "no link to the publication", "0/2 responders"]),
        ("jiang-2017", ["died before assessment", "as a non-responder"]),
        ("li-2024", ["not in: not evaluable, inferred, mixed treatment"]),
        ("mosse-2013", ["which patients is not known"]),
        ("anon-crt3704", ["only report with fusion partner CARS1"]),
    ],
)
def test_what_is_said_of_shipped_reports(wanted: str, said: list[str]) -> None:
    text = text_of(wanted)
    assert [words for words in said if words not in text] == []


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({}, "read as depth not stated, by one person, not named"),
        ({"depth": "full_text", "by": "reader-1"}, "read as full text, by one person (reader-1)"),
        (
            {"depth": "abstract", "by": "reader-1", "date": "2026-02-15"},
            "abstract, by one person (reader-1), 2026-02-15",
        ),
        ({"depth": "title", "by": "reader-1", "checked_by": "reader-2"}, "by reader-1, checked by reader-2"),
        ({"depth": "title", "checked_by": "reader-2"}, "read as title, by an unnamed reader, checked by reader-2"),
        ({"depth": "secondary", "secondary_source": "a review"}, "read as secondary (a review), by one person"),
    ],
)
def test_how_a_made_up_report_was_read(make_review: MakeReview, reading: dict[str, str], said: str) -> None:
    library, protocol, selection = selected_in(
        make_review(report("example-1", patient(course())) | {"extraction": reading})
    )
    text = contribution_text(contribution(library, protocol, selection, "example-1"), protocol)
    assert said in " ".join(text.split())


def test_json_contract() -> None:
    done = show("zhang-2020", "--format", "json")
    assert done.returncode == FINE
    found = json.loads(done.stdout)
    assert set(found) == KEYS
    assert (found["format"], found["link"]) == (1, "https://doi.org/10.2147/OTT.S270481")
    strict = found["changes"][0]
    assert (strict["group"], strict["share"]) == (
        "strict",
        {"responders": 1, "evaluable": 1, "units": ["zhang-2020/P1"]},
    )
    assert set(strict["with_it"]) == {"responders", "evaluable", "reports", "orr"}
    assert strict["with_it"]["evaluable"] - strict["without_it"]["evaluable"] == 1
    groups = found["units"][3]["groups"]
    assert groups["strict"] == {"counted": False, "reasons": ["inferred", "disputed"]}
    assert set(found["same_patients"]) == {"decided", "possible"}
    assert found["reading"]["by_one_person"] is False


def test_an_unknown_id_names_the_nearest() -> None:
    done = show("mose-2017")
    assert (done.returncode, done.stdout) == (WRONG_USE, "")
    assert "nearest ids are mosse-2017, mosse-2013" in done.stderr


def test_no_id_no_folder_no_protocol_are_told(tmp_path: Path) -> None:
    assert show().returncode == WRONG_USE
    assert show("a", "--cases", tmp_path / "nowhere").returncode == WRONG_USE
    assert show("a", "--cases", tmp_path).returncode == CANNOT_ANALYSE


def test_errors_in_files_are_shown_first(make_review: MakeReview) -> None:
    done = show("example-1", "--cases", make_review(report("example-1", patient(course("Partial")))))
    assert done.returncode == PROBLEMS
    assert "write response: PR" in done.stderr


@pytest.mark.parametrize("broken", ["example-2", "links", "example-2/arm1"])
def test_errors_elsewhere_stop_the_pools_and_not_the_report(broken: str, make_review: MakeReview) -> None:
    folder = make_review(
        report("example-1", patient(course(), course("SD", drug="alectinib"))),
        report("example-2", patient(course("banana" if "2" in broken else "SD"))),
        links=[{"reports": ["example-1", "example-2"], "certainty": "sure"}] if broken == "links" else None,
    )
    done = show("example-1", "--cases", folder)
    assert (done.returncode, done.stderr) == (FINE, "")
    assert "P1: crizotinib, first line; PR, stated" in done.stdout
    assert "strict, ALK-positive: counted" in done.stdout
    assert "not computed: 1 error elsewhere in the review" in done.stdout
    assert " %" not in done.stdout
    assert "only report" not in done.stdout
    told = json.loads(show("example-1", "--cases", folder, "--format", "json").stdout)
    assert set(told) == {*KEYS, "errors_elsewhere"}
    assert (told["errors_elsewhere"], told["changes"], told["first_or_only"]) == (1, [], [])
    own = show(broken, "--cases", folder)
    assert own.returncode == (WRONG_USE if broken == "links" else PROBLEMS)


def hostile_review(make_review: MakeReview) -> Path:
    one = patient(course(response_as_stated=HOSTILE, combined_with=[HOSTILE]), site="lung", site_detail=HOSTILE)
    entry = report("example-1", one, extraction={"by": HOSTILE, "secondary_source": HOSTILE, "note": HOSTILE})
    entry["report"] |= {"title": HOSTILE * 3, "authors": HOSTILE, "journal": HOSTILE, "overlaps": ["example-2"]}
    entry["report"] |= {"url": "https://example.org/" + "x" * 300}
    other = report("example-2", arms=[arm(1, 2, label=HOSTILE, status={HOSTILE: "positive"})], overlaps=["example-1"])
    link: dict[str, Any] = {"reports": ["example-1", "example-2"], "certainty": "possible", "prefer": "example-2"}
    return make_review(entry, other, links=[link | {"evidence": HOSTILE, "decided_by": HOSTILE}])


@pytest.mark.parametrize("wanted", ["example-1", "example-2", "\u202e"])
def test_hostile_text_is_made_visible(make_review: MakeReview, wanted: str) -> None:
    done = show(wanted, "--cases", hostile_review(make_review))
    said = done.stdout + done.stderr
    assert not {"\u202e", "\u200b", "\x1b"} & set(said)
    assert "\\u202e" in said
    assert max(map(len, done.stdout.splitlines()), default=0) <= WIDTH


def test_suspects_are_shown_with_all_reasons(make_review: MakeReview) -> None:
    rare: dict[str, Any] = {"fusion_gene": "ALK", "fusion_partner": "VCL", "age": 7, "site": "lung"}
    made = [report(f"example-{k}", patient(course(), sex=sex, **rare)) for k, sex in ((1, "female"), (2, "male"))]
    for entry in made:
        entry["report"]["authors"] = "Example A, Other B"
    others = [
        report(f"other-{k}", patient(course(drug="alectinib"), age=40 + k, sex="male", site="pelvis", **partner))
        for k, partner in enumerate([{"fusion_gene": "ALK", "fusion_partner": each} for each in ("TPM3", "CLTC")])
    ]
    for entry in others:
        entry["report"]["authors"] = "Third C"
    folder = make_review(*made, *others)
    said = show("example-2", "--cases", folder).stdout
    assert "possible, not decided: example-1/P1 and example-2/P1" in said
    assert "for: same age 7 +5.8; shared author Example A" in said
    assert "against: sex female / male -6.6" in said
    (suspect,) = json.loads(show("example-2", "--cases", folder, "--format", "json").stdout)["same_patients"][
        "possible"
    ]
    assert set(suspect) == {"left", "right", "score", "reasons", "against"}


def test_different_patients_are_said_to_be_counted_both(make_review: MakeReview) -> None:
    link = {"reports": ["example-1", "example-2"], "certainty": "different", "evidence": "Other hospital."}
    folder = make_review(*(report(f"example-{k}", patient(course())) for k in (1, 2)), links=[link])
    said = show("example-1", "--cases", folder).stdout
    assert "example-2: different patients, both are counted. Other hospital." in said


def test_a_patient_and_an_arm_are_told_apart_by_what_is_said_of_them(make_review: MakeReview) -> None:
    one = patient(course("PR"), age=34, sex="female", site="head_and_neck", fusion_gene="ALK", fusion_partner="TPM3")
    folder = make_review(report("example-1", one, arms=[arm(3, 5, label="All children")], design="case_series"))
    said = " ".join(show("example-1", "--cases", folder).stdout.split())
    assert "34 years, female, head and neck, IMT, TPM3-ALK; row: ALK-positive" in said
    assert "All children; row: ALK-positive" in said
