"""The order of the parts, and the house rules that a machine can check. Source: DESIGN, "Imports", "House rules"."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import metaimt

PACKAGE = Path(metaimt.__path__[0])
LINES = (
    ("serialise",),
    ("problem", "vocabulary", "files", "workers", "statistics", "model"),
    ("casefiles", "out_folder"),
    ("checks", "evidence"),
    ("curation", "analyses"),
    ("versions",),
    ("content",),
    ("render", "figures"),
    ("report",),
    ("review",),
    ("api",),
    ("cli",),
)
LINE = {part: number for number, parts in enumerate(LINES) for part in parts}
ENTRANCES = {"__init__.py", "__main__.py"}  # they only pass on
HEAVY = ("pandas", "statsmodels", "pymare", "scipy.stats", "scipy.optimize")
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@cache
def tree(module: str) -> ast.Module:
    """Parsed once, and only in the process that runs these tests."""
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def part_of(module: str) -> str:
    """`casefiles` of casefiles/model.py, `problem` of problem.py."""
    return module.split("/", maxsplit=1)[0].removesuffix(".py")


def imported(node: ast.AST, module: str) -> Iterator[str]:
    """The dotted names that an import statement may load; relative ones are made absolute."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        home = [*("metaimt/" + module).split("/")[: -node.level]] if node.level else []
        source = ".".join([*home, *([node.module] if node.module else [])])
        yield from (f"{source}.{alias.name}" for alias in node.names)


@cache
def nodes(module: str) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(module)))


@cache
def all_imports(module: str) -> tuple[str, ...]:
    return tuple(name for node in nodes(module) for name in imported(node, module))


def imports_at_start(module: str) -> Iterator[str]:
    """What importing the module loads: every import outside functions and outside `if TYPE_CHECKING`."""
    waiting: list[ast.AST] = [tree(module)]
    while waiting:
        node = waiting.pop()
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) or typing_only:
            continue
        yield from imported(node, module)
        waiting.extend(ast.iter_child_nodes(node))


def is_one_of(name: str, libraries: tuple[str, ...]) -> bool:
    return any(name == library or name.startswith(f"{library}.") for library in libraries)


def functions(module: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in nodes(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module}:{node.lineno} {node.name}", node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_tests_see_the_package() -> None:
    assert len(MODULES) > 40
    assert "metaimt.problem.Problem" in set(all_imports("checks/rule.py"))
    assert {"yaml", "metaimt.problem.Position"} <= set(imports_at_start("casefiles/strict_yaml.py"))
    assert "metaimt.casefiles.schema.review_schema" not in set(imports_at_start("cli/validate.py"))
    assert "metaimt.casefiles.schema.review_schema" in set(all_imports("cli/validate.py"))


def test_imports_only_from_lines_above() -> None:
    offenders = {}
    for module in MODULES:
        part = part_of(module)
        if module in ENTRANCES:
            continue
        assert part in LINE, f"{part} has no line in DESIGN"
        parts = {name.split(".")[1] for name in all_imports(module) if name.startswith("metaimt.")}
        offenders[module] = {other for other in parts - {part, "__version__"} if LINE.get(other, 99) >= LINE[part]}
    assert {module: others for module, others in offenders.items() if others} == {}


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    found = []
    for module in MODULES:
        heavy = HEAVY if part_of(module) == "figures" else (*HEAVY, "matplotlib")
        found += [(module, name) for name in imports_at_start(module) if is_one_of(name, heavy)]
    assert found == []


def test_the_command_line_starts_without_what_one_command_needs() -> None:
    """Start-up is a feature: `--help`, and a table of studies, need no case-file reader."""
    import subprocess
    import sys

    code = "import sys, metaimt.cli.main; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"pydantic", "yaml", "numpy", "scipy", "jinja2", "pandas", "matplotlib"} == set()


def test_statistics_knows_numbers_only() -> None:
    import sys

    allowed = ("numpy", "scipy.special", "metaimt.statistics", *sys.stdlib_module_names)
    foreign = ("pandas", "matplotlib", "yaml", "pydantic")
    modules = [module for module in MODULES if part_of(module) == "statistics"]
    at_start = [(module, name) for module in modules for name in imports_at_start(module)]
    assert [(module, name) for module, name in at_start if not is_one_of(name, allowed)] == []
    anywhere = [(module, name) for module in modules for name in all_imports(module)]
    assert [(module, name) for module, name in anywhere if is_one_of(name, foreign)] == []


def test_a_module_says_what_it_is() -> None:
    assert [module for module in MODULES if not ast.get_docstring(tree(module))] == []
    assert [module for module in MODULES if Path(module).stem in {"utils", "helpers", "misc", "common"}] == []


def test_public_functions_are_described() -> None:
    assert [name for module in MODULES for name, node in long_public(module) if not ast.get_docstring(node)] == []


def long_public(module: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Functions of more than five lines that others may call: not inside a function or a private class."""
    found = list(functions(module))
    private = [node for node in nodes(module) if isinstance(node, ast.ClassDef) and node.name[0] == "_"]
    owners = [*(node for _, node in found), *private]
    inner = {id(child) for owner in owners for child in ast.walk(owner) if child is not owner}
    for name, node in found:
        if not node.name.startswith("_") and lines_of(node) > 5 and id(node) not in inner:
            yield name, node


def dotted(module: str) -> str:
    """`metaimt.model.count` of model/count.py."""
    return ("metaimt." + module.removesuffix(".py").replace("/", ".")).removesuffix(".__init__")


def graph() -> dict[str, set[str]]:
    """Module -> the modules that it imports, also inside functions; not for types alone."""
    names = {
        ("metaimt." + module.removesuffix(".py").replace("/", ".")).removesuffix(".__init__") for module in MODULES
    }
    found: dict[str, set[str]] = {}
    for module in MODULES:
        own = dotted(module)
        typing_only = {
            id(inner)
            for node in ast.walk(tree(module))
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        said = {
            name for node in ast.walk(tree(module)) if id(node) not in typing_only for name in imported(node, module)
        }
        found[own] = {name if name in names else name.rpartition(".")[0] for name in said} & (names - {own})
    return found


def test_no_module_imports_itself_by_way_of_others() -> None:
    left = graph()
    while free := [name for name, others in left.items() if not others & set(left)]:
        left = {name: others for name, others in left.items() if name not in free}
    assert {name: sorted(others & set(left)) for name, others in left.items()} == {}


UNREACHED = {"_repr_html_"}  # called by notebooks
ENTERED = ("rule", "command", "callback", "validator")  # decorators by which a function is found


def test_nothing_is_defined_that_nobody_names() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*") if path.suffix in {".py", ".j2", ".js"}]
    times = Counter(word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text))
    defined = [
        node.name
        for module in MODULES
        for node in ast.walk(tree(module))
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not any(word in ast.unparse(each) for each in node.decorator_list for word in ENTERED)
    ]
    assert {name for name in defined if times[name] == 1 and not name.startswith("__")} == UNREACHED
