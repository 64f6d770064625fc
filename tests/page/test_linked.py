"""Numbers in sentences: what becomes a button, what it opens, and that no text of a file can make one."""

from __future__ import annotations

import re
from html import unescape

import pytest
from conftest import unit
from hypothesis import given
from hypothesis import strategies as st

from metaimt.analyses.wording import estimate_with_interval
from metaimt.model.count import Count, Publications, Quoted, Reports
from metaimt.report.linked import Linker, plain, shown
from metaimt.statistics.proportion import clopper_pearson

ONE, TWO = unit("a/P1", 1, 1), unit("b/arm1", 3, 4)
KNOWN = {"a/P1": (ONE, "A, P1"), "b/arm1": (TWO, "B, arm1")}
BOTH = Count.of("both", [ONE, TWO])
BUTTON = re.compile(r'<button type="button" class="n" data-set="([^"]*)" aria-haspopup="dialog">([^<]*)</button>')


def test_a_sentence_keeps_its_words_and_gets_its_buttons() -> None:
    link = Linker(KNOWN, "content")
    text = f"In all {link('4 of 5 patients', BOTH)} (80.0 %) responded & {link('2', Reports(BOTH))}."
    made = str(link.sentence(text))
    assert BUTTON.findall(made) == [("0", "4 of 5 patients"), ("r0", "2")]
    assert re.sub(r"<[^>]*>", "", made) == "In all 4 of 5 patients (80.0\u00a0%) responded &amp; 2."


def test_no_line_ends_between_a_button_and_its_bracket_or_comma() -> None:
    link = Linker(KNOWN, "content")
    one, two = (link(text, BOTH) for text in ("1", "2"))
    made = str(link.sentence(f"of {one} and ({two}), then {one} again"))
    spans = re.findall(r'<span class="together">(.*?)</span>', made)
    assert [re.sub(r"<[^>]*>", "", span) for span in spans] == ["(2),"]


def test_words_are_escaped() -> None:
    link = Linker(KNOWN, "content")
    made = str(link.sentence(link("<b>1</b>", BOTH)))
    assert "<b>" not in made
    [(place, text)] = BUTTON.findall(made)
    assert (place, unescape(text)) == ("0", "<b>1</b>")


@given(st.text())
def test_a_text_of_a_file_makes_no_markup(text: str) -> None:
    made = str(Linker(KNOWN, text).sentence(text))
    assert "<" not in made
    assert unescape(made) == shown(text)


@given(st.text(max_size=40))
def test_a_mark_of_another_page_is_shown_as_text(content: str) -> None:
    """Whoever writes a mark into a file changes the files, and with them what a mark must hold."""
    mark = Linker(KNOWN, content)("1/1", BOTH)
    link = Linker(KNOWN, content + mark)
    link("1/2", BOTH)
    made = str(link.sentence(mark))
    assert "<button" not in made
    assert "\\ue000" in made


def test_reports_and_documents_get_the_words_alone() -> None:
    assert plain("55/74", BOTH) == "55/74"
    rate = clopper_pearson(3, 4)
    link = Linker(KNOWN, "")
    linked = estimate_with_interval(rate, link, BOTH)
    assert re.sub(r"<[^>]*>", "", str(link.sentence(linked))) == shown(estimate_with_interval(rate))


def test_what_was_counted_is_kept_once_with_the_counts_it_has_there() -> None:
    link = Linker(KNOWN, "")
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
    link, stranger = Linker(KNOWN, ""), unit("c/P1")
    with pytest.raises(KeyError, match="c/P1"):
        link.unit("c/P1")
    with pytest.raises(KeyError, match="c/P1"):
        link.place(Count.of("", [stranger]))
    with pytest.raises(KeyError, match="c/P1"):
        link.place(Count.of("strangers", [stranger]))
    with pytest.raises(ValueError, match="unpack"):  # a title is needed where it is not one unit
        link.place(Count.of("", []))
