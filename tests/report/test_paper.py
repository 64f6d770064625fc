"""docs/paper.md: the page is what the command prints, and each verdict has its reason. Other papers are made up."""

from __future__ import annotations

from typing import Any

import pytest
from command import FINE, WRONG_USE, metaimt
from conftest import FROZEN, MakeReview, arm, report

from metaimt.analyses.audit import VERDICTS, Statement, audit, statements
from metaimt.casefiles.library import read_library
from metaimt.problem import WrongUse


@pytest.fixture(scope="module")
def page() -> str:
    """What the command prints about the local paper, as it was frozen."""
    done = metaimt("audit", "--paper", "you-2024")
    assert done.returncode == FINE
    return done.stdout


def test_every_statement_has_its_row(page: str) -> None:
    case = read_library(FROZEN / "cases").report("you-2024")
    assert case is not None
    rows = [line for line in page.splitlines() if line.count(" | ") == 4]
    verdicts = [row for row in rows if any(f"| {word} |" in row for word in VERDICTS)]
    assert len(verdicts) == len(case.claims)
    assert all(row.split(" | ")[3].strip() for row in verdicts), "a verdict has a number or says what is missing"


@pytest.mark.parametrize(
    "row",
    [
        "| ALK IHC positive | 18/58 (31.0 %) | reproduced | 31.0 % (95 % interval 19.5 to 44.5; 18/58) |",
        "| R0 resection | 86.4 % of 74 | reproduced | 86.5 % (95 % interval 76.5 to 93.3; 64/74) |",
        "| overall survival at 1 year | 78.4 % | inconsistent | at least 46/52 = 88.5 % |",
        "| ALK IHC positive, lung | 45.5 % | inconsistent | as in section 3.2 |",
        "| R0 surgery against R1/R2 surgery or biopsy only | p = 0.0077 | not reproducible |",
        "| median follow-up | 59.9 months (95 % CI 49.0 to 70.8) | not reproducible |",
        "| objective response in Table 4 | 12/17 (70.6 %) | reproduced | 70.6 % (95 % interval 44.0 to 89.7; 12/17)",
    ],
)
def test_statements_of_the_paper(row: str, page: str) -> None:
    assert row in page


def made_up(make_review: MakeReview, *claims: dict[str, Any]) -> dict[str, Statement]:
    folder = make_review(
        report("a", arms=[arm(1, 2)], claims=list(claims)), report("quoted", arms=[arm(6, 12)], design="trial")
    )
    library = read_library(folder)
    return {one.claim.what: one for one in statements(library, audit(library), "a")}


def test_verdicts(make_review: MakeReview) -> None:
    found = made_up(
        make_review,
        {"what": "all", "n": 74, "parts": ["female", "male"]},
        {"what": "female", "n": 34},
        {"what": "male", "n": 40},
        {"what": "share", "n": 18, "of": 58, "percent": 31.0},
        {"what": "share again", "quantity": "share", "percent": 31},
        {"what": "hidden count", "of": 74, "percent": 86.4},
        {"what": "wrong", "n": 6, "of": 15, "percent": 45.5},
        {"what": "wrong again", "quantity": "wrong", "percent": 45.5},
        {"what": "cited", "n": 6, "of": 12, "quotes": "quoted"},
        {"what": "cited patients", "n": 12, "quotes": "quoted"},
        {"what": "alone", "n": 5, "of": 9},
        {"what": "p", "printed": "p = 0.03", "needs": "the counts"},
        {"what": "two", "n": 2, "disjoint_parts": ["one", "both"]},
        {"what": "one", "n": 1},
        {"what": "both", "n": 2},
    )
    assert {name: one.verdict for name, one in found.items()} == {
        **dict.fromkeys(("all", "female", "male", "share", "share again", "hidden count"), "reproduced"),
        **dict.fromkeys(("cited", "cited patients"), "reproduced"),
        **dict.fromkeys(("wrong", "wrong again", "two", "one", "both"), "inconsistent"),
        **dict.fromkeys(("alone", "p"), "not reproducible"),
    }
    assert found["all"].arithmetic == "34 female + 40 male = 74"
    assert found["female"].arithmetic == "74 all - 40 male = 34"
    assert found["hidden count"].share is not None
    assert found["hidden count"].share.responders == 64
    assert found["cited"].quoted == "quoted"
    assert found["wrong again"].as_in is found["wrong"].claim


def test_a_report_without_claims_is_wrong_use(make_review: MakeReview) -> None:
    with pytest.raises(WrongUse, match="no report 'b' with claims; there are: a"):
        folder = make_review(report("a", arms=[arm(1, 2)], claims=[{"what": "x", "n": 1}]))
        library = read_library(folder)
        statements(library, audit(library), "b")
    done = metaimt("audit", folder, "--paper", "b")
    assert (done.returncode, done.stdout) == (WRONG_USE, "")
    assert metaimt("audit", "--paper", "you-2024", "--format", "json").returncode == WRONG_USE


def test_hostile_claims_neither_format_nor_run(make_review: MakeReview) -> None:
    hostile = "<script>alert(1)</script> | **x** \u202e"
    folder = make_review(
        report("a", arms=[arm(1, 2)], claims=[{"what": hostile, "printed": hostile, "where": hostile}])
    )
    page = metaimt("audit", folder, "--paper", "a").stdout
    assert "<script" not in page
    assert "\u202e" not in page
    assert "\\|" in page
