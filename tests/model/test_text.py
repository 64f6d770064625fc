"""Text: words and Numbers, and that no sentence of the code holds a digit of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import unit

import metaimt
from metaimt.model.count import Count, Quoted
from metaimt.model.text import Kind, Named, Number, Text, counted, joined

SOMEBODY = Count.of("made up", [unit("made-up/P1", 1)])


def test_a_text_is_its_words_and_keeps_its_numbers() -> None:
    inner = Text("of ", counted("1/1", SOMEBODY))
    text = Text("In all ", inner, ", ", Named("version 2"))
    assert str(text) == "In all of 1/1, version 2"
    assert [part for part in text.parts if isinstance(part, Number)] == [Number("1/1", Kind.COUNT, SOMEBODY)]
    assert str(joined([inner, inner], " and ")) == "of 1/1 and of 1/1"
    assert joined([]).parts == ()


def test_a_number_says_where_it_comes_from() -> None:
    Number("0.5", Kind.SETTING, "thresholds")
    Number("70.6 %", Kind.QUOTED, Quoted("responders", "12 of 17", "line 3"))
    for kind in (Kind.COUNT, Kind.QUOTED, Kind.SETTING):
        with pytest.raises(TypeError, match=kind.name):
            Number("1", kind, 1)


def words_of(call: ast.Call) -> Iterator[ast.expr]:
    """What stands in a Text, also where one of two is chosen; of `say` the sentence."""
    waiting: list[ast.expr] = call.args[:1] if ast.unparse(call.func) == "say" else list(call.args)
    while waiting:
        each = waiting.pop()
        waiting += [each.body, each.orelse] if isinstance(each, ast.IfExp) else []
        yield each


def offences(source: str) -> list[str]:
    """Digits in the words of a Text, and words put together where no test can see them."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    texts = [call for call in calls if ast.unparse(call.func) in {"Text", "say", "paragraph"}]
    return [
        ast.unparse(each)
        for call in texts
        for each in words_of(call)
        if isinstance(each, ast.JoinedStr)
        or (isinstance(each, ast.Constant) and any(sign.isdigit() for sign in str(each.value)))
    ]


def test_no_sentence_holds_a_digit_in_its_words() -> None:
    package = Path(metaimt.__path__[0])
    found = {path.name: offences(path.read_text(encoding="utf-8")) for path in package.rglob("*.py")}
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize(
    "source",
    ['Text("5 reports")', 'Text("a", f"{n} b")', 'Text("a" if x else "2")', 'say("5 {n}", n="5")', 'paragraph("5")'],
)
def test_the_test_would_see_one(source: str) -> None:
    assert offences(source)
    assert offences('Text("a", counted(f"{n}", who), Named("2")), say("a {n}", n="5")') == []
