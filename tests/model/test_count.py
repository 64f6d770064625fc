"""Counts are the sums of their parts, whichever way they are taken apart. Nobody in here exists."""

from __future__ import annotations

import pytest
from conftest import unit
from hypothesis import given
from hypothesis import strategies as st

from metaimt.model.count import COMPLETE, CONTROLLED, Count, Part, grouped
from metaimt.serialise import to_json

ARM = unit("b/arm1", 3, 4, complete=1, controlled=4, design="trial")
FIRST, SECOND = unit("a/P1", 1, 1, complete=0), unit("a/P2", 0, 1, controlled=1)
NOBODY = unit("c/P1", 0, 0)
WHOLE = Count.of("whole", [ARM, FIRST, SECOND, NOBODY])


def sums(count: Count) -> tuple[float, float, int]:
    return count.responders, count.evaluable, count.reports


@st.composite
def counts(draw: st.DrawFn) -> Count:
    """Up to eight arms of up to three reports."""
    evaluable = draw(st.lists(st.integers(0, 30), max_size=8))
    units = [
        unit(f"{draw(st.sampled_from('abc'))}/arm{number}", draw(st.integers(0, n)), n)
        for number, n in enumerate(evaluable, start=1)
    ]
    return Count.of("any", units)


@pytest.mark.parametrize(
    ("outcome", "ids", "expected"),
    [
        ("response", ("b/arm1", "a/P1", "a/P2", "c/P1"), (4, 6, 2)),
        (COMPLETE, ("b/arm1", "a/P1"), (1, 5, 2)),
        (CONTROLLED, ("b/arm1", "a/P2"), (5, 5, 2)),
    ],
)
def test_of_another_outcome_only_who_is_known(outcome: str, ids: tuple[str, ...], expected: tuple[int, ...]) -> None:
    found = Count.of("whole", [ARM, FIRST, SECOND, NOBODY], outcome)
    assert (found.ids, sums(found), found.outcome) == (ids, expected, outcome)
    assert to_json(found) == dict(zip(("responders", "evaluable", "reports"), expected, strict=True))


def test_reports_and_clusters_are_of_evaluable_patients() -> None:
    assert WHOLE.units == (ARM, FIRST, SECOND, NOBODY)
    assert WHOLE.clusters == (("a", 1, 2), ("b", 3, 4))
    assert sums(Count.of("nobody", [NOBODY])) == sums(Count("empty", ())) == (0, 0, 0)
    assert Count.of("nobody", [NOBODY]).clusters == ()


def test_a_part_has_a_title_of_its_own() -> None:
    assert WHOLE.titled("other") == Count("other", WHOLE.parts)
    found = {
        part.title: part.ids
        for part in (
            WHOLE.where("trials", lambda each: each.design == "trial"),
            WHOLE.of_reports("of a", {"a"}),
            WHOLE.of_designs("of trials", ("trial",)),
            WHOLE.of_units("two", {"c/P1", "a/P2", "d/P1"}),
        )
    }
    assert found == {
        "trials": ("b/arm1",),
        "of a": ("a/P1", "a/P2"),
        "of trials": ("b/arm1",),
        "two": ("a/P2", "c/P1"),
    }


def test_a_part_keeps_the_outcome_and_its_counts() -> None:
    part = Count.of("whole", [ARM, FIRST], COMPLETE).of_reports("of b", ["b"])
    assert (part.outcome, part.parts) == (COMPLETE, (Part(ARM, 1, 4),))


def test_weights_are_on_both_counts_and_who_has_none_is_left_out() -> None:
    weights = {"b/arm1": 0.5, "a/P1": 1, "a/P2": 0}
    found = WHOLE.weighted("less", lambda each: weights.get(each.id))
    assert (found.title, found.parts) == ("less", (Part(ARM, 1.5, 2.0), Part(FIRST, 1, 1)))  # type: ignore[arg-type]
    assert sums(found) == (2.5, 3, 2)


@given(counts(), st.sets(st.integers(1, 8)))
def test_who_meets_a_condition_and_who_does_not_add_up_to_the_whole(whole: Count, numbers: set[int]) -> None:
    inside = whole.where("inside", lambda each: each.arm in numbers)
    outside = whole.where("outside", lambda each: each.arm not in numbers)
    assert inside.responders + outside.responders == whole.responders
    assert inside.evaluable + outside.evaluable == whole.evaluable
    assert sorted(inside.ids + outside.ids) == sorted(whole.ids)
    assert sum(r for _, r, _ in whole.clusters) == whole.responders
    assert (sum(n for *_, n in whole.clusters), len(whole.clusters)) == (whole.evaluable, whole.reports)


def test_groups_are_in_the_order_in_which_they_are_met() -> None:
    found = grouped([ARM, FIRST, NOBODY], lambda each: {"b": "lung", "a": ""}.get(each.report) or "missing")
    assert list(found.items()) == [("lung", [ARM]), ("missing", [FIRST, NOBODY])]
