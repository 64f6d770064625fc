"""YAML as the author typed it: no silent conversion, no repeated key, every value with its place.

PyYAML's own loader turns `NO` into False, `12:30` into 750 and `010` into 8, and keeps the last of two equal keys; here
such text stays text, and a repeated key is an error. Only numbers as JSON writes them, `true`, `false` and `null` are
more than text; they keep the typed form, so that a text field may hold them. The tree is built from the parser's
events: aliases and tags do not show in PyYAML's own, nor is its depth safe.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from itertools import takewhile
from typing import Any

import yaml

from metaimt.casefiles.hints import quoted_line
from metaimt.files import text_of
from metaimt.problem import Position, Problem

MAXIMUM_BYTES = 1024 * 1024
_MAXIMUM_DEPTH = 40
LONGEST_TEXT, LONGEST_NAME = 5_000, 500  # characters of a value, and of the name of a field
MOST_ENTRIES, MOST_FIELDS = 20_000, 1_000  # of a list, and of the fields in one place
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_LONGEST_WHOLE = 15  # digits; a longer number is no count, and as a float it cannot overflow later
_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_BLANKS = "\u00a0\u00ad\u1680\u180e\u2000-\u200f\u202f\u205f\u2060-\u2064\u3000"  # look like a space, or like nothing
_INDENTED = re.compile(f"^[ ?:-]*([{_BLANKS}])", re.MULTILINE)
_AFTER_COLON = re.compile(f"^[^\"'#]*?:[ ]*([{_BLANKS}])")
_ESCAPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
_WITHOUT_COLON = re.compile(r"( *(?:- +)*)([A-Za-z_]\w*)(?:(:)(?=\S)| +|$)(.*)")
_HAS_COLON = re.compile(r":(?: |$)")
_LOOKED_BACK = 5  # lines
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}

Path = tuple[str | int, ...]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NODE_SIGN = re.compile(r"(?:^|[\s\[{,:])(?:[&*]\S|!)")  # anchor, alias, tag: where a value may begin
_FAR_IN = re.compile(rf"^[ ?:-]{{{_MAXIMUM_DEPTH // 2}}}", re.MULTILINE)


def _suspect(text: str) -> bool:
    """Whether the text may hold an alias, anchor, tag, escape or second document, or nest deeper than is safe.

    Cheap and on the safe side: it says yes to many a harmless text, whose tree is then built from events. A block
    nests deep only behind blanks and the signs - ? : at the start of a line, whatever the blanks between them.
    """
    if "\n---" in text or "\n%" in text or text.startswith(("---", "%")) or "\\" in text:
        return True
    if ("&" in text or "*" in text or "!" in text) and _NODE_SIGN.search(text):
        return True
    return text.count("[") + text.count("{") > _MAXIMUM_DEPTH // 2 or _FAR_IN.search(text) is not None


def _composer() -> Any:
    """libyaml's composer without implicit types: each scalar arrives as the text that was typed."""
    if not yaml.__with_libyaml__:  # pragma: no cover - PyYAML built without libyaml
        return None
    parser: Any = import_module("yaml.cyaml").CParser

    def no_tag(*_: object) -> str:
        return ""

    # The parser asks these three for the implicit type of every node; there is none, and asking costs a third.
    resolver = dict.fromkeys(("resolve", "descend_resolver", "ascend_resolver"), no_tag)
    return type("_Composer", (parser,), resolver)


_COMPOSER: Any = _composer()


class TypedInt(int):
    """A whole number that remembers how it was typed."""

    typed: str


class TypedFloat(float):
    """A decimal number that remembers how it was typed."""

    typed: str


