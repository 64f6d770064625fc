"""Claims against each other, their groups and the printed deaths: what disagrees, what would be right. Made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import told_of

from metaimt.casefiles.library import read_files
from metaimt.checks.printed_numbers import quoted_arm

HEAD = """# Made up.
report: {id: example-2024, title: Made up, year: 2024, design: trial}
extraction: {checked_by: reader-2}
arms: [{label: a, drug: crizotinib, evaluable: 1, responders: 1}]
claims:
"""


def found(tmp_path: Path, *claims: str) -> list[tuple[str, str, str]]:
    told = told_of(tmp_path, HEAD + "".join(f"  - {{{claim}}}\n" for claim in claims))
    return [(problem.rule, problem.message, problem.hint) for problem in told]


def rules(tmp_path: Path, *claims: str) -> list[str]:
    return [rule for rule, _, _ in found(tmp_path, *claims)]


def test_a_percentage_says_what_it_would_be(tmp_path: Path) -> None:
    message, hint = "6/15 is 40.0 %, printed 45.5 %", "45.5 % would be 5/11"
    assert found(tmp_path, "what: lung, n: 6, of: 15, percent: 45.5") == [("claim-percentage", message, hint)]


def test_a_percentage_without_a_count_is_that_of_some_count(tmp_path: Path) -> None:
    message = "no count of 74 is 24.1 %: 17/74 is 23.0 %, 18/74 is 24.3 %"
    claim = "what: head and neck, of: 74, percent: 24.1"
    assert found(tmp_path, claim) == [("claim-percentage", message, "24.1 % would be 14/58")]
    assert found(tmp_path, "what: R0, of: 74, percent: 86.4") == []  # 64/74 cut off


def test_typed_digits_are_kept(tmp_path: Path) -> None:
    assert rules(tmp_path, "what: a, n: 5, of: 11, percent: 45.45") == []
    ((_, message, _),) = found(tmp_path, "what: a, n: 5, of: 11, percent: 45.50")
    assert message == "5/11 is 45.45 %, printed 45.50 %"


def test_over_a_hundred_per_cent_is_no_fraction(tmp_path: Path) -> None:
    ((_, message, hint),) = found(tmp_path, "what: a, n: 3, of: 4, percent: 175")
    assert (message, hint) == ("3/4 is 75 %, printed 175 %", "no fraction near 4 is 175 %")


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        ("what: a, percent: 31.0", "what: a, percent: 31", False),
        ("what: a, percent: 24.3", "what: a, percent: 24.1", True),
        ("what: a, n: 18, of: 58", "what: a, percent: 31", False),
        ("what: a, n: 18, of: 58", "what: a, percent: 32", True),
        ("what: a, percent: 32", "what: a, n: 18, of: 58", True),
        ("what: a, n: 5", "what: a, n: 6", True),
        ("what: a, of: 5", "what: a, of: 6", True),
        ("what: a, value: 50.14", "what: a, value: 50", False),
        ("what: a, value: 50.14", "what: a, value: 51", True),
        ("what: a, percent: 24.3", "what: b, percent: 24.1", False),
        ("what: a, percent: 24.3", "what: b, quantity: a, percent: 24.1", True),
    ],
)
def test_one_quantity_printed_twice(first: str, second: str, differ: bool, tmp_path: Path) -> None:
    assert rules(tmp_path, first, second) == (["claim-twice"] if differ else [])


def test_a_quantity_printed_three_times_is_told_once_for_each_that_differs(tmp_path: Path) -> None:
    claims = ("what: a, percent: 24.3", "what: a, percent: 24.1", "what: a, percent: 24.3")
    assert rules(tmp_path, *claims) == ["claim-twice", "claim-twice"]


def test_a_percentage_of_another_quantity_is_recognised(tmp_path: Path) -> None:
    claims = (
        "what: weight loss, n: 11, of: 74, percent: 14.8, where: '3.1'",
        "what: systemic, n: 36, of: 74, where: '3.1'",
        "what: systemic, of: 74, percent: 14.8, where: discussion",
    )
    message = "'systemic' is printed as 14.8 % of 74 (discussion) and 36/74 (section 3.1)"
    hint = "14.8 % is what 'weight loss' is printed as: 11/74 (14.8 %) (section 3.1)"
    assert found(tmp_path, *claims) == [("claim-twice", message, hint)]


@pytest.mark.parametrize(
    ("whole", "parts", "speaks"),
    [
        ("n: 74, parts: [x, y]", ("what: x, n: 34", "what: y, n: 40"), False),
        ("n: 74, parts: [x, y]", ("what: x, n: 34", "what: y, n: 39"), True),
        ("n: 74, parts: [x, y]", ("what: x, n: 34", "what: y, n: 41"), True),
        ("n: 74, disjoint_parts: [x, y]", ("what: x, n: 34", "what: y, n: 39"), False),
        ("n: 74, disjoint_parts: [x, y]", ("what: x, n: 34", "what: y, n: 41"), True),
        ("n: 74, parts: [x, y]", ("what: x, of: 74, percent: 86.4", "what: y, n: 10"), False),  # 64
        ("n: 74, parts: [x, y]", ("what: x, of: 74, percent: 86.4", "what: y, n: 9"), True),
        ("n: 74, parts: [x, y]", ("what: x, of: 74, percent: 86", "what: y, n: 10"), False),  # 64
        ("n: 740, parts: [x, y]", ("what: x, of: 740, percent: 86", "what: y, n: 100"), False),  # 633 to 643
        ("n: 740, parts: [x, y]", ("what: x, of: 740, percent: 86", "what: y, n: 96"), True),
        ("n: 74, parts: [x, y]", ("what: x, n: 80", "what: y, value: 3"), False),  # y tells no count
    ],
)
def test_parts(whole: str, parts: tuple[str, ...], speaks: bool, tmp_path: Path) -> None:
    assert rules(tmp_path, f"what: all, {whole}", *parts) == (["claim-parts"] if speaks else [])


def test_a_subgroup_is_not_larger_than_its_group(tmp_path: Path) -> None:
    group = "what: limbs, n: 11, where: '3.1'"
    message = "'tested' is printed as 14, but 'limbs' as 11 (section 3.1)"
    hint = "at most 11 here, or at least 14 there, would be right"
    assert found(tmp_path, group, "what: tested, n: 14, part_of: limbs") == [("claim-subgroup", message, hint)]
    assert found(tmp_path, group, "what: tested, n: 11, part_of: limbs") == []


def survival(months: int, percent: float, deaths: int = 6, lost: int = 22) -> str:
    counts = f"months: {months}, patients: 74, deaths: {deaths}, lost: {lost}"
    return f"what: S{months}, percent: {percent}, survival: {{{counts}}}"


def test_survival_lower_than_the_deaths_allow(tmp_path: Path) -> None:
    ((rule, message, hint),) = found(tmp_path, survival(12, 78.4))
    assert rule == "claim-survival"
    assert message.startswith("78.4 % at 12 months is lower than 6 deaths among 74 patients allow: ")
    assert "at least 46/52 = 88.5 %" in message
    assert "if all 22 lost left before any death" in message
    assert hint.split("; ") == [
        "78.4 % would take at least 12 deaths",
        "58/74 is 78.4 %, 16 deaths with nobody lost before",
        "6 deaths would do with at most 27 patients at risk at the first",
        "so would losses counted as deaths (46/74 is 62.2 %)",
    ]
    assert found(tmp_path, survival(12, 88.5)) == []
    assert found(tmp_path, survival(12, 100.0, deaths=0)) == []


def test_survival_does_not_rise(tmp_path: Path) -> None:
    assert rules(tmp_path, survival(12, 90.1), survival(24, 90.1)) == []
    ((_, message, hint),) = found(tmp_path, survival(12, 90.1), survival(24, 91.2))
    assert message == "survival rises from 90.1 % at 12 months to 91.2 % at 24"
    assert hint == "at 24 months 90.1 % or less would be right"


def test_deaths_and_losses_are_among_the_patients(tmp_path: Path) -> None:
    assert rules(tmp_path, survival(12, 90.1, deaths=60)) == ["wrong-form"]


def test_a_claim_of_a_strange_size_is_no_reason_to_stop(tmp_path: Path) -> None:
    claims = ("what: a, n: 1, of: 1000000000000, percent: 50.0", "what: b, n: 1, of: 2, percent: 1e-9999999")
    assert rules(tmp_path, *claims) == ["claim-percentage", "claim-percentage"]
    claims = ("what: a, n: -3, of: 4, percent: 1", "what: b, n: 3, of: 0, percent: 1")
    assert rules(tmp_path, *claims) == ["claim-percentage"]


ARMS = """arms:
  - {label: "ALK-positive", drug: crizotinib, status: {ALK: positive}, evaluable: 12, responders: 8, sd: 3}
  - {label: "ALK-negative", drug: crizotinib, status: {ALK: negative}, evaluable: 7, responders: 1}
