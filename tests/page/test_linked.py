"""Numbers in sentences: what becomes a button, and that no text of a file can make one."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaimt.analyses.wording import estimate_with_interval
from metaimt.report.linked import Linker, first_count, plain, shown
from metaimt.statistics.proportion import clopper_pearson

KNOWN = {"pool/strict", 'by/"site"/<lung>'}
BUTTON = re.compile(r'<button type="button" class="n" data-set="([^"]*)" aria-haspopup="dialog">([^<]*)</button>')


def test_a_sentence_keeps_its_words_and_gets_its_buttons() -> None:
    link = Linker(KNOWN, "content")
    text = (
        f"In all {link('55 of 74 patients', 'pool/strict')} (74.3 %) responded & {link('18', 'reports/pool/strict')}."
    )
    made = str(link.sentence(text))
    assert BUTTON.findall(made) == [("pool/strict", "55 of 74 patients"), ("reports/pool/strict", "18")]
    assert re.sub(r"<[^>]*>", "", made) == "In all 55 of 74 patients (74.3\u00a0%) responded &amp; 18."


def test_no_line_ends_between_a_button_and_its_bracket_or_comma() -> None:
    link = Linker(KNOWN, "content")
    one, two = (link(text, "pool/strict") for text in ("1", "2"))
    made = str(link.sentence(f"of {one} and ({two}), then {one} again"))
    spans = re.findall(r'<span class="together">(.*?)</span>', made)
    assert [re.sub(r"<[^>]*>", "", span) for span in spans] == ["(2),"]


def test_keys_and_words_are_escaped() -> None:
    link = Linker(KNOWN, "content")
    made = str(link.sentence(link("<b>1</b>", 'by/"site"/<lung>')))
    assert "<b>" not in made
    [(key, text)] = BUTTON.findall(made)
    assert (unescape(key), unescape(text)) == ('by/"site"/<lung>', "<b>1</b>")


@given(st.text())
def test_a_text_of_a_file_makes_no_markup(text: str) -> None:
    made = str(Linker(KNOWN, text).sentence(text))
    assert "<" not in made
    assert unescape(made) == shown(text)


@given(st.text(max_size=40))
def test_a_mark_of_another_page_is_shown_as_text(content: str) -> None:
    """Whoever writes a mark into a file changes the files, and with them what a mark must hold."""
    mark = Linker(KNOWN, content)("1/1", "pool/strict")
    link = Linker(KNOWN, content + mark)
    link("1/2", "pool/strict")
    made = str(link.sentence(mark))
    assert "<button" not in made
    assert "\\ue000" in made


def test_reports_and_documents_get_the_words_alone() -> None:
    assert plain("55/74", "pool/strict") == "55/74"
    rate = clopper_pearson(3, 4)
    link = Linker(KNOWN, "")
    linked = estimate_with_interval(rate, link, "pool/strict")
    assert re.sub(r"<[^>]*>", "", str(link.sentence(linked))) == shown(estimate_with_interval(rate))


def test_the_first_count_of_a_reason() -> None:
    link = Linker(KNOWN, "")
    made = str(link.sentence(first_count("not run: 7 reports with 5 or more", "reports/pool/strict", link)))
    assert BUTTON.findall(made) == [("reports/pool/strict", "7")]
    assert first_count("not run: nobody", "pool/strict", link) == "not run: nobody"


def test_a_key_without_cases_is_refused_where_it_is_written() -> None:
    link = Linker(KNOWN, "")
    for key in ("pool/none", "reports/pool/none", ""):
        with pytest.raises(KeyError):
            link("1", key)
