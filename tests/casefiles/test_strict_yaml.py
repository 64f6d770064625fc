"""YAML as the author typed it: nothing is converted, nothing is lost, and every value knows its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from metaimt.casefiles.model import CaseFile
from metaimt.casefiles.reading import read_model
from metaimt.casefiles.strict_yaml import _ESCAPED as ESCAPED
from metaimt.casefiles.strict_yaml import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MAXIMUM_BYTES,
    MOST_ENTRIES,
    MOST_FIELDS,
    Document,
    Path,
    TypedFloat,
    TypedInt,
    parse,
)
from metaimt.problem import Position
from metaimt.vocabulary import built_in

DEEPEST = 40
BOM = b"\xef\xbb\xbf"


TEXT_LIKE_A_VALUE = """
NO no yes on Off True TRUE False Null NULL NaN .NaN .inf 12:30 2026-11-23 2026-11-23T10:00:00Z
010 08 00 -01 --1 0o10 0x1F 0b1 1_000 +1 .5 1. 1.e3 1e 1e+ 1,5 \u0663 \uff10
-- -a = << 1/2 8mo <1 100% 34y
"""


@pytest.mark.parametrize("typed", TEXT_LIKE_A_VALUE.split())
def test_stays_text(typed: str) -> None:
    document = parse("x", f"a: {typed}\n".encode())
    assert document.problems == ()
    assert document.data == {"a": typed}
    assert type(document.data["a"]) is str


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        *[("0", 0), ("-0", 0), ("8", 8), ("-12", -12), ("-999999999999999", -999999999999999)],
        *[("8.0", 8.0), ("1e3", 1000.0), ("-2.50", -2.5), ("1E-2", 0.01), ("0.10", 0.1)],
    ],
)
def test_number_keeps_its_typed_form(typed: str, value: float) -> None:
    number = parse("x", f"[{typed}]".encode()).data[0]
    assert isinstance(number, TypedInt if isinstance(value, int) else TypedFloat)
    assert (number, number.typed) == (value, typed)


@pytest.mark.parametrize("typed", ["1" * 16, "9" * 400, "1" * 5000, "-" + "1" * 4999, "1e400", "1." + "0" * 4998])
def test_endless_number_is_a_float_and_never_overflows(typed: str) -> None:
    number = parse("x", f"[{typed}]".encode()).data[0]
    assert isinstance(number, TypedFloat)
    assert number.typed == typed


@pytest.mark.parametrize(
    ("typed", "value"), [("true", True), ("false", False), ("null", None), ("~", None), ("", None)]
)
def test_constant(typed: str, value: bool | None) -> None:
    assert parse("x", f"a: {typed}\n".encode()).data["a"] is value


@pytest.mark.parametrize("typed", ["true", "null", "8", "~", "010", ""])
@pytest.mark.parametrize("form", ["a: '{}'", 'a: "{}"', "a: |-\n  {}\n", "a: >-\n  {}\n"])
def test_quoted_or_block_is_text(typed: str, form: str) -> None:
    assert parse("x", form.format(typed).encode()).data == {"a": typed}


REFUSED: dict[str, tuple[bytes, str, int, int]] = {
    "repeated key": (b"a: 1\nb: 2\na: 3\n", "repeated-key", 3, 1),
    "repeated key, other quotes": (b"\"a\": 1\n'a': 2\n", "repeated-key", 2, 1),
    "repeated key, nested": (b"- a: 1\n  b:\n  - {c: 1, d: 2, c: 3}\n", "repeated-key", 3, 18),
    "anchor": (b"a: &x 1\n", "alias", 1, 4),
    "anchor, empty": (b"a:\n  - &x\n", "alias", 2, 5),
    "alias": (b"a: 1\nb: *x\n", "alias", 2, 4),
    "alias, key": (b"*x : 1\n", "alias", 1, 1),
    "tab, indent": (b"a:\n\tb: 1\n", "tab", 2, 1),
    "tab, in text": ("é: b\tc".encode(), "tab", 1, 5),
    "tab, in quotes": (b"a: 'b\tc'\n", "tab", 1, 6),
    "escape": (b"a: 1\nb: \x1b[31m\n", "control-character", 2, 4),
    "null": (b"a: \x00", "control-character", 1, 4),
    "delete": (b"a: \x7f", "control-character", 1, 4),
    "C1": ("é: 1\n\n  é: \x85".encode(), "control-character", 3, 6),
    "line separator": ("a: é\u2028b".encode(), "control-character", 1, 5),
    "byte order mark inside": (b"a: 1\n" + BOM + b"b: 2\n", "control-character", 2, 1),
    "old Mac line ends": (b"a: 1\rb: 2\r", "control-character", 1, 5),
    "tag": (b"a: !x b\n", "tag", 1, 4),
    "tag, of YAML": (b"a: 1\nb: !!str 8\n", "tag", 2, 4),
    "tag, bare": (b"a: ! 8\n", "tag", 1, 4),
    "tag, on fields": (b"!!map {a: 1}\n", "tag", 1, 1),
    "tag, Python": (b"a: !!python/object/apply:os.system [ls]\n", "tag", 1, 4),
    "second document": (b"a: 1\n---\nb: 2\n", "second-document", 2, 1),
    "second document, empty": (b"---\n---\na: 1\n", "second-document", 2, 1),
    "Latin-1": ("a: é\nb: cé\n".encode("latin-1"), "not-utf8", 1, 4),
    "Latin-1 after UTF-8": ("a: 1\né: é".encode() + b"\xe9", "not-utf8", 2, 5),
    "Latin-1 after a byte order mark": (BOM + b"a: 1\n\xe9", "not-utf8", 2, 1),
    "cut off in a character": ("a: é".encode()[:-1], "not-utf8", 1, 4),
    "UTF-16": ("a: 1".encode("utf-16"), "not-utf8", 1, 1),
    "empty": (b"", "empty-file", 1, 1),
    "blank lines": (b"\n  \n", "empty-file", 1, 1),
    "only comments": (b"# a: 1\n#\n", "empty-file", 1, 1),
    "only a byte order mark": (BOM, "empty-file", 1, 1),
    "too large": (b"a: b\n" + b"#" * MAXIMUM_BYTES, "file-too-large", 1, 1),
    "too long a value": (b"a: 1\nb: " + b"x" * (LONGEST_TEXT + 1), "too-long", 2, 4),
    "too long a value, quoted": (b'- "' + b" " * (LONGEST_TEXT + 1) + b'"', "too-long", 1, 3),
    "too long a list": (b"a: [" + b"1," * MOST_ENTRIES + b"1]", "too-long", 1, 4),
    "too many fields": (b"".join(b"a%d: 1\n" % k for k in range(MOST_FIELDS + 1)), "too-long", 1, 1),
    "too long a name": (b"x" * (LONGEST_NAME + 1) + b": 1", "too-long", 1, 1),
    "brackets": (b"[" * (DEEPEST + 1), "too-deep", 1, DEEPEST + 1),
    "a million brackets": (b"[" * (MAXIMUM_BYTES - 1), "too-deep", 1, DEEPEST + 1),
    "braces": (b"{a: " * (DEEPEST + 1), "too-deep", 1, 4 * DEEPEST + 1),
    "dashes": (b"- " * (DEEPEST + 1) + b"a", "too-deep", 1, 2 * DEEPEST + 1),
    "question marks": (b"? " * (DEEPEST + 1) + b"a", "too-deep", 1, 2 * DEEPEST + 1),
    "200,000 dashes": (b"- " * 200_000, "too-deep", 1, 2 * DEEPEST + 1),
    "200,000 dashes far apart": (b"-  " * 200_000, "too-deep", 1, 3 * DEEPEST + 1),
    "200,000 dashes and question marks": (b"-   ?  " * 100_000, "too-deep", 1, 7 * DEEPEST // 2 + 1),
    "dashes below one another": (b"".join(b" " * k + b"-\n" for k in range(500)), "too-deep", DEEPEST + 1, DEEPEST + 1),
    "dashes below a field": (b"a:\n- b:\n  - " + b"-  " * 200_000, "too-deep", 3, 3 * (DEEPEST - 4) + 5),
    "indentation": (b"".join(b" " * k + b"a:\n" for k in range(500)), "too-deep", DEEPEST + 1, DEEPEST + 1),
    "list as a key": (b"a: 1\n? [b]\n: 2\n", "key-not-text", 2, 3),
    "colon in text": (b"a: b\nc: d: e\n", "yaml-syntax", 2, 5),
    "at sign": (b"a: @b\n", "yaml-syntax", 1, 4),
    "back quote": (b"a: `b\n", "yaml-syntax", 1, 4),
    "per cent sign": (b"a: %b\n", "yaml-syntax", 1, 4),
    "outdented": (b"a:\n    b: 1\n  c: 2\n", "yaml-syntax", 3, 3),
    "indented": (b"a: 1\n b: 2\n", "yaml-syntax", 2, 3),
    "open bracket": (b"a: [1, 2\nb: 3\n", "yaml-syntax", 2, 2),
    "colons": (b": " * 200_000, "yaml-syntax", 1, 1),
}


@pytest.mark.parametrize(("content", "rule", "line", "column"), REFUSED.values(), ids=REFUSED)
def test_refused(content: bytes, rule: str, line: int, column: int) -> None:
    document = parse("cases/x.yaml", content)
    (problem,) = document.problems
    position = problem.position
    assert (problem.rule, position.line, position.column) == (rule, line, column)
    assert (problem.file, problem.severity) == ("cases/x.yaml", "error")
    assert problem.hint


CASE = """# Made up.
report:
  id: example-2024
  title: Made up  # so it is
  doi: https://doi.org/10.0000/x