@dataclass(frozen=True)
class Document:
    """One file: its data (dicts, lists, text, numbers), the problems of its form, where each value stands."""

    name: str
    text: str
    data: Any
    problems: tuple[Problem, ...]
    root: yaml.Node | None

    def position(self, path: Path, *, key: bool = False) -> Position:
        """Where the value at `path` stands, or with `key` the key before it; else its nearest parent."""
        node, place = self.root, self.root
        for step in path:
            found = _child(node, step)
            if found is None:
                break
            name, node = found
            place = name if key and name is not None else node
        return _position(place)

    def problem(self, path: Path, rule: str, message: str, hint: str = "", **more: Any) -> Problem:
        """A problem at the value (`key=True`: the key) of `path`; `severity` is error unless given."""
        position = self.position(path, key=more.get("key", False))
        return self._at(position, rule, message, hint, more.get("severity", "error"))

    def _at(self, position: Position, rule: str, message: str, hint: str, severity: Any = "error") -> Problem:
        return problem_in(self.name, self.text, position, rule, message, hint, severity)


def problem_in(  # noqa: PLR0917 - the plain constructor behind Document.problem
    name: str, text: str, position: Position, rule: str, message: str, hint: str = "", severity: Any = "error"
) -> Problem:
    """A problem at a place of a text, with the line it stands on."""
    return Problem(name, position, rule, severity, message, hint, _line(text, position.line))


def _line(text: str, number: int) -> str:
    lines = _lines(text)
    return lines[number - 1] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=1)
def _lines(text: str) -> list[str]:
    return text.splitlines()


def parse(name: str, content: bytes) -> Document:
    """Read one YAML document. Never raises on bad content: the document then has problems and no data."""
    text, problem = _decode(name, content)
    if problem is not None:
        return Document(name, text, None, (problem,), None)
    root, problem = _tree(name, text)
    if problem is not None:
        return Document(name, text, None, (problem,), None)
    if root is None:
        empty = problem_in(name, text, Position(1, 1), "empty-file", "the file is empty", "fill it in, or delete it")
        return Document(name, text, None, (empty,), None)
    problems: list[Problem] = []
    data = _build(root, name, text, problems)
    return Document(name, text, data, tuple(problems), root)


def _decode(name: str, content: bytes) -> tuple[str, Problem | None]:
    if len(content) > MAXIMUM_BYTES:
        message = f"the file has {len(content):,} bytes; at most {MAXIMUM_BYTES:,} are read"
        return "", problem_in(name, "", Position(1, 1), "file-too-large", message, "split it: one publication a file")
    try:
        text = text_of(content)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # without the byte order mark, as the decoder saw it
        hint = "save it as UTF-8"
        return "", problem_in(name, "", _place(before), "not-utf8", "the file is not UTF-8 text", hint)
    if found := _FORBIDDEN.search(text):
        return text, _forbidden_character(name, text, _place(text[: found.start()]), found.group())
    if not text.isascii() and (found := _INDENTED.search(text)):
        return text, _no_space(name, text, _place(text[: found.start(1)]), found.group(1))
    return text, None


def _place(before: str) -> Position:
    """The place right after the text `before`."""
    return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _forbidden_character(name: str, text: str, position: Position, character: str) -> Problem:
    if character == "\t":
        return problem_in(name, text, position, "tab", "a tab character", "replace it by spaces")
    code = f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    message = f"the invisible character {code}"
    return problem_in(name, text, position, "control-character", message, "delete it; retype the line if need be")


def _no_space(name: str, text: str, position: Position, character: str) -> Problem:
    """YAML indents and separates by plain spaces only; what merely looks like one was pasted from a page."""
    called = unicodedata.name(character, "invisible").lower()
    message = f"U+{ord(character):04X} ({called}) where only a plain space may stand"
    return problem_in(name, text, position, "control-character", message, "replace it by spaces")


def _tree(name: str, text: str) -> tuple[yaml.Node | None, Problem | None]:
    """The tree of a document: by the C composer where nothing in the text can need refusing, else by events."""
    if _COMPOSER is None or _suspect(text):
        return _tree_of_events(name, text)
    try:
        return _COMPOSER(text).get_single_node(), None
    except yaml.YAMLError:
        return _tree_of_events(name, text)  # the same error, with its place


