"""The small wrong changes that `mutate.py` makes: one place of one module or template, one change.

Of a module the syntax tree is changed, never its text: every change is a node put in the place of another. Words are
left alone (a text with a blank in it is prose), and so are types, decorators, imports and what is raised.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MODULE: Final = "(module)"
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[_/.-][A-Za-z0-9]+)*")
_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_NEGATED_BY_COMPARISON = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
_COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}
_OTHER_FUNCTION: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_SYMMETRIC: Final = {"min", "max", "isinstance", "hasattr", "getattr", "zip", "cast", "described", "partial", "round"}
# Arguments by name that guard against our own slips, or are layout that no reader would miss: no answer hangs on them.
_GUARDS: Final = {
    *("encoding", "errors", "newline", "sort_keys", "separators", "indent", "ensure_ascii", "allow_nan"),
    *("break_on_hyphens", "break_long_words", "check", "exist_ok", "parents"),
    *("trim_blocks", "lstrip_blocks"),
}
_TEXT = (ast.JoinedStr, ast.List, ast.Tuple, ast.ListComp)


@dataclass(frozen=True)
class Mutant:
    """One change: `place` is its number among those of its file, `inside` the function or class it is in.

    function: the outermost function around it, with its class; empty for what runs when the module is imported.
    """

    area: str
    file: str
    place: int
    kind: str
    line: int
    inside: str
    function: str
    before: str
    after: str

    @property
    def what(self) -> str:
        """The change in one line."""
        return f"`{_short(self.before)}` -> `{_short(self.after)}`"

    @property
    def key(self) -> str:
        """What it is called where its line may have moved."""
        return f"{self.file} {self.inside}: {self.what}"


def mutants_of(area: str, file: str, text: str) -> list[Mutant]:
    """Every change of one module or template, in the order of its text."""
    if not file.endswith(".py"):
        found = [(kind, text.count("\n", 0, at) + 1, before, after) for at, kind, before, after in _of_template(text)]
        return [
            Mutant(area, file, place, kind, line, MODULE, "", before, after)
            for place, (kind, line, before, after) in enumerate(found)
        ]
    return [
        Mutant(area, file, place, each.kind, each.line, each.inside, each.function, each.before, each.after)
        for place, each in enumerate(_Walker().changes(ast.parse(text)))
    ]


def changed_module(text: str, place: int) -> ast.Module:
    """The syntax tree of a module with one change made."""
    tree = ast.parse(text)
    for number, change in enumerate(_Walker().changes(tree)):
        if number == place:
            change.make()
            return ast.fix_missing_locations(tree)
    raise IndexError(place)


def changed_template(text: str, place: int) -> str:
    """A template with one change made."""
    at, _, before, after = list(_of_template(text))[place]
    return text[:at] + after + text[at + len(before) :]


def _of_template(text: str) -> Iterator[tuple[int, str, str, str]]:
    """A value that is not printed, a condition turned round."""
    for found in re.finditer(r"\{\{.*?\}\}|\{%-? if (.*?) -?%\}", text):
        if found[0].startswith("{{"):
            yield found.start(), "value not printed", found[0], ""
        else:
            yield found.start(), "condition", found[0], f"{{% if not ({found[1]}) %}}"


@dataclass(frozen=True)
class _Change:
    """A node in the place of another: `owner.field`, or an item of it."""

    kind: str
    line: int
    inside: str
    function: str
    owner: ast.AST
    field: str
    item: int | None
    old: ast.AST
    new: ast.AST

    @property
    def before(self) -> str:
        return ast.unparse(self.old)

    @property
    def after(self) -> str:
        return ast.unparse(self.new)

    def make(self) -> None:
        ast.copy_location(self.new, self.old)
        if self.item is None:
            setattr(self.owner, self.field, self.new)
        else:
            getattr(self.owner, self.field)[self.item] = self.new


class _Walker:
    """Goes through a module and yields the changes of each node before those inside it."""

    def __init__(self) -> None:
        self.inside, self.function = MODULE, ""

    def changes(self, tree: ast.Module) -> Iterator[_Change]:
        yield from self._of(tree)

    def _of(self, node: ast.AST) -> Iterator[_Change]:
        inside, function = self.inside, self.function
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            self.inside = node.name if inside == MODULE else f"{inside}.{node.name}"
        if isinstance(node, ast.FunctionDef) and not function:
            self.function = self.inside
        for field, item, child in _children(node):
            for kind, new in _instead(child, node, field):
                line = getattr(child, "lineno", 0)
                yield _Change(kind, line, self.inside, self.function, node, field, item, child, new)
            yield from self._of(child)
        self.inside, self.function = inside, function


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if _passed_over(node, field):
            continue
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            yield from (
                (field, k, each) for k, each in enumerate(value) if isinstance(each, ast.AST) and not _guard(node, each)
            )


def _guard(call: ast.AST, argument: ast.AST) -> bool:
    """Whether it is one of `_GUARDS`, or `strict` of `zip` (of a reader of CSV it has a meaning)."""
    if not isinstance(argument, ast.keyword) or not isinstance(call, ast.Call):
        return False
    of_zip = isinstance(call.func, ast.Name) and call.func.id == "zip"
    return argument.arg in _GUARDS or (of_zip and argument.arg == "strict")


def _passed_over(node: ast.AST, field: str) -> bool:
    of_type = isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal"
    if of_type or isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.Global | ast.Pass):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
        return True
    if isinstance(
        node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr | ast.For | ast.comprehension
    ) and field in {
        "target",
        "targets",
    }:
        return True
    return field in {"annotation", "returns", "decorator_list", "bases", "format_spec", "type_comment", "ctx"}


def _instead(node: ast.AST, owner: ast.AST, field: str) -> Iterator[tuple[str, ast.expr]]:
    """What may stand in the place of a node: (kind of change, the other node)."""
    if isinstance(node, ast.Compare):
        for k, operator in enumerate(node.ops):
            if type(operator) in _COMPARED:
                ops = [*node.ops[:k], _COMPARED[type(operator)](), *node.ops[k + 1 :]]
                yield "comparison", ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BoolOp):
        yield "connective", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "condition", node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _COMPUTED and not _of_texts(node):
        yield "arithmetic", ast.BinOp(node.left, _COMPUTED[type(node.op)](), node.right)
    elif isinstance(node, ast.Constant):
        yield from _constant(node, owner)
    elif isinstance(node, ast.Set | ast.Tuple | ast.List):
        yield from _fewer_items(node, owner, field)
    elif isinstance(node, ast.Dict):
        yield from _fewer_entries(node)
    elif isinstance(node, ast.Call):
        yield from _call(node)
    if field in {"test", "ifs"} and isinstance(node, ast.expr) and not _turned_already(node):
        yield "condition", ast.UnaryOp(ast.Not(), node)


def _turned_already(test: ast.expr) -> bool:
    """Whether turning the condition round is one of its other changes."""
    single = isinstance(test, ast.Compare) and len(test.ops) == 1
    if single and isinstance(test, ast.Compare):
        return isinstance(test.ops[0], _NEGATED_BY_COMPARISON)
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _of_texts(node: ast.BinOp) -> bool:
    """Whether it joins texts or lists, where another operator is an error and no mistake."""
    parts = (node.left, node.right)
    return any(isinstance(p, _TEXT) or (isinstance(p, ast.Constant) and isinstance(p.value, str)) for p in parts)


def _constant(node: ast.Constant, owner: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    value = node.value
    if isinstance(value, bool):
        yield "truth", ast.Constant(not value)
    elif isinstance(value, int):
        yield "number", ast.Constant(value + 1)
    elif isinstance(value, float):
        yield "number", ast.Constant(value * 1.1 if value else 1.0)
    elif isinstance(value, str) and len(value) > 1 and _CODE.fullmatch(value) and not isinstance(owner, ast.JoinedStr):
        yield "code", ast.Constant(f"{value}x")


def _fewer_items(node: ast.Set | ast.Tuple | ast.List, owner: ast.AST, field: str) -> Iterator[tuple[str, ast.expr]]:
    listed = all(isinstance(each, ast.Constant | ast.Name | ast.Attribute | ast.Starred) for each in node.elts)
    if len(node.elts) < 2 or not listed or field == "slice" or isinstance(owner, ast.Return | ast.Subscript):
        return
    for k in range(len(node.elts)):
        rest = [*node.elts[:k], *node.elts[k + 1 :]]
        yield "item", ast.Set(rest) if isinstance(node, ast.Set) else type(node)(rest, ast.Load())


def _fewer_entries(node: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    """Of a table only: what is written to JSON is made of calls and fields."""
    of_table = all(isinstance(value, ast.Constant | ast.Lambda | ast.Tuple | ast.Name) for value in node.values)
    if len(node.keys) > 1 and of_table:
        for k in range(len(node.keys)):
            yield "item", ast.Dict([*node.keys[:k], *node.keys[k + 1 :]], [*node.values[:k], *node.values[k + 1 :]])


def _call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name in _OTHER_FUNCTION and isinstance(node.func, ast.Name):
        yield "function", ast.Call(ast.Name(_OTHER_FUNCTION[name], ast.Load()), node.args, node.keywords)
    plain = not any(isinstance(each, ast.Starred) for each in node.args)
    if len(node.args) > 1 and plain and name not in _SYMMETRIC:
        for k in range(len(node.args) - 1):
            one, other = node.args[k], node.args[k + 1]
            if type(one) is type(other) and ast.dump(one) != ast.dump(other):
                args = [*node.args[:k], other, one, *node.args[k + 2 :]]
                yield "arguments", ast.Call(node.func, args, node.keywords)
    if not name[:1].isupper():  # a constructor needs its fields, so that nobody forgets one
        for k, keyword in enumerate(node.keywords):
            if keyword.arg is not None and not _guard(node, keyword):
                yield "keyword", ast.Call(node.func, node.args, [*node.keywords[:k], *node.keywords[k + 1 :]])


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 100 else f"{text[:60]} … {text[-36:]}"