extraction:

  # a comment above
  depth: abstract
  by: reader-1
patients:
  - id: P1
    site: [lung]
    courses:
      - drug: crizotinib
        response: PR
      - drug: lorlatinib
        line: second
excluded:
  - why: >-
      text without a colon
      in two lines
    id: a
"""
LINES = CASE.splitlines()


@pytest.mark.parametrize("number", [k for k, line in enumerate(LINES) if re.search(r"\w:( |$)", line)])
@pytest.mark.parametrize("lacking", [":", " "])
def test_a_line_without_its_colon_is_told_there_with_what_to_type(number: int, lacking: str) -> None:
    line, said = LINES[number], "colon" if lacking == ":" else "blank"
    if lacking == " " and line.endswith(":"):
        return
    wrong = line.replace(":", "", 1) if lacking == ":" else line.replace(": ", ":", 1)
    (problem,) = parse("x.yaml", "\n".join([*LINES[:number], wrong, *LINES[number + 1 :]]).encode()).problems
    wanted = line.partition(" #")[0].strip(" -") if "#" in line else line.lstrip(" -")
    assert (problem.rule, problem.position.line, problem.source_line) == ("yaml-syntax", number + 1, wrong)
    assert problem.position.column == line.index(":") + (1 if lacking == ":" else 2)
    assert f"no {said} after" in problem.message
    assert problem.hint.partition(";")[0] == f"write {wanted}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: some text\n  that goes on\nb: c: d\n", 3),
        ("a: b\n(c) d\ne: f\n", 2),
        ("a: b\n1 2\n3 4\nc: d\n", 2),
        ("a\n  b\n  c: d\n", 3),
    ],
)
def test_what_would_not_mend_it_is_not_proposed(text: str, line: int) -> None:
    (problem,) = parse("x.yaml", text.encode()).problems
    assert problem.rule == "yaml-syntax" and "colon after" not in problem.message
    assert problem.position.line == line


def test_refused_place_has_its_source_line() -> None:
    (problem,) = parse("x", b"a: 1\n  # comment\nb: 2\na:   3\n").problems
    assert problem.source_line == "a:   3"


def test_all_repeated_keys_are_told() -> None:
    document = parse("x", b"a: 1\na: 2\nb: {c: 1, c: 2}\na: 3\n")
    assert [problem.position.line for problem in document.problems] == [2, 3, 4]


@pytest.mark.parametrize(
    "content",
    [
        *[b"[" * DEEPEST + b"]" * DEEPEST, b"- " * DEEPEST + b"a", b"#" * MAXIMUM_BYTES, b"---\na: 1\n...\n"],
        *[b"%YAML 1.1\n---\na: 1\n", b"a: 'x & y * z ! 1'\n", b"a: x & y * z !\n", b"a: \xc2\xa0\xe2\x80\x8b"],
    ],
)
def test_at_the_limit(content: bytes) -> None:
    assert {problem.rule for problem in parse("x", content).problems} <= {"empty-file"}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: BOM + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: BOM + text.replace(b"\n", b"\r\n"),
        lambda text: text.rstrip(b"\n"),
        lambda text: b"---\n" + text + b"...\n",
    ],
    ids=["byte order mark", "CRLF", "both", "no newline at the end", "document marks"],
)
def test_same_data_and_places(change: Any) -> None:
    text = "é:\n  - a: 1\n    b: [x, 'y']\n  - |\n    two\n    lines\nc: ü\n".encode()
    one, other = parse("x", text), parse("x", change(text))
    assert other.problems == ()
    assert other.data == one.data
    shift = change(text).startswith(b"---")
    for path in [("é", 0, "b", 1), ("é", 1), ("c",)]:
        before, after = one.position(path), other.position(path)
        assert (after.line - shift, after.column) == (before.line, before.column)


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [(b"- a: 1\n", 1, 1), (b"# made up\n\n[a, b]\n", 3, 1), (b"just text\n", 1, 1), (b"8", 1, 1)],
    ids=["list", "list in one line", "text", "number"],
)
def test_file_that_holds_no_fields(content: bytes, line: int, column: int) -> None:
    case, (problem,) = read_model(parse("x", content), CaseFile, built_in())
    assert case is None
    assert (problem.rule, problem.position.line, problem.position.column) == ("wrong-type", line, column)
    assert "expected fields" in problem.message
    assert "'report: ...'" in problem.hint


def test_position_of_what_is_missing_is_that_of_its_nearest_parent() -> None:
    document = parse("x", b"a:\n  - b: 1\n")
    assert document.position(("a", 0, "c")) == document.position(("a", 0)) == Position(2, 5, 1)
    assert document.position(("a", 7)) == document.position(("a",))
    assert document.position(("a", 0, "b"), key=True) == Position(2, 5, 1)
    assert document.position(("a", 0, "b")) == Position(2, 8, 1)


YAML_ALPHABET = "ab:-?[]{},#&*!|>'\"%@` \n\r\t~.01eE\\\ufeff\u2028é\x00\x85"
ANYTHING = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.text(alphabet=YAML_ALPHABET, max_size=120).map(str.encode),
    st.lists(
        st.sampled_from(["a: ", "- ", "? ", ": ", "\n", "  ", "[", "]", "{", "}", "'", '"', "b", "1", "|\n", "---\n"])
    ).map(lambda parts: "".join(parts).encode()),
)


@examples(100)
@given(ANYTHING)
@example(b"a: " + b"1" * 5000)
@example("a: \ud800".encode("utf-8", "surrogatepass"))
@example(b'a: "\\ud800"')
def test_never_raises(content: bytes) -> None:
    document = parse("x", content)
    assert document.problems or document.root is not None
    lines = content.decode(errors="replace").count("\n") + 1
    for problem in document.problems:
        assert problem.rule and problem.message
        assert 1 <= problem.position.line <= lines + 1
        assert problem.position.column >= 1
    case, problems = read_model(document, CaseFile, built_in())
    assert (case is None) == bool(problems)


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
JSON_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff"), max_size=20
)
LARGEST = 10**15 - 1


def documents(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Nested lists and mappings of text, numbers, flags and nothing."""
    numbers = st.integers(-LARGEST, LARGEST) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | text,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
        max_leaves=12,
    )


