"""The rule on many parts at once is the rule on each: the same search, so the same numbers to its own tolerance."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from metaimt.statistics.pooled import PROFILE, pool_proportion
from metaimt.statistics.pooled_parts import pool_parts

from metaimt.statistics.outcome import NotIdentified
from metaimt.statistics.rho import Rho

# Both searches stop at a relative step of 1e-12; the rounding of sums in another order is what is left.
SAME = 1e-9
REPORT = st.one_of(st.just(1), st.integers(2, 30)).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
PART = st.lists(REPORT, min_size=1, max_size=24)


@examples(15)
@given(st.lists(PART, min_size=1, max_size=6))
def test_parts_are_pooled_as_alone(parts: list[list[tuple[int, int]]]) -> None:
    split = [([r for r, _ in part], [n for _, n in part]) for part in parts]
    for (r, n), found in zip(split, pool_parts(split), strict=True):
        one = pool_proportion(r, n)
        assert (found.estimate, found.lower, found.upper) == pytest.approx(
            (one.estimate, one.lower, one.upper), abs=SAME
        )
        assert (found.method, found.warnings) == (one.method, one.warnings)
        if isinstance(one.rho, Rho):
            assert found.rho == pytest.approx(one.rho.estimate, abs=SAME)
        else:
            assert found.rho == one.rho


def test_profiled_parts_of_different_length_do_not_touch_each_other() -> None:
    long, short = (
        ([1] * 9 + [0] * 4 + [13, 8, 12, 6, 7], [1] * 13 + [16, 12, 14, 9, 10]),
        ([1] * 9 + [3], [1] * 9 + [4]),
    )
    both = pool_parts([long, short])
    assert [part.method for part in both] == [PROFILE, PROFILE]
    assert both[0].lower == pytest.approx(pool_parts([long])[0].lower, abs=SAME)
    assert both[1].lower == pytest.approx(pool_parts([short])[0].lower, abs=SAME)


def test_a_part_without_reports_is_refused() -> None:
    with pytest.raises(ValueError, match="report"):
        pool_parts([([], [])])


def test_no_parts_give_nothing() -> None:
    assert pool_parts([]) == []


def test_what_is_not_identified_stays_so() -> None:
    assert isinstance(pool_parts([([1], [1])])[0].rho, NotIdentified)