"""


@pytest.mark.parametrize(
    ("claims", "wrong"),
    [
        ("what: 'objective response, ALK-positive', of: 12, percent: 66.7", False),
        ("what: 'objective response, ALK-positive', of: 12, percent: 58.3", True),
        ("what: 'objective response, ALK-positive', n: 8, of: 13", True),
        ("what: 'Objective response rate (ORR) in ALK-positive', n: 8", False),
        ("what: 'objective response, ALK-negative', percent: 14.3", False),
        ("what: 'objective response, ALK-negative', percent: 66.7", True),
        ("what: 'disease control, ALK-positive', n: 11, of: 12", False),
        ("what: 'disease control, ALK-positive', n: 12, of: 12", True),
        ("what: 'disease control, ALK-negative', n: 7, of: 7", False),  # the arm does not say
        ("what: objective response, n: 1, of: 7", False),  # of one of the arms
        ("what: objective response, n: 2, of: 7", True),
        ("what: 'objective response, all tumours', n: 20, of: 36", False),  # not of an arm
        ("what: weight loss, n: 2, of: 7", False),
        ("what: weight loss, n: 2, of: 7, quotes: example-2024", True),
        ("what: objective response, n: 2, of: 7, quotes: example-2020", False),
    ],
)
def test_a_report_counts_what_it_prints(claims: str, wrong: bool, tmp_path: Path) -> None:
    told = told_of(tmp_path, HEAD.split("arms:", maxsplit=1)[0] + ARMS + f"claims:\n  - {{{claims}}}\n")
    errors = [problem.rule for problem in told if problem.severity == "error"]
    assert errors == (["counts-contradict-claim"] if wrong else [])


def test_of_two_printed_numbers_the_arm_agrees_with_one(tmp_path: Path) -> None:
    claims = "claims:\n" + "".join(f"  - {{what: objective response, n: {n}, of: 7}}\n" for n in (1, 2))
    told = told_of(tmp_path, HEAD.split("arms:", maxsplit=1)[0] + ARMS + claims)
    assert [problem.rule for problem in told] == ["claim-twice"]


@pytest.mark.parametrize(
    ("claim", "arm"),
    [
        ("what: objective response, of: 12, percent: 66.7, quotes: example-2024", "ALK-positive"),
        ("what: objective response, of: 12, percent: 67, quotes: example-2024", "ALK-positive"),
        ("what: objective response, of: 12, percent: 58.3, quotes: example-2024", None),
        ("what: objective response, of: 12, percent: 75, quotes: example-2024", None),
        ("what: treated, n: 7, quotes: example-2024", "ALK-negative"),
        ("what: treated, n: 8, quotes: example-2024", None),
    ],
)
def test_a_claim_quotes_an_arm_that_its_percentage_allows(claim: str, arm: str | None, tmp_path: Path) -> None:
    path = tmp_path / "example-2024.yaml"
    path.write_text(HEAD.split("arms:", maxsplit=1)[0] + ARMS + f"claims:\n  - {{{claim}}}\n")
    library = read_files([path])
    found = quoted_arm(library, library.reports[0].claims[0])
    assert (found and found.label) == arm