@examples(100)
@given(documents(JSON_TEXT), st.sampled_from([None, 1, 4]))
def test_json_reads_as_what_it_says(data: Any, indent: int | None) -> None:
    document = parse("x", json.dumps(data, ensure_ascii=False, indent=indent).encode())
    assert document.problems == ()
    assert json.dumps(document.data) == json.dumps(data)  # json.dumps tells 1, 1.0 and true apart


class Dumper(yaml.SafeDumper):
    """Writes every value out, as a case file must."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def numbered(data: Any, count: Iterator[int]) -> Any:
    """The same structure with keys and values of their own, so that a place cannot be right by chance."""
    if isinstance(data, dict):
        return {f"k{next(count)}{'é' if key else ': '}": numbered(value, count) for key, value in data.items()}
    if isinstance(data, list):
        return [numbered(value, count) for value in data]
    number = next(count)
    if isinstance(data, bool) or data is None:
        return f"{number}: '\""
    if isinstance(data, int):
        return number
    return number + 0.5 if isinstance(data, float) else f"w{number} é"


def leaves(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if not isinstance(data, dict | list):
        yield path, data
        return
    for step, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield from leaves(value, (*path, step))


def text_at(document: Document, position: Position) -> str:
    line = document.text.split("\n")[position.line - 1]
    return line[position.column - 1 : position.column - 1 + position.length]


@examples(100)
@given(documents(WORDS), st.sampled_from([True, False, None]), st.integers(2, 6))
def test_position_covers_the_value_as_typed(data: Any, flow: bool | None, indent: int) -> None:
    made = numbered(data, iter(range(100, 10_000)))
    text = yaml.dump(made, Dumper=Dumper, default_flow_style=flow, indent=indent, width=10_000, allow_unicode=True)
    document = parse("x", text.encode())
    assert document.problems == ()
    assert document.data == made
    for path, value in leaves(made):
        assert yaml.safe_load(text_at(document, document.position(path))) == value
        if path and isinstance(path[-1], str):
            assert yaml.safe_load(text_at(document, document.position(path, key=True))) == path[-1]


@examples(100)
@given(documents(WORDS))
def test_text_survives_a_dump(data: Any) -> None:
    found = [value for _, value in leaves(data) if isinstance(value, str)]
    texts = [text for text in found if not ESCAPED.search(text)]  # those are refused, below
    dumped = yaml.dump(texts, Dumper=Dumper, default_style='"', allow_unicode=True)
    assert parse("x", dumped.encode()).data == texts


@pytest.mark.parametrize(
    "escape", [r"\ufffe", r"\uffff", r"\x07", r"\x1b", r"\e", r"\ufeff", r"\ufdd0", r"\x7f", r"\0"]
)
def test_a_forbidden_character_typed_as_an_escape_is_told(escape: str) -> None:
    """U+FFFE passed, and the page of the whole review could not be written."""
    document = parse("made-up.yaml", f'# Made up.\nreport:\n  title: "T {escape} x"\n'.encode())
    assert [(each.rule, each.position.line) for each in document.problems] == [("control-character", 3)]


@pytest.mark.parametrize("escape", [r"\u00e9", r"\"", r"\\", r"\n", r"\t"])
def test_other_escapes_are_text(escape: str) -> None:
    assert parse("made-up.yaml", f'title: "T {escape} x"\n'.encode()).problems == ()


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\u3000", "\u200b", "\u2060", "\u00ad"])
@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("report:\n  id: x\n{}{}year: 2019\n", (3, 1)),
        ("patients:\n  - id: P1\n {}  site: lung\n", (3, 2)),
        ("patients:\n  -{}id: P1\n", (2, 4)),
        ("site:{}lung\nsex: male\n", (1, 6)),
        ("sex: male\nsite:{}lung\n", (2, 6)),
    ],
)
def test_what_only_looks_like_a_space_is_named_where_it_stands(
    blank: str, text: str, position: tuple[int, int]
) -> None:
    document = parse("a.yaml", text.replace("{}", blank).encode())
    (problem,) = document.problems
    assert (problem.rule, problem.position.line, problem.position.column) == ("control-character", *position)
    assert f"U+{ord(blank):04X}" in problem.message
    assert problem.hint == "replace it by spaces"


def test_a_no_break_space_inside_a_text_is_the_authors() -> None:
    document = parse("a.yaml", "dose: 250\u00a0mg\n".encode())
    assert not document.problems
    assert document.data == {"dose": "250\u00a0mg"}
