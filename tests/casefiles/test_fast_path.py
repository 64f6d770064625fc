"""The C composer shows neither aliases nor tags: a text that holds one must never take its way."""

from __future__ import annotations

import random

import pytest

from metaimt.casefiles.strict_yaml import _suspect, _tree, _tree_of_events

PIECES = ["&a", "*a", "!", "!t", "!!str", "&", "*", " ", "\n", "- ", "-", "? ", "?", ": ", ":", "[", "]", "{", "}", ","]
PIECES += ['"x"', "'y'", "a", "b: ", "\n  ", '"k":', "#", "|", ">", "--- ", "%", "1"]


def test_both_ways_refuse_the_same_texts() -> None:
    chance = random.Random(5)  # noqa: S311
    texts = {"".join(chance.choices(PIECES, k=chance.randrange(1, 14))) for _ in range(40_000)}
    fast = sorted(text for text in texts if not _suspect(text) and set("&*!") & set(text))
    assert len(fast) > 4_000
    differing = [text for text in fast if (_tree("x", text)[1] is None) != (_tree_of_events("x", text)[1] is None)]
    assert differing == []


@pytest.mark.parametrize("text", ["url: https://example.org/?a=1&b=2", "title: Head & Neck", "dose: 2*3 mg", "a: so!"])
def test_ordinary_text_takes_the_fast_way(text: str) -> None:
    assert not _suspect(text)


@pytest.mark.parametrize(
    "text", ["a: &b c", "a: *b", "a: !b c", "[&b c]", "{*b : c}", '{"a":&b c}', "&a b", "a: ! b", "- !b"]
)
def test_what_may_be_an_anchor_alias_or_tag_does_not(text: str) -> None:
    assert _suspect(text)
