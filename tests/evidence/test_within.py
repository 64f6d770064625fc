"""A pool without another, and patients within arms, unit by unit. Nobody in here exists.

The arm `t/arm1` has 3 responders of 5; `a/P1` responded, `b/P1` did not, `c/P1` is not evaluable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from conftest import unit

from metaimt.casefiles.shared import Link
from metaimt.evidence.selection import described, without
from metaimt.evidence.sharing import Sharing, sharing
from metaimt.model.count import Count
from metaimt.model.unit import Unit

ARM = unit("t/arm1", 3, 5)
YES, NO, NOBODY = unit("a/P1", 1, 1, age=3.0, histology="EIMS"), unit("b/P1", 0, 1), unit("c/P1", 0, 0)
OTHER = unit("u/arm1", 2, 4)
EVERYONE = (ARM, YES, NO, NOBODY, OTHER)
CERTAIN = ("certain", "probable", "possible")


def link(*patients: str, reports: tuple[str, str], prefer: str = "", certainty: str = "certain") -> Link:
    said = {
        "reports": list(reports),
        "patients": list(patients),
        "certainty": certainty,
        "prefer": prefer or reports[0],
    }
    return Link.model_validate(said)


def within(*ids: str, holder: str = "t/arm1", certainty: str = "certain") -> list[Link]:
    """Each of these patients is one of the arm."""
    reports = [(holder.partition("/")[0], each.partition("/")[0]) for each in ids]
    return [
        link(f"{each} in {holder}", reports=pair, certainty=certainty) for each, pair in zip(ids, reports, strict=True)
    ]


def shared(*links: Link) -> Sharing:
    return sharing(links, CERTAIN, EVERYONE)


BY_SUBJECT: Mapping[str, Unit] = {each.subject: each for each in EVERYONE}


def left(count: Count) -> list[tuple[str, int, int]]:
    return [(part.unit.id, part.r, part.n) for part in count.parts]


@pytest.mark.parametrize(
    ("mine", "theirs", "links", "expected"),
    [
        # who is in both goes
        ((ARM, YES), (YES,), [], [("t/arm1", 3, 5)]),
        ((ARM, YES), (), [], [("t/arm1", 3, 5), ("a/P1", 1, 1)]),
        # an arm loses those of whom it says that they are its own
        ((ARM,), (YES,), within("a/P1"), [("t/arm1", 2, 4)]),
        ((ARM,), (NO,), within("b/P1"), [("t/arm1", 3, 4)]),
        ((ARM,), (YES, NO), within("a/P1", "b/P1"), [("t/arm1", 2, 3)]),
        ((ARM,), (NOBODY,), within("c/P1"), [("t/arm1", 3, 5)]),
        # a patient whose arm is there goes, and is not listed
        ((YES, NO), (ARM,), within("a/P1"), [("b/P1", 0, 1)]),
        # who is not evaluable stays listed
        ((NOBODY,), (ARM,), [], [("c/P1", 0, 0)]),
        # two arms that hold one patient
        ((ARM,), (OTHER,), [*within("a/P1"), *within("a/P1", holder="u/arm1")], [("t/arm1", 2, 4)]),
        # reports that share patients, nobody says whom: as many as there can be
        ((ARM,), (OTHER,), [link(reports=("t", "u"))], [("t/arm1", 1, 1)]),
        ((OTHER,), (ARM,), [link(reports=("t", "u"))], []),
    ],
)
def test_a_pool_without_another(
    mine: tuple[Unit, ...], theirs: tuple[Unit, ...], links: list[Link], expected: list[tuple[str, int, int]]
) -> None:
    found = without(Count.of("mine", mine), Count.of("theirs", theirs), shared(*links), BY_SUBJECT, "the rest")
    assert (found.title, left(found)) == ("the rest", expected)


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (unit("u/arm1", 0, 4), (1, 1)),  # of 3/5 one stays, and two failures are not enough for four
        (unit("u/arm1", 4, 4), (0, 1)),  # no more than there are
        (unit("u/arm1", 3, 5), None),
    ],
)
def test_no_more_failures_go_than_there_are(other: Unit, expected: tuple[int, int] | None) -> None:
    everyone = (ARM, other)
    vague = sharing([link(reports=("t", "u"))], CERTAIN, everyone)
    found = without(Count.of("mine", [ARM]), Count.of("theirs", [other]), vague, {}, "rest")
    assert [(part.r, part.n) for part in found.parts] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("arm", "links", "possible", "expected"),
    [
        (ARM, within("a/P1"), False, [("a/P1", 1, 1), ("t/arm1", 2, 4)]),
        (ARM, within("b/P1"), False, [("b/P1", 0, 1), ("t/arm1", 3, 4)]),
        (ARM, within("a/P1", "b/P1"), False, [("a/P1", 1, 1), ("b/P1", 0, 1), ("t/arm1", 2, 3)]),
        # only perhaps
        (ARM, within("a/P1", certainty="possible"), False, [("t/arm1", 3, 5)]),
        (ARM, within("a/P1", certainty="possible"), True, [("a/P1", 1, 1), ("t/arm1", 2, 4)]),
        (ARM, within("a/P1", certainty="probable"), False, [("a/P1", 1, 1), ("t/arm1", 2, 4)]),
        # whose own report does not say it: as the arm says, where all or none responded
        (ARM, within("c/P1"), False, [("t/arm1", 3, 5)]),
        (replace(ARM, responders=5), within("c/P1"), False, [("c/P1", 1, 1), ("t/arm1", 4, 4)]),
        (replace(ARM, responders=0), within("c/P1"), False, [("c/P1", 0, 1), ("t/arm1", 0, 4)]),
        # no room for him
        (replace(ARM, responders=0), within("a/P1"), False, [("t/arm1", 0, 5)]),
        (replace(ARM, responders=5), within("b/P1"), False, [("t/arm1", 5, 5)]),
        # the whole arm is he
        (replace(ARM, responders=1, evaluable=1), within("a/P1"), False, [("a/P1", 1, 1)]),
    ],
)
def test_a_patient_within_an_arm(
    arm: Unit, links: list[Link], possible: bool, expected: list[tuple[str, int, int]]
) -> None:
    found = described(Count.of("all", [arm]), shared(*links), BY_SUBJECT, possible=possible)
    assert left(found) == expected


HIS_OWN: dict[str, tuple[Any, Any]] = {  # what describes a patient himself: of his arm, and his own
    "histology": ("IMT", "EIMS"),
    "site": ("lung", "abdomen"),
    "fusion_gene": ("ALK", "ROS1"),
    "fusion_partner": ("TPM3", "RANBP2"),
    "kinases": (("ALK",), ("ROS1",)),
    "markers": ((("ALK", "positive"),), (("ROS1", "positive"),)),
    "mutations": (("TP53",), ("ALK",)),
    "marker_evidence": ((("ALK", "ihc"),), (("ALK", "fusion"),)),
    "age": (50.0, 3.0),
    "age_group": ("adult", "child"),
    "sex": ("male", "female"),
}


@pytest.mark.parametrize("name", HIS_OWN)
def test_he_has_his_own_description_and_the_arm_s_report(name: str) -> None:
    of_arm, own = HIS_OWN[name]
    told: Any = {name: of_arm}
    arm = replace(ARM, drug="alectinib", **told)
    for said, taken in ((own, own), (None, of_arm)):
        told = {name: said}
        everyone = {**BY_SUBJECT, "a/P1": replace(YES, line="later", **told)}
        he, rest = described(Count.of("all", [arm]), shared(*within("a/P1")), everyone).parts
        assert getattr(he.unit, name) == taken, "of which his own report says nothing" if said is None else "his own"
        assert (he.unit.report, he.unit.drug, he.unit.line, he.unit.arm) == ("t", "alectinib", "first", 1)
        assert rest.unit == arm


# ---------- who shares patients with whom ----------


@pytest.mark.parametrize(
    ("links", "pairs"),
    [
        ([], []),
        (within("a/P1"), [("a/P1", "t/arm1")]),
        (within("a/P1", "b/P1"), [("a/P1", "t/arm1"), ("b/P1", "t/arm1")]),  # two parts need not share anybody
        (
            [*within("a/P1"), *within("a/P1", holder="u/arm1")],
            [("a/P1", "t/arm1"), ("a/P1", "u/arm1"), ("t/arm1", "u/arm1")],
        ),
        ([link("a/P1 = b/P1", reports=("a", "b"))], [("a/P1", "b/P1")]),
        ([link(reports=("t", "u"))], [("t/arm1", "u/arm1")]),
    ],
)
def test_who_shares_patients(links: list[Link], pairs: list[tuple[str, str]]) -> None:
    found = shared(*links).shares
    assert sorted({tuple(sorted((one, other))) for one, others in found.items() for other in others}) == pairs


def test_what_is_known_of_a_chain() -> None:
    """a/P1 is b/P1, who is one of the arm, perhaps."""
    same = link("a/P1 = b/P1", reports=("a", "b"), prefer="b")
    found = shared(same, *within("b/P1", certainty="possible"))
    assert found.inside["a/P1"] == {"b/P1", "t/arm1"}
    assert found.same["a/P1"] == {"b/P1"}
    assert found.perhaps == {"a/P1": ("t/arm1",), "b/P1": ("t/arm1",)}
    assert found.within == {"a/P1": (), "b/P1": ()}, "certainly in no arm"
    assert [each.id for each in found.order] == ["t/arm1", "b/P1", "a/P1", "c/P1", "u/arm1"]
    assert found.vaguely == frozenset()
    assert shared(link(reports=("t", "u"))).vaguely == {frozenset(("t", "u"))}


def test_a_link_of_another_certainty_says_nothing() -> None:
    found = sharing(within("a/P1", certainty="possible"), ("certain",), EVERYONE)
    assert (found.shares, found.inside, found.order) == ({}, {}, EVERYONE)
