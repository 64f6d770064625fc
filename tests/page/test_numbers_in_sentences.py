"""Numbers in sentences: what becomes a button, what it opens, and that no text of a file can make one."""

from __future__ import annotations

import re
from html import unescape

import pytest
from conftest import unit
from hypothesis import given
from hypothesis import strategies as st

from metaimt.model.count import Count, Publications, Quoted, Reports
from metaimt.model.text import Code, Link, Named, Strong, Text, counted, say
from metaimt.render.html import Numbers, shown

ONE, TWO = unit("a/P1", 1, 1), unit("b/arm1", 3, 4)
KNOWN = {"a/P1": (ONE, "A, P1"), "b/arm1": (TWO, "B, arm1")}
BOTH = Count.of("both", [ONE, TWO])
BUTTON = re.compile(r'<button data-set="([^"]*)">([^<]*)</button>')


def test_a_sentence_keeps_its_words_and_gets_its_buttons() -> None:
    text = say(
        "In all {n} ({rate}) responded & {reports}.",
        n=counted("4 of 5 patients", BOTH),
        rate="80.0 %",
        reports=counted(2, Reports(BOTH)),
    )
    made = str(Numbers(KNOWN).sentence(text))
    assert BUTTON.findall(made) == [("0", "4 of 5 patients"), ("r0", "2")]
    assert re.sub(r"<[^>]*>", "", made) == "In all 4 of 5 patients (80.0\u00a0%) responded &amp; 2."


def test_no_line_ends_between_a_button_and_its_bracket_or_comma() -> None:
    one, two = (counted(text, BOTH) for text in ("1", "2"))
    made = str(Numbers(KNOWN).sentence(Text("of ", one, " and (", two, "), then ", one, " again")))
    spans = re.findall(r'<span class="together">(.*?)</span>', made)
    assert [re.sub(r"<[^>]*>", "", span) for span in spans] == ["(2),"]


def test_words_are_escaped() -> None:
    made = str(Numbers(KNOWN).sentence(counted("<b>1</b>", BOTH)))
    assert "<b>" not in made
    [(place, text)] = BUTTON.findall(made)
    assert (place, unescape(text)) == ("0", "<b>1</b>")


def test_only_an_address_of_the_web_is_followed() -> None:
    made = [str(Numbers(KNOWN).sentence(Link('a"b', address))) for address in ("https://x.org/?a=1&b", "javascript:x")]
    assert made[0] == '<a href="https://x.org/?a=1&amp;b" rel="noopener noreferrer">a&#34;b</a>'
    assert made[1] == "a&#34;b"


@given(st.text())
def test_a_text_of_a_file_makes_no_markup(text: str) -> None:
    for piece, tags in ((Named(text), 0), (Strong(text), 2), (Code(text), 2)):
        made = str(Numbers(KNOWN).sentence(piece))
        assert made.count("<") == tags
        assert unescape(re.sub(r"</?(strong|code)>", "", made)) == shown(text)


def test_what_was_counted_is_kept_once_with_the_counts_it_has_there() -> None:
    link = Numbers(KNOWN)
    half, printed = BOTH.weighted("both", lambda _: 0.5), Publications("printed", ("b",), (Quoted("all", "3/4", "1"),))
    behind = (BOTH, Count.of("both", [ONE, TWO]), Reports(BOTH), BOTH.titled("others"), link.unit("b/arm1"), half)
    assert [link.place(each) for each in behind] == ["0", "0", "r0", "1", "2", "3"]
    assert [link.place(each) for each in (Count.of("", [TWO]), printed, printed)] == ["2", "4", "4"]
    assert link.sets() == [
        {"t": "both", "u": [0, 1]},
        {"t": "others", "u": [0, 1]},
        {"t": "B, arm1", "u": [1]},
        {"t": "both", "u": [[0, 0.5, 0.5], [1, 1.5, 2.0]]},
        {"t": "printed", "p": ("b",), "s": [("all", "3/4", "1")]},
    ]


def test_a_unit_that_the_review_does_not_have_is_refused() -> None:
    link, stranger = Numbers(KNOWN), unit("c/P1")
    with pytest.raises(KeyError, match="c/P1"):
        link.unit("c/P1")
    with pytest.raises(KeyError, match="c/P1"):
        link.place(Count.of("", [stranger]))
    with pytest.raises(KeyError, match="c/P1"):
        link.place(Count.of("strangers", [stranger]))
    with pytest.raises(ValueError, match="unpack"):  # a title is needed where it is not one unit
        link.place(Count.of("", []))
