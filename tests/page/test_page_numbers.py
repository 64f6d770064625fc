"""The script's numbers against Python's, in a real browser: intervals, rounding, cells, and subsets of the evidence."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from conftest import Built
from opened import Opens
from page_browser import Visit, Visitor

from metaimt.analyses.wording import limits, one_decimal, percent, plural
from metaimt.evidence.selection import Placed
from metaimt.files import for_cell
from metaimt.report.page_cases import FACETS, arm_of, facets, strip_of
from metaimt.statistics.proportion import clopper_pearson

TOLERANCE = 1e-9  # of limits between 0 and 1; both sides solve the same equation to the last digits


def mapped(visit: Visit, values: list[Any], script: str) -> list[Any]:
    """What a function of the page makes of each value; as one text, since the browser is handed a list in pieces."""
    made = visit.evaluate(f"text => JSON.stringify(JSON.parse(text).map({script}))", json.dumps(values))
    return list(json.loads(made))


def test_exact_intervals_are_those_of_python(visit: Visit) -> None:
    small = [(r, n) for n in range(1, 41) for r in range(n + 1)]
    large = [(0, 1000), (1, 1000), (500, 1000), (999, 1000), (1000, 1000), (55, 74), (98, 122), (3, 5000)]
    pairs = small + large
    found = mapped(visit, pairs, "([r, n]) => metaimt.clopperPearson(r, n)")
    for (r, n), (low, high) in zip(pairs, found, strict=True):
        exact = clopper_pearson(r, n)
        assert low == pytest.approx(exact.lower, abs=TOLERANCE), (r, n)
        assert high == pytest.approx(exact.upper, abs=TOLERANCE), (r, n)


def test_other_levels_too(visit: Visit) -> None:
    for level in (0.8, 0.9, 0.99):
        low, high = visit.evaluate("level => metaimt.clopperPearson(9, 14, level)", level)
        exact = clopper_pearson(9, 14, level)
        assert (low, high) == pytest.approx((exact.lower, exact.upper), abs=TOLERANCE)


def half_up(r: int, n: int) -> str:
    """100 r/n to one decimal by whole numbers alone."""
    tenths = floor(Fraction(1000 * r, n) + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}"


def test_one_rule_of_rounding_in_both(visit: Visit) -> None:
    pairs = [(r, n) for n in range(1, 201) for r in range(n + 1)]
    ours = [one_decimal(r / n) for r, n in pairs]
    assert ours == [half_up(r, n) for r, n in pairs]
    assert mapped(visit, pairs, "([r, n]) => metaimt.oneDecimal(r / n)") == ours
    assert one_decimal(13 / 16) == "81.3"
    others = np.random.default_rng(6).random(2000).tolist()
    assert mapped(visit, others, "value => metaimt.oneDecimal(value)") == [one_decimal(v) for v in others]


HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r\n=1",
    "plain",
    "",
    "a\nb",
    "a\r\nb\n",
    "\u202eright to left",
    "nul\x00bell\x07",
    'comma, "quote"',
    "\u2028line",
    "\U000e0001tag",
    "\x1c=1",
    "é ≥ 名",
)


def test_cells_are_guarded_as_in_the_tables(visit: Visit) -> None:
    assert visit.evaluate("texts => texts.map(metaimt.forCell)", list(HOSTILE)) == [for_cell(t) for t in HOSTILE]


def values(built: Built) -> dict[str, list[str]]:
    found = [facets(placed, built.results) for placed in built.results.selection.placed]
    return {name: sorted({each[name] for each in found}) for name in FACETS}


def subsets(built: Built) -> list[dict[str, str]]:
    """Each group alone, each value of each filter, spans of years, and mixtures drawn with a fixed seed."""
    selection, known = built.results.selection, values(built)
    groups = [*selection.pools, *selection.rows]
    chosen = [{"group": group} for group in groups]
    chosen += [{"group": groups[1], name: value} for name in FACETS if name != "year" for value in known[name]]
    spans = [("2010", "2018"), ("2019", ""), ("", "2015"), ("2021", "2020")]
    chosen += [{"group": group, "from": low, "to": high} for group in groups[:2] for low, high in spans]
    draw = np.random.default_rng(20261123)
    pairs = list(itertools.combinations([name for name in FACETS if name != "year"], 2))
    for first, second in draw.permutation(pairs).tolist()[:15]:
        mixed = {name: str(draw.choice(known[name])) for name in (first, second)}
        chosen.append({"group": groups[1], **mixed})
    return chosen


def chosen_of(built: Built, choice: dict[str, str]) -> list[Placed]:
    """The same subset in Python, from the selection and the units themselves."""
    members = [placed for placed in built.results.selection.members(choice["group"]) if placed.unit.evaluable]

    def fits(placed: Placed) -> bool:
        mine = facets(placed, built.results)
        if any(choice.get(name) and mine[name] != choice[name] for name in FACETS):
            return False
        if choice.get("from") or choice.get("to"):
            year = placed.unit.year
            return year is not None and int(choice.get("from") or 0) <= year <= int(choice.get("to") or 9999)
        return True

    return [placed for placed in members if fits(placed)]


def rate_in_words(r: int, n: int) -> str:
    if not n:
        return "nobody evaluable"
    exact = clopper_pearson(r, n)
    said = f"{r} of {plural(n, 'patient')} responded: {percent(exact.estimate)}"
    return f"{said} (95 % exact interval {limits(exact.lower, exact.upper, ' to ')})"


def test_every_subset_is_that_of_python(visit: Visit, built: Built) -> None:
    choices = subsets(built)
    assert len(choices) >= 60
    sizes = set()
    for choice in choices:
        members = chosen_of(built, choice)
        r, n = sum(m.unit.responders for m in members), sum(m.unit.evaluable for m in members)
        strips = [strip_of(m.unit, arm_of(m.unit, built.results)) for m in members]
        found = visit.evaluate("choice => metaimt.tally(metaimt.subset(choice))", choice)
        assert (found["r"], found["n"]) == (r, n), choice
        assert found["strip"] == [sum(column) for column in zip(*strips, strict=True)] if strips else True, choice
        sizes.add(n)
    assert len(sizes) > 15


def set_filters(page: Any, choice: dict[str, str]) -> None:
    page.click("#filters button[type=reset]")
    for name, value in choice.items():
        page.select_option(f"#filters select[name={name}]", value)


CHOOSE = """choice => {
    const form = document.getElementById("filters"), change = new Event("change", { bubbles: true });
    for (const field of form.querySelectorAll("select")) {
        const first = [...field.options].find((each) => each.defaultSelected) || field.options[0];
        field.value = field.name in choice ? choice[field.name] : first.value;
    }
    form.elements.group.dispatchEvent(change);
    const rows = document.querySelectorAll("#cases tbody tr:not([hidden]) [data-set]");
    const parts = document.querySelectorAll("#strip .part");
    return {
        rate: document.getElementById("rate").textContent,
        listed: document.getElementById("listed").textContent,
        shown: Array.from(rows, (each) => each.dataset.set),
        parts: Array.from(parts, (each) => Number(each.textContent)),
    };
}"""
"""Another choice in all filters at once, and what is shown then."""


def test_the_explorer_shows_the_rate_the_strip_and_the_cases_of_a_subset(
    visit: Visit, built: Built, numbers: list[Opens]
) -> None:
    case_at = {each.place: each.cases[0][0] for each in numbers if len(each.cases) == 1}
    choices = subsets(built)[::2]
    for place, choice in enumerate(choices):
        if place in {1, len(choices) - 1}:  # as a person chooses
            set_filters(visit.page, choice)
        found = visit.evaluate(CHOOSE, choice)
        members = chosen_of(built, choice)
        r, n = sum(m.unit.responders for m in members), sum(m.unit.evaluable for m in members)
        assert found["rate"] == rate_in_words(r, n), choice
        assert sorted(case_at[place] for place in found["shown"]) == sorted(m.unit.id for m in members), choice
        assert sum(found["parts"]) == n
        assert found["listed"] == f"{len(members)} of {len(built.results.selection.placed)} " + (
            "courses and groups listed"
        )
    assert visit.complaints == []
    assert visit.requests == []


def test_everything_recorded_has_no_rate(visit: Visit, built: Built) -> None:
    visit.page.select_option("#filters select[name=group]", "recorded")
    assert "No rate over everything recorded" in visit.page.text_content("#rate")
    rows = visit.page.locator("#cases tbody tr:not([hidden])").count()
    assert rows == len(built.results.selection.placed)


def test_a_choice_is_in_the_address_and_comes_back(visit: Visit, visitor: Visitor, built: Built) -> None:
    first = visit
    set_filters(first.page, {"group": "strict", "drug": "crizotinib"})
    fragment = "#" + first.evaluate("location.hash").removeprefix("#")
    second = visitor.open(built.out / "index.html", fragment=fragment)
    assert second.page.text_content("#rate") == first.page.text_content("#rate")
    assert second.page.input_value("#filters select[name=drug]") == "crizotinib"