def _tree_of_events(name: str, text: str) -> tuple[yaml.Node | None, Problem | None]:
    root: yaml.Node | None = None
    unfinished: list[Any] = []
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            problem = _refused(name, text, event, len(unfinished), root is not None)
            if problem is not None:
                return None, problem
            if isinstance(event, yaml.CollectionEndEvent):
                _finish(unfinished.pop(), event)
            elif isinstance(event, yaml.NodeEvent):
                node = _node(event)
                if unfinished:
                    unfinished[-1].value.append(node)
                else:
                    root = node
                if isinstance(node, yaml.CollectionNode):
                    unfinished.append(node)
    except yaml.YAMLError as error:
        return None, _syntax_problem(name, text, error)
    return root, None


def _node(event: Any) -> yaml.Node:
    start, end = event.start_mark, event.end_mark
    if isinstance(event, yaml.ScalarEvent):
        return yaml.ScalarNode("", event.value, start, end, style=event.style)
    kind = yaml.SequenceNode if isinstance(event, yaml.SequenceStartEvent) else yaml.MappingNode
    return kind("", [], start, end)


def _finish(node: Any, event: Any) -> None:
    node.end_mark = event.end_mark
    if isinstance(node, yaml.MappingNode):
        node.value = list(zip(node.value[::2], node.value[1::2], strict=True))


def _refused(name: str, text: str, event: Any, depth: int, second: bool) -> Problem | None:
    """What valid YAML may hold and a case file may not."""
    position = Position(event.start_mark.line + 1, event.start_mark.column + 1)
    if isinstance(event, yaml.DocumentStartEvent) and second:
        hint = "write one file for each"
        return problem_in(name, text, position, "second-document", "a second document in one file", hint)
    if isinstance(event, yaml.CollectionStartEvent) and depth >= _MAXIMUM_DEPTH:
        hint = "a case file has six levels; check the indentation"
        return problem_in(name, text, position, "too-deep", f"nested deeper than {_MAXIMUM_DEPTH} levels", hint)
    if (anchor := getattr(event, "anchor", None)) is not None:
        word = "an alias" if isinstance(event, yaml.AliasEvent) else "an anchor"
        hint = "write the value out; put text that starts with & or * in quotes"
        return problem_in(name, text, position, "alias", f"{word} ({anchor})", hint)
    if isinstance(event, yaml.ScalarEvent) and event.style == '"' and (found := _ESCAPED.search(event.value)):
        return _forbidden_character(name, text, position, found.group())  # typed as an escape, such as \ufffe
    if (tag := getattr(event, "tag", None)) is not None:
        hint = "remove it; put text that starts with ! in quotes"
        return problem_in(name, text, position, "tag", f"a YAML tag ({tag})", hint)
    return None


