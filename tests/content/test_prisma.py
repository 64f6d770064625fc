"""PRISMA-LSR: what is not written is "not stated", and nothing stands where it does not."""

from __future__ import annotations

from dataclasses import replace

from metaimt.analyses.results import Results
from metaimt.content.prisma import NOT_STATED, prisma_items
from metaimt.versions.changes import Changes
from metaimt.versions.stored import News

HISTORY = (
    News("2026.1", "2025.2", (), (), "2026-01-31", "made up\x1b"),
    News("2025.2", "2025.1", (), ()),
    News("2025.1", None, (), ()),
)


def said(results: Results, changes: Changes) -> dict[str, tuple[str, str]]:
    return {each.asked: (each.said, each.stands) for each in prisma_items(results, changes)}


def test_what_the_review_says_and_what_it_does_not(shipped: Results) -> None:
    found = said(shipped, Changes("2026.1", "the working tree", history=HISTORY))
    assert found["Version number"] == ("2026.1", "first line of the report")
    assert found["The preceding version"] == ("2025.2", "CHANGES.md")
    assert found["What triggered this version"] == (r"made up\x1b", "CHANGES.md")
    assert found["Why the review is living"] == (NOT_STATED, "")
    assert found["When each source is to be searched"] == ("every 3 months, all sources alike", "The answer")
    assert found["Called living in the title"] == (NOT_STATED, "")
    assert {stands for text, stands in found.values() if text == NOT_STATED} == {""}
    assert all(stands for text, stands in found.values() if text != NOT_STATED)


def test_a_protocol_that_does_not_say_how_it_is_kept_up_to_date(shipped: Results) -> None:
    protocol = shipped.protocol.model_copy(update={"living": None, "authors": (), "title": "A living review"})
    found = said(replace(shipped, protocol=protocol), Changes(None, "the working tree"))
    assert found["Called living in the title"] == ("A living review", "title")
    assert found["The preceding version"] == ("does not apply: none precedes", "CHANGES.md")
    blank = {name for name, (text, _) in found.items() if text == NOT_STATED}
    assert {"When it is to be retired", "Authors and their roles", "What triggered this version"} <= blank


def test_only_what_was_read_in_the_guideline_has_a_number(shipped: Results) -> None:
    items = [*prisma_items(shipped, Changes(None, "the working tree"))]
    assert {each.item for each in items} == {"1", "2", "3", "4", "L1", "6", ""}
    assert all(each.verified == bool(each.item) for each in items)
