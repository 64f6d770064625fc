"""The order of the parts, and the house rules that a machine can check. Source: DESIGN, "Imports", "House rules"."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import FROZEN

import metaimt

PACKAGE = Path(metaimt.__path__[0])
LINES = (
    ("problem", "vocabulary", "files", "workers", "statistics"),
    ("casefiles",),
    ("checks", "evidence"),
    ("curation", "analyses"),
    ("versions", "figures"),
    ("report",),
    ("review",),
    ("cli",),
)
LINE = {part: number for number, parts in enumerate(LINES) for part in parts}
ENTRANCES = {"__init__.py", "__main__.py"}  # they only pass on
HEAVY = ("pandas", "statsmodels", "pymare", "scipy.stats", "scipy.optimize")
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
TREES = {module: ast.parse((PACKAGE / module).read_text(encoding="utf-8")) for module in MODULES}


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


def all_imports(module: str) -> Iterator[str]:
    for node in ast.walk(TREES[module]):
        yield from imported(node, module)


def imports_at_start(module: str) -> Iterator[str]:
    """What importing the module loads: every import outside functions and outside `if TYPE_CHECKING`."""
    waiting: list[ast.AST] = [TREES[module]]
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
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{module}:{node.lineno} {node.name}", node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_the_tests_see_the_package() -> None:
    assert len(MODULES) > 40
    assert "metaimt.problem.Problem" in set(all_imports("checks/rule.py"))
    assert {"yaml", "metaimt.problem.Position"} <= set(imports_at_start("casefiles/strict_yaml.py"))
    assert "metaimt.casefiles.schema.case_schema" not in set(imports_at_start("cli/validate.py"))
    assert "metaimt.casefiles.schema.case_schema" in set(all_imports("cli/validate.py"))


@pytest.mark.parametrize("module", [module for module in MODULES if module not in ENTRANCES])
def test_imports_only_from_lines_above(module: str) -> None:
    part = part_of(module)
    assert part in LINE, f"{part} has no line in DESIGN"
    others = {name.split(".")[1] for name in all_imports(module) if name.startswith("metaimt.")} - {part, "__version__"}
    assert {other for other in others if LINE.get(other, 99) >= LINE[part]} == set()


@pytest.mark.parametrize("module", MODULES)
def test_heavy_libraries_are_imported_where_they_are_used(module: str) -> None:
    heavy = HEAVY if part_of(module) == "figures" else (*HEAVY, "matplotlib")
    assert [name for name in imports_at_start(module) if is_one_of(name, heavy)] == []


def test_the_command_line_starts_without_what_one_command_needs() -> None:
    """Start-up is a feature: `--help`, and a table of studies, need no case-file reader."""
    import subprocess
    import sys

    code = "import sys, metaimt.cli.main; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & {"pydantic", "yaml", "numpy", "scipy", "jinja2", "pandas", "matplotlib"} == set()


@pytest.mark.parametrize("command", ["--help", "validate", "pool"])
def test_a_library_of_one_format_is_loaded_with_its_first_file(command: str) -> None:
    import subprocess
    import sys

    code = (
        "import runpy, sys\n"
        "try: runpy.run_module('metaimt', run_name='__main__')\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*{'openpyxl', 'docx', 'lxml', 'rispy', 'markdown_it'} & set(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, command], cwd=FROZEN, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) == "statistics"])
def test_statistics_knows_numbers_only(module: str) -> None:
    import sys

    allowed = ("numpy", "scipy.special", "metaimt.statistics", *sys.stdlib_module_names)
    assert [name for name in imports_at_start(module) if not is_one_of(name, allowed)] == []
    foreign = ("pandas", "matplotlib", "yaml", "pydantic")
    assert [name for name in all_imports(module) if is_one_of(name, foreign)] == []


@pytest.mark.parametrize("module", MODULES)
def test_module_is_short_and_says_what_it_is(module: str) -> None:
    assert len((PACKAGE / module).read_text(encoding="utf-8").splitlines()) <= 300
    assert ast.get_docstring(TREES[module])
    assert Path(module).stem not in {"utils", "helpers", "misc", "common"}


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short(module: str) -> None:
    assert [name for name, node in functions(module) if lines_of(node) > 60] == []


@pytest.mark.parametrize("module", MODULES)
def test_public_functions_are_described(module: str) -> None:
    public = [(name, node) for name, node in functions(module) if not node.name.startswith("_")]
    private = [node for node in ast.walk(TREES[module]) if isinstance(node, ast.ClassDef) and node.name[0] == "_"]
    owners = [*(node for _, node in functions(module)), *private]
    inner = {id(child) for owner in owners for child in ast.walk(owner) if child is not owner}
    long = [(name, node) for name, node in public if lines_of(node) > 5 and id(node) not in inner]
    assert [name for name, node in long if not ast.get_docstring(node)] == []


def test_modules_are_mostly_short() -> None:
    lengths = sorted(len((PACKAGE / module).read_text(encoding="utf-8").splitlines()) for module in MODULES)
    assert lengths[len(lengths) // 2] <= 170