def _syntax_problem(name: str, text: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    position = Position(mark.line + 1, mark.column + 1) if mark is not None else Position(1, 1)
    for number in (position.line - 1, position.line):  # the parser stumbles at the end of a pair, or at the next
        if found := _AFTER_COLON.search(_line(text, number)):
            return _no_space(name, text, Position(number, found.start(1) + 1), found.group(1))
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    lines = _lines(text)
    suspects: Iterable[int] = ()  # lines, from 0, that may lack a colon
    stumbled = position.line
    if what == "could not find expected ':'":
        key = error.context_mark  # type: ignore[attr-defined]
        suspects, position = [key.line], Position(key.line + 1, key.column + 1)
    elif what.startswith("mapping values"):
        before = range(stumbled - 2, max(-1, stumbled - 2 - _LOOKED_BACK), -1)
        suspects = takewhile(lambda number: not _HAS_COLON.search(lines[number]), before)
    for number in suspects:
        if (lacking := _no_colon(lines[:stumbled], number)) is not None:
            column, said, hint = lacking
            return problem_in(name, text, Position(number + 1, column), "yaml-syntax", f"not valid YAML: {said}", hint)
    hint = (
        "check indentation and closing quotes; text with ': ' or ' #' in it, or that starts with one of "
        "[ { & * ! | > % @ `, needs quotes"
    )
    if "mapping values" in what and (quoted := quoted_line(_line(text, position.line))):
        hint = f"text with ': ' in it needs quotes: write {quoted}"
    return problem_in(name, text, position, "yaml-syntax", f"not valid YAML: {what}", hint)


def _no_colon(lines: list[str], number: int) -> tuple[int, str, str] | None:
    """Where a line lacks its colon, or the blank behind it: column, message, hint.

    lines: as far as the parser got. What to type is tried: with it the parser must get beyond them.
    """
    match = _WITHOUT_COLON.fullmatch(lines[number])
    if match is None:
        return None
    start, field, colon, rest = match.groups(default="")
    try:
        for _ in yaml.parse("\n".join([*lines[:number], f"{start}{field}: {rest}", *lines[number + 1 :], ""]), _LOADER):
            pass
    except yaml.MarkedYAMLError as error:
        if error.problem_mark is None or error.problem_mark.line < len(lines):
            return None
    value = f" {rest}".partition(" #")[0].strip()
    deeper = "; if it goes on from the line above, indent it deeper" if not colon and " " in value else ""
    said = f"no blank after '{field}:'" if colon else f"no colon after '{field}'"
    return len(start) + len(field) + len(colon) + 1, said, f"write {field}: {value}".rstrip() + deeper


def _build(node: yaml.Node, name: str, text: str, problems: list[Problem]) -> Any:
    if isinstance(node, yaml.ScalarNode):
        long = len(node.value) > LONGEST_TEXT
        return _bounded(node, LONGEST_TEXT, name, text, problems) if long else _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_build(child, name, text, problems) for child in _bounded(node, MOST_ENTRIES, name, text, problems)]
    mapping: dict[str, Any] = {}
    for key_node, value_node in _bounded(node, MOST_FIELDS, name, text, problems):
        value = _build(value_node, name, text, problems)
        if not isinstance(key_node, yaml.ScalarNode):
            position = _position(key_node)
            message = "the name of a field is not plain text"
            problems.append(problem_in(name, text, position, "key-not-text", message, "write name: value"))
        elif (
            key := key_node.value
            if len(key_node.value) <= LONGEST_NAME
            else _bounded(key_node, LONGEST_NAME, name, text, problems)
        ) in mapping:
            message = f"'{key}' stands twice here; only one of the two could be kept"
            position = _position(key_node)
            problems.append(problem_in(name, text, position, "repeated-key", message, "delete or rename one"))
        else:
            mapping[key] = value
    return mapping


def _bounded(node: yaml.Node, most: int, name: str, text: str, problems: list[Problem]) -> Any:
    """The value of a node, of which at most so many characters or entries are looked at: what a person types has few.

    Rules, hints and places take a time that may grow faster than their number.
    """
    if len(node.value) > most:
        kind = "characters" if isinstance(node, yaml.ScalarNode) else "entries"
        message = f"{len(node.value):,} {kind}; at most {most:,} are read"
        hint = (
            "shorten it: a case file quotes a sentence or two" if kind == "characters" else "divide it, or delete some"
        )
        problems.append(problem_in(name, text, _position(node), "too-long", message, hint))
    return node.value[:most]


def _scalar(node: yaml.ScalarNode) -> Any:
    typed: str = node.value
    if node.style:  # quoted or block: text, whatever it looks like
        return typed
    if typed in _CONSTANTS:
        return _CONSTANTS[typed]
    match = _NUMBER.fullmatch(typed)
    if match is None:
        return typed
    whole = match.group(1) is None and match.group(2) is None and len(typed.lstrip("-")) <= _LONGEST_WHOLE
    number = TypedInt(typed) if whole else TypedFloat(typed)
    number.typed = typed
    return number


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Node | None, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


def _position(node: yaml.Node | None) -> Position:
    if node is None:
        return Position(1, 1)
    start, end = node.start_mark, node.end_mark
    length = max(1, end.column - start.column) if start.line == end.line else 1
    return Position(start.line + 1, start.column + 1, length)
