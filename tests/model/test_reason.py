"""The words of the reasons: one for each, and no two the same."""

from __future__ import annotations

import pytest

from metaimt.model.reason import WORDS, Reason, Why

DETAILED = {
    *(Reason.NOT_ELIGIBLE, Reason.COUNTED_ELSEWHERE, Reason.OTHER_ROW, Reason.MIXED_STATUS),
    Reason.OTHER_TARGET,
}


def test_every_reason_has_words_and_no_two_are_the_same() -> None:
    assert set(WORDS) == set(Reason)
    words = [str(Why(reason, "made up")) for reason in Reason]
    assert len(set(words)) == len(words)
    assert all(word.strip() for word in words)


@pytest.mark.parametrize("reason", Reason)
def test_words_show_the_detail_of_those_with_one(reason: Reason) -> None:
    assert ("made {up}" in str(Why(reason, "made {up}"))) == (reason in DETAILED)
    assert "{" not in str(Why(reason))
