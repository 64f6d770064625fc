"""Links that cannot be, and links of patients or arms that are not alike: one row, one set of links. All is made up."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import MakeReview, arm, course, patient, report

from metaimt.casefiles.library import read_library
from metaimt.checks import check_library

Report = dict[str, Any]
IMPOSSIBLE, DIFFERENT, UNORDERED = "impossible-link", "linked-but-different", "unordered-arms"
CONTRADICTS = "patient-contradicts-arm"


def counts(id: str, evaluable: int, **more: Any) -> Report:
    return report(id, arms=[arm(min(2, evaluable), evaluable, **more)], design="trial")


def people(id: str, number: int = 1, *, response: str = "PR", **more: Any) -> Report:
    fields = {name: more.pop(name) for name in ("response_alternatives",) if name in more}
    return report(
        id, *[patient(course(response, **fields), id=f"P{k}", **{"age": 30 + k, **more}) for k in range(1, number + 1)]
    )


def found(make_review: MakeReview, reports: list[Report], pairs: list[str]) -> list[str]:
    links: dict[tuple[str, str], dict[str, Any]] = {}
    for pair in pairs:
        one, other = (side.partition("/")[0] for side in pair.replace(" in ", " = ").split(" = "))
        link = {"reports": [one, other], "patients": [], "certainty": "probable", "prefer": other}
        links.setdefault((one, other), link)["patients"].append(pair)
    rules = {IMPOSSIBLE, DIFFERENT, UNORDERED, CONTRADICTS}
    told = check_library(read_library(make_review(*reports, links=list(links.values()))))
    return [problem.rule for problem in told if problem.rule in rules]


INSIDE = [f"a/P{k} in b/arm1" for k in range(1, 7)]


@pytest.mark.parametrize(
    ("reports", "pairs", "expected"),
    [
        ([counts("a", 9), counts("b", 5)], ["a/arm1 in b/arm1"], [IMPOSSIBLE]),
        ([counts("a", 5), counts("b", 5)], ["a/arm1 in b/arm1"], []),
        ([counts("a", 9), counts("b", 5, treated=9)], ["a/arm1 in b/arm1"], []),
        ([counts("a", 9), counts("b", 5, denominator="minimum")], ["a/arm1 in b/arm1"], []),
        ([people("a"), counts("b", 5)], ["a/P1 = b/arm1"], [IMPOSSIBLE]),
        ([counts("a", 5), people("b")], ["a/arm1 = b/P1"], [IMPOSSIBLE]),
        ([counts("a", 5), people("b")], ["a/arm1 in b/P1"], [IMPOSSIBLE]),
        ([counts("a", 1), people("b")], ["a/arm1 = b/P1"], []),
        ([people("a", 6), counts("b", 5)], INSIDE, [IMPOSSIBLE]),
        ([people("a", 6), counts("b", 6)], INSIDE, []),
        ([people("a", 2), people("b")], ["a/P1 = b/P1", "a/P2 = b/P1"], [IMPOSSIBLE]),
        ([people("a", 2), people("b"), people("c")], ["a/P1 = b/P1", "a/P2 = c/P1", "b/P1 = c/P1"], [IMPOSSIBLE]),
        ([counts("a", 9), counts("b", 5)], ["a/arm1 = b/arm1"], [DIFFERENT]),
        ([counts("a", 5), counts("b", 5)], ["a/arm1 = b/arm1"], []),
        ([people("a"), people("b", response="PD")], ["a/P1 = b/P1"], [DIFFERENT]),
        ([people("a"), people("b", response="SD")], ["a/P1 = b/P1"], [DIFFERENT]),
        ([people("a"), people("b", response="CR")], ["a/P1 = b/P1"], []),
        ([people("a"), people("b", response="NE")], ["a/P1 = b/P1"], []),
        ([people("a"), people("b", response="SD", response_alternatives=["PR"])], ["a/P1 = b/P1"], []),
        ([people("a"), counts("b", 5), counts("c", 7)], ["a/P1 in b/arm1", "a/P1 in c/arm1"], [UNORDERED]),
        (
            [people("a"), people("d"), counts("b", 5), counts("c", 7)],
            ["a/P1 in b/arm1", "a/P1 = d/P1", "d/P1 in c/arm1"],
            [UNORDERED],
        ),
        ([people("a"), counts("b", 5), counts("c", 7)], ["a/P1 in b/arm1", "a/P1 in c/arm1", "b/arm1 in c/arm1"], []),
        ([people("a", ihc={"ALK": "negative"}), counts("b", 5)], ["a/P1 in b/arm1"], [CONTRADICTS]),
        ([people("a"), counts("b", 5, status={"ALK": "negative"})], ["a/P1 in b/arm1"], [CONTRADICTS]),
        ([people("a", ihc={"ALK": "negative"}), counts("b", 5, status={"ALK": "mixed"})], ["a/P1 in b/arm1"], []),
        ([people("a", ihc={}, fusion_gene="ROS1"), counts("b", 5)], ["a/P1 in b/arm1"], [CONTRADICTS]),
        ([people("a", ihc={"SMA": "positive"}), counts("b", 5)], ["a/P1 in b/arm1"], []),
        ([people("a", histology="other"), counts("b", 5, histology="IMT")], ["a/P1 in b/arm1"], [CONTRADICTS]),
        ([people("a", histology="EIMS"), counts("b", 5, histology="IMT")], ["a/P1 in b/arm1"], []),
        ([people("a"), counts("b", 5, population="paediatric")], ["a/P1 in b/arm1"], [CONTRADICTS]),
        ([people("a", age=9), counts("b", 5, population="adult")], ["a/P1 in b/arm1"], [CONTRADICTS]),
        ([people("a", age=18), counts("b", 5, population="paediatric")], ["a/P1 in b/arm1"], []),
    ],
)
def test_links(reports: list[Report], pairs: list[str], expected: list[str], make_review: MakeReview) -> None:
    assert found(make_review, reports, pairs) == expected
