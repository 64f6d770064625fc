"""Sections as HTML: headings, columns that are words or symbols, and where an interval is drawn."""

from __future__ import annotations

import re

from markupsafe import Markup

from metaimt.content.section import Cell, Column, Interval, Limits, paragraph, row, section, table
from metaimt.model.text import Text
from metaimt.render.html import Html, Numbers


def html() -> Html:
    return Html(Numbers({}), lambda _: Markup(""))


def test_a_part_of_a_section_has_a_heading_below_its_own() -> None:
    made = html().section(section("Made up", section("within", paragraph("words")), id="made-up"))
    assert re.findall(r"<(h\d)[^>]*>([^<]*)", made) == [("h2", "Made up"), ("h3", "within")]
    alone = html().blocks([section("alone", paragraph("words"))])
    assert re.findall(r"<(h\d)[^>]*>([^<]*)", alone) == [("h3", "alone")]


def test_words_of_a_heading_begin_with_a_capital_and_symbols_do_not() -> None:
    columns: list[str | Column] = ["drug", Column("r/n", "number"), Column("p", "number"), "ORR, all"]
    made = html().blocks(table("Made up", columns, [row(*"abcd")]))
    assert re.findall(r'<th scope="col"[^>]*>([^<]*)', made) == ["Drug", "r/n", "p", "ORR, all"]


def test_headings_under_a_common_one_are_two_rows() -> None:
    columns: list[str | Column] = ["drug", Column("r/n", "number", group="all"), Column("share", "number", group="all")]
    made = html().blocks(table("Made up", columns, [row(*"abc")]))
    assert made.count("<tr>") == 3
    assert 'colspan="2"' in made
    assert html().blocks(table("Made up", ["a", "b"], [row(*"ab")])).count("<tr>") == 2


def test_a_diamond_goes_from_limit_to_limit_over_its_estimate() -> None:
    drawn = Interval(Limits(0.7, 0.5, 0.9), pooled=True)
    made = html().blocks(table("Made up", ["a", Column("", "plot")], [row(Text("a"), Cell(drawn))]))
    (path,) = re.findall(r'class="mark"[^>]*d="M([\d.]+) 7L([\d.]+) 1 ([\d.]+) 7 ([\d.]+) 13z"', made)
    assert [float(number) for number in path] == [50, 70, 90, 70]
